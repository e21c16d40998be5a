//! Default styles by CF `standard_name`, for files no product file describes.

use crate::field::FieldInfo;
use crate::granule::GeometryKind;
use crate::style::Style;

/// The style a new layer gets.
pub fn default_style(_field: &FieldInfo, _geometry: Option<GeometryKind>) -> Style {
    Style::default()
}
