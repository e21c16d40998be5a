//! A render pass that binds only what is not bound.

use std::ops::{Deref, DerefMut};

/// Groups of a pipeline.
const GROUPS: usize = 4;

/// What is bound, with the offsets of those that have one.
#[derive(Debug)]
struct Held<G>([Option<(G, Option<u32>)>; GROUPS]);

impl<G: Clone + PartialEq> Held<G> {
    const NOTHING: Self = Self([const { None }; GROUPS]);

    /// Takes a group; whether it has to be bound for that.
    fn take(&mut self, index: usize, group: &G, offset: Option<u32>) -> bool {
        let Some(held) = self.0.get_mut(index) else { return false };
        if held.as_ref().is_some_and(|(g, o)| g == group && *o == offset) {
            return false;
        }
        *held = Some((group.clone(), offset));
        true
    }
}

/// The pass. wgpu itself binds a group with a dynamic offset each time it is set, and all groups after it. Software
/// drivers (lavapipe) then look again at the values that branches of the shaders depend on, which costs milliseconds a
/// draw call.
pub(crate) struct Bound<'p, 'e> {
    pass: &'p mut wgpu::RenderPass<'e>,
    held: Held<wgpu::BindGroup>,
    /// Left, top, width and height of the view on the target, and the depth at which it is drawn.
    viewport: [f32; 4],
    depth: f32,
}

impl<'p, 'e> Bound<'p, 'e> {
    /// Nothing is bound yet; there is no view.
    pub fn new(pass: &'p mut wgpu::RenderPass<'e>) -> Self {
        Self { pass, held: Held::NOTHING, viewport: [0.0; 4], depth: 1.0 }
    }

    /// Draws what follows into a view, and touches no other pixels than those of `scissor`.
    pub fn view(&mut self, viewport: [f32; 4], scissor: [u32; 4]) {
        // No depth yet: even the furthest has to be asked for.
        (self.viewport, self.depth) = (viewport, f32::NAN);
        let ([x, y, w, h], [left, top, width, height]) = (viewport, scissor);
        self.pass.set_viewport(x, y, w, h, 0.0, 1.0);
        self.pass.set_scissor_rect(left, top, width, height);
    }

    /// Gives what follows one depth, whatever its positions.
    pub fn depth(&mut self, depth: f32) {
        if self.depth != depth {
            self.depth = depth;
            let [x, y, w, h] = self.viewport;
            self.pass.set_viewport(x, y, w, h, depth, depth);
        }
    }

    /// Binds a group, with the offset of those that have one.
    pub fn group(&mut self, index: usize, group: &wgpu::BindGroup, offset: Option<u32>) {
        if self.held.take(index, group, offset) {
            self.pass.set_bind_group(index as u32, group, offset.as_slice());
        }
    }

    /// The pass for those who bind by themselves.
    pub fn free(&mut self) -> &mut wgpu::RenderPass<'e> {
        self.held = Held::NOTHING;
        self.pass
    }
}

impl<'e> Deref for Bound<'_, 'e> {
    type Target = wgpu::RenderPass<'e>;

    fn deref(&self) -> &Self::Target {
        self.pass
    }
}

impl DerefMut for Bound<'_, '_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of some steps (index, group, offset) bind.
    fn bound(held: &mut Held<&'static str>, steps: &[(usize, &'static str, Option<u32>)]) -> Vec<bool> {
        steps.iter().map(|(index, group, offset)| held.take(*index, group, *offset)).collect()
    }

    #[test]
    fn what_is_bound_is_not_bound_again() {
        let mut held = Held::NOTHING;
        let frame = [(0, "frame", Some(0)), (1, "style", None), (3, "tile", None)];
        assert_eq!(bound(&mut held, &frame), [true; 3]);
        assert_eq!(bound(&mut held, &frame), [false; 3]);
        assert_eq!(bound(&mut held, &[(3, "other tile", None), (3, "tile", None)]), [true, true]);
        assert_eq!(bound(&mut held, &frame), [false; 3]);
    }

    #[test]
    fn another_offset_or_index_is_another_binding() {
        let mut held = Held::NOTHING;
        let steps = [(0, "frame", Some(0)), (0, "frame", Some(256)), (0, "frame", Some(256)), (0, "frame", None)];
        assert_eq!(bound(&mut held, &steps), [true, true, false, true]);
        assert_eq!(bound(&mut held, &[(1, "frame", None), (0, "frame", None)]), [true, false]);
        assert_eq!(bound(&mut held, &[(GROUPS, "none", None)]), [false], "a pipeline has no such group");
    }

    #[test]
    fn after_others_have_bound_nothing_is_taken_for_bound() {
        let mut held = Held::NOTHING;
        bound(&mut held, &[(0, "frame", Some(0)), (2, "clock", Some(512))]);
        held = Held::NOTHING;
        assert_eq!(bound(&mut held, &[(0, "frame", Some(0)), (2, "clock", Some(512))]), [true, true]);
    }
}
