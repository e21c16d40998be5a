"""Long work of a running Seaglass: how far it is, cancelling it, and what comes of it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ._link import Header, Link, SeaglassError, Waiting

if TYPE_CHECKING:
    import pandas
    import xarray

T = TypeVar("T")
# An event loop looks this often whether something has ended, seconds.
_LOOK_S = 0.02


class Work(Generic[T]):
    """Something under way: ``work.share``, ``work.cancel()``, ``work.result()``, and ``await work``."""

    def __init__(
        self, link: Link, waiting: Waiting, make: Callable[[Header, bytes], T], bar: Bar | None = None
    ) -> None:
        self._link, self._waiting, self._make, self._bar = link, waiting, make, bar
        self._made: list[T] = []

    @property
    def share(self) -> float:
        """Share done, 0 to 1."""
        return 1.0 if self.done() else self._waiting.share

    @property
    def text(self) -> str:
        """What the application says of it."""
        return self._waiting.text

    def done(self) -> bool:
        """Whether it has ended, well or not."""
        return self._waiting.done()

    def cancel(self) -> bool:
        """Ends it; false when it has ended already. Then :meth:`result` raises :class:`seaglass.Cancelled`."""
        return self._link.cancel(self._waiting)

    def result(self, timeout: float | None = None) -> T:
        """Waits for it and gives what came of it. Interrupted, as by Jupyter's stop button, it is cancelled."""
        if not self._made:
            try:
                self._made.append(self._make(*self._waiting.get(timeout)))
            except KeyboardInterrupt:
                self.cancel()
                raise
            finally:
                if self._bar is not None and self.done():
                    self._bar.close()
        return self._made[0]

    def __await__(self) -> Generator[Any, None, T]:
        return self._awaited().__await__()

    async def _awaited(self) -> T:
        try:
            while not self.done():
                await asyncio.sleep(_LOOK_S)
            return await asyncio.to_thread(self.result)
        except asyncio.CancelledError:
            await asyncio.to_thread(self.cancel)
            raise

    def __repr__(self) -> str:
        return f"<Work: {self.share:.0%} {self.text}>" if not self.done() else "<Work: ended>"


class Bar:
    """A bar of tqdm where it is installed, else nothing."""

    def __init__(self, what: str) -> None:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            self._bar: Any = None
        else:
            self._bar = tqdm(total=100, desc=what, unit="%")

    def __call__(self, share: float) -> None:
        if self._bar is not None:
            self._bar.update(round(share * 100) - self._bar.n)

    def close(self) -> None:
        """Ends it."""
        if self._bar is not None:
            self._bar.close()


def begin(
    link: Link,
    what: str,
    make: Callable[[Header, bytes], T],
    progress: Callable[[float], None] | bool,
    label: str,
    /,
    **fields: Any,
) -> Work[T]:
    """Asks for work."""
    bar = Bar(label) if progress is True else None
    call: Callable[[float], None] | None = bar if progress is True else (progress or None)
    return Work(link, link.start(what, b"", call, **fields), make, bar)


def _load(path: Path) -> xarray.Dataset:
    """A table, whose whole numbers stay whole where none is missing, and where floats would round them."""
    import xarray as xr

    with xr.open_dataset(path) as decoded, xr.open_dataset(path, mask_and_scale=False, decode_times=False) as raw:
        data = decoded.load()
        for name, found in raw.load().variables.items():
            fill = found.attrs.get("_FillValue")
            if (
                found.dtype.kind not in "iu"
                or data[name].dtype.kind != "f"
                or {"scale_factor", "add_offset"} & set(found.attrs)
            ):
                continue
            missing = found.values == fill
            held = found.values[~missing]
            large = held.size and max(abs(int(held.min())), abs(int(held.max()))) > 2**53
            if not missing.any() or large:
                attributes = {k: v for k, v in found.attrs.items() if k != "_FillValue" and k in data[name].attrs}
                if missing.any():
                    attributes["missing_value"] = fill
                data[name] = (found.dims, found.values, attributes)
        return data


class Pairs:
    """What came of a colocation job: the table of matches, and what is known of it."""

    def __init__(self, header: Header, table: bytes) -> None:
        #: Rows of the table.
        self.rows = int(header["rows"])
        #: Hash of the pairs, the same for any cut of the work; that of ``seaglass colocate run``.
        self.pairs_sum64: str | None = header.get("pairs_sum64")
        #: Files that could not be read, with the reason.
        self.failed: list[dict[str, str]] = list(header.get("failed", []))
        #: Files the job has written, on the machine of the application; none when it names no output.
        self.outputs: list[str] = list(header.get("outputs", []))
        #: Why there may be no match at all.
        self.note: str | None = header.get("note")
        self._table = table

    def __len__(self) -> int:
        return self.rows

    def __repr__(self) -> str:
        return f"<Pairs: {self.rows} matches, hash {self.pairs_sum64}>"

    def to_xarray(self) -> xarray.Dataset:
        """The table as a data set over the dimension ``match`` (docs/colocation.md says what its columns are)."""
        import xarray as xr

        if self._table:
            with tempfile.TemporaryDirectory(prefix="seaglass-pairs-") as folder:
                path = Path(folder, "pairs.nc")
                path.write_bytes(self._table)
                return _load(path)
        for path in map(Path, self.outputs):
            if path.suffix in (".nc", ".nc4"):
                return _load(path)
        if self.outputs:
            return xr.Dataset.from_dataframe(self.to_pandas().rename_axis("match"))
        raise SeaglassError("The job has no table.")

    def to_pandas(self) -> pandas.DataFrame:
        """The table as a data frame, one row a match."""
        import pandas as pd

        if not self._table:
            for path in map(Path, self.outputs):
                if path.suffix in (".parquet", ".geoparquet", ".pq"):
                    return pd.read_parquet(path)
                if path.suffix == ".csv":
                    return pd.read_csv(path)
        data = self.to_xarray()
        rows = [n for n in data.variables if data[n].dims == ("match",) or data[n].dims == ("obs",)]
        return data[rows].to_dataframe()
