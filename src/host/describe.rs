//! What a file says of itself, asked for when somebody wants to know: attributes are not kept for every file that is open.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use seaglass_core::granule::FileInfo;
use seaglass_core::protocol::{ReadFailure, Request};
use seaglass_data::pool::{Content, Job, Lane};

use crate::host::{Host, Tag};
use crate::items::source;

/// What a reader answered.
pub type Description = Result<Arc<FileInfo>, ReadFailure>;

/// The file asked about last.
#[derive(Default)]
pub(crate) struct Descriptions {
    asked: Option<(PathBuf, Option<Description>)>,
}

impl Descriptions {
    pub fn arrived(&mut self, path: &Path, result: Result<Content, ReadFailure>) {
        let Some((of, answer)) = self.asked.as_mut().filter(|(of, _)| of == path) else { return };
        *answer = match result {
            Ok(Content::Info(info)) => Some(Ok(Arc::from(info))),
            Ok(_) => {
                log::error!("A reader described {} with something else.", of.display());
                None
            }
            Err(error) => Some(Err(error)),
        };
    }
}

impl Host {
    /// What a reader says of a file: nothing before it has answered. Asks on the first call; the answers for other files
    /// are forgotten.
    pub fn describe(&mut self, path: &Path) -> Option<Description> {
        if let Some((of, answer)) = &self.descriptions.asked
            && of == path
        {
            return answer.clone();
        }
        self.descriptions.asked = Some((path.to_owned(), None));
        let request = Request::Open { source: source(&self.registry, path) };
        self.pool.push(Lane::Open, Job { tag: Tag::Describe(path.to_owned()), request });
        None
    }
}
