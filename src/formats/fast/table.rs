//! Where the values of a variable lie, asked of the library once.

use hdf5_metno::filters::Filter as Step;
use hdf5_metno::plist::DatasetCreate;
use hdf5_metno::plist::dataset_create::{FillTime, FillValue, Layout as Storage};

use super::{Filter, Layout, Place};
use crate::raw::NumType;

/// A file that tells where its chunks lie.
pub type Tables = hdf5_metno::File;

/// More chunks are not listed.
const MAX_CHUNKS: usize = 1 << 22;
/// Larger chunks than this are not inflated in one piece.
const MAX_CHUNK_BYTES: usize = 1 << 30;

/// Asks the library where the values of a variable lie; `None` when they are not stored in a way that is read here.
pub fn layout(file: &Tables, variable: &str, ty: NumType) -> Option<Layout> {
    let dataset = file.dataset(variable).ok()?;
    let dtype = dataset.dtype().ok()?;
    let native = match ty {
        NumType::I8 => dtype.is::<i8>(),
        NumType::U8 => dtype.is::<u8>(),
        NumType::I16 => dtype.is::<i16>(),
        NumType::U16 => dtype.is::<u16>(),
        NumType::I32 => dtype.is::<i32>(),
        NumType::U32 => dtype.is::<u32>(),
        NumType::I64 => dtype.is::<i64>(),
        NumType::U64 => dtype.is::<u64>(),
        NumType::F32 => dtype.is::<f32>(),
        NumType::F64 => dtype.is::<f64>(),
    };
    if !native {
        return None;
    }
    let (create, shape, size) = (dataset.create_plist().ok()?, dataset.shape(), ty.size());
    let plain = Layout {
        shape: shape.clone(),
        chunk: shape.clone(),
        grid: vec![1; shape.len()],
        size,
        filters: Vec::new(),
        places: Vec::new(),
        fill: None,
        whole: None,
    };
    match create.layout() {
        Storage::Contiguous => {
            shape.iter().copied().try_fold(size, usize::checked_mul)?;
            Some(Layout { whole: Some(dataset.offset()?), ..plain })
        }
        Storage::Chunked => {
            let filters = filters(&dataset.filters())?;
            let chunk = dataset.chunk()?;
            let grid = grid(&shape, &chunk, size)?;
            let places = places(&dataset, &grid, &chunk, filters.len())?;
            Some(Layout { chunk, grid, filters, places, fill: fill(&create, ty), ..plain })
        }
        _ => None,
    }
}

/// Filters in the order they were applied: perhaps shuffle first, then at most one deflate and one sum, in any order.
fn filters(steps: &[Step]) -> Option<Vec<Filter>> {
    let of = |step: &Step| match step {
        Step::Shuffle => Some(Filter::Shuffle),
        Step::Deflate(_) => Some(Filter::Deflate),
        Step::Fletcher32 => Some(Filter::Fletcher32),
        _ => None,
    };
    usual(steps.iter().map(of).collect::<Option<_>>()?)
}

/// The same filters when they are in an order that is read here.
pub fn usual(all: Vec<Filter>) -> Option<Vec<Filter>> {
    let usual = all.iter().enumerate().all(|(k, f)| !all[..k].contains(f) && (*f != Filter::Shuffle || k == 0));
    usual.then_some(all)
}

/// Number of chunks along each dimension, unless there are none or too many.
pub fn grid(shape: &[usize], chunk: &[usize], size: usize) -> Option<Vec<usize>> {
    if shape.len() != chunk.len() || shape.is_empty() || chunk.contains(&0) {
        return None;
    }
    let grid: Vec<usize> = shape.iter().zip(chunk).map(|(n, c)| n.div_ceil(*c)).collect();
    let total = grid.iter().copied().try_fold(1usize, usize::checked_mul)?;
    let bytes = chunk.iter().copied().try_fold(size, usize::checked_mul)?;
    (total > 0 && total <= MAX_CHUNKS && bytes <= MAX_CHUNK_BYTES).then_some(grid)
}

fn places(dataset: &hdf5_metno::Dataset, grid: &[usize], chunk: &[usize], filters: usize) -> Option<Vec<Place>> {
    let mut out = vec![Place::default(); grid.iter().product()];
    let mut plain = true;
    let visited = dataset.chunks_visit(|info| {
        let at = info.offset.iter().zip(chunk).zip(grid).try_fold(0usize, |at, ((o, c), g)| {
            let k = usize::try_from(*o).ok()? / c;
            (k < *g).then_some(at * g + k)
        });
        let known = info.filter_mask >> filters == 0;
        match (at.and_then(|k| out.get_mut(k)), u32::try_from(info.size)) {
            (Some(place), Ok(stored)) if known && stored > 0 => {
                *place = Place { address: info.addr, stored, skipped: info.filter_mask };
            }
            _ => plain = false,
        }
        0
    });
    (visited.is_ok() && plain).then_some(out)
}

/// The bytes of an element that was never written; `None` where HDF5 leaves them undefined.
fn fill(create: &DatasetCreate, ty: NumType) -> Option<[u8; 8]> {
    macro_rules! bytes {
        ($t:ty) => {{
            let mut out = [0u8; 8];
            let value = create.fill_value_as::<$t>()?.to_ne_bytes();
            out[..value.len()].copy_from_slice(&value);
            Some(out)
        }};
    }
    match (create.fill_time(), create.fill_value_defined()) {
        (FillTime::Never, _) | (_, FillValue::Undefined) => None,
        (_, FillValue::Default) => Some([0; 8]),
        (_, FillValue::UserDefined) => match ty {
            NumType::I8 => bytes!(i8),
            NumType::U8 => bytes!(u8),
            NumType::I16 => bytes!(i16),
            NumType::U16 => bytes!(u16),
            NumType::I32 => bytes!(i32),
            NumType::U32 => bytes!(u32),
            NumType::I64 => bytes!(i64),
            NumType::U64 => bytes!(u64),
            NumType::F32 => bytes!(f32),
            NumType::F64 => bytes!(f64),
        },
    }
}
