use std::sync::Arc;

use super::super::{Effect, Session};
use crate::command::Command;
use crate::notebook::{
    CollectionKey, ControlPoint, DataModel, Descriptor, FILE_SOURCE, GranuleKey, GranuleMeta, NamedSpan,
    NotebookChange, RawField, RawValues, Rendering, USER_SOURCE, UserCollection, UserGranule, UserVariable,
    VariableKey,
};
use crate::style::StylePatch;
use crate::time::Time;

const OF: CollectionKey = CollectionKey { source: USER_SOURCE, collection: 10 };
/// 2020-01-01T00:00Z.
const DAY_MS: u64 = 1_577_836_800_000;
const HOUR_MS: u64 = 3_600_000;

fn change(s: &mut Session, change: NotebookChange) -> Result<Vec<Effect>, String> {
    s.apply(&Command::Notebook { change }).map_err(|e| e.0)
}

fn granule(number: u64, start_ms: u64, stop_ms: u64, values: Vec<u8>) -> Arc<UserGranule> {
    let point = |lon_deg, lat_deg, col, row| ControlPoint { time_ms: 0, lon_deg, lat_deg, col, row };
    let points = vec![point(0.0, 0.0, 0, 0), point(10.0, 0.0, 1, 0), point(0.0, 10.0, 0, 1), point(10.0, 10.0, 1, 1)];
    let file = Descriptor { uri: format!("Python: {number}"), points: Arc::new(points), ..Descriptor::default() };
    let meta = GranuleMeta {
        key: GranuleKey { of: OF, granule: number },
        data_id: format!("g{number}"),
        model: DataModel::RowCell,
        start_ms,
        stop_ms,
        files: vec![file],
        ..GranuleMeta::default()
    };
    let field = RawField {
        name: "sst".into(),
        cols: 2,
        rows: 2,
        channels: 1,
        offset: Some(0.0),
        scale: Some(1.0),
        fill: Some(255.0),
        values: RawValues::Bytes(values),
    };
    Arc::new(UserGranule { meta, fields: vec![field] })
}

fn variable(id: u32, label: &str, fields: &[&str]) -> UserVariable {
    let fields = fields.iter().map(|f| (*f).to_owned()).collect();
    UserVariable { id, label: label.to_owned(), fields, ..UserVariable::default() }
}

/// A collection with one granule of the first day of 2020 and a variable for its field.
fn pushed() -> Session {
    let mut s = Session::default();
    let collection = UserCollection { key: OF, label: "Mine".into(), ..UserCollection::default() };
    change(&mut s, NotebookChange::AddCollection { collection }).unwrap();
    let granule = granule(1000, DAY_MS, DAY_MS + 24 * HOUR_MS, vec![1, 2, 3, 4]);
    change(&mut s, NotebookChange::AddGranule { granule }).unwrap();
    change(&mut s, NotebookChange::AddVariable { of: OF, variable: variable(0, "SST", &["sst"]) }).unwrap();
    at(&mut s, 12.0);
    s
}

/// Sets the clock to an hour of that day.
fn at(s: &mut Session, hour: f64) {
    let now = Time::from_micros(DAY_MS as i64 * 1000).plus_seconds(hour * 3600.0);
    s.apply(&Command::SetTime { now }).unwrap();
}

fn select(s: &mut Session, selected: bool, exclusive: bool) -> Vec<Effect> {
    let command = Command::SelectField { collection: "notebook 1:10".into(), field: "SST".into(), selected, exclusive };
    s.apply(&command).unwrap()
}

fn draw(s: &mut Session, rendering: Rendering) {
    let command = Command::SetRendering { collection: "notebook 1:10".into(), field: "SST".into(), rendering };
    s.apply(&command).unwrap();
}

fn shown(s: &Session) -> usize {
    let c = &s.catalogue().collections["notebook 1:10"];
    c.shown_at("SST", &crate::style::Style::default(), &s.project().timeline).len()
}

#[test]
fn a_pushed_variable_becomes_a_layer_when_chosen() {
    let mut s = pushed();
    assert!(s.project().layers.is_empty(), "pushing chooses nothing");
    let effects = select(&mut s, true, false);
    assert_eq!(effects, [Effect::ChooseRange(s.project().layers[0].id)]);
    assert_eq!(select(&mut s, true, false), [], "chosen already");
    assert_eq!((s.project().layers.len(), shown(&s)), (1, 1));
    s.apply(&Command::Undo).unwrap();
    assert!(s.project().layers.is_empty());
    s.apply(&Command::Redo).unwrap();
    select(&mut s, false, false);
    assert!(s.project().layers.is_empty());
}

#[test]
fn the_look_outlives_the_layer_and_knows_the_windows_changes() {
    let mut s = pushed();
    let sent = Rendering { min: 0.0, max: 0.0, opacity: 0.5, z: 500.0, colormap: "jet".into(), ..Rendering::default() };
    draw(&mut s, sent.clone());
    let of = |s: &Session| s.rendering_of("notebook 1:10", "SST").unwrap();
    assert_eq!(of(&s), sent, "before it is chosen");
    assert_eq!(select(&mut s, true, false), [], "the range is known");
    assert_eq!(of(&s), sent);
    let layer = s.project().layers[0].id;
    let patch = StylePatch { range: Some([1.0, 3.0]), ..StylePatch::default() };
    s.apply(&Command::SetStyle { layer, patch }).unwrap();
    let changed = Rendering { min: 1.0, max: 3.0, ..sent.clone() };
    assert_eq!(of(&s), changed);
    select(&mut s, false, false);
    assert_eq!(of(&s), changed, "without a layer");
    select(&mut s, true, false);
    assert_eq!(s.project().layers[0].style.range, Some([1.0, 3.0]));
    // Hidden is not dropped.
    draw(&mut s, Rendering { shown: false, ..changed.clone() });
    assert!(!s.project().layers[0].visible);
    assert_eq!(of(&s), Rendering { shown: false, ..changed });
    s.apply(&Command::Undo).unwrap();
    assert!(s.project().layers[0].visible);
}

#[test]
fn heights_order_the_layers_that_have_one() {
    let mut s = pushed();
    for (id, name) in [(1, "low"), (2, "high")] {
        change(&mut s, NotebookChange::AddVariable { of: OF, variable: variable(id, name, &["sst"]) }).unwrap();
    }
    let collection = || "notebook 1:10".to_owned();
    for (field, z) in [("high", 0.9), ("low", 0.1)] {
        let select =
            Command::SelectField { collection: collection(), field: field.into(), selected: true, exclusive: false };
        s.apply(&select).unwrap();
        let rendering = Rendering { z, ..Rendering::default() };
        s.apply(&Command::SetRendering { collection: collection(), field: field.into(), rendering }).unwrap();
    }
    let order = |s: &Session| s.project().layers.iter().map(|l| l.field.clone()).collect::<Vec<_>>();
    assert_eq!(order(&s), ["high", "low"]);
    select(&mut s, true, true);
    assert_eq!(order(&s), ["SST"], "alone");
}

#[test]
fn the_same_number_again_replaces_and_removal_forgets() {
    let mut s = pushed();
    select(&mut s, true, false);
    let again = granule(1000, DAY_MS, DAY_MS + HOUR_MS, vec![9; 4]);
    let effects = change(&mut s, NotebookChange::AddGranule { granule: again }).unwrap();
    let path = s.catalogue().collections["notebook 1:10"].granules[0].path.clone();
    assert_eq!(effects, [Effect::ForgetFile(path.clone())]);
    assert_eq!(s.catalogue().collections["notebook 1:10"].granules.len(), 1);
    let effects = change(&mut s, NotebookChange::RemoveCollection { key: OF }).unwrap();
    assert_eq!(effects, [Effect::ForgetFile(path)]);
    assert!(s.project().layers.is_empty() && s.catalogue().collections.is_empty());
    assert!(change(&mut s, NotebookChange::RemoveCollection { key: OF }).is_err());
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let mut s = pushed();
    let before = s.clone();
    let good = || granule(2000, DAY_MS, DAY_MS + 1, vec![0; 4]);
    let spoiled = |spoil: fn(&mut UserGranule)| {
        let mut g = good().as_ref().clone();
        spoil(&mut g);
        NotebookChange::AddGranule { granule: Arc::new(g) }
    };
    let collection = |key: CollectionKey| NotebookChange::AddCollection {
        collection: UserCollection { key, ..UserCollection::default() },
    };
    let key = |source, collection| CollectionKey { source, collection };
    let variable = |id, label, fields| NotebookChange::AddVariable { of: OF, variable: variable(id, label, fields) };
    for (bad, word) in [
        (spoiled(|g| g.fields.clear()), "no fields"),
        (spoiled(|g| g.meta.stop_ms = g.meta.start_ms), "start"),
        (spoiled(|g| g.meta.stop_ms = u64::MAX), "9999"),
        (spoiled(|g| g.meta.key.of.collection = 77), "no collection"),
        (spoiled(|g| g.meta.key.granule = 5), "drawn shapes"),
        (spoiled(|g| g.fields[0].rows = u32::MAX), "values"),
        (spoiled(|g| g.fields[0].scale = None), "scale"),
        (spoiled(|g| g.meta.files.clear()), "positions"),
        (spoiled(|g| g.meta.files[0].points = Arc::default()), "control points"),
        (NotebookChange::AddGranule { granule: Arc::default() }, "no collection"),
        (collection(OF), "in use"),
        (collection(key(1, 0)), "in use"),
        (collection(key(1, 2)), "in use"),
        (collection(key(9, 10)), "no source"),
        (collection(key(FILE_SOURCE, 10)), "opened files"),
        (variable(0, "other", &["x"]), "in use"),
        (variable(5, "SST", &["x"]), "in use"),
        (variable(5, "none", &[]), "fields"),
        (NotebookChange::RemoveSource { id: 1 }, "stays"),
        (NotebookChange::RemoveVariable { key: VariableKey { of: OF, variable: 9 } }, "no variable"),
    ] {
        let error = change(&mut s, bad).unwrap_err();
        assert!(error.contains(word), "{error}");
        assert_eq!(s.project(), before.project());
        assert_eq!(s.catalogue(), before.catalogue());
    }
    assert!(change(&mut s, NotebookChange::AddGranule { granule: good() }).is_ok());
}

#[test]
fn windows_and_steps_by_name() {
    let mut s = pushed();
    let span = NamedSpan { label: "mine".into(), past_s: 3600.0, future_s: 7200.0 };
    change(&mut s, NotebookChange::AddTimespan { span: span.clone() }).unwrap();
    s.apply(&Command::ChooseTimespan { label: "mine".into() }).unwrap();
    assert_eq!(s.timespan(), span);
    let window = s.project().timeline.window();
    let now = s.project().timeline.now;
    assert_eq!((now.seconds_since(window.start), window.stop.seconds_since(now)), (3600.0, 7200.0));
    assert!(change(&mut s, NotebookChange::RemoveTimespan { label: "mine".into() }).is_err(), "in use");
    assert!(s.apply(&Command::ChooseTimespan { label: "nobody's".into() }).is_err());
    s.apply(&Command::ChooseTimespan { label: "1 day".into() }).unwrap();
    assert_eq!((s.timespan().past_s, s.timespan().future_s), (43_200.0, 43_200.0));
    s.apply(&Command::SetWindow { window_s: 5400.0 }).unwrap();
    assert_eq!(s.timespan().past_s + s.timespan().future_s, 5400.0, "a window without a name has one too");
    let label = s.timespan().label;
    s.apply(&Command::ChooseTimespan { label }).unwrap();
    s.apply(&Command::ChooseTimestep { label: "3 hours".into() }).unwrap();
    assert_eq!(s.timestep().step_s, 10_800.0);
}

#[test]
fn modes_of_the_timeline() {
    let mut s = pushed();
    let later = granule(1001, DAY_MS + 48 * HOUR_MS, DAY_MS + 49 * HOUR_MS, vec![0; 4]);
    change(&mut s, NotebookChange::AddGranule { granule: later }).unwrap();
    s.apply(&Command::ChooseTimespan { label: "1 hour".into() }).unwrap();
    assert_eq!(shown(&s), 1);
    at(&mut s, 40.0);
    assert_eq!(shown(&s), 0);
    s.apply(&Command::ShowNearest { on: true }).unwrap();
    assert_eq!(shown(&s), 1);
    s.apply(&Command::ShowNearest { on: false }).unwrap();
    s.apply(&Command::ShowAlways { on: true }).unwrap();
    assert_eq!(shown(&s), 2);
    s.apply(&Command::ShowAlways { on: false }).unwrap();
    // Of a collection that must be current a granule that only meets the window is not shown.
    let key = CollectionKey { collection: 11, ..OF };
    let collection = UserCollection { key, must_be_current: true, ..UserCollection::default() };
    change(&mut s, NotebookChange::AddCollection { collection }).unwrap();
    change(&mut s, NotebookChange::AddVariable { of: key, variable: variable(0, "SST", &["sst"]) }).unwrap();
    let mut g = granule(1002, DAY_MS, DAY_MS + 24 * HOUR_MS, vec![0; 4]).as_ref().clone();
    g.meta.key.of = key;
    change(&mut s, NotebookChange::AddGranule { granule: Arc::new(g) }).unwrap();
    let current = |s: &Session| {
        let c = &s.catalogue().collections["notebook 1:11"];
        c.shown_at("SST", &crate::style::Style::default(), &s.project().timeline).len()
    };
    at(&mut s, 23.9);
    assert_eq!(current(&s), 1);
    at(&mut s, 24.1);
    assert_eq!((current(&s), shown(&s)), (0, 1), "the window still meets it");
}
