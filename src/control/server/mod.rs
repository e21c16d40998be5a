//! The socket: one thread, any number of clients, none of whom can keep another waiting.
//!
//! Sockets are read in the order in which they were accepted, so that a notebook that sets something, leaves and comes
//! back on another connection finds what it has set. Requests wait for the application in a bounded queue; while that is
//! full nothing more is read, and clients feel it as a slow connection.

mod connection;
mod poll;

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam::channel::{Receiver, bounded};
use mio::{Poll, Waker};

use crate::calls::Call;

/// Where the published client looks first.
pub const DEFAULT_ADDRESS: &str = "127.0.0.1:11155";
/// Requests that may wait for the application. Up to here their order is that of arrival over all clients; beyond,
/// clients take turns.
const QUEUE: usize = 4096;
/// Bytes of requests that may wait for the application.
const QUEUE_BYTES: u64 = 512 << 20;

/// Bounds that keep one client from harming others.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at a time; beyond, the one that has been silent for longest goes.
    pub clients: usize,
    /// Bytes of messages that have not arrived completely, over all clients. A message that would exceed them is read
    /// and thrown away.
    pub waiting_bytes: u64,
    /// Bytes of answers a client has not fetched before nothing more is read from it.
    pub answer_bytes: usize,
    /// A client that stops within a message, or does not fetch an answer, is let go after this long.
    pub patience: Duration,
    /// An answer the application has not given by then is given without it.
    pub deadline: Duration,
    /// Requests of our own protocol that a client may have under way before nothing more is read from it.
    pub asks: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            clients: 256,
            waiting_bytes: 4 << 30,
            answer_bytes: 8 << 20,
            patience: Duration::from_secs(30),
            deadline: Duration::from_secs(10),
            asks: 256,
        }
    }
}

/// How a server is made.
#[derive(Clone)]
pub struct Options {
    /// `ADDRESS:PORT`; port 0 takes any free one.
    pub address: String,
    /// Bounds.
    pub limits: Limits,
    /// What clients of our own protocol must know. Without it that protocol is spoken on the loopback alone.
    pub token: Option<String>,
    /// Called from the server's thread when a request waits: ask for a frame.
    pub wake: Arc<dyn Fn() + Send + Sync>,
}

/// A server that cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The text is no address.
    #[error("\"{0}\" is not an address to listen at. Write it as 127.0.0.1:11155.")]
    Address(String),
    /// Another program listens there.
    #[error("Notebooks cannot connect: another program listens at {0}. Close it, or choose another port.")]
    Busy(SocketAddr),
    /// The system refuses.
    #[error("Notebooks cannot connect: {address} cannot be listened at ({source}).")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The system refuses a thread or the means to wait for sockets.
    #[error("The control socket cannot be started: {0}.")]
    Start(#[from] std::io::Error),
}

/// How full the queue is.
#[derive(Default)]
struct Filling {
    bytes: AtomicU64,
    /// Requests have been turned away and wait for room.
    waiting: AtomicBool,
}

/// The running server. Dropping it closes all connections.
pub struct Server {
    address: SocketAddr,
    calls: Receiver<Call>,
    filling: Arc<Filling>,
    stop: Arc<AtomicBool>,
    waker: Arc<Waker>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens.
    ///
    /// # Errors
    /// The address makes no sense, is in use, or the system refuses.
    pub fn start(options: Options) -> Result<Self, ControlError> {
        let wrong = || ControlError::Address(options.address.clone());
        let found: Vec<SocketAddr> = options.address.to_socket_addrs().map_err(|_unknown_name| wrong())?.collect();
        // The published client speaks IPv4 alone: of the addresses of `localhost` it looks at that one.
        let address = found.iter().find(|a| a.is_ipv4()).or(found.first()).copied().ok_or_else(wrong)?;
        let listener = mio::net::TcpListener::bind(address).map_err(|source| match source.kind() {
            std::io::ErrorKind::AddrInUse => ControlError::Busy(address),
            _ => ControlError::Listen { address, source },
        })?;
        let address = listener.local_addr()?;
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), poll::WAKE)?);
        let (sender, calls) = bounded(QUEUE);
        let stop = Arc::new(AtomicBool::new(false));
        let filling = Arc::new(Filling::default());
        let queue = poll::Queue { calls: sender, filling: Arc::clone(&filling) };
        let state = poll::Loop::new(poll, listener, queue, Arc::clone(&waker), Arc::clone(&stop), options)?;
        let thread = std::thread::Builder::new().name("control".into()).spawn(move || state.run())?;
        Ok(Self { address, calls, filling, stop, waker, thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next request, in the order of arrival.
    pub fn take(&self) -> Option<Call> {
        let call = self.calls.try_recv().ok()?;
        let bytes = self.filling.bytes.fetch_sub(call.bytes, Ordering::AcqRel) - call.bytes;
        // Half empty again: waking for every single place would cost more than the requests.
        let room = self.calls.len() <= QUEUE / 2 && bytes <= QUEUE_BYTES / 2;
        if room && self.filling.waiting.swap(false, Ordering::AcqRel) {
            self.wake();
        }
        Some(call)
    }

    /// Whether requests wait.
    pub fn is_waiting(&self) -> bool {
        !self.calls.is_empty()
    }

    fn wake(&self) {
        if let Err(e) = self.waker.wake() {
            log::error!("The control socket cannot be woken: {e}.");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.wake();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("The thread of the control socket panicked.");
        }
    }
}
