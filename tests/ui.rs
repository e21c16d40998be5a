//! The panels of the window, driven by label: what they send, what they say, what they look like to a screen reader.

#[path = "ui/world.rs"]
mod world;

#[path = "ui/layers.rs"]
mod layers;
#[path = "ui/palette.rs"]
mod palette;
#[path = "ui/states.rs"]
mod states;
#[path = "ui/style.rs"]
mod style;
#[path = "ui/timeline.rs"]
mod timeline;
