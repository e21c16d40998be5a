"""The connection to a running Seaglass: frames of a JSON header and a payload (docs/protocol.md)."""

from __future__ import annotations

import json
import queue
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from typing import Any

from ._names import not_finite

PREFACE = b"SEAGLASS"
VERSION = 1
DEFAULT_ADDRESS = "127.0.0.1:11155"
_LENGTHS = struct.Struct("<IQ")
# Events kept for one who reads them late; beyond, the oldest go.
_EVENTS_KEPT = 10_000
# Longest time for what the application does at once.
_SOON = 60.0

Header = dict[str, Any]


class SeaglassError(RuntimeError):
    """What the application says it cannot do, in its own words."""


class SeaglassWarning(UserWarning):
    """Something was done in part, in the application's own words."""


class LinkLost(SeaglassError, ConnectionError):
    """The application has gone, or was never there."""


def split_address(address: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT``."""
    host, _, port = address.rpartition(":")
    try:
        return host.strip("[]") or "127.0.0.1", int(port)
    except ValueError:
        raise ValueError(f'"{address}" is not an address; write it as {DEFAULT_ADDRESS}') from None


class Cancelled(SeaglassError):
    """A call that was cancelled from here."""


Progress = Callable[[float], None]


class Waiting:
    """An answer that is on its way."""

    def __init__(self, progress: Progress | None) -> None:
        self.progress = progress
        self.share, self.text = 0.0, ""
        self.number = 0
        self._answer: queue.SimpleQueue[tuple[Header, bytes]] = queue.SimpleQueue()
        self._kept: tuple[Header, bytes] | None = None

    def put(self, header: Header, payload: bytes) -> None:
        self._answer.put((header, payload))

    def told(self, share: float, text: str) -> None:
        """The application says how far it is."""
        self.share, self.text = share, text
        if self.progress is not None:
            self.progress(share)

    def done(self) -> bool:
        """Whether the answer is here."""
        return self._kept is not None or not self._answer.empty()

    def get(self, timeout: float | None) -> tuple[Header, bytes]:
        if self._kept is None:
            try:
                self._kept = self._answer.get(timeout=timeout)
            except queue.Empty:
                raise TimeoutError("Seaglass did not answer in time") from None
        header, payload = self._kept
        if header.get("answer") == "failed":
            kind = LinkLost if header.get("lost") else Cancelled if header.get("cancelled") else SeaglassError
            raise kind(str(header.get("error", "Seaglass gave no reason.")))
        return header, payload


class Stream:
    """Events of some names, for one who reads them."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.events: queue.Queue[Header] = queue.Queue(_EVENTS_KEPT)

    def put(self, event: Header) -> None:
        if self.names and event["event"] not in (*self.names, "missed", "lost", "closed"):
            return
        while True:
            try:
                return self.events.put_nowait(event)
            except queue.Full:
                try:
                    self.events.get_nowait()
                except queue.Empty:
                    pass


class Link:
    """One connection. Any number of threads may ask at the same time; answers find their questions by number."""

    def __init__(self, address: str, token: str | None, timeout: float) -> None:
        self.address, self.token = address, token
        try:
            self._socket = socket.create_connection(split_address(address), timeout)
        except OSError as e:
            raise LinkLost(f"Nothing answers at {address} ({e}); start Seaglass, or let seaglass.launch() do it") from e
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._lock = threading.Lock()
        self._waiting: dict[int, Waiting] = {}
        self._last = 0
        self._lost: str | None = None
        self._streams: list[Stream] = []
        self._wanted = threading.Lock()
        self._socket.settimeout(None)
        self._socket.sendall(PREFACE)
        reader = threading.Thread(target=self._read, name="seaglass link", daemon=True)
        reader.start()
        try:
            self.hello, _ = self.ask("hello", timeout=timeout, version=VERSION, token=token)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Ends the connection; what is asked afterwards fails."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()

    def start(self, what: str, /, payload: Any = b"", progress: Progress | None = None, **fields: Any) -> Waiting:
        """Asks without waiting."""
        data = memoryview(payload).cast("B") if len(payload) else memoryview(b"")
        if (wrong := not_finite(fields)) is not None:
            raise ValueError(f"{wrong}; Seaglass takes finite numbers only")
        waiting = Waiting(progress)
        with self._lock:
            if self._lost is not None:
                raise LinkLost(self._lost)
            self._last += 1
            number = waiting.number = self._last
            self._waiting[number] = waiting
            header = json.dumps({"id": number, "ask": what} | fields, allow_nan=False).encode()
            try:
                self._socket.sendall(_LENGTHS.pack(len(header), data.nbytes) + header)
                if data.nbytes:
                    self._socket.sendall(data)
            except OSError as e:
                self._waiting.pop(number, None)
                raise LinkLost(f"Seaglass at {self.address} has gone: {e}") from e
        return waiting

    def ask(
        self,
        what: str,
        /,
        payload: Any = b"",
        timeout: float | None = None,
        progress: Progress | None = None,
        **fields: Any,
    ) -> tuple[Header, bytes]:
        """Asks and waits for header and payload of the answer; interrupted, as by Jupyter's stop button, it is cancelled."""
        waiting = self.start(what, payload, progress, **fields)
        try:
            return waiting.get(timeout)
        except KeyboardInterrupt:
            self.cancel(waiting)
            raise

    def cancel(self, waiting: Waiting) -> bool:
        """Ends what is under way; false when it is over already."""
        try:
            answer, _ = self.ask("cancel", request=waiting.number, timeout=_SOON)
        except (SeaglassError, TimeoutError):
            return False
        return bool(answer["cancelled"])

    def listen(self, stream: Stream) -> None:
        """Begins a stream of events."""
        with self._wanted:
            self._want([*self._streams, stream], stream)

    def leave(self, stream: Stream) -> None:
        """Ends a stream; every event of what happened before is in it when this returns."""
        with self._wanted:
            left = [s for s in self._streams if s is not stream]
            try:
                self._want(left, None)
            finally:
                self._streams = left

    def _want(self, streams: list[Stream], new: Stream | None) -> None:
        """Asks for what all streams together want, which no other has to be told of."""
        if not streams:
            self.ask("unsubscribe", timeout=_SOON)
            return
        names = sorted({n for s in streams for n in s.names}) if all(s.names for s in streams) else []
        before = self._streams
        if new is not None:
            # Before the answer: the first event may come with it.
            self._streams = streams
        try:
            self.ask("subscribe", events=names, timeout=_SOON)
        except BaseException:
            self._streams = before
            raise

    def _read(self) -> None:
        why = f"Seaglass at {self.address} has closed the connection"
        try:
            with self._socket.makefile("rb", 1 << 20) as stream:
                while lengths := stream.read(_LENGTHS.size):
                    size, more = _LENGTHS.unpack(lengths)
                    header = json.loads(stream.read(size))
                    payload = stream.read(more) if more else b""
                    if len(payload) != more:
                        break
                    self._take(header, payload)
        except (OSError, ValueError, struct.error) as e:
            why = f"{why} ({e})"
        with self._lock:
            self._lost = why
            waiting = list(self._waiting.values())
            self._waiting.clear()
        for w in waiting:
            w.put({"answer": "failed", "error": why, "lost": True}, b"")
        for listener in list(self._streams):
            listener.put({"event": "lost", "error": why})

    def _take(self, header: Header, payload: bytes) -> None:
        if header.get("event") == "job":
            with self._lock:
                waiting = self._waiting.get(header["id"])
            if waiting is not None:
                waiting.told(float(header["share"]), str(header.get("text", "")))
            return
        if "event" in header:
            for stream in list(self._streams):
                stream.put(header)
            return
        with self._lock:
            found = self._waiting.pop(header.get("id") or 0, None)
            # What is not understood at all has no number; one who waits alone is meant.
            if found is None and header.get("id") is None and len(self._waiting) == 1:
                found = self._waiting.popitem()[1]
        if found is not None:
            found.put(header, payload)
