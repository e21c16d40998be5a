//! Lengths, durations and sizes as people write them.

/// Metres of `25 km`, `500 m`, `2 nmi`; the unit must be there.
///
/// # Errors
/// A sentence, when it is no length.
pub fn length_m(text: &str) -> Result<f64, String> {
    let (number, unit) = split(text);
    let factor = match unit {
        "km" | "kilometre" | "kilometres" | "kilometer" | "kilometers" => 1000.0,
        "m" | "metre" | "metres" | "meter" | "meters" => 1.0,
        "nmi" | "NM" => 1852.0,
        _ => return Err(format!("\"{text}\" is no length; write it with its unit, as 25 km or 500 m")),
    };
    let number = decimal(number).ok_or_else(|| format!("\"{text}\" is no length; write it as 25 km or 500 m"))?;
    Ok(number * factor)
}

/// Microseconds of `1 h`, `30 min`, `10 d`, `90 s`; the unit must be there.
///
/// # Errors
/// A sentence, when it is no duration.
pub fn duration_us(text: &str) -> Result<i64, String> {
    let (number, unit) = split(text);
    let seconds = match unit {
        "s" | "sec" | "second" | "seconds" => 1.0,
        "min" | "minute" | "minutes" => 60.0,
        "h" | "hour" | "hours" => 3600.0,
        "d" | "day" | "days" => 86_400.0,
        "week" | "weeks" => 604_800.0,
        _ => return Err(format!("\"{text}\" is no duration; write it with its unit, as 1 h, 30 min or 10 d")),
    };
    let number =
        decimal(number).ok_or_else(|| format!("\"{text}\" is no duration; write it as 1 h, 30 min or 10 d"))?;
    let micros = (number * seconds * 1e6).round();
    if micros.abs() < 9e18 { Ok(micros as i64) } else { Err(format!("\"{text}\" is longer than can be counted")) }
}

/// Bytes of `512 MB`, `2 GB` (powers of 1000) or `1 GiB`.
///
/// # Errors
/// A sentence, when it is no size.
pub fn bytes(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text);
    let factor = match unit {
        "MB" => 1e6,
        "GB" => 1e9,
        "TB" => 1e12,
        "MiB" => 1_048_576.0,
        "GiB" => 1_073_741_824.0,
        _ => return Err(format!("\"{text}\" is no size; write it as 512 MB or 2 GB")),
    };
    match decimal(number) {
        Some(n) if n > 0.0 && n * factor < 1e18 => Ok((n * factor) as u64),
        _ => Err(format!("\"{text}\" is no size; write it as 512 MB or 2 GB")),
    }
}

fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let at = text.find(|c: char| c.is_ascii_alphabetic() && !matches!(c, 'e' | 'E')).unwrap_or(text.len());
    (text[..at].trim(), text[at..].trim())
}

fn decimal(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|x| x.is_finite())
}

/// `1.2 GB`, for people.
pub fn size_text(bytes: u64) -> String {
    let b = bytes as f64;
    match b {
        _ if b >= 1e12 => format!("{:.2} TB", b / 1e12),
        _ if b >= 1e9 => format!("{:.2} GB", b / 1e9),
        _ if b >= 1e6 => format!("{:.1} MB", b / 1e6),
        _ => format!("{:.0} kB", (b / 1e3).ceil()),
    }
}

/// `1 234 567`, with thin gaps between thousands as blanks.
pub fn count_text(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (k, c) in digits.chars().enumerate() {
        if k > 0 && (digits.len() - k).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_write_units() {
        assert_eq!(length_m("25 km"), Ok(25_000.0));
        assert_eq!(length_m("12.5km"), Ok(12_500.0));
        assert_eq!(length_m("1e3 m"), Ok(1000.0));
        assert!(length_m("25").is_err() && length_m("km").is_err() && length_m("inf km").is_err());
        assert_eq!(duration_us("1 h"), Ok(3_600_000_000));
        assert_eq!(duration_us("1.5d"), Ok(129_600_000_000));
        assert!(duration_us("soon").is_err() && duration_us("1e30 d").is_err());
        assert_eq!(bytes("512 MB"), Ok(512_000_000));
        assert!(bytes("-1 GB").is_err());
        assert_eq!(count_text(1_234_567), "1 234 567");
    }
}
