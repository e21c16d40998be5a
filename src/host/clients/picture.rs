//! Pictures for clients: the window, or a program without one, draws them.

use crossbeam::channel::Sender;
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
    /// Who gets it.
    to: To,
}

enum To {
    /// A client, as bytes of pixels or as a PNG.
    Client { raw: bool, respond: Respond },
    /// A film.
    Film(Sender<Result<RgbaImage, String>>),
}

impl std::fmt::Debug for WantedPicture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WantedPicture({:?})", self.size)
    }
}

impl WantedPicture {
    pub(super) fn new(wish: &Picture, size: [u32; 2], scale: f32, respond: Respond) -> Self {
        let to = To::Client { raw: wish.raw, respond };
        Self { size, scale, legend: wish.legend, transparent: wish.transparent, to }
    }

    pub(super) fn for_film(wish: &Picture, sender: Sender<Result<RgbaImage, String>>) -> Self {
        let (size, scale) = (wish.size.unwrap_or_default().map(|n| n.unwrap_or(1)), wish.scale.unwrap_or(1.0));
        Self { size, scale, legend: wish.legend, transparent: false, to: To::Film(sender) }
    }

    /// Sends it, or says why there is none.
    pub fn finish(self, drawn: Result<RgbaImage, String>) {
        let (raw, respond) = match self.to {
            To::Client { raw, respond } => (raw, respond),
            To::Film(sender) => {
                // A film that was given up meanwhile takes none.
                if sender.try_send(drawn).is_err() {
                    log::debug!("a film was given up while its frame was drawn");
                }
                return;
            }
        };
        let image = match drawn {
            Ok(image) => image,
            Err(why) => return respond.failed(&why),
        };
        let (width, height) = image.dimensions();
        if raw {
            let fields = json!({ "width": width, "height": height, "format": "rgba" });
            return respond.done_with(fields, image.as_raw());
        }
        let mut png = Vec::new();
        match image.write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png) {
            Ok(()) => {
                respond.done_with(json!({ "width": width, "height": height, "format": "png" }), &png);
            }
            Err(e) => respond.failed(&format!("The picture cannot be packed: {e}.")),
        }
    }
}

/// Why a picture cannot be made.
pub(super) fn check(wish: &Picture, host: &Host) -> Result<(), &'static str> {
    let ([w, h], _) = size(wish, host);
    if w == 0 || h == 0 || w.max(h) > LONGEST || u64::from(w) * u64::from(h) > MOST_PIXELS {
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
    let own = [view.x.max(1.0), view.y.max(1.0)];
    (sides(wish.size.unwrap_or([None, None]), own), wish.scale.unwrap_or(1.0))
}

/// Both sides of a picture; of one alone the other follows the shape of the view.
fn sides(wanted: [Option<u32>; 2], view: [f64; 2]) -> [u32; 2] {
    let follow = |n: u32, own: f64, other: f64| (f64::from(n) * own / other).round().max(1.0) as u32;
    match wanted {
        [Some(w), Some(h)] => [w, h],
        [Some(w), None] => [w, follow(w, view[1], view[0])],
        [None, Some(h)] => [follow(h, view[0], view[1]), h],
        [None, None] => view.map(|v| v as u32),
    }
}

#[cfg(test)]
mod tests {
    use super::sides;

    #[test]
    fn one_side_follows_the_view() {
        let view = [1280.0, 800.0];
        assert_eq!(sides([Some(640), None], view), [640, 400]);
        assert_eq!(sides([None, Some(100)], view), [160, 100]);
        assert_eq!(sides([Some(7), Some(9)], view), [7, 9]);
        assert_eq!(sides([None, None], view), [1280, 800]);
        assert_eq!(sides([Some(1), None], [8000.0, 10.0]), [1, 1]);
        assert_eq!(sides([Some(0), None], view)[0], 0, "which is refused");
    }
}
