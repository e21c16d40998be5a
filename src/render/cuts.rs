//! Where the positions of a swath are torn: missing positions and gaps of the acquisition.
//!
//! `Swath::lonlat_from_index` continues cells beyond a gap from their own side, so positions jump half-way between the
//! two knots there. Meshes must not run across these places. They are found once per geolocation.

use seaglass_core::coord::CoordArray;
use seaglass_core::geolocation::{Geolocation, Swath};

/// A set of cells of a small 2-D lattice, one bit each, rows padded to whole words.
#[derive(Debug, Default)]
struct Bits {
    words_per_row: usize,
    words: Vec<u64>,
    any: bool,
}

impl Bits {
    fn new(rows: usize, cols: usize) -> Self {
        let words_per_row = cols.div_ceil(64);
        Self { words_per_row, words: vec![0; rows * words_per_row], any: false }
    }

    fn set(&mut self, r: usize, c: usize) {
        self.words[r * self.words_per_row + c / 64] |= 1 << (c % 64);
        self.any = true;
    }

    fn row_has(&self, r: usize, c0: usize, c1: usize) -> bool {
        self.first_in_row(r, c0, c1).is_some()
    }

    /// First set column of `c0..c1` in a row.
    fn first_in_row(&self, r: usize, c0: usize, c1: usize) -> Option<usize> {
        let row = &self.words[r * self.words_per_row..(r + 1) * self.words_per_row];
        let mut c = c0;
        while c < c1 {
            let word = row[c / 64] >> (c % 64);
            if word != 0 {
                let found = c + word.trailing_zeros() as usize;
                return (found < c1).then_some(found);
            }
            c = (c / 64 + 1) * 64;
        }
        None
    }

    /// Number set in `c0..c1` of a row.
    fn count_in_row(&self, r: usize, c0: usize, c1: usize) -> usize {
        let row = &self.words[r * self.words_per_row..(r + 1) * self.words_per_row];
        (c0 / 64..c1.div_ceil(64))
            .map(|w| {
                let mut word = row[w];
                if w == c0 / 64 {
                    word &= u64::MAX << (c0 % 64);
                }
                if c1 < (w + 1) * 64 {
                    word &= (1u64 << (c1 % 64)) - 1;
                }
                word.count_ones() as usize
            })
            .sum()
    }
}

/// The tears of one swath, over its knots.
#[derive(Debug)]
pub(crate) struct Cuts {
    shape: [usize; 2],
    rows: Vec<u32>,
    cols: Vec<u32>,
    /// Knots without position.
    holes: Bits,
    /// A gap between knot `(i, j)` and `(i + 1, j)`.
    down: Bits,
    /// A gap between knot `(i, j)` and `(i, j + 1)`.
    along: Bits,
}

/// What the tears do to a rectangle of index space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Tear {
    /// Nothing.
    None,
    /// It has no positions at all.
    Empty,
    /// It must be split at this row edge (index of the row below it, fractional).
    AtRow(f64),
    /// It must be split at this column edge.
    AtCol(f64),
}

/// As in `Swath`: steps this many medians long …
const GAP_FACTOR: f64 = 10.0;
/// … and this much longer than their neighbours are gaps.
const GAP_CONTRAST: f64 = 4.0;
const EARTH_RADIUS_M: f64 = 6_371_008.8;

impl Cuts {
    /// The tears of a geolocation; `None` when it has none.
    pub fn find(geolocation: &Geolocation) -> Option<Self> {
        let Geolocation::Swath(swath) = geolocation else { return None };
        let cuts = match (&swath.lon, &swath.lat) {
            (CoordArray::F32(x), CoordArray::F32(y)) => scan(swath, |k| (x[k], y[k])),
            (CoordArray::F64(x), CoordArray::F64(y)) => scan(swath, |k| (x[k] as f32, y[k] as f32)),
            (x, y) => scan(swath, |k| (x.get(k) as f32, y.get(k) as f32)),
        };
        (cuts.holes.any || cuts.down.any || cuts.along.any).then_some(cuts)
    }

    /// How the rectangle of cell edges `[r0, r1] × [c0, c1]` (edge 0 is half a cell before the first centre) is torn.
    pub fn tear(&self, r: [f64; 2], c: [f64; 2]) -> Tear {
        let (i0, i1) = knot_span(&self.rows, self.shape[0], r);
        let (j0, j1) = knot_span(&self.cols, self.shape[1], c);
        if self.holes.any {
            let tear = self.hole_tear(i0, i1, j0, j1);
            if tear != Tear::None {
                return tear;
            }
        }
        if self.down.any {
            let middle = (i0 + i1) / 2;
            let cut = nearest_to(middle, i0, i1.saturating_sub(1), |i| self.down.row_has(i, j0, j1));
            if let Some(i) = cut {
                return Tear::AtRow(knot_edge(&self.rows, i));
            }
        }
        if self.along.any {
            let found = (i0..i1).find_map(|i| self.along.first_in_row(i, j0, j1.saturating_sub(1)));
            if let Some(j) = found {
                return Tear::AtCol(knot_edge(&self.cols, j));
            }
        }
        Tear::None
    }

    /// Splits mixed rectangles along the border of the holes' bounding box.
    fn hole_tear(&self, i0: usize, i1: usize, j0: usize, j1: usize) -> Tear {
        let (mut n, mut top, mut bottom, mut left, mut right) = (0, usize::MAX, 0, usize::MAX, 0);
        for i in i0..i1 {
            let Some(first) = self.holes.first_in_row(i, j0, j1) else { continue };
            n += self.holes.count_in_row(i, j0, j1);
            top = top.min(i);
            bottom = i;
            left = left.min(first);
            right = right.max((first..j1).rev().find(|j| self.holes.row_has(i, *j, j + 1)).unwrap_or(first));
        }
        if n == 0 {
            return Tear::None;
        }
        if n == (i1 - i0) * (j1 - j0) {
            return Tear::Empty;
        }
        let sides = [
            (top - i0, Tear::AtRow(knot_edge(&self.rows, top.saturating_sub(1)))),
            (i1 - 1 - bottom, Tear::AtRow(knot_edge(&self.rows, bottom))),
            (left - j0, Tear::AtCol(knot_edge(&self.cols, left.saturating_sub(1)))),
            (j1 - 1 - right, Tear::AtCol(knot_edge(&self.cols, right))),
        ];
        // The side with the most clean rows or columns is cut off; without one, halves.
        match sides.into_iter().max_by_key(|(clean, _)| *clean) {
            Some((clean, tear)) if clean > 0 => tear,
            _ if i1 - i0 >= j1 - j0 => Tear::AtRow(knot_edge(&self.rows, (i0 + i1) / 2 - 1)),
            _ => Tear::AtCol(knot_edge(&self.cols, (j0 + j1) / 2 - 1)),
        }
    }
}

/// The index nearest to `middle` within `from..to` for which `test` holds.
fn nearest_to(middle: usize, from: usize, to: usize, test: impl Fn(usize) -> bool) -> Option<usize> {
    let above = (middle..to).find(|i| test(*i));
    let below = (from..middle.min(to)).rev().find(|i| test(*i));
    match (above, below) {
        (Some(a), Some(b)) => Some(if a - middle <= middle - b { a } else { b }),
        (a, b) => a.or(b),
    }
}

/// Cell edge half-way between knots `k` and `k + 1`.
fn knot_edge(knots: &[u32], k: usize) -> f64 {
    let next = knots.get(k + 1).copied().unwrap_or(knots[k]);
    (f64::from(knots[k]) + f64::from(next)) / 2.0 + 0.5
}

/// Knots whose share (up to half-way to the next) meets the interior of the edge interval.
fn knot_span(knots: &[u32], n: usize, edge: [f64; 2]) -> (usize, usize) {
    let knot_at = |x: f64| -> f64 {
        if knots.len() == n {
            return x;
        }
        let k = knots.partition_point(|s| f64::from(*s) <= x).saturating_sub(1).min(knots.len().saturating_sub(2));
        k as f64 + (x - f64::from(knots[k])) / f64::from((knots[(k + 1).min(knots.len() - 1)] - knots[k]).max(1))
    };
    let (u0, u1) = (knot_at(edge[0] - 0.5), knot_at(edge[1] - 0.5));
    let first = ((u0 + 0.5 + 1e-6).floor().max(0.0) as usize).min(knots.len() - 1);
    let last = ((u1 - 0.5 - 1e-6).ceil().max(0.0) as usize).min(knots.len() - 1);
    (first, last.max(first) + 1)
}

fn scan(swath: &Swath, at: impl Fn(usize) -> (f32, f32) + Sync) -> Cuts {
    use rayon::prelude::*;
    let (nr, nc) = (swath.rows.len(), swath.cols.len());
    let mut cuts = Cuts {
        shape: swath.shape,
        rows: swath.rows.clone(),
        cols: swath.cols.clone(),
        holes: Bits::new(nr, nc),
        down: Bits::new(nr, nc),
        along: Bits::new(nr, nc),
    };
    let per = |n: usize, cells: usize| if n > 1 { (cells - 1) as f64 / (n - 1) as f64 } else { 1.0 };
    let [down_m, along_m] = swath.cell_spacing();
    let limit = |m: f64, per: f64| ((GAP_FACTOR * m * per / EARTH_RADIUS_M).to_degrees() as f32).max(1e-6);
    let limits = [limit(down_m, per(nr, swath.shape[0])), limit(along_m, per(nc, swath.shape[1]))];
    let found: Vec<(usize, usize, u8)> = (0..nr)
        .into_par_iter()
        .flat_map_iter(|i| {
            let mut found = Vec::new();
            scan_row(i, nr, nc, limits, &at, &mut found);
            found
        })
        .collect();
    for (i, j, kind) in found {
        match kind {
            0 => cuts.holes.set(i, j),
            1 => cuts.down.set(i, j),
            _ => cuts.along.set(i, j),
        }
    }
    cuts
}

/// Holes and gaps of one row of knots: `(i, j, 0 hole | 1 down | 2 along)`.
fn scan_row(
    i: usize,
    nr: usize,
    nc: usize,
    limits: [f32; 2],
    at: &impl Fn(usize) -> (f32, f32),
    found: &mut Vec<(usize, usize, u8)>,
) {
    let step = |a: usize, b: usize| {
        let ((x0, y0), (x1, y1)) = (at(a), at(b));
        let dx = (x1 - x0).abs();
        let dx = dx.min((360.0 - dx).abs()) * (0.5 * (y0 + y1)).to_radians().cos();
        (dx * dx + (y1 - y0) * (y1 - y0)).sqrt()
    };
    // Cheap bound first: cosine only shrinks the step.
    let far = |a: usize, b: usize, limit: f32| {
        let ((x0, y0), (x1, y1)) = (at(a), at(b));
        (x1 - x0).abs().max((y1 - y0).abs()) > 0.5 * limit
    };
    let stands_out = |own: f32, others: [Option<f32>; 2]| {
        others.into_iter().flatten().filter(|s| s.is_finite()).all(|s| own > GAP_CONTRAST as f32 * s)
    };
    for j in 0..nc {
        let k = i * nc + j;
        let (x, y) = at(k);
        if !(y.abs() <= 90.0 && x.abs() <= 540.0) {
            found.push((i, j, 0));
            continue;
        }
        if i + 1 < nr && far(k, k + nc, limits[0]) {
            let own = step(k, k + nc);
            let before = (i > 0).then(|| step(k - nc, k));
            let after = (i + 2 < nr).then(|| step(k + nc, k + 2 * nc));
            if own > limits[0] && stands_out(own, [before, after]) {
                found.push((i, j, 1));
            }
        }
        if j + 1 < nc && far(k, k + 1, limits[1]) {
            let own = step(k, k + 1);
            let before = (j > 0).then(|| step(k - 1, k));
            let after = (j + 2 < nc).then(|| step(k + 1, k + 2));
            if own > limits[1] && stands_out(own, [before, after]) {
                found.push((i, j, 2));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn swath(lat_of_row: impl Fn(usize) -> f32, hole: Option<(usize, usize)>) -> Geolocation {
        let (nr, nc) = (40, 10);
        let mut lon: Vec<f32> = (0..nr * nc).map(|k| 179.6 + (k % nc) as f32 * 0.1).collect();
        let lat: Vec<f32> = (0..nr * nc).map(|k| lat_of_row(k / nc)).collect();
        if let Some((i, j)) = hole {
            lon[i * nc + j] = f32::NAN;
        }
        Geolocation::Swath(Swath::full([nr, nc], CoordArray::F32(lon), CoordArray::F32(lat), vec![]).unwrap())
    }

    #[test]
    fn a_smooth_swath_has_no_tears() {
        assert!(Cuts::find(&swath(|r| r as f32 * 0.1, None)).is_none());
    }

    #[test]
    fn a_gap_in_the_rows_is_cut_between_them() {
        let cuts = Cuts::find(&swath(|r| r as f32 * 0.1 + if r > 20 { 5.0 } else { 0.0 }, None)).unwrap();
        assert_eq!(cuts.tear([0.0, 40.0], [0.0, 10.0]), Tear::AtRow(21.0));
        assert_eq!(cuts.tear([0.0, 21.0], [0.0, 10.0]), Tear::None);
        assert_eq!(cuts.tear([21.0, 40.0], [2.0, 7.0]), Tear::None);
    }

    #[test]
    fn a_missing_position_is_isolated() {
        let cuts = Cuts::find(&swath(|r| r as f32 * 0.1, Some((7, 3)))).unwrap();
        let mut stack = vec![([0.0, 40.0], [0.0, 10.0])];
        let mut empty = Vec::new();
        while let Some((r, c)) = stack.pop() {
            match cuts.tear(r, c) {
                Tear::None => {}
                Tear::Empty => empty.push((r, c)),
                Tear::AtRow(x) => stack.extend([([r[0], x], c), ([x, r[1]], c)]),
                Tear::AtCol(x) => stack.extend([(r, [c[0], x]), (r, [x, c[1]])]),
            }
            assert!(stack.len() < 50);
        }
        assert_eq!(empty, [([7.0, 8.0], [3.0, 4.0])]);
    }
}
