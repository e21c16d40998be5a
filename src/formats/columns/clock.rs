//! The time of each cell, as exactly as the file has it.

use std::sync::Arc;

use seaglass_core::cf_time::CfTime;
use seaglass_core::columns::{MISSING, RowClock};
use seaglass_core::geolocation::Geolocation;
use seaglass_core::time::Time;

use crate::dataset::Dataset;
use crate::error::Result;
use crate::operand::{DimRole, Operand};
use crate::packing::Packing;
use crate::parts::Part;
use crate::raw::Raw;

/// Where the times of a part are.
pub struct Clock<'a> {
    part: &'a Part,
}

/// Times at hand.
pub enum Times<'a> {
    /// The same for all cells.
    One(i64),
    /// One a row (or sample).
    Rows(&'a [i64]),
    /// One a cell: base and offset.
    Cells {
        /// Base time.
        base: Cells,
        /// Its clock.
        cf: Arc<CfTime>,
        /// Added to it, with the seconds of its unit.
        offset: Option<(Cells, f64)>,
    },
}

/// Values of a variable over the cells.
pub struct Cells {
    raw: Raw,
    packing: Arc<Packing>,
    strides: (usize, usize),
}

impl Cells {
    fn load(ds: &Dataset, o: &Operand) -> Result<Option<Self>> {
        let Some((start, count)) = o.block(ds, 0, &[]) else { return Ok(None) };
        let raw = ds.read_fast(o.var, &start, &count)?;
        Ok(Some(Self { raw, packing: o.packing.clone(), strides: o.strides(ds) }))
    }

    fn at(&self, row: usize, col: usize) -> f64 {
        self.packing.at(&self.raw, row * self.strides.0 + col * self.strides.1)
    }
}

impl<'a> Clock<'a> {
    /// The clock of a part.
    pub fn of(_ds: &Dataset, part: &'a Part) -> Self {
        Self { part }
    }

    fn listed(&self) -> &'a [i64] {
        match &*self.part.geolocation {
            Geolocation::Swath(s) => &s.time_us,
            Geolocation::Track(s) | Geolocation::Points(s) => &s.time_us,
            Geolocation::Grid(_) => &[],
        }
    }

    /// Where times come from.
    pub fn kind(&self, part: &Part) -> RowClock {
        let base = part.clock.as_ref().and_then(|c| c.base.as_ref());
        if !self.listed().is_empty() {
            RowClock::Cell
        } else if part.step_times.iter().any(Option::is_some) {
            RowClock::Step
        } else if base.is_some() && part.span.is_some() {
            RowClock::Cell
        } else if part.span.is_some() {
            RowClock::Span
        } else {
            RowClock::None
        }
    }

    /// Reads what is needed for the times of a step.
    pub fn load(&self, ds: &Dataset, step: usize) -> Result<Times<'a>> {
        let listed = self.listed();
        let is_swath = matches!(&*self.part.geolocation, Geolocation::Swath(_));
        if !listed.is_empty() && !is_swath {
            return Ok(Times::Rows(listed));
        }
        if let Some(Some(t)) = self.part.step_times.get(step) {
            return Ok(Times::One(t.micros()));
        }
        if let Some((clock, (base, cf))) = self.part.clock.as_ref().and_then(|c| Some((c, c.base.as_ref()?))) {
            let cols = |o: &Operand| o.roles.contains(&DimRole::Col);
            let rows = |o: &Operand| o.roles.contains(&DimRole::Row);
            let offset = clock.offset.as_ref();
            let per_cell = cols(base) || offset.is_some_and(|(o, _)| cols(o));
            let per_row = rows(base) || offset.is_some_and(|(o, _)| rows(o));
            if !per_cell && per_row && !listed.is_empty() {
                return Ok(Times::Rows(listed));
            }
            if let Some(base) = Cells::load(ds, base)? {
                let offset = match offset {
                    Some((o, seconds)) => Cells::load(ds, o)?.map(|c| (c, *seconds)),
                    None => None,
                };
                let times = Times::Cells { base, cf: cf.clone(), offset };
                if per_cell || per_row {
                    return Ok(times);
                }
                let one = times.at(0, 0);
                if one != MISSING {
                    return Ok(Times::One(one));
                }
            }
        }
        Ok(Times::One(self.part.span.map_or(MISSING, |s| s.middle().micros())))
    }
}

impl Times<'_> {
    /// Time of a cell, µs; [`MISSING`] when there is none.
    #[inline]
    pub fn at(&self, row: usize, col: usize) -> i64 {
        match self {
            Self::One(t) => *t,
            Self::Rows(t) => t.get(row).copied().unwrap_or(MISSING),
            Self::Cells { base, cf, offset } => {
                let value = base.at(row, col);
                let Some(t) = (if value.is_nan() { None } else { cf.time(value) }) else { return MISSING };
                let shifted = match offset {
                    None => Some(t),
                    Some((o, seconds)) => {
                        let d = o.at(row, col);
                        (!d.is_nan()).then(|| t.plus_seconds(d * seconds))
                    }
                };
                shifted.map_or(MISSING, Time::micros)
            }
        }
    }
}
