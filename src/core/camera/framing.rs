//! Cameras that show given places: on the globe as near as the farthest of them allows, on maps by the box around their
//! projections.

use glam::{DVec2, DVec3};

use super::{Camera, FIELD_OF_VIEW_DEG};
use crate::geo::{GeoBox, LonLat};

/// Places along a side of a box.
const SIDE: usize = 17;
/// Of the width and height of the picture, what the places may take.
const FILLED: f64 = 0.92;
/// Least distance from the middle to an edge of the view, metres.
const LEAST_M: f64 = 500.0;
/// Distance from which the globe is seen whole, metres, in a picture that is no taller than wide.
const WHOLE_GLOBE_M: f64 = 14_200_000.0;
/// Beyond this angle around the middle places are too near to the horizon to be seen.
const WIDEST_DEG: f64 = 66.0;
/// Latitude beyond which what lies all around a pole is seen from above it.
const AROUND_POLE_DEG: f64 = 20.0;
/// Least cosine at which a place is called seen, when not all can be.
const SEEN: f64 = 0.15;
/// Beside the cut of a map, degrees.
const BESIDE_DEG: f64 = 1e-6;
/// Gaps in longitude wider than this are gaps of the data and not between neighbours of a box, degrees.
const LEAST_GAP_DEG: f64 = 25.0;

/// A place whose longitude counts on beyond 180°, so that a map shows it where it belongs.
type Unwrapped = (f64, f64);

pub(super) fn of_box(camera: &Camera, target: &GeoBox, size_px: DVec2) -> Camera {
    let mut grid: Vec<Unwrapped> = places_of(target);
    // A map cut open through the box shows it on both sides of the cut.
    if let Some(middle) = camera.projection.cut_about_deg() {
        let cut = target.west + (middle + 180.0 - target.west).rem_euclid(360.0);
        let sides =
            [cut - BESIDE_DEG, cut + BESIDE_DEG].into_iter().filter(|lon| (target.west..target.east).contains(lon));
        let lats: Vec<f64> = grid.iter().step_by(SIDE).map(|(_, lat)| *lat).collect();
        grid.extend(sides.flat_map(|lon| lats.iter().map(move |lat| (lon, *lat))));
    }
    let start = Camera { tilt_deg: 0.0, ..*camera };
    if camera.projection.is_map() {
        return on_map(start, &grid, size_px);
    }
    let places: Vec<LonLat> = grid.iter().map(|(lon, lat)| LonLat::new(*lon, *lat)).collect();
    let all_around = target.east - target.west > 180.0;
    let centre = match target.centre() {
        c if all_around && target.south >= AROUND_POLE_DEG => LonLat::new(c.lon_deg, 90.0),
        c if all_around && target.north <= -AROUND_POLE_DEG => LonLat::new(c.lon_deg, -90.0),
        c => c,
    };
    on_globe(start, centre, &places, size_px)
}

pub(super) fn of_places(camera: &Camera, places: &[LonLat], size_px: DVec2) -> Camera {
    let places: Vec<LonLat> = places.iter().filter(|p| p.is_valid()).copied().collect();
    let start = Camera { tilt_deg: 0.0, ..*camera };
    if places.is_empty() {
        return start.sanitized();
    }
    if camera.projection.is_map() {
        return on_map(start, &unwrapped(&places), size_px);
    }
    let (mut centre, angle) = middle_of(&places);
    if angle.to_degrees() > WIDEST_DEG {
        // They cannot all be seen: the place among them, or between them, from which most are.
        let step = places.len().div_ceil(64);
        let seen = |c: DVec3| places.iter().filter(|p| p.up().dot(c) > SEEN).count();
        let best = |a: DVec3, b: DVec3| if seen(b) > seen(a) { b } else { a };
        centre = places.iter().step_by(step).map(LonLat::up).fold(centre, best);
    }
    on_globe(start, of_direction(centre), &places, size_px)
}

/// Places on and in a box, enough of them that no curved edge of it is missed.
fn places_of(target: &GeoBox) -> Vec<Unwrapped> {
    let at = |k: usize| k as f64 / (SIDE - 1) as f64;
    let lon = |k| target.west + (target.east - target.west) * at(k);
    let lat = |k| target.south + (target.north - target.south) * at(k);
    (0..SIDE * SIDE).map(|k| (lon(k % SIDE), lat(k / SIDE))).collect()
}

/// Longitudes counted on from the widest gap between them.
fn unwrapped(places: &[LonLat]) -> Vec<Unwrapped> {
    let mut lons: Vec<f64> = places.iter().map(|p| p.lon_deg.rem_euclid(360.0)).collect();
    lons.sort_by(f64::total_cmp);
    let gaps = lons.iter().zip(lons.iter().skip(1).copied().chain(lons.first().map(|l| l + 360.0)));
    let widest = gaps.map(|(a, b)| (b - a, b)).max_by(|a, b| a.0.total_cmp(&b.0));
    // All around the Earth there is no gap, and the map begins where it always does.
    let first = widest.filter(|(gap, _)| *gap > LEAST_GAP_DEG).map_or(-180.0, |(_, lon)| lon);
    places.iter().map(|p| (first + (p.lon_deg - first).rem_euclid(360.0), p.lat_deg)).collect()
}

fn of_direction(up: DVec3) -> LonLat {
    LonLat::new(up.y.atan2(up.x).to_degrees(), up.z.clamp(-1.0, 1.0).asin().to_degrees())
}

/// Direction of the middle of the smallest cap around places, and its angle (Bădoiu and Clarkson 2003: step towards the
/// farthest, by less and less).
fn middle_of(places: &[LonLat]) -> (DVec3, f64) {
    let ups: Vec<DVec3> = places.iter().map(LonLat::up).collect();
    let first = ups.first().copied().unwrap_or(DVec3::X);
    let mut centre = ups.iter().sum::<DVec3>().try_normalize().unwrap_or(first);
    let farthest = |c: DVec3| ups.iter().copied().min_by(|a, b| a.dot(c).total_cmp(&b.dot(c))).unwrap_or(first);
    for k in 1..=400 {
        centre = (centre + (farthest(centre) - centre) / f64::from(k + 1)).try_normalize().unwrap_or(centre);
    }
    (centre, centre.dot(farthest(centre)).clamp(-1.0, 1.0).acos())
}

/// The nearest camera above a place from which all others are seen; the whole globe where there is none.
fn on_globe(start: Camera, centre: LonLat, places: &[LonLat], size_px: DVec2) -> Camera {
    let narrow = (size_px.x / size_px.y).min(1.0);
    let above = |altitude_m: f64| Camera { target: centre, altitude_m, ..start };
    let shows_all = |camera: &Camera| {
        let view = camera.view(size_px.x, size_px.y);
        let inside = |px: DVec2| ((px - size_px / 2.0) / (size_px / 2.0)).abs().max_element() <= FILLED;
        places.iter().all(|p| view.screen_from_lonlat(*p).is_some_and(inside))
    };
    let half = (FIELD_OF_VIEW_DEG.to_radians() / 2.0).tan() * narrow;
    let (mut near, mut far) = ((LEAST_M / half).ln(), (WHOLE_GLOBE_M / narrow).ln());
    if shows_all(&above(far.exp())) {
        while far - near > 1e-3 {
            let middle = (near + far) / 2.0;
            if shows_all(&above(middle.exp())) { far = middle } else { near = middle }
        }
    }
    above(far.exp()).sanitized()
}

/// The box around the projected places in the middle of the view, north as the map has it.
fn on_map(start: Camera, places: &[Unwrapped], size_px: DVec2) -> Camera {
    let projection = start.projection;
    let cylinder = projection.turn_m().is_some();
    let project = |(lon, lat): &Unwrapped| {
        let place = projection.clamp_centre(LonLat::new(*lon, *lat));
        // Longitudes of cylinders count on; all other maps want the place itself.
        let place = if cylinder { LonLat::new(*lon, place.lat_deg) } else { place.normalized() };
        projection.project(place).filter(|v| v.is_finite()).map(|v| (place, v.truncate()))
    };
    let found: Vec<(LonLat, DVec2)> = places.iter().filter_map(project).collect();
    let Some((_, first)) = found.first() else { return start.sanitized() };
    let (low, high) = found.iter().fold((*first, *first), |(a, b), (_, v)| (a.min(*v), b.max(*v)));
    let middle = (low + high) / 2.0;
    // The middle of what lies on both sides of a bay of the map may be outside of it.
    let nearest = || {
        let by = |p: &&(LonLat, DVec2), q: &&(LonLat, DVec2)| p.1.distance(middle).total_cmp(&q.1.distance(middle));
        found.iter().min_by(by).map(|(place, _)| *place)
    };
    let target = projection.unproject(middle.extend(0.0)).or_else(nearest).unwrap_or(start.target);
    let camera = Camera { target: target.normalized(), heading_deg: 0.0, ..start }.sanitized();
    let Some(at) = projection.project(projection.clamp_centre(target)).map(DVec3::truncate) else { return camera };
    let half = (high - at).max(at - low).max(DVec2::splat(LEAST_M));
    let tan = (FIELD_OF_VIEW_DEG.to_radians() / 2.0).tan();
    let need = half.y.max(half.x * size_px.y / size_px.x);
    let altitude_m = need / (tan * projection.scale_at(camera.target)) / FILLED;
    Camera { altitude_m, ..camera }.sanitized()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::projection::Projection;

    const SIZE: DVec2 = DVec2::new(1200.0, 800.0);

    fn on(projection: &str) -> Camera {
        Camera { projection: Projection::parse(projection).unwrap(), ..Camera::default() }
    }

    /// How far the farthest place lies from the middle of the picture, as part of the way to its edge.
    fn farthest(camera: &Camera, places: &[LonLat]) -> f64 {
        let view = camera.view(SIZE.x, SIZE.y);
        let off = |p: &LonLat| {
            let px = view.screen_from_lonlat(*p).unwrap_or_else(|| panic!("{camera:?} hides {p:?}"));
            ((px - SIZE / 2.0) / (SIZE / 2.0)).abs().max_element()
        };
        places.iter().map(off).fold(0.0, f64::max)
    }

    fn corners(b: &GeoBox, inset: f64) -> Vec<LonLat> {
        let (w, e, s, n) = (b.west + inset, b.east - inset, b.south + inset, b.north - inset);
        let mid = (w + e) / 2.0;
        [(w, s), (mid, s), (e, s), (w, n), (mid, n), (e, n)].map(|(x, y)| LonLat::new(x, y)).to_vec()
    }

    /// Every map shows the whole box and fills the picture with it, wherever its own middle lies.
    #[test]
    fn boxes_are_whole_and_large_on_every_map() {
        let boxes = [
            ("a sea", GeoBox { west: -30.0, south: 40.0, east: 5.0, north: 62.0 }),
            ("over the dateline", GeoBox { west: 160.0, south: -25.0, east: 215.0, north: 10.0 }),
            ("near the pole", GeoBox { west: 10.0, south: 74.0, east: 60.0, north: 84.0 }),
            ("small", GeoBox { west: 3.0, south: 43.0, east: 3.5, north: 43.2 }),
        ];
        let maps = [
            "globe",
            "orthographic",
            "equirectangular",
            "mercator",
            "polar-north",
            "mollweide:180",
            "mollweide:0",
            "robinson:20",
            "equal-earth:170",
            "laea:10,52",
            "lcc:10,52",
            "utm:33N",
        ];
        for (name, area) in &boxes {
            for map in maps {
                let camera = on(map).framing(area, SIZE);
                // A map may be cut through the box, or end before it.
                let seen: Vec<LonLat> =
                    corners(area, 1e-3).into_iter().filter(|p| camera.projection.shows(p.normalized())).collect();
                if seen.len() < 6 {
                    continue;
                }
                let most = farthest(&camera, &seen);
                assert!(most <= 1.0, "{name} on {map}: {most}");
                let cut = camera.projection.cut_about_deg().map(|lon| (lon + 180.0).rem_euclid(360.0));
                let across = cut.is_some_and(|c| {
                    (area.west..area.east).contains(&c) || (area.west..area.east).contains(&(c - 360.0))
                });
                assert!(across || most > 0.6, "{name} on {map} fills only {most}");
            }
        }
    }

    /// The whole Earth lies about the map's own middle, not about longitude 0.
    #[test]
    fn the_whole_earth_is_centred_on_the_middle_of_its_map() {
        for (map, lon) in [("mollweide:180", 180.0), ("robinson:-60", -60.0), ("equal-earth:90", 90.0)] {
            let camera = on(map).framing(&GeoBox::WORLD, SIZE);
            let off = crate::geo::wrap_180(camera.target.lon_deg - lon);
            assert!(off.abs() < 1.0 && camera.target.lat_deg.abs() < 1.0, "{map}: {:?}", camera.target);
            let ends = [LonLat::new(lon + 179.9, 0.0), LonLat::new(lon - 179.9, 0.0), LonLat::new(lon, 89.0)];
            let most = farthest(&camera, &ends);
            assert!((0.8..=1.0).contains(&most), "{map}: {most}");
        }
        for map in ["laea:10,52", "lcc:10,52", "utm:33N"] {
            let camera = on(map).framing(&GeoBox::WORLD, SIZE);
            let middle = camera.projection.shows(camera.target);
            assert!(middle && camera.altitude_m < 6e7, "{map}: {camera:?}");
        }
    }

    #[test]
    fn polar_data_are_seen_from_above_the_pole() {
        for (south, north, pole) in [(60.0, 90.0, 90.0), (-90.0, -55.0, -90.0)] {
            let ring = GeoBox { west: -180.0, south, east: 180.0, north };
            let globe = on("globe").framing(&ring, SIZE);
            assert_eq!(globe.target.lat_deg, pole);
            let edge: Vec<LonLat> =
                (0..8).map(|k| LonLat::new(f64::from(k) * 45.0, if pole > 0.0 { south } else { north })).collect();
            let most = farthest(&globe, &edge);
            assert!((0.8..=1.0).contains(&most), "{most}");
            let map = on(if pole > 0.0 { "polar-north" } else { "polar-south" }).framing(&ring, SIZE);
            assert!((map.target.lat_deg - pole).abs() < 1e-3, "{:?}", map.target);
            let most = farthest(&map, &edge);
            assert!((0.8..=1.0).contains(&most), "{most}");
            // The places alone say the same as their box.
            let places = on("globe").framing_places(&edge, SIZE);
            assert!((places.target.lat_deg - pole).abs() < 1.0, "{:?}", places.target);
        }
    }

    /// Of sets on opposite sides of the Earth one is shown; on a map both.
    #[test]
    fn sets_far_apart_are_not_looked_at_from_between() {
        let around = |lon: f64, lat: f64| (0..6).map(move |k| LonLat::new(lon + f64::from(k), lat + f64::from(k % 3)));
        let sets: Vec<LonLat> = around(-40.0, 20.0).chain(around(142.0, -18.0)).collect();
        let camera = on("globe").framing_places(&sets, SIZE);
        let view = camera.view(SIZE.x, SIZE.y);
        let seen = sets.iter().filter(|p| view.facing(**p) > 0.5).count();
        assert!(seen >= 6, "{seen} of 12 seen from {:?}", camera.target);
        for map in ["equirectangular", "mercator", "mollweide:50"] {
            let camera = on(map).framing_places(&sets, SIZE);
            let most = farthest(&camera, &sets);
            assert!((0.6..=1.0).contains(&most), "{map}: {most}");
        }
        // Over the dateline the short way is the narrow one.
        let both: Vec<LonLat> = around(172.0, 5.0).chain(around(-178.0, 5.0)).collect();
        let camera = on("mercator").framing_places(&both, SIZE);
        assert!(camera.altitude_m < 4e6, "{camera:?}");
        assert!((crate::geo::wrap_180(camera.target.lon_deg - 179.5)).abs() < 1.0, "{camera:?}");
    }
}
