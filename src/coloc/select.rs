//! Which of the rows within the limits are kept for a row of the reference side.

use crate::metric::TIE_M;
use crate::pairs::Pair;
use crate::spec::{By, Policy, Spec};

/// A row within the limits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    /// Its row number.
    pub j: u64,
    pub distance_m: f64,
    pub dt_us: i64,
    /// For [`By::Combined`]; computed here.
    pub score: f64,
    /// Where it lies, to compute its distance again more exactly.
    pub granule: u32,
    pub row: u32,
}

/// How matches of one reference row are compared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order {
    by: By,
    /// Inverse limits; zero for a limit of zero, which leaves its term out.
    per_radius: f64,
    per_window: f64,
}

impl Order {
    pub fn new(by: By, spec: &Spec) -> Self {
        Self::of(by, spec.radius_m, spec.window_us)
    }

    pub fn of(by: By, radius_m: f64, window_us: i64) -> Self {
        let per = |limit: f64| if limit > 0.0 { 1.0 / limit } else { 0.0 };
        Self { by, per_radius: per(radius_m), per_window: per(window_us as f64) }
    }

    /// A row within the limits, without the place where it lies.
    #[inline]
    pub fn found(&self, j: u64, distance_m: f64, dt_us: i64) -> Found {
        let score = if self.by == By::Combined { self.score(distance_m, dt_us) } else { 0.0 };
        Found { j, distance_m, dt_us, score, granule: 0, row: 0 }
    }

    /// `(d/r)² + (dt/W)²`: the square sorts as the root does.
    #[inline(always)]
    pub fn score(&self, distance_m: f64, dt_us: i64) -> f64 {
        let (a, b) = (distance_m * self.per_radius, dt_us as f64 * self.per_window);
        a * a + b * b
    }

    /// One over radius and window; zero for a limit of zero.
    pub fn inverse_limits(&self) -> (f64, f64) {
        (self.per_radius, self.per_window)
    }

    /// Scores nearer to each other than this may differ by rounding only.
    pub fn doubt(&self) -> f64 {
        4.0 * TIE_M * self.per_radius + 1e-15
    }

    /// Whether `a` comes before `b`. Where rounding could decide, `exact` computes distances by the full solution.
    pub fn before(&self, a: &Found, b: &Found, exact: &dyn Fn(&Found) -> f64) -> bool {
        let nearer = || {
            if (a.distance_m - b.distance_m).abs() > TIE_M {
                return a.distance_m < b.distance_m;
            }
            let (da, db) = (exact(a), exact(b));
            if da == db { a.j < b.j } else { da < db }
        };
        match self.by {
            By::Distance => nearer(),
            By::Time => {
                let (ta, tb) = (a.dt_us.unsigned_abs(), b.dt_us.unsigned_abs());
                if ta == tb { nearer() } else { ta < tb }
            }
            By::Combined => {
                if (a.score - b.score).abs() > self.doubt() {
                    return a.score < b.score;
                }
                let (sa, sb) = (self.score(exact(a), a.dt_us), self.score(exact(b), b.dt_us));
                if sa == sb { a.j < b.j } else { sa < sb }
            }
        }
    }
}

/// What has been kept so far for the rows of one leaf.
pub(crate) struct Selection {
    order: Order,
    /// Most matches of a row; all of them when `None`.
    k: Option<usize>,
    count: bool,
    kept: Vec<Vec<Found>>,
    limits2: Vec<f64>,
    seen: Vec<u32>,
    rows: usize,
}

impl Selection {
    pub fn new(spec: &Spec) -> Self {
        let (by, k) = match spec.policy {
            Policy::All => (By::Distance, None),
            Policy::Nearest { by, k } => (by, Some(k)),
            Policy::Mutual { by } => (by, None),
        };
        Self {
            order: Order::new(by, spec),
            k,
            count: spec.count_candidates && k.is_some(),
            kept: Vec::new(),
            limits2: Vec::new(),
            seen: Vec::new(),
            rows: 0,
        }
    }

    /// Starts a leaf of `rows` rows.
    pub fn begin(&mut self, rows: usize, outside2: f64) {
        self.rows = rows;
        if self.kept.len() < rows {
            self.kept.resize_with(rows, Vec::new);
        }
        for list in &mut self.kept[..rows] {
            list.clear();
        }
        self.limits2.clear();
        self.limits2.resize(rows, outside2);
        self.seen.clear();
        self.seen.resize(rows, 0);
    }

    /// Squared chord beyond which a row can no longer be kept.
    #[inline(always)]
    pub fn limit2(&self, a: usize) -> f64 {
        self.limits2[a]
    }

    /// Takes a row within the limits for reference row `a` of the leaf.
    #[inline]
    pub fn take(&mut self, a: usize, mut found: Found, exact: impl Fn(&Found) -> f64) {
        self.seen[a] += 1;
        let list = &mut self.kept[a];
        let Some(k) = self.k else {
            list.push(found);
            return;
        };
        if self.order.by == By::Combined {
            found.score = self.order.score(found.distance_m, found.dt_us);
        }
        let exact: &dyn Fn(&Found) -> f64 = &exact;
        let place = list.iter().rposition(|f| !self.order.before(&found, f, exact)).map_or(0, |p| p + 1);
        if place >= k {
            return;
        }
        list.truncate(k - 1);
        list.insert(place.min(list.len()), found);
        if self.order.by == By::Distance && !self.count && list.len() == k {
            // A chord is never longer than the arc, so nothing beyond this chord can be nearer.
            let far = list[k - 1].distance_m + 1e-6;
            self.limits2[a] = self.limits2[a].min(far * far);
        }
    }

    /// Writes the kept rows of the leaf; `row` gives the row number of a place in the leaf.
    pub fn finish(&mut self, pairs: &mut Vec<Pair>, candidates: &mut Vec<u32>, row: impl Fn(usize) -> u64) {
        for a in 0..self.rows {
            let list = &mut self.kept[a];
            if list.is_empty() {
                continue;
            }
            if self.k.is_none() && !list.is_sorted_by_key(|f| f.j) {
                list.sort_unstable_by_key(|f| f.j);
            }
            let i = row(a);
            pairs.extend(list.iter().map(|f| Pair { i, j: f.j, distance_m: f.distance_m, dt_us: f.dt_us }));
            if self.count {
                candidates.extend(std::iter::repeat_n(self.seen[a], list.len()));
            }
        }
    }
}
