"""Sides of a match-up: data sets turned into granules, with the variables that go along."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from . import _cf, _engine
from ._engine import ColocationError
from ._granule import NO_TIME, Array, Granule, times_us
from ._table import Table, Var, table

#: Rows that count: one truth value a row, or a function of the data set that gives them.
Where = Array | Callable[[Any], Any] | None


#: Attributes that say when a file begins and ends.
_SPANS = [("time_coverage_start", "time_coverage_end"), ("firstMeasurementTime", "lastMeasurementTime")]


@dataclass(frozen=True)
class Piece:
    """A granule and the variables that its rows have."""

    granule: Granule
    #: Dimensions of the rows with their lengths; a row number counts through them, the last one fastest.
    dims: tuple[tuple[str, int], ...]
    vars: dict[str, Var] = field(default_factory=dict)
    label: str = ""
    #: Dimensions that have one index for the whole piece (a step of a stack of swaths).
    fixed: dict[str, int] = field(default_factory=dict)
    #: Rows of the source that the granule has, when not all.
    picked: Array | None = None
    #: Rows of the file before the first of this piece, when it is a part of one.
    offset: int = 0
    #: Variables that go to the result.
    carried: tuple[str, ...] = ()

    def source_rows(self, rows: Array) -> Array:
        """Rows of the file."""
        return (rows if self.picked is None else self.picked[rows]) + self.offset

    def pick(self, chosen: Array) -> Piece:
        """Some rows of points or of a track, in their order."""
        g = self.granule
        fewer = replace(
            g,
            shape=(1, len(chosen), 1),
            lat=g.lat[chosen],
            lon=g.lon[chosen],
            time_us=g.time_us[chosen] if g.time_per == "row" else g.time_us,
            valid=None if g.valid is None else g.valid[chosen],
            platform=None if g.platform is None else g.platform[chosen],
        )
        return replace(self, granule=fewer, picked=chosen if self.picked is None else self.picked[chosen])

    def index(self, rows: Array) -> dict[str, Array]:
        """Index of rows along each dimension."""
        if self.picked is not None:
            rows = self.picked[rows]
        if len(self.dims) == 1:
            out = {self.dims[0][0]: rows}
        else:
            parts = np.unravel_index(rows, [n for _, n in self.dims])
            out = {d: np.asarray(p) for (d, _), p in zip(self.dims, parts)}
        out.update({d: np.full(len(rows), k) for d, k in self.fixed.items()})
        return out

    def take(self, name: str, rows: Array) -> Array:
        """Values of a variable in some rows."""
        return self.vars[name].at(self.index(rows))


@dataclass(frozen=True)
class Side:
    """One side of a match-up; :func:`side` makes it."""

    pieces: tuple[Piece, ...]
    #: Variables that go to the result.
    variables: tuple[str, ...]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(p.granule.rows for p in self.pieces)

    @property
    def has_lines(self) -> bool:
        """Whether a row is a line and a pixel."""
        return any(p.granule.kind in ("swath", "grid") for p in self.pieces)

    def first_rows(self) -> Array:
        """Number of the first row of each granule."""
        out, following = [], 0
        for p in self.pieces:
            first = p.granule.first_row if p.granule.first_row is not None else following
            out.append(first)
            following = first + p.granule.rows
        return np.asarray(out, np.int64)

    def attrs(self, name: str) -> dict[str, Any]:
        """What the source says about a variable."""
        keep = ("units", "standard_name", "long_name", "flag_values", "flag_meanings", "flag_masks")
        var = next((p.vars[name] for p in self.pieces if name in p.vars), None)
        return {} if var is None else {k: v for k, v in var.attrs.items() if k in keep}


def side(
    data: Any,
    *,
    lat: str | None = None,
    lon: str | None = None,
    time: str | np.datetime64 | None = None,
    variables: Sequence[str] | None = None,
    require: Sequence[str] | None = None,
    where: Where = None,
    filter: str | None = None,
    platform: str | None = None,
    kind: str | None = None,
) -> Side:
    """Says what a data set is where :func:`colocate` cannot see it for itself.

    Parameters
    ----------
    data
        An xarray Dataset (points, track, swath or grid), a pandas DataFrame, a pyarrow Table, a dictionary of arrays,
        or a list of these: granules of one side, whose rows are numbered on.
    lat, lon, time
        Names of the variables; found by standard_name, units, axis or usual names when left out.
        ``time`` may be an instant, for a data set that has one for all.
    variables
        Variables that go to the result; every one that has a value per row when left out.
    require
        Variables that must have a value for a row to count; those named in ``variables`` when left out.
    where
        Rows that count, as an array of truth values or a function of the data set that gives one.
    filter
        Rows that count, as an expression on variables: ``"quality_flag == 0 & bitand(flags, 0x6) == 0"``.
        Where a value is missing the row does not pass.
    platform
        Variable that says who measured; matters for duplicates only.
    kind
        ``points``, ``track``, ``swath`` or ``grid``, to decide what shapes leave open.
    """
    if isinstance(data, Side):
        if any(given is not None for given in (lat, lon, time, variables, require, where, filter, platform, kind)):
            raise ColocationError("a side that is made already cannot be said anew; make it from its data set")
        return data
    many = data if isinstance(data, (list, tuple)) else [data]
    if not many:
        raise ColocationError("a side without data sets cannot be matched; give one data set or more")
    pieces: list[Piece] = []
    names: list[str] = []
    for one in many:
        if isinstance(one, Side):
            pieces.extend(one.pieces)
            names.extend(n for n in one.variables if n not in names)
            continue
        made, own = _pieces(one, lat, lon, time, variables, require, where, filter, platform, kind)
        pieces.extend(made)
        names.extend(n for n in own if n not in names)
    return Side(tuple(pieces), tuple(names))


def _pieces(
    data: Any,
    lat: str | None,
    lon: str | None,
    time: str | np.datetime64 | None,
    variables: Sequence[str] | None,
    require: Sequence[str] | None,
    where: Where,
    filter: str | None,
    platform: str | None,
    kind: str | None,
) -> tuple[list[Piece], list[str]]:
    t = table(data)
    la, lo = _cf.find(t, "latitude", lat), _cf.find(t, "longitude", lon)
    ti = _time_var(t, time)
    if not t.named_dims:
        _guess_dims(t, la, lo, ti, kind)
    pieces = _shape(t, la, lo, ti, kind)
    names = _carried(t, pieces[0], {la.name, lo.name, ti.name}, variables)
    needed = list(require) if require is not None else list(variables or [])
    owner = _platform(t, pieces[0], platform)
    out = []
    for piece in pieces:
        valid = _valid(t, piece, needed, where, filter, data)
        granule = piece.granule
        if valid is not None:
            granule = replace(granule, valid=valid)
        if owner is not None and granule.kind in ("points", "track"):
            granule = replace(granule, platform=_codes(_all(piece, owner)))
        out.append(replace(piece, granule=granule, vars=t.vars, label=t.label, carried=tuple(names)))
    return out, names


def _time_var(t: Table, time: str | np.datetime64 | None) -> Var:
    if isinstance(time, np.datetime64):
        var = Var("time", (), np.asarray(time))
    else:
        try:
            var = _cf.find(t, "time", time)
        except ColocationError:
            middle = _middle(t) if time is None else None
            if middle is None:
                raise
            var = Var("time", (), middle)
    # GHRSST (GDS 2.1): `time` is the reference of the file, `sst_dtime` the seconds of each pixel after it.
    offset = t.vars.get("sst_dtime")
    if offset is not None and time is None and math.prod(var.shape) == 1:
        seconds = offset.values()
        if seconds.dtype.kind == "m":
            micros, missing = seconds.astype("timedelta64[us]").astype(np.int64), np.isnat(seconds)
        else:
            missing = ~np.isfinite(seconds.astype(np.float64))
            micros = np.rint(np.where(missing, 0, seconds) * 1e6).astype(np.int64)
        total = np.where(missing, NO_TIME, micros + var.times()[0]).view("datetime64[us]")
        keep = tuple(k for k, n in enumerate(total.shape) if n > 1 or offset.dims[k] not in var.dims)
        squeezed = total.reshape([total.shape[k] for k in keep])
        return Var(var.name, tuple(offset.dims[k] for k in keep), squeezed)
    return var


def _middle(t: Table) -> Array | None:
    """The middle of the span that a file says of itself, for files without times; a Sentinel-1 scene takes seconds."""
    for first, last in _SPANS:
        try:
            a, b = (np.datetime64(str(t.attrs[k]).strip().removesuffix("Z"), "us") for k in (first, last))
        except (KeyError, ValueError):
            continue
        return np.asarray(a + (b - a) // 2)
    return None


def _guess_dims(t: Table, la: Var, lo: Var, ti: Var, kind: str | None) -> None:
    """Dimensions of bare arrays, from their shapes."""
    ns, ms, ts = la.shape, lo.shape, ti.shape
    if len(ns) == 2:
        sizes = {"line": ns[0], "pixel": ns[1]}
    elif len(ns) == 1 and len(ms) == 1 and (kind == "grid" or ns != ms):
        sizes = {"time": ts[0], "lat": ns[0], "lon": ms[0]} if len(ts) == 1 else {"lat": ns[0], "lon": ms[0]}
        la.dims, lo.dims = ("lat",), ("lon",)
        if len(ts) == 1:
            ti.dims = ("time",)
    else:
        sizes = {"row": ns[0] if ns else 1}
    names = list(sizes)
    # Most dimensions first; of as many the rightmost, so that (lat, lon) comes before (time, lat), but lines before pixels.
    runs = [names[a:b] for a in range(len(names)) for b in range(a + 1, len(names) + 1)]
    runs.sort(key=lambda r: (-len(r), -names.index(r[0]) if len(r) > 1 else names.index(r[0])))
    for var in t.vars.values():
        if not var.dims and var.shape:
            fits = (r for r in runs if tuple(sizes[d] for d in r) == var.shape)
            var.dims = tuple(next(fits, ()))
    for var in (la, lo, ti):
        if var.shape and not var.dims:
            raise ColocationError(
                f"{var.name} has shape {var.shape} where positions have {tuple(sizes.values())};"
                " give one value per row, per line, or one for all"
            )


def _shape(t: Table, la: Var, lo: Var, ti: Var, kind: str | None) -> list[Piece]:
    """Granules by the shapes of positions and times."""
    (lat, lat_packing), (lon, lon_packing) = la.coordinate(), lo.coordinate()
    times = ti.times()
    # Dimensions of one instant say nothing.
    ti_dims = () if len(times) == 1 else ti.dims

    def granule(kind: str, shape: tuple[int, int, int], per: str, time: Array) -> Granule:
        return Granule(kind, shape, lat, lon, time, per, lat_packing, lon_packing)

    if la.dims != lo.dims:
        if len(la.dims) != 1 or len(lo.dims) != 1:
            raise ColocationError(
                f"{la.name} has dimensions {la.dims} and {lo.name} {lo.dims}; they must share them or be axes of a grid"
            )
        return [_grid(granule, la, lo, ti_dims, times)]
    sizes = dict(zip(la.dims, la.shape))
    if len(la.dims) == 2 and not _profiles(t, ti_dims, la):
        extra = [d for d in ti_dims if d not in la.dims]
        if extra:
            # Positions stay and time goes on: one granule a step.
            if len(ti_dims) != 1:
                raise ColocationError(f"{ti.name} has dimensions {ti_dims} where positions have {la.dims}")
            steps = [
                granule("swath", (1, la.shape[0], la.shape[1]), "one", times[k : k + 1]) for k in range(len(times))
            ]
            dims = tuple(zip(la.dims, la.shape))
            return [Piece(g, dims, fixed={extra[0]: k}) for k, g in enumerate(steps)]
        order = la.dims
        if ti_dims == la.dims[1:]:
            order = (la.dims[1], la.dims[0])
            lat, lon = (np.ascontiguousarray(v.reshape(la.shape).T).reshape(-1) for v in (lat, lon))
        if set(ti_dims) == set(order) and ti_dims != order:
            times = np.ascontiguousarray(times.reshape(ti.shape).T).reshape(-1)
        per = "one" if not ti_dims else "line" if len(ti_dims) == 1 else "row"
        shape = (1, sizes[order[0]], sizes[order[1]])
        return [Piece(granule("swath", shape, per, times), tuple((d, sizes[d]) for d in order))]
    return [_points(granule, la, ti, ti_dims, times, lat, lon, kind)]


def _profiles(t: Table, ti_dims: tuple[str, ...], la: Var) -> bool:
    """Two dimensions, but no swath: trajectories or stations beside each other (CF, chapter 9)."""
    feature = str(t.attrs.get("featureType", "")).lower()
    return feature in ("trajectory", "point", "timeseries", "profile") and set(ti_dims) <= set(la.dims)


def _grid(granule: Any, la: Var, lo: Var, ti_dims: tuple[str, ...], times: Array) -> Piece:
    rows, columns = la.shape[0], lo.shape[0]
    if not ti_dims:
        made = granule("grid", (1, rows, columns), "one", times)
        return Piece(made, ((la.dims[0], rows), (lo.dims[0], columns)))
    if len(ti_dims) == 1 and ti_dims[0] not in (la.dims[0], lo.dims[0]):
        made = granule("grid", (len(times), rows, columns), "line", times)
        return Piece(made, ((ti_dims[0], len(times)), (la.dims[0], rows), (lo.dims[0], columns)))
    if ti_dims == (la.dims[0], lo.dims[0]):
        made = granule("grid", (1, rows, columns), "row", times)
        return Piece(made, ((la.dims[0], rows), (lo.dims[0], columns)))
    raise ColocationError(f"times have dimensions {ti_dims} where the grid has {la.dims[0]} and {lo.dims[0]}")


def _points(
    granule: Any, la: Var, ti: Var, ti_dims: tuple[str, ...], times: Array, lat: Array, lon: Array, kind: str | None
) -> Piece:
    extra = [d for d in ti_dims if d not in la.dims]
    dims = (*la.dims, *extra)
    sizes = {**dict(zip(ti.dims, ti.shape)), **dict(zip(la.dims, la.shape))}
    shape = tuple(sizes[d] for d in dims)
    if extra:
        # Moorings: a place each, and times of their own dimension.
        at = np.indices(shape).reshape(len(dims), -1)
        own = np.ravel_multi_index(tuple(at[: len(la.dims)]), la.shape) if la.dims else np.zeros(at.shape[1], int)
        lat, lon = lat[own], lon[own]
    if ti_dims and ti_dims != dims:
        at = np.indices(shape).reshape(len(dims), -1)
        times = times[np.ravel_multi_index(tuple(at[dims.index(d)] for d in ti_dims), tuple(sizes[d] for d in ti_dims))]
    n = math.prod(shape)
    per = "row" if ti_dims else "one"
    made = granule(kind or "points", (1, n, 1), per, times)
    made = replace(made, lat=lat, lon=lon)
    if kind is None and per == "row" and _is_track(made):
        made = replace(made, kind="track")
    if kind in ("swath", "grid"):
        raise ColocationError(f"one value per row is no {kind}; a {kind} has positions in lines and pixels or two axes")
    return Piece(made, tuple(zip(dims, shape)) if dims else (("row", 1),))


def _is_track(g: Granule) -> bool:
    """Rows in the order of time, each near the one before: storage order is a good index. Only speed depends on it."""
    if len(g.time_us) < 2 or bool((g.time_us[1:] < g.time_us[:-1]).any()):
        return False
    starts = np.linspace(0, g.rows - 2, min(g.rows - 1, 500)).astype(np.int64)
    step = np.abs(g.place(starts)[0] - g.place(starts + 1)[0])
    return bool(np.nanmedian(step) < 1.0) if np.isfinite(step).any() else False


def _carried(t: Table, piece: Piece, taken: set[str], variables: Sequence[str] | None) -> list[str]:
    dims = {d for d, _ in piece.dims} | set(piece.fixed)

    def fits(var: Var) -> bool:
        further = [n for d, n in zip(var.dims, var.shape) if d not in dims]
        return bool(var.dims) and set(var.dims) & dims != set() and all(n == 1 for n in further)

    if variables is None:
        return [n for n, v in t.vars.items() if n not in taken and n not in dims and fits(v)]
    for name in variables:
        if name not in t.vars:
            raise ColocationError(f'there is no variable "{name}"; there are {_cf.listed(t.vars)}')
        var = t.vars[name]
        further = [d for d, n in zip(var.dims, var.shape) if d not in dims and n != 1]
        if further:
            raise ColocationError(
                f'"{name}" has the further dimension {further[0]}; choose one of its values, as in .isel({further[0]}=0)'
            )
        if not fits(var):
            raise ColocationError(f'"{name}" has no value per row (shape {var.shape}); leave it out')
    return list(variables)


def _all(piece: Piece, var: Var) -> Array:
    """A variable's values for every row of a piece."""
    values = var.values()
    order = {d: k for k, (d, _) in enumerate(piece.dims)}
    index = tuple(piece.fixed[d] if d in piece.fixed else slice(None) if d in order else 0 for d in var.dims)
    values = values[index]
    left = [d for d in var.dims if d in order]
    values = values.transpose(sorted(range(len(left)), key=lambda k: order[left[k]]))
    ordered = sorted(left, key=order.__getitem__)
    expand = tuple(slice(None) if d in ordered else None for d, _ in piece.dims)
    return np.broadcast_to(values[expand], [n for _, n in piece.dims]).reshape(-1)


def _passes(t: Table, piece: Piece, text: str) -> Array:
    """Which rows pass an expression."""
    names = _engine.filter_fields(text)
    if not names:
        raise ColocationError(f'filter "{text}" names no variable, so every row or none would pass')
    columns = []
    for name in names:
        short = name.rsplit("/", 1)[-1]
        if short not in t.vars:
            raise ColocationError(f'filter: there is no variable "{name}"; there are {_cf.listed(t.vars)}')
        values = _all(piece, t.vars[short])
        if values.dtype.kind in "mM":
            values = np.where(np.isnat(values), np.nan, values.astype(np.int64))
        columns.append(np.ascontiguousarray(values, np.float64))
    return _engine.filter_rows(text, columns)


def _valid(t: Table, piece: Piece, needed: Sequence[str], where: Where, filter: str | None, data: Any) -> Array | None:
    valid: Array | None = None
    for name in needed:
        if name not in t.vars:
            raise ColocationError(f'there is no variable "{name}"; there are {_cf.listed(t.vars)}')
        values = _all(piece, t.vars[name])
        has = (
            ~np.isnan(values) if values.dtype.kind == "f" else ~np.isnat(values) if values.dtype.kind in "mM" else None
        )
        if has is not None:
            valid = has if valid is None else valid & has
    if filter:
        passes = _passes(t, piece, filter)
        valid = passes if valid is None else valid & passes
    if where is not None:
        chosen = where(data) if callable(where) else where
        dims = tuple(map(str, getattr(chosen, "dims", ()))) or None
        mask = np.asarray(getattr(chosen, "values", chosen))
        if mask.dtype != bool:
            raise ColocationError(f"where has type {mask.dtype}; give truth values, as in where=ds.quality_flag == 0")
        if dims is not None:
            mask = _all(piece, Var("where", dims, mask))
        elif mask.size == piece.granule.rows:
            mask = mask.reshape(-1)
        else:
            raise ColocationError(f"where has {mask.size} values for {piece.granule.rows} rows; give one per row")
        valid = mask if valid is None else valid & mask
    return None if valid is None else np.ascontiguousarray(valid)


def _codes(values: Array) -> Array:
    """A number for each platform, the same in every granule and every task."""
    if values.dtype.kind in "iu" and values.dtype.itemsize <= 4:
        return np.ascontiguousarray(values.astype(np.int64).astype(np.int32))
    names, which = np.unique(values.astype(str), return_inverse=True)
    codes = np.asarray([zlib.crc32(n.encode()) for n in names], np.uint32).view(np.int32)
    return np.ascontiguousarray(codes[which.reshape(-1)])


def _platform(t: Table, piece: Piece, given: str | None) -> Var | None:
    if given is not None:
        return t.vars[_carried(t, piece, set(), [given])[0]]
    dims = {d for d, _ in piece.dims}
    roles = ("trajectory_id", "timeseries_id")
    found = [v for v in t.vars.values() if v.attrs.get("cf_role") in roles and v.dims and set(v.dims) <= dims]
    return found[0] if found else None


__all__ = ["Piece", "Side", "side", "times_us"]
