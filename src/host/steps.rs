//! The two steps of a field between which the clock stands, for what moves with the clock.

use std::collections::BTreeMap;

use seaglass_core::granule::{GeometryKind, Granule};
use seaglass_core::time::Time;

/// Steps further apart than this many of the shortest step are not two steps of one series.
const GAP_FACTOR: i64 = 3;
/// The same for two lone steps: 8 days.
const LONE_GAP_US: i64 = 8 * 86_400 * 1_000_000;

/// What lies on the same cells.
type Place = ([usize; 2], [u64; 4], usize);

fn place(g: &Granule) -> Place {
    let b = g.bounds;
    (g.shape, [b.west, b.south, b.east, b.north].map(f64::to_bits), g.part)
}

/// When a step is, else the middle of the time it stands for.
fn middle(g: &Granule) -> Option<i64> {
    if let Some(time) = g.time {
        return Some(time.micros());
    }
    let span = g.span?;
    Some(span.start.micros() + (span.stop.micros() - span.start.micros()) / 2)
}

/// Steps of a place with their times, and how long the shortest step is.
struct Series<'a> {
    steps: Vec<(i64, &'a Granule)>,
}

impl<'a> Series<'a> {
    /// The step at or before a time and the next one, unless a gap lies between.
    fn around(&self, now: i64) -> Option<[(i64, &'a Granule); 2]> {
        let next = self.steps.partition_point(|(t, _)| *t <= now);
        let (before, after) = (*self.steps.get(next.checked_sub(1)?)?, *self.steps.get(next)?);
        let shortest = self.steps.windows(2).map(|w| w[1].0 - w[0].0).filter(|d| *d > 0).min()?;
        let most = if self.steps.len() > 2 { GAP_FACTOR * shortest } else { LONE_GAP_US };
        (after.0 - before.0 <= most).then_some([before, after])
    }
}

/// Of what is shown, gridded fields of several steps become the two steps around the clock: what is to be drawn, and those
/// pairs with how far the clock is on the way. All else stays as it is.
pub(crate) fn around<'a>(
    shown: Vec<&'a Granule>,
    all: impl Iterator<Item = &'a Granule>,
    now: Time,
) -> (Vec<&'a Granule>, Vec<(&'a Granule, &'a Granule, f64)>) {
    let gridded = |g: &Granule| g.geometry.is_raster() && g.geometry != GeometryKind::Swath;
    let mut places: BTreeMap<Place, Series<'a>> = BTreeMap::new();
    for g in shown.iter().filter(|g| gridded(g)) {
        places.entry(place(g)).or_insert(Series { steps: Vec::new() });
    }
    if places.is_empty() {
        return (shown, Vec::new());
    }
    for g in all.filter(|g| gridded(g)) {
        if let (Some(series), Some(time)) = (places.get_mut(&place(g)), middle(g)) {
            series.steps.push((time, g));
        }
    }
    let mut pairs = BTreeMap::new();
    for (place, series) in &mut places {
        series.steps.sort_by_key(|(t, g)| (*t, g.id));
        if let Some([(from, before), (to, after)]) = series.around(now.micros()) {
            pairs.insert(*place, (before, after, (now.micros() - from) as f64 / (to - from) as f64));
        }
    }
    let mut drawn: Vec<&Granule> =
        shown.into_iter().filter(|g| !gridded(g) || !pairs.contains_key(&place(g))).collect();
    let between: Vec<_> = pairs.into_values().collect();
    drawn.extend(between.iter().flat_map(|(a, b, _)| [*a, *b]));
    (drawn, between)
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaglass_core::geo::GeoBox;
    use seaglass_core::granule::GranuleId;
    use seaglass_core::time::TimeSpan;

    fn step(id: u64, geometry: GeometryKind, hours: f64) -> Granule {
        let at = Time::from_micros((hours * 3.6e9) as i64);
        Granule {
            id: GranuleId(id),
            collection: "c".into(),
            path: format!("/f{id}.nc").into(),
            part: 0,
            step: 0,
            span: Some(TimeSpan::at(at)),
            time: None,
            bounds: GeoBox::WORLD,
            footprint: Vec::new(),
            shape: [720, 1440],
            geometry,
            fields: std::sync::Arc::default(),
        }
    }

    fn pairs(all: &[Granule], hours: f64) -> (Vec<u64>, Vec<(u64, u64, f64)>) {
        let now = Time::from_micros((hours * 3.6e9) as i64);
        let (drawn, between) = around(all.iter().take(2).collect(), all.iter(), now);
        let ids = |g: &Granule| g.id.0;
        (drawn.into_iter().map(ids).collect(), between.into_iter().map(|(a, b, p)| (ids(a), ids(b), p)).collect())
    }

    #[test]
    fn the_clock_stands_between_two_steps() {
        let grid = |id, hours| step(id, GeometryKind::Grid, hours);
        let all = [grid(1, 0.0), grid(2, 3.0), grid(3, 6.0), grid(4, 9.0), grid(5, 60.0)];
        assert_eq!(pairs(&all, 4.5), (vec![2, 3], vec![(2, 3, 0.5)]));
        assert_eq!(pairs(&all, 3.0), (vec![2, 3], vec![(2, 3, 0.0)]));
        assert_eq!(pairs(&all, 8.25).1, [(3, 4, 0.75)]);
        assert_eq!(pairs(&all, 30.0), (vec![1, 2], vec![]), "a gap is not bridged");
        assert_eq!(pairs(&all, -1.0), (vec![1, 2], vec![]), "before the first step");
    }

    #[test]
    fn swaths_are_no_series() {
        let all = [step(1, GeometryKind::Swath, 0.0), step(2, GeometryKind::Swath, 1.0)];
        assert_eq!(pairs(&all, 0.5), (vec![1, 2], vec![]));
    }
}
