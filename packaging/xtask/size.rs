//! `cargo xtask bench size`: frames of much data. Made in memory by the benchmarks of the renderer, or read from the files of
//! a whole altimeter cycle. Each prints its ratios to what other programs needed (docs/performance.md) and to a part of
//! itself; a limit that is missed is said, not punished.

use std::path::Path;

use crate::shell::{Result, cargo, command, output, root, run, target};
use crate::system::{Environment, Need, prepare, venv};

/// Benchmarks of the renderer: name of a part, of the benchmark, and what it is asked for.
const PARTS: &[(&str, &str, &str)] = &[
    ("dots", "paths", "dots"),
    ("trails", "paths", "trails"),
    ("streams", "streams", ""),
    ("surfaces", "surfaces", ""),
    ("granules", "granules", ""),
];
/// The part that reads files.
const CYCLE: &str = "cycle";

/// `cargo xtask bench size [dots|trails|streams|surfaces|granules|cycle]...`.
pub fn bench(args: &[String]) -> Result<()> {
    let known = |a: &String| a == CYCLE || PARTS.iter().any(|(name, ..)| a == name);
    if let Some(unknown) = args.iter().find(|a| !known(a)) {
        return Err(format!("there is no part `{unknown}` of the benchmark of size; leave it out to run all of them"));
    }
    let environment = prepare(Need::Run)?;
    let wanted = |part: &str| args.is_empty() || args.iter().any(|a| a == part);
    let mut failures = Vec::new();
    for (name, bench, part) in PARTS.iter().filter(|(name, ..)| wanted(name)) {
        println!("\n{name}");
        let mut program = cargo();
        program.args(["bench", "--package", "seaglass-render", "--bench", bench, "--"]);
        program.args((!part.is_empty()).then_some(part));
        if let Err(message) = run(environment.apply(&mut program)) {
            failures.push(message);
        }
    }
    if wanted(CYCLE)
        && let Err(message) = cycle(&environment)
    {
        eprintln!("xtask: {message}");
        failures.push(message);
    }
    if failures.is_empty() { Ok(()) } else { Err(format!("{} part(s) could not be measured", failures.len())) }
}

/// What one run of the cycle's benchmark said.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Said {
    steady_ms: f64,
    rss_mib: f64,
    peak_mib: f64,
    loading_p99_ms: f64,
    scrub_first_ms: f64,
    scrub_refined_ms: f64,
}

impl Said {
    fn of(text: &str) -> Option<Self> {
        let line = |begin: &str| text.lines().find(|l| l.starts_with(begin));
        let number = |begin: &str, key: &str| {
            let words = line(begin)?.split_whitespace();
            words.filter_map(|w| w.split_once('=')).find(|(k, _)| *k == key)?.1.parse().ok()
        };
        Some(Self {
            steady_ms: number("steady", "median_ms")?,
            rss_mib: number("steady", "rss_mib")?,
            peak_mib: number("steady", "peak_mib")?,
            loading_p99_ms: number("loading", "p99_ms")?,
            scrub_first_ms: number("scrub", "first_ms")?,
            scrub_refined_ms: number("scrub", "refined_ms")?,
        })
    }
}

fn verdict(kept: bool) -> &'static str {
    if kept { "kept" } else { "exceeded" }
}

/// A day of the altimeter and a cycle of it, each in a process of its own.
fn cycle(environment: &Environment) -> Result<()> {
    const MEMORY_MIB: f64 = 2048.0;
    println!("\ncycle: 584 half orbits of 9860 × 69, beside a day of 28");
    let out = target().join("bench");
    let data = out.join("data");
    std::fs::create_dir_all(&data).map_err(|e| format!("cannot make {}: {e}", data.display()))?;
    let python = venv("bench", &["numpy", "netCDF4", "h5py", "matplotlib", "pillow"])?;
    run(command(&python).arg(root().join("packaging").join("bench").join("inputs.py")).arg(&data).arg("cycle"))?;
    let day = folder(environment, &data, &out, "swot")?;
    let cycle = folder(environment, &data, &out, "cycle")?;
    let ratio = cycle.steady_ms / day.steady_ms;
    println!("  steady frame, cycle / day: {ratio:.2} (limit 1.5: {})", verdict(ratio <= 1.5));
    let memory = cycle.rss_mib.max(cycle.peak_mib);
    let kept = verdict(memory <= MEMORY_MIB);
    println!("  the window's process at its largest: {memory:.0} MiB (limit {MEMORY_MIB:.0}: {kept})");
    for (name, said) in [("day", day), ("cycle", cycle)] {
        let ratio = said.loading_p99_ms / said.steady_ms;
        let kept = verdict(ratio <= 2.0);
        println!("  {name}, input to frame while loading, p99 / idle frame: {ratio:.2} (limit 2: {kept})");
        println!(
            "  {name}, an hour of the clock: {:.0} ms to the first picture, {:.0} ms to the refined one",
            said.scrub_first_ms, said.scrub_refined_ms
        );
    }
    Ok(())
}

fn folder(environment: &Environment, data: &Path, out: &Path, name: &str) -> Result<Said> {
    let mut program = cargo();
    program.args(["bench", "--package", "seaglass", "--bench", "cycle", "--", "--folder", name, "--data"]);
    program.arg(data).arg("--pictures").arg(out);
    let text = output(environment.apply(&mut program))?;
    print!("{text}");
    Said::of(&text).ok_or_else(|| format!("the benchmark of `{name}` printed too few results"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_read_from_their_lines() {
        let text = "noise p99_ms=1\nsteady folder=swot median_ms=12.5 rss_mib=400 peak_mib=500\n\
                    loading p99_ms=30 idle_ms=12.5\nscrub first_ms=14 refined_ms=80.5\n";
        let said = Said::of(text).unwrap();
        assert_eq!((said.steady_ms, said.peak_mib, said.loading_p99_ms), (12.5, 500.0, 30.0));
        assert_eq!((said.scrub_first_ms, said.scrub_refined_ms), (14.0, 80.5));
        assert_eq!(Said::of("steady median_ms=12.5"), None);
    }
}
