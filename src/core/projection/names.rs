//! Names of projections: on the command line, in files, for people.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Plane, Projection};
use crate::geo::{LonLat, wrap_180};

impl Projection {
    /// Name on the command line and in files; with the middle (`mollweide:180`, `laea:10,52`, `utm:33N`) where it has one.
    pub fn id(self) -> String {
        let about = |name: &str, lon: i16| if lon == 0 { name.to_owned() } else { format!("{name}:{lon}") };
        match self {
            Self::Globe => "globe".to_owned(),
            Self::Orthographic => "orthographic".to_owned(),
            Self::Equirectangular => "equirectangular".to_owned(),
            Self::Mercator => "mercator".to_owned(),
            Self::PolarNorth => "polar-north".to_owned(),
            Self::PolarSouth => "polar-south".to_owned(),
            Self::Plane(Plane::Mollweide { lon_deg }) => about("mollweide", lon_deg),
            Self::Plane(Plane::EqualEarth { lon_deg }) => about("equal-earth", lon_deg),
            Self::Plane(Plane::Robinson { lon_deg }) => about("robinson", lon_deg),
            Self::Plane(Plane::EqualArea { lon_deg, lat_deg }) => format!("laea:{lon_deg},{lat_deg}"),
            Self::Plane(Plane::Conic { lon_deg, lat_deg }) => format!("lcc:{lon_deg},{lat_deg}"),
            Self::Plane(Plane::Utm { zone, south }) => format!("utm:{zone}{}", if south { 'S' } else { 'N' }),
            Self::Plane(custom @ Plane::Custom(_)) => custom.proj_string(),
        }
    }

    /// Name of its kind, the same wherever its middle lies.
    pub fn kind(self) -> String {
        match self {
            Self::Plane(Plane::Custom(_)) => "proj".to_owned(),
            other => other.id().split(':').next().unwrap_or_default().to_owned(),
        }
    }

    /// Name for people.
    pub fn title(self) -> String {
        let about =
            |name: &str, lon: i16| if lon == 0 { name.to_owned() } else { format!("{name} about {}", east(lon)) };
        match self {
            Self::Globe => "Globe".to_owned(),
            Self::Orthographic => "Orthographic globe".to_owned(),
            Self::Equirectangular => "Equirectangular".to_owned(),
            Self::Mercator => "Mercator".to_owned(),
            Self::PolarNorth => "Polar stereographic, north".to_owned(),
            Self::PolarSouth => "Polar stereographic, south".to_owned(),
            Self::Plane(Plane::Mollweide { lon_deg }) => about("Mollweide", lon_deg),
            Self::Plane(Plane::EqualEarth { lon_deg }) => about("Equal Earth", lon_deg),
            Self::Plane(Plane::Robinson { lon_deg }) => about("Robinson", lon_deg),
            Self::Plane(Plane::EqualArea { lon_deg, lat_deg }) => {
                format!("Lambert equal-area about {}, {}", north(lat_deg), east(lon_deg))
            }
            Self::Plane(Plane::Conic { lon_deg, lat_deg }) => {
                format!("Lambert conformal conic about {}, {}", north(lat_deg), east(lon_deg))
            }
            Self::Plane(Plane::Utm { zone, south }) => {
                format!("UTM zone {zone} {}", if south { "south" } else { "north" })
            }
            Self::Plane(custom @ Plane::Custom(_)) => custom.proj_string(),
        }
    }

    /// The projection of that [`id`](Self::id); the middle is 0° where the name says none. A name that begins with
    /// `+proj=` or `proj=` is a PROJ string.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::parse(id).ok()
    }

    /// The same; `Err` is a sentence that says what is wrong.
    pub fn parse(id: &str) -> Result<Self, String> {
        let id = id.trim();
        if id.trim_start_matches('+').starts_with("proj=") {
            return Plane::custom(id).map(Self::Plane);
        }
        let (name, rest) = id.split_once(':').map_or((id, None), |(name, rest)| (name, Some(rest)));
        let wrong = |form: &str| format!("\"{id}\" is not a projection; write it like {form}.");
        let lon =
            |form: &str| -> Result<i16, String> { rest.map_or(Ok(0), |r| degrees(r, 180).ok_or_else(|| wrong(form))) };
        let place = |form: &str, default: i16| -> Result<(i16, i16), String> {
            let Some(rest) = rest else { return Ok((0, default)) };
            let both = rest.split_once(',').and_then(|(a, b)| Some((degrees(a, 180)?, degrees(b, 90)?)));
            both.ok_or_else(|| wrong(form))
        };
        let plane = match name.replace('_', "-").as_str() {
            "globe" => return Ok(Self::Globe),
            "orthographic" => return Ok(Self::Orthographic),
            "equirectangular" => return Ok(Self::Equirectangular),
            "mercator" => return Ok(Self::Mercator),
            "polar-north" => return Ok(Self::PolarNorth),
            "polar-south" => return Ok(Self::PolarSouth),
            "mollweide" => Plane::Mollweide { lon_deg: lon("mollweide:180")? },
            "equal-earth" => Plane::EqualEarth { lon_deg: lon("equal-earth:180")? },
            "robinson" => Plane::Robinson { lon_deg: lon("robinson:180")? },
            "laea" => {
                let (lon_deg, lat_deg) = place("laea:10,52", 0)?;
                Plane::EqualArea { lon_deg, lat_deg }
            }
            "lcc" => {
                let (lon_deg, lat_deg) = place("lcc:10,52", 45)?;
                if !(15..=75).contains(&lat_deg.abs()) {
                    return Err(
                        "The middle of a conformal conic map lies 15 to 75 degrees from the equator.".to_owned()
                    );
                }
                Plane::Conic { lon_deg, lat_deg }
            }
            "utm" => utm(rest.unwrap_or("31N")).ok_or_else(|| wrong("utm:33N"))?,
            _ => {
                let known: Vec<String> = Self::ALL.into_iter().map(Self::kind).collect();
                return Err(format!(
                    "There is no projection \"{id}\"; there are {}, and PROJ strings like \"+proj=laea +lat_0=52\".",
                    known.join(", ")
                ));
            }
        };
        Ok(Self::Plane(plane))
    }

    /// The same projection with its middle at a place (to whole degrees, maps of the whole Earth to tens of them), or the
    /// UTM zone of the place. Projections whose middle is part of their definition stay.
    #[must_use]
    pub fn about(self, p: LonLat) -> Self {
        let whole = |v: f64, step: f64| ((v / step).round() * step) as i16;
        let lon = |step: f64| {
            let lon = whole(wrap_180(p.lon_deg), step);
            if lon == -180 { 180 } else { lon }
        };
        match self {
            Self::Plane(Plane::Mollweide { .. }) => Self::Plane(Plane::Mollweide { lon_deg: lon(10.0) }),
            Self::Plane(Plane::EqualEarth { .. }) => Self::Plane(Plane::EqualEarth { lon_deg: lon(10.0) }),
            Self::Plane(Plane::Robinson { .. }) => Self::Plane(Plane::Robinson { lon_deg: lon(10.0) }),
            Self::Plane(Plane::EqualArea { .. }) => {
                Self::Plane(Plane::EqualArea { lon_deg: lon(1.0), lat_deg: whole(p.lat_deg, 1.0) })
            }
            Self::Plane(Plane::Conic { .. }) => {
                let lat = p.lat_deg.abs().clamp(15.0, 75.0).copysign(p.lat_deg);
                Self::Plane(Plane::Conic { lon_deg: lon(1.0), lat_deg: whole(lat, 1.0) })
            }
            Self::Plane(Plane::Utm { .. }) => Self::Plane(Plane::Utm { zone: zone_of(p), south: p.lat_deg < 0.0 }),
            other => other,
        }
    }
}

/// UTM zone of a place, with the exceptions of Norway and Svalbard (zones 31 to 37; NGA.STND.0037, 2014, chapter 3).
fn zone_of(p: LonLat) -> u8 {
    let lon = wrap_180(p.lon_deg);
    let plain = ((lon + 180.0) / 6.0).floor().clamp(0.0, 59.0) as u8 + 1;
    match (plain, p.lat_deg) {
        (31, lat) if (56.0..64.0).contains(&lat) && lon >= 3.0 => 32,
        (31..=37, lat) if (72.0..84.0).contains(&lat) => match lon {
            l if l < 9.0 => 31,
            l if l < 21.0 => 33,
            l if l < 33.0 => 35,
            _ => 37,
        },
        (zone, _) => zone,
    }
}

fn utm(text: &str) -> Option<Plane> {
    let text = text.trim().to_ascii_uppercase();
    let (number, south) = match (text.strip_suffix('S'), text.strip_suffix('N')) {
        (Some(n), _) => (n, true),
        (_, Some(n)) => (n, false),
        _ => (text.as_str(), false),
    };
    let zone: u8 = number.parse().ok().filter(|z| (1..=60).contains(z))?;
    Some(Plane::Utm { zone, south })
}

fn degrees(text: &str, most: i16) -> Option<i16> {
    let value: f64 = text.trim().parse().ok()?;
    (value.abs() <= f64::from(most)).then_some(value.round() as i16)
}

fn east(lon: i16) -> String {
    match lon {
        0 | 180 | -180 => format!("{}°", lon.abs()),
        l => format!("{}° {}", l.abs(), if l > 0 { 'E' } else { 'W' }),
    }
}

fn north(lat: i16) -> String {
    match lat {
        0 => "0°".to_owned(),
        l => format!("{}° {}", l.abs(), if l > 0 { 'N' } else { 'S' }),
    }
}

impl Serialize for Projection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // As earlier versions wrote those they had.
        let id = self.id();
        let old = matches!(self, Self::PolarNorth | Self::PolarSouth);
        serializer.serialize_str(&if old { id.replace('-', "_") } else { id })
    }
}

impl<'de> Deserialize<'de> for Projection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_return() {
        let more = ["mollweide:-150", "laea:-160,-20", "lcc:145,-40", "utm:60S", "+proj=aeqd +lat_0=40 +datum=WGS84"];
        for projection in Projection::ALL.into_iter().chain(more.map(|id| Projection::from_id(id).unwrap())) {
            assert_eq!(Projection::from_id(&projection.id()), Some(projection));
            let json = serde_json::to_string(&projection).unwrap();
            assert_eq!(serde_json::from_str::<Projection>(&json).unwrap(), projection, "{json}");
        }
        // As earlier versions wrote them.
        assert_eq!(serde_json::to_string(&Projection::PolarNorth).unwrap(), "\"polar_north\"");
        for bad in ["mollweide:200", "laea:10", "lcc:0,5", "utm:61N", "utm:0", "peirce"] {
            assert!(Projection::parse(bad).unwrap_err().ends_with('.'), "{bad}");
        }
    }

    #[test]
    fn the_zone_is_that_of_the_place() {
        let zone = |lon, lat| Projection::from_id("utm").unwrap().about(LonLat::new(lon, lat)).id();
        // Zones of Paris, Sydney, Suva, Bergen, Longyearbyen, and beside the dateline.
        let places = [(2.3, 48.9, "utm:31N"), (151.2, -33.9, "utm:56S"), (178.4, -18.1, "utm:60S")];
        let odd = [(5.3, 60.4, "utm:32N"), (15.6, 78.2, "utm:33N"), (-179.9, 10.0, "utm:1N"), (180.0, 10.0, "utm:1N")];
        for (lon, lat, id) in places.into_iter().chain(odd) {
            assert_eq!(zone(lon, lat), id);
        }
        let about = |id: &str, lon, lat| Projection::from_id(id).unwrap().about(LonLat::new(lon, lat)).id();
        assert_eq!(about("mollweide", -154.4, 3.0), "mollweide:-150");
        assert_eq!(about("laea", 179.8, -20.4), "laea:180,-20");
        assert_eq!(about("lcc", 10.0, -3.0), "lcc:10,-15");
        assert_eq!(about("mercator", 10.0, -3.0), "mercator");
    }
}
