"""What people have is understood: data sets of every kind, frames, tables; and what cannot be is said in a sentence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import world
import xarray as xr

import seaglass

SIX_HOURS_US = 6 * 3_600_000_000


def xr_swath(data, **names):
    lat, lon, time = (names.get(k, k) for k in ("lat", "lon", "time"))
    return xr.Dataset(
        {"ssh": (("line", "pixel"), data["ssh"], {"units": "m", "standard_name": "sea_surface_height"})},
        coords={
            lat: (("line", "pixel"), data["lat"], {"standard_name": "latitude", "units": "degrees_north"}),
            lon: (("line", "pixel"), data["lon"], {"standard_name": "longitude", "units": "degrees_east"}),
            time: ("line", data["time"]),
        },
    )


def grid(step=0.5, days=3):
    lat, lon = np.arange(-80, 80.1, step), np.arange(0, 360, step)
    time = world.instants(np.arange(days) * 86400.0)
    sst = 280 + 20 * np.cos(np.radians(lat))[None, :, None] + np.arange(days)[:, None, None] + 0 * lon
    return xr.Dataset(
        {"sst": (("time", "lat", "lon"), sst, {"units": "kelvin"}), "mask": (("lat", "lon"), sst[0] > 0)},
        coords={
            "lat": ("lat", lat, {"units": "degrees_north"}),
            "lon": ("lon", lon, {"units": "degrees_east"}),
            "time": time,
        },
    )


def test_a_swath_in_xarray_gives_its_values_lines_and_pixels():
    data, points = world.swath(), world.drifters()
    i, j, d, _ = world.brute(points, data, 30_000, SIX_HOURS_US)
    i, j, _ = world.nearest(i, j, d)
    ds = xr_swath(data, lat="nav_a", lon="nav_b", time="when")
    table = seaglass.colocate(points, ds, radius="30 km", window="6 h").to_pandas()
    line, pixel = np.unravel_index(j, data["lat"].shape)
    assert table["p_row"].tolist() == i.tolist() and len(i) > 5
    assert table["s_line"].tolist() == line.tolist() and table["s_pixel"].tolist() == pixel.tolist()
    assert (table["s_ssh"] == data["ssh"][line, pixel]).all()
    assert (table["s_lat"] == data["lat"][line, pixel]).all()
    assert (table["s_time"].dt.tz_localize(None).to_numpy() == data["time"][line]).all()
    assert (table["p_ssh"] == points["ssh"][i]).all() and (table["p_id"] == points["id"][i]).all()


def test_frames_tables_and_dictionaries_are_the_same_side():
    a, b = world.track(), world.drifters()
    want = seaglass.colocate(a, b, radius="60 km", window="1 h", policy="all")
    frame = pd.DataFrame(b)
    zoned = frame.assign(time=frame["time"].dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo"))
    indexed = frame.set_index("time").rename(columns={"lat": "Latitude", "lon": "LONGITUDE"})
    for one in (frame, zoned, indexed, pa.table(b), xr.Dataset.from_dataframe(frame)):
        found = seaglass.colocate(a, one, radius="60 km", window="1 h", policy="all")
        assert found.hash == want.hash
        assert (found.to_pandas()["s_ssh"] == want.to_pandas()["s_ssh"]).all()


def test_results_go_into_every_table():
    found = seaglass.colocate(world.track(), xr_swath(world.swath()), radius="20 km", window="1 h")
    frame, data, arrow = found.to_pandas(), found.to_xarray(), found.to_arrow()
    assert len(found) > 50 and len(frame) == data.sizes["match"] == arrow.num_rows == len(found)
    assert list(frame.columns) == arrow.column_names and set(frame.columns) == set(data.variables)
    assert arrow.schema.field("s_ssh").metadata[b"units"] == b"m"
    assert arrow.schema.field("p_time").type == pa.timestamp("us", "UTC")
    assert data["s_ssh"].attrs["standard_name"] == "sea_surface_height" and data.attrs["featureType"] == "point"
    assert found.hash == data.attrs["pairs_sum64"] == arrow.schema.metadata[b"pairs_sum64"].decode()
    from pyproj import Geod

    azimuth, _, metres = Geod(ellps="WGS84").inv(frame["p_lon"], frame["p_lat"], frame["s_lon"], frame["s_lat"])
    assert np.abs(metres - frame["distance_m"]).max() < 1e-6
    turn = (np.asarray(azimuth) - frame["bearing_deg"] + 180) % 360 - 180
    # Under a metre the direction is noise of the positions' last digits.
    assert np.abs(turn[frame["distance_m"] > 1]).max() < 1e-3
    half = found.select(found.distance_m < 1_500)
    assert 0 < len(half) < len(found) and (half.to_pandas()["distance_m"] < 1_500).all()


def test_grids_answer_with_their_cells():
    ds, points = grid(), world.drifters(hours=48)
    found = seaglass.colocate(points, ds, radius="60 km", window="12 h")
    table = found.to_pandas()
    inside = np.abs(points["lat"]) < 79.5
    assert set(np.flatnonzero(inside)) <= set(found.i)
    near_lat = ds["lat"].values[np.abs(ds["lat"].values[:, None] - points["lat"][found.i]).argmin(0)]
    # The nearest cell has the nearest latitude but for high latitudes, where cells are narrow.
    low = np.abs(table["p_lat"]) < 30
    assert (table["s_lat"][low] == near_lat[low]).mean() > 0.99
    day = (table["s_time"].dt.tz_localize(None).to_numpy().astype("M8[us]") - world.START) / np.timedelta64(1, "D")
    want = 280 + 20 * np.cos(np.radians(table["s_lat"])) + day
    assert np.abs(table["s_sst"] - want).max() < 1e-9
    bare = {"lat": ds["lat"].values, "lon": ds["lon"].values, "time": ds["time"].values, "sst": ds["sst"].values}
    assert seaglass.colocate(points, bare, radius="60 km", window="12 h").hash == found.hash
    one = ds.isel(time=0)
    assert len(seaglass.colocate(points, one, radius="60 km", window="12 h")) > 0


def test_granules_of_a_side_are_numbered_on():
    first, second = world.swath(), world.swath(start_s=6000.0)
    points = world.drifters()
    both = {k: np.concatenate([first[k], second[k]]) for k in first}
    i, j, d, _ = world.brute(points, both, 40_000, SIX_HOURS_US)
    i, j, _ = world.nearest(i, j, d)
    found = seaglass.colocate(points, [xr_swath(first), xr_swath(second)], radius="40 km", window="6 h")
    assert found.pairs.tolist() == np.column_stack([i, j]).tolist()
    table = found.to_pandas()
    assert set(table["s_granule"]) == {0, 1}
    assert (table["s_granule"] * first["lat"].size + table["s_row"] == j).all()
    assert (table["s_ssh"] == both["ssh"].ravel()[j]).all()


def test_undecoded_files_and_decoded_ones_are_the_same(tmp_path):
    data, points = world.swath(), world.drifters()
    ds = xr_swath(data)
    ds["ssh"].values[10:20] = np.nan
    packed = {"dtype": "i4", "scale_factor": 1e-6, "_FillValue": np.int32(2147483647)}
    clock = {"units": "seconds since 2000-01-01 00:00:00.0", "dtype": "f8"}
    path = tmp_path / "swath.nc"
    ds.to_netcdf(path, encoding={"lat": packed, "lon": packed, "ssh": dict(packed, scale_factor=1e-4), "time": clock})
    want = seaglass.colocate(points, data, radius="40 km", window="6 h")
    for decode in (True, False):
        with xr.open_dataset(path, decode_cf=decode) as opened:
            found = seaglass.colocate(points, opened, radius="40 km", window="6 h")
            assert found.hash == want.hash and len(found) > 5
            values = found.to_pandas()["s_ssh"]
            line = found.to_pandas()["s_line"]
            assert values.isna().tolist() == line.between(10, 19).tolist()
            assert np.nanmax(np.abs(values - want.to_pandas()["s_ssh"])) < 1e-4


def test_chosen_variables_must_have_a_value_and_masks_hold():
    data, points = world.swath(), world.drifters()
    hole = np.zeros(data["lat"].shape, bool)
    hole[:, 10:25] = True
    ds = xr_swath(data)
    ds["ssh"] = ds["ssh"].where(~xr.DataArray(hole, dims=("line", "pixel")))
    want_data = dict(data, lat=np.where(hole, np.nan, data["lat"]))
    i, j, d, _ = world.brute(points, want_data, 40_000, SIX_HOURS_US)
    i, j, _ = world.nearest(i, j, d)
    chosen = seaglass.side(ds, variables=["ssh"])
    masked = seaglass.side(xr_swath(data), where=lambda d: xr.DataArray(~hole, dims=("line", "pixel")))
    both = dict(data, hole=hole.astype("i1"), line_ok=np.ones(len(data["time"])))
    filtered = seaglass.side(both, filter="hole == 0 & line_ok > 0", variables=[])
    both_ways = (masked, filtered, seaglass.side(data, where=~hole), seaglass.side(data, where=(~hole).ravel()))
    for one in (chosen, *both_ways):
        found = seaglass.colocate(points, one, radius="40 km", window="6 h")
        assert found.hash == world.sum64(i, j)
        c = found.counts.secondary
        assert (c.invalid, c.no_value, c.filtered) == ((0, hole.sum(), 0) if one is chosen else (0, 0, hole.sum()))
    # A row without a position is not counted again for the value it lacks, nor one without a value for the filter.
    nowhere = dict(data, lat=np.where(np.arange(data["lat"].size).reshape(hole.shape) < 10, np.nan, data["lat"]))
    nowhere |= {"ssh": np.where(hole, np.nan, data["ssh"])}
    c = seaglass.colocate(
        points, seaglass.side(nowhere, variables=["ssh"], where=~hole), radius="40 km", window="6 h"
    ).counts.secondary
    assert (c.invalid, c.no_value, c.filtered) == (10, hole.sum() - hole.ravel()[:10].sum(), 0)


def test_moorings_trajectories_and_pixel_times():
    b = world.drifters(count=40)
    shape = (40, 24)
    two = {k: np.asarray(v).reshape(shape) for k, v in b.items()}
    trajectory = xr.Dataset(
        {k: (("traj", "obs"), two[k]) for k in ("lat", "lon", "time", "ssh")}
        | {"name": ("traj", [f"d{k}" for k in range(40)], {"cf_role": "trajectory_id"})},
        attrs={"featureType": "trajectory"},
    )
    a = world.track()
    want = seaglass.colocate(a, b, radius="300 km", window="1 h", policy="all")
    found = seaglass.colocate(a, trajectory, radius="300 km", window="1 h", policy="all")
    assert found.hash == want.hash and found.secondary.pieces[0].granule.kind == "points"
    assert (found.to_pandas()["s_name"] == [f"d{j // 24}" for j in found.j]).all()
    hours = world.instants(np.arange(24) * 3600)
    mooring = xr.Dataset(
        {"temp": (("station", "time"), np.arange(72.0).reshape(3, 24))},
        coords={"lat": ("station", [0.0, 30.0, -40.0]), "lon": ("station", [0.0, 100.0, -150.0]), "time": hours},
    )
    flat = {
        "lat": np.repeat([0.0, 30.0, -40.0], 24),
        "lon": np.repeat([0.0, 100.0, -150.0], 24),
        "time": np.tile(hours, 3),
    }
    found = seaglass.colocate(a, mooring, radius="1000 km", window="1 h", policy="all")
    i, j, _, _ = world.brute(a, flat, 1_000_000, 3_600_000_000)
    assert found.hash == world.sum64(i, j) and len(i) > 10
    assert (found.to_pandas()["s_temp"] == found.j).all()


def test_ghrsst_pixels_have_their_own_time():
    data, points = world.swath(), world.drifters()
    offset = np.broadcast_to(np.arange(600)[:, None] * 0.6, data["lat"].shape)
    ds = xr.Dataset(
        {
            "sst_dtime": (("time", "nj", "ni"), offset[None], {"units": "seconds"}),
            "sst": (("time", "nj", "ni"), data["ssh"][None]),
        },
        coords={
            "lat": (("nj", "ni"), data["lat"]),
            "lon": (("nj", "ni"), data["lon"]),
            "time": ("time", data["time"][:1]),
        },
    )
    want = seaglass.colocate(points, data, radius="40 km", window="30 min")
    found = seaglass.colocate(points, ds, radius="40 km", window="30 min")
    assert found.hash == want.hash and len(found) > 0
    assert (found.dt_us == want.dt_us).all()
    assert (found.to_pandas()["s_sst"] == want.to_pandas()["s_ssh"]).all()


def test_a_scene_without_times_has_the_middle_of_its_span():
    data = world.swath(lines=40)
    ds = xr_swath(data).drop_vars("time")
    ds.attrs.update(firstMeasurementTime="2024-06-01T00:00:00Z", lastMeasurementTime="2024-06-01T00:00:24Z")
    found = seaglass.colocate(data, ds, radius="0 km", window="12 s")
    assert len(found) == data["lat"].size and abs(found.dt_us).max() == 12_000_000
    with pytest.raises(seaglass.ColocationError, match="no variable is a time"):
        seaglass.side(ds.assign_attrs(firstMeasurementTime="long ago"))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda d: {k: v for k, v in d.items() if k != "lon"}, "no variable is a longitude"),
        (lambda d: dict(d, time=np.arange(len(d["lat"]))), "give datetime64"),
        (lambda d: dict(d, time=d["time"][:-1]), "one value per row"),
        (lambda d: dict(d, lat=d["lat"].astype(str)), "not numbers; give degrees"),
        (lambda d: [1, 2, 3], "is no data set"),
        (lambda d: [], "without data sets"),
        (lambda d: 5, "is no data set"),
        (lambda d: xr.Dataset({"a": ("x", [1.0])}, coords={"latitude": ("x", [1.0])}), "no variable is a longitude"),
    ],
)
def test_what_is_no_data_set_has_a_sentence(make, sentence):
    with pytest.raises(seaglass.ColocationError) as caught:
        seaglass.colocate(make(world.track(hours=1)), world.drifters(count=3), radius="1 km", window="1 h")
    assert sentence in str(caught.value) and "\n" not in str(caught.value)


def test_two_that_could_be_the_latitude_are_not_guessed():
    a = world.track(hours=1)
    ds = xr.Dataset(
        {"ssh": ("n", a["ssh"])},
        coords={
            "first": ("n", a["lat"], {"units": "degrees_north"}),
            "other": ("n", a["lat"], {"units": "degrees_north"}),
            "lon": ("n", a["lon"]),
            "time": ("n", a["time"]),
        },
    )
    with pytest.raises(seaglass.ColocationError, match='first, other could each be the latitude.*lat="..."'):
        seaglass.side(ds)
    assert seaglass.side(ds, lat="other").rows == len(a["lat"])
    with pytest.raises(seaglass.ColocationError, match='no variable "speed"'):
        seaglass.side(ds, lat="first", variables=["speed"])


def test_one_mooring_has_one_place():
    hours = world.instants(np.arange(24) * 3600)
    ds = xr.Dataset({"temp": ("time", np.arange(24.0))}, coords={"lat": 10.0, "lon": 20.0, "time": hours})
    found = seaglass.colocate(
        ds, {"lat": [10.1], "lon": [20.0], "time": hours[5:6]}, radius="20 km", window="1 h", policy="all"
    )
    assert found.to_pandas()["p_temp"].tolist() == [4.0, 5.0, 6.0]


def test_bare_arrays_of_equal_lengths_have_their_usual_dimensions():
    n = 4
    axis, time = np.arange(n) * 1.0, world.instants(np.arange(n) * 3600.0)
    cells = np.arange(n**3).reshape(n, n, n)
    bare = {"lat": axis, "lon": axis, "time": time, "v": cells, "mask": cells[0], "step": np.arange(n)}
    one = seaglass.side(bare, kind="grid")
    points = {"lat": [2.0], "lon": [1.0], "time": time[3:]}
    table = seaglass.colocate(points, one, radius="1 km", window="1 min").to_pandas()
    assert table[["s_v", "s_mask", "s_step"]].to_numpy().tolist() == [[cells[3, 2, 1], cells[0, 2, 1], 3]]
    square = {"lat": np.zeros((n, n)), "lon": np.tile(axis, (n, 1)), "time": time}
    assert seaglass.side(square).pieces[0].granule.time_per == "line"
    with pytest.raises(seaglass.ColocationError, match="made already"):
        seaglass.side(one, variables=["v"])


def test_bare_arrays_of_unequal_lengths_are_no_grid():
    n = 1000
    times = world.instants(np.arange(n) * 60.0)
    good = {"lat": np.linspace(0, 1, n), "lon": np.linspace(0, 1, n), "time": times}
    # It would have had 10**9 rows.
    with pytest.raises(ValueError, match=r"unequal lengths \(lat 1000, lon 999\); give one value per row") as caught:
        seaglass.side(dict(good, lon=good["lon"][:-1]))
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match=r"unequal lengths \(lat 1000, time 999\)"):
        seaglass.side(dict(good, time=times[:-1]))
    three = {"lat": [0.0, 1.0, 2.0], "lon": [0.0, 1.0, 2.0], "time": times[:3]}
    for wrong, sentence in [([1, 2], "lat 3, v 2"), ([1], "lat 3, v 1"), (np.zeros((3, 3)), "leave it out")]:
        with pytest.raises(ValueError, match=sentence):
            seaglass.side(dict(three, v=wrong))
    assert seaglass.side(dict(three, v=[1, 2, 3], note=5, time=times[:1])).variables == ("v",)
    # A grid where that is said, or where cells show it.
    axes = {"lat": [0.0, 1.0, 2.0], "lon": [0.0, 1.0], "time": times[0]}
    assert seaglass.side(axes, kind="grid").rows == 6
    assert seaglass.side(dict(axes, v=np.zeros((3, 2)))).rows == 6
    assert seaglass.side(dict(axes, time=times[:4], v=np.zeros((4, 3, 2)))).rows == 24
    with pytest.raises(ValueError, match=r'"v" has shape \(5,\)'):
        seaglass.side(dict(axes, v=np.zeros(5)), kind="grid")


def test_arrays_are_borrowed_not_copied():
    import tracemalloc

    n = 500_000
    seconds = np.arange(n, dtype=np.float64)
    lat, lon = world.orbit(seconds)
    a = {"lat": lat.copy(), "lon": lon.copy(), "time": world.instants(seconds)}
    b = world.drifters(count=3)
    tracemalloc.start()
    found = seaglass.colocate(seaglass.side(a, kind="track"), b, radius="25 km", window="1 h")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Each array has 4 MB.
    assert peak < 1_000_000, peak
    assert found.counts.primary.rows == n
