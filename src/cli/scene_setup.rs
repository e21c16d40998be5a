//! Layers, styles, clock and camera of a picture, set by the same commands as in the window.

use std::path::PathBuf;

use seaglass_app::export::film::{Flight, Frame, Range, frames};
use seaglass_core::camera::Camera;
use seaglass_core::catalogue::Collection;
use seaglass_core::command::Command;
use seaglass_core::field::{FieldInfo, named};
use seaglass_core::format::Unit;
use seaglass_core::geo::LonLat;
use seaglass_core::granule::Granule;
use seaglass_core::project::{BaseMap, LayerId};
use seaglass_core::projection::Projection;
use seaglass_core::session_file::EXTENSION;
use seaglass_core::style::{Filter, Method, StylePatch, TimeRule, TrailStyle};
use seaglass_core::time::{Time, TimeSpan};
use seaglass_core::timeline::Anchor;
use seaglass_host::{Host, Level};

use super::rgb_settings;
use super::style_settings::style_patch;
use super::{Exit, Failure, args, numbers};

/// From midnight to noon, so that twice that ends a microsecond before the next midnight.
const HALF_DAY_S: f64 = 43_199.999_999;

/// What `seaglass render` was asked for, checked.
pub struct Wishes {
    /// Pixels.
    pub size: [u32; 2],
    /// sRGB with alpha.
    pub background: [u8; 4],
    projection: Projection,
    look_at: Option<LonLat>,
    time: Option<(Time, bool)>,
    window_s: Option<f64>,
    ranges: Vec<numbers::ValueRange>,
    methods: Vec<Method>,
    patch: StylePatch,
    /// A film instead of one picture.
    pub film: Option<Film>,
}

/// How a film moves.
pub struct Film {
    /// Of the clock.
    pub range: Option<Range>,
    /// Of the camera.
    pub flight: Option<Flight>,
    /// Frames a second.
    pub fps: f64,
}

impl Film {
    fn of(options: &args::Render) -> Result<Option<Self>, Failure> {
        let range = options.animate.as_deref().map(numbers::clock_range).transpose()?;
        let load = |path: &PathBuf| Flight::load(path).map_err(|e| Failure::new(Exit::Usage, e).about(path));
        let flight = options.camera_path.as_ref().map(load).transpose()?;
        if range.is_none() && flight.is_none() {
            return Ok(None);
        }
        let film = Self { range, flight, fps: options.fps };
        film.frames(&Camera::default())?;
        Ok(Some(film))
    }

    /// What its frames show, seen from where the camera stands.
    pub fn frames(&self, from: &Camera) -> Result<Vec<Frame>, Failure> {
        frames(self.range.as_ref(), self.flight.as_ref(), from, self.fps).map_err(|e| Failure::new(Exit::Usage, e))
    }
}

fn method(name: &str) -> Result<Method, Failure> {
    let known = || Method::ALL.map(Method::id).join(", ");
    let found = Method::ALL.into_iter().find(|m| m.id() == name);
    found.ok_or_else(|| Failure::new(Exit::Usage, format!("There is no method \"{name}\"; there are {}.", known())))
}

/// Refuses methods that a layer's data do not have what they take for.
fn methods_fit(host: &Host, layers: &[LayerId]) -> Result<(), Failure> {
    for layer in layers.iter().filter_map(|id| host.session().project().layer(*id)) {
        let collection = host.session().catalogue().collections.get(&layer.collection);
        let Some((collection, field)) = collection.and_then(|c| Some((c, c.field(&layer.field)?))) else { continue };
        let method = layer.style.method;
        let raster = collection.with_field(&layer.field).all(|g| g.geometry.is_raster());
        let wanted = match method.components() {
            0 if raster && matches!(method, Method::Line | Method::Points) => "a track or points",
            2 if layer.drawn_together(field).is_empty() => {
                "a vector: name its parts towards east and north with --components"
            }
            3 if layer.drawn_together(field).is_empty() => "three fields: name them with --components",
            _ => continue,
        };
        let (name, method) = (&layer.field, method.id());
        return Err(Failure::new(
            Exit::Usage,
            format!("\"{name}\" cannot be drawn as {method}, which takes {wanted}."),
        ));
    }
    Ok(())
}

/// Whether a session is among what is to be drawn.
pub fn is_session(paths: &[PathBuf]) -> bool {
    paths.iter().any(|p| p.extension().is_some_and(|e| e.eq_ignore_ascii_case(EXTENSION)))
}

/// An option that chooses layers or how they look, if there is one.
fn about_layers(options: &args::Render) -> Option<&'static str> {
    let given = [
        (!options.field.is_empty(), "--field"),
        (!options.range.is_empty(), "--range"),
        (!options.colormap.is_empty(), "--colormap"),
        (!options.method.is_empty(), "--method"),
        (!options.style.is_empty(), "--style"),
        (!options.index.is_empty(), "--index"),
        (options.components.is_some(), "--components"),
        (options.level.is_some(), "--level"),
        (options.opacity.is_some(), "--opacity"),
        (!options.stretch.is_empty(), "--stretch"),
        (options.gamma.is_some(), "--gamma"),
        (options.log, "--log"),
        (options.smooth, "--smooth"),
    ];
    given.into_iter().find(|(is, _)| *is).map(|(_, name)| name)
}

impl Wishes {
    /// Checks the arguments before anything is started.
    pub fn new(options: &args::Render) -> Result<Self, Failure> {
        let usage = |message: String| Err(Failure::new(Exit::Usage, message));
        let projection = match Projection::parse(options.projection.as_deref().unwrap_or("globe")) {
            Ok(projection) => projection,
            Err(message) => return usage(message),
        };
        let colormaps = seaglass_render::assets::colormaps();
        for name in &options.colormap {
            if colormaps.get(name).is_none() {
                let known: Vec<&str> = colormaps.entries().iter().map(|e| e.id.as_str()).collect();
                return usage(format!("There is no colour map \"{name}\"; there are {}.", known.join(", ")));
            }
        }
        if options.altitude.is_some_and(|km| !(0.1..=60_000.0).contains(&km)) {
            return usage("--altitude must lie between 0.1 and 60000 km.".to_owned());
        }
        if options.tilt.is_some_and(|t| !(0.0..=85.0).contains(&t)) || options.heading.is_some_and(|h| !h.is_finite()) {
            return usage("--tilt must lie between 0 and 85 degrees, and --heading be a number.".to_owned());
        }
        if options.opacity.is_some_and(|o| !(0.0..=1.0).contains(&o)) {
            return usage("--opacity must lie between 0 and 1.".to_owned());
        }
        if !(options.timeout > 0.0 && options.timeout <= 86_400.0) {
            return usage("--timeout must lie between 0 and 86400 seconds.".to_owned());
        }
        if !(0.25..=16.0).contains(&options.scale) {
            return usage("--scale must lie between 0.25 and 16.".to_owned());
        }
        if is_session(&options.paths) {
            if options.paths.len() > 1 {
                return usage("A session names its own files: give it alone.".to_owned());
            }
            if let Some(option) = about_layers(options) {
                return usage(format!(
                    "A session has its own layers and styles: leave {option} out, or name the files."
                ));
            }
        }
        let several = options.field.len();
        for (name, n) in [
            ("--range", options.range.len()),
            ("--colormap", options.colormap.len()),
            ("--method", options.method.len()),
        ] {
            if n > 1 && n != several {
                return usage(format!("{name} must be given once, or once for each --field."));
            }
        }
        let methods: Vec<Method> = options.method.iter().map(|m| method(m)).collect::<Result<_, _>>()?;
        let mut patch = style_patch(&options.style)?;
        if let Some(rgb) = rgb_settings::rgb(&options.stretch, options.gamma.as_deref(), patch.rgb.as_ref())? {
            if !methods.is_empty() && !methods.contains(&Method::Rgb) {
                return usage(
                    "--stretch and --gamma are of --method rgb; the range of other methods is --range.".into(),
                );
            }
            patch.rgb = Some(rgb);
        }
        Ok(Self {
            size: numbers::size(&options.size)?,
            background: numbers::background(&options.background)?,
            projection,
            look_at: options.look_at.as_deref().map(numbers::place).transpose()?,
            time: options.time.as_deref().map(numbers::time).transpose()?,
            window_s: options.window.as_deref().map(numbers::duration).transpose()?,
            ranges: options.range.iter().map(|r| numbers::range(r)).collect::<Result<_, _>>()?,
            methods,
            patch,
            film: Film::of(options)?,
        })
    }

    /// Brings the opened files into the wished picture.
    pub fn apply(&self, host: &mut Host, options: &args::Render) -> Result<(), Failure> {
        if is_session(&options.paths) {
            return self.apply_to_session(host, options);
        }
        let chosen = choose_layers(host, &options.field)?;
        self.style(host, options, &chosen)?;
        let layers: Vec<LayerId> = chosen.into_iter().map(|(id, _)| id).collect();
        if !self.methods.is_empty() {
            methods_fit(host, &layers)?;
        }
        self.set_time(host, &layers, &options.paths);
        let mut projection = self.projection;
        if !options.projection.as_ref().is_some_and(|p| p.contains([':', '='])) {
            // The middle of the map follows what it shows, where none is named.
            frame_all(host)?;
            projection = projection.about(self.look_at.unwrap_or(host.session().project().camera.target));
        }
        host.send(Command::SetProjection { projection });
        frame_all(host)?;
        step(host)?;
        let camera = Camera { heading_deg: 0.0, tilt_deg: 0.0, ..host.session().project().camera };
        self.finish(host, options, camera)
    }

    /// A session is shown as it was saved; what the command line says of camera and clock wins.
    fn apply_to_session(&self, host: &mut Host, options: &args::Render) -> Result<(), Failure> {
        step(host)?;
        let mut camera = host.session().project().camera;
        if let Some(text) = &options.projection {
            let about = self.look_at.unwrap_or(camera.target);
            camera.projection = if text.contains([':', '=']) { self.projection } else { self.projection.about(about) };
        }
        let usual_s = host.session().project().timeline.window_s;
        if let Some((time, day)) = self.time {
            self.centre_window(host, time, day, usual_s);
        } else if let Some(window_s) = self.window_s {
            host.send(Command::SetWindow { window_s });
        }
        self.finish(host, options, camera)
    }

    fn finish(&self, host: &mut Host, options: &args::Render, mut camera: Camera) -> Result<(), Failure> {
        camera.target = self.look_at.unwrap_or(camera.target);
        camera.altitude_m = options.altitude.map_or(camera.altitude_m, |km| km * 1000.0);
        camera.heading_deg = options.heading.unwrap_or(camera.heading_deg);
        camera.tilt_deg = options.tilt.unwrap_or(camera.tilt_deg);
        host.send(Command::SetCamera { camera });
        if options.no_base {
            let base = BaseMap {
                relief: false,
                coastlines: false,
                borders: false,
                graticule: false,
                atmosphere: false,
                ..BaseMap::default()
            };
            host.send(Command::SetBaseMap { base });
        }
        step(host)
    }

    fn style(&self, host: &mut Host, options: &args::Render, layers: &[(LayerId, usize)]) -> Result<(), Failure> {
        let project = host.session().project().clone();
        for (id, k) in layers {
            let one_of = |n: usize| if n == 1 { 0 } else { *k };
            let layer = project.layer(*id);
            let collection = layer.and_then(|l| host.session().catalogue().collections.get(&l.collection));
            let field = layer.and_then(|l| collection?.field(&l.field)).cloned();
            let range = match (self.ranges.get(one_of(self.ranges.len())), &field) {
                (Some(range), Some(field)) => Some(range_of(range, field)?),
                _ => None,
            };
            let patch = StylePatch {
                colormap: options
                    .colormap
                    .get(one_of(options.colormap.len()))
                    .or(self.patch.colormap.as_ref())
                    .cloned(),
                range,
                log: options.log.then_some(true).or(self.patch.log),
                opacity: options.opacity.or(self.patch.opacity),
                filter: options.smooth.then_some(Filter::Bilinear).or(self.patch.filter),
                method: self.methods.get(one_of(self.methods.len())).copied().or(self.patch.method),
                ..self.patch.clone()
            };
            if let Some(names) = &options.components {
                let components = names.split(',').map(|n| n.trim().to_owned()).collect();
                host.send(Command::SetLayerComponents { layer: *id, components });
            }
            host.send(Command::SetStyle { layer: *id, patch });
            if let Some(field) = field.filter(|_| !options.index.is_empty() || options.level.is_some()) {
                let extra = numbers::extra(&options.index, options.level, &field.extra_dims, &field.name)?;
                host.send(Command::SetLayerIndex { layer: *id, extra });
            }
        }
        step(host)
    }

    fn set_time(&self, host: &mut Host, layers: &[LayerId], paths: &[PathBuf]) {
        let Some((time, day)) = self.time else { return self.set_first_time(host, layers, paths) };
        let (now, window_s) = self.centre_window(host, time, day, 86_400.0);
        if self.window_s.is_some() {
            return;
        }
        // Steps of one grid lie over each other: of several within the window one is shown, the nearest.
        let half = window_s / 2.0;
        let window = TimeSpan::new(now.plus_seconds(-half), now.plus_seconds(half));
        show_one_step(host, &stepped(host, layers, Some(window)));
    }

    /// An instant, or the noon of a day, is the middle of the window; gives both. The day ends a microsecond before the
    /// next.
    fn centre_window(&self, host: &mut Host, time: Time, day: bool, usual_s: f64) -> (Time, f64) {
        let (now, window_s) = if day { (time.plus_seconds(HALF_DAY_S), 2.0 * HALF_DAY_S) } else { (time, usual_s) };
        host.send(Command::SetAnchor { anchor: Anchor::Centred });
        host.send(Command::SetWindow { window_s: self.window_s.unwrap_or(window_s) });
        host.send(Command::SetTime { now });
        (now, window_s)
    }

    /// Without a time: the clock stands at the first time of the first file. Of files with several steps each shows the
    /// step nearest to it; of the others all are shown.
    fn set_first_time(&self, host: &mut Host, layers: &[LayerId], paths: &[PathBuf]) {
        // Whoever names neither a time nor a window sees whole files.
        if self.window_s.is_none() && self.patch.trail.is_none() {
            show_whole_tracks(host, layers);
        }
        let stepped = stepped(host, layers, None);
        let granules = host.session().catalogue().collections.values().flat_map(|c| &c.granules);
        let firsts = granules.filter(|g| g.step == 0 && g.span.is_some());
        let given: Vec<PathBuf> = paths.iter().map(|p| std::path::absolute(p).unwrap_or_else(|_| p.clone())).collect();
        let rank = |g: &Granule| given.iter().position(|p| g.path.starts_with(p)).unwrap_or(given.len());
        let first = firsts.clone().min_by(|a, b| (rank(a), &a.path, a.part).cmp(&(rank(b), &b.path, b.part)));
        let clock = first.and_then(|g| g.time.or(g.span.map(|s| s.middle())));
        let seen = |g: &Granule| g.time.map(TimeSpan::at).or(g.span);
        let (Some(clock), Some(all)) = (clock, firsts.filter_map(seen).reduce(|a, b| a.union(&b))) else { return };
        if stepped.is_empty() {
            let window_s =
                self.window_s.unwrap_or_else(|| host.session().project().timeline.window_s.max(all.seconds()));
            host.send(Command::SetAnchor { anchor: Anchor::Trailing });
            host.send(Command::SetWindow { window_s });
            host.send(Command::SetTime { now: all.stop.max(all.start.plus_seconds(window_s.min(all.seconds()))) });
            return;
        }
        let reach = all.start.seconds_since(clock).abs().max(all.stop.seconds_since(clock).abs());
        let window_s = self.window_s.unwrap_or_else(|| host.session().project().timeline.window_s.max(2.0 * reach));
        host.send(Command::SetAnchor { anchor: Anchor::Centred });
        host.send(Command::SetWindow { window_s });
        host.send(Command::SetTime { now: clock });
        // Whoever asks for a window gets all that is in it.
        if self.window_s.is_none() {
            show_one_step(host, &stepped);
        }
    }
}

/// Frames the data, or the shapes where there are no data.
fn frame_all(host: &mut Host) -> Result<(), Failure> {
    step(host)?;
    if host.session().catalogue().collections.is_empty() {
        let framed = host.session().framing_shapes(|_| true);
        framed.into_iter().for_each(|camera| host.send(Command::SetCamera { camera }));
    } else {
        host.send(Command::ZoomToLayer { layer: None });
    }
    step(host)
}

/// Layers with several steps (of those within a window, when one is given).
fn stepped(host: &Host, layers: &[LayerId], window: Option<TimeSpan>) -> Vec<LayerId> {
    let session = host.session();
    let has_steps = |id: &LayerId| {
        let layer = session.project().layer(*id)?;
        let collection = session.catalogue().collections.get(&layer.collection)?;
        let within = |g: &&Granule| window.is_none_or(|w| g.span.is_some_and(|s| s.intersects(&w)));
        let steps = collection.with_field(&layer.field).filter(within);
        (steps.clone().count() > 1 && steps.clone().any(|g| g.step > 0)).then_some(*id)
    };
    layers.iter().filter_map(has_steps).collect()
}

/// Every sample of tracks and points is drawn, whatever the clock says.
fn show_whole_tracks(host: &mut Host, layers: &[LayerId]) {
    let session = host.session();
    let is_series = |id: &LayerId| {
        let layer = session.project().layer(*id)?;
        let collection = session.catalogue().collections.get(&layer.collection)?;
        let series = collection.with_field(&layer.field).any(|g| !g.geometry.is_raster());
        series.then(|| (*id, TrailStyle { whole: true, ..layer.style.trail.clone() }))
    };
    let found: Vec<(LayerId, TrailStyle)> = layers.iter().filter_map(is_series).collect();
    for (layer, trail) in found {
        host.send(Command::SetStyle { layer, patch: StylePatch { trail: Some(trail), ..StylePatch::default() } });
    }
}

fn show_one_step(host: &mut Host, layers: &[LayerId]) {
    for layer in layers {
        let patch = StylePatch { time_rule: Some(TimeRule::Nearest), ..StylePatch::default() };
        host.send(Command::SetStyle { layer: *layer, patch });
    }
}

/// A range in the unit of the file. Typed without a unit it is in that unit already, also where the legend shows another.
fn range_of(range: &numbers::ValueRange, field: &FieldInfo) -> Result<[f64; 2], Failure> {
    let shown = Unit::of(field);
    let [a, b] = range.ends;
    let Some(ends) = shown.raw_range(field, range.ends, &range.unit) else {
        let file = if field.units.is_empty() { "none" } else { field.units.as_str() };
        let other = if shown.offset == 0.0 { String::new() } else { format!(" or {}", shown.label) };
        let message =
            format!("The unit of \"{}\" is {file}{other}, not {}; write --range {a},{b}.", field.name, range.unit);
        return Err(Failure::new(Exit::Usage, message));
    };
    // No sea is colder than 100 K: whoever says so means what the legend says.
    if range.unit.is_empty() && shown.offset != 0.0 && b < 100.0 {
        let message = format!(
            "--range {a},{b} is taken in {}, the unit of the file; for {} write --range {a},{b}degC.",
            field.units, shown.label
        );
        Failure::new(Exit::Usage, message).report(false);
    }
    Ok(ends)
}

/// Layers for the fields asked for, in that order, each with the number of the field; without any, those the session made
/// by itself, the bottom one first.
fn choose_layers(host: &mut Host, fields: &[String]) -> Result<Vec<(LayerId, usize)>, Failure> {
    let made: Vec<LayerId> = host.session().project().layers.iter().rev().map(|l| l.id).collect();
    if fields.is_empty() {
        return Ok(made.into_iter().zip(0..).collect());
    }
    for layer in made {
        host.send(Command::RemoveLayer { layer });
    }
    step(host)?;
    let mut chosen = Vec::new();
    for (k, name) in fields.iter().enumerate() {
        let collections = &host.session().catalogue().collections;
        let having = having(collections.values(), name);
        if having.is_empty() {
            let mut known: Vec<&str> =
                collections.values().flat_map(|c| &c.fields).filter(|f| f.rank >= 0).map(|f| f.name.as_str()).collect();
            known.dedup();
            let message = format!("There is no field \"{name}\"; there are {}.", known.join(", "));
            return Err(Failure::new(Exit::Nothing, message));
        }
        for (collection, field) in having {
            host.send(Command::AddLayer { collection, field });
            step(host)?;
            chosen.extend(host.session().project().layers.first().map(|l| (l.id, k)));
        }
    }
    Ok(chosen)
}

/// Collections that have a field, and its full name: all of them, or the one of `COLLECTION:FIELD`.
fn having<'a>(collections: impl Iterator<Item = &'a Collection> + Clone, name: &str) -> Vec<(String, String)> {
    let of = |c: &Collection, name: &str| Some((c.id.clone(), named(&c.fields, name)?.name.clone()));
    let all: Vec<_> = collections.clone().filter_map(|c| of(c, name)).collect();
    if !all.is_empty() {
        return all;
    }
    // Names of collections and of fields may hold colons themselves.
    let splits: Vec<(&str, &str)> = name.match_indices(':').map(|(k, _)| (&name[..k], &name[k + 1..])).collect();
    let one = |c: &Collection| splits.iter().find_map(|(id, field)| if c.id == *id { of(c, field) } else { None });
    collections.filter_map(one).collect()
}

/// Applies what was sent; the first refusal is the user's answer.
fn step(host: &mut Host) -> Result<(), Failure> {
    let refused = host.step().notices.into_iter().find(|n| n.level >= Level::Warning && n.file.is_none());
    refused.map_or(Ok(()), |n| Err(Failure::new(Exit::Usage, n.text)))
}
