//! `cargo xtask bench index`: the index of a million granules beside other ways to keep such a table.

use crate::shell::{Result, cargo, output};
use crate::system::{Need, prepare};

/// What others need for the same task, as measured once on two cores (November 2026, Debian 12; medians of 90 questions):
/// name, seconds to build, milliseconds of a question.
const OTHERS: &[(&str, f64, f64)] = &[
    ("numpy, sorted", 0.4, 0.025),
    ("SQLite R*Tree alone", 14.0, 0.21),
    ("SQLite B-tree alone", 2.3, 0.30),
    ("DuckDB, file", 0.7, 1.19),
    ("geopandas", 1.4, 2.05),
    ("pandas", 0.4, 6.32),
    ("DuckDB on Parquet", 0.1, 35.8),
];

/// `cargo xtask bench index [ROWS]`.
pub fn bench(args: &[String]) -> Result<()> {
    let environment = prepare(Need::Run)?;
    let rows = args.first().map_or("1000000", String::as_str);
    let mut program = cargo();
    program.args(["bench", "--package", "seaglass-index", "--bench", "index", "--", "--rows", rows]);
    let text = output(environment.apply(&mut program))?;
    println!("\nindex of {rows} granules: a window of time and a box, 90 questions");
    println!("  {:24} build s   open and first s   MiB   median ms   p95 ms   slowest ms", "way");
    let mut ours = None;
    for line in text.lines().filter(|l| l.starts_with("way=")) {
        let of = |key: &str| {
            let word = line.split_whitespace().find_map(|w| w.strip_prefix(key)?.strip_prefix('='));
            word.and_then(|w| w.parse::<f64>().ok()).unwrap_or(f64::NAN)
        };
        let way = if line.starts_with("way=index") { "seaglass, whole catalogue" } else { "R*Tree, times and boxes" };
        println!(
            "  {way:24} {:7.1} {:18.3} {:5.0} {:11.3} {:8.3} {:12.2}",
            of("build_s"),
            of("first_s"),
            of("mib"),
            of("median_ms"),
            of("p95_ms"),
            of("max_ms")
        );
        if line.starts_with("way=index") {
            ours = Some([of("median_ms"), of("p95_ms"), of("first_s")]);
        }
    }
    let Some([median, p95, first]) = ours else { return Err("the index benchmark printed no result".into()) };
    println!("  others, measured once elsewhere (times and boxes alone):");
    for (name, build, ms) in OTHERS {
        println!("  {name:24} {build:7.1} {:18} {:5} {ms:11.3}   {:.1} × ours", "", "", ms / median);
    }
    let verdict = |reached: bool| if reached { "kept" } else { "exceeded" };
    println!(
        "  limits: median 1 ms: {}, p95 5 ms: {}, first answer 1 s: {}",
        verdict(median <= 1.0),
        verdict(p95 <= 5.0),
        verdict(first < 1.0)
    );
    Ok(())
}
