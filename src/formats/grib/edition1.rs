//! Messages of edition 1 (WMO Manual on Codes I.2, FM 92-XIV GRIB).

use std::rc::Rc;

use seaglass_core::time::Time;

use super::bits::{ibm, int, uint};
use super::grid;
use super::message::{Field, Grids, Level, Packing, Parameter, Source, Way};

/// Reads a message; `None` where its structure is broken.
pub fn read(
    source: &mut Source,
    start: u64,
    end: u64,
    grids: &mut Grids,
    out: &mut Vec<Result<Field, String>>,
) -> Option<()> {
    let mut at = start + 8;
    let pds = source.section(at, 3).filter(|p| p.len() >= 28)?;
    at += pds.len() as u64;
    if pds[7] & 0x80 == 0 {
        out.push(Err("has a grid that only a catalogue knows; convert it with grib_set or wgrib first".to_owned()));
        return Some(());
    }
    let gds = source.section(at, 3).filter(|g| g.len() >= 28)?;
    at += gds.len() as u64;
    let mut bitmap = None;
    if pds[7] & 0x40 != 0 {
        let head = source.bytes(at, 6)?;
        let len = uint(&head, 0, 3);
        if uint(&head, 4, 2) != 0 {
            out.push(Err("has a bitmap that only a catalogue knows".to_owned()));
            return Some(());
        }
        bitmap = Some((at + 6, usize::try_from(len.checked_sub(6)?).ok()?));
        at += len;
    }
    let bds = source.bytes(at, 11)?;
    let len = uint(&bds, 0, 3);
    if at + len + 4 > end || len < 11 {
        return None;
    }
    let data = (at + 11, len as usize - 11);
    let grid = grids.entry((1, gds)).or_insert_with_key(|(_, gds)| grid::edition1(gds).map(Rc::new)).clone();
    out.push(grid.and_then(|grid| {
        let (reference, valid) = times(&pds).ok_or("has a time that does not exist")?;
        Ok(Field {
            parameter: Parameter::One {
                table: pds[3],
                centre: pds[4],
                number: pds[8],
                statistic: matches!(pds[20], 2..=5).then_some(pds[20]),
            },
            level: level(&pds),
            reference,
            valid,
            member: member(&pds),
            grid,
            packing: packing(&pds, &bds)?,
            bitmap,
            data,
        })
    }));
    Some(())
}

fn packing(pds: &[u8], bds: &[u8]) -> Result<Packing, String> {
    let flags = bds[3] >> 4;
    if flags & 8 != 0 {
        return Err("holds spherical harmonics; convert it to a grid first (cdo sp2gp)".to_owned());
    }
    if flags & 4 != 0 {
        let text = "is packed in the second-order way; convert it with grib_set -r -s packingType=grid_simple first";
        return Err(text.to_owned());
    }
    Ok(Packing {
        reference: ibm(bds, 6),
        binary: int(bds, 4, 2) as i32,
        decimal: int(pds, 26, 2) as i32,
        bits: usize::from(bds[10]),
        way: Way::Simple,
        count: None,
    })
}

/// Levels of code table 3 by the numbers of edition 2.
fn level(pds: &[u8]) -> Level {
    let both = uint(pds, 10, 2) as f64;
    let (top, _bottom) = (f64::from(pds[10]), f64::from(pds[11]));
    let (kind, value) = match pds[9] {
        100 => (100, both * 100.0),
        101 => (100, top * 1000.0),
        102 => (101, 0.0),
        103 => (102, both),
        105 => (103, both),
        106 => (103, top * 100.0),
        107 => (104, both / 10_000.0),
        109 => (105, both),
        110 => (105, top),
        111 => (106, both / 100.0),
        112 => (106, top / 100.0),
        160 => (160, both),
        200 => (10, 0.0),
        // The surface, the top of the atmosphere, the bottom of the sea …: the same numbers in both editions.
        kind @ 1..=9 => (kind, 0.0),
        kind => (kind, both),
    };
    Level { kind, value }
}

/// Number within an ensemble, of control and perturbed forecasts of ECMWF (local definitions 1 and 30).
fn member(pds: &[u8]) -> Option<u32> {
    let local = pds.len() > 49 && pds[4] == 98 && matches!(pds[40], 1 | 30) && matches!(pds[42], 10 | 11);
    local.then(|| u32::from(pds[49]))
}

/// Reference time and time of the values.
fn times(pds: &[u8]) -> Option<(Time, Time)> {
    let year = (i16::from(pds[24]) - 1) * 100 + i16::from(pds[12]);
    let [month, day, hour, minute] = [pds[13], pds[14], pds[15], pds[16]].map(|b| b as i8);
    let reference = Time::from_civil(year, month, day, hour, minute, 0.0)?;
    let (p1, p2) = (i64::from(pds[18]), i64::from(pds[19]));
    let steps = match pds[20] {
        1 => 0,
        // Intervals count at their end.
        2..=5 => p2,
        10 => uint(pds, 18, 2) as i64,
        _ => p1,
    };
    Some((reference, after(reference, pds[17], steps)?))
}

/// A time later by so many units (code table 4 of edition 1, 4.4 of edition 2, which agree up to 12).
pub fn after(time: Time, unit: u8, steps: i64) -> Option<Time> {
    let seconds = match unit {
        0 => 60,
        1 => 3600,
        2 => 86_400,
        10 => 3 * 3600,
        11 => 6 * 3600,
        12 => 12 * 3600,
        13 | 254 => 1,
        3..=7 => {
            let months = steps * [1, 12, 120, 360, 1200][usize::from(unit) - 3];
            let (year, month, day, hour, minute, second, _) = time.civil()?;
            let count = i64::from(year) * 12 + i64::from(month) - 1 + months;
            let (year, month) = (i16::try_from(count.div_euclid(12)).ok()?, count.rem_euclid(12) as i8 + 1);
            // The end of a shorter month.
            return (day - 3..=day)
                .rev()
                .find_map(|d| Time::from_civil(year, month, d, hour, minute, f64::from(second)));
        }
        _ if steps == 0 => 0,
        _ => return None,
    };
    Some(time.plus_seconds((steps * seconds) as f64))
}
