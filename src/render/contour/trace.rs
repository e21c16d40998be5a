//! Lines of equal value by marching squares, with positions interpolated linearly along the edges between values.
//!
//! Quads with a missing corner have no line, so none runs along the border of missing cells. Where the corners of a quad
//! lie above and below crosswise, the mean of the four decides which of them belong together.

use crate::int_map::IntMap;

/// A line of one level.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    /// Number of the level.
    pub level: usize,
    /// The last point is the first one again.
    pub closed: bool,
    /// Rows and columns in the array.
    pub points: Vec<[f32; 2]>,
}

/// Values of an array, row by row; missing is NaN.
#[derive(Clone, Copy)]
pub(crate) struct Field<'a> {
    pub values: &'a [f32],
    pub cols: usize,
}

impl Field<'_> {
    fn at(&self, row: usize, col: usize) -> f64 {
        f64::from(self.values[row * self.cols + col])
    }

    /// Where a level crosses an edge: `2 (row · cols + col)` is the edge to the next column, one more that to the next row.
    fn crossing(&self, edge: i64, level: f64) -> [f32; 2] {
        let (node, down) = (edge as usize / 2, edge & 1 == 1);
        let (row, col) = (node / self.cols, node % self.cols);
        let (a, b) = (self.at(row, col), if down { self.at(row + 1, col) } else { self.at(row, col + 1) });
        let t = ((level - a) / (b - a)).clamp(0.0, 1.0);
        if down { [(row as f64 + t) as f32, col as f32] } else { [row as f32, (col as f64 + t) as f32] }
    }

    /// Edges joined in a quad by lines of a level.
    fn joined(&self, row: usize, col: usize, corners: [f64; 4], level: f64) -> [Option<(i64, i64)>; 2] {
        let above = corners.map(|v| v > level);
        let node = |r: usize, c: usize| 2 * (r * self.cols + c) as i64;
        let (top, left, bottom, right) =
            (node(row, col), node(row, col) + 1, node(row + 1, col), node(row, col + 1) + 1);
        // Corners run round the quad: (r, c), (r, c + 1), (r + 1, c + 1), (r + 1, c).
        match above {
            [true, false, true, false] | [false, true, false, true] => {
                let middle = corners.iter().sum::<f64>() / 4.0 > level;
                if middle == above[0] {
                    [Some((top, right)), Some((left, bottom))]
                } else {
                    [Some((top, left)), Some((right, bottom))]
                }
            }
            [a, b, c, d] => {
                let crossed = [(a != b, top), (b != c, right), (c != d, bottom), (d != a, left)];
                let mut edges = crossed.iter().filter(|(on, _)| *on).map(|(_, edge)| *edge);
                [edges.next().zip(edges.next()), None]
            }
        }
    }
}

/// The lines of `levels` (rising) through the quads whose first corner lies in `rows` and `cols`.
pub(crate) fn trace(
    field: Field<'_>,
    rows: std::ops::Range<usize>,
    cols: std::ops::Range<usize>,
    levels: &[f64],
) -> Vec<Line> {
    let mut pieces: Vec<Vec<(i64, i64)>> = vec![Vec::new(); levels.len()];
    for row in rows {
        for col in cols.clone() {
            let corners =
                [field.at(row, col), field.at(row, col + 1), field.at(row + 1, col + 1), field.at(row + 1, col)];
            if !corners.iter().all(|v| v.is_finite()) {
                continue;
            }
            let (low, high) = corners.iter().fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(*v), b.max(*v)));
            let first = levels.partition_point(|l| *l < low);
            for (k, level) in levels.iter().enumerate().skip(first).take_while(|(_, l)| **l < high) {
                pieces[k].extend(field.joined(row, col, corners, *level).into_iter().flatten());
            }
        }
    }
    let mut lines = Vec::new();
    for (k, pieces) in pieces.iter().enumerate() {
        chain(pieces, |edges, closed| {
            let points = edges.iter().map(|edge| field.crossing(*edge, levels[k])).collect();
            lines.push(Line { level: k, closed, points });
        });
    }
    lines
}

const NONE: usize = usize::MAX;

/// Joins pieces that share an edge: every edge ends at most two.
fn chain(pieces: &[(i64, i64)], mut done: impl FnMut(&[i64], bool)) {
    let mut at: IntMap<i64, [usize; 2]> = IntMap::default();
    for (k, (a, b)) in pieces.iter().enumerate() {
        for edge in [a, b] {
            let both = at.entry(*edge).or_insert([NONE; 2]);
            both[usize::from(both[0] != NONE)] = k;
        }
    }
    let mut used = vec![false; pieces.len()];
    let mut follow = |start: usize, from: i64, used: &mut [bool]| {
        let (mut line, mut edge, mut piece) = (vec![from], from, start);
        loop {
            used[piece] = true;
            let (a, b) = pieces[piece];
            edge = if a == edge { b } else { a };
            line.push(edge);
            let both = at.get(&edge).copied().unwrap_or([NONE; 2]);
            piece = if both[0] == piece { both[1] } else { both[0] };
            if piece == NONE || used[piece] {
                done(&line, line.len() > 3 && line.first() == line.last());
                return;
            }
        }
    };
    let is_end = |edge: i64| at.get(&edge).is_some_and(|both| both[1] == NONE);
    for (k, (a, b)) in pieces.iter().enumerate() {
        let end = [*a, *b].into_iter().find(|edge| is_end(*edge));
        if let (false, Some(end)) = (used[k], end) {
            follow(k, end, &mut used);
        }
    }
    for (k, (a, _)) in pieces.iter().enumerate() {
        if !used[k] {
            follow(k, *a, &mut used);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `contourpy` says (`contour_expected.py` beside this file writes it).
    #[derive(serde::Deserialize)]
    struct Case {
        name: String,
        rows: usize,
        cols: usize,
        /// `None` is missing.
        values: Vec<Option<f32>>,
        levels: Vec<Expected>,
    }

    #[derive(serde::Deserialize)]
    struct Expected {
        level: f64,
        open: usize,
        closed: usize,
        /// In rows and columns.
        length: f64,
        /// Sorted (row, column).
        points: Vec<[f32; 2]>,
    }

    fn cases() -> Vec<Case> {
        serde_json::from_str(include_str!("contour_expected.json")).unwrap()
    }

    #[test]
    fn lines_are_those_of_contourpy() {
        let mut compared = 0;
        for case in cases() {
            let values: Vec<f32> = case.values.iter().map(|v| v.unwrap_or(f32::NAN)).collect();
            let levels: Vec<f64> = case.levels.iter().map(|l| l.level).collect();
            let field = Field { values: &values, cols: case.cols };
            let lines = trace(field, 0..case.rows - 1, 0..case.cols - 1, &levels);
            for (k, expected) in case.levels.iter().enumerate() {
                let own: Vec<&Line> = lines.iter().filter(|l| l.level == k).collect();
                // Through a value on the level an open line may end where it began, as theirs do.
                let closed = |l: &Line| l.points.len() > 2 && l.points.first() == l.points.last();
                assert!(own.iter().all(|l| closed(l) || !l.closed), "{}", case.name);
                let what = format!("{} at {}", case.name, expected.level);
                assert_eq!(own.iter().filter(|l| closed(l)).count(), expected.closed, "{what}: closed lines");
                assert_eq!(own.iter().filter(|l| !closed(l)).count(), expected.open, "{what}: open lines");
                let length: f64 = own
                    .iter()
                    .flat_map(|l| l.points.windows(2))
                    .map(|p| f64::from(p[1][0] - p[0][0]).hypot(f64::from(p[1][1] - p[0][1])))
                    .sum();
                assert!((length - expected.length).abs() < 1e-4 * expected.length.max(1.0), "{what}: {length}");
                let mut points: Vec<[f32; 2]> =
                    own.iter().flat_map(|l| if closed(l) { &l.points[1..] } else { &l.points[..] }).copied().collect();
                points.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
                assert_eq!(points.len(), expected.points.len(), "{what}");
                // Sorting may swap points of nearly the same row: every one must be near one of theirs.
                for p in &points {
                    let near = expected.points.iter().any(|q| (p[0] - q[0]).abs().max((p[1] - q[1]).abs()) < 2e-4);
                    assert!(near, "{what}: no {p:?}");
                }
                compared += points.len();
            }
        }
        assert!(compared > 1000, "{compared}");
    }
}
