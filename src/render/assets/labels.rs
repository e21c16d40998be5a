//! Names of oceans, seas, countries and towns with their places.

use std::sync::OnceLock;

use seaglass_core::geo::LonLat;

/// What a label names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum LabelKind {
    Ocean,
    Sea,
    Country,
    Capital,
    City,
    /// Scientific station.
    Station,
}

/// One name.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// What it names.
    pub kind: LabelKind,
    /// Importance: 0 is shown first.
    pub rank: u8,
    /// Where it belongs.
    pub place: LonLat,
    /// Name in English.
    pub name: String,
}

/// All names, the most important first.
pub fn labels() -> &'static [Label] {
    static LABELS: OnceLock<Vec<Label>> = OnceLock::new();
    LABELS.get_or_init(|| {
        let bytes = super::unpack("labels", include_bytes!("../../../assets/labels/labels.tsv.zst"));
        String::from_utf8_lossy(&bytes).lines().filter_map(parse).collect()
    })
}

/// One line `kind<TAB>rank<TAB>lon<TAB>lat<TAB>name`.
fn parse(line: &str) -> Option<Label> {
    let mut words = line.split('\t');
    let kind = match words.next()? {
        "ocean" => LabelKind::Ocean,
        "sea" => LabelKind::Sea,
        "country" => LabelKind::Country,
        "capital" => LabelKind::Capital,
        "city" => LabelKind::City,
        "station" => LabelKind::Station,
        _ => return None,
    };
    let rank = words.next()?.parse().ok()?;
    let place = LonLat::new(words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some(Label { kind, rank, place, name: words.next()?.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_label() {
        let bytes = super::super::unpack("labels", include_bytes!("../../../assets/labels/labels.tsv.zst"));
        assert_eq!(labels().len(), String::from_utf8(bytes).unwrap().lines().count());
        assert!(labels().iter().all(|l| l.place.is_valid() && !l.name.is_empty()));
        assert!(labels().is_sorted_by_key(|l| l.rank));
        let lisbon = labels().iter().find(|l| l.name == "Lisbon").unwrap();
        assert_eq!(lisbon.kind, LabelKind::Capital);
        assert!((lisbon.place.lon_deg + 9.15).abs() < 0.1 && (lisbon.place.lat_deg - 38.72).abs() < 0.1);
    }
}
