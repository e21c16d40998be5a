//! What is drawn: numbers for (granule, field, extra indices), positions, and what went wrong with them.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use seaglass_core::catalogue::{Catalogue, Collection};
use seaglass_core::field::{Apron, FieldInfo, Window};
use seaglass_core::geolocation::Geolocation;
use seaglass_core::granule::{Granule, GranuleId};
use seaglass_core::project::{Layer, Project};
use seaglass_core::protocol::{FieldAt, ReadFailure, Request, Source};
use seaglass_core::style::Method;
use seaglass_data::cache::ByteLru;
use seaglass_data::registry::Registry;

use crate::steps;

/// One drawn thing, with all that a request about it needs.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub granule: GranuleId,
    pub path: Arc<Path>,
    pub part: usize,
    pub step: usize,
    pub field: String,
    pub extra: Vec<usize>,
    pub unmasked: bool,
    /// The field that says how good the values are.
    pub quality: Option<String>,
    /// East and north of a vector.
    pub components: Vec<String>,
    pub shape: [usize; 2],
}

impl Item {
    fn at(&self, registry: &Registry) -> FieldAt {
        FieldAt {
            source: source(registry, &self.path),
            part: self.part,
            field: self.field.clone(),
            step: self.step,
            extra: self.extra.clone(),
            unmasked: self.unmasked,
        }
    }

    pub fn read(&self, registry: &Registry, window: Window, apron: Apron) -> Request {
        Request::Read { of: self.at(registry), window, apron }
    }

    pub fn stats(&self, registry: &Registry) -> Request {
        Request::Stats { of: self.at(registry) }
    }

    pub fn exact(&self, registry: &Registry, window: Window) -> Request {
        Request::Exact { of: self.at(registry), window }
    }

    pub fn probe(&self, registry: &Registry, row: usize, col: usize) -> Request {
        Request::Probe {
            source: source(registry, &self.path),
            part: self.part,
            fields: std::iter::once(&self.field).chain(&self.quality).chain(&self.components).cloned().collect(),
            step: self.step,
            extra: self.extra.clone(),
            row,
            col,
        }
    }
}

/// A file with the products that may claim it.
pub(crate) fn source(registry: &Registry, path: &Path) -> Source {
    Source { path: path.to_owned(), candidates: registry.candidates(path) }
}

/// What is known of the values of an item.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Some tile has arrived.
    pub read: bool,
    /// Some tile had a value.
    pub valid: bool,
    /// Why it cannot be read.
    pub failure: Option<ReadFailure>,
}

/// Positions are shared by all fields and steps of a part.
pub(crate) type PartKey = (Arc<Path>, usize);

pub(crate) struct Items {
    numbers: HashMap<(GranuleId, usize), u64>,
    fields: Vec<(String, Vec<usize>, bool)>,
    items: Vec<Item>,
    seen: HashMap<u64, Seen>,
    paths: HashSet<Arc<Path>>,
    pub positions: ByteLru<PartKey, Arc<Geolocation>>,
    pub failed_parts: HashMap<PartKey, ReadFailure>,
}

impl Items {
    pub fn new(cpu_cache_bytes: u64) -> Self {
        Self {
            numbers: HashMap::new(),
            fields: Vec::new(),
            items: Vec::new(),
            seen: HashMap::new(),
            paths: HashSet::new(),
            positions: ByteLru::new(cpu_cache_bytes),
            failed_parts: HashMap::new(),
        }
    }

    fn path(&mut self, path: &Path) -> Arc<Path> {
        if let Some(known) = self.paths.get(path) {
            return Arc::clone(known);
        }
        let new: Arc<Path> = path.into();
        self.paths.insert(Arc::clone(&new));
        new
    }

    /// Number of a layer's field on a granule, the same for every layer that shows it alike.
    pub fn number(&mut self, granule: &Granule, field: &FieldInfo, layer: &Layer) -> u64 {
        let (extra, unmasked) = (&layer.extra, layer.unmasked && field.hides_cells);
        let known = self.fields.iter().position(|(n, e, u)| *n == field.name && e == extra && *u == unmasked);
        let at = known.unwrap_or_else(|| {
            self.fields.push((field.name.clone(), extra.clone(), unmasked));
            self.fields.len() - 1
        });
        if let Some(number) = self.numbers.get(&(granule.id, at)) {
            return *number;
        }
        let path = self.path(&granule.path);
        self.items.push(Item {
            granule: granule.id,
            path,
            part: granule.part,
            step: if field.has_time { granule.step } else { 0 },
            field: field.name.clone(),
            extra: extra.clone(),
            unmasked,
            // Another part of the file may lack it.
            quality: field.quality.clone().filter(|q| granule.fields.contains(q)),
            components: match &field.components[..] {
                [u, v] if [u, v].iter().all(|n| granule.has_field(n)) => field.components.clone(),
                _ => Vec::new(),
            },
            shape: granule.shape,
        });
        let number = self.items.len() as u64;
        self.numbers.insert((granule.id, at), number);
        number
    }

    pub fn get(&self, number: u64) -> Option<&Item> {
        self.items.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    pub fn part_key(&self, number: u64) -> Option<PartKey> {
        self.get(number).map(|i| (Arc::clone(&i.path), i.part))
    }

    pub fn seen(&self, number: u64) -> Seen {
        self.seen.get(&number).cloned().unwrap_or_default()
    }

    pub fn seen_mut(&mut self, number: u64) -> &mut Seen {
        self.seen.entry(number).or_default()
    }

    /// Why an item cannot be drawn.
    pub fn failure(&self, number: u64) -> Option<ReadFailure> {
        let of_part = self.part_key(number).and_then(|k| self.failed_parts.get(&k).cloned());
        of_part.or_else(|| self.seen.get(&number).and_then(|s| s.failure.clone()))
    }

    /// Why something of a file cannot be drawn.
    pub fn failure_in(&self, path: &Path) -> Option<ReadFailure> {
        let numbers = (1..).zip(&self.items).filter(|(_, i)| &*i.path == path);
        numbers.into_iter().find_map(|(number, _)| self.failure(number))
    }

    /// Granules of which no field that was asked for could be read.
    pub fn unreadable(&self) -> HashSet<GranuleId> {
        let (mut failed, mut fine) = (HashSet::new(), HashSet::new());
        for (number, item) in (1..).zip(&self.items) {
            if self.failure(number).is_some() {
                failed.insert(item.granule);
            } else if self.seen.get(&number).is_some_and(|s| s.valid) {
                fine.insert(item.granule);
            }
        }
        failed.retain(|g| !fine.contains(g));
        failed
    }

    /// Forgets what was read of a file; gives its items.
    pub fn forget(&mut self, path: &Path) -> Vec<u64> {
        let mut gone = Vec::new();
        for (k, item) in self.items.iter().enumerate().filter(|(_, i)| &*i.path == path) {
            gone.push(k as u64 + 1);
            self.seen.remove(&(k as u64 + 1));
            self.positions.remove(&(Arc::clone(&item.path), item.part));
        }
        self.failed_parts.retain(|(p, _), _| &**p != path);
        gone
    }

    /// Files of which something has a number.
    pub fn paths(&self) -> HashSet<Arc<Path>> {
        self.items.iter().map(|i| Arc::clone(&i.path)).collect()
    }

    /// Forgets everything read; gives all items. Numbers are not used again.
    pub fn forget_all(&mut self) -> Vec<u64> {
        self.numbers.clear();
        self.seen.clear();
        self.positions.clear();
        self.failed_parts.clear();
        (1..=self.items.len() as u64).collect()
    }
}

/// What a layer shows now.
pub(crate) struct Shown<'a> {
    pub layer: &'a Layer,
    pub collection: &'a Collection,
    pub field: &'a FieldInfo,
    pub granules: Vec<&'a Granule>,
    /// Steps among them between which the clock stands: earlier, later, how far it is on the way.
    pub between: Vec<(&'a Granule, &'a Granule, f64)>,
}

impl<'a> Shown<'a> {
    pub fn of(layer: &'a Layer, project: &Project, catalogue: &'a Catalogue) -> Option<Self> {
        let collection = catalogue.collections.get(&layer.collection)?;
        let field = collection.field(&layer.field)?;
        let t = &project.timeline;
        let mut granules = collection.shown_at(&layer.field, &layer.style, t);
        let mut between = Vec::new();
        if layer.style.method == Method::Streamlines {
            (granules, between) = steps::around(granules, collection.drawable(&layer.field), t.now);
        }
        Some(Self { layer, collection, field, granules, between })
    }

    /// Unit of the vectors drawn: that of their components.
    pub fn vector_units(&self) -> &'a str {
        let names = self.layer.drawn_together(self.field);
        let component = names.iter().find_map(|n| self.collection.field(n)).filter(|f| !f.units.is_empty());
        &component.unwrap_or(self.field).units
    }

    /// The fields drawn together on a granule; none unless it has them all.
    pub fn components(&self, granule: &Granule) -> impl Iterator<Item = &'a FieldInfo> + use<'a> {
        let names = self.layer.drawn_together(self.field);
        let found: Vec<&'a FieldInfo> = names
            .iter()
            .filter(|n| granule.fields.is_empty() || granule.has_field(n))
            .filter_map(|n| self.collection.field(n))
            .collect();
        let whole = found.len() == names.len();
        found.into_iter().filter(move |_| whole)
    }
}

/// Files as notices name them.
pub(crate) fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned())
}

/// Paths made absolute, so that a file opened by two names is one file.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_no_working_folder| path.to_owned())
}
