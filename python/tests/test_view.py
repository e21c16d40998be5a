"""The running application from Python: `seaglass serve` with data of known values."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import subprocess
import sys
import threading
import time

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


def test_streams_of_events_do_not_disturb_each_other(view):
    heard = []
    with view.on("time") as first, view.on("camera", call=heard.append) as second:
        view.camera.set(lon=7)
        view.time = "2024-08-11T07:00"
        assert first.wait_for("time")["now"].startswith("2024-08-11T07")
        second.close()
        view.time = "2024-08-11T08:00"
        first.wait_for(lambda e: e.get("now", "").startswith("2024-08-11T08"))
        assert not [e for e in first.drain() if e["event"] == "camera"]
    assert heard and {e["event"] for e in heard} == {"camera"}
    with pytest.raises(seaglass.SeaglassError, match="closed"):
        first.get()
    assert view.selection == {"layer": None, "shape": None, "granule": None}


def test_event_loops_need_not_wait(view):
    async def both() -> list[str]:
        heard = []

        async def listen(events) -> None:
            async for event in events:
                heard.append(event["event"])
                events.close()

        with view.on("camera") as events:
            task = asyncio.create_task(listen(events))
            await asyncio.to_thread(view.camera.set, lon=12, lat=3)
            await asyncio.wait_for(task, 60)
        shape = view.add_shape([(0, 0), (2, 0), (2, 2), (0, 2)])
        cells = await view.start_extract(shape)
        assert np.isfinite(cells["number"]).sum() == 4
        view.remove_shape(shape)
        return heard

    view.time = DAY
    assert asyncio.run(both()) == ["camera"]


def test_clock_and_shapes_in_short(view):
    first, last = view.extent
    assert first <= DAY <= last
    view.play(False, speed=7200, loop=False)
    timeline = view.project()["timeline"]
    assert timeline["speed"] == 7200 and timeline["playing"] is False
    ring = [[[0, 0], [5, 0], [5, 5], [0, 0]]]
    view.add_geojson(
        {"type": "Feature", "properties": {"name": "sent"}, "geometry": {"type": "Polygon", "coordinates": ring}}
    )
    shapes = view.shapes()["features"]
    assert [f["properties"]["name"] for f in shapes] == ["sent"] and len(shapes[0]["geometry"]["coordinates"][0]) == 4
    for shape in view.project()["shapes"]["list"]:
        view.remove_shape(shape["id"])
    assert view.shapes()["features"] == []


def test_what_was_done_is_a_script(view):
    with view.record() as recording:
        for lon in (1, 2, 33):
            view.camera.set(lon=lon, lat=44)
        view.time = "2024-08-11T05:00"
        with seaglass.connect(view.address, token=view._link.token) as other:
            other.command("toggle_globe")
        view.layer("number").set(opacity=0.25)
        with pytest.raises(seaglass.SeaglassError):
            view.command("remove_layer", layer=99)
    # Of a drag only its end; what failed was not done.
    done = [(e["command"]["do"], e["by"]) for e in recording.entries]
    assert done == [("set_camera", "you"), ("set_time", "you"), ("toggle_globe", "program"), ("set_style", "you")]
    assert [e["seconds"] for e in recording.entries] == sorted(e["seconds"] for e in recording.entries)
    script = recording.script()
    assert "view.camera.set(lon=33.0, lat=44.0" in script and "view.time = '2024-08-11T05:00:00" in script
    assert "view.command('toggle_globe')" in script and ".set(opacity=0.25)" in script
    assert f"view.layer('number', {view.layer('number').collection!r}).set" in script
    with seaglass.launch() as fresh:
        # There the layer has another number.
        fresh.push(xr.DataArray(np.ones((4, 5)), {"lat": range(4), "lon": range(5)}, ("lat", "lon"), "other"), "other")
        fresh.push(world(), "world")
        exec(compile(script.replace("seaglass.connect()", "fresh"), "script", "exec"), {"fresh": fresh})  # noqa: S102
        layer = fresh.layer("number")
        assert layer.opacity == 0.25 and layer.id != view.layer("number").id
        assert (fresh.camera.get()["lon"], str(fresh.time)[:13]) == (33, "2024-08-11T05")
        assert fresh.project()["camera"]["projection"] != "globe"
        layer.opacity = 1.0
        fresh.replay(recording, pace=1000.0)
        assert layer.opacity == 0.25 and fresh.project()["camera"]["projection"] == "globe"
    view.command("toggle_globe")
    view.layer("number").opacity = 1.0
    view.replay(recording.commands[:2])
    assert (view.camera.get()["lon"], str(view.time)[:13]) == (33, "2024-08-11T05")


def test_a_stopped_clock_is_recorded_where_it_stood(view):
    with view.record() as recording:
        view.play()
        view.play(False)
    assert [c["do"] for c in recording.commands] == ["play", "play", "set_time"]
    stood = view.time
    view.time = DAY
    view.replay(recording)
    assert view.time == stood


def test_a_box_is_framed(view):
    view.camera.fit(170, -10, -170, 10)
    c = view.camera.get()
    assert abs(abs(c["lon"]) - 180) < 1e-6 and abs(c["lat"]) < 1 and 1e6 < c["altitude"] < 6e6
    with pytest.raises(seaglass.SeaglassError, match="south below north"):
        view.camera.fit(0, 10, 1, -10)


def test_what_was_pushed_can_be_taken_away(view):
    view.push(np.ones((4, 5)), "passing", lon=np.arange(5.0), lat=np.arange(4.0), field="passing")
    assert view.layer("passing")
    view.remove("passing")
    assert not any(f["name"] == "passing" for c in view.collections() for f in c["fields"])
    assert "passing" not in {x.field for x in view.layers}
    with pytest.raises(seaglass.SeaglassError, match="Nothing was pushed"):
        view.remove("passing")


def test_figures_of_a_layer(view):
    view.time = DAY
    found = view.layer("number").statistics()
    assert found["count"] > 1000 and found["missing"] == 0 and found["bins"].sum() == found["count"]
    # Every value from 0 to 64799 once, sampled evenly.
    assert 0 <= found["min"] < 700 and 64100 < found["max"] < 64800
    assert found["mean"] == pytest.approx(32400, rel=0.02) and found["sd"] == pytest.approx(64800 / 12**0.5, rel=0.02)
    with pytest.raises(seaglass.SeaglassError, match="no layer 99"):
        seaglass.Layer(view, 99).statistics()


def test_nonsense_gets_a_sentence_and_the_next_request_an_answer(view):
    ask = view._link.ask
    for what, fields, sentence in (
        ("film", {"format": "gif", "fps": 10, "frames": []}, "1 to 100000 frames"),
        ("film", {"format": "avi", "fps": 10, "frames": [{}]}, "not .avi."),
        ("film", {"format": "gif", "fps": 1e9, "frames": [{}]}, "120 frames a second"),
        ("film", {"format": "gif", "fps": 10, "frames": [{}], "size": [0, 9]}, "16384 pixels"),
        ("film", {"format": "gif", "fps": 10, "frames": [{"camera": 3}]}, "not understood"),
        ("film", {"format": "gif"}, "not understood"),
        ("colocate", {}, "text or"),
        ("colocate", {"job": 7}, "dictionary"),
        ("colocate", {"text": "radius = "}, "line 1"),
        ("colocate", {"job": {"window": "1 h", "side": [], "radius": "1 km"}}, "side"),
        ("unpush", {"name": "../../etc/passwd"}, "no name for a file"),
        ("fit", {"west": 0, "south": -91, "east": 1, "north": 0}, "south below north"),
        ("statistics", {"layer": -1}, "not understood"),
        ("subscribe", {"events": ["click", "weather"]}, "no event"),
        ("make_coffee", {}, "not understood"),
    ):
        with pytest.raises(seaglass.SeaglassError, match=sentence):
            ask(what, timeout=60, **fields)
    for number in (0, 2**63, 1):
        assert ask("cancel", request=number, timeout=60)[0]["cancelled"] is False
    assert view.layers


def test_colours_can_be_read(view):
    view.add_colormap("test_ramp_read", [[0, 0, 0], [255, 100, 0]])
    colours = view.colormap("test_ramp_read")
    assert colours.shape == (256, 3) and colours[[0, 51, 255]].tolist() == [[0, 0, 0], [51, 20, 0], [255, 100, 0]]
    with pytest.raises(seaglass.SeaglassError, match="no colour map"):
        view.colormap("no_such_colours")


def drifters() -> pd.DataFrame:
    """One sample on each of 20 cells, 3 km from their middles, and one at another time."""
    times = pd.DatetimeIndex([DAY] * 20 + [DAY + np.timedelta64(10, "D")])
    return pd.DataFrame({"time": times, "lon": 0.5 + np.arange(21.0), "lat": 0.5 + 3 / 110.574, "id": np.arange(21.0)})


def job(secondary: str) -> dict:
    sides = [
        {"name": "drifters", "files": ["open:drifting"], "fields": ["id"]},
        {"name": "grid", "files": [secondary], "fields": ["number"]},
    ]
    return {"radius": "10 km", "window": "1 h", "side": sides}


def test_a_colocation_job_brings_its_table(view, tmp_path):
    view.push(drifters(), "drifting")
    shares = []
    found = view.colocate(job("open:world"), progress=shares.append)
    assert len(found) == 20 and shares and shares == sorted(shares) and found.failed == []
    table = found.to_xarray()
    assert table.sizes["match"] == 20 and len(found.to_pandas()) == 20
    # Row 90 of the grid is the first north of the equator; column 180 the first east of Greenwich.
    assert table["s_number"].values.tolist() == [90 * 360 + 180 + k + 1e-9 for k in range(20)]
    # 3/110.574 degrees of latitude at the equator are 3 km, by the length of a degree there.
    assert table["distance_m"].values == pytest.approx(np.full(20, 3000.0), abs=2.0)
    # The same job as a file, with an output; and again by the command line: the same pairs.
    world().to_netcdf(tmp_path / "world.nc")
    file = tmp_path / "job.toml"
    drifting = next(p for p in view.granules()["path"] if p.endswith("drifting.nc"))
    file.write_text(
        f"""radius = "10 km"\nwindow = "1 h"\n[[side]]\nname = "drifters"\nfiles = ['{drifting}']\nfields = ["id"]
[[side]]\nname = "grid"\nfiles = ["world.nc"]\nfields = ["number"]\n[output]\npath = "pairs.csv"\n"""
    )
    written = view.colocate(file)
    assert written.outputs == [str(tmp_path / "pairs.csv")] and len(written.to_pandas()) == 20
    command = [os.environ["SEAGLASS"], "colocate", "run", str(file), "--out", str(tmp_path / "cli.csv"), "--json"]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert told["pairs_sum64"] == written.pairs_sum64
    with pytest.raises(seaglass.SeaglassError, match="not open"):
        view.colocate(job("open:nothing"))
    with pytest.raises(seaglass.SeaglassError, match="not understood"):
        view.colocate({"radius": "10 km", "windows": "1 h", "side": []})
    with pytest.raises(seaglass.SeaglassError, match="unit"):
        view.colocate({**job("open:world"), "radius": "10"})
    view.remove("drifting")


def test_long_work_is_cancelled_by_its_number(view, tmp_path):
    # Nothing waits for as long as this: it ends because it is cancelled.
    waiting = view._link.start("wait", timeout_ms=3_600_000)
    before = view.time
    started = view.start_video(tmp_path / "film.gif", times=(DAY, DAY + np.timedelta64(2000, "h"), 3600), timeout=600)
    while started.share == 0 and not started.done():
        time.sleep(0.05)
    if started.done():
        # There is nothing to draw with: that is said.
        with pytest.raises(seaglass.SeaglassError, match="drawn"):
            started.result()
    else:
        assert started.cancel()
        with pytest.raises(seaglass.Cancelled, match="cancelled"):
            started.result(60)
        assert "frames" in started.text
    assert not started.cancel() and list(tmp_path.iterdir()) == [] and view.time == before
    assert view._link.cancel(waiting) in (True, False)
    big = view.add_shape([(-179, -80), (0, -80), (179, -80), (179, 80), (0, 80), (-179, 80)])
    work = view.start_extract(big)
    work.cancel()
    try:
        assert len(work.result(120)) > 0
    except seaglass.Cancelled:
        pass
    # The next one is not disturbed.
    small = view.add_shape([(0, 0), (2, 0), (2, 2), (0, 2)])
    view.time = DAY
    assert np.isfinite(view.extract(small, timeout=120)["number"]).sum() == 4
    view.remove_shape(big)
    view.remove_shape(small)

    # A stopped cell of a notebook stops the work in the application, too.
    class Stopped(seaglass._link.Waiting):
        def get(self, timeout):
            raise KeyboardInterrupt

    job = view._link.start("wait", timeout_ms=3_600_000)
    job.__class__ = Stopped
    with pytest.raises(KeyboardInterrupt):
        seaglass._work.Work(view._link, job, lambda *_: None).result()


def test_films_are_recorded_there_and_written_here(view, tmp_path):
    if drawn(view, width=32, height=16) is None:
        return
    layer = view.layer("number")
    layer.set(range=(0, 64800), opacity=1.0)
    camera, clock = view.camera.get(), view.time
    shares = []
    stops = [{"lon": 0, "lat": 0, "altitude": 2e7, "heading": 0, "tilt": 0}, {"lat": 60, "seconds": 1.0}]
    path = view.video(
        tmp_path / "tour.gif", stops=stops, fps=4, width=64, height=48, legend=False, progress=shares.append
    )
    from PIL import Image

    with Image.open(path) as film:
        assert film.n_frames == 5 and film.size == (64, 48) and film.info["duration"] == 250
        pictures = []
        for k in range(5):
            film.seek(k)
            pictures.append(np.asarray(film.convert("RGB"), float))
    # Each frame is another picture, and the first is what a screenshot there shows, within the palette.
    assert all(np.abs(a - b).mean() > 1 for a, b in itertools.pairwise(pictures))
    assert shares == sorted(shares) and shares[-1] <= 1.0
    assert view.camera.get() == pytest.approx(camera) and view.time == clock
    view.camera.set(**stops[0])
    first = np.asarray(view.screenshot(64, 48))[:, :, :3].astype(float)
    assert np.abs(first - pictures[0]).mean() < 6
    view.camera.set(**camera)
    assert view.video(tmp_path / "f-%03d.png", times=(DAY, DAY + np.timedelta64(2, "h"), 3600), width=32, height=16)
    assert sorted(p.name for p in tmp_path.glob("f-*")) == ["f-000.png", "f-001.png", "f-002.png"]
    both = seaglass._video.frames_of(view, stops, (DAY, DAY + np.timedelta64(2, "h"), 3600), 10, "linear")
    assert [f["camera"]["target"]["lat_deg"] for f in both] == pytest.approx([0, 30, 60])
    for name, options, sentence in (
        ("a.avi", {"stops": stops}, r"\*\.gif"),
        ("a.gif", {}, "needs times"),
        ("a.gif", {"times": (DAY, DAY, 0)}, "seconds from frame"),
    ):
        with pytest.raises(ValueError, match=sentence):
            view.video(tmp_path / name, **options)
    if shutil.which("ffmpeg") is None:
        with pytest.raises(seaglass.SeaglassError, match="ffmpeg"):
            view.video(tmp_path / "tour.mp4", stops=stops, fps=4, width=64, height=48)
        print("skipped: no ffmpeg for an MP4")
    else:
        made = view.video(tmp_path / "tour.mp4", stops=stops, fps=4, width=64, height=48)
        assert made.read_bytes()[4:8] == b"ftyp"


def test_a_killed_session_leaves_nothing_for_long():
    killed = seaglass.launch()
    killed.push(world(), "world")
    mine = {os.path.dirname(p) for p in killed.granules()["path"]}
    assert len(mine) == 1
    folder = mine.pop()
    killed._process.kill()
    killed._process.wait()
    killed.close()
    assert os.path.exists(os.path.join(folder, "world.nc"))
    with seaglass.launch() as following:
        following.push(world(), "world")
        own = {os.path.dirname(p) for p in following.granules()["path"]}
        end = time.monotonic() + 60
        while os.path.exists(folder) and time.monotonic() < end:
            time.sleep(0.05)
        assert not os.path.exists(folder)
        # Those of sessions that live are theirs.
        with seaglass.launch():
            time.sleep(0.5)
            assert all(os.path.exists(os.path.join(f, "world.nc")) for f in own)


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


def test_an_interrupt_of_the_kernel_leaves_the_session_and_its_end_does_not():
    if os.name != "posix":
        print("skipped: groups of processes are those of POSIX")
        return
    code = """
import os, signal, time, seaglass
view = seaglass.launch()
try:
    os.killpg(os.getpgid(0), signal.SIGINT)  # what Jupyter's stop button does
    time.sleep(60)
except KeyboardInterrupt:
    pass
print(view._process.pid, len(view.colormaps()) > 0, flush=True)
"""
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, check=True, capture_output=True, text=True, start_new_session=True, timeout=300)
    pid, alive = said.stdout.split()
    assert alive == "True"
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)


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
