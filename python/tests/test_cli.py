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
        check=False,
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


@pytest.mark.skipif(not os.environ.get("SEAGLASS"), reason="skipped: SEAGLASS names no program")
def test_shards_do_what_python_alone_does_not(inputs, tmp_path):  # noqa: F811
    """A job with boxes, which Python's own tasks refuse, on two workers."""
    from dask.distributed import Client, LocalCluster

    folder, _points, _swaths = inputs
    job = tmp_path / "job.toml"
    job.write_text(f"""
        radius = "20 km"
        window = "2 h"
        [policy]
        kind = "box"
        size = 3
        [[side]]
        name = "a"
        files = ["{folder.as_posix()}/pass_*.nc"]
        time = ["1990-01-01", "2050-01-01"]
        fields = ["ssh"]
        [[side]]
        name = "b"
        files = ["{folder.as_posix()}/pass_*.nc"]
        fields = ["ssh"]
        [output]
        path = "boxes.parquet"
        [run]
        slab = "6 h"
    """)
    with pytest.raises(seaglass.ColocationError, match="seaglass.dask.shards"):
        seaglass.dask.plan(job)
    missing = tmp_path / "seaglass-is-not-here"
    with pytest.raises(seaglass.ColocationError, match="install it there"):
        seaglass.dask.shards(job, program=missing)
    seen = []
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        found = seaglass.dask.shards(
            job, 3, client, program=os.environ["SEAGLASS"], progress=lambda done, total: seen.append((done, total))
        )
    assert found["complete"] and found["outputs"] == [str(tmp_path / "boxes.parquet")]
    assert seen == [(1, 3), (2, 3), (3, 3)]
    table = pd.read_parquet(tmp_path / "boxes.parquet")
    assert len(table) == found["rows"] > 0
    # Every valid pixel is nearest to itself, so the middle of its box is its own value.
    assert (table["distance_m"] == 0).all()
    assert np.array_equal([cells[4] for cells in table["s_ssh"]], table["p_ssh"])
    with pytest.raises(seaglass.ColocationError, match="there already"):
        seaglass.dask.shards(job, 3, program=os.environ["SEAGLASS"])
