//! GRIB editions 1 and 2. Messages of one parameter and kind of level become one variable over time and levels; grids in
//! degrees, Gaussian (also reduced), rotated, Mercator, Lambert and polar stereographic.

mod bits;
mod ccsds;
mod complex;
mod edition1;
mod edition2;
mod grid;
mod message;
mod names;
mod unpack;
mod variables;

use std::cell::RefCell;
use std::fs::File;
use std::path::Path;
use std::rc::Rc;

use seaglass_core::protocol::FailureKind;

use crate::dataset::Var;
use crate::error::{Result, damaged, fail};
use crate::format::{Contents, Format, Probe, Values};
use crate::raw::Raw;
use message::{Field, Listing, Source};
use variables::Kind;

/// The format.
pub struct Grib;

/// Decoded fields kept: those of both components at some steps.
const KEPT: usize = 6;

impl Format for Grib {
    fn identify(&self, probe: &Probe) -> bool {
        // A line of a bulletin may stand before the first message.
        let near = &probe.head[..probe.head.len().min(256)];
        near.windows(8).any(|w| w.starts_with(b"GRIB") && matches!(w[7], 1 | 2))
    }

    fn open(&self, path: &Path, probe: &Probe) -> Result<Contents> {
        let file =
            File::open(path).map_err(|e| fail(FailureKind::Missing, format!("The file cannot be opened: {e}.")))?;
        let mut source = Source::new(file, probe.len);
        let listing = message::list(&mut source)?;
        if listing.fields.is_empty() {
            return Err(nothing(&listing));
        }
        let mut made = variables::of(&listing.fields);
        made.notes.extend(notes(&listing));
        let messages = Messages {
            fields: listing.fields,
            kinds: made.kinds,
            source: RefCell::new(source),
            decoded: RefCell::new(Vec::new()),
        };
        let edition = if probe.head.get(7) == Some(&1) { 1 } else { 2 };
        let mut contents = Contents::new(&format!("GRIB {edition}"), Box::new(messages));
        (contents.dims, contents.vars, contents.notes) = (made.dims, made.vars, made.notes);
        Ok(contents)
    }
}

/// Why a file has no field that is read here.
fn nothing(listing: &Listing) -> seaglass_core::protocol::ReadFailure {
    match listing.left_out.iter().max_by_key(|l| l.1) {
        Some((why, _)) => fail(FailureKind::NothingToShow, format!("The GRIB message {why}.")),
        None => {
            let text = "The GRIB file ends in the middle of its first message: it was cut off; fetch it again.";
            fail(FailureKind::Damaged, text)
        }
    }
}

fn notes(listing: &Listing) -> Vec<String> {
    let all = listing.left_out.iter();
    let mut out: Vec<String> = all
        .map(|(why, n)| match n {
            1 => format!("One message is left out: it {why}."),
            n => format!("{n} messages are left out: each {why}."),
        })
        .collect();
    if listing.cut_off {
        out.push("The file ends in the middle of a message: it was cut off; what comes before is shown.".to_owned());
    }
    out
}

struct Messages {
    fields: Vec<Field>,
    /// What each variable holds.
    kinds: Vec<Kind>,
    source: RefCell<Source>,
    /// Fields decoded last, the newest last.
    decoded: RefCell<Vec<(usize, Rc<Vec<f64>>)>>,
}

impl Messages {
    /// All values of a field, row after row.
    fn values(&self, field: usize) -> Result<Rc<Vec<f64>>> {
        let known = self.decoded.borrow().iter().find(|d| d.0 == field).map(|d| Rc::clone(&d.1));
        if let Some(values) = known {
            return Ok(values);
        }
        let f = &self.fields[field];
        let mut source = self.source.borrow_mut();
        let mut bytes = |(at, len): (u64, usize)| source.bytes(at, len);
        let values = bytes(f.data)
            .and_then(|data| {
                let bitmap = match f.bitmap {
                    Some(place) => Some(bytes(place)?),
                    None => None,
                };
                unpack::field(f, &data, bitmap.as_deref())
            })
            .ok_or_else(|| damaged("The GRIB message", &"its data do not fit their description"))?;
        let values = Rc::new(values);
        let mut decoded = self.decoded.borrow_mut();
        if decoded.len() >= KEPT {
            decoded.remove(0);
        }
        decoded.push((field, Rc::clone(&values)));
        Ok(values)
    }

    /// A block of a variable over messages.
    fn block(&self, table: &variables::Table, shape: [usize; 2], start: &[usize], count: &[usize]) -> Result<Raw> {
        let total: usize = count.iter().product();
        let mut out = Vec::with_capacity(total);
        let outer = table.lens.len();
        // Of a reduced grid the cells are one row.
        let (rows, cols) = match start.len() - outer {
            1 => ((0, 1), (start[outer], count[outer])),
            _ => ((start[outer], count[outer]), (start[outer + 1], count[outer + 1])),
        };
        let messages: usize = count[..outer].iter().product();
        for k in 0..messages {
            let (mut rest, mut at) = (k, 0);
            let mut index = vec![0; outer];
            for d in (0..outer).rev() {
                index[d] = start[d] + rest % count[d];
                rest /= count[d];
            }
            for (i, len) in index.iter().zip(&table.lens) {
                at = at * len + i;
            }
            match table.fields[at] {
                None => out.extend(std::iter::repeat_n(f64::NAN, rows.1 * cols.1)),
                Some(field) => {
                    let values = self.values(field as usize)?;
                    for r in rows.0..rows.0 + rows.1 {
                        out.extend_from_slice(&values[r * shape[1] + cols.0..][..cols.1]);
                    }
                }
            }
        }
        Ok(Raw::F64(out))
    }
}

impl Values for Messages {
    fn read(&self, index: usize, var: &Var, start: &[usize], count: &[usize]) -> Result<Raw> {
        let unfit = || fail(FailureKind::BadRequest, format!("{} has no such cells.", var.path));
        match self.kinds.get(index).ok_or_else(unfit)? {
            Kind::Axis(values) => {
                let (s, n) = (*start.first().ok_or_else(unfit)?, *count.first().ok_or_else(unfit)?);
                values.get(s..s + n).map(|v| Raw::F64(v.to_vec())).ok_or_else(unfit)
            }
            Kind::Mapping => Err(unfit()),
            Kind::Fields(table) => {
                let shape = self.fields[table.first].grid.shape;
                self.block(table, shape, start, count)
            }
        }
    }
}
