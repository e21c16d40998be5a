//! Scenes over synthetic arrays, drawn completely without files.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![allow(dead_code, reason = "each test binary uses a part")]

pub mod outline;

use std::sync::Arc;

use seaglass_core::camera::Camera;
use seaglass_core::colormap::Colormap;
use seaglass_core::coord::CoordArray;
use seaglass_core::field::{Apron, Block};
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::{Axis, Crs, Geolocation, Grid, Series, Swath};
use seaglass_core::project::BaseMap;
use seaglass_core::style::Style;
use seaglass_render::{Gpu, Renderer, RendererOptions, Scene, SceneItem, SceneLayer, Wanted};

/// Value of a cell.
pub type Values = Arc<dyn Fn(usize, usize) -> f32 + Send + Sync>;

/// An item with its values.
#[derive(Clone)]
pub struct Data {
    pub item: u64,
    pub geolocation: Arc<Geolocation>,
    pub values: Values,
}

impl Data {
    pub fn new(
        item: u64,
        geolocation: Geolocation,
        values: impl Fn(usize, usize) -> f32 + Send + Sync + 'static,
    ) -> Self {
        Self { item, geolocation: Arc::new(geolocation), values: Arc::new(values) }
    }

    pub fn layer(&self, style: Style, colormap: &Arc<Colormap>) -> SceneLayer {
        let items =
            vec![SceneItem { item: self.item, geolocation: Arc::clone(&self.geolocation), components: Vec::new() }];
        SceneLayer {
            style,
            colormap: Arc::clone(colormap),
            items,
            highlight: None,
            shown: seaglass_core::style::Shown::default(),
            times: None,
            knots_per_unit: 3600.0 / 1852.0,
            side: None,
        }
    }

    /// What a worker would answer.
    pub fn read(&self, wanted: &Wanted) -> Block {
        let [rows, cols] = self.geolocation.shape();
        let w = wanted.window;
        let margin = i64::from(wanted.apron != Apron::None);
        let mut values = Vec::with_capacity(wanted.apron.len(w));
        let place = |first: usize, k: i64, n: usize, count: usize| -> i64 {
            let at = first as i64 + k * w.stride as i64;
            if k >= 0 && k < count as i64 { at.min(n as i64 - 1) } else { at }
        };
        for i in -margin..w.rows as i64 + margin {
            for j in -margin..w.cols as i64 + margin {
                let (r, mut c) = (place(w.row, i, rows, w.rows), place(w.col, j, cols, w.cols));
                if wanted.apron == Apron::Wrap {
                    c = c.rem_euclid(cols as i64);
                }
                let inside = r >= 0 && r < rows as i64 && c >= 0 && c < cols as i64;
                values.push(if inside { (self.values)(r as usize, c as usize) } else { f32::NAN });
            }
        }
        Block { window: w, apron: wanted.apron, values }
    }
}

/// A device, or `None` with a note where there is none.
pub fn gpu() -> Option<Gpu> {
    match Gpu::headless() {
        Ok(gpu) => Some(gpu),
        Err(error) => {
            println!("skipped: no adapter ({error})");
            None
        }
    }
}

pub fn renderer(gpu: &Gpu) -> Renderer {
    Renderer::new(gpu, RendererOptions { synchronous: true, ..RendererOptions::default() }).unwrap()
}

/// Supplies what the plan wants until it is complete.
pub fn complete(renderer: &mut Renderer, scene: &Scene, data: &[Data]) {
    for _ in 0..20 {
        let plan = renderer.plan(scene);
        if plan.complete {
            return;
        }
        for wanted in plan.wanted {
            let source = data.iter().find(|d| d.item == wanted.key.item).unwrap();
            renderer.supply(wanted.key, source.read(&wanted));
        }
    }
    panic!("the picture never became complete");
}

pub fn picture(renderer: &mut Renderer, scene: &Scene, data: &[Data]) -> image::RgbaImage {
    complete(renderer, scene, data);
    renderer.render_image(scene).unwrap()
}

/// Nothing but the data over transparent black.
pub fn bare(camera: Camera, size_px: [u32; 2]) -> Scene {
    let base = BaseMap {
        relief: false,
        relief_opacity: 0.0,
        coastlines: false,
        borders: false,
        graticule: false,
        labels: false,
        atmosphere: false,
    };
    Scene { base, background: [0, 0, 0, 0], ..Scene::new(camera, size_px) }
}

pub fn ramp() -> Arc<Colormap> {
    let mut lut = [[0u8; 3]; 256];
    lut.iter_mut().enumerate().for_each(|(k, c)| *c = [k as u8, 255 - k as u8, (k * 7 % 256) as u8]);
    Arc::new(Colormap { id: "ramp".to_owned(), lut })
}

/// Red above the middle of the range, else a blue that no base map has.
pub fn marker() -> Arc<Colormap> {
    let mut lut = [[0, 0, 255]; 256];
    lut[128..].fill([255, 0, 0]);
    Arc::new(Colormap { id: "marker".to_owned(), lut })
}

pub fn unit_style() -> Style {
    Style { range: Some([0.0, 1.0]), ..Style::default() }
}

pub fn grid(lat: (f64, f64, usize), lon: (f64, f64, usize)) -> Geolocation {
    let axis = |(first, step, len)| Axis::Regular { first, step, len };
    Geolocation::Grid(Grid::new(axis(lat), axis(lon), Crs::LonLat).unwrap())
}

pub fn track(points: &[LonLat], starts: Vec<usize>) -> Geolocation {
    Geolocation::Track(series(points, starts))
}

pub fn series(points: &[LonLat], starts: Vec<usize>) -> Series {
    Series {
        lon: CoordArray::F64(points.iter().map(|p| p.lon_deg).collect()),
        lat: CoordArray::F64(points.iter().map(|p| p.lat_deg).collect()),
        time_us: vec![],
        starts,
    }
}

/// A place at `along` radians from the ascending node of a circular orbit and `across` metres to the right.
pub fn orbit_place(node_lon_deg: f64, inclination_deg: f64, along: f64, across_m: f64) -> LonLat {
    let (si, ci) = inclination_deg.to_radians().sin_cos();
    let at = |u: f64| glam::DVec3::new(u.cos(), u.sin() * ci, u.sin() * si);
    let p = at(along);
    let forward = at(along + std::f64::consts::FRAC_PI_2);
    let right = forward.cross(p);
    let angle = across_m / 6_371_000.0;
    let v = p * angle.cos() + right * angle.sin();
    let lon = v.y.atan2(v.x).to_degrees() + node_lon_deg;
    LonLat::new(seaglass_core::geo::wrap_180(lon), v.z.asin().to_degrees())
}

/// A swath like SWOT's: half an orbit, `rows × cols` cells of `cell_m`.
pub fn orbit_swath(node_lon_deg: f64, rows: usize, cols: usize, cell_m: f64) -> Swath {
    let (mut lon, mut lat) = (Vec::new(), Vec::new());
    for r in 0..rows {
        let along = (r as f64 - rows as f64 / 2.0) * cell_m / 6_371_000.0;
        for c in 0..cols {
            let p = orbit_place(node_lon_deg, 77.6, along, (c as f64 - (cols as f64 - 1.0) / 2.0) * cell_m);
            lon.push(p.lon_deg);
            lat.push(p.lat_deg);
        }
    }
    Swath::full([rows, cols], CoordArray::F64(lon), CoordArray::F64(lat), vec![]).unwrap()
}

/// Keeps a picture where someone can look at it: in the folder named by `SEAGLASS_TEST_PICTURES`.
pub fn keep(image: &image::RgbaImage, name: &str) {
    if let Some(folder) = std::env::var_os("SEAGLASS_TEST_PICTURES") {
        let folder = std::path::PathBuf::from(folder);
        std::fs::create_dir_all(&folder).unwrap();
        image.save(folder.join(format!("{name}.png"))).unwrap();
    }
}
