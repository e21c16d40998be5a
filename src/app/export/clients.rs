//! Films that programs ask for over the control socket: written like those of the window.

use std::path::Path;
use std::sync::Arc;

use image::RgbaImage;
use seaglass_host::{FilmWriter, MakeFilm};

use super::movie::{Movie, Options};

/// What writes them.
pub fn film_writer() -> MakeFilm {
    Arc::new(|path: &Path, size_px, fps| {
        let options = Options { path: path.to_owned(), size_px, fps, transparent: false };
        let movie = Movie::new(&options).map_err(sentence)?;
        let writer: Box<dyn FilmWriter> = Box::new(Film(movie));
        Ok(writer)
    })
}

struct Film(Movie);

impl FilmWriter for Film {
    fn put(&mut self, image: &RgbaImage) -> Result<(), String> {
        self.0.put(image).map_err(sentence)
    }

    fn finish(self: Box<Self>) -> Result<(), String> {
        self.0.finish().map_err(sentence)
    }
}

fn sentence(e: impl Into<anyhow::Error>) -> String {
    format!("{}.", format!("{:#}", e.into()).trim_end_matches('.'))
}
