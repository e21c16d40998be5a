//! Exit codes and error messages.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Exit codes, as `seaglass --help` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Something unexpected.
    Internal = 1,
    /// The arguments make no sense.
    Usage = 2,
    /// A file could not be read: missing, damaged, of an unknown format or too large.
    Unreadable = 3,
    /// Read, but nothing to show in it, or no such field, place or time.
    Nothing = 4,
    /// No graphics adapter, or no window.
    NoGpu = 5,
    /// The output could not be written.
    Output = 6,
    /// Stopped by Ctrl-C, as shells number it.
    Stopped = 130,
}

impl Exit {
    /// Word in JSON errors.
    fn word(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Usage => "usage",
            Self::Unreadable => "unreadable",
            Self::Nothing => "nothing",
            Self::NoGpu => "no_gpu",
            Self::Output => "output",
            Self::Stopped => "stopped",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// One thing that went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Exit code.
    pub exit: Exit,
    /// Sentence.
    pub message: String,
    /// File it is about.
    pub file: Option<PathBuf>,
}

/// `Ok` carries what went wrong although the task was done: files left out of a picture.
pub type Outcome = Result<Vec<Failure>, Failure>;

impl Failure {
    /// A failure that is not about a file.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), file: None }
    }

    /// The same about a file.
    #[must_use]
    pub fn about(mut self, file: &Path) -> Self {
        self.file = Some(file.to_owned());
        self
    }

    /// Writes it to standard error.
    pub fn report(&self, json: bool) {
        if json {
            let file = self.file.as_ref().map(|f| f.display().to_string());
            let object = serde_json::json!({
                "error": { "code": self.exit as u8, "kind": self.exit.word(), "message": self.message, "file": file }
            });
            eprintln!("{object}");
            return;
        }
        let message = self.message.replace('\n', " ");
        match &self.file {
            Some(file) => eprintln!("seaglass: {message} ({})", file.display()),
            None => eprintln!("seaglass: {message}"),
        }
    }
}
