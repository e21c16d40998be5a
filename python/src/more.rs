//! What is made of matches: aggregates, boxes, crossings, values between the cells of grids; and filters.

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use seaglass_coloc::aggregate::{Quantity, Statistic, aggregate as aggregate_pairs};
use seaglass_coloc::crossover::{
    Along, At, CrossSpec, between as value_between, crossovers as cross, instant, self_crossovers,
};
use seaglass_coloc::filter::Filter;
use seaglass_coloc::grid::Interpolator;
use seaglass_coloc::{Coord, Pair, Reference};

use crate::input::GranuleIn;
use crate::{failure, read_json, side, wait};

type F64<'py> = Bound<'py, PyArray1<f64>>;
type I64<'py> = Bound<'py, PyArray1<i64>>;

/// Reference row, values, number of matches with one, number of matches, least distance, mean time difference and
/// effective number of values.
type Aggregated<'py> = (I64<'py>, F64<'py>, I64<'py>, I64<'py>, F64<'py>, F64<'py>, F64<'py>);

/// One value for each reference row. The arrays have one entry a pair and are sorted by `row`; `value` is that of the
/// other side, NaN when it has none. `statistic` is the engine's as JSON.
#[pyfunction]
#[pyo3(signature = (row, distance_m, dt_us, value, statistic, *, angle = false))]
pub fn aggregate<'py>(
    py: Python<'py>,
    row: PyReadonlyArray1<'py, i64>,
    distance_m: PyReadonlyArray1<'py, f64>,
    dt_us: PyReadonlyArray1<'py, i64>,
    value: PyReadonlyArray1<'py, f64>,
    statistic: &str,
    angle: bool,
) -> PyResult<Aggregated<'py>> {
    let statistic: Statistic = read_json(statistic)?;
    let quantity = if angle { Quantity::Angle } else { Quantity::Linear };
    let (row, d, dt, value) = (row.as_slice()?, distance_m.as_slice()?, dt_us.as_slice()?, value.as_slice()?);
    let found = wait::run(py, 0, None, |_| {
        let rows = row.iter().zip(d.iter().zip(dt)).enumerate();
        // The pair's own number stands for the row of the other side.
        let pairs: Vec<Pair> =
            rows.map(|(k, (i, (d, dt)))| Pair { i: *i as u64, j: k as u64, distance_m: *d, dt_us: *dt }).collect();
        let of = |k: u64| value.get(k as usize).copied().unwrap_or(f64::NAN);
        aggregate_pairs(&pairs, Reference::Primary, statistic, quantity, &of)
    })?;
    let whole = |of: &dyn Fn(&seaglass_coloc::aggregate::Aggregate) -> i64| found.iter().map(of).collect::<Vec<_>>();
    let real = |of: &dyn Fn(&seaglass_coloc::aggregate::Aggregate) -> f64| found.iter().map(of).collect::<Vec<_>>();
    Ok((
        whole(&|a| a.row as i64).into_pyarray(py),
        real(&|a| a.value).into_pyarray(py),
        whole(&|a| a.n.into()).into_pyarray(py),
        whole(&|a| a.matches.into()).into_pyarray(py),
        real(&|a| a.min_distance_m).into_pyarray(py),
        real(&|a| a.mean_dt_us).into_pyarray(py),
        real(&|a| a.effective_n).into_pyarray(py),
    ))
}

/// Rows of the box around each row, line by line; -1 where the box leaves the granule. Boxes around points and tracks
/// are runs of samples.
#[pyfunction]
pub fn around<'py>(
    py: Python<'py>,
    granules: Vec<GranuleIn<'py>>,
    rows: PyReadonlyArray1<'py, i64>,
    lines: usize,
    pixels: usize,
) -> PyResult<I64<'py>> {
    let (side, rows) = (side(&granules)?, rows.as_slice()?);
    let all = py.detach(|| {
        let boxes = rows.iter().flat_map(|r| seaglass_coloc::around(&side, *r as u64, lines, pixels));
        boxes.map(|r| r.map_or(-1, |r| r as i64)).collect::<Vec<_>>()
    });
    Ok(all.into_pyarray(py))
}

/// Rows before the crossing on both sides, rows after it, its place (degrees), how far it lies from these rows to the next (0 to 1),
/// and the times of both sides there (µs).
type Crossings<'py> =
    (I64<'py>, I64<'py>, I64<'py>, I64<'py>, F64<'py>, F64<'py>, F64<'py>, F64<'py>, I64<'py>, I64<'py>);

/// Where the tracks of two sides cross; without a second side, where ascending passes of the first cross descending ones.
#[pyfunction]
#[pyo3(signature = (first, second, window_us, max_gap_us, *, max_step_m = None, threads = 0, progress = None))]
pub fn crossovers<'py>(
    py: Python<'py>,
    first: Vec<GranuleIn<'py>>,
    second: Option<Vec<GranuleIn<'py>>>,
    window_us: i64,
    max_gap_us: i64,
    max_step_m: Option<f64>,
    threads: usize,
    progress: Option<Py<PyAny>>,
) -> PyResult<Crossings<'py>> {
    let a = side(&first)?;
    let b = second.as_ref().map(|s| side(s)).transpose()?;
    let spec = CrossSpec { max_step_m: max_step_m.unwrap_or(f64::INFINITY), ..CrossSpec::new(window_us, max_gap_us) };
    let found = wait::run(py, threads, progress, |control| match &b {
        Some(b) => cross(&a, b, &spec, control),
        None => self_crossovers(&a, &spec, control),
    })?;
    let whole = |of: &dyn Fn(&seaglass_coloc::crossover::Crossover) -> i64| found.iter().map(of).collect::<Vec<_>>();
    let real = |of: &dyn Fn(&seaglass_coloc::crossover::Crossover) -> f64| found.iter().map(of).collect::<Vec<_>>();
    Ok((
        whole(&|c| c.i as i64).into_pyarray(py),
        whole(&|c| c.j as i64).into_pyarray(py),
        whole(&|c| c.i_next as i64).into_pyarray(py),
        whole(&|c| c.j_next as i64).into_pyarray(py),
        real(&|c| c.lat_deg).into_pyarray(py),
        real(&|c| c.lon_deg).into_pyarray(py),
        real(&|c| c.along_i).into_pyarray(py),
        real(&|c| c.along_j).into_pyarray(py),
        whole(&|c| c.time_i_us).into_pyarray(py),
        whole(&|c| c.time_j_us).into_pyarray(py),
    ))
}

/// A variable of one granule with some of its rows.
type Samples<'py> = (GranuleIn<'py>, PyReadonlyArray1<'py, f64>, PyReadonlyArray1<'py, i64>);

/// Values between one row of a granule and another, of the same granule or of that in which the track goes on: at rounded
/// times, which lie so far along (0 to 1) from the one row to the other.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "columns of crossings")]
pub fn between<'py>(
    py: Python<'py>,
    before: Samples<'py>,
    after: Samples<'py>,
    times_us: PyReadonlyArray1<'py, i64>,
    along: PyReadonlyArray1<'py, f64>,
    method: &str,
    max_gap_us: i64,
) -> PyResult<F64<'py>> {
    let method: Along = read_json(method)?;
    let (a, b) = (before.0.granule()?, after.0.granule()?);
    let (a_values, b_values) = (before.1.as_slice()?, after.1.as_slice()?);
    let (a_rows, b_rows) = (before.2.as_slice()?, after.2.as_slice()?);
    let (times, shares) = (times_us.as_slice()?, along.as_slice()?);
    let out: Vec<f64> = py.detach(|| {
        let a_value = |row: usize| a_values.get(row).copied().unwrap_or(f64::NAN);
        let b_value = |row: usize| b_values.get(row).copied().unwrap_or(f64::NAN);
        let one = |((i, j), (t, share)): ((&i64, &i64), (&i64, &f64))| {
            let first = At { granule: &a, value: &a_value, row: *i as usize };
            let second = At { granule: &b, value: &b_value, row: *j as usize };
            value_between(first, second, instant(&first, &second, *t, *share), method, max_gap_us)
        };
        a_rows.iter().zip(b_rows).zip(times.iter().zip(shares)).map(one).collect()
    });
    Ok(out.into_pyarray(py))
}

/// Values between the cells of a grid, bilinear in space and linear in time, and the share of the cells that had one.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "arrays of one table")]
pub fn interpolate<'py>(
    py: Python<'py>,
    grid: GranuleIn<'py>,
    values: PyReadonlyArray1<'py, f64>,
    lat: PyReadonlyArray1<'py, f64>,
    lon: PyReadonlyArray1<'py, f64>,
    times_us: PyReadonlyArray1<'py, i64>,
    max_gap_us: i64,
) -> PyResult<(F64<'py>, F64<'py>)> {
    let granule = grid.granule()?;
    let grid = Interpolator::new(&granule, max_gap_us).map_err(|e| failure(&e))?;
    let values = Coord::f64(values.as_slice()?);
    let (lat, lon, times) = (lat.as_slice()?, lon.as_slice()?, times_us.as_slice()?);
    let (value, weight): (Vec<f64>, Vec<f64>) = py.detach(|| {
        let places = lat.iter().zip(lon).zip(times);
        places.map(|((lat, lon), t)| grid.at(&values, *lat, *lon, *t)).map(|s| (s.value, s.weight)).unzip()
    });
    Ok((value.into_pyarray(py), weight.into_pyarray(py)))
}

/// Fields that a filter expression names.
#[pyfunction]
pub fn filter_fields(text: &str) -> PyResult<Vec<String>> {
    Ok(Filter::parse(text).map_err(|e| failure(&e))?.fields().to_vec())
}

/// Which rows pass a filter: `values` has an array for each of [`filter_fields`], NaN where missing.
#[pyfunction]
pub fn filter_rows<'py>(
    py: Python<'py>,
    text: &str,
    values: Vec<PyReadonlyArray1<'py, f64>>,
) -> PyResult<Bound<'py, PyArray1<bool>>> {
    let filter = Filter::parse(text).map_err(|e| failure(&e))?;
    let columns = values.iter().map(|v| v.as_slice()).collect::<Result<Vec<_>, _>>()?;
    let rows = columns.iter().map(|c| c.len()).min().unwrap_or(0);
    let passes = wait::run(py, 0, None, |_| {
        Ok(filter.evaluate(rows, &|field, row| columns.get(field).map_or(f64::NAN, |c| c[row])))
    })?;
    Ok(passes.into_pyarray(py))
}
