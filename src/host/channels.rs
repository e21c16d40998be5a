//! Ranges of the three channels of a layer in colours, each from the values of its own field.

use seaglass_core::command::Command;
use seaglass_core::field::FieldStats;
use seaglass_core::project::LayerId;
use seaglass_core::style::{RgbStyle, StylePatch};

use crate::host::Host;
use crate::items::Shown;

/// Granules looked at.
const GRANULES: usize = 8;

/// Layers that wait for the values of their channels.
#[derive(Debug, Default)]
pub(crate) struct ChannelFits {
    asked: Vec<LayerId>,
}

impl ChannelFits {
    pub fn ask(&mut self, layer: LayerId) {
        if !self.asked.contains(&layer) {
            self.asked.push(layer);
        }
    }

    pub fn is_idle(&self) -> bool {
        self.asked.is_empty()
    }
}

impl Host {
    /// Stretches the channels of layers whose values have come. Call once a step.
    pub(crate) fn fit_channels(&mut self) {
        for layer in std::mem::take(&mut self.channels.asked) {
            match self.channel_ranges(layer) {
                Fit::Waiting => self.channels.ask(layer),
                Fit::Gone => {}
                Fit::Ranges(ranges) => {
                    let Some(style) = self.session.project().layer(layer).map(|l| l.style.clone()) else { continue };
                    let rgb = RgbStyle { ranges, ..style.rgb };
                    let patch = StylePatch { rgb: Some(rgb), ..StylePatch::default() };
                    self.send(Command::SetStyle { layer, patch });
                }
            }
        }
    }

    fn channel_ranges(&mut self, id: LayerId) -> Fit {
        let project = self.session.project();
        let Some(layer) = project.layer(id) else { return Fit::Gone };
        let Some(shown) = Shown::of(layer, project, self.session.catalogue()) else { return Fit::Gone };
        let granules: Vec<_> = shown.granules.iter().rev().take(GRANULES).collect();
        let Some(first) = granules.first() else { return Fit::Gone };
        let fields: Vec<_> = shown.components(first).collect();
        if fields.len() != 3 {
            return Fit::Gone;
        }
        let mut numbers = Vec::new();
        for field in fields {
            numbers.push(granules.iter().map(|g| self.items.number(g, field, layer)).collect::<Vec<u64>>());
        }
        let mut ranges = [None; 3];
        let mut waiting = false;
        for (range, numbers) in ranges.iter_mut().zip(&numbers) {
            let Some(samples) = self.samples_of(numbers) else {
                waiting = true;
                continue;
            };
            let stats = FieldStats::from_values(samples.iter().flat_map(|s| s.iter().copied()));
            *range = stats.and_then(|s| middle(&s));
        }
        if waiting { Fit::Waiting } else { Fit::Ranges(ranges) }
    }
}

enum Fit {
    Waiting,
    /// No such layer, or it has no channels.
    Gone,
    Ranges([Option<[f64; 2]>; 3]),
}

/// 2 to 98 % of the values, or all of them where these are the same; none where all are.
fn middle(stats: &FieldStats) -> Option<[f64; 2]> {
    [stats.p02_p98, [stats.min, stats.max]].into_iter().find(|[a, b]| a.is_finite() && b.is_finite() && a < b)
}
