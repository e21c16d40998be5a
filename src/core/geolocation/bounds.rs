//! Boxes around many positions: the narrowest interval of longitudes, whole circles when a pole is enclosed.

use crate::geo::{GeoBox, LonLat, wrap_180};

/// Bins of the circle of longitudes.
const BINS: usize = 3600;
/// A hole in the longitudes narrower than this (degrees) is none: the box goes round.
const CLOSED_GAP_DEG: f64 = 0.5;

/// Collects positions; keeps the outermost longitudes of every tenth of a degree.
pub(super) struct BoundsBuilder {
    bins: Vec<[f64; 2]>,
    south: f64,
    north: f64,
    whole_circle: bool,
}

impl Default for BoundsBuilder {
    fn default() -> Self {
        Self {
            bins: vec![[f64::INFINITY, f64::NEG_INFINITY]; BINS],
            south: f64::INFINITY,
            north: f64::NEG_INFINITY,
            whole_circle: false,
        }
    }
}

impl BoundsBuilder {
    /// Adds a valid position.
    #[inline]
    pub fn add(&mut self, p: LonLat) {
        self.south = self.south.min(p.lat_deg);
        self.north = self.north.max(p.lat_deg);
        let lon = wrap_180(p.lon_deg);
        let bin = &mut self.bins[(((lon + 180.0) * (BINS as f64 / 360.0)) as usize).min(BINS - 1)];
        bin[0] = bin[0].min(lon);
        bin[1] = bin[1].max(lon);
    }

    /// A pole (±90) lies inside.
    pub fn add_pole(&mut self, lat: f64) {
        self.whole_circle = true;
        self.south = self.south.min(lat);
        self.north = self.north.max(lat);
    }

    /// The largest |latitude| so far.
    pub fn max_abs_lat(&self) -> f64 {
        self.north.abs().max(self.south.abs())
    }

    /// The box, widened by `margin` × its size on every side; `None` when nothing was added.
    pub fn finish(&self, margin: f64) -> Option<GeoBox> {
        if self.south > self.north {
            return None;
        }
        let extra = (self.north - self.south) * margin;
        let (south, north) = ((self.south - extra).max(-90.0), (self.north + extra).min(90.0));
        let (west, east) = match self.longitudes() {
            Some((west, east)) => {
                let extra = (east - west) * margin;
                if east - west + 2.0 * extra >= 360.0 {
                    (-180.0, 180.0)
                } else {
                    let start = wrap_180(west - extra);
                    (start, start + (east - west) + 2.0 * extra)
                }
            }
            None => (-180.0, 180.0),
        };
        Some(GeoBox { west, south, east, north })
    }

    /// The narrowest interval holding all longitudes, `None` for the whole circle.
    fn longitudes(&self) -> Option<(f64, f64)> {
        if self.whole_circle {
            return None;
        }
        let filled: Vec<&[f64; 2]> = self.bins.iter().filter(|b| b[0] <= b[1]).collect();
        let (first, last) = (filled.first()?, filled.last()?);
        // The widest hole; the one over 180° first.
        let mut best = (first[0] + 360.0 - last[1], first[0], last[1]);
        for pair in filled.windows(2) {
            let hole = pair[1][0] - pair[0][1];
            if hole > best.0 {
                best = (hole, pair[1][0], pair[0][1] + 360.0);
            }
        }
        (best.0 >= CLOSED_GAP_DEG).then_some((best.1, best.2))
    }
}
