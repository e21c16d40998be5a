//! What can go wrong while drawing.

/// Errors of this crate. One sentence for people each.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// Neither a graphics card nor a software rasteriser was found.
    #[error(
        "no graphics adapter was found ({detail}); install a Vulkan or OpenGL driver, or a software one such as Mesa's lavapipe"
    )]
    NoAdapter {
        /// What the driver layer said.
        detail: String,
    },
    /// The adapter was found but gave no device.
    #[error(
        "the graphics adapter {adapter} could not be opened: {detail}; update its driver or choose another adapter"
    )]
    Device {
        /// Name of the adapter.
        adapter: String,
        /// What it said.
        detail: String,
    },
    /// A shader could not be assembled or compiled.
    #[error("shader {name} is not valid: {detail}")]
    Shader {
        /// Name of the shader file.
        name: String,
        /// The compiler's words, with file and line.
        detail: String,
    },
    /// The picture could not be copied back from the adapter.
    #[error("the picture could not be read back from the graphics adapter: {detail}")]
    ReadBack {
        /// Why.
        detail: String,
    },
    /// An image of no pixels, or of more than memory holds, was asked for.
    #[error("an image of {width} × {height} pixels cannot be drawn; choose a size from 1 to {limit} pixels a side")]
    ImageSize {
        /// Width asked for.
        width: u32,
        /// Height asked for.
        height: u32,
        /// Largest side.
        limit: u32,
    },
    /// The adapter refused work, for example for want of memory.
    #[error("the graphics adapter reported an error: {detail}")]
    Adapter {
        /// Its words.
        detail: String,
    },
}
