//! Product files: does one fit, and what does it change.

use seaglass_core::formula::Formula;
use seaglass_core::product::{Condition, FieldRule, Product, glob_matches};

use crate::dataset::Dataset;
use crate::idf;
use crate::operand::{DimRole, Frame, Operand};
use crate::packing::Packing;
use crate::parts::{Expr, Field, Part};

/// Rank of the first field a product names; the next has one less.
const FIRST_RANK: i32 = 1000;

/// Whether the product claims the file, by name, attributes and variables. Files converted for SEAScope keep the names of
/// their sources but not their structure: a product must name the folder or an `idf_` attribute to claim them.
pub fn claims(product: &Product, ds: &Dataset) -> bool {
    let name = &ds.name;
    let m = &product.matching;
    let means_idf = m.folder.is_some() || m.attributes.keys().any(|k| k.starts_with("idf_"));
    (means_idf || !idf::is_idf(ds))
        && (m.files.is_empty() || m.files.iter().any(|g| glob_matches(g, name)))
        && m.attributes.iter().all(|(key, glob)| ds.global(key).is_some_and(|text| glob_matches(glob, &text)))
        && m.variables.iter().all(|path| ds.vars.iter().any(|v| names(path, &v.path)))
}

/// Whether a name in a product file means the variable of that path: a path, or `*/name` in any group.
pub fn names(rule: &str, path: &str) -> bool {
    match rule.strip_prefix("*/") {
        Some(name) => path == name || path.ends_with(&format!("/{name}")),
        None => rule.trim_start_matches('/') == path,
    }
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Adds the fields of the product to a part and takes away what it hides.
pub fn apply(product: &Product, ds: &Dataset, part: &mut Part) {
    part.fields.retain(|f| {
        let path = &f.info.variable;
        !product.hide.iter().any(|h| names(h, path) || glob_matches(h, path) || glob_matches(h, last(path)))
    });
    if product.fields.iter().any(|r| r.variable.as_deref().is_some_and(|v| v.starts_with("*/"))) {
        let names: Vec<String> = part.fields.iter().map(|f| last(&f.info.name).to_owned()).collect();
        for (field, name) in part.fields.iter_mut().zip(&names) {
            if names.iter().filter(|n| *n == name).count() == 1 {
                field.info.name.clone_from(name);
            }
        }
    }
    let mut named: Vec<Field> = Vec::new();
    for (k, rule) in product.fields.iter().enumerate() {
        if let Some(mut field) = make(rule, ds, part) {
            field.info.rank = FIRST_RANK - k as i32;
            if named.iter().all(|f| f.info.name != field.info.name) {
                named.push(field);
            }
        }
    }
    // A variable under its plain rule is that field; under a second name (with a mask, say) it stays available too.
    let plain = |f: &Field| {
        named.iter().any(|n| {
            n.info.name == f.info.name
                || (n.keep.is_empty() && matches!((&n.expr, &f.expr), (Expr::One(a), Expr::One(b)) if a.var == b.var))
        })
    };
    part.fields.retain(|f| !plain(f));
    part.fields.extend(named);
}

fn make(rule: &FieldRule, ds: &Dataset, part: &Part) -> Option<Field> {
    let find = |name: &str| {
        part.fields
            .iter()
            .find(|f| matches!(&f.expr, Expr::One(_)) && f.keep.is_empty() && names(name, &f.info.variable))
    };
    let operand = |f: &Field| match &f.expr {
        Expr::One(o) => Some(o.clone()),
        _ => None,
    };
    let (first, expr) = if let Some([u, v]) = &rule.magnitude {
        let (u, v) = (find(u)?, find(v)?);
        (u, Expr::Magnitude(operand(u)?, operand(v)?))
    } else if let Some(text) = &rule.expression {
        // A product file that makes no sense is refused before; here its field is only left out.
        let formula = Formula::parse(text).ok()?;
        let terms: Option<Vec<&Field>> = formula.variables().iter().map(|n| find(n)).collect();
        let terms = terms?;
        let first = *terms.first()?;
        (first, Expr::Formula(formula, terms.into_iter().filter_map(operand).collect()))
    } else if !rule.sum.is_empty() {
        let terms: Option<Vec<&Field>> = rule.sum.iter().map(|n| find(n)).collect();
        let terms = terms?;
        (*terms.first()?, Expr::Sum(terms.into_iter().filter_map(operand).collect()))
    } else {
        let f = find(rule.variable.as_deref().or(rule.name.as_deref())?)?;
        (f, f.expr.clone())
    };
    let mut field = Field { info: first.info.clone(), expr, keep: Vec::new() };
    for condition in &rule.keep {
        field.keep.push((condition.clone(), condition_operand(ds, part, first, condition)?));
    }
    let info = &mut field.info;
    let derived = rule.magnitude.is_some() || !rule.sum.is_empty() || rule.expression.is_some();
    info.name = rule.name.clone().unwrap_or_else(|| last(&info.variable).to_owned());
    info.derived |= derived;
    if derived {
        info.standard_name = None;
        info.valid_range = None;
        info.long_name = None;
    }
    info.long_name = rule.title.clone().or(info.long_name.take());
    info.standard_name = rule.standard_name.clone().or(info.standard_name.take());
    if let Some(units) = &rule.units {
        info.units.clone_from(units);
    }
    info.style = rule.style.clone();
    if let Some(channels) = &rule.rgb {
        info.components = channels.to_vec();
    }
    Some(field)
}

/// The variable of a condition, sought beside the field's own.
fn condition_operand(ds: &Dataset, part: &Part, first: &Field, condition: &Condition) -> Option<Operand> {
    let group = first.info.variable.rsplit_once('/').map_or("", |(g, _)| g);
    let name = condition.variable.trim_start_matches("*/");
    let var = ds.resolve(group, name)?;
    ds.vars[var].ty?;
    let frame = Frame { geom: &part.geom, step_dim: part.step_dim };
    let (mut operand, extra) = Operand::new(ds, frame, var, Packing::of(&ds.vars[var]).0);
    // Levels of the mask are those of the field, where the same one is chosen; with others it is no mask of these cells.
    let own = *first.expr.operands().first()?;
    for role in &mut operand.roles {
        if let DimRole::Extra(k) = role {
            let dim = extra.get(*k)?;
            let at = ds.vars[own.var].dims.iter().position(|d| d == dim)?;
            *role = *own.roles.get(at).filter(|r| matches!(r, DimRole::Extra(_)))?;
        }
    }
    Some(operand)
}
