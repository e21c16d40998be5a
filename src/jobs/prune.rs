//! Which tiles can hold a partner at all: boxes of longitude, latitude and time, searched by a flat tree.
//!
//! Storage order is the index: neighbouring tiles of a granule are neighbours on the Earth, so sixteen by sixteen
//! consecutive boxes make good nodes without sorting. All arithmetic is on integers and errs on the side of reading.

use seaglass_core::columns::{TURN, TileBox};

/// Children of a node.
const FAN: usize = 16;
/// Metres of a degree of latitude: the least on WGS84 is 110 574 m at the equator; rounded down for safety.
const METRES_PER_DEGREE: f64 = 110_000.0;

/// How far partners may be, as the tree takes it.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    /// Degrees of latitude, 1e-6.
    lat: i64,
    radius_deg: f64,
    window_us: i64,
    /// How far beyond its slab the owner's rows are read, µs.
    pub own_us: i64,
    /// Of a granule with a tile in reach every tile is read.
    pub whole: bool,
}

impl Reach {
    /// From metres and µs.
    pub fn new(radius_m: f64, window_us: i64) -> Self {
        let radius_deg = radius_m / METRES_PER_DEGREE;
        Self { lat: (radius_deg * 1e6).ceil() as i64 + 2, radius_deg, window_us, own_us: 0, whole: false }
    }

    /// The same for rows that belong together along a track: no step between two is longer than `step_m` and `gap_us`,
    /// and what lies between rows in reach counts too.
    pub fn along(step_m: f64, window_us: i64, gap_us: i64) -> Self {
        // A crossing lies within a step of a sample on either track.
        let window_us = window_us.saturating_add(gap_us.saturating_mul(4));
        Self { own_us: gap_us.saturating_mul(2), whole: true, ..Self::new(2.0 * step_m, window_us) }
    }

    /// How far partners may be, metres.
    pub fn radius_m(&self) -> f64 {
        self.radius_deg * METRES_PER_DEGREE
    }

    /// How far partners may be in time, µs.
    pub fn window_us(&self) -> i64 {
        self.window_us
    }

    /// The box within which partners of anything in `b` lie.
    pub fn around(&self, b: &TileBox) -> Node {
        self.around_node(&Node::of(b))
    }

    /// The same about a box of a tree.
    pub fn around_node(&self, b: &Node) -> Node {
        if b.is_empty() {
            return Node::EMPTY;
        }
        let lat = b.south.abs().max(b.north.abs()) as f64 * 1e-6 + self.radius_deg;
        let mut node = *b;
        node.south -= self.lat;
        node.north += self.lat;
        node.start = node.start.saturating_sub(self.window_us);
        node.stop = node.stop.saturating_add(self.window_us);
        // The widest longitude a circle about the box reaches: asin(sin r / cos φ), all round at a pole.
        if lat >= 89.9 {
            node.west = 0;
            node.width = TURN;
        } else {
            let ratio = (self.radius_deg.to_radians().min(std::f64::consts::FRAC_PI_2).sin()
                / (lat - self.radius_deg).to_radians().cos())
            .min(1.0);
            let wide = (ratio.asin().to_degrees() * 1e6 * 1.01).ceil() as i64 + 2;
            node.west -= wide;
            node.width = (node.width + 2 * wide).min(TURN);
        }
        node
    }
}

/// A box of the tree; longitudes run `width` eastwards from `west`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    south: i64,
    north: i64,
    west: i64,
    width: i64,
    start: i64,
    stop: i64,
}

impl Node {
    /// Nothing.
    pub const EMPTY: Self =
        Self { south: i64::MAX, north: i64::MIN, west: 0, width: 0, start: i64::MAX, stop: i64::MIN };

    /// Of a tile.
    pub fn of(b: &TileBox) -> Self {
        if b.valid == 0 {
            return Self::EMPTY;
        }
        Self {
            south: b.south.into(),
            north: b.north.into(),
            west: b.west.into(),
            width: (i64::from(b.east) - i64::from(b.west)).min(TURN),
            start: b.start_us,
            stop: b.stop_us,
        }
    }

    fn is_empty(&self) -> bool {
        self.south > self.north || self.start > self.stop
    }

    fn join(&mut self, o: &Self) {
        if o.is_empty() {
            return;
        }
        if self.is_empty() {
            *self = *o;
            return;
        }
        self.south = self.south.min(o.south);
        self.north = self.north.max(o.north);
        self.start = self.start.min(o.start);
        self.stop = self.stop.max(o.stop);
        // The other box moved by whole turns so that it begins at or after this one, or just before.
        let shift = (o.west - self.west).rem_euclid(TURN);
        let after = (shift + o.width).max(self.width);
        let before = (TURN - shift) + self.width.max(o.width - (TURN - shift));
        if after <= before {
            self.width = after.min(TURN);
        } else {
            self.west -= TURN - shift;
            self.width = before.min(TURN);
        }
    }

    /// Whether the two share an instant and a place.
    #[inline]
    pub fn meets(&self, o: &Self) -> bool {
        // Time first: granules lie in its order, so it tells most boxes apart.
        if self.start > o.stop || o.start > self.stop || self.south > o.north || o.south > self.north {
            return false;
        }
        let shift = o.west - self.west;
        let shift = if (0..TURN).contains(&shift) { shift } else { shift.rem_euclid(TURN) };
        shift <= self.width || shift + o.width >= TURN
    }

    /// One place at one time, degrees and µs.
    pub fn point(lat_deg: f64, lon_deg: f64, time_us: i64) -> Self {
        let (lat, lon) = ((lat_deg * 1e6) as i64, (lon_deg * 1e6) as i64);
        Self { south: lat - 1, north: lat + 1, west: lon - 1, width: 2, start: time_us, stop: time_us }
    }

    /// Cut to a span of time; `None` when nothing is left.
    pub fn clipped(&self, start: i64, stop: i64) -> Option<Self> {
        let out = Self { start: self.start.max(start), stop: self.stop.min(stop), ..*self };
        (!out.is_empty()).then_some(out)
    }

    /// First and last time, µs.
    pub fn times(&self) -> (i64, i64) {
        (self.start, self.stop)
    }

    /// Area in square degrees at most this large, for estimates.
    pub fn area_deg2(&self) -> f64 {
        let mid = ((self.south + self.north) as f64 / 2.0 * 1e-6).to_radians().cos().max(0.01);
        (self.north - self.south) as f64 * 1e-6 * self.width as f64 * 1e-6 * mid
    }
}

/// Boxes in storage order with the levels above them.
pub struct Tree {
    levels: Vec<Vec<Node>>,
}

impl Tree {
    /// Builds the tree.
    pub fn new(leaves: Vec<Node>) -> Self {
        let mut levels = vec![leaves];
        while levels.last().is_some_and(|l| l.len() > FAN) {
            let above = levels.last().map_or_else(Vec::new, |l| l.chunks(FAN).map(union).collect());
            levels.push(above);
        }
        Self { levels }
    }

    /// Box around everything.
    pub fn bounds(&self) -> Node {
        self.levels.last().map_or(Node::EMPTY, |l| union(l))
    }

    /// Calls `hit` for every leaf that meets the box.
    pub fn query(&self, q: &Node, hit: &mut impl FnMut(usize)) {
        let top = self.levels.len() - 1;
        for (k, node) in self.levels[top].iter().enumerate() {
            if node.meets(q) {
                self.descend(top, k, q, hit);
            }
        }
    }

    /// Whether any leaf meets the box.
    pub fn meets(&self, q: &Node) -> bool {
        let top = self.levels.len() - 1;
        (0..self.levels[top].len()).any(|k| self.any_below(top, k, q))
    }

    fn any_below(&self, level: usize, k: usize, q: &Node) -> bool {
        let node = &self.levels[level][k];
        if node.is_empty() || !node.meets(q) {
            return false;
        }
        level == 0 || {
            let end = ((k + 1) * FAN).min(self.levels[level - 1].len());
            (k * FAN..end).any(|child| self.any_below(level - 1, child, q))
        }
    }

    /// Below a node that meets the box.
    fn descend(&self, level: usize, k: usize, q: &Node, hit: &mut impl FnMut(usize)) {
        if level == 0 {
            hit(k);
            return;
        }
        let below = &self.levels[level - 1];
        let end = ((k + 1) * FAN).min(below.len());
        for (n, child) in below[k * FAN..end].iter().enumerate() {
            // Asked here, and not after a call for each.
            if child.meets(q) {
                self.descend(level - 1, k * FAN + n, q, hit);
            }
        }
    }
}

fn union(nodes: &[Node]) -> Node {
    let mut out = Node::EMPTY;
    nodes.iter().for_each(|n| out.join(n));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tile(south: f64, north: f64, west: f64, east: f64, t: i64) -> TileBox {
        let m = |x: f64| (x * 1e6) as i32;
        TileBox { south: m(south), north: m(north), west: m(west), east: m(east), start_us: t, stop_us: t, valid: 1 }
    }

    #[test]
    fn boxes_meet_across_the_date_line() {
        let a = Node::of(&tile(0.0, 1.0, 179.0, 181.0, 0));
        assert!(a.meets(&Node::of(&tile(0.5, 2.0, -179.5, -179.0, 0))));
        assert!(a.meets(&Node::of(&tile(0.5, 2.0, -180.0, 180.0, 0))));
        assert!(!a.meets(&Node::of(&tile(0.5, 2.0, -178.5, -178.0, 0))));
        assert!(!a.meets(&Node::of(&tile(0.5, 2.0, 179.0, 180.0, 1))));
        let mut u = a;
        u.join(&Node::of(&tile(0.0, 1.0, -179.5, -170.0, 5)));
        assert_eq!((u.west, u.width, u.times()), (179_000_000, 11_000_000, (0, 5)));
        let mut v = Node::of(&tile(0.0, 1.0, -179.5, -170.0, 5));
        v.join(&a);
        assert_eq!((v.west.rem_euclid(TURN), v.width), (179_000_000, 11_000_000));
    }

    #[test]
    fn the_reach_holds_the_circle() {
        // 100 km at 60° N is 1.796° of longitude (pyproj: Geod(ellps="WGS84").fwd(0, 60, 90, 100e3)).
        let q = Reach::new(100_000.0, 10).around(&tile(60.0, 60.0, 0.0, 0.0, 0));
        assert!(q.west <= -1_796_000 && q.width >= 2 * 1_796_000 && q.width < 4 * 1_900_000, "{q:?}");
        assert!(q.north >= 60_897_000 && q.times() == (-10, 10));
        let pole = Reach::new(100_000.0, 0).around(&tile(89.5, 89.5, 10.0, 10.0, 0));
        assert!(pole.meets(&Node::of(&tile(89.5, 89.5, -170.0, -170.0, 0))));
    }

    #[test]
    fn the_tree_finds_what_a_list_finds() {
        let mut seed = 7u64;
        let mut next = |n: f64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as f64 / (1u64 << 31) as f64 * n
        };
        let boxes: Vec<Node> = (0..3000)
            .map(|_| {
                let (s, w) = (next(170.0) - 85.0, next(360.0) - 180.0);
                Node::of(&tile(s, s + next(3.0), w, w + next(5.0), next(1000.0) as i64))
            })
            .collect();
        let tree = Tree::new(boxes.clone());
        let reach = Reach::new(50_000.0, 30);
        for _ in 0..200 {
            let (s, w) = (next(170.0) - 85.0, next(360.0) - 180.0);
            let q = reach.around(&tile(s, s + 0.5, w, w + 0.5, next(1000.0) as i64));
            let mut found = Vec::new();
            tree.query(&q, &mut |k| found.push(k));
            let all: Vec<usize> = (0..boxes.len()).filter(|k| boxes[*k].meets(&q)).collect();
            assert_eq!(found, all);
            assert_eq!(tree.meets(&q), !all.is_empty());
        }
    }
}
