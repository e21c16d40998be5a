"""One task: read, match, write, all of it again or not at all."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from . import _engine
from ._aggregate import aggregate
from ._colocate import match
from ._columns import Column, arrow_table
from ._engine import ColocationError
from ._granule import NO_TIME, Array
from ._job import Job
from ._outline import _first_line
from ._piece import Piece as Loaded
from ._plan import Piece, Task
from ._read import FAILURES, Source
from ._sides import Side
from ._store import write_atomic, write_with


@dataclass(frozen=True)
class Manifest:
    """What came of a task. It is written last: a task is finished when its manifest is there."""

    id: int
    signature: str
    rows: int
    #: Pairs behind the rows.
    pairs: int
    #: Hash of the pairs; hashes of tasks add up.
    sum64: str
    #: Rows read, invalid, without value, filtered and duplicate on each side, halo included.
    counts: dict[str, Any]
    seconds: float
    #: Files that could not be read, with the reason; a task with such runs again.
    failed: list[list[str]] = field(default_factory=list)


def table_path(job: Job, signature: str) -> Path:
    """Where a task leaves its table."""
    return job.folder / "tasks" / f"{signature[:32]}.parquet"


def manifest(job: Job, signature: str) -> Manifest | None:
    """The manifest of a finished task, if it is finished."""
    try:
        raw = json.loads(table_path(job, signature).with_suffix(".json").read_text())
        found = Manifest(**raw)
    except (OSError, ValueError, TypeError):
        return None
    return found if found.signature == signature and table_path(job, signature).exists() else None


def run_task(task: Task) -> Manifest:
    """Does a task and leaves its table and its manifest; a task that is finished is left as it is."""
    known = manifest(task.job, task.signature)
    if known is not None and not known.failed:
        return known
    began = time.perf_counter()
    failed: list[list[str]] = []
    loaded = [_load(task, n, failed) for n in (0, 1)]
    p, s = (_side(task.job, n, pieces) for n, pieces in enumerate(loaded))
    spec = task.job.spec
    # One to one is one decision about all pairs: here they are only found.
    asked = replace(spec, policy="all") if spec.policy == "mutual" else spec
    found = match(p, s, asked, threads=task.job.threads)
    numbers = [_numbers(pieces, rows) for pieces, rows in zip(loaded, (found.i, found.j), strict=True)]
    sum64 = _engine.pairs_sum64(numbers[0], numbers[1])
    table = table_path(task.job, task.signature)
    if spec.statistic is None:
        columns, rows = _columns([*numbers], found.columns(), [found.i, found.j], loaded), len(found)
    else:
        made = aggregate(found, spec.statistic)
        both = [made.rows, made.rows]
        own = [_numbers(pieces, made.rows) if n == task.job.owner else None for n, pieces in enumerate(loaded)]
        columns, rows = _columns(own, made.columns(), both, loaded), len(made)
    write_with(table, lambda name: _write(name, columns))
    counts = {k: v for k, v in asdict(found.counts).items() if k in ("primary", "secondary")}
    done = Manifest(
        task.id,
        task.signature,
        rows,
        len(found),
        f"{sum64:016x}",
        counts,
        round(time.perf_counter() - began, 3),
        failed,
    )
    write_atomic(table.with_suffix(".json"), json.dumps(asdict(done)).encode())
    return done


#: A stretch of the plan with what was read of it.
_Pieces = list[tuple[Piece, Loaded]]


def _load(task: Task, n: int, failed: list[list[str]]) -> _Pieces:
    """The stretches of one side; a file that cannot be read is left out and said so."""
    job = task.job.sides[n]
    own = n == task.job.owner
    window = task.job.spec.window_us
    first, last = task.slab_us if own else (task.slab_us[0] - window, task.slab_us[1] + window)
    if job.time_us is not None:
        first, last = max(first, job.time_us[0]), min(last, job.time_us[1])
    by_file: dict[str, list[Piece]] = defaultdict(list)
    for piece in task.pieces[n]:
        by_file[piece.path].append(piece)
    out: _Pieces = []
    for path, pieces in by_file.items():
        try:
            with Source(path, job) as source:
                read = []
                for piece in pieces:
                    one = source.side(piece.dim, piece.start, piece.stop).pieces[piece.nth]
                    kept = _within(one, first, last)
                    if kept is not None:
                        # Values are taken when the file is closed again.
                        read.append((piece, _detached(replace(kept, offset=piece.start * piece.stride, label=path))))
            out.extend(read)
        except ColocationError as e:
            failed.append([path, str(e)])
        except FAILURES as e:
            failed.append([path, f"the file cannot be read: {_first_line(e)}"])
    return out


def _within(piece: Loaded, first: int, last: int) -> Loaded | None:
    """The rows of a time span: points are taken out, of swaths and grids the others are masked."""
    g = piece.granule
    inside = (g.time_us >= first) & (g.time_us <= last) & (g.time_us != NO_TIME)
    if not inside.any():
        return None
    if inside.all():
        return piece
    if g.kind in ("points", "track"):
        return piece.pick(np.flatnonzero(inside))
    _, lines, columns = g.shape
    mask = np.repeat(inside, lines * columns if g.kind == "grid" else columns) if g.time_per == "line" else inside
    left_out = None if piece.left_out is None else np.where(mask, piece.left_out, 0).astype(np.uint8)
    return replace(piece, granule=replace(g, valid=mask if g.valid is None else g.valid & mask), left_out=left_out)


def _detached(piece: Loaded) -> Loaded:
    """With the carried variables in memory, so that the file can be closed."""
    kept = {}
    for name, var in piece.vars.items():
        if name in piece.carried:
            kept[name] = replace(var, data=var.values(), lazy=False, _values=None)
    return replace(piece, vars=kept)


def _side(job: Job, n: int, pieces: _Pieces) -> Side:
    names = tuple(dict.fromkeys(f.rsplit("/", 1)[-1] for f in job.sides[n].fields))
    return Side(tuple(one for _, one in pieces), names)


def _numbers(pieces: _Pieces, rows: Array) -> Array:
    """Numbers of rows in the whole side."""
    out = np.empty(len(rows), np.int64)
    first = 0
    for piece, one in pieces:
        here = (rows >= first) & (rows < first + one.granule.rows)
        out[here] = one.source_rows(rows[here] - first) + piece.first_row
        first += one.granule.rows
    return out


def _columns(
    numbers: list[Array | None], made: dict[str, Column], rows: list[Array], loaded: list[_Pieces]
) -> dict[str, Column]:
    """The columns of results, with names of files in place of numbers, and the numbers of rows in their sides."""
    out: dict[str, Column] = {}
    for prefix, number in zip("ps", numbers, strict=True):
        if number is not None:
            out[f"{prefix}_number"] = Column(number, {})
    for name, column in made.items():
        if name[2:] == "granule":
            continue
        if name[2:] == "row":
            side = "ps".index(name[0])
            first = np.cumsum([0] + [one.granule.rows for _, one in loaded[side]])
            which = np.searchsorted(first, rows[side], side="right") - 1
            files = np.array(
                [Path(p.path).name + (f"#{p.nth}" if p.nth else "") for p, _ in loaded[side]], dtype=object
            )
            names = files[which] if len(which) else np.zeros(0, dtype=object)
            out[f"{name[0]}_granule"] = Column(names, {"long_name": "file"})
        if name == "n" or name[1:] in ("_row", "_line", "_pixel"):
            column = Column(column.values.astype(np.uint32), column.attrs)
        out[name] = column
    return out


def _write(name: str, columns: dict[str, Column]) -> None:
    import pyarrow.parquet as pq

    pq.write_table(arrow_table(columns, {}), name, compression="zstd")
