//! Short messages bottom right above the timeline: at most three, errors stay until closed.

use std::path::PathBuf;

use egui::{Area, Id, Order, Rect, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use seaglass_host::{Action as Remedy, Level as HostLevel, Notice};

use crate::lang;
use crate::placing::{EDGE, Taken};
use crate::state::{Action, Out};
use crate::theme::Theme;
use crate::widgets;

/// Messages shown at a time.
const MOST: usize = 3;

/// How serious a toast is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Good to know.
    Info,
    /// Done.
    Success,
    /// Something was left out.
    Warning,
    /// Something failed; stays.
    Error,
}

/// One message.
#[derive(Clone, Debug)]
pub struct Toast {
    /// How serious.
    pub level: Level,
    /// One sentence.
    pub text: String,
    /// File it is about; errors with one offer details.
    pub file: Option<PathBuf>,
    /// The file can be read again.
    pub retry: bool,
    /// Something else that can be done about it, and what its link says. Such a message stays.
    pub offer: Option<(&'static str, Action)>,
    /// How often it came.
    pub count: usize,
    born: Option<f64>,
    id: u64,
}

/// All messages.
#[derive(Clone, Debug, Default)]
pub struct Toasts {
    list: Vec<Toast>,
    next: u64,
    /// Of so many messages in a view so high, how many had room.
    fitted: ([usize; 2], usize),
}

impl Toasts {
    /// Adds a message; the same text again counts up instead.
    pub fn push(&mut self, level: Level, text: impl Into<String>, file: Option<PathBuf>) {
        let text = text.into();
        if let Some(same) = self.list.iter_mut().find(|t| t.text == text && t.level == level && t.file == file) {
            same.count += 1;
            same.born = None;
            return;
        }
        self.next += 1;
        self.list.push(Toast { level, text, file, retry: false, offer: None, count: 1, born: None, id: self.next });
        if self.list.len() > 30 {
            self.list.remove(0);
        }
    }

    /// Adds a message with something to be done about it; it stays until that is done or it is closed.
    pub fn offer(&mut self, text: &str, label: &'static str, action: Action) {
        self.push(Level::Warning, text, None);
        if let Some(toast) = self.list.iter_mut().find(|t| t.text == text) {
            toast.offer = Some((label, action));
        }
    }

    /// Adds an error of a file that can be read again.
    pub fn push_retry(&mut self, level: Level, text: impl Into<String>, file: PathBuf) {
        let text = text.into();
        self.push(level, text.clone(), Some(file.clone()));
        let about = |t: &&mut Toast| t.text == text && t.file.as_ref() == Some(&file);
        if let Some(toast) = self.list.iter_mut().rev().find(about) {
            toast.retry = true;
        }
    }

    /// Adds what the host says.
    pub fn notice(&mut self, n: Notice) {
        let level = match n.level {
            HostLevel::Info => Level::Info,
            HostLevel::Warning => Level::Warning,
            HostLevel::Error => Level::Error,
        };
        match n.action {
            Some(Remedy::TryAgain(file)) => self.push_retry(level, n.text, file),
            None => self.push(level, n.text, n.file),
        }
    }

    /// Messages waiting or shown.
    pub fn list(&self) -> &[Toast] {
        &self.list
    }

    /// Shows the newest three bottom right in `area`, above the cards there; the others wait behind a count. In a
    /// `presentation` only errors are shown; the others pass as if they had been.
    pub fn show(&mut self, ctx: &egui::Context, area: Rect, presentation: bool, taken: &mut Taken, out: &mut Out) {
        let (shown, silent) = std::mem::take(&mut self.list)
            .into_iter()
            .partition::<Vec<_>, _>(|t| !presentation || t.level == Level::Error);
        self.list = shown;
        self.show_all(ctx, area, taken, out);
        let (now, dark) = (ctx.input(|i| i.time), ctx.global_style().visuals.dark_mode);
        let life = f64::from(Theme::get(dark).motion.toast_life) / 1000.0;
        self.list.extend(silent);
        if presentation {
            self.list.retain_mut(|t| t.level == Level::Error || now - *t.born.get_or_insert(now) < life);
            self.list.sort_by_key(|t| t.id);
        }
    }

    fn show_all(&mut self, ctx: &egui::Context, area: Rect, taken: &mut Taken, out: &mut Out) {
        let t = Theme::get(ctx.global_style().visuals.dark_mode);
        let now = ctx.input(|i| i.time);
        let life = f64::from(t.motion.toast_life) / 1000.0;
        let mut closed = Vec::new();
        let (right, mut bottom) = (area.right() - EDGE, area.bottom() - EDGE);
        let top = area.top() + EDGE;
        // How many find room is known from the frame before; a changed list is tried anew.
        let case = [self.list.len(), area.height() as usize];
        let fitted = if self.fitted.0 == case { self.fitted.1 } else { MOST };
        let waiting = self.list.len().saturating_sub(fitted);
        let size_of = |id: u64| {
            let height = ctx.data(|d| d.get_temp::<f32>(Id::unique(("toast", id)))).unwrap_or(44.0);
            vec2(t.size.toast.min(area.width() - 2.0 * EDGE), height)
        };
        let newest = self.list.last().map(|t| size_of(t.id));
        // A count alone would say nothing: the newest message comes first.
        let both = newest.is_some_and(|size| {
            let mut taken = taken.clone();
            let count = taken.stack_up(right, bottom, top, COUNT, EDGE.min(8.0));
            count.is_some_and(|rect| {
                taken.add("toast count", rect);
                taken.stack_up(right, rect.top() - 8.0, top, size, EDGE).is_some()
            })
        });
        if waiting > 0 && both {
            // The count lies undermost, so that messages take what room is left.
            let (all, height) = more(ctx, t, taken, pos2(right, bottom), top, waiting);
            if all {
                closed.extend(self.list.iter().map(|t| t.id));
            }
            bottom -= height;
        }
        let mut shown = 0;
        for toast in self.list.iter_mut().rev().take(MOST.min(fitted.max(1))) {
            let id = Id::unique(("toast", toast.id));
            let size = size_of(toast.id);
            let height = size.y;
            let rect = match taken.stack_up(right, bottom, top, size, EDGE) {
                Some(rect) => rect,
                // Where cards leave no room at all, the newest lies over them.
                None if shown == 0 => Rect::from_min_size(pos2(right, area.bottom() - EDGE) - size, size),
                None => break,
            };
            shown += 1;
            let born = *toast.born.get_or_insert(now);
            if toast.level != Level::Error && toast.offer.is_none() {
                let left = life - (now - born);
                if left <= 0.0 {
                    closed.push(toast.id);
                    continue;
                }
                ctx.request_repaint_after_secs(left as f32 + 0.02);
            }
            let area = Area::new(id).order(Order::Foreground).fixed_pos(rect.min);
            let response = area.show(ctx, |ui| one(ui, t, toast, size.x, out));
            let real = response.response.rect.height();
            if (real - height).abs() > 0.5 {
                // Measured now; the next frame puts it where it belongs.
                ctx.data_mut(|d| d.insert_temp(id, real));
                ctx.request_repaint();
            }
            if response.inner {
                closed.push(toast.id);
            }
            taken.add("toast", rect);
            bottom = rect.top() - 8.0;
        }
        if shown < fitted.min(self.list.len()) {
            ctx.request_repaint();
        }
        self.fitted = (case, shown);
        let waiting = self.list.len() - shown;
        self.list.retain(|t| !closed.contains(&t.id));
        // Errors wait their turn; everything else that waits is as old as if it had been shown.
        for toast in self.list.iter_mut().take(waiting).filter(|t| t.level != Level::Error && t.offer.is_none()) {
            toast.born.get_or_insert(now);
        }
    }
}

/// Size of the count.
const COUNT: egui::Vec2 = vec2(190.0, 28.0);

/// How many wait, and the way to be rid of all at once: whether that is wanted, and the height taken above `corner`.
fn more(
    ctx: &egui::Context,
    t: &Theme,
    taken: &mut Taken,
    corner: egui::Pos2,
    top: f32,
    waiting: usize,
) -> (bool, f32) {
    let size = COUNT;
    let Some(rect) = taken.stack_up(corner.x, corner.y, top, size, EDGE.min(8.0)) else { return (false, 0.0) };
    taken.add("toast count", rect);
    let area = Area::new(Id::unique("toast count")).order(Order::Foreground).fixed_pos(rect.min);
    let wanted = area.show(ctx, |ui| {
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        let words = tr!("{waiting} more");
        response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Label, true, &words));
        ui.painter().add(t.popover_shadow().as_shape(rect, 8.0));
        ui.painter().rect(rect, 8.0, t.c.surface_3, Stroke::new(1.0, t.c.border), StrokeKind::Inside);
        widgets::line(ui.painter(), rect.left() + 12.0, rect.center().y, &words, t.body(), t.c.text_2, 80.0);
        let at = pos2(rect.right() - 12.0, rect.center().y);
        widgets::link_at(ui, at, tr!("Dismiss all"), ui.scope_id().with("all"), tr!("Dismiss all messages")).clicked()
    });
    (wanted.inner, corner.y - rect.top() + 8.0)
}

/// The sentence with the file's name before it, unless it has the name already.
fn sentence(toast: &Toast) -> String {
    let name = toast.file.as_ref().and_then(|f| f.file_name()).map(|n| n.to_string_lossy());
    let said = lang::sentence(&toast.text);
    let mut text = match name.filter(|n| !toast.text.contains(n.as_ref())) {
        Some(name) => tr!("{name}: {said}"),
        None => said.into_owned(),
    };
    if toast.count > 1 {
        text.push_str(&tr!(" ({} times)", toast.count));
    }
    text
}

/// Shows one; true when it is to be closed.
fn one(ui: &mut Ui, t: &Theme, toast: &Toast, width: f32, out: &mut Out) -> bool {
    let (ink, icon) = match toast.level {
        Level::Info => (t.c.info, "status_info"),
        Level::Success => (t.c.success, "status_ok"),
        Level::Warning => (t.c.warning, "status_warning"),
        Level::Error => (t.c.error, "status_error"),
    };
    let details = toast.level == Level::Error && toast.file.is_some();
    let text = sentence(toast);
    let retry = toast.file.as_ref().filter(|_| toast.retry);
    let action = if details { 62.0 } else { 0.0 } + if retry.is_some() { 72.0 } else { 0.0 };
    let action = action + if toast.offer.is_some() { 88.0 } else { 0.0 };
    let galley = ui.painter().layout(text.clone(), t.body(), t.c.text_1, width - 44.0 - 36.0 - action);
    let height = (galley.size().y + 24.0).max(44.0);
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Label, true, &text));
    ui.painter().add(t.popover_shadow().as_shape(rect, 8.0));
    ui.painter().rect(rect, 8.0, t.c.surface_3, Stroke::new(1.0, t.c.border), StrokeKind::Inside);
    let edge = Rect::from_min_size(rect.min + vec2(1.0, 8.0), vec2(3.0, rect.height() - 16.0));
    ui.painter().rect_filled(edge, 1.5, ink);
    widgets::icon(ui.painter(), pos2(rect.left() + 24.0, rect.center().y), icon, 18.0, ink);
    ui.painter().galley(
        pos2(rect.left() + 44.0, (rect.center().y - galley.size().y / 2.0).round()),
        galley,
        t.c.text_1,
    );
    let mut close = false;
    let mut at = pos2(rect.right() - 40.0, rect.center().y);
    if let Some((label, action)) = &toast.offer {
        let link = widgets::link_at(ui, at, label, ui.scope_id().with("offer"), label);
        at.x = link.rect.left() - 12.0;
        if link.clicked() {
            out.act(action.clone());
            close = true;
        }
    }
    if let Some(file) = retry {
        let link = widgets::link_at(ui, at, tr!("Try again"), ui.scope_id().with("try again"), tr!("Try again"));
        at.x = link.rect.left() - 12.0;
        if link.clicked() {
            out.act(Action::TryAgain(file.clone()));
            close = true;
        }
    }
    if details && widgets::link_at(ui, at, tr!("Details"), ui.scope_id().with("details"), tr!("Details")).clicked() {
        if let Some(file) = &toast.file {
            out.act(Action::FailureDetails(file.clone()));
        }
        close = true;
    }
    let cell = Rect::from_center_size(pos2(rect.right() - 20.0, rect.center().y), vec2(24.0, 24.0));
    let response = ui.interact(cell, ui.scope_id().with("close"), Sense::click());
    close | widgets::icon_button_at(ui, cell, response, "close", tr!("Close message"), false).clicked()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_once() {
        let toast = |text: &str| {
            let mut toasts = Toasts::default();
            toasts.push(Level::Error, text, Some("/d/a.nc".into()));
            sentence(&toasts.list()[0])
        };
        assert_eq!(toast("It is not a NetCDF file."), "a.nc: It is not a NetCDF file.");
        assert_eq!(toast("a.nc is cut off after 12 bytes."), "a.nc is cut off after 12 bytes.");
    }

    #[test]
    fn the_same_again_counts() {
        let mut toasts = Toasts::default();
        for _ in 0..3 {
            toasts.push(Level::Info, "Copied 1, 2", None);
        }
        let mut errors = Toasts::default();
        for name in ["/a.nc", "/b.nc", "/a.nc"] {
            errors.push(Level::Error, "It is cut off.", Some(name.into()));
        }
        assert_eq!(errors.list().len(), 2, "each file keeps its own details");
        assert_eq!((toasts.list().len(), sentence(&toasts.list()[0])), (1, "Copied 1, 2 (3 times)".to_owned()));
    }
}
