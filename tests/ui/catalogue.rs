//! The Catalogue panel: what it lists, what ticking sends, search, filters and keys.

use std::sync::Arc;

use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use seaglass_app::right::Tab;
use seaglass_core::command::Command;
use seaglass_core::time::{Time, TimeSpan};
use seaglass_host::CatalogueRow;

use crate::world::{World, field, file};

fn counted(id: &str, in_window: usize, in_view: usize, mission: &str, level: &str) -> CatalogueRow {
    let t = |s: &str| Time::parse(s).unwrap();
    CatalogueRow {
        id: id.into(),
        in_window,
        in_view,
        total: 40,
        span: Some(TimeSpan::new(t("2024-08-01"), t("2024-08-20"))),
        days: (0..16).map(|k| k % 4).collect(),
        missions: vec![mission.into()],
        levels: vec![level.into()],
    }
}

/// Three collections; of the third nothing lies in the window, and it has no layer.
pub fn world() -> World {
    let mut world = World::with_data();
    let mut wind = field("wind_speed", "Wind speed", "m s-1");
    wind.rank = 10;
    let mut flag = field("wvc_quality_flag", "Quality flag", "");
    flag.rank = -20;
    for info in file("ASCAT winds", vec![wind, flag], &["2024-08-20T09:00:00"], 5.0) {
        world.session.apply(&Command::Opened { path: "/data/ascat.nc".into(), info: Box::new(info) }).unwrap();
    }
    let layer = world.session.project().layers.iter().find(|l| l.collection == "ascat_winds").unwrap().id;
    world.session.apply(&Command::RemoveLayer { layer }).unwrap();
    world.catalogue = Arc::new(vec![
        counted("swot_l3", 3, 1, "SWOT", "L3"),
        counted("ghrsst", 1, 0, "Metop-B", "L4"),
        counted("ascat_winds", 0, 0, "Metop-B", "L2"),
    ]);
    (world.state.right_open, world.state.right_tab) = (true, Tab::Catalogue);
    world
}

fn harness(world: World) -> Harness<'static, World> {
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    h
}

/// Whether a control whose name, or a text that begins so is there.
fn shows(h: &Harness<'_, World>, start: &str) -> bool {
    h.root().children_recursive().any(|n| {
        let node = n.accesskit_node();
        [node.label(), node.value()].into_iter().flatten().any(|l| l.starts_with(start))
    })
}

#[test]
fn ticking_a_variable_adds_its_layer_and_takes_it_away() {
    let mut h = harness(world());
    h.get_by_label("Mean dynamic topography, SWOT L3").click();
    h.run_ok();
    let added = Command::AddLayer { collection: "swot_l3".into(), field: "mdt".into() };
    assert_eq!(h.state().commands, [added]);
    let layer = h.state().id("mdt");
    h.get_by_label("Mean dynamic topography, SWOT L3").click();
    h.run_ok();
    assert_eq!(h.state().commands.last(), Some(&Command::RemoveLayer { layer }));
}

#[test]
fn collections_say_how_much_of_them_there_is() {
    let mut h = harness(world());
    assert!(shows(&h, "SWOT L3, 3 granules in the window, open"));
    assert!(shows(&h, "ASCAT winds, 0 granules in the window, closed"));
    h.get_by_label("In view").click();
    h.run_ok();
    assert!(shows(&h, "SWOT L3, 1 granule in the window and in view, open"));
    // Those with something come first.
    let y = |h: &Harness<'_, World>, start: &str| {
        let node =
            h.root().children_recursive().find(|n| n.accesskit_node().label().is_some_and(|l| l.starts_with(start)));
        node.expect(start).rect().top()
    };
    assert!(y(&h, "SWOT L3, 1 granule") < y(&h, "ASCAT winds, 0") && y(&h, "ASCAT winds, 0") < y(&h, "GHRSST, 0"));
}

#[test]
fn words_are_looked_for_in_collections_and_variables() {
    let mut h = harness(world());
    h.get_by_label("Filter collections").click();
    h.run_ok();
    h.get_by_label("Filter collections").type_text("wind qual");
    h.run_ok();
    assert!(shows(&h, "Quality flag, ASCAT winds"), "a variable found is shown, housekeeping or not");
    assert!(!shows(&h, "SWOT L3, ") && !shows(&h, "Wind speed, "));
    h.get_by_label("Clear the filter").click();
    h.run_ok();
    assert!(shows(&h, "SWOT L3, ") && !shows(&h, "Quality flag, "));
    h.state_mut().state.catalogue.filter = "no such thing".into();
    h.run_ok();
    h.get_by_label("Clear filters").click();
    h.run_ok();
    assert!(shows(&h, "SWOT L3, "));
}

#[test]
fn missions_and_levels_filter() {
    let mut h = harness(world());
    h.get_by_label("Type").click();
    h.run_ok();
    h.get_by_label("Metop-B").click();
    h.run_ok();
    assert!(!shows(&h, "SWOT L3, 3") && shows(&h, "GHRSST, ") && shows(&h, "ASCAT winds, "));
    h.get_by_label("L2").click();
    h.run_ok();
    assert!(!shows(&h, "GHRSST, 1") && shows(&h, "ASCAT winds, "));
}

#[test]
fn details_and_the_way_to_the_data() {
    let mut h = harness(world());
    h.get_by_label("ASCAT winds, 0 granules in the window, closed").click();
    h.run_ok();
    assert!(shows(&h, "Wind speed, ASCAT winds"), "it opens");
    assert!(!shows(&h, "Quality flag, ") && shows(&h, "1 more variables, ASCAT winds"));
    assert!(shows(&h, "Details of ASCAT winds, the whole title"));
    assert!(shows(&h, "Granules: 40 in all, 0 in the window, 0 in view") && shows(&h, "Mission: Metop-B"));
    h.get_by_label("Jump to data").click();
    h.run_ok();
    // The window of a day ends at the clock: the granule of 09:00 to 09:05 is in it when it has just ended.
    let now = Time::parse("2024-08-20T09:05:00").unwrap();
    assert_eq!(h.state().commands, [Command::SetTime { now }]);
    h.key_press(egui::Key::Escape);
    h.run_ok();
    assert!(!shows(&h, "Details of "));
}

#[test]
fn the_keyboard_reaches_everything() {
    let mut h = harness(world());
    h.get_by_label("ASCAT winds, 0 granules in the window, closed").focus();
    h.run_ok();
    assert_eq!(h.state().state.catalogue.hovered.as_deref(), Some("ascat_winds"), "its footprints are on the globe");
    h.key_press(egui::Key::ArrowRight);
    h.run_ok();
    assert!(shows(&h, "Wind speed, ASCAT winds"));
    h.key_press(egui::Key::ArrowLeft);
    h.run_ok();
    assert!(!shows(&h, "Wind speed, ASCAT winds"));
    h.key_press(egui::Key::ArrowRight);
    h.run_ok();
    h.get_by_label("Wind speed, ASCAT winds").focus();
    h.run_ok();
    h.key_press(egui::Key::Enter);
    h.run_ok();
    assert_eq!(
        h.state().commands,
        [Command::AddLayer { collection: "ascat_winds".into(), field: "wind_speed".into() }]
    );
}

#[test]
fn tabs_change_the_panel_and_a_narrow_window_has_a_drawer() {
    let mut h = harness(world());
    h.get_by_label("Colocate tab").click();
    h.run_ok();
    assert_eq!(h.state().state.right_tab, Tab::Colocate);
    assert!(!shows(&h, "SWOT L3, 3 granules"));
    h.get_by_label("Catalogue tab").click();
    h.run_ok();
    assert!(shows(&h, "SWOT L3, 3 granules"));
    let mut narrow = world().harness(1024.0, 640.0, false);
    narrow.run_ok();
    assert!(narrow.query_by_label("Catalogue").is_some() && shows(&narrow, "SWOT L3, 3 granules"));
    narrow.key_press(egui::Key::Escape);
    narrow.run_ok();
    assert!(!narrow.state().state.right_open, "Escape closes the drawer");
}

#[test]
fn without_files_it_says_what_it_is_for() {
    let mut world = World::empty();
    (world.state.right_open, world.state.welcome_closed) = (true, true);
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    assert!(shows(&h, "Collections appear here"));
}

#[test]
fn the_users_own_tags_filter_and_group() {
    let mut h = harness(world());
    h.get_by_label("SWOT L3, 3 granules in the window, open").click();
    h.run_ok();
    h.get_by_label("Tags").click();
    h.run_ok();
    h.get_by_label("New tag").focus();
    h.run_ok();
    h.get_by_label("New tag").type_text("my paper");
    h.run_ok();
    h.get_by_label("Add").click();
    h.run_ok();
    let tag = |on| Command::TagCollection { collection: "swot_l3".into(), tag: "my paper".into(), on };
    assert_eq!(h.state().commands, [tag(true)]);
    // Ticked off and on again in the same menu.
    h.get_by_label("my paper").click();
    h.run_ok();
    assert!(h.state().session.project().tags.is_empty());
    h.state_mut().session.apply(&tag(true)).unwrap();
    // Escape closes the menu; here, where the window does not hold it back, the details as well.
    h.key_press(egui::Key::Escape);
    h.run_ok();
    h.get_by_label("SWOT L3, 3 granules in the window, open").click();
    h.run_ok();
    assert!(shows(&h, "Tags: my paper"));
    // In groups: what has the tag, and what has none.
    h.get_by_label("Type").click();
    h.run_ok();
    h.get_by_label("By tag").click();
    h.run_ok();
    h.key_press(egui::Key::Escape);
    h.run_ok();
    assert!(shows(&h, "my paper, 1") && shows(&h, "Without a tag, 2"));
    // Filtered by it; words find it, too.
    h.get_by_label("Type").click();
    h.run_ok();
    h.get_by_label("my paper").click();
    h.run_ok();
    h.key_press(egui::Key::Escape);
    h.run_ok();
    assert!(shows(&h, "SWOT L3, 3 granules") && !shows(&h, "GHRSST, 1 granule"));
    h.state_mut().state.catalogue.tags.clear();
    h.state_mut().state.catalogue.filter = "paper".to_owned();
    h.run_ok();
    assert!(shows(&h, "SWOT L3, 3 granules") && !shows(&h, "GHRSST, 1 granule"));
}

#[test]
fn details_of_the_nearest_file_are_one_click_away() {
    let mut h = harness(world());
    h.get_by_label("SWOT L3, 3 granules in the window, open").click();
    h.run_ok();
    h.get_by_label("File details").click();
    h.run_ok();
    let path = h.state().state.file_details.clone().unwrap();
    assert!(path.starts_with("/data"), "{}", path.display());
}

#[test]
fn older_versions_are_left_out_until_wanted() {
    let mut world = world();
    let stem = "SWOT_L3_LR_SSH_Expert_026_165_20240811T020000_20240811T025100";
    let field = || field("ssha", "Sea surface height anomaly", "m");
    for version in ["v1.0.2", "v2.0.1"] {
        for info in file("SWOT L3", vec![field()], &["2024-08-11T02:00:00"], 51.0) {
            let path = format!("/data/{stem}_{version}.nc").into();
            world.session.apply(&Command::Opened { path, info: Box::new(info) }).unwrap();
        }
    }
    let mut h = harness(world);
    h.get_by_label("SWOT L3, 3 granules in the window, open").click();
    h.run_ok();
    assert!(shows(&h, "Versions: 1 older version left out"));
    h.get_by_label("All versions").click();
    h.run_ok();
    let versions = seaglass_core::versions::Versions::All;
    assert_eq!(h.state().commands, [Command::ChooseVersions { collection: "swot_l3".into(), versions }]);
    assert!(shows(&h, "Versions: 1 older version drawn as well"));
    h.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    h.run_ok();
    assert!(shows(&h, "Versions: 1 older version left out"));
}

#[test]
fn a_collection_has_a_picture_of_what_is_nearest_to_the_clock() {
    let mut h = harness(world());
    let asked = h.state_mut().state.thumbnails.take_asked();
    // Rows in sight are foreseen, one picture each.
    let of = |id: &str| asked.iter().find(|w| w.collection == id && w.field.is_none()).cloned();
    let swot = of("swot_l3").unwrap();
    assert!(of("ghrsst").is_some() && of("ascat_winds").is_some());
    // The clock stands at the last granule, 2024-08-12T03:00, of the third file.
    let now = h.state().session.project().timeline.now;
    assert!(now >= Time::parse("2024-08-12T03:00:00").unwrap(), "{now:?}");
    assert_eq!(swot.path, std::path::PathBuf::from("/data/file2.nc"));
    // Whoever looks at the details sees it; its place is kept while it is being made.
    h.get_by_label("SWOT L3, 3 granules in the window, open").click();
    h.run_ok();
    assert!(shows(&h, "Picture of SWOT L3, the whole title"));
    assert_eq!(h.state_mut().state.thumbnails.take_asked().first(), Some(&swot), "what is looked at is made first");
    let ctx = h.ctx.clone();
    let size = seaglass_app::thumbnails::SIZE_PX.map(|n| n as usize);
    let image = egui::ColorImage::filled(size, egui::Color32::RED);
    h.state_mut().state.thumbnails.give(&ctx, swot.clone(), Some(image));
    h.run_ok();
    assert!(h.state().state.thumbnails.has(&swot));
    assert!(!h.state_mut().state.thumbnails.take_asked().contains(&swot), "it is not made again");
    if let Ok(image) = h.render() {
        let red = image.pixels().filter(|p| p.0[..3] == [255, 0, 0]).count();
        assert!(red > 140 * 86, "{red} pixels of the picture are seen");
    }
    // What cannot be drawn has neither picture nor place.
    h.state_mut().state.thumbnails.give(&ctx, swot.clone(), None);
    h.run_ok();
    assert!(!shows(&h, "Picture of ") && h.state().state.thumbnails.cannot(&swot));
}

#[test]
fn pictures_are_few() {
    let ctx = egui::Context::default();
    let mut thumbnails = seaglass_app::thumbnails::Thumbnails::default();
    let wanted = |k: usize| seaglass_app::thumbnails::Wanted {
        collection: format!("c{k}"),
        field: None,
        path: "/data/a.nc".into(),
        part: 0,
        step: 0,
    };
    for k in 0..100 {
        thumbnails.give(&ctx, wanted(k), Some(egui::ColorImage::filled([2, 2], egui::Color32::RED)));
    }
    let there = (0..100).filter(|k| thumbnails.has(&wanted(*k))).count();
    assert_eq!(there, 64);
    assert!(thumbnails.has(&wanted(99)) && !thumbnails.has(&wanted(0)), "the oldest have gone");
}
