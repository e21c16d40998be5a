//! Files written for a test, and a reader to ask.
#![allow(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]
#![allow(dead_code, reason = "each test binary uses its own part of this")]

pub mod fixture;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use seaglass_core::field::{Apron, FieldStats, Window};
use seaglass_core::geolocation::Geolocation;
use seaglass_core::granule::{FileInfo, GeometryKind, PartInfo};
use seaglass_core::product::Product;
use seaglass_core::protocol::{Answer, FieldAt, ProbedCell, ReadFailure, Request, Source, geolocation_from_wire};
use seaglass_formats::Reader;

/// A written file with a reader that has opened it.
pub struct Opened {
    _dir: Option<tempfile::TempDir>,
    pub reader: Reader,
    pub source: Source,
    pub info: FileInfo,
}

/// Writes a file and opens it.
pub fn written(write: impl FnOnce(&mut netcdf::FileMut) -> netcdf::Result<()>) -> Opened {
    try_written(&[], write).unwrap()
}

/// Writes a file and opens it with product files; `Err` is the refusal.
pub fn try_written(
    products: &[&str],
    write: impl FnOnce(&mut netcdf::FileMut) -> netcdf::Result<()>,
) -> Result<Opened, ReadFailure> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("test.nc");
    let mut file = netcdf::create(&path).unwrap();
    write(&mut file).unwrap();
    file.close().unwrap();
    let mut opened = open(&path, products)?;
    opened._dir = Some(dir);
    Ok(opened)
}

/// Opens a file.
pub fn open(path: &Path, products: &[&str]) -> Result<Opened, ReadFailure> {
    let candidates: Vec<Arc<Product>> = products.iter().map(|t| Arc::new(toml::from_str(t).unwrap())).collect();
    let source = Source { path: path.to_owned(), candidates };
    let mut reader = Reader::new();
    match reader.handle(Request::Open { source: source.clone() }).0 {
        Answer::Opened { info } => Ok(Opened { _dir: None, reader, source, info: *info }),
        Answer::Failed { error } => Err(error),
        other => panic!("{other:?}"),
    }
}

impl Opened {
    /// The folder lives as long as this.
    pub fn keeping(mut self, dir: tempfile::TempDir) -> Self {
        self._dir = Some(dir);
        self
    }

    pub fn part(&self) -> &PartInfo {
        &self.info.parts[0]
    }

    pub fn kind(&self) -> GeometryKind {
        self.part().geometry
    }

    pub fn names(&self) -> Vec<&str> {
        self.part().fields.iter().map(|f| f.name.as_str()).collect()
    }

    pub fn probe(&mut self, field: &str, step: usize, extra: &[usize], row: usize, col: usize) -> ProbedCell {
        let part = self.info.parts.iter().position(|p| p.fields.iter().any(|f| f.name == field)).unwrap();
        let request = Request::Probe {
            source: self.source.clone(),
            part,
            fields: vec![field.to_owned()],
            step,
            extra: extra.to_vec(),
            row,
            col,
        };
        match self.reader.handle(request).0 {
            Answer::Probed { cell } => cell,
            other => panic!("{other:?}"),
        }
    }

    pub fn value(&mut self, field: &str, row: usize, col: usize) -> Option<f64> {
        self.probe(field, 0, &[], row, col).values[0].value
    }

    /// All values of a field of the first part, NaN as `None`.
    pub fn all(&mut self, field: &str) -> Vec<Option<f32>> {
        let [rows, cols] = self.part().shape;
        self.window(field, Window { row: 0, col: 0, rows, cols, stride: 1 }, Apron::None)
    }

    /// Likewise with the cells the product's mask leaves out.
    pub fn unmasked(&mut self, field: &str) -> Vec<Option<f32>> {
        let [rows, cols] = self.part().shape;
        self.read(field, Window { row: 0, col: 0, rows, cols, stride: 1 }, Apron::None, true)
    }

    pub fn window(&mut self, field: &str, window: Window, apron: Apron) -> Vec<Option<f32>> {
        self.read(field, window, apron, false)
    }

    /// A field of the first part at its first step.
    pub fn at(&self, field: &str, unmasked: bool) -> FieldAt {
        let (source, field) = (self.source.clone(), field.to_owned());
        FieldAt { source, part: 0, field, step: 0, extra: Vec::new(), unmasked }
    }

    fn read(&mut self, field: &str, window: Window, apron: Apron, unmasked: bool) -> Vec<Option<f32>> {
        let request = Request::Read { of: self.at(field, unmasked), window, apron };
        match self.reader.handle(request) {
            (Answer::Values { .. }, bytes) => {
                let values = bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b));
                values.map(|v| (!v.is_nan()).then_some(v)).collect()
            }
            (other, _) => panic!("{other:?}"),
        }
    }

    pub fn stats(&mut self, field: &str) -> Option<FieldStats> {
        let request = Request::Stats { of: self.at(field, false) };
        match self.reader.handle(request).0 {
            Answer::Stats { stats } => stats,
            other => panic!("{other:?}"),
        }
    }

    pub fn geolocation(&mut self) -> Geolocation {
        match self.reader.handle(Request::Geolocation { source: self.source.clone(), part: 0, tolerance_cells: 0.0 }) {
            (Answer::Geolocation { wire }, bytes) => geolocation_from_wire(wire, &bytes).unwrap(),
            (other, _) => panic!("{other:?}"),
        }
    }
}

/// The given granules when they are beside the checkout.
pub fn granules() -> Option<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/granules");
    if dir.is_dir() {
        return Some(dir);
    }
    println!("skipped: ../shared/granules is not here");
    None
}

/// Adds a variable with values and text attributes.
pub fn add<T: netcdf::NcTypeDescriptor + Copy>(
    file: &mut netcdf::FileMut,
    name: &str,
    dims: &[&str],
    values: &[T],
    texts: &[(&str, &str)],
) -> netcdf::Result<()> {
    let mut v = file.add_variable::<T>(name, dims)?;
    for (key, text) in texts {
        v.put_attribute(key, *text)?;
    }
    v.put_values(values, ..)
}

/// Regular latitude and longitude axes of `rows × cols`.
pub fn axes(file: &mut netcdf::FileMut, rows: usize, cols: usize) -> netcdf::Result<()> {
    file.add_dimension("lat", rows)?;
    file.add_dimension("lon", cols)?;
    let lat: Vec<f64> = (0..rows).map(|k| 10.0 + k as f64).collect();
    let lon: Vec<f64> = (0..cols).map(|k| 20.0 + 2.0 * k as f64).collect();
    add(file, "lat", &["lat"], &lat, &[("units", "degrees_north")])?;
    add(file, "lon", &["lon"], &lon, &[("units", "degrees_east")])
}
