//! Messages of a GRIB file: where they lie and what each of them is.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::rc::Rc;

use seaglass_core::protocol::FailureKind;
use seaglass_core::time::Time;

use super::bits::uint;
use super::edition1;
use super::edition2;
use super::grid::Grid;
use crate::error::{Result, damaged, fail};

/// Messages looked at.
const MAX_MESSAGES: usize = 400_000;
/// Bytes of a section that is read to be understood (lists of points of a row, at most).
const MAX_SECTION: usize = 4 << 20;

/// One field of a message.
#[derive(Clone, Debug)]
pub struct Field {
    /// What it is.
    pub parameter: Parameter,
    /// At which level.
    pub level: Level,
    /// Beginning of the forecast.
    pub reference: Time,
    /// Time of the values; of means and sums the end of their interval.
    pub valid: Time,
    /// Number within an ensemble.
    pub member: Option<u32>,
    /// Its cells.
    pub grid: Rc<Grid>,
    /// How the numbers are packed.
    pub packing: Packing,
    /// Where the bits lie that say which cells have values: address and bytes.
    pub bitmap: Option<(u64, usize)>,
    /// Where the packed numbers lie.
    pub data: (u64, usize),
}

/// What a field is, by the numbers of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Parameter {
    /// Table, centre and number.
    One {
        /// Version of the table.
        table: u8,
        /// Originating centre.
        centre: u8,
        /// Indicator of parameter.
        number: u8,
        /// Mean, sum … over an interval.
        statistic: Option<u8>,
    },
    /// Discipline, category and number.
    Two {
        /// Discipline.
        discipline: u8,
        /// Category.
        category: u8,
        /// Number.
        number: u8,
        /// Originating centre, which has numbers from 192 on to itself.
        centre: u16,
        /// Mean, sum … over an interval (code table 4.10).
        statistic: Option<u8>,
    },
}

/// Where above or below the surface.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Kind of level, as edition 2 numbers it (code table 4.5).
    pub kind: u8,
    /// In the unit of the kind.
    pub value: f64,
}

/// How the numbers of a field are packed.
#[derive(Clone, Debug, PartialEq)]
pub struct Packing {
    /// Reference value.
    pub reference: f64,
    /// Power of two.
    pub binary: i32,
    /// Power of ten.
    pub decimal: i32,
    /// Bits a number.
    pub bits: usize,
    /// The way.
    pub way: Way,
    /// Number of packed values, where the message says it.
    pub count: Option<usize>,
}

/// Ways to pack.
#[derive(Clone, Debug, PartialEq)]
pub enum Way {
    /// Numbers of the same number of bits.
    Simple,
    /// In groups, perhaps as differences.
    Complex(super::complex::Groups),
    /// Floating-point numbers of so many bytes.
    Ieee(usize),
    /// The lossless coding of CCSDS 121.0-B.
    Ccsds(super::ccsds::Coding),
}

impl Packing {
    /// The value of a packed number.
    #[inline]
    pub fn value(&self, packed: f64) -> f64 {
        (self.reference + packed * 2f64.powi(self.binary)) * 10f64.powi(-self.decimal)
    }
}

/// What is in a file: the fields that are read here, and why others are not.
#[derive(Default)]
pub struct Listing {
    /// Fields in file order.
    pub fields: Vec<Field>,
    /// Reasons with how many fields they concern.
    pub left_out: Vec<(String, usize)>,
    /// The file ends in the middle of a message.
    pub cut_off: bool,
}

impl Listing {
    fn leave_out(&mut self, why: String) {
        match self.left_out.iter_mut().find(|l| l.0 == why) {
            Some(known) => known.1 += 1,
            None => self.left_out.push((why, 1)),
        }
    }
}

/// Grids known by their description, each worked out once.
pub type Grids = HashMap<(u8, Vec<u8>), std::result::Result<Rc<Grid>, String>>;

/// Reads pieces of a file.
pub struct Source {
    file: BufReader<File>,
    len: u64,
}

impl Source {
    /// The bytes of a file.
    pub fn new(file: File, len: u64) -> Self {
        Self { file: BufReader::with_capacity(4096, file), len }
    }

    /// Bytes at an address; `None` where the file ends before.
    pub fn bytes(&mut self, at: u64, len: usize) -> Option<Vec<u8>> {
        if at.checked_add(len as u64)? > self.len {
            return None;
        }
        // A relative move keeps what is buffered: the headers of a message lie beside each other.
        let now = self.file.stream_position().ok()?;
        self.file.seek_relative(at as i64 - now as i64).ok()?;
        let mut out = vec![0; len];
        self.file.read_exact(&mut out).ok()?;
        Some(out)
    }

    /// A section that begins with its length in so many bytes.
    pub fn section(&mut self, at: u64, length_bytes: usize) -> Option<Vec<u8>> {
        let len = uint(&self.bytes(at, length_bytes)?, 0, length_bytes) as usize;
        if len < length_bytes || len > MAX_SECTION { None } else { self.bytes(at, len) }
    }

    /// Where the next message begins, from an address on.
    fn next_message(&mut self, mut from: u64) -> Result<Option<u64>> {
        self.file.seek(SeekFrom::Start(from)).map_err(|e| damaged("The GRIB file", &e))?;
        let mut window = vec![0; 1 << 14];
        while from + 8 <= self.len {
            let n = window.len().min((self.len - from) as usize);
            let Some(bytes) = self.bytes(from, n) else { return Ok(None) };
            window[..n].copy_from_slice(&bytes);
            if let Some(k) = window[..n].windows(4).position(|w| w == b"GRIB") {
                return Ok(Some(from + k as u64));
            }
            from += (n as u64).saturating_sub(3).max(1);
        }
        Ok(None)
    }
}

/// Lists the fields of a file.
pub fn list(source: &mut Source) -> Result<Listing> {
    let (mut out, mut grids, mut at, mut messages) = (Listing::default(), Grids::new(), 0, 0);
    while let Some(start) = source.next_message(at)? {
        messages += 1;
        if messages > MAX_MESSAGES {
            let text = format!("The GRIB file has more than {MAX_MESSAGES} messages; split it first.");
            return Err(fail(FailureKind::TooLarge, text));
        }
        let Some(head) = source.bytes(start, 16) else {
            out.cut_off = true;
            break;
        };
        let (edition, len) = match head[7] {
            1 => (1, uint(&head, 4, 3)),
            2 => (2, uint(&head, 8, 8)),
            _ => {
                at = start + 4;
                continue;
            }
        };
        let end = start.saturating_add(len);
        if len < 16 || end > source.len {
            out.cut_off = true;
            at = start + 4;
            continue;
        }
        if source.bytes(end - 4, 4).as_deref() != Some(b"7777") {
            out.leave_out("does not end where its length says; it is damaged".to_owned());
            at = start + 4;
            continue;
        }
        let mut found = Vec::new();
        let read = match edition {
            1 => edition1::read(source, start, end, &mut grids, &mut found),
            _ => edition2::read(source, start, end, &mut grids, &mut found),
        };
        for field in found {
            match field {
                Ok(field) => out.fields.push(field),
                Err(why) => out.leave_out(why),
            }
        }
        if read.is_none() {
            out.leave_out("has a broken structure".to_owned());
        }
        at = end;
    }
    Ok(out)
}
