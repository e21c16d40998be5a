//! GeoTIFF and cloud-optimised GeoTIFF: every band a field; red, green and blue drawn together; any coordinate system
//! that EPSG codes or the file's own keys describe; rotated rasters and control points place every pixel on its own.

mod decode;
mod image;
mod meta;
mod place;
mod plain;

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use seaglass_core::geolocation::lonlat_from_xy;
use seaglass_core::protocol::FailureKind;
use seaglass_core::style::{Method, StyleHint};
use tiff::decoder::{Decoder, Limits};
use tiff::tags::Tag;

use crate::attr::Attr;
use crate::dataset::{Dim, Var};
use crate::error::{Result, damaged, fail};
use crate::format::{Contents, Format, Probe, Values};
use crate::limits::MAX_POSITIONS;
use crate::raw::{NumType, Raw};
use image::{Directory, Image, Source, numbers};
use meta::Meta;
use place::{Affine, ControlPoints, Keys, System};
pub use plain::Plain;

/// Images of a file looked at.
const MAX_IMAGES: usize = 64;
/// Bands made fields.
const MAX_BANDS: usize = 512;
/// An overview of more pixels is not read at once.
const MAX_OVERVIEW: usize = 64 << 20;

/// The format.
pub struct GeoTiff;

impl Format for GeoTiff {
    fn identify(&self, probe: &Probe) -> bool {
        [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"].iter().any(|m| probe.head.starts_with(*m))
    }

    fn open(&self, path: &Path, probe: &Probe) -> Result<Contents> {
        let broken = |e: &dyn std::fmt::Display| damaged("The TIFF header", e);
        let open =
            || File::open(path).map_err(|e| fail(FailureKind::Missing, format!("The file cannot be opened: {e}.")));
        let mut limits = Limits::default();
        limits.ifd_value_size = 256 << 20;
        let mut dir = Decoder::new(BufReader::new(open()?)).map_err(|e| broken(&e))?.with_limits(limits);
        let big_endian = probe.head.starts_with(b"MM");
        let full = Image::new(&mut dir, 0, big_endian)?;
        let meta = Meta::read(&mut dir);
        let place = Place::find(&mut dir, path)?;
        let colour_map = numbers(&mut dir, 320);
        let alpha = numbers(&mut dir, 338);
        let mut images = vec![full];
        while images.len() < MAX_IMAGES && dir.more_images() && dir.next_image().is_ok() {
            let full = &images[0];
            // Bit 0: a smaller copy; bit 2: a mask, which is not one.
            let is_overview = numbers(&mut dir, 254).first().is_some_and(|k| k & 5 == 1);
            match Image::new(&mut dir, images.len(), big_endian) {
                Ok(i) if is_overview && i.samples == full.samples && i.ty == full.ty => images.push(i),
                _ => break,
            }
        }
        let bands = Bands::of(&images[0], &meta, &colour_map, &alpha);
        let source = Source::new(dir, open()?, probe.len);
        Raster { images, source, bands, place, sources: Vec::new() }.contents(&meta)
    }
}

/// Where the pixels lie.
struct Place {
    way: Way,
    system: System,
}

enum Way {
    Affine(Affine),
    Points(ControlPoints),
}

impl Place {
    fn find(dir: &mut Directory, path: &Path) -> Result<Self> {
        let mut doubles = |tag: u16| -> Vec<f64> {
            let found = dir.find_tag(Tag::from_u16_exhaustive(tag));
            found.ok().flatten().and_then(|v| v.into_f64_vec().ok()).unwrap_or_default()
        };
        let (scale, ties, matrix, params) = (doubles(33_550), doubles(33_922), doubles(34_264), doubles(34_736));
        let directory: Vec<u16> = numbers(dir, 34_735).into_iter().map(|n| n as u16).collect();
        let keys = Keys::new(&directory, &params);
        let point = keys.pixel_is_point();
        let affine = Affine::from_matrix(&matrix, point).or_else(|| Affine::from_tie(&ties, &scale, point));
        let way = match affine.or_else(|| world_file(path)) {
            Some(affine) => Way::Affine(affine),
            None if ties.len() > 6 => Way::Points(ControlPoints::grid(&ties).ok_or_else(|| {
                fail(FailureKind::NothingToShow, "The control points of the TIFF image form no grid, so its pixels have no place; warp it with gdalwarp first.")
            })?),
            None => {
                let text = "The TIFF image does not say where it lies (no GeoTIFF tags, no world file beside it), so its pixels have no place.";
                return Err(fail(FailureKind::NothingToShow, text));
            }
        };
        let system = keys.system().map_err(|why| fail(FailureKind::NothingToShow, why))?;
        Ok(Self { way, system })
    }

    fn is_grid(&self) -> bool {
        matches!(&self.way, Way::Affine(a) if a.is_upright())
    }

    /// Longitudes and latitudes of a block of pixels.
    fn positions(&self, start: [usize; 2], count: [usize; 2]) -> Result<(Vec<f64>, Vec<f64>)> {
        let degrees = self.system == System::Geographic;
        let pixels = (0..count[0]).flat_map(|r| (0..count[1]).map(move |c| (start[0] + r, start[1] + c)));
        let xy: Vec<(f64, f64)> = pixels
            .map(|(r, c)| match &self.way {
                Way::Affine(a) => a.at(c as f64, r as f64),
                Way::Points(p) => p.at(c as f64, r as f64, degrees),
            })
            .collect();
        match &self.system {
            System::Geographic => Ok(xy.into_iter().unzip()),
            System::Projected(proj) => {
                let found = lonlat_from_xy(proj, &xy).map_err(|e| {
                    fail(FailureKind::NothingToShow, format!("The coordinate system is not read here: {e}."))
                })?;
                Ok(found.into_iter().map(|p| p.map_or((f64::NAN, f64::NAN), |p| (p.lon_deg, p.lat_deg))).unzip())
            }
        }
    }
}

/// `.tfw`, `.tifw`, `.wld` beside the image.
fn world_file(path: &Path) -> Option<Affine> {
    ["tfw", "tifw", "wld", "TFW"]
        .iter()
        .find_map(|e| Affine::from_world(&std::fs::read_to_string(path.with_extension(e)).ok()?))
}

/// What the samples mean.
struct Bands {
    /// Samples that are fields, with their names.
    names: Vec<(usize, String)>,
    /// The first three are red, green and blue.
    colour: bool,
    /// Red, green and blue of each value.
    palette: Option<Vec<[u8; 3]>>,
    /// Pixels without colour: the sample that is 0 there.
    alpha: Option<usize>,
    /// Value of pixels without data.
    nodata: Option<f64>,
}

const COLOURS: [&str; 3] = ["red", "green", "blue"];

impl Bands {
    fn of(image: &Image, meta: &Meta, colour_map: &[u64], extra: &[u64]) -> Self {
        let whole = matches!(image.ty, NumType::U8 | NumType::U16);
        let colour = matches!(image.photometric, 2 | 6) && image.samples >= 3 && whole;
        let n = colour_map.len() / 3;
        let palette = (image.photometric == 3 && n > 0 && whole)
            .then(|| (0..n).map(|k| [0, 1, 2].map(|c| (colour_map[c * n + k] >> 8) as u8)).collect::<Vec<_>>());
        let plain = image.samples.saturating_sub(extra.len());
        let alpha = extra.iter().position(|e| matches!(e, 1 | 2)).map(|k| plain + k).filter(|k| *k < image.samples);
        let names = (0..image.samples.min(MAX_BANDS)).filter(|k| Some(*k) != alpha).map(|k| {
            let said = meta.description(k).filter(|_| !(colour && k < 3));
            let name = match (said, colour, palette.is_some()) {
                (_, true, _) if k < 3 => COLOURS[k].to_owned(),
                (Some(text), ..) => text.split_whitespace().collect::<Vec<_>>().join("_"),
                (None, _, true) => "index".to_owned(),
                (None, ..) => format!("band_{}", k + 1),
            };
            (k, name)
        });
        let mut names: Vec<(usize, String)> = names.collect();
        for k in 1..names.len() {
            if names[..k].iter().any(|n| n.1 == names[k].1) {
                names[k].1 = format!("{}_{}", names[k].1, names[k].0 + 1);
            }
        }
        Self { names, colour, palette, alpha, nodata: meta.nodata }
    }

    /// Pixels without data are told by more than the band's own value.
    fn has_mask(&self) -> bool {
        self.alpha.is_some() || (self.colour && self.nodata.is_some()) || self.palette.is_some()
    }
}

/// Mark of pixels without colour.
const NO_COLOUR: f64 = -1.0;

/// Where the values of a variable come from.
enum From {
    /// Coordinates of one axis.
    Axis(Vec<f64>),
    /// Longitudes (`true`) or latitudes of all pixels.
    Position(bool),
    /// A sample.
    Sample(usize),
    /// A sample where the pixel has a colour.
    Masked(usize),
    /// Red, green or blue of the palette.
    Palette(usize),
    /// No values.
    Nothing,
}

struct Raster {
    images: Vec<Image>,
    source: Source,
    bands: Bands,
    place: Place,
    sources: Vec<From>,
}

impl Raster {
    fn contents(mut self, meta: &Meta) -> Result<Contents> {
        let full = &self.images[0];
        let (height, width) = (full.height, full.width);
        let dim = |name: &str, len| Dim { name: name.to_owned(), len, group: String::new() };
        let (grid, degrees) = (self.place.is_grid(), self.place.system == System::Geographic);
        let dims = match grid && degrees {
            true => vec![dim("lat", height), dim("lon", width)],
            false => vec![dim("y", height), dim("x", width)],
        };
        let mut vars = Vec::new();
        let number = Some(NumType::F64);
        if grid {
            let Way::Affine(affine) = &self.place.way else {
                return Err(fail(FailureKind::NothingToShow, "No place."));
            };
            let along = |n: usize, x: bool| {
                let at = |k: usize| if x { affine.at(k as f64, 0.0).0 } else { affine.at(0.0, k as f64).1 };
                From::Axis((0..n).map(at).collect())
            };
            self.sources.extend([along(height, false), along(width, true)]);
            vars.extend(match degrees {
                true => [
                    Var::new("lat", number, &[0]).with("units", "degrees_north").with("standard_name", "latitude"),
                    Var::new("lon", number, &[1]).with("units", "degrees_east").with("standard_name", "longitude"),
                ],
                false => [
                    Var::new("y", number, &[0]).with("units", "m").with("standard_name", "projection_y_coordinate"),
                    Var::new("x", number, &[1]).with("units", "m").with("standard_name", "projection_x_coordinate"),
                ],
            });
        } else {
            if width.saturating_mul(height) > MAX_POSITIONS {
                let text = format!(
                    "The rotated image of {height} × {width} pixels is too large; warp it to upright rows with gdalwarp."
                );
                return Err(fail(FailureKind::TooLarge, text));
            }
            self.sources.extend([From::Position(false), From::Position(true)]);
            vars.push(
                Var::new("lat", number, &[0, 1]).with("units", "degrees_north").with("standard_name", "latitude"),
            );
            vars.push(
                Var::new("lon", number, &[0, 1]).with("units", "degrees_east").with("standard_name", "longitude"),
            );
        }
        let mapped = match &self.place.system {
            System::Projected(proj) if grid => {
                self.sources.push(From::Nothing);
                vars.push(Var::new("crs", None, &[]).with("proj4_string", proj));
                true
            }
            _ => false,
        };
        self.add_bands(meta, mapped, &mut vars);
        let chunk = self.images[0].chunk();
        for (v, from) in vars.iter_mut().zip(&self.sources) {
            if matches!(from, From::Sample(_) | From::Masked(_) | From::Palette(_)) {
                v.chunks = Some(chunk.to_vec());
            }
        }
        let label = if self.images.len() > 1 { "GeoTIFF with overviews" } else { "GeoTIFF" };
        let attrs = meta.attributes.iter().map(|(k, v)| (k.clone(), Attr::Text(v.clone()))).collect();
        Ok(Contents { dims, vars, attrs, ..Contents::new(label, Box::new(self)) })
    }

    fn add_bands(&mut self, meta: &Meta, mapped: bool, vars: &mut Vec<Var>) {
        let masked = self.bands.has_mask();
        let ty = match (self.images[0].ty, masked) {
            (NumType::U8, true) => NumType::I16,
            (NumType::U16, true) => NumType::I32,
            (ty, _) => ty,
        };
        let finish = |v: Var| if mapped { v.with("grid_mapping", "crs") } else { v };
        let colours = COLOURS.map(str::to_owned).to_vec();
        let drawn = |v: Var, eight_bits: bool| Var {
            style: StyleHint {
                method: Some(Method::Rgb),
                range: eight_bits.then_some([0.0, 255.0]),
                ..StyleHint::default()
            },
            components: colours.clone(),
            ..v
        };
        if self.bands.palette.is_some() {
            for (k, name) in COLOURS.iter().enumerate() {
                let v = Var::new(name, Some(NumType::I16), &[0, 1]).with_number("_FillValue", NO_COLOUR, NumType::I16);
                let v = finish(v.with("long_name", &format!("{name} of the palette")));
                vars.push(if k == 0 { drawn(v, true) } else { v });
                self.sources.push(From::Palette(k));
            }
        }
        let eight = self.images[0].ty == NumType::U8;
        for (k, name) in &self.bands.names {
            let palette = self.bands.palette.is_some();
            let own_mask = masked && !palette && matches!(ty, NumType::I16 | NumType::I32);
            let plain = if own_mask { ty } else { self.images[0].ty };
            let mut v = finish(Var::new(name, Some(plain), &[0, 1]));
            if own_mask {
                v = v.with_number("_FillValue", NO_COLOUR, plain);
            } else if let Some(nodata) = self.bands.nodata.filter(|n| n.is_finite()) {
                v = v.with_number("_FillValue", nodata, plain);
            }
            v = meta.describe(*k, v);
            if self.bands.colour && *k == 0 {
                v = drawn(v, eight);
            }
            vars.push(v);
            self.sources.push(if own_mask { From::Masked(*k) } else { From::Sample(*k) });
        }
    }

    /// Values of a variable of pixels, from one of the images.
    fn pixels(&self, from: &From, image: &Image, start: [usize; 2], count: [usize; 2]) -> Result<Raw> {
        let samples = |bands: &[usize]| image.read(&self.source, bands, start, count);
        let nodata = self.bands.nodata;
        match from {
            From::Sample(k) => Ok(samples(&[*k])?.remove(0)),
            From::Palette(c) => {
                let index = samples(&[0])?.remove(0);
                let table = self.bands.palette.as_deref().unwrap_or_default();
                let colour = |v: f64| match table.get(v as usize) {
                    Some(rgb) if Some(v) != nodata => i16::from(rgb[*c]),
                    _ => NO_COLOUR as i16,
                };
                Ok(Raw::I16((0..index.len()).map(|k| colour(index.get(k))).collect()))
            }
            From::Masked(k) => {
                let mut wanted = vec![*k];
                wanted.extend(self.bands.alpha);
                let by_colour = self.bands.colour && nodata.is_some();
                wanted.extend((0..3).filter(|_| by_colour));
                let read = samples(&wanted)?;
                let (own, rest) = (&read[0], &read[1..]);
                let (alpha, colours) = rest.split_at(usize::from(self.bands.alpha.is_some()));
                let hidden = |i: usize| {
                    alpha.iter().any(|a| a.get(i) == 0.0)
                        || (by_colour && colours.iter().all(|c| Some(c.get(i)) == nodata))
                        || (!by_colour && Some(own.get(i)) == nodata)
                };
                let values = (0..own.len()).map(|i| if hidden(i) { NO_COLOUR } else { own.get(i) });
                Ok(match own.num_type() {
                    NumType::U8 => Raw::I16(values.map(|v| v as i16).collect()),
                    _ => Raw::I32(values.map(|v| v as i32).collect()),
                })
            }
            From::Axis(_) | From::Position(_) | From::Nothing => {
                Err(fail(FailureKind::BadRequest, "The variable has no pixels."))
            }
        }
    }
}

impl Values for Raster {
    fn read(&self, index: usize, var: &Var, start: &[usize], count: &[usize]) -> Result<Raw> {
        let unfit = || fail(FailureKind::BadRequest, format!("{} has no such pixels.", var.path));
        let from = self.sources.get(index).ok_or_else(unfit)?;
        match (from, start, count) {
            (From::Axis(values), [s], [n]) => values.get(*s..s + n).map(|v| Raw::F64(v.to_vec())).ok_or_else(unfit),
            (From::Axis(_), ..) | (From::Nothing, ..) => Err(unfit()),
            (_, &[r, c], &[rows, cols]) if r + rows <= self.images[0].height && c + cols <= self.images[0].width => {
                match from {
                    From::Position(lon) => {
                        let (lons, lats) = self.place.positions([r, c], [rows, cols])?;
                        Ok(Raw::F64(if *lon { lons } else { lats }))
                    }
                    _ => self.pixels(from, &self.images[0], [r, c], [rows, cols]),
                }
            }
            _ => Err(unfit()),
        }
    }

    fn overview(&self, index: usize, rows: &[usize], cols: &[usize], stride: usize) -> Option<Result<Raw>> {
        let from = self.sources.get(index)?;
        if !matches!(from, From::Sample(_) | From::Masked(_) | From::Palette(_)) {
            return None;
        }
        let full = &self.images[0];
        let fits = |i: &&Image| full.width.div_ceil(i.width).max(full.height.div_ceil(i.height)) <= stride;
        let image = self.images[1..].iter().filter(fits).min_by_key(|i| i.width)?;
        let place = |list: &[usize], from: usize, to: usize| -> Vec<usize> {
            list.iter().map(|k| (k * to / from).min(to - 1)).collect()
        };
        let (r, c) = (place(rows, full.height, image.height), place(cols, full.width, image.width));
        let span = |v: &[usize]| Some((*v.iter().min()?, *v.iter().max()?));
        let ((r0, r1), (c0, c1)) = (span(&r)?, span(&c)?);
        let count = [r1 - r0 + 1, c1 - c0 + 1];
        if count[0] * count[1] > MAX_OVERVIEW {
            return None;
        }
        let raw = self.pixels(from, image, [r0, c0], count);
        let pick: Vec<u32> =
            r.iter().flat_map(|r| c.iter().map(move |c| ((r - r0) * count[1] + c - c0) as u32)).collect();
        Some(raw.map(|raw| raw.gather(&pick)))
    }
}
