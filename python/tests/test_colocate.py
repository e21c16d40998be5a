"""Pairs are those that scipy and pyproj find, for every geometry, and nothing depends on threads or order."""

from __future__ import annotations

import datetime
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest
import world

import seaglass

HOUR_US = 3_600_000_000


@pytest.mark.parametrize("metric", ["wgs84", "sphere"])
@pytest.mark.parametrize("threads", [1, 2])
def test_all_pairs_are_those_of_another_program(metric, threads):
    a, b = world.track(), world.drifters()
    i, j, d, dt = world.brute(a, b, 60_000, HOUR_US, metric)
    assert len(i) > 200
    found = seaglass.colocate(a, b, radius="60 km", window="1h", policy="all", metric=metric, threads=threads)
    assert found.hash == world.sum64(i, j)
    assert found.pairs.tolist() == np.column_stack([i, j]).tolist()
    assert np.abs(found.distance_m - d).max() < 1e-6
    assert (found.dt_us == dt).all()
    assert found.dt[0] == np.timedelta64(int(dt[0]), "us")
    assert found.counts.pairs == found.counts.candidates == len(i) <= found.counts.tested


def test_nearest_and_its_candidates():
    a, b = world.drifters(), world.swath()
    i, j, d, _ = world.brute(a, b, 30_000, HOUR_US)
    ni, nj, nd = world.nearest(i, j, d)
    assert len(ni) > 5
    found = seaglass.colocate(a, b, radius=30_000, window=datetime.timedelta(hours=1), candidates=True)
    assert found.pairs.tolist() == np.column_stack([ni, nj]).tolist()
    assert np.abs(found.distance_m - nd).max() < 1e-6
    assert found.n_candidates.tolist() == [int((i == k).sum()) for k in ni]
    assert (found.rank() == 1).all()
    assert found.counts.candidates == len(i)
    assert seaglass.colocate(a, b, radius=30_000, window="1 h").counts.candidates is None
    three = seaglass.colocate(a, b, radius=30_000, window=np.timedelta64(1, "h"), k=3)
    for k in np.unique(ni):
        own = np.flatnonzero(i == k)
        own = own[np.lexsort((j[own], d[own]))][:3]
        assert three.j[three.i == k].tolist() == j[own].tolist()
        assert three.rank()[three.i == k].tolist() == list(range(1, len(own) + 1))


def test_other_references_and_one_to_one():
    a, b = world.track(), world.drifters()
    i, j, d, _ = world.brute(a, b, 60_000, HOUR_US)
    nj, ni, _ = world.nearest(j, i, d)
    found = seaglass.colocate(a, b, radius="60 km", window="1 h", reference="secondary")
    assert found.hash == world.sum64(ni, nj)
    order = np.lexsort((j, i, d))
    left, right, want = set(), set(), []
    for k in order:
        if i[k] not in left and j[k] not in right:
            left.add(i[k])
            right.add(j[k])
            want.append((i[k], j[k]))
    mutual = seaglass.colocate(a, b, radius="60 km", window="1 h", policy="mutual")
    assert mutual.hash == world.sum64(*np.array(want).T)


def test_dateline_poles_and_both_habits_of_longitude():
    rng = np.random.default_rng(4)
    n = 400
    lat = np.r_[rng.uniform(-90, -88.5, n), rng.uniform(88.5, 90, n), rng.uniform(-3, 3, n), [90.0, -90.0]]
    lon = np.r_[rng.uniform(-180, 180, 2 * n), (rng.uniform(178.5, 181.5, n) + 180) % 360 - 180, [12.0, -77.0]]
    a = {"lat": world.micro(lat), "lon": world.micro(lon), "time": np.full(len(lat), world.START)}
    b = {"lat": a["lat"][::-1], "lon": (a["lon"][::-1] + 360) % 360, "time": a["time"]}
    i, j, _d, _ = world.brute(a, b, 25_000, 0)
    assert len(i) > 2 * n
    found = seaglass.colocate(a, b, radius="25 km", window="0 s", policy="all")
    assert found.hash == world.sum64(i, j)


def test_missing_rows_never_match_and_are_counted():
    a, b = world.track(hours=2), world.drifters()
    a["lat"][3] = np.nan
    a["lon"][5] = 400.0
    a["time"][7] = np.datetime64("NaT")
    masked = dict(a, lat=np.ma.masked_invalid(a["lat"]))
    for one in (a, masked):
        found = seaglass.colocate(one, b, radius="500 km", window="1 h", policy="all")
        assert found.counts.primary.invalid == 3
        assert not set(found.i) & {3, 5, 7} and len(found) > 1000
    nothing = dict(a, lat=np.full(len(a["lat"]), np.nan))
    found = seaglass.colocate(nothing, b, radius="500 km", window="1 h")
    assert len(found) == 0 and found.hash == "0" * 16 and found.pairs.shape == (0, 2)
    assert found.counts.primary.invalid == len(a["lat"])


def test_lone_pairs_zero_limits_and_empty_sides():
    one = {"lat": [0.0], "lon": [0.0], "time": np.array(["2024-01-01"], "M8[us]")}
    found = seaglass.colocate(one, one, radius=0, window="0 s", policy="all")
    assert found.pairs.tolist() == [[0, 0]] and found.distance_m.tolist() == [0.0]
    none = {"lat": [], "lon": [], "time": np.array([], "M8[us]")}
    assert len(seaglass.colocate(one, none, radius="1 km", window=None)) == 0
    assert len(seaglass.colocate(none, none, radius="1 km", window=None).to_pandas()) == 0


def test_duplicates_are_left_out_counted_or_refused():
    a, b = world.drifters(count=20), world.track()
    twice = {k: np.concatenate([v, v[:50]]) for k, v in a.items()}
    find = lambda data, **kw: seaglass.colocate(b, data, radius="300 km", window="1 h", policy="all", **kw)
    once = find(a)
    assert find(twice).hash == once.hash
    assert find(twice).counts.secondary.duplicates == 50
    assert len(find(twice, duplicates="keep")) > len(once)
    with pytest.raises(seaglass.ColocationError, match="50 rows of the secondary side repeat"):
        find(twice, duplicates="error")
    other = dict(twice, id=np.arange(len(twice["lat"]), dtype=np.int32))
    assert find(seaglass.side(other, platform="id")).counts.secondary.duplicates == 0


def test_settings_that_would_change_nothing_are_refused():
    a, b = world.track(), world.drifters(count=3)
    find = lambda **kw: seaglass.colocate(a, b, radius="25 km", **kw)
    for wrong, sentence in [
        ({"window": "1 h", "policy": "all", "k": 4}, "k = 4 means nothing with the policy all"),
        ({"window": "1 h", "policy": "mean", "by": "time"}, "means nothing with the policy mean"),
        ({"window": "5000 d"}, "between 0 s and 3653 d, or be None for any time"),
    ]:
        with pytest.raises(seaglass.ColocationError, match=sentence):
            find(**wrong)
    assert "25000 m and any time>" in repr(find(window=None))


def test_packed_coordinates_are_the_same_places():
    a, b = world.track(), world.drifters()
    packed = dict(a)
    for k in ("lat", "lon"):
        packed[k] = seaglass.Packed(np.rint(a[k] * 1e6).astype(np.int32))
    found = seaglass.colocate(a, b, radius="60 km", window="1 h")
    other = seaglass.colocate(packed, b, radius="60 km", window="1 h")
    assert other.hash == found.hash
    assert (other.to_pandas()["p_lat"] == found.to_pandas()["p_lat"]).all()


def test_python_goes_on_while_the_engine_runs():
    a, b = world.drifters(count=1200), world.drifters(count=1200, seed=2)
    ticks, done = [], threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.002)

    thread = threading.Thread(target=tick)
    thread.start()
    begin = time.perf_counter()
    heard = []
    seaglass.colocate(a, b, radius="300 km", window="2 h", threads=1, policy="all", progress=lambda *p: heard.append(p))
    took = time.perf_counter() - begin
    done.set()
    thread.join()
    during = [t for t in ticks if begin < t < begin + took]
    # With the interpreter held there would be two or three.
    assert len(during) > took / 0.05, (len(during), took)
    assert heard and heard[-1][0] == heard[-1][1]


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_stops_the_engine():
    code = """
        import signal, time, numpy as np, seaglass, world
        # What runs in the background of a shell begins with SIGINT ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        a, b = world.drifters(count=4000, hours=100), world.drifters(count=4000, hours=100, seed=2)
        print("go", flush=True)
        t = time.perf_counter()
        try:
            seaglass.colocate(a, b, radius="300 km", window="20 d", policy="all", threads=1)
        except KeyboardInterrupt:
            print("stopped", time.perf_counter() - t, flush=True)
    """
    folder = world.__file__.rsplit("world.py", 1)[0]
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout.readline() == "go\n"
    time.sleep(1.0)
    child.send_signal(signal.SIGINT)
    out = child.communicate(timeout=60)[0]
    assert out.startswith("stopped") and float(out.split()[1]) < 15, out


def test_a_failing_progress_function_stops_the_run():
    def fail(done, total, pairs):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        seaglass.colocate(world.track(), world.drifters(), radius="60 km", window="1 h", progress=fail)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"radius": "25"}, "write it with its unit, as 25 km or 500 m"),
        ({"radius": -1}, "between 0 and 20004 km"),
        ({"radius": float("nan")}, "between 0 and 20004 km"),
        ({"radius": "40000 km"}, "between 0 and 20004 km"),
        ({"window": "soon"}, "is no duration"),
        ({"window": "-1 h"}, "negative"),
        ({"window": 3600}, "a timedelta, or None"),
        ({"policy": "best"}, "choose all, nearest, mutual, mean"),
        ({"k": 0}, "give 1 or more"),
        ({"metric": "flat"}, "choose wgs84 or sphere"),
        ({"metric": 12.0}, "sphere radius 12 m"),
        ({"threads": 0}, "give 1 or more"),
        ({"policy": {"kind": "nearest", "n": 3}}, 'no key "n"'),
    ],
)
def test_nonsense_has_one_sentence(change, sentence):
    ask = {"radius": "25 km", "window": "1 h", **change}
    with pytest.raises(seaglass.ColocationError) as caught:
        seaglass.colocate(world.track(hours=1), world.drifters(count=5), **ask)
    message = str(caught.value)
    assert sentence in message and "\n" not in message and len(message) < 250
