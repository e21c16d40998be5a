//! Grids with one-dimensional axes, geographic or projected.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::CellHit;
use super::axis::{Axis, EDGE_SLACK};
use super::bounds::BoundsBuilder;
use super::crs::CompiledCrs;
use crate::geo::{GeoBox, LonLat, wrap_180};

/// Coordinate system of a grid's axes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "crs", rename_all = "snake_case")]
pub enum Crs {
    /// Degrees.
    LonLat,
    /// A PROJ string. Axes in metres, or in the unit given by `+units`/`+to_meter` (geostationary scan angles in radians:
    /// `+to_meter=<height>`); in degrees for rotated poles (`+proj=ob_tran +o_proj=longlat`) and `+proj=longlat`.
    Proj {
        /// `+proj=stere …`.
        proj: String,
    },
}

/// A grid.
#[derive(Clone, Debug)]
pub struct Grid {
    /// Row axis: latitude or projected y.
    pub y: Axis,
    /// Column axis: longitude or projected x.
    pub x: Axis,
    /// System of the axes.
    pub crs: Crs,
    /// Whether and how the columns close around the Earth.
    turn: Turn,
    compiled: Option<Arc<CompiledCrs>>,
}

/// How the columns of a geographic grid go round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// They do not.
    Open,
    /// The last column's eastern neighbour is the first.
    Closed,
    /// The last column repeats the first (0° and 360° both present).
    Repeated,
}

/// Rounding allowed beyond the poles (f32 coordinates, packed coordinates), degrees.
const POLE_SLACK_DEG: f64 = 0.01;
/// Samples along each edge of a projected grid when its bounds are sought.
const EDGE_SAMPLES: usize = 256;
/// Samples per direction inside.
const INNER_SAMPLES: usize = 64;

impl Grid {
    /// A grid; `Err` says what is wrong with the axes or the projection.
    pub fn new(y: Axis, x: Axis, crs: Crs) -> Result<Self, String> {
        let geographic = crs == Crs::LonLat;
        y.validate(if geographic { "latitude" } else { "y" })?;
        x.validate(if geographic { "longitude" } else { "x" })?;
        let width = |own: &Axis, other: &Axis| {
            let w = if own.len() > 1 { own.mean_step() } else { other.mean_step() };
            if w == 0.0 { 1.0 } else { w.abs() }
        };
        let (wy, wx) = (width(&y, &x), width(&x, &y));
        let (y, x) = (y.with_width_if_single(wy), x.with_width_if_single(wx));
        let compiled = match &crs {
            Crs::LonLat => {
                check_degrees(&y, &x)?;
                None
            }
            Crs::Proj { proj } => Some(Arc::new(CompiledCrs::new(proj)?)),
        };
        let periodic = compiled.as_ref().is_none_or(|c| c.x_is_periodic());
        let turn = if periodic { turn_of(&x) } else { Turn::Open };
        Ok(Self { y, x, crs, turn, compiled })
    }

    /// `[rows, cols]`.
    pub fn shape(&self) -> [usize; 2] {
        [self.y.len(), self.x.len()]
    }

    /// See [`super::Geolocation::lonlat_from_index`]. Longitudes of geographic grids are the axis's own, not wrapped:
    /// they are continuous along a row (and lie beyond ±180 where the axis does).
    pub fn lonlat_from_index(&self, row: f64, col: f64) -> Option<LonLat> {
        let [rows, cols] = self.shape();
        if !inside(row, rows) || !inside(col, cols) {
            return None;
        }
        let y = self.y.at(row.clamp(-0.5, rows as f64 - 0.5));
        let x = match self.turn {
            // The half cells beyond a repeated seam column would cover the Earth twice.
            Turn::Repeated => self.x.at(col.clamp(0.0, cols as f64 - 1.0)),
            Turn::Open | Turn::Closed => self.x.at(col.clamp(-0.5, cols as f64 - 0.5)),
        };
        match &self.compiled {
            Some(crs) => crs.lonlat_from_xy(x, y),
            None => Some(LonLat::new(x, y.clamp(-90.0, 90.0))),
        }
    }

    /// See [`super::Geolocation::index_from_lonlat`].
    pub fn index_from_lonlat(&self, p: LonLat) -> Option<CellHit> {
        let (x, y) = self.plane_from_lonlat(p)?;
        let row = self.y.index_of(y)?;
        let col = if self.compiled.as_ref().is_none_or(|c| c.x_is_periodic()) {
            self.periodic_column(x)?
        } else {
            self.x.index_of(x)?
        };
        Some(CellHit { row, col })
    }

    /// The place in the system of the axes: x or longitude, y or latitude. `None` where the projection has no such place.
    pub fn plane_from_lonlat(&self, p: LonLat) -> Option<(f64, f64)> {
        let p = p.normalized();
        match &self.compiled {
            _ if !p.is_valid() => None,
            Some(crs) => crs.xy_from_lonlat(p),
            None => Some((p.lon_deg, p.lat_deg)),
        }
    }

    /// Column of a longitude on any turn.
    fn periodic_column(&self, lon: f64) -> Option<f64> {
        let last = self.x.len() as f64 - 1.0;
        let [low, high] = match self.turn {
            Turn::Repeated => {
                let (a, b) = (self.x.at(0.0), self.x.at(last));
                [a.min(b), a.max(b)]
            }
            Turn::Open | Turn::Closed => self.x.edges(),
        };
        let slack = EDGE_SLACK * (high - low);
        let first_turn = low + (lon - low).rem_euclid(360.0);
        for candidate in [first_turn, first_turn - 360.0] {
            if candidate >= low - slack && candidate <= high + slack {
                return Some(self.x.unbounded_index(candidate.clamp(low, high)).clamp(-0.5, last + 0.5));
            }
        }
        if self.turn == Turn::Open {
            return None;
        }
        // A circle that misses or exceeds 360° by a fraction of a cell: the nearer end.
        let nearer = if first_turn - high < low + 360.0 - first_turn { high } else { low };
        Some(self.x.unbounded_index(nearer).clamp(-0.5, last + 0.5))
    }

    /// See [`super::Geolocation::bounds`].
    pub fn bounds(&self) -> Option<GeoBox> {
        if self.compiled.is_some() {
            return self.projected_bounds();
        }
        let [south, north] = self.y.edges();
        let [low, high] = self.x.edges();
        let (west, east) = if self.turn != Turn::Open || high - low >= 360.0 {
            (-180.0, 180.0)
        } else {
            let west = wrap_180(low);
            (west, west + (high - low))
        };
        Some(GeoBox { west, south: south.max(-90.0), east, north: north.min(90.0) })
    }

    fn projected_bounds(&self) -> Option<GeoBox> {
        let [rows, cols] = self.shape();
        let at = |n: usize, k: usize, of: usize| -0.5 + n as f64 * k as f64 / of as f64;
        let mut bounds = BoundsBuilder::default();
        let mut holes = false;
        let mut add = |row: f64, col: f64| match self.lonlat_from_index(row, col) {
            Some(p) => bounds.add(p),
            None => holes = true,
        };
        for k in 0..=EDGE_SAMPLES {
            for side in 0..=1 {
                add(at(rows, side, 1), at(cols, k, EDGE_SAMPLES));
                add(at(rows, k, EDGE_SAMPLES), at(cols, side, 1));
            }
        }
        for i in 0..=INNER_SAMPLES {
            for j in 0..=INNER_SAMPLES {
                add(at(rows, i, INNER_SAMPLES), at(cols, j, INNER_SAMPLES));
            }
        }
        for lat in [-90.0, 90.0] {
            if self.index_from_lonlat(LonLat::new(0.0, lat)).is_some() {
                bounds.add_pole(lat);
            }
        }
        // Where the outline leaves the projection (a full disk), samples stop short of the limb: take a margin.
        bounds.finish(if holes { 2.0 / INNER_SAMPLES as f64 } else { 0.0 })
    }

    /// The columns go once round the Earth: the last column's eastern neighbour is the first.
    pub fn wraps(&self) -> bool {
        self.turn == Turn::Closed
    }

    /// Bytes held.
    pub fn byte_len(&self) -> usize {
        64 + self.x.byte_len() + self.y.byte_len()
    }
}

fn inside(index: f64, n: usize) -> bool {
    index >= -0.5 - EDGE_SLACK && index <= n as f64 - 0.5 + EDGE_SLACK
}

/// Longitudes and latitudes must be on the Earth.
fn check_degrees(y: &Axis, x: &Axis) -> Result<(), String> {
    for k in [0, y.len() - 1] {
        let lat = y.centre(k);
        if lat.abs() > 90.0 + POLE_SLACK_DEG {
            return Err(format!("latitude {lat} of row {k} lies beyond 90 degrees"));
        }
    }
    for k in [0, x.len() - 1] {
        let lon = x.centre(k);
        if lon.abs() > 540.0 {
            return Err(format!("longitude {lon} of column {k} lies beyond 540 degrees"));
        }
    }
    Ok(())
}

fn turn_of(x: &Axis) -> Turn {
    let n = x.len();
    if n < 2 {
        return Turn::Open;
    }
    let half = x.mean_step().abs() / 2.0;
    let centres = (x.centre(n - 1) - x.centre(0)).abs();
    if (centres - 360.0).abs() < half {
        Turn::Repeated
    } else if (centres + 2.0 * half - 360.0).abs() < half {
        Turn::Closed
    } else {
        Turn::Open
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn regular(first: f64, step: f64, len: usize) -> Axis {
        Axis::Regular { first, step, len }
    }

    #[test]
    fn whole_circles_are_recognised_on_any_turn() {
        for (first, step) in [(0.125, 0.25), (-179.875, 0.25), (179.875, -0.25), (-180.0, 0.25), (0.0, 0.25)] {
            let g = Grid::new(regular(-89.875, 0.25, 720), regular(first, step, 1440), Crs::LonLat).unwrap();
            assert!(g.wraps(), "{first}");
            for lon in [-900.0, -180.0, -179.9, -0.05, 0.0, 33.3, 180.0, 200.0, 359.99, 360.0, 700.0] {
                let hit = g.index_from_lonlat(LonLat::new(lon, 10.0)).unwrap();
                let back = g.lonlat_from_index(hit.row, hit.col).unwrap();
                assert!(wrap_180(back.lon_deg - lon).abs() < 1e-9, "{first} {lon} {back:?}");
            }
            assert_eq!(g.bounds().unwrap(), GeoBox::WORLD);
        }
        let regional = Grid::new(regular(0.0, 1.0, 10), regular(175.0, 1.0, 10), Crs::LonLat).unwrap();
        assert!(!regional.wraps());
        assert_eq!(regional.index_from_lonlat(LonLat::new(-178.0, 3.0)), Some(CellHit { row: 3.0, col: 7.0 }));
        assert_eq!(regional.index_from_lonlat(LonLat::new(-174.0, 3.0)), None);
        let b = regional.bounds().unwrap();
        assert_eq!((b.west, b.east, b.south, b.north), (174.5, 184.5, -0.5, 9.5));
    }

    #[test]
    fn a_repeated_seam_column_covers_the_earth_once() {
        // GEBCO-like gridline registration: 0, 1, … 360 and rows at the poles.
        let g = Grid::new(regular(-90.0, 1.0, 181), regular(0.0, 1.0, 361), Crs::LonLat).unwrap();
        assert!(!g.wraps());
        assert_eq!(g.lonlat_from_index(0.0, -0.5).unwrap().lon_deg, 0.0);
        assert_eq!(g.lonlat_from_index(0.0, 360.5).unwrap().lon_deg, 360.0);
        assert_eq!(g.lonlat_from_index(-0.5, 7.0).unwrap().lat_deg, -90.0);
        assert_eq!(g.lonlat_from_index(180.5, 7.0).unwrap().lat_deg, 90.0);
        assert_eq!(g.index_from_lonlat(LonLat::new(-0.25, 90.0)).unwrap(), CellHit { row: 180.0, col: 359.75 });
        assert_eq!(g.bounds().unwrap(), GeoBox::WORLD);
    }

    #[test]
    fn bad_axes_are_named() {
        let lat = || regular(-10.0, 1.0, 21);
        let irregular = |c: &[f64]| Axis::Irregular { centres: c.to_vec() };
        let error = |y, x| Grid::new(y, x, Crs::LonLat).unwrap_err();
        assert!(error(irregular(&[0.0, 1.0, 1.0]), lat()).contains("latitude axis does not increase"));
        assert!(error(lat(), irregular(&[3.0, 1.0, 2.0])).contains("longitude axis does not decrease"));
        assert!(error(lat(), irregular(&[0.0, f64::NAN])).contains("not a number"));
        assert!(error(irregular(&[]), lat()).contains("no cells"));
        assert!(error(regular(0.0, 1.0, 99), lat()).contains("latitude 98"));
        assert!(error(lat(), irregular(&[0.0, 9.96921e36])).contains("longitude 9"));
        assert!(error(lat(), regular(1.0, 0.0, 3)).contains("all cells"));
        let nonsense = Crs::Proj { proj: "+proj=nonsense".to_owned() };
        assert!(Grid::new(lat(), lat(), nonsense).unwrap_err().contains("nonsense"));
    }

    #[test]
    fn single_rows_have_a_width() {
        let one = Axis::Irregular { centres: vec![40.0] };
        let g = Grid::new(one, regular(0.0, 0.5, 10), Crs::LonLat).unwrap();
        assert_eq!(g.lonlat_from_index(0.5, 0.0).unwrap().lat_deg, 40.25);
        assert!(g.index_from_lonlat(LonLat::new(1.0, 39.8)).is_some());
        assert!(g.index_from_lonlat(LonLat::new(1.0, 39.7)).is_none());
    }

    /// pyproj 3.7.2 (PROJ 9.5.1): `Transformer.from_pipeline("+proj=pipeline +step +inv <crs> +step +proj=unitconvert
    /// +xy_in=rad +xy_out=deg").transform(x, y)`.
    const PYPROJ: [(&str, f64, f64, f64, f64); 9] = [
        (NSIDC_SOUTH, -3_950_000.0, 4_350_000.0, -42.240_892_341_379_73, -39.230_888_400_277_25),
        (NSIDC_SOUTH, 12_500.0, -25_000.0, 153.434_948_822_922, -89.741_983_691_582_16),
        (NSIDC_SOUTH, 3_937_500.0, -3_937_500.0, 135.0, -41.583_449_244_458_76),
        (EASE2_NORTH, -5_387_500.0, 5_387_500.0, -135.0, 16.623_926_693_003_686),
        (EASE2_NORTH, 1_000.0, 2_000.0, 153.434_948_822_922, 89.979_980_407_196_2),
        (LAMBERT, 100_000.0, -300_000.0, 3.239_133_410_093_140_6, 43.694_468_481_753_134),
        (GEOS, -1_500_000.0, 2_500_000.0, -15.212_420_074_723_898, 23.804_799_354_299_38),
        (GEOS_RAD, -0.04, 0.07, -14.497_903_908_075_633, 23.841_743_455_849_333),
        (
            "+proj=merc +lon_0=180 +datum=WGS84",
            1_500_000.0,
            -400_000.0,
            -166.525_270_738_207_18,
            -3.615_044_865_033_268,
        ),
    ];
    const NSIDC_SOUTH: &str = "+proj=stere +lat_0=-90 +lat_ts=-70 +lon_0=0 +a=6378273 +b=6356889.449";
    const EASE2_NORTH: &str = "+proj=laea +lat_0=90 +lon_0=0 +datum=WGS84";
    const LAMBERT: &str = "+proj=lcc +lat_1=46.4 +lat_0=46.4 +lon_0=2 +a=6378137 +b=6356752.3142";
    const GEOS: &str = "+proj=geos +h=35785831 +lon_0=0 +sweep=y +a=6378169 +b=6356583.8";
    const GEOS_RAD: &str = "+proj=geos +h=35785831 +lon_0=0 +sweep=y +a=6378169 +b=6356583.8 +to_meter=35785831";
    const ROTATED: &str = "+proj=ob_tran +o_proj=longlat +o_lat_p=39.25 +o_lon_p=30 +lon_0=18";

    #[test]
    fn projected_positions_match_pyproj() {
        for (proj, x, y, lon, lat) in PYPROJ {
            let cell = (x.abs() + y.abs()) / 100.0;
            let crs = Crs::Proj { proj: proj.to_owned() };
            let g = Grid::new(regular(y - 2.0 * cell, cell, 5), regular(x + 3.0 * cell, -cell, 7), crs).unwrap();
            let p = g.lonlat_from_index(2.0, 3.0).unwrap();
            assert!(p.approx_distance_m(&LonLat::new(lon, lat)) < 0.01, "{proj}: {p:?}");
            let hit = g.index_from_lonlat(LonLat::new(lon + 360.0, lat)).unwrap();
            assert!((hit.row - 2.0).abs() < 1e-6 && (hit.col - 3.0).abs() < 1e-6, "{proj}: {hit:?}");
        }
        // Rotated pole, same source: forward of (10, 50), (-20, 70), (100, -20).
        let crs = Crs::Proj { proj: ROTATED.to_owned() };
        let g = Grid::new(regular(-90.0, 1.0, 181), regular(-180.0, 1.0, 360), crs).unwrap();
        assert!(g.wraps());
        for (lon, lat, x, y) in [
            (10.0, 50.0, 24.867_355_200_483_807, -0.472_428_087_827_296_9),
            (-20.0, 70.0, 16.806_396_787_231_847, 22.695_753_582_461_737),
            (100.0, -20.0, 131.073_111_937_472_62, -18.522_255_264_365_153),
        ] {
            let hit = g.index_from_lonlat(LonLat::new(lon, lat)).unwrap();
            assert!((hit.col - 180.0 - x).abs() < 1e-9 && (hit.row - 90.0 - y).abs() < 1e-9, "{hit:?}");
            let back = g.lonlat_from_index(hit.row, hit.col).unwrap();
            assert!(back.approx_distance_m(&LonLat::new(lon, lat)) < 1e-3);
        }
    }

    #[test]
    fn projected_bounds_hold_the_pole_and_the_disk() {
        let polar = |half: f64| {
            let crs = Crs::Proj { proj: NSIDC_SOUTH.to_owned() };
            Grid::new(regular(half, -25_000.0, 332), regular(-half, 25_000.0, 316), crs).unwrap()
        };
        let b = polar(3_900_000.0).bounds().unwrap();
        assert_eq!((b.west, b.east, b.south), (-180.0, 180.0, -90.0));
        assert!((-40.0..-38.0).contains(&b.north), "{b:?}");
        let crs = Crs::Proj { proj: GEOS.to_owned() };
        let disk = Grid::new(regular(-5.5e6, 1e5, 111), regular(-5.5e6, 1e5, 111), crs).unwrap();
        assert!(disk.lonlat_from_index(0.0, 0.0).is_none());
        assert!(disk.index_from_lonlat(LonLat::new(180.0, 0.0)).is_none());
        let b = disk.bounds().unwrap();
        assert!(b.north > 75.0 && b.north <= 90.0 && b.west < -75.0 && b.east > 75.0 && b.east < 100.0, "{b:?}");
        // A grid over the dateline (Mercator about 180°).
        let crs = Crs::Proj { proj: "+proj=merc +lon_0=180 +datum=WGS84".to_owned() };
        let g = Grid::new(regular(-1e6, 1e5, 21), regular(-2e6, 1e5, 41), crs).unwrap();
        let b = g.bounds().unwrap();
        assert!((b.west - 161.584).abs() < 0.01 && (b.east - 198.416).abs() < 0.01, "{b:?}");
    }

    proptest! {
        #[test]
        fn index_to_position_and_back(
            rows in 2usize..200, cols in 2usize..400, south in -80.0f64..0.0, west in -360.0f64..180.0,
            u in 0.0f64..1.0, v in 0.0f64..1.0, flip in any::<[bool; 2]>(), bend in 0.0f64..0.9, turns in -1i32..=1,
        ) {
            let axis = |first: f64, span: f64, n: usize, flip: bool| {
                // Strictly monotonic, unevenly spaced unless `bend` is 0.
                let mut centres: Vec<f64> = (0..n).map(|k| {
                    let s = (k as f64 + 0.5) / n as f64;
                    first + span * (s + bend * s * (s - 1.0) / 2.0)
                }).collect();
                if flip { centres.reverse(); }
                Axis::from_centres(centres)
            };
            let g = Grid::new(axis(south, 80.0, rows, flip[0]), axis(west, 300.0, cols, flip[1]), Crs::LonLat).unwrap();
            let (row, col) = (u * rows as f64 - 0.5, v * cols as f64 - 0.5);
            let p = g.lonlat_from_index(row, col).unwrap();
            let moved = LonLat::new(wrap_180(p.lon_deg) + 360.0 * f64::from(turns), p.lat_deg);
            let hit = g.index_from_lonlat(moved).unwrap();
            prop_assert!((hit.row - row).abs() < 1e-6 && (hit.col - col).abs() < 1e-6, "{row} {col} {hit:?}");
            prop_assert!(g.bounds().unwrap().contains(p));
        }
    }
}
