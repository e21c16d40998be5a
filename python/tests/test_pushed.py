"""What notebooks push: masks, packing, tables of many platforms, files, pieces that are added."""

from __future__ import annotations

import http.server
import json
import os
import threading

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import seaglass

pytestmark = pytest.mark.skipif(not os.environ.get("SEAGLASS"), reason="skipped: SEAGLASS names no program")

DAY = np.datetime64("2024-08-11T12:00", "ns")
LON, LAT = np.arange(0.0, 10.0), np.arange(40.0, 45.0)


@pytest.fixture(scope="module")
def view():
    with seaglass.launch(size=(360, 180)) as view:
        yield view


@pytest.fixture(autouse=True)
def _empty(view):
    yield
    view.close_data()
    view.command("shapes", change={"what": "remove_all"})
    for name in list(view._given):
        view._given.pop(name)


def found(view, field, lon, lat):
    """What is there in the days before and after noon."""
    view.time, view.window = DAY + np.timedelta64(5, "D"), pd.Timedelta(10, "D")
    return next(r for r in view.probe(lon, lat, reach=1e-3) if r["field"] == field)


@pytest.mark.parametrize("kind", ["i2", "u1", "i8", "f4", "f8", "?"])
def test_what_is_masked_is_missing(view, kind):
    values = np.ma.masked_array(np.ones((5, 10), kind), mask=np.arange(50).reshape(5, 10) == 1)
    view.push(values, "masked", lon=LON, lat=LAT, field="m")
    assert found(view, "m", 1, 40)["state"] == "missing"
    assert found(view, "m", 2, 40)["value"] == 1


def test_all_numbers_of_a_byte_leave_none_for_what_is_missing(view):
    values = np.ma.masked_array(np.arange(256, dtype="u1").reshape(16, 16), mask=False)
    values = np.ma.concatenate([values, np.ma.masked_all((1, 16), "u1")])
    view.push(values, "bytes", lon=np.arange(16.0), lat=np.arange(17.0), field="b")
    assert [found(view, "b", x, y)["value"] for x, y in ((0, 0), (15, 15))] == [0, 255]
    assert found(view, "b", 3, 16)["state"] == "missing"


def test_how_a_file_was_packed_does_not_round_what_is_pushed(view):
    value = -0.0572449123456789
    data = xr.DataArray(np.full((5, 10), value), {"lat": LAT, "lon": LON}, ("lat", "lon"), "ssh", {"units": "m"})
    data.encoding = {"dtype": "i2", "scale_factor": 0.01, "add_offset": 0.0, "_FillValue": -32768}
    view.push(data, "packed")
    assert found(view, "ssh", 3, 42)["value"] == value


def drifters():
    """Three tracks of 50 positions along parallels, as sorted by time as servers give them."""
    time = DAY + np.arange(50) * np.timedelta64(3600, "s")
    rows = [
        pd.DataFrame({"time": time, "lon": 0.2 * np.arange(50), "lat": 40.0 + 2 * k, "t": k + 0.5, "id": f"D{k}"})
        for k in range(3)
    ]
    return pd.concat(rows).sort_values("time", kind="stable").reset_index(drop=True)


def lit(picture):
    """Pixels that are not as the corner is."""
    pixels = np.asarray(picture).astype(int)
    return int((np.abs(pixels - pixels[0, 0]).sum(axis=2) > 60).sum())


def test_platforms_of_a_table_are_tracks_of_their_own(view):
    table = drifters()
    view.push(table.rename(columns={"id": "who"}), "tracks", platform="who")
    layer = view.layer("t")
    assert found(view, "t", 0.2 * 7, 42)["value"] == 1.5
    view.base_map(relief=False, coastlines=False, graticule=False, labels=False, atmosphere=False)
    layer.set(method="line", range=(0, 3), size_pt=2)
    view.camera.fit(-1, 39, 11, 45)
    try:
        apart = view.screenshot(240, 120, timeout=120)
    except seaglass.SeaglassError as e:
        assert "Nothing can be drawn" in str(e)
        return
    view.remove("tracks")
    bare = lit(view.screenshot(240, 120, timeout=120))
    # The same with one track at a time: three lines, and nothing between them.
    singles = 0
    for k in range(3):
        view.push(table[table.id == f"D{k}"].drop(columns="id"), f"one {k}")
        view.layer("t").set(method="line", range=(0, 3), size_pt=2)
        singles += lit(view.screenshot(240, 120, timeout=120)) - bare
        view.remove(f"one {k}")
    assert singles > 300
    assert abs(lit(apart) - bare - singles) < 0.1 * singles


def test_tables_keep_their_times_or_say_why_not(view):
    table = drifters()[["time", "lon", "lat", "t"]]
    one = table.iloc[::3]
    when = one.time.iloc[5].to_datetime64().astype("datetime64[us]")
    for k, frame in enumerate(
        [
            one.set_index("time").rename_axis(None),
            one.assign(id=7).set_index(["id", "time"]),
            one.assign(time=one.time.dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo")),
            one.assign(time=one.time.astype(str)),
        ]
    ):
        view.push(frame, f"table {k}")
        assert found(view, "t", one.lon.iloc[5], 40)["time"] == when, k
        view.remove(f"table {k}")
    with pytest.raises(ValueError, match="numbers and no times"):
        view.push(one.assign(time=one.time.astype("i8") // 10**9), "seconds")
    with pytest.raises(ValueError, match="no column nobody"):
        view.push(one, "x", platform="nobody")


def test_names_that_would_be_one_are_refused(view):
    grid = {"lon": LON, "lat": LAT}
    view.push(np.zeros((5, 10)), "x y", **grid)
    with pytest.raises(ValueError, match='"x_y" and "x y" are the same'):
        view.push(np.zeros((5, 10)), "x_y", **grid)
    view.push(np.ones((5, 10)), "x y", **grid)
    assert view.pushed == ["x_y"]
    view.remove("x y")
    view.push(np.zeros((5, 10)), "x_y", **grid)


def test_every_push_is_a_layer(view):
    for k in range(15):
        view.push(np.zeros((5, 10)), f"n{k}", lon=LON, lat=LAT, field=f"f{k}")
    assert len(view.layers) == 15 and view.layer("f14").field == "f14"


def test_pieces_are_added_to_a_track(view):
    table = drifters()
    one = table[table.id == "D0"].drop(columns="id")
    view.push(one[:20], "track")
    layer = view.layer("t")
    layer.set(method="line", opacity=0.5)
    for first in (20, 35):
        view.append(one[first : first + 15], "track")
    assert [x.id for x in view.layers] == [layer.id] and layer.opacity == 0.5
    assert view.pushed == ["track"] and len(view.granules()) == 3
    assert {found(view, "t", 0.2 * k, 40)["value"] for k in (3, 25, 49)} == {0.5}
    # The pieces meet in one sample, so that the line has no gap.
    area = view.add_shape([(-1, 39), (11, 39), (11, 41), (-1, 41)])
    cells = view.extract(area)
    assert len(cells) == 50 + 2 and len(set(cells["lon"])) == 50
    view.push(one[:10], "track")
    assert len(view.granules()) == 1, "the same name again replaces all of it"
    view.append(one[10:20], "track")
    view.remove("track")
    assert view.layers == [] and len(view.granules()) == 0


def test_files_are_pushed_by_path_and_by_address(tmp_path, monkeypatch):
    grid = xr.DataArray(np.full((5, 10), 2.5), {"lat": LAT, "lon": LON}, ("lat", "lon"), "sst", {"units": "degC"})
    path = tmp_path / "my sst.nc"
    grid.to_dataset().to_netcdf(path)
    with seaglass.launch() as view:
        # Read here: the session need not see the file, nor be allowed to.
        view.push(path)
        assert found(view, "sst", 3, 42)["value"] == 2.5 and view.pushed == ["my_sst"]
        monkeypatch.chdir(tmp_path)

        class Quiet(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *_):
                pass

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            base = f"http://127.0.0.1:{server.server_port}"
            view.open(f"{base}/my%20sst.nc")
            with pytest.raises(seaglass.SeaglassError, match="could not be fetched"):
                view.open(f"{base}/nothing.nc")
            server.shutdown()
        assert view.pushed == ["my_sst"]
        with pytest.raises(TypeError, match="lon is for numpy arrays"):
            view.push(path, lon=3)
        view.remove("my sst")
        assert view.layers == []


def test_a_session_that_is_pushed_opens_nothing(tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text("lon,lat,value\n1,2,123456.5\n3,4,654321.5\n")
    with seaglass.launch() as open_one:
        open_one.open(secret)
        open_one.save(tmp_path / "s.oce")
        with pytest.raises(seaglass.SeaglassError, match="cannot be pushed"):
            open_one.push(tmp_path / "s.oce")
        session = (tmp_path / "s.oce").read_bytes()
        for name in ("a.oce", "a.OCE"):
            with pytest.raises(seaglass.SeaglassError, match="cannot be pushed"):
                open_one._link.ask("push", session, name=name)
        open_one.close_data()
        with pytest.raises(seaglass.SeaglassError):
            open_one._link.ask("push", session, name="innocent.nc")
        assert len(open_one.granules()) == 0


def test_what_is_refused_is_no_part_of_the_session(tmp_path):
    with seaglass.launch() as view:
        (tmp_path / "fe.py").write_text("print(3)\n")
        with pytest.warns(seaglass.SeaglassWarning, match="2 files could not be read"):
            view.open(tmp_path / "nope.nc", tmp_path / "fe.py")
        with pytest.raises(seaglass.SeaglassError):
            view.open(tmp_path / "nope.nc")
        with pytest.raises(seaglass.SeaglassError):
            view.add_geojson({"type": "FeatureCollection", "features": 3})
        view.push(np.zeros((5, 10)), "zero", lon=LON, lat=LAT)
        view.save(tmp_path / "s.oce")
        sources = json.loads((tmp_path / "s.oce").read_text())
        assert "nope.nc" not in json.dumps(sources) and "shapes.geojson" not in json.dumps(sources)
        assert "zero.nc" in json.dumps(sources)


def test_shapes_of_other_libraries(view):
    class Town:
        @property
        def __geo_interface__(self):
            return {"type": "Point", "coordinates": [5.0, 45.0]}

    view.add_geojson(Town(), "town")
    assert [f["geometry"]["coordinates"] for f in view.shapes()["features"]] == [[5.0, 45.0]]
    view.remove("town")
    assert view.shapes()["features"] == []
