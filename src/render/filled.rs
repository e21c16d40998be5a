//! Where a tile has values at all. Patches of land, of ice, or of what an instrument did not see are not drawn.

/// Cells of a block, a side.
const BLOCK: usize = 16;

/// Which blocks of a tile have a value.
#[derive(Debug)]
pub(crate) struct Filled {
    rows: usize,
    cols: usize,
    /// Row by row; empty where all of them have one.
    blocks: Vec<bool>,
}

impl Filled {
    /// Of values with one more on every side.
    pub fn of(padded: &[f32], [rows, cols]: [usize; 2]) -> Self {
        let across = cols.div_ceil(BLOCK);
        let mut blocks = vec![false; rows.div_ceil(BLOCK) * across];
        for (r, line) in padded.chunks_exact(cols + 2).skip(1).take(rows).enumerate() {
            let of_row = &mut blocks[r / BLOCK * across..][..across];
            for (cells, block) in line[1..=cols].chunks(BLOCK).zip(of_row) {
                *block = *block || cells.iter().any(|v| !v.is_nan());
            }
        }
        if blocks.iter().all(|b| *b) {
            blocks.clear();
        }
        Self { rows, cols, blocks }
    }

    /// Whether there may be a value between two edges of rows and two of columns, in cells of the tile. A cell more on
    /// every side: which one a pixel shows is a matter of rounding. What lies beyond the tile shows its last cells.
    pub fn any(&self, rows: [f64; 2], cols: [f64; 2]) -> bool {
        let blocks = |[from, to]: [f64; 2], n: usize| {
            let last = n.saturating_sub(1) as f64;
            let [from, to] = [from - 1.0, to + 1.0].map(|x| x.clamp(0.0, last) as usize / BLOCK);
            from..=to
        };
        let across = self.cols.div_ceil(BLOCK);
        let columns = blocks(cols, self.cols);
        self.blocks.is_empty()
            || blocks(rows, self.rows).any(|r| columns.clone().any(|c| self.blocks.get(r * across + c) != Some(&false)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_with_a_value_are_found_from_every_rectangle_that_meets_one() {
        let (rows, cols) = (70, 41);
        let valid = |r: usize, c: usize| (r, c) == (33, 40) || (r < 3 && c < 2);
        // What lies beside the tile is none of its own.
        let padded: Vec<f32> = (0..rows + 2)
            .flat_map(|r| (0..cols + 2).map(move |c| (r, c)))
            .map(|(r, c)| {
                let inside = (1..=rows).contains(&r) && (1..=cols).contains(&c);
                if !inside || valid(r - 1, c - 1) { 1.0 } else { f32::NAN }
            })
            .collect();
        let filled = Filled::of(&padded, [rows, cols]);
        for r in 0..rows {
            for c in 0..cols {
                let here = filled.any([r as f64, r as f64 + 1.0], [c as f64, c as f64 + 1.0]);
                assert!(here || !valid(r, c), "{r} {c}");
            }
        }
        assert!(!filled.any([18.0, 30.0], [0.0, 41.0]) && !filled.any([50.0, 70.0], [0.0, 41.0]));
        assert!(!filled.any([20.0, 60.0], [0.0, 30.0]) && filled.any([20.0, 60.0], [0.0, 41.0]));
        // Beyond the edges lie the last cells.
        assert!(filled.any([-9.0, -3.0], [-9.0, -3.0]) && !filled.any([80.0, 99.0], [0.0, 9.0]));
        assert!(Filled::of(&vec![1.0; padded.len()], [rows, cols]).any([50.0, 60.0], [0.0, 1.0]));
        assert!(!Filled::of(&vec![f32::NAN; padded.len()], [rows, cols]).any([0.0, 70.0], [0.0, 41.0]));
    }
}
