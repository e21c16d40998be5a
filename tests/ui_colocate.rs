//! The Colocate panel on the sample day: a host reads and matches, the panel is driven by label, and its numbers are those
//! of a search through all pairs by brute force, or of the job the command line would run.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]
#![cfg(feature = "worker")]

#[path = "support/sample_day.rs"]
mod sample_day;

#[path = "ui_colocate/world.rs"]
mod world;

#[path = "ui_colocate/looks.rs"]
mod looks;
#[path = "ui_colocate/panel.rs"]
mod panel;
#[path = "ui_colocate/sampling.rs"]
mod sampling;
#[path = "ui_colocate/table.rs"]
mod table;
