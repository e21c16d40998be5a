"""A job on a cluster gives the hash of another program, however it is cut, whoever dies on the way."""

from __future__ import annotations

import json
import os
import pickle
import signal
import time
from pathlib import Path

import dask
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import world
import xarray as xr

import seaglass
import seaglass.dask

HOUR_US = 3_600_000_000


def passes():
    """Swaths of half a day, a file each."""
    return [world.swath(start_s=3000.0 * k, lines=1500, pixels=25) for k in range(12)]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Drifters in Parquet, in netCDF as the CF trajectories, and swaths in netCDF with packed positions."""
    folder = tmp_path_factory.mktemp("inputs")
    rng = np.random.default_rng(9)
    points = world.drifters(count=900, hours=24)
    # Half of them where the swaths pass.
    swaths = passes()
    for k in range(450):
        one = swaths[k % 12]
        line, pixel = rng.integers(0, 1500), rng.integers(0, 25)
        rows = slice(k * 24, (k + 1) * 24)
        points["lat"][rows] = world.micro(one["lat"][line, pixel] + rng.normal(0, 0.02, 24))
        points["lon"][rows] = world.micro((one["lon"][line, pixel] + rng.normal(0, 0.02, 24) + 180) % 360 - 180)
    pq.write_table(pa.table(points), folder / "drifters.parquet", row_group_size=5000)
    packed = {"dtype": "i4", "scale_factor": 1e-6, "_FillValue": np.int32(2147483647)}
    for k, data in enumerate(swaths):
        ds = xr.Dataset(
            {
                "ssh": (("line", "pixel"), data["ssh"], {"units": "m"}),
                "flag": (("line", "pixel"), (np.arange(data["lat"].size).reshape(data["lat"].shape) % 5).astype("i1")),
            },
            coords={
                "latitude": (("line", "pixel"), data["lat"], {"units": "degrees_north"}),
                "longitude": (("line", "pixel"), data["lon"] % 360, {"units": "degrees_east"}),
                "time": ("line", data["time"]),
            },
        )
        clock = {"units": "seconds since 2000-01-01", "dtype": "f8"}
        ds.to_netcdf(folder / f"pass_{k:03d}.nc", encoding={"latitude": packed, "longitude": packed, "time": clock})
    everything = {k: np.concatenate([s[k] for s in swaths]) for k in swaths[0]}
    return folder, points, everything


def job(folder, out, primary="drifters", **more):
    sides = [
        {"name": "drifters", "files": [str(folder / "drifters.parquet")], "fields": ["id", "ssh"]},
        {"name": "swath", "files": [str(folder / "pass_*.nc")], "fields": ["ssh", "flag"]},
    ]
    base = {"radius": "20 km", "window": "2 h", "primary": primary, "side": sides, "output": {"path": str(out)}}
    return base | more


def answer(points, swaths, policy="all", by_swath=False):
    i, j, d, _ = world.brute(points, swaths, 20_000, 2 * HOUR_US)
    if by_swath:
        i, j = j, i
    if policy == "nearest":
        i, j, _ = world.nearest(i, j, d)
    return i, j


@pytest.mark.parametrize("policy", ["all", "nearest"])
@pytest.mark.parametrize("primary", ["drifters", "swath"])
@pytest.mark.parametrize("slab", ["47 min", "2 h", "3 d"])
def test_any_cut_gives_the_hash_of_another_program(inputs, tmp_path, policy, primary, slab):
    folder, points, swaths = inputs
    i, j = answer(points, swaths, policy, primary == "swath")
    one = job(folder, tmp_path / "pairs.parquet", primary, policy={"kind": policy}, run={"slab": slab})
    tasks = seaglass.dask.plan(one)
    assert (len(tasks) > 4) == (slab != "3 d")
    assert tasks.rows[0] >= len(i) / 50 and 0 < tasks.bytes < 1e9 and f"{len(tasks)} tasks" in repr(tasks)
    # What travels to a worker does not grow with the number of files of the job.
    assert max(len(pickle.dumps(t)) for t in tasks) < 10_000
    with dask.config.set(scheduler="synchronous"):
        seaglass.dask.run(tasks[::-1])
    out = seaglass.dask.finalize(tmp_path / "pairs.parquet")
    assert (out.pairs, out.hash) == (len(i), world.sum64(i, j))
    assert out.complete and out.tasks == len(tasks) and len(i) > 500
    table = pd.read_parquet(out.path)
    assert table["p_time"].is_monotonic_increasing and (table["pair_id"] == np.arange(len(i))).all()
    # Rows lead back into the files.
    swath, drifter = ("p", "s") if primary == "swath" else ("s", "p")
    number = table[f"{swath}_granule"].str[5:8].astype(int) * 1500 * 25 + table[f"{swath}_row"]
    assert (table[f"{swath}_row"] == table[f"{swath}_line"] * 25 + table[f"{swath}_pixel"]).all()
    pair = {swath: number, drifter: table[f"{drifter}_row"]}
    assert world.sum64(pair["p"], pair["s"]) == out.hash
    assert np.abs(table[f"{swath}_ssh"] - swaths["ssh"].ravel()[number]).max() == 0
    assert (table[f"{swath}_flag"] == (number % (1500 * 25)) % 5).all()
    assert (table[f"{drifter}_id"] == points["id"][table[f"{drifter}_row"]]).all()
    record = json.loads(Path(f"{out.path}.json").read_text())
    assert record["pairs_sum64"] == out.hash and len(record["sides"][1]["files"]) in (1, 12)


@pytest.mark.parametrize("policy", [{"kind": "mutual"}, {"kind": "nearest", "k": 2, "by": "combined"}])
@pytest.mark.parametrize("reference", ["primary", "secondary"])
def test_tasks_decide_as_the_whole_would(inputs, tmp_path, policy, reference):
    folder, points, swaths = inputs
    want = seaglass.colocate(points, swaths, radius="20 km", window="2 h", policy=policy, reference=reference)
    one = job(folder, tmp_path / "p.parquet", policy=policy, reference=reference, run={"slab": "80 min"})
    tasks = seaglass.dask.plan(one)
    assert len(tasks) > 5
    seaglass.dask.run(tasks)
    assert seaglass.dask.finalize(tasks).hash == want.hash


def test_filters_limits_and_formats(inputs, tmp_path):
    folder, points, swaths = inputs
    one = job(folder, tmp_path / "out" / "pairs.nc", policy={"kind": "all"}, run={"slab": "3 h"})
    one["output"]["formats"] = ["nc", "csv", "parquet"]
    one["side"][1]["filter"] = "flag == 1 | flag == 3"
    one["side"][0]["time"] = ["2024-06-01T03:00:00", "2024-06-01T06:00:00"]
    one["side"][0]["filter"] = "id < 300"
    seaglass.dask.run(seaglass.dask.plan(one))
    out = seaglass.dask.finalize(one)
    i, j = answer(points, swaths)
    hour = (points["time"][i] - world.START) / np.timedelta64(1, "h")
    keep = np.isin((j % (1500 * 25)) % 5, [1, 3]) & (hour >= 3) & (hour <= 6) & (points["id"][i] < 300)
    assert keep.sum() > 20 and (out.pairs, out.hash) == (keep.sum(), world.sum64(i[keep], j[keep]))
    nc, csv, parquet = xr.open_dataset(out.outputs[0]), pd.read_csv(out.outputs[1]), pd.read_parquet(out.outputs[2])
    with nc:
        assert nc.attrs["seaglass_pairs_sum64"] == out.hash and nc["s_ssh"].attrs["units"] == "m"
        assert (nc["p_row"].values == csv["p_row"]).all() and (csv["p_row"] == parquet["p_row"]).all()
        assert (nc["p_time"].values == pd.to_datetime(csv["p_time"]).to_numpy()).all()
    x, y = (np.frombuffer(b"".join(parquet["geometry"]), np.dtype("V5,<f8,<f8"))[f] for f in ("f1", "f2"))
    assert (y == parquet["p_lat"]).all() and (np.abs(x - parquet["p_lon"]) < 1e-9).all()


@pytest.mark.parametrize("nanny", [True, False])
def test_a_worker_is_killed_and_the_hash_stays(inputs, tmp_path, nanny):
    from dask.distributed import Client, LocalCluster

    folder, points, swaths = inputs
    i, j = answer(points, swaths)
    one = job(folder, tmp_path / "pairs.parquet", policy={"kind": "all"}, run={"slab": "20 min"})
    with dask.config.set({"distributed.comm.timeouts.connect": "20s"}):
        # Without nannies workers are threads of this process; only with processes there is somebody to kill.
        cluster = LocalCluster(
            n_workers=2 if nanny else 0, threads_per_worker=1, processes=True, dashboard_address=None
        )
        spare = [] if nanny else [_bare_worker(cluster.scheduler_address) for _ in range(2)]
        with cluster, Client(cluster) as client:
            client.wait_for_workers(2, timeout=60)
            tasks = seaglass.dask.plan(one, client)
            victims = list(client.run(os.getpid).values())
            killed = []

            def kill(done, total):
                if done == total // 4 and not killed:
                    os.kill(victims[0], signal.SIGKILL)
                    killed.append(victims[0])

            seaglass.dask.run(tasks, client, progress=kill)
            assert killed and not _alive(killed[0])
        for process in spare:
            process.kill()
            process.wait()
    out = seaglass.dask.finalize(one)
    print(f"killed worker {killed[0]} of {len(tasks)} tasks; hash {out.hash}, brute force {world.sum64(i, j)}")
    assert len(tasks) > 20 and (out.pairs, out.hash) == (len(i), world.sum64(i, j))
    assert not list((tmp_path / "pairs.parquet.dask" / "tasks").glob(".*.writing")) or killed


def _bare_worker(scheduler):
    import subprocess
    import sys

    command = [
        sys.executable,
        "-m",
        "distributed.cli.dask_worker",
        scheduler,
        "--no-nanny",
        "--nthreads",
        "1",
        "--no-dashboard",
    ]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _alive(pid):
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False


def test_threads_of_one_process_do_not_meet_in_libnetcdf(inputs, tmp_path):
    """Two threads in it at once end the process; many files and many threads make that likely."""
    folder, points, swaths = inputs
    i, j = answer(points, swaths)
    for k in range(2):
        one = job(folder, tmp_path / f"{k}.parquet", policy={"kind": "all"}, run={"slab": "25 min"})
        with dask.config.set(scheduler="threads", num_workers=8):
            seaglass.dask.run(seaglass.dask.plan(one))
        assert seaglass.dask.finalize(one).hash == world.sum64(i, j)


def test_finished_tasks_are_left_and_half_finished_ones_are_not_counted(inputs, tmp_path):
    folder, points, swaths = inputs
    i, j = answer(points, swaths)
    out = tmp_path / "pairs.parquet"
    one = job(folder, out, policy={"kind": "all"}, run={"slab": "2 h"})
    tasks = seaglass.dask.plan(one)
    seaglass.dask.run(tasks[1:])
    with pytest.raises(seaglass.ColocationError, match=f"1 of {len(tasks)} tasks are not finished"):
        seaglass.dask.finalize(out)
    stored = sorted((tmp_path / "pairs.parquet.dask" / "tasks").glob("*.parquet"))
    times = [p.stat().st_mtime_ns for p in stored]
    # As a task that was killed while writing leaves it: a table without its manifest, and a piece of another.
    stored[0].with_suffix(".json").unlink()
    (stored[0].parent / ".half.parquet.1-2.writing").write_bytes(b"PAR1")
    time.sleep(0.01)
    again = seaglass.dask.plan(one)
    assert [t.signature for t in again] == [t.signature for t in tasks]
    seaglass.dask.run(again)
    assert [p.stat().st_mtime_ns for p in stored][1:] == times[1:] and stored[0].stat().st_mtime_ns > times[0]
    assert seaglass.dask.finalize(out).hash == world.sum64(i, j)
    with pytest.raises(seaglass.ColocationError, match="is there already"):
        seaglass.dask.finalize(out)
    with pytest.raises(seaglass.ColocationError, match="is there already"):
        seaglass.dask.plan(one)


def test_a_file_that_cannot_be_read_is_left_out_and_said(inputs, tmp_path):
    folder, points, swaths = inputs
    files = []
    for k in range(12):
        copy = tmp_path / f"pass_{k:03d}.nc"
        copy.write_bytes((folder / f"pass_{k:03d}.nc").read_bytes())
        files.append(str(copy))
    Path(files[4]).write_bytes(b"not a netCDF file")
    one = job(folder, tmp_path / "pairs.parquet", policy={"kind": "all"}, run={"slab": "2 h"})
    # One that is named and not there is one that cannot be read.
    one["side"][1]["files"] = [*files, str(tmp_path / "pass_999.nc")]
    tasks = seaglass.dask.plan(one)
    # One more goes bad between plan and run.
    Path(files[7]).write_bytes(Path(files[7]).read_bytes()[:5000])
    seaglass.dask.run(tasks)
    out = seaglass.dask.finalize(one)
    assert not out.complete and [Path(p).name for p, _ in out.failed] == [
        "pass_004.nc",
        "pass_007.nc",
        "pass_999.nc",
    ]
    assert all(message and "\n" not in message for _, message in out.failed)
    i, j = answer(points, swaths)
    of = j // (1500 * 25)
    keep = (of != 4) & (of != 7)
    # Rows are numbered without the file that has none.
    assert out.hash == world.sum64(i[keep], (j - np.where(of > 4, 1500 * 25, 0))[keep])


def test_jobs_that_cannot_be_have_a_sentence(inputs, tmp_path):
    folder, _, _ = inputs
    good = job(folder, tmp_path / "p.parquet")

    def refused(change, sentence):
        raw = json.loads(json.dumps(good))
        change(raw)
        with pytest.raises(seaglass.ColocationError) as caught:
            seaglass.dask.plan(raw)
        assert sentence in str(caught.value) and "\n" not in str(caught.value), caught.value

    refused(lambda j: j.update(speed=3), 'no key "speed"')
    refused(lambda j: j.pop("radius"), 'no "radius"')
    refused(lambda j: j.update(radius="25"), "with its unit")
    refused(lambda j: j["side"][0].update(files=["nowhere.nc"]), "does not exist")
    refused(lambda j: j["side"][0].update(files=["nowhere*.nc"]), "is empty")
    refused(lambda j: j["side"][1].update(name="drifters"), "a name of its own")
    refused(lambda j: j["side"][0].update(fields=["speed"]), 'no file of the side "drifters" can be used; the first is ')
    refused(lambda j: j["side"][0].update(fields=["speed"]), 'no variable "speed"')
    refused(lambda j: j.update(policy={"kind": "all", "half": 5}), "policy.half goes with the policy crossovers")
    refused(lambda j: j["side"][0].update(filter="id <"), "filter, column")
    refused(lambda j: j["side"][0].update(filter="speed < 3"), 'no variable "speed"')
    refused(lambda j: j["side"][1].update(platform="who"), 'no variable "who"')
    refused(lambda j: j["side"][0].update(time=["2030-01-01", "2030-01-02"]), "limited to 2030-01-01T00:00:00 to 2030-01-02")
    refused(lambda j: j["output"].update(path="p.bin"), ".parquet, .nc or .csv")
    refused(lambda j: j["side"][0].update(product="gdp"), "seaglass.dask.shards")
    refused(lambda j: j["side"][1].update({"pass": "ascending"}), "says pass, which only the program knows")
    refused(lambda j: j["side"].append({"name": "c", "files": j["side"][0]["files"]}), "the job has 3 sides")
    for kind in ("box", "interpolate", "crossovers"):
        refused(lambda j, kind=kind: j.update(policy={"kind": kind}), f'the policy "{kind}" needs the program')
    refused(lambda j: j["output"].update(form="compact"), 'form = "compact" of [output] is written by the program only')
    refused(lambda j: j["output"].update(names="mdb"), "seaglass.dask.shards")
    # Not even with overwrite, nor under another name.
    mine = tmp_path / "mine.parquet"
    mine.write_bytes((folder / "drifters.parquet").read_bytes())
    (tmp_path / "alias.parquet").symlink_to(mine)
    for name in ("mine.parquet", "alias.parquet"):
        change = {"output": {"path": str(tmp_path / name), "overwrite": True}}
        refused(lambda j, c=change: [j.update(c), j["side"][0].update(files=[str(mine)])], "which would be lost")
    far = tmp_path / "far.parquet"
    pq.write_table(
        pa.table({**world.drifters(count=3), "time": world.drifters(count=3)["time"] + np.timedelta64(99, "D")}), far
    )
    refused(lambda j: j["side"][0].update(files=[str(far)]), "do not overlap in time")
    path = tmp_path / "job.toml"
    with pytest.raises(seaglass.ColocationError, match="cannot be read: no such file"):
        seaglass.dask.plan(path)
    path.write_text('radius = "25 km\n')
    with pytest.raises(seaglass.ColocationError, match="is not understood"):
        seaglass.dask.plan(path)


def test_a_job_file_names_things_beside_itself(inputs, tmp_path):
    folder, points, swaths = inputs
    os.symlink(folder, tmp_path / "data")
    (tmp_path / "job.toml").write_text(
        """
        title = "Drifters near a swath"
        radius = "20 km"
        window = "2 h"
        primary = "drifters"
        [[side]]
        name = "swath"
        files = ["data/pass_*.nc"]
        fields = ["ssh"]
        [[side]]
        name = "drifters"
        files = ["data/drifters.parquet"]
        platform = "id"
        [output]
        path = "pairs.parquet"
        """
    )
    tasks = seaglass.dask.plan(tmp_path / "job.toml")
    seaglass.dask.run(tasks)
    i, j = answer(points, swaths, "nearest")
    assert seaglass.dask.finalize(tmp_path / "job.toml").hash == world.sum64(i, j)
