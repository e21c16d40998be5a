//! One client: bytes in, messages out of them, answers in order, bytes out.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use mio::net::TcpStream;

use super::Limits;
use crate::calls::Body;
use crate::frames::{self, PREFACE};
use crate::wire::{LONGEST, Operation, Reply};

/// Bytes taken from one socket before the others have their turn. More than the system buffers for a connection, so that
/// what a client sent before it left is all read before a later client is heard.
const TURN: usize = 16 << 20;
/// Questions of one client that are read before what others have said.
const AHEAD: usize = 64;
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
    /// The two lengths of a frame.
    Lengths([u8; frames::LENGTHS], usize),
    /// Header and payload of a frame: bytes, length of all, length of the header.
    Frame(Vec<u8>, usize, usize),
    /// Bytes of a message too large to keep.
    Skip(u64),
}

/// What a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaks {
    /// Nothing yet.
    Unknown,
    /// The operations of the published client.
    Operations,
    /// Our own protocol; greeted or not.
    Frames(bool),
}

/// A message that has arrived completely.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// Of the published client.
    Operation(Vec<u8>),
    /// Of our own protocol: header and payload.
    Frame(Vec<u8>, Vec<u8>),
}

impl Message {
    pub fn len(&self) -> usize {
        match self {
            Self::Operation(bytes) => bytes.len(),
            Self::Frame(header, payload) => header.len() + payload.len(),
        }
    }
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
    Message(Message),
    /// Nothing more for now.
    Wait,
    /// There may be more, but others have their turn.
    Later,
    /// The client has left, or its bytes make no sense any more.
    End,
}

pub(super) struct Connection {
    pub stream: TcpStream,
    /// The same socket, for what `stream` does not know.
    #[cfg(target_os = "linux")]
    same: Option<std::net::TcpStream>,
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
    pub held: Option<Message>,
    /// Questions read before what others have said, handed on after it.
    ahead: VecDeque<Message>,
    /// Since when.
    pub held_since: Option<Instant>,
    /// Which protocol.
    pub speaks: Speaks,
    /// Requests of our own protocol that are not answered.
    pub asks: usize,
    /// Told to those who hold a way back when this is dropped.
    pub open: Arc<AtomicBool>,
    /// Events that were left out since the last one that was sent.
    missed: u64,
}

impl Connection {
    pub fn new(stream: TcpStream) -> Self {
        #[cfg(target_os = "linux")]
        let same = {
            use std::os::fd::AsFd;
            stream.as_fd().try_clone_to_owned().ok().map(std::net::TcpStream::from)
        };
        Self {
            stream,
            #[cfg(target_os = "linux")]
            same,
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
            ahead: VecDeque::new(),
            held_since: None,
            speaks: Speaks::Unknown,
            asks: 0,
            open: Arc::new(AtomicBool::new(true)),
            missed: 0,
        }
    }

    /// Bytes held of a message that has not arrived completely.
    pub fn waiting_bytes(&self) -> u64 {
        let body = match &self.incoming {
            Incoming::Body(bytes, _) | Incoming::Frame(bytes, ..) => bytes.capacity() as u64,
            _ => 0,
        };
        body + self.held.iter().chain(&self.ahead).map(|m| m.len() as u64).sum::<u64>()
    }

    /// Whether a message has begun and not ended.
    pub fn is_within_message(&self) -> bool {
        !matches!(&self.incoming, Incoming::Header(_, 0) | Incoming::Lengths(_, 0))
    }

    /// Bytes of answers not sent.
    pub fn answer_bytes(&self) -> usize {
        self.outgoing.iter().map(Vec::len).sum::<usize>() - self.sent
    }

    /// Whether everything is answered and sent.
    pub fn is_quiet(&self) -> bool {
        self.due.is_empty() && self.outgoing.is_empty() && self.held.is_none() && self.ahead.is_empty()
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
                    self.acknowledge();
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

    /// Whether it is not asked for more questions: it does not fetch its answers, or has asked enough.
    pub fn has_asked_enough(&self, limits: &Limits) -> bool {
        self.answer_bytes() > limits.answer_bytes || self.asks + self.ahead.len() >= limits.asks
    }

    /// Reads some questions without handing them on; whether there are any. `room` is that of [`read`](Self::read).
    pub fn read_ahead(&mut self, limits: &Limits, room: u64) -> bool {
        let mut budget = Self::turn();
        while self.ahead.len() < AHEAD && self.held.is_none() && !self.has_asked_enough(limits) {
            match self.read(&mut budget, room) {
                Progress::Message(message) => self.ahead.push_back(message),
                Progress::Wait | Progress::Later | Progress::End => break,
            }
        }
        !self.ahead.is_empty()
    }

    /// The message that is to be handed on next, of those that were read before.
    pub fn kept(&mut self) -> Option<Message> {
        self.held.take().or_else(|| self.ahead.pop_front())
    }

    /// Keeps a message until there is room for it.
    pub fn hold(&mut self, message: Message) {
        self.held = Some(message);
        self.held_since.get_or_insert_with(Instant::now);
    }

    /// A turn's worth of bytes.
    pub fn turn() -> usize {
        TURN
    }

    /// Takes a message that has arrived; turns a header that has arrived into the message it announces.
    fn whole(&mut self) -> Option<Message> {
        match &mut self.incoming {
            // A legal length begins with a zero; our own protocol does not.
            Incoming::Header(bytes, have) if self.speaks == Speaks::Unknown && *have > 0 && bytes[0] != 0 => {
                if bytes[..*have] != PREFACE[..*have] {
                    log::warn!("A client of the control socket speaks another language; it is hung up on.");
                    self.hang_up();
                } else if *have == HEADER {
                    self.speaks = Speaks::Frames(false);
                    self.incoming = Incoming::Lengths([0; frames::LENGTHS], 0);
                }
                None
            }
            Incoming::Lengths(bytes, frames::LENGTHS) => {
                let Some((header, payload)) = frames::lengths(*bytes, self.speaks == Speaks::Frames(true)) else {
                    log::warn!("A client of the control socket announced a frame beyond the limits; it is hung up on.");
                    self.hang_up();
                    return None;
                };
                self.incoming = Incoming::Frame(Vec::new(), header + payload as usize, header);
                self.whole()
            }
            Incoming::Frame(bytes, length, header) if bytes.len() == *length => {
                let mut head = std::mem::take(bytes);
                let payload = if head.len() == *header { Vec::new() } else { head.split_off(*header) };
                self.incoming = Incoming::Lengths([0; frames::LENGTHS], 0);
                self.messages += 1;
                Some(Message::Frame(head, payload))
            }
            Incoming::Header(bytes, HEADER) => {
                let length = u64::from_be_bytes(*bytes);
                if length > LONGEST {
                    // Not our protocol, and no way to find the next message.
                    log::warn!("A client of the control socket announced {length} bytes; it is hung up on.");
                    self.hang_up();
                    return None;
                }
                self.speaks = Speaks::Operations;
                let length = length as usize;
                self.incoming = Incoming::Body(Vec::new(), length);
                self.whole()
            }
            Incoming::Body(bytes, length) if bytes.len() == *length => {
                let message = std::mem::take(bytes);
                self.incoming = Incoming::Header([0; HEADER], 0);
                self.messages += 1;
                Some(Message::Operation(message))
            }
            Incoming::Skip(0) => {
                self.incoming = match self.speaks {
                    Speaks::Frames(_) => Incoming::Lengths([0; frames::LENGTHS], 0),
                    _ => Incoming::Header([0; HEADER], 0),
                };
                None
            }
            _ => None,
        }
    }

    /// Reads nothing more.
    fn hang_up(&mut self) {
        self.ended = true;
        self.incoming = Incoming::Header([0; HEADER], 0);
    }

    /// Acknowledges what has come at once. The published client sends each of its commands by itself and lets its system
    /// hold the next one back until the one before is acknowledged, which is otherwise put off for 40 ms.
    #[cfg(target_os = "linux")]
    fn acknowledge(&self) {
        use std::os::linux::net::TcpStreamExt;
        if let Some(Err(e)) = self.same.as_ref().map(|s| s.set_quickack(true)) {
            log::debug!("a client is not acknowledged at once: {e}");
        }
    }

    #[cfg(not(target_os = "linux"))]
    #[allow(clippy::unused_self, reason = "only Linux can be asked")]
    fn acknowledge(&self) {}

    fn fill(&mut self, room: u64) -> std::io::Result<usize> {
        match &mut self.incoming {
            Incoming::Header(bytes, have) => {
                let n = self.stream.read(&mut bytes[*have..])?;
                *have += n;
                Ok(n)
            }
            Incoming::Lengths(bytes, have) => {
                let n = self.stream.read(&mut bytes[*have..])?;
                *have += n;
                Ok(n)
            }
            Incoming::Body(bytes, length) | Incoming::Frame(bytes, length, _) => {
                let have = bytes.len();
                // Room grows with what has really arrived: an announced length costs nothing.
                let chunk = (*length - have).min(CHUNK);
                let want = (*length - have).min(have.max(CHUNK));
                if bytes.capacity() - have < chunk && room < want as u64 {
                    log::warn!(
                        "A message of {length} bytes is left out: the memory set aside for messages is used up."
                    );
                    let left = (*length - have) as u64;
                    let known = match &self.incoming {
                        Incoming::Frame(bytes, _, header) if bytes.len() >= *header => frames::id_of(&bytes[..*header]),
                        _ => None,
                    };
                    if let Speaks::Frames(_) = self.speaks {
                        let why = "The memory set aside for messages is used up; send less at once, or later.";
                        self.outgoing.push_back(frames::failure(known, why));
                    }
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

    /// Takes an answer of our own protocol, or an event; events are left out while the client does not fetch what it has.
    pub fn take(&mut self, body: Body, most: usize) {
        let bytes = match body {
            Body::Reply(_) => return,
            Body::Frame(bytes) => {
                self.asks = self.asks.saturating_sub(1);
                bytes
            }
            Body::Event(_) if self.answer_bytes() > most => {
                self.missed += 1;
                return;
            }
            Body::Event(bytes) => {
                let missed = std::mem::take(&mut self.missed);
                if missed > 0 {
                    let header = serde_json::json!({ "event": "missed", "count": missed });
                    self.outgoing.push_back(frames::frame(&header, &[]));
                }
                bytes
            }
        };
        if self.outgoing.is_empty() {
            self.moved = Instant::now();
        }
        self.outgoing.push_back(bytes);
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

impl Drop for Connection {
    fn drop(&mut self) {
        self.open.store(false, Ordering::Release);
    }
}
