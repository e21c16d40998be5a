//! What the window remembers from run to run, as TOML in the platform's configuration folder.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Recent files kept.
const RECENT: usize = 12;

/// Settings of the window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Dark theme.
    pub dark: bool,
    /// The welcome card is shown when nothing is open.
    pub welcome: bool,
    /// The tour has been seen, or skipped.
    pub toured: bool,
    /// Width of the layers panel, points.
    pub left_width: f32,
    /// Where notebooks connect, `ADDRESS:PORT`; empty lets none in.
    pub listen: String,
    /// Files and folders opened, newest first.
    pub recent: Vec<PathBuf>,
    /// How positions are written.
    pub coordinates: seaglass_core::format::Coordinates,
    /// Units, sizes and budgets.
    pub preferences: crate::preferences::Preferences,
    #[serde(skip)]
    file: Option<PathBuf>,
    #[serde(skip)]
    saved: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            dark: true,
            welcome: true,
            toured: false,
            left_width: 296.0,
            listen: seaglass_host::DEFAULT_ADDRESS.to_owned(),
            coordinates: seaglass_core::format::Coordinates::default(),
            recent: Vec::new(),
            preferences: crate::preferences::Preferences::default(),
            file: None,
            saved: None,
        }
    }
}

impl Settings {
    /// The file of this user with the styles saved as defaults, beside the settings.
    pub fn styles_path(&self) -> Option<PathBuf> {
        self.file.as_ref().map(|f| f.with_file_name("styles.toml"))
    }

    /// Message files of this user, beside the settings.
    pub fn languages_dir(&self) -> Option<PathBuf> {
        self.file.as_ref().map(|f| f.with_file_name("lang"))
    }

    /// The copy of the session kept for the case of a crash, beside the settings.
    pub fn copy_path(&self) -> Option<PathBuf> {
        self.file.as_ref().map(|f| f.with_file_name("running.oce"))
    }

    /// Where indexes of folders are kept; beside the settings when these are not in their usual place.
    pub fn index_dir(&self) -> Option<PathBuf> {
        if std::env::var_os("SEAGLASS_SETTINGS").is_some() {
            return self.file.as_ref().map(|f| f.with_file_name("index"));
        }
        directories::ProjectDirs::from("org", "seaglass", "Seaglass").map(|d| d.cache_dir().join("index"))
    }

    /// Where small pictures of granules are kept, beside the indexes.
    pub fn thumbnails_dir(&self) -> Option<PathBuf> {
        self.index_dir().map(|d| d.with_file_name("thumbnails"))
    }

    /// Reads the settings of this user; defaults when there are none or they cannot be read.
    pub fn load() -> Self {
        let file = std::env::var_os("SEAGLASS_SETTINGS").map(PathBuf::from).or_else(|| {
            directories::ProjectDirs::from("org", "seaglass", "Seaglass").map(|d| d.config_dir().join("window.toml"))
        });
        file.map_or_else(Self::default, |f| Self::load_from(&f))
    }

    /// Reads settings from a file that [`save`](Self::save) will write.
    pub fn load_from(file: &Path) -> Self {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let mut settings: Self = toml::from_str(&text).unwrap_or_else(|e| {
            log::warn!("{} is left out: {e}", file.display());
            Self::default()
        });
        settings.left_width =
            if settings.left_width.is_finite() { settings.left_width.clamp(240.0, 440.0) } else { 296.0 };
        settings.preferences = settings.preferences.sensible();
        settings.file = Some(file.to_owned());
        settings.saved = Some(text);
        settings
    }

    /// Writes the settings when they have changed. A failure is logged: nobody loses data by it.
    pub fn save(&mut self) {
        let (Some(file), Ok(text)) = (self.file.clone(), toml::to_string(self)) else { return };
        if self.saved.as_ref() == Some(&text) {
            return;
        }
        let written = file.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&file, &text));
        if let Err(e) = written {
            log::warn!("{} cannot be written: {e}", file.display());
        }
        self.saved = Some(text);
    }

    /// Notes what has been opened.
    pub fn opened(&mut self, paths: &[PathBuf]) {
        for path in paths.iter().rev() {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            self.recent.retain(|p| *p != path);
            self.recent.insert(0, path);
        }
        self.recent.truncate(RECENT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recent_files_survive_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("deep/window.toml");
        let mut s = Settings::load_from(&file);
        s.opened(&["/a.nc".into(), "/b.nc".into()]);
        s.opened(&["/b.nc".into()]);
        s.dark = false;
        s.coordinates.longitude_360 = true;
        s.preferences.units.speed = seaglass_core::format::Speed::Knots;
        s.preferences.gpu_mib = 512;
        s.save();
        let again = Settings::load_from(&file);
        assert_eq!(again.recent, [PathBuf::from("/b.nc"), PathBuf::from("/a.nc")]);
        assert!(!again.dark && again.coordinates.longitude_360);
        assert_eq!(again.preferences, s.preferences);
        std::fs::write(&file, "[preferences]\nscale = 900.0\ngpu_mib = 1").unwrap();
        let odd = Settings::load_from(&file).preferences;
        assert_eq!((odd.scale, odd.gpu_mib), (2.0, 128), "what makes no sense is brought into its range");
        std::fs::write(&file, "dark = 7").unwrap();
        assert!(Settings::load_from(&file).dark, "damaged settings give the defaults");
    }
}
