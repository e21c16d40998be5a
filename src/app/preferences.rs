//! Preferences: theme, units, form of coordinates, size of the interface, budgets of memory. Everything takes effect at
//! once and is kept in the settings of this user.

use egui::{Id, Modal, Role, Ui, vec2};
use seaglass_core::format::{AngleForm, Speed, Temperature, Units};
use seaglass_host::Host;
use serde::{Deserialize, Serialize};

use crate::lang;
use crate::state::{Action, Out, UiState};
use crate::style_panel::labelled;
use crate::theme::{Theme, theme};
use crate::viewport::Viewport;
use crate::widgets;

/// Sizes of the interface offered.
const SCALES: [(f32, &str); 6] =
    [(0.8, "80 %"), (1.0, "100 %"), (1.25, "125 %"), (1.5, "150 %"), (1.75, "175 %"), (2.0, "200 %")];
/// Sizes that can be set in the file.
const SCALE_RANGE: [f32; 2] = [0.5, 2.0];
/// Budgets offered, MiB.
const BUDGETS: [(u32, &str); 6] = [
    (256, msg!("256 MB")),
    (512, msg!("512 MB")),
    (1024, msg!("1 GB")),
    (2048, msg!("2 GB")),
    (4096, msg!("4 GB")),
    (8192, msg!("8 GB")),
];
/// Budgets that can be set in the file, MiB.
const BUDGET_RANGE: [u32; 2] = [128, 65_536];

/// Windows of this height show the whole dialog; in lower ones it scrolls.
const TALL: f32 = 700.0;

/// Units, sizes and budgets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// `system`, `en`, `fr`, or the name of a message file of the user.
    pub language: String,
    /// What values are shown in.
    pub units: Units,
    /// Size of the interface; 1 is the system's.
    pub scale: f32,
    /// Data on the graphics device, MiB.
    pub gpu_mib: u32,
    /// Positions of data in memory, MiB.
    pub memory_mib: u32,
}

impl Default for Preferences {
    fn default() -> Self {
        Self { language: lang::SYSTEM.to_owned(), units: Units::default(), scale: 1.0, gpu_mib: 1024, memory_mib: 1024 }
    }
}

impl Preferences {
    /// Everything in its range: the file may be edited by hand.
    #[must_use]
    pub fn sensible(self) -> Self {
        let scale = if self.scale.is_finite() { self.scale.clamp(SCALE_RANGE[0], SCALE_RANGE[1]) } else { 1.0 };
        let budget = |mib: u32| mib.clamp(BUDGET_RANGE[0], BUDGET_RANGE[1]);
        Self { scale, gpu_mib: budget(self.gpu_mib), memory_mib: budget(self.memory_mib), ..self }
    }

    /// Bytes of data on the graphics device, and of positions in memory.
    pub fn budgets(&self) -> (u64, u64) {
        (u64::from(self.gpu_mib) << 20, u64::from(self.memory_mib) << 20)
    }
}

/// Lets preferences that have changed take effect; true when the picture has to be drawn anew. Keys of the interface
/// (Ctrl and plus) change its size as well: that is a preference, too.
pub fn apply(ctx: &egui::Context, state: &mut UiState, viewport: Option<&mut Viewport>, host: &mut Host) -> bool {
    let Some(before) = &state.applied else {
        ctx.set_zoom_factor(state.preferences.scale);
        return set(state, viewport, host);
    };
    if before.scale != state.preferences.scale {
        ctx.set_zoom_factor(state.preferences.scale);
    } else if (ctx.zoom_factor() - before.scale).abs() > 1e-3 {
        state.preferences.scale = ctx.zoom_factor();
    }
    if *before == state.preferences {
        return false;
    }
    ctx.request_repaint();
    set(state, viewport, host)
}

fn set(state: &mut UiState, viewport: Option<&mut Viewport>, host: &mut Host) -> bool {
    let (gpu, memory) = state.preferences.budgets();
    if let Some(viewport) = viewport {
        viewport.renderer().set_tile_budget(gpu);
    }
    host.set_positions_budget(memory);
    state.preferences.units.set();
    lang::set_everywhere(&state.preferences.language);
    state.applied = Some(state.preferences.clone());
    true
}

/// Shows the dialog while it is open.
pub fn dialog(ctx: &egui::Context, state: &mut UiState, out: &mut Out) {
    if !state.preferences_open {
        return;
    }
    let t = Theme::get(ctx.global_style().visuals.dark_mode);
    let mut done = false;
    let modal = Modal::new(Id::unique("preferences")).frame(t.popover(12).inner_margin(20)).show(ctx, |ui| {
        ui.set_width(440.0f32.min(ctx.content_rect().width() - 80.0));
        ui.spacing_mut().item_spacing = vec2(8.0, 8.0);
        ui.label(egui::RichText::new(tr!("Preferences")).font(t.clock()).color(t.c.text_1));
        let mut all = |ui: &mut Ui| {
            appearance(ui, state, out);
            units(ui, state);
            memory(ui, state);
        };
        let room = ctx.content_rect().height();
        if room >= TALL {
            all(ui);
        } else {
            let room = room - 256.0;
            egui::ScrollArea::vertical().max_height(room).min_scrolled_height(room).show(ui, |ui| {
                ui.set_min_width(ui.available_width());
                all(ui);
            });
        }
        ui.add_space(4.0);
        ui.horizontal(|ui| {
            done = widgets::button(ui, tr!("Close"), None, true).clicked();
            let usual = Preferences::default();
            let places = seaglass_core::format::Coordinates::default();
            // The dark theme is the usual one.
            let light = !ui.visuals().dark_mode;
            let changed = state.preferences != usual || state.coordinates != places || light;
            let reset =
                ui.add_enabled_ui(changed, |ui| widgets::button(ui, tr!("Reset"), Some("style_reset"), false)).inner;
            if reset.on_hover_text(tr!("All preferences as they were at first")).clicked() {
                state.preferences = usual;
                state.coordinates = places;
                if light {
                    out.act(Action::Run("theme"));
                }
            }
        });
    });
    if done || modal.should_close() {
        state.preferences_open = false;
    }
}

fn heading(ui: &mut Ui, text: &str) {
    let t = theme(ui);
    ui.add_space(4.0);
    ui.label(egui::RichText::new(text).font(t.heading()).color(t.c.text_1));
}

fn choice<T: PartialEq + Copy>(ui: &mut Ui, label: &str, all: &[(T, &str)], now: &mut T) {
    labelled(ui, label, |ui| {
        let names: Vec<&str> = all.iter().map(|(_, n)| *n).collect();
        let at = all.iter().position(|(v, _)| v == now);
        let width = ui.available_width();
        if let Some((value, _)) = widgets::segments(ui, &names, at, Some(width), label).and_then(|k| all.get(k)) {
            *now = *value;
        }
    });
}

fn appearance(ui: &mut Ui, state: &mut UiState, out: &mut Out) {
    heading(ui, tr!("Appearance"));
    let dark = ui.visuals().dark_mode;
    let mut wanted = dark;
    choice(ui, tr!("Theme"), &[(true, tr!("Dark")), (false, tr!("Light"))], &mut wanted);
    if wanted != dark {
        out.act(Action::Run("theme"));
    }
    language(ui, &mut state.preferences.language);
    choice(ui, tr!("Size"), &SCALES, &mut state.preferences.scale);
}

/// Each language by its own name for itself: whoever cannot read this window finds the way back.
fn language(ui: &mut Ui, now: &mut String) {
    let mut all: Vec<(&str, &str)> = vec![(lang::SYSTEM, tr!("language" => "System"))];
    all.extend(lang::languages());
    labelled(ui, tr!("Language"), |ui| {
        let at = all.iter().position(|(code, _)| code == now);
        let names: Vec<&str> = all.iter().map(|(_, name)| *name).collect();
        let width = ui.available_width();
        let chosen = widgets::segments(ui, &names, at, Some(width), tr!("Language"));
        if let Some((code, _)) = chosen.and_then(|k| all.get(k)) {
            (*code).clone_into(now);
        }
    });
}

fn units(ui: &mut Ui, state: &mut UiState) {
    heading(ui, tr!("Units"));
    let units = &mut state.preferences.units;
    choice(ui, tr!("Temperature"), &[(Temperature::Celsius, "°C"), (Temperature::Kelvin, "K")], &mut units.temperature);
    choice(ui, tr!("Speed"), &[(Speed::MetresPerSecond, "m/s"), (Speed::Knots, "kt")], &mut units.speed);
    let forms =
        [(AngleForm::Degrees, "36.159°"), (AngleForm::Minutes, "36° 09.54′"), (AngleForm::Seconds, "36° 09′ 32″")];
    choice(ui, tr!("Positions"), &forms, &mut state.coordinates.form);
    let sides = [(false, tr!("180° W to 180° E")), (true, tr!("0° to 360° E"))];
    choice(ui, tr!("Longitudes"), &sides, &mut state.coordinates.longitude_360);
}

fn memory(ui: &mut Ui, state: &mut UiState) {
    heading(ui, tr!("Memory"));
    budget(ui, tr!("Graphics"), &mut state.preferences.gpu_mib);
    budget(ui, tr!("Positions of cells"), &mut state.preferences.memory_mib);
    let t = theme(ui);
    let words =
        tr!("Graphics: data kept on the graphics card; beyond that they are drawn coarser. Positions: longitudes and \
                 latitudes of swaths kept in memory; beyond that they are read again.");
    ui.label(egui::RichText::new(words).font(t.small()).color(t.c.text_3));
}

fn budget(ui: &mut Ui, label: &str, now: &mut u32) {
    labelled(ui, label, |ui| {
        let name = |mib: u32| {
            let known = BUDGETS.iter().find(|(b, _)| *b == mib);
            known.map_or_else(|| tr!("{mib} MB"), |(_, n)| lang::t(n).to_owned())
        };
        let combo = egui::ComboBox::from_id_salt(("budget", label)).selected_text(name(*now)).width(140.0);
        let shown = combo.show_ui(ui, |ui| {
            for (mib, words) in BUDGETS {
                ui.selectable_value(now, mib, lang::t(words));
            }
        });
        widgets::describe(&shown.response, Role::ComboBox, &tr!("Memory for {}", label.to_lowercase()));
    });
}
