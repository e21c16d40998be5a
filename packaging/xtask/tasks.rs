//! The tasks: run, test, bless, docgen.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::shell::{Result, cargo, command, root, run as run_command, target};
use crate::system::{Environment, Need, VirtualDisplay, has_display, prepare, venv};

/// Where the sample day is richest: the Gulf Stream.
const SAMPLE_VIEW: [&str; 5] = ["--look-at=-60,36", "--altitude", "4500", "--tilt", "30"];

/// The release build of the window; built when out of date.
pub fn release_binary(environment: &Environment) -> Result<PathBuf> {
    run_command(environment.apply(cargo().args(["build", "--release", "--package", "seaglass"])))?;
    Ok(target().join("release").join(format!("seaglass{}", std::env::consts::EXE_SUFFIX)))
}

/// The sample day, written at first use.
pub fn sample_day(seaglass: &PathBuf) -> Result<PathBuf> {
    let folder = target().join("sample-day");
    if !folder.is_dir() {
        // Written aside and renamed, so that an interrupted run leaves no half a day behind.
        let partial = target().join("sample-day.partial");
        if partial.exists() {
            std::fs::remove_dir_all(&partial).map_err(|e| format!("cannot remove {}: {e}", partial.display()))?;
        }
        run_command(command(seaglass).arg("sample").arg(&partial))?;
        std::fs::rename(&partial, &folder).map_err(|e| format!("cannot rename {}: {e}", partial.display()))?;
    }
    Ok(folder)
}

/// `cargo xtask run [FILE|DIR...]`.
pub fn run(args: &[String]) -> Result<()> {
    let environment = prepare(Need::Run)?;
    let seaglass = release_binary(&environment)?;
    let data: Vec<PathBuf> =
        if args.is_empty() { vec![sample_day(&seaglass)?] } else { args.iter().map(PathBuf::from).collect() };
    let place: &[&str] = if args.is_empty() { &SAMPLE_VIEW } else { &[] };
    if has_display() {
        // Paths a user types are relative to where he is, not to the repository.
        return run_command(Command::new(&seaglass).args(place).args(&data));
    }
    let picture = target().join("sample-day.png");
    let mut render = Command::new(&seaglass);
    render.arg("render").args(place).args(&data).arg("--out").arg(&picture).args(["--size", "1440x900", "--legend"]);
    run_command(&mut render)?;
    println!("No display here (DISPLAY and WAYLAND_DISPLAY are unset), so the picture is in {}", picture.display());
    Ok(())
}

/// Totals of libtest's `test result:` lines.
#[derive(Default)]
struct Totals {
    passed: usize,
    failed: usize,
}

impl Totals {
    fn add(&mut self, line: &str) {
        let Some(rest) = line.strip_prefix("test result: ") else { return };
        let number = |label: &str| {
            let before = rest.split(label).next().unwrap_or_default();
            before.split([' ', '.']).rfind(|w| !w.is_empty()).and_then(|w| w.parse::<usize>().ok()).unwrap_or(0)
        };
        self.passed += number(" passed");
        self.failed += number(" failed");
    }
}

/// `cargo xtask test [FILTER]`: format, lints, tests; all three run even when one fails.
pub fn test(args: &[String]) -> Result<()> {
    let environment = prepare(Need::Test)?;
    let mut failures = Vec::new();
    if args.is_empty() {
        let steps: [&[&str]; 2] =
            [&["fmt", "--all", "--check"], &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]];
        for step in steps {
            if let Err(message) = run_command(environment.apply(cargo().args(step))) {
                failures.push(message);
            }
        }
    }
    let mut totals = Totals::default();
    let mut tests = cargo();
    tests.args(["test", "--workspace", "--no-fail-fast"]).args(args);
    if let Err(message) = with_display(environment.apply(&mut tests), &mut totals) {
        failures.push(message);
    }
    println!("xtask test: {} passed, {} failed", totals.passed, totals.failed);
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
}

/// Runs `tests` with a display, passing its output on and counting results.
fn with_display(tests: &mut Command, totals: &mut Totals) -> Result<()> {
    let display = if has_display() { None } else { Some(VirtualDisplay::start()?) };
    if let Some(display) = &display {
        tests.env("DISPLAY", &display.name);
    }
    eprintln!("+ {}", crate::shell::shown(tests));
    let mut child = tests.stdout(Stdio::piped()).spawn().map_err(|e| format!("cannot start the tests: {e}"))?;
    let stdout = child.stdout.take().ok_or("the tests have no output")?;
    let mut own = std::io::stdout();
    for line in BufReader::new(stdout).lines() {
        let line = line.map_err(|e| format!("the output of the tests broke off: {e}"))?;
        totals.add(&line);
        // A reader that went away (`| head`) must not end the tests.
        let _printed = writeln!(own, "{line}");
    }
    let status = child.wait().map_err(|e| format!("the tests cannot be waited for: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` failed ({status})", crate::shell::shown(tests))) }
}

/// `cargo xtask bless [--fidelity [GRANULES OUT]]`: rewrites recorded expectations; look at the difference before you commit it.
pub fn bless(args: &[String]) -> Result<()> {
    if args.first().is_some_and(|a| a == "--fidelity") {
        return record_fidelity(&args[1..]);
    }
    let environment = prepare(Need::Test)?;
    let mut totals = Totals::default();
    let mut tests = cargo();
    tests.args(["test", "--workspace", "--no-fail-fast"]).args(args);
    tests.env("SEAGLASS_BLESS", "1").env("UPDATE_SNAPSHOTS", "1");
    let outcome = with_display(environment.apply(&mut tests), &mut totals);
    println!("xtask bless: {} passed, {} failed; see `git diff`", totals.passed, totals.failed);
    outcome
}

/// What netCDF4-python says of the real granules, by the Python that `SEAGLASS_PYTHON` names, else by one of our own.
fn record_fidelity(folders: &[String]) -> Result<()> {
    let python = match std::env::var_os("SEAGLASS_PYTHON").filter(|p| !p.is_empty()) {
        Some(python) => PathBuf::from(python),
        None => {
            prepare(Need::Build)?;
            venv("fidelity", &["numpy", "netCDF4", "pyproj"])?
        }
    };
    // The folder with real granules lies beside the repository; it is not part of it.
    let beside = ["../shared/granules".to_owned(), "tests/fidelity/expected".to_owned()];
    let folders = if folders.is_empty() { &beside } else { folders };
    if let Some(granules) = folders.first().filter(|f| !root().join(f).is_dir()) {
        return Err(format!("there are no granules in {granules}: `cargo xtask bless --fidelity GRANULES OUT`"));
    }
    run_command(command(python).arg("tests/fidelity/expect.py").args(folders))
}

/// `cargo xtask docgen`: the test that compares the generated documents with the code, told to write them instead.
pub fn docgen() -> Result<()> {
    let environment = prepare(Need::Build)?;
    let mut tests = cargo();
    tests.args(["test", "--package", "seaglass", "--test", "docs"]).env("SEAGLASS_BLESS", "1");
    run_command(environment.apply(&mut tests))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_counted() {
        let mut totals = Totals::default();
        totals.add("test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 1.14s");
        totals.add("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s");
        totals.add("running 5 tests");
        assert_eq!((totals.passed, totals.failed), (15, 2));
    }
}
