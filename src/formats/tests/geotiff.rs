//! GeoTIFF: places, bands, colours and values, against numbers of other programs and files written by hand.
#![allow(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

mod common;

use std::path::{Path, PathBuf};

use common::{Opened, granules, open};
use seaglass_core::geolocation::Geolocation;
use seaglass_core::granule::GeometryKind;
use seaglass_core::protocol::FailureKind;
use seaglass_core::style::Method;

/// A little-endian TIFF of one uncompressed strip, tag by tag (TIFF 6, section 2).
struct Tiff {
    tags: Vec<(u16, u16, Vec<u8>)>,
    pixels: Vec<u8>,
}

impl Tiff {
    fn new(width: u16, height: u16, samples: u16, bits: u16, format: u16, pixels: Vec<u8>) -> Self {
        let mut t = Self { tags: Vec::new(), pixels };
        let repeated = |v: u16| (0..samples).map(|_| v).collect::<Vec<_>>();
        t.short(256, &[width]).short(257, &[height]).short(258, &repeated(bits)).short(259, &[1]);
        t.short(262, &[if samples == 3 { 2 } else { 1 }]).short(277, &[samples]).short(278, &[height]);
        t.short(339, &repeated(format));
        t
    }

    fn short(&mut self, tag: u16, v: &[u16]) -> &mut Self {
        self.tags.push((tag, 3, v.iter().flat_map(|x| x.to_le_bytes()).collect()));
        self
    }

    fn double(&mut self, tag: u16, v: &[f64]) -> &mut Self {
        self.tags.push((tag, 12, v.iter().flat_map(|x| x.to_le_bytes()).collect()));
        self
    }

    fn text(&mut self, tag: u16, v: &str) -> &mut Self {
        self.tags.push((tag, 2, [v.as_bytes(), b"\0"].concat()));
        self
    }

    /// Degrees, area pixels, first pixel's corner at (10, 50), pixels of 0.5 × 0.25 degrees.
    fn degrees(&mut self) -> &mut Self {
        self.double(33_550, &[0.5, 0.25, 0.0]).double(33_922, &[0.0, 0.0, 0.0, 10.0, 50.0, 0.0]);
        self.short(34_735, &[1, 1, 0, 2, 1024, 0, 1, 2, 1025, 0, 1, 1])
    }

    fn write(&mut self, path: &Path) {
        let mut tags = self.tags.clone();
        let n = self.pixels.len() as u32;
        tags.push((273, 4, 8u32.to_le_bytes().to_vec()));
        tags.push((279, 4, n.to_le_bytes().to_vec()));
        tags.sort_by_key(|t| t.0);
        let ifd = 8 + n + n % 2;
        let mut out = [b"II*\0".as_slice(), &ifd.to_le_bytes(), &self.pixels, &vec![0; (n % 2) as usize]].concat();
        let mut extra = Vec::new();
        let after = ifd + 2 + 12 * tags.len() as u32 + 4;
        out.extend((tags.len() as u16).to_le_bytes());
        for (tag, ty, bytes) in &tags {
            let size = match ty {
                2 => 1,
                3 => 2,
                4 => 4,
                _ => 8,
            };
            out.extend(tag.to_le_bytes());
            out.extend(ty.to_le_bytes());
            out.extend(((bytes.len() / size) as u32).to_le_bytes());
            if bytes.len() <= 4 {
                out.extend(bytes.iter().copied().chain([0; 4]).take(4));
            } else {
                out.extend((after + extra.len() as u32).to_le_bytes());
                extra.extend(bytes.iter().copied().chain((bytes.len() % 2 == 1).then_some(0)));
            }
        }
        out.extend([0; 4]);
        out.extend(extra);
        std::fs::write(path, out).unwrap();
    }

    fn open(&mut self) -> Opened {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.tif");
        self.write(&path);
        open(&path, &[]).unwrap().keeping(dir)
    }

    fn refused(&mut self) -> (FailureKind, String) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.tif");
        self.write(&path);
        let e = open(&path, &[]).err().unwrap();
        (e.kind, e.message)
    }
}

/// Longitude and latitude of a cell.
fn place(file: &mut Opened, row: usize, col: usize) -> (f64, f64) {
    let p = file.geolocation().lonlat_from_index(row as f64, col as f64).unwrap();
    (p.lon_deg, p.lat_deg)
}

fn floats(v: &[f32]) -> Vec<u8> {
    v.iter().flat_map(|x| x.to_le_bytes()).collect()
}

#[test]
fn bands_with_what_gdal_says_of_them() {
    let pixels: Vec<u8> = [10i16, 1, 20, 2, -99, 3, 40, -99].iter().flat_map(|v| v.to_le_bytes()).collect();
    let mut t = Tiff::new(2, 2, 2, 16, 2, pixels);
    t.degrees().text(42_113, "-99").text(
        42_112,
        "<GDALMetadata>\n <Item name=\"title\">Deep &amp; cold</Item>\n\
         <Item name=\"DESCRIPTION\" sample=\"0\" role=\"description\">sea temperature</Item>\n\
         <Item name=\"SCALE\" sample=\"0\" role=\"scale\">0.5</Item>\n<Item name=\"OFFSET\" sample=\"0\" role=\"offset\">2</Item>\n\
         <Item name=\"UNITTYPE\" sample=\"0\" role=\"unittype\">degC</Item>\n</GDALMetadata>",
    );
    let mut file = t.open();
    assert_eq!((file.kind(), file.part().shape), (GeometryKind::Grid, [2, 2]));
    assert_eq!(file.names(), ["sea_temperature", "band_2"]);
    assert_eq!(file.part().fields[0].units, "degC");
    assert_eq!(file.info.title, "Deep & cold");
    // The strip is 10 20 / -99 40 and 1 2 / 3 -99; pixels are placed by their centres.
    assert_eq!(file.value("sea_temperature", 0, 1), Some(12.0));
    assert_eq!(file.value("sea_temperature", 1, 0), None);
    assert_eq!((file.value("band_2", 1, 0), file.value("band_2", 1, 1)), (Some(3.0), None));
    assert_eq!(place(&mut file, 1, 1), (10.75, 49.625));
}

#[test]
fn colours_are_drawn_together_and_black_edges_left_out() {
    let mut t = Tiff::new(2, 1, 3, 8, 1, vec![0, 0, 0, 0, 7, 255]);
    let mut file = t.degrees().text(42_113, "0").open();
    assert_eq!(file.names(), ["red", "green", "blue"]);
    let red = &file.part().fields[0];
    assert_eq!(red.components, ["red", "green", "blue"]);
    assert_eq!((red.style.method, red.style.range), (Some(Method::Rgb), Some([0.0, 255.0])));
    assert_eq!(file.all("red"), [None, Some(0.0)], "black is a colour, no data is none");
    assert_eq!(file.all("blue"), [None, Some(255.0)]);
}

#[test]
fn rotated_rasters_and_control_points_place_each_pixel() {
    // x = 10 + col + row, y = 50 + col − row (corners), hence centres half a pixel on.
    let matrix = [1.0, 1.0, 0.0, 10.0, 1.0, -1.0, 0.0, 50.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0];
    let mut t = Tiff::new(3, 2, 1, 32, 3, floats(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
    t.double(34_264, &matrix).short(34_735, &[1, 1, 0, 2, 1024, 0, 1, 2, 1025, 0, 1, 1]);
    let mut file = t.open();
    assert_eq!(file.kind(), GeometryKind::CurvilinearGrid);
    assert_eq!(place(&mut file, 1, 2), (14.0, 51.0));
    assert_eq!(file.value("band_1", 1, 2), Some(6.0));

    let ties = [[0.0, 0.0, 20.0, 60.0], [2.0, 0.0, 22.0, 61.0], [0.0, 1.0, 20.0, 59.0], [2.0, 1.0, 22.0, 60.0]];
    let mut t = Tiff::new(3, 2, 1, 32, 3, floats(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
    t.double(33_922, &ties.iter().flat_map(|p| [p[0], p[1], 0.0, p[2], p[3], 0.0]).collect::<Vec<_>>());
    let mut file = t.short(34_735, &[1, 1, 0, 1, 1024, 0, 1, 2]).open();
    assert_eq!(place(&mut file, 0, 1), (21.0, 60.5));
}

/// Places from pyproj 3 (`Transformer.from_crs(code, 4326, always_xy=True)`), by EPSG code.
#[test]
fn coordinate_systems_by_code() {
    let cases = [
        (32_618, (385_000.0, 2_600_000.0)),
        (3857, (-8_000_000.0, 5_000_000.0)),
        (3413, (-1_000_000.0, -1_500_000.0)),
        (6931, (500_000.0, -750_000.0)),
        (3035, (4_500_000.0, 3_000_000.0)),
    ];
    let expected = EXPECTED_PLACES;
    for ((code, (x, y)), place) in cases.into_iter().zip(expected) {
        let mut t = Tiff::new(2, 2, 1, 32, 3, floats(&[1.0, 2.0, 3.0, 4.0]));
        t.double(33_550, &[100.0, 100.0, 0.0]).double(33_922, &[0.0, 0.0, 0.0, x, y, 0.0]);
        t.short(34_735, &[1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 2, 3072, 0, 1, code]);
        let mut file = t.open();
        let Geolocation::Grid(grid) = file.geolocation() else { panic!("{code}: no grid") };
        let p = grid.lonlat_from_index(0.0, 0.0).unwrap();
        let off = p.approx_distance_m(&seaglass_core::geo::LonLat::new(place.0, place.1));
        assert!(off < 0.01, "EPSG:{code}: {} m off, at {p:?}", off);
    }
}

const EXPECTED_PLACES: [(f64, f64); 5] = [
    (-76.1263469780, 23.5061219703),
    (-71.8652227296, 40.9162744707),
    (-78.6900675260, 73.4690719611),
    (33.6900675260, 81.9226191591),
    (12.5013656220, 50.0848601703),
];

#[test]
fn what_cannot_be_placed_or_read_is_said_in_a_sentence() {
    let grid = || Tiff::new(2, 2, 1, 32, 3, floats(&[1.0, 2.0, 3.0, 4.0]));
    let (kind, text) = grid().refused();
    assert_eq!(kind, FailureKind::NothingToShow);
    assert!(text.contains("does not say where it lies"), "{text}");
    let mut t = grid();
    t.double(33_550, &[1.0, 1.0, 0.0]).double(33_922, &[0.0; 6]);
    let (_, text) = t.short(34_735, &[1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 4]).refused();
    assert!(text.contains("EPSG:4 ") || text.contains("EPSG:4,"), "{text}");
    let mut t = grid();
    t.degrees().short(259, &[34_887]).tags.remove(3);
    let dir = tempfile::tempdir().unwrap();
    let path: PathBuf = dir.path().join("lerc.tif");
    t.write(&path);
    // The plan reads no pixels; who asks for them is told.
    let text = match open(&path, &[]) {
        Err(e) => e.message,
        Ok(mut file) => std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| file.all("band_1")))
            .err()
            .and_then(|p| p.downcast_ref::<String>().cloned())
            .unwrap(),
    };
    assert!(text.contains("LERC"), "{text}");

    let mut t = grid();
    t.degrees().write(&path);
    let bytes = std::fs::read(&path).unwrap();
    for n in [5, 20, 60, bytes.len() - 30] {
        std::fs::write(&path, &bytes[..n]).unwrap();
        let e = open(&path, &[]).err().unwrap();
        assert!(matches!(e.kind, FailureKind::Damaged | FailureKind::NothingToShow), "{n} bytes: {}", e.message);
        assert!(e.message.ends_with('.'), "{n} bytes: {}", e.message);
    }
}

/// A world file beside a plain TIFF places it.
#[test]
fn world_files_are_used() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("w.tif");
    Tiff::new(2, 1, 1, 8, 1, vec![1, 2]).write(&path);
    std::fs::write(dir.path().join("w.tfw"), "0.5\n0\n0\n-0.5\n3\n4\n").unwrap();
    let mut file = open(&path, &[]).unwrap();
    assert_eq!(place(&mut file, 0, 1), (3.5, 4.0));
}

/// Values from Pillow 12, places from pyproj 3: real rasters of three kinds (strips in UTM, LZW tiles with a palette, a COG).
#[test]
fn real_rasters() {
    let Some(dir) = granules() else { return };
    for (name, field, row, col, value, lon, lat) in REAL {
        let path = dir.join("imagery").join(name);
        let mut file = open(&path, &[]).unwrap();
        assert_eq!(file.value(field, row, col), Some(value), "{name} {field} {row} {col}");
        let p = place(&mut file, row, col);
        assert!((p.0 - lon).abs() < 1e-7 && (p.1 - lat).abs() < 1e-7, "{name} {row} {col}: {p:?}");
    }
}

const REAL: [(&str, &str, usize, usize, f64, f64, f64); 25] = [
    ("bahamas_rgb.tif", "blue", 243, 606, 28.0, -77.138625176, 24.884490761),
    ("bahamas_rgb.tif", "blue", 133, 378, 14.0, -77.822048007, 25.170962223),
    ("bahamas_rgb.tif", "blue", 485, 640, 47.0, -77.027124202, 24.230530552),
    ("bahamas_rgb.tif", "red", 265, 564, 21.0, -77.262211074, 24.823083660),
    ("bahamas_rgb.tif", "green", 196, 734, 59.0, -76.760416863, 25.016750574),
    ("bahamas_rgb.tif", "green", 553, 562, 29.0, -77.254232391, 24.043150280),
    ("bahamas_rgb.tif", "red", 406, 654, 102.0, -76.989116509, 24.445031894),
    ("bahamas_rgb.tif", "red", 237, 650, 28.0, -77.008268513, 24.902554312),
    ("sample-cog.tif", "blue", 267, 199, 103.0, -105.398518238, 35.372445452),
    ("sample-cog.tif", "red", 7, 32, 248.0, -105.996074341, 36.119119420),
    ("sample-cog.tif", "green", 302, 21, 154.0, -106.024242643, 35.267777064),
    ("sample-cog.tif", "green", 15, 137, 159.0, -105.622556782, 36.098562972),
    ("sample-cog.tif", "blue", 304, 198, 61.0, -105.401512905, 35.265675540),
    ("sample-cog.tif", "blue", 218, 202, 79.0, -105.388628980, 35.513859702),
    ("sample-cog.tif", "red", 295, 227, 177.0, -105.299582604, 35.291939768),
    ("sample-cog.tif", "red", 187, 49, 208.0, -105.929550045, 35.600345235),
    ("earth_day_HD.tif", "red", 139, 1013, 32.0, 10.031250000, 63.843750000),
    ("earth_day_HD.tif", "green", 264, 1376, 160.0, 78.093750000, 40.406250000),
    ("earth_day_HD.tif", "green", 797, 1283, 8.0, 60.656250000, -59.531250000),
    ("earth_day_HD.tif", "green", 431, 1038, 80.0, 14.718750000, 9.093750000),
    ("earth_day_HD.tif", "blue", 587, 718, 32.0, -45.281250000, -20.156250000),
    ("earth_day_HD.tif", "blue", 599, 834, 48.0, -23.531250000, -22.406250000),
    ("earth_day_HD.tif", "green", 237, 1851, 8.0, 167.156250000, 45.468750000),
    ("earth_day_HD.tif", "red", 698, 1875, 8.0, 171.656250000, -40.968750000),
    ("earth_day_HD.tif", "index", 480, 960, 249.0, 0.093750000, -0.093750000),
];
