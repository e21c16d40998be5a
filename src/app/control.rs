//! Notebooks connect to the window: the published Python client finds it where it looks first.

use seaglass_host::Host;

/// Begins to listen at `ADDRESS:PORT`, unless the text is empty.
///
/// # Errors
/// A sentence for the user; the window works all the same.
pub fn listen(host: &mut Host, address: &str) -> Result<(), String> {
    if !address.is_empty() {
        let address = host.listen(address).map_err(|e| e.to_string())?;
        log::info!("Notebooks can connect at {address}.");
    }
    Ok(())
}
