//! Header of classic netCDF files, read only to learn how long the file should be: libnetcdf gives zeros, not an error,
//! for what is missing at the end. Layout: netCDF User's Guide, appendix "File Format Specifications".

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use seaglass_core::protocol::FailureKind;

use crate::error::{Result, fail};

struct Header<'a> {
    input: BufReader<&'a mut File>,
    at: u64,
    len: u64,
    version: u8,
}

const TAG_DIMENSION: u64 = 10;
const TAG_VARIABLE: u64 = 11;
const TAG_ATTRIBUTE: u64 = 12;

/// Fails when the file is shorter than its header says.
pub fn check_complete(file: &mut File, len: u64) -> Result<()> {
    file.seek(SeekFrom::Start(0)).map_err(|e| crate::error::damaged("The beginning of the file", &e))?;
    let mut header = Header { input: BufReader::with_capacity(1 << 16, file), at: 0, len, version: 0 };
    let expected = header
        .expected_length()
        .ok_or_else(|| fail(FailureKind::Damaged, "The netCDF header is damaged or cut off; fetch the file again."))?;
    if expected > len {
        return Err(fail(
            FailureKind::Damaged,
            format!("The file was cut off: it has {len} bytes, its header says {expected}; fetch it again."),
        ));
    }
    Ok(())
}

fn padded(n: u64) -> Option<u64> {
    n.checked_add(3).map(|n| n / 4 * 4)
}

fn type_size(code: u64) -> Option<u64> {
    match code {
        1 | 2 | 7 => Some(1),
        3 | 8 => Some(2),
        4 | 5 | 9 => Some(4),
        6 | 10 | 11 => Some(8),
        _ => None,
    }
}

impl Header<'_> {
    fn be(&mut self, width: usize) -> Option<u64> {
        let mut bytes = [0u8; 8];
        self.input.read_exact(&mut bytes[8 - width..]).ok()?;
        self.at += width as u64;
        Some(u64::from_be_bytes(bytes))
    }

    /// `NON_NEG`: 8 bytes in CDF-5, else 4.
    fn count(&mut self) -> Option<u64> {
        self.be(if self.version == 5 { 8 } else { 4 })
    }

    fn skip(&mut self, n: u64) -> Option<()> {
        if n > self.len.saturating_sub(self.at) {
            return None;
        }
        self.input.seek_relative(i64::try_from(n).ok()?).ok()?;
        self.at += n;
        Some(())
    }

    fn skip_name(&mut self) -> Option<()> {
        let n = self.count()?;
        self.skip(padded(n)?)
    }

    /// Number of entries of a list that begins with that tag, or 0 when absent.
    fn list(&mut self, tag: u64) -> Option<u64> {
        let found = self.be(4)?;
        let n = self.count()?;
        // Each entry takes at least 8 bytes: a count beyond that is damage, not a reason to loop for hours.
        ((found == tag || (found == 0 && n == 0)) && n <= self.len / 8).then_some(n)
    }

    fn skip_attributes(&mut self) -> Option<()> {
        for _ in 0..self.list(TAG_ATTRIBUTE)? {
            self.skip_name()?;
            let size = self.be(4).and_then(type_size)?;
            let n = self.count()?;
            self.skip(padded(n.checked_mul(size)?)?)?;
        }
        Some(())
    }

    fn expected_length(&mut self) -> Option<u64> {
        self.skip(3)?;
        self.version = self.be(1)? as u8;
        let records = self.count()?;
        let streaming = records == if self.version == 5 { u64::MAX } else { u64::from(u32::MAX) };
        let mut dims = Vec::new();
        for _ in 0..self.list(TAG_DIMENSION)? {
            self.skip_name()?;
            dims.push(self.count()?);
        }
        self.skip_attributes()?;
        let (mut end, mut record_size, mut record_vars) = (self.at, 0u64, Vec::new());
        for _ in 0..self.list(TAG_VARIABLE)? {
            self.skip_name()?;
            let rank = self.count()?;
            if rank > 1024 {
                return None;
            }
            let mut lengths = Vec::new();
            for _ in 0..rank {
                lengths.push(*dims.get(usize::try_from(self.count()?).ok()?)?);
            }
            self.skip_attributes()?;
            let mut size = self.be(4).and_then(type_size)?;
            self.count()?;
            let begin = self.be(if self.version == 1 { 4 } else { 8 })?;
            let is_record = lengths.first() == Some(&0);
            for n in lengths.iter().skip(usize::from(is_record)) {
                size = size.checked_mul(*n)?;
            }
            if is_record {
                record_size = record_size.checked_add(padded(size)?)?;
                record_vars.push((begin, size));
            } else {
                end = end.max(begin.checked_add(size)?);
            }
        }
        if let [(_, size)] = record_vars.as_slice() {
            record_size = *size; // a lone record variable is not padded
        }
        if records > 0 && !streaming {
            for (begin, size) in record_vars {
                end = end.max(begin.checked_add((records - 1).checked_mul(record_size)?)?.checked_add(size)?);
            }
        }
        Some(end.max(self.at))
    }
}
