//! The short form of the command line says what a job file says: every option, and what is refused.

use std::path::Path;
use std::process::{Command, Output};

use seaglass_jobs::JobSpec;

use crate::sample_day::sample_day;
use crate::support::{job, run, side};

fn colocate(task: &str, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_seaglass")).args(["colocate", task]).args(args).output().unwrap()
}

/// The job that the arguments say, by way of `--save`, which does nothing else.
fn saved(dir: &Path, args: &[&str]) -> JobSpec {
    let path = dir.join("saved.toml");
    let (out, path_text) = (dir.join("pairs.parquet"), path.display().to_string());
    let mut all = vec!["--save", &path_text, "--out", out.to_str().unwrap()];
    all.extend(args);
    let done = colocate("run", &all);
    assert_eq!(done.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
    assert!(!out.exists() && done.stdout.is_empty(), "{args:?}: only the job file is written");
    JobSpec::load(&path).unwrap()
}

/// The job file that a person would write, in its folder.
fn written(dir: &Path, text: &str) -> JobSpec {
    let path = dir.join("written.toml");
    std::fs::write(&path, text).unwrap();
    JobSpec::load(&path).unwrap()
}

#[test]
fn each_option_has_its_key_in_job_files() {
    let dir = tempfile::tempdir().unwrap();
    let here = dir.path().display().to_string();
    // Absolute, because arguments are seen from the working folder and job files from their own.
    let (a, b, c) = (format!("{here}/a/*.nc"), format!("{here}/b.nc"), format!("{here}/c.nc"));
    let nearest = saved(
        dir.path(),
        &[
            "--primary",
            &a,
            "--secondary",
            &b,
            &c,
            "--radius",
            "25km",
            "--window",
            "90 min",
            "--primary-field",
            "ve",
            "--primary-field",
            "vn",
            "--secondary-field",
            "ssha",
            "--primary-filter",
            "drogue == 1",
            "--secondary-filter",
            "bitand(flags, 0x6) == 0",
            "--primary-time",
            "2024-08-01",
            "2024-08-31",
            "--secondary-time",
            "2024-08-01T06:00",
            "2024-09-01",
            "--secondary-pass",
            "ascending",
            "--overwrite",
            "--threads",
            "3",
        ],
    );
    let by_hand = written(
        dir.path(),
        "radius = '25km'\nwindow = '90 min'\n[policy]\nkind = 'nearest'\n\
         [[side]]\nname = 'primary'\nfiles = ['a/*.nc']\nfields = ['ve', 'vn']\nfilter = 'drogue == 1'\n\
         time = ['2024-08-01', '2024-08-31']\n\
         [[side]]\nname = 'secondary'\nfiles = ['b.nc', 'c.nc']\nfields = ['ssha']\n\
         filter = 'bitand(flags, 0x6) == 0'\ntime = ['2024-08-01T06:00', '2024-09-01']\npass = 'ascending'\n\
         [output]\npath = 'pairs.parquet'\noverwrite = true\n[run]\nthreads = 3\n",
    );
    assert_eq!(nearest, by_hand);

    let crossing = saved(
        dir.path(),
        &[
            "--primary",
            &a,
            "--secondary",
            &a,
            "--window",
            "10d",
            "--policy",
            "crossovers",
            "--max-gap",
            "3s",
            "--primary-pass",
            "ascending",
            "--secondary-pass",
            "descending",
        ],
    );
    let by_hand = written(
        dir.path(),
        "window = '10d'\n[policy]\nkind = 'crossovers'\nmax_gap = '3s'\n\
         [[side]]\nname = 'primary'\nfiles = ['a/*.nc']\npass = 'ascending'\n\
         [[side]]\nname = 'secondary'\nfiles = ['a/*.nc']\npass = 'descending'\n\
         [output]\npath = 'pairs.parquet'\n",
    );
    assert_eq!(crossing, by_hand);

    for (word, between) in [(Some("nearest"), "time = 'nearest'\n"), (Some("linear"), ""), (None, "")] {
        let mut args = vec![
            "--primary",
            &a,
            "--secondary",
            &b,
            "--window",
            "12h",
            "--policy",
            "interpolate",
            "--secondary-field",
            "sst",
        ];
        args.extend(word.into_iter().flat_map(|w| ["--between", w]));
        let by_hand = written(
            dir.path(),
            &format!(
                "window = '12h'\n[policy]\nkind = 'interpolate'\n{between}\
                 [[side]]\nname = 'primary'\nfiles = ['a/*.nc']\n\
                 [[side]]\nname = 'secondary'\nfiles = ['b.nc']\nfields = ['sst']\n[output]\npath = 'pairs.parquet'\n"
            ),
        );
        assert_eq!(saved(dir.path(), &args), by_hand, "{word:?}");
    }
    for policy in ["all", "mutual", "mean", "median", "std", "min", "max", "count"] {
        let said = saved(
            dir.path(),
            &["--primary", &a, "--secondary", &b, "--window", "1h", "--radius", "2nmi", "--policy", policy],
        );
        let text = serde_json::to_value(said.policy.kind).unwrap();
        assert_eq!(text, policy);
    }
}

#[test]
fn the_short_form_finds_what_the_job_finds() {
    let dir = tempfile::tempdir().unwrap();
    let day = sample_day();
    let (p, s) = (day.join("ascat_*").display().to_string(), day.join("JA1_GPN*").display().to_string());
    let sides = [
        side("primary", "ascat_*", "fields = ['wind_speed']\nfilter = 'wind_speed > 6'"),
        side("secondary", "JA1_GPN*", "fields = ['wind_speed_alt']\npass = 'ascending'"),
    ];
    let (whole, table) = run(job(dir.path(), "25 km", "3 h", "kind = 'all'", &sides));
    let times = table.times("p_time");
    let middle = seaglass_core::time::Time::from_micros(times[times.len() / 2]).iso();
    let out = dir.path().join("short.csv");
    let args = [
        "--primary",
        &p,
        "--secondary",
        &s,
        "--radius",
        "25km",
        "--window",
        "3h",
        "--policy",
        "all",
        "--primary-field",
        "wind_speed",
        "--primary-filter",
        "wind_speed > 6",
        "--secondary-field",
        "wind_speed_alt",
        "--secondary-pass",
        "ascending",
        "--json",
        "--out",
        out.to_str().unwrap(),
    ];
    let ran = |more: &[&str]| -> serde_json::Value {
        let done = colocate("run", &[&args[..], &["--overwrite"], more].concat());
        assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
        serde_json::from_slice(&done.stdout).unwrap()
    };
    assert!(whole.rows > 10, "{whole:?}");
    assert_eq!(ran(&[])["pairs_sum64"].as_str(), whole.pairs_sum64.as_deref());
    // The first half of the pairs, by the time of their primary row.
    let half = ran(&["--primary-time", "2000-01-01", &middle]);
    let want = times.iter().filter(|t| **t <= times[times.len() / 2]).count() as u64;
    assert_eq!(half["rows"].as_u64(), Some(want));
    assert_eq!(std::fs::read_to_string(&out).unwrap().lines().count() as u64, want + 1);
    // Shards by the short form, and what it says of them.
    for k in ["1/2", "2/2"] {
        assert_eq!(ran(&["--shard", k])["outputs"].as_array().map(Vec::len), Some(0));
    }
    let merged = colocate("merge", &[&args[..], &["--overwrite"]].concat());
    let merged: serde_json::Value = serde_json::from_slice(&merged.stdout).unwrap();
    assert_eq!(merged["pairs_sum64"].as_str(), whole.pairs_sum64.as_deref());
}

#[test]
fn what_is_missing_or_unknown_is_said() {
    let base = ["--primary", "a.nc", "--secondary", "b.nc", "--radius", "25km", "--window", "1h", "--out", "x.parquet"];
    let without = |name: &str| -> Vec<&str> {
        let at = base.iter().position(|w| *w == name).unwrap();
        base.iter().enumerate().filter(|(k, _)| *k != at && *k != at + 1).map(|(_, w)| *w).collect()
    };
    let with = |more: &[&'static str]| [&base[..], more].concat();
    let cases: [(Vec<&str>, &str); 12] = [
        (without("--primary"), "--primary FILES is needed"),
        (without("--secondary"), "--secondary FILES is needed"),
        (without("--radius"), "--radius LENGTH is needed"),
        (without("--window"), "--window DURATION is needed"),
        (without("--out"), "--out FILE is needed"),
        (with(&["--policy", "closest"]), "\"closest\" is no policy; write all, nearest, mutual, "),
        (with(&["--primary-pass", "up"]), "\"up\" is no pass; write ascending or descending"),
        (with(&["--policy", "interpolate", "--secondary-field", "v", "--between", "cubic"]), "\"cubic\" is no way"),
        (with(&["--max-gap", "5s"]), "max_gap goes with the policy crossovers"),
        (with(&["--shard", "5/4"]), "\"5/4\" is no shard"),
        (with(&["--threads", "0"]), "--threads must lie between 1 and 256"),
        (with(&["--primary-time", "2024-02-01", "2024-01-01"]), "ends before it begins"),
    ];
    for (args, said) in cases {
        let done = colocate("run", &args);
        let text = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(2), "{args:?}: {text}");
        assert!(text.contains(said), "{args:?}: {text}");
    }
    // A job file and the short form together are a contradiction.
    let both = colocate("run", &["job.toml", "--radius", "1km"]);
    assert_eq!(both.status.code(), Some(2));
}
