//! From the document to what is to be matched.

use std::collections::BTreeMap;
use std::path::PathBuf;

use seaglass_coloc::By;
use seaglass_core::colocation::{Colocation, Sample};
use seaglass_core::field::FieldInfo;
use seaglass_core::format::Unit;
use seaglass_core::project::LayerId;
use seaglass_core::session::Session;
use seaglass_jobs::spec::{JobSpec, OutputSpec, PolicyKind, PolicySpec, SideSpec};

/// One side.
#[derive(Clone, Debug, PartialEq)]
pub struct SideAsk {
    /// Layer.
    pub layer: LayerId,
    /// Short title of its collection.
    pub product: String,
    /// Field.
    pub field: FieldInfo,
    /// Unit values are shown in.
    pub unit: Unit,
    /// Files and field for the readers.
    pub spec: SideSpec,
}

/// What is to be matched.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// Reference, compared.
    pub sides: [SideAsk; 2],
    /// A third, for error figures.
    pub third: Option<SideAsk>,
    /// Metres.
    pub radius_m: f64,
    /// Microseconds.
    pub window_us: i64,
    /// What is made of several matches.
    pub sample: Sample,
}

impl Ask {
    /// Whether both are about the same data, whatever the limits.
    pub fn same_data(&self, other: &Self) -> bool {
        self.sides == other.sides && self.third == other.third
    }

    /// All sides, the reference first.
    pub(super) fn all(&self) -> impl Iterator<Item = &SideAsk> {
        self.sides.iter().chain(&self.third)
    }

    /// What differences are called: `SST difference`.
    pub fn title(&self) -> String {
        format!("{} difference", short_name(&self.sides[1].field))
    }

    /// The job that makes the pairs, with limits of its own for reading farther.
    pub(super) fn job(&self, radius_m: f64, window_us: i64, path: PathBuf) -> JobSpec {
        let kind = match self.sample {
            Sample::Nearest => PolicyKind::Nearest,
            Sample::Mean => PolicyKind::Mean,
            Sample::Median => PolicyKind::Median,
            Sample::All => PolicyKind::All,
            Sample::Mutual => PolicyKind::Mutual,
        };
        JobSpec {
            title: Some(self.title()),
            primary: Some(self.sides[0].spec.name.clone()),
            radius: format!("{radius_m} m"),
            window: format!("{} s", window_us as f64 / 1e6),
            metric: Default::default(),
            policy: PolicySpec { kind, by: By::Distance, ..PolicySpec::default() },
            reference: Default::default(),
            duplicates: Default::default(),
            // A pair without a third observation is a pair.
            partial: self.third.is_some(),
            sides: self.all().map(|s| s.spec.clone()).collect(),
            output: OutputSpec { path, formats: Vec::new(), overwrite: true },
            run: Default::default(),
        }
    }
}

/// What decides about an [`Ask`]; made anew only when this changes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Key {
    colocation: Colocation,
    layers: Vec<(String, String, Vec<usize>, usize)>,
    window: Option<[i64; 2]>,
}

impl Key {
    pub fn of(session: &Session) -> Option<Self> {
        let colocation = session.project().colocation.clone()?;
        let layers = [colocation.reference, colocation.compared, colocation.third].into_iter().flatten();
        let layers = layers.filter_map(|id| {
            let l = session.project().layer(id)?;
            let n = session.catalogue().collections.get(&l.collection).map_or(0, |c| c.granules.len());
            Some((l.collection.clone(), l.field.clone(), l.extra.clone(), n))
        });
        let layers = layers.collect();
        let window = colocation.in_window.then(|| {
            let w = session.project().timeline.window();
            [w.start.micros(), w.stop.micros()]
        });
        Some(Self { colocation, layers, window })
    }

    /// What it asks for; `Err` says in a sentence what is missing.
    pub fn ask(&self, session: &Session) -> Result<Ask, String> {
        let c = &self.colocation;
        let (Some(a), Some(b)) = (c.reference, c.compared) else {
            return Err("Choose two layers to compare.".to_owned());
        };
        let mut sides = [side(self, session, a)?, side(self, session, b)?];
        if sides[0].spec.name == sides[1].spec.name {
            sides[1].spec.name.push_str("_2");
        }
        if sides[0].spec.files == sides[1].spec.files && sides[0].field.name == sides[1].field.name {
            return Err("Both layers show the same field of the same files. Choose another layer.".to_owned());
        }
        let third = match c.third {
            None => None,
            Some(layer) => {
                let mut third = side(self, session, layer)?;
                while sides.iter().any(|s| s.spec.name == third.spec.name) {
                    third.spec.name.push_str("_3");
                }
                Some(third)
            }
        };
        let window_us = (c.window_s * 1e6).round() as i64;
        Ok(Ask { sides, third, radius_m: c.radius_m, window_us, sample: c.sample })
    }
}

fn side(key: &Key, session: &Session, layer: LayerId) -> Result<SideAsk, String> {
    let gone = || "One of the layers is gone. Choose another.".to_owned();
    let l = session.project().layer(layer).ok_or_else(gone)?;
    let collection = session.catalogue().collections.get(&l.collection).ok_or_else(gone)?;
    let field = collection.field(&l.field).ok_or_else(gone)?;
    let mut files: Vec<String> = Vec::new();
    let within = |g: &seaglass_core::granule::Granule| match (key.window, g.span) {
        (Some([a, b]), Some(s)) => s.start.micros() <= b && s.stop.micros() >= a,
        _ => true,
    };
    for g in collection.with_field(&l.field).filter(|g| within(g)) {
        if session.notebook().granule_at(&g.path).is_some() {
            return Err("Data from a notebook cannot be compared here. Choose a layer of files.".to_owned());
        }
        files.push(g.path.to_string_lossy().into_owned());
    }
    files.sort();
    files.dedup();
    let product = collection.short.as_ref().unwrap_or(&collection.title).clone();
    if files.is_empty() {
        return Err(format!("{product} has no data in the time window. Choose a longer one, or all data."));
    }
    let index: BTreeMap<String, usize> =
        field.extra_dims.iter().map(|d| d.name.clone()).zip(l.extra.iter().copied()).filter(|(_, k)| *k > 0).collect();
    let time = |t: i64| seaglass_core::time::Time::from_micros(t).iso();
    let spec = SideSpec {
        name: slug(&product),
        files,
        fields: vec![field.name.clone()],
        masks: key.colocation.masks,
        index,
        time: key.window.map(|[a, b]| [time(a), time(b)]),
        ..SideSpec::default()
    };
    Ok(SideAsk { layer, product, field: field.clone(), unit: Unit::of(field), spec })
}

/// A name a column can start with.
fn slug(title: &str) -> String {
    let mut out = String::new();
    for c in title.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
    }
    let out = out.trim_end_matches('_').to_owned();
    if out.is_empty() { "side".to_owned() } else { out }
}

/// `SST` for sea surface temperature; else the name as the file has it.
pub fn short_name(field: &FieldInfo) -> String {
    let title = field.title();
    let words = title.to_lowercase();
    let usual = [
        ("sea surface height anomaly", "SSHA"),
        ("sea level anomaly", "SLA"),
        ("sea surface temperature", "SST"),
        ("sea water temperature", "SST"),
        ("significant wave height", "SWH"),
        ("wind speed", "Wind speed"),
    ];
    let name = field.standard_name.as_deref().unwrap_or_default().replace('_', " ");
    match usual.iter().find(|(w, _)| words.contains(w) || name.contains(w)) {
        Some((_, short)) => (*short).to_owned(),
        None if title.chars().count() <= 28 => title,
        None => field.name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_names() {
        assert_eq!(slug("SWOT L3 (LR) SSH"), "swot_l3_lr_ssh");
        assert_eq!(slug("…"), "side");
    }
}
