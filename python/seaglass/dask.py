"""Match-ups on a cluster: a job cut into independent tasks, run by any Dask, put together again.

::

    from dask.distributed import Client
    import seaglass.dask

    client = Client(...)                                   # LocalCluster, SLURM, Kubernetes, ...
    tasks = seaglass.dask.plan("job.toml", client)
    seaglass.dask.run(tasks, client)
    print(seaglass.dask.finalize("pairs.parquet").hash)

Jobs that say more than Python's own readers know (`product`, `part`, `box`, `interpolate`, `crossovers`, `pass`, three
sides) run in the program ``seaglass`` on the workers, cut into shards::

    outcome = seaglass.dask.shards("job.toml", client=client)

A task leaves one table by renaming, so it is finished or it is not; run again, it does nothing when it is finished.
Workers may be killed, tasks may run twice or in another order: the hash stays. All workers must see the same files.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import _finish, _job, _outline, _plan, _shards
from ._engine import ColocationError
from ._finish import Outcome
from ._outline import FileCard
from ._plan import Plan, Task
from ._store import write_atomic
from ._task import Manifest, run_task

__all__ = ["Manifest", "Outcome", "Plan", "Task", "finalize", "plan", "run", "run_task", "shards"]

_PLAN = "plan.json"
#: Most calls that read outlines.
_OUTLINE_CALLS = 5000


def plan(job: str | os.PathLike[str] | Mapping[str, Any], client: Any = None) -> Plan:
    """Cuts a job into tasks, from positions and times of its files alone.

    Parameters
    ----------
    job
        A job file (``job.toml``, as ``seaglass colocate`` reads it), or the same as a dictionary.
    client
        A client of ``dask.distributed`` whose workers read the outlines of the files; without one the default
        scheduler of Dask does. Outlines are kept beside the output and read once.
    """
    known = _job.load(job)
    known.inputs_stay()
    for _, path in known.outputs():
        if path.exists() and not known.overwrite:
            raise ColocationError(f"{path} is there already; remove it, or set overwrite = true in [output]")
    cache = str(known.folder / "outlines")
    bare = known.bare().sides
    calls = [(path, b, cache) for side, b in zip(known.sides, bare, strict=True) for path in side.files]
    # A scheduler holds ten thousand calls with ease, and an archive has millions of files.
    size = 1 + len(calls) // _OUTLINE_CALLS
    batches = [(calls[k : k + size],) for k in range(0, len(calls), size)]
    cards: list[FileCard] = [c for found in _map(_outline.outlines, batches, client, "outline", None) for c in found]
    n = len(known.sides[0].files)
    both = (cards[:n], cards[n:])
    tasks = _plan.tasks(known, both)
    _remember(known, tasks, both)
    return tasks


def run(
    tasks: Iterable[Task], client: Any = None, progress: Callable[[int, int], object] | None = None
) -> list[Manifest]:
    """Runs tasks, or some of them (``tasks[k::n]``); those that are finished already are left as they are.

    Parameters
    ----------
    tasks
        What :func:`plan` gave.
    client
        A client of ``dask.distributed``; without one the default scheduler of Dask is used.
    progress
        Called with the numbers of tasks done and of all.
    """
    return _map(run_task, [(t,) for t in tasks], client, "task", progress)


def finalize(out: str | os.PathLike[str] | Mapping[str, Any] | Sequence[Task]) -> Outcome:
    """Puts the results of all tasks together: the tables, the counts, the hash, and where everything comes from.

    Parameters
    ----------
    out
        The output of the job (``pairs.parquet``), the job file, the job as a dictionary, or the tasks.
    """
    if isinstance(out, Mapping):
        output = _job.load(out).output
    elif isinstance(out, (str, os.PathLike)):
        output = os.fspath(out)
        if output.endswith(".toml"):
            output = _job.load(output).output
    else:
        if not out:
            raise ColocationError("there is no task to put together; plan the job first")
        output = out[0].job.output
    path = Path(output + ".dask", _PLAN)
    try:
        record = json.loads(path.read_text())
    except (OSError, ValueError) as e:
        raise ColocationError(f"{output} has no plan beside it ({path}); plan the job first") from e
    return _finish.finish(_job.load(record["job"]), record)


def shards(
    job: str | os.PathLike[str],
    n: int | None = None,
    client: Any = None,
    *,
    program: str | os.PathLike[str] = "seaglass",
    threads: int = 1,
    progress: Callable[[int, int], object] | None = None,
) -> dict[str, Any]:
    """Runs a job file by the program on the workers: all that ``seaglass colocate`` does, on any Dask cluster.

    Shards that were interrupted do only what is missing when they run again.

    Parameters
    ----------
    job
        A job file on a file system that all workers see.
    n
        Number of shards; one for each task of the plan when absent, at most 1000.
    client
        A client of ``dask.distributed``; without one the default scheduler of Dask is used.
    program
        The program on the workers.
    threads
        Threads that join, and processes that read, of each shard.
    progress
        Called with the numbers of shards done and of all.

    Returns
    -------
    dict
        What ``seaglass colocate merge --json`` says: ``rows``, ``pairs``, ``pairs_sum64``, ``outputs``, ``failed``,
        ``complete``.
    """
    common = (os.fspath(program), os.path.abspath(job), threads)
    # Outlines are read once and kept, so that shards find them.
    planned = _map(_shards.call, [("plan", *common, None)], client, "plan", None)[0]
    n = min(int(planned["tasks"]), _shards.MOST) if n is None else n
    if n < 1:
        raise ColocationError(f"n = {n} asks for no shard; give 1 or more")
    _map(_shards.call, [("run", *common, f"{k}/{n}") for k in range(1, n + 1)], client, "shard", progress)
    merged: dict[str, Any] = _map(_shards.call, [("merge", *common, None)], client, "merge", None)[0]
    return merged


def _remember(job: _job.Job, tasks: list[Task], cards: tuple[list[FileCard], list[FileCard]]) -> None:
    source = json.loads(json.dumps(job.source, default=str))
    # Absolute, so that the plan is the same from everywhere.
    source["output"]["path"] = job.output
    for side in source["side"]:
        side["files"] = next(list(s.files) for s in job.sides if s.name == side["name"])
    used = {p.path for t in tasks for side in t.pieces for p in side}
    files, failed = [], []
    for own in cards:
        first, listed = 0, []
        for c in own:
            listed.append(
                {
                    "path": c.path,
                    "size": c.size,
                    "modified_us": c.modified_us,
                    "first_row": first,
                    "used": c.path in used,
                }
            )
            first += c.rows
            if c.failed:
                failed.append([c.path, c.failed])
        files.append(listed)
    record = {"job": source, "tasks": [t.signature for t in tasks], "files": files, "failed": failed}
    write_atomic(job.folder / _PLAN, json.dumps(record).encode())


def _map(
    function: Callable[..., Any],
    calls: list[tuple[Any, ...]],
    client: Any,
    what: str,
    progress: Callable[[int, int], object] | None,
) -> list[Any]:
    """Calls of a function on a cluster, in any order; what fails is said when everything else is done."""
    done: list[Any] = [None] * len(calls)
    failures: list[tuple[int, BaseException]] = []
    if client is None:
        client = _default_client()
    if client is None:
        from dask.base import compute
        from dask.delayed import delayed

        results = compute(*[delayed(_guarded, pure=False)(function, c) for c in calls])
        for k, (result, error) in enumerate(results):
            done[k] = result
            if error is not None:
                failures.append((k, error))
            if progress is not None:
                progress(k + 1, len(calls))
    else:
        from dask.distributed import as_completed

        futures = [
            client.submit(function, *c, pure=False, key=f"seaglass-{what}-{k}-{os.urandom(4).hex()}")
            for k, c in enumerate(calls)
        ]
        number = {f.key: k for k, f in enumerate(futures)}
        try:
            for n, future in enumerate(as_completed(futures), 1):
                error = future.exception()
                if error is None:
                    done[number[future.key]] = future.result()
                else:
                    failures.append((number[future.key], error))
                future.release()
                if progress is not None:
                    progress(n, len(calls))
        except BaseException:
            client.cancel(futures)
            raise
    if failures:
        failures.sort(key=lambda f: f[0])
        first = (str(failures[0][1]).strip().splitlines() or [type(failures[0][1]).__name__])[0]
        raise ColocationError(
            f"{len(failures)} of {len(calls)} {what}s failed, the others are finished; the first: {first}"
        ) from failures[0][1]
    return done


def _guarded(function: Callable[..., Any], call: tuple[Any, ...]) -> tuple[Any, BaseException | None]:
    try:
        return function(*call), None
    except Exception as e:  # noqa: BLE001  Whatever it is, the other tasks go on.
        return None, e


def _default_client() -> Any:
    try:
        from dask.distributed import default_client

        return default_client()
    except (ImportError, ValueError):
        return None
