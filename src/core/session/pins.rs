//! Pinned places.

use super::{CommandError, Session};
use crate::command::Command;
use crate::project::{Pin, PinId};

/// More pins than anyone reads at once.
const MOST_PINS: usize = 32;

impl Session {
    pub(super) fn change_pins(&mut self, command: &Command) -> Result<bool, CommandError> {
        match command {
            Command::AddPin { place } => {
                if !place.is_valid() {
                    return Err(CommandError("There is no place on the Earth to pin.".into()));
                }
                if self.project.pins.len() >= MOST_PINS {
                    return Err(CommandError(format!("There are {MOST_PINS} pins; remove one first.")));
                }
                self.project.last_pin += 1;
                let id = PinId(self.project.last_pin);
                self.project.pins.push(Pin { id, place: place.normalized() });
            }
            Command::RemovePin { pin } => {
                let before = self.project.pins.len();
                self.project.pins.retain(|p| p.id != *pin);
                if self.project.pins.len() == before {
                    return Err(CommandError(format!("There is no pin {}.", pin.0)));
                }
            }
            Command::RemovePins => self.project.pins.clear(),
            _ => return Ok(false),
        }
        Ok(true)
    }
}
