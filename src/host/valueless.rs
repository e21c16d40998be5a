//! Files of a finished picture that hold no value at all: programs are told which.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use seaglass_core::protocol::ReadFailure;
use seaglass_data::pool::{Content, Job, Lane};

use crate::host::{Host, Tag};
use crate::items::Shown;
use crate::report::HostError;

/// A file without a value of what its layer shows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Valueless {
    /// The file.
    pub path: PathBuf,
    /// Field that its layer shows.
    pub field: String,
}

impl Host {
    /// Of the files drawn in the last picture those that hold no value of the field shown, here or elsewhere; very large
    /// fields are sampled. Only files of which nothing was seen are read again.
    ///
    /// # Errors
    /// [`HostError::Incomplete`] after `limit`.
    pub fn wait_valueless(&mut self, limit: Duration) -> Result<Vec<Valueless>, HostError> {
        let (mut asked, mut holding) = (BTreeMap::new(), BTreeSet::new());
        let project = self.session.project();
        for layer in project.layers.iter().filter(|l| project.shows(l)) {
            let Some(shown) = Shown::of(layer, project, self.session.catalogue()) else { continue };
            for granule in &shown.granules {
                let number = self.items.number(granule, shown.field, layer);
                let seen = self.items.seen(number);
                let file = Valueless { path: granule.path.clone(), field: shown.field.name.clone() };
                if seen.valid {
                    holding.insert(file);
                } else if seen.read && self.items.failure(number).is_none() {
                    asked.insert(number, file);
                }
            }
        }
        // Of a file with several times one may hold values where another does not.
        asked.retain(|_, file| !holding.contains(file));
        self.valueless.clear();
        for number in asked.keys() {
            let Some(item) = self.items.get(*number) else { continue };
            let request = item.stats(&self.registry);
            self.put_one(Lane::Idle, Job { tag: Tag::Values(*number), request });
        }
        let start = Instant::now();
        while self.valueless.len() < asked.len() {
            self.step();
            if start.elapsed() > limit {
                let waiting = format!("{} of {} files are summed up", self.valueless.len(), asked.len());
                return Err(HostError::Incomplete { limit, waiting });
            }
            self.nap();
        }
        let none = asked.into_iter().filter(|(number, _)| self.valueless.get(number) == Some(&true));
        Ok(none.map(|(_, file)| file).collect::<BTreeSet<_>>().into_iter().collect())
    }

    /// What a summary says of an item asked about.
    pub(crate) fn summed_up(&mut self, item: u64, result: &Result<Content, ReadFailure>) {
        self.valueless.insert(item, matches!(result, Ok(Content::Stats(None))));
    }
}
