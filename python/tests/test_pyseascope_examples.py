"""The notebooks that know only pySEAScope run with Seaglass, and what they sent is where it belongs."""

from __future__ import annotations

import importlib.util
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import netCDF4
import numpy as np
import pytest
from notebooks import colours, off, pictures, places, run, said

import seaglass

pytestmark = pytest.mark.skipif(
    not (os.environ.get("SEAGLASS") and os.environ.get("SEAGLASS_SAMPLE")),
    reason="skipped: SEAGLASS names no program, or SEAGLASS_SAMPLE no sample day",
)
SIZE = {"width": 480, "height": 300}


def sample(pattern: str) -> Path:
    return next(Path(os.environ["SEAGLASS_SAMPLE"]).glob(pattern))


def drawn(view: seaglass.Seaglass) -> np.ndarray | None:
    """A picture; none where there is nothing to draw with."""
    try:
        return np.asarray(view.screenshot(timeout=120, **SIZE))[:, :, :3].astype(int)
    except seaglass.SeaglassError as e:
        if "Nothing can be drawn" not in str(e):
            raise
        print(f"no graphics adapter: {e}")
        return None


def arrived(view: seaglass.Seaglass, altitude: float) -> seaglass.Layer:
    """The only layer, when the last command of the notebook, which has no answer, has been carried out."""
    end = time.monotonic() + 60
    while view.camera.get()["altitude"] != pytest.approx(altitude):
        assert time.monotonic() < end, "the camera has not been moved"
        time.sleep(0.02)
    [layer] = view.layers
    return layer


@pytest.fixture
def view(monkeypatch):
    with seaglass.launch(size=(480, 300)) as view:
        monkeypatch.setenv("SEASCOPE_PORT", view.address.rpartition(":")[2])
        yield view


def test_they_know_nothing_else():
    for name in ("trajectory", "swim_push", "extraction"):
        text = (Path(__file__).parent.parent / "examples" / f"{name}.ipynb").read_text()
        assert "import seaglass" not in text and "SEAScope" in text


def tracks() -> list[dict[str, np.ndarray]]:
    """Drifters of the western North Atlantic with half a metre a second once, read anew."""
    found = []
    with netCDF4.Dataset(sample("gdp6h*.nc")) as nc:
        first = 0
        for size in nc["rowsize"][:]:
            one = {n: np.asarray(nc[n][first : first + size], float) for n in ("lon", "lat", "ve", "vn")}
            first += size
            one["lon"] = (one["lon"] + 180) % 360 - 180
            one["speed"] = np.hypot(one["ve"], one["vn"])
            x, y = one["lon"], one["lat"]
            if (
                size > 30
                and x.min() > -76
                and x.max() < -45
                and y.min() > 30
                and y.max() < 45
                and one["speed"].max() > 0.5
            ):
                found.append(one)
    return found


def test_trajectories(view, tmp_path):
    book = run("trajectory", tmp_path)
    wanted = tracks()
    text = said(book)
    assert f"{len(wanted)} drifters, {sum(len(t['lon']) for t in wanted)} positions" in text
    assert "method TRAJECTORIES from 0.0 to 1.2" in text
    assert len(pictures(book)) == 1
    assert [c["granules"] for c in view.collections() if "Drifters" in c["title"]] == [len(wanted)]
    layer = arrived(view, 2.5e6)
    picture = drawn(view)
    if picture is None:
        return
    layer.visible = False
    bare = drawn(view)
    line = np.abs(picture - bare).max(axis=2) > 12
    camera = {"lon": -60, "lat": 38, "altitude": 2.5e6, "heading": 0, "tilt": 0}
    assert view.camera.get() == pytest.approx(camera, rel=1e-6)
    free = np.ones(line.shape, bool)
    rows, columns = np.indices(line.shape)
    inside = hits = like = 0
    for track in wanted:
        # Between two positions the line is the great circle; a hundredth of its way is below a pixel.
        dense = np.linspace(0, len(track["lon"]) - 1, 100 * len(track["lon"]))
        x, y = places(
            line.shape, camera, *(np.interp(dense, np.arange(len(track["lon"])), track[n]) for n in ("lon", "lat"))
        )
        for a, b in set(zip(np.floor(x[~np.isnan(x)]).astype(int), np.floor(y[~np.isnan(y)]).astype(int))):
            free &= (rows - b) ** 2 + (columns - a) ** 2 > 5**2
        x, y = places(line.shape, camera, track["lon"], track["lat"])
        for a, b, speed in zip(x, y, track["speed"]):
            if 1 <= a < line.shape[1] - 1 and 1 <= b < line.shape[0] - 1:
                inside += 1
                hits += line[int(b) - 1 : int(b) + 2, int(a) - 1 : int(a) + 2].any()
                near = picture[int(b) - 1 : int(b) + 2, int(a) - 1 : int(a) + 2].reshape(-1, 3)
                share = min(speed, 1.2) / 1.2
                like += min(off(p, colours("jet", share - 0.08, share + 0.08)) for p in near) <= 30
    assert inside > 200 and hits == inside, f"{hits} of {inside} positions are within a pixel of a line"
    assert like / inside > 0.9, f"{like} of {inside} positions have the colour of their speed"
    assert line[free].mean() < 0.001, "nothing is drawn where no drifter was"


def test_spectra_of_a_turning_beam(view, tmp_path):
    book = run("swim_push", tmp_path)
    found = re.search(r"(\d+) rays; the highest, ([\d.]+), at (-[\d.]+), ([\d.]+)", said(book))
    count, highest, lon, lat = int(found[1]), float(found[2]), float(found[3]), float(found[4])
    assert count > 150 and len(pictures(book)) == 1
    assert [c["granules"] for c in view.collections() if "SWIM" in c["title"]] == [count]
    layer = arrived(view, 7e5)
    values = [r["value"] for r in view.probe(lon, lat, reach=0.02) if r["field"] == "10° wave spectrum"]
    assert values and values[0] == pytest.approx(highest, abs=1e-4)
    picture = drawn(view)
    if picture is None:
        return
    layer.visible = False
    rays = np.abs(picture - drawn(view)).max(axis=2) > 12
    at = view.camera.get()
    x, y = places(rays.shape, at, lon, lat)
    near = picture[int(y) - 2 : int(y) + 3, int(x) - 2 : int(x) + 3].reshape(-1, 3)
    assert min(off(p, colours("jet", 0.85, 1.0)) for p in near) <= 30, "the highest value is at the red end"
    # The beam meets the sea 72 to 112 km from the track, so that rays lie on both sides of it and nowhere else.
    with netCDF4.Dataset(sample("JA1_*_126_*.nc")) as nc:
        track = places(rays.shape, at, nc["lon"][:], nc["lat"][:])
    track = np.stack(track, axis=1)[~np.isnan(track[0])]
    rows, columns = np.nonzero(rays)
    away = np.hypot(*(track[:, None] - np.stack([columns + 0.5, rows + 0.5], axis=1)[None]).T).min(axis=1)
    pixel = at["altitude"] * np.tan(np.pi / 8) / 150
    assert len(away) > 1500 and away.max() * pixel < 112e3 + 3 * pixel and (away * pixel > 60e3).mean() > 0.2


BOX = '{"type":"Polygon","coordinates":[[[-66,36],[-56,36],[-56,42],[-66,42],[-66,36]]]}'


def test_extracted_data(tmp_path, monkeypatch):
    (tmp_path / "box.geojson").write_text(BOX)
    sst = sample("*ODYSSEA*.nc")
    command = [
        os.environ["SEAGLASS"],
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--open",
        str(sst),
        "--extract",
        str(tmp_path / "box.geojson"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = process.stdout.readline().split()[1].rpartition(":")[2]
            monkeypatch.setenv("SEASCOPE_PORT", port)
            wait_for_extraction(int(port))
            book = run("extraction", tmp_path)
        finally:
            process.kill()
    text = said(book)
    assert "read again: True" in text and "fields: mask" in text and len(pictures(book)) == 2
    mean, low, high = map(float, re.search(r"mean ([-\d.]+), from ([-\d.]+) to ([-\d.]+)", text).groups())
    slope, lon, lat, value = map(
        float, re.search(r"steepest: ([\d.]+) a km at ([-\d.]+), ([\d.]+); value ([\d.]+)", text).groups()
    )
    with netCDF4.Dataset(sst) as nc:
        rows, columns = ((nc[n][:] > a) & (nc[n][:] < b) for n, a, b in (("lat", 36, 42), ("lon", -66, -56)))
        cells = nc["analysed_sst"][0][np.ix_(rows, columns)]
        y, x = nc["lat"][rows], nc["lon"][columns]
    # Cells of both grids are weighted by their number: a degree is a degree on either.
    assert mean == pytest.approx(float(cells.mean()), abs=0.15)
    assert (low, high) == pytest.approx((float(cells.min()), float(cells.max())), abs=0.3)
    near = cells[np.abs(y - lat).argmin() - 1 :, :][:3][:, np.abs(x - lon).argmin() - 1 :][:, :3]
    assert near.min() - 1e-3 <= value <= near.max() + 1e-3
    steps = np.ma.hypot(np.diff(cells, axis=0)[:, :-1], np.diff(cells, axis=1)[:-1] / np.cos(np.radians(39)))
    assert slope > 0.5 * steps.max() / 11.12


def wait_for_extraction(port: int) -> None:
    """The file is read and the shape cut out after the port is open."""
    import SEAScope.lib

    end = time.monotonic() + 120
    while not SEAScope.lib.get_extracted_data("127.0.0.1", port):
        assert time.monotonic() < end, "nothing is extracted"
        time.sleep(0.1)


def test_they_run_with_another_server(tmp_path, monkeypatch):
    """A server of the same protocol that shares no line with ours: the notebooks ask for nothing of our own."""
    server = Path(__file__).parents[2].parent / "shared/specs/control/mock_server.py"
    if not server.exists():
        print(f"skipped: there is no {server.name} beside the repository")
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen([sys.executable, str(server), "--port", str(port)]) as process:
        try:
            end = time.monotonic() + 60
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except ConnectionRefusedError:
                    assert process.poll() is None and time.monotonic() < end
                    time.sleep(0.05)
            monkeypatch.setenv("SEASCOPE_PORT", str(port))
            for name in ("trajectory", "swim_push", "extraction"):
                run(name, tmp_path)
        finally:
            process.kill()


def test_the_client_is_there():
    assert importlib.util.find_spec("SEAScope"), "the set-up of the tests installs pySEAScope"
