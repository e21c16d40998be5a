//! Vectors: units of speed, and directions in the two conventions.

/// Knots of a metre a second (a knot is 1 852 m an hour).
pub const KNOTS_PER_M_S: f64 = 3600.0 / 1852.0;

/// Knots of one unit of speed; `None` when the unit is not one of speed.
pub fn knots_per_unit(unit: &str) -> Option<f64> {
    let plain: String = unit
        .to_lowercase()
        .replace("**", "")
        .chars()
        .map(|c| match c {
            '.' | '*' | '·' | '_' => ' ',
            '−' => '-',
            c => c,
        })
        .collect();
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ").replace(" / ", "/");
    let m_s = match plain.as_str() {
        "m s-1" | "m s^-1" | "m/s" | "ms-1" | "meter/second" | "metre/second" | "meters/second" | "metres/second"
        | "m/sec" | "m sec-1" | "meter s-1" | "meters s-1" | "metre s-1" | "metres s-1" | "meter second-1"
        | "meters second-1" | "metres second-1" | "m second-1" | "meters per second" | "metres per second" | "mps" => {
            1.0
        }
        "cm s-1" | "cm s^-1" | "cm/s" | "cm/sec" | "cm sec-1" | "centimeter/second" | "centimetre/second" => 0.01,
        "mm s-1" | "mm/s" => 0.001,
        "km h-1" | "km h^-1" | "km/h" | "km/hr" | "km hr-1" | "kmh" | "kph" => 1.0 / 3.6,
        "km s-1" | "km/s" => 1000.0,
        "m d-1" | "m day-1" | "m/day" | "m/d" => 1.0 / 86_400.0,
        "cm d-1" | "cm day-1" | "cm/day" => 0.01 / 86_400.0,
        "km d-1" | "km day-1" | "km/day" => 1000.0 / 86_400.0,
        "mph" | "mi/h" | "mile/hour" | "miles/hour" => 0.447_04,
        "knot" | "knots" | "kt" | "kts" | "kn" => return Some(1.0),
        _ => return None,
    };
    Some(m_s * KNOTS_PER_M_S)
}

/// Degrees clockwise from true north to where a vector points; `None` for no vector.
pub fn towards_deg(east: f64, north: f64) -> Option<f64> {
    let points = (east != 0.0 || north != 0.0) && east.is_finite() && north.is_finite();
    points.then(|| east.atan2(north).to_degrees().rem_euclid(360.0))
}

/// Whether a direction is that from which it comes (meteorological: winds) or that to which it goes (oceanographic:
/// currents, drift).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Convention {
    /// Where it comes from.
    From,
    /// Where it goes to.
    Towards,
}

impl Convention {
    /// The custom for a quantity: winds are told by where they come from, everything else by where it goes to.
    pub fn usual(standard_name: Option<&str>, title: &str) -> Self {
        let wind = |text: &str| {
            let text = text.to_lowercase();
            text.contains("wind") && !text.contains("current")
        };
        if standard_name.map_or_else(|| wind(title), wind) { Self::From } else { Self::Towards }
    }

    /// Direction of a vector (east, north) in this convention, degrees clockwise from true north.
    pub fn deg(self, east: f64, north: f64) -> Option<f64> {
        match self {
            Self::From => towards_deg(-east, -north),
            Self::Towards => towards_deg(east, north),
        }
    }

    /// `from` or `towards`.
    pub fn word(self) -> &'static str {
        match self {
            Self::From => "from",
            Self::Towards => "towards",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knots_of_units() {
        let near = |unit: &str, knots: f64| {
            let got = knots_per_unit(unit).unwrap();
            assert!((got - knots).abs() < 1e-4 * knots, "{unit}: {got}");
        };
        // A metre a second is 1.94384 kt, a kilometre an hour 0.539957 kt (NIST SP 811).
        for unit in ["m s-1", "m/s", "m s^-1", "m.s-1", "meters/second", "m s**-1", "M S-1"] {
            near(unit, 1.943_84);
        }
        near("km/h", 0.539_957);
        near("cm/s", 0.019_438_4);
        near("knots", 1.0);
        near("mph", 0.868_976);
        for unit in ["", "K", "m", "m2 s-1", "degrees"] {
            assert_eq!(knots_per_unit(unit), None, "{unit}");
        }
    }

    #[test]
    fn a_westerly_comes_from_270_and_goes_to_90() {
        assert_eq!(Convention::From.deg(5.0, 0.0), Some(270.0));
        assert_eq!(Convention::Towards.deg(5.0, 0.0), Some(90.0));
        assert_eq!(Convention::Towards.deg(0.0, -1.0), Some(180.0));
        assert_eq!(Convention::From.deg(0.0, -1.0), Some(0.0));
        assert_eq!(towards_deg(0.0, 0.0), None);
        assert_eq!(Convention::usual(Some("wind_speed"), ""), Convention::From);
        assert_eq!(Convention::usual(Some("sea_water_speed"), "Wind drift"), Convention::Towards);
        assert_eq!(Convention::usual(None, "Wind at 10 m"), Convention::From);
    }
}
