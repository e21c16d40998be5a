//! Tables of an annotation at any pixel: linear along samples, then between lines.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::annotation::{Block, Vectors};

/// The interval of a place among rising knots and how far along it; the ends hold beyond them.
pub fn bracket(knots: &[f64], at: f64) -> (usize, f64) {
    if knots.len() < 2 {
        return (0, 0.0);
    }
    let k = knots.partition_point(|e| *e <= at).saturating_sub(1).min(knots.len() - 2);
    (k, ((at - knots[k]) / (knots[k + 1] - knots[k])).clamp(0.0, 1.0))
}

/// Linear between the values at rising knots.
pub fn linear(knots: &[f64], values: &[f64], at: f64) -> f64 {
    let (k, f) = bracket(knots, at);
    match values.get(k + 1) {
        Some(next) => values[k] * (1.0 - f) + next * f,
        None => values[k],
    }
}

/// A table of vectors, each worked out for every sample when it is first needed.
pub struct Table {
    vectors: Vectors,
    width: usize,
    whole: RefCell<HashMap<usize, Rc<Vec<f64>>>>,
}

impl Table {
    /// For lines of so many samples.
    pub fn new(vectors: Vectors, width: usize) -> Self {
        Self { vectors, width, whole: RefCell::default() }
    }

    fn vector(&self, k: usize) -> Rc<Vec<f64>> {
        let make = || {
            let (samples, values) = &self.vectors.values[k];
            Rc::new((0..self.width).map(|c| linear(samples, values, c as f64)).collect())
        };
        Rc::clone(self.whole.borrow_mut().entry(k).or_insert_with(make))
    }

    /// Values of some samples of a line.
    pub fn line(&self, row: usize, first: usize, count: usize) -> Vec<f64> {
        let (k, f) = bracket(&self.vectors.lines, row as f64);
        let a = self.vector(k);
        let a = &a[first..first + count];
        if f == 0.0 {
            return a.to_vec();
        }
        let b = self.vector(k + 1);
        a.iter().zip(&b[first..]).map(|(a, b)| a * (1.0 - f) + b * f).collect()
    }
}

/// Multiplies the values of a line by the noise along azimuth of the blocks it crosses.
pub fn scale(blocks: &[Block], row: usize, first: usize, values: &mut [f64]) {
    let at = row as f64;
    for block in blocks.iter().filter(|b| b.lines[0] <= at && at <= b.lines[1]) {
        let factor = linear(&block.at, &block.values, at);
        let from = (block.samples[0] as usize).saturating_sub(first);
        let to = ((block.samples[1] as usize) + 1).saturating_sub(first).min(values.len());
        values.iter_mut().take(to).skip(from).for_each(|v| *v *= factor);
    }
}
