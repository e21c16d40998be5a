//! Requests recorded from the published client, against what another decoder made of them (`vectors/index.json`).

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::path::PathBuf;

use seaglass_control::wire::{Operation, Refused, Request};
use seaglass_core::notebook::{CollectionKey, RawValues, RenderMethod, UserGranule, VariableKey};
use serde_json::Value;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

fn index() -> serde_json::Map<String, Value> {
    let text = std::fs::read_to_string(folder().join("index.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(format!("{name}.bin"))).unwrap()
}

fn request(name: &str) -> Request {
    Request::decode(&bytes(name)).unwrap()
}

#[test]
fn every_recorded_request_is_understood() {
    let index = index();
    assert_eq!(index.len(), 36);
    for (name, told) in &index {
        let request = request(name);
        let number = told["decoded"]["opcode"].as_u64().unwrap() as u8;
        assert_eq!(Some(request.operation()), Operation::from_number(number), "{name}");
    }
}

#[test]
fn numbers_and_texts_arrive() {
    assert_eq!(request("look_at"), Request::LookAt(12.5, -45.0));
    assert_eq!(request("look_at_zero"), Request::LookAt(0.0, 0.0));
    assert_eq!(request("set_altitude"), Request::SetAltitude(2e6));
    assert_eq!(request("set_current_datetime"), Request::SetCurrentDatetime(1_577_880_000));
    assert_eq!(request("set_nearest_mode_off"), Request::SetNearestMode(false));
    assert_eq!(request("set_timespan"), Request::SetTimespan("1 day".into()));
    assert_eq!(request("check_schema_version"), Request::CheckSchemaVersion(20_250_709));
    let of = CollectionKey { source: 1, collection: 10 };
    let id = VariableKey { of, variable: 0 };
    assert_eq!(request("select_variable"), Request::SelectVariable { id, selected: true, exclusive: false });
    assert_eq!(request("get_rendering"), Request::GetRendering(id));
    let names = ("Température °C".to_owned(), "current".to_owned());
    assert_eq!(request("get_variable_identifier"), Request::GetVariableIdentifier(names.0, names.1));
    let Request::SearchGranules(s) = request("search_granules") else { panic!() };
    assert_eq!(s.collections, [of, CollectionKey { source: 2, collection: 11 }], "in the user's order");
    assert_eq!((s.current_s, s.start_s, s.stop_s, s.altitude_m), (1_577_880_000, 1_577_836_800, 1_577_923_200, 1e6));
}

#[test]
fn collections_come_in_the_users_order() {
    let Request::AddCollection(c) = request("add_collection_with_variable") else { panic!() };
    assert_eq!((c.label.as_str(), c.must_be_current, c.x_seamless), ("Température °C", true, false));
    assert_eq!(
        c.tags.iter().map(|t| (t.name.as_str(), t.value.as_str())).collect::<Vec<_>>(),
        [("a", "1"), ("b", "2")]
    );
    assert_eq!(c.variables[0].fields, ["eastward", "northward"]);
    assert_eq!(c.variables[0].units, "m/s");
    let Request::AddVariable(of, v) = request("add_variable_two_fields") else { panic!() };
    assert_eq!((of, v.fields.len()), (c.key, 2));
    let Request::SetRendering(of, r) = request("set_rendering") else { panic!() };
    assert_eq!((of.variable, r.method, r.z, r.colour), (0, RenderMethod::Arrows, 500.0, [50, 12, 87]));
    assert_eq!((r.colormap.as_str(), r.symbol_px, r.particles, r.streamline_length), ("jet", 32.0, 1000, 20));
}

fn granule(name: &str) -> UserGranule {
    let Request::AddGranule(g) = request(name) else { panic!() };
    g.as_ref().clone()
}

/// The numbers of a recorded field as the other decoder gives them.
fn told(index: &serde_json::Map<String, Value>, name: &str, field: &str) -> Vec<f32> {
    let data = &index[name]["decoded"]["args"]["data"];
    for (names, buckets) in [("fields", "buckets"), ("float_fields", "float_buckets")] {
        for (n, b) in data[names].as_array().unwrap().iter().zip(data[buckets].as_array().unwrap()) {
            if n == field {
                return match b["buffer"]["bytes"].as_str() {
                    Some(hex) => {
                        let pairs = hex.as_bytes().chunks(2);
                        pairs
                            .map(|h| f32::from(u8::from_str_radix(std::str::from_utf8(h).unwrap(), 16).unwrap()))
                            .collect()
                    }
                    None => b["buffer"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap() as f32).collect(),
                };
            }
        }
    }
    panic!("{name} has no {field}")
}

#[test]
fn granules_bring_their_values() {
    let index = index();
    for name in index.keys().filter(|n| n.starts_with("add_granule")) {
        let g = granule(name);
        let meta = &index[name]["decoded"]["args"]["metadata"];
        assert_eq!(g.meta.data_id, meta["data_id"].as_str().unwrap());
        assert_eq!(g.meta.stop_ms, meta["stop"].as_u64().unwrap());
        assert_eq!(g.meta.texts.title.as_deref(), meta["title"].as_str());
        assert_eq!(g.meta.bounds.lon_max.map(f64::from), meta["lon_max"].as_f64());
        let points = meta["uris"][0]["shape"]["gcps"].as_array().unwrap();
        assert_eq!(g.meta.files[0].points.len(), points.len());
        for (p, q) in g.meta.files[0].points.iter().zip(points) {
            assert_eq!(
                (f64::from(p.lon_deg), u64::from(p.col)),
                (q["lon"].as_f64().unwrap(), q["i"].as_u64().unwrap())
            );
            assert_eq!((p.time_ms, u64::from(p.row)), (q["time"].as_u64().unwrap(), q["j"].as_u64().unwrap()));
        }
        for f in &g.fields {
            let values: Vec<f32> = match &f.values {
                RawValues::Bytes(v) => v.iter().map(|v| f32::from(*v)).collect(),
                RawValues::Floats(v) => v.clone(),
            };
            assert_eq!(values, told(&index, name, &f.name), "{name} {}", f.name);
            assert_eq!(values.len() as u32, f.rows * f.cols);
        }
    }
    let mixed = granule("add_granule_mixed_3x3");
    assert_eq!(mixed.fields.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["first", "second", "third"]);
}

#[test]
fn cut_and_turned_bytes_do_no_harm() {
    for name in index().keys() {
        let whole = bytes(name);
        for cut in 0..whole.len() {
            let _result = Request::decode(&whole[..cut]);
        }
        for k in 0..whole.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut bad = whole.clone();
                bad[k] ^= flip;
                let _result = Request::decode(&bad);
            }
        }
    }
}

#[test]
fn a_refusal_names_the_operation() {
    // The wrong union member for the operation: the client that waits can still be answered.
    let mut bad = bytes("get_rendering");
    let kind = bad.iter().rposition(|b| *b == 18).unwrap();
    bad[kind] = 20;
    let Err(Refused { operation, why }) = Request::decode(&bad) else { panic!() };
    assert_eq!(operation, Some(Operation::GetRendering), "{why}");
    assert!(Request::decode(b"").unwrap_err().operation.is_none());
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..512)) {
        let _result = Request::decode(&bytes);
    }

    #[test]
    fn many_faults_are_survived(which in 0usize..36, faults in proptest::collection::vec((0usize..2000, proptest::num::u8::ANY), 1..12)) {
        let name = index().keys().nth(which).unwrap().clone();
        let mut bad = bytes(&name);
        for (at, value) in faults {
            let n = bad.len();
            bad[at % n] = value;
        }
        let _result = Request::decode(&bad);
    }
}
