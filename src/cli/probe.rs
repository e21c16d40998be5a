//! `seaglass probe`: the value of the cell at a place, exactly as the file has it.

use std::fmt::Write as _;
use std::path::Path;

use seaglass_core::field::{FieldInfo, named};
use seaglass_core::geo::{LonLat, wrap_180};
use seaglass_core::granule::{FileInfo, PartInfo};
use seaglass_core::protocol::{ProbedCell, Request};
use seaglass_core::time::Time;
use seaglass_data::pool::Content;
use serde_json::{Value, json};

use super::ask::{Asker, refused};
use super::{Exit, Failure, Outcome, args, numbers, print};

/// A cell that was found.
struct Found<'a> {
    part: &'a PartInfo,
    field: &'a FieldInfo,
    step: usize,
    cell: ProbedCell,
}

/// Writes the value on standard output.
pub fn run(options: &args::Probe) -> Outcome {
    let at = numbers::place(&options.at)?;
    let time = options
        .time
        .as_deref()
        .map(numbers::time)
        .transpose()?
        // A day stands for its noon: midnight is as near to the day before.
        .map(|(t, day)| if day { t.plus_seconds(43_200.0) } else { t });
    if !(0.0..=180.0).contains(&options.reach) {
        return Err(Failure::new(Exit::Usage, "--reach must lie between 0 and 180 degrees."));
    }
    let mut asker = Asker::new()?;
    let info = asker.open(&options.file)?;
    let found = find(&mut asker, options, &info, at, time)?;
    print(&if options.json { format!("{:#}\n", as_json(&options.file, at, &found)) } else { as_text(at, &found) });
    Ok(Vec::new())
}

fn find<'a>(
    asker: &mut Asker,
    options: &args::Probe,
    info: &'a FileInfo,
    at: LonLat,
    time: Option<Time>,
) -> Result<Found<'a>, Failure> {
    let path = &options.file;
    let having: Vec<(usize, &PartInfo, &FieldInfo)> =
        info.parts.iter().enumerate().filter_map(|(k, p)| Some((k, p, named(&p.fields, &options.field)?))).collect();
    if having.is_empty() {
        let mut names: Vec<&str> = info.parts.iter().flat_map(|p| &p.fields).map(|f| f.name.as_str()).collect();
        names.dedup();
        let message = format!("There is no field \"{}\"; there are {}.", options.field, names.join(", "));
        return Err(Failure::new(Exit::Nothing, message).about(path));
    }
    // Of overlapping parts (half swaths, 1 Hz and 20 Hz) the first with a value, else the first with a cell.
    let mut empty = None;
    for (k, part, field) in having {
        let source = asker.source(path);
        let positions = match asker.ask(Request::Geolocation { source: source.clone(), part: k, tolerance_cells: 0.0 })
        {
            Ok(Content::Geolocation(positions)) => positions,
            Ok(_) => {
                return Err(Failure::new(Exit::Internal, "The reader gave another answer than asked for.").about(path));
            }
            Err(e) => return Err(refused(&e, path)),
        };
        let Some(hit) = positions.index_from_lonlat(at, options.reach) else { continue };
        let index = |x: f64, n: usize| (x.round().max(0.0) as usize).min(n.saturating_sub(1));
        let step = nearest_step(part, time);
        let request = Request::Probe {
            source,
            part: k,
            fields: vec![field.name.clone()],
            step,
            extra: numbers::extra(&options.index, options.level, &field.extra_dims, &field.name)?,
            row: index(hit.row, part.shape[0]),
            col: index(hit.col, part.shape[1]),
        };
        let cell = match asker.ask(request) {
            Ok(Content::Cell(cell)) => cell,
            Ok(_) => {
                return Err(Failure::new(Exit::Internal, "The reader gave another answer than asked for.").about(path));
            }
            Err(e) => return Err(refused(&e, path)),
        };
        let has_value = cell.values.iter().any(|v| v.value.is_some() && !v.masked);
        let found = Found { part, field, step, cell };
        if has_value {
            return Ok(found);
        }
        empty.get_or_insert(found);
    }
    empty.ok_or_else(|| {
        let message = format!("No cell of \"{}\" lies at {}, {}.", options.field, at.lon_deg, at.lat_deg);
        Failure::new(Exit::Nothing, message).about(path)
    })
}

fn nearest_step(part: &PartInfo, time: Option<Time>) -> usize {
    let Some(time) = time else { return 0 };
    let distance = |t: &Time| t.seconds_since(time).abs();
    let nearest = part.steps.iter().enumerate().min_by(|a, b| distance(a.1).total_cmp(&distance(b.1)));
    nearest.map_or(0, |(k, _)| k)
}

fn as_json(path: &Path, at: LonLat, found: &Found<'_>) -> Value {
    let cell = &found.cell;
    let value = cell.values.first();
    // All longitudes within ±180, whatever the file has: as --at takes them, and as `inspect` gives them.
    let place = |p: LonLat| json!({ "lon": wrap_180(p.lon_deg), "lat": p.lat_deg });
    let position = cell.position.map(place);
    json!({
        "file": path.display().to_string(),
        "field": found.field.name,
        "at": place(at),
        "part": found.part.name,
        "step": found.step,
        "row": cell.row,
        "col": cell.col,
        "value": value.and_then(|v| v.value),
        "units": value.map_or("", |v| v.units.as_str()),
        "meanings": value.map(|v| v.meanings.clone()).unwrap_or_default(),
        "masked": value.is_some_and(|v| v.masked),
        "position": position,
        "time": cell.time.map(|t| t.iso()),
        "granule_time": found.part.span.map(|s| json!({ "start": s.start.iso(), "stop": s.stop.iso() })),
    })
}

fn as_text(at: LonLat, found: &Found<'_>) -> String {
    let cell = &found.cell;
    let mut out = String::new();
    let mut line = |label: &str, text: String| writeln!(out, "{label:<10}{text}").unwrap_or_default();
    line("field", found.field.title());
    for v in &cell.values {
        let value = match v.value {
            Some(value) => {
                let number = numbers::plain(value, found.field.packing_step);
                format!("{number} {}", v.units).trim_end().to_owned()
            }
            None => "no data".to_owned(),
        };
        let masked = if v.masked { " (masked by the product)" } else { "" };
        line("value", format!("{value}{masked}"));
        if !v.meanings.is_empty() {
            line("meaning", v.meanings.join(", "));
        }
    }
    if found.part.geometry.is_raster() {
        line("cell", format!("row {}, column {}", cell.row, cell.col));
    } else {
        line("sample", cell.row.to_string());
    }
    if let Some(p) = cell.position {
        let km = p.approx_distance_m(&at) / 1000.0;
        // In the form that --at takes; a metre is what singles can tell.
        let p = p.normalized();
        line("position", format!("{:.5},{:.5} (longitude, latitude; {km:.2} km away)", p.lon_deg, p.lat_deg));
    }
    let time = match (cell.time, found.part.span) {
        (Some(t), _) => t.iso(),
        (None, Some(s)) if s.start == s.stop => format!("{} (of the whole granule)", s.start.iso()),
        (None, Some(s)) => format!("{} to {} (of the whole granule)", s.start.iso(), s.stop.iso()),
        (None, None) => "unknown".to_owned(),
    };
    line("time", time);
    out
}
