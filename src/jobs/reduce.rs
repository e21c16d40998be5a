//! Rows of results that are made of several matches.

use seaglass_coloc::aggregate::{Aggregate, Quantity, Statistic, aggregate};
use seaglass_coloc::{Matches, Reference};
use seaglass_core::field::FieldInfo;

use crate::error::{JobError, Result};
use crate::spec::{JobSpec, PolicyKind};
use crate::table::{Made, Rows};
use crate::task::{Context, Ready};
use crate::units;

/// Distance below which inverse-distance weights do not grow, metres.
const FLOOR_M: f64 = 100.0;

fn statistic(spec: &JobSpec) -> Result<Statistic> {
    let p = &spec.policy;
    let wrong = |e: String| JobError::Spec(format!("{e}."));
    Ok(match p.kind {
        PolicyKind::Median => Statistic::Median,
        PolicyKind::Std => Statistic::Sd,
        PolicyKind::Min => Statistic::Min,
        PolicyKind::Max => Statistic::Max,
        PolicyKind::Count => Statistic::Count,
        PolicyKind::Weighted => match p.power {
            Some(power) => Statistic::InverseDistance { power, floor_m: FLOOR_M },
            None => Statistic::Gaussian {
                sd_m: p.sd.as_deref().map_or(Ok(f64::INFINITY), units::length_m).map_err(wrong)?,
                sd_us: p
                    .sd_time
                    .as_deref()
                    .map_or(Ok(f64::INFINITY), |t| units::duration_us(t).map(|us| us as f64))
                    .map_err(wrong)?,
            },
        },
        _ => Statistic::Mean,
    })
}

/// Directions are averaged as angles.
pub(crate) fn quantity(info: &FieldInfo) -> Quantity {
    let degrees = matches!(info.units.trim(), "degree" | "degrees" | "deg" | "degree_true" | "degrees_true");
    let name = info.standard_name.as_deref().unwrap_or(&info.name).to_ascii_lowercase();
    if degrees && name.contains("direction") { Quantity::Angle } else { Quantity::Linear }
}

/// One row for each owner row that has matches with a value.
///
/// # Errors
/// The statistic has no meaning for a field.
pub(crate) fn rows(cx: &Context<'_>, owner: &Ready<'_>, other: &Ready<'_>, m: &Matches, out: &mut Rows) -> Result<()> {
    let statistic = statistic(cx.spec)?;
    let (own, made) = if cx.spec.reference == Reference::Secondary { (1, 0) } else { (0, 1) };
    let sign = if own == 1 { -1.0 } else { 1.0 };
    let one = |quantity: Quantity, name: &str, value: &(dyn Fn(u64) -> f64 + Sync)| -> Result<Vec<Aggregate>> {
        let done = cx.threads.install(|| aggregate(&m.pairs, Reference::Primary, statistic, quantity, value));
        done.map_err(|e| JobError::Spec(format!("{name} cannot be made into one value: {e}.")))
    };
    let variables = &cx.layout.sides[made].variables;
    let mut columns = Vec::new();
    for v in variables {
        columns.push(one(quantity(&v.info), &v.name, &|row| other.value(row, v.column))?);
    }
    // Without a field the matches themselves are counted.
    let first = match columns.first() {
        Some(c) => c.clone(),
        None => one(Quantity::Linear, "The number", &|_| 1.0)?,
    };
    for (k, a) in first.iter().enumerate() {
        out.place(own, owner.place(a.row));
        let weights = !columns.is_empty();
        out.made(Made {
            n: a.n,
            distance_min_m: a.min_distance_m,
            dt_mean_us: sign * a.mean_dt_us,
            n_effective: if weights { a.effective_n } else { f64::NAN },
        });
        for (v, column) in columns.iter().enumerate() {
            out.values(made, v).push(column[k].value);
        }
        for (v, variable) in cx.layout.sides[own].variables.iter().enumerate() {
            out.values(own, v).push(owner.value(a.row, variable.column));
        }
    }
    Ok(())
}
