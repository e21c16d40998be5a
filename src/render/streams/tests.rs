//! Paths, speeds and borders of drift; the device against the CPU.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::sync::Arc;

use glam::{DVec3, Vec3, Vec4};
use seaglass_core::camera::{Camera, FIELD_OF_VIEW_DEG};
use seaglass_core::field::{Apron, Block};
use seaglass_core::geo::{LonLat, WGS84_A_M, WGS84_B_M};
use seaglass_core::geolocation::{Axis, Crs, Geolocation, Grid};
use seaglass_core::projection::Projection;
use seaglass_core::style::{StreamStyle, Style};
use seaglass_core::tile::TileGrid;

use super::engine::{self, Advance, FRESH, Flow, RESEED, number_of};
use super::grid::{FlowGrid, Source, Spacing};
use super::sample::Field;
use super::{Ask, Streams};
use crate::frame::FrameView;
use crate::gpu::Gpu;
use crate::pipelines::Pipelines;

const CELL_DEG: f64 = 0.25;

/// A global field of a quarter of a degree, in metres per second.
fn global(flow: impl Fn(LonLat) -> [f64; 2]) -> Source {
    let (rows, cols) = ((180.0 / CELL_DEG) as usize, (360.0 / CELL_DEG) as usize);
    let axis = |first, len| Axis::Regular { first, step: CELL_DEG, len };
    let (lat0, lon0) = (-90.0 + CELL_DEG / 2.0, -180.0 + CELL_DEG / 2.0);
    let grid = Grid::new(axis(lat0, rows), axis(lon0, cols), Crs::LonLat).unwrap();
    let geolocation = Arc::new(Geolocation::Grid(grid));
    let tiles = TileGrid::new([rows, cols], true);
    let mut field = Field::new(&geolocation, tiles, None);
    let values: Vec<[f64; 2]> = (0..rows * cols)
        .map(|k| flow(LonLat::new(lon0 + (k % cols) as f64 * CELL_DEG, lat0 + (k / cols) as f64 * CELL_DEG)))
        .collect();
    let (ny, nx) = tiles.tiles_at(0);
    for (ty, tx) in (0..ny).flat_map(|ty| (0..nx).map(move |tx| (ty, tx))) {
        let w = tiles.window(0, ty as u32, tx as u32);
        let block = |c: usize| {
            let at = |i: i64, j: i64| {
                let (r, q) = (w.row as i64 + i, (w.col as i64 + j).rem_euclid(cols as i64));
                let inside = (0..rows as i64).contains(&r);
                if inside { values[r as usize * cols + q as usize][c] as f32 } else { f32::NAN }
            };
            let all = (-1..=w.rows as i64).flat_map(|i| (-1..=w.cols as i64).map(move |j| (i, j)));
            Arc::new(Block { window: w, apron: Apron::Wrap, values: all.map(|(i, j)| at(i, j)).collect() })
        };
        field.add(0, (ty as u32, tx as u32), [block(0), block(1)]);
    }
    Source { now: field, later: None, speed_ms: 1.0 }
}

fn frame(projection: Projection, target: LonLat, altitude_m: f64) -> FrameView {
    let camera = Camera { target, altitude_m, projection: projection.about(target), ..Camera::default() };
    FrameView::new(camera.view(800.0, 800.0))
}

fn grid_of(frame: &FrameView, source: &Source) -> FlowGrid {
    FlowGrid::new(frame, Spacing { step_px: 2.0, margin_px: 20.0 }, std::slice::from_ref(source))
}

/// A particle released at a place, on the flow of a view.
struct Drifter<'a> {
    frame: &'a FrameView,
    grid: &'a FlowGrid,
    flow: Vec<[f32; 4]>,
    work: Advance,
    at: Vec4,
}

impl<'a> Drifter<'a> {
    fn new(frame: &'a FrameView, grid: &'a FlowGrid, p: LonLat, step_s: f64) -> Self {
        let mut work = Advance::on(grid);
        work.axes[3] = step_s as f32;
        let v = frame.view.camera.projection.project_extended(p).unwrap();
        let local = super::turned(v - grid.origin, frame.turn).as_vec3();
        Self { frame, grid, flow: grid.flow(&[0.0]), work, at: local.extend(0.0) }
    }

    fn drift(&mut self, steps: usize) -> LonLat {
        for _ in 0..steps {
            let flow = Flow { u: &self.work, places: &self.grid.places, flow: &self.flow };
            let next = flow.step(self.at);
            assert_ne!(next, self.at, "the particle is stuck at {:?}", self.place());
            self.at = next;
        }
        self.place()
    }

    fn place(&self) -> LonLat {
        let v = self.at.truncate().as_dvec3() + self.grid.origin;
        let projection = self.frame.view.camera.projection;
        if projection.is_map() { projection.unproject(v).unwrap() } else { LonLat::from_surface_ecef(v) }
    }

    /// Distance from a place in pixels.
    fn off_px(&self, p: LonLat) -> f64 {
        let off_m = self.place().ecef().distance(p.ecef());
        off_m / self.frame.view.metres_per_px()
    }
}

const RADII: DVec3 = DVec3::new(WGS84_A_M, WGS84_A_M, WGS84_B_M);

/// The ellipsoid, scaled to a sphere, turns about an axis: every path is a circle there.
fn turning(axis: DVec3, per_s: f64) -> impl Fn(LonLat) -> [f64; 2] {
    move |p| {
        let v = axis.cross(p.ecef() / RADII) * RADII * per_s;
        [v.dot(p.east()), v.dot(p.north())]
    }
}

fn turned_place(axis: DVec3, p: LonLat, angle: f64) -> LonLat {
    let s = glam::DQuat::from_axis_angle(axis, angle) * (p.ecef() / RADII);
    LonLat::from_surface_ecef(s * RADII)
}

#[test]
fn circles_over_the_poles_and_the_dateline() {
    let per_s = 1e-6; // about 6 m/s
    let on_equator = LonLat::new(100.0, 0.0).up();
    let tilted = LonLat::new(-60.0, 35.0).up();
    let cases = [
        // Right over the pole.
        (Projection::Globe, on_equator, LonLat::new(10.0, 84.0), LonLat::new(0.0, 89.0), 6e6),
        (Projection::Globe, on_equator, LonLat::new(-170.0, -84.0), LonLat::new(30.0, -89.0), 6e6),
        (Projection::PolarNorth, on_equator, LonLat::new(10.0, 84.0), LonLat::new(0.0, 89.0), 6e6),
        (Projection::Orthographic, on_equator, LonLat::new(10.0, 84.0), LonLat::new(0.0, 89.0), 6e6),
        // Over the dateline.
        (Projection::Globe, tilted, LonLat::new(175.0, 20.0), LonLat::new(-179.0, 17.0), 6e6),
        (Projection::Equirectangular, tilted, LonLat::new(175.0, 20.0), LonLat::new(179.0, 17.0), 6e6),
        (Projection::Mercator, tilted, LonLat::new(175.0, 20.0), LonLat::new(-179.0, 17.0), 6e6),
        (Projection::PolarSouth, tilted, LonLat::new(120.0, -75.0), LonLat::new(120.0, -75.0), 6e6),
    ];
    for (projection, axis, start, target, altitude_m) in cases {
        let source = global(turning(axis, per_s));
        let frame = frame(projection, target, altitude_m);
        let grid = grid_of(&frame, &source);
        // About 1.2 pixels a step.
        let step_s = 1.2 * frame.view.metres_per_px() / (per_s * WGS84_A_M);
        let mut drifter = Drifter::new(&frame, &grid, start, step_s);
        let went = drifter.frame.view.screen_from_lonlat(start).unwrap();
        for round in 1..=3 {
            drifter.drift(50);
            let expected = turned_place(axis, start, per_s * step_s * 50.0 * f64::from(round));
            let off = drifter.off_px(expected);
            assert!(off < 0.25, "{projection:?} from {start:?}: {off} px off after {round} × 50 steps");
        }
        let far = frame.view.screen_from_lonlat(drifter.place()).unwrap().distance(went);
        assert!(far > 100.0, "{projection:?}: only {far} px");
    }
}

/// `scipy.integrate.solve_ivp` (DOP853, rtol 1e-12) of dlon/dt = e / (N cos lat), dlat/dt = n / M on WGS84 with
/// e = 20 cos 2φ + 6 sin 3λ, n = 8 cos 2λ cos φ: places after 12, 24 and 48 hours.
#[test]
fn paths_are_those_of_a_high_order_integration() {
    let source = global(|p| {
        let (l, f) = (p.lon_deg.to_radians(), p.lat_deg.to_radians());
        [20.0 * (2.0 * f).cos() + 6.0 * (3.0 * l).sin(), 8.0 * (2.0 * l).cos() * f.cos()]
    });
    let paths = [
        ((178.0, 10.0), [(185.081_694_9, 13.048_109_5), (191.093_338_8, 15.944_349_7), (200.508_528_8, 20.937_643_5)]),
        ((-30.0, 35.0), [(-29.800_397, 36.275_856_4), (-30.006_831_4, 37.530_756_2), (-31.647_324_3, 39.857_442_4)]),
        (
            (120.0, -25.0),
            [(125.765_760_2, -26.157_163_1), (132.144_147_9, -26.746_144_1), (146.845_927_4, -25.919_993_7)],
        ),
    ];
    for projection in Projection::ALL {
        for ((lon, lat), places) in paths {
            let (middle, start) = (LonLat::new(places[1].0, places[1].1), LonLat::new(lon, lat));
            let about = projection.about(middle);
            if [start, middle].iter().any(|p| about.project(*p).is_none()) || polar(projection) {
                continue;
            }
            let frame = frame(projection, middle, 7e6);
            let grid = grid_of(&frame, &source);
            let mut drifter = Drifter::new(&frame, &grid, start, 900.0);
            let mut done = 0;
            for ((lon, lat), steps) in places.into_iter().zip([48, 96, 192]) {
                drifter.drift(steps - done);
                done = steps;
                let off = drifter.off_px(LonLat::new(lon, lat));
                assert!(off < 0.3, "{projection:?} from {start:?}: {off} px off after {steps} steps");
            }
        }
    }
}

fn polar(projection: Projection) -> bool {
    matches!(projection, Projection::PolarNorth | Projection::PolarSouth | Projection::Plane(_))
}

/// Metres per second are metres per second everywhere: one metre a second to the east, to the north, for half an hour in steps.
#[test]
fn speed_is_right_within_a_per_cent() {
    for lat in [0.0, 60.0, 89.0, -89.0] {
        for projection in
            [Projection::Globe, Projection::Equirectangular, Projection::PolarNorth, Projection::PolarSouth]
        {
            let start = LonLat::new(179.99, lat);
            if projection.project(start).is_none() {
                continue;
            }
            for [e, n] in [[1.0, 0.0], [0.0, -1.0]] {
                let source = global(move |_| [e, n]);
                let frame = frame(projection, start, 1e6);
                let grid = grid_of(&frame, &source);
                let mut drifter = Drifter::new(&frame, &grid, start, 100.0);
                let seconds = 20.0 * 100.0;
                let end = drifter.drift(20);
                // Radii of curvature of the ellipsoid (Rapp 1991).
                let (f, e2) = (lat.to_radians(), 6.694_379_990_14e-3);
                let w = (1.0 - e2 * f.sin().powi(2)).sqrt();
                let (across, along) = (6_378_137.0 / w * f.cos(), 6_378_137.0 * (1.0 - e2) / w.powi(3));
                let moved_e = seaglass_core::geo::wrap_180(end.lon_deg - 179.99).to_radians() * across;
                let moved_n = (end.lat_deg - lat).to_radians() * along;
                let (want_e, want_n) = (e * seconds, n * seconds);
                let off = (moved_e - want_e).hypot(moved_n - want_n);
                assert!(off < 0.01 * seconds, "{projection:?} {lat} {e} {n}: {moved_e} {moved_n} m, {off} m off");
            }
        }
    }
}

fn land(p: LonLat) -> bool {
    (p.lon_deg / 7.0).floor() as i64 % 2 == 0 && p.lat_deg.abs() < 40.0
}

fn masked() -> Source {
    global(|p| if land(p) { [f64::NAN; 2] } else { [8.0 + p.lat_deg / 10.0, 3.0 * (p.lon_deg / 9.0).sin()] })
}

/// All particles of a view after some time; also where their tails were.
#[test]
fn no_particle_drifts_over_land() {
    let source = masked();
    for projection in [Projection::Globe, Projection::Mercator] {
        let frame = frame(projection, LonLat::new(178.0, 5.0), 8e6);
        let grid = grid_of(&frame, &source);
        let flow = grid.flow(&[0.0]);
        let mut work = Advance::on(&grid);
        work.axes[3] = (1.5 * frame.view.metres_per_px() / 10.0) as f32;
        work.size[3] = 3000;
        let (ring, each) = (13u32, 15usize);
        work.layout = [each as u32, ring, 2, FRESH];
        work.time = [2000, 0, 96, 2];
        let mut points = vec![[0u32; 4]; 3000 * each];
        engine::advance(Flow { u: &work, places: &grid.places, flow: &flow }, &mut points);
        work.layout[3] = 0;
        work.time[1] = 37;
        engine::advance(Flow { u: &work, places: &grid.places, flow: &flow }, &mut points);
        let slack = 1.5 * frame.view.metres_per_px();
        let (mut moving, mut checked) = (0, 0);
        for particle in points.chunks(each) {
            let (head, before) = (number_of(particle[0]), number_of(particle[1]));
            if head.w.is_nan() || head.truncate() == before.truncate() {
                continue; // born on land or beyond: nothing of it is drawn
            }
            moving += 1;
            let v = head.truncate().as_dvec3() + grid.origin;
            let p = if projection.is_map() { projection.unproject(v).unwrap() } else { LonLat::from_surface_ecef(v) };
            // Within the spacing of the nodes the border is theirs.
            let near = |de: f64, dn: f64| {
                let q = LonLat::from_surface_ecef(p.ecef() + p.east() * de * slack + p.north() * dn * slack);
                land(q.normalized())
            };
            checked += usize::from(near(0.0, 0.0));
            let deep = [(0.0, 0.0), (1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)].iter().all(|(a, b)| near(*a, *b));
            assert!(!deep, "{projection:?}: a particle is over land at {p:?}");
        }
        assert!(moving > 250 && checked < moving / 50, "{projection:?}: {moving} moving, {checked} on the border");
    }
}

/// A particle does not come back to land, and one that was carried off the view is put back into it.
#[test]
fn the_view_stays_full_when_it_moves() {
    let source = global(|_| [5.0, 0.0]);
    let first = frame(Projection::Globe, LonLat::new(0.0, 0.0), 2e6);
    let second = frame(Projection::Globe, LonLat::new(4.0, 0.0), 2e6);
    let (a, b) = (grid_of(&first, &source), grid_of(&second, &source));
    let each = 15;
    let mut points = vec![[0u32; 4]; 4000 * each];
    let mut work = Advance::on(&a);
    work.size[3] = 4000;
    work.layout = [each as u32, 13, 2, FRESH];
    work.time = [2000, 0, 96, 1];
    engine::advance(Flow { u: &work, places: &a.places, flow: &a.flow(&[0.0]) }, &mut points);
    let shift = (a.origin - b.origin).as_vec3();
    let kept: Vec<Vec3> = points.chunks(each).map(|p| number_of(p[0]).truncate() + shift).collect();
    let mut work = Advance { layout: [each as u32, 13, 2, RESEED], ..Advance::on(&b) };
    work.shift = [shift.x, shift.y, shift.z, 0.0];
    work.size[3] = 4000;
    work.time = [2000, 0, 96, 1];
    let flow = b.flow(&[0.0]);
    let there = Flow { u: &work, places: &b.places, flow: &flow };
    engine::advance(there, &mut points);
    let (mut moved, mut stayed) = (0, 0);
    for (particle, kept) in points.chunks(each).zip(kept) {
        let p = number_of(particle[0]).truncate();
        assert!(there.at(p).is_some(), "{p} is not in view");
        if p.distance(kept) < 1.0 { stayed += 1 } else { moved += 1 }
    }
    assert!(moved > 500 && stayed > 2000, "{moved} put back, {stayed} as they were");
}

fn ask<'a>(style: &'a Style, source: &Source, seconds: f64) -> Ask<'a> {
    Ask {
        style,
        sources: vec![source.clone()],
        parts: vec![0.0],
        content: vec![1],
        seconds,
        pixels_per_point: 1.0,
        synchronous: true,
    }
}

fn run(gpu: &Gpu, on_cpu: bool, source: &Source, style: &Style, films: &[f64]) -> Vec<engine::Words> {
    let pipelines = Pipelines::new(gpu).unwrap();
    let mut streams = Streams::new(on_cpu);
    let view = frame(Projection::Globe, LonLat::new(178.0, 75.0), 5e6);
    for seconds in films {
        streams.begin();
        assert!(streams.plan(gpu, &pipelines, 0, &view, ask(style, source, *seconds)).unwrap());
        streams.finish();
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        streams.advance(gpu, &mut encoder);
        gpu.queue.submit([encoder.finish()]);
    }
    gpu.take_error().unwrap();
    streams.systems[&0].store.as_ref().unwrap().points(gpu)
}

fn device() -> Option<Gpu> {
    Gpu::headless().map_err(|e| println!("skipped: no adapter ({e})")).ok()
}

#[test]
fn the_device_and_the_cpu_move_particles_alike() {
    let Some(gpu) = device() else { return };
    let source = masked();
    let stream = StreamStyle { particles: 3000, length: 24, ..StreamStyle::default() };
    let style = Style { range: Some([0.0, 16.0]), stream, ..Style::default() };
    let films = [0.0, 0.5, 1.7];
    let (cpu, device) = (run(&gpu, true, &source, &style, &films), run(&gpu, false, &source, &style, &films));
    assert_eq!(cpu.len(), device.len());
    let m_per_px = 2.0 * 5e6 * (FIELD_OF_VIEW_DEG / 2.0).to_radians().tan() / 800.0;
    let (mut close, mut all, mut moving) = (0, 0, 0);
    let each = 15;
    for (a, b) in cpu.chunks(each).zip(device.chunks(each)) {
        assert_eq!(a[1][3], b[1][3], "births differ");
        let (p, q) = (number_of(a[0]), number_of(b[0]));
        if p.w.is_nan() || q.w.is_nan() {
            assert_eq!(p.w.is_nan(), q.w.is_nan());
            continue;
        }
        all += 1;
        moving += usize::from(p.truncate() != number_of(a[1]).truncate());
        close += usize::from(f64::from(p.truncate().distance(q.truncate())) < 0.1 * m_per_px);
    }
    // A particle exactly on a border may be stopped by one and not by the other.
    assert!(moving > 1000 && close * 1000 >= all * 998, "{close} of {all} within a tenth of a pixel, {moving} moving");
}

#[test]
fn the_same_seconds_are_the_same_particles() {
    let Some(gpu) = device() else { return };
    let source = masked();
    for frozen in [false, true] {
        let stream = StreamStyle { particles: 2000, frozen, ..StreamStyle::default() };
        let style = Style { range: Some([0.0, 16.0]), stream, ..Style::default() };
        let once = run(&gpu, false, &source, &style, &[3.3]);
        assert_eq!(once, run(&gpu, false, &source, &style, &[3.3]), "frozen: {frozen}");
        let other = run(&gpu, false, &source, &style, &[7.9]);
        assert_eq!(once == other, frozen, "frozen particles stand still, others do not");
    }
}

/// Between two steps the flow is between them.
#[test]
fn the_flow_follows_the_clock() {
    let mut source = global(|_| [4.0, 0.0]);
    source.later = Some(global(|p| if p.lat_deg > 0.0 { [0.0, 2.0] } else { [f64::NAN; 2] }).now);
    let frame = frame(Projection::Equirectangular, LonLat::new(20.0, 0.0), 1e6);
    let grid = grid_of(&frame, &source);
    let middle = |flow: &[[f32; 4]], row: f64| flow[(f64::from(grid.rows) * row) as usize * grid.cols as usize + 200];
    for (part, e, n) in [(0.0, 4.0, 0.0), (0.25, 3.0, 0.5), (1.0, 0.0, 2.0)] {
        let [x, y, _, speed] = middle(&grid.flow(&[part]), 0.3);
        assert!((x - e).abs() < 0.02 && (y - n).abs() < 0.02, "{part}: {x} {y}");
        assert!((speed - e.hypot(n)).abs() < 0.02, "{part}: {speed}");
    }
    assert!((middle(&grid.flow(&[0.4]), 0.8)[0] - 4.0).abs() < 0.02, "the nearer step has data");
    assert!(middle(&grid.flow(&[0.6]), 0.8)[3].is_nan(), "the nearer step has none");
}
