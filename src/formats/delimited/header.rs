//! The line with the names of the columns, the delimiter, and what the columns are.

use crate::dataset::Var;

/// What a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Longitudes.
    Lon,
    /// Latitudes.
    Lat,
    /// "latitude, longitude" in one cell.
    LatLon,
    /// "longitude, latitude" in one cell.
    LonLat,
    /// Which drifter, ship or station.
    Id,
    /// Anything else.
    Other,
}

/// The names of the columns.
#[derive(Clone, Debug)]
pub struct Header {
    /// Between two cells.
    pub delimiter: u8,
    /// Names without units.
    pub names: Vec<String>,
    /// Units, from brackets behind the name or from a line of their own (ERDDAP); empty where there are none.
    pub units: Vec<String>,
    /// What each is.
    pub roles: Vec<Role>,
    /// Where the rows begin, bytes.
    pub end: usize,
}

/// Lines looked at.
const LINES: usize = 200;
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
const LON: [&str; 8] = ["longitude", "lon", "long", "lng", "londeg", "decimallongitude", "longitudedeg", "gpslon"];
const LAT: [&str; 7] = ["latitude", "lat", "latdeg", "decimallatitude", "latitudedeg", "gpslat", "lati"];
/// Best first.
const IDS: [&str; 22] = [
    "id",
    "trajectory",
    "trajectoryid",
    "drifterid",
    "drifter",
    "buoyid",
    "buoy",
    "deviceid",
    "device",
    "mmsi",
    "imo",
    "imei",
    "wmo",
    "platformcode",
    "platformid",
    "platform",
    "floatid",
    "stationid",
    "station",
    "vesselid",
    "callsign",
    "shipid",
];

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

/// "Longitude (degrees_east)", "wspd [m/s]": name and unit.
fn name_and_unit(text: &str) -> (String, String) {
    let text = text.trim().trim_matches('"').trim();
    for (open, close) in [('(', ')'), ('[', ']')] {
        if let (Some((name, unit)), true) = (text.split_once(open), text.ends_with(close))
            && !name.trim().is_empty()
        {
            return (name.trim().to_owned(), unit.trim_end_matches(close).trim().to_owned());
        }
    }
    (text.to_owned(), String::new())
}

fn cells(line: &str, delimiter: u8) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(line.as_bytes());
    let mut record = csv::StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(true) => record.iter().map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

impl Header {
    /// The first line with a longitude and a latitude among its cells.
    pub fn find(text: &str) -> Option<Self> {
        let mut at = 0;
        let mut lines = text.split_inclusive('\n').take(LINES);
        while let Some(line) = lines.next() {
            at += line.len();
            let bare = line.trim_start_matches('\u{feff}').trim_start_matches(['#', '%', ' ']).trim_end();
            for delimiter in DELIMITERS {
                let Some(mut header) = Self::of_line(bare, delimiter) else { continue };
                header.end = at;
                let mut after = at;
                for next in lines.by_ref().take(20) {
                    after += next.len();
                    if !next.starts_with('#') {
                        header.take_units(next, after);
                        break;
                    }
                }
                return Some(header);
            }
        }
        None
    }

    fn of_line(line: &str, delimiter: u8) -> Option<Self> {
        let (names, units): (Vec<String>, Vec<String>) =
            cells(line, delimiter).iter().map(|c| name_and_unit(c)).unzip();
        let words: Vec<String> = names.iter().map(|n| plain(n)).collect();
        let find = |known: &[&str]| known.iter().find_map(|k| words.iter().position(|w| w == k));
        let mut roles = vec![Role::Other; names.len()];
        match (find(&LON), find(&LAT)) {
            (Some(lon), Some(lat)) => {
                roles[lon] = Role::Lon;
                roles[lat] = Role::Lat;
            }
            _ => {
                let both = |w: &String| w.contains("lat") && (w.contains("lng") || w.contains("lon")) && w.len() < 24;
                let k = words.iter().position(both).filter(|_| names.len() > 1)?;
                let lat_first = words[k].find("lat") < words[k].find("lng").or_else(|| words[k].find("lon"));
                roles[k] = if lat_first { Role::LatLon } else { Role::LonLat };
            }
        }
        if let Some(id) = find(&IDS) {
            roles[id] = Role::Id;
        }
        Some(Self { delimiter, names, units, roles, end: 0 })
    }

    /// ERDDAP's second line.
    fn take_units(&mut self, line: &str, end: usize) {
        let found = cells(line.trim_end(), self.delimiter);
        let degrees = |k: usize| found.get(k).is_some_and(|u| u.to_ascii_lowercase().starts_with("deg"));
        let placed: Vec<usize> =
            (0..self.roles.len()).filter(|k| matches!(self.roles[*k], Role::Lon | Role::Lat)).collect();
        if placed.len() == 2 && placed.iter().all(|k| degrees(*k)) {
            for (own, unit) in self.units.iter_mut().zip(found) {
                *own = unit;
            }
            self.end = end;
        }
    }

    /// Numbers may have a comma where others have a point.
    pub fn decimal_comma(&self) -> bool {
        self.delimiter == b';'
    }

    /// A name for a variable that none has yet.
    pub fn variable(&self, k: usize, taken: &[Var]) -> String {
        let base = match self.roles[k] {
            Role::Lon => "longitude".to_owned(),
            Role::Lat => "latitude".to_owned(),
            _ => {
                let clean: String = self.names[k]
                    .chars()
                    .map(|c| if c.is_alphanumeric() || "_-.".contains(c) { c } else { '_' })
                    .collect();
                let clean = clean.trim_matches('_').to_owned();
                if clean.is_empty() { format!("column_{}", k + 1) } else { clean }
            }
        };
        if taken.iter().any(|v| v.name == base) { format!("{base}_{}", k + 1) } else { base }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_all_kinds() {
        let h =
            Header::find("# made by X\n\u{feff}ID;Longitude (degrees_east);lat [deg];wspd [m/s]\n1;2;3;4\n").unwrap();
        assert_eq!((h.delimiter, h.names.join("|").as_str()), (b';', "ID|Longitude|lat|wspd"));
        assert_eq!(h.roles, [Role::Id, Role::Lon, Role::Lat, Role::Other]);
        assert_eq!(h.units[3], "m/s");
        let text = "time,latitude,longitude,sst\nUTC,degrees_north,degrees_east,Celsius\n2020-01-01T00:00:00Z,1,2,3\n";
        let h = Header::find(text).unwrap();
        assert_eq!((h.units[3].as_str(), &text[h.end..h.end + 4]), ("Celsius", "2020"));
        let h = Header::find("Date,Device,Approx Lat/Lng\n").unwrap();
        assert_eq!(h.roles, [Role::Other, Role::Id, Role::LatLon]);
        assert!(Header::find("a,b,c\n1,2,3\n").is_none());
    }
}
