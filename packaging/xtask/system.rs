//! Puts the machine in order: system packages, cmake, Python environments, a virtual display.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::shell::{Result, command, exists, output, run, target};

/// What the task at hand needs beyond a Rust toolchain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// To compile.
    Build,
    /// To open a window or draw without one.
    Run,
    /// To run every test: a software Vulkan driver and a virtual display.
    Test,
}

/// To compile: C and C++ for HDF5 and netCDF, whose build is driven by cmake (from a Python environment when old).
const BUILD: &[&str] = &["build-essential", "pkg-config", "python3", "python3-venv"];
/// Loaded by the window when it starts (winit, wgpu); `mesa-vulkan-drivers` holds the software driver as well.
const RUN: &[&str] = &[
    "libvulkan1",
    "mesa-vulkan-drivers",
    "libegl1",
    "libgl1-mesa-dri",
    "libx11-6",
    "libx11-xcb1",
    "libxcursor1",
    "libxi6",
    "libxrandr2",
    "libxkbcommon0",
    "libxkbcommon-x11-0",
];
/// A display for the tests that open a real window.
const TEST: &[&str] = &["xvfb", "xauth"];

/// HDF5 2 refuses an older one.
const CMAKE_MIN: (u32, u32) = (3, 26);

/// Environment that the children of a task run in.
#[derive(Clone, Debug)]
pub struct Environment {
    path: OsString,
}

impl Environment {
    /// The command with this environment.
    pub fn apply<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("PATH", &self.path)
    }
}

/// Installs what is missing and returns the environment to build and run in.
pub fn prepare(need: Need) -> Result<Environment> {
    if cfg!(target_os = "linux") {
        let mut wanted = BUILD.to_vec();
        if need >= Need::Run {
            wanted.extend(RUN);
        }
        if need >= Need::Test {
            wanted.extend(TEST);
        }
        install(&wanted)?;
    }
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    if let Some(folder) = cmake_folder()? {
        let all = std::iter::once(folder).chain(std::env::split_paths(&path).collect::<Vec<_>>());
        path = std::env::join_paths(all).map_err(|e| format!("the PATH cannot be extended: {e}"))?;
    }
    Ok(Environment { path })
}

/// Installs the packages that are missing with apt-get; on other systems says what they are called on Debian.
fn install(wanted: &[&str]) -> Result<()> {
    if !exists("dpkg-query") || !exists("apt-get") {
        if !exists("cc") || !exists("c++") {
            eprintln!("xtask: this is no Debian or Ubuntu; install the counterparts of: {}", wanted.join(" "));
        }
        return Ok(());
    }
    let missing: Vec<&str> = wanted.iter().copied().filter(|p| !installed(p)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("xtask: installing {}", missing.join(" "));
    // The lists of a fresh machine or container are often empty or old; a failing mirror shows at the install.
    if let Err(message) = run(apt().args(["update", "-qq"])) {
        eprintln!("xtask: {message}");
    }
    run(apt().args(["install", "-y", "-qq", "--no-install-recommends"]).args(&missing))
        .map_err(|e| format!("{e}\ninstall these packages yourself and try again: {}", missing.join(" ")))
}

/// Installs packages that are welcome but not needed.
pub fn install_if_possible(wanted: &[&str]) {
    if let Err(message) = install(wanted) {
        eprintln!("xtask: going on without {}: {message}", wanted.join(" "));
    }
}

fn apt() -> Command {
    let root = output(command("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let mut apt = if root { command("apt-get") } else { command("sudo") };
    if !root {
        apt.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    }
    apt.env("DEBIAN_FRONTEND", "noninteractive").args(["-o", "DPkg::Lock::Timeout=300"]);
    apt
}

fn installed(package: &str) -> bool {
    output(command("dpkg-query").args(["-W", "-f=${db:Status-Status}", package])).is_ok_and(|s| s == "installed")
}

/// Folder of a cmake that is new enough; `None` when the system's is.
fn cmake_folder() -> Result<Option<PathBuf>> {
    if cmake_is_new_enough("cmake".into()) {
        return Ok(None);
    }
    let python = venv("cmake", &["cmake>=3.26,<5"])?;
    let folder = python.parent().map(PathBuf::from).unwrap_or_default();
    if cmake_is_new_enough(folder.join("cmake")) {
        return Ok(Some(folder));
    }
    Err(format!("cmake {}.{} or newer is needed to build HDF5, and none could be installed", CMAKE_MIN.0, CMAKE_MIN.1))
}

fn cmake_is_new_enough(program: PathBuf) -> bool {
    let Ok(text) = output(command(program).arg("--version")) else { return false };
    let version = text.split_whitespace().nth(2).unwrap_or_default();
    let mut numbers = version.split('.').map_while(|n| n.parse::<u32>().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= CMAKE_MIN
}

/// The Python of an environment `target/tools/<name>` that holds these packages; made at first use.
pub fn venv(name: &str, packages: &[&str]) -> Result<PathBuf> {
    let folder = target().join("tools").join(name);
    let bin = folder.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let python = bin.join("python");
    let stamp = folder.join("packages.txt");
    let list = packages.join("\n");
    if python.exists() && std::fs::read_to_string(&stamp).is_ok_and(|s| s == list) {
        return Ok(python);
    }
    let system = if cfg!(windows) { "python" } else { "python3" };
    run(command(system).args(["-m", "venv"]).arg(&folder))?;
    run(command(&python).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(packages))?;
    std::fs::write(&stamp, list).map_err(|e| format!("cannot write {}: {e}", stamp.display()))?;
    Ok(python)
}

/// Whether this process can open windows.
pub fn has_display() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

/// A virtual X display that lives as long as this value.
pub struct VirtualDisplay {
    server: Child,
    /// `:99`.
    pub name: String,
}

impl VirtualDisplay {
    /// Starts Xvfb on the first free display.
    pub fn start() -> Result<Self> {
        let mut server = command("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1920x1200x24", "-nolisten", "tcp"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("cannot start Xvfb: {e}"))?;
        let mut number = String::new();
        if let Some(stdout) = server.stdout.take() {
            BufReader::new(stdout).read_line(&mut number).map_err(|e| format!("Xvfb says nothing: {e}"))?;
        }
        if number.trim().is_empty() {
            return Err("Xvfb ended at once".into());
        }
        Ok(Self { server, name: format!(":{}", number.trim()) })
    }
}

impl Drop for VirtualDisplay {
    fn drop(&mut self) {
        if self.server.kill().is_ok() {
            let _ended = self.server.wait();
        }
    }
}
