//! An open file, whatever its format: dimensions, variables and attributes as CF has them, and raw reads.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use seaglass_core::protocol::FailureKind;
use seaglass_core::style::StyleHint;

use crate::attr::{Attr, find};
use crate::error::{Result, fail};
use crate::fast;
use crate::format::{self, Contents, Values};
use crate::raw::{NumType, Raw};

/// A dimension.
#[derive(Clone, Debug, PartialEq)]
pub struct Dim {
    /// Name.
    pub name: String,
    /// Length.
    pub len: usize,
    /// Path of the group that defines it; empty for the root.
    pub group: String,
}

/// A variable.
#[derive(Clone, Debug, PartialEq)]
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
    /// How the format wants it drawn.
    pub style: StyleHint,
    /// Paths of the variables drawn together for it: red, green and blue.
    pub components: Vec<String>,
}

impl Var {
    /// A variable of the root group without attributes, all of whose numbers are values.
    pub fn new(name: &str, ty: Option<NumType>, dims: &[usize]) -> Self {
        Self {
            path: name.to_owned(),
            group: String::new(),
            name: name.to_owned(),
            ty,
            dims: dims.to_vec(),
            attrs: Vec::new(),
            nofill: true,
            chunks: None,
            style: StyleHint::default(),
            components: Vec::new(),
        }
    }

    /// With a text attribute.
    #[must_use]
    pub fn with(mut self, key: &str, text: &str) -> Self {
        self.attrs.push((key.to_owned(), Attr::Text(text.to_owned())));
        self
    }

    /// With an attribute of one number.
    #[must_use]
    pub fn with_number(mut self, key: &str, number: f64, ty: NumType) -> Self {
        self.attrs.push((key.to_owned(), Attr::Numbers(vec![number], ty)));
        self
    }

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
    values: Box<dyn Values>,
    /// Where it lies.
    pub path: PathBuf,
    /// Its name without what only says how it is packed (`.gz`); of an archive with one file, that of the file.
    pub name: String,
    /// Name of its format, for people.
    pub label: String,
    /// Dimensions.
    pub dims: Vec<Dim>,
    /// Variables.
    pub vars: Vec<Var>,
    /// Global attributes (of the root group).
    pub attrs: Vec<(String, Attr)>,
    /// Sentences for the user.
    pub notes: Vec<String>,
    by_path: HashMap<String, usize>,
}

/// Blocks with fewer values are not worth a look at the chunk table.
const FAST_VALUES: usize = 1 << 15;

impl Dataset {
    /// Opens a file after checking that it is one of ours and complete.
    pub fn open(path: &Path) -> Result<Self> {
        let Contents { name, label, dims, vars, attrs, notes, values } = format::open(path)?;
        let by_path = vars.iter().enumerate().map(|(k, v)| (v.path.clone(), k)).collect();
        Ok(Self { values, path: path.to_owned(), name, label, dims, vars, attrs, notes, by_path })
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
        if count.contains(&0) {
            return Ok(Raw::zeros(ty, 0));
        }
        self.values.read(var, v, start, count)
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
        fast::read(self.bytes(var)?, &layout, self.vars[var].ty?, start, count)
    }

    /// Where the chunks of a variable lie, when it is stored in the plain way.
    pub fn chunk_layout(&self, var: usize) -> Option<Rc<fast::Layout>> {
        self.values.chunk_layout(var, &self.vars[var])
    }

    /// The file with the chunks of a variable.
    pub fn bytes(&self, var: usize) -> Option<&std::fs::File> {
        self.values.bytes(var)
    }

    /// Remembers what has been learnt of the file, for the next time it is opened ([`crate::remembered`]).
    pub fn settle(&self) {
        self.values.settle();
    }

    /// Whether the library that can read everything was needed so far; `None` where the format has none.
    pub fn asked_library(&self) -> Option<bool> {
        self.values.asked_library()
    }

    /// Values at some rows and columns of a two-dimensional variable, about `stride` apart, from an overview the file
    /// carries; `None` where it has none that is fine enough.
    pub fn overview(&self, var: usize, rows: &[usize], cols: &[usize], stride: usize) -> Option<Result<Raw>> {
        self.values.overview(var, rows, cols, stride)
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
        self.read_fast(var, &vec![0; shape.len()], &shape)
    }
}
