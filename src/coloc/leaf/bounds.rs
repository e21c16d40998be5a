//! Bounds of blocks: least and greatest stored numbers, and the box in space around them.

use super::{Node, TILE};
use crate::coord::{Raw, Valid};
use crate::metric::Metric;
use crate::side::{Granule, NO_TIME};
use crate::trig::sincos_deg;

/// Bounds of a block in degrees and time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) lat: (f64, f64),
    pub(super) lon: (f64, f64),
    pub(super) t: (i64, i64),
    pub(super) count: u32,
}

/// Least and greatest stored values so far, in eight columns that a compiler handles at once.
#[derive(Clone, Copy)]
pub(super) struct Acc<A, B> {
    lat: ([A; TILE], [A; TILE]),
    lon: ([B; TILE], [B; TILE]),
    t: (i64, i64),
    count: u32,
}

impl<A: Raw, B: Raw> Acc<A, B> {
    pub(super) fn new() -> Self {
        Self {
            lat: ([A::TOP; TILE], [A::BOTTOM; TILE]),
            lon: ([B::TOP; TILE], [B::BOTTOM; TILE]),
            t: (i64::MAX, i64::MIN),
            count: 0,
        }
    }

    /// Takes a run of rows with times of their own (`Ok`) or one for all (`Err`).
    #[inline(always)]
    pub(super) fn rows(
        &mut self,
        lat: &[A],
        lat_ok: Valid<A>,
        lon: &[B],
        lon_ok: Valid<B>,
        t: std::result::Result<&[i64], i64>,
        mask: Option<&[bool]>,
    ) {
        let (mut at, n) = (0, lat.len().min(lon.len()));
        let mut ok = [false; TILE];
        while at < n {
            let m = mask.map(|m| &m[at..]);
            if let (Some(la), Some(lo)) = (lat[at..].first_chunk::<TILE>(), lon[at..].first_chunk::<TILE>()) {
                match m.and_then(|m| m.first_chunk::<TILE>()) {
                    Some(m) => (0..TILE).for_each(|k| ok[k] = lat_ok.holds(la[k]) & lon_ok.holds(lo[k]) & m[k]),
                    None => (0..TILE).for_each(|k| ok[k] = lat_ok.holds(la[k]) & lon_ok.holds(lo[k])),
                }
                self.times(&mut ok, t.map(|t| &t[at..]));
                self.lanes(la, lo, &ok);
            } else {
                // A rest shorter than the columns: rows that are not there do not count.
                let (mut la, mut lo) = ([A::TOP; TILE], [B::TOP; TILE]);
                ok = [false; TILE];
                for k in 0..n - at {
                    (la[k], lo[k]) = (lat[at + k], lon[at + k]);
                    ok[k] = lat_ok.holds(la[k]) & lon_ok.holds(lo[k]) & m.is_none_or(|m| m[k]);
                }
                self.times(&mut ok, t.map(|t| &t[at..]));
                self.lanes(&la, &lo, &ok);
            }
            at += TILE;
        }
    }

    /// Strikes rows without a time and takes the times of the others.
    #[inline(always)]
    fn times(&mut self, ok: &mut [bool; TILE], t: std::result::Result<&[i64], i64>) {
        match t {
            Ok(t) => {
                for (ok, t) in ok.iter_mut().zip(t) {
                    *ok &= *t != NO_TIME;
                    let (down, up) = if *ok { (*t, *t) } else { (i64::MAX, i64::MIN) };
                    self.t = (self.t.0.min(down), self.t.1.max(up));
                }
            }
            Err(NO_TIME) => *ok = [false; TILE],
            Err(t) => {
                if ok.contains(&true) {
                    self.t = (self.t.0.min(t), self.t.1.max(t));
                }
            }
        }
    }

    #[inline(always)]
    fn lanes(&mut self, lat: &[A; TILE], lon: &[B; TILE], ok: &[bool; TILE]) {
        // Selections, not branches: a row that does not count takes the neutral value.
        for k in 0..TILE {
            let (down, up) = if ok[k] { (lat[k], lat[k]) } else { (A::TOP, A::BOTTOM) };
            self.lat.0[k] = if down < self.lat.0[k] { down } else { self.lat.0[k] };
            self.lat.1[k] = if up > self.lat.1[k] { up } else { self.lat.1[k] };
        }
        for k in 0..TILE {
            let (down, up) = if ok[k] { (lon[k], lon[k]) } else { (B::TOP, B::BOTTOM) };
            self.lon.0[k] = if down < self.lon.0[k] { down } else { self.lon.0[k] };
            self.lon.1[k] = if up > self.lon.1[k] { up } else { self.lon.1[k] };
        }
        self.count += ok.iter().map(|ok| u32::from(*ok)).sum::<u32>();
    }

    pub(super) fn finish<I: Iterator<Item = f64>>(
        &self,
        lat_of: impl Fn(A) -> f64,
        lon_of: impl Fn(B) -> f64,
        lons: impl Fn() -> I,
    ) -> Bounds {
        if self.count == 0 {
            return Bounds { lat: (0.0, 0.0), lon: (0.0, 0.0), t: self.t, count: 0 };
        }
        // A negative scale turns least into greatest.
        let sorted = |a: f64, b: f64| (a.min(b), a.max(b));
        let (lat, lon) = (range(&self.lat), range(&self.lon));
        let lat = sorted(lat_of(lat.0), lat_of(lat.1));
        let mut lon = sorted(lon_of(lon.0), lon_of(lon.1));
        if lon.1 - lon.0 > 180.0 {
            lon = turned(lons());
        }
        Bounds { lat, lon, t: self.t, count: self.count }
    }
}

/// Least of the first columns, greatest of the second.
fn range<T: Raw>(columns: &([T; TILE], [T; TILE])) -> (T, T) {
    let low = columns.0.iter().fold(T::TOP, |a, v| if *v < a { *v } else { a });
    let high = columns.1.iter().fold(T::BOTTOM, |a, v| if *v > a { *v } else { a });
    (low, high)
}

/// Longitude interval of values that span more than half a circle as numbers: counted from the other side of the
/// Earth, and all round when that is no shorter.
fn turned(lons: impl Iterator<Item = f64>) -> (f64, f64) {
    let (mut a, mut b) = (f64::INFINITY, f64::NEG_INFINITY);
    for lon in lons {
        let lon = lon.rem_euclid(360.0);
        a = a.min(lon);
        b = b.max(lon);
    }
    if b - a <= 180.0 { (a, b) } else { (-180.0, 180.0) }
}

/// Bounds of any rows by the slow way.
pub(super) fn scan_rows(g: &Granule, rows: impl Iterator<Item = usize> + Clone) -> Bounds {
    let mut b = Bounds {
        lat: (f64::INFINITY, f64::NEG_INFINITY),
        lon: (f64::INFINITY, f64::NEG_INFINITY),
        t: (i64::MAX, i64::MIN),
        count: 0,
    };
    for row in rows.clone().filter(|r| g.is_valid(*r)) {
        let (lat, lon) = g.position(row);
        let t = g.time(row);
        b.lat = (b.lat.0.min(lat), b.lat.1.max(lat));
        b.lon = (b.lon.0.min(lon), b.lon.1.max(lon));
        b.t = (b.t.0.min(t), b.t.1.max(t));
        b.count += 1;
    }
    if b.count == 0 {
        return Bounds { lat: (0.0, 0.0), lon: (0.0, 0.0), ..b };
    }
    if b.lon.1 - b.lon.0 > 180.0 {
        b.lon = turned(rows.filter(|r| g.is_valid(*r)).map(|r| g.position(r).1));
    }
    b
}

/// Box in space around a block: exact bounds of the patch between its parallels and meridians.
pub(super) fn node(b: &Bounds, metric: Metric) -> Node {
    if b.count == 0 {
        return Node::EMPTY;
    }
    let (s0, c0) = sincos_deg(b.lat.0);
    let (s1, c1) = sincos_deg(b.lat.1);
    let (r0, z0) = metric.parallel(s0, c0);
    let (r1, z1) = metric.parallel(s1, c1);
    let widest = if b.lat.0 <= 0.0 && b.lat.1 >= 0.0 { metric.parallel(0.0, 1.0).0 } else { r0.max(r1) };
    let narrowest = r0.min(r1).max(0.0);
    let ((sa, ca), (sb, cb)) = (sincos_deg(b.lon.0), sincos_deg(b.lon.1));
    // Whether the interval holds a longitude that is `at` modulo 360.
    let holds = |at: f64| ((b.lon.0 - at) / 360.0).ceil() * 360.0 + at <= b.lon.1;
    let full = b.lon.1 - b.lon.0 > 180.0;
    let cos = (if full || holds(180.0) { -1.0 } else { ca.min(cb) }, if full || holds(0.0) { 1.0 } else { ca.max(cb) });
    let sin =
        (if full || holds(-90.0) { -1.0 } else { sa.min(sb) }, if full || holds(90.0) { 1.0 } else { sa.max(sb) });
    let least = |v: f64| v * if v >= 0.0 { narrowest } else { widest };
    let most = |v: f64| v * if v >= 0.0 { widest } else { narrowest };
    let low = [least(cos.0), least(sin.0), z0.min(z1)];
    let high = [most(cos.1), most(sin.1), z0.max(z1)];
    // Half a unit in the last place of f32 at the Earth's radius is 0.25 m, and as much for other spheres in proportion.
    let slack = (widest.abs().max(z0.abs()).max(z1.abs()) * 1e-7).max(1e-3);
    Node { low: low.map(|v| (v - slack) as f32), high: high.map(|v| (v + slack) as f32), t0: b.t.0, t1: b.t.1 }
}
