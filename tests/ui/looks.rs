//! Every state of the window at its sizes and in both themes: cards keep apart, text is whole and large enough, nothing
//! lies outside, everything that can be pressed is large enough and has a name.
//!
//! `SEAGLASS_PICTURES=1 cargo test --test ui looks` also writes pictures to `target/ui-states`, to be looked at.

use std::path::PathBuf;

use egui::{Rect, Shape};
use egui_kittest::kittest::{NodeT, Queryable};
use seaglass_app::hover::{HoverInfo, HoverRow, Value};
use seaglass_app::model::{Reason, Work};
use seaglass_app::toasts::Level;
use seaglass_core::command::Command;
use seaglass_core::compare::{Compare, CompareMode};
use seaglass_core::format::{AngleForm, Coordinates};
use seaglass_core::geo::LonLat;

use crate::world::World;

type Make = fn() -> World;

/// Window sizes of the design's checks.
const SIZES: [(f32, f32); 3] = [(1024.0, 640.0), (1440.0, 900.0), (3840.0, 2160.0)];

/// A state, what must be said in it, and what must not.
struct State {
    name: &'static str,
    make: Make,
    says: &'static [&'static str],
}

fn with_reason(reason: Reason) -> World {
    let mut world = World::with_data();
    world.view_reason = Some(reason.clone());
    world.reasons = world.session.project().layers.iter().map(|l| (l.id, reason.clone())).collect();
    world
}

fn hovered() -> World {
    let mut world = World::with_data();
    let row = |world: &World, field: &str, name: &str, value| HoverRow {
        layer: world.id(field),
        name: name.to_owned(),
        product: None,
        value,
        offset_s: Some(-9_960.0),
        cell: None,
        quality: None,
    };
    let rows = vec![
        row(&world, "sst", "SST", Value::Number("24.66".to_owned(), "°C".to_owned())),
        row(&world, "ssha", "SSHA", Value::Words("No data".to_owned())),
    ];
    let info = HoverInfo { at: LonLat::new(-54.293, 36.159), elevation_m: Some(-4870.0), rows };
    world.hover = Some((info, egui::pos2(620.0, 330.0)));
    world
}

/// Values with quality flags, in the longest form of coordinates, over a drawer where the window is narrow.
fn hovered_beside_the_drawer() -> World {
    let mut world = hovered();
    world.state.right_open = true;
    world.state.right_tab = seaglass_app::right::Tab::Colocate;
    world.state.coordinates = Coordinates { form: AngleForm::Seconds, longitude_360: true };
    if let Some((info, _)) = &mut world.hover {
        info.rows[0].quality = Some("Quality: best quality".to_owned());
    }
    world
}

fn style_of_flags() -> World {
    let mut world = World::with_flags();
    let layer = world.id("quality_level");
    (world.state.selected, world.state.style_of) = (Some(layer), Some(layer));
    world
}

fn pinned() -> World {
    let mut world = World::with_data();
    for lon in [-60.0, -50.0] {
        world.session.apply(&Command::AddPin { place: LonLat::new(lon, 36.5) }).unwrap();
    }
    world
}

fn failed() -> World {
    let mut world = World::with_data();
    let ssha = world.id("ssha");
    let message = "Cannot read latitude. The variable is missing.".to_owned();
    world.reasons = vec![(ssha, Reason::Failed { message, path: None })];
    for k in 0..6 {
        let name = format!("/data/SWOT_L2_LR_SSH_Expert_017_{k:03}_20240811T043106_20240811T052233_PIC0_01.nc");
        let text = "Cannot read latitude. The variable is missing. Choose it by hand, or report the product.";
        world.toasts.push(Level::Error, text, Some(name.into()));
    }
    world
}

/// Groups, one folded, a locked layer, bookmarks.
fn grouped() -> World {
    let mut world = World::with_flags();
    let (flag, sst, best) = (world.id("quality_level"), world.id("sst"), world.id("ssha"));
    let mut apply = |c: Command| world.session.apply(&c).unwrap();
    apply(Command::GroupLayers { layers: vec![flag, sst], name: "Sea surface temperature of this study".into() });
    apply(Command::GroupLayers { layers: vec![best], name: "Altimetry".into() });
    let group = seaglass_core::project::GroupId(2);
    let patch = seaglass_core::project::GroupPatch { folded: Some(true), opacity: Some(0.6), ..Default::default() };
    apply(Command::ChangeGroup { group, patch });
    apply(Command::LockLayer { layer: sst, locked: true });
    apply(Command::AddBookmark { name: String::new() });
    apply(Command::LookAt { place: LonLat::new(-60.0, 37.0), altitude_m: Some(3.0e6) });
    apply(Command::AddBookmark { name: "Gulf Stream rings in the summer of 2024".into() });
    world
}

fn many_layers() -> World {
    let mut world = World::with_data();
    for k in 0..14 {
        let (collection, field) = if k % 2 == 0 { ("swot_l3", "mdt") } else { ("ghrsst", "sst") };
        world.session.apply(&Command::AddLayer { collection: collection.into(), field: field.into() }).unwrap();
        let layer = world.session.project().layers[0].id;
        world.session.apply(&Command::InitRange { layer, range: [-1.5, 1.5] }).unwrap();
    }
    world
}

const STATES: &[State] = &[
    State { name: "first-run", make: World::empty, says: &["Open the sample day", "Open files"] },
    State {
        name: "making-the-sample",
        make: || World { sample: Some((12, 31)), ..World::empty() },
        says: &["Sample day, 12 of 31 files", "Cancel making the sample day"],
    },
    State {
        name: "loading",
        make: || {
            let mut world = World::with_data();
            world.work = Work { opening: (1, 6), reading: 4 };
            world.loading = vec![(world.id("ssha"), 1)];
            world
        },
        says: &["Cancel opening"],
    },
    State { name: "normal", make: World::with_data, says: &["Globe", "Play", "Compass: north up"] },
    State { name: "hover", make: hovered, says: &["Globe"] },
    State { name: "hover-beside-drawer", make: hovered_beside_the_drawer, says: &["Globe"] },
    State {
        name: "catalogue",
        make: || {
            let mut world = crate::catalogue::world();
            world.state.catalogue.selected = Some("ascat_winds".to_owned());
            world
        },
        says: &["Filter collections", "Catalogue tab", "Mean dynamic topography, SWOT L3", "Show file"],
    },
    State {
        name: "comparing",
        make: || {
            let mut world = World::with_data();
            let compare = Compare::new(CompareMode::Swipe);
            world.session.apply(&Command::SetCompare { compare: Some(compare) }).unwrap();
            world
        },
        says: &["SST in: Left view"],
    },
    State { name: "style-of-flags", make: style_of_flags, says: &["Save as default", "best quality"] },
    State { name: "pins", make: pinned, says: &["Pin at 36.500° N, 60.000° W"] },
    State {
        name: "masked-by-product",
        make: || {
            let mut world = World::with_flags();
            world.view_reason = Some(Reason::AllMasked);
            world.reasons = world.session.project().layers.iter().map(|l| (l.id, Reason::AllMasked)).collect();
            world
        },
        says: &["All values are masked.", "Show masked"],
    },
    State {
        name: "layer-out-of-window",
        make: || {
            let mut world = World::with_data();
            world.reasons = vec![(world.id("ssha"), Reason::OutOfTime { offset_s: 187_200.0 })];
            world
        },
        says: &["Jump to SSHA"],
    },
    State {
        name: "nothing-at-this-time",
        make: || with_reason(Reason::OutOfTime { offset_s: -7200.0 }),
        says: &["Nothing to show at this time.", "Jump to nearest data"],
    },
    State {
        name: "all-hidden",
        make: || with_reason(Reason::AllHidden),
        says: &["All layers are hidden.", "Show all"],
    },
    State {
        name: "outside-the-view",
        make: || with_reason(Reason::OffScreen),
        says: &["Data are outside the view.", "Zoom to data"],
    },
    State {
        name: "all-masked",
        make: || with_reason(Reason::AllMasked),
        says: &["All values here are masked or missing."],
    },
    State { name: "file-failed", make: failed, says: &["Details", "Dismiss all messages"] },
    State {
        name: "worker-restarted",
        make: || {
            let mut world = hovered();
            let text = "The reader was restarted while reading a.nc.";
            world.toasts.push(Level::Info, text, Some("/data/a.nc".into()));
            world
        },
        says: &["The reader was restarted while reading a.nc."],
    },
    State {
        name: "no-gpu",
        make: || World { adapter: ("llvmpipe (LLVM 19.1.7, 256 bits)".to_owned(), true), ..World::with_data() },
        says: &["What to do", "Close the banner"],
    },
    State {
        name: "gpu-memory-full",
        make: || World { memory_full: Some((3_987_000_000, 4_000_000_000)), ..World::with_data() },
        says: &["GPU 4.0 / 4\u{a0}GB"],
    },
    State { name: "groups", make: grouped, says: &["Hide group Altimetry", "Unlock SST", "Bookmarks, 2"] },
    State {
        name: "preferences",
        make: || {
            let mut world = World::with_data();
            world.state.preferences_open = true;
            world
        },
        says: &["Theme: Dark", "Temperature: K", "Reset"],
    },
    State { name: "many-layers", make: many_layers, says: &["Play"] },
    State {
        name: "presentation",
        make: || {
            let mut world = World::with_data();
            world.state.presentation = true;
            world
        },
        says: &["Legend: Sea surface height anomaly, Sea surface temperature"],
    },
];

/// A piece of text as painted.
struct Painted {
    text: String,
    rect: Rect,
    clip: Rect,
    size: f32,
}

fn texts(output: &egui::FullOutput) -> Vec<Painted> {
    fn walk(shape: &Shape, clip: Rect, list: &mut Vec<Painted>) {
        match shape {
            Shape::Vec(shapes) => shapes.iter().for_each(|s| walk(s, clip, list)),
            Shape::Text(text) => {
                let sections = &text.galley.job.sections;
                let icons = sections.iter().all(|s| s.format.font_id.family.to_string().starts_with("icons"));
                let rect = text.galley.rect.translate(text.pos.to_vec2());
                if icons || text.galley.is_empty() || !clip.intersects(rect) || rect.width() < 1.0 {
                    return;
                }
                let size = sections.iter().map(|s| s.format.font_id.size).fold(f32::INFINITY, f32::min);
                list.push(Painted { text: text.galley.text().to_owned(), rect, clip, size });
            }
            _ => {}
        }
    }
    let mut list = Vec::new();
    output.shapes.iter().for_each(|s| walk(&s.shape, s.clip_rect, &mut list));
    list
}

/// What is wrong, all of it: one run shows every fault.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn unless(&mut self, good: bool, words: impl FnOnce() -> String) {
        if !good {
            self.0.push(words());
        }
    }
}

fn check_text(at: &str, screen: Rect, painted: &[Painted], faults: &mut Faults) {
    faults.unless(painted.len() > 3, || format!("{at}: only {} texts", painted.len()));
    for p in painted {
        faults.unless(p.size >= 11.0, || format!("{at}: {:?} has {} points", p.text, p.size));
        let inside = screen.expand(0.5).contains_rect(p.rect);
        faults.unless(inside, || format!("{at}: {:?} lies outside: {:?}", p.text, p.rect));
        let cut = p.rect.left() < p.clip.left() - 1.0 || p.rect.right() > p.clip.right() + 1.0;
        faults.unless(!cut, || format!("{at}: {:?} is cut off: {:?} in {:?}", p.text, p.rect, p.clip));
    }
    for (k, a) in painted.iter().enumerate() {
        for b in &painted[..k] {
            let both = a.rect.intersect(a.clip).shrink(1.5).intersect(b.rect.intersect(b.clip).shrink(1.5));
            faults.unless(!both.is_positive(), || format!("{at}: {:?} and {:?} overlap at {both:?}", a.text, b.text));
        }
    }
}

fn check_cards(at: &str, screen: Rect, cards: &[(&'static str, Rect)], faults: &mut Faults) {
    for (k, (name, rect)) in cards.iter().enumerate() {
        faults.unless(screen.contains_rect(*rect), || format!("{at}: {name} lies outside: {rect:?}"));
        for (other, taken) in &cards[..k] {
            let apart = !rect.shrink(0.5).intersects(*taken);
            faults.unless(apart, || format!("{at}: {name} {rect:?} covers {other} {taken:?}"));
        }
    }
}

fn check_targets(at: &str, h: &egui_kittest::Harness<'_, World>, screen: Rect, faults: &mut Faults) {
    use egui::accesskit::Role;
    let pressed = [
        Role::Button,
        Role::Link,
        Role::CheckBox,
        Role::RadioButton,
        Role::SpinButton,
        Role::ComboBox,
        Role::DisclosureTriangle,
    ];
    let mut checked = 0;
    for node in h.root().children_recursive() {
        let access = node.accesskit_node();
        // A node without a rectangle is not on the screen.
        if !pressed.contains(&access.role()) || access.bounding_box().is_none() {
            continue;
        }
        let rect = node.rect();
        // What is scrolled out of sight begins below its panel: under the status bar or below the window.
        if rect.top() > screen.bottom() - 24.0 {
            continue;
        }
        let label = access.label();
        let named = label.as_ref().is_some_and(|l| !l.is_empty());
        faults.unless(named, || format!("{at}: something without a name at {rect:?}"));
        let large = rect.width() >= 23.5 && rect.height() >= 23.5;
        faults.unless(large, || format!("{at}: {label:?} is too small: {rect:?}"));
        let inside = screen.expand(1.0).contains_rect(rect);
        faults.unless(inside, || format!("{at}: {label:?} lies outside: {rect:?}"));
        checked += 1;
    }
    faults.unless(checked > 0 || at.contains("presentation"), || format!("{at}: nothing to press"));
}

#[test]
fn every_state_is_whole_at_every_size() {
    let faults = look(&SIZES, &[true, false], "en");
    assert!(faults.0.is_empty(), "{} faults:\n{}", faults.0.len(), faults.0.join("\n"));
}

/// French takes more room.
#[test]
fn every_state_is_whole_in_french() {
    let faults = look(&SIZES[..2], &[true], "fr");
    assert!(faults.0.is_empty(), "{} faults:\n{}", faults.0.len(), faults.0.join("\n"));
}

fn look(sizes: &[(f32, f32)], themes: &[bool], language: &str) -> Faults {
    let pictures = std::env::var_os("SEAGLASS_PICTURES").is_some();
    let mut faults = Faults::default();
    for state in STATES {
        for &(w, h) in sizes {
            for &dark in themes {
                seaglass_app::lang::set(language);
                let theme = match (dark, language) {
                    (true, "en") => "dark",
                    (false, "en") => "light",
                    _ => language,
                };
                let at = format!("{} {w}×{h} {theme}", state.name);
                // The harness leaves a margin of 8 points.
                let mut harness = (state.make)().harness(w + 16.0, h + 16.0, dark);
                // Spinners and pulses never rest; no spinner shows before 300 ms.
                for _ in 0..24 {
                    harness.step();
                }
                let screen = Rect::from_min_size(egui::pos2(8.0, 8.0), egui::vec2(w, h));
                if pictures {
                    save(&mut harness, &format!("{}-{w}-{theme}.png", state.name));
                }
                check_text(&at, screen, &texts(harness.output()), &mut faults);
                check_cards(&at, screen, harness.state().state.taken.cards(), &mut faults);
                check_targets(&at, &harness, screen, &mut faults);
                // What is said is written down in English.
                for words in state.says.iter().filter(|_| language == "en") {
                    let said = harness.query_all_by_label(words).next().is_some();
                    faults.unless(said, || format!("{at}: nothing says {words:?}"));
                }
            }
        }
    }
    faults
}

fn save(harness: &mut egui_kittest::Harness<'_, World>, name: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/ui-states");
    std::fs::create_dir_all(&folder).unwrap();
    match harness.render() {
        Ok(image) => image.save(folder.join(name)).unwrap(),
        Err(e) => println!("skipped: no picture of {name}: {e}"),
    }
}
