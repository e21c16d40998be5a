//! Writing a style back into a collection file: only the settings of its variable change; other keys, comments, blanks,
//! order and line ends stay byte by byte.

use std::path::{Path, PathBuf};

use seaglass_core::notebook::uniform_colour;
use seaglass_core::style::{Filter, Method, OutOfRange, Style, StyleHint};

use super::{Known, Workspaces, product, stamp};
use crate::file::write_whole;

/// Why a style was not written; each is a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SaveError {
    /// The data lie in no workspace.
    #[error(
        "The data of this layer are not in a collection of a SEAScope workspace; save the style as a default instead."
    )]
    NoCollection,
    /// The file has no such section.
    #[error("{file} has no section for \"{field}\"; save the style as a default instead.")]
    NoVariable {
        /// Collection file.
        file: String,
        /// Field of the layer.
        field: String,
    },
    /// A value does not fit into a line.
    #[error("The name of the colour map \"{0}\" cannot stand in a collection file; choose another colour map.")]
    Colormap(String),
    /// The file is protected.
    #[error("{file} may only be read; ask its owner, or copy the collection into a folder of your own.")]
    ReadOnly {
        /// Collection file.
        file: String,
    },
    /// The file system said no.
    #[error("The style cannot be saved in {file}: {why}. Nothing has changed there.")]
    Io {
        /// Collection file.
        file: String,
        /// The system's reason.
        why: String,
    },
}

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedStyle {
    /// The collection file.
    pub file: PathBuf,
    /// What the file now says about the variable.
    pub hint: StyleHint,
    /// Where the workspace keeps its colour maps.
    pub colormaps: Option<PathBuf>,
    /// Settings for which collection files have no key.
    pub left_out: Vec<&'static str>,
}

impl Workspaces {
    /// The collection file of a product made before.
    pub fn file_of(&self, id: &str) -> Option<PathBuf> {
        let known = self.known.lock();
        known.iter().find(|(_, k)| k.product.as_ref().is_some_and(|p| p.product.id == id)).map(|(path, _)| path.clone())
    }

    /// Writes a style into the section of a variable.
    ///
    /// # Errors
    /// See [`SaveError`]; the file is as it was then.
    pub fn save_style(&self, id: &str, field: &str, style: &Style) -> Result<SavedStyle, SaveError> {
        let path = self.file_of(id).ok_or(SaveError::NoCollection)?;
        let before = self.get(id).ok_or(SaveError::NoCollection)?;
        let file = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let io = |e: std::io::Error| match e.kind() {
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                SaveError::ReadOnly { file: path.display().to_string() }
            }
            _ => SaveError::Io { file: path.display().to_string(), why: e.to_string() },
        };
        // A link stays a link.
        let real = std::fs::canonicalize(&path).map_err(io)?;
        if std::fs::metadata(&real).map_err(io)?.permissions().readonly() {
            return Err(SaveError::ReadOnly { file: path.display().to_string() });
        }
        let text = std::fs::read(&real).map_err(io)?;
        let no_variable = || SaveError::NoVariable { file: file.clone(), field: field.to_owned() };
        let settings = settings(style);
        if settings.iter().any(|(_, v)| v.chars().any(char::is_control)) {
            return Err(SaveError::Colormap(style.colormap.clone()));
        }
        let edited = edit(&text, field, &settings).ok_or_else(no_variable)?;
        let folder = before.matching.folder.clone().unwrap_or_default();
        let name = folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let after = product(&String::from_utf8_lossy(&edited), &folder, &name).ok_or_else(no_variable)?;
        let rule = after.fields.iter().find(|f| f.name.as_deref() == Some(field)).ok_or_else(no_variable)?;
        let hint = rule.style.clone();
        if edited != text {
            write_whole(&real, &edited).map_err(io)?;
        }
        let known = Known { looked: std::time::Instant::now(), stamp: stamp(&path), product: Some(after.into()) };
        self.known.lock().insert(path.clone(), known);
        let colormaps = folder.parent().and_then(Path::parent).map(|w| w.join("colormaps"));
        Ok(SavedStyle { file: path, hint, colormaps, left_out: left_out(style) })
    }
}

/// The keys of a style, in the order in which SEAScope writes them.
fn settings(style: &Style) -> Vec<(&'static str, String)> {
    let mut keys = Vec::new();
    if style.method == Method::Rgb {
        // The range of a picture is one of its stored numbers: it is not ours.
        return vec![("opacity", style.opacity.to_string()), ("filterMode", filter(style).to_owned())];
    }
    let rendering = match style.method {
        Method::Line => "TRAJECTORIES",
        Method::Points => "DOTSCLOUD",
        Method::Arrows => "ARROWS",
        Method::Barbs => "BARBS",
        Method::Streamlines => "STREAMLINES",
        Method::Raster | Method::Rgb => "RASTER",
    };
    keys.push(("defaultRendering", rendering.to_owned()));
    keys.push(("logscale", style.log.to_string()));
    if let Some([low, high]) = style.range.filter(|_| !style.follow_view) {
        keys.extend([("min", low.to_string()), ("max", high.to_string())]);
    }
    keys.push(("opacity", style.opacity.to_string()));
    if style.method == Method::Streamlines {
        keys.push(("particlesCount", style.stream.particles.to_string()));
        keys.push(("streamlineLength", style.stream.length.to_string()));
    }
    match uniform_colour(&style.colormap) {
        Some([r, g, b]) => keys.extend([("colormap", String::new()), ("color", format!("{r},{g},{b}"))]),
        None => keys.push(("colormap", style.colormap.clone())),
    }
    keys.push(("filterMode", filter(style).to_owned()));
    if matches!(style.method, Method::Arrows | Method::Barbs) {
        keys.push(("billboardsSize", style.size_pt.to_string()));
        keys.push(("billboardsDensity", style.vector.density.to_string()));
    } else if style.method == Method::Points {
        keys.push(("billboardsSize", style.size_pt.to_string()));
    } else if matches!(style.method, Method::Line | Method::Streamlines) {
        keys.push(("lineThickness", style.size_pt.to_string()));
    }
    keys
}

fn filter(style: &Style) -> &'static str {
    if style.filter == Filter::Bilinear { "BILINEAR" } else { "NEAREST" }
}

/// Settings that somebody has made and no key can hold.
fn left_out(style: &Style) -> Vec<&'static str> {
    let plain = Style::default();
    let (vector, stream) = (&style.vector, &style.stream);
    let vectors = matches!(style.method, Method::Arrows | Method::Barbs);
    [
        (style.method == Method::Rgb && style.rgb != plain.rgb, "ranges and gamma of the channels"),
        (style.reversed, "the reversed colour map"),
        (style.follow_view, "the range that follows the view"),
        (style.out_of_range != OutOfRange::Clamp || style.ends != plain.ends, "colours beyond the range"),
        (!style.hidden.is_empty(), "hidden classes"),
        (style.blend != plain.blend, "blending"),
        (style.contour != plain.contour, "contour lines"),
        (style.hillshade != plain.hillshade, "relief"),
        (style.time_rule != plain.time_rule || style.time != plain.time || style.trail != plain.trail, "time"),
        (vectors && (vector.colour.is_some() || vector.reference.is_some()), "colour and reference of symbols"),
        (
            style.method == Method::Streamlines && (stream.speed_factor.is_some() || stream.colour.is_some()),
            "speed and colour of streamlines",
        ),
    ]
    .into_iter()
    .filter_map(|(set, name)| set.then_some(name))
    .collect()
}

/// A file with some keys of a section set anew, and those added that were not there; `None` without that section.
fn edit(text: &[u8], section: &str, settings: &[(&str, String)]) -> Option<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = text.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    let eol: &[u8] = if lines.first().is_some_and(|l| l.ends_with(b"\r\n")) { b"\r\n" } else { b"\n" };
    let header = lines.iter().position(|l| header_of(l).as_deref() == Some(section))?;
    let end = lines[header + 1..].iter().position(|l| header_of(l).is_some()).map_or(lines.len(), |n| header + 1 + n);
    let mut last = header;
    let mut missing: Vec<&(&str, String)> = settings.iter().collect();
    for (k, line) in lines.iter_mut().enumerate().take(end).skip(header + 1) {
        let Some((key, at)) = key_of(line) else { continue };
        last = k;
        let Some((_, value)) = settings.iter().find(|(name, _)| *name == key) else { continue };
        missing.retain(|(name, _)| *name != key);
        let tail = line.len() - line.iter().rev().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        if !same(&String::from_utf8_lossy(&line[at..tail]), value) {
            line.splice(at..tail, value.bytes());
        }
    }
    if !missing.is_empty() && !lines[last].ends_with(b"\n") {
        lines[last].extend_from_slice(eol);
    }
    let added = missing.into_iter().map(|(key, value)| [format!("{key} = {value}").as_bytes(), eol].concat());
    lines.splice(last + 1..last + 1, added);
    Some(lines.concat())
}

/// The name of a section, when a line begins one.
fn header_of(line: &[u8]) -> Option<String> {
    let line = String::from_utf8_lossy(line);
    let inner = line.trim_start_matches('\u{feff}').trim().strip_prefix('[')?;
    Some(inner.split(']').next()?.trim().to_owned())
}

/// The key of a line, and where its value begins.
fn key_of(line: &[u8]) -> Option<(String, usize)> {
    let at = line.iter().position(|b| matches!(b, b'=' | b':'))?;
    let key = String::from_utf8_lossy(&line[..at]).trim().to_owned();
    if key.is_empty() || key.starts_with([';', '#', '[']) {
        return None;
    }
    let blanks = line[at + 1..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    Some((key, at + 1 + blanks))
}

/// Whether a value says the same in other words (`270`, `270.0`): it stays as its author wrote it.
fn same(old: &str, new: &str) -> bool {
    let plain = |v: &str| v.split_whitespace().collect::<String>();
    let (old, new) = (plain(old), plain(new));
    let number = |v: &str| v.parse::<f64>().ok();
    let switch = |v: &str| match v.to_ascii_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    };
    let truth = matches!(new.as_str(), "true" | "false") && switch(&old) == switch(&new);
    old == new || (number(&old).is_some() && number(&old) == number(&new)) || truth
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seaglass_core::style::{StreamStyle, VectorStyle};

    use super::*;

    /// As SEAScope and people write them: comments, unknown keys, blanks, DOS line ends, no end of the last line.
    const FILE: &str = "; mine\r\n[general]\r\nlabel = Wind; 10 m\r\nvariables = wind, sst\r\nunheard = of\r\n\r\n\
        [sst]\r\nmin=270.0\r\nlabel = SST \r\nfields = sst\r\n# why\r\nmax =  300 \r\nopacity = 1.0\r\n\
        zindex = 0.7\r\nlogscale = False\r\ncolormap = medspiration\r\nfilterMode=NEAREST\r\n\r\n; about wind\r\n\
        [wind]\r\nfields = u, v\r\ndefaultRendering = BARBS\r\ncurrentTimeTrajectoryMarker = ";

    fn workspace() -> (tempfile::TempDir, PathBuf, Workspaces, String) {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        std::fs::create_dir_all(data.join("mine")).unwrap();
        let file = data.join("mine.ini");
        std::fs::write(&file, FILE).unwrap();
        let w = Workspaces { rest: Duration::ZERO, ..Workspaces::default() };
        let id = w.product_of(&data.join("mine/a.nc")).unwrap().product.id.clone();
        (dir, file, w, id)
    }

    #[test]
    fn only_what_was_chosen_changes() {
        let (_dir, file, w, id) = workspace();
        let style = Style {
            range: Some([270.0, 295.5]),
            colormap: "cmocean_thermal".into(),
            opacity: 0.9,
            reversed: true,
            ..Style::default()
        };
        let saved = w.save_style(&id, "sst", &style).unwrap();
        let expected = FILE
            .replace("max =  300 \r\n", "max =  295.5\r\n")
            .replace("opacity = 1.0", "opacity = 0.9")
            .replace("colormap = medspiration", "colormap = cmocean_thermal")
            .replace("filterMode=NEAREST\r\n", "filterMode=NEAREST\r\ndefaultRendering = RASTER\r\n");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), expected);
        assert_eq!(saved.left_out, ["the reversed colour map"]);
        assert_eq!(saved.hint.range, Some([270.0, 295.5]));
        assert_eq!((saved.hint.opacity, saved.hint.colormap.as_deref()), (Some(0.9), Some("cmocean_thermal")));
        // The same again writes nothing at all.
        let before = std::fs::metadata(&file).unwrap().modified().unwrap();
        w.save_style(&id, "sst", &style).unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().modified().unwrap(), before);
        assert_eq!(w.get(&id).unwrap().fields[1].style, saved.hint, "known at once");
    }

    #[test]
    fn methods_and_plain_colours_come_back() {
        let (_dir, file, w, id) = workspace();
        let style = Style {
            method: Method::Streamlines,
            colormap: "#320c57".into(),
            size_pt: 2.5,
            stream: StreamStyle { particles: 25_000, length: 60, ..StreamStyle::default() },
            ..Style::default()
        };
        let hint = w.save_style(&id, "wind", &style).unwrap().hint;
        assert_eq!((hint.method, hint.size_pt), (Some(Method::Streamlines), Some(2.5)));
        assert_eq!((hint.particles, hint.length), (Some(25_000), Some(60)));
        assert_eq!(hint.colormap.as_deref(), Some("#320c57"));
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains("currentTimeTrajectoryMarker = \r\nlogscale = false\r\n"), "{text}");
        assert!(text.contains("colormap = \r\ncolor = 50,12,87\r\n"), "{text}");
        assert!(text.starts_with(FILE.split("[wind]").next().unwrap()), "{text}");
        let vector = VectorStyle { density: 0.25, ..VectorStyle::default() };
        let style = Style { method: Method::Arrows, size_pt: 30.0, vector, ..Style::default() };
        let hint = w.save_style(&id, "wind", &style).unwrap().hint;
        assert_eq!((hint.method, hint.size_pt, hint.density), (Some(Method::Arrows), Some(30.0), Some(0.25)));
        assert_eq!(hint.colormap.as_deref(), Some("viridis"));
    }

    #[test]
    fn what_cannot_be_written_is_one_sentence_and_changes_nothing() {
        let (dir, file, w, id) = workspace();
        let style = Style { opacity: 0.5, ..Style::default() };
        assert_eq!(w.save_style("ghrsst", "sst", &style), Err(SaveError::NoCollection));
        let none = w.save_style(&id, "salinity", &style).unwrap_err().to_string();
        assert_eq!(none, "mine.ini has no section for \"salinity\"; save the style as a default instead.");
        let odd = Style { colormap: "a\n[b]".into(), ..Style::default() };
        assert!(matches!(w.save_style(&id, "sst", &odd), Err(SaveError::Colormap(_))));
        // Something else lies where the new file is made first.
        let part = file.with_file_name("mine.ini.part");
        std::fs::create_dir_all(part.join("x")).unwrap();
        assert!(matches!(w.save_style(&id, "sst", &style), Err(SaveError::Io { .. })));
        std::fs::remove_dir_all(&part).unwrap();
        let mut rights = std::fs::metadata(&file).unwrap().permissions();
        rights.set_readonly(true);
        std::fs::set_permissions(&file, rights).unwrap();
        let why = w.save_style(&id, "sst", &style).unwrap_err().to_string();
        assert!(why.contains("mine.ini may only be read; ask its owner"), "{why}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), FILE);
        assert_eq!(std::fs::read_dir(dir.path().join("data")).unwrap().count(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_and_its_rights_stay() {
        use std::os::unix::fs::PermissionsExt;
        let (dir, file, w, id) = workspace();
        let real = dir.path().join("kept.ini");
        std::fs::rename(&file, &real).unwrap();
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&real, &file).unwrap();
        w.product_of(&dir.path().join("data/mine/a.nc")).unwrap();
        w.save_style(&id, "sst", &Style { opacity: 0.5, ..Style::default() }).unwrap();
        assert!(std::fs::symlink_metadata(&file).unwrap().is_symlink());
        assert!(std::fs::read_to_string(&real).unwrap().contains("opacity = 0.5"));
        assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    }
}
