"""Tables of cells and pictures, as numpy, pandas and xarray have them."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas
    import xarray

_MISSING = np.iinfo(np.int64).min
_TYPES: dict[str, Any] = {"f32": np.dtype("<f4"), "f64": np.dtype("<f8"), "i64": np.dtype("<i8")}


# Beyond these a 64-bit float has no room for every whole number.
_EXACT = 2**53


def filled(values: Any) -> Any:
    """Whole numbers with gaps as floats with NaN, unless floats would round them: then the masked ones are what numpy's
    datetimes have for none."""
    if not np.ma.isMaskedArray(values):
        return values
    held = values.compressed()
    if held.size and max(abs(int(held.min())), abs(int(held.max()))) > _EXACT:
        return values.filled(_MISSING)
    return np.ma.filled(values.astype(float), np.nan)


# Boxes of one grid at most.
_MOST_BOXES = 50_000_000
# Columns that say where a cell is and no value of it.
_PLACE = ("granule", "row", "col", "lon", "lat", "time", "distance_m", "along_m")


def on_grid(cells: Cells, step: float) -> xarray.Dataset:
    """See :meth:`Cells.to_grid`."""
    import xarray as xr

    if not step > 0:
        raise ValueError("the step is a number of degrees above zero")
    if not len(cells):
        raise ValueError("there are no cells to put on a grid")
    lon, lat = np.asarray(cells["lon"], float), np.asarray(cells["lat"], float)
    # Over the dateline: the seam lies in the widest gap.
    order = np.sort(lon % 360.0)
    gaps = np.diff(order, append=order[0] + 360.0)
    west = order[(int(np.argmax(gaps)) + 1) % len(order)]
    east = (lon - west) % 360.0 + (west if west <= 180.0 else west - 360.0)
    first = [np.floor(v.min() / step) for v in (lat, east)]
    row, col = (np.floor(v / step).astype(int) - int(f) for v, f in zip((lat, east), first))
    granule = np.asarray(cells["granule"]).astype(int)
    names = cells._unique_granules()
    shape = (len(names), int(row.max()) + 1, int(col.max()) + 1)
    boxes = shape[0] * shape[1] * shape[2]
    if boxes > _MOST_BOXES:
        raise ValueError(
            f"a grid of {step} degrees has {boxes} boxes here, more than {_MOST_BOXES}; choose a longer step"
        )
    box = (granule * shape[1] + row) * shape[2] + col
    middle = [(np.arange(n) + f + 0.5) * step for n, f in zip(shape[1:], first)]
    # The nearest to the middle of each box comes first.
    away = (lat - middle[0][row]) ** 2 + ((east - middle[1][col]) * np.cos(np.radians(lat))) ** 2
    near = np.lexsort((away, box))
    dims = ("granule", "lat", "lon")
    data: dict[str, Any] = {"cells": (dims, np.bincount(box, minlength=boxes).reshape(shape))}
    for name in cells:
        if name in _PLACE:
            continue
        values = cells[name]
        whole, masked = values.dtype.kind == "i", np.ma.getmaskarray(values)
        plain = np.ma.getdata(values).astype(float)
        good = ~masked & np.isfinite(plain)
        found = np.full(boxes, np.nan)
        if whole:
            kept = near[good[near]]
            at, k = np.unique(box[kept], return_index=True)
            found[at] = plain[kept][k]
        else:
            count = np.bincount(box[good], minlength=boxes)
            some = count > 0
            found[some] = np.bincount(box[good], plain[good], boxes)[some] / count[some]
        attributes = {k: v for k, v in cells.columns[name].items() if k != "coordinates"}
        data[name] = (dims, found.reshape(shape), attributes)
    coords = {
        "granule": names,
        "lat": ("lat", middle[0], {"standard_name": "latitude", "units": "degrees_north"}),
        "lon": ("lon", middle[1], {"standard_name": "longitude", "units": "degrees_east"}),
    }
    return xr.Dataset(data, coords, cells.attributes)


class Cells:
    """The files' own cells under a shape: exact places, times and all fields, one row a cell.

    ``cells["sst"]`` is a numpy array; times are ``datetime64[us]``, whole numbers with gaps masked arrays.
    """

    def __init__(self, table: dict[str, Any], payload: bytes) -> None:
        self.attributes: dict[str, Any] = dict(table.get("attributes", []))
        self.granules: list[str] = [t for text in table.get("texts", []) for t in text["texts"]]
        self.columns: dict[str, dict[str, Any]] = {}
        self._values: dict[str, Any] = {}
        rows, at = int(table["rows"]), 0
        for column in table["columns"]:
            kind = _TYPES[column["ty"]]
            values: Any = np.frombuffer(payload, kind, rows, at)
            at += rows * kind.itemsize
            name, attributes = column["name"], dict(column.get("attributes", []))
            attributes.pop("complete", None)
            if name == "time":
                missing = values == _MISSING
                values = values.astype("datetime64[us]")
                values[missing] = np.datetime64("NaT")
                attributes.pop("units", None)
                attributes.pop("calendar", None)
            elif kind.kind == "i" and (values == _MISSING).any():
                values = np.ma.masked_equal(values, _MISSING)
            self.columns[name] = attributes
            self._values[name] = values
        self._rows = rows

    def __len__(self) -> int:
        return self._rows

    def __getitem__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise KeyError(f'there is no column "{name}"; there are {", ".join(self._values)}') from None

    def __iter__(self) -> Any:
        return iter(self._values)

    def __repr__(self) -> str:
        return f"<Cells: {self._rows} rows of {len(self.granules)} granules; {', '.join(self._values)}>"

    def to_pandas(self) -> pandas.DataFrame:
        """A data frame, one row a cell; the granule as a categorical. Whole numbers with gaps are pandas' ``Int64``."""
        import pandas as pd

        def column(v: Any) -> Any:
            return pd.arrays.IntegerArray(v.data.astype("i8"), np.ma.getmaskarray(v)) if np.ma.isMaskedArray(v) else v

        frame = pd.DataFrame({k: column(v) for k, v in self._values.items()})
        frame["granule"] = pd.Categorical.from_codes(
            self._values["granule"].astype(int), pd.Index(self._unique_granules())
        )
        return frame

    def _unique_granules(self) -> list[str]:
        return [g if self.granules.index(g) == k else f"{g} ({k})" for k, g in enumerate(self.granules)]

    def to_xarray(self) -> xarray.Dataset:
        """A data set over the dimension ``cell``, with ``time``, ``lat`` and ``lon`` as coordinates.

        Whole numbers with gaps are floats with NaN; those beyond 2**53 stay whole, with ``missing_value`` in their
        attributes.
        """
        import xarray as xr

        data: dict[str, Any] = {}
        coords: dict[str, Any] = {}
        for name, values in self._values.items():
            plain = filled(values)
            if plain.dtype.kind == "M":
                plain = plain.astype("datetime64[ns]")
            attributes = {k: v for k, v in self.columns[name].items() if k != "coordinates"}
            if np.ma.isMaskedArray(values) and plain.dtype.kind == "i":
                attributes["missing_value"] = _MISSING
            target = coords if name in ("time", "lat", "lon") else data
            target[name] = ("cell", plain, attributes)
        coords["granule_name"] = ("granules", np.array(self.granules, dtype=object), {})
        return xr.Dataset(data, coords, self.attributes)

    def to_grid(self, step: float) -> xarray.Dataset:
        """The cells on a grid of longitude and latitude with steps of so many degrees, a layer for each granule.

        A box has the mean of the cells whose centres lie in it (of whole numbers, which may be flags, the value of the cell
        nearest to its middle), ``cells`` says how many these are, and a box without one is missing.
        """
        return on_grid(self, step)


class Picture:
    """A picture of the view: shown by Jupyter, and an array of ``height × width × 4`` bytes for numpy."""

    def __init__(self, pixels: np.ndarray) -> None:
        self.pixels = pixels

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.pixels, dtype=dtype, copy=True if copy is None else copy)

    def _repr_png_(self) -> bytes:
        return self.png()

    def __repr__(self) -> str:
        return f"<Picture: {self.size[0]} × {self.size[1]}>"

    def png(self) -> bytes:
        """The bytes of a PNG file."""

        def chunk(kind: bytes, data: bytes) -> bytes:
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        width, height = self.size
        # Each row begins with the number of its filter: none.
        rows = np.zeros((height, 1 + 4 * width), np.uint8)
        rows[:, 1:] = self.pixels.reshape(height, 4 * width)
        head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
        body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows.tobytes(), 6)) + chunk(b"IEND", b"")
        return b"\x89PNG\r\n\x1a\n" + body

    def save(self, path: Any) -> None:
        """Writes a PNG file; for others give :meth:`numpy.asarray` of it to PIL or matplotlib."""
        if Path(path).suffix.lower() not in (".png", ""):
            raise ValueError(f"a picture is saved as .png, not as {Path(path).name}; PIL.Image.fromarray writes others")
        with open(path, "wb") as file:
            file.write(self.png())
