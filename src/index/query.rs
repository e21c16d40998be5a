//! Questions: what lies in a window of time and in a view.

use std::collections::BTreeMap;

use rusqlite::{Row, params};
use seaglass_core::geo::GeoBox;
use seaglass_core::time::{Time, TimeSpan};

use crate::Result;
use crate::pack::unpack;
use crate::pieces::PARTS;
use crate::store::Index;

/// What is asked for. Nothing set asks for everything.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Query {
    /// Spans that share an instant with this one. Files without time fit every window.
    pub window: Option<TimeSpan>,
    /// Footprints that share a place with this box.
    pub view: Option<GeoBox>,
}

/// A part of a file that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Number of the file.
    pub file: i64,
    /// Part of the file.
    pub part: usize,
    /// Number of the collection.
    pub collection: i64,
    /// Time covered.
    pub span: Option<TimeSpan>,
    /// Time steps in it; 0 for a part without.
    pub steps: usize,
}

/// How many granules of a collection there are; every time step counts as one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// In the window.
    pub in_window: usize,
    /// In the window and in the view.
    pub in_view: usize,
}

impl Index {
    /// Every part that fits, in order of class, start, file and part.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn find(&self, query: &Query) -> Result<Vec<Hit>> {
        let mut hits = Vec::new();
        self.each(query, |hit, _| hits.push(hit)).map_err(|e| self.failed(e))?;
        Ok(hits)
    }

    /// Granules of each collection in a window, and of those the ones in a view.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn counts(&mut self, window: TimeSpan, view: GeoBox) -> Result<BTreeMap<String, Count>> {
        let mut counts: BTreeMap<i64, Count> = BTreeMap::new();
        let mut many: Vec<(Hit, bool)> = Vec::new();
        let query = Query { window: Some(window), view: None };
        let each = self.each(&query, |hit, row| {
            let seen = sees(row, &view)?;
            if hit.steps > 1 {
                many.push((hit, seen));
            } else {
                let count = counts.entry(hit.collection).or_default();
                count.in_window += 1;
                count.in_view += usize::from(seen);
            }
            Ok::<(), rusqlite::Error>(())
        });
        each.map_err(|e| self.failed(e))?;
        // Of files with many steps only those in the window count.
        for (hit, seen) in many {
            let steps = self.steps_in(hit, window)?;
            let count = counts.entry(hit.collection).or_default();
            count.in_window += steps;
            count.in_view += if seen { steps } else { 0 };
        }
        self.named(counts)
    }

    /// Granules that begin on each of some days, of each collection; what has no time is on none.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn days(&mut self, first: Time, days: usize) -> Result<BTreeMap<String, Vec<usize>>> {
        const DAY_US: i64 = 86_400_000_000;
        let stop = Time::from_micros(first.micros() + DAY_US * days as i64 - 1);
        let mut found: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        let mut many = Vec::new();
        let window = TimeSpan::new(first, stop);
        let each = self.each(&Query { window: Some(window), view: None }, |hit, _| {
            if hit.steps > 1 {
                many.push(hit);
            } else if let Some(span) = hit.span {
                // A span over several days is there on each of them.
                let of_day = found.entry(hit.collection).or_insert_with(|| vec![0; days]);
                let day = |t: Time| (t.micros() - first.micros()).div_euclid(DAY_US).clamp(0, days as i64 - 1) as usize;
                (day(span.start)..=day(span.stop)).for_each(|d| of_day[d] += 1);
            }
        });
        each.map_err(|e| self.failed(e))?;
        for hit in many {
            for d in 0..days {
                let start = Time::from_micros(first.micros() + DAY_US * d as i64);
                let day = TimeSpan::new(start, Time::from_micros(start.micros() + DAY_US - 1));
                let steps = self.steps_in(hit, day)?;
                found.entry(hit.collection).or_insert_with(|| vec![0; days])[d] += steps;
            }
        }
        self.named(found)
    }

    /// Number of granules of each collection in all, and the time they cover.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn totals(&self) -> Result<BTreeMap<String, (usize, Option<TimeSpan>)>> {
        let read = || -> rusqlite::Result<_> {
            let sql = "SELECT c.key, sum(max(s.steps, 1)), min(s.start) FILTER (WHERE s.class >= 0), \
                       max(s.stop) FILTER (WHERE s.class >= 0) \
                       FROM span s JOIN collection c ON c.id = s.collection GROUP BY s.collection";
            let mut found = self.db.prepare_cached(sql)?;
            let rows = found.query_map([], |row| {
                let span = match (row.get::<_, Option<i64>>(2)?, row.get::<_, Option<i64>>(3)?) {
                    (Some(a), Some(b)) => Some(TimeSpan::new(Time::from_micros(a), Time::from_micros(b))),
                    _ => None,
                };
                Ok((row.get::<_, String>(0)?, (row.get::<_, i64>(1)? as usize, span)))
            })?;
            rows.collect()
        };
        read().map_err(|e| self.failed(e))
    }

    /// Mission and level of the files of each collection, each pair once.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn labels(&self) -> Result<BTreeMap<String, Vec<(String, String)>>> {
        let read = || -> rusqlite::Result<Vec<(String, (String, String))>> {
            let sql = "SELECT c.key, a.mission, a.level FROM label l JOIN collection c ON c.id = l.collection \
                       JOIN fact a ON a.id = l.fact ORDER BY c.key, a.mission, a.level";
            let mut found = self.db.prepare_cached(sql)?;
            found.query_map([], |r| Ok((r.get(0)?, (r.get(1)?, r.get(2)?))))?.collect()
        };
        let mut labels: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for (key, label) in read().map_err(|e| self.failed(e))? {
            labels.entry(key).or_default().push(label);
        }
        Ok(labels)
    }

    fn named<T>(&self, by_number: BTreeMap<i64, T>) -> Result<BTreeMap<String, T>> {
        by_number
            .into_iter()
            .map(|(id, value)| {
                let key = self.db.prepare_cached("SELECT key FROM collection WHERE id = ?1");
                let key = key.and_then(|mut s| s.query_row([id], |row| row.get(0))).map_err(|e| self.failed(e))?;
                Ok((key, value))
            })
            .collect()
    }

    /// Time steps of a part within a span.
    fn steps_in(&mut self, hit: Hit, window: TimeSpan) -> Result<usize> {
        let read = self.db.prepare_cached("SELECT kind, own FROM file WHERE id = ?1");
        let read =
            read.and_then(|mut s| s.query_row([hit.file], |r| Ok((r.get::<_, i64>(0)?, r.get::<_, Vec<u8>>(1)?))));
        let (kind, own) = read.map_err(|e| self.failed(e))?;
        let info = self.kind(kind)?.and_then(|kind| unpack(&kind, &own));
        let steps = info.and_then(|i| i.parts.into_iter().nth(hit.part)).map(|p| p.steps).unwrap_or_default();
        Ok(steps.iter().filter(|t| window.contains(**t)).count())
    }

    /// The classes of span lengths there are.
    pub(crate) fn classes(&self) -> rusqlite::Result<Vec<i64>> {
        let mut next = self.db.prepare_cached("SELECT min(class) FROM span WHERE class > ?1")?;
        let mut classes = Vec::new();
        let mut last = i64::MIN;
        while let Some(class) = next.query_row([last], |row| row.get::<_, Option<i64>>(0))? {
            classes.push(class);
            last = class;
        }
        Ok(classes)
    }

    fn each<R: Outcome>(&self, query: &Query, mut take: impl FnMut(Hit, &Row<'_>) -> R) -> rusqlite::Result<()> {
        let window = query.window;
        // Everything is in a view of the whole Earth.
        let view = query.view.filter(|v| v.east - v.west < 360.0 || v.south > -90.0 || v.north < 90.0);
        let sql = if view.is_some() { IN_VIEW } else { IN_WINDOW };
        let mut find = self.db.prepare_cached(sql)?;
        for class in self.classes()? {
            let (from, to, stop) = match window {
                // A span of this class that reaches the window begins less than 2^class before it.
                Some(window) if class >= 0 => {
                    let before = 1_i64.checked_shl(class.min(62) as u32).unwrap_or(i64::MAX);
                    (window.start.micros().saturating_sub(before), window.stop.micros(), window.start.micros())
                }
                _ => (i64::MIN, i64::MAX, i64::MIN),
            };
            let mut rows = match view {
                Some(v) => find.query(params![class, from, to, stop, v.west, v.south, v.east, v.north])?,
                None => find.query(params![class, from, to, stop])?,
            };
            while let Some(row) = rows.next()? {
                if let Some(view) = &view
                    && !sees(row, view)?
                {
                    continue;
                }
                take(hit_of(row, class)?, row).done()?;
            }
        }
        Ok(())
    }
}

/// Class, range of beginnings, earliest end.
const IN_WINDOW: &str = "SELECT file, part, collection, start, stop, steps, pieces, west, south, east, north FROM span \
                         WHERE class = ?1 AND start BETWEEN ?2 AND ?3 AND stop >= ?4";

/// The same and west, south, east and north of a view. Boxes begin in [−180, 180) and reach at most one turn further: a
/// turn to either side is all there is to compare.
const IN_VIEW: &str = "SELECT file, part, collection, start, stop, steps, pieces, west, south, east, north FROM span \
                       WHERE class = ?1 AND start BETWEEN ?2 AND ?3 AND stop >= ?4 AND south <= ?8 AND north >= ?6 \
                       AND ((west <= ?7 AND east >= ?5) OR west <= ?7 - 360.0 OR east >= ?5 + 360.0)";

fn hit_of(row: &Row<'_>, class: i64) -> rusqlite::Result<Hit> {
    let span = if class < 0 {
        None
    } else {
        Some(TimeSpan::new(Time::from_micros(row.get(3)?), Time::from_micros(row.get(4)?)))
    };
    Ok(Hit {
        file: row.get(0)?,
        part: row.get::<_, i64>(1)? as usize,
        collection: row.get(2)?,
        span,
        steps: row.get::<_, i64>(5)? as usize,
    })
}

/// Whether one of the boxes of a footprint shares a place with the view.
fn sees(row: &Row<'_>, view: &GeoBox) -> rusqlite::Result<bool> {
    let pieces = row.get_ref(6)?;
    let Some(bytes) = pieces.as_blob_or_null().ok().flatten() else {
        let bounds = GeoBox { west: row.get(7)?, south: row.get(8)?, east: row.get(9)?, north: row.get(10)? };
        return Ok(bounds.intersects(view));
    };
    Ok(bytes.as_chunks::<16>().0.iter().any(|b| {
        let number = |k: usize| f64::from(i32::from_le_bytes([b[k], b[k + 1], b[k + 2], b[k + 3]])) / PARTS;
        GeoBox { west: number(0), south: number(4), east: number(8), north: number(12) }.intersects(view)
    }))
}

/// What may come out of looking at a row.
trait Outcome {
    fn done(self) -> rusqlite::Result<()>;
}

impl Outcome for () {
    fn done(self) -> rusqlite::Result<()> {
        Ok(())
    }
}

impl Outcome for rusqlite::Result<()> {
    fn done(self) -> rusqlite::Result<()> {
        self
    }
}
