//! Tables in text: positions and times by the names of columns, every other column of numbers a field. Rows of one
//! drifter, ship or station are one trajectory. Read in one pass, bounded, never held as text.

mod header;
mod times;

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use seaglass_core::protocol::FailureKind;

use crate::attr::Attr;
use crate::dataset::{Dim, Var};
use crate::error::{Result, damaged, fail};
use crate::format::{Contents, Format, Probe, Values};
use crate::raw::{NumType, Raw};
use header::{Header, Role};
use times::Times;

/// The format.
pub struct Csv;

/// Most rows read.
const MAX_ROWS: usize = 40_000_000;
/// Most bytes of numbers kept.
const MAX_BYTES: usize = 1 << 30;
/// Rows looked at to learn what a column holds.
const SAMPLE: usize = 500;
/// Texts of a column that are made classes.
const MAX_CLASSES: usize = 64;
/// Different texts of a column kept to tell trajectories apart.
const MAX_TEXTS: usize = 1_000_000;
/// Numbers that producers write for "nothing".
const MARKERS: [f64; 7] = [-9_999.0, -99_999.0, -999_999.0, -1e34, 1e34, 1e35, 1e20];
/// Bytes in which the line with the names is sought.
const HEAD: u64 = 1 << 16;

impl Format for Csv {
    fn identify(&self, probe: &Probe) -> bool {
        let text = !probe.head.is_empty() && probe.head.iter().all(|b| *b >= 32 || matches!(b, b'\n' | b'\r' | b'\t'));
        let named = [".csv", ".tsv"].iter().any(|e| probe.ends_with(e));
        // Programs and JSON speak of longitudes too.
        let maybe = [".txt", ".dat", ".asc", ".tab"].iter().any(|e| probe.ends_with(e)) || !probe.name.contains('.');
        text && (named || (maybe && Header::find(&String::from_utf8_lossy(&probe.head)).is_some()))
    }

    fn open(&self, path: &Path, _probe: &Probe) -> Result<Contents> {
        let mut file =
            File::open(path).map_err(|e| fail(FailureKind::Missing, format!("The file cannot be opened: {e}.")))?;
        let mut head = Vec::new();
        (&mut file).take(HEAD).read_to_end(&mut head).map_err(|e| damaged("The table", &e))?;
        let text = String::from_utf8_lossy(&head);
        let Some(header) = Header::find(&text) else {
            let first = text.lines().find(|l| !l.trim().is_empty()).unwrap_or_default();
            let shown: String = first.trim_start_matches('\u{feff}').chars().take(80).collect();
            return Err(fail(
                FailureKind::NothingToShow,
                format!(
                    "The table has no columns called longitude and latitude (its first line is \"{shown}\"), so its rows have no place."
                ),
            ));
        };
        let table = Table::read(&mut file, header)?;
        table.contents()
    }
}

/// A column while it is read.
enum Column {
    Numbers(Vec<f64>),
    Texts { codes: Vec<u32>, known: HashMap<String, u32>, names: Vec<String> },
    Left,
}

struct Table {
    header: Header,
    columns: Vec<Column>,
    time: Option<Vec<f64>>,
    rows: usize,
    notes: Vec<String>,
}

fn is_missing(cell: &str) -> bool {
    let words = ["", "nan", "na", "n/a", "null", "none", "-", "--", "mm", "missing"];
    words.iter().any(|w| cell.eq_ignore_ascii_case(w))
}

impl Table {
    fn read(file: &mut File, header: Header) -> Result<Self> {
        let broken = |e: &dyn std::fmt::Display| damaged("The table", e);
        file.seek(SeekFrom::Start(header.end as u64)).map_err(|e| broken(&e))?;
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(header.delimiter)
            .has_headers(false)
            .flexible(true)
            .comment(Some(b'#'))
            .trim(csv::Trim::All)
            .from_reader(BufReader::with_capacity(1 << 18, file));
        let mut sample: Vec<csv::ByteRecord> = Vec::new();
        let mut record = csv::ByteRecord::new();
        while sample.len() < SAMPLE && reader.read_byte_record(&mut record).map_err(|e| broken(&e))? {
            sample.push(record.clone());
        }
        let cell = |r: &csv::ByteRecord, k: usize| String::from_utf8_lossy(r.get(k).unwrap_or_default()).into_owned();
        let number = |text: &str| parse(text, header.decimal_comma());
        let width = header.names.len();
        let cells: Vec<(usize, usize)> = (0..width)
            .map(|k| {
                let filled = sample.iter().map(|r| cell(r, k)).filter(|c| !is_missing(c));
                let (numbers, texts): (Vec<_>, Vec<_>) = filled.partition(|c| number(c).is_some());
                (numbers.len(), texts.len())
            })
            .collect();
        let all_numbers: Vec<bool> = cells.iter().map(|(numbers, texts)| *numbers > 0 && *texts == 0).collect();
        // Objects are told apart by what is written; elsewhere a word among numbers is a value that is missing.
        let numeric =
            |k: usize| all_numbers[k] || (header.roles[k] != Role::Id && mostly_numbers(cells[k].0, cells[k].1));
        let mut times = Times::find(&header, &all_numbers, |k| sample.iter().map(|r| cell(r, k)).collect());
        let mut columns: Vec<Column> = (0..width)
            .map(|k| match header.roles[k] {
                _ if times.as_ref().is_some_and(|t| t.uses(k)) => Column::Left,
                Role::LatLon | Role::LonLat => Column::Left,
                Role::Lon | Role::Lat => Column::Numbers(Vec::new()),
                _ if numeric(k) => Column::Numbers(Vec::new()),
                _ => Column::Texts { codes: Vec::new(), known: HashMap::new(), names: Vec::new() },
            })
            .collect();
        let pair = header.roles.iter().position(|r| matches!(r, Role::LatLon | Role::LonLat));
        let mut both = (Vec::new(), Vec::new());
        let mut at: Option<Vec<f64>> = times.as_ref().map(|_| Vec::new());
        let (mut rows, mut odd, mut bytes) = (0usize, 0usize, 0usize);
        let mut take = |r: &csv::ByteRecord, columns: &mut Vec<Column>| -> Result<()> {
            rows += 1;
            bytes += 8 * width;
            if rows > MAX_ROWS || bytes > MAX_BYTES {
                let text = format!("The table has more than {} rows of {width} columns; cut it into parts.", rows - 1);
                return Err(fail(FailureKind::TooLarge, text));
            }
            for (k, column) in columns.iter_mut().enumerate() {
                let text = std::str::from_utf8(r.get(k).unwrap_or_default()).unwrap_or_default();
                match column {
                    Column::Numbers(v) => {
                        let value = number(text);
                        odd += usize::from(value.is_none() && !is_missing(text));
                        v.push(value.unwrap_or(f64::NAN));
                    }
                    Column::Texts { codes, known, names } => match known.get(text) {
                        Some(code) => codes.push(*code),
                        None if known.len() >= MAX_TEXTS => *column = Column::Left,
                        None => {
                            let code = known.len() as u32;
                            known.insert(text.to_owned(), code);
                            names.push(text.to_owned());
                            codes.push(code);
                        }
                    },
                    Column::Left => {}
                }
            }
            if let Some(k) = pair {
                let text = String::from_utf8_lossy(r.get(k).unwrap_or_default()).into_owned();
                let mut parts =
                    text.split([',', ' ', '/']).filter(|p| !p.is_empty()).map(|p| p.parse().unwrap_or(f64::NAN));
                both.0.push(parts.next().unwrap_or(f64::NAN));
                both.1.push(parts.next().unwrap_or(f64::NAN));
            }
            if let (Some(times), Some(at)) = (&mut times, &mut at) {
                at.push(times.of_row(|k| std::str::from_utf8(r.get(k).unwrap_or_default()).unwrap_or_default()));
            }
            Ok(())
        };
        for r in &sample {
            take(r, &mut columns)?;
        }
        while reader.read_byte_record(&mut record).map_err(|e| broken(&e))? {
            take(&record, &mut columns)?;
        }
        for (column, _) in columns.iter_mut().zip(&header.roles).filter(|(_, role)| **role != Role::Id) {
            // A column whose numbers begin below the rows that were looked at.
            let late = match column {
                Column::Texts { codes, names, .. } => late_numbers(codes, names, &number),
                _ => None,
            };
            if let Some((values, texts)) = late {
                odd += texts;
                *column = Column::Numbers(values);
            }
        }
        let mut notes: Vec<String> = times.iter_mut().filter_map(|t| t.note.take()).collect();
        if odd > 0 {
            notes.push(format!("{odd} cells of columns of numbers hold no number and are missing."));
        }
        if rows == 0 {
            return Err(fail(FailureKind::NothingToShow, "The table has names of columns, but no rows."));
        }
        let mut table = Self { header, columns, time: at, rows, notes };
        if let Some(k) = pair {
            let (lat, lon) = if table.header.roles[k] == Role::LatLon { both } else { (both.1, both.0) };
            for (name, role, values) in [("latitude", Role::Lat, lat), ("longitude", Role::Lon, lon)] {
                table.header.names.push(name.to_owned());
                table.header.units.push(String::new());
                table.header.roles.push(role);
                table.columns.push(Column::Numbers(values));
            }
        }
        Ok(table)
    }

    /// Which object each row belongs to, and the rows in order: object by object as they first appear, each by time.
    fn order(&self) -> (Vec<u32>, Vec<usize>) {
        let id = self.header.roles.iter().position(|r| *r == Role::Id);
        let mut order: Vec<u32> = (0..self.rows as u32).collect();
        let owner: Vec<u32> = match id.map(|k| &self.columns[k]) {
            Some(Column::Texts { codes, .. }) => codes.clone(),
            Some(Column::Numbers(v)) => {
                let mut known = HashMap::new();
                v.iter()
                    .map(|x| {
                        let next = known.len() as u32;
                        *known.entry(x.to_bits()).or_insert(next)
                    })
                    .collect()
            }
            _ => return (order, vec![self.rows]),
        };
        let when = |k: u32| self.time.as_ref().map_or(0.0, |t| t[k as usize]);
        order.sort_by(|a, b| owner[*a as usize].cmp(&owner[*b as usize]).then(when(*a).total_cmp(&when(*b))));
        let mut counts = vec![0; owner.iter().max().map_or(0, |m| *m as usize + 1)];
        owner.iter().for_each(|o| counts[*o as usize] += 1);
        (order, counts)
    }

    fn contents(mut self) -> Result<Contents> {
        let (order, counts) = self.order();
        let objects = counts.len();
        let has_id = self.header.roles.contains(&Role::Id);
        let in_order = order.iter().enumerate().all(|(k, o)| k as u32 == *o);
        let sorted =
            |v: Vec<f64>| -> Vec<f64> { if in_order { v } else { order.iter().map(|k| v[*k as usize]).collect() } };
        let dim = |name: &str, len| Dim { name: name.to_owned(), len, group: String::new() };
        let mut dims = vec![dim("row", self.rows)];
        let mut vars: Vec<Var> = Vec::new();
        let mut arrays: Vec<Raw> = Vec::new();
        let f64s = Some(NumType::F64);
        if let Some(time) = self.time.take() {
            let v = Var::new("time", f64s, &[0]).with("units", "seconds since 1970-01-01 00:00:00");
            vars.push(v.with("standard_name", "time"));
            arrays.push(Raw::F64(sorted(time)));
        }
        if has_id {
            dims.push(dim("trajectory", objects));
            let v = Var::new("row_size", Some(NumType::I32), &[1]).with("sample_dimension", "row");
            vars.push(v);
            arrays.push(Raw::I32(counts.iter().map(|c| *c as i32).collect()));
        }
        let columns = std::mem::take(&mut self.columns);
        for (k, column) in columns.into_iter().enumerate() {
            let (title, units) = (self.header.names[k].clone(), self.header.units[k].clone());
            let name = self.header.variable(k, &vars);
            match (column, self.header.roles[k]) {
                (Column::Numbers(values), role @ (Role::Lon | Role::Lat)) => {
                    let (unit, standard) =
                        if role == Role::Lon { ("degrees_east", "longitude") } else { ("degrees_north", "latitude") };
                    vars.push(Var::new(&name, f64s, &[0]).with("units", unit).with("standard_name", standard));
                    arrays.push(Raw::F64(sorted(values)));
                }
                (Column::Numbers(mut values), _) => {
                    for v in values.iter_mut().filter(|v| MARKERS.contains(v)) {
                        *v = f64::NAN;
                    }
                    let mut v = Var::new(&name, f64s, &[0]).with("long_name", &title);
                    if !units.is_empty() {
                        v = v.with("units", &units);
                    }
                    vars.push(v);
                    arrays.push(Raw::F64(sorted(values)));
                }
                (Column::Texts { codes, names, .. }, role)
                    if names.len() <= MAX_CLASSES && (names.len() > 1 || role == Role::Id) =>
                {
                    let word = |n: &String| {
                        if n.is_empty() {
                            "none".to_owned()
                        } else {
                            n.split_whitespace().collect::<Vec<_>>().join("_")
                        }
                    };
                    let meanings: Vec<String> = names.iter().map(word).collect();
                    let values: Vec<f64> = (0..names.len()).map(|n| n as f64).collect();
                    let mut v = Var::new(&name, Some(NumType::I32), &[0]).with("long_name", &title);
                    v.attrs.push(("flag_values".to_owned(), Attr::Numbers(values, NumType::I32)));
                    vars.push(v.with("flag_meanings", &meanings.join(" ")));
                    arrays.push(Raw::I32(order.iter().map(|k| codes[*k as usize] as i32).collect()));
                }
                _ => {}
            }
        }
        // Positions and times alone are worth a track: which object it is, is the value then.
        let mut attrs = Vec::new();
        if has_id && self.header.roles.contains(&Role::Id) && objects < self.rows {
            attrs.push(("featureType".to_owned(), Attr::Text("trajectory".to_owned())));
        }
        Ok(Contents { dims, vars, attrs, notes: self.notes, ..Contents::new("CSV table", Box::new(Arrays(arrays))) })
    }
}

/// Whether the cells of a column are numbers with a word here and there, not words.
fn mostly_numbers(numbers: usize, texts: usize) -> bool {
    numbers > 0 && numbers >= texts
}

/// The values of a column that was taken for words and is mostly numbers, and how many cells of it are none.
fn late_numbers(codes: &[u32], names: &[String], number: &dyn Fn(&str) -> Option<f64>) -> Option<(Vec<f64>, usize)> {
    let known: Vec<Option<f64>> = names.iter().map(|n| number(n)).collect();
    let numbers = codes.iter().filter(|c| known[**c as usize].is_some()).count();
    let texts = codes.iter().filter(|c| known[**c as usize].is_none() && !is_missing(&names[**c as usize])).count();
    let values = || codes.iter().map(|c| known[*c as usize].unwrap_or(f64::NAN)).collect();
    mostly_numbers(numbers, texts).then(|| (values(), texts))
}

/// A number as people write it.
fn parse(text: &str, decimal_comma: bool) -> Option<f64> {
    let value: f64 = match decimal_comma && text.contains(',') {
        true => text.replace(',', ".").parse().ok()?,
        false => text.parse().ok()?,
    };
    Some(value).filter(|v| v.is_finite())
}

/// One-dimensional arrays in memory.
pub struct Arrays(pub Vec<Raw>);

impl Values for Arrays {
    fn read(&self, index: usize, var: &Var, start: &[usize], count: &[usize]) -> Result<Raw> {
        let unfit = || fail(FailureKind::BadRequest, format!("{} has no such rows.", var.path));
        let (raw, [s], [n]) = (self.0.get(index).ok_or_else(unfit)?, start, count) else { return Err(unfit()) };
        if s + n > raw.len() {
            return Err(unfit());
        }
        let mut out = Raw::zeros(raw.num_type(), *n);
        out.lay(0, raw, *s, *n);
        Ok(out)
    }
}
