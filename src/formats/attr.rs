//! Attributes of files and variables.

use netcdf::AttributeValue;

use crate::raw::NumType;

/// One attribute value.
#[derive(Clone, Debug, PartialEq)]
pub enum Attr {
    /// Text.
    Text(String),
    /// Numbers with their type in the file.
    Numbers(Vec<f64>, NumType),
    /// Several texts.
    Texts(Vec<String>),
}

impl Attr {
    /// From the library's value.
    pub fn from_value(value: AttributeValue) -> Self {
        use AttributeValue as V;
        macro_rules! many {
            ($v:expr, $t:ident) => {
                Self::Numbers($v.into_iter().map(|x| x as f64).collect(), NumType::$t)
            };
        }
        match value {
            V::Uchar(x) => many!([x], U8),
            V::Uchars(x) => many!(x, U8),
            V::Schar(x) => many!([x], I8),
            V::Schars(x) => many!(x, I8),
            V::Ushort(x) => many!([x], U16),
            V::Ushorts(x) => many!(x, U16),
            V::Short(x) => many!([x], I16),
            V::Shorts(x) => many!(x, I16),
            V::Uint(x) => many!([x], U32),
            V::Uints(x) => many!(x, U32),
            V::Int(x) => many!([x], I32),
            V::Ints(x) => many!(x, I32),
            V::Ulonglong(x) => many!([x], U64),
            V::Ulonglongs(x) => many!(x, U64),
            V::Longlong(x) => many!([x], I64),
            V::Longlongs(x) => many!(x, I64),
            V::Float(x) => many!([x], F32),
            V::Floats(x) => many!(x, F32),
            V::Double(x) => many!([x], F64),
            V::Doubles(x) => many!(x, F64),
            V::Str(s) => Self::Text(s.trim_end_matches('\0').to_owned()),
            V::Strs(mut s) if s.len() == 1 => Self::Text(s.remove(0)),
            V::Strs(s) => Self::Texts(s),
        }
    }

    /// The text; several texts joined by blanks.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Text(s) => Some(s.clone()),
            Self::Texts(s) => Some(s.join(" ")),
            Self::Numbers(..) => None,
        }
    }

    /// The numbers; a text with numbers in it ("-90., 90.") counts, as some producers write limits so.
    pub fn numbers(&self) -> Option<Vec<f64>> {
        match self {
            Self::Numbers(v, _) => Some(v.clone()),
            Self::Text(s) => {
                let parsed: Option<Vec<f64>> = s
                    .split([',', ' '])
                    .filter(|w| !w.is_empty())
                    .map(|w| w.trim_end_matches(['b', 's', 'f', 'L', 'U']).parse().ok())
                    .collect();
                parsed.filter(|v| !v.is_empty())
            }
            Self::Texts(_) => None,
        }
    }

    /// Type of the numbers.
    pub fn num_type(&self) -> Option<NumType> {
        match self {
            Self::Numbers(_, t) => Some(*t),
            _ => None,
        }
    }

    /// For showing: texts as they are, numbers with commas.
    pub fn display(&self) -> String {
        match self {
            Self::Text(s) => s.clone(),
            Self::Texts(s) => s.join(", "),
            Self::Numbers(v, _) => v.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        }
    }
}

/// Looks an attribute up by name, the case of letters ignored when the exact name is absent.
pub fn find<'a>(attrs: &'a [(String, Attr)], name: &str) -> Option<&'a Attr> {
    let exact = attrs.iter().find(|(n, _)| n == name);
    exact.or_else(|| attrs.iter().find(|(n, _)| n.eq_ignore_ascii_case(name))).map(|(_, a)| a)
}
