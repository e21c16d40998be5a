//! Arguments.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};

const EXIT_CODES: &str = "\
Exit codes:
  0  all went well
  1  something unexpected
  2  the arguments make no sense
  3  a file could not be read: missing, damaged, of an unknown format or too large
  4  files were read, but one holds nothing to show, no value shows in the view, or there is no such field, place or time
  5  no graphics adapter, or no window
  6  the output could not be written
  130  stopped by Ctrl-C; run a job again to go on where it was
With 3 and 4 `render` has still drawn what the other files hold. Of several errors the lowest code is given.

Environment:
  SEAGLASS_WORKER   reader program, when not beside seaglass
  SEAGLASS_READERS  folder with your product files; refused when it is not there
  SEAGLASS_FILE_CACHE  folder in which readers remember the structure of files; when empty, they remember nothing
  SEAGLASS_LOG      error, warn, info or debug
  SEAGLASS_TOKEN    secret that clients of `serve` must give";

/// Globe and map viewer for satellite oceanography.
#[derive(Debug, Parser)]
#[command(name = "seaglass", version, after_help = EXIT_CODES, args_conflicts_with_subcommands = true)]
pub struct Args {
    /// Files and folders to open in the window.
    #[arg(value_name = "FILE|DIR")]
    pub paths: Vec<PathBuf>,
    /// Place in the middle of the window at the start, degrees.
    #[arg(long, value_name = "LON,LAT", allow_hyphen_values = true)]
    pub look_at: Option<String>,
    /// Distance of the eye at the start, kilometres.
    #[arg(long, value_name = "KM", allow_hyphen_values = true)]
    pub altitude: Option<f64>,
    /// Tilt of the view at the start: 0 looks straight down, 85 almost along the ground.
    #[arg(long, value_name = "DEG", allow_hyphen_values = true)]
    pub tilt: Option<f64>,
    /// Where notebooks connect to the window; empty lets none in.
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<String>,
    /// Lets connected programs name files to open and to write.
    #[arg(long)]
    pub allow_files: bool,
    /// Secret that clients of the Python package seaglass must give; needed by them when --listen is not on this
    /// machine's loopback. SEAGLASS_TOKEN is taken when absent.
    #[arg(long, value_name = "SECRET")]
    pub token: Option<String>,
    #[command(subcommand)]
    pub task: Option<Task>,
}

/// What to do without a window.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Draws files into a PNG; needs no display.
    Render(Box<Render>),
    /// Describes a file: product, time, footprint, fields.
    Inspect(Inspect),
    /// Gives the value of the cell at a place, with the cell's own position and time.
    Probe(Probe),
    /// Writes the cells and samples of files that lie in a polygon or along a line, with all their fields.
    Extract(Extract),
    /// Finds match-ups of measurements near in place and time.
    Colocate(super::colocate::Colocate),
    /// Lists or checks product files, and says how data files are read.
    Readers(Readers),
    /// Serves notebooks without a window, until ended.
    Serve(Serve),
    /// Writes the synthetic sample day.
    Sample(Sample),
}

impl Task {
    /// Whether errors are wanted as JSON.
    pub fn wants_json(&self) -> bool {
        match self {
            Self::Inspect(o) => o.json,
            Self::Probe(o) => o.json,
            Self::Extract(o) => o.json,
            Self::Colocate(o) => o.wants_json(),
            Self::Readers(Readers {
                task: ReadersTask::List { json } | ReadersTask::Check { json, .. } | ReadersTask::Doctor { json, .. },
            }) => *json,
            Self::Readers(Readers { task: ReadersTask::Trust { .. } }) => false,
            Self::Render(o) => o.json,
            Self::Sample(_) | Self::Serve(_) => false,
        }
    }
}

/// `seaglass render`.
#[derive(Debug, ClapArgs)]
pub struct Render {
    /// Files and folders, or one session (*.oce), which is drawn as it was saved.
    #[arg(value_name = "FILE|DIR", required = true)]
    pub paths: Vec<PathBuf>,
    /// What to write, by its ending: *.png (`-` is standard output), *.tif (GeoTIFF, maps only); films: *.mp4 and *.webm
    /// (with ffmpeg on the PATH), *.gif, and *-%04d.png for one picture a frame.
    #[arg(long, short, value_name = "FILE")]
    pub out: PathBuf,
    /// Width and height in pixels.
    #[arg(long, value_name = "WxH", default_value = "1280x800", allow_hyphen_values = true)]
    pub size: String,
    /// globe, orthographic, equirectangular, mercator, mollweide, equal-earth, robinson, laea, lcc, utm, polar-north or
    /// polar-south, or a PROJ string ("+proj=aeqd +lat_0=40"). Their middle is that of the data or of --look-at; or name
    /// it: mollweide:180, laea:10,52, lcc:10,52, utm:33N. Without it the globe, or what the session has.
    #[arg(long)]
    pub projection: Option<String>,
    /// Place in the middle, degrees; the data are framed when absent.
    #[arg(long, value_name = "LON,LAT", allow_hyphen_values = true)]
    pub look_at: Option<String>,
    /// Distance of the eye in kilometres; the data are framed when absent.
    #[arg(long, value_name = "KM", allow_hyphen_values = true)]
    pub altitude: Option<f64>,
    /// Direction at the top of the picture, degrees from north; 0 unless a session says otherwise.
    #[arg(long, value_name = "DEG", allow_hyphen_values = true)]
    pub heading: Option<f64>,
    /// 0 looks straight down, 85 almost along the ground; 0 unless a session says otherwise.
    #[arg(long, value_name = "DEG", allow_hyphen_values = true)]
    pub tilt: Option<f64>,
    /// Shows this day (2024-08-11) or the data around this instant (2024-08-11T12:00, UTC), of the steps of each grid the
    /// nearest one (files on one and the same grid are a series). Without it the clock stands at the first time of the first file, and all files with a single time are
    /// shown.
    #[arg(long, value_name = "TIME")]
    pub time: Option<String>,
    /// Length of the time window around --time: 90s, 30min, 6h, 10d. All steps within it are drawn, later ones above.
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    pub window: Option<String>,
    /// Field to show; repeat for several, the later ones above. Where several products have it, all are shown;
    /// PRODUCT:NAME is that of one, named as `inspect` does.
    #[arg(long, value_name = "NAME")]
    pub field: Vec<String>,
    /// Index along a further dimension of the field (`--index depth=3`).
    #[arg(long, value_name = "DIM=K")]
    pub index: Vec<String>,
    /// Depth, height or pressure to show, in the unit of the file; the nearest level counts, the surface when absent.
    #[arg(long, value_name = "Z", allow_hyphen_values = true)]
    pub level: Option<f64>,
    /// Values at the ends of the colour map, in the unit of the file as `inspect` gives it; with a unit
    /// (`--range 5,25degC`) also in the one the legend shows. Once for all fields or once for each.
    #[arg(long, value_name = "A,B[UNIT]", allow_hyphen_values = true)]
    pub range: Vec<String>,
    /// Colour map; once for all fields or once for each.
    #[arg(long, value_name = "NAME")]
    pub colormap: Vec<String>,
    /// How it is drawn: raster, line, points, arrows, barbs, streamlines or rgb; once for all fields or once for each.
    #[arg(long, value_name = "NAME")]
    pub method: Vec<String>,
    /// Fields drawn together, for arrows, barbs and streamlines (east, north) or rgb, where the file does not say.
    #[arg(long, value_name = "A,B[,C]")]
    pub components: Option<String>,
    /// A setting of the style by its name in saved styles (`--style vector.density=0.8 --style blend=\"multiply\"`);
    /// repeat for several.
    #[arg(long, value_name = "KEY=VALUE")]
    pub style: Vec<String>,
    /// Logarithmic colour scale.
    #[arg(long)]
    pub log: bool,
    /// Interpolates between cells instead of drawing each in its own value.
    #[arg(long)]
    pub smooth: bool,
    /// Values shown black and full of red, green and blue, in the unit of the file; "auto" takes them from the data. Once
    /// for all channels or once for each.
    #[arg(long, value_name = "A,B", allow_hyphen_values = true)]
    pub stretch: Vec<String>,
    /// Gamma of red, green and blue: above 1 is brighter. One for all channels or one for each.
    #[arg(long, value_name = "G[,G,G]", allow_hyphen_values = true)]
    pub gamma: Option<String>,
    /// Opacity of the data, 0 to 1.
    #[arg(long, value_name = "0-1", allow_hyphen_values = true)]
    pub opacity: Option<f32>,
    /// Adds colour bars, scale bar and time.
    #[arg(long)]
    pub legend: bool,
    /// Adds all decorations: those of --legend, names of places, degrees of the graticule, an arrow to the north.
    #[arg(long)]
    pub decorations: bool,
    /// Pixels of a point: 2 draws lines, symbols and texts twice as large, for print.
    #[arg(long, value_name = "N", default_value_t = 1.0, allow_hyphen_values = true)]
    pub scale: f32,
    /// Films: moves the clock from one time to another (2024-08-11T00:00..2024-08-12T00:00/1h), one frame a step.
    #[arg(long, value_name = "FROM..TO/STEP")]
    pub animate: Option<String>,
    /// Films: flies the camera through the views of this TOML or JSON file (docs/export.md).
    #[arg(long, value_name = "FILE")]
    pub camera_path: Option<PathBuf>,
    /// Films: frames a second.
    #[arg(long, value_name = "N", default_value_t = 10.0, allow_hyphen_values = true)]
    pub fps: f64,
    /// Leaves out relief, coastlines and graticule.
    #[arg(long)]
    pub no_base: bool,
    /// `transparent`, `dark`, `light` or `#rrggbb`.
    #[arg(long, value_name = "COLOUR", default_value = "dark")]
    pub background: String,
    /// Gives up after this many seconds.
    #[arg(long, value_name = "S", default_value_t = 300.0, allow_hyphen_values = true)]
    pub timeout: f64,
    /// Errors as JSON, and a JSON line about the picture on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `seaglass inspect`.
#[derive(Debug, ClapArgs)]
pub struct Inspect {
    /// File.
    pub file: PathBuf,
    /// Output and errors as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `seaglass probe`.
#[derive(Debug, ClapArgs)]
pub struct Probe {
    /// File.
    pub file: PathBuf,
    /// Field.
    #[arg(long, value_name = "NAME")]
    pub field: String,
    /// Place, degrees.
    #[arg(long, value_name = "LON,LAT", allow_hyphen_values = true)]
    pub at: String,
    /// Time step nearest to this (UTC; a day stands for its noon); the first when absent.
    #[arg(long, value_name = "TIME")]
    pub time: Option<String>,
    /// Index along a further dimension of the field (`--index depth=3`).
    #[arg(long, value_name = "DIM=K")]
    pub index: Vec<String>,
    /// Depth, height or pressure to show, in the unit of the file; the nearest level counts, the surface when absent.
    #[arg(long, value_name = "Z", allow_hyphen_values = true)]
    pub level: Option<f64>,
    /// How far a sample of a track, or a point, may be away, degrees of arc.
    #[arg(long, value_name = "DEG", default_value_t = 0.1, allow_hyphen_values = true)]
    pub reach: f64,
    /// Output and errors as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `seaglass extract`.
#[derive(Debug, ClapArgs)]
pub struct Extract {
    /// Files and folders.
    #[arg(value_name = "FILE|DIR", required = true)]
    pub paths: Vec<PathBuf>,
    /// File with polygons or lines: GeoJSON, KML, shapefile, GPX. The last of them counts.
    #[arg(long, value_name = "FILE")]
    pub shape: PathBuf,
    /// The polygon or line of this name.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// What to write: CSV by the ending, else netCDF.
    #[arg(long, short, value_name = "FILE")]
    pub out: PathBuf,
    /// Along a line: takes the cells and samples within so many kilometres of it, too. Without it the cells that it
    /// crosses, and samples within 5 km.
    #[arg(long, value_name = "KM", allow_hyphen_values = true)]
    pub reach: Option<f64>,
    /// Errors as JSON, and a JSON line about the result on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `seaglass readers`.
#[derive(Debug, ClapArgs)]
pub struct Readers {
    #[command(subcommand)]
    pub task: ReadersTask,
}

/// What to do with product files.
#[derive(Debug, Subcommand)]
pub enum ReadersTask {
    /// Lists the products known, best match first.
    List {
        /// Output and errors as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Checks product files; for a data file, says which product claims it and which of its fields are there.
    Check {
        /// Product file, folder of product files, or data file; all known product files when absent.
        path: Option<PathBuf>,
        /// Output and errors as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Allows the program that a product file of yours names to read files; until then it is not run. To be given again
    /// when the product file or a file beside it that the program is started with has changed.
    Trust {
        /// Product file with a [reader].
        #[arg(value_name = "FILE.toml")]
        path: PathBuf,
        /// Takes it back.
        #[arg(long)]
        revoke: bool,
    },
    /// Examines data files: one row a file with the reader chosen, why, its geometry, fields and problems.
    Doctor {
        /// Folder with data files and folders of them, or a file.
        #[arg(value_name = "FILE|DIR")]
        path: PathBuf,
        /// A JSON object a line.
        #[arg(long)]
        json: bool,
    },
}

/// `seaglass serve`.
#[derive(Debug, ClapArgs)]
pub struct Serve {
    /// Where notebooks connect; port 0 takes any free one. Everybody who reaches the address can drive the session.
    #[arg(long, value_name = "ADDR:PORT", default_value = seaglass_host::DEFAULT_ADDRESS)]
    pub listen: String,
    /// File or folder to open; repeat for several.
    #[arg(long, value_name = "PATH")]
    pub open: Vec<PathBuf>,
    /// Extracts under the last polygon or line of this file once all is open, so that notebooks can fetch it.
    #[arg(long, value_name = "SHAPE")]
    pub extract: Option<PathBuf>,
    /// Where the processing server for extractions listens.
    #[arg(long, value_name = "ADDR:PORT", default_value = seaglass_host::DEFAULT_PROCESSOR)]
    pub processor: String,
    /// Lets connected programs name files to open and to write.
    #[arg(long)]
    pub allow_files: bool,
    /// Secret that clients of the Python package seaglass must give; needed by them when --listen is not on this
    /// machine's loopback. SEAGLASS_TOKEN is taken when absent.
    #[arg(long, value_name = "SECRET")]
    pub token: Option<String>,
    /// Size of the view in pixels.
    #[arg(long, value_name = "WxH", default_value = "1280x800")]
    pub size: String,
    /// Writes the session (camera, clock, layers) on standard output as a line of JSON whenever it changes.
    #[arg(long)]
    pub report: bool,
}

/// `seaglass sample`.
#[derive(Debug, ClapArgs)]
pub struct Sample {
    /// Folder to write into; made when missing.
    pub dir: PathBuf,
    /// Another seed gives another ocean.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn paths_and_tasks() {
        let window = Args::try_parse_from(["seaglass", "a.nc", "b"]).unwrap();
        assert_eq!((window.paths.len(), window.task.is_none()), (2, true));
        let render =
            Args::try_parse_from(["seaglass", "render", "a.nc", "--out", "x.png", "--look-at", "-42,20"]).unwrap();
        let Some(Task::Render(r)) = render.task else { panic!("not a render") };
        assert_eq!(r.look_at.as_deref(), Some("-42,20"));
    }
}
