//! Small texts of the command line: places, sizes, ranges, durations, colours.

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
    match pair(text, ',').map(|[lon, lat]| LonLat::new(lon, lat)).filter(LonLat::is_valid) {
        Some(place) => Ok(place),
        None => refuse("a place on the Earth", text, "LON,LAT in degrees, for example -42.5,20"),
    }
}

/// `A,B` with A < B.
pub fn range(text: &str) -> Result<[f64; 2], Failure> {
    match pair(text, ',').filter(|[a, b]| a < b) {
        Some(range) => Ok(range),
        None => refuse("a range", text, "A,B with A smaller than B, for example -2,35"),
    }
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
    let text = text.trim();
    let at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let unit = match text[at..].trim() {
        "" | "s" | "sec" => Some(1.0),
        "m" | "min" => Some(60.0),
        "h" => Some(3600.0),
        "d" | "day" | "days" => Some(86_400.0),
        _ => None,
    };
    let number = text[..at].trim().parse::<f64>().ok();
    match number.zip(unit).map(|(n, u)| n * u).filter(|s| s.is_finite() && *s > 0.0) {
        Some(seconds) => Ok(seconds),
        None => refuse("a duration", text, "90s, 30min, 6h or 10d"),
    }
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

/// Indices along the further dimensions of a field from `DIM=K` texts; 0 where none is given.
pub fn extra(texts: &[String], dims: &[ExtraDim], field: &str) -> Result<Vec<usize>, Failure> {
    let mut extra = vec![0; dims.len()];
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
        assert_eq!(range("-2,35").unwrap(), [-2.0, 35.0]);
        assert_eq!(size("640x480").unwrap(), [640, 480]);
        assert_eq!(duration("1.5h").unwrap(), 5400.0);
        assert_eq!(duration("90").unwrap(), 90.0);
        assert_eq!(background("#0a0B0c").unwrap(), [10, 11, 12, 255]);
        assert!(time("2024-08-11").unwrap().1 && !time("2024-08-11T12:00").unwrap().1);
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(place("200").is_err() && place("0,91").is_err() && place("nan,0").is_err());
        assert!(range("3,3").is_err() && range("a,b").is_err());
        assert!(size("0x10").is_err() && size("10").is_err() && size("99999x1").is_err());
        assert!(duration("-1h").is_err() && duration("1 fortnight").is_err());
        assert!(background("#12").is_err() && background("#+12345").is_err() && background("blue").is_err());
        let dims = [ExtraDim { name: "depth".into(), size: 4, values: vec![], units: String::new() }];
        assert_eq!(extra(&["depth=3".into()], &dims, "t").unwrap(), [3]);
        assert!(extra(&["depth=4".into()], &dims, "t").is_err() && extra(&["z=1".into()], &dims, "t").is_err());
    }
}
