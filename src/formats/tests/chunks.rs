//! What is read past the library is what the library reads, to the bit: every number type with every combination of
//! filters, filters left out for single chunks, chunks never written, values in one piece; and whatever is stored
//! otherwise, or damaged, is left to the library. Real granules likewise, where they are there.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod common;

use std::path::Path;

use hdf5_metno::filters::{Filter, ScaleOffset};
use hdf5_metno::plist::dataset_create::{FillTime, Layout as Storage};
use hdf5_metno::{File, H5Type};
use seaglass_formats::dataset::Dataset;
use seaglass_formats::raw::Raw;

const ROWS: usize = 70;
const COLS: usize = 45;
/// Divides neither.
const CHUNK: [usize; 2] = [16, 20];

/// The same in every run (xorshift, Marsaglia 2003).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Values of a number type.
trait Sample: H5Type + Copy {
    fn of(bits: u64) -> Self;
}

macro_rules! sample {
    ($($t:ty),*) => { $( impl Sample for $t { fn of(bits: u64) -> Self { bits as $t } } )* };
}
sample!(i8, u8, i16, u16, i32, u32, i64, u64);

impl Sample for f32 {
    fn of(bits: u64) -> Self {
        // NaN of any kind and infinities are values like others here.
        f32::from_bits(bits as u32)
    }
}

impl Sample for f64 {
    fn of(bits: u64) -> Self {
        f64::from_bits(bits)
    }
}

/// `ROWS × COLS` values: a slope that deflate makes small, then noise that it cannot.
fn values<T: Sample>(noisy_from: usize) -> Vec<T> {
    let mut dice = Dice(0x5eed);
    let noise = std::iter::repeat_with(|| dice.roll()).take(ROWS * COLS);
    noise.enumerate().map(|(k, bits)| T::of(if k / COLS >= noisy_from { bits } else { k as u64 / 7 })).collect()
}

/// The bytes of all values, so that NaN equals itself.
fn bytes(mut raw: Raw) -> Vec<u8> {
    raw.bytes_mut().to_vec()
}

/// Compares blocks of a variable read both ways; `past` tells whether each must be read past the library.
fn compare(path: &Path, variable: &str, past: bool, about: &str) {
    let ds = Dataset::open(path).unwrap();
    let var = ds.by_path(variable).unwrap_or_else(|| panic!("{about}: no variable {variable}"));
    assert_eq!(ds.shape(var), [ROWS, COLS], "{about}");
    let blocks = [
        ([0, 0], [ROWS, COLS]),
        ([0, 0], [1, 1]),
        ([69, 44], [1, 1]),
        ([15, 19], [2, 2]),
        ([3, 7], [40, 30]),
        ([10, 0], [25, COLS]),
        ([0, 21], [ROWS, 3]),
        ([33, 5], [1, 40]),
    ];
    for (start, count) in blocks {
        let quick = ds.by_chunks(var, &start, &count);
        assert_eq!(quick.is_some(), past, "{about}: {start:?} + {count:?}");
        let library = ds.read(var, &start, &count).unwrap();
        assert_eq!(library.len(), count[0] * count[1]);
        if let Some(quick) = quick {
            assert_eq!(quick.num_type(), library.num_type(), "{about}");
            assert!(bytes(quick) == bytes(library), "{about}: {start:?} + {count:?} differ");
        }
    }
    let outside = ds.by_chunks(var, &[60, 0], &[11, 1]);
    assert!(outside.is_none(), "{about}: more rows than there are");
}

fn combinations() -> Vec<Vec<Filter>> {
    use Filter::{Deflate, Fletcher32, Shuffle};
    vec![
        vec![],
        vec![Shuffle],
        vec![Deflate(1)],
        vec![Fletcher32],
        vec![Shuffle, Deflate(4)],
        vec![Shuffle, Fletcher32],
        vec![Deflate(9), Fletcher32],
        vec![Fletcher32, Deflate(4)],
        vec![Shuffle, Deflate(4), Fletcher32],
        vec![Shuffle, Fletcher32, Deflate(4)],
    ]
}

fn every_combination<T: Sample>(name: &str) {
    let dir = tempfile::tempdir().unwrap();
    for (k, filters) in combinations().iter().enumerate() {
        for noisy_from in [ROWS, 30] {
            let path = dir.path().join(format!("{k}_{noisy_from}.h5"));
            let file = File::create(&path).unwrap();
            let builder = file.new_dataset::<T>().shape((ROWS, COLS)).chunk((CHUNK[0], CHUNK[1])).set_filters(filters);
            builder.create("a").unwrap().write_raw(&values::<T>(noisy_from)).unwrap();
            drop(builder);
            file.close().unwrap();
            compare(&path, "a", true, &format!("{name}, {filters:?}, noise from row {noisy_from}"));
        }
    }
}

#[test]
fn small_integers() {
    every_combination::<i8>("i8");
    every_combination::<u8>("u8");
    every_combination::<i16>("i16");
    every_combination::<u16>("u16");
}

#[test]
fn large_integers() {
    every_combination::<i32>("i32");
    every_combination::<u32>("u32");
    every_combination::<i64>("i64");
    every_combination::<u64>("u64");
}

#[test]
fn floats() {
    every_combination::<f32>("f32");
    every_combination::<f64>("f64");
}

/// A filter can be left out for single chunks: the mask of the chunk says so. Set here in the B-tree of the file, whose
/// keys are size, mask and place of a chunk (HDF5 file format specification, III.A.1).
#[test]
fn filters_left_out_for_single_chunks() {
    let dir = tempfile::tempdir().unwrap();
    for filters in [vec![Filter::Shuffle], vec![Filter::Shuffle, Filter::Fletcher32]] {
        let path = dir.path().join(format!("{}.h5", filters.len()));
        let file = File::create(&path).unwrap();
        let v = file.new_dataset::<i32>().shape((ROWS, COLS)).chunk((CHUNK[0], CHUNK[1])).set_filters(&filters);
        let v = v.create("a").unwrap();
        v.write_raw(&values::<i32>(0)).unwrap();
        let chunk = v.chunk_info(4).unwrap();
        drop(v);
        file.close().unwrap();
        let before = bytes(Dataset::open(&path).unwrap().by_chunks(0, &[0, 0], &[ROWS, COLS]).unwrap());
        let mut whole = std::fs::read(&path).unwrap();
        let mut key = [(chunk.size as u32).to_le_bytes(), 0u32.to_le_bytes()].concat();
        key.extend(chunk.offset.iter().flat_map(|o| o.to_le_bytes()));
        let found: Vec<usize> = (0..whole.len() - key.len()).filter(|k| whole[*k..].starts_with(&key)).collect();
        let [at] = found[..] else { panic!("{found:?}") };
        whole[at + 4] = 1;
        // In a file of its own: the library knows the trees of files it has had open.
        let path = dir.path().join(format!("{}_without.h5", filters.len()));
        std::fs::write(&path, whole).unwrap();
        compare(&path, "a", true, &format!("{filters:?} without shuffle in one chunk"));
        let after = bytes(Dataset::open(&path).unwrap().by_chunks(0, &[0, 0], &[ROWS, COLS]).unwrap());
        assert!(before != after, "the mask makes no difference");
    }
}

/// Only some rows are written; the others are what a reader is told they are.
#[test]
fn chunks_never_written() {
    let dir = tempfile::tempdir().unwrap();
    let part = values::<f32>(0)[..20 * COLS].to_vec();
    let block = ndarray::Array2::from_shape_vec((20, COLS), part).unwrap();
    for (name, fill) in [("declared", Some(-9999.5f32)), ("nan", Some(f32::NAN)), ("default", None)] {
        let path = dir.path().join(format!("{name}.h5"));
        let file = File::create(&path).unwrap();
        let mut builder =
            file.new_dataset::<f32>().shape((ROWS, COLS)).chunk((CHUNK[0], CHUNK[1])).shuffle().deflate(3);
        if let Some(value) = fill {
            builder = builder.fill_value(value);
        }
        builder.create("a").unwrap().write_slice(&block, ndarray::s![20..40, ..]).unwrap();
        file.close().unwrap();
        compare(&path, "a", true, name);
        let ds = Dataset::open(&path).unwrap();
        let corner = ds.by_chunks(0, &[ROWS - 1, 0], &[1, 1]).unwrap().get(0);
        assert_eq!(corner.to_bits(), f64::from(fill.unwrap_or(0.0)).to_bits(), "{name}");
    }
    // netCDF's own way, with its default fill value.
    let path = dir.path().join("netcdf.nc");
    let mut file = netcdf::create(&path).unwrap();
    file.add_dimension("y", ROWS).unwrap();
    file.add_dimension("x", COLS).unwrap();
    let mut v = file.add_variable::<i16>("a", &["y", "x"]).unwrap();
    v.set_chunking(&CHUNK).unwrap();
    v.set_compression(4, true).unwrap();
    v.put_values(&vec![7i16; 20 * COLS], (..20, ..)).unwrap();
    file.close().unwrap();
    compare(&path, "a", true, "netCDF");
    let ds = Dataset::open(&path).unwrap();
    assert_eq!(ds.by_chunks(ds.by_path("a").unwrap(), &[ROWS - 1, 0], &[1, 1]).unwrap().get(0), -32_767.0);
    // Where HDF5 is told never to fill, nothing is known of such chunks; those that are written can be read.
    let path = dir.path().join("never.h5");
    let file = File::create(&path).unwrap();
    let v = file.new_dataset::<f32>().shape((ROWS, COLS)).chunk((CHUNK[0], CHUNK[1])).deflate(3);
    let v = v.fill_time(FillTime::Never).create("a").unwrap();
    v.write_slice(&block, ndarray::s![..20, ..]).unwrap();
    drop(v);
    file.close().unwrap();
    let ds = Dataset::open(&path).unwrap();
    assert!(ds.by_chunks(0, &[0, 0], &[20, COLS]).is_some());
    assert!(ds.by_chunks(0, &[0, 0], &[ROWS, COLS]).is_none());
}

#[test]
fn values_in_one_piece() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("whole.nc");
    let mut file = netcdf::create(&path).unwrap();
    file.add_dimension("y", ROWS).unwrap();
    file.add_dimension("x", COLS).unwrap();
    file.add_dimension("z", 3).unwrap();
    file.add_variable::<f64>("a", &["y", "x"]).unwrap().put_values(&values::<f64>(0), ..).unwrap();
    let cube: Vec<i32> = (0..3 * ROWS * COLS).map(|k| k as i32).collect();
    file.add_variable::<i32>("cube", &["z", "y", "x"]).unwrap().put_values(&cube, ..).unwrap();
    file.add_variable::<i16>("scalar", &[]).unwrap().put_values(&[41i16], ..).unwrap();
    file.close().unwrap();
    compare(&path, "a", true, "contiguous");
    let ds = Dataset::open(&path).unwrap();
    let cube = ds.by_path("cube").unwrap();
    for (start, count) in [([0, 0, 0], [3, ROWS, COLS]), ([1, 5, 0], [2, 7, COLS]), ([0, 69, 44], [3, 1, 1])] {
        let quick = ds.by_chunks(cube, &start, &count).unwrap();
        assert!(bytes(quick) == bytes(ds.read(cube, &start, &count).unwrap()), "{start:?}");
    }
    assert_eq!(ds.by_chunks(ds.by_path("scalar").unwrap(), &[], &[]).unwrap().get(0), 41.0);
}

#[test]
fn what_is_unusual_is_left_to_the_library() {
    let dir = tempfile::tempdir().unwrap();
    let slope: Vec<i32> = (0..ROWS * COLS).map(|k| k as i32).collect();
    let write = |name: &str, filters: &[Filter]| {
        let path = dir.path().join(name);
        let file = File::create(&path).unwrap();
        let v = file.new_dataset::<i32>().shape((ROWS, COLS)).chunk((CHUNK[0], CHUNK[1])).set_filters(filters);
        v.create("a").unwrap().write_raw(&slope).unwrap();
        file.close().unwrap();
        path
    };
    let unusual =
        [("scale_offset.h5", vec![Filter::ScaleOffset(ScaleOffset::Integer(0))]), ("nbit.h5", vec![Filter::NBit])];
    for (name, filters) in unusual {
        compare(&write(name, &filters), "a", false, name);
    }
    // Stored with the other byte order, and in the header of the file.
    let path = dir.path().join("big.nc");
    let mut file = netcdf::create(&path).unwrap();
    file.add_dimension("y", ROWS).unwrap();
    file.add_dimension("x", COLS).unwrap();
    let mut v = file.add_variable::<i32>("a", &["y", "x"]).unwrap();
    v.set_endianness(if cfg!(target_endian = "little") { netcdf::Endianness::Big } else { netcdf::Endianness::Little })
        .unwrap();
    v.set_chunking(&CHUNK).unwrap();
    v.put_values(&slope, ..).unwrap();
    file.close().unwrap();
    compare(&path, "a", false, "foreign byte order");
    let path = dir.path().join("compact.h5");
    let file = File::create(&path).unwrap();
    let v = file.new_dataset::<i32>().shape((ROWS, COLS)).layout(Storage::Compact);
    v.create("a").unwrap().write_raw(&slope).unwrap();
    // A builder keeps its file open.
    drop(v);
    file.close().unwrap();
    compare(&path, "a", false, "compact");
}

/// A changed byte is found by the sum or by deflate's own, and the library then tells what is wrong.
#[test]
fn damage_is_left_to_the_library() {
    let dir = tempfile::tempdir().unwrap();
    for (name, filters) in [("sum", vec![Filter::Fletcher32]), ("deflate", vec![Filter::Shuffle, Filter::Deflate(4)])] {
        let path = dir.path().join(format!("{name}.h5"));
        let file = File::create(&path).unwrap();
        let v = file.new_dataset::<i16>().shape((ROWS, COLS)).chunk((CHUNK[0], CHUNK[1])).set_filters(&filters);
        let v = v.create("a").unwrap();
        v.write_raw(&values::<i16>(ROWS)).unwrap();
        let chunk = v.chunk_info(4).unwrap();
        drop(v);
        file.close().unwrap();
        let mut whole = std::fs::read(&path).unwrap();
        whole[(chunk.addr + chunk.size / 2) as usize] ^= 0x10;
        std::fs::write(&path, whole).unwrap();
        let ds = Dataset::open(&path).unwrap();
        assert!(ds.by_chunks(0, &[0, 0], &[ROWS, COLS]).is_none(), "{name}");
        assert!(ds.read_fast(0, &[0, 0], &[ROWS, COLS]).is_err(), "{name}");
        assert!(ds.by_chunks(0, &[0, 0], &[16, 20]).is_some(), "{name}: the first chunk is sound");
    }
}

/// Files of a folder and those in it.
fn files(dir: &Path, out: &mut Vec<std::path::PathBuf>) {
    let mut entries: Vec<_> =
        std::fs::read_dir(dir).into_iter().flatten().filter_map(|e| Some(e.ok()?.path())).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, out);
        } else {
            out.push(path);
        }
    }
}

#[test]
fn real_granules() {
    // More values of one variable are not compared: the first ones are.
    const LIMIT: usize = 3 << 20;
    let Some(granules) = common::granules() else { return };
    let mut all = Vec::new();
    files(&granules, &mut all);
    let (mut opened, mut compared, mut left) = (0, 0, 0);
    for path in all {
        let is_hdf5 = std::fs::read(&path).is_ok_and(|b| b.starts_with(b"\x89HDF"));
        let Some(ds) = is_hdf5.then(|| Dataset::open(&path).ok()).flatten() else { continue };
        opened += 1;
        for (k, var) in ds.vars.iter().enumerate() {
            let mut count = ds.shape(k);
            if var.ty.is_none() || count.contains(&0) {
                continue;
            }
            for d in 0..count.len() {
                let rest: usize = count[d + 1..].iter().product();
                let before: usize = count[..d].iter().product();
                count[d] = count[d].min((LIMIT / before / rest.max(1)).max(1));
            }
            let start = vec![0; count.len()];
            let Some(quick) = ds.by_chunks(k, &start, &count) else {
                left += 1;
                continue;
            };
            let about = format!("{} {}", path.display(), var.path);
            let library = ds.read(k, &start, &count).unwrap_or_else(|e| panic!("{about}: {e}"));
            assert!(bytes(quick) == bytes(library), "{about} differs");
            compared += 1;
        }
    }
    println!("{opened} files: {compared} variables are the same both ways, {left} are left to the library");
    assert!(opened > 20 && compared > 10 * left.min(100), "{opened} files, {compared} compared, {left} left");
}
