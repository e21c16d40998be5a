"""The ten tasks that a day consists of, done in the real window with mouse and keys, under Xvfb.

What came of each is asked at the control port. Nothing depends on how fast a frame is drawn: everything is waited for, and
what a slow window has not taken is done again. Pictures of every task are written to ``target/tasks``, to be looked at.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from test_window import Window, until
from x11 import Display

pytestmark = pytest.mark.skipif(not os.environ.get("SEAGLASS"), reason="skipped: SEAGLASS names no program")

LONG = 90.0
PICTURES = Path(__file__).parents[2] / "target" / "tasks"
# Places of the layout at 1440 × 900: the middle of the globe, rows of layers, the catalogue, the axis of time.
GLOBE = (720, 380)
LAYER_TOP, LAYER = 92, 56
CATALOGUE_FILTER = (1300, 104)
TICKS = 1183
AXIS = 762
BANNER_CLOSE = (1420, 56)


def days(folder: Path, name: str, first: float, long_name: str, units: str) -> None:
    """Four days of a global grid whose value says day, row and column."""
    lat, lon = np.arange(-89.0, 90, 2), np.arange(-179.0, 180, 2)
    for day in range(4):
        values = first + day + np.arange(lat.size * lon.size).reshape(1, lat.size, lon.size) / 2000.0
        when = [np.datetime64(f"2024-08-{11 + day}T12:00", "ns")]
        field = xr.DataArray(values, {"time": when, "lat": lat, "lon": lon}, ("time", "lat", "lon"), name)
        field.attrs = {"units": units, "long_name": long_name}
        data = field.to_dataset()
        data["lat"].attrs["units"], data["lon"].attrs["units"] = "degrees_north", "degrees_east"
        data["more"] = (field / 2).assign_attrs(units="1", long_name=f"Half of {name}")
        data.attrs["title"] = f"Made up {name}"
        data.to_netcdf(folder / f"{name}_{day}.nc")


class Desk:
    """The window with a hand at it."""

    def __init__(self, display: Display, window: Window, view) -> None:
        self.display, self.window, self.view = display, window, view
        self.focus()

    def focus(self) -> None:
        mine = until(self.mine, "the window")
        self.display.focus(mine[0])

    def mine(self) -> list[int]:
        large = [w for w in self.display.windows() if min(self.display.size(w)) > 300]
        return [w for w in large if self.display.is_shown(w)]

    def picture(self, name: str) -> None:
        from PIL import Image

        PICTURES.mkdir(parents=True, exist_ok=True)
        self.rest()
        Image.fromarray(self.display.picture()).save(PICTURES / f"{name}.png")

    def rest(self) -> None:
        """Waits until the window shows what it knows: twice the same picture."""
        self.view.wait(LONG)
        # A cursor in a field blinks for ever.
        before, end = self.display.picture(), time.monotonic() + 4
        while time.monotonic() < end:
            time.sleep(0.4)
            now = self.display.picture()
            if (before == now).all():
                return
            before = now

    def again(self, act, test, what: str, patience: float = 8.0):
        """Does something until it has had its effect."""
        end = time.monotonic() + LONG
        while time.monotonic() < end:
            act()
            soon = time.monotonic() + patience
            while time.monotonic() < soon:
                if found := test():
                    return found
                time.sleep(0.05)
        self.picture("failed")
        pytest.fail(f"waited for {what} in vain")

    def drag(self, start, end, test, what: str, first: float = 0.02) -> None:
        """Drags until it has had its effect, more slowly each time: a slow window must see where the mouse has been."""
        pause = [first]

        def act() -> None:
            to = end() if callable(end) else end
            self.display.drag(start() if callable(start) else start, to, pause=pause[0])
            pause[0] = min(pause[0] * 3, 1.0)

        self.again(act, test, what, 4.0)

    def path(self, keys: str, path: Path, test, what: str) -> None:
        """Types a path where the system shows no file dialog."""

        def typed() -> None:
            self.display.key("escape")
            self.rest()
            before = self.display.picture()
            self.display.key(keys)
            # The dialog dims what lies behind it.
            soon = time.monotonic() + 8
            while (self.display.picture() == before).mean() > 0.5 and time.monotonic() < soon:
                time.sleep(0.1)
            self.display.key("ctrl+a")
            self.display.write(str(path))
            self.picture(f"path-{keys}")
            self.display.key("return")

        self.again(typed, test, what)

    def layers(self) -> list[str]:
        return [layer["field"] for layer in self.view.project()["layers"]]


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    display = Display.start()
    if display is None:
        print("skipped: there is no Xvfb")
        yield None
        return
    folder = tmp_path_factory.mktemp("tasks")
    # Neither the welcome card nor the tour: they are tested elsewhere.
    (folder / "window.toml").write_text("welcome = false\ntoured = true\n")
    window = Window(display, str(folder / "window.toml"))
    try:
        view = window.connect()
        if view is None:
            print(f"skipped: no window: {' '.join(window.said).strip()}")
            yield None
            return
        with view:
            desk = Desk(display, window, view)
            # Where there is no graphics card a banner says so, and moves everything down; elsewhere this hits nothing.
            desk.rest()
            display.click(*BANNER_CLOSE)
            desk.rest()
            desk.folder = folder
            yield desk
    finally:
        window.close()
        display.close()


def test_the_ten_tasks(desk):
    if desk is None:
        return
    display, view = desk.display, desk.view

    # 1 Open a folder.
    data = desk.folder / "data"
    data.mkdir()
    days(data, "heat", 280.0, "Heat of the water", "m")
    days(data, "salt", 30.0, "Salt of the water", "1")
    desk.path("ctrl+shift+o", data, lambda: len(desk.layers()) >= 2, "the folder")
    until(lambda: sum(c["granules"] for c in counted(view)) == 8, "all eight files")
    desk.picture("1-open-folder")

    # 2 Tick a variable in the catalogue: found by its name, the boxes one after the other.
    before = desk.layers()
    display.key("ctrl+shift+1")
    desk.rest()
    display.click(*CATALOGUE_FILTER)
    desk.rest()
    display.write("half of heat")
    desk.rest()

    def tick() -> None:
        for y in range(212, 300, 12):
            display.click(TICKS, y)
            desk.rest()
            if len(desk.layers()) == len(before) + 1:
                return

    desk.again(tick, lambda: desk.layers().count("more") == before.count("more") + 1, "the variable")
    desk.picture("2-tick-a-variable")
    display.key("escape")
    display.key("ctrl+2")
    desk.rest()

    # 3 Reorder: the second row is dragged above the first.
    order = desk.layers()
    wanted = [order[1], order[0], *order[2:]]

    desk.drag((6, LAYER_TOP + LAYER + 18), (6, LAYER_TOP + 4), lambda: desk.layers() == wanted, "the new order")
    desk.picture("3-reorder")

    # 4 Restyle: the wheel on the opacity of the first row, and the style panel.
    def first() -> dict:
        return view.project()["layers"][0]

    desk.again(
        lambda: display.wheel(270, LAYER_TOP + 40, -4), lambda: first()["style"]["opacity"] < 0.95, "less opacity"
    )
    # The wheel coasts.
    desk.rest()
    restyled = first()["style"]["opacity"]
    display.click(160, LAYER_TOP + 18)
    display.key("s")
    desk.picture("4-restyle")
    display.key("escape")

    # 5 Scrub: the clock goes to another day and back with the mouse on the axis.
    def now() -> str:
        return view.project()["timeline"]["now"]

    was = now()
    def head() -> tuple[int, int]:
        """The shield on the axis: the widest bright thing there."""
        bright = (display.picture()[AXIS, :, :3] > 200).all(axis=1).astype(float)
        return int(np.convolve(bright, np.ones(11), "same").argmax()), AXIS

    desk.drag(head, lambda: (head()[0] + 200, AXIS), lambda: now() > was, "another time")
    desk.picture("5-scrub")

    # 6 Play, until the clock has gone on, and stop.
    display.click(*GLOBE)
    was = now()
    desk.again(lambda: display.key("space"), lambda: view.project()["timeline"]["playing"], "playing")
    until(lambda: now() > was, "the clock")
    desk.again(lambda: display.key("space"), lambda: not view.project()["timeline"]["playing"], "the end of playing")
    desk.picture("6-play")

    # 7 Probe: a pinned card with the value of the cell under the pointer.
    view.time = "2024-08-12T12:00"
    display.move(*GLOBE)
    desk.rest()
    desk.again(lambda: display.key("shift+p"), lambda: view.project().get("pins"), "a pin")
    place = view.project()["pins"][0]["place"]
    rows = view.probe(place["lon_deg"], place["lat_deg"])
    row, col = int((place["lat_deg"] + 90) // 2), int((place["lon_deg"] + 180) // 2)
    first_value = {"heat": 280.0, "salt": 30.0}
    for found in rows:
        if found["field"] in first_value:
            assert found["value"] == pytest.approx(first_value[found["field"]] + 1 + (row * 180 + col) / 2000.0)
    assert rows
    desk.picture("7-probe")

    # 8 Undo: the pin goes, and comes back.
    desk.again(lambda: display.key("ctrl+z"), lambda: not view.project().get("pins"), "no pin")
    desk.again(lambda: display.key("ctrl+shift+z"), lambda: view.project().get("pins"), "the pin again")
    desk.picture("8-undo")

    # 9 Save.
    session = desk.folder / "seen.oce"
    desk.path("ctrl+s", session, session.exists, "the session file")
    desk.rest()
    saved = view.project()
    desk.picture("9-save")

    # 10 Reopen, where nothing is left of it.
    view.close_data()
    until(lambda: not desk.layers(), "nothing")
    desk.path("ctrl+o", session, lambda: desk.layers() == [r["field"] for r in saved["layers"]], "the session")
    until(lambda: sum(c["granules"] for c in counted(view)) == 8, "all eight files again")
    again = view.project()
    for part in ("camera", "pins", "base"):
        assert again[part] == saved[part], part
    assert again["timeline"]["now"] == saved["timeline"]["now"]
    assert [r["style"] for r in again["layers"]] == [r["style"] for r in saved["layers"]]
    assert again["layers"][0]["style"]["opacity"] == restyled
    desk.picture("10-reopen")


def counted(view) -> list[dict]:
    return view.collections()


# Goes on with what the tasks have left.
def test_the_divider_of_a_swipe_does_not_turn_the_globe(desk):
    if desk is None:
        return
    display, view = desk.display, desk.view
    display.key("escape")
    desk.again(lambda: display.key("c"), lambda: view.project().get("compare"), "two views")
    desk.rest()
    camera, at = view.project()["camera"], view.project()["compare"]["at"]
    # The divider lies where its share of the globe is: between the layers panel and the right edge.
    left = 296
    x = round(left + at * (1440 - left))
    desk.drag(
        lambda: (round(left + view.project()["compare"]["at"] * (1440 - left)), 500),
        (x + 150, 480),
        lambda: abs(view.project()["compare"]["at"] - at) > 0.05,
        "the divider",
        # In one frame with the press, the moves would make it a press where they end.
        first=1.0,
    )
    desk.rest()
    assert view.project()["camera"] == camera, "the globe has turned"
    desk.picture("11-swipe")
    # Beside it the globe does turn.
    desk.drag((600, 500), (660, 470), lambda: view.project()["camera"] != camera, "the globe")
    desk.again(lambda: display.key("c"), lambda: not view.project().get("compare"), "one view")
