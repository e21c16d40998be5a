//! What notebooks put into the session, and the numbers by which they name all that is there.
//!
//! The control protocol knows sources, collections, variables and granules by number. Source 1 holds what users make,
//! source 2 the opened files. Pushed granules stay in memory as they were sent; values are unpacked when they are asked
//! for, so that pushing is cheap and nothing is rounded twice.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::catalogue::Collection;
use crate::field::FieldInfo;
use crate::geo::GeoBox;
use crate::geolocation::Geolocation;
use crate::granule::GeometryKind;

mod change;
mod order;
mod placing;
mod rendering;
mod types;
mod values;

pub use change::NotebookChange;
pub use rendering::{RenderMethod, Rendering, uniform_colour};
pub use types::{
    CollectionKey, ControlPoint, DataModel, Descriptor, FILE_SOURCE, GranuleKey, GranuleMeta, MetaBounds, MetaTexts,
    NamedSpan, NamedStep, POLYGONS, POLYLINES, RawField, RawValues, SourceInfo, Tag, USER_SOURCE, UserCollection,
    UserGranule, UserVariable, VariableKey,
};
pub use values::Values;

/// A granule that was accepted.
#[derive(Clone, Debug)]
pub struct StoredGranule {
    /// As it was sent.
    pub granule: Arc<UserGranule>,
    /// Where its cells lie.
    pub positions: Arc<Geolocation>,
    /// `[rows, cols]` of the cells that have a position.
    pub shape: [usize; 2],
    /// Box around them.
    pub bounds: GeoBox,
    /// Kind of geometry.
    pub kind: GeometryKind,
    /// Stands for the path of a file.
    pub path: PathBuf,
    /// Positions that are missing.
    pub places_missing: usize,
}

/// What notebooks have put in.
#[derive(Clone, Debug)]
pub struct Notebook {
    sources: BTreeMap<u32, SourceInfo>,
    collections: BTreeMap<CollectionKey, UserCollection>,
    granules: BTreeMap<GranuleKey, Arc<StoredGranule>>,
    by_path: HashMap<PathBuf, GranuleKey>,
    files: FileNumbers,
    spans: Vec<NamedSpan>,
    steps: Vec<NamedStep>,
}

/// Numbers of opened collections and their fields. Once given they stay, whatever is opened later.
#[derive(Clone, Debug, Default)]
struct FileNumbers {
    /// Collection ids and their fields; the number of a collection is its index + 1, that of a field its index.
    known: Vec<(String, Vec<String>)>,
}

impl Default for Notebook {
    fn default() -> Self {
        let source = |id: u32, title: &str, description: &str| {
            let (title, description) = (title.to_owned(), description.to_owned());
            (id, SourceInfo { id, title, description, tags: Vec::new() })
        };
        let mut new = Self {
            sources: BTreeMap::from([
                source(USER_SOURCE, "User data", "Drawn shapes and data from notebooks"),
                source(FILE_SOURCE, "Files", "Opened files and folders"),
            ]),
            collections: BTreeMap::new(),
            granules: BTreeMap::new(),
            by_path: HashMap::new(),
            files: FileNumbers::default(),
            spans: default_spans(),
            steps: default_steps(),
        };
        new.add_shapes();
        new
    }
}

fn default_spans() -> Vec<NamedSpan> {
    let hours = [("1 hour", 1.0), ("3 hours", 3.0), ("6 hours", 6.0), ("12 hours", 12.0), ("1 day", 24.0)];
    let days = [("3 days", 3.0), ("7 days", 7.0), ("10 days", 10.0), ("30 days", 30.0)];
    let all = hours.into_iter().chain(days.map(|(label, d)| (label, d * 24.0)));
    all.map(|(label, h)| NamedSpan { label: label.to_owned(), past_s: h * 1800.0, future_s: h * 1800.0 }).collect()
}

fn default_steps() -> Vec<NamedStep> {
    let all = [
        ("1 minute", 60.0),
        ("10 minutes", 600.0),
        ("1 hour", 3600.0),
        ("3 hours", 10_800.0),
        ("6 hours", 21_600.0),
        ("12 hours", 43_200.0),
        ("1 day", 86_400.0),
        ("7 days", 604_800.0),
    ];
    all.map(|(label, step_s)| NamedStep { label: label.to_owned(), step_s }).into()
}

impl Notebook {
    /// The two collections of drawn shapes are always there.
    fn add_shapes(&mut self) {
        for (collection, label) in [(POLYGONS, "User polygons"), (POLYLINES, "User polylines")] {
            let key = CollectionKey { source: USER_SOURCE, collection };
            let shapes = UserCollection { key, label: label.to_owned(), ..UserCollection::default() };
            self.collections.insert(key, shapes);
        }
    }

    /// Forgets collections and granules; sources, names of times and numbers stay.
    pub(crate) fn clear(&mut self) {
        self.collections.clear();
        self.granules.clear();
        self.by_path.clear();
        self.add_shapes();
    }

    /// Sources in the order of their numbers.
    pub fn sources(&self) -> impl Iterator<Item = &SourceInfo> {
        self.sources.values()
    }

    /// Collections of the user in the order of their numbers.
    pub fn collections(&self) -> impl Iterator<Item = &UserCollection> {
        self.collections.values()
    }

    /// The user's collection of these numbers.
    pub fn collection(&self, key: CollectionKey) -> Option<&UserCollection> {
        self.collections.get(&key)
    }

    /// Granules of a collection in the order of their numbers.
    pub fn granules(&self, of: CollectionKey) -> impl Iterator<Item = &Arc<StoredGranule>> {
        let key = |granule| GranuleKey { of, granule };
        self.granules.range(key(0)..=key(u64::MAX)).map(|(_, g)| g)
    }

    /// The granule of these numbers.
    pub fn granule(&self, key: GranuleKey) -> Option<&Arc<StoredGranule>> {
        self.granules.get(&key)
    }

    /// The granule a path stands for.
    pub fn granule_at(&self, path: &Path) -> Option<&Arc<StoredGranule>> {
        self.granules.get(self.by_path.get(path)?)
    }

    /// The variable of a field name on that granule's collection.
    pub fn variable_named(&self, of: CollectionKey, field: &str) -> Option<&UserVariable> {
        self.collections.get(&of)?.variables.iter().find(|v| field_name(v) == field)
    }

    /// The variable of that name, or the one field of a variable of several that has it.
    pub fn variable_or_component(&self, of: CollectionKey, field: &str) -> Option<Cow<'_, UserVariable>> {
        if let Some(whole) = self.variable_named(of, field) {
            return Some(Cow::Borrowed(whole));
        }
        self.collections.get(&of)?.variables.iter().find_map(|v| {
            let one = component_names(v).position(|n| n == field).and_then(|k| v.fields.get(k))?;
            let alone = UserVariable { label: field.to_owned(), fields: vec![one.clone()], ..v.clone() };
            Some(Cow::Owned(alone))
        })
    }

    /// Bytes of all values held.
    pub fn byte_len(&self) -> usize {
        self.granules.values().flat_map(|g| &g.granule.fields).map(|f| f.values.byte_len()).sum()
    }

    /// Time windows that have names.
    pub fn spans(&self) -> &[NamedSpan] {
        &self.spans
    }

    /// Steps that have names.
    pub fn steps(&self) -> &[NamedStep] {
        &self.steps
    }

    /// Gives numbers to a collection of files and its fields.
    pub(crate) fn number(&mut self, collection: &Collection) {
        let at = self.files.known.iter().position(|(id, _)| *id == collection.id).unwrap_or_else(|| {
            self.files.known.push((collection.id.clone(), Vec::new()));
            self.files.known.len() - 1
        });
        let Some((_, fields)) = self.files.known.get_mut(at) else { return };
        for f in &collection.fields {
            if !fields.contains(&f.name) {
                fields.push(f.name.clone());
            }
        }
    }

    /// Numbers of a catalogue collection.
    pub fn collection_key(&self, id: &str) -> Option<CollectionKey> {
        if let Some(c) = self.collections.values().find(|c| catalogue_id(c.key) == id) {
            return Some(c.key);
        }
        let at = self.files.known.iter().position(|(known, _)| known == id)?;
        Some(CollectionKey { source: FILE_SOURCE, collection: at as u32 + 1 })
    }

    /// Id in the catalogue of the collection of these numbers.
    pub fn collection_id(&self, key: CollectionKey) -> Option<String> {
        if key.source != FILE_SOURCE {
            return self.collections.get(&key).map(|c| catalogue_id(c.key));
        }
        let at = (key.collection as usize).checked_sub(1)?;
        self.files.known.get(at).map(|(id, _)| id.clone())
    }

    /// Number of a field of a catalogue collection.
    pub fn variable_key(&self, collection: &str, field: &str) -> Option<VariableKey> {
        let of = self.collection_key(collection)?;
        if let Some(variable) = self.variable_named(of, field) {
            return Some(VariableKey { of, variable: variable.id });
        }
        let (_, fields) = self.files.known.iter().find(|(id, _)| id == collection)?;
        let at = fields.iter().position(|f| f == field)?;
        Some(VariableKey { of, variable: at as u32 })
    }

    /// Catalogue collection and field of the variable of these numbers.
    pub fn field_of(&self, key: VariableKey) -> Option<(String, String)> {
        let id = self.collection_id(key.of)?;
        if key.of.source != FILE_SOURCE {
            let variables = &self.collections.get(&key.of)?.variables;
            return variables.iter().find(|v| v.id == key.variable).map(|v| (id, field_name(v)));
        }
        let (_, fields) = self.files.known.iter().find(|(known, _)| *known == id)?;
        fields.get(key.variable as usize).map(|f| (id.clone(), f.clone()))
    }
}

/// Id of a user's collection in the catalogue.
pub fn catalogue_id(key: CollectionKey) -> String {
    format!("notebook {}:{}", key.source, key.collection)
}

/// Name of a variable as a field of the catalogue.
pub(crate) fn field_name(v: &UserVariable) -> String {
    if v.label.is_empty() { format!("variable {}", v.id) } else { v.label.clone() }
}

/// Names of the fields of the catalogue for the single fields of a variable that has several.
pub(crate) fn component_names(v: &UserVariable) -> impl Iterator<Item = String> + '_ {
    let several = v.fields.len() > 1;
    v.fields.iter().filter(move |_| several).map(|f| format!("{}: {f}", field_name(v)))
}

/// A variable as fields of the catalogue: itself, and last in every list what it is made of.
pub(crate) fn field_infos(v: &UserVariable) -> Vec<FieldInfo> {
    let names: Vec<String> = component_names(v).collect();
    let components = order::drawing_order(&v.fields).into_iter().filter_map(|k| names.get(k).cloned()).collect();
    let whole = FieldInfo { components, ..field_info(v) };
    let single = |name: String| FieldInfo { name, rank: -10_000, derived: true, ..field_info(v) };
    std::iter::once(whole).chain(component_names(v).map(single)).collect()
}

fn field_info(v: &UserVariable) -> FieldInfo {
    FieldInfo {
        name: field_name(v),
        variable: v.fields.join(", "),
        long_name: None,
        standard_name: None,
        units: v.units.clone(),
        kind: crate::field::FieldKind::Scalar,
        extra_dims: Vec::new(),
        has_time: false,
        packing_step: None,
        valid_range: None,
        style: crate::style::StyleHint::default(),
        rank: 0,
        derived: false,
        quality: None,
        components: Vec::new(),
        hides_cells: false,
    }
}
