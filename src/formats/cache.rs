//! Raw blocks kept within a budget of bytes; the least recently used go first.

use std::collections::HashMap;
use std::sync::Arc;

use crate::raw::Raw;

/// Names a block: file, variable, start.
pub type BlockKey = (u64, usize, Vec<usize>);

/// The cache.
pub struct BlockCache {
    budget: usize,
    held: usize,
    clock: u64,
    blocks: HashMap<BlockKey, (u64, Arc<Raw>)>,
}

impl BlockCache {
    /// An empty cache with a budget in bytes.
    pub fn new(budget: usize) -> Self {
        Self { budget, held: 0, clock: 0, blocks: HashMap::new() }
    }

    /// A block, marked as used now.
    pub fn get(&mut self, key: &BlockKey) -> Option<Arc<Raw>> {
        self.clock += 1;
        let (used, block) = self.blocks.get_mut(key)?;
        *used = self.clock;
        Some(block.clone())
    }

    /// Keeps a block; a block over the whole budget stays alone until the next one comes.
    pub fn put(&mut self, key: BlockKey, block: Arc<Raw>) {
        self.clock += 1;
        let new = block.byte_len();
        while self.held + new > self.budget && !self.blocks.is_empty() {
            let oldest = self.blocks.iter().min_by_key(|(_, (used, _))| *used).map(|(k, _)| k.clone());
            let Some((_, gone)) = oldest.and_then(|k| self.blocks.remove(&k)) else { break };
            self.held -= gone.byte_len();
        }
        self.held += new;
        if let Some((_, old)) = self.blocks.insert(key, (self.clock, block)) {
            self.held -= old.byte_len();
        }
    }

    /// Forgets a file.
    pub fn forget(&mut self, file: u64) {
        self.blocks.retain(|(f, ..), _| *f != file);
        self.held = self.blocks.values().map(|(_, b)| b.byte_len()).sum();
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        self.held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_goes_first() {
        let mut cache = BlockCache::new(100);
        let key = |k: usize| (1, k, vec![0]);
        for k in 0..4 {
            cache.put(key(k), Arc::new(Raw::U8(vec![0; 30])));
            cache.get(&key(0));
        }
        assert!(cache.get(&key(0)).is_some() && cache.get(&key(1)).is_none() && cache.get(&key(3)).is_some());
        assert!(cache.held() <= 100);
        cache.forget(1);
        assert_eq!(cache.held(), 0);
    }
}
