"""Results as named columns, and the tables of others made of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ._granule import Array

if TYPE_CHECKING:
    import pandas
    import pyarrow
    import xarray

#: long_name and units of what is said about pairs.
LABELS = {
    "distance_m": ("distance between the two", "m"),
    "bearing_deg": ("azimuth from primary to secondary", "degree"),
    "dt_us": ("time of the secondary minus time of the primary", "us"),
    "rank": ("1 = nearest of its reference row", "1"),
    "n_candidates": ("rows within radius and window", "1"),
    "n": ("rows with a value within radius and window", "1"),
    "distance_min_m": ("distance of the nearest of them", "m"),
    "dt_mean_us": ("mean time difference, secondary minus primary", "us"),
    "n_effective": ("effective number of values, by their weights", "1"),
}


@dataclass(frozen=True)
class Column:
    """One column of the table of results."""

    values: Array
    attrs: dict[str, Any]


def labelled(name: str, values: Array) -> Column:
    """A column of :data:`LABELS`."""
    return Column(values, {"long_name": LABELS[name][0], "units": LABELS[name][1]})


class Table:
    """Whatever has columns."""

    @property
    def hash(self) -> str:
        """Hash of the set of pairs, 16 digits: the same in any order and for any cut of the work into parts."""
        raise NotImplementedError

    @property
    def provenance(self) -> dict[str, Any]:
        """What was done, with what, and what came of it."""
        raise NotImplementedError

    def columns(self) -> dict[str, Column]:
        """Every column of the table of results, by name."""
        raise NotImplementedError

    def to_pandas(self) -> pandas.DataFrame:
        """A data frame, one result a row; times in UTC."""
        import pandas as pd

        columns = self.columns()
        frame = pd.DataFrame({k: c.values for k, c in columns.items()})
        for k in columns:
            if k.endswith("_time") and frame[k].dtype.kind == "M":
                frame[k] = frame[k].dt.tz_localize("UTC")
        frame.attrs.update(self.provenance)
        return frame

    def to_xarray(self) -> xarray.Dataset:
        """A data set along `match` with the attributes of the sources (CF, featureType point)."""
        import xarray as xr

        columns = self.columns()
        data = {k: ("match", c.values, c.attrs) for k, c in columns.items()}
        attrs = {"Conventions": "CF-1.11", "featureType": "point", "seaglass_provenance": json.dumps(self.provenance)}
        attrs["pairs_sum64"] = self.hash
        coords = [k for k in columns if k.rsplit("_", 1)[-1] in ("time", "lat", "lon")]
        return xr.Dataset(data, attrs=attrs).set_coords(coords)

    def to_arrow(self) -> pyarrow.Table:
        """A table of Arrow; units in the metadata of the fields, provenance in that of the table."""
        return arrow_table(self.columns(), {"seaglass": json.dumps(self.provenance), "pairs_sum64": self.hash})


def arrow_table(columns: dict[str, Column], metadata: dict[str, str]) -> pyarrow.Table:
    """Columns as a table of Arrow."""
    import pyarrow as pa

    arrays, fields = [], []
    for name, column in columns.items():
        values = column.values
        if values.dtype.kind == "f" and values.dtype.itemsize == 2:
            values = values.astype(np.float32)
        kind = pa.timestamp("us", "UTC") if values.dtype.kind == "M" else None
        array = pa.array(values.astype("datetime64[us]") if kind else values, type=kind, from_pandas=True)
        meta = {k: v if isinstance(v, str) else json.dumps(_plain(v)) for k, v in column.attrs.items()}
        arrays.append(array)
        fields.append(pa.field(name, array.type, metadata=meta or None))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=metadata or None))


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)
