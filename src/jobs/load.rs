//! Rows of a task: which tiles are read, in which order, and what is left of them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use seaglass_coloc as coloc;
use seaglass_coloc::{Coord, Packing, Platform, Shape, Times};
use seaglass_core::columns::{Column, Counted, Rows, RowsAsk};
use seaglass_core::coord::CoordArray;
use seaglass_core::granule::GeometryKind;
use seaglass_core::protocol::{Request, Source};
use seaglass_data::pool::{Content, Lane};

use crate::error::{JobError, Result};
use crate::filter::Filter;
use crate::granules::{FailedFile, Granule, Side};
use crate::plan::{Plan, Task};
use crate::prune::{Node, Reach, Tree};
use crate::reading::{Answered, Readers};

/// Above this many rows of one side, the other's tiles are chosen by tiles alone.
const MAX_PROBE_ROWS: usize = 4 << 20;

/// Rows of one granule.
pub struct Loaded {
    /// Index into [`Side::granules`].
    pub granule: usize,
    /// Its rows that take part.
    pub rows: Rows,
}

/// What was read of a side: of the reference side each row once, of the others by every task that reads it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ReadCounts {
    /// Cells of the tiles that were read.
    pub read: u64,
    /// Without position or time.
    pub invalid: u64,
    /// Without a value where one is required.
    pub no_value: u64,
    /// Refused by the filter.
    pub filtered: u64,
    /// Left out as repetitions.
    pub duplicate: u64,
    /// Rows that took part, repetitions included.
    #[serde(default)]
    pub taken: u64,
}

impl ReadCounts {
    /// Adds those of another task.
    pub fn add(&mut self, o: &Self) {
        self.read += o.read;
        self.invalid += o.invalid;
        self.no_value += o.no_value;
        self.filtered += o.filtered;
        self.duplicate += o.duplicate;
        self.taken += o.taken;
    }
}

/// Rows of one side in a task.
#[derive(Default)]
pub struct LoadedSide {
    /// Granules with rows, in order.
    pub granules: Vec<Loaded>,
    /// Counts.
    pub counts: ReadCounts,
    /// Granules that could not be read.
    pub failed: Vec<FailedFile>,
}

impl LoadedSide {
    fn rows(&self) -> usize {
        self.granules.iter().map(|g| g.rows.len()).sum()
    }

    /// As the engine takes it. Rows are numbered on from granule to granule; [`coloc::Side::locate`] finds them back.
    ///
    /// # Errors
    /// The rows do not fit together.
    pub fn for_engine<'a>(&'a self, side: &Side) -> Result<coloc::Side<'a>> {
        let platform = side.spec.platform.as_ref().and_then(|p| side.columns.iter().position(|c| c == p));
        let granules = self.granules.iter().map(|g| -> coloc::Result<coloc::Granule<'a>> {
            let shape = match side.granules[g.granule].kind {
                GeometryKind::Points => Shape::Points,
                GeometryKind::Track => Shape::Track,
                _ => Shape::Swath { lines: g.rows.len(), pixels: 1 },
            };
            let time = Times::PerRow(Cow::Borrowed(&g.rows.time_us[..]));
            let made = coloc::Granule::new(shape, coord(&g.rows.lat), longitudes(&g.rows.lon), time)?;
            match platform.map(|k| &g.rows.columns[k]) {
                Some(column) => made.with_platform(Platform::PerRow(Cow::Owned(numbers(column)))),
                None => Ok(made),
            }
        });
        let granules: coloc::Result<Vec<_>> = granules.collect();
        granules
            .and_then(coloc::Side::new)
            .map_err(|e| JobError::Internal(format!("The rows do not fit together: {e}.")))
    }
}

fn coord(array: &CoordArray) -> Coord<'_> {
    match array {
        CoordArray::F32(v) => Coord::F32(Cow::Borrowed(v)),
        CoordArray::F64(v) => Coord::F64(Cow::Borrowed(v)),
        CoordArray::I32 { raw, scale, offset } => {
            Coord::I32 { values: Cow::Borrowed(raw), packing: Packing::new(*scale, *offset), fill: Some(i32::MIN) }
        }
    }
}

/// The engine takes longitudes of at most a turn either way.
fn longitudes(array: &CoordArray) -> Coord<'_> {
    let far = |x: f64| x.abs() > 360.0;
    if (0..array.len()).any(|k| far(array.get(k))) {
        let wrapped = (0..array.len()).map(|k| match array.get(k) {
            x if far(x) => x % 360.0,
            x => x,
        });
        return Coord::F64(Cow::Owned(wrapped.collect()));
    }
    coord(array)
}

/// Platform numbers of 32 bits; those that are longer are folded, as only their equality counts.
fn numbers(column: &Column) -> Vec<i32> {
    let fold = |x: u64| (x ^ (x >> 32)) as u32 as i32;
    (0..column.len())
        .map(|k| match column {
            Column::I64(v) => fold(v[k] as u64),
            other => fold(other.get(k).to_bits()),
        })
        .collect()
}

/// Loads the rows of a task.
pub struct Loader<'a> {
    /// Readers.
    pub readers: &'a Readers,
    /// All sides of the job.
    pub sides: &'a [Side],
    /// The order of [`crate::plan::Plan`].
    pub order: &'a [usize],
    /// Filters, by side of the job.
    pub filters: &'a [Option<Filter>],
    /// How far partners may be.
    pub reach: Reach,
    /// Window, µs.
    pub window_us: i64,
    /// Keep owners that lack a partner on some side.
    pub partial: bool,
}

/// Marks of the tiles of all granules of a side in a task.
struct Marks {
    /// First tile of each granule, and the end.
    first: Vec<usize>,
    nodes: Vec<Node>,
    valid: Vec<u32>,
    wanted: Vec<bool>,
}

impl Marks {
    fn new(side: &Side, granules: &[usize], times: [i64; 2]) -> Self {
        let mut this = Self { first: vec![0], nodes: Vec::new(), valid: Vec::new(), wanted: Vec::new() };
        for g in granules.iter().map(|k| &side.granules[*k]) {
            for t in g.tiles.iter() {
                let node = Node::of(t).clipped(times[0], times[1]);
                // Of a tile that reaches far in time about its share is read.
                let share = node.map_or(0.0, |n| {
                    let (a, b) = n.times();
                    (b - a + 1) as f64 / (t.stop_us.saturating_sub(t.start_us) + 1) as f64
                });
                this.valid.push((f64::from(t.valid) * share).ceil() as u32);
                this.nodes.push(node.unwrap_or(Node::EMPTY));
            }
            this.first.push(this.nodes.len());
        }
        this.wanted = vec![false; this.nodes.len()];
        this
    }

    /// Marks all of a granule of which anything is marked.
    fn widen(&mut self) {
        for range in self.first.windows(2).map(|w| w[0]..w[1]) {
            let any = self.wanted[range.clone()].contains(&true);
            self.wanted[range].fill(any);
        }
    }

    fn rows(&self) -> u64 {
        self.wanted.iter().zip(&self.valid).filter(|(w, _)| **w).map(|(_, v)| u64::from(*v)).sum()
    }

    /// Tiles of the `n`-th granule; `None` when all of its tiles with rows are wanted.
    fn tiles(&self, n: usize, granule: &Granule) -> Option<Option<Vec<u32>>> {
        let range = self.first[n]..self.first[n + 1];
        let all = range.clone().filter(|k| self.wanted[*k]).count();
        if all == 0 {
            return None;
        }
        if all == granule.tiles.iter().filter(|t| t.valid > 0).count() {
            return Some(None);
        }
        Some(Some(range.clone().filter(|k| self.wanted[*k]).map(|k| (k - range.start) as u32).collect()))
    }
}

/// Bytes of a file that one of its granules stands for.
fn share_of_file(side: &Side, granule: usize) -> u64 {
    let file = side.granules[granule].file;
    let first = side.granules.partition_point(|g| g.file < file);
    let granules = side.granules[first..].partition_point(|g| g.file == file);
    side.files[file].size / granules.max(1) as u64
}

impl Loader<'_> {
    /// Times of rows of the `n`-th side in the order of the plan.
    fn times(&self, task: &Task, n: usize) -> [i64; 2] {
        let [a, b] = task.slab_us;
        let more = if n == 0 { self.reach.own_us } else { self.window_us };
        let wide = [a.saturating_sub(more), b.saturating_add(more)];
        let limits = self.sides[self.order[n]].time_us.unwrap_or([i64::MIN + 1, i64::MAX]);
        [wide[0].max(limits[0]), wide[1].min(limits[1])]
    }

    /// Rows of all sides in the order of the plan; sides without any are empty.
    ///
    /// # Errors
    /// [`JobError::Canceled`].
    pub fn load(&self, plan: &Plan, task: &Task) -> Result<Vec<LoadedSide>> {
        self.loaded(task, Some(plan), &|_, _| {})
    }

    /// The same for a task that is alone; `watched` hears how many bytes of files are done, of about how many.
    ///
    /// # Errors
    /// [`JobError::Canceled`].
    pub fn load_watched(&self, task: &Task, watched: &dyn Fn(u64, u64)) -> Result<Vec<LoadedSide>> {
        self.loaded(task, None, watched)
    }

    fn loaded(&self, task: &Task, plan: Option<&Plan>, watched: &dyn Fn(u64, u64)) -> Result<Vec<LoadedSide>> {
        let count = self.order.len();
        let mut marks: Vec<Marks> = (0..count)
            .map(|n| Marks::new(&self.sides[self.order[n]], &task.granules[n], self.times(task, n)))
            .collect();
        self.mark_by_tiles(&mut marks)?;
        if self.reach.whole {
            marks.iter_mut().for_each(Marks::widen);
        }
        let mut out: Vec<Option<LoadedSide>> = (0..count).map(|_| None).collect();
        // The side with the fewest rows is read first: its rows say better than its tiles what is needed of the others.
        let mut turns: Vec<usize> = (0..count).collect();
        turns.sort_by_key(|n| (marks[*n].rows(), *n));
        let mut done = 0;
        for n in turns {
            let related: Vec<usize> = match n {
                // With partial matches one side alone does not say what is needed of the owner.
                0 if self.partial => Vec::new(),
                0 => (1..count).collect(),
                _ => vec![0],
            };
            for m in related {
                if let Some(side) = &out[m]
                    && !self.reach.whole
                    && side.rows() <= MAX_PROBE_ROWS
                {
                    self.mark_by_rows(&mut marks[n], side)?;
                }
            }
            // What is needed of the sides that follow is known by their tiles only, so far.
            let rest: u64 = (0..count).filter(|m| out[*m].is_none()).map(|m| self.bytes(task, m, &marks[m])).sum();
            let before = done;
            let heard = |bytes: u64| watched(before + bytes, before + rest);
            done += self.bytes(task, n, &marks[n]);
            out[n] = Some(self.fetch(task, plan, n, &marks[n], &heard)?);
        }
        Ok(out.into_iter().flatten().collect())
    }

    /// Marks the tiles that have a tile of the other side near.
    fn mark_by_tiles(&self, marks: &mut [Marks]) -> Result<()> {
        let (owner, others) = marks.split_at_mut(1);
        let Some(owner) = owner.first_mut() else { return Ok(()) };
        let trees: Vec<Tree> = others.iter().map(|m| Tree::new(m.nodes.clone())).collect();
        // Tiles that are not marked yet: with a great radius all soon are, and then it need not be asked which.
        let mut open: Vec<usize> =
            others.iter().map(|m| m.nodes.iter().filter(|n| **n != Node::EMPTY).count()).collect();
        let mut hits = Vec::new();
        for k in 0..owner.nodes.len() {
            self.look(k)?;
            let around = self.reach.around_node(&owner.nodes[k]);
            let mut met = trees.iter().map(|tree| tree.meets(&around));
            let take = if self.partial { met.any(|m| m) } else { met.all(|m| m) };
            if !take {
                continue;
            }
            owner.wanted[k] = true;
            for ((m, tree), open) in others.iter_mut().zip(&trees).zip(&mut open).filter(|(_, open)| **open > 0) {
                hits.clear();
                tree.query(&around, &mut |j| hits.push(j));
                for j in &hits {
                    *open -= usize::from(!std::mem::replace(&mut m.wanted[*j], true));
                }
            }
        }
        Ok(())
    }

    /// Takes back the marks of tiles that no row of the other side reaches.
    fn mark_by_rows(&self, marks: &mut Marks, side: &LoadedSide) -> Result<()> {
        let kept: Vec<usize> = (0..marks.nodes.len()).filter(|k| marks.wanted[*k]).collect();
        let tree = Tree::new(kept.iter().map(|k| marks.nodes[*k]).collect());
        let mut reached = vec![false; kept.len()];
        let mut open = kept.len();
        'rows: for g in &side.granules {
            for k in 0..g.rows.len() {
                self.look(k)?;
                if open == 0 {
                    break 'rows;
                }
                let at = Node::point(g.rows.lat.get(k), g.rows.lon.get(k), g.rows.time_us[k]);
                tree.query(&self.reach.around_node(&at), &mut |j| {
                    open -= usize::from(!std::mem::replace(&mut reached[j], true));
                });
            }
        }
        for (k, reached) in kept.into_iter().zip(reached) {
            marks.wanted[k] = reached;
        }
        Ok(())
    }

    /// Now and then, whether somebody stops the job.
    fn look(&self, k: usize) -> Result<()> {
        let stop = k.is_multiple_of(64) && self.readers.cancel.is_cancelled();
        if stop { Err(JobError::Canceled) } else { Ok(()) }
    }

    /// Bytes of files that are read for marked tiles.
    fn bytes(&self, task: &Task, n: usize, marks: &Marks) -> u64 {
        let side = &self.sides[self.order[n]];
        let marked = |k: usize| marks.wanted[marks.first[k]..marks.first[k + 1]].contains(&true);
        task.granules[n].iter().enumerate().filter(|(k, _)| marked(*k)).map(|(_, g)| share_of_file(side, *g)).sum()
    }

    /// Rows of a granule that this task counts: of the reference side those of its slab, which no other task has. The
    /// other sides have no such rows of a task's own, as which of them are read depends on the task.
    fn counted(&self, task: &Task, plan: &Plan, n: usize, granule: usize) -> Option<Counted> {
        // Within the times the side is limited to; what is read may reach beyond the slab.
        let ([a, b], [from, to]) = (task.slab_us, self.times(task, n));
        let untimed = plan.first_task.get(granule).is_some_and(|t| *t as usize == task.id);
        (n == 0).then_some(Counted { time_us: [a.max(from), b.min(to)], untimed })
    }

    fn fetch(
        &self,
        task: &Task,
        plan: Option<&Plan>,
        n: usize,
        marks: &Marks,
        heard: &dyn Fn(u64),
    ) -> Result<LoadedSide> {
        let side = &self.sides[self.order[n]];
        let mut bytes = 0;
        heard(bytes);
        let times = self.times(task, n);
        let mut asked = Vec::new();
        let mut requests = Vec::new();
        for (k, g) in task.granules[n].iter().enumerate() {
            let Some(tiles) = marks.tiles(k, &side.granules[*g]) else { continue };
            asked.push(*g);
            let counted = plan.and_then(|p| self.counted(task, p, n, *g));
            let ask = RowsAsk { tiles, time_us: Some(times), counted, ..self.ask(side, *g) };
            requests.push(Request::Rows { source: self.source(side, *g), ask });
        }
        let mut out = LoadedSide::default();
        self.readers.ask_all(Lane::Tiles, requests, |k, answer| {
            match answer {
                Ok(Content::Rows(rows)) => {
                    let counted = plan.and_then(|p| self.counted(task, p, n, asked[k]));
                    self.take(n, asked[k], rows, counted, &mut out);
                }
                other => out.failed.push(self.failure(side, asked[k], other)),
            }
            bytes += share_of_file(side, asked[k]);
            heard(bytes);
            Ok(())
        })?;
        out.granules.sort_by_key(|g| g.granule);
        out.failed.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(out)
    }

    /// All rows of some tiles of the `n`-th side, whatever their time and values: what lies about a match.
    ///
    /// # Errors
    /// [`JobError::Canceled`].
    pub fn surroundings(&self, n: usize, wanted: &BTreeMap<usize, BTreeSet<u32>>) -> Result<LoadedSide> {
        let side = &self.sides[self.order[n]];
        let asked: Vec<usize> = wanted.keys().copied().collect();
        let requests: Vec<Request> = wanted
            .iter()
            .map(|(g, tiles)| {
                let ask = RowsAsk { tiles: Some(tiles.iter().copied().collect()), ..self.ask(side, *g) };
                Request::Rows { source: self.source(side, *g), ask: RowsAsk { valid: Vec::new(), ..ask } }
            })
            .collect();
        let mut out = LoadedSide::default();
        self.readers.ask_all(Lane::Tiles, requests, |k, answer| {
            match answer {
                Ok(Content::Rows(rows)) => out.granules.push(Loaded { granule: asked[k], rows }),
                other => out.failed.push(self.failure(side, asked[k], other)),
            }
            Ok(())
        })?;
        out.granules.sort_by_key(|g| g.granule);
        Ok(out)
    }

    fn source(&self, side: &Side, granule: usize) -> Source {
        self.readers.source(&side.files[side.granules[granule].file].path, side.spec.product.as_deref())
    }

    fn ask(&self, side: &Side, granule: usize) -> RowsAsk {
        RowsAsk {
            part: side.granules[granule].part,
            step: side.granules[granule].step,
            columns: side.columns.clone(),
            index: side.spec.index.iter().map(|(k, v)| (k.clone(), *v)).collect(),
            valid: side.spec.required().to_vec(),
            tiles: None,
            time_us: None,
            counted: None,
            masked: side.spec.masks,
            untimed: false,
            pass: side.spec.pass,
        }
    }

    fn failure(&self, side: &Side, granule: usize, answer: Answered) -> FailedFile {
        let message = match answer {
            Ok(_) => "The reader gave another answer than asked for.".to_owned(),
            Err(e) => e.message,
        };
        FailedFile { path: side.files[side.granules[granule].file].path.clone(), message }
    }

    fn take(&self, n: usize, granule: usize, rows: Rows, counted: Option<Counted>, out: &mut LoadedSide) {
        let count = |rows: &Rows| match &counted {
            None => rows.len() as u64,
            Some(c) => rows.time_us.iter().filter(|t| c.has(**t)).count() as u64,
        };
        out.counts.read += rows.looked_at;
        out.counts.invalid += rows.without_place;
        out.counts.no_value += rows.without_value;
        let rows = match &self.filters[self.order[n]] {
            None => rows,
            Some(filter) => {
                let before = count(&rows);
                let rows = filter.keep(rows, &self.sides[self.order[n]].columns);
                out.counts.filtered += before - count(&rows);
                rows
            }
        };
        out.counts.taken += count(&rows);
        if !rows.is_empty() {
            out.granules.push(Loaded { granule, rows });
        }
    }
}
