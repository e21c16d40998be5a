//! The line between controls and plots: how far the matching is, what it waits for, what came of it.

use egui::{Role, Sense, Ui, pos2, vec2};
use seaglass_core::command::Command;
use seaglass_host::colocate::{Stage, View, units};

use crate::lang;
use crate::state::Out;
use crate::text;
use crate::theme::theme;
use crate::widgets;

/// One line of how it stands; the action it offers.
struct Line {
    icon: &'static str,
    ink: egui::Color32,
    words: String,
    right: String,
    action: Option<(&'static str, Command)>,
    /// Share done; nothing when nobody knows.
    share: Option<f32>,
}

/// Shows the line.
pub fn show(ui: &mut Ui, view: &View, out: &mut Out) {
    let t = theme(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), t.size.control), Sense::hover());
    let nothing = view.missing.is_none() && view.stage == Stage::Idle;
    let line = if nothing {
        Some(plain("status_info", t.c.info, tr!("Choose two layers to compare.").to_owned()))
    } else {
        line_of(view, &t.c)
    };
    let Some(line) = line else { return };
    let y = rect.center().y;
    widgets::icon(ui.painter(), pos2(rect.left() + 8.0, y), line.icon, 16.0, line.ink);
    let mut right = rect.right();
    if let Some((label, command)) = line.action {
        let id = ui.scope_id().with("state action");
        let response = widgets::link_at(ui, pos2(rect.right(), y), label, id, label);
        right = response.rect.left() - 8.0;
        if response.clicked() {
            out.send(command);
        }
    } else if !line.right.is_empty() {
        let galley = ui.painter().layout_no_wrap(line.right.clone(), t.small(), t.c.text_3);
        right = rect.right() - galley.size().x;
        ui.painter().galley(pos2(right, (y - galley.size().y / 2.0).round()), galley, t.c.text_3);
        right -= 8.0;
    }
    let left = rect.left() + 22.0;
    widgets::line(ui.painter(), left, y, &line.words, t.body(), t.c.text_2, right - left);
    let whole = ui.interact(rect.with_max_x(right), ui.scope_id().with("state"), Sense::hover());
    widgets::describe(&whole, Role::Label, &line.words);
    whole.on_hover_text(line.words);
    if line.icon == "status_busy" {
        ui.ctx().request_repaint_after_secs(0.1);
    }
    if let Some(share) = line.share {
        let y = rect.bottom() - 1.0;
        ui.painter().hline(rect.x_range(), y, egui::Stroke::new(2.0, t.c.border));
        let end = rect.left() + rect.width() * share.clamp(0.0, 1.0);
        ui.painter().hline(rect.left()..=end, y, egui::Stroke::new(2.0, t.c.accent));
    }
}

fn plain(icon: &'static str, ink: egui::Color32, words: String) -> Line {
    Line { icon, ink, words, right: String::new(), action: None, share: None }
}

fn line_of(view: &View, c: &crate::theme::Palette) -> Option<Line> {
    let cancel = Some((tr!("Cancel"), Command::CancelColocation));
    let busy = |words: String, share: f32| Line {
        action: cancel.clone(),
        share: Some(share),
        ..plain("status_busy", c.accent, words)
    };
    if let Some((path, share)) = &view.exporting {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        return Some(busy(tr!("Writing {name}"), *share));
    }
    if let Some(why) = &view.missing {
        return Some(plain("status_info", c.info, lang::sentence(why).into_owned()));
    }
    let part = |done: f64, total: f64| (done / total.max(1.0)) as f32;
    Some(match &view.stage {
        Stage::Idle => return None,
        Stage::Looking { done, total } => {
            busy(tr!("Looking into files, {done} of {total}"), part(*done as f64, *total as f64))
        }
        Stage::Reading { total: 0, .. } => Line { share: None, ..busy(tr!("Reading values").to_owned(), 0.0) },
        Stage::Reading { done, total } => {
            let share = part(*done as f64, *total as f64);
            let words = tr!(
                "Reading {:.0}{}%, {} of {}",
                share.min(1.0) * 100.0,
                text::THIN,
                units::size_text(*done),
                units::size_text(*total)
            );
            busy(words, share)
        }
        Stage::Matching { done, total, pairs } => {
            let share = part(*done as f64, *total as f64).min(1.0);
            let words = if *total == 0 {
                tr!("Matching").to_owned()
            } else {
                tr!("Matching {:.0}{}%", share * 100.0, text::THIN)
            };
            let words = match pairs {
                Some(n) => trn!(*n, "{words}, {} pairs so far", "{words}, {} pairs so far", text::count(*n)),
                None => words,
            };
            Line { share: (*total > 0).then_some(share), ..busy(words, 0.0) }
        }
        Stage::Estimate { seconds, bytes } => Line {
            action: Some((tr!("Run"), Command::RunColocation)),
            ..plain(
                "time_nearest",
                c.text_2,
                tr!("About {}, {} to read", text::duration(seconds.max(2.0)), units::size_text(*bytes)),
            )
        },
        Stage::Stopped => Line {
            action: Some((tr!("Run"), Command::RunColocation)),
            ..plain("status_info", c.info, tr!("Stopped").to_owned())
        },
        Stage::Failed(why) => plain("status_error", c.error, lang::sentence(why).into_owned()),
        Stage::Done => done_line(view, c)?,
    })
}

fn done_line(view: &View, c: &crate::theme::Palette) -> Option<Line> {
    let found = view.found.as_ref()?;
    let n = found.granules as u64;
    let (count, s, thin) = (text::count(n), found.took_s, text::THIN);
    let granules = trn!(n, "{count} granule in {s:.1}{thin}s", "{count} granules in {s:.1}{thin}s");
    let filtered = found.data.filtered();
    let granules = if filtered > 0 {
        {
            let rows = text::count(filtered);
            trn!(filtered, "{granules}, {rows} rows filtered", "{granules}, {rows} rows filtered")
        }
    } else {
        granules
    };
    let (icon, ink, words) = if found.failed > 0 {
        (
            "status_warning",
            c.warning,
            trn!(found.failed, "{granules}, {} file left out", "{granules}, {} files left out", found.failed),
        )
    } else if found.pairs.is_empty() {
        ("status_info", c.info, tr!("No pairs").to_owned())
    } else if let Some(why) = mixed(found.ask.sides.each_ref().map(|s| s.unit.label.as_str())) {
        ("status_warning", c.warning, why)
    } else {
        ("status_ok", c.success, granules)
    };
    let day = |t: seaglass_core::time::Time| t.date_text().get(5..).unwrap_or_default().to_owned();
    let right = found.span.map_or_else(String::new, |s| {
        let (a, b) = (day(s.start), day(s.stop));
        if a == b { s.start.date_text() } else { tr!("{a} to {b}") }
    });
    Some(Line { icon, ink, words, right, action: None, share: None })
}

/// What is said where values of two units are compared: the numbers are subtracted as they are.
fn mixed([reference, compared]: [&str; 2]) -> Option<String> {
    let named = |unit: &str| if unit.is_empty() { tr!("no unit").to_owned() } else { unit.to_owned() };
    (reference != compared)
        .then(|| tr!("Different units, {} and {}: numbers compared as they are", named(compared), named(reference)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_that_differ_are_said() {
        assert_eq!(mixed(["m", "m"]), None);
        assert_eq!(mixed(["", ""]), None);
        let said = mixed(["m", "cm"]).unwrap();
        assert!(said.contains("cm and m"), "{said}");
        assert!(mixed(["°C", ""]).unwrap().contains("no unit and °C"));
    }

    #[test]
    fn reading_says_how_far_it_is() {
        let palette = &crate::theme::Theme::get(true).c;
        let said = |stage| line_of(&View { stage, ..View::default() }, palette).unwrap();
        let line = said(Stage::Reading { done: 1_000_000, total: 4_000_000 });
        assert_eq!(line.words, "Reading 25\u{a0}%, 1.0 MB of 4.0 MB");
        assert_eq!(line.share, Some(0.25));
        assert!(line.action.is_some_and(|a| a.0 == "Cancel"));
        assert_eq!(said(Stage::Reading { done: 0, total: 0 }).share, None, "nobody knows yet");
        let line = said(Stage::Matching { done: 3, total: 4, pairs: Some(264) });
        assert_eq!((line.words.as_str(), line.share), ("Matching 75\u{a0}%, 264 pairs so far", Some(0.75)));
        let line = said(Stage::Matching { done: 0, total: 0, pairs: None });
        assert_eq!((line.words.as_str(), line.share), ("Matching", None), "never Reading 100 %");
    }
}
