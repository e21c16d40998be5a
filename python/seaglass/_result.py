"""Results: pairs, what was counted, and the tables of others made of them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _engine
from ._columns import Column, Table, labelled
from ._granule import Array
from ._sides import Side
from ._spec import Spec, Statistic
from ._units import ANY_TIME, Duration, Length

if TYPE_CHECKING:
    import xarray

    from ._aggregate import Aggregates


@dataclass(frozen=True)
class SideCounts:
    """What was read on one side."""

    #: Rows.
    rows: int
    #: Rows without a position on the Earth or without a time; they never match.
    invalid: int
    #: Rows that repeat an earlier one (points and tracks), at times at which the other side has rows.
    duplicates: int
    #: Rows without a value where one is required.
    no_value: int = 0
    #: Rows refused by `filter` or `where`.
    filtered: int = 0


@dataclass(frozen=True)
class Counts:
    """Counts of a match-up."""

    primary: SideCounts
    secondary: SideCounts
    #: Pairs kept.
    pairs: int
    #: Pairs within the limits, kept or not; None where they were not counted (``candidates=True`` counts them).
    candidates: int | None
    #: Pairs of rows whose distance was computed: what the search cost.
    tested: int

    @staticmethod
    def from_json(text: str, sides: tuple[Side, Side], candidates: int | None) -> Counts:
        """The engine's counts; it does not know why a row is not wanted."""
        raw = json.loads(text)
        counts = []
        for name, side in zip(("primary", "secondary"), sides, strict=True):
            rows, invalid, duplicates = (raw[name][k] for k in ("rows", "invalid", "duplicates"))
            no_value, filtered = side.left_out()
            counts.append(SideCounts(rows, invalid - no_value - filtered, duplicates, no_value, filtered))
        return Counts(counts[0], counts[1], pairs=raw["pairs"], candidates=candidates, tested=raw["tested"])


@dataclass(frozen=True, repr=False)
class Matches(Table):
    """Pairs of rows of two sides.

    Sorted by row of the reference side; within a row nearest first, or for the policy ``all`` by row of the other side.
    """

    primary: Side
    secondary: Side
    spec: Spec
    counts: Counts
    #: Row of the primary and of the secondary side, counted from 0 through all granules of a side.
    i: Array
    j: Array
    distance_m: Array
    #: Time of the secondary minus time of the primary, microseconds.
    dt_us: Array
    #: Rows within the limits, when they were counted.
    n_candidates: Array | None = None

    def __len__(self) -> int:
        return len(self.i)

    def __repr__(self) -> str:
        p, s = self.counts.primary, self.counts.secondary
        return (
            f"<seaglass.Matches: {len(self)} pairs, hash {self.hash}\n"
            f"  primary   {_said(p)}\n"
            f"  secondary {_said(s)}\n"
            f"  {self.spec.policy} within {self.spec.radius_m:g} m and {_window(self.spec.window_us)}>"
        )

    @property
    def pairs(self) -> Array:
        """Row numbers, one pair a line: primary, secondary."""
        return np.column_stack([self.i, self.j])

    @property
    def dt(self) -> Array:
        """Time of the secondary minus time of the primary, as timedelta64."""
        return self.dt_us.view("timedelta64[us]")

    @property
    def hash(self) -> str:
        """Hash of the set of pairs, 16 digits: the same in any order and for any cut of the work into parts."""
        return f"{_engine.pairs_sum64(np.ascontiguousarray(self.i), np.ascontiguousarray(self.j)):016x}"

    def select(self, chosen: Array) -> Matches:
        """The pairs for which `chosen` is true, or the pairs of these numbers."""
        n = None if self.n_candidates is None else self.n_candidates[chosen]
        i, j, d, dt = (a[chosen] for a in (self.i, self.j, self.distance_m, self.dt_us))
        return Matches(self.primary, self.secondary, self.spec, self.counts, i, j, d, dt, n)

    @property
    def provenance(self) -> dict[str, Any]:
        """What was done, with what, and what came of it."""
        return {
            "engine": f"seaglass {_engine.__version__}",
            "configuration": asdict(self.spec),
            "primary": [p.label for p in self.primary.pieces if p.label],
            "secondary": [p.label for p in self.secondary.pieces if p.label],
            "counts": asdict(self.counts),
            "pairs": len(self),
            "pairs_sum64": self.hash,
        }

    def rank(self) -> Array:
        """Place of each pair among those of its reference row; 1 is the nearest."""
        row = self.i if self.spec.reference == "primary" else self.j
        key = self.distance_m
        if self.spec.engine_policy != "all" and self.spec.by != "distance":
            # Already in the order of the policy.
            key = np.arange(len(self), dtype=np.float64)
        order = np.lexsort((key, row))
        starts = np.r_[True, row[order][1:] != row[order][:-1]] if len(row) else np.zeros(0, bool)
        at = np.arange(len(row))
        out = np.empty(len(row), np.uint16)
        out[order] = np.minimum(at - np.maximum.accumulate(np.where(starts, at, 0)) + 1, 65535)
        return out

    def aggregate(
        self,
        statistic: str = "mean",
        *,
        sd: Length | None = None,
        sd_time: Duration = None,
        power: float | None = None,
    ) -> Aggregates:
        """All matches of each reference row made into one value of every variable.

        Parameters
        ----------
        statistic
            ``mean``, ``median``, ``std``, ``min``, ``max``, ``count`` or ``weighted``.
            Directions (degrees, by their standard_name) are averaged round the circle.
        sd, sd_time
            Standard deviations of Gaussian weights by distance and by time difference.
        power
            Weights fall with this power of the distance instead (not further below 100 m).
        """
        from . import _aggregate

        return _aggregate.aggregate(self, Statistic.make(statistic, sd, sd_time, power))

    def box(self, size: int = 3) -> xarray.Dataset:
        """The cells around each match on the other side, as they are: `size` x `size` pixels, or `size` samples.

        Cells that were not wanted as matches are there as well; cells beyond the edge are missing.
        """
        from . import _aggregate

        return _aggregate.box(self, size)

    def columns(self) -> dict[str, Column]:
        """Every column of the table of results, by name."""
        out: dict[str, Column] = {}
        places = {}
        for prefix, side, rows in (("p", self.primary, self.i), ("s", self.secondary, self.j)):
            places[prefix] = places_of(prefix, side, rows, out)
        p, s = places["p"], places["s"]
        bearing = _engine.geodesics(p[0], p[1], s[0], s[1], self.spec.metric_json())[1]
        links = {"distance_m": self.distance_m, "bearing_deg": bearing, "dt_us": self.dt_us, "rank": self.rank()}
        if self.n_candidates is not None:
            links["n_candidates"] = self.n_candidates
        for name, values in links.items():
            out[name] = labelled(name, values)
        for prefix, side, rows in (("p", self.primary, self.i), ("s", self.secondary, self.j)):
            for name in side.variables:
                out[f"{prefix}_{name}"] = Column(values_of(side, name, rows), side.attrs(name))
        return out


def _said(c: SideCounts) -> str:
    return (
        f"{c.rows} rows, {c.invalid} invalid, {c.no_value} without value, {c.filtered} filtered, "
        f"{c.duplicates} duplicate"
    )


def _window(us: int) -> str:
    return "any time" if us == ANY_TIME else f"{us / 1e6:g} s"


def split_rows(side: Side, rows: Array) -> list[tuple[int, Any, Array]]:
    """Granule number, which results, and their rows in that granule."""
    first = side.first_rows()
    if len(first) == 1:
        return [(0, slice(None), rows - first[0])]
    granule = np.searchsorted(first, rows, side="right") - 1
    order = np.argsort(granule, kind="stable")
    numbers, starts = np.unique(granule[order], return_index=True)
    parts = np.split(order, starts[1:])
    return [(int(g), where, rows[where] - first[g]) for g, where in zip(numbers, parts)]


def places_of(prefix: str, side: Side, rows: Array, out: dict[str, Column]) -> tuple[Array, Array]:
    n = len(rows)
    lat, lon, time = np.empty(n), np.empty(n), np.empty(n, np.int64)
    within, granule = np.empty(n, np.int64), np.empty(n, np.int32)
    line, pixel = np.zeros(n, np.int32), np.zeros(n, np.int32)
    for g, where, own in split_rows(side, rows):
        made = side.pieces[g].granule
        lat[where], lon[where], time[where] = made.place(own)
        source = side.pieces[g].source_rows(own)
        within[where], granule[where] = source, g
        if made.kind in ("swath", "grid"):
            line[where], pixel[where] = source // made.shape[2], source % made.shape[2]
    if len(side.pieces) > 1:
        out[f"{prefix}_granule"] = Column(granule, {"long_name": "number of the granule"})
    out[f"{prefix}_row"] = Column(within, {"long_name": "row in the granule"})
    if side.has_lines:
        out[f"{prefix}_line"] = Column(line, {"long_name": "line in the granule"})
        out[f"{prefix}_pixel"] = Column(pixel, {"long_name": "pixel in the line"})
    out[f"{prefix}_time"] = Column(time.view("datetime64[us]"), {"standard_name": "time"})
    out[f"{prefix}_lat"] = Column(lat, {"standard_name": "latitude", "units": "degrees_north"})
    out[f"{prefix}_lon"] = Column(lon, {"standard_name": "longitude", "units": "degrees_east"})
    return lat, lon


def values_of(side: Side, name: str, rows: Array) -> Array:
    """Values of a variable; where a granule has none, missing."""
    parts = [
        (where, side.pieces[g].take(name, own))
        for g, where, own in split_rows(side, rows)
        if name in side.pieces[g].vars
    ]
    if len(parts) == 1 and isinstance(parts[0][0], slice):
        return parts[0][1]
    covered = sum(len(v) for _, v in parts)
    kind = np.result_type(*[v.dtype for _, v in parts]) if parts else np.dtype(np.float64)
    if covered < len(rows) and kind.kind in "iub":
        kind = np.dtype(np.float64)
    empty: Any = {"f": np.nan, "M": np.datetime64("NaT"), "m": np.timedelta64("NaT")}.get(kind.kind, 0)
    out = np.full(len(rows), empty, kind)
    for where, values in parts:
        out[where] = values
    return out
