//! The index of a folder of granules: which file holds what, where and when, so that a folder of very many files is open at
//! once and a view of it is found without looking into any file.
//!
//! One SQLite file a folder, with paths relative to it ([`Index`]), kept in a folder of the user ([`Shelf`]), never among
//! the data. [`Folder`] keeps it up to date in a thread of its own: it walks the folder, asks for descriptions of what is
//! new, hands out what is known, and watches for changes.
//!
//! No foreign byte is parsed here: readers describe files, and whoever owns readers passes their descriptions in.

mod facts;
mod folder;
mod load;
mod pack;
mod pieces;
mod query;
mod schema;
mod shelf;
mod store;
mod watch;

pub use facts::Facts;
pub use folder::{Counted, Event, Folder, Look, Options, Progress};
pub use pieces::cover;
pub use query::{Count, Hit, Query};
pub use shelf::Shelf;
pub use store::{Entry, FileMark, Index, Told};

/// Why an index cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// SQLite says no.
    #[error("The index of the folder cannot be used: {0}. Delete {1}, it is made again from the files.")]
    Database(#[source] rusqlite::Error, String),
    /// The file system says no.
    #[error("The index cannot be kept in {1}: {0}. Free some space there, or choose another folder for it.")]
    Files(#[source] std::io::Error, String),
    /// The file is an index of a newer program.
    #[error("The index {0} was made by a newer Seaglass. Update this one, or delete the file.")]
    Newer(String),
}

/// Result with [`IndexError`].
pub type Result<T> = std::result::Result<T, IndexError>;
