//! `seaglass inspect`: what a file is.

mod shapes;

use std::fmt::Write as _;
use std::path::Path;

use seaglass_core::field::{FieldInfo, FieldKind};
use seaglass_core::geo::{GeoBox, wrap_180};
use seaglass_core::granule::{FileInfo, PartInfo};
use serde_json::{Value, json};

use super::ask::{Asker, Described};
use super::{Outcome, args, print};

/// Describes a file on standard output.
pub fn run(options: &args::Inspect) -> Outcome {
    let text = match (Asker::new()?.open_any(&options.file)?, options.json) {
        (Described::Data(info), true) => format!("{:#}\n", as_json(&options.file, &info)),
        (Described::Data(info), false) => as_text(&options.file, &info),
        (Described::Shapes(file), true) => format!("{:#}\n", shapes::as_json(&options.file, &file)),
        (Described::Shapes(file), false) => shapes::as_text(&options.file, &file),
    };
    print(&text);
    Ok(Vec::new())
}

fn as_json(path: &Path, info: &FileInfo) -> Value {
    json!({
        "file": path.display().to_string(),
        "product": info.product,
        "title": info.title,
        "format": info.format,
        "parts": info.parts.iter().map(part_json).collect::<Vec<_>>(),
        "notes": info.notes,
        "attributes": info.attributes.iter().map(|(k, v)| (k.clone(), Value::from(v.as_str()))).collect::<serde_json::Map<_, _>>(),
    })
}

fn part_json(part: &PartInfo) -> Value {
    let span =
        part.span.or_else(|| Some(seaglass_core::time::TimeSpan::new(*part.steps.first()?, *part.steps.last()?)));
    let [west, east] = sides(&part.bounds);
    json!({
        "name": part.name,
        "geometry": part.geometry,
        "shape": part.shape,
        "bounds": { "west": west, "south": part.bounds.south, "east": east, "north": part.bounds.north },
        "time": span.map(|s| json!({ "start": s.start.iso(), "stop": s.stop.iso() })),
        "steps": part.steps.iter().map(|t| t.iso()).collect::<Vec<_>>(),
        "fields": part.fields,
    })
}

fn as_text(path: &Path, info: &FileInfo) -> String {
    let mut out = String::new();
    let mut line = |label: &str, text: &str| writeln!(out, "{label:<10}{text}").unwrap_or_default();
    line("file", &path.display().to_string());
    line("title", &info.title);
    line("product", info.product.as_deref().unwrap_or("none known; read by CF rules"));
    line("format", &info.format);
    for (k, part) in info.parts.iter().enumerate() {
        let name = if part.name.is_empty() { String::new() } else { format!("\"{}\", ", part.name) };
        let [rows, cols] = part.shape;
        let size =
            if part.geometry.is_raster() { format!("{rows} × {cols} cells") } else { format!("{rows} positions") };
        line(&format!("part {}", k + 1), &format!("{name}{}, {size}", part.geometry.label()));
        line("  time", &time_text(part));
        line("  area", &box_text(&part.bounds));
        for field in &part.fields {
            line("  field", &field_text(field));
        }
    }
    for note in &info.notes {
        line("note", note);
    }
    out
}

fn time_text(part: &PartInfo) -> String {
    match (part.steps.as_slice(), part.span) {
        ([], None) => "none".to_owned(),
        ([], Some(s)) if s.start == s.stop => s.start.to_string(),
        ([], Some(s)) => format!("{} to {}", s.start, s.stop),
        ([one], _) => one.to_string(),
        ([first, .., last], _) => format!("{} steps, {first} to {last}", part.steps.len()),
    }
}

fn box_text(b: &GeoBox) -> String {
    let [west, east] = sides(b);
    let across = if east < west { " across 180°" } else { "" };
    format!("{west:.3} to {east:.3} °E{across}, {:.3} to {:.3} °N", b.south, b.north)
}

/// Western and eastern side within ±180°; the eastern is the smaller where the box crosses 180° (as RFC 7946 has it).
fn sides(b: &GeoBox) -> [f64; 2] {
    let east = wrap_180(b.east);
    [wrap_180(b.west), if east == -180.0 { 180.0 } else { east }]
}

fn field_text(field: &FieldInfo) -> String {
    let mut text = field.name.clone();
    if !field.units.is_empty() {
        text += &format!(" [{}]", field.units);
    }
    if let FieldKind::Flags { flags } = &field.kind {
        text += &format!(" ({} flags)", flags.len());
    }
    for dim in &field.extra_dims {
        text += &format!(" ({}: {})", dim.name, dim.size);
    }
    let title = field.title();
    if title != field.name {
        text += &format!("  {title}");
    }
    text
}
