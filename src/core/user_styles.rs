//! Default styles a user has saved. They win over the product's and the table's (`defaults`).

use serde::{Deserialize, Serialize};

use crate::field::FieldInfo;
use crate::style::{Style, StylePatch};

/// What a saved style is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// A field of a product (of files of one kind where no product claims them).
    Product(String, String),
    /// Every field of this `standard_name`.
    Quantity(String),
}

/// One saved style: one `[[style]]` of the user's file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserStyle {
    /// Product id, together with `field`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Field of that product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// CF name, instead of product and field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard_name: Option<String>,
    /// Unit of the range. A field in another unit takes everything but the range.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub units: String,
    /// The settings kept.
    pub look: StylePatch,
}

impl UserStyle {
    /// Lays the saved settings over a style.
    pub fn apply(&self, field: &FieldInfo, style: &mut Style) {
        let mut look = self.look.clone();
        if self.units != field.units {
            look.range = None;
            // A logarithm that needs the range would be refused with it.
            look.log = look.log.filter(|log| !log || style.range.is_some_and(|[lo, _]| lo > 0.0));
        }
        // A file edited by hand may hold what makes no sense; the style stays as it was then.
        let mut changed = style.clone();
        if look.apply(&mut changed).is_ok() {
            *style = changed;
        }
    }

    fn is_for(&self, product: &str, field: &FieldInfo) -> bool {
        self.product.as_deref() == Some(product) && self.field.as_ref() == Some(&field.name)
    }

    fn is_of_quantity(&self, field: &FieldInfo) -> bool {
        self.standard_name.is_some() && self.standard_name == field.standard_name
    }
}

/// All saved styles, as the user's file has them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserStyles {
    /// Styles; of several that fit, the product's own wins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub style: Vec<UserStyle>,
}

impl UserStyles {
    /// The style saved for a field: for its product, else for its quantity.
    pub fn find(&self, product: &str, field: &FieldInfo) -> Option<&UserStyle> {
        let own = self.style.iter().find(|s| s.is_for(product, field));
        own.or_else(|| self.style.iter().find(|s| s.is_of_quantity(field)))
    }

    /// Saves a style; an earlier one of the same scope goes.
    pub fn keep(&mut self, scope: Scope, units: String, style: &Style) {
        let mut look = StylePatch::look_of(style);
        if style.follow_view {
            // The range of the moment is nobody's default.
            look.range = None;
        }
        let mut new = UserStyle { units, look, ..UserStyle::default() };
        match scope {
            Scope::Product(product, field) => (new.product, new.field) = (Some(product), Some(field)),
            Scope::Quantity(name) => new.standard_name = Some(name),
        }
        let same =
            |s: &UserStyle| s.product == new.product && s.field == new.field && s.standard_name == new.standard_name;
        self.style.retain(|s| !same(s));
        self.style.push(new);
    }

    /// Forgets what would apply to a field.
    pub fn forget(&mut self, product: &str, field: &FieldInfo) {
        self.style.retain(|s| !s.is_for(product, field) && !s.is_of_quantity(field));
    }
}
