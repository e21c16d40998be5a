//! Numbers, units, places and times as the window writes them: the rules of `seaglass_core::format`, under the name
//! the window's modules use.

pub use seaglass_core::format::*;
