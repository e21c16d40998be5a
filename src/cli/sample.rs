//! `seaglass sample`: the synthetic day, written by the reader program, which holds the netCDF library.

use std::process::{Command, Stdio};

use seaglass_data::pool::find_worker;

use super::{Exit, Failure, Outcome, args};

/// Writes the sample day.
pub fn run(options: &args::Sample) -> Outcome {
    let program = find_worker(None);
    let out = Command::new(&program)
        .arg("sample")
        .arg(&options.dir)
        .args(["--seed", &options.seed.to_string()])
        .stdout(Stdio::inherit())
        .output()
        .map_err(|e| {
            Failure::new(Exit::Internal, format!("The reader {} cannot be started: {e}.", program.display()))
        })?;
    if out.status.success() {
        return Ok(Vec::new());
    }
    // Its last line is the sentence, after its own name.
    let told = String::from_utf8_lossy(&out.stderr);
    let last = told.lines().rfind(|l| !l.trim().is_empty()).unwrap_or_default();
    let sentence = last.trim().trim_start_matches("seaglass-worker: ");
    let message = if sentence.is_empty() {
        format!("The sample day cannot be written ({}); try another folder.", out.status)
    } else {
        sentence.to_owned()
    };
    Err(Failure::new(Exit::Output, message).about(&options.dir))
}
