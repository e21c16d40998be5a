//! Statistics of matched values: bias, scatter, regression, histograms and densities.
//!
//! Sums run over fixed blocks of rows and are added in order, so that a figure does not depend on the number of
//! threads. `x` is the reference (primary), `y` the other side, differences are y − x; pairs with a missing value count
//! nowhere.

use rayon::prelude::*;

/// Rows summed by one thread in one go.
const BLOCK: usize = 1 << 15;
/// Makes the median absolute deviation of a normal distribution its standard deviation: 1/Φ⁻¹(3/4).
pub const MAD_TO_SD: f64 = 1.482_602_218_505_602;

/// A straight line y = intercept + slope · x.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Line {
    /// Change of y with x.
    pub slope: f64,
    /// y at x = 0.
    pub intercept: f64,
}

/// What two columns of matched values have in common; NaN where too few pairs leave a figure undefined.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Summary {
    /// Pairs with both values.
    pub n: u64,
    /// Mean of x.
    pub mean_x: f64,
    /// Mean of y.
    pub mean_y: f64,
    /// Standard deviation of x (n − 1).
    pub sd_x: f64,
    /// Standard deviation of y (n − 1).
    pub sd_y: f64,
    /// Mean difference y − x.
    pub bias: f64,
    /// Standard deviation of the differences (n − 1).
    pub sd: f64,
    /// Root mean square difference.
    pub rmsd: f64,
    /// Median difference.
    pub median: f64,
    /// Robust standard deviation of the differences: 1.4826 times their median absolute deviation.
    pub robust_sd: f64,
    /// Pearson's correlation.
    pub r: f64,
    /// Least squares of y on x.
    pub ols: Line,
    /// Orthogonal regression: both sides with errors of equal variance (Deming 1943 with δ = 1; total least squares).
    pub orthogonal: Line,
}

/// Sums from which means, variances and lines follow; those of two sets can be added.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Moments {
    /// Pairs.
    pub n: u64,
    mean_x: f64,
    mean_y: f64,
    xx: f64,
    yy: f64,
    xy: f64,
    /// Of the differences themselves: far less rounding than by xx + yy − 2xy.
    mean_d: f64,
    dd: f64,
}

impl Moments {
    /// Moments of columns of equal length.
    pub fn of(x: &[f64], y: &[f64]) -> Self {
        let blocks: Vec<Moments> =
            x.par_chunks(BLOCK).zip(y.par_chunks(BLOCK)).map(|(x, y)| Self::of_block(x, y)).collect();
        blocks.into_iter().fold(Moments::default(), Moments::with)
    }

    fn of_block(x: &[f64], y: &[f64]) -> Self {
        let both = || x.iter().zip(y).map(|(x, y)| (*x, *y)).filter(|(x, y)| !x.is_nan() && !y.is_nan());
        let (mut n, mut sx, mut sy, mut sd) = (0_u64, 0.0, 0.0, 0.0);
        for (x, y) in both() {
            n += 1;
            sx += x;
            sy += y;
            sd += y - x;
        }
        if n == 0 {
            return Self::default();
        }
        let mut m = Self { n, mean_x: sx / n as f64, mean_y: sy / n as f64, mean_d: sd / n as f64, ..Self::default() };
        // The corrected two-pass sums of Chan, Golub and LeVeque (1983), doi:10.1080/00031305.1983.10483115.
        let (mut rx, mut ry, mut rd) = (0.0, 0.0, 0.0);
        for (x, y) in both() {
            let (a, b, d) = (x - m.mean_x, y - m.mean_y, (y - x) - m.mean_d);
            m.xx += a * a;
            m.yy += b * b;
            m.xy += a * b;
            m.dd += d * d;
            rx += a;
            ry += b;
            rd += d;
        }
        let size = n as f64;
        m.xx -= rx * rx / size;
        m.yy -= ry * ry / size;
        m.xy -= rx * ry / size;
        m.dd -= rd * rd / size;
        m
    }

    /// Moments of both sets together (same source, updating formula).
    #[must_use]
    pub fn with(self, o: Moments) -> Moments {
        if self.n == 0 {
            return o;
        }
        if o.n == 0 {
            return self;
        }
        let (a, b) = (self.n as f64, o.n as f64);
        let n = a + b;
        let (dx, dy, dd) = (o.mean_x - self.mean_x, o.mean_y - self.mean_y, o.mean_d - self.mean_d);
        let w = a * b / n;
        Moments {
            n: self.n + o.n,
            mean_x: self.mean_x + dx * b / n,
            mean_y: self.mean_y + dy * b / n,
            mean_d: self.mean_d + dd * b / n,
            xx: self.xx + o.xx + dx * dx * w,
            yy: self.yy + o.yy + dy * dy * w,
            xy: self.xy + o.xy + dx * dy * w,
            dd: self.dd + o.dd + dd * dd * w,
        }
    }

    /// Mean difference y − x.
    pub fn bias(&self) -> f64 {
        if self.n == 0 { f64::NAN } else { self.mean_d }
    }

    /// Root mean square difference.
    pub fn rmsd(&self) -> f64 {
        (self.dd / self.n as f64 + self.mean_d * self.mean_d).sqrt()
    }

    /// Pearson's correlation.
    pub fn r(&self) -> f64 {
        if self.n < 2 { f64::NAN } else { (self.xy / (self.xx * self.yy).sqrt()).clamp(-1.0, 1.0) }
    }

    /// Sample variances of x and y and their covariance (n − 1).
    pub fn covariances(&self) -> (f64, f64, f64) {
        let n = self.n as f64 - 1.0;
        if n < 1.0 { (f64::NAN, f64::NAN, f64::NAN) } else { (self.xx / n, self.yy / n, self.xy / n) }
    }

    fn line(&self, slope: f64) -> Line {
        Line { slope, intercept: self.mean_y - slope * self.mean_x }
    }

    /// Least squares of y on x.
    pub fn ols(&self) -> Line {
        self.line(if self.xx > 0.0 { self.xy / self.xx } else { f64::NAN })
    }

    /// Orthogonal regression.
    pub fn orthogonal(&self) -> Line {
        let d = self.yy - self.xx;
        let root = d.hypot(2.0 * self.xy);
        // Two forms of one root; each is free of cancellation on its side.
        let slope = if self.xy == 0.0 {
            if self.n < 2 || d == 0.0 {
                f64::NAN
            } else if d < 0.0 {
                0.0
            } else {
                f64::INFINITY
            }
        } else if d >= 0.0 {
            (d + root) / (2.0 * self.xy)
        } else {
            2.0 * self.xy / (root - d)
        };
        self.line(slope)
    }
}

/// All figures of two columns of equal length.
pub fn summary(x: &[f64], y: &[f64]) -> Summary {
    let m = Moments::of(x, y);
    let difference: Vec<f64> = x.par_iter().zip(y).map(|(x, y)| y - x).filter(|d| !d.is_nan()).collect();
    let median = median(&difference);
    let deviation: Vec<f64> = difference.par_iter().map(|d| (d - median).abs()).collect();
    let (vx, vy, _) = m.covariances();
    let undefined = |v: f64| if m.n == 0 { f64::NAN } else { v };
    Summary {
        n: m.n,
        mean_x: undefined(m.mean_x),
        mean_y: undefined(m.mean_y),
        sd_x: vx.sqrt(),
        sd_y: vy.sqrt(),
        bias: m.bias(),
        sd: if m.n < 2 { f64::NAN } else { (m.dd / (m.n as f64 - 1.0)).sqrt() },
        rmsd: undefined(m.rmsd()),
        median,
        robust_sd: MAD_TO_SD * self::median(&deviation),
        r: m.r(),
        ols: m.ols(),
        orthogonal: m.orthogonal(),
    }
}

/// Median of values without NaN, the mean of the middle two when their number is even; NaN of nothing.
pub fn median(values: &[f64]) -> f64 {
    let n = values.len();
    if n == 0 {
        return f64::NAN;
    }
    let low = nth(values, (n - 1) / 2);
    if n % 2 == 1 { low } else { 0.5 * (low + nth(values, n / 2)) }
}

/// The value of rank `k`: counts in bins on all threads, then looks only into the bin that holds it.
fn nth(values: &[f64], k: usize) -> f64 {
    const BINS: usize = 4096;
    if values.len() <= 1 << 14 {
        let mut sorted = values.to_vec();
        let k = k.min(sorted.len() - 1);
        return *sorted.select_nth_unstable_by(k, f64::total_cmp).1;
    }
    let (low, high) = range(values);
    if low == high || !(high - low).is_finite() {
        let mut sorted = values.to_vec();
        return *sorted.select_nth_unstable_by(k, f64::total_cmp).1;
    }
    let scale = BINS as f64 / (high - low);
    let bin = |v: f64| (((v - low) * scale) as usize).min(BINS - 1);
    let counts = values
        .par_chunks(BLOCK)
        .map(|c| {
            let mut counts = vec![0_u32; BINS];
            for v in c {
                counts[bin(*v)] += 1;
            }
            counts
        })
        .reduce_with(|mut a, b| {
            for (a, b) in a.iter_mut().zip(b) {
                *a += b;
            }
            a
        })
        .unwrap_or_default();
    let mut before = 0;
    for (at, count) in counts.iter().enumerate() {
        let count = *count as usize;
        if k < before + count {
            let inside: Vec<f64> = values.par_iter().copied().filter(|v| bin(*v) == at).collect();
            // A bin that holds nearly everything is cut again, until it is small or of one value.
            return nth(&inside, k - before);
        }
        before += count;
    }
    high
}

fn range(values: &[f64]) -> (f64, f64) {
    values
        .par_chunks(BLOCK)
        .map(|c| c.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(*v), b.max(*v))))
        .reduce(|| (f64::INFINITY, f64::NEG_INFINITY), |a, b| (a.0.min(b.0), a.1.max(b.1)))
}

/// Evenly spaced bins; the last one holds its upper limit too, as `numpy.histogram` has it.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Bins {
    /// Lower limit of the first bin.
    pub low: f64,
    /// Upper limit of the last bin.
    pub high: f64,
    /// Number of bins.
    pub count: usize,
}

impl Bins {
    /// Bin of a value; `None` outside of the limits and for NaN.
    #[inline]
    pub fn of(&self, v: f64) -> Option<usize> {
        if !(v >= self.low && v <= self.high) || self.count == 0 || self.high <= self.low {
            return None;
        }
        let at = ((v - self.low) * (self.count as f64 / (self.high - self.low))) as usize;
        let at = at.min(self.count - 1);
        // Rounding may put a value on the wrong side of an edge; the edges decide.
        if v < self.edge(at) {
            Some(at.saturating_sub(1))
        } else if at + 1 < self.count && v >= self.edge(at + 1) {
            Some(at + 1)
        } else {
            Some(at)
        }
    }

    /// Lower limit of bin `k`, upper limit of the last for `k = count`.
    #[inline]
    pub fn edge(&self, k: usize) -> f64 {
        if k == self.count {
            return self.high;
        }
        // As numpy.linspace computes it.
        k as f64 * ((self.high - self.low) / self.count as f64) + self.low
    }
}

fn counted<T: Sync>(items: &[T], size: usize, add: impl Fn(&mut [u32], &T) + Sync) -> Vec<u32> {
    items
        .par_chunks(BLOCK * 4)
        .map(|c| {
            let mut counts = vec![0_u32; size];
            c.iter().for_each(|v| add(&mut counts, v));
            counts
        })
        .reduce_with(|mut a, b| {
            a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
            a
        })
        .unwrap_or_else(|| vec![0; size])
}

/// Number of values in each bin.
pub fn histogram(values: &[f64], bins: Bins) -> Vec<u32> {
    counted(values, bins.count, |counts, v| {
        if let Some(k) = bins.of(*v) {
            counts[k] += 1;
        }
    })
}

/// Number of pairs in each cell, row by row: cell (bin of y) × `x.count` + (bin of x).
pub fn density(xs: &[f64], ys: &[f64], x: Bins, y: Bins) -> Vec<u32> {
    let both: Vec<(f64, f64)> = xs.iter().copied().zip(ys.iter().copied()).collect();
    counted(&both, x.count * y.count, |counts, (a, b)| {
        if let (Some(a), Some(b)) = (x.of(*a), y.of(*b)) {
            counts[b * x.count + a] += 1;
        }
    })
}

/// Error figures of three collocated data sets whose errors are independent.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Triple {
    /// Triplets with three values.
    pub n: u64,
    /// Error variance of each set in its own units; may come out negative from few data.
    pub error_variance: [f64; 3],
    /// Correlation of each set with the unknown truth, squared.
    pub truth_r2: [f64; 3],
    /// Scale of each set against the first: how much it answers to a change of the truth.
    pub scale: [f64; 3],
}

/// Classical triple collocation by covariances (Stoffelen 1998, doi:10.1029/97JC03180; the extended form of
/// McColl et al. 2014, doi:10.1002/2014GL061322). Columns of equal length; `None` with fewer than three triplets.
pub fn triple(x: &[f64], y: &[f64], z: &[f64]) -> Option<Triple> {
    let mut columns = [Vec::new(), Vec::new(), Vec::new()];
    for ((x, y), z) in x.iter().zip(y).zip(z) {
        if !x.is_nan() && !y.is_nan() && !z.is_nan() {
            columns[0].push(*x);
            columns[1].push(*y);
            columns[2].push(*z);
        }
    }
    let [x, y, z] = &columns;
    if x.len() < 3 {
        return None;
    }
    let (xy, xz, yz) = (Moments::of(x, y), Moments::of(x, z), Moments::of(y, z));
    let (vx, vy, cxy) = xy.covariances();
    let (_, vz, cxz) = xz.covariances();
    let (_, _, cyz) = yz.covariances();
    let signal = [cxy * cxz / cyz, cxy * cyz / cxz, cxz * cyz / cxy];
    let total = [vx, vy, vz];
    Some(Triple {
        n: xy.n,
        error_variance: [total[0] - signal[0], total[1] - signal[1], total[2] - signal[2]],
        truth_r2: [signal[0] / total[0], signal[1] / total[1], signal[2] / total[2]],
        scale: [1.0, cyz / cxz, cyz / cxy],
    })
}
