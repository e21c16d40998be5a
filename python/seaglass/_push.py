"""Data of a notebook as a netCDF file in memory: nothing is rounded, and every reader rule of Seaglass holds for it."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

_ARRAYS = ("lon", "lat", "time", "field", "units")


def _dataset(data: Any, **arrays: Any) -> Any:
    import xarray as xr

    for name in arrays:
        if name not in _ARRAYS:
            raise TypeError(f'push has no argument "{name}"; an array has {", ".join(f"{a}=" for a in _ARRAYS)}')
    if arrays and (isinstance(data, xr.DataArray | xr.Dataset) or hasattr(data, "columns")):
        given = ", ".join(f"{a}=" for a in arrays)
        raise TypeError(f"{given} is for numpy arrays; the coordinates and attributes of the data set count here")
    if isinstance(data, xr.DataArray):
        return data.to_dataset(name=data.name or "values") if data.name not in data.coords else data.to_dataset()
    if isinstance(data, xr.Dataset):
        return data
    if hasattr(data, "columns") and hasattr(data, "to_xarray"):
        return _of_frame(data)
    return _of_array(np.asarray(data), **arrays)


def _find(names: list[str], wanted: tuple[str, ...]) -> str | None:
    by_lower = {n.lower(): n for n in names}
    return next((by_lower[w] for w in wanted if w in by_lower), None)


def _of_frame(frame: Any) -> Any:
    """A track or points: a table with longitude, latitude and, when there is one, time."""
    import xarray as xr

    flat = frame.reset_index() if frame.index.name else frame
    names = [str(c) for c in flat.columns]
    lon = _find(names, ("lon", "longitude", "x"))
    lat = _find(names, ("lat", "latitude", "y"))
    if lon is None or lat is None:
        raise ValueError(f"the table has no columns lon and lat; it has {', '.join(names)}")
    time = _find(names, ("time", "datetime", "date", "timestamp"))
    coords: dict[str, Any] = {
        "lon": ("obs", flat[lon].to_numpy(float), {"standard_name": "longitude", "units": "degrees_east"}),
        "lat": ("obs", flat[lat].to_numpy(float), {"standard_name": "latitude", "units": "degrees_north"}),
    }
    if time is not None:
        coords["time"] = ("obs", np.asarray(flat[time].to_numpy(), "datetime64[ns]"), {"standard_name": "time"})
    data = {n: ("obs", flat[n].to_numpy()) for n in names if n not in (lon, lat, time) and flat[n].dtype.kind in "fiub"}
    if not data:
        raise ValueError("the table has no column of numbers beside position and time")
    return xr.Dataset(data, coords, {"featureType": "trajectory" if time is not None else "point"})


def _of_array(
    values: np.ndarray, lon: Any = None, lat: Any = None, time: Any = None, field: str = "values", units: str = "1"
) -> Any:
    import xarray as xr

    if lon is None or lat is None:
        raise ValueError("an array needs lon= and lat=")
    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    east, north = (
        {"standard_name": "longitude", "units": "degrees_east"},
        {"standard_name": "latitude", "units": "degrees_north"},
    )
    attributes = {"units": units}
    if values.ndim == 1:
        coords: dict[str, Any] = {"lon": ("obs", lon, east), "lat": ("obs", lat, north)}
        if time is not None:
            coords["time"] = ("obs", np.asarray(time, "datetime64[ns]"), {"standard_name": "time"})
        return xr.Dataset({field: ("obs", values, attributes)}, coords, {"featureType": "trajectory"})
    if values.ndim != 2:
        raise ValueError(f"an array has one or two dimensions, not {values.ndim}")
    if lon.ndim == 2:
        coords = {"lon": (("row", "col"), lon, east), "lat": (("row", "col"), lat, north)}
        dims: tuple[str, str] = ("row", "col")
    else:
        if values.shape != (lat.size, lon.size):
            raise ValueError(f"an array of {values.shape} does not fit {lat.size} latitudes and {lon.size} longitudes")
        coords, dims = {"lon": ("lon", lon, east), "lat": ("lat", lat, north)}, ("lat", "lon")
    data = xr.Dataset({field: (dims, values, attributes)}, coords)
    if time is not None:
        data = data.expand_dims(time=np.asarray([time], "datetime64[ns]"))
    return data


def file_name(name: str) -> str:
    """A file name for what a user calls his data."""
    plain = re.sub(r"[^\w.-]+", "_", name).strip("._") or "data"
    return f"{plain[:80]}.nc"


def netcdf(data: Any, **arrays: Any) -> bytes:
    """The bytes of a netCDF file that holds the data."""
    found = _dataset(data, **arrays).copy()
    found.attrs.setdefault("Conventions", "CF-1.8")
    for name, attributes in (
        ("lon", ("longitude", "degrees_east")),
        ("lat", ("latitude", "degrees_north")),
        ("longitude", ("longitude", "degrees_east")),
        ("latitude", ("latitude", "degrees_north")),
    ):
        if name in found.coords:
            found[name].attrs.setdefault("standard_name", attributes[0])
            found[name].attrs.setdefault("units", attributes[1])
    # In a file of its own: netCDF-4 has all types, and the file in memory of xarray is netCDF-3.
    with tempfile.TemporaryDirectory(prefix="seaglass-push-") as folder:
        path = Path(folder, "data.nc")
        found.to_netcdf(path)
        return path.read_bytes()
