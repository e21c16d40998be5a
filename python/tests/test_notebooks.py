"""The notebooks of camera, rendering and timeline run, and their pictures show what they should."""

from __future__ import annotations

import os
from pathlib import Path

import netCDF4
import numpy as np
import pytest
from notebooks import colours, off, pictures, pixels, places, raw, run, said, undrawn

pytestmark = pytest.mark.skipif(
    not (os.environ.get("SEAGLASS") and os.environ.get("SEAGLASS_SAMPLE")),
    reason="skipped: SEAGLASS names no program, or SEAGLASS_SAMPLE no sample day",
)


def sample(pattern: str) -> Path:
    return next(Path(os.environ["SEAGLASS_SAMPLE"]).glob(pattern))


def around(file: Path, field: str, lon: float, lat: float, cells: int) -> tuple[float, float]:
    """Smallest and largest value of a grid so many cells around a place."""
    with netCDF4.Dataset(file) as nc:
        names = ("lat", "lon") if "lat" in nc.variables else ("latitude", "longitude")
        y, x = (nc[n][:] for n in names)
        row, col = int(np.abs(y - lat).argmin()), int(np.abs((x - lon + 180) % 360 - 180).argmin())
        values = nc[field][0, row - cells : row + cells + 1, col - cells : col + cells + 1]
    assert np.ma.count_masked(values) == 0, "the place is at sea"
    return float(values.min()), float(values.max())


def test_the_tour_of_the_camera(tmp_path):
    book = run("camera_tour", tmp_path)
    if undrawn(book):
        return
    assert "13 frames" in said(book)
    sst = sample("*ODYSSEA*.nc")

    def share(lon, lat, cells):
        low, high = around(sst, "analysed_sst", lon, lat, cells)
        return colours("viridis", (low - 275) / 28, (high - 275) / 28)

    straight, tilted, _ = pictures(book)
    for picture in (straight, tilted):
        # The place looked at is in the middle, however the camera is turned and tilted.
        assert picture.shape == (300, 480, 3)
        assert off(picture[150, 240], share(-63.55, 36.35, 2)) <= 4
    assert (np.abs(straight - tilted).max(axis=2) > 30).mean() > 0.3
    # Tilted by 65°, the upper corners are above the horizon: the sky is dark and in no colour of the map.
    [film] = [data for kind, data in raw(book) if kind == "gif"]
    frames = pixels(film)
    assert len(frames) == 13 and all(f.shape == (200, 320, 3) for f in frames)
    for a, b in zip(frames, frames[1:]):
        assert (np.abs(a - b).max(axis=2) > 20).mean() > 0.02, "each frame is another one"
    stops = [(-70.65, 36.35), (-57.55, 38.45), (-33.65, 36.35), (12.35, -37.35)]
    for k, (lon, lat) in enumerate(stops):
        # A film has 256 colours a frame, and a pixel from 6 000 km is 25 km wide.
        assert off(frames[4 * k][100, 160], share(lon, lat, 4)) <= 12, f"stop {k}"


def test_the_ways_to_draw(tmp_path):
    book = run("rendering", tmp_path)
    if undrawn(book):
        return
    assert "undone, the picture is the one before: True" in said(book)
    cells, half, sides, lines, arrows, streams, barbs = shown = pictures(book)
    assert all(p.shape == (300, 480, 3) for p in shown)
    for a in range(len(shown)):
        for b in range(a):
            assert (np.abs(shown[a] - shown[b]).max(axis=2) > 10).mean() > 0.02, f"pictures {a} and {b} are alike"
    level, _ = around(sample("nrt_global*.nc"), "adt", -63.63, 37.63, 0)
    assert off(cells[150, 240], colours("viridis", (level + 0.6) / 1.8, (level + 0.6) / 1.8)) <= 4
    # On the side of half a metre that the file says, in one of two colours nearly everywhere at sea.
    low, high = np.array([[20, 60, 200]]), np.array([[230, 120, 20]])
    assert off(sides[150, 240], high if level > 0.5 else low) <= 4
    distance = [np.abs(sides - c[0]).max(axis=2) <= 4 for c in (low, high)]
    assert 0.1 < distance[0].mean() and 0.1 < distance[1].mean() and (distance[0] | distance[1]).mean() > 0.6
    # Half of the colour turned round lies between the ground and the colour.
    turned = colours("viridis", 1 - (level + 0.6) / 1.8, 1 - (level + 0.6) / 1.8)[0]
    assert 20 < off(half[150, 240], turned[None]) < 160
    # Thin symbols and lines, in the colours of the map.
    upper, bright = colours("viridis", 0.4, 1.0), colours("turbo", 0.2, 1.0)
    for picture, wanted, least, most in (
        (arrows, upper, 0.01, 0.2),
        (streams, upper, 0.02, 0.5),
        (barbs, bright, 0.003, 0.1),
    ):
        near = np.abs(picture[:, :, None] - wanted).max(axis=3).min(axis=2) <= 12
        assert least < near.mean() < most, near.mean()
    # Dark lines of contours, which cells alone do not have.
    assert (lines.max(axis=2) < 60).mean() > (cells.max(axis=2) < 60).mean() + 0.01
    # The strongest wind of the orbit has the last colours of the map.
    with netCDF4.Dataset(sample("ascat_20240811_131753*.nc")) as nc:
        at = np.unravel_index(nc["wind_speed"][:].argmax(), nc["wind_speed"].shape)
        strongest, lon, lat = (float(nc[n][at]) for n in ("wind_speed", "lon", "lat"))
    assert strongest > 25
    x, y = places(barbs.shape, {"lon": -57, "lat": 31, "altitude": 1.2e6, "heading": 0, "tilt": 0}, lon, lat)
    near = barbs[int(y) - 40 : int(y) + 41, int(x) - 40 : int(x) + 41].reshape(-1, 3)
    assert sum(off(p, colours("turbo", 0.85, 1.0)) <= 12 for p in near) > 10


def test_the_timeline(tmp_path):
    book = run("timeline", tmp_path)
    if undrawn(book):
        return
    text = said(book)
    assert "the clock is at 2024-08-11T09:00:00" in text and "with a window of 1800" in text and "it ran: True" in text
    shown = [o.get("data", {}).get("text/html", "") for c in book.cells for o in c.get("outputs", [])]
    [table] = [html for html in shown if "<table" in html]
    assert table.count("<tr") == 1 + 9 and table.count("SWOT") == 5
    _, picture, _ = pictures(book)
    camera = {"lon": -55, "lat": 38, "altitude": 4.5e6, "heading": 0, "tilt": 0}
    with netCDF4.Dataset(sample("SWOT_*_275_*.nc")) as nc:
        seconds = nc["time"][:] - (np.datetime64("2024-08-11T13:15") - np.datetime64("2000-01-01")).astype(
            "timedelta64[s]"
        ).astype(float)
        # The middle of one half of the swath.
        lon, lat, level = (
            np.ma.filled(nc[n][:, 50].astype(float), np.nan) for n in ("longitude", "latitude", "ssha_karin_2")
        )
    x, y = places(picture.shape, camera, lon, lat)
    hit = {True: [], False: []}
    for k in range(5, len(lon) - 5):
        if abs(abs(seconds[k]) - 240) < 10 or not (5 < x[k] < 475 and 5 < y[k] < 295) or x[k] < 140 and y[k] > 200:
            continue
        near = level[k - 5 : k + 6]
        if np.isnan(near).any():
            continue
        wanted = colours("viridis", near.min() + 0.45, near.max() + 0.55)
        hit[abs(seconds[k]) < 240].append(off(picture[int(y[k]), int(x[k])], wanted) <= 12)
    assert len(hit[True]) > 100 and np.mean(hit[True]) > 0.9, (len(hit[True]), np.mean(hit[True]))
    if hit[False]:
        assert np.mean(hit[False]) < 0.1, (len(hit[False]), np.mean(hit[False]))
