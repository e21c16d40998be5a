//! `cargo xtask`: everything one does with this repository, the same on a fresh machine, in CI and at a desk.
//! Installs what is missing (Debian and Ubuntu), so that a clone and a Rust toolchain are enough.

mod bench;
mod coloc;
mod control;
mod fuzz;
mod gallery;
mod index;
mod shell;
mod size;
mod sweep;
mod system;
mod tasks;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask <task>

  run [FILE|DIR...]     build (release) and open the window on the sample day, or on the given data;
                        without a display, draw the sample day into target/sample-day.png
  test [FILTER]         format check, lints, every test: what CI runs
  bless [--fidelity]    rewrite golden pictures and recorded outputs from the present code;
                        --fidelity: record the expectations of tests/fidelity again with netCDF4-python
  docgen                rewrite generated documentation (readers/README.md, docs/commands.md, docs/cli.md)
  bench [a|b|c|d]...    measure file to picture, frame times, memory, decoding, beside Python's ways
  bench coloc [TASK]... measure the colocation engine on its reference work sets, beside scipy and others
  bench control [SIDE]  measure the control socket: a push of 10^8 floats, small commands, round trips, beside the bare
                        loopback
  bench index [ROWS]    measure the index on a million granules, beside what others need for the same
  bench size [PART]...  measure frames of millions of dots, thousands of drifters and granules, a whole altimeter cycle,
                        beside other programs and beside a part of it
  fuzz [SECONDS] [TARGET]...
                        change what our parsers read at random, for so long each (60 s), from another start every time: in
                        the tests, then by coverage in the targets of fuzz/ (cargo-fuzz is installed below target/tools)
  sweep DIR             every file of a folder through reader and renderer: a table and a contact sheet in target/sweep
  gallery [DIR]         every drawing method on globe, flat and polar maps, from the sample day and from real granules:
                        pictures, a sheet and a page in target/gallery
  setup                 only install what is missing
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let rest = args.get(1..).unwrap_or_default();
    let result = match args.first().map(String::as_str) {
        Some("run") => tasks::run(rest),
        Some("test") => tasks::test(rest),
        Some("bless") => tasks::bless(rest),
        Some("docgen") => tasks::docgen(),
        Some("bench") if rest.first().is_some_and(|r| r == "coloc") => coloc::bench(&rest[1..]),
        Some("bench") if rest.first().is_some_and(|r| r == "control") => control::bench(&rest[1..]),
        Some("bench") if rest.first().is_some_and(|r| r == "index") => index::bench(&rest[1..]),
        Some("bench") if rest.first().is_some_and(|r| r == "size") => size::bench(&rest[1..]),
        Some("bench") => bench::bench(rest),
        Some("fuzz") => fuzz::fuzz(rest),
        Some("sweep") => sweep::sweep(rest),
        Some("gallery") => gallery::gallery(rest),
        Some("setup") => system::prepare(system::Need::Test).map(drop),
        Some("help" | "--help" | "-h") | None => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Some(other) => Err(format!("there is no task `{other}`\n\n{USAGE}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
