//! Products, folder scan, worker pool and caches: everything between a path and decoded values.
//!
//! - [`registry`] knows the product files (`readers/*.toml`, built in, and the user's own over them);
//! - `workspace` makes products of the collection files of a SEAScope workspace;
//! - [`trust`] knows which programs the user has allowed to read files;
//! - [`scan`] turns files and folders into a stream of candidate paths;
//! - [`pool`] runs reader processes, keeps them busy, kills those that hang and survives those that die;
//! - [`cache`] holds decoded things within a budget of bytes.
//!
//! No foreign byte is parsed here: that is the readers' work, in processes of their own.

pub mod cache;
pub mod file;
pub mod pool;
pub mod registry;
pub mod scan;
pub mod trust;
mod workspace;

pub use workspace::{SaveError, SavedStyle};
