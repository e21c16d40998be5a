//! Clients of our own protocol: what they ask is carried out here, at once or in a later step, and they are told what
//! happens.

mod check;
mod commands;
mod events;
mod film;
mod flight;
mod look;
mod match_up;
mod picture;
mod pushed;
mod told;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, TryRecvError};
use seaglass_control::frames::{Ask, Asked, Picture, Respond};
use seaglass_core::colormap::Colormap;
use seaglass_core::geo::LonLat;
use seaglass_core::project::LayerId;
use seaglass_render::assets;
use serde_json::{Value, json};

use crate::extract::Extracted;
use crate::host::Host;
pub use events::Selection;
use events::Subscriber;
use film::Film;
pub use film::{FilmWriter, MakeFilm};
use flight::Flight;
use match_up::MatchUp;
pub use picture::WantedPicture;
pub(crate) use pushed::clean_later;
pub(crate) use told::By;

/// Longest time a client can wait for something.
const LONGEST: Duration = Duration::from_secs(86_400);
/// A picture waits so long for what is missing, when nothing else is said.
const PICTURE_WAITS: Duration = Duration::from_secs(60);
/// Times the readers have to be asked after a command before nothing missing means that nothing is.
const DRIVES: u64 = 2;
/// Longest name of a pushed file or a colour map.
const LONGEST_NAME: usize = 120;

/// What will be answered later.
enum Pending {
    Probe { at: LonLat, reach_deg: f64, until: Instant },
    Wait { until: Instant, drives: u64 },
    Picture { wish: Box<Picture>, until: Instant, drives: u64 },
    Statistics { layer: LayerId, until: Instant },
    Extract { job: u64, cells: bool },
    Keeping { kept: Receiver<Result<PathBuf, String>> },
    Opening { paths: Vec<PathBuf>, failures: usize },
    Saving,
    MatchUp(MatchUp),
    Film(Box<Film>),
    Flight(Box<Flight>),
}

/// What became of something that waits, in one step.
enum Then {
    /// It waits on.
    Wait(Pending, Respond),
    /// It is answered.
    Over,
}

/// Clients and what they wait for.
#[derive(Default)]
pub(crate) struct Clients {
    pending: Vec<(Pending, Respond)>,
    subscribers: Vec<Subscriber>,
    seen: events::Seen,
    /// Clients may name files to read and write.
    files: bool,
    /// There is no window.
    headless: bool,
    /// Where pushed files lie.
    folder: Option<pushed::Folder>,
    /// Bytes of them.
    pushed: u64,
    /// Files and folders made there so far, which have their names from this.
    made: u64,
    /// Progress told last, by connection and request.
    progress: Vec<((u64, u64), (f32, String))>,
    /// Commands on their way to those who record them.
    pub told: told::Telling,
    /// What is selected in the window.
    selection: Selection,
    /// Clicks whose values are being read.
    clicks: VecDeque<events::Click>,
    /// Who writes films.
    make_film: Option<MakeFilm>,
    /// How often the readers have been asked for what a picture needs.
    pub drives: u64,
}

impl Clients {
    /// Colocation jobs under way.
    fn jobs(&self) -> usize {
        self.pending.iter().filter(|(p, _)| matches!(p, Pending::MatchUp(_))).count()
    }

    /// Films under way.
    fn films(&self) -> usize {
        self.pending.iter().filter(|(p, _)| matches!(p, Pending::Film(_))).count()
    }
}

fn after(ms: u64) -> Instant {
    Instant::now() + Duration::from_millis(ms).min(LONGEST)
}

impl Host {
    /// Lets clients of our own protocol name files to read and write. Without it they see what the user has opened, and
    /// can bring data of their own.
    pub fn allow_files(&mut self, on: bool) {
        self.clients.files = on;
    }

    /// Says that there is no window, which would write pictures and films.
    pub fn set_headless(&mut self) {
        self.clients.headless = true;
    }

    /// Size of the next picture a client waits for; the view has to be driven so that it becomes complete.
    pub fn picture_wanted(&self) -> Option<([u32; 2], f32)> {
        let view = [self.session.view_px.x.max(1.0) as u32, self.session.view_px.y.max(1.0) as u32];
        self.clients.pending.iter().find_map(|(p, _)| match p {
            Pending::Picture { wish, .. } => Some(picture::size(wish, self)),
            // Once pictures have been drawn, "all is drawn" means the view as it is now.
            Pending::Wait { .. } if self.clients.drives > 0 => Some((view, 1.0)),
            Pending::Film(film) if film.waits_for_the_view() => Some(picture::size(film.wish(), self)),
            _ => None,
        })
    }

    /// Whoever waits for a picture gets what there is: nothing can be drawn here.
    pub fn pictures_cannot_be_drawn(&mut self) {
        self.clients.drives += DRIVES;
        for (pending, _) in &mut self.clients.pending {
            match pending {
                Pending::Picture { wish, .. } => wish.now = true,
                Pending::Film(film) => film.hurry(),
                _ => {}
            }
        }
    }

    pub(crate) fn asked(&mut self, asked: Asked) {
        let Asked { ask, payload, respond } = asked;
        let drives = self.clients.drives;
        let pending = match ask {
            Ask::Hello { .. } => return respond.failed("You have been greeted already."),
            Ask::Command { command } => return self.command(&command, respond),
            Ask::Commands { commands } => return self.commands(&commands, respond),
            Ask::Get { what } => return respond.done_with(json!({ "value": look::get(self, what) }), &[]),
            Ask::Probe { lon_deg, lat_deg, reach_deg } => {
                let at = LonLat::new(lon_deg, lat_deg);
                if !at.is_valid() || !(0.0..=180.0).contains(&reach_deg) {
                    return respond.failed("There is no such place on the Earth.");
                }
                Pending::Probe { at: at.normalized(), reach_deg, until: after(60_000) }
            }
            Ask::Statistics { layer } => {
                if self.session.project().layer(layer).is_none() {
                    return respond.failed(&format!("There is no layer {}.", layer.0));
                }
                Pending::Statistics { layer, until: after(60_000) }
            }
            Ask::Extract(wish) => {
                let cells = wish.path.is_none();
                match self.extract_for_client(wish) {
                    Ok(job) => Pending::Extract { job, cells },
                    Err(why) => return respond.failed(&why),
                }
            }
            Ask::Colocate(wish) => match self.match_up(*wish) {
                Ok(job) => Pending::MatchUp(job),
                Err(why) => return respond.failed(&why),
            },
            Ask::Film(wish) => match self.film(wish) {
                Ok(film) => Pending::Film(Box::new(film)),
                Err(why) => return respond.failed(&why),
            },
            Ask::Fly(wish) => match self.fly(wish) {
                Ok(flight) => Pending::Flight(Box::new(flight)),
                Err(why) => return respond.failed(&why),
            },
            Ask::Cancel { request } => return self.cancel(request, respond),
            Ask::Fit { west, south, east, north } => return self.fit([west, south, east, north], respond),
            Ask::Screenshot(wish) => {
                if let Err(why) = picture::check(&wish, self) {
                    return respond.failed(why);
                }
                let until = wish.timeout_ms.map_or_else(|| Instant::now() + PICTURE_WAITS, after);
                Pending::Picture { wish: Box::new(wish), until, drives }
            }
            Ask::Wait { timeout_ms } => Pending::Wait { until: after(timeout_ms), drives },
            Ask::Subscribe { events } => return self.subscribe(&events, respond),
            Ask::Unsubscribe => return self.unsubscribe(respond),
            Ask::Unpush { name } => return self.unpush(&name, respond),
            Ask::Push { name, append } => match self.keep_pushed(&name, append, payload) {
                Ok(kept) => Pending::Keeping { kept },
                Err(why) => return respond.failed(&why),
            },
            Ask::Colormap { name } if payload.is_empty() => {
                return match assets::colormaps().get(&name) {
                    Some(map) => respond.done_with(json!({ "name": name }), map.lut.as_flattened()),
                    None => respond.failed(&format!("There is no colour map \"{name}\".")),
                };
            }
            Ask::Colormap { name } => {
                return match new_colormap(&name, &payload) {
                    Ok(()) => respond.done(),
                    Err(why) => respond.failed(&why),
                };
            }
        };
        self.clients.pending.push((pending, respond));
        (self.wake)();
    }

    /// Ends a request of the same client.
    fn cancel(&mut self, request: u64, respond: Respond) {
        let connection = respond.outlet().connection();
        let is_it = |(_, r): &(Pending, Respond)| r.outlet().connection() == connection && r.id() == request;
        let Some(at) = self.clients.pending.iter().position(is_it) else {
            return respond.done_with(json!({ "cancelled": false }), &[]);
        };
        let (pending, cancelled) = self.clients.pending.remove(at);
        self.give_up(pending);
        cancelled.cancelled();
        respond.done_with(json!({ "cancelled": true }), &[]);
    }

    /// Ends work that nobody waits for any more.
    fn give_up(&mut self, pending: Pending) {
        match pending {
            Pending::Extract { job, .. } => self.cancel_extraction(job),
            Pending::Opening { .. } => {
                // It cannot fail, and its sentence would be among the notices.
                let _told = self.try_apply(&seaglass_core::command::Command::CancelOpening);
            }
            Pending::Film(film) => self.end_film(&film),
            // Dropping a job stops it; the others are only waited for.
            _ => {}
        }
    }

    /// An extraction has ended: whoever waits for it is answered.
    pub(crate) fn extraction_answered(&mut self, one: Extracted) {
        self.tell_extraction(&one);
        let is_it = |(p, _): &(Pending, Respond)| matches!(p, Pending::Extract { job, .. } if *job == one.job);
        let Some(at) = self.clients.pending.iter().position(is_it) else { return };
        let (_, respond) = self.clients.pending.remove(at);
        match one.result {
            Err(why) => respond.failed(&why),
            Ok(result) => {
                let failed: Vec<Value> = result
                    .failed
                    .iter()
                    .map(|(path, why)| json!({ "path": path.display().to_string(), "error": why }))
                    .collect();
                let mut answer = json!({ "shape": one.shape, "rows": result.rows, "failed": failed });
                if let (Value::Object(map), Some(cells)) = (&mut answer, &result.cells) {
                    map.insert("table".to_owned(), json!(cells.header));
                }
                respond.done_with(answer, result.cells.as_ref().map_or(&[], |c| c.payload.as_slice()));
            }
        }
    }

    /// Answers what can be answered now; gives the pictures to be drawn.
    pub(crate) fn poll_clients(&mut self) -> Vec<WantedPicture> {
        let mut pictures = Vec::new();
        if self.clients.pending.is_empty() {
            return pictures;
        }
        let now = Instant::now();
        let mut again = false;
        for (pending, respond) in std::mem::take(&mut self.clients.pending) {
            if !respond.outlet().is_open() {
                self.leave(pending);
                continue;
            }
            if let Then::Wait(pending, respond) = self.poll_one(pending, respond, now, &mut pictures) {
                again |= matches!(
                    pending,
                    Pending::Probe { .. }
                        | Pending::Statistics { .. }
                        | Pending::Wait { .. }
                        | Pending::Picture { .. }
                        | Pending::Film(_)
                );
                self.clients.pending.push((pending, respond));
            }
        }
        let waiting: Vec<(u64, u64)> =
            self.clients.pending.iter().map(|(_, r)| (r.outlet().connection(), r.id())).collect();
        self.clients.progress.retain(|(key, _)| waiting.contains(key));
        if again {
            (self.wake)();
        }
        pictures
    }

    /// The client has gone: what only it would get is given up, what goes into files goes on.
    fn leave(&mut self, pending: Pending) {
        if matches!(pending, Pending::Extract { cells: true, .. } | Pending::Film(_) | Pending::MatchUp(_)) {
            self.give_up(pending);
        }
    }

    fn poll_one(
        &mut self,
        pending: Pending,
        respond: Respond,
        now: Instant,
        pictures: &mut Vec<WantedPicture>,
    ) -> Then {
        match pending {
            Pending::Probe { at, reach_deg, until } => match look::probe(self, at, reach_deg, now >= until) {
                Some(rows) => respond.done_with(json!({ "rows": rows }), &[]),
                None => return Then::Wait(pending, respond),
            },
            Pending::Statistics { layer, until } => match look::statistics(self, layer, now >= until) {
                Some(value) => respond.done_with(json!({ "value": value }), &[]),
                None => return Then::Wait(pending, respond),
            },
            Pending::Wait { until, drives } => match (self.is_settled(drives), now >= until) {
                (true, _) => respond.done(),
                (_, true) => respond.failed(&format!("Not everything was ready in time: {}.", self.missing())),
                _ => return Then::Wait(pending, respond),
            },
            Pending::Picture { wish, until, drives } => {
                let ready = self.clients.drives > drives && (wish.now || self.is_settled(drives));
                if !ready && now < until {
                    return Then::Wait(Pending::Picture { wish, until, drives }, respond);
                }
                let (size, scale) = picture::size(&wish, self);
                pictures.push(WantedPicture::new(&wish, size, scale, respond));
            }
            Pending::Extract { job, .. } => {
                if let Some(share) = self.extraction_share(job) {
                    self.tell_progress(&respond, share, "extracting");
                }
                return Then::Wait(pending, respond);
            }
            Pending::Keeping { kept } => match kept.try_recv() {
                Ok(path) => {
                    self.clients.told.by = By::Client(respond.outlet().connection());
                    let opening = path.and_then(|path| self.open_for_client(vec![path]));
                    self.clients.told.by = By::Window;
                    match opening {
                        Ok(opening) => return Then::Wait(opening, respond),
                        Err(why) => respond.failed(&why),
                    }
                }
                Err(TryRecvError::Empty) => return Then::Wait(Pending::Keeping { kept }, respond),
                Err(TryRecvError::Disconnected) => respond.failed("The data cannot be kept."),
            },
            Pending::Saving => {
                if !self.saving_ended(false) {
                    return Then::Wait(Pending::Saving, respond);
                }
                match self.take_outcome() {
                    Ok(()) => respond.done_with(json!({ "not_saved": self.not_saved() }), &[]),
                    Err(why) => respond.failed(&why),
                }
            }
            Pending::Opening { paths, failures } => {
                if !self.is_done_opening() {
                    let (done, all) = self.opening.counts();
                    let share = if all == 0 { 0.0 } else { done as f32 / all as f32 };
                    self.tell_progress(&respond, share, &format!("{done} of {all} files"));
                    return Then::Wait(Pending::Opening { paths, failures }, respond);
                }
                self.opened_for_client(&paths, failures, respond);
            }
            Pending::MatchUp(job) => {
                let Some(found) = job.finished() else {
                    let (share, text) = job.progress();
                    self.tell_progress(&respond, share, &text);
                    return Then::Wait(Pending::MatchUp(job), respond);
                };
                match found {
                    Ok((fields, table)) => respond.done_with(fields, &table),
                    Err(why) => respond.failed(&why),
                }
            }
            Pending::Flight(mut flight) => match self.fly_on(&mut flight) {
                Some(Ok(arrived)) => respond.done_with(json!({ "arrived": arrived }), &[]),
                Some(Err(why)) => respond.failed(&why),
                None => {
                    self.tell_progress(&respond, flight.share(), "flying");
                    return Then::Wait(Pending::Flight(flight), respond);
                }
            },
            Pending::Film(mut film) => {
                let (picture, end) = self.film_on(&mut film);
                pictures.extend(picture);
                let Some(end) = end else {
                    let (share, text) = film.progress();
                    self.tell_progress(&respond, share, &text);
                    return Then::Wait(Pending::Film(film), respond);
                };
                self.end_film(&film);
                match end {
                    Ok(bytes) => respond.done_with(json!({ "bytes": bytes.len() }), &bytes),
                    Err(why) => respond.failed(&why),
                }
            }
        }
        Then::Over
    }

    /// Tells how far something is, once for each state.
    fn tell_progress(&mut self, respond: &Respond, share: f32, text: &str) {
        let key = (respond.outlet().connection(), respond.id());
        let told = self.clients.progress.iter().position(|(k, _)| *k == key);
        let now = (share, text.to_owned());
        match told.and_then(|k| self.clients.progress.get_mut(k)) {
            Some((_, last)) if *last == now => return,
            Some((_, last)) => *last = now,
            None => self.clients.progress.push((key, now)),
        }
        respond.progress(share, text);
    }

    /// Whether somebody waits for the view: it has to be driven although nothing has changed.
    pub(crate) fn is_awaited(&self) -> bool {
        self.clients.pending.iter().any(|(p, _)| match p {
            Pending::Wait { .. } | Pending::Picture { .. } | Pending::Flight(_) => true,
            Pending::Film(film) => film.waits_for_the_view(),
            _ => false,
        })
    }

    fn opened_for_client(&mut self, paths: &[PathBuf], failures: usize, respond: Respond) {
        let all = self.session.failures();
        let mine = |f: &&seaglass_core::session::FailedFile| paths.iter().any(|p| f.path.starts_with(p));
        let failed: Vec<_> = all
            .iter()
            .skip(failures.min(all.len()))
            .chain(all.iter().take(failures))
            .filter(mine)
            .map(|f| (f.path.clone(), f.error.message.clone()))
            .collect();
        // What was named and refused is no part of the session.
        let refused: Vec<PathBuf> = failed.iter().map(|(path, _)| path.clone()).filter(|p| paths.contains(p)).collect();
        self.session.refuse_sources(&refused);
        let pushed: Vec<PathBuf> = refused.into_iter().filter(|p| self.is_pushed(p)).collect();
        if let Err(why) = self.forget_pushed(&pushed) {
            log::debug!("what was refused stays: {why}");
        }
        match failed.first() {
            Some((path, why)) if paths.len() == 1 && *path == paths[0] => {
                respond.failed(&format!("{why} ({})", path.display()));
            }
            _ => {
                let failed: Vec<Value> = failed
                    .iter()
                    .map(|(path, why)| json!({ "path": path.display().to_string(), "error": why }))
                    .collect();
                respond.done_with(json!({ "paths": paths, "failed": failed }), &[]);
            }
        }
    }

    /// Whether nothing is missing in the view, as far as it has been looked at since so many drives.
    fn is_settled(&mut self, since: u64) -> bool {
        let drawn = self.clients.drives;
        // Without a window nobody drives; then what a picture would need is not asked for.
        if drawn > 0 && drawn < since + DRIVES {
            return false;
        }
        let view = self.session.view_px;
        let scene = self.scene([view.x.max(1.0) as u32, view.y.max(1.0) as u32], 1.0, [0; 4]);
        self.lacks_nothing(&scene)
    }

    fn missing(&self) -> String {
        let progress = self.progress();
        if progress.label.is_empty() { "the view is not drawn".to_owned() } else { progress.label }
    }
}

/// Makes a colour map of RGB triples.
fn new_colormap(name: &str, rgb: &[u8]) -> Result<(), String> {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    if !plain || name.len() > LONGEST_NAME {
        return Err("A colour map is named with letters, digits and _-. only.".to_owned());
    }
    let colours = rgb.as_chunks::<3>();
    if colours.0.len() < 2 || !colours.1.is_empty() || colours.0.len() > 65_536 {
        return Err("A colour map has two to 65536 colours of three bytes each.".to_owned());
    }
    let n = colours.0.len();
    let lut = std::array::from_fn(|k| {
        let at = k as f64 * (n - 1) as f64 / 255.0;
        let (low, t) = (at.floor() as usize, at.fract());
        let (a, b) = (colours.0[low], colours.0[(low + 1).min(n - 1)]);
        std::array::from_fn(|c| (f64::from(a[c]) * (1.0 - t) + f64::from(b[c]) * t).round() as u8)
    });
    match assets::colormaps().get(name) {
        Some(known) if known.lut != lut => {
            Err(format!("There is a colour map \"{name}\" already; choose another name."))
        }
        Some(_) => Ok(()),
        None => {
            assets::add_colormaps(vec![Colormap { id: name.to_owned(), lut }]);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_maps_are_stretched_and_never_replaced() {
        new_colormap("test_ramp", &[0, 0, 0, 255, 100, 0]).unwrap();
        let map = assets::colormaps().get("test_ramp").unwrap();
        assert_eq!((map.lut[0], map.lut[255], map.lut[51]), ([0, 0, 0], [255, 100, 0], [51, 20, 0]));
        assert!(new_colormap("test_ramp", &[0, 0, 0, 255, 100, 0]).is_ok(), "the same again");
        assert!(new_colormap("test_ramp", &[9, 0, 0, 255, 100, 0]).unwrap_err().contains("already"));
        assert!(new_colormap("../x", &[0; 6]).is_err() && new_colormap("a", &[0; 7]).is_err());
    }
}
