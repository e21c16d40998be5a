//! Bytes of an answer.

use std::ops::Deref;

/// What follows the header of an answer. Values go out from where they were computed: no second copy of a field is made.
#[derive(Debug)]
pub enum Payload {
    /// Anything.
    Bytes(Vec<u8>),
    /// Values in the byte order of this machine, which is that of the protocol.
    Values(Vec<f32>),
}

impl Default for Payload {
    fn default() -> Self {
        Self::Bytes(Vec::new())
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Vec<f32>> for Payload {
    fn from(values: Vec<f32>) -> Self {
        if cfg!(target_endian = "little") {
            Self::Values(values)
        } else {
            Self::Bytes(values.iter().flat_map(|v| v.to_le_bytes()).collect())
        }
    }
}

impl Deref for Payload {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Values(values) => bytemuck::cast_slice(values),
        }
    }
}
