"""The window under Xvfb: a user's hand at the mouse, and programs at the socket at the same time.

Nothing here depends on where a panel lies or how fast a frame is drawn: places are looked for, and everything is waited
for. Skipped where there is no Xvfb, or nothing to draw with.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import threading
import time

import numpy as np
import pytest
import xarray as xr
from x11 import Display

import seaglass

pytestmark = pytest.mark.skipif(not os.environ.get("SEAGLASS"), reason="skipped: SEAGLASS names no program")

# A place over the globe, away from every panel and card.
HERE = (820, 420)
LONG = 120.0
DEADLINE = 10.0


def cells(name: str, step: float = 1.0) -> xr.DataArray:
    """A grid whose value says row and column, at all times."""
    lat, lon = np.arange(-90 + step / 2, 90, step), np.arange(-180 + step / 2, 180, step)
    values = np.arange(lat.size * lon.size, dtype=float).reshape(lat.size, lon.size) + 1e-9
    return xr.DataArray(values, {"lat": lat, "lon": lon}, ("lat", "lon"), name, {"units": "m"})


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Window:
    def __init__(self, display: Display, settings: str) -> None:
        self.display, self.port = display, free_port()
        environment = {**os.environ, "DISPLAY": display.name, "SEAGLASS_SETTINGS": settings}
        environment.pop("WAYLAND_DISPLAY", None)
        command = [os.environ["SEAGLASS"], "--listen", f"127.0.0.1:{self.port}", "--allow-files"]
        self.process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        self.said: list[str] = []
        threading.Thread(target=lambda: self.said.extend(self.process.stderr), daemon=True).start()

    def connect(self) -> seaglass.Seaglass | None:
        """A connection; none where there is nothing to draw with."""
        end = time.monotonic() + LONG
        while True:
            try:
                return seaglass.connect(f"127.0.0.1:{self.port}", timeout=LONG)
            except seaglass.LinkLost:
                if self.process.poll() is not None:
                    return None
                assert time.monotonic() < end, "the window does not listen"
                time.sleep(0.1)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    display = Display.start()
    if display is None:
        print("skipped: there is no Xvfb")
        yield None
        return
    window = Window(display, str(tmp_path_factory.mktemp("settings") / "window.toml"))
    try:
        yield window
    finally:
        window.close()
        display.close()


@pytest.fixture(scope="module")
def view(window):
    found = None if window is None else window.connect()
    if found is None:
        print(f"skipped: no window: {'' if window is None else ' '.join(window.said).strip()}")
        yield None
        return
    with found as view:
        view.push(cells("number"), "number")
        view.push(cells("other", 2.0), "other")
        view.layer("number").move(0)
        view.camera.set(lon=0, lat=0, altitude=1.4e7, heading=0, tilt=0)
        view.wait(LONG)
        yield view


def until(test, what: str):
    end = time.monotonic() + LONG
    while not (found := test()):
        assert time.monotonic() < end, f"waited for {what} in vain"
        time.sleep(0.05)
    return found


def test_a_click_is_told_with_the_values_under_it(window, view):
    if view is None:
        return
    with view.on("click") as events:
        for x, y in (HERE, (HERE[0] + 90, HERE[1] + 60)):
            # Two clicks within a moment would be a double click, which flies there.
            window.display.click(x, y)
            click = events.wait_for("click", LONG)
            row, col = int(np.floor(click["lat"] + 90)), int(np.floor(click["lon"] + 180))
            assert click["picked"]["field"] == "number", click
            assert (click["picked"]["row"], click["picked"]["col"]) == (row, col)
            assert click["picked"]["values"][0]["value"] == row * 360 + col + 1e-9
            assert {r["field"] for r in click["rows"]} == {"number", "other"}
            exact = view.probe(click["lon"], click["lat"])
            assert exact[0]["value"] == click["picked"]["values"][0]["value"]
            time.sleep(1.0)
    assert view.camera.get()["lon"] == pytest.approx(0, abs=1e-9), "a click moves nothing"


def test_what_the_user_does_is_recorded_and_played_again(window, view):
    if view is None:
        return
    view.camera.set(lon=0, lat=0, altitude=1.4e7)
    display = window.display
    with view.record() as recording, view.on("camera") as events:
        display.move(*HERE)
        display.press()
        # Moved on until the window has seen it: several moves within one frame are one.
        for k in range(1, 400):
            display.move(HERE[0] - min(3 * k, 200), HERE[1] + k % 2)
            if any(e["camera"]["target"]["lon_deg"] > 3 for e in events.drain() if e["event"] == "camera"):
                break
            time.sleep(0.1)
        else:
            pytest.fail("the globe does not follow the mouse")
        # Held still before it is let go: the globe does not coast.
        still = view.camera.get()
        for _ in range(5):
            time.sleep(0.3)
            still, before = view.camera.get(), still
            if still == before:
                break
        display.release()
        until(lambda: [c for c in recording.commands if c["do"] == "set_camera"], "the drag")
        end = view.camera.get()
        view.time = "2020-01-01T00:00"
    entries = [e for e in recording.entries if "command" in e]
    drags = [e for e in entries if e["command"]["do"] == "set_camera"]
    assert {e["by"] for e in drags} == {"window"} and 1 <= len(drags) < 5, entries
    assert entries[-1]["command"]["do"] == "set_time" and entries[-1]["by"] == "you"
    assert end["lon"] > 3
    view.camera.set(lon=0, lat=0, altitude=1.4e7)
    view.replay(recording)
    last = drags[-1]["command"]["camera"]["target"]["lon_deg"]
    assert view.camera.get()["lon"] == pytest.approx(last)
    assert f"view.camera.set(lon={last!r}" in recording.script()
    compile(recording.script(), "script", "exec")


def test_what_the_user_selects_is_told(window, view):
    """A click on the name of a layer in the panel, wherever it lies."""
    if view is None:
        return
    with view.on("selection") as events:
        here = view.selection["layer"]
        for y in range(80, 700, 12):
            window.display.click(120, y)
            view.wait(LONG)
            told = [e for e in events.drain() if e["event"] == "selection" and e["layer"] != here]
            if told:
                break
        else:
            pytest.fail("no click in the panel selects a layer")
    assert told[0]["layer"]["field"] in ("number", "other") and view.selection["layer"] == told[-1]["layer"]


def test_a_hidden_and_a_busy_window_answer_in_time(window, view):
    if view is None:
        return
    display = window.display
    mine = [w for w in display.windows() if min(display.size(w)) > 300]
    assert len(mine) == 1
    display.show(mine[0], False)
    try:
        for k in range(20):
            start = time.monotonic()
            view.camera.set(lon=k)
            assert view.camera.get()["lon"] == k
            assert time.monotonic() - start < DEADLINE
    finally:
        display.show(mine[0], True)
    # Busy: a field of four million cells arrives and is drawn while another program turns the globe.
    stop = threading.Event()

    def turn():
        with window.connect() as other:
            k = 0
            while not stop.is_set():
                k += 1
                other.camera.set(lon=k % 360 - 180)

    def load():
        with window.connect() as other:
            other.push(cells("large", 0.125), "large")
        stop.set()

    threads = [threading.Thread(target=f) for f in (turn, load)]
    [t.start() for t in threads]
    slowest = 0.0
    while any(t.is_alive() for t in threads):
        start = time.monotonic()
        view.project()
        slowest = max(slowest, time.monotonic() - start)
        stop.is_set() or time.sleep(0.01)
    [t.join() for t in threads]
    print(f"slowest answer of the busy window: {slowest:.3f} s")
    assert slowest < DEADLINE
    view.remove("large")


def test_a_hundred_clients_and_those_who_die(window, view):
    if view is None:
        return
    found, failed = [], []

    def ask(k: int) -> None:
        try:
            with window.connect() as client:
                found.append(len(client.layers))
        except (seaglass.SeaglassError, OSError) as e:
            failed.append(repr(e))

    threads = [threading.Thread(target=ask, args=(k,)) for k in range(100)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert not failed and len(found) == 100 and set(found) == {len(view.layers)}
    header = json.dumps({"id": 1, "ask": "hello", "version": 1}).encode()
    hello = b"SEAGLASS" + struct.pack("<IQ", len(header), 0) + header
    picture = json.dumps({"id": 2, "ask": "screenshot"}).encode()
    whole = struct.pack("<IQ", len(picture), 0) + picture
    # In the middle of the greeting, of a header, of a payload, of an old request; and while a picture is being made.
    for said in (
        hello[:11],
        hello + whole[:20],
        hello + struct.pack("<IQ", 40, 1 << 30) + b"{",
        struct.pack(">Q", 1000) + b"half",
        hello + whole,
    ):
        link = socket.create_connection(("127.0.0.1", window.port))
        link.sendall(said)
        # At once, without a word: as the system does for a process that is killed.
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        link.close()
        with window.connect() as client:
            assert len(client.layers) == len(view.layers)


def test_a_picture_larger_than_the_window_has_all_its_cells(window, view):
    """What a session without a window draws, which has no other size than that of the picture."""
    if view is None:
        return
    fine = cells("fine", 0.25)
    # Every second cell is black. A cell is half a pixel of the window, so that its own tiles leave out every second one
    # and are all black or all white; of the picture it is more than one.
    fine.values[:] = np.indices(fine.shape).sum(0) % 2
    base = {k: False for k in ("relief", "coastlines", "borders", "graticule", "labels", "atmosphere")}
    pictures = []
    with seaglass.launch(size=(64, 64)) as other:
        for app in (view, other):
            app.push(fine, "fine")
            for layer in app.layers:
                layer.visible = layer.field == "fine"
            app.layer("fine").set(colormap="grayscale", range=(0, 1), opacity=1.0, filter="nearest")
            app.command("set_base_map", base={"relief_opacity": 0.0, **base})
            app.camera.set(lon=0.1, lat=0.1, altitude=4e7, heading=0, tilt=0)
            pictures.append(np.asarray(app.screenshot(1600, 1600, timeout=LONG))[650:950, 650:950, :3].astype(float))
    assert pictures[0].std() > 100, "black and white"
    assert np.abs(pictures[0] - pictures[1]).mean() < 1.0
    view.remove("fine")
    for layer in view.layers:
        layer.visible = True


def test_the_window_records_films_for_programs(window, view, tmp_path):
    if view is None:
        return
    view.camera.set(lon=0, lat=0, altitude=1.4e7)
    shares = []
    stops = [{}, {"lon": 40, "seconds": 1.0}]
    path = view.video(
        tmp_path / "tour.gif", stops=stops, fps=3, width=160, height=120, progress=shares.append, timeout=LONG
    )
    from PIL import Image

    with Image.open(path) as film:
        assert film.n_frames == 4 and film.size == (160, 120)
    assert shares == sorted(shares) and view.camera.get()["lon"] == pytest.approx(0, abs=1e-9)
    work = view.start_video(tmp_path / "never.gif", times=("2020-01-01", "2021-01-01", 3600), timeout=LONG)
    until(lambda: work.share > 0, "the first frame")
    assert work.cancel()
    with pytest.raises(seaglass.Cancelled):
        work.result(LONG)
    assert not (tmp_path / "never.gif").exists()
    # The picture of the window, as the display has it, and the one a program gets are of the same scene.
    shown = window.display.picture()[HERE[1] - 40 : HERE[1] + 40, HERE[0] - 40 : HERE[0] + 40].astype(float)
    assert shown.std() > 1, "the globe is not a blank"
