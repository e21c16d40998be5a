//! Folders that are one product: a Sentinel-1 image written as its specification has it, against numpy (`safe/make.py`);
//! the given product of Sentinel-1; netCDF files of Sentinel-1 and Sentinel-3.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use common::{Opened, add, granules, open};
use seaglass_core::granule::GeometryKind;

const LINES: usize = 60;
const SAMPLES: usize = 90;
const NAME: &str = "s1a-iw-grd-vv-20240729t172527-20240729t172552-054978-06b28f-001";

fn dn(line: usize, sample: usize) -> u16 {
    if (line + sample).is_multiple_of(41) { 0 } else { (40 + (line * 37 + sample * 101) % 180) as u16 }
}

/// A TIFF image of 16 bits without compression, a line a strip.
fn tiff() -> Vec<u8> {
    let tags: [(u16, u16, u32, u32); 9] = [
        (256, 3, 1, SAMPLES as u32),
        (257, 3, 1, LINES as u32),
        (258, 3, 1, 16),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, LINES as u32, 0),
        (277, 3, 1, 1),
        (278, 3, 1, 1),
        (279, 4, LINES as u32, 0),
    ];
    let lists = 8 + 2 + 12 * tags.len() as u32 + 4;
    let data = lists + 8 * LINES as u32;
    let mut out = b"II*\0\x08\0\0\0".to_vec();
    out.extend((tags.len() as u16).to_le_bytes());
    for (tag, ty, n, value) in tags {
        out.extend(tag.to_le_bytes());
        out.extend(ty.to_le_bytes());
        out.extend(n.to_le_bytes());
        let at = match tag {
            273 => lists,
            279 => lists + 4 * LINES as u32,
            _ => value,
        };
        out.extend(at.to_le_bytes());
    }
    out.extend([0; 4]);
    out.extend((0..LINES as u32).flat_map(|l| (data + l * 2 * SAMPLES as u32).to_le_bytes()));
    out.extend((0..LINES).flat_map(|_| (2 * SAMPLES as u32).to_le_bytes()));
    out.extend((0..LINES).flat_map(|l| (0..SAMPLES).flat_map(move |s| dn(l, s).to_le_bytes())));
    out
}

fn words(values: impl Iterator<Item = f64>) -> String {
    values.map(|v| format!("{v:e}")).collect::<Vec<_>>().join(" ")
}

/// The folder of a product; `None` without calibration.
fn product(dir: &Path, calibrated: bool) -> PathBuf {
    let root = dir.join("S1A_IW_GRDH_1SDV_20240729T172527_20240729T172552_054978_06B28F_0000.SAFE");
    std::fs::create_dir_all(root.join("annotation/calibration")).unwrap();
    std::fs::create_dir_all(root.join("measurement")).unwrap();
    std::fs::write(root.join("manifest.safe"), "<xfdu/>").unwrap();
    std::fs::write(root.join(format!("measurement/{NAME}.tiff")), tiff()).unwrap();
    let mut points = String::new();
    for line in [0, 20, 40, 59] {
        for sample in [0, 30, 60, 89] {
            let (l, s) = (f64::from(line), f64::from(sample));
            write!(
                points,
                "<geolocationGridPoint><azimuthTime>2024-07-29T17:25:27</azimuthTime><line>{line}</line>\
                 <pixel>{sample}</pixel><latitude>{:e}</latitude><longitude>{:e}</longitude><height>0</height>\
                 <incidenceAngle>{:e}</incidenceAngle></geolocationGridPoint>",
                45.0 + 0.0001 * l + 0.00001 * s,
                5.0 + 0.0001 * s - 0.00002 * l,
                31.0 + 0.15 * s + 0.001 * l
            )
            .unwrap();
        }
    }
    let annotation = format!(
        "<?xml version=\"1.0\"?><product><adsHeader><polarisation>VV</polarisation></adsHeader><imageAnnotation>\
         <imageInformation><productFirstLineUtcTime>2024-07-29T17:25:27.000000</productFirstLineUtcTime>\
         <productLastLineUtcTime>2024-07-29T17:25:56.500000</productLastLineUtcTime>\
         <numberOfSamples>{SAMPLES}</numberOfSamples><numberOfLines>{LINES}</numberOfLines></imageInformation>\
         </imageAnnotation><geolocationGrid><geolocationGridPointList count=\"16\">{points}</geolocationGridPointList>\
         </geolocationGrid></product>"
    );
    std::fs::write(root.join(format!("annotation/{NAME}.xml")), annotation).unwrap();
    if !calibrated {
        return root;
    }
    let mut vectors = String::new();
    for l in [-10.0, 25.0, 70.0] {
        let gain = words([0.0, 40.0, 89.0].iter().map(|s| 300.0 + 2.0 * s - 0.5 * l));
        write!(
            vectors,
            "<calibrationVector><line>{l}</line><pixel count=\"3\">0 40 89</pixel><sigmaNought count=\"3\">{gain}\
             </sigmaNought><betaNought>1 1 1</betaNought></calibrationVector>"
        )
        .unwrap();
    }
    let text = format!("<calibration><calibrationVectorList>{vectors}</calibrationVectorList></calibration>");
    std::fs::write(root.join(format!("annotation/calibration/calibration-{NAME}.xml")), text).unwrap();
    let mut range = String::new();
    for l in [0.0, 30.0, 59.0] {
        let noise = words([0.0, 30.0, 60.0, 89.0].iter().map(|s| 900.0 + 3.0 * s + l));
        write!(
            range,
            "<noiseRangeVector><line>{l}</line><pixel>0 30 60 89</pixel><noiseRangeLut>{noise}</noiseRangeLut></noiseRangeVector>"
        )
        .unwrap();
    }
    let block = |s0: usize, s1: usize, at: &str, values: &str| {
        format!(
            "<noiseAzimuthVector><swath>IW1</swath><firstAzimuthLine>0</firstAzimuthLine><firstRangeSample>{s0}\
             </firstRangeSample><lastAzimuthLine>59</lastAzimuthLine><lastRangeSample>{s1}</lastRangeSample><line>{at}\
             </line><noiseAzimuthLut>{values}</noiseAzimuthLut></noiseAzimuthVector>"
        )
    };
    let azimuth = block(0, 44, "0 59", "0.9 1.1") + &block(45, 89, "0 30 59", "1.0 1.2 0.8");
    let text = format!(
        "<noise><noiseRangeVectorList>{range}</noiseRangeVectorList><noiseAzimuthVectorList>{azimuth}\
         </noiseAzimuthVectorList></noise>"
    );
    std::fs::write(root.join(format!("annotation/calibration/noise-{NAME}.xml")), text).unwrap();
    root
}

fn near(got: Option<f64>, want: f64, relative: f64, what: &str) {
    let got = got.unwrap_or(f64::NAN);
    assert!((got - want).abs() <= relative * want.abs().max(1e-6), "{what}: {got}, expected {want}");
}

#[test]
fn images_are_calibrated_as_numpy_does() {
    let dir = tempfile::tempdir().unwrap();
    let mut f = open(&product(dir.path(), true), &[]).unwrap();
    assert_eq!(f.kind(), GeometryKind::Swath);
    assert_eq!(f.part().shape, [LINES, SAMPLES]);
    assert_eq!(f.info.format, "Sentinel-1 SAFE");
    let span = f.part().span.unwrap();
    assert_eq!((span.start.iso(), span.seconds()), ("2024-07-29T17:25:27Z".to_owned(), 29.5));
    let expected =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/safe/expected.csv")).unwrap();
    let mut empty = 0;
    for text in expected.lines() {
        let c: Vec<&str> = text.split(',').collect();
        let number = |k: usize| c[k].parse::<f64>().ok();
        let (row, col) = (c[0].parse().unwrap(), c[1].parse().unwrap());
        assert_eq!(f64::from(dn(row, col)), number(2).unwrap());
        let incidence = number(4).unwrap();
        near(f.value("incidence_angle", row, col), incidence, 1e-6, text);
        let cell = f.probe("sigma0_vv", 0, &[], row, col);
        match number(3) {
            Some(sigma0) => {
                near(cell.values[0].value, sigma0, 2e-7, text);
                near(f.value("sigma0_vv_db", row, col), 10.0 * sigma0.log10(), 1e-6, text);
                // Divided by what the same sea gives at this angle: CMOD5.N at 10 m/s and 45°, which falls with the angle.
                let roughness = f.value("roughness_vv", row, col).unwrap();
                let reference = sigma0 / roughness;
                let bounds = if incidence < 38.0 { 0.02..0.12 } else { 0.008..0.045 };
                assert!(bounds.contains(&reference), "{text}: {reference}");
            }
            None => {
                empty += 1;
                assert_eq!(cell.values[0].value, None, "{text}");
            }
        }
        let at = cell.position.unwrap();
        let close = (at.lon_deg - number(5).unwrap()).abs() < 1e-7 && (at.lat_deg - number(6).unwrap()).abs() < 1e-7;
        assert!(close, "{text}: {at:?}");
    }
    assert!(empty > 5, "{empty}");
}

/// As it is fetched: a zip archive of the folder.
#[test]
fn the_archive_opens_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let root = product(dir.path(), true);
    let path = dir.path().join("S1A_IW_GRDH_1SDV_20240729T172527_20240729T172552_054978_06B28F_0000.zip");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let file = entry.unwrap().path();
            if file.is_dir() {
                folders.push(file);
                continue;
            }
            let name = file.strip_prefix(dir.path()).unwrap().to_string_lossy().into_owned();
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            std::io::Write::write_all(&mut zip, &std::fs::read(&file).unwrap()).unwrap();
        }
    }
    zip.finish().unwrap();
    let mut inside = open(&path, &[]).unwrap();
    assert_eq!(inside.info.format, "Sentinel-1 SAFE in zip");
    let mut outside = open(&root, &[]).unwrap();
    for (row, col) in [(0, 1), (31, 44), (59, 89)] {
        assert_eq!(inside.value("sigma0_vv", row, col), outside.value("sigma0_vv", row, col));
    }
}

#[test]
fn without_calibration_numbers_are_shown() {
    let dir = tempfile::tempdir().unwrap();
    let mut f = open(&product(dir.path(), false), &[]).unwrap();
    assert_eq!(f.names(), ["amplitude_vv", "incidence_angle"]);
    assert!(f.info.notes.iter().any(|n| n.contains("calibration is missing")), "{:?}", f.info.notes);
    assert_eq!(f.value("amplitude_vv", 3, 5), Some(f64::from(dn(3, 5))));
}

#[test]
fn folders_that_lack_something_say_so() {
    let dir = tempfile::tempdir().unwrap();
    let root = product(dir.path(), true);
    let annotation = root.join(format!("annotation/{NAME}.xml"));
    let text = std::fs::read_to_string(&annotation).unwrap();
    let refused = || open(&root, &[]).err().unwrap().message;
    std::fs::write(&annotation, text.replace("<numberOfLines>60", "<numberOfLines>61")).unwrap();
    assert!(refused().contains("its annotation says 61"));
    std::fs::write(&annotation, &text[..text.len() / 2]).unwrap();
    assert!(refused().contains("cannot be read"), "{}", refused());
    std::fs::remove_file(&annotation).unwrap();
    assert!(refused().contains("no image with its annotation"));
    std::fs::remove_dir_all(root.join("measurement")).unwrap();
    assert!(refused().contains("no measurement"));
    let second = dir.path().join("S2A_MSIL1C_20240101T000000.SAFE");
    std::fs::create_dir(&second).unwrap();
    std::fs::write(second.join("manifest.safe"), "<xfdu/>").unwrap();
    assert!(open(&second, &[]).err().unwrap().message.contains("no image of true colour"));
}

/// netCDF files of one folder share their dimensions; of the altimeter the one with everything is taken.
#[test]
fn files_of_sentinel3_are_one() {
    let dir = tempfile::tempdir().unwrap();
    let write = |folder: &Path, file: &str, variables: &[&str]| {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(folder.join("xfdumanifest.xml"), "<xfdu/>").unwrap();
        let mut f = netcdf::create(folder.join(file)).unwrap();
        f.add_dimension("rows", 3).unwrap();
        f.add_dimension("columns", 4).unwrap();
        for (k, name) in variables.iter().enumerate() {
            let units = [("lon", "degrees_east"), ("lat", "degrees_north")];
            let unit = units.iter().find(|u| name.starts_with(u.0)).map_or("1", |u| u.1);
            let step = |i: usize| if *name == "lon" { i % 4 } else { i / 4 };
            let values: Vec<f64> = (0..12).map(|i| 10.0 * k as f64 + step(i) as f64).collect();
            add(&mut f, name, &["rows", "columns"], &values, &[("units", unit)]).unwrap();
        }
        f.close().unwrap();
    };
    let olci = dir.path().join("S3A_OL_2_WFR____20240101T000000.SEN3");
    write(&olci, "geo_coordinates.nc", &["lon", "lat"]);
    write(&olci, "chl_nn.nc", &["CHL_NN"]);
    let mut f: Opened = open(&olci, &[]).unwrap();
    assert_eq!((f.part().shape, f.value("CHL_NN", 2, 1)), ([3, 4], Some(2.0)));
    assert!(f.info.format.starts_with("SEN3"), "{}", f.info.format);
    let sral = dir.path().join("S3A_SR_2_WAT____20240101T000000.SEN3");
    write(&sral, "reduced_measurement.nc", &["lon", "lat", "few"]);
    write(&sral, "standard_measurement.nc", &["lon", "lat", "more"]);
    write(&sral, "enhanced_measurement.nc", &["lon", "lat", "all"]);
    assert_eq!(open(&sral, &[]).unwrap().names(), ["all"]);
}

#[test]
fn the_given_product_opens() {
    let Some(dir) = granules() else { return };
    let name = "sar/S1B_IW_GRDH_1SDV_20210401T052623_20210401T052648_026269_032297_ECC8.SAFE";
    let mut f = open(&dir.join(name), &[]).unwrap();
    assert_eq!(
        (f.part().shape, f.names().as_slice()),
        ([16685, 25788], ["amplitude_vv", "incidence_angle"].as_slice())
    );
    // The control points of the annotation, and the middle of four of them.
    let cell = f.probe("incidence_angle", 0, &[], 0, 1290);
    near(cell.values[0].value, 3.168_058_506_819_031e1, 1e-6, "incidence");
    let at = cell.position.unwrap();
    // Of so large an image every sixteenth pixel is placed and the others between: 2 m from the control point, of 10 m pixels.
    let (east, north) = (at.lon_deg - 1.226_121_301_000_505e1, at.lat_deg - 4.713_979_750_015_34e1);
    assert!(east.abs() < 3e-5 && north.abs() < 2e-5, "{at:?}");
    near(f.value("incidence_angle", 0, 645), (30.744_945_855_705_06 + 31.680_585_068_190_31) / 2.0, 1e-6, "between");
    // Its pixels were blanked: all are 1.
    assert_eq!(f.value("amplitude_vv", 8000, 12_000), Some(1.0));
}
