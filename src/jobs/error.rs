//! What can go wrong with a job, each in one sentence.

use std::path::{Path, PathBuf};

/// Why a job is not done.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The job file is not understood.
    #[error("line {line}, column {column}: {message}")]
    Text {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// Sentence without a full stop.
        message: String,
    },
    /// The job makes no sense.
    #[error("{0}")]
    Spec(String),
    /// There is nothing to match, or no such field.
    #[error("{0}")]
    Nothing(String),
    /// An input cannot be read, and nothing can be done without it.
    #[error("{message}")]
    Input {
        /// Sentence.
        message: String,
        /// File.
        path: PathBuf,
    },
    /// The output cannot be written.
    #[error("{message}")]
    Output {
        /// Sentence.
        message: String,
        /// File.
        path: PathBuf,
    },
    /// Stopped by the user; what is finished stays.
    #[error("The job was stopped; run it again to go on where it was.")]
    Canceled,
    /// Something unexpected.
    #[error("{0}")]
    Internal(String),
}

/// Result of jobs.
pub type Result<T> = std::result::Result<T, JobError>;

impl JobError {
    /// An output that the system refuses.
    pub fn output(path: &Path, what: &str, error: &std::io::Error) -> Self {
        let why = match error.kind() {
            std::io::ErrorKind::StorageFull => "the disk is full; make room and run the job again".to_owned(),
            std::io::ErrorKind::QuotaExceeded => {
                "the quota of disk space is used up; make room and run the job again".to_owned()
            }
            std::io::ErrorKind::FileTooLarge => {
                "the file would be larger than the system allows here; raise the limit (ulimit -f) or choose another \
                 disk, and run the job again"
                    .to_owned()
            }
            std::io::ErrorKind::ReadOnlyFilesystem => "the disk is read-only; choose another folder".to_owned(),
            std::io::ErrorKind::PermissionDenied => "permission is denied; choose another folder".to_owned(),
            std::io::ErrorKind::NotFound => "the folder does not exist; make it first".to_owned(),
            _ => plain(error),
        };
        Self::Output { message: format!("{what} cannot be written: {why}."), path: path.to_owned() }
    }
}

/// The system's reason without its error number.
pub(crate) fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().map(|c| c.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of Linux: ENOSPC, EDQUOT, EFBIG, EROFS, EACCES.
    #[cfg(target_os = "linux")]
    #[test]
    fn what_the_disk_says_is_a_sentence() {
        let words = [(28, "disk is full"), (122, "quota"), (27, "larger"), (30, "read-only"), (13, "permission")];
        for (number, word) in words {
            let error = JobError::output(Path::new("x"), "The result", &std::io::Error::from_raw_os_error(number));
            let text = error.to_string();
            assert!(text.contains(word) && text.ends_with('.') && !text.contains("os error"), "{text}");
        }
    }
}
