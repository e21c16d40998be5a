//! Colour ranges of what is in view: for layers that follow the view, and when asked for once.
//!
//! The picture is sampled at places on a grid of the screen, so that what fills the view counts most. Each granule under
//! these places is read once, over the cells they need.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use glam::DVec2;
use seaglass_core::camera::View;
use seaglass_core::command::Command;
use seaglass_core::field::{Apron, FieldStats, Window};
use seaglass_core::geo::LonLat;
use seaglass_core::project::LayerId;
use seaglass_core::protocol::ReadFailure;
use seaglass_core::style::{Style, StylePatch};
use seaglass_core::tile::TILE_VALUES;
use seaglass_core::time::Time;
use seaglass_data::pool::{Content, Job, Lane};

use crate::host::{Host, Tag};
use crate::items::Shown;

/// Places of the screen looked at.
const GRID: [usize; 2] = [64, 40];
/// How long a view must have rested.
const REST: Duration = Duration::from_millis(300);
/// Granules looked at under one place.
const DEPTH: usize = 6;
/// Values read of one granule at most.
const SAMPLE: usize = TILE_VALUES;

/// What decides which values are in view.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    camera: seaglass_core::camera::Camera,
    size_px: DVec2,
    now: Time,
    window_s: f64,
    layers: Vec<(LayerId, Vec<usize>, bool)>,
}

/// Cells of one granule under places of the screen.
#[derive(Debug)]
struct Piece {
    window: Window,
    values: Option<Vec<f32>>,
}

/// One layer being sampled.
#[derive(Debug)]
struct Sampling {
    /// Asked for by the user, once; a follower otherwise.
    once: bool,
    /// Items under each place of the screen, the one on top first.
    places: Vec<Vec<(u64, usize, usize)>>,
    pieces: BTreeMap<u64, Piece>,
}

/// State of all that follow.
#[derive(Debug, Default)]
pub(crate) struct Follow {
    resting: Option<(Seen, Instant)>,
    /// What followers were last fitted to.
    fitted: Option<Seen>,
    asked: Vec<LayerId>,
    running: HashMap<LayerId, Sampling>,
    /// Reads under way: number of the read, layer, item.
    reads: HashMap<u64, (LayerId, u64)>,
    next_read: u64,
}

impl Follow {
    /// Stretches a layer once, as soon as its values are there.
    pub fn fit(&mut self, layer: LayerId) {
        if !self.asked.contains(&layer) {
            self.asked.push(layer);
        }
    }

    pub fn arrived(&mut self, read: u64, result: Result<Content, ReadFailure>) {
        let Some((layer, item)) = self.reads.remove(&read) else { return };
        let values = match result {
            Ok(Content::Block(block)) => block.values,
            Ok(_) | Err(_) => Vec::new(),
        };
        if let Some(piece) = self.running.get_mut(&layer).and_then(|s| s.pieces.get_mut(&item)) {
            piece.values = Some(values);
        }
    }

    /// Layers all of whose values are there.
    fn finished(&mut self) -> Vec<(LayerId, bool, Option<FieldStats>)> {
        let done = |s: &Sampling| s.pieces.values().all(|p| p.values.is_some());
        let mut ids: Vec<LayerId> = self.running.iter().filter(|(_, s)| done(s)).map(|(id, _)| *id).collect();
        ids.sort_unstable();
        let take = |id: LayerId| {
            self.running.remove(&id).map(|s| (id, s.once, FieldStats::from_values(s.values().into_iter())))
        };
        ids.into_iter().filter_map(take).collect()
    }
}

impl Sampling {
    /// The value seen at every place: of the granule on top that has one.
    fn values(&self) -> Vec<f32> {
        let at = |(item, row, col): &(u64, usize, usize)| -> Option<f32> {
            let piece = self.pieces.get(item)?;
            let w = piece.window;
            let line = |x: usize, first: usize, n: usize| (x.saturating_sub(first) / w.stride).min(n.saturating_sub(1));
            let k = line(*row, w.row, w.rows) * w.cols + line(*col, w.col, w.cols);
            piece.values.as_ref()?.get(k).copied().filter(|v| v.is_finite())
        };
        self.places.iter().filter_map(|under| under.iter().find_map(at)).collect()
    }
}

/// The range that shows values of such a distribution: 2nd to 98th percentile, symmetric where the range is now, above zero
/// on logarithmic scales; `None` where all values are the same or none is there.
fn range_of(style: &Style, stats: &FieldStats) -> Option<[f64; 2]> {
    let [mut low, mut high] = stats.p02_p98;
    if low >= high {
        (low, high) = (stats.min, stats.max);
    }
    if style.is_symmetric() {
        let reach = low.abs().max(high.abs());
        (low, high) = (-reach, reach);
    }
    if style.log && low <= 0.0 {
        low = high * 1e-3;
    }
    (low.is_finite() && high.is_finite() && low < high && (!style.log || low > 0.0)).then_some([low, high])
}

impl Host {
    /// Keeps the colours of layers that follow the view, and of those asked for once, fitted to what is in view. Call once a
    /// frame. Followers wait until the view has rested, and for the clock to stop; returns how long to wait when there is
    /// something to wait for.
    pub fn follow_view(&mut self, view: &View) -> Option<Duration> {
        for (layer, once, stats) in self.follow.finished() {
            self.fit_to(layer, once, stats.as_ref());
        }
        let asked = std::mem::take(&mut self.follow.asked);
        for layer in asked {
            self.sample(layer, view, true);
        }
        let project = self.session.project();
        let followers: Vec<LayerId> =
            project.layers.iter().filter(|l| project.shows(l) && l.style.follow_view).map(|l| l.id).collect();
        if followers.is_empty() || project.timeline.playing {
            self.follow.resting = None;
            return None;
        }
        let layers = project.layers.iter().filter(|l| followers.contains(&l.id));
        let seen = Seen {
            camera: view.camera,
            size_px: view.size_px,
            now: project.timeline.now,
            window_s: project.timeline.window_s,
            layers: layers.map(|l| (l.id, l.extra.clone(), l.unmasked)).collect(),
        };
        if self.follow.fitted.as_ref() == Some(&seen) {
            return None;
        }
        let since = match &self.follow.resting {
            Some((at, since)) if *at == seen => *since,
            _ => {
                let now = Instant::now();
                self.follow.resting = Some((seen.clone(), now));
                now
            }
        };
        let left = REST.saturating_sub(since.elapsed());
        // Until the picture is there its positions are not all known.
        if !left.is_zero() || !self.plan_complete || !self.progress().is_idle() {
            return Some(left.max(Duration::from_millis(50)));
        }
        self.follow.fitted = Some(seen);
        for layer in followers {
            self.sample(layer, view, false);
        }
        None
    }

    fn fit_to(&mut self, layer: LayerId, once: bool, stats: Option<&FieldStats>) {
        let Some(style) = self.session.project().layer(layer).map(|l| l.style.clone()) else { return };
        let Some(range) = stats.and_then(|s| range_of(&style, s)) else {
            if once {
                let text = "The layer has no values in view to stretch its colours to. Zoom to it first.";
                self.notices.push(crate::Notice::new(crate::Level::Info, text));
            }
            return;
        };
        if once {
            let patch = StylePatch { range: Some(range), ..StylePatch::default() };
            self.send(Command::SetStyle { layer, patch });
        } else {
            self.send(Command::FollowRange { layer, range });
        }
        (self.wake)();
    }

    /// Asks for the values of a layer under a grid of places on the screen.
    fn sample(&mut self, id: LayerId, view: &View, once: bool) {
        let project = self.session.project();
        let Some(layer) = project.layer(id) else { return };
        let Some(shown) = Shown::of(layer, project, self.session.catalogue()) else { return };
        let mut items = Vec::new();
        for granule in shown.granules.iter().rev() {
            let item = self.items.number(granule, shown.field, layer);
            let positions = self.items.part_key(item).and_then(|k| self.items.positions.peek(&k).cloned());
            items.extend(positions.map(|p| (item, p, granule.shape)));
        }
        let reach_deg = (view.metres_per_px() * 6.0 / 111_000.0).max(1e-4);
        let mut places = Vec::new();
        let mut boxes: BTreeMap<u64, [usize; 4]> = BTreeMap::new();
        for at in screen(view) {
            let mut under = Vec::new();
            for (item, positions, shape) in &items {
                let Some(hit) = positions.index_from_lonlat(at, reach_deg) else { continue };
                let cell = |x: f64, n: usize| (x.round().max(0.0) as usize).min(n.saturating_sub(1));
                let (row, col) = (cell(hit.row, shape[0]), cell(hit.col, shape[1]));
                under.push((*item, row, col));
                let b = boxes.entry(*item).or_insert([row, col, row, col]);
                *b = [b[0].min(row), b[1].min(col), b[2].max(row), b[3].max(col)];
                if under.len() == DEPTH {
                    break;
                }
            }
            places.push(under);
        }
        let mut sampling = Sampling { once, places, pieces: BTreeMap::new() };
        let mut jobs = Vec::new();
        for (number, cells) in boxes {
            let Some(item) = self.items.get(number) else { continue };
            let window = window_of(cells);
            self.follow.next_read += 1;
            let read = self.follow.next_read;
            jobs.push(Job { tag: Tag::View(read), request: item.read(&self.registry, window, Apron::None) });
            self.follow.reads.insert(read, (id, number));
            sampling.pieces.insert(number, Piece { window, values: None });
        }
        self.follow.running.insert(id, sampling);
        for job in jobs {
            self.put_one(Lane::Idle, job);
        }
        (self.wake)();
    }
}

/// Places in the middle of equal cells of the screen; those off the Earth left out.
fn screen(view: &View) -> impl Iterator<Item = LonLat> + '_ {
    let [across, down] = GRID;
    (0..across * down).filter_map(move |k| {
        let at = DVec2::new((k % across) as f64 + 0.5, (k / across) as f64 + 0.5);
        view.lonlat_from_screen(at / DVec2::new(across as f64, down as f64) * view.size_px)
    })
}

/// The cells of a box, thinned to what may be read.
fn window_of([top, left, bottom, right]: [usize; 4]) -> Window {
    let n = |stride: usize| ((bottom - top) / stride + 1) * ((right - left) / stride + 1);
    let mut stride = 1;
    while n(stride) > SAMPLE {
        stride *= 2;
    }
    Window { row: top, col: left, rows: (bottom - top) / stride + 1, cols: (right - left) / stride + 1, stride }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_hold_the_cells_and_stay_small() {
        let w = window_of([10, 20, 10, 20]);
        assert_eq!((w.row, w.col, w.rows, w.cols, w.stride), (10, 20, 1, 1, 1));
        let w = window_of([0, 0, 99_999, 49_999]);
        assert!(w.len() <= SAMPLE && (w.rows - 1) * w.stride <= 99_999, "{w:?}");
    }

    /// Of two granules the one on top counts where it has a value.
    #[test]
    fn what_is_on_top_counts() {
        let window = Window { row: 0, col: 0, rows: 1, cols: 2, stride: 1 };
        let top = Piece { window, values: Some(vec![1.0, f32::NAN]) };
        let below = Piece { window, values: Some(vec![5.0, 7.0]) };
        let places = vec![vec![(1, 0, 0), (2, 0, 0)], vec![(1, 0, 1), (2, 0, 1)], vec![(1, 0, 1)]];
        let sampling = Sampling { once: true, places, pieces: BTreeMap::from([(1, top), (2, below)]) };
        assert_eq!(sampling.values(), [1.0, 7.0]);
    }

    #[test]
    fn ranges_keep_what_the_style_says() {
        let stats = |values: &[f32]| FieldStats::from_values(values.iter().copied()).unwrap();
        let range = |range, log| Style { range: Some(range), log, ..Style::default() };
        let plain = range_of(&range([0.0, 1.0], false), &stats(&[2.0, 3.0, 4.0])).unwrap();
        assert!(plain[0] >= 2.0 && plain[1] <= 4.0 && plain[0] < plain[1], "{plain:?}");
        let symmetric = range_of(&range([-0.3, 0.3], false), &stats(&[-1.0, 0.0, 3.0])).unwrap();
        assert!(symmetric[0] == -symmetric[1] && symmetric[1] > 2.0, "{symmetric:?}");
        assert!(range_of(&range([0.1, 1.0], true), &stats(&[-1.0, 5.0])).unwrap()[0] > 0.0);
        assert_eq!(range_of(&range([0.0, 1.0], false), &stats(&[2.0, 2.0])), None);
    }
}
