//! What granules are filtered by and a file says only in its attributes: mission, level, version.

use seaglass_core::granule::FileInfo;

/// Mission, level and version of a file; empty where nothing tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Platform or mission as the file names it: `SWOT`, `Sentinel-3A`.
    pub mission: String,
    /// Processing level: `L2`, `L2P`, `L4`.
    pub level: String,
    /// Version of product or processing; the higher of two is the better one.
    pub version: String,
}

/// Attributes that name the mission, the best first.
const MISSIONS: &[&str] = &["mission_name", "platform", "mission", "platform_name", "satellite", "sensor_platform"];
/// Attributes that name the level.
const LEVELS: &[&str] = &["processing_level", "product_level", "level"];
/// Attributes that name the version.
const VERSIONS: &[&str] = &["product_version", "processing_baseline", "file_version", "software_version", "crid"];
/// Longer texts are sentences, not names.
const LONGEST: usize = 40;

impl Facts {
    /// From the attributes of a file, and from the id of its product (`<sensor>_<level>_<provider>`).
    pub fn of(info: &FileInfo) -> Self {
        let attribute = |names: &[&str]| -> String {
            let found = names.iter().find_map(|name| {
                let of_name = |(key, _): &&(String, String)| key.eq_ignore_ascii_case(name);
                let text = info.attributes.iter().find(of_name)?.1.trim();
                (!text.is_empty() && text.chars().count() <= LONGEST).then(|| text.to_owned())
            });
            found.unwrap_or_default()
        };
        let level = level(&attribute(LEVELS))
            .or_else(|| info.product.as_deref().and_then(|id| id.split(['_', '-']).find_map(level)))
            .or_else(|| info.title.split([' ', '_', '-', ',']).find_map(level));
        Self { mission: attribute(MISSIONS), level: level.unwrap_or_default(), version: attribute(VERSIONS) }
    }
}

/// `L2P` from `l2p`, `L2P` or `Level 2P`; `None` for anything else.
fn level(text: &str) -> Option<String> {
    let upper = text.trim().to_ascii_uppercase();
    let rest = upper.strip_prefix("LEVEL").unwrap_or(&upper).trim_start_matches([' ', '-', '_']);
    let rest = rest.strip_prefix('L').unwrap_or(rest);
    let mut chars = rest.chars();
    let digit = chars.next().filter(|c| ('0'..='4').contains(c))?;
    let tail: String = chars.collect();
    // A bare number is a level only where something called it one.
    let named = upper.starts_with('L');
    (named && (tail.is_empty() || (tail.len() == 1 && tail.chars().all(|c| c.is_ascii_uppercase()))))
        .then(|| format!("L{digit}{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(product: Option<&str>, title: &str, attributes: &[(&str, &str)]) -> FileInfo {
        FileInfo {
            product: product.map(str::to_owned),
            title: title.to_owned(),
            short: None,
            format: "netCDF-4".to_owned(),
            parts: Vec::new(),
            notes: Vec::new(),
            attributes: attributes.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        }
    }

    #[test]
    fn levels_have_one_form() {
        for (text, expected) in [("L2P", "L2P"), ("l4", "L4"), ("Level 3", "L3"), ("level-2", "L2"), ("L2B", "L2B")] {
            assert_eq!(level(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "2", "L9", "LR", "L2 LR SSH", "lat", "level"] {
            assert_eq!(level(text), None, "{text}");
        }
    }

    #[test]
    fn files_tell_what_they_are() {
        // Attributes as in a SWOT L3 file of AVISO and in a GHRSST L2P file of the OSI SAF.
        let swot = info(
            Some("swot_l3_lr_ssh"),
            "SWOT L3 LR SSH",
            &[("platform", "SWOT"), ("product_version", "2.0.1"), ("processing_level", "L3")],
        );
        let expected = Facts { mission: "SWOT".into(), level: "L3".into(), version: "2.0.1".into() };
        assert_eq!(Facts::of(&swot), expected);
        let sst = info(Some("ghrsst_l2p"), "GHRSST L2P", &[("Platform", "Metop_B"), ("file_version", "1.0")]);
        assert_eq!(Facts::of(&sst), Facts { mission: "Metop_B".into(), level: "L2P".into(), version: "1.0".into() });
        let none = info(None, "daily means of a model", &[("platform", &"x".repeat(80))]);
        assert_eq!(Facts::of(&none), Facts::default());
    }
}
