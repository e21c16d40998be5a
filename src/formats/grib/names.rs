//! Names, units and standard names of parameters and levels: those of the sea, the ice and the wind over it, from the WMO
//! tables (edition 1: table 2; edition 2: code tables 4.2) and ECMWF's tables 128 and 140. Others keep their numbers.

use super::message::{Level, Parameter};

/// What a parameter is called.
pub struct Name {
    /// Short name, as eccodes has it.
    pub short: String,
    /// For people.
    pub title: String,
    /// Unit; empty where unknown.
    pub units: &'static str,
    /// CF standard name; empty where there is none.
    pub standard: &'static str,
}

/// Number, short name, title, unit, standard name.
type Row = (u16, &'static str, &'static str, &'static str, &'static str);

/// WMO table 2 of edition 1.
#[rustfmt::skip]
const WMO: &[Row] = &[
    (1, "pres", "Pressure", "Pa", "air_pressure"),
    (2, "msl", "Mean sea level pressure", "Pa", "air_pressure_at_mean_sea_level"),
    (6, "z", "Geopotential", "m2 s-2", "geopotential"),
    (7, "gh", "Geopotential height", "m", "geopotential_height"),
    (11, "t", "Temperature", "K", "air_temperature"),
    (17, "dpt", "Dew point temperature", "K", "dew_point_temperature"),
    (20, "vis", "Visibility", "m", "visibility_in_air"),
    (31, "wdir", "Wind direction", "degree", "wind_from_direction"),
    (32, "ws", "Wind speed", "m s-1", "wind_speed"),
    (33, "u", "Wind, eastward", "m s-1", "eastward_wind"),
    (34, "v", "Wind, northward", "m s-1", "northward_wind"),
    (49, "ucurr", "Current, eastward", "m s-1", "eastward_sea_water_velocity"),
    (50, "vcurr", "Current, northward", "m s-1", "northward_sea_water_velocity"),
    (47, "dirc", "Current direction", "degree", "sea_water_velocity_to_direction"),
    (48, "spc", "Current speed", "m s-1", "sea_water_speed"),
    (52, "r", "Relative humidity", "%", "relative_humidity"),
    (61, "tp", "Total precipitation", "kg m-2", "precipitation_amount"),
    (71, "tcc", "Total cloud cover", "%", ""),
    (80, "wtmp", "Water temperature", "K", "sea_water_temperature"),
    (81, "lsm", "Land cover", "1", "land_binary_mask"),
    (88, "s", "Salinity", "kg kg-1", ""),
    (91, "ci", "Sea ice cover", "1", "sea_ice_area_fraction"),
    (92, "icetk", "Ice thickness", "m", "sea_ice_thickness"),
    (95, "uice", "Ice drift, eastward", "m s-1", "eastward_sea_ice_velocity"),
    (96, "vice", "Ice drift, northward", "m s-1", "northward_sea_ice_velocity"),
    (100, "swh", "Significant height of combined wind waves and swell", "m", "sea_surface_wave_significant_height"),
    (101, "wvdir", "Direction of wind waves", "degree", "sea_surface_wind_wave_from_direction"),
    (102, "shww", "Significant height of wind waves", "m", "sea_surface_wind_wave_significant_height"),
    (103, "mpww", "Mean period of wind waves", "s", "sea_surface_wind_wave_mean_period"),
    (104, "swdir", "Direction of swell waves", "degree", "sea_surface_swell_wave_from_direction"),
    (105, "shts", "Significant height of swell waves", "m", "sea_surface_swell_wave_significant_height"),
    (106, "mpts", "Mean period of swell waves", "s", "sea_surface_swell_wave_mean_period"),
    (107, "dirpw", "Primary wave direction", "degree", "sea_surface_wave_from_direction"),
    (108, "perpw", "Primary wave mean period", "s", "sea_surface_wave_mean_period"),
    (112, "nlwrs", "Net long-wave radiation flux (surface)", "W m-2", ""),
];

/// ECMWF table 128.
#[rustfmt::skip]
const ECMWF: &[Row] = &[
    (31, "ci", "Sea ice cover", "1", "sea_ice_area_fraction"),
    (34, "sst", "Sea surface temperature", "K", "sea_surface_temperature"),
    (129, "z", "Geopotential", "m2 s-2", "geopotential"),
    (130, "t", "Temperature", "K", "air_temperature"),
    (131, "u", "Wind, eastward", "m s-1", "eastward_wind"),
    (132, "v", "Wind, northward", "m s-1", "northward_wind"),
    (133, "q", "Specific humidity", "kg kg-1", "specific_humidity"),
    (134, "sp", "Surface pressure", "Pa", "surface_air_pressure"),
    (136, "tcw", "Total column water", "kg m-2", ""),
    (137, "tcwv", "Total column water vapour", "kg m-2", "atmosphere_mass_content_of_water_vapor"),
    (151, "msl", "Mean sea level pressure", "Pa", "air_pressure_at_mean_sea_level"),
    (157, "r", "Relative humidity", "%", "relative_humidity"),
    (164, "tcc", "Total cloud cover", "1", "cloud_area_fraction"),
    (165, "u10", "10 metre wind, eastward", "m s-1", "eastward_wind"),
    (166, "v10", "10 metre wind, northward", "m s-1", "northward_wind"),
    (167, "t2m", "2 metre temperature", "K", "air_temperature"),
    (168, "d2m", "2 metre dew point temperature", "K", "dew_point_temperature"),
    (172, "lsm", "Land-sea mask", "1", "land_area_fraction"),
    (207, "si10", "10 metre wind speed", "m s-1", "wind_speed"),
    (228, "tp", "Total precipitation", "m", ""),
    (235, "skt", "Skin temperature", "K", "surface_temperature"),
];

/// ECMWF table 140: waves.
#[rustfmt::skip]
const WAVES: &[Row] = &[
    (215, "mdts", "Mean direction of total swell", "degree", "sea_surface_swell_wave_from_direction"),
    (220, "mp1", "Mean wave period from the first moment", "s", ""),
    (221, "mp2", "Mean zero-crossing wave period", "s", "sea_surface_wave_mean_period_from_variance_spectral_density_second_frequency_moment"),
    (229, "swh", "Significant height of combined wind waves and swell", "m", "sea_surface_wave_significant_height"),
    (230, "mwd", "Mean wave direction", "degree", "sea_surface_wave_from_direction"),
    (231, "pp1d", "Peak wave period", "s", "sea_surface_wave_period_at_variance_spectral_density_maximum"),
    (232, "mwp", "Mean wave period", "s", "sea_surface_wave_mean_period"),
    (233, "cdww", "Coefficient of drag with waves", "1", ""),
    (234, "shww", "Significant height of wind waves", "m", "sea_surface_wind_wave_significant_height"),
    (235, "mdww", "Mean direction of wind waves", "degree", "sea_surface_wind_wave_from_direction"),
    (236, "mpww", "Mean period of wind waves", "s", "sea_surface_wind_wave_mean_period"),
    (237, "shts", "Significant height of total swell", "m", "sea_surface_swell_wave_significant_height"),
    (239, "mpts", "Mean period of total swell", "s", "sea_surface_swell_wave_mean_period"),
    (245, "wind", "10 metre wind speed in the wave model", "m s-1", "wind_speed"),
    (249, "dwi", "10 metre wind direction in the wave model", "degree", "wind_from_direction"),
];

/// Edition 2: category · 256 + number, of discipline 0 (meteorological).
#[rustfmt::skip]
const AIR: &[Row] = &[
    (0, "t", "Temperature", "K", "air_temperature"),
    (6, "dpt", "Dew point temperature", "K", "dew_point_temperature"),
    (17, "skt", "Skin temperature", "K", "surface_temperature"),
    (256, "q", "Specific humidity", "kg kg-1", "specific_humidity"),
    (257, "r", "Relative humidity", "%", "relative_humidity"),
    (264, "tp", "Total precipitation", "kg m-2", "precipitation_amount"),
    (512, "wdir", "Wind direction", "degree", "wind_from_direction"),
    (513, "ws", "Wind speed", "m s-1", "wind_speed"),
    (514, "u", "Wind, eastward", "m s-1", "eastward_wind"),
    (515, "v", "Wind, northward", "m s-1", "northward_wind"),
    (534, "gust", "Wind speed (gust)", "m s-1", "wind_speed_of_gust"),
    (768, "pres", "Pressure", "Pa", "air_pressure"),
    (769, "prmsl", "Pressure reduced to MSL", "Pa", "air_pressure_at_mean_sea_level"),
    (772, "z", "Geopotential", "m2 s-2", "geopotential"),
    (773, "gh", "Geopotential height", "m", "geopotential_height"),
    (1537, "tcc", "Total cloud cover", "%", ""),
    (4864, "vis", "Visibility", "m", "visibility_in_air"),
];

/// Edition 2, discipline 10 (oceanographic).
#[rustfmt::skip]
const SEA: &[Row] = &[
    (3, "swh", "Significant height of combined wind waves and swell", "m", "sea_surface_wave_significant_height"),
    (4, "wvdir", "Direction of wind waves", "degree", "sea_surface_wind_wave_from_direction"),
    (5, "shww", "Significant height of wind waves", "m", "sea_surface_wind_wave_significant_height"),
    (6, "mpww", "Mean period of wind waves", "s", "sea_surface_wind_wave_mean_period"),
    (7, "swdir", "Direction of swell waves", "degree", "sea_surface_swell_wave_from_direction"),
    (8, "shts", "Significant height of swell waves", "m", "sea_surface_swell_wave_significant_height"),
    (9, "mpts", "Mean period of swell waves", "s", "sea_surface_swell_wave_mean_period"),
    (10, "dirpw", "Primary wave direction", "degree", "sea_surface_wave_from_direction"),
    (11, "perpw", "Primary wave mean period", "s", "sea_surface_wave_mean_period"),
    (14, "mwd", "Mean wave direction", "degree", "sea_surface_wave_from_direction"),
    (15, "mwp", "Mean wave period", "s", "sea_surface_wave_mean_period"),
    (34, "pp1d", "Peak wave period", "s", "sea_surface_wave_period_at_variance_spectral_density_maximum"),
    (256, "dirc", "Current direction", "degree", "sea_water_velocity_to_direction"),
    (257, "spc", "Current speed", "m s-1", "sea_water_speed"),
    (258, "ucurr", "Current, eastward", "m s-1", "eastward_sea_water_velocity"),
    (259, "vcurr", "Current, northward", "m s-1", "northward_sea_water_velocity"),
    (512, "ci", "Sea ice cover", "1", "sea_ice_area_fraction"),
    (513, "icetk", "Ice thickness", "m", "sea_ice_thickness"),
    (516, "uice", "Ice drift, eastward", "m s-1", "eastward_sea_ice_velocity"),
    (517, "vice", "Ice drift, northward", "m s-1", "northward_sea_ice_velocity"),
    (768, "wtmp", "Water temperature", "K", "sea_surface_temperature"),
    (769, "dslm", "Deviation of sea level from mean", "m", ""),
    (1024, "mtha", "Main thermocline depth", "m", ""),
    (1026, "sbt", "Sub-surface temperature", "K", "sea_water_temperature"),
    (1027, "s", "Salinity", "kg kg-1", ""),
];

fn find(rows: &[Row], number: u16) -> Option<&Row> {
    rows.iter().find(|r| r.0 == number)
}

/// The name of a parameter.
pub fn of(parameter: Parameter) -> Name {
    let (row, (short, title)) = match parameter {
        Parameter::One { table, centre, number, .. } => {
            let n = u16::from(number);
            // Tables up to 127 are the WMO's, but for the numbers from 128 on.
            let row = match (table, centre) {
                (128, 98) => find(ECMWF, n),
                (140, 98) => find(WAVES, n),
                (..128, _) if number < 128 => find(WMO, n),
                _ => None,
            };
            let words =
                (format!("p{number}_t{table}"), format!("Parameter {number} of table {table} of centre {centre}"));
            (row, words)
        }
        Parameter::Two { discipline, category, number, centre, .. } => {
            let n = u16::from(category) * 256 + u16::from(number);
            let row = match discipline {
                0 => find(AIR, n),
                10 => find(SEA, n),
                2 if (category, number) == (0, 0) => {
                    const LAND: Row = (0, "lsm", "Land cover", "1", "land_area_fraction");
                    Some(&LAND)
                }
                _ => None,
            };
            let of = if number > 191 { format!(" of centre {centre}") } else { String::new() };
            let title = format!("Parameter {discipline}.{category}.{number}{of}");
            (row, (format!("p{discipline}_{category}_{number}"), title))
        }
    };
    match row {
        Some((_, short, title, units, standard)) => {
            Name { short: (*short).to_owned(), title: (*title).to_owned(), units, standard }
        }
        None => Name { short, title, units: "", standard: "" },
    }
}

/// Mean, sum … over an interval, as a word for titles and one for `cell_methods`.
pub fn statistic(parameter: Parameter) -> Option<(&'static str, &'static str)> {
    match parameter {
        Parameter::One { statistic, .. } => statistic.and_then(|s| match s {
            3 => Some(("mean", "time: mean")),
            4 => Some(("sum", "time: sum")),
            5 => Some(("change", "time: range")),
            _ => None,
        }),
        Parameter::Two { statistic, .. } => statistic.and_then(|s| match s {
            0 => Some(("mean", "time: mean")),
            1 => Some(("sum", "time: sum")),
            2 => Some(("maximum", "time: maximum")),
            3 => Some(("minimum", "time: minimum")),
            _ => None,
        }),
    }
}

/// Kinds of levels: name of the dimension, unit, words for titles, which way values grow.
pub struct LevelName {
    /// Name.
    pub name: &'static str,
    /// Unit of the values; empty where the kind has none.
    pub units: &'static str,
    /// `up` or `down`; empty where there are no values.
    pub positive: &'static str,
    /// CF standard name of the coordinate.
    pub standard: &'static str,
}

/// The name of a kind of level (code table 4.5).
pub fn level(level: Level) -> LevelName {
    let made = |name, units, positive, standard| LevelName { name, units, positive, standard };
    match level.kind {
        100 => made("pressure", "Pa", "down", "air_pressure"),
        101 => made("mean_sea", "", "", ""),
        102 => made("altitude", "m", "up", "altitude"),
        103 => made("height", "m", "up", "height"),
        104 => made("sigma", "1", "down", "atmosphere_sigma_coordinate"),
        105 => made("hybrid", "1", "down", "atmosphere_hybrid_sigma_pressure_coordinate"),
        106 => made("depth_in_land", "m", "down", ""),
        160 => made("depth", "m", "down", "depth"),
        168 => made("ocean_level", "1", "down", ""),
        241 => made("sequence", "1", "up", ""),
        10 => made("atmosphere", "", "", ""),
        8 => made("top_of_atmosphere", "", "", ""),
        _ => made("surface", "", "", ""),
    }
}
