//! What a field is called, what its values mean, and how interesting it is.

use seaglass_core::field::{ExtraDim, FieldInfo, FieldKind, Flag};

use crate::attr::Attr;
use crate::dataset::{Dataset, Var};
use crate::interest;
use crate::level;
use crate::operand::Operand;

/// Longest coordinate listed with an extra dimension.
const MAX_EXTRA_VALUES: usize = 1000;

/// The description of a variable as CF gives it.
pub fn describe(ds: &Dataset, operand: &Operand, extra_dims: &[usize], raster: bool) -> FieldInfo {
    let v = &ds.vars[operand.var];
    let p = &operand.packing;
    FieldInfo {
        name: v.path.clone(),
        variable: v.path.clone(),
        long_name: v.text("long_name").or_else(|| v.text("title")),
        standard_name: v.text("standard_name"),
        units: v.units().unwrap_or_default(),
        // Scaled numbers with marks for "no data" among them (RSS products) are numbers.
        kind: if p.is_packed() { FieldKind::Scalar } else { kind(v) },
        extra_dims: extra_dims.iter().map(|d| extra_dim(ds, *d, v)).collect(),
        has_time: operand.has_step(),
        packing_step: (p.scale != 1.0 && !p.ty.is_float()).then_some(p.scale.abs()),
        valid_range: p.valid_range(),
        style: v.style.clone(),
        rank: interest::rank(v, raster, extra_dims.len()),
        derived: false,
        quality: None,
        components: v.components.clone(),
        hides_cells: false,
    }
}

fn extra_dim(ds: &Dataset, dim: usize, along: &Var) -> ExtraDim {
    let d = &ds.dims[dim];
    let numeric = |k: &usize| ds.vars[*k].ty.is_some() && d.len <= MAX_EXTRA_VALUES;
    // A vertical coordinate may be called otherwise than its dimension (`gdept_1d(z)`, `depth(s_rho)`).
    let named = || {
        let listed = along.text("coordinates").unwrap_or_default();
        listed.split_whitespace().filter_map(|w| ds.resolve(&along.group, w)).find(|k| ds.vars[*k].dims == [dim])
    };
    let coordinate = ds.coordinate_of(dim).or_else(named).filter(numeric);
    let values = coordinate.and_then(|k| {
        let raw = ds.read_all(k, MAX_EXTRA_VALUES).ok()?;
        Some(crate::packing::Packing::of(&ds.vars[k]).0.without_range().all(&raw))
    });
    // JSON has no NaN: a coordinate with gaps is not offered.
    let values = values.filter(|v| v.iter().all(|x| x.is_finite())).unwrap_or_default();
    let vertical = level::of(&d.name, coordinate.map(|k| &ds.vars[k]));
    ExtraDim {
        name: d.name.clone(),
        size: d.len,
        first: vertical.map_or(0, |v| v.surface(&values, d.len)),
        vertical: vertical.is_some(),
        values,
        units: coordinate.and_then(|k| ds.vars[k].units()).unwrap_or_default(),
    }
}

/// CF §3.5. Masks that are no single bits are values under the wrong name (SWOT L3 `quality_flag`).
fn kind(v: &Var) -> FieldKind {
    let list = |name: &str| v.attr(name).and_then(Attr::numbers).unwrap_or_default();
    let (mut values, mut masks) = (list("flag_values"), list("flag_masks"));
    let text = v.text("flag_meanings").unwrap_or_default();
    let meanings: Vec<&str> = text.split([' ', '\n', '\t', '\r']).filter(|w| !w.is_empty()).collect();
    if meanings.is_empty() || (values.is_empty() && masks.is_empty()) {
        return FieldKind::Scalar;
    }
    if values.is_empty() && !masks.iter().all(|m| *m > 0.0 && (*m as u64).is_power_of_two()) {
        values = std::mem::take(&mut masks);
    }
    let n = meanings.len().min(values.len().max(masks.len()));
    let flags = (0..n).filter_map(|k| {
        let mask = masks.get(k).map(|m| *m as i64);
        let value = values.get(k).map(|x| *x as i64).or(mask)?;
        Some(Flag { value, mask, meaning: meanings[k].trim_matches(',').to_owned() })
    });
    FieldKind::Flags { flags: flags.collect() }
}
