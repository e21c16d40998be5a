//! Control socket: what a published Python client sends becomes commands, what it asks is answered.
//!
//! [`wire`] is the codec, [`Server`] the socket, [`carry_out`] what each request means. Nothing here draws, reads a file
//! or holds state of the application: requests wait in a bounded queue until the application takes them in its own
//! thread, in the order in which they arrived.

mod calls;
pub mod frames;
mod meaning;
mod nearest;
mod server;
pub mod wire;

pub use calls::{Call, ReplyTo, What};
pub use meaning::{Application, carry_out, granule_name};
pub use nearest::{either, nearest};
pub use server::{ControlError, DEFAULT_ADDRESS, Limits, Options, Server};
