//! Every format holds the same rows, and the record beside them says where they come from.

use seaglass_core::protocol::{Answer, Request};

use crate::support::{job, run, side};
use crate::worker::{Worker, source};

#[test]
fn parquet_netcdf_and_csv_agree() {
    let dir = tempfile::tempdir().unwrap();
    let sides = [
        side("ascat", "ascat_*", "fields = ['wind_speed', 'wvc_quality_flag']\nrequire = ['wind_speed']"),
        side("jason", "JA1_GPN*", "fields = ['wind_speed_alt']"),
    ];
    let mut spec = job(dir.path(), "25 km", "1 h", "kind = 'nearest'", &sides);
    spec.output.formats = serde_json::from_str("[\"parquet\", \"netcdf\", \"csv\"]").unwrap();
    spec.run.checksum = seaglass_jobs::spec::Checksum::Sha256;
    spec.title = Some("Winds".into());
    let (outcome, table) = run(spec);
    assert_eq!(outcome.outputs.len(), 3);
    let (time, lat, wind) = (table.times("p_time"), table.numbers("p_lat"), table.numbers("s_wind_speed_alt"));
    let flags = table.whole("p_wvc_quality_flag");
    let (s_lat, s_time) = (table.numbers("s_lat"), table.times("s_time"));

    let csv = std::fs::read_to_string(dir.path().join("pairs.csv")).unwrap();
    let mut lines = csv.split("\r\n");
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let at = |name: &str| names.iter().position(|n| *n == name).unwrap();
    let lines: Vec<Vec<&str>> = lines.filter(|l| !l.is_empty()).map(|l| l.split(',').collect()).collect();
    assert_eq!(lines.len(), time.len());
    for (k, line) in lines.iter().enumerate() {
        let t = seaglass_core::time::Time::parse(line[at("p_time")]).unwrap();
        assert_eq!(t.micros(), time[k]);
        assert_eq!(line[at("p_lat")].parse::<f64>().unwrap(), lat[k]);
        assert_eq!(line[at("p_wvc_quality_flag")].parse::<i64>().unwrap(), flags[k]);
    }

    // Our own readers understand the netCDF file: points with times, values and units.
    let mut worker = Worker::start();
    let path = dir.path().join("pairs.nc");
    let info = worker.open(&source(path.clone(), &[]));
    let fields: Vec<&str> = info.parts.iter().flat_map(|p| &p.fields).map(|f| f.name.as_str()).collect();
    assert!(fields.contains(&"s_wind_speed_alt") && fields.contains(&"distance_m"), "{fields:?}");
    let attribute = |name: &str| info.attributes.iter().find(|a| a.0 == name).map(|a| a.1.clone()).unwrap();
    assert_eq!((attribute("Conventions").as_str(), attribute("title").as_str()), ("CF-1.11", "Winds"));
    assert_eq!(Some(attribute("seaglass_pairs_sum64")), outcome.pairs_sum64);
    let part = info.parts.iter().position(|p| p.fields.iter().any(|f| f.name == "s_wind_speed_alt")).unwrap();
    assert_eq!(info.parts[part].shape, [time.len(), 1]);
    for k in (0..time.len()).step_by(time.len() / 40 + 1) {
        let cell = worker.probe(&source(path.clone(), &[]), part, "s_wind_speed_alt", k, 0);
        assert_eq!(cell.values[0].value, Some(wind[k]));
        assert_eq!(cell.values[0].units, "m/s");
        assert!((cell.position.unwrap().lat_deg - s_lat[k]).abs() < 1e-12);
        assert_eq!(cell.time.unwrap().micros(), s_time[k]);
    }

    let record: serde_json::Value =
        serde_json::from_slice(&std::fs::read(dir.path().join("pairs.nc.json")).unwrap()).unwrap();
    assert_eq!(record["pairs_sum64"].as_str(), outcome.pairs_sum64.as_deref());
    assert_eq!((record["rows"].as_u64(), record["complete"].as_bool()), (Some(outcome.rows), Some(true)));
    let file = &record["sides"][0]["files"][0];
    // sha256 of the FIPS 180-4 kind is 64 hexadecimal digits; that it is the right one is asked of another program.
    assert_eq!(file["sha256"].as_str().unwrap().len(), 64);
    if let Ok(out) = std::process::Command::new("sha256sum").arg(file["path"].as_str().unwrap()).output() {
        assert!(String::from_utf8_lossy(&out.stdout).starts_with(file["sha256"].as_str().unwrap()));
    }
    assert!(record["sides"][1]["counts"]["read"].as_u64().unwrap() > 0);
    let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 6, "three results and their records: {left:?}");
}

#[test]
fn a_table_that_cannot_be_written_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let spool = dir.path().join("spool");
    std::fs::write(&spool, "no table").unwrap();
    let out = dir.path().join("out.nc");
    let answer = Worker::start().ask(Request::WriteTable { spool, out: out.clone() });
    let Answer::Failed { error } = answer else { panic!("{answer:?}") };
    assert!(error.message.contains("out.nc cannot be written"), "{}", error.message);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    assert!(!out.exists());
}
