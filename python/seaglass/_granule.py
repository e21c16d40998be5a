"""One stretch of measurements as the engine takes it: contiguous arrays in native byte order, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ._engine import ColocationError

Array = npt.NDArray[Any]
#: Scale, offset and fill value of packed integers (CF conventions, section 8.1).
Packing = tuple[float, float, int | None]
#: numpy's NaT as a number.
NO_TIME = np.iinfo(np.int64).min


@dataclass(frozen=True)
class Packed:
    """Coordinates stored as integers: ``values * scale + offset`` is degrees. Nothing is unpacked before it is needed."""

    values: Array
    scale: float = 1e-6
    offset: float = 0.0
    fill: int | None = None

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class Granule:
    """Positions, times and which rows count. The names of the fields are known to the engine."""

    kind: str
    shape: tuple[int, int, int]
    lat: Array
    lon: Array
    time_us: Array
    time_per: str = "row"
    lat_packing: Packing | None = None
    lon_packing: Packing | None = None
    valid: Array | None = None
    platform: Array | None = None
    first_row: int | None = None

    @property
    def rows(self) -> int:
        """Number of rows."""
        steps, rows, columns = self.shape
        return {"swath": rows * columns, "grid": steps * rows * columns}.get(self.kind, len(self.lat))

    def place(self, rows: Array) -> tuple[Array, Array, Array]:
        """Latitude, longitude (degrees) and time (microseconds) of some rows."""
        _steps, lines, columns = self.shape
        at_lat = at_lon = rows
        if self.kind == "grid":
            at_lat, at_lon = (rows // columns) % lines, rows % columns
        if self.time_per == "one":
            time = np.full(len(rows), self.time_us[0])
        elif self.time_per == "line":
            time = self.time_us[rows // (lines * columns if self.kind == "grid" else columns)]
        else:
            time = self.time_us[rows]
        return _unpack(self.lat[at_lat], self.lat_packing), _unpack(self.lon[at_lon], self.lon_packing), time


def _unpack(values: Array, packing: Packing | None) -> Array:
    if packing is None:
        return values.astype(np.float64)
    scale, offset, fill = packing
    # Dividing by 1 000 000 is exact where multiplying by 1e-6 is not; the engine does the same.
    inverse = round(1.0 / scale)
    out = values / inverse if inverse != 0 and 1.0 / inverse == scale else values * scale
    out = np.asarray(out + offset, np.float64)
    if fill is not None:
        out[values == fill] = np.nan
    return out


def coordinate(data: Any, what: str, packing: Packing | None = None) -> tuple[Array, Packing | None]:
    """Flat contiguous values of a number type that the engine reads as it is, and how they are packed."""
    if isinstance(data, Packed):
        packing, data = (data.scale, data.offset, data.fill), data.values
    values = np.ma.getdata(data) if np.ma.isMaskedArray(data) else np.asarray(data)
    if values.dtype.kind not in "iuf":
        raise ColocationError(f"{what} has type {values.dtype}, not numbers; give degrees")
    if packing is not None and values.dtype.kind in "iu":
        return _flat(values, np.int16 if values.dtype == np.int16 else np.int32), packing
    if np.ma.isMaskedArray(data):
        values = np.ma.filled(data.astype(np.float64), np.nan)
    return _flat(values, np.float32 if values.dtype in (np.float32, np.float16) else np.float64), None


def _flat(values: Array, kind: Any) -> Array:
    return np.ascontiguousarray(values, dtype=np.dtype(kind)).reshape(-1)


def times_us(data: Any, what: str = "time") -> Array:
    """Microseconds since 1970 of numpy times, rounded to the nearest; NaT stays missing. Microseconds are not copied."""
    missing = np.ma.getmaskarray(data) if np.ma.isMaskedArray(data) else None
    values = np.asarray(np.ma.getdata(data) if missing is not None else data)
    if values.dtype.kind == "O":
        values = values.astype("datetime64[us]")
    if values.dtype.kind != "M":
        raise ColocationError(
            f"{what} has type {values.dtype}, which says no instant; give datetime64"
            ' (whole microseconds since 1970: times.view("datetime64[us]"))'
        )
    unit = np.datetime_data(values.dtype)
    if unit == ("ns", 1):
        nanos = values.astype(values.dtype.newbyteorder("="), copy=False).view(np.int64)
        micros = (nanos + 500) // 1000
        micros[nanos == NO_TIME] = NO_TIME
    else:
        micros = values.astype("datetime64[us]", copy=False).view(np.int64)
    micros = np.ascontiguousarray(micros)
    if missing is not None and missing.any():
        micros = np.where(missing, NO_TIME, micros)
    return micros.reshape(-1)
