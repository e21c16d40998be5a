//! Files of pictures and films are what they should be: sizes, decorations, strips, frames, the same bytes each time, and
//! one sentence for what cannot be made. MP4 is tried where ffmpeg is on the PATH.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]
#![cfg(feature = "worker")]

#[path = "support/sample_day.rs"]
mod sample_day;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The global SST grid of the sample day.
fn grid() -> PathBuf {
    let mut files = std::fs::read_dir(sample_day::sample_day()).unwrap().map(|e| e.unwrap().path());
    files.find(|p| p.file_name().unwrap().to_string_lossy().starts_with("20240811120000-IFR-L4")).unwrap()
}

fn render(arguments: &[&str], out: &Path) -> Output {
    render_of(&grid(), arguments, out)
}

fn render_of(path: &Path, arguments: &[&str], out: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_seaglass"))
        .arg("render")
        .arg(path)
        .args(arguments)
        .arg("--out")
        .arg(out)
        .output()
        .unwrap()
}

/// `None` where there is no graphics adapter.
fn made(arguments: &[&str], out: &Path) -> Option<()> {
    let output = render(arguments, out);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code() == Some(5) {
        println!("skipped: {told}");
        return None;
    }
    assert!(output.status.success(), "{arguments:?}: {told}");
    Some(())
}

const VIEW: [&str; 5] = ["--projection", "equirectangular", "--look-at=-40,20", "--altitude", "9000"];

#[test]
fn a_picture_in_many_strips_is_the_same_as_in_one() {
    let dir = tempfile::tempdir().unwrap();
    // 4200 rows of 1100 pixels are more than one strip of four million pixels; the middle part of the picture once more
    // by itself, with the same metres a pixel, is in one.
    let (tall, low) = (dir.path().join("tall.png"), dir.path().join("low.png"));
    let view = ["--projection", "equirectangular", "--look-at", "0,0", "--decorations", "--no-base"];
    let Some(()) = made(&[&view[..], &["--size", "1100x4200", "--altitude", "21000"]].concat(), &tall) else { return };
    made(&[&view[..], &["--size", "1100x1050", "--altitude", "5250"]].concat(), &low).unwrap();
    let (tall, low) = (image::open(&tall).unwrap().to_rgb8(), image::open(&low).unwrap().to_rgb8());
    assert_eq!((tall.dimensions(), low.dimensions()), ((1100, 4200), (1100, 1050)));
    let mut far = 0;
    // Off the decorations at the edges, over the places where strips meet.
    for y in 300..700 {
        for x in 300..800 {
            let (a, b) = (low.get_pixel(x, y), tall.get_pixel(x, y + 1575));
            far += u32::from((0..3).any(|c| a[c].abs_diff(b[c]) > 24));
        }
    }
    assert!(far < 2000, "{far} of 200000 pixels differ");
}

#[test]
fn decorations_are_drawn_over_a_transparent_background_too() {
    let dir = tempfile::tempdir().unwrap();
    let (plain, all) = (dir.path().join("plain.png"), dir.path().join("all.png"));
    let view = ["--size", "640x400", "--look-at=-40,20", "--altitude", "30000", "--background", "transparent"];
    let Some(()) = made(&view, &plain) else { return };
    made(&[&view[..], &["--decorations"]].concat(), &all).unwrap();
    let (plain, all) = (image::open(&plain).unwrap().to_rgba8(), image::open(&all).unwrap().to_rgba8());
    assert_eq!(plain.get_pixel(2, 2)[3], 0, "the corner can be seen through");
    assert_eq!(all.get_pixel(2, 2)[3], 0, "the corner can be seen through");
    let opaque = |image: &image::RgbaImage, x0: u32, y0: u32| {
        (0..40 * 30).filter(|k| image.get_pixel(x0 + k % 40, y0 + k / 40)[3] > 200).count()
    };
    // North arrow, legend, scale bar: upper right, lower right, lower left.
    for (x, y) in [(588, 16), (560, 360), (16, 364)] {
        assert!(opaque(&all, x, y) > 400, "nothing at {x} {y}");
        assert!(opaque(&plain, x, y) < 100, "something at {x} {y}");
    }
}

#[test]
fn films_hold_every_frame_and_are_the_same_each_time() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("path.toml");
    std::fs::write(
        &path,
        "[[view]]\nat_s = 0\nlook_at = [-40, 20]\naltitude_km = 9000\n[[view]]\nat_s = 0.4\nlook_at = [-20, 30]\n",
    )
    .unwrap();
    let flight = ["--size", "160x101", "--fps", "5", "--camera-path", path.to_str().unwrap()];
    let arguments: Vec<&str> = VIEW.iter().chain(&flight).copied().collect();
    let (a, b, frames) = (dir.path().join("a.gif"), dir.path().join("b.gif"), dir.path().join("f-%02d.png"));
    let Some(()) = made(&arguments, &a) else { return };
    made(&arguments, &b).unwrap();
    assert_eq!(std::fs::read(&a).unwrap(), std::fs::read(&b).unwrap(), "not the same bytes");
    made(&arguments, &frames).unwrap();
    // Three frames: 0, 0.2 and 0.4 s; the camera has moved.
    let read = |k: usize| image::open(dir.path().join(format!("f-0{k}.png"))).map(|i| i.to_rgb8());
    let all = [read(0).unwrap(), read(1).unwrap(), read(2).unwrap()];
    assert!(read(3).is_err() && all[0] != all[1] && all[1] != all[2]);
    // A frame is the picture that render gives of the same view.
    let one = dir.path().join("one.png");
    made(&[&VIEW[..], &["--size", "160x101"]].concat(), &one).unwrap();
    assert_eq!(image::open(&one).unwrap().to_rgb8(), all[0]);
    if seaglass_app::export::movie::find_ffmpeg().is_none() {
        println!("skipped: no ffmpeg on the PATH");
        return;
    }
    let film = dir.path().join("a.mp4");
    made(&arguments, &film).unwrap();
    assert_eq!(&std::fs::read(&film).unwrap()[4..8], b"ftyp");
}

#[test]
fn what_cannot_be_made_is_said_in_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |arguments: &[&str], name: &str, word: &str| {
        let output = render(arguments, &dir.path().join(name));
        // Mesa adds lines of its own where there is no XDG_RUNTIME_DIR, as on a server (see README).
        let stderr = String::from_utf8_lossy(&output.stderr);
        let told = stderr.lines().filter(|line| !line.contains("XDG_RUNTIME_DIR")).collect::<Vec<_>>().join("\n");
        if output.status.code() == Some(5) {
            println!("skipped: {told}");
            return;
        }
        assert!(!output.status.success() && told.trim_end().lines().count() == 1, "{arguments:?}: {told}");
        assert!(told.contains(word), "{arguments:?}: {told}");
    };
    let small = ["--size", "160x100"];
    let film = ["--size", "160x100", "--animate", "2024-08-11..2024-08-12/6h"];
    refused(&small, "a.gif", "--animate");
    refused(&film, "a.png", "%04d");
    refused(&small, "a.jpg", "not as jpg; name the output *.png");
    refused(&small, "a.tif", "switch to a map");
    refused(&small, "none/a.png", "folder does not exist");
    refused(&film, "none/a.gif", "folder does not exist");
    refused(&["--animate", "2024-08-12..2024-08-11/6h"], "a.gif", "FROM before TO");
    refused(&["--camera-path", "nowhere.toml"], "a.gif", "cannot be read");
    // Without ffmpeg the sentence names what works without.
    let output = Command::new(env!("CARGO_BIN_EXE_seaglass"))
        .env("PATH", "")
        .arg("render")
        .arg(grid())
        .args(film)
        .arg("--out")
        .arg(dir.path().join("a.mp4"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(5) || (told.contains("ffmpeg") && told.contains("*.gif")), "{told}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "something is left");
}

/// A session of the grid: a Mercator map of the Gulf Stream, its one layer in grey, another one hidden.
fn session(dir: &Path) -> PathBuf {
    use seaglass_core::camera::Camera;
    use seaglass_core::geo::LonLat;
    use seaglass_core::project::{Layer, LayerId, Project};
    use seaglass_core::projection::Projection;
    use seaglass_core::session_file::SessionFile;
    use seaglass_core::style::{Filter, Style};
    use seaglass_core::time::Time;
    let layer = |id: u64, field: &str, visible: bool, range: [f64; 2]| -> Layer {
        // The product's own filter.
        let filter = Filter::Bilinear;
        let style = Style { colormap: "cividis".into(), range: Some(range), filter, ..Style::default() };
        serde_json::from_value(serde_json::json!({
            "id": id, "collection": "ghrsst_l4", "field": field, "visible": visible, "style": style,
        }))
        .unwrap()
    };
    let mut project = Project {
        layers: vec![layer(2, "mask", false, [0.0, 8.0]), layer(1, "analysed_sst", true, [275.0, 303.0])],
        camera: Camera {
            target: LonLat::new(-60.0, 37.0),
            altitude_m: 3.0e6,
            projection: Projection::Mercator,
            ..Camera::default()
        },
        sources: vec![grid()],
        next_layer: 2,
        ..Project::default()
    };
    project.timeline.now = Time::parse("2024-08-11T18:00:00Z").unwrap();
    assert_eq!(project.layer(LayerId(1)).map(|l| l.visible), Some(true));
    let path = dir.join("gulf-stream.oce");
    std::fs::write(&path, SessionFile::new(&project, dir, serde_json::Value::Null).to_text().unwrap()).unwrap();
    path
}

#[test]
fn a_session_is_drawn_as_it_was_saved() {
    let dir = tempfile::tempdir().unwrap();
    let saved = session(dir.path());
    let picture = |arguments: &[&str], name: &str| {
        let out = dir.path().join(name);
        let output = render_of(&saved, &[&["--size", "480x320"], arguments].concat(), &out);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code() != Some(5)).then(|| {
            assert!(output.status.success(), "{arguments:?}: {told}");
            image::open(&out).unwrap().to_rgb8()
        })
    };
    let Some(own) = picture(&[], "own.png") else {
        println!("skipped: no graphics adapter");
        return;
    };
    // The projection, the place and the colours are those of the session.
    let files = ["--projection", "mercator", "--look-at=-60,37", "--altitude", "3000", "--size", "480x320"];
    let style = ["--field", "analysed_sst", "--colormap", "cividis", "--range", "275,303"];
    let time = ["--time", "2024-08-11T06:00:00", "--window", "1d"];
    let by_hand = dir.path().join("by-hand.png");
    made(&[&files[..], &style[..], &time[..]].concat(), &by_hand).unwrap();
    assert!(own == image::open(&by_hand).unwrap().to_rgb8(), "the session and the same by options differ");
    // The command line has the last word on camera and clock, not on layers.
    assert!(picture(&["--projection", "globe"], "globe.png").unwrap() != own);
    assert!(picture(&["--look-at=-30,37"], "east.png").unwrap() != own);
    let output = render_of(&saved, &["--field", "mask"], &dir.path().join("mask.png"));
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("leave --field out"));
    let output = render_of(&saved, &["--time", "2020-01-01"], &dir.path().join("empty.png"));
    assert!(!output.status.success(), "nothing to show at that time is said");
}
