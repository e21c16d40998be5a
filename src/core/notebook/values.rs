//! Values of a pushed granule as blocks, summaries and cells, without a reader process.

use super::types::{RawField, RawValues, UserGranule, UserVariable};
use crate::field::{Apron, Block, FieldStats, Window};
use crate::geolocation::Geolocation;
use crate::protocol::{ProbedCell, ProbedValue};
use crate::time::Time;

/// Values a summary looks at, evenly spaced: enough for a colour range, and quick for a field of any size.
const SAMPLE: usize = 1 << 18;

impl RawField {
    /// Value `k`, unpacked; NaN when missing.
    fn value(&self, k: usize) -> f32 {
        let (offset, scale) = (self.offset.unwrap_or(0.0), self.scale.unwrap_or(1.0));
        match &self.values {
            RawValues::Bytes(v) => match v.get(k) {
                Some(raw) if self.fill != Some(f32::from(*raw)) => f32::from(*raw) * scale + offset,
                _ => f32::NAN,
            },
            RawValues::Floats(v) => match v.get(k) {
                Some(raw) if raw.is_finite() && self.fill != Some(*raw) => raw * scale + offset,
                _ => f32::NAN,
            },
        }
    }

    /// Why the values cannot be used; completes the sentence "the field … is left out: …".
    pub(super) fn fault(&self) -> Option<String> {
        let cells = u64::from(self.cols) * u64::from(self.rows);
        let n = self.values.len() as u64;
        if cells == 0 || self.channels > 1 || n != cells {
            return Some(format!("it has {n} values for {} × {} cells", self.rows, self.cols));
        }
        let usable = |v: Option<f32>| v.is_some_and(f32::is_finite);
        (!usable(self.offset) || !usable(self.scale)).then(|| "its offset or scale is no number".to_owned())
    }
}

/// Values of one variable on one granule: one field, the length of a vector, or the brightness of a colour.
pub struct Values<'a> {
    fields: Vec<&'a RawField>,
    shape: [usize; 2],
}

impl<'a> Values<'a> {
    /// The values; `None` when the granule lacks one of the fields.
    pub fn of(granule: &'a UserGranule, variable: &UserVariable, shape: [usize; 2]) -> Option<Self> {
        let fields = variable.fields.iter().map(|name| granule.fields.iter().find(|f| f.name == *name));
        let fields: Vec<&RawField> = fields.collect::<Option<_>>()?;
        (!fields.is_empty()).then_some(Self { fields, shape })
    }

    fn at(&self, row: usize, col: usize) -> f32 {
        let k = row * self.shape[1] + col;
        match self.fields.as_slice() {
            [one] => one.value(k),
            [u, v] => u.value(k).hypot(v.value(k)),
            // Relative luminance (ITU-R BT.709), until colours themselves are drawn.
            [r, g, b, ..] => 0.2126 * r.value(k) + 0.7152 * g.value(k) + 0.0722 * b.value(k),
            [] => f32::NAN,
        }
    }

    /// The values of a window.
    pub fn block(&self, window: Window, apron: Apron) -> Block {
        let edge = i64::from(apron != Apron::None);
        let index = |first: usize, k: i64, count: usize, n: usize, wraps: bool| -> Option<usize> {
            // Value k of the window is cell min(first + k·stride, n − 1); outside the window the apron begins.
            let cell = first as i64 + k * window.stride as i64;
            if (0..count as i64).contains(&k) {
                return usize::try_from(cell).ok().map(|c| c.min(n - 1));
            }
            let cell = if wraps { cell.rem_euclid(n as i64) } else { cell };
            usize::try_from(cell).ok().filter(|c| *c < n)
        };
        let mut values = Vec::with_capacity(apron.len(window));
        for r in -edge..window.rows as i64 + edge {
            let row = index(window.row, r, window.rows, self.shape[0], false);
            for c in -edge..window.cols as i64 + edge {
                let col = index(window.col, c, window.cols, self.shape[1], apron == Apron::Wrap);
                values.push(row.zip(col).map_or(f32::NAN, |(row, col)| self.at(row, col)));
            }
        }
        Block { window, apron, values }
    }

    /// Summary; `None` when every value is missing.
    pub fn stats(&self) -> Option<FieldStats> {
        let cells = self.shape[0] * self.shape[1];
        let step = cells.div_ceil(SAMPLE).max(1);
        let cols = self.shape[1].max(1);
        FieldStats::from_values((0..cells).step_by(step).map(|k| self.at(k / cols, k % cols)))
    }

    /// One cell with every field of the variable.
    pub fn cell(&self, name: &str, units: &str, positions: Option<&Geolocation>, row: usize, col: usize) -> ProbedCell {
        let value = |v: f32| Some(f64::from(v)).filter(|v| v.is_finite());
        let probed = |field: &str, v: f32| ProbedValue {
            field: field.to_owned(),
            value: value(v),
            whole: None,
            units: units.to_owned(),
            meanings: Vec::new(),
            masked: false,
        };
        let mut values = vec![probed(name, self.at(row, col))];
        if self.fields.len() > 1 {
            let k = row * self.shape[1] + col;
            values.extend(self.fields.iter().map(|f| probed(&f.name, f.value(k))));
        }
        let series_time = |times: &[i64], k: usize| times.get(k).filter(|t| **t != i64::MIN).copied();
        let time = match positions {
            Some(Geolocation::Track(s) | Geolocation::Points(s)) => series_time(&s.time_us, row),
            _ => None,
        };
        let position = positions.and_then(|p| p.lonlat_from_index(row as f64, col as f64));
        ProbedCell { row, col, position, time: time.map(Time::from_micros), values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(name: &str, rows: u32, cols: u32, raw: Vec<u8>) -> RawField {
        RawField {
            name: name.to_owned(),
            cols,
            rows,
            channels: 1,
            offset: Some(10.0),
            scale: Some(0.5),
            fill: Some(255.0),
            values: RawValues::Bytes(raw),
        }
    }

    #[test]
    fn windows_with_and_without_a_turn() {
        let granule =
            UserGranule { fields: vec![bytes("a", 2, 4, vec![0, 1, 2, 3, 4, 5, 6, 255])], ..Default::default() };
        let variable = UserVariable { fields: vec!["a".into()], ..Default::default() };
        let values = Values::of(&granule, &variable, [2, 4]).unwrap();
        let all = Window { row: 0, col: 0, rows: 2, cols: 4, stride: 1 };
        let block = values.block(all, Apron::Wrap);
        let row: Vec<f32> = block.values[6..12].to_vec();
        assert_eq!(row, [11.5, 10.0, 10.5, 11.0, 11.5, 10.0]);
        assert!(block.values[..6].iter().all(|v| v.is_nan()));
        let edge = values.block(all, Apron::Edge);
        assert!(edge.values[6].is_nan() && edge.values[11].is_nan());
        assert!(block.values[16].is_nan(), "the fill is missing");
        let coarse = values.block(Window { row: 0, col: 1, rows: 1, cols: 2, stride: 2 }, Apron::None);
        assert_eq!(coarse.values, [10.5, 11.5]);
        let stats = values.stats().unwrap();
        assert_eq!((stats.count, stats.missing, stats.min, stats.max), (7, 1, 10.0, 13.0));
    }

    #[test]
    fn vectors_are_shown_by_their_length() {
        let granule = UserGranule {
            fields: vec![
                RawField { offset: Some(0.0), scale: Some(1.0), ..bytes("u", 1, 2, vec![3, 5]) },
                RawField { offset: Some(0.0), scale: Some(1.0), ..bytes("v", 1, 2, vec![4, 255]) },
            ],
            ..Default::default()
        };
        let variable = UserVariable { fields: vec!["u".into(), "v".into()], ..Default::default() };
        let values = Values::of(&granule, &variable, [1, 2]).unwrap();
        let cell = values.cell("current", "m/s", None, 0, 0);
        let told: Vec<_> = cell.values.iter().map(|v| (v.field.as_str(), v.value)).collect();
        assert_eq!(told, [("current", Some(5.0)), ("u", Some(3.0)), ("v", Some(4.0))]);
        assert_eq!(values.cell("current", "", None, 0, 1).values[0].value, None);
        assert!(Values::of(&granule, &UserVariable { fields: vec!["w".into()], ..variable }, [1, 2]).is_none());
    }

    #[test]
    fn shapes_must_fit() {
        assert_eq!(bytes("a", 2, 2, vec![0; 4]).fault(), None);
        assert!(bytes("a", 2, 2, vec![0; 3]).fault().is_some());
        assert!(bytes("a", u32::MAX, u32::MAX, vec![0; 1]).fault().is_some());
        assert!(RawField { scale: Some(f32::NAN), ..bytes("a", 1, 1, vec![0]) }.fault().is_some());
    }
}
