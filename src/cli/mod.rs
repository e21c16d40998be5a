//! The command line: what `seaglass` does with its arguments.
//!
//! Errors are one line on standard error, `seaglass: <sentence> (<file>)`, or one JSON object with `--json`.
//! The exit codes are those of [`Exit`]; scripts may rely on them.

mod args;
mod ask;
mod colocate;
mod doctor;
mod extract;
mod failure;
mod inspect;
mod logger;
mod numbers;
mod probe;
mod readers;
mod render;
mod rgb_settings;
mod sample;
mod scene_setup;
mod serve;
mod style_settings;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use seaglass_app::window::{self, StartView, WindowOptions};

use args::{Args, Task};
pub use failure::{Exit, Failure, Outcome};

/// Makes a write beyond the limit on the size of files (`ulimit -f`) fail, so that it can be said like a full disk: the
/// signal would end the program without a word. Threads and readers that are started later have it from here.
fn large_files_are_errors() {
    #[cfg(unix)]
    {
        use nix::sys::signal::{SigSet, Signal};
        let mut signals = SigSet::empty();
        signals.add(Signal::SIGXFSZ);
        if let Err(e) = signals.thread_block() {
            log::debug!("a file that grows too large ends the program: {e}");
        }
    }
}

/// Reads the arguments and does what they say.
pub fn main() -> ExitCode {
    large_files_are_errors();
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(e) if matches!(e.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            print(&e.to_string());
            return ExitCode::SUCCESS;
        }
        Err(e) => return usage(&e),
    };
    logger::start(args.task.is_none());
    let json = args.task.as_ref().is_some_and(Task::wants_json);
    let outcome = match args.task {
        None => open_window(args),
        Some(Task::Render(options)) => render::run(options),
        Some(Task::Inspect(options)) => inspect::run(&options),
        Some(Task::Probe(options)) => probe::run(&options),
        Some(Task::Extract(options)) => extract::run(&options),
        Some(Task::Colocate(options)) => colocate::run(&options),
        Some(Task::Readers(options)) => readers::run(&options),
        Some(Task::Serve(options)) => serve::run(&options),
        Some(Task::Sample(options)) => sample::run(&options),
    };
    let failures = match outcome {
        Ok(failures) => failures,
        Err(failure) => vec![failure],
    };
    failures.iter().for_each(|f| f.report(json));
    let worst = failures.iter().map(|f| f.exit).min_by_key(|exit| *exit as u8);
    worst.map_or(ExitCode::SUCCESS, Into::into)
}

fn open_window(args: Args) -> Outcome {
    let place = args.look_at.as_deref().map(numbers::place).transpose()?;
    if place.is_none() && (args.altitude.is_some() || args.tilt.is_some()) {
        return Err(Failure::new(Exit::Usage, "--altitude and --tilt need --look-at.".to_owned()));
    }
    if args.altitude.is_some_and(|km| !(0.1..=60_000.0).contains(&km)) {
        return Err(Failure::new(Exit::Usage, "--altitude must lie between 0.1 and 60000 km.".to_owned()));
    }
    let altitude_m = args.altitude.map(|km| km * 1000.0);
    let tilt_deg = args.tilt.unwrap_or(0.0).clamp(0.0, 85.0);
    let camera = place.map(|place| StartView { place, altitude_m, tilt_deg });
    let (paths, listen, allow_files, token) = (args.paths, args.listen, args.allow_files, args.token);
    let options = WindowOptions {
        paths,
        camera,
        listen,
        allow_files,
        token,
        readers_dir: readers_dir()?,
        ..WindowOptions::default()
    };
    if !options.paths.is_empty() && options.paths.iter().all(|p| !p.exists()) {
        let missing = |p: &PathBuf| Failure::new(Exit::Unreadable, "The file does not exist.").about(p);
        return Ok(options.paths.iter().map(missing).collect());
    }
    window::run(options).map_err(|e| Failure::new(Exit::NoGpu, without_source_places(&format!("{e:#}"))))?;
    Ok(Vec::new())
}

/// A library's error text without the place in its source code.
fn without_source_places(text: &str) -> String {
    let is_place = |w: &str| w.starts_with('/') && w.contains(".rs:");
    let mut words: Vec<&str> = Vec::new();
    for word in text.split(' ') {
        if is_place(word) {
            words.pop_if(|w| *w == "at");
        } else {
            words.push(word);
        }
    }
    words.join(" ")
}

/// Clap's explanation on one line.
fn usage(error: &clap::Error) -> ExitCode {
    let text = error.to_string();
    let mut lines = text.lines().map(str::trim).filter(|l| !l.is_empty());
    let mut what = lines.next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    // The list of what is missing, or the tip, stands on the following lines.
    for line in lines.take_while(|l| !l.starts_with("Usage:") && !l.starts_with("For more")) {
        what = format!("{what} {line}");
    }
    let json = std::env::args().any(|a| a == "--json");
    let sentence = format!("{}. See seaglass --help.", what.trim_end_matches('.'));
    Failure::new(Exit::Usage, sentence).report(json);
    Exit::Usage.into()
}

/// Folder with the user's product files: `SEAGLASS_READERS`, else `readers` in the configuration folder.
///
/// # Errors
/// `SEAGLASS_READERS` names no folder: files would quietly be read by other rules than those meant.
fn readers_dir() -> Result<Option<PathBuf>, Failure> {
    let Some(given) = std::env::var_os("SEAGLASS_READERS").filter(|v| !v.is_empty()).map(PathBuf::from) else {
        let own = directories::ProjectDirs::from("", "", "seaglass");
        return Ok(own.map(|d| d.config_dir().join("readers")));
    };
    if given.is_dir() {
        return Ok(Some(given));
    }
    let what = if given.exists() { "is not a folder" } else { "does not exist" };
    let message = format!("What SEAGLASS_READERS names {what}; correct or unset that variable.");
    Err(Failure::new(Exit::Usage, message).about(&given))
}

/// Writes to standard output. A reader that has gone away (`| head`) is no error.
fn print(text: &str) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    if let Err(e) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        log::debug!("standard output: {e}");
    }
}
