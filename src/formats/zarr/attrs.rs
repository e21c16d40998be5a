//! Attributes in JSON as CF attributes, and the fill values of both versions.

use serde_json::{Map, Value};

use super::nodes::Node;
use crate::attr::{Attr, find};
use crate::dataset::Var;
use crate::raw::NumType;

/// The attributes that are texts, numbers or lists of these.
pub fn of(json: &Map<String, Value>) -> Vec<(String, Attr)> {
    let own = ["_ARRAY_DIMENSIONS", "_nczarr_attr", "_nczarr_array", "_nczarr_group"];
    let found =
        json.iter().filter(|(k, _)| !own.contains(&k.as_str())).filter_map(|(k, v)| Some((k.clone(), attr(v)?)));
    found.collect()
}

fn number(v: &Value) -> Option<f64> {
    match v {
        Value::Bool(b) => Some(f64::from(u8::from(*b))),
        Value::String(s) if s == "NaN" => Some(f64::NAN),
        Value::String(s) if s == "Infinity" => Some(f64::INFINITY),
        Value::String(s) if s == "-Infinity" => Some(f64::NEG_INFINITY),
        other => other.as_f64(),
    }
}

fn attr(v: &Value) -> Option<Attr> {
    let ty = |whole: bool| if whole { NumType::I64 } else { NumType::F64 };
    match v {
        Value::String(s) if s != "NaN" => Some(Attr::Text(s.clone())),
        Value::Array(list) if list.iter().all(Value::is_string) => {
            Some(Attr::Texts(list.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect()))
        }
        Value::Array(list) => {
            let numbers: Option<Vec<f64>> = list.iter().map(number).collect();
            numbers.map(|n| Attr::Numbers(n, ty(list.iter().all(|v| v.is_i64() || v.is_u64()))))
        }
        other => number(other).map(|n| Attr::Numbers(vec![n], ty(other.is_i64() || other.is_u64()))),
    }
}

/// Sets `_FillValue` as xarray understands it: in version 2 the array's fill value, in version 3 only the attribute, which
/// of floats is their bytes in base64.
pub fn fill(var: &mut Var, node: &Node) {
    let Some(ty) = var.ty else { return };
    let given = find(&var.attrs, "_FillValue").cloned();
    let value = match (given, node.version) {
        (Some(Attr::Numbers(v, _)), _) => v.first().copied(),
        (Some(Attr::Text(t)), _) => base64(&t).and_then(|b| match ty {
            NumType::F32 => b.first_chunk::<4>().map(|b| f64::from(f32::from_le_bytes(*b))),
            NumType::F64 => b.first_chunk::<8>().map(|b| f64::from_le_bytes(*b)),
            _ => t.parse().ok(),
        }),
        (None, 2) => node.metadata.get("fill_value").and_then(number),
        _ => None,
    };
    var.attrs.retain(|(k, _)| k != "_FillValue");
    if let Some(v) = value.filter(|v| v.is_finite()) {
        var.attrs.push(("_FillValue".to_owned(), Attr::Numbers(vec![v], ty)));
    }
}

/// RFC 4648.
pub fn base64(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| -> Option<u32> {
        Some(u32::from(match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        }))
    };
    let digits: Option<Vec<u32>> = text.trim_end_matches('=').bytes().map(digit).collect();
    let mut out = Vec::new();
    for four in digits?.chunks(4) {
        let n = four.iter().fold(0, |n, d| n << 6 | d) << (6 * (4 - four.len()));
        out.extend_from_slice(&n.to_be_bytes()[1..four.len()]);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fill_values_of_floats_are_their_bytes() {
        // python3 -c "import base64,struct;print(base64.b64encode(struct.pack('<d',-9999.0)))"
        assert_eq!(base64("AAAAAICHw8A=").unwrap(), (-9999.0f64).to_le_bytes());
        assert_eq!(base64("AAAAAAAA+H8=").map(|b| f64::from_le_bytes(*b.first_chunk().unwrap()).is_nan()), Some(true));
        assert_eq!(base64("not base64!"), None);
    }
}
