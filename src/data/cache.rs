//! A cache that forgets what was used least recently when its bytes exceed a budget.

use std::collections::HashMap;
use std::hash::Hash;

/// Values by key, each with a weight in bytes.
#[derive(Debug)]
pub struct ByteLru<K, V> {
    entries: HashMap<K, Entry<V>>,
    bytes: u64,
    budget: u64,
    clock: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    bytes: u64,
    used: u64,
}

impl<K: Hash + Eq + Clone, V> ByteLru<K, V> {
    /// An empty cache of that many bytes. The newest entry is kept even when it alone is larger.
    pub fn new(budget: u64) -> Self {
        Self { entries: HashMap::new(), bytes: 0, budget, clock: 0 }
    }

    /// Holds so many bytes from now on; what is too much goes with the next value that is added.
    pub fn set_budget(&mut self, budget: u64) {
        self.budget = budget;
    }

    /// The value of a key, which becomes the most recently used.
    pub fn get(&mut self, key: &K) -> Option<&V> {
        self.clock += 1;
        let entry = self.entries.get_mut(key)?;
        entry.used = self.clock;
        Some(&entry.value)
    }

    /// The value of a key, without counting as use.
    pub fn peek(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|e| &e.value)
    }

    /// Adds or replaces a value; the least recently used ones make room.
    pub fn insert(&mut self, key: K, value: V, bytes: u64) {
        self.clock += 1;
        if let Some(old) = self.entries.insert(key.clone(), Entry { value, bytes, used: self.clock }) {
            self.bytes -= old.bytes;
        }
        self.bytes += bytes;
        while self.bytes > self.budget && self.entries.len() > 1 {
            let oldest = self.entries.iter().filter(|(k, _)| **k != key).min_by_key(|(_, e)| e.used);
            let Some(oldest) = oldest.map(|(k, _)| k.clone()) else { break };
            self.remove(&oldest);
        }
    }

    /// Forgets a key.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let entry = self.entries.remove(key)?;
        self.bytes -= entry.bytes;
        Some(entry.value)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
    }

    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_goes_first() {
        let mut cache = ByteLru::new(100);
        cache.insert("a", 1, 40);
        cache.insert("b", 2, 40);
        assert_eq!(cache.get(&"a"), Some(&1));
        cache.insert("c", 3, 40);
        assert_eq!((cache.peek(&"a"), cache.peek(&"b"), cache.peek(&"c")), (Some(&1), None, Some(&3)));
        assert_eq!(cache.bytes(), 80);
        cache.insert("huge", 4, 500);
        assert_eq!((cache.len(), cache.bytes()), (1, 500));
        cache.insert("a", 1, 10);
        assert_eq!((cache.len(), cache.bytes()), (1, 10), "the oversized entry made room");
        cache.insert("a", 5, 20);
        assert_eq!((cache.get(&"a").copied(), cache.bytes()), (Some(5), 20));
    }
}
