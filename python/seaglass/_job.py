"""Job files, as ``seaglass colocate`` reads them (`docs/colocation.md` explains every key)."""

from __future__ import annotations

import glob
import importlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from . import _engine, _spec
from ._engine import ColocationError
from ._units import microseconds

_KEYS = {
    "": "title primary radius window metric policy reference duplicates partial side output run",
    "policy": "kind by k size sd sd_time power time max_gap method half",
    "side": "name files product part fields require filter masks index platform time pass",
    "output": "path formats overwrite form names",
    "run": "threads memory slab checksum cache",
}
_SUFFIXES = {".parquet": "parquet", ".geoparquet": "parquet", ".pq": "parquet", ".nc": "netcdf", ".nc4": "netcdf"}
_SUFFIXES |= {".csv": "csv"}
EXTENSIONS = {"parquet": ".parquet", "netcdf": ".nc", "csv": ".csv"}
#: Keys of the policies below; other policies take no notice of these two, and are refused with the others.
_OTHERS = ("size", "time")
#: Policies of which only the program knows how they are cut into tasks.
_BY_PROGRAM = ("box", "interpolate", "crossovers")
_SHARDS = "run it by seaglass.dask.shards, which calls the program `seaglass` on the workers"
_SIZES = {"MB": 1e6, "GB": 1e9, "TB": 1e12, "MiB": 1 << 20, "GiB": 1 << 30}


@dataclass(frozen=True)
class SideJob:
    """One side: where its files are and what is taken from them."""

    name: str
    files: tuple[str, ...]
    fields: tuple[str, ...] = ()
    require: tuple[str, ...] | None = None
    filter: str | None = None
    index: dict[str, int] = field(default_factory=dict)
    platform: str | None = None
    #: First and last instant, microseconds.
    time_us: tuple[int, int] | None = None

    @property
    def required(self) -> tuple[str, ...]:
        """Fields that must have a value."""
        return self.fields if self.require is None else self.require


@dataclass(frozen=True)
class Job:
    """A job of two sides, the primary one first."""

    spec: _spec.Spec
    sides: tuple[SideJob, SideJob]
    output: str
    formats: tuple[str, ...]
    overwrite: bool = False
    slab_us: int | None = None
    memory: float | None = None
    threads: int = 1
    checksum: bool = False
    title: str = ""
    #: The job as it was given.
    source: dict[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where tasks leave what they have finished."""
        return Path(self.output + ".dask")

    @property
    def owner(self) -> int:
        """The side whose rows look for partners: 0 for the primary."""
        return int(self.spec.reference == "secondary")

    def bare(self) -> Job:
        """The same without lists of files, which every task would carry."""
        return replace(self, sides=(replace(self.sides[0], files=()), replace(self.sides[1], files=())), source={})

    def inputs_stay(self) -> None:
        """Refuses results in the place of an input, whatever may be replaced."""
        places = [p for _, p in self.outputs()] + [Path(self.output + ".json")]
        for path in (p for p in places if p.exists()):
            for side in self.sides:
                if any(os.path.exists(f) and os.path.samefile(f, path) for f in side.files):
                    raise ColocationError(
                        f'{path} is a file of the side "{side.name}", which would be lost; name another output'
                    )

    def outputs(self) -> list[tuple[str, Path]]:
        """Formats and files of the results."""
        path = Path(self.output)
        return [(f, path if k == 0 else path.with_suffix(EXTENSIONS[f])) for k, f in enumerate(self.formats)]


def load(job: str | os.PathLike[str] | Mapping[str, Any]) -> Job:
    """A job from a file or from the same as a dictionary. Relative paths are seen from the file's folder."""
    if isinstance(job, Mapping):
        return _job(dict(job), Path.cwd())
    path = Path(job)
    name = "tomllib" if sys.version_info >= (3, 11) else "tomli"
    try:
        tomllib = importlib.import_module(name)
    except ImportError as e:
        raise ColocationError(
            f"job files need the package {name} on this Python; install it, or give the job as a dictionary"
        ) from e
    try:
        with path.open("rb") as f:
            raw = tomllib.load(f)
    except OSError as e:
        raise ColocationError(f"the job file {path} cannot be read: {(e.strerror or str(e)).lower()}") from e
    except tomllib.TOMLDecodeError as e:
        raise ColocationError(f"the job file {path} is not understood: {e}") from e
    return _job(raw, path.absolute().parent)


def _known(table: Mapping[str, Any], name: str) -> None:
    known = _KEYS[name].split()
    unknown = sorted(set(table) - set(known))
    if unknown:
        where = f"[{name}]" if name else "the job"
        raise ColocationError(f'{where} has no key "{unknown[0]}"; there are {", ".join(known)}')


def _job(raw: dict[str, Any], base: Path) -> Job:
    _known(raw, "")
    kind = dict(raw.get("policy", {})).get("kind")
    if kind in _BY_PROGRAM:
        raise ColocationError(f'the policy "{kind}" needs the program; {_SHARDS}')
    for key in ("radius", "window", "side", "output"):
        if key not in raw:
            raise ColocationError(f'the job has no "{key}"; every job needs radius, window, two sides and an output')
    policy, output, run = dict(raw.get("policy", {})), dict(raw["output"]), dict(raw.get("run", {}))
    for table, name in ((policy, "policy"), (output, "output"), (run, "run")):
        _known(table, name)
    for key in ("max_gap", "method", "half"):
        if key in policy:
            raise ColocationError(f"policy.{key} goes with the policy crossovers; leave it out")
    sides = [_side(dict(s), base) for s in raw["side"]]
    if len(sides) != 2:
        raise ColocationError(f"the job has {len(sides)} sides, and tasks in Python have two; {_SHARDS}")
    if sides[0].name == sides[1].name:
        raise ColocationError(f'every side needs a name of its own; "{sides[0].name}" occurs twice')
    names = [s.name for s in sides]
    primary = raw.get("primary", names[0])
    if primary not in names:
        raise ColocationError(f'there is no side "{primary}" to be primary; the sides are {", ".join(names)}')
    if primary != names[0]:
        sides.reverse()
    spec = _spec.make(
        raw["radius"],
        raw["window"],
        {k: v for k, v in policy.items() if k not in _OTHERS} or "nearest",
        metric=raw.get("metric", "wgs84"),
        reference=raw.get("reference", "primary"),
        duplicates=raw.get("duplicates", "first"),
    )
    if "path" not in output:
        raise ColocationError('[output] has no "path"; name the file of the results')
    path = base / output["path"]
    formats = [{"nc": "netcdf"}.get(f, f) for f in output.get("formats", [])] or [_SUFFIXES.get(path.suffix, "")]
    for f in formats:
        if f not in EXTENSIONS:
            raise ColocationError(f"{path.name}: results are written as .parquet, .nc or .csv; choose one of these")
    for key, plain in (("form", "flat"), ("names", "sides")):
        if output.get(key, plain) != plain:
            raise ColocationError(f'{key} = "{output[key]}" of [output] is written by the program only; {_SHARDS}')
    slab = microseconds(run["slab"], "run.slab") if "slab" in run else None
    if slab == 0:
        raise ColocationError("run.slab must be longer than nothing")
    return Job(
        spec,
        (sides[0], sides[1]),
        str(path),
        tuple(formats),
        bool(output.get("overwrite", False)),
        slab,
        _size(run["memory"]) if "memory" in run else None,
        int(run.get("threads", 1)) or 1,
        run.get("checksum", "none") == "sha256",
        str(raw.get("title", "")),
        raw,
    )


def _size(text: str) -> float:
    number = "".join(c for c in str(text) if c in "0123456789.")
    unit = str(text).removeprefix(number).strip()
    try:
        return float(number) * _SIZES[unit]
    except (ValueError, KeyError) as e:
        raise ColocationError(f'run.memory "{text}" is no size; write it as 512 MB or 2 GB') from e


def _side(raw: dict[str, Any], base: Path) -> SideJob:
    _known(raw, "side")
    name = raw.get("name", "")
    if not name or not raw.get("files"):
        raise ColocationError(f'the side "{name}" needs a name and files')
    for key in ("product", "part", "pass"):
        if raw.get(key) is not None:
            raise ColocationError(f'the side "{name}" says {key}, which only the program knows; {_SHARDS}')
    time = raw.get("time")
    if raw.get("filter"):
        try:
            _engine.filter_fields(raw["filter"])
        except ColocationError as e:
            raise ColocationError(f'the side "{name}": {e}') from e
    return SideJob(
        name,
        tuple(_files(name, [base / f for f in raw["files"]])),
        tuple(raw.get("fields", ())),
        None if raw.get("require") is None else tuple(raw["require"]),
        raw.get("filter"),
        {k: int(v) for k, v in raw.get("index", {}).items()},
        raw.get("platform"),
        None if time is None else _span(name, time),
    )


def _span(name: str, time: Any) -> tuple[int, int]:
    try:
        first, last = (np.datetime64(str(t).strip().removesuffix("Z"), "us").astype(np.int64) for t in time)
    except ValueError as e:
        raise ColocationError(f'the side "{name}": {e}; write times as 2024-06-01T12:00:00') from e
    # A date alone means the whole day.
    day = 86_399_999_999 if len(str(time[1]).strip()) == 10 else 0
    if first > last + day:
        raise ColocationError(f'the side "{name}" ends before it begins ({time[0]}, {time[1]})')
    return int(first), int(last) + day


def _files(side: str, patterns: list[Path]) -> list[str]:
    """Files, folders and globs in their order; what a folder or a glob gives is sorted by path."""
    out: list[str] = []
    missing: list[str] = []
    for p in patterns:
        text = os.path.normpath(p)
        if os.path.isdir(text) and not text.endswith(".zarr"):
            found = sorted(os.path.join(d, f) for d, _, names in os.walk(text) for f in names if not f.startswith("."))
        elif os.path.exists(text):
            found = [text]
        elif any(c in text for c in "*?["):
            found = sorted(glob.glob(text, recursive=True))
        else:
            # Named like one that cannot be read; the others go on.
            missing.append(text)
            found = [text]
        out.extend(f for f in found if f not in out)
    if missing and len(missing) == len(out):
        raise ColocationError(f'the side "{side}": the file {missing[0]} does not exist')
    if not out:
        raise ColocationError(f'the side "{side}" is empty: {", ".join(map(str, patterns))} gives no file')
    return out
