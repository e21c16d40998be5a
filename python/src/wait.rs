//! Work beside Python: the interpreter is free while the engine runs, and Ctrl-C stops it.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use parking_lot::Mutex;
use pyo3::prelude::*;
use seaglass_coloc::{Cancel, Control, Error, Progress, Result};

use crate::{ColocationError, failure};

/// Between two looks at Python's signals.
const LOOK: Duration = Duration::from_millis(50);

/// Runs `work` on `threads` threads (0 = one per core) with the interpreter released.
///
/// The threads live for this call only: a pool that outlives it would be dead in a child made by `fork`, which is how
/// `multiprocessing` makes its workers on Linux.
pub fn run<R: Send>(
    py: Python<'_>,
    threads: usize,
    progress: Option<Py<PyAny>>,
    work: impl FnOnce(&Control) -> Result<R> + Send,
) -> PyResult<R> {
    let pool =
        rayon::ThreadPoolBuilder::new().num_threads(threads).thread_name(|k| format!("seaglass-{k}")).build().map_err(
            |e| ColocationError::new_err(format!("no threads can be started ({e}); ask for fewer with threads=")),
        )?;
    let cancel = Cancel::new();
    let latest: Mutex<Option<Progress>> = Mutex::new(None);
    let mut stopped: Option<PyErr> = None;
    let done = py.detach(|| {
        let (send, receive) = sync_channel(1);
        pool.in_place_scope(|scope| {
            scope.spawn(|_| {
                let report = |p| *latest.lock() = Some(p);
                let control = Control { cancel: Some(&cancel), progress: Some(&report) };
                // The other end waits for exactly this.
                let _received = send.send(work(&control));
            });
            loop {
                match receive.recv_timeout(LOOK) {
                    Ok(result) => break Some(result),
                    // The work panicked; leaving the scope passes it on.
                    Err(RecvTimeoutError::Disconnected) => break None,
                    Err(RecvTimeoutError::Timeout) if stopped.is_none() => {
                        if let Err(e) = Python::attach(|py| look(py, progress.as_ref(), &latest)) {
                            cancel.cancel();
                            stopped = Some(e);
                        }
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                }
            }
        })
    });
    if let Some(e) = stopped {
        return Err(e);
    }
    look(py, progress.as_ref(), &latest)?;
    match done {
        Some(Ok(result)) => Ok(result),
        Some(Err(e)) => Err(failure(&e)),
        None => Err(failure(&Error::Cancelled)),
    }
}

/// What Python wants to say and hear.
fn look(py: Python<'_>, progress: Option<&Py<PyAny>>, latest: &Mutex<Option<Progress>>) -> PyResult<()> {
    py.check_signals()?;
    let news = latest.lock().take();
    if let (Some(callback), Some(p)) = (progress, news) {
        callback.call1(py, (p.done, p.total, p.pairs))?;
    }
    Ok(())
}
