//! Commands about match-ups of layers.

use super::{CommandError, Effect, Session};
use crate::colocation::Colocation;
use crate::command::Command;
use crate::project::{LayerId, Project};

impl Session {
    /// Carries out a command about data that follow from others, as the layer of pairs does: no step of undo, and as if
    /// its layers had always been there, so that undoing something else does not take them away.
    ///
    /// # Errors
    /// As [`Session::apply`].
    pub fn apply_derived(&mut self, command: &Command) -> Result<Vec<Effect>, CommandError> {
        let before = self.project.clone();
        let effects = match self.change(command) {
            Ok(effects) => effects,
            Err(error) => {
                self.project = before;
                return Err(error);
            }
        };
        let had = |p: &Project, id: LayerId| p.layers.iter().any(|l| l.id == id);
        let project = &self.project;
        let come: Vec<_> = project.layers.iter().enumerate().filter(|(_, l)| !had(&before, l.id)).collect();
        let gone: Vec<LayerId> = before.layers.iter().map(|l| l.id).filter(|id| !had(project, *id)).collect();
        self.history.for_each(|state| {
            state.layers.retain(|l| !gone.contains(&l.id));
            for (at, layer) in &come {
                state.layers.insert((*at).min(state.layers.len()), (*layer).clone());
            }
            if let Command::Shapes { change: crate::shapes::ShapeChange::Opened { path, .. } } = command {
                state.shapes.adopt(path, &project.shapes);
            }
            for look in project.looks.iter().filter(|l| !before.looks.contains(l)) {
                state.looks.retain(|l| l.collection != look.collection || l.field != look.field);
                state.looks.push(look.clone());
            }
        });
        Ok(effects)
    }

    pub(super) fn change_colocation(&mut self, command: &Command) -> Result<Option<Vec<Effect>>, CommandError> {
        let effect = match command {
            Command::SetColocation { patch } => {
                let mut new = self.project.colocation.clone().unwrap_or_default();
                for layer in [patch.reference, patch.compared, patch.third].into_iter().flatten() {
                    self.layer_mut(layer)?;
                }
                // Layers that have gone since do not stand in the way.
                for side in [&mut new.reference, &mut new.compared, &mut new.third] {
                    *side = side.filter(|l| self.project.layer(*l).is_some());
                }
                patch.apply(&mut new).map_err(|e| CommandError(format!("The colocation is not changed: {e}.")))?;
                self.project.colocation = Some(new);
                return Ok(Some(Vec::new()));
            }
            Command::SwapColocation => {
                self.colocation()?.swap();
                return Ok(Some(Vec::new()));
            }
            Command::EndColocation => {
                self.project.colocation = None;
                return Ok(Some(Vec::new()));
            }
            Command::RunColocation => Effect::RunColocation,
            Command::CancelColocation => Effect::CancelColocation,
            Command::ExportColocation { path } => Effect::ExportColocation(path.clone()),
            Command::StepCoincidence { steps } => Effect::StepCoincidence(*steps),
            _ => return Ok(None),
        };
        self.colocation()?;
        Ok(Some(vec![effect]))
    }

    fn colocation(&mut self) -> Result<&mut Colocation, CommandError> {
        let missing = || CommandError("There is no colocation yet: choose two layers first.".to_owned());
        self.project.colocation.as_mut().ok_or_else(missing)
    }
}
