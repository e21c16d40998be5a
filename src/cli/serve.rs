//! `seaglass serve`: the session without a window, driven by notebooks over the control socket.

use std::time::Duration;

use glam::DVec2;
use seaglass_core::command::Command;
use seaglass_core::project::Project;
use seaglass_host::{ControlError, Host, HostOptions, Level, Notice};
use serde_json::json;

use super::{Exit, Failure, Outcome, args, print, readers_dir};

/// Looks again after this long even when nothing was signalled.
const NAP: Duration = Duration::from_millis(250);
/// Size of the view in pixels, for whatever frames data in it.
const VIEW: [u32; 2] = [1280, 800];

/// Serves until the process is ended.
pub fn run(options: &args::Serve) -> Outcome {
    let internal = |e: seaglass_host::HostError| Failure::new(Exit::Internal, e.to_string());
    let mut host =
        Host::new(HostOptions { readers_dir: readers_dir()?, ..HostOptions::default() }).map_err(internal)?;
    host.set_view_size(DVec2::new(f64::from(VIEW[0]), f64::from(VIEW[1])));
    let address = host.listen(&options.listen).map_err(|e| match e {
        ControlError::Address(_) => Failure::new(Exit::Usage, e.to_string()),
        _ => Failure::new(Exit::Internal, e.to_string()),
    })?;
    if !address.ip().is_loopback() {
        eprintln!(
            "seaglass: Everybody who can reach {address} can drive this session: the protocol knows no password."
        );
    }
    if !options.open.is_empty() {
        host.send(Command::Open { paths: options.open.clone() });
    }
    print(&format!("listening {address}\n"));
    let mut told = None;
    loop {
        for notice in host.step().notices {
            tell(&notice);
        }
        // Ranges and positions are asked for as in the window, so that a notebook finds the same answers.
        let scene = host.scene(VIEW, 1.0, [0; 4]);
        host.preload(&scene);
        if options.report && told.as_ref() != Some(host.session().project()) {
            print(&format!("{}\n", state(host.session().project())));
            told = Some(host.session().project().clone());
        }
        host.wait(NAP);
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
