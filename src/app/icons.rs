//! Icons by action name, from the token table; glyphs of the embedded Phosphor font.

use egui::{FontFamily, FontId};

use crate::theme::icon_code;

/// Font of the icons at a size in points.
pub fn font(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name("icons".into()))
}

/// Font of the filled icons (play, pause).
pub fn fill_font(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name("icons-fill".into()))
}

/// The glyph of an action (`layer_show`); a question mark for a name that is not in the table.
pub fn glyph(action: &str) -> char {
    icon_code(action).unwrap_or('?')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every icon named in the sources of the window is in the table.
    #[test]
    fn icons_exist() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/app");
        let mut checked = 0;
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
            if entry.file_name() == "icons.rs" {
                continue;
            }
            // The icon is the first text after `icon(`, `icon_button(` and `glyph(`.
            for part in
                ["icon(", "icon_button(", "icon_button_at(", "glyph("].iter().flat_map(|c| text.split(c).skip(1))
            {
                let call: String =
                    part.chars().take(160).collect::<String>().split(';').next().unwrap_or_default().into();
                let Some(name) = call
                    .split('"')
                    .nth(1)
                    .filter(|n| n.len() > 2 && n.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
                else {
                    continue;
                };
                assert_ne!(glyph(name), '?', "{name} in {}", entry.path().display());
                checked += 1;
            }
        }
        assert!(checked > 10, "only {checked} icons found in the sources");
    }
}
