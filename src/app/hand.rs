//! The space bar: a tap plays and pauses, held down it pans the view under a moving pointer, whatever tool is in use.

use egui::{CursorIcon, Event, Key, Pos2, Response, Ui};
use seaglass_core::camera::Camera;
use seaglass_core::geo::LonLat;

use crate::actions;
use crate::model::Model;
use crate::navigation::{CLICK_SLACK, Frame};
use crate::state::{Out, UiState};

/// What the space bar is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Hand {
    held: bool,
    /// Where the pointer was when the bar went down over the view, and the place there.
    grabbed: Option<(Pos2, LonLat)>,
    /// The pointer has left that point: this is no tap.
    moved: bool,
}

impl Hand {
    /// The bar is down: the pointer pans.
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// Takes the key events of this frame; true when a tap has ended. Not `free`: something else has the key for itself.
    pub fn take_key(&mut self, ui: &Ui, free: bool) -> bool {
        if !free {
            *self = Self::default();
            return false;
        }
        let (pressed, released, down) = ui.input(|i| {
            let pressed = i.events.iter().any(|e| {
                matches!(e, Event::Key { key: Key::Space, pressed: true, repeat: false, modifiers, .. } if modifiers.is_none())
            });
            (pressed, i.key_released(Key::Space), i.key_down(Key::Space))
        });
        if pressed {
            *self = Self { held: true, ..Self::default() };
        }
        let tap = self.held && released && !self.moved;
        // A window that loses the keyboard hears of no release: that is no tap either.
        if released || !down {
            *self = Self::default();
        }
        tap
    }

    /// The camera after the movement of this frame, when it has moved.
    pub fn pan(&mut self, ui: &Ui, response: &Response, frame: Frame, camera: Camera) -> Option<Camera> {
        if !self.held {
            return None;
        }
        let (pos, delta) = ui.input(|i| (i.pointer.hover_pos(), i.pointer.delta()));
        let pos = pos?;
        let Some((from, place)) = self.grabbed else {
            let size = frame.size_px();
            let place = camera.view(size.x, size.y).lonlat_from_screen(frame.px(pos));
            self.grabbed = place.filter(|_| response.contains_pointer()).map(|p| (pos, p));
            return None;
        };
        self.moved |= from.distance(pos) >= CLICK_SLACK;
        if !self.moved || delta == egui::Vec2::ZERO {
            return None;
        }
        ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
        let new = camera.dragged(place, frame.px(pos), frame.size_px());
        (new != camera).then_some(new)
    }
}

/// Space plays, unless it panned: known when it is let go. What has the keyboard has the space bar, too.
pub fn tap(ui: &Ui, typing: bool, model: &Model, state: &mut UiState, out: &mut Out) {
    let focused = ui.memory(|m| m.focused());
    let elsewhere = focused.is_some() && focused != state.regions[3];
    let free = !elsewhere && !state.is_covered() && !typing;
    if state.hand.take_key(ui, free) {
        actions::perform("play", model, state, out);
    }
}
