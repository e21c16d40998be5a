//! One client: bytes in, messages out of them, answers in order, bytes out.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::time::Instant;

use mio::net::TcpStream;

use crate::wire::{LONGEST, Operation, Reply};

/// Bytes taken from one socket before the others have their turn. More than the system buffers for a connection, so that
/// what a client sent before it left is all read before a later client is heard.
const TURN: usize = 16 << 20;
/// Bytes asked of a socket at a time.
const CHUNK: usize = 256 << 10;
/// Bytes of a request's length.
const HEADER: usize = 8;

/// What is left to arrive of a message.
enum Incoming {
    /// Its length.
    Header([u8; HEADER], usize),
    /// Its bytes.
    Body(Vec<u8>, usize),
    /// Bytes of a message too large to keep.
    Skip(u64),
}

/// An answer that is due.
struct Due {
    number: u64,
    operation: Operation,
    deadline: Instant,
    bytes: Option<Vec<u8>>,
}

/// What reading came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// A whole message.
    Message(Vec<u8>),
    /// Nothing more for now.
    Wait,
    /// There may be more, but others have their turn.
    Later,
    /// The client has left, or its bytes make no sense any more.
    End,
}

pub(super) struct Connection {
    pub stream: TcpStream,
    incoming: Incoming,
    due: VecDeque<Due>,
    outgoing: VecDeque<Vec<u8>>,
    /// Bytes of the first outgoing answer that are sent.
    sent: usize,
    next_number: u64,
    /// The socket may have bytes.
    pub readable: bool,
    /// The client sends nothing more; it goes when its answers are out.
    pub ended: bool,
    /// Bytes moved last, either way.
    pub moved: Instant,
    /// Whole messages so far.
    pub messages: u64,
    /// A message that waits for room in the queue.
    pub held: Option<Vec<u8>>,
    /// Since when.
    pub held_since: Option<Instant>,
}

impl Connection {
    pub fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            incoming: Incoming::Header([0; HEADER], 0),
            due: VecDeque::new(),
            outgoing: VecDeque::new(),
            sent: 0,
            next_number: 0,
            readable: true,
            ended: false,
            moved: Instant::now(),
            messages: 0,
            held: None,
            held_since: None,
        }
    }

    /// Bytes held of a message that has not arrived completely.
    pub fn waiting_bytes(&self) -> u64 {
        let body = match &self.incoming {
            Incoming::Body(bytes, _) => bytes.capacity() as u64,
            _ => 0,
        };
        body + self.held.as_ref().map_or(0, |h| h.len() as u64)
    }

    /// Whether a message has begun and not ended.
    pub fn is_within_message(&self) -> bool {
        !matches!(&self.incoming, Incoming::Header(_, 0))
    }

    /// Bytes of answers not sent.
    pub fn answer_bytes(&self) -> usize {
        self.outgoing.iter().map(Vec::len).sum::<usize>() - self.sent
    }

    /// Whether everything is answered and sent.
    pub fn is_quiet(&self) -> bool {
        self.due.is_empty() && self.outgoing.is_empty() && self.held.is_none()
    }

    /// Reads until a message is whole, nothing is there, or it is the others' turn. `room` is how many bytes of
    /// unfinished messages may still be held over all clients.
    pub fn read(&mut self, budget: &mut usize, room: u64) -> Progress {
        loop {
            if let Some(message) = self.whole() {
                return Progress::Message(message);
            }
            if !self.readable || self.ended {
                return if self.ended { Progress::End } else { Progress::Wait };
            }
            if *budget == 0 {
                return Progress::Later;
            }
            match self.fill(room) {
                Ok(0) => {
                    self.ended = true;
                    return Progress::End;
                }
                Ok(n) => {
                    *budget = budget.saturating_sub(n);
                    self.moved = Instant::now();
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => self.readable = false,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => {
                    log::debug!("a client of the control socket is gone: {e}");
                    self.ended = true;
                    return Progress::End;
                }
            }
        }
    }

    /// Keeps a message until there is room for it.
    pub fn hold(&mut self, message: Vec<u8>) {
        self.held = Some(message);
        self.held_since.get_or_insert_with(Instant::now);
    }

    /// A turn's worth of bytes.
    pub fn turn() -> usize {
        TURN
    }

    /// Takes a message that has arrived; turns a header that has arrived into the message it announces.
    fn whole(&mut self) -> Option<Vec<u8>> {
        match &mut self.incoming {
            Incoming::Header(bytes, HEADER) => {
                let length = u64::from_be_bytes(*bytes);
                if length > LONGEST {
                    // Not our protocol, and no way to find the next message.
                    log::warn!("A client of the control socket announced {length} bytes; it is hung up on.");
                    self.ended = true;
                    self.incoming = Incoming::Header([0; HEADER], 0);
                    return None;
                }
                let length = length as usize;
                self.incoming = Incoming::Body(Vec::new(), length);
                self.whole()
            }
            Incoming::Body(bytes, length) if bytes.len() == *length => {
                let message = std::mem::take(bytes);
                self.incoming = Incoming::Header([0; HEADER], 0);
                self.messages += 1;
                Some(message)
            }
            Incoming::Skip(0) => {
                self.incoming = Incoming::Header([0; HEADER], 0);
                None
            }
            _ => None,
        }
    }

    fn fill(&mut self, room: u64) -> std::io::Result<usize> {
        match &mut self.incoming {
            Incoming::Header(bytes, have) => {
                let n = self.stream.read(&mut bytes[*have..])?;
                *have += n;
                Ok(n)
            }
            Incoming::Body(bytes, length) => {
                let have = bytes.len();
                // Room grows with what has really arrived: an announced length costs nothing.
                let chunk = (*length - have).min(CHUNK);
                let want = (*length - have).min(have.max(CHUNK));
                if bytes.capacity() - have < chunk && room < want as u64 {
                    log::warn!(
                        "A message of {length} bytes is left out: the memory set aside for messages is used up."
                    );
                    let left = (*length - have) as u64;
                    self.incoming = Incoming::Skip(left);
                    return self.fill(room);
                }
                if bytes.capacity() - have < chunk {
                    bytes.reserve_exact(want);
                }
                bytes.resize(have + chunk, 0);
                let read = self.stream.read(&mut bytes[have..]);
                bytes.truncate(have + read.as_ref().map_or(0, |n| *n));
                read
            }
            Incoming::Skip(left) => {
                let mut scrap = vec![0u8; (*left).min(CHUNK as u64) as usize];
                let n = self.stream.read(&mut scrap)?;
                *left -= n as u64;
                Ok(n)
            }
        }
    }

    /// Notes that an answer is due, and gives its number.
    pub fn expect(&mut self, operation: Operation, deadline: Instant) -> u64 {
        self.next_number += 1;
        self.due.push_back(Due { number: self.next_number, operation, deadline, bytes: None });
        self.next_number
    }

    /// Takes an answer; one that comes after its deadline is dropped, the client has another already.
    pub fn answer(&mut self, number: u64, reply: &Reply) {
        if let Some(due) = self.due.iter_mut().find(|d| d.number == number && d.bytes.is_none()) {
            // "Nothing" means something else to operations that answer success or failure.
            let refusal = || Reply::refusal(due.operation, "The application did not carry this out.");
            due.bytes = Some(match reply {
                Reply::Nothing => refusal().as_ref().unwrap_or(reply).encode(),
                reply => reply.encode(),
            });
        }
        self.queue_answers();
    }

    /// Answers in the application's stead what is overdue. Gives the next deadline.
    pub fn overdue(&mut self, now: Instant) -> Option<Instant> {
        for due in self.due.iter_mut().filter(|d| d.bytes.is_none() && d.deadline <= now) {
            log::warn!("The application is busy; {:?} is answered without it.", due.operation);
            let why = "The application is busy and did not answer in time.";
            due.bytes = Reply::refusal(due.operation, why).map(|r| r.encode());
        }
        self.queue_answers();
        self.due.iter().filter(|d| d.bytes.is_none()).map(|d| d.deadline).min()
    }

    /// Answers go out in the order of the questions.
    fn queue_answers(&mut self) {
        while self.due.front().is_some_and(|d| d.bytes.is_some()) {
            if let Some(bytes) = self.due.pop_front().and_then(|d| d.bytes) {
                if self.outgoing.is_empty() {
                    self.moved = Instant::now();
                }
                self.outgoing.push_back(bytes);
            }
        }
    }

    /// Sends what the socket takes. `false`: the client is gone.
    pub fn write(&mut self) -> bool {
        while let Some(first) = self.outgoing.front() {
            match self.stream.write(&first[self.sent..]) {
                Ok(0) => return false,
                Ok(n) => {
                    self.sent += n;
                    self.moved = Instant::now();
                    if self.sent == first.len() {
                        self.outgoing.pop_front();
                        self.sent = 0;
                    }
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => return true,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => {
                    log::debug!("a client of the control socket left without its answer: {e}");
                    return false;
                }
            }
        }
        true
    }
}
