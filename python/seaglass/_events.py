"""Events of a running Seaglass, and recordings of what was done in it."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._link import Header, Link, LinkLost, SeaglassError, Stream

if TYPE_CHECKING:
    from typing_extensions import Self

    from ._app import Seaglass


# Longest time for which a thread waits for an event in place of an event loop, seconds.
_ASYNC_S = 0.5


class Events:
    """A stream of events; ends with :meth:`close` or as a context manager. Any number may run at the same time.

    ``for event in events`` and ``async for event in events`` fetch them one by one.
    """

    def __init__(self, link: Link, events: Sequence[str], call: Callable[[Header], None] | None = None) -> None:
        self._link, self._stream = link, Stream(events)
        self._closed = False
        link.listen(self._stream)
        if call is not None:
            threading.Thread(target=self._calls, args=(call,), name="seaglass events", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Header]:
        while (event := self._next(None))["event"] != "closed":
            yield event

    def __aiter__(self) -> Events:
        return self

    async def __anext__(self) -> Header:
        while True:
            try:
                # In parts: a program that ends waits for its threads.
                event = await asyncio.to_thread(self._next, _ASYNC_S)
            except TimeoutError:
                continue
            if event["event"] == "closed":
                raise StopAsyncIteration
            return event

    def _calls(self, call: Callable[[Header], None]) -> None:
        try:
            for event in self:
                call(event)
        except LinkLost:
            return

    def _next(self, timeout: float | None) -> Header:
        try:
            event = self._stream.events.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError("no event came in time") from None
        if event["event"] == "lost":
            raise LinkLost(event["error"])
        return event

    def get(self, timeout: float | None = None) -> Header:
        """The next event; :class:`TimeoutError` when none comes in time."""
        event = self._next(timeout)
        if event["event"] == "closed":
            raise SeaglassError("This stream of events was closed.")
        return event

    def wait_for(self, test: Callable[[Header], bool] | str, timeout: float = 60.0) -> Header:
        """The next event that passes a test, or of a name."""
        end = time.monotonic() + timeout
        while True:
            event = self.get(max(0.0, end - time.monotonic()))
            if event["event"] == test if isinstance(test, str) else test(event):
                return event

    def drain(self) -> list[Header]:
        """The events that have come and were not fetched."""
        found: list[Header] = []
        while True:
            try:
                event = self._stream.events.get_nowait()
            except queue.Empty:
                return found
            if event["event"] not in ("lost", "closed"):
                found.append(event)

    def close(self) -> None:
        """Wants no more events; what came before can still be fetched."""
        if not self._closed:
            self._closed = True
            try:
                self._link.leave(self._stream)
            finally:
                self._stream.put({"event": "closed"})


class Recording:
    """What is done in the application: by the user in the window, by this program and by others.

    Of a drag, a slider or a flight only its end is kept. Data that are pushed are named, not kept.
    """

    def __init__(self, app: Seaglass) -> None:
        self._app = app
        self._events: Events | None = None
        #: One entry a command: ``command``, ``by`` (``"window"``, ``"you"``, ``"program"``), ``seconds``, and the field and
        #: collection of the ``layer`` it is about.
        self.entries: list[dict[str, Any]] = []

    def start(self) -> Recording:
        """Begins, or goes on."""
        if self._events is None:
            self._events = Events(self._app._link, ("commands",))
        return self

    def stop(self) -> Recording:
        """Ends."""
        events, self._events = self._events, None
        if events is not None:
            try:
                events.close()
            finally:
                self._take(events)
        return self

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _take(self, events: Events) -> None:
        for event in events.drain():
            if event["event"] == "commands":
                self.entries.append({k: v for k, v in event.items() if k != "event"})
            elif event["event"] == "missed":
                self.entries.append({"missed": event["count"]})

    @property
    def commands(self) -> list[dict[str, Any]]:
        """The commands, as :meth:`Seaglass.command` takes them."""
        if self._events is not None:
            self._take(self._events)
        return [e["command"] for e in self.entries if "command" in e]

    def __len__(self) -> int:
        return len(self.commands)

    def __repr__(self) -> str:
        return f"<Recording: {len(self)} commands>"

    def script(self) -> str:
        """What was done, as a Python program."""
        if self._events is not None:
            self._take(self._events)
        lines = ["import seaglass", "", "view = seaglass.connect()"]
        made: set[int] = set()
        return "\n".join([*lines, *(line for e in self.entries for line in _lines(e, made))]) + "\n"

    def save(self, path: Any) -> None:
        """Writes the program."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.script())


def _lines(entry: dict[str, Any], made: set[int]) -> Iterable[str]:
    """The lines of a program that stand for one entry; ``made`` are the shapes that it has made before."""
    if "missed" in entry:
        return [f"# {entry['missed']} commands were not recorded: they came too fast."]
    if "pushed" in entry:
        return [f"# view.push(..., {name!r})" for name in entry["pushed"]]
    command = dict(entry["command"])
    do = command.pop("do")
    if do == "set_camera":
        c = dict(command["camera"])
        place = c["target"]
        given = {"lon": place["lon_deg"], "lat": place["lat_deg"], "altitude": c["altitude_m"]}
        given |= {"heading": c["heading_deg"], "tilt": c["tilt_deg"]}
        return [f"view.camera.set({_arguments(given)})"]
    if do == "set_time":
        return [f"view.time = {str(np.datetime64(command['now'], 'us'))!r}"]
    if do == "open":
        return [f"view.open({', '.join(repr(p) for p in command['paths'])})"]
    shape = entry.get("shape")
    inside = command.get("change", command)
    if shape is not None and (do, inside.get("what")) == ("shapes", "add"):
        made.add(shape["id"])
        return [f"shape_{shape['id']} = view.command('shapes', {_arguments(command)})['shape']"]
    if shape is not None and isinstance(inside.get("shape"), int):
        # By the name of the variable or of the shape, whose number is another elsewhere.
        named = f"shape_{shape['id']}" if shape["id"] in made else f"view.shape({shape['name']!r})"
        mark = "\0shape\0"
        changed = {**inside, "shape": mark}
        fields = {**command, "change": changed} if "change" in command else changed
        return [f"view.command({do!r}, {_arguments(fields)})".replace(repr(mark), named)]
    layer = entry.get("layer")
    if layer is None or "layer" not in command:
        more = f", {_arguments(command)}" if command else ""
        return [f"view.command({do!r}{more})"]
    of = f"view.layer({layer['field']!r}, {layer['collection']!r})"
    command.pop("layer")
    if do == "set_style":
        return [f"{of}.set({_arguments(command['patch'])})"]
    more = f", {_arguments(command)}" if command else ""
    return [f"view.command({do!r}, layer={of}.id{more})"]


def _arguments(fields: dict[str, Any]) -> str:
    return ", ".join(f"{k}={_short(v)!r}" for k, v in fields.items())


def _short(value: Any) -> Any:
    """Numbers as a user would write them: 0.3 for the 32-bit number next to it, without what arithmetic has left."""
    if isinstance(value, dict):
        return {k: _short(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_short(v) for v in value]
    if not isinstance(value, float):
        return value
    single = np.float32(value)
    if float(single) == value:
        return float(str(single))
    rounded = float(f"{value:.15g}")
    # Only where arithmetic has left something in the last digits: 14199999.999999993.
    return rounded if len(repr(rounded)) + 4 <= len(repr(value)) else value
