//! `cargo xtask fuzz`: the parsers of ours on inputs changed at random, for a bounded time.

use crate::shell::{Result, cargo, command, output, root, run};
use crate::system::{Need, prepare};

/// Seconds for each parser.
const USUAL: u32 = 60;

/// `cargo xtask fuzz [SECONDS]`: the tests that change texts and frames, longer and from another start (which they print;
/// `SEAGLASS_FUZZ_SEED` gives it again); then what cargo-fuzz knows.
pub fn fuzz(args: &[String]) -> Result<()> {
    let seconds = match args {
        [] => USUAL,
        [n] => n.parse().map_err(|_word| format!("{n} is no number of seconds"))?,
        _ => return Err("cargo xtask fuzz [SECONDS]".into()),
    };
    let environment = prepare(Need::Test)?;
    // Parsers of texts of ours; parsers of texts of others.
    let tests = [["seaglass", "nasty", "parsers"], ["seaglass-formats", "texts", ""]];
    for [package, test, filter] in tests {
        let mut tests = cargo();
        tests.args(["test", "--package", package, "--test", test, "--", "--nocapture"]);
        tests.args(Some(filter).filter(|f| !f.is_empty())).env("SEAGLASS_FUZZ_SECONDS", seconds.to_string());
        run(environment.apply(&mut tests))?;
    }
    if output(command("cargo").args(["+nightly", "fuzz", "--version"])).is_err() {
        println!(
            "The targets of fuzz/ were left out: cargo-fuzz or a nightly compiler is missing (cargo install cargo-fuzz)."
        );
        return Ok(());
    }
    let targets = output(command("cargo").args(["+nightly", "fuzz", "list"]).current_dir(root().join("fuzz")))?;
    for target in targets.lines() {
        let limit = format!("-max_total_time={seconds}");
        let mut fuzz = command("cargo");
        run(fuzz.args(["+nightly", "fuzz", "run", target, "--", &limit]).current_dir(root().join("fuzz")))?;
    }
    Ok(())
}
