//! Which field of a part says how good the values of another are.

use seaglass_core::field::FieldKind;

use crate::dataset::Dataset;
use crate::parts::{Field, Part};

/// Tells every field its quality field: of those its variable names in `ancillary_variables` (CF 1.11 §3.4) the first with
/// meanings, names with `qual` or `flag` before others; else the one the product's mask looks at, for this field or for
/// another of the same variable.
pub fn link(ds: &Dataset, part: &mut Part) {
    let mut flags: Vec<(String, String)> = Vec::new();
    let mut masks: Vec<(usize, String)> = Vec::new();
    for field in &part.fields {
        if matches!(field.info.kind, FieldKind::Flags { .. }) && field.keep.is_empty() {
            flags.push((field.info.variable.clone(), field.info.name.clone()));
        }
        for (_, o) in &field.keep {
            let looked_at = &ds.vars[o.var].path;
            masks.extend(field.expr.operands().iter().map(|of| (of.var, looked_at.clone())));
        }
    }
    for field in &mut part.fields {
        field.info.hides_cells = !field.keep.is_empty();
        let named = |var: &str| flags.iter().find(|(v, _)| v == var).map(|(_, name)| name.clone());
        let found = ancillary(ds, field).into_iter().find_map(|v| named(&v));
        let found = found.or_else(|| field.keep.iter().find_map(|(_, o)| named(&ds.vars[o.var].path)));
        let own: Vec<usize> = field.expr.operands().iter().map(|o| o.var).collect();
        let found = found.or_else(|| masks.iter().filter(|(of, _)| own.contains(of)).find_map(|(_, v)| named(v)));
        field.info.quality = found.filter(|name| *name != field.info.name);
    }
}

/// Paths of the ancillary variables of a field, the likely ones first.
fn ancillary(ds: &Dataset, field: &Field) -> Vec<String> {
    let mut paths = Vec::new();
    for operand in field.expr.operands() {
        let var = &ds.vars[operand.var];
        let group = var.path.rsplit_once('/').map_or("", |(g, _)| g);
        let names = var.text("ancillary_variables").unwrap_or_default();
        let known = names.split_whitespace().filter_map(|n| ds.resolve(group, n));
        paths.extend(known.map(|k| ds.vars[k].path.clone()));
    }
    paths.sort_by_key(|p| !["qual", "flag"].iter().any(|w| p.to_ascii_lowercase().contains(w)));
    paths
}
