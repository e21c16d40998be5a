"""Files of a job: groups, indices, tables; and the examples in the documentation of functions."""

from __future__ import annotations

import doctest

import numpy as np
import pandas as pd
import world
import xarray as xr

import seaglass
import seaglass._colocate
import seaglass.dask

HOUR_US = 3_600_000_000


def run(one):
    seaglass.dask.run(seaglass.dask.plan(one))
    return seaglass.dask.finalize(one)


def test_fields_in_groups_come_to_the_positions_of_their_group(tmp_path):
    """As Sentinel-6 and Jason-3 (GDR-F) have them: time in data_01, the measurement in data_01/ku."""
    a, b = world.track(), world.drifters()
    path = tmp_path / "s6.nc"
    nan = np.where(np.arange(len(a["lat"])) % 7 == 0, np.nan, a["ssh"])
    xr.Dataset(attrs={"title": "root"}).to_netcdf(path)
    places = {k: ("time", a[k], {"standard_name": n}) for k, n in (("lat", "latitude"), ("lon", "longitude"))}
    xr.Dataset(
        {"flag": ("time", (np.arange(len(nan)) % 3).astype("i1"))}, coords={**places, "time": a["time"]}
    ).to_netcdf(path, mode="a", group="data_01")
    encoding = {"ssha": {"dtype": "i4", "scale_factor": 1e-4, "_FillValue": np.int32(2147483647)}}
    xr.Dataset({"ssha": ("time", nan, {"units": "m"})}).to_netcdf(path, mode="a", group="data_01/ku", encoding=encoding)
    pd.DataFrame(b).assign(time=lambda f: f["time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")).to_csv(
        tmp_path / "b.csv", index=False
    )
    sides = [
        {"name": "s6", "files": [str(path)], "fields": ["data_01/ku/ssha"], "filter": "`data_01/flag` != 1"},
        {"name": "gdp", "files": [str(tmp_path / "b.csv")], "fields": ["id"], "platform": "id"},
    ]
    one = {
        "radius": "60 km",
        "window": "1 h",
        "policy": {"kind": "all"},
        "side": sides,
        "output": {"path": str(tmp_path / "o.csv")},
    }
    out = run(one)
    i, j, _, _ = world.brute(a, b, 60_000, HOUR_US)
    keep = (i % 7 != 0) & (i % 3 != 1)
    assert (
        out.failed == () and (out.pairs, out.hash) == (keep.sum(), world.sum64(i[keep], j[keep])) and keep.sum() > 100
    )
    table = pd.read_csv(out.path)
    assert np.abs(table["p_ssha"] - a["ssh"][table["p_row"]]).max() < 1e-4
    assert (table["s_id"] == b["id"][table["s_row"]]).all()


def test_one_index_of_a_further_dimension_is_chosen(tmp_path):
    a, b = world.track(), world.drifters()
    depth = xr.Dataset(
        {"temp": (("obs", "depth"), np.column_stack([b["ssh"], b["ssh"] + 10]))},
        coords={"lat": ("obs", b["lat"]), "lon": ("obs", b["lon"]), "time": ("obs", b["time"])},
    )
    depth.to_netcdf(tmp_path / "b.nc")
    pd.DataFrame(a).to_parquet(tmp_path / "a.parquet")
    sides = [
        {"name": "a", "files": [str(tmp_path / "a.parquet")]},
        {"name": "b", "files": [str(tmp_path / "b.nc")], "fields": ["temp"], "index": {"depth": 1}},
    ]
    out = run({"radius": "60 km", "window": "1 h", "side": sides, "output": {"path": str(tmp_path / "o.parquet")}})
    table = pd.read_parquet(out.path)
    assert len(table) > 50 and (table["s_temp"] == b["ssh"][table["s_row"]] + 10).all()


def test_the_examples_of_the_functions_hold():
    assert doctest.testmod(seaglass._colocate).failed == 0


def test_zarr_is_read_as_netcdf_is(tmp_path):
    a, b = world.swath(), world.drifters()
    ds = xr.Dataset(
        {"ssh": (("line", "pixel"), a["ssh"])},
        coords={
            "lat": (("line", "pixel"), a["lat"]),
            "lon": (("line", "pixel"), a["lon"]),
            "time": ("line", a["time"]),
        },
    )
    ds.to_zarr(tmp_path / "swath.zarr")
    pd.DataFrame(b).to_parquet(tmp_path / "b.parquet")
    sides = [
        {"name": "b", "files": [str(tmp_path / "b.parquet")]},
        {"name": "a", "files": [str(tmp_path / "swath.zarr")], "fields": ["ssh"]},
    ]
    out = run({"radius": "40 km", "window": "6 h", "side": sides, "output": {"path": str(tmp_path / "o.parquet")}})
    i, j, d, _ = world.brute(b, a, 40_000, 6 * HOUR_US)
    i, j, _ = world.nearest(i, j, d)
    assert out.hash == world.sum64(i, j) and len(i) > 20
    table = pd.read_parquet(out.path)
    assert (table["s_ssh"] == a["ssh"].ravel()[table["s_row"]]).all()
