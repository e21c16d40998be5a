//! Several commands as one: all of them or none, and one step of undo.

use super::Session;
use crate::project::Project;
use crate::undo::UndoRule;

/// The document as it was before several commands.
#[derive(Clone, Debug)]
pub struct Before(Project);

impl Session {
    /// Begins several commands that are one. Ends with [`end_batch`](Self::end_batch).
    pub fn begin_batch(&mut self) -> Before {
        self.history.hold();
        Before(self.project.clone())
    }

    /// Ends them: they stay as one step of undo, or the document is as it was before.
    pub fn end_batch(&mut self, before: Before, stays: bool) {
        let changed = self.history.release();
        if !stays {
            self.project = before.0;
            self.sync_versions();
        } else if changed {
            self.history.record(&before.0, &UndoRule::Point);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::command::Command;
    use crate::project::LayerId;
    use crate::session::Session;

    fn borders(s: &mut Session, on: bool) {
        let base = crate::project::BaseMap { borders: on, ..s.project().base.clone() };
        s.apply(&Command::SetBaseMap { base }).unwrap();
    }

    #[test]
    fn several_commands_are_one_step_or_none() {
        let mut s = Session::default();
        borders(&mut s, true);
        let first = s.project().clone();
        let before = s.begin_batch();
        s.apply(&Command::AddPin { place: crate::geo::LonLat::new(1.0, 2.0) }).unwrap();
        borders(&mut s, false);
        s.apply(&Command::Zoom { factor: 0.5 }).unwrap();
        s.end_batch(before, true);
        assert!(s.project().pins.len() == 1 && !s.project().base.borders);
        s.apply(&Command::Undo).unwrap();
        assert!(s.project().pins.is_empty() && s.project().base.borders, "one step takes both back");
        s.apply(&Command::Redo).unwrap();
        s.apply(&Command::Undo).unwrap();

        let before = s.begin_batch();
        s.apply(&Command::AddPin { place: crate::geo::LonLat::new(1.0, 2.0) }).unwrap();
        s.apply(&Command::Zoom { factor: 0.5 }).unwrap();
        assert!(s.apply(&Command::RemoveLayer { layer: LayerId(9) }).is_err());
        let camera = s.project().camera;
        s.end_batch(before, false);
        assert!(s.project().pins.is_empty() && s.project().camera != camera, "the camera, too, is as before");
        // What was to be undone before can be undone still.
        s.apply(&Command::Undo).unwrap();
        assert!(!s.project().base.borders && first.base.borders);
    }
}
