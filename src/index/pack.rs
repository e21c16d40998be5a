//! The description of a file in two pieces: what all files of its kind share (names and units of fields, titles), kept once
//! as JSON, and what is its own (times, places, shape), in a few bytes. A million files of ten products would else repeat
//! ten lists of fields a million times.

use seaglass_core::geo::{GeoBox, LonLat};
use seaglass_core::granule::FileInfo;
use seaglass_core::time::{Time, TimeSpan};

/// Positions of outlines are kept in parts of a degree: a tenth of a metre.
const PARTS: f64 = 1e6;
/// Larger counts are nonsense of a damaged index.
const MOST: usize = 1 << 24;

/// What is shared, and the bytes of what is not. Attributes are in neither: they are read from the file when asked for.
pub(crate) fn pack(info: &FileInfo) -> (FileInfo, Vec<u8>) {
    let mut out = Writer(Vec::with_capacity(256));
    let mut kind = info.clone();
    kind.attributes.clear();
    // Of files no product knows the title is of the file.
    let own_title = info.product.is_none();
    out.flag(own_title);
    if own_title {
        out.text(&std::mem::take(&mut kind.title));
    }
    out.count(info.parts.len());
    for (part, shared) in info.parts.iter().zip(&mut kind.parts) {
        shared.bounds = GeoBox::WORLD;
        shared.footprint.clear();
        shared.span = None;
        shared.steps.clear();
        shared.shape = [0, 0];
        out.count(part.shape[0]);
        out.count(part.shape[1]);
        let b = part.bounds;
        [b.west, b.south, b.east, b.north].iter().for_each(|v| out.0.extend_from_slice(&v.to_le_bytes()));
        out.flag(part.span.is_some());
        if let Some(span) = part.span {
            out.time(span.start);
            out.time(span.stop);
        }
        out.steps(&part.steps);
        out.count(part.footprint.len());
        for p in &part.footprint {
            out.0.extend_from_slice(&((p.lon_deg * PARTS).round() as i32).to_le_bytes());
            out.0.extend_from_slice(&((p.lat_deg * PARTS).round() as i32).to_le_bytes());
        }
    }
    (kind, out.0)
}

/// The description again; `None` when the bytes do not fit.
pub(crate) fn unpack(kind: &FileInfo, bytes: &[u8]) -> Option<FileInfo> {
    let mut input = Reader(bytes);
    let mut info = kind.clone();
    if input.flag()? {
        info.title = input.text()?;
    }
    if input.count()? != info.parts.len() {
        return None;
    }
    for part in &mut info.parts {
        part.shape = [input.count()?, input.count()?];
        let [west, south, east, north] = [input.float()?, input.float()?, input.float()?, input.float()?];
        part.bounds = GeoBox { west, south, east, north };
        part.span = if input.flag()? { Some(TimeSpan::new(input.time()?, input.time()?)) } else { None };
        part.steps = input.steps()?;
        let n = input.count()?;
        part.footprint = (0..n)
            .map(|_| {
                let [lon, lat] = [input.int()?, input.int()?];
                Some(LonLat::new(f64::from(lon) / PARTS, f64::from(lat) / PARTS))
            })
            .collect::<Option<_>>()?;
    }
    input.0.is_empty().then_some(info)
}

struct Writer(Vec<u8>);

impl Writer {
    fn flag(&mut self, on: bool) {
        self.0.push(u8::from(on));
    }

    fn count(&mut self, n: usize) {
        self.0.extend_from_slice(&(n as u64).to_le_bytes()[..5]);
    }

    fn time(&mut self, t: Time) {
        self.0.extend_from_slice(&t.micros().to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Most series are regular: beginning and step say all.
    fn steps(&mut self, steps: &[Time]) {
        self.count(steps.len());
        let apart = |w: &[Time]| w[1].micros().wrapping_sub(w[0].micros());
        let step = steps.get(..2).map(apart);
        let regular = step.is_some() && steps.windows(2).all(|w| Some(apart(w)) == step);
        self.flag(regular);
        match (regular, steps.first(), step) {
            (true, Some(first), Some(step)) => {
                self.time(*first);
                self.0.extend_from_slice(&step.to_le_bytes());
            }
            _ => steps.iter().for_each(|t| self.time(*t)),
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    fn flag(&mut self) -> Option<bool> {
        self.take::<1>().map(|b| b[0] != 0)
    }

    fn count(&mut self) -> Option<usize> {
        let [a, b, c, d, e] = self.take::<5>()?;
        usize::try_from(u64::from_le_bytes([a, b, c, d, e, 0, 0, 0])).ok()
    }

    fn float(&mut self) -> Option<f64> {
        self.take().map(f64::from_le_bytes)
    }

    fn int(&mut self) -> Option<i32> {
        self.take().map(i32::from_le_bytes)
    }

    fn time(&mut self) -> Option<Time> {
        self.take().map(|b| Time::from_micros(i64::from_le_bytes(b)))
    }

    fn text(&mut self) -> Option<String> {
        let n = self.count()?;
        let (head, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        String::from_utf8(head.to_vec()).ok()
    }

    fn steps(&mut self) -> Option<Vec<Time>> {
        let (n, regular) = (self.count()?, self.flag()?);
        if n > MOST {
            return None;
        }
        if !regular {
            return (0..n).map(|_| self.time()).collect();
        }
        let (first, step) = (self.time()?, i64::from_le_bytes(self.take()?));
        Some((0..n as i64).map(|k| Time::from_micros(first.micros().wrapping_add(step.wrapping_mul(k)))).collect())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;
    use seaglass_core::granule::{GeometryKind, PartInfo};

    /// A file of one part.
    pub(crate) fn file(
        product: Option<&str>,
        span: Option<TimeSpan>,
        bounds: GeoBox,
        footprint: Vec<LonLat>,
    ) -> FileInfo {
        let field = serde_json::json!({ "name": "ssha", "variable": "ssha", "units": "m", "rank": 10 });
        FileInfo {
            product: product.map(str::to_owned),
            title: "A title".to_owned(),
            short: None,
            format: "netCDF-4".to_owned(),
            parts: vec![PartInfo {
                name: String::new(),
                geometry: GeometryKind::Swath,
                shape: [100, 69],
                bounds,
                footprint,
                span,
                steps: Vec::new(),
                fields: vec![serde_json::from_value(field).unwrap()],
            }],
            notes: Vec::new(),
            attributes: Vec::new(),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn descriptions_come_back(
            times in prop::collection::vec(any::<i64>(), 0..20),
            regular in any::<bool>(),
            points in prop::collection::vec((-540_000_000i32..540_000_000, -90_000_000i32..90_000_000), 0..50),
            known in any::<bool>(),
            rows in 0usize..1_000_000_000,
        ) {
            let points: Vec<LonLat> =
                points.iter().map(|(x, y)| LonLat::new(f64::from(*x) / PARTS, f64::from(*y) / PARTS)).collect();
            let mut info = file(known.then_some("p"), None, GeoBox { west: -179.25, south: 1.5, east: 3.1, north: 7.7 }, points);
            let part = &mut info.parts[0];
            part.shape = [rows, 3];
            part.steps = if regular {
                (0..times.len() as i64).map(|k| Time::from_micros(k * 3_600_000_000 - 5)).collect()
            } else {
                times.iter().map(|t| Time::from_micros(*t)).collect()
            };
            part.span = times.first().map(|t| TimeSpan::at(Time::from_micros(*t)));
            let (kind, bytes) = pack(&info);
            prop_assert_eq!(unpack(&kind, &bytes), Some(info));
            for cut in 0..bytes.len() {
                prop_assert_eq!(unpack(&kind, &bytes[..cut]), None);
            }
        }
    }
}
