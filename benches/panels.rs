//! One pass over the panels of the window, 40 layers and 5 000 granules on the timeline: `cargo bench --bench panels`.
//! The design allows 2 ms (`window.md` §13); nothing is asserted, machines differ.

use std::time::{Duration, Instant};

use seaglass_app::model::{Model, Status};
use seaglass_app::state::{Out, UiState};
use seaglass_app::{cards, theme, window};
use seaglass_core::command::Command;
use seaglass_core::field::FieldInfo;
use seaglass_core::geo::GeoBox;
use seaglass_core::granule::{FileInfo, GeometryKind, PartInfo};
use seaglass_core::session::Session;
use seaglass_core::time::{Time, TimeSpan};

const LAYERS: usize = 40;
const GRANULES: usize = 5000;
const PASSES: usize = 240;
const LIMIT_MS: f64 = 2.0;

fn main() -> anyhow::Result<()> {
    let session = session()?;
    let mut state = UiState { selected: session.project().layers.first().map(|l| l.id), ..UiState::default() };
    let ctx = egui::Context::default();
    theme::install(&ctx);
    ctx.set_theme(egui::Theme::Dark);
    let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1440.0, 900.0));
    let (mut passes, mut meshes) = (Vec::new(), Vec::new());
    for k in 0..PASSES {
        let time = Some(k as f64 / 60.0);
        let input = egui::RawInput { screen_rect: Some(screen), time, ..egui::RawInput::default() };
        let start = Instant::now();
        let mut output = ctx.run_ui(input, |ui| pass(ui, &session, &mut state));
        passes.push(start.elapsed());
        // Nothing is shown here, and egui wants to be told so.
        output.textures_delta.clear();
        let start = Instant::now();
        let drawn = ctx.tessellate(output.shapes, output.pixels_per_point);
        meshes.push(start.elapsed());
        anyhow::ensure!(!drawn.is_empty(), "nothing was drawn");
    }
    let (pass_ms, slow_ms) = (quantile_ms(&mut passes, 0.5), quantile_ms(&mut passes, 0.99));
    println!(
        "panels: {LAYERS} layers, {GRANULES} granules: {pass_ms:.2} ms a frame (99 %: {slow_ms:.2} ms), limit {LIMIT_MS} ms; \
         meshes of it {:.2} ms",
        quantile_ms(&mut meshes, 0.5)
    );
    Ok(())
}

fn pass(ui: &mut egui::Ui, session: &Session, state: &mut UiState) {
    let mut out = Out::default();
    let shown = Status { shown: 3, total: GRANULES / LAYERS, ..Status::default() };
    let model = Model::new(session, |_| shown.clone());
    state.taken.clear();
    let area = window::around(ui, &model, state, &mut out);
    let view = session.project().camera.view(f64::from(area.width()), f64::from(area.height()));
    cards::show(ui, area, &view, &model, state, &mut out);
}

fn quantile_ms(times: &mut [Duration], q: f64) -> f64 {
    times.sort();
    let at = ((times.len() - 1) as f64 * q) as usize;
    times.get(at).map_or(f64::NAN, |t| t.as_secs_f64() * 1e3)
}

/// Collections of one file each, a granule every two hours.
fn session() -> anyhow::Result<Session> {
    let mut session = Session::default();
    let start = Time::parse("2024-08-01").map_err(|e| anyhow::anyhow!("{e}"))?;
    let steps: Vec<Time> = (0..GRANULES / LAYERS).map(|k| start.plus_seconds(7200.0 * k as f64)).collect();
    let last = steps.last().copied().unwrap_or(start);
    for k in 0..LAYERS {
        let id = format!("product_{k}");
        let field: FieldInfo = serde_json::from_value(serde_json::json!({
            "name": "ssha", "variable": "ssha", "long_name": "Sea surface height anomaly", "units": "m",
            "style": { "range": [-0.3, 0.3] }
        }))?;
        let part = PartInfo {
            name: String::new(),
            geometry: GeometryKind::Swath,
            shape: [100, 50],
            bounds: GeoBox { west: -70.0, south: 20.0, east: -50.0, north: 45.0 },
            footprint: Vec::new(),
            span: Some(TimeSpan::new(start, last)),
            steps: steps.clone(),
            fields: vec![field],
        };
        let info = FileInfo {
            product: Some(id.clone()),
            title: format!("Product {k} of the benchmark"),
            short: Some(format!("Product {k}")),
            format: "netCDF-4".to_owned(),
            parts: vec![part],
            notes: Vec::new(),
            attributes: Vec::new(),
        };
        let opened = Command::Opened { path: format!("/data/{k}.nc").into(), info: Box::new(info) };
        session.apply(&opened)?;
        if session.project().layers.iter().all(|l| l.collection != id) {
            session.apply(&Command::AddLayer { collection: id, field: "ssha".to_owned() })?;
        }
    }
    anyhow::ensure!(session.project().layers.len() == LAYERS, "{} layers", session.project().layers.len());
    Ok(session)
}
