//! The calendar: its row in the timeline and the card of a month.

use egui_kittest::kittest::Queryable;
use seaglass_core::command::Command;
use seaglass_core::time::Time;
use seaglass_core::timeline::Anchor;

use crate::world::World;

fn time(text: &str) -> Time {
    Time::parse(text).unwrap()
}

#[test]
fn the_row_tells_the_days_with_data_and_goes_to_them() {
    // SWOT on the 11th and 12th, SST on the 11th alone.
    let mut h = World::with_data().harness(1440.0, 900.0, true);
    h.run_ok();
    for (day, words) in [("10", "no data"), ("11", "all layers have data"), ("12", "some layers have data")] {
        assert!(h.query_by_label(&format!("2024-08-{day}: {words}")).is_some(), "{day}");
    }
    h.get_by_label("2024-08-12: some layers have data").click();
    h.run_ok();
    let timeline = &h.state().session.project().timeline;
    assert_eq!(timeline.anchor, Anchor::Trailing);
    let window = timeline.window();
    assert_eq!((window.start, window.stop), (time("2024-08-12"), time("2024-08-13")), "the day is the window");
    // A hidden layer is not asked for.
    let sst = h.state().id("sst");
    let hide = Command::ShowLayer { layer: sst, visible: false };
    h.state_mut().session.apply(&hide).unwrap();
    h.run_ok();
    assert!(h.query_by_label("2024-08-12: all layers have data").is_some());
}

#[test]
fn the_last_day_of_a_month_stays_on_its_page_and_pages_turn() {
    let mut h = World::with_data().harness(1440.0, 900.0, true);
    h.run_ok();
    h.get_by_label("2024-08-31: no data").click();
    h.run_ok();
    assert_eq!(h.state().session.project().timeline.now, time("2024-09-01"));
    assert!(h.query_by_label("2024-08-31: no data").is_some(), "August is still shown");
    h.get_by_label("Later in the calendar").click();
    h.run_ok();
    assert!(h.query_by_label("2024-09-30: no data").is_some());
    h.get_by_label("2024-09-03: no data").click();
    h.run_ok();
    assert_eq!(h.state().session.project().timeline.now, time("2024-09-04"));
}

#[test]
fn the_card_has_months_and_a_drag_sets_the_window() {
    let mut h = World::with_data().harness(1440.0, 900.0, true);
    h.run_ok();
    h.get_by_label("Calendar").click();
    h.run_ok();
    assert!(h.query_by_label("August 2024: all layers have data").is_some());
    // The card covers nothing of the row: both name the day.
    let days: Vec<egui::Rect> = h.query_all_by_label("2024-08-11: all layers have data").map(|n| n.rect()).collect();
    assert_eq!(days.len(), 2);
    let card = |h: &egui_kittest::Harness<'_, World>, label: &str| {
        let all = h.query_all_by_label(label).map(|n| n.rect());
        all.min_by(|a, b| a.top().total_cmp(&b.top())).expect("a day of the card").center()
    };
    let (from, to) = (card(&h, "2024-08-06: no data"), card(&h, "2024-08-09: no data"));
    h.drag_at(from);
    h.step();
    for part in [0.3, 0.7, 1.0] {
        h.hover_at(from + (to - from) * part);
        h.step();
    }
    h.drop_at(to);
    h.run_ok();
    let window = h.state().session.project().timeline.window();
    assert_eq!((window.start, window.stop), (time("2024-08-06"), time("2024-08-10")));
    h.get_by_label("July 2024: no data").click();
    h.run_ok();
    assert!(h.query_by_label("2024-07-04: no data").is_some(), "a month chosen is shown, the clock stays");
    assert_eq!(h.state().session.project().timeline.now, time("2024-08-10"));
}
