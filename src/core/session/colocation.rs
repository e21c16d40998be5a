//! Commands about match-ups of layers.

use super::{CommandError, Effect, Session};
use crate::colocation::Colocation;
use crate::command::Command;

impl Session {
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
                let c = self.colocation()?;
                std::mem::swap(&mut c.reference, &mut c.compared);
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
