"""Sides of a match-up: data sets turned into granules, with the variables that go along."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from . import _cf, _engine
from ._engine import ColocationError
from ._granule import NO_TIME, Array, Granule
from ._piece import Piece, every
from ._shape import guess_dims, pieces_of, time_var
from ._table import Table, Var, table

#: Rows that count: one truth value a row, or a function of the data set that gives them.
Where = Array | Callable[[Any], Any] | None


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

    def left_out(self) -> tuple[int, int]:
        """Rows with position and time that do not count: without a required value, and refused."""
        known = [p.left_out for p in self.pieces if p.left_out is not None]
        no_value, filtered = (sum(int(np.count_nonzero(k == why)) for k in known) for why in (1, 2))
        return no_value, filtered

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
    ti = time_var(t, time)
    if not t.named_dims:
        guess_dims(t, la, lo, ti, kind)
    pieces = pieces_of(t, la, lo, ti, kind)
    names = _carried(t, pieces[0], {la.name, lo.name, ti.name}, variables)
    needed = list(require) if require is not None else list(variables or [])
    owner = _platform(t, pieces[0], platform)
    out = []
    for piece in pieces:
        has, passes = _valid(t, piece, needed, where, filter, data)
        granule = piece.granule
        valid = passes if has is None else has if passes is None else has & passes
        left_out = None
        if valid is not None:
            valid = np.ascontiguousarray(valid)
            granule = replace(granule, valid=valid)
            left_out = _left_out(granule, has, valid)
        if owner is not None and granule.kind in ("points", "track"):
            granule = replace(granule, platform=_codes(every(piece, owner)))
        out.append(
            replace(piece, granule=granule, vars=t.vars, label=t.label, carried=tuple(names), left_out=left_out)
        )
    return out, names


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
        values = every(piece, t.vars[short])
        if values.dtype.kind in "mM":
            values = np.where(np.isnat(values), np.nan, values.astype(np.int64))
        columns.append(np.ascontiguousarray(values, np.float64))
    return _engine.filter_rows(text, columns)


def _left_out(granule: Granule, has: Array | None, valid: Array) -> Array | None:
    """Why rows do not count that have a position and a time: 1 no value, 2 refused."""
    rows = np.flatnonzero(~valid)
    if not len(rows):
        return None
    lat, lon, time = granule.place(rows)
    rows = rows[(np.abs(lat) <= 90) & (np.abs(lon) <= 360) & (time != NO_TIME)]
    out = np.zeros(len(valid), np.uint8)
    out[rows] = 2 if has is None else np.where(has[rows], 2, 1)
    return out


def _valid(
    t: Table, piece: Piece, needed: Sequence[str], where: Where, filter: str | None, data: Any
) -> tuple[Array | None, Array | None]:
    """Rows with a value where one is required, and rows that are wanted; None where all are."""
    found: Array | None = None
    for name in needed:
        if name not in t.vars:
            raise ColocationError(f'there is no variable "{name}"; there are {_cf.listed(t.vars)}')
        values = every(piece, t.vars[name])
        has = (
            ~np.isnan(values) if values.dtype.kind == "f" else ~np.isnat(values) if values.dtype.kind in "mM" else None
        )
        if has is not None:
            found = has if found is None else found & has
    wanted = _passes(t, piece, filter) if filter else None
    if where is not None:
        chosen = where(data) if callable(where) else where
        dims = tuple(map(str, getattr(chosen, "dims", ()))) or None
        mask = np.asarray(getattr(chosen, "values", chosen))
        if mask.dtype != bool:
            raise ColocationError(f"where has type {mask.dtype}; give truth values, as in where=ds.quality_flag == 0")
        if dims is not None:
            mask = every(piece, Var("where", dims, mask))
        elif mask.size == piece.granule.rows:
            mask = mask.reshape(-1)
        else:
            raise ColocationError(f"where has {mask.size} values for {piece.granule.rows} rows; give one per row")
        wanted = mask if wanted is None else wanted & mask
    return found, wanted


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
