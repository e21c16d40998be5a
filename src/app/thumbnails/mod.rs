//! Small pictures of granules: what the panels ask for in a frame, and the pictures that have come. They are made by
//! [`maker`] in a thread of its own, one at a time, and only while the view has nothing to wait for; [`shelf`] keeps them.

pub mod maker;
pub mod shelf;

use std::collections::HashMap;
use std::path::PathBuf;

use egui::{Color32, ColorImage, Rect, Sense, Stroke, StrokeKind, TextureHandle, Ui, Vec2, pos2, vec2};
use seaglass_core::catalogue::Collection;
use seaglass_core::granule::Granule;
use seaglass_core::time::Time;

use crate::theme::theme;
use crate::widgets;

/// Pixels of a picture.
pub const SIZE_PX: [u32; 2] = [288, 180];
/// The same in the window.
pub const SHOWN: Vec2 = vec2(144.0, 90.0);
/// Pictures kept as textures; 13 MB.
const MOST: usize = 64;

/// What a picture shows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// Collection of the granule.
    pub collection: String,
    /// Variable; what the product shows by itself when absent.
    pub field: Option<String>,
    /// File of the granule.
    pub path: PathBuf,
    /// Part of it.
    pub part: usize,
    /// Time step of that.
    pub step: usize,
}

impl Wanted {
    /// The picture of the granule of a collection that lies nearest to the clock.
    pub fn nearest(collection: &Collection, field: Option<&str>, now: Time) -> Option<Self> {
        let granule = collection.nearest(now).map(|(g, _)| g).or(collection.granules.first())?;
        Some(Self::of(granule, field))
    }

    /// The picture of a granule.
    pub fn of(granule: &Granule, field: Option<&str>) -> Self {
        Self {
            collection: granule.collection.clone(),
            field: field.map(str::to_owned),
            path: granule.path.clone(),
            part: granule.part,
            step: granule.step,
        }
    }

    /// What stays the same while the clock goes on.
    fn subject(&self) -> Subject {
        (self.collection.clone(), self.field.clone())
    }
}

type Subject = (String, Option<String>);

/// Pictures there are, and those asked for.
#[derive(Clone, Default)]
pub struct Thumbnails {
    /// `None`: it cannot be made.
    made: HashMap<Wanted, Option<(TextureHandle, u64)>>,
    /// The last picture of a collection or variable: shown until that of another granule has come.
    last: HashMap<Subject, TextureHandle>,
    /// Asked for in this frame: those pointed at before those merely in sight.
    pointed_at: Vec<Wanted>,
    in_sight: Vec<Wanted>,
    uses: u64,
}

impl std::fmt::Debug for Thumbnails {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Thumbnails").field("made", &self.made.len()).field("asked", &self.pointed_at).finish()
    }
}

impl Thumbnails {
    /// Has a picture made when there is time, as the collection it belongs to is in sight.
    pub fn foresee(&mut self, wanted: Wanted) {
        if !self.made.contains_key(&wanted) {
            self.in_sight.push(wanted);
        }
    }

    /// What was asked for in this frame and is not there yet, the most urgent first.
    pub fn take_asked(&mut self) -> Vec<Wanted> {
        let mut asked = std::mem::take(&mut self.pointed_at);
        asked.append(&mut self.in_sight);
        asked
    }

    /// Takes a picture in; `None` when it cannot be made.
    pub fn give(&mut self, ctx: &egui::Context, wanted: Wanted, picture: Option<ColorImage>) {
        self.uses += 1;
        let known = picture.map(|image| {
            let texture = ctx.load_texture("thumbnail", image, egui::TextureOptions::LINEAR);
            self.last.insert(wanted.subject(), texture.clone());
            (texture, self.uses)
        });
        self.made.insert(wanted, known);
        while self.made.values().flatten().count() > MOST {
            let uses = |w: &Wanted| self.made.get(w).and_then(|k| k.as_ref().map(|(_, uses)| *uses));
            let oldest = self.made.keys().filter_map(|w| Some((uses(w)?, w))).min_by_key(|(uses, _)| *uses);
            let Some(oldest) = oldest.map(|(_, w)| w.clone()) else { break };
            self.made.remove(&oldest);
            self.last.remove(&oldest.subject());
        }
    }

    /// Shows the picture, or its place while it is being made; nothing when it cannot be made.
    pub fn show(&mut self, ui: &mut Ui, wanted: Option<Wanted>, title: &str) {
        let Some(wanted) = wanted else { return };
        self.uses += 1;
        let uses = self.uses;
        let texture = match self.made.get_mut(&wanted) {
            Some(None) => return,
            Some(Some((texture, used))) => {
                *used = uses;
                Some(texture.clone())
            }
            None => {
                let last = self.last.get(&wanted.subject()).cloned();
                self.pointed_at.push(wanted);
                last
            }
        };
        let (rect, response) = ui.allocate_exact_size(SHOWN, Sense::hover());
        widgets::describe(&response, egui::Role::Image, &tr!("Picture of {title}"));
        paint(ui, rect, texture.as_ref());
    }

    /// Whether a picture of this is there.
    pub fn has(&self, wanted: &Wanted) -> bool {
        self.made.get(wanted).is_some_and(Option::is_some)
    }

    /// Whether it is known that there is none.
    pub fn cannot(&self, wanted: &Wanted) -> bool {
        self.made.get(wanted).is_some_and(Option::is_none)
    }
}

/// A picture, or the place where it will be.
fn paint(ui: &Ui, rect: Rect, texture: Option<&TextureHandle>) {
    let t = theme(ui);
    ui.painter().rect_filled(rect, 2.0, t.c.void);
    match texture {
        Some(texture) => {
            let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            ui.painter().image(texture.id(), rect, whole, Color32::WHITE);
        }
        None => widgets::icon(ui.painter(), rect.center(), "globe", 16.0, t.c.text_3),
    }
    ui.painter().rect_stroke(rect, 2.0, Stroke::new(1.0, t.c.border), StrokeKind::Inside);
}
