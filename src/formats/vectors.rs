//! Which fields of a part are the components of a vector, towards true east and true north.
//!
//! A product says so (`magnitude`, or a speed with `from` or `towards`); else CF does (`eastward_…` and `northward_…`,
//! `x_…` and `y_…`, a speed and its direction), else the names. What a file has in another form (along the axes of a
//! grid, as speed and direction) is offered as two more fields, last in every list.

use std::sync::Arc;

use seaglass_core::field::FieldInfo;
use seaglass_core::formula::Formula;
use seaglass_core::geolocation::Geolocation;
use seaglass_core::granule::GeometryKind;
use seaglass_core::product::{FieldRule, Product};
use seaglass_core::vector::{Convention, knots_per_unit};

use crate::operand::Operand;
use crate::parts::{Expr, Field, Part};
use crate::product::names;

/// Rank of components made up here: below everything else.
const LAST: i32 = -10_000;
/// Words of names that are not the vector itself.
const ABOUT: [&str; 9] = ["err", "error", "std", "rms", "uncert", "bias", "flag", "qc", "count"];

/// Tells vectors their components, and offers the speed of those that have none.
pub fn link(product: Option<&Product>, part: &mut Part) {
    for rule in product.iter().flat_map(|p| &p.fields) {
        by_rule(rule, part);
    }
    let magnitudes: Vec<usize> =
        (0..part.fields.len()).filter(|k| matches!(part.fields[*k].expr, Expr::Magnitude(..))).collect();
    for k in magnitudes {
        if let Expr::Magnitude(u, v) = &part.fields[k].expr {
            let pair = (of_variable(part, u.var), of_variable(part, v.var));
            let (u, v) = (u.clone(), v.clone());
            let components = match pair {
                (Some(u), Some(v)) => {
                    let found = components(part, u, v);
                    // They have their speed: it is not offered once more under another name.
                    for k in [u, v] {
                        part.fields[k].info.components.clone_from(found.as_ref().unwrap_or(&Vec::new()));
                    }
                    found
                }
                // Hidden by the product: they come back last.
                _ => Some(added(part, k, [Expr::One(u), Expr::One(v)])),
            };
            part.fields[k].info.components = components.unwrap_or_default();
        }
    }
    for (u, v) in pairs(part) {
        if part.fields[u].info.components.is_empty() && part.fields[v].info.components.is_empty() {
            by_components(part, u, v);
        }
    }
    for (speed, direction, convention) in directed(part) {
        if part.fields[speed].info.components.is_empty() {
            by_direction(part, speed, direction, convention);
        }
    }
}

/// The plain field of a variable.
fn of_variable(part: &Part, var: usize) -> Option<usize> {
    let plain = |f: &Field| f.keep.is_empty() && matches!(&f.expr, Expr::One(o) if o.var == var);
    part.fields.iter().position(plain)
}

fn operand(field: &Field) -> Option<Operand> {
    match &field.expr {
        Expr::One(o) => Some(o.clone()),
        _ => None,
    }
}

/// A speed whose product names its direction.
fn by_rule(rule: &FieldRule, part: &mut Part) {
    let (direction, convention) = match (&rule.from, &rule.towards) {
        (Some(d), None) => (d, Convention::From),
        (None, Some(d)) => (d, Convention::Towards),
        _ => return,
    };
    let source = rule.variable.as_deref().or(rule.name.as_deref());
    let last = |path: &str| path.rsplit('/').next().map(str::to_owned);
    let name = rule.name.clone().or_else(|| last(source?));
    let speed = part.fields.iter().position(|f| Some(&f.info.name) == name.as_ref());
    let plain = |f: &Field| matches!(f.expr, Expr::One(_)) && f.keep.is_empty();
    let direction = part.fields.iter().position(|f| plain(f) && names(direction, &f.info.variable));
    if let (Some(speed), Some(direction)) = (speed, direction) {
        by_direction(part, speed, direction, convention);
    }
}

/// Adds the components of a speed with a direction.
fn by_direction(part: &mut Part, speed: usize, direction: usize, convention: Convention) {
    let (Some(s), Some(d)) = (operand(&part.fields[speed]), operand(&part.fields[direction])) else { return };
    let sign = if convention == Convention::From { "-" } else { "" };
    let radians = part.fields[direction].info.units.to_lowercase().starts_with("rad");
    let turn = if radians { " * 57.29577951308232" } else { "" };
    let formula = |f: &str| Formula::parse(&format!("{sign}speed * {f}(direction{turn})"));
    let (Ok(east), Ok(north)) = (formula("sind"), formula("cosd")) else { return };
    let made = [Expr::Formula(east, vec![s.clone(), d.clone()]), Expr::Formula(north, vec![s, d])];
    part.fields[speed].info.components = added(part, speed, made);
}

/// Adds two fields after the model of one; gives their names.
fn added(part: &mut Part, model: usize, made: [Expr; 2]) -> Vec<String> {
    let of = part.fields[model].clone();
    let mut out = Vec::new();
    for (expr, word) in made.into_iter().zip(["east", "north"]) {
        let mut name = format!("{}_{word}", of.info.name);
        while part.fields.iter().any(|f| f.info.name == name) {
            name.push('_');
        }
        out.push(name.clone());
        let title = of.info.title();
        let info = FieldInfo {
            name,
            long_name: Some(format!("{title}, {word}ward")),
            standard_name: None,
            valid_range: None,
            rank: LAST,
            derived: true,
            style: seaglass_core::style::StyleHint {
                symmetric: Some(true),
                colormap: Some("cmocean_balance".to_owned()),
                ..Default::default()
            },
            components: Vec::new(),
            ..of.info.clone()
        };
        part.fields.push(Field { info, expr, keep: of.keep.clone() });
    }
    out
}

/// Names of the components of a pair towards true east and north; turned ones are added where it follows the axes of a
/// grid. `None` where nobody can tell.
fn components(part: &mut Part, u: usize, v: usize) -> Option<Vec<String>> {
    let along_axes = along_axes(&part.fields[u].info);
    let geographic =
        matches!(&*part.geolocation, Geolocation::Grid(g) if g.crs == seaglass_core::geolocation::Crs::LonLat);
    if !along_axes || geographic {
        return Some(vec![part.fields[u].info.name.clone(), part.fields[v].info.name.clone()]);
    }
    if !matches!(part.kind, GeometryKind::ProjectedGrid | GeometryKind::CurvilinearGrid) {
        return None;
    }
    let (x, y) = (operand(&part.fields[u])?, operand(&part.fields[v])?);
    let turned = |north| Expr::Turned { x: x.clone(), y: y.clone(), north, grid: Arc::clone(&part.geolocation) };
    let made = [turned(false), turned(true)];
    Some(added(part, u, made))
}

/// Whether a component points along an axis of its grid (`sea_water_x_velocity`, `x_wind`).
fn along_axes(info: &FieldInfo) -> bool {
    info.standard_name.as_deref().is_some_and(|s| s.split('_').any(|w| w == "x" || w == "y"))
}

/// Tells two components and their speed, which is added, what they are.
fn by_components(part: &mut Part, u: usize, v: usize) {
    let (Some(a), Some(b)) = (operand(&part.fields[u]), operand(&part.fields[v])) else { return };
    let Some(found) = components(part, u, v) else { return };
    let (east, north) = (part.fields[u].info.clone(), part.fields[v].info.clone());
    let quantity = east.standard_name.clone().unwrap_or_default();
    let standard = [("wind", "wind_speed"), ("sea_ice", "sea_ice_speed"), ("sea_water", "sea_water_speed")]
        .into_iter()
        .find(|(word, _)| quantity.contains(word))
        .map(|(_, name)| name.to_owned());
    let group = east.variable.rsplit_once('/').map_or(String::new(), |(g, _)| format!("{g}/"));
    let short = standard.clone().unwrap_or_else(|| "speed".to_owned());
    let last = |f: &FieldInfo| f.name.rsplit('/').next().unwrap_or_default().to_owned();
    let mut name = format!("{group}{short}");
    let (east_name, north_name) = (last(&east), last(&north));
    // `wind_speed_model` of `wind_speed_model_u` and `wind_speed_model_v`.
    let shared: Vec<&str> = east_name.split('_').filter(|w| north_name.split('_').any(|n| n == *w)).collect();
    if part.fields.iter().any(|f| f.info.name == name) {
        name = match shared.contains(&"speed") {
            true => format!("{group}{}", shared.join("_")),
            false => format!("{group}{short}_{east_name}_{north_name}"),
        };
    }
    const TOWARDS: [&str; 2] = ["eastward", "x"];
    let title = match east.standard_name.as_deref() {
        Some(s) if s.split('_').any(|w| TOWARDS.contains(&w)) => {
            let of_one = |w: &&str| TOWARDS.contains(w) || ["velocity", "component"].contains(w);
            let words: Vec<&str> = s.split('_').filter(|w| !of_one(w)).collect();
            format!("{} speed", words.join(" "))
        }
        // Both components go by the name of the speed itself: which vector it is only the variables tell.
        Some(_) if shared.contains(&"speed") => shared.join(" "),
        _ => format!("Speed of {east_name} and {north_name}"),
    };
    let info = FieldInfo {
        name,
        long_name: Some(title),
        standard_name: standard,
        valid_range: None,
        style: Default::default(),
        rank: east.rank.min(north.rank) - 1,
        derived: true,
        components: found.clone(),
        ..east.clone()
    };
    part.fields.push(Field { info, expr: Expr::Magnitude(a, b), keep: Vec::new() });
    for k in [u, v] {
        part.fields[k].info.components.clone_from(&found);
    }
}

/// Fields that may be east and north of one vector.
fn pairs(part: &Part) -> Vec<(usize, usize)> {
    let free = |f: &Field| matches!(f.expr, Expr::One(_)) && f.keep.is_empty() && f.info.components.is_empty();
    let alike = |a: &FieldInfo, b: &FieldInfo| {
        let dims = |f: &FieldInfo| f.extra_dims.iter().map(|d| (d.name.clone(), d.size)).collect::<Vec<_>>();
        a.has_time == b.has_time && dims(a) == dims(b)
    };
    let about = |name: &str| name.to_lowercase().split(['_', '/']).any(|w| ABOUT.contains(&w));
    let mut out = Vec::new();
    for (u, field) in part.fields.iter().enumerate().filter(|(_, f)| free(f) && !about(&f.info.name)) {
        let others = || {
            let here = part.fields.iter().enumerate();
            here.filter(|(k, f)| *k != u && free(f) && !about(&f.info.name) && alike(&field.info, &f.info))
        };
        let wanted = northern(&field.info.name);
        let standard = field.info.standard_name.as_deref().and_then(northern_standard);
        let mut fits: Vec<usize> = match &standard {
            Some(s) => others().filter(|(_, f)| f.info.standard_name.as_ref() == Some(s)).map(|(k, _)| k).collect(),
            None => Vec::new(),
        };
        let named = others().find(|(_, f)| wanted.contains(&f.info.name)).map(|(k, _)| k);
        if fits.len() > 1 {
            fits.retain(|k| Some(*k) == named);
        }
        // By name alone only speeds, and only where rows and columns do not decide what u is.
        let known = matches!(part.kind, GeometryKind::ProjectedGrid | GeometryKind::CurvilinearGrid);
        let says = |f: &FieldInfo| knots_per_unit(&f.units).is_some();
        let by_name = named.filter(|k| {
            let (a, b) = (&field.info, &part.fields[*k].info);
            let plain = a.name.to_lowercase().contains("eastward");
            standard.is_none() && (plain || (says(a) && says(b) && a.units == b.units && !known))
        });
        out.extend(fits.first().copied().or(by_name).map(|v| (u, v)));
    }
    out
}

/// `northward_…` of `eastward_…`, `…_y_…` of `…_x_…`.
fn northern_standard(name: &str) -> Option<String> {
    let words: Vec<&str> = name.split('_').collect();
    let to = |w: &str| match w {
        "eastward" => Some("northward"),
        "x" => Some("y"),
        _ => None,
    };
    words
        .iter()
        .any(|w| to(w).is_some())
        .then(|| words.iter().map(|w| to(w).unwrap_or(w)).collect::<Vec<_>>().join("_"))
}

/// Names that the northern component of one of this name may have.
pub fn northern(path: &str) -> Vec<String> {
    /// Pairs that no rule makes.
    const PAIRS: [(&str, &str); 6] = [
        ("ve", "vn"),
        ("ewct", "nsct"),
        ("vozocrtx", "vomecrty"),
        ("vozotaux", "vometauy"),
        ("VSDX", "VSDY"),
        ("EWCT", "NSCT"),
    ];
    let (group, name) = path.rsplit_once('/').map_or(("", path), |(g, n)| (g, n));
    let mut out: Vec<String> = PAIRS.iter().filter(|(u, _)| *u == name).map(|(_, v)| (*v).to_owned()).collect();
    for (u, v) in [("eastward", "northward"), ("Eastward", "Northward"), ("zonal", "meridional"), ("east", "north")] {
        if name.contains(u) {
            out.push(name.replace(u, v));
        }
    }
    for (u, v) in [('u', 'v'), ('U', 'V'), ('x', 'y'), ('X', 'Y')] {
        if let Some(rest) = name.strip_prefix(u) {
            out.push(format!("{v}{rest}"));
        }
        if let Some(rest) = name.strip_suffix(u).filter(|r| r.ends_with('_')) {
            out.push(format!("{rest}{v}"));
        }
        let (inner, other) = (format!("_{u}_"), format!("_{v}_"));
        if name.contains(&inner) {
            out.push(name.replace(&inner, &other));
        }
    }
    out.into_iter().map(|n| if group.is_empty() { n } else { format!("{group}/{n}") }).collect()
}

/// Speeds and directions that belong together by their `standard_name`.
fn directed(part: &Part) -> Vec<(usize, usize, Convention)> {
    let plain = |f: &Field| matches!(f.expr, Expr::One(_)) && f.keep.is_empty();
    let standard = |f: &Field| f.info.standard_name.clone().unwrap_or_default();
    let mut out = Vec::new();
    for (s, field) in part.fields.iter().enumerate().filter(|(_, f)| matches!(f.expr, Expr::One(_))) {
        let name = standard(field);
        // What follows the quantity, such as "_at_10m_above_ground_level", must be the same.
        let Some((quantity, rest)) = name.split_once("_speed") else { continue };
        let names = [
            (format!("{quantity}_from_direction{rest}"), Convention::From),
            (format!("{quantity}_to_direction{rest}"), Convention::Towards),
            (format!("{quantity}_velocity_from_direction{rest}"), Convention::From),
            (format!("{quantity}_velocity_to_direction{rest}"), Convention::Towards),
            (format!("direction_of_{quantity}_velocity{rest}"), Convention::Towards),
        ];
        let speeds = part.fields.iter().filter(|f| plain(f) && standard(f) == name).count();
        let fits: Vec<(usize, Convention)> = names
            .iter()
            .flat_map(|(n, c)| {
                let here = part.fields.iter().enumerate();
                here.filter(move |(_, f)| plain(f) && standard(f) == *n).map(move |(k, _)| (k, *c))
            })
            .collect();
        // Two of a kind: a product file must say which belong together.
        if let ([(d, convention)], true) = (&fits[..], speeds <= 1) {
            out.push((s, *d, *convention));
        }
    }
    out
}

/// Directions of the axes of a grid at a cell: east and north parts of +x and of +y, each of length 1.
pub fn axes_at(grid: &Geolocation, row: usize, col: usize) -> Option<[[f64; 2]; 2]> {
    let (r, c) = (row as f64, col as f64);
    let p = grid.lonlat_from_index(r, c)?;
    let (down, along) = match grid {
        Geolocation::Grid(g) => (g.y.mean_step().signum(), g.x.mean_step().signum()),
        _ => (1.0, 1.0),
    };
    let axis = |dr: f64, dc: f64| {
        let ends = (grid.lonlat_from_index(r - dr, c - dc), grid.lonlat_from_index(r + dr, c + dc));
        let step = match ends {
            (Some(a), Some(b)) => b.ecef() - a.ecef(),
            (Some(a), None) => p.ecef() - a.ecef(),
            (None, Some(b)) => b.ecef() - p.ecef(),
            (None, None) => return None,
        };
        let (east, north) = (step.dot(p.east()), step.dot(p.north()));
        let length = east.hypot(north);
        (length > 0.0).then(|| [east / length, north / length])
    };
    Some([axis(0.0, 0.5 * along)?, axis(0.5 * down, 0.0)?])
}
