"""Files of a side, opened with what the cluster has: xarray for netCDF, HDF5 and Zarr, pyarrow for Parquet and CSV."""

from __future__ import annotations

import os
import threading
from typing import Any

from . import _cf, _engine
from ._engine import ColocationError
from ._job import SideJob
from ._sides import Side, side
from ._table import table

#: What a file that cannot be read raises, in one library or another.
FAILURES = (OSError, ValueError, KeyError, RuntimeError, TypeError, IndexError, EOFError, UnicodeDecodeError)


#: libnetcdf and HDF5 end the process when two threads use them, and xarray locks only the reading of values.
_ONE_AT_A_TIME = threading.Lock()


class Source:
    """A file of a side, open in a ``with`` block; of netCDF and HDF5 files one in a process at a time."""

    def __init__(self, path: str, job: SideJob) -> None:
        self.path, self.job = path, job
        self.names = [f.rsplit("/", 1)[-1] for f in job.fields]
        self.required = [f.rsplit("/", 1)[-1] for f in job.required]
        self._open: list[Any] = []
        self.rows: int | None = None
        self.data: Any = None
        self._locked = False

    def __enter__(self) -> Source:  # noqa: PYI034 (Self is younger than Python 3.10)
        suffix = os.path.splitext(self.path)[1].lower()
        if suffix in (".parquet", ".pq", ".geoparquet"):
            import pyarrow.parquet as pq

            self.parquet = pq.ParquetFile(self.path)
            self.rows = self.parquet.metadata.num_rows
            self._open.append(self.parquet)
        elif suffix == ".csv":
            import pyarrow.csv

            self.data = pyarrow.csv.read_csv(self.path)
            self.rows = self.data.num_rows
        else:
            self._locked = _ONE_AT_A_TIME.acquire()
            try:
                self.data = self._dataset(suffix == ".zarr")
            except BaseException:
                self.__exit__()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            for one in self._open:
                one.close()
        finally:
            if self._locked:
                self._locked = False
                _ONE_AT_A_TIME.release()

    def _dataset(self, zarr: bool) -> Any:
        """Variables as they are stored; positions stay packed. Fields of groups come to the positions of their group."""
        import xarray as xr

        def opened(group: str | None) -> Any:
            if zarr:
                one = xr.open_zarr(self.path, group=group, decode_cf=False, chunks=None)
            else:
                one = xr.open_dataset(self.path, group=group, decode_cf=False)
            self._open.append(one)
            return one

        wanted = [*self.job.fields, *self.job.required, *([self.job.platform] if self.job.platform else [])]
        wanted += _engine.filter_fields(self.job.filter) if self.job.filter else []
        groups = sorted({f.rsplit("/", 1)[0] for f in wanted if "/" in f})
        home = os.path.commonpath(groups) if groups and all("/" in f for f in wanted) else ""
        data = opened(home or None)
        while home:
            try:
                _cf.find(table(data), "latitude")
                break
            except ColocationError:
                home = home.rpartition("/")[0]
                data = opened(home or None)
        for f in dict.fromkeys(wanted):
            group, _, name = f.rpartition("/")
            if group and group != home:
                data = data.assign({name: opened(group).variables[name]})
        return data.isel({k: v for k, v in self.job.index.items() if k in data.dims})

    def check(self) -> None:
        """Says which variable of the filter or the platform is not there."""
        known = table(self.data if self.data is not None else self.parquet.schema_arrow.empty_table()).vars
        others = [*self.required, *(_engine.filter_fields(self.job.filter) if self.job.filter else [])]
        for name in [*others, *([self.job.platform] if self.job.platform else [])]:
            if name.rsplit("/", 1)[-1] not in known:
                raise ColocationError(f'there is no variable "{name}"; there are {_cf.listed(known)}')

    def side(self, dim: str | None = None, start: int = 0, stop: int | None = None) -> Side:
        """The file, or lines `start` to `stop` of it along a dimension, as a side of its own."""
        data = self.data
        if self.rows is not None:
            stop = self.rows if stop is None else stop
            data = self._rows(start, stop)
        elif dim is not None and dim in data.dims:
            data = data.isel({dim: slice(start, stop)})
        platform = self.job.platform.rsplit("/", 1)[-1] if self.job.platform else None
        return side(data, variables=self.names, require=self.required, filter=self.job.filter, platform=platform)

    def places(self) -> Side:
        """Positions and times alone."""
        return side(self._rows(0, self.rows) if self.rows is not None else self.data, variables=self.names, require=())

    def _rows(self, start: int, stop: int) -> Any:
        if self.data is not None:
            return self.data.slice(start, stop - start)
        # Row groups that the range touches, and of these the columns that are used.
        groups, first, before = [], None, 0
        for k in range(self.parquet.metadata.num_row_groups):
            n = self.parquet.metadata.row_group(k).num_rows
            if before < stop and before + n > start:
                groups.append(k)
                first = before if first is None else first
            before += n
        found = self.parquet.read_row_groups(groups, columns=self._columns(), use_threads=False)
        return found.slice(start - (first or 0), stop - start)

    def _columns(self) -> list[str]:
        empty = table(self.parquet.schema_arrow.empty_table())
        names = {_cf.find(empty, what).name for what in ("latitude", "longitude", "time")}
        names |= {*self.names, *self.required, *([self.job.platform] if self.job.platform else [])}
        names |= set(_engine.filter_fields(self.job.filter)) if self.job.filter else set()
        for n in sorted(names):
            if n not in empty.vars:
                raise ColocationError(f'there is no variable "{n}"; there are {_cf.listed(empty.vars)}')
        return [n for n in empty.vars if n in names]
