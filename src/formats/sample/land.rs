//! Land and sea: Natural Earth's land polygons as a bitmap.

use seaglass_core::geo::LonLat;
use serde::Deserialize;

/// Cells a degree.
const PER_DEGREE: usize = 40;
const COLS: usize = 360 * PER_DEGREE;
const ROWS: usize = 180 * PER_DEGREE;
const WORDS: usize = COLS / 64;

/// Where there is land, on cells of 1/40°; without lakes.
pub(super) struct Land(Vec<u64>);

/// The part of TopoJSON that the embedded file uses (as `seaglass_render::assets` reads it).
#[derive(Deserialize)]
struct Topology {
    transform: Transform,
    arcs: Vec<Vec<[i32; 2]>>,
}

#[derive(Deserialize)]
struct Transform {
    scale: [f64; 2],
    translate: [f64; 2],
}

impl Land {
    /// Unpacks the embedded coastline and fills it row by row (even–odd rule: its polygons do not overlap).
    pub fn new() -> Self {
        let mut bits = vec![0u64; WORDS * ROWS];
        match topology() {
            Ok(topology) => fill(&crossings(&topology), &mut bits),
            Err(error) => log::error!("the embedded coastline cannot be read: {error}; the sample day has no land"),
        }
        Self(bits)
    }

    /// Whether the cell of a place is land.
    pub fn is_land(&self, at: LonLat) -> bool {
        let lon = (at.lon_deg + 180.0).rem_euclid(360.0);
        let col = ((lon * PER_DEGREE as f64) as usize).min(COLS - 1);
        let row = (((at.lat_deg + 90.0).max(0.0) * PER_DEGREE as f64) as usize).min(ROWS - 1);
        self.0[row * WORDS + col / 64] >> (col % 64) & 1 == 1
    }

    /// Whether there is land at the place or `km` from it in one of eight directions.
    pub fn near_land(&self, at: LonLat, km: f64) -> bool {
        let d_lat = km / 111.2;
        let d_lon = d_lat / at.lat_deg.to_radians().cos().max(0.05);
        let beside =
            |k: i32| LonLat::new(at.lon_deg + d_lon * f64::from(k % 3 - 1), at.lat_deg + d_lat * f64::from(k / 3 - 1));
        (0..9).any(|k| self.is_land(beside(k)))
    }
}

fn topology() -> Result<Topology, Box<dyn std::error::Error>> {
    let packed: &[u8] = include_bytes!("../../../assets/coastlines/land_10m.topojson.zst");
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut ruzstd::decoding::StreamingDecoder::new(packed)?, &mut text)?;
    Ok(serde_json::from_slice(&text)?)
}

/// For each row of cells the columns (fractional) where its middle line crosses an edge.
fn crossings(topology: &Topology) -> Vec<Vec<f32>> {
    let mut rows = vec![Vec::new(); ROWS];
    let Transform { scale, translate } = &topology.transform;
    for arc in &topology.arcs {
        let mut at = [0i32; 2];
        let mut previous: Option<[f64; 2]> = None;
        for step in arc {
            at = [at[0] + step[0], at[1] + step[1]];
            let cell =
                |k: usize, origin: f64| (f64::from(at[k]) * scale[k] + translate[k] + origin) * PER_DEGREE as f64;
            let point = [cell(0, 180.0), cell(1, 90.0)];
            if let Some(from) = previous {
                cross(from, point, &mut rows);
            }
            previous = Some(point);
        }
    }
    rows
}

fn cross(a: [f64; 2], b: [f64; 2], rows: &mut [Vec<f32>]) {
    let (low, high) = if a[1] < b[1] { (a, b) } else { (b, a) };
    // Middles of rows lie at k + ½; an edge owns its lower end, not its upper one.
    let first = (low[1] - 0.5).ceil().max(0.0) as usize;
    let end = ((high[1] - 0.5).ceil().max(0.0) as usize).min(ROWS);
    for (k, row) in rows.iter_mut().enumerate().take(end).skip(first) {
        let t = (k as f64 + 0.5 - low[1]) / (high[1] - low[1]);
        row.push((low[0] + t * (high[0] - low[0])) as f32);
    }
}

fn fill(rows: &[Vec<f32>], bits: &mut [u64]) {
    for (row, words) in rows.iter().zip(bits.chunks_mut(WORDS)) {
        let mut sorted = row.clone();
        sorted.sort_by(f32::total_cmp);
        for pair in sorted.chunks_exact(2) {
            let from = (pair[0] - 0.5).ceil().max(0.0) as usize;
            let to = ((pair[1] - 0.5).ceil().max(0.0) as usize).min(COLS);
            for col in from..to {
                words[col / 64] |= 1 << (col % 64);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn land_is_land_and_sea_is_sea() {
        let land = Land::new();
        for (name, lon, lat) in [
            ("Madrid", -3.7, 40.4),
            ("Alice Springs", 133.9, -23.7),
            ("South Pole", 10.0, -89.0),
            ("Denver", -105.0, 39.7),
            ("Chukotka beyond 180°", -175.0, 67.0),
            ("Iceland", -18.5, 64.8),
        ] {
            assert!(land.is_land(LonLat::new(lon, lat)), "{name}");
        }
        for (name, lon, lat) in [
            ("Sargasso Sea", -60.0, 30.0),
            ("Pacific", 179.999, 0.0),
            ("Pacific", -180.0, 0.0),
            ("Caspian Sea", 50.5, 42.0),
            ("Mediterranean", 5.0, 40.0),
            ("Arctic", 0.0, 89.9),
        ] {
            assert!(!land.is_land(LonLat::new(lon, lat)), "{name}");
        }
        let mut sea = 0.0;
        let mut all = 0.0;
        for row in 0..180 {
            let lat = f64::from(row) - 89.5;
            for col in 0..360 {
                let area = lat.to_radians().cos();
                all += area;
                sea += if land.is_land(LonLat::new(f64::from(col) - 179.5, lat)) { 0.0 } else { area };
            }
        }
        // 70.8 % of the Earth is ocean; shelves count as sea here.
        assert!((0.69..0.74).contains(&(sea / all)), "{}", sea / all);
    }
}
