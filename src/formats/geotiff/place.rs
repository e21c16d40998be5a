//! Where a GeoTIFF lies: GeoTIFF 1.1 keys (OGC 19-008r4) as PROJ strings, and the way from pixels to coordinates.

use std::collections::HashMap;

/// GeoKeys by number: whole numbers, doubles or texts.
#[derive(Default, Debug)]
pub struct Keys {
    short: HashMap<u16, u16>,
    double: HashMap<u16, f64>,
}

mod key {
    pub const MODEL_TYPE: u16 = 1024;
    pub const RASTER_TYPE: u16 = 1025;
    pub const GEOGRAPHIC: u16 = 2048;
    pub const SEMI_MAJOR: u16 = 2057;
    pub const SEMI_MINOR: u16 = 2058;
    pub const INVERSE_FLATTENING: u16 = 2059;
    pub const PROJECTED: u16 = 3072;
    pub const TRANSFORMATION: u16 = 3075;
    pub const LINEAR_UNITS: u16 = 3076;
    pub const UNIT_SIZE: u16 = 3077;
}

/// "Described by other keys."
const USER_DEFINED: u16 = 32_767;

/// What the coordinates are.
#[derive(Clone, Debug, PartialEq)]
pub enum System {
    /// Degrees.
    Geographic,
    /// A PROJ string, and the name shown for it.
    Projected(String),
}

impl Keys {
    /// From the key directory and its parameters; unreadable entries are passed over.
    pub fn new(directory: &[u16], doubles: &[f64]) -> Self {
        let mut keys = Self::default();
        for entry in directory.get(4..).unwrap_or_default().as_chunks::<4>().0 {
            let [id, place, _count, value] = *entry;
            match place {
                0 => drop(keys.short.insert(id, value)),
                34_736 => drop(doubles.get(usize::from(value)).map(|v| keys.double.insert(id, *v))),
                _ => {}
            }
        }
        keys
    }

    /// Pixels are points: the tie point is the centre of its pixel.
    pub fn pixel_is_point(&self) -> bool {
        self.short.get(&key::RASTER_TYPE) == Some(&2)
    }

    /// The coordinate system; `Err` is a sentence.
    pub fn system(&self) -> Result<System, String> {
        let projected = self.short.get(&key::PROJECTED).copied();
        match (self.short.get(&key::MODEL_TYPE).copied(), projected) {
            (Some(1), Some(code)) if code != USER_DEFINED && code != 0 => match crs_definitions::from_code(code) {
                Some(def) => Ok(System::Projected(def.proj4.to_owned())),
                None => Err(format!(
                    "Its coordinate system, EPSG:{code}, is not known here; warp it to EPSG:4326 with gdalwarp."
                )),
            },
            (Some(1), _) => self.user_defined(),
            (Some(3), _) => Err("Its coordinates are geocentric, which is no map.".to_owned()),
            // Without keys, degrees are what world files and old programs mean.
            _ => Ok(System::Geographic),
        }
    }

    fn user_defined(&self) -> Result<System, String> {
        let n = |keys: &[u16]| keys.iter().find_map(|k| self.double.get(k).copied());
        let lat0 = n(&[3081, 3085, 3089]).unwrap_or(0.0);
        let lon0 = n(&[3080, 3084, 3088, 3095]).unwrap_or(0.0);
        let (p1, p2) = (n(&[3078]), n(&[3079]));
        let k = n(&[3092, 3093]).unwrap_or(1.0);
        let code = self.short.get(&key::TRANSFORMATION).copied();
        let projection = match code {
            Some(1) => format!("+proj=tmerc +lat_0={lat0} +lon_0={lon0} +k={k}"),
            Some(7) => match p1 {
                Some(ts) => format!("+proj=merc +lat_ts={ts} +lon_0={lon0}"),
                None => format!("+proj=merc +lon_0={lon0} +k={k}"),
            },
            Some(8) => {
                let a = p1.unwrap_or(lat0);
                format!("+proj=lcc +lat_1={a} +lat_2={} +lat_0={lat0} +lon_0={lon0}", p2.unwrap_or(a))
            }
            Some(9) => format!("+proj=lcc +lat_1={lat0} +lat_0={lat0} +lon_0={lon0} +k_0={k}"),
            Some(10) => format!("+proj=laea +lat_0={lat0} +lon_0={lon0}"),
            Some(11) => {
                let a = p1.unwrap_or(lat0);
                format!("+proj=aea +lat_1={a} +lat_2={} +lat_0={lat0} +lon_0={lon0}", p2.unwrap_or(a))
            }
            Some(12) => format!("+proj=aeqd +lat_0={lat0} +lon_0={lon0}"),
            Some(14) => format!("+proj=stere +lat_0={lat0} +lon_0={lon0} +k={k}"),
            Some(15) => {
                let pole = 90f64.copysign(lat0);
                format!("+proj=stere +lat_0={pole} +lat_ts={lat0} +lon_0={lon0}")
            }
            Some(17) => format!("+proj=eqc +lat_ts={} +lon_0={lon0}", p1.unwrap_or(0.0)),
            Some(24) => format!("+proj=sinu +lon_0={lon0}"),
            Some(28) => format!("+proj=cea +lat_ts={} +lon_0={lon0}", p1.unwrap_or(0.0)),
            Some(other) => {
                return Err(format!(
                    "Its map projection (GeoTIFF method {other}) is not read here; warp it to EPSG:4326 with gdalwarp."
                ));
            }
            None => return Err("Its map projection is not described; warp it to EPSG:4326 with gdalwarp.".to_owned()),
        };
        let (x0, y0) = (n(&[3082, 3086, 3090]).unwrap_or(0.0), n(&[3083, 3087, 3091]).unwrap_or(0.0));
        let units = match (self.short.get(&key::LINEAR_UNITS), self.double.get(&key::UNIT_SIZE)) {
            (Some(9002), _) => " +units=ft".to_owned(),
            (Some(9003), _) => " +units=us-ft".to_owned(),
            (Some(9036), _) => " +units=km".to_owned(),
            (Some(&USER_DEFINED), Some(metres)) => format!(" +to_meter={metres}"),
            _ => String::new(),
        };
        Ok(System::Projected(format!("{projection} +x_0={x0} +y_0={y0}{}{units}", self.figure())))
    }

    /// Ellipsoid and datum.
    fn figure(&self) -> String {
        let known = self.short.get(&key::GEOGRAPHIC).filter(|c| **c != USER_DEFINED);
        if let Some(def) = known.and_then(|c| crs_definitions::from_code(*c)) {
            let keep = ["+datum", "+ellps", "+a=", "+b=", "+rf", "+towgs84", "+pm"];
            let words = def.proj4.split_whitespace().filter(|w| keep.iter().any(|k| w.starts_with(k)));
            return words.map(|w| format!(" {w}")).collect();
        }
        let d = |k: u16| self.double.get(&k).copied().filter(|v| *v > 0.0);
        match (d(key::SEMI_MAJOR), d(key::SEMI_MINOR), d(key::INVERSE_FLATTENING)) {
            (Some(a), Some(b), _) => format!(" +a={a} +b={b}"),
            (Some(a), None, Some(rf)) => format!(" +a={a} +rf={rf}"),
            (Some(a), None, None) => format!(" +R={a}"),
            _ => " +datum=WGS84".to_owned(),
        }
    }
}

/// From pixel *centres* (column, row) to coordinates: `x = c[0] + c[1]·col + c[2]·row`, `y = c[3] + c[4]·col + c[5]·row`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine(pub [f64; 6]);

impl Affine {
    /// From a tie point and the pixel's size.
    pub fn from_tie(tie: &[f64], scale: &[f64], point: bool) -> Option<Self> {
        let ([i, j, _, x, y, _], [sx, sy]) = (*tie.first_chunk::<6>()?, *scale.first_chunk::<2>()?);
        Self([x - i * sx, sx, 0.0, y + j * sy, 0.0, -sy]).centred(point)
    }

    /// From the 4 × 4 matrix.
    pub fn from_matrix(m: &[f64], point: bool) -> Option<Self> {
        let m = m.first_chunk::<16>()?;
        Self([m[3], m[0], m[1], m[7], m[4], m[5]]).centred(point)
    }

    /// From the six lines of a world file: column, row and place of the centre of the first pixel.
    pub fn from_world(text: &str) -> Option<Self> {
        let v: Option<Vec<f64>> = text.split_whitespace().take(6).map(|w| w.parse().ok()).collect();
        let v = v.filter(|v| v.len() == 6)?;
        Self([v[4], v[0], v[2], v[5], v[1], v[3]]).centred(true)
    }

    fn centred(self, point: bool) -> Option<Self> {
        let mut c = self.0;
        if !point {
            c[0] += 0.5 * (c[1] + c[2]);
            c[3] += 0.5 * (c[4] + c[5]);
        }
        let solid = (c[1] * c[5] - c[2] * c[4]).abs() > 0.0 && c.iter().all(|v| v.is_finite());
        solid.then_some(Self(c))
    }

    /// Rows and columns run along the axes.
    pub fn is_upright(&self) -> bool {
        self.0[2] == 0.0 && self.0[4] == 0.0
    }

    /// Coordinates of a pixel's centre.
    pub fn at(&self, col: f64, row: f64) -> (f64, f64) {
        let c = self.0;
        (c[0] + c[1] * col + c[2] * row, c[3] + c[4] * col + c[5] * row)
    }
}

/// Control points: places of some pixels.
#[derive(Clone, Debug)]
pub struct ControlPoints {
    rows: Vec<f64>,
    cols: Vec<f64>,
    /// Coordinates row by row.
    xy: Vec<(f64, f64)>,
}

impl ControlPoints {
    /// Tie points that form a grid of rows and columns; `None` where they do not.
    pub fn grid(ties: &[f64]) -> Option<Self> {
        let points: Vec<[f64; 6]> = ties.as_chunks::<6>().0.to_vec();
        let axis = |k: usize| -> Vec<f64> {
            let mut v: Vec<f64> = points.iter().map(|p| p[k]).collect();
            v.sort_by(f64::total_cmp);
            v.dedup();
            v
        };
        let (cols, rows) = (axis(0), axis(1));
        if rows.len() < 2 || cols.len() < 2 || rows.len() * cols.len() != points.len() {
            return None;
        }
        let mut xy = vec![(f64::NAN, f64::NAN); points.len()];
        for p in &points {
            let find = |v: &[f64], at: f64| v.binary_search_by(|x| x.total_cmp(&at)).ok();
            xy[find(&rows, p[1])? * cols.len() + find(&cols, p[0])?] = (p[3], p[4]);
        }
        xy.iter().all(|p| p.0.is_finite() && p.1.is_finite()).then_some(Self { rows, cols, xy })
    }

    /// Coordinates between four control points, and beyond the outer ones as they go on. Longitudes of one turn.
    pub fn at(&self, col: f64, row: f64, degrees: bool) -> (f64, f64) {
        let bracket = |knots: &[f64], at: f64| {
            let k = knots.partition_point(|e| *e <= at).saturating_sub(1).min(knots.len() - 2);
            (k, (at - knots[k]) / (knots[k + 1] - knots[k]))
        };
        let ((i, f), (j, g)) = (bracket(&self.rows, row), bracket(&self.cols, col));
        let n = self.cols.len();
        let corners = [i * n + j, i * n + j + 1, (i + 1) * n + j, (i + 1) * n + j + 1].map(|k| self.xy[k]);
        let weights = [(1.0 - f) * (1.0 - g), (1.0 - f) * g, f * (1.0 - g), f * g];
        let near = |x: f64| if degrees { x - 360.0 * ((x - corners[0].0) / 360.0).round() } else { x };
        corners.iter().zip(weights).fold((0.0, 0.0), |s, (c, w)| (s.0 + w * near(c.0), s.1 + w * c.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_proj_strings() {
        let keys = |entries: &[[u16; 4]]| {
            let head = [1, 1, 0, entries.len() as u16];
            Keys::new(&[&head[..], &entries.concat()].concat(), &[6_378_137.0, 298.257, 60.0, -20.0])
        };
        let utm = keys(&[[1024, 0, 1, 1], [3072, 0, 1, 32_618]]);
        assert_eq!(utm.system(), Ok(System::Projected("+proj=utm +zone=18 +datum=WGS84 +units=m +no_defs".into())));
        assert!(!utm.pixel_is_point());
        assert_eq!(keys(&[[1024, 0, 1, 2], [2048, 0, 1, 4326]]).system(), Ok(System::Geographic));
        let unknown = keys(&[[1024, 0, 1, 1], [3072, 0, 1, 1]]).system().unwrap_err();
        assert!(unknown.contains("EPSG:1") && unknown.contains("gdalwarp"), "{unknown}");
        let own = keys(&[
            [1024, 0, 1, 1],
            [3072, 0, 1, 32_767],
            [3075, 0, 1, 10],
            [2057, 34_736, 1, 0],
            [2059, 34_736, 1, 1],
            [3089, 34_736, 1, 2],
            [3088, 34_736, 1, 3],
        ]);
        let Ok(System::Projected(text)) = own.system() else { panic!() };
        assert_eq!(text, "+proj=laea +lat_0=60 +lon_0=-20 +x_0=0 +y_0=0 +a=6378137 +rf=298.257");
    }

    #[test]
    fn centres_of_pixels() {
        let tie = [0.0, 0.0, 0.0, 100.0, 50.0, 0.0];
        let area = Affine::from_tie(&tie, &[10.0, 5.0, 0.0], false).unwrap();
        assert_eq!(area.at(0.0, 0.0), (105.0, 47.5));
        assert_eq!(area.at(2.0, 1.0), (125.0, 42.5));
        assert_eq!(Affine::from_tie(&tie, &[10.0, 5.0, 0.0], true).unwrap().at(0.0, 0.0), (100.0, 50.0));
        let world = Affine::from_world("10\n0\n0\n-5\n105\n47.5\n").unwrap();
        assert_eq!((world, world.is_upright()), (area, true));
        assert_eq!(Affine::from_tie(&tie, &[0.0, 5.0, 0.0], true), None, "pixels without a size");
    }

    #[test]
    fn control_points_place_what_lies_between() {
        let ties =
            [[0.0, 0.0, 179.0, 10.0], [10.0, 0.0, -179.0, 10.0], [0.0, 4.0, 179.0, 8.0], [10.0, 4.0, -179.0, 8.0]];
        let flat: Vec<f64> = ties.iter().flat_map(|t| [t[0], t[1], 0.0, t[2], t[3], 0.0]).collect();
        let grid = ControlPoints::grid(&flat).unwrap();
        assert_eq!(grid.at(5.0, 2.0, true), (180.0, 9.0));
        assert_eq!(grid.at(10.0, 4.0, true), (181.0, 8.0));
        assert!(ControlPoints::grid(&flat[..18]).is_none());
    }
}
