//! Tie points taken straight from the chunks are those found among all positions: same places, same box, same refusals.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod common;

use common::try_written;
use netcdf::{AttributeValue, NcTypeDescriptor};
use seaglass_core::geolocation::{Geolocation, Swath};
use seaglass_formats::dataset::Dataset;
use seaglass_formats::geoloc::Demand;
use seaglass_formats::limits::LIGHT_TOLERANCE_CELLS;
use seaglass_formats::parts::{plan, plan_for};

/// Longitudes and latitudes of cells of 2 km beside a circular orbit.
struct Track {
    rows: usize,
    cols: usize,
    /// Of the orbit; 90° passes over the pole.
    inclination_deg: f64,
    /// Latitude argument of the first row.
    start_deg: f64,
    /// Every seventh scan is this far to the side.
    shift_cells: f64,
}

/// Longitude at which the orbit crosses the equator.
const NODE_DEG: f64 = 140.0;

const PLAIN: Track = Track { rows: 1300, cols: 200, inclination_deg: 78.0, start_deg: 60.0, shift_cells: 0.0 };

impl Track {
    fn positions(&self) -> [Vec<f64>; 2] {
        let cell = 2.0 / 6371.0;
        let (si, ci) = self.inclination_deg.to_radians().sin_cos();
        let mut out = [Vec::new(), Vec::new()];
        for i in 0..self.rows {
            let (s, c) = (self.start_deg.to_radians() + i as f64 * cell).sin_cos();
            let (along, ahead) = ([c, s * ci, s * si], [-s, c * ci, c * si]);
            let side = [
                ahead[1] * along[2] - ahead[2] * along[1],
                ahead[2] * along[0] - ahead[0] * along[2],
                ahead[0] * along[1] - ahead[1] * along[0],
            ];
            for j in 0..self.cols {
                let shift = if i % 7 == 3 { self.shift_cells } else { 0.0 };
                let (sa, ca) = ((j as f64 - self.cols as f64 / 2.0 + shift) * cell).sin_cos();
                let [x, y, z] = [0, 1, 2].map(|k| along[k] * ca + side[k] * sa);
                out[0].push((y.atan2(x).to_degrees() + NODE_DEG + 540.0).rem_euclid(360.0) - 180.0);
                out[1].push(z.asin().to_degrees());
            }
        }
        out
    }
}

/// How both coordinates are stored.
#[derive(Clone, Copy)]
enum Storage {
    Contiguous,
    Chunked { chunk: [usize; 2], shuffle: bool },
}

const SMALL_CHUNKS: Storage = Storage::Chunked { chunk: [300, 70], shuffle: true };

/// A swath file of one field; the coordinates are written `written_rows` down only.
fn swath<T: NcTypeDescriptor + Copy>(
    shape: [usize; 2],
    [lon, lat]: [&[T]; 2],
    storage: Storage,
    attributes: &[(&str, AttributeValue)],
    written_rows: usize,
) -> common::Opened {
    let write = |f: &mut netcdf::FileMut| {
        f.add_dimension("y", shape[0])?;
        f.add_dimension("x", shape[1])?;
        for (name, units, values) in [("lon", "degrees_east", lon), ("lat", "degrees_north", lat)] {
            let mut v = f.add_variable::<T>(name, &["y", "x"])?;
            if let Storage::Chunked { chunk, shuffle } = storage {
                v.set_chunking(&chunk)?;
                v.set_compression(4, shuffle)?;
            }
            v.put_attribute("units", units)?;
            for (name, value) in attributes {
                v.put_attribute(name, value.clone())?;
            }
            v.put_values(&values[..written_rows * shape[1]], (..written_rows, ..))?;
        }
        let mut v = f.add_variable::<u8>("a", &["y", "x"])?;
        v.put_attribute("coordinates", "lon lat")?;
        v.put_values(&vec![7u8; shape[0] * shape[1]], ..)
    };
    try_written(&[], write).unwrap()
}

fn swath_of(g: &Geolocation) -> &Swath {
    match g {
        Geolocation::Swath(s) => s,
        other => panic!("{other:?}"),
    }
}

fn same(a: &Swath, b: &Swath, about: &str) {
    assert_eq!((a.shape, &a.rows, &a.cols), (b.shape, &b.rows, &b.cols), "{about}");
    for (a, b) in [(&a.lon, &b.lon), (&a.lat, &b.lat)] {
        assert_eq!((a.len(), a.encoding()), (b.len(), b.encoding()), "{about}");
        // Missing equals missing.
        let differs = (0..a.len()).find(|k| a.get(*k).to_bits() != b.get(*k).to_bits());
        assert_eq!(differs, None, "{about}: the positions differ");
    }
    assert_eq!(a.bounds(), b.bounds(), "{about}");
}

/// Whether the tie points were taken from the chunks; they and everything else are as by the long way in any case.
fn short_way(file: &mut common::Opened, about: &str) -> bool {
    let ds = Dataset::open(&file.source.path).unwrap();
    let quick = plan_for(&ds, None, Demand::Picture).unwrap();
    let long = plan(&ds, None).unwrap();
    assert_eq!(quick.notes, long.notes, "{about}");
    let (quick, long) = (&quick.parts[0], &long.parts[0]);
    assert!(!long.tied && long.light.is_none(), "{about}");
    let all = swath_of(&long.geolocation);
    match all.decimated(LIGHT_TOLERANCE_CELLS) {
        Some(ties) => same(swath_of(quick.picture()), &ties, about),
        None => same(swath_of(quick.picture()), all, about),
    }
    // Asked for by somebody, every position is there.
    same(swath_of(quick.read_whole(&ds).unwrap()), all, about);
    // A cell's own position is the file's, whichever way it is read; the reader holds no more than the tie points.
    let [rows, cols] = all.shape;
    for k in 0..12 {
        let (row, col) = (k * 977 % rows, k * 31 % cols);
        let cell = file.probe("a", 0, &[], row, col);
        assert_eq!(cell.position, all.lonlat_from_index(row as f64, col as f64), "{about}: cell {row}, {col}");
    }
    quick.tied
}

fn floats(track: &Track) -> [Vec<f32>; 2] {
    track.positions().map(|v| v.iter().map(|x| *x as f32).collect())
}

/// A file of `f32` coordinates.
fn float_file(track: &Track, [lon, lat]: &[Vec<f32>; 2], storage: Storage, fill: Option<f32>) -> common::Opened {
    let attributes: Vec<(&str, AttributeValue)> = fill.iter().map(|x| ("_FillValue", (*x).into())).collect();
    swath([track.rows, track.cols], [lon, lat], storage, &attributes, track.rows)
}

#[test]
fn whole_swaths_of_every_storage_give_the_same_tie_points() {
    let values = floats(&PLAIN);
    assert!(values[0].iter().any(|x| *x > 179.0) && values[0].iter().any(|x| *x < -179.0), "crosses the dateline");
    let plain = Storage::Chunked { chunk: [256, 200], shuffle: false };
    let one = Storage::Chunked { chunk: [1300, 200], shuffle: true };
    for (about, storage) in [
        ("small chunks", SMALL_CHUNKS),
        ("not shuffled", plain),
        ("one chunk", one),
        ("contiguous", Storage::Contiguous),
    ] {
        assert!(short_way(&mut float_file(&PLAIN, &values, storage, None), about), "{about}");
    }
    let doubles = PLAIN.positions();
    let mut file = swath([1300, 200], [&doubles[0], &doubles[1]], SMALL_CHUNKS, &[], 1300);
    assert!(short_way(&mut file, "doubles"));
}

#[test]
fn over_the_pole_and_from_0_to_360_degrees() {
    let polar = Track { inclination_deg: 90.0, start_deg: 84.0, ..PLAIN };
    assert!(short_way(&mut float_file(&polar, &floats(&polar), SMALL_CHUNKS, None), "pole"));
    let [lon, lat] = PLAIN.positions();
    let micro = |v: &[f64]| -> Vec<i32> { v.iter().map(|x| (x * 1e6).round() as i32).collect() };
    let lon: Vec<f64> = lon.iter().map(|x| x.rem_euclid(360.0)).collect();
    let packed = [("_FillValue", i32::MAX.into()), ("scale_factor", 1e-6f64.into())];
    let mut file = swath([1300, 200], [&micro(&lon), &micro(&lat)], SMALL_CHUNKS, &packed, 1300);
    assert!(short_way(&mut file, "packed, 0 to 360"));
}

#[test]
fn a_swath_with_one_bad_position_is_left_to_the_long_way() {
    let good = floats(&PLAIN);
    for (about, bad) in [("NaN", f32::NAN), ("default fill", 9.96921e36), ("beyond the pole", 90.5), ("fill", -999.0)] {
        for k in [0, 137 * 200 + 61, 1300 * 200 - 1] {
            let mut values = good.clone();
            values[1][k] = bad;
            let fill = (bad == -999.0).then_some(bad);
            assert!(!short_way(&mut float_file(&PLAIN, &values, SMALL_CHUNKS, fill), about), "{about} at {k}");
        }
    }
    let mut values = good.clone();
    values[0][200] = f32::INFINITY;
    assert!(!short_way(&mut float_file(&PLAIN, &values, Storage::Contiguous, None), "contiguous"));
}

#[test]
fn a_mark_for_missing_that_looks_like_a_place_is_none() {
    let mut values = floats(&PLAIN);
    let mark = 12.5f32;
    assert!(short_way(&mut float_file(&PLAIN, &values, SMALL_CHUNKS, Some(mark)), "mark not used"));
    values[0][70_001] = mark;
    assert!(!short_way(&mut float_file(&PLAIN, &values, SMALL_CHUNKS, Some(mark)), "mark used"));
    // −32767 is what netCDF writes into short integers where nothing was written; here it would be 327.67° W.
    let centi = |v: &[f64]| -> Vec<i16> { v.iter().map(|x| (x * 90.0).round() as i16).collect() };
    let [lon, lat] = PLAIN.positions();
    let (mut lon, lat) = (centi(&lon), centi(&lat));
    lon[777] = -32767;
    let scale = [("scale_factor", AttributeValue::from(1.0f64 / 90.0))];
    assert!(!short_way(&mut swath([1300, 200], [&lon, &lat], SMALL_CHUNKS, &scale, 1300), "short integers"));
}

#[test]
fn chunks_that_were_never_written_are_left_to_the_long_way() {
    let [lon, lat] = floats(&PLAIN);
    for rows in [600, 1000] {
        let mut file = swath([1300, 200], [&lon, &lat], SMALL_CHUNKS, &[], rows);
        assert!(!short_way(&mut file, "missing chunks"), "{rows}");
    }
}

#[test]
fn shifted_scans_keep_every_position() {
    let shifted = Track { shift_cells: 2.0, ..PLAIN };
    assert!(!short_way(&mut float_file(&shifted, &floats(&shifted), SMALL_CHUNKS, None), "shifted"));
    // Large enough for a look at one chunk first, which decides.
    let long = Track { rows: 3600, cols: 300, ..PLAIN };
    let chunks = Storage::Chunked { chunk: [400, 300], shuffle: true };
    assert!(short_way(&mut float_file(&long, &floats(&long), chunks, None), "long"));
    let shifted = Track { shift_cells: 2.0, ..long };
    assert!(!short_way(&mut float_file(&shifted, &floats(&shifted), chunks, None), "long and shifted"));
}
