//! Versions of one granule, as the names of files tell: reprocessings, timeliness, and copies in two folders.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::granule::{Granule, GranuleId};

/// Which versions of a granule are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Versions {
    /// The newest; of copies the first.
    #[default]
    Newest,
    /// All that are open.
    All,
}

/// Numbers that rise from version to version.
type Version = Vec<u32>;

/// What a name says: the granule, and which version of it; no version where the name tells none.
fn parsed(name: &str) -> (String, Option<Version>) {
    let found = swot(name).or_else(|| sentinel_6(name)).or_else(|| duacs(name)).or_else(|| numbered(name));
    found.map_or_else(|| (name.to_owned(), None), |(granule, version)| (granule, Some(version)))
}

/// Digits of a text, all of it.
fn digits(text: &str) -> Option<u32> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// `…_PIC0_01.nc`: forward (I) or general reprocessing (G), baseline letter, digit, counter. A baseline counts first; of
/// one baseline the reprocessing is the later.
fn swot(name: &str) -> Option<(String, Version)> {
    let stem = name.starts_with("SWOT_").then(|| name.rsplit_once('.'))??.0;
    let (rest, counter) = stem.rsplit_once('_')?;
    let (granule, crid) = rest.rsplit_once('_')?;
    let [b'P', kind @ (b'I' | b'G'), letter @ b'A'..=b'Z', digit @ (b'0'..=b'9' | b'A'..=b'Z')] = crid.as_bytes()
    else {
        return None;
    };
    let version = vec![u32::from(*letter), u32::from(*kind == b'G'), u32::from(*digit), digits(counter)?];
    Some((granule.to_owned(), version))
}

/// `S6A_P4_2__LR_STD__NT_014_191_…_F00.nc`: near real time, short time critical, not time critical; then the F-number.
fn sentinel_6(name: &str) -> Option<(String, Version)> {
    let stem = (name.starts_with("S6A_") || name.starts_with("S6B_")).then(|| name.rsplit_once('.'))??.0;
    let (rest, number) = stem.rsplit_once("_F")?;
    let timely = ["_NR_", "_ST_", "_NT_"];
    let (rank, at) = timely.iter().enumerate().find_map(|(k, t)| Some((k, rest.find(t)?)))?;
    let granule = format!("{}{}", &rest[..at], &rest[at + 3..]);
    Some((granule, vec![rank as u32, digits(number)?]))
}

/// `nrt_global_allsat_phy_l4_20240811_20240817.nc`: the day it was made.
fn duacs(name: &str) -> Option<(String, Version)> {
    let stem = name.rsplit_once('.')?.0;
    let (granule, made) = stem.rsplit_once('_')?;
    let (kind, day) = granule.rsplit_once('_')?;
    let is = (name.starts_with("nrt_") || name.starts_with("dt_")) && (kind.ends_with("_l3") || kind.ends_with("_l4"));
    (is && day.len() == 8 && made.len() == 8 && digits(day).is_some())
        .then(|| Some((granule.to_owned(), vec![digits(made)?])))?
}

/// `…-fv01.0.nc`, `…_v2.0.1.nc`, `…-v3.nc`: the number at the end.
fn numbered(name: &str) -> Option<(String, Version)> {
    let stem = [".nc", ".nc4", ".h5", ".hdf", ".tif"].iter().find_map(|e| name.strip_suffix(e))?;
    let at = ["-fv", "_fv", "-v", "_v"].iter().filter_map(|mark| Some(stem.rfind(mark)? + mark.len())).max()?;
    let version: Option<Version> = stem[at..].split('.').map(digits).collect();
    Some((stem[..at].to_owned(), version?))
}

/// Which granules of a collection are older versions or copies of others.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Superseded {
    /// The newest of each, by a hash of what it is.
    newest: HashMap<u64, (Option<Version>, GranuleId)>,
    older: HashSet<GranuleId>,
}

impl Superseded {
    /// Takes a granule in.
    pub fn add(&mut self, granule: &Granule) {
        let name = granule.path.file_name().map(|n| n.to_string_lossy()).unwrap_or_default();
        let (what, version) = parsed(&name);
        // What programs push has no file, and a name without a date is no name of a granule.
        if is_pushed(&granule.path) || version.is_none() && !is_dated(&name) {
            return;
        }
        let mut hash = DefaultHasher::new();
        (what, granule.part, granule.step).hash(&mut hash);
        if version.is_none() {
            // Only of the same time and place it is a copy.
            let b = granule.bounds;
            let place = [b.west, b.south, b.east, b.north].map(f64::to_bits);
            (place, granule.shape, granule.span.map(|s| (s.start, s.stop)), folder(&granule.path)).hash(&mut hash);
        }
        let known = self.newest.entry(hash.finish()).or_insert_with(|| (version.clone(), granule.id));
        if known.1 == granule.id {
            return;
        }
        if version > known.0 {
            let old = std::mem::replace(known, (version, granule.id));
            self.older.insert(old.1);
        } else {
            self.older.insert(granule.id);
        }
    }

    /// Whether there is a newer one, or the same once more.
    pub fn is_older(&self, id: GranuleId) -> bool {
        !self.older.is_empty() && self.older.contains(&id)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.older.len()
    }
}

/// Whether a path stands for a granule in memory (`notebook/change.rs`).
fn is_pushed(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().starts_with(b"notebook:")
}

/// Whether a name has a day in it.
fn is_dated(name: &str) -> bool {
    let mut run = 0;
    name.bytes().any(|b| {
        run = if b.is_ascii_digit() { run + 1 } else { 0 };
        run >= 8
    })
}

/// Of products that are folders (`….SEN3`) the folder is the name.
fn folder(path: &Path) -> Option<String> {
    let name = path.parent()?.file_name()?.to_string_lossy().into_owned();
    (name.ends_with(".SEN3") || name.ends_with(".SAFE")).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names as the producers document them, older first.
    #[test]
    fn names_tell_versions() {
        let swot = "SWOT_L2_LR_SSH_Expert_019_273_20240811T105851_20240811T115014";
        for list in [
            vec![
                format!("{swot}_PIC0_01.nc"),
                format!("{swot}_PIC0_02.nc"),
                format!("{swot}_PGC0_01.nc"),
                format!("{swot}_PID0_01.nc"),
            ],
            vec![
                "S6A_P4_2__HR_RED__NR_014_191_20210403T004056_20210403T005056_F00.nc".to_owned(),
                "S6A_P4_2__HR_RED__ST_014_191_20210403T004056_20210403T005056_F00.nc".to_owned(),
                "S6A_P4_2__HR_RED__NT_014_191_20210403T004056_20210403T005056_F00.nc".to_owned(),
                "S6A_P4_2__HR_RED__NT_014_191_20210403T004056_20210403T005056_F08.nc".to_owned(),
            ],
            vec![
                "nrt_global_allsat_phy_l4_20240811_20240811.nc".to_owned(),
                "nrt_global_allsat_phy_l4_20240811_20240817.nc".to_owned(),
            ],
            vec![
                "20240811134500-JPL-L2P_GHRSST-SSTskin-MODIS_T-D-v02.0-fv01.0.nc".to_owned(),
                "20240811134500-JPL-L2P_GHRSST-SSTskin-MODIS_T-D-v02.0-fv02.1.nc".to_owned(),
            ],
            vec![
                "SWOT_L3_LR_SSH_Expert_026_165_20241229T165806_20241229T174933_v1.0.2.nc".to_owned(),
                "SWOT_L3_LR_SSH_Expert_026_165_20241229T165806_20241229T174933_v2.0.1.nc".to_owned(),
                "SWOT_L3_LR_SSH_Expert_026_165_20241229T165806_20241229T174933_v2.0.10.nc".to_owned(),
            ],
        ] {
            let all: Vec<_> = list.iter().map(|n| parsed(n)).collect();
            assert!(all.windows(2).all(|w| w[0].0 == w[1].0), "not one granule: {all:?}");
            assert!(all.windows(2).all(|w| w[0].1 < w[1].1 && w[0].1.is_some()), "not in order: {all:?}");
        }
        // Other days and passes are other granules; names without a version have none.
        let pass =
            |n: &str| parsed(&format!("SWOT_L2_LR_SSH_Expert_019_{n}_20240811T105851_20240811T115014_PIC0_01.nc")).0;
        assert_ne!(pass("273"), pass("274"));
        let day = |d: &str| parsed(&format!("dt_global_allsat_phy_l4_{d}_20190515.nc")).0;
        assert_ne!(day("20190101"), day("20190102"));
        for name in
            ["enhanced_measurement.nc", "gdp_v2.1_sample.nc", "oisst-avhrr-v02r01.20240811.nc", "SWOT_GS.nc", "a-v.nc"]
        {
            assert_eq!(parsed(name), (name.to_owned(), None), "{name}");
        }
    }
}
