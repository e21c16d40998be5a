//! What a join will touch, from summaries alone.

use crate::metric::MEAN_RADIUS_M;
use crate::side::Granule;

/// Bounds of a granule: all that planning reads, small enough to keep for every file of an archive.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Extent {
    /// Rows that can match.
    pub rows: u64,
    /// Earliest time, µs.
    pub t0_us: i64,
    /// Latest time, µs.
    pub t1_us: i64,
    /// Least and greatest latitude, degrees.
    pub lat_deg: (f64, f64),
    /// West and east limit, degrees; east is larger than west by up to 360.
    pub lon_deg: (f64, f64),
}

impl Granule<'_> {
    /// Bounds of the rows that count; `None` when there is none. Reads every position once.
    pub fn extent(&self) -> Option<Extent> {
        let mut e = Extent {
            rows: 0,
            t0_us: i64::MAX,
            t1_us: i64::MIN,
            lat_deg: (f64::INFINITY, f64::NEG_INFINITY),
            lon_deg: (-180.0, 180.0),
        };
        // Longitudes by the degree: the widest empty gap tells where the interval starts.
        let mut taken = [false; 360];
        for row in (0..self.len()).filter(|r| self.is_valid(*r)) {
            let ((lat, lon), t) = (self.position(row), self.time(row));
            e.rows += 1;
            e.t0_us = e.t0_us.min(t);
            e.t1_us = e.t1_us.max(t);
            e.lat_deg = (e.lat_deg.0.min(lat), e.lat_deg.1.max(lat));
            taken[(lon.rem_euclid(360.0) as usize).min(359)] = true;
        }
        if e.rows == 0 {
            return None;
        }
        e.lon_deg = interval(&taken);
        Some(e)
    }
}

/// The shortest interval of whole degrees that holds all taken ones.
fn interval(taken: &[bool; 360]) -> (f64, f64) {
    let (mut best, mut end) = (0, 0);
    let mut run = 0;
    for k in 0..720 {
        if taken[k % 360] {
            run = 0;
        } else {
            run += 1;
            if run > best {
                (best, end) = (run, k);
            }
        }
    }
    if best == 0 || best >= 360 {
        return (-180.0, 180.0);
    }
    let west = (end + 1) % 360;
    let west = if west >= 180 { west as f64 - 360.0 } else { west as f64 };
    (west, west + (360 - best) as f64)
}

impl Extent {
    /// Whether rows of both could match within the limits.
    pub fn meets(&self, o: &Extent, radius_m: f64, window_us: i64) -> bool {
        if self.t0_us.saturating_sub(window_us) > o.t1_us || self.t1_us.saturating_add(window_us) < o.t0_us {
            return false;
        }
        // A degree of latitude is at least 110.57 km long on WGS84.
        let reach = radius_m / 110_570.0;
        let (south, north) = (self.lat_deg.0 - reach, self.lat_deg.1 + reach);
        if south > o.lat_deg.1 || north < o.lat_deg.0 {
            return false;
        }
        let highest = south.abs().max(north.abs());
        if highest >= 89.9 {
            return true;
        }
        // 1.01 covers what a geodesic gains in longitude over the parallel at the highest latitude reached.
        let widen = (1.01 * radius_m / (110_570.0 * highest.to_radians().cos())).min(360.0);
        let shift = ((o.lon_deg.0 - self.lon_deg.1 - widen) / 360.0).ceil() * 360.0;
        self.lon_deg.0 - widen + shift <= o.lon_deg.1
    }

    /// Area on the mean sphere, m², not below that of a degree square.
    fn area_m2(&self) -> f64 {
        let band = self.lat_deg.1.to_radians().sin() - self.lat_deg.0.to_radians().sin();
        let width = (self.lon_deg.1 - self.lon_deg.0).to_radians();
        (MEAN_RADIUS_M * MEAN_RADIUS_M * band * width).max(1.2e10)
    }
}

/// Granules of both sides that can match, as numbers into the two lists, in order.
pub fn granule_pairs(primary: &[Extent], secondary: &[Extent], radius_m: f64, window_us: i64) -> Vec<(usize, usize)> {
    // In the order of time, only those between two marks can overlap.
    let mut order: Vec<usize> = (0..secondary.len()).collect();
    order.sort_by_key(|k| secondary[*k].t0_us);
    let longest = secondary.iter().map(|s| s.t1_us.saturating_sub(s.t0_us)).max().unwrap_or(0);
    let mut out = Vec::new();
    for (p, extent) in primary.iter().enumerate() {
        let from = extent.t0_us.saturating_sub(window_us).saturating_sub(longest);
        let first = order.partition_point(|k| secondary[*k].t0_us < from);
        let mut found: Vec<usize> = order[first..]
            .iter()
            .copied()
            .take_while(|k| secondary[*k].t0_us <= extent.t1_us.saturating_add(window_us))
            .filter(|k| extent.meets(&secondary[*k], radius_m, window_us))
            .collect();
        found.sort_unstable();
        out.extend(found.into_iter().map(|s| (p, s)));
    }
    out
}

/// Pairs to expect if rows were spread evenly over the bounds of their granules and over their time: right in the order
/// of magnitude for scattered points, too low where both sides follow the same path.
pub fn expected_pairs(p: &Extent, s: &Extent, radius_m: f64, window_us: i64) -> f64 {
    if !p.meets(s, radius_m, window_us) {
        return 0.0;
    }
    let circle = std::f64::consts::PI * radius_m * radius_m;
    let near = (circle / p.area_m2().max(s.area_m2())).min(1.0);
    let span = |e: &Extent| (e.t1_us as f64 - e.t0_us as f64).max(1.0);
    let longest = span(p).max(span(s));
    let timely = ((2.0 * window_us as f64 + 1.0) / longest).min(1.0);
    p.rows as f64 * s.rows as f64 * near * timely
}
