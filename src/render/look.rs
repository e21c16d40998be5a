//! How cells are drawn. Each way is a pipeline of its own that contains only what it needs: software adapters run every
//! branch of a shader for every pixel.
//!
//! Layers that hide what lies below them are drawn from the top down, with a depth for each run of draws: a pixel that has
//! its colour is not shaded again. Where hundreds of swaths overlap, most of the work was for colours nobody saw.

use seaglass_core::style::{Blend, Filter, Style};

use crate::atlas::Width;
use crate::clock::Times;
use crate::scene::SceneLayer;

/// Format of the depths.
pub(crate) const DEPTH_FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Depth32Float;
/// Runs whose depths can be told apart. A frame of more would take minutes.
const MOST_RUNS: u32 = 1 << 22;

/// A way of drawing cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "independent of each other, one bit each")]
pub(crate) struct Look {
    /// Light on slopes.
    pub lit: bool,
    /// Interpolated between values.
    pub smooth: bool,
    /// Rows are looked at for their times.
    pub timed: bool,
    /// From the top down.
    pub front: bool,
    /// More than values on a linear scale: a logarithm, hidden classes, what stands out.
    pub extras: bool,
}

impl Look {
    /// Number of ways.
    pub const COUNT: usize = 32;

    /// That of a layer whose rows show at `times`.
    pub fn of(layer: &SceneLayer, times: &Times) -> Self {
        let style = &layer.style;
        Self {
            lit: style.hillshade.strength > 0.0,
            smooth: style.filter == Filter::Bilinear,
            timed: times.looks_at_rows(),
            // One granule alone does not overlap enough to pay for it.
            front: layer.items.len() > 1 && layer.highlight.is_none() && !times.fades() && hides(style),
            extras: style.log || !style.hidden.is_empty() || layer.highlight.is_some() || style.vector.colour.is_some(),
        }
    }

    /// Its number.
    pub fn index(self) -> usize {
        [self.lit, self.smooth, self.timed, self.front, self.extras]
            .iter()
            .rev()
            .fold(0, |n, bit| 2 * n + usize::from(*bit))
    }

    /// What `shaders/shared/look.wgsl` is told.
    pub fn constants(self) -> [(&'static str, f64); 4] {
        let of = [("LIT", self.lit), ("SMOOTH", self.smooth), ("TIMED", self.timed), ("EXTRAS", self.extras)];
        of.map(|(name, on)| (name, f64::from(u8::from(on))))
    }

    /// The same, and what `shaders/small.wgsl` is told of how values are kept.
    pub fn constants_of(self, width: Width) -> [(&'static str, f64); 5] {
        let [lit, smooth, timed, extras] = self.constants();
        [lit, smooth, timed, extras, ("BITS", f64::from(width.bits()))]
    }
}

/// Whether every cell drawn hides what is below it.
fn hides(style: &Style) -> bool {
    style.blend == Blend::Over && style.opacity >= 1.0
}

/// Depth of run `k` (from 1): later ones are nearer.
pub(crate) fn depth_of(k: u32) -> f32 {
    // Whole steps of 23 bits, exact in f32.
    1.0 - k.min(MOST_RUNS) as f32 / (2 * MOST_RUNS) as f32
}

/// What a pipeline does with depths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depths {
    /// Nothing.
    Ignored,
    /// Draws only what no run above hides.
    Compared,
    /// As a run that hides what is below: the first at a pixel stays.
    Kept,
}

/// The same for a pipeline.
pub(crate) fn depth_state(depths: Depths) -> wgpu::DepthStencilState {
    wgpu::DepthStencilState {
        format: DEPTH_FORMAT,
        depth_write_enabled: Some(depths == Depths::Kept),
        depth_compare: Some(match depths {
            Depths::Ignored => wgpu::CompareFunction::Always,
            Depths::Compared => wgpu::CompareFunction::LessEqual,
            Depths::Kept => wgpu::CompareFunction::Less,
        }),
        stencil: wgpu::StencilState::default(),
        bias: wgpu::DepthBiasState::default(),
    }
}

/// The same triangles, last one first.
pub(crate) fn reversed(indices: &[u32]) -> impl Iterator<Item = u32> + '_ {
    indices.rchunks_exact(3).flatten().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_look_has_its_own_number() {
        let mut seen = [false; Look::COUNT];
        for k in 0..Look::COUNT {
            let bit = |n: usize| k >> n & 1 == 1;
            let look = Look { lit: bit(0), smooth: bit(1), timed: bit(2), front: bit(3), extras: bit(4) };
            assert!(!std::mem::replace(&mut seen[look.index()], true), "{look:?}");
        }
    }

    #[test]
    fn later_runs_are_nearer_by_a_step_that_f32_keeps() {
        let mut before = 1.0;
        for k in 1..=MOST_RUNS {
            let depth = depth_of(k);
            assert!(depth < before && depth > 0.0, "{k}");
            before = depth;
        }
    }

    #[test]
    fn triangles_keep_their_corners() {
        assert_eq!(reversed(&[0, 1, 2, 3, 4, 5, 6, 7, 8]).collect::<Vec<_>>(), [6, 7, 8, 3, 4, 5, 0, 1, 2]);
    }
}
