"""The connection to a running Seaglass: frames of a JSON header and a payload (docs/protocol.md)."""

from __future__ import annotations

import json
import queue
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any

PREFACE = b"SEAGLASS"
VERSION = 1
DEFAULT_ADDRESS = "127.0.0.1:11155"
_LENGTHS = struct.Struct("<IQ")
# Events kept for one who reads them late; beyond, the oldest go.
_EVENTS_KEPT = 10_000

Header = dict[str, Any]


class SeaglassError(RuntimeError):
    """What the application says it cannot do, in its own words."""


class LinkLost(SeaglassError, ConnectionError):
    """The application has gone, or was never there."""


def split_address(address: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT``."""
    host, _, port = address.rpartition(":")
    try:
        return host.strip("[]") or "127.0.0.1", int(port)
    except ValueError:
        raise ValueError(f'"{address}" is not an address; write it as {DEFAULT_ADDRESS}') from None


class Waiting:
    """An answer that is on its way."""

    def __init__(self, progress: Callable[[float], None] | None) -> None:
        self.progress = progress
        self._answer: queue.SimpleQueue[tuple[Header, bytes]] = queue.SimpleQueue()

    def put(self, header: Header, payload: bytes) -> None:
        self._answer.put((header, payload))

    def get(self, timeout: float | None) -> tuple[Header, bytes]:
        try:
            header, payload = self._answer.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError("Seaglass did not answer in time") from None
        if header.get("answer") == "failed":
            kind = LinkLost if header.get("lost") else SeaglassError
            raise kind(str(header.get("error", "Seaglass gave no reason.")))
        return header, payload


class Link:
    """One connection. Any number of threads may ask at the same time; answers find their questions by number."""

    def __init__(self, address: str, token: str | None, timeout: float) -> None:
        self.address = address
        try:
            self._socket = socket.create_connection(split_address(address), timeout)
        except OSError as e:
            raise LinkLost(f"Nothing answers at {address} ({e}); start Seaglass, or let seaglass.launch() do it") from e
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._lock = threading.Lock()
        self._waiting: dict[int, Waiting] = {}
        self._last = 0
        self._lost: str | None = None
        self.events: queue.Queue[Header] = queue.Queue(_EVENTS_KEPT)
        self.listeners: list[Callable[[Header], None]] = []
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

    def start(
        self, what: str, /, payload: Any = b"", progress: Callable[[float], None] | None = None, **fields: Any
    ) -> Waiting:
        """Asks without waiting."""
        data = memoryview(payload).cast("B") if len(payload) else memoryview(b"")
        waiting = Waiting(progress)
        with self._lock:
            if self._lost is not None:
                raise LinkLost(self._lost)
            self._last += 1
            number = self._last
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
        progress: Callable[[float], None] | None = None,
        **fields: Any,
    ) -> tuple[Header, bytes]:
        """Asks and waits for header and payload of the answer."""
        return self.start(what, payload, progress, **fields).get(timeout)

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

    def _take(self, header: Header, payload: bytes) -> None:
        if header.get("event") == "job":
            with self._lock:
                waiting = self._waiting.get(header["id"])
            if waiting is not None and waiting.progress is not None:
                waiting.progress(float(header["share"]))
            return
        if "event" in header:
            while True:
                try:
                    self.events.put_nowait(header)
                    break
                except queue.Full:
                    try:
                        self.events.get_nowait()
                    except queue.Empty:
                        pass
            for listener in list(self.listeners):
                listener(header)
            return
        with self._lock:
            found = self._waiting.pop(header.get("id") or 0, None)
            # What is not understood at all has no number; one who waits alone is meant.
            if found is None and header.get("id") is None and len(self._waiting) == 1:
                found = self._waiting.popitem()[1]
        if found is not None:
            found.put(header, payload)
