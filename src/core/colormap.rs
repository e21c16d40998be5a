//! Colour maps: `.rgb` palette files and 256-entry look-up tables.

/// One colour map as 256 sRGB entries.
#[derive(Clone, PartialEq, Eq)]
pub struct Colormap {
    /// Id, the palette's file name without extension.
    pub id: String,
    /// Colours from low to high, sRGB.
    pub lut: [[u8; 3]; 256],
}

impl std::fmt::Debug for Colormap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Colormap({})", self.id)
    }
}

/// Why a palette file was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ColormapError {
    /// A line is not three integers from 0 to 255.
    #[error("line {line} of the colour map is not three whole numbers from 0 to 255")]
    Line {
        /// Line number from 1.
        line: usize,
    },
    /// Fewer than two colours.
    #[error("the colour map has fewer than two colours")]
    TooShort,
}

impl Colormap {
    /// Reads a `.rgb` file: one `r g b` a line (0–255), blanks or commas between; lines starting with `#` are skipped.
    /// Any number of colours from two; they are interpolated linearly to 256.
    pub fn from_rgb_text(id: &str, text: &str) -> Result<Self, ColormapError> {
        let mut colours: Vec<[u8; 3]> = Vec::new();
        for (k, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let numbers: Vec<u8> =
                line.split([' ', '\t', ',']).filter(|w| !w.is_empty()).map_while(|w| w.parse().ok()).collect();
            match numbers.as_slice() {
                [r, g, b] => colours.push([*r, *g, *b]),
                _ => return Err(ColormapError::Line { line: k + 1 }),
            }
        }
        if colours.len() < 2 {
            return Err(ColormapError::TooShort);
        }
        let mut lut = [[0u8; 3]; 256];
        for (k, entry) in lut.iter_mut().enumerate() {
            let x = k as f64 / 255.0 * (colours.len() - 1) as f64;
            let i = (x.floor() as usize).min(colours.len() - 2);
            let f = x - i as f64;
            for c in 0..3 {
                entry[c] = (f64::from(colours[i][c]) * (1.0 - f) + f64::from(colours[i + 1][c]) * f).round() as u8;
            }
        }
        Ok(Self { id: id.to_owned(), lut })
    }

    /// Colour at a position from 0 to 1 (clamped): the entry `floor(position · 256)`, so that every entry has the same
    /// share of the range. CPU twin of `colormap_entry` in `shaders/shared/colormap.wgsl`.
    pub fn colour(&self, position: f64, reversed: bool) -> [u8; 3] {
        let p = position.clamp(0.0, 1.0);
        let p = if reversed { 1.0 - p } else { p };
        self.lut[((p * 256.0).floor() as usize).min(255)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn palettes_are_interpolated() {
        let map = Colormap::from_rgb_text("bw", "# two colours\n0 0 0\n255, 255, 255\n").unwrap();
        assert_eq!(map.lut[51], [51; 3]);
        assert_eq!(map.colour(-1.0, false), [0; 3]);
        assert_eq!(map.colour(0.0, true), [255; 3]);
        assert_eq!(Colormap::from_rgb_text("x", "0 0\n"), Err(ColormapError::Line { line: 1 }));
        assert_eq!(Colormap::from_rgb_text("x", "0 0 0\n"), Err(ColormapError::TooShort));
    }
}
