//! What a newly opened file does to the catalogue, the layers, the clock and the camera.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Effect, Session};
use crate::catalogue::Collection;
use crate::command::Command;
use crate::granule::{FileInfo, GeometryKind, Granule, GranuleId, PUSHED, is_piece, pushed_name};
use crate::project::Layer;
use crate::time::{Time, TimeSpan};
use crate::versions::Versions;

/// Opening files adds no layer of its own beyond this many; further collections wait in the list of data.
pub(super) const MAX_AUTOMATIC_LAYERS: usize = 12;

impl Session {
    /// Takes in files that readers, or an index, have described.
    pub(super) fn files_opened(&mut self, files: &[(&Path, &FileInfo)]) -> Vec<Effect> {
        self.closed = None;
        self.failures.retain(|f| files.iter().all(|(path, _)| f.path != *path));
        let was_empty = self.catalogue.collections.is_empty();
        let mut effects = Vec::new();
        // Collections in the order met, and the files of each.
        let mut touched: Vec<(String, Vec<&Path>)> = Vec::new();
        let mut heaps: HashMap<String, Vec<Granule>> = HashMap::new();
        let mut fresh: HashSet<String> = HashSet::new();
        for (path, info) in files {
            // Parts of one product with different fields (1 Hz and 20 Hz) share the collection; the field names tell them apart.
            let id = info.collection_at(path);
            if pushed_name(path).is_some() {
                effects.extend(self.replace_pushed(&id, path, info));
            }
            let collection = self.catalogue.collections.entry(id.clone()).or_insert_with(|| {
                fresh.insert(id.clone());
                Collection::default()
            });
            collection.id.clone_from(&id);
            match touched.iter_mut().find(|(known, _)| *known == id) {
                Some((_, paths)) => paths.push(path),
                None => touched.push((id.clone(), vec![path])),
            }
            collection.entitle(path, info);
            if let Some(name) = pushed_name(path) {
                (collection.title, collection.short) = (name.to_owned(), None);
            }
            info.parts.iter().for_each(|part| collection.merge_fields(&part.fields));
            heaps.entry(id.clone()).or_default().extend(granules_of(path, info, &id, &mut self.next_granule));
        }
        for (id, _) in &touched {
            if let (Some(collection), Some(heap)) = (self.catalogue.collections.get_mut(id), heaps.remove(id)) {
                let all = self.project.all_versions.contains(id);
                collection.versions = if all { Versions::All } else { Versions::Newest };
                collection.merge_granules(heap);
                self.notebook.number(collection);
            }
        }
        for (id, paths) in &touched {
            paths.iter().for_each(|path| self.rank_collections(path, was_empty, std::slice::from_ref(id)));
        }
        for (id, paths) in &touched {
            let found_in_folder = !paths.iter().any(|path| self.project.sources.iter().any(|s| s == path));
            // A layer that the user has taken away does not come back with the next file of a folder that is watched, and a
            // session that was saved has the layers it was saved with.
            let offered = fresh.contains(id) || !self.history.can_undo();
            let added = if offered && !paths.iter().all(|p| self.is_restored(p)) {
                self.first_layer(id, found_in_folder).or_else(|| self.better_field(id))
            } else {
                None
            };
            let layers = added.into_iter().chain(self.rangeless(id));
            let mut asked = HashSet::new();
            effects.extend(
                layers.filter(|l| asked.insert(l.id) && self.wants_range(l)).map(|l| Effect::ChooseRange(l.id)),
            );
        }
        if files.iter().any(|(path, _)| !self.is_restored(path)) {
            self.arrange(files, was_empty);
        }
        effects
    }

    /// Makes room for what a program pushes under a name again: fields that it no longer has go with their layers, and so
    /// does a file of that name that came with a session.
    fn replace_pushed(&mut self, id: &str, path: &Path, info: &FileInfo) -> Vec<Effect> {
        let Some(collection) = self.catalogue.collections.get_mut(id) else { return Vec::new() };
        // What is added replaces nothing, and stays when the first file comes after it from the same folder.
        let stays = |g: &Path| is_piece(path) || (is_piece(g) && g.parent() == path.parent());
        let others: HashSet<PathBuf> =
            collection.granules.iter().map(|g| g.path.clone()).filter(|g| g != path && !stays(g)).collect();
        let gone: HashSet<&Path> = others.iter().map(PathBuf::as_path).chain(std::iter::once(path)).collect();
        collection.remove(&gone);
        if !collection.granules.is_empty() {
            self.project.sources.retain(|s| !others.contains(s));
            return others.into_iter().map(Effect::ForgetFile).collect();
        }
        collection.fields.clear();
        let has = |name: &str| info.parts.iter().flat_map(|p| &p.fields).any(|f| f.name == name);
        self.project.layers.retain(|l| l.collection != id || has(&l.field));
        if !self.project.layers.iter().any(|l| l.collection == id) {
            // As if it came for the first time: it gets a layer.
            self.catalogue.collections.remove(id);
        }
        self.project.sources.retain(|s| !others.contains(s));
        others.into_iter().map(Effect::ForgetFile).collect()
    }

    /// Layers of a session that was saved before their colours had a range.
    fn rangeless(&self, collection: &str) -> Vec<Layer> {
        let layers = self.project.layers.iter().filter(|l| l.collection == collection && l.style.range.is_none());
        if self.restored.is_empty() { Vec::new() } else { layers.cloned().collect() }
    }

    /// Forgets that these files were asked for: they were refused, and no session looks for them again.
    pub fn refuse_sources(&mut self, paths: &[PathBuf]) {
        self.project.sources.retain(|s| !paths.contains(s));
    }

    /// Drops files that are no longer there. Layers stay: their data may come back.
    pub(super) fn files_gone(&mut self, paths: &[PathBuf]) -> Vec<Effect> {
        let gone: HashSet<&Path> = paths.iter().map(PathBuf::as_path).collect();
        self.failures.retain(|f| !gone.contains(f.path.as_path()));
        // What a program takes back was its own: no session looks for it again.
        self.project.sources.retain(|s| pushed_name(s).is_none() || !gone.contains(s.as_path()));
        for collection in self.catalogue.collections.values_mut() {
            collection.remove(&gone);
        }
        let shown: HashSet<String> = self.project.layers.iter().map(|l| l.collection.clone()).collect();
        self.catalogue.collections.retain(|id, c| !c.granules.is_empty() || shown.contains(id));
        paths.iter().map(|p| Effect::ForgetFile(p.clone())).collect()
    }

    /// Adds the first layer of a collection that has none. A file the user named goes on top. Files found in a folder
    /// sort themselves: whole-Earth grids at the bottom, then grids, swaths, tracks and points, and a second whole-Earth
    /// grid begins hidden, since it would hide the first.
    pub(super) fn first_layer(&mut self, id: &str, found_in_folder: bool) -> Option<Layer> {
        let has_layer = self.project.layers.iter().any(|l| l.collection == id);
        // What a program pushes is meant to be seen, however much there is.
        let limited = !id.starts_with(PUSHED) && self.project.layers.len() >= MAX_AUTOMATIC_LAYERS;
        if has_layer || (limited && !self.make_room(id)) {
            return None;
        }
        let field = self.catalogue.collections.get(id)?.fields.first()?.name.clone();
        self.change_layers(&Command::AddLayer { collection: id.to_owned(), field }).ok()?;
        self.arrival.chosen.extend(self.project.layers.first().map(|l| (id.to_owned(), l.id)));
        if found_in_folder {
            let mut layer = self.project.layers.remove(0);
            let height = self.drawing_height(&layer);
            let at = self.project.layers.iter().position(|l| self.drawing_height(l) <= height);
            let covered = |l: &Layer| l.visible && self.drawing_height(l) == 0;
            layer.visible = height > 0 || !self.project.layers.iter().any(covered);
            self.project.layers.insert(at.unwrap_or(self.project.layers.len()), layer);
        }
        self.project.layers.iter().find(|l| l.collection == id).cloned()
    }

    /// The layer a collection was given by itself, with another field now that a further file tells that one is better:
    /// a field of one value in the first file comes last there. Never once the user has changed a layer.
    fn better_field(&mut self, id: &str) -> Option<Layer> {
        let chosen = self.arrival.chosen.get(id).copied().filter(|_| !self.history.can_undo())?;
        let collection = self.catalogue.collections.get(id)?;
        let best = collection.fields.first()?;
        let at = self.project.position(chosen)?;
        let old = self.project.layers.get(at)?;
        if collection.field(&old.field).is_none_or(|f| f.rank >= best.rank) {
            return None;
        }
        let (field, visible) = (best.name.clone(), old.visible);
        self.project.layers.remove(at);
        self.change_layers(&Command::AddLayer { collection: id.to_owned(), field }).ok()?;
        let layer = Layer { visible, ..self.project.layers.remove(0) };
        self.arrival.chosen.insert(id.to_owned(), layer.id);
        self.project.layers.insert(at, layer.clone());
        Some(layer)
    }

    /// How high a layer lies when it may choose: 0 for grids round the Earth, more for what covers less.
    pub(super) fn drawing_height(&self, layer: &Layer) -> u8 {
        let granule = self.catalogue.collections.get(&layer.collection).and_then(|c| c.with_field(&layer.field).next());
        match granule.map(|g| (g.geometry, g.bounds.east - g.bounds.west)) {
            Some((GeometryKind::Grid | GeometryKind::CurvilinearGrid, width)) if width > 300.0 => 0,
            Some((GeometryKind::Grid | GeometryKind::ProjectedGrid | GeometryKind::CurvilinearGrid, _)) | None => 1,
            Some((GeometryKind::Swath, _)) => 2,
            Some((GeometryKind::Track, _)) => 3,
            Some((GeometryKind::Points, _)) => 4,
        }
    }
}

/// The granules of a file: its parts at their time steps.
fn granules_of(path: &Path, info: &FileInfo, collection: &str, next: &mut u64) -> Vec<Granule> {
    let mut granules = Vec::new();
    for (part_index, part) in info.parts.iter().enumerate() {
        let names = Arc::new(part.fields.iter().map(|f| f.name.clone()).collect::<Vec<_>>());
        for step in 0..part.steps.len().max(1) {
            let span = part.steps.get(step).map(|t| step_span(&part.steps, step, *t)).or(part.span);
            granules.push(Granule {
                id: GranuleId(*next),
                collection: collection.to_owned(),
                path: path.to_owned(),
                part: part_index,
                step,
                span,
                time: part.steps.get(step).copied(),
                bounds: part.bounds,
                footprint: part.footprint.clone(),
                geometry: part.geometry,
                shape: part.shape,
                fields: Arc::clone(&names),
            });
            *next += 1;
        }
    }
    granules
}

/// A step of a file with several times lasts until half-way to its neighbours, so that the picture does not blink
/// between steps; a single step is an instant.
fn step_span(steps: &[Time], k: usize, t: Time) -> TimeSpan {
    let half = |other: Option<&Time>| other.map(|o| o.seconds_since(t) / 2.0);
    let before = k.checked_sub(1).and_then(|j| half(steps.get(j)));
    let after = half(steps.get(k + 1));
    let first = before.or(after.map(|s| -s)).unwrap_or(0.0);
    let last = after.or(before.map(|s| -s)).unwrap_or(0.0);
    // One microsecond less, so that neighbours do not share an instant.
    let stop = t.plus_seconds(last.max(0.0));
    TimeSpan::new(t.plus_seconds(first.min(0.0)), Time::from_micros(stop.micros() - i64::from(last > 0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::FieldInfo;
    use crate::geo::GeoBox;
    use crate::granule::PartInfo;

    /// A file with fields of these ranks, found in the folder `/d`.
    fn file(ranks: [(&str, i32); 2], geometry: GeometryKind, bounds: GeoBox) -> Box<FileInfo> {
        let field = |(name, rank): &(&str, i32)| -> FieldInfo {
            serde_json::from_value(serde_json::json!({ "name": name, "variable": name, "rank": rank })).unwrap()
        };
        let part = PartInfo {
            name: String::new(),
            geometry,
            shape: [4, 5],
            bounds,
            footprint: Vec::new(),
            span: None,
            steps: Vec::new(),
            fields: ranks.iter().map(field).collect(),
        };
        Box::new(FileInfo {
            product: None,
            title: "Test".to_owned(),
            short: None,
            format: "netCDF-4".to_owned(),
            parts: vec![part],
            notes: Vec::new(),
            attributes: Vec::new(),
        })
    }

    const SMALL: GeoBox = GeoBox { west: 10.0, south: 30.0, east: 20.0, north: 40.0 };

    #[test]
    fn a_field_of_one_value_in_one_file_does_not_decide() {
        let varied = || file([("sst", 70), ("depth", 4)], GeometryKind::Grid, SMALL);
        let flat = || file([("depth", 4), ("sst", -430)], GeometryKind::Grid, SMALL);
        for order in [[varied(), flat()], [flat(), varied()]] {
            let mut s = Session::default();
            s.apply(&Command::Open { paths: vec!["/d".into()] }).unwrap();
            for (k, info) in order.into_iter().enumerate() {
                s.apply(&Command::Opened { path: format!("/d/{k}.nc").into(), info }).unwrap();
            }
            let shown: Vec<&str> = s.project().layers.iter().map(|l| l.field.as_str()).collect();
            assert_eq!(shown, ["sst"], "one collection, one layer, whichever came first");
        }
        // The user's own choice stays.
        let mut s = Session::default();
        s.apply(&Command::Open { paths: vec!["/d".into()] }).unwrap();
        s.apply(&Command::Opened { path: "/d/0.nc".into(), info: flat() }).unwrap();
        let layer = s.project().layers[0].id;
        s.apply(&Command::RenameLayer { layer, name: "mine".into() }).unwrap();
        s.apply(&Command::Opened { path: "/d/1.nc".into(), info: varied() }).unwrap();
        assert_eq!(s.project().layers[0].field, "depth");
    }

    #[test]
    fn a_curvilinear_grid_of_the_world_lies_below_as_any_grid() {
        let mut s = Session::default();
        s.apply(&Command::Open { paths: vec!["/d".into()] }).unwrap();
        let ranks = |name| [(name, 70), ("depth", 4)];
        s.apply(&Command::Opened {
            path: "/d/1.nc".into(),
            info: file(ranks("tos"), GeometryKind::CurvilinearGrid, GeoBox::WORLD),
        })
        .unwrap();
        s.apply(&Command::Opened { path: "/d/2.nc".into(), info: file(ranks("sst"), GeometryKind::Swath, SMALL) })
            .unwrap();
        s.apply(&Command::Opened {
            path: "/d/3.nc".into(),
            info: file(ranks("hs"), GeometryKind::CurvilinearGrid, SMALL),
        })
        .unwrap();
        let shown: Vec<&str> = s.project().layers.iter().map(|l| l.field.as_str()).collect();
        assert_eq!(shown, ["sst", "hs", "tos"]);
    }

    /// A file of no product that calls itself so.
    fn titled(title: &str, units: &str) -> Box<FileInfo> {
        let mut info = file([("sst", 70), ("depth", 4)], GeometryKind::Grid, SMALL);
        info.title = title.to_owned();
        info.parts[0].fields[0].units = units.to_owned();
        info
    }

    #[test]
    fn many_files_do_not_go_by_the_name_of_one() {
        let names = |files: &[(&str, &str)]| -> Vec<(String, Option<String>)> {
            let mut s = Session::default();
            for (k, (title, units)) in files.iter().enumerate() {
                let path = format!("/d/{k}.nc").into();
                s.apply(&Command::Opened { path, info: titled(title, units) }).unwrap();
            }
            s.catalogue().collections.values().map(|c| (c.title.clone(), c.short.clone())).collect()
        };
        assert_eq!(names(&[("a.nc", "K")]), [("a.nc".to_owned(), None)]);
        assert_eq!(names(&[("Daily SST", "K"), ("Daily SST", "K")]), [("Daily SST".to_owned(), None)]);
        let three = names(&[("a.nc", "K"), ("b.nc", "K"), ("a.nc", "K")]);
        assert_eq!(three, [("sst, 3 files".to_owned(), Some("3 files".to_owned()))]);
        assert_eq!(names(&[("a.nc", "K"), ("b.nc", "degC")]).len(), 2, "other units are other data");
    }

    #[test]
    fn what_is_pushed_under_two_names_is_two_layers_and_under_one_name_one() {
        let mut s = Session::default();
        let push = |s: &mut Session, path: &str, info: Box<FileInfo>| {
            s.apply(&Command::Open { paths: vec![path.into()] }).unwrap();
            s.apply(&Command::Opened { path: path.into(), info }).unwrap()
        };
        push(&mut s, "/tmp/seaglass-pushed-1/a.nc", titled("t", "K"));
        push(&mut s, "/tmp/seaglass-pushed-1/b.nc", titled("t", "K"));
        let shown = |s: &Session| -> Vec<(String, String)> {
            s.project().layers.iter().map(|l| (l.collection.clone(), l.field.clone())).collect()
        };
        let of = |name: &str| (format!("pushed: {name}"), "sst".to_owned());
        assert_eq!(shown(&s), [of("b"), of("a")]);
        assert_eq!(s.catalogue().collections["pushed: a"].title, "a");
        // Again: the layer stays as it is, with the fields of the new data.
        let layer = s.project().layers[1].id;
        s.apply(&Command::RenameLayer { layer, name: "mine".into() }).unwrap();
        push(&mut s, "/tmp/seaglass-pushed-1/a.nc", titled("t", "degC"));
        assert_eq!((s.project().layers[1].id, shown(&s).len()), (layer, 2));
        assert_eq!(s.catalogue().collections["pushed: a"].fields[0].units, "degC");
        // Other fields: the layer of one that is gone goes, another comes.
        push(&mut s, "/tmp/seaglass-pushed-1/a.nc", file([("wind", 70), ("rain", 4)], GeometryKind::Swath, SMALL));
        assert_eq!(shown(&s), [("pushed: a".to_owned(), "wind".to_owned()), of("b")]);
        // What came with a session gives way to what is pushed under its name, and taken back it is looked for no more.
        push(&mut s, "/data/s.oce.pushed/c.nc", titled("t", "K"));
        push(&mut s, "/tmp/seaglass-pushed-1/c.nc", titled("t", "K"));
        let c = &s.catalogue().collections["pushed: c"];
        assert_eq!((c.granules.len(), c.granules[0].path.as_path()), (1, Path::new("/tmp/seaglass-pushed-1/c.nc")));
        assert!(!s.project().sources.contains(&"/data/s.oce.pushed/c.nc".into()));
        s.apply(&Command::FilesGone { paths: vec!["/tmp/seaglass-pushed-1/c.nc".into()] }).unwrap();
        assert!(!s.project().sources.contains(&"/tmp/seaglass-pushed-1/c.nc".into()));
        // Files of a folder of that kind elsewhere are what they were.
        assert_eq!(titled("t", "K").collection_at(Path::new("/d/a.nc")), titled("t", "K").collection());
    }

    #[test]
    fn every_push_has_a_layer() {
        let mut s = Session::default();
        for k in 0..MAX_AUTOMATIC_LAYERS + 4 {
            let path = format!("/tmp/seaglass-pushed-1/n{k}.nc");
            s.apply(&Command::Open { paths: vec![path.as_str().into()] }).unwrap();
            s.apply(&Command::Opened { path: path.into(), info: titled("t", "K") }).unwrap();
        }
        assert_eq!(s.project().layers.len(), MAX_AUTOMATIC_LAYERS + 4);
        assert_eq!(s.project().layers[0].collection, format!("pushed: n{}", MAX_AUTOMATIC_LAYERS + 3));
        // A file that was refused is not looked for by sessions.
        s.refuse_sources(&["/tmp/seaglass-pushed-1/n0.nc".into()]);
        assert_eq!(s.project().sources.len(), MAX_AUTOMATIC_LAYERS + 3);
    }

    #[test]
    fn undoing_what_was_done_before_data_came_keeps_their_layers() {
        let mut s = Session::default();
        let push = |s: &mut Session, path: &str| {
            s.apply(&Command::Open { paths: vec![path.into()] }).unwrap();
            s.apply(&Command::Opened { path: path.into(), info: titled("t", "K") }).unwrap()
        };
        push(&mut s, "/tmp/seaglass-pushed-1/a.nc");
        let layer = s.project().layers[0].id;
        s.apply(&Command::RenameLayer { layer, name: "mine".into() }).unwrap();
        push(&mut s, "/tmp/seaglass-pushed-1/b.nc");
        let both = s.project().layers.clone();
        s.apply(&Command::Undo).unwrap();
        let names = |s: &Session| s.project().layers.iter().map(|l| l.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&s), [None, None]);
        s.apply(&Command::Redo).unwrap();
        assert_eq!(s.project().layers, both);
    }

    #[test]
    fn a_session_file_that_is_pushed_is_not_opened() {
        // It names files, which whoever pushes may not.
        let mut s = Session::default();
        let path = |p: &str| Command::Open { paths: vec![p.into()] };
        assert!(s.apply(&path("/tmp/seaglass-pushed-1/a.OCE")).is_err());
        assert_eq!(s.apply(&path("/data/a.oce")).unwrap(), [Effect::OpenSession("/data/a.oce".into())]);
    }

    #[test]
    fn a_piece_that_is_added_stays_beside_what_was_pushed_before() {
        let mut s = Session::default();
        let push = |s: &mut Session, path: &str| {
            s.apply(&Command::Open { paths: vec![path.into()] }).unwrap();
            s.apply(&Command::Opened { path: path.into(), info: titled("t", "K") }).unwrap()
        };
        let files = |s: &Session| -> Vec<String> {
            let c = &s.catalogue().collections["pushed: a"];
            c.granules.iter().map(|g| g.path.file_name().unwrap().to_string_lossy().into_owned()).collect()
        };
        push(&mut s, "/tmp/seaglass-pushed-1/a.nc");
        let layer = s.project().layers[0].id;
        push(&mut s, "/tmp/seaglass-pushed-1/a+7.nc");
        push(&mut s, "/tmp/seaglass-pushed-1/a+9.nc");
        push(&mut s, "/tmp/seaglass-pushed-1/a+9.nc");
        assert_eq!(files(&s), ["a+7.nc", "a+9.nc", "a.nc"]);
        assert_eq!(s.project().layers.iter().map(|l| l.id).collect::<Vec<_>>(), [layer], "one layer for all of them");
        // The files of a saved session come in any order.
        let mut again = Session::default();
        push(&mut again, "/d/s.oce.pushed/a+7.nc");
        push(&mut again, "/d/s.oce.pushed/a.nc");
        assert_eq!(files(&again), ["a+7.nc", "a.nc"]);
        // The name pushed anew from elsewhere replaces all of it.
        push(&mut again, "/tmp/seaglass-pushed-1/a.nc");
        assert_eq!(files(&again), ["a.nc"]);
    }

    #[test]
    fn which_collections_get_layers_depends_on_the_files_alone() {
        let n = MAX_AUTOMATIC_LAYERS + 3;
        let shown = |order: &mut dyn Iterator<Item = usize>| -> Vec<String> {
            let mut s = Session::default();
            s.apply(&Command::Open { paths: vec!["/d".into()] }).unwrap();
            for k in order {
                let mut info = file([("sst", 70), ("depth", 4)], GeometryKind::Swath, SMALL);
                info.product = Some(format!("p{k:02}"));
                s.apply(&Command::Opened { path: format!("/d/{k:02}.nc").into(), info }).unwrap();
            }
            assert_eq!(s.leading_layer(), s.project().layers.first().map(|l| l.id));
            s.project().layers.iter().map(|l| l.collection.clone()).collect()
        };
        let forward = shown(&mut (0..n));
        assert_eq!(forward.len(), MAX_AUTOMATIC_LAYERS);
        assert!(forward.contains(&"p00".to_owned()) && !forward.contains(&format!("p{:02}", n - 1)), "{forward:?}");
        assert_eq!(shown(&mut (0..n).rev()), forward);
        assert_eq!(shown(&mut (0..n).map(|k| k * 7 % n)), forward);
    }
}
