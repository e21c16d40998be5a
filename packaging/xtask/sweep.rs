//! `cargo xtask sweep`: every file of a folder through the reader and the renderer, to be looked at.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::shell::{Result, cargo, run, target};
use crate::system::{Need, prepare};

/// Size of a picture on the sheet.
const SIZE: &str = "480x300";

/// A row of `seaglass readers doctor`, and what `seaglass render` made of the file.
struct Row {
    file: String,
    reader: String,
    geometry: String,
    fields: String,
    problems: String,
    picture: Option<String>,
    result: String,
}

/// `cargo xtask sweep DIR`: table and contact sheet in `target/sweep`.
pub fn sweep(args: &[String]) -> Result<()> {
    let [folder] = args else { return Err("name one folder: cargo xtask sweep DIR".to_owned()) };
    let folder = std::path::absolute(folder).map_err(|e| format!("{folder}: {e}"))?;
    let environment = prepare(Need::Run)?;
    run(environment.apply(cargo().args(["build", "--package", "seaglass"])))?;
    let seaglass = target().join("debug").join(format!("seaglass{}", std::env::consts::EXE_SUFFIX));
    let out = target().join("sweep");
    if out.exists() {
        std::fs::remove_dir_all(&out).map_err(|e| format!("cannot remove {}: {e}", out.display()))?;
    }
    std::fs::create_dir_all(&out).map_err(|e| format!("cannot make {}: {e}", out.display()))?;
    let mut rows = examined(&seaglass, &folder)?;
    let total = rows.len();
    for (k, row) in rows.iter_mut().enumerate().filter(|(_, r)| r.reader != "refused") {
        render(&seaglass, &folder, &out, k, row);
        eprintln!("{}/{total} {} {}", k + 1, row.file, row.result);
    }
    let write = |name: &str, text: String| {
        std::fs::write(out.join(name), text).map_err(|e| format!("cannot write {name}: {e}"))
    };
    write("table.md", table(&rows))?;
    write("index.html", sheet(&rows))?;
    let drawn = rows.iter().filter(|r| r.result == "drawn").count();
    let refused = rows.iter().filter(|r| r.reader == "refused").count();
    println!(
        "{total} files: {drawn} drawn, {refused} refused, {} opened but not drawn.\n{}",
        total - drawn - refused,
        out.join("index.html").display()
    );
    Ok(())
}

fn examined(seaglass: &Path, folder: &Path) -> Result<Vec<Row>> {
    let out = Command::new(seaglass)
        .args(["readers", "doctor"])
        .arg(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| format!("cannot start {}: {e}", seaglass.display()))?;
    if !out.status.success() {
        return Err(format!("`seaglass readers doctor` ends with {}", out.status));
    }
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let row = |line: &str| {
        let cells: Vec<&str> = line.splitn(6, " | ").map(str::trim).collect();
        let [file, reader, _why, geometry, fields, problems] = cells.as_slice() else { return None };
        let own = |s: &str| s.to_owned();
        Some(Row {
            file: own(file),
            reader: own(reader),
            geometry: own(geometry),
            fields: own(fields),
            problems: own(problems),
            picture: None,
            result: "refused".to_owned(),
        })
    };
    // The first line names the columns.
    Ok(text.lines().skip(1).filter_map(row).collect())
}

fn render(seaglass: &Path, folder: &Path, out: &Path, number: usize, row: &mut Row) {
    let name = format!("{number:03}.png");
    let picture: PathBuf = out.join(&name);
    let start = Instant::now();
    let done = Command::new(seaglass)
        .arg("render")
        .arg(folder.join(&row.file))
        .arg("--out")
        .arg(&picture)
        .args(["--size", SIZE, "--legend", "--timeout", "120"])
        .stdin(Stdio::null())
        .output();
    row.result = match done {
        Ok(done) if done.status.success() => "drawn".to_owned(),
        Ok(done) => {
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            let sentence = said.lines().find_map(|l| l.strip_prefix("seaglass: ")).unwrap_or("it said nothing");
            format!("{}: {sentence}", done.status)
        }
        Err(e) => format!("cannot be started: {e}"),
    };
    if start.elapsed().as_secs() >= 60 {
        let _infallible = write!(row.result, " ({} s)", start.elapsed().as_secs());
    }
    row.picture = picture.is_file().then_some(name);
}

fn table(rows: &[Row]) -> String {
    let mut out = String::from("| file | reader | geometry | fields | result | notes |\n|---|---|---|---|---|---|\n");
    for r in rows {
        let cell = |s: &str| s.replace('|', "\\|");
        let row = [&r.file, &r.reader, &r.geometry, &r.fields, &r.result, &r.problems].map(|s| cell(s));
        let _infallible = writeln!(out, "| {} |", row.join(" | "));
    }
    out
}

fn sheet(rows: &[Row]) -> String {
    let mut out = String::from(
        "<!doctype html><meta charset=utf-8><title>Sweep</title><style>body{background:#111;color:#ddd;font:13px \
         sans-serif}figure{display:inline-block;width:480px;margin:6px;vertical-align:top}b{color:#fff}</style>\n",
    );
    let text = |s: &str| s.replace('&', "&amp;").replace('<', "&lt;");
    for r in rows {
        let picture = r.picture.as_ref().map(|p| format!("<img src={p} width=480>")).unwrap_or_default();
        let _infallible = writeln!(
            out,
            "<figure>{picture}<figcaption><b>{}</b><br>{} · {} · {}<br>{} {}</figcaption></figure>",
            text(&r.file),
            text(&r.reader),
            text(&r.geometry),
            text(&r.fields),
            text(&r.result),
            text(&r.problems)
        );
    }
    out
}
