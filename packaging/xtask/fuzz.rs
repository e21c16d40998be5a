//! `cargo xtask fuzz`: the parsers of ours on inputs changed at random, for a bounded time.

use std::path::PathBuf;
use std::process::Command;

use crate::shell::{Result, cargo, command, output, root, run, target};
use crate::system::{Environment, Need, prepare};

/// Seconds for each parser.
const USUAL: u32 = 60;
/// What a run may take, MiB: the limit of a reader process.
const MEMORY_MIB: u32 = 6144;

/// `cargo xtask fuzz [SECONDS] [TARGET…]`: the tests that change texts and frames, longer and from another start (which
/// they print; `SEAGLASS_FUZZ_SEED` gives it again); then the targets of `fuzz/`. With names, these targets alone.
pub fn fuzz(args: &[String]) -> Result<()> {
    let (seconds, names) = match args {
        [] => (USUAL, args),
        [n, rest @ ..] => match n.parse() {
            Ok(seconds) => (seconds, rest),
            Err(_word) => (USUAL, args),
        },
    };
    let environment = prepare(Need::Test)?;
    if names.is_empty() {
        tests(&environment, seconds)?;
    }
    targets(&environment, seconds, names)
}

/// Parsers of texts of ours; parsers of texts of others.
fn tests(environment: &Environment, seconds: u32) -> Result<()> {
    for [package, test, filter] in [["seaglass", "nasty", "parsers"], ["seaglass-formats", "texts", ""]] {
        let mut tests = cargo();
        tests.args(["test", "--package", package, "--test", test, "--", "--nocapture"]);
        tests.args(Some(filter).filter(|f| !f.is_empty())).env("SEAGLASS_FUZZ_SECONDS", seconds.to_string());
        run(environment.apply(&mut tests))?;
    }
    Ok(())
}

/// The targets of `fuzz/`, which are told by coverage what to try next. Instrumented code lies in `target/fuzz`, what was
/// found to be interesting in `target/fuzz/corpus`, and what fails in `target/fuzz/artifacts`.
fn targets(environment: &Environment, seconds: u32, names: &[String]) -> Result<()> {
    let tool = tool(environment)?;
    // The versions that are tested are those that are shipped.
    let (from, to) = (root().join("Cargo.lock"), root().join("fuzz/Cargo.lock"));
    std::fs::copy(&from, &to).map_err(|e| format!("cannot copy {}: {e}", from.display()))?;
    let known = output(&mut tool.command("list"))?;
    let known: Vec<&str> = known.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    if let Some(name) = names.iter().find(|n| !known.contains(&n.as_str())) {
        return Err(format!("{name} is no target of fuzz/; there are {}", known.join(", ")));
    }
    let folder = target().join("fuzz");
    let mut failed = Vec::new();
    for name in known.iter().filter(|k| names.is_empty() || names.iter().any(|n| n == *k)) {
        let (corpus, artifacts) = (folder.join("corpus").join(name), folder.join("artifacts").join(name));
        for dir in [&corpus, &artifacts] {
            std::fs::create_dir_all(dir).map_err(|e| format!("cannot make {}: {e}", dir.display()))?;
        }
        let mut one = tool.command("run");
        one.args(["--sanitizer", "none", "--target-dir"]).arg(&folder).arg(name).arg(&corpus);
        one.args(seeds(name).into_iter().filter(|dir| dir.is_dir()));
        one.arg("--")
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-artifact_prefix={}/", artifacts.display()));
        // No file of ours is remembered, and a slow input is one that takes as long as a user's patience.
        one.args(["-timeout=20", "-print_final_stats=1", "-close_fd_mask=1"])
            .arg(format!("-rss_limit_mb={MEMORY_MIB}"));
        one.arg(format!("-malloc_limit_mb={MEMORY_MIB}")).env("SEAGLASS_FILE_CACHE", "");
        if run(&mut one).is_err() {
            failed.push(format!("{name} (see {})", artifacts.display()));
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("these targets failed: {}", failed.join(", "))) }
}

/// Where a target begins: inputs that are right.
fn seeds(target: &str) -> Vec<PathBuf> {
    let mut dirs = vec![root().join("fuzz/seeds").join(target)];
    match target {
        "grib" => dirs.push(root().join("src/formats/tests/grib")),
        "operations" => dirs.push(root().join("src/control/tests/vectors")),
        "products" => dirs.push(root().join("readers")),
        _ => {}
    }
    dirs
}

/// cargo-fuzz, and what it needs to be told here.
struct Tool<'a> {
    environment: &'a Environment,
    folder: PathBuf,
    nightly: bool,
}

impl Tool<'_> {
    fn command(&self, task: &str) -> Command {
        let mut command = cargo();
        if self.nightly {
            command = Command::new("cargo");
            command.current_dir(root()).arg("+nightly");
        } else {
            // Instrumenting for coverage is not stable yet, and the stable compiler can do it.
            command.env("RUSTC_BOOTSTRAP", "1");
        }
        self.environment.apply(&mut command);
        let path = command.get_envs().find(|(key, _)| *key == "PATH").and_then(|(_, path)| path).unwrap_or_default();
        let all: Vec<PathBuf> = std::iter::once(self.folder.clone()).chain(std::env::split_paths(path)).collect();
        if let Ok(path) = std::env::join_paths(all) {
            command.env("PATH", path);
        }
        command.args(["fuzz", task, "--fuzz-dir"]).arg(root().join("fuzz"));
        command
    }
}

/// cargo-fuzz of this machine, or one installed below `target`.
fn tool(environment: &Environment) -> Result<Tool<'_>> {
    let folder = target().join("tools/cargo-fuzz/bin");
    let nightly = output(command("cargo").args(["+nightly", "--version"])).is_ok();
    if output(cargo().args(["fuzz", "--version"])).is_err() && !folder.is_dir() {
        let mut install = cargo();
        install.args(["install", "cargo-fuzz", "--version", "^0.13", "--locked", "--root"]);
        run(environment.apply(install.arg(target().join("tools/cargo-fuzz"))))
            .map_err(|e| format!("{e}\ncargo-fuzz could not be installed; the targets of fuzz/ need it"))?;
    }
    Ok(Tool { environment, folder, nightly })
}
