//! Velocities on the faces of cells (Arakawa C grids: ROMS, CROCO, WRF, MITgcm) brought to the centres of the cells, where
//! both components are one vector.
//!
//! A component at a centre is the mean of those on the two faces across which it flows, as `xgcm` interpolates with
//! `boundary = "extend"`: at the edge of the domain, where only one face is in the file, that of this face; missing where
//! either face is. The components still follow the axes of the grid; [`crate::vectors`] turns them.

use std::rc::Rc;

use seaglass_core::vector::knots_per_unit;

use crate::attr::Attr;
use crate::dataset::{Dim, Var};
use crate::error::Result;
use crate::fast;
use crate::format::{Contents, Values};
use crate::packing::Packing;
use crate::raw::{NumType, Raw};
use crate::vectors::northern;

/// A dimension of faces: that of the centres between them, and how far before centre `k` its first face lies.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Faces {
    centre: usize,
    first: i64,
}

/// Adds the components at the centres to a file that has them on faces.
pub fn centred(mut contents: Contents) -> Contents {
    let mut made: Vec<Centred> = Vec::new();
    for (u, v) in pairs(&contents) {
        let Some((along_x, along_y)) = faces(&contents, u, v) else { continue };
        for (base, faces, x) in [(u, along_x, true), (v, along_y, false)] {
            let var = &contents.vars[base];
            let axis = var.dims.len() - if x { 1 } else { 2 };
            let mut dims = var.dims.clone();
            let n = dims.len();
            (dims[n - 2], dims[n - 1]) = (along_y.centre, along_x.centre);
            let name = format!("{}_centre", var.name);
            if contents.vars.iter().any(|other| other.group == var.group && other.name == name) {
                break;
            }
            let centre = describe(var, &name, dims, x);
            made.push(Centred {
                base,
                of: var.clone(),
                len: contents.dims[var.dims[axis]].len,
                axis,
                first: faces.first,
            });
            contents.vars.push(centre);
        }
    }
    if made.is_empty() {
        return contents;
    }
    contents.notes.push(
        "Velocities on the faces of cells (Arakawa C grid) are also shown at the centres: the mean of two faces."
            .to_owned(),
    );
    let own = contents.vars.len() - made.len();
    let packings = made.iter().map(|c| Packing::of(&c.of).0).collect();
    contents.values = Box::new(Stagger { inner: contents.values, own, made, packings });
    contents
}

/// Components by their names: `u` and `v` of the same group, with as many dimensions.
fn pairs(contents: &Contents) -> Vec<(usize, usize)> {
    // Masks, positions and metric factors lie on faces too; only what flows is a vector.
    let flows = |v: &Var| v.units().is_some_and(|u| knots_per_unit(&u).is_some());
    let fits = |v: &Var| v.ty.is_some() && (2..=5).contains(&v.dims.len()) && flows(v);
    let mut out = Vec::new();
    for (k, u) in contents.vars.iter().enumerate().filter(|(_, u)| fits(u)) {
        let wanted = northern(&u.path);
        let other = contents.vars.iter().position(|v| {
            wanted.contains(&v.path) && fits(v) && v.dims.len() == u.dims.len() && v.units() == u.units()
        });
        out.extend(other.map(|v| (k, v)));
    }
    out
}

/// The faces across which two variables flow, along columns and rows, when they lie on a C grid together.
fn faces(contents: &Contents, u: usize, v: usize) -> Option<(Faces, Faces)> {
    let (u, v) = (&contents.vars[u], &contents.vars[v]);
    let n = u.dims.len();
    if u.dims[..n - 2] != v.dims[..n - 2] {
        return None;
    }
    let (x, y) = (staggered(contents, u.dims[n - 1])?, staggered(contents, v.dims[n - 2])?);
    let same = |dim: usize, centre: usize| {
        dim == centre || (plain(contents, dim) == Some(centre) && contents.dims[dim].len == contents.dims[centre].len)
    };
    (same(u.dims[n - 2], y.centre) && same(v.dims[n - 1], x.centre)).then_some((x, y))
}

fn find(contents: &Contents, like: &Dim, name: &str) -> Option<usize> {
    contents.dims.iter().position(|d| d.name == name && d.group == like.group)
}

/// What a dimension of faces lies between.
fn staggered(contents: &Contents, dim: usize) -> Option<Faces> {
    let d = &contents.dims[dim];
    // ROMS and CROCO: n centres and n - 1 faces between them; a cut from a file may have as many faces as centres.
    for (face, centre) in [("xi_u", "xi_rho"), ("eta_v", "eta_rho")] {
        if d.name == face {
            let centre = find(contents, d, centre)?;
            let fits = (0..=1).contains(&(contents.dims[centre].len as i64 - d.len as i64));
            return fits.then_some(Faces { centre, first: -1 });
        }
    }
    // WRF: n centres, n + 1 faces around them.
    if let Some(stem) = d.name.strip_suffix("_stag") {
        let centre = find(contents, d, stem)?;
        return (contents.dims[centre].len + 1 == d.len).then_some(Faces { centre, first: 0 });
    }
    // COMODO and SGRID-like metadata of MITgcm (xmitgcm): the axis says that it is shifted by half a cell.
    let axis = axis_of(contents, dim)?;
    let shift = number(axis, "c_grid_axis_shift")?;
    let letter = axis.text("axis")?;
    let centre = (0..contents.dims.len()).find(|k| {
        let other = axis_of(contents, *k);
        *k != dim
            && contents.dims[*k].len.abs_diff(d.len) <= 1
            && other
                .is_some_and(|o| o.text("axis").as_ref() == Some(&letter) && number(o, "c_grid_axis_shift").is_none())
    })?;
    Some(Faces { centre, first: if shift < 0.0 { 0 } else { -1 } })
}

/// The dimension of centres that another one of the same cells stands for (`eta_u` has the rows of `eta_rho`).
fn plain(contents: &Contents, dim: usize) -> Option<usize> {
    let d = &contents.dims[dim];
    match d.name.as_str() {
        "eta_u" => find(contents, d, "eta_rho"),
        "xi_v" => find(contents, d, "xi_rho"),
        _ => None,
    }
}

fn axis_of(contents: &Contents, dim: usize) -> Option<&Var> {
    let d = &contents.dims[dim];
    contents.vars.iter().find(|v| v.dims == [dim] && v.name == d.name && v.group == d.group)
}

fn number(v: &Var, name: &str) -> Option<f64> {
    v.attr(name).and_then(Attr::numbers).and_then(|n| n.first().copied())
}

/// The variable at the centres.
fn describe(of: &Var, name: &str, dims: Vec<usize>, x: bool) -> Var {
    let letter = if x { "x" } else { "y" };
    let path = if of.group.is_empty() { name.to_owned() } else { format!("{}/{name}", of.group) };
    let title = of.text("long_name").unwrap_or_else(|| of.name.clone());
    let lower = of.name.to_lowercase();
    let quantity = match lower.as_str() {
        n if n.contains("ice") => format!("sea_ice_{letter}_velocity"),
        // WRF marks its staggered variables so.
        "u" | "v" if of.text("stagger").is_some() => format!("{letter}_wind"),
        "u" | "v" | "uvel" | "vvel" | "uo" | "vo" => format!("sea_water_{letter}_velocity"),
        n if n.ends_with("bar") => format!("barotropic_sea_water_{letter}_velocity"),
        n => format!("{letter}_component_of_{}", &n[n.len().min(1)..]),
    };
    // Along the axes of the grid, whatever the file says of true east.
    let standard = of.text("standard_name").filter(|s| s.split('_').any(|w| w == letter)).unwrap_or(quantity);
    let mut out = Var { path, group: of.group.clone(), ..Var::new(name, Some(NumType::F32), &dims) }
        .with("long_name", &format!("{title}, at cell centres"))
        .with("standard_name", &standard);
    if let Some(units) = of.units() {
        out = out.with("units", &units);
    }
    out
}

/// A variable at centres.
struct Centred {
    base: usize,
    of: Var,
    /// Number of faces.
    len: usize,
    /// Position of the faces among the dimensions.
    axis: usize,
    first: i64,
}

struct Stagger {
    inner: Box<dyn Values>,
    /// Variables of the file itself.
    own: usize,
    made: Vec<Centred>,
    packings: Vec<Packing>,
}

impl Stagger {
    fn read_centred(&self, at: usize, start: &[usize], count: &[usize]) -> Result<Raw> {
        let c = &self.made[at];
        let a = c.axis;
        let face = |centre: usize| centre as i64 + c.first;
        let lo = face(start[a]).max(0) as usize;
        let hi = ((face(start[a] + count[a] - 1) + 2).max(0) as usize).min(c.len);
        let total = count.iter().product();
        if lo >= hi {
            return Ok(Raw::F32(vec![f32::NAN; total]));
        }
        let (mut from, mut number) = (start.to_vec(), count.to_vec());
        (from[a], number[a]) = (lo, hi - lo);
        let raw = self.inner.read(c.base, &c.of, &from, &number)?;
        let packing = &self.packings[at];
        let inner: usize = count[a + 1..].iter().product();
        let outer: usize = count[..a].iter().product();
        let mut out = Vec::with_capacity(total);
        for o in 0..outer {
            for k in 0..count[a] {
                let f = face(start[a] + k);
                let there =
                    |f: i64| (lo as i64..hi as i64).contains(&f).then(|| (f as usize - lo + o * (hi - lo)) * inner);
                let (before, after) = (there(f), there(f + 1));
                for i in 0..inner {
                    let value = |row: usize| packing.at(&raw, row + i);
                    out.push(match (before, after) {
                        (Some(b), Some(a)) => 0.5 * (value(b) + value(a)),
                        (Some(one), None) | (None, Some(one)) => value(one),
                        (None, None) => f64::NAN,
                    } as f32);
                }
            }
        }
        Ok(Raw::F32(out))
    }
}

impl Values for Stagger {
    fn read(&self, index: usize, var: &Var, start: &[usize], count: &[usize]) -> Result<Raw> {
        match index.checked_sub(self.own) {
            Some(made) => self.read_centred(made, start, count),
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
    }

    fn settle(&self) {
        self.inner.settle();
    }

    fn asked_library(&self) -> Option<bool> {
        self.inner.asked_library()
    }

    fn overview(&self, index: usize, rows: &[usize], cols: &[usize], stride: usize) -> Option<Result<Raw>> {
        if index < self.own { self.inner.overview(index, rows, cols, stride) } else { None }
    }
}
