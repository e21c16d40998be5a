//! The native resolution of data: the distance at which one cell is one pixel.

use std::sync::Arc;

use glam::DVec3;

use super::{CommandError, Session};
use crate::camera::{Camera, FIELD_OF_VIEW_DEG};
use crate::geo::{GeoBox, LonLat, unwrap_near};
use crate::geolocation::{Geolocation, Series};
use crate::granule::{GeometryKind, Granule};
use crate::project::LayerId;
use crate::projection::Projection;

/// Cells looked at in each direction for one near the middle of the view.
const LOOKED_AT: usize = 33;

impl Session {
    /// The camera at which one cell of a layer (of the top visible one when `None`) is one pixel, above the place in the
    /// middle of the view, or the data nearest to it. Cells that are longer than wide have at least one pixel.
    ///
    /// # Errors
    /// There are no data, they have no cells (points), or nobody knows yet where they lie.
    pub fn native_view(
        &self,
        layer: Option<LayerId>,
        positions: &dyn Fn(&Granule) -> Option<Arc<Geolocation>>,
    ) -> Result<Camera, CommandError> {
        let error = |text: &str| CommandError(text.to_owned());
        let layer = layer.or_else(|| self.project.layers.iter().find(|l| self.project.shows(l)).map(|l| l.id));
        let granules = layer.map(|l| self.in_reach(Some(l))).unwrap_or_default();
        let camera = self.project.camera;
        let away = |g: &&Granule| {
            let inside = f64::from(u8::from(!holds(&g.bounds, camera.target)));
            inside * 1e12 + g.bounds.centre().approx_distance_m(&camera.target)
        };
        let granule = granules.into_iter().min_by(|a, b| away(a).total_cmp(&away(b)));
        let granule = granule.ok_or_else(|| error("There are no data to zoom to."))?;
        if granule.geometry == GeometryKind::Points {
            return Err(error("Points have no native resolution: they have no cells."));
        }
        let found = match positions(granule) {
            Some(cells) => cell_near(&cells, camera.target, camera.projection),
            None => Cell::from_outline(granule, camera.target, camera.projection),
        };
        let cell =
            found.ok_or_else(|| error("Where the cells lie is not known yet. Show the data, then try again."))?;
        let tan = (FIELD_OF_VIEW_DEG.to_radians() / 2.0).tan();
        let scale = camera.projection.scale_at(cell.place);
        let altitude_m = cell.side_m * self.view_px.y / (2.0 * tan * scale);
        Ok(Camera { target: cell.place, altitude_m, tilt_deg: 0.0, ..camera }.sanitized())
    }
}

/// A cell, and how long its shorter side is on the map or globe, metres.
struct Cell {
    place: LonLat,
    side_m: f64,
}

fn holds(area: &GeoBox, p: LonLat) -> bool {
    area.contains(LonLat::new(unwrap_near(p.lon_deg, area.centre().lon_deg), p.lat_deg))
}

fn project_near(projection: Projection, p: LonLat, near: LonLat) -> Option<DVec3> {
    projection.project(LonLat::new(unwrap_near(p.lon_deg, near.lon_deg), p.lat_deg))
}

/// The cell under a place, or the nearest of those looked at.
fn cell_near(cells: &Geolocation, target: LonLat, projection: Projection) -> Option<Cell> {
    let series = match cells {
        Geolocation::Grid(_) | Geolocation::Swath(_) => None,
        Geolocation::Track(s) | Geolocation::Points(s) => Some(s),
    };
    if let Some(series) = series {
        return sample_near(series, target, projection);
    }
    let side = |row: f64, col: f64, place: LonLat| -> Option<f64> {
        let at = |r: f64, c: f64| cells.lonlat_from_index(r, c).and_then(|p| project_near(projection, p, place));
        let along = at(row - 0.5, col)?.distance(at(row + 0.5, col)?);
        let across = at(row, col - 0.5)?.distance(at(row, col + 0.5)?);
        [along, across].into_iter().filter(|d| *d > 0.0 && d.is_finite()).reduce(f64::min)
    };
    if let Some(hit) = cells.index_from_lonlat(target, 0.0)
        && let Some(side_m) = side(hit.row.round(), hit.col.round(), target)
    {
        return Some(Cell { place: target, side_m });
    }
    let [rows, cols] = cells.shape();
    let pick = |k: usize, n: usize| (n.saturating_sub(1) * k / (LOOKED_AT - 1)) as f64;
    (0..LOOKED_AT * LOOKED_AT)
        .filter_map(|k| {
            let (row, col) = (pick(k / LOOKED_AT, rows), pick(k % LOOKED_AT, cols));
            let place = cells.lonlat_from_index(row, col)?.normalized();
            Some(Cell { place, side_m: side(row, col, place)? })
        })
        .min_by(|a, b| a.place.approx_distance_m(&target).total_cmp(&b.place.approx_distance_m(&target)))
}

/// The sample of a track nearest to a place, and the way to its neighbour.
fn sample_near(series: &Series, target: LonLat, projection: Projection) -> Option<Cell> {
    let up = target.up();
    let nearest = (0..series.lon.len())
        .filter_map(|k| Some((k, series.lonlat(k)?)))
        .min_by(|a, b| a.1.up().distance_squared(up).total_cmp(&b.1.up().distance_squared(up)));
    let (k, place) = nearest?;
    let here = project_near(projection, place, place)?;
    let to = |j: usize| Some(project_near(projection, series.lonlat(j)?, place)?.distance(here));
    let side_m =
        [k.checked_sub(1).and_then(to), to(k + 1)].into_iter().flatten().filter(|d| *d > 0.0).reduce(f64::min)?;
    Some(Cell { place: place.normalized(), side_m })
}

impl Cell {
    /// From box and outline alone, for data that have not been read: exact for grids of even steps, about right else.
    fn from_outline(g: &Granule, target: LonLat, projection: Projection) -> Option<Self> {
        let [rows, cols] = g.shape.map(|n| n.max(1) as f64);
        let place = if holds(&g.bounds, target) { target } else { g.bounds.centre().normalized() };
        if g.geometry == GeometryKind::Grid {
            let (w, h) = ((g.bounds.east - g.bounds.west) / cols, (g.bounds.north - g.bounds.south) / rows);
            let lat = place.lat_deg.clamp(-90.0 + h / 2.0, 90.0 - h / 2.0);
            let at = |dx: f64, dy: f64| projection.project(LonLat::new(place.lon_deg + dx, lat + dy));
            let tall = at(0.0, -h / 2.0)?.distance(at(0.0, h / 2.0)?);
            let wide = at(-w / 2.0, 0.0)?.distance(at(w / 2.0, 0.0)?);
            return Some(Self { place, side_m: tall.min(wide) }).filter(|c| c.side_m > 0.0);
        }
        // Tracks have an open line; rings go along a side of `cols` cells, one of `rows`, and back.
        let n = g.footprint.len();
        let length = |from: usize, to: usize| -> f64 {
            g.footprint
                .get(from..=to.min(n.saturating_sub(1)))
                .unwrap_or_default()
                .windows(2)
                .map(|p| p[0].approx_distance_m(&p[1]))
                .sum()
        };
        let side_m = match g.geometry {
            GeometryKind::Track => length(0, n) / rows,
            _ => (length(0, n / 4) / cols).min(length(n / 4, n / 2) / rows),
        };
        let place = g
            .footprint
            .iter()
            .copied()
            .min_by(|a, b| a.approx_distance_m(&target).total_cmp(&b.approx_distance_m(&target)))?;
        Some(Self { place: place.normalized(), side_m: side_m * projection.scale_at(place) }).filter(|c| c.side_m > 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Command;
    use crate::field::FieldInfo;
    use crate::geolocation::{Axis, Crs, Grid};
    use crate::granule::{FileInfo, PartInfo};
    use crate::time::{Time, TimeSpan};

    /// A quarter-degree grid round the Earth.
    fn session(geometry: GeometryKind) -> Session {
        let field: FieldInfo = serde_json::from_value(serde_json::json!({ "name": "sst", "variable": "sst" })).unwrap();
        let part = PartInfo {
            name: String::new(),
            geometry,
            shape: [720, 1440],
            bounds: GeoBox::WORLD,
            footprint: Vec::new(),
            span: Some(TimeSpan::at(Time::parse("2024-08-11").unwrap())),
            steps: Vec::new(),
            fields: vec![field],
        };
        let info = FileInfo {
            product: Some("p".into()),
            title: "Test".into(),
            short: None,
            format: "netCDF-4".into(),
            parts: vec![part],
            notes: Vec::new(),
            attributes: Vec::new(),
        };
        let mut s = Session::default();
        s.apply(&Command::Opened { path: "/a.nc".into(), info: Box::new(info) }).unwrap();
        s
    }

    fn grid() -> Arc<Geolocation> {
        let y = Axis::from_centres((0..720).map(|k| -89.875 + 0.25 * f64::from(k)).collect());
        let x = Axis::from_centres((0..1440).map(|k| -179.875 + 0.25 * f64::from(k)).collect());
        Arc::new(Geolocation::Grid(Grid::new(y, x, Crs::LonLat).unwrap()))
    }

    #[test]
    fn a_cell_becomes_a_pixel() {
        for known in [true, false] {
            let mut s = session(GeometryKind::Grid);
            let positions = |_: &Granule| known.then(grid);
            let view = |s: &Session| s.native_view(None, &positions).unwrap().view(s.view_px.x, s.view_px.y);
            let look = |s: &mut Session, lat_deg| {
                let camera = Camera { target: LonLat::new(30.0, lat_deg), tilt_deg: 30.0, ..s.project.camera };
                s.apply(&Command::SetCamera { camera }).unwrap();
            };
            // pyproj 3.7, Geod(ellps="WGS84"): a quarter of a degree about 0.1° N 30° E northwards 27 643.6 m; eastwards
            // at 60.125° N 13 897.3 m, which is the shorter side there.
            for (lat_deg, metres) in [(0.125, 27_643.6), (60.125, 13_897.3)] {
                look(&mut s, lat_deg);
                let v = view(&s);
                assert!((v.metres_per_px() / metres - 1.0).abs() < 2e-5, "{known} {lat_deg}: {}", v.metres_per_px());
                assert_eq!((v.camera.tilt_deg, v.camera.target), (0.0, LonLat::new(30.0, lat_deg)));
            }
            // On a plate carrée all cells are squares of a·0.25°, wherever they lie.
            s.apply(&Command::SetProjection { projection: Projection::Equirectangular }).unwrap();
            let (v, cell_m) = (view(&s), 6_378_137.0 * 0.25f64.to_radians());
            assert!((v.projected_m_per_px(v.eye) / cell_m - 1.0).abs() < 1e-6, "{}", v.projected_m_per_px(v.eye));
        }
    }

    #[test]
    fn what_has_no_cells_says_so() {
        let s = session(GeometryKind::Points);
        let why = s.native_view(None, &|_| None).unwrap_err().to_string();
        assert!(why.contains("Points"), "{why}");
        let why = Session::default().native_view(None, &|_| None).unwrap_err().to_string();
        assert!(why.contains("no data"), "{why}");
    }

    #[test]
    fn a_track_steps_from_sample_to_sample() {
        // 0.05° along the equator: 6 378 137 · 0.05° = 5565.97 m.
        let lon: Vec<f64> = (0..200).map(|k| f64::from(k) * 0.05).collect();
        let n = lon.len();
        let series = Series {
            lon: crate::coord::CoordArray::F64(lon),
            lat: crate::coord::CoordArray::F64(vec![0.0; n]),
            time_us: Vec::new(),
            starts: vec![0],
        };
        let track = Arc::new(Geolocation::Track(series));
        let s = session(GeometryKind::Track);
        let camera = s.native_view(None, &|_| Some(Arc::clone(&track))).unwrap();
        let per_px = camera.view(s.view_px.x, s.view_px.y).metres_per_px();
        assert!((per_px - 5565.97).abs() < 0.01, "{per_px}");
        assert!((camera.target.lon_deg, camera.target.lat_deg) == (0.0, 0.0), "the first is the nearest: {camera:?}");
    }
}
