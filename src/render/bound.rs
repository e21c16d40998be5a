//! A render pass that binds only what is not bound.

use std::ops::{Deref, DerefMut};

/// Groups of a pipeline.
const GROUPS: usize = 4;

/// The pass. wgpu itself binds a group with a dynamic offset each time it is set, and all groups after it. Software
/// drivers (lavapipe) then look again at the values that branches of the shaders depend on, which costs milliseconds a
/// draw call.
pub(crate) struct Bound<'p, 'e> {
    pass: &'p mut wgpu::RenderPass<'e>,
    held: [Option<(wgpu::BindGroup, Option<u32>)>; GROUPS],
}

impl<'p, 'e> Bound<'p, 'e> {
    /// Nothing is bound yet.
    pub fn new(pass: &'p mut wgpu::RenderPass<'e>) -> Self {
        Self { pass, held: Default::default() }
    }

    /// Binds a group, with the offset of those that have one.
    pub fn group(&mut self, index: usize, group: &wgpu::BindGroup, offset: Option<u32>) {
        let Some(held) = self.held.get_mut(index) else { return };
        if held.as_ref().is_some_and(|(g, o)| g == group && *o == offset) {
            return;
        }
        *held = Some((group.clone(), offset));
        self.pass.set_bind_group(index as u32, group, offset.as_slice());
    }

    /// The pass for those who bind by themselves.
    pub fn free(&mut self) -> &mut wgpu::RenderPass<'e> {
        self.held = Default::default();
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
