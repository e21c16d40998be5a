//! Pictures for clients: the window, or a program without one, draws them.

use image::RgbaImage;
use seaglass_control::frames::{Picture, Respond};
use serde_json::json;

use crate::host::Host;

/// Longest side of a picture.
const LONGEST: u32 = 16_384;
/// Most pixels of a picture.
const MOST_PIXELS: u64 = 100_000_000;

/// A picture somebody waits for: everything it shows is there, or was waited for in vain.
pub struct WantedPicture {
    /// Width and height.
    pub size: [u32; 2],
    /// Pixels of a point.
    pub scale: f32,
    /// With colour bars, scale bar and time.
    pub legend: bool,
    /// Space around the globe is transparent.
    pub transparent: bool,
    raw: bool,
    respond: Respond,
}

impl std::fmt::Debug for WantedPicture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WantedPicture({:?})", self.size)
    }
}

impl WantedPicture {
    pub(super) fn new(wish: &Picture, size: [u32; 2], scale: f32, respond: Respond) -> Self {
        Self { size, scale, legend: wish.legend, transparent: wish.transparent, raw: wish.raw, respond }
    }

    /// Sends it, or says why there is none.
    pub fn finish(self, drawn: Result<RgbaImage, String>) {
        let image = match drawn {
            Ok(image) => image,
            Err(why) => return self.respond.failed(&why),
        };
        let (width, height) = image.dimensions();
        if self.raw {
            let fields = json!({ "width": width, "height": height, "format": "rgba" });
            return self.respond.done_with(fields, image.as_raw());
        }
        let mut png = Vec::new();
        match image.write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png) {
            Ok(()) => {
                self.respond.done_with(json!({ "width": width, "height": height, "format": "png" }), &png);
            }
            Err(e) => self.respond.failed(&format!("The picture cannot be packed: {e}.")),
        }
    }
}

/// Why a picture cannot be made.
pub(super) fn check(wish: &Picture) -> Result<(), &'static str> {
    if let Some([w, h]) = wish.size
        && (w == 0 || h == 0 || w.max(h) > LONGEST || u64::from(w) * u64::from(h) > MOST_PIXELS)
    {
        return Err("A picture has 1 to 16384 pixels a side, and 100 million at most.");
    }
    if wish.scale.is_some_and(|s| !(0.25..=8.0).contains(&s)) {
        return Err("The scale of a picture lies between 0.25 and 8.");
    }
    Ok(())
}

/// Width, height and scale of a picture.
pub(super) fn size(wish: &Picture, host: &Host) -> ([u32; 2], f32) {
    let view = host.session.view_px;
    let own = [view.x.max(1.0) as u32, view.y.max(1.0) as u32];
    (wish.size.unwrap_or(own), wish.scale.unwrap_or(1.0))
}
