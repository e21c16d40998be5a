//! Columns of the table of pairs: what they are called, what stands in them, how they sort, and rows as text with tabs.

use std::cmp::Ordering;

use egui::{Rect, pos2};
use seaglass_core::time::Time;
use seaglass_host::colocate::{Found, short_name};

use super::difference_unit;
use crate::text;

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// Reference value.
    Reference,
    /// Compared value.
    Compared,
    /// Compared minus reference.
    Difference,
    /// Compared minus reference time.
    TimeDifference,
    /// Distance of both.
    Distance,
    /// Values the compared one is made of.
    Number,
    /// Their standard deviation.
    Spread,
    /// Time of the reference.
    Time,
    /// Longitude of the reference.
    Lon,
    /// Latitude of the reference.
    Lat,
    /// File of the reference.
    ReferenceGranule,
    /// File of the compared value.
    ComparedGranule,
}

use Column::{
    Compared, ComparedGranule, Difference, Distance, Lat, Lon, Number, Reference, ReferenceGranule, Spread,
    TimeDifference,
};

impl Column {
    /// Stands at the right of its cell.
    pub fn is_number(self) -> bool {
        !matches!(self, Self::Time | ReferenceGranule | ComparedGranule)
    }

    fn width(self) -> f32 {
        match self {
            Reference | Compared | Difference => 92.0,
            TimeDifference => 96.0,
            Distance => 76.0,
            Number => 44.0,
            Spread => 64.0,
            Self::Time => 152.0,
            Lon => 80.0,
            Lat => 76.0,
            ReferenceGranule | ComparedGranule => 180.0,
        }
    }

    /// What it sorts by; missing values come last either way.
    fn key(self, found: &Found, k: usize) -> f64 {
        let p = &found.pairs[k];
        match self {
            Reference => found.shown(found.x[k]),
            Compared => found.shown(found.y[k]),
            Difference => found.difference(k),
            TimeDifference => p.dt_us as f64,
            Distance => p.distance_m,
            Number => f64::from(p.n),
            Spread => p.sd,
            Self::Time => found.reference(k).map_or(f64::NAN, |p| p.time.micros() as f64),
            Lon => found.reference(k).map_or(f64::NAN, |p| p.at.lon_deg),
            Lat => found.reference(k).map_or(f64::NAN, |p| p.at.lat_deg),
            // Granules are in the order of their files.
            ReferenceGranule => found.data.sides[0].granule(p.a) as f64,
            ComparedGranule => found.data.sides[1].granule(p.b) as f64,
        }
    }

    /// Puts pairs in order; equal ones keep the order of the reference rows.
    pub fn sort(self, found: &Found, pairs: &mut [u32], falling: bool) {
        let mut keyed: Vec<(f64, u32)> = pairs.iter().map(|k| (self.key(found, *k as usize), *k)).collect();
        keyed.sort_unstable_by(|a, b| {
            let missing = a.0.is_nan().cmp(&b.0.is_nan());
            let by_key = if falling { b.0.total_cmp(&a.0) } else { a.0.total_cmp(&b.0) };
            // Zero has two signs and one value.
            let by_key = if a.0 == b.0 { Ordering::Equal } else { by_key };
            missing.then(by_key).then(a.1.cmp(&b.1))
        });
        for (slot, (_, k)) in pairs.iter_mut().zip(keyed) {
            *slot = k;
        }
    }
}

/// The columns of a result, and where they lie.
pub struct Columns<'f> {
    found: &'f Found,
    all: Vec<(Column, f32)>,
}

impl<'f> Columns<'f> {
    /// Those that say something here; the files take what room is left.
    pub fn new(found: &'f Found, room: f32) -> Self {
        let made = found.pairs.iter().any(|p| p.n > 1) && found.crossings.is_empty();
        let all = [
            Reference,
            Compared,
            Difference,
            TimeDifference,
            Distance,
            Number,
            Spread,
            Column::Time,
            Lon,
            Lat,
            ReferenceGranule,
            ComparedGranule,
        ];
        let mut all: Vec<(Column, f32)> = all
            .into_iter()
            .filter(|c| made || !matches!(c, Number | Spread))
            .filter(|c| *c != Distance || found.crossings.is_empty())
            .map(|c| (c, c.width()))
            .collect();
        let used: f32 = all.iter().map(|c| c.1).sum();
        let more = ((room - used) / 2.0).max(0.0);
        for c in all.iter_mut().filter(|c| matches!(c.0, ReferenceGranule | ComparedGranule)) {
            c.1 += more;
        }
        Self { found, all }
    }

    /// All of them together.
    pub fn width(&self) -> f32 {
        self.all.iter().map(|c| c.1).sum()
    }

    /// The cells of a row.
    pub fn cells(&self, row: Rect) -> impl Iterator<Item = (Column, Rect)> {
        let mut left = row.left();
        self.all.iter().map(move |(column, width)| {
            let cell = Rect::from_min_max(pos2(left, row.top()), pos2(left + width, row.bottom()));
            left += width;
            (*column, cell)
        })
    }

    /// Head of a column.
    pub fn name(&self, column: Column) -> String {
        let side = |k: usize, what: &str| {
            let unit = &self.found.ask.sides[k].unit.label;
            if unit.is_empty() { what.to_owned() } else { format!("{what}, {unit}") }
        };
        let unit = difference_unit(self.found).trim_start().to_owned();
        match column {
            Reference => side(0, tr!("Reference")),
            Compared => side(1, tr!("Compared")),
            Difference if unit.is_empty() => tr!("Difference").to_owned(),
            Difference => tr!("Difference, {unit}"),
            TimeDifference => "\u{394}t".to_owned(),
            Distance => "\u{394}d".to_owned(),
            Number => "n".to_owned(),
            Spread => tr!("SD").to_owned(),
            Column::Time => tr!("Time, UTC").to_owned(),
            Lon => tr!("Longitude").to_owned(),
            Lat => tr!("Latitude").to_owned(),
            ReferenceGranule => tr!("Reference granule").to_owned(),
            ComparedGranule => tr!("Compared granule").to_owned(),
        }
    }

    /// What it means, for who asks.
    pub fn meaning(&self, column: Column) -> String {
        let [a, b] = &self.found.ask.sides;
        match column {
            Reference => tr!("product" => "{} of {}", short_name(&a.field), a.product),
            Compared => tr!("product" => "{} of {}", short_name(&b.field), b.product),
            Difference => tr!("Compared minus reference").to_owned(),
            TimeDifference => tr!("Time of compared minus time of reference").to_owned(),
            Distance => tr!("Distance of both observations, or to the nearest of several").to_owned(),
            Number => tr!("Values the compared one is made of").to_owned(),
            Spread => tr!("Standard deviation of these values").to_owned(),
            Column::Time => tr!("Time of the reference").to_owned(),
            Lon => tr!("Longitude of the reference").to_owned(),
            Lat => tr!("Latitude of the reference").to_owned(),
            ReferenceGranule => tr!("File of the reference").to_owned(),
            ComparedGranule => tr!("File of the compared value").to_owned(),
        }
    }

    /// A cell as people read it.
    pub fn text(&self, column: Column, k: usize, decimals: usize) -> String {
        let f = self.found;
        let p = &f.pairs[k];
        let number = |v: f64| if v.is_finite() { text::number(v, decimals) } else { "\u{2013}".to_owned() };
        let place = f.reference(k);
        match column {
            Reference => number(f.shown(f.x[k])),
            Compared => number(f.shown(f.y[k])),
            Difference => number(f.difference(k)),
            TimeDifference => text::offset(p.dt_us as f64 / 1e6),
            Distance => text::metres(p.distance_m),
            Number => p.n.to_string(),
            Spread => number(p.sd),
            Column::Time => place.map_or_else(String::new, |p| clock(p.time)),
            Lon => place.map_or_else(String::new, |p| text::number(p.at.lon_deg, 4)),
            Lat => place.map_or_else(String::new, |p| text::number(p.at.lat_deg, 4)),
            ReferenceGranule => place.map_or_else(String::new, |p| file(p.path)),
            ComparedGranule => f.compared(k).map_or_else(String::new, |p| file(p.path)),
        }
    }
}

/// `2024-08-11 13:27:41`.
fn clock(t: Time) -> String {
    let iso = t.iso();
    iso.get(..19).unwrap_or(&iso).replace('T', " ")
}

fn file(path: &std::path::Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Rows as text with tabs, with a head; numbers as they are, missing ones empty.
pub fn tsv(found: &Found, pairs: impl Iterator<Item = u32>) -> String {
    let plain = |v: f64| if v.is_finite() { v.to_string() } else { String::new() };
    let mut out = "reference\tcompared\tdifference\tdt_s\tdistance_m\tn\tsd\ttime\tlon\tlat\treference_granule\t\
                   compared_time\tcompared_lon\tcompared_lat\tcompared_granule\n"
        .to_owned();
    for k in pairs.map(|k| k as usize) {
        let (Some(a), Some(b), p) = (found.reference(k), found.compared(k), &found.pairs[k]) else { continue };
        let cells = [
            plain(found.shown(found.x[k])),
            plain(found.shown(found.y[k])),
            plain(found.difference(k)),
            plain(p.dt_us as f64 / 1e6),
            plain(p.distance_m),
            p.n.to_string(),
            plain(p.sd),
            a.time.iso(),
            format!("{:.6}", a.at.lon_deg),
            format!("{:.6}", a.at.lat_deg),
            file(a.path),
            b.time.iso(),
            format!("{:.6}", b.at.lon_deg),
            format!("{:.6}", b.at.lat_deg),
            file(b.path),
        ];
        out.push_str(&cells.join("\t"));
        out.push('\n');
    }
    out
}
