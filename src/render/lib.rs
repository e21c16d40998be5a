//! Draws a scene of layers to a window or an image with wgpu.

pub mod assets;
