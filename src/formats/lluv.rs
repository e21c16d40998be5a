//! Surface currents of coastal radars as CODAR's programs write them: LLUV text, radials (`.ruv`) and totals (`.tuv`).
//!
//! Lines that begin with `%` are keys and comments; the first table of the type LLUV holds the vectors, its columns named
//! by four letters (CODAR, "Longitude Latitude U V file format", version 1.2x). Velocities are cm/s; the time stamp is the
//! middle of the time covered.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use seaglass_core::protocol::FailureKind;
use seaglass_core::time::Time;

use crate::attr::Attr;
use crate::dataset::{Dim, Var};
use crate::delimited::Arrays;
use crate::error::{Result, damaged, fail};
use crate::format::{Contents, Format, Probe};
use crate::raw::{NumType, Raw};

/// The format.
pub struct Lluv;

/// Longest file; a radar sees some thousand cells.
const MAX_BYTES: u64 = 256 << 20;
/// Longest line.
const MAX_LINE: u64 = 1 << 16;
/// Most columns of a table.
const MAX_COLUMNS: usize = 256;
/// Most keys kept as attributes.
const MAX_KEYS: usize = 1000;
/// What the programs write where an uncertainty has no value.
const NONE: f64 = 999.0;

/// Column, title, unit, standard name, whether 999 is no value.
const COLUMNS: [(&str, &str, &str, &str, bool); 27] = [
    ("LOND", "Longitude", "degrees_east", "longitude", false),
    ("LATD", "Latitude", "degrees_north", "latitude", false),
    ("VELU", "Surface current, eastward", "cm s-1", "eastward_sea_water_velocity", false),
    ("VELV", "Surface current, northward", "cm s-1", "northward_sea_water_velocity", false),
    ("VELO", "Velocity along the heading", "cm s-1", "", false),
    ("HEAD", "Heading of the vector", "degrees", "", false),
    ("BEAR", "Bearing from the radar", "degrees", "", false),
    ("RNGE", "Range from the radar", "km", "", false),
    ("XDST", "Distance east of the radar", "km", "", false),
    ("YDST", "Distance north of the radar", "km", "", false),
    ("ESPC", "Uncertainty within the cell", "cm s-1", "", true),
    ("ETMP", "Uncertainty over time", "cm s-1", "", true),
    ("EDVC", "Uncertainty within the cell", "cm s-1", "", true),
    ("EDTP", "Uncertainty over time", "cm s-1", "", true),
    ("MAXV", "Largest velocity merged", "cm s-1", "", true),
    ("MINV", "Smallest velocity merged", "cm s-1", "", true),
    ("EVMN", "Smallest velocity merged", "cm s-1", "", true),
    ("EVMX", "Largest velocity merged", "cm s-1", "", true),
    ("ERSC", "Number of vectors in the cell", "1", "", false),
    ("ERTC", "Number of vectors over time", "1", "", false),
    ("SPRC", "Range cell of the spectra", "1", "", false),
    ("VFLG", "Vector flag", "1", "", false),
    ("UQAL", "Uncertainty of the eastward component", "cm s-1", "", true),
    ("VQAL", "Uncertainty of the northward component", "cm s-1", "", true),
    ("CQAL", "Covariance of the components", "cm2 s-2", "", true),
    ("DIST", "Distance from the reference", "km", "", false),
    ("PRIM", "Primary flag", "1", "", false),
];

impl Format for Lluv {
    fn identify(&self, probe: &Probe) -> bool {
        let head = String::from_utf8_lossy(&probe.head);
        head.starts_with('%') && head.lines().any(|l| l.starts_with("%FileType:") && l.contains("LLUV"))
    }

    fn open(&self, path: &Path, probe: &Probe) -> Result<Contents> {
        if probe.len > MAX_BYTES {
            let text = format!("The file of radar currents has more than {} MiB; cut it into parts.", MAX_BYTES >> 20);
            return Err(fail(FailureKind::TooLarge, text));
        }
        let file =
            File::open(path).map_err(|e| fail(FailureKind::Missing, format!("The file cannot be opened: {e}.")))?;
        Table::read(BufReader::with_capacity(1 << 16, file))?.contents()
    }
}

#[derive(Default)]
struct Table {
    keys: Vec<(String, String)>,
    names: Vec<String>,
    columns: Vec<Vec<f64>>,
    promised: Option<usize>,
    ended: bool,
}

impl Table {
    fn read(mut lines: impl BufRead) -> Result<Self> {
        let broken = |e: &dyn std::fmt::Display| damaged("The file of radar currents", e);
        let mut table = Self::default();
        // Between the start and the end of the table of vectors.
        let (mut of_vectors, mut inside) = (false, false);
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            let n = (&mut lines).take(MAX_LINE).read_until(b'\n', &mut bytes).map_err(|e| broken(&e))?;
            if n == 0 {
                return Ok(table);
            }
            let line = String::from_utf8_lossy(&bytes);
            let line = line.trim();
            let Some(rest) = line.strip_prefix('%') else {
                if inside {
                    table.row(line);
                }
                continue;
            };
            let Some((key, value)) = rest.split_once(':').filter(|(k, _)| !k.is_empty() && !k.contains(['%', ' ']))
            else {
                continue;
            };
            let value = value.trim();
            match key {
                "TableType" => of_vectors = value.starts_with("LLUV") && table.names.is_empty(),
                "TableColumnTypes" if of_vectors => {
                    table.names = value.split_whitespace().take(MAX_COLUMNS).map(str::to_owned).collect();
                    table.columns = vec![Vec::new(); table.names.len()];
                }
                "TableRows" if of_vectors => table.promised = value.parse().ok(),
                "TableStart" => inside = of_vectors,
                "TableEnd" => {
                    table.ended |= inside;
                    (of_vectors, inside) = (false, false);
                }
                _ if key.starts_with("Table") || value.is_empty() => {}
                _ if table.keys.len() < MAX_KEYS => table.keys.push((key.to_owned(), value.to_owned())),
                _ => {}
            }
        }
    }

    fn row(&mut self, line: &str) {
        let mut cells = line.split_whitespace();
        if line.is_empty() {
            return;
        }
        for column in &mut self.columns {
            let value = cells.next().and_then(|c| c.parse::<f64>().ok()).filter(|v| v.is_finite());
            column.push(value.unwrap_or(f64::NAN));
        }
    }

    fn key(&self, name: &str) -> Option<&str> {
        self.keys.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str())
    }

    /// First and last moment, µs: the time covered is centred on the time stamp.
    fn span(&self) -> Option<[Time; 2]> {
        let n: Vec<f64> = self.key("TimeStamp")?.split_whitespace().filter_map(|w| w.parse().ok()).collect();
        let [year, month, day, hour, minute, second] = *n.first_chunk::<6>()?;
        let at = Time::from_civil(year as i16, month as i8, day as i8, hour as i8, minute as i8, second)?;
        // The zone is a name between quotes and the hours by which it is ahead.
        let zone = self.key("TimeZone").and_then(|z| z.rsplit('"').nth(if z.matches('"').count() > 2 { 2 } else { 0 }));
        let ahead = zone.and_then(|z| z.split_whitespace().next()?.parse::<f64>().ok()).filter(|h| h.abs() <= 14.0);
        let covered = self.key("TimeCoverage").and_then(|c| c.split_whitespace().next()?.parse::<f64>().ok());
        let half = covered.filter(|m| (0.0..=1e6).contains(m)).unwrap_or(0.0) * 30.0;
        let middle = -3600.0 * ahead.unwrap_or(0.0);
        Some([at.plus_seconds(middle - half), at.plus_seconds(middle + half)])
    }

    fn contents(self) -> Result<Contents> {
        let has = |name: &str| self.names.iter().any(|n| n == name);
        let rows = self.columns.first().map_or(0, Vec::len);
        if !has("LOND") || !has("LATD") {
            let text = "The file of radar currents has no table with longitudes and latitudes (LOND, LATD).";
            return Err(fail(FailureKind::NothingToShow, text));
        }
        if rows == 0 {
            let text = match self.ended {
                true => "The radar saw no current: the table of vectors is empty.",
                false => "The file of radar currents ends before its vectors: it was cut off; fetch it again.",
            };
            return Err(fail(if self.ended { FailureKind::NothingToShow } else { FailureKind::Damaged }, text));
        }
        let mut notes = Vec::new();
        if !self.ended || self.promised.is_some_and(|p| p > rows) {
            notes.push("The file ends within the table of vectors: it was cut off; what is there is shown.".to_owned());
        }
        let mut attrs: Vec<(String, Attr)> = vec![("featureType".to_owned(), Attr::Text("point".to_owned()))];
        let site = self.key("Site").and_then(|s| s.split_whitespace().next()).unwrap_or("?").trim_matches('"');
        let radial = self.key("FileType").is_some_and(|t| t.contains("rdl"));
        let kind = if radial { "Radial surface currents" } else { "Surface currents" };
        attrs.push(("title".to_owned(), Attr::Text(format!("{kind} of coastal radar {site}"))));
        match self.span() {
            Some([start, end]) => {
                for (key, time) in [("time_coverage_start", start), ("time_coverage_end", end)] {
                    attrs.push((key.to_owned(), Attr::Text(time.to_string())));
                }
            }
            None => notes.push("The file does not say when it was measured (TimeStamp).".to_owned()),
        }
        attrs.extend(self.keys.into_iter().map(|(k, v)| (k, Attr::Text(v))));
        let dims = vec![Dim { name: "vector".to_owned(), len: rows, group: String::new() }];
        let (mut vars, mut arrays) = (Vec::<Var>::new(), Vec::new());
        for (name, mut values) in self.names.iter().zip(self.columns) {
            if vars.iter().any(|v| v.name == *name) {
                continue;
            }
            let mut var = Var::new(name, Some(NumType::F64), &[0]);
            if let Some((_, title, unit, standard, marked)) = COLUMNS.iter().find(|c| c.0 == name) {
                var = var.with("long_name", title).with("units", unit);
                if !standard.is_empty() {
                    var = var.with("standard_name", standard);
                }
                if *marked {
                    values.iter_mut().filter(|v| v.abs() >= NONE).for_each(|v| *v = f64::NAN);
                }
            }
            vars.push(var);
            arrays.push(Raw::F64(values));
        }
        Ok(Contents { dims, vars, attrs, notes, ..Contents::new("CODAR LLUV", Box::new(Arrays(arrays))) })
    }
}
