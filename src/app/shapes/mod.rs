//! Shapes in the window: drawing, editing, listing, names.

use std::collections::HashSet;
use std::path::PathBuf;

use seaglass_core::geo::LonLat;
use seaglass_core::shapes::{ShapeId, ShapeKind};

pub mod gestures;
pub mod list;
mod menu;
pub mod paint;
pub mod tools;

/// What the window knows of shapes beside the document.
#[derive(Clone, Debug)]
pub struct ShapeState {
    /// What is being drawn.
    pub tool: Option<ShapeKind>,
    /// Vertices so far.
    pub draft: Vec<LonLat>,
    /// Begun without a tool: the key that ends it says what it is.
    pub undecided: bool,
    /// Shape whose vertices can be moved.
    pub selected: Option<ShapeId>,
    /// Line and vertex being dragged.
    pub dragged: Option<(usize, usize)>,
    /// Line and vertex under the pointer.
    pub hovered: Option<(usize, usize)>,
    /// Renaming a shape: id and text.
    pub renaming: Option<(ShapeId, String)>,
    /// The section of the layers panel is unfolded.
    pub open: bool,
    /// Files whose shapes are listed one by one.
    pub open_files: HashSet<PathBuf>,
}

impl Default for ShapeState {
    fn default() -> Self {
        Self {
            tool: None,
            draft: Vec::new(),
            undecided: false,
            selected: None,
            dragged: None,
            hovered: None,
            renaming: None,
            open: true,
            open_files: HashSet::new(),
        }
    }
}

impl ShapeState {
    /// Takes a tool into the hand, or lays it down.
    pub fn toggle(&mut self, kind: ShapeKind) {
        let same = self.tool == Some(kind) && !self.undecided;
        self.draft.clear();
        self.undecided = false;
        self.tool = (!same).then_some(kind);
    }

    /// Lays the tool down with what was begun.
    pub fn cancel(&mut self) {
        self.tool = None;
        self.draft.clear();
        self.undecided = false;
    }
}
