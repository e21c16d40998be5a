//! Undo by snapshots of the project.

use std::collections::VecDeque;

/// How a change counts for undo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UndoRule {
    /// No undo point (camera, time).
    None,
    /// A new point.
    Point,
    /// Joined with the last change when it had the same key (one slider drag is one step).
    Merge(String),
}

/// A bounded history of snapshots.
#[derive(Clone, Debug)]
pub struct History<T> {
    past: VecDeque<T>,
    future: Vec<T>,
    merge_key: Option<String>,
    limit: usize,
    /// Changes make no points while several are one; whether one of them would have made one.
    held: Option<bool>,
}

impl<T: Clone + PartialEq> History<T> {
    /// Keeps at most `limit` steps.
    pub fn new(limit: usize) -> Self {
        Self { past: VecDeque::new(), future: Vec::new(), merge_key: None, limit, held: None }
    }

    /// Remembers `before`, the state ahead of a change that follows `rule`.
    pub fn record(&mut self, before: &T, rule: &UndoRule) {
        let key = match rule {
            UndoRule::None => return,
            UndoRule::Point => None,
            UndoRule::Merge(key) => Some(key.clone()),
        };
        if let Some(changed) = &mut self.held {
            *changed = true;
            return;
        }
        let joins = key.is_some() && key == self.merge_key;
        self.merge_key = key;
        self.future.clear();
        if !joins {
            self.past.push_back(before.clone());
            if self.past.len() > self.limit {
                self.past.pop_front();
            }
        }
    }

    /// Changes every state that undo or redo could restore.
    pub fn for_each(&mut self, change: impl FnMut(&mut T)) {
        self.past.iter_mut().chain(&mut self.future).for_each(change);
    }

    /// Makes no points until [`release`](Self::release): several changes become one.
    pub fn hold(&mut self) {
        self.held = Some(false);
    }

    /// Makes points again; whether one would have been made meanwhile.
    pub fn release(&mut self) -> bool {
        self.merge_key = None;
        self.held.take().unwrap_or_default()
    }

    /// Ends the current merge: the next change makes a point of its own.
    pub fn settle(&mut self) {
        self.merge_key = None;
    }

    /// Steps back; gives the state to restore.
    pub fn undo(&mut self, current: &T) -> Option<T> {
        let state = self.past.pop_back()?;
        self.future.push(current.clone());
        self.merge_key = None;
        Some(state)
    }

    /// Steps forward again.
    pub fn redo(&mut self, current: &T) -> Option<T> {
        let state = self.future.pop()?;
        self.past.push_back(current.clone());
        self.merge_key = None;
        Some(state)
    }

    /// Whether there is something to undo.
    pub fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    /// Whether there is something to redo.
    pub fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drag_is_one_step() {
        let mut h = History::new(10);
        h.record(&0, &UndoRule::Point);
        for state in 1..5 {
            h.record(&state, &UndoRule::Merge("opacity".into()));
        }
        assert_eq!(h.undo(&5), Some(1));
        assert_eq!(h.undo(&1), Some(0));
        assert_eq!(h.undo(&0), None);
        assert_eq!(h.redo(&0), Some(1));
        assert_eq!(h.redo(&1), Some(5));
    }
}
