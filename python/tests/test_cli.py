"""The command line and Python do the same job file and find the same pairs."""

from __future__ import annotations

import json
import os
import subprocess

import numpy as np
import pandas as pd
import pytest
import world
import xarray as xr
from test_dask import inputs  # noqa: F401

import seaglass.dask


@pytest.mark.skipif(not os.environ.get("SEAGLASS"), reason="skipped: SEAGLASS names no program")
@pytest.mark.parametrize("policy", ["all", "nearest", "mean"])
def test_one_job_file_gives_one_hash(inputs, tmp_path, policy):  # noqa: F811
    folder, points, swaths = inputs
    drifters = xr.Dataset(
        {"ssh": ("obs", points["ssh"], {"units": "m"})},
        coords={
            "lat": ("obs", points["lat"], {"standard_name": "latitude", "units": "degrees_north"}),
            "lon": ("obs", points["lon"], {"standard_name": "longitude", "units": "degrees_east"}),
            "time": ("obs", points["time"], {"standard_name": "time"}),
        },
        attrs={"featureType": "point", "Conventions": "CF-1.11"},
    )
    drifters.to_netcdf(
        tmp_path / "drifters.nc", encoding={"time": {"units": "microseconds since 2000-01-01", "dtype": "i8"}}
    )
    job = f"""
        radius = "20 km"
        window = "2 h"
        [policy]
        kind = "{policy}"
        [[side]]
        name = "drifters"
        files = ["drifters.nc"]
        fields = ["ssh"]
        [[side]]
        name = "swath"
        files = ["{folder.as_posix()}/pass_*.nc"]
        fields = ["ssh"]
        [output]
        path = "OUT"
        [run]
        slab = "3 h"
    """
    for name in ("cli", "python"):
        (tmp_path / f"{name}.toml").write_text(job.replace("OUT", f"{name}.parquet"))
    done = subprocess.run(
        [os.environ["SEAGLASS"], "colocate", "run", str(tmp_path / "cli.toml"), "--json"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    seaglass.dask.run(seaglass.dask.plan(tmp_path / "python.toml"))
    ours = seaglass.dask.finalize(tmp_path / "python.toml")
    i, j, d, _ = world.brute(points, swaths, 20_000, 2 * 3_600_000_000)
    if policy == "nearest":
        i, j, _ = world.nearest(i, j, d)
    assert ours.hash == world.sum64(i, j)
    table, other = pd.read_parquet(tmp_path / "cli.parquet"), pd.read_parquet(ours.path)
    assert json.loads(done.stdout)["pairs_sum64"] == ours.hash, done.stdout
    assert len(table) == len(other) == ours.rows
    shared = [c for c in table.columns if c != "geometry" and c in other.columns]
    assert {"pair_id", "p_row", "p_time", "p_lat", "p_ssh", "s_ssh"} <= set(shared)
    for name in shared:
        a, b = (t[name].astype(str) if name.endswith("_granule") else t[name] for t in (table, other))
        assert a.dtype == b.dtype, name
        exact = a.dtype.kind != "f" or name.endswith(("_lat", "_lon", "_ssh"))
        assert np.array_equal(a, b) if exact else np.allclose(a, b, rtol=1e-9, atol=1e-9), name
