//! The way back to a client of our own protocol.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam::channel::Sender;
use mio::Waker;
use serde_json::{Value, json};

use super::{Ask, frame};
use crate::calls::{Answer, Body, Ticket};

/// One client.
#[derive(Clone)]
pub struct Outlet {
    pub(crate) connection: u64,
    pub(crate) answers: Sender<Answer>,
    pub(crate) waker: Arc<Waker>,
    pub(crate) open: Arc<AtomicBool>,
}

impl std::fmt::Debug for Outlet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Outlet({})", self.connection)
    }
}

impl Outlet {
    /// Number of the connection, which no other has had.
    pub fn connection(&self) -> u64 {
        self.connection
    }

    /// Whether the client is still there, as far as is known.
    pub fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    /// Tells something unasked. `false`: the client does not keep up, or there is no server any more.
    pub fn event(&self, name: &str, mut fields: Value) -> bool {
        if let Value::Object(map) = &mut fields {
            map.insert("event".to_owned(), name.into());
        }
        self.send(Body::Event(frame(&fields, &[])))
    }

    fn send(&self, body: Body) -> bool {
        let ticket = Ticket { connection: self.connection, number: 0 };
        let sent = self.answers.try_send(Answer { ticket, body }).is_ok();
        if sent && let Err(e) = self.waker.wake() {
            log::error!("The control socket cannot be woken: {e}.");
        }
        sent
    }
}

/// Answers one request. Dropped without an answer, the client is told that nothing came of it.
#[derive(Debug)]
pub struct Respond {
    outlet: Outlet,
    id: u64,
    done: bool,
}

impl Respond {
    pub(crate) fn new(outlet: Outlet, id: u64) -> Self {
        Self { outlet, id, done: false }
    }

    /// Number of the request, as the client counts.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The client.
    pub fn outlet(&self) -> &Outlet {
        &self.outlet
    }

    /// It was done.
    pub fn done(self) {
        self.done_with(json!({}), &[]);
    }

    /// It was done, and this is what came of it.
    pub fn done_with(mut self, mut fields: Value, payload: &[u8]) {
        if let Value::Object(map) = &mut fields {
            map.insert("id".to_owned(), self.id.into());
            map.entry("answer").or_insert_with(|| "done".into());
        }
        self.finish(frame(&fields, payload));
    }

    /// It could not be done; the sentence is for people.
    pub fn failed(mut self, why: &str) {
        self.finish(failure(Some(self.id), why));
    }

    /// It was ended by the client's own wish.
    pub fn cancelled(mut self) {
        let why = "It was cancelled.";
        let header = json!({ "id": self.id, "answer": "failed", "error": why, "cancelled": true });
        self.finish(frame(&header, &[]));
    }

    /// How far it is, 0 to 1, and with what.
    pub fn progress(&self, share: f32, text: &str) {
        self.outlet.event("job", json!({ "id": self.id, "share": share, "text": text }));
    }

    fn finish(&mut self, bytes: Vec<u8>) {
        self.done = true;
        if !self.outlet.send(Body::Frame(bytes)) {
            log::debug!("a client of the control socket gets no answer: it has gone");
        }
    }
}

impl Drop for Respond {
    fn drop(&mut self) {
        if !self.done {
            self.finish(failure(Some(self.id), "The application did not carry this out."));
        }
    }
}

/// The frame that says why something was not done.
pub(crate) fn failure(id: Option<u64>, why: &str) -> Vec<u8> {
    frame(&json!({ "id": id, "answer": "failed", "error": why }), &[])
}

/// A request for the application.
#[derive(Debug)]
pub struct Asked {
    /// What is asked for.
    pub ask: Ask,
    /// What came with it.
    pub payload: Vec<u8>,
    /// Where the answer goes.
    pub respond: Respond,
}
