//! In which order what is known is handed out: around the clock first, then further and further from it.

use std::collections::{HashSet, VecDeque};
use std::path::PathBuf;

use rusqlite::OptionalExtension;
use seaglass_core::time::{Time, TimeSpan};

use crate::store::{Index, Told};
use crate::{Query, Result};

/// Half of the first stretch of time around the clock, seconds.
const FIRST_S: f64 = 3.0 * 86_400.0;

/// What has been handed out, and what comes next.
#[derive(Debug, Default)]
pub(crate) struct Loader {
    given: HashSet<i64>,
    queue: VecDeque<i64>,
    centre: Option<Time>,
    /// Half of the stretch of time handed out, seconds.
    reach_s: f64,
    /// All there is has been queued.
    all: bool,
}

impl Loader {
    /// Whether nothing is left to hand out.
    pub fn is_done(&self) -> bool {
        self.all && self.queue.is_empty()
    }

    /// Files handed out.
    pub fn given(&self) -> usize {
        self.given.len()
    }

    /// The other side knows a file by other means.
    pub fn knows(&mut self, id: i64) {
        self.given.insert(id);
    }

    /// Goes on around another time.
    pub fn centre(&mut self, now: Time) {
        let far = self.centre.is_none_or(|c| now.seconds_since(c).abs() > self.reach_s / 2.0);
        if far && self.centre != Some(now) {
            self.queue.clear();
            self.centre = Some(now);
            self.reach_s = 0.0;
            self.all = false;
        }
    }

    /// Begins again, as when the index has changed by another hand.
    pub fn again(&mut self) {
        self.reach_s = 0.0;
        self.all = false;
    }

    /// The next files. Without a clock the first one by name comes first, and the clock is its time.
    pub fn next(&mut self, index: &mut Index, most: usize) -> Result<Vec<(PathBuf, Told)>> {
        let mut files = Vec::new();
        while files.len() < most && !self.is_done() {
            if self.queue.is_empty() {
                self.widen(index)?;
                continue;
            }
            let Some(id) = self.queue.pop_front() else { break };
            if self.given.insert(id)
                && let Some((path, told)) = index.file(id)?
            {
                files.push((index.root().join(path), told));
            }
        }
        Ok(files)
    }

    fn widen(&mut self, index: &mut Index) -> Result<()> {
        let Some(centre) = self.centre else { return self.begin(index) };
        let ends = index.ends()?;
        if self.reach_s == 0.0 {
            self.reach_s = FIRST_S;
        } else {
            self.reach_s *= 2.0;
        }
        let window = TimeSpan::new(centre.plus_seconds(-self.reach_s), centre.plus_seconds(self.reach_s));
        self.all = ends.is_none_or(|e| window.start <= e.start && window.stop >= e.stop);
        // The last stretch takes everything: what has no time is in every one.
        let hits = index.find(&Query { window: (!self.all).then_some(window), view: None })?;
        let mut new: Vec<(i64, i64)> = hits
            .iter()
            .filter(|h| !self.given.contains(&h.file))
            .map(|h| (h.span.map_or(0, |s| (s.offset_seconds(centre).abs() * 1e3) as i64), h.file))
            .collect();
        new.sort_unstable();
        new.dedup_by_key(|(_, file)| *file);
        self.queue = new.into_iter().map(|(_, file)| file).collect();
        if self.all {
            // Files that cannot be read have no time either.
            self.queue.extend(index.failed_files()?);
        }
        Ok(())
    }

    fn begin(&mut self, index: &mut Index) -> Result<()> {
        let Some(file) = index.first_file()? else {
            self.all = true;
            self.queue.extend(index.failed_files()?);
            return Ok(());
        };
        let told = index.file(file)?.and_then(|(_, told)| told.ok());
        let parts = told.map(|info| info.parts).unwrap_or_default();
        let start = parts.iter().filter_map(|p| p.span.map(|s| s.start).or(p.steps.first().copied())).min();
        self.queue.push_back(file);
        self.centre = Some(start.unwrap_or(Time::from_micros(0)));
        Ok(())
    }
}

impl Index {
    /// Time covered by everything, or a little more.
    fn ends(&self) -> Result<Option<TimeSpan>> {
        let read = || -> rusqlite::Result<Option<TimeSpan>> {
            let mut all: Option<TimeSpan> = None;
            for class in self.classes()?.into_iter().filter(|c| *c >= 0) {
                // Beginnings are the key: both ends are found without a walk, and no stop lies further than the class says.
                let one = |sql: &str| self.db.prepare_cached(sql)?.query_row([class], |r| r.get::<_, i64>(0));
                let first = one("SELECT min(start) FROM span WHERE class = ?1")?;
                let last = one("SELECT max(start) FROM span WHERE class = ?1")?;
                let last = last.saturating_add(1_i64.checked_shl(class.min(62) as u32).unwrap_or(i64::MAX));
                let span = TimeSpan::new(Time::from_micros(first), Time::from_micros(last));
                all = Some(all.map_or(span, |e| e.union(&span)));
            }
            Ok(all)
        };
        read().map_err(|e| self.failed(e))
    }

    /// The first file by folder and name that could be described.
    fn first_file(&self) -> Result<Option<i64>> {
        let read = || -> rusqlite::Result<Option<i64>> {
            let mut folders = self.db.prepare_cached("SELECT id FROM folder ORDER BY path")?;
            let sql = "SELECT id FROM file WHERE folder = ?1 AND failure IS NULL ORDER BY name LIMIT 1";
            let mut first = self.db.prepare_cached(sql)?;
            let mut rows = folders.query([])?;
            while let Some(row) = rows.next()? {
                let folder: i64 = row.get(0)?;
                if let Some(file) = first.query_row([folder], |r| r.get(0)).optional()? {
                    return Ok(Some(file));
                }
            }
            Ok(None)
        };
        read().map_err(|e| self.failed(e))
    }

    fn failed_files(&self) -> Result<Vec<i64>> {
        let read = || -> rusqlite::Result<Vec<i64>> {
            self.db
                .prepare_cached("SELECT id FROM file WHERE failure IS NOT NULL ORDER BY id")?
                .query_map([], |row| row.get(0))?
                .collect()
        };
        read().map_err(|e| self.failed(e))
    }
}
