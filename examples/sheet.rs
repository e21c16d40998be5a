//! `sheet OUT.png COLUMNS WIDTH < list`: a sheet of the pictures named on standard input, one a line, each with its
//! caption after a tab. `cargo xtask gallery` runs it.

use std::io::BufRead as _;

use anyhow::Context as _;
use seaglass_app::export::sheet::sheet;
use seaglass_render::Gpu;

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [out, columns, width] = args.as_slice() else { anyhow::bail!("use: sheet OUT.png COLUMNS WIDTH < list") };
    let mut pictures = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (path, caption) = line.split_once('\t').context("a line is a path, a tab and a caption")?;
        let picture = image::open(path).with_context(|| format!("{path} cannot be read"))?.to_rgba8();
        pictures.push((caption.to_owned(), picture));
    }
    let image = sheet(&Gpu::headless()?, &pictures, columns.parse()?, width.parse()?)?;
    image.save(out).with_context(|| format!("{out} cannot be written"))
}
