//! `cargo xtask gallery`: every drawing method on globe, flat and polar maps, to be looked at.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::shell::{Result, cargo, root, run, target};
use crate::system::{Need, prepare};
use crate::tasks::sample_day;

/// Size of a picture.
const SIZE: &str = "1200x800";
/// Columns of the sheet, and the width of a picture on it.
const SHEET: [&str; 2] = ["3", "600"];

/// A method: its name, beginnings of the names of its files, and how it is asked for.
struct Method {
    name: &'static str,
    files: &'static [&'static str],
    args: &'static [&'static str],
}

/// Where a picture looks: name and arguments.
type Views = [(&'static str, &'static [&'static str]); 3];

const fn method(name: &'static str, files: &'static [&'static str], args: &'static [&'static str]) -> Method {
    Method { name, files, args }
}

/// Of the sample day.
const SAMPLE: [Method; 10] = [
    method("raster", &["20240811120000-IFR"], &[]),
    method("arrows", &["nrt_global"], &["--field", "adt", "--components", "ugos,vgos", "--method", "arrows"]),
    method("barbs", &["ascat"], &["--field", "wind_speed", "--method", "barbs"]),
    method("streamlines", &["nrt_global"], &["--field", "geostrophic_speed", "--method", "streamlines"]),
    method("trajectories", &["gdp6h"], &["--method", "line", "--style", "size_pt=2.5"]),
    method("dots", &["JA1"], &["--method", "points", "--style", "size_pt=5"]),
    method(
        "rgb",
        &["nrt_global"],
        &[
            "--field",
            "adt",
            "--components",
            "adt,sla,geostrophic_speed",
            "--method",
            "rgb",
            "--style",
            "rgb={ranges={red=[-1.2,1.2],green=[-0.3,0.3],blue=[0.0,0.8]}}",
        ],
    ),
    method("contours", &["nrt_global"], &["--field", "sla", "--style", "contour={on=true,step=0.1}"]),
    method("hillshade", &["nrt_global"], &["--field", "adt", "--style", "hillshade.strength=0.7"]),
    method("shapes", &["shapes.geojson", "20240811120000-IFR"], &["--opacity", "0.6"]),
];

/// Places where every product of the sample day has something.
const PLACES: Views = [
    ("globe", &["--look-at=-52,38", "--altitude", "7500"]),
    ("flat", &["--projection", "mercator", "--look-at=-58,37", "--altitude", "3600"]),
    ("polar", &["--projection", "polar-south", "--look-at=-20,-68", "--altitude", "8500"]),
];

/// Of real granules, framed by what they hold.
const REAL: [Method; 10] = [
    method("raster", &["sst/20151101120000-NCEI"], &[]),
    method(
        "arrows",
        &["altimetry/nrt_global_allsat_phy_l4_20190223"],
        &["--field", "adt", "--components", "ugos,vgos", "--method", "arrows"],
    ),
    method("barbs", &["wind/ascat_20150702"], &["--field", "wind_speed", "--method", "barbs"]),
    method(
        "streamlines",
        &["altimetry/nrt_global_allsat_phy_l4_20190223"],
        &["--field", "adt", "--components", "ugos,vgos", "--method", "streamlines"],
    ),
    method("trajectories", &["drifters/loopers"], &["--method", "line"]),
    method("dots", &["drifters/openoil"], &["--field", "z", "--method", "points", "--style", "size_pt=4"]),
    method("rgb", &["imagery/earth_day_HD"], &[]),
    method(
        "contours",
        &["altimetry/nrt_global_allsat_phy_l4_20190223"],
        &["--field", "adt", "--style", "contour={on=true}"],
    ),
    method("hillshade", &["bathymetry/earth_relief_20m"], &["--style", "hillshade.strength=0.7"]),
    method("shapes", &["swot/SWOT_L2_HR_RiverSP_Reach_007"], &[]),
];

const FRAMED: Views =
    [("globe", &[]), ("flat", &["--projection", "equal-earth"]), ("polar", &["--projection", "polar-north"])];

/// Areas over the dateline and round a pole, with a hole; lines and points.
const SHAPES: &str = r##"{"type": "FeatureCollection", "features": [
{"type": "Feature", "properties": {"name": "Gulf Stream box", "stroke": "#ffd23f", "stroke-width": 2, "fill": "#ee4266", "fill-opacity": 0.35},
 "geometry": {"type": "Polygon", "coordinates": [[[-75, 30], [-45, 30], [-45, 45], [-75, 45], [-75, 30]], [[-65, 35], [-65, 40], [-55, 40], [-55, 35], [-65, 35]]]}},
{"type": "Feature", "properties": {"name": "Dateline", "stroke": "#3bceac", "fill-opacity": 0.3},
 "geometry": {"type": "Polygon", "coordinates": [[[165, -20], [195, -20], [195, 15], [165, 15], [165, -20]]]}},
{"type": "Feature", "properties": {"name": "Round the pole", "stroke": "#9b5de5", "fill": "#f15bb5", "fill-opacity": 0.3},
 "geometry": {"type": "Polygon", "coordinates": [[[-180, -90], [180, -90], [180, -62], [90, -58], [0, -62], [-90, -58], [-180, -62], [-180, -90]]]}},
{"type": "Feature", "properties": {"name": "Section", "stroke": "#ffffff", "stroke-width": 3}, "seaglass": {"edges": "great_circle", "dash": "dashed"},
 "geometry": {"type": "LineString", "coordinates": [[-74, 40], [-30, 55], [-9, 38], [-40, -65]]}},
{"type": "Feature", "properties": {"name": "Mooring", "marker-color": "#ff9f1c"}, "geometry": {"type": "Point", "coordinates": [-50, 41]}}
]}
"##;

/// One picture on the sheet.
struct Picture {
    file: String,
    caption: String,
    failed: Option<String>,
}

/// `cargo xtask gallery [DIR]`: pictures, `sheet.png` and `index.html` in `target/gallery`.
pub fn gallery(args: &[String]) -> Result<()> {
    let given = match args {
        [] => None,
        [folder] => Some(std::path::absolute(folder).map_err(|e| format!("{folder}: {e}"))?),
        _ => return Err("name one folder of real granules at most: cargo xtask gallery [DIR]".to_owned()),
    };
    let environment = prepare(Need::Run)?;
    run(environment.apply(cargo().args(["build", "--package", "seaglass", "--bins", "--example", "sheet"])))?;
    let program = |name: &str| target().join("debug").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let seaglass = program("seaglass");
    let out = target().join("gallery");
    if out.exists() {
        std::fs::remove_dir_all(&out).map_err(|e| format!("cannot remove {}: {e}", out.display()))?;
    }
    std::fs::create_dir_all(&out).map_err(|e| format!("cannot make {}: {e}", out.display()))?;
    let day = sample_day(&seaglass)?;
    let shapes = out.join("shapes.geojson");
    std::fs::write(&shapes, SHAPES).map_err(|e| format!("cannot write {}: {e}", shapes.display()))?;
    let mut pictures = Vec::new();
    let real = given.clone().unwrap_or_else(|| root().join("..").join("shared").join("granules"));
    if given.is_some() && !real.is_dir() {
        return Err(format!("{} is no folder", real.display()));
    }
    let mut sets = vec![("sample", &SAMPLE, &PLACES, vec![out.clone(), day])];
    if real.is_dir() {
        sets.push(("real", &REAL, &FRAMED, vec![real]));
    } else {
        println!("skipped: real granules ({} is not there)", real.display());
    }
    for (set, methods, views, folders) in sets {
        for method in methods {
            let files: Vec<PathBuf> = method.files.iter().flat_map(|name| matching(&folders, name)).collect();
            if files.is_empty() {
                println!("skipped: {set} {} (no {})", method.name, method.files.join(", "));
                continue;
            }
            for (view, place) in views {
                pictures.push(draw(&seaglass, &out, (set, method, view), place, &files));
            }
        }
    }
    sheet(&program("sheet"), &out, &pictures)?;
    let failed: Vec<&Picture> = pictures.iter().filter(|p| p.failed.is_some()).collect();
    println!("{} pictures, {} not drawn.\n{}", pictures.len(), failed.len(), out.join("index.html").display());
    match failed.first() {
        Some(first) => Err(format!("{}: {}", first.caption, first.failed.as_deref().unwrap_or_default())),
        None => Ok(()),
    }
}

/// Files whose path in one of the folders begins like this, in order.
fn matching(folders: &[PathBuf], beginning: &str) -> Vec<PathBuf> {
    let (below, name) = beginning.rsplit_once('/').unwrap_or(("", beginning));
    let list = |folder: &PathBuf| std::fs::read_dir(folder.join(below)).into_iter().flatten().flatten();
    let named = |e: &std::fs::DirEntry| e.file_name().to_string_lossy().starts_with(name);
    let mut found: Vec<PathBuf> = folders.iter().flat_map(list).filter(named).map(|e| e.path()).collect();
    found.sort();
    found
}

fn draw(
    seaglass: &Path,
    out: &Path,
    (set, method, view): (&str, &Method, &str),
    place: &[&str],
    files: &[PathBuf],
) -> Picture {
    let file = format!("{set}-{}-{view}.png", method.name);
    let mut command = Command::new(seaglass);
    command.arg("render").args(files).arg("--out").arg(out.join(&file));
    command.args(["--size", SIZE, "--decorations", "--timeout", "300"]).args(method.args).args(place);
    let done = command.stdin(Stdio::null()).output();
    let failed = match done {
        Ok(done) if done.status.success() => None,
        Ok(done) => {
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            Some(said.lines().find_map(|l| l.strip_prefix("seaglass: ")).unwrap_or("it said nothing").to_owned())
        }
        Err(e) => Some(format!("cannot be started: {e}")),
    };
    let caption = format!("{}, {view}, {set}", method.name);
    eprintln!("{caption}{}", failed.as_ref().map_or_else(String::new, |f| format!(": {f}")));
    Picture { file, caption, failed }
}

/// One picture of all of them, and a page.
fn sheet(program: &Path, out: &Path, pictures: &[Picture]) -> Result<()> {
    let drawn: Vec<&Picture> = pictures.iter().filter(|p| out.join(&p.file).is_file()).collect();
    let mut list = String::new();
    let mut page = String::from(
        "<!doctype html><meta charset=utf-8><title>Gallery</title><style>body{background:#111;color:#ddd;font:13px \
         sans-serif}figure{display:inline-block;width:600px;margin:6px}</style>\n",
    );
    for p in &drawn {
        let _infallible = writeln!(list, "{}\t{}", out.join(&p.file).display(), p.caption);
        let (file, caption) = (&p.file, &p.caption);
        let _infallible = writeln!(
            page,
            "<figure><a href={file}><img src={file} width=600></a><figcaption>{caption}</figcaption></figure>"
        );
    }
    let index = out.join("index.html");
    std::fs::write(&index, page).map_err(|e| format!("cannot write {}: {e}", index.display()))?;
    let mut child = Command::new(program)
        .arg(out.join("sheet.png"))
        .args(SHEET)
        .stdin(Stdio::piped())
        .spawn()
        .map_err(|e| format!("cannot start {}: {e}", program.display()))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(list.as_bytes()).map_err(|e| format!("the sheet takes no list: {e}"))?;
    }
    let status = child.wait().map_err(|e| format!("the sheet: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("the sheet ends with {status}")) }
}
