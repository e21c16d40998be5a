//! Notebooks connect to the window: the published Python client finds it where it looks first.

use egui::Response;
use seaglass_core::camera::View;
use seaglass_host::Host;

use crate::navigation::Frame;

/// Samples and points are under the pointer within so many points of the screen.
const REACH: f64 = 6.0;

/// Begins to listen at `ADDRESS:PORT`, unless the text is empty; gives what the user has to know of it. Without a token
/// the variable `SEAGLASS_TOKEN` is taken.
///
/// # Errors
/// A sentence for the user; the window works all the same.
pub fn listen(host: &mut Host, address: &str, token: Option<String>) -> Result<Vec<String>, String> {
    if address.is_empty() {
        return Ok(Vec::new());
    }
    let token = token.or_else(|| std::env::var("SEAGLASS_TOKEN").ok()).filter(|t| !t.is_empty());
    let secret = token.is_some();
    let address = host.listen_with(address, token).map_err(|e| e.to_string())?;
    log::info!("Notebooks can connect at {address}.");
    let warnings = seaglass_host::dangers(address, secret);
    warnings.iter().for_each(|w| log::warn!("{w}"));
    Ok(warnings)
}

/// How far samples and points may lie from the pointer, degrees of arc.
pub fn reach_deg(view: &View, frame: Frame) -> f64 {
    (view.metres_per_px() * REACH * f64::from(frame.ppp) / 111_000.0).max(1e-4)
}

/// Tells programs that the globe was clicked.
pub fn clicked(host: &mut Host, response: &Response, view: &View, frame: Frame) {
    let place = response.interact_pointer_pos().and_then(|p| view.lonlat_from_screen(frame.px(p)));
    if let Some(place) = place {
        host.clicked(place.normalized(), reach_deg(view, frame));
    }
}
