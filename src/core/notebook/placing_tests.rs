use super::*;
use crate::notebook::DataModel;
use std::sync::Arc;

fn point(lon: f32, lat: f32, col: u32, row: u32) -> ControlPoint {
    ControlPoint { time_ms: 0, lon_deg: lon, lat_deg: lat, col, row }
}

fn meta(model: DataModel, points: Vec<ControlPoint>, declared: [u32; 2]) -> GranuleMeta {
    let file = Descriptor {
        shape_rows: declared[0],
        shape_cols: declared[1],
        points: Arc::new(points),
        ..Descriptor::default()
    };
    GranuleMeta { model, files: vec![file], ..GranuleMeta::default() }
}

fn near(placed: &Placed, row: f64, col: f64, lon: f64, lat: f64) {
    let p = placed.geolocation.lonlat_from_index(row, col).unwrap();
    assert!((wrap_180(p.lon_deg - lon)).abs() < 1e-4 && (p.lat_deg - lat).abs() < 1e-4, "{p:?} is not {lon}, {lat}");
}

#[test]
fn corners_of_a_map_give_straight_axes() {
    // 5 columns from 10° to 50°, 3 rows from 0° to 20°; the declared arity is nonsense, as the client sends it.
    let corners =
        vec![point(10.0, 0.0, 0, 0), point(50.0, 0.0, 4, 0), point(10.0, 20.0, 0, 2), point(50.0, 20.0, 4, 2)];
    let placed = positions(&meta(DataModel::RowCell, corners.clone(), [7, 7]), [3, 5]).unwrap();
    assert_eq!(placed.kind, GeometryKind::Grid);
    near(&placed, 1.0, 1.0, 20.0, 10.0);
    near(&placed, 2.0, 4.0, 50.0, 20.0);
    // The same points in any order.
    let shuffled = vec![corners[3], corners[0], corners[2], corners[1]];
    near(&positions(&meta(DataModel::RowCell, shuffled, [2, 2]), [3, 5]).unwrap(), 1.0, 1.0, 20.0, 10.0);
}

#[test]
fn the_whole_earth_and_the_dateline() {
    let band = |west: f32, east: f32| {
        let corners = vec![
            point(west, 80.0, 0, 0),
            point(east, 80.0, 35, 0),
            point(west, -80.0, 0, 8),
            point(east, -80.0, 35, 8),
        ];
        positions(&meta(DataModel::RowCell, corners, [2, 2]), [9, 36]).unwrap()
    };
    let world = band(-175.0, 175.0);
    near(&world, 4.0, 17.0, -5.0, 0.0);
    near(&world, 0.0, 35.0, 175.0, 80.0);
    let across = band(170.0, -155.0);
    near(&across, 4.0, 10.0, -180.0, 0.0);
    near(&across, 8.0, 35.0, -155.0, -80.0);
}

#[test]
fn turned_fields_lie_on_the_sphere() {
    // A diamond: neither axis along a meridian. The middle of a symmetric one on the equator is its centre.
    let corners = vec![point(0.0, -1.0, 0, 0), point(1.0, 0.0, 2, 0), point(-1.0, 0.0, 0, 2), point(0.0, 1.0, 2, 2)];
    let placed = positions(&meta(DataModel::RowCell, corners, [2, 2]), [3, 3]).unwrap();
    assert_eq!(placed.kind, GeometryKind::Swath);
    near(&placed, 1.0, 1.0, 0.0, 0.0);
    near(&placed, 0.0, 2.0, 1.0, 0.0);
}

#[test]
fn points_inside_the_field_are_continued_to_its_edges() {
    // Control points at columns 1 and 3 of 5, rows 0 and 2 of 3, slanted.
    let corners = vec![point(0.0, 0.0, 1, 0), point(0.2, 0.02, 3, 0), point(-0.02, 0.2, 1, 2), point(0.18, 0.22, 3, 2)];
    let placed = positions(&meta(DataModel::RowCell, corners, [2, 2]), [3, 5]).unwrap();
    near(&placed, 0.0, 0.0, -0.1, -0.01);
    near(&placed, 0.0, 4.0, 0.3, 0.03);
    near(&placed, 0.0, 1.0, 0.0, 0.0);
}

#[test]
fn tracks_ignore_numbers_and_keep_gaps() {
    // Track numbers in i, one more value than points, one point without a place.
    let points =
        vec![point(1.0, 1.0, 7, 0), point(f32::NAN, 2.0, 7, 0), point(361.0, 3.0, 7, 0), point(4.0, 4.0, 7, 0)];
    let placed = positions(&meta(DataModel::Time, points, [1, 5]), [1, 5]).unwrap();
    assert_eq!((placed.kind, placed.shape, placed.missing), (GeometryKind::Track, [4, 1], 1));
    assert_eq!(placed.geolocation.lonlat_from_index(1.0, 0.0), None);
    near(&placed, 2.0, 0.0, 1.0, 3.0);
}

#[test]
fn what_is_no_grid_is_refused() {
    let model = DataModel::RowCell;
    let line = vec![point(0.0, 0.0, 0, 0), point(1.0, 0.0, 4, 0)];
    assert!(positions(&meta(model, line, [1, 2]), [3, 5]).is_err());
    let three = vec![point(0.0, 0.0, 0, 0), point(1.0, 0.0, 4, 0), point(0.0, 1.0, 0, 2)];
    assert!(positions(&meta(model, three, [1, 1]), [3, 5]).is_err());
    let nowhere = vec![point(f32::NAN, 0.0, 0, 0), point(f32::INFINITY, 0.0, 1, 0), point(0.0, 91.0, 2, 0)];
    assert!(positions(&meta(DataModel::Time, nowhere, [1, 3]), [1, 3]).is_err());
    // Points that all claim to be cell 0, 0 fall back on the declared rows and columns.
    let unnumbered =
        vec![point(10.0, 0.0, 0, 0), point(50.0, 0.0, 0, 0), point(10.0, 20.0, 0, 0), point(50.0, 20.0, 0, 0)];
    near(&positions(&meta(model, unnumbered, [2, 2]), [3, 5]).unwrap(), 1.0, 1.0, 20.0, 10.0);
}
