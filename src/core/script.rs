//! What is seen, as a Python program for the package `seaglass`: files, layers, styles, camera, clock and shapes.

use std::collections::HashMap;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::catalogue::Collection;
use crate::defaults::default_style;
use crate::project::{GroupId, Layer, LayerId, Project};
use crate::session::Session;
use crate::style::Style;
use crate::timeline::{PlayMode, Timeline};

/// Longest line of a call before its arguments get lines of their own.
const WIDE: usize = 100;
/// Settings that every script names, so that the defaults of another machine do not matter.
const ALWAYS: [&str; 10] =
    ["colormap", "reversed", "range", "log", "opacity", "filter", "out_of_range", "method", "size_pt", "time_rule"];

/// The program that brings `session` back; `sources` are its files and folders with whole paths. What cannot be brought
/// back is said in comments.
pub fn python(session: &Session, sources: &[PathBuf]) -> String {
    let project = session.project();
    let mut lines: Vec<String> = [
        "# What Seaglass showed. Run it beside \"seaglass --allow-files\" (or \"seaglass serve --allow-files\"); an address may follow.",
        "import sys",
        "",
        "import seaglass",
        "",
        "view = seaglass.connect(*sys.argv[1:2])",
    ]
    .map(str::to_owned)
    .into();
    if !sources.is_empty() {
        let names: Vec<String> =
            sources.iter().map(|p| format!("    {},", literal(&p.display().to_string()))).collect();
        lines.push(format!("files = [\n{}\n]", names.join("\n")));
        lines.push("# Where programs may name no files this is refused, before anything is closed.".to_owned());
        lines.push("view.open(*files)".to_owned());
    }
    let cleared = [
        "view.close_data()",
        "view.command(\"shapes\", change={\"what\": \"remove_all\"})",
        "view.command(\"remove_pins\")",
    ];
    lines.extend(cleared.map(str::to_owned));
    if !sources.is_empty() {
        lines.push("view.open(*files)".to_owned());
    }
    lines.push("for layer in view.layers:".to_owned());
    lines.push("    layer.remove()".to_owned());
    catalogue(project, &mut lines);
    layers(session, &mut lines);
    clock(&project.timeline, &mut lines);
    camera(project, &mut lines);
    shapes(project, &mut lines);
    if project.colocation.is_some() {
        lines.push(
            "# The comparison of layers in the Colocate panel is kept by a session file, not by this program.".into(),
        );
    }
    if !project.bookmarks.is_empty() {
        lines.push("# Bookmarks are kept by a session file, not by this program.".into());
    }
    lines.join("\n") + "\n"
}

fn catalogue(project: &Project, lines: &mut Vec<String>) {
    for (collection, tag) in project.tags.iter().flat_map(|(c, tags)| tags.iter().map(move |t| (c, t))) {
        let fields = json!({ "collection": collection, "tag": tag, "on": true });
        lines.push(command("tag_collection", &fields));
    }
    for collection in &project.all_versions {
        lines.push(command("choose_versions", &json!({ "collection": collection, "versions": "all" })));
    }
}

/// Layers from the bottom up, as each is added on top; then their groups and locks.
fn layers(session: &Session, lines: &mut Vec<String>) {
    let project = session.project();
    let mut names: HashMap<LayerId, String> = HashMap::new();
    for layer in project.layers.iter().rev() {
        let Some(collection) = session.catalogue().collections.get(&layer.collection) else {
            lines.push(format!("# {} of {} had no data.", layer.field, layer.collection));
            continue;
        };
        if collection.id.starts_with("pushed: ") {
            lines.push(format!("# {} was pushed: push it again before this.", collection.title));
        }
        let name = format!("layer{}", names.len() + 1);
        lines.push(String::new());
        let of = [literal(&layer.field), literal(&layer.collection)];
        lines.push(format!("{name} = {}", call("view.add_layer", &of)));
        let settings = style(layer, collection);
        lines.push(call(&format!("{name}.set"), &settings));
        one_by_one(layer, &name, lines);
        names.insert(layer.id, name);
    }
    if !names.is_empty() {
        lines.push(String::new());
    }
    for group in &project.groups {
        let of = |l: &&Layer| l.group == Some(group.id);
        let members: Vec<&str> =
            project.layers.iter().filter(of).filter_map(|l| names.get(&l.id)).map(String::as_str).collect();
        if members.is_empty() {
            continue;
        }
        let ids = members.iter().map(|n| format!("{n}.id")).collect::<Vec<_>>().join(", ");
        let made = [literal("group_layers"), format!("layers=[{ids}]"), format!("name={}", literal(&group.name))];
        lines.push(call("view.command", &made));
        group_state(project, group.id, lines);
    }
    // Two views first: the first time they part the layers by themselves.
    let compare = project.compare.map(|c| plain(&c));
    lines.push(command("set_compare", &json!({ "compare": compare })));
    for layer in project.layers.iter().filter(|l| project.compare.is_some() || l.side.is_some()) {
        if let Some(name) = names.get(&layer.id) {
            let side = python_of(&json!(layer.side));
            lines.push(format!("view.command(\"set_layer_side\", layer={name}.id, side={side})"));
        }
    }
    for layer in project.layers.iter().filter(|l| l.locked) {
        if let Some(name) = names.get(&layer.id) {
            lines.push(format!("view.command(\"lock_layer\", layer={name}.id, locked=True)"));
        }
    }
}

fn group_state(project: &Project, id: GroupId, lines: &mut Vec<String>) {
    let Some(group) = project.group(id).filter(|g| !g.visible || g.folded || g.opacity != 1.0) else { return };
    let patch = plain(&json!({ "visible": group.visible, "folded": group.folded, "opacity": Short(group.opacity) }));
    let which = "group=view.project()[\"groups\"][-1][\"id\"]".to_owned();
    lines.push(call("view.command", &[literal("change_group"), which, format!("patch={}", python_of(&patch))]));
}

/// A number of 32 bits without the digits it gets with 64.
struct Short(f32);

impl Serialize for Short {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(self.0.to_string().parse().unwrap_or(f64::from(self.0)))
    }
}

/// What is neither style nor place of a layer.
fn one_by_one(layer: &Layer, name: &str, lines: &mut Vec<String>) {
    if let Some(given) = &layer.name {
        lines.push(format!("{name}.name = {}", literal(given)));
    }
    if !layer.visible {
        lines.push(format!("{name}.visible = False"));
    }
    if !layer.extra.is_empty() {
        lines.push(call(&format!("{name}.index"), &layer.extra.iter().map(usize::to_string).collect::<Vec<_>>()));
    }
    if !layer.components.is_empty() {
        let parts: Vec<String> = layer.components.iter().map(|c| literal(c)).collect();
        lines.push(call(&format!("{name}.components"), &parts));
    }
    if layer.unmasked {
        lines.push(format!("view.command(\"show_masked\", layer={name}.id, on=True)"));
    }
}

/// The settings of a style as arguments: those of [`ALWAYS`], and what is neither as usual nor as the product has it.
fn style(layer: &Layer, collection: &Collection) -> Vec<String> {
    let geometry = collection.granules.first().map(|g| g.geometry);
    let usual = collection.field(&layer.field).map(|f| default_style(f, geometry)).unwrap_or_default();
    let [is, product, nobody] = [&layer.style, &usual, &Style::default()].map(whole);
    let kept = |key: &str, value: &Value| {
        ALWAYS.contains(&key) || product.get(key) != Some(value) || nobody.get(key) != Some(value)
    };
    is.iter().filter(|(k, v)| !v.is_null() && kept(k, v)).map(|(k, v)| format!("{k}={}", python_of(v))).collect()
}

/// All settings of a style, those too that files leave out.
fn whole(style: &Style) -> Map<String, Value> {
    match plain(&crate::style::StylePatch::whole(style)) {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn clock(timeline: &Timeline, lines: &mut Vec<String>) {
    lines.push(format!("view.window = {}", python_of(&json!(timeline.window_s))));
    lines.push(command("set_anchor", &json!({ "anchor": timeline.anchor })));
    if let Some([before, after]) = timeline.offsets_s {
        lines.push(format!("# The window began {before} s before the clock and ended {after} s after it."));
    }
    lines.push(command("set_step", &json!({ "step_s": timeline.step_s })));
    lines.push(command("set_speed", &json!({ "speed": timeline.speed })));
    if timeline.play != PlayMode::Smooth {
        lines.push(command("set_play_mode", &json!({ "play": timeline.play })));
    }
    match timeline.loop_span.filter(|_| timeline.looped) {
        Some(span) => lines.push(command("set_loop_span", &json!({ "span": span }))),
        None => lines.push(command("set_loop", &json!({ "on": timeline.looped }))),
    }
    for (name, on) in [("show_nearest", timeline.nearest), ("show_always", timeline.always)] {
        if on {
            lines.push(command(name, &json!({ "on": true })));
        }
    }
    // Microseconds since 1970, as commands have them; people read the rest.
    lines.push(format!("{}  # {}", command("set_time", &json!({ "now": timeline.now })), timeline.now.iso()));
}

fn camera(project: &Project, lines: &mut Vec<String>) {
    let camera = &project.camera;
    lines.push(command("set_base_map", &json!({ "base": plain(&project.base) })));
    lines.push(command("set_projection", &json!({ "projection": camera.projection })));
    let given = [
        ("lon", camera.target.lon_deg),
        ("lat", camera.target.lat_deg),
        ("altitude", camera.altitude_m),
        ("heading", camera.heading_deg),
        ("tilt", camera.tilt_deg),
    ];
    lines.push(call("view.camera.set", &given.map(|(k, v)| format!("{k}={}", python_of(&json!(v))))));
    for pin in &project.pins {
        lines.push(command("add_pin", &json!({ "place": pin.place })));
    }
}

/// Shapes that were drawn; those of files come with their files.
fn shapes(project: &Project, lines: &mut Vec<String>) {
    for shape in project.shapes.iter().filter(|s| s.file.is_none()) {
        let new = plain(&crate::shapes::NewShape {
            name: shape.name.clone(),
            geometry: shape.geometry.clone(),
            style: Some(shape.style),
            attributes: shape.attributes.clone(),
        });
        let made = command("shapes", &json!({ "change": { "what": "add", "shape": new } }));
        if shape.visible {
            lines.push(made);
        } else {
            lines.push(format!("shape = {made}[\"shape\"]"));
            lines.push(
                "view.command(\"shapes\", change={\"what\": \"show\", \"shape\": shape, \"visible\": False})".into(),
            );
        }
    }
}

/// `view.command("name", key=value)`.
fn command(name: &str, fields: &Value) -> String {
    let fields = fields.as_object().into_iter().flatten().map(|(k, v)| format!("{k}={}", python_of(v)));
    call("view.command", &std::iter::once(literal(name)).chain(fields).collect::<Vec<_>>())
}

/// A call in one line, or with a line for each argument where that would be too long.
fn call(function: &str, arguments: &[String]) -> String {
    let line = format!("{function}({})", arguments.join(", "));
    if line.len() <= WIDE {
        return line;
    }
    let lines: String = arguments.iter().map(|a| format!("    {a},\n")).collect();
    format!("{function}(\n{lines})")
}

/// A value by way of its text: numbers of 32 bits do not get the digits of 64.
fn plain(value: &impl Serialize) -> Value {
    serde_json::to_string(value).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// A text as Python writes it: JSON's escapes are among Python's.
fn literal(text: &str) -> String {
    Value::from(text).to_string()
}

/// A value as Python writes it.
fn python_of(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(on) => if *on { "True" } else { "False" }.to_owned(),
        Value::Array(items) => format!("[{}]", items.iter().map(python_of).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let items: Vec<String> = map.iter().map(|(k, v)| format!("{}: {}", literal(k), python_of(v))).collect();
            format!("{{{}}}", items.join(", "))
        }
        Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_python() {
        let value = json!({ "a": [true, null, 0.5, -3], "quo\"te\\": "Ö\n" });
        assert_eq!(python_of(&value), r#"{"a": [True, None, 0.5, -3], "quo\"te\\": "Ö\n"}"#);
        assert_eq!(plain(&json!({ "x": Short(0.9) })).to_string(), r#"{"x":0.9}"#);
        assert_eq!(plain(&0.1f32), json!(0.1));
    }

    #[test]
    fn long_calls_get_a_line_for_each_argument() {
        assert_eq!(call("f", &["1".into(), "2".into()]), "f(1, 2)");
        let long = "x".repeat(60);
        assert_eq!(call("f", &[long.clone(), long.clone()]), format!("f(\n    {long},\n    {long},\n)"));
    }

    #[test]
    fn an_empty_session_is_a_program_too() {
        let text = python(&Session::default(), &[]);
        assert!(text.contains("view = seaglass.connect(*sys.argv[1:2])\nview.close_data()\n"), "{text}");
        assert!(!text.contains("view.open") && !text.contains("add_layer"), "{text}");
        assert!(text.contains("view.command(\"set_time\", now=0)  # 1970-01-01T00:00:00"), "{text}");
    }
}
