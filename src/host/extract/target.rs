//! What is extracted: the granules that the visible layers show under a shape, with all that reading them takes.

use std::path::PathBuf;
use std::sync::Arc;

use seaglass_control::granule_name;
use seaglass_core::field::FieldInfo;
use seaglass_core::geo::GeoBox;
use seaglass_core::geolocation::Geolocation;
use seaglass_core::granule::Granule;
use seaglass_core::notebook::{GranuleKey, StoredGranule, UserVariable, Values};
use seaglass_core::project::Layer;
use seaglass_core::session::Session;
use seaglass_core::time::TimeSpan;

use crate::items::Shown;

/// Granules of one layer looked at: the numbers of a layer over a whole archive would take hours to read.
const MOST: usize = 4096;

/// One granule as one layer shows it.
#[derive(Clone, Debug)]
pub struct Target {
    /// Numbers of the granule in the control protocol.
    pub key: GranuleKey,
    /// Number of the variable.
    pub variable: u32,
    /// Name of the granule in the control protocol.
    pub uri: String,
    /// Collection.
    pub collection: String,
    /// File.
    pub path: PathBuf,
    /// Part of the file.
    pub part: usize,
    /// Time step.
    pub step: usize,
    /// `[rows, cols]`.
    pub shape: [usize; 2],
    /// Time covered.
    pub span: Option<TimeSpan>,
    /// What is drawn: one field, or the two or three drawn together.
    pub drawn: Vec<FieldInfo>,
    /// All fields of the granule, the best first.
    pub fields: Vec<FieldInfo>,
    /// Index along further dimensions of what is drawn.
    pub extra: Vec<usize>,
    /// The same by name, for the other fields.
    pub index: Vec<(String, usize)>,
    /// Values are kept that the product's mask hides.
    pub unmasked: bool,
    /// Only samples of this time are drawn.
    pub window: Option<TimeSpan>,
    /// Held in memory, not in a file.
    pub pushed: Option<Pushed>,
}

/// A granule from a notebook.
#[derive(Clone, Debug)]
pub struct Pushed {
    granule: Arc<StoredGranule>,
    /// Names of the fields of the catalogue, with the variables they stand for.
    variables: Vec<(String, UserVariable)>,
}

impl Pushed {
    /// Where its cells lie.
    pub fn positions(&self) -> Arc<Geolocation> {
        Arc::clone(&self.granule.positions)
    }

    /// The values of a field of the catalogue.
    pub fn values(&self, field: &str) -> Option<Values<'_>> {
        let (_, variable) = self.variables.iter().find(|(name, _)| name == field)?;
        Values::of(&self.granule.granule, variable, self.granule.shape)
    }
}

/// The granules under a box, in the order in which they are drawn, the top layer first.
pub fn all(session: &Session, area: &GeoBox) -> Vec<Target> {
    let project = session.project();
    let mut targets = Vec::new();
    for layer in project.layers.iter().filter(|l| project.shows(l)) {
        let Some(shown) = Shown::of(layer, project, session.catalogue()) else { continue };
        let Some(variable) = session.notebook().variable_key(&layer.collection, &layer.field) else { continue };
        let window = layer.style.window_within(&shown.granules, &project.timeline);
        let near = shown.granules.iter().rev().filter(|g| g.bounds.intersects(area));
        for granule in near.take(MOST) {
            let (uri, number) = granule_name(session, granule);
            let key = GranuleKey { of: variable.of, granule: number };
            let target = target(session, layer, &shown, granule);
            targets.push(Target { key, variable: variable.variable, uri, window, ..target });
        }
    }
    targets
}

fn target(session: &Session, layer: &Layer, shown: &Shown<'_>, granule: &Granule) -> Target {
    let mut drawn: Vec<FieldInfo> = shown.components(granule).cloned().collect();
    if drawn.is_empty() {
        drawn.push(shown.field.clone());
    }
    drawn.truncate(3);
    let has = |f: &&FieldInfo| granule.has_field(&f.name);
    let fields: Vec<FieldInfo> = shown.collection.fields.iter().filter(has).cloned().collect();
    let dims = shown.field.extra_dims.iter().map(|d| d.name.clone());
    let pushed = session.notebook().granule_at(&granule.path).map(|stored| {
        let of = stored.granule.meta.key.of;
        let named = fields.iter().chain(&drawn).filter_map(|f| {
            let variable = session.notebook().variable_or_component(of, &f.name)?;
            Some((f.name.clone(), variable.into_owned()))
        });
        Pushed { granule: Arc::clone(stored), variables: named.collect() }
    });
    Target {
        key: GranuleKey::default(),
        variable: 0,
        uri: String::new(),
        collection: layer.collection.clone(),
        path: granule.path.clone(),
        part: granule.part,
        step: granule.step,
        shape: granule.shape,
        span: granule.span,
        index: dims.zip(layer.extra.iter().copied()).collect(),
        extra: layer.extra.clone(),
        unmasked: layer.unmasked,
        window: None,
        drawn,
        fields,
        pushed,
    }
}
