//! Which collections and variables are listed, and in which order.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use seaglass_core::catalogue::Collection;
use seaglass_core::field::FieldInfo;

use super::{GroupBy, PanelState, row_of};
use crate::model::Model;

/// A collection of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// Key.
    pub id: String,
    /// Whole title.
    pub title: String,
    /// Title for the row.
    pub short: String,
    /// The figure shown.
    pub count: usize,
    /// The words were found among its variables, not in its own name.
    pub by_variable: bool,
    /// Names of the variables listed.
    pub fields: Vec<String>,
    /// Variables left out as housekeeping.
    pub more: usize,
}

/// Collections that fit the filters, those with something to see first.
pub fn listed(model: &Model, panel: &PanelState) -> Vec<Listed> {
    let words: Vec<String> = panel.filter.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let collections = model.session.catalogue().collections.values();
    let mut found: Vec<Listed> = collections.filter_map(|c| fits(model, panel, c, &words)).collect();
    let nothing_last = panel.in_window || panel.in_view;
    found.sort_by_cached_key(|l| (Reverse(!nothing_last || l.count > 0), l.short.to_lowercase(), l.id.clone()));
    found
}

fn fits(model: &Model, panel: &PanelState, c: &Collection, words: &[String]) -> Option<Listed> {
    let counted = row_of(model, &c.id);
    let labels = |of: fn(&seaglass_host::CatalogueRow) -> &Vec<String>| counted.map(of).cloned().unwrap_or_default();
    let (missions, levels) = (labels(|r| &r.missions), labels(|r| &r.levels));
    let chosen = |set: &BTreeSet<String>, own: &[String]| set.is_empty() || own.iter().any(|m| set.contains(m));
    let tags: Vec<String> = model.session.project().tags.get(&c.id).into_iter().flatten().cloned().collect();
    if !chosen(&panel.missions, &missions) || !chosen(&panel.levels, &levels) || !chosen(&panel.tags, &tags) {
        return None;
    }
    let own = format!(
        "{} {} {} {} {} {}",
        c.title,
        c.short.as_deref().unwrap_or_default(),
        c.id,
        missions.join(" "),
        levels.join(" "),
        tags.join(" ")
    );
    let own = own.to_lowercase();
    // Every word is in the name of the collection, or the rest are in the name of a variable.
    let rest: Vec<&String> = words.iter().filter(|w| !own.contains(w.as_str())).collect();
    let has = |f: &&FieldInfo| {
        let text =
            format!("{} {} {}", f.title(), f.name, f.standard_name.as_deref().unwrap_or_default()).to_lowercase();
        rest.iter().all(|w| text.contains(w.as_str()))
    };
    let by_variable = !rest.is_empty();
    let found: Vec<&FieldInfo> = c.fields.iter().filter(has).collect();
    if by_variable && found.is_empty() {
        return None;
    }
    let layered =
        |f: &FieldInfo| model.session.project().layers.iter().any(|l| l.collection == c.id && l.field == f.name);
    let everything = by_variable || panel.all.contains(&c.id);
    let shown = |f: &&&FieldInfo| everything || f.rank >= 0 || layered(f);
    let mut fields: Vec<String> = found.iter().filter(shown).map(|f| f.name.clone()).collect();
    // A collection of nothing but housekeeping shows that.
    if fields.is_empty() {
        fields = found.iter().map(|f| f.name.clone()).collect();
    }
    Some(Listed {
        id: c.id.clone(),
        title: c.title.clone(),
        short: c.short.clone().unwrap_or_else(|| c.title.clone()),
        count: counted.map_or(0, |r| panel.count(r)),
        by_variable,
        more: found.len() - fields.len(),
        fields,
    })
}

/// The list in groups, by their names; a collection stands in each group it belongs to, those of none at the end.
pub fn grouped<'a>(model: &Model, panel: &PanelState, listed: &'a [Listed]) -> Vec<(Option<String>, Vec<&'a Listed>)> {
    let words = |l: &Listed| -> Vec<String> {
        let counted = row_of(model, &l.id);
        match panel.group_by {
            GroupBy::Nothing => Vec::new(),
            GroupBy::Mission => counted.map(|r| r.missions.clone()).unwrap_or_default(),
            GroupBy::Level => counted.map(|r| r.levels.clone()).unwrap_or_default(),
            GroupBy::Tag => model.session.project().tags.get(&l.id).into_iter().flatten().cloned().collect(),
        }
    };
    let mut groups: BTreeMap<String, Vec<&Listed>> = BTreeMap::new();
    let mut rest = Vec::new();
    for l in listed {
        let of = words(l);
        if of.is_empty() {
            rest.push(l);
        }
        of.into_iter().for_each(|g| groups.entry(g).or_default().push(l));
    }
    let title = match panel.group_by {
        GroupBy::Nothing => None,
        GroupBy::Mission => Some(tr!("No mission named").to_owned()),
        GroupBy::Level => Some(tr!("No level named").to_owned()),
        GroupBy::Tag => Some(tr!("Without a tag").to_owned()),
    };
    let mut all: Vec<(Option<String>, Vec<&Listed>)> = groups.into_iter().map(|(g, l)| (Some(g), l)).collect();
    if !rest.is_empty() {
        all.push((title, rest));
    }
    all
}

/// Missions and levels there are.
pub fn choices(model: &Model) -> [BTreeSet<String>; 2] {
    let all =
        |of: fn(&seaglass_host::CatalogueRow) -> &Vec<String>| model.catalogue.iter().flat_map(of).cloned().collect();
    [all(|r| &r.missions), all(|r| &r.levels)]
}
