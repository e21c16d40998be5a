"""A running Seaglass: its data, layers, camera and clock, its pictures and values."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ._camera import Camera
from ._cells import Picture
from ._data import Data, warn
from ._events import Events, Recording
from ._layer import Layer
from ._link import DEFAULT_ADDRESS, Header, Link, SeaglassError, SeaglassWarning
from ._names import near
from ._places import Places
from ._video import micros, seconds, start, video
from ._work import Work

if TYPE_CHECKING:
    # In `typing` from 3.11 on; only who checks types needs it.
    from typing_extensions import Self

# How Windows starts a process apart from the interrupts of this one.
_APART = "CREATE_NEW_PROCESS_GROUP"
# What a layer shows.
_KEY = ("collection", "field")


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


class Seaglass(Data, Places):
    """A running Seaglass. Made by :func:`connect` and :func:`launch`; a context manager.

    ``view.aio`` has the same calls for event loops: ``await view.aio.screenshot()``.
    """

    _own = ("camera",)

    def __init__(self, link: Link, process: subprocess.Popen[str] | None = None) -> None:
        self._link, self._process = link, process
        # Last samples of pushed tracks, by name.
        self._tails, self._given = {}, {}
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

    # Base map and layers.

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
        """Length of the time window, seconds; a timedelta may be set."""
        return float(self.project()["timeline"]["window_s"])

    @window.setter
    def window(self, length: Any) -> None:
        self.command("set_window", window_s=seconds(length))

    @property
    def step(self) -> float | None:
        """Length of one step of the clock, seconds; none for a third of the window."""
        step = self.project()["timeline"]["step_s"]
        return None if step is None else float(step)

    @step.setter
    def step(self, length: Any) -> None:
        self.command("set_step", step_s=None if length is None else seconds(length))

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

    def times(self, start: Any, stop: Any, step: Any, **picture: Any) -> Iterator[tuple[np.datetime64, Picture]]:
        """Complete pictures while the clock goes from one time to another in steps of so many seconds, or of a timedelta."""
        now, end, every = micros(start), micros(stop), round(seconds(step) * 1e6)
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
        warn(failed, "of the session could not be opened; their layers are empty")
        found = {c["id"] for c in self.collections()}
        empty = sorted({layer["field"] for layer in self.project()["layers"] if layer["collection"] not in found})
        if empty and not failed:
            text = f"No data of the session belong to the layers of {', '.join(empty)}; open or push them again."
            warnings.warn(text, SeaglassWarning, stacklevel=2)

    # Events.

    def on(self, *events: str, call: Callable[[Header], None] | None = None) -> Events:
        """Events without asking: ``for event in view.on("time", "click"): …``; all kinds when none is named.

        ``time``, ``camera``, ``layers``, ``shapes``, ``selection``, ``click``, ``commands``, ``extraction``, ``files``,
        ``notice``, ``progress`` (docs/protocol.md says what each holds). ``call`` is called with each, in a thread of its own.
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
        made: dict[int, int] = {}
        for entry in recorded:
            command = dict(entry.get("command", entry))
            if "do" not in command:
                continue
            at = entry.get("seconds")
            if pace and at is not None:
                if before is not None:
                    time.sleep(max(0.0, at - before) / pace)
                before = at
            answer = self._send(self._here(self._shape_here(command, entry.get("shape"), made), entry.get("layer")))
            if "shape" in answer and "shape" in entry:
                made[int(entry["shape"]["id"])] = int(answer["shape"])

    def _shape_here(
        self, command: dict[str, Any], shape: dict[str, Any] | None, made: dict[int, int]
    ) -> dict[str, Any]:
        """A command about the shape that was made meanwhile, or that has the same name here."""
        inside = command.get("change", command)
        if shape is None or not isinstance(inside.get("shape"), int):
            return command
        number = made.get(int(shape["id"]))
        if number is None:
            number = self.shape(str(shape["name"]))
        changed = {**inside, "shape": number}
        return {**command, "change": changed} if "change" in command else changed

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
