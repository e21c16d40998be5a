//! Pictures kept on disk between runs, within a budget.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use image::{ImageFormat, RgbaImage};

use super::{SIZE_PX, Wanted};

/// Bytes kept.
pub const BUDGET: u64 = 32 << 20;

/// A folder of pictures.
#[derive(Clone, Debug)]
pub struct Shelf {
    dir: PathBuf,
    budget: u64,
    /// Saved default styles: pictures made with others are not used again.
    styles: Option<PathBuf>,
}

impl Shelf {
    /// Pictures in `dir`, `budget` bytes of them at most; made anew when the file `styles` has changed.
    pub fn new(dir: PathBuf, budget: u64, styles: Option<PathBuf>) -> Self {
        Self { dir, budget, styles }
    }

    /// The picture, when there is one of the file as it is now.
    pub fn get(&self, wanted: &Wanted) -> Option<RgbaImage> {
        let path = self.place(wanted)?;
        let bytes = std::fs::read(&path).ok()?;
        let image = image::load_from_memory_with_format(&bytes, ImageFormat::Png).ok()?.to_rgba8();
        // Its time says when it was last of use.
        let touched = std::fs::File::open(&path).and_then(|f| f.set_modified(SystemTime::now()));
        if let Err(e) = touched {
            log::debug!("{}: {e}", path.display());
        }
        (image.dimensions() == (SIZE_PX[0], SIZE_PX[1])).then_some(image)
    }

    /// Keeps a picture; those not used for the longest time go when there are too many.
    ///
    /// # Errors
    /// The picture cannot be written.
    pub fn put(&self, wanted: &Wanted, image: &RgbaImage) -> std::io::Result<()> {
        let Some(path) = self.place(wanted) else { return Ok(()) };
        std::fs::create_dir_all(&self.dir)?;
        let mut png = Vec::new();
        image.write_to(&mut Cursor::new(&mut png), ImageFormat::Png).map_err(std::io::Error::other)?;
        // Another window reads whole pictures or none.
        let part = path.with_extension(format!("{}.part", std::process::id()));
        std::fs::write(&part, png)?;
        std::fs::rename(&part, &path)?;
        self.prune()
    }

    fn prune(&self) -> std::io::Result<()> {
        let mut kept: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        for entry in std::fs::read_dir(&self.dir)?.flatten() {
            if let Ok(meta) = entry.metadata()
                && meta.is_file()
            {
                kept.push((meta.modified().unwrap_or(SystemTime::UNIX_EPOCH), meta.len(), entry.path()));
            }
        }
        let mut bytes: u64 = kept.iter().map(|k| k.1).sum();
        if bytes <= self.budget {
            return Ok(());
        }
        kept.sort();
        for (_, len, path) in kept {
            // A quarter is made free, so that it is not looked through for every picture.
            if bytes <= self.budget / 4 * 3 {
                break;
            }
            // Another window may have been quicker.
            if std::fs::remove_file(&path).is_ok() {
                bytes -= len;
            }
        }
        Ok(())
    }

    /// Named by everything the picture depends on.
    fn place(&self, wanted: &Wanted) -> Option<PathBuf> {
        let stamp = |path: &Path| {
            let meta = std::fs::metadata(path).ok()?;
            Some((meta.len(), meta.modified().ok()))
        };
        let file = stamp(&wanted.path)?;
        let styles = self.styles.as_deref().and_then(stamp);
        let half = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            (salt, env!("CARGO_PKG_VERSION"), SIZE_PX, wanted, &file, &styles).hash(&mut hasher);
            hasher.finish()
        };
        Some(self.dir.join(format!("{:016x}{:016x}.png", half(0), half(1))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(path: &Path, field: Option<&str>) -> Wanted {
        Wanted { collection: "c".into(), field: field.map(str::to_owned), path: path.into(), part: 0, step: 0 }
    }

    fn picture(seed: u8) -> RgbaImage {
        // Hard to compress, so that a few fill the budget.
        RgbaImage::from_fn(SIZE_PX[0], SIZE_PX[1], |x, y| {
            let v =
                (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503) ^ u32::from(seed)).wrapping_mul(747_796_405);
            let [a, b, c, _] = (v >> 3).to_le_bytes();
            image::Rgba([a, b, c, 255])
        })
    }

    #[test]
    fn a_picture_is_of_the_file_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.nc");
        std::fs::write(&file, "one").unwrap();
        let shelf = Shelf::new(dir.path().join("shelf"), BUDGET, None);
        let of = wanted(&file, Some("sst"));
        assert!(shelf.get(&of).is_none());
        shelf.put(&of, &picture(1)).unwrap();
        assert_eq!(shelf.get(&of), Some(picture(1)));
        assert!(shelf.get(&wanted(&file, None)).is_none(), "of another variable");
        std::fs::write(&file, "two!").unwrap();
        assert!(shelf.get(&of).is_none(), "the file is another one");
        std::fs::remove_file(&file).unwrap();
        assert!(shelf.get(&of).is_none());
    }

    #[test]
    fn what_was_not_used_for_the_longest_time_goes_first() {
        let dir = tempfile::tempdir().unwrap();
        let mut png = Vec::new();
        picture(0).write_to(&mut Cursor::new(&mut png), ImageFormat::Png).unwrap();
        let one = png.len() as u64;
        let shelf = Shelf::new(dir.path().join("shelf"), one * 4, None);
        let of: Vec<Wanted> = (0..5u8)
            .map(|k| {
                let file = dir.path().join(format!("{k}.nc"));
                std::fs::write(&file, [k]).unwrap();
                wanted(&file, None)
            })
            .collect();
        let now = SystemTime::now();
        for (k, w) in of.iter().take(4).enumerate() {
            shelf.put(w, &picture(k as u8)).unwrap();
            let age = std::time::Duration::from_secs(1000 - 100 * k as u64);
            let file = std::fs::File::open(shelf.place(w).unwrap()).unwrap();
            file.set_modified(now - age).unwrap();
        }
        // The oldest is looked at again.
        assert!(shelf.get(&of[0]).is_some());
        shelf.put(&of[4], &picture(4)).unwrap();
        let there: Vec<bool> = of.iter().map(|w| shelf.get(w).is_some()).collect();
        assert_eq!(there, [true, false, false, true, true]);
        let bytes: u64 =
            std::fs::read_dir(dir.path().join("shelf")).unwrap().map(|e| e.unwrap().metadata().unwrap().len()).sum();
        assert!(bytes <= one * 4);
    }

    #[test]
    fn damaged_pictures_are_none() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.nc");
        std::fs::write(&file, "one").unwrap();
        let shelf = Shelf::new(dir.path().join("shelf"), BUDGET, None);
        let of = wanted(&file, None);
        shelf.put(&of, &picture(1)).unwrap();
        std::fs::write(shelf.place(&of).unwrap(), "no picture").unwrap();
        assert!(shelf.get(&of).is_none());
    }
}
