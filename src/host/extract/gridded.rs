//! Granules on the common grid: what `getExtraction` answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use seaglass_control::wire::Extraction;
use seaglass_core::field::Window;
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::{Geolocation, Series};
use seaglass_core::notebook::{ControlPoint, GranuleKey};
use seaglass_jobs::Result;
use seaglass_jobs::reading::Readers;

use super::line::Path;
use super::mesh::Mesh;
use super::reading;
use super::target::Target;

/// Rows and columns of the blocks in which values are read.
const BLOCK: usize = 1024;
/// Values read of one field at most: beyond, every second, third … cell stands for its neighbours.
const MOST_READ: usize = 1 << 26;
/// Stands for what is missing: the default of netCDF.
const FILL: f32 = 9.969_21e36;
/// Name of the entry that says which cells belong to the shape.
const MASK: &str = "mask";

/// A cell of the mesh with the cell of the granule that lies there.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Hit {
    cell: u32,
    row: u32,
    col: u32,
}

/// The grid with what is common to all entries.
pub struct Common<'a> {
    /// Grid.
    pub mesh: &'a Mesh,
    /// Vertices of the shape.
    pub vertices: Vec<ControlPoint>,
    /// The line, when the shape is one.
    pub path: Option<&'a Path>,
    /// Samples count as on the line within so many metres.
    pub reach_m: f64,
}

impl Common<'_> {
    /// The values of a granule on the grid; `None` when it has none there.
    ///
    /// # Errors
    /// It cannot be read, or the user has stopped it.
    pub fn entry(
        &self,
        readers: &Readers,
        target: &Target,
        positions: &Arc<Geolocation>,
    ) -> Result<Option<Extraction>> {
        let hits = self.hits(target, positions);
        if hits.is_empty() {
            return Ok(None);
        }
        let (windows, of) = windows(&hits, target.shape);
        let mut texels = vec![FILL; 4 * self.mesh.places.len()];
        let mut any = false;
        for (k, field) in target.drawn.iter().enumerate() {
            let blocks = reading::blocks(readers, target, field, &windows)?;
            for (hit, window) in hits.iter().zip(&of) {
                let block = &blocks[*window];
                let w = block.window;
                let at = |x: u32, first: usize, n: usize| ((x as usize - first) / w.stride).min(n - 1);
                let value = block.values[at(hit.row, w.row, w.rows) * w.cols + at(hit.col, w.col, w.cols)];
                if value.is_finite() {
                    texels[4 * hit.cell as usize + k] = value;
                    any = true;
                }
            }
        }
        let seconds = |micros: i64| micros.div_euclid(1_000_000).max(0) as u64;
        let (start_s, stop_s) =
            target.span.map_or((0, 0), |s| (seconds(s.start.micros()), seconds(s.stop.micros() + 999_999)));
        Ok(any.then(|| Extraction {
            granule: target.key,
            variable: target.variable,
            texels,
            fills: vec![FILL; target.drawn.len()],
            uri: target.uri.clone(),
            fields: target.drawn.iter().map(|f| f.name.clone()).collect(),
            start_s,
            stop_s,
            ..self.empty()
        }))
    }

    fn empty(&self) -> Extraction {
        Extraction {
            granule: GranuleKey::default(),
            cols: self.mesh.cols as u32,
            rows: self.mesh.rows as u32,
            shape: self.vertices.clone(),
            points: self.mesh.points.clone(),
            ..Extraction::default()
        }
    }

    /// The entry that says which cells belong to the shape.
    pub fn mask(&self) -> Extraction {
        let texels = self.mesh.inside.iter().flat_map(|i| [f32::from(u8::from(*i)), 0.0, 0.0, 0.0]).collect();
        Extraction { texels, fills: vec![0.0], uri: MASK.to_owned(), ..self.empty() }
    }

    fn hits(&self, target: &Target, positions: &Geolocation) -> Vec<Hit> {
        match positions {
            Geolocation::Track(s) | Geolocation::Points(s) => self.samples(target, positions, s),
            _ => self.cells(target.shape, positions),
        }
    }

    fn cells(&self, [rows, cols]: [usize; 2], positions: &Geolocation) -> Vec<Hit> {
        let places = self.mesh.places.par_iter().zip(&self.mesh.inside).enumerate();
        let hit = |(cell, (place, inside)): (usize, (&LonLat, &bool))| {
            let found = inside.then(|| positions.index_from_lonlat(place.normalized(), 0.0)).flatten()?;
            let at = |x: f64, n: usize| (x.round().max(0.0) as usize).min(n.saturating_sub(1)) as u32;
            Some(Hit { cell: cell as u32, row: at(found.row, rows), col: at(found.col, cols) })
        };
        places.filter_map(hit).collect()
    }

    /// Samples are put into the cells they lie in; of several in one the nearest to its middle counts.
    fn samples(&self, target: &Target, positions: &Geolocation, series: &Series) -> Vec<Hit> {
        let mut best: BTreeMap<usize, (f64, u32)> = BTreeMap::new();
        for k in (0..series.lon.len()).filter(|k| positions.is_within(*k, target.window)) {
            let Some(place) = series.lonlat(k) else { continue };
            let cell = match self.path {
                Some(path) => {
                    let (away, on) = path.nearest_m(place);
                    let reach = self.reach_m.max(self.mesh.spacing_m / 2.0);
                    let cell = (on / self.mesh.spacing_m).round() as usize;
                    (away <= reach).then_some(cell.min(self.mesh.cols - 1))
                }
                None => self.mesh.cell_of(place),
            };
            let Some(cell) = cell.filter(|c| self.mesh.inside[*c]) else { continue };
            let away = self.mesh.places[cell].approx_distance_m(&place);
            let known = best.entry(cell).or_insert((away, k as u32));
            if away < known.0 {
                *known = (away, k as u32);
            }
        }
        best.into_iter().map(|(cell, (_, row))| Hit { cell: cell as u32, row, col: 0 }).collect()
    }
}

/// The windows that hold all hits, and for each hit which one has it.
fn windows(hits: &[Hit], [rows, cols]: [usize; 2]) -> (Vec<Window>, Vec<usize>) {
    let across = cols.div_ceil(BLOCK);
    let number = |h: &Hit| (h.row as usize / BLOCK) * across + h.col as usize / BLOCK;
    let mut bounds: BTreeMap<usize, [usize; 4]> = BTreeMap::new();
    for h in hits {
        let (row, col) = (h.row as usize, h.col as usize);
        let b = bounds.entry(number(h)).or_insert([row, row, col, col]);
        *b = [b[0].min(row), b[1].max(row), b[2].min(col), b[3].max(col)];
    }
    let total: usize = bounds.values().map(|b| (b[1] - b[0] + 1) * (b[3] - b[2] + 1)).sum();
    let stride = ((total as f64 / MOST_READ as f64).sqrt().ceil() as usize).max(1);
    let mut at = BTreeMap::new();
    let mut list = Vec::with_capacity(bounds.len());
    for (number, [r0, r1, c0, c1]) in bounds {
        at.insert(number, list.len());
        let count = |first: usize, last: usize| (last - first) / stride + 1;
        list.push(Window { row: r0, col: c0, rows: count(r0, r1), cols: count(c0, c1), stride });
    }
    debug_assert!(list.iter().all(|w| w.row < rows));
    let of = hits.iter().map(|h| at.get(&number(h)).copied().unwrap_or_default()).collect();
    (list, of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_hold_what_was_hit_and_no_more_than_blocks() {
        let hits = [(3, 5), (1500, 7), (1501, 9), (10, 2000)].map(|(row, col)| Hit { cell: 0, row, col });
        let (list, of) = windows(&hits, [3000, 4000]);
        assert_eq!(list.len(), 3);
        for (h, k) in hits.iter().zip(&of) {
            let w = list[*k];
            let holds = |x: u32, first: usize, n: usize| (first..first + n).contains(&(x as usize));
            assert!(holds(h.row, w.row, w.rows) && holds(h.col, w.col, w.cols), "{h:?} {w:?}");
        }
        assert_eq!(list[of[1]], Window { row: 1500, col: 7, rows: 2, cols: 3, stride: 1 });
    }
}
