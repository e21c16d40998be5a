//! Small netCDF classic files (CDF-1) made by hand from the format specification, without a library: for tests that
//! need a file nobody wrote.
#![allow(dead_code, reason = "each test uses a part of it")]

/// A text or a number in an attribute.
#[derive(Clone, Copy)]
pub enum Attr {
    /// `NC_CHAR`.
    Text(&'static str),
    /// `NC_FLOAT`.
    Float(f32),
}

/// Values of a variable.
pub enum Values {
    /// `NC_FLOAT`.
    Float(Vec<f32>),
    /// `NC_DOUBLE`.
    Double(Vec<f64>),
}

/// A variable over dimensions named by index.
pub struct Var {
    /// Name.
    pub name: &'static str,
    /// Indices into the dimensions.
    pub dims: Vec<u32>,
    /// Attributes.
    pub attrs: Vec<(&'static str, Attr)>,
    /// Row-major.
    pub values: Values,
}

fn int(out: &mut Vec<u8>, n: usize) {
    out.extend(u32::try_from(n).unwrap().to_be_bytes());
}

fn padded(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(bytes);
    out.resize(out.len().next_multiple_of(4), 0);
}

fn name(out: &mut Vec<u8>, text: &str) {
    int(out, text.len());
    padded(out, text.as_bytes());
}

fn attributes(out: &mut Vec<u8>, attrs: &[(&str, Attr)]) {
    // NC_ATTRIBUTE, or ABSENT.
    int(out, if attrs.is_empty() { 0 } else { 12 });
    int(out, attrs.len());
    for (key, value) in attrs {
        name(out, key);
        let (kind, n, bytes) = match value {
            Attr::Text(t) => (2, t.len(), t.as_bytes().to_vec()),
            Attr::Float(v) => (5, 1, v.to_be_bytes().to_vec()),
        };
        int(out, kind);
        int(out, n);
        padded(out, &bytes);
    }
}

fn data(values: &Values) -> (usize, Vec<u8>) {
    let (kind, mut bytes): (usize, Vec<u8>) = match values {
        Values::Float(v) => (5, v.iter().flat_map(|x| x.to_be_bytes()).collect()),
        Values::Double(v) => (6, v.iter().flat_map(|x| x.to_be_bytes()).collect()),
    };
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    (kind, bytes)
}

/// Bytes that a variable is said to take: of one over the record dimension (of length 0), those of one record.
fn declared(var: &Var, dims: &[(&str, usize)]) -> usize {
    let (kind, bytes) = data(&var.values);
    let lens: Vec<usize> = var.dims.iter().map(|d| dims[*d as usize].1).collect();
    match lens.split_first() {
        Some((0, others)) => (others.iter().product::<usize>() * [4, 8][kind - 5]).next_multiple_of(4),
        _ => bytes.len(),
    }
}

/// The bytes of a file. A dimension of length 0 is the record dimension, of which there is no record.
pub fn file(dims: &[(&str, usize)], attrs: &[(&str, Attr)], vars: &[Var]) -> Vec<u8> {
    let header = |begins: &[usize]| {
        let mut out = b"CDF\x01\0\0\0\0".to_vec();
        // NC_DIMENSION
        int(&mut out, 10);
        int(&mut out, dims.len());
        for (key, len) in dims {
            name(&mut out, key);
            int(&mut out, *len);
        }
        attributes(&mut out, attrs);
        // NC_VARIABLE
        int(&mut out, 11);
        int(&mut out, vars.len());
        for (var, begin) in vars.iter().zip(begins) {
            name(&mut out, var.name);
            int(&mut out, var.dims.len());
            var.dims.iter().for_each(|d| int(&mut out, *d as usize));
            attributes(&mut out, &var.attrs);
            int(&mut out, data(&var.values).0);
            int(&mut out, declared(var, dims));
            int(&mut out, *begin);
        }
        out
    };
    // Its length does not depend on where the values begin.
    let mut at = header(&vec![0; vars.len()]).len();
    let mut begins = Vec::new();
    for var in vars {
        begins.push(at);
        at += declared(var, dims);
    }
    let mut out = header(&begins);
    vars.iter().for_each(|v| out.extend(data(&v.values).1));
    out
}
