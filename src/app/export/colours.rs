//! Few colours for a picture that has many.
//!
//! Boxes of the colour cube are divided where they lose most (variance, as Wu does), the last ones where they are widest,
//! so that a rare colour, as that of a symbol, is not lost among many pixels of sea. No dithering: in films it flickers,
//! and it is no longer the colour of a legend.

use std::collections::BTreeMap;

/// Bits of a channel that tell colours apart where there are too many.
const BITS: u32 = 6;

/// A picture with a palette.
pub(super) struct Indexed {
    pub palette: Vec<[u8; 3]>,
    /// Of each pixel.
    pub indices: Vec<u8>,
    /// The index that is seen through.
    pub transparent: Option<u8>,
}

/// Reduces RGBA pixels to 256 colours; to exactly theirs where they are no more. What is less than half opaque is seen
/// through.
pub(super) fn reduce(pixels: &[u8]) -> Indexed {
    let seen = |p: &[u8]| p[3] >= 128;
    let clear = pixels.chunks_exact(4).any(|p| !seen(p));
    let most = 256 - usize::from(clear);
    let (mut palette, indices) = exact(pixels, most, seen).unwrap_or_else(|| nearly(pixels, most, seen));
    let transparent = clear.then_some(palette.len() as u8);
    let indices = indices.into_iter().map(|k| k.or(transparent).unwrap_or_default()).collect();
    if clear {
        palette.push([0; 3]);
    }
    Indexed { palette, indices, transparent }
}

type Reduced = (Vec<[u8; 3]>, Vec<Option<u8>>);

fn exact(pixels: &[u8], most: usize, seen: impl Fn(&[u8]) -> bool) -> Option<Reduced> {
    let mut known: BTreeMap<[u8; 3], u8> = BTreeMap::new();
    let mut palette = Vec::new();
    let mut indices = Vec::with_capacity(pixels.len() / 4);
    for p in pixels.chunks_exact(4) {
        if !seen(p) {
            indices.push(None);
            continue;
        }
        let colour = [p[0], p[1], p[2]];
        if let Some(k) = known.get(&colour) {
            indices.push(Some(*k));
            continue;
        }
        if palette.len() == most {
            return None;
        }
        let k = palette.len() as u8;
        known.insert(colour, k);
        palette.push(colour);
        indices.push(Some(k));
    }
    Some((palette, indices))
}

/// Colours that are alike.
#[derive(Clone, Copy, Default)]
struct Cell {
    count: f64,
    mean: [f64; 3],
    /// Its place in the cube.
    at: u32,
}

fn place(p: &[u8]) -> usize {
    p[..3].iter().fold(0, |at, c| at << BITS | usize::from(c >> (8 - BITS)))
}

fn nearly(pixels: &[u8], most: usize, seen: impl Fn(&[u8]) -> bool) -> Reduced {
    let mut cube = vec![(0u64, [0u64; 3]); 1 << (3 * BITS)];
    for p in pixels.chunks_exact(4).filter(|p| seen(p)) {
        let (count, sums) = &mut cube[place(p)];
        *count += 1;
        sums.iter_mut().zip(p).for_each(|(sum, c)| *sum += u64::from(*c));
    }
    let filled = cube.iter().enumerate().filter(|(_, (count, _))| *count > 0);
    let mut cells: Vec<Cell> = filled
        .map(|(at, (count, sums))| {
            let count = *count as f64;
            Cell { count, mean: sums.map(|s| s as f64 / count), at: at as u32 }
        })
        .collect();
    let palette = divided(&mut cells, most);
    let mut index = vec![0u8; cube.len()];
    for cell in &cells {
        let off = |colour: &[u8; 3]| (0..3).map(|c| (f64::from(colour[c]) - cell.mean[c]).powi(2)).sum::<f64>();
        let nearest = palette.iter().enumerate().min_by(|a, b| off(a.1).total_cmp(&off(b.1)));
        index[cell.at as usize] = nearest.map_or(0, |(k, _)| k as u8);
    }
    let indices = pixels.chunks_exact(4).map(|p| seen(p).then(|| index[place(p)])).collect();
    (palette, indices)
}

/// Some of the cells, and what dividing them would be good for.
struct Part {
    from: usize,
    to: usize,
    mean: [f64; 3],
    axis: usize,
    /// Sum of squares along the axis.
    lost: f64,
    /// From the least to the greatest.
    width: f64,
}

impl Part {
    fn of(cells: &[Cell], from: usize, to: usize) -> Self {
        let cells = &cells[from..to];
        let count: f64 = cells.iter().map(|c| c.count).sum();
        let mean = [0, 1, 2].map(|k| cells.iter().map(|c| c.count * c.mean[k]).sum::<f64>() / count);
        let lost = [0, 1, 2].map(|k| cells.iter().map(|c| c.count * (c.mean[k] - mean[k]).powi(2)).sum::<f64>());
        let axis = (0..3).max_by(|a, b| lost[*a].total_cmp(&lost[*b])).unwrap_or(0);
        let side = |k: usize| {
            let (low, high) = cells.iter().fold((f64::MAX, f64::MIN), |(l, h), c| (l.min(c.mean[k]), h.max(c.mean[k])));
            high - low
        };
        let width = side(0).max(side(1)).max(side(2));
        Self { from, to, mean, axis, lost: lost[axis], width }
    }
}

/// The means of at most so many parts of the cells.
fn divided(cells: &mut [Cell], most: usize) -> Vec<[u8; 3]> {
    let mut parts = vec![Part::of(cells, 0, cells.len())];
    while parts.len() < most {
        let worth = |p: &Part| if parts.len() < most * 3 / 4 { p.lost } else { p.width };
        let open = parts.iter().enumerate().filter(|(_, p)| p.to - p.from > 1 && p.width > 0.0);
        let Some(k) = open.max_by(|a, b| worth(a.1).total_cmp(&worth(b.1))).map(|(k, _)| k) else { break };
        let Part { from, to, mean, axis, .. } = parts[k];
        let run = &mut cells[from..to];
        run.sort_unstable_by(|a, b| a.mean[axis].total_cmp(&b.mean[axis]).then(a.at.cmp(&b.at)));
        // Neither side is empty, also where rounding puts the mean beyond all.
        let at = run.partition_point(|c| c.mean[axis] <= mean[axis]).clamp(1, run.len() - 1);
        parts[k] = Part::of(cells, from, from + at);
        parts.push(Part::of(cells, from + at, to));
    }
    parts.iter().map(|p| p.mean.map(|c| c.round() as u8)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_colours_stay_as_they_are() {
        let mut pixels: Vec<u8> = (0..=255u8).flat_map(|k| [k, 255 - k, k / 2, 255]).collect();
        let all = reduce(&pixels);
        assert_eq!((all.palette.len(), all.transparent), (256, None));
        for (p, k) in pixels.chunks_exact(4).zip(&all.indices) {
            assert_eq!(all.palette[usize::from(*k)], p[..3]);
        }
        // One of them can be seen through: its colour is not black, and black is not seen through.
        pixels[..4].copy_from_slice(&[9, 9, 9, 127]);
        pixels[4..8].copy_from_slice(&[0, 0, 0, 255]);
        let clear = reduce(&pixels);
        assert_eq!(clear.transparent, Some(clear.indices[0]));
        assert_ne!(clear.indices[0], clear.indices[1]);
        assert_eq!(clear.palette[usize::from(clear.indices[1])], [0; 3]);
    }

    #[test]
    fn a_rare_colour_is_kept_among_many() {
        // A blue sea of very many shades, and one red dot.
        let mut pixels: Vec<u8> =
            (0..40_000u32).flat_map(|k| [(k % 31) as u8, (k % 97) as u8, (100 + k % 149) as u8, 255]).collect();
        pixels[80_000..80_004].copy_from_slice(&[250, 20, 30, 255]);
        let all = reduce(&pixels);
        assert_eq!(all.palette.len(), 256);
        assert_eq!(all.palette[usize::from(all.indices[20_000])], [250, 20, 30]);
        let off = |p: &[u8], k: u8| (0..3).map(|c| all.palette[usize::from(k)][c].abs_diff(p[c])).max();
        let most = pixels.chunks_exact(4).zip(&all.indices).filter_map(|(p, k)| off(p, *k)).max();
        // 256 equal boxes of 31 × 97 × 149 shades have sides of 12: 6 from their middle; twice that for unequal ones.
        assert!(most <= Some(12), "{most:?}");
    }

    #[test]
    fn one_colour_alone_and_none_at_all() {
        assert_eq!(reduce(&[1, 2, 3, 255, 1, 2, 3, 255]).palette, [[1, 2, 3]]);
        let none = reduce(&[1, 2, 3, 0]);
        assert_eq!((none.transparent, none.indices), (Some(0), vec![0]));
    }
}
