//! The annotation files of Sentinel products as trees.

use std::path::Path;

use seaglass_core::protocol::FailureKind;

use crate::error::{Result, damaged, fail};
use crate::shapes::xml::{Walker, walk};

/// Larger files are no annotation.
const MAX_BYTES: u64 = 256 << 20;

/// An element.
#[derive(Debug, Default)]
pub struct Node {
    name: String,
    text: String,
    children: Vec<Self>,
}

impl Node {
    /// The elements of a file, below one without a name.
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let len = std::fs::metadata(path).map_err(|e| damaged(&name, &e))?.len();
        if len > MAX_BYTES {
            return Err(fail(FailureKind::TooLarge, format!("{name} is too large for an annotation.")));
        }
        let bytes = std::fs::read(path).map_err(|e| damaged(&name, &e))?;
        let mut builder = Builder { open: vec![Self::default()] };
        walk(&bytes, &name, &mut builder)?;
        Ok(builder.open.swap_remove(0))
    }

    /// The first element of a path below this one.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, name| node.children.iter().find(|c| c.name == *name))
    }

    /// The elements of a name in the element at a path.
    pub fn all(&self, path: &[&str], name: &str) -> Vec<&Self> {
        self.at(path).map(|n| n.children.iter().filter(|c| c.name == name).collect()).unwrap_or_default()
    }

    /// Text of an element.
    pub fn text(&self, path: &[&str]) -> Option<&str> {
        self.at(path).map(|n| n.text.as_str()).filter(|t| !t.is_empty())
    }

    /// Number in an element.
    pub fn number(&self, path: &[&str]) -> Option<f64> {
        self.text(path)?.parse().ok().filter(|v: &f64| v.is_finite())
    }

    /// Numbers in an element, between blanks.
    pub fn numbers(&self, path: &[&str]) -> Vec<f64> {
        self.text(path).unwrap_or_default().split_whitespace().filter_map(|w| w.parse().ok()).collect()
    }
}

struct Builder {
    open: Vec<Node>,
}

impl Walker for Builder {
    fn start(&mut self, name: &str, _attributes: &dyn Fn(&str) -> Option<String>) -> Result<()> {
        self.open.push(Node { name: name.to_owned(), ..Node::default() });
        Ok(())
    }

    fn end(&mut self, _name: &str, text: &str) -> Result<()> {
        if let (Some(mut node), true) = (self.open.pop(), !self.open.is_empty()) {
            node.text = text.to_owned();
            let last = self.open.len() - 1;
            self.open[last].children.push(node);
        }
        Ok(())
    }
}
