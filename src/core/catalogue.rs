//! The catalogue: collections of granules and which of them a time rule shows.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::field::FieldInfo;
use crate::granule::{FileInfo, GeometryKind, Granule, GranuleId};
use crate::style::{Style, TimeRule};
use crate::time::{Time, TimeSpan};
use crate::timeline::Timeline;
use crate::versions::{Superseded, Versions};

/// Granules of one product (or, for files no product knows, of one file).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Collection {
    /// Key: product id, or the kind of content for files no product knows.
    pub id: String,
    /// Title.
    pub title: String,
    /// Short title for narrow rows, where the product has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short: Option<String>,
    /// Union of the fields of its granules, best first.
    pub fields: Vec<FieldInfo>,
    /// Granules are shown only while the clock lies in their span.
    #[serde(default)]
    pub must_be_current: bool,
    /// Granules in time order (static ones first), then by path, part and step.
    pub granules: Vec<Granule>,
    /// Files of a collection that no product knows.
    #[serde(skip)]
    files: usize,
    /// File, part and step of every granule, to tell a file opened twice.
    #[serde(skip)]
    known: HashSet<(PathBuf, usize, usize)>,
    /// Which versions of a granule are drawn.
    #[serde(default)]
    pub versions: Versions,
    /// Granules that are older versions of others.
    #[serde(skip)]
    superseded: Superseded,
}

/// All collections.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Catalogue {
    /// By id.
    pub collections: BTreeMap<String, Collection>,
}

/// Where the cells of a granule lie: granules of equal places cover each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Place {
    geometry: GeometryKind,
    shape: [usize; 2],
    bounds: [u64; 4],
}

impl Place {
    fn of(g: &Granule) -> Self {
        let b = g.bounds;
        let bounds = [b.west, b.south, b.east, b.north].map(f64::to_bits);
        Self { geometry: g.geometry, shape: g.shape, bounds }
    }
}

/// The span nearest to a time, the first of equal ones.
fn nearest_of<'a>(granules: impl Iterator<Item = &'a Granule>, now: Time) -> Option<TimeSpan> {
    let spans = granules.filter_map(|g| g.span);
    spans.min_by(|a, b| a.offset_seconds(now).abs().total_cmp(&b.offset_seconds(now).abs()))
}

impl Collection {
    /// Adds granules and fields, keeping order and dropping granules known already (same path, part and step).
    pub fn merge(&mut self, fields: &[FieldInfo], granules: Vec<Granule>) {
        self.merge_fields(fields);
        self.merge_granules(granules);
    }

    /// Adds fields, the best first.
    pub fn merge_fields(&mut self, fields: &[FieldInfo]) {
        let mut changed = false;
        for field in fields {
            match self.fields.iter_mut().find(|f| f.name == field.name) {
                // Of one value in one file is not of one value in all.
                Some(known) if known.rank < field.rank => (known.rank, changed) = (field.rank, true),
                Some(_) => {}
                None => {
                    self.fields.push(field.clone());
                    changed = true;
                }
            }
        }
        if changed {
            self.fields.sort_by_key(|f| std::cmp::Reverse(f.rank));
        }
    }

    /// Adds granules. Ten thousand files arrive one by one, a hundred thousand in heaps: one finds its place without a walk
    /// through the list, a heap is sorted in with it at once.
    pub fn merge_granules(&mut self, granules: Vec<Granule>) {
        const FEW: usize = 8;
        fn key(g: &Granule) -> (Option<Time>, usize, usize) {
            (g.span.map(|s| s.start), g.part, g.step)
        }
        fn order(a: &Granule, b: &Granule) -> std::cmp::Ordering {
            key(a).cmp(&key(b)).then_with(|| a.path.cmp(&b.path))
        }
        let few = granules.len() <= FEW;
        let (mut unsorted, mut renumbered) = (false, false);
        for g in granules {
            if self.known.insert((g.path.clone(), g.part, g.step)) {
                self.superseded.add(&g);
                if few {
                    let at = self.granules.partition_point(|h| order(h, &g).is_lt());
                    self.granules.insert(at, g);
                } else {
                    self.granules.push(g);
                    unsorted = true;
                }
            } else if let Some(same) = self.granules.iter_mut().find(|h| h.is_same_place(&g)) {
                *same = g;
                (unsorted, renumbered) = (true, true);
            }
        }
        if unsorted {
            self.granules.sort_by(order);
        }
        if renumbered {
            self.compare_versions();
        }
    }

    /// Finds anew which granules are older versions of others.
    fn compare_versions(&mut self) {
        self.superseded = Superseded::default();
        self.granules.iter().for_each(|g| self.superseded.add(g));
    }

    /// How many granules are older versions, or copies, of others.
    pub fn older_versions(&self) -> usize {
        self.superseded.count()
    }

    /// Drops the granules of some files; gives how many there were.
    pub fn remove(&mut self, paths: &HashSet<&Path>) -> usize {
        let before = self.granules.len();
        self.granules.retain(|g| !paths.contains(g.path.as_path()));
        if self.granules.len() < before {
            self.compare_versions();
            self.known.retain(|(path, ..)| !paths.contains(path.as_path()));
        }
        before - self.granules.len()
    }

    /// Names the collection after a file about to be merged: the product, or for files no product knows what they all say
    /// they are, else how many there are of which field. The name of one file would not do for many.
    pub fn entitle(&mut self, path: &Path, info: &FileInfo) {
        if self.title.is_empty() {
            self.title.clone_from(&info.title);
            self.short.clone_from(&info.short);
        }
        if info.product.is_some() || self.known.contains(&(path.to_owned(), 0, 0)) {
            return;
        }
        self.files += 1;
        if self.short.is_some() || self.title != info.title {
            let files = format!("{} files", self.files);
            let best = info.parts.iter().flat_map(|p| &p.fields).max_by_key(|f| f.rank);
            let known = self.fields.first().or(best);
            self.title = known.map_or_else(|| files.clone(), |f| format!("{}, {files}", f.title()));
            self.short = Some(files);
        }
    }

    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<&FieldInfo> {
        self.fields.iter().find(|f| f.name == name)
    }

    /// Granules having a field.
    pub fn with_field<'a, 'f>(&'a self, field: &'f str) -> impl Iterator<Item = &'a Granule> + Clone + use<'a, 'f> {
        self.granules.iter().filter(move |g| g.has_field(field))
    }

    /// Likewise, without older versions of others where only the newest are drawn.
    pub fn drawable<'a, 'f>(&'a self, field: &'f str) -> impl Iterator<Item = &'a Granule> + Clone + use<'a, 'f> {
        self.with_field(field).filter(|g| self.versions == Versions::All || !self.superseded.is_older(g.id))
    }

    /// Granules with a field that a time rule shows, in time order. Static granules are always shown.
    pub fn shown(&self, field: &str, rule: TimeRule, now: Time, window: TimeSpan) -> Vec<&Granule> {
        let begin = |g: &Granule| g.span.map_or(Time::from_micros(i64::MIN), |s| s.start);
        let timed = || self.drawable(field).filter(|g| g.span.is_some());
        let pick: Option<TimeSpan> = match rule {
            TimeRule::Always => return self.drawable(field).collect(),
            TimeRule::InWindow | TimeRule::Current => None,
            TimeRule::Latest => timed().filter(|g| begin(g) <= now).max_by_key(|g| begin(g)).and_then(|g| g.span),
            TimeRule::Nearest => nearest_of(timed(), now),
        };
        let places = if rule == TimeRule::Nearest { self.nearest_steps(field, now, window) } else { HashMap::new() };
        self.drawable(field)
            .filter(|g| match (g.span, rule) {
                (None, _) => true,
                (Some(span), TimeRule::InWindow) => span.intersects(&window),
                (Some(span), TimeRule::Current) => span.contains(now),
                // Parts of one file (left and right half-swath) share their span and are shown together.
                (Some(span), _) => pick == Some(span) || (g.time.is_some() && places.get(&Place::of(g)) == Some(&span)),
            })
            .collect()
    }

    /// Spans of the steps nearest to a time, one for each place. Files with steps on one and the same grid are a series
    /// and would cover each other; those of other areas are seen beside each other, hence each has a nearest step of its
    /// own, as long as it lies in the window.
    fn nearest_steps(&self, field: &str, now: Time, window: TimeSpan) -> HashMap<Place, TimeSpan> {
        let mut nearest: HashMap<Place, TimeSpan> = HashMap::new();
        for granule in self.drawable(field).filter(|g| g.time.is_some()) {
            let Some(span) = granule.span.filter(|s| s.intersects(&window)) else { continue };
            let known = nearest.entry(Place::of(granule)).or_insert(span);
            if span.offset_seconds(now).abs() < known.offset_seconds(now).abs() {
                *known = span;
            }
        }
        nearest
    }

    /// Granules with a field that a layer of that style shows now, the modes of the timeline taken into account.
    pub fn shown_at<'a>(&'a self, field: &str, style: &Style, timeline: &Timeline) -> Vec<&'a Granule> {
        let rule = if timeline.always { TimeRule::Always } else { style.time_rule };
        let raster = self.with_field(field).next().is_none_or(|g| g.geometry.is_raster());
        let own = style.own_window(raster, timeline.now);
        let (now, window) = (timeline.now, own.unwrap_or_else(|| timeline.window()));
        // Which granules those are that count as the latest and the nearest has been found among all.
        let choose = |mut shown: Vec<&'a Granule>| {
            if !style.only.is_empty() || !style.without.is_empty() {
                shown.retain(|g| style.draws(&g.path));
            }
            shown
        };
        let mut shown = choose(self.shown(field, rule, now, window));
        if rule != TimeRule::InWindow {
            return shown;
        }
        if self.must_be_current {
            shown.retain(|g| g.span.is_none_or(|s| s.contains(now)));
        }
        if timeline.nearest && shown.iter().all(|g| g.span.is_none()) {
            shown = choose(self.shown(field, TimeRule::Nearest, now, window));
        }
        shown
    }

    /// The granule whose span lies nearest to `t`, with the signed offset in seconds.
    pub fn nearest(&self, t: Time) -> Option<(&Granule, f64)> {
        self.granules
            .iter()
            .filter_map(|g| g.span.map(|s| (g, s.offset_seconds(t))))
            .min_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
    }

    /// Time covered by all granules.
    pub fn span(&self) -> Option<TimeSpan> {
        self.granules.iter().filter_map(|g| g.span).reduce(|a, b| a.union(&b))
    }
}

impl Catalogue {
    /// The granule of that id.
    pub fn granule(&self, id: GranuleId) -> Option<&Granule> {
        self.collections.values().flat_map(|c| &c.granules).find(|g| g.id == id)
    }

    /// Time covered by everything.
    pub fn span(&self) -> Option<TimeSpan> {
        self.collections.values().filter_map(Collection::span).reduce(|a, b| a.union(&b))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::GeoBox;

    fn granule(id: u64, span: Option<(i64, i64)>) -> Granule {
        Granule {
            id: GranuleId(id),
            collection: "c".into(),
            path: format!("/{id}").into(),
            part: 0,
            step: 0,
            span: span.map(|(a, b)| TimeSpan::new(Time::from_micros(a), Time::from_micros(b))),
            time: None,
            bounds: GeoBox::WORLD,
            footprint: Vec::new(),
            geometry: GeometryKind::Grid,
            shape: [1, 1],
            fields: std::sync::Arc::new(vec!["f".into()]),
        }
    }

    #[test]
    fn a_style_may_name_the_granules_it_is_for() {
        let mut c = Collection::default();
        c.merge(&[], vec![granule(0, None), granule(1, None), granule(2, None)]);
        let t = Timeline::default();
        let ids = |only: &[&str], without: &[&str]| -> Vec<u64> {
            let named = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
            let style = Style { only: named(only), without: named(without), ..Style::default() };
            c.shown_at("f", &style, &t).iter().map(|g| g.id.0).collect()
        };
        assert_eq!(ids(&[], &[]), [0, 1, 2]);
        assert_eq!(ids(&["1"], &[]), [1], "by the name of the file");
        assert_eq!(ids(&["/2", "0"], &[]), [0, 2], "or the whole path");
        assert_eq!(ids(&[], &["1"]), [0, 2]);
        assert!(ids(&["none"], &[]).is_empty());
    }

    #[test]
    fn time_rules() {
        let mut c = Collection::default();
        c.merge(&[], vec![granule(3, Some((30, 40))), granule(1, Some((10, 20))), granule(0, None)]);
        let t = Time::from_micros;
        let ids = |rule, now, a, b| -> Vec<u64> {
            c.shown("f", rule, t(now), TimeSpan::new(t(a), t(b))).iter().map(|g| g.id.0).collect()
        };
        assert_eq!(ids(TimeRule::InWindow, 15, 20, 29), [0, 1]);
        assert_eq!(ids(TimeRule::Current, 15, 0, 0), [0, 1]);
        assert_eq!(ids(TimeRule::Current, 25, 0, 99), [0], "the window has no say");
        assert_eq!(ids(TimeRule::Latest, 29, 0, 0), [0, 1]);
        assert_eq!(ids(TimeRule::Latest, 5, 0, 0), [0]);
        assert_eq!(ids(TimeRule::Nearest, 27, 0, 0), [0, 3]);
        assert_eq!(ids(TimeRule::Always, 0, 0, 0), [0, 1, 3]);
        c.merge(&[], vec![granule(1, Some((10, 20)))]);
        assert_eq!(c.granules.len(), 3, "a file opened twice is one granule");
    }

    /// Three versions of one granule and a copy in another folder; the newest is drawn.
    #[test]
    fn the_newest_version_is_drawn_unless_all_are_wanted() {
        let named = |id: u64, path: &str| Granule { path: path.into(), ..granule(id, Some((10, 20))) };
        let stem = "SWOT_L3_LR_SSH_Expert_026_165_20241229T165806_20241229T174933";
        let mut c = Collection::default();
        let old = named(1, &format!("/d/{stem}_v1.0.2.nc"));
        let new = named(2, &format!("/d/{stem}_v2.0.1.nc"));
        c.merge(&[], vec![new, old]);
        c.merge(&[], vec![named(3, &format!("/copy/{stem}_v2.0.1.nc")), named(4, "/d/other.nc")]);
        let shown = |c: &Collection| -> Vec<u64> {
            let t = Time::from_micros;
            let mut ids: Vec<u64> =
                c.shown("f", TimeRule::InWindow, t(15), TimeSpan::new(t(0), t(30))).iter().map(|g| g.id.0).collect();
            ids.sort_unstable();
            ids
        };
        assert_eq!((shown(&c), c.older_versions()), (vec![2, 4], 2));
        assert_eq!(c.drawable("f").count(), 2, "what a timeline and a count show");
        let t = Time::from_micros;
        let nearest = c.shown("f", TimeRule::Nearest, t(15), TimeSpan::new(t(0), t(30)));
        assert!(nearest.iter().all(|g| [2, 4].contains(&g.id.0)), "{nearest:?}");
        c.versions = Versions::All;
        assert_eq!(shown(&c), [1, 2, 3, 4]);
        c.versions = Versions::Newest;
        let gone = format!("/d/{stem}_v2.0.1.nc");
        c.remove(&[Path::new(&gone)].into());
        assert_eq!(shown(&c), [3, 4], "the copy takes its place");
        // Files of one name and other places are no copies.
        let mut c = Collection::default();
        let far = GeoBox { west: 1.0, south: 2.0, east: 3.0, north: 4.0 };
        c.merge(
            &[],
            vec![
                named(1, "/a/sst_20240811.nc"),
                Granule { bounds: far, ..named(2, "/b/sst_20240811.nc") },
                named(3, "/c/sst_20240811.nc"),
            ],
        );
        assert_eq!(shown(&c), [1, 2]);
        // Nor are files whose names say nothing.
        c.merge(&[], vec![named(5, "/a/data.nc"), named(6, "/b/data.nc")]);
        assert_eq!(shown(&c), [1, 2, 5, 6]);
    }

    #[test]
    fn a_heap_lies_as_if_it_had_come_one_by_one() {
        let all: Vec<Granule> =
            (0..40u64).map(|k| granule(k, (k % 7 > 0).then_some(((k * 13 % 29) as i64, 50)))).collect();
        let (mut heap, mut single) = (Collection::default(), Collection::default());
        heap.merge(&[], all.clone());
        all.iter().for_each(|g| single.merge(&[], vec![g.clone()]));
        assert_eq!(heap.granules, single.granules);
        assert!(heap.granules.is_sorted_by_key(|g| g.span.map(|s| s.start)));
        let gone: HashSet<&Path> = [Path::new("/3"), Path::new("/9"), Path::new("/none")].into();
        assert_eq!((heap.remove(&gone), heap.granules.len()), (2, 38));
        heap.merge(&[], vec![all[3].clone()]);
        assert_eq!(heap.granules.len(), 39, "what was dropped can come back");
    }

    /// Two areas with three steps each, and a second file of the first area later on.
    #[test]
    fn each_area_has_its_own_nearest_step() {
        let step = |id: u64, west: f64, at: i64| Granule {
            bounds: GeoBox { west, south: 0.0, east: west + 10.0, north: 10.0 },
            time: Some(Time::from_micros(at)),
            ..granule(id, Some((at - 3, at + 2)))
        };
        let mut c = Collection::default();
        c.merge(&[], vec![step(1, 0.0, 0), step(2, 0.0, 6), step(3, 0.0, 12)]);
        c.merge(&[], vec![step(4, 20.0, 3), step(5, 20.0, 9), step(6, 20.0, 15)]);
        c.merge(&[], vec![step(7, 0.0, 18), step(8, 0.0, 24)]);
        let shown = |now: i64, window: (i64, i64)| -> Vec<u64> {
            let window = TimeSpan::new(Time::from_micros(window.0), Time::from_micros(window.1));
            c.shown("f", TimeRule::Nearest, Time::from_micros(now), window).iter().map(|g| g.id.0).collect()
        };
        assert_eq!(shown(1, (-50, 50)), [1, 4]);
        assert_eq!(shown(13, (-50, 50)), [3, 6]);
        assert_eq!(shown(24, (-50, 50)), [6, 8], "one step of the two files on one grid");
        assert_eq!(shown(24, (20, 28)), [8], "what lies outside the window is not asked for");
        assert_eq!(shown(99, (98, 100)), [8], "nothing in the window: the nearest of all");
    }
}
