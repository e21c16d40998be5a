"""What people hand over, seen as named variables with dimensions: data sets, data frames, tables, dictionaries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ._engine import ColocationError
from ._granule import Array, Packed, Packing, coordinate, times_us

#: What a packed variable of an undecoded data set says about itself.
_PACKING = ("scale_factor", "add_offset", "_FillValue", "missing_value")


@dataclass
class Var:
    """A variable; ``data`` is an array, or a variable of xarray that may not be in memory yet."""

    name: str
    dims: tuple[str, ...]
    data: Any
    attrs: dict[str, Any] = field(default_factory=dict)
    lazy: bool = False
    _values: Array | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Length along each dimension."""
        return tuple(self.data.values.shape if isinstance(self.data, Packed) else self.data.shape)

    def _xarray(self) -> Any:
        """The variable of xarray, decoded if nobody has done so."""
        if any(k in self.data.attrs for k in _PACKING):
            import xarray as xr

            return xr.conventions.decode_cf_variable(self.name, self.data, decode_times=False)
        return self.data

    def values(self) -> Array:
        """Every value, missing ones as NaN or NaT."""
        if self.lazy:
            if self._values is None:
                self._values = np.asarray(self._xarray().values)
            return self._values
        if isinstance(self.data, Packed):
            from ._granule import _unpack

            return _unpack(self.data.values, (self.data.scale, self.data.offset, self.data.fill))
        if np.ma.isMaskedArray(self.data):
            return _without_mask(self.data)
        return np.asarray(self.data)

    def at(self, index: Mapping[str, Array]) -> Array:
        """Values at places, given by an index along each dimension."""
        if self._values is not None:
            return np.asarray(self._values[tuple(index.get(d, 0) for d in self.dims)])
        if self.lazy:
            import xarray as xr

            picked = {d: xr.Variable(("match",), index[d]) if d in index else 0 for d in self.dims}
            return np.asarray(self._xarray().isel(picked).values)
        values = self.data.values if isinstance(self.data, Packed) else self.data
        picked_values = values[tuple(index.get(d, 0) for d in self.dims)]
        if isinstance(self.data, Packed):
            return Var(self.name, (), Packed(picked_values, self.data.scale, self.data.offset, self.data.fill)).values()
        return _without_mask(picked_values) if np.ma.isMaskedArray(picked_values) else np.asarray(picked_values)

    def coordinate(self) -> tuple[Array, Packing | None]:
        """Degrees in the stored number type, flat."""
        if not self.lazy:
            return coordinate(self.data, self.name)
        attrs = self.data.attrs
        if self.data.dtype.kind in "i" and self.data.dtype.itemsize in (2, 4) and "scale_factor" in attrs:
            fill = attrs.get("_FillValue", attrs.get("missing_value"))
            packing = (
                float(attrs["scale_factor"]),
                float(attrs.get("add_offset", 0.0)),
                None if fill is None else int(fill),
            )
            return coordinate(self.data.values, self.name, packing)
        return coordinate(self._xarray().values, self.name)

    def times(self) -> Array:
        """Microseconds since 1970, flat."""
        units = str(self.attrs.get("units", ""))
        if self.lazy and " since " in units and self.data.dtype.kind in "iuf":
            return _decode_times(self._xarray(), units, str(self.attrs.get("calendar", "standard")), self.name)
        return times_us(self.values() if self.lazy else self.data, self.name)


def _without_mask(values: Any) -> Array:
    if not np.ma.getmaskarray(values).any():
        return np.asarray(np.ma.getdata(values))
    if values.dtype.kind == "M":
        return np.asarray(np.ma.filled(values, np.datetime64("NaT")))
    return np.asarray(np.ma.filled(values.astype(np.float64), np.nan))


def _decode_times(var: Any, units: str, calendar: str, name: str) -> Array:
    """Times as numbers. xarray reads the reference; the multiplication is ours, to round to whole microseconds once."""
    import xarray as xr

    def instant(n: int) -> Any:
        one = xr.Variable((), np.int64(n), attrs={"units": units, "calendar": calendar})
        return xr.conventions.decode_cf_variable(name, one).values

    try:
        zero, unit = (np.asarray(instant(n)).astype("datetime64[us]").astype(np.int64) for n in (0, 1))
    except (TypeError, ValueError, OverflowError) as e:
        raise ColocationError(f'{name}: times in "{units}" ({calendar} calendar) are no instants of UTC: {e}') from e
    values = np.asarray(var.values).reshape(-1)
    step = int(unit - zero)
    if values.dtype.kind in "iu":
        return np.asarray(values.astype(np.int64) * step + int(zero))
    missing = ~np.isfinite(values)
    out: Array = np.rint(np.where(missing, 0.0, values.astype(np.float64)) * step).astype(np.int64) + int(zero)
    out[missing] = np.iinfo(np.int64).min
    return out


@dataclass
class Table:
    """Named variables and the attributes of the whole."""

    vars: dict[str, Var]
    attrs: dict[str, Any] = field(default_factory=dict)
    label: str = ""
    #: Variables that the source calls coordinates.
    coords: frozenset[str] = frozenset()
    #: Whether dimensions have names of the source; those of bare arrays are guessed from shapes.
    named_dims: bool = True


def table(data: Any) -> Table:
    """Whatever it is, as variables."""
    module = type(data).__module__.split(".")[0]
    if module == "xarray":
        return _from_xarray(data)
    if module == "pandas":
        return _from_pandas(data)
    if module == "pyarrow":
        return _from_arrow(data)
    if isinstance(data, Mapping):
        return _from_mapping(data)
    raise ColocationError(
        f"{type(data).__name__} is no data set; give an xarray Dataset, a pandas DataFrame, a pyarrow Table"
        " or a dictionary of arrays"
    )


def _from_xarray(data: Any) -> Table:
    if hasattr(data, "to_dataset") and not hasattr(data, "data_vars"):
        data = data.to_dataset(name=data.name or "value")
    if not hasattr(data, "data_vars"):
        raise ColocationError(f"{type(data).__name__} is no data set; give an xarray Dataset or DataArray")
    out = {}
    for name, var in data.variables.items():
        attrs = {**{k: v for k, v in var.encoding.items() if k in ("units", "calendar")}, **var.attrs}
        out[str(name)] = Var(str(name), tuple(map(str, var.dims)), var, attrs, lazy=True)
    source = str(data.encoding.get("source", ""))
    return Table(out, dict(data.attrs), source, frozenset(map(str, data.coords)))


def _from_pandas(data: Any) -> Table:
    if getattr(data, "ndim", 0) != 2:
        raise ColocationError(f"{type(data).__name__} is no table; give a pandas DataFrame")
    frame = data
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    out = {}
    for name in frame.columns:
        column = frame[name]
        if getattr(column.dtype, "tz", None) is not None:
            column = column.dt.tz_convert("UTC").dt.tz_localize(None)
        values = column.to_numpy()
        if values.dtype == object and str(column.dtype) not in ("object", "str", "string", "category"):
            # Nullable numbers of pandas.
            values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        out[str(name)] = Var(str(name), ("row",), values, dict(column.attrs))
    return Table(out, dict(data.attrs))


def _from_arrow(data: Any) -> Table:
    import pyarrow as pa

    if isinstance(data, pa.RecordBatch):
        data = pa.Table.from_batches([data])
    if not isinstance(data, pa.Table):
        raise ColocationError(f"pyarrow {type(data).__name__} is no table; give a pyarrow Table or RecordBatch")
    out = {}
    for name, column in zip(data.column_names, data.columns):
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        field_attrs = data.schema.field(name).metadata or {}
        attrs = {k.decode(): v.decode(errors="replace") for k, v in field_attrs.items()}
        out[name] = Var(name, ("row",), column.to_numpy(), attrs)
    return Table(out)


def _from_mapping(data: Mapping[str, Any]) -> Table:
    def array(value: Any) -> Any:
        if isinstance(value, Packed) or np.ma.isMaskedArray(value):
            return value
        return np.asarray(value)

    out = {str(k): Var(str(k), (), array(v)) for k, v in data.items()}
    for k, v in data.items():
        if hasattr(v, "dims") and hasattr(v, "attrs"):
            out[str(k)].attrs = dict(v.attrs)
    return Table(out, named_dims=False)
