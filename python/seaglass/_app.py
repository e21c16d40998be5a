"""A running Seaglass: its data, layers, camera and clock, its pictures and values."""

from __future__ import annotations

import math
import os
import secrets
import shutil
import subprocess
import threading
import time as _clock
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ._cells import Cells, Picture
from ._link import DEFAULT_ADDRESS, Header, Link, SeaglassError, Waiting
from ._push import file_name, netcdf

# Longest time for what the application does at once.
_SOON = 60.0
_EASINGS: dict[str, Callable[[float], float]] = {
    "linear": lambda t: t,
    "smooth": lambda t: t * t * (3.0 - 2.0 * t),
    "in": lambda t: t * t,
    "out": lambda t: t * (2.0 - t),
}


def _micros(when: Any) -> int:
    """Microseconds since 1970 of a text, a datetime (UTC when it has no zone), a datetime64 or a pandas Timestamp."""
    zone = getattr(when, "tzinfo", None)
    if zone is not None:
        return round(when.timestamp() * 1e6)
    if isinstance(when, str):
        when = when.rstrip("Z")
    return int(np.datetime64(when, "us").astype(np.int64))


def _time(text: str | None) -> np.datetime64 | None:
    return None if text is None else np.datetime64(text.rstrip("Z"), "us")


class _Setting:
    """One setting of a layer's style: read from the application, written to it."""

    def __init__(self, doc: str) -> None:
        self.__doc__ = doc

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, layer: Any, owner: type | None = None) -> Any:
        return self if layer is None else layer.style.get(self._name)

    def __set__(self, layer: Any, value: Any) -> None:
        layer.set(**{self._name: value})


class Layer:
    """One layer. Its settings are attributes: ``layer.colormap = "viridis"``, ``layer.range = (5, 25)``."""

    colormap = _Setting("Name of the colour map.")
    reversed = _Setting("The colour map turned round.")
    range = _Setting("Values at the ends of the colour map, in the unit of the file.")
    log = _Setting("Logarithmic colours.")
    opacity = _Setting("0 to 1.")
    filter = _Setting('"nearest" draws cells, "bilinear" interpolates.')
    out_of_range = _Setting("What becomes of values beyond the range.")
    method = _Setting('"raster", "line", "points", "arrows", "barbs", "streamlines", "contours" or "rgb".')
    size_pt = _Setting("Width of lines and diameter of points.")
    time_rule = _Setting("Which granules are drawn.")
    follow_view = _Setting("The colours follow what is in view.")
    hidden = _Setting("Classes that are not drawn.")
    blend = _Setting("How it is laid over what lies below.")
    ends = _Setting("Colours beyond the ends of the range.")
    vector = _Setting("Settings of arrows and barbs, a dictionary.")
    stream = _Setting("Settings of streamlines, a dictionary.")
    trail = _Setting("Settings of tracks, a dictionary.")
    time = _Setting("Settings of drawing by time, a dictionary.")
    contour = _Setting("Settings of contour lines, a dictionary.")
    hillshade = _Setting("Settings of the light, a dictionary.")
    rgb = _Setting("Settings of colours of three fields, a dictionary.")

    def __init__(self, app: Seaglass, number: int) -> None:
        self._app, self.id = app, number

    @property
    def _state(self) -> dict[str, Any]:
        for layer in self._app.project()["layers"]:
            if layer["id"] == self.id:
                return dict(layer)
        raise SeaglassError(f"The layer {self.id} is gone.")

    @property
    def style(self) -> dict[str, Any]:
        """All settings of the style."""
        return dict(self._state["style"])

    @property
    def collection(self) -> str:
        """Id of the collection it shows."""
        return str(self._state["collection"])

    @property
    def field(self) -> str:
        """Name of the field it shows."""
        return str(self._state["field"])

    @property
    def visible(self) -> bool:
        """Whether it is drawn."""
        return bool(self._state["visible"])

    @visible.setter
    def visible(self, on: bool) -> None:
        self._app.command("show_layer", layer=self.id, visible=bool(on))

    @property
    def name(self) -> str | None:
        """Name given by the user."""
        return self._state.get("name")

    @name.setter
    def name(self, name: str) -> None:
        self._app.command("rename_layer", layer=self.id, name=name)

    def set(self, **settings: Any) -> Layer:
        """Changes settings of the style at once, as one step of undo."""
        current: dict[str, Any] | None = None
        for key, value in settings.items():
            if not isinstance(getattr(type(self), key, None), _Setting):
                raise AttributeError(f'a layer has no setting "{key}"')
            if isinstance(value, dict):
                # The application takes a group of settings as a whole.
                current = self.style if current is None else current
                settings[key] = {**(current.get(key) or {}), **value}
            elif isinstance(value, tuple | np.ndarray):
                settings[key] = [v.item() if isinstance(v, np.generic) else v for v in value]
            elif isinstance(value, np.generic):
                settings[key] = value.item()
        self._app.command("set_style", layer=self.id, patch=settings)
        return self

    def move(self, to: int) -> Layer:
        """Moves it in the stack; 0 is on top."""
        self._app.command("move_layer", layer=self.id, to=int(to))
        return self

    def index(self, *indices: int) -> Layer:
        """Chooses depth, band … along the further dimensions of its field."""
        self._app.command("set_layer_index", layer=self.id, extra=[int(k) for k in indices])
        return self

    def components(self, *names: str) -> Layer:
        """Chooses the fields drawn together: towards east and north, or red, green and blue."""
        self._app.command("set_layer_components", layer=self.id, components=list(names))
        return self

    def zoom(self) -> Layer:
        """Frames its data."""
        self._app.command("zoom_to_layer", layer=self.id)
        return self

    def remove(self) -> None:
        """Takes it away."""
        self._app.command("remove_layer", layer=self.id)

    def __repr__(self) -> str:
        state = self._state
        return f"<Layer {self.id}: {state['field']} of {state['collection']}>"


class Camera:
    """Where the view is looked at from."""

    def __init__(self, app: Seaglass) -> None:
        self._app = app

    def get(self) -> dict[str, float]:
        """``lon``, ``lat``, ``altitude`` (metres), ``heading`` and ``tilt`` (degrees)."""
        c = self._app.project()["camera"]
        return {
            "lon": c["target"]["lon_deg"],
            "lat": c["target"]["lat_deg"],
            "altitude": c["altitude_m"],
            "heading": c["heading_deg"],
            "tilt": c["tilt_deg"],
        }

    def _command(self, camera: dict[str, Any], wanted: dict[str, float]) -> dict[str, Any]:
        return {
            "do": "set_camera",
            "camera": {
                **camera,
                "target": {"lon_deg": wanted["lon"], "lat_deg": wanted["lat"]},
                "altitude_m": wanted["altitude"],
                "heading_deg": wanted["heading"],
                "tilt_deg": wanted["tilt"],
            },
        }

    def set(
        self,
        lon: float | None = None,
        lat: float | None = None,
        altitude: float | None = None,
        heading: float | None = None,
        tilt: float | None = None,
    ) -> Camera:
        """Moves at once; what is not given stays."""
        given = {"lon": lon, "lat": lat, "altitude": altitude, "heading": heading, "tilt": tilt}
        raw = self._app.project()["camera"]
        wanted = {**self.get(), **{k: float(v) for k, v in given.items() if v is not None}}
        self._app._send(self._command(raw, wanted))
        return self

    def fly(self, seconds: float = 2.0, easing: str = "smooth", fps: float = 30.0, **to: float) -> Camera:
        """Flies to a place (the arguments of :meth:`set`) along the great circle, in real time."""
        return self.tour([{"seconds": 0.0}, {"seconds": seconds, **to}], easing=easing, fps=fps)

    def tour(self, stops: Sequence[dict[str, float]], easing: str = "smooth", fps: float = 30.0) -> Camera:
        """Flies from stop to stop, in real time. A stop is what :meth:`set` takes, and ``seconds`` from the one before."""
        began = _time_now()
        raw = self._app.project()["camera"]
        for at, view in self.path(stops, easing, fps):
            late = began + at - _time_now()
            if late > 0:
                _clock.sleep(late)
            elif late < -1.0 / fps and at < self._length(stops):
                continue
            self._app._send(self._command(raw, view))
        return self

    def frames(
        self, stops: Sequence[dict[str, float]], fps: float = 10.0, easing: str = "smooth", **picture: Any
    ) -> Iterator[Picture]:
        """The pictures of a tour, each complete, as fast as they are drawn."""
        raw = self._app.project()["camera"]
        for _, view in self.path(stops, easing, fps):
            self._app._send(self._command(raw, view))
            yield self._app.screenshot(**picture)

    @staticmethod
    def _length(stops: Sequence[dict[str, float]]) -> float:
        return sum(float(s.get("seconds", 0.0)) for s in stops[1:])

    def path(
        self, stops: Sequence[dict[str, float]], easing: str = "smooth", fps: float = 30.0
    ) -> Iterator[tuple[float, dict[str, float]]]:
        """Seconds and views along a tour."""
        try:
            ease = _EASINGS[easing]
        except KeyError:
            raise ValueError(f'there is no easing "{easing}"; there are {", ".join(_EASINGS)}') from None
        if not stops:
            return
        here = {**self.get(), **{k: float(v) for k, v in stops[0].items() if k != "seconds"}}
        yield 0.0, here
        at = 0.0
        for stop in stops[1:]:
            seconds = float(stop.get("seconds", 2.0))
            there = {**here, **{k: float(v) for k, v in stop.items() if k != "seconds"}}
            count = max(1, round(seconds * fps))
            for k in range(1, count + 1):
                yield at + seconds * k / count, _between(here, there, ease(k / count))
            at, here = at + seconds, there


def _time_now() -> float:
    return _clock.monotonic()


def _between(a: dict[str, float], b: dict[str, float], t: float) -> dict[str, float]:
    """A view between two others: the place on the great circle, the distance by its logarithm, angles the short way."""
    if t >= 1.0:
        return dict(b)
    up = [
        np.array(
            [
                math.cos(math.radians(v["lat"])) * math.cos(math.radians(v["lon"])),
                math.cos(math.radians(v["lat"])) * math.sin(math.radians(v["lon"])),
                math.sin(math.radians(v["lat"])),
            ]
        )
        for v in (a, b)
    ]
    angle = math.atan2(float(np.linalg.norm(np.cross(*up))), float(up[0] @ up[1]))
    if angle < 1e-12:
        p = up[0]
    else:
        p = (up[0] * math.sin((1 - t) * angle) + up[1] * math.sin(t * angle)) / math.sin(angle)
    turn = (b["heading"] - a["heading"] + 180.0) % 360.0 - 180.0
    return {
        "lon": math.degrees(math.atan2(p[1], p[0])),
        "lat": math.degrees(math.atan2(p[2], math.hypot(p[0], p[1]))),
        "altitude": a["altitude"] * (b["altitude"] / a["altitude"]) ** t,
        "heading": a["heading"] + turn * t,
        "tilt": a["tilt"] + (b["tilt"] - a["tilt"]) * t,
    }


class Seaglass:
    """A running Seaglass. Made by :func:`connect` and :func:`launch`; a context manager."""

    def __init__(self, link: Link, process: subprocess.Popen[str] | None = None) -> None:
        self._link, self._process = link, process
        self._record: list[dict[str, Any]] | None = None
        self.camera = Camera(self)

    def __enter__(self) -> Seaglass:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """Leaves; ends the application when it was launched from here."""
        self._link.close()
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process = None

    @property
    def address(self) -> str:
        """Where it listens."""
        return self._link.address

    def __repr__(self) -> str:
        return f"<Seaglass at {self.address}>"

    # What everything is made of.

    def command(self, do: str, **fields: Any) -> Header:
        """Carries out any command of the application (docs/protocol.md lists them)."""
        return self._send({"do": do, **fields})

    def _send(self, command: dict[str, Any], timeout: float | None = _SOON) -> Header:
        answer, _ = self._link.ask("command", command=command, timeout=timeout)
        if self._record is not None:
            self._record.append(command)
        return answer

    def commands(self, commands: Iterable[dict[str, Any]]) -> None:
        """Carries out commands with one picture at the end; stops at the first that fails."""
        listed = list(commands)
        self._link.ask("commands", commands=listed, timeout=_SOON)
        if self._record is not None:
            self._record.extend(listed)

    def _get(self, what: str) -> Any:
        return self._link.ask("get", what=what, timeout=_SOON)[0]["value"]

    def project(self) -> dict[str, Any]:
        """The whole document: layers, camera, timeline, base map, shapes."""
        return dict(self._get("project"))

    def undo(self) -> None:
        """Steps back."""
        self.command("undo")

    def redo(self) -> None:
        """Steps forward again."""
        self.command("redo")

    # Data.

    def open(self, *paths: str | os.PathLike[str], timeout: float | None = None) -> Header:
        """Opens files and folders and waits until they are described; says which could not be read."""
        named = [str(Path(p).absolute()) for p in paths]
        return self._send({"do": "open", "paths": named}, timeout)

    def push(self, data: Any, name: str = "data", timeout: float | None = None, **arrays: Any) -> Header:
        """Shows data of the notebook: an xarray data set or array, a pandas table with lon, lat and time, or a numpy
        array with ``lon=``, ``lat=`` (and ``time=``, ``field=``, ``units=``). The same name again replaces.

        Values keep all their bits, and are looked at as a file's are.
        """
        return self._link.ask("push", netcdf(data, **arrays), name=file_name(name), timeout=timeout)[0]

    def collections(self) -> list[dict[str, Any]]:
        """What is open: id, title, fields, number of granules and time covered of each collection."""
        return list(self._get("collections"))

    def granules(self, visible: bool | None = None) -> Any:
        """All granules as a pandas table."""
        import pandas as pd

        rows = self._get("granules")
        frame = pd.DataFrame(rows)
        if rows:
            frame["start"] = pd.to_datetime([r["span"][0] if r["span"] else None for r in rows], utc=True)
            frame["stop"] = pd.to_datetime([r["span"][1] if r["span"] else None for r in rows], utc=True)
        return frame

    def close_data(self) -> None:
        """Forgets all files and layers."""
        self.command("close_all")

    # Layers.

    @property
    def layers(self) -> list[Layer]:
        """The layers, the top one first."""
        return [Layer(self, layer["id"]) for layer in self.project()["layers"]]

    def layer(self, field: str, collection: str | None = None) -> Layer:
        """The layer of a field."""
        for layer in self.project()["layers"]:
            if layer["field"] == field and collection in (None, layer["collection"]):
                return Layer(self, layer["id"])
        raise SeaglassError(f'There is no layer of "{field}"; add_layer makes one.')

    def add_layer(self, field: str, collection: str | None = None, **settings: Any) -> Layer:
        """Adds a layer on top; settings as for :meth:`Layer.set`."""
        if collection is None:
            having = [c["id"] for c in self.collections() if any(f["name"] == field for f in c["fields"])]
            if not having:
                raise SeaglassError(f'No open data have a field "{field}".')
            collection = having[0]
        number = self.command("add_layer", collection=collection, field=field)["layer"]
        layer = Layer(self, number)
        return layer.set(**settings) if settings else layer

    def colormaps(self) -> list[str]:
        """Names of the colour maps."""
        return list(self._get("colormaps"))

    def add_colormap(self, name: str, colours: Any) -> None:
        """Makes a colour map of RGB triples (0–255, or 0–1 when they are floats), or of one of matplotlib."""
        if callable(colours):
            colours = np.asarray(colours(np.linspace(0, 1, 256)))
        array = np.asarray(colours)[:, :3]
        if array.dtype.kind == "f":
            array = np.round(array * 255.0)
        self._link.ask("colormap", np.ascontiguousarray(array, np.uint8).tobytes(), name=name, timeout=_SOON)

    # Time.

    @property
    def time(self) -> np.datetime64:
        """The clock."""
        return np.datetime64(self.project()["timeline"]["now"].rstrip("Z"), "us")

    @time.setter
    def time(self, when: Any) -> None:
        self.command("set_time", now=_micros(when))

    @property
    def window(self) -> float:
        """Length of the time window, seconds."""
        return float(self.project()["timeline"]["window_s"])

    @window.setter
    def window(self, seconds: float) -> None:
        self.command("set_window", window_s=float(seconds))

    def play(self, on: bool = True) -> None:
        """Starts or stops the clock."""
        self.command("play", on=bool(on))

    def times(self, start: Any, stop: Any, step: float, **picture: Any) -> Iterator[tuple[np.datetime64, Picture]]:
        """Complete pictures while the clock goes from one time to another in steps of so many seconds."""
        now, end, every = _micros(start), _micros(stop), round(step * 1e6)
        if every <= 0:
            raise ValueError("the step is a number of seconds above zero")
        while now <= end:
            self.command("set_time", now=now)
            yield np.datetime64(now, "us"), self.screenshot(**picture)
            now += every

    # Pictures.

    def wait(self, timeout: float = 60.0) -> Seaglass:
        """Waits until everything asked for is open and drawn."""
        self._link.ask("wait", timeout_ms=round(timeout * 1000), timeout=timeout + 10.0)
        return self

    def screenshot(
        self,
        width: int | None = None,
        height: int | None = None,
        scale: float = 1.0,
        legend: bool = False,
        transparent: bool = False,
        wait: bool = True,
        timeout: float = 60.0,
    ) -> Picture:
        """A picture of the view, complete unless ``wait`` is false."""
        size = None if width is None or height is None else [int(width), int(height)]
        header, payload = self._link.ask(
            "screenshot",
            size=size,
            scale=scale,
            legend=legend,
            transparent=transparent,
            raw=True,
            now=not wait,
            timeout_ms=round(timeout * 1000),
            timeout=timeout + 60.0,
        )
        return Picture(np.frombuffer(payload, np.uint8).reshape(header["height"], header["width"], 4))

    # Values.

    def probe(self, lon: float, lat: float, reach: float = 0.1) -> list[dict[str, Any]]:
        """What the visible layers have at a place, the top layer first: exact values with their own place and time."""
        answer, _ = self._link.ask("probe", lon_deg=float(lon), lat_deg=float(lat), reach_deg=reach, timeout=120.0)
        rows = answer["rows"]
        for row in rows:
            row["time"] = _time(row.get("time"))
            first = (row.get("values") or [{}])[0]
            row["value"] = first.get("value") if row["state"] == "value" else None
        return list(rows)

    # Shapes.

    def add_shape(self, places: Iterable[Sequence[float]], kind: str = "polygon", name: str = "") -> int:
        """Draws a polygon, polyline or point; places are pairs of longitude and latitude. Gives its number."""
        line = {"places": [[float(lon), float(lat)] for lon, lat in places]}
        shape = {"name": name, "geometry": {"kind": kind, "lines": [line]}}
        return int(self.command("shapes", change={"what": "add", "shape": shape})["shape"])

    def remove_shape(self, shape: int) -> None:
        """Takes a shape away."""
        self.command("shapes", change={"what": "remove", "shape": int(shape)})

    def shapes(self) -> dict[str, Any]:
        """All shapes as GeoJSON."""
        return dict(self._get("shapes"))

    def extract(
        self,
        shape: int | None = None,
        reach: float | None = None,
        progress: Callable[[float], None] | bool = False,
        timeout: float | None = None,
    ) -> Cells:
        """The files' own cells under a polygon or along a line (the last one when none is named), with all fields.

        ``reach`` is how near to a line cells and samples belong to it, metres. ``progress`` is called with the share
        done, or ``True`` for a bar.
        """
        bar = _Bar("extracting") if progress is True else None
        call = bar if bar is not None else (progress or None)
        fields: dict[str, Any] = {}
        if shape is not None:
            fields["shape"] = int(shape)
        if reach is not None:
            fields["reach_m"] = float(reach)
        answer, payload = self._link.ask("extract", progress=call, timeout=timeout, **fields)  # type: ignore[arg-type]
        if bar is not None:
            bar.close()
        return Cells(answer["table"], payload)

    # Events.

    def on(self, *events: str) -> Events:
        """Events without asking: ``for event in view.on("time", "shapes"): …``. All kinds when none is named."""
        return Events(self._link, events)

    # Recording.

    def record(self) -> Recording:
        """Keeps the commands sent from here until its end, as a script: ``with view.record() as r: …; r.script()``."""
        return Recording(self)

    def replay(self, commands: Iterable[dict[str, Any]]) -> None:
        """Carries out recorded commands."""
        for command in commands:
            self._send(dict(command))


class Events:
    """A stream of events; ends with :meth:`close` or as a context manager."""

    def __init__(self, link: Link, events: Sequence[str]) -> None:
        self._link = link
        link.ask("subscribe", events=list(events), timeout=_SOON)

    def __enter__(self) -> Events:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __iter__(self) -> Iterator[Header]:
        while True:
            yield self.get()

    def get(self, timeout: float | None = None) -> Header:
        """The next event; :class:`TimeoutError` when none comes in time."""
        import queue

        try:
            return self._link.events.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError("no event came in time") from None

    def wait_for(self, test: Callable[[Header], bool], timeout: float = 60.0) -> Header:
        """The next event that passes a test."""
        end = _time_now() + timeout
        while True:
            event = self.get(max(0.0, end - _time_now()))
            if test(event):
                return event

    def close(self) -> None:
        """Wants no more events."""
        self._link.ask("unsubscribe", timeout=_SOON)


class Recording:
    """Commands that were sent, to be written as a script and sent again."""

    def __init__(self, app: Seaglass) -> None:
        self._app = app
        self.commands: list[dict[str, Any]] = []

    def __enter__(self) -> Recording:
        self._app._record = self.commands
        return self

    def __exit__(self, *_: Any) -> None:
        self._app._record = None

    def script(self) -> str:
        """The commands as Python."""
        lines = ["import seaglass", "", "view = seaglass.connect()"]
        for command in self.commands:
            fields = "".join(f", {k}={v!r}" for k, v in command.items() if k != "do")
            lines.append(f"view.command({command['do']!r}{fields})")
        return "\n".join(lines) + "\n"


class _Bar:
    """A bar of tqdm where it is installed, else nothing."""

    def __init__(self, what: str) -> None:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            self._bar: Any = None
        else:
            self._bar = tqdm(total=100, desc=what, unit="%")

    def __call__(self, share: float) -> None:
        if self._bar is not None:
            self._bar.update(round(share * 100) - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def connect(address: str = DEFAULT_ADDRESS, token: str | None = None, timeout: float = 10.0) -> Seaglass:
    """A Seaglass that runs already: the window, or ``seaglass serve``. The token is that of the session, if it has one
    (``SEAGLASS_TOKEN`` when absent)."""
    return Seaglass(Link(address, token or os.environ.get("SEAGLASS_TOKEN") or None, timeout))


def launch(
    *paths: str | os.PathLike[str],
    program: str | None = None,
    size: tuple[int, int] = (1280, 800),
    timeout: float = 60.0,
) -> Seaglass:
    """Starts a session without a window and connects to it; it ends with :meth:`Seaglass.close`. The program is
    ``seaglass`` on the PATH, or what ``SEAGLASS`` names."""
    found = program or os.environ.get("SEAGLASS") or shutil.which("seaglass")
    if not found:
        raise SeaglassError("The program seaglass is not on the PATH; name it with program= or the variable SEAGLASS.")
    token = secrets.token_hex(16)
    command = [found, "serve", "--listen", "127.0.0.1:0", "--allow-files", "--size", f"{size[0]}x{size[1]}"]
    for path in paths:
        command += ["--open", str(path)]
    environment = {**os.environ, "SEAGLASS_TOKEN": token}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    line: list[str] = []
    reader = threading.Thread(target=lambda: line.append(process.stdout.readline()), daemon=True)  # type: ignore[union-attr]
    reader.start()
    reader.join(timeout)
    if not line or not line[0].startswith("listening "):
        process.kill()
        process.wait()
        raise SeaglassError(f"The program {found} did not start to listen; it is no Seaglass, or too old.")
    try:
        return Seaglass(Link(line[0].split()[1], token, timeout), process)
    except BaseException:
        process.kill()
        process.wait()
        raise


__all__ = ["Camera", "Events", "Layer", "Recording", "Seaglass", "Waiting", "connect", "launch"]
