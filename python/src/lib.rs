//! The colocation engine for Python: arrays of numpy go in without being copied, arrays of numpy come out.
//!
//! This layer converts and waits, nothing more: what a data set is, which of its variables are positions and what a
//! result looks like is decided in `seaglass/*.py`, which is the interface for people.

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::create_exception;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use seaglass_coloc::{Error, Metric, Side, Spec, join_rows};

mod input;
mod more;
mod wait;

use input::GranuleIn;

create_exception!(
    seaglass,
    ColocationError,
    PyValueError,
    "A request that cannot be met; the message says why and what to do."
);

/// The engine's sentence as an exception; it is written as a part of a sentence.
fn failure(error: &Error) -> PyErr {
    ColocationError::new_err(error.to_string())
}

fn read_json<'j, T: serde::Deserialize<'j>>(text: &'j str) -> PyResult<T> {
    serde_json::from_str(text).map_err(|e| ColocationError::new_err(format!("specification: {e}")))
}

/// Row numbers of both sides, distances (m), time differences (µs), numbers of candidates (empty unless asked for) and
/// the counts as JSON.
type Found<'py> = (
    Bound<'py, PyArray1<i64>>,
    Bound<'py, PyArray1<i64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<i64>>,
    Bound<'py, PyArray1<u32>>,
    String,
);

/// Matches two sides. `spec` is the engine's `Spec` as JSON; only rows `first..end` of the reference side look for
/// partners. `threads = 0` uses every core. `progress(done, total, pairs)` is called from the calling thread.
#[pyfunction]
#[pyo3(signature = (primary, secondary, spec, *, first = 0, end = u64::MAX, threads = 0, progress = None))]
#[allow(clippy::too_many_arguments, reason = "keywords in Python")]
fn join<'py>(
    py: Python<'py>,
    primary: Vec<GranuleIn<'py>>,
    secondary: Vec<GranuleIn<'py>>,
    spec: &str,
    first: u64,
    end: u64,
    threads: usize,
    progress: Option<Py<PyAny>>,
) -> PyResult<Found<'py>> {
    let spec: Spec = read_json(spec)?;
    let (p, s) = (side(&primary)?, side(&secondary)?);
    let found = wait::run(py, threads, progress, |control| join_rows(&p, &s, &spec, first..end, control))?;
    let counts = serde_json::to_string(&found.counts).map_err(|e| ColocationError::new_err(e.to_string()))?;
    let column = |of: &dyn Fn(&seaglass_coloc::Pair) -> i64| found.pairs.iter().map(of).collect::<Vec<_>>();
    // Row numbers are signed in Python: numpy mixes u64 and i64 into floating point.
    let (i, j) = (column(&|q| q.i as i64), column(&|q| q.j as i64));
    let dt = column(&|q| q.dt_us);
    let distance: Vec<f64> = found.pairs.iter().map(|q| q.distance_m).collect();
    Ok((
        i.into_pyarray(py),
        j.into_pyarray(py),
        distance.into_pyarray(py),
        dt.into_pyarray(py),
        found.candidates.into_pyarray(py),
        counts,
    ))
}

fn side<'a>(granules: &'a [GranuleIn<'_>]) -> PyResult<Side<'a>> {
    let all = granules.iter().map(GranuleIn::granule).collect::<PyResult<Vec<_>>>()?;
    Side::new(all).map_err(|e| failure(&e))
}

/// Hash of a set of pairs: a wrapping sum, so that hashes of parts add up.
#[pyfunction]
fn pairs_sum64(i: PyReadonlyArray1<'_, i64>, j: PyReadonlyArray1<'_, i64>) -> PyResult<u64> {
    let (i, j) = (i.as_slice()?, j.as_slice()?);
    Ok(seaglass_coloc::pairs_sum64(i.iter().zip(j).map(|(i, j)| (*i as u64, *j as u64))))
}

/// Distances and azimuths.
type Geodesics<'py> = (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f32>>);

/// Distance (m) and azimuth (degrees) from each first to each second position, degrees.
#[pyfunction]
fn geodesics<'py>(
    py: Python<'py>,
    lat: PyReadonlyArray1<'py, f64>,
    lon: PyReadonlyArray1<'py, f64>,
    other_lat: PyReadonlyArray1<'py, f64>,
    other_lon: PyReadonlyArray1<'py, f64>,
    metric: &str,
) -> PyResult<Geodesics<'py>> {
    let metric: Metric = read_json(metric)?;
    let (a, b, c, d) = (lat.as_slice()?, lon.as_slice()?, other_lat.as_slice()?, other_lon.as_slice()?);
    let (distance, bearing): (Vec<f64>, Vec<f32>) = py.detach(|| {
        let all = a.iter().zip(b).zip(c.iter().zip(d));
        all.map(|((a, b), (c, d))| (metric.distance_m(*a, *b, *c, *d), metric.bearing_deg(*a, *b, *c, *d) as f32))
            .unzip()
    });
    Ok((distance.into_pyarray(py), bearing.into_pyarray(py)))
}

/// The engine of Seaglass. Use the package `seaglass`, which knows data sets; this module knows arrays.
#[pymodule]
fn _engine(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("ColocationError", m.py().get_type::<ColocationError>())?;
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    m.add_function(wrap_pyfunction!(join, m)?)?;
    m.add_function(wrap_pyfunction!(pairs_sum64, m)?)?;
    m.add_function(wrap_pyfunction!(more::aggregate, m)?)?;
    m.add_function(wrap_pyfunction!(more::around, m)?)?;
    m.add_function(wrap_pyfunction!(more::crossovers, m)?)?;
    m.add_function(wrap_pyfunction!(more::between, m)?)?;
    m.add_function(wrap_pyfunction!(more::interpolate, m)?)?;
    m.add_function(wrap_pyfunction!(more::filter_fields, m)?)?;
    m.add_function(wrap_pyfunction!(more::filter_rows, m)?)?;
    m.add_function(wrap_pyfunction!(geodesics, m)?)
}
