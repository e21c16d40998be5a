//! What panels show: a plain picture of session and host, made once a frame.

use std::collections::BTreeMap;
use std::path::PathBuf;

use seaglass_core::catalogue::Collection;
use seaglass_core::compare::Side;
use seaglass_core::field::FieldInfo;
use seaglass_core::granule::GeometryKind;
use seaglass_core::project::{GroupId, Layer, LayerId};
use seaglass_core::session::Session;
use seaglass_core::style::{Method, Style, usual_speed_ms};
use seaglass_core::time::Time;
use seaglass_core::vector::{KNOTS_PER_M_S, knots_per_unit};

use crate::lang;
use crate::text::{self, Unit};

/// Why nothing of a layer, or of all, is seen.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// There are no granules.
    NoData,
    /// No granule in the time window; the nearest lies that many seconds from the clock.
    OutOfTime {
        /// Signed offset to the clock.
        offset_s: f64,
    },
    /// Data lie outside the view.
    OffScreen,
    /// Every layer is hidden.
    AllHidden,
    /// Every value is masked or missing.
    AllMasked,
    /// Files could not be read.
    Failed {
        /// First sentence of the failure.
        message: String,
        /// File.
        path: Option<PathBuf>,
    },
}

impl Reason {
    /// Second line of a layer row.
    pub fn row_text(&self) -> String {
        match self {
            Self::NoData => tr!("No granules").to_owned(),
            Self::OutOfTime { offset_s } => {
                let far = text::duration(*offset_s);
                if *offset_s < 0.0 { tr!("Nearest granule {far} earlier") } else { tr!("Nearest granule {far} later") }
            }
            Self::OffScreen => tr!("Outside the view").to_owned(),
            Self::AllHidden => tr!("Hidden").to_owned(),
            Self::AllMasked => tr!("All values are masked").to_owned(),
            Self::Failed { message, .. } => lang::sentence(message).into_owned(),
        }
    }

    /// The same where there is little room.
    pub fn short_text(&self) -> String {
        match self {
            Self::OutOfTime { offset_s } => {
                let far = text::duration(*offset_s);
                if *offset_s < 0.0 { tr!("Nearest {far} earlier") } else { tr!("Nearest {far} later") }
            }
            other => other.row_text(),
        }
    }
}

/// What the host says of a layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// Granules the time rule shows.
    pub shown: usize,
    /// Granules there are.
    pub total: usize,
    /// Of those shown, still being read.
    pub loading: usize,
    /// Of those shown, unreadable.
    pub failed: usize,
    /// Why nothing is seen.
    pub reason: Option<Reason>,
}

/// One layer as panels show it.
#[derive(Clone, Debug)]
pub struct Row {
    /// Identity.
    pub id: LayerId,
    /// Name: the user's, else a short one from the field.
    pub name: String,
    /// Short title of the collection, or the whole one where there is none.
    pub product: String,
    /// Whole title of the collection.
    pub product_title: String,
    /// Long name of the field.
    pub long_name: String,
    /// Collection id.
    pub collection: String,
    /// Field name within it.
    pub field_name: String,
    /// Shown, unless its group is hidden.
    pub visible: bool,
    /// Drawn: neither it nor its group is hidden.
    pub shown: bool,
    /// Locked.
    pub locked: bool,
    /// The view it belongs to while there are two; none for both.
    pub side: Option<Side>,
    /// There are two views.
    pub compared: bool,
    /// Group it stands in.
    pub group: Option<GroupId>,
    /// With the cells the product's mask would leave out.
    pub unmasked: bool,
    /// Style.
    pub style: Style,
    /// Unit of what is shown.
    pub unit: Unit,
    /// Decimals of read-outs.
    pub decimals: usize,
    /// The field, when the collection still has it.
    pub field: Option<FieldInfo>,
    /// Geometry of the granules.
    pub geometry: Option<GeometryKind>,
    /// The fields drawn together for its method.
    pub parts: Vec<FieldInfo>,
    /// Where colours tell the age: seconds from the clock to the far end of what is shown.
    pub age_s: Option<f64>,
    /// Seconds of drift in a second of watching, of streamlines.
    pub drift: Option<f64>,
    /// State.
    pub status: Status,
}

impl Row {
    /// A value of the file as text without unit.
    pub fn value_text(&self, raw: f64) -> String {
        if self.style.log {
            text::significant(self.unit.shown(raw))
        } else {
            text::number(self.unit.shown(raw), self.decimals)
        }
    }

    /// End of the colour range as text.
    pub fn range_text(&self) -> Option<(String, String)> {
        if let Some(age_s) = self.age_s {
            return Some((text::span(age_s), "0".to_owned()));
        }
        let [lo, hi] = self.style.range?;
        let decimals = self.decimals.saturating_sub(usize::from(!self.style.log && self.decimals > 0));
        let one = |v: f64| {
            if self.style.log {
                text::significant(self.unit.shown(v))
            } else {
                text::short(self.unit.shown(v), decimals.max(2))
            }
        };
        Some((one(lo), one(hi)))
    }

    /// What a screen reader says of the row.
    pub fn spoken(&self) -> String {
        let range = self.range_text().map_or_else(String::new, |(a, b)| {
            let space = if self.unit.label.is_empty() { "" } else { " " };
            tr!(", range {a} to {b}{space}{}", self.unit.label)
        });
        let (name, product, count) = (&self.name, &self.product, self.status.shown);
        let state = match (self.visible, self.locked) {
            (true, false) => tr!("visible"),
            (false, false) => tr!("hidden"),
            (true, true) => tr!("visible, locked"),
            (false, true) => tr!("hidden, locked"),
        };
        let percent = f64::from(self.style.opacity) * 100.0;
        trn!(
            count,
            "{name}, {product}, {state}, {count} granule{range}, opacity {percent:.0} per cent",
            "{name}, {product}, {state}, {count} granules{range}, opacity {percent:.0} per cent"
        )
    }
}

/// Reading in progress.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Work {
    /// Files described, and to describe.
    pub opening: (usize, usize),
    /// Reads under way.
    pub reading: usize,
}

impl Work {
    /// Whether anything is under way.
    pub fn busy(&self) -> bool {
        self.opening.0 < self.opening.1 || self.reading > 0
    }
}

/// All of it.
pub struct Model<'a> {
    /// The application state.
    pub session: &'a Session,
    /// Layers, top first.
    pub rows: Vec<Row>,
    /// Reading in progress.
    pub work: Work,
    /// Why the view is empty.
    pub view_reason: Option<Reason>,
    /// Graphics adapter, and whether it is software.
    pub adapter: (String, bool),
    /// Memory of the graphics device taken by data, when it is full: used and allowed, bytes.
    pub memory_full: Option<(u64, u64)>,
    /// The sample day being made: files written, and to write.
    pub sample: Option<(usize, usize)>,
    /// Recently opened files, newest first.
    pub recent: Vec<PathBuf>,
    /// Welcome card wanted.
    pub welcome: bool,
    /// Collections with their granules counted.
    pub catalogue: std::sync::Arc<Vec<seaglass_host::CatalogueRow>>,
    /// Collection files of collections that lie in SEAScope workspaces, by collection.
    pub collection_files: BTreeMap<String, PathBuf>,
    /// Name of the session file, and whether it differs from what is open.
    pub session_file: (Option<PathBuf>, bool),
    /// Pairs of two layers.
    pub colocation: seaglass_host::colocate::View,
}

impl<'a> Model<'a> {
    /// The picture of a session; `status` is asked once a layer.
    pub fn new(session: &'a Session, mut status: impl FnMut(LayerId) -> Status) -> Self {
        let rows = session.project().layers.iter().map(|l| row(session, l, status(l.id))).collect();
        Self {
            session,
            rows,
            work: Work::default(),
            view_reason: None,
            adapter: (String::new(), false),
            memory_full: None,
            sample: None,
            recent: Vec::new(),
            welcome: false,
            catalogue: std::sync::Arc::default(),
            collection_files: BTreeMap::new(),
            session_file: (None, false),
            colocation: seaglass_host::colocate::View::default(),
        }
    }

    /// The row of a layer.
    pub fn row(&self, id: LayerId) -> Option<&Row> {
        self.rows.iter().find(|r| r.id == id)
    }

    /// Name of the collection file into which the style of a layer can be written.
    pub fn collection_file(&self, row: &Row) -> Option<String> {
        Some(self.collection_files.get(&row.collection)?.file_name()?.to_string_lossy().into_owned())
    }

    /// No layers, no data and no shapes.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
            && self.session.catalogue().collections.is_empty()
            && self.session.project().shapes.is_empty()
    }

    /// The clock.
    pub fn now(&self) -> Time {
        self.session.project().timeline.now
    }
}

fn row(session: &Session, layer: &Layer, status: Status) -> Row {
    let collection = session.catalogue().collections.get(&layer.collection);
    let field = collection.and_then(|c| c.field(&layer.field)).cloned();
    let long_name = field.as_ref().map_or_else(|| layer.field.clone(), FieldInfo::title);
    let (unit, decimals) = field.as_ref().map_or((Unit { label: String::new(), factor: 1.0, offset: 0.0 }, 3), |f| {
        (Unit::of(f), text::decimals_for(layer.style.effective_range(), f.packing_step))
    });
    Row {
        id: layer.id,
        name: layer.name.clone().unwrap_or_else(|| short_name(&long_name, &layer.field)),
        product: collection.map_or_else(|| layer.collection.clone(), |c| c.short.as_ref().unwrap_or(&c.title).clone()),
        product_title: collection.map_or_else(String::new, |c| c.title.clone()),
        long_name: capitalized(&long_name) + &level(layer, field.as_ref()),
        collection: layer.collection.clone(),
        field_name: layer.field.clone(),
        visible: layer.visible,
        shown: session.project().shows(layer),
        side: session.project().side_of(layer),
        compared: session.project().compare.is_some(),
        locked: layer.locked,
        group: layer.group,
        unmasked: layer.unmasked,
        style: layer.style.clone(),
        unit,
        decimals,
        geometry: collection.and_then(|c| c.granules.first()).map(|g| g.geometry),
        parts: field.as_ref().map(|f| parts(collection, layer, f)).unwrap_or_default(),
        age_s: collection.and_then(|c| oldest(session, c, layer)),
        drift: field.as_ref().and_then(|f| drift(session, &parts(collection, layer, f), layer, f)),
        field,
        status,
    }
}

fn parts(collection: Option<&Collection>, layer: &Layer, field: &FieldInfo) -> Vec<FieldInfo> {
    layer.drawn_together(field).iter().filter_map(|name| collection?.field(name).cloned()).collect()
}

/// How old the oldest is that a layer shows, where its colours tell the age.
fn oldest(session: &Session, collection: &Collection, layer: &Layer) -> Option<f64> {
    let timeline = &session.project().timeline;
    if !layer.style.trail.by_time {
        return None;
    }
    let granules = collection.shown_at(&layer.field, &layer.style, timeline);
    if granules.first().is_none_or(|g| g.geometry.is_raster()) {
        return None;
    }
    let whole = || granules.iter().filter_map(|g| g.span).reduce(|a, b| a.union(&b));
    let span = layer.style.window_within(&granules, timeline).or_else(whole)?;
    let reach = [span.start, span.stop].map(|t| timeline.now.seconds_since(t).abs());
    Some(reach[0].max(reach[1])).filter(|s| *s > 0.0)
}

/// How much faster than the clock particles drift.
fn drift(session: &Session, parts: &[FieldInfo], layer: &Layer, field: &FieldInfo) -> Option<f64> {
    if layer.style.method != Method::Streamlines {
        return None;
    }
    let view = session.project().camera.view(session.view_px.x, session.view_px.y);
    let units = parts.iter().map(|p| p.units.as_str()).find(|u| !u.is_empty()).unwrap_or(&field.units);
    let speed_ms = knots_per_unit(units).map_or(1.0, |k| k / KNOTS_PER_M_S);
    let usual = usual_speed_ms(layer.style.effective_range().map(|v| v * speed_ms));
    let across_m = view.metres_per_px() * view.size_px.max_element();
    Some(layer.style.stream.seconds_per_second(across_m, usual))
}

/// ` · depth 50 m`, where a field has levels.
fn level(layer: &Layer, field: Option<&FieldInfo>) -> String {
    let dims = field.iter().flat_map(|f| f.extra_dims.iter().zip(&layer.extra));
    dims.filter(|(d, _)| d.vertical).map(|(d, k)| format!(" · {} {}", d.name, d.label(*k))).collect()
}

/// Long names longer than a row's worth give way to the field's own name; the hover tells the rest.
fn short_name(long_name: &str, field: &str) -> String {
    let lower = long_name.to_lowercase();
    let usual = [
        ("sea surface height anomaly", "SSHA"),
        ("sea level anomaly", "SLA"),
        ("absolute dynamic topography", "ADT"),
        ("sea surface temperature", "SST"),
        ("significant wave height", "SWH"),
        ("sea surface salinity", "SSS"),
    ];
    if let Some((words, short)) = usual.iter().find(|(words, _)| lower.starts_with(words)) {
        // What follows tells apart: "SSHA, filtered".
        let rest = long_name.get(words.len()..).unwrap_or_default();
        return if rest.chars().count() <= 16 { format!("{short}{rest}") } else { (*short).to_owned() };
    }
    if long_name.chars().count() <= 28 {
        return capitalized(long_name);
    }
    let last = field.rsplit('/').next().unwrap_or(field);
    let known = ["ssha", "ssh", "sla", "adt", "sst", "swh", "mdt", "mss", "sss", "chl", "lst", "hs", "ku", "u", "v"];
    let words: Vec<String> =
        last.split('_').map(|w| if known.contains(&w) { w.to_uppercase() } else { w.to_owned() }).collect();
    if words.len() == 1 && last.len() <= 5 { last.to_uppercase() } else { capitalized(&words.join(" ")) }
}

/// First letter in upper case.
pub fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}
