//! Commands about shapes.

use super::extent::union;
use super::{CommandError, Effect, Session};
use crate::camera::Camera;
use crate::command::Command;
use crate::geo::{GeoBox, LonLat};
use crate::notebook::{CollectionKey, POLYGONS, POLYLINES, USER_SOURCE, UserGranule};
use crate::shapes::{NewShape, ShapeChange, ShapeId, ShapeKind};

impl Session {
    pub(super) fn change_shapes(&mut self, command: &Command) -> Result<Option<Vec<Effect>>, CommandError> {
        match command {
            Command::Shapes { change } => {
                let first = self.project.shapes.is_empty() && self.catalogue.collections.is_empty();
                self.project.shapes.change(change).map_err(CommandError)?;
                if let ShapeChange::Opened { path, .. } = change {
                    self.failures.retain(|f| f.path != *path);
                    // As with the first data: whoever opens nothing else wants to see them.
                    if let (true, false, Some(camera)) = (first, self.place_named, self.framing_shapes(|_| true)) {
                        self.project.camera = camera;
                    }
                }
            }
            Command::SaveShapes { path, shape } => {
                if self.project.shapes.is_empty() {
                    return Err(CommandError("There are no shapes to save: draw one first.".to_owned()));
                }
                if let Some(id) = shape {
                    self.shape(*id)?;
                }
                return Ok(Some(vec![Effect::SaveShapes(path.clone(), *shape)]));
            }
            Command::Extract { shape, reach_m, path } => {
                let shape = self.extractable(*shape)?;
                if reach_m.is_some_and(|m| !m.is_finite() || m < 0.0) {
                    return Err(CommandError("The distance from a line is a number of metres, 0 or more.".to_owned()));
                }
                return Ok(Some(vec![Effect::Extract { shape, reach_m: *reach_m, path: path.clone() }]));
            }
            Command::CancelExtraction => return Ok(Some(vec![Effect::CancelExtraction])),
            Command::Process { what } => return Ok(Some(vec![Effect::Process(*what)])),
            Command::ZoomToShape { shape } => {
                self.shape(*shape)?;
                if let Some(camera) = self.framing_shapes(|id| id == *shape) {
                    self.project.camera = camera;
                }
            }
            _ => return Ok(None),
        }
        Ok(Some(Vec::new()))
    }

    fn shape(&self, id: ShapeId) -> Result<&crate::shapes::Shape, CommandError> {
        self.project.shapes.get(id).ok_or_else(|| CommandError(format!("There is no shape {}.", id.0)))
    }

    /// The shape to extract under: the one named, else the last polygon or line.
    fn extractable(&self, shape: Option<ShapeId>) -> Result<ShapeId, CommandError> {
        let has_extent = |s: &&crate::shapes::Shape| s.geometry.kind != ShapeKind::Point;
        let Some(id) = shape else {
            let last = self.project.shapes.iter().rev().find(has_extent).map(|s| s.id);
            return last.ok_or_else(|| {
                CommandError("There is no shape to extract under: draw a polygon or a line first.".to_owned())
            });
        };
        let found = self.shape(id)?;
        if !has_extent(&found) {
            let name = &found.name;
            return Err(CommandError(format!("{name} has no extent; extract under a polygon or a line.")));
        }
        Ok(id)
    }

    /// The camera that shows some of the shapes.
    pub fn framing_shapes(&self, which: impl Fn(ShapeId) -> bool) -> Option<Camera> {
        let boxes = self.project.shapes.iter().filter(|s| which(s.id)).filter_map(|s| s.geometry.bounds());
        let mut target = boxes.reduce(|a, b| union(&a, &b))?;
        // A point alone has no size.
        let lack = (0.05 - (target.north - target.south)).max(0.0) / 2.0;
        target = GeoBox { south: (target.south - lack).max(-90.0), north: (target.north + lack).min(90.0), ..target };
        Some(self.project.camera.framing(&target, self.view_px).sanitized())
    }

    /// A granule pushed into one of the two collections of shapes is a shape.
    pub(super) fn add_pushed_shape(&mut self, granule: &UserGranule) -> Result<(), String> {
        let meta = &granule.meta;
        let kind = if meta.key.of.collection == POLYGONS { ShapeKind::Polygon } else { ShapeKind::Polyline };
        let points = meta.files.first().map(|f| f.points.as_slice()).unwrap_or_default();
        let places = points.iter().map(|p| LonLat::new(f64::from(p.lon_deg), f64::from(p.lat_deg))).collect();
        let geometry = std::sync::Arc::new(crate::shapes::from_positions(kind, places));
        let title = meta.texts.title.clone().filter(|t| !t.trim().is_empty());
        let name = title.unwrap_or_else(|| meta.data_id.clone());
        let shape = Box::new(NewShape { name, geometry, style: None, attributes: Default::default() });
        self.project.shapes.change(&ShapeChange::Add { shape, number: Some(meta.key.granule) })
    }
}

/// Whether these are the numbers of one of the collections of shapes.
pub(super) fn is_of_shapes(key: CollectionKey) -> bool {
    key.source == USER_SOURCE && (POLYGONS..=POLYLINES).contains(&key.collection)
}
