//! One-to-one pairs.

use std::collections::HashSet;

use rayon::prelude::*;

use crate::metric::TIE_M;
use crate::pairs::Pair;
use crate::select::Order;
use crate::side::Side;
use crate::spec::{By, Spec};

/// Takes the nearest pair, then the nearest whose rows are both free, and so on; equal pairs go by rows.
///
/// This is the stable matching of the two sides when both prefer what is near: no two rows that are not paired with
/// each other are both nearer to each other than to their partners.
pub(crate) fn one_to_one(primary: &Side, secondary: &Side, spec: &Spec, by: By, mut pairs: Vec<Pair>) -> Vec<Pair> {
    let order = Order::new(by, spec);
    let exact = |p: &Pair| match (primary.place(p.i), secondary.place(p.j)) {
        (Some((pa, po, _)), Some((qa, qo, _))) => spec.metric.distance_m(pa, po, qa, qo),
        _ => p.distance_m,
    };
    let key = |p: &Pair, distance_m: f64| match by {
        By::Distance => (0, distance_m),
        By::Time => (p.dt_us.unsigned_abs(), distance_m),
        By::Combined => (0, order.score(distance_m, p.dt_us)),
    };
    let compare = |a: &((u64, f64), Pair), b: &((u64, f64), Pair)| {
        a.0.0.cmp(&b.0.0).then(a.0.1.total_cmp(&b.0.1)).then((a.1.i, a.1.j).cmp(&(b.1.i, b.1.j)))
    };
    let mut keyed: Vec<((u64, f64), Pair)> = pairs.drain(..).map(|p| (key(&p, p.distance_m), p)).collect();
    keyed.par_sort_unstable_by(compare);
    // Runs that rounding could have put in the wrong order are sorted again by the full solution.
    let doubt = if by == By::Combined { order.doubt() } else { TIE_M };
    let mut at = 0;
    while at < keyed.len() {
        let mut end = at + 1;
        while end < keyed.len() && keyed[end].0.0 == keyed[at].0.0 && keyed[end].0.1 - keyed[end - 1].0.1 <= doubt {
            end += 1;
        }
        if end > at + 1 {
            for item in &mut keyed[at..end] {
                item.0 = key(&item.1, exact(&item.1));
            }
            keyed[at..end].sort_unstable_by(compare);
        }
        at = end;
    }
    let (mut taken_i, mut taken_j) = (HashSet::new(), HashSet::new());
    let mut kept: Vec<Pair> = Vec::new();
    for (_, p) in keyed {
        if !taken_i.contains(&p.i) && !taken_j.contains(&p.j) {
            taken_i.insert(p.i);
            taken_j.insert(p.j);
            kept.push(p);
        }
    }
    kept.sort_unstable_by_key(|p| p.i);
    kept
}
