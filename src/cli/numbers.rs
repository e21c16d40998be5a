//! Small texts of the command line: places, sizes, ranges, durations, colours.

use seaglass_app::export::film::{Range, seconds};
use seaglass_core::field::ExtraDim;
use seaglass_core::geo::LonLat;
use seaglass_core::time::Time;

use super::{Exit, Failure};

fn refuse<T>(what: &str, text: &str, how: &str) -> Result<T, Failure> {
    Err(Failure::new(Exit::Usage, format!("\"{text}\" is not {what}; write it as {how}.")))
}

fn pair(text: &str, separator: char) -> Option<[f64; 2]> {
    let (a, b) = text.split_once(separator)?;
    let number = |s: &str| s.trim().parse::<f64>().ok().filter(|v| v.is_finite());
    Some([number(a)?, number(b)?])
}

/// `LON,LAT` in degrees.
pub fn place(text: &str) -> Result<LonLat, Failure> {
    // A turn more than files use is a slip, as of latitude and longitude.
    let whole = |p: &LonLat| p.is_valid() && p.lon_deg.abs() <= 360.0;
    match pair(text, ',').map(|[lon, lat]| LonLat::new(lon, lat)).filter(whole) {
        Some(place) => Ok(place),
        None => refuse("a place on the Earth", text, "LON,LAT in degrees, for example -42.5,20"),
    }
}

/// Ends of a colour map as typed, with the unit they are in; empty for the unit of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueRange {
    /// A < B.
    pub ends: [f64; 2],
    /// As typed.
    pub unit: String,
}

/// `A,B` or `A,BUNIT` with A < B.
pub fn range(text: &str) -> Result<ValueRange, Failure> {
    let rest = text.split_once(',').map_or("", |(_, b)| b).trim();
    // The longest beginning of the second number that is one: "25degC" is 25, "1e-3m" is 1e-3.
    let cut = (0..=rest.len()).rev().find(|k| rest.get(..*k).is_some_and(|n| n.trim().parse::<f64>().is_ok()));
    let unit = cut.and_then(|k| rest.get(k..)).unwrap_or_default().trim().to_owned();
    let ends = pair(text.trim_end().strip_suffix(unit.as_str()).unwrap_or(text), ',');
    match ends.filter(|[a, b]| a < b) {
        Some(ends) => Ok(ValueRange { ends, unit }),
        None => refuse("a range", text, "A,B with A smaller than B, for example -2,35 or -2,35degC"),
    }
}

/// A value of a file in as few digits as tell it from its neighbours: those of its packing step, of single precision
/// where it is a single, else ten. JSON gives every digit.
pub fn plain(value: f64, packing_step: Option<f64>) -> String {
    let single = value as f32;
    let shortest = || {
        let text = if f64::from(single) == value { single.to_string() } else { significant(value) };
        let plain = value == 0.0 || (1e-5..1e15).contains(&value.abs());
        if plain { text } else { text.parse::<f64>().map_or(text, |v| format!("{v:e}")) }
    };
    let Some(step) = packing_step.filter(|s| *s > 0.0) else { return shortest() };
    // Fewest decimals that come within a hundredth of the step.
    let near = |d: usize| {
        let text = format!("{value:.d$}");
        text.parse::<f64>().is_ok_and(|v| (v - value).abs() <= 0.01 * step).then_some(text)
    };
    (0..=12).find_map(near).unwrap_or_else(shortest)
}

/// Ten significant digits, without trailing zeros.
fn significant(value: f64) -> String {
    // Whole numbers, as of counters and times, are exact as they are.
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return value.to_string();
    }
    let rounded = format!("{value:.9e}").parse::<f64>().unwrap_or(value);
    rounded.to_string()
}

/// `WxH` in pixels.
pub fn size(text: &str) -> Result<[u32; 2], Failure> {
    let side = |s: &str| s.trim().parse::<u32>().ok().filter(|n| (1..=32_768).contains(n));
    let parsed = text.split_once(['x', 'X', '×']).and_then(|(w, h)| Some([side(w)?, side(h)?]));
    parsed.map_or_else(|| refuse("a size in pixels", text, "WxH, for example 1280x800, at most 32768 a side"), Ok)
}

/// A time, and whether only the day was given.
pub fn time(text: &str) -> Result<(Time, bool), Failure> {
    let time = Time::parse(text).map_err(|e| Failure::new(Exit::Usage, e.to_string()))?;
    Ok((time, text.trim().len() <= 10))
}

/// Seconds of `90s`, `30min`, `6h`, `10d`; a bare number is seconds.
pub fn duration(text: &str) -> Result<f64, Failure> {
    match seconds(text) {
        Some(seconds) => Ok(seconds),
        None => refuse("a duration", text, "90s, 30min, 6h or 10d"),
    }
}

/// `FROM..TO/STEP`.
pub fn clock_range(text: &str) -> Result<Range, Failure> {
    let parts = text.split_once("..").and_then(|(from, rest)| Some((from, rest.rsplit_once('/')?)));
    let Some((from, (to, step))) = parts else {
        return refuse("a time range with a step", text, "FROM..TO/STEP, for example 2024-08-11..2024-08-12/1h");
    };
    let range = Range { from: time(from)?.0, to: time(to)?.0, step_s: duration(step)? };
    if range.to < range.from {
        return refuse("a time range", text, "FROM..TO/STEP with FROM before TO");
    }
    Ok(range)
}

/// `transparent`, `dark`, `light` or `#rrggbb` as sRGB with alpha.
pub fn background(text: &str) -> Result<[u8; 4], Failure> {
    match text {
        "transparent" => return Ok([0; 4]),
        "dark" => return Ok(seaglass_render::VOID),
        "light" => return Ok([0xf4, 0xf6, 0xf8, 0xff]),
        _ => {}
    }
    let hex = text.strip_prefix('#').filter(|h| h.len() == 6 && h.bytes().all(|b| b.is_ascii_hexdigit()));
    match hex.and_then(|h| u32::from_str_radix(h, 16).ok()) {
        Some(rgb) => Ok([(rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8, 0xff]),
        None => refuse("a colour", text, "transparent, dark, light or #rrggbb"),
    }
}

/// Indices along the further dimensions of a field from `DIM=K` texts and a level; the surface, else 0, where none is
/// given.
pub fn extra(texts: &[String], level: Option<f64>, dims: &[ExtraDim], field: &str) -> Result<Vec<usize>, Failure> {
    let mut extra: Vec<usize> = dims.iter().map(|d| d.first).collect();
    if let Some(level) = level {
        let (at, dim) = dims.iter().enumerate().find(|(_, d)| d.vertical && !d.values.is_empty()).ok_or_else(|| {
            let message = format!("The field \"{field}\" has no levels with known depth or height to choose from.");
            Failure::new(Exit::Nothing, message)
        })?;
        extra[at] = dim.nearest(level).unwrap_or(dim.first);
    }
    for text in texts {
        let parsed = text.split_once('=').and_then(|(d, k)| Some((d.trim(), k.trim().parse::<usize>().ok()?)));
        let Some((name, k)) = parsed else { return refuse("an index", text, "DIM=K, for example depth=3") };
        let Some(at) = dims.iter().position(|d| d.name == name) else {
            let known: Vec<&str> = dims.iter().map(|d| d.name.as_str()).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            let message = format!("The field \"{field}\" has no further dimension \"{name}\"; it has {known}.");
            return Err(Failure::new(Exit::Nothing, message));
        };
        if k >= dims[at].size {
            let message =
                format!("{name}={k} does not exist; \"{name}\" goes from 0 to {}.", dims[at].size.saturating_sub(1));
            return Err(Failure::new(Exit::Nothing, message));
        }
        extra[at] = k;
    }
    Ok(extra)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read() {
        assert_eq!(place("-42.5, 20").unwrap(), LonLat::new(-42.5, 20.0));
        let in_unit = |a: f64, b: f64, unit: &str| ValueRange { ends: [a, b], unit: unit.to_owned() };
        assert_eq!(range("-2,35").unwrap(), in_unit(-2.0, 35.0, ""));
        assert_eq!(range("5, 25degC").unwrap(), in_unit(5.0, 25.0, "degC"));
        assert_eq!(range("-1e-3,1e-3 m s-1 ").unwrap(), in_unit(-1e-3, 1e-3, "m s-1"));
        assert_eq!(size("640x480").unwrap(), [640, 480]);
        assert_eq!(duration("1.5h").unwrap(), 5400.0);
        assert_eq!(duration("90").unwrap(), 90.0);
        let clock = clock_range("2024-08-11..2024-08-11T06:00/30min").unwrap();
        assert_eq!((clock.to.seconds_since(clock.from), clock.step_s), (21_600.0, 1800.0));
        assert!(clock_range("2024-08-11..2024-08-10/1h").is_err() && clock_range("2024-08-11/1h").is_err());
        assert_eq!(background("#0a0B0c").unwrap(), [10, 11, 12, 255]);
        assert!(time("2024-08-11").unwrap().1 && !time("2024-08-11T12:00").unwrap().1);
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(place("200").is_err() && place("0,91").is_err() && place("500,0").is_err() && place("nan,0").is_err());
        assert!(range("3,3").is_err() && range("a,b").is_err() && range("3").is_err() && range("3,degC").is_err());
        assert!(size("0x10").is_err() && size("10").is_err() && size("99999x1").is_err());
        assert!(duration("-1h").is_err() && duration("1 fortnight").is_err());
        assert!(background("#12").is_err() && background("#+12345").is_err() && background("blue").is_err());
        let dims = [ExtraDim {
            name: "depth".into(),
            size: 4,
            values: vec![],
            units: String::new(),
            vertical: false,
            first: 0,
        }];
        assert_eq!(extra(&["depth=3".into()], None, &dims, "t").unwrap(), [3]);
        let refused = |text: &str| extra(&[text.into()], None, &dims, "t").is_err();
        assert!(refused("depth=4") && refused("z=1") && extra(&[], Some(10.0), &dims, "t").is_err());
        let known = ExtraDim {
            values: vec![500.0, 50.0, 5.0, 0.5],
            units: "m".into(),
            vertical: true,
            first: 3,
            ..dims[0].clone()
        };
        let at = |level| extra(&[], level, std::slice::from_ref(&known), "t").unwrap();
        assert_eq!([at(None), at(Some(60.0)), at(Some(1e9))], [[3], [1], [0]]);
        assert_eq!((known.label(1), dims[0].label(1)), ("50 m".to_owned(), "2 of 4".to_owned()));
    }

    #[test]
    fn values_are_written_without_noise() {
        // Packed: 0.01 × 2 700 + 273.15 in single and in double precision; 0.0003 × 7.
        assert_eq!(plain(f64::from(2700.0f32 * 0.01f32 + 273.15f32), Some(f64::from(0.01f32))), "300.15");
        assert_eq!(plain(2700.0 * 0.01 + 273.15, Some(0.01)), "300.15");
        assert_eq!(plain(7.0 * 0.0003, Some(0.0003)), "0.0021");
        assert_eq!(plain(-32_767.0, Some(1.0)), "-32767");
        // Singles in their own shortest digits, doubles in ten.
        assert_eq!(plain(f64::from(0.1f32), None), "0.1");
        assert_eq!(plain(f64::from(-3.456_789f32), None), "-3.456789");
        assert_eq!(plain(0.1f64.hypot(0.3), None), "0.316227766");
        assert_eq!(plain(1_336_512.345_678, None), "1336512.346");
        assert_eq!(plain(1_099_511_660_179.0, None), "1099511660179");
        assert_eq!((plain(0.0, None), plain(f64::from(1e20f32), None)), ("0".to_owned(), "1e20".to_owned()));
        assert_eq!(plain(2.5e-9, None), "2.5e-9");
    }
}
