"""Tables of tasks put together: checked, in order, numbered, written, with where they come from."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import _engine
from ._colocate import match
from ._columns import Column
from ._engine import ColocationError
from ._granule import Array, Granule
from ._job import Job
from ._piece import Piece
from ._sides import Side
from ._store import write_atomic, write_with
from ._task import Manifest, manifest, table_path

_ROW_GROUP = 128 * 1024


@dataclass(frozen=True)
class Outcome:
    """Results of a job."""

    #: Files written, the first of them named in the job.
    outputs: tuple[Path, ...]
    #: Rows of the results: pairs, or rows of the reference side with a value.
    rows: int
    #: Pairs of rows within the limits behind them.
    pairs: int
    #: Hash of the set of pairs: the same for any cut into tasks, on any number of workers.
    hash: str
    #: Rows read, invalid, without value, filtered and duplicate on each side, halos included.
    counts: dict[str, dict[str, int]]
    #: Files left out, with the reason; empty when the results are complete.
    failed: tuple[tuple[str, str], ...]
    tasks: int
    #: Time the tasks took together, seconds.
    task_seconds: float

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return not self.failed

    @property
    def path(self) -> Path:
        """The file named in the job."""
        return self.outputs[0]


def finish(job: Job, plan: dict[str, Any]) -> Outcome:
    """Puts the results of a job together; every task must be finished."""
    signatures: list[str] = plan["tasks"]
    found = [manifest(job, s) for s in signatures]
    done = [m for m in found if m is not None]
    if len(done) < len(signatures):
        raise ColocationError(
            f"{len(signatures) - len(done)} of {len(signatures)} tasks are not finished; run them first (finished ones are kept)"
        )
    for _, path in job.outputs():
        if path.exists() and not job.overwrite:
            raise ColocationError(f"{path} is there already; remove it, or set overwrite = true in [output]")
    job.inputs_stay()
    kept = _one_to_one(job, done) if job.spec.policy == "mutual" else None
    if kept is None:
        pairs, sum64 = sum(m.pairs for m in done), sum(int(m.sum64, 16) for m in done) % 2**64
        rows = sum(m.rows for m in done)
    else:
        rows = pairs = len(kept[0])
        sum64 = _engine.pairs_sum64(*kept)
    failed = {path: why for path, why in plan["failed"]}
    failed |= {path: why for m in done for path, why in m.failed}
    counts = {
        side: {
            k: sum(m.counts[side].get(k, 0) for m in done)
            for k in ("rows", "invalid", "no_value", "filtered", "duplicates")
        }
        for side in ("primary", "secondary")
    }
    seconds = round(sum(m.seconds for m in done), 3)
    outputs = tuple(p for _, p in job.outputs())
    out = Outcome(outputs, rows, pairs, f"{sum64:016x}", counts, tuple(sorted(failed.items())), len(done), seconds)
    record = _provenance(job, plan, out)
    schema = _schema(job, done, record)
    for form, path in job.outputs():
        write = {"parquet": _parquet, "csv": _csv, "netcdf": _netcdf}[form]
        write_with(path, lambda name, write=write: write(name, schema, _batches(job, done, kept, schema), record))  # type: ignore[misc]
    write_atomic(Path(job.output + ".json"), json.dumps(record, indent=1).encode())
    return out


def _tables(job: Job, done: list[Manifest]) -> Iterator[Any]:
    import pyarrow.parquet as pq

    for m in done:
        if not m.rows:
            continue
        table = pq.read_table(table_path(job, m.signature))
        whole = table.num_rows == m.rows
        if whole and job.spec.statistic is None:
            whole = f"{_engine.pairs_sum64(*(table[f'{p}_number'].to_numpy() for p in 'ps')):016x}" == m.sum64
        if not whole:
            raise ColocationError(
                f"the table of task {m.id} is damaged: {table_path(job, m.signature)}; remove it and run the tasks again"
            )
        yield table


def _schema(job: Job, done: list[Manifest], record: dict[str, Any]) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    metadata = {
        "seaglass_version": record["program"],
        "seaglass_pairs": str(record["pairs"]),
        "seaglass_pairs_sum64": record["pairs_sum64"],
        "seaglass_complete": str(record["complete"]).lower(),
        "seaglass_provenance": json.dumps(record),
        "geo": json.dumps(
            {
                "version": "1.1.0",
                "primary_column": "geometry",
                "columns": {"geometry": {"encoding": "WKB", "geometry_types": ["Point"]}},
            }
        ),
    }
    schemas = [pq.read_schema(table_path(job, m.signature)) for m in done if m.rows]
    if not schemas:
        schemas = [pq.read_schema(table_path(job, m.signature)) for m in done[:1]]
    merged = pa.unify_schemas(schemas, promote_options="permissive")
    fields = [f for f in merged if not f.name.endswith("_number")]
    names = pa.dictionary(pa.int32(), pa.string())
    fields = [f.with_type(names) if f.name.endswith("_granule") else f for f in fields]
    front = [pa.field("pair_id", pa.uint64())]
    return pa.schema([*front, *fields, pa.field("geometry", pa.binary())], metadata=metadata)


def _batches(job: Job, done: list[Manifest], kept: tuple[Array, Array] | None, schema: Any) -> Iterator[Any]:
    """Tables in the order of the reference side's time, with their numbers."""
    import pyarrow as pa

    wanted = None if kept is None else set(zip(kept[0].tolist(), kept[1].tolist(), strict=True))
    lead = "ps"[job.owner]
    # Of aggregates only the reference side has places.
    place = "p" if job.spec.statistic is None else lead
    before = 0
    for table in _tables(job, done):
        if wanted is not None:
            i, j = (table[f"{p}_number"].to_pylist() for p in "ps")
            table = table.filter(pa.array([p in wanted for p in zip(i, j, strict=True)], pa.bool_()))
        keys = [table[f"{lead}_number"].to_numpy(), table[f"{lead}_time"].to_numpy()]
        if job.spec.statistic is None:
            other = "ps"[1 - job.owner]
            keys = [table[f"{other}_number"].to_numpy(), table["rank"].to_numpy(), *keys]
        table = table.take(np.lexsort(keys))
        n = table.num_rows
        columns = {"pair_id": pa.array(np.arange(before, before + n), pa.uint64())}
        columns["geometry"] = _points(table[f"{place}_lon"].to_numpy(), table[f"{place}_lat"].to_numpy())
        arrays = []
        for f in schema:
            array = columns.get(f.name)
            if array is None:
                array = table[f.name] if f.name in table.column_names else pa.nulls(n, f.type)
                array = (
                    array.combine_chunks().dictionary_encode() if f.name.endswith("_granule") else array.cast(f.type)
                )
            arrays.append(array)
        before += n
        yield pa.Table.from_arrays(arrays, schema=schema)


def _points(lon: Array, lat: Array) -> Any:
    """Places as well-known binary."""
    import pyarrow as pa

    one = np.zeros(len(lon), np.dtype([("order", "u1"), ("kind", "<u4"), ("x", "<f8"), ("y", "<f8")]))
    one["order"], one["kind"], one["x"], one["y"] = 1, 1, (lon + 180) % 360 - 180, lat
    offsets = pa.py_buffer((np.arange(len(lon) + 1) * one.dtype.itemsize).astype(np.int32))
    return pa.Array.from_buffers(pa.binary(), len(lon), [None, offsets, pa.py_buffer(one.tobytes())])


def _one_to_one(job: Job, done: list[Manifest]) -> tuple[Array, Array]:
    """One decision about all pairs, by the engine, from the rows that occur in any."""
    parts: dict[str, list[Any]] = {p: [] for p in "ps"}
    for table in _tables(job, done):
        for p in "ps":
            parts[p].append([table[f"{p}_{c}"].to_numpy() for c in ("number", "lat", "lon", "time")])
    sides, numbers = [], []
    for p in "ps":
        number, lat, lon, when = (
            np.concatenate([x[k] for x in parts[p]]) if parts[p] else np.zeros(0) for k in range(4)
        )
        number, first = np.unique(number.astype(np.int64), return_index=True)
        times = when[first].astype("datetime64[us]").astype(np.int64)
        lat, lon = (np.ascontiguousarray(v[first], np.float64) for v in (lat, lon))
        granule = Granule("points", (1, len(first), 1), lat, lon, times)
        sides.append(Side((Piece(granule, (("row", len(first)),)),), ()))
        numbers.append(number)
    # Repetitions are out already, or wanted.
    found = match(sides[0], sides[1], dataclasses.replace(job.spec, duplicates="keep"), threads=job.threads)
    return numbers[0][found.i], numbers[1][found.j]


def _provenance(job: Job, plan: dict[str, Any], out: Outcome) -> dict[str, Any]:
    sides = []
    for side, files in zip(job.sides, plan["files"], strict=True):
        listed = [dict(f) for f in files]
        if job.checksum:
            for f in listed:
                f["sha256"] = _sha256(f["path"])
        sides.append({"name": side.name, "files": listed})
    return {
        "program": f"seaglass {_engine.__version__} (Python)",
        "created": str(np.datetime64("now", "s")) + "Z",
        "job": job.source,
        "configuration": dataclasses.asdict(job.spec),
        "sides": sides,
        "counts": out.counts,
        "failed": [{"path": p, "message": m} for p, m in out.failed],
        "complete": out.complete,
        "tasks": out.tasks,
        "task_seconds": out.task_seconds,
        "rows": out.rows,
        "pairs": out.pairs,
        "pairs_sum64": out.hash,
        "outputs": [str(p) for p in out.outputs],
    }


def _sha256(path: str) -> str | None:
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as f:
            while block := f.read(1 << 20):
                digest.update(block)
    except OSError:
        # A folder (Zarr), or gone meanwhile.
        return None
    return digest.hexdigest()


def _parquet(name: str, schema: Any, batches: Iterator[Any], _record: dict[str, Any]) -> None:
    import pyarrow.parquet as pq

    with pq.ParquetWriter(name, schema, compression="zstd") as writer:
        for table in batches:
            writer.write_table(table, row_group_size=_ROW_GROUP)


def _csv(name: str, schema: Any, batches: Iterator[Any], _record: dict[str, Any]) -> None:
    import pyarrow as pa
    import pyarrow.csv

    def simple(f: Any) -> Any:
        if pa.types.is_dictionary(f.type):
            return f.with_type(pa.string())
        return f.with_type(pa.timestamp("us")) if pa.types.is_timestamp(f.type) else f

    plain = pa.schema([simple(f) for f in schema])
    plain = plain.remove(plain.get_field_index("geometry"))
    with pyarrow.csv.CSVWriter(name, plain) as writer:
        for table in batches:
            writer.write_table(table.drop_columns("geometry").cast(plain))


def _netcdf(name: str, schema: Any, batches: Iterator[Any], record: dict[str, Any]) -> None:
    import pyarrow as pa
    import xarray as xr

    table = pa.concat_tables(batches) if record["rows"] else schema.empty_table()
    data = {}
    for f in schema:
        if f.name == "geometry":
            continue
        attrs = {k.decode(): v.decode() for k, v in (f.metadata or {}).items()}
        array = table[f.name].cast(pa.string()) if pa.types.is_dictionary(f.type) else table[f.name]
        column = Column(array.to_numpy(), attrs)
        values = column.values
        if pa.types.is_timestamp(f.type):
            values = values.astype("datetime64[ns]")
        data[f.name] = ("match", values, column.attrs)
    attrs = {
        "Conventions": "CF-1.11",
        "featureType": "point",
        "seaglass_pairs_sum64": record["pairs_sum64"],
        "seaglass_provenance": json.dumps(record),
    }
    coords = [k for k in data if k in {f"{p}_{c}" for p in "ps" for c in ("time", "lat", "lon")}]
    ds = xr.Dataset(data, attrs=attrs).set_coords(coords)
    clock = {"units": "microseconds since 1970-01-01", "dtype": "i8", "_FillValue": None}
    ds.to_netcdf(name, encoding={k: clock for k in coords if k.endswith("_time")})
