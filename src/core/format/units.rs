//! Units that people choose: temperatures in degrees Celsius or kelvin, speeds in metres a second or knots.

use std::cell::Cell;

use serde::{Deserialize, Serialize};

/// Unit of temperatures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Temperature {
    /// °C, also of files in kelvin.
    #[default]
    Celsius,
    /// K, also of files in degrees Celsius.
    Kelvin,
}

/// Unit of speeds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speed {
    /// m/s.
    #[default]
    MetresPerSecond,
    /// kt.
    Knots,
}

/// What values are shown in. Each thread has its own: that of a window is what its user wants, programs have the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Units {
    /// Of temperatures.
    pub temperature: Temperature,
    /// Of speeds.
    pub speed: Speed,
}

thread_local! {
    static NOW: Cell<Units> = const { Cell::new(Units { temperature: Temperature::Celsius, speed: Speed::MetresPerSecond }) };
}

impl Units {
    /// Those of this thread.
    pub fn now() -> Self {
        NOW.get()
    }

    /// Shows values in these from now on, in this thread.
    pub fn set(self) {
        NOW.set(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::FieldInfo;
    use crate::format::Unit;

    fn field(name: &str, units: &str) -> FieldInfo {
        serde_json::from_value(serde_json::json!({ "name": name, "variable": name, "units": units })).unwrap()
    }

    #[test]
    fn values_are_shown_in_the_unit_chosen_and_typed_back() {
        let shown = |name: &str, units: &str, value: f64| {
            let unit = Unit::of(&field(name, units));
            assert!((unit.raw(unit.shown(value)) - value).abs() < 1e-9);
            (format!("{:.2}", unit.shown(value)), unit.label)
        };
        let is = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(shown("sst", "kelvin", 300.0), is("26.85", "°C"));
        assert_eq!(shown("wind_speed", "m s-1", 10.0), is("10.00", "m/s"));
        Units { temperature: Temperature::Kelvin, speed: Speed::Knots }.set();
        assert_eq!(shown("sst", "kelvin", 300.0), is("300.00", "K"));
        assert_eq!(shown("sst", "degree_Celsius", 26.85), is("300.00", "K"));
        assert_eq!(shown("sst_anomaly", "degree_Celsius", 1.5), is("1.50", "°C"));
        assert_eq!(shown("sst_anomaly", "kelvin", 1.5), is("1.50", "K"));
        // A knot is a nautical mile of 1852 m an hour.
        assert_eq!(shown("wind_speed", "m s-1", 18.52 / 3.6), is("10.00", "kt"));
        assert_eq!(shown("ssha", "m", 0.25), is("0.25", "m"));
    }
}
