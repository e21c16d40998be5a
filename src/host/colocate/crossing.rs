//! Where ascending and descending passes of tracks cross, with the values carried to the crossing.

use seaglass_coloc::crossover::{Along, At, CrossSpec, between, crossovers, instant};
use seaglass_coloc::{Cancel, Control, Side};
use seaglass_core::geo::LonLat;
use seaglass_core::time::Time;

use super::data::{NoPairs, SideData};
use super::reduce::Match;

/// Samples farther apart are not connected, µs: as jobs have it when they do not say.
pub(super) const MAX_GAP_US: i64 = 5_000_000;
/// No ground track is faster, metres per second, as jobs have it.
const FASTEST_M_PER_S: f64 = 8000.0;

/// A crossing of two tracks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crossing {
    /// Where.
    pub at: LonLat,
    /// When the ascending and the descending pass were there.
    pub times: [Time; 2],
    /// Value of the ascending pass, between its samples.
    pub value: f64,
}

/// Crossings within the window, by row of the ascending side.
///
/// # Errors
/// Stopped.
pub(super) fn find(
    sides: &[SideData; 2],
    engines: [&Side<'_>; 2],
    window_us: i64,
    cancel: &Cancel,
) -> Result<(Vec<Match>, Vec<Crossing>), NoPairs> {
    let max_step_m = FASTEST_M_PER_S * MAX_GAP_US as f64 * 1e-6;
    let spec = CrossSpec { max_step_m, ..CrossSpec::new(window_us, MAX_GAP_US) };
    let control = Control { cancel: Some(cancel), progress: None };
    let found = crossovers(engines[0], engines[1], &spec, &control)?;
    // A pass may go on in the next file.
    let value = |k: usize, rows: [u64; 2], (t_us, along): (i64, f64)| {
        let [Some(before), Some(after)] = rows.map(|row| engines[k].locate(row)) else { return f64::NAN };
        let of = |granule: u32| move |r: usize| sides[k].value_at(granule as usize, r);
        let (value_before, value_after) = (of(before.granule), of(after.granule));
        let granules = engines[k].granules();
        let a = At { granule: &granules[before.granule as usize], value: &value_before, row: before.row as usize };
        let b = At { granule: &granules[after.granule as usize], value: &value_after, row: after.row as usize };
        between(a, b, instant(&a, &b, t_us, along), Along::Linear, MAX_GAP_US)
    };
    let (mut matches, mut crossings) = (Vec::new(), Vec::new());
    for c in found {
        let instants = [(c.time_i_us, c.along_i), (c.time_j_us, c.along_j)];
        let values = [value(0, [c.i, c.i_next], instants[0]), value(1, [c.j, c.j_next], instants[1])];
        if values.iter().any(|v| v.is_nan()) {
            continue;
        }
        // The nearer sample of either track stands for the place among rows.
        let near = |row: u64, next: u64, share: f64| if share > 0.5 { next as u32 } else { row as u32 };
        matches.push(Match {
            a: near(c.i, c.i_next, c.along_i),
            b: near(c.j, c.j_next, c.along_j),
            n: 2,
            distance_m: 0.0,
            dt_us: c.dt_us(),
            value: values[1],
            sd: f64::NAN,
        });
        crossings.push(Crossing {
            at: LonLat::new(c.lon_deg, c.lat_deg).normalized(),
            times: [Time::from_micros(c.time_i_us), Time::from_micros(c.time_j_us)],
            value: values[0],
        });
    }
    Ok((matches, crossings))
}
