//! Our own protocol on the same port, for clients that begin with eight bytes no legal request of the other one begins
//! with. After these: the frames of the reader workers (`u32` header length, `u64` payload length, JSON header, payload),
//! with request ids, answers in any order, and events.
//!
//! `docs/protocol.md` describes it for those who write clients.

mod ask;
mod outlet;
mod understood;

pub use ask::read as read_ask;
pub use ask::{ASKS, Ask, Colocating, Extracting, FilmFrame, Filming, Flying, Picture, Wants};
pub(crate) use outlet::failure;
pub use outlet::{Asked, Outlet, Respond};

/// What a client of this protocol sends first.
pub const PREFACE: &[u8; 8] = b"SEAGLASS";
/// Version of this protocol.
pub const FRAME_VERSION: u32 = 1;
/// Bytes of the two lengths.
pub(crate) const LENGTHS: usize = 12;
/// Longest header, bytes.
pub(crate) const LONGEST_HEADER: u64 = 8 << 20;
/// Longest header of one who has not been greeted, bytes.
pub(crate) const LONGEST_FIRST: u64 = 4096;
/// Longest payload, bytes.
pub(crate) const LONGEST_PAYLOAD: u64 = 4 << 30;

/// The id in a header.
pub(crate) fn id_of(header: &[u8]) -> Option<u64> {
    serde_json::from_slice::<serde_json::Value>(header).ok()?.get("id")?.as_u64()
}

/// A frame in one piece.
pub(crate) fn frame(header: &serde_json::Value, payload: &[u8]) -> Vec<u8> {
    let text = header.to_string();
    let mut out = Vec::with_capacity(LENGTHS + text.len() + payload.len());
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out.extend_from_slice(&(payload.len() as u64).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(payload);
    out
}

/// The two lengths, when they are within the limits for one who has been greeted or not.
pub(crate) fn lengths(bytes: [u8; LENGTHS], greeted: bool) -> Option<(usize, u64)> {
    let (head, rest) = bytes.split_first_chunk::<4>()?;
    let header = u64::from(u32::from_le_bytes(*head));
    let payload = u64::from_le_bytes(rest.try_into().ok()?);
    let most = if greeted { (LONGEST_HEADER, LONGEST_PAYLOAD) } else { (LONGEST_FIRST, 0) };
    (header > 0 && header <= most.0 && payload <= most.1).then_some((header as usize, payload))
}

/// Whether two secrets are the same, in a time that does not tell how far they are.
pub(crate) fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let differ = a.iter().zip(b).fold(a.len() ^ b.len(), |d, (x, y)| d | usize::from(x ^ y));
    differ == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_limited_before_anything_is_kept() {
        let bytes = |header: u32, payload: u64| {
            let mut b = [0u8; LENGTHS];
            b[..4].copy_from_slice(&header.to_le_bytes());
            b[4..].copy_from_slice(&payload.to_le_bytes());
            b
        };
        assert_eq!(lengths(bytes(40, 0), false), Some((40, 0)));
        assert_eq!(lengths(bytes(40, 1), false), None, "no payload before the greeting");
        assert_eq!(lengths(bytes(5000, 0), false), None);
        assert_eq!(lengths(bytes(5000, 1 << 30), true), Some((5000, 1 << 30)));
        assert_eq!(lengths(bytes(0, 0), true), None);
        assert_eq!(lengths(bytes(u32::MAX, 0), true), None);
        assert_eq!(lengths(bytes(40, 1 << 63), true), None);
    }

    #[test]
    fn secrets() {
        assert!(same("abc", "abc") && !same("abc", "abd") && !same("abc", "ab") && !same("", "a") && same("", ""));
    }
}
