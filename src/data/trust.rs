//! Programs that the user has allowed to read files. A program is known by the text of its product file and of the files
//! beside it that it is started with: when one of them changes, the user is asked again.

use std::path::{Path, PathBuf};

use seaglass_core::product::ReaderProgram;
use sha2::{Digest, Sha256};
use toml::{Table, Value};

/// What is allowed, as it is kept in the settings of the user.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trust {
    /// Where it is kept; nowhere when the system has no folder for settings.
    file: Option<PathBuf>,
    /// Product file → checksum.
    allowed: Table,
}

impl Trust {
    /// What this user has allowed.
    pub fn load() -> Self {
        let dirs = directories::ProjectDirs::from("", "", "seaglass");
        dirs.map(|d| Self::at(&d.config_dir().join("allowed-readers.toml"))).unwrap_or_default()
    }

    /// What is kept in a file; nothing when it is not there or makes no sense.
    pub fn at(file: &Path) -> Self {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let allowed = text.parse().unwrap_or_else(|e| {
            log::warn!("{} is not understood, so no program is allowed to read files: {e}", file.display());
            Table::new()
        });
        Self { file: Some(file.to_owned()), allowed }
    }

    /// Whether the program of a product file may be run as it is now.
    pub fn holds(&self, product_file: &Path, program: &ReaderProgram) -> bool {
        let sum = self.allowed.get(&key(product_file)).and_then(Value::as_str);
        sum.is_some() && checksum(product_file, program).ok().as_deref() == sum
    }

    /// Allows the program of a product file.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn allow(&mut self, product_file: &Path, program: &ReaderProgram) -> std::io::Result<()> {
        let sum = checksum(product_file, program)?;
        self.allowed.insert(key(product_file), Value::String(sum));
        self.save()
    }

    /// Takes that back; whether it was allowed.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn revoke(&mut self, product_file: &Path) -> std::io::Result<bool> {
        let was = self.allowed.remove(&key(product_file)).is_some();
        if was {
            self.save()?;
        }
        Ok(was)
    }

    fn save(&self) -> std::io::Result<()> {
        let Some(file) = &self.file else {
            return Err(std::io::Error::other("this system has no folder for settings"));
        };
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let text =
            format!("# Programs that Seaglass may run to read files: `seaglass readers trust`.\n{}", self.allowed);
        // In one go: a half written list would take back what was allowed.
        let part = file.with_extension(format!("part{}", std::process::id()));
        std::fs::write(&part, text)?;
        std::fs::rename(&part, file)
    }
}

/// A product file by its real path.
fn key(product_file: &Path) -> String {
    product_file.canonicalize().unwrap_or_else(|_gone| product_file.to_owned()).to_string_lossy().into_owned()
}

/// Of the product file and of the files beside it that the program is started with.
fn checksum(product_file: &Path, program: &ReaderProgram) -> std::io::Result<String> {
    let mut sum = Sha256::new();
    let mut add = |bytes: &[u8]| {
        sum.update((bytes.len() as u64).to_le_bytes());
        sum.update(bytes);
    };
    add(&std::fs::read(product_file)?);
    for word in &program.program {
        add(word.as_bytes());
        let beside = program.folder.join(word);
        if beside.is_file() {
            add(&std::fs::read(beside)?);
        }
    }
    Ok(sum.finalize().iter().map(|b| format!("{b:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consent_is_for_what_was_looked_at() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        std::fs::write(path("x.toml"), "[product]").unwrap();
        std::fs::write(path("x.py"), "print()").unwrap();
        let program = ReaderProgram { program: vec!["python3".into(), "x.py".into()], folder: dir.path().to_owned() };
        let list = path("settings/allowed.toml");
        let mut trust = Trust::at(&list);
        assert!(!trust.holds(&path("x.toml"), &program));
        trust.allow(&path("x.toml"), &program).unwrap();
        assert!(Trust::at(&list).holds(&path("x.toml"), &program));
        // Another program under the same name, a changed script, a changed product file, or a copy elsewhere.
        let other = ReaderProgram { program: vec!["python3".into(), "y.py".into()], ..program.clone() };
        assert!(!trust.holds(&path("x.toml"), &other));
        std::fs::write(path("x.py"), "print(1)").unwrap();
        assert!(!trust.holds(&path("x.toml"), &program));
        std::fs::write(path("x.py"), "print()").unwrap();
        assert!(trust.holds(&path("x.toml"), &program));
        std::fs::copy(path("x.toml"), path("copy.toml")).unwrap();
        assert!(!trust.holds(&path("copy.toml"), &program));
        assert!(trust.revoke(&path("x.toml")).unwrap() && !trust.revoke(&path("x.toml")).unwrap());
        assert!(!Trust::at(&list).holds(&path("x.toml"), &program));
        // What cannot be read allows nothing.
        std::fs::write(&list, "[[[").unwrap();
        assert!(!Trust::at(&list).holds(&path("x.toml"), &program));
    }
}
