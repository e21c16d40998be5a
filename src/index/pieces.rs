//! Boxes that cover a footprint. One box around a pass from pole to pole covers half the Earth, and would be found by
//! nearly every view; a few boxes along it are found by those that see it.

use seaglass_core::geo::{GeoBox, LonLat, unwrap_near, wrap_180};
use seaglass_core::granule::GeometryKind;

/// Footprints no wider than this stay one box, degrees.
const NARROW_DEG: f64 = 12.0;
/// Height of the boxes along a long footprint, degrees.
const BAND_DEG: f64 = 10.0;
/// Most boxes of one footprint.
const MOST: usize = 40;
/// Boxes are kept in whole numbers of this many parts of a degree, rounded outward.
pub(crate) const PARTS: f64 = 1e6;
/// Outlines are samples of a curve: between two of them the curve bulges by no more than this part of their distance.
const BULGE: f64 = 0.25;

/// Boxes that hold all of a footprint: every place of the outline and what it encloses. A box over 180° has `east > 180`.
/// `bounds` is the answer for everything of which no better is known: grids, points, outlines around a pole.
pub fn cover(bounds: GeoBox, geometry: GeometryKind, footprint: &[LonLat]) -> Vec<GeoBox> {
    let whole = vec![outward(bounds)];
    let width = bounds.east - bounds.west;
    if footprint.len() < 3 || width <= NARROW_DEG {
        return whole;
    }
    let pieces = match geometry {
        GeometryKind::Track => along(footprint),
        GeometryKind::Swath => across(footprint, bounds),
        _ => None,
    };
    pieces.filter(|p| (2..=MOST).contains(&p.len())).unwrap_or(whole)
}

/// Longitudes made continuous along the line.
fn unwrapped(line: &[LonLat]) -> Option<Vec<[f64; 2]>> {
    let mut last = line.first()?.lon_deg;
    line.iter()
        .map(|p| {
            last = unwrap_near(p.lon_deg, last);
            (p.lat_deg.is_finite() && last.is_finite()).then_some([last, p.lat_deg])
        })
        .collect()
}

/// How far a curve through two samples may lie beside their chord, degrees of longitude and latitude.
fn bulge(a: [f64; 2], b: [f64; 2]) -> f64 {
    BULGE * (b[0] - a[0]).hypot(b[1] - a[1])
}

#[derive(Clone, Copy)]
struct Hull {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

impl Hull {
    const NOTHING: Self =
        Self { west: f64::INFINITY, south: f64::INFINITY, east: f64::NEG_INFINITY, north: f64::NEG_INFINITY };

    fn take(&mut self, lon: f64, lat: f64, margin: f64) {
        self.west = self.west.min(lon - margin);
        self.east = self.east.max(lon + margin);
        self.south = self.south.min(lat - margin);
        self.north = self.north.max(lat + margin);
    }

    fn boxed(&self) -> Option<GeoBox> {
        (self.west <= self.east).then(|| {
            outward(GeoBox {
                west: self.west,
                south: self.south.max(-90.0),
                east: self.east,
                north: self.north.min(90.0),
            })
        })
    }
}

/// Boxes one after the other along a line.
fn along(line: &[LonLat]) -> Option<Vec<GeoBox>> {
    let line = unwrapped(line)?;
    let mut boxes = Vec::new();
    let mut hull = Hull::NOTHING;
    for edge in line.windows(2) {
        let [a, b] = [edge[0], edge[1]];
        let margin = bulge(a, b);
        let mut next = hull;
        next.take(a[0], a[1], margin);
        next.take(b[0], b[1], margin);
        let tall = next.north - next.south > BAND_DEG + 2.0 * margin;
        let wide = next.east - next.west > 3.0 * BAND_DEG + 2.0 * margin;
        if (tall || wide) && hull.west <= hull.east {
            boxes.extend(hull.boxed());
            next = Hull::NOTHING;
            next.take(a[0], a[1], margin);
            next.take(b[0], b[1], margin);
        }
        hull = next;
    }
    boxes.extend(hull.boxed());
    Some(boxes)
}

/// Boxes one above the other over a ring; `None` where the ring goes around a pole.
fn across(ring: &[LonLat], bounds: GeoBox) -> Option<Vec<GeoBox>> {
    let mut ring = unwrapped(ring)?;
    let (first, last) = (*ring.first()?, *ring.last()?);
    let back = unwrap_near(first[0], last[0]);
    if (back - first[0]).abs() > 180.0 || bounds.east - bounds.west >= 359.0 {
        return None;
    }
    ring.push([back, first[1]]);
    let (south, north) = ring.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(s, n), p| (s.min(p[1]), n.max(p[1])));
    let bands = (((north - south) / BAND_DEG).ceil() as usize).clamp(1, MOST);
    let height = (north - south) / bands as f64;
    let mut boxes = Vec::with_capacity(bands);
    for k in 0..bands {
        let (low, high) = (south + height * k as f64, south + height * (k + 1) as f64);
        let mut hull = Hull::NOTHING;
        for edge in ring.windows(2) {
            let [a, b] = [edge[0], edge[1]];
            let margin = bulge(a, b);
            // The curve may leave its chord: edges a little above and below count as well.
            let (bottom, top) = (a[1].min(b[1]) - margin, a[1].max(b[1]) + margin);
            if bottom > high || top < low {
                continue;
            }
            for lat in [low, high] {
                let part = if a[1] == b[1] { 0.0 } else { ((lat - a[1]) / (b[1] - a[1])).clamp(0.0, 1.0) };
                hull.take(a[0] + part * (b[0] - a[0]), lat, margin);
            }
            for p in [a, b].iter().filter(|p| p[1] >= low && p[1] <= high) {
                hull.take(p[0], p[1], margin);
            }
        }
        boxes.extend(hull.boxed());
    }
    Some(boxes)
}

/// The box in whole parts of a degree, a little larger rather than smaller, its western edge in [−180, 180).
fn outward(b: GeoBox) -> GeoBox {
    if b.east - b.west >= 360.0 {
        return GeoBox { west: -180.0, east: 180.0, ..b };
    }
    let down = |v: f64| (v * PARTS).floor() / PARTS;
    let up = |v: f64| (v * PARTS).ceil() / PARTS;
    let west = down(wrap_180(b.west));
    // Rounding down must not leave the range of longitudes.
    let west = if west < -180.0 { -180.0 } else { west };
    let east = up(west + (b.east - b.west) + 1.0 / PARTS);
    GeoBox { west, south: down(b.south), east: east.min(west + 360.0), north: up(b.north) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn holds(pieces: &[GeoBox], lon: f64, lat: f64) -> bool {
        pieces.iter().any(|b| b.contains(LonLat::new(lon, lat)))
    }

    fn bounds_of(line: &[LonLat]) -> GeoBox {
        let flat = unwrapped(line).unwrap();
        let mut hull = Hull::NOTHING;
        flat.iter().for_each(|p| hull.take(p[0], p[1], 0.0));
        let width = (hull.east - hull.west).min(360.0);
        let west = wrap_180(hull.west);
        GeoBox { west, south: hull.south, east: west + width, north: hull.north }
    }

    /// Ground track of a circular orbit over a turning Earth (formula of a great circle plus rotation).
    fn orbit(inclination_deg: f64, node_deg: f64, from: f64, to: f64, samples: usize) -> Vec<LonLat> {
        (0..samples)
            .map(|k| {
                let u = (from + (to - from) * k as f64 / (samples - 1) as f64).to_radians();
                let i = inclination_deg.to_radians();
                let lat = (i.sin() * u.sin()).asin().to_degrees();
                let lon = (i.cos() * u.sin()).atan2(u.cos()).to_degrees() + node_deg - 0.07 * u.to_degrees();
                LonLat::new(wrap_180(lon), lat)
            })
            .collect()
    }

    #[test]
    fn a_pass_is_not_half_the_earth() {
        let pass = orbit(77.6, 10.0, -90.0, 90.0, 64);
        let bounds = bounds_of(&pass);
        let pieces = cover(bounds, GeometryKind::Track, &pass);
        let area = |b: &GeoBox| (b.east - b.west) * (b.north - b.south);
        let covered: f64 = pieces.iter().map(area).sum();
        assert!(pieces.len() > 5 && covered < 0.35 * area(&bounds), "{covered} of {}", area(&bounds));
    }

    #[test]
    fn rings_around_a_pole_stay_whole() {
        let ring: Vec<LonLat> = (0..36).map(|k| LonLat::new(wrap_180(f64::from(k) * 10.0), 70.0)).collect();
        let bounds = GeoBox { west: -180.0, south: 70.0, east: 180.0, north: 90.0 };
        let pieces = cover(bounds, GeometryKind::Swath, &ring);
        assert_eq!(pieces, [bounds]);
        assert!(holds(&pieces, 33.0, 89.9));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// The true curve, far finer than the outline, lies inside the boxes.
        #[test]
        fn tracks_lie_inside(incl in 50.0..110.0f64, node in -180.0..180.0f64, from in -170.0..0.0f64, len in 20.0..180.0f64) {
            let outline = orbit(incl, node, from, from + len, 48);
            let fine = orbit(incl, node, from, from + len, 1000);
            let pieces = cover(bounds_of(&fine), GeometryKind::Track, &outline);
            for p in fine {
                prop_assert!(holds(&pieces, p.lon_deg, p.lat_deg), "{p:?} in {pieces:?}");
            }
        }

        /// Every place between the two edges of a slanted swath, dateline or not, lies inside the boxes.
        #[test]
        fn swaths_lie_inside(node in -180.0..180.0f64, from in -60.0..-10.0f64, len in 20.0..110.0f64, half in 0.5..12.0f64) {
            let track = orbit(66.0, node, from, from + len, 40);
            let side = |sign: f64| track.iter().map(move |p| LonLat::new(wrap_180(p.lon_deg + sign * half), p.lat_deg));
            let ring: Vec<LonLat> = side(-1.0).chain(side(1.0).collect::<Vec<_>>().into_iter().rev()).collect();
            let pieces = cover(bounds_of(&ring), GeometryKind::Swath, &ring);
            for p in &track {
                for part in [-1.0, -0.5, 0.0, 0.5, 1.0] {
                    prop_assert!(holds(&pieces, p.lon_deg + part * half, p.lat_deg), "{p:?} in {pieces:?}");
                }
            }
        }

        /// Rounding goes outward and keeps to the range of longitudes.
        #[test]
        fn rounding_goes_outward(west in -180.0..179.999f64, width in 0.0..360.0f64, south in -90.0..90.0f64) {
            let b = GeoBox { west, south, east: west + width, north: (south + 3.0).min(90.0) };
            let o = outward(b);
            prop_assert!(o.west >= -180.0 && o.west < 180.0 && o.east <= o.west + 360.0);
            for lon in [b.west, b.east, (b.west + b.east) / 2.0] {
                prop_assert!(o.contains(LonLat::new(lon, b.south)) && o.contains(LonLat::new(lon, b.north)));
            }
        }
    }
}
