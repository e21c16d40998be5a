//! Collections of a SEAScope workspace: `data/<collection>.ini` (or `data/<collection>/config.ini`) says what the files
//! below `data/<collection>` are called and how they are shown.
//!
//! Keys and their meaning were gathered from real collection files and from pySEAScope, which changes the same properties
//! over its socket. Unknown keys are passed over, missing ones follow CF.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use ini::{Ini, ParseOption, Properties};
use parking_lot::Mutex;
use seaglass_core::colormap::Colormap;
use seaglass_core::product::{FieldRule, Identity, Matching, Product, Status};
use seaglass_core::style::{Filter, Method, PARTICLES, StyleHint};

mod save;

pub use save::{SaveError, SavedStyle};

/// A granule lies in a folder of its own in the folder of its collection; plain CF files may lie in the latter itself.
const LEVELS: usize = 3;
/// Larger ones are not collection files.
const MAX_BYTES: u64 = 1 << 20;

/// Palettes read of a workspace.
const MAX_MAPS: usize = 500;

type Stamp = Option<(SystemTime, u64)>;

/// The collection files seen so far, read again when they change.
#[derive(Debug)]
pub struct Workspaces {
    /// How long an answer of the file system holds: every request for values asks.
    rest: Duration,
    known: Mutex<HashMap<PathBuf, Known>>,
    maps: Mutex<Maps>,
}

/// What was found at a path.
#[derive(Debug)]
struct Known {
    looked: Instant,
    stamp: Stamp,
    product: Option<Arc<Product>>,
}

/// Colour maps of workspaces, and the folders they were taken from.
#[derive(Debug, Default)]
struct Maps {
    folders: HashSet<PathBuf>,
    fresh: Vec<Colormap>,
}

impl Default for Workspaces {
    fn default() -> Self {
        Self { rest: Duration::from_secs(2), known: Mutex::default(), maps: Mutex::default() }
    }
}

impl Maps {
    /// Reads the palettes of a workspace, once.
    fn take_from(&mut self, workspace: Option<&Path>) {
        let Some(folder) = workspace.map(|w| w.join("colormaps")) else { return };
        if !self.folders.insert(folder.clone()) {
            return;
        }
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(folder).map(|d| d.filter_map(|e| Some(e.ok()?.path())).collect()).unwrap_or_default();
        files.retain(|p| p.extension().is_some_and(|e| e == "rgb"));
        files.sort();
        for file in files.iter().take(MAX_MAPS).filter(|f| stamp(f).is_some()) {
            let id = file.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
            let text = std::fs::read_to_string(file).map_err(|e| e.to_string());
            match text.and_then(|t| Colormap::from_rgb_text(&id, &t).map_err(|e| e.to_string())) {
                Ok(map) => self.fresh.push(map),
                Err(why) => log::warn!("{}: {why}", file.display()),
            }
        }
    }
}

impl Workspaces {
    /// Colour maps found since the last call.
    pub fn new_colormaps(&self) -> Vec<Colormap> {
        std::mem::take(&mut self.maps.lock().fresh)
    }

    /// The product of the collection a file lies in.
    pub fn product_of(&self, file: &Path) -> Option<Arc<Product>> {
        file.ancestors().skip(1).take(LEVELS).find_map(|folder| self.collection(folder))
    }

    /// A product made before.
    pub fn get(&self, id: &str) -> Option<Arc<Product>> {
        self.known.lock().values().filter_map(|k| k.product.as_ref()).find(|p| p.product.id == id).cloned()
    }

    fn collection(&self, folder: &Path) -> Option<Arc<Product>> {
        let name = folder.file_name()?.to_string_lossy().into_owned();
        let beside = folder.with_file_name(format!("{name}.ini"));
        [beside, folder.join("config.ini")].into_iter().find_map(|path| {
            let mut known = self.known.lock();
            let before = known.get(&path);
            if let Some(k) = before.filter(|k| k.looked.elapsed() < self.rest) {
                return k.product.clone();
            }
            let stamp = stamp(&path);
            let product = match before {
                Some(k) if k.stamp == stamp => k.product.clone(),
                _ => stamp.and_then(|_| read(&path, folder, &name)).map(Arc::new),
            };
            if product.is_some() {
                // <workspace>/data/<collection>
                self.maps.lock().take_from(folder.parent().and_then(Path::parent));
            }
            known.insert(path, Known { looked: Instant::now(), stamp, product: product.clone() });
            product
        })
    }
}

fn stamp(path: &Path) -> Stamp {
    let meta = std::fs::metadata(path).ok().filter(|m| m.is_file() && m.len() <= MAX_BYTES)?;
    Some((meta.modified().unwrap_or(SystemTime::UNIX_EPOCH), meta.len()))
}

fn read(path: &Path, folder: &Path, name: &str) -> Option<Product> {
    let bytes = std::fs::read(path).ok()?;
    let product = product(&String::from_utf8_lossy(&bytes), folder, name);
    if product.is_none() {
        log::warn!("{} is not a collection file: it has no [general] section and no variables.", path.display());
    }
    product
}

/// The product a collection file describes; `None` when it describes none.
fn product(text: &str, folder: &Path, name: &str) -> Option<Product> {
    // Labels hold anything: nothing is quoted or escaped.
    let options = ParseOption { enabled_quote: false, enabled_escape: false, ..ParseOption::default() };
    let ini = Ini::load_from_str_opt(text, options).ok()?;
    let general = ini.section(Some("general"))?;
    let list = |key: &str| -> Vec<String> {
        let words = general.get(key).unwrap_or_default().split(',').map(str::trim).filter(|w| !w.is_empty());
        words.map(str::to_owned).collect()
    };
    let mut variables = list("variables");
    if variables.is_empty() {
        variables = ini.sections().flatten().filter(|s| *s != "general").map(str::to_owned).collect();
    }
    if let Some(first) = given(general, "defaultVariable") {
        // Stable: the others keep their order.
        variables.sort_by_key(|v| v != first);
    }
    let fields: Vec<FieldRule> =
        variables.iter().filter_map(|v| fields(v, ini.section(Some(v.as_str()))?)).flatten().collect();
    if fields.is_empty() {
        return None;
    }
    let label = given(general, "label").unwrap_or(name).to_owned();
    Some(Product {
        product: Identity {
            id: id(folder, name),
            title: label.clone(),
            short: Some(label),
            status: Status::Beta,
            priority: i32::MAX,
            reference: None,
        },
        matching: Matching { folder: Some(folder.to_owned()), ..Matching::default() },
        time: Default::default(),
        geolocation: Default::default(),
        fields,
        hide: Vec::new(),
        reader: None,
    })
}

/// Two workspaces may have collections of one name: the folder is part of the identity.
fn id(folder: &Path, name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    // FNV-1a: the same in every run, so that sessions and notebooks find the collection again.
    let hash = folder
        .to_string_lossy()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    format!("seascope_{}_{:08x}", name.chars().map(plain).collect::<String>(), hash >> 32)
}

fn given<'a>(section: &'a Properties, key: &str) -> Option<&'a str> {
    section.get(key).map(str::trim).filter(|v| !v.is_empty())
}

fn number(section: &Properties, key: &str) -> Option<f64> {
    given(section, key)?.parse().ok().filter(|v: &f64| v.is_finite())
}

fn switch(section: &Properties, key: &str) -> Option<bool> {
    match given(section, key)?.to_ascii_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// A variable of one or two fields, or the channels of a picture one by one.
fn fields(name: &str, section: &Properties) -> Option<Vec<FieldRule>> {
    let of: Vec<String> = given(section, "fields")?.split(',').map(|f| f.trim().to_owned()).collect();
    let title = given(section, "label").unwrap_or(name);
    match of.as_slice() {
        [one] => {
            let rule = FieldRule { variable: Some(one.clone()), ..shown(section) };
            Some(vec![FieldRule { name: Some(name.to_owned()), title: Some(title.to_owned()), ..rule }])
        }
        [u, v] => {
            let mut rule = FieldRule { magnitude: Some([u.clone(), v.clone()]), ..shown(section) };
            rule.style.method = match given(section, "defaultRendering") {
                Some("ARROWS") => Some(Method::Arrows),
                Some("BARBS") => Some(Method::Barbs),
                Some("STREAMLINES") => Some(Method::Streamlines),
                _ => rule.style.method,
            };
            Some(vec![FieldRule { name: Some(name.to_owned()), title: Some(title.to_owned()), ..rule }])
        }
        // The range of a picture is one of its stored numbers, not of the channels' values: it comes from the data.
        [red, green, blue] => {
            let channel = |c: String| FieldRule {
                title: Some(format!("{title}, {c}")),
                style: StyleHint { colormap: Some("grayscale".to_owned()), ..StyleHint::default() },
                variable: Some(c),
                ..FieldRule::default()
            };
            let whole = FieldRule {
                name: Some(name.to_owned()),
                title: Some(title.to_owned()),
                variable: Some(red.clone()),
                rgb: Some([red.clone(), green.clone(), blue.clone()]),
                style: StyleHint { method: Some(Method::Rgb), range: None, log: None, ..shown(section).style },
                ..FieldRule::default()
            };
            Some(std::iter::once(whole).chain(of.into_iter().map(channel)).collect())
        }
        _ => None,
    }
}

/// How a variable is shown.
fn shown(section: &Properties) -> FieldRule {
    let method = match given(section, "defaultRendering").unwrap_or("RASTER") {
        "TRAJECTORIES" => Some(Method::Line),
        "DOTSCLOUD" => Some(Method::Points),
        // Arrows and the like lie on any geometry: the geometry decides.
        _ => None,
    };
    let range = number(section, "min").zip(number(section, "max")).map(|(a, b)| [a, b]).filter(|[a, b]| a < b);
    let log = switch(section, "logscale").filter(|log| !log || range.is_some_and(|r| r[0] > 0.0));
    let rendering = given(section, "defaultRendering").unwrap_or("RASTER");
    let symbols = matches!(rendering, "ARROWS" | "BARBS");
    let size = match rendering {
        "TRAJECTORIES" | "STREAMLINES" => number(section, "lineThickness"),
        "DOTSCLOUD" => number(section, "billboardsSize"),
        _ if symbols => number(section, "billboardsSize"),
        _ => None,
    };
    let count = |key: &str, [least, most]: [u32; 2]| {
        let found = given(section, key).filter(|_| rendering == "STREAMLINES").and_then(|v| v.parse::<u32>().ok());
        found.filter(|n| (least..=most).contains(n))
    };
    FieldRule {
        units: given(section, "units").filter(|u| *u != "_").map(str::to_owned),
        style: StyleHint {
            colormap: given(section, "colormap").map(str::to_owned).or_else(|| uniform(section)),
            range,
            log,
            method,
            filter: match given(section, "filterMode") {
                Some("BILINEAR") => Some(Filter::Bilinear),
                Some("NEAREST") => Some(Filter::Nearest),
                _ => None,
            },
            opacity: number(section, "opacity").filter(|o| (0.0..=1.0).contains(o)).map(|o| o as f32),
            size_pt: size.filter(|s| (0.5..=64.0).contains(s)).map(|s| s as f32),
            density: number(section, "billboardsDensity")
                .filter(|d| symbols && (0.0..=1.0).contains(d))
                .map(|d| d as f32),
            particles: count("particlesCount", PARTICLES),
            length: count("streamlineLength", [2, 256]),
            ..StyleHint::default()
        },
        ..FieldRule::default()
    }
}

/// The one colour of a variable whose colour map is given as none.
fn uniform(section: &Properties) -> Option<String> {
    section.get("colormap").filter(|map| map.trim().is_empty())?;
    let parts: Vec<u8> = given(section, "color")?.split(',').map_while(|c| c.trim().parse().ok()).collect();
    let [r, g, b] = parts[..] else { return None };
    Some(format!("#{r:02x}{g:02x}{b:02x}"))
}

/// Whether a file is a coarser copy (`…_idf_03.nc`) of a granule that is beside it in full.
pub fn is_coarser_copy(path: &Path) -> bool {
    let Some(name) = path.file_name().map(|n| n.to_string_lossy().into_owned()) else { return false };
    let Some((granule, rest)) = name.rsplit_once("_idf_") else { return false };
    let level = rest.strip_suffix(".nc").filter(|l| l.len() == 2).and_then(|l| l.parse::<u8>().ok());
    level.is_some_and(|l| l > 0) && path.with_file_name(format!("{granule}_idf_00.nc")).is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLLECTION: &str = "[general]\nlabel = True RGB (Oa09, Oa06)\nxSeamless=false\nvariables = b, a,rgb , wind\n\
        defaultVariable = a\nunheard = of \n\n[a]\nlabel = SST; skin\nfields = sst\nunits = K\ndefaultRendering = RASTER\n\
        logscale = false\nmin = 270\nmax=290 \ncolormap = medspiration\nfilterMode = BILINEAR\n[b]\nfields=b\nunits=_\n\
        min=5\nmax=5\nlogscale=true\n[rgb]\nfields = r,g,b\n[wind]\nfields = eastward_wind, northward_wind\n\
        defaultRendering = BARBS\n# comment\n; another\n[unlisted]\nfields = z";

    #[test]
    fn collections_become_products() {
        let p = product(COLLECTION, Path::new("/w/data/My Data.v2"), "My Data.v2").unwrap();
        assert!(p.product.id.starts_with("seascope_my_data_v2_"), "{}", p.product.id);
        assert_eq!(p.product.title, "True RGB (Oa09, Oa06)");
        let names: Vec<&str> = p.fields.iter().filter_map(|f| f.name.as_deref()).collect();
        assert_eq!(names, ["a", "b", "rgb", "wind"], "the default first, then in order");
        let channels: Vec<&str> =
            p.fields.iter().filter(|f| f.name.is_none()).filter_map(|f| f.title.as_deref()).collect();
        assert_eq!(channels, ["rgb, r", "rgb, g", "rgb, b"]);
        let wind = p.fields.iter().find(|f| f.name.as_deref() == Some("wind")).unwrap();
        let picture = p.fields.iter().find(|f| f.name.as_deref() == Some("rgb")).unwrap();
        assert_eq!(picture.rgb, Some(["r", "g", "b"].map(str::to_owned)));
        assert_eq!((picture.style.method, picture.style.range), (Some(Method::Rgb), None));
        let a = &p.fields[0];
        assert_eq!(a.title.as_deref(), Some("SST; skin"));
        assert_eq!((a.units.as_deref(), a.style.range), (Some("K"), Some([270.0, 290.0])));
        assert_eq!(a.style.filter, Some(Filter::Bilinear));
        assert_eq!(a.style.colormap.as_deref(), Some("medspiration"));
        let b = &p.fields[1];
        assert_eq!((b.units.clone(), b.style.range, b.style.log), (None, None, None), "nonsense follows CF");
        assert_eq!(wind.magnitude, Some(["eastward_wind".to_owned(), "northward_wind".to_owned()]));
        assert_eq!((wind.style.method, a.style.method), (Some(Method::Barbs), None));
    }

    #[test]
    fn what_is_no_collection_is_none() {
        for text in ["", "[desktop]\nfields = a", "[general]\nlabel = x", "no equals sign", "[general\n", "\0\0\0"] {
            assert!(product(text, Path::new("/w/data/c"), "c").is_none(), "{text:?}");
        }
    }

    #[test]
    fn files_find_their_collection() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        std::fs::create_dir_all(data.join("sst/granule")).unwrap();
        std::fs::create_dir_all(data.join("old")).unwrap();
        std::fs::write(data.join("sst.ini"), "[general]\nlabel = SST\n[t]\nfields = sst\n").unwrap();
        std::fs::write(data.join("old/config.ini"), "[general]\nlabel = Old\n[t]\nfields = sst\n").unwrap();
        std::fs::create_dir(dir.path().join("colormaps")).unwrap();
        std::fs::write(dir.path().join("colormaps/medspiration.rgb"), "0 0 0\n255 255 255 \n").unwrap();
        std::fs::write(dir.path().join("colormaps/broken.rgb"), "0 0\n").unwrap();
        let w = Workspaces { rest: Duration::ZERO, ..Workspaces::default() };
        let title = |path: &str| w.product_of(&data.join(path)).map(|p| p.product.title.clone());
        assert_eq!(title("sst/granule/granule_idf_00.nc").as_deref(), Some("SST"));
        assert_eq!(title("sst/plain.nc").as_deref(), Some("SST"));
        assert_eq!(title("old/plain.nc").as_deref(), Some("Old"));
        assert_eq!(title("none/plain.nc"), None);
        let maps: Vec<String> = w.new_colormaps().into_iter().map(|m| m.id).collect();
        assert_eq!(maps, ["medspiration"], "once, and only what can be read");
        assert!(w.new_colormaps().is_empty());
        std::fs::write(data.join("sst.ini"), "[general]\nlabel = Sea surface\n[t]\nfields = sst\n").unwrap();
        assert_eq!(title("sst/plain.nc").as_deref(), Some("Sea surface"), "changed on disk");
    }

    #[test]
    fn coarser_copies_are_known() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.b_idf_00.nc", "a.b_idf_01.nc", "lone_idf_02.nc", "x_idf_1.nc"] {
            std::fs::write(dir.path().join(name), "x").unwrap();
        }
        let coarser = |name: &str| is_coarser_copy(&dir.path().join(name));
        assert!(coarser("a.b_idf_01.nc"));
        assert!(!coarser("a.b_idf_00.nc") && !coarser("lone_idf_02.nc") && !coarser("x_idf_1.nc"));
    }
}
