//! Fields sorted into variables: one for each parameter, kind of level and grid, over time, levels and members.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use seaglass_core::time::Time;

use super::grid::{Grid, Place};
use super::message::{Field, Parameter};
use super::names;
use crate::dataset::{Dim, Var};
use crate::raw::NumType;

/// What messages of one variable share: quantity, kind of level, grid.
type Group = (Parameter, u8, Rc<Grid>);

/// Where the values of a variable come from.
pub enum Kind {
    /// Coordinates.
    Axis(Vec<f64>),
    /// A projection; no values.
    Mapping,
    /// Messages.
    Fields(Table),
}

/// The fields of a variable along its dimensions before rows and columns.
pub struct Table {
    /// Lengths of these dimensions.
    pub lens: Vec<usize>,
    /// Number of the field at each place; none where the file has none.
    pub fields: Vec<Option<u32>>,
    /// One of them.
    pub first: usize,
}

/// Dimensions and variables of a file.
#[derive(Default)]
pub struct Made {
    /// Dimensions.
    pub dims: Vec<Dim>,
    /// Variables.
    pub vars: Vec<Var>,
    /// What each of them holds.
    pub kinds: Vec<Kind>,
    /// Sentences for the user.
    pub notes: Vec<String>,
    /// Coordinates by what they hold, so that variables share them.
    known: Vec<(String, Vec<f64>, usize)>,
    /// Dimensions of the grids, by the address of their description, and the name of their projection.
    grids: Vec<(Rc<Grid>, Vec<usize>, Option<String>)>,
}

/// Levels as numbers that can be sorted.
fn key(value: f64) -> i64 {
    (value * 1000.0).round() as i64
}

/// Sorts the fields of a file.
pub fn of(fields: &[Field]) -> Made {
    let mut made = Made::default();
    let mut groups: Vec<(Group, Vec<usize>)> = Vec::new();
    for (k, f) in fields.iter().enumerate() {
        let same =
            |g: &(Group, Vec<usize>)| g.0.0 == f.parameter && g.0.1 == f.level.kind && Rc::ptr_eq(&g.0.2, &f.grid);
        // Messages of one parameter tend to follow each other.
        match groups.iter_mut().rev().find(|g| same(g)) {
            Some(group) => group.1.push(k),
            None => groups.push(((f.parameter, f.level.kind, Rc::clone(&f.grid)), vec![k])),
        }
    }
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for (_, group) in &groups {
        let name = names::of(fields[group[0]].parameter).short;
        *taken.entry(name).or_default() += 1;
    }
    let mut repeated = 0;
    for (_, group) in &groups {
        let shared = taken[&names::of(fields[group[0]].parameter).short] > 1;
        repeated += made.variable(fields, group, shared);
    }
    if repeated > 0 {
        let text =
            format!("{repeated} fields have a time, level and member that others have too; the later forecast counts.");
        made.notes.push(text);
    }
    made
}

impl Made {
    /// Adds a variable; gives how many of its fields others take the place of.
    fn variable(&mut self, fields: &[Field], group: &[usize], shared: bool) -> usize {
        let all = || group.iter().map(|k| &fields[*k]);
        let times: Vec<i64> = all().map(|f| f.valid.micros()).collect::<BTreeSet<_>>().into_iter().collect();
        let levels: Vec<i64> = all().map(|f| key(f.level.value)).collect::<BTreeSet<_>>().into_iter().collect();
        let members: Vec<u32> = all().filter_map(|f| f.member).collect::<BTreeSet<_>>().into_iter().collect();
        let lens = [times.len(), levels.len(), members.len().max(1)];
        let mut table: Vec<Option<u32>> = vec![None; lens.iter().product()];
        let mut repeated = 0;
        for k in group {
            let f = &fields[*k];
            let at = [
                times.binary_search(&f.valid.micros()).unwrap_or(0),
                levels.binary_search(&key(f.level.value)).unwrap_or(0),
                f.member.and_then(|m| members.binary_search(&m).ok()).unwrap_or(0),
            ];
            let slot = &mut table[(at[0] * lens[1] + at[1]) * lens[2] + at[2]];
            repeated += usize::from(slot.is_some());
            if slot.is_none_or(|old| fields[old as usize].reference <= f.reference) {
                *slot = u32::try_from(*k).ok();
            }
        }
        let first = &fields[group[0]];
        let (cells, mapping) = self.cells(&first.grid);
        let mut dims = vec![self.times(&times)];
        let mut kept = vec![lens[0]];
        let kind = names::level(first.level);
        if levels.len() > 1 {
            let values: Vec<f64> = levels.iter().map(|v| *v as f64 / 1000.0).collect();
            let of = |v: Var| v.with("positive", kind.positive).with("standard_name", kind.standard);
            dims.push(self.axis(kind.name, kind.units, values, of));
            kept.push(lens[1]);
        }
        if members.len() > 1 {
            let values = members.iter().map(|m| f64::from(*m)).collect();
            dims.push(self.axis("member", "1", values, |v| v.with("standard_name", "realization")));
            kept.push(lens[2]);
        }
        dims.extend(cells);
        let var = self.describe(first, levels.len() == 1, shared, dims, mapping);
        self.vars.push(var);
        self.kinds.push(Kind::Fields(Table { lens: kept, fields: table, first: group[0] }));
        repeated
    }

    fn describe(&self, f: &Field, one_level: bool, shared: bool, dims: Vec<usize>, mapping: Option<String>) -> Var {
        let name = names::of(f.parameter);
        let statistic = names::statistic(f.parameter);
        let level = names::level(f.level);
        let mut path = name.short.clone();
        if shared {
            path = format!("{path}_{}", level.name);
            if let Some((word, _)) = statistic {
                path = format!("{path}_{word}");
            }
        }
        let stem = path.clone();
        let mut n = 2;
        while self.vars.iter().any(|v| v.path == path) {
            path = format!("{stem}_{n}");
            n += 1;
        }
        let mut title = name.title.clone();
        if let Some((word, _)) = statistic {
            title = format!("{title}, {word}");
        }
        // "at 2 m height" is worth saying; a level without a value says nothing.
        if one_level && !level.units.is_empty() && f.level.value != 0.0 && !title.contains("metre") {
            title = format!("{title} at {} {} {}", f.level.value, level.units, level.name.replace('_', " "));
        }
        let along = |text: &str| match f.grid.along_axes {
            true => text
                .replace("eastward_wind", "x_wind")
                .replace("northward_wind", "y_wind")
                .replace("eastward_sea_water", "sea_water_x")
                .replace("northward_sea_water", "sea_water_y")
                .replace("eastward_sea_ice", "sea_ice_x")
                .replace("northward_sea_ice", "sea_ice_y"),
            false => text.to_owned(),
        };
        let mut var = Var::new(&path, Some(NumType::F64), &dims).with("long_name", &title).with("units", name.units);
        let standard = along(name.standard);
        for (key, text) in [("standard_name", Some(standard.as_str())), ("cell_methods", statistic.map(|s| s.1))] {
            if let Some(text) = text.filter(|t| !t.is_empty()) {
                var = var.with(key, text);
            }
        }
        if let Some(mapping) = mapping {
            var = var.with("grid_mapping", &mapping);
        }
        if let Place::Points { .. } = f.grid.place {
            let cells = dims.last().map(|d| &self.dims[*d].name);
            let suffix = cells.and_then(|c| c.strip_prefix("cells")).unwrap_or_default();
            var = var.with("coordinates", &format!("lon{suffix} lat{suffix}"));
        }
        var
    }

    fn times(&mut self, times: &[i64]) -> usize {
        let seconds = times.iter().map(|us| Time::from_micros(*us).unix_seconds()).collect();
        let more = |v: Var| v.with("standard_name", "time").with("axis", "T");
        self.axis("time", "seconds since 1970-01-01", seconds, more)
    }

    /// The dimension of a coordinate with these values, one that is there already where there is one.
    fn axis(&mut self, name: &str, units: &str, values: Vec<f64>, more: impl Fn(Var) -> Var) -> usize {
        if let Some(known) = self.known.iter().find(|k| k.0 == name && k.1 == values) {
            return known.2;
        }
        let free = self.free(name);
        let dim = self.dim(&free, values.len());
        self.vars.push(more(Var::new(&free, Some(NumType::F64), &[dim]).with("units", units)));
        self.kinds.push(Kind::Axis(values.clone()));
        self.known.push((name.to_owned(), values, dim));
        dim
    }

    fn dim(&mut self, name: &str, len: usize) -> usize {
        self.dims.push(Dim { name: name.to_owned(), len, group: String::new() });
        self.dims.len() - 1
    }

    /// A name no dimension has.
    fn free(&self, name: &str) -> String {
        let taken = |n: &str| self.dims.iter().any(|d| d.name == n) || self.vars.iter().any(|v| v.path == n);
        let numbered = (2..).map(|k| format!("{name}_{k}"));
        std::iter::once(name.to_owned()).chain(numbered).find(|n| !taken(n)).unwrap_or_default()
    }

    /// The dimensions of a grid and the name of its projection.
    fn cells(&mut self, grid: &Rc<Grid>) -> (Vec<usize>, Option<String>) {
        if let Some(known) = self.grids.iter().find(|g| Rc::ptr_eq(&g.0, grid)) {
            return (known.1.clone(), known.2.clone());
        }
        let named = |axis: &'static str, standard: &'static str| {
            move |v: Var| v.with("axis", axis).with("standard_name", standard)
        };
        let (dims, mapping) = match &grid.place {
            Place::Axes { x, y, proj: None } => {
                let row = self.axis("lat", "degrees_north", y.clone(), named("Y", "latitude"));
                let col = self.axis("lon", "degrees_east", x.clone(), named("X", "longitude"));
                (vec![row, col], None)
            }
            Place::Axes { x, y, proj: Some(proj) } => {
                let units = if proj.contains("ob_tran") { "degrees" } else { "m" };
                let row = self.axis("y", units, y.clone(), named("Y", "projection_y_coordinate"));
                let col = self.axis("x", units, x.clone(), named("X", "projection_x_coordinate"));
                let name = self.free("crs");
                self.vars.push(Var::new(&name, None, &[]).with("proj4_string", proj));
                self.kinds.push(Kind::Mapping);
                (vec![row, col], Some(name))
            }
            Place::Points { lon, lat } => {
                let name = self.free("cells");
                let suffix = name.strip_prefix("cells").unwrap_or_default().to_owned();
                let dim = self.dim(&name, lon.len());
                let places = [("lon", "degrees_east", "longitude", lon), ("lat", "degrees_north", "latitude", lat)];
                for (what, units, standard, values) in places {
                    let var = Var::new(&format!("{what}{suffix}"), Some(NumType::F64), &[dim]);
                    self.vars.push(var.with("units", units).with("standard_name", standard));
                    self.kinds.push(Kind::Axis(values.clone()));
                }
                (vec![dim], None)
            }
        };
        self.grids.push((Rc::clone(grid), dims.clone(), mapping.clone()));
        (dims, mapping)
    }
}
