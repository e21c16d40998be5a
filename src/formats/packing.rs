//! From raw numbers to values: CF packing (§8.1), missing data (§2.5.1), `_Unsigned` (netCDF User's Guide).

use std::sync::OnceLock;

use crate::attr::Attr;
use crate::dataset::Var;
use crate::raw::{NumType, Raw, ToF64};
use crate::with_raw;

/// How the raw numbers of one variable become values.
#[derive(Clone, Debug)]
pub struct Packing {
    /// Type in the file.
    pub ty: NumType,
    /// `scale_factor`, 1 when absent.
    pub scale: f64,
    /// `add_offset`, 0 when absent.
    pub offset: f64,
    /// Added to raw numbers below (`_Unsigned = "true"`) or subtracted above the bound, to change their signedness.
    turn: Option<(f64, f64)>,
    /// Product and sum are formed in single precision, as CF §8.1 asks where the attributes are single and the packed
    /// type is short; so do numpy and netCDF4-python, whose values ours must equal.
    single: (bool, bool),
    missing: Vec<f64>,
    raw_range: Option<[f64; 2]>,
    value_range: Option<[f64; 2]>,
    table: OnceLock<Vec<f32>>,
}

impl Packing {
    /// Reads the attributes. The second result says what was wrong with them.
    pub fn of(var: &Var) -> (Self, Vec<String>) {
        let ty = var.ty.unwrap_or(NumType::F64);
        let mut notes = Vec::new();
        let mut factor = |name: &str, default: f64| match var.attr(name).map(|a| (a, a.numbers())) {
            None => default,
            Some((_, Some(v))) if v.len() == 1 && v[0].is_finite() => v[0],
            Some((a, _)) => {
                notes.push(format!("{}: {name} \"{}\" is not a number and was left out.", var.path, a.display()));
                default
            }
        };
        let scale = factor("scale_factor", 1.0);
        let offset = factor("add_offset", 0.0);
        let turn = signedness(var, ty);
        let mut this = Self {
            ty,
            scale,
            offset,
            turn,
            single: single_precision(var, ty),
            missing: Vec::new(),
            raw_range: None,
            value_range: None,
            table: OnceLock::new(),
        };
        this.missing = this.missing_values(var);
        this.set_valid_range(var);
        (this, notes)
    }

    /// The same without `valid_min`, `valid_max` and `valid_range`: producers get these wrong for coordinates.
    #[must_use]
    pub fn without_range(mut self) -> Self {
        self.raw_range = None;
        self.value_range = None;
        self
    }

    /// Whether scaling does anything.
    pub fn is_packed(&self) -> bool {
        self.scale != 1.0 || self.offset != 0.0
    }

    /// Whether the raw numbers are read with the other signedness.
    pub fn turns_sign(&self) -> bool {
        self.turn.is_some()
    }

    /// Whether values come out in single precision.
    pub fn is_single(&self) -> bool {
        self.is_packed() && self.single.0 && self.single.1
    }

    /// Raw numbers that mark missing values.
    pub fn markers(&self) -> &[f64] {
        &self.missing
    }

    /// The raw numbers that mean "missing", where nothing else makes a value missing.
    pub fn only_markers(&self) -> Option<&[f64]> {
        let plain = self.raw_range.is_none() && self.value_range.is_none() && self.turn.is_none();
        (plain && self.scale.is_finite() && self.offset.is_finite()).then_some(&self.missing)
    }

    /// `valid_*` in units of the value.
    pub fn valid_range(&self) -> Option<[f64; 2]> {
        let range = self.value_range.or_else(|| self.raw_range.map(|r| r.map(|x| x * self.scale + self.offset)))?;
        let [a, b] = if range[0] <= range[1] { range } else { [range[1], range[0]] };
        (a.is_finite() && b.is_finite()).then_some([a, b])
    }

    fn signed(&self, raw: f64) -> f64 {
        match self.turn {
            Some((bound, add)) if add > 0.0 && raw < bound => raw + add,
            Some((bound, add)) if add < 0.0 && raw >= bound => raw + add,
            _ => raw,
        }
    }

    /// A marker as it compares with raw numbers of this type.
    fn marker(&self, x: f64) -> Option<f64> {
        match self.ty {
            NumType::F32 => Some(f64::from(x as f32)).filter(|y| !y.is_nan()),
            NumType::F64 => Some(x).filter(|y| !y.is_nan()),
            _ => (x.fract() == 0.0).then(|| self.signed(x)),
        }
    }

    fn missing_values(&self, var: &Var) -> Vec<f64> {
        let mut out: Vec<f64> = Vec::new();
        for name in ["_FillValue", "missing_value"] {
            for x in var.attr(name).and_then(Attr::numbers).unwrap_or_default() {
                out.extend(self.marker(x));
            }
        }
        if var.attr("_FillValue").is_none() && !var.nofill {
            out.extend(self.ty.default_fill().map(|x| self.signed(x)));
        }
        out.dedup();
        out
    }

    /// `valid_*` is meant for raw numbers when it has their type, for values when it has the wider type of the
    /// scaling (netCDF User's Guide, "Attribute Conventions"); texts with numbers are meant for values.
    fn set_valid_range(&mut self, var: &Var) {
        let get = |name: &str, n: usize| {
            let a = var.attr(name)?;
            Some((a.numbers().filter(|v| v.len() == n)?, a.num_type()))
        };
        let (lo, hi, ty) = match (get("valid_range", 2), get("valid_min", 1), get("valid_max", 1)) {
            (Some((v, t)), ..) => (v[0], v[1], t),
            (None, None, None) => return,
            (None, lo, hi) => {
                let t = lo.as_ref().and_then(|l| l.1).or(hi.as_ref().and_then(|h| h.1));
                (lo.map_or(f64::NEG_INFINITY, |l| l.0[0]), hi.map_or(f64::INFINITY, |h| h.0[0]), t)
            }
        };
        let of_value = match ty {
            None => true,
            Some(t) => self.is_packed() && t.is_float() && !self.ty.is_float(),
        };
        if of_value {
            self.value_range = Some([lo, hi]);
        } else {
            let fits = |x: f64| if x.is_finite() { self.signed(x) } else { x };
            let (lo, hi) = (fits(lo), fits(hi));
            // An upside-down range would hide everything: it is a mistake, not an instruction.
            self.raw_range = (lo <= hi).then_some([lo, hi]);
        }
    }

    /// The value of a raw number; NaN when missing.
    #[inline]
    pub fn value(&self, raw: f64) -> f64 {
        let raw = self.signed(raw);
        if self.missing.contains(&raw) {
            return f64::NAN;
        }
        if self.raw_range.is_some_and(|[lo, hi]| !(raw >= lo && raw <= hi)) {
            return f64::NAN;
        }
        let v = self.unpack(raw);
        match self.value_range {
            // Scaling in f64 may push a limit over itself by a rounding error.
            Some([lo, hi]) if v < lo - 1e-9 * lo.abs() || v > hi + 1e-9 * hi.abs() => f64::NAN,
            _ => v,
        }
    }

    #[inline]
    fn unpack(&self, raw: f64) -> f64 {
        let product = if self.single.0 { f64::from(raw as f32 * self.scale as f32) } else { raw * self.scale };
        if self.single.1 { f64::from(product as f32 + self.offset as f32) } else { product + self.offset }
    }

    /// Value `k` of a block.
    pub fn at(&self, raw: &Raw, k: usize) -> f64 {
        self.value(raw.get(k))
    }

    /// All values of a block.
    pub fn all(&self, raw: &Raw) -> Vec<f64> {
        with_raw!(raw, v => v.iter().map(|x| self.value(x.to_f64())).collect())
    }

    /// Appends the values at `base` plus each offset as f32, infinities as NaN. The offsets must lie within the block.
    pub fn extend_f32(&self, raw: &Raw, base: usize, offsets: &[usize], out: &mut Vec<f32>) {
        match raw {
            Raw::I16(v) => {
                let table = self.table.get_or_init(|| self.make_table(i16::MIN.into(), i16::MAX.into()));
                out.extend(offsets.iter().map(|o| table[(i32::from(v[base + o]) + 32_768) as usize]));
            }
            Raw::U16(v) => {
                let table = self.table.get_or_init(|| self.make_table(0, u16::MAX.into()));
                out.extend(offsets.iter().map(|o| table[usize::from(v[base + o])]));
            }
            Raw::I8(v) => {
                let table = self.table.get_or_init(|| self.make_table(i8::MIN.into(), i8::MAX.into()));
                out.extend(offsets.iter().map(|o| table[(i32::from(v[base + o]) + 128) as usize]));
            }
            Raw::U8(v) => {
                let table = self.table.get_or_init(|| self.make_table(0, u8::MAX.into()));
                out.extend(offsets.iter().map(|o| table[usize::from(v[base + o])]));
            }
            other => with_raw!(other, v => {
                out.extend(offsets.iter().map(|o| finite_f32(self.value(v[base + o].to_f64()))));
            }),
        }
    }

    /// Values from number `first` on as f32, infinities as NaN. They must lie within the block.
    pub fn run_f32(&self, raw: &Raw, first: usize, out: &mut [f32]) {
        macro_rules! run {
            ($v:ident, $value:expr) => {
                out.iter_mut().zip(&$v[first..]).for_each(|(o, x)| *o = $value(*x))
            };
        }
        match raw {
            Raw::I16(v) => {
                let table = self.table.get_or_init(|| self.make_table(i16::MIN.into(), i16::MAX.into()));
                run!(v, |x| table[(i32::from(x) + 32_768) as usize]);
            }
            Raw::U16(v) => {
                let table = self.table.get_or_init(|| self.make_table(0, u16::MAX.into()));
                run!(v, |x| table[usize::from(x)]);
            }
            Raw::I8(v) => {
                let table = self.table.get_or_init(|| self.make_table(i8::MIN.into(), i8::MAX.into()));
                run!(v, |x| table[(i32::from(x) + 128) as usize]);
            }
            Raw::U8(v) => {
                let table = self.table.get_or_init(|| self.make_table(0, u8::MAX.into()));
                run!(v, |x| table[usize::from(x)]);
            }
            other => with_raw!(other, v => {
                match Sieve::of(self) {
                    Some(sieve) => sieve.run(&v[first..], self, out),
                    None => run!(v, |x| finite_f32(self.value(ToF64::to_f64(x)))),
                }
            }),
        }
    }

    fn make_table(&self, lo: i32, hi: i32) -> Vec<f32> {
        (lo..=hi).map(|raw| finite_f32(self.value(f64::from(raw)))).collect()
    }
}

/// What [`Packing::value`] asks of a raw number, without a way out before the end: loops over it run on vector units.
struct Sieve {
    /// NaN, which equals nothing, where there are fewer.
    markers: [f64; 4],
    raw: [f64; 2],
    value: [f64; 2],
}

impl Sieve {
    /// `None` where numbers change their sign or many mark missing values.
    fn of(packing: &Packing) -> Option<Self> {
        const ANY: [f64; 2] = [f64::NEG_INFINITY, f64::INFINITY];
        let mut markers = [f64::NAN; 4];
        if packing.turn.is_some() || packing.missing.len() > markers.len() {
            return None;
        }
        markers[..packing.missing.len()].copy_from_slice(&packing.missing);
        let value = packing.value_range.map_or(ANY, |[lo, hi]| [lo - 1e-9 * lo.abs(), hi + 1e-9 * hi.abs()]);
        Some(Self { markers, raw: packing.raw_range.unwrap_or(ANY), value })
    }

    fn run<T: ToF64>(&self, raw: &[T], packing: &Packing, out: &mut [f32]) {
        let (scale, offset) = (packing.scale, packing.offset);
        let single = |raw: f64| f64::from(raw as f32 * scale as f32);
        // One loop a kind of arithmetic, see `unpack`.
        match packing.single {
            (true, true) => self.lanes(raw, out, |raw| f64::from(single(raw) as f32 + offset as f32)),
            (true, false) => self.lanes(raw, out, |raw| single(raw) + offset),
            (false, true) => self.lanes(raw, out, |raw| f64::from((raw * scale) as f32 + offset as f32)),
            (false, false) => self.lanes(raw, out, |raw| raw * scale + offset),
        }
    }

    /// One loop for what most variables have, a marker or two and no range, and one for the others.
    #[inline(always)]
    fn lanes<T: ToF64>(&self, raw: &[T], out: &mut [f32], unpack: impl Fn(f64) -> f64) {
        let ([a, b, c, d], [raw_lo, raw_hi], [lo, hi]) = (self.markers, self.raw, self.value);
        let one = |x: f64, keep: bool| {
            let v = unpack(x) as f32;
            if keep & v.is_finite() { v } else { f32::NAN }
        };
        let unbounded =
            c.is_nan() && [raw_lo, lo].iter().all(|x| *x == f64::NEG_INFINITY) && raw_hi.min(hi) == f64::INFINITY;
        if unbounded {
            for (o, x) in out.iter_mut().zip(raw) {
                let x = x.to_f64();
                *o = one(x, (x != a) & (x != b));
            }
            return;
        }
        for (o, x) in out.iter_mut().zip(raw) {
            let x = x.to_f64();
            let v = unpack(x);
            let marked = (x == a) | (x == b) | (x == c) | (x == d);
            let within = (x >= raw_lo) & (x <= raw_hi) & (v >= lo) & (v <= hi);
            *o = one(x, within & !marked);
        }
    }
}

/// As f32; what is not finite is missing.
#[inline]
pub fn finite_f32(v: f64) -> f32 {
    let v = v as f32;
    if v.is_finite() { v } else { f32::NAN }
}

fn signedness(var: &Var, ty: NumType) -> Option<(f64, f64)> {
    let flag = var.text("_Unsigned")?.to_ascii_lowercase();
    match (ty, flag.as_str()) {
        (NumType::I8, "true") => Some((0.0, 256.0)),
        (NumType::I16, "true") => Some((0.0, 65_536.0)),
        (NumType::I32, "true") => Some((0.0, 4_294_967_296.0)),
        (NumType::U8, "false") => Some((128.0, -256.0)),
        (NumType::U16, "false") => Some((32_768.0, -65_536.0)),
        (NumType::U32, "false") => Some((2_147_483_648.0, -4_294_967_296.0)),
        _ => None,
    }
}

/// Whether product and sum of the scaling are formed in f32: numpy's promotion of the packed type and the attributes.
fn single_precision(var: &Var, ty: NumType) -> (bool, bool) {
    let short = matches!(ty, NumType::I8 | NumType::U8 | NumType::I16 | NumType::U16 | NumType::F32);
    let is_single = |name: &str| var.attr(name).and_then(Attr::num_type).is_none_or(|t| t == NumType::F32);
    let given = var.attr("scale_factor").is_some() || var.attr("add_offset").is_some();
    let product = given && short && is_single("scale_factor");
    (product, product && is_single("add_offset"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values in runs are those one by one, whatever the attributes.
    #[test]
    fn runs_equal_single_values() {
        let number = |x: f64, ty: NumType| Attr::Numbers(vec![x], ty);
        let attributes: &[&[(&str, Attr)]] = &[
            &[],
            &[("_FillValue", number(-3.0, NumType::I32)), ("scale_factor", number(1e-4, NumType::F64))],
            &[("scale_factor", number(0.01, NumType::F32)), ("add_offset", number(273.15, NumType::F32))],
            &[("scale_factor", number(0.01, NumType::F32)), ("add_offset", number(273.15, NumType::F64))],
            &[("valid_range", Attr::Numbers(vec![-7.0, 90.0], NumType::I32))],
            &[("valid_min", number(-0.02, NumType::F64)), ("scale_factor", number(0.01, NumType::F64))],
            &[("missing_value", Attr::Numbers(vec![1.0, 2.0, 5.0, 6.0, 7.0], NumType::F64))],
            &[("_Unsigned", Attr::Text("true".to_owned()))],
        ];
        let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 1e300, -32_767.0, 9.969_21e36];
        let numbers: Vec<f64> = odd.into_iter().chain((-1200..1200).map(|k| f64::from(k) / 8.0)).collect();
        let float: Vec<f32> = numbers.iter().map(|x| *x as f32).collect();
        let whole: Vec<i32> = numbers.iter().map(|x| *x as i32).collect();
        let raws = [
            Raw::F64(numbers.clone()),
            Raw::F32(float),
            Raw::U32(whole.iter().map(|x| *x as u32).collect()),
            Raw::I64(whole.iter().map(|x| i64::from(*x)).collect()),
            Raw::I16(whole.iter().map(|x| *x as i16).collect()),
            Raw::U8(whole.iter().map(|x| *x as u8).collect()),
            Raw::I32(whole),
        ];
        for raw in &raws {
            for attrs in attributes {
                let mut var = Var::new("a", Some(raw.num_type()), &[]);
                var.attrs = attrs.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
                var.nofill = attrs.len() == 1;
                let packing = Packing::of(&var).0;
                let mut run = vec![0.0f32; raw.len() - 5];
                packing.run_f32(raw, 5, &mut run);
                for (k, got) in run.iter().enumerate() {
                    let want = finite_f32(packing.at(raw, k + 5));
                    assert_eq!(got.to_bits(), want.to_bits(), "{:?} {attrs:?}: {}", raw.num_type(), raw.get(k + 5));
                }
            }
        }
    }
}
