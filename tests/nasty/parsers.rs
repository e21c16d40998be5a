//! The readers of texts of ours – product files, patterns of file names, expressions, frames of workers, colour maps, time
//! units – on texts cut, spliced and changed at random, the same in every run: each gives a value or an error. A panic or
//! an endless loop fails the test.

use std::io::Cursor;

use seaglass_core::cf_time::CfTime;
use seaglass_core::colormap::Colormap;
use seaglass_core::formula::Formula;
use seaglass_core::product::{Product, glob_matches};
use seaglass_core::protocol::{Answer, AnswerFrame, Request, RequestFrame, read_frame, write_frame};
use seaglass_core::time::Time;
use seaglass_data::registry::Registry;

use super::changes::{Dice, changed, rounds, texts};

const ROUNDS: usize = 4000;

#[test]
fn expressions_patterns_and_times() {
    let dice = &mut Dice::of("expressions", 11);
    let formulas =
        ["10 * log10(sigma0)", "hypot(u, v) - 'a b' ^ 2", "-ws * sind(dir)", "max(min(a, b), sqrt(abs(c))) / 3e-2"];
    let patterns = ["SWOT_L2_LR_SSH_Expert_*.nc", "s1[abcd]-*-ocn-*.nc", "JA[1-3]_*_???.n[c]", "*"];
    let units =
        ["days since 1950-01-01 00:00:00", "seconds since 2000-01-01T00:00:00Z", "hours since Jan 1, 2000 6:00 -02:30"];
    let mut good = [0; 3];
    for _ in rounds(ROUNDS) {
        if let Ok(formula) = Formula::parse(&texts(dice, &formulas)) {
            good[0] += 1;
            let values: Vec<f64> = formula.variables().iter().map(|_| 1.5).collect();
            std::hint::black_box(formula.value(&values));
        }
        good[1] += usize::from(glob_matches(&texts(dice, &patterns), &texts(dice, &patterns)));
        if let Ok(clock) = CfTime::parse(&texts(dice, &units), "") {
            good[2] += 1;
            std::hint::black_box(clock.time(1e4));
        }
        std::hint::black_box(Time::parse(&texts(dice, &["2024-08-11T12:00:00.5Z", "2024-08-11 12:00"])).is_ok());
    }
    // Damage that always destroys everything would test nothing.
    assert!(good.iter().all(|n| *n > ROUNDS / 50), "{good:?}");
}

#[test]
fn product_files_and_colour_maps() {
    let dice = &mut Dice::of("products", 5);
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("readers");
    let mut files: Vec<std::path::PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let read = |p: &std::path::PathBuf| std::fs::read_to_string(p).unwrap();
    let products: Vec<String> = files.iter().filter(|p| p.extension().is_some_and(|e| e == "toml")).map(read).collect();
    let products: Vec<&str> = products.iter().map(String::as_str).collect();
    let map = Registry::load(None);
    let colours = "0 0 0\n128 64 3\n255 255 255\n";
    let mut good = 0;
    for round in rounds(ROUNDS / 4) {
        let text = texts(dice, &products);
        good += usize::from(toml::from_str::<Product>(&text).is_ok());
        // The way of a user's file, which also checks what it means.
        if round % 8 == 0 {
            let mut registry = map.clone();
            let before = registry.errors().len();
            registry.add("yours.toml", &text);
            assert!(registry.errors()[before..].iter().all(|e| !e.to_string().is_empty()));
        }
        std::hint::black_box(Colormap::from_rgb_text("x", &texts(dice, &[colours])).is_ok());
    }
    assert!(good > ROUNDS / 200, "{good}");
}

#[test]
fn frames_of_workers() {
    let dice = &mut Dice::of("frames", 3);
    let (mut asked, mut answered) = (Vec::new(), Vec::new());
    write_frame(&mut asked, &RequestFrame { id: 7, request: Request::Ping }, &[]).unwrap();
    write_frame(&mut answered, &AnswerFrame { id: 7, answer: Answer::Done }, &[1, 2, 3, 4]).unwrap();
    for _ in rounds(ROUNDS) {
        let bytes = changed(dice, &asked, &answered);
        std::hint::black_box(read_frame::<RequestFrame>(&mut Cursor::new(bytes)).is_ok());
        let bytes = changed(dice, &answered, &asked);
        std::hint::black_box(read_frame::<AnswerFrame>(&mut Cursor::new(bytes)).is_ok());
    }
}

/// Collection files and palettes of a SEAScope workspace, found beside a file as they are in a user's folder.
#[test]
fn collection_files_of_workspaces() {
    let dice = &mut Dice::of("collections", 23);
    let collection = "[general]\nlabel = SST\ntags = a:b\nvariable = sst,wind\n[sst]\nlabel = Sea surface\nfields = sst\nmin = 271\n\
        max = 305\ncolor = medspiration\nopacity = 0.8\nrendering = RASTER\n[wind]\nfields = u,v\nrendering = ARROWS\n";
    let palette = "0 0 0\n128 64 3\n255 255 255\n";
    let dir = tempfile::tempdir().unwrap();
    let (mut products, mut maps) = (0, 0);
    for k in rounds(300) {
        // A folder each time: what has been looked at is not looked at again at once.
        let root = dir.path().join(k.to_string());
        for folder in ["data/sst", "colormaps"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        std::fs::write(root.join("data/sst.ini"), texts(dice, &[collection])).unwrap();
        std::fs::write(root.join("colormaps/medspiration.rgb"), texts(dice, &[palette])).unwrap();
        let registry = Registry::default();
        let found = registry.candidates(&root.join("data/sst/a.nc"));
        products += found.len();
        maps += registry.new_colormaps().len();
        assert!(found.iter().all(|p| p.reader.is_none()), "a folder of data names no programs");
        std::fs::remove_dir_all(&root).unwrap();
    }
    assert!(products > 30 && maps > 0, "{products} collections, {maps} palettes");
}
