//! Ragged arrays (CF chapter 9): which instance an observation belongs to.

use crate::dataset::Dataset;
use crate::error::Result;
use crate::limits::MAX_AXIS;

/// "Element `k` of `from` belongs to element `table[k]` of `to`."
#[derive(Clone, Debug)]
pub struct Link {
    /// Dimension of the many.
    pub from: usize,
    /// Dimension of the few.
    pub to: usize,
    /// The counting or indexing variable.
    pub var: usize,
    /// Counts of elements per instance (contiguous), in contrast to an index per element.
    pub contiguous: bool,
}

/// All links of a file, by `sample_dimension` and `instance_dimension`, and by the usual names where these are missing.
pub fn find(ds: &Dataset) -> Vec<Link> {
    let mut out = Vec::new();
    for (k, v) in ds.vars.iter().enumerate() {
        let ([own], Some(ty)) = (v.dims.as_slice(), v.ty) else { continue };
        let dim_named = |name: &str| {
            let inside = |d: &crate::dataset::Dim| d.group.is_empty() || v.group.starts_with(&d.group);
            ds.dims.iter().position(|d| d.name == name.trim() && inside(d))
        };
        // ERDDAP's older files say `CF:ragged_row_count` and `CF:ragged_row_index`.
        let named = |keys: [&str; 3]| keys.iter().find_map(|k| v.text(k)).and_then(|n| dim_named(&n));
        if let Some(from) = named(["sample_dimension", "CF:ragged_row_count", "ragged_row_count"]) {
            out.push(Link { from, to: *own, var: k, contiguous: true });
        } else if let Some(to) = named(["instance_dimension", "CF:ragged_row_index", "ragged_row_index"]) {
            out.push(Link { from: *own, to, var: k, contiguous: false });
        } else if !ty.is_float() && ["rowsize", "row_size"].contains(&v.name.to_ascii_lowercase().as_str()) {
            // Without the attribute: the dimension whose length the counts add up to.
            if let Ok(raw) = ds.read_all(k, MAX_AXIS) {
                let sum: f64 = (0..raw.len()).map(|i| raw.get(i).max(0.0)).sum();
                let fits = |d: &crate::dataset::Dim| d.len as f64 == sum;
                let mut hits = ds.dims.iter().enumerate().filter(|(i, d)| fits(d) && i != own);
                if let (Some((from, _)), None) = (hits.next(), hits.next()) {
                    out.push(Link { from, to: *own, var: k, contiguous: true });
                }
            }
        }
    }
    out
}

/// The table of a chain of links from one dimension to another, if there is one.
pub fn table(ds: &Dataset, links: &[Link], from: usize, to: usize) -> Result<Option<Vec<u32>>> {
    let mut at = from;
    let mut table: Option<Vec<u32>> = None;
    for _ in 0..4 {
        if at == to {
            return Ok(table);
        }
        let direct = links.iter().find(|l| l.from == at && l.to == to);
        let Some(link) = direct.or_else(|| links.iter().find(|l| l.from == at)) else { return Ok(None) };
        let step = one(ds, link)?;
        table = Some(match table {
            None => step,
            Some(t) => t.iter().map(|k| step.get(*k as usize).copied().unwrap_or(u32::MAX)).collect(),
        });
        at = link.to;
    }
    Ok(if at == to { table } else { None })
}

fn one(ds: &Dataset, link: &Link) -> Result<Vec<u32>> {
    let raw = ds.read_all(link.var, MAX_AXIS)?;
    let n = ds.dims[link.from].len;
    let as_index = |x: f64| if (0.0..4e9).contains(&x) { x as u32 } else { u32::MAX };
    if !link.contiguous {
        return Ok((0..n).map(|k| as_index(raw.get(k))).collect());
    }
    let mut out = Vec::with_capacity(n);
    for k in 0..raw.len() {
        let count = as_index(raw.get(k));
        let room = n - out.len();
        out.extend(std::iter::repeat_n(k as u32, if count == u32::MAX { 0 } else { (count as usize).min(room) }));
    }
    out.resize(n, u32::MAX);
    Ok(out)
}
