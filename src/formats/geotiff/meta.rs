//! What GDAL writes beside the pixels: the value of no data, and for each band scale, offset, unit and description.

use tiff::tags::Tag;

use super::image::Directory;
use crate::dataset::Var;
use crate::raw::NumType;

/// GDAL's metadata of an image.
#[derive(Default)]
pub struct Meta {
    /// GDAL_NODATA.
    pub nodata: Option<f64>,
    /// Items of the file as a whole.
    pub attributes: Vec<(String, String)>,
    /// Items of bands: band, role, text.
    items: Vec<(usize, String, String)>,
}

impl Meta {
    /// Reads the tags GDAL_METADATA and GDAL_NODATA.
    pub fn read(dir: &mut Directory) -> Self {
        let mut text = |tag: u16| {
            let found = dir.find_tag(Tag::from_u16_exhaustive(tag));
            found.ok().flatten().and_then(|v| v.into_string().ok()).unwrap_or_default()
        };
        let nodata = text(42_113).trim_matches(['\0', ' ', '\n']).parse().ok();
        let mut meta = Self { nodata, ..Self::default() };
        meta.parse(&text(42_112));
        meta
    }

    /// `<Item name="…" sample="0" role="scale">0.1</Item>`: the only element there is.
    fn parse(&mut self, xml: &str) {
        for item in xml.split("<Item").skip(1) {
            let Some((head, rest)) = item.split_once('>') else { continue };
            let text = plain(rest.split("</Item>").next().unwrap_or_default());
            let get = |key: &str| {
                let (_, after) = head.split_once(&format!(" {key}=\""))?;
                Some(plain(after.split('"').next()?))
            };
            let Some(name) = get("name") else { continue };
            match get("sample").map(|k| k.parse::<usize>()) {
                Some(Ok(band)) => {
                    let role = get("role").unwrap_or_else(|| name.to_ascii_lowercase());
                    self.items.push((band, role.to_ascii_lowercase(), text));
                }
                _ => self.attributes.push((name, text)),
            }
        }
    }

    fn item(&self, band: usize, role: &str) -> Option<&str> {
        self.items.iter().find(|(b, r, t)| *b == band && r == role && !t.is_empty()).map(|i| i.2.as_str())
    }

    /// Name of a band.
    pub fn description(&self, band: usize) -> Option<&str> {
        self.item(band, "description")
    }

    /// The variable with what is known of its band.
    pub fn describe(&self, band: usize, mut v: Var) -> Var {
        for (role, key) in [("scale", "scale_factor"), ("offset", "add_offset")] {
            if let Some(n) = self.item(band, role).and_then(|t| t.parse().ok()) {
                v = v.with_number(key, n, NumType::F64);
            }
        }
        for (role, key) in [("unittype", "units"), ("description", "long_name")] {
            if let Some(text) = self.item(band, role) {
                v = v.with(key, text);
            }
        }
        v
    }
}

fn plain(text: &str) -> String {
    let known = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    known.iter().fold(text.trim().to_owned(), |t, (a, b)| t.replace(a, b))
}
