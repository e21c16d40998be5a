//! How large the cells of a tile are on the ground, and which way they lie: what light on slopes needs. Taken from the
//! positions themselves, so that it is right on every projection and for swaths at any angle.

use std::collections::HashMap;

use glam::{DVec2, DVec3};
use seaglass_core::geolocation::Geolocation;
use seaglass_core::tile::{TileGrid, TileKey};

use crate::gpu::Gpu;
use crate::residency::TileTexture;

/// Pieces of the lattice over a tile, a side.
const PIECES: usize = 32;
/// Frames after which what is not drawn is dropped.
const KEEP_FRAMES: u64 = 120;

/// Metres towards east and north of a step down and of one along a tile.
type Steps = [f32; 4];

#[derive(Debug)]
struct Lit {
    group: wgpu::BindGroup,
    /// Values the group was made for.
    values: wgpu::TextureView,
    last_used: u64,
}

/// Bind groups of tiles with light.
#[derive(Debug, Default)]
pub(crate) struct Grounds {
    lit: HashMap<TileKey, Lit>,
    frame: u64,
}

impl Grounds {
    /// Begins a frame.
    pub fn begin(&mut self) {
        self.frame += 1;
        let now = self.frame;
        self.lit.retain(|_, l| l.last_used + KEEP_FRAMES > now);
    }

    /// Makes a tile ready to be drawn with light.
    pub fn provide(
        &mut self,
        gpu: &Gpu,
        layout: &wgpu::BindGroupLayout,
        key: TileKey,
        tile: &TileTexture,
        geolocation: &Geolocation,
        grid: &TileGrid,
    ) {
        let frame = self.frame;
        if let Some(known) = self.lit.get_mut(&key).filter(|l| l.values == tile.values) {
            known.last_used = frame;
            return;
        }
        let steps = lattice(geolocation, grid, key);
        let view = crate::residency::float_texture(
            gpu,
            "ground",
            [PIECES as u32 + 1; 2],
            wgpu::TextureFormat::Rgba32Float,
            bytemuck::cast_slice(&steps),
        );
        let group = tile.group(gpu, layout, &view);
        self.lit.insert(key, Lit { group, values: tile.values.clone(), last_used: frame });
    }

    /// Bind group 2 of a tile with light.
    pub fn group(&self, key: TileKey) -> Option<&wgpu::BindGroup> {
        self.lit.get(&key).map(|l| &l.group)
    }
}

/// The steps on a lattice over a tile, from its first to its last edge.
fn lattice(geolocation: &Geolocation, grid: &TileGrid, key: TileKey) -> Vec<Steps> {
    let window = grid.window(key.level, key.ty, key.tx);
    let stride = (1u64 << key.level) as f64;
    let first = [
        f64::from(key.ty) * grid.tile_rows as f64 * stride - 0.5,
        f64::from(key.tx) * grid.tile_cols as f64 * stride - 0.5,
    ];
    // Between two places of the lattice, but at least a cell: what lies between is a mean.
    let spacing = [window.rows, window.cols].map(|n| n as f64 * stride / PIECES as f64);
    let half = spacing.map(|s| (s / 2.0).max(0.5));
    let mut all = Vec::with_capacity((PIECES + 1) * (PIECES + 1));
    for i in 0..=PIECES {
        for j in 0..=PIECES {
            let at = [first[0] + i as f64 * spacing[0], first[1] + j as f64 * spacing[1]];
            all.push(steps(geolocation, grid.shape, at, half).map(|[down, along]| {
                let (down, along) = (down * stride, along * stride);
                [down.x as f32, down.y as f32, along.x as f32, along.y as f32]
            }));
        }
    }
    filled(all)
}

/// Metres (east, north) of a source cell down and along.
fn steps(geolocation: &Geolocation, shape: [usize; 2], at: [f64; 2], half: [f64; 2]) -> Option<[DVec2; 2]> {
    let inside = |k: usize, x: f64| x.clamp(-0.5, shape[k] as f64 - 0.5);
    let place = |row: f64, col: f64| geolocation.lonlat_from_index(row, col);
    let here = place(inside(0, at[0]), inside(1, at[1]))?;
    let up = here.up();
    let east = DVec3::new(-up.y, up.x, 0.0).normalize_or(DVec3::Y);
    let north = up.cross(east);
    let between = |k: usize| {
        let (a, b) = (inside(k, at[k] - half[k]), inside(k, at[k] + half[k]));
        let other = inside(1 - k, at[1 - k]);
        let ends = [a, b].map(|x| if k == 0 { place(x, other) } else { place(other, x) });
        let way = (ends[1]?.ecef() - ends[0]?.ecef()) / (b - a).max(1e-9);
        Some(DVec2::new(way.dot(east), way.dot(north)))
    };
    Some([between(0)?, between(1)?])
}

/// Where there is no position, what lies beside it.
fn filled(mut all: Vec<Option<Steps>>) -> Vec<Steps> {
    let side = PIECES + 1;
    for _ in 0..side {
        if all.iter().all(Option::is_some) {
            break;
        }
        let before = all.clone();
        for (k, steps) in all.iter_mut().enumerate() {
            let (row, col) = (k / side, k % side);
            let around = [
                (row > 0).then(|| k - side),
                (row + 1 < side).then(|| k + side),
                (col > 0).then(|| k - 1),
                (col + 1 < side).then(|| k + 1),
            ];
            if steps.is_none() {
                *steps = around.into_iter().flatten().find_map(|n| before[n]);
            }
        }
    }
    all.into_iter().map(Option::unwrap_or_default).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaglass_core::coord::CoordArray;
    use seaglass_core::geolocation::{Axis, Crs, Grid, Swath};

    #[test]
    fn steps_are_metres_on_the_ellipsoid() {
        let axis = |first, step, len| Axis::Regular { first, step, len };
        let grid = Grid::new(axis(59.0, 0.25, 9), axis(10.0, 0.25, 9), Crs::LonLat).unwrap();
        let [down, along] = steps(&Geolocation::Grid(grid), [9, 9], [4.0, 4.0], [0.5, 0.5]).unwrap();
        // At 60° N: pyproj Geod WGS84 from 59.875 to 60.125° N and from 10.875 to 11.125° E.
        assert!(down.x.abs() < 0.1 && (down.y - 27_853.13).abs() < 1.0, "{down}");
        assert!((along.x - 13_950.06).abs() < 1.0 && along.y.abs() < 20.0, "{along}");
    }

    #[test]
    fn missing_positions_take_their_neighbours() {
        let (rows, cols) = (64, 64);
        let place = |k: usize, f: &dyn Fn(f64, f64) -> f64| {
            if k < rows * cols / 2 { f64::NAN } else { f((k / cols) as f64, (k % cols) as f64) }
        };
        let lon = (0..rows * cols).map(|k| place(k, &|_, c| c * 0.01)).collect();
        let lat = (0..rows * cols).map(|k| place(k, &|r, _| r * 0.01)).collect();
        let swath = Swath::full([rows, cols], CoordArray::F64(lon), CoordArray::F64(lat), vec![]).unwrap();
        let grid = TileGrid::new([rows, cols], false);
        let all = lattice(&Geolocation::Swath(swath), &grid, TileKey { item: 1, level: 0, ty: 0, tx: 0 });
        assert!(all.iter().all(|s| (s[1] - 1106.0).abs() < 5.0), "{:?}", all[0]);
    }
}
