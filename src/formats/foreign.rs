//! HDF5 files that take values from other files: external storage, links into other files, virtual data sets. They are
//! refused, because a file that somebody sent must not show what else lies on this machine.

use std::path::Path;

use hdf5_metno::plist::dataset_create::Layout as Storage;
use hdf5_metno::{Group, LinkType, LocationType};
use seaglass_core::protocol::FailureKind;

use crate::error::{Result, fail};

/// Groups within groups that are looked into; links may go round in circles.
const DEPTH: usize = 32;
/// Objects that are looked at.
const MOST: usize = 200_000;

/// Refuses a file that takes values from elsewhere.
pub fn check(path: &Path) -> Result<()> {
    // What the library cannot open it will say itself.
    let Ok(file) = hdf5_metno::File::open(path) else { return Ok(()) };
    let mut left = MOST;
    match elsewhere(&file, DEPTH, &mut left) {
        None => Ok(()),
        Some(name) => Err(fail(
            FailureKind::NotMine,
            format!("\"{name}\" in it lies in another file, which is not read; copy the values into one file."),
        )),
    }
}

/// Name of the first object that lies elsewhere.
fn elsewhere(group: &Group, depth: usize, left: &mut usize) -> Option<String> {
    let mut links: Vec<(String, LinkType)> = Vec::new();
    let listed = group.iter_visit_default(|name, info| {
        links.push((name.to_owned(), info.link_type));
        Ok(())
    });
    // Damaged: the library says so in its own words.
    listed.ok()?;
    if depth == 0 || *left < links.len() {
        return Some(group.name());
    }
    *left -= links.len();
    links.into_iter().find_map(|(name, link)| match link {
        LinkType::External => Some(name),
        LinkType::Soft => None,
        LinkType::Hard => match group.loc_type_by_name(&name).ok()? {
            LocationType::Group => elsewhere(&group.group(&name).ok()?, depth - 1, left),
            LocationType::Dataset => {
                let create = group.dataset(&name).ok()?.create_plist().ok()?;
                (create.layout() == Storage::Virtual || !create.external().is_empty()).then_some(name)
            }
            _ => None,
        },
    })
}
