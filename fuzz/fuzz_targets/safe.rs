//! Annotation, calibration and noise of a Sentinel-1 image, in a folder that is otherwise right. The first byte says which
//! of the three the rest is.
#![no_main]

use std::path::PathBuf;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use seaglass_fuzz::{folder, look};

const NAME: &str = "s1a-iw-grd-vv-20240729t172527-20240729t172552-054978-06b28f-001";
const TEXTS: [&str; 3] = [
    include_str!("../seeds/safe/annotation.xml"),
    include_str!("../seeds/safe/calibration.xml"),
    include_str!("../seeds/safe/noise.xml"),
];

fn product() -> &'static [PathBuf; 3] {
    static FILES: OnceLock<[PathBuf; 3]> = OnceLock::new();
    FILES.get_or_init(|| {
        let root = root();
        for below in ["annotation/calibration", "measurement"] {
            std::fs::create_dir_all(root.join(below)).expect("a product");
        }
        std::fs::write(root.join("manifest.safe"), "<xfdu/>").expect("a manifest");
        let image = include_bytes!("../seeds/safe/measurement.tiff");
        std::fs::write(root.join(format!("measurement/{NAME}.tiff")), image).expect("an image");
        [
            root.join(format!("annotation/{NAME}.xml")),
            root.join(format!("annotation/calibration/calibration-{NAME}.xml")),
            root.join(format!("annotation/calibration/noise-{NAME}.xml")),
        ]
    })
}

fn root() -> PathBuf {
    folder().join("S1A_IW_GRDH_1SDV_20240729T172527_20240729T172552_054978_06B28F_0000.SAFE")
}

fuzz_target!(|bytes: &[u8]| {
    let Some((which, text)) = bytes.split_first() else { return };
    for (k, (path, right)) in product().iter().zip(TEXTS).enumerate() {
        let text = if k == usize::from(which % 3) { text } else { right.as_bytes() };
        std::fs::write(path, text).expect("a part of the product");
    }
    look(&root());
});
