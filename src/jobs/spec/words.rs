//! What is wrong with the text of a job file, in words for whoever wrote it.

use crate::error::{JobError, Result};

/// Keys whose value is a length or a duration, with a unit that is usual there.
const WITH_UNIT: &[(&str, &str)] = &[
    ("radius", "km"),
    ("sd", "km"),
    ("window", "h"),
    ("sd_time", "h"),
    ("max_gap", "s"),
    ("slab", "d"),
    ("memory", "MB"),
];
/// Keys whose value is a list of texts.
const LISTS: &[&str] = &["files", "fields", "require", "formats"];
/// What a job must have, and how it is written.
const NEEDED: &[(&str, &str)] = &[
    ("output", "the job does not say where results go; write [output] and below it path = \"pairs.parquet\""),
    ("path", "[output] names no file; write path = \"pairs.parquet\""),
    ("side", "the job has no sides; write [[side]] twice, each with name and files"),
    ("window", "the job says no window; write the greatest time difference, as window = \"1 h\""),
    ("name", "a side has no name; write name = \"drifters\" below its [[side]]"),
    ("files", "a side names no files; write files = [\"folder/*.nc\"] below its [[side]]"),
    ("kind", "[policy] says no kind; write kind = \"nearest\""),
];

/// Line and column, from 1, of a place in the text.
fn at(before: &str) -> (usize, usize) {
    let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
    (before.matches('\n').count() + 1, column)
}

/// The bytes of a job file as text.
///
/// # Errors
/// They are not UTF-8, which TOML is.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|e| {
        let before = std::str::from_utf8(bytes.get(..e.valid_up_to()).unwrap_or_default()).unwrap_or_default();
        let (line, column) = at(before);
        let message = "this is no UTF-8; save the job file in that encoding".to_owned();
        JobError::Text { line, column, message }
    })
}

/// The error of a text that is no job.
pub(super) fn refused(text: &str, error: &toml::de::Error) -> JobError {
    let span = error.span().unwrap_or(0..0);
    let before = text.get(..span.start.min(text.len())).unwrap_or_default();
    let (line, column) = at(before);
    let own = error.message().trim().replace('\n', " ");
    let message = missing(&own).or_else(|| wrong_type(&own, before, text.get(span).unwrap_or_default()));
    JobError::Text { line, column, message: message.unwrap_or(own) }
}

/// A key that is not there.
fn missing(message: &str) -> Option<String> {
    let key = message.strip_prefix("missing field `")?.split('`').next()?;
    Some(NEEDED.iter().find(|n| n.0 == key).map_or_else(|| format!("{key} is missing"), |n| n.1.to_owned()))
}

/// A value of another type than its key has.
fn wrong_type(message: &str, before: &str, value: &str) -> Option<String> {
    if !message.starts_with("invalid type") {
        return None;
    }
    let key = before.rsplit('\n').next()?.split('=').next()?.trim();
    let number = value.trim().parse::<f64>().is_ok();
    if let (Some((_, unit)), true) = (WITH_UNIT.iter().find(|k| k.0 == key), number) {
        return Some(format!("{key} needs its unit; say \"{} {unit}\"", value.trim()));
    }
    let text = value.starts_with('"') || value.starts_with('\'');
    (LISTS.contains(&key) && text).then(|| format!("{key} is a list: [{}]", value.trim()))
}
