"""Filter expressions of job files: ``quality_flag == 0 & bitand(flags, 0x6) == 0``."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _engine
from ._granule import Array


def fields(text: str) -> list[str]:
    """Variables that an expression names."""
    return list(_engine.filter_fields(text))


def passes(text: str, data: Any) -> Array | Any:
    """Which rows of a data set pass. A missing value lets no row pass."""
    from ._engine import ColocationError
    from ._table import table

    t = table(data)
    names = fields(text)
    for name in names:
        if name.rsplit("/", 1)[-1] not in t.vars:
            raise ColocationError(f'filter: there is no variable "{name}"; there are {", ".join(sorted(t.vars))}')
    found = [t.vars[n.rsplit("/", 1)[-1]] for n in names]
    values = [_numbers(v.values()) for v in found]
    if type(data).__module__.startswith("xarray"):
        import xarray as xr

        arrays = xr.broadcast(*[xr.DataArray(v, dims=f.dims) for f, v in zip(found, values, strict=True)])
        shape, dims = arrays[0].shape, arrays[0].dims
        flat = [np.ascontiguousarray(a.values).reshape(-1) for a in arrays]
        return xr.DataArray(_engine.filter_rows(text, flat).reshape(shape), dims=dims)
    return _engine.filter_rows(text, [np.ascontiguousarray(v).reshape(-1) for v in values])


def _numbers(values: Array) -> Array:
    if values.dtype.kind in "mM":
        return np.where(np.isnat(values), np.nan, values.astype(np.int64))
    return np.asarray(values, np.float64)
