//! Session files: the document as text that people can read and compare. JSON with sorted keys, two blanks a level, times
//! as ISO 8601, paths relative to the file, so that a folder with data and session can move.

use std::path::{Component, Path, PathBuf};

use serde_json::{Map, Value};

use crate::project::Project;
use crate::time::Time;

/// Extension of session files.
pub const EXTENSION: &str = "oce";
/// Form of the file. Older forms are brought up to it when they are read.
pub const VERSION: u64 = 1;
const FORMAT: &str = "seaglass session";

/// What a session file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionFile {
    /// The document, with paths as they are in the file: relative ones where that is possible.
    pub project: Project,
    /// The folder the file lay in when it was saved.
    pub home: PathBuf,
    /// What the window keeps in it.
    pub window: Value,
}

/// Why a text is no session; one sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// Not JSON.
    #[error("The file is no session: {0}. Open a file saved by \"Save session\".")]
    Text(String),
    /// JSON of something else.
    #[error("The file is JSON, but no session of Seaglass. Open a file saved by \"Save session\".")]
    Other,
    /// Of a newer program.
    #[error("The session was saved by a newer Seaglass (form {0}, this program knows {VERSION}). Update this one.")]
    Newer(u64),
    /// A part is not as it should be.
    #[error("The session cannot be read: {0}. Correct the file, or save the session again.")]
    Content(String),
}

/// Times of the timeline, which are kept as text.
const TIMES: &[&[&str]] =
    &[&["timeline", "now"], &["timeline", "loop_span", "start"], &["timeline", "loop_span", "stop"]];

impl SessionFile {
    /// The document as it is saved in the folder `home`.
    pub fn new(project: &Project, home: &Path, window: Value) -> Self {
        let mut project = project.clone();
        project.timeline.playing = false;
        for source in &mut project.sources {
            *source = relative(source, home);
        }
        Self { project, home: home.to_owned(), window }
    }

    /// The text of the file.
    ///
    /// # Errors
    /// A number of the document is not finite.
    pub fn to_text(&self) -> Result<String, SessionError> {
        let wrong = |e: serde_json::Error| SessionError::Content(e.to_string());
        // By way of text: single-precision numbers are written as short as they are.
        let text = serde_json::to_string(&self.project).map_err(wrong)?;
        let mut project: Value = serde_json::from_str(&text).map_err(wrong)?;
        for path in TIMES {
            if let Some(value) = at(&mut project, path)
                && let Some(micros) = value.as_i64()
            {
                *value = Value::from(Time::from_micros(micros).iso());
            }
        }
        let mut all = Map::new();
        all.insert("format".to_owned(), Value::from(FORMAT));
        all.insert("version".to_owned(), Value::from(VERSION));
        all.insert("program".to_owned(), Value::from(env!("CARGO_PKG_VERSION")));
        all.insert("home".to_owned(), Value::from(slashes(&self.home)));
        all.insert("project".to_owned(), project);
        if !self.window.is_null() {
            all.insert("window".to_owned(), self.window.clone());
        }
        let text = serde_json::to_string_pretty(&sorted(Value::Object(all))).map_err(wrong)?;
        Ok(text + "\n")
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// It is no session, or one of a newer program.
    pub fn parse(text: &str) -> Result<Self, SessionError> {
        let mut all: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|e| {
            SessionError::Text(format!("line {}, column {}: {}", e.line(), e.column(), plain(&e.to_string())))
        })?;
        if all.get("format").and_then(Value::as_str) != Some(FORMAT) {
            return Err(SessionError::Other);
        }
        let version = all.get("version").and_then(Value::as_u64).unwrap_or(0);
        if version > VERSION {
            return Err(SessionError::Newer(version));
        }
        let home = all.get("home").and_then(Value::as_str).map(PathBuf::from).unwrap_or_default();
        let window = all.get_mut("window").map(Value::take).unwrap_or_default();
        let mut project = all.get_mut("project").map(Value::take).ok_or(SessionError::Other)?;
        for path in TIMES {
            if let Some(value) = at(&mut project, path)
                && let Some(text) = value.as_str()
            {
                let time = Time::parse(text).map_err(|e| SessionError::Content(e.to_string()))?;
                *value = Value::from(time.micros());
            }
        }
        let project = serde_json::from_value(project).map_err(|e| SessionError::Content(plain(&e.to_string())))?;
        Ok(Self { project, home, window })
    }

    /// The document with the paths of its data, for a file that lies in `home` now; `exists` is asked where a path leads.
    /// What is not found beside the file is looked for where the file was saved.
    pub fn located(&self, home: &Path, exists: &dyn Fn(&Path) -> bool) -> Project {
        let mut project = self.project.clone();
        for source in &mut project.sources {
            let (here, there) = (tidy(&home.join(&source)), tidy(&self.home.join(&source)));
            *source = if !exists(&here) && exists(&there) { there } else { here };
        }
        project
    }
}

/// The same value with its keys in order, whatever order its maps keep.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> = map.into_iter().map(|(k, v)| (k, sorted(v))).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(sorted).collect()),
        other => other,
    }
}

/// serde's sentence without its place, which is said elsewhere.
fn plain(text: &str) -> String {
    text.split(" at line").next().unwrap_or(text).to_owned()
}

fn at<'a>(value: &'a mut Value, path: &[&str]) -> Option<&'a mut Value> {
    path.iter().try_fold(value, |v, key| v.get_mut(key))
}

fn slashes(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// `path` as seen from the folder `from`, with `/` on every system; unchanged when they share no beginning (drives).
fn relative(path: &Path, from: &Path) -> PathBuf {
    if path.is_relative() || !from.is_absolute() {
        return PathBuf::from(slashes(path));
    }
    let (own, home): (Vec<Component<'_>>, Vec<Component<'_>>) =
        (path.components().collect(), from.components().collect());
    let shared = own.iter().zip(&home).take_while(|(a, b)| a == b).count();
    if shared == 0 || (cfg!(windows) && shared < 2) {
        return path.to_owned();
    }
    let up = std::iter::repeat_n("..".to_owned(), home.len() - shared);
    let down = own[shared..].iter().map(|c| c.as_os_str().to_string_lossy().into_owned());
    let parts: Vec<String> = up.chain(down).collect();
    PathBuf::from(if parts.is_empty() { ".".to_owned() } else { parts.join("/") })
}

/// A path without `.` and `..`, by its text alone.
fn tidy(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                if !out.pop() {
                    out.push("..");
                }
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::{Layer, LayerId};
    use crate::style::Style;

    fn project() -> Project {
        let mut project = Project::default();
        project.timeline.now = Time::parse("2024-08-11T13:27:41Z").unwrap();
        project.camera.altitude_m = 4_800_000.25;
        let style = Style { opacity: 0.92, range: Some([-0.3, 0.3]), ..Style::default() };
        project.layers.push(Layer {
            id: LayerId(3),
            collection: "swot_l3_lr_ssh".into(),
            field: "ssha".into(),
            extra: Vec::new(),
            components: Vec::new(),
            name: Some("Höhe".into()),
            visible: true,
            side: None,
            locked: true,
            group: None,
            unmasked: false,
            style,
        });
        project.sources = vec!["/data/swot".into(), "/srv/project/sst/a.nc".into(), "/srv/project".into()];
        project
    }

    #[test]
    fn text_and_back() {
        let saved =
            SessionFile::new(&project(), Path::new("/srv/project"), serde_json::json!({ "right": "catalogue" }));
        let text = saved.to_text().unwrap();
        assert_eq!(SessionFile::parse(&text).unwrap(), saved);
        assert_eq!(SessionFile::parse(&text).unwrap().to_text().unwrap(), text, "saved again it is the same text");
        for line in [
            "      \"now\": \"2024-08-11T13:27:41Z\",",
            "          \"opacity\": 0.92,",
            "      \"../../data/swot\",",
            "      \"sst/a.nc\",",
            "        \"name\": \"Höhe\",",
        ] {
            assert!(text.lines().any(|l| l == line || l.trim() == line.trim()), "no line {line} in\n{text}");
        }
        let keys: Vec<&str> = text.lines().filter(|l| l.starts_with("  \"")).collect();
        assert!(keys.is_sorted(), "{keys:?}");
    }

    #[test]
    fn data_are_found_beside_a_file_that_has_moved() {
        let saved = SessionFile::new(&project(), Path::new("/srv/project"), Value::Null);
        let moved = saved.located(Path::new("/mnt/stick/project"), &|p| {
            p.starts_with("/mnt/stick/project") || p.starts_with("/data")
        });
        let expected: Vec<PathBuf> =
            vec!["/data/swot".into(), "/mnt/stick/project/sst/a.nc".into(), "/mnt/stick/project".into()];
        assert_eq!(moved.sources, expected);
        let nowhere = saved.located(Path::new("/x/y"), &|_| false);
        assert_eq!(nowhere.sources[1], Path::new("/x/y/sst/a.nc"), "what is missing is missed here");
    }

    #[test]
    fn what_is_no_session_is_said() {
        let told = |text: &str| SessionFile::parse(text).unwrap_err().to_string();
        assert!(told("{\n  \"a\": }").contains("line 2, column 8"), "{}", told("{\n  \"a\": }"));
        assert_eq!(SessionFile::parse("{\"type\": \"FeatureCollection\"}"), Err(SessionError::Other));
        let newer = format!("{{\"format\": \"{FORMAT}\", \"version\": 99, \"project\": {{}}}}");
        assert_eq!(SessionFile::parse(&newer), Err(SessionError::Newer(99)));
        let text = SessionFile::new(&project(), Path::new("/"), Value::Null).to_text().unwrap();
        let wrong = text.replace("2024-08-11T13:27:41Z", "yesterday");
        assert!(told(&wrong).contains("yesterday"), "{}", told(&wrong));
        let wrong = text.replace("\"altitude_m\": 4800000.25", "\"altitude_m\": \"high\"");
        assert!(told(&wrong).contains("cannot be read"), "{}", told(&wrong));
    }
}
