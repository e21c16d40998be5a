//! Where results come from: enough to do the same again, and to compare two runs in one line.

use std::path::{Path, PathBuf};

use seaglass_core::time::Time;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::granules::{FailedFile, Side, hex};
use crate::load::ReadCounts;
use crate::plan::Summary;
use crate::spec::{Checksum, JobSpec};

/// The record written with every output.
#[derive(Clone, Debug, Serialize)]
pub struct Provenance {
    /// Program and version.
    pub program: String,
    /// Commit it was built from; `unknown` where there was none, `development` in such builds.
    pub commit: &'static str,
    /// When the results were put together.
    pub created: String,
    /// The job.
    pub job: JobSpec,
    /// How distances are meant.
    pub metric: String,
    /// Sides with their files.
    pub sides: Vec<SideRecord>,
    /// Files and granules that could not be read; empty when the results are complete.
    pub failed: Vec<FailedFile>,
    /// Whether nothing is missing.
    pub complete: bool,
    /// The plan.
    pub plan: Summary,
    /// Rows of results.
    pub rows: u64,
    /// Pairs of rows behind them.
    pub pairs: u64,
    /// Pairs of rows within the limits, kept or not.
    pub candidates: u64,
    /// Wrapping sum of a hash of each pair of row numbers, whatever their order.
    pub pairs_sum64: String,
    /// Time the tasks took together, s.
    pub task_seconds: f64,
    /// Files written.
    pub outputs: Vec<PathBuf>,
}

/// A side in the record.
#[derive(Clone, Debug, Serialize)]
pub struct SideRecord {
    /// Name.
    pub name: String,
    /// Prefix of its columns.
    pub prefix: String,
    /// What was read.
    pub counts: ReadCounts,
    /// Rows that occur in the results, each once, whatever the cut into tasks; of a side that is made into values none
    /// occurs.
    pub matched: Option<u64>,
    /// Its files.
    pub files: Vec<FileRecord>,
}

/// A file in the record.
#[derive(Clone, Debug, Serialize)]
pub struct FileRecord {
    /// Where it lay.
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
    /// Last change.
    pub modified: String,
    /// SHA-256 of its bytes, when asked for and it took part.
    pub sha256: Option<String>,
    /// Id of its product.
    pub product: Option<String>,
    /// Attributes that identify it.
    pub identity: Vec<(String, String)>,
    /// Row number of its first row in the side.
    pub first_row: Option<u64>,
    /// Whether it took part.
    pub used: bool,
}

impl Provenance {
    /// As attributes of a file: short ones, and everything as JSON.
    pub fn attributes(&self) -> Vec<(String, String)> {
        vec![
            ("seaglass_version".to_owned(), self.program.clone()),
            ("seaglass_commit".to_owned(), self.commit.to_owned()),
            ("seaglass_metric".to_owned(), self.metric.clone()),
            ("seaglass_rows".to_owned(), self.rows.to_string()),
            ("seaglass_pairs".to_owned(), self.pairs.to_string()),
            ("seaglass_candidates".to_owned(), self.candidates.to_string()),
            ("seaglass_pairs_sum64".to_owned(), self.pairs_sum64.clone()),
            ("seaglass_complete".to_owned(), self.complete.to_string()),
            ("seaglass_job".to_owned(), json(&self.job)),
            ("seaglass_provenance".to_owned(), json(self)),
        ]
    }
}

/// Anything as JSON; empty when it cannot be written.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Files of a side with checksums of those that took part; a file that has gone meanwhile has none.
pub fn side_record(
    side: &Side,
    prefix: &str,
    counts: ReadCounts,
    matched: Option<u64>,
    used: &dyn Fn(usize) -> bool,
    checksum: Checksum,
    threads: &rayon::ThreadPool,
) -> SideRecord {
    use rayon::prelude::*;
    let wanted: Vec<bool> = (0..side.files.len()).map(used).collect();
    let sums: Vec<Option<String>> = threads.install(|| {
        side.files
            .par_iter()
            .zip(&wanted)
            .map(|(f, used)| if *used && checksum == Checksum::Sha256 { sha256(&f.path) } else { None })
            .collect()
    });
    let files = side.files.iter().enumerate().zip(sums).map(|((k, f), sha256)| FileRecord {
        path: f.path.clone(),
        size: f.size,
        modified: Time::from_micros(f.modified_us).iso(),
        sha256,
        product: side.cards[k].as_ref().and_then(|c| c.product.clone()),
        identity: side.cards[k].as_ref().map(|c| c.identity.clone()).unwrap_or_default(),
        first_row: side.granules.iter().find(|g| g.file == k).map(|g| g.first_row),
        used: wanted[k],
    });
    SideRecord { name: side.spec.name.clone(), prefix: prefix.to_owned(), counts, matched, files: files.collect() }
}

/// SHA-256 of a file; `None` when it cannot be read.
fn sha256(path: &Path) -> Option<String> {
    let mut file = std::fs::File::open(path).ok()?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0u8; 1 << 18];
    loop {
        match std::io::Read::read(&mut file, &mut buffer) {
            Ok(0) => return Some(hex(&hash.finalize())),
            Ok(n) => hash.update(&buffer[..n]),
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => {
                log::warn!("{}: no checksum: {e}", path.display());
                return None;
            }
        }
    }
}
