//! Colocation (match-up) of satellite and in-situ measurements.
//!
//! Two [`Side`]s of [`Granule`]s (points, tracks, swaths, grids) and a [`Spec`] (radius, window, metric, policy) give
//! [`Matches`]: pairs of row numbers with distance and time difference. The library knows neither files nor a display;
//! arrays are borrowed in the type in which they are stored.
//!
//! ```
//! use seaglass_coloc::{Control, Coord, Granule, Side, Spec, Times, join};
//! # fn main() -> seaglass_coloc::Result<()> {
//! let track = Granule::track(Coord::f64(vec![10.0, 10.1]), Coord::f64(vec![179.99, -179.98]), Times::per_row(vec![0, 1_000_000]))?;
//! let buoy = Granule::points(Coord::f64(vec![10.05]), Coord::f64(vec![-179.99]), Times::One(0))?;
//! let found = join(&Side::new(vec![track])?, &Side::new(vec![buoy])?, &Spec::all(25_000.0, 3_600_000_000), &Control::default())?;
//! assert_eq!(found.pairs.iter().map(|p| (p.i, p.j)).collect::<Vec<_>>(), [(0, 0), (1, 0)]);
//! # Ok(())
//! # }
//! ```
//!
//! What is promised: limits are inclusive; distances are decided as the full geodesic would decide them ([`metric`]);
//! the pairs, their order and every number are the same for any number of threads and any cut into tasks; rows without
//! a position or a time never match and are counted.

pub mod aggregate;
mod arena;
mod around;
pub mod chain;
pub mod control;
pub mod coord;
pub mod crossover;
mod duplicates;
pub mod error;
pub mod filter;
pub mod grid;
mod join;
mod leaf;
pub mod live;
pub mod metric;
mod mutual;
pub mod pairs;
pub mod plan;
mod select;
pub mod side;
pub mod spec;
pub mod stats;
pub mod stream;
mod trig;

pub use around::around;
pub use control::{Cancel, Control, Progress};
pub use coord::{Coord, Packing, Values};
pub use duplicates::repeated_rows;
pub use error::{Error, Result};
pub use join::{Batch, join, join_each, join_rows};
pub use metric::Metric;
pub use pairs::{Counts, Matches, Pair, SideCounts, pairs_sum64};
pub use side::{Granule, NO_TIME, Platform, RowRef, Shape, Side, Times};
pub use spec::{By, Duplicates, Policy, Reference, Spec};
