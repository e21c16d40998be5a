"""More than two data sets: each matched to one primary side, then joined by its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _engine
from ._colocate import match
from ._columns import Column, Table, labelled
from ._engine import ColocationError
from ._granule import Array
from ._result import Matches, places_of, values_of
from ._sides import Side, side
from ._spec import PAIRS, Metric, Policy, make
from ._units import Duration, Length


@dataclass(frozen=True, repr=False)
class Chain(Table):
    """Rows of the primary side with their partners in several others."""

    primary: Side
    #: The matches with each of the others, by name.
    matches: dict[str, Matches]
    #: Row of the primary side of each result.
    rows: Array
    #: For each of the others, the number of the match in its `matches`; -1 where there is none.
    links: dict[str, Array]

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"<seaglass.Chain: {len(self)} rows with {', '.join(self.matches)}>"

    def kept(self) -> dict[str, Matches]:
        """Of the matches with each of the others those that stand in a row of the result, each once."""
        return {k: m.select(np.unique(self.links[k][self.links[k] >= 0])) for k, m in self.matches.items()}

    @property
    def hash(self) -> str:
        """Hash of the pairs that stand in a row of the result, of all sides together: that of ``seaglass colocate``."""
        return f"{sum(int(m.hash, 16) for m in self.kept().values()) % 2**64:016x}"

    @property
    def provenance(self) -> dict[str, Any]:
        """What was done."""
        return {
            "rows": len(self),
            "pairs": sum(len(m) for m in self.kept().values()),
            "pairs_sum64": self.hash,
            "sides": {k: m.provenance for k, m in self.matches.items()},
        }

    def columns(self) -> dict[str, Column]:
        """Every column of the table of results: p_… and, for each of the others, its name in front."""
        out: dict[str, Column] = {}
        p_lat, p_lon = places_of("p", self.primary, self.rows, out)
        for name in self.primary.variables:
            out[f"p_{name}"] = Column(values_of(self.primary, name, self.rows), self.primary.attrs(name))
        for key, m in self.matches.items():
            link = self.links[key]
            some = link >= 0
            rows = m.j[link[some]]
            place: dict[str, Column] = {}
            lat, lon = places_of(key, m.secondary, rows, place)
            for k, c in place.items():
                out[k] = Column(_spread(c.values, some), c.attrs)
            bearing = _engine.geodesics(p_lat[some], p_lon[some], lat, lon, m.spec.metric_json())[1]
            links = {"distance_m": m.distance_m[link[some]], "bearing_deg": bearing, "dt_us": m.dt_us[link[some]]}
            for k, v in links.items():
                column = labelled(k, v)
                out[f"{key}_{k}"] = Column(_spread(v, some), column.attrs)
            for name in m.secondary.variables:
                attrs = m.secondary.attrs(name)
                out[f"{key}_{name}"] = Column(_spread(values_of(m.secondary, name, rows), some), attrs)
        return out


def _spread(values: Array, some: Array) -> Array:
    """Values where there is a match, missing elsewhere; whole numbers become real ones only where that is so."""
    if some.all():
        return values
    empty: Any = {"M": np.datetime64("NaT"), "m": np.timedelta64("NaT"), "O": None, "U": ""}.get(
        values.dtype.kind, np.nan
    )
    kind = values.dtype if values.dtype.kind in "MmfOU" else np.dtype(np.float64)
    out = np.full(len(some), empty, kind)
    out[some] = values
    return out


def chain(
    primary: Any,
    others: Mapping[str, Any],
    *,
    radius: Length,
    window: Duration,
    policy: Policy = "nearest",
    by: str = "distance",
    k: int = 1,
    metric: Metric = "wgs84",
    duplicates: str = "first",
    partial: bool = False,
    threads: int | None = None,
) -> Chain:
    """Matches several data sets to one, as triple collocation needs them.

    Parameters
    ----------
    primary
        The side whose rows the others are matched to.
    others
        Data sets by name; the names stand before their columns.
    partial
        Keep primary rows that have a match with some of the others only.
    radius, window, policy, by, k, metric, duplicates, threads
        As for :func:`colocate`. Of several matches of a row every combination is given.
    """
    if not others:
        raise ColocationError("a chain needs other sides; give them by name, as {'buoy': buoys, 'model': grid}")
    for name in others:
        if not str(name).isidentifier() or name == "p":
            raise ColocationError(
                f'"{name}" cannot stand before the names of columns; use letters and digits, and not p'
            )
    spec = make(radius, window, policy, by, k, metric, "primary", duplicates)
    if spec.policy not in PAIRS:
        raise ColocationError(f'policy "{spec.policy}" makes one value of many; a chain needs {", ".join(PAIRS)}')
    p = side(primary)
    found = {str(name): match(p, side(data), spec, threads) for name, data in others.items()}
    wanted = [np.unique(m.i) for m in found.values()]
    rows = wanted[0]
    for w in wanted[1:]:
        rows = np.union1d(rows, w) if partial else np.intersect1d(rows, w, assume_unique=True)
    links: dict[str, Array] = {}
    for name, m in found.items():
        order = np.argsort(m.i, kind="stable")
        sorted_rows = m.i[order]
        first = np.searchsorted(sorted_rows, rows)
        count = np.searchsorted(sorted_rows, rows, side="right") - first
        times = np.maximum(count, 1)
        # Each result so far is repeated for every match with this side.
        which = np.repeat(np.arange(len(rows)), times)
        nth = np.arange(len(which)) - np.repeat(np.cumsum(times) - times, times)
        at = first[which] + nth
        has = count[which] > 0
        links = {key: link[which] for key, link in links.items()}
        link = np.full(len(which), -1, np.int64)
        link[has] = order[at[has]]
        links[name], rows = link, rows[which]
    return Chain(p, found, rows, links)
