//! Several files shown as one: the members of a zip archive, the netCDF files of a Sentinel-3 folder.

use std::collections::HashSet;
use std::rc::Rc;

use seaglass_core::protocol::FailureKind;

use crate::dataset::{Dim, Var};
use crate::error::{Result, fail};
use crate::fast;
use crate::format::{Contents, Values};
use crate::raw::Raw;

/// A file of several.
pub struct Member {
    /// Path within the archive or folder.
    pub path: String,
    /// What it holds.
    pub contents: Contents,
}

/// One contents of all members: a single one as it is, others each in a group of its file name, as in a netCDF-4 file
/// with groups. The files of one Sentinel-3 product share their dimensions and go into one group.
pub fn members(mut members: Vec<Member>, name: &str) -> Result<Contents> {
    match members.len() {
        0 => Err(fail(FailureKind::NotMine, "No file inside could be read; unpack it and open them one by one.")),
        1 => Ok(members.remove(0).contents),
        _ => {
            let one_product = members.iter().all(|m| is_sentinel3(&m.path));
            Ok(merge(members, name, one_product))
        }
    }
}

/// Whether the path leads through a Sentinel-3 product folder.
fn is_sentinel3(path: &str) -> bool {
    path.split('/').rev().skip(1).any(|folder| folder.to_ascii_uppercase().ends_with(".SEN3"))
}

/// Joins members; `shared`: dimensions of one name and length are the same, and everything lies in the root group.
pub fn merge(members: Vec<Member>, name: &str, shared: bool) -> Contents {
    let mut merged = Merged { parts: Vec::new(), index: Vec::new() };
    let mut out = Contents::new("", Box::new(Merged { parts: Vec::new(), index: Vec::new() }));
    out.name = name.to_owned();
    let mut taken = HashSet::new();
    for (k, Member { path, contents }) in members.into_iter().enumerate() {
        let file = path.rsplit('/').next().unwrap_or(&path);
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let group = if shared { String::new() } else { stem.to_owned() };
        let inside = |own: &str| match (group.is_empty(), own.is_empty()) {
            (true, _) => own.to_owned(),
            (false, true) => group.clone(),
            (false, false) => format!("{group}/{own}"),
        };
        let dims: Vec<usize> = contents.dims.iter().map(|d| dim(&mut out.dims, d, inside(&d.group), shared)).collect();
        for (at, var) in contents.vars.into_iter().enumerate() {
            let place = inside(&var.group);
            let plain = if place.is_empty() { var.name.clone() } else { format!("{place}/{}", var.name) };
            // The same helper variable stands in every file of a product (`time_stamp`): once is enough.
            if !taken.insert(plain.clone()) {
                continue;
            }
            let dims = var.dims.iter().map(|d| dims[*d]).collect();
            let components = var.components.iter().map(|c| inside(c)).collect();
            out.vars.push(Var { path: plain, group: place, dims, components, ..var.clone() });
            merged.index.push((k, at, var));
        }
        if k == 0 {
            out.label = contents.label;
            out.attrs = contents.attrs;
        } else {
            // What differs from file to file is true of none of them alone.
            out.attrs.retain(|a| contents.attrs.contains(a));
        }
        out.notes.extend(contents.notes);
        merged.parts.push(contents.values);
    }
    out.values = Box::new(merged);
    out
}

/// The dimension among those known, or a new one.
fn dim(known: &mut Vec<Dim>, d: &Dim, group: String, shared: bool) -> usize {
    let same =
        |k: &Dim| k.group == group && k.len == d.len && (k.name == d.name || k.name == format!("{}_{}", d.name, d.len));
    if let Some(at) = known.iter().position(|k| shared && same(k)) {
        return at;
    }
    let clash = known.iter().any(|k| k.group == group && k.name == d.name);
    let name = if clash { format!("{}_{}", d.name, d.len) } else { d.name.clone() };
    known.push(Dim { name, len: d.len, group });
    known.len() - 1
}

struct Merged {
    parts: Vec<Box<dyn Values>>,
    /// Of each variable: the part, its index there and its description there.
    index: Vec<(usize, usize, Var)>,
}

impl Merged {
    fn find(&self, index: usize) -> Option<(&dyn Values, usize, &Var)> {
        let (part, at, var) = self.index.get(index)?;
        Some((&**self.parts.get(*part)?, *at, var))
    }
}

impl Values for Merged {
    fn read(&self, index: usize, var: &Var, start: &[usize], count: &[usize]) -> Result<Raw> {
        let Some((part, at, own)) = self.find(index) else {
            return Err(fail(FailureKind::BadRequest, format!("{} has vanished.", var.path)));
        };
        part.read(at, own, start, count)
    }

    fn chunk_layout(&self, index: usize, _var: &Var) -> Option<Rc<fast::Layout>> {
        let (part, at, own) = self.find(index)?;
        part.chunk_layout(at, own)
    }

    fn bytes(&self, index: usize) -> Option<&std::fs::File> {
        let (part, at, _) = self.find(index)?;
        part.bytes(at)
    }

    fn overview(&self, index: usize, rows: &[usize], cols: &[usize], stride: usize) -> Option<Result<Raw>> {
        let (part, at, _) = self.find(index)?;
        part.overview(at, rows, cols, stride)
    }
}
