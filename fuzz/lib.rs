//! What the targets share: bytes become a file, and the file goes through a reader as in a worker process.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use seaglass_core::field::{Apron, Window};
use seaglass_core::granule::FileInfo;
use seaglass_core::protocol::{Answer, FieldAt, Request, Source};
use seaglass_formats::Reader;

/// Cells of which all positions and values are asked; larger fields are looked at in a corner.
const ALL: usize = 1 << 16;

/// A folder of this process, in memory where the system has such a place. It is taken away by the next run only: what
/// ends a run ends the process at once.
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let memory = Path::new("/dev/shm");
        let base = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let path = base.join(format!("seaglass-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder for the inputs");
        path
    })
}

/// Writes a file of the folder.
pub fn write(name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder().join(name);
    std::fs::write(&path, bytes).expect("an input is written");
    path
}

/// Opens bytes as a file of that name, and asks for positions and values as a window does.
pub fn open(name: &str, bytes: &[u8]) {
    let path = write(name, bytes);
    look(&path);
}

/// Opens a file or folder: it opens, or is refused with one sentence.
pub fn look(path: &Path) {
    let source = Source { path: path.to_owned(), candidates: Vec::new() };
    let mut reader = Reader::new();
    match reader.handle(Request::Open { source: source.clone() }).0 {
        Answer::Opened { info } => ask(&mut reader, &source, &info),
        Answer::Failed { error } => {
            let sentence = error.message.trim();
            assert!(!sentence.is_empty() && sentence.lines().count() == 1, "no sentence: {sentence:?}");
        }
        _ => {}
    }
}

fn ask(reader: &mut Reader, source: &Source, info: &FileInfo) {
    for (part, described) in info.parts.iter().take(3).enumerate() {
        let [rows, cols] = described.shape;
        let small = rows.saturating_mul(cols) <= ALL;
        if small {
            reader.handle(Request::Geolocation { source: source.clone(), part, tolerance_cells: 0.0 });
        }
        let step = described.steps.len().saturating_sub(1);
        for field in described.fields.iter().take(4) {
            let window = Window { row: 0, col: 0, rows: rows.min(64), cols: cols.min(64), stride: 1 };
            let extra = vec![0; field.extra_dims.len()];
            let of = FieldAt {
                source: source.clone(),
                part,
                field: field.name.clone(),
                step,
                extra: extra.clone(),
                unmasked: false,
            };
            reader.handle(Request::Read { of: of.clone(), window, apron: Apron::Edge });
            if small {
                reader.handle(Request::Stats { of: FieldAt { unmasked: true, ..of } });
            }
            reader.handle(Request::Probe {
                source: source.clone(),
                part,
                fields: vec![field.name.clone()],
                step,
                extra,
                row: rows.saturating_sub(1),
                col: cols.saturating_sub(1),
            });
        }
    }
}
