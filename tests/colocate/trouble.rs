//! What goes wrong is said in one sentence, the rest of the job goes on, and a rerun takes up where it was.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use seaglass_jobs::JobSpec;

use crate::sample_day::sample_day;
use crate::support::{job, open, run, side};

fn files(pattern: &str) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir(sample_day()).unwrap().map(|e| e.unwrap().path()).collect();
    all.retain(|p| p.file_name().unwrap().to_string_lossy().starts_with(pattern));
    all.sort();
    all
}

fn wind(dir: &Path, ascat: &str) -> JobSpec {
    let sides =
        [side("ascat", ascat, "fields = ['wind_speed']"), side("jason", "JA1_GPN*", "fields = ['wind_speed_alt']")];
    let mut spec = job(dir, "25 km", "90 min", "kind = 'nearest'", &sides);
    spec.run.slab = Some("1 h".into());
    spec
}

#[test]
fn a_damaged_granule_is_left_out_and_read_when_it_is_whole_again() {
    let dir = tempfile::tempdir().unwrap();
    let granules = dir.path().join("granules");
    std::fs::create_dir(&granules).unwrap();
    let ascat = files("ascat_");
    for f in &ascat {
        std::fs::copy(f, granules.join(f.file_name().unwrap())).unwrap();
    }
    let pattern = granules.join("ascat_*").display().to_string();
    let whole = tempfile::tempdir().unwrap();
    let (reference, table) = run(wind(whole.path(), &pattern));
    assert!(reference.complete);
    let broken = granules.join(ascat[1].file_name().unwrap());
    let bytes = std::fs::read(&broken).unwrap();
    std::fs::write(&broken, &bytes[..bytes.len() / 3]).unwrap();
    let (partial, _) = run(wind(dir.path(), &pattern));
    assert!(!partial.complete && partial.rows < reference.rows, "{partial:?}");
    assert!(partial.failed.len() == 1 && partial.failed[0].path == broken, "{:?}", partial.failed);
    assert!(partial.failed[0].message.ends_with('.') && !partial.failed[0].message.contains('\n'));
    let record: serde_json::Value =
        serde_json::from_slice(&std::fs::read(dir.path().join("pairs.parquet.json")).unwrap()).unwrap();
    assert_eq!(record["complete"], false);
    // What says of itself that something is missing may be replaced without being told so.
    std::fs::write(&broken, &bytes).unwrap();
    let (repaired, again) = run(wind(dir.path(), &pattern));
    assert!(repaired.complete && repaired.pairs_sum64 == reference.pairs_sum64);
    assert_eq!(again.content(), table.content());
}

/// A file that is named and not there is like one that cannot be read: the others go on.
#[test]
fn a_missing_file_is_left_out_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let pattern = sample_day().join("ascat_*").display().to_string();
    let mut spec = wind(dir.path(), &pattern);
    let missing = dir.path().join("ascat_gone.nc");
    spec.sides[0].files.insert(0, missing.display().to_string());
    let (outcome, _) = run(spec.clone());
    assert!(!outcome.complete && outcome.rows > 0, "{outcome:?}");
    assert_eq!(outcome.failed.iter().map(|f| f.path.as_path()).collect::<Vec<_>>(), [missing.as_path()]);
    assert_eq!(outcome.failed[0].message, "The file does not exist.");
    let whole = tempfile::tempdir().unwrap();
    let (reference, _) = run(wind(whole.path(), &pattern));
    assert_eq!((outcome.rows, outcome.pairs_sum64), (reference.rows, reference.pairs_sum64));
    spec.sides[0].files = vec![missing.display().to_string()];
    assert_eq!(open(spec).err().unwrap().to_string(), "The file does not exist.");
}

/// Whatever may be replaced, no input is: by its name, by a link, or as the record beside an output.
#[cfg(unix)]
#[test]
fn an_input_is_never_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let mine = dir.path().join("mine.nc");
    std::fs::copy(&files("ascat_")[0], &mine).unwrap();
    let before = std::fs::read(&mine).unwrap();
    std::os::unix::fs::symlink(&mine, dir.path().join("alias.nc")).unwrap();
    std::fs::hard_link(&mine, dir.path().join("twin.nc.json")).unwrap();
    std::fs::create_dir(dir.path().join("sub")).unwrap();
    let spec = wind(dir.path(), &mine.display().to_string());
    for name in ["mine.nc", "alias.nc", "sub/../mine.nc", "twin.nc"] {
        let mut spec = spec.clone();
        (spec.output.path, spec.output.overwrite) = (dir.path().join(name), true);
        let refused = open(spec).err().unwrap_or_else(|| panic!("{name} may be replaced"));
        let text = refused.to_string();
        assert!(matches!(refused, seaglass_jobs::JobError::Output { .. }), "{name}: {text}");
        assert!(text.contains("file of the side \"ascat\"") && text.contains("would be lost"), "{name}: {text}");
    }
    assert_eq!(std::fs::read(&mine).unwrap(), before);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 4, "no folder of a job is left");
}

#[test]
fn a_killed_job_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let pattern = sample_day().join("ascat_*").display().to_string();
    let mut spec = wind(dir.path(), &pattern);
    spec.run.slab = Some("15 min".into());
    spec.window = "5 min".into();
    spec.run.threads = 1;
    let path = dir.path().join("job.toml");
    std::fs::write(&path, spec.to_toml().unwrap()).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_seaglass"))
        .args(["colocate", "run"])
        .arg(&path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let tasks = dir.path().join("pairs.parquet.job/tasks");
    let finished = || -> usize {
        let entries = std::fs::read_dir(&tasks).map(|d| d.flatten().collect::<Vec<_>>()).unwrap_or_default();
        entries.iter().filter(|e| e.path().extension().is_some_and(|x| x == "json")).count()
    };
    let begun = Instant::now();
    while finished() < 3 && begun.elapsed() < Duration::from_secs(120) && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let kept = finished();
    if spec.output.path.exists() {
        println!("skipped: the job was done before it could be killed");
        return;
    }
    assert!(kept >= 3, "{kept} tasks");
    let (outcome, table) = run(spec.clone());
    assert!(outcome.reused >= 3 && outcome.reused < outcome.tasks, "{outcome:?}");
    let fresh = tempfile::tempdir().unwrap();
    spec.output.path = fresh.path().join("pairs.parquet");
    let (reference, other) = run(spec);
    assert_eq!(reference.reused, 0);
    assert_eq!((outcome.pairs_sum64, table.content()), (reference.pairs_sum64, other.content()));
}

#[test]
fn nonsense_is_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let plain = [side("a", "ascat_*", ""), side("b", "JA1_GPN*", "")];
    let say = |spec: JobSpec| match open(spec).and_then(|j| j.run(None, &seaglass_jobs::progress::Silent)) {
        Err(e) => e.to_string(),
        Ok(o) => panic!("{o:?}"),
    };
    let with = |sides: &[String]| job(dir.path(), "25 km", "1 h", "kind = 'nearest'", sides);
    let field = say(with(&[side("a", "ascat_*", "fields = ['wind_sped']"), plain[1].clone()]));
    assert!(field.contains("wind_sped") && field.contains("wind_speed"), "{field}");
    let filter = say(with(&[side("a", "ascat_*", "filter = 'wind_speed >'"), plain[1].clone()]));
    assert!(filter.contains("\"a\"") && filter.contains("column"), "{filter}");
    let flag = say(with(&[side("a", "ascat_*", "filter = 'no_such_flag == 0'"), plain[1].clone()]));
    assert!(flag.contains("no_such_flag"), "{flag}");
    let empty = say(with(&[side("a", "envisat_*", ""), plain[1].clone()]));
    assert!(empty.contains("The side \"a\" is empty"), "{empty}");
    let product = say(with(&[side("a", "ascat_*", "product = 'nothing'"), plain[1].clone()]));
    assert!(product.contains("not known"), "{product}");
    let at = |name: &str, files: &str, from: &str, to: &str| side(name, files, &format!("time = ['{from}', '{to}']"));
    let years = say(with(&[at("a", "ascat_*", "2030-01-01", "2030-01-02"), plain[1].clone()]));
    assert!(years.contains("\"a\" covers 2024-08-11T") && years.contains("to 2030-01-02T23:59:59"), "{years}");
    let depth = say(with(&[side("a", "gdp6h*", "fields = ['temp']\nindex = { depth = 3 }"), plain[1].clone()]));
    assert!(depth.contains("no dimension \"depth\""), "{depth}");
    let morning = at("a", "ascat_*", "2024-08-11T08:00", "2024-08-11T10:00");
    let apart = say(with(&[morning, at("b", "gdp6h*", "2024-08-11T18:00", "2024-08-11T23:00")]));
    assert!(apart.contains("do not overlap in time") && apart.contains("2024-08-11T"), "{apart}");
    let dawn = at("b", "gdp6h*", "2024-08-06", "2024-08-07");
    let far = say(job(dir.path(), "1 m", "0 s", "kind = 'nearest'", &[side("a", "s1a-iw-ocn*", ""), dawn]));
    assert!(far.contains("overlap"), "{far}");
    let gone = say({
        let mut spec = with(&plain);
        spec.output.path = dir.path().join("no/such/folder/pairs.parquet");
        spec
    });
    assert!(gone.contains("does not exist"), "{gone}");
    for s in [years, depth, field, filter, flag, empty, product, apart, far, gone] {
        assert!(s.ends_with('.') && !s.contains('\n') && s.len() < 400, "{s}");
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "a job that is refused leaves nothing");
}

#[test]
fn an_output_that_is_there_stays() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("pairs.parquet");
    std::fs::write(&out, "mine").unwrap();
    let pattern = sample_day().join("ascat_*").display().to_string();
    let mut spec = wind(dir.path(), &pattern);
    let refused = open(spec.clone()).unwrap().run(None, &seaglass_jobs::progress::Silent).unwrap_err().to_string();
    assert!(refused.contains("there already"), "{refused}");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "mine");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "no folder of a job is left");
    spec.output.overwrite = true;
    let (outcome, table) = run(spec);
    assert!(outcome.rows > 0 && table.whole("pair_id").len() as u64 == outcome.rows);
}

#[test]
fn the_command_line_says_how_it_went() {
    let dir = tempfile::tempdir().unwrap();
    let day = sample_day();
    let out = dir.path().join("pairs.csv");
    let seaglass = |what: &str, more: &[&str]| {
        let mut c = Command::new(env!("CARGO_BIN_EXE_seaglass"));
        c.args(["colocate", what, "--radius", "25km", "--window", "1h", "--out"]).arg(&out).args(more);
        c.arg("--primary").arg(day.join("ascat_*")).arg("--secondary").arg(day.join("JA1_GPN*"));
        c.output().unwrap()
    };
    let text = |o: &std::process::Output| String::from_utf8_lossy(&o.stdout).into_owned();
    let plan = seaglass("plan", &["--json"]);
    assert_eq!(plan.status.code(), Some(0), "{plan:?}");
    let summary: serde_json::Value = serde_json::from_str(&text(&plan)).unwrap();
    assert!(summary["granule_pairs"].as_u64().unwrap() > 0 && summary["bytes_to_read"].as_u64().unwrap() > 0);
    let ran = seaglass("run", &["--json"]);
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    let outcome: serde_json::Value = serde_json::from_str(&text(&ran)).unwrap();
    let rows = outcome["rows"].as_u64().unwrap();
    // The estimate is of pairs within the limits; the nearest are fewer.
    let expected = summary["expected_pairs"].as_f64().unwrap();
    assert!(rows > 0 && expected > rows as f64 / 10.0, "{rows} of {expected}");
    let csv = std::fs::read_to_string(&out).unwrap();
    assert_eq!(csv.lines().count() as u64, rows + 1);
    assert!(csv.starts_with("pair_id,p_granule,p_row,p_line,p_pixel,p_time,"), "{}", csv.lines().next().unwrap());
    let again = seaglass("run", &[]);
    assert_eq!(again.status.code(), Some(6), "{again:?}");
    assert!(String::from_utf8_lossy(&again.stderr).contains("--overwrite"));
    let usage =
        Command::new(env!("CARGO_BIN_EXE_seaglass")).args(["colocate", "run", "--radius", "25"]).output().unwrap();
    assert_eq!(usage.status.code(), Some(2));
}

/// A limit on the size of files is the full disk that needs no privileges: wherever it strikes, one sentence is said,
/// nothing looks finished, and the same command goes on when there is room.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_nothing_that_looks_finished() {
    let dir = tempfile::tempdir().unwrap();
    let sides = [
        side("jason", "JA1_GPN*", "fields = ['wind_speed_alt', 'ssha']\nrequire = []"),
        side("sst", "*L4_GHRSST*", "fields = ['analysed_sst']"),
    ];
    let mut spec = job(dir.path(), "15 km", "12 h", "kind = 'all'", &sides);
    spec.output.formats = serde_json::from_str("[\"parquet\", \"netcdf\", \"csv\"]").unwrap();
    spec.run.slab = Some("3 h".into());
    let path = dir.path().join("job.toml");
    std::fs::write(&path, spec.to_toml().unwrap()).unwrap();
    // `ulimit -f` counts blocks of 512 bytes.
    let run_within = |blocks: &str| {
        Command::new("sh")
            .args(["-c", "ulimit -f \"$1\"; exec \"$2\" colocate run \"$3\" --json", "sh", blocks])
            .args([Path::new(env!("CARGO_BIN_EXE_seaglass")), &path])
            .output()
            .unwrap()
    };
    let shown = || -> Vec<String> {
        let names =
            std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned());
        names.filter(|n| n != "job.toml" && n != "pairs.parquet.job").collect()
    };
    // The tables of tasks are a few 100 kB, the largest result some MB of text.
    for blocks in ["40", "2000", "6000"] {
        let out = run_within(blocks);
        let text = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(6), "{blocks} blocks: {text}");
        assert!(text.contains("larger than the system allows") && text.contains("run the job again"), "{text}");
        assert_eq!(text.trim().lines().count(), 1, "{text}");
        assert_eq!(shown(), Vec::<String>::new(), "{blocks} blocks");
    }
    let out = run_within("unlimited");
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    let outcome: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert!(outcome["reused"].as_u64().unwrap() > 0 && outcome["complete"] == true, "{outcome}");
    assert_eq!(shown().len(), 6);
}

/// Whoever asks for half the Earth in four million pixels and thinks better of it is not kept waiting.
#[test]
fn a_hopeless_job_is_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let sides = [side("swot", "SWOT_L2*", "fields = ['ssha']"), side("sst", "*MODIS*", "fields = ['sst_best']")];
    let mut spec = job(dir.path(), "20000 km", "10 d", "kind = 'mean'", &sides);
    spec.run.threads = 2;
    let setup = crate::support::setup();
    let cancel = setup.cancel.clone();
    let (told, tell) = (std::sync::atomic::AtomicBool::new(false), &cancel);
    std::thread::scope(|scope| {
        let run = scope.spawn(|| {
            let planned = seaglass_jobs::Job::open(spec, setup, &seaglass_jobs::progress::Silent);
            told.store(true, std::sync::atomic::Ordering::Relaxed);
            planned.and_then(|job| job.run(None, &seaglass_jobs::progress::Silent))
        });
        while !told.load(std::sync::atomic::Ordering::Relaxed) && !run.is_finished() {
            std::thread::sleep(Duration::from_millis(20));
        }
        // Somewhere in reading or joining: the whole would take hours.
        std::thread::sleep(Duration::from_secs(3));
        tell.cancel();
        let begun = Instant::now();
        let stopped = run.join().unwrap().unwrap_err();
        assert!(matches!(stopped, seaglass_jobs::JobError::Canceled), "{stopped}");
        // Less than a second where nothing else runs.
        assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    });
}

#[test]
fn no_match_has_a_reason() {
    let dir = tempfile::tempdir().unwrap();
    let reason = |policy: &str, sides: &[String]| {
        let mut spec = job(dir.path(), "25 km", "30 min", policy, sides);
        spec.output.overwrite = true;
        let (outcome, _) = run(spec);
        assert_eq!(outcome.rows, 0);
        outcome.note.unwrap()
    };
    let ascat = side("ascat", "ascat_*", "fields = ['wind_speed']");
    let strict = side("jason", "JA1_GPN*", "fields = ['wind_speed_alt']\nfilter = 'wind_speed_alt > 900'");
    let filtered = reason("kind = 'all'", &[ascat.clone(), strict]);
    assert!(filtered.starts_with("The filter of the side \"jason\" lets none of "), "{filtered}");
    let sst = side("sst", "*L4_GHRSST*", "fields = ['analysed_sst']");
    let step = reason("kind = 'interpolate'", &[side("jason", "JA1_GPN*", ""), sst]);
    assert!(step.contains("time = \"nearest\""), "{step}");
}
