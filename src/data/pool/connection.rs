//! A connection to one reader: a process at the other end of two pipes.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, Sender, bounded, select};
use parking_lot::Mutex;
use seaglass_core::product::ReaderProgram;
use seaglass_core::protocol::{Answer, AnswerFrame, PROTOCOL_VERSION, Request, RequestFrame, read_frame, write_frame};

/// A reader has this long to greet.
const HELLO_TIMEOUT: Duration = Duration::from_secs(20);
/// A reader whose input was closed has this long to end by itself.
const GRACE: Duration = Duration::from_millis(100);
/// How long a dead reader's status and last words are waited for: they are there at once but on a busy machine.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// Lines of its error output kept to explain a death.
const TAIL_LINES: usize = 4;

/// Why a reader gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Death {
    /// It could not be started, or is not a reader.
    #[error("{0}")]
    NotStarted(String),
    /// It ended or sent something that is not an answer.
    #[error("the reader died: {0}")]
    Died(String),
    /// It did not answer in time and was ended.
    #[error("the reader did not answer in time")]
    TimedOut,
    /// The pool is being closed.
    #[error("the reader was stopped")]
    Stopped,
}

/// One reader.
pub trait Connection: Send {
    /// Asks and waits. After an error the reader is gone.
    ///
    /// # Errors
    /// The reader died, hung, or `stop` was closed.
    fn call(&mut self, request: &Request, timeout: Duration, stop: &Receiver<()>) -> Result<(Answer, Vec<u8>), Death>;

    /// Whether it still runs. One that ended while it had nothing to do says nothing about the next file.
    fn alive(&mut self) -> bool {
        true
    }
}

/// Starts readers; tests give one that works in memory.
pub trait Connect: Send + Sync {
    /// Starts one. `name` is for threads and the log.
    ///
    /// # Errors
    /// It cannot be started.
    fn connect(&self, name: &str, stop: &Receiver<()>) -> Result<Box<dyn Connection>, Death>;

    /// Starts a program of the user that reads the files of a product. The user has allowed it.
    ///
    /// # Errors
    /// It cannot be started.
    fn connect_program(
        &self,
        program: &ReaderProgram,
        _name: &str,
        _stop: &Receiver<()>,
    ) -> Result<Box<dyn Connection>, Death> {
        Err(Death::NotStarted(format!("Programs like {} are not started here.", program.program.join(" "))))
    }
}

/// Starts reader processes.
#[derive(Clone, Debug)]
pub struct ProcessConnector {
    /// Program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
}

/// Where the reader program is: `given`, else the variable `SEAGLASS_WORKER`, else beside this executable.
pub fn find_worker(given: Option<&Path>) -> PathBuf {
    if let Some(path) = given {
        return path.to_owned();
    }
    if let Some(path) = std::env::var_os("SEAGLASS_WORKER").filter(|v| !v.is_empty()) {
        return path.into();
    }
    let name = format!("seaglass-worker{}", std::env::consts::EXE_SUFFIX);
    let here = std::env::current_exe().ok().and_then(|p| Some(p.parent()?.to_owned())).unwrap_or_default();
    let beside = here.join(&name);
    // Test executables lie one folder below the binaries.
    let above = here.parent().map(|p| p.join(&name)).filter(|p| here.ends_with("deps") && p.exists());
    if beside.exists() { beside } else { above.unwrap_or(beside) }
}

impl Connect for ProcessConnector {
    fn connect(&self, name: &str, stop: &Receiver<()>) -> Result<Box<dyn Connection>, Death> {
        let mut command = Command::new(&self.program);
        command.args(&self.args);
        // A reader fills fresh memory with every field, and a quarter of its work is that the system hands it out page by
        // page (`cargo xtask bench d`); large pages spare that. Only glibc looks at this.
        if std::env::var_os("GLIBC_TUNABLES").is_none() {
            command.env("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1");
        }
        greeted(command, &self.program.display().to_string(), name, stop)
    }

    fn connect_program(
        &self,
        program: &ReaderProgram,
        name: &str,
        stop: &Receiver<()>,
    ) -> Result<Box<dyn Connection>, Death> {
        let beside = |word: &String| Some(program.folder.join(word)).filter(|p| p.is_file());
        let words = program.program.iter().map(|w| beside(w).map_or_else(|| w.into(), PathBuf::into_os_string));
        let mut words = words.collect::<Vec<OsString>>().into_iter();
        // On Unix our own reader sets the bounds of readers for itself and then becomes the program.
        let mut command = if cfg!(unix) {
            let mut bounded = Command::new(&self.program);
            bounded.arg("run");
            bounded
        } else {
            Command::new(words.next().unwrap_or_default())
        };
        command.args(words).current_dir(&program.folder);
        greeted(command, &program.program.join(" "), name, stop)
    }
}

/// Starts a reader and greets it. `what` is what the user calls it.
fn greeted(mut command: Command, what: &str, name: &str, stop: &Receiver<()>) -> Result<Box<dyn Connection>, Death> {
    let mut start = || {
        Process::spawn(&mut command, name)
            .map_err(|e| Death::NotStarted(format!("The reader {what} cannot be started: {e}.")))
    };
    let hello = Request::Hello { version: PROTOCOL_VERSION };
    let mut process = start()?;
    let mut greeting = process.call(&hello, HELLO_TIMEOUT, stop);
    if let Err(Death::Died(how)) = &greeting {
        // Ended from outside perhaps (memory ran short): that is no reason to give up a file.
        log::warn!("{name}: the reader died while starting ({how}); starting another");
        process = start()?;
        greeting = process.call(&hello, HELLO_TIMEOUT, stop);
    }
    match greeting {
        Ok((Answer::Hello { version: PROTOCOL_VERSION, name: who }, _)) => {
            log::debug!("{name}: {who}");
            Ok(Box::new(process))
        }
        Ok((Answer::Hello { version, .. }, _)) => Err(Death::NotStarted(format!(
            "The reader {what} speaks protocol {version}, not {PROTOCOL_VERSION}; install the one that came with Seaglass."
        ))),
        Ok(_) => Err(Death::NotStarted(format!("{what} is not a reader: it does not greet."))),
        Err(Death::Stopped) => Err(Death::Stopped),
        Err(e) => Err(Death::NotStarted(format!("{what} is not a working reader: {e}."))),
    }
}

type Frame = std::io::Result<Option<(AnswerFrame, Vec<u8>)>>;

/// A reader process. Its pipes are served by a thread, so that a reader that hangs can be given up.
struct Process {
    child: Child,
    requests: Option<Sender<RequestFrame>>,
    answers: Receiver<Frame>,
    next_id: u64,
    tail: Arc<Mutex<VecDeque<String>>>,
    /// Disconnected once the error output has been read to its end.
    logged: Receiver<()>,
}

impl Process {
    fn spawn(command: &mut Command, name: &str) -> std::io::Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let tail = Arc::new(Mutex::new(VecDeque::new()));
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(std::io::Error::other("no pipes"));
        };
        let (requests, to_send) = bounded(1);
        let (arrived, answers) = bounded(1);
        let (logging, logged) = bounded::<()>(0);
        let started = std::thread::Builder::new()
            .name(format!("{name}-io"))
            .spawn(move || serve(stdin, BufReader::new(stdout), &to_send, &arrived))
            .and_then(|_io| {
                let (tail, who) = (Arc::clone(&tail), name.to_owned());
                let lines = BufReader::new(stderr).lines();
                std::thread::Builder::new().name(format!("{name}-log")).spawn(move || {
                    let _until_the_end = logging;
                    for line in lines.map_while(Result::ok) {
                        log::warn!("{who}: {line}");
                        let mut tail = tail.lock();
                        tail.push_back(line);
                        if tail.len() > TAIL_LINES {
                            tail.pop_front();
                        }
                    }
                })
            });
        if let Err(e) = started {
            end(&mut child);
            return Err(e);
        }
        Ok(Self { child, requests: Some(requests), answers, next_id: 0, tail, logged })
    }

    /// What can be said of a reader whose output ended.
    fn obituary(&mut self, what: &str) -> Death {
        let status = wait_for(&mut self.child, LAST_WORDS).map_or_else(|| what.to_owned(), |s| s.to_string());
        // Its last words may still be on their way. A child of its own may hold the pipe open: no longer than that.
        let _disconnected = self.logged.recv_timeout(LAST_WORDS);
        let last = self.tail.lock().iter().rev().find(|l| !l.trim().is_empty()).map(|l| format!(", \"{}\"", l.trim()));
        Death::Died(format!("{status}{}", last.unwrap_or_default()))
    }
}

impl Connection for Process {
    fn alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    fn call(&mut self, request: &Request, timeout: Duration, stop: &Receiver<()>) -> Result<(Answer, Vec<u8>), Death> {
        self.next_id += 1;
        let frame = RequestFrame { id: self.next_id, request: request.clone() };
        if self.requests.as_ref().is_none_or(|r| r.send(frame).is_err()) {
            return Err(self.obituary("its pipe is closed"));
        }
        select! {
            recv(self.answers) -> frame => match frame {
                Ok(Ok(Some((frame, payload)))) if frame.id == self.next_id => Ok((frame.answer, payload)),
                Ok(Ok(Some(_))) => Err(Death::Died("it answered another question".to_owned())),
                Ok(Ok(None)) | Err(_) => Err(self.obituary("its output ended")),
                Ok(Err(e)) if e.kind() == std::io::ErrorKind::InvalidData => Err(Death::Died(e.to_string())),
                Ok(Err(e)) => Err(self.obituary(&e.to_string())),
            },
            recv(stop) -> _ => Err(Death::Stopped),
            default(timeout) => {
                // Ended here and now: it may hold gigabytes.
                end(&mut self.child);
                Err(Death::TimedOut)
            }
        }
    }
}

/// Sends requests and receives answers until a pipe closes or nobody asks any more.
fn serve(
    mut stdin: ChildStdin,
    mut stdout: BufReader<ChildStdout>,
    requests: &Receiver<RequestFrame>,
    answers: &Sender<Frame>,
) {
    for request in requests {
        let frame = write_frame(&mut stdin, &request, &[]).and_then(|()| read_frame(&mut stdout));
        let over = !matches!(frame, Ok(Some(_)));
        if answers.send(frame).is_err() || over {
            return;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The thread ends and closes the reader's input, upon which an idle reader ends by itself.
        self.requests = None;
        if wait_for(&mut self.child, GRACE).is_none() {
            end(&mut self.child);
        }
    }
}

fn wait_for(child: &mut Child, limit: Duration) -> Option<std::process::ExitStatus> {
    let deadline = Instant::now() + limit;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(2)),
            _ => return None,
        }
    }
}

fn end(child: &mut Child) {
    if let Err(e) = child.kill().and_then(|()| child.wait()) {
        log::debug!("reader {}: {e}", child.id());
    }
}
