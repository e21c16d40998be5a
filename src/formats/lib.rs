//! Readers of foreign files; only the worker process links this.
//!
//! The way of a file: [`sniff`] looks at its first bytes, [`format`] opens it by the format that knows it ([`netcdf4`] …)
//! and lists what is inside as a [`dataset`], [`geometry`]
//! finds the positions each variable lies on by the rules of CF, [`parts`] sorts the variables by these positions and
//! applies the product file ([`product`]), [`geoloc`] and [`parttime`] read positions and times, and [`read`] and
//! [`probe`] deliver values. [`Reader`] answers the requests of `seaglass_core::protocol` with these.
//!
//! Nothing here trusts a file: shapes are checked against [`limits`] before anything is allocated, and what the C
//! library makes of a damaged file stays in this process.

mod archive;
pub mod attr;
pub mod cache;
pub mod cf;
mod classic;
pub mod columns;
pub mod crs;
pub mod dataset;
mod delimited;
mod earth;
pub mod error;
pub mod fast;
pub mod fields;
mod flat;
pub mod footprint;
mod foreign;
pub mod format;
pub mod geoloc;
pub mod geometry;
mod geotiff;
mod grib;
mod idf;
mod interest;
mod jpeg2000;
mod level;
pub mod limits;
pub mod links;
mod lluv;
mod merge;
mod mesh;
mod netcdf4;
pub mod operand;
pub mod packing;
mod partner;
pub mod parts;
pub mod parttime;
mod payload;
pub mod probe;
pub mod product;
mod quality;
pub mod raw;
pub mod read;
mod reader;
pub mod remembered;
mod safe;
pub mod sample;
pub mod shapes;
pub mod sniff;
mod stagger;
pub mod table;
mod ties;
pub mod timeaxis;
mod vectors;
mod zarr;

pub use payload::Payload;
pub use reader::Reader;
