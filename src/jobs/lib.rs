//! Colocation jobs: what lies between a job file and a table of match-ups.
//!
//! A [`spec::JobSpec`] names sides (files, fields, filters), limits and a policy. [`run::Job`] reads outlines of all
//! files ([`granules`]), plans time slabs as tasks ([`plan`]), runs them ([`task`]) and puts the results together
//! ([`merge`]) as Parquet, netCDF-4 or CSV ([`write`]) with their provenance. The engine is `seaglass-coloc`; foreign
//! bytes are read in the workers of `seaglass-data`. Finished tasks are files ([`state`]): a job that was stopped goes
//! on where it was, and any number of processes can share it.

pub mod boxes;
mod cross;
pub mod error;
mod expected;
pub mod filter;
pub mod granules;
pub mod inputs;
mod interpolate;
pub mod limits;
pub mod load;
pub mod merge;
mod occurring;
pub mod plan;
pub mod progress;
pub mod provenance;
pub mod prune;
pub mod reading;
mod reduce;
pub mod run;
mod sort;
pub mod spec;
pub mod state;
pub mod table;
pub mod task;
pub mod units;
pub mod write;

pub use arrow_array;
pub use error::{JobError, Result};
pub use run::{Job, Outcome, Setup};
pub use seaglass_coloc::Cancel;
pub use spec::JobSpec;
