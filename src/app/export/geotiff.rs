//! The view as GeoTIFF: pixels with their place on the Earth (OGC 19-008r4).

use std::io::{Seek, Write};

use seaglass_core::camera::View;
use seaglass_core::geo::WGS84_A_M;
use seaglass_core::projection::{Plane, Projection};
use tiff::encoder::colortype::RGB8;
use tiff::encoder::{Compression, DeflateLevel, ImageEncoder, Predictor, TiffEncoder, TiffKindStandard};
use tiff::tags::{ExtraSamples, Tag};

/// Rows of a strip.
const STRIP_ROWS: u32 = 64;

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
    // GeoTIFF has no code for these; readers with PROJ take the text.
    let named = |name: &str, lon: i16| {
        own(
            format!(
                "ESRI PE String = PROJCS[\"{title}\",GEOGCS[\"GCS_WGS_1984\",DATUM[\"D_WGS_1984\",\
                 SPHEROID[\"WGS_1984\",6378137.0,298.257223563]],PRIMEM[\"Greenwich\",0.0],\
                 UNIT[\"Degree\",0.0174532925199433]],PROJECTION[\"{name}\"],PARAMETER[\"False_Easting\",0.0],\
                 PARAMETER[\"False_Northing\",0.0],PARAMETER[\"Central_Meridian\",{lon}.0],UNIT[\"Meter\",1.0]]"
            ),
            vec![],
        )
    };
    match projection {
        Projection::Equirectangular => Ok(vec![(1024, Key::Short(2)), area, (2048, Key::Short(4326))]),
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
    let mut encoder = TiffEncoder::new(out)?
        .with_compression(Compression::Deflate(DeflateLevel::Fast))
        .with_predictor(Predictor::Horizontal);
    let mut image = encoder.new_image::<RGB8>(size_px[0], size_px[1])?;
    image.extra_samples(&[ExtraSamples::UnassociatedAlpha])?;
    image.rows_per_strip(STRIP_ROWS.min(size_px[1]))?;
    Tags::of(at).write(&mut image)?;
    let mut waiting: Vec<u8> = Vec::new();
    draw(&mut |rows| {
        waiting.extend_from_slice(rows);
        let mut done = 0;
        loop {
            let strip = image.next_strip_sample_count() as usize;
            if strip == 0 || waiting.len() - done < strip {
                break;
            }
            image.write_strip(&waiting[done..done + strip])?;
            done += strip;
        }
        waiting.drain(..done);
        Ok(())
    })?;
    image.finish()?;
    Ok(())
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
        Self { matrix: at.matrix, directory, doubles, ascii }
    }

    fn write<W: Write + Seek>(&self, image: &mut ImageEncoder<'_, W, RGB8, TiffKindStandard>) -> tiff::TiffResult<()> {
        let [a, b, c, d, e, f] = self.matrix;
        let out = image.encoder();
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
    use seaglass_core::camera::Camera;
    use seaglass_core::geo::LonLat;

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
