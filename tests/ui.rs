//! The panels of the window, driven by label: what they send, what they say, what they look like to a screen reader.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

#[path = "ui/world.rs"]
mod world;

#[path = "ui/bookmarks.rs"]
mod bookmarks;
#[path = "ui/calendar.rs"]
mod calendar;
#[path = "ui/catalogue.rs"]
mod catalogue;
#[path = "ui/compare.rs"]
mod compare;
#[path = "ui/groups.rs"]
mod groups;
#[path = "ui/help.rs"]
mod help;
#[path = "ui/language.rs"]
mod language;
#[path = "ui/layers.rs"]
mod layers;
#[path = "ui/looks.rs"]
mod looks;
#[path = "ui/navigation.rs"]
mod navigation;
#[path = "ui/palette.rs"]
mod palette;
#[path = "ui/preferences.rs"]
mod preferences;
#[path = "ui/readout.rs"]
mod readout;
#[path = "ui/sessions.rs"]
mod sessions;
#[path = "ui/shapes.rs"]
mod shapes;
#[path = "ui/states.rs"]
mod states;
#[path = "ui/streams.rs"]
mod streams;
#[path = "ui/style.rs"]
mod style;
#[path = "ui/styles.rs"]
mod styles;
#[path = "ui/surface.rs"]
mod surface;
#[path = "ui/time_axis.rs"]
mod time_axis;
#[path = "ui/timeline.rs"]
mod timeline;
#[path = "ui/times.rs"]
mod times;
#[path = "ui/vectors.rs"]
mod vectors;
