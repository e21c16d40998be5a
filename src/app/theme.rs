//! Design tokens (`assets/tokens.toml`) as types, and what egui needs of them. No colour is written anywhere else.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use egui::{Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Shadow, Stroke, Vec2};
use serde::{Deserialize, Deserializer};

const TOKENS: &str = include_str!("../../assets/tokens.toml");

macro_rules! palette {
    ($($name:ident),* $(,)?) => {
        /// The colours of one theme, named as in the token file.
        #[derive(Clone, Copy, Debug, Deserialize)]
        #[allow(missing_docs, reason = "explained in assets/tokens.toml")]
        pub struct Palette { $( #[serde(deserialize_with = "colour")] pub $name: Color32, )* }

        impl Palette {
            /// The colour of that token name.
            pub fn by_name(&self, name: &str) -> Option<Color32> {
                match name { $( stringify!($name) => Some(self.$name), )* _ => None }
            }
        }
    };
}
palette!(
    void,
    surface_1,
    surface_2,
    surface_3,
    hover,
    pressed,
    border_subtle,
    border,
    border_strong,
    text_1,
    text_2,
    text_3,
    text_disabled,
    accent,
    accent_hover,
    accent_pressed,
    on_accent,
    selection,
    selection_border,
    focus,
    warning,
    error,
    success,
    info,
    warning_bg,
    error_bg,
    success_bg,
    info_bg,
    avail_all,
    avail_some,
    avail_none,
    overlay,
    shadow,
);

fn parse_hex(text: &str) -> Option<Color32> {
    let hex = text.strip_prefix('#').filter(|h| h.len() == 6)?;
    let part = |k: usize| u8::from_str_radix(hex.get(k..k + 2)?, 16).ok();
    Some(Color32::from_rgb(part(0)?, part(2)?, part(4)?))
}

fn colour<'de, D: Deserializer<'de>>(d: D) -> Result<Color32, D::Error> {
    let text = String::deserialize(d)?;
    parse_hex(&text).ok_or_else(|| serde::de::Error::custom(format!("{text} is not a colour")))
}

/// A size with limits.
#[derive(Clone, Copy, Debug, Deserialize)]
#[allow(missing_docs, reason = "explained in assets/tokens.toml")]
pub struct Limited {
    pub default: f32,
    pub min: f32,
    pub max: f32,
    #[serde(default)]
    pub first_run: f32,
}

/// Sizes used by the window.
#[derive(Clone, Copy, Debug, Deserialize)]
#[allow(missing_docs, reason = "explained in assets/tokens.toml")]
pub struct Sizes {
    pub top_bar: f32,
    pub status_bar: f32,
    pub left_panel: Limited,
    pub timeline: Limited,
    pub panel_header: f32,
    pub layer_row: f32,
    pub tree_row: f32,
    pub control: f32,
    pub control_small: f32,
    pub icon: f32,
    pub icon_button: f32,
    pub hit_target_min: f32,
    pub colour_bar_row: f32,
    pub colour_bar_scene: f32,
    pub popover_style: f32,
    pub hover_card: f32,
    pub scene_legend: f32,
    pub toast: f32,
    pub palette: f32,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct ShadowToken {
    y: i8,
    blur: u8,
    spread: u8,
    alpha_dark: f32,
    alpha_light: f32,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct Shadows {
    card: ShadowToken,
    popover: ShadowToken,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct TextToken {
    size: f32,
    weight: u32,
}

/// Durations in milliseconds.
#[derive(Clone, Copy, Debug, Deserialize)]
#[allow(missing_docs, reason = "explained in assets/tokens.toml")]
pub struct Motion {
    pub popover: f32,
    pub camera_fly: f32,
    pub globe_map: f32,
    pub inertia_half_life: f32,
    pub tooltip_delay: f32,
    pub granule_tooltip_delay: f32,
    pub busy_delay: f32,
    pub toast_life: f32,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct ByTheme {
    dark: f32,
    light: f32,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct Translucency {
    overlay_dark: f32,
    overlay_light: f32,
    timeline_window: f32,
    granule_outside: ByTheme,
    #[serde(deserialize_with = "colour")]
    label_halo: Color32,
}

#[derive(Clone, Debug, Deserialize)]
struct IconToken {
    code: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Icons {
    action: BTreeMap<String, IconToken>,
}

/// Measured contrast ratios of one theme: one number, or one a background.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
#[allow(missing_docs, reason = "two shapes of the same thing")]
pub enum Ratios {
    One(f64),
    Each(Vec<f64>),
}

#[derive(Clone, Debug, Deserialize)]
struct Contrast {
    dark: BTreeMap<String, Ratios>,
    light: BTreeMap<String, Ratios>,
}

#[derive(Clone, Debug, Deserialize)]
struct Tokens {
    dark: Palette,
    light: Palette,
    translucency: Translucency,
    contrast: Contrast,
    size: Sizes,
    shadow: Shadows,
    text: BTreeMap<String, TextToken>,
    motion: Motion,
    icons: Icons,
}

fn tokens() -> &'static Tokens {
    static CELL: OnceLock<Tokens> = OnceLock::new();
    CELL.get_or_init(|| match toml::from_str(TOKENS) {
        Ok(tokens) => tokens,
        // The file is compiled in and read by a test; there is no way to go on without it.
        Err(e) => unreachable!("assets/tokens.toml: {e}"),
    })
}

/// One theme.
#[derive(Clone, Debug)]
pub struct Theme {
    /// Dark, in contrast to light.
    pub dark: bool,
    /// Colours.
    pub c: Palette,
    /// Sizes.
    pub size: Sizes,
    /// Durations.
    pub motion: Motion,
    /// Alpha of cards over the globe.
    pub overlay_alpha: f32,
    /// Alpha of the time window over strips.
    pub window_alpha: f32,
    /// Alpha of granules that are not drawn.
    pub granule_outside: f32,
    shadows: Shadows,
    fonts: BTreeMap<String, FontId>,
    contrast: BTreeMap<String, Ratios>,
}

/// The theme the ui is drawn in.
pub fn theme(ui: &egui::Ui) -> &'static Theme {
    Theme::get(ui.visuals().dark_mode)
}

impl Theme {
    /// The dark or the light theme.
    pub fn get(dark: bool) -> &'static Self {
        static CELL: OnceLock<[Theme; 2]> = OnceLock::new();
        &CELL.get_or_init(|| [Self::new(false), Self::new(true)])[usize::from(dark)]
    }

    fn new(dark: bool) -> Self {
        let t = tokens();
        let pick = |a: f32, b: f32| if dark { a } else { b };
        let family = |weight: u32| match weight {
            600.. => FontFamily::Name("semibold".into()),
            500.. => FontFamily::Name("medium".into()),
            _ => FontFamily::Proportional,
        };
        let fonts = t.text.iter().map(|(k, v)| (k.clone(), FontId::new(v.size, family(v.weight)))).collect();
        Self {
            dark,
            c: if dark { t.dark } else { t.light },
            size: t.size,
            motion: t.motion,
            overlay_alpha: pick(t.translucency.overlay_dark, t.translucency.overlay_light),
            window_alpha: t.translucency.timeline_window,
            granule_outside: pick(t.translucency.granule_outside.dark, t.translucency.granule_outside.light),
            shadows: t.shadow,
            fonts,
            contrast: if dark { t.contrast.dark.clone() } else { t.contrast.light.clone() },
        }
    }

    fn font(&self, name: &str) -> FontId {
        self.fonts.get(name).cloned().unwrap_or_else(|| FontId::proportional(12.0))
    }

    /// Welcome card.
    pub fn title(&self) -> FontId {
        self.font("title")
    }
    /// Current time.
    pub fn clock(&self) -> FontId {
        self.font("clock")
    }
    /// Panel titles.
    pub fn heading(&self) -> FontId {
        self.font("heading")
    }
    /// Layer names.
    pub fn name(&self) -> FontId {
        self.font("name")
    }
    /// Default.
    pub fn body(&self) -> FontId {
        self.font("body")
    }
    /// Emphasised body.
    pub fn strong(&self) -> FontId {
        self.font("strong")
    }
    /// Ticks, units, status bar.
    pub fn small(&self) -> FontId {
        self.font("small")
    }
    /// File names and reports.
    pub fn mono(&self) -> FontId {
        FontId::new(self.body().size, FontFamily::Monospace)
    }

    /// Casing of names and symbols on imagery.
    pub fn label_halo(&self) -> Color32 {
        tokens().translucency.label_halo.gamma_multiply(0.6)
    }

    /// Fill of cards over the globe.
    pub fn overlay(&self) -> Color32 {
        self.c.overlay.gamma_multiply(self.overlay_alpha)
    }

    fn shadow_of(&self, token: ShadowToken) -> Shadow {
        let alpha = if self.dark { token.alpha_dark } else { token.alpha_light };
        let color = self.c.shadow.gamma_multiply(alpha);
        Shadow { offset: [0, token.y], blur: token.blur, spread: token.spread, color }
    }

    /// Shadow of cards.
    pub fn card_shadow(&self) -> Shadow {
        self.shadow_of(self.shadows.card)
    }

    /// Shadow of popovers.
    pub fn popover_shadow(&self) -> Shadow {
        self.shadow_of(self.shadows.popover)
    }

    /// Frame of a card over the globe.
    pub fn card(&self) -> egui::Frame {
        egui::Frame::NONE
            .fill(self.overlay())
            .stroke(Stroke::new(1.0, self.c.border))
            .corner_radius(8)
            .shadow(self.card_shadow())
            .inner_margin(Margin::same(12))
    }

    /// Frame of popovers and dialogs.
    pub fn popover(&self, radius: u8) -> egui::Frame {
        egui::Frame::NONE
            .fill(self.c.surface_3)
            .stroke(Stroke::new(1.0, self.c.border))
            .corner_radius(radius)
            .shadow(self.popover_shadow())
            .inner_margin(Margin::same(12))
    }

    /// The contrast table of the token file for this theme.
    pub fn contrast_table(&self) -> &BTreeMap<String, Ratios> {
        &self.contrast
    }

    fn visuals(&self) -> egui::Visuals {
        let c = &self.c;
        let mut v = if self.dark { egui::Visuals::dark() } else { egui::Visuals::light() };
        v.override_text_color = Some(c.text_1);
        v.weak_text_color = Some(c.text_3);
        v.hyperlink_color = c.accent;
        v.faint_bg_color = c.surface_2;
        v.extreme_bg_color = c.surface_2;
        v.text_edit_bg_color = Some(c.surface_2);
        v.code_bg_color = c.surface_2;
        v.warn_fg_color = c.warning;
        v.error_fg_color = c.error;
        v.window_corner_radius = CornerRadius::same(8);
        v.menu_corner_radius = CornerRadius::same(8);
        v.window_fill = c.surface_3;
        v.window_stroke = Stroke::new(1.0, c.border);
        v.window_shadow = self.popover_shadow();
        v.popup_shadow = self.popover_shadow();
        v.panel_fill = c.surface_1;
        v.selection.bg_fill = c.selection;
        v.selection.stroke = Stroke::new(1.0, c.focus);
        v.slider_trailing_fill = true;
        v.handle_shape = egui::style::HandleShape::Circle;
        let r = CornerRadius::same(6);
        let w = |bg: Color32, stroke: Color32, fg: Color32| egui::style::WidgetVisuals {
            bg_fill: bg,
            weak_bg_fill: bg,
            bg_stroke: Stroke::new(1.0, stroke),
            corner_radius: r,
            fg_stroke: Stroke::new(1.0, fg),
            expansion: 0.0,
        };
        v.widgets.noninteractive = w(c.surface_2, c.border_subtle, c.text_2);
        v.widgets.inactive = w(c.surface_2, c.border, c.text_1);
        v.widgets.hovered = w(c.hover, c.border, c.text_1);
        v.widgets.active = w(c.pressed, c.focus, c.text_1);
        v.widgets.open = w(c.pressed, c.border, c.text_1);
        v
    }

    fn style(&self) -> egui::Style {
        let mut s = egui::Style { visuals: self.visuals(), ..egui::Style::default() };
        s.text_styles = [
            (egui::TextStyle::Heading, self.heading()),
            (egui::TextStyle::Body, self.body()),
            (egui::TextStyle::Button, self.body()),
            (egui::TextStyle::Small, self.small()),
            (egui::TextStyle::Monospace, self.mono()),
        ]
        .into();
        s.spacing.item_spacing = Vec2::new(8.0, 4.0);
        s.spacing.button_padding = Vec2::new(10.0, 5.0);
        s.spacing.interact_size = Vec2::new(28.0, self.size.control);
        s.spacing.menu_margin = Margin::same(4);
        s.spacing.window_margin = Margin::same(12);
        s.spacing.slider_rail_height = 2.0;
        s.spacing.icon_width = 16.0;
        s.spacing.icon_spacing = 8.0;
        // Bars lie over the content: rows reach the edge of their panel.
        s.spacing.scroll =
            egui::style::ScrollStyle { floating_allocated_width: 0.0, ..egui::style::ScrollStyle::floating() };
        s.interaction.tooltip_delay = self.motion.tooltip_delay / 1000.0;
        s.interaction.selectable_labels = false;
        s.animation_time = self.motion.popover / 1000.0;
        s
    }
}

/// Installs fonts and both styles into egui.
pub fn install(ctx: &egui::Context) {
    ctx.set_fonts(fonts());
    ctx.set_style_of(egui::Theme::Dark, Theme::get(true).style());
    ctx.set_style_of(egui::Theme::Light, Theme::get(false).style());
}

fn fonts() -> FontDefinitions {
    let mut f = FontDefinitions::default();
    let defaults: Vec<String> = f.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    let mut add = |name: &str, bytes: &'static [u8]| {
        f.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    };
    add("plex", include_bytes!("../../assets/fonts/IBMPlexSans-Regular.ttf"));
    add("plex-medium", include_bytes!("../../assets/fonts/IBMPlexSans-Medium.ttf"));
    add("plex-semibold", include_bytes!("../../assets/fonts/IBMPlexSans-SemiBold.ttf"));
    add("plex-italic", include_bytes!("../../assets/fonts/IBMPlexSans-Italic.ttf"));
    add("plex-mono", include_bytes!("../../assets/fonts/IBMPlexMono-Regular.ttf"));
    add("phosphor", include_bytes!("../../assets/icons/Phosphor.ttf"));
    add("phosphor-fill", include_bytes!("../../assets/icons/Phosphor-Fill.ttf"));
    let mut family = |key: FontFamily, first: &str| {
        let mut list = vec![first.to_owned(), "phosphor".to_owned()];
        list.extend(defaults.iter().cloned());
        f.families.insert(key, list);
    };
    family(FontFamily::Proportional, "plex");
    family(FontFamily::Monospace, "plex-mono");
    family(FontFamily::Name("medium".into()), "plex-medium");
    family(FontFamily::Name("semibold".into()), "plex-semibold");
    family(FontFamily::Name("italic".into()), "plex-italic");
    f.families.insert(FontFamily::Name("icons".into()), vec!["phosphor".to_owned(), "plex".to_owned()]);
    f.families.insert(FontFamily::Name("icons-fill".into()), vec!["phosphor-fill".to_owned(), "plex".to_owned()]);
    f
}

/// Glyph of an action of the icon table.
pub(crate) fn icon_code(action: &str) -> Option<char> {
    let code = tokens().icons.action.get(action)?.code.strip_prefix("U+")?;
    char::from_u32(u32::from_str_radix(code, 16).ok()?)
}

/// WCAG 2.2 relative luminance of an opaque colour.
pub fn luminance(c: Color32) -> f64 {
    let linear = |v: u8| {
        let s = f64::from(v) / 255.0;
        if s <= 0.040_45 { s / 12.92 } else { ((s + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(c.r()) + 0.7152 * linear(c.g()) + 0.0722 * linear(c.b())
}

/// WCAG 2.2 contrast ratio of two opaque colours.
pub fn contrast(a: Color32, b: Color32) -> f64 {
    let (x, y) = (luminance(a), luminance(b));
    (x.max(y) + 0.05) / (x.min(y) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(top: Color32, alpha: f32, under: u8) -> Color32 {
        let mix = |v: u8| (f32::from(v) * alpha + f32::from(under) * (1.0 - alpha)).round() as u8;
        Color32::from_rgb(mix(top.r()), mix(top.g()), mix(top.b()))
    }

    #[test]
    fn contrast_table_is_what_the_colours_give() {
        for dark in [true, false] {
            let t = Theme::get(dark);
            let worst = over(t.c.overlay, t.overlay_alpha, if dark { 255 } else { 0 });
            let backgrounds = [t.c.surface_1, t.c.surface_2, t.c.surface_3, t.c.hover, t.c.selection, worst];
            for (name, ratios) in t.contrast_table() {
                match ratios {
                    Ratios::Each(list) => {
                        let fg = t.c.by_name(name).unwrap();
                        let need = if ["border_strong", "focus"].contains(&name.as_str()) { 3.0 } else { 4.5 };
                        for (bg, expected) in backgrounds.iter().zip(list) {
                            let got = contrast(fg, *bg);
                            assert!((got - expected).abs() < 0.06, "{name} dark={dark}: {got} not {expected}");
                            assert!(got >= need, "{name} dark={dark}: {got} below {need}");
                        }
                    }
                    Ratios::One(expected) => {
                        let (fg, bg) = match name.strip_suffix("_on_bg") {
                            Some(state) => (t.c.by_name(state).unwrap(), t.c.by_name(&format!("{state}_bg")).unwrap()),
                            None if name == "on_accent" => (t.c.on_accent, t.c.accent),
                            None => (t.c.by_name(name).unwrap(), t.c.surface_1),
                        };
                        let got = contrast(fg, bg);
                        assert!((got - expected).abs() < 0.06, "{name} dark={dark}: {got} not {expected}");
                    }
                }
            }
        }
    }

    #[test]
    fn no_text_is_below_eleven_points() {
        assert!(tokens().text.values().all(|t| t.size >= 11.0));
        for dark in [true, false] {
            assert!(Theme::get(dark).style().text_styles.values().all(|f| f.size >= 11.0));
        }
    }
}
