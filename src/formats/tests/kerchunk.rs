//! kerchunk reference files: written by their specification, and made by kerchunk of real granules, with the values that
//! netCDF4-python reads in those (`kerchunk/make.py`).
#![allow(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

mod common;

use std::io::Write;
use std::path::{Path, PathBuf};

use common::{granules, open};
use seaglass_core::protocol::FailureKind;
use serde_json::{Value, json};

/// Two rows of three: longitudes in base64, latitudes as text of their bytes, values of two chunks in two files, one of
/// them shuffled and deflated as HDF5 does it, behind other bytes.
fn written(folder: &Path) -> Value {
    std::fs::create_dir_all(folder.join("data")).unwrap();
    let chunk = [1i16, 2, -9].map(i16::to_le_bytes).concat();
    let shuffled: Vec<u8> = chunk.iter().step_by(2).chain(chunk.iter().skip(1).step_by(2)).copied().collect();
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(&shuffled).unwrap();
    let packed = packed.finish().unwrap();
    std::fs::write(folder.join("data/first.h5"), [b"heading".as_slice(), &packed, b"more"].concat()).unwrap();
    let second = [4i16, 5, 6].map(i16::to_le_bytes).concat();
    let mut packed_too = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    packed_too
        .write_all(&second.iter().step_by(2).chain(second.iter().skip(1).step_by(2)).copied().collect::<Vec<u8>>())
        .unwrap();
    std::fs::write(folder.join("second.h5"), packed_too.finish().unwrap()).unwrap();
    let array = |shape: Value, dtype: &str, filters: Value| {
        let (mut chunks, mut fill) = (shape.clone(), Value::Null);
        if shape.as_array().unwrap().len() == 2 {
            (chunks[0], fill) = (json!(1), json!(-9));
        }
        json!({"zarr_format":2,"shape":shape,"chunks":chunks,"dtype":dtype,"fill_value":fill,"order":"C","filters":filters,"compressor":null}).to_string()
    };
    json!({
        "version": 1,
        "templates": {"here": "data/first"},
        "refs": {
            ".zgroup": "{\"zarr_format\":2}",
            ".zattrs": {"title": "Pieces"},
            "lon/.zarray": array(json!([3]), "<f4", Value::Null),
            "lon/.zattrs": "{\"_ARRAY_DIMENSIONS\":[\"lon\"],\"units\":\"degrees_east\"}",
            // python3 -c "import base64,struct;print(base64.b64encode(struct.pack('<3f',20,21,22)))"
            "lon/0": "base64:AACgQQAAqEEAALBB",
            "lat/.zarray": array(json!([2]), "|i1", Value::Null),
            "lat/.zattrs": "{\"_ARRAY_DIMENSIONS\":[\"lat\"],\"units\":\"degrees_north\"}",
            "lat/0": "\u{a}\u{b}",
            "sst/.zarray": array(json!([2, 3]), "<i2", json!([{"id":"shuffle","elementsize":2},{"id":"zlib","level":6}])),
            "sst/.zattrs": "{\"_ARRAY_DIMENSIONS\":[\"lat\",\"lon\"],\"units\":\"K\",\"scale_factor\":0.5}",
            "sst/0.0": ["{{here}}.h5", 7, packed.len()],
            "sst/1.0": ["second.h5"],
        }
    })
}

fn save(folder: &Path, json: &Value) -> PathBuf {
    let path = folder.join("pieces.json");
    std::fs::write(&path, json.to_string()).unwrap();
    path
}

#[test]
fn pieces_of_files_are_a_store() {
    let dir = tempfile::tempdir().unwrap();
    let mut json = written(dir.path());
    let mut file = open(&save(dir.path(), &json), &[]).unwrap();
    assert_eq!((file.info.format.as_str(), file.info.title.as_str()), ("kerchunk references (Zarr 2)", "Pieces"));
    let expected = [Some(0.5), Some(1.0), None, Some(2.0), Some(2.5), Some(3.0)];
    assert_eq!(file.all("sst"), expected);
    let p = file.probe("sst", 0, &[], 1, 2).position.unwrap();
    assert_eq!((p.lon_deg, p.lat_deg), (22.0, 11.0));

    // Version 0 is the references alone.
    let mut flat = json["refs"].clone();
    flat["sst/0.0"][0] = json!("data/first.h5");
    assert_eq!(open(&save(dir.path(), &flat), &[]).unwrap().all("sst"), expected);

    // A piece beyond the end of its file.
    json["refs"]["sst/1.0"] = json!(["second.h5", 0, 4000]);
    let mut file = open(&save(dir.path(), &json), &[]).unwrap();
    let request = seaglass_core::protocol::Request::Probe {
        source: file.source.clone(),
        part: 0,
        fields: vec!["sst".to_owned()],
        step: 0,
        extra: Vec::new(),
        row: 1,
        col: 0,
    };
    match file.reader.handle(request).0 {
        seaglass_core::protocol::Answer::Failed { error } => {
            assert!(error.message.contains("sst"), "{}", error.message)
        }
        seaglass_core::protocol::Answer::Probed { cell } => assert_eq!(cell.values[0].value, None),
        other => panic!("{other:?}"),
    }
}

/// What is not read is said in a sentence, and no file outside the folder is opened.
#[test]
fn what_cannot_be_had_is_said() {
    let outer = tempfile::tempdir().unwrap();
    let dir = outer.path().join("in");
    std::fs::create_dir(&dir).unwrap();
    let json = written(&dir);
    std::fs::copy(dir.join("second.h5"), outer.path().join("out.h5")).unwrap();
    for (target, word) in [
        ("https://host/second.h5", "network"),
        ("s3://bucket/second.h5", "network"),
        ("../out.h5", "outside the folder"),
        (outer.path().join("out.h5").to_str().unwrap(), "outside the folder"),
        ("third.h5", "not there"),
        ("{{other}}.h5", "rule"),
    ] {
        let mut json = json.clone();
        json["refs"]["sst/1.0"][0] = json!(target);
        let e = open(&save(&dir, &json), &[]).err().unwrap();
        assert!(e.message.contains(word) && e.message.contains("sst"), "{target}: {}", e.message);
        // Another array that is all there is shown, and the note says what is missing.
        for key in [".zarray", ".zattrs", "0.0"] {
            json["refs"][format!("whole/{key}")] = json["refs"][format!("sst/{key}")].clone();
        }
        let mut file = open(&save(&dir, &json), &[]).unwrap();
        assert_eq!(file.all("whole"), [Some(0.5), Some(1.0), None, None, None, None]);
        assert!(file.info.notes.iter().any(|n| n.starts_with("sst is left out") && n.contains(word)));
    }
    let mut rules = json.clone();
    rules["gen"] = json!([{"key": "a"}]);
    assert!(open(&save(&dir, &rules), &[]).err().unwrap().message.contains("rules"));
    let mut broken = json.clone();
    broken["refs"]["sst/1.0"] = json!(5);
    assert_eq!(open(&save(&dir, &broken), &[]).err().unwrap().kind, FailureKind::Damaged);
    broken["refs"]["sst/1.0"] = json!("base64:!");
    assert_eq!(open(&save(&dir, &broken), &[]).err().unwrap().kind, FailureKind::Damaged);
    let parquet = dir.join("refs.parq");
    std::fs::create_dir(&parquet).unwrap();
    std::fs::write(parquet.join(".zmetadata"), r#"{"metadata":{".zgroup":{"zarr_format":2}},"record_size":10000}"#)
        .unwrap();
    assert!(open(&parquet, &[]).err().unwrap().message.contains("Parquet"));
}

/// Real granules by what kerchunk writes of them.
#[test]
fn granules_through_kerchunk_have_the_values_of_netcdf4() {
    let Some(granules) = granules() else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kerchunk");
    let mut files = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let csv = entry.unwrap().path();
        if csv.extension().is_none_or(|e| e != "csv") {
            continue;
        }
        let text = std::fs::read_to_string(&csv).unwrap();
        let mut lines = text.lines();
        let granule = granules.join(lines.next().unwrap().trim_start_matches("# "));
        lines.next();
        let dir = tempfile::tempdir().unwrap();
        std::fs::copy(&granule, dir.path().join(granule.file_name().unwrap())).unwrap();
        let json = dir.path().join("references.json");
        std::fs::copy(csv.with_extension("json"), &json).unwrap();
        let mut file = open(&json, &[]).unwrap();
        let (mut cells, mut values) = (0, 0);
        for line in lines {
            let c: Vec<&str> = line.split(',').collect();
            let n = |k: usize| c[k].parse::<usize>().unwrap();
            let cell = file.probe(c[0], n(1), &[0], n(2), n(3));
            let (want, got) = (c[4].parse::<f64>().ok(), cell.values[0].value);
            let near = match (want, got) {
                (Some(a), Some(b)) => (a - b).abs() <= 4.0 * f64::from(f32::EPSILON) * a.abs().max(b.abs()),
                (a, b) => a == b,
            };
            assert!(near, "{}: {line}: {got:?}", granule.display());
            match (cell.position, c[5].parse::<f64>(), c[6].parse::<f64>()) {
                (Some(p), Ok(lon), Ok(lat)) => {
                    let dlon = (p.lon_deg - lon + 540.0).rem_euclid(360.0) - 180.0;
                    assert!(dlon.abs() < 1e-5 && (p.lat_deg - lat).abs() < 1e-5, "{line}: {p:?}");
                }
                (p, lon, _) => assert!(p.is_none() && lon.is_err(), "{line}: {p:?}"),
            }
            (cells, values) = (cells + 1, values + usize::from(want.is_some()));
        }
        assert!(cells >= 500 && values >= 50, "{}: {values} of {cells}", granule.display());
        files += 1;
    }
    assert_eq!(files, 5);
}
