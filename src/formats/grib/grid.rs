//! The cells of a field: axes in degrees or in a projection, or a place for every cell of a reduced grid.

use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::xy_from_lonlat;

use super::bits::{ibm, ieee, int, uint};
use crate::limits::MAX_POSITIONS;

/// The cells of a field.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Rows and columns; of reduced grids one row of all cells.
    pub shape: [usize; 2],
    /// Where they lie.
    pub place: Place,
    /// Order of the values.
    pub scan: Scan,
    /// Vectors follow the axes of the grid, not east and north.
    pub along_axes: bool,
}

/// Where cells lie.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// Coordinates of the columns and rows, in degrees or in the projection of a PROJ string.
    Axes {
        /// Of columns.
        x: Vec<f64>,
        /// Of rows.
        y: Vec<f64>,
        /// PROJ string; none for longitude and latitude.
        proj: Option<String>,
    },
    /// Longitude and latitude of every cell.
    Points {
        /// Longitudes.
        lon: Vec<f64>,
        /// Latitudes.
        lat: Vec<f64>,
    },
}

/// Order of the values (flag table 3.4 of edition 2, code table 8 of edition 1).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scan {
    /// Columns lie one after the other, not rows.
    pub by_columns: bool,
    /// Every second row runs backwards.
    pub alternating: bool,
}

/// Axes of degrees as both editions describe them.
struct Degrees {
    ni: usize,
    nj: usize,
    lon: [f64; 2],
    lat: [f64; 2],
    scan: u8,
}

impl Degrees {
    fn axes(&self, proj: Option<String>, along_axes: bool) -> Result<Grid, String> {
        let [first, mut last] = self.lon;
        // Eastwards over the meridian where longitudes begin anew.
        if self.scan & 0x80 == 0 && last < first {
            last += 360.0;
        } else if self.scan & 0x80 != 0 && last > first {
            last -= 360.0;
        }
        let (x, y) = (line(first, last, self.ni), line(self.lat[0], self.lat[1], self.nj));
        grid(x, y, proj, self.scan, along_axes)
    }
}

/// Evenly spaced values.
fn line(first: f64, last: f64, n: usize) -> Vec<f64> {
    let step = if n > 1 { (last - first) / (n - 1) as f64 } else { 0.0 };
    // Thousandths of degrees cut thirds: what is meant is the same step everywhere.
    (0..n).map(|k| first + step * k as f64).collect()
}

fn grid(x: Vec<f64>, y: Vec<f64>, proj: Option<String>, scan: u8, along_axes: bool) -> Result<Grid, String> {
    let shape = [y.len(), x.len()];
    let scan = Scan { by_columns: scan & 0x20 != 0, alternating: scan & 0x10 != 0 };
    Ok(Grid { shape, place: Place::Axes { x, y, proj }, scan, along_axes })
}

fn fits(ni: usize, nj: usize) -> Result<(), String> {
    match ni.checked_mul(nj) {
        Some(n) if (1..=MAX_POSITIONS).contains(&n) => Ok(()),
        _ => Err(format!("declares an impossible grid of {ni} × {nj} cells")),
    }
}

/// Axes in metres from the place of the first cell.
struct Metres {
    ni: usize,
    nj: usize,
    first: LonLat,
    step: [f64; 2],
    scan: u8,
}

impl Metres {
    fn axes(&self, proj: String, along_axes: bool) -> Result<Grid, String> {
        let first = xy_from_lonlat(&proj, &[self.first])?;
        let (x, y) = first.and_then(|all| all.first().copied()).ok_or("begins beyond the edge of its projection")?;
        let step = |n: usize, sign: bool| if sign { self.step[n] } else { -self.step[n] };
        let (dx, dy) = (step(0, self.scan & 0x80 == 0), step(1, self.scan & 0x40 != 0));
        let along = |n: usize, first: f64, d: f64| (0..n).map(|k| first + d * k as f64).collect();
        grid(along(self.ni, x, dx), along(self.nj, y, dy), Some(proj), self.scan, along_axes)
    }
}

/// Rows of different numbers of cells, from west to east.
fn reduced(lats: &[f64], per_row: &[usize], lon: [f64; 2]) -> Result<Grid, String> {
    let n: usize = per_row.iter().sum();
    if n == 0 || n > MAX_POSITIONS || lats.len() != per_row.len() {
        return Err("has rows that do not fit its grid".to_owned());
    }
    let [first, mut last] = lon;
    if last < first {
        last += 360.0;
    }
    let longest = per_row.iter().copied().max().unwrap_or(1).max(1) as f64;
    // Around the Earth when the longest row ends one of its steps before it begins again.
    let global = last - first >= 360.0 - 360.0 / longest - 1e-2;
    let (mut lons, mut lat) = (Vec::with_capacity(n), Vec::with_capacity(n));
    for (row_lat, cells) in lats.iter().zip(per_row) {
        for k in 0..*cells {
            let share = if global { 360.0 / *cells as f64 } else { (last - first) / (*cells as f64 - 1.0).max(1.0) };
            lons.push(first + share * k as f64);
            lat.push(*row_lat);
        }
    }
    Ok(Grid { shape: [1, n], place: Place::Points { lon: lons, lat }, scan: Scan::default(), along_axes: false })
}

/// Latitudes of a Gaussian grid of `n` rows between pole and equator, from north to south: roots of the Legendre
/// polynomial of degree 2 n, by Newton's method.
fn gaussian(n: usize) -> Vec<f64> {
    let degree = 2 * n;
    let mut out = vec![0.0; degree];
    for k in 0..n {
        let mut x = (std::f64::consts::PI * (k as f64 + 0.75) / (degree as f64 + 0.5)).cos();
        for _ in 0..20 {
            let (mut before, mut now) = (1.0, x);
            for d in 2..=degree {
                let d = d as f64;
                (before, now) = (now, ((2.0 * d - 1.0) * x * now - (d - 1.0) * before) / d);
            }
            let slope = degree as f64 * (x * now - before) / (x * x - 1.0);
            let step = now / slope;
            x -= step;
            if step.abs() < 1e-15 {
                break;
            }
        }
        out[k] = x.asin().to_degrees();
        out[degree - 1 - k] = -out[k];
    }
    out
}

/// The rows of a Gaussian grid from the first latitude on.
fn gaussian_rows(n: usize, count: usize, first: f64, scan: u8) -> Result<Vec<f64>, String> {
    if n == 0 || n > 4000 {
        return Err(format!("declares a Gaussian grid of {n} rows, which is not read here"));
    }
    let mut all = gaussian(n);
    if scan & 0x40 != 0 {
        all.reverse();
    }
    let nearest = |k: &usize| ((all[*k] - first).abs() * 1e9) as i64;
    let from = (0..all.len()).min_by_key(nearest).unwrap_or(0);
    all.get(from..from + count).map(<[f64]>::to_vec).ok_or_else(|| "has rows that do not fit its grid".to_owned())
}

const LAMBERT: &str = "lcc";

/// A grid of edition 1.
pub fn edition1(s: &[u8]) -> Result<Grid, String> {
    let degrees = |at: usize| int(s, at, 3) as f64 / 1000.0;
    let (ni, nj, scan) = (uint(s, 6, 2) as usize, uint(s, 8, 2) as usize, s[27]);
    let (earth, along_axes) = (earth1(s[16]), s[16] & 8 != 0);
    let broken = || "has a broken description of its grid".to_owned();
    let kind = s[5];
    // Rows of different lengths follow the vertical coordinates.
    let rows_at = (usize::from(s[4]) + 4 * usize::from(s[3])).wrapping_sub(1);
    let is_reduced = ni == 0xffff || (ni == 0 && s[4] != 255);
    if is_reduced && matches!(kind, 0 | 4) {
        let per_row: Vec<usize> = (0..nj).map(|k| uint(s, rows_at + 2 * k, 2) as usize).collect();
        let lats = match kind {
            4 => gaussian_rows(uint(s, 25, 2) as usize, nj, degrees(10), scan)?,
            _ => line(degrees(10), degrees(17), nj),
        };
        return reduced(&lats, &per_row, [degrees(13), degrees(20)]);
    }
    fits(ni, nj)?;
    let box_ = Degrees { ni, nj, lon: [degrees(13), degrees(20)], lat: [degrees(10), degrees(17)], scan };
    let metres = |dx: usize, dy: usize| Metres {
        ni,
        nj,
        first: LonLat::new(degrees(13), degrees(10)),
        step: [uint(s, dx, 3) as f64, uint(s, dy, 3) as f64],
        scan,
    };
    match kind {
        0 => box_.axes(None, along_axes),
        10 if s.len() >= 42 => box_.axes(Some(rotated(degrees(32), degrees(35), ibm(s, 38))?), along_axes),
        4 => {
            let y = gaussian_rows(uint(s, 25, 2) as usize, nj, degrees(10), scan)?;
            let Place::Axes { x, .. } = box_.axes(None, along_axes)?.place else { return Err(broken()) };
            grid(x, y, None, scan, along_axes)
        }
        1 if s.len() >= 34 => {
            let proj = format!("+proj=merc +lat_ts={} +lon_0={} {earth}", degrees(23), degrees(13));
            metres(28, 31).axes(proj, along_axes)
        }
        3 if s.len() >= 34 => {
            let (a, b) = (degrees(28), degrees(31));
            let proj = format!("+proj={LAMBERT} +lat_1={a} +lat_2={b} +lat_0={a} +lon_0={} {earth}", degrees(17));
            metres(20, 23).axes(proj, along_axes)
        }
        5 => {
            let pole = if s[26] & 0x80 == 0 { 1.0 } else { -1.0 };
            metres(20, 23).axes(polar(pole, 60.0, degrees(17), &earth), along_axes)
        }
        other => Err(unknown("type", other.into())),
    }
}

/// A grid of edition 2.
pub fn edition2(s: &[u8]) -> Result<Grid, String> {
    let template = uint(s, 12, 2);
    if s.len() < 65 {
        return Err(unknown("template 3.", template));
    }
    let u = |at: usize| uint(s, at, 4);
    let (ni, nj) = (u(30) as usize, u(34) as usize);
    let earth = earth2(s)?;
    let micro = |at: usize| int(s, at, 4) as f64 / 1e6;
    let metres = |first: usize, step: usize, scan: u8| Metres {
        ni,
        nj,
        first: LonLat::new(micro(first + 4), micro(first)),
        step: [u(step) as f64 / 1000.0, u(step + 4) as f64 / 1000.0],
        scan,
    };
    let along = |at: usize| s[at] & 8 != 0;
    match template {
        0 | 1 | 40 if s.len() >= 72 => {
            // A fraction of a degree of its own, where one is given.
            let unit = match (u(38), u(42)) {
                (0, _) | (_, 0 | 0xffff_ffff) => 1e-6,
                (basic, parts) => basic as f64 / parts as f64,
            };
            let degrees = |at: usize| int(s, at, 4) as f64 * unit;
            let scan = s[71];
            let (lon, lat) = ([degrees(50), degrees(59)], [degrees(46), degrees(55)]);
            if u(30) == 0xffff_ffff {
                let bytes = usize::from(s[10]);
                let at = s.len().checked_sub(bytes.saturating_mul(nj)).filter(|at| *at >= 72 && bytes > 0);
                let at = at.ok_or("has rows that do not fit its grid")?;
                let per_row: Vec<usize> = (0..nj).map(|k| uint(s, at + k * bytes, bytes) as usize).collect();
                let lats = match template {
                    40 => gaussian_rows(u(67) as usize, nj, lat[0], scan)?,
                    _ => line(lat[0], lat[1], nj),
                };
                return reduced(&lats, &per_row, lon);
            }
            fits(ni, nj)?;
            let axes = Degrees { ni, nj, lon, lat, scan };
            match template {
                0 => axes.axes(None, along(54)),
                1 if s.len() >= 84 => axes.axes(Some(rotated(micro(72), micro(76), ieee(s, 80))?), along(54)),
                _ => {
                    let y = gaussian_rows(u(67) as usize, nj, lat[0], scan)?;
                    let Place::Axes { x, .. } = axes.axes(None, along(54))?.place else {
                        return Err(unknown("template 3.", template));
                    };
                    grid(x, y, None, scan, along(54))
                }
            }
        }
        10 if s.len() >= 72 => {
            fits(ni, nj)?;
            let proj = format!("+proj=merc +lat_ts={} +lon_0={} {earth}", micro(47), micro(42));
            metres(38, 64, s[59]).axes(proj, along(46))
        }
        20 => {
            fits(ni, nj)?;
            let pole = if s[63] & 0x80 == 0 { 1.0 } else { -1.0 };
            metres(38, 55, s[64]).axes(polar(pole, micro(47).abs(), micro(51), &earth), along(46))
        }
        30 if s.len() >= 73 => {
            fits(ni, nj)?;
            let (a, b) = (micro(65), micro(69));
            let proj =
                format!("+proj={LAMBERT} +lat_1={a} +lat_2={b} +lat_0={} +lon_0={} {earth}", micro(47), micro(51));
            metres(38, 55, s[64]).axes(proj, along(46))
        }
        101 => Err("lies on an unstructured grid whose places are in another file".to_owned()),
        other => Err(unknown("template 3.", other)),
    }
}

fn unknown(what: &str, number: u64) -> String {
    format!("lies on a grid of {what}{number}, which is not read here")
}

fn polar(pole: f64, true_lat: f64, lon: f64, earth: &str) -> String {
    format!("+proj=stere +lat_0={} +lat_ts={} +lon_0={lon} {earth}", 90.0 * pole, true_lat * pole)
}

/// The PROJ string of a rotated pole from the place of the southern one.
fn rotated(south_lat: f64, south_lon: f64, angle: f64) -> Result<String, String> {
    if angle != 0.0 {
        return Err("lies on a grid that is turned about its rotated pole, which is not read here".to_owned());
    }
    Ok(format!("+proj=ob_tran +o_proj=longlat +o_lon_p=0 +o_lat_p={} +lon_0={south_lon}", -south_lat))
}

fn earth1(flags: u8) -> String {
    if flags & 0x40 == 0 { "+R=6367470".to_owned() } else { "+a=6378160 +b=6356775".to_owned() }
}

/// Code table 3.2.
fn earth2(s: &[u8]) -> Result<String, String> {
    let scaled = |at: usize| uint(s, at + 1, 4) as f64 * 10f64.powi(-(int(s, at, 1) as i32));
    Ok(match s[14] {
        0 => "+R=6367470".to_owned(),
        1 => format!("+R={}", scaled(15)),
        2 => "+a=6378160 +b=6356775".to_owned(),
        3 => format!("+a={} +b={}", scaled(20) * 1000.0, scaled(25) * 1000.0),
        4 => "+ellps=GRS80".to_owned(),
        5 => "+ellps=WGS84".to_owned(),
        7 => format!("+a={} +b={}", scaled(20), scaled(25)),
        8 => "+R=6371200".to_owned(),
        // A value of no meaning is what many files of spheres have.
        _ => "+R=6371229".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Abramowitz and Stegun, table 25.4: abscissas for n = 4 and 8.
    #[test]
    fn gaussian_latitudes_are_roots_of_legendre() {
        let sines = |n| gaussian(n).iter().map(|d| d.to_radians().sin()).collect::<Vec<f64>>();
        let near = |got: &[f64], want: &[f64]| got.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-14);
        assert!(near(&sines(2), &[0.861_136_311_594_053, 0.339_981_043_584_856]));
        assert!(near(&sines(4), &[0.960_289_856_497_536, 0.796_666_477_413_627, 0.525_532_409_916_329]));
        // N320 of ERA5: first row (ECMWF, confluence "Gaussian grid N320").
        assert!((gaussian(320)[0] - 89.784_877).abs() < 1e-6);
    }

    #[test]
    fn reduced_rows_go_round_the_earth() {
        let g = reduced(&[45.0, -45.0], &[4, 2], [0.0, 270.0]).unwrap();
        let Place::Points { lon, lat } = g.place else { panic!() };
        assert_eq!(lon, [0.0, 90.0, 180.0, 270.0, 0.0, 180.0]);
        assert_eq!(lat, [45.0, 45.0, 45.0, 45.0, -45.0, -45.0]);
        assert!(reduced(&[45.0], &[4, 2], [0.0, 270.0]).is_err());
    }
}
