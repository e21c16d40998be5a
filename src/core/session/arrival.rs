//! Files opened together: readers answer in any order, and yet the same files give the same picture.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Session;
use super::extent::middle_of_orbit;
use crate::camera::Camera;
use crate::granule::{FileInfo, Granule, GranuleId};
use crate::project::{Layer, LayerId};
use crate::time::{Time, TimeSpan};

/// Place of a file among those opened together: number of the path given, then the path.
type Rank = (usize, PathBuf);

/// What the first files opened have put before the user so far. Ends with the next opening.
#[derive(Clone, Debug, Default)]
pub(super) struct Arrival {
    /// Paths given.
    given: Vec<PathBuf>,
    /// Clock and camera as the files have set them. Once the user has moved one, it stays.
    placed: Option<Placed>,
    /// Time of all files so far.
    all: Option<TimeSpan>,
    /// First file of each collection.
    ranks: BTreeMap<String, Rank>,
    /// The layer each collection was given by itself.
    pub chosen: BTreeMap<String, LayerId>,
}

#[derive(Clone, Debug)]
struct Placed {
    /// The file that decides: the first given, and of a folder the first by name.
    rank: Rank,
    /// Its time.
    span: Option<TimeSpan>,
    now: Time,
    camera: Camera,
}

impl Arrival {
    /// Notes paths about to be opened; with data already there, files arriving later move nothing.
    pub fn given(&mut self, paths: &[PathBuf], has_data: bool) {
        if has_data {
            *self = Self::default();
        } else {
            self.given.extend_from_slice(paths);
        }
    }

    fn rank(&self, path: &Path) -> Rank {
        let given = self.given.iter().position(|g| path.starts_with(g) || path.ends_with(g));
        (given.unwrap_or(self.given.len()), path.to_owned())
    }

    /// Whether the user named this very file.
    fn is_named(&self, rank: &Rank) -> bool {
        self.given.get(rank.0).is_some_and(|g| rank.1.ends_with(g))
    }
}

impl Session {
    /// Whether files opened first are still arriving, and the user has changed no layer.
    pub fn is_arriving(&self) -> bool {
        self.arrival.placed.is_some() && !self.history.can_undo()
    }

    /// Grows with every file opened.
    pub fn granules_seen(&self) -> u64 {
        self.next_granule
    }

    /// The layer to begin with: the top one seen that has something to show now.
    pub fn leading_layer(&self) -> Option<LayerId> {
        let layers = || self.project.layers.iter();
        let shows = |l: &&Layer| l.visible && self.shown_now(Some(l.id)).next().is_some();
        layers().find(shows).or_else(|| layers().find(|l| l.visible)).or_else(|| layers().next()).map(|l| l.id)
    }

    /// Notes the first file of each collection.
    pub(super) fn rank_collections(&mut self, path: &Path, first: bool, collections: &[String]) {
        if !first && self.arrival.placed.is_none() {
            return;
        }
        let rank = self.arrival.rank(path);
        for id in collections {
            let known = self.arrival.ranks.entry(id.clone()).or_insert_with(|| rank.clone());
            if rank < *known {
                known.clone_from(&rank);
            }
        }
    }

    /// Takes back the layer of the last collection in rank, where that is not this one: which collections have layers
    /// must not depend on which readers were quick.
    pub(super) fn make_room(&mut self, id: &str) -> bool {
        if !self.is_arriving() {
            return false;
        }
        let last = self.arrival.chosen.keys().filter_map(|c| Some((self.arrival.ranks.get(c)?, c))).max();
        let (Some(last), Some(own)) = (last, self.arrival.ranks.get(id)) else { return false };
        if last <= (own, &id.to_owned()) {
            return false;
        }
        let gone = last.1.clone();
        let Some(layer) = self.arrival.chosen.remove(&gone) else { return false };
        self.project.layers.retain(|l| l.id != layer);
        true
    }

    /// Brings the first data before the user: order of layers, clock and camera.
    pub(super) fn arrange(&mut self, files: &[(&Path, &FileInfo)], first: bool) {
        if !first && self.arrival.placed.is_none() {
            return;
        }
        let Some((rank, (path, info))) =
            files.iter().map(|f| (self.arrival.rank(f.0), *f)).min_by(|a, b| a.0.cmp(&b.0))
        else {
            return;
        };
        self.sort_layers();
        let decides = self.arrival.placed.as_ref().is_none_or(|p| rank < p.rank);
        let mut placed = self.arrival.placed.take().unwrap_or_else(|| Placed {
            rank: rank.clone(),
            span: None,
            now: self.project.timeline.now,
            camera: self.project.camera,
        });
        let spans = files.iter().filter_map(|(_, info)| span_of(info));
        self.arrival.all = self.arrival.all.into_iter().chain(spans).reduce(|a, b| a.union(&b));
        if decides {
            placed.rank = rank;
            placed.span = span_of(info);
        }
        if placed.now == self.project.timeline.now {
            placed.now = self.place_clock(placed.span);
        }
        if decides && placed.camera == self.project.camera && !self.place_named {
            placed.camera = self.place_camera(path);
        }
        self.arrival.placed = Some(placed);
    }

    /// All of it when it fits into the window, else the file that decides.
    fn place_clock(&mut self, decider: Option<TimeSpan>) -> Time {
        let all = self.arrival.all.filter(|s| s.seconds() <= self.project.timeline.window_s);
        let timeline = &mut self.project.timeline;
        if let Some(span) = all.or(decider) {
            timeline.now = timeline.now_to_show(span);
        }
        timeline.now
    }

    fn place_camera(&mut self, path: &Path) -> Camera {
        let own: Vec<&Granule> = self.in_reach(None).into_iter().filter(|g| g.path == path).collect();
        if let Some(target) = super::extent::box_around(&own) {
            let view = self.project.camera.view(self.view_px.x, self.view_px.y);
            let wide = target.east - target.west > 180.0;
            let seen = view.screen_from_lonlat(target.centre()).is_some();
            if let (true, Some(camera)) = (!wide || !seen || middle_of_orbit(&own).is_some(), self.framing_of(&own)) {
                self.project.camera = camera;
            }
        }
        self.project.camera
    }

    /// Clock and camera were set by a granule without a value: another one decides in its place.
    pub(super) fn show_first_data(&mut self, granule: GranuleId, empty: &[GranuleId]) {
        let Some(mut placed) = self.arrival.placed.clone() else { return };
        let path_of = |id: GranuleId| self.catalogue.granule(id).map(|g| g.path.clone());
        if !empty.iter().any(|id| path_of(*id).as_ref() == Some(&placed.rank.1)) {
            return;
        }
        let Some(found) = self.catalogue.granule(granule).cloned() else { return };
        if let (true, Some(span)) = (placed.now == self.project.timeline.now, found.span) {
            self.project.timeline.now = self.project.timeline.now_to_show(span);
            placed.now = self.project.timeline.now;
        }
        if placed.camera == self.project.camera && !self.place_named {
            self.project.camera = self.framing_of(&[&found]).unwrap_or(self.project.camera);
            placed.camera = self.project.camera;
        }
        placed.rank.1 = found.path;
        self.arrival.placed = Some(placed);
    }

    /// Named files on top, the last given first; files found in a folder by what they cover. Of grids round the Earth
    /// found in a folder the first is shown: the others would hide it. Once the user has changed a layer, all stay.
    fn sort_layers(&mut self) {
        if self.history.can_undo() {
            return;
        }
        let unknown = (usize::MAX, PathBuf::new());
        let rank = |l: &Layer| self.arrival.ranks.get(&l.collection).unwrap_or(&unknown).clone();
        let mut order: Vec<_> = self
            .project
            .layers
            .iter()
            .map(|l| {
                let (rank, height) = (rank(l), self.drawing_height(l));
                let named = self.arrival.is_named(&rank);
                let height = if named { u8::MAX } else { height };
                (Reverse((height, rank)), l.clone())
            })
            .collect();
        order.sort_by(|a, b| a.0.cmp(&b.0));
        let last_world = order.iter().rposition(|(Reverse((height, _)), _)| *height == 0);
        self.project.layers = order
            .into_iter()
            .enumerate()
            .map(|(k, (Reverse((height, _)), l))| Layer { visible: height > 0 || Some(k) == last_world, ..l })
            .collect();
    }
}

/// Time of a file; of one with many steps the first: together they would cover each other.
fn span_of(info: &FileInfo) -> Option<TimeSpan> {
    let steps = info.parts.iter().flat_map(|p| p.steps.first().map(|t| TimeSpan::at(*t)).or(p.span));
    steps.reduce(|a, b| a.union(&b))
}
