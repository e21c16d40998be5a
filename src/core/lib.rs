//! Pure types and rules of Seaglass: data model, geometry, time, commands.
//!
//! No file is opened here, no thread started, no GPU touched, so everything can be tested in milliseconds.
//! Every other crate of the workspace depends on this one and on nothing else of ours (checked by `tests/layering.rs`).

pub mod bookmark;
pub mod calendar;
pub mod camera;
pub mod catalogue;
pub mod cf_time;
pub mod colocation;
pub mod colormap;
pub mod columns;
pub mod command;
pub mod compare;
pub mod coord;
pub mod defaults;
pub mod field;
pub mod format;
pub mod formula;
pub mod geo;
pub mod geolocation;
pub mod granule;
pub mod notebook;
pub mod ocean;
pub mod passes;
pub mod product;
pub mod project;
pub mod projection;
pub mod protocol;
pub mod script;
pub mod session;
pub mod session_file;
pub mod shapes;
pub mod spool;
pub mod style;
pub mod tile;
pub mod time;
pub mod timeline;
pub mod undo;
pub mod user_styles;
pub mod vector;
pub mod versions;
