//! Zarr stores of both versions, as folders and in zip archives.
#![allow(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

mod common;

use std::io::Write;
use std::path::Path;

use common::{Opened, granules, open};
use seaglass_core::protocol::FailureKind;

fn put(root: &Path, key: &str, bytes: &[u8]) {
    let path = root.join(key);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn bytes(v: &[f32]) -> Vec<u8> {
    v.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// Version 2 by its specification: three rows of four in chunks of 2 × 3, the last of which is absent.
fn version_2(root: &Path) {
    let array = |shape: &str, chunks: &str, dtype: &str, fill: &str| {
        format!(
            r#"{{"zarr_format":2,"shape":{shape},"chunks":{chunks},"dtype":"{dtype}","fill_value":{fill},"order":"C","filters":null,"compressor":null}}"#
        )
    };
    put(root, ".zgroup", br#"{"zarr_format":2}"#);
    put(root, ".zattrs", br#"{"title":"Two","Conventions":"CF-1.8"}"#);
    put(root, "lat/.zarray", array("[3]", "[3]", "<f4", "null").as_bytes());
    put(root, "lat/.zattrs", br#"{"_ARRAY_DIMENSIONS":["lat"],"units":"degrees_north"}"#);
    put(root, "lat/0", &bytes(&[10.0, 11.0, 12.0]));
    put(root, "lon/.zarray", array("[4]", "[4]", ">i2", "null").as_bytes());
    put(root, "lon/.zattrs", br#"{"_ARRAY_DIMENSIONS":["lon"],"units":"degrees_east","scale_factor":0.5}"#);
    put(root, "lon/0", &[40i16, 41, 42, 43].iter().flat_map(|v| v.to_be_bytes()).collect::<Vec<u8>>());
    put(root, "g/sst/.zarray", array("[3,4]", "[2,3]", "<i2", "-9").as_bytes());
    put(root, "g/.zgroup", br#"{"zarr_format":2}"#);
    put(root, "g/sst/.zattrs", br#"{"_ARRAY_DIMENSIONS":["lat","lon"],"units":"K","add_offset":273.0}"#);
    let chunk = |v: [i16; 6]| v.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
    put(root, "g/sst/0.0", &chunk([1, 2, 3, 5, 6, -9]));
    put(root, "g/sst/0.1", &chunk([4, 0, 0, 8, 0, 0]));
    put(root, "g/sst/1.0", &chunk([9, 10, 11, 0, 0, 0]));
}

fn check_version_2(mut file: Opened, label: &str) {
    assert_eq!((file.info.format.as_str(), file.info.title.as_str()), (label, "Two"));
    assert_eq!(file.part().shape, [3, 4]);
    let k = |v: f32| Some(v + 273.0);
    let expected = [k(1.0), k(2.0), k(3.0), k(4.0), k(5.0), k(6.0), None, k(8.0), k(9.0), k(10.0), k(11.0), None];
    assert_eq!(file.all("g/sst"), expected, "the fill value and the missing chunk are no data");
    let p = file.probe("g/sst", 0, &[], 2, 3).position.unwrap();
    assert_eq!((p.lon_deg, p.lat_deg), (21.5, 12.0));
}

#[test]
fn version_2_in_a_folder_consolidated_and_zipped() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("a.zarr");
    version_2(&root);
    check_version_2(open(&root, &[]).unwrap(), "Zarr 2");

    let zip = dir.path().join("a.zarr.zip");
    let mut out = zip::ZipWriter::new(std::fs::File::create(&zip).unwrap());
    let mut all = serde_json::Map::new();
    for key in [
        ".zgroup",
        ".zattrs",
        "lat/.zarray",
        "lat/.zattrs",
        "lon/.zarray",
        "lon/.zattrs",
        "g/.zgroup",
        "g/sst/.zarray",
        "g/sst/.zattrs",
        "lat/0",
        "lon/0",
        "g/sst/0.0",
        "g/sst/0.1",
        "g/sst/1.0",
    ] {
        let bytes = std::fs::read(root.join(key)).unwrap();
        out.start_file(format!("a.zarr/{key}"), zip::write::SimpleFileOptions::default()).unwrap();
        out.write_all(&bytes).unwrap();
        if key.contains(".z") {
            all.insert(key.to_owned(), serde_json::from_slice(&bytes).unwrap());
        }
    }
    out.finish().unwrap();
    check_version_2(open(&zip, &[]).unwrap(), "Zarr 2 in zip");

    let consolidated = serde_json::json!({ "zarr_consolidated_format": 1, "metadata": all });
    put(&root, ".zmetadata", consolidated.to_string().as_bytes());
    std::fs::remove_file(root.join("g/sst/.zarray")).unwrap();
    check_version_2(open(&root, &[]).unwrap(), "Zarr 2");
}

/// Version 3 by its specification, gzipped, with xarray's spelling of a fill value.
#[test]
fn version_3() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("b.zarr");
    let array = |shape: &str, dims: &str, codecs: &str, attributes: &str| {
        format!(
            r#"{{"zarr_format":3,"node_type":"array","shape":{shape},"data_type":"float32","fill_value":0.0,"chunk_grid":{{"name":"regular","configuration":{{"chunk_shape":{shape}}}}},"chunk_key_encoding":{{"name":"default","configuration":{{"separator":"/"}}}},"codecs":[{{"name":"bytes","configuration":{{"endian":"little"}}}}{codecs}],"dimension_names":{dims},"attributes":{attributes}}}"#
        )
    };
    put(&root, "zarr.json", br#"{"zarr_format":3,"node_type":"group","attributes":{"title":"Three"}}"#);
    put(&root, "lat/zarr.json", array("[2]", r#"["lat"]"#, "", r#"{"units":"degrees_north"}"#).as_bytes());
    put(&root, "lat/c/0", &bytes(&[50.0, 51.0]));
    put(&root, "lon/zarr.json", array("[2]", r#"["lon"]"#, "", r#"{"units":"degrees_east"}"#).as_bytes());
    put(&root, "lon/c/0", &bytes(&[-4.0, -3.0]));
    // base64 of the four bytes of -1.0f: struct.pack('<f', -1)
    let attributes = r#"{"_FillValue":"AACAvw==","units":"m"}"#;
    let gzip = r#",{"name":"gzip","configuration":{"level":5}}"#;
    put(&root, "h/zarr.json", array("[2,2]", r#"["lat","lon"]"#, gzip, attributes).as_bytes());
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(&bytes(&[0.0, 1.5, -1.0, 2.5])).unwrap();
    put(&root, "h/c/0/0", &packed.finish().unwrap());
    let mut file = open(&root, &[]).unwrap();
    assert_eq!((file.info.format.as_str(), file.info.title.as_str()), ("Zarr 3", "Three"));
    assert_eq!(file.all("h"), [Some(0.0), Some(1.5), None, Some(2.5)]);

    // What is broken is said: of one array, or of the store.
    put(&root, "x/zarr.json", array("[2,2]", r#"["lat","lon"]"#, r#",{"name":"secret"}"#, "{}").as_bytes());
    let file = open(&root, &[]).unwrap();
    assert!(
        file.info.notes.iter().any(|n| n.starts_with("x is left out") && n.contains("secret")),
        "{:?}",
        file.info.notes
    );
    put(&root, "zarr.json", b"{ not json");
    let e = open(&root, &[]).err().unwrap();
    assert_eq!(e.kind, FailureKind::Damaged);
    assert!(e.message.contains("zarr.json"), "{}", e.message);
    put(&root, "zarr.json", br#"{"zarr_format":3,"node_type":"group"}"#);
    for key in ["lat", "lon", "h", "x"] {
        std::fs::remove_dir_all(root.join(key)).unwrap();
    }
    assert!(matches!(open(&root, &[]).err().unwrap().kind, FailureKind::NothingToShow));
}

/// Chunks that unpack to more than they may, and paths that lead out of the store, are left alone.
#[test]
fn hostile_stores() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c.zarr");
    version_2(&root);
    put(&root, "big/.zarray", br#"{"zarr_format":2,"shape":[3,4],"chunks":[4000000000,4000000000],"dtype":"<f8","fill_value":0,"order":"C","filters":null,"compressor":null}"#);
    put(&root, "big/.zattrs", br#"{"_ARRAY_DIMENSIONS":["lat","lon"]}"#);
    let file = open(&root, &[]).unwrap();
    assert!(file.info.notes.iter().any(|n| n.starts_with("big is left out")), "{:?}", file.info.notes);
    std::fs::write(dir.path().join("outside"), bytes(&[1.0])).unwrap();
    let meta = r#"{"metadata":{".zgroup":{"zarr_format":2},"../outside/.zarray":{"zarr_format":2,"shape":[1],"chunks":[1],"dtype":"<f4","fill_value":null,"order":"C","filters":null,"compressor":null}}}"#;
    let root = dir.path().join("d.zarr");
    put(&root, ".zmetadata", meta.as_bytes());
    assert!(open(&root, &[]).is_err());
}

/// A cube of real ocean colour: blosc with lz4 and shuffle. Values decoded in Python by hand from the bytes of the chunks
/// (blosc's header, pyarrow's raw lz4, numpy).
#[test]
fn a_real_cube() {
    let Some(dir) = granules() else { return };
    let mut file = open(&dir.join("zarr/cube-1-250-250.zarr"), &[]).unwrap();
    assert_eq!((file.info.format.as_str(), file.part().shape, file.part().steps.len()), ("Zarr 2", [1000, 2000], 5));
    for (step, row, col, value, lon, lat) in CELLS {
        let cell = file.probe("conc_chl", step, &[], row, col);
        assert_eq!(cell.values[0].value, value, "{step} {row} {col}");
        let p = cell.position.unwrap();
        assert!((p.lon_deg - lon).abs() < 1e-9 && (p.lat_deg - lat).abs() < 1e-9, "{row} {col}: {p:?}");
    }
}

const CELLS: [(usize, usize, usize, Option<f64>, f64, f64); 12] = [
    (1, 582, 1735, None, 4.3387500000, 51.0437500000),
    (0, 261, 241, None, 0.6037500000, 51.8462500000),
    (3, 779, 920, None, 2.3012500000, 50.5512500000),
    (3, 443, 1244, Some(18.988500595092773), 3.1112500000, 51.3912500000),
    (0, 923, 650, Some(5.906948089599609), 1.6262500000, 50.1912500000),
    (3, 702, 443, Some(9.780171394348145), 1.1087500000, 50.7437500000),
    (3, 424, 1361, Some(3.9419963359832764), 3.4037500000, 51.4387500000),
    (3, 379, 1002, Some(1.822040319442749), 2.5062500000, 51.5512500000),
    (3, 662, 348, Some(1.153715968132019), 0.8712500000, 50.8437500000),
    (0, 789, 408, Some(11.865362167358398), 1.0212500000, 50.5262500000),
    (0, 392, 1604, Some(4.747254848480225), 4.0112500000, 51.5187500000),
    (0, 823, 470, Some(7.549479007720947), 1.1762500000, 50.4412500000),
];
