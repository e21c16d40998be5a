//! Draws a scene of layers to a window or an image with wgpu.
//!
//! Input is a [`Scene`] (immutable, one per frame) and tiles of source arrays; output is pixels. The crate knows neither
//! files nor the window toolkit. Window and image go through the same code.
//!
//! ```no_run
//! # use seaglass_render::{Gpu, Renderer, RendererOptions, Scene};
//! # use seaglass_core::camera::Camera;
//! let gpu = Gpu::headless()?;
//! let mut renderer = Renderer::new(&gpu, RendererOptions { synchronous: true, ..RendererOptions::default() })?;
//! let scene = Scene::new(Camera::default(), [800, 600]);
//! let plan = renderer.plan(&scene); // `plan.wanted` would name the tiles to read and `supply`
//! assert!(plan.complete);
//! let picture = renderer.render_image(&scene)?;
//! # Ok::<(), seaglass_render::RenderError>(())
//! ```

pub mod assets;
mod atlas;
mod base;
mod bound;
mod buffers;
mod clock;
mod cloud;
mod contour;
mod cuts;
mod draw;
mod error;
mod fields;
mod filled;
mod frame;
mod glyphs;
mod gpu;
mod ground;
mod int_map;
mod item;
mod look;
mod markers;
mod marks;
mod mesh;
mod order;
mod pacing;
mod panels;
mod path_pipelines;
mod paths;
mod picture;
mod pipelines;
mod polyline;
mod relief;
mod renderer;
mod residency;
mod rgb;
mod sample;
mod scene;
mod series;
mod shaders;
mod shapes;
mod streams;
mod style;
mod trail;
mod tree;
mod wants;
mod words;

pub use base::graticule_steps;
pub use error::RenderError;
pub use gpu::Gpu;
pub use renderer::{RenderStats, Renderer, RendererOptions};
pub use scene::{Between, Clock, Plan, Scene, SceneItem, SceneLayer, VOID, Wanted};
