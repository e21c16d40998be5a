"""Several matches of a row made into one value, and the cells around a match."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _engine
from ._columns import Column, Table, labelled
from ._engine import ColocationError
from ._granule import Array
from ._result import Counts, Matches, places_of, values_of
from ._sides import Side
from ._spec import Statistic

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True, repr=False)
class Aggregates(Table):
    """One result for each row of the reference side that has a match."""

    matches: Matches
    statistic: Statistic
    #: Row of the reference side.
    rows: Array
    #: Matches with a value of the first variable (matches at all without variables).
    n: Array
    distance_min_m: Array
    dt_mean_us: Array
    n_effective: Array
    #: Values of the other side's variables.
    values: dict[str, Array]

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"<seaglass.Aggregates: {self.statistic.kind} of {len(self.matches)} pairs in {len(self)} rows, hash {self.hash}>"

    @property
    def counts(self) -> Counts:
        """What was read and found."""
        return self.matches.counts

    @property
    def hash(self) -> str:
        """Hash of the pairs behind the values."""
        return self.matches.hash

    @property
    def provenance(self) -> dict[str, Any]:
        """What was done, with what, and what came of it."""
        return self.matches.provenance | {"statistic": asdict(self.statistic), "rows": len(self)}

    def columns(self) -> dict[str, Column]:
        """Every column of the table of results, by name."""
        own, other, p, s = _sides(self.matches)
        out: dict[str, Column] = {}
        places_of(p, own, self.rows, out)
        for name in ("n", "distance_min_m", "dt_mean_us"):
            out[name] = labelled(name, getattr(self, name))
        if self.statistic.kind == "weighted":
            out["n_effective"] = labelled("n_effective", self.n_effective)
        for name in own.variables:
            out[f"{p}_{name}"] = Column(values_of(own, name, self.rows), own.attrs(name))
        for name, values in self.values.items():
            attrs = other.attrs(name) | {"statistic": self.statistic.kind}
            if self.statistic.kind == "count":
                attrs["units"] = "1"
            out[f"{s}_{name}"] = Column(values, attrs)
        return out


def _sides(m: Matches) -> tuple[Side, Side, str, str]:
    """The reference side and the other, with the prefixes of their columns."""
    if m.spec.reference == "secondary":
        return m.secondary, m.primary, "s", "p"
    return m.primary, m.secondary, "p", "s"


def aggregate(m: Matches, statistic: Statistic) -> Aggregates:
    """Makes the matches of each reference row into one value."""
    own, other, _, _ = _sides(m)
    rows, others = (m.i, m.j) if own is m.primary else (m.j, m.i)
    if m.spec.reference == "secondary":
        rows, others = m.j, m.i
    order = np.argsort(rows, kind="stable")
    rows, others, distance, dt = (np.ascontiguousarray(a[order]) for a in (rows, others, m.distance_m, m.dt_us))
    values: dict[str, Array] = {}
    first = None
    for name in other.variables:
        numbers = values_of(other, name, others)
        if numbers.dtype.kind not in "iufb":
            if statistic.kind != "count":
                continue
            numbers = np.ones(len(numbers))
        numbers = np.ascontiguousarray(numbers, np.float64)
        try:
            found = _engine.aggregate(
                rows, distance, dt, numbers, statistic.json(), angle=_is_angle(name, other.attrs(name))
            )
        except ColocationError as e:
            raise ColocationError(f"{name} cannot be made into one value: {e}") from e
        values[name] = found[1]
        first = found if first is None else first
    if first is None:
        first = _engine.aggregate(rows, distance, dt, np.ones(len(rows)), statistic.json())
    return Aggregates(m, statistic, first[0], first[2], first[4], first[5], first[6], values)


def _is_angle(name: str, attrs: dict[str, Any]) -> bool:
    degrees = str(attrs.get("units", "")).strip() in ("degree", "degrees", "deg", "degree_true", "degrees_true")
    return degrees and "direction" in str(attrs.get("standard_name", name)).lower()


def box(m: Matches, size: int) -> xarray.Dataset:
    """The cells around each match."""

    if not isinstance(size, int) or size < 1 or size % 2 == 0:
        raise ColocationError(f"a box of {size!r} cells has no middle; give 1, 3, 5 or another odd number")
    _, other, _, s = _sides(m)
    at = np.ascontiguousarray(m.j if m.spec.reference == "primary" else m.i)
    kinds = {p.granule.kind in ("swath", "grid") for p in other.pieces}
    if len(kinds) > 1:
        raise ColocationError("boxes around points and around pixels do not go into one table; match them apart")
    flat = kinds == {False}
    shape: tuple[int, ...] = (len(at), size) if flat else (len(at), size, size)
    dims: tuple[str, ...] = ("match", f"{s}_box_line") if flat else ("match", f"{s}_box_line", f"{s}_box_pixel")
    rows = _engine.around([p.granule for p in other.pieces], at, size // 2, size // 2)
    there = rows >= 0
    out = m.to_xarray()
    lat, lon = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    lat[there], lon[there] = places_of(s, other, rows[there], {})
    for name, values in ((f"{s}_box_lat", lat), (f"{s}_box_lon", lon)):
        out[name] = (dims, values.reshape(shape))
    for name in other.variables:
        numbers = values_of(other, name, rows[there])
        whole = numbers.dtype.kind in "iub"
        empty: Any = {"M": np.datetime64("NaT"), "m": np.timedelta64("NaT"), "f": np.nan}.get(
            numbers.dtype.kind, np.nan
        )
        cells = np.full(len(rows), empty, np.float64 if whole else numbers.dtype)
        cells[there] = numbers
        out[f"{s}_box_{name}"] = (dims, cells.reshape(shape), other.attrs(name))
    out.attrs["seaglass_box"] = json.dumps({"size": size})
    return out
