//! Unstructured meshes (UGRID, FVCOM, SCHISM, FESOM, ICON, MPAS, ADCIRC): values at nodes, edges and faces get the
//! longitudes and latitudes of these, where the file says them in another way than CF does.
//!
//! Positions in radians become degrees; faces without positions lie at the mean of their corners on the sphere; a file of
//! FESOM without positions takes them from the mesh beside it. What describes the mesh is no field.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use glam::DVec3;
use seaglass_core::protocol::FailureKind;

use crate::dataset::Var;
use crate::error::{Result, fail};
use crate::fast;
use crate::format::{self, Contents, FORMATS, Values};
use crate::limits::MAX_POSITIONS;
use crate::packing::Packing;
use crate::raw::{NumType, Raw};
use crate::sniff;

/// Positions that models give without the attributes of CF, and whether radians are meant where no unit is named.
const PAIRS: [(&str, &str, bool); 9] = [
    ("lonCell", "latCell", true),
    ("lonVertex", "latVertex", true),
    ("lonEdge", "latEdge", true),
    ("clon", "clat", true),
    ("vlon", "vlat", true),
    ("elon", "elat", true),
    ("node_lon", "node_lat", false),
    ("face_lon", "face_lat", false),
    ("edge_lon", "edge_lat", false),
];

/// Whole numbers that say which node, edge or face lies beside which.
const LISTS: [&str; 27] = [
    "nv",
    "nbe",
    "nbve",
    "nbsn",
    "ntve",
    "ntsn",
    "element",
    "faces",
    "face_nodes",
    "edge_nodes",
    "face_links",
    "face_edges",
    "verticesOnCell",
    "cellsOnCell",
    "edgesOnCell",
    "cellsOnVertex",
    "edgesOnVertex",
    "cellsOnEdge",
    "verticesOnEdge",
    "edgesOnEdge",
    "nEdgesOnCell",
    "nEdgesOnEdge",
    "vertex_of_cell",
    "edge_of_cell",
    "neighbor_cell_index",
    "nod_in_elem2D",
    "nod_in_elem2D_num",
];

/// End of the name of the file with the mesh of FESOM.
pub const FESOM_MESH: &str = "fesom.mesh.diag.nc";
/// Files of a folder that are looked at for it.
const MAX_BESIDE: usize = 4096;

/// Whether a variable describes a mesh and is no field of it.
pub fn describes(v: &Var) -> bool {
    let role = v.text("cf_role").unwrap_or_default();
    let whole = v.ty.is_some_and(|t| !t.is_float());
    role.ends_with("_connectivity") || role == "mesh_topology" || (whole && LISTS.contains(&v.name.as_str()))
}

/// Adds what is missing of the positions of a mesh.
pub fn placed(mut contents: Contents, path: &Path) -> Contents {
    let own = contents.vars.len();
    let mut found = Found::default();
    found.name_pairs(&mut contents);
    found.centre_vertices(&mut contents);
    found.centre_faces(&mut contents);
    found.borrow_fesom(&mut contents, path);
    let Found { changed, made } = found;
    if !changed.is_empty() || !made.is_empty() {
        contents.values = Box::new(Mesh { inner: contents.values, own, changed, made, middles: RefCell::default() });
    }
    contents
}

/// A variable as the file has it.
#[derive(Clone)]
struct Own {
    index: usize,
    var: Var,
    shape: Vec<usize>,
    /// In radians.
    radians: bool,
}

/// Where a position comes from that is not in the file.
#[derive(Clone)]
#[allow(clippy::large_enum_variant, reason = "there are a few of a file")]
enum Made {
    /// The middle of corners, listed by node.
    Corners { lon: Own, lat: Own, nodes: Own, faces_first: bool, start: i64, want_lat: bool },
    /// The middle of the corners themselves, `[face, corner]`.
    Vertices { lon: Own, lat: Own, want_lat: bool },
    /// A variable of another file.
    Elsewhere { file: Rc<dyn Values>, index: usize, var: Var },
}

/// Longitudes and latitudes of all faces.
type Middles = Rc<[Vec<f64>; 2]>;

/// What is to be read in another way, and what is to be added.
#[derive(Default)]
struct Found {
    changed: HashMap<usize, Own>,
    made: Vec<Made>,
}

struct Mesh {
    inner: Box<dyn Values>,
    /// Variables of the file itself.
    own: usize,
    changed: HashMap<usize, Own>,
    made: Vec<Made>,
    /// Worked out once, by the variable they come from.
    middles: RefCell<HashMap<usize, Middles>>,
}

fn is_radians(v: &Var) -> bool {
    v.units().is_some_and(|u| u.to_ascii_lowercase().starts_with("rad"))
}

/// A position as CF describes it.
fn described(v: Var, lat: bool) -> Var {
    let (units, name) = if lat { ("degrees_north", "latitude") } else { ("degrees_east", "longitude") };
    v.with("units", units).with("standard_name", name)
}

fn shape(contents: &Contents, v: &Var) -> Vec<usize> {
    v.dims.iter().map(|d| contents.dims[*d].len).collect()
}

impl Found {
    /// Positions of models by their names, and what is in radians.
    fn name_pairs(&mut self, contents: &mut Contents) {
        let mut found: Vec<(usize, bool, bool)> = Vec::new();
        for (lon, lat, radians) in PAIRS {
            let by = |name: &str| contents.vars.iter().position(|v| v.name == name && v.dims.len() == 1);
            let Some((a, b)) = by(lon).zip(by(lat)).filter(|(a, b)| contents.vars[*a].dims == contents.vars[*b].dims)
            else {
                continue;
            };
            for (k, is_lat) in [(a, false), (b, true)] {
                let v = &contents.vars[k];
                let radians = if v.units().is_some() { is_radians(v) } else { radians };
                found.push((k, is_lat, radians));
            }
        }
        for (k, v) in contents.vars.iter().enumerate() {
            let standard = v.text("standard_name").unwrap_or_default();
            if is_radians(v) && matches!(standard.as_str(), "longitude" | "latitude") && v.dims.len() == 1 {
                found.push((k, standard == "latitude", true));
            }
        }
        for (k, lat, radians) in found {
            let v = &mut contents.vars[k];
            if v.ty.is_none() || self.changed.contains_key(&k) {
                continue;
            }
            let shape = v.dims.iter().map(|d| contents.dims[*d].len).collect();
            let own = v.clone();
            let plain = ["units", "unit", "Units", "standard_name"];
            v.attrs.retain(|(key, _)| !plain.contains(&key.as_str()));
            if radians {
                // Values come out as degrees, with nothing left to unpack or to leave out.
                v.attrs.retain(|(key, _)| matches!(key.as_str(), "long_name" | "bounds"));
                (v.ty, v.nofill, v.chunks) = (Some(NumType::F64), true, None);
                self.changed.insert(k, Own { index: k, var: own, shape, radians });
            }
            *v = described(v.clone(), lat);
        }
        if !self.changed.is_empty() {
            contents.notes.push("Positions in radians are read as degrees.".to_owned());
        }
    }

    fn own(&self, contents: &Contents, index: usize) -> Own {
        let plain = || {
            let var = contents.vars[index].clone();
            Own { index, shape: shape(contents, &var), radians: is_radians(&var), var }
        };
        self.changed.get(&index).cloned().unwrap_or_else(plain)
    }

    /// Whether somebody says where the cells of a dimension lie.
    fn is_placed(contents: &Contents, dim: usize) -> bool {
        let says = |name: &str| {
            contents.vars.iter().any(|v| v.dims == [dim] && v.text("standard_name").is_some_and(|s| s == name))
        };
        says("longitude") && says("latitude")
    }

    /// A longitude and a latitude of cells along a dimension.
    fn add(&mut self, contents: &mut Contents, stem: &str, dim: usize, made: [Made; 2]) {
        for (k, one) in made.into_iter().enumerate() {
            let lat = k == 1;
            let name = format!("{stem}_{}", if lat { "lat" } else { "lon" });
            contents.vars.push(described(Var::new(&name, Some(NumType::F64), &[dim]), lat));
            self.made.push(one);
        }
    }

    /// ICON: cells by the corners of each, without a middle.
    fn centre_vertices(&mut self, contents: &mut Contents) {
        let by = |name: &str| contents.vars.iter().position(|v| v.name == name && v.dims.len() == 2);
        let Some((a, b)) = by("clon_vertices").zip(by("clat_vertices")) else { return };
        let dims = contents.vars[a].dims.clone();
        if contents.vars[b].dims != dims || Self::is_placed(contents, dims[0]) {
            return;
        }
        let (lon, lat) = (self.own(contents, a), self.own(contents, b));
        if !fits(&shape(contents, &lon.var)) {
            return;
        }
        let one = |want_lat| Made::Vertices { lon: lon.clone(), lat: lat.clone(), want_lat };
        self.add(contents, "cell", dims[0], [one(false), one(true)]);
    }

    /// UGRID: faces and edges by their nodes, without positions of their own.
    fn centre_faces(&mut self, contents: &mut Contents) {
        let meshes: Vec<Var> =
            contents.vars.iter().filter(|v| v.text("cf_role").is_some_and(|r| r == "mesh_topology")).cloned().collect();
        for mesh in meshes {
            let by = |name: &str| contents.vars.iter().position(|v| v.name == name && v.group == mesh.group);
            let nodes: Vec<usize> =
                mesh.text("node_coordinates").iter().flat_map(|t| t.split_whitespace().filter_map(by)).collect();
            let place = |standard: &str| {
                nodes.iter().copied().find(|k| {
                    let v = &contents.vars[*k];
                    let unit = v.units().unwrap_or_default();
                    let by_unit = unit.starts_with(if standard == "longitude" { "degrees_e" } else { "degrees_n" });
                    v.dims.len() == 1 && (by_unit || v.text("standard_name").is_some_and(|s| s == standard))
                })
            };
            let Some((lon, lat)) = place("longitude").zip(place("latitude")) else { continue };
            let lists = ["face", "edge"].map(|what| {
                let list = mesh.text(&format!("{what}_node_connectivity")).and_then(|name| by(&name));
                (what, list.filter(|k| contents.vars[*k].dims.len() == 2))
            });
            for (what, list) in lists {
                let Some(list) = list else { continue };
                let nodes = self.own(contents, list);
                let size = shape(contents, &nodes.var);
                let told = mesh.text(&format!("{what}_dimension"));
                let at = |k: usize| told.as_deref() == Some(contents.dims[nodes.var.dims[k]].name.as_str());
                // Rows are faces unless the file says or shows otherwise: a face has fewer corners than there are faces.
                let faces_first = at(0) || (!at(1) && size[0] >= size[1]);
                let dim = nodes.var.dims[usize::from(!faces_first)];
                let used = contents.vars.iter().any(|v| v.dims.contains(&dim) && !describes(v));
                let node_count = shape(contents, &contents.vars[lon])[0];
                if !used || Self::is_placed(contents, dim) || !fits(&size) || !fits(&[node_count]) {
                    continue;
                }
                let start = nodes.var.attr("start_index").and_then(crate::attr::Attr::numbers);
                let start = start.and_then(|n| n.first().copied()).unwrap_or(0.0) as i64;
                let (lon, lat) = (self.own(contents, lon), self.own(contents, lat));
                let one = |want_lat| Made::Corners {
                    lon: lon.clone(),
                    lat: lat.clone(),
                    nodes: nodes.clone(),
                    faces_first,
                    start,
                    want_lat,
                };
                self.add(contents, &format!("{}_{what}", mesh.name), dim, [one(false), one(true)]);
            }
        }
    }

    /// FESOM: values in one file, the mesh in another beside it.
    fn borrow_fesom(&mut self, contents: &mut Contents, path: &Path) {
        let is_fesom = |name: &str| matches!(name, "nod2" | "elem" | "nod_n" | "elem_n");
        let lost: Vec<usize> = (0..contents.dims.len()).filter(|d| is_fesom(&contents.dims[*d].name)).collect();
        let lost: Vec<usize> = lost.into_iter().filter(|d| !Self::is_placed(contents, *d)).collect();
        if lost.is_empty() || path.to_string_lossy().ends_with(FESOM_MESH) {
            return;
        }
        let Some((other, name)) = beside(path).and_then(|p| Some((open(&p)?, p.file_name()?.to_owned()))) else {
            // Others call their cells elements as well.
            if path.file_name().is_some_and(|n| n.to_string_lossy().contains("fesom")) {
                let text = format!("The positions of this mesh lie in {FESOM_MESH}; put it beside this file.");
                contents.notes.push(text);
            }
            return;
        };
        let file: Rc<dyn Values> = Rc::from(other.values);
        let mut used = false;
        for d in lost {
            let (own, mut both) = (&contents.dims[d], Vec::new());
            for standard in ["longitude", "latitude"] {
                let there = other.vars.iter().position(|v| {
                    let fits = |k: &usize| other.dims[*k].len == own.len && other.dims[*k].name == own.name;
                    v.dims.len() == 1
                        && v.dims.iter().all(fits)
                        && v.text("standard_name").is_some_and(|s| s == standard)
                });
                let Some(index) = there else { continue };
                both.push(Made::Elsewhere { file: file.clone(), index, var: other.vars[index].clone() });
            }
            let stem = format!("mesh_{}", own.name);
            if let Ok(both) = <[Made; 2]>::try_from(both) {
                self.add(contents, &stem, d, both);
                used = true;
            }
        }
        let name = name.to_string_lossy();
        contents.notes.push(if used {
            format!("Positions are those of {name} beside this file.")
        } else {
            format!("{name} beside this file is of another mesh.")
        });
    }
}

/// Whether positions of that many cells are worked out.
fn fits(shape: &[usize]) -> bool {
    (1..=MAX_POSITIONS).contains(&shape.iter().copied().fold(1, usize::saturating_mul))
}

/// The file with the mesh of FESOM in the folder of a file.
fn beside(path: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(path.parent()?).ok()?.take(MAX_BESIDE).filter_map(std::result::Result::ok);
    let mut meshes: Vec<PathBuf> = entries
        .map(|e| e.path())
        .filter(|p| p.file_name().is_some_and(|n| n.to_string_lossy().ends_with(FESOM_MESH)) && p.is_file())
        .collect();
    meshes.sort();
    meshes.into_iter().next()
}

/// A mesh with the middles of its faces.
fn open(path: &Path) -> Option<Contents> {
    let probe = sniff::look(path).ok()?;
    Some(placed(format::by_probe(path, &probe, FORMATS).ok()?, path))
}

/// The middle of points on the sphere: the direction of the sum of their unit vectors.
fn middle(points: impl Iterator<Item = (f64, f64)>) -> (f64, f64) {
    let sum = points.filter(|(lon, lat)| lon.is_finite() && lat.is_finite()).fold(DVec3::ZERO, |sum, (lon, lat)| {
        let ((y, x), (z, r)) = (lon.to_radians().sin_cos(), lat.to_radians().sin_cos());
        sum + DVec3::new(r * x, r * y, z)
    });
    if sum.length_squared() < 1e-24 {
        return (f64::NAN, f64::NAN);
    }
    (sum.y.atan2(sum.x).to_degrees(), sum.z.atan2(sum.x.hypot(sum.y)).to_degrees())
}

impl Mesh {
    /// All values of a variable, in degrees where it is in radians; missing ones are NaN.
    fn all(&self, own: &Own) -> Result<Vec<f64>> {
        let raw = self.inner.read(own.index, &own.var, &vec![0; own.shape.len()], &own.shape)?;
        let mut values = Packing::of(&own.var).0.all(&raw);
        if own.radians {
            values.iter_mut().for_each(|v| *v = v.to_degrees());
        }
        Ok(values)
    }

    fn corners(&self, lon: &Own, lat: &Own, nodes: &Own, faces_first: bool, start: i64) -> Result<[Vec<f64>; 2]> {
        let (lons, lats, list) = (self.all(lon)?, self.all(lat)?, self.all(nodes)?);
        let (faces, corners) =
            if faces_first { (nodes.shape[0], nodes.shape[1]) } else { (nodes.shape[1], nodes.shape[0]) };
        let place = |face: usize, corner: usize| {
            let at = if faces_first { face * corners + corner } else { corner * faces + face };
            // Of faces with fewer corners the rest is a fill value, or a number of no node.
            let node = list.get(at).filter(|v| v.is_finite() && v.abs() < 9e15)?;
            let node = usize::try_from(*node as i64 - start).ok()?;
            Some((*lons.get(node)?, *lats.get(node)?))
        };
        Ok(split((0..faces).map(|f| middle((0..corners).filter_map(|c| place(f, c))))))
    }

    /// Longitudes and latitudes of all faces of what is made.
    fn middles(&self, made: &Made) -> Result<Middles> {
        let (key, lon, lat) = match made {
            Made::Corners { nodes, lon, lat, .. } => (nodes.index, lon, lat),
            Made::Vertices { lon, lat, .. } => (lon.index, lon, lat),
            Made::Elsewhere { .. } => return Err(unfit("A position")),
        };
        if let Some(known) = self.middles.borrow().get(&key) {
            return Ok(known.clone());
        }
        let both = match made {
            Made::Corners { nodes, faces_first, start, .. } => self.corners(lon, lat, nodes, *faces_first, *start)?,
            _ => {
                let (lons, lats) = (self.all(lon)?, self.all(lat)?);
                let corners = lon.shape[1].max(1);
                let faces = lons.chunks(corners).zip(lats.chunks(corners));
                split(faces.map(|(x, y)| middle(x.iter().copied().zip(y.iter().copied()))))
            }
        };
        let both: Middles = Rc::new(both);
        self.middles.borrow_mut().insert(key, both.clone());
        Ok(both)
    }
}

fn split(places: impl Iterator<Item = (f64, f64)>) -> [Vec<f64>; 2] {
    let (lons, lats) = places.unzip();
    [lons, lats]
}

fn unfit(what: &str) -> seaglass_core::protocol::ReadFailure {
    fail(FailureKind::BadRequest, format!("{what} has no such cells."))
}

impl Values for Mesh {
    fn read(&self, index: usize, var: &Var, start: &[usize], count: &[usize]) -> Result<Raw> {
        if let Some(own) = self.changed.get(&index) {
            let raw = self.inner.read(index, &own.var, start, count)?;
            return Ok(Raw::F64(Packing::of(&own.var).0.all(&raw).into_iter().map(f64::to_degrees).collect()));
        }
        let Some(made) = index.checked_sub(self.own) else { return self.inner.read(index, var, start, count) };
        let made = self.made.get(made).ok_or_else(|| unfit(&var.path))?;
        let want_lat = match made {
            Made::Elsewhere { file, index, var } => return file.read(*index, var, start, count),
            Made::Corners { want_lat, .. } | Made::Vertices { want_lat, .. } => *want_lat,
        };
        let both = self.middles(made)?;
        let (from, n) = start.first().zip(count.first()).ok_or_else(|| unfit(&var.path))?;
        let values = both[usize::from(want_lat)].get(*from..from + n).ok_or_else(|| unfit(&var.path))?;
        Ok(Raw::F64(values.to_vec()))
    }

    fn chunk_layout(&self, index: usize, var: &Var) -> Option<Rc<fast::Layout>> {
        let own = index < self.own && !self.changed.contains_key(&index);
        if own { self.inner.chunk_layout(index, var) } else { None }
    }

    fn bytes(&self, index: usize) -> Option<&std::fs::File> {
        if index < self.own { self.inner.bytes(index) } else { None }
    }

    fn settle(&self) {
        self.inner.settle();
    }

    fn asked_library(&self) -> Option<bool> {
        self.inner.asked_library()
    }

    fn keep_open(&self) {
        self.inner.keep_open();
        for made in &self.made {
            if let Made::Elsewhere { file, .. } = made {
                file.keep_open();
            }
        }
    }

    fn overview(&self, index: usize, rows: &[usize], cols: &[usize], stride: usize) -> Option<Result<Raw>> {
        if index < self.own { self.inner.overview(index, rows, cols, stride) } else { None }
    }
}
