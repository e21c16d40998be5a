//! Commands that change how layers look, and the defaults they start from.

use super::{CommandError, Effect, Session};
use crate::catalogue::Collection;
use crate::command::Command;
use crate::defaults;
use crate::field::FieldInfo;
use crate::project::{Layer, LayerId};
use crate::style::{Style, StyleHint};
use crate::user_styles::{Scope, UserStyles};

impl Session {
    /// What this user has saved as defaults.
    pub fn user_styles(&self) -> &UserStyles {
        &self.user_styles
    }

    /// Sets this user's defaults, for layers made from now on.
    pub fn set_user_styles(&mut self, styles: UserStyles) {
        self.user_styles = styles;
    }

    /// Whether a layer's field looks as this user has saved it rather than as its product says.
    pub fn has_user_style(&self, layer: LayerId) -> bool {
        let found = self.project.layer(layer).and_then(|l| self.field_of(l));
        found.is_some_and(|(c, f)| self.user_styles.find(&c.id, f).is_some())
    }

    fn field_of(&self, layer: &Layer) -> Option<(&Collection, &FieldInfo)> {
        let collection = self.catalogue.collections.get(&layer.collection)?;
        Some((collection, collection.field(&layer.field)?))
    }

    /// The style of a new layer: the product's or the table's, and over it what this user has saved.
    pub(super) fn default_style(&self, collection: &Collection, field: &FieldInfo) -> Style {
        let mut style = product_style(collection, field);
        if let Some(saved) = self.user_styles.find(&collection.id, field) {
            saved.apply(field, &mut style);
        }
        style
    }

    /// Whether the first data have a say in a layer's range: there is none yet, or it is the first guess of an anomaly,
    /// which strong signals may not fit.
    pub(super) fn wants_range(&self, layer: &Layer) -> bool {
        let Some(range) = layer.style.range else { return true };
        let Some((collection, field)) = self.field_of(layer) else { return false };
        let looks = &self.project.looks;
        defaults::is_guess(field, range)
            && self.user_styles.find(&collection.id, field).is_none()
            && !looks.iter().any(|l| l.collection == layer.collection && l.field == layer.field)
    }

    fn reset(&mut self, layer: LayerId) -> Result<Vec<Effect>, CommandError> {
        let l = self.layer_mut(layer)?.clone();
        let style = self.field_of(&l).map(|(c, f)| self.default_style(c, f)).unwrap_or_default();
        let reset = self.layer_mut(layer)?;
        reset.style = style;
        reset.unmasked = false;
        let reset = reset.clone();
        Ok(self.wants_range(&reset).then_some(Effect::ChooseRange(layer)).into_iter().collect())
    }

    /// Carries a command about styles out; `None` when it is about something else.
    pub(super) fn change_styles(&mut self, command: &Command) -> Result<Option<Vec<Effect>>, CommandError> {
        match command {
            Command::SetStyle { layer, patch } => {
                patch
                    .apply(&mut self.layer_mut(*layer)?.style)
                    .map_err(|e| CommandError(format!("The style is not changed: {e}.")))?;
            }
            Command::InitRange { layer, range } => {
                let style = &mut self.layer_mut(*layer)?.style;
                if style.range.is_none() && range.iter().all(|v| v.is_finite()) {
                    style.range = Some(*range);
                    let [lo, _] = style.effective_range();
                    style.log &= lo > 0.0;
                }
            }
            Command::WidenRange { layer, from, to } => {
                let style = &mut self.layer_mut(*layer)?.style;
                if style.range == Some(*from) && to[0] <= from[0] && to[1] >= from[1] {
                    style.range = Some(*to);
                }
            }
            Command::FollowRange { layer, range } => {
                let playing = self.project.timeline.playing;
                let style = &mut self.layer_mut(*layer)?.style;
                let sensible = range.iter().all(|v| v.is_finite()) && range[0] < range[1];
                if style.follow_view && !playing && sensible && (!style.log || range[0] > 0.0) {
                    style.range = Some(*range);
                }
            }
            Command::FitVisible { layer } => {
                self.layer_mut(*layer)?;
                return Ok(Some(vec![Effect::FitVisible(*layer)]));
            }
            Command::FirstData { granule, empty } => self.show_first_data(*granule, empty),
            Command::FitChannels { layer } => {
                self.layer_mut(*layer)?;
                return Ok(Some(vec![Effect::FitChannels(*layer)]));
            }
            Command::ShowMasked { layer, on } => self.show_masked(*layer, *on)?,
            Command::ResetStyle { layer } => return self.reset(*layer).map(Some),
            Command::SaveDefaultStyle { layer, quantity } => return self.save_default(*layer, *quantity).map(Some),
            Command::SaveStyleToCollection { layer } => {
                self.layer_mut(*layer)?;
                return Ok(Some(vec![Effect::SaveStyleToCollection(*layer)]));
            }
            Command::ForgetDefaultStyle { layer } => {
                let l = self.layer_mut(*layer)?.clone();
                let known = self.field_of(&l).map(|(c, f)| (c.id.clone(), f.clone()));
                if let Some((product, field)) = known {
                    self.user_styles.forget(&product, &field);
                }
                let mut effects = vec![Effect::SaveUserStyles];
                effects.extend(self.reset(*layer)?);
                return Ok(Some(effects));
            }
            _ => return Ok(None),
        }
        Ok(Some(Vec::new()))
    }

    /// The product of a field says something else about its style from now on: what "Reset" gives.
    pub fn set_style_hint(&mut self, collection: &str, field: &str, hint: &StyleHint) {
        let known = self.catalogue.collections.get_mut(collection).map(|c| &mut c.fields).into_iter().flatten();
        known.filter(|f| f.name == field).for_each(|f| f.style = hint.clone());
    }

    fn show_masked(&mut self, layer: Option<LayerId>, on: bool) -> Result<(), CommandError> {
        let has_mask = |l: &Layer| self.field_of(l).is_some_and(|(_, f)| f.hides_cells);
        let chosen: Vec<LayerId> = match layer {
            Some(id) => vec![id],
            None => {
                let meant = |l: &&Layer| self.project.shows(l) && !l.locked && has_mask(l);
                self.project.layers.iter().filter(meant).map(|l| l.id).collect()
            }
        };
        for id in chosen {
            let l = self.layer_mut(id)?.clone();
            if on && !self.field_of(&l).is_some_and(|(_, f)| f.hides_cells) {
                return Err(CommandError(
                    "The product of this layer hides no cells; what is missing is not in the file.".into(),
                ));
            }
            self.layer_mut(id)?.unmasked = on;
        }
        Ok(())
    }

    fn save_default(&mut self, layer: LayerId, quantity: bool) -> Result<Vec<Effect>, CommandError> {
        let l = self.layer_mut(layer)?.clone();
        let Some((collection, field)) = self.field_of(&l) else {
            return Err(CommandError("The layer has no data, so there is nothing to keep a default for.".into()));
        };
        let scope = if quantity {
            let Some(name) = field.standard_name.clone() else {
                return Err(CommandError(
                    "The field has no standard_name; save the style for its product instead.".into(),
                ));
            };
            Scope::Quantity(name)
        } else {
            Scope::Product(collection.id.clone(), field.name.clone())
        };
        let units = field.units.clone();
        self.user_styles.keep(scope, units, &l.style);
        Ok(vec![Effect::SaveUserStyles])
    }
}

/// The style of a field as its product or the table has it.
fn product_style(collection: &Collection, field: &FieldInfo) -> Style {
    defaults::default_style(field, collection.granules.first().map(|g| g.geometry))
}
