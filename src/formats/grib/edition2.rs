//! Messages of edition 2 (WMO Manual on Codes I.2, FM 92-XIV GRIB edition 2). Sections 2 to 7 may repeat.

use std::rc::Rc;

use seaglass_core::time::Time;

use super::bits::{ieee, int, uint};
use super::ccsds::Coding;
use super::complex::Groups;
use super::edition1::after;
use super::grid;
use super::message::{Field, Grids, Level, Packing, Parameter, Source, Way};

/// What later sections refer back to.
#[derive(Default)]
struct Before {
    identification: Vec<u8>,
    grid: Option<Vec<u8>>,
    product: Vec<u8>,
    packing: Vec<u8>,
    bitmap: Option<(u64, usize)>,
}

/// Reads a message; `None` where its structure is broken.
pub fn read(
    source: &mut Source,
    start: u64,
    end: u64,
    grids: &mut Grids,
    out: &mut Vec<Result<Field, String>>,
) -> Option<()> {
    let discipline = source.bytes(start, 16)?[6];
    let mut before = Before::default();
    let mut at = start + 16;
    while at + 9 <= end {
        let head = source.bytes(at, 5)?;
        let len = uint(&head, 0, 4);
        if len < 5 || at + len + 4 > end {
            return None;
        }
        match head[4] {
            1 => before.identification = source.section(at, 4).filter(|s| s.len() >= 21)?,
            3 => before.grid = Some(source.section(at, 4).filter(|s| s.len() >= 14)?),
            4 => before.product = source.section(at, 4).filter(|s| s.len() >= 34)?,
            5 => before.packing = source.section(at, 4).filter(|s| s.len() >= 11)?,
            6 => {
                let indicator = source.bytes(at, 6)?[5];
                match indicator {
                    0 => before.bitmap = Some((at + 6, usize::try_from(len - 6).ok()?)),
                    // The one before.
                    254 => {}
                    _ => before.bitmap = None,
                }
            }
            7 => {
                let data = (at + 5, usize::try_from(len - 5).ok()?);
                let key = (2, before.grid.clone()?);
                let grid = grids.entry(key).or_insert_with_key(|(_, g)| grid::edition2(g).map(Rc::new)).clone();
                out.push(grid.and_then(|grid| field(discipline, &before, grid, data)));
            }
            2 => {}
            _ => return None,
        }
        at += len;
    }
    Some(())
}

fn field(discipline: u8, before: &Before, grid: Rc<grid::Grid>, data: (u64, usize)) -> Result<Field, String> {
    let (id, p) = (&before.identification, &before.product);
    if id.is_empty() || p.is_empty() {
        return Err("has a broken structure".to_owned());
    }
    let template = uint(p, 7, 2);
    // Where the interval of a mean or sum ends, and where the number within an ensemble stands.
    let (interval, number) = match template {
        0 | 2..=7 | 15 => (None, None),
        1 => (None, Some(35)),
        8 => (Some(34), None),
        11 => (Some(37), Some(35)),
        12 => (Some(36), None),
        other => return Err(format!("has product definition template 4.{other}, which is not read here")),
    };
    let [month, day, hour, minute, second] = [14, 15, 16, 17, 18].map(|k| id[k]);
    let reference =
        civil(uint(id, 12, 2), [month, day, hour, minute, second]).ok_or("has a time that does not exist")?;
    let valid = match interval.and_then(|k| p.get(k..k + 7)) {
        Some(t) => civil(uint(t, 0, 2), [t[2], t[3], t[4], t[5], t[6]]),
        None => after(reference, p[17], int(p, 18, 4)),
    };
    let scaled = uint(p, 24, 4);
    let level = match (p[22], p[23], scaled) {
        (kind, 255, _) | (kind, _, 0xffff_ffff) => Level { kind, value: 0.0 },
        (kind, ..) => Level { kind, value: int(p, 24, 4) as f64 * 10f64.powi(-(int(p, 23, 1) as i32)) },
    };
    Ok(Field {
        parameter: Parameter::Two {
            discipline,
            category: p[9],
            number: p[10],
            centre: uint(id, 5, 2) as u16,
            statistic: interval.and_then(|k| p.get(k + 12)).copied(),
        },
        level,
        reference,
        valid: valid.ok_or("has a time that does not exist")?,
        member: number.and_then(|k| p.get(k)).map(|n| u32::from(*n)),
        grid,
        packing: packing(&before.packing)?,
        bitmap: before.bitmap,
        data,
    })
}

fn civil(year: u64, [month, day, hour, minute, second]: [u8; 5]) -> Option<Time> {
    let year = i16::try_from(year).ok()?;
    Time::from_civil(year, month as i8, day as i8, hour as i8, minute as i8, f64::from(second))
}

fn packing(s: &[u8]) -> Result<Packing, String> {
    let broken = || "has a broken description of its packing".to_owned();
    let template = uint(s, 9, 2);
    let need = |n: usize| if s.len() >= n { Ok(()) } else { Err(broken()) };
    let way = match template {
        0 => Way::Simple,
        2 | 3 => {
            need(if template == 3 { 49 } else { 47 })?;
            Way::Complex(Groups::of(s, template == 3))
        }
        4 => {
            need(12)?;
            let bytes = match s[11] {
                1 => 4,
                2 => 8,
                _ => return Err("holds floating-point numbers of 128 bits".to_owned()),
            };
            let count = Some(uint(s, 5, 4) as usize);
            return Ok(Packing {
                reference: 0.0,
                binary: 0,
                decimal: 0,
                bits: 8 * bytes,
                way: Way::Ieee(bytes),
                count,
            });
        }
        42 => {
            need(25)?;
            Way::Ccsds(Coding { flags: s[21], block: usize::from(s[22]), interval: uint(s, 23, 2) as usize })
        }
        40 | 41 | 40_000 | 40_010 => {
            let image = if template == 40 || template == 40_000 { "JPEG 2000" } else { "PNG" };
            return Err(format!("is packed as {image}; convert it with grib_set -r -s packingType=grid_simple first"));
        }
        50..=53 => return Err("holds spherical harmonics; convert it to a grid first (cdo sp2gp)".to_owned()),
        other => return Err(format!("is packed by template 5.{other}, which is not read here")),
    };
    need(20)?;
    Ok(Packing {
        reference: ieee(s, 11),
        binary: int(s, 15, 2) as i32,
        decimal: int(s, 17, 2) as i32,
        bits: usize::from(s[19]),
        way,
        count: Some(uint(s, 5, 4) as usize),
    })
}
