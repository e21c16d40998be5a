//! Views to come back to: camera with projection, clock and window, and which layers are drawn; with a small picture.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::camera::Camera;
use crate::project::{LayerId, Project};
use crate::time::Time;
use crate::timeline::Anchor;

/// What the text of a picture begins with: a PNG, in the form browsers and editors show.
const PNG: &str = "data:image/png;base64,";
/// Longest picture kept, characters. One of 128 × 80 pixels needs a fifth of this.
const LONGEST: usize = 200_000;

/// Identity of a bookmark within a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BookmarkId(pub u64);

/// A view to come back to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bookmark {
    /// Identity.
    pub id: BookmarkId,
    /// Name.
    pub name: String,
    /// Camera and projection.
    pub camera: Camera,
    /// Clock.
    #[serde(with = "iso")]
    pub now: Time,
    /// Length of the time window, seconds.
    pub window_s: f64,
    /// Where the window lies.
    pub anchor: Anchor,
    /// Seconds before and after the clock, when the window was given so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offsets_s: Option<[f64; 2]>,
    /// Layers drawn.
    #[serde(default)]
    pub shown: Vec<LayerId>,
    /// Layers that were there and not drawn. Others, added since, stay as they are.
    #[serde(default)]
    pub hidden: Vec<LayerId>,
    /// Small picture: a PNG as a `data:` address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Arc<str>>,
}

impl Bookmark {
    /// What is seen now; without a picture.
    pub fn of(project: &Project, id: BookmarkId, name: String) -> Self {
        let drawn = |wanted: bool| project.layers.iter().filter(|l| project.shows(l) == wanted).map(|l| l.id).collect();
        let t = &project.timeline;
        Self {
            id,
            name,
            camera: project.camera,
            now: t.now,
            window_s: t.window_s,
            anchor: t.anchor,
            offsets_s: t.offsets_s,
            shown: drawn(true),
            hidden: drawn(false),
            picture: None,
        }
    }

    /// Whether this is what is seen now: then a picture of the view is one of the bookmark.
    pub fn is_seen(&self, project: &Project) -> bool {
        let mut now = Self::of(project, self.id, self.name.clone());
        now.picture.clone_from(&self.picture);
        now == *self
    }

    /// Brings the view back. Layers and groups added since stay as they are.
    pub fn restore(&self, project: &mut Project) {
        project.camera = self.camera.sanitized();
        let t = &mut project.timeline;
        (t.now, t.window_s, t.anchor, t.offsets_s) = (self.now, self.window_s, self.anchor, self.offsets_s);
        for layer in &mut project.layers {
            let shown = self.shown.contains(&layer.id);
            if shown || self.hidden.contains(&layer.id) {
                layer.visible = shown;
            }
            if let Some(group) = layer.group.filter(|_| shown) {
                project.groups.iter_mut().filter(|g| g.id == group).for_each(|g| g.visible = true);
            }
        }
    }

    /// The bytes of its picture, a PNG.
    pub fn png(&self) -> Option<Vec<u8>> {
        bytes_of(self.picture.as_deref()?.strip_prefix(PNG)?)
    }
}

/// The text of a picture, from the bytes of a PNG; `None` when it is too large to be kept.
pub fn picture_text(png: &[u8]) -> Option<String> {
    let text = format!("{PNG}{}", base64(png));
    (text.len() <= LONGEST).then_some(text)
}

/// Whether a text is a picture as bookmarks have it.
pub fn is_picture(text: &str) -> bool {
    text.len() <= LONGEST && text.strip_prefix(PNG).and_then(bytes_of).is_some_and(|b| b.starts_with(b"\x89PNG"))
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let word = three.iter().enumerate().fold(0u32, |w, (k, b)| w | u32::from(*b) << (16 - 8 * k));
        for k in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * k) & 63) as usize];
            text.push(if k <= three.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let text = text.as_bytes();
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for (n, four) in text.chunks(4).enumerate() {
        let last = (n + 1) * 4 == text.len();
        let filled = four.iter().filter(|c| **c == b'=').count();
        if filled > if last { 2 } else { 0 } || four[..4 - filled].contains(&b'=') {
            return None;
        }
        let mut word = 0u32;
        for digit in &four[..4 - filled] {
            word = word << 6 | u32::try_from(DIGITS.iter().position(|d| d == digit)?).ok()?;
        }
        word <<= 6 * filled;
        bytes.extend(word.to_be_bytes()[1..4 - filled].iter());
    }
    Some(bytes)
}

/// Times as text, which people read and compare.
mod iso {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::time::Time;

    pub fn serialize<S: Serializer>(time: &Time, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&time.iso())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Time, D::Error> {
        Time::parse(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test vectors of RFC 4648, section 10.
    #[test]
    fn base64_is_as_in_the_standard() {
        let known = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (plain, text) in known {
            assert_eq!(base64(plain.as_bytes()), text);
            assert_eq!(bytes_of(text).as_deref(), Some(plain.as_bytes()));
        }
        assert_eq!(base64(&[0xfb, 0xff, 0xfe]), "+//+");
        assert_eq!(bytes_of("+//+"), Some(vec![0xfb, 0xff, 0xfe]));
        for wrong in ["Zg=", "Zg==Zg==", "Z===", "Zm8=Zm9v", "Zm9\u{e4}", "====", "Z=8="] {
            assert_eq!(bytes_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_a_png_is_a_picture() {
        let text = picture_text(b"\x89PNG\r\n\x1a\nrest").unwrap();
        assert!(text.starts_with("data:image/png;base64,iVBORw0K"), "{text}");
        assert!(is_picture(&text));
        assert!(!is_picture(&text.replace("png", "gif")) && !is_picture("data:image/png;base64,Zm9v"));
        assert_eq!(picture_text(&vec![0; LONGEST]), None);
    }
}
