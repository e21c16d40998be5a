"""The plan: time slabs of the side whose rows look for partners, each with the stretches of files that it needs."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ._engine import ColocationError, __version__
from ._granule import Array
from ._job import Job, SideJob
from ._outline import FileCard, Part
from ._spec import MEAN_RADIUS_M

#: Data a task reads about, when the job does not say.
_TASK_BYTES = 256e6
#: A slab is at least this many windows long, so that little is read twice.
_WINDOWS_PER_SLAB = 10
_MAX_TASKS = 200_000
_MINUTE = 60_000_000


@dataclass(frozen=True)
class Piece:
    """Lines of one granule of a file."""

    path: str
    #: Granule of the file, dimension of its lines.
    nth: int
    dim: str
    start: int
    stop: int
    stride: int
    #: Number of the granule's first row in its side.
    first_row: int
    #: Bytes of the file, in proportion to the lines.
    bytes: int = 0


@dataclass(frozen=True)
class Task:
    """One independent piece of work: a time slab of one side, with what lies around it of the other.

    A pair belongs to the task whose slab has the time of its reference row, so that every pair is found once, whatever
    the cut. Running a finished task again does nothing.
    """

    id: int
    #: First and last instant of the rows that are the task's own, microseconds.
    slab_us: tuple[int, int]
    #: What is read of the primary and of the secondary side.
    pieces: tuple[tuple[Piece, ...], tuple[Piece, ...]]
    job: Job
    #: Names the task and all it depends on.
    signature: str

    def __repr__(self) -> str:
        first, last = (str(np.datetime64(t, "us"))[:19] for t in self.slab_us)
        return f"<seaglass.dask.Task {self.id}: {first} to {last}, {sum(map(len, self.pieces))} stretches>"

    def __dask_tokenize__(self) -> str:
        return self.signature


class Plan(list[Task]):
    """The tasks of a job, and figures of them."""

    @property
    def bytes(self) -> int:
        """Bytes to read, those of the halos included; an upper bound, because not every variable is read."""
        return sum(p.bytes for t in self for side in t.pieces for p in side)

    @property
    def rows(self) -> tuple[int, int]:
        """Rows to read of the primary and the secondary side, those of the halos included."""
        both = [sum((p.stop - p.start) * p.stride for t in self for p in t.pieces[n]) for n in (0, 1)]
        return both[0], both[1]

    def __repr__(self) -> str:
        return f"<seaglass.dask.Plan: {len(self)} tasks, {self.bytes / 1e9:.3g} GB, {self.rows[0]} and {self.rows[1]} rows>"


class _Stretches:
    """All stretches of a side as arrays."""

    def __init__(self, cards: list[FileCard], job: SideJob) -> None:
        at: list[Array] = []
        times: list[Array] = []
        boxes: list[Array] = []
        #: File, number in it, outline and number of the first row of each granule.
        self.parts: list[tuple[int, int, Part, int]] = []
        first = 0
        for f, card in enumerate(cards):
            for n, part in enumerate(card.parts):
                at.append(
                    np.column_stack([np.full(len(part.times), len(self.parts)), part.starts[:-1], part.starts[1:]])
                )
                times.append(part.times)
                boxes.append(part.boxes)
                self.parts.append((f, n, part, first))
                first += part.rows
        self.at = np.concatenate(at) if at else np.zeros((0, 3), np.int64)
        self.times = np.concatenate(times) if times else np.zeros((0, 2), np.int64)
        self.boxes = np.concatenate(boxes) if boxes else np.zeros((0, 2, 3))
        keep = self.times[:, 0] <= self.times[:, 1]
        if job.time_us is not None:
            keep &= (self.times[:, 1] >= job.time_us[0]) & (self.times[:, 0] <= job.time_us[1])
        order = np.flatnonzero(keep)
        order = order[np.argsort(self.times[order, 0], kind="stable")]
        self.at, self.times, self.boxes = self.at[order], self.times[order], self.boxes[order]
        self.longest = int((self.times[:, 1] - self.times[:, 0]).max()) if len(order) else 0

    def between(self, first: int, last: int) -> Array:
        """Numbers of those with a time from first to last."""
        a = np.searchsorted(self.times[:, 0], first - self.longest)
        b = np.searchsorted(self.times[:, 0], last, side="right")
        some = np.arange(a, b)
        return np.asarray(some[self.times[some, 1] >= first])


def _no_row(spec: SideJob, files: list[FileCard]) -> str:
    """Why a side has no row."""
    times = [t for c in files for p in c.parts for t in p.times.tolist() if t[0] <= t[1]]
    if spec.time_us is None or not times:
        return "has no row with position and time"
    span = (min(t[0] for t in times), max(t[1] for t in times), *spec.time_us)
    a, b, c, d = (str(np.datetime64(t, "us"))[:19] for t in span)
    return f"covers {a} to {b}, and its time is limited to {c} to {d}; change time"


def tasks(job: Job, cards: tuple[list[FileCard], list[FileCard]]) -> Plan:
    """Cuts a job."""
    sides = [_Stretches(c, s) for c, s in zip(cards, job.sides, strict=True)]
    for side, spec, files in zip(sides, job.sides, cards, strict=True):
        if not len(side.at):
            failed = [c for c in files if c.failed]
            if len(failed) == len(files):
                raise ColocationError(
                    f'no file of the side "{spec.name}" can be used; the first is {failed[0].path}: {failed[0].failed}'
                )
            why = f"; {failed[0].path} is left out: {failed[0].failed}" if failed else ""
            raise ColocationError(f'the side "{spec.name}" {_no_row(spec, files)}{why}')
    own, other = sides[job.owner], sides[1 - job.owner]
    window = job.spec.window_us
    first = max(int(own.times[:, 0].min()), int(other.times[:, 0].min()) - window)
    last = min(int(own.times[:, 1].max()), int(other.times[:, 1].max()) + window)
    if first > last:
        raise ColocationError(_no_overlap(job, sides))
    slab = _slab(job, cards, last - first)
    reach = _reach(job.spec.radius_m)
    config, bare = _config(job), job.bare()
    out = Plan()
    for k in range(first // slab, last // slab + 1):
        span = (k * slab, (k + 1) * slab - 1)
        a = own.between(*span)
        b = other.between(span[0] - window, span[1] + window)
        a, b = _near(own.boxes, a, other.boxes, b, reach)
        if not len(a) or not len(b):
            continue
        found = [_pieces(own, a, cards[job.owner]), _pieces(other, b, cards[1 - job.owner])]
        if job.owner:
            found.reverse()
        signature = _signature(config, span, found, cards)
        out.append(Task(len(out), span, (found[0], found[1]), bare, signature))
    if not out:
        raise ColocationError(
            f"nothing overlaps: no granules of the sides lie within {job.source['radius']} and {job.source['window']}"
            " of each other"
        )
    return out


def _no_overlap(job: Job, sides: list[_Stretches]) -> str:
    def text(spec: SideJob, side: _Stretches) -> str:
        a, b = (str(np.datetime64(int(t), "us"))[:19] for t in (side.times[:, 0].min(), side.times[:, 1].max()))
        return f'"{spec.name}" covers {a} to {b}'

    both = " and ".join(text(*s) for s in zip(job.sides, sides, strict=True))
    return f"the sides do not overlap in time: {both}, and the window is {job.source['window']}"


def _slab(job: Job, cards: tuple[list[FileCard], list[FileCard]], span: int) -> int:
    least = max(span // _MAX_TASKS, 1_000_000)
    if job.slab_us is not None:
        return max(job.slab_us, least)
    size = sum(c.size for own in cards for c in own)
    parts = max(1, math.ceil(size / (job.memory / 2 if job.memory else _TASK_BYTES)))
    length = max(span // parts + 1, job.spec.window_us * _WINDOWS_PER_SLAB, least)
    return -(-length // _MINUTE) * _MINUTE


def _reach(radius_m: float) -> float:
    """Greatest chord between unit vectors of latitude and longitude that `radius_m` can span, on any metric."""
    # A degree of geodesic is at most 1 % shorter than on the sphere.
    return 2 * math.sin(min(radius_m * 1.01 / MEAN_RADIUS_M, math.pi) / 2) + 1e-6


def _near(own: Array, a: Array, other: Array, b: Array, reach: float) -> tuple[Array, Array]:
    """Those of both whose boxes are within reach of one of the others."""
    keep_a, keep_b = np.zeros(len(a), bool), np.zeros(len(b), bool)
    block = max(1, 4_000_000 // max(len(b), 1))
    for k in range(0, len(a), block):
        p, q = own[a[k : k + block], None], other[None, b]
        meet: Any = ((p[..., 0, :] - reach <= q[..., 1, :]) & (q[..., 0, :] <= p[..., 1, :] + reach)).all(-1)
        keep_a[k : k + block] |= meet.any(1)
        keep_b |= meet.any(0)
    return a[keep_a], b[keep_b]


def _pieces(side: _Stretches, chosen: Array, cards: list[FileCard]) -> tuple[Piece, ...]:
    """Stretches as ranges of lines; neighbours are joined."""
    out: list[Piece] = []
    rows = side.at[chosen]
    for n, start, stop in rows[np.lexsort((rows[:, 1], rows[:, 0]))].tolist():
        f, nth, part, first_row = side.parts[n]
        # Rows of a table are read at once and chosen by time; of swaths and grids small gaps are read along.
        gap = part.lines if part.stride == 1 else 2 * (stop - start)
        if out and out[-1].first_row == first_row and start - out[-1].stop <= gap:
            start = out.pop().start
        share = cards[f].size * (stop - start) * part.stride // max(cards[f].rows, 1)
        out.append(Piece(cards[f].path, nth, part.dim, start, stop, part.stride, first_row, share))
    return tuple(out)


def _config(job: Job) -> str:
    """Everything in a job that changes what a task finds."""
    sides = [{k: v for k, v in asdict(s).items() if k != "files"} for s in job.sides]
    return json.dumps([__version__, asdict(job.spec), sides, job.owner], sort_keys=True)


def _signature(
    config: str, span: tuple[int, int], pieces: list[Any], cards: tuple[list[FileCard], list[FileCard]]
) -> str:
    identity = {c.path: (c.size, c.modified_us) for own in cards for c in own}
    parts = [[asdict(p) | {"file": identity[p.path]} for p in side] for side in pieces]
    return hashlib.sha256(json.dumps([config, span, parts], sort_keys=True).encode()).hexdigest()
