"""Granules by the shapes of positions and times."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from . import _cf
from ._engine import ColocationError
from ._granule import NO_TIME, Array, Granule
from ._piece import Piece
from ._table import Table, Var

#: Attributes that say when a file begins and ends.
_SPANS = [("time_coverage_start", "time_coverage_end"), ("firstMeasurementTime", "lastMeasurementTime")]


def time_var(t: Table, time: str | np.datetime64 | None) -> Var:
    """The times: a variable, an instant for all, or what the file says of its span."""
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


def guess_dims(t: Table, la: Var, lo: Var, ti: Var, kind: str | None) -> None:
    """Dimensions of bare arrays, from their shapes.

    Arrays of one dimension are a list of points, one value of each array a point. Positions are the axes of a grid only
    where that is said (`kind`), or where times or another array have the shape (latitudes, longitudes).
    """
    ns, ms, ts = la.shape, lo.shape, ti.shape
    if len(ns) == 2:
        sizes = {"line": ns[0], "pixel": ns[1]}
    elif len(ns) == 1 and len(ms) == 1 and (kind == "grid" or (ns != ms and _has_cells(t, la, lo, ns[0], ms[0]))):
        sizes = {"time": ts[0], "lat": ns[0], "lon": ms[0]} if len(ts) == 1 else {"lat": ns[0], "lon": ms[0]}
        la.dims, lo.dims = ("lat",), ("lon",)
        if len(ts) == 1:
            ti.dims = ("time",)
    else:
        sizes = {"row": ns[0] if ns else 1}
        _same_lengths(t, la, lo, ti)
    names = list(sizes)
    # Most dimensions first; of as many the rightmost, so that (lat, lon) comes before (time, lat), but lines before pixels.
    runs = [names[a:b] for a in range(len(names)) for b in range(a + 1, len(names) + 1)]
    runs.sort(key=lambda r: (-len(r), -names.index(r[0]) if len(r) > 1 else names.index(r[0])))
    for var in t.vars.values():
        if not var.dims and var.shape:
            fits = (r for r in runs if tuple(sizes[d] for d in r) == var.shape)
            var.dims = tuple(next(fits, ()))
    for var in t.vars.values():
        if var.shape and not var.dims and not any(var is v for v in (la, lo, ti)):
            raise ColocationError(
                f'"{var.name}" has shape {var.shape} where positions have {tuple(sizes.values())}; leave it out,'
                ' give it one value per row, or say kind="grid" if positions are axes'
            )
    for var in (la, lo, ti):
        if var.shape and not var.dims and not _for_all(var, ti):
            raise ColocationError(
                f"{var.name} has shape {var.shape} where positions have {tuple(sizes.values())};"
                " give one value per row, per line, or one for all"
            )


def _has_cells(t: Table, la: Var, lo: Var, rows: int, columns: int) -> bool:
    """Whether some array has a value for each pair of a latitude and a longitude."""
    return any(v is not la and v is not lo and v.shape[-2:] == (rows, columns) for v in t.vars.values())


def _same_lengths(t: Table, la: Var, lo: Var, ti: Var) -> None:
    """Refuses lists of unequal lengths, which would lose values or be taken for the axes of a grid."""
    n = la.shape[0] if la.shape else 1
    others = [v for v in (lo, ti, *t.vars.values()) if v is not la]
    # One time may be that of all.
    unequal = {v.name: v.shape[0] for v in others if len(v.shape) == 1 and v.shape != (n,) and not _for_all(v, ti)}
    if len(la.shape) != len(lo.shape):
        unequal[lo.name] = lo.shape[0] if lo.shape else 1
    if unequal:
        lengths = ", ".join(f"{name} {length}" for name, length in unequal.items())
        raise ColocationError(
            f"arrays of points have unequal lengths ({la.name} {n}, {lengths}); give one value per row,"
            ' or say kind="grid" for the axes of a grid'
        )


def _for_all(var: Var, ti: Var) -> bool:
    """Whether it is the one time of all rows."""
    return var is ti and math.prod(var.shape) == 1


def pieces_of(t: Table, la: Var, lo: Var, ti: Var, kind: str | None) -> list[Piece]:
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
