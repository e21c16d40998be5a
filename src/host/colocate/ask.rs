//! From the document to what is to be matched.

use std::collections::BTreeMap;
use std::path::PathBuf;

use seaglass_coloc::By;
use seaglass_core::colocation::{Colocation, Sample};
use seaglass_core::columns::Pass;
use seaglass_core::field::FieldInfo;
use seaglass_core::format::Unit;
use seaglass_core::granule::GeometryKind;
use seaglass_core::project::LayerId;
use seaglass_core::session::Session;
use seaglass_jobs::filter::Filter;
use seaglass_jobs::spec::{Between, JobSpec, OutputSpec, PolicyKind, PolicySpec, SideSpec};

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
    /// Cells along a side of the box.
    pub box_size: usize,
    /// Tracks meet where they cross; the radius has no part in it.
    pub tracks_cross: bool,
}

impl Ask {
    /// Whether both are about the same data, whatever the limits.
    pub fn same_data(&self, other: &Self) -> bool {
        self.sides == other.sides && self.third == other.third && self.tracks_cross == other.tracks_cross
    }

    /// All sides, the reference first.
    pub(super) fn all(&self) -> impl Iterator<Item = &SideAsk> {
        self.sides.iter().chain(&self.third)
    }

    /// What differences are called: `SST difference`.
    pub fn title(&self) -> String {
        format!("{} difference", short_name(&self.sides[1].field))
    }

    /// Values are directions in degrees: differences go the short way round.
    pub fn directions(&self) -> bool {
        self.sides.iter().all(|s| is_direction(&s.field))
    }

    /// Whether the directions of a side are turned by half a turn to mean what the reference's do: one names where wind or
    /// waves come from, the other where they go.
    pub fn turned(&self, side: &SideAsk) -> bool {
        let (a, b) = (comes_from(&self.sides[0].field), comes_from(&side.field));
        self.directions() && a.zip(b).is_some_and(|(a, b)| a != b)
    }

    /// What the readers' filters are, by side.
    ///
    /// # Errors
    /// A sentence with the place of the mistake.
    pub(super) fn filters(&self) -> Result<Vec<Option<Filter>>, String> {
        let read = |s: &SideAsk| s.spec.filter.as_deref().map(|text| Filter::parse(&s.product, text)).transpose();
        self.all().map(read).collect::<Result<_, _>>().map_err(|e| e.to_string())
    }

    /// The job that makes the pairs, with limits of its own for reading farther.
    pub(super) fn job(&self, radius_m: f64, window_us: i64, path: PathBuf) -> JobSpec {
        let kind = match self.sample {
            _ if self.tracks_cross => PolicyKind::Crossovers,
            Sample::Nearest => PolicyKind::Nearest,
            Sample::Mean => PolicyKind::Mean,
            Sample::Median => PolicyKind::Median,
            Sample::All => PolicyKind::All,
            Sample::Mutual => PolicyKind::Mutual,
            Sample::Box => PolicyKind::Box,
            Sample::Interpolated | Sample::InterpolatedStep => PolicyKind::Interpolate,
        };
        let time = if self.sample == Sample::InterpolatedStep { Between::Nearest } else { Between::Linear };
        let radius = if self.tracks_cross { String::new() } else { format!("{radius_m} m") };
        JobSpec {
            title: Some(self.title()),
            primary: Some(self.sides[0].spec.name.clone()),
            radius,
            window: format!("{} s", window_us as f64 / 1e6),
            metric: Default::default(),
            policy: PolicySpec { kind, by: By::Distance, size: self.box_size, time, ..PolicySpec::default() },
            reference: Default::default(),
            duplicates: Default::default(),
            // A pair without a third observation is a pair.
            partial: self.third.is_some(),
            sides: self.all().map(|s| s.spec.clone()).collect(),
            output: OutputSpec { path, overwrite: true, ..OutputSpec::default() },
            run: Default::default(),
        }
    }
}

/// Whether a field is a direction in degrees, as CF names them: 359 and 1 are neighbours.
pub fn is_direction(field: &FieldInfo) -> bool {
    let degrees = matches!(field.units.trim(), "degree" | "degrees" | "deg" | "degree_true" | "degrees_true");
    let name = field.standard_name.as_deref().unwrap_or(&field.name).to_ascii_lowercase();
    degrees && name.contains("direction")
}

/// Whether a direction names where something comes from (not where it goes); `None` where the file does not tell.
pub fn comes_from(field: &FieldInfo) -> Option<bool> {
    let standard = field.standard_name.as_deref().unwrap_or_default().to_ascii_lowercase();
    let title = field.long_name.as_deref().unwrap_or(&field.name).to_ascii_lowercase();
    let words: Vec<&str> = title.split(|c: char| !c.is_alphanumeric()).collect();
    let says = |from: bool, to: bool| (from != to).then_some(from);
    says(standard.contains("from_direction"), standard.contains("to_direction"))
        .or_else(|| says(words.contains(&"from"), words.iter().any(|w| ["to", "toward", "towards"].contains(w))))
}

/// A mistake in a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterMistake {
    /// Character, from 0.
    pub at: usize,
    /// What is wrong, without a full stop.
    pub message: String,
}

/// Looks for a mistake in a filter; an empty one has none.
///
/// # Errors
/// The first mistake.
pub fn check_filter(text: &str) -> Result<(), FilterMistake> {
    if text.trim().is_empty() {
        return Ok(());
    }
    match seaglass_coloc::filter::Filter::parse(text) {
        Ok(_) => Ok(()),
        Err(seaglass_coloc::Error::Filter { column, message }) => {
            Err(FilterMistake { at: column.saturating_sub(1), message })
        }
        Err(other) => Err(FilterMistake { at: 0, message: other.to_string() }),
    }
}

/// What decides about an [`Ask`]; made anew only when this changes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Key {
    colocation: Colocation,
    layers: Vec<(String, String, Vec<usize>, usize)>,
    window: Option<[i64; 2]>,
}

/// What a side is to be.
struct Wanted<'a> {
    layer: LayerId,
    filter: &'a str,
    pass: Option<Pass>,
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
        let crossover = c.is_crossover();
        let passes = if crossover { [Some(Pass::Ascending), Some(Pass::Descending)] } else { [None, None] };
        let (first, first_kind) =
            side(self, session, &Wanted { layer: a, filter: &c.reference_filter, pass: passes[0] })?;
        let (second, second_kind) =
            side(self, session, &Wanted { layer: b, filter: &c.compared_filter, pass: passes[1] })?;
        let mut sides = [first, second];
        if sides[0].spec.name == sides[1].spec.name {
            sides[1].spec.name.push_str("_2");
        }
        if !crossover && sides[0].spec.files == sides[1].spec.files && sides[0].field.name == sides[1].field.name {
            return Err("Both layers show the same field of the same files. Choose another layer.".to_owned());
        }
        if crossover && !matches!(first_kind, GeometryKind::Track | GeometryKind::Swath) {
            let product = &sides[0].product;
            return Err(format!("Only tracks and swaths have passes that cross; {product} has none."));
        }
        self.fits(&sides, second_kind)?;
        let third = match c.third {
            None => None,
            Some(layer) => {
                let (mut third, _) = side(self, session, &Wanted { layer, filter: &c.third_filter, pass: None })?;
                while sides.iter().any(|s| s.spec.name == third.spec.name) {
                    third.spec.name.push_str("_3");
                }
                Some(third)
            }
        };
        let ask = Ask {
            sides,
            third,
            radius_m: c.radius_m,
            window_us: (c.window_s * 1e6).round() as i64,
            sample: c.sample,
            box_size: c.box_size,
            tracks_cross: crossover && first_kind == GeometryKind::Track,
        };
        ask.filters().map(|_| ask)
    }

    /// Refuses what cannot be sampled so.
    fn fits(&self, sides: &[SideAsk; 2], compared: GeometryKind) -> Result<(), String> {
        let product = &sides[1].product;
        match self.colocation.sample {
            s if s.needs_grid() && compared != GeometryKind::Grid => {
                Err(format!("Only grids can be interpolated, and {product} is none. Choose another sampling, or swap."))
            }
            Sample::Box if compared == GeometryKind::Points => {
                Err(format!("There are no cells about the points of {product}. Choose another sampling, or swap."))
            }
            Sample::Median if sides.iter().all(|s| is_direction(&s.field)) => {
                Err("Directions have no median. Choose the mean, which goes round the circle.".to_owned())
            }
            _ => Ok(()),
        }
    }
}

fn side(key: &Key, session: &Session, wanted: &Wanted<'_>) -> Result<(SideAsk, GeometryKind), String> {
    let gone = || "One of the layers is gone. Choose another.".to_owned();
    let l = session.project().layer(wanted.layer).ok_or_else(gone)?;
    let collection = session.catalogue().collections.get(&l.collection).ok_or_else(gone)?;
    let field = collection.field(&l.field).ok_or_else(gone)?;
    let mut files: Vec<String> = Vec::new();
    let within = |g: &seaglass_core::granule::Granule| match (key.window, g.span) {
        (Some([a, b]), Some(s)) => s.start.micros() <= b && s.stop.micros() >= a,
        _ => true,
    };
    let mut kind = GeometryKind::Points;
    for g in collection.with_field(&l.field).filter(|g| within(g)) {
        if session.notebook().granule_at(&g.path).is_some() {
            return Err("Data from a notebook cannot be compared here. Choose a layer of files.".to_owned());
        }
        kind = g.geometry;
        files.push(g.path.to_string_lossy().into_owned());
    }
    files.sort();
    files.dedup();
    let title = collection.short.as_ref().unwrap_or(&collection.title);
    let product = match wanted.pass {
        None => title.clone(),
        Some(Pass::Ascending) => format!("{title} ascending"),
        Some(Pass::Descending) => format!("{title} descending"),
    };
    if files.is_empty() {
        return Err(format!("{product} has no data in the time window. Choose a longer one, or all data."));
    }
    let index: BTreeMap<String, usize> =
        field.extra_dims.iter().map(|d| d.name.clone()).zip(l.extra.iter().copied()).filter(|(_, k)| *k > 0).collect();
    let time = |t: i64| seaglass_core::time::Time::from_micros(t).iso();
    let filter = wanted.filter.trim();
    let spec = SideSpec {
        name: slug(&product),
        files,
        fields: vec![field.name.clone()],
        filter: (!filter.is_empty()).then(|| filter.to_owned()),
        masks: key.colocation.masks,
        index,
        time: key.window.map(|[a, b]| [time(a), time(b)]),
        pass: wanted.pass,
        ..SideSpec::default()
    };
    Ok((SideAsk { layer: wanted.layer, product, field: field.clone(), unit: Unit::of(field), spec }, kind))
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
    fn where_a_direction_points_is_told_by_the_file() {
        let field = |standard: Option<&str>, title: &str| -> FieldInfo {
            let json = serde_json::json!({"name": "d", "variable": "d", "long_name": title, "standard_name": standard});
            serde_json::from_value(json).unwrap()
        };
        assert_eq!(comes_from(&field(Some("wind_from_direction"), "")), Some(true));
        assert_eq!(comes_from(&field(Some("wind_to_direction"), "where it comes from")), Some(false));
        assert_eq!(comes_from(&field(Some("sea_water_velocity_to_direction"), "")), Some(false));
        assert_eq!(comes_from(&field(None, "Wind direction (SAR, from)")), Some(true));
        assert_eq!(comes_from(&field(None, "Wind direction at 10 m (towards)")), Some(false));
        assert_eq!(comes_from(&field(None, "Wind direction")), None);
    }

    #[test]
    fn titles_become_names() {
        assert_eq!(slug("SWOT L3 (LR) SSH"), "swot_l3_lr_ssh");
        assert_eq!(slug("…"), "side");
    }

    #[test]
    fn a_mistake_in_a_filter_has_its_place() {
        assert_eq!(check_filter(" "), Ok(()));
        assert_eq!(check_filter("quality_level >= 4 & bitand(flags, 0x6) == 0"), Ok(()));
        // The second `=` is missing at the third character.
        assert_eq!(check_filter("a = 1").unwrap_err().at, 2);
        assert!(!check_filter("a ==").unwrap_err().message.is_empty());
    }
}
