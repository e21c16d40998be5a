//! Coastlines, lake shores and borders: Natural Earth as TopoJSON, at three scales.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use seaglass_core::geo::LonLat;
use serde::Deserialize;

/// Level of detail: the scale of the Natural Earth map the lines come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lod {
    /// 1:110 million: the whole Earth; points about 100 km apart.
    Coarse,
    /// 1:50 million: a continent; about 15 km.
    Medium,
    /// 1:10 million: from a country down; about 2 km.
    Fine,
}

impl Lod {
    /// All, coarse first.
    pub const ALL: [Self; 3] = [Self::Coarse, Self::Medium, Self::Fine];

    /// The coarsest level whose segments still look smooth when a pixel is this many metres wide.
    pub fn for_resolution(metres_per_pixel: f64) -> Self {
        match metres_per_pixel {
            m if m > 18_000.0 => Self::Coarse,
            m if m > 2_500.0 => Self::Medium,
            _ => Self::Fine,
        }
    }
}

/// One connected line. A closed shore repeats its first point at the end.
#[derive(Clone, Debug, PartialEq)]
pub struct Polyline {
    /// Importance: of shores by area, 0 a continent … 8 an islet; of borders as Natural Earth ranks them.
    pub rank: u8,
    /// Positions; consecutive ones are joined by a straight line in longitude and latitude.
    pub points: Vec<LonLat>,
}

/// Shores of continents and islands. The cuts of the map at ±180° and along 90° S are left out: they are not coast.
pub fn coastlines(lod: Lod) -> &'static [Polyline] {
    static LINES: [OnceLock<Vec<Polyline>>; 3] = [const { OnceLock::new() }; 3];
    LINES[lod as usize].get_or_init(|| {
        let bytes: &[u8] = match lod {
            Lod::Coarse => include_bytes!("../../../assets/coastlines/land_110m.topojson.zst"),
            Lod::Medium => include_bytes!("../../../assets/coastlines/land_50m.topojson.zst"),
            Lod::Fine => include_bytes!("../../../assets/coastlines/land_10m.topojson.zst"),
        };
        load("coastline", bytes)
    })
}

/// Shores of lakes.
pub fn lakes(lod: Lod) -> &'static [Polyline] {
    static LINES: [OnceLock<Vec<Polyline>>; 3] = [const { OnceLock::new() }; 3];
    LINES[lod as usize].get_or_init(|| {
        let bytes: &[u8] = match lod {
            Lod::Coarse => include_bytes!("../../../assets/coastlines/lakes_110m.topojson.zst"),
            Lod::Medium => include_bytes!("../../../assets/coastlines/lakes_50m.topojson.zst"),
            Lod::Fine => include_bytes!("../../../assets/coastlines/lakes_10m.topojson.zst"),
        };
        load("lakes", bytes)
    })
}

/// Land borders between countries, as of 2012–2015: for orientation, without authority.
pub fn borders(lod: Lod) -> &'static [Polyline] {
    static LINES: [OnceLock<Vec<Polyline>>; 3] = [const { OnceLock::new() }; 3];
    LINES[lod as usize].get_or_init(|| {
        let bytes: &[u8] = match lod {
            Lod::Coarse => include_bytes!("../../../assets/coastlines/borders_110m.topojson.zst"),
            Lod::Medium => include_bytes!("../../../assets/coastlines/borders_50m.topojson.zst"),
            Lod::Fine => include_bytes!("../../../assets/coastlines/borders_10m.topojson.zst"),
        };
        load("borders", bytes)
    })
}

/// The part of TopoJSON (format specification 1.0) that our files use.
#[derive(Deserialize)]
struct Topology {
    transform: Transform,
    objects: BTreeMap<String, Collection>,
    arcs: Vec<Vec<[i32; 2]>>,
}

#[derive(Deserialize)]
struct Transform {
    scale: [f64; 2],
    translate: [f64; 2],
}

#[derive(Deserialize)]
struct Collection {
    geometries: Vec<Geometry>,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum Geometry {
    Polygon { properties: Properties, arcs: Vec<Vec<usize>> },
    LineString { properties: Properties, arcs: Vec<usize> },
    MultiLineString { properties: Properties, arcs: Vec<Vec<usize>> },
}

#[derive(Deserialize)]
struct Properties {
    rank: u8,
}

/// Lines of a packed topology; none (and a log entry) when it is damaged.
fn load(name: &str, packed: &[u8]) -> Vec<Polyline> {
    let bytes = super::unpack(name, packed);
    match serde_json::from_slice::<Topology>(&bytes) {
        Ok(topology) => lines_of(&topology),
        Err(error) => {
            log::error!("the embedded {name} cannot be read: {error}");
            Vec::new()
        }
    }
}

/// Every ring or line, split at the cuts of the map.
fn lines_of(topology: &Topology) -> Vec<Polyline> {
    let mut out = Vec::new();
    for geometry in topology.objects.values().flat_map(|c| &c.geometries) {
        let (rank, parts): (u8, Vec<&[usize]>) = match geometry {
            Geometry::Polygon { properties, arcs } | Geometry::MultiLineString { properties, arcs } => {
                (properties.rank, arcs.iter().map(Vec::as_slice).collect())
            }
            Geometry::LineString { properties, arcs } => (properties.rank, vec![arcs.as_slice()]),
        };
        for part in parts {
            // Our writer shares no arcs: a part is one arc, or several in a row.
            let points: Vec<LonLat> = part.iter().flat_map(|arc| positions(topology, *arc)).collect();
            split_at_cuts(rank, &points, &mut out);
        }
    }
    out
}

/// Positions of an arc: running sums of its steps, scaled.
fn positions(topology: &Topology, arc: usize) -> impl Iterator<Item = LonLat> {
    let Transform { scale, translate } = &topology.transform;
    let steps = topology.arcs.get(arc).map_or(&[][..], Vec::as_slice);
    steps.iter().scan([0i32; 2], |at, step| {
        at[0] += step[0];
        at[1] += step[1];
        Some(LonLat::new(f64::from(at[0]) * scale[0] + translate[0], f64::from(at[1]) * scale[1] + translate[1]))
    })
}

/// An edge along ±180° or 90° S closes a polygon at the edge of the flat map; nobody should see it.
fn is_cut(a: LonLat, b: LonLat) -> bool {
    let on_dateline = |p: LonLat| (p.lon_deg.abs() - 180.0).abs() < 1e-9;
    let on_pole = |p: LonLat| (p.lat_deg + 90.0).abs() < 1e-9;
    (on_dateline(a) && on_dateline(b)) || (on_pole(a) && on_pole(b))
}

/// Appends `points` as one line, or as several when some edges are cuts.
fn split_at_cuts(rank: u8, points: &[LonLat], out: &mut Vec<Polyline>) {
    let mut from = 0;
    let mut push = |points: &[LonLat]| {
        if points.len() > 1 {
            out.push(Polyline { rank, points: points.to_vec() });
        }
    };
    for k in 1..points.len() {
        if is_cut(points[k - 1], points[k]) {
            push(&points[from..k]);
            from = k;
        }
    }
    push(&points[from..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Distance in degrees of latitude from a place to the nearest edge (flat approximation, good near the place).
    fn distance_deg(lines: &[Polyline], lon: f64, lat: f64) -> f64 {
        let k = lat.to_radians().cos();
        let mut best = f64::INFINITY;
        for w in lines.iter().flat_map(|l| l.points.windows(2)) {
            let (ax, ay) = ((w[0].lon_deg - lon) * k, w[0].lat_deg - lat);
            let (dx, dy) = ((w[1].lon_deg - w[0].lon_deg) * k, w[1].lat_deg - w[0].lat_deg);
            let t = (-(ax * dx + ay * dy) / (dx * dx + dy * dy).max(1e-18)).clamp(0.0, 1.0);
            best = best.min((ax + t * dx).hypot(ay + t * dy));
        }
        best
    }

    #[test]
    fn known_shores_lie_where_they_are() {
        // Cabo da Roca, Point Reyes, Cape Agulhas lighthouse; tolerance by scale.
        for (lod, tolerance) in [(Lod::Coarse, 1.5), (Lod::Medium, 0.2), (Lod::Fine, 0.05)] {
            for (lon, lat) in [(-9.5005, 38.7804), (-123.0233, 37.9960), (20.0093, -34.8290)] {
                let d = distance_deg(coastlines(lod), lon, lat);
                assert!(d < tolerance, "{lod:?}: the shore is {d}° from {lon}, {lat}");
            }
            assert!(distance_deg(coastlines(lod), -35.0, 0.0) > 1.0, "a coast in the middle of the Atlantic");
        }
    }

    #[test]
    fn all_levels_load_and_grow() {
        let count = |lines: &[Polyline]| lines.iter().map(|l| l.points.len()).sum::<usize>();
        for theme in [coastlines, lakes, borders] {
            let counts = Lod::ALL.map(|lod| count(theme(lod)));
            assert!(counts[0] > 100 && counts[0] < counts[1] && counts[1] < counts[2], "{counts:?}");
        }
        let valid = |p: &LonLat| p.is_valid() && p.lon_deg.abs() <= 180.0;
        assert!(coastlines(Lod::Fine).iter().all(|l| l.points.iter().all(valid)));
    }

    #[test]
    fn cuts_of_the_map_are_not_coast() {
        for lod in Lod::ALL {
            for line in coastlines(lod) {
                assert!(line.points.len() > 1);
                assert!(!line.points.windows(2).any(|w| is_cut(w[0], w[1])), "{lod:?} keeps a cut");
            }
            // Antarctica's shore is an open line now; islands stay closed.
            assert!(coastlines(lod).iter().any(|l| l.points.first() != l.points.last()));
            assert!(coastlines(lod).iter().filter(|l| l.points.first() == l.points.last()).count() > 50);
        }
    }

    #[test]
    fn no_edge_jumps_across_the_map() {
        let longest = coastlines(Lod::Medium)
            .iter()
            .flat_map(|l| l.points.windows(2).map(|w| (w[0].lon_deg - w[1].lon_deg).abs()))
            .fold(0.0, f64::max);
        assert!(longest < 30.0, "an edge of {longest}° of longitude");
    }

    #[test]
    fn level_follows_resolution() {
        assert_eq!(Lod::for_resolution(30_000.0), Lod::Coarse);
        assert_eq!(Lod::for_resolution(5_000.0), Lod::Medium);
        assert_eq!(Lod::for_resolution(10.0), Lod::Fine);
    }
}
