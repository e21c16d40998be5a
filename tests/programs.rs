//! A program of the user reads files of a made-up format end to end: the example of `readers/examples`, allowed, looked
//! at and drawn through the finished programs; and nothing runs that was not allowed. Skipped without python3.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]
#![cfg(all(unix, feature = "worker"))]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/readers/examples/seagrid");

/// A user with a folder of product files, settings and data of his own.
struct User {
    dir: tempfile::TempDir,
}

impl User {
    /// `None` where there is no Python; says so.
    fn new() -> Option<Self> {
        let recent = "import sys; sys.exit(sys.version_info < (3, 8))";
        if !Command::new("python3").args(["-c", recent]).status().is_ok_and(|s| s.success()) {
            println!("skipped: there is no python3");
            return None;
        }
        let user = Self { dir: tempfile::tempdir().unwrap() };
        for folder in ["readers", "config", "data"] {
            std::fs::create_dir(user.at(folder)).unwrap();
        }
        for file in ["seagrid.toml", "seagrid_reader.py"] {
            std::fs::copy(Path::new(EXAMPLE).join(file), user.at("readers").join(file)).unwrap();
        }
        Some(user)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Three rows of four cells, one missing: the value is 280 + row + column / 10.
    fn write_data(&self) -> PathBuf {
        let path = self.at("data/day.seagrid");
        let rows = "280.0 280.1 280.2 280.3\n281.0 - 281.2 281.3\n282.0 282.1 282.2 282.3\n";
        let head =
            "SEAGRID 1\ntime 2024-07-01T12:00:00\nlon -10 0.5 4\nlat 40 0.25 3\nfield sst K Sea surface temperature\n";
        std::fs::write(&path, format!("{head}{rows}")).unwrap();
        path
    }

    fn seaglass(&self, args: &[&str], file: &Path) -> Output {
        let mut program = Command::new(env!("CARGO_BIN_EXE_seaglass"));
        program.env("SEAGLASS_READERS", self.at("readers")).env("HOME", self.at("config"));
        program.env("XDG_CONFIG_HOME", self.at("config")).env("XDG_CACHE_HOME", self.at("config"));
        program.args(args).arg(file).output().unwrap()
    }

    fn trust(&self) {
        let out = self.seaglass(&["readers", "trust"], &self.at("readers/seagrid.toml"));
        let said = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(out.status.success() && said.contains("python3 seagrid_reader.py"), "{out:?}");
    }

    fn json(&self, args: &[&str], file: &Path) -> serde_json::Value {
        let out = self.seaglass(args, file);
        serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {out:?}"))
    }
}

#[test]
fn a_made_up_format_is_read_by_a_program() {
    let Some(user) = User::new() else { return };
    let file = user.write_data();
    user.trust();
    let checked = user.json(&["readers", "check", "--json"], &file);
    assert_eq!((&checked["product"], &checked["fields"][0]), (&"example_seagrid".into(), &"sst".into()), "{checked}");
    // Row 2, column 3 is at 40.5° N, 8.5° W.
    let cell = user.json(&["probe", "--field", "sst", "--json", "--at=-8.5,40.5"], &file);
    assert_eq!((cell["row"].as_u64(), cell["col"].as_u64()), (Some(2), Some(3)), "{cell}");
    assert!((cell["value"].as_f64().unwrap() - 282.3).abs() < 1e-9, "{cell}");
    let missing = user.json(&["probe", "--field", "sst", "--json", "--at=-9.5,40.25"], &file);
    assert!(missing["value"].is_null(), "{missing}");
    // A picture goes through positions, statistics and windows with an apron.
    let png = user.at("out.png");
    let args = ["render", "--size", "300x200", "--field", "sst", "--range", "280,283", "--out", png.to_str().unwrap()];
    let out = user.seaglass(&args, &file);
    assert!(out.status.success() && png.metadata().unwrap().len() > 1000, "{}", String::from_utf8_lossy(&out.stderr));
    // What the program says of a damaged file reaches the user.
    std::fs::write(&file, "SEAGRID 1\ntime 2024-07-01T12:00:00\nlon -10 0.5 4\nlat 40 0.25 3\nfield a b c\n1 2\n")
        .unwrap();
    let out = user.seaglass(&["inspect"], &file);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(!out.status.success() && said.contains("The values are not 3 rows of 4."), "{said}");
}

#[test]
fn nothing_runs_before_it_is_allowed() {
    let Some(user) = User::new() else { return };
    let file = user.write_data();
    let script = user.at("readers/seagrid_reader.py");
    let trace = user.at("ran");
    let text = std::fs::read_to_string(&script).unwrap();
    let traced = format!("open({:?}, 'w').close()\n{text}", trace.to_str().unwrap());
    std::fs::write(&script, &traced).unwrap();
    let looks = |why: &str| {
        let out = user.seaglass(&["inspect"], &file);
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(!out.status.success() && said.contains("seaglass readers trust"), "{why}: {said}");
        assert!(!trace.exists(), "{why}: the program ran");
    };
    looks("never allowed");
    // A product file beside the data, not in the user's folder, is not even looked at.
    for name in ["seagrid.toml", "seagrid_reader.py"] {
        std::fs::copy(user.at("readers").join(name), user.at("data").join(name)).unwrap();
    }
    looks("beside the data");
    user.trust();
    assert!(user.seaglass(&["inspect"], &file).status.success() && trace.exists());
    std::fs::remove_file(&trace).unwrap();
    std::fs::write(&script, format!("{traced}\n# changed")).unwrap();
    looks("changed since it was allowed");
    user.trust();
    let out = user.seaglass(&["readers", "trust", "--revoke"], &user.at("readers/seagrid.toml"));
    assert!(out.status.success(), "{out:?}");
    looks("allowed no more");
}

/// A program that dies or hangs is treated as our own reader is: the application lives, the file has a sentence.
#[test]
fn a_program_that_dies_is_told() {
    let Some(user) = User::new() else { return };
    let file = user.write_data();
    let script = user.at("readers/seagrid_reader.py");
    let text = std::fs::read_to_string(&script).unwrap();
    std::fs::write(
        &script,
        text.replace("def opened(ask, file):", "def opened(ask, file):\n    raise KeyError('lost')"),
    )
    .unwrap();
    user.trust();
    let out = user.seaglass(&["inspect"], &file);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(!out.status.success() && said.contains("died twice") && said.contains("lost"), "{said}");
    // Its memory is bounded like that of our own, where the system has such a bound.
    if !cfg!(target_os = "linux") {
        return;
    }
    std::fs::write(
        &script,
        text.replace(
            "def opened(ask, file):",
            "def opened(ask, file):\n    import resource\n    raise ValueError(str(resource.getrlimit(resource.RLIMIT_AS)[0]))",
        ),
    )
    .unwrap();
    user.trust();
    let out = user.seaglass(&["inspect"], &file);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    let limit = said.split(|c: char| !c.is_ascii_digit()).filter_map(|w| w.parse::<u64>().ok()).max().unwrap_or(0);
    assert!(limit > 0 && limit <= 6 << 30, "{said}");
}
