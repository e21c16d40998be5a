//! The pool over readers in memory: deaths, hangs, misfits. Real processes are tested in `tests/isolation.rs`.

use std::sync::atomic::{AtomicUsize, Ordering};

use seaglass_core::field::{Apron, Window};
use seaglass_core::protocol::{FieldAt, Source};

use super::*;

type Script = dyn Fn(usize, &Request, &Receiver<()>) -> Result<(Answer, Vec<u8>), Death> + Send + Sync;

/// Readers that answer by a function of (how many readers were started, request).
struct Fake {
    started: AtomicUsize,
    script: Arc<Script>,
}

struct FakeReader(usize, Arc<Script>);

impl Connect for Fake {
    fn connect(&self, _name: &str, _stop: &Receiver<()>) -> Result<Box<dyn Connection>, Death> {
        let n = self.started.fetch_add(1, Ordering::SeqCst) + 1;
        Ok(Box::new(FakeReader(n, Arc::clone(&self.script))))
    }
}

impl Connection for FakeReader {
    fn call(&mut self, request: &Request, _timeout: Duration, stop: &Receiver<()>) -> Result<(Answer, Vec<u8>), Death> {
        (self.1)(self.0, request, stop)
    }
}

fn pool(
    workers: usize,
    script: impl Fn(usize, &Request, &Receiver<()>) -> Result<(Answer, Vec<u8>), Death> + Send + Sync + 'static,
) -> (Pool<u32>, Arc<Fake>, Receiver<()>) {
    let fake = Arc::new(Fake { started: AtomicUsize::new(0), script: Arc::new(script) });
    let (tx, rx) = bounded(1000);
    let wake = Arc::new(move || assert!(tx.try_send(()).is_ok()));
    let connect: Arc<dyn Connect> = fake.clone();
    let options = PoolOptions { workers, timeout: Duration::from_secs(60), connect, wake };
    (Pool::new(options).unwrap(), fake, rx)
}

fn wait(pool: &Pool<u32>, woken: &Receiver<()>, n: usize) -> Vec<Finished<u32>> {
    let mut done = Vec::new();
    while done.len() < n {
        woken.recv_timeout(Duration::from_secs(60)).expect("a result arrives");
        done.extend(pool.drain());
    }
    done
}

fn open(path: &str) -> Request {
    Request::Open { source: Source { path: path.into(), candidates: Vec::new() } }
}

#[test]
fn a_death_is_retried_and_a_second_one_is_the_files_fault() {
    let (pool, fake, woken) = pool(1, |n, request, _| match request {
        Request::Open { source } if source.path.ends_with("once") && n == 1 => Err(Death::Died("signal 11".into())),
        Request::Open { source } if source.path.ends_with("always") => Err(Death::Died("signal 11".into())),
        _ => Ok((Answer::Done, Vec::new())),
    });
    pool.push(Lane::Open, Job { tag: 1, request: open("once") });
    let done = wait(&pool, &woken, 1);
    assert!(matches!(done[0].result, Ok(Content::Done)));
    assert_eq!(pool.incidents().len(), 1);

    pool.push(Lane::Open, Job { tag: 2, request: open("always") });
    let failure = wait(&pool, &woken, 1).remove(0).result.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Crashed);
    assert!(failure.message.contains("signal 11"), "{failure}");
    let readers = fake.started.load(Ordering::SeqCst);

    pool.push(Lane::Open, Job { tag: 3, request: open("always") });
    assert_eq!(wait(&pool, &woken, 1).remove(0).result.unwrap_err(), failure);
    assert_eq!(fake.started.load(Ordering::SeqCst), readers, "quarantined: no reader was risked");

    pool.forgive(Path::new("always"));
    pool.push(Lane::Open, Job { tag: 4, request: open("always") });
    assert!(wait(&pool, &woken, 1)[0].result.is_err());
    assert!(fake.started.load(Ordering::SeqCst) > readers, "tried again");
    pool.push(Lane::Open, Job { tag: 5, request: open("other") });
    assert!(wait(&pool, &woken, 1)[0].result.is_ok(), "other files still open");
}

#[test]
fn answers_that_do_not_fit_are_refused() {
    let (pool, _, woken) = pool(1, |_, request, _| {
        let Request::Read { window, apron, .. } = request else { return Ok((Answer::Stats { stats: None }, vec![])) };
        Ok((Answer::Values { window: *window, apron: *apron }, vec![0; window.rows * 4]))
    });
    let source = || Source { path: "a".into(), candidates: Vec::new() };
    let read = |rows, cols| Request::Read {
        of: FieldAt { source: source(), part: 0, field: "f".into(), step: 0, extra: vec![], unmasked: false },
        window: Window { row: 0, col: 0, rows, cols, stride: 1 },
        apron: Apron::None,
    };
    pool.push(Lane::Tiles, Job { tag: 1, request: read(3, 1) });
    pool.push(Lane::Tiles, Job { tag: 2, request: read(3, 2) });
    pool.push(Lane::Tiles, Job { tag: 3, request: open("a") });
    let mut done = wait(&pool, &woken, 3);
    done.sort_by_key(|f| f.tag);
    assert!(matches!(&done[0].result, Ok(Content::Block(b)) if b.values == [0.0; 3]));
    assert!(done[1].result.is_err());
    assert!(done[2].result.as_ref().unwrap_err().message.contains("\"stats\""));
}

#[test]
fn closing_the_pool_does_not_wait_for_a_hanging_reader() {
    let (pool, _, _woken) = pool(2, |_, _, stop| {
        let _ = stop.recv();
        Err(Death::Stopped)
    });
    pool.push(Lane::Open, Job { tag: 1, request: open("a") });
    std::thread::sleep(Duration::from_millis(50));
    let start = Instant::now();
    drop(pool);
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn two_readers_work_at_the_same_time() {
    let (meet, met) = bounded::<()>(0);
    let (pool, _, woken) = pool(2, move |_, request, _| {
        // Only passes when both requests are being carried out at once.
        let first = matches!(request, Request::Open { source } if source.path.ends_with("a"));
        let limit = Duration::from_secs(30);
        let ok = if first { meet.send_timeout((), limit).is_ok() } else { met.recv_timeout(limit).is_ok() };
        if ok { Ok((Answer::Done, vec![])) } else { Err(Death::TimedOut) }
    });
    pool.push(Lane::Open, Job { tag: 1, request: open("a") });
    pool.push(Lane::Open, Job { tag: 2, request: open("b") });
    assert!(wait(&pool, &woken, 2).iter().all(|f| f.result.is_ok()));
}

#[test]
fn a_missing_program_is_said() {
    let connector = ProcessConnector { program: "/nonexistent/reader".into(), args: Vec::new() };
    let (tx, rx) = bounded(8);
    let options = PoolOptions {
        workers: 1,
        timeout: Duration::from_secs(1),
        connect: Arc::new(connector),
        wake: Arc::new(move || assert!(tx.try_send(()).is_ok())),
    };
    let pool: Pool<u32> = Pool::new(options).unwrap();
    pool.push(Lane::Open, Job { tag: 1, request: open("a") });
    let failure = wait(&pool, &rx, 1).remove(0).result.unwrap_err();
    assert!(failure.message.contains("/nonexistent/reader"), "{failure}");
}
