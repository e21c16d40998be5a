//! Pictures and films as files: PNG and GeoTIFF row by row, GIF, PNG sequences, and MP4 or WebM through ffmpeg.
//!
//! What is written is a stream of finished rows or frames; who draws them is not known here. Window and command line use
//! the same code.

pub mod clients;
mod colours;
pub mod film;
pub mod geotiff;
mod gif;
pub mod movie;
mod part;
pub mod picture;
pub mod sheet;

use std::ffi::OsStr;
use std::path::Path;

pub use part::Part;

/// What a file is written as, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One picture.
    Png,
    /// One picture with its place on the Earth.
    GeoTiff,
    /// A film through ffmpeg.
    Mp4,
    /// A film through ffmpeg.
    WebM,
    /// An animated GIF.
    Gif,
    /// One PNG a frame (`%04d` in the name).
    Sequence,
}

impl Kind {
    /// The kind a name stands for; `Err` is a sentence.
    ///
    /// # Errors
    /// The name ends in none of the known endings.
    pub fn of(path: &Path) -> Result<Self, String> {
        let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default().to_ascii_lowercase();
        let numbered = movie::numbered(path).is_some();
        match ending.as_str() {
            "png" if numbered => Ok(Self::Sequence),
            "png" => Ok(Self::Png),
            "tif" | "tiff" => Ok(Self::GeoTiff),
            "mp4" => Ok(Self::Mp4),
            "webm" => Ok(Self::WebM),
            "gif" => Ok(Self::Gif),
            "" => Err(
                "Pictures are written as PNG; give the output a name that ends in .png (or .tif, .mp4, .webm, .gif)."
                    .to_owned(),
            ),
            other => Err(format!(
                "Pictures are written as PNG, not as {other}; name the output *.png, a GeoTIFF *.tif, a film *.mp4, *.webm, \
                 *.gif or *-%04d.png."
            )),
        }
    }

    /// Several frames.
    pub fn is_film(self) -> bool {
        matches!(self, Self::Mp4 | Self::WebM | Self::Gif | Self::Sequence)
    }
}

/// One sentence for people about a file that cannot be written.
pub fn cannot_write(path: &Path, error: &std::io::Error) -> anyhow::Error {
    let why = match error.kind() {
        std::io::ErrorKind::NotFound => "its folder does not exist".to_owned(),
        std::io::ErrorKind::PermissionDenied => "writing there is not permitted".to_owned(),
        std::io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        std::io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        _ => error.to_string(),
    };
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    anyhow::anyhow!("{name} cannot be written: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_is_written() {
        let of = |name: &str| Kind::of(Path::new(name));
        assert_eq!(of("a.PNG"), Ok(Kind::Png));
        assert_eq!(of("dir/a-%04d.png"), Ok(Kind::Sequence));
        assert_eq!((of("a.tif"), of("a.webm"), of("a.gif")), (Ok(Kind::GeoTiff), Ok(Kind::WebM), Ok(Kind::Gif)));
        assert!(of("a.jpg").unwrap_err().contains("not as jpg") && of("a").is_err());
    }
}
