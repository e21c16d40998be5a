//! Changes of what notebooks have put in, with the rules by which they are refused.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::placing;
use super::types::{
    CollectionKey, FILE_SOURCE, GranuleKey, NamedSpan, NamedStep, POLYLINES, SourceInfo, USER_SOURCE, UserCollection,
    UserGranule, UserVariable, VariableKey,
};
use super::{Notebook, StoredGranule, field_name};

/// Bytes of values held for notebooks; beyond, granules are refused.
const MAX_BYTES: usize = 8 << 30;
/// Things of one kind that may be added: a loop gone wild must not fill the catalogue.
const MAX_ENTRIES: usize = 100_000;
/// Numbers below this belong to drawn shapes in the user's source.
const FIRST_GRANULE: u64 = 1000;
/// End of the year 9999, seconds since 1970.
pub(crate) const LAST_SECOND: u64 = 253_402_300_799;

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum NotebookChange {
    /// Adds a source.
    AddSource {
        /// The source.
        source: SourceInfo,
    },
    /// Removes a source and what it holds.
    RemoveSource {
        /// Number.
        id: u32,
    },
    /// Adds a collection.
    AddCollection {
        /// The collection.
        collection: UserCollection,
    },
    /// Removes a collection and what it holds.
    RemoveCollection {
        /// Numbers.
        key: CollectionKey,
    },
    /// Adds a variable.
    AddVariable {
        /// Its collection.
        of: CollectionKey,
        /// The variable.
        variable: UserVariable,
    },
    /// Removes a variable.
    RemoveVariable {
        /// Numbers.
        key: VariableKey,
    },
    /// Adds a granule, or replaces the one of the same numbers. The values travel in memory only.
    AddGranule {
        /// The granule.
        #[serde(skip)]
        granule: Arc<UserGranule>,
    },
    /// Names a time window, or gives a name another one.
    AddTimespan {
        /// The window.
        span: NamedSpan,
    },
    /// Forgets a name.
    RemoveTimespan {
        /// Name.
        label: String,
    },
    /// Names a step, or gives a name another one.
    AddTimestep {
        /// The step.
        step: NamedStep,
    },
    /// Forgets a name.
    RemoveTimestep {
        /// Name.
        label: String,
    },
}

fn no<T>(why: impl Into<String>) -> Result<T, String> {
    Err(why.into())
}

impl Notebook {
    pub(crate) fn add_source(&mut self, source: &SourceInfo) -> Result<(), String> {
        if source.id == 0 || self.sources.contains_key(&source.id) || self.sources.len() >= MAX_ENTRIES {
            return no(format!("The source is not added: the number {} is in use.", source.id));
        }
        self.sources.insert(source.id, source.clone());
        Ok(())
    }

    /// Gives the collections that go with it.
    pub(crate) fn remove_source(&mut self, id: u32) -> Result<Vec<CollectionKey>, String> {
        if id == USER_SOURCE || id == FILE_SOURCE {
            return no("This source belongs to the application and stays.");
        }
        if self.sources.remove(&id).is_none() {
            return no(format!("There is no source {id}."));
        }
        Ok(self.collections.keys().filter(|k| k.source == id).copied().collect())
    }

    pub(crate) fn add_collection(&mut self, c: &UserCollection) -> Result<(), String> {
        let CollectionKey { source, collection } = c.key;
        if !self.sources.contains_key(&source) {
            return no(format!("The collection is not added: there is no source {source}."));
        }
        if source == FILE_SOURCE {
            return no("The collection is not added: this source holds opened files. Use source 1.");
        }
        if collection == 0 || self.collections.contains_key(&c.key) || self.collections.len() >= MAX_ENTRIES {
            return no(format!("The collection is not added: the number {source}:{collection} is in use."));
        }
        let mut new = UserCollection { variables: Vec::new(), ..c.clone() };
        for v in &c.variables {
            check_variable(&new, v)?;
            new.variables.push(v.clone());
        }
        self.collections.insert(c.key, new);
        Ok(())
    }

    /// Gives the paths of its granules.
    pub(crate) fn remove_collection(&mut self, key: CollectionKey) -> Result<Vec<PathBuf>, String> {
        if key.source == USER_SOURCE && key.collection <= POLYLINES {
            return no("The collections of drawn shapes belong to the application and stay.");
        }
        if self.collections.remove(&key).is_none() {
            return no(format!("There is no collection {}:{} of a notebook.", key.source, key.collection));
        }
        let paths: Vec<PathBuf> = self.granules(key).map(|g| g.path.clone()).collect();
        self.granules.retain(|k, _| k.of != key);
        self.by_path.retain(|_, k| k.of != key);
        Ok(paths)
    }

    pub(crate) fn add_variable(&mut self, of: CollectionKey, v: &UserVariable) -> Result<(), String> {
        let Some(c) = self.collections.get_mut(&of).filter(|_| !is_shapes(of)) else {
            return no(format!("The variable is not added: there is no collection {}:{}.", of.source, of.collection));
        };
        check_variable(c, v)?;
        c.variables.push(v.clone());
        Ok(())
    }

    /// Gives the name of its field.
    pub(crate) fn remove_variable(&mut self, key: VariableKey) -> Result<String, String> {
        let variables = self.collections.get_mut(&key.of).map(|c| &mut c.variables);
        let at = variables.as_ref().and_then(|v| v.iter().position(|v| v.id == key.variable));
        match variables.zip(at) {
            Some((variables, at)) => Ok(field_name(&variables.remove(at))),
            None => no(format!("There is no variable {} in this collection.", key.variable)),
        }
    }

    pub(crate) fn add_granule(&mut self, granule: &Arc<UserGranule>) -> Result<Arc<StoredGranule>, String> {
        let stored = Arc::new(self.checked(granule).map_err(|why| {
            let name = &granule.meta.data_id;
            let name = if name.is_empty() { "pushed from a notebook" } else { name };
            format!("The granule {name} is left out: {why}.")
        })?);
        self.by_path.insert(stored.path.clone(), granule.meta.key);
        self.granules.insert(granule.meta.key, Arc::clone(&stored));
        Ok(stored)
    }

    fn checked(&self, granule: &Arc<UserGranule>) -> Result<StoredGranule, String> {
        let meta = &granule.meta;
        let GranuleKey { of, granule: number } = meta.key;
        if !self.collections.contains_key(&of) || is_shapes(of) {
            return no(format!("there is no collection {}:{}", of.source, of.collection));
        }
        if of.source == USER_SOURCE && number < FIRST_GRANULE {
            return no(format!("granule numbers below {FIRST_GRANULE} belong to drawn shapes"));
        }
        if meta.start_ms >= meta.stop_ms || meta.stop_ms > LAST_SECOND * 1000 {
            return no("its end is not after its start, or lies after the year 9999");
        }
        let Some(first) = granule.fields.first() else { return no("it has no fields") };
        for f in &granule.fields {
            if let Some(why) = f.fault() {
                return no(format!("{why} in the field \"{}\"", f.name));
            }
            if (f.rows, f.cols) != (first.rows, first.cols) {
                return no(format!("its fields \"{}\" and \"{}\" differ in shape", first.name, f.name));
            }
        }
        let incoming: usize = granule.fields.iter().map(|f| f.values.byte_len()).sum();
        if self.byte_len() + incoming > MAX_BYTES || self.granules.len() >= MAX_ENTRIES {
            return no("the data of notebooks fill the memory set aside for them; remove a collection");
        }
        let placed = placing::positions(meta, [first.rows as usize, first.cols as usize])?;
        let bounds = placed.geolocation.bounds().ok_or("it has no valid position")?;
        let name = meta.data_id.replace(['/', '\\', '\0'], "_");
        Ok(StoredGranule {
            granule: Arc::clone(granule),
            positions: Arc::new(placed.geolocation),
            shape: placed.shape,
            bounds,
            kind: placed.kind,
            path: PathBuf::from(format!("notebook:{}/{}/{number}/{name}", of.source, of.collection)),
            places_missing: placed.missing,
        })
    }

    pub(crate) fn add_span(&mut self, span: &NamedSpan) -> Result<(), String> {
        let offsets = [span.past_s, span.future_s];
        let length = span.past_s + span.future_s;
        if span.label.is_empty() || offsets.iter().any(|s| !(0.0..=LAST_SECOND as f64).contains(s)) || length < 1e-3 {
            return no("The time window is not added: it needs a name and a length.");
        }
        if self.spans.len() >= MAX_ENTRIES {
            return no("The time window is not added: there are too many.");
        }
        match self.spans.iter_mut().find(|s| s.label == span.label) {
            Some(same) => same.clone_from(span),
            None => self.spans.push(span.clone()),
        }
        Ok(())
    }

    pub(crate) fn add_step(&mut self, step: &NamedStep) -> Result<(), String> {
        if step.label.is_empty() || !(1e-3..=LAST_SECOND as f64).contains(&step.step_s) {
            return no("The step is not added: it needs a name and a length.");
        }
        if self.steps.len() >= MAX_ENTRIES {
            return no("The step is not added: there are too many.");
        }
        match self.steps.iter_mut().find(|s| s.label == step.label) {
            Some(same) => same.clone_from(step),
            None => self.steps.push(step.clone()),
        }
        Ok(())
    }

    pub(crate) fn forget_span(&mut self, label: &str) {
        self.spans.retain(|s| s.label != label);
    }

    pub(crate) fn forget_step(&mut self, label: &str) {
        self.steps.retain(|s| s.label != label);
    }
}

fn is_shapes(of: CollectionKey) -> bool {
    of.source == USER_SOURCE && of.collection <= POLYLINES
}

fn check_variable(c: &UserCollection, v: &UserVariable) -> Result<(), String> {
    let name = field_name(v);
    if !(1..=3).contains(&v.fields.len()) {
        return no(format!("The variable {name} is not added: it has {} fields, not one to three.", v.fields.len()));
    }
    if c.variables.iter().any(|o| o.id == v.id || field_name(o) == name) || c.variables.len() >= 4096 {
        return no(format!("The variable {name} is not added: its number or name is in use in this collection."));
    }
    Ok(())
}
