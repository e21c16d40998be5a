//! The colour maps: embedded ones with their groups and licences, and those of the user.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use parking_lot::RwLock;
use seaglass_core::colormap::Colormap;
use serde::Deserialize;

/// What a colour map is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColormapGroup {
    /// From little to much.
    Sequential,
    /// Two sides of a centre (anomalies, differences).
    Diverging,
    /// Two sequential halves that meet (land and sea).
    MultiSequential,
    /// Ends meet (directions, phases).
    Cyclic,
    /// Many hues: familiar, but not perceptually even.
    Rainbow,
    /// Found with the user's data.
    Own,
}

impl ColormapGroup {
    /// All, in the order a list shows them.
    pub const ALL: [Self; 6] =
        [Self::Sequential, Self::Diverging, Self::MultiSequential, Self::Cyclic, Self::Rainbow, Self::Own];

    /// Title for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Sequential => "Sequential",
            Self::Diverging => "Diverging",
            Self::MultiSequential => "Multi-sequential",
            Self::Cyclic => "Cyclic",
            Self::Rainbow => "Rainbow",
            Self::Own => "Found with your data",
        }
    }
}

/// One colour map with what is known about it.
#[derive(Clone, Debug)]
pub struct ColormapEntry {
    /// Id (`cmocean_thermal`).
    pub id: String,
    /// Name for people (`thermal`).
    pub title: String,
    /// Who made it (`cmocean`, `Crameri`, `matplotlib` …).
    pub family: String,
    /// What it is good for.
    pub group: ColormapGroup,
    /// Licence.
    pub licence: String,
    /// The colours.
    pub colormap: Arc<Colormap>,
}

/// All colour maps known at a moment.
#[derive(Clone)]
pub struct Colormaps {
    entries: Vec<ColormapEntry>,
}

impl Colormaps {
    /// The colour map of that id.
    pub fn get(&self, id: &str) -> Option<Arc<Colormap>> {
        self.entry(id).map(|e| e.colormap.clone())
    }

    /// The entry of that id.
    pub fn entry(&self, id: &str) -> Option<&ColormapEntry> {
        self.entries.iter().find(|e| e.id == id)
    }

    /// All, by group and then by id.
    pub fn entries(&self) -> &[ColormapEntry] {
        &self.entries
    }
}

macro_rules! palettes {
    ($($id:literal),* $(,)?) => {
        &[$(($id, include_str!(concat!("../../../assets/colormaps/", $id, ".rgb")))),*]
    };
}

/// Id and text of every file in `assets/colormaps` (a test compares with the folder's index).
const PALETTES: &[(&str, &str)] = palettes![
    "bathymetry",
    "blue_white_red",
    "cividis",
    "cmocean_algae",
    "cmocean_amp",
    "cmocean_balance",
    "cmocean_curl",
    "cmocean_deep",
    "cmocean_delta",
    "cmocean_dense",
    "cmocean_diff",
    "cmocean_gray",
    "cmocean_haline",
    "cmocean_ice",
    "cmocean_matter",
    "cmocean_oxy",
    "cmocean_phase",
    "cmocean_rain",
    "cmocean_solar",
    "cmocean_speed",
    "cmocean_tarn",
    "cmocean_tempo",
    "cmocean_thermal",
    "cmocean_topo",
    "cmocean_turbid",
    "crameri_acton",
    "crameri_bam",
    "crameri_bamO",
    "crameri_bamako",
    "crameri_batlow",
    "crameri_batlowK",
    "crameri_batlowW",
    "crameri_berlin",
    "crameri_bilbao",
    "crameri_broc",
    "crameri_brocO",
    "crameri_buda",
    "crameri_bukavu",
    "crameri_cork",
    "crameri_corkO",
    "crameri_davos",
    "crameri_devon",
    "crameri_fes",
    "crameri_glasgow",
    "crameri_grayC",
    "crameri_hawaii",
    "crameri_imola",
    "crameri_lajolla",
    "crameri_lapaz",
    "crameri_lipari",
    "crameri_lisbon",
    "crameri_managua",
    "crameri_navia",
    "crameri_nuuk",
    "crameri_oleron",
    "crameri_oslo",
    "crameri_roma",
    "crameri_romaO",
    "crameri_tofino",
    "crameri_tokyo",
    "crameri_turku",
    "crameri_vanimo",
    "crameri_vik",
    "crameri_vikO",
    "grayscale",
    "hot",
    "hsv",
    "inferno",
    "jet",
    "magma",
    "plasma",
    "sar_gray",
    "sst_classic",
    "turbo",
    "twilight",
    "viridis",
    "wind_classic",
];

/// One object of `cmaps.json`.
#[derive(Deserialize)]
struct IndexEntry {
    name: String,
    group: String,
    licence: String,
    kind: ColormapGroup,
}

fn index() -> BTreeMap<String, IndexEntry> {
    serde_json::from_str::<Vec<IndexEntry>>(include_str!("../../../assets/colormaps/cmaps.json"))
        .inspect_err(|error| log::error!("the index of the colour maps cannot be read: {error}"))
        .unwrap_or_default()
        .into_iter()
        .map(|e| (e.name.clone(), e))
        .collect()
}

/// Name for people: the id without its family's prefix.
fn title(id: &str) -> String {
    let bare = id.strip_prefix("cmocean_").or_else(|| id.strip_prefix("crameri_")).unwrap_or(id);
    bare.replace('_', " ")
}

/// Name for people of a family in `cmaps.json`.
fn family(group: &str) -> &str {
    match group {
        "crameri" => "Crameri",
        "mpl" => "matplotlib",
        "google" => "Google",
        "classic" => "Classic",
        other => other,
    }
}

/// Embedded maps and those added since, as one value: who draws keeps the maps it began with.
fn shared() -> &'static RwLock<Arc<Colormaps>> {
    static MAPS: OnceLock<RwLock<Arc<Colormaps>>> = OnceLock::new();
    MAPS.get_or_init(|| RwLock::new(Arc::new(embedded())))
}

/// The colour maps known now.
pub fn colormaps() -> Arc<Colormaps> {
    Arc::clone(&shared().read())
}

/// Adds colour maps found with the user's data. Those of a known id are passed over: what a layer names stays what it is.
pub fn add_colormaps(maps: Vec<Colormap>) {
    let mut known = shared().write();
    let mut all = Colormaps::clone(&known);
    for map in maps {
        if all.entry(&map.id).is_none() {
            all.entries.push(ColormapEntry {
                id: map.id.clone(),
                title: map.id.replace('_', " "),
                family: "workspace".to_owned(),
                group: ColormapGroup::Own,
                licence: String::new(),
                colormap: Arc::new(map),
            });
        }
    }
    *known = Arc::new(all);
}

fn embedded() -> Colormaps {
    let index = index();
    let mut entries: Vec<ColormapEntry> = PALETTES
        .iter()
        .filter_map(|(id, text)| {
            let about = index.get(*id)?;
            let colormap = Colormap::from_rgb_text(id, text)
                .inspect_err(|error| log::error!("the colour map {id} cannot be read: {error}"))
                .ok()?;
            Some(ColormapEntry {
                id: (*id).to_owned(),
                title: title(id),
                family: family(&about.group).to_owned(),
                group: about.kind,
                licence: about.licence.clone(),
                colormap: Arc::new(colormap),
            })
        })
        .collect();
    entries.sort_by(|a, b| (a.group, &a.id).cmp(&(b.group, &b.id)));
    Colormaps { entries }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_in_the_list_and_in_the_index() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/colormaps");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|f| f.unwrap().file_name().to_str().and_then(|n| n.strip_suffix(".rgb").map(str::to_owned)))
            .collect();
        files.sort();
        assert_eq!(files, PALETTES.iter().map(|(id, _)| *id).collect::<Vec<_>>());
        assert_eq!(files, index().into_keys().collect::<Vec<_>>());
        assert_eq!(embedded().entries().len(), files.len());
        assert!(embedded().entries().iter().all(|e| !e.licence.is_empty()));
    }

    #[test]
    fn cyclic_maps_close_and_sequential_ones_do_not() {
        let gap = |m: &Colormap| (0..3).map(|c| i32::from(m.lut[0][c].abs_diff(m.lut[255][c]))).max().unwrap();
        for e in colormaps().entries() {
            match e.group {
                ColormapGroup::Cyclic => assert!(gap(&e.colormap) <= 12, "{} does not close", e.id),
                _ => assert!(gap(&e.colormap) > 12, "{} has equal ends", e.id),
            }
        }
    }

    #[test]
    fn maps_are_found_by_id() {
        let known = colormaps();
        let thermal = known.entry("cmocean_thermal").unwrap();
        assert_eq!((thermal.title.as_str(), thermal.family.as_str()), ("thermal", "cmocean"));
        assert_eq!(colormaps().get("viridis").unwrap().lut[0], [68, 1, 84]);
        assert!(colormaps().get("no such map").is_none());
    }

    #[test]
    fn maps_of_the_user_are_added_and_change_none() {
        let own = |id: &str| Colormap::from_rgb_text(id, "9 9 9\n1 1 1\n").unwrap();
        add_colormaps(vec![own("a test's own"), own("viridis")]);
        assert_eq!(colormaps().get("a test's own").unwrap().lut[0], [9; 3]);
        assert_eq!(colormaps().get("viridis").unwrap().lut[0], [68, 1, 84]);
    }
}
