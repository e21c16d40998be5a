"""The one function that most people need."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypedDict, overload

import numpy as np

from . import _engine
from ._aggregate import Aggregates, aggregate
from ._result import Counts, Matches
from ._sides import Side, side
from ._spec import Metric, Policy, Spec, make
from ._units import Duration, Length

if TYPE_CHECKING:
    # In `typing` from 3.11 on; only who checks types needs it.
    from typing_extensions import Unpack

#: True for a bar of tqdm, or a function of (done, total, pairs).
Progress = bool | Callable[[int, int, int], object] | None


class _Common(TypedDict, total=False):
    """Keywords that every policy takes."""

    metric: Metric
    reference: str
    duplicates: str
    threads: int | None
    progress: Progress


class _Pairs(_Common, total=False):
    """Keywords of the policies that give pairs."""

    by: str
    k: int
    candidates: bool


class _Weights(_Common, total=False):
    """Keywords of the policies that make one value of many."""

    sd: Length | None
    sd_time: Duration
    power: float | None


class _Any(_Pairs, _Weights, total=False):
    """Where the policy is not known before."""


_PairPolicy = Literal["all", "nearest", "mutual"]
_ValuePolicy = Literal["mean", "median", "std", "min", "max", "count", "weighted"]


# fmt: off
@overload
def colocate(
    primary: Any, secondary: Any, *, radius: Length, window: Duration, policy: _PairPolicy = ..., **more: Unpack[_Pairs]
) -> Matches: ...
@overload
def colocate(
    primary: Any, secondary: Any, *, radius: Length, window: Duration, policy: _ValuePolicy, **more: Unpack[_Weights]
) -> Aggregates: ...
@overload
def colocate(
    primary: Any, secondary: Any, *, radius: Length, window: Duration, policy: Policy, **more: Unpack[_Any]
) -> Matches | Aggregates: ...
# fmt: on
def colocate(
    primary: Any,
    secondary: Any,
    *,
    radius: Length,
    window: Duration,
    policy: Policy = "nearest",
    by: str = "distance",
    k: int = 1,
    sd: Length | None = None,
    sd_time: Duration = None,
    power: float | None = None,
    metric: Metric = "wgs84",
    reference: str = "primary",
    duplicates: str = "first",
    candidates: bool = False,
    threads: int | None = None,
    progress: Progress = None,
) -> Matches | Aggregates:
    """Finds the rows of two data sets that lie within `radius` and `window` of each other.

    Limits are inclusive, distances are geodesics on WGS84, and the pairs, their order and every number are the same for
    any number of threads. Rows without a position or a time never match and are counted. Python is free to do other
    things meanwhile; Ctrl-C stops the search.

    Parameters
    ----------
    primary, secondary
        An xarray Dataset (points, track, swath, grid), a pandas DataFrame, a pyarrow Table, a dictionary of arrays, a
        list of these (granules of one side), or what :func:`seaglass.side` makes of one. Longitudes may be
        -180..180 or 0..360, rows in any order.
    radius
        Greatest distance: ``"25 km"``, or metres as a number.
    window
        Greatest time difference: ``"1 h"``, a timedelta of Python, pandas or numpy; None for any.
    policy
        ``nearest`` (the `k` nearest of each row of the reference side), ``all``, or ``mutual`` (one to one);
        or what is made of all matches of a row: ``mean``, ``median``, ``std``, ``min``, ``max``, ``count``,
        ``weighted`` (see :meth:`Matches.aggregate` for `sd`, `sd_time` and `power`).
    by
        What is near: ``distance``, ``time``, or ``combined``, which is sqrt((d/radius)^2 + (dt/window)^2).
        Ties go to the smallest row, those of time to the least distance first.
    metric
        ``wgs84``, ``sphere`` (6 371 008.7714 m), or the radius of a sphere in metres.
    reference
        Whose rows look for partners, ``primary`` or ``secondary``.
    duplicates
        Rows of points and tracks that repeat an earlier one (same time, position and platform): ``first`` leaves them
        out and counts them, ``keep``, or ``error``.
    candidates
        With ``nearest``, count all rows within the limits.
    threads
        Threads to use; every core when left out.
    progress
        A function called with blocks done, blocks in all and pairs so far; True shows a bar of tqdm.

    Examples
    --------
    >>> import numpy as np, seaglass
    >>> t = np.array(["2024-06-01T00:00", "2024-06-01T00:10"], "datetime64[us]")
    >>> track = {"lat": [10.0, 10.1], "lon": [179.99, 180.02], "time": t, "ssh": [0.1, 0.2]}
    >>> buoy = {"lat": [10.05], "lon": [-179.99], "time": t[:1]}
    >>> found = seaglass.colocate(track, buoy, radius="25 km", window="1 h")
    >>> found.pairs.tolist()
    [[0, 0], [1, 0]]
    """
    spec = make(radius, window, policy, by, k, metric, reference, duplicates, candidates, sd, sd_time, power)
    found = match(side(primary), side(secondary), spec, threads, progress)
    return found if spec.statistic is None else aggregate(found, spec.statistic)


def match(p: Side, s: Side, spec: Spec, threads: int | None = None, progress: Progress = None) -> Matches:
    """The same with everything prepared."""
    if threads is not None and (not isinstance(threads, int) or threads < 1):
        raise _engine.ColocationError(f"threads = {threads!r} cannot work; give 1 or more, or None for every core")
    with _Reporter(progress) as report:
        i, j, distance, dt, n, counts = _engine.join(
            [q.granule for q in p.pieces],
            [q.granule for q in s.pieces],
            spec.json(),
            threads=threads or 0,
            progress=report,
        )
    counted = n if len(n) == len(i) and len(n) else None
    if counted is None and spec.engine_policy == "all":
        row = i if spec.reference == "primary" else j
        _, inverse, sizes = np.unique(row, return_inverse=True, return_counts=True)
        counted = sizes[inverse.reshape(-1)].astype(np.uint32)
    within = None
    if counted is not None and spec.policy != "mutual":
        # Every pair of a row says how many that row has.
        _, first = np.unique(i if spec.reference == "primary" else j, return_index=True)
        within = int(counted[first].sum(dtype=np.int64))
    elif spec.policy != "mutual" and not len(i):
        within = 0
    return Matches(p, s, spec, Counts.from_json(counts, (p, s), within), i, j, distance, dt, counted)


class _Reporter:
    """Progress as people asked for it."""

    def __init__(self, progress: Progress) -> None:
        self.bar: Any = None
        self.call: Callable[[int, int, int], object] | None = progress if callable(progress) else None
        if progress is True:
            try:
                from tqdm.auto import tqdm
            except ImportError as e:
                raise _engine.ColocationError(
                    "progress=True needs the package tqdm; install it or give a function"
                ) from e
            self.bar = tqdm(total=0, unit="block")

    def __enter__(self) -> Callable[[int, int, int], object] | None:
        return self._bar if self.bar is not None else self.call

    def _bar(self, done: int, total: int, pairs: int) -> None:
        self.bar.total = total
        self.bar.set_postfix(pairs=pairs, refresh=False)
        self.bar.update(done - self.bar.n)

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()
