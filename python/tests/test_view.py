"""The running application from Python: `seaglass serve` with data of known values."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import seaglass

pytestmark = pytest.mark.skipif(not os.environ.get("SEAGLASS"), reason="skipped: SEAGLASS names no program")

DAY = np.datetime64("2024-08-11T12:00", "ns")


def world() -> xr.DataArray:
    """Cells of a degree; the value says row and column, and needs 64 bits."""
    lat, lon = np.arange(-89.5, 90), np.arange(-179.5, 180)
    values = np.arange(180 * 360, dtype=float).reshape(1, 180, 360) + 1e-9
    return xr.DataArray(
        values, {"time": [DAY], "lat": lat, "lon": lon}, ("time", "lat", "lon"), "number", {"units": "m"}
    )


@pytest.fixture(scope="module")
def view():
    with seaglass.launch(size=(360, 180)) as view:
        view.push(world(), "world")
        yield view


def drawn(view, **wishes):
    """A picture; none where there is nothing to draw with."""
    try:
        return view.screenshot(timeout=120, **wishes)
    except seaglass.SeaglassError as e:
        if "Nothing can be drawn" in str(e):
            print(f"no graphics adapter: {e}")
            return None
        raise


def test_pushed_data_are_exact_under_the_probe(view):
    view.time = DAY
    rows = view.probe(1.5, 0.5)
    row = next(r for r in rows if r["field"] == "number")
    assert row["value"] == 90 * 360 + 181 + 1e-9
    assert (row["position"]["lon_deg"], row["position"]["lat_deg"]) == (1.5, 0.5)
    assert row["time"] == DAY.astype("datetime64[us]")
    with pytest.raises(seaglass.SeaglassError, match="no such place"):
        view.probe(0.0, 99.0)


def test_layers_have_every_setting_of_their_style(view):
    layer = view.layer("number")
    layer.set(colormap="viridis", range=(0, 64800), opacity=0.5)
    assert (layer.colormap, layer.range, layer.opacity) == ("viridis", [0.0, 64800.0], 0.5)
    layer.reversed = True
    assert layer.reversed is True and layer.style["reversed"] is True
    view.undo()
    assert layer.reversed is False
    layer.visible = False
    assert not layer.visible
    layer.visible = True
    with pytest.raises(AttributeError, match="no setting"):
        layer.set(colour="red")
    with pytest.raises(seaglass.SeaglassError):
        layer.set(opacity="much")
    view.add_colormap("test_black_white", [[0, 0, 0], [255, 255, 255]])
    assert "test_black_white" in view.colormaps()
    layer.colormap = "test_black_white"
    assert {"number"} == {x.field for x in view.layers}


def test_the_camera_goes_where_it_is_sent(view):
    view.camera.set(lon=10, lat=-20, altitude=3e6, heading=30, tilt=40)
    assert view.camera.get() == pytest.approx({"lon": 10, "lat": -20, "altitude": 3e6, "heading": 30, "tilt": 40})
    stops = [
        {"lon": 170, "lat": 0, "altitude": 1e6, "heading": 350, "tilt": 0},
        {"lon": -170, "lat": 0, "altitude": 4e6, "heading": 10, "seconds": 1},
    ]
    path = [v for _, v in view.camera.path(stops, "linear", fps=2)]
    assert len(path) == 3
    # Half-way: over the dateline, the mean of the logarithms, the short way round.
    assert abs(abs(path[1]["lon"]) - 180) < 1e-9 and path[1]["altitude"] == pytest.approx(2e6)
    assert path[1]["heading"] == pytest.approx(360)
    view.camera.fly(seconds=0.1, lon=0, lat=0, altitude=2e7, heading=0, tilt=0)
    assert view.camera.get()["lon"] == pytest.approx(0)


def test_pictures_show_the_values(view):
    layer = view.layer("number")
    layer.set(
        colormap="test_black_white" if "test_black_white" in view.colormaps() else "grayscale",
        range=(0, 64800),
        opacity=1.0,
        reversed=False,
    )
    view.command("set_projection", projection="equirectangular")
    # Half the meridian over twice the tangent of half the field of view: a pixel is a degree.
    view.camera.set(lon=0, lat=0, altitude=24_187_000, heading=0, tilt=0)
    base = {k: False for k in ("relief", "coastlines", "borders", "graticule", "labels", "atmosphere")}
    view.command("set_base_map", base={"relief_opacity": 0.0, **base})
    picture = drawn(view, width=360, height=180)
    if picture is None:
        return
    pixels = np.asarray(picture)
    assert pixels.shape == (180, 360, 4) and picture.size == (360, 180)
    # Values grow by 360 a row northwards: black in the south, white in the north.
    for row, want in ((10, 1 - 10 / 180), (90, 0.5), (170, 1 - 170 / 180)):
        assert pixels[row, 180, :3] == pytest.approx([255 * want] * 3, abs=4), row
    assert picture._repr_png_().startswith(b"\x89PNG") and picture.png() == picture._repr_png_()
    frames = list(view.camera.frames([{}, {"seconds": 0.2, "altitude": 1e7}], fps=10, width=64, height=32))
    assert len(frames) == 3 and all(f.size == (64, 32) for f in frames)
    moments = list(view.times(DAY, DAY + np.timedelta64(2, "h"), 3600, width=32, height=16))
    assert [t for t, _ in moments] == [np.datetime64(DAY, "us") + np.timedelta64(k, "h") for k in range(3)]


def test_extraction_brings_the_cells(view):
    view.time = DAY
    box = view.add_shape([(175, -3), (-175, -3), (-175, 4), (175, 4)], name="over the dateline")
    seen = []
    cells = view.extract(box, progress=seen.append)
    # Edges are great circles: between 3 S and 4 N they bend by less than a hundredth of a degree.
    assert len(cells) == 70
    assert np.array_equal(cells["number"], cells["row"] * 360 + cells["col"] + 1e-9)
    assert set(np.unique(np.abs(cells["lon"]))) == {175.5, 176.5, 177.5, 178.5, 179.5}
    assert (cells["time"] == DAY.astype("datetime64[us]")).all()
    frame, data = cells.to_pandas(), cells.to_xarray()
    assert list(frame["number"]) == list(cells["number"]) and str(frame["granule"].iloc[0]).find("world") >= 0
    assert data["number"].attrs["units"] == "m" and data.sizes["cell"] == 70
    assert {"time", "lat", "lon"} <= set(data.coords)
    line = view.add_shape([(10.4, -3.2), (10.4, 2.7)], kind="polyline")
    along = view.extract(line)
    assert sorted(along["lat"]) == [-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5] and "along_m" in along.columns
    view.remove_shape(line)
    view.remove_shape(box)
    with pytest.raises(seaglass.SeaglassError, match="polygon or line"):
        view.extract()


def test_tables_and_arrays_can_be_pushed(view):
    times = pd.date_range("2024-08-11", periods=24, freq="h")
    drifter = pd.DataFrame(
        {"time": times, "lon": np.linspace(175, 185, 24), "lat": 10.0, "speed": np.arange(24.0) + 1e-9}
    )
    view.push(drifter, "drifter")
    view.time = "2024-08-11T23:00"
    found = [c for c in view.collections() if any(f["name"] == "speed" for f in c["fields"])]
    assert found and found[0]["granules"] == 1
    lon, lat = np.meshgrid(np.linspace(0, 1, 20), np.linspace(0, 1, 30))
    view.push(np.hypot(lon, lat), "swath", lon=lon, lat=lat, field="radius", units="degree")
    assert any(f["name"] == "radius" for c in view.collections() for f in c["fields"])
    granules = view.granules()
    assert {"world.nc", "drifter.nc", "swath.nc"} <= {os.path.basename(p) for p in granules["path"]}
    with pytest.raises(ValueError, match="lon="):
        view.push(np.zeros(3), "nowhere")
    with pytest.raises(ValueError, match="does not fit"):
        view.push(np.zeros((3, 4)), "misfit", lon=np.zeros(3), lat=np.zeros(4))


def test_events_come_without_asking(view):
    with view.on("time", "shapes") as events:
        view.time = "2024-08-11T06:00"
        told = events.wait_for(lambda e: e["event"] == "time")
        assert told["now"].startswith("2024-08-11T06:00")
        shape = view.add_shape([(0, 0), (1, 0), (1, 1)], name="new")
        told = events.wait_for(lambda e: e["event"] == "shapes")
        assert [s["name"] for s in told["shapes"]] == ["new"]
        view.remove_shape(shape)
    with pytest.raises(seaglass.SeaglassError, match="no event"):
        view.on("weather")


def test_what_was_done_is_a_script(view):
    with view.record() as recording:
        view.camera.set(lon=33, lat=44)
        view.time = "2024-08-11T05:00"
    script = recording.script()
    assert script.count("view.command(") == 2 and "set_time" in script
    view.camera.set(lon=0, lat=0)
    view.replay(recording.commands)
    assert (view.camera.get()["lon"], str(view.time)[:13]) == (33, "2024-08-11T05")
    compile(script, "script", "exec")


def test_errors_carry_the_sentence(view, tmp_path):
    with pytest.raises(seaglass.SeaglassError, match="does not exist|cannot be"):
        view.open(tmp_path / "missing.nc")
    with pytest.raises(seaglass.SeaglassError, match='no layer of "nothing"'):
        view.layer("nothing")
    with pytest.raises(seaglass.SeaglassError, match="not understood"):
        view.command("make_coffee")
    with pytest.raises(seaglass.SeaglassError, match="itself only"):
        view.command("tick", dt_s=1.0)
    with pytest.raises(ValueError, match="not an address"):
        seaglass.connect("nowhere")
    with pytest.raises(seaglass.LinkLost, match="Nothing answers"):
        seaglass.connect("127.0.0.1:9", timeout=2)
    with pytest.raises(seaglass.SeaglassError, match="token"):
        seaglass.connect(view.address, token="wrong")


def test_files_are_named_only_where_that_is_allowed(tmp_path):
    world().to_netcdf(tmp_path / "world.nc")
    command = [os.environ["SEAGLASS"], "serve", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = process.stdout.readline().split()[1]
            with seaglass.connect(address) as view:
                for do, fields in (
                    ("open", {"paths": [str(tmp_path)]}),
                    ("save_shapes", {"path": str(tmp_path / "s.json")}),
                    ("extract", {"path": str(tmp_path / "c.nc")}),
                ):
                    with pytest.raises(seaglass.SeaglassError, match="--allow-files"):
                        view.command(do, **fields)
                assert view.collections() == []
                view.push(world(), "world")
                assert len(view.collections()) == 1
        finally:
            process.kill()


def test_a_session_that_ends_is_noticed():
    view = seaglass.launch()
    # Two threads ask at once; each gets its own answer.
    found = []
    threads = [threading.Thread(target=lambda k=k: found.append((k, view.colormaps()))) for k in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert len(found) == 8 and all(f[1] == found[0][1] for f in found)
    view._process.kill()
    view._process.wait()
    with pytest.raises(seaglass.LinkLost):
        for _ in range(100):
            view.project()
    view.close()
    assert "seaglass" in sys.modules
