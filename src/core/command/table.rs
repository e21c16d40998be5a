//! The commands that people choose: what palette, menus, tooltips and key help are made of.

/// An entry of the command table: what palette, menus, tooltips and key help are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Stable id.
    pub id: &'static str,
    /// Menu it stands in.
    pub menu: Menu,
    /// Text for people.
    pub title: &'static str,
    /// Shortcut as text (`Ctrl+O`); empty for none. Alternatives after ` / `.
    pub keys: &'static str,
}

/// Top-level menus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "menu titles")]
pub enum Menu {
    File,
    Edit,
    View,
    Layer,
    Time,
    Help,
}

const fn entry(id: &'static str, menu: Menu, title: &'static str, keys: &'static str) -> Entry {
    Entry { id, menu, title, keys }
}

/// The table. Entries that need a layer act on the selected one.
pub const TABLE: &[Entry] = &[
    entry("open_files", Menu::File, "Open files…", "Ctrl+O"),
    entry("open_folder", Menu::File, "Open folder…", "Ctrl+Shift+O"),
    entry("open_session", Menu::File, "Open session…", ""),
    entry("save_session", Menu::File, "Save session", "Ctrl+S"),
    entry("save_session_as", Menu::File, "Save session as…", "Ctrl+Shift+S"),
    entry("copy_command_line", Menu::File, "Copy as command line", ""),
    entry("copy_python", Menu::File, "Copy as Python", ""),
    entry("export_python", Menu::File, "Export as Python…", ""),
    entry("close_all", Menu::File, "Close all data", ""),
    entry("save_image", Menu::File, "Save image…", "Ctrl+I"),
    entry("record", Menu::File, "Record film…", "Ctrl+R"),
    entry("save_shapes", Menu::File, "Save shapes…", ""),
    entry("preferences", Menu::File, "Preferences…", "Ctrl+,"),
    entry("quit", Menu::File, "Quit", "Ctrl+Q"),
    entry("undo", Menu::Edit, "Undo", "Ctrl+Z"),
    entry("redo", Menu::Edit, "Redo", "Ctrl+Shift+Z / Ctrl+Y"),
    entry("copy_position", Menu::Edit, "Copy position under the cursor", "Ctrl+C"),
    entry("pin", Menu::Edit, "Pin the place under the cursor", "Shift+P"),
    entry("remove_pins", Menu::Edit, "Remove all pins", ""),
    entry("draw_polygon", Menu::Edit, "Draw a polygon", "P"),
    entry("draw_polyline", Menu::Edit, "Draw a line", "L"),
    entry("draw_point", Menu::Edit, "Draw a point", "O"),
    entry("next_coordinates", Menu::Edit, "Next form of coordinates", ""),
    entry("longitude_360", Menu::Edit, "Longitudes from 0° to 360°", ""),
    entry("palette", Menu::View, "Command palette", "Ctrl+K / Ctrl+P"),
    entry("toggle_globe", Menu::View, "Globe or map", "G"),
    entry("projection_globe", Menu::View, "Globe", ""),
    entry("projection_orthographic", Menu::View, "Orthographic globe", ""),
    entry("projection_equirectangular", Menu::View, "Equirectangular map", ""),
    entry("projection_mercator", Menu::View, "Mercator map", ""),
    entry("projection_mollweide", Menu::View, "Mollweide map, about the view", ""),
    entry("projection_equal-earth", Menu::View, "Equal Earth map, about the view", ""),
    entry("projection_robinson", Menu::View, "Robinson map, about the view", ""),
    entry("projection_laea", Menu::View, "Lambert equal-area map, about the view", ""),
    entry("projection_lcc", Menu::View, "Lambert conformal conic map, about the view", ""),
    entry("projection_utm", Menu::View, "UTM map, zone of the view", ""),
    entry("projection_polar-north", Menu::View, "Polar stereographic map, north", ""),
    entry("projection_polar-south", Menu::View, "Polar stereographic map, south", ""),
    entry("home", Menu::View, "Whole Earth", "0"),
    entry("zoom_to_layer", Menu::View, "Zoom to selected layer", "F"),
    entry("zoom_to_native", Menu::View, "Zoom to native resolution", "Shift+F"),
    entry("zoom_in", Menu::View, "Zoom in", "+ / ="),
    entry("zoom_out", Menu::View, "Zoom out", "−"),
    entry("north_up", Menu::View, "North up", "N"),
    entry("top_down", Menu::View, "Look straight down", "U"),
    entry("reset_view", Menu::View, "North up and straight down", "R"),
    entry("view_back", Menu::View, "Back to the view before", "Alt+Left"),
    entry("view_forward", Menu::View, "Forward to the view after", "Alt+Right"),
    entry("bookmark_add", Menu::View, "Add bookmark", "Ctrl+B"),
    entry("bookmark_1", Menu::View, "Go to bookmark 1", "1"),
    entry("bookmark_2", Menu::View, "Go to bookmark 2", "2"),
    entry("bookmark_3", Menu::View, "Go to bookmark 3", "3"),
    entry("bookmark_4", Menu::View, "Go to bookmark 4", "4"),
    entry("bookmark_5", Menu::View, "Go to bookmark 5", "5"),
    entry("bookmark_6", Menu::View, "Go to bookmark 6", "6"),
    entry("bookmark_7", Menu::View, "Go to bookmark 7", "7"),
    entry("bookmark_8", Menu::View, "Go to bookmark 8", "8"),
    entry("bookmark_9", Menu::View, "Go to bookmark 9", "9"),
    entry("toggle_relief", Menu::View, "Relief", ""),
    entry("toggle_coastlines", Menu::View, "Coastline", "B"),
    entry("toggle_graticule", Menu::View, "Graticule", "Shift+L"),
    entry("toggle_labels", Menu::View, "Place names", ""),
    entry("toggle_left_panel", Menu::View, "Layers panel", "Ctrl+1"),
    entry("toggle_right_panel", Menu::View, "Right panel", "Ctrl+2"),
    entry("catalogue", Menu::View, "Catalogue", "Ctrl+Shift+1"),
    entry("colocate", Menu::View, "Colocate", "Ctrl+Shift+3"),
    entry("toggle_timeline", Menu::View, "Timeline", "Ctrl+3"),
    entry("pair_table", Menu::View, "Table of pairs", "T"),
    entry("next_region", Menu::View, "Next region of the window", "F6"),
    entry("previous_region", Menu::View, "Previous region of the window", "Shift+F6"),
    entry("compare_swipe", Menu::View, "Swipe between two views", "C"),
    entry("compare_side_by_side", Menu::View, "Two views side by side", "Shift+Y"),
    entry("presentation", Menu::View, "Hide panels", "Tab"),
    entry("full_screen", Menu::View, "Full screen", "F11"),
    entry("theme", Menu::View, "Dark or light theme", ""),
    entry("language_system", Menu::View, "Language of the system", ""),
    entry("language_en", Menu::View, "English language", ""),
    // In French also where English is spoken: whoever needs it looks for that.
    entry("language_fr", Menu::View, "Langue française", ""),
    entry("toggle_layer", Menu::Layer, "Show or hide layer", "V"),
    entry("solo_layer", Menu::Layer, "Show only this layer", "Shift+S"),
    entry("layer_side", Menu::Layer, "Layer in the left, right or both views", "Y"),
    entry("lock_layer", Menu::Layer, "Lock or unlock layer", "Shift+K"),
    entry("group_layer", Menu::Layer, "Group layer", "Ctrl+G"),
    entry("style", Menu::Layer, "Style…", "S"),
    entry("duplicate_layer", Menu::Layer, "Duplicate layer", "Ctrl+D"),
    entry("remove_layer", Menu::Layer, "Remove layer", "Delete"),
    entry("layer_up", Menu::Layer, "Move layer up", "Ctrl+Shift+Up"),
    entry("layer_down", Menu::Layer, "Move layer down", "Ctrl+Shift+Down"),
    entry("more_opacity", Menu::Layer, "More opaque", "Ctrl+Shift+Right"),
    entry("less_opacity", Menu::Layer, "Less opaque", "Ctrl+Shift+Left"),
    entry("copy_style", Menu::Layer, "Copy style", "Shift+C"),
    entry("paste_style", Menu::Layer, "Paste style", "Shift+V"),
    entry("fit_visible", Menu::Layer, "Stretch colours to what is visible", ""),
    entry("follow_view", Menu::Layer, "Colours follow the view", ""),
    entry("show_masked", Menu::Layer, "Show masked values", ""),
    entry("save_default_style", Menu::Layer, "Save style as default of the product", ""),
    entry("save_collection_style", Menu::Layer, "Save style to collection file", ""),
    entry("reset_product_style", Menu::Layer, "Reset style to product default", ""),
    entry("show_all_layers", Menu::Layer, "Show all layers", ""),
    entry("play", Menu::Time, "Play or pause", "Space"),
    entry("play_smooth", Menu::Time, "Play smoothly", ""),
    entry("play_real_time", Menu::Time, "Play in real time", ""),
    entry("play_steps", Menu::Time, "Play step by step", ""),
    entry("play_granules", Menu::Time, "Play every granule", ""),
    entry("loop_all", Menu::Time, "Loop all data", ""),
    entry("loop_window", Menu::Time, "Loop this window", ""),
    entry("step_back", Menu::Time, "Step back", "Left"),
    entry("step_forward", Menu::Time, "Step forward", "Right"),
    entry("step_back_10", Menu::Time, "Ten steps back", "Shift+Left"),
    entry("step_forward_10", Menu::Time, "Ten steps forward", "Shift+Right"),
    entry("previous_granule", Menu::Time, "Previous granule of the layer", ","),
    entry("next_granule", Menu::Time, "Next granule of the layer", "."),
    entry("orbit_previous_pass", Menu::Time, "Previous pass", ""),
    entry("orbit_next_pass", Menu::Time, "Next pass", ""),
    entry("orbit_previous_orbit", Menu::Time, "Previous orbit", ""),
    entry("orbit_next_orbit", Menu::Time, "Next orbit", ""),
    entry("orbit_previous_cycle", Menu::Time, "Same pass, previous cycle", "Alt+,"),
    entry("orbit_next_cycle", Menu::Time, "Same pass, next cycle", "Alt+."),
    entry("first_data", Menu::Time, "First data", "Home"),
    entry("last_data", Menu::Time, "Last data", "End"),
    entry("jump_to_data", Menu::Time, "Jump to nearest data", "J"),
    entry("next_coincidence", Menu::Time, "Next coincidence", "Shift+N"),
    entry("previous_coincidence", Menu::Time, "Previous coincidence", "Shift+B"),
    entry("next_window", Menu::Time, "Longer window", "W"),
    entry("previous_window", Menu::Time, "Shorter window", "Shift+W"),
    entry("fit_timeline", Menu::Time, "Fit the visible layers", ""),
    entry("fold_gaps", Menu::Time, "Fold long gaps", ""),
    entry("help", Menu::Help, "Help", "F1"),
    entry("keys", Menu::Help, "Keyboard shortcuts", "?"),
    entry("tour", Menu::Help, "Tour of the window", ""),
    entry("about", Menu::Help, "About Seaglass", ""),
];

/// The table entry of that id.
pub fn entry_of(id: &str) -> Option<&'static Entry> {
    TABLE.iter().find(|e| e.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_keys_are_unique() {
        let mut ids: Vec<_> = TABLE.iter().map(|e| e.id).collect();
        let mut keys: Vec<_> = TABLE.iter().flat_map(|e| e.keys.split(" / ")).filter(|k| !k.is_empty()).collect();
        for list in [&mut ids, &mut keys] {
            let n = list.len();
            list.sort_unstable();
            list.dedup();
            assert_eq!(list.len(), n);
        }
    }
}
