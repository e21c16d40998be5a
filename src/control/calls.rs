//! Requests on their way to the application, and answers on their way back.

use std::sync::Arc;

use crossbeam::channel::Sender;
use mio::Waker;

use crate::frames::Asked;
use crate::wire::{Reply, Request};

/// Names a connection and a request on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub connection: u64,
    pub number: u64,
}

/// An answer on its way back.
pub(crate) struct Answer {
    pub ticket: Ticket,
    pub body: Body,
}

/// What goes back.
pub(crate) enum Body {
    /// To an operation of the published client.
    Reply(Reply),
    /// An answer of our own protocol.
    Frame(Vec<u8>),
    /// Something nobody asked for; left out when the client does not keep up.
    Event(Vec<u8>),
}

/// Takes the answer to one request. Dropped without an answer, the client gets the empty one: it must never wait for ever.
pub struct ReplyTo {
    pub(crate) ticket: Ticket,
    pub(crate) answers: Sender<Answer>,
    pub(crate) waker: Arc<Waker>,
    pub(crate) done: bool,
}

impl ReplyTo {
    /// Answers.
    pub fn send(mut self, reply: Reply) {
        self.deliver(reply);
    }

    fn deliver(&mut self, reply: Reply) {
        self.done = true;
        // There is room for an answer to every request that can be under way; a server that has ended takes none.
        if self.answers.try_send(Answer { ticket: self.ticket, body: Body::Reply(reply) }).is_ok()
            && let Err(e) = self.waker.wake()
        {
            log::error!("The control socket cannot be woken: {e}.");
        }
    }
}

impl Drop for ReplyTo {
    fn drop(&mut self) {
        if !self.done {
            self.deliver(Reply::Nothing);
        }
    }
}

/// A request for the application.
pub struct Call {
    /// What is asked for.
    pub what: What,
    /// Length of the message it came in.
    pub(crate) bytes: u64,
}

/// A request of one of the two protocols.
pub enum What {
    /// An operation of the published client, and where the answer goes; `None` when the client waits for none.
    Operation(Request, Option<ReplyTo>),
    /// A request of our own protocol.
    Ask(Box<Asked>),
}
