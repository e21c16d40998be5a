"""Aggregates, boxes, crossings and values between cells are those of formulas and of other programs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import world
import xarray as xr
from test_dask import inputs, job  # noqa: F401
from test_data import grid, xr_swath

import seaglass
import seaglass.dask

HOUR_US = 3_600_000_000


def pairs_frame(a, b, radius_m=40_000, window_us=6 * HOUR_US):
    i, j, d, dt = world.brute(a, b, radius_m, window_us)
    return pd.DataFrame({"i": i, "j": j, "d": d, "dt": dt, "v": np.asarray(b["ssh"]).ravel()[j]})


@pytest.mark.parametrize("statistic", ["mean", "median", "std", "min", "max", "count"])
def test_statistics_are_those_of_pandas(statistic):
    a, b = world.drifters(), world.swath()
    group = pairs_frame(a, b).groupby("i")
    want = getattr(group["v"], statistic)()
    found = seaglass.colocate(a, xr_swath(b), radius="40 km", window="6 h", policy=statistic)
    table = found.to_pandas()
    assert len(want) > 20 and found.rows.tolist() == want.index.tolist()
    assert np.allclose(found.values["ssh"], want, rtol=1e-12, atol=0, equal_nan=True)
    assert table["n"].tolist() == group.size().tolist()
    assert np.abs(table["distance_min_m"] - group["d"].min().to_numpy()).max() < 1e-6
    assert np.allclose(table["dt_mean_us"], group["dt"].mean(), rtol=1e-12)
    assert (table["p_ssh"] == a["ssh"][found.rows]).all() and "s_lat" not in table
    assert found.hash == world.sum64(*pairs_frame(a, b)[["i", "j"]].to_numpy().T)
    assert found.to_xarray()["s_ssh"].attrs["statistic"] == statistic and found.to_arrow().num_rows == len(found)


def test_weights_fall_as_they_should():
    a, b = world.drifters(), world.swath()
    frame = pairs_frame(a, b)

    def want(weight):
        w = frame.assign(w=weight, wv=weight * frame.v, w2=weight**2).groupby("i")[["w", "wv", "w2"]].sum()
        return (w.wv / w.w).to_numpy(), (w.w**2 / w.w2).to_numpy()

    ask = {"radius": "40 km", "window": "6 h", "policy": "weighted"}
    gauss = want(np.exp(-0.5 * (frame.d / 15e3) ** 2 - 0.5 * (frame.dt / (2 * HOUR_US)) ** 2))
    found = seaglass.colocate(a, b, sd="15 km", sd_time="2 h", **ask)
    assert np.allclose(found.values["ssh"], gauss[0], rtol=1e-11)
    assert np.allclose(found.to_pandas()["n_effective"], gauss[1], rtol=1e-9)
    space = seaglass.colocate(a, b, sd="15 km", **ask)
    assert np.allclose(space.values["ssh"], want(np.exp(-0.5 * (frame.d / 15e3) ** 2))[0], rtol=1e-11)
    power = seaglass.colocate(a, b, power=2, **ask)
    assert np.allclose(power.values["ssh"], want(np.maximum(frame.d, 100.0) ** -2.0)[0], rtol=1e-9)
    for wrong in ({}, {"sd": "1 km", "power": 2}, {"policy": "mean", "sd": "1 km"}, {"policy": "nearest", "power": 1}):
        with pytest.raises(seaglass.ColocationError, match="weight"):
            seaglass.colocate(a, b, **{**ask, **wrong})


def test_the_secondary_side_may_own_the_values_and_directions_go_round():
    a, b = world.drifters(), world.swath()
    frame = pairs_frame(a, b)
    want = frame.assign(p=a["ssh"][frame.i]).groupby("j")["p"].mean()
    found = seaglass.colocate(a, b, radius="40 km", window="6 h", policy="mean", reference="secondary")
    assert found.rows.tolist() == want.index.tolist() and np.allclose(found.values["ssh"], want, rtol=1e-12)
    wind = np.where(np.arange(b["lat"].size) % 2, 359.0, 3.0).reshape(b["lat"].shape)
    ds = xr_swath(b).assign(dir=(("line", "pixel"), wind, {"units": "degree", "standard_name": "wind_from_direction"}))
    mean = seaglass.colocate(a, ds, radius="40 km", window="6 h", policy="mean")
    many = mean.n > 100
    assert many.sum() > 3 and (np.abs(mean.values["dir"][many] - 1.0) < 0.5).all()
    with pytest.raises(seaglass.ColocationError, match="dir cannot be made into one value"):
        seaglass.colocate(a, ds, radius="40 km", window="6 h", policy="median")


def test_aggregates_of_any_cut_are_the_same(inputs, tmp_path):  # noqa: F811
    folder, points, swaths = inputs
    frame = pairs_frame(points, swaths, 20_000, 2 * HOUR_US)
    want = frame.groupby("i")["v"].mean()
    values = []
    for k, slab in enumerate(["40 min", "5 h"]):
        one = job(folder, tmp_path / f"{k}.parquet", policy={"kind": "mean"}, run={"slab": slab})
        seaglass.dask.run(seaglass.dask.plan(one))
        out = seaglass.dask.finalize(one)
        assert (out.rows, out.pairs, out.hash) == (len(want), len(frame), world.sum64(frame.i, frame.j))
        table = pd.read_parquet(out.path).sort_values("p_row")
        assert table["p_row"].tolist() == want.index.tolist() and "s_granule" not in table
        values.append(table["s_ssh"].to_numpy())
        assert np.allclose(values[-1], want, rtol=1e-12)
    # Not nearly: the very same numbers.
    assert (values[0] == values[1]).all()


def test_boxes_are_the_pixels_around():
    a, b = world.drifters(), world.swath()
    ds = xr_swath(b)
    found = seaglass.colocate(a, ds, radius="40 km", window="6 h")
    cells = found.box(5)
    table = found.to_pandas()
    padded = np.pad(b["ssh"], 2, constant_values=np.nan)
    for k, (line, pixel) in enumerate(zip(table["s_line"], table["s_pixel"], strict=True)):
        assert np.array_equal(cells["s_box_ssh"].values[k], padded[line : line + 5, pixel : pixel + 5], equal_nan=True)
    assert cells["s_box_ssh"].dims == ("match", "s_box_line", "s_box_pixel") and len(found) > 20
    run = seaglass.colocate(b, a, radius="40 km", window="6 h").box(3)
    assert run["s_box_ssh"].dims == ("match", "s_box_line")
    with pytest.raises(seaglass.ColocationError, match="has no middle"):
        found.box(4)


def test_crossings_are_where_both_tracks_are():
    a = world.track(hours=24, step=1.0)
    found = seaglass.crossovers(a, window="1 d")
    # The equatorial and retrograde parts aside, ascending and descending passes of a day cross dozens of times.
    assert len(found) > 50
    table = found.to_pandas()
    up = np.diff(a["lat"])
    assert (up[found.i] > 0).all() and (up[found.j] < 0).all()
    for row, time in (("p_row", "p_time"), ("s_row", "s_time")):
        seconds = (table[time].dt.tz_localize(None).to_numpy() - world.START) / np.timedelta64(1, "s")
        lat, lon = (v[0] if v.ndim > 1 else v for v in world.orbit(np.asarray(seconds)))
        # One second is 7 km of track; on it the crossing lies within micro-degrees of the orbit.
        assert np.abs(lat - table["lat"]).max() < 1e-3
        assert np.abs((lon - table["lon"] + 180) % 360 - 180).max() < 1e-3
        assert (np.abs(seconds - table[row]) <= 1).all()
    for prefix in "ps":
        assert np.abs(table[f"{prefix}_ssh"] - world.ssh(table["lat"], table["lon"])).max() < 1e-4
    two = seaglass.crossovers(
        world.track(hours=6, step=1.0), world.track(hours=6, step=1.0, phase=30000.0), method="spline"
    )
    close = two.to_pandas()
    assert len(two) > 5 and np.abs(close["p_ssh"] - close["s_ssh"]).max() < 1e-4
    with pytest.raises(seaglass.ColocationError, match="is no track"):
        seaglass.crossovers(world.swath())


@pytest.mark.parametrize("method", ["linear", "spline", "median"])
def test_crossings_do_not_depend_on_where_files_are_cut(method):
    whole = world.track(hours=24, step=1.0)
    ask = {"window": "1 d", "method": method}
    want = seaglass.crossovers(whole, **ask)
    table = want.to_pandas()
    # Cut right before and right after the samples of some crossings, on either pass, and anywhere.
    cuts = sorted({int(want.i[0]) + 1, int(want.j[3]) + 1, int(want.i[-1]), int(want.j[-2]) + 2, 40_000, 40_001})
    pieces = [
        {name: values[a:b] for name, values in whole.items()}
        for a, b in zip([0, *cuts], [*cuts, len(whole["lat"])], strict=True)
    ]
    # In the order of the disk, which need not be that of time, rows are numbered on from piece to piece.
    for order in (range(len(pieces)), [3, 0, 6, 1, 5, 2, 4]):
        first = np.cumsum([0, *(len(pieces[k]["lat"]) for k in order)])
        starts = np.array([0, *cuts])
        found = seaglass.crossovers([pieces[k] for k in order], **ask)
        assert len(found) == len(want)
        back = np.concatenate([np.arange(n) + starts[k] for k, n in zip(order, np.diff(first), strict=True)])
        again = found.to_pandas()
        at = {(i, j): k for k, (i, j) in enumerate(zip(back[found.i], back[found.j], strict=True))}
        chosen = [at[pair] for pair in zip(want.i, want.j, strict=True)]
        assert (back[found.i_next[chosen]] == want.i_next).all() and (back[found.j_next[chosen]] == want.j_next).all()
        for column in ("lat", "lon", "dt_us"):
            assert (again[column].to_numpy()[chosen] == table[column].to_numpy()).all()
        for column in ("p_ssh", "s_ssh"):
            # A spline or a median has fewer samples where a file begins or ends.
            near = {"linear": 0, "spline": 1e-4, "median": 1e-4}[method]
            assert np.abs(again[column].to_numpy()[chosen] - table[column].to_numpy()).max() <= near
    # Without a limit of the step granules are tracks of their own: what lies between them is lost.
    apart = seaglass.crossovers(pieces, max_step=float("inf"), **ask)
    assert len(apart) < len(want)
    for wrong, said in (
        ({"half": 0}, "half = 0"),
        ({"max_step": "fast"}, "is no length"),
        ({"max_step": -1}, "max_step"),
    ):
        with pytest.raises(seaglass.ColocationError, match=said):
            seaglass.crossovers(pieces, **wrong)


def test_grids_are_read_between_their_cells_as_scipy_does():
    from scipy.interpolate import RegularGridInterpolator

    rng = np.random.default_rng(3)
    ds = grid(step=2.0)
    ds["sst"] = ds["sst"] + xr.DataArray(rng.normal(0, 1, ds["sst"].shape), dims=ds["sst"].dims)
    n = 500
    time = world.START + (rng.uniform(0, 2 * 86400e6, n)).astype(np.int64).astype("m8[us]")
    points = {"lat": rng.uniform(-79, 79, n), "lon": rng.uniform(0, 358, n), "time": time}
    found = seaglass.interpolate(points, ds[["sst"]])
    days = (time - world.START) / np.timedelta64(1, "D")
    axes = (np.arange(3.0), ds["lat"].values, ds["lon"].values)
    want = RegularGridInterpolator(axes, ds["sst"].values)(np.column_stack([days, points["lat"], points["lon"]]))
    assert np.abs(found.values["sst"] - want).max() < 1e-9
    assert (found.weight["sst"] > 1 - 1e-12).all()
    table = found.to_pandas()
    assert (table["s_sst"] == found.values["sst"]).all() and (table["p_lat"] == points["lat"]).all()
    with pytest.warns(UserWarning, match="no row has a value: the points cover 2024-.* steps from 2024-06-01T00:00:00"):
        outside = seaglass.interpolate(dict(points, time=time + np.timedelta64(9, "D")), ds[["sst"]])
    assert np.isnan(outside.values["sst"]).all()
    with pytest.raises(seaglass.ColocationError, match="only one grid"):
        seaglass.interpolate(points, world.swath())


def test_three_data_sets_meet_in_the_rows_of_the_first():
    a, b, c = world.drifters(), world.swath(), world.track(phase=3.0)
    ask = {"radius": "60 km", "window": "6 h"}
    two = [seaglass.colocate(a, x, **ask) for x in (b, c)]
    both = sorted(set(two[0].i) & set(two[1].i))
    found = seaglass.chain(a, {"swath": xr_swath(b), "track": c}, **ask)
    assert found.rows.tolist() == both and len(both) > 5
    table = found.to_pandas()
    for name, m in zip(("swath", "track"), two, strict=True):
        at = {i: k for k, i in enumerate(m.i)}
        chosen = [at[i] for i in both]
        assert table[f"{name}_row"].tolist() == m.j[chosen].tolist()
        assert table[f"{name}_distance_m"].tolist() == m.distance_m[chosen].tolist()
    assert (table["track_ssh"] == c["ssh"][table["track_row"]]).all() and (table["p_ssh"] == a["ssh"][both]).all()
    # Pairs of rows that are in no row of the result do not count, as in jobs of the program.
    sums = [int(world.sum64(m.i[np.isin(m.i, both)], m.j[np.isin(m.i, both)]), 16) for m in two]
    assert found.hash == f"{sum(sums) % 2**64:016x}" and found.provenance["pairs"] == 2 * len(both)
    assert len(two[0]) + len(two[1]) > 2 * len(both)
    some = seaglass.chain(a, {"swath": b, "track": c}, partial=True, **ask)
    assert some.hash == f"{(int(two[0].hash, 16) + int(two[1].hash, 16)) % 2**64:016x}"
    assert some.rows.tolist() == sorted(set(two[0].i) | set(two[1].i))
    frame = some.to_pandas()
    assert frame["swath_lat"].isna().sum() == len(set(two[1].i) - set(two[0].i))
    assert some.to_arrow().num_rows == len(some) and some.to_xarray().sizes["match"] == len(some)
    many = seaglass.chain(a, {"swath": b, "track": c}, policy="all", **ask)
    all_two = [seaglass.colocate(a, x, policy="all", **ask) for x in (b, c)]
    sizes = [pd.Series(m.i).value_counts() for m in all_two]
    assert len(many) == int((sizes[0] * sizes[1]).dropna().sum())
    shared = sizes[0].index.intersection(sizes[1].index)
    assert many.provenance["pairs"] == int(sizes[0][shared].sum() + sizes[1][shared].sum()) < 2 * len(many)
    with pytest.raises(seaglass.ColocationError, match="makes one value of many"):
        seaglass.chain(a, {"b": b}, policy="mean", **ask)
