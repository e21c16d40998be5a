//! Sentinel-2: a product of its documented structure with a true image in JPEG 2000, against OpenJPEG (`safe/make_msi.py`).
#![allow(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

mod common;

use std::io::Write;
use std::path::{Path, PathBuf};

use common::fixture::toml;
use common::{Opened, open};
use seaglass_core::field::{Apron, Window};
use seaglass_core::granule::GeometryKind;
use seaglass_core::style::Method;

const NAME: &str = "S2A_MSIL2A_20240101T105441_N0510_R051_T31TEJ_20240101T134752.SAFE";
const ROWS: usize = 620;
const COLS: usize = 700;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/safe")
}

/// Size and position for the resolution of 10 m come first, as in products.
fn metadata(level: &str) -> String {
    let sizes: String = [(10, ROWS * 6, COLS * 6), (20, ROWS * 3, COLS * 3), (60, ROWS, COLS)]
        .iter()
        .map(|(r, n, m)| format!("<Size resolution=\"{r}\"><NROWS>{n}</NROWS><NCOLS>{m}</NCOLS></Size>"))
        .collect();
    let places: String = [10, 20, 60]
        .iter()
        .map(|r| {
            format!(
                "<Geoposition resolution=\"{r}\"><ULX>500000</ULX><ULY>4900020</ULY><XDIM>{r}</XDIM><YDIM>-{r}</YDIM></Geoposition>"
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><n1:Level-{level}_Tile_ID xmlns:n1=\"x\"><n1:General_Info>\
         <SENSING_TIME metadataLevel=\"Standard\">2024-01-01T10:54:52.123Z</SENSING_TIME></n1:General_Info>\
         <n1:Geometric_Info><Tile_Geocoding metadataLevel=\"Brief\"><HORIZONTAL_CS_NAME>WGS84 / UTM zone 31N\
         </HORIZONTAL_CS_NAME><HORIZONTAL_CS_CODE>EPSG:32631</HORIZONTAL_CS_CODE>{sizes}{places}</Tile_Geocoding>\
         </n1:Geometric_Info></n1:Level-{level}_Tile_ID>"
    )
}

fn product(dir: &Path, level: &str, image: &str) -> PathBuf {
    let root = dir.join(NAME.replace("L2A", &format!("L{level}")));
    let granule = root.join(format!("GRANULE/L{level}_T31TEJ_A044537_20240101T105441"));
    let image = granule.join("IMG_DATA").join(image);
    std::fs::create_dir_all(image.parent().unwrap()).unwrap();
    std::fs::write(root.join("manifest.safe"), "<xfdu/>").unwrap();
    std::fs::write(root.join(format!("MTD_MSIL{level}.xml")), "<x/>").unwrap();
    std::fs::write(granule.join("MTD_TL.xml"), metadata(level)).unwrap();
    std::fs::copy(folder().join("tci.jp2"), image).unwrap();
    root
}

fn check(mut file: Opened) {
    assert_eq!(file.info.product.as_deref(), Some("sentinel2_msi"));
    let part = file.part().clone();
    assert_eq!((part.shape, file.kind()), ([ROWS, COLS], GeometryKind::ProjectedGrid));
    let span = part.span.unwrap();
    // 2024-01-01T10:54:52.123Z
    assert_eq!(span.start.micros(), 1_704_106_492_123_000);
    let first = &part.fields[0];
    assert_eq!((first.style.method, first.components.len()), (Some(Method::Rgb), 3));
    // pyproj 3.7: Transformer.from_crs(32631, 4326, always_xy=True).transform(500030, 4899990), and of the last pixel
    for (row, col, lon, lat) in
        [(0, 0, 3.000_375_787_1, 44.253_147_487_0), (619, 699, 3.522_762_164_8, 43.917_566_441_3)]
    {
        let p = file.probe("red", 0, &[], row, col).position.unwrap();
        assert!((p.lon_deg - lon).abs() < 1e-7 && (p.lat_deg - lat).abs() < 1e-7, "{p:?}");
    }
    let text = std::fs::read_to_string(folder().join("tci.csv")).unwrap();
    let mut full = 0;
    for line in text.lines().skip(1) {
        let n: Vec<usize> = line.split(',').map(|v| v.parse().unwrap()).collect();
        if n[0] > 0 {
            continue;
        }
        let dark = n[3..] == [0, 0, 0];
        for (k, colour) in ["red", "green", "blue"].iter().enumerate() {
            match file.value(colour, n[1], n[2]) {
                // Lossy: decoders round halves of sums in another order.
                Some(v) => assert!((v - n[3 + k] as f64).abs() <= 1.0, "{line}: {colour} {v}"),
                None => assert!(dark, "{line}"),
            }
        }
        full += 1;
    }
    assert_eq!(full, 150);
    // The corner beyond the swath has no colour; a window is what single pixels are.
    assert_eq!(file.value("red", 3, 3), None);
    let window = Window { row: 250, col: 508, rows: 10, cols: 12, stride: 1 };
    let block = file.window("green", window, Apron::None);
    for (k, v) in block.iter().enumerate() {
        assert_eq!(v.map(f64::from), file.value("green", 250 + k / 12, 508 + k % 12));
    }
}

#[test]
fn true_colour_of_folders_and_archives() {
    let products = [toml("sentinel2_msi")];
    let products: Vec<&str> = products.iter().map(String::as_str).collect();
    let dir = tempfile::tempdir().unwrap();
    check(open(&product(dir.path(), "1C", "T31TEJ_20240101T105441_TCI.jp2"), &products).unwrap());
    let root = product(dir.path(), "2A", "R10m/T31TEJ_20240101T105441_TCI_10m.jp2");
    check(open(&root, &products).unwrap());

    let zip = dir.path().join(format!("{}.zip", NAME.trim_end_matches(".SAFE")));
    let mut out = zip::ZipWriter::new(std::fs::File::create(&zip).unwrap());
    let granule = "GRANULE/L2A_T31TEJ_A044537_20240101T105441";
    for file in [
        "manifest.safe",
        "MTD_MSIL2A.xml",
        &format!("{granule}/MTD_TL.xml"),
        &format!("{granule}/IMG_DATA/R10m/T31TEJ_20240101T105441_TCI_10m.jp2"),
    ] {
        out.start_file(format!("{NAME}/{file}"), zip::write::SimpleFileOptions::default()).unwrap();
        out.write_all(&std::fs::read(root.join(file)).unwrap()).unwrap();
    }
    out.finish().unwrap();
    check(open(&zip, &products).unwrap());
}

#[test]
fn a_cog_of_true_colour_is_the_same_product() {
    let Some(dir) = common::granules() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("T18RTN_20240101T155521_TCI_10m.tif");
    std::fs::copy(dir.join("imagery/bahamas_rgb.tif"), &path).unwrap();
    let file = open(&path, &[&toml("sentinel2_msi")]).unwrap();
    assert_eq!(file.info.product.as_deref(), Some("sentinel2_msi"));
    assert_eq!((file.names()[0], file.part().fields[0].components.len()), ("true_colour", 3));
}

#[test]
fn what_is_missing_or_cut_off_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let image = "R10m/T31TEJ_20240101T105441_TCI_10m.jp2";
    let root = product(dir.path(), "2A", image);
    let path = root.join("GRANULE/L2A_T31TEJ_A044537_20240101T105441/IMG_DATA").join(image);
    let bytes = std::fs::read(&path).unwrap();
    for len in [0, 5, 40, 100, 300, bytes.len() / 2, bytes.len() - 40] {
        std::fs::write(&path, &bytes[..len]).unwrap();
        let e = open(&root, &[]).err().unwrap();
        assert!(e.message.contains("JPEG 2000 image"), "{len}: {}", e.message);
    }
    // Any byte turned: a picture or a sentence, no end of the program.
    for k in 0..120 {
        let mut bad = bytes.clone();
        let at = k * 7919 % bad.len();
        bad[at] ^= 1 << (k % 8);
        std::fs::write(&path, &bad).unwrap();
        if let Ok(mut file) = open(&root, &[]) {
            let (source, fields, extra) = (file.source.clone(), vec!["red".to_owned()], Vec::new());
            let (row, col) = (k * 5, k * 5 + 40);
            let request = seaglass_core::protocol::Request::Probe { source, part: 0, fields, step: 0, extra, row, col };
            let _picture_or_sentence = file.reader.handle(request);
        }
    }
    std::fs::remove_file(&path).unwrap();
    let e = open(&root, &[]).err().unwrap();
    assert!(e.message.contains("no image of true colour"), "{}", e.message);
}
