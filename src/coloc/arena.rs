//! Rows of leaves as Earth-centred coordinates, converted once when first touched.

use crate::coord::{LAT_LIMIT, LON_LIMIT, with_raw};
use crate::leaf::{LEAF_MAX, Prepared};
use crate::metric::Metric;
use crate::side::{NO_TIME, Shape, Times};
use crate::trig::sincos_deg;

/// Rows handled at once by the distance loop; leaves are padded to a multiple.
pub(crate) const LANES: usize = 8;
/// A place no row lies near.
const NOWHERE: f64 = 1e30;

/// Converted rows of one leaf: a stretch of the arena, with its exact bounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot {
    pub at: usize,
    pub len: usize,
    pub padded: usize,
    pub low: [f64; 3],
    pub high: [f64; 3],
    pub t0: i64,
    pub t1: i64,
}

/// Converted rows of many leaves.
#[derive(Default)]
pub(crate) struct Arena {
    pub x: Vec<f64>,
    pub y: Vec<f64>,
    pub z: Vec<f64>,
    pub t: Vec<i64>,
    /// Row within the granule.
    pub row: Vec<u32>,
    rows: Vec<u32>,
    lat: Vec<f64>,
    lon: Vec<f64>,
}

impl Arena {
    pub fn clear(&mut self) {
        self.x.clear();
        self.y.clear();
        self.z.clear();
        self.t.clear();
        self.row.clear();
    }

    /// Bytes in use.
    pub fn bytes(&self) -> usize {
        self.x.len() * 36
    }

    /// Converts the rows of a leaf that count and that `wanted` takes.
    pub fn add(&mut self, p: &Prepared, leaf: usize, metric: Metric, wanted: impl Fn(u32) -> bool) -> Slot {
        let at = self.x.len();
        let mut rows = std::mem::take(&mut self.rows);
        p.leaf_rows(leaf, &mut rows);
        self.gather(p, &rows, wanted);
        self.rows = rows;
        let len = self.row.len() - at;
        let padded = len.next_multiple_of(LANES);
        for list in [&mut self.x, &mut self.y, &mut self.z] {
            list.resize(at + padded, NOWHERE);
        }
        self.t.resize(at + padded, 0);
        self.row.resize(at + padded, u32::MAX);
        convert(
            metric,
            &self.lat[..len],
            &self.lon[..len],
            &mut self.x[at..at + len],
            &mut self.y[at..at + len],
            &mut self.z[at..at + len],
        );
        let bounds = |v: &[f64]| v.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(*v), b.max(*v)));
        let (x, y, z) = (bounds(&self.x[at..at + len]), bounds(&self.y[at..at + len]), bounds(&self.z[at..at + len]));
        let times = &self.t[at..at + len];
        Slot {
            at,
            len,
            padded,
            low: [x.0, y.0, z.0],
            high: [x.1, y.1, z.1],
            t0: times.iter().copied().min().unwrap_or(i64::MAX),
            t1: times.iter().copied().max().unwrap_or(i64::MIN),
        }
    }

    /// Collects rows, times and positions in degrees of the rows that count.
    fn gather(&mut self, p: &Prepared, rows: &[u32], wanted: impl Fn(u32) -> bool) {
        let g = p.granule;
        self.lat.clear();
        self.lon.clear();
        let takes = |r: u32| {
            wanted(r)
                && g.valid.as_ref().is_none_or(|v| v[r as usize])
                && (p.dropped.is_empty() || p.dropped.binary_search(&r).is_err())
        };
        if let Shape::Grid { .. } = g.shape {
            for r in rows.iter().copied().filter(|r| takes(*r) && g.is_valid(*r as usize)) {
                let (lat, lon) = g.position(r as usize);
                self.push(r, lat, lon, g.time(r as usize));
            }
            return;
        }
        let pixels = match (&g.time, g.shape) {
            (Times::PerLine(_), Shape::Swath { pixels, .. }) => pixels.max(1),
            _ => 1,
        };
        with_raw!(&g.lat, LAT_LIMIT, |lat, lat_ok, lat_of| {
            with_raw!(&g.lon, LON_LIMIT, |lon, lon_ok, lon_of| {
                for r in rows.iter().copied() {
                    let k = r as usize;
                    let (la, lo) = (lat[k], lon[k]);
                    let t = match &g.time {
                        Times::One(t) => *t,
                        Times::PerRow(t) => t[k],
                        Times::PerLine(t) => t[k / pixels],
                    };
                    if t != NO_TIME && lat_ok.holds(la) && lon_ok.holds(lo) && takes(r) {
                        self.push(r, lat_of(la), lon_of(lo), t);
                    }
                }
            })
        });
    }

    #[inline(always)]
    fn push(&mut self, row: u32, lat: f64, lon: f64, t: i64) {
        self.row.push(row);
        self.t.push(t);
        self.lat.push(lat);
        self.lon.push(lon);
    }

    /// Position of a converted row.
    #[inline(always)]
    pub fn xyz(&self, at: usize) -> [f64; 3] {
        [self.x[at], self.y[at], self.z[at]]
    }
}

/// Degrees to Earth-centred metres, several rows at once.
fn convert(metric: Metric, lat: &[f64], lon: &[f64], x: &mut [f64], y: &mut [f64], z: &mut [f64]) {
    debug_assert!(lat.len() <= LEAF_MAX);
    let n = lat.len().min(lon.len()).min(x.len()).min(y.len()).min(z.len());
    let (lat, lon, x, y, z) = (&lat[..n], &lon[..n], &mut x[..n], &mut y[..n], &mut z[..n]);
    for k in 0..n {
        let (s, c) = sincos_deg(lat[k]);
        let (rho, height) = metric.parallel(s, c);
        x[k] = rho;
        z[k] = height;
    }
    for k in 0..n {
        let (s, c) = sincos_deg(lon[k]);
        y[k] = x[k] * s;
        x[k] *= c;
    }
}
