//! Failures in words for people.

use seaglass_core::protocol::{FailureKind, ReadFailure};

/// Result of everything that touches a file.
pub type Result<T> = std::result::Result<T, ReadFailure>;

/// A failure of that kind.
pub fn fail(kind: FailureKind, message: impl Into<String>) -> ReadFailure {
    ReadFailure { kind, message: message.into() }
}

/// The library refused: the file is damaged at `what`.
pub fn damaged(what: &str, error: &dyn std::fmt::Display) -> ReadFailure {
    fail(FailureKind::Damaged, format!("{what} cannot be read: {error}. The file may be damaged; fetch it again."))
}

/// A request that does not fit the file.
pub fn bad_request(message: impl Into<String>) -> ReadFailure {
    fail(FailureKind::BadRequest, message)
}
