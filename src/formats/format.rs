//! The formats this crate reads, and what each of them gives: variables on dimensions with attributes, as CF has them.
//!
//! A format knows nothing of longitudes, units or products; it names its coordinates by CF attributes (`units =
//! degrees_east`, `grid_mapping`, `sample_dimension` …), and [`crate::geometry`], [`crate::parts`] and the product files
//! do for it what they do for netCDF. A new format is one more entry of [`FORMATS`].

use std::path::{Path, PathBuf};
use std::rc::Rc;

use seaglass_core::protocol::FailureKind;

use crate::archive::Archive;
use crate::attr::Attr;
use crate::dataset::{Dim, Var};
use crate::delimited::Csv;
use crate::error::{Result, fail};
use crate::fast;
use crate::geotiff::GeoTiff;
use crate::grib::Grib;
use crate::lluv::Lluv;
use crate::mesh;
use crate::netcdf4::Netcdf;
use crate::partner;
use crate::raw::Raw;
use crate::safe::Safe;
use crate::sniff;
use crate::stagger;
use crate::zarr::{Kerchunk, Zarr};

/// What is known of a file before any format opens it.
pub struct Probe {
    /// Where it lies.
    pub path: PathBuf,
    /// Its name.
    pub name: String,
    /// The first bytes; none of a folder.
    pub head: Vec<u8>,
    /// Its length in bytes.
    pub len: u64,
    /// It is a folder.
    pub folder: bool,
}

impl Probe {
    /// Whether the name ends so, whatever the case of letters.
    pub fn ends_with(&self, ending: &str) -> bool {
        let n = self.name.len().saturating_sub(ending.len());
        self.name.get(n..).is_some_and(|end| end.eq_ignore_ascii_case(ending))
    }
}

/// A format.
pub trait Format: Sync {
    /// Whether the file is of this format, by its first bytes and its name.
    fn identify(&self, probe: &Probe) -> bool;
    /// Opens it. Errors are one sentence: what is wrong and what to do.
    fn open(&self, path: &Path, probe: &Probe) -> Result<Contents>;
}

/// What is in a file.
pub struct Contents {
    /// Name by which products know the file; empty for that of the file itself.
    pub name: String,
    /// Name of the format, for people.
    pub label: String,
    /// Dimensions.
    pub dims: Vec<Dim>,
    /// Variables.
    pub vars: Vec<Var>,
    /// Global attributes.
    pub attrs: Vec<(String, Attr)>,
    /// Sentences for the user.
    pub notes: Vec<String>,
    /// Where the values come from.
    pub values: Box<dyn Values>,
}

impl Contents {
    /// Nothing yet.
    pub fn new(label: &str, values: Box<dyn Values>) -> Self {
        Self {
            name: String::new(),
            label: label.to_owned(),
            dims: Vec::new(),
            vars: Vec::new(),
            attrs: Vec::new(),
            notes: Vec::new(),
            values,
        }
    }
}

/// Gives the values of an open file.
pub trait Values {
    /// A block of raw values of the variable at `index`; `start` and `count` have one entry a dimension, no count is 0.
    fn read(&self, index: usize, var: &Var, start: &[usize], count: &[usize]) -> Result<Raw>;

    /// Where the chunks of a variable lie in [`Self::bytes`], when these are plain enough for [`fast`].
    fn chunk_layout(&self, _index: usize, _var: &Var) -> Option<Rc<fast::Layout>> {
        None
    }

    /// The file with the chunks of a variable.
    fn bytes(&self, _index: usize) -> Option<&std::fs::File> {
        None
    }

    /// Remembers what has been learnt of the file, for the next time it is opened.
    fn settle(&self) {}

    /// See [`crate::dataset::Dataset::asked_library`].
    fn asked_library(&self) -> Option<bool> {
        None
    }

    /// The name of the file is about to vanish: what is opened by name later on must be opened now.
    fn keep_open(&self) {}

    /// See [`crate::dataset::Dataset::overview`].
    fn overview(&self, _index: usize, _rows: &[usize], _cols: &[usize], _stride: usize) -> Option<Result<Raw>> {
        None
    }
}

/// Files that are what they are by their first bytes come first, texts last.
pub const FORMATS: &[&dyn Format] = &[&Netcdf, &GeoTiff, &Zarr, &Safe, &Archive, &Grib, &Kerchunk, &Lluv, &Csv];

/// Opens a file by the first format that knows it.
pub fn open(path: &Path) -> Result<Contents> {
    let probe = sniff::look(path)?;
    let mut contents = by_probe(path, &probe, FORMATS)?;
    if contents.name.is_empty() {
        contents.name = probe.name;
    }
    Ok(partner::joined(stagger::centred(mesh::placed(contents, path)), path))
}

/// Opens what a probe describes by one of some formats.
pub fn by_probe(path: &Path, probe: &Probe, formats: &[&dyn Format]) -> Result<Contents> {
    match formats.iter().find(|f| f.identify(probe)) {
        Some(format) => format.open(path, probe),
        None if probe.folder => Err(fail(FailureKind::NotMine, "This is a folder, not a file; open the files in it.")),
        None => Err(fail(FailureKind::NotMine, sniff::refusal(&probe.head))),
    }
}
