//! Small files of the documented structure of a product, opened with its product file.

use std::path::Path;

use netcdf::FileMut;
use tempfile::TempDir;

use super::{Opened, add, open};

/// What a writer of a fixture returns.
pub type Written = netcdf::Result<()>;

/// The text of a product file.
pub fn toml(product: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../readers").join(format!("{product}.toml"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A file of that name, opened with the product file, and the folder it lies in.
pub fn fixture(product: &str, name: &str, write: impl FnOnce(&mut FileMut) -> Written) -> (Opened, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    let mut file = netcdf::create(&path).unwrap();
    write(&mut file).unwrap();
    file.close().unwrap();
    let opened = open(&path, &[&toml(product)]).unwrap();
    assert_eq!(opened.info.product.as_deref(), Some(product), "{name}: {:?}", opened.info.notes);
    (opened, dir)
}

/// A packed variable with its fill value.
pub fn packed(f: &mut FileMut, name: &str, dims: &[&str], raw: &[i16], scale: f64, units: &str) -> Written {
    let mut v = f.add_variable::<i16>(name, dims)?;
    v.put_attribute("scale_factor", scale)?;
    v.put_attribute("_FillValue", 32_767i16)?;
    v.put_attribute("units", units)?;
    v.put_values(raw, ..)
}

/// Equal but for the last digits of single precision.
pub fn near(value: Option<f64>, expected: f64) {
    assert!(value.is_some_and(|v| (v - expected).abs() < 1e-6), "{value:?} is not {expected}");
}

/// The value of a cell that the product's mask keeps.
pub fn shown(f: &mut Opened, field: &str, row: usize, col: usize) -> Option<f64> {
    let cell = f.probe(field, 0, &[], row, col);
    cell.values[0].value.filter(|_| !cell.values[0].masked)
}

/// A rectilinear grid with axes of those names: latitudes from 10, longitudes from 20, a degree apart.
pub fn grid(f: &mut FileMut, [lat, lon]: [&str; 2], rows: usize, cols: usize) -> Written {
    f.add_dimension(lat, rows)?;
    f.add_dimension(lon, cols)?;
    let axis = |from: f64, n: usize| (0..n).map(|k| from + k as f64).collect::<Vec<f64>>();
    add(f, lat, &[lat], &axis(10.0, rows), &[("units", "degrees_north"), ("standard_name", "latitude")])?;
    add(f, lon, &[lon], &axis(20.0, cols), &[("units", "degrees_east"), ("standard_name", "longitude")])
}

/// A time axis.
pub fn times(f: &mut FileMut, name: &str, values: &[f64], units: &str) -> Written {
    f.add_dimension(name, values.len())?;
    add(f, name, &[name], values, &[("units", units), ("standard_name", "time")])
}

/// A variable of doubles.
pub fn plain(f: &mut FileMut, name: &str, dims: &[&str], values: &[f64], units: &str) -> Written {
    add(f, name, dims, values, &[("units", units)])
}

/// Checks the first fields of a file.
pub fn begins(f: &Opened, names: &[&str]) {
    assert_eq!(f.names().get(..names.len()), Some(names), "{:?}", f.names());
}
