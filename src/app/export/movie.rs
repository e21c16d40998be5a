//! Frames into a film: GIF and PNG sequences by ourselves, MP4 and WebM through the user's ffmpeg.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::JoinHandle;

use image::RgbaImage;

use super::gif::GifFilm;
use super::{Kind, Part, cannot_write};

/// What a film needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Where to.
    pub path: PathBuf,
    /// Size of a frame.
    pub size_px: [u32; 2],
    /// Frames a second.
    pub fps: f64,
    /// The frames have no background.
    pub transparent: bool,
}

/// A film being written. What is not finished is removed.
pub struct Movie {
    kind: Kind,
    path: PathBuf,
    size_px: [u32; 2],
    frames: u64,
    writer: Writer,
}

enum Writer {
    Ffmpeg(Box<Ffmpeg>),
    Gif(Box<GifFilm>),
    /// Frames written, to take them away again when the film is given up.
    Sequence(Vec<PathBuf>),
}

impl Movie {
    /// Begins a film; checks what can be checked before the first frame is drawn.
    ///
    /// # Errors
    /// One sentence: no ffmpeg, a name that is no film, or a file that cannot be made.
    pub fn new(options: &Options) -> anyhow::Result<Self> {
        let kind = Kind::of(&options.path).map_err(anyhow::Error::msg)?;
        let path = options.path.clone();
        let writer = match kind {
            Kind::Mp4 | Kind::WebM => Writer::Ffmpeg(Box::new(Ffmpeg::start(kind, options)?)),
            Kind::Gif => Writer::Gif(Box::new(GifFilm::new(Part::beside(&path), options.size_px, options.fps)?)),
            Kind::Sequence => {
                let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
                anyhow::ensure!(folder.is_dir(), "The frames cannot be written: their folder does not exist");
                Writer::Sequence(Vec::new())
            }
            Kind::Png | Kind::GeoTiff => {
                anyhow::bail!("A film is named *.mp4, *.webm, *.gif, or *-%04d.png for one picture a frame")
            }
        };
        Ok(Self { kind, path, size_px: options.size_px, frames: 0, writer })
    }

    /// Adds a frame.
    ///
    /// # Errors
    /// One sentence.
    pub fn put(&mut self, image: &RgbaImage) -> anyhow::Result<()> {
        anyhow::ensure!([image.width(), image.height()] == self.size_px, "All frames of a film have one size");
        match &mut self.writer {
            Writer::Ffmpeg(ffmpeg) => ffmpeg.put(image)?,
            Writer::Gif(film) => film.put(image).map_err(|e| disk_words(&self.path, e))?,
            Writer::Sequence(written) => {
                let path = numbered(&self.path).map(|n| n.of(self.frames)).unwrap_or_default();
                let part = Part::beside(&path);
                image
                    .save_with_format(part.unfinished(), image::ImageFormat::Png)
                    .map_err(|e| disk_words(&path, anyhow::Error::from(e)))?;
                part.finish()?;
                written.push(path);
            }
        }
        self.frames += 1;
        Ok(())
    }

    /// The film is whole.
    ///
    /// # Errors
    /// One sentence; then no film is left.
    pub fn finish(mut self) -> anyhow::Result<()> {
        match std::mem::replace(&mut self.writer, Writer::Sequence(Vec::new())) {
            Writer::Ffmpeg(ffmpeg) => ffmpeg.finish(),
            Writer::Gif(film) => film.finish().map_err(|e| disk_words(&self.path, e)),
            Writer::Sequence(_) => Ok(()),
        }
    }

    /// What it is written as.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

impl Drop for Movie {
    fn drop(&mut self) {
        if let Writer::Sequence(written) = &self.writer {
            for path in written {
                if let Err(e) = std::fs::remove_file(path) {
                    log::debug!("{}: {e}", path.display());
                }
            }
        }
    }
}

fn disk_words(path: &Path, error: anyhow::Error) -> anyhow::Error {
    let io = error.chain().find_map(|c| c.downcast_ref::<std::io::Error>());
    io.map(|io| cannot_write(path, io)).unwrap_or(error)
}

/// A name with a place for the number of the frame.
#[derive(Debug, PartialEq)]
pub(super) struct Numbered {
    folder: PathBuf,
    before: String,
    digits: usize,
    after: String,
}

impl Numbered {
    fn of(&self, frame: u64) -> PathBuf {
        let digits = self.digits;
        self.folder.join(format!("{}{frame:0digits$}{}", self.before, self.after))
    }
}

/// `film-%04d.png` in its parts. The `%d` of `50%done.png` belongs to a word and is no number.
pub(super) fn numbered(path: &Path) -> Option<Numbered> {
    let name = path.file_name()?.to_str()?;
    let (before, rest) = name.split_once('%')?;
    let (digits, after) = rest.split_once('d')?;
    let digits = match digits {
        "" if after.starts_with(char::is_alphabetic) => return None,
        "" => 1,
        d => d.strip_prefix('0').unwrap_or(d).parse().ok().filter(|n| (1..=9).contains(n))?,
    };
    let folder = path.parent().map(Path::to_owned).unwrap_or_default();
    Some(Numbered { folder, before: before.to_owned(), digits, after: after.to_owned() })
}

/// The ffmpeg of the user.
pub fn find_ffmpeg() -> Option<PathBuf> {
    let name: OsString = format!("ffmpeg{}", std::env::consts::EXE_SUFFIX).into();
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(&name)).find(|p| p.is_file())
}

/// ffmpeg reading raw frames from a pipe.
struct Ffmpeg {
    child: Child,
    frames: Option<ChildStdin>,
    /// Reads what it says, lest it wait for a reader; gives the last line.
    said: Option<JoinHandle<String>>,
    part: Option<Part>,
    path: PathBuf,
    row: Vec<u8>,
}

impl Ffmpeg {
    fn start(kind: Kind, options: &Options) -> anyhow::Result<Self> {
        let name = if kind == Kind::WebM { "WebM" } else { "MP4" };
        anyhow::ensure!(
            !options.transparent,
            "{name} has no transparency; choose a background, or write a GIF or a PNG sequence (*-%04d.png)"
        );
        let program = find_ffmpeg().ok_or_else(|| {
            anyhow::anyhow!(
                "{name} needs the program ffmpeg, which is not on the PATH; install it, or write a GIF (*.gif) or a PNG \
                 sequence (*-%04d.png)"
            )
        })?;
        let part = Part::beside(&options.path);
        // Whether the place can be written is said by us, not by ffmpeg.
        drop(part.create()?);
        let even = options.size_px.map(|n| n.next_multiple_of(2));
        let mut command = Command::new(&program);
        command.args(["-hide_banner", "-loglevel", "error", "-nostdin", "-y"]);
        command.args(["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", &format!("{}x{}", even[0], even[1])]);
        command.args(["-framerate", &format!("{}", options.fps), "-i", "pipe:0", "-an", "-map_metadata", "-1"]);
        command.args(["-fflags", "+bitexact", "-flags:v", "+bitexact"]);
        // sRGB in, video levels of BT.709 out, and said so.
        command.args(["-vf", "scale=in_range=full:out_range=limited:out_color_matrix=bt709"]);
        command.args(["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "iec61966-2-1"]);
        match kind {
            Kind::WebM => command.args(["-c:v", "libvpx-vp9", "-crf", "24", "-b:v", "0", "-row-mt", "1"]),
            _ => command.args(["-c:v", "libx264", "-preset", "medium", "-crf", "18", "-movflags", "+faststart"]),
        };
        command.args(["-pix_fmt", "yuv420p", "-f", if kind == Kind::WebM { "webm" } else { "mp4" }]);
        command.arg(part.unfinished()).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|e| anyhow::anyhow!("{} cannot be started: {e}", program.display()))?;
        let frames = child.stdin.take();
        let stderr = child.stderr.take();
        let said = std::thread::Builder::new().name("ffmpeg says".to_owned()).spawn(move || {
            let lines = stderr.map(|s| BufReader::new(s).lines().map_while(Result::ok));
            let first = |l: &String| !l.trim().is_empty();
            // The first is the cause, the others follow from it.
            let mut lines = lines.into_iter().flatten();
            let cause = lines.find(first).unwrap_or_default();
            lines.for_each(|l| log::debug!("ffmpeg: {l}"));
            cause
        })?;
        let path = options.path.clone();
        Ok(Self { child, frames, said: Some(said), part: Some(part), path, row: Vec::new() })
    }

    /// Frames of odd size get their last column and row twice: both codecs want even sides.
    fn put(&mut self, image: &RgbaImage) -> anyhow::Result<()> {
        let line = image.width() as usize * 4;
        let height = image.height() as usize;
        for y in 0..height.next_multiple_of(2) {
            let pixels = &image.as_raw()[y.min(height - 1) * line..][..line];
            self.row.clear();
            self.row.extend(pixels.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]));
            if image.width() % 2 == 1 {
                self.row.extend_from_within(self.row.len() - 3..);
            }
            let written = self.frames.as_mut().map_or(Ok(()), |f| f.write_all(&self.row));
            if written.is_err() {
                return Err(self.failure());
            }
        }
        Ok(())
    }

    /// Waits for its end and says what it said.
    fn failure(&mut self) -> anyhow::Error {
        self.frames = None;
        let ended = self.child.wait();
        let said = self.said.take().and_then(|s| s.join().ok()).unwrap_or_default();
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let why = match (said.is_empty(), ended) {
            (true, Ok(status)) => format!("ffmpeg ended with {status}"),
            (true, Err(e)) => e.to_string(),
            // Its messages begin with the address of what speaks.
            (false, _) => said.rsplit_once("] ").map_or(said.as_str(), |(_, m)| m).trim_end_matches('.').to_owned(),
        };
        let why = if why.contains("No space left") { "the disk is full".to_owned() } else { why };
        anyhow::anyhow!("{name} cannot be written: {why}")
    }

    fn finish(mut self) -> anyhow::Result<()> {
        self.frames = None;
        if !self.child.wait()?.success() {
            return Err(self.failure());
        }
        self.part.take().map_or(Ok(()), Part::finish)
    }
}

impl Drop for Ffmpeg {
    fn drop(&mut self) {
        self.frames = None;
        if self.part.is_some() {
            // Given up.
            if let Err(e) = self.child.kill().and_then(|()| self.child.wait()) {
                log::debug!("ffmpeg: {e}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_numbered() {
        let n = numbered(Path::new("out/film-%04d.png")).unwrap();
        assert_eq!(n.of(7), Path::new("out/film-0007.png"));
        assert_eq!(numbered(Path::new("film-%d.png")).unwrap().of(12), Path::new("film-12.png"));
        assert_eq!((numbered(Path::new("film.png")), numbered(Path::new("50%done.png"))), (None, None));
    }

    fn frame(k: u8) -> RgbaImage {
        RgbaImage::from_fn(33, 17, |x, y| image::Rgba([k * 40, (x * 7) as u8, (y * 9) as u8, 255]))
    }

    fn film(path: &Path) -> anyhow::Result<()> {
        let options = Options { path: path.to_owned(), size_px: [33, 17], fps: 8.0, transparent: false };
        let mut movie = Movie::new(&options)?;
        (0..4).try_for_each(|k| movie.put(&frame(k)))?;
        movie.finish()
    }

    #[test]
    fn a_gif_and_a_sequence_hold_every_frame_and_are_the_same_each_time() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        film(&at("a.gif")).unwrap();
        film(&at("b.gif")).unwrap();
        assert_eq!(std::fs::read(at("a.gif")).unwrap(), std::fs::read(at("b.gif")).unwrap());
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::RGBA);
        let mut decoder = options.read_info(std::fs::File::open(at("a.gif")).unwrap()).unwrap();
        let (mut n, mut hundredths) = (0u8, 0);
        while let Some(read) = decoder.read_next_frame().unwrap() {
            hundredths += u32::from(read.delay);
            let off = read.buffer.iter().zip(frame(n).as_raw()).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
            assert!(off <= 24, "frame {n}: colours up to {off} off");
            n += 1;
        }
        // Four frames of an eighth of a second: 12.5 hundredths each.
        assert_eq!((n, hundredths), (4, 50));
        film(&at("f-%03d.png")).unwrap();
        for k in 0..4 {
            let read = image::open(at(&format!("f-00{k}.png"))).unwrap().to_rgba8();
            assert_eq!(read, frame(k));
        }
        let left = std::fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(left, 6, "parts are left");
    }

    #[test]
    fn a_film_given_up_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.gif", "f-%03d.png", "a.mp4"] {
            let path = dir.path().join(name);
            let options = Options { path, size_px: [33, 17], fps: 8.0, transparent: false };
            let Ok(mut movie) = Movie::new(&options) else {
                println!("skipped: {name} (no ffmpeg)");
                continue;
            };
            movie.put(&frame(1)).unwrap();
            drop(movie);
            assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "{name}");
        }
    }

    #[test]
    fn what_cannot_be_written_is_said_in_a_sentence() {
        let dir = tempfile::tempdir().unwrap();
        let e = film(&dir.path().join("none/a.gif")).unwrap_err().to_string();
        assert!(e.contains("folder does not exist"), "{e}");
        let e = film(&dir.path().join("none/f-%d.png")).unwrap_err().to_string();
        assert!(e.contains("folder does not exist"), "{e}");
        let path = dir.path().join("a.mp4");
        let clear = Options { path, size_px: [32, 16], fps: 8.0, transparent: true };
        assert!(Movie::new(&clear).err().unwrap().to_string().contains("no transparency"));
        // A device that is always full.
        if Path::new("/dev/full").exists() {
            let mut out = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
            let e = out.write_all(b"x").and_then(|()| out.flush()).unwrap_err();
            assert_eq!(cannot_write(Path::new("a.gif"), &e).to_string(), "a.gif cannot be written: the disk is full");
        }
    }

    #[test]
    fn ffmpeg_makes_a_film_of_every_frame() {
        if find_ffmpeg().is_none() {
            println!("skipped: no ffmpeg on the PATH");
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.mp4", "a.webm"] {
            let path = dir.path().join(name);
            film(&path).unwrap();
            // Read again by ffmpeg: odd sizes became even ones, and no frame is lost.
            let read = Command::new(find_ffmpeg().unwrap())
                .args(["-loglevel", "error", "-i"])
                .arg(&path)
                .args(["-f", "rawvideo", "-pix_fmt", "rgb24", "-"])
                .output()
                .unwrap();
            assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
            assert_eq!(read.stdout.len(), 34 * 18 * 3 * 4, "{name}");
            // The red of each frame's corner, which grows from frame to frame.
            let reds: Vec<u8> = read.stdout.chunks_exact(34 * 18 * 3).map(|f| f[0]).collect();
            assert!(reds.windows(2).all(|w| w[1] > w[0] + 20), "{name}: {reds:?}");
        }
    }
}
