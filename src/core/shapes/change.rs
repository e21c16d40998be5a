//! Changes of shapes, with the rules by which they are refused.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Dash, Geometry, Line, MOST_PLACES, MOST_SHAPES, NewShape, Shape, ShapeId, ShapeKind, ShapeStyle, Shapes, file_name,
};
use crate::geo::LonLat;

/// Numbers notebooks give to shapes of theirs begin here; below are those drawn in the window.
const FIRST_OF_NOTEBOOKS: u64 = 1000;
/// Numbers for drawn shapes beyond the first 999, out of reach of notebooks, which count from 1000.
const FIRST_OF_MANY: u64 = 1 << 40;
/// Longest name, characters.
const LONGEST_NAME: usize = 200;

/// What changes of a style.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ShapePatch {
    /// sRGB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<[u8; 3]>,
    /// Points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width_pt: Option<f32>,
    /// 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fill: Option<f32>,
    /// Strokes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dash: Option<Dash>,
}

impl ShapePatch {
    /// Names of the settings it touches.
    pub(crate) fn touched(&self) -> String {
        let names = [
            ("colour", self.colour.is_some()),
            ("width", self.width_pt.is_some()),
            ("fill", self.fill.is_some()),
            ("dash", self.dash.is_some()),
        ];
        names.iter().filter(|(_, on)| *on).map(|(name, _)| *name).collect::<Vec<_>>().join("+")
    }

    fn apply(&self, style: &mut ShapeStyle) {
        let new = ShapeStyle {
            colour: self.colour.unwrap_or(style.colour),
            width_pt: self.width_pt.unwrap_or(style.width_pt),
            fill: self.fill.unwrap_or(style.fill),
            dash: self.dash.unwrap_or(style.dash),
            // A colour that is chosen is that of all.
            area: style.area.filter(|_| self.colour.is_none()),
            stroke: style.stroke,
        };
        *style = new.sanitized();
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum ShapeChange {
    /// Adds a shape on top.
    Add {
        /// The shape.
        shape: Box<NewShape>,
        /// The number a notebook gave it; a shape of that number and kind is replaced.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<u64>,
    },
    /// A reader has described a file (sent by the host); what came from it before is replaced.
    Opened {
        /// File.
        path: PathBuf,
        /// Its shapes.
        #[serde(skip)]
        shapes: Arc<Vec<NewShape>>,
    },
    /// Moves a vertex.
    MoveVertex {
        /// Which shape.
        shape: ShapeId,
        /// Which line of it.
        line: usize,
        /// Which vertex of the line.
        vertex: usize,
        /// Where to.
        to: LonLat,
    },
    /// Adds a vertex.
    InsertVertex {
        /// Which shape.
        shape: ShapeId,
        /// Which line of it.
        line: usize,
        /// The vertex before which it comes; their number for the end.
        before: usize,
        /// Where.
        at: LonLat,
    },
    /// Takes a vertex away.
    RemoveVertex {
        /// Which shape.
        shape: ShapeId,
        /// Which line of it.
        line: usize,
        /// Which vertex.
        vertex: usize,
    },
    /// Renames a shape.
    Rename {
        /// Which.
        shape: ShapeId,
        /// Name.
        name: String,
    },
    /// Changes how a shape looks.
    Restyle {
        /// Which.
        shape: ShapeId,
        /// What changes.
        patch: ShapePatch,
    },
    /// Changes how all shapes of a file look.
    RestyleFile {
        /// File.
        path: PathBuf,
        /// What changes.
        patch: ShapePatch,
    },
    /// Shows or hides a shape.
    Show {
        /// Which.
        shape: ShapeId,
        /// Shown.
        visible: bool,
    },
    /// Shows or hides all shapes of a file.
    ShowFile {
        /// File.
        path: PathBuf,
        /// Shown.
        visible: bool,
    },
    /// Takes a shape away.
    Remove {
        /// Which.
        shape: ShapeId,
    },
    /// Takes all shapes of a file away.
    RemoveFile {
        /// File.
        path: PathBuf,
    },
    /// Takes all shapes away.
    RemoveAll,
}

impl ShapeChange {
    /// Key under which changes of one drag are one step of undo; `None` for steps of their own.
    pub fn merge_key(&self) -> Option<String> {
        match self {
            Self::MoveVertex { shape, line, vertex, .. } => Some(format!("vertex {} {line} {vertex}", shape.0)),
            Self::Restyle { shape, patch } => Some(format!("shape {} {}", shape.0, patch.touched())),
            Self::RestyleFile { path, patch } => Some(format!("shapes {} {}", path.display(), patch.touched())),
            _ => None,
        }
    }
}

impl Shapes {
    /// Carries out a change. On error nothing has changed.
    pub(crate) fn change(&mut self, change: &ShapeChange) -> Result<(), String> {
        match change {
            ShapeChange::Add { shape, number } => self.add(shape, *number),
            ShapeChange::Opened { path, shapes } => self.opened(path.clone(), shapes),
            ShapeChange::MoveVertex { shape, line, vertex, to } => self.edit(*shape, *line, |places, _| {
                *places.get_mut(*vertex).ok_or("There is no such vertex.")? = checked(*to)?;
                Ok(())
            }),
            ShapeChange::InsertVertex { shape, line, before, at } => self.edit(*shape, *line, |places, _| {
                if *before > places.len() {
                    return Err("There is no such vertex.".to_owned());
                }
                places.insert(*before, checked(*at)?);
                Ok(())
            }),
            ShapeChange::RemoveVertex { shape, line, vertex } => self.edit(*shape, *line, |places, kind| {
                if *vertex >= places.len() {
                    return Err("There is no such vertex.".to_owned());
                }
                if places.len() <= kind.least_places() {
                    let least = kind.least_places();
                    return Err(format!("A {} needs {least} vertices; delete the shape instead.", kind.label()));
                }
                places.remove(*vertex);
                Ok(())
            }),
            ShapeChange::Rename { shape, name } => {
                let name: String = name.trim().chars().take(LONGEST_NAME).collect();
                if name.is_empty() {
                    return Err("A shape needs a name.".to_owned());
                }
                self.one(*shape)?.name = name;
                Ok(())
            }
            ShapeChange::Restyle { shape, patch } => {
                patch.apply(&mut self.one(*shape)?.style);
                Ok(())
            }
            ShapeChange::RestyleFile { path, patch } => self.of_file(path, |s| patch.apply(&mut s.style)),
            ShapeChange::Show { shape, visible } => {
                self.one(*shape)?.visible = *visible;
                Ok(())
            }
            ShapeChange::ShowFile { path, visible } => self.of_file(path, |s| s.visible = *visible),
            ShapeChange::Remove { shape } => {
                self.one(*shape)?;
                Arc::make_mut(&mut self.list).retain(|s| s.id != *shape);
                Ok(())
            }
            ShapeChange::RemoveFile { path } => {
                self.of_file(path, |_| ())?;
                Arc::make_mut(&mut self.list).retain(|s| s.file.as_deref() != Some(path));
                Ok(())
            }
            ShapeChange::RemoveAll => {
                self.list = Arc::default();
                Ok(())
            }
        }
    }

    fn one(&mut self, id: ShapeId) -> Result<&mut Shape, String> {
        let at = self.list.iter().position(|s| s.id == id).ok_or_else(|| format!("There is no shape {}.", id.0))?;
        Ok(&mut Arc::make_mut(&mut self.list)[at])
    }

    fn of_file(&mut self, path: &std::path::Path, change: impl Fn(&mut Shape)) -> Result<(), String> {
        let of = |s: &Shape| s.file.as_deref() == Some(path);
        if !self.list.iter().any(of) {
            return Err(format!("No shape came from {}.", path.display()));
        }
        Arc::make_mut(&mut self.list).iter_mut().filter(|s| of(s)).for_each(change);
        Ok(())
    }

    fn edit(
        &mut self,
        id: ShapeId,
        line: usize,
        change: impl Fn(&mut Vec<LonLat>, ShapeKind) -> Result<(), String>,
    ) -> Result<(), String> {
        let shape = self.one(id)?;
        let (kind, edges) = (shape.geometry.kind, shape.geometry.edges);
        let mut lines = shape.geometry.lines.clone();
        let edited = lines.get_mut(line).ok_or("There is no such line in the shape.")?;
        change(&mut edited.places, kind)?;
        shape.geometry = Arc::new(Geometry::new(kind, edges, lines));
        Ok(())
    }

    fn room_for(&self, shapes: usize, places: usize) -> Result<(), String> {
        let held: usize = self.list.iter().map(|s| s.geometry.places()).sum();
        if self.list.len() + shapes > MOST_SHAPES || held + places > MOST_PLACES {
            return Err("There are too many shapes; delete some first.".to_owned());
        }
        Ok(())
    }

    fn add(&mut self, new: &NewShape, number: Option<u64>) -> Result<(), String> {
        let kind = new.geometry.kind;
        if new.geometry.lines.is_empty() {
            let least = kind.least_places();
            return Err(format!("A {} needs {least} different places on the Earth.", kind.label()));
        }
        self.room_for(1, new.geometry.places())?;
        let replaced = number.and_then(|n| self.list.iter().position(|s| s.number == n && s.geometry.kind == kind));
        let id = match replaced {
            Some(at) => self.list[at].id,
            None => {
                self.last += 1;
                ShapeId(self.last)
            }
        };
        let drawn = self.list.iter().filter(|s| s.file.is_none() && s.geometry.kind == kind).count();
        let name = if new.name.trim().is_empty() { self.fresh_name(kind) } else { new.name.trim().to_owned() };
        let shape = Shape {
            id,
            name: name.chars().take(LONGEST_NAME).collect(),
            geometry: Arc::clone(&new.geometry),
            style: new.style.unwrap_or_else(|| ShapeStyle::nth(drawn, kind)).sanitized(),
            visible: true,
            attributes: Arc::clone(&new.attributes),
            file: None,
            number: number.unwrap_or_else(|| self.fresh_number(kind)),
        };
        let list = Arc::make_mut(&mut self.list);
        match replaced {
            Some(at) => list[at] = shape,
            None => list.push(shape),
        }
        Ok(())
    }

    /// "Polygon 3": the first number that no name has.
    fn fresh_name(&self, kind: ShapeKind) -> String {
        let label = kind.label();
        let (first, rest) = label.split_at(1);
        let named = |n: &usize| format!("{}{rest} {n}", first.to_uppercase());
        (1..=self.list.len() + 1)
            .map(|n| named(&n))
            .find(|name| self.list.iter().all(|s| s.name != *name))
            .unwrap_or_default()
    }

    fn fresh_number(&self, kind: ShapeKind) -> u64 {
        let taken = |n: u64| self.list.iter().any(|s| s.number == n && s.geometry.kind == kind);
        (1..FIRST_OF_NOTEBOOKS).find(|n| !taken(*n)).unwrap_or(FIRST_OF_MANY + self.last)
    }

    fn opened(&mut self, path: PathBuf, shapes: &[NewShape]) -> Result<(), String> {
        if self.list.iter().any(|s| s.file.as_deref() == Some(&path)) {
            Arc::make_mut(&mut self.list).retain(|s| s.file.as_deref() != Some(&path));
        }
        self.room_for(shapes.len(), shapes.iter().map(|s| s.geometry.places()).sum())?;
        // One colour a file: what belongs together looks alike.
        let colour = ShapeStyle::nth(self.files().len(), ShapeKind::Polygon).colour;
        let file = file_name(path);
        let list = Arc::make_mut(&mut self.list);
        list.reserve(shapes.len());
        for (k, new) in shapes.iter().enumerate() {
            self.last += 1;
            let kind = new.geometry.kind;
            let own = ShapeStyle { colour, ..ShapeStyle::nth(0, kind) };
            let name = if new.name.is_empty() { format!("{} {}", kind.label(), k + 1) } else { new.name.clone() };
            list.push(Shape {
                id: ShapeId(self.last),
                name,
                geometry: Arc::clone(&new.geometry),
                style: new.style.unwrap_or(own).sanitized(),
                visible: true,
                attributes: Arc::clone(&new.attributes),
                file: Some(Arc::clone(&file)),
                number: FIRST_OF_MANY + self.last,
            });
        }
        Ok(())
    }
}

fn checked(place: LonLat) -> Result<LonLat, String> {
    if place.is_valid() { Ok(place) } else { Err("There is no such place on the Earth.".to_owned()) }
}

/// A polygon or a line from a notebook's positions; those that are missing are left out.
pub(crate) fn from_positions(kind: ShapeKind, places: Vec<LonLat>) -> Geometry {
    let places = places.into_iter().filter(LonLat::is_valid).collect();
    Geometry::new(kind, super::Edges::GreatCircle, vec![Line { places, hole: false }])
}
