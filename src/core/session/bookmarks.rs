//! Commands about bookmarks and tags.

use super::{CommandError, Session};
use crate::bookmark::{Bookmark, BookmarkId, is_picture};
use crate::command::Command;
use crate::format::Coordinates;
use crate::versions::Versions;

/// Bookmarks kept at most: each has a picture, and every step of undo holds all of them.
const MOST: usize = 200;

impl Session {
    fn bookmark_mut(&mut self, id: BookmarkId) -> Result<&mut Bookmark, CommandError> {
        let found = self.project.bookmarks.iter_mut().find(|b| b.id == id);
        found.ok_or_else(|| CommandError(format!("There is no bookmark {}.", id.0)))
    }

    pub(super) fn change_bookmarks(&mut self, command: &Command) -> Result<bool, CommandError> {
        match command {
            Command::AddBookmark { name } => {
                if self.project.bookmarks.len() >= MOST {
                    return Err(CommandError(format!("A session has {MOST} bookmarks at most. Remove one first.")));
                }
                self.project.last_bookmark += 1;
                let id = BookmarkId(self.project.last_bookmark);
                let name = match name.trim() {
                    "" => self.bookmark_name(),
                    name => name.to_owned(),
                };
                let new = Bookmark::of(&self.project, id, name);
                self.project.bookmarks.push(new);
            }
            Command::GoToBookmark { bookmark } => {
                let found = self.bookmark_mut(*bookmark)?.clone();
                found.restore(&mut self.project);
                if self.project.camera.projection.is_map() {
                    self.last_map = self.project.camera.projection;
                }
                self.place_named = true;
            }
            Command::RenameBookmark { bookmark, name } => {
                let name = name.trim();
                let found = self.bookmark_mut(*bookmark)?;
                if !name.is_empty() {
                    name.clone_into(&mut found.name);
                }
            }
            Command::RetakeBookmark { bookmark } => {
                let name = self.bookmark_mut(*bookmark)?.name.clone();
                let new = Bookmark::of(&self.project, *bookmark, name);
                *self.bookmark_mut(*bookmark)? = new;
            }
            Command::RemoveBookmark { bookmark } => {
                self.bookmark_mut(*bookmark)?;
                self.project.bookmarks.retain(|b| b.id != *bookmark);
            }
            Command::SetBookmarkPicture { bookmark, picture } => {
                if !is_picture(picture) {
                    return Err(CommandError("The picture of a bookmark is a small PNG as a data address.".to_owned()));
                }
                self.bookmark_mut(*bookmark)?.picture = Some(picture.as_str().into());
            }
            Command::TagCollection { collection, tag, on } => {
                let tag = tag.split_whitespace().collect::<Vec<_>>().join(" ");
                if tag.is_empty() || tag.chars().count() > 40 {
                    return Err(CommandError("A tag has 1 to 40 characters.".to_owned()));
                }
                let tags = self.project.tags.entry(collection.clone()).or_default();
                let _known = if *on { tags.insert(tag) } else { tags.remove(&tag) };
                self.project.tags.retain(|_, tags| !tags.is_empty());
            }
            Command::ChooseVersions { collection, versions } => {
                let all = *versions == Versions::All;
                if all {
                    self.project.all_versions.insert(collection.clone());
                } else {
                    self.project.all_versions.remove(collection);
                }
                self.sync_versions();
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Collections draw the versions that the document says.
    pub(super) fn sync_versions(&mut self) {
        for (id, collection) in &mut self.catalogue.collections {
            let all = self.project.all_versions.contains(id);
            collection.versions = if all { Versions::All } else { Versions::Newest };
        }
    }

    /// The place; the time stands beside it wherever bookmarks are listed.
    fn bookmark_name(&self) -> String {
        Coordinates::default().text(self.project.camera.target, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::LonLat;
    use crate::projection::Projection;
    use crate::time::Time;
    use crate::timeline::Anchor;

    #[test]
    fn a_bookmark_brings_everything_back_that_is_seen() {
        let mut s = Session::default();
        s.apply(&Command::SetProjection { projection: Projection::Mercator }).unwrap();
        s.apply(&Command::LookAt { place: LonLat::new(-60.0, 36.5), altitude_m: Some(2.0e6) }).unwrap();
        s.apply(&Command::SetTime { now: Time::parse("2024-08-11T13:27:41Z").unwrap() }).unwrap();
        s.apply(&Command::SetWindow { window_s: 43_200.0 }).unwrap();
        s.apply(&Command::SetAnchor { anchor: Anchor::Centred }).unwrap();
        s.apply(&Command::AddBookmark { name: String::new() }).unwrap();
        let there = s.project().clone();
        let first = &there.bookmarks[0];
        assert_eq!(first.name, "36.5° N, 60.0° W");
        assert!(first.is_seen(&there));
        s.apply(&Command::SetProjection { projection: Projection::Globe }).unwrap();
        s.apply(&Command::Home).unwrap();
        s.apply(&Command::SetTime { now: Time::parse("2020-01-01").unwrap() }).unwrap();
        s.apply(&Command::SetWindow { window_s: 3600.0 }).unwrap();
        assert!(!first.is_seen(s.project()));
        s.apply(&Command::GoToBookmark { bookmark: first.id }).unwrap();
        assert_eq!(*s.project(), there);
        s.apply(&Command::RenameBookmark { bookmark: first.id, name: " Gulf Stream ".into() }).unwrap();
        assert_eq!(s.project().bookmarks[0].name, "Gulf Stream");
        // The file says when in words, and gives the same back.
        let text = serde_json::to_string(&s.project().bookmarks[0]).unwrap();
        assert!(text.contains("\"now\":\"2024-08-11T13:27:41Z\""), "{text}");
        assert_eq!(serde_json::from_str::<Bookmark>(&text).unwrap(), s.project().bookmarks[0]);
        s.apply(&Command::RemoveBookmark { bookmark: first.id }).unwrap();
        s.apply(&Command::Undo).unwrap();
        assert_eq!(s.project().bookmarks.len(), 1);
        assert!(s.apply(&Command::GoToBookmark { bookmark: BookmarkId(77) }).is_err());
        let picture = "data:image/png;base64,no".to_owned();
        assert!(s.apply(&Command::SetBookmarkPicture { bookmark: first.id, picture }).is_err());
    }

    #[test]
    fn tags_are_given_and_taken_away() {
        let mut s = Session::default();
        let tag = |s: &mut Session, tag: &str, on| {
            s.apply(&Command::TagCollection { collection: "swot".into(), tag: tag.into(), on })
        };
        tag(&mut s, "  my   paper ", true).unwrap();
        tag(&mut s, "eddies", true).unwrap();
        let words: Vec<&str> = s.project().tags["swot"].iter().map(String::as_str).collect();
        assert_eq!(words, ["eddies", "my paper"]);
        assert!(tag(&mut s, "  ", true).is_err());
        tag(&mut s, "eddies", false).unwrap();
        tag(&mut s, "my paper", false).unwrap();
        assert!(s.project().tags.is_empty());
        s.apply(&Command::Undo).unwrap();
        assert_eq!(s.project().tags["swot"].len(), 1);
    }
}
