"""Data of a notebook as a netCDF file in memory: nothing is rounded, and every reader rule of Seaglass holds for it."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

_ARRAYS = ("lon", "lat", "time", "field", "units", "platform")
# Columns that say whose a row is, unless the user names one.
_PLATFORMS = (
    "platform",
    "platform_id",
    "platform_code",
    "trajectory",
    "id",
    "drifter_id",
    "drifter",
    "buoy",
    "wmo",
    "argo_id",
)


def dataset(data: Any, **arrays: Any) -> Any:
    """The data set that stands for what a notebook pushes."""
    import xarray as xr

    for name in arrays:
        if name not in _ARRAYS:
            raise TypeError(f'push has no argument "{name}"; an array has {", ".join(f"{a}=" for a in _ARRAYS)}')
    if arrays.keys() - {"platform"} and (isinstance(data, xr.DataArray | xr.Dataset) or hasattr(data, "columns")):
        given = ", ".join(f"{a}=" for a in arrays)
        raise TypeError(f"{given} is for numpy arrays; the coordinates and attributes of the data set count here")
    if isinstance(data, xr.DataArray):
        return data.to_dataset(name=data.name or "values") if data.name not in data.coords else data.to_dataset()
    if isinstance(data, xr.Dataset):
        return data
    if hasattr(data, "columns") and hasattr(data, "to_xarray"):
        return _of_frame(data, **arrays)
    if "platform" in arrays:
        raise TypeError("platform= is for tables")
    return _of_array(np.ma.asarray(data) if np.ma.isMaskedArray(data) else np.asarray(data), **arrays)


def _times(column: Any) -> Any:
    """A column of times; those with a zone in UTC."""
    import pandas as pd

    if column.dtype.kind in "iufb":
        raise ValueError(
            f'the column {column.name} holds numbers and no times; pandas.to_datetime(..., unit="s") makes times of seconds'
        )
    return pd.to_datetime(column, utc=True).dt.tz_localize(None)


def _unmasked(values: Any, attributes: dict[str, Any]) -> Any:
    """An array without its mask: what is masked is missing."""
    if not np.ma.isMaskedArray(values):
        return values
    if values.dtype.kind == "b":
        values = values.astype("i1")
    if values.dtype.kind not in "iu":
        return np.ma.filled(values.astype(np.promote_types(values.dtype, np.float32)), np.nan)
    ends = np.iinfo(values.dtype)
    held = values.compressed()
    free = next((f for f in (ends.min, ends.max) if f != 0 and not (held == f).any()), None)
    if free is None:
        return np.ma.filled(values.astype(float), np.nan)
    attributes["_FillValue"] = values.dtype.type(free)
    return values.filled(free)


def _find(names: list[str], wanted: tuple[str, ...]) -> str | None:
    by_lower = {n.lower(): n for n in names}
    return next((by_lower[w] for w in wanted if w in by_lower), None)


def _flat(frame: Any) -> Any:
    """A table whose index, where it says something, is among its columns."""
    import pandas as pd

    if isinstance(frame.index, pd.DatetimeIndex) and not frame.index.name:
        frame = frame.rename_axis("time")
    return frame.reset_index() if any(name is not None for name in frame.index.names) else frame


def _of_frame(frame: Any, platform: str | None = None) -> Any:
    """Tracks or points: a table with longitude, latitude and, when there are such, time and platform."""
    import xarray as xr

    flat = _flat(frame)
    names = [str(c) for c in flat.columns]
    if platform is not None and platform not in names:
        raise ValueError(f"the table has no column {platform}; it has {', '.join(names)}")
    lon = _find(names, ("lon", "longitude", "x"))
    lat = _find(names, ("lat", "latitude", "y"))
    points = getattr(flat, "geometry", None) if lon is None or lat is None else None
    if points is not None and hasattr(points, "geom_type"):
        if not (points.geom_type == "Point").all():
            raise ValueError("lines and areas are shapes: use add_geojson; push takes points")
        flat = flat.assign(lon=points.x, lat=points.y)
        names, lon, lat = [*names, "lon", "lat"], "lon", "lat"
    if lon is None or lat is None:
        raise ValueError(f"the table has no columns lon and lat; it has {', '.join(names)}")
    time = _find(names, ("time", "datetime", "date", "timestamp"))
    who = platform or (_find(names, _PLATFORMS) if time is not None else None)
    if time is not None:
        flat = flat.assign(**{time: _times(flat[time])})
    found = xr.Dataset(attrs={"featureType": "trajectory" if time is not None else "point"})
    if who is not None:
        # Each platform by itself: in the order of time alone its line would go from one to the other.
        flat = flat.sort_values([who] if time is None else [who, time], kind="stable")
        sizes = flat.groupby(who, sort=True, dropna=False).size()
        texts = [str(p) for p in sizes.index]
        found["trajectory"] = ("platform", texts, {"cf_role": "trajectory_id", "long_name": who})
        found["rowsize"] = ("platform", sizes.to_numpy(np.int64), {"sample_dimension": "obs"})
    coords: dict[str, Any] = {
        "lon": ("obs", flat[lon].to_numpy(float), {"standard_name": "longitude", "units": "degrees_east"}),
        "lat": ("obs", flat[lat].to_numpy(float), {"standard_name": "latitude", "units": "degrees_north"}),
    }
    if time is not None:
        coords["time"] = ("obs", flat[time].to_numpy("datetime64[ns]"), {"standard_name": "time"})
    data = {n: ("obs", flat[n].to_numpy()) for n in names if n not in (lon, lat, time) and flat[n].dtype.kind in "fiub"}
    if not data:
        raise ValueError("the table has no column of numbers beside position and time")
    return found.assign(data).assign_coords(coords)


def _of_array(
    values: np.ndarray, lon: Any = None, lat: Any = None, time: Any = None, field: str = "values", units: str = "1"
) -> Any:
    import xarray as xr

    if lon is None or lat is None:
        raise ValueError("an array needs lon= and lat=")
    lon, lat = (np.ma.filled(np.ma.asarray(v, float), np.nan) for v in (lon, lat))
    east, north = (
        {"standard_name": "longitude", "units": "degrees_east"},
        {"standard_name": "latitude", "units": "degrees_north"},
    )
    attributes: dict[str, Any] = {"units": units}
    values = _unmasked(values, attributes)
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


def tail_of(found: Any) -> Any:
    """The last sample of a track, from which its line goes on; none of what is no track."""
    if "rowsize" in found.variables:
        # Several platforms.
        return None
    places = [found[n] for n in ("lon", "lat", "longitude", "latitude") if n in found.variables]
    times = [found[n] for n in ("time",) if n in found.variables]
    dims = {v.dims for v in (*places, *times)}
    if len(places) != 2 or not times or len(dims) != 1 or len(next(iter(dims))) != 1:
        return None
    (dim,) = next(iter(dims))
    return found.isel({dim: [-1]}) if found.sizes[dim] else None


def joined(tail: Any, found: Any) -> Any:
    """A piece of a track with the last sample before it, where it has the same variables and comes later."""
    import xarray as xr

    if tail is None or tail_of(found) is None or set(tail.variables) != set(found.variables):
        return found
    (dim,) = found["time"].dims
    if tail["time"].dims != (dim,) or not (tail["time"].values[-1] < found["time"].values[0]):
        return found
    return xr.concat([tail, found], dim, combine_attrs="override")


def packed(found: Any) -> bytes:
    """The bytes of a netCDF file that holds a data set."""
    # How a file had packed the values it was read from is no matter here: they are written as they are.
    found = found.drop_encoding()
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
