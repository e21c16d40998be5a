//! The pairs as an ordinary layer: a point at each reference observation, coloured by the difference.

use std::sync::Arc;

use seaglass_core::command::Command;
use seaglass_core::notebook::{
    CollectionKey, ControlPoint, DataModel, Descriptor, GranuleKey, GranuleMeta, NotebookChange, RawField, RawValues,
    RenderMethod, Rendering, USER_SOURCE, UserCollection, UserGranule, UserVariable, catalogue_id,
};
use seaglass_core::session::Session;

use super::found::Found;

/// Its number in the user's source; numbers of notebooks are small.
const COLLECTION: u32 = 4_000_000;
/// Its only granule.
const GRANULE: u64 = 1000;
/// Field with the differences.
const FIELD: &str = "difference";

/// What the layer shows.
#[derive(Default)]
pub(super) struct PairsLayer {
    serial: Option<u64>,
    /// Data and title it was made for.
    of: Option<Arc<super::Ask>>,
}

fn key() -> CollectionKey {
    CollectionKey { source: USER_SOURCE, collection: COLLECTION }
}

impl PairsLayer {
    /// The result shown.
    pub fn shown(&self) -> Option<u64> {
        self.serial
    }

    /// What takes the layer away, where it is there.
    pub fn clear(&mut self, session: &Session) -> Option<Command> {
        *self = Self::default();
        session.notebook().collection(key())?;
        Some(Command::Notebook { change: NotebookChange::RemoveCollection { key: key() } })
    }

    /// What brings the layer to this result. A layer the user has removed comes again with other data only.
    pub fn update(&mut self, found: &Arc<Found>, session: &Session) -> Vec<Command> {
        self.serial = Some(found.serial);
        let exists = session.notebook().collection(key()).is_some();
        let same = self.of.as_ref().is_some_and(|a| a.same_data(&found.ask));
        let notebook = |change| Command::Notebook { change };
        let mut out = Vec::new();
        if exists && !same {
            out.push(notebook(NotebookChange::RemoveCollection { key: key() }));
        }
        // One point has no extent to draw.
        let Some(granule) = granule(found).filter(|_| found.pairs.len() > 1) else { return out };
        if !(exists && same) {
            out.push(notebook(NotebookChange::AddCollection { collection: collection(found) }));
        }
        out.push(notebook(NotebookChange::AddGranule { granule: Arc::new(granule) }));
        if !same {
            out.push(Command::SetRendering {
                collection: catalogue_id(key()),
                field: found.ask.title(),
                rendering: rendering(found),
            });
            out.push(Command::SelectField {
                collection: catalogue_id(key()),
                field: found.ask.title(),
                selected: true,
                exclusive: false,
            });
        }
        self.of = Some(Arc::clone(&found.ask));
        out
    }
}

/// Diameter of dots, points: where many crowd, dark casings would hide the colours of their neighbours; the smallest dots
/// have none (`shaders/dots.wgsl`).
fn dot_pt(pairs: usize) -> f32 {
    match pairs {
        0..=200 => 7.0,
        201..=1000 => 4.5,
        _ => 3.0,
    }
}

/// Dots in diverging colours, white where both sides agree.
fn rendering(found: &Found) -> Rendering {
    let s = &found.stats;
    let spread = 3.0 * if s.robust_sd > 0.0 { s.robust_sd } else { s.sd };
    // Where all differences are next to nothing, a thousandth of how the values vary.
    let least = if s.sd_x > 0.0 { s.sd_x / 1000.0 } else { 1e-6 };
    let reach = (s.median.abs() + if spread.is_finite() { spread } else { 0.0 }).max(least);
    // One significant digit, or one and a half.
    let step = 10f64.powf(reach.log10().floor()) / 2.0;
    let end = ((reach / step).round().max(1.0) * step) as f32;
    Rendering {
        min: -end,
        max: end,
        colormap: "cmocean_balance".to_owned(),
        method: RenderMethod::Dots,
        symbol_px: dot_pt(found.pairs.len()),
        z: 1.0,
        ..Rendering::default()
    }
}

fn collection(found: &Found) -> UserCollection {
    let [a, b] = &found.ask.sides;
    let units = if a.unit.label == b.unit.label { a.unit.label.clone() } else { String::new() };
    UserCollection {
        key: key(),
        label: if a.product == b.product { b.product.clone() } else { format!("{} \u{2212} {}", b.product, a.product) },
        variables: vec![UserVariable {
            id: 1,
            label: found.ask.title(),
            units,
            fields: vec![FIELD.to_owned()],
            method: RenderMethod::Dots,
            ..UserVariable::default()
        }],
        ..UserCollection::default()
    }
}

fn granule(found: &Found) -> Option<UserGranule> {
    let span = found.span?;
    let ms = |micros: i64| u64::try_from(micros / 1000).unwrap_or(0);
    let places = (0..found.pairs.len()).filter_map(|k| found.reference(k));
    let points: Vec<ControlPoint> = places
        .enumerate()
        .map(|(k, p)| ControlPoint {
            time_ms: ms(p.time.micros()),
            lon_deg: p.at.lon_deg as f32,
            lat_deg: p.at.lat_deg as f32,
            col: k as u32,
            row: 0,
        })
        .collect();
    let values: Vec<f32> = (0..found.pairs.len()).map(|k| found.difference(k) as f32).collect();
    let n = values.len() as u32;
    Some(UserGranule {
        meta: GranuleMeta {
            key: GranuleKey { of: key(), granule: GRANULE },
            data_id: "colocation".to_owned(),
            model: DataModel::TimeStation,
            start_ms: ms(span.start.micros()),
            stop_ms: ms(span.stop.micros()) + 1,
            files: vec![Descriptor {
                uri: "colocation".to_owned(),
                cols: n,
                rows: 1,
                shape_cols: n,
                shape_rows: 1,
                points: Arc::new(points),
                ..Descriptor::default()
            }],
            ..GranuleMeta::default()
        },
        fields: vec![RawField {
            name: FIELD.to_owned(),
            cols: n,
            rows: 1,
            channels: 1,
            offset: Some(0.0),
            scale: Some(1.0),
            fill: None,
            values: RawValues::Floats(values),
        }],
    })
}
