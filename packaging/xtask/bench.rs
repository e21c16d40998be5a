//! `cargo xtask bench`: what a user waits for, beside what he would otherwise use. Prints a table with ratios and limits;
//! a limit that is missed is said, not punished: this is a measurement, and machines differ.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::shell::{Result, cargo, command, exists, output, root, run, target};
use crate::system::{Environment, Need, install_if_possible, prepare, venv};
use crate::tasks::release_binary;

/// Runs of each way; the median counts. Ways take turns, so that noise of the machine meets all of them.
const ROUNDS: usize = 5;

/// One picture drawn from one file, by us and by others.
struct Picture {
    title: &'static str,
    file: &'static str,
    field: &'static str,
    /// West, east, south, north of the others' map.
    map: &'static str,
    range: &'static str,
    /// What we aim at: at least this much faster than the fastest of the others.
    aim: f64,
}

const PICTURES: &[Picture] = &[
    Picture {
        title: "imager swath 8000 × 3000, 81 MB",
        file: "swath.nc",
        field: "sea_surface_temperature",
        map: "-35,20,-38,38",
        range: "280,301",
        aim: 5.0,
    },
    Picture {
        title: "global 0.05° SST analysis, 3600 × 7200",
        file: "sst_l4.nc",
        field: "analysed_sst",
        map: "-180,180,-90,90",
        range: "271,303",
        aim: 1.0,
    },
];

/// Everything a part of the benchmark needs.
struct Bench {
    environment: Environment,
    python: PathBuf,
    data: PathBuf,
    out: PathBuf,
}

/// `cargo xtask bench [a|b|c|d]...`.
pub fn bench(args: &[String]) -> Result<()> {
    let environment = prepare(Need::Run)?;
    let python = venv("bench", &["numpy", "netCDF4", "h5py", "matplotlib", "pillow"])?;
    let out = target().join("bench");
    let data = out.join("data");
    std::fs::create_dir_all(&data).map_err(|e| format!("cannot make {}: {e}", data.display()))?;
    run(command(&python).arg(script("inputs.py")).arg(&data))?;
    let bench = Bench { environment, python, data, out };
    let wanted = |part: &str| args.is_empty() || args.iter().any(|a| a == part);
    let mut failures = Vec::new();
    let mut part = |asked: bool, measure: &dyn Fn(&Bench) -> Result<()>| {
        if asked && let Err(message) = measure(&bench) {
            eprintln!("xtask: {message}");
            failures.push(message);
        }
    };
    part(wanted("a"), &pictures);
    part(wanted("b") || wanted("c"), &frames);
    part(wanted("d"), &decoding);
    if failures.is_empty() { Ok(()) } else { Err(format!("{} part(s) could not be measured", failures.len())) }
}

fn script(name: &str) -> PathBuf {
    root().join("packaging").join("bench").join(name)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Seconds from start to end of a program; an error when it fails or leaves no picture.
fn seconds(command: &mut Command, picture: &Path) -> Result<f64> {
    // An old picture must not pass for a new one.
    if picture.exists() {
        std::fs::remove_file(picture).map_err(|e| format!("cannot remove {}: {e}", picture.display()))?;
    }
    let start = Instant::now();
    output(command)?;
    let elapsed = start.elapsed().as_secs_f64();
    match picture.metadata() {
        Ok(m) if m.len() > 5_000 => Ok(elapsed),
        _ => Err(format!("`{}` left no picture", crate::shell::shown(command))),
    }
}

/// (a) From the start of the program to the finished PNG.
fn pictures(bench: &Bench) -> Result<()> {
    let seaglass = release_binary(&bench.environment)?;
    install_if_possible(&["gdal-bin"]);
    println!("\n(a) file to PNG, 1280 × 800, seconds, median of {ROUNDS}");
    for picture in PICTURES {
        let mut ways = vec!["seaglass", "numpy_bin", "mpl_stride"];
        if picture.map == "-180,180,-90,90" && exists("gdal_translate") && exists("gdaldem") {
            ways.push("gdal");
        }
        let mut times = vec![Vec::new(); ways.len()];
        for _ in 0..ROUNDS {
            for (way, times) in ways.iter().zip(&mut times) {
                times.push(draw(bench, &seaglass, picture, way)?);
            }
        }
        let medians: Vec<f64> = times.iter_mut().map(|t| median(t)).collect();
        println!("{}", picture.title);
        for (way, m) in ways.iter().zip(&medians) {
            println!("  {way:12} {m:7.2} s   {:6.2} × ours", m / medians[0]);
        }
        let best = medians[1..].iter().copied().fold(f64::INFINITY, f64::min) / medians[0];
        let verdict = if best >= picture.aim { "reached" } else { "missed" };
        println!("  fastest other way / ours = {best:.2} (aim ≥ {:.0}: {verdict})", picture.aim);
    }
    Ok(())
}

fn draw(bench: &Bench, seaglass: &Path, picture: &Picture, way: &str) -> Result<f64> {
    let file = bench.data.join(picture.file);
    let png = bench.out.join(format!("{way}-{}.png", picture.field));
    if way == "gdal" {
        return gdal(bench, &file, &png);
    }
    let mut program = if way == "seaglass" { command(seaglass) } else { command(&bench.python) };
    if way == "seaglass" {
        program.arg("render").arg(&file).arg("--out").arg(&png).args(["--size", "1280x800", "--field", picture.field]);
        program.args(["--projection", "equirectangular", "--range", picture.range, "--colormap", "viridis"]);
    } else {
        program.arg(script("peers.py")).args(["picture", way]).arg(&file);
        program.args([picture.field, picture.map, picture.range]).arg(&png);
    }
    seconds(&mut program, &png)
}

/// GDAL: nearest samples of the grid, then a colour relief.
fn gdal(bench: &Bench, file: &Path, png: &Path) -> Result<f64> {
    let ramp = bench.out.join("ramp.txt");
    let text = "nv 0 0 0 0\n-200 68 1 84 255\n1400 33 145 140 255\n3000 253 231 37 255\n";
    std::fs::write(&ramp, text).map_err(|e| format!("cannot write {}: {e}", ramp.display()))?;
    let tif = bench.out.join("gdal.tif");
    let source = format!("NETCDF:\"{}\":analysed_sst", file.display());
    let start = Instant::now();
    let size = ["-q", "-outsize", "1280", "800", "-r", "nearest"];
    output(command("gdal_translate").args(size).arg(source).arg(&tif))?;
    let sampled = start.elapsed().as_secs_f64();
    let mut colour = command("gdaldem");
    colour.args(["color-relief", "-q", "-alpha", "-of", "PNG"]).arg(&tif).arg(&ramp).arg(png);
    Ok(sampled + seconds(&mut colour, png)?)
}

/// Value of `key=` in a line of words.
fn value(line: &str, key: &str) -> Option<f64> {
    line.split_whitespace().find_map(|w| w.strip_prefix(key)?.strip_prefix('=')?.parse().ok())
}

/// (b) Frame times and (c) peak memory of the same, each scene in a process of its own.
fn frames(bench: &Bench) -> Result<()> {
    const MEMORY_LIMIT_MIB: f64 = 1536.0;
    println!("\n(b) one more frame after a camera move, 1280 × 800, read back; (c) peak memory");
    println!("  scene    view     median ms   worst   vertices   window MiB   readers MiB");
    let mut near = Vec::new();
    for scene in ["nothing", "pass", "day"] {
        let mut program = cargo();
        program.args(["bench", "--package", "seaglass", "--bench", "frame", "--", "--scene", scene, "--data"]);
        program.arg(&bench.data).arg("--pictures").arg(&bench.out);
        let text = output(bench.environment.apply(&mut program))?;
        for line in text.lines().filter(|l| l.starts_with("view=")) {
            let number = |key: &str| value(line, key).unwrap_or(f64::NAN);
            let view = if line.starts_with("view=near") { "near" } else { "globe" };
            let (ms, app, readers) = (number("median_ms"), number("app_mib"), number("workers_mib"));
            let (worst, vertices) = (number("worst_ms"), number("vertices"));
            println!("  {scene:8} {view:8} {ms:9.2} {worst:7.1} {vertices:10} {app:12.0} {readers:13.0}");
            if view == "near" {
                near.push(ms);
            } else if app > MEMORY_LIMIT_MIB {
                println!("  the window's process exceeds {MEMORY_LIMIT_MIB:.0} MiB");
            }
        }
    }
    if let [nothing, pass, day] = near[..] {
        let verdict = if day / pass <= 1.5 { "kept" } else { "exceeded" };
        println!(
            "  near: pass / nothing = {:.2}, day / pass = {:.2} (limit 1.5: {verdict})",
            pass / nothing,
            day / pass
        );
        return Ok(());
    }
    Err("the frame benchmark printed too few results".into())
}

/// A field that is decoded, and the file or folder of files it lies in.
const DECODED: [(&str, &str, &str); 3] = [
    ("imager swath, 16 bits", "swath.nc", "sea_surface_temperature"),
    ("global analysis, 16 bits", "sst_l4.nc", "analysed_sst"),
    ("day of a wide-swath altimeter, 28 files, 32 bits", "swot", "ssha_karin"),
];

/// (d) Stored bytes decoded in a second, beside Python libraries in the same run: in one process on one thread and on two,
/// as raw numbers and as values, and what arrives in the window through a reader process.
fn decoding(bench: &Bench) -> Result<()> {
    const AIM_ONE: f64 = 3.0;
    const AIM_TWO: f64 = 1.7;
    println!(
        "\n(d) decoding of whole fields, MB/s of stored bytes; files opened each time; values: unpacked and masked"
    );
    for (title, name, field) in DECODED {
        let files = files_of(&bench.data.join(name))?;
        println!("  {title}: {field}");
        let mut rates = Vec::new();
        for way in ["netcdf4", "netcdf4_raw", "h5py", "h5py_raw"] {
            let mut peer = command(&bench.python);
            peer.arg(script("peers.py")).args(["decode", way, field]).args(&files);
            let text = output(&mut peer)?;
            let mut numbers = text.split_whitespace().filter_map(|w| w.parse::<f64>().ok());
            let (Some(rate), Some(work)) = (numbers.next(), numbers.next()) else {
                return Err(format!("{way} printed no numbers"));
            };
            println!("    {way:24} {rate:7.0} MB/s   {work:5.0} MB per second of a processor");
            rates.push((rate, work));
        }
        let ((h5py, h5py_work), (h5py_raw, _)) = (rates[2], rates[3]);
        let memory = bench.out.join("remembered");
        let mut values = Vec::new();
        for (threads, remembered) in [("1", false), ("2", false), ("1", true)] {
            let mut program = cargo();
            program.args(["bench", "--package", "seaglass-formats", "--bench", "decode", "--", field, threads]);
            // As the pool starts readers: their memory comes in large pages.
            program.env("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1");
            program.env("SEAGLASS_FILE_CACHE", if remembered { memory.as_os_str() } else { "".as_ref() });
            let text = output(bench.environment.apply(program.args(&files)))?;
            let of =
                |key: &str| text.lines().find_map(|l| value(l, key)).ok_or("the decode benchmark printed no result");
            let (rate, raw, work, open) = (of("mb_per_s")?, of("raw_mb_per_s")?, of("cpu_mb_per_s")?, of("open_ms")?);
            if remembered {
                println!("    opened again, as it is remembered: {open:.2} ms a file; {:.2} × h5py", rate / h5py);
                continue;
            }
            println!(
                "    {:24} {rate:7.0} MB/s   {work:5.0} MB per second of a processor   = {:.2} × h5py, {:.2} by work",
                format!("ours, {threads} thread(s)"),
                rate / h5py,
                work / h5py_work
            );
            println!(
                "    {:24} {raw:7.0} MB/s   = {:.2} × h5py; {open:.2} ms to open a file",
                "  raw numbers",
                raw / h5py_raw
            );
            values.push(rate);
        }
        let verdict = |reached: bool| if reached { "reached" } else { "missed" };
        let (one, two) = (values[0] / h5py, values[1] / values[0]);
        println!("    one thread {one:.2} × h5py (aim ≥ {AIM_ONE}: {})", verdict(one >= AIM_ONE));
        println!("    two threads {two:.2} × one (aim ≥ {AIM_TWO}: {})", verdict(two >= AIM_TWO));
        if let [file] = files.as_slice() {
            let mut program = cargo();
            program.args(["bench", "--package", "seaglass", "--bench", "decode", "--"]).arg(file).arg(field);
            let text = output(bench.environment.apply(&mut program))?;
            let rate =
                text.lines().find_map(|l| value(l, "mb_per_s")).ok_or("the decode benchmark printed no result")?;
            println!("    {:24} {rate:7.0} MB/s   = {:.2} × h5py", "ours, through a reader", rate / h5py);
        }
    }
    Ok(())
}

/// A file, or the files of a folder in order of their names.
fn files_of(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_values() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert!(median(&mut []).is_nan());
        assert_eq!(value("scene=day median_ms=12.5 app_mib=300", "median_ms"), Some(12.5));
        assert_eq!(value("scene=day", "median_ms"), None);
    }
}
