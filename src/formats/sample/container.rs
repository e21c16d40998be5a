//! A netCDF file in memory, and its way to disk.

use std::path::{Path, PathBuf};

use netcdf::{AttributeValue, FileMut, NcTypeDescriptor, Options};

use super::SampleError;

/// Values of a variable with their fill value.
pub(super) enum Data {
    I8(Vec<i8>, Option<i8>),
    U8(Vec<u8>, Option<u8>),
    I16(Vec<i16>, Option<i16>),
    U16(Vec<u16>, Option<u16>),
    I32(Vec<i32>, Option<i32>),
    U32(Vec<u32>, Option<u32>),
    I64(Vec<i64>, Option<i64>),
    F32(Vec<f32>, Option<f32>),
    F64(Vec<f64>, Option<f64>),
}

/// One variable.
pub(super) struct Variable {
    name: &'static str,
    dims: Vec<&'static str>,
    data: Data,
    attributes: Vec<(&'static str, AttributeValue)>,
    chunks: Option<Vec<usize>>,
}

impl Variable {
    /// A variable without attributes.
    pub fn new(name: &'static str, dims: &[&'static str], data: Data) -> Self {
        Self { name, dims: dims.to_vec(), data, attributes: Vec::new(), chunks: None }
    }

    /// Adds an attribute.
    pub fn with(mut self, name: &'static str, value: impl Into<AttributeValue>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    /// Adds `long_name` and `units` (none when empty).
    pub fn named(self, long_name: &str, units: &str) -> Self {
        let named = self.with("long_name", long_name);
        if units.is_empty() { named } else { named.with("units", units) }
    }

    /// Adds `standard_name`.
    pub fn standard(self, name: &str) -> Self {
        self.with("standard_name", name)
    }

    /// Shape of its chunks.
    pub fn chunked(mut self, chunks: &[usize]) -> Self {
        self.chunks = Some(chunks.to_vec());
        self
    }
}

/// A file to be written.
pub(super) struct Container {
    name: String,
    classic: bool,
    dims: Vec<(&'static str, usize)>,
    variables: Vec<Variable>,
    attributes: Vec<(&'static str, AttributeValue)>,
}

impl Container {
    /// An empty netCDF-4 file of that name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), classic: false, dims: Vec::new(), variables: Vec::new(), attributes: Vec::new() }
    }

    /// Written as netCDF classic (CDF-1), uncompressed.
    pub fn classic(mut self) -> Self {
        self.classic = true;
        self
    }

    /// Adds a dimension.
    pub fn dim(mut self, name: &'static str, len: usize) -> Self {
        self.dims.push((name, len));
        self
    }

    /// Adds a global attribute.
    pub fn with(mut self, name: &'static str, value: impl Into<AttributeValue>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    /// Adds a variable.
    pub fn var(mut self, variable: Variable) -> Self {
        self.variables.push(variable);
        self
    }

    /// Its file name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Writes it into `dir`.
    pub fn write(self, dir: &Path, seed: u64) -> Result<PathBuf, SampleError> {
        let path = dir.join(&self.name);
        let failed =
            |what: &str, source: netcdf::Error| SampleError::File { path: path.clone(), what: what.to_owned(), source };
        let options = if self.classic { Options::empty() } else { Options::NETCDF4 };
        let mut file = netcdf::create_with(&path, options).map_err(|e| failed("new file", e))?;
        for (name, len) in &self.dims {
            file.add_dimension(name, *len).map_err(|e| failed(name, e))?;
        }
        let note = format!("Written by Seaglass from its analytic ocean, seed {seed}. Not an observation.");
        let own =
            [("history", AttributeValue::from(note.as_str())), ("seaglass_seed", AttributeValue::from(seed as i32))];
        for (name, value) in self.attributes.into_iter().chain(own) {
            file.add_attribute(name, value).map_err(|e| failed(name, e))?;
        }
        // All definitions before all values: a classic file would be copied for each later definition.
        for variable in &self.variables {
            define(&mut file, variable, self.classic).map_err(|e| failed(variable.name, e))?;
        }
        if self.classic {
            file.enddef().map_err(|e| failed("header", e))?;
        }
        for variable in &self.variables {
            put(&mut file, variable).map_err(|e| failed(variable.name, e))?;
        }
        file.close().map_err(|e| failed("end of file", e))?;
        Ok(path)
    }
}

fn define(file: &mut FileMut, variable: &Variable, classic: bool) -> netcdf::Result<()> {
    match &variable.data {
        Data::I8(_, fill) => define_as(file, variable, *fill, classic),
        Data::U8(_, fill) => define_as(file, variable, *fill, classic),
        Data::I16(_, fill) => define_as(file, variable, *fill, classic),
        Data::U16(_, fill) => define_as(file, variable, *fill, classic),
        Data::I32(_, fill) => define_as(file, variable, *fill, classic),
        Data::U32(_, fill) => define_as(file, variable, *fill, classic),
        Data::I64(_, fill) => define_as(file, variable, *fill, classic),
        Data::F32(_, fill) => define_as(file, variable, *fill, classic),
        Data::F64(_, fill) => define_as(file, variable, *fill, classic),
    }
}

/// Values worth compressing: below this the chunk index costs more than it saves.
const COMPRESS_FROM: usize = 4096;

fn define_as<T: NcTypeDescriptor + Into<AttributeValue>>(
    file: &mut FileMut,
    variable: &Variable,
    fill: Option<T>,
    classic: bool,
) -> netcdf::Result<()> {
    let mut var = file.add_variable::<T>(variable.name, &variable.dims)?;
    let len: usize = var.len();
    if !classic && len >= COMPRESS_FROM {
        if let Some(chunks) = &variable.chunks {
            var.set_chunking(chunks)?;
        }
        var.set_compression(4, true)?;
    }
    if let Some(fill) = fill {
        var.put_attribute("_FillValue", fill)?;
    }
    for (name, value) in &variable.attributes {
        var.put_attribute(name, value.clone())?;
    }
    Ok(())
}

fn put(file: &mut FileMut, variable: &Variable) -> netcdf::Result<()> {
    let missing = || netcdf::Error::from(format!("variable {} is not defined", variable.name).as_str());
    let mut var = file.variable_mut(variable.name).ok_or_else(missing)?;
    match &variable.data {
        Data::I8(values, _) => var.put_values(values, ..),
        Data::U8(values, _) => var.put_values(values, ..),
        Data::I16(values, _) => var.put_values(values, ..),
        Data::U16(values, _) => var.put_values(values, ..),
        Data::I32(values, _) => var.put_values(values, ..),
        Data::U32(values, _) => var.put_values(values, ..),
        Data::I64(values, _) => var.put_values(values, ..),
        Data::F32(values, _) => var.put_values(values, ..),
        Data::F64(values, _) => var.put_values(values, ..),
    }
}

/// Integer types that hold packed values.
pub(super) trait Pack: Copy {
    /// Nearest integer to `x`, saturating.
    fn nearest(x: f64) -> Self;
}

macro_rules! pack {
    ($($t:ty),*) => { $(impl Pack for $t { fn nearest(x: f64) -> Self { x.round() as Self } })* };
}
pack!(i8, u8, i16, u16, i32, u32);

/// `(value − offset)/scale` as an integer; `fill` for NaN.
pub(super) fn packed<T: Pack>(values: impl Iterator<Item = f64>, scale: f64, offset: f64, fill: T) -> Vec<T> {
    values.map(|v| if v.is_nan() { fill } else { T::nearest((v - offset) / scale) }).collect()
}

/// `x` rounded to `bits` bits of mantissa after the first, so that it compresses.
pub(super) fn rounded(x: f32, bits: u32) -> f32 {
    let drop = 23 - bits;
    if x.is_finite() { f32::from_bits(x.to_bits().wrapping_add(1 << (drop - 1)) & !((1u32 << drop) - 1)) } else { x }
}
