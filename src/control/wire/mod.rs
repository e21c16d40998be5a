//! The messages: 42 operations, FlatBuffers without verifier-friendly manners (see [`read`]), framed by a length.
//!
//! Requests carry a big-endian length, replies a little-endian one. Our schema is `assets/schema/control.fbs`; readers
//! and writers are written by hand from it, because real requests fail strict verifiers.

mod operation;
mod read;
mod reply;
mod request;
mod request_data;
mod write;

pub use operation::Operation;
pub use reply::{Extraction, Reply, SCHEMA_FACTOR, SCHEMA_VERSION};
pub use request::{Refused, Request, Search};

/// Longest message a FlatBuffer can be.
pub const LONGEST: u64 = 0x7fff_ffff;
