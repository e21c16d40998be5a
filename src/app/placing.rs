//! Room for the cards over the globe: each takes a place, and those placed later keep out of it.

use egui::{Pos2, Rect, Vec2, pos2, vec2};

/// Distance of cards from the edges and from each other.
pub const EDGE: f32 = 12.0;

/// What is taken over the globe in this frame, in the order of placing.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    list: Vec<(&'static str, Rect)>,
}

impl Taken {
    /// Forgets the last frame.
    pub fn clear(&mut self) {
        self.list.clear();
    }

    /// Notes a card.
    pub fn add(&mut self, name: &'static str, rect: Rect) {
        self.list.push((name, rect));
    }

    /// Cards with their names.
    pub fn cards(&self) -> &[(&'static str, Rect)] {
        &self.list
    }

    /// The first card that comes nearer to `rect` than cards may.
    fn in_the_way(&self, rect: Rect, apart: f32) -> Option<Rect> {
        self.list.iter().map(|(_, r)| *r).find(|r| r.expand(apart).intersects(rect))
    }

    /// The lowest free place for a card of `size` with its right edge at `right`, not below `bottom`; `None` when there is
    /// none below `top`.
    pub fn stack_up(&self, right: f32, bottom: f32, top: f32, size: Vec2, apart: f32) -> Option<Rect> {
        let mut bottom = bottom;
        loop {
            let rect = Rect::from_min_size(pos2(right - size.x, bottom - size.y), size);
            if rect.top() < top {
                return None;
            }
            match self.in_the_way(rect.shrink(0.5), apart) {
                Some(other) => bottom = other.top() - apart - 0.5,
                None => return Some(rect),
            }
        }
    }

    /// A place beside the pointer inside `area`: right of it, else left, below, above; where no side is free, the one that
    /// covers least.
    pub fn beside(&self, pointer: Pos2, size: Vec2, area: Rect) -> Rect {
        let gap = 24.0;
        let middle = pointer.y - size.y / 2.0;
        let centre = pointer.x - size.x / 2.0;
        let sides = [
            pos2(pointer.x + gap, middle),
            pos2(pointer.x - gap - size.x, middle),
            pos2(pointer.x + gap, pointer.y - gap - size.y),
            pos2(pointer.x - gap - size.x, pointer.y - gap - size.y),
            pos2(centre, pointer.y + gap),
            pos2(centre, pointer.y - gap - size.y),
        ];
        let room = area.shrink(8.0);
        let most = (room.max - size).max(room.min);
        let placed = sides.map(|min| Rect::from_min_size(min.clamp(room.min, most), size));
        let covered = |rect: &Rect| -> f32 {
            let under = |other: Rect| {
                let both = rect.intersect(other);
                if both.is_positive() { both.area() } else { 0.0 }
            };
            let cards: f32 = self.list.iter().map(|(_, r)| under(r.expand(4.0))).sum();
            // The place pointed at must stay in sight before anything else.
            cards + 1000.0 * under(Rect::from_center_size(pointer, vec2(20.0, 20.0)))
        };
        let mut best = placed[0];
        for rect in placed {
            if covered(&rect) < covered(&best) {
                best = rect;
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(rects: &[Rect]) -> Taken {
        let mut t = Taken::default();
        rects.iter().for_each(|r| t.add("card", *r));
        t
    }

    #[test]
    fn cards_stack_above_what_is_there() {
        let legend = Rect::from_min_max(pos2(700.0, 400.0), pos2(988.0, 588.0));
        let zoom = Rect::from_min_max(pos2(950.0, 10.0), pos2(988.0, 150.0));
        let t = taken(&[legend, zoom]);
        let rect = t.stack_up(988.0, 588.0, 10.0, vec2(360.0, 44.0), 12.0).unwrap();
        assert!((387.0..=388.0).contains(&rect.bottom()), "{rect:?}");
        assert!(t.stack_up(988.0, 588.0, 300.0, vec2(360.0, 120.0), 12.0).is_none(), "no room below the limit");
        assert!(t.stack_up(988.0, 588.0, 0.0, vec2(360.0, 300.0), 12.0).is_none(), "the zoom buttons are in the way");
    }

    #[test]
    fn the_pointer_card_keeps_off_cards_and_pointer() {
        let area = Rect::from_min_max(pos2(0.0, 0.0), pos2(800.0, 600.0));
        let legend = Rect::from_min_max(pos2(520.0, 400.0), pos2(788.0, 588.0));
        let t = taken(&[legend]);
        for k in 0..400 {
            let pointer = pos2((k % 20) as f32 * 41.0, (k / 20) as f32 * 30.0);
            if legend.contains(pointer) {
                continue;
            }
            let rect = t.beside(pointer, vec2(304.0, 120.0), area);
            assert!(area.contains_rect(rect), "{pointer:?} {rect:?}");
            assert!(!rect.contains(pointer), "{pointer:?} {rect:?}");
            assert!(!rect.intersects(legend), "{pointer:?} {rect:?}");
        }
        assert_eq!(taken(&[]).beside(pos2(100.0, 300.0), vec2(304.0, 120.0), area).left(), 124.0);
    }
}
