//! Unstructured meshes: values lie where their nodes, edges and faces lie, whatever way the file says it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::fixture::plain;
use common::{Opened, add, granules, open, try_written};
use netcdf::FileMut;
use seaglass_core::granule::GeometryKind;

fn at(f: &mut Opened, field: &str, row: usize, lon: f64, lat: f64) {
    let place = f.probe(field, 0, &[], row, 0).position.unwrap();
    let away = (place.lon_deg - lon + 540.0).rem_euclid(360.0) - 180.0;
    assert!(
        away.abs() * lat.to_radians().cos() < 1e-9 && (place.lat_deg - lat).abs() < 1e-9,
        "{place:?} is not {lon} {lat}"
    );
}

fn topology(f: &mut FileMut, attributes: &[(&str, &str)]) -> netcdf::Result<()> {
    let mut v = f.add_variable::<i32>("mesh", &[])?;
    v.put_attribute("cf_role", "mesh_topology")?;
    v.put_attribute("topology_dimension", 2i32)?;
    for (key, value) in attributes {
        v.put_attribute(key, *value)?;
    }
    Ok(())
}

/// Two triangles and a square over the dateline, `[corner, face]` from 1 on, without positions of the faces.
#[test]
fn faces_lie_in_the_middle_of_their_corners() {
    let mut f = try_written(&[], |f| {
        topology(
            f,
            &[
                ("node_coordinates", "node_x node_y"),
                ("face_node_connectivity", "mesh_faces"),
                ("face_dimension", "n_face"),
            ],
        )?;
        f.add_dimension("n_node", 5)?;
        f.add_dimension("n_face", 3)?;
        f.add_dimension("n_corner", 4)?;
        plain(f, "node_x", &["n_node"], &[179.0, -179.0, 180.0, 181.0, 179.0], "degrees_east")?;
        plain(f, "node_y", &["n_node"], &[-1.0, -1.0, 1.0, 1.0, 1.0], "degrees_north")?;
        let mut v = f.add_variable::<i32>("mesh_faces", &["n_corner", "n_face"])?;
        v.put_attribute("cf_role", "face_node_connectivity")?;
        v.put_attribute("start_index", 1i32)?;
        v.put_attribute("_FillValue", -1i32)?;
        // Faces: 1 2 3; 3 4 2; 1 2 4 5.
        v.put_values(&[1, 3, 1, 2, 4, 2, 3, 2, 4, -1, -1, 5], ..)?;
        plain(f, "eta", &["n_face"], &[1.0, 2.0, 3.0], "m")
    })
    .unwrap();
    assert_eq!((f.kind(), f.part().shape, f.names()), (GeometryKind::Points, [3, 1], vec!["eta"]));
    assert_eq!(f.value("eta", 2, 0), Some(3.0));
    // numpy: arctan2 of the sums of cos lat cos lon, cos lat sin lon, sin lat.
    at(&mut f, "eta", 0, 180.000000000000, -0.333397273309);
    at(&mut f, "eta", 1, -179.333329572529, 0.333374705236);
    at(&mut f, "eta", 2, -180.000000000000, 0.000000000000);
}

#[test]
fn radians_are_degrees() {
    // MPAS names no standard names; ICON does, and counts in radians all the same.
    let mut f = try_written(&[], |f| {
        f.add_dimension("nCells", 3)?;
        f.add_dimension("maxEdges", 6)?;
        plain(f, "lonCell", &["nCells"], &[0.0, 1.5, 6.0], "rad")?;
        plain(f, "latCell", &["nCells"], &[-1.0, 0.25, 1.5], "rad")?;
        add(f, "verticesOnCell", &["nCells", "maxEdges"], &[1i32; 18], &[])?;
        plain(f, "ssh", &["nCells"], &[0.5, 0.25, 0.125], "m")
    })
    .unwrap();
    assert_eq!((f.kind(), f.names()), (GeometryKind::Points, vec!["ssh"]));
    at(&mut f, "ssh", 1, 85.943_669_269_623_48, 14.323_944_878_270_58);
    at(&mut f, "ssh", 2, 343.774_677_078_493_9, 85.943_669_269_623_48);

    let mut f = try_written(&[], |f| {
        f.add_dimension("ncells", 2)?;
        let names = |s| [("units", "radian"), ("standard_name", s)];
        add(f, "clon", &["ncells"], &[1.0, -2.0], &names("longitude"))?;
        add(f, "clat", &["ncells"], &[0.5, -0.5], &names("latitude"))?;
        plain(f, "to", &["ncells"], &[10.0, 20.0], "degC")
    })
    .unwrap();
    at(&mut f, "to", 0, 57.295_779_513_082_32, 28.647_889_756_541_16);
    at(&mut f, "to", 1, -114.591_559_026_164_64, -28.647_889_756_541_16);
}

#[test]
fn a_file_of_fesom_takes_the_mesh_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("sst.fesom.2000.nc");
    let mut f = netcdf::create(&data).unwrap();
    f.add_dimension("nod2", 3).unwrap();
    plain(&mut f, "sst", &["nod2"], &[1.0, 2.0, 3.0], "C").unwrap();
    f.close().unwrap();
    let alone = open(&data, &[]).err().unwrap();
    assert!(alone.message.contains("fesom.mesh.diag.nc"), "{}", alone.message);
    let mut f = netcdf::create(dir.path().join("fesom.mesh.diag.nc")).unwrap();
    f.add_dimension("nod2", 3).unwrap();
    plain(&mut f, "unused", &["nod2"], &[0.0; 3], "1").unwrap();
    add(&mut f, "lon", &["nod2"], &[10.0, 20.0, 30.0], &[("units", "degrees_east"), ("standard_name", "longitude")])
        .unwrap();
    add(&mut f, "lat", &["nod2"], &[-10.0, 0.0, 70.0], &[("units", "degrees_north"), ("standard_name", "latitude")])
        .unwrap();
    f.close().unwrap();
    let mut f = open(&data, &[]).unwrap();
    assert_eq!((f.kind(), f.names()), (GeometryKind::Points, vec!["sst"]));
    at(&mut f, "sst", 2, 30.0, 70.0);
    assert!(f.info.notes.iter().any(|n| n.contains("fesom.mesh.diag.nc")), "{:?}", f.info.notes);
}

/// Real meshes, with values and places as netCDF4-python gives them.
#[test]
fn real_meshes() {
    let Some(dir) = granules() else { return println!("skipped: no granules here") };
    let dir = dir.join("unstructured");
    for (file, field, row, value, lon, lat) in REAL {
        let path = dir.join(file);
        if !path.exists() {
            println!("skipped: {file} is not here");
            continue;
        }
        let mut f = open(&path, &[]).unwrap_or_else(|e| panic!("{file}: {}", e.message));
        let got = f.value(field, row, 0).unwrap();
        assert!((got - value).abs() <= 1e-9 * value.abs(), "{file}: {got} is not {value}");
        let place = f.probe(field, 0, &[], row, 0).position.unwrap();
        let away = (place.lon_deg - lon + 540.0).rem_euclid(360.0) - 180.0;
        assert!(away.abs() * lat.to_radians().cos() < 1e-5 && (place.lat_deg - lat).abs() < 1e-5, "{file}: {place:?}");
        assert!(
            !f.names().iter().any(|n| n.contains("connectivity") || n.ends_with("face_nodes")),
            "{file}: {:?}",
            f.names()
        );
    }
}

/// File, field, row, value, longitude, latitude.
const REAL: [(&str, &str, usize, f64, f64, f64); 4] = [
    ("ugrid_fesom_sst.fesom.1948.nc", "sst", 1000, 1.8889804033415218, -48.499292200, 48.523723470),
    ("ugrid_fesom_fesom.mesh.diag.nc", "elem_area", 100, 906590716.3632557, -59.254668284, 72.835831216),
    ("icon_extpar_0010_R02B04_G.nc", "SOILTYP", 5000, 9.0, -15.117748124, 36.629016438),
    ("tri_ring.nc", "u", 50, -0.17364817766693, 0.095506498, 0.541644264),
];
