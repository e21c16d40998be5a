"""Events of a running Seaglass, and recordings of what was sent to it."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ._link import Header, Link

if TYPE_CHECKING:
    # In `typing` from 3.11 on; only who checks types needs it.
    from typing_extensions import Self

    from ._app import Seaglass

# Longest time for what the application does at once.
_SOON = 60.0


class Events:
    """A stream of events; ends with :meth:`close` or as a context manager."""

    def __init__(self, link: Link, events: Sequence[str]) -> None:
        self._link = link
        link.ask("subscribe", events=list(events), timeout=_SOON)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Header]:
        while True:
            yield self.get()

    def get(self, timeout: float | None = None) -> Header:
        """The next event; :class:`TimeoutError` when none comes in time."""
        try:
            return self._link.events.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError("no event came in time") from None

    def wait_for(self, test: Callable[[Header], bool], timeout: float = 60.0) -> Header:
        """The next event that passes a test."""
        end = time.monotonic() + timeout
        while True:
            event = self.get(max(0.0, end - time.monotonic()))
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

    def __enter__(self) -> Self:
        self._app._record = self.commands
        return self

    def __exit__(self, *_: object) -> None:
        self._app._record = None

    def script(self) -> str:
        """The commands as Python."""
        lines = ["import seaglass", "", "view = seaglass.connect()"]
        for command in self.commands:
            fields = "".join(f", {k}={v!r}" for k, v in command.items() if k != "do")
            lines.append(f"view.command({command['do']!r}{fields})")
        return "\n".join(lines) + "\n"
