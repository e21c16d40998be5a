//! What is selected among the pairs: one brush, in the units of the data, so that it stays where it is when pairs change.

use std::collections::HashSet;
use std::sync::Arc;

use seaglass_host::colocate::Found;

/// A quantity of a pair that differences are plotted against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quantity {
    /// Time of compared minus reference, hours.
    TimeDifference,
    /// Distance, kilometres.
    Distance,
    /// Latitude of the reference, degrees.
    Latitude,
    /// Time of the reference, seconds since 1970.
    Time,
}

impl Quantity {
    /// All, in the order of the menu.
    pub const ALL: [Self; 4] = [Self::TimeDifference, Self::Distance, Self::Latitude, Self::Time];

    /// Name of the histogram, with the unit.
    pub fn counted(self) -> &'static str {
        match self {
            Self::TimeDifference => tr!("Time difference, h"),
            Self::Distance => tr!("Distance, km"),
            Self::Latitude => tr!("Latitude"),
            Self::Time => tr!("Time"),
        }
    }

    /// Words for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::TimeDifference => tr!("Difference against time difference"),
            Self::Distance => tr!("Difference against distance"),
            Self::Latitude => tr!("Difference against latitude"),
            Self::Time => tr!("Difference against time"),
        }
    }

    /// Its value for a pair.
    pub fn of(self, found: &Found, pair: usize) -> f64 {
        let p = &found.pairs[pair];
        match self {
            Self::TimeDifference => p.dt_us as f64 / 3.6e9,
            Self::Distance => p.distance_m / 1000.0,
            Self::Latitude => found.reference(pair).map_or(f64::NAN, |p| p.at.lat_deg),
            Self::Time => found.reference(pair).map_or(f64::NAN, |p| p.time.unix_seconds()),
        }
    }
}

/// How pairs were selected.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Brush {
    /// Nothing is selected.
    #[default]
    None,
    /// Values in a rectangle of the scatter plot: from, to.
    Rectangle([f64; 2], [f64; 2]),
    /// Values inside a line drawn around them.
    Lasso(Vec<[f64; 2]>),
    /// Differences from, to.
    Differences(f64, f64),
    /// A quantity from, to.
    Of(Quantity, f64, f64),
    /// A quantity and the difference in a rectangle: from, to.
    Against(Quantity, [f64; 2], [f64; 2]),
    /// Pairs of these rows, chosen on the globe.
    Rows(Arc<HashSet<(u32, u32)>>),
    /// One pair, by its rows.
    Pair(u32, u32),
}

/// The selected pairs, made once for a brush and a result.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The brush.
    pub brush: Brush,
    made: Option<(u64, Brush)>,
    pairs: Arc<Vec<u32>>,
}

impl Selection {
    /// Whether nothing is selected by intent; a brush may also hold no pair.
    pub fn is_none(&self) -> bool {
        self.brush == Brush::None
    }

    /// Numbers of the selected pairs, ascending.
    pub fn pairs(&self) -> &Arc<Vec<u32>> {
        &self.pairs
    }

    /// Brings the pairs up to date.
    pub fn update(&mut self, found: &Found) {
        if self.made.as_ref().is_some_and(|(serial, brush)| *serial == found.serial && *brush == self.brush) {
            return;
        }
        self.pairs = Arc::new(select(found, &self.brush));
        self.made = Some((found.serial, self.brush.clone()));
    }
}

/// The pairs under a brush.
pub fn select(found: &Found, brush: &Brush) -> Vec<u32> {
    let all = 0..found.pairs.len();
    let of = |inside: &dyn Fn(usize) -> bool| all.clone().filter(|k| inside(*k)).map(|k| k as u32).collect();
    match brush {
        Brush::None => Vec::new(),
        Brush::Rectangle(a, b) => {
            let (x, y) = (sorted(a[0], b[0]), sorted(a[1], b[1]));
            of(&|k| within(found.x[k], x) && within(found.y[k], y))
        }
        Brush::Lasso(points) => of(&|k| inside([found.x[k], found.y[k]], points)),
        Brush::Differences(a, b) => {
            let range = sorted(*a, *b);
            of(&|k| within(found.difference(k), range))
        }
        Brush::Of(q, a, b) => {
            let range = sorted(*a, *b);
            of(&|k| within(q.of(found, k), range))
        }
        Brush::Against(q, a, b) => {
            let (x, y) = (sorted(a[0], b[0]), sorted(a[1], b[1]));
            of(&|k| within(found.difference(k), y) && within(q.of(found, k), x))
        }
        Brush::Rows(rows) => of(&|k| rows.contains(&(found.pairs[k].a, found.pairs[k].b))),
        Brush::Pair(a, b) => of(&|k| found.pairs[k].a == *a && found.pairs[k].b == *b),
    }
}

fn sorted(a: f64, b: f64) -> [f64; 2] {
    [a.min(b), a.max(b)]
}

fn within(v: f64, [low, high]: [f64; 2]) -> bool {
    v >= low && v <= high
}

/// Whether a point lies inside a closed line (even–odd rule).
fn inside(p: [f64; 2], line: &[[f64; 2]]) -> bool {
    let mut odd = false;
    let mut last = line.len().wrapping_sub(1);
    for k in 0..line.len() {
        let (a, b) = (line[k], line[last]);
        if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < (b[0] - a[0]) * (p[1] - a[1]) / (b[1] - a[1]) + a[0] {
            odd = !odd;
        }
        last = k;
    }
    odd
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lasso_holds_what_it_goes_round() {
        // A horseshoe open to the right.
        let line =
            [[0.0, 0.0], [10.0, 0.0], [10.0, 3.0], [4.0, 3.0], [4.0, 7.0], [10.0, 7.0], [10.0, 10.0], [0.0, 10.0]];
        for (p, is) in
            [([2.0, 5.0], true), ([8.0, 5.0], false), ([8.0, 1.0], true), ([8.0, 9.0], true), ([11.0, 1.0], false)]
        {
            assert_eq!(inside(p, &line), is, "{p:?}");
        }
        assert!(!inside([0.0, 0.0], &[]));
    }
}
