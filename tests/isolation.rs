//! The application survives its readers: killed, hanging, talking nonsense. And it holds no code that parses foreign files.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]
#![cfg(unix)]

#[cfg(feature = "worker")]
#[path = "support/sample_day.rs"]
mod sample_day;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use seaglass_core::command::Command as Do;
use seaglass_core::protocol::FailureKind;
use seaglass_host::{Host, HostOptions, Level};

const SEAGLASS: &str = env!("CARGO_BIN_EXE_seaglass");
#[cfg(feature = "worker")]
const WORKER: &str = env!("CARGO_BIN_EXE_seaglass-worker");

/// A reader program made of a few lines of shell.
fn fake_reader(dir: &Path, script: &str) -> PathBuf {
    let path = dir.join("reader.sh");
    // frame JSON: little-endian lengths of header and payload, then the header.
    let text = format!(
        r#"#!/bin/sh
frame() {{
  n=$(printf %s "$1" | wc -c)
  printf "\\$(printf %03o $((n % 256)))\\$(printf %03o $((n / 256)))\0\0\0\0\0\0\0\0\0\0%s" "$1"
}}
ask() {{ # waits for a request, whose header is at most a few kB
  dd bs=65536 count=1 2>/dev/null >/dev/null
}}
ask; frame '{{"id":1,"answer":"hello","version":1,"name":"fake"}}'
{script}
"#
    );
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn host(reader: PathBuf, timeout: Duration) -> Host {
    let options = HostOptions { workers: 1, worker_path: Some(reader), timeout, ..HostOptions::default() };
    Host::new(options).unwrap()
}

/// What opening a file ends with, by a reader of these lines.
fn open_by(script: &str, timeout: Duration) -> (String, FailureKind, Duration) {
    let dir = tempfile::tempdir().unwrap();
    let reader = fake_reader(dir.path(), script);
    let file = dir.path().join("x.nc");
    std::fs::write(&file, "x").unwrap();
    let mut host = host(reader, timeout);
    let start = Instant::now();
    host.send(Do::Open { paths: vec![file] });
    let notices = host.wait_opened(Duration::from_secs(60)).unwrap();
    let failure = host.session().failures()[0].error.clone();
    assert!(notices.iter().any(|n| n.level == Level::Error && n.text == failure.message), "{notices:?}");
    (failure.message, failure.kind, start.elapsed())
}

#[test]
fn a_fake_reader_that_answers_is_understood() {
    let answer =
        r#"ask; frame '{"id":2,"answer":"failed","error":{"kind":"not_mine","message":"I know no such file."}}'; ask"#;
    let (message, kind, _) = open_by(answer, Duration::from_secs(60));
    assert_eq!((message.as_str(), kind), ("I know no such file.", FailureKind::NotMine));
}

#[test]
fn a_reader_that_dies_is_replaced_once_and_then_given_up() {
    let (message, kind, _) = open_by("ask; echo 'the file made me do it' >&2; exit 3", Duration::from_secs(60));
    assert_eq!(kind, FailureKind::Crashed);
    assert!(message.contains("died twice") && message.contains('3') && message.contains("made me do it"), "{message}");
}

#[test]
fn a_reader_that_hangs_is_ended() {
    let (message, kind, took) = open_by("ask; sleep 50", Duration::from_millis(700));
    assert_eq!(kind, FailureKind::Crashed);
    assert!(message.contains("did not answer"), "{message}");
    assert!(took < Duration::from_secs(40), "{took:?}");
}

#[test]
fn a_reader_that_talks_nonsense_is_ended() {
    for nonsense in
        ["ask; yes nonsense", "ask; frame '{\"id\":9,\"answer\":\"done\"}'; sleep 5", "ask; frame '{]'; sleep 5"]
    {
        let (message, kind, took) = open_by(nonsense, Duration::from_secs(60));
        assert_eq!(kind, FailureKind::Crashed, "{nonsense}: {message}");
        assert!(took < Duration::from_secs(40), "{nonsense}: {took:?}");
    }
}

#[test]
fn a_program_that_is_no_reader_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("x.nc");
    std::fs::write(&file, "x").unwrap();
    let mut host = host("/bin/true".into(), Duration::from_secs(5));
    host.send(Do::Open { paths: vec![file] });
    host.wait_opened(Duration::from_secs(30)).unwrap();
    let message = &host.session().failures()[0].error.message;
    assert!(message.contains("/bin/true"), "{message}");
}

#[cfg(feature = "worker")]
mod with_the_real_worker {
    use super::*;
    use seaglass_core::field::{Apron, Window};
    use seaglass_core::protocol::{FieldAt, Request};
    use seaglass_data::pool::{Content, Job, Lane, Pool, PoolOptions, ProcessConnector};
    use seaglass_data::registry::Registry;
    use std::sync::Arc;

    /// Children of this process that run the worker.
    fn workers() -> Vec<u32> {
        let me = std::process::id().to_string();
        let mut found = Vec::new();
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
            // pid (name) state parent …
            let Some((head, tail)) = stat.rsplit_once(") ") else { continue };
            let Some((pid, name)) = head.split_once(" (") else { continue };
            if name.starts_with("seaglass-worke") && tail.split(' ').nth(1) == Some(&me) {
                found.extend(pid.parse::<u32>().ok());
            }
        }
        found
    }

    /// Whether a process still runs: neither gone nor waiting to be buried.
    fn runs(pid: u32) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, tail)| !tail.starts_with('Z'))
    }

    /// The largest file of the sample day.
    fn large_file() -> PathBuf {
        let files = std::fs::read_dir(sample_day::sample_day()).unwrap().flatten().map(|e| e.path());
        files.max_by_key(|f| std::fs::metadata(f).map(|m| m.len()).unwrap_or(0)).expect("the sample day has files")
    }

    /// Reads asked for at once in each round.
    const READS: u32 = 24;

    #[test]
    fn a_worker_killed_mid_read_costs_nothing_but_time() {
        let file = large_file();
        let registry = Registry::load(None);
        let options = PoolOptions {
            workers: 1,
            timeout: Duration::from_secs(60),
            connect: Arc::new(ProcessConnector { program: WORKER.into(), args: Vec::new() }),
            wake: Arc::new(|| {}),
        };
        let pool: Pool<u32> = Pool::new(options).unwrap();
        let source = || seaglass_core::protocol::Source { path: file.clone(), candidates: registry.candidates(&file) };
        let wait = |tag: u32| loop {
            if let Some(done) = pool.drain().into_iter().find(|f| f.tag == tag) {
                return done.result;
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        pool.push(Lane::Open, Job { tag: 0, request: Request::Open { source: source() } });
        let Ok(Content::Info(info)) = wait(0) else { panic!("{} does not open", file.display()) };
        let (part, field) = (&info.parts[0], &info.parts[0].fields[0]);
        let read = || Request::Read {
            of: FieldAt {
                source: source(),
                part: 0,
                field: field.name.clone(),
                step: 0,
                extra: vec![0; field.extra_dims.len()],
                unmasked: false,
            },
            window: Window { row: 0, col: 0, rows: part.shape[0].min(4096), cols: part.shape[1].min(512), stride: 1 },
            apron: Apron::None,
        };
        pool.push(Lane::Tiles, Job { tag: 1, request: read() });
        let Ok(Content::Block(expected)) = wait(1) else { panic!("no values") };
        let mut restarts = 0;
        // Killed at different moments of the read; each time the values come all the same.
        for k in 0..12u32 {
            // What the last kill hit when it was idle may still be on its way out: it is met here, not below.
            pool.push(Lane::Tiles, Job { tag: 100 + k, request: read() });
            assert!(wait(100 + k).is_ok(), "before round {k}");
            drop(pool.incidents());
            // So many reads that one is going on whenever the kill comes, however long the shell takes to start.
            for n in 0..READS {
                pool.push(Lane::Tiles, Job { tag: 1000 * (k + 1) + n, request: read() });
            }
            std::thread::sleep(Duration::from_micros(u64::from(k) * 700));
            for pid in workers() {
                // The shell's own: a bare machine has no program of that name.
                let killed = Command::new("sh").args(["-c", &format!("kill -9 {pid}")]).status().unwrap();
                assert!(killed.success());
                // On a busy machine a process goes on for a moment after it was killed.
                while runs(pid) {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
            let mut answered = 0;
            while answered < READS {
                for done in pool.drain() {
                    let block = match done.result {
                        Ok(Content::Block(block)) => block,
                        other => panic!("round {k}: {:?}, incidents {:?}", other.err(), pool.incidents()),
                    };
                    let same = block.values.iter().zip(&expected.values).all(|(a, b)| a.to_bits() == b.to_bits());
                    assert!(same && block.values.len() == expected.values.len(), "round {k}");
                    answered += 1;
                }
                std::thread::sleep(Duration::from_millis(2));
            }
            restarts += pool.incidents().len();
        }
        assert!(restarts > 0, "no kill hit a read");
        drop(pool);
        assert_eq!(workers(), Vec::<u32>::new(), "no orphans");
    }

    #[test]
    fn a_worker_whose_input_closes_ends() {
        let mut child = Command::new(WORKER)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        drop(child.stdin.take());
        let start = Instant::now();
        while child.try_wait().unwrap().is_none() {
            assert!(start.elapsed() < Duration::from_secs(60), "the worker stays");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn only_the_worker_holds_the_file_libraries() {
        for word in ["H5Fopen", "nc_open", "H5Dread"] {
            let holds = |program: &str| {
                let bytes = std::fs::read(program).unwrap();
                bytes.windows(word.len()).any(|w| w == word.as_bytes())
            };
            assert!(holds(WORKER), "the worker does not hold {word}: this test looks for the wrong thing");
            assert!(!holds(SEAGLASS), "the window holds {word}: a damaged file could crash it");
        }
    }
}

#[test]
fn the_program_tells_its_version() {
    let out = Command::new(SEAGLASS).arg("--version").output().unwrap();
    assert!(out.status.success());
    assert_eq!(String::from_utf8_lossy(&out.stdout).trim(), concat!("seaglass ", env!("CARGO_PKG_VERSION")));
}
