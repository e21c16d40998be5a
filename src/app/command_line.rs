//! What is seen, as a command line of `seaglass render`: for scripts, and to tell others.

use seaglass_core::project::Layer;
use seaglass_core::session::Session;
use seaglass_core::style::{Filter, Style};

/// The command line that draws what the window shows, with everything `render` has an option for.
pub fn text(session: &Session) -> String {
    let project = session.project();
    let mut words: Vec<String> = vec!["seaglass".into(), "render".into()];
    words.extend(session.readable_sources().iter().map(|p| quoted(&p.display().to_string())));
    // A value that begins with a minus must not look like an option.
    let mut add = |option: &str, value: String| {
        let word = quoted(&value);
        if word.starts_with('-') {
            words.push(format!("{option}={word}"))
        } else {
            words.extend([option.to_owned(), word])
        }
    };
    add("--out", "picture.png".into());
    let size = session.view_px.round();
    add("--size", format!("{}x{}", size.x, size.y));
    let camera = &project.camera;
    add("--projection", camera.projection.id());
    let place = camera.target.normalized();
    add("--look-at", format!("{},{}", rounded(place.lon_deg, 5), rounded(place.lat_deg, 5)));
    add("--altitude", rounded(camera.altitude_m / 1000.0, 3));
    for (option, degrees) in [("--heading", camera.heading_deg), ("--tilt", camera.tilt_deg)] {
        if degrees.abs() > 1e-3 {
            add(option, rounded(degrees, 3));
        }
    }
    if session.catalogue().span().is_some() {
        let window = project.timeline.window();
        // `--window` lies around `--time`.
        add("--time", window.middle().iso());
        add("--window", format!("{}s", rounded(window.seconds(), 3)));
    }
    // The last field of a command line is drawn on top.
    let layers: Vec<&Layer> = project.layers.iter().rev().filter(|l| project.shows(l)).collect();
    // A name that several collections have would bring them all.
    let named = |l: &Layer| {
        let mut having = session.catalogue().collections.values().filter(|c| c.field(&l.field).is_some());
        if having.by_ref().take(2).count() < 2 { l.field.clone() } else { format!("{}:{}", l.collection, l.field) }
    };
    layers.iter().for_each(|l| add("--field", named(l)));
    if layers.iter().all(|l| l.style.range.is_some()) {
        let ends = layers.iter().filter_map(|l| l.style.range);
        ends.for_each(|[a, b]| add("--range", format!("{a},{b}")));
    }
    layers.iter().for_each(|l| add("--colormap", l.style.colormap.clone()));
    layers.iter().for_each(|l| add("--method", l.style.method.id().to_owned()));
    // These are for all fields: said where all agree.
    let all = |is: fn(&Style) -> bool| !layers.is_empty() && layers.iter().all(|l| is(&l.style));
    if let Some(first) = layers.first().filter(|f| layers.iter().all(|l| l.style.opacity == f.style.opacity))
        && first.style.opacity < 1.0
    {
        add("--opacity", first.style.opacity.to_string());
    }
    if all(|s| s.log) {
        words.push("--log".into());
    }
    if all(|s| s.filter == Filter::Bilinear) {
        words.push("--smooth".into());
    }
    words.push("--legend".into());
    words.join(" ")
}

/// A number without the noise of its last digits.
fn rounded(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// A word that a shell takes as it is: in single quotes where it needs some.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./,:=+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    if cfg!(windows) {
        return format!("\"{}\"", word.replace('"', "\\\""));
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quoted("/data/swot/a.nc"), "/data/swot/a.nc");
        assert_eq!(quoted("/my data/a.nc"), if cfg!(windows) { "\"/my data/a.nc\"" } else { "'/my data/a.nc'" });
        if !cfg!(windows) {
            assert_eq!(quoted("it's"), "'it'\\''s'");
            assert_eq!(quoted("$HOME"), "'$HOME'");
        }
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            (rounded(-54.293_000_1, 5), rounded(4800.0, 3), rounded(-0.000_001, 3)),
            ("-54.293".into(), "4800".into(), "0".into())
        );
    }
}
