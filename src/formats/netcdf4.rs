//! netCDF classic to netCDF-4 and HDF5, through Unidata's library and, for plain chunks, past it ([`crate::fast`]).

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use netcdf::Extent;
use netcdf::types::{FloatType, IntType, NcVariableType};
use seaglass_core::protocol::FailureKind;

use crate::attr::{Attr, find};
use crate::dataset::{Dim, Var};
use crate::error::{Result, damaged, fail, in_words};
use crate::fast::{self, Layout};
use crate::foreign;
use crate::format::{Contents, Format, Probe, Values};
use crate::raw::{NumType, Raw};
use crate::remembered::{self, Described, Identity};
use crate::sniff::{self, Kind};

/// Groups nested deeper are not followed.
const MAX_GROUP_DEPTH: usize = 24;
/// More variables are not looked at.
const MAX_VARS: usize = 20_000;

/// The format.
pub struct Netcdf;

impl Format for Netcdf {
    fn identify(&self, probe: &Probe) -> bool {
        sniff::netcdf(probe).is_some()
    }

    fn open(&self, path: &Path, probe: &Probe) -> Result<Contents> {
        let Some(kind) = sniff::netcdf(probe) else {
            return Err(fail(FailureKind::NotMine, sniff::refusal(&probe.head)));
        };
        sniff::check_complete(path, kind, probe.len)?;
        let identity = if kind == Kind::Hdf5(0) { Identity::of(path) } else { None };
        if let Some((described, places)) = identity.as_ref().and_then(remembered::recall) {
            let fits = |(k, layout): (usize, Option<Layout>)| {
                let size = described.vars.get(k).and_then(|v| v.ty).map(NumType::size);
                (k, layout.filter(|l| Some(l.value_bytes()) == size).map(Rc::new))
            };
            let layouts = places.into_iter().map(fits).collect();
            return Ok(contents(kind, path, described, Known { identity, layouts, file: OnceCell::new() }));
        }
        if matches!(kind, Kind::Hdf5(_)) {
            foreign::check(path)?;
        }
        let file = library(path, kind)?;
        let (dims, vars) = scan(&file)?;
        let described = Described { dims, vars, attrs: attributes(file.attributes()) };
        let known = Known { identity, layouts: HashMap::new(), file: OnceCell::from(file) };
        Ok(contents(kind, path, described, known))
    }
}

/// What is known of a file when it is opened.
struct Known {
    /// When it may be remembered.
    identity: Option<Identity>,
    layouts: Layouts,
    file: OnceCell<netcdf::File>,
}

/// Where the values of variables lie, as far as anybody has asked.
type Layouts = HashMap<usize, Option<Rc<Layout>>>;

fn contents(kind: Kind, path: &Path, described: Described, known: Known) -> Contents {
    let Described { dims, vars, attrs } = described.clone();
    let values = Library {
        kind,
        path: path.to_owned(),
        bytes: std::fs::File::open(path).ok(),
        hdf5: OnceCell::new(),
        remembered: known.identity.map(|i| (i, described)),
        used: RefCell::new(known.layouts.keys().copied().collect()),
        fresh: Cell::new(known.file.get().is_some()),
        layouts: RefCell::new(known.layouts),
        file: known.file,
    };
    Contents { dims, vars, attrs, ..Contents::new(kind.label(), Box::new(values)) }
}

/// Opens a file by the library.
fn library(path: &Path, kind: Kind) -> Result<netcdf::File> {
    netcdf::open(path).map_err(|e| match kind {
        Kind::Hdf5(_) => fail(
            FailureKind::Damaged,
            format!(
                "The file cannot be opened: {}. It is damaged or uses something netCDF-4 has not; fetch it again.",
                in_words(&e)
            ),
        ),
        Kind::Classic(_) => damaged("The netCDF header", &e),
    })
}

/// An open file of the library.
struct Library {
    /// Opened when something is asked that is not remembered.
    file: OnceCell<netcdf::File>,
    kind: Kind,
    path: PathBuf,
    /// The same file, for its chunk tables.
    hdf5: OnceCell<Option<fast::Tables>>,
    /// For reading chunks past the library.
    bytes: Option<std::fs::File>,
    layouts: RefCell<Layouts>,
    /// What to remember the file by, and its description.
    remembered: Option<(Identity, Described)>,
    /// Variables that were read.
    used: RefCell<BTreeSet<usize>>,
    /// Whether something was learnt that is not remembered yet.
    fresh: Cell<bool>,
}

impl Values for Library {
    fn read(&self, index: usize, v: &Var, start: &[usize], count: &[usize]) -> Result<Raw> {
        let ty = v.ty.ok_or_else(|| fail(FailureKind::BadRequest, format!("{} is not numeric.", v.path)))?;
        if self.used.borrow_mut().insert(index) {
            self.fresh.set(true);
        }
        // Without the library where it is not open yet: that would take longer than most reads.
        let known = if self.file.get().is_none() { self.layouts.borrow().get(&index).cloned().flatten() } else { None };
        if let (Some(layout), Some(bytes)) = (known, &self.bytes)
            && let Some(raw) = fast::read(bytes, &layout, ty, start, count)
        {
            return Ok(raw);
        }
        let mut raw = Raw::zeros(ty, count.iter().copied().fold(1usize, usize::saturating_mul));
        let handle = self.file()?.variable(&v.path).ok_or_else(|| damaged(&v.path, &"it has vanished"))?;
        let extents: Vec<Extent> =
            start.iter().zip(count).map(|(s, c)| Extent::SliceCount { start: *s, count: *c, stride: 1 }).collect();
        crate::with_raw!(&mut raw, values => handle.get_values_into(values.as_mut_slice(), extents))
            .map_err(|e| damaged(&format!("Variable {}", v.path), &e))?;
        Ok(raw)
    }

    fn chunk_layout(&self, index: usize, v: &Var) -> Option<Rc<Layout>> {
        let ty = v.ty?;
        if self.kind != Kind::Hdf5(0) {
            return None;
        }
        if let Some(known) = self.layouts.borrow().get(&index) {
            return known.clone();
        }
        let layout = fast::layout(self.tables()?, &v.path, ty).map(Rc::new);
        self.fresh.set(true);
        self.layouts.borrow_mut().insert(index, layout.clone());
        layout
    }

    fn keep_open(&self) {
        if let Err(e) = self.file() {
            log::debug!("{}: {e}", self.path.display());
        }
        if self.kind == Kind::Hdf5(0) {
            let _opened = self.tables();
        }
    }

    fn bytes(&self, _index: usize) -> Option<&std::fs::File> {
        self.bytes.as_ref()
    }

    fn settle(&self) {
        let (true, Some((identity, described))) = (self.fresh.replace(false), &self.remembered) else { return };
        // Small reads go through the library when it is open; the next time they shall not need it.
        for k in self.used.borrow().iter() {
            let _layout = described.vars.get(*k).and_then(|v| self.chunk_layout(*k, v));
        }
        self.fresh.set(false);
        let layouts = self.layouts.borrow();
        let mut places: Vec<(usize, Option<Layout>)> =
            layouts.iter().map(|(k, layout)| (*k, layout.as_deref().cloned())).collect();
        places.sort_by_key(|p| p.0);
        remembered::keep(identity, described, &places);
    }

    fn asked_library(&self) -> Option<bool> {
        Some(self.file.get().is_some() || self.hdf5.get().is_some())
    }
}

impl Library {
    fn file(&self) -> Result<&netcdf::File> {
        if let Some(file) = self.file.get() {
            return Ok(file);
        }
        let file = library(&self.path, self.kind)?;
        Ok(self.file.get_or_init(|| file))
    }

    fn tables(&self) -> Option<&fast::Tables> {
        self.hdf5.get_or_init(|| fast::Tables::open(&self.path).ok()).as_ref()
    }
}

fn scan(file: &netcdf::File) -> Result<(Vec<Dim>, Vec<Var>)> {
    let (mut dims, mut vars) = (Vec::new(), Vec::new());
    for d in file.dimensions() {
        dims.push(Dim { name: d.name(), len: d.len(), group: String::new() });
    }
    for v in file.variables() {
        vars.push(describe(&v, "", &dims));
    }
    if let Some(root) = file.root() {
        for g in root.groups() {
            walk(&g, &g.name(), 1, &mut dims, &mut vars);
        }
    }
    Ok((dims, vars.into_iter().collect::<Result<Vec<_>>>()?))
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
    Ok(Var { group: group.to_owned(), name, attrs, nofill, chunks, ..Var::new(&path, ty, &own) })
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
