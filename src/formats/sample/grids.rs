//! The two gridded analyses: GHRSST L4 temperature at 0.1° and DUACS-like sea level with currents at 0.25°.

use seaglass_core::geo::LonLat;
use seaglass_core::ocean::SeaSurface;

use super::container::{Container, Data, Variable, packed};
use super::{DAY_START, World, cells};

/// Gap-free sea surface temperature on 0.1°, as Ifremer's ODYSSEA, valid at 12 h.
pub(super) fn sst_analysis(world: &World) -> Container {
    const ROWS: usize = 1600;
    const COLS: usize = 3600;
    let noon = DAY_START.plus_seconds(43_200.0);
    let lat: Vec<f32> = (0..ROWS).map(|k| (k as f64 * 0.1 - 79.95) as f32).collect();
    let lon: Vec<f32> = (0..COLS).map(|k| (k as f64 * 0.1 - 179.95) as f32).collect();
    let sst: Vec<f64> = cells(ROWS, COLS, |row, out: &mut [_]| {
        for (col, cell) in out.iter_mut().enumerate() {
            let at = LonLat::new(f64::from(lon[col]), f64::from(lat[row]));
            *cell = if world.land.is_land(at) { f64::NAN } else { world.ocean.sst_kelvin(at, noon) };
        }
    });
    let ice = |k: f64| if k.is_nan() { f64::NAN } else { ((273.15 - 1.5 - k) / 0.28).clamp(0.0, 1.0) };
    let grid: &[&'static str] = &["time", "lat", "lon"];
    let chunks = [1, 400, 900];
    Container::new("20240811120000-IFR-L4_GHRSST-SSTfnd-ODYSSEA-GLOB_010-v02.1-fv01.0.nc")
        .dim("time", 1)
        .dim("lat", ROWS)
        .dim("lon", COLS)
        .var(
            Variable::new("time", &["time"], Data::I32(vec![(noon.unix_seconds() - 347_155_200.0) as i32], None))
                .named("reference time of sst field", "seconds since 1981-01-01 00:00:00")
                .standard("time")
                .with("axis", "T")
                .with("calendar", "gregorian"),
        )
        .var(axis("lat", "latitude", "degrees_north", "Y", lat))
        .var(axis("lon", "longitude", "degrees_east", "X", lon))
        .var(
            Variable::new(
                "analysed_sst",
                grid,
                Data::I16(packed(sst.iter().copied(), 0.01, 273.15, -32768), Some(-32768)),
            )
            .named("analysed sea surface temperature", "kelvin")
            .standard("sea_surface_foundation_temperature")
            .with("add_offset", 273.15)
            .with("scale_factor", 0.01)
            .with("valid_min", -300i16)
            .with("valid_max", 4500i16)
            .chunked(&chunks),
        )
        .var(
            Variable::new(
                "analysis_error",
                grid,
                Data::I16(packed(sst.iter().map(|k| k * 0.0 + 0.2), 0.01, 0.0, -32768), Some(-32768)),
            )
            .named("estimated error standard deviation of analysed_sst", "kelvin")
            .with("add_offset", 0.0)
            .with("scale_factor", 0.01)
            .chunked(&chunks),
        )
        .var(
            Variable::new(
                "sea_ice_fraction",
                grid,
                Data::I8(packed(sst.iter().map(|k| ice(*k)), 0.01, 0.0, -128), Some(-128)),
            )
            .named("sea ice area fraction", "1")
            .standard("sea_ice_area_fraction")
            .with("add_offset", 0.0)
            .with("scale_factor", 0.01)
            .with("comment", "grows from 0 to 1 while the temperature falls from -1.5 to -1.78 degC")
            .chunked(&chunks),
        )
        .var(
            Variable::new(
                "mask",
                grid,
                Data::I8(sst.iter().map(|k| if k.is_nan() { 2 } else { 1 }).collect(), Some(-128)),
            )
            .named("sea/land field composite mask", "")
            .with("flag_masks", vec![1i8, 2])
            .with("flag_meanings", "water land")
            .chunked(&chunks),
        )
        .with("Conventions", "CF-1.6, ACDD-1.1")
        .with("title", "ODYSSEA global sea surface temperature analysis")
        .with("id", "ODYSSEA-IFR-L4-GLOB-v2.1")
        .with("institution", "Institut Francais de Recherche et d'Exploitation de la Mer")
        .with("processing_level", "L4")
        .with("cdm_data_type", "grid")
        .with("gds_version_id", "2.0")
        .with("spatial_resolution", "0.1 degree")
        .with("start_time", "20240811T000000Z")
        .with("stop_time", "20240812T000000Z")
        .with("time_coverage_start", "20240811T000000Z")
        .with("time_coverage_end", "20240812T000000Z")
        .with("file_quality_level", 3i32)
}

fn axis(name: &'static str, standard: &str, units: &str, axis: &str, values: Vec<f32>) -> Variable {
    Variable::new(name, &[name], Data::F32(values, None)).named(standard, units).standard(standard).with("axis", axis)
}

/// Sea level and geostrophic currents on 0.25°, valid at 0 h of the day, as DUACS stamps its maps.
pub(super) fn sea_level(world: &World) -> Container {
    const ROWS: usize = 720;
    const COLS: usize = 1440;
    let lat: Vec<f32> = (0..ROWS).map(|k| k as f32 * 0.25 - 89.875).collect();
    let lon: Vec<f32> = (0..COLS).map(|k| k as f32 * 0.25 + 0.125).collect();
    let sea: Vec<Option<SeaSurface>> = cells(ROWS, COLS, |row, out: &mut [_]| {
        for (col, cell) in out.iter_mut().enumerate() {
            let at = LonLat::new(f64::from(lon[col]), f64::from(lat[row]));
            *cell = (!world.land.is_land(at)).then(|| world.ocean.surface(at, DAY_START));
        }
    });
    let field = |name: &'static str, long: &str, standard: &str, units: &str, of: fn(&SeaSurface) -> f64| {
        let values = packed(sea.iter().map(|s| s.as_ref().map_or(f64::NAN, of)), 1e-4, 0.0, -2_147_483_647);
        Variable::new(name, &["time", "latitude", "longitude"], Data::I32(values, Some(-2_147_483_647)))
            .named(long, units)
            .standard(standard)
            .with("scale_factor", 1e-4)
            .with("coordinates", "longitude latitude")
            .with("grid_mapping", "crs")
            .chunked(&[1, 240, 480])
    };
    let anomaly = "_assuming_sea_level_for_geoid";
    let east = "surface_geostrophic_eastward_sea_water_velocity";
    let north = "surface_geostrophic_northward_sea_water_velocity";
    let fields = [
        field("sla", "Sea level anomaly", "sea_surface_height_above_sea_level", "m", |s| s.sla),
        field("adt", "Absolute dynamic topography", "sea_surface_height_above_geoid", "m", |s| s.adt),
        field("ugos", "Absolute geostrophic velocity: zonal component", east, "m/s", |s| s.u),
        field("vgos", "Absolute geostrophic velocity: meridian component", north, "m/s", |s| s.v),
        field("ugosa", "Geostrophic velocity anomalies: zonal component", &format!("{east}{anomaly}"), "m/s", |s| {
            s.u_anomaly
        }),
        field(
            "vgosa",
            "Geostrophic velocity anomalies: meridian component",
            &format!("{north}{anomaly}"),
            "m/s",
            |s| s.v_anomaly,
        ),
    ];
    let days = (DAY_START.unix_seconds() / 86_400.0 + 7305.0) as f32;
    let start = Container::new("nrt_global_allsat_phy_l4_20240811_20240811.nc")
        .dim("time", 1)
        .dim("latitude", ROWS)
        .dim("longitude", COLS)
        .var(
            Variable::new("crs", &[], Data::I32(vec![-2_147_483_647], None))
                .with("grid_mapping_name", "latitude_longitude")
                .with("semi_major_axis", 6_371_000.0)
                .with("inverse_flattening", 0.0),
        )
        .var(
            Variable::new("time", &["time"], Data::F32(vec![days], None))
                .named("Time", "days since 1950-01-01 00:00:00")
                .standard("time")
                .with("axis", "T")
                .with("calendar", "gregorian"),
        )
        .var(axis("latitude", "latitude", "degrees_north", "Y", lat))
        .var(axis("longitude", "longitude", "degrees_east", "X", lon));
    fields
        .into_iter()
        .fold(start, Container::var)
        .with("Conventions", "CF-1.6")
        .with("title", "NRT merged all satellites Global Ocean Gridded SSALTO/DUACS Sea Surface Height L4 product and derived variables")
        .with("institution", "CLS, CNES")
        .with("processing_level", "L4")
        .with("cdm_data_type", "Grid")
        .with("product_version", "sample")
        .with("time_coverage_start", "2024-08-11T00:00:00Z")
        .with("time_coverage_end", "2024-08-11T00:00:00Z")
        .with("time_coverage_duration", "P1D")
        .with("time_coverage_resolution", "P1D")
}
