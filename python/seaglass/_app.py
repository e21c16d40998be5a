"""A running Seaglass: its data, layers, camera and clock, its pictures and values."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ._camera import Camera
from ._cells import Cells, Picture
from ._events import Events, Recording
from ._layer import Layer
from ._link import DEFAULT_ADDRESS, Header, Link, SeaglassError, SeaglassWarning
from ._names import Strict, near
from ._push import file_name, netcdf
from ._video import micros, start, video
from ._work import Pairs, Work, begin

if TYPE_CHECKING:
    # In `typing` from 3.11 on; only who checks types needs it.
    from typing_extensions import Self

# Longest time for what the application does at once.
_SOON = 60.0
# How Windows starts a process apart from the interrupts of this one.
_APART = "CREATE_NEW_PROCESS_GROUP"
# What a layer shows.
_KEY = ("collection", "field")


def _time(text: str | None) -> np.datetime64 | None:
    return None if text is None else np.datetime64(text.rstrip("Z"), "us")


def _end(process: subprocess.Popen[str]) -> None:
    """Ends a session that was launched from here."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _warn(failed: list[dict[str, str]], what: str) -> None:
    """Names the files that could not be read, to whoever has called the method this is called from."""
    if failed:
        named = "; ".join(f"{f['path']}: {f['error']}" for f in failed[:5])
        more = f"; and {len(failed) - 5} more" if len(failed) > 5 else ""
        files = "1 file" if len(failed) == 1 else f"{len(failed)} files"
        warnings.warn(f"{files} {what}: {named}{more}", SeaglassWarning, stacklevel=3)


class Seaglass(Strict):
    """A running Seaglass. Made by :func:`connect` and :func:`launch`; a context manager."""

    _own = ("camera",)

    def __init__(self, link: Link, process: subprocess.Popen[str] | None = None) -> None:
        self._link, self._process = link, process
        # Ended with this program, too, when nobody closes it.
        self._end = None if process is None else weakref.finalize(self, _end, process)
        self.camera = Camera(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leaves; ends the application when it was launched from here."""
        self._link.close()
        if self._end is not None:
            self._end()
            self._end = self._process = None

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
        return self._link.ask("command", command=command, timeout=timeout)[0]

    def commands(self, commands: Iterable[dict[str, Any]]) -> None:
        """Carries out commands with one picture at the end; stops at the first that fails."""
        self._link.ask("commands", commands=list(commands), timeout=_SOON)

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
        """Opens files and folders and waits until they are described.

        One file that cannot be read is an error; of several, and of folders, those that cannot are named by a
        :class:`SeaglassWarning` and in ``["failed"]`` of what comes back.
        """
        named = [str(Path(p).absolute()) for p in paths]
        answer = self._send({"do": "open", "paths": named}, timeout)
        _warn(answer.get("failed", []), "could not be read")
        return answer

    def push(self, data: Any, name: str = "data", timeout: float | None = None, **arrays: Any) -> Header:
        """Shows data of the notebook: an xarray data set or array, a pandas table with lon, lat and time, or a numpy
        array with ``lon=``, ``lat=`` (and ``time=``, ``field=``, ``units=``).

        Each name is a collection of its own with a layer of its own, ``view.layer(field, name)``; the same name again
        replaces. Values keep all their bits, and are looked at as a file's are.
        """
        return self._link.ask("push", netcdf(data, **arrays), name=file_name(name), timeout=timeout)[0]

    def remove(self, name: str = "data") -> None:
        """Takes away what was pushed under a name."""
        self._link.ask("unpush", name=file_name(name), timeout=_SOON)

    def collections(self) -> list[dict[str, Any]]:
        """What is open: id, title, fields, number of granules and time covered of each collection."""
        return list(self._get("collections"))

    def granules(self, visible: bool | None = None) -> Any:
        """All granules as a pandas table."""
        import pandas as pd

        rows = self._get("granules")
        frame = pd.DataFrame(rows)
        if rows:
            for k, name in enumerate(("start", "stop")):
                ends = pd.Series([r["span"][k] if r["span"] else None for r in rows])
                frame[name] = pd.to_datetime(ends, utc=True, format="ISO8601")
        return frame

    def base_map(self, **settings: Any) -> dict[str, Any]:
        """Changes settings of what lies under and around the data (``relief``, ``relief_opacity``, ``coastlines``,
        ``borders``, ``graticule``, ``labels``, ``atmosphere``) and gives them all."""
        base = dict(self.project()["base"])
        for name in settings:
            if name not in base:
                raise TypeError(f'the base map has no "{name}"; it has {", ".join(base)}')
        if settings:
            base |= settings
            self.command("set_base_map", base=base)
        return base

    def close_data(self) -> None:
        """Forgets all files and layers."""
        self.command("close_all")

    # Layers.

    @property
    def layers(self) -> list[Layer]:
        """The layers, the top one first."""
        return [Layer(self, layer["id"]) for layer in self.project()["layers"]]

    def layer(self, field: str, collection: str | None = None) -> Layer:
        """The layer of a field; the top one where several collections have it. A collection is named by its id, its title,
        or as it was pushed."""
        wanted = None if collection is None else self._collection(collection)
        layers = self.project()["layers"]
        for layer in layers:
            if layer["field"] == field and wanted in (None, layer["collection"]):
                return Layer(self, layer["id"])
        hint = near(field, [layer["field"] for layer in layers])
        raise SeaglassError(f'There is no layer of "{field}"{hint}; add_layer makes one.')

    def add_layer(self, field: str, collection: str | None = None, **settings: Any) -> Layer:
        """Adds a layer on top; settings as for :meth:`Layer.set`."""
        if collection is None:
            all_of = self.collections()
            having = [c["id"] for c in all_of if any(f["name"] == field for f in c["fields"])]
            if not having:
                hint = near(field, [f["name"] for c in all_of for f in c["fields"]])
                raise SeaglassError(f'No open data have a field "{field}"{hint}.')
            collection = having[0]
        Layer.check(settings)
        number = self.command("add_layer", collection=self._collection(collection), field=field)["layer"]
        layer = Layer(self, number)
        return layer.set(**settings) if settings else layer

    def _collection(self, name: str) -> str:
        """The id of a collection named by id, by title or as it was pushed."""
        found = {c["id"]: c["title"] for c in self.collections()}
        pushed = f"pushed: {file_name(name).removesuffix('.nc')}"
        if name in found or pushed in found:
            return name if name in found else pushed
        titled = [c for c, title in found.items() if title == name]
        # A layer may be left of a collection that is not open.
        return titled[0] if titled else name

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

    def colormap(self, name: str) -> np.ndarray:
        """The 256 colours of a colour map, 0–255; ``matplotlib.colors.ListedColormap(view.colormap(name) / 255)``."""
        _, payload = self._link.ask("colormap", name=name, timeout=_SOON)
        return np.frombuffer(payload, np.uint8).reshape(-1, 3)

    # Time.

    @property
    def time(self) -> np.datetime64:
        """The clock."""
        return np.datetime64(self.project()["timeline"]["now"].rstrip("Z"), "us")

    @time.setter
    def time(self, when: Any) -> None:
        self.command("set_time", now=micros(when))

    @property
    def window(self) -> float:
        """Length of the time window, seconds."""
        return float(self.project()["timeline"]["window_s"])

    @window.setter
    def window(self, seconds: float) -> None:
        self.command("set_window", window_s=float(seconds))

    def play(self, on: bool = True, speed: float | None = None, loop: bool | None = None) -> None:
        """Starts or stops the clock; ``speed`` in seconds of data a second, ``loop`` begins anew at the end."""
        if speed is not None:
            self.command("set_speed", speed=float(speed))
        if loop is not None:
            self.command("set_loop", on=bool(loop))
        self.command("play", on=bool(on))

    @property
    def extent(self) -> tuple[np.datetime64, np.datetime64] | None:
        """First and last time of all that is open; none when nothing has times."""
        spans = [c["span"] for c in self.collections() if c["span"]]
        if not spans:
            return None
        first, last = min(s[0] for s in spans), max(s[1] for s in spans)
        return np.datetime64(first.rstrip("Z"), "us"), np.datetime64(last.rstrip("Z"), "us")

    def times(self, start: Any, stop: Any, step: float, **picture: Any) -> Iterator[tuple[np.datetime64, Picture]]:
        """Complete pictures while the clock goes from one time to another in steps of so many seconds."""
        now, end, every = micros(start), micros(stop), round(step * 1e6)
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
        """A picture of the view, complete unless ``wait`` is false. Of ``width`` and ``height`` one alone is enough: the
        other follows the shape of the view."""
        sides = [None if n is None else int(n) for n in (width, height)]
        size = None if sides == [None, None] else sides
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

    def video(self, path: str | os.PathLike[str], **options: Any) -> Path:
        """Records a film (``.gif``, ``.mp4``, ``.webm``, or ``-%04d.png`` for one picture a frame) and writes it here.

        ``times=(start, stop, seconds)`` moves the clock, ``stops=[…]`` flies the tour of :meth:`Camera.tour`, both do
        both. Further: ``fps`` (10), ``width``, ``height``, ``scale``, ``legend``, ``easing``, ``progress``, ``timeout``
        (seconds a frame may take). The application draws and writes each frame complete; camera and clock are given back
        as they were. MP4 and WebM need ffmpeg where the application runs.
        """
        return video(self, path, options)

    def start_video(self, path: str | os.PathLike[str], **options: Any) -> Work[Path]:
        """Begins a film in one file, without waiting; it can be cancelled, and ``result()`` writes it."""
        return start(self, path, options)

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

    # Sessions.

    def save(self, path: str | os.PathLike[str]) -> None:
        """Saves layers, styles, camera, clock and shapes, and where the data lie, as a session file.

        What was pushed is saved beside it, in a folder of the same name with ``.pushed`` at its end. What pySEAScope has
        pushed is not saved; a :class:`SeaglassWarning` names it.
        """
        answer = self._send({"do": "save_session", "path": str(Path(path).absolute())}, None)
        left_out = answer.get("not_saved", [])
        if left_out:
            text = f"The session is saved without what pySEAScope has pushed: {', '.join(left_out)}."
            warnings.warn(text, SeaglassWarning, stacklevel=2)

    def restore(self, path: str | os.PathLike[str]) -> None:
        """Opens a session file in place of what is open, and waits until its data are described.

        A :class:`SeaglassWarning` names files of it that are gone or cannot be read; their layers are empty.
        """
        self.command("open_session", path=str(Path(path).absolute()))
        self.wait()
        failed = self._get("failures")
        _warn(failed, "of the session could not be opened; their layers are empty")
        found = {c["id"] for c in self.collections()}
        empty = sorted({layer["field"] for layer in self.project()["layers"] if layer["collection"] not in found})
        if empty and not failed:
            text = f"No data of the session belong to the layers of {', '.join(empty)}; open or push them again."
            warnings.warn(text, SeaglassWarning, stacklevel=2)

    # Shapes.

    def add_shape(self, places: Iterable[Sequence[float]], kind: str = "polygon", name: str = "") -> int:
        """Draws a polygon, polyline or point; places are pairs of longitude and latitude. Gives its number."""
        line = {"places": [[float(lon), float(lat)] for lon, lat in places]}
        shape = {"name": name, "geometry": {"kind": kind, "lines": [line]}}
        return int(self.command("shapes", change={"what": "add", "shape": shape})["shape"])

    def add_geojson(self, shapes: dict[str, Any], name: str = "shapes") -> None:
        """Adds the polygons, lines and points of GeoJSON; the same name again replaces."""
        data = json.dumps(shapes, allow_nan=False).encode()
        self._link.ask("push", data, name=file_name(name).removesuffix(".nc") + ".geojson", timeout=_SOON)

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
        return self.start_extract(shape, reach, progress).result(timeout)

    def start_extract(
        self, shape: int | None = None, reach: float | None = None, progress: Callable[[float], None] | bool = False
    ) -> Work[Cells]:
        """Begins what :meth:`extract` does, without waiting; it can be cancelled."""
        fields: dict[str, Any] = {}
        if shape is not None:
            fields["shape"] = int(shape)
        if reach is not None:
            fields["reach_m"] = float(reach)

        def made(answer: Header, payload: bytes) -> Cells:
            return Cells(answer["table"], payload)

        return begin(self._link, "extract", made, progress, "extracting", **fields)

    # Colocation.

    def colocate(
        self,
        job: str | os.PathLike[str] | dict[str, Any],
        progress: Callable[[float], None] | bool = False,
        timeout: float | None = None,
    ) -> Pairs:
        """Runs a colocation job in the application and gives its table.

        ``job`` is a job file, or the same as a dictionary (docs/colocation.md): ``{"radius": "25 km", "window": "1 h",
        "side": [{"name": "drifters", "files": ["open:drifters"]}, {"name": "sst", "files": [...], "fields": [...]}]}``.
        ``open:`` takes what is open: a collection by id or title, a file by its name, pushed data by theirs. Without ``output`` the table comes
        here; with one it is written there, on the machine of the application.
        """
        return self.start_colocate(job, progress).result(timeout)

    def start_colocate(
        self, job: str | os.PathLike[str] | dict[str, Any], progress: Callable[[float], None] | bool = False
    ) -> Work[Pairs]:
        """Begins what :meth:`colocate` does, without waiting; it can be cancelled."""
        if isinstance(job, dict):
            fields: dict[str, Any] = {"job": job, "folder": os.getcwd()}
        else:
            path = Path(job).absolute()
            fields = {"text": path.read_text(encoding="utf-8"), "folder": str(path.parent)}
        return begin(self._link, "colocate", Pairs, progress, "colocating", **fields)

    # Events.

    def on(self, *events: str, call: Callable[[Header], None] | None = None) -> Events:
        """Events without asking: ``for event in view.on("time", "click"): …``; all kinds when none is named.

        ``time``, ``camera``, ``layers``, ``shapes``, ``selection``, ``click``, ``commands``, ``files``, ``notice``,
        ``progress`` (docs/view.md). ``call`` is called with each, in a thread of its own.
        """
        return Events(self._link, events, call)

    @property
    def selection(self) -> dict[str, Any]:
        """The layer, shape and granule selected in the window."""
        return dict(self._get("selection"))

    # Recording.

    def record(self) -> Recording:
        """Keeps what is done from here until its end, by the user in the window and by programs:
        ``with view.record() as r: …; r.script()``."""
        return Recording(self)

    def replay(self, recorded: Recording | Iterable[dict[str, Any]], pace: float | None = None) -> None:
        """Does again what was recorded; with ``pace`` in time, 1 as fast as it was done, 2 twice as fast."""
        recorded = recorded.stop().entries if isinstance(recorded, Recording) else recorded
        before: float | None = None
        for entry in recorded:
            command = dict(entry.get("command", entry))
            if "do" not in command:
                continue
            at = entry.get("seconds")
            if pace and at is not None:
                if before is not None:
                    time.sleep(max(0.0, at - before) / pace)
                before = at
            self._send(self._here(command, entry.get("layer")))

    def _here(self, command: dict[str, Any], layer: dict[str, str] | None) -> dict[str, Any]:
        """A command about the layer of the same field, which may have another number here."""
        if layer is None:
            return command
        same = [
            x["id"] for x in self.project()["layers"] if (x["collection"], x["field"]) == tuple(layer[k] for k in _KEY)
        ]
        return command if command["layer"] in same or not same else {**command, "layer": same[0]}


def connect(address: str = DEFAULT_ADDRESS, token: str | None = None, timeout: float = 10.0) -> Seaglass:
    """A Seaglass that runs already: the window, or ``seaglass serve``.

    ``token`` is that of the session (``SEAGLASS_TOKEN`` when absent). A session that was started with one wants it on the
    loopback, too; one without lets in whoever reaches the loopback, and a token given to it is not looked at.
    """
    link = Link(address, token or os.environ.get("SEAGLASS_TOKEN") or None, timeout)
    if token and link.hello.get("token") == "none":
        text = f"The session at {address} has no token; the one given was not looked at."
        warnings.warn(text, SeaglassWarning, stacklevel=2)
    return Seaglass(link)


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
    environment = {**os.environ, "SEAGLASS_TOKEN": token}
    # Jupyter interrupts a kernel with all of its group; the session is to hear of it from the kernel alone.
    apart: dict[str, Any] = (
        {"start_new_session": True} if os.name == "posix" else {"creationflags": getattr(subprocess, _APART, 0)}
    )
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, **apart)
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
        view = Seaglass(Link(line[0].split()[1], token, timeout), process)
        if paths:
            # Not with --open, which goes on by itself: the next line of the caller asks for layers of these files.
            view.open(*paths)
        return view
    except BaseException:
        process.kill()
        process.wait()
        raise
