//! The order of results: by time of the primary row, then by its row, then by rank and row of the others.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampMicrosecondType, UInt16Type, UInt32Type, UInt64Type};
use arrow_array::{Array, RecordBatch, UInt32Array};
use arrow_select::concat::concat_batches;
use arrow_select::take::take_record_batch;

use crate::error::{JobError, Result};
use crate::table::Layout;

fn broken(e: &dyn std::fmt::Display) -> JobError {
    JobError::Internal(format!("The results cannot be put in order: {e}."))
}

/// The side whose time orders the results: the primary, or the other one where the primary is aggregated.
pub fn leading(layout: &Layout) -> usize {
    layout.sides.iter().position(|s| s.single).unwrap_or(0)
}

/// A batch in the order of results.
///
/// # Errors
/// Columns are missing: a fault of ours.
pub fn sorted(layout: &Layout, batch: RecordBatch) -> Result<RecordBatch> {
    if batch.num_rows() < 2 {
        return Ok(batch);
    }
    let column = |name: &str| batch.column_by_name(name).cloned().ok_or_else(|| broken(&name));
    let lead = &layout.sides[leading(layout)].prefix;
    let time = column(&format!("{lead}_time"))?;
    let time = time.as_primitive::<TimestampMicrosecondType>();
    let mut places = Vec::new();
    let singles = layout.sides.iter().filter(|s| s.single);
    for side in singles {
        places.push((column(&format!("{}_key", side.prefix))?, column(&format!("{}_row", side.prefix))?));
    }
    let rank = match layout.sides.len() {
        2 => batch.column_by_name("rank").cloned(),
        _ => None,
    };
    let rank = rank.as_ref().map(|r| r.as_primitive::<UInt16Type>());
    let place = |n: usize, k: usize| {
        let (key, row) = &places[n];
        if key.is_null(k) {
            return (u64::MAX, u32::MAX);
        }
        (key.as_primitive::<UInt64Type>().value(k), row.as_primitive::<UInt32Type>().value(k))
    };
    let mut order: Vec<u32> = (0..batch.num_rows() as u32).collect();
    order.sort_unstable_by(|a, b| {
        let (a, b) = (*a as usize, *b as usize);
        let by_rank = || rank.map_or(std::cmp::Ordering::Equal, |r| r.value(a).cmp(&r.value(b)));
        time.value(a)
            .cmp(&time.value(b))
            .then_with(|| place(0, a).cmp(&place(0, b)))
            .then_with(by_rank)
            .then_with(|| (1..places.len()).map(|n| place(n, a)).cmp((1..places.len()).map(|n| place(n, b))))
    });
    take_record_batch(&batch, &UInt32Array::from(order)).map_err(|e| broken(&e))
}

/// Puts batches of tasks in order that overlap in the time of the leading side by at most a window.
pub struct Merger<'a> {
    layout: &'a Layout,
    waiting: Vec<RecordBatch>,
}

impl<'a> Merger<'a> {
    /// Nothing yet.
    pub fn new(layout: &'a Layout) -> Self {
        Self { layout, waiting: Vec::new() }
    }

    /// Adds rows of a task.
    pub fn push(&mut self, batch: RecordBatch) {
        if batch.num_rows() > 0 {
            self.waiting.push(batch);
        }
    }

    /// Rows before a time, in order: no later task has such rows. `None` when there are none.
    ///
    /// # Errors
    /// Columns are missing: a fault of ours.
    pub fn before(&mut self, time_us: i64) -> Result<Option<RecordBatch>> {
        let Some(schema) = self.waiting.first().map(RecordBatch::schema) else { return Ok(None) };
        let all = concat_batches(&schema, &std::mem::take(&mut self.waiting)).map_err(|e| broken(&e))?;
        let all = sorted(self.layout, all)?;
        let name = format!("{}_time", self.layout.sides[leading(self.layout)].prefix);
        let times = all.column_by_name(&name).ok_or_else(|| broken(&name))?;
        let times = Arc::clone(times);
        let times = times.as_primitive::<TimestampMicrosecondType>();
        let ready = times.values().partition_point(|t| *t < time_us);
        if ready < all.num_rows() {
            self.waiting.push(all.slice(ready, all.num_rows() - ready));
        }
        Ok((ready > 0).then(|| all.slice(0, ready)))
    }
}
