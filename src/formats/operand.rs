//! Variables as arrays over the rows and columns of a part.

use std::sync::Arc;

use crate::dataset::Dataset;
use crate::geometry::Geom;
use crate::packing::Packing;

/// What a dimension of a variable means within its part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DimRole {
    /// Runs along the rows (or the samples).
    Row,
    /// Runs along the columns (or, of samples listed in two dimensions, the inner one).
    Col,
    /// Time steps.
    Step,
    /// The user chooses along it; position in `FieldInfo::extra_dims`.
    Extra(usize),
    /// Taken at this index.
    Fixed(usize),
}

/// A variable with the roles of its dimensions.
#[derive(Clone, Debug)]
pub struct Operand {
    /// Index into `Dataset::vars`.
    pub var: usize,
    /// One entry a dimension.
    pub roles: Vec<DimRole>,
    /// How its numbers are read.
    pub packing: Arc<Packing>,
}

/// What the roles are worked out from.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Positions.
    pub geom: &'a Geom,
    /// Dimension of the time steps.
    pub step_dim: Option<usize>,
}

impl Operand {
    /// The variable within the frame, and the dimensions left for the user to choose along.
    pub fn new(ds: &Dataset, frame: Frame<'_>, var: usize, packing: Packing) -> (Self, Vec<usize>) {
        let (row, col, lead) = match frame.geom {
            Geom::Grid { row, col, .. } | Geom::Projected { row, col, .. } | Geom::Gcp { row, col, .. } => {
                (Some(*row), Some(*col), None)
            }
            Geom::Swath { row, col, lead, .. } => (Some(*row), Some(*col), *lead),
            Geom::Series { dims, .. } => (dims.first().copied(), dims.get(1).copied(), None),
        };
        let mut extra = Vec::new();
        let roles = ds.vars[var].dims.iter().map(|d| {
            if Some(*d) == row {
                DimRole::Row
            } else if Some(*d) == col {
                DimRole::Col
            } else if let Some((_, k)) = lead.filter(|l| l.0 == *d) {
                DimRole::Fixed(k)
            } else if Some(*d) == frame.step_dim {
                DimRole::Step
            } else if ds.dims[*d].len == 1 {
                DimRole::Fixed(0)
            } else {
                extra.push(*d);
                DimRole::Extra(extra.len() - 1)
            }
        });
        let roles = roles.collect();
        (Self { var, roles, packing: Arc::new(packing) }, extra)
    }

    /// Start and count of the block with all rows and columns at a step and a choice along the extra dimensions;
    /// `None` when the choice does not fit.
    pub fn block(&self, ds: &Dataset, step: usize, extra: &[usize]) -> Option<(Vec<usize>, Vec<usize>)> {
        let shape = ds.shape(self.var);
        let mut start = Vec::with_capacity(shape.len());
        let mut count = Vec::with_capacity(shape.len());
        for (role, len) in self.roles.iter().zip(&shape) {
            let (s, c) = match role {
                DimRole::Row | DimRole::Col => (0, *len),
                DimRole::Step => (step, 1),
                DimRole::Extra(k) => (*extra.get(*k)?, 1),
                DimRole::Fixed(k) => (*k, 1),
            };
            if s + c > *len {
                return None;
            }
            start.push(s);
            count.push(c);
        }
        Some((start, count))
    }

    /// Distance in the block from one row, and from one column, to the next; 0 along what the variable does not have.
    pub fn strides(&self, ds: &Dataset) -> (usize, usize) {
        let shape = ds.shape(self.var);
        let (mut row, mut col, mut run) = (0, 0, 1);
        for (role, len) in self.roles.iter().zip(&shape).rev() {
            match role {
                DimRole::Row => {
                    row = run;
                    run *= len;
                }
                DimRole::Col => {
                    col = run;
                    run *= len;
                }
                _ => {}
            }
        }
        (row, col)
    }

    /// Whether the variable varies over time steps.
    pub fn has_step(&self) -> bool {
        self.roles.contains(&DimRole::Step)
    }
}
