//! Ocean colour: swaths and grids of NASA, ESA, Copernicus; OLCI folders.

use std::path::Path;

use netcdf::FileMut;
use seaglass_core::granule::GeometryKind;

use crate::common::fixture::{Written, begins, fixture, grid, near, packed, plain, shown, times, toml};
use crate::common::{Opened, add, open};
use crate::real;

#[test]
fn nasa_swaths_are_masked_as_for_level_3() {
    let (mut f, _dir) = fixture("obpg_l2", "AQUA_MODIS.20240101T120000.L2.OC.nc", |f| {
        f.add_attribute("time_coverage_start", "2024-01-01T12:00:00.000Z")?;
        f.add_attribute("time_coverage_end", "2024-01-01T12:04:59.000Z")?;
        f.add_dimension("number_of_lines", 2)?;
        f.add_dimension("pixels_per_line", 3)?;
        let dims = ["number_of_lines", "pixels_per_line"];
        let mut g = f.add_group("geophysical_data")?;
        let mut v = g.add_variable::<f32>("chlor_a", &dims)?;
        v.put_attribute("units", "mg m^-3")?;
        v.put_attribute("_FillValue", -32_767f32)?;
        v.put_values(&[0.1f32, 0.2, 0.3, 0.4, -32_767.0, 0.6], ..)?;
        // Nothing, LAND, HISATZEN, TURBIDW (not among those that take a cell away), nothing, CLDICE.
        g.add_variable::<i32>("l2_flags", &dims)?.put_values(&[0, 2, 32, 2048, 0, 512], ..)?;
        let mut g = f.add_group("navigation_data")?;
        for (name, unit, values) in [
            ("longitude", "degrees_east", [10.0f32, 10.1, 10.2, 10.0, 10.1, 10.2]),
            ("latitude", "degrees_north", [50.0, 50.0, 50.0, 50.1, 50.1, 50.1]),
        ] {
            let mut v = g.add_variable::<f32>(name, &dims)?;
            v.put_attribute("units", unit)?;
            v.put_values(&values, ..)?;
        }
        Ok(())
    });
    assert_eq!(f.kind(), GeometryKind::Swath);
    begins(&f, &["chlor_a", "chlor_a_all"]);
    let cells = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)];
    assert_eq!(cells.map(|(r, c)| shown(&mut f, "chlor_a", r, c).is_some()), [true, false, false, true, false, false]);
    assert!((f.value("chlor_a_all", 1, 2).unwrap() - 0.6).abs() < 1e-7);
    assert_eq!(f.part().span.unwrap().seconds(), 299.0);
    assert!((f.probe("chlor_a", 0, &[], 1, 2).position.unwrap().lon_deg - 10.2).abs() < 1e-6);
}

#[test]
fn nasa_grids() {
    let (mut f, _dir) = fixture("obpg_l3m", "AQUA_MODIS.20240101.L3m.DAY.SST.sst.4km.nc", |f| {
        f.add_attribute("processing_level", "L3 Mapped")?;
        f.add_attribute("time_coverage_start", "2024-01-01T00:00:01.000Z")?;
        f.add_attribute("time_coverage_end", "2024-01-02T02:59:59.000Z")?;
        grid(f, ["lat", "lon"], 2, 2)?;
        packed(f, "sst", &["lat", "lon"], &[2000, 3000, 4000, 32_767], 0.005, "degree_C")?;
        add(f, "qual_sst", &["lat", "lon"], &[0i8, 1, 2, -1], &[])
    });
    begins(&f, &["sst", "sst_all"]);
    assert_eq!([(0, 0), (0, 1), (1, 0)].map(|(r, c)| shown(&mut f, "sst", r, c)), [Some(10.0), Some(15.0), None]);
    near(f.value("sst_all", 1, 0), 20.0);
    // A real granule; the value is that of netCDF4-python.
    let Some(mut f) = real("oceancolour/A2016241.L3m_DAY_POC_poc_4km.nc", "obpg_l3m") else { return };
    begins(&f, &["poc"]);
    assert!((f.value("poc", 2000, 37).unwrap() - 23.399_902_343_75).abs() < 2e-6);
    assert_eq!(f.part().span.unwrap().start.iso(), "2016-08-28T00:15:10Z");
}

#[test]
fn chlorophyll_of_merged_sensors() {
    let (mut f, _dir) =
        fixture("oc_cci_l3", "ESACCI-OC-L3S-CHLOR_A-MERGED-1D_DAILY_4km_GEO_PML_OCx-20200101-fv6.0.nc", |f| {
            times(f, "time", &[18_262.0], "days since 1970-01-01 00:00:00")?;
            grid(f, ["lat", "lon"], 2, 2)?;
            plain(f, "chlor_a", &["time", "lat", "lon"], &[0.1, 0.2, 0.3, f64::NAN], "milligram m-3")
        });
    begins(&f, &["chlor_a"]);
    near(f.value("chlor_a", 0, 1), 0.2);
    assert_eq!(f.part().span.unwrap().seconds().round(), 86_400.0);
    let (mut f, _dir) = fixture("cmems_oc", "20240101_cmems_obs-oc_glo_bgc-plankton_my_l3-multi-4km_P1D.nc", |f| {
        times(f, "time", &[19_723.0], "days since 1970-01-01")?;
        grid(f, ["latitude", "longitude"], 2, 2)?;
        plain(f, "CHL", &["time", "latitude", "longitude"], &[1.0, 2.0, 3.0, 4.0], "milligram m-3")?;
        add(f, "flags", &["time", "latitude", "longitude"], &[0i8, 1, 0, 0], &[("flag_meanings", "land water")])
    });
    begins(&f, &["CHL", "flags"]);
    near(f.value("CHL", 1, 0), 3.0);
}

/// What writes a file.
type Write<'w> = &'w dyn Fn(&mut FileMut) -> Written;

/// A folder of the Sentinel-3 land and ocean instruments: a file a quantity, positions in one of their own.
fn folder(name: &str, product: &str, files: &[(&str, Write<'_>)]) -> (Opened, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join(name);
    std::fs::create_dir(&root).unwrap();
    std::fs::write(root.join("xfdumanifest.xml"), "<xfdu/>").unwrap();
    let create = |file: &str, write: &dyn Fn(&mut FileMut) -> Written| {
        let mut f = netcdf::create(Path::new(&root).join(file)).unwrap();
        f.add_dimension("rows", 2).unwrap();
        f.add_dimension("columns", 3).unwrap();
        write(&mut f).unwrap();
        f.close().unwrap();
    };
    create("geo_coordinates.nc", &|f| {
        let dims = ["rows", "columns"];
        let north = [("units", "degrees_north"), ("standard_name", "latitude")];
        let east = [("units", "degrees_east"), ("standard_name", "longitude")];
        add(f, "latitude", &dims, &[50.0, 50.0, 50.0, 50.01, 50.01, 50.01], &north)?;
        add(f, "longitude", &dims, &[1.0, 1.01, 1.02, 1.0, 1.01, 1.02], &east)
    });
    create("time_coordinates.nc", &|f| {
        let text = [("units", "microseconds since 2000-01-01 00:00:00")];
        add(f, "time_stamp", &["rows"], &[757_382_400_000_000i64, 757_382_400_044_000], &text)
    });
    for (file, write) in files {
        create(file, *write);
    }
    let opened = open(&root, &[&toml(product)]).unwrap();
    assert_eq!(opened.info.product.as_deref(), Some(product), "{:?}", opened.info.notes);
    (opened, dir)
}

#[test]
fn olci_water() {
    let dims = ["rows", "columns"];
    let name = "S3A_OL_2_WFR____20240101T000000_20240101T000300_20240102T000000_0179_107_001_1980_MAR_O_NT_003.SEN3";
    let (mut f, _dir) = folder(
        name,
        "sentinel3_olci_l2",
        &[
            ("chl_oc4me.nc", &|f| plain(f, "CHL_OC4ME", &dims, &[-1.0, 0.0, 1.0, f64::NAN, 0.5, 0.0], "lg(re mg.m-3)")),
            ("chl_nn.nc", &|f| plain(f, "CHL_NN", &dims, &[0.0; 6], "lg(re mg.m-3)")),
            // WATER; WATER and CLOUD; WATER and OC4ME_FAIL; WATER; WATER and CLOUD_MARGIN; a high bit that means nothing bad.
            ("wqsf.nc", &|f| {
                add(
                    f,
                    "WQSF",
                    &dims,
                    &[2u64, 10, 2 + 262_144, 2, 2 + 16_777_216, 2 + (1 << 40)],
                    &[("flag_meanings", "x")],
                )
            }),
        ],
    );
    assert_eq!((f.kind(), f.part().shape), (GeometryKind::Swath, [2, 3]));
    begins(&f, &["chl_oc4me", "chl_nn"]);
    near(shown(&mut f, "chl_oc4me", 0, 0), 0.1);
    let cells = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)];
    let kept = |f: &mut Opened, field: &str| cells.map(|(r, c)| shown(f, field, r, c).is_some());
    assert_eq!(kept(&mut f, "chl_oc4me"), [true, false, false, false, false, true]);
    assert_eq!(kept(&mut f, "chl_nn"), [true, false, true, true, false, true]);
    assert_eq!(f.part().fields[0].units, "mg m-3");
    assert_eq!(f.part().span.unwrap().start.iso(), "2024-01-01T00:00:00Z");
}

#[test]
fn olci_colours() {
    let dims = ["rows", "columns"];
    let name = "S3B_OL_1_EFR____20240101T000000_20240101T000300_20240102T000000_0179_107_001_1980_PS2_O_NT_003.SEN3";
    let radiance = |band: &'static str, base: i16| {
        move |f: &mut FileMut| {
            let raw = [base, base + 1, base + 2, base + 3, base + 4, 32_767];
            packed(f, band, &dims, &raw, 0.01, "mW.m-2.sr-1.nm-1")
        }
    };
    let (mut f, _dir) = folder(
        name,
        "sentinel3_olci_l1",
        &[
            ("Oa08_radiance.nc", &radiance("Oa08_radiance", 3000)),
            ("Oa06_radiance.nc", &radiance("Oa06_radiance", 5000)),
            ("Oa04_radiance.nc", &radiance("Oa04_radiance", 8000)),
        ],
    );
    begins(&f, &["true_colour", "Oa08_radiance", "Oa06_radiance", "Oa04_radiance"]);
    assert_eq!(f.part().fields[0].components, ["Oa08_radiance", "Oa06_radiance", "Oa04_radiance"]);
    near(f.value("Oa04_radiance", 1, 0), 80.03);
    assert_eq!(f.value("Oa06_radiance", 1, 2), None);
}
