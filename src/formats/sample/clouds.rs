//! Clouds that hide the sea from an infrared radiometer.

use seaglass_core::geo::LonLat;
use seaglass_core::ocean::Noise;

/// Cloud cover of a seed.
pub(super) struct Clouds {
    decks: Noise,
    cells: Noise,
}

impl Clouds {
    /// The clouds of a seed.
    pub fn new(seed: u64) -> Self {
        Self { decks: Noise::new(seed ^ 0xc10d), cells: Noise::new(seed ^ 0xc10e) }
    }

    /// GHRSST quality level: 5 best, 4 acceptable, 3 and 2 beside clouds, 0 (no data) under them.
    pub fn quality(&self, at: LonLat) -> i8 {
        let wide = self.decks.at((at.lon_deg + 180.0) / 5.0, at.lat_deg / 5.0, 72);
        let fields = self.decks.fbm(at.lon_deg, at.lat_deg, 1, 4);
        let fine = self.cells.fbm(at.lon_deg, at.lat_deg, 9, 3);
        let cover = 0.75 * wide + 0.85 * fields + 0.4 * fine;
        match cover {
            c if c > 0.33 => 0,
            c if c > 0.29 => 2,
            c if c > 0.26 => 3,
            c if c > 0.2 => 4,
            _ => 5,
        }
    }
}
