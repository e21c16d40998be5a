//! The published Python client against `seaglass serve` and the window: every public function, with what must be seen afterwards.
//!
//! The client comes from PyPI into an environment of its own below `target/tools`; without network, or without Python,
//! this says so and is skipped. Hostile bytes are tested in `src/control/tests`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

#[path = "support/classic.rs"]
mod classic;

use classic::{Attr, Values, Var};

const SEAGLASS: &str = env!("CARGO_BIN_EXE_seaglass");
/// The client, in the version its notebooks were written for.
const PACKAGES: &[&str] = &["pySEAScope[processor]==0.3.229"];

/// Python with the client; `None`, with the reason on standard error, when it cannot be had.
fn python() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent()?.join("tools/notebook");
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let stamp = folder.join("packages.txt");
    let list = PACKAGES.join("\n");
    if python.exists() && std::fs::read_to_string(&stamp).is_ok_and(|s| s == list) {
        return Some(python);
    }
    let run = |program: &Path, args: &[&str]| {
        let out = Command::new(program).args(args).output();
        let ok = out.as_ref().is_ok_and(|o| o.status.success());
        if !ok {
            let why = out.map_or_else(|e| e.to_string(), |o| String::from_utf8_lossy(&o.stderr).into_owned());
            eprintln!("skipped: the client cannot be installed: {}", why.lines().last().unwrap_or_default());
        }
        ok
    };
    let system = Path::new(if cfg!(windows) { "python" } else { "python3" });
    let mut install = vec!["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--timeout", "20"];
    install.extend(PACKAGES);
    let made = run(system, &["-m", "venv", folder.to_str()?]) && run(&python, &install);
    if !made {
        return None;
    }
    std::fs::write(&stamp, list).unwrap();
    Some(python)
}

/// A session that listens, ended when dropped.
struct Served {
    process: Child,
    port: String,
    output: Option<BufReader<std::process::ChildStdout>>,
}

impl Served {
    fn new(arguments: &[&str]) -> Self {
        let mut process = Command::new(SEAGLASS)
            .args(["serve", "--listen", "127.0.0.1:0", "--report"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let port = line.trim().rsplit(':').next().unwrap().to_owned();
        assert!(line.starts_with("listening 127.0.0.1:"), "{line}");
        Self { process, port, output: Some(output) }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Hands the session's reports on to the script.
fn pass_on(mut from: BufReader<std::process::ChildStdout>, mut to: ChildStdin) {
    let run = move || {
        let mut line = String::new();
        while from.read_line(&mut line).is_ok_and(|n| n > 0) && to.write_all(line.as_bytes()).is_ok() {
            line.clear();
        }
    };
    std::thread::Builder::new().name("reports".into()).spawn(run).unwrap();
}

#[test]
fn the_published_client_drives_the_session() {
    let Some(python) = python() else { return };
    let granules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/granules/sst");
    let file = first_file(&granules);
    let mut arguments = Vec::new();
    match &file {
        Some(file) if cfg!(feature = "worker") => arguments.extend(["--open", file.to_str().unwrap()]),
        _ => eprintln!("skipped: no real granule to open beside the pushed ones"),
    }
    let opened = !arguments.is_empty();
    let mut served = Served::new(&arguments);
    let script = script("drive.py");
    let mut client = Command::new(python)
        .arg(script)
        .arg(&served.port)
        .args(opened.then_some("files"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    pass_on(served.output.take().unwrap(), client.stdin.take().unwrap());
    let out = client.wait_with_output().unwrap();
    let (text, errors) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success() && text.trim_end().ends_with("all is well"), "{text}\n{errors}");
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/control").join(name)
}

/// A process that ends with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// A display of one's own; `None` where there is no program that makes one.
fn display() -> Option<(Ended, String)> {
    let mut server = Command::new("Xvfb");
    server.args(["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"]);
    let Ok(mut server) = server.stdout(Stdio::piped()).stderr(Stdio::null()).spawn() else {
        eprintln!("skipped: there is no Xvfb");
        return None;
    };
    let mut number = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
    let server = Ended(server);
    if number.trim().is_empty() {
        eprintln!("skipped: Xvfb does not start");
        return None;
    }
    Some((server, format!(":{}", number.trim())))
}

/// Taken and let go: free a moment later, as far as one can know.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
#[cfg(target_os = "linux")]
fn the_published_client_drives_the_window() {
    let Some(python) = python() else { return };
    let Some((_server, display)) = display() else { return };
    let home = tempfile::tempdir().unwrap();
    let port = free_port().to_string();
    let log = home.path().join("window.log");
    let window = Command::new(SEAGLASS)
        .args(["--listen", &format!("127.0.0.1:{port}")])
        .env("DISPLAY", display)
        .env_remove("WAYLAND_DISPLAY")
        .envs(
            ["HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"].map(|k| (k, home.path())),
        )
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let mut window = Ended(window);
    let began = std::time::Instant::now();
    while std::net::TcpStream::connect(format!("127.0.0.1:{port}")).is_err() {
        let said = std::fs::read_to_string(&log).unwrap();
        if window.0.try_wait().unwrap().is_some() {
            // Xvfb has no graphics of its own: a software driver draws, where there is one.
            assert!(said.contains("graphics") || said.contains("adapter"), "the window has ended: {said}");
            eprintln!("skipped: no graphics adapter for the window");
            return;
        }
        assert!(began.elapsed() < std::time::Duration::from_secs(120), "the window does not listen: {said}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let out = Command::new(python).arg(script("drive.py")).args([&port, "window"]).output().unwrap();
    let (text, errors) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    let said = std::fs::read_to_string(&log).unwrap();
    assert!(out.status.success() && text.trim_end().ends_with("all is well"), "{text}\n{errors}\n{said}");
}

/// A small real file to open.
fn first_file(folder: &Path) -> Option<PathBuf> {
    let mut open = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).ok()?.flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "nc") {
                files.push((entry.metadata().ok()?.len(), path));
            }
        }
    }
    files.into_iter().min().map(|(_, path)| path)
}

#[test]
fn a_taken_or_senseless_address_is_said_in_one_line() {
    let served = Served::new(&[]);
    for (address, code, word) in
        [(format!("127.0.0.1:{}", served.port), 1, "another program"), ("nowhere".into(), 2, "address")]
    {
        let out = Command::new(SEAGLASS).args(["serve", "--listen", &address]).output().unwrap();
        let text = String::from_utf8_lossy(&out.stderr).trim().to_owned();
        assert_eq!((out.status.code(), text.lines().count()), (Some(code), 1), "{text}");
        assert!(text.contains(word), "{text}");
    }
}

/// A grid of one degree whose value is 360 × row + column.
fn world(folder: &Path) -> PathBuf {
    let axis = |n: usize, first: f64| Values::Double((0..n).map(|k| first + k as f64).collect());
    let text = |units| vec![("units", Attr::Text(units))];
    let values = Values::Float((0..180 * 360).map(|k| k as f32).collect());
    let vars = [
        Var { name: "lat", dims: vec![0], attrs: text("degrees_north"), values: axis(180, -89.5) },
        Var { name: "lon", dims: vec![1], attrs: text("degrees_east"), values: axis(360, -179.5) },
        Var { name: "number", dims: vec![0, 1], attrs: text("1"), values },
    ];
    let path = folder.join("world.nc");
    let attrs = [("Conventions", Attr::Text("CF-1.8"))];
    std::fs::write(&path, classic::file(&[("lat", 180), ("lon", 360)], &attrs, &vars)).unwrap();
    path
}

/// The published client fetches what was extracted, and the processing server of its package works on it when called.
#[test]
#[cfg(feature = "worker")]
fn the_published_client_and_its_processor_get_extractions() {
    let Some(python) = python() else { return };
    let dir = tempfile::tempdir().unwrap();
    let file = world(dir.path());
    let polygon = r#"{"type":"Polygon","coordinates":[[[175,-3],[185,-3],[185,4],[175,4],[175,-3]]]}"#;
    let line = r#"{"type":"LineString","coordinates":[[170.2,-3.2],[189.6,4.7]]}"#;
    for (kind, geometry) in [("polygon", polygon), ("line", line)] {
        let shape = dir.path().join("shape.geojson");
        std::fs::write(&shape, geometry).unwrap();
        let free = free_port().to_string();
        let processor = format!("127.0.0.1:{free}");
        let (file, shape) = (file.to_str().unwrap(), shape.to_str().unwrap());
        let mut served = Served::new(&["--open", file, "--extract", shape, "--processor", &processor]);
        drop(served.output.take());
        let out = Command::new(&python)
            .arg(script("extract.py"))
            .args([served.port.as_str(), kind, free.as_str()])
            .output()
            .unwrap();
        let (text, errors) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert!(out.status.success() && text.trim_end().ends_with("all is well"), "{kind}\n{text}\n{errors}");
    }
}
