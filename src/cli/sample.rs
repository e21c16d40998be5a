//! `seaglass sample`: the synthetic day, written by the reader program, which holds the netCDF library.

use std::process::Command;

use seaglass_data::pool::find_worker;

use super::{Exit, Failure, Outcome, args};

/// Writes the sample day.
pub fn run(options: &args::Sample) -> Outcome {
    let program = find_worker(None);
    let status = Command::new(&program)
        .arg("sample")
        .arg(&options.dir)
        .args(["--seed", &options.seed.to_string()])
        .status()
        .map_err(|e| {
            Failure::new(Exit::Internal, format!("The reader {} cannot be started: {e}.", program.display()))
        })?;
    if status.success() {
        return Ok(Vec::new());
    }
    Err(Failure::new(Exit::Output, format!("The sample day could not be written ({status}).")).about(&options.dir))
}
