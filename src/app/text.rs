//! Numbers, units, places and times as the window writes them: the rules of `seaglass_core::format`, under the name
//! the window's modules use, with words in the language of the user. Numbers keep their decimal point.

use seaglass_core::format;
pub use seaglass_core::format::*;
use seaglass_core::time::Time;

/// `2 h 46 min`, with the letters for days and years of the language.
pub fn duration(seconds: f64) -> String {
    letters(format::duration(seconds))
}

/// `−2 h 46 min` relative to the clock.
pub fn offset(seconds: f64) -> String {
    letters(format::offset(seconds))
}

/// A length of time, as legends say it.
pub fn span(seconds: f64) -> String {
    letters(format::span(seconds))
}

/// `Day 224, CNES 27251`.
pub fn day_text(t: Time) -> String {
    format::day_text(t).replace("Day", tr!("Day"))
}

/// An instant in the ways people of the field count.
pub fn instant_lines(t: Time) -> String {
    let english = format::instant_lines(t);
    english
        .replace("Day of year", tr!("Day of year"))
        .replace("CNES Julian date", tr!("CNES Julian date"))
        .replace("days since", tr!("days since"))
}

/// Of the units only those of days and years differ.
fn letters(english: String) -> String {
    if crate::lang::code() == crate::lang::ENGLISH {
        return english;
    }
    english.replace('d', tr!("d")).replace('y', tr!("y"))
}
