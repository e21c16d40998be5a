//! A file sorted into parts: which variables lie on which positions, at which times.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::sync::Arc;

use seaglass_core::field::FieldInfo;
use seaglass_core::formula::Formula;
use seaglass_core::geolocation::Geolocation;
use seaglass_core::granule::GeometryKind;
use seaglass_core::product::{Condition, Product};
use seaglass_core::protocol::{FailureKind, ReadFailure};
use seaglass_core::time::{Time, TimeSpan};

use crate::cf;
use crate::dataset::Dataset;
use crate::error::{Result, fail};
use crate::fields;
use crate::flat;
use crate::geoloc::{self, Demand};
use crate::geometry::{Finder, Geom};
use crate::limits::{LIGHT_TOLERANCE_CELLS, MAX_CELLS, MAX_STEPS};
use crate::links::{self, Link};
use crate::mesh;
use crate::operand::{Frame, Operand};
use crate::packing::Packing;
use crate::parttime::{self, CellClock};
use crate::product;
use crate::quality;
use crate::timeaxis;
use crate::vectors;

/// How the values of a field come about.
#[derive(Clone, Debug)]
pub enum Expr {
    /// One variable.
    One(Operand),
    /// `hypot(u, v)`.
    Magnitude(Operand, Operand),
    /// Sum.
    Sum(Vec<Operand>),
    /// An expression of a product file, with its variables in order.
    Formula(Formula, Vec<Operand>),
    /// The part towards true east (or north) of a vector along the axes of a grid.
    Turned {
        /// Along the columns.
        x: Operand,
        /// Along the rows.
        y: Operand,
        /// Towards north; else east.
        north: bool,
        /// Whose axes.
        grid: Arc<Geolocation>,
    },
}

impl Expr {
    /// Variables used, in order.
    pub fn operands(&self) -> Vec<&Operand> {
        match self {
            Self::One(a) => vec![a],
            Self::Magnitude(a, b) | Self::Turned { x: a, y: b, .. } => vec![a, b],
            Self::Sum(v) | Self::Formula(_, v) => v.iter().collect(),
        }
    }

    /// The value of a cell from those of the operands.
    #[inline]
    pub fn combine(&self, v: &[f64], row: usize, col: usize) -> f64 {
        match self {
            Self::One(_) => v[0],
            Self::Magnitude(..) => v[0].hypot(v[1]),
            Self::Sum(_) => v.iter().sum(),
            Self::Formula(formula, _) => formula.value(v),
            Self::Turned { north, grid, .. } => {
                // Axes are looked up only where there is something to turn.
                if v[0].is_nan() || v[1].is_nan() {
                    return f64::NAN;
                }
                let k = usize::from(*north);
                vectors::axes_at(grid, row, col).map_or(f64::NAN, |[x, y]| v[0] * x[k] + v[1] * y[k])
            }
        }
    }
}

/// A field of a part.
#[derive(Clone, Debug)]
pub struct Field {
    /// Description.
    pub info: FieldInfo,
    /// Values.
    pub expr: Expr,
    /// Conditions for showing a cell.
    pub keep: Vec<(Condition, Operand)>,
}

/// One geometry with its fields.
pub struct Part {
    /// Name.
    pub name: String,
    /// Positions, as found in the names.
    pub geom: Geom,
    /// Kind they turned out to be.
    pub kind: GeometryKind,
    /// `[rows, cols]`.
    pub shape: [usize; 2],
    /// Dimension of the time steps.
    pub step_dim: Option<usize>,
    /// Times of the steps.
    pub step_times: Vec<Option<Time>>,
    /// Time of cells, rows or of the whole.
    pub clock: Option<CellClock>,
    /// Time covered.
    pub span: Option<TimeSpan>,
    /// Fields, best first.
    pub fields: Vec<Field>,
    /// Positions: every one, or tie points of a large swath when it was planned for a picture.
    pub geolocation: Arc<Geolocation>,
    /// `geolocation` is tie points only.
    pub tied: bool,
    /// Every position, read when somebody asks, where `geolocation` is tie points.
    whole: OnceCell<Arc<Geolocation>>,
    /// Tie points of a large swath, enough for a picture, beside every position in `geolocation`.
    pub light: Option<Geolocation>,
}

impl Part {
    /// Positions enough for a picture.
    pub fn picture(&self) -> &Geolocation {
        self.light.as_ref().unwrap_or(&self.geolocation)
    }

    /// Every position, when it is in memory.
    pub fn whole(&self) -> Option<&Geolocation> {
        if self.tied { self.whole.get().map(|g| &**g) } else { Some(&self.geolocation) }
    }

    /// Every position, read now where that was put off.
    pub fn read_whole(&self, ds: &Dataset) -> Result<&Geolocation> {
        if let (true, None, Geolocation::Swath(ties)) = (self.tied, self.whole.get(), &*self.geolocation) {
            let located = geoloc::locate(ds, &[], &self.geom, ties.time_us.clone(), Some(self.kind), Demand::All)?;
            return Ok(self.whole.get_or_init(|| Arc::new(located.geolocation)));
        }
        Ok(self.whole().unwrap_or(&self.geolocation))
    }

    /// Bytes of positions held.
    pub fn position_bytes(&self) -> usize {
        self.geolocation.byte_len()
            + self.whole.get().map_or(0, |g| g.byte_len())
            + self.light.as_ref().map_or(0, Geolocation::byte_len)
    }
}

/// Everything `Request::Open` tells, and what later requests need.
pub struct Plan {
    /// Parts, the one with the best field first.
    pub parts: Vec<Part>,
    /// Sentences for the user.
    pub notes: Vec<String>,
}

/// Sorts a file into parts, with every position.
pub fn plan(ds: &Dataset, product: Option<&Product>) -> Result<Plan> {
    plan_for(ds, product, Demand::All)
}

/// Sorts a file into parts, with the positions demanded.
pub fn plan_for(ds: &Dataset, product: Option<&Product>, demand: Demand) -> Result<Plan> {
    let links = links::find(ds);
    let mut finder = Finder::new(ds, &links);
    if let Some(p) = product {
        finder.named = p.geolocation.lon.clone().zip(p.geolocation.lat.clone());
        // Rows without times of their own make no other positions.
        finder.kind =
            p.geolocation.kind.map(|k| if k == GeometryKind::CurvilinearGrid { GeometryKind::Swath } else { k });
    }
    let mut notes = ds.notes.clone();
    let (mut groups, skipped) = group(ds, &links, &finder, false, &mut notes);
    if groups.is_empty() {
        // Positions and times alone are worth a track.
        groups = group(ds, &links, &finder, true, &mut notes).0;
    }
    let mut parts = Vec::new();
    let mut failures: Vec<ReadFailure> = Vec::new();
    for g in groups {
        match build(ds, &links, product, g, demand, &mut notes) {
            Ok(part) => parts.push(part),
            Err(e) => failures.push(e),
        }
    }
    parts.retain(|p| !p.fields.is_empty());
    if parts.is_empty() {
        return Err(explain(ds, &finder, failures, &skipped));
    }
    for e in failures {
        notes.push(e.message);
    }
    if demand == Demand::Picture && product.is_none() {
        let mut flat = flat::demote(ds, &mut parts);
        if flat.is_none() {
            // Nothing measured varies: of a track, when it was where is still worth seeing.
            let timed = group(ds, &links, &finder, true, &mut notes).0.into_iter();
            let timed = timed.map(|g| build(ds, &links, product, g, demand, &mut notes));
            let mut timed: Vec<Part> = timed.filter_map(Result::ok).filter(|p| !p.fields.is_empty()).collect();
            flat = flat::demote(ds, &mut timed);
            parts = if flat.is_some() { timed } else { parts };
        }
        if let Some(names) = flat.filter(|names| !names.is_empty()) {
            notes.push(format!("One value or none everywhere, hence listed last: {}.", names.join(", ")));
        }
    }
    for p in &mut parts {
        quality::link(ds, p);
        p.fields.sort_by_key(|f| std::cmp::Reverse(f.info.rank));
    }
    parts.sort_by_key(|p| std::cmp::Reverse(p.fields.iter().map(|f| f.info.rank).max()));
    name_parts(ds, &mut parts);
    let mut seen = HashSet::new();
    notes.retain(|n| seen.insert(n.clone()));
    notes.truncate(40);
    Ok(Plan { parts, notes })
}

struct Group {
    geom: Geom,
    step_dim: Option<usize>,
    vars: Vec<usize>,
}

/// Variables that describe others and are not fields themselves.
fn auxiliary(ds: &Dataset, links: &[Link], finder: &Finder<'_>) -> HashSet<usize> {
    let mut out: HashSet<usize> = links.iter().map(|l| l.var).collect();
    for (k, v) in ds.vars.iter().enumerate() {
        for key in ["bounds", "climatology", "grid_mapping", "nodes"] {
            for word in v.text(key).iter().flat_map(|t| t.split([' ', ':'])) {
                out.extend(ds.resolve(&v.group, word));
            }
        }
        let name = v.name.to_ascii_lowercase();
        let is_axis = v.dims.len() == 1 && ds.coordinate_of(v.dims[0]) == Some(k);
        let is_bounds = ["_bnds", "_bounds", "_vertices"].iter().any(|w| name.ends_with(w));
        if v.ty.is_none()
            || is_axis
            || is_bounds
            || finder.is_position(k)
            || cf::is_time(v)
            || v.attr("grid_mapping_name").is_some()
            || mesh::describes(v)
        {
            out.insert(k);
        }
    }
    out
}

/// Variables by geometry. The second result tells why variables were left out, for the case that nothing remains.
fn group(
    ds: &Dataset,
    links: &[Link],
    finder: &Finder<'_>,
    times_too: bool,
    notes: &mut Vec<String>,
) -> (Vec<Group>, Skipped) {
    let mut aux = auxiliary(ds, links, finder);
    if times_too {
        aux.retain(|k| !(cf::is_time(&ds.vars[*k]) && cf::time_score(&ds.vars[*k]) > 0));
    }
    let mut groups: Vec<Group> = Vec::new();
    let mut skipped = Skipped::default();
    for (k, v) in ds.vars.iter().enumerate() {
        if aux.contains(&k) {
            continue;
        }
        skipped.numeric += 1;
        if let Some(d) = v.dims.iter().find(|d| ds.dims[**d].len == 0) {
            skipped.empty_dim = Some(ds.dims[*d].name.clone());
            continue;
        }
        for geom in finder.find(k) {
            let used = geom.dims();
            let understood = |d: &usize| {
                timeaxis::of_dim(ds, *d).is_some_and(|t| match timeaxis::clock(ds, t) {
                    Ok(_) => true,
                    Err(e) => {
                        notes.push(format!("The times are not understood: {e}."));
                        false
                    }
                })
            };
            let free = |d: &usize| !used.contains(d) && (2..=MAX_STEPS).contains(&ds.dims[*d].len);
            let step_dim = v.dims.iter().copied().filter(free).find(understood);
            let cells: usize =
                v.dims.iter().filter(|d| used.contains(d)).map(|d| ds.dims[*d].len).fold(1, usize::saturating_mul);
            if cells > MAX_CELLS {
                skipped.too_large = Some(too_large(ds, k));
                notes.push(too_large(ds, k));
                continue;
            }
            match groups.iter_mut().find(|g| g.geom == geom && g.step_dim == step_dim) {
                Some(g) => g.vars.push(k),
                None => groups.push(Group { geom, step_dim, vars: vec![k] }),
            }
        }
    }
    (merge_static(groups), skipped)
}

fn too_large(ds: &Dataset, var: usize) -> String {
    let shape: Vec<String> = ds.shape(var).iter().map(ToString::to_string).collect();
    format!(
        "{} declares {} cells; fields of more than {} thousand million cells are not shown.",
        ds.vars[var].path,
        shape.join(" × "),
        MAX_CELLS >> 30
    )
}

/// Fields without time steps join those with steps on the same positions.
fn merge_static(mut groups: Vec<Group>) -> Vec<Group> {
    let mut k = 0;
    while k < groups.len() {
        let home = if groups[k].step_dim.is_none() {
            groups.iter().position(|g| g.geom == groups[k].geom && g.step_dim.is_some())
        } else {
            None
        };
        match home {
            Some(h) => {
                let moved = std::mem::take(&mut groups[k].vars);
                groups[h].vars.extend(moved);
                groups.remove(k);
            }
            None => k += 1,
        }
    }
    groups
}

fn build(
    ds: &Dataset,
    links: &[Link],
    product: Option<&Product>,
    g: Group,
    demand: Demand,
    notes: &mut Vec<String>,
) -> Result<Part> {
    let frame = Frame { geom: &g.geom, step_dim: g.step_dim };
    let times = parttime::of_group(ds, links, product, frame, &g.vars, notes)?;
    let wanted = product.and_then(|p| p.geolocation.kind);
    let by_cells = matches!(&g.geom, Geom::Swath { .. } | Geom::Grid { .. } | Geom::Projected { .. });
    // A product whose granules begin and end is of an instrument.
    let told =
        cf::feature_type(ds).as_deref() == Some("swath") || product.is_some_and(|p| !p.time.attributes.is_empty());
    let scanned = !by_cells || told || !times.cell_us.is_empty();
    let located = geoloc::locate(ds, links, &g.geom, times.cell_us, wanted, demand)?;
    notes.extend(located.notes);
    // Positions in two dimensions that no instrument scanned one row after the other: a grid of a model, or of a map.
    let kind = match (located.kind, wanted) {
        (GeometryKind::Swath, None | Some(GeometryKind::CurvilinearGrid)) if !scanned => GeometryKind::CurvilinearGrid,
        (kind, _) => kind,
    };
    let raster = kind.is_raster();
    let shape = located.geolocation.shape();
    let mut out = Vec::new();
    for var in g.vars {
        let (packing, mut said) = Packing::of(&ds.vars[var]);
        notes.append(&mut said);
        let (operand, extra) = Operand::new(ds, frame, var, packing);
        let info = fields::describe(ds, &operand, &extra, raster);
        out.push(Field { info, expr: Expr::One(operand), keep: Vec::new() });
    }
    let mut part = Part {
        name: String::new(),
        geom: g.geom,
        kind,
        shape,
        step_dim: g.step_dim,
        step_times: times.steps,
        clock: times.clock,
        span: times.span,
        fields: out,
        light: match &located.geolocation {
            Geolocation::Swath(swath) if demand == Demand::Picture && !located.tied => {
                swath.decimated(LIGHT_TOLERANCE_CELLS).map(Geolocation::Swath)
            }
            _ => None,
        },
        geolocation: Arc::new(located.geolocation),
        tied: located.tied,
        whole: OnceCell::new(),
    };
    if let Some(p) = product {
        product::apply(p, ds, &mut part);
    }
    vectors::link(product, &mut part);
    Ok(part)
}

fn name_parts(ds: &Dataset, parts: &mut [Part]) {
    if parts.len() < 2 {
        return;
    }
    let group_of = |p: &Part| {
        let var = p.fields.first().map(|f| f.info.variable.clone()).unwrap_or_default();
        var.rsplit_once('/').map(|(g, _)| g.to_owned()).unwrap_or_default()
    };
    let groups: Vec<String> = parts.iter().map(group_of).collect();
    let distinct: HashSet<&String> = groups.iter().collect();
    let by_group = distinct.len() == parts.len();
    for (p, group) in parts.iter_mut().zip(groups) {
        let mut dims: Vec<String> = p.geom.dims().iter().map(|d| ds.dims[*d].name.clone()).collect();
        if let Geom::Swath { lead: Some((_, k)), .. } = &p.geom {
            dims[0] = format!("{} {}", dims[0], k + 1);
        }
        dims.extend(p.step_dim.map(|d| ds.dims[d].name.clone()));
        p.name = if by_group && !group.is_empty() { group } else { dims.join(" × ") };
    }
}

#[derive(Default)]
struct Skipped {
    numeric: usize,
    empty_dim: Option<String>,
    too_large: Option<String>,
}

/// Why there is nothing to show, in one sentence.
fn explain(ds: &Dataset, finder: &Finder<'_>, mut failures: Vec<ReadFailure>, skipped: &Skipped) -> ReadFailure {
    if let Some(k) = failures.iter().position(|f| f.kind == FailureKind::TooLarge) {
        return failures.swap_remove(k);
    }
    if let Some(text) = &skipped.too_large {
        return fail(FailureKind::TooLarge, text.clone());
    }
    if let Some(first) = failures.into_iter().next() {
        return first;
    }
    let nothing = |text: String| fail(FailureKind::NothingToShow, text);
    if ds.vars.is_empty() {
        return nothing("The file holds no variables.".to_owned());
    }
    let empty = ds.vars.iter().flat_map(|v| &v.dims).find(|d| ds.dims[**d].len == 0);
    if let (0, Some(dim)) = (skipped.numeric, empty) {
        return nothing(format!(
            "The dimension {} has length 0: the file is complete, but holds no data.",
            ds.dims[*dim].name
        ));
    }
    if skipped.numeric == 0 {
        return nothing("The file holds coordinates, times or texts, but no other numbers to show.".to_owned());
    }
    if let Some(dim) = &skipped.empty_dim {
        return nothing(format!("The dimension {dim} has length 0: the file is complete, but holds no data."));
    }
    if let Some(said) = ds.notes.iter().find(|n| n.contains(mesh::FESOM_MESH)) {
        return nothing(said.clone());
    }
    match finder.has_positions() {
        (false, false) => nothing(
            "No longitudes and latitudes were found (neither by coordinates, axis, standard_name, units nor name), so the data have no place.".to_owned(),
        ),
        (false, true) => nothing("No longitudes were found, only latitudes, so the data have no place.".to_owned()),
        (true, false) => nothing("No latitudes were found, only longitudes, so the data have no place.".to_owned()),
        (true, true) => nothing(
            "The longitudes and latitudes of the file share no dimension with any other variable, so the data have no place.".to_owned(),
        ),
    }
}
