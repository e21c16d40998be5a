//! Moving the camera with mouse and keys (ux conventions §1).

use egui::{Event, Key, Modifiers, MouseWheelUnit, PointerButton, Pos2, Rect, Response, Stroke, StrokeKind, Ui};
use glam::DVec2;
use seaglass_core::camera::Camera;
use seaglass_core::command::Command;
use seaglass_core::geo::{GeoBox, LonLat};

use crate::hand::Hand;
use crate::state::Out;
use crate::theme::theme;

/// Pointer travel below which a press is a click, points.
pub(crate) const CLICK_SLACK: f32 = 4.0;
/// A view the camera stays at for so long can be gone back to, seconds.
const REST_S: f64 = 0.7;
/// Degrees of heading and tilt for one point of drag.
const TURN_DEG_PER_POINT: f64 = 0.25;

/// What a drag does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Drag {
    /// The grabbed place follows the pointer.
    Grab(LonLat),
    /// Drag outside the Earth turns the globe by angle.
    Spin,
    /// Up and down zooms about where it began.
    Zoom(Pos2),
    /// Heading and tilt.
    Turn,
    /// Box zoom from here.
    Box(Pos2),
}

/// Gesture in progress and what is left of it.
#[derive(Clone, Debug, Default)]
pub struct Navigation {
    drag: Option<Drag>,
    pressed_at: Option<Pos2>,
    moved: bool,
    /// Recent pointer velocity while grabbing, points a second.
    velocity: egui::Vec2,
    /// Point the inertia moves, and its velocity.
    coast: Option<(Pos2, egui::Vec2)>,
    /// Zoom left to be done smoothly, as logarithm, about a point.
    zoom_left: f64,
    zoom_at: Option<Pos2>,
    /// Camera of the last frame, and since when it stands there.
    resting: Option<(Camera, f64)>,
    /// Camera last kept to go back to.
    kept: Option<Camera>,
    /// Flight: from, to, start time, duration.
    flight: Option<(Camera, Camera, f64, f64)>,
}

/// The viewport in points and pixels.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// Where it lies.
    pub rect: Rect,
    /// Pixels of a point.
    pub ppp: f32,
}

impl Frame {
    /// Size in pixels.
    pub fn size_px(&self) -> DVec2 {
        DVec2::new(
            f64::from((self.rect.width() * self.ppp).round()),
            f64::from((self.rect.height() * self.ppp).round()),
        )
    }

    /// Pixel of a point of the window.
    pub fn px(&self, p: Pos2) -> DVec2 {
        DVec2::new(f64::from((p.x - self.rect.left()) * self.ppp), f64::from((p.y - self.rect.top()) * self.ppp))
    }

    /// Point of a pixel.
    pub fn point(&self, px: DVec2) -> Pos2 {
        egui::pos2(self.rect.left() + px.x as f32 / self.ppp, self.rect.top() + px.y as f32 / self.ppp)
    }
}

impl Navigation {
    /// Whether the camera is being moved.
    pub fn is_moving(&self) -> bool {
        self.drag.is_some_and(|d| !matches!(d, Drag::Box(_)))
            || self.coast.is_some()
            || self.flight.is_some()
            || self.zoom_left.abs() > 1e-4
    }

    /// Ends flight and coasting: somebody else has moved the camera.
    pub fn stop(&mut self) {
        self.coast = None;
        self.flight = None;
        self.zoom_left = 0.0;
    }

    /// Forgets the button that is held: another tool has it.
    pub fn let_go(&mut self) {
        self.drag = None;
    }

    /// Flies to a camera.
    pub fn fly(&mut self, from: Camera, to: Camera, now_s: f64, ms: f32) {
        self.coast = None;
        self.flight = Some((from, to, now_s, f64::from(ms) / 1000.0));
    }

    /// Takes the input of this frame; answers the new camera when it moves. The held space bar goes before the mouse.
    pub fn update(
        &mut self,
        ui: &Ui,
        response: &Response,
        frame: Frame,
        camera: Camera,
        hand: &mut Hand,
        out: &mut Out,
    ) -> Option<Camera> {
        if hand.is_held() {
            self.stop();
            self.drag = None;
            return hand.pan(ui, response, frame, camera);
        }
        let mut new = camera;
        self.press(ui, response, frame, camera);
        self.history(ui, response, camera, out);
        self.drag(ui, response, frame, &mut new);
        self.release(ui, response, frame, camera);
        self.wheel(ui, response, frame, &mut new, out);
        self.keys(ui, response, &mut new);
        self.coast(ui, frame, &mut new);
        self.fly_on(ui, &mut new);
        (new != camera).then(|| new.sanitized())
    }

    fn press(&mut self, ui: &Ui, response: &Response, frame: Frame, camera: Camera) {
        let (pressed, modifiers, at) = ui.input(|i| {
            let b = [PointerButton::Primary, PointerButton::Secondary, PointerButton::Middle]
                .into_iter()
                .find(|b| i.pointer.button_pressed(*b));
            (b, i.modifiers, i.pointer.interact_pos())
        });
        let (Some(button), Some(at)) = (pressed, at.filter(|_| response.contains_pointer())) else { return };
        self.coast = None;
        self.flight = None;
        self.zoom_left = 0.0;
        self.moved = false;
        self.pressed_at = Some(at);
        self.velocity = egui::Vec2::ZERO;
        self.drag = Some(match button {
            PointerButton::Middle => Drag::Turn,
            _ if modifiers.command => Drag::Turn,
            PointerButton::Secondary => Drag::Zoom(at),
            _ if modifiers.shift => Drag::Box(at),
            _ => match camera.view(frame.size_px().x, frame.size_px().y).lonlat_from_screen(frame.px(at)) {
                Some(place) => Drag::Grab(place),
                None => Drag::Spin,
            },
        });
    }

    /// The side buttons of a mouse go back and forward; a view rested at is kept to come back to.
    fn history(&mut self, ui: &Ui, response: &Response, camera: Camera, out: &mut Out) {
        let (back, forward, now) = ui.input(|i| {
            let pressed = |b| i.pointer.button_pressed(b);
            (pressed(PointerButton::Extra1), pressed(PointerButton::Extra2), i.time)
        });
        if back && response.contains_pointer() {
            out.send(Command::ViewBack);
        }
        if forward && response.contains_pointer() {
            out.send(Command::ViewForward);
        }
        match self.resting {
            Some((at, since)) if at == camera => {
                let left = REST_S - (now - since);
                let waits = self.kept != Some(camera) && !self.is_moving();
                if waits && left <= 0.0 {
                    self.kept = Some(camera);
                    out.send(Command::KeepView);
                } else if waits {
                    ui.ctx().request_repaint_after_secs(left as f32 + 0.01);
                }
            }
            _ => {
                self.resting = Some((camera, now));
                ui.ctx().request_repaint_after_secs(REST_S as f32 + 0.01);
            }
        }
    }

    fn drag(&mut self, ui: &Ui, response: &Response, frame: Frame, camera: &mut Camera) {
        let Some(drag) = self.drag else { return };
        let (pos, delta, dt, any_down) =
            ui.input(|i| (i.pointer.interact_pos(), i.pointer.delta(), i.stable_dt.min(0.1), i.pointer.any_down()));
        let Some(pos) = pos.filter(|_| any_down) else { return };
        self.moved |= self.pressed_at.is_some_and(|p| p.distance(pos) >= CLICK_SLACK);
        if !self.moved || delta == egui::Vec2::ZERO {
            self.velocity *= 0.5;
            return;
        }
        let blend = 0.5;
        self.velocity = self.velocity * (1.0 - blend) + delta / dt.max(1e-3) * blend;
        match drag {
            Drag::Grab(place) => *camera = camera.dragged(place, frame.px(pos), frame.size_px()),
            Drag::Spin => {
                let degrees = camera.altitude_m / 14_200_000.0 * 0.15;
                camera.target.lon_deg -= f64::from(delta.x) * degrees;
                camera.target.lat_deg = (camera.target.lat_deg + f64::from(delta.y) * degrees).clamp(-90.0, 90.0);
            }
            Drag::Zoom(at) => {
                let factor = (-f64::from(delta.y) * 0.01).exp();
                *camera = camera.zoomed(factor, Some(frame.px(at)), frame.size_px());
            }
            Drag::Turn => {
                camera.heading_deg -= f64::from(delta.x) * TURN_DEG_PER_POINT;
                camera.tilt_deg = (camera.tilt_deg - f64::from(delta.y) * TURN_DEG_PER_POINT).clamp(0.0, 85.0);
            }
            Drag::Box(from) => {
                let t = theme(ui);
                let rect = Rect::from_two_pos(from, pos).intersect(response.rect);
                ui.painter().rect_filled(rect, 0.0, t.c.accent.gamma_multiply(t.window_alpha));
                ui.painter().rect_stroke(rect, 0.0, Stroke::new(1.5, t.c.accent), StrokeKind::Inside);
            }
        }
    }

    fn release(&mut self, ui: &Ui, response: &Response, frame: Frame, camera: Camera) {
        let (released, pos, double, shift, now) = ui.input(|i| {
            (
                i.pointer.any_released(),
                i.pointer.interact_pos(),
                i.pointer.button_double_clicked(PointerButton::Primary),
                i.modifiers.shift,
                i.time,
            )
        });
        if double
            && response.contains_pointer()
            && !self.moved
            && let Some(p) = pos
        {
            let factor = if shift { 2.5 } else { 0.4 };
            let to = centred(camera, frame, p, factor);
            self.fly(camera, to, now, theme(ui).motion.camera_fly / 2.0);
        }
        if !released {
            return;
        }
        match self.drag.take() {
            Some(Drag::Box(from)) if self.moved => {
                if let Some(target) = pos.and_then(|p| geo_box(camera, frame, Rect::from_two_pos(from, p))) {
                    let to = camera.framing(&target, frame.size_px());
                    self.fly(camera, to, now, theme(ui).motion.camera_fly);
                }
            }
            Some(Drag::Grab(_)) if self.moved && self.velocity.length() > 60.0 => {
                self.coast = pos.map(|p| (p, self.velocity));
            }
            _ => {}
        }
    }

    fn wheel(&mut self, ui: &Ui, response: &Response, frame: Frame, camera: &mut Camera, out: &mut Out) {
        if response.contains_pointer() {
            let (notches, shift, fine, pinch, pos) = ui.input(|i| {
                let notches = i.events.iter().fold(egui::Vec2::ZERO, |sum, e| match e {
                    Event::MouseWheel { unit: MouseWheelUnit::Line, delta, .. } => sum + *delta,
                    Event::MouseWheel { unit: MouseWheelUnit::Page, delta, .. } => sum + *delta * 8.0,
                    Event::MouseWheel { unit: MouseWheelUnit::Point, delta, .. } => sum + *delta / 40.0,
                    _ => sum,
                });
                (notches, i.modifiers.shift, i.modifiers.command, i.zoom_delta(), i.pointer.hover_pos())
            });
            // Two fingers never move quite straight. Most mice have no wheel for the other direction: Shift turns theirs.
            let sideways = if shift && notches.x == 0.0 { notches.y } else { notches.x };
            let scrubs = shift || notches.x.abs() > 2.0 * notches.y.abs();
            let lines = if scrubs { 0.0 } else { notches.y };
            if scrubs && sideways != 0.0 {
                out.send(Command::ScrubTime { steps: -f64::from(sideways) });
            } else if lines != 0.0 {
                self.flight = None;
                self.coast = None;
                let step = if fine { 0.04 } else { 0.22 };
                self.zoom_left -= f64::from(lines) * step;
                self.zoom_at = pos;
            } else if pinch != 1.0 && !fine {
                *camera = camera.zoomed(1.0 / f64::from(pinch), pos.map(|p| frame.px(p)), frame.size_px());
            }
        }
        if self.zoom_left.abs() > 1e-4 {
            let dt = f64::from(ui.input(|i| i.stable_dt.min(0.1)));
            let part =
                if self.zoom_left.abs() < 0.005 { self.zoom_left } else { self.zoom_left * (1.0 - (-dt * 18.0).exp()) };
            self.zoom_left -= part;
            *camera = camera.zoomed(part.exp(), self.zoom_at.map(|p| frame.px(p)), frame.size_px());
            ui.ctx().request_repaint();
        }
    }

    fn keys(&mut self, ui: &Ui, response: &Response, camera: &mut Camera) {
        // A dialog over the globe has the keys, even while the globe keeps the focus underneath.
        if !response.has_focus() || ui.memory(|m| m.top_modal_layer().is_some()) {
            return;
        }
        let step = camera.altitude_m / 111_000.0 * 0.08;
        ui.input_mut(|i| {
            for (key, dx, dy) in [
                (Key::ArrowLeft, -1.0, 0.0),
                (Key::ArrowRight, 1.0, 0.0),
                (Key::ArrowUp, 0.0, 1.0),
                (Key::ArrowDown, 0.0, -1.0),
            ] {
                if i.consume_key(Modifiers::COMMAND, key) {
                    camera.heading_deg += dx * 5.0;
                    camera.tilt_deg = (camera.tilt_deg + dy * 5.0).clamp(0.0, 85.0);
                } else if i.consume_key(Modifiers::SHIFT, key) || i.consume_key(Modifiers::NONE, key) {
                    let fast = if i.modifiers.shift { 3.0 } else { 1.0 };
                    let (s, c) = camera.heading_deg.to_radians().sin_cos();
                    let (east, north) = (dx * c + dy * s, dy * c - dx * s);
                    let cos = camera.target.lat_deg.to_radians().cos().max(0.1);
                    camera.target.lon_deg += east * step * fast / cos;
                    camera.target.lat_deg = (camera.target.lat_deg + north * step * fast).clamp(-90.0, 90.0);
                }
            }
            for (key, factor) in [(Key::PageUp, 1.0 / 1.5), (Key::PageDown, 1.5)] {
                if i.consume_key(Modifiers::NONE, key) {
                    camera.altitude_m *= factor;
                }
            }
        });
    }

    fn coast(&mut self, ui: &Ui, frame: Frame, camera: &mut Camera) {
        let Some((pos, velocity)) = self.coast else { return };
        let t = theme(ui);
        let dt = ui.input(|i| i.stable_dt.min(0.1));
        let view = camera.view(frame.size_px().x, frame.size_px().y);
        // The place under the middle of the view is carried along: it never leaves the Earth.
        let from = frame.rect.center();
        let step = velocity * dt;
        if let Some(place) = view.lonlat_from_screen(frame.px(from)) {
            *camera = camera.dragged(place, frame.px(from + step), frame.size_px());
        }
        let decay = 0.5f32.powf(dt * 1000.0 / t.motion.inertia_half_life);
        let velocity = velocity * decay;
        self.coast = (velocity.length() > 8.0).then_some((pos, velocity));
        ui.ctx().request_repaint();
    }

    fn fly_on(&mut self, ui: &Ui, camera: &mut Camera) {
        let Some((from, to, start, duration)) = self.flight else { return };
        let f = ((ui.input(|i| i.time) - start) / duration.max(1e-3)).clamp(0.0, 1.0);
        *camera = between(&from, &to, f * f * (3.0 - 2.0 * f));
        if f >= 1.0 {
            self.flight = None;
        } else {
            ui.ctx().request_repaint();
        }
    }
}

/// The camera centred on a point of the window and `factor` times as far.
fn centred(camera: Camera, frame: Frame, p: Pos2, factor: f64) -> Camera {
    let view = camera.view(frame.size_px().x, frame.size_px().y);
    let target = view.lonlat_from_screen(frame.px(p)).unwrap_or(camera.target);
    Camera { target, altitude_m: camera.altitude_m * factor, ..camera }.sanitized()
}

/// Box of the places in a rectangle of the window.
fn geo_box(camera: Camera, frame: Frame, rect: Rect) -> Option<GeoBox> {
    let view = camera.view(frame.size_px().x, frame.size_px().y);
    let centre = view.lonlat_from_screen(frame.px(rect.center()))?;
    let mut found: Option<GeoBox> = None;
    for k in 0..25 {
        let p = egui::pos2(
            egui::lerp(rect.x_range(), (k % 5) as f32 / 4.0),
            egui::lerp(rect.y_range(), (k / 5) as f32 / 4.0),
        );
        let Some(place) = view.lonlat_from_screen(frame.px(p)) else { continue };
        let lon = seaglass_core::geo::unwrap_near(place.lon_deg, centre.lon_deg);
        let b = found.get_or_insert(GeoBox { west: lon, east: lon, south: place.lat_deg, north: place.lat_deg });
        b.west = b.west.min(lon);
        b.east = b.east.max(lon);
        b.south = b.south.min(place.lat_deg);
        b.north = b.north.max(place.lat_deg);
    }
    found.filter(|b| b.east > b.west && b.north > b.south)
}

/// A camera part of the way between two.
pub fn between(a: &Camera, b: &Camera, f: f64) -> Camera {
    let mix = |x: f64, y: f64| x + (y - x) * f;
    let turn = |x: f64, y: f64| x + seaglass_core::geo::wrap_180(y - x) * f;
    Camera {
        target: LonLat::new(turn(a.target.lon_deg, b.target.lon_deg), mix(a.target.lat_deg, b.target.lat_deg)),
        altitude_m: mix(a.altitude_m.ln(), b.altitude_m.ln()).exp(),
        heading_deg: turn(a.heading_deg, b.heading_deg),
        tilt_deg: mix(a.tilt_deg, b.tilt_deg),
        projection: b.projection,
    }
    .sanitized()
}

/// Whether a camera command is better shown as a flight than as a jump.
pub fn is_flight(command: &Command) -> bool {
    matches!(
        command,
        Command::Home
            | Command::NorthUp
            | Command::TopDown
            | Command::ZoomToLayer { .. }
            | Command::ZoomToNative { .. }
            | Command::LookAt { .. }
            | Command::StepCoincidence { .. }
            | Command::ViewBack
            | Command::ViewForward
            | Command::GoToBookmark { .. }
            | Command::Zoom { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flights_take_the_short_way_round() {
        let a = Camera { target: LonLat::new(170.0, 0.0), ..Camera::default() };
        let b = Camera { target: LonLat::new(-170.0, 0.0), altitude_m: 142_000.0, ..Camera::default() };
        let m = between(&a, &b, 0.5);
        assert!((m.target.lon_deg.abs() - 180.0).abs() < 1e-9);
        assert!((m.altitude_m - 1_420_000.0).abs() < 1.0);
    }
}
