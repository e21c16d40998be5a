"""What a plan needs to know of a file: how many rows, when and where; for some hundred stretches of it."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ._engine import ColocationError, __version__
from ._granule import NO_TIME, Array, Granule
from ._job import SideJob
from ._read import FAILURES, Source
from ._store import write_atomic

#: Stretches of one granule.
_STRETCHES = 256
#: Positions are taken in single precision: a box grows by this, in radii of the Earth (60 m).
_MARGIN = 1e-5
_VERSION = 1


@dataclass(frozen=True)
class Part:
    """A granule of a file, cut into stretches of lines."""

    #: Dimension of the lines, the number of lines and the rows in each.
    dim: str
    lines: int
    stride: int
    valid: int
    #: First line of each stretch, and the end.
    starts: Array
    #: First and last time (microseconds) and box of unit vectors (low, high) of each.
    times: Array
    boxes: Array

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.lines * self.stride


@dataclass(frozen=True)
class FileCard:
    """A file with its granules, or why it could not be read."""

    path: str
    size: int
    modified_us: int
    parts: tuple[Part, ...] = ()
    failed: str = ""

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(p.rows for p in self.parts)


def _part(granule: Granule, dims: tuple[tuple[str, int], ...]) -> Part:
    dim, lines = dims[0]
    stride = granule.rows // lines if lines else 0
    size = max(1, -(-lines // _STRETCHES), 64 // max(stride, 1))
    starts = np.arange(0, lines + size, size).clip(max=lines)
    starts = np.unique(starts) if lines else np.zeros(1, np.int64)
    times, boxes, valid = [], [], 0
    for a, b in itertools.pairwise(starts):
        rows = np.arange(a * stride, b * stride)
        lat, lon, time = granule.place(rows)
        good = (np.abs(lat) <= 90) & (np.abs(lon) <= 360) & (time != NO_TIME)
        valid += int(good.sum())
        if not good.any():
            times.append((1, 0))
            boxes.append(np.full((2, 3), np.nan))
            continue
        la, lo = np.radians(lat[good]).astype(np.float32), np.radians(lon[good]).astype(np.float32)
        flat = np.cos(la)
        unit = (flat * np.cos(lo), flat * np.sin(lo), np.sin(la))
        boxes.append(np.array([[u.min() - _MARGIN for u in unit], [u.max() + _MARGIN for u in unit]]))
        times.append((int(time[good].min()), int(time[good].max())))
    return Part(
        dim, lines, stride, valid, starts, np.asarray(times, np.int64).reshape(-1, 2), np.reshape(boxes, (-1, 2, 3))
    )


def outline(path: str, job: SideJob, cache: str | None = None) -> FileCard:
    """Reads positions and times of a file; remembered in the folder `cache` by the file's identity."""
    try:
        meta = os.stat(path)
    except OSError as e:
        return FileCard(path, 0, 0, failed=f"the file cannot be read: {(e.strerror or str(e)).lower()}")
    card = FileCard(path, meta.st_size, meta.st_mtime_ns // 1000)
    ask = json.dumps(
        [
            _VERSION,
            __version__,
            path,
            card.size,
            card.modified_us,
            job.fields,
            job.required,
            job.filter,
            job.platform,
            sorted(job.index.items()),
        ]
    )
    kept = Path(cache, hashlib.sha256(ask.encode()).hexdigest()[:32] + ".npz") if cache else None
    if kept is not None and (known := _remembered(kept)) is not None:
        return FileCard(path, card.size, card.modified_us, known)
    try:
        with Source(path, job) as source:
            source.check()
            side = source.places()
            parts = tuple(_part(p.granule, p.dims) for p in side.pieces)
    except ColocationError as e:
        return FileCard(path, card.size, card.modified_us, failed=str(e))
    except FAILURES as e:
        return FileCard(path, card.size, card.modified_us, failed=f"the file cannot be read: {_first_line(e)}")
    if kept is not None:
        _remember(kept, parts)
    return FileCard(path, card.size, card.modified_us, parts)


def outlines(calls: list[tuple[str, SideJob, str | None]]) -> list[FileCard]:
    """The outlines of several files."""
    return [outline(*c) for c in calls]


def _first_line(e: BaseException) -> str:
    return (str(e).strip().splitlines() or [type(e).__name__])[0][:200]


def _remembered(path: Path) -> tuple[Part, ...] | None:
    try:
        with np.load(path) as z:
            heads: list[Any] = json.loads(str(z["heads"]))
            return tuple(
                Part(str(d), int(n), int(m), int(v), z[f"starts{k}"], z[f"times{k}"], z[f"boxes{k}"])
                for k, (d, n, m, v) in enumerate(heads)
            )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError):
        # Damaged: read the file again.
        return None


def _remember(path: Path, parts: tuple[Part, ...]) -> None:
    arrays: dict[str, Any] = {"heads": json.dumps([[p.dim, p.lines, p.stride, p.valid] for p in parts])}
    for k, p in enumerate(parts):
        arrays |= {f"starts{k}": p.starts, f"times{k}": p.times, f"boxes{k}": p.boxes}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_atomic(path, buffer.getvalue())
