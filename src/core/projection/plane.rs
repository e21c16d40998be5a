//! Maps that proj4rs computes: where they are cut, how far they reach, forward and back.
//!
//! The third coordinate of a projected place is how deep it lies inside the drawn map: positive inside, negative beyond
//! its edge. A map continues smoothly over its edge for as far as a mesh or a line may reach, and what is negative there
//! is not drawn: patches need no cutting.

use std::cell::Cell;

use glam::DVec3;
use parking_lot::RwLock;
use proj4rs::Proj;
use proj4rs::transform::transform;

use crate::geo::{LonLat, wrap_180};

/// A map of a family with its parameters, small enough to be a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Plane {
    /// Mollweide's equal-area ellipse about a meridian (whole degrees).
    Mollweide {
        /// Meridian in the middle.
        lon_deg: i16,
    },
    /// Equal Earth about a meridian.
    EqualEarth {
        /// Meridian in the middle.
        lon_deg: i16,
    },
    /// Robinson's compromise about a meridian.
    Robinson {
        /// Meridian in the middle.
        lon_deg: i16,
    },
    /// Lambert's azimuthal equal-area projection about a place.
    EqualArea {
        /// Place in the middle.
        lon_deg: i16,
        /// Place in the middle.
        lat_deg: i16,
    },
    /// Lambert's conformal conic projection, true to scale 10° north and south of its middle.
    Conic {
        /// Place in the middle.
        lon_deg: i16,
        /// Place in the middle, 15 to 75 degrees from the equator.
        lat_deg: i16,
    },
    /// Universal transverse Mercator.
    Utm {
        /// 1 to 60.
        zone: u8,
        /// Northings from the south pole's side.
        south: bool,
    },
    /// A PROJ string the user wrote, by its number in this process.
    Custom(u32),
}

/// How far a map reaches. Each limit has a second one up to which it is continued.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Domain {
    /// Cut open along the meridian opposite to the middle; between latitudes.
    Cut { lat: [f64; 2], beyond_deg: f64 },
    /// Within an angle of the middle.
    Cap { angle_deg: f64, beyond_deg: f64 },
    /// Along the meridian in the middle (transverse cylinders): so far across, so far along from the equator.
    Strip { across_deg: f64, along_deg: f64, beyond_deg: f64 },
}

/// Projected "metres" of the third coordinate for a degree inside the map: too small to count as a distance.
const DEPTH_PER_DEG: f64 = 1e-5;
/// What the depth must be multiplied with to be of the size of a cosine, for the shaders.
pub const DEPTH_SCALE: f64 = 1e5;
/// Largest distance between a place and its way there and back, map metres.
const ROUND_TRIP_M: f64 = 1e-4;
/// The same for Robinson's map: its table of every fifth degree has little steps between its pieces.
const ROBINSON_M: f64 = 5.0;

/// A map ready to be computed.
#[derive(Debug)]
struct Defined {
    proj: Proj,
    middle: LonLat,
    domain: Domain,
    mollweide: bool,
    /// Largest distance between a place and its way there and back, map metres.
    round_trip_m: f64,
}

impl std::fmt::Debug for Tables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tables({} maps)", self.ready.len())
    }
}

/// Maps used in this process. They are few, and kept to its end, so that a projection can be a small key.
struct Tables {
    custom: Vec<String>,
    ready: Vec<(Plane, &'static Defined)>,
}

static TABLES: RwLock<Tables> = RwLock::new(Tables { custom: Vec::new(), ready: Vec::new() });

thread_local! {
    static LAST: Cell<Option<(Plane, &'static Defined)>> = const { Cell::new(None) };
}

fn geographic() -> Result<Proj, String> {
    Proj::from_proj_string("+proj=longlat +datum=WGS84").map_err(|e| e.to_string())
}

fn parameter<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.split_whitespace().find_map(|w| w.trim_start_matches('+').strip_prefix(key)?.strip_prefix('='))
}

fn number(text: &str, key: &str) -> Option<f64> {
    parameter(text, key)?.parse().ok()
}

fn proj_name(text: &str) -> &str {
    parameter(text, "proj").unwrap_or_default()
}

impl Plane {
    /// The map of a PROJ string, in metres whatever unit it names; `Err` says what is not understood.
    pub fn custom(text: &str) -> Result<Self, String> {
        // A picture has no unit of its own.
        let kept = |w: &&str| {
            let key = w.trim_start_matches('+').split('=').next().unwrap_or_default();
            !matches!(key, "units" | "to_meter" | "vunits" | "no_defs" | "type" | "wktext" | "over" | "axis")
        };
        let mut words: Vec<String> =
            text.split_whitespace().filter(kept).map(|w| format!("+{}", w.trim_start_matches('+'))).collect();
        if !words.iter().any(|w| ["+datum", "+ellps", "+R", "+a"].contains(&w.split('=').next().unwrap_or_default())) {
            words.push("+datum=WGS84".to_owned());
        }
        let text = words.join(" ");
        Defined::new(&text)?;
        let mut tables = TABLES.write();
        let number = tables.custom.iter().position(|t| *t == text).unwrap_or_else(|| {
            tables.custom.push(text);
            tables.custom.len() - 1
        });
        Ok(Self::Custom(number as u32))
    }

    /// Its PROJ string.
    pub fn proj_string(self) -> String {
        match self {
            Self::Mollweide { lon_deg } => format!("+proj=moll +lon_0={lon_deg} +datum=WGS84"),
            Self::EqualEarth { lon_deg } => format!("+proj=eqearth +lon_0={lon_deg} +datum=WGS84"),
            Self::Robinson { lon_deg } => format!("+proj=robin +lon_0={lon_deg} +datum=WGS84"),
            Self::EqualArea { lon_deg, lat_deg } => {
                format!("+proj=laea +lat_0={lat_deg} +lon_0={lon_deg} +datum=WGS84")
            }
            Self::Conic { lon_deg, lat_deg } => format!(
                "+proj=lcc +lat_0={lat_deg} +lon_0={lon_deg} +lat_1={} +lat_2={} +datum=WGS84",
                lat_deg - 10,
                lat_deg + 10
            ),
            Self::Utm { zone, south } => {
                format!("+proj=utm +zone={zone}{} +datum=WGS84", if south { " +south" } else { "" })
            }
            Self::Custom(k) => TABLES.read().custom.get(k as usize).cloned().unwrap_or_default(),
        }
    }

    /// Position in map metres with the depth inside the map as third coordinate, continued beyond the edge of the map
    /// as far as it goes; on maps cut along a meridian always on the side of the cut where the place lies.
    pub fn project_extended(self, p: LonLat) -> Option<DVec3> {
        let d = self.defined()?;
        d.project(LonLat::new(wrap_180(p.lon_deg - d.middle.lon_deg) + d.middle.lon_deg, p.lat_deg))
    }

    /// The same on maps cut along a meridian, `turns` times round the Earth further east: the smooth continuation over
    /// the cut.
    pub fn project_turned(self, p: LonLat, turns: f64) -> Option<DVec3> {
        let d = self.defined()?;
        d.project(LonLat::new(wrap_180(p.lon_deg - d.middle.lon_deg) + d.middle.lon_deg + 360.0 * turns, p.lat_deg))
    }

    /// Place of map metres; `None` outside of the drawn map.
    pub fn unproject(self, v: DVec3) -> Option<LonLat> {
        self.defined()?.unproject(v)
    }

    /// How deep a place lies inside the map, degrees; negative outside.
    pub fn depth_deg(self, p: LonLat) -> f64 {
        self.defined().map_or(-1.0, |d| {
            d.depth_deg(LonLat::new(wrap_180(p.lon_deg - d.middle.lon_deg) + d.middle.lon_deg, p.lat_deg))
        })
    }

    /// The longitude in the middle of a map that is cut open along the opposite meridian.
    pub fn cut_about_deg(self) -> Option<f64> {
        let d = self.defined()?;
        matches!(d.domain, Domain::Cut { .. }).then_some(d.middle.lon_deg)
    }

    /// The place in the middle of the map.
    pub fn middle(self) -> LonLat {
        self.defined().map_or(LonLat::new(0.0, 0.0), |d| d.middle)
    }

    /// The edge of the drawn map: closed lines of projected positions just inside.
    pub fn outline(self) -> Vec<Vec<DVec3>> {
        const STEPS: i32 = 360;
        let Some(d) = self.defined() else { return Vec::new() };
        let mix = |a: f64, b: f64, k: i32| a + (b - a) * f64::from(k) / f64::from(STEPS);
        // Corners of a rectangle, along straight lines of whatever the two coordinates are.
        let around = |u: [f64; 2], v: [f64; 2], place: &dyn Fn(f64, f64) -> LonLat| {
            let corners = [(u[0], v[0]), (u[1], v[0]), (u[1], v[1]), (u[0], v[1]), (u[0], v[0])];
            let sides = corners.windows(2).flat_map(|s| (0..=STEPS).map(move |k| (s[0], s[1], k)));
            vec![sides.filter_map(|(a, b, k)| d.project(place(mix(a.0, b.0, k), mix(a.1, b.1, k)))).collect()]
        };
        match d.domain {
            Domain::Cut { lat: [low, high], .. } => {
                let most = 180.0 - 1e-6;
                let low = if low > -90.0 { low + 1e-6 } else { low };
                let high = if high < 90.0 { high - 1e-6 } else { high };
                around([-most, most], [low, high], &|off, lat| LonLat::new(d.middle.lon_deg + off, lat))
            }
            Domain::Cap { angle_deg, .. } => {
                let (sin_a, cos_a) = (angle_deg - 1e-6).to_radians().sin_cos();
                let (up, north, east) = (d.middle.up(), d.middle.north(), d.middle.east());
                let at = |k: i32| {
                    let (s, c) = mix(0.0, std::f64::consts::TAU, k).sin_cos();
                    let v = up * cos_a + (north * c + east * s) * sin_a;
                    self.project_extended(LonLat::new(
                        v.y.atan2(v.x).to_degrees(),
                        v.z.clamp(-1.0, 1.0).asin().to_degrees(),
                    ))
                };
                vec![(0..=STEPS).filter_map(at).collect()]
            }
            Domain::Strip { across_deg, along_deg, .. } => {
                let (ac, al) = (across_deg - 1e-6, along_deg - 1e-6);
                around([-ac, ac], [-al, al], &|across, along| d.untransverse(across, along))
            }
        }
    }

    /// A stand-in for the position of a place that the map does not reach even when continued: from the rim towards it,
    /// further in as the place is further away, so that neighbours stay neighbours, also over a cut (`turns` as in
    /// [`project_turned`](Self::project_turned)). Its depth is negative.
    pub fn far_side(self, p: LonLat, turns: f64) -> Option<DVec3> {
        let d = self.defined()?;
        let below = |rim: DVec3, part: f64| {
            let centre = d.project(d.middle)?;
            let v = centre + (rim - centre) * part;
            // A cone below the map.
            Some(DVec3::new(v.x, v.y, (part - 1.0) * (rim - centre).length() - 1.0))
        };
        if let Domain::Cut { lat: [low, high], beyond_deg } = d.domain {
            let rim = p.lat_deg.clamp(low - beyond_deg + 1e-6, high + beyond_deg - 1e-6);
            let part = (90.0 - p.lat_deg.abs()) / (90.0 - rim.abs()).max(1e-9);
            return below(self.project_turned(LonLat::new(p.lon_deg, rim), turns)?, part.min(1.0));
        }
        if let Domain::Strip { across_deg, along_deg, beyond_deg } = d.domain {
            let (across, along) = d.transverse(p);
            let most = |limit: f64| (limit + beyond_deg) * (1.0 - 1e-9);
            let (ac, al) = (across.abs().min(most(across_deg)), along.abs().min(most(along_deg)));
            let part = ((90.0 - across.abs()) / (90.0 - ac)) * ((180.0 - along.abs()) / (180.0 - al));
            let rim = d.untransverse(ac.copysign(across), al.copysign(along));
            return below(self.project_extended(rim)?, part);
        }
        let middle = d.middle.up();
        let to = p.up();
        let angle = middle.cross(to).length().atan2(middle.dot(to));
        let at = |part: f64| {
            let side = (to - middle * middle.dot(to)).normalize_or(d.middle.north());
            let v = middle * (angle * part).cos() + side * (angle * part).sin();
            LonLat::new(v.y.atan2(v.x).to_degrees(), v.z.atan2(v.x.hypot(v.y)).to_degrees())
        };
        let (mut inside, mut outside) = (0.0, 1.0);
        for _ in 0..24 {
            let half = (inside + outside) / 2.0;
            if self.project_extended(at(half)).is_some() { inside = half } else { outside = half }
        }
        let rim = self.project_extended(at(inside))?;
        below(rim, (std::f64::consts::PI - angle) / (std::f64::consts::PI - angle * inside).max(1e-9))
    }

    /// The place on the drawn map nearest to `p` on its way from the middle.
    pub fn clamp(self, p: LonLat) -> LonLat {
        if self.depth_deg(p) > 0.0 {
            return p;
        }
        let middle = self.middle();
        let (a, b) = (middle.up(), p.up());
        let at = |t: f64| {
            let v = a.lerp(b, t).normalize_or(a);
            LonLat::new(v.y.atan2(v.x).to_degrees(), v.z.atan2(v.x.hypot(v.y)).to_degrees())
        };
        let (mut inside, mut outside) = (0.0, 1.0);
        for _ in 0..40 {
            let half = (inside + outside) / 2.0;
            if self.depth_deg(at(half)) > 0.0 { inside = half } else { outside = half }
        }
        at(inside)
    }

    fn defined(self) -> Option<&'static Defined> {
        if let Some((key, found)) = LAST.get()
            && key == self
        {
            return Some(found);
        }
        let known = TABLES.read().ready.iter().find(|(k, _)| *k == self).map(|(_, d)| *d);
        let found = match known {
            Some(d) => d,
            None => {
                let made: &'static Defined = Box::leak(Box::new(Defined::new(&self.proj_string()).ok()?));
                TABLES.write().ready.push((self, made));
                made
            }
        };
        LAST.set(Some((self, found)));
        Some(found)
    }
}

impl Defined {
    fn new(text: &str) -> Result<Self, String> {
        let fail = |e: &dyn std::fmt::Display| format!("The map projection \"{text}\" cannot be used: {e}.");
        let plain = Proj::from_proj_string(text).map_err(|e| fail(&e))?;
        if plain.is_latlong() || plain.is_geocent() {
            return Err(fail(&"it is not a map; equirectangular is one in degrees"));
        }
        if !plain.has_forward() || !plain.has_inverse() {
            return Err(fail(&"it has no inverse"));
        }
        geographic().map_err(|e| fail(&e))?;
        let (domain, middle_lat) = domain(text, &plain);
        // On the turn of the projection's own meridian: over a cut longitudes are not brought back to it.
        let lon = number(text, "lonc").unwrap_or_else(|| plain.longitude_of_origin().to_degrees());
        let middle = LonLat::new(lon, middle_lat);
        let proj = match domain {
            Domain::Cut { .. } => Proj::from_proj_string(&format!("{text} +over")).map_err(|e| fail(&e))?,
            _ => plain,
        };
        if proj_name(text).starts_with("wag") {
            return Err(fail(&"it is not exact near the poles; moll is the same family"));
        }
        let false_origin = ["x_0", "y_0"].iter().any(|k| number(text, k).is_some_and(|v| v != 0.0));
        let mollweide = proj_name(text) == "moll" && !false_origin;
        let round_trip_m = if proj_name(text) == "robin" { ROBINSON_M } else { ROUND_TRIP_M };
        let made = Self { proj, middle, domain, mollweide, round_trip_m };
        let seen = made.project(middle).and_then(|v| made.unproject(v));
        if !seen.is_some_and(|p| p.up().distance(middle.up()) < 1e-9) {
            return Err(fail(&"the place in its middle is not found again by its inverse"));
        }
        Ok(made)
    }

    /// Depth of a place whose longitude may lie beyond ±180° of the middle.
    fn depth_deg(&self, p: LonLat) -> f64 {
        let off_deg = p.lon_deg - self.middle.lon_deg;
        match self.domain {
            Domain::Cut { lat: [low, high], .. } => {
                let mut depth = 180.0 - off_deg.abs();
                if low > -90.0 {
                    depth = depth.min(p.lat_deg - low);
                }
                if high < 90.0 {
                    depth = depth.min(high - p.lat_deg);
                }
                depth
            }
            Domain::Cap { angle_deg, .. } => {
                let (a, b) = (self.middle.up(), p.up());
                angle_deg - a.cross(b).length().atan2(a.dot(b)).to_degrees()
            }
            Domain::Strip { across_deg, along_deg, .. } => {
                let (across, along) = self.transverse(p);
                (across_deg - across.abs()).min(along_deg - along.abs())
            }
        }
    }

    /// Degrees from the middle meridian, and along it from the equator.
    fn transverse(&self, p: LonLat) -> (f64, f64) {
        let (sin_l, cos_l) = (p.lon_deg - self.middle.lon_deg).to_radians().sin_cos();
        let (sin_p, cos_p) = p.lat_deg.to_radians().sin_cos();
        ((cos_p * sin_l).clamp(-1.0, 1.0).asin().to_degrees(), sin_p.atan2(cos_p * cos_l).to_degrees())
    }

    /// The place so many degrees from the middle meridian, so many along it.
    fn untransverse(&self, across: f64, along: f64) -> LonLat {
        let (sin_ac, cos_ac) = across.to_radians().sin_cos();
        let (sin_al, cos_al) = along.to_radians().sin_cos();
        let (lat, off) = ((cos_ac * sin_al).asin(), sin_ac.atan2(cos_ac * cos_al));
        LonLat::new(self.middle.lon_deg + off.to_degrees(), lat.to_degrees())
    }

    fn beyond_deg(&self) -> f64 {
        match self.domain {
            Domain::Cut { beyond_deg, .. } | Domain::Cap { beyond_deg, .. } | Domain::Strip { beyond_deg, .. } => {
                beyond_deg
            }
        }
    }

    /// Map metres without a look at the domain.
    fn forward(&self, p: LonLat) -> Option<(f64, f64)> {
        if self.mollweide {
            return Some(self.mollweide(p));
        }
        let mut point = (p.lon_deg.to_radians(), p.lat_deg.to_radians(), 0.0);
        let from = GEOGRAPHIC.with(|g| transform(g.as_ref()?, &self.proj, &mut point).ok());
        from.filter(|()| point.0.is_finite() && point.1.is_finite()).map(|()| (point.0, point.1))
    }

    /// Mollweide on the sphere of the equatorial radius, as PROJ has it (Snyder 1987, USGS PP 1395, eq. 31-1 to 31-4).
    /// The iteration of proj4rs gives up near the poles; that of the pole's distance has its root in the open.
    fn mollweide(&self, p: LonLat) -> (f64, f64) {
        let radius = self.proj.ellipse_parameters().0;
        let from_pole = std::f64::consts::FRAC_PI_2 - p.lat_deg.abs().to_radians();
        // 2δ − sin 2δ = π (1 − sin φ)
        let c = std::f64::consts::TAU * (from_pole / 2.0).sin().powi(2);
        let mut delta = (0.75 * c).cbrt();
        for _ in 0..40 {
            let slope = 4.0 * delta.sin().powi(2);
            if slope < 1e-30 {
                break;
            }
            let step = (2.0 * delta - (2.0 * delta).sin() - c) / slope;
            delta -= step;
            if step.abs() < 1e-15 {
                break;
            }
        }
        let across = (p.lon_deg - self.middle.lon_deg).to_radians() * delta.sin();
        let root2 = std::f64::consts::SQRT_2;
        (radius * 2.0 * root2 / std::f64::consts::PI * across, radius * root2 * delta.cos().copysign(p.lat_deg))
    }

    fn project(&self, p: LonLat) -> Option<DVec3> {
        if !(p.lat_deg.abs() <= 90.0 && p.lon_deg.is_finite()) {
            return None;
        }
        let depth = self.depth_deg(p);
        // Over the cut a map may go on round the Earth, over other edges a little.
        let reach = match self.domain {
            Domain::Cut { .. } => self.depth_deg(LonLat::new(self.middle.lon_deg, p.lat_deg)),
            _ => depth,
        };
        if reach < -self.beyond_deg() {
            return None;
        }
        let (x, y) = self.forward(p)?;
        Some(DVec3::new(x, y, depth * DEPTH_PER_DEG))
    }

    fn unproject(&self, v: DVec3) -> Option<LonLat> {
        let mut point = (v.x, v.y, 0.0);
        GEOGRAPHIC.with(|g| transform(&self.proj, g.as_ref()?, &mut point).ok())?;
        let mut p = LonLat::new(point.0.to_degrees(), point.1.to_degrees().clamp(-90.0, 90.0));
        if !(p.lon_deg.is_finite() && p.lat_deg.is_finite()) {
            return None;
        }
        // The series of the inverse may end early: the way there decides, by Newton's rule.
        for _ in 0..6 {
            let (x, y) = self.forward(p)?;
            let (dx, dy) = (v.x - x, v.y - y);
            if dx.hypot(dy) < ROUND_TRIP_M / 10.0 {
                break;
            }
            let step: f64 = 1e-5 * if p.lat_deg > 0.0 { -1.0 } else { 1.0 };
            let (ex, ey) = self.forward(LonLat::new(p.lon_deg + step.abs(), p.lat_deg))?;
            let (nx, ny) = self.forward(LonLat::new(p.lon_deg, p.lat_deg + step))?;
            let (a, b, c, d) = ((ex - x) / step.abs(), (nx - x) / step, (ey - y) / step.abs(), (ny - y) / step);
            let det = a * d - b * c;
            if det.abs() < 1e-3 {
                break;
            }
            let (lon, lat) = ((d * dx - b * dy) / det, (a * dy - c * dx) / det);
            p = LonLat::new(p.lon_deg + lon.clamp(-5.0, 5.0), (p.lat_deg + lat.clamp(-5.0, 5.0)).clamp(-90.0, 90.0));
        }
        let (x, y) = self.forward(p)?;
        let there = (v.x - x).hypot(v.y - y) < self.round_trip_m;
        let inside = self.depth_deg(p) > -1e-9;
        (there && inside).then(|| p.normalized())
    }
}

thread_local! {
    static GEOGRAPHIC: Option<Proj> = geographic().ok();
}

/// How far a map of proj4rs is drawn, and the latitude of its middle.
fn domain(text: &str, proj: &Proj) -> (Domain, f64) {
    let lat_0 = number(text, "lat_0").unwrap_or_else(|| proj.latitude_of_origin().to_degrees());
    let world = Domain::Cut { lat: [-90.0, 90.0], beyond_deg: 0.0 };
    let cap = |angle_deg: f64, beyond_deg: f64| (Domain::Cap { angle_deg, beyond_deg }, lat_0.clamp(-90.0, 90.0));
    match proj_name(text) {
        "merc" | "webmerc" => {
            let edge = super::MERCATOR_LAT_MAX_DEG;
            (Domain::Cut { lat: [-edge, edge], beyond_deg: 3.5 }, 0.0)
        }
        "cea" | "eqc" | "mill" | "moll" | "sinu" | "robin" | "eqearth" => (world, 0.0),
        "aea" | "leac" | "eqdc" => (world, lat_0),
        "lcc" => {
            let parallels = number(text, "lat_1").unwrap_or(lat_0) + number(text, "lat_2").unwrap_or(lat_0);
            let lat = if parallels >= 0.0 { [-30.0, 90.0] } else { [-90.0, 30.0] };
            (Domain::Cut { lat, beyond_deg: 20.0 }, lat_0.clamp(lat[0] + 5.0, lat[1] - 5.0))
        }
        "tmerc" | "etmerc" | "utm" => (Domain::Strip { across_deg: 45.0, along_deg: 105.0, beyond_deg: 12.0 }, 0.0),
        // The antipode would be a whole circle.
        "laea" | "aeqd" => cap(175.0, 3.0),
        "stere" | "ups" => {
            let lat = if proj_name(text) == "ups" { if text.contains("+south") { -90.0 } else { 90.0 } } else { lat_0 };
            (Domain::Cap { angle_deg: 120.0, beyond_deg: 25.0 }, lat)
        }
        "sterea" => cap(90.0, 10.0),
        "gnom" => cap(60.0, 10.0),
        "ortho" => cap(89.0, 0.9),
        "geos" => (Domain::Cap { angle_deg: 80.5, beyond_deg: 0.5 }, 0.0),
        "tpers" | "nsper" => {
            let height = number(text, "h").unwrap_or(0.0).max(1.0) / crate::geo::WGS84_A_M;
            let horizon = (1.0 / (1.0 + height)).acos().to_degrees();
            cap(0.985 * horizon, 0.008 * horizon)
        }
        "poly" => cap(80.0, 5.0),
        _ => cap(40.0, 10.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::projection::Projection;

    #[test]
    fn planes_match_pyproj() {
        let (mut worst, mut compared) = (0.0f64, 0);
        for (name, lon, lat, x, y) in include!("plane_pyproj.in") {
            let Some(Projection::Plane(plane)) = Projection::from_id(name) else { panic!("{name}") };
            let p = LonLat::new(lon, lat);
            // Only what is drawn need be right.
            if plane.depth_deg(p) <= 0.0 {
                continue;
            }
            let v = plane.project_extended(p).unwrap_or_else(|| panic!("{name} {lon} {lat}"));
            let off = (v.x - x).hypot(v.y - y);
            assert!(off < 1e-6 * f64::hypot(x, y).max(1e6), "{name} {lon} {lat}: {v} for {x} {y}, {off} m off");
            let back = plane.unproject(v).unwrap_or_else(|| panic!("{name}: no way back from {lon} {lat}"));
            let most_m = if name.starts_with("robinson") { 5.0 } else { 1e-3 };
            assert!(back.ecef().distance(p.ecef()) < most_m, "{name} {lon} {lat}: back to {back:?}");
            worst = worst.max(off);
            compared += 1;
        }
        assert!(compared > 150, "{compared}");
        println!("{compared} places, {worst} m off at most");
    }

    #[test]
    fn a_cut_map_continues_over_its_cut() {
        for name in ["mollweide:-150", "equal-earth", "robinson:20", "lcc:10,50", "+proj=sinu +lon_0=100"] {
            let Some(Projection::Plane(plane)) = Projection::from_id(name) else { panic!("{name}") };
            let cut = plane.cut_about_deg().unwrap() + 180.0;
            let west = |d: f64| plane.project_extended(LonLat::new(cut - d, 42.0)).unwrap();
            let over = plane.project_turned(LonLat::new(cut + 0.5, 42.0), 1.0).unwrap();
            // As far beyond the cut as the way before it, and outside.
            assert!((over - west(0.001)).truncate().distance((west(0.001) - west(0.502)).truncate()) < 500.0, "{name}");
            assert!(over.z < 0.0 && west(0.5).z > 0.0, "{name}");
            assert!(plane.unproject(over).is_none(), "{name}: a place outside of the map");
        }
    }

    #[test]
    fn outside_of_the_map_is_no_place() {
        for (name, x, y) in [("mollweide", 1.7e7, 6e6), ("laea:10,52", 1.3e7, 0.0), ("equal-earth", 0.0, 8.5e6)] {
            let Some(Projection::Plane(plane)) = Projection::from_id(name) else { panic!("{name}") };
            assert_eq!(plane.unproject(DVec3::new(x, y, 0.0)), None, "{name}");
        }
    }

    #[test]
    fn strings_that_are_no_map_are_refused_with_the_reason() {
        for (text, why) in
            [("+proj=longlat", "not a map"), ("+proj=nonsense", "cannot be used"), ("+proj=geocent", "map")]
        {
            let e = Plane::custom(text).unwrap_err();
            assert!(e.contains(why), "{e}");
        }
        let a = Plane::custom("+proj=laea +lat_0=50 +units=km +no_defs").unwrap();
        assert_eq!(a.proj_string(), "+proj=laea +lat_0=50 +datum=WGS84");
        assert_eq!(Plane::custom("proj=laea lat_0=50").unwrap(), a);
    }
}
