//! Opened files and pushed data in the words of the protocol: sources hold collections, these hold variables.

use seaglass_core::catalogue::Collection;
use seaglass_core::field::FieldInfo;
use seaglass_core::granule::GeometryKind;
use seaglass_core::notebook::{FILE_SOURCE, RenderMethod, Tag, UserCollection, UserVariable, VariableKey};
use seaglass_core::session::Session;

/// All collections: the user's first, then the opened ones in the order of their numbers.
pub(super) fn collections(session: &Session) -> Vec<UserCollection> {
    let mut all: Vec<UserCollection> = session.notebook().collections().cloned().collect();
    let mut files: Vec<UserCollection> =
        session.catalogue().collections.values().filter_map(|c| of_files(session, c)).collect();
    files.sort_by_key(|c| c.key);
    all.extend(files);
    all
}

/// An opened collection; `None` for one that a notebook has made.
fn of_files(session: &Session, c: &Collection) -> Option<UserCollection> {
    let key = session.notebook().collection_key(&c.id).filter(|k| k.source == FILE_SOURCE)?;
    let first = c.granules.first();
    let width = first.map_or(0.0, |g| g.bounds.east - g.bounds.west);
    let height = first.map_or(0.0, |g| g.bounds.north - g.bounds.south);
    let mut variables: Vec<UserVariable> = c.fields.iter().filter_map(|f| variable(session, c, f)).collect();
    let shown_first = variables.first().map_or(0, |v| v.id);
    variables.sort_by_key(|v| v.id);
    let default = variables.iter().position(|v| v.id == shown_first).unwrap_or(0);
    Some(UserCollection {
        key,
        label: c.title.clone(),
        must_be_current: c.must_be_current,
        x_seamless: width >= 359.0,
        y_seamless: height >= 179.0,
        news_aligned: first.is_some_and(|g| g.geometry == GeometryKind::Grid),
        tags: vec![Tag { name: "product".to_owned(), value: c.id.clone() }],
        variables,
        default_variable: default as u32,
    })
}

fn variable(session: &Session, c: &Collection, f: &FieldInfo) -> Option<UserVariable> {
    let method = match c.with_field(&f.name).next().map(|g| g.geometry) {
        Some(GeometryKind::Track) => RenderMethod::Trajectories,
        Some(GeometryKind::Points) => RenderMethod::Dots,
        _ => RenderMethod::Raster,
    };
    Some(UserVariable {
        id: session.notebook().variable_key(&c.id, &f.name)?.variable,
        label: f.title(),
        units: f.units.clone(),
        fields: vec![f.name.clone()],
        tags: Vec::new(),
        method,
    })
}

/// Numbers of a variable by the names of its collection and itself: the names shown, else the ids used within.
pub(super) fn by_label(session: &Session, collection: &str, variable: &str) -> Option<VariableKey> {
    let all = collections(session);
    let key = |c: &UserCollection, v: &UserVariable| VariableKey { of: c.key, variable: v.id };
    let exact = all.iter().filter(|c| c.label == collection).find_map(|c| {
        let found = c.variables.iter().find(|v| v.label == variable);
        found.map(|v| key(c, v))
    });
    exact.or_else(|| session.notebook().variable_key(collection, variable))
}
