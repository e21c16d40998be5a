//! Columns by name, and the parts that have them.

use seaglass_core::columns::OutlineAsk;

use crate::dataset::Dataset;
use crate::error::{Result, bad_request};
use crate::fields;
use crate::operand::{Frame, Operand};
use crate::packing::Packing;
use crate::parts::{Expr, Field, Part, Plan};

/// Names listed when one is not found.
const SUGGESTIONS: usize = 3;

/// A column that was found.
pub struct Sought {
    /// The field.
    pub field: Field,
    /// Index along each of its further dimensions.
    pub extra: Vec<usize>,
}

/// The parts that have all columns, with these.
pub fn parts_with(ds: &Dataset, plan: &Plan, ask: &OutlineAsk) -> Result<Vec<(usize, Vec<Sought>)>> {
    let named = |p: &Part| ask.part.as_ref().is_none_or(|name| p.name == *name);
    if !plan.parts.iter().any(named) {
        let names: Vec<&str> = plan.parts.iter().map(|p| p.name.as_str()).collect();
        return Err(bad_request(format!(
            "The file has no part \"{}\"; its parts are: {}.",
            ask.part.as_deref().unwrap_or_default(),
            names.join("; ")
        )));
    }
    let mut found = Vec::new();
    let mut first_error = None;
    for (k, part) in plan.parts.iter().enumerate().filter(|(_, p)| named(p)) {
        let all: Result<Vec<Sought>> = ask.columns.iter().map(|name| column(ds, part, name, &ask.index)).collect();
        match all.and_then(|all| super::check_size(part).map(|()| all)) {
            Ok(all) => found.push((k, all)),
            Err(e) => first_error = first_error.or(Some(e)),
        }
    }
    let image = found.first().is_some_and(|(k, _)| super::is_image(plan.parts[*k].kind));
    if !image || ask.columns.is_empty() {
        // The 1 Hz and the 20 Hz samples of an altimeter are no two halves of one thing.
        found.truncate(1);
    }
    found.retain(|(k, _)| super::is_image(plan.parts[*k].kind) == image);
    match first_error {
        _ if !found.is_empty() => Ok(found),
        Some(e) if ask.columns.len() < 2 => Err(e),
        _ => Err(explain(ds, plan, ask)),
    }
}

/// Each column is somewhere, but not all on one geometry; or one is nowhere.
fn explain(ds: &Dataset, plan: &Plan, ask: &OutlineAsk) -> seaglass_core::protocol::ReadFailure {
    for name in &ask.columns {
        let mut errors = plan.parts.iter().filter_map(|p| column(ds, p, name, &ask.index).err());
        let missing = plan.parts.iter().all(|p| column(ds, p, name, &ask.index).is_err());
        if missing && let Some(e) = errors.next() {
            return e;
        }
    }
    bad_request(format!("{} do not lie on the same cells; name fields of one part.", ask.columns.join(", ")))
}

/// The field of that name, else the field of that variable, else a variable that is not offered as a field.
pub fn column(ds: &Dataset, part: &Part, name: &str, index: &[(String, usize)]) -> Result<Sought> {
    let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let by = |fits: &dyn Fn(&Field) -> bool| part.fields.iter().find(|f| fits(f)).cloned();
    let field = by(&|f| f.info.name == name)
        .or_else(|| by(&|f| f.info.variable == name.trim_start_matches('/') && matches!(f.expr, Expr::One(_))))
        .or_else(|| by(&|f| last(&f.info.variable) == name && matches!(f.expr, Expr::One(_))))
        .or_else(|| variable(ds, part, name));
    let Some(field) = field else { return Err(unknown(part, name)) };
    let mut extra = Vec::new();
    for dim in &field.info.extra_dims {
        let k = index.iter().find(|(d, _)| d == last(&dim.name).as_str() || *d == dim.name).map_or(0, |i| i.1);
        if k >= dim.size {
            return Err(bad_request(format!("{name} has {} values along {}; there is no {k}.", dim.size, dim.name)));
        }
        extra.push(k);
    }
    Ok(Sought { field, extra })
}

/// A variable on the cells of the part that no field shows (a flag the product hides).
fn variable(ds: &Dataset, part: &Part, name: &str) -> Option<Field> {
    let beside = part.fields.first().map(|f| f.info.variable.clone()).unwrap_or_default();
    let group = beside.rsplit_once('/').map_or("", |(g, _)| g);
    let var = ds.resolve(group, name)?;
    ds.vars[var].ty?;
    let frame = Frame { geom: &part.geom, step_dim: part.step_dim };
    let (operand, extra) = Operand::new(ds, frame, var, Packing::of(&ds.vars[var]).0);
    let own = part.geom.dims();
    let on_cells = ds.vars[var].dims.iter().any(|d| own.contains(d) || Some(*d) == part.step_dim);
    if !on_cells || !extra.is_empty() {
        return None;
    }
    let info = fields::describe(ds, &operand, &extra, part.kind.is_raster());
    Some(Field { info, expr: Expr::One(operand), keep: Vec::new() })
}

fn unknown(part: &Part, name: &str) -> seaglass_core::protocol::ReadFailure {
    let mut names: Vec<(usize, &str)> =
        part.fields.iter().map(|f| (distance(name, &f.info.name), f.info.name.as_str())).collect();
    names.sort();
    let near: Vec<&str> = names.iter().map(|n| n.1).take(SUGGESTIONS).collect();
    bad_request(format!("There is no field \"{name}\"; near names are {}.", near.join(", ")))
}

/// Levenshtein's distance without regard to case; what is contained is near.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
    if !a.is_empty() && (b.contains(&a) || a.contains(&b)) {
        return 1;
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = before + usize::from(x != *y);
            before = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(before + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn near_names() {
        assert_eq!(distance("kitten", "sitting"), 3); // the usual example
        assert_eq!(distance("ssha", "SSHA_karin"), 1);
        assert_eq!(distance("", "abc"), 3);
    }
}
