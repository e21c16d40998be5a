//! Velocities whose northward component lies in a file of its own (NEMO writes `grid_U` and `grid_V`): beside the file with
//! the component along the rows of the grid, the other one is looked for and brought to the same places.
//!
//! On NEMO's C grid u(i, j) lies on the east face of cell (i, j) and v(i, j) on its north face, so that around u(i, j) lie
//! v(i, j), v(i + 1, j), v(i, j − 1) and v(i + 1, j − 1) (NEMO reference manual, "Space domain"). Their mean is v there, as
//! `xgcm` interpolates along both axes with `boundary = "extend"`; missing where one of them is. The components still
//! follow the axes of the grid; [`crate::vectors`] turns them.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use seaglass_core::vector::knots_per_unit;

use crate::dataset::Var;
use crate::error::Result;
use crate::fast;
use crate::format::{self, Contents, FORMATS, Values};
use crate::packing::Packing;
use crate::raw::{NumType, Raw};
use crate::sniff;
use crate::vectors::northern;

/// Letters U of a name that are tried.
const MAX_TRIED: usize = 16;

/// Adds the other components to a file that has only those along the rows.
pub fn joined(mut contents: Contents, path: &Path) -> Contents {
    let lonely: Vec<usize> = (0..contents.vars.len()).filter(|k| is_lonely(&contents, *k)).collect();
    if lonely.is_empty() {
        return contents;
    }
    let Some((name, other)) = siblings(path).into_iter().find_map(|p| {
        let found = open(&p).filter(|other| lonely.iter().any(|u| partner(&contents, *u, other).is_some()))?;
        Some((p.file_name()?.to_string_lossy().into_owned(), found))
    }) else {
        return contents;
    };
    let own = contents.vars.len();
    let mut made = Vec::new();
    let mut titles = Vec::new();
    for u in lonely {
        let Some(v) = partner(&contents, u, &other) else { continue };
        let (eastern, of) = (&contents.vars[u], &other.vars[v]);
        let title = of.text("long_name").unwrap_or_else(|| of.name.clone());
        let mut var =
            Var { group: eastern.group.clone(), path: of.path.clone(), ..Var::new(&of.name, None, &eastern.dims) }
                .with("long_name", &format!("{title}, at the places of {}", eastern.name));
        var.ty = Some(NumType::F32);
        for key in ["units", "standard_name"] {
            var = of.text(key).map_or(var.clone(), |text| var.clone().with(key, &text));
        }
        if let Some(coordinates) = eastern.text("coordinates") {
            var = var.with("coordinates", &coordinates);
        }
        titles.push(of.name.clone());
        made.push(Moved { index: v, packing: Packing::of(of).0, var: of.clone(), shape: shape(&other, of) });
        contents.vars.push(var);
    }
    contents.notes.push(format!(
        "{} is read from {name} beside this file and brought to the places of the other component: the mean of the four \
         values around each.",
        titles.join(", ")
    ));
    contents.values = Box::new(Joined { inner: contents.values, other: other.values, own, made });
    contents
}

fn shape(contents: &Contents, v: &Var) -> Vec<usize> {
    v.dims.iter().map(|d| contents.dims[*d].len).collect()
}

/// A component along the rows of a grid in two dimensions, whose partner is not in the file.
fn is_lonely(contents: &Contents, k: usize) -> bool {
    let v = &contents.vars[k];
    let flows = v.units().is_some_and(|u| knots_per_unit(&u).is_some());
    let along_x = v.text("standard_name").is_some_and(|s| s.split('_').any(|w| w == "x"))
        || matches!(v.name.as_str(), "vozocrtx" | "uo" | "uos");
    // True east and north need no neighbours: such components are on the same cells, and not of this kind.
    v.ty.is_some()
        && (2..=5).contains(&v.dims.len())
        && flows
        && along_x
        && shape(contents, v).iter().rev().take(2).all(|n| *n > 1)
        && !northern(&v.path).iter().any(|n| contents.vars.iter().any(|o| o.path == *n))
}

/// The partner of a component in another file: its name, its unit, on as many cells.
fn partner(contents: &Contents, u: usize, other: &Contents) -> Option<usize> {
    let eastern = &contents.vars[u];
    let wanted = northern(&eastern.path);
    other.vars.iter().position(|v| {
        wanted.contains(&v.path)
            && v.ty.is_some()
            && v.units() == eastern.units()
            && shape(other, v) == shape(contents, eastern)
    })
}

/// Files beside this one whose names have a V in place of one U, the last first.
fn siblings(path: &Path) -> Vec<PathBuf> {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let at = name.char_indices().rev().filter(|(_, c)| *c == 'U').take(MAX_TRIED);
    at.map(|(k, _)| path.with_file_name(format!("{}V{}", &name[..k], &name[k + 1..]))).filter(|p| p.is_file()).collect()
}

fn open(path: &Path) -> Option<Contents> {
    let probe = sniff::look(path).ok()?;
    format::by_probe(path, &probe, FORMATS).ok()
}

/// A component of the other file.
struct Moved {
    index: usize,
    var: Var,
    packing: Packing,
    shape: Vec<usize>,
}

impl Moved {
    fn read(&self, from: &dyn Values, start: &[usize], count: &[usize]) -> Result<Raw> {
        let n = self.shape.len();
        let [rows, cols] = [self.shape[n - 2], self.shape[n - 1]];
        // One row before and one column after; at the edges of the grid those of the edge.
        let (r0, c0) = (start[n - 2].saturating_sub(1), start[n - 1]);
        let (r1, c1) = (start[n - 2] + count[n - 2], (start[n - 1] + count[n - 1] + 1).min(cols));
        let (mut begin, mut number) = (start.to_vec(), count.to_vec());
        (begin[n - 2], number[n - 2], number[n - 1]) = (r0, r1.min(rows) - r0, c1 - c0);
        let raw = from.read(self.index, &self.var, &begin, &number)?;
        let (height, width) = (number[n - 2], number[n - 1]);
        let blocks: usize = count[..n - 2].iter().product();
        let mut out = Vec::with_capacity(count.iter().product());
        for block in 0..blocks {
            let value = |r: usize, c: usize| self.packing.at(&raw, (block * height + r - r0) * width + c - c0);
            for r in start[n - 2]..r1 {
                for c in start[n - 1]..start[n - 1] + count[n - 1] {
                    let (before, after) = (r.saturating_sub(1), (c + 1).min(cols - 1));
                    let sum = value(r, c) + value(r, after) + value(before, c) + value(before, after);
                    out.push((0.25 * sum) as f32);
                }
            }
        }
        Ok(Raw::F32(out))
    }
}

struct Joined {
    inner: Box<dyn Values>,
    other: Box<dyn Values>,
    /// Variables of the file itself.
    own: usize,
    made: Vec<Moved>,
}

impl Values for Joined {
    fn read(&self, index: usize, var: &Var, start: &[usize], count: &[usize]) -> Result<Raw> {
        match index.checked_sub(self.own).and_then(|k| self.made.get(k)) {
            Some(moved) => moved.read(&*self.other, start, count),
            None => self.inner.read(index, var, start, count),
        }
    }

    fn chunk_layout(&self, index: usize, var: &Var) -> Option<Rc<fast::Layout>> {
        if index < self.own { self.inner.chunk_layout(index, var) } else { None }
    }

    fn bytes(&self, index: usize) -> Option<&std::fs::File> {
        if index < self.own { self.inner.bytes(index) } else { None }
    }

    fn keep_open(&self) {
        self.inner.keep_open();
        self.other.keep_open();
    }

    fn settle(&self) {
        self.inner.settle();
        self.other.settle();
    }

    fn asked_library(&self) -> Option<bool> {
        self.inner.asked_library()
    }

    fn overview(&self, index: usize, rows: &[usize], cols: &[usize], stride: usize) -> Option<Result<Raw>> {
        if index < self.own { self.inner.overview(index, rows, cols, stride) } else { None }
    }
}
