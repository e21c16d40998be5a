//! Readers at work for a job: many requests at once, from several threads, each waiting for its own answers.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use seaglass_coloc::Cancel;
use seaglass_core::protocol::{ReadFailure, Request, Source};
use seaglass_data::pool::{Connect, Content, Job, Lane, Pool, PoolOptions};
use seaglass_data::registry::Registry;

use crate::error::{JobError, Result};

/// Longest time for one answer.
const TIMEOUT: Duration = Duration::from_secs(300);
/// A waiting thread looks at the switch this often.
const LOOK: Duration = Duration::from_millis(100);
/// Requests under way for one caller: answers hold memory until they are taken.
const IN_FLIGHT: usize = 24;

/// Answer to one request.
pub type Answered = std::result::Result<Content, ReadFailure>;

struct Inbox {
    answers: Mutex<HashMap<u64, Answered>>,
    arrived: Condvar,
}

/// Readers and products.
pub struct Readers {
    pool: Pool<u64>,
    inbox: Arc<Inbox>,
    next: AtomicU64,
    /// Products.
    pub registry: Arc<Registry>,
    /// Stops all waiting.
    pub cancel: Cancel,
}

impl Readers {
    /// Starts `workers` readers.
    ///
    /// # Errors
    /// The system refuses threads.
    pub fn new(workers: usize, connect: Arc<dyn Connect>, registry: Arc<Registry>, cancel: Cancel) -> Result<Self> {
        let inbox = Arc::new(Inbox { answers: Mutex::default(), arrived: Condvar::new() });
        let bell = Arc::clone(&inbox);
        let wake = Arc::new(move || {
            bell.arrived.notify_all();
        });
        let pool = Pool::new(PoolOptions { workers, timeout: TIMEOUT, connect, wake })
            .map_err(|e| JobError::Internal(format!("The readers cannot be started: {e}.")))?;
        Ok(Self { pool, inbox, next: AtomicU64::new(1), registry, cancel })
    }

    /// The file as requests name it; only this product when one is given.
    pub fn source(&self, path: &Path, product: Option<&str>) -> Source {
        let mut candidates = self.registry.candidates(path);
        if let Some(id) = product {
            candidates.retain(|c| c.product.id == id);
        }
        Source { path: path.to_owned(), candidates }
    }

    /// Asks everything and hands over the answers as they come, with the number of their request.
    ///
    /// # Errors
    /// [`JobError::Canceled`], or what `take` returns.
    pub fn ask_all(
        &self,
        lane: Lane,
        requests: impl IntoIterator<Item = Request>,
        mut take: impl FnMut(usize, Answered) -> Result<()>,
    ) -> Result<()> {
        let mut waiting: HashMap<u64, usize> = HashMap::new();
        let mut requests = requests.into_iter().enumerate();
        let mut more = true;
        let result = loop {
            while more && waiting.len() < IN_FLIGHT {
                let Some((k, request)) = requests.next() else {
                    more = false;
                    break;
                };
                let tag = self.next.fetch_add(1, Ordering::Relaxed);
                waiting.insert(tag, k);
                self.pool.push(lane, Job { tag, request });
            }
            if waiting.is_empty() {
                break Ok(());
            }
            match self.wait_for(&waiting) {
                Err(e) => break Err(e),
                Ok((tag, answer)) => {
                    let Some(k) = waiting.remove(&tag) else { continue };
                    if let Err(e) = take(k, answer) {
                        break Err(e);
                    }
                }
            }
        };
        if result.is_err() {
            self.pool.retain(|tag| !waiting.contains_key(tag));
        }
        result
    }

    fn wait_for(&self, waiting: &HashMap<u64, usize>) -> Result<(u64, Answered)> {
        let mut answers = self.inbox.answers.lock();
        loop {
            if self.cancel.is_cancelled() {
                return Err(JobError::Canceled);
            }
            for finished in self.pool.drain() {
                answers.insert(finished.tag, finished.result);
                // Another thread may be waiting for what this one has fetched.
                self.inbox.arrived.notify_all();
            }
            let own = waiting.keys().find(|tag| answers.contains_key(tag)).copied();
            if let Some(tag) = own
                && let Some(answer) = answers.remove(&tag)
            {
                return Ok((tag, answer));
            }
            self.inbox.arrived.wait_for(&mut answers, LOOK);
        }
    }

    /// Asks one thing.
    ///
    /// # Errors
    /// [`JobError::Canceled`].
    pub fn ask(&self, lane: Lane, request: Request) -> Result<Answered> {
        let mut out = None;
        self.ask_all(lane, [request], |_, answer| {
            out = Some(answer);
            Ok(())
        })?;
        out.ok_or_else(|| JobError::Internal("The reader gave no answer.".to_owned()))
    }
}
