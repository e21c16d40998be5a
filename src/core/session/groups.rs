//! Commands about groups of layers, and the lock that keeps a layer as it is.

use super::{CommandError, Session};
use crate::command::Command;
use crate::project::{Group, GroupId, GroupPatch, Layer, LayerId};

impl Session {
    /// Refuses what would change a locked layer. What data and programs bring about is no accident.
    pub(super) fn refuse_locked(&self, command: &Command) -> Result<(), CommandError> {
        let touched: Vec<LayerId> = match command {
            Command::RemoveLayer { layer }
            | Command::MoveLayer { layer, .. }
            | Command::PlaceLayer { layer, .. }
            | Command::RenameLayer { layer, .. }
            | Command::SetLayerIndex { layer, .. }
            | Command::SetLayerComponents { layer, .. }
            | Command::SetStyle { layer, .. }
            | Command::ResetStyle { layer }
            | Command::FitVisible { layer }
            | Command::FitChannels { layer }
            | Command::ForgetDefaultStyle { layer }
            | Command::ShowMasked { layer: Some(layer), .. } => vec![*layer],
            Command::GroupLayers { layers, .. } => layers.clone(),
            Command::MoveGroup { group, .. } => self.members(*group).map(|l| l.id).collect(),
            _ => return Ok(()),
        };
        match touched.iter().filter_map(|id| self.project.layer(*id)).find(|l| l.locked) {
            Some(layer) => {
                let name = self.name_of(layer);
                Err(CommandError(format!("The layer \"{name}\" is locked. Unlock it to change it (Shift+K).")))
            }
            None => Ok(()),
        }
    }

    fn name_of(&self, layer: &Layer) -> String {
        let field = self.catalogue.collections.get(&layer.collection).and_then(|c| c.field(&layer.field));
        layer.name.clone().or_else(|| field.map(crate::field::FieldInfo::title)).unwrap_or_else(|| layer.field.clone())
    }

    fn members(&self, group: GroupId) -> impl Iterator<Item = &Layer> {
        self.project.layers.iter().filter(move |l| l.group == Some(group))
    }

    fn group_mut(&mut self, id: GroupId) -> Result<&mut Group, CommandError> {
        let found = self.project.groups.iter_mut().find(|g| g.id == id);
        found.ok_or_else(|| CommandError(format!("There is no group {}.", id.0)))
    }

    pub(super) fn change_groups(&mut self, command: &Command) -> Result<bool, CommandError> {
        match command {
            Command::LockLayer { layer, locked } => self.layer_mut(*layer)?.locked = *locked,
            Command::GroupLayers { layers, name } => self.group_layers(layers, name)?,
            Command::Ungroup { group } => {
                self.group_mut(*group)?;
                for layer in self.project.layers.iter_mut().filter(|l| l.group == Some(*group)) {
                    layer.group = None;
                }
            }
            Command::ChangeGroup { group, patch } => self.change_group(*group, patch)?,
            Command::MoveGroup { group, to } => {
                self.group_mut(*group)?;
                let (mine, mut rest): (Vec<Layer>, Vec<Layer>) =
                    self.project.layers.drain(..).partition(|l| l.group == Some(*group));
                let mut to = (*to).min(rest.len());
                // Not into the middle of another group: below it.
                while to > 0 && to < rest.len() && rest[to].group.is_some() && rest[to].group == rest[to - 1].group {
                    to += 1;
                }
                rest.splice(to..to, mine);
                self.project.layers = rest;
            }
            Command::PlaceLayer { layer, to, group } => {
                if let Some(id) = group {
                    self.group_mut(*id)?;
                }
                let from = self
                    .project
                    .position(*layer)
                    .ok_or_else(|| CommandError(format!("There is no layer {}.", layer.0)))?;
                let mut moved = self.project.layers.remove(from);
                moved.group = *group;
                let to = (*to).min(self.project.layers.len());
                self.project.layers.insert(to, moved);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn group_layers(&mut self, layers: &[LayerId], name: &str) -> Result<(), CommandError> {
        if layers.is_empty() {
            return Err(CommandError("A group needs at least one layer.".to_owned()));
        }
        for id in layers {
            self.layer_mut(*id)?;
        }
        self.project.last_group += 1;
        let id = GroupId(self.project.last_group);
        let name = match name.trim() {
            "" => format!("Group {}", id.0),
            name => name.to_owned(),
        };
        for layer in self.project.layers.iter_mut().filter(|l| layers.contains(&l.id)) {
            layer.group = Some(id);
        }
        self.project.groups.push(Group { id, name, visible: true, folded: false, opacity: 1.0 });
        Ok(())
    }

    fn change_group(&mut self, id: GroupId, patch: &GroupPatch) -> Result<(), CommandError> {
        if patch.opacity.is_some_and(|o| !(0.0..=1.0).contains(&o)) {
            return Err(CommandError("The opacity of a group lies between 0 and 1.".to_owned()));
        }
        let group = self.group_mut(id)?;
        if let Some(name) = patch.name.as_deref().map(str::trim).filter(|n| !n.is_empty()) {
            name.clone_into(&mut group.name);
        }
        group.visible = patch.visible.unwrap_or(group.visible);
        group.folded = patch.folded.unwrap_or(group.folded);
        group.opacity = patch.opacity.unwrap_or(group.opacity);
        Ok(())
    }

    /// A layer moved between two of one group is one of it; moved away from its own it stands alone.
    pub(super) fn join_neighbours(&mut self, at: usize) {
        let group_at = |k: Option<usize>| k.and_then(|k| self.project.layers.get(k)).map(|l| l.group);
        let (above, below) = (group_at(at.checked_sub(1)).flatten(), group_at(Some(at + 1)).flatten());
        let own = group_at(Some(at)).flatten();
        let new =
            if above.is_some() && above == below { above } else { own.filter(|o| [above, below].contains(&Some(*o))) };
        if let Some(layer) = self.project.layers.get_mut(at) {
            layer.group = new;
        }
    }

    /// Layers of a group stand together, at the place of the uppermost; groups without layers are gone.
    pub(super) fn tidy_groups(&mut self) {
        if self.project.groups.is_empty() && self.project.layers.iter().all(|l| l.group.is_none()) {
            return;
        }
        let known: Vec<GroupId> = self.project.groups.iter().map(|g| g.id).collect();
        let mut rest: Vec<Option<Layer>> = self.project.layers.drain(..).map(Some).collect();
        for layer in rest.iter_mut().flatten() {
            layer.group = layer.group.filter(|g| known.contains(g));
        }
        for k in 0..rest.len() {
            let Some(layer) = rest[k].take() else { continue };
            let group = layer.group;
            self.project.layers.push(layer);
            if group.is_some() {
                let of_group = |l: &&mut Option<Layer>| l.as_ref().is_some_and(|l| l.group == group);
                let others: Vec<Layer> = rest[k + 1..].iter_mut().filter(of_group).filter_map(Option::take).collect();
                self.project.layers.extend(others);
            }
        }
        let used: Vec<Option<GroupId>> = self.project.layers.iter().map(|l| l.group).collect();
        self.project.groups.retain(|g| used.contains(&Some(g.id)));
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::granule::{FileInfo, GeometryKind, PartInfo};
    use crate::style::StylePatch;

    /// Five layers, a on top.
    pub(in crate::session) fn session() -> Session {
        let mut s = Session::default();
        let field = |name: &str| serde_json::from_value(serde_json::json!({ "name": name, "variable": name })).unwrap();
        let info = FileInfo {
            product: Some("p".to_owned()),
            title: "Test".to_owned(),
            short: None,
            format: "netCDF-4".to_owned(),
            parts: vec![PartInfo {
                name: String::new(),
                geometry: GeometryKind::Grid,
                shape: [4, 5],
                bounds: crate::geo::GeoBox::WORLD,
                footprint: Vec::new(),
                span: None,
                steps: Vec::new(),
                fields: ["e", "d", "c", "b", "a"].map(field).to_vec(),
            }],
            notes: Vec::new(),
            attributes: Vec::new(),
        };
        s.apply(&Command::Opened { path: "/a.nc".into(), info: Box::new(info) }).unwrap();
        for name in ["d", "c", "b", "a"] {
            s.apply(&Command::AddLayer { collection: "p".into(), field: name.into() }).unwrap();
        }
        s
    }

    fn id(s: &Session, field: &str) -> LayerId {
        s.project().layers.iter().find(|l| l.field == field).unwrap().id
    }

    /// `ab(cd)e`, top first.
    fn stack(s: &Session) -> String {
        let mut text = String::new();
        let mut open = None;
        for layer in &s.project().layers {
            if layer.group != open {
                text.push_str(if open.is_some() { ")" } else { "" });
                text.push_str(if layer.group.is_some() { "(" } else { "" });
                open = layer.group;
            }
            text.push_str(&layer.field);
        }
        text + if open.is_some() { ")" } else { "" }
    }

    #[test]
    fn a_group_stands_together_and_moves_together() {
        let mut s = session();
        assert_eq!(stack(&s), "abcde");
        let layers = vec![id(&s, "d"), id(&s, "b")];
        s.apply(&Command::GroupLayers { layers, name: " Currents ".into() }).unwrap();
        assert_eq!(stack(&s), "a(bd)ce");
        let group = s.project().groups[0].clone();
        assert_eq!(group.name, "Currents");
        s.apply(&Command::MoveGroup { group: group.id, to: 2 }).unwrap();
        assert_eq!(stack(&s), "ac(bd)e");
        s.apply(&Command::MoveGroup { group: group.id, to: 99 }).unwrap();
        assert_eq!(stack(&s), "ace(bd)");
        s.apply(&Command::Undo).unwrap();
        s.apply(&Command::Undo).unwrap();
        assert_eq!(stack(&s), "a(bd)ce");
        // Into it, out of it, past it.
        let (a, c) = (id(&s, "a"), id(&s, "c"));
        s.apply(&Command::MoveLayer { layer: a, to: 1 }).unwrap();
        assert_eq!(stack(&s), "(bad)ce");
        s.apply(&Command::MoveLayer { layer: a, to: 4 }).unwrap();
        assert_eq!(stack(&s), "(bd)cea");
        s.apply(&Command::PlaceLayer { layer: c, to: 0, group: Some(group.id) }).unwrap();
        assert_eq!(stack(&s), "(cbd)ea");
        s.apply(&Command::PlaceLayer { layer: c, to: 0, group: None }).unwrap();
        assert_eq!(stack(&s), "c(bd)ea");
        // A second group is not torn apart by the first.
        let layers = vec![id(&s, "e"), id(&s, "a")];
        s.apply(&Command::GroupLayers { layers, name: String::new() }).unwrap();
        s.apply(&Command::MoveGroup { group: group.id, to: 2 }).unwrap();
        assert_eq!(stack(&s), "c(ea)(bd)");
        s.apply(&Command::Ungroup { group: group.id }).unwrap();
        assert_eq!(stack(&s), "c(ea)bd");
        for name in ["e", "a"] {
            let layer = id(&s, name);
            s.apply(&Command::RemoveLayer { layer }).unwrap();
        }
        assert!(s.project().groups.is_empty(), "a group without layers is gone");
    }

    #[test]
    fn a_hidden_group_hides_its_layers_and_keeps_their_eyes() {
        let mut s = session();
        let (b, d) = (id(&s, "b"), id(&s, "d"));
        s.apply(&Command::ShowLayer { layer: d, visible: false }).unwrap();
        s.apply(&Command::GroupLayers { layers: vec![b, d], name: String::new() }).unwrap();
        let group = s.project().groups[0].id;
        let change = |s: &mut Session, patch| s.apply(&Command::ChangeGroup { group, patch });
        let shown = |s: &Session| -> String {
            s.project().layers.iter().filter(|l| s.project().shows(l)).map(|l| l.field.as_str()).collect()
        };
        assert_eq!(shown(&s), "abce");
        change(&mut s, GroupPatch { visible: Some(false), ..GroupPatch::default() }).unwrap();
        assert_eq!(shown(&s), "ace");
        change(&mut s, GroupPatch { visible: Some(true), opacity: Some(0.5), ..GroupPatch::default() }).unwrap();
        assert_eq!(shown(&s), "abce");
        let patch = StylePatch { opacity: Some(0.4), ..StylePatch::default() };
        s.apply(&Command::SetStyle { layer: b, patch }).unwrap();
        assert!((s.project().opacity_of(s.project().layer(b).unwrap()) - 0.2).abs() < 1e-6);
        assert!(change(&mut s, GroupPatch { opacity: Some(1.5), ..GroupPatch::default() }).is_err());
        // A layer shown alone is seen, whatever its group was.
        change(&mut s, GroupPatch { visible: Some(false), ..GroupPatch::default() }).unwrap();
        s.apply(&Command::SoloLayer { layer: b }).unwrap();
        assert_eq!(shown(&s), "b");
        s.apply(&Command::SoloLayer { layer: b }).unwrap();
        assert_eq!(shown(&s), "abdce");
    }

    #[test]
    fn a_locked_layer_stays_as_it_is() {
        let mut s = session();
        let b = id(&s, "b");
        s.apply(&Command::LockLayer { layer: b, locked: true }).unwrap();
        let before = s.project().clone();
        let patch = StylePatch { opacity: Some(0.4), ..StylePatch::default() };
        for command in [
            Command::RemoveLayer { layer: b },
            Command::MoveLayer { layer: b, to: 0 },
            Command::PlaceLayer { layer: b, to: 0, group: None },
            Command::RenameLayer { layer: b, name: "x".into() },
            Command::SetStyle { layer: b, patch },
            Command::ResetStyle { layer: b },
            Command::GroupLayers { layers: vec![b], name: String::new() },
        ] {
            let why = s.apply(&command).unwrap_err().to_string();
            assert!(why.contains("\"b\" is locked"), "{why}");
        }
        assert_eq!(*s.project(), before);
        // The eye and the first range of the data are no accidents.
        s.apply(&Command::ShowLayer { layer: b, visible: false }).unwrap();
        s.apply(&Command::InitRange { layer: b, range: [1.0, 2.0] }).unwrap();
        assert_eq!(s.project().layer(b).unwrap().style.range, Some([1.0, 2.0]));
        s.apply(&Command::DuplicateLayer { layer: b }).unwrap();
        assert!(!s.project().layers[1].locked, "a copy is there to be changed");
        s.apply(&Command::LockLayer { layer: b, locked: false }).unwrap();
        s.apply(&Command::RemoveLayer { layer: b }).unwrap();
    }
}
