//! What samples of a node say of it: lengths, bends, how far it reaches.

use glam::DVec3;

use super::{UNIT, unwrapped};

/// Positions found in a node by `Tree::search`.
#[derive(Default)]
pub(super) struct Search {
    pub found: Vec<DVec3>,
    /// Every cell was looked at.
    pub complete: bool,
    /// Largest distance of neighbours among those found, metres.
    pub step_m: f64,
}

impl Search {
    /// Radius of a ball about `centre` that holds what was found, and what lies between; infinite when single places
    /// do not tell how far it is to the next.
    pub fn reach(&self, centre: DVec3, turn: Option<f64>) -> f64 {
        if self.step_m == 0.0 {
            return f64::INFINITY;
        }
        let furthest = self.found.iter().map(|v| unwrapped(*v, centre, turn).distance(centre)).fold(0.0, f64::max);
        furthest + self.step_m
    }
}

/// Lengths and bends of a 3 × 3 sample of a node.
pub(super) struct Shape {
    pub down_m: f64,
    pub along_m: f64,
    bend_down: f64,
    bend_along: f64,
    pub error_m: f64,
    pub main_diagonal: bool,
}

impl Shape {
    pub fn of(v: &[[DVec3; 3]; 3]) -> Self {
        let bend = |a: DVec3, m: DVec3, b: DVec3| m.distance((a + b) / 2.0);
        let length = |a: DVec3, m: DVec3, b: DVec3| a.distance(m) + m.distance(b);
        let down = |j: usize| (v[0][j], v[1][j], v[2][j]);
        let along = |i: usize| (v[i][0], v[i][1], v[i][2]);
        let most = |f: &dyn Fn(DVec3, DVec3, DVec3) -> f64, of: &dyn Fn(usize) -> (DVec3, DVec3, DVec3)| {
            (0..3).map(of).map(|(a, m, b)| f(a, m, b)).fold(0.0, f64::max)
        };
        let bend_down = most(&bend, &down);
        let bend_along = most(&bend, &along);
        let main = bend(v[0][0], v[1][1], v[2][2]);
        let other = bend(v[0][2], v[1][1], v[2][0]);
        Self {
            down_m: most(&length, &down),
            along_m: most(&length, &along),
            bend_down,
            bend_along,
            error_m: bend_down.max(bend_along).max(main.min(other)),
            main_diagonal: main <= other,
        }
    }

    /// All nine samples lie at one place, as where one alone has a position.
    pub fn is_point(&self) -> bool {
        self.down_m == 0.0 && self.along_m == 0.0
    }

    pub fn split_rows(&self, oversize: bool) -> bool {
        let bend = self.bend_down.max(self.bend_along);
        if oversize || (self.bend_down - self.bend_along).abs() < 0.2 * bend || bend < 0.5 * self.error_m {
            self.down_m >= self.along_m
        } else {
            self.bend_down > self.bend_along
        }
    }
}

/// Corners (r0c0, r0c1, r1c1, r1c0) and middle.
pub(super) fn corners_of(v: &[[DVec3; 3]; 3]) -> Box<[DVec3; 5]> {
    Box::new([v[0][0], v[0][2], v[2][2], v[2][0], v[1][1]])
}

/// Whole cells while there are several, then halves of the fixed-point lattice.
pub(super) fn halfway(a: i64, b: i64) -> i64 {
    let middle = (a + b) / 2;
    if b - a < 2 * UNIT {
        return middle;
    }
    let cell = (middle + UNIT / 2).div_euclid(UNIT) * UNIT;
    if cell > a && cell < b { cell } else { middle }
}
