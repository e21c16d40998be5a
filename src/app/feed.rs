//! From the host to what panels show.

use std::collections::HashMap;

use seaglass_core::compare::Side;
use seaglass_core::geo::LonLat;
use seaglass_core::project::LayerId;
use seaglass_core::vector::Convention;
use seaglass_host::{EmptyReason, Histogram, Host, LayerStatus, ProbeRow, ProbeState};
use seaglass_render::assets;

use crate::histogram::Distribution;
use crate::hover::{HoverInfo, HoverRow, Value};
use crate::lang;
use crate::model::{Model, Reason, Row, Status, Work};
use crate::text;

/// A reason in the window's words.
pub fn reason(r: EmptyReason) -> Reason {
    match r {
        EmptyReason::NoData => Reason::NoData,
        EmptyReason::AllHidden => Reason::AllHidden,
        EmptyReason::OutOfTime { offset_s, .. } => Reason::OutOfTime { offset_s },
        EmptyReason::OffScreen => Reason::OffScreen,
        EmptyReason::AllMasked => Reason::AllMasked,
        EmptyReason::Failed { why, path } => Reason::Failed { message: why, path },
    }
}

/// State of every layer.
pub fn statuses(host: &mut Host) -> HashMap<LayerId, Status> {
    let ids: Vec<LayerId> = host.session().project().layers.iter().map(|l| l.id).collect();
    ids.into_iter().map(|id| (id, status(host.layer_status(id)))).collect()
}

fn status(s: LayerStatus) -> Status {
    Status { shown: s.in_window, total: s.total, loading: s.loading, failed: s.failed, reason: s.reason.map(reason) }
}

/// What is going on.
pub fn work(host: &Host) -> Work {
    let p = host.progress();
    let opening = if p.searching && p.opening.0 >= p.opening.1 { (p.opening.0, p.opening.1 + 1) } else { p.opening };
    Work { opening, reading: p.reading }
}

/// The host's histogram.
pub fn distribution(h: &Histogram) -> Distribution {
    Distribution {
        bins: h.bins.iter().map(|n| u64::from(*n)).collect(),
        min: h.min,
        max: h.max,
        count: h.stats.count,
        granules: h.granules.0,
        mean: h.stats.mean,
        sd: h.stats.sd,
        p02_p98: h.stats.p02_p98,
        middle_95: h.middle_95,
        middle_98: h.middle_98,
    }
}

/// Rows of layers that have something at this time; the others' own rows say why they have not.
pub fn in_time(mut probed: Vec<ProbeRow>, model: &Model) -> Vec<ProbeRow> {
    let project = model.session.project();
    probed.retain(|p| {
        let Some(layer) = project.layer(p.layer) else { return false };
        let Some(collection) = model.session.catalogue().collections.get(&layer.collection) else { return false };
        !collection.shown_at(&layer.field, &layer.style, &project.timeline).is_empty()
    });
    probed
}

/// Rows of layers that belong to a view.
pub fn in_view(mut probed: Vec<ProbeRow>, side: Option<Side>, model: &Model) -> Vec<ProbeRow> {
    if let Some(side) = side {
        probed.retain(|p| model.row(p.layer).is_some_and(|r| side.shows(r.side)));
    }
    probed
}

/// The hover card for a place.
pub fn hover(at: LonLat, probed: Vec<ProbeRow>, model: &Model) -> HoverInfo {
    let mut rows: Vec<HoverRow> =
        probed.into_iter().filter_map(|p| Some(hover_row(model.row(p.layer)?, p, model))).collect();
    let names: Vec<String> = rows.iter().map(|r| r.name.clone()).collect();
    for row in &mut rows {
        if names.iter().filter(|n| **n == row.name).count() > 1 {
            row.product = model.row(row.layer).map(|r| short_product(&r.product));
        }
    }
    HoverInfo { at, elevation_m: assets::elevation(at), rows }
}

/// Titles of collections are long; many end with a short name in parentheses.
fn short_product(title: &str) -> String {
    let inner = title.rsplit_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(inner, _)| inner.trim());
    match inner.filter(|s| !s.is_empty()) {
        Some(short) => short.to_owned(),
        None if title.chars().count() > 18 => format!("{}…", title.chars().take(17).collect::<String>().trim_end()),
        None => title.to_owned(),
    }
}

fn hover_row(row: &Row, probed: ProbeRow, model: &Model) -> HoverRow {
    let (value, cell) = match probed.state {
        ProbeState::Pending => (Value::Pending, None),
        ProbeState::Failed(_) => (Value::Words(tr!("Cannot be read").to_owned()), None),
        ProbeState::NoData(cell) => {
            let masked = cell.as_ref().is_some_and(|c| c.values.first().is_some_and(|v| v.masked));
            (Value::Words(if masked { tr!("Masked") } else { tr!("No data") }.to_owned()), cell)
        }
        ProbeState::Value(cell) => (value_text(row, &cell), Some(cell)),
    };
    let offset_s = cell.as_ref().and_then(|c| c.time).map(|t| t.seconds_since(model.now()));
    let quality = cell.as_ref().and_then(|c| quality_text(row, c));
    let shown = matches!(value, Value::Number(..)) || matches!(&value, Value::Words(w) if w != tr!("No data"));
    HoverRow {
        layer: row.id,
        name: row.name.clone(),
        product: None,
        value,
        offset_s,
        cell: cell.filter(|_| shown).and_then(|c| c.position),
        quality: quality.filter(|_| shown),
    }
}

/// `from 215°` or `towards 35°` of a cell that has the components of the field beside it.
fn direction_text(row: &Row, cell: &seaglass_core::protocol::ProbedCell) -> Option<String> {
    let field = row.field.as_ref()?;
    let [east, north] = &field.components[..] else { return None };
    let part = |name: &String| cell.values.iter().find(|v| v.field == *name).and_then(|v| v.value);
    let convention = Convention::usual(field.standard_name.as_deref(), &field.title());
    let deg = convention.deg(part(east)?, part(north)?)?;
    Some(format!("{} {:.0}°", lang::word(convention.word()), deg.round() % 360.0))
}

/// What the quality flag read beside the value says.
fn quality_text(row: &Row, cell: &seaglass_core::protocol::ProbedCell) -> Option<String> {
    let name = row.field.as_ref()?.quality.as_ref()?;
    let (value, flag) = (cell.values.first()?, cell.values.iter().skip(1).find(|v| v.field == *name)?);
    let words = match flag.value {
        _ if !flag.meanings.is_empty() => flag.meanings.join(", ").replace('_', " "),
        Some(0.0) => tr!("no flag set").to_owned(),
        Some(other) => tr!("flag {}", text::short(other, 0)),
        None => return value.masked.then(|| tr!("Masked by the product").to_owned()),
    };
    Some(if value.masked { tr!("Quality: {words}, masked by the product") } else { tr!("Quality: {words}") })
}

fn value_text(row: &Row, cell: &seaglass_core::protocol::ProbedCell) -> Value {
    let Some(v) = cell.values.first() else { return Value::Words(tr!("No data").to_owned()) };
    if !v.meanings.is_empty() {
        return Value::Words(v.meanings.join(", ").replace('_', " "));
    }
    match v.value {
        Some(number) => {
            let unit = &row.unit.label;
            let unit = direction_text(row, cell).map_or_else(|| unit.clone(), |d| format!("{unit} {d}"));
            Value::Number(row.value_text(number), unit)
        }
        None => Value::Words(tr!("No data").to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_have_short_names() {
        assert_eq!(short_product("Level 4 sea surface temperature (GHRSST L4)"), "GHRSST L4");
        assert_eq!(short_product("SWOT L3"), "SWOT L3");
        assert_eq!(short_product("Sea level from all altimeters"), "Sea level from al…");
    }
}
