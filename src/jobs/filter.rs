//! Filters of sides: an expression over columns, decided before anything is matched.

use seaglass_coloc as coloc;
use seaglass_core::columns::Rows;

use crate::error::{JobError, Result};

/// A filter that was understood.
pub struct Filter(coloc::filter::Filter);

impl Filter {
    /// Reads the expression of a side.
    ///
    /// # Errors
    /// With the place of the mistake.
    pub fn parse(side: &str, text: &str) -> Result<Self> {
        coloc::filter::Filter::parse(text).map(Self).map_err(|e| match e {
            coloc::Error::Filter { column, message } => {
                JobError::Spec(format!("The filter of \"{side}\", column {column}: {message}."))
            }
            other => JobError::Spec(format!("The filter of \"{side}\": {other}.")),
        })
    }

    /// Columns it needs.
    pub fn columns(&self) -> Vec<String> {
        self.0.fields().to_vec()
    }

    /// The rows it lets pass. `columns` names the columns of the rows.
    pub fn keep(&self, mut rows: Rows, columns: &[String]) -> Rows {
        let at: Vec<Option<usize>> = self.0.fields().iter().map(|f| columns.iter().position(|c| c == f)).collect();
        let value = |field: usize, row: usize| match at[field] {
            Some(c) => rows.columns[c].get(row),
            None => f64::NAN,
        };
        let pass = self.0.evaluate(rows.len(), &value);
        rows.retain(&pass);
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaglass_core::columns::Column;
    use seaglass_core::coord::CoordArray;

    #[test]
    fn rows_pass_or_do_not() {
        let rows = Rows {
            index: vec![4, 5, 9, 11],
            time_us: vec![0, 1, 2, 3],
            lon: CoordArray::F32(vec![0.0, 1.0, 2.0, 3.0]),
            lat: CoordArray::I32 { raw: vec![1, 2, 3, 4], scale: 1e-6, offset: 0.0 },
            columns: vec![Column::I64(vec![0, 6, 8, seaglass_core::columns::MISSING]), Column::F32(vec![1.0; 4])],
            looked_at: 4,
            without_place: 0,
            without_value: 0,
        };
        let filter = Filter::parse("a", "bitand(flags, 0x6) == 0").unwrap();
        assert_eq!(filter.columns(), ["flags"]);
        let kept = filter.keep(rows, &["flags".to_owned(), "x".to_owned()]);
        assert_eq!((kept.index, kept.columns[1].len(), kept.lat.len()), (vec![4, 9], 2, 2));
        let wrong = Filter::parse("swot", "flags == ").err().unwrap().to_string();
        assert!(wrong.contains("swot") && wrong.contains("column"), "{wrong}");
    }
}
