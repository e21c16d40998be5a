//! The calendar of the timeline: a row of days, months or years, and a card of a whole month. Each period tells by
//! line and by the strength of its number whether all visible layers have data in it, some, or none.

use egui::{
    Align2, Color32, Popup, PopupCloseBehavior, Pos2, Rect, RectAlign, Response, Role, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo, pos2, vec2,
};
use seaglass_core::calendar::{Availability, Period, Unit, availability, month_index};
use seaglass_core::command::Command;
use seaglass_core::time::{Time, TimeSpan};
use seaglass_core::timeline::Anchor;

use super::Scale;
use crate::lang;
use crate::model::Model;
use crate::state::{Out, UiState};
use crate::theme::{Theme, theme};
use crate::widgets;

/// Height of the row.
pub const ROW: f32 = 24.0;
/// The panel has the row from this height on: three strips stay.
pub const FROM: f32 = 136.0;
const SHORT: [&str; 12] = [
    msg!("Jan"),
    msg!("Feb"),
    msg!("Mar"),
    msg!("Apr"),
    msg!("short" => "May"),
    msg!("Jun"),
    msg!("Jul"),
    msg!("Aug"),
    msg!("Sep"),
    msg!("Oct"),
    msg!("Nov"),
    msg!("Dec"),
];
const MONTHS: [&str; 12] = [
    msg!("January"),
    msg!("February"),
    msg!("March"),
    msg!("April"),
    msg!("May"),
    msg!("June"),
    msg!("July"),
    msg!("August"),
    msg!("September"),
    msg!("October"),
    msg!("November"),
    msg!("December"),
];
const CARD: f32 = 344.0;

/// Where the user has turned the pages to; the clock's page again when it moves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pages {
    /// Unit and page of the row, with the clock when it was turned.
    row: Option<(Unit, i64, Time)>,
    /// Month of the card, counted from year 0.
    card: Option<(i64, Time)>,
    /// First instant of a drag over days.
    held: Option<TimeSpan>,
}

/// The instant whose page is shown: the last the window holds, where the clock stands at its end. A click on the last
/// day of a month puts the clock at the first instant of the next.
fn seen(model: &Model) -> Time {
    let now = model.now();
    if model.session.project().timeline.anchor == Anchor::Trailing { now.plus_seconds(-1e-3) } else { now }
}

/// What there is in periods of the visible layers whose data have a time.
fn of_layers(periods: &[Period], model: &Model) -> Vec<Availability> {
    let layers = model.rows.iter().filter(|r| r.shown).filter_map(|row| {
        let collection = model.session.catalogue().collections.get(&row.collection)?;
        let mut spans = collection.with_field(&row.field_name).filter_map(|g| g.span).peekable();
        spans.peek().is_some().then_some(spans)
    });
    availability(periods, layers)
}

/// Shows the row: its page on the left, the periods on the right.
pub fn show(ui: &mut Ui, rect: Rect, labels: Rect, scale: &Scale, model: &Model, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    ui.painter().rect_filled(rect.union(labels), 0.0, t.c.surface_1);
    widgets::hairline(ui.painter(), t, rect.union(labels).x_range(), rect.top() + 0.5);
    ui.painter().vline(rect.left() - 0.5, rect.y_range(), Stroke::new(1.0, t.c.border_subtle));
    let now = model.now();
    let unit = Unit::for_seconds(scale.t1 - scale.t0);
    let turned = state.calendar.row.filter(|(u, _, at)| *u == unit && *at == now).map(|(_, page, _)| page);
    let Some(page) = turned.or_else(|| unit.page_of(seen(model))) else { return };
    if let Some(to) = header(ui, labels, unit, page) {
        state.calendar.row = Some((unit, to, now));
    }
    let periods = unit.periods(page);
    let found = of_layers(&periods, model);
    let width = rect.width() / periods.len().max(1) as f32;
    let cell = |k: usize| Rect::from_min_size(pos2(rect.left() + k as f32 * width, rect.top()), vec2(width, ROW));
    let painter = ui.painter().with_clip_rect(rect);
    for (k, (period, has)) in periods.iter().zip(&found).enumerate() {
        let area = cell(k);
        let name = number(unit, period);
        let response = ui.interact(area, ui.scope_id().with(("period", k)), Sense::click());
        describe(&response, &spoken(unit, page, period), *has);
        period_mark(&painter, t, area, &name, *has, response.hovered(), t.small());
        widgets::focus_ring(ui, &response, 4.0);
        if response.clicked() {
            go(unit, period, model, state, out);
        }
    }
    // The window, between and within the periods it covers.
    let window = model.session.project().timeline.window();
    let place = |at: Time| {
        let k = periods.partition_point(|p| p.span.stop <= at).min(periods.len().saturating_sub(1));
        let p = periods.get(k)?;
        let part = (at.seconds_since(p.span.start) / p.span.seconds()).clamp(0.0, 1.0);
        Some(rect.left() + (k as f32 + part as f32) * width)
    };
    let page_span = periods.first().zip(periods.last()).map(|(a, b)| a.span.union(&b.span));
    if let (Some(a), Some(b), true) =
        (place(window.start), place(window.stop), page_span.is_some_and(|p| p.intersects(&window)))
    {
        let box_ = Rect::from_x_y_ranges(a..=b.max(a + 3.0), (rect.top() + 2.5)..=(rect.bottom() - 2.5));
        painter.rect_stroke(box_, 4.0, Stroke::new(1.0, t.c.accent), StrokeKind::Inside);
    }
}

/// The name of the page between arrows, and the legend; answers the page turned to.
fn header(ui: &Ui, labels: Rect, unit: Unit, page: i64) -> Option<i64> {
    let t = theme(ui);
    let mut to = None;
    let y = labels.center().y;
    let arrow = |ui: &Ui, x: f32, icon: &str, name: &str| {
        let area = Rect::from_center_size(pos2(x, y), vec2(24.0, 24.0));
        let response = ui.interact(area, ui.scope_id().with(name), Sense::click());
        widgets::icon_button_at(ui, area, response, icon, name, false).clicked()
    };
    if arrow(ui, labels.left() + 18.0, "time_previous", tr!("Earlier in the calendar")) {
        to = Some(page - 1);
    }
    let name = page_name(unit, page);
    let end = widgets::line(ui.painter(), labels.left() + 32.0, y, &name, t.small(), t.c.text_1, 130.0);
    if arrow(ui, end + 14.0, "time_next", tr!("Later in the calendar")) {
        to = Some(page + 1);
    }
    let mut right = labels.right() - 12.0;
    for (word, colour) in [(tr!("some"), t.c.avail_some), (tr!("all"), t.c.avail_all)] {
        right = legend(ui, pos2(right, y), word, colour) - 10.0;
    }
    to
}

/// A dash and a word whose right end is at `at`; gives its left end.
fn legend(ui: &Ui, at: Pos2, word: &str, colour: Color32) -> f32 {
    let t = theme(ui);
    let galley = ui.painter().layout_no_wrap(word.to_owned(), t.small(), t.c.text_3);
    let left = at.x - galley.size().x;
    ui.painter().galley(pos2(left, (at.y - galley.size().y / 2.0).round()), galley, t.c.text_3);
    let dash = Rect::from_center_size(pos2(left - 10.0, at.y), vec2(10.0, 3.0));
    ui.painter().rect_filled(dash, 1.0, colour);
    dash.left()
}

fn page_name(unit: Unit, page: i64) -> String {
    use seaglass_core::calendar::YEARS;
    match unit {
        Unit::Day => format!("{} / {}", page.div_euclid(12), lang::t(MONTHS[page.rem_euclid(12) as usize])),
        Unit::Month => page.to_string(),
        Unit::Year => tr!("{} to {}", page * YEARS, page * YEARS + YEARS - 1),
    }
}

fn number(unit: Unit, period: &Period) -> String {
    match unit {
        Unit::Day => format!("{:02}", period.number),
        Unit::Month => lang::t(SHORT[(period.number - 1).rem_euclid(12) as usize]).to_owned(),
        Unit::Year => period.number.to_string(),
    }
}

fn spoken(unit: Unit, page: i64, period: &Period) -> String {
    match unit {
        Unit::Day => period.span.start.date_text(),
        Unit::Month => format!("{} {page}", lang::t(MONTHS[(period.number - 1).rem_euclid(12) as usize])),
        Unit::Year => tr!("Year {}", period.number),
    }
}

fn describe(response: &Response, name: &str, has: Availability) {
    let words = match has {
        Availability::All => tr!("all layers have data"),
        Availability::Some => tr!("some layers have data"),
        Availability::None => tr!("no data"),
    };
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, tr!("{name}: {words}")));
}

/// The number of a period over its line.
fn period_mark(
    painter: &egui::Painter,
    t: &Theme,
    area: Rect,
    name: &str,
    has: Availability,
    hovered: bool,
    font: egui::FontId,
) {
    if hovered {
        painter.rect_filled(area.shrink2(vec2(1.0, 2.0)), 4.0, t.c.hover);
    }
    let (ink, line) = match has {
        Availability::All => (t.c.text_1, Some(t.c.avail_all)),
        Availability::Some => (t.c.text_2, Some(t.c.avail_some)),
        Availability::None => (t.c.text_3.gamma_multiply(0.75), None),
    };
    painter.text(pos2(area.center().x, area.center().y - 1.0), Align2::CENTER_CENTER, name, font, ink);
    if let Some(colour) = line {
        let half = (area.width() / 2.0 - 2.5).clamp(3.0, 18.0);
        let (x, y) = (area.center().x, area.bottom() - 5.0);
        painter.rect_filled(Rect::from_x_y_ranges((x - half)..=(x + half), y..=(y + 3.0)), 1.0, colour);
    }
}

/// Goes to a period: the clock to the first or last instant that shows it; the axis too, where it is longer than a day.
fn go(unit: Unit, period: &Period, model: &Model, state: &mut UiState, out: &mut Out) {
    out.send(Command::SetTime { now: model.session.project().timeline.now_to_show(period.span) });
    if unit != Unit::Day {
        state.time_view = Some((period.span.start.unix_seconds(), period.span.stop.unix_seconds()));
    }
}

/// The button that opens the card of a month.
pub fn button(ui: &mut Ui, model: &Model, state: &mut UiState, out: &mut Out) {
    let response = widgets::icon_button(ui, "time_calendar", tr!("Calendar"), 28.0, false);
    let popup = Popup::menu(&response)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .align(RectAlign::TOP_END)
        .gap(8.0)
        .accessible_name(tr!("Calendar"));
    let shown = popup.show(|ui| card(ui, model, state, out));
    if shown.is_none() {
        state.calendar.card = None;
        state.calendar.held = None;
    }
}

fn card(ui: &mut Ui, model: &Model, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    let now = model.now();
    let turned = state.calendar.card.filter(|(_, at)| *at == now).map(|c| c.0);
    let Some(month) = turned.or_else(|| seen(model).civil().map(|c| month_index(c.0, c.1))) else { return };
    ui.spacing_mut().item_spacing.y = 0.0;
    let (card, _) = ui.allocate_exact_size(vec2(CARD, 268.0), Sense::hover());
    let area = card.shrink2(vec2(12.0, 8.0));
    let (year, left) = (month.div_euclid(12), area.left());
    widgets::line(ui.painter(), left, area.top() + 14.0, tr!("Availability"), t.strong(), t.c.text_1, 120.0);
    let mut turn = |to: i64| state.calendar.card = Some((to, now));
    // Years: the one shown between its neighbours.
    for k in 0..3 {
        let y = year - 1 + k;
        let cell = Rect::from_min_size(pos2(area.right() - 180.0 + k as f32 * 60.0, area.top()), vec2(56.0, 28.0));
        if choice(ui, cell, &y.to_string(), &tr!("Year {y}"), k == 1, None) {
            turn(y * 12 + month.rem_euclid(12));
        }
    }
    let months = Unit::Month.periods(year);
    let width = area.width() / 12.0;
    for (k, (period, has)) in months.iter().zip(of_layers(&months, model)).enumerate() {
        let cell = Rect::from_min_size(pos2(left + k as f32 * width, area.top() + 34.0), vec2(width, 26.0));
        let name = number(Unit::Month, period);
        let on = k as i64 == month.rem_euclid(12);
        if choice(ui, cell, &name, &spoken(Unit::Month, year, period), on, Some(has)) {
            turn(year * 12 + k as i64);
        }
    }
    let days = Rect::from_min_max(pos2(left, area.top() + 66.0), pos2(area.right(), area.bottom() - 24.0));
    month_of_days(ui, days, month, model, state, out);
    let y = area.bottom() - 8.0;
    let end = legend(ui, pos2(left + 76.0, y), tr!("All layers"), t.c.avail_all) + 76.0;
    legend(ui, pos2(end + 66.0, y), tr!("Some"), t.c.avail_some);
    let words = ui.painter().layout_no_wrap(tr!("Times in UTC").to_owned(), t.small(), t.c.text_3);
    ui.painter().galley(pos2(area.right() - words.size().x, y - words.size().y / 2.0), words, t.c.text_3);
}

/// A year or a month to choose.
fn choice(ui: &Ui, cell: Rect, name: &str, label: &str, on: bool, has: Option<Availability>) -> bool {
    let t = theme(ui);
    let response = ui.interact(cell, ui.scope_id().with(("calendar", label)), Sense::click());
    match has {
        Some(has) => describe(&response, label, has),
        None => widgets::describe(&response, Role::Button, label),
    }
    if on {
        ui.painter().rect_filled(cell, 4.0, t.c.pressed);
    }
    let font = if on { t.strong() } else { t.small() };
    let shown = has.unwrap_or(Availability::Some);
    if has.is_some() {
        period_mark(ui.painter(), t, cell, name, shown, response.hovered(), font);
    } else {
        let ink = if on { t.c.text_1 } else { t.c.text_2 };
        ui.painter().text(cell.center(), Align2::CENTER_CENTER, name, font, ink);
    }
    widgets::focus_ring(ui, &response, 4.0);
    response.clicked()
}

/// The days of a month under the names of the week, Monday first. A click goes to a day, a drag sets the window to
/// the days it covers.
fn month_of_days(ui: &Ui, area: Rect, month: i64, model: &Model, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    let width = area.width() / 7.0;
    let column = |k: usize| area.left() + k as f32 * width;
    for (k, name) in
        [tr!("Mon"), tr!("Tue"), tr!("Wed"), tr!("Thu"), tr!("Fri"), tr!("Sat"), tr!("Sun")].into_iter().enumerate()
    {
        let at = pos2(column(k) + width / 2.0, area.top() + 10.0);
        ui.painter().text(at, Align2::CENTER_CENTER, name, t.small(), t.c.text_3);
    }
    let days = Unit::Day.periods(month);
    let Some(first) = days.first() else { return };
    // 1970-01-01 was a Thursday, three days after a Monday.
    let weekday = ((first.span.start.unix_seconds() / 86_400.0).round() as i64 + 3).rem_euclid(7) as usize;
    let window = model.session.project().timeline.window();
    let row = (area.height() - 20.0) / 6.0;
    let (pointer, released) = ui.input(|i| (i.pointer.interact_pos(), i.pointer.any_released()));
    for (k, (day, has)) in days.iter().zip(of_layers(&days, model)).enumerate() {
        let place = weekday + k;
        let corner = pos2(column(place % 7), area.top() + 20.0 + (place / 7) as f32 * row);
        let cell = Rect::from_min_size(corner, vec2(width, row)).shrink2(vec2(2.0, 1.0));
        let response = ui.interact(cell, ui.scope_id().with(("day", month, k)), Sense::click_and_drag());
        describe(&response, &day.span.start.date_text(), has);
        let held = state.calendar.held.map(|a| a.union(&day.span));
        period_mark(ui.painter(), t, cell, &day.number.to_string(), has, response.hovered(), t.body());
        if window.start < day.span.stop && window.stop > day.span.start {
            ui.painter().rect_stroke(cell, 4.0, Stroke::new(1.0, t.c.accent), StrokeKind::Inside);
        }
        widgets::focus_ring(ui, &response, 4.0);
        if response.drag_started() {
            state.calendar.held = Some(day.span);
        }
        if response.clicked() {
            go(Unit::Day, day, model, state, out);
        } else if let Some(days) =
            held.filter(|_| pointer.is_some_and(|p| cell.contains(p)) && !response.drag_started())
        {
            span_window(days, model, out);
        }
    }
    if released {
        state.calendar.held = None;
    }
}

/// Sets the window to whole days, where it is not that already.
fn span_window(days: TimeSpan, model: &Model, out: &mut Out) {
    let mut timeline = model.session.project().timeline.clone();
    let window_s = days.seconds();
    if (timeline.window_s - window_s).abs() > 0.5 || timeline.offsets_s.is_some() {
        out.send(Command::SetWindow { window_s });
        timeline.window_s = window_s;
        timeline.offsets_s = None;
    }
    // A window as long as the days asked for begins and ends with them.
    let now = match timeline.anchor {
        Anchor::Trailing => days.stop,
        Anchor::Leading => days.start,
        Anchor::Centred => days.middle(),
    };
    if now != timeline.now {
        out.send(Command::SetTime { now });
    }
}
