//! Zarr versions 2 and 3, as a folder or in a zip archive, with consolidated metadata or without: arrays are variables,
//! groups are groups, CF attributes mean what they mean in netCDF (as xarray writes them). kerchunk reference files are
//! stores whose chunks lie in other files.

mod attrs;
mod nodes;
mod refs;
mod store;

use std::path::Path;
use std::sync::Arc;

use seaglass_core::protocol::FailureKind;
use zarrs::array::{Array, ArrayMetadata, ArraySubset, ElementOwned};

use crate::dataset::{Dim, Var};
use crate::error::{Result, fail};
use crate::format::{Contents, Format, Probe, Values};
use crate::raw::{NumType, Raw};
use nodes::Node;
pub use store::{MARKERS, Store};

/// The format.
pub struct Zarr;

/// Larger chunks are not decoded in one piece.
const MAX_CHUNK_BYTES: u64 = 1 << 30;
/// Most dimensions of an array.
const MAX_RANK: usize = 16;

impl Format for Zarr {
    fn identify(&self, probe: &Probe) -> bool {
        probe.folder && MARKERS.iter().any(|m| probe.path.join(m).is_file())
    }

    fn open(&self, path: &Path, _probe: &Probe) -> Result<Contents> {
        if refs_in_parquet(path) {
            let text = "This is a set of kerchunk references in Parquet, which is not read here; write the references as \
                        one JSON file (fsspec: ReferenceFileSystem, save_json).";
            return Err(fail(FailureKind::NotMine, text));
        }
        open(Store::folder(path))
    }
}

/// Whether a folder holds references in Parquet: its `.zmetadata` says how many stand in a file.
fn refs_in_parquet(folder: &Path) -> bool {
    let Ok(bytes) = std::fs::read(folder.join(".zmetadata")) else { return false };
    serde_json::from_slice::<serde_json::Value>(&bytes).is_ok_and(|v| v.get("record_size").is_some())
}

/// kerchunk reference files.
pub struct Kerchunk;

impl Format for Kerchunk {
    fn identify(&self, probe: &Probe) -> bool {
        !probe.folder && refs::looks_like(&probe.head)
    }

    fn open(&self, path: &Path, _probe: &Probe) -> Result<Contents> {
        let contents = open(Store::Refs(Box::new(refs::Refs::load(path)?)))?;
        Ok(Contents { label: format!("kerchunk references ({})", contents.label), ..contents })
    }
}

/// Opens a store.
pub fn open(store: Store) -> Result<Contents> {
    let tree = nodes::find(&store)?;
    let store = Arc::new(store);
    let label = format!("Zarr {}", tree.version);
    let mut arrays: Vec<Opened> = Vec::new();
    let (mut dims, mut vars, mut notes) = (Vec::<Dim>::new(), Vec::<Var>::new(), Vec::new());
    // Coordinates that stand in the reference file itself are no data.
    let (mut elsewhere, mut unreachable) = (false, None);
    for node in tree.arrays {
        let path = node.path.clone();
        match store.reachable(&path) {
            Ok(has_pieces) => elsewhere |= has_pieces,
            Err(why) => {
                notes.push(format!("{path} is left out: {why}."));
                unreachable.get_or_insert((path, why));
                continue;
            }
        }
        match describe(node, &mut dims, &store) {
            Ok((var, array)) => {
                vars.push(var);
                arrays.push(array);
            }
            Err(why) => notes.push(format!("{path} is left out: {why}.")),
        }
    }
    if let (false, Some((path, why))) = (elsewhere, unreachable) {
        let text = format!(
            "The kerchunk reference file holds no data, only where they lie: of {path}, {why}. Put the files it names into \
             its folder."
        );
        return Err(fail(FailureKind::Missing, text));
    }
    let attrs = attrs::of(&tree.attributes);
    Ok(Contents { dims, vars, attrs, notes, ..Contents::new(&label, Box::new(Arrays(arrays))) })
}

/// An array that can be read; none for texts.
type Opened = Option<(Array<Store>, NumType)>;

/// Name of the type as netCDF has it; `bool` is a byte.
fn num_type(name: &str) -> Option<NumType> {
    let plain = name.trim_start_matches(['<', '>', '|', '=']);
    Some(match plain {
        "i1" | "int8" => NumType::I8,
        "u1" | "uint8" | "b1" | "bool" => NumType::U8,
        "i2" | "int16" => NumType::I16,
        "u2" | "uint16" => NumType::U16,
        "i4" | "int32" => NumType::I32,
        "u4" | "uint32" => NumType::U32,
        "i8" | "int64" => NumType::I64,
        "u8" | "uint64" => NumType::U64,
        "f4" | "float32" => NumType::F32,
        "f8" | "float64" => NumType::F64,
        _ => return None,
    })
}

fn describe(node: Node, dims: &mut Vec<Dim>, store: &Arc<Store>) -> std::result::Result<(Var, Opened), String> {
    let (group, name) = node.path.rsplit_once('/').unwrap_or(("", &node.path));
    if node.shape.len() > MAX_RANK || node.shape.len() != node.chunks.len() {
        return Err("its shape and the shape of its chunks do not agree".to_owned());
    }
    let ty = num_type(&node.dtype);
    let chunk = node.chunks.iter().copied().fold(ty.map_or(1, NumType::size) as u64, u64::saturating_mul);
    if chunk > MAX_CHUNK_BYTES || node.chunks.contains(&0) {
        return Err(format!("its chunks of {} MiB are too large", chunk >> 20));
    }
    let mut own = Vec::new();
    for (k, len) in node.shape.iter().enumerate() {
        let called = node.dims.get(k).cloned().flatten().unwrap_or_else(|| format!("{name}_dim_{k}"));
        let len = usize::try_from(*len).map_err(|_too_large| "it is too large".to_owned())?;
        let inside = |outer: &str| outer.is_empty() || group == outer || group.starts_with(&format!("{outer}/"));
        let known = dims.iter().position(|d| d.name == called && d.len == len && inside(&d.group));
        own.push(known.unwrap_or_else(|| {
            dims.push(Dim { name: called, len, group: group.to_owned() });
            dims.len() - 1
        }));
    }
    let mut var = Var::new(if name.is_empty() { "array" } else { name }, ty, &own);
    if !group.is_empty() {
        var.path.clone_from(&node.path);
        group.clone_into(&mut var.group);
    }
    var.attrs = attrs::of(&node.attributes);
    attrs::fill(&mut var, &node);
    var.chunks = Some(node.chunks.iter().map(|c| *c as usize).collect());
    let Some(ty) = ty else { return Ok((var, None)) };
    let words = |e: &dyn std::fmt::Display| format!("it uses something not read here ({e})");
    let metadata = match node.version {
        3 => ArrayMetadata::V3(serde_json::from_value(node.metadata).map_err(|e| words(&e))?),
        _ => ArrayMetadata::V2(serde_json::from_value(node.metadata).map_err(|e| words(&e))?),
    };
    let path = if node.path.is_empty() { "/".to_owned() } else { format!("/{}", node.path) };
    let array = Array::new_with_metadata(store.clone(), &path, metadata).map_err(|e| words(&e))?;
    Ok((var, Some((array, if node.dtype.ends_with("b1") || node.dtype == "bool" { NumType::U8 } else { ty }))))
}

struct Arrays(Vec<Opened>);

impl Values for Arrays {
    fn read(&self, index: usize, var: &Var, start: &[usize], count: &[usize]) -> Result<Raw> {
        let damaged = |e: &dyn std::fmt::Display| {
            let text = format!("Variable {} cannot be read: {e}. The store may be damaged; fetch it again.", var.path);
            fail(FailureKind::Damaged, text)
        };
        let Some(Some((array, ty))) = self.0.get(index) else {
            return Err(fail(FailureKind::BadRequest, format!("{} is not numeric.", var.path)));
        };
        let wide = |v: &[usize]| v.iter().map(|n| *n as u64).collect::<Vec<u64>>();
        let block = ArraySubset::new_with_start_shape(wide(start), wide(count)).map_err(|e| damaged(&e))?;
        fn get<T: ElementOwned>(array: &Array<Store>, block: &ArraySubset) -> std::result::Result<Vec<T>, String> {
            array.retrieve_array_subset::<Vec<T>>(block).map_err(|e| e.to_string())
        }
        let raw = match ty {
            NumType::I8 => get(array, &block).map(Raw::I8),
            NumType::U8 if array.data_type().to_string() == "bool" => {
                get::<bool>(array, &block).map(|v| Raw::U8(v.into_iter().map(u8::from).collect()))
            }
            NumType::U8 => get(array, &block).map(Raw::U8),
            NumType::I16 => get(array, &block).map(Raw::I16),
            NumType::U16 => get(array, &block).map(Raw::U16),
            NumType::I32 => get(array, &block).map(Raw::I32),
            NumType::U32 => get(array, &block).map(Raw::U32),
            NumType::I64 => get(array, &block).map(Raw::I64),
            NumType::U64 => get(array, &block).map(Raw::U64),
            NumType::F32 => get(array, &block).map(Raw::F32),
            NumType::F64 => get(array, &block).map(Raw::F64),
        };
        raw.map_err(|e| damaged(&e))
    }
}
