//! What clients of our own protocol ask for.

use std::path::PathBuf;

use seaglass_core::camera::{Camera, Easing, Stop};
use seaglass_core::command::Command;
use seaglass_core::project::LayerId;
use seaglass_core::shapes::ShapeId;
use seaglass_core::time::Time;
use serde::Deserialize;

use super::understood;

/// Names of the requests, as a greeting lists them.
pub const ASKS: [&str; 19] = [
    "hello",
    "command",
    "commands",
    "get",
    "probe",
    "statistics",
    "extract",
    "screenshot",
    "wait",
    "subscribe",
    "unsubscribe",
    "push",
    "unpush",
    "colormap",
    "fit",
    "colocate",
    "film",
    "fly",
    "cancel",
];

/// One request.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case", deny_unknown_fields)]
pub enum Ask {
    /// Greets; the first request of every connection.
    Hello {
        /// [`FRAME_VERSION`](super::FRAME_VERSION) of the client.
        version: u32,
        /// The secret, where one is needed.
        #[serde(default)]
        token: Option<String>,
    },
    /// Carries out a command.
    Command {
        /// Which.
        command: Box<Command>,
    },
    /// Carries out commands one after the other with one picture at the end and as one step of undo: all, or none when
    /// one fails.
    Commands {
        /// Which.
        commands: Vec<Command>,
    },
    /// Looks at something.
    Get {
        /// What.
        what: Wants,
    },
    /// Exact values at a place of all visible layers.
    Probe {
        /// Degrees east.
        lon_deg: f64,
        /// Degrees north.
        lat_deg: f64,
        /// How far samples and points may be away, degrees of arc.
        #[serde(default = "reach")]
        reach_deg: f64,
    },
    /// Figures of the values a layer shows now, from samples of its granules.
    Statistics {
        /// Which.
        layer: LayerId,
    },
    /// Extracts under a shape; the answer brings the files' own cells.
    Extract(Extracting),
    /// A picture of the view.
    Screenshot(Picture),
    /// Answers when all that is asked for is open and drawn.
    Wait {
        /// Gives up after so many milliseconds.
        #[serde(default = "minute")]
        timeout_ms: u64,
    },
    /// Wants events from now on, in place of those wanted before.
    Subscribe {
        /// `time`, `camera`, `layers`, `shapes`, `files`, `notice`, `progress`, `selection`, `click`, `commands`,
        /// `extraction`; all when empty.
        #[serde(default)]
        events: Vec<String>,
    },
    /// Wants no events.
    Unsubscribe,
    /// Opens the file in the payload under a name; one of the same name from a client is replaced.
    Push {
        /// File name with its ending; it is the name of the collection.
        name: String,
        /// Is added to what was pushed under the name, in the same layers, and replaces nothing.
        #[serde(default)]
        append: bool,
    },
    /// Takes away what was pushed under a name.
    Unpush {
        /// File name with its ending.
        name: String,
    },
    /// Makes a colour map of the RGB triples in the payload; without a payload the answer brings those of the map.
    Colormap {
        /// Name.
        name: String,
    },
    /// Frames a box; it may lie over the dateline (`east` below `west`, or beyond 180).
    Fit {
        /// Degrees.
        west: f64,
        /// Degrees.
        south: f64,
        /// Degrees.
        east: f64,
        /// Degrees.
        north: f64,
    },
    /// Runs a colocation job; the answer brings its table as netCDF, unless the job names an output.
    Colocate(Box<Colocating>),
    /// Records a film of the view; the answer brings the file.
    Film(Filming),
    /// Flies over views in real time; answered at the end, or when something else moves the camera.
    Fly(Flying),
    /// Ends a request of the same connection that is under way; it is answered as failed.
    Cancel {
        /// Its id.
        request: u64,
    },
}

fn reach() -> f64 {
    0.1
}

fn minute() -> u64 {
    60_000
}

/// What can be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wants {
    /// The whole document: layers, camera, timeline, base map, shapes.
    Project,
    /// Collections with their fields, and how many granules they have.
    Collections,
    /// All granules.
    Granules,
    /// Shapes as GeoJSON.
    Shapes,
    /// Names of the colour maps.
    Colormaps,
    /// What is going on.
    Status,
    /// Files that could not be opened, with the reason.
    Failures,
    /// The selected layer and shape of the window.
    Selection,
}

/// An extraction.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extracting {
    /// Shape; the last polygon or line when absent.
    #[serde(default)]
    pub shape: Option<ShapeId>,
    /// Metres from a line.
    #[serde(default)]
    pub reach_m: Option<f64>,
    /// Writes a file instead of sending the cells.
    #[serde(default)]
    pub path: Option<PathBuf>,
}

/// A colocation job, as the text of a job file or as the same in JSON.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Colocating {
    /// TOML.
    #[serde(default)]
    pub text: Option<String>,
    /// JSON.
    #[serde(default)]
    pub job: Option<serde_json::Value>,
    /// Where relative paths are seen from.
    #[serde(default)]
    pub folder: Option<PathBuf>,
}

/// A flight of the camera.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flying {
    /// Views one after the other, the first from where the camera is.
    pub stops: Vec<Stop>,
    /// How the way between two of them is gone in time.
    #[serde(default)]
    pub easing: Easing,
}

/// A film.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filming {
    /// `gif`, `mp4` or `webm`.
    pub format: String,
    /// Frames a second.
    pub fps: f64,
    /// What each frame shows.
    pub frames: Vec<FilmFrame>,
    /// Width and height in pixels; those of the view when absent. One that is null follows the shape of the view.
    #[serde(default)]
    pub size: Option<[Option<u32>; 2]>,
    /// Pixels of a point.
    #[serde(default)]
    pub scale: Option<f32>,
    /// With colour bars, scale bar and time.
    #[serde(default)]
    pub legend: bool,
    /// Gives up when a frame is not complete after so many milliseconds.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
}

/// One frame of a film.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilmFrame {
    /// Clock; stays when absent.
    #[serde(default)]
    pub time: Option<Time>,
    /// Camera; stays when absent.
    #[serde(default)]
    pub camera: Option<Camera>,
}

/// A picture.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Picture {
    /// Width and height in pixels; those of the view when absent. One that is null follows the shape of the view.
    #[serde(default)]
    pub size: Option<[Option<u32>; 2]>,
    /// Pixels of a point.
    #[serde(default)]
    pub scale: Option<f32>,
    /// With colour bars, scale bar and time.
    #[serde(default)]
    pub legend: bool,
    /// Space around the globe is transparent.
    #[serde(default)]
    pub transparent: bool,
    /// `rgba` bytes instead of a PNG.
    #[serde(default)]
    pub raw: bool,
    /// Does not wait for what is missing.
    #[serde(default)]
    pub now: bool,
    /// Gives up waiting after so many milliseconds.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
}

/// The id and the request of a header.
///
/// # Errors
/// What is wrong with it as a sentence, with the id when it has one.
pub fn read(header: &[u8]) -> Result<(u64, Ask), (Option<u64>, String)> {
    let value: serde_json::Value =
        serde_json::from_slice(header).map_err(|e| (None, understood::no_json(header, &e)))?;
    let serde_json::Value::Object(mut fields) = value else {
        return Err((None, "The header is not a JSON object.".to_owned()));
    };
    let id = fields.remove("id").and_then(|id| id.as_u64());
    let Some(id) = id else { return Err((None, "The header has no \"id\", a whole number.".to_owned())) };
    let given = serde_json::Value::Object(fields);
    let ask = Ask::deserialize(&given).map_err(|e| (Some(id), understood::sentence(&e)))?;
    let wrong = match &ask {
        Ask::Command { command } => given.get("command").and_then(|g| understood::superfluous(g, command)),
        Ask::Commands { commands } => given.get("commands").and_then(serde_json::Value::as_array).and_then(|all| {
            let each = all.iter().zip(commands).enumerate();
            each.filter_map(|(k, (g, c))| {
                Some(format!("Command {} of {}: {}", k + 1, commands.len(), understood::superfluous(g, c)?))
            })
            .next()
        }),
        _ => None,
    };
    wrong.map_or(Ok((id, ask)), |why| Err((Some(id), why)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greeting_lists_every_request_there_is() {
        // serde names all it knows when it meets one it does not.
        let text = Ask::deserialize(&serde_json::json!({ "ask": "nothing" })).unwrap_err().to_string();
        let known: Vec<&str> = text.split('`').skip(3).step_by(2).collect();
        assert_eq!(known, ASKS, "{text}");
    }
}
