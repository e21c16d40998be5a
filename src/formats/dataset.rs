//! An open netCDF file: its dimensions, variables and attributes, and raw reads.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use netcdf::Extent;
use netcdf::types::{FloatType, IntType, NcVariableType};
use seaglass_core::protocol::FailureKind;

use crate::attr::{Attr, find};
use crate::error::{Result, damaged, fail, in_words};
use crate::fast;
use crate::raw::{NumType, Raw};
use crate::sniff::{self, Kind};

/// A dimension.
#[derive(Clone, Debug)]
pub struct Dim {
    /// Name.
    pub name: String,
    /// Length.
    pub len: usize,
    /// Path of the group that defines it; empty for the root.
    pub group: String,
}

/// A variable.
#[derive(Clone, Debug)]
pub struct Var {
    /// Path in the file, without a leading slash.
    pub path: String,
    /// Path of its group; empty for the root.
    pub group: String,
    /// Name within the group.
    pub name: String,
    /// Numeric type; `None` for texts and compound types.
    pub ty: Option<NumType>,
    /// Its dimensions, as indices into [`Dataset::dims`].
    pub dims: Vec<usize>,
    /// Attributes.
    pub attrs: Vec<(String, Attr)>,
    /// Written without pre-filling: the default fill value is an ordinary value.
    pub nofill: bool,
    /// Chunk shape of chunked storage.
    pub chunks: Option<Vec<usize>>,
}

impl Var {
    /// Attribute by name.
    pub fn attr(&self, name: &str) -> Option<&Attr> {
        find(&self.attrs, name)
    }

    /// Text attribute by name, trimmed; `None` when empty.
    pub fn text(&self, name: &str) -> Option<String> {
        self.attr(name).and_then(Attr::text).map(|t| t.trim().to_owned()).filter(|t| !t.is_empty())
    }

    /// `units`, also where it is spelt `Unit`, `unit` or `Units`.
    pub fn units(&self) -> Option<String> {
        self.text("units").or_else(|| self.text("unit"))
    }
}

/// An open file.
pub struct Dataset {
    file: netcdf::File,
    /// Where it lies.
    pub path: PathBuf,
    /// What it is.
    pub kind: Kind,
    /// Dimensions.
    pub dims: Vec<Dim>,
    /// Variables.
    pub vars: Vec<Var>,
    /// Global attributes (of the root group).
    pub attrs: Vec<(String, Attr)>,
    by_path: HashMap<String, usize>,
    /// For reading chunks past the library.
    bytes: Option<std::fs::File>,
    layouts: RefCell<HashMap<usize, Option<Rc<fast::Layout>>>>,
}

/// Blocks with fewer values are not worth a look at the chunk table.
const FAST_VALUES: usize = 1 << 15;
/// Groups nested deeper are not followed.
const MAX_GROUP_DEPTH: usize = 24;
/// More variables are not looked at.
const MAX_VARS: usize = 20_000;

impl Dataset {
    /// Opens a file after checking that it is one of ours and complete.
    pub fn open(path: &Path) -> Result<Self> {
        let kind = sniff::identify(path)?;
        let file = netcdf::open(path).map_err(|e| match kind {
            Kind::Hdf5(_) => fail(
                FailureKind::Damaged,
                format!(
                    "The file cannot be opened: {}. It is damaged or uses something netCDF-4 has not; fetch it again.",
                    in_words(&e)
                ),
            ),
            Kind::Classic(_) => damaged("The netCDF header", &e),
        })?;
        let mut this = Self {
            attrs: attributes(file.attributes()),
            file,
            path: path.to_owned(),
            kind,
            dims: Vec::new(),
            vars: Vec::new(),
            by_path: HashMap::new(),
            bytes: std::fs::File::open(path).ok(),
            layouts: RefCell::default(),
        };
        this.scan()?;
        this.by_path = this.vars.iter().enumerate().map(|(k, v)| (v.path.clone(), k)).collect();
        Ok(this)
    }

    fn scan(&mut self) -> Result<()> {
        let (mut dims, mut vars) = (Vec::new(), Vec::new());
        for d in self.file.dimensions() {
            dims.push(Dim { name: d.name(), len: d.len(), group: String::new() });
        }
        for v in self.file.variables() {
            vars.push(describe(&v, "", &dims));
        }
        if let Some(root) = self.file.root() {
            for g in root.groups() {
                walk(&g, &g.name(), 1, &mut dims, &mut vars);
            }
        }
        self.dims = dims;
        self.vars = vars.into_iter().collect::<Result<Vec<_>>>()?;
        Ok(())
    }

    /// The variable of that path.
    pub fn by_path(&self, path: &str) -> Option<usize> {
        self.by_path.get(path.trim_start_matches('/')).copied()
    }

    /// Resolves a name as seen from a group: absolute path, relative path, then the same name in the groups above;
    /// last, when it stands in exactly one group of the file, there (CF 2.7.1 lateral search).
    pub fn resolve(&self, group: &str, name: &str) -> Option<usize> {
        if name.starts_with('/') {
            return self.by_path(name);
        }
        let mut scope = group;
        loop {
            let path = if scope.is_empty() { name.to_owned() } else { format!("{scope}/{name}") };
            if let Some(k) = self.by_path.get(&path) {
                return Some(*k);
            }
            if scope.is_empty() {
                break;
            }
            scope = scope.rsplit_once('/').map_or("", |(up, _)| up);
        }
        let mut found = self.vars.iter().enumerate().filter(|(_, v)| v.name == name);
        match (found.next(), found.next()) {
            (Some((k, _)), None) => Some(k),
            _ => None,
        }
    }

    /// The coordinate variable of a dimension: a one-dimensional variable of its name.
    pub fn coordinate_of(&self, dim: usize) -> Option<usize> {
        let d = &self.dims[dim];
        let path = if d.group.is_empty() { d.name.clone() } else { format!("{}/{}", d.group, d.name) };
        self.by_path.get(&path).copied().filter(|v| self.vars[*v].dims == [dim])
    }

    /// Lengths of the dimensions of a variable.
    pub fn shape(&self, var: usize) -> Vec<usize> {
        self.vars[var].dims.iter().map(|d| self.dims[*d].len).collect()
    }

    /// Number of values of a variable.
    pub fn len(&self, var: usize) -> usize {
        self.shape(var).into_iter().fold(1, usize::saturating_mul)
    }

    /// Global text attribute.
    pub fn global(&self, name: &str) -> Option<String> {
        find(&self.attrs, name).map(Attr::display).map(|t| t.trim().to_owned()).filter(|t| !t.is_empty())
    }

    /// Reads a block of raw values. `start` and `count` have one entry a dimension.
    pub fn read(&self, var: usize, start: &[usize], count: &[usize]) -> Result<Raw> {
        let v = &self.vars[var];
        let ty = v.ty.ok_or_else(|| fail(FailureKind::BadRequest, format!("{} is not numeric.", v.path)))?;
        let n = count.iter().copied().fold(1usize, usize::saturating_mul);
        let mut raw = Raw::zeros(ty, n);
        if n == 0 {
            return Ok(raw);
        }
        let handle = self.file.variable(&v.path).ok_or_else(|| damaged(&v.path, &"it has vanished"))?;
        let extents: Vec<Extent> =
            start.iter().zip(count).map(|(s, c)| Extent::SliceCount { start: *s, count: *c, stride: 1 }).collect();
        crate::with_raw!(&mut raw, values => handle.get_values_into(values.as_mut_slice(), extents))
            .map_err(|e| damaged(&format!("Variable {}", v.path), &e))?;
        Ok(raw)
    }

    /// Like [`Self::read`], by the fastest way the storage allows.
    pub fn read_fast(&self, var: usize, start: &[usize], count: &[usize]) -> Result<Raw> {
        let n = count.iter().copied().fold(1usize, usize::saturating_mul);
        let quick = if n >= FAST_VALUES { self.by_chunks(var, start, count) } else { None };
        quick.map_or_else(|| self.read(var, start, count), Ok)
    }

    /// Past the library, where the variable is chunked in the plain way; see [`crate::fast`].
    pub fn by_chunks(&self, var: usize, start: &[usize], count: &[usize]) -> Option<Raw> {
        let layout = self.chunk_layout(var)?;
        fast::read(self.bytes()?, &layout, self.vars[var].ty?, start, count)
    }

    /// Where the chunks of a variable lie, when it is stored in the plain way.
    pub fn chunk_layout(&self, var: usize) -> Option<Rc<fast::Layout>> {
        let v = &self.vars[var];
        let ty = v.ty?;
        let (Kind::Hdf5(0), Some(_)) = (self.kind, &v.chunks) else { return None };
        let mut known = self.layouts.borrow_mut();
        known.entry(var).or_insert_with(|| fast::layout(&self.path, &v.path, ty).map(Rc::new)).clone()
    }

    /// The file as bytes.
    pub fn bytes(&self) -> Option<&std::fs::File> {
        self.bytes.as_ref()
    }

    /// Reads a whole variable, at most `limit` values.
    pub fn read_all(&self, var: usize, limit: usize) -> Result<Raw> {
        let shape = self.shape(var);
        if self.len(var) > limit {
            return Err(fail(
                FailureKind::TooLarge,
                format!(
                    "{} has {} values; more than {limit} are not read at once.",
                    self.vars[var].path,
                    shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(" × ")
                ),
            ));
        }
        self.read(var, &vec![0; shape.len()], &shape)
    }
}

/// Adds the contents of a group and of the groups in it.
fn walk(group: &netcdf::Group<'_>, path: &str, depth: usize, dims: &mut Vec<Dim>, vars: &mut Vec<Result<Var>>) {
    for d in group.dimensions() {
        dims.push(Dim { name: d.name(), len: d.len(), group: path.to_owned() });
    }
    for v in group.variables() {
        vars.push(describe(&v, path, dims));
    }
    if depth < MAX_GROUP_DEPTH && vars.len() < MAX_VARS {
        for g in group.groups() {
            walk(&g, &format!("{path}/{}", g.name()), depth + 1, dims, vars);
        }
    }
}

fn attributes<'a>(list: impl Iterator<Item = netcdf::Attribute<'a>>) -> Vec<(String, Attr)> {
    list.filter_map(|a| Some((a.name().to_owned(), Attr::from_value(a.value().ok()?)))).collect()
}

fn num_type(ty: &NcVariableType) -> Option<NumType> {
    Some(match ty {
        NcVariableType::Int(IntType::I8) => NumType::I8,
        NcVariableType::Int(IntType::U8) => NumType::U8,
        NcVariableType::Int(IntType::I16) => NumType::I16,
        NcVariableType::Int(IntType::U16) => NumType::U16,
        NcVariableType::Int(IntType::I32) => NumType::I32,
        NcVariableType::Int(IntType::U32) => NumType::U32,
        NcVariableType::Int(IntType::I64) => NumType::I64,
        NcVariableType::Int(IntType::U64) => NumType::U64,
        NcVariableType::Float(FloatType::F32) => NumType::F32,
        NcVariableType::Float(FloatType::F64) => NumType::F64,
        _ => return None,
    })
}

fn nofill(v: &netcdf::Variable<'_>, ty: NumType) -> bool {
    macro_rules! ask {
        ($t:ty) => {
            matches!(v.fill_value::<$t>(), Ok(None))
        };
    }
    match ty {
        NumType::I8 => ask!(i8),
        NumType::U8 => ask!(u8),
        NumType::I16 => ask!(i16),
        NumType::U16 => ask!(u16),
        NumType::I32 => ask!(i32),
        NumType::U32 => ask!(u32),
        NumType::I64 => ask!(i64),
        NumType::U64 => ask!(u64),
        NumType::F32 => ask!(f32),
        NumType::F64 => ask!(f64),
    }
}

fn describe(v: &netcdf::Variable<'_>, group: &str, dims: &[Dim]) -> Result<Var> {
    let name = v.name();
    let path = if group.is_empty() { name.clone() } else { format!("{group}/{name}") };
    let ty = num_type(&v.vartype());
    let mut own = Vec::new();
    for d in v.dimensions() {
        own.push(
            visible_dim(dims, group, &d.name(), d.len())
                .ok_or_else(|| damaged(&format!("Variable {path}"), &"its dimensions are not in the file"))?,
        );
    }
    let attrs = attributes(v.attributes());
    let nofill = ty.is_some_and(|t| find(&attrs, "_FillValue").is_none() && nofill(v, t));
    let chunks = v.chunking().ok().flatten();
    Ok(Var { path, group: group.to_owned(), name, ty, dims: own, attrs, nofill, chunks })
}

/// The nearest dimension of that name and length in the group or above it.
fn visible_dim(dims: &[Dim], group: &str, name: &str, len: usize) -> Option<usize> {
    let inside = |outer: &str| outer.is_empty() || group == outer || group.starts_with(&format!("{outer}/"));
    dims.iter()
        .enumerate()
        .filter(|(_, d)| d.name == name && d.len == len && inside(&d.group))
        .max_by_key(|(_, d)| d.group.len())
        .map(|(k, _)| k)
}
