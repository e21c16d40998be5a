//! The view as GeoTIFF: pixels with their place on the Earth (OGC 19-008r4).

use std::io::{Seek, Write};

use seaglass_core::camera::{Camera, View};
use seaglass_core::geo::{LonLat, WGS84_A_M};
use seaglass_core::projection::{Plane, Projection};
use tiff::encoder::compression::{CompressionAlgorithm as _, Deflate, DeflateLevel};
use tiff::encoder::{DirectoryEncoder, Rational, TiffEncoder, TiffKind};
use tiff::tags::{CompressionMethod, ExtraSamples, PhotometricInterpretation, Predictor, ResolutionUnit, Tag};

/// Rows of a strip.
const STRIP_ROWS: u32 = 64;
/// Red, green, blue, alpha.
const SAMPLES: usize = 4;
/// Bytes of pixels in a file with offsets of 32 bits: what does not deflate grows a little.
const MOST_PLAIN: u64 = 4_000_000_000;

/// A value of the key directory.
#[derive(Clone, Debug, PartialEq)]
enum Key {
    Short(u16),
    Double(f64),
    Text(String),
}

/// Where the pixels of a flat map lie.
#[derive(Clone, Debug, PartialEq)]
pub struct Georeference {
    /// Map coordinates of a pixel corner (column, row): `x = m[0] c + m[1] r + m[2]`, `y = m[3] c + m[4] r + m[5]`.
    matrix: [f64; 6],
    keys: Vec<(u16, Key)>,
}

const USER_DEFINED: u16 = 32767;

impl Georeference {
    /// That of a view.
    ///
    /// # Errors
    /// The globe, and maps that GeoTIFF cannot describe; one sentence.
    pub fn of(view: &View) -> anyhow::Result<Self> {
        let projection = view.camera.projection;
        anyhow::ensure!(
            projection.is_map(),
            "A globe has no map coordinates for a GeoTIFF; switch to a map, for example with --projection equirectangular"
        );
        let (right, up, _, half) = view.axes();
        let (w, h) = (view.size_px.x, view.size_px.y);
        let metres_per_px = 2.0 * half / h;
        let (across, down) = (right * metres_per_px, -up * metres_per_px);
        let corner = view.eye - across * (w / 2.0) - down * (h / 2.0);
        let mut matrix = [across.x, down.x, corner.x, across.y, down.y, corner.y];
        if projection == Projection::Equirectangular {
            // Its plane is longitude and latitude.
            matrix = matrix.map(|v| (v / WGS84_A_M).to_degrees());
            let lat = |c: f64, r: f64| matrix[3] * c + matrix[4] * r + matrix[5];
            let most =
                [lat(0.0, 0.0), lat(w, 0.0), lat(0.0, h), lat(w, h)].map(f64::abs).into_iter().fold(0.0, f64::max);
            anyhow::ensure!(
                most <= 90.0 + 1e-6,
                "The view reaches beyond a pole, where a GeoTIFF has no place; zoom in, or turn north up"
            );
        }
        // The heading 0 is no rotation, nor is what is left of it by rounding.
        for (k, other) in [(1, 0), (3, 4)] {
            if matrix[k].abs() < 1e-12 * matrix[other].abs() {
                matrix[k] = 0.0;
            }
        }
        Ok(Self { matrix, keys: keys(projection)? })
    }
}

/// The rows of an upright map of longitude and latitude that lie between the poles: camera and size of the picture without
/// those beyond; `None` where there are none, or where no rows can be left out because the map is turned.
pub fn between_poles(camera: &Camera, [width, height]: [u32; 2]) -> Option<(Camera, [u32; 2])> {
    let view = camera.view(f64::from(width), f64::from(height));
    let camera = view.camera;
    if camera.projection != Projection::Equirectangular || camera.heading_deg.abs() > 1e-9 {
        return None;
    }
    let pole_m = WGS84_A_M * std::f64::consts::FRAC_PI_2;
    let (.., half) = view.axes();
    let (step, top) = (2.0 * half / view.size_px.y, view.eye.y + half);
    let first = ((top - pole_m) / step - 1e-6).ceil().max(0.0);
    let end = ((top + pole_m) / step + 1e-6).floor().min(view.size_px.y);
    if end - first < 1.0 || end - first >= view.size_px.y {
        return None;
    }
    let lat_deg = ((top - step * (first + end) / 2.0) / WGS84_A_M).to_degrees();
    let target = LonLat::new(camera.target.lon_deg, lat_deg);
    // As many metres of the map a pixel as before.
    let scale = |p: LonLat| camera.projection.scale_at(p);
    let share = (end - first) / view.size_px.y * scale(camera.target) / scale(target);
    Some((Camera { target, altitude_m: camera.altitude_m * share, ..camera }, [width, (end - first) as u32]))
}

/// The keys of a map's coordinate system.
fn keys(projection: Projection) -> anyhow::Result<Vec<(u16, Key)>> {
    let area = (1025, Key::Short(1));
    let projected = (1024, Key::Short(1));
    let epsg = |code: u16| Ok(vec![projected.clone(), area.clone(), (3072, Key::Short(code))]);
    let title = projection.title();
    // A system of its own: WGS 84, metres, and how it is projected.
    let own = |citation: String, rest: Vec<(u16, Key)>| {
        let mut keys = vec![
            projected.clone(),
            area.clone(),
            (1026, Key::Text(citation)),
            (2048, Key::Short(4326)),
            (3072, Key::Short(USER_DEFINED)),
            (3074, Key::Short(USER_DEFINED)),
            (3076, Key::Short(9001)),
        ];
        keys.extend(rest);
        keys.sort_by_key(|(id, _)| *id);
        Ok(keys)
    };
    // GeoTIFF has no code for these; GDAL writes the text like this, and reads it only where the model is user-defined
    // and the text in this very key.
    let named = |name: &str, lon: i16| {
        let text = format!(
            "ESRI PE String = PROJCS[\"{title}\",GEOGCS[\"GCS_WGS_1984\",DATUM[\"D_WGS_1984\",\
             SPHEROID[\"WGS_1984\",6378137.0,298.257223563]],PRIMEM[\"Greenwich\",0.0],\
             UNIT[\"Degree\",0.0174532925199433]],PROJECTION[\"{name}\"],PARAMETER[\"False_Easting\",0.0],\
             PARAMETER[\"False_Northing\",0.0],PARAMETER[\"Central_Meridian\",{lon}.0],UNIT[\"Meter\",1.0]]"
        );
        Ok(vec![
            (1024, Key::Short(USER_DEFINED)),
            area.clone(),
            (2048, Key::Short(4326)),
            (3073, Key::Text(text)),
            (3076, Key::Short(9001)),
        ])
    };
    match projection {
        Projection::Equirectangular => Ok(vec![(1024, Key::Short(2)), area.clone(), (2048, Key::Short(4326))]),
        Projection::Mercator => epsg(3857),
        Projection::PolarNorth => epsg(3413),
        Projection::PolarSouth => epsg(3031),
        Projection::Plane(Plane::Utm { zone, south }) => epsg(if south { 32700 } else { 32600 } + u16::from(zone)),
        Projection::Plane(Plane::EqualArea { lon_deg, lat_deg }) => own(
            title.clone(),
            vec![
                (3075, Key::Short(10)),
                (3082, Key::Double(0.0)),
                (3083, Key::Double(0.0)),
                (3088, Key::Double(f64::from(lon_deg))),
                (3089, Key::Double(f64::from(lat_deg))),
            ],
        ),
        Projection::Plane(Plane::Conic { lon_deg, lat_deg }) => own(
            title.clone(),
            vec![
                (3075, Key::Short(8)),
                (3078, Key::Double(f64::from(lat_deg) - 10.0)),
                (3079, Key::Double(f64::from(lat_deg) + 10.0)),
                (3084, Key::Double(f64::from(lon_deg))),
                (3085, Key::Double(f64::from(lat_deg))),
                (3086, Key::Double(0.0)),
                (3087, Key::Double(0.0)),
            ],
        ),
        Projection::Plane(Plane::Mollweide { lon_deg }) => named("Mollweide", lon_deg),
        Projection::Plane(Plane::EqualEarth { lon_deg }) => named("Equal_Earth", lon_deg),
        Projection::Plane(Plane::Robinson { lon_deg }) => named("Robinson", lon_deg),
        Projection::Plane(Plane::Custom(_)) | Projection::Globe | Projection::Orthographic => anyhow::bail!(
            "A GeoTIFF cannot describe \"{title}\"; choose equirectangular, mercator, laea, lcc, utm or another named map"
        ),
    }
}

/// Takes rows (RGBA, straight alpha) from top to bottom.
pub(super) type Put<'a> = &'a mut dyn FnMut(&[u8]) -> anyhow::Result<()>;

/// Writes a GeoTIFF of the rows that `draw` gives: deflated strips, alpha beside the colours.
pub(super) fn write<W: Write + Seek>(
    out: W,
    size_px: [u32; 2],
    at: &Georeference,
    draw: impl FnOnce(Put) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    // Offsets of 32 bits reach as far as the pixels could need if nothing became smaller.
    if u64::from(size_px[0]) * u64::from(size_px[1]) * SAMPLES as u64 > MOST_PLAIN {
        write_as(&mut TiffEncoder::new_big(out)?, size_px, at, draw)
    } else {
        write_as(&mut TiffEncoder::new(out)?, size_px, at, draw)
    }
}

/// The image encoder of the library deflates only pictures given at once, and predicts three samples where there are
/// four; so tags and strips are put together here.
fn write_as<W: Write + Seek, K: TiffKind>(
    encoder: &mut TiffEncoder<W, K>,
    size_px: [u32; 2],
    at: &Georeference,
    draw: impl FnOnce(Put) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let [width, height] = size_px;
    let mut out = encoder.image_directory()?;
    out.write_tag(Tag::ImageWidth, width)?;
    out.write_tag(Tag::ImageLength, height)?;
    out.write_tag(Tag::BitsPerSample, &[8u16; SAMPLES][..])?;
    out.write_tag(Tag::Compression, CompressionMethod::Deflate.to_u16())?;
    out.write_tag(Tag::PhotometricInterpretation, PhotometricInterpretation::RGB.to_u16())?;
    out.write_tag(Tag::SamplesPerPixel, SAMPLES as u16)?;
    out.write_tag(Tag::RowsPerStrip, STRIP_ROWS.min(height))?;
    out.write_tag(Tag::XResolution, Rational { n: 1, d: 1 })?;
    out.write_tag(Tag::YResolution, Rational { n: 1, d: 1 })?;
    out.write_tag(Tag::ResolutionUnit, ResolutionUnit::None.to_u16())?;
    out.write_tag(Tag::Predictor, Predictor::Horizontal.to_u16())?;
    out.write_tag(Tag::ExtraSamples, ExtraSamples::UnassociatedAlpha.to_u16())?;
    Tags::of(at).write(&mut out)?;
    let line = width as usize * SAMPLES;
    let strip = line * STRIP_ROWS.min(height) as usize;
    let (mut offsets, mut counts) = (Vec::new(), Vec::new());
    let (mut waiting, mut packed) = (Vec::new(), Vec::new());
    let mut rows_left = height as usize;
    draw(&mut |mut rows| {
        while rows_left > 0 && !rows.is_empty() {
            let whole = strip.min(rows_left * line);
            let (taken, rest) = rows.split_at(rows.len().min(whole - waiting.len()));
            waiting.extend_from_slice(taken);
            rows = rest;
            if waiting.len() < whole {
                break;
            }
            waiting.chunks_exact_mut(line).for_each(differences);
            packed.clear();
            Deflate::with_level(DeflateLevel::Fast).write_to(&mut packed, &waiting)?;
            counts.push(K::convert_offset(packed.len() as u64)?);
            // What follows begins at an even place.
            packed.resize(packed.len().next_multiple_of(2), 0);
            offsets.push(K::convert_offset(out.write_data(&packed[..])?)?);
            waiting.clear();
            rows_left -= whole / line;
        }
        Ok(())
    })?;
    let missing = rows_left - waiting.len() / line;
    anyhow::ensure!(rows_left == 0, "The GeoTIFF is not whole: rows not drawn: {missing}");
    out.write_tag(Tag::StripOffsets, K::convert_slice(&offsets))?;
    out.write_tag(Tag::StripByteCounts, K::convert_slice(&counts))?;
    out.finish()?;
    Ok(())
}

/// Each pixel of a row becomes its difference to the one before it.
fn differences(row: &mut [u8]) {
    for k in (SAMPLES..row.len()).rev() {
        row[k] = row[k].wrapping_sub(row[k - SAMPLES]);
    }
}

/// The tags of a georeference.
struct Tags {
    matrix: [f64; 6],
    directory: Vec<u16>,
    doubles: Vec<f64>,
    ascii: String,
}

impl Tags {
    fn of(at: &Georeference) -> Self {
        let mut directory = vec![1, 1, 1, at.keys.len() as u16];
        let (mut doubles, mut ascii) = (Vec::new(), String::new());
        for (id, key) in &at.keys {
            match key {
                Key::Short(v) => directory.extend([*id, 0, 1, *v]),
                Key::Double(v) => {
                    directory.extend([*id, 34736, 1, doubles.len() as u16]);
                    doubles.push(*v);
                }
                Key::Text(text) => {
                    // ASCII only, each text ended by a bar.
                    let text: String = text.chars().map(|c| if c.is_ascii() && c != '|' { c } else { ' ' }).collect();
                    directory.extend([*id, 34737, text.len() as u16 + 1, ascii.len() as u16]);
                    ascii.push_str(&text);
                    ascii.push('|');
                }
            }
        }
        // With the zero at its end it is even, and so is the place of what follows.
        if ascii.len() % 2 == 0 && !ascii.is_empty() {
            ascii.push(' ');
        }
        Self { matrix: at.matrix, directory, doubles, ascii }
    }

    fn write<W: Write + Seek, K: TiffKind>(&self, out: &mut DirectoryEncoder<'_, W, K>) -> tiff::TiffResult<()> {
        let [a, b, c, d, e, f] = self.matrix;
        if b == 0.0 && d == 0.0 && a > 0.0 && e < 0.0 {
            out.write_tag(Tag::Unknown(33550), &[a, -e, 0.0][..])?;
            out.write_tag(Tag::Unknown(33922), &[0.0, 0.0, 0.0, c, f, 0.0][..])?;
        } else {
            let m = [a, b, 0.0, c, d, e, 0.0, f, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0];
            out.write_tag(Tag::Unknown(34264), &m[..])?;
        }
        out.write_tag(Tag::Unknown(34735), &self.directory[..])?;
        if !self.doubles.is_empty() {
            out.write_tag(Tag::Unknown(34736), &self.doubles[..])?;
        }
        if !self.ascii.is_empty() {
            out.write_tag(Tag::Unknown(34737), self.ascii.as_str())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera(projection: &str, lon: f64, lat: f64) -> Camera {
        let projection = Projection::parse(projection).unwrap();
        Camera { target: LonLat::new(lon, lat), altitude_m: 2e6, projection, ..Camera::default() }
    }

    #[test]
    fn the_globe_and_unknown_maps_are_refused_in_a_sentence() {
        for (name, word) in
            [("globe", "switch to a map"), ("orthographic", "map"), ("+proj=aeqd +lat_0=10", "cannot describe")]
        {
            let e = Georeference::of(&camera(name, 10.0, 20.0).view(300.0, 200.0)).unwrap_err().to_string();
            assert!(e.contains(word), "{e}");
        }
    }

    /// Rows beyond the poles are left out, the others stay where they were to a thousandth of a pixel.
    #[test]
    fn latitudes_end_at_the_poles() {
        let size = [800u32, 600];
        for (lat, altitude_m) in [(0.0, 4e7), (60.0, 2.5e7), (-75.0, 1.2e7)] {
            let from = Camera { target: LonLat::new(20.0, lat), altitude_m, ..camera("equirectangular", 0.0, 0.0) };
            let (to, [width, height]) = between_poles(&from, size).unwrap();
            assert!(width == 800 && height < 600, "{height}");
            let [before, after] = [(from, 600), (to, height)].map(|(c, h)| c.view(800.0, f64::from(h)));
            assert!(Georeference::of(&before).is_err());
            let [.., south, north] = Georeference::of(&after).unwrap().matrix;
            assert!((-90.0..=90.0).contains(&north) && north + south * f64::from(height) >= -90.0 - 1e-6);
            let place = LonLat::new(23.0, if lat > 0.0 { 80.0 } else { -80.0 });
            let px = [before, after].map(|v| v.screen_from_lonlat(place).unwrap());
            let rows = px[0].y - px[1].y;
            assert!((px[0].x - px[1].x).abs() < 1e-3 && (rows - rows.round()).abs() < 1e-3, "{px:?}");
        }
        assert_eq!(between_poles(&camera("equirectangular", 0.0, 0.0), size), None);
        assert_eq!(between_poles(&camera("mercator", 0.0, 80.0), size), None);
        let turned = Camera { heading_deg: 30.0, altitude_m: 4e7, ..camera("equirectangular", 0.0, 0.0) };
        assert!(Georeference::of(&turned.view(800.0, 600.0)).unwrap_err().to_string().contains("pole"));
    }

    /// Places of pixels as rasterio (GDAL and PROJ) finds them from the file alone.
    const READER: &str = r#"
import sys, json
try:
    import rasterio
    from rasterio.warp import transform
except ImportError:
    print("no rasterio"); sys.exit(0)
out = []
for path in sys.argv[1:]:
    with rasterio.open(path) as f:
        band = f.read()
        places = []
        for col, row in [(0.5, 0.5), (150.0, 100.0), (299.5, 10.5), (40.0, 199.5)]:
            x, y = f.transform * (col, row)
            lon, lat = transform(f.crs, "EPSG:4326", [x], [y])
            places.append([col, row, lon[0], lat[0]])
        out.append(dict(count=f.count, size=[f.width, f.height], places=places,
                        corner=[int(v) for v in band[:, 0, 0]], last=[int(v) for v in band[:, -1, -1]],
                        alpha=f.colorinterp[3].name))
print(json.dumps(out))
"#;

    /// Every pixel as rasterio reads it.
    const PIXELS: &str = r#"
import sys
try:
    import rasterio
except ImportError:
    print("no rasterio"); sys.exit(0)
out = open(sys.argv[1], "wb")
for path in sys.argv[2:]:
    with rasterio.open(path) as f:
        out.write(f.read().transpose(1, 2, 0).tobytes())
"#;

    #[test]
    fn an_independent_reader_finds_all_pixels_at_any_size() {
        let dir = tempfile::tempdir().unwrap();
        let at = Georeference::of(&camera("mercator", 20.0, 30.0).view(300.0, 200.0)).unwrap();
        let (mut paths, mut all) = (Vec::new(), Vec::new());
        // Below, at and above whole strips, with pieces that end within rows' strips; plain and big files.
        for (k, (w, h, piece)) in
            [(1, 1, 1), (7, 63, 5), (5, 64, 64), (300, 65, 50), (33, 128, 128), (3, 200, 70)].into_iter().enumerate()
        {
            let pixel = |n: u32| n.wrapping_mul(2_654_435_761).wrapping_add(n >> 7).to_be_bytes();
            let pixels: Vec<u8> = (0..w * h).flat_map(pixel).collect();
            let draw = |put: Put| pixels.chunks((w * piece * 4) as usize).try_for_each(put);
            for big in [false, true] {
                let path = dir.path().join(format!("{k}-{big}.tif"));
                let file = std::fs::File::create(&path).unwrap();
                if big {
                    write_as(&mut TiffEncoder::new_big(file).unwrap(), [w, h], &at, draw).unwrap();
                } else {
                    write(file, [w, h], &at, draw).unwrap();
                }
                paths.push(path);
                all.extend_from_slice(&pixels);
            }
        }
        let read = dir.path().join("pixels");
        let done = std::process::Command::new("python3").args(["-c", PIXELS]).arg(&read).args(&paths).output();
        match done {
            Ok(done) if done.stdout.is_empty() => {
                assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
                assert!(std::fs::read(&read).unwrap() == all, "pixels differ");
            }
            Ok(_) => println!("skipped: no rasterio"),
            Err(_) => println!("skipped: no python3"),
        }
        // Rows that are missing are no picture.
        let e = write(std::io::Cursor::new(Vec::new()), [2, 3], &at, |put| put(&[0; 16])).unwrap_err().to_string();
        assert!(e.contains("not drawn: 1"), "{e}");
    }

    #[test]
    fn an_independent_reader_finds_every_pixel_where_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let views = [
            camera("equirectangular", 20.0, 30.0),
            camera("mercator", -60.0, 36.0),
            camera("polar-north", -45.0, 75.0),
            camera("polar-south", 10.0, -75.0),
            camera("utm:33N", 15.0, 45.0),
            camera("utm:60S", 178.0, -18.0),
            camera("laea:10,52", 12.0, 50.0),
            camera("lcc:10,52", 12.0, 50.0),
            camera("mollweide:-150", -140.0, 20.0),
            camera("equal-earth", 30.0, -20.0),
            camera("robinson:20", 30.0, -22.0),
            Camera { heading_deg: 30.0, ..camera("laea:-160,-20", -160.0, -20.0) },
        ];
        let mut paths = Vec::new();
        for (k, camera) in views.iter().enumerate() {
            let at = Georeference::of(&camera.view(300.0, 200.0)).unwrap();
            let path = dir.path().join(format!("{k}.tif"));
            let row = |y: u32| (0..300).flat_map(|x| [x as u8, y as u8, 7, 255 - y as u8]).collect::<Vec<u8>>();
            let file = std::fs::File::create(&path).unwrap();
            write(file, [300, 200], &at, |put| (0..200).try_for_each(|y| put(&row(y)))).unwrap();
            paths.push(path);
        }
        let read = std::process::Command::new("python3").args(["-c", READER]).args(&paths).output();
        let Ok(read) = read else {
            println!("skipped: no python3");
            return;
        };
        let text = String::from_utf8_lossy(&read.stdout).into_owned();
        if text.starts_with("no rasterio") {
            println!("skipped: no rasterio");
            return;
        }
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
        let found: serde_json::Value = serde_json::from_str(&text).unwrap();
        for (camera, file) in views.iter().zip(found.as_array().unwrap()) {
            let name = camera.projection.id();
            assert_eq!((&file["count"], &file["size"]), (&4.into(), &serde_json::json!([300, 200])), "{name}");
            assert_eq!(file["corner"], serde_json::json!([0, 0, 7, 255]), "{name}");
            assert_eq!(file["last"], serde_json::json!([299 - 256, 199, 7, 56]), "{name}");
            assert_eq!(file["alpha"], "alpha", "{name}");
            let view = camera.view(300.0, 200.0);
            for place in file["places"].as_array().unwrap() {
                let v: Vec<f64> = place.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
                let Some(expected) = view.lonlat_from_screen(glam::DVec2::new(v[0], v[1])) else { continue };
                let off = expected.ecef().distance(LonLat::new(v[2], v[3]).ecef());
                assert!(off < 10.0, "{name}: pixel {} {} is {off} m away", v[0], v[1]);
            }
        }
    }
}
