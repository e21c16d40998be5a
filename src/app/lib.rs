//! The window of Seaglass: panels, globe, timeline. The binary `seaglass` and the tests use this library.
//!
//! Panels are functions of plain state ([`model::Model`], [`state::UiState`]) that paint and append to [`state::Out`]:
//! commands for the document, actions for the window. Only [`window`] knows the host, the GPU and the operating system.

// `tr!`, `trn!` and `msg!`, everywhere.
#[macro_use]
extern crate seaglass_tr;

pub mod actions;
pub mod bookmarks;
pub mod cards;
pub mod catalogue;
pub mod colocate;
pub mod colormap_list;
pub mod command_line;
pub mod compare;
mod control;
pub mod dialogs;
pub mod export;
mod fade;
pub mod feed;
pub mod file_details;
pub mod graticule_labels;
pub mod hand;
pub mod help;
pub mod highlight;
pub mod histogram;
pub mod hover;
pub mod icons;
pub mod lang;
pub mod layer_group;
pub mod layer_row;
pub mod layers;
pub mod legend;
mod legend_channels;
pub mod map_labels;
pub mod menu;
pub mod model;
pub mod navigation;
pub mod notices;
pub mod palette;
pub mod placing;
pub mod preferences;
pub mod readout;
pub mod recorder;
pub mod regions;
pub mod right;
pub mod saving;
pub mod scene_legend;
pub mod settings;
pub mod shapes;
pub mod state;
pub mod statusbar;
pub mod style_actions;
pub mod style_classes;
mod style_components;
pub mod style_menu;
pub mod style_panel;
mod style_rgb;
pub mod style_stream;
mod style_surface;
mod style_time;
mod style_vector;
pub mod system;
pub mod text;
pub mod theme;
pub mod thumbnails;
pub mod timeline;
pub mod toasts;
pub mod topbar;
pub mod tour;
mod vector_key;
pub mod viewport;
pub mod watch;
pub mod welcome;
pub mod widgets;
pub mod window;
