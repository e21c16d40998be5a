//! Two views of one Earth beside each other: each shows layers of its own; camera and clock are shared.

use serde::{Deserialize, Serialize};

/// How near to an edge of the window the divider may come, as part of the width: it must stay within reach.
const MARGIN: f32 = 0.02;

/// Two views.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compare {
    /// How they lie.
    pub mode: CompareMode,
    /// Where the divider of a swipe stands, as part of the width, from the left.
    #[serde(default = "middle")]
    pub at: f32,
}

/// How two views lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompareMode {
    /// One picture, cut by a divider that is moved: left of it the left layers, right of it the right ones.
    Swipe,
    /// Two pictures of half the width, which show the same place.
    SideBySide,
}

/// One of the two views.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The left one.
    Left,
    /// The right one.
    Right,
}

fn middle() -> f32 {
    0.5
}

impl Side {
    /// Both, from the left.
    pub const BOTH: [Self; 2] = [Self::Left, Self::Right];

    /// Whether something of this side, or of both where that is `None`, shows in a view.
    pub fn shows(self, of: Option<Self>) -> bool {
        of.is_none_or(|s| s == self)
    }
}

impl Compare {
    /// Views of a kind, with the divider in the middle.
    pub fn new(mode: CompareMode) -> Self {
        Self { mode, at: middle() }
    }

    /// The divider within reach.
    pub fn sanitized(self) -> Self {
        let at = if self.at.is_finite() { self.at.clamp(MARGIN, 1.0 - MARGIN) } else { middle() };
        Self { at, ..self }
    }

    /// Where the views meet, as part of the width.
    pub fn edge(&self) -> f32 {
        match self.mode {
            CompareMode::Swipe => self.at,
            CompareMode::SideBySide => middle(),
        }
    }

    /// The view at a part of the width.
    pub fn side_at(&self, x: f32) -> Side {
        if x < self.edge() { Side::Left } else { Side::Right }
    }

    /// Columns of a picture that a view takes: the first, and the one after the last.
    pub fn columns(&self, side: Side, width: u32) -> [u32; 2] {
        let edge = (self.edge() * width as f32).round().clamp(0.0, width as f32) as u32;
        match side {
            Side::Left => [0, edge],
            Side::Right => [edge, width],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_share_the_width() {
        let swipe = Compare { mode: CompareMode::Swipe, at: 0.25 };
        assert_eq!((swipe.columns(Side::Left, 1000), swipe.columns(Side::Right, 1000)), ([0, 250], [250, 1000]));
        assert_eq!((swipe.side_at(0.2), swipe.side_at(0.25)), (Side::Left, Side::Right));
        let halves = Compare { mode: CompareMode::SideBySide, at: 0.25 };
        assert_eq!(halves.columns(Side::Left, 1001), [0, 501], "the divider of a swipe does not move them");
        for at in [f32::NAN, -3.0, 7.0] {
            let at = Compare { at, ..swipe }.sanitized().at;
            assert!((0.01..=0.99).contains(&at), "{at}");
        }
        assert!(Side::Left.shows(None) && Side::Left.shows(Some(Side::Left)) && !Side::Left.shows(Some(Side::Right)));
    }
}
