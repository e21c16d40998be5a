"""The tasks once more by the ways that users have: python ways.py FOLDER SEAGLASS [TASK...]. Prints one line each.

python   seaglass.colocate on the arrays, one thread and two
dask     seaglass.dask on two workers of dask.distributed, from netCDF files, cut into time slabs
cli      seaglass colocate run on the same files, one thread and two

Files are made of the work sets in FOLDER/files the first time. Every hash is compared with `reference.json`; the exit
code says whether all agree. Needs the wheel of `python/`, netCDF4, pandas, pyarrow, xarray and dask.distributed;
SEAGLASS is the program, and may be missing.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
ANSWERS = json.loads((HERE / "reference.json").read_text())["answers"]
HOUR_US = 3_600_000_000
#: Sides, radius, window, policy; slab of the tasks on Dask.
TASKS = {
    "A": ("track1hz_30d", "drifters_30d", "25 km", "1 h", "all", "5 d"),
    "A20": ("track20hz_1d", "drifters_30d", "25 km", "1 h", "all", "10 h"),
    "B": ("drifters_30d", "swot", "5 km", "30 min", "nearest", "5 h"),
    "Ball": ("drifters_30d", "swot", "5 km", "30 min", "all", "5 h"),
    "C2": ("swot_up", "swot_down", "2 km", "2 d", "nearest", "6 h"),
    "D": ("ascat_1d", "s1owi_1d", "12.5 km", "3 h", "all", "30 h"),
}


def arrays(folder, name):
    return {c: np.load(folder / f"{name}.{c}.npy", mmap_mode="r") for c in ("time", "lat", "lon")}


def write(path, dims, time_dims, data, valid=None):
    """Packed positions and whole microseconds, as a product would store them."""
    import netCDF4

    aside = path.with_suffix(".part")
    with netCDF4.Dataset(aside, "w") as f:
        f.Conventions = "CF-1.11"
        if len(dims) == 1:
            f.featureType = "point"
        for name, n in zip(dims, data["lat"].shape):
            f.createDimension(name, n)
        v = f.createVariable("time", "i8", time_dims)
        v.units, v.standard_name, v.calendar = "microseconds since 1970-01-01T00:00:00Z", "time", "standard"
        v[:] = data["time"]
        for name, units, long in (("lat", "degrees_north", "latitude"), ("lon", "degrees_east", "longitude")):
            v = f.createVariable(name, "i4", dims, compression="zlib", complevel=1)
            v.units, v.standard_name, v.scale_factor = units, long, 1e-6
            v.set_auto_maskandscale(False)
            v[:] = data[name]
        v = f.createVariable("valid", "i1", dims, compression="zlib", complevel=1)
        v.coordinates, v.units = "lat lon" if len(dims) > 1 else "time lat lon", "1"
        v[:] = 1 if valid is None else valid
    aside.rename(path)


def files(folder):
    """Files of each side, in the order of rows."""
    out = folder / "files"
    out.mkdir(exist_ok=True)
    made = {}
    for name in ("track1hz_30d", "track20hz_1d", "drifters_30d", "ascat_1d", "s1owi_1d"):
        path = out / f"{name}.nc"
        if not path.exists():
            write(path, ("obs",), ("obs",), arrays(folder, name))
        made[name] = [path]
    swot, valid = arrays(folder, "swot_1d"), np.load(folder / "swot_1d.valid.npy", mmap_mode="r")
    made["swot"] = [out / f"swot_pass{k:03}.nc" for k in range(len(valid))]
    for k, path in enumerate(made["swot"]):
        if not path.exists():
            one = {c: v[k] for c, v in swot.items()}
            write(path, ("num_lines", "num_pixels"), ("num_lines",), one, valid[k])
    made["swot_up"], made["swot_down"] = made["swot"][0::2], made["swot"][1::2]
    return made


def first_rows(made, name, size):
    """Row of the work set at which each file of a side begins."""
    if not name.startswith("swot"):
        return {made[name][0].name: 0}
    return {path.name: k * size for k, path in enumerate(made["swot"])}


def sum64(i, j):
    with np.errstate(over="ignore"):
        z = (np.asarray(i).astype(np.uint64) << np.uint64(32) | np.asarray(j).astype(np.uint64)) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return f"{int((z ^ (z >> np.uint64(31))).sum(dtype=np.uint64)):016x}"


def hash_of(path, task, made, size):
    """Pairs and hash of a table by the rows of the work sets."""
    import pyarrow.parquet as pq

    table = pq.read_table(path, columns=["p_granule", "p_row", "s_granule", "s_row"]).to_pandas()
    rows = []
    for prefix, side in zip("ps", TASKS[task][:2]):
        first = first_rows(made, side, size)
        start = table[f"{prefix}_granule"].astype(str).map(first).to_numpy(np.int64)
        rows.append(start + table[f"{prefix}_row"].to_numpy(np.int64))
    return len(table), sum64(*rows)


def job(task, metric, made, output, **run):
    p, s, radius, window, policy, _slab = TASKS[task]
    side = lambda name: {"name": name, "files": [str(f) for f in made[name]], "filter": "valid == 1"}
    return {
        "radius": radius,
        "window": window,
        "metric": {"S": "sphere", "W": "wgs84"}[metric],
        "policy": {"kind": policy},
        "side": [side(p), side(s)],
        "output": {"path": str(output), "overwrite": True},
        "run": {"checksum": "none", **run},
    }


def toml(raw):
    """Enough of TOML for these jobs."""
    word = lambda v: "true" if v is True else "false" if v is False else json.dumps(v)
    lines = [f"{k} = {word(v)}" for k, v in raw.items() if not isinstance(v, (dict, list))]
    for side in raw["side"]:
        lines += ["[[side]]", *(f"{k} = {word(v)}" for k, v in side.items())]
    for name in ("policy", "output", "run"):
        lines += [f"[{name}]", *(f"{k} = {word(v)}" for k, v in raw[name].items())]
    return "\n".join(lines) + "\n"


def spent(who):
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def by_python(task, metric, threads, folder):
    import seaglass

    swot = arrays(folder, "swot_1d")
    valid = np.load(folder / "swot_1d.valid.npy")

    def side(name):
        if not name.startswith("swot"):
            a = {c: np.array(v) for c, v in arrays(folder, name).items()}
            packed = {c: seaglass.Packed(a[c]) for c in ("lat", "lon")}
            return seaglass.side({**packed, "time": a["time"].view("M8[us]")}, kind="points")
        start = {"swot": range(len(valid)), "swot_up": range(0, len(valid), 2), "swot_down": range(1, len(valid), 2)}[name]
        passes = []
        for k in start:
            one = {c: np.array(v[k]) for c, v in swot.items()}
            data = {"lat": seaglass.Packed(one["lat"]), "lon": seaglass.Packed(one["lon"]), "time": one["time"].view("M8[us]")}
            passes.append(seaglass.side(data, kind="swath", where=valid[k]))
        return seaglass.side(passes)

    p, s, radius, window, policy, _slab = TASKS[task]
    a, b = side(p), side(s)
    before = spent(resource.RUSAGE_SELF)
    found = seaglass.colocate(a, b, radius=radius, window=window, policy=policy, metric={"S": "sphere", "W": "wgs84"}[metric], threads=threads)
    used = spent(resource.RUSAGE_SELF) - before
    i, j, size = found.i, found.j, valid[0].size
    if task == "C2":
        # Rows are numbered on through the passes of a side, and every second pass is the other side's.
        i, j = i + i // size * size, j + j // size * size + size
    return used, len(found), sum64(i, j)


def by_cli(task, metric, threads, made, size, program, work):
    output = work / "cli.parquet"
    path = work / "job.toml"
    path.write_text(toml(job(task, metric, made, output, threads=threads)))
    before = spent(resource.RUSAGE_CHILDREN)
    done = subprocess.run([program, "colocate", "run", str(path), "--json"], capture_output=True, text=True, check=False)
    used = spent(resource.RUSAGE_CHILDREN) - before
    if done.returncode != 0:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no message"])[-1])
    return used, *hash_of(output, task, made, size)


def by_dask(task, metric, made, size, client, work):
    import seaglass.dask

    output = work / "dask.parquet"
    shutil.rmtree(f"{output}.dask", ignore_errors=True)
    one = job(task, metric, made, output, slab=TASKS[task][5])
    tasks = seaglass.dask.plan(one, client)
    seaglass.dask.run(tasks, client)
    seaglass.dask.finalize(one)
    return len(tasks), *hash_of(output, task, made, size)


def main():
    folder, program, chosen = Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3:]
    made = files(folder)
    size = int(np.prod(np.load(folder / "swot_1d.lat.npy", mmap_mode="r").shape[1:]))
    work = folder / "ways"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    wrong = 0

    def row(task, metric, way, what, call, *more):
        nonlocal wrong
        cost, pairs, found = call(task, metric, *more)
        right = [pairs, found] == ANSWERS[task][metric]
        wrong += not right
        note = "" if right else f"  expected {ANSWERS[task][metric]}"
        print(f"{task:5} {metric:6} {way:7} {what:10} {cost:8.3f} {pairs:9} {found}{note}", flush=True)

    from dask.distributed import Client, LocalCluster

    print("task  metric way     threads    CPU s (dask: tasks)  pairs  hash")
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=str(work)) as cluster, Client(cluster) as client:
        for task in [t for t in TASKS if not chosen or t in chosen]:
            for metric in "SW":
                for threads in (1, 2):
                    row(task, metric, "python", threads, by_python, threads, folder)
                    if os.path.exists(program):
                        row(task, metric, "cli", threads, by_cli, threads, made, size, program, work)
                row(task, metric, "dask", "2 workers", by_dask, made, size, client, work)
    shutil.rmtree(work, ignore_errors=True)
    if not os.path.exists(program):
        print(f"not run: {program} is not there; cargo build --release makes it")
    if wrong:
        sys.exit(f"{wrong} runs found other pairs than the reference")


if __name__ == "__main__":
    main()
