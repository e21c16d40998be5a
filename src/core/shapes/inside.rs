//! Whether a place lies in a polygon: exact for great circles and for straight edges, across the dateline and around
//! poles, with holes.
//!
//! The meridian of the place is followed to the north pole and the edges it crosses are counted; an odd number means that
//! place and pole lie on different sides. An edge belongs to the meridians from its western end (included) to its eastern
//! one, so that a meridian through a vertex counts once.

use glam::DVec3;

use super::{Edges, Geometry, Line, ShapeKind, path};
use crate::geo::{GeoBox, LonLat};

/// Bins of longitude by which edges are found.
const BINS: usize = 720;

#[derive(Clone, Copy, Debug)]
struct Edge {
    west: f64,
    east: f64,
    /// Latitudes at the western and the eastern end.
    lat: [f64; 2],
}

#[derive(Clone, Debug)]
struct Part {
    edges: Vec<Edge>,
    bins: Vec<Vec<u32>>,
    way: Edges,
    north: bool,
    south_lat: f64,
    north_lat: f64,
}

/// A polygon prepared for many questions.
#[derive(Clone, Debug)]
pub struct Inside {
    parts: Vec<Part>,
    /// Box around all parts.
    pub bounds: Option<GeoBox>,
}

impl Inside {
    /// Prepares a polygon; lines and points have no inside.
    pub fn new(geometry: &Geometry) -> Self {
        let is_area = geometry.kind == ShapeKind::Polygon;
        let parts = if is_area { geometry.parts().map(|p| Part::new(p, geometry.edges)).collect() } else { Vec::new() };
        Self { parts, bounds: geometry.bounds() }
    }

    /// Whether the place lies in it.
    pub fn contains(&self, p: LonLat) -> bool {
        p.is_valid() && self.parts.iter().any(|part| part.contains(p))
    }
}

impl Part {
    fn new(rings: &[Line], way: Edges) -> Self {
        let mut part = Self {
            edges: Vec::new(),
            bins: vec![Vec::new(); BINS],
            way,
            north: false,
            south_lat: -90.0,
            north_lat: 90.0,
        };
        let mut winds = 0.0;
        for ring in rings {
            let (places, turn) = path::unwrapped(&ring.places, true, way);
            winds += turn;
            let n = places.len();
            for k in 0..n {
                let (a, mut b) = (places[k], places[(k + 1) % n]);
                if k + 1 == n {
                    b.lon_deg += turn;
                }
                let (west, east) = if a.lon_deg <= b.lon_deg { (a, b) } else { (b, a) };
                if west.lon_deg < east.lon_deg {
                    let lat = [west.lat_deg, east.lat_deg];
                    part.add(Edge { west: west.lon_deg, east: east.lon_deg, lat });
                }
            }
        }
        part.north = match way {
            Edges::Straight => {
                let lats = || rings[0].places.iter().map(|p| p.lat_deg);
                (winds / 360.0).round() as i64 % 2 != 0 && lats().sum::<f64>() >= 0.0
            }
            // What lies opposite the middle is outside.
            Edges::GreatCircle => {
                let c = -middle(&rings[0].places);
                let opposite = LonLat::new(c.y.atan2(c.x).to_degrees(), c.z.clamp(-1.0, 1.0).asin().to_degrees());
                part.crossings(opposite) % 2 == 1
            }
        };
        let touches_pole = part.north || (winds / 360.0).round() as i64 != 0;
        if !touches_pole && way == Edges::Straight {
            let lats = || rings[0].places.iter().map(|p| p.lat_deg);
            part.south_lat = lats().fold(90.0, f64::min);
            part.north_lat = lats().fold(-90.0, f64::max);
        }
        part
    }

    fn add(&mut self, edge: Edge) {
        let number = self.edges.len() as u32;
        let bin = |lon: f64| (lon * BINS as f64 / 360.0).floor() as i64;
        let (first, last) = (bin(edge.west), bin(edge.east));
        for k in first..=last.min(first + BINS as i64 - 1) {
            self.bins[k.rem_euclid(BINS as i64) as usize].push(number);
        }
        self.edges.push(edge);
    }

    fn crossings(&self, p: LonLat) -> usize {
        let lon = p.lon_deg.rem_euclid(360.0);
        let bin = ((lon * BINS as f64 / 360.0).floor() as usize).min(BINS - 1);
        let mut count = 0;
        for number in &self.bins[bin] {
            let e = &self.edges[*number as usize];
            // The first turn of the meridian at or east of the western end; a box around the Earth may have it twice.
            let mut at = e.west + (lon - e.west).rem_euclid(360.0);
            while at < e.east {
                count += usize::from(self.lat_at(e, at) > p.lat_deg);
                at += 360.0;
            }
        }
        count
    }

    /// Latitude of an edge at a longitude.
    fn lat_at(&self, e: &Edge, lon: f64) -> f64 {
        let [a, b] = e.lat;
        let width = e.east - e.west;
        match self.way {
            Edges::Straight => a + (b - a) * (lon - e.west) / width,
            Edges::GreatCircle if width >= 180.0 - 1e-12 => 90f64.copysign(a + b),
            Edges::GreatCircle => {
                let (x, y) = ((e.east - lon).to_radians().sin(), (lon - e.west).to_radians().sin());
                let tan = (a.to_radians().tan() * x + b.to_radians().tan() * y) / width.to_radians().sin();
                tan.atan().to_degrees()
            }
        }
    }

    fn contains(&self, p: LonLat) -> bool {
        p.lat_deg >= self.south_lat && p.lat_deg <= self.north_lat && (self.crossings(p) % 2 == 1) != self.north
    }
}

/// Direction of the middle of a ring: its edges weighted by their lengths; for a ring that goes round the Earth what lies
/// to its left.
pub(super) fn middle(ring: &[LonLat]) -> DVec3 {
    let ups: Vec<DVec3> = ring.iter().map(LonLat::up).collect();
    let n = ups.len();
    let pairs = || (0..n).map(|k| (ups[k], ups[(k + 1) % n]));
    let (sum, length) = pairs().fold((DVec3::ZERO, 0.0), |(sum, length), (a, b)| {
        let w = a.distance(b);
        (sum + (a + b) * (w / 2.0), length + w)
    });
    if sum.length() > 1e-3 * length {
        return sum.normalize();
    }
    pairs().map(|(a, b)| a.cross(b)).sum::<DVec3>().try_normalize().unwrap_or(DVec3::Z)
}

impl Geometry {
    /// The direction around which a ring of this polygon lies, opposite to what is outside.
    pub fn ring_middle(ring: &Line) -> DVec3 {
        middle(&ring.places)
    }

    /// A place for its name: the middle of its largest line, for polygons within them where that is possible.
    pub fn label_place(&self) -> Option<LonLat> {
        let largest = self.lines.iter().filter(|l| !l.hole).max_by_key(|l| l.places.len())?;
        match self.kind {
            ShapeKind::Point => largest.places.first().copied(),
            ShapeKind::Polyline => self.samples(3).get(1).map(|s| s.place),
            ShapeKind::Polygon => {
                let up = middle(&largest.places);
                Some(LonLat::new(up.y.atan2(up.x).to_degrees(), up.z.clamp(-1.0, 1.0).asin().to_degrees()))
            }
        }
    }
}
