"""What a program asks for that makes no sense, or cannot be had whole: a sentence, never silence."""

from __future__ import annotations

import os
import subprocess
import time

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import seaglass

pytestmark = pytest.mark.skipif(not os.environ.get("SEAGLASS"), reason="skipped: SEAGLASS names no program")

DAY = np.datetime64("2024-08-11T12:00", "ns")
LAT, LON = np.arange(-9.5, 10), np.arange(-19.5, 20)
PLACES = {"lat": LAT, "lon": LON}
CELLS = np.arange(800).reshape(20, 40)
LARGE = 2**60


def grid(values: np.ndarray, name: str = "x") -> xr.DataArray:
    """A field on the cells."""
    coords = {"time": [DAY], **PLACES}
    return xr.DataArray(values.reshape(1, 20, 40), coords, ("time", "lat", "lon"), name, {"units": "m"})


@pytest.fixture(scope="module")
def view():
    with seaglass.launch(size=(360, 180)) as view:
        view.push(grid(CELLS.astype(float)), "one")
        view.time = DAY
        yield view


def test_each_name_is_a_layer_of_its_own(view):
    view.push(grid(CELLS + 1000.0), "two")
    one, two = view.layer("x", "one"), view.layer("x", "two")
    assert one.id != two.id and {c["title"] for c in view.collections()} >= {"one", "two"}
    found = {r["collection"]: r["value"] for r in view.probe(0.5, 0.5) if r["field"] == "x"}
    # Row 10 and column 20 of 40.
    assert (found[one.collection], found[two.collection]) == (420.0, 1420.0)
    # The same name replaces, in place: the layer keeps its look.
    two.opacity = 0.5
    view.push(grid(CELLS + 5000.0), "two")
    assert view.layer("x", "two").id == two.id and two.opacity == 0.5
    found = {r["collection"]: r["value"] for r in view.probe(0.5, 0.5) if r["field"] == "x"}
    assert (found[one.collection], found[two.collection]) == (420.0, 5420.0)
    # With another field, the old one goes.
    collection = two.collection
    view.push(grid(CELLS * 2.0, "y"), "two")
    assert view.layer("y", "two") and len([x for x in view.layers if x.collection == collection]) == 1
    fields = next(c["fields"] for c in view.collections() if c["title"] == "two")
    assert [f["name"] for f in fields] == ["y"]
    view.remove("two")
    assert {x.field for x in view.layers} == {"x"} and "two" not in {c["title"] for c in view.collections()}


def test_whole_numbers_come_back_whole(view):
    values = (LARGE + CELLS).astype("int64")
    view.push(grid(values, "large"), "large")
    row = next(r for r in view.probe(0.5, 0.5) if r["field"] == "large")
    assert row["value"] == LARGE + 420 and isinstance(row["value"], int)
    unsigned = (2**63 + CELLS.astype("uint64")).astype("uint64")
    view.push(grid(unsigned, "unsigned"), "unsigned")
    row = next(r for r in view.probe(0.5, 0.5) if r["field"] == "unsigned")
    assert row["value"] == 2**63 + 420
    found = view.layer("large").statistics()
    assert (found["min"], found["max"], found["count"], found["precision"]) == (LARGE, LARGE + 799, 800, "i64")
    # The variance of 0 … n − 1 is (n² − 1) / 12.
    assert found["sd"] == pytest.approx(((800**2 - 1) / 12) ** 0.5)
    assert found["bins"].sum() == 800
    box = view.add_shape([(-3, -3), (3, -3), (3, 3), (-3, 3)])
    cells = view.extract(box)
    # Of the other layer under the box the column is missing: whole numbers with gaps.
    index = cells["row"] * 40 + cells["col"]
    assert np.ma.compressed(cells["large"]).tolist() == (LARGE + index[~np.ma.getmaskarray(cells["large"])]).tolist()
    frame, data = cells.to_pandas(), cells.to_xarray()
    assert frame["large"].dtype.kind == "i" or str(frame["large"].dtype) == "Int64"
    assert frame["large"].dropna().astype("int64").min() >= LARGE and data["large"].dtype == np.int64
    view.remove_shape(box)
    view.remove("large")
    view.remove("unsigned")


def test_figures_are_of_the_values_and_not_of_their_colours(view):
    # Single precision has steps of 1/16 at a million.
    view.push(grid(1e6 + 1e-3 * CELLS, "fine"), "fine")
    found = view.layer("fine").statistics()
    assert (found["min"], found["max"], found["precision"]) == (1e6, 1e6 + 0.799, "f64")
    assert found["mean"] == pytest.approx(1e6 + 0.3995, abs=1e-9)
    assert found["sd"] == pytest.approx(1e-3 * ((800**2 - 1) / 12) ** 0.5, rel=1e-9)
    view.remove("fine")


@pytest.mark.parametrize(
    "when",
    ["NaT", "yesterday", None, float("nan"), np.datetime64(2**63 - 1, "us"), np.datetime64(1 - 2**63, "us")]
    + [pd.NaT, np.datetime64("-0500-01-01"), np.datetime64("12000-01-01")],
)
def test_the_clock_has_ends(view, when):
    before = view.time
    with pytest.raises(ValueError, match=r"is not a time|is missing|from the year 0 to the end of 9999"):
        view.time = when
    assert view.time == before


def test_the_clock_has_ends_for_commands_too(view):
    before = view.time
    for micros in (2**63 - 1, -(2**63), 253_402_300_800_000_000):
        with pytest.raises(seaglass.SeaglassError, match="The clock goes from 0000-01-01"):
            view.command("set_time", now=micros)
    assert view.time == before
    for last in ("9999-12-30T22:00", "0000-01-01"):
        view.time = last
        assert view.time == np.datetime64(last, "us")
    view.time = before


def test_a_camera_beyond_its_scales_is_refused(view):
    before = view.camera.get()
    for given, word in (
        ({"lat": 95}, "latitude between -90 and 90, not at 95"),
        ({"altitude": -5}, "between 100 and 60000000 m, not at -5"),
        ({"altitude": 1e30}, "altitude lies between"),
        ({"tilt": 400}, "tilts from 0 to 85"),
        ({"lon": 1e9}, "longitude of the camera"),
    ):
        with pytest.raises(seaglass.SeaglassError, match=word):
            view.camera.set(**given)
    for given in ({"altitude": float("nan")}, {"heading": float("inf")}, {"lat": np.float64("nan")}):
        with pytest.raises(ValueError, match="is (nan|inf); Seaglass takes finite numbers only"):
            view.camera.set(**given)
    with pytest.raises(seaglass.SeaglassError, match="Frame 1: The camera looks at a latitude"):
        view._link.ask(
            "film",
            format="gif",
            fps=5,
            frames=[{"camera": {**view.project()["camera"], "target": {"lon_deg": 0, "lat_deg": 95}}}],
            timeout=60,
        )
    assert view.camera.get() == before


def test_a_shape_names_the_vertex_that_is_nowhere(view):
    with pytest.raises(seaglass.SeaglassError, match="Vertex 2 of the polygon .*95.* latitudes lie between -90 and 90"):
        view.add_shape([(0, 0), (1, 95), (2, 0)])
    with pytest.raises(seaglass.SeaglassError, match="Vertex 1 of the polyline .*longitudes"):
        view.add_shape([(1e6, 0), (1, 5)], kind="polyline")
    with pytest.raises(ValueError, match=r"places\[1\]\[1\] is nan"):
        view.add_shape([(0, 0), (1, float("nan")), (2, 0)])
    assert view.shapes()["features"] == []


def test_misspelt_names_are_no_settings(view):
    layer = view.layer("x")
    with pytest.raises(seaglass.SeaglassError, match='no colour map "viridiss"; the nearest are "viridis"'):
        layer.colormap = "viridiss"
    with pytest.raises(AttributeError, match='no setting "colourmap"; the nearest are colormap'):
        layer.colourmap = "viridis"
    with pytest.raises(AttributeError, match='no setting "opacty"; the nearest are opacity'):
        layer.opacty = 0.5
    with pytest.raises(AttributeError, match="colormap"):
        layer.set(colourmap="viridis")
    layers = len(view.layers)
    with pytest.raises(AttributeError, match="colormap"):
        view.add_layer("x", "one", colourmap="viridis")
    assert len(view.layers) == layers
    with pytest.raises(AttributeError, match='a seaglass has no setting "tiem"; the nearest are time'):
        view.tiem = DAY
    with pytest.raises(AttributeError, match="a camera has no setting"):
        view.camera.lat = 5
    with pytest.raises(TypeError, match='a view has no "long"; it has lon, lat'):
        view.camera.fly(seconds=0.1, long=3)
    with pytest.raises(TypeError, match='no argument "long"; an array has lon=, lat='):
        view.push(CELLS, "q", long=LON, lat=LAT)
    with pytest.raises(TypeError, match="lon= is for numpy arrays"):
        view.push(grid(CELLS), "q", lon=LON)
    with pytest.raises(TypeError, match='a film has no "widht"; the nearest are width'):
        view.video("a.gif", times=(DAY, DAY, 1), widht=3)
    with pytest.raises(TypeError, match='base map has no "coast"'):
        view.base_map(coast=True)
    assert view.base_map(graticule=False)["graticule"] is False and view.base_map(graticule=True)["graticule"]
    with pytest.raises(seaglass.SeaglassError, match='"look_at" has no field "altitude"; the nearest are "altitude_m"'):
        view.command("look_at", place={"lon_deg": 0, "lat_deg": 0}, altitude=3)
    with pytest.raises(seaglass.SeaglassError, match='no field "coastlinse"; the nearest are "coastlines"'):
        view.command("set_base_map", base={**view.base_map(), "coastlinse": True})
    with pytest.raises(seaglass.SeaglassError, match="look_at") as told:
        view.command("look_att")
    assert len(str(told.value)) < 160
    with pytest.raises(seaglass.SeaglassError, match='no layer of "xs"; the nearest are x;'):
        view.layer("xs")


def test_one_side_of_a_picture_is_enough(view):
    try:
        assert view.screenshot(width=90, timeout=120).size == (90, 45)
        assert view.screenshot(height=30, timeout=120).size == (60, 30)
    except seaglass.SeaglassError as e:
        assert "Nothing can be drawn" in str(e)
        print(f"skipped: {e}")
    with pytest.raises(seaglass.SeaglassError, match="16384 pixels"):
        view.screenshot(width=0)


def test_the_folder_of_a_film_is_looked_for_first(view, tmp_path):
    told = []
    for name in ("a.gif", "a-%04d.png"):
        with pytest.raises(FileNotFoundError, match="there is no folder"):
            view.video(tmp_path / "nowhere" / name, times=(DAY, DAY, 1), progress=told.append)
    with pytest.raises(seaglass.SeaglassError, match="There is no folder|no window"):
        view.command("save_image", path=str(tmp_path / "nowhere/a.png"), legend=False)
    assert told == []


def test_a_side_without_times_is_told(view):
    view.push(pd.DataFrame({"lon": [0.5, 1.5], "lat": [0.5, 1.5], "id": [1.0, 2.0]}), "places")
    sides = [{"name": "p", "files": ["open:places"], "fields": ["id"]}, {"name": "g", "files": ["open:one"]}]
    with pytest.raises(seaglass.SeaglassError, match='"places", which has no times'):
        view.colocate({"radius": "10 km", "window": "1 h", "side": sides})
    view.remove("places")


def test_a_session_keeps_what_was_pushed(tmp_path):
    path = tmp_path / "mine.oce"
    with seaglass.launch(size=(64, 32)) as view:
        view.push(grid(CELLS.astype(float)), "one")
        view.push(grid(CELLS + 1000.0), "two")
        view.push(grid(CELLS + 2000.0), "gone")
        view.remove("gone")
        view.layer("x", "two").opacity = 0.25
        view.time = DAY
        view.save(path)
        assert sorted(p.name for p in (tmp_path / "mine.oce.pushed").iterdir()) == ["one.nc", "two.nc"]
        with pytest.raises(seaglass.SeaglassError, match="cannot be saved"):
            (tmp_path / "file").write_text("no folder")
            view.save(tmp_path / "file" / "s.oce")
    with seaglass.launch(size=(64, 32)) as view:
        view.restore(path)
        assert view.layer("x", "two").opacity == 0.25
        found = {r["collection"]: r["value"] for r in view.probe(0.5, 0.5)}
        assert sorted(found.values()) == [420.0, 1420.0]
        # Pushed again, it takes the place of what came with the session, whose file stays.
        view.push(grid(CELLS + 3000.0), "two")
        found = sorted(r["value"] for r in view.probe(0.5, 0.5))
        assert found == [420.0, 3420.0] and view.layer("x", "two").opacity == 0.25
        view.remove("one")
        assert [r["value"] for r in view.probe(0.5, 0.5)] == [3420.0]
    assert (tmp_path / "mine.oce.pushed" / "one.nc").exists()
    # A file that is gone is told by name; what is left is there.
    (tmp_path / "mine.oce.pushed" / "two.nc").unlink()
    with seaglass.launch(size=(64, 32)) as view:
        with pytest.warns(seaglass.SeaglassWarning, match=r"1 file of the session .*two\.nc.*does not exist"):
            view.restore(path)
        assert [r["value"] for r in view.probe(0.5, 0.5)] == [420.0]
        with pytest.raises(seaglass.SeaglassError, match="session cannot be read"):
            view.restore(tmp_path / "nothing.oce")
        (tmp_path / "broken.nc").write_bytes(b"CDF\x05 broken")
        grid(CELLS.astype(float)).to_netcdf(tmp_path / "fine.nc")
        with pytest.warns(seaglass.SeaglassWarning, match=r"1 file could not be read: .*broken\.nc"):
            view.open(tmp_path / "broken.nc", tmp_path / "fine.nc")


def test_a_token_is_told_of_on_the_loopback():
    environment = {k: v for k, v in os.environ.items() if k != "SEAGLASS_TOKEN"}
    command = [os.environ["SEAGLASS"], "serve", "--listen", "127.0.0.1:0"]
    for token, given, wanted in (
        ("open sesame", None, "needs"),
        ("open sesame", "wrong", "not the one"),
        (None, "x", ""),
    ):
        more = ["--token", token] if token else []
        with subprocess.Popen([*command, *more], stdout=subprocess.PIPE, text=True, env=environment) as process:
            try:
                address = process.stdout.readline().split()[1]
                if wanted:
                    with pytest.raises(seaglass.SeaglassError, match=wanted):
                        seaglass.connect(address, token=given)
                    seaglass.connect(address, token=token).close()
                else:
                    with pytest.warns(seaglass.SeaglassWarning, match="has no token"):
                        seaglass.connect(address, token=given).close()
            finally:
                process.kill()


def test_numbers_that_are_not_finite_are_told_by_the_program_too(view):
    import json
    import socket
    import struct

    host, port = view.address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), 60) as raw:
        stream = raw.makefile("rb")

        def ask(text: str) -> dict:
            raw.sendall(struct.pack("<IQ", len(text), 0) + text.encode())
            size, more = struct.unpack("<IQ", stream.read(12))
            header = json.loads(stream.read(size))
            stream.read(more)
            return header

        raw.sendall(b"SEAGLASS")
        assert ask(json.dumps({"id": 1, "ask": "hello", "version": 1, "token": view._link.token}))["answer"] == "hello"
        said = ask('{"id": 2, "ask": "probe", "lon_deg": NaN, "lat_deg": 0}')["error"]
        assert "not finite" in said and "NaN and Infinity are no JSON" in said
        assert ask('{"id": 3, "ask": "get", "what": "status"}')["answer"] == "done"


def test_an_end_of_the_session_while_it_is_waited_for():
    view = seaglass.launch(size=(64, 32))
    waiting = view._link.start("wait", timeout_ms=3_600_000)
    view._process.kill()
    view._process.wait()
    with pytest.raises(seaglass.SeaglassError):
        for _ in range(600):
            waiting.get(1.0)
            view.project()
            time.sleep(0.01)
    view.close()
