//! Files made for SEAScope: cells between control points lie where the source of the conversion has them.

#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use std::path::{Path, PathBuf};

use common::{open, try_written};
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::Geolocation;
use seaglass_core::granule::GeometryKind;
use seaglass_core::time::Time;
use seaglass_formats::dataset::Dataset;
use seaglass_formats::parts::{Part, plan};

/// Control points of the two axes and what the file holds beside them.
struct Sample<'a> {
    dims: [&'a str; 2],
    index: [Vec<i32>; 2],
    lon: Vec<f32>,
    lat: Vec<f32>,
    crs: Option<&'a str>,
}

/// A converted granule as `idf_converter` lays it out; the value of a cell is its number.
fn converted(s: &Sample<'_>) -> Result<common::Opened, String> {
    let gcp = s.dims.map(|d| format!("{d}_gcp"));
    let n = [0, 1].map(|k| *s.index[k].last().unwrap() as usize);
    let flat = s.lon.len() != s.index[0].len() * s.index[1].len();
    let write = |f: &mut netcdf::FileMut| -> netcdf::Result<()> {
        f.add_attribute("idf_granule_id", "granule")?;
        f.add_attribute("cdm_data_type", if s.dims[0] == "row" { "Swath" } else { "Grid" })?;
        f.add_attribute("time_coverage_start", "2023-06-15T04:12:30.000000Z")?;
        f.add_attribute("time_coverage_end", "2023-06-15T04:15:04.925373Z")?;
        f.add_unlimited_dimension("time")?;
        for k in 0..2 {
            f.add_dimension(s.dims[k], n[k])?;
            f.add_dimension(&gcp[k], s.index[k].len())?;
            f.add_variable::<i32>(&format!("index_{}_gcp", s.dims[k]), &[&gcp[k]])?.put_values(&s.index[k], ..)?;
        }
        for (name, standard, values, k) in [("lat_gcp", "latitude", &s.lat, 0), ("lon_gcp", "longitude", &s.lon, 1)] {
            let dims: Vec<&str> = if flat { vec![&gcp[k]] } else { vec![&gcp[0], &gcp[1]] };
            let mut v = f.add_variable::<f32>(name, &dims)?;
            v.put_attribute("standard_name", standard)?;
            v.put_values(values, ..)?;
        }
        if let Some(proj) = s.crs {
            let mut v = f.add_variable::<i32>("crs", &[])?;
            v.put_attribute("grid_mapping_name", "polar_stereographic")?;
            v.put_attribute("straight_vertical_longitude_from_pole", -45.0)?;
            v.put_attribute("latitude_of_projection_origin", 90.0)?;
            v.put_attribute("standard_parallel", 70.0)?;
            v.put_attribute("crs_wkt", proj)?;
        }
        let mut t = f.add_variable::<f64>("time", &["time"])?;
        t.put_attribute("units", "seconds since 1970-01-01T00:00:00.000000Z")?;
        t.put_values(&[1_686_802_427.0], 0..1)?;
        let mut v = f.add_variable::<f32>("ssha", &["time", s.dims[0], s.dims[1]])?;
        v.put_attribute("coordinates", "longitude latitude")?;
        v.put_values(&(0..n[0] * n[1]).map(|k| k as f32).collect::<Vec<_>>(), (0..1, .., ..))
    };
    try_written(&[], write).map_err(|e| e.message)
}

fn places(path: &Path) -> Part {
    let ds = Dataset::open(path).unwrap();
    plan(&ds, None).unwrap().parts.swap_remove(0)
}

fn at(part: &Part, row: usize, col: usize) -> LonLat {
    part.geolocation.lonlat_from_index(row as f64, col as f64).unwrap()
}

/// A place on a tilted circle round the Earth, `i` cells of 2 km along and `j` across, passing near the pole and the dateline.
fn orbit(i: f64, j: f64) -> LonLat {
    let cell = 2.0 / 6371.0;
    let (s, c) = (1.2 + i * cell).sin_cos();
    let (sa, ca) = (j * cell).sin_cos();
    let tilt = 83f64.to_radians();
    let along = [c, s * tilt.cos(), s * tilt.sin()];
    let side = [0.0, -tilt.sin(), tilt.cos()];
    let [x, y, z] = [0, 1, 2].map(|k| along[k] * ca - side[k] * sa);
    LonLat::new(y.atan2(x).to_degrees(), z.asin().to_degrees())
}

#[test]
fn swaths_are_placed_between_edges() {
    let index = [vec![0, 43, 86, 130, 173, 216, 259, 260], vec![0, 10, 20, 30, 33, 34, 35, 44, 54, 64, 68, 69]];
    let points: Vec<LonLat> =
        index[0].iter().flat_map(|i| index[1].iter().map(move |j| orbit(f64::from(*i), f64::from(*j)))).collect();
    let mut file = converted(&Sample {
        dims: ["row", "cell"],
        index,
        lon: points.iter().map(|p| p.lon_deg as f32).collect(),
        lat: points.iter().map(|p| p.lat_deg as f32).collect(),
        crs: None,
    })
    .unwrap();
    assert_eq!((file.kind(), file.part().shape), (GeometryKind::Swath, [260, 69]));
    assert!(file.info.format.starts_with("IDF"), "{}", file.info.format);
    let span = file.part().span.unwrap();
    assert_eq!(span.start, Time::parse("2023-06-15T04:12:30Z").unwrap());
    assert_eq!(span.stop, Time::parse("2023-06-15T04:15:04.925373Z").unwrap());
    let part = places(&file.source.path);
    for row in (0..260).step_by(7).chain([42, 43, 258, 259]) {
        for col in 0..69 {
            let off = at(&part, row, col).approx_distance_m(&orbit(row as f64 + 0.5, col as f64 + 0.5));
            assert!(off < 10.0, "cell {row}, {col} is {off:.1} m off");
        }
    }
    assert_eq!(file.probe("ssha", 0, &[], 100, 5).values[0].value, Some(6905.0));
}

#[test]
fn grids_cross_the_dateline_and_reach_the_poles() {
    // Points on the poles: the outer edges lie beyond them.
    let index = [vec![0, 32, 64, 73], vec![0, 32, 64, 72]];
    let lat: Vec<f32> = index[0].iter().map(|e| 91.25 - 2.5 * *e as f32).collect();
    let lon: Vec<f32> = index[1].iter().map(|e| 88.0 + 5.0 * *e as f32).collect();
    let file = converted(&Sample { dims: ["lat", "lon"], index, lon, lat, crs: None }).unwrap();
    assert_eq!((file.kind(), file.part().shape), (GeometryKind::Grid, [73, 72]));
    let part = places(&file.source.path);
    for (row, col, lon, lat) in
        [(0, 0, 90.5, 90.0), (36, 18, 180.5, 0.0), (72, 71, 445.5, -90.0), (32, 31, 245.5, 10.0)]
    {
        let p = at(&part, row, col);
        assert!((p.lon_deg - lon).abs() < 1e-6 && (p.lat_deg - lat).abs() < 1e-6, "{row}, {col}: {p:?}");
    }
    assert!(part.geolocation.index_from_lonlat(LonLat::new(87.9, 0.0), 0.0).is_some(), "closed behind the last column");
}

#[test]
fn projected_grids_are_even_in_their_projection() {
    // Edges every 32 cells of 10 km and at the end; positions by pyproj (EPSG:3413 on WGS84).
    let index = [vec![0, 32, 45], vec![0, 32, 40]];
    let file = converted(&Sample {
        dims: ["y", "x"],
        index,
        lon: SIC_EDGES.map(|p| p.0 as f32).to_vec(),
        lat: SIC_EDGES.map(|p| p.1 as f32).to_vec(),
        crs: Some(""),
    })
    .unwrap();
    assert_eq!(file.kind(), GeometryKind::ProjectedGrid);
    let part = places(&file.source.path);
    for (row, col, lon, lat) in SIC_CENTRES {
        let off = at(&part, row, col).approx_distance_m(&LonLat::new(lon, lat));
        assert!(off < 5.0, "cell {row}, {col} is {off:.1} m off");
    }
}

#[test]
fn tracks_have_a_point_a_sample() {
    let n = 50;
    let path = tempfile::tempdir().unwrap();
    let file = path.path().join("drifter_idf_00.nc");
    let mut f = netcdf::create(&file).unwrap();
    let mut write = || -> netcdf::Result<()> {
        f.add_attribute("idf_version", "1.0")?;
        f.add_dimension("time", n)?;
        f.add_dimension("time_gcp", n)?;
        f.add_variable::<i32>("index_time_gcp", &["time_gcp"])?.put_values(&(0..n as i32).collect::<Vec<_>>(), ..)?;
        for (name, first) in [("lon_gcp", 179.0f32), ("lat_gcp", -30.0)] {
            let mut v = f.add_variable::<f32>(name, &["time_gcp"])?;
            v.put_values(&(0..n).map(|k| first + 0.1 * k as f32).collect::<Vec<_>>(), ..)?;
        }
        let mut t = f.add_variable::<f64>("time", &["time_gcp"])?;
        t.put_attribute("units", "seconds since 1970-01-01T00:00:00.000000Z")?;
        t.put_values(&(0..n).map(|k| 1.6868e9 + 3600.0 * k as f64).collect::<Vec<_>>(), ..)?;
        f.add_variable::<f32>("speed", &["time"])?.put_values(&(0..n).map(|k| k as f32).collect::<Vec<_>>(), ..)
    };
    write().unwrap();
    f.close().unwrap();
    let mut opened = open(&file, &[]).unwrap();
    assert_eq!((opened.kind(), opened.part().shape), (GeometryKind::Track, [n, 1]));
    let cell = opened.probe("speed", 0, &[], 20, 0);
    assert_eq!(cell.values[0].value, Some(20.0));
    assert_eq!(cell.time, Some(Time::from_micros(1_686_872_000_000_000)));
    let Geolocation::Track(series) = &*places(&file).geolocation else { panic!("not a track") };
    assert_eq!(series.lonlat(20).unwrap().lon_deg as f32, 181.0);
}

#[test]
fn incomplete_conversions_are_refused_in_a_sentence() {
    let sample = |index: Vec<i32>, lat: Vec<f32>| {
        let lon = vec![0.0, 10.0];
        converted(&Sample { dims: ["lat", "lon"], index: [index, vec![0, 20]], lon, lat, crs: None }).err().unwrap()
    };
    let gap = sample(vec![5, 20], vec![0.0, 10.0]);
    assert!(gap.contains("index_lat_gcp do not run from 0 to 20"), "{gap}");
    let order = sample(vec![0, 12, 8, 20], vec![0.0, 1.0, 2.0, 3.0]);
    assert!(order.contains("index_lat_gcp"), "{order}");
    let missing = sample(vec![0, 20], vec![0.0, f32::NAN]);
    assert!(missing.contains("lat_gcp has no number"), "{missing}");
}

/// What the converter wrote, where it is at hand; the largest errors are those found by another program (`check_rules.txt`).
#[test]
fn real_conversions_lie_where_their_sources_do() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/idf");
    if !root.is_dir() {
        eprintln!("skipped: no converted files at hand");
        return;
    }
    let swot = "SWOT_L3_LR_SSH_Expert_553_013_20230615T041230_20230615T041506_v2.0.1";
    let fine = "SWOT_L3_LR_SSH_Unsmoothed_553_013_20230615T041230_20230615T041315_v2.0.1";
    let owi = "s1a-iw-ocn-vv-20230615t173012-20230615t173037-048999-05E45F-001";
    let sst = "20230615120000-SYN-L4_GHRSST-SSTfnd-AGULHAS-GLOB-v02.0-fv01.0";
    let safe = "S1A_IW_OCN__2SDV_20230615T173012_20230615T173037_048999_05E45F_1A2B.SAFE/measurement";
    let cases = [
        (
            "swot_l3/output/sample_swot_l3_float",
            swot,
            format!("swot_l3/input/{swot}.nc"),
            ["longitude", "latitude"],
            4.0,
        ),
        (
            "swot_l3/output/sample_swot_l3_unsmoothed",
            fine,
            format!("swot_l3/input/{fine}.nc"),
            ["longitude", "latitude"],
            2.1,
        ),
        (
            "sentinel1_l2_owi/output/sample_s1_owi",
            owi,
            format!("sentinel1_l2_owi/input/{safe}/{owi}.nc"),
            ["owiLon", "owiLat"],
            5.0,
        ),
        (
            "netcdf_grid_latlon/output/sample_sst_l4",
            sst,
            format!("netcdf_grid_latlon/input/{sst}.nc"),
            ["lon", "lat"],
            1.0,
        ),
    ];
    for (folder, granule, source, [lon, lat], most_m) in cases {
        let part = places(&root.join(folder).join(granule).join(format!("{granule}_idf_00.nc")));
        let f = netcdf::open(root.join(source)).unwrap();
        let read = |name: &str| f.variable(name).unwrap().get_values::<f64, _>(..).unwrap();
        let (lons, lats) = (read(lon), read(lat));
        let [rows, cols] = part.shape;
        let factor = |name: &str| match f.variable(name).unwrap().attribute_value("scale_factor") {
            Some(Ok(netcdf::AttributeValue::Double(s))) => s,
            Some(Ok(netcdf::AttributeValue::Float(s))) => f64::from(s),
            _ => 1.0,
        };
        let (sx, sy) = (factor(lon), factor(lat));
        for row in (0..rows).step_by(3) {
            for col in (0..cols).step_by(2) {
                let k = row * cols + col;
                let [x, y] = if lons.len() == cols { [lons[col], lats[row]] } else { [lons[k], lats[k]] };
                let off = at(&part, row, col).approx_distance_m(&LonLat::new(x * sx, y * sy));
                assert!(off <= most_m, "{granule}: cell {row}, {col} is {off:.1} m off");
            }
        }
    }
}

/// By pyproj 3 for `+proj=stere +lat_0=90 +lat_ts=70 +lon_0=-45 +datum=WGS84`, x from -200 km, y from 600 km downwards.
const SIC_EDGES: [(f64, f64); 9] = [
    (153.4349488, 84.1664657),
    (123.6900675, 84.3559258),
    (116.5650512, 84.1664657),
    (170.5376778, 86.8243609),
    (111.8014095, 87.1884077),
    (99.4623222, 86.8243609),
    (-171.8698976, 87.6924789),
    (96.3401917, 88.2268645),
    (81.8698976, 87.6924789),
];
const SIC_CENTRES: [(usize, usize, f64, f64); 5] = [
    (0, 0, 153.1455787, 84.2246322),
    (20, 20, 134.2747757, 86.3545322),
    (44, 39, 83.4801982, 87.7007989),
    (31, 32, 111.3179123, 87.1277349),
    (33, 5, 163.6861476, 87.2119780),
];
