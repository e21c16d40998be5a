//! Real granules against scipy and PROJ (`expect.py` recorded what they found).

use std::path::{Path, PathBuf};

use crate::support::{job, run, side};

#[test]
fn real_granules_match_as_scipy_and_proj_say() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/granules");
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/colocate/expected.json");
    let cases: Vec<serde_json::Value> = serde_json::from_slice(&std::fs::read(recorded).unwrap()).unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let text = |k: &str| case[k].as_str().unwrap().to_owned();
        let (p, s) = (root.join(text("primary")), root.join(text("secondary")));
        if !p.exists() || !s.exists() {
            println!("skipped: {} is not there", p.display());
            continue;
        }
        let dir = tempfile::tempdir().unwrap();
        // The other programs know no product masks.
        let make = |name: &str, path: &Path, field: &str| {
            side(
                name,
                &path.canonicalize().unwrap().display().to_string(),
                &format!("fields = ['{field}']\nmasks = false"),
            )
        };
        let sides = [make("p", &p, &text("primary_field")), make("s", &s, &text("secondary_field"))];
        let radius = format!("{} m", case["radius_m"].as_f64().unwrap());
        let window = format!("{} d", case["window_days"].as_i64().unwrap());
        let (outcome, table) = run(job(dir.path(), &radius, &window, &format!("kind = '{}'", text("policy")), &sides));
        let name = text("name");
        assert_eq!(
            (outcome.pairs, outcome.pairs_sum64.unwrap()),
            (case["pairs"].as_u64().unwrap(), text("sum64")),
            "{name}"
        );
        let metres: f64 = table.numbers("distance_m").iter().sum();
        // A µm a pair.
        let off = (metres - case["metres"].as_f64().unwrap()).abs();
        assert!(off < 1e-6 * outcome.pairs as f64 + 1e-6, "{name}: {off} m");
    }
}
