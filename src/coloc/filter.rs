//! Filter expressions on fields and flags: `quality_flag == 0 & bitand(flags, 0x6) == 0`.
//!
//! Numbers (also hexadecimal, `1e-3`), field names (any others in backquotes: `` `data_01/ku/ssha` ``), `+ - * /`,
//! `== != < <= > >=`, `! not`, `& && and`, `| || or`, parentheses, and the functions of [`FUNCTIONS`].
//! `&` binds more loosely than comparisons, as people write it.
//!
//! A missing value makes a comparison unknown, and an unknown row does not pass: `flag != 3` does not keep rows without
//! a flag, nor does `!(flag == 3)`; `ismissing(flag)` asks for them.

mod parse;

use rayon::prelude::*;

use crate::error::{Error, Result};

pub(crate) use parse::Node;

/// Names, number of arguments and meaning of the functions.
pub const FUNCTIONS: [(&str, usize, &str); 9] = [
    ("bitand", 2, "bits that both whole numbers have"),
    ("bitor", 2, "bits that either whole number has"),
    ("ismissing", 1, "true where there is no value"),
    ("abs", 1, "size without sign"),
    ("min", 2, "the smaller"),
    ("max", 2, "the larger"),
    ("mod", 2, "remainder, 0 up to the second"),
    ("sqrt", 1, "square root"),
    ("between", 3, "true from the second to the third, inclusive"),
];

/// A filter that was read without mistake.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    root: Node,
    fields: Vec<String>,
}

/// Rows evaluated at once.
const BLOCK: usize = 4096;

impl Filter {
    /// Reads an expression.
    ///
    /// # Errors
    /// [`Error::Filter`] with the column of the first mistake.
    pub fn parse(text: &str) -> Result<Self> {
        let (root, fields) = parse::parse(text)?;
        Ok(Self { root, fields })
    }

    /// Fields the expression names, each once, in the order in which they occur.
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// Which of `rows` rows pass. `value(field, row)` gives a field (by its place in [`Filter::fields`]) at a row,
    /// NaN when missing.
    pub fn evaluate(&self, rows: usize, value: &(dyn Fn(usize, usize) -> f64 + Sync)) -> Vec<bool> {
        let mut out = vec![false; rows];
        out.par_chunks_mut(BLOCK).enumerate().for_each(|(k, out)| {
            let result = run(&self.root, k * BLOCK, out.len(), value);
            for (pass, v) in out.iter_mut().zip(result) {
                *pass = v == 1.0;
            }
        });
        out
    }
}

/// A truth value as a number; unknown is NaN.
fn truth(b: bool) -> f64 {
    f64::from(u8::from(b))
}

fn run(node: &Node, first: usize, n: usize, value: &(dyn Fn(usize, usize) -> f64 + Sync)) -> Vec<f64> {
    let arg = |k: &Node| run(k, first, n, value);
    let two = |a: &Node, b: &Node, f: fn(f64, f64) -> f64| {
        let mut left = arg(a);
        for (x, y) in left.iter_mut().zip(arg(b)) {
            *x = f(*x, y);
        }
        left
    };
    match node {
        Node::Number(v) => vec![*v; n],
        Node::Field(k) => (first..first + n).map(|row| value(*k, row)).collect(),
        Node::Negative(a) => arg(a).into_iter().map(|v| -v).collect(),
        Node::Not(a) => arg(a).into_iter().map(|v| 1.0 - v).collect(),
        Node::Two(op, a, b) => two(a, b, *op),
        Node::Call(k, args) => {
            let name = FUNCTIONS[*k].0;
            match (name, args.as_slice()) {
                ("ismissing", [a]) => arg(a).into_iter().map(|v| truth(v.is_nan())).collect(),
                ("abs", [a]) => arg(a).into_iter().map(f64::abs).collect(),
                ("sqrt", [a]) => arg(a).into_iter().map(f64::sqrt).collect(),
                ("bitand", [a, b]) => two(a, b, |a, b| bits(a, b, |a, b| a & b)),
                ("bitor", [a, b]) => two(a, b, |a, b| bits(a, b, |a, b| a | b)),
                ("min", [a, b]) => two(a, b, |a, b| if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) }),
                ("max", [a, b]) => two(a, b, |a, b| if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }),
                ("mod", [a, b]) => two(a, b, f64::rem_euclid),
                ("between", [a, b, c]) => {
                    let low = two(a, b, |a, b| known(a, b, a >= b));
                    let mut high = two(a, c, |a, b| known(a, b, a <= b));
                    for (h, l) in high.iter_mut().zip(low) {
                        *h = and(l, *h);
                    }
                    high
                }
                // The parser has counted the arguments.
                _ => vec![f64::NAN; n],
            }
        }
    }
}

fn known(a: f64, b: f64, result: bool) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { truth(result) }
}

fn and(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 {
        0.0
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        1.0
    }
}

fn or(a: f64, b: f64) -> f64 {
    1.0 - and(1.0 - a.min(1.0), 1.0 - b.min(1.0))
}

/// Bits of whole numbers; a value that is missing or not whole has none that could be asked for.
fn bits(a: f64, b: f64, f: fn(i64, i64) -> i64) -> f64 {
    if a.fract() != 0.0 || b.fract() != 0.0 || a.is_nan() || b.is_nan() || a.abs() > 9e15 || b.abs() > 9e15 {
        return f64::NAN;
    }
    f(a as i64, b as i64) as f64
}

/// What a two-sided operator does.
pub(crate) fn operator(symbol: &str) -> Option<fn(f64, f64) -> f64> {
    Some(match symbol {
        "+" => |a, b| a + b,
        "-" => |a, b| a - b,
        "*" => |a, b| a * b,
        "/" => |a, b| a / b,
        "==" => |a, b| known(a, b, a == b),
        "!=" => |a, b| known(a, b, a != b),
        "<" => |a, b| known(a, b, a < b),
        "<=" => |a, b| known(a, b, a <= b),
        ">" => |a, b| known(a, b, a > b),
        ">=" => |a, b| known(a, b, a >= b),
        "&" => and,
        "|" => or,
        _ => return None,
    })
}

/// An error at a character of the text, counted from 0.
pub(crate) fn mistake(at: usize, message: impl Into<String>) -> Error {
    Error::Filter { column: at + 1, message: message.into() }
}
