//! Which items hold values of one field, and share what few values it has.

use std::collections::HashSet;

use crate::int_map::IntMap;
use crate::words::Words;

/// The words of fields. A field is what a layer shows of all its granules.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    of_item: IntMap<u64, u32>,
    words: IntMap<u32, Words>,
    next: u32,
}

impl Fields {
    /// Gives items the field that one of the others has, or a new one. Those that have a field keep it.
    pub fn join(&mut self, items: &[u64], others: impl Iterator<Item = u64>) {
        let known = |fields: &Self, item: u64| fields.of_item.get(&item).copied();
        let mut all = items.iter().copied().chain(others);
        let field = all.find_map(|item| known(self, item)).unwrap_or_else(|| self.new_field());
        for item in items {
            self.of_item.entry(*item).or_insert(field);
        }
    }

    fn new_field(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    /// Number and words of the field of an item.
    pub fn of(&mut self, item: u64) -> (u32, &mut Words) {
        let field = match self.of_item.get(&item) {
            Some(field) => *field,
            None => {
                let field = self.new_field();
                self.of_item.insert(item, field);
                field
            }
        };
        (field, self.words.entry(field).or_default())
    }

    /// Bytes of a value of an item, as far as is known.
    pub fn value_bytes(&self, item: u64) -> u64 {
        self.of_item.get(&item).and_then(|field| self.words.get(field)).map_or(4, Words::value_bytes)
    }

    /// Forgets items, and fields of which none is left.
    pub fn forget(&mut self, items: &HashSet<u64>) {
        let before = self.of_item.len();
        self.of_item.retain(|item, _| !items.contains(item));
        if self.of_item.len() < before {
            let left: HashSet<u32> = self.of_item.values().copied().collect();
            self.words.retain(|field, _| left.contains(field));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_of_a_layer_share_words_until_the_last_is_gone() {
        let mut fields = Fields::default();
        fields.join(&[1], [1, 2, 3].into_iter());
        fields.join(&[2], [1, 2, 3].into_iter());
        fields.join(&[9], [9].into_iter());
        let first = fields.of(1).0;
        assert_eq!(fields.of(2).0, first);
        assert_ne!(fields.of(9).0, first);
        assert_eq!(fields.value_bytes(1), 4, "nothing is known yet");
        fields.of(1).1.numbers(&[1.0, 2.0]).unwrap();
        assert_eq!((fields.value_bytes(2), fields.value_bytes(9)), (1, 4));
        fields.of(2).1.numbers(&(0..300).map(|k| k as f32).collect::<Vec<_>>()).unwrap();
        assert_eq!(fields.value_bytes(1), 2);
        fields.forget(&HashSet::from([1]));
        assert_eq!(fields.of(2).1.values().len(), 300);
        fields.forget(&HashSet::from([2]));
        fields.join(&[2], std::iter::empty());
        assert!(fields.of(2).0 != first && fields.of(2).1.values().is_empty());
    }
}
