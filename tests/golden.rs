//! Pictures of the sample day are still those someone has looked at: `tests/golden/*.png`, compared with a tolerance
//! that leaves room for another driver's rounding and for nothing else. `SEAGLASS_BLESS=1` (`cargo xtask bless`) writes
//! them anew; look at each before it is committed.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]
#![cfg(feature = "worker")]

#[path = "support/sample_day.rs"]
mod sample_day;

use std::path::{Path, PathBuf};
use std::process::Command;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, RgbImage};

/// Mean difference of a channel, of 255.
const MEAN: f64 = 1.0;
/// A channel may differ by more than this …
const FAR: u8 = 48;
/// … in this part of the pixels: edges of cells and coastlines fall on either side of a pixel's middle.
const FAR_PART: f64 = 0.01;

/// Name, beginnings of file names of the sample day, and arguments.
const SCENES: [(&str, &[&str], &[&str]); 4] = [
    (
        "globe",
        &["20240811120000-IFR-L4"],
        &["--size", "240x180", "--look-at=-60,36", "--altitude", "4500", "--tilt", "30"],
    ),
    (
        "dateline",
        &["20240811120000-IFR-L4"],
        &["--size", "240x180", "--projection", "equirectangular", "--look-at", "180,10", "--altitude", "9000"],
    ),
    (
        "polar",
        &["ascat_20240811_0955"],
        &["--size", "240x180", "--projection", "polar-north", "--look-at", "0,90", "--altitude", "7000"],
    ),
    // Colour bar, unit, caption.
    (
        "legend",
        &["20240811120000-IFR-L4"],
        &["--size", "420x280", "--look-at=-45,34", "--altitude", "5500", "--legend"],
    ),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The picture, or `None` where there is no graphics adapter.
fn draw(files: &[&str], arguments: &[&str], out: &Path) -> Option<RgbImage> {
    let day = sample_day::sample_day();
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&day).unwrap().map(|e| e.unwrap().path()).collect();
    paths.retain(|p| files.iter().any(|f| p.file_name().unwrap().to_string_lossy().starts_with(f)));
    paths.sort();
    assert_eq!(paths.len(), files.len(), "{files:?} are not all in the sample day");
    let made = Command::new(env!("CARGO_BIN_EXE_seaglass"))
        .arg("render")
        .args(&paths)
        .args(arguments)
        .arg("--out")
        .arg(out)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&made.stderr);
    if made.status.code() == Some(5) {
        println!("skipped: {told}");
        return None;
    }
    assert!(made.status.success(), "{told}");
    Some(image::open(out).unwrap().to_rgb8())
}

/// Mean difference of the channels, and the part of the pixels that differ by more than [`FAR`].
fn difference(a: &RgbImage, b: &RgbImage) -> (f64, f64) {
    let of = |(p, q): (&image::Rgb<u8>, &image::Rgb<u8>)| [0, 1, 2].map(|c| p[c].abs_diff(q[c]));
    let n = f64::from(a.width() * a.height());
    let pairs = || a.pixels().zip(b.pixels()).map(of);
    let sum: f64 = pairs().flatten().map(f64::from).sum();
    let far = pairs().filter(|d| d.iter().any(|d| *d > FAR)).count();
    (sum / (3.0 * n), far as f64 / n)
}

fn write_small(image: &RgbImage, path: &Path) {
    let mut png = Vec::new();
    PngEncoder::new_with_quality(&mut png, CompressionType::Best, FilterType::Adaptive)
        .write_image(image.as_raw(), image.width(), image.height(), ExtendedColorType::Rgb8)
        .unwrap();
    std::fs::write(path, png).unwrap();
}

#[test]
fn pictures_are_those_someone_has_looked_at() {
    // Kept after a failure, to be looked at.
    let now = Path::new(env!("CARGO_TARGET_TMPDIR")).join("golden");
    std::fs::create_dir_all(&now).unwrap();
    let mut wrong = Vec::new();
    for (name, files, arguments) in SCENES {
        let drawn = now.join(format!("{name}.png"));
        let Some(image) = draw(files, arguments, &drawn) else { return };
        let golden = folder().join(format!("{name}.png"));
        if std::env::var_os("SEAGLASS_BLESS").is_some() {
            std::fs::create_dir_all(folder()).unwrap();
            write_small(&image, &golden);
        }
        let expected = image::open(&golden).unwrap_or_else(|e| panic!("{}: {e}", golden.display())).to_rgb8();
        assert_eq!(image.dimensions(), expected.dimensions(), "{name}");
        let (mean, far) = difference(&image, &expected);
        println!("{name}: {mean:.3} of 255 on average, {:.2} % of the pixels differ", far * 100.0);
        if mean > MEAN || far > FAR_PART {
            wrong.push(format!("{name}: {mean:.2} on average, {:.1} % far: {}", far * 100.0, drawn.display()));
        }
    }
    assert!(wrong.is_empty(), "these pictures have changed:\n{}", wrong.join("\n"));
}

/// The tolerance is narrow: pictures that are off by one pixel, or a tenth brighter, are not let through.
#[test]
fn the_tolerance_lets_no_shifted_picture_through() {
    for (name, ..) in SCENES {
        let golden = image::open(folder().join(format!("{name}.png"))).unwrap().to_rgb8();
        let (w, h) = golden.dimensions();
        let shifted = RgbImage::from_fn(w, h, |x, y| *golden.get_pixel(x.saturating_sub(1), y));
        let brighter =
            RgbImage::from_fn(w, h, |x, y| golden.get_pixel(x, y).0.map(|c| c.saturating_add(c / 10)).into());
        for (how, image) in [("shifted", shifted), ("brighter", brighter)] {
            let (mean, far) = difference(&golden, &image);
            println!("{name} {how}: {mean:.2}, {:.2} %", far * 100.0);
            assert!(mean > MEAN || far > FAR_PART, "{name}: {how} by little passes: {mean:.2}, {far:.4}");
        }
    }
}
