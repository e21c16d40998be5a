//! `seaglass-worker`: reads files for the application in a process of its own, so that a damaged file can harm nothing
//! else. Requests come on standard input, answers go to standard output (frames of `seaglass_core::protocol`),
//! messages for the log to standard error. It ends when its input ends.

use std::io::{BufReader, BufWriter, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use seaglass_core::protocol::{AnswerFrame, RequestFrame, read_frame, write_head};
use seaglass_formats::{Reader, limits};

const USAGE: &str = "seaglass-worker is started by seaglass; it reads requests from standard input.\n\
                     seaglass-worker sample DIR [--seed N] [--progress] writes the sample day and prints each path, with \
                     --progress after how many files of how many it is (\"3/31\").";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let done = match args.first().map(String::as_str) {
        None => serve(),
        Some("sample") => sample(&args[1..]),
        Some("run") => become_program(&args[1..]),
        Some(_) => Err(anyhow::anyhow!("{USAGE}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("seaglass-worker: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Bounds itself like a reader and becomes a program of the user; returns only when that cannot be.
fn become_program(args: &[String]) -> anyhow::Result<()> {
    let [program, rest @ ..] = args else { anyhow::bail!("{USAGE}") };
    limits::limit_memory(limits::WORKER_ADDRESS_SPACE);
    let mut command = std::process::Command::new(program);
    command.args(rest);
    #[cfg(unix)]
    let error = std::os::unix::process::CommandExt::exec(&mut command);
    #[cfg(not(unix))]
    let error = std::io::Error::from(std::io::ErrorKind::Unsupported);
    Err(error).with_context(|| format!("{program} cannot be run"))
}

/// Answers requests until the input ends.
fn serve() -> anyhow::Result<()> {
    limits::limit_memory(limits::WORKER_ADDRESS_SPACE);
    limits::limit_threads();
    if let Some(folder) = cache_folder() {
        seaglass_formats::remembered::keep_in(&folder);
    }
    let mut input = BufReader::new(std::io::stdin().lock());
    let mut output = BufWriter::new(std::io::stdout().lock());
    let mut reader = Reader::new();
    while let Some((frame, _payload)) = read_frame::<RequestFrame>(&mut input).context("reading a request")? {
        let (answer, payload) = reader.handle(frame.request);
        write_head(&mut output, &AnswerFrame { id: frame.id, answer }, payload.byte_len())
            .and_then(|()| payload.write_to(&mut output))
            .and_then(|()| output.flush())
            .context("writing an answer")?;
        reader.settle();
    }
    Ok(())
}

/// Where files are remembered: the folder that `SEAGLASS_FILE_CACHE` names, nowhere when that is empty; else in the
/// cache of the user.
fn cache_folder() -> Option<PathBuf> {
    match std::env::var_os("SEAGLASS_FILE_CACHE") {
        Some(given) => Some(PathBuf::from(given)).filter(|p| !p.as_os_str().is_empty()),
        None => directories::ProjectDirs::from("org", "seaglass", "Seaglass").map(|d| d.cache_dir().join("files")),
    }
}

/// Writes the sample day.
fn sample(args: &[String]) -> anyhow::Result<()> {
    let (args, progress) = match args {
        [rest @ .., last] if last == "--progress" => (rest, true),
        all => (all, false),
    };
    let (dir, seed) = match args {
        [dir] => (dir, 1),
        [dir, flag, n] if flag == "--seed" => (dir, n.parse().with_context(|| format!("\"{n}\" is not a seed"))?),
        _ => anyhow::bail!("{USAGE}"),
    };
    let mut lost = None;
    seaglass_formats::sample::write_telling(std::path::Path::new(dir), seed, |path, done, all| {
        let count = if progress { format!("{done}/{all} ") } else { String::new() };
        let mut out = std::io::stdout().lock();
        let told = writeln!(out, "{count}{}", path.display()).and_then(|()| out.flush());
        lost = told.err().or(lost.take());
    })
    // Its sentence names the cause already; the chain would name it twice.
    .map_err(|e| anyhow::anyhow!("{e}"))?;
    lost.map_or(Ok(()), |e| Err(e).context("writing the names of the files"))
}
