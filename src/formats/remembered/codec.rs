//! The bytes of an entry: numbers of 64 bits, texts with their length, lists with theirs. Read with care: whatever the
//! bytes are, there is a value or none, and no list is longer than the bytes that are there.

use super::{Described, Places};
use crate::attr::Attr;
use crate::dataset::{Dim, Var};
use crate::fast::Layout;
use crate::raw::NumType;

const TYPES: [NumType; 10] = [
    NumType::I8,
    NumType::U8,
    NumType::I16,
    NumType::U16,
    NumType::I32,
    NumType::U32,
    NumType::I64,
    NumType::U64,
    NumType::F32,
    NumType::F64,
];

/// Puts values one behind the other.
#[derive(Default)]
pub struct Writer(pub Vec<u8>);

impl Writer {
    pub fn number(&mut self, x: u64) {
        self.0.extend(x.to_le_bytes());
    }

    pub fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend(text.as_bytes());
    }

    fn list<T>(&mut self, items: &[T], mut one: impl FnMut(&mut Self, &T)) {
        self.number(items.len() as u64);
        items.iter().for_each(|item| one(self, item));
    }

    fn ty(&mut self, ty: Option<NumType>) {
        self.number(ty.and_then(|t| TYPES.iter().position(|x| *x == t)).map_or(u64::MAX, |k| k as u64));
    }

    fn attrs(&mut self, attrs: &[(String, Attr)]) {
        self.list(attrs, |to, (name, value)| {
            to.text(name);
            match value {
                Attr::Text(text) => {
                    to.number(0);
                    to.text(text);
                }
                Attr::Texts(texts) => {
                    to.number(1);
                    to.list(texts, |to, text| to.text(text));
                }
                Attr::Numbers(numbers, ty) => {
                    to.number(2);
                    to.ty(Some(*ty));
                    to.list(numbers, |to, x| to.number(x.to_bits()));
                }
            }
        });
    }

    pub fn described(&mut self, all: &Described) {
        self.list(&all.dims, |to, dim| {
            to.text(&dim.name);
            to.text(&dim.group);
            to.number(dim.len as u64);
        });
        self.list(&all.vars, |to, var| {
            to.text(&var.path);
            to.text(&var.group);
            to.text(&var.name);
            to.ty(var.ty);
            to.list(&var.dims, |to, d| to.number(*d as u64));
            to.attrs(&var.attrs);
            to.number(u64::from(var.nofill));
            to.number(u64::from(var.chunks.is_some()));
            to.list(var.chunks.as_deref().unwrap_or_default(), |to, c| to.number(*c as u64));
        });
        self.attrs(&all.attrs);
    }

    pub fn places(&mut self, places: &[(usize, Option<Layout>)]) {
        self.list(places, |to, (var, layout)| {
            to.number(*var as u64);
            to.list(layout.as_ref().map(Layout::to_numbers).as_slice(), |to, numbers| {
                to.list(numbers, |to, x| to.number(*x));
            });
        });
    }
}

/// Takes values from the front.
pub struct Reader<'a>(pub &'a [u8]);

impl Reader<'_> {
    pub fn number(&mut self) -> Option<u64> {
        let (first, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*first))
    }

    fn size(&mut self) -> Option<usize> {
        self.number()?.try_into().ok()
    }

    pub fn text(&mut self) -> Option<String> {
        let len = self.size()?;
        let (text, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok()
    }

    fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let len = self.size()?;
        // Every item has at least the eight bytes of a number.
        (len <= self.0.len() / 8).then(|| (0..len).map(|_| one(self)).collect())?
    }

    fn ty(&mut self) -> Option<Option<NumType>> {
        match self.number()? {
            u64::MAX => Some(None),
            k => TYPES.get(usize::try_from(k).ok()?).map(|t| Some(*t)),
        }
    }

    fn attrs(&mut self) -> Option<Vec<(String, Attr)>> {
        self.list(|from| {
            let name = from.text()?;
            let value = match from.number()? {
                0 => Attr::Text(from.text()?),
                1 => Attr::Texts(from.list(Self::text)?),
                _ => {
                    let ty = from.ty()??;
                    Attr::Numbers(from.list(|from| from.number().map(f64::from_bits))?, ty)
                }
            };
            Some((name, value))
        })
    }

    pub fn described(&mut self) -> Option<Described> {
        let dims = self.list(|from| Some(Dim { name: from.text()?, group: from.text()?, len: from.size()? }))?;
        let vars = self.list(|from| {
            let (path, group, name, ty) = (from.text()?, from.text()?, from.text()?, from.ty()?);
            let own = from.list(Self::size)?;
            if own.iter().any(|d| *d >= dims.len()) {
                return None;
            }
            let attrs = from.attrs()?;
            let (nofill, chunked) = (from.number()? != 0, from.number()? != 0);
            let chunks = from.list(Self::size)?;
            let chunks = chunked.then_some(chunks);
            Some(Var { group, name, attrs, nofill, chunks, ..Var::new(&path, ty, &own) })
        })?;
        Some(Described { attrs: self.attrs()?, dims, vars })
    }

    pub fn places(&mut self, vars: usize) -> Option<Places> {
        self.list(|from| {
            let var = from.size().filter(|v| *v < vars)?;
            let mut layouts = from.list(|from| Layout::of_numbers(&from.list(Self::number)?))?;
            Some((var, layouts.pop()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Described {
        let dim = |name: &str, len| Dim { name: name.to_owned(), len, group: "a/b".to_owned() };
        let mut var =
            Var::new("a/b/c", Some(NumType::F32), &[1, 0]).with("units", "°C").with_number("f", f64::NAN, NumType::F32);
        var.chunks = Some(vec![5, 9]);
        var.attrs.push(("t".to_owned(), Attr::Texts(vec![String::new(), "x".to_owned()])));
        Described {
            dims: vec![dim("x", 7), dim("y", 1 << 40)],
            vars: vec![var, Var::new("s", None, &[])],
            attrs: vec![("n".to_owned(), Attr::Numbers(vec![-0.0, 1e300, f64::INFINITY], NumType::F64))],
        }
    }

    fn bytes_of(all: &Described) -> Vec<u8> {
        let mut to = Writer::default();
        to.described(all);
        to.0
    }

    #[test]
    fn descriptions_come_back_as_they_were() {
        let bytes = bytes_of(&example());
        let mut from = Reader(&bytes);
        let back = from.described().unwrap();
        assert!(from.0.is_empty());
        // NaN equals itself in its bytes only.
        assert_eq!(bytes_of(&back), bytes);
        assert_eq!((&back.dims, &back.vars[1]), (&example().dims, &example().vars[1]));
        assert_eq!(back.vars[0].units().as_deref(), Some("°C"));
    }

    #[test]
    fn damaged_bytes_are_no_description_or_another_one() {
        let bytes = bytes_of(&example());
        for cut in 0..bytes.len() {
            assert!(Reader(&bytes[..cut]).described().is_none(), "cut at {cut}");
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[cut] ^= 1 << bit;
                std::hint::black_box(Reader(&changed).described());
            }
        }
    }
}
