//! Numbers as strokes: labels of contour lines are drawn by the line shader, so that they are the same in the window, in
//! pictures of any size and in strips of them, and turn with the line they stand on.
//!
//! The shapes are those of Hershey's Roman Simplex (A. V. Hershey, Calligraphy for Computers, 1967, U.S. Naval Weapons
//! Laboratory), free to use with this acknowledgement.

/// Height of a figure in its own units; the baseline is 0.
pub(crate) const HEIGHT: f64 = 21.0;

/// Width of a figure with its blank, and its strokes as (x, y) pairs; strokes are parted by `UP`.
type Figure = (i8, &'static [i8]);

/// Lifts the pen; no figure reaches so far.
const UP: i8 = -99;

const ZERO: Figure = (
    20,
    &[
        9, 21, 6, 20, 4, 17, 3, 12, 3, 9, 4, 4, 6, 1, 9, 0, 11, 0, 14, 1, 16, 4, 17, 9, 17, 12, 16, 17, 14, 20, 11, 21,
        9, 21,
    ],
);
const ONE: Figure = (20, &[6, 17, 8, 18, 11, 21, 11, 0]);
const TWO: Figure =
    (20, &[4, 16, 4, 17, 5, 19, 6, 20, 8, 21, 12, 21, 14, 20, 15, 19, 16, 17, 16, 15, 15, 13, 13, 10, 3, 0, 17, 0]);
const THREE: Figure =
    (20, &[5, 21, 16, 21, 10, 13, 13, 13, 15, 12, 16, 11, 17, 8, 17, 6, 16, 3, 14, 1, 11, 0, 8, 0, 5, 1, 4, 2, 3, 4]);
const FOUR: Figure = (20, &[13, 21, 3, 7, 18, 7, UP, UP, 13, 21, 13, 0]);
const FIVE: Figure = (
    20,
    &[
        15, 21, 5, 21, 4, 12, 5, 13, 8, 14, 11, 14, 14, 13, 16, 11, 17, 8, 17, 6, 16, 3, 14, 1, 11, 0, 8, 0, 5, 1, 4,
        2, 3, 4,
    ],
);
const SIX: Figure = (
    20,
    &[
        16, 18, 15, 20, 12, 21, 10, 21, 7, 20, 5, 17, 4, 12, 4, 7, 5, 3, 7, 1, 10, 0, 11, 0, 14, 1, 16, 3, 17, 6, 17,
        7, 16, 10, 14, 12, 11, 13, 10, 13, 7, 12, 5, 10, 4, 7,
    ],
);
const SEVEN: Figure = (20, &[3, 21, 17, 21, 7, 0]);
const EIGHT: Figure = (
    20,
    &[
        8, 21, 5, 20, 4, 18, 4, 16, 5, 14, 7, 13, 11, 12, 14, 11, 16, 9, 17, 7, 17, 4, 16, 2, 15, 1, 12, 0, 8, 0, 5, 1,
        4, 2, 3, 4, 3, 7, 4, 9, 6, 11, 9, 12, 13, 13, 15, 14, 16, 16, 16, 18, 15, 20, 12, 21, 8, 21,
    ],
);
const NINE: Figure = (
    20,
    &[
        16, 14, 15, 11, 13, 9, 10, 8, 9, 8, 6, 9, 4, 11, 3, 14, 3, 15, 4, 18, 6, 20, 9, 21, 10, 21, 13, 20, 15, 18, 16,
        14, 16, 9, 15, 4, 13, 1, 10, 0, 8, 0, 5, 1, 4, 3,
    ],
);
const POINT: Figure = (10, &[5, 2, 4, 1, 5, 0, 6, 1, 5, 2]);
const MINUS: Figure = (18, &[3, 9, 15, 9]);
const EXPONENT: Figure = (
    18,
    &[
        3, 8, 15, 8, 15, 10, 14, 12, 13, 13, 11, 14, 8, 14, 6, 13, 4, 11, 3, 8, 3, 6, 4, 3, 6, 1, 8, 0, 11, 0, 13, 1,
        15, 3,
    ],
);
const BLANK: Figure = (8, &[]);

fn figure(letter: char) -> Figure {
    match letter {
        '0' => ZERO,
        '1' => ONE,
        '2' => TWO,
        '3' => THREE,
        '4' => FOUR,
        '5' => FIVE,
        '6' => SIX,
        '7' => SEVEN,
        '8' => EIGHT,
        '9' => NINE,
        '.' => POINT,
        '-' | seaglass_core::format::MINUS => MINUS,
        'e' => EXPONENT,
        _ => BLANK,
    }
}

/// Width of a number in the units of its figures.
pub(crate) fn width(text: &str) -> f64 {
    text.chars().map(|c| f64::from(figure(c).0)).sum()
}

/// The strokes of a number whose middle is (0, 0), y upwards, in the units of its figures.
pub(crate) fn strokes(text: &str) -> Vec<Vec<[f64; 2]>> {
    let mut left = -width(text) / 2.0;
    let mut all = Vec::new();
    for letter in text.chars() {
        let (wide, points) = figure(letter);
        let mut stroke = Vec::new();
        for pair in points.as_chunks::<2>().0 {
            if pair[0] == UP {
                all.push(std::mem::take(&mut stroke));
            } else {
                stroke.push([left + f64::from(pair[0]), f64::from(pair[1]) - HEIGHT / 2.0]);
            }
        }
        if !stroke.is_empty() {
            all.push(stroke);
        }
        left += f64::from(wide);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_wide_as_their_figures_and_centred() {
        let all = strokes("-0.45");
        // Minus, nought, point, four in two strokes, five.
        assert_eq!(all.len(), 6);
        let points = || all.iter().flatten();
        let half = width("-0.45") / 2.0;
        assert_eq!(half, 44.0);
        assert!(points().all(|p| p[0].abs() <= half && p[1].abs() <= HEIGHT / 2.0));
        assert!(points().map(|p| p[1]).fold(f64::MIN, f64::max) == HEIGHT / 2.0);
        // A minus lies in the middle of the height, not on the baseline.
        assert!(all[0].iter().all(|p| p[1].abs() < 3.0));
        assert_eq!(strokes(&seaglass_core::format::number(-1.0, 0)).len(), 2, "the typographic minus is drawn");
    }
}
