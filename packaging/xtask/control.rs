//! `cargo xtask bench control`: what the control socket costs, beside the bare loopback of the machine.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::shell::{Result, command, root};
use crate::system::{Need, prepare};
use crate::tasks::release_binary;

/// Side of the pushed field: 10⁸ floats.
const SIDE: usize = 10_000;
/// Small commands, and round trips measured.
const COMMANDS: usize = 1000;
/// Runs; the median counts.
const ROUNDS: usize = 3;

/// A session that is ended with this.
struct Served {
    process: Child,
    address: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        if self.process.kill().is_ok() && self.process.wait().is_err() {
            eprintln!("xtask: the session is left over");
        }
    }
}

fn said(what: &str, e: &std::io::Error) -> String {
    format!("{what}: {e}")
}

/// Measures and prints a table. `side` smaller than 10000 is for trying.
pub fn bench(args: &[String]) -> Result<()> {
    let side = args.first().map_or(Ok(SIDE), |a| a.parse()).map_err(|_no| "give the side of the field in cells")?;
    let environment = prepare(Need::Run)?;
    let program = release_binary(&environment)?;
    let mut process = command(&program)
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| said("serve", &e))?;
    let output = process.stdout.take().ok_or("serve has no output")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).map_err(|e| said("serve", &e))?;
    let address = line.trim().rsplit(' ').next().unwrap_or_default().to_owned();
    let served = Served { process, address };

    let file = field(side);
    let megabytes = file.len() as f64 / 1e6;
    println!("\na push of {} floats, {megabytes:.0} MB; median of {ROUNDS}", side * side);
    let bare = median((0..ROUNDS).map(|_| loopback(&file)).collect::<Result<_>>()?);
    let push = median((0..ROUNDS).map(|k| pushed(&served.address, &file, k)).collect::<Result<_>>()?);
    println!("  bare loopback, received     {bare:7.3} s   {:7.0} MB/s", megabytes / bare);
    println!("  pushed, kept and opened     {push:7.3} s   {:7.0} MB/s   {:.2} × bare", megabytes / push, push / bare);

    println!("\n{COMMANDS} small commands of the published client on one connection");
    let all = median((0..ROUNDS).map(|_| commands(&served.address)).collect::<Result<_>>()?);
    let bare = median((0..ROUNDS).map(|_| echoes()).collect::<Result<_>>()?);
    println!("  set altitude, then asked    {:7.1} ms  {:7.0} a second", all * 1e3, COMMANDS as f64 / all);
    println!("  bare echo of as many bytes  {:7.1} ms", bare * 1e3);

    println!("\nround trip of a question, ms: median, 99 of 100, longest");
    row("serve, idle", trips(&served.address, COMMANDS)?);
    row("serve, fields are pushed and opened", loaded(&served.address, &file)?);
    drop(served);
    match Window::open(&program)? {
        Err(why) => println!("  skipped: the window ({why})"),
        Ok(window) => {
            row("window, idle", trips(&window.address, COMMANDS)?);
            row("window, fields are pushed and drawn", loaded(&window.address, &file)?);
        }
    }
    Ok(())
}

/// Seconds of questions while fields arrive, are opened and, in a window, drawn.
fn loaded(address: &str, file: &[u8]) -> Result<Vec<f64>> {
    let (to, other) = (address.to_owned(), file.to_owned());
    let pushing = std::thread::Builder::new()
        .name("push".into())
        .spawn(move || (0..ROUNDS).try_for_each(|k| pushed(&to, &other, 10 + k).map(drop)))
        .map_err(|e| said("thread", &e))?;
    let mut all = Vec::new();
    while !pushing.is_finished() || all.len() < COMMANDS {
        all.extend(trips(address, 50)?);
    }
    pushing.join().map_err(|_panic| "the pushing thread failed")??;
    Ok(all)
}

/// The window on a display without a screen, ended with this.
struct Window {
    display: Child,
    process: Child,
    address: String,
}

impl Drop for Window {
    fn drop(&mut self) {
        for child in [&mut self.process, &mut self.display] {
            if child.kill().is_ok() && child.wait().is_err() {
                eprintln!("xtask: the window is left over");
            }
        }
    }
}

impl Window {
    /// Opens it; `Err` inside says why there is none.
    fn open(program: &std::path::Path) -> Result<std::result::Result<Self, String>> {
        let mut display = command("Xvfb");
        display.args(["-displayfd", "1", "-screen", "0", "1440x900x24", "-nolisten", "tcp"]);
        let Ok(mut display) = display.stdout(Stdio::piped()).stderr(Stdio::null()).spawn() else {
            return Ok(Err("there is no Xvfb".into()));
        };
        let mut number = String::new();
        let output = display.stdout.take().ok_or("Xvfb has no output")?;
        BufReader::new(output).read_line(&mut number).map_err(|e| said("Xvfb", &e))?;
        // Taken and let go: free a moment later, as far as one can know.
        let free = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).map_err(|e| said("port", &e))?;
        let address = free.to_string();
        let settings = root().join("target/bench-window/window.toml");
        let process = command(program)
            .args(["--listen", &address])
            .env("DISPLAY", format!(":{}", number.trim()))
            .env("SEAGLASS_SETTINGS", settings)
            .env_remove("WAYLAND_DISPLAY")
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| said("window", &e))?;
        let mut window = Self { display, process, address };
        let begun = Instant::now();
        while TcpStream::connect(&window.address).is_err() {
            let ended = window.process.try_wait().map_err(|e| said("window", &e))?.is_some();
            if ended || begun.elapsed() > Duration::from_secs(60) {
                return Ok(Err("it does not open here".into()));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        // The first picture is drawn before anything is measured.
        let mut stream = greeted(&window.address)?;
        ask(&mut stream, r#"{"id":2,"ask":"wait"}"#, &[]).map_err(|e| said("window", &e))?;
        Ok(Ok(window))
    }
}

fn row(name: &str, mut seconds: Vec<f64>) {
    seconds.sort_by(f64::total_cmp);
    let at = |q: f64| seconds[((seconds.len() - 1) as f64 * q) as usize] * 1e3;
    println!("  {name:36} {:8.3} {:8.3} {:8.3}   ({} questions)", at(0.5), at(0.99), at(1.0), seconds.len());
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A file of netCDF classic with one field of 32-bit floats on a grid.
fn field(side: usize) -> Vec<u8> {
    let mut out = b"CDF\x01\0\0\0\0".to_vec();
    let int = |out: &mut Vec<u8>, n: usize| out.extend((n as u32).to_be_bytes());
    let text = |out: &mut Vec<u8>, t: &str| {
        out.extend((t.len() as u32).to_be_bytes());
        out.extend(t.as_bytes());
        out.resize(out.len().next_multiple_of(4), 0);
    };
    int(&mut out, 10);
    int(&mut out, 2);
    for name in ["lat", "lon"] {
        text(&mut out, name);
        int(&mut out, side);
    }
    out.extend([0; 8]);
    int(&mut out, 11);
    int(&mut out, 3);
    let mut begins = Vec::new();
    for (name, dims, units) in [("lat", &[0][..], "degrees_north"), ("lon", &[1], "degrees_east"), ("v", &[0, 1], "1")]
    {
        text(&mut out, name);
        int(&mut out, dims.len());
        dims.iter().for_each(|d| int(&mut out, *d));
        int(&mut out, 12);
        int(&mut out, 1);
        text(&mut out, "units");
        int(&mut out, 2);
        text(&mut out, units);
        int(&mut out, 5);
        int(&mut out, 4 * side.pow(dims.len() as u32));
        begins.push(out.len());
        int(&mut out, 0);
    }
    for (k, begin) in begins.into_iter().enumerate() {
        let here = (out.len() as u32).to_be_bytes();
        out[begin..begin + 4].copy_from_slice(&here);
        let n = if k < 2 { side } else { side * side };
        let width = [170.0, 350.0, 1.0][k];
        out.extend((0..n).flat_map(|i| {
            let v = if k < 2 { width * (i as f32 / side as f32 - 0.5) } else { (i % 977) as f32 };
            v.to_be_bytes()
        }));
    }
    out
}

/// Seconds until the other end of a bare connection has all bytes.
fn loopback(bytes: &[u8]) -> Result<f64> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| said("loopback", &e))?;
    let address = listener.local_addr().map_err(|e| said("loopback", &e))?;
    let receive = move || -> std::io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        let mut all = Vec::new();
        stream.read_to_end(&mut all)?;
        Ok(())
    };
    let thread = std::thread::Builder::new().name("loopback".into()).spawn(receive).map_err(|e| said("thread", &e))?;
    let start = Instant::now();
    let mut stream = TcpStream::connect(address).map_err(|e| said("loopback", &e))?;
    stream.write_all(bytes).map_err(|e| said("loopback", &e))?;
    drop(stream);
    thread.join().map_err(|_panic| "the receiving thread failed")?.map_err(|e| said("loopback", &e))?;
    Ok(start.elapsed().as_secs_f64())
}

fn ask(stream: &mut TcpStream, header: &str, payload: &[u8]) -> std::io::Result<String> {
    stream.write_all(&(header.len() as u32).to_le_bytes())?;
    stream.write_all(&(payload.len() as u64).to_le_bytes())?;
    stream.write_all(header.as_bytes())?;
    stream.write_all(payload)?;
    let mut lengths = [0u8; 12];
    stream.read_exact(&mut lengths)?;
    let size = u32::from_le_bytes([lengths[0], lengths[1], lengths[2], lengths[3]]) as usize;
    let mut answer = vec![0; size];
    stream.read_exact(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// A connection of our own protocol.
fn greeted(address: &str) -> Result<TcpStream> {
    let failed = |e: std::io::Error| said("greeting", &e);
    let mut stream = TcpStream::connect(address).map_err(failed)?;
    stream.set_read_timeout(Some(Duration::from_secs(600))).map_err(failed)?;
    stream.write_all(b"SEAGLASS").map_err(failed)?;
    ask(&mut stream, r#"{"id":1,"ask":"hello","version":1}"#, &[]).map_err(failed)?;
    Ok(stream)
}

/// Seconds until a pushed file is opened.
fn pushed(address: &str, file: &[u8], k: usize) -> Result<f64> {
    let failed = |e: std::io::Error| said("push", &e);
    let mut stream = greeted(address)?;
    let start = Instant::now();
    let header = format!(r#"{{"id":2,"ask":"push","name":"field{k}.nc"}}"#);
    let answer = ask(&mut stream, &header, file).map_err(failed)?;
    if !answer.contains("\"done\"") {
        return Err(answer);
    }
    Ok(start.elapsed().as_secs_f64())
}

fn recorded(name: &str) -> Result<Vec<u8>> {
    let path = root().join("src/control/tests/vectors").join(format!("{name}.bin"));
    let message = std::fs::read(&path).map_err(|e| said(&path.display().to_string(), &e))?;
    Ok([&(message.len() as u64).to_be_bytes()[..], &message].concat())
}

fn answer(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut header = [0u8; 8];
    stream.read_exact(&mut header)?;
    stream.read_exact(&mut vec![0; u64::from_le_bytes(header) as usize])
}

/// Seconds from the first of many commands to the answer of a question after them.
fn commands(address: &str) -> Result<f64> {
    let failed = |e: std::io::Error| said("commands", &e);
    let (small, question) = (recorded("set_altitude")?, recorded("get_current_datetime")?);
    let mut stream = TcpStream::connect(address).map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    let start = Instant::now();
    for _ in 0..COMMANDS {
        stream.write_all(&small).map_err(failed)?;
    }
    stream.write_all(&question).and_then(|()| answer(&mut stream)).map_err(failed)?;
    Ok(start.elapsed().as_secs_f64())
}

/// The same bytes through a bare connection.
fn echoes() -> Result<f64> {
    let small = recorded("set_altitude")?;
    let failed = |e: std::io::Error| said("echo", &e);
    let listener = TcpListener::bind("127.0.0.1:0").map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let (n, size) = (COMMANDS, small.len());
    let receive = move || -> std::io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        stream.read_exact(&mut vec![0; n * size])?;
        stream.write_all(&[1])
    };
    let thread = std::thread::Builder::new().name("echo".into()).spawn(receive).map_err(failed)?;
    let mut stream = TcpStream::connect(address).map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    let start = Instant::now();
    for _ in 0..COMMANDS {
        stream.write_all(&small).map_err(failed)?;
    }
    stream.read_exact(&mut [0]).map_err(failed)?;
    let seconds = start.elapsed().as_secs_f64();
    thread.join().map_err(|_panic| "the echoing thread failed")?.map_err(failed)?;
    Ok(seconds)
}

/// Seconds of single questions.
fn trips(address: &str, n: usize) -> Result<Vec<f64>> {
    let failed = |e: std::io::Error| said("question", &e);
    let question = recorded("get_current_datetime")?;
    let mut stream = TcpStream::connect(address).map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    let mut all = Vec::with_capacity(n);
    for _ in 0..n {
        let start = Instant::now();
        stream.write_all(&question).and_then(|()| answer(&mut stream)).map_err(failed)?;
        all.push(start.elapsed().as_secs_f64());
    }
    Ok(all)
}
