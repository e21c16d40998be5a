//! A worker process and the product files, for tests that ask through the protocol.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;

use seaglass_core::granule::FileInfo;
use seaglass_core::product::{Product, glob_matches};
use seaglass_core::protocol::{
    Answer, AnswerFrame, ProbedCell, Request, RequestFrame, Source, read_frame, write_frame,
};

/// A running `seaglass-worker`; it ends when dropped.
pub struct Worker {
    child: Child,
    input: Option<BufWriter<ChildStdin>>,
    output: BufReader<ChildStdout>,
    id: u64,
}

impl Worker {
    /// Starts one.
    pub fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_seaglass-worker"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = Some(BufWriter::new(child.stdin.take().unwrap()));
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, input, output, id: 0 }
    }

    /// Sends a request and waits for its answer.
    pub fn ask(&mut self, request: Request) -> Answer {
        self.id += 1;
        let frame = RequestFrame { id: self.id, request };
        write_frame(self.input.as_mut().unwrap(), &frame, &[]).unwrap();
        let (answer, _payload) = read_frame::<AnswerFrame>(&mut self.output).unwrap().unwrap();
        assert_eq!(answer.id, self.id);
        answer.answer
    }

    /// Opens a file.
    pub fn open(&mut self, source: &Source) -> FileInfo {
        match self.ask(Request::Open { source: source.clone() }) {
            Answer::Opened { info } => *info,
            other => panic!("{}: {other:?}", source.path.display()),
        }
    }

    /// Probes one cell of a part at its first time step.
    pub fn probe(&mut self, source: &Source, part: usize, field: &str, row: usize, col: usize) -> ProbedCell {
        let request = Request::Probe {
            source: source.clone(),
            part,
            fields: vec![field.to_owned()],
            step: 0,
            extra: Vec::new(),
            row,
            col,
        };
        match self.ask(request) {
            Answer::Probed { cell } => cell,
            other => panic!("{} {field} [{row}, {col}]: {other:?}", source.path.display()),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.input = None;
        let _status = self.child.wait();
    }
}

/// The product files of `readers/`, by priority.
pub fn products() -> Vec<Arc<Product>> {
    let mut list: Vec<Arc<Product>> = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("readers"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|x| x == "toml"))
        .map(|p| Arc::new(toml::from_str(&std::fs::read_to_string(&p).unwrap()).unwrap()))
        .collect();
    list.sort_by_key(|p| std::cmp::Reverse(p.product.priority));
    list
}

/// A file with the products whose name patterns fit.
pub fn source(path: PathBuf, products: &[Arc<Product>]) -> Source {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let fits = |p: &&Arc<Product>| {
        let files = &p.matching.files;
        files.is_empty() || files.iter().any(|g| glob_matches(g, &name))
    };
    let candidates = products.iter().filter(fits).cloned().collect();
    Source { path, candidates }
}
