"""Values where nobody measured: between the cells of grids, and where tracks cross."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _engine
from ._colocate import Progress, _Reporter
from ._columns import Column, Table
from ._engine import ColocationError
from ._granule import NO_TIME, Array
from ._piece import Piece, every
from ._result import places_of, split_rows, values_of
from ._sides import Side, side
from ._units import Duration, Length, metres, microseconds

_METHODS = ("linear", "spline", "median")
#: No satellite above the Earth is faster below.
_STEP_M_S = 8000.0


def _numbers(piece: Piece, name: str) -> Array:
    values = every(piece, piece.vars[name])
    if values.dtype.kind not in "iufb":
        raise ColocationError(f'"{name}" has type {values.dtype}; only numbers can be interpolated')
    return np.ascontiguousarray(values, np.float64)


@dataclass(frozen=True, repr=False)
class Interpolated(Table):
    """Values of a grid at the rows of another side."""

    points: Side
    grid: Side
    max_gap_us: int
    values: dict[str, Array]
    #: Share of the weights of cells that had a value: 1 in the open, less at a coast, 0 without value.
    weight: dict[str, Array]

    def __len__(self) -> int:
        return self.points.rows

    def __repr__(self) -> str:
        return f"<seaglass.Interpolated: {', '.join(self.values)} at {len(self)} rows>"

    @property
    def hash(self) -> str:
        """Every row has its value: there are no pairs, and the hash is that of none."""
        return "0" * 16

    @property
    def provenance(self) -> dict[str, Any]:
        """What was done."""
        return {
            "engine": f"seaglass {_engine.__version__}",
            "method": "bilinear in space, linear in time",
            "max_gap_us": self.max_gap_us,
            "grid": [p.label for p in self.grid.pieces if p.label],
        }

    def columns(self) -> dict[str, Column]:
        """Every column of the table of results, by name."""
        out: dict[str, Column] = {}
        first = self.points.first_rows()
        rows = np.concatenate(
            [np.arange(n, n + p.granule.rows) for n, p in zip(first.tolist(), self.points.pieces, strict=True)]
        )
        places_of("p", self.points, rows, out)
        for name in self.points.variables:
            out[f"p_{name}"] = Column(values_of(self.points, name, rows), self.points.attrs(name))
        for name, values in self.values.items():
            out[f"s_{name}"] = Column(values, self.grid.attrs(name))
            label = {"long_name": f"share of the weights of cells with a value, for {name}", "units": "1"}
            out[f"s_{name}_weight"] = Column(self.weight[name], label)
        return out


def interpolate(points: Any, grid: Any, *, max_gap: Duration = "36 h") -> Interpolated:
    """Values of a grid at the places and times of other measurements.

    Bilinear in space and linear in time; cells without a value are left out and the weights of the others made to sum
    to one again, as the result says in ``s_<name>_weight``. Outside of the grid, and between two steps of it that are
    farther apart than `max_gap`, there is no value.

    Parameters
    ----------
    points
        Anything that :func:`colocate` takes.
    grid
        One grid: a data set with axes of latitude and longitude, and a time or an axis of times.
    max_gap
        Longest time between two steps that is bridged. A grid of one instant gives values within half of it.
    """
    p, g = side(points), side(grid)
    if len(g.pieces) != 1 or g.pieces[0].granule.kind != "grid":
        raise ColocationError(
            "only one grid with axes of its own can be interpolated; colocate finds the nearest of others"
        )
    piece, gap = g.pieces[0], microseconds(max_gap, "max_gap")
    values: dict[str, Array] = {}
    weight: dict[str, Array] = {}
    places = [q.granule.place(np.arange(q.granule.rows)) for q in p.pieces]
    lat, lon, time = (np.ascontiguousarray(np.concatenate([x[k] for x in places])) for k in range(3))
    for name in g.variables:
        if piece.vars[name].values().dtype.kind not in "iufb":
            continue
        values[name], weight[name] = _engine.interpolate(piece.granule, _numbers(piece, name), lat, lon, time, gap)
    if values and len(lat) and not any(w.any() for w in weight.values()):
        warnings.warn(_why_nothing(piece, time, gap), stacklevel=2)
    return Interpolated(p, g, gap, values, weight)


def _why_nothing(piece: Piece, time: Array, gap: int) -> str:
    """A sentence about points without a single value."""
    steps = np.sort(piece.granule.time_us[piece.granule.time_us != NO_TIME])
    known = time[time != NO_TIME]
    if not len(steps) or not len(known):
        return "no row has a value, as the points or the grid tell no time"
    iso = [str(np.datetime64(int(t), "us"))[:19] for t in (known.min(), known.max(), steps[0], steps[-1])]
    what = f"the points cover {iso[0]} to {iso[1]}, the grid has "
    if len(steps) == 1:
        what += f"one step, {iso[2]}, which stands for half of max_gap ({gap / 7.2e9:g} h) before and after it"
    else:
        what += f"steps from {iso[2]} to {iso[3]}, of which no two farther apart than {gap / 3.6e9:g} h are bridged"
    return f"no row has a value: {what}; or none lies among cells with a value"


@dataclass(frozen=True, repr=False)
class Crossovers(Table):
    """Crossings of tracks with the values of both there."""

    first: Side
    second: Side
    window_us: int
    max_gap_us: int
    max_step_m: float
    method: str
    half: int
    #: Rows before the crossing on both sides.
    i: Array
    j: Array
    #: Rows after it: the next of the granule, or the first of the granule in which the track goes on.
    i_next: Array
    j_next: Array
    lat: Array
    lon: Array
    #: How far the crossing lies from row i (j) to the next, 0 to 1.
    along_i: Array
    along_j: Array
    time_i_us: Array
    time_j_us: Array

    def __len__(self) -> int:
        return len(self.i)

    def __repr__(self) -> str:
        return f"<seaglass.Crossovers: {len(self)} crossings within {self.window_us / 8.64e10:g} d, hash {self.hash}>"

    @property
    def hash(self) -> str:
        """Hash of the pairs of rows before the crossings."""
        return f"{_engine.pairs_sum64(self.i, self.j):016x}"

    @property
    def provenance(self) -> dict[str, Any]:
        """What was done."""
        return {
            "engine": f"seaglass {_engine.__version__}",
            "window_us": self.window_us,
            "max_gap_us": self.max_gap_us,
            "max_step_m": self.max_step_m if np.isfinite(self.max_step_m) else None,
            "method": self.method,
            "half": self.half,
            "crossings": len(self),
            "pairs_sum64": self.hash,
        }

    def columns(self) -> dict[str, Column]:
        """Every column of the table of results, by name."""
        out = {
            "lat": Column(self.lat, {"standard_name": "latitude", "units": "degrees_north"}),
            "lon": Column(self.lon, {"standard_name": "longitude", "units": "degrees_east"}),
        }
        both = (
            ("p", self.first, self.i, self.i_next, self.time_i_us, self.along_i),
            ("s", self.second, self.j, self.j_next, self.time_j_us, self.along_j),
        )
        for prefix, own, rows, _after, times, _along in both:
            place: dict[str, Column] = {}
            places_of(prefix, own, rows, place)
            out |= {k: c for k, c in place.items() if k.endswith(("_granule", "_row"))}
            out[f"{prefix}_time"] = Column(times.view("datetime64[us]"), {"standard_name": "time"})
        dt = self.time_j_us - self.time_i_us
        out["dt_us"] = Column(dt, {"long_name": "time of the second minus time of the first", "units": "us"})
        for prefix, own, rows, after, times, along in both:
            for name in own.variables:
                values = self._carried(own, name, rows, after, times, along)
                if values is not None:
                    out[f"{prefix}_{name}"] = Column(values, own.attrs(name) | {"method": self.method})
        return out

    def _carried(
        self, own: Side, name: str, rows: Array, after: Array, times: Array, along: Array
    ) -> Array | None:
        out = np.full(len(rows), np.nan)
        method = {"kind": self.method} | ({} if self.method == "linear" else {"half": self.half})
        # Samples of a spline or a median lie farther away, one gap each.
        far = self.max_gap_us * (1 if self.method == "linear" else self.half)
        numbers: dict[int, Array] = {}

        def samples(g: int, within: Array) -> tuple[Any, Array, Array]:
            if g not in numbers:
                numbers[g] = _numbers(own.pieces[g], name)
            return own.pieces[g].granule, numbers[g], np.ascontiguousarray(within)

        every_row = np.arange(len(rows))
        for g, where, within in split_rows(own, rows):
            for h, again, following in split_rows(own, after[where]):
                here = every_row[where][again]
                pieces = own.pieces[g], own.pieces[h]
                if any(name not in p.vars for p in pieces):
                    continue
                if any(p.vars[name].values().dtype.kind not in "iufb" for p in pieces):
                    return None
                before, then = samples(g, within[again]), samples(h, following)
                at, share = np.ascontiguousarray(times[here]), np.ascontiguousarray(along[here])
                out[here] = _engine.between(before, then, at, share, json.dumps(method), far)
        return out


def crossovers(
    first: Any,
    second: Any = None,
    *,
    window: Duration = "10 d",
    max_gap: Duration = "5 s",
    max_step: Length | None = None,
    method: str = "linear",
    half: int = 3,
    threads: int | None = None,
    progress: Progress = None,
) -> Crossovers:
    """Where tracks cross, with the variables of both passes there.

    Parameters
    ----------
    first, second
        Tracks: rows in the order in which they were measured. Without a second side, the crossings of ascending with
        descending passes of the first. A track goes on from granule to granule, so that it may be cut into files
        anywhere.
    window
        Greatest time difference of the two passes.
    max_gap
        Samples farther apart in time than this are not connected; nothing is interpolated over a longer gap.
    max_step
        Samples farther apart than this are not connected, as one side may hold several tracks at a time; 8 km/s over
        `max_gap` when left out. With ``float("inf")`` time alone decides, and granules are not connected.
    method
        How variables come to the crossing: ``linear`` between the two samples around it, ``spline`` (natural cubic) or
        ``median`` of `half` samples on either side.
    half
        Samples on either side that a spline or a median takes.
    """
    if method not in _METHODS:
        raise ColocationError(f'method "{method}" is not known; choose {", ".join(_METHODS)}')
    if not isinstance(half, int) or not 1 <= half <= 100:
        raise ColocationError(f"half = {half!r} cannot work; give 1 to 100 samples on either side")
    a = _tracks(side(first))
    b = None if second is None else _tracks(side(second))
    spans = microseconds(window), microseconds(max_gap, "max_gap")
    step = _longest_step(max_step, spans[1])
    with _Reporter(progress) as report:
        found = _engine.crossovers(
            [p.granule for p in a.pieces],
            None if b is None else [p.granule for p in b.pieces],
            *spans,
            max_step_m=step,
            threads=threads or 0,
            progress=report,
        )
    return Crossovers(a, a if b is None else b, *spans, step, method, half, *found)


def _longest_step(max_step: Length | None, max_gap_us: int) -> float:
    if max_step is None:
        return _STEP_M_S * max_gap_us * 1e-6
    if isinstance(max_step, float) and max_step == float("inf"):
        return max_step
    return metres(max_step, "max_step")


def _tracks(s: Side) -> Side:
    for p in s.pieces:
        if p.granule.kind not in ("points", "track"):
            raise ColocationError(
                f"a {p.granule.kind} is no track; give one value per row, in the order of measurement"
            )
    return s
