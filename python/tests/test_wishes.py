"""The wishes of Jupyter users that other tests do not show: flights there, all or none, a look for some granules, grids."""

from __future__ import annotations

import asyncio
import os
import time

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import seaglass

pytestmark = pytest.mark.skipif(not os.environ.get("SEAGLASS"), reason="skipped: SEAGLASS names no program")

DAY = np.datetime64("2024-08-11T12:00", "ns")
LON, LAT = np.arange(0.0, 10.0), np.arange(40.0, 45.0)


def grid(value, day=DAY):
    return xr.DataArray(
        np.full((1, 5, 10), value),
        {"time": [day], "lat": LAT, "lon": LON},
        ("time", "lat", "lon"),
        "sst",
        {"units": "degC"},
    )


@pytest.fixture(scope="module")
def view():
    with seaglass.launch(size=(360, 180)) as view:
        yield view


def test_the_application_says_what_it_can(view):
    assert view.version.count(".") == 2
    assert {"fly", "push", "screenshot", "hello"} <= set(view.features)


def test_a_flight_is_flown_there_and_ends_when_somebody_else_steers(view):
    view.camera.set(lon=0, lat=0, altitude=2e7, heading=0, tilt=0)
    with view.on("camera") as events:
        view.camera.tour(
            [{"seconds": 0.3, "lon": 40, "altitude": 5e6, "tilt": 30}, {"seconds": 0.2, "lat": 10}], "linear"
        )
        seen = [e["camera"] for e in events.drain()]
    assert view.camera.get() == {"lon": 40, "lat": 10, "altitude": pytest.approx(5e6), "heading": 0, "tilt": 30}
    lons = [round(c["target"]["lon_deg"], 9) for c in seen]
    assert len(lons) > 3 and lons == sorted(lons), "on its way, and in order"
    work = view.camera.start_tour([{"seconds": 300, "lon": -100}])
    while view.camera.get()["lon"] == 40:
        time.sleep(0.01)
    view.camera.set(lon=77)
    assert work.result(60) is False and view.camera.get()["lon"] == 77
    # Another flight takes over, and one that is cancelled stays where it is.
    first, second = (view.camera.start_tour([{"seconds": 300, "lon": lon}]) for lon in (10, 20))
    assert first.result(60) is False
    assert second.cancel()
    with pytest.raises(seaglass.Cancelled):
        second.result(60)
    there = view.camera.get()
    time.sleep(0.1)
    assert view.camera.get() == there
    for stops, why in [
        ([{"lat": 95}], "Stop 1 of 1: .*latitude"),
        ([{}, {"seconds": -1}], "Stop 2 of 2: it takes 0 to"),
        ([], "1 to 10000 stops"),
    ]:
        with pytest.raises(seaglass.SeaglassError, match=why):
            view.camera.tour(stops)
    with pytest.raises(seaglass.SeaglassError, match="smooth"):
        view.camera.tour([{}], easing="bouncy")


def test_several_commands_are_one_or_none(view):
    view.push(grid(1.0), "one")
    layer = view.layer("sst", "one")
    layer.set(opacity=1.0)
    before = view.project()
    with view.record() as done, pytest.raises(seaglass.SeaglassError, match="Command 3 of 3: .* None of them"):
        view.commands(
            [
                {"do": "set_style", "layer": layer.id, "patch": {"opacity": 0.25}},
                {"do": "look_at", "place": {"lon_deg": 5, "lat_deg": 42}},
                {"do": "remove_layer", "layer": 4711},
            ]
        )
    assert view.project() == before and done.commands == []
    with view.record() as done:
        view.commands(
            [
                {"do": "set_style", "layer": layer.id, "patch": {"opacity": 0.25}},
                {"do": "rename_layer", "layer": layer.id, "name": "mine"},
            ]
        )
    assert (layer.opacity, layer.name, len(done.commands)) == (0.25, "mine", 2)
    view.undo()
    assert (layer.opacity, layer.name) == (1.0, None), "one step back"
    with pytest.raises(seaglass.SeaglassError, match='Command 2 of 2: "close_all" cannot be taken back'):
        view.commands([{"do": "home"}, {"do": "close_all"}])
    with pytest.raises(seaglass.SeaglassError, match='"undo" goes beyond'):
        view.commands([{"do": "undo"}])
    view.remove("one")


def test_some_granules_have_a_look_of_their_own(view):
    view.push(grid(1.0), "looks")
    view.append(grid(2.0, DAY + np.timedelta64(1, "h")), "looks")
    view.time, view.window = DAY + np.timedelta64(2, "h"), pd.Timedelta(2, "D")
    base = view.layer("sst", "looks")
    names = [str(p).rsplit("/")[-1] for p in view.granules().path]
    assert len(names) == 2
    own = base.granules(names[1], colormap="cmocean_ice", opacity=0.5)
    assert own != base and own == view.layers[0] and own.colormap == "cmocean_ice"
    rows = {r["layer"]: r["value"] for r in view.probe(5, 42)}
    assert None not in rows.values()
    assert sorted(rows.values()) == [1.0, 2.0] and set(rows) == {base.id, own.id}
    own.remove()
    base.without = []
    shown = view.granules(visible=True)
    assert len(shown) == 2 and len(view.granules(visible=False)) == 0
    base.visible = False
    assert len(view.granules(visible=True)) == 0
    view.remove("looks")


def test_every_setting_can_be_read_and_none_is_no_value(view):
    view.push(grid(1.0), "read")
    layer = view.layer("sst", "read")
    assert layer.follow_view is False and layer.contour["lines"] in (True, False) if "lines" in layer.contour else True
    assert all(getattr(layer, group) for group in ("vector", "stream", "trail", "contour", "hillshade", "rgb"))
    assert layer.only == [] and layer.without == []
    with pytest.raises(ValueError, match="contour cannot be None"):
        layer.contour = None
    layer.opacity = 0.125
    assert layer.reset().opacity != 0.125
    assert layer in view.layers and len({layer, view.layer("sst", "read")}) == 1
    view.remove("read")


def test_colour_bars(view):
    view.push(grid(1.0), "bar")
    layer = view.layer("sst", "bar").set(colormap="viridis", range=(0, 10))
    lut = view.colormap("viridis")
    bar = np.asarray(layer.colorbar(512, 4))
    assert bar.shape == (4, 512, 4) and (bar[0, ::2, :3] == lut).all()
    layer.reversed = True
    assert (np.asarray(layer.colorbar())[0, :, :3] == lut[::-1]).all()
    layer.colormap = "#102030"
    assert (np.asarray(layer.colorbar())[0, :, :3] == [16, 32, 48]).all()
    matplotlib = pytest.importorskip("matplotlib")
    layer.set(colormap="viridis", reversed=False)
    found = layer.mappable().to_rgba(np.array([0.0, 10.0]), bytes=True)
    assert matplotlib and (found[:, :3] == lut[[0, -1]]).all()
    view.remove("bar")


def test_cells_go_onto_a_grid_of_any_step(view):
    lon, lat = np.meshgrid(np.arange(178.05, 182, 0.1), np.arange(-1.95, 2, 0.1))
    data = xr.Dataset(
        {"a": (("lat", "lon"), lon + lat), "n": (("lat", "lon"), np.arange(1600, dtype="i4").reshape(40, 40))},
        {"lat": ("lat", lat[:, 0]), "lon": ("lon", lon[0])},
    )
    view.push(data, "cells")
    view.layer("a" if any(x.field == "a" for x in view.layers) else "n")
    area = view.add_shape([(177, -3), (-177, -3), (-177, 3), (177, 3)])
    found = view.extract(area).to_grid(0.5)
    assert dict(found.sizes) == {"granule": 1, "lat": 8, "lon": 8}
    assert (found["cells"] == 25).all(), "over the dateline"
    # Means of a plane are its values in the middle of the boxes.
    there = found["lon"].where(found["lon"] > 0, found["lon"] + 360) + found["lat"]
    np.testing.assert_allclose(found["a"].isel(granule=0), there.transpose("lat", "lon"), atol=1e-9)
    # Whole numbers, which may be flags, are not averaged: the cell in the middle of five by five.
    assert found["n"].values[0, 0, 0] == 2 * 40 + 2
    with pytest.raises(ValueError, match="above zero"):
        view.extract(area).to_grid(0)
    with pytest.raises(ValueError, match="choose a longer step"):
        view.extract(area).to_grid(1e-6)
    view.remove("cells")
    view.remove_shape(area)


def test_the_end_of_an_extraction_is_told(view):
    view.push(grid(3.0), "told")
    view.time, view.window = DAY, pd.Timedelta(1, "D")
    area = view.add_shape([(0, 39), (5, 39), (5, 46), (0, 46)], name="box", colour=[255, 0, 0], dash="dotted")
    with view.on("extraction") as events:
        view.command("extract", shape=area)
        told = events.get(60)
    assert (told["shape"], told["error"], len(told["granules"])) == ("box", None, 1)
    view.change_shape(area, name="renamed", visible=False)
    assert view.shapes()["features"][0]["properties"]["name"] == "renamed"
    with pytest.raises(seaglass.SeaglassError, match="color"):
        view.add_shape([(0, 0)], kind="point", color=[1, 2, 3])
    assert len(view.shapes()["features"]) == 1, "what cannot be styled is not left behind"
    view.remove_shape(area)
    view.remove("told")


def test_event_loops(view):
    async def work():
        await view.aio.camera.set(lon=12)
        assert (await view.aio.camera.get())["lon"] == 12
        names = await asyncio.gather(*(view.aio.colormaps() for _ in range(4)))
        assert names[0] == names[3] and view.aio.version == view.version
        with pytest.raises(seaglass.SeaglassError):
            await view.aio.remove("nothing of that name")

    asyncio.run(work())


def test_times_are_times(view):
    for number in (1723377600, 5, 1.5, np.int64(7)):
        with pytest.raises(TypeError, match="number and no time"):
            view.time = number
    view.step, view.window = np.timedelta64(2, "h"), pd.Timedelta(3, "h")
    assert (view.step, view.window) == (7200, 10800)
    view.step = None
    assert view.step is None


def test_pictures_say_what_they_are(view, tmp_path):
    picture = seaglass.Picture(np.zeros((2, 3, 4), np.uint8))
    with pytest.raises(ValueError, match=r"saved as \.png"):
        picture.save(tmp_path / "x.jpg")
    picture.save(tmp_path / "x.PNG")


def test_numbers_in_scripts_are_as_people_write_them(view):
    view.push(grid(1.0), "script")
    layer = view.layer("sst", "script")
    with view.record() as done:
        layer.opacity = 0.3
        view.camera.set(altitude=14_200_000.0 * (1 - 1e-16) + 2e-9)
    text = done.script()
    assert "opacity=0.3)" in text and "altitude=14200000.0" in text, text
    view.remove("script")


def test_shapes_of_a_recording_are_those_it_made_or_of_their_name():
    corners = [(0, 0), (5, 0), (5, 5)]
    with seaglass.launch() as first, seaglass.launch() as second:
        a = first.add_shape(corners, name="theirs")
        with first.record() as done:
            made = first.add_shape(corners, name="tmp")
            first.change_shape(made, name="renamed", colour=[1, 2, 3])
            first.change_shape(a, visible=False)
            first.remove_shape(made)
        for name in ("a", "b", "theirs"):
            second.add_shape(corners, name=name)

        def shapes():
            return {s["name"]: s["visible"] for s in second.project()["shapes"]["list"]}

        second.replay(done)
        assert shapes() == {"a": True, "b": True, "theirs": False}
        second.change_shape(second.shape("theirs"), visible=True)
        program = done.script()
        exec(program.replace("seaglass.connect()", "VIEW"), {"VIEW": second})  # noqa: S102
        assert shapes() == {"a": True, "b": True, "theirs": False}, program
        with pytest.raises(seaglass.SeaglassError, match='no shape "thiers"; the nearest are theirs'):
            second.shape("thiers")


def test_undo_keeps_what_came_after(view):
    view.push(grid(1.0), "before")
    layer = view.layer("sst", "before").set(opacity=0.5)
    view.push(grid(2.0), "after")
    view.undo()
    assert layer.opacity != 0.5 and view.layer("sst", "after") in view.layers
    view.remove("before")
    view.remove("after")


def test_mixed_clients_see_what_was_done_before():
    """A command of pySEAScope is carried out before the next question of the package, whoever connected first."""
    upload = pytest.importorskip("SEAScope.upload", reason="skipped: pySEAScope is not installed")
    with seaglass.launch() as view:
        host, port = view.address.rsplit(":", 1)
        with upload.connect(host, int(port)) as kept:
            stale = 0
            for k in range(60):
                if k % 2:
                    upload.location(kept, float(k), 10.0)
                else:
                    with upload.connect(host, int(port)) as link:
                        upload.location(link, float(k), 10.0)
                stale += view.camera.get()["lon"] != k
    assert stale == 0
