//! `cargo xtask bench`.
use crate::shell::Result;

/// Placeholder until the measured parts stand.
pub fn bench(_args: &[String]) -> Result<()> {
    Err("nothing to measure yet".into())
}
