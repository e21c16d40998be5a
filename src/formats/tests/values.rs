//! From raw numbers to values: packing, missing data, flags, windows.

mod common;

use common::{Opened, add, axes, open, try_written, written};
use seaglass_core::columns::Column;
use seaglass_core::field::{Apron, FieldKind, Window};
use seaglass_core::protocol::{Answer, Request};

#[test]
fn packing_is_single_precision_where_the_attributes_are() {
    let mut f = written(|f| {
        axes(f, 1, 3)?;
        let mut v = f.add_variable::<i16>("a", &["lat", "lon"])?;
        v.put_attribute("scale_factor", 0.01f32)?;
        v.put_attribute("add_offset", 273.15f32)?;
        v.put_attribute("_FillValue", -1i16)?;
        v.put_values(&[2700i16, -1, 0], ..)?;
        let mut v = f.add_variable::<i16>("b", &["lat", "lon"])?;
        v.put_attribute("scale_factor", 0.01f64)?;
        v.put_attribute("add_offset", 273.15f64)?;
        v.put_values(&[2700i16, -32_767, 0], ..)
    });
    assert_eq!(f.value("a", 0, 0), Some(f64::from(2700.0f32 * 0.01f32 + 273.15f32)));
    assert_eq!(f.value("a", 0, 1), None);
    assert_eq!(f.value("b", 0, 0), Some(2700.0 * 0.01 + 273.15));
    assert_eq!(f.value("b", 0, 1), None, "the default fill value counts where none is declared");
    assert_eq!(f.all("b"), [Some(300.15), None, Some(273.15)]);
    assert_eq!(f.part().fields.iter().find(|x| x.name == "b").unwrap().packing_step, Some(0.01));
}

#[test]
fn unsigned_and_vectors_of_missing_values() {
    let mut f = written(|f| {
        axes(f, 1, 4)?;
        let mut v = f.add_variable::<i8>("u", &["lat", "lon"])?;
        v.put_attribute("_Unsigned", "true")?;
        v.put_attribute("_FillValue", -1i8)?;
        v.put_values(&[-2i8, -1, 0, 127], ..)?;
        let mut v = f.add_variable::<f32>("m", &["lat", "lon"])?;
        v.put_attribute("missing_value", vec![-999.9f64, -1.0])?;
        v.put_values(&[-999.9f32, -1.0, f32::NAN, 5.0], ..)?;
        let mut v = f.add_variable::<u8>("s", &["lat", "lon"])?;
        v.put_attribute("_Unsigned", "false")?;
        v.put_values(&[255u8, 0, 1, 127], ..)
    });
    assert_eq!(f.all("u"), [Some(254.0), None, Some(0.0), Some(127.0)]);
    assert_eq!(f.all("m"), [None, None, None, Some(5.0)], "a double -999.9 marks single -999.9");
    assert_eq!(f.all("s"), [Some(-1.0), Some(0.0), Some(1.0), Some(127.0)]);
}

#[test]
fn valid_range_is_packed_or_unpacked_by_its_type() {
    let mut f = written(|f| {
        axes(f, 1, 3)?;
        for (name, packed) in [("p", true), ("q", false)] {
            let mut v = f.add_variable::<i16>(name, &["lat", "lon"])?;
            v.put_attribute("scale_factor", 0.2f32)?;
            if packed {
                v.put_attribute("valid_min", 0i16)?;
                v.put_attribute("valid_max", 50i16)?;
            } else {
                v.put_attribute("valid_range", vec![0.0f32, 50.0])?;
            }
            v.put_values(&[-1i16, 50, 100], ..)?;
        }
        let mut v = f.add_variable::<f64>("t", &["lat", "lon"])?;
        v.put_attribute("valid_range", "-90., 90.")?;
        v.put_values(&[-91.0, 0.0, 1.0], ..)
    });
    assert_eq!(f.all("p"), [None, Some(10.0), None]);
    assert_eq!(f.all("q"), [None, Some(10.0), Some(20.0)]);
    assert_eq!(f.all("t"), [None, Some(0.0), Some(1.0)], "limits written as a text count");
}

#[test]
fn attributes_of_the_wrong_kind_are_left_out_with_a_note() {
    let mut f = written(|f| {
        axes(f, 1, 2)?;
        let mut v = f.add_variable::<i32>("a", &["lat", "lon"])?;
        v.put_attribute("add_offset", "c")?;
        v.put_values(&[1i32, 2], ..)
    });
    assert_eq!(f.all("a"), [Some(1.0), Some(2.0)]);
    assert!(f.info.notes.iter().any(|n| n.contains("add_offset")), "{:?}", f.info.notes);
}

#[test]
fn flags_have_meanings() {
    let mut f = written(|f| {
        axes(f, 1, 3)?;
        let mut v = f.add_variable::<u8>("mask", &["lat", "lon"])?;
        v.put_attribute("flag_masks", vec![1u8, 2, 4])?;
        v.put_attribute("flag_meanings", "water land ice")?;
        v.put_values(&[1u8, 6, 0], ..)?;
        let mut v = f.add_variable::<u8>("class", &["lat", "lon"])?;
        // Masks that are no bits are values under the wrong name.
        v.put_attribute("flag_masks", vec![0u8, 3, 102])?;
        v.put_attribute("flag_meanings", "good doubtful no_data")?;
        v.put_values(&[102u8, 3, 2], ..)
    });
    assert_eq!(f.probe("mask", 0, &[], 0, 1).values[0].meanings, ["land", "ice"]);
    assert_eq!(f.probe("class", 0, &[], 0, 0).values[0].meanings, ["no_data"]);
    assert!(f.probe("class", 0, &[], 0, 2).values[0].meanings.is_empty());
    assert!(f.part().fields.iter().all(|x| matches!(x.kind, FieldKind::Flags { .. })));
}

#[test]
fn windows_with_stride_and_apron() {
    let mut f = written(|f| {
        f.add_dimension("lat", 4)?;
        f.add_dimension("lon", 8)?;
        add(f, "lat", &["lat"], &[-30.0, -10.0, 10.0, 30.0], &[("units", "degrees_north")])?;
        let lon: Vec<f64> = (0..8).map(|k| 45.0 * f64::from(k)).collect();
        add(f, "lon", &["lon"], &lon, &[("units", "degrees_east")])?;
        let v: Vec<f32> = (0..32u8).map(f32::from).collect();
        add(f, "a", &["lat", "lon"], &v, &[])
    });
    let w = Window { row: 1, col: 0, rows: 2, cols: 2, stride: 1 };
    let some = |v: &[f32]| v.iter().map(|x| (*x >= 0.0).then_some(*x)).collect::<Vec<_>>();
    assert_eq!(f.window("a", w, Apron::None), some(&[8.0, 9.0, 16.0, 17.0]));
    let edge = [-1.0, 0.0, 1.0, 2.0, -1.0, 8.0, 9.0, 10.0, -1.0, 16.0, 17.0, 18.0, -1.0, 24.0, 25.0, 26.0];
    assert_eq!(f.window("a", w, Apron::Edge), some(&edge));
    let wrap = [7.0, 0.0, 1.0, 2.0, 15.0, 8.0, 9.0, 10.0, 23.0, 16.0, 17.0, 18.0, 31.0, 24.0, 25.0, 26.0];
    assert_eq!(f.window("a", w, Apron::Wrap), some(&wrap));
    let coarse = Window { row: 2, col: 2, rows: 1, cols: 2, stride: 4 };
    assert_eq!(f.window("a", coarse, Apron::None), some(&[18.0, 22.0]));
    assert_eq!(f.stats("a").map(|s| (s.count, s.min, s.max, s.mean)), Some((32, 0.0, 31.0, 15.5)));
}

const PRODUCT: &str = r#"
[product]
id = "test"
title = "A test"
[match]
variables = ["*/ssh"]
[[field]]
variable = "*/ssh"
title = "Height"
[[field]]
name = "good"
variable = "*/ssh"
keep = [{ variable = "qual", no_bits = 2 }]
[[field]]
name = "speed"
magnitude = ["*/u", "*/v"]
units = "m/s"
[[field]]
name = "total"
sum = ["*/ssh", "*/u"]
"#;

fn half(g: &mut netcdf::GroupMut<'_>, shift: f64) -> netcdf::Result<()> {
    g.add_dimension("y", 2)?;
    g.add_dimension("x", 2)?;
    let mut put = |name: &str, units: &str, values: [f64; 4]| {
        let mut v = g.add_variable::<f64>(name, &["y", "x"])?;
        v.put_attribute("units", units)?;
        v.put_values(&values, ..)
    };
    put("longitude", "degrees_east", [shift, shift + 1.0, shift, shift + 1.0])?;
    put("latitude", "degrees_north", [0.0, 0.0, 1.0, 1.0])?;
    put("ssh", "m", [1.0, 2.0, 3.0, 4.0])?;
    put("qual", "1", [0.0, 1.0, 2.0, 3.0])?;
    put("u", "cm/s", [3.0; 4])?;
    put("v", "cm/s", [4.0; 4])?;
    let mut qual = g.variable_mut("qual").ok_or("no variable")?;
    qual.put_attribute("flag_masks", vec![1.0f64, 2.0])?;
    qual.put_attribute("flag_meanings", "rain_nearby land_nearby")?;
    let mut u = g.variable_mut("u").ok_or("no variable")?;
    u.put_attribute("ancillary_variables", "v qual")?;
    Ok(())
}

#[test]
fn products_derive_mask_and_name_fields_in_every_group() {
    let mut f = try_written(&[PRODUCT], |f| {
        half(&mut f.add_group("left")?, 10.0)?;
        half(&mut f.add_group("right")?, 20.0)
    })
    .unwrap();
    assert_eq!(f.info.product.as_deref(), Some("test"));
    assert_eq!(f.info.parts.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["left", "right"]);
    for p in &f.info.parts {
        assert_eq!(
            p.fields.iter().take(4).map(|x| x.name.as_str()).collect::<Vec<_>>(),
            ["ssh", "good", "speed", "total"]
        );
        assert_eq!((p.fields[0].title(), p.fields[2].units.as_str()), ("Height".to_owned(), "m/s"));
    }
    assert_eq!(f.all("good"), [Some(1.0), Some(2.0), None, None]);
    assert_eq!(f.all("speed"), [Some(5.0); 4]);
    assert_eq!(f.all("total"), [Some(4.0), Some(5.0), Some(6.0), Some(7.0)]);
    // The mask's variable says how good the values are, for every field of the variable that is masked, and so does what
    // the file calls ancillary.
    let quality: Vec<Option<&str>> = f.info.parts[0].fields.iter().take(4).map(|x| x.quality.as_deref()).collect();
    assert_eq!(quality, [Some("qual"); 4]);
    assert!(f.info.parts[0].fields.iter().any(|x| x.name == "qual"), "it can be asked for");
    let hides: Vec<bool> = f.info.parts[0].fields.iter().take(4).map(|x| x.hides_cells).collect();
    assert_eq!(hides, [false, true, false, false]);
    assert_eq!(f.unmasked("good"), [Some(1.0), Some(2.0), Some(3.0), Some(4.0)]);
    let hidden = f.probe("good", 0, &[], 1, 0);
    assert_eq!((hidden.values[0].value, hidden.values[0].masked), (Some(3.0), true));
}

#[test]
fn chunks_read_past_the_library_are_the_same_bits() {
    let Some(dir) = common::granules() else { return };
    let mut compared = 0;
    for family in ["swot", "altimetry", "sst", "wind", "seaice", "currents", "nasty", "sar", "insitu", "oceancolour"] {
        for entry in std::fs::read_dir(dir.join(family)).unwrap() {
            let Ok(ds) = seaglass_formats::dataset::Dataset::open(&entry.unwrap().path()) else { continue };
            for var in 0..ds.vars.len() {
                let shape = ds.shape(var);
                if shape.is_empty() || ds.len(var) == 0 || ds.len(var) > 8 << 20 {
                    continue;
                }
                // The whole, and a block that cuts chunks on every side.
                let inner: Vec<usize> = shape.iter().map(|n| n / 3).collect();
                let part: Vec<usize> = shape.iter().map(|n| (n / 2).max(1)).collect();
                for (start, count) in [(vec![0; shape.len()], shape.clone()), (inner, part)] {
                    if let Some(fast) = ds.by_chunks(var, &start, &count) {
                        let slow = ds.read(var, &start, &count).unwrap();
                        let same = bits(&fast) == bits(&slow);
                        assert!(same, "{} {} {start:?} {count:?}", ds.path.display(), ds.vars[var].path);
                        compared += 1;
                    }
                }
            }
        }
    }
    println!("{compared} blocks are equal");
    assert!(compared > 100, "{compared}");
}

fn bits(raw: &seaglass_formats::raw::Raw) -> Vec<u64> {
    (0..raw.len()).map(|k| raw.get(k).to_bits()).collect()
}

#[test]
fn every_nasty_file_ends_in_an_answer() {
    let Some(dir) = common::granules() else { return };
    for entry in std::fs::read_dir(dir.join("nasty")).unwrap() {
        let path = entry.unwrap().path();
        let start = std::time::Instant::now();
        match open(&path, &[]) {
            Ok(mut f) => {
                let field = f.names()[0].to_owned();
                let whole = f.part().fields[0].extra_dims.is_empty();
                if whole {
                    f.all(&field);
                }
                f.geolocation();
            }
            Err(e) => assert!(e.message.ends_with(['.', '!']) && e.message.len() > 20, "{}", e.message),
        }
        assert!(start.elapsed().as_secs() < 10, "{}", path.display());
    }
}

#[test]
fn files_cut_off_anywhere_are_refused_or_read() {
    use netcdf::Options;
    for (kind, options) in
        [("64-bit offset", Options::_64BIT_OFFSET), ("CDF-5", Options::_64BIT_DATA), ("netCDF-4", Options::NETCDF4)]
    {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("whole.nc");
        let mut file = netcdf::create_with(&path, options).unwrap();
        file.add_dimension("lat", 40).unwrap();
        file.add_dimension("lon", 50).unwrap();
        for (name, dims, units) in
            [("lat", &["lat"][..], "degrees_north"), ("lon", &["lon"], "degrees_east"), ("a", &["lat", "lon"], "m")]
        {
            file.add_variable::<f64>(name, dims).unwrap().put_attribute("units", units).unwrap();
        }
        // Classic files are first defined, then filled.
        file.enddef().unwrap();
        for (name, n) in [("lat", 40), ("lon", 50), ("a", 2000)] {
            let values: Vec<f64> = (0..n).map(|k| 0.5 * f64::from(k)).collect();
            file.variable_mut(name).unwrap().put_values(&values, ..).unwrap();
        }
        file.close().unwrap();
        assert!(open(&path, &[]).is_ok());
        let bytes = std::fs::read(&path).unwrap();
        for cut in [0, 3, 8, 40, bytes.len() / 2, bytes.len() - 9] {
            let short = dir.path().join("short.nc");
            std::fs::write(&short, &bytes[..cut]).unwrap();
            let message = open(&short, &[]).err().map(|e| e.message).unwrap_or_default();
            assert!(!message.is_empty(), "{kind} cut at {cut} of {} was opened", bytes.len());
        }
    }
}

#[test]
fn a_few_values_in_a_large_field_show_from_afar() {
    let mut f = written(|f| {
        axes(f, 64, 48)?;
        let mut v = f.add_variable::<f32>("sparse", &["lat", "lon"])?;
        let mut values = vec![f32::NAN; 64 * 48];
        values[17 * 48 + 33] = 5.0;
        values[63 * 48 + 47] = 7.0;
        v.put_values(&values, ..)
    });
    // Every 16th value, from the middle of the blocks: sampling alone meets none of the two.
    let window = Window { row: 8, col: 8, rows: 4, cols: 3, stride: 16 };
    for (apron, width, edge) in [(Apron::None, 3, 0), (Apron::Edge, 5, 1)] {
        let got = f.window("sparse", window, apron);
        let shown: Vec<(usize, f32)> = got.iter().enumerate().filter_map(|(k, v)| Some((k, (*v)?))).collect();
        assert_eq!(shown, [((1 + edge) * width + 2 + edge, 5.0), ((3 + edge) * width + 2 + edge, 7.0)]);
    }
}

/// The values of a window as programs get them.
fn exact(f: &mut Opened, field: &str, window: Window, unmasked: bool) -> Column {
    let request = Request::Exact { of: f.at(field, unmasked), window };
    match f.reader.handle(request) {
        (Answer::Exact { window: w, ty }, bytes) if w == window => {
            Column::from_payload(ty, w.len(), &bytes).unwrap_or_else(|| panic!("no column"))
        }
        (other, _) => panic!("{other:?}"),
    }
}

#[test]
fn exact_values_lose_no_digit() {
    const LARGE: i64 = (1 << 60) + 1;
    // Beyond what is signed, and not so near to the default fill value that it could be taken for it.
    const HUGE: u64 = (1 << 63) + 1;
    let mut f = written(|f| {
        axes(f, 2, 3)?;
        let mut v = f.add_variable::<i64>("count", &["lat", "lon"])?;
        v.put_attribute("_FillValue", -1i64)?;
        v.put_values(&[LARGE, LARGE + 1, -1, 7, -8, LARGE + 4], ..)?;
        add(f, "huge", &["lat", "lon"], &[HUGE, 1, 2, 3, 4, 5], &[])?;
        add(f, "fine", &["lat", "lon"], &[1e6 + 1e-3, f64::NAN, 1e6, 1e9 + 1e-6, 0.1, 0.2], &[])?;
        let mut v = f.add_variable::<i16>("packed", &["lat", "lon"])?;
        v.put_attribute("scale_factor", 0.01f64)?;
        v.put_values(&[1i16, 2, 3, 4, 5, 6], ..)
    });
    let all = Window { row: 0, col: 0, rows: 2, cols: 3, stride: 1 };
    let gap = seaglass_core::columns::MISSING;
    assert_eq!(exact(&mut f, "count", all, false), Column::I64(vec![LARGE, LARGE + 1, gap, 7, -8, LARGE + 4]));
    let Column::F64(fine) = exact(&mut f, "fine", all, false) else { panic!("not of 64 bits") };
    assert!(fine[0] == 1e6 + 1e-3 && fine[1].is_nan() && fine[3] == 1e9 + 1e-6);
    let packed = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0].map(|k: f64| k * 0.01);
    assert_eq!(exact(&mut f, "packed", all, true), Column::F64(packed.to_vec()));
    let coarse = Window { row: 1, col: 0, rows: 1, cols: 2, stride: 2 };
    assert_eq!(exact(&mut f, "count", coarse, false), Column::I64(vec![7, LARGE + 4]));
    // Under the cursor, too.
    let whole = |f: &mut Opened, name: &str, row, col| f.probe(name, 0, &[], row, col).values[0].whole.clone();
    assert_eq!(whole(&mut f, "count", 0, 1), Some((LARGE + 1).into()));
    assert_eq!(whole(&mut f, "count", 0, 2), None, "missing");
    assert_eq!(whole(&mut f, "huge", 0, 0), Some(HUGE.into()));
    assert_eq!((whole(&mut f, "packed", 0, 0), whole(&mut f, "fine", 0, 0)), (None, None));
}

#[test]
fn a_time_that_is_none_is_said() {
    for bad in [f64::NAN, 1e36] {
        let mut f = written(|f| {
            axes(f, 1, 2)?;
            f.add_unlimited_dimension("time")?;
            let mut v = f.add_variable::<f64>("time", &["time"])?;
            v.put_attribute("units", "seconds since 2000-01-01")?;
            v.put_values(&[bad], 0..1)?;
            f.add_variable::<f32>("a", &["time", "lat", "lon"])?.put_values(&[1.0f32, 2.0], (0..1, .., ..))
        });
        assert_eq!(f.info.notes, ["time holds no value that is a time."], "{bad}");
        assert_eq!(f.value("a", 0, 1), Some(2.0), "the data are there all the same");
    }
}
