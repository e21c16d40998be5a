//! Small pictures are made of real files by a reader of their own, show the data in their colours, and come from the disk
//! the next time.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]
#![cfg(feature = "worker")]

#[path = "support/sample_day.rs"]
mod sample_day;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use seaglass_app::thumbnails::maker::{Maker, Options};
use seaglass_app::thumbnails::shelf::{BUDGET, Shelf};
use seaglass_app::thumbnails::{Thumbnails, Wanted};

const LONG: Duration = Duration::from_secs(120);

fn options(shelf: &Path, worker: &str) -> Options {
    Options {
        worker_path: Some(PathBuf::from(worker)),
        shelf: Some(Shelf::new(shelf.to_owned(), BUDGET, None)),
        ..Options::default()
    }
}

/// Asks every turn, as a frame would, until there is an answer; whether there is a picture.
fn wait(maker: &mut Maker, thumbnails: &mut Thumbnails, wanted: &Wanted) -> bool {
    let ctx = egui::Context::default();
    let end = Instant::now() + LONG;
    while !thumbnails.has(wanted) && !thumbnails.cannot(wanted) {
        assert!(Instant::now() < end, "no answer");
        thumbnails.foresee(wanted.clone());
        maker.turn(&ctx, thumbnails, true);
        std::thread::sleep(Duration::from_millis(20));
    }
    thumbnails.has(wanted)
}

fn pictures(shelf: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(shelf).into_iter().flatten();
    entries.map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "png")).collect()
}

#[test]
fn a_picture_shows_the_data_and_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let shelf = dir.path().join("thumbnails");
    let mut files = std::fs::read_dir(sample_day::sample_day()).unwrap().map(|e| e.unwrap().path());
    let grid = files.find(|p| p.file_name().unwrap().to_string_lossy().starts_with("20240811120000-IFR-L4")).unwrap();
    // A name of the collection that the file alone would not get does no harm.
    let wanted = Wanted { collection: "elsewhere".into(), field: None, path: grid, part: 0, step: 0 };

    let mut maker = Maker::new(options(&shelf, env!("CARGO_BIN_EXE_seaglass-worker")));
    let mut thumbnails = Thumbnails::default();
    // Nothing is made while the view has something to wait for.
    thumbnails.foresee(wanted.clone());
    maker.turn(&egui::Context::default(), &mut thumbnails, false);
    assert!(!shelf.exists());
    if !wait(&mut maker, &mut thumbnails, &wanted) {
        println!("skipped: no graphics adapter");
        return;
    }
    let kept = pictures(&shelf);
    assert_eq!(kept.len(), 1);
    let image = image::open(&kept[0]).unwrap().to_rgba8();
    assert_eq!(image.dimensions(), (288, 180));
    // Warm water is orange and yellow in the default colours of temperatures: nothing of the base map is.
    let warm = image.pixels().filter(|p| p[3] == 255 && p[0] > 150 && p[0] > p[2].saturating_add(60)).count();
    assert!(warm > 2000, "{warm} warm pixels");
    assert_eq!(image.get_pixel(0, 0)[3], 0, "around the globe it can be seen through");

    // The next program has it from the disk: there is no reader.
    let mut again = Maker::new(options(&shelf, "/no/such/reader"));
    assert!(wait(&mut again, &mut Thumbnails::default(), &wanted));
    // What is not on the disk needs one.
    let other = Wanted { step: 7, ..wanted.clone() };
    assert!(!wait(&mut again, &mut Thumbnails::default(), &other));

    // A variable of its own, and one that is not there.
    let of = |field: &str| Wanted { field: Some(field.to_owned()), ..wanted.clone() };
    assert!(wait(&mut maker, &mut thumbnails, &of("analysed_sst")));
    assert!(!wait(&mut maker, &mut thumbnails, &of("no_such_variable")));
}
