//! On which positions a variable lies, told from names and attributes alone.

use crate::cf::{self, Role};
use crate::dataset::Dataset;
use crate::idf::Model;
use crate::links::Link;

/// A kind of positions with the variables and dimensions that make it. Dimensions are indices into `Dataset::dims`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Geom {
    /// One-dimensional longitudes and latitudes on different dimensions.
    Grid {
        /// Longitude variable and its dimension.
        lon: usize,
        /// Latitude variable.
        lat: usize,
        /// Dimension of the latitudes: rows.
        row: usize,
        /// Dimension of the longitudes: columns.
        col: usize,
    },
    /// Projected axes and a `grid_mapping`.
    Projected {
        /// x variable.
        x: usize,
        /// y variable.
        y: usize,
        /// Rows.
        row: usize,
        /// Columns.
        col: usize,
        /// The grid mapping variable.
        mapping: usize,
        /// Two-dimensional longitudes and latitudes beside it.
        lonlat: Option<(usize, usize)>,
    },
    /// Two-dimensional positions.
    Swath {
        /// Longitude variable.
        lon: usize,
        /// Latitude variable.
        lat: usize,
        /// Rows.
        row: usize,
        /// Columns.
        col: usize,
        /// Leading dimension of the positions and the index taken along it.
        lead: Option<(usize, usize)>,
    },
    /// Control points at the edges of cells (see [`crate::idf`]).
    Gcp {
        /// Longitudes of the control points.
        lon: usize,
        /// Latitudes.
        lat: usize,
        /// Rows.
        row: usize,
        /// Columns.
        col: usize,
        /// Variables with the control points' places along rows and columns.
        index: [usize; 2],
        /// The grid mapping variable, of projected grids.
        mapping: Option<usize>,
    },
    /// One-dimensional positions: tracks, stations, profiles, particles.
    Series {
        /// Longitude variable.
        lon: usize,
        /// Latitude variable.
        lat: usize,
        /// Dimensions along which samples are listed (at most two, in file order; none for a single position).
        dims: Vec<usize>,
        /// Positions are listed on dimensions of their own of the same length (OceanSITES).
        aligned: bool,
    },
}

impl Geom {
    /// Dimensions the positions use up.
    pub fn dims(&self) -> Vec<usize> {
        match self {
            Self::Grid { row, col, .. } | Self::Projected { row, col, .. } | Self::Gcp { row, col, .. } => {
                vec![*row, *col]
            }
            Self::Swath { row, col, lead, .. } => {
                let mut d: Vec<usize> = lead.iter().map(|l| l.0).collect();
                d.extend([*row, *col]);
                d
            }
            Self::Series { dims, .. } => dims.clone(),
        }
    }

    /// Coordinate variables used.
    pub fn coordinates(&self) -> Vec<usize> {
        match self {
            Self::Grid { lon, lat, .. }
            | Self::Swath { lon, lat, .. }
            | Self::Gcp { lon, lat, .. }
            | Self::Series { lon, lat, .. } => vec![*lon, *lat],
            Self::Projected { x, y, lonlat, .. } => {
                let mut v = vec![*x, *y];
                v.extend(lonlat.iter().flat_map(|(a, b)| [*a, *b]));
                v
            }
        }
    }
}

/// What the finder needs to know of a file, worked out once.
pub struct Finder<'a> {
    ds: &'a Dataset,
    links: &'a [Link],
    lons: Vec<(usize, u32)>,
    lats: Vec<(usize, u32)>,
    feature: Option<String>,
    idf: Option<Model>,
    /// Names of longitude and latitude given by the product.
    pub named: Option<(String, String)>,
    /// The product says how to take the positions.
    pub kind: Option<seaglass_core::granule::GeometryKind>,
}

impl<'a> Finder<'a> {
    /// Looks at all variables of a file.
    pub fn new(ds: &'a Dataset, links: &'a [Link]) -> Self {
        let list = |role| -> Vec<(usize, u32)> {
            let scored = ds.vars.iter().enumerate().map(|(k, v)| (k, cf::coordinate_score(v, role)));
            scored.filter(|(_, s)| *s > 0).collect()
        };
        Self {
            ds,
            links,
            lons: list(Role::Lon),
            lats: list(Role::Lat),
            feature: cf::feature_type(ds),
            idf: Model::of(ds),
            named: None,
            kind: None,
        }
    }

    /// Whether the file has any longitudes and latitudes at all.
    pub fn has_positions(&self) -> (bool, bool) {
        (!self.lons.is_empty(), !self.lats.is_empty())
    }

    /// Whether the variable is a longitude or latitude.
    pub fn is_position(&self, var: usize) -> bool {
        self.idf.as_ref().is_some_and(|m| m.uses(var))
            || self.lons.iter().chain(&self.lats).any(|(k, s)| *k == var && *s >= 3)
    }

    /// Geometries of a variable: usually one; one for each leading index where the positions have three dimensions.
    pub fn find(&self, var: usize) -> Vec<Geom> {
        let v = &self.ds.vars[var];
        if v.dims.len() > 8 || self.ds.len(var) == 0 {
            return Vec::new();
        }
        if let Some(model) = &self.idf {
            return model.find(self.ds, var).into_iter().collect();
        }
        let pair = self.pair(var);
        if let Some(g) = self.projected(var, pair) {
            return vec![g];
        }
        let Some((lon, lat)) = pair else { return Vec::new() };
        self.classify(var, lon, lat)
    }

    /// The longitude and latitude that belong to a variable.
    fn pair(&self, var: usize) -> Option<(usize, usize)> {
        let v = &self.ds.vars[var];
        if let Some((lon, lat)) = &self.named {
            let pair = self.ds.resolve(&v.group, lon).zip(self.ds.resolve(&v.group, lat));
            if let Some(pair) =
                pair.filter(|(a, b)| self.reach(var, *a, true).is_some() && self.reach(var, *b, true).is_some())
            {
                return Some(pair);
            }
        }
        let tokens: Vec<usize> = v
            .text("coordinates")
            .iter()
            .flat_map(|t| t.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
            .filter_map(|t| self.ds.resolve(&v.group, &t))
            .collect();
        let best = |list: &[(usize, u32)]| -> Vec<(usize, i64)> {
            list.iter()
                .filter_map(|(k, score)| {
                    let near = self.reaches(var, *k)?;
                    let c = &self.ds.vars[*k];
                    let own_axis = v.dims.iter().any(|d| self.ds.coordinate_of(*d) == Some(*k));
                    let mut rank = i64::from(*score) + 20 * near;
                    rank += if tokens.contains(k) { 1000 } else { 0 };
                    rank += if own_axis { 500 } else { 0 };
                    rank += 200 * i64::from(c.group == v.group) + common_prefix(&c.group, &v.group) as i64;
                    Some((*k, rank))
                })
                .collect()
        };
        let (lons, lats) = (best(&self.lons), best(&self.lats));
        let mut top: Option<(i64, usize, usize)> = None;
        for (a, ra) in &lons {
            for (b, rb) in &lats {
                let alike = i64::from(sibling_names(&self.ds.vars[*a].name, &self.ds.vars[*b].name));
                let same = i64::from(self.ds.vars[*a].dims.len() == self.ds.vars[*b].dims.len());
                let rank = ra + rb + 300 * alike + 100 * same;
                if top.is_none_or(|(r, ..)| rank > r) {
                    top = Some((rank, *a, *b));
                }
            }
        }
        top.map(|(_, a, b)| (a, b))
    }

    /// Whether a coordinate can place a variable; larger for those that use more of its dimensions.
    fn reaches(&self, var: usize, coordinate: usize) -> Option<i64> {
        self.reach(var, coordinate, false)
    }

    /// The same; `named`: a product says that it does.
    fn reach(&self, var: usize, coordinate: usize, named: bool) -> Option<i64> {
        let (v, c) = (&self.ds.vars[var], &self.ds.vars[coordinate]);
        if !(named || v.group == c.group || c.group.is_empty() || v.group.starts_with(&format!("{}/", c.group))) {
            // A coordinate in a sister group counts only when named.
            let text = v.text("coordinates").unwrap_or_default();
            if !text.split_whitespace().any(|t| t.trim_start_matches('/') == c.path || t == c.name) {
                return None;
            }
        }
        let long: Vec<usize> = c.dims.iter().copied().filter(|d| self.ds.dims[*d].len > 1).collect();
        if c.dims.iter().all(|d| v.dims.contains(d)) {
            return Some(long.len() as i64 + i64::from(!c.dims.is_empty()));
        }
        if long.is_empty() {
            return self.placeless(var).then_some(0);
        }
        let linked = |d: &usize| v.dims.iter().any(|own| self.link_reaches(*own, *d));
        if c.dims.len() == 1 && c.dims.iter().all(linked) {
            return Some(1);
        }
        // OceanSITES: LATITUDE(LATITUDE) beside TEMP(TIME, DEPTH), all of one length.
        let aligned = c.dims.len() == 1
            && self.ds.coordinate_of(c.dims[0]) == Some(coordinate)
            && v.dims.first().is_some_and(|d| {
                self.ds.dims[*d].len == self.ds.dims[c.dims[0]].len
                    && self.ds.coordinate_of(*d).is_some_and(|t| cf::is_time(&self.ds.vars[t]))
            });
        aligned.then_some(0)
    }

    fn link_reaches(&self, from: usize, to: usize) -> bool {
        let mut at = from;
        for _ in 0..4 {
            if self.links.iter().any(|l| l.from == at && l.to == to) {
                return true;
            }
            let Some(next) = self.links.iter().find(|l| l.from == at) else { return false };
            at = next.to;
        }
        false
    }

    /// A single position applies to variables over time, and to those that name it.
    fn placeless(&self, var: usize) -> bool {
        let v = &self.ds.vars[var];
        v.attr("coordinates").is_some()
            || (self.feature.is_some() && !v.dims.is_empty())
            || v.dims.iter().any(|d| self.ds.coordinate_of(*d).is_some_and(|t| cf::is_time(&self.ds.vars[t])))
    }

    fn projected(&self, var: usize, pair: Option<(usize, usize)>) -> Option<Geom> {
        use seaglass_core::granule::GeometryKind as K;
        if matches!(self.kind, Some(K::Swath | K::Track | K::Points | K::Grid)) {
            return None;
        }
        let v = &self.ds.vars[var];
        let text = v.text("grid_mapping")?;
        let name = text.split([':', ' ']).find(|w| !w.is_empty())?;
        let mapping = self.ds.resolve(&v.group, name)?;
        let kind = self.ds.vars[mapping].text("grid_mapping_name");
        if matches!(kind.as_deref(), Some("latitude_longitude" | "rotated_latitude_longitude")) {
            return None;
        }
        let axis = |want_x: bool| {
            v.dims.iter().find_map(|d| {
                let on_dim = |k: &usize| self.ds.vars[*k].dims == [*d];
                let own = self.ds.coordinate_of(*d).into_iter();
                let others = (0..self.ds.vars.len()).filter(on_dim);
                own.chain(others).find(|k| cf::projected_axis(&self.ds.vars[*k]) == Some(want_x)).map(|k| (k, *d))
            })
        };
        let ((x, col), (y, row)) = axis(true).zip(axis(false))?;
        let lonlat = pair.filter(|(a, b)| {
            let two = |k: usize| self.ds.vars[k].dims == [row, col];
            two(*a) && two(*b)
        });
        (row != col).then_some(Geom::Projected { x, y, row, col, mapping, lonlat })
    }

    fn classify(&self, var: usize, lon: usize, lat: usize) -> Vec<Geom> {
        let ds = self.ds;
        let long =
            |k: usize| -> Vec<usize> { ds.vars[k].dims.iter().copied().filter(|d| ds.dims[*d].len > 1).collect() };
        let (lon_dims, lat_dims) = (&ds.vars[lon].dims, &ds.vars[lat].dims);
        let v_dims = &ds.vars[var].dims;
        if let ([x], [y]) = (lon_dims.as_slice(), lat_dims.as_slice()) {
            let one_place = ds.dims[*x].len == 1 && ds.dims[*y].len == 1;
            if x != y && v_dims.contains(x) && v_dims.contains(y) && !one_place {
                return vec![Geom::Grid { lon, lat, row: *y, col: *x }];
            }
        }
        if self.is_two_dimensional(lon, lat) {
            let d = lon_dims;
            let n = d.len();
            let (row, col) = (d[n - 2], d[n - 1]);
            if n == 2 {
                return vec![Geom::Swath { lon, lat, row, col, lead: None }];
            }
            if n == 3 {
                let leads = ds.dims[d[0]].len.min(64);
                return (0..leads).map(|k| Geom::Swath { lon, lat, row, col, lead: Some((d[0], k)) }).collect();
            }
            return Vec::new();
        }
        self.series(var, lon, lat, &long(lon), &long(lat)).into_iter().collect()
    }

    /// Whether two-dimensional positions are an image, in contrast to a list of trajectories.
    fn is_two_dimensional(&self, lon: usize, lat: usize) -> bool {
        use seaglass_core::granule::GeometryKind as K;
        let d = &self.ds.vars[lon].dims;
        if d.len() < 2 || *d != self.ds.vars[lat].dims {
            return false;
        }
        match self.kind {
            Some(K::Swath) => return true,
            Some(K::Track | K::Points) => return false,
            _ => {}
        }
        let images = d[d.len() - 2..].iter().all(|k| self.ds.dims[*k].len > 1);
        let discrete = self
            .feature
            .as_deref()
            .is_some_and(|f| ["trajectory", "timeseries", "profile", "point", "station"].iter().any(|w| f.contains(w)));
        images && !discrete && !d[d.len() - 2..].iter().any(|k| cf::lists_objects(&self.ds.dims[*k].name))
    }

    fn series(&self, var: usize, lon: usize, lat: usize, lon_long: &[usize], lat_long: &[usize]) -> Option<Geom> {
        let ds = self.ds;
        let v_dims = &ds.vars[var].dims;
        let in_var = |d: &usize| v_dims.contains(d);
        let positions: Vec<usize> =
            if lon_long.len() >= lat_long.len() { lon_long.to_vec() } else { lat_long.to_vec() };
        let time_dim = v_dims.iter().copied().find(|d| self.is_time_dim(*d));
        if positions.is_empty() {
            // One place: samples follow time, or the objects' own list.
            let dims: Vec<usize> = time_dim.into_iter().collect();
            let obs = v_dims.iter().copied().find(|d| self.links.iter().any(|l| l.from == *d));
            let dims = if dims.is_empty() { obs.into_iter().collect() } else { dims };
            return Some(Geom::Series { lon, lat, dims, aligned: false });
        }
        if positions.iter().all(in_var) {
            if positions.len() > 2 {
                return None;
            }
            let mut dims: Vec<usize> = v_dims.iter().copied().filter(|d| positions.contains(d)).collect();
            // timeSeries(station, obs) with times of their own for every station: list all of them.
            if let [station] = dims.as_slice() {
                let own_times = v_dims.iter().copied().find(|d| d != station && self.has_times_on(*station, *d));
                if let (Some(obs), Some(first)) = (own_times, v_dims.first()) {
                    dims = if first == station { vec![*station, obs] } else { vec![obs, *station] };
                }
            }
            return Some(Geom::Series { lon, lat, dims, aligned: false });
        }
        if let [to] = positions.as_slice() {
            if let Some(from) = v_dims.iter().copied().find(|d| self.link_reaches(*d, *to)) {
                return Some(Geom::Series { lon, lat, dims: vec![from], aligned: false });
            }
            let first = *v_dims.first()?;
            if ds.dims[first].len == ds.dims[*to].len {
                return Some(Geom::Series { lon, lat, dims: vec![first], aligned: true });
            }
        }
        None
    }

    fn is_time_dim(&self, dim: usize) -> bool {
        let axis = self.ds.coordinate_of(dim).is_some_and(|t| cf::is_time(&self.ds.vars[t]));
        let long = |v: &crate::dataset::Var| v.dims.iter().filter(|d| self.ds.dims[**d].len > 1).eq([&dim]);
        axis || self.ds.vars.iter().any(|v| long(v) && cf::is_time(v) && cf::time_score(v) > 0)
    }

    fn has_times_on(&self, a: usize, b: usize) -> bool {
        self.ds.vars.iter().any(|v| {
            cf::is_time(v) && v.dims.len() == 2 && v.dims.contains(&a) && v.dims.contains(&b) && cf::time_score(v) > 0
        })
    }
}

fn common_prefix(a: &str, b: &str) -> usize {
    a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count()
}

/// `lon_u` and `lat_u`, `longitude_nadir` and `latitude_nadir`: equal but for the word.
fn sibling_names(lon: &str, lat: &str) -> bool {
    let plain = |s: &str| {
        let s = s.to_ascii_lowercase();
        ["longitude", "latitude", "lon", "lat", "glam", "gphi"].iter().fold(s, |s, w| s.replacen(w, "*", 1))
    };
    plain(lon) == plain(lat)
}
