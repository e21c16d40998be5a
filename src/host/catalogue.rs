//! How much of each collection there is, in the time window and in the view: from the indexes of open folders, and by
//! counting for what was opened one by one.

use std::collections::BTreeMap;

use seaglass_core::camera::{Camera, View};
use seaglass_core::geo::{GeoBox, wrap_180};
use seaglass_core::time::{Time, TimeSpan};
use seaglass_core::timeline::Timeline;
use seaglass_index::Look;

use crate::host::Host;
use crate::visible::VisibleCap;

/// Days counted one by one, around the clock.
pub const DAYS: usize = 16;
/// Days of these before the day of the clock.
const DAYS_BEFORE: i64 = 8;
const DAY_US: i64 = 86_400_000_000;

/// A collection with its granules counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CatalogueRow {
    /// Key.
    pub id: String,
    /// Granules in the time window.
    pub in_window: usize,
    /// Of these in the view.
    pub in_view: usize,
    /// Granules in all.
    pub total: usize,
    /// Time they cover.
    pub span: Option<TimeSpan>,
    /// Granules on each of [`DAYS`] days around the clock.
    pub days: Vec<usize>,
    /// Missions, as the files name them.
    pub missions: Vec<String>,
    /// Processing levels.
    pub levels: Vec<String>,
}

/// What was counted, and for what.
#[derive(Default)]
pub(crate) struct CatalogueCounts {
    asked: Option<(Timeline, Camera, u64)>,
    /// What is not in an index, by collection.
    own: BTreeMap<String, CatalogueRow>,
}

fn first_day(now: Time) -> Time {
    Time::from_micros((now.micros().div_euclid(DAY_US) - DAYS_BEFORE) * DAY_US)
}

/// Box around what may be in view.
pub(crate) fn box_in_view(view: &View) -> GeoBox {
    let cap = VisibleCap::of(view);
    let (middle, reach) = (cap.middle_lonlat(), cap.angle_deg());
    let (south, north) = (middle.lat_deg - reach, middle.lat_deg + reach);
    // Around a pole, and from far away, every longitude is in view.
    let wide = (reach.to_radians().sin() / middle.lat_deg.to_radians().cos()).asin().to_degrees();
    let (south, north, round) = (south.max(-90.0), north.min(90.0), south <= -90.0 || north >= 90.0);
    if round || reach >= 90.0 || !wide.is_finite() {
        return GeoBox { west: -180.0, south, east: 180.0, north };
    }
    let west = wrap_180(middle.lon_deg - wide);
    GeoBox { west, south, east: west + 2.0 * wide, north }
}

impl Host {
    /// Every collection with its granules counted for a view, by id. Folders with an index answer a moment later; then a
    /// frame is asked for.
    pub fn catalogue(&mut self, view: &View) -> Vec<CatalogueRow> {
        let timeline = self.session.project().timeline.clone();
        let asked = (timeline.clone(), view.camera, self.session.granules_seen());
        if self.catalogue.asked.as_ref() != Some(&asked) {
            let look = Look {
                window: timeline.window(),
                view: box_in_view(view),
                first_day: first_day(timeline.now),
                days: DAYS,
            };
            self.opening.folders().iter().for_each(|f| f.folder.look(look));
            self.catalogue.own = self.count_own(&look);
            self.catalogue.asked = Some(asked);
        }
        let mut rows: BTreeMap<String, CatalogueRow> = BTreeMap::new();
        let row = |id: &str| CatalogueRow { id: id.to_owned(), days: vec![0; DAYS], ..CatalogueRow::default() };
        for id in self.session.catalogue().collections.keys() {
            let own = self.catalogue.own.get(id).cloned().unwrap_or_else(|| row(id));
            rows.insert(id.clone(), own);
        }
        for counted in self.opening.folders().iter().filter_map(|f| f.counted.as_ref()) {
            for (id, (total, span)) in &counted.totals {
                let r = rows.entry(id.clone()).or_insert_with(|| row(id));
                r.total += total;
                r.span = r.span.into_iter().chain(*span).reduce(|a, b| a.union(&b));
            }
            for (id, count) in &counted.counts {
                let r = rows.entry(id.clone()).or_insert_with(|| row(id));
                r.in_window += count.in_window;
                r.in_view += count.in_view;
            }
            for (id, days) in &counted.days {
                let r = rows.entry(id.clone()).or_insert_with(|| row(id));
                r.days.iter_mut().zip(days).for_each(|(a, b)| *a += b);
            }
            for (id, labels) in &counted.facts {
                let r = rows.entry(id.clone()).or_insert_with(|| row(id));
                let (missions, levels): (Vec<String>, Vec<String>) = labels.iter().cloned().unzip();
                r.missions.extend(missions.into_iter().filter(|m| !m.is_empty()));
                r.levels.extend(levels.into_iter().filter(|l| !l.is_empty()));
            }
        }
        let known = |id: &String| self.session.catalogue().collections.contains_key(id);
        let mut rows: Vec<CatalogueRow> = rows.into_values().filter(|r| known(&r.id)).collect();
        for r in &mut rows {
            [&mut r.missions, &mut r.levels].into_iter().for_each(|list| {
                list.sort();
                list.dedup();
            });
            // All of a collection may be here before its folder has counted it.
            let here = self.session.catalogue().collections.get(&r.id).map_or(0, |c| c.granules.len());
            r.total = r.total.max(here);
        }
        rows
    }

    /// Granules that no index holds.
    fn count_own(&self, look: &Look) -> BTreeMap<String, CatalogueRow> {
        let roots: Vec<&[u8]> =
            self.opening.folders().iter().map(|f| f.folder.root().as_os_str().as_encoded_bytes()).collect();
        let mut rows = BTreeMap::new();
        for (id, collection) in &self.session.catalogue().collections {
            let mut row = CatalogueRow { id: id.clone(), days: vec![0; DAYS], ..CatalogueRow::default() };
            for g in &collection.granules {
                let path = g.path.as_os_str().as_encoded_bytes();
                if roots
                    .iter()
                    .any(|r| path.starts_with(r) && path.get(r.len()).is_none_or(|c| *c == b'/' || *c == b'\\'))
                {
                    continue;
                }
                row.total += 1;
                row.span = row.span.into_iter().chain(g.span).reduce(|a, b| a.union(&b));
                if g.span.is_none_or(|s| s.intersects(&look.window)) {
                    row.in_window += 1;
                    row.in_view += usize::from(g.bounds.intersects(&look.view));
                }
                let Some(span) = g.span else { continue };
                let day = |t: Time| (t.micros() - look.first_day.micros()).div_euclid(DAY_US);
                let (from, to) = (day(span.start).max(0), day(span.stop).min(DAYS as i64 - 1));
                (from..=to).for_each(|d| row.days[d as usize] += 1);
            }
            rows.insert(id.clone(), row);
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaglass_core::geo::LonLat;
    use seaglass_core::projection::Projection;

    /// Every place seen lies in the box.
    #[test]
    fn the_box_holds_what_is_seen() {
        for (lon, lat, altitude_m, projection) in [
            (179.0, 10.0, 500_000.0, Projection::Globe),
            (-60.0, 38.0, 4_800_000.0, Projection::Globe),
            (20.0, 88.0, 900_000.0, Projection::Globe),
            (0.0, 0.0, 20_000_000.0, Projection::Globe),
            (100.0, -45.0, 600_000.0, Projection::Mercator),
        ] {
            let camera = Camera { target: LonLat::new(lon, lat), altitude_m, projection, ..Camera::default() };
            let view = camera.view(1280.0, 800.0);
            let seen = box_in_view(&view);
            for k in 0..=40 {
                for l in 0..=25 {
                    let px = glam::DVec2::new(f64::from(k) * 32.0, f64::from(l) * 32.0);
                    if let Some(p) = view.lonlat_from_screen(px) {
                        assert!(seen.contains(p), "{p:?} is not in {seen:?}");
                    }
                }
            }
            assert!(altitude_m > 1e6 || lat > 80.0 || seen.east - seen.west < 40.0, "{seen:?}");
        }
    }
}
