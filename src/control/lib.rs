//! Control socket: what a published Python client sends becomes commands, what it asks is answered.
//!
//! [`wire`] is the codec, [`Server`] the socket, [`carry_out`] what each request means. Nothing here draws, reads a file
//! or holds state of the application: requests wait in a bounded queue until the application takes them in its own
//! thread, in the order in which they arrived.

mod calls;
mod meaning;
mod server;
pub mod wire;

pub use calls::{Call, ReplyTo};
pub use meaning::{Application, carry_out};
pub use server::{ControlError, DEFAULT_ADDRESS, Limits, Options, Server};
