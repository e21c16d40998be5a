//! Failures in words for people.

use seaglass_core::protocol::{FailureKind, ReadFailure};

/// Result of everything that touches a file.
pub type Result<T> = std::result::Result<T, ReadFailure>;

/// A failure of that kind.
pub fn fail(kind: FailureKind, message: impl Into<String>) -> ReadFailure {
    let mut message = message.into();
    // Names and texts of a file may hold anything; a sentence is one line.
    if message.contains(char::is_control) {
        message =
            message.split(|c: char| c.is_control() || c == ' ').filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ");
    }
    ReadFailure { kind, message }
}

/// The library refused: the file is damaged at `what`.
pub fn damaged(what: &str, error: &dyn std::fmt::Display) -> ReadFailure {
    let why = in_words(error);
    fail(FailureKind::Damaged, format!("{what} cannot be read: {why}. The file may be damaged; fetch it again."))
}

/// What a library said, without its numbers: "netcdf error(-101): NetCDF: HDF error" says nothing to people.
/// The codes are those of `netcdf.h`.
pub fn in_words(error: &dyn std::fmt::Display) -> String {
    let text = error.to_string();
    let Some((code, said)) = text.strip_prefix("netcdf error(").and_then(|rest| rest.split_once(')')) else {
        return text;
    };
    let known = match code {
        "-101" => "the HDF5 library finds its structure broken",
        "-51" => "it is not a file of the netCDF library",
        "-61" => "the memory of the reader does not suffice",
        "-102" => "the HDF5 library cannot read it",
        "-105" => "the description of the file is broken",
        "-106" => "the description of a dimension is broken",
        "-107" => "an attribute is broken",
        "-108" => "the description of a variable is broken",
        "-132" | "-136" => "it is compressed by a filter that is not built in",
        _ => "",
    };
    if known.is_empty() {
        let said = said.trim_start_matches([':', ' ']).trim_start_matches("NetCDF: ");
        return format!("the netCDF library says \"{said}\"");
    }
    known.to_owned()
}

/// A request that does not fit the file.
pub fn bad_request(message: impl Into<String>) -> ReadFailure {
    fail(FailureKind::BadRequest, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_one_line() {
        assert_eq!(fail(FailureKind::Damaged, "No \"a\r\n\tb\"  here.").message, "No \"a b\" here.");
        assert_eq!(fail(FailureKind::Damaged, "As it  is.").message, "As it  is.");
    }

    #[test]
    fn codes_of_the_library_become_words() {
        assert_eq!(in_words(&netcdf::Error::Netcdf(-101)), "the HDF5 library finds its structure broken");
        let other = in_words(&netcdf::Error::Netcdf(-40));
        assert!(other.contains("ndex exceeds dimension bound") && !other.contains("-40"), "{other}");
        assert_eq!(in_words(&"it has vanished"), "it has vanished");
        let message = damaged("Variable lat", &netcdf::Error::Netcdf(-101)).message;
        assert!(
            !message.contains("-101") && message.starts_with("Variable lat cannot be read: the HDF5 "),
            "{message}"
        );
    }
}
