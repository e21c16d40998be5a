//! Granules in the words of the protocol: searching them, and which are shown now.

use std::path::Path;
use std::sync::Arc;

use seaglass_core::granule::{GeometryKind, Granule};
use seaglass_core::notebook::{
    CollectionKey, ControlPoint, DataModel, Descriptor, FILE_SOURCE, GranuleKey, GranuleMeta, MetaBounds, MetaTexts,
    POLYGONS, POLYLINES, USER_SOURCE,
};
use seaglass_core::session::Session;
use seaglass_core::shapes::{Shape, ShapeKind};

use crate::wire::Search;

/// Metres of a degree of latitude, roughly.
const DEGREE_M: f64 = 111_195.0;
/// Metres of a pixel by metre of altitude, on a screen of 800 rows: 2 tan 22.5° / 800.
const PIXEL_SHARE: f64 = 0.001_035_5;
/// The last time the protocol can name, milliseconds since 1970.
const LAST_MS: u64 = 253_402_300_799_000;

/// Granules of the named collections that meet the window, each once.
pub(super) fn search(session: &Session, search: &Search) -> Vec<GranuleMeta> {
    let mut found = Vec::new();
    let mut seen = Vec::new();
    for key in &search.collections {
        if seen.contains(key) {
            continue;
        }
        seen.push(*key);
        let must_be_current = match session.notebook().collection(*key) {
            Some(c) => c.must_be_current,
            None => of(session, *key).is_some_and(|c| c.must_be_current),
        };
        let ms = |seconds: u64| seconds.saturating_mul(1000);
        let fits = |start: u64, stop: u64| {
            let current = !must_be_current || (start <= ms(search.current_s) && ms(search.current_s) < stop);
            start <= ms(search.stop_s) && stop > ms(search.start_s) && current
        };
        if let Some(kind) = kind_of_shapes(*key) {
            let shapes = session.project().shapes.iter().filter(|s| s.geometry.kind == kind);
            found.extend(shapes.map(|s| of_shape(s, *key)).filter(|m| fits(m.start_ms, m.stop_ms)));
        } else if key.source != FILE_SOURCE {
            let all = session.notebook().granules(*key).map(|g| &g.granule.meta);
            let fitting = all.filter(|m| fits(m.start_ms, m.stop_ms)).cloned();
            found.extend(fitting.map(|m| at_zoom(m, search.altitude_m)));
        } else if let Some(c) = of(session, *key) {
            found.extend(c.granules.iter().map(|g| meta(g, *key)).filter(|m| fits(m.start_ms, m.stop_ms)));
        }
    }
    found
}

/// Of several resolutions of a granule the coarsest whose cells are no larger than a pixel from that altitude, else the
/// finest; all where no altitude is said.
fn at_zoom(mut meta: GranuleMeta, altitude_m: f32) -> GranuleMeta {
    if meta.files.len() < 2 || !altitude_m.is_finite() || altitude_m <= 0.0 {
        return meta;
    }
    let pixel_m = f64::from(altitude_m) * PIXEL_SHARE;
    let fine_enough = |d: &&Descriptor| f64::from(d.resolution_m) <= pixel_m;
    let by_size = |a: &&Descriptor, b: &&Descriptor| a.resolution_m.total_cmp(&b.resolution_m);
    let coarsest = meta.files.iter().filter(fine_enough).max_by(by_size);
    let chosen = coarsest.or_else(|| meta.files.iter().min_by(by_size)).cloned();
    meta.files = chosen.into_iter().collect();
    meta
}

fn of(session: &Session, key: CollectionKey) -> Option<&seaglass_core::catalogue::Collection> {
    session.catalogue().collections.get(&session.notebook().collection_id(key)?)
}

/// Granules the visible layers show at the present time, wherever the camera looks, with the variable they are shown for.
pub(super) fn visible(session: &Session) -> Vec<(String, GranuleKey, u32)> {
    let mut all = Vec::new();
    let project = session.project();
    for layer in project.layers.iter().filter(|l| project.shows(l)) {
        let Some(collection) = session.catalogue().collections.get(&layer.collection) else { continue };
        let Some(variable) = session.notebook().variable_key(&layer.collection, &layer.field) else { continue };
        for granule in collection.shown_at(&layer.field, &layer.style, &project.timeline) {
            let (uri, granule) = granule_name(session, granule);
            all.push((uri, GranuleKey { of: variable.of, granule }, variable.variable));
        }
    }
    all
}

/// Name and number of a granule in the words of the protocol.
pub fn granule_name(session: &Session, granule: &Granule) -> (String, u64) {
    match session.notebook().granule_at(&granule.path) {
        Some(stored) => {
            let meta = &stored.granule.meta;
            (meta.files.first().map(|f| f.uri.clone()).unwrap_or_default(), meta.key.granule)
        }
        None => (uri(granule), granule.id.0),
    }
}

/// What the two collections of shapes hold; `None` for all other collections.
fn kind_of_shapes(key: CollectionKey) -> Option<ShapeKind> {
    match (key.source, key.collection) {
        (USER_SOURCE, POLYGONS) => Some(ShapeKind::Polygon),
        (USER_SOURCE, POLYLINES) => Some(ShapeKind::Polyline),
        _ => None,
    }
}

/// A shape as a granule without time: its vertices are control points in one row.
fn of_shape(shape: &Shape, of: CollectionKey) -> GranuleMeta {
    let places = shape.geometry.lines.iter().flat_map(|l| &l.places);
    let point = |(k, p): (usize, &seaglass_core::geo::LonLat)| ControlPoint {
        time_ms: 0,
        lon_deg: p.lon_deg as f32,
        lat_deg: p.lat_deg as f32,
        col: k as u32,
        row: 0,
    };
    let points: Vec<ControlPoint> = places.enumerate().map(point).collect();
    let cols = points.len() as u32;
    let bounds = shape.geometry.bounds();
    let uri = format!("shape:{}/{}", of.collection, shape.number);
    let (shape_cols, shape_rows) = (cols, 1);
    let points = Arc::new(points);
    let file = Descriptor { uri, resolution_m: 0.0, cols, rows: 1, halvings: 0, shape_cols, shape_rows, points };
    GranuleMeta {
        key: GranuleKey { of, granule: shape.number },
        data_id: shape.name.clone(),
        model: DataModel::Time,
        start_ms: 0,
        stop_ms: LAST_MS,
        files: vec![file],
        texts: MetaTexts { title: Some(shape.name.clone()), ..MetaTexts::default() },
        bounds: MetaBounds {
            lat_min: bounds.map(|b| b.south as f32),
            lat_max: bounds.map(|b| b.north as f32),
            lon_min: bounds.map(|b| b.west as f32),
            lon_max: bounds.map(|b| b.east as f32),
        },
    }
}

/// Path of an opened granule; its part and step tell it from others of the same file.
fn uri(granule: &Granule) -> String {
    let path = granule.path.display().to_string();
    match (granule.part, granule.step) {
        (0, 0) => path,
        (part, step) => format!("{path}#part={part},step={step}"),
    }
}

/// Description of an opened granule. Its positions are in the file and are not repeated as control points.
fn meta(granule: &Granule, of: CollectionKey) -> GranuleMeta {
    let ms = |micros: i64| u64::try_from(micros.div_euclid(1000)).unwrap_or(0);
    // A static granule is there at any time the protocol can name.
    let (start_ms, stop_ms) = granule.span.map_or((0, LAST_MS), |s| (ms(s.start.micros()), ms(s.stop.micros()) + 1));
    let b = &granule.bounds;
    let [rows, cols] = granule.shape.map(|n| n as u32);
    let model = match granule.geometry {
        GeometryKind::Grid => DataModel::LatLon,
        GeometryKind::ProjectedGrid => DataModel::YX,
        GeometryKind::Swath | GeometryKind::CurvilinearGrid => DataModel::RowCell,
        GeometryKind::Track => DataModel::Time,
        GeometryKind::Points => DataModel::TimeStation,
    };
    let name = Path::new(&granule.path).file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    // A track lies in one row in the protocol's words, in one column in ours.
    let (x, y) = if matches!(model, DataModel::Time | DataModel::TimeStation) { (rows, 1) } else { (cols, rows) };
    let file = Descriptor {
        uri: uri(granule),
        resolution_m: ((b.north - b.south) / f64::from(rows.max(1)) * DEGREE_M) as f32,
        cols: x,
        rows: y,
        halvings: 0,
        shape_cols: 0,
        shape_rows: 0,
        points: Arc::default(),
    };
    GranuleMeta {
        key: GranuleKey { of, granule: granule.id.0 },
        data_id: format!("{name}#{}", granule.id.0),
        model,
        start_ms,
        stop_ms,
        files: vec![file],
        texts: MetaTexts { title: Some(name.clone()), file_id: Some(name), ..MetaTexts::default() },
        bounds: MetaBounds {
            lat_min: Some(b.south as f32),
            lat_max: Some(b.north as f32),
            lon_min: Some(b.west as f32),
            lon_max: Some(b.east as f32),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches_give_the_resolution_of_the_zoom() {
        let file = |uri: &str, resolution_m| Descriptor { uri: uri.to_owned(), resolution_m, ..Descriptor::default() };
        let files = vec![file("fine", 100.0), file("middle", 1000.0), file("coarse", 10_000.0)];
        let meta = GranuleMeta { files, ..GranuleMeta::default() };
        let found = |altitude_m: f32| -> Vec<String> {
            at_zoom(meta.clone(), altitude_m).files.into_iter().map(|f| f.uri).collect()
        };
        // A pixel is about a thousandth of the altitude.
        assert_eq!(found(2e7), ["coarse"]);
        assert_eq!(found(2e6), ["middle"]);
        assert_eq!(found(2e5), ["fine"]);
        assert_eq!(found(100.0), ["fine"], "nearer than any resolution");
        assert_eq!(found(0.0).len(), 3);
        assert_eq!(found(f32::NAN).len(), 3);
    }
}
