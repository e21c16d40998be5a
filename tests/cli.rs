//! The command line: exit codes and texts a script can rely on.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

#[cfg(feature = "worker")]
#[path = "support/sample_day.rs"]
mod sample_day;

use std::path::Path;
use std::process::{Command, Output};

const SEAGLASS: &str = env!("CARGO_BIN_EXE_seaglass");

fn seaglass(args: &[&str]) -> Output {
    Command::new(SEAGLASS).args(args).output().unwrap()
}

fn stderr(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).trim().to_owned()
}

fn stdout(out: &Output) -> String {
    String::from_utf8_lossy(&out.stdout).into_owned()
}

fn path(p: &Path) -> &str {
    p.to_str().unwrap()
}

#[test]
fn help_lists_the_exit_codes() {
    let out = seaglass(&["--help"]);
    assert_eq!(out.status.code(), Some(0));
    for word in [
        "render",
        "inspect",
        "probe",
        "readers",
        "sample",
        "Exit codes:",
        "3  a file could not be read",
        "4  files were read",
    ] {
        assert!(stdout(&out).contains(word), "{word}");
    }
}

#[test]
fn wrong_arguments_are_one_line_and_exit_2() {
    let cases: &[(&[&str], &str)] = &[
        (&["render", "x.nc", "--out", "p.png", "--no-such-thing"], "--no-such-thing"),
        (&["render", "x.nc"], "--out"),
        (&["render", "x.nc", "--out", "p.png", "--size", "big"], "WxH"),
        (&["render", "x.nc", "--out", "p.png", "--look-at", "10,99"], "not a place on the Earth"),
        (&["render", "x.nc", "--out", "p.png", "--projection", "sinusoidal"], "mercator"),
        (&["render", "x.nc", "--out", "p.png", "--colormap", "beige"], "viridis"),
        (&["render", "x.nc", "--out", "p.png", "--range", "5,1"], "not a range"),
        (&["render", "x.nc", "--out", "p.png", "--time", "yesterday"], "yesterday"),
        (&["render", "x.nc", "--out", "p.png", "--window", "1 fortnight"], "duration"),
        (&["render", "x.nc", "--out", "p.png", "--tilt", "89"], "--tilt"),
        (&["render", "x.nc", "--out", "p.png", "--altitude", "-5"], "--altitude must lie between 0.1 and 60000 km"),
        (&["render", "x.nc", "--out", "p.png", "--tilt", "-5"], "--tilt must lie between 0 and 85"),
        (&["render", "x.nc", "--out", "p.png", "--opacity", "-0.5"], "--opacity must lie between 0 and 1"),
        (&["--look-at", "0,0", "--altitude", "-5"], "--altitude must lie between 0.1 and 60000 km"),
        (&["probe", "x.nc", "--field", "f", "--at", "0,0", "--reach", "-1"], "--reach must lie between 0 and 180"),
        (&["render", "x.nc", "--out", "p.jpg"], "written as PNG, not as jpg"),
        (&["render", "x.nc", "--out", "p"], "ends in .png"),
        (&["render", "x.nc", "--out", "png"], "ends in .png"),
        (&["probe", "x.nc", "--field", "f"], "--at"),
        (&["probe", "x.nc", "--field", "f", "--at", "here"], "LON,LAT"),
    ];
    for (args, word) in cases {
        let out = seaglass(args);
        let text = stderr(&out);
        assert_eq!(out.status.code(), Some(2), "{args:?}: {text}");
        assert!(text.starts_with("seaglass: ") && text.lines().count() == 1 && text.contains(word), "{args:?}: {text}");
    }
}

#[test]
fn a_missing_file_exits_3_and_names_it() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing.nc");
    let png = dir.path().join("p.png");
    for args in [
        &["inspect", path(&missing)][..],
        &["probe", path(&missing), "--field", "f", "--at", "0,0"],
        &["render", path(&missing), "--out", path(&png)],
        &["readers", "check", path(&missing)],
    ] {
        let out = seaglass(args);
        assert_eq!(out.status.code(), Some(3), "{args:?}: {}", stderr(&out));
        assert_eq!(stderr(&out), format!("seaglass: The file does not exist. ({})", missing.display()), "{args:?}");
    }
    assert!(!png.exists());
}

#[cfg(unix)]
#[test]
fn a_pipe_is_refused_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe.nc");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let out = seaglass(&["inspect", path(&pipe)]);
    assert_eq!(out.status.code(), Some(3));
    assert_eq!(stderr(&out), format!("seaglass: This is not an ordinary file. ({})", pipe.display()));
}

#[test]
fn errors_come_as_json_when_asked() {
    let out = seaglass(&["inspect", "/nonexistent/x.nc", "--json"]);
    let error: serde_json::Value = serde_json::from_str(&stderr(&out)).unwrap();
    assert_eq!(error["error"]["code"], 3);
    assert_eq!(error["error"]["kind"], "unreadable");
    assert_eq!(error["error"]["file"], "/nonexistent/x.nc");
    let out = seaglass(&["probe", "x.nc", "--json"]);
    let error: serde_json::Value = serde_json::from_str(&stderr(&out)).unwrap();
    assert_eq!((out.status.code(), &error["error"]["kind"]), (Some(2), &"usage".into()));
}

#[test]
fn product_files_are_listed_and_checked() {
    let out = seaglass(&["readers", "list", "--json"]);
    assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    let list: serde_json::Value = serde_json::from_str(&stdout(&out)).unwrap();
    assert!(list.as_array().unwrap().iter().all(|p| p["id"].is_string() && p["title"].is_string()));

    let dir = tempfile::tempdir().unwrap();
    let toml = dir.path().join("mine.toml");
    std::fs::write(&toml, "[product]\nid = 'mine'\ntitle = 'Mine'\n[match]\nfiles = ['mine_*']\n").unwrap();
    let out = seaglass(&["readers", "check", path(&toml)]);
    assert_eq!((out.status.code(), stdout(&out).contains("product mine")), (Some(0), true), "{}", stderr(&out));

    std::fs::write(&toml, "[product]\nid = 'mine'\ntitle = 'Mine'\ncolour = 'red'\n").unwrap();
    let out = seaglass(&["readers", "check", path(dir.path())]);
    assert_eq!(out.status.code(), Some(3));
    assert!(stderr(&out).starts_with("seaglass: Line 4, column 1: "), "{}", stderr(&out));
    assert!(stderr(&out).contains("colour") && stderr(&out).contains("mine.toml"), "{}", stderr(&out));

    // The user's folder is used by every command.
    let out = Command::new(SEAGLASS).args(["readers", "list"]).env("SEAGLASS_READERS", dir.path()).output().unwrap();
    assert_eq!(out.status.code(), Some(3), "the broken file is reported");
}

#[test]
fn a_readers_folder_that_is_not_there_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (none, data) = (dir.path().join("none"), dir.path().join("x.nc"));
    std::fs::write(&data, b"no matter").unwrap();
    let (png, data) = (dir.path().join("p.PNG"), path(&data));
    for args in [
        &["readers", "list"][..],
        &["readers", "check"],
        &["inspect", data],
        &["probe", data, "--field", "f", "--at", "0,0"],
        &["render", data, "--out", path(&png)],
        &[data],
    ] {
        let out = Command::new(SEAGLASS).args(args).env("SEAGLASS_READERS", &none).output().unwrap();
        let told = format!(
            "seaglass: What SEAGLASS_READERS names does not exist; correct or unset that variable. ({})",
            none.display()
        );
        assert_eq!((out.status.code(), stderr(&out)), (Some(2), told), "{args:?}");
    }
}

#[test]
#[cfg(feature = "worker")]
fn a_sample_day_that_cannot_be_written_says_so_once() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let inside = file.join("day");
    let out = seaglass(&["sample", path(&inside)]);
    let told = stderr(&out);
    assert_eq!((out.status.code(), told.lines().count()), (Some(6), 1), "{told}");
    assert!(told.starts_with("seaglass: The folder "), "{told}");
    assert_eq!(told.matches("os error").count(), 1, "{told}");
}

#[cfg(feature = "worker")]
mod with_data {
    use super::*;
    use std::path::PathBuf;

    fn sst_l4() -> PathBuf {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(sample_day::sample_day()).unwrap().flatten().map(|e| e.path()).collect();
        files.retain(|f| f.to_string_lossy().contains("L4"));
        files.sort();
        files.into_iter().next().expect("the sample day has an L4 analysis")
    }

    #[test]
    fn inspect_describes_a_file() {
        let file = sst_l4();
        let out = seaglass(&["inspect", path(&file), "--json"]);
        assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
        let info: serde_json::Value = serde_json::from_str(&stdout(&out)).unwrap();
        let part = &info["parts"][0];
        assert_eq!(part["geometry"], "grid");
        assert!(part["fields"][0]["name"].is_string() && part["shape"][0].as_u64() > Some(1), "{info}");
        assert!(part["time"]["start"].as_str().unwrap().ends_with('Z'));
        let text = stdout(&seaglass(&["inspect", path(&file)]));
        assert!(text.contains(part["fields"][0]["name"].as_str().unwrap()), "{text}");
    }

    #[test]
    fn probe_gives_the_cell_and_its_own_place() {
        let file = sst_l4();
        let info: serde_json::Value =
            serde_json::from_str(&stdout(&seaglass(&["inspect", path(&file), "--json"]))).unwrap();
        let field = info["parts"][0]["fields"][0]["name"].as_str().unwrap();
        // The first place of a few with a value: the sample ocean has land.
        let values: Vec<serde_json::Value> = ["-42,20", "-150,-30", "75,-20"]
            .iter()
            .map(|at| {
                let out = seaglass(&["probe", path(&file), "--field", field, "--at", at, "--json"]);
                assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
                serde_json::from_str(&stdout(&out)).unwrap()
            })
            .collect();
        let found = values.iter().find(|v| v["value"].is_number()).expect("an ocean value");
        let near =
            |a: &serde_json::Value, b: &serde_json::Value| (a.as_f64().unwrap() - b.as_f64().unwrap()).abs() < 1.0;
        assert!(
            near(&found["position"]["lon"], &found["at"]["lon"])
                && near(&found["position"]["lat"], &found["at"]["lat"])
        );
        assert!(found["row"].is_u64() && found["col"].is_u64() && found["time"].is_string());
        // The text has the same value in the digits of the packing, and the place as --at takes it.
        let at = format!("{},{}", found["at"]["lon"], found["at"]["lat"]);
        let text = stdout(&seaglass(&["probe", path(&file), "--field", field, "--at", &at]));
        let line = |label: &str| {
            let line = text.lines().find_map(|l| l.strip_prefix(label)).unwrap_or_else(|| panic!("{label}: {text}"));
            line.split_whitespace().next().unwrap().to_owned()
        };
        let (short, exact) = (line("value"), found["value"].as_f64().unwrap());
        assert!(short.len() < 8 && (short.parse::<f64>().unwrap() - exact).abs() < 1e-4, "{short} for {exact}");
        let place: Vec<f64> = line("position").split(',').map(|x| x.parse().unwrap()).collect();
        assert!((place[0] - found["position"]["lon"].as_f64().unwrap()).abs() < 1e-4, "{place:?}");
    }

    /// Longitudes within ±180° in every answer, whatever the file and the question have: 0 to 360 in the sample's Jason pass.
    #[test]
    fn places_are_given_within_180_degrees() {
        let mut passes: Vec<PathBuf> =
            std::fs::read_dir(sample_day::sample_day()).unwrap().flatten().map(|e| e.path()).collect();
        passes.retain(|f| f.to_string_lossy().contains("JA1_GPN"));
        passes.sort();
        let info: serde_json::Value =
            serde_json::from_str(&stdout(&seaglass(&["inspect", path(&passes[0]), "--json"]))).unwrap();
        let bounds = &info["parts"][0]["bounds"];
        assert!(bounds["west"].as_f64().unwrap() >= -180.0 && bounds["east"].as_f64().unwrap() <= 180.0, "{bounds}");
        // A sample of the western hemisphere, asked for both ways.
        let footprint = |lon: f64, lat: f64| -> Option<serde_json::Value> {
            let at = format!("{lon},{lat}");
            let args = ["probe", path(&passes[0]), "--field", "ssha", "--at", &at, "--reach", "180", "--json"];
            let out = seaglass(&args);
            (out.status.code() == Some(0)).then(|| serde_json::from_str(&stdout(&out)).unwrap())
        };
        let (west, east) = (footprint(-100.0, 0.0).unwrap(), footprint(260.0, 0.0).unwrap());
        assert_eq!((&west["at"], &west["position"]), (&east["at"], &east["position"]));
        for place in [&west["at"], &west["position"]] {
            assert!((-180.0..180.0).contains(&place["lon"].as_f64().unwrap()), "{place}");
        }
    }

    #[test]
    fn the_doctor_says_how_each_file_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let l4 = sst_l4();
        let name = l4.file_name().unwrap().to_string_lossy().into_owned();
        std::fs::create_dir(dir.path().join("deeper")).unwrap();
        std::fs::copy(&l4, dir.path().join("deeper").join(&name)).unwrap();
        std::fs::copy(&l4, dir.path().join("other_name.nc")).unwrap();
        std::fs::write(dir.path().join("notes.nc"), b"no granule\n").unwrap();
        let out = seaglass(&["readers", "doctor", path(dir.path()), "--json"]);
        assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
        let rows: Vec<serde_json::Value> = stdout(&out).lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        let told = |k: usize, key: &str| rows[k][key].as_str().unwrap().to_owned();
        assert_eq!(rows.len(), 3);
        assert_eq!((told(0, "file"), told(0, "reader")), (format!("deeper/{name}"), "ghrsst_l4".to_owned()));
        assert!(told(0, "why").starts_with("name *-L4_GHRSST-*"), "{}", told(0, "why"));
        assert!(told(0, "geometry").starts_with("grid ") && rows[0]["fields"][0] == "analysed_sst", "{}", rows[0]);
        assert_eq!((told(1, "file").as_str(), rows[1]["reader"].is_null()), ("notes.nc", true));
        assert_eq!(rows[1]["problems"][0], "This is a text file, which is not read here.");
        assert_eq!((told(2, "reader").as_str(), told(2, "why").as_str()), ("CF", "no product"));
        let text = stdout(&seaglass(&["readers", "doctor", path(dir.path())]));
        assert!(text.ends_with("3 files: 1 read by a product, 1 by CF rules, 1 refused.\n"), "{text}");
        // A product that has no name pattern is no candidate for whatever is not its own.
        let check = stdout(&seaglass(&["readers", "check", path(&dir.path().join("other_name.nc"))]));
        assert!(check.contains("candidates  none\n"), "{check}");
    }

    #[test]
    fn what_is_not_there_exits_4() {
        let file = sst_l4();
        let out = seaglass(&["probe", path(&file), "--field", "no_such_field", "--at", "0,0"]);
        assert_eq!(out.status.code(), Some(4));
        assert!(stderr(&out).contains("There is no field \"no_such_field\"; there are "), "{}", stderr(&out));
    }

    #[test]
    fn render_writes_a_picture() {
        let dir = tempfile::tempdir().unwrap();
        let png = dir.path().join("p.png");
        let file = sst_l4();
        let out = seaglass(&["render", path(&file), "--out", path(&png), "--size", "320x200", "--json"]);
        if out.status.code() == Some(5) {
            return eprintln!("skipped: {}", stderr(&out));
        }
        assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
        let told: serde_json::Value = serde_json::from_str(&stdout(&out)).unwrap();
        assert_eq!(told["width"], 320);
        let image = image::open(&png).unwrap().to_rgba8();
        let mut colours: Vec<_> = image.pixels().map(|p| p.0).collect();
        colours.sort_unstable();
        colours.dedup();
        assert!(colours.len() > 50, "the picture is blank: {} colours", colours.len());
        let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().flatten().collect();
        assert_eq!(left.len(), 1, "nothing but the picture is left behind");
    }

    #[test]
    fn a_method_the_data_cannot_have_exits_2_and_says_what_it_takes() {
        let dir = tempfile::tempdir().unwrap();
        let png = dir.path().join("p.png");
        let file = sst_l4();
        for (method, takes) in
            [("barbs", "a vector: name its parts"), ("rgb", "three fields: name them"), ("line", "a track or points")]
        {
            let out = seaglass(&["render", path(&file), "--out", path(&png), "--size", "64x64", "--method", method]);
            if out.status.code() == Some(5) {
                return eprintln!("skipped: {}", stderr(&out));
            }
            assert_eq!(out.status.code(), Some(2), "{}", stderr(&out));
            let told = stderr(&out);
            assert!(told.contains(&format!("cannot be drawn as {method}, which takes {takes}")), "{told}");
            assert!(!png.exists());
        }
    }

    #[test]
    fn the_time_of_a_trail_is_that_of_what_is_drawn() {
        let dir = tempfile::tempdir().unwrap();
        let png = dir.path().join("p.png");
        let drifters = std::fs::read_dir(sample_day::sample_day()).unwrap().flatten().map(|e| e.path());
        let file = drifters.into_iter().find(|f| f.to_string_lossy().contains("gdp6h")).unwrap();
        let time = ["--time", "2024-08-11T12:00", "--window", "2d"];
        let args = ["render", path(&file), "--out", path(&png), "--size", "64x64", "--json", "--method", "line"];
        let out = seaglass(&[&args[..], &time].concat());
        if out.status.code() == Some(5) {
            return eprintln!("skipped: {}", stderr(&out));
        }
        assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
        let told: serde_json::Value = serde_json::from_str(&stdout(&out)).unwrap();
        let time = told["time"].as_str().unwrap();
        assert!(time.contains("08-10 12:00") && time.contains("08-12 12:00"), "{time}");
    }

    #[test]
    fn a_file_of_shapes_is_described() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("box.geojson");
        let ring = "[[10,50],[20,50],[20,60],[10,60],[10,50]]";
        let shape = format!(
            r#"{{"type":"Feature","properties":{{"name":"Box"}},"geometry":{{"type":"Polygon","coordinates":[{ring}]}}}}"#
        );
        std::fs::write(&file, shape).unwrap();
        let out = seaglass(&["inspect", path(&file)]);
        assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
        let told = stdout(&out);
        assert!(told.contains("GeoJSON") && told.to_lowercase().contains("polygon"), "{told}");
        let out = seaglass(&["inspect", path(&file), "--json"]);
        let told: serde_json::Value = serde_json::from_str(&stdout(&out)).unwrap();
        assert!(told.is_object(), "{told}");
    }

    #[test]
    fn a_picture_that_cannot_be_written_exits_6() {
        let file = sst_l4();
        let out = seaglass(&["render", path(&file), "--out", "/nonexistent/folder/p.png", "--size", "64x64"]);
        if out.status.code() == Some(5) {
            return eprintln!("skipped: {}", stderr(&out));
        }
        assert_eq!(out.status.code(), Some(6), "{}", stderr(&out));
    }

    #[test]
    fn a_time_without_data_exits_4_and_names_the_nearest() {
        let dir = tempfile::tempdir().unwrap();
        let png = dir.path().join("p.png");
        let file = sst_l4();
        let out = seaglass(&["render", path(&file), "--out", path(&png), "--size", "64x64", "--time", "1999-01-01"]);
        if out.status.code() == Some(5) {
            return eprintln!("skipped: {}", stderr(&out));
        }
        assert_eq!(out.status.code(), Some(4), "{}", stderr(&out));
        assert!(stderr(&out).contains("The nearest data are of "), "{}", stderr(&out));
    }
}
