//! The file with the styles this user has saved as defaults.

use std::path::{Path, PathBuf};

use seaglass_core::user_styles::UserStyles;

use crate::report::{Level, Notice};

/// Said at the top of the file: people look into it and edit it.
const HEAD: &str = "# Styles saved as defaults in Seaglass. They win over product files.\n\
                    # One [[style]] is for a field of a product, or for every field of a standard_name.\n\n";

/// Where saved styles are kept.
pub(crate) struct StyleFile {
    path: Option<PathBuf>,
}

impl StyleFile {
    /// Reads the file. What cannot be read is said and kept as it is; no styles are used then.
    pub fn load(path: Option<PathBuf>) -> (Self, UserStyles, Option<Notice>) {
        let read = path.as_deref().map(read).unwrap_or(Ok(UserStyles::default()));
        match read {
            Ok(styles) => (Self { path }, styles, None),
            Err(why) => {
                let text =
                    format!("Saved styles are left out: {why}. Correct the file or remove it, then start again.");
                let notice = path.as_deref().map(|p| Notice::new(Level::Warning, text).about(p));
                // Writing would throw away what a person may still want to mend.
                (Self { path: None }, UserStyles::default(), notice)
            }
        }
    }

    /// Writes the styles; what does not work is said, and what did too.
    pub fn save(&self, styles: &UserStyles) -> Option<Notice> {
        let Some(path) = &self.path else {
            return Some(Notice::new(
                Level::Warning,
                "The style is the default until the program ends: there is no file to keep it in.",
            ));
        };
        match write(path, styles) {
            Ok(()) => Some(Notice::new(Level::Info, "Default styles are saved.")),
            Err(why) => {
                Some(Notice::new(Level::Error, format!("The default style cannot be saved: {why}.")).about(path))
            }
        }
    }
}

fn read(path: &Path) -> Result<UserStyles, String> {
    match std::fs::read_to_string(path) {
        Ok(text) => toml::from_str(&text).map_err(|e| e.to_string().trim().replace('\n', " ")),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(UserStyles::default()),
        Err(e) => Err(e.to_string()),
    }
}

fn write(path: &Path, styles: &UserStyles) -> Result<(), String> {
    let text = toml::to_string(styles).map_err(|e| e.to_string())?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| e.to_string())?;
    }
    // Complete or not at all: a crash while writing must not lose the styles there are.
    let new = path.with_extension("toml.new");
    std::fs::write(&new, format!("{HEAD}{text}")).map_err(|e| e.to_string())?;
    std::fs::rename(&new, path).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaglass_core::style::Style;
    use seaglass_core::user_styles::Scope;

    #[test]
    fn styles_survive_a_restart_and_damage_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/styles.toml");
        let (file, mut styles, notice) = StyleFile::load(Some(path.clone()));
        assert!(styles.style.is_empty() && notice.is_none());
        let style = Style { colormap: "cmocean_deep".into(), range: Some([-0.5, 0.5]), ..Style::default() };
        styles.keep(Scope::Product("swot".into(), "ssha".into()), "m".into(), &style);
        styles.keep(Scope::Quantity("sea_ice_area_fraction".into()), "1".into(), &Style::default());
        assert_eq!(file.save(&styles).unwrap().level, Level::Info);
        let (_, again, notice) = StyleFile::load(Some(path.clone()));
        assert_eq!((again, notice), (styles, None));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("product = \"swot\"") && text.contains("range = [-0.5, 0.5]"), "{text}");
        std::fs::write(&path, "[[style]]\ncolour = 7\n").unwrap();
        let (file, none, notice) = StyleFile::load(Some(path.clone()));
        assert!(none.style.is_empty() && notice.unwrap().text.contains("Correct the file"));
        file.save(&UserStyles::default());
        assert!(std::fs::read_to_string(&path).unwrap().contains("colour = 7"), "the damaged file is kept");
    }
}
