//! Decoding rate through a reader process: `cargo bench --bench decode -- FILE FIELD` prints MB/s of stored bytes.
//!
//! Each round starts a fresh worker (an old one would answer from its cache), opens the file, and then times one read of
//! the whole field until its values lie in this process, unpacked and masked.

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail};
use seaglass_core::field::{Apron, Window};
use seaglass_core::protocol::{Answer, AnswerFrame, FieldAt, Request, RequestFrame, Source, read_frame, write_frame};

const ROUNDS: usize = 5;

struct Worker {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    id: u64,
}

impl Worker {
    fn start() -> anyhow::Result<Self> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_seaglass-worker"))
            // As the pool starts it.
            .env("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the worker")?;
        let input = child.stdin.take().context("the worker has no input")?;
        let output = BufReader::new(child.stdout.take().context("the worker has no output")?);
        Ok(Self { child, input, output, id: 0 })
    }

    fn ask(&mut self, request: Request) -> anyhow::Result<(Answer, Vec<u8>)> {
        self.id += 1;
        write_frame(&mut self.input, &RequestFrame { id: self.id, request }, &[])?;
        let (frame, payload): (AnswerFrame, _) = read_frame(&mut self.output)?.context("the worker ended")?;
        match frame.answer {
            Answer::Failed { error } => bail!("{error}"),
            answer => Ok((answer, payload)),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            let _ended = self.child.wait();
        }
    }
}

/// Seconds of one read of the whole field, and its number of cells.
fn one_round(path: &Path, field: &str) -> anyhow::Result<(f64, usize)> {
    let source = Source { path: path.to_path_buf(), candidates: Vec::new() };
    let mut worker = Worker::start()?;
    let Answer::Opened { info } = worker.ask(Request::Open { source: source.clone() })?.0 else {
        bail!("an unexpected answer to the opening of a file");
    };
    let part = info.parts.iter().position(|p| p.fields.iter().any(|f| f.name == field)).context("no such field")?;
    let [rows, cols] = info.parts[part].shape;
    let window = Window { row: 0, col: 0, rows, cols, stride: 1 };
    let of = FieldAt { source, part, field: field.to_owned(), step: 0, extra: Vec::new(), unmasked: false };
    let read = Request::Read { of, window, apron: Apron::None };
    let start = Instant::now();
    let (_, payload) = worker.ask(read)?;
    let seconds = start.elapsed().as_secs_f64();
    anyhow::ensure!(payload.len() == rows * cols * 4, "{} bytes for {rows} × {cols} values", payload.len());
    Ok((seconds, rows * cols))
}

fn main() -> anyhow::Result<()> {
    // `cargo bench` adds `--bench`; without a file there is nothing to measure (`cargo bench` alone, `cargo test --benches`).
    let args: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let [path, field] = args.as_slice() else {
        println!("decode: give FILE and FIELD of 16-bit values; `cargo xtask bench d` does");
        return Ok(());
    };
    let path = PathBuf::from(path);
    let mut rounds = (0..ROUNDS).map(|_| one_round(&path, field)).collect::<anyhow::Result<Vec<_>>>()?;
    rounds.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (seconds, cells) = rounds[ROUNDS / 2];
    println!("mb_per_s={:.1} seconds={seconds:.4}", cells as f64 * 2.0 / 1e6 / seconds);
    Ok(())
}
