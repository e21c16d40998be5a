//! The loop of the server's thread.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, Sender, TrySendError, bounded};
use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token, Waker};

use super::connection::{Connection, Message, Progress, Speaks};
use super::{Filling, Options, QUEUE, QUEUE_BYTES};
use crate::calls::{Answer, Body, Call, ReplyTo, Ticket, What};
use crate::frames::{self, Ask, Asked, FRAME_VERSION, Outlet, Respond};
use crate::wire::{Reply, Request};

pub(super) const WAKE: Token = Token(0);
const LISTEN: Token = Token(1);
const FIRST: u64 = 2;
/// Looks at time limits at least this often while clients are connected.
const LOOK: Duration = Duration::from_millis(500);
/// Answers that may be on their way back: one for every request in the queue, and for those the application holds.
const ANSWERS: usize = 4 * QUEUE;

pub(super) struct Loop {
    poll: Poll,
    listener: TcpListener,
    queue: Queue,
    answers: Receiver<Answer>,
    answer: Sender<Answer>,
    waker: Arc<Waker>,
    stop: Arc<AtomicBool>,
    options: Options,
    /// By number, which is the order of accepting.
    clients: BTreeMap<u64, Connection>,
    next: u64,
    /// Who is heard first when the queue was full the last time.
    turn: u64,
    token: Secret,
}

/// Who may speak our own protocol.
enum Secret {
    /// Everybody who can reach the socket.
    None,
    /// Those who know it.
    Token(String),
    /// Nobody: the socket can be reached from elsewhere, and there is no secret.
    Closed,
}

/// Requests on their way to the application.
pub(super) struct Queue {
    pub calls: Sender<Call>,
    pub filling: Arc<Filling>,
}

impl Queue {
    /// Whether there is room for a message; a single one of any size always finds room in an empty queue.
    fn has_room(&self, bytes: u64) -> bool {
        let held = self.filling.bytes.load(Ordering::Acquire);
        !self.calls.is_full() && (held == 0 || held + bytes <= QUEUE_BYTES)
    }
}

/// What became of a message.
enum Outcome {
    Done,
    Leave,
    /// The queue is full; the message waits.
    Full(Message),
}

impl Loop {
    pub fn new(
        poll: Poll,
        mut listener: TcpListener,
        queue: Queue,
        waker: Arc<Waker>,
        stop: Arc<AtomicBool>,
        options: Options,
    ) -> std::io::Result<Self> {
        poll.registry().register(&mut listener, LISTEN, Interest::READABLE)?;
        let (answer, answers) = bounded(ANSWERS);
        let local = listener.local_addr().is_ok_and(|a| a.ip().is_loopback());
        let token = match &options.token {
            Some(token) => Secret::Token(token.clone()),
            None if local => Secret::None,
            None => Secret::Closed,
        };
        let clients = BTreeMap::new();
        Ok(Self { poll, listener, queue, answers, answer, waker, stop, options, clients, next: FIRST, turn: 0, token })
    }

    pub fn run(mut self) {
        let mut events = Events::with_capacity(1024);
        let mut wait = None;
        while !self.stop.load(Ordering::Acquire) {
            match self.poll.poll(&mut events, wait) {
                Ok(()) => {}
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                Err(e) => {
                    log::error!("The control socket has stopped: {e}.");
                    return;
                }
            }
            for event in &events {
                let Token(n) = event.token();
                if let Some(c) = self.clients.get_mut(&(n as u64)) {
                    c.readable |= event.is_readable() || event.is_read_closed() || event.is_error();
                }
            }
            wait = self.turn();
        }
    }

    fn turn(&mut self) -> Option<Duration> {
        while let Ok(Answer { ticket, body }) = self.answers.try_recv() {
            let Some(c) = self.clients.get_mut(&ticket.connection) else { continue };
            match body {
                Body::Reply(reply) => c.answer(ticket.number, &reply),
                other => c.take(other, self.options.limits.answer_bytes),
            }
        }
        // Programs of our own protocol wait for their answers, so whatever a notebook has sent before one of their questions
        // is here when the question is: they are read first and heard last, after those who have come meanwhile.
        self.read_ahead();
        let turned_away = !self.accept();
        let more = self.read_all();
        let now = Instant::now();
        let deadline = self.clients.values_mut().filter_map(|c| c.overdue(now)).min();
        self.write_all(now);
        if more {
            return Some(Duration::ZERO);
        }
        if self.clients.is_empty() && !turned_away {
            return None;
        }
        Some(deadline.map_or(LOOK, |d| d.saturating_duration_since(now).min(LOOK)))
    }

    /// Lets in who waits. `false`: the system has no room for another, who is to be asked for again.
    fn accept(&mut self) -> bool {
        let before = self.next;
        let heard = self.accept_all();
        if self.next != before {
            // What the others said before the new one came has arrived, but the system may not have reported it yet:
            // without a look at their sockets the new one would be heard first.
            self.clients.values_mut().for_each(|c| c.readable = true);
        }
        heard
    }

    fn accept_all(&mut self) -> bool {
        loop {
            match self.listener.accept() {
                Ok((mut stream, peer)) => {
                    if self.clients.len() >= self.options.limits.clients {
                        self.make_room();
                    }
                    let number = self.next;
                    self.next += 1;
                    // Answers are one write each; waiting for more to send would only delay them.
                    let ready = stream.set_nodelay(true).and_then(|()| {
                        let both = Interest::READABLE | Interest::WRITABLE;
                        self.poll.registry().register(&mut stream, Token(number as usize), both)
                    });
                    match ready {
                        Ok(()) => drop(self.clients.insert(number, Connection::new(stream))),
                        Err(e) => log::warn!("A client at {peer} of the control socket is not served: {e}."),
                    }
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => return true,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => {
                    // Out of file handles, or a client that left at once: the others are served.
                    log::warn!("A client of the control socket is not served: {e}.");
                    return false;
                }
            }
        }
    }

    /// Lets one client go for a new one: of those that have never said anything sensible, else of all, the one that has
    /// been silent for longest.
    fn make_room(&mut self) {
        let oldest = |(n, c): (&u64, &Connection)| (c.messages > 0, c.is_within_message(), c.moved, *n);
        let Some((_, _, _, number)) = self.clients.iter().map(oldest).min() else { return };
        log::warn!("There are too many clients at the control socket; the most silent one is let go.");
        self.remove(number);
    }

    fn remove(&mut self, number: u64) {
        if let Some(mut c) = self.clients.remove(&number)
            && let Err(e) = self.poll.registry().deregister(&mut c.stream)
        {
            log::debug!("a client could not be forgotten: {e}");
        }
    }

    /// Takes questions from the clients of our own protocol, without handing them on.
    fn read_ahead(&mut self) {
        let limits = &self.options.limits;
        let mut waiting: u64 = self.clients.values().map(Connection::waiting_bytes).sum();
        let mut any = false;
        for c in self.clients.values_mut().filter(|c| is_program(c)) {
            let before = c.waiting_bytes();
            any |= c.read_ahead(limits, limits.waiting_bytes.saturating_sub(waiting));
            waiting = waiting - before + c.waiting_bytes();
        }
        if any {
            self.clients.values_mut().filter(|c| !is_program(c)).for_each(|c| c.readable = true);
        }
    }

    /// Hears every client in turn. `true`: some has more to say.
    fn read_all(&mut self) -> bool {
        let limits = self.options.limits.clone();
        let mut waiting: u64 = self.clients.values().map(Connection::waiting_bytes).sum();
        let mut more = false;
        let mut full = false;
        let turn = std::mem::take(&mut self.turn);
        let turns = || self.clients.range(turn..).chain(self.clients.range(..turn));
        let notebooks = turns().filter(|(_, c)| !is_program(c));
        let programs = turns().filter(|(_, c)| is_program(c));
        let order: Vec<u64> = notebooks.chain(programs).map(|(n, _)| *n).collect();
        for number in order {
            let Some(c) = self.clients.get_mut(&number) else { continue };
            let mut budget = Connection::turn();
            loop {
                let before = c.waiting_bytes();
                let message = match c.kept() {
                    Some(kept) => kept,
                    None if c.has_asked_enough(&limits) => break,
                    // The next questions are asked after what others say now.
                    None if is_program(c) => {
                        more |= c.readable;
                        break;
                    }
                    None => match c.read(&mut budget, limits.waiting_bytes.saturating_sub(waiting)) {
                        Progress::Message(message) => message,
                        Progress::Wait | Progress::End => {
                            waiting = waiting - before + c.waiting_bytes();
                            break;
                        }
                        Progress::Later => {
                            waiting = waiting - before + c.waiting_bytes();
                            more = true;
                            break;
                        }
                    },
                };
                let step =
                    Step { queue: &self.queue, answer: &self.answer, waker: &self.waker, full, token: &self.token };
                let outcome = match message {
                    Message::Operation(bytes) => step.take(number, c, bytes, limits.deadline),
                    Message::Frame(header, payload) => step.ask(number, c, header, payload, limits.deadline),
                };
                match outcome {
                    Outcome::Done => c.held_since = None,
                    Outcome::Leave => {
                        c.ended = true;
                        break;
                    }
                    Outcome::Full(message) => {
                        c.hold(message);
                        if !full {
                            // The others are heard first when there is room again.
                            self.turn = number + 1;
                            self.queue.filling.waiting.store(true, Ordering::Release);
                        }
                        full = true;
                        break;
                    }
                }
                waiting = waiting - before + c.waiting_bytes();
            }
        }
        if !self.queue.calls.is_empty() {
            (self.options.wake)();
        }
        // Emptied meanwhile, nobody would wake us.
        if full { self.queue.calls.is_empty() } else { more }
    }

    /// Sends what can be sent, and lets go who has left, has been silent in the middle of a message, or does not fetch.
    fn write_all(&mut self, now: Instant) {
        let patience = self.options.limits.patience;
        let mut gone = Vec::new();
        for (number, c) in &mut self.clients {
            let alive = c.write();
            // Not one whose bytes wait for us.
            let stuck = c.is_within_message() && !c.readable || c.answer_bytes() > 0;
            let late = stuck && now.saturating_duration_since(c.moved) > patience;
            if late {
                log::warn!("A client of the control socket stopped in the middle of a message; it is let go.");
            }
            if !alive || late || (c.ended && c.is_quiet()) {
                gone.push(*number);
            }
        }
        gone.into_iter().for_each(|n| self.remove(n));
    }
}

/// Whether a client speaks our own protocol.
fn is_program(c: &Connection) -> bool {
    matches!(c.speaks, Speaks::Frames(_))
}

/// What it takes to hand on one message.
struct Step<'a> {
    queue: &'a Queue,
    answer: &'a Sender<Answer>,
    waker: &'a Arc<Waker>,
    /// The queue was full for an earlier client: nobody overtakes it.
    full: bool,
    token: &'a Secret,
}

impl Step<'_> {
    fn take(&self, connection: u64, c: &mut Connection, message: Vec<u8>, limit: Duration) -> Outcome {
        let deadline = Instant::now() + limit;
        let request = match Request::decode(&message) {
            Ok(request) => request,
            Err(refused) => {
                log::warn!("{refused}");
                if let Some((o, reply)) =
                    refused.operation.and_then(|o| Some((o, Reply::refusal(o, &refused.to_string())?)))
                {
                    let number = c.expect(o, deadline);
                    c.answer(number, &reply);
                }
                return Outcome::Done;
            }
        };
        let operation = request.operation();
        match request {
            Request::Disconnect => return Outcome::Leave,
            // Answered here: the client waits for one second only, however busy the application is.
            Request::CheckSchemaVersion(theirs) => {
                let number = c.expect(operation, deadline);
                c.answer(number, &Reply::SchemaVersion(theirs));
                return Outcome::Done;
            }
            _ => {}
        }
        let bytes = message.len() as u64;
        if self.full || !self.queue.has_room(bytes) {
            if c.held_since.is_none_or(|since| since.elapsed() < limit) {
                return Outcome::Full(Message::Operation(message));
            }
            log::warn!("The application is busy; {operation:?} is left out.");
            if let Some(reply) = Reply::refusal(operation, "The application is busy and took no more requests.") {
                let number = c.expect(operation, deadline);
                c.answer(number, &reply);
            }
            return Outcome::Done;
        }
        let reply = operation.is_answered().then(|| ReplyTo {
            ticket: Ticket { connection, number: c.expect(operation, deadline) },
            answers: self.answer.clone(),
            waker: Arc::clone(self.waker),
            done: false,
        });
        self.queue.filling.bytes.fetch_add(bytes, Ordering::AcqRel);
        self.hand_on(Call { what: What::Operation(request, reply), bytes })
    }

    fn hand_on(&self, call: Call) -> Outcome {
        match self.queue.calls.try_send(call) {
            Ok(()) => Outcome::Done,
            // This thread alone fills the queue, and there was room: only an application that has ended gets here.
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Outcome::Leave,
        }
    }

    /// A frame of our own protocol.
    fn ask(&self, connection: u64, c: &mut Connection, header: Vec<u8>, payload: Vec<u8>, limit: Duration) -> Outcome {
        let tell = |c: &mut Connection, bytes: Vec<u8>| {
            c.asks += 1;
            c.take(Body::Frame(bytes), usize::MAX);
        };
        let (id, ask) = match frames::read_ask(&header) {
            Ok(found) => found,
            Err((id, why)) => {
                tell(c, frames::failure(id, &why));
                // Who does not even greet is no client of ours.
                return if c.speaks == Speaks::Frames(true) { Outcome::Done } else { Outcome::Leave };
            }
        };
        if let Ask::Hello { version, token } = ask {
            let welcome = self.welcome(version, token.as_deref());
            c.speaks = Speaks::Frames(welcome.is_ok());
            match welcome {
                Ok(()) => {
                    let name = concat!("seaglass ", env!("CARGO_PKG_VERSION"));
                    let pid = std::process::id();
                    let hello = serde_json::json!({
                        "id": id, "answer": "hello", "version": FRAME_VERSION, "name": name, "pid": pid,
                        "token": if matches!(self.token, Secret::Token(_)) { "checked" } else { "none" },
                        "asks": frames::ASKS
                    });
                    tell(c, frames::frame(&hello, &[]));
                    return Outcome::Done;
                }
                Err(why) => {
                    tell(c, frames::failure(Some(id), &why));
                    return Outcome::Leave;
                }
            }
        }
        if c.speaks != Speaks::Frames(true) {
            tell(c, frames::failure(Some(id), "The first request must be \"hello\"."));
            return Outcome::Leave;
        }
        let bytes = (header.len() + payload.len()) as u64;
        if self.full || !self.queue.has_room(bytes) {
            if c.held_since.is_none_or(|since| since.elapsed() < limit) {
                return Outcome::Full(Message::Frame(header, payload));
            }
            tell(c, frames::failure(Some(id), "The application is busy and took no more requests."));
            return Outcome::Done;
        }
        c.asks += 1;
        let (answers, waker) = (self.answer.clone(), Arc::clone(self.waker));
        let outlet = Outlet { connection, answers, waker, open: Arc::clone(&c.open) };
        let asked = Asked { ask, payload, respond: Respond::new(outlet, id) };
        self.queue.filling.bytes.fetch_add(bytes, Ordering::AcqRel);
        self.hand_on(Call { what: What::Ask(Box::new(asked)), bytes })
    }

    fn welcome(&self, version: u32, token: Option<&str>) -> Result<(), String> {
        match (self.token, token) {
            (Secret::Closed, _) => {
                let text = "This session can be reached from other machines and has no token, so it speaks this protocol to \
                            nobody; start it with --token.";
                Err(text.to_owned())
            }
            (Secret::Token(_), None) => {
                let text = "This session needs its token, on the loopback too: that of --token or SEAGLASS_TOKEN as it \
                            was started.";
                Err(text.to_owned())
            }
            (Secret::Token(ours), Some(theirs)) if !frames::same(ours, theirs) => {
                Err("The token is not the one of this session.".to_owned())
            }
            _ if version != FRAME_VERSION => Err(format!(
                "The client speaks version {version} of the protocol, this session {FRAME_VERSION}; install the same release of both."
            )),
            _ => Ok(()),
        }
    }
}

/// Operations that are answered without the application.
#[cfg(test)]
mod tests {
    use crate::wire::{Operation, Reply};

    #[test]
    fn every_answered_operation_has_a_refusal() {
        for operation in Operation::ALL {
            assert_eq!(Reply::refusal(operation, "no").is_some(), operation.is_answered(), "{operation:?}");
        }
    }
}
