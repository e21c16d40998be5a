//! Taking over a session that was saved.

use std::path::Path;

use super::{Effect, Session, UNDO_STEPS, arrival};
use crate::catalogue::Catalogue;
use crate::project::Project;
use crate::undo::History;

impl Session {
    /// Whether a file belongs to the data of a session that was opened.
    pub(super) fn is_restored(&self, path: &Path) -> bool {
        self.restored.iter().any(|s| path.starts_with(s) || path.ends_with(s))
    }

    /// Layers, styles, camera, clock and shapes as they were saved; the data are opened where they lie now.
    pub(super) fn restore_session(&mut self, project: &Project) -> Vec<Effect> {
        self.notebook.clear();
        self.catalogue = Catalogue::default();
        self.arrival = arrival::Arrival::default();
        self.failures.clear();
        self.history = History::new(UNDO_STEPS);
        self.closed = None;
        self.project = project.clone();
        // What was playing when it was saved stands still until asked to.
        self.project.timeline.playing = false;
        let highest = self.project.layers.iter().map(|l| l.id.0).max().unwrap_or(0);
        self.project.next_layer = self.project.next_layer.max(highest);
        // Shapes of files come with the files.
        self.project.shapes.close_files();
        self.restored.clone_from(&project.sources);
        let sources = project.sources.clone();
        let open = (!sources.is_empty()).then_some(Effect::Open(sources));
        std::iter::once(Effect::Forget).chain(open).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::command::Command;
    use crate::granule::{FileInfo, GeometryKind, PartInfo};
    use crate::session::{Effect, Session};

    fn file(product: &str) -> Box<FileInfo> {
        let field = |name: &str| serde_json::from_value(serde_json::json!({ "name": name, "variable": name })).unwrap();
        Box::new(FileInfo {
            product: Some(product.to_owned()),
            title: product.to_owned(),
            short: None,
            format: "netCDF-4".to_owned(),
            parts: vec![PartInfo {
                name: String::new(),
                geometry: GeometryKind::Swath,
                shape: [4, 5],
                bounds: crate::geo::GeoBox { west: 10.0, south: 30.0, east: 20.0, north: 40.0 },
                footprint: Vec::new(),
                span: Some(crate::time::TimeSpan::at(crate::time::Time::from_micros(7_000_000_000))),
                steps: Vec::new(),
                fields: vec![field("sst"), field("wind")],
            }],
            notes: Vec::new(),
            attributes: Vec::new(),
        })
    }

    #[test]
    fn a_session_comes_back_as_it_was_saved() {
        let mut s = Session::default();
        s.apply(&Command::Open { paths: vec!["/d".into()] }).unwrap();
        s.apply(&Command::Opened { path: "/d/a.nc".into(), info: file("a") }).unwrap();
        s.apply(&Command::AddLayer { collection: "a".into(), field: "wind".into() }).unwrap();
        let first = s.project().layers.last().unwrap().id;
        s.apply(&Command::RemoveLayer { layer: first }).unwrap();
        s.apply(&Command::Zoom { factor: 0.3 }).unwrap();
        let saved = s.project().clone();
        let mut again = Session::default();
        let effects = again.apply(&Command::Restore { project: Box::new(saved.clone()) }).unwrap();
        assert_eq!(effects, [Effect::Forget, Effect::Open(vec!["/d".into()])]);
        // Its data arrive, among them some that had no layer: nothing is added, nothing moves.
        for (path, product) in [("/d/a.nc", "a"), ("/d/b.nc", "b")] {
            again.apply(&Command::Opened { path: path.into(), info: file(product) }).unwrap();
        }
        assert_eq!(*again.project(), saved);
        assert_eq!(again.can_undo_redo(), (false, false));
        // Other data opened afterwards come as always.
        again.apply(&Command::Open { paths: vec!["/e".into()] }).unwrap();
        again.apply(&Command::Opened { path: "/e/c.nc".into(), info: file("c") }).unwrap();
        assert_eq!(again.project().layers.len(), 2);
        // And new layers have numbers of their own.
        assert_ne!(again.project().layers[0].id, again.project().layers[1].id);
    }

    #[test]
    fn a_layer_taken_away_does_not_come_back_with_the_next_file() {
        let mut s = Session::default();
        s.apply(&Command::Open { paths: vec!["/d".into()] }).unwrap();
        s.apply(&Command::Opened { path: "/d/a.nc".into(), info: file("a") }).unwrap();
        let layer = s.project().layers[0].id;
        s.apply(&Command::RemoveLayer { layer }).unwrap();
        s.apply(&Command::Opened { path: "/d/b.nc".into(), info: file("a") }).unwrap();
        assert!(s.project().layers.is_empty());
        s.apply(&Command::Opened { path: "/d/c.nc".into(), info: file("new") }).unwrap();
        assert_eq!(s.project().layers.len(), 1, "a collection never seen is offered");
    }

    #[test]
    fn files_that_go_take_their_granules_along() {
        let mut s = Session::default();
        s.apply(&Command::Open { paths: vec!["/d".into()] }).unwrap();
        let files = ["/d/a.nc", "/d/b.nc", "/d/c.nc"].map(|p| crate::command::OpenedFile {
            path: p.into(),
            info: file(if p == "/d/c.nc" { "other" } else { "a" }),
        });
        s.apply(&Command::OpenedMany { files: files.to_vec() }).unwrap();
        assert_eq!(s.catalogue().collections["a"].granules.len(), 2);
        let effects = s.apply(&Command::FilesGone { paths: vec!["/d/a.nc".into(), "/d/c.nc".into()] }).unwrap();
        assert_eq!(effects.len(), 2);
        assert_eq!(s.catalogue().collections["a"].granules.len(), 1);
        assert!(s.catalogue().collections["other"].granules.is_empty(), "its layer stays, the data may come back");
    }

    #[test]
    fn closing_all_data_is_undone_until_other_data_come() {
        let mut s = Session::default();
        s.apply(&Command::CloseAll).unwrap();
        assert_eq!(s.can_undo_redo(), (false, false), "there was nothing");
        s.apply(&Command::Open { paths: vec!["/d".into()] }).unwrap();
        s.apply(&Command::Opened { path: "/d/a.nc".into(), info: file("a") }).unwrap();
        s.apply(&Command::AddLayer { collection: "a".into(), field: "wind".into() }).unwrap();
        let before = s.project().clone();
        s.apply(&Command::CloseAll).unwrap();
        assert!(s.project().layers.is_empty() && s.can_undo_redo().0);
        let effects = s.apply(&Command::Undo).unwrap();
        assert_eq!(effects, [Effect::Forget, Effect::Open(vec!["/d".into()])]);
        s.apply(&Command::Opened { path: "/d/a.nc".into(), info: file("a") }).unwrap();
        assert_eq!(s.project().layers, before.layers);

        s.apply(&Command::CloseAll).unwrap();
        s.apply(&Command::Open { paths: vec!["/e".into()] }).unwrap();
        s.apply(&Command::Opened { path: "/e/c.nc".into(), info: file("c") }).unwrap();
        assert!(!s.can_undo_redo().0, "other data are there now");
    }
}
