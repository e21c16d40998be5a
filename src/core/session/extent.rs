//! Where and when the data of layers lie.

use super::Session;
use crate::camera::Camera;
use crate::geo::{GeoBox, LonLat};
use crate::granule::{GeometryKind, Granule};
use crate::project::LayerId;
use crate::time::TimeSpan;

/// Distance from the middle of a box to its corner beyond which an orbit in it is bent.
const LONG_ORBIT_M: f64 = 4_000_000.0;
/// Cosine of the angle within which the middle of an orbit is beside its outline.
const BESIDE_ORBIT: f64 = 0.95;
/// Granules whose outlines are looked at; of more the box says enough.
const MOST_OUTLINES: usize = 256;

impl Session {
    pub(super) fn granules_of(&self, layer: Option<LayerId>) -> impl Iterator<Item = &Granule> {
        self.project
            .layers
            .iter()
            .filter(move |l| layer.map_or_else(|| self.project.shows(l), |id| l.id == id))
            .filter_map(|l| Some((l, self.catalogue.collections.get(&l.collection)?)))
            .flat_map(|(l, c)| c.with_field(&l.field))
    }

    pub(super) fn shown_now(&self, layer: Option<LayerId>) -> impl Iterator<Item = &Granule> {
        let t = &self.project.timeline;
        self.project
            .layers
            .iter()
            .filter(move |l| layer.map_or_else(|| self.project.shows(l), |id| l.id == id))
            .filter_map(|l| Some((l, self.catalogue.collections.get(&l.collection)?)))
            .flat_map(|(l, c)| c.shown_at(&l.field, &l.style, t))
    }

    /// Box around the granules of a layer (of all visible layers when `None`) that its time rule shows now,
    /// or around all of them when none is shown.
    pub fn bounds_of(&self, layer: Option<LayerId>) -> Option<GeoBox> {
        box_around(&self.in_reach(layer))
    }

    /// Granules shown now, or all where none is.
    pub(super) fn in_reach(&self, layer: Option<LayerId>) -> Vec<&Granule> {
        let shown: Vec<&Granule> = self.shown_now(layer).collect();
        if shown.is_empty() { self.granules_of(layer).collect() } else { shown }
    }

    /// The camera that shows the granules of a layer (of all visible layers when `None`); `None` without any.
    pub fn framing(&self, layer: Option<LayerId>) -> Option<Camera> {
        self.framing_of(&self.in_reach(layer))
    }

    /// The camera that shows these granules.
    pub(super) fn framing_of(&self, granules: &[&Granule]) -> Option<Camera> {
        let target = box_around(granules)?;
        let (camera, size) = (self.project.camera, self.view_px);
        let Some(outline) = outline_of(granules) else { return Some(camera.framing(&target, size)) };
        let mut framed = camera.framing_places(&outline, size);
        // A long orbit bends, and nothing shows all of it.
        let reach_m = target.centre().approx_distance_m(&LonLat::new(target.west, target.south));
        if reach_m > LONG_ORBIT_M && !camera.projection.is_map() {
            // Between the two sides of a whole turn round the Earth there is nothing to see.
            let on_it = |m: &LonLat| outline.iter().any(|p| p.up().dot(m.up()) > BESIDE_ORBIT);
            framed.target = middle_of_orbit(granules).filter(on_it).unwrap_or(framed.target);
        }
        Some(framed.sanitized())
    }

    /// Time covered by the visible layers.
    pub fn time_span(&self) -> Option<TimeSpan> {
        self.granules_of(None).filter_map(|g| g.span).reduce(|a, b| a.union(&b)).or_else(|| self.catalogue.span())
    }
}

/// Places along the outlines of granules that fill only a part of their boxes; `None` where the boxes say as much.
fn outline_of(granules: &[&Granule]) -> Option<Vec<LonLat>> {
    let outlined = |g: &&Granule| {
        // A whole orbit goes round the Earth, and still covers little of it; a bent grid is not so long and narrow.
        let long = g.geometry == GeometryKind::Swath && g.shape[0] >= 4 * g.shape[1];
        let bent = g.geometry == GeometryKind::Track || long;
        let narrow = g.bounds.east - g.bounds.west < 359.0 && !matches!(g.geometry, GeometryKind::Grid);
        !g.footprint.is_empty() && (bent || narrow)
    };
    if granules.len() > MOST_OUTLINES || !granules.iter().any(outlined) {
        return None;
    }
    let of = |g: &&Granule| {
        if outlined(g) {
            return g.footprint.clone();
        }
        let b = &g.bounds;
        let at = |x: f64, y: f64| LonLat::new(b.west + (b.east - b.west) * x, b.south + (b.north - b.south) * y);
        let sides = (0..=8).map(|k| f64::from(k) / 8.0);
        sides.flat_map(|t| [at(t, 0.0), at(t, 1.0), at(t, 0.5), at(0.0, t), at(1.0, t)]).collect()
    };
    Some(granules.iter().flat_map(of).map(|p| p.normalized()).collect())
}

/// The middle of the first of these swaths or tracks, from its outline.
pub(super) fn middle_of_orbit(granules: &[&Granule]) -> Option<LonLat> {
    let is_orbit = |g: &&Granule| matches!(g.geometry, GeometryKind::Track | GeometryKind::Swath);
    // Beside a map of the whole Earth the middle of one orbit means nothing.
    let granule = granules.iter().all(is_orbit).then(|| granules.first()).flatten()?;
    let outline = &granule.footprint;
    let at = |eighths: usize| outline.get(outline.len() * eighths / 8).map(LonLat::up);
    match granule.geometry {
        GeometryKind::Track => outline.get(outline.len() / 2).copied(),
        // Readers draw the ring along the four sides in turn: these are the middles of the two long ones.
        GeometryKind::Swath => {
            let up = at(3).zip(at(7)).map(|(a, b)| (a + b).normalize_or_zero())?;
            Some(LonLat::new(up.y.atan2(up.x).to_degrees(), up.z.asin().to_degrees()))
        }
        _ => None,
    }
}

/// Box around granules.
pub(super) fn box_around(granules: &[&Granule]) -> Option<GeoBox> {
    granules.iter().map(|g| g.bounds).reduce(|a, b| union(&a, &b))
}

pub(super) fn union(a: &GeoBox, b: &GeoBox) -> GeoBox {
    let (south, north) = (a.south.min(b.south), a.north.max(b.north));
    // Of the two ways round, the narrower.
    let narrowest = [0.0, 360.0, -360.0]
        .map(|turn| (a.west.min(b.west + turn), a.east.max(b.east + turn)))
        .into_iter()
        .min_by(|x, y| (x.1 - x.0).total_cmp(&(y.1 - y.0)));
    match narrowest {
        Some((west, east)) if east - west < 360.0 => {
            let w = crate::geo::wrap_180(west);
            GeoBox { west: w, east: w + (east - west), south, north }
        }
        _ => GeoBox { west: -180.0, east: 180.0, south, north },
    }
}
