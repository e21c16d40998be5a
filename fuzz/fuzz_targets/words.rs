//! Short texts of users and files: expressions, patterns of file names, epochs, times, projections, colour maps, sessions.
//! The first byte says which.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seaglass_core::cf_time::CfTime;
use seaglass_core::colormap::Colormap;
use seaglass_core::formula::Formula;
use seaglass_core::product::glob_matches;
use seaglass_core::projection::Projection;
use seaglass_core::session_file::SessionFile;
use seaglass_core::time::Time;

fuzz_target!(|text: &str| {
    let Some(which) = text.chars().next() else { return };
    let text = &text[which.len_utf8()..];
    match which {
        'f' => {
            if let Ok(formula) = Formula::parse(text) {
                let values: Vec<f64> = formula.variables().iter().map(|_| 1.5).collect();
                std::hint::black_box(formula.value(&values));
            }
        }
        'g' => {
            let (pattern, name) = text.split_once('\n').unwrap_or((text, "SWOT_L2_LR_SSH_Expert_001.nc"));
            std::hint::black_box(glob_matches(pattern, name));
        }
        'u' => {
            let (units, calendar) = text.split_once('\n').unwrap_or((text, ""));
            if let Ok(clock) = CfTime::parse(units, calendar) {
                for value in [0.0, 1e4, -1e300, f64::NAN, 2.5] {
                    std::hint::black_box(clock.time(value).map(Time::iso));
                }
                std::hint::black_box(clock.time_i64(i64::MIN));
            }
        }
        't' => {
            // Years of more or fewer than four digits are read, and written in another way.
            if let Ok(time) = Time::parse(text)
                && time.civil().is_some_and(|c| (0..=9999).contains(&c.0))
            {
                assert_eq!(Time::parse(&time.iso()), Ok(time), "a time is what it says");
            }
        }
        'p' => {
            if let Ok(projection) = Projection::parse(text) {
                std::hint::black_box(Projection::parse(&projection.id()).is_ok());
            }
        }
        'c' => {
            if let Ok(map) = Colormap::from_rgb_text("x", text) {
                std::hint::black_box(map.colour(0.3, true));
            }
        }
        _ => {
            if let Err(why) = SessionFile::parse(text) {
                assert!(!why.to_string().is_empty());
            }
        }
    }
});
