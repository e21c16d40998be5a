//! The arrays of a store: from consolidated metadata where there are some, else by going through the groups.

use seaglass_core::protocol::FailureKind;
use serde_json::{Map, Value};

use super::store::Store;
use crate::error::{Result, damaged, fail};

/// An array.
pub struct Node {
    /// Path without a leading slash; empty for the root.
    pub path: String,
    /// Zarr version.
    pub version: u8,
    /// `.zarray` with the attributes in it, or `zarr.json`.
    pub metadata: Value,
    /// Attributes.
    pub attributes: Map<String, Value>,
    /// Shape.
    pub shape: Vec<u64>,
    /// Shape of its chunks.
    pub chunks: Vec<u64>,
    /// Names of the dimensions.
    pub dims: Vec<Option<String>>,
    /// Name of the type.
    pub dtype: String,
}

/// What a store holds.
pub struct Tree {
    /// Zarr version.
    pub version: u8,
    /// Attributes of the root group.
    pub attributes: Map<String, Value>,
    /// Arrays in the order of their paths.
    pub arrays: Vec<Node>,
}

/// Groups nested deeper are not entered.
const MAX_DEPTH: usize = 12;
/// More arrays are not looked at.
const MAX_ARRAYS: usize = 20_000;

fn json(store: &Store, key: &str) -> Result<Option<Value>> {
    let Some(bytes) = store.read(key).map_err(|e| damaged(key, &e))? else { return Ok(None) };
    serde_json::from_slice(&bytes).map(Some).map_err(|e| damaged(&format!("{key} of the Zarr store"), &e))
}

fn map(v: Option<&Value>) -> Map<String, Value> {
    v.and_then(Value::as_object).cloned().unwrap_or_default()
}

/// Finds all arrays.
pub fn find(store: &Store) -> Result<Tree> {
    if let Some(root) = json(store, "zarr.json")? {
        let mut arrays = Vec::new();
        let listed = root.pointer("/consolidated_metadata/metadata").and_then(Value::as_object);
        match listed {
            _ if root["node_type"] == "array" => arrays.extend(of_v3(String::new(), root.clone())),
            Some(all) if !all.is_empty() => {
                let mut found: Vec<Node> = all.iter().filter_map(|(path, v)| of_v3(path.clone(), v.clone())).collect();
                arrays.append(&mut found);
            }
            _ => walk(store, "", 0, &mut arrays)?,
        }
        return Ok(tree(3, map(root.get("attributes")), arrays));
    }
    let mut arrays = Vec::new();
    if let Some(all) = json(store, ".zmetadata")? {
        let all = map(all.get("metadata"));
        for (key, array) in &all {
            let Some(path) = key.strip_suffix(".zarray") else { continue };
            let attributes = map(all.get(&format!("{path}.zattrs")));
            arrays.extend(of_v2(path.trim_end_matches('/').to_owned(), array.clone(), attributes));
        }
        return Ok(tree(2, map(all.get(".zattrs")), arrays));
    }
    let attributes = map(json(store, ".zattrs")?.as_ref());
    if let Some(array) = json(store, ".zarray")? {
        arrays.extend(of_v2(String::new(), array, attributes.clone()));
    } else {
        walk(store, "", 0, &mut arrays)?;
    }
    if arrays.is_empty() {
        return Err(fail(FailureKind::NothingToShow, "The Zarr store holds no arrays."));
    }
    Ok(tree(2, attributes, arrays))
}

fn tree(version: u8, attributes: Map<String, Value>, mut arrays: Vec<Node>) -> Tree {
    // Dimensions belong to the outermost group that uses them.
    arrays.sort_by_cached_key(|a| (a.path.matches('/').count(), a.path.clone()));
    arrays.truncate(MAX_ARRAYS);
    Tree { version, attributes, arrays }
}

fn walk(store: &Store, at: &str, depth: usize, out: &mut Vec<Node>) -> Result<()> {
    if depth > MAX_DEPTH || out.len() > MAX_ARRAYS {
        return Ok(());
    }
    for name in store.folders(at) {
        let path = if at.is_empty() { name } else { format!("{at}/{name}") };
        if let Some(v) = json(store, &format!("{path}/zarr.json"))? {
            match v["node_type"].as_str() {
                Some("array") => out.extend(of_v3(path, v)),
                _ => walk(store, &path, depth + 1, out)?,
            }
        } else if let Some(array) = json(store, &format!("{path}/.zarray"))? {
            let attributes = map(json(store, &format!("{path}/.zattrs"))?.as_ref());
            out.extend(of_v2(path, array, attributes));
        } else if store.read(&format!("{path}/.zgroup")).is_ok_and(|g| g.is_some()) {
            walk(store, &path, depth + 1, out)?;
        }
    }
    Ok(())
}

fn lengths(v: &Value) -> Vec<u64> {
    v.as_array().map(|a| a.iter().filter_map(Value::as_u64).collect()).unwrap_or_default()
}

fn names(v: &Value) -> Vec<Option<String>> {
    v.as_array().map(|a| a.iter().map(|n| n.as_str().map(str::to_owned)).collect()).unwrap_or_default()
}

fn of_v2(path: String, mut metadata: Value, attributes: Map<String, Value>) -> Option<Node> {
    let dims = attributes.get("_ARRAY_DIMENSIONS").map(names).unwrap_or_default();
    let (shape, chunks) = (lengths(&metadata["shape"]), lengths(&metadata["chunks"]));
    let dtype = metadata["dtype"].as_str().unwrap_or_default().to_owned();
    // The library reads a chunk by its metadata alone.
    metadata.as_object_mut()?.insert("attributes".to_owned(), Value::Object(Map::new()));
    Some(Node { path, version: 2, metadata, attributes, shape, chunks, dims, dtype })
}

fn of_v3(path: String, metadata: Value) -> Option<Node> {
    if metadata["node_type"] != "array" {
        return None;
    }
    let attributes = map(metadata.get("attributes"));
    let shape = lengths(&metadata["shape"]);
    let chunks = lengths(&metadata["chunk_grid"]["configuration"]["chunk_shape"]);
    let dims = names(&metadata["dimension_names"]);
    let dtype = metadata["data_type"].as_str().unwrap_or_default().to_owned();
    Some(Node { path, version: 3, metadata, attributes, shape, chunks, dims, dtype })
}
