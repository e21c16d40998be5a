//! Elevation of land and sea floor: ETOPO5 means over 15′ cells. For orientation only, not for navigation.

use std::sync::OnceLock;

use seaglass_core::geo::LonLat;

/// Size of a cell in degrees.
pub const ELEVATION_STEP_DEG: f64 = 0.25;

/// The picture holds metres plus this, so that the deepest trench is still positive (said in the file's comment too).
const OFFSET_M: f64 = 12_000.0;

struct Grid {
    width: usize,
    height: usize,
    /// Metres plus [`OFFSET_M`]; rows north to south, columns eastward from 180° W.
    values: Vec<u16>,
}

fn grid() -> Option<&'static Grid> {
    static GRID: OnceLock<Option<Grid>> = OnceLock::new();
    GRID.get_or_init(|| {
        let picture = image::load_from_memory(include_bytes!("../../../assets/basemap/etopo5_15min.png"))
            .inspect_err(|error| log::error!("the embedded elevation grid cannot be decoded: {error}"))
            .ok()?
            .into_luma16();
        Some(Grid { width: picture.width() as usize, height: picture.height() as usize, values: picture.into_raw() })
    })
    .as_ref()
}

/// Elevation in metres (negative below the sea surface), bilinear between cell centres; `None` off the Earth.
pub fn elevation(place: LonLat) -> Option<f64> {
    let grid = grid()?;
    if !place.is_valid() {
        return None;
    }
    let x = (place.lon_deg + 180.0) / ELEVATION_STEP_DEG - 0.5;
    let y = ((90.0 - place.lat_deg) / ELEVATION_STEP_DEG - 0.5).clamp(0.0, (grid.height - 1) as f64);
    let (x0, y0) = (x.floor(), (y.floor() as usize).min(grid.height - 2));
    let (fx, fy) = (x - x0, y - y0 as f64);
    let column = |k: i64| (x0 as i64 + k).rem_euclid(grid.width as i64) as usize;
    let at = |row: usize, k: i64| f64::from(grid.values[row * grid.width + column(k)]) - OFFSET_M;
    let north = at(y0, 0) * (1.0 - fx) + at(y0, 1) * fx;
    let south = at(y0 + 1, 0) * (1.0 - fx) + at(y0 + 1, 1) * fx;
    Some(north * (1.0 - fy) + south * fy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lon: f64, lat: f64) -> f64 {
        elevation(LonLat::new(lon, lat)).unwrap()
    }

    #[test]
    fn known_heights_and_depths() {
        // The cells are means over 28 km, so summits and trenches are flattened.
        assert!(at(142.2, 11.35) < -7000.0, "Mariana trench {}", at(142.2, 11.35));
        assert!(at(86.9, 28.2) > 4000.0, "Everest {}", at(86.9, 28.2));
        assert!(at(0.0, -90.0) > 2000.0, "South Pole {}", at(0.0, -90.0));
        assert!((-5500.0..-2500.0).contains(&at(-40.0, 25.0)), "North Atlantic {}", at(-40.0, 25.0));
        assert!((-60.0..0.0).contains(&at(3.0, 54.6)), "Dogger Bank {}", at(3.0, 54.6));
        assert!(at(-66.5, 19.8) < -6000.0, "Puerto Rico trench {}", at(-66.5, 19.8));
    }

    #[test]
    fn continuous_across_the_dateline_and_at_the_poles() {
        for lat in [-60.0, -10.3, 0.0, 47.2] {
            assert!((at(180.0, lat) - at(-180.0, lat)).abs() < 1e-9);
            assert!((at(179.9999, lat) - at(-179.9999, lat)).abs() < 1.0);
            assert!((at(190.0, lat) - at(-170.0, lat)).abs() < 1e-9);
        }
        assert!(at(12.0, 90.0).is_finite());
        assert!(elevation(LonLat::new(0.0, 91.0)).is_none());
        assert!(elevation(LonLat::new(f64::NAN, 0.0)).is_none());
    }
}
