//! True colour of Sentinel-2 (Level-1C and Level-2A): the image `TCI` of the product in JPEG 2000, placed by the tile's
//! metadata (Sentinel-2 Products Specification Document, S2-PDGS-TAS-DI-PSD). Pixels whose three colours are 0 have no data.

use std::fs::File;
use std::path::{Path, PathBuf};

use seaglass_core::protocol::FailureKind;
use seaglass_core::style::{Method, StyleHint};

use super::grd::files;
use super::tree::Node;
use crate::attr::Attr;
use crate::dataset::{Dim, Var};
use crate::error::{Result, bad_request, fail};
use crate::format::{Contents, Values};
use crate::jpeg2000::Jpeg2000;
use crate::raw::{NumType, Raw};
use crate::timeaxis::parse_text;

/// Mark of pixels without colour.
const NO_COLOUR: i16 = -1;
/// More values of an overview are not read at once.
const MAX_OVERVIEW: usize = 64 << 20;
const COLOURS: [&str; 3] = ["red", "green", "blue"];

struct TrueColour {
    image: Jpeg2000,
    axes: [Vec<f64>; 2],
}

/// Whether a file of a product is needed for its true colour: the finest image, and what says where it lies.
pub fn is_needed(file: &str) -> bool {
    is_image(file) || file.ends_with("/MTD_TL.xml")
}

/// Whether a file is an image of true colour, at the finest resolution of its level.
pub fn is_image(file: &str) -> bool {
    file.contains("/IMG_DATA/") && (file.ends_with("_TCI.jp2") || file.ends_with("_TCI_10m.jp2"))
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(of).into_iter().flatten().filter_map(|e| Some(e.ok()?.path()));
    let mut found: Vec<PathBuf> = entries.filter(|p| p.is_dir()).collect();
    found.sort();
    found
}

/// Opens the true colour of a product.
pub fn open(folder: &Path) -> Result<Contents> {
    let granules = folders(&folder.join("GRANULE"));
    let mut notes = Vec::new();
    // Products since December 2016 are one tile each.
    if granules.len() > 1 {
        notes.push(format!("The product holds {} tiles; the first is shown.", granules.len()));
    }
    let images = |granule: &PathBuf| {
        let data = granule.join("IMG_DATA");
        let mut all = files(&data, &["_tci.jp2"]);
        for resolution in ["R10m", "R20m", "R60m"] {
            all.extend(files(&data.join(resolution), &[&format!("_tci_{}.jp2", &resolution[1..])]));
        }
        all
    };
    let Some((granule, image)) = granules.iter().find_map(|g| Some((g, images(g).into_iter().next()?))) else {
        let text = "This Sentinel-2 product has no image of true colour (TCI); it was not fetched whole, or is older than \
                    December 2016. Convert the bands you need to GeoTIFF with gdal_translate.";
        return Err(fail(FailureKind::NothingToShow, text));
    };
    let tile = Node::read(&granule.join("MTD_TL.xml"))?;
    let image = File::open(&image)
        .map_err(|e| fail(FailureKind::Missing, format!("The image of true colour cannot be opened: {e}.")))?;
    let image = Jpeg2000::open(image)?;
    if image.components() < 3 {
        return Err(fail(FailureKind::Damaged, "The image of true colour has not three colours; fetch it again."));
    }
    let mut contents = contents(&tile, image)?;
    contents.notes = notes;
    Ok(contents)
}

fn contents(tile: &Node, image: Jpeg2000) -> Result<Contents> {
    let broken = |what: &str| {
        fail(FailureKind::Damaged, format!("MTD_TL.xml of the product does not say {what}; fetch the product again."))
    };
    let root = tile.at(&["Level-1C_Tile_ID"]).or_else(|| tile.at(&["Level-2A_Tile_ID"]));
    let root = root.ok_or_else(|| broken("what it describes"))?;
    let place = root.at(&["Geometric_Info", "Tile_Geocoding"]).ok_or_else(|| broken("where the tile lies"))?;
    let code = place.text(&["HORIZONTAL_CS_CODE"]).and_then(|c| c.trim().strip_prefix("EPSG:")?.parse::<u16>().ok());
    let system =
        code.and_then(crs_definitions::from_code).ok_or_else(|| broken("in which coordinate system it lies"))?;
    let n = |path: &[&str]| place.number(path);
    let corner = [n(&["Geoposition", "ULY"]), n(&["Geoposition", "ULX"])];
    let pixel = [n(&["Geoposition", "YDIM"]), n(&["Geoposition", "XDIM"])];
    let count = [n(&["Size", "NROWS"]), n(&["Size", "NCOLS"])];
    let shape = image.shape();
    // Position and size are given for one resolution; the tile is as wide in all of them.
    let axis = |d: usize| {
        let step = pixel[d]? * count[d]? / shape[d] as f64;
        let corner = corner[d]?;
        (step != 0.0).then(|| (0..shape[d]).map(|k| corner + step * (k as f64 + 0.5)).collect::<Vec<f64>>())
    };
    let (Some(y), Some(x)) = (axis(0), axis(1)) else { return Err(broken("where the tile lies")) };
    let dim = |name: &str, len: usize| Dim { name: name.to_owned(), len, group: String::new() };
    let dims = vec![dim("y", shape[0]), dim("x", shape[1])];
    let number = Some(NumType::F64);
    let mut vars = vec![
        Var::new("y", number, &[0]).with("units", "m").with("standard_name", "projection_y_coordinate"),
        Var::new("x", number, &[1]).with("units", "m").with("standard_name", "projection_x_coordinate"),
    ];
    for name in COLOURS {
        let mut v = Var::new(name, Some(NumType::I16), &[0, 1])
            .with("long_name", &format!("True colour, {name}"))
            .with("grid_mapping", "crs")
            .with_number("_FillValue", f64::from(NO_COLOUR), NumType::I16);
        v.chunks = Some(image.tile().to_vec());
        if name == COLOURS[0] {
            v.style = StyleHint { method: Some(Method::Rgb), range: Some([0.0, 255.0]), ..StyleHint::default() };
            v.components = COLOURS.map(str::to_owned).to_vec();
        }
        vars.push(v);
    }
    vars.push(Var::new("crs", None, &[]).with("proj4_string", system.proj4));
    let mut attrs = Vec::new();
    if let Some(time) = root.text(&["General_Info", "SENSING_TIME"]).filter(|t| parse_text(t).is_some()) {
        // The tile is seen within seconds.
        for key in ["time_coverage_start", "time_coverage_end"] {
            attrs.push((key.to_owned(), Attr::Text(time.trim().to_owned())));
        }
    }
    let values = TrueColour { image, axes: [y, x] };
    Ok(Contents { dims, vars, attrs, ..Contents::new("Sentinel-2 SAFE (JPEG 2000)", Box::new(values)) })
}

impl TrueColour {
    /// One colour of a block of the image halved so often.
    fn colour(&self, k: usize, halvings: u32, start: [usize; 2], count: [usize; 2]) -> Result<Vec<i16>> {
        let planes = self.image.read(halvings, start, count)?;
        let none = |i: usize| planes[..3].iter().all(|p| p[i] == 0);
        Ok(planes[k].iter().enumerate().map(|(i, v)| if none(i) { NO_COLOUR } else { i16::from(*v) }).collect())
    }
}

impl Values for TrueColour {
    fn read(&self, index: usize, var: &Var, start: &[usize], count: &[usize]) -> Result<Raw> {
        let unfit = || bad_request(format!("{} has no such pixels.", var.path));
        match (index, start, count) {
            (0 | 1, [s], [n]) => self.axes[index].get(*s..s + n).map(|v| Raw::F64(v.to_vec())).ok_or_else(unfit),
            (2..=4, &[r, c], &[rows, cols]) => self.colour(index - 2, 0, [r, c], [rows, cols]).map(Raw::I16),
            _ => Err(unfit()),
        }
    }

    fn overview(&self, index: usize, rows: &[usize], cols: &[usize], stride: usize) -> Option<Result<Raw>> {
        let k = index.checked_sub(2).filter(|k| *k < 3)?;
        let halvings = stride.checked_ilog2()?.min(self.image.reductions());
        if halvings == 0 {
            return None;
        }
        let shape = self.image.reduced(halvings);
        // Pixel n of a lower resolution lies at n steps of the full one.
        let at = |list: &[usize], d: usize| -> Vec<usize> {
            list.iter().map(|n| ((n + (1 << (halvings - 1))) >> halvings).min(shape[d] - 1)).collect()
        };
        let (r, c) = (at(rows, 0), at(cols, 1));
        let span = |v: &[usize]| Some((*v.iter().min()?, *v.iter().max()?));
        let ((r0, r1), (c0, c1)) = (span(&r)?, span(&c)?);
        let count = [r1 - r0 + 1, c1 - c0 + 1];
        if count[0].saturating_mul(count[1]) > MAX_OVERVIEW {
            return None;
        }
        Some(self.colour(k, halvings, [r0, c0], count).map(|block| {
            let row = |r: &usize| &block[(r - r0) * count[1]..(r - r0 + 1) * count[1]];
            Raw::I16(r.iter().map(row).flat_map(|row| c.iter().map(|c| row[*c - c0])).collect())
        }))
    }
}
