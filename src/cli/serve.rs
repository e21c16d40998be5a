//! `seaglass serve`: the session without a window, driven by notebooks over the control socket.

use std::time::Duration;

use glam::DVec2;
use seaglass_app::export::clients::film_writer;
use seaglass_app::legend::{self, Decoration};
use seaglass_core::command::Command;
use seaglass_core::project::Project;
use seaglass_host::{ControlError, Host, HostOptions, Level, Notice, WantedPicture};
use seaglass_render::{Gpu, Renderer, RendererOptions, VOID};
use serde_json::json;

use super::{Exit, Failure, Outcome, args, numbers, print, readers_dir};

/// Looks again after this long even when nothing was signalled.
const NAP: Duration = Duration::from_millis(250);
/// Looks again after this long while a picture is being completed: the renderer may have uploads left.
const SOON: Duration = Duration::from_millis(2);

/// Serves until the process is ended.
pub fn run(options: &args::Serve) -> Outcome {
    let internal = |e: seaglass_host::HostError| Failure::new(Exit::Internal, e.to_string());
    let view = numbers::size(&options.size)?;
    let mut host =
        Host::new(HostOptions { readers_dir: readers_dir()?, ..HostOptions::default() }).map_err(internal)?;
    host.set_view_size(DVec2::new(f64::from(view[0]), f64::from(view[1])));
    host.set_headless();
    host.allow_files(options.allow_files);
    host.set_film_writer(film_writer());
    host.set_processor(&options.processor).map_err(|why| Failure::new(Exit::Usage, why))?;
    let given = options.token.clone().or_else(|| std::env::var("SEAGLASS_TOKEN").ok());
    let token = given.filter(|t| !t.is_empty());
    let secret = token.is_some();
    let address = host.listen_with(&options.listen, token).map_err(|e| match e {
        ControlError::Address(_) => Failure::new(Exit::Usage, e.to_string()),
        _ => Failure::new(Exit::Internal, e.to_string()),
    })?;
    seaglass_host::dangers(address, secret).iter().for_each(|w| eprintln!("seaglass: {w}"));
    if let Some(path) = options.extract.as_ref().filter(|p| !p.exists()) {
        return Err(Failure::new(
            Exit::Usage,
            format!("There is no file {} with a shape to extract under.", path.display()),
        ));
    }
    let paths: Vec<_> = options.open.iter().chain(&options.extract).cloned().collect();
    if !paths.is_empty() {
        host.send(Command::Open { paths });
    }
    let mut extract = options.extract.is_some();
    print(&format!("listening {address}\n"));
    let mut told = None;
    let mut painter = Painter::default();
    loop {
        let report = host.step();
        report.notices.iter().for_each(tell);
        for wanted in report.pictures {
            painter.paint(&mut host, wanted);
        }
        if extract && host.is_done_opening() {
            extract = false;
            host.send(Command::Extract { shape: None, reach_m: None, path: None });
        }
        let wanted = host.picture_wanted();
        let (size, scale) = wanted.unwrap_or((view, 1.0));
        // Ranges and positions are asked for as in the window, so that a notebook finds the same answers.
        let scene = host.scene(size, scale, VOID);
        if wanted.is_none() || !painter.drive(&mut host, &scene) {
            host.preload(&scene);
        }
        if options.report && told.as_ref() != Some(host.session().project()) {
            print(&format!("{}\n", state(host.session().project())));
            told = Some(host.session().project().clone());
        }
        host.wait(if wanted.is_some() { SOON } else { NAP });
    }
}

/// What draws, from the first picture that is asked for.
#[derive(Default)]
struct Painter {
    tools: Option<Result<(Gpu, Renderer), String>>,
}

impl Painter {
    fn tools(&mut self) -> Result<&mut (Gpu, Renderer), String> {
        let start = || -> Result<(Gpu, Renderer), String> {
            let gpu = Gpu::headless().map_err(|e| e.to_string())?;
            let options = RendererOptions { synchronous: true, ..RendererOptions::default() };
            let renderer = Renderer::new(&gpu, options).map_err(|e| e.to_string())?;
            Ok((gpu, renderer))
        };
        self.tools.get_or_insert_with(start).as_mut().map_err(|e| format!("Nothing can be drawn here: {e}."))
    }

    /// Asks for what a picture needs. `false`: nothing can be drawn.
    fn drive(&mut self, host: &mut Host, scene: &seaglass_render::Scene) -> bool {
        match self.tools() {
            Ok((_, renderer)) => {
                host.drive(renderer, scene);
                true
            }
            Err(_said_with_the_picture) => {
                host.pictures_cannot_be_drawn();
                false
            }
        }
    }

    fn paint(&mut self, host: &mut Host, wanted: WantedPicture) {
        let (size, scale, bare) = (wanted.size, wanted.scale, wanted.transparent);
        let scene = host.scene(size, scale, if bare { [0; 4] } else { VOID });
        let legend = wanted.legend;
        let drawn = self.tools().and_then(|(gpu, renderer)| {
            let made = renderer.render_image(&scene).map_err(anyhow::Error::from).and_then(|mut image| {
                if legend {
                    let options = Decoration { pixels_per_point: scale, dark: true, labels: true, north: true };
                    legend::decorate(gpu, &mut image, host.session(), options)?;
                }
                Ok(image)
            });
            made.map_err(|e| format!("The picture cannot be made: {e:#}."))
        });
        wanted.finish(drawn);
    }
}

/// Messages the window would show.
fn tell(notice: &Notice) {
    let level = match notice.level {
        Level::Info => "",
        Level::Warning => "warning: ",
        Level::Error => "error: ",
    };
    match &notice.file {
        Some(file) => eprintln!("seaglass: {level}{} ({})", notice.text, file.display()),
        None => eprintln!("seaglass: {level}{}", notice.text),
    }
}

/// The document on one line.
fn state(project: &Project) -> serde_json::Value {
    let mut state = serde_json::to_value(project).unwrap_or_else(|e| json!({ "error": e.to_string() }));
    if let Some(now) = state.pointer_mut("/timeline/now") {
        *now = json!(project.timeline.now.iso());
    }
    state
}
