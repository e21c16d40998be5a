//! A file with several time steps: `render` and `probe` show one of them, the first or the one asked for, never two over
//! each other. And what `render` says of times, units and names of its output.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]
#![cfg(feature = "worker")]

#[path = "support/classic.rs"]
mod classic;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use classic::{Attr, Values, Var};

const FILL: f32 = -999.0;

fn seaglass(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_seaglass")).args(args).output().unwrap()
}

fn stderr(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).trim().to_owned()
}

/// Three steps on cells of 10°, the first on 1 May 2024 at `first_h` o'clock: step `k` is `values[k]` on the `k`-th third
/// of the longitudes and missing elsewhere, so that a second step over the first shows.
fn three_steps(path: &Path, first_h: f64, every_h: f64, values: [f32; 3], units: &'static str) {
    let (lats, lons) = (18usize, 36usize);
    let field = (0..3 * lats * lons).map(|n| {
        let (step, col) = (n / (lats * lons), n % lons);
        if col / 12 == step { values[step] } else { FILL }
    });
    let axis = |n: usize, first: f64| Values::Double((0..n).map(|k| first + 10.0 * k as f64).collect());
    let hours = (0..3).map(|k| first_h + every_h * f64::from(k)).collect();
    let text = |units| vec![("units", Attr::Text(units))];
    let vars = [
        Var {
            name: "time",
            dims: vec![0],
            attrs: text("hours since 2024-05-01 00:00:00"),
            values: Values::Double(hours),
        },
        Var { name: "lat", dims: vec![1], attrs: text("degrees_north"), values: axis(lats, -85.0) },
        Var { name: "lon", dims: vec![2], attrs: text("degrees_east"), values: axis(lons, -175.0) },
        Var {
            name: "level",
            dims: vec![0, 1, 2],
            attrs: vec![
                ("units", Attr::Text(units)),
                ("standard_name", Attr::Text("sea_surface_temperature")),
                ("_FillValue", Attr::Float(FILL)),
            ],
            values: Values::Float(field.collect()),
        },
    ];
    let attrs = [("Conventions", Attr::Text("CF-1.8"))];
    std::fs::write(path, classic::file(&[("time", 3), ("lat", lats), ("lon", lons)], &attrs, &vars)).unwrap();
}

/// The picture in which a pixel is a degree, or `None` where there is no graphics adapter.
fn picture(file: &Path, more: &[&str]) -> Option<image::RgbaImage> {
    let png: PathBuf = file.with_extension("png");
    // Half the meridian of 20 037 km over 2 tan 22.5°.
    let mut args = vec!["render", file.to_str().unwrap(), "--out", png.to_str().unwrap(), "--size", "360x180"];
    args.extend(["--projection", "equirectangular", "--look-at", "0,0", "--altitude", "24187"]);
    args.extend(["--no-base", "--background", "transparent", "--colormap", "grayscale"]);
    args.extend(more);
    let out = seaglass(&args);
    if out.status.code() == Some(5) {
        println!("skipped: {}", stderr(&out));
        return None;
    }
    assert_eq!(out.status.code(), Some(0), "{args:?}: {}", stderr(&out));
    Some(image::open(&png).unwrap().to_rgba8())
}

#[test]
fn the_picture_says_when_its_step_was() {
    let dir = tempfile::tempdir().unwrap();
    let (file, png) = (dir.path().join("steps.nc"), dir.path().join("p.png"));
    three_steps(&file, 12.0, 24.0, [1.0, 2.0, 3.0], "m");
    let noon = |day: usize| format!("2024-05-0{day} 12:00:00Z");
    let cases: [(&[&str], String); 3] = [
        (&[], noon(1)),
        (&["--time", "2024-05-02T20:00"], noon(2)),
        (&["--time", "2024-05-02", "--window", "9d"], "2024-05-01 12:00 – 2024-05-03 12:00Z".to_owned()),
    ];
    for (more, time) in cases {
        let mut args = vec!["render", file.to_str().unwrap(), "--out", png.to_str().unwrap(), "--size", "320x200"];
        args.extend(["--legend", "--json"]);
        args.extend(more);
        let out = seaglass(&args);
        if out.status.code() == Some(5) {
            return println!("skipped: {}", stderr(&out));
        }
        let told: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
        assert_eq!(told["time"], time.as_str(), "{more:?}");
    }
}

/// Step `k` alone: its grey on its third, nothing on the others. The colour map is grey 0 to 255 over the range.
fn shows_only(image: &image::RgbaImage, k: usize, grey: u8, what: &str) {
    for third in 0..3u32 {
        for y in [30, 90, 140] {
            let p = image.get_pixel(60 + 120 * third, y).0;
            let drawn = p[3] == 255 && (0..3).all(|c| p[c].abs_diff(grey) <= 2);
            let right = if third as usize == k { drawn } else { p[3] == 0 };
            assert!(right, "{what}: third {third} is {p:?}; only third {k} has {grey}");
        }
    }
}

#[test]
fn one_step_is_drawn_the_first_or_the_one_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("steps.nc");
    // 1, 2 and 3 of 0 to 4 are a quarter, a half and three quarters of 255.
    let greys = [64, 128, 191];
    let cases: [(f64, f64, [&str; 3]); 4] = [
        (12.0, 24.0, ["2024-05-01", "2024-05-02", "2024-05-03"]),
        (12.0, 24.0, ["2024-05-01T12:00", "2024-05-02T12:00", "2024-05-03T11:00"]),
        (0.0, 6.0, ["2024-05-01T00:00", "2024-05-01T06:00", "2024-05-01T12:00"]),
        (0.0, 1.0, ["2024-05-01T00:10", "2024-05-01T01:00", "2024-05-01"]),
    ];
    for (first_h, every_h, times) in cases {
        three_steps(&file, first_h, every_h, [1.0, 2.0, 3.0], "m");
        let Some(first) = picture(&file, &["--range", "0,4"]) else { return };
        shows_only(&first, 0, greys[0], &format!("every {every_h} h, no time"));
        for (k, time) in times.into_iter().enumerate() {
            let image = picture(&file, &["--range", "0,4", "--time", time]).unwrap();
            shows_only(&image, k, greys[k], &format!("every {every_h} h, {time}"));
        }
    }
    // Whoever asks for a window gets all that is in it.
    let all = picture(&file, &["--range", "0,4", "--time", "2024-05-01T01:00", "--window", "6h"]).unwrap();
    let seen: Vec<u8> = (0..3).map(|k| all.get_pixel(60 + 120 * k, 90).0[0]).collect();
    assert!(seen.iter().zip(greys).all(|(a, b)| a.abs_diff(b) <= 2), "{seen:?}");
}

/// Files drawn together have one clock: that of the first. Each shows its step nearest to it, never two.
#[test]
fn files_with_steps_drawn_together_show_one_step_each() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b, png) = (dir.path().join("a.nc"), dir.path().join("b.nc"), dir.path().join("p.png"));
    // Both every day from noon: `a` from 1 May, `b` from 3 May. In `b` another field, hence another layer.
    three_steps(&a, 12.0, 24.0, [1.0, 1.0, 1.0], "m");
    three_steps(&b, 60.0, 24.0, [3.0, 3.0, 3.0], "mm");
    let renamed = std::fs::read(&b).unwrap();
    let at = renamed.windows(5).position(|w| w == b"level").unwrap();
    let renamed = [&renamed[..at], b"depth", &renamed[at + 5..]].concat();
    std::fs::write(&b, renamed).unwrap();
    let draw = |files: [&Path; 2], more: &[&str]| -> Option<(image::RgbaImage, String)> {
        let mut args = vec!["render"];
        args.extend(files.iter().map(|f| f.to_str().unwrap()));
        args.extend(["--out", png.to_str().unwrap(), "--size", "360x180", "--json"]);
        args.extend(["--projection", "equirectangular", "--look-at", "0,0", "--altitude", "24187"]);
        args.extend(["--no-base", "--background", "transparent", "--colormap", "grayscale"]);
        args.extend(more);
        let out = seaglass(&args);
        if out.status.code() == Some(5) {
            println!("skipped: {}", stderr(&out));
            return None;
        }
        assert_eq!(out.status.code(), Some(0), "{args:?}: {}", stderr(&out));
        let told: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
        Some((image::open(&png).unwrap().to_rgba8(), told["time"].as_str().unwrap().to_owned()))
    };
    let filled = |image: &image::RgbaImage| [0, 1, 2].map(|k| image.get_pixel(60 + 120 * k, 90).0[3] == 255);
    // The first step of each lies on the first third of the longitudes, the third step on the last third.
    let Some((image, time)) = draw([&a, &b], &[]) else { return };
    assert_eq!((filled(&image), time.as_str()), ([true, false, false], "2024-05-01 12:00 – 2024-05-03 12:00Z"));
    let (image, time) = draw([&b, &a], &[]).unwrap();
    // 3 May is the first step of `b` and the third of `a`.
    assert_eq!((filled(&image), time.as_str()), ([true, false, true], "2024-05-03 12:00:00Z"));
    let (image, time) = draw([&a, &b], &["--time", "2024-05-03"]).unwrap();
    assert_eq!((filled(&image), time.as_str()), ([true, false, true], "2024-05-03 12:00:00Z"));
}

/// Two files of one field beside each other share a layer; each shows its own step nearest to the clock.
#[test]
fn files_of_one_field_on_two_areas_show_one_step_each() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("a.nc"), dir.path().join("b.nc"));
    // Western and eastern half; values 1, 2, 3 at 0, 6, 12 h and 3, 9, 15 h on 1 May.
    half_of_the_earth(&a, -175.0, [0.0, 6.0, 12.0]);
    half_of_the_earth(&b, 5.0, [3.0, 9.0, 15.0]);
    let greys = |files: [&Path; 2], more: &[&str]| -> Option<[Option<u8>; 2]> {
        let mut args = vec![files[1].to_str().unwrap()];
        args.extend(more);
        let image = picture(files[0], &args)?;
        Some([90, 270].map(|x| Some(image.get_pixel(x, 90).0).filter(|p| p[3] == 255).map(|p| p[0])))
    };
    let near = |seen: [Option<u8>; 2], expected: [u8; 2], what: &str| {
        let right = seen.iter().zip(expected).all(|(s, e)| s.is_some_and(|s| s.abs_diff(e) <= 2));
        assert!(right, "{what}: {seen:?}, not {expected:?}");
    };
    // 1, 2 and 3 of 0 to 4.
    let step = [64u8, 128, 191];
    let Some(first) = greys([&a, &b], &["--range", "0,4"]) else { return };
    near(first, [step[0], step[0]], "at 0 h, where the first file begins");
    let swapped = greys([&b, &a], &["--range", "0,4"]).unwrap();
    near(swapped, [step[1], step[0]], "at 3 h, half-way between two steps of a: the later");
    for (time, expected) in [("2024-05-01T08:00", [1, 1]), ("2024-05-01T11:00", [2, 1]), ("2024-05-01T14:00", [2, 2])] {
        let seen = greys([&a, &b], &["--range", "0,4", "--time", time]).unwrap();
        near(seen, expected.map(|k: usize| step[k]), time);
    }
    // One grid at further times is a series: one of its steps, not two.
    let c = dir.path().join("c.nc");
    half_of_the_earth(&c, -175.0, [18.0, 24.0, 30.0]);
    let seen = greys([&a, &c], &["--range", "0,4", "--time", "2024-05-01T17:00"]).unwrap();
    assert!(seen[0].is_some_and(|s| s.abs_diff(step[0]) <= 2) && seen[1].is_none(), "18 h is nearest: {seen:?}");
}

/// Values 1, 2 and 3 everywhere on 18 × 18 cells of 10° at three hours of 1 May 2024.
fn half_of_the_earth(path: &Path, west: f64, hours: [f64; 3]) {
    let axis = |first: f64| Values::Double((0..18).map(|k| first + 10.0 * f64::from(k)).collect());
    let text = |units| vec![("units", Attr::Text(units))];
    let values = (0..3 * 18 * 18).map(|n| (n / (18 * 18)) as f32 + 1.0).collect();
    let vars = [
        Var {
            name: "time",
            dims: vec![0],
            attrs: text("hours since 2024-05-01 00:00:00"),
            values: Values::Double(hours.to_vec()),
        },
        Var { name: "lat", dims: vec![1], attrs: text("degrees_north"), values: axis(-85.0) },
        Var { name: "lon", dims: vec![2], attrs: text("degrees_east"), values: axis(west) },
        Var { name: "sst", dims: vec![0, 1, 2], attrs: text("degC"), values: Values::Float(values) },
    ];
    let attrs = [("Conventions", Attr::Text("CF-1.8"))];
    std::fs::write(path, classic::file(&[("time", 3), ("lat", 18), ("lon", 18)], &attrs, &vars)).unwrap();
}

#[test]
fn probe_takes_the_step_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("steps.nc");
    three_steps(&file, 12.0, 24.0, [1.0, 2.0, 3.0], "m");
    let probe = |more: &[&str]| -> serde_json::Value {
        let mut args = vec!["probe", file.to_str().unwrap(), "--field", "level", "--json"];
        args.extend(more);
        let out = seaglass(&args);
        assert_eq!(out.status.code(), Some(0), "{args:?}: {}", stderr(&out));
        serde_json::from_slice(&out.stdout).unwrap()
    };
    for (k, lon) in [-120.0, 0.0, 120.0].into_iter().enumerate() {
        let at = format!("{lon},5");
        let (day, noon) = (format!("2024-05-0{}", k + 1), format!("2024-05-0{}T12:00:00Z", k + 1));
        for time in [day.as_str(), noon.as_str()] {
            let cell = probe(&["--at", &at, "--time", time]);
            assert_eq!((&cell["value"], &cell["step"]), (&(k as f64 + 1.0).into(), &k.into()), "{time}");
            assert_eq!(cell["time"], noon.as_str());
        }
        let first = probe(&["--at", &at]);
        let value: serde_json::Value = if k == 0 { 1.0.into() } else { serde_json::Value::Null };
        assert_eq!((&first["value"], &first["step"]), (&value, &0.into()));
    }
}

#[test]
fn a_range_may_be_in_the_unit_of_the_legend() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("kelvin.nc");
    three_steps(&file, 12.0, 24.0, [283.15, 283.15, 283.15], "kelvin");
    // 10 °C is a quarter of 0 to 40 °C, and so it is in kelvin.
    for range in ["273.15,313.15", "0,40degC", "0,40 °C", "273.15,313.15K"] {
        let Some(image) = picture(&file, &["--range", range]) else { return };
        shows_only(&image, 0, 64, range);
    }
    let png = dir.path().join("x.png");
    let render = |range: &str| {
        seaglass(&[
            "render",
            file.to_str().unwrap(),
            "--out",
            png.to_str().unwrap(),
            "--size",
            "64x64",
            "--range",
            range,
        ])
    };
    let wrong = render("0,40 m");
    assert_eq!(wrong.status.code(), Some(2), "{}", stderr(&wrong));
    assert!(stderr(&wrong).contains("kelvin or °C, not m"), "{}", stderr(&wrong));
    let doubtful = render("0,40");
    assert_eq!(doubtful.status.code(), Some(0), "a range of 0 to 40 K is drawn as asked");
    assert!(stderr(&doubtful).contains("--range 0,40degC"), "{}", stderr(&doubtful));
}

/// The error of the picture does not hide that of a file, and the lowest code is given.
#[test]
fn a_field_that_is_not_there_does_not_hide_a_damaged_file() {
    let dir = tempfile::tempdir().unwrap();
    let (whole, cut, png) = (dir.path().join("whole.nc"), dir.path().join("cut.nc"), dir.path().join("p.png"));
    three_steps(&whole, 12.0, 24.0, [1.0, 2.0, 3.0], "m");
    let bytes = std::fs::read(&whole).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let [whole, cut, png] = [&whole, &cut, &png].map(|p| p.to_str().unwrap());
    let out = seaglass(&["render", whole, cut, "--field", "nope", "--out", png]);
    assert_eq!(out.status.code(), Some(3), "{}", stderr(&out));
    for word in ["There is no field \"nope\"", "cut.nc"] {
        assert!(stderr(&out).contains(word), "{}", stderr(&out));
    }
}

/// A picture of a place where all values are missing says so.
#[test]
fn a_view_into_a_gap_is_explained() {
    let dir = tempfile::tempdir().unwrap();
    let (file, png) = (dir.path().join("gap.nc"), dir.path().join("p.png"));
    // The first step has values from -180 to -60 degrees.
    three_steps(&file, 12.0, 24.0, [1.0, 2.0, 3.0], "m");
    for (place, code, says) in [("0,0", 4, "No value shows in this view"), ("-120,0", 0, "")] {
        let mut args = vec!["render", file.to_str().unwrap(), "--out", png.to_str().unwrap(), "--size", "200x100"];
        args.extend(["--look-at", place, "--altitude", "500"]);
        let out = seaglass(&args);
        if out.status.code() == Some(5) {
            return println!("skipped: {}", stderr(&out));
        }
        assert_eq!(out.status.code(), Some(code), "{place}: {}", stderr(&out));
        assert!(
            stderr(&out).contains(says) && (code != 0 || !stderr(&out).contains("seaglass:")),
            "{place}: {}",
            stderr(&out)
        );
        assert!(png.exists(), "the picture is written all the same");
    }
}
