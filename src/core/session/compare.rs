//! Commands about two views beside each other.

use super::{CommandError, Session};
use crate::command::Command;
use crate::compare::Side;

impl Session {
    pub(super) fn change_compare(&mut self, command: &Command) -> Result<bool, CommandError> {
        match command {
            Command::SetCompare { compare } => {
                let begins = self.project.compare.is_none() && compare.is_some();
                self.project.compare = compare.map(crate::compare::Compare::sanitized);
                if begins {
                    self.part_layers();
                }
            }
            Command::SetLayerSide { layer, side } => self.layer_mut(*layer)?.side = *side,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Two views of the same layers compare nothing: the top one goes to the left, and swiping uncovers what lies below.
    fn part_layers(&mut self) {
        let shown: Vec<_> =
            self.project.layers.iter().filter(|l| self.project.shows(l)).map(|l| (l.id, l.side)).collect();
        if shown.iter().all(|(_, side)| side.is_none())
            && let [(top, _), _, ..] = shown[..]
            && let Some(layer) = self.project.layers.iter_mut().find(|l| l.id == top)
        {
            layer.side = Some(Side::Left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Compare, CompareMode};
    use crate::session::groups::tests::session;

    #[test]
    fn two_views_differ_from_the_start_and_undo_is_one_step() {
        let mut s = session();
        let swipe = |at| Command::SetCompare { compare: Some(Compare { mode: CompareMode::Swipe, at }) };
        s.apply(&swipe(0.5)).unwrap();
        let sides = |s: &Session| s.project().layers.iter().map(|l| l.side).collect::<Vec<_>>();
        assert_eq!(sides(&s), [Some(Side::Left), None, None, None, None]);
        for at in [0.4, 0.3, f32::INFINITY, -1.0] {
            s.apply(&swipe(at)).unwrap();
        }
        assert!(s.project().compare.is_some_and(|c| c.at > 0.0), "within reach");
        let (top, second) = (s.project().layers[0].id, s.project().layers[1].id);
        s.apply(&Command::SetLayerSide { layer: second, side: Some(Side::Right) }).unwrap();
        s.apply(&Command::SetLayerSide { layer: top, side: None }).unwrap();
        let project = s.project();
        assert_eq!(project.side_of(&project.layers[1]), Some(Side::Right));
        // What somebody has chosen stays, also while there is one view.
        s.apply(&Command::SetCompare { compare: None }).unwrap();
        let project = s.project();
        assert_eq!(project.side_of(&project.layers[1]), None, "one view shows all");
        s.apply(&swipe(0.5)).unwrap();
        assert_eq!(sides(&s), [None, Some(Side::Right), None, None, None]);
        // A drag of the divider is one step, as is each other change.
        for _ in 0..5 {
            s.apply(&Command::Undo).unwrap();
        }
        assert_eq!((s.project().compare, sides(&s)), (None, vec![None; 5]));
        assert!(s.apply(&Command::SetLayerSide { layer: crate::project::LayerId(99), side: None }).is_err());
    }
}
