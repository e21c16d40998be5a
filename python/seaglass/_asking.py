"""What everything that is asked of a running Seaglass is made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ._link import Header, Link
from ._names import Strict

# Longest time for what the application does at once.
SOON = 60.0


class Asking(Strict):
    """Asks the application, and gives its answers."""

    _link: Link

    def command(self, do: str, **fields: Any) -> Header:
        """Carries out any command of the application (docs/protocol.md says where they are listed)."""
        return self._send({"do": do, **fields})

    def _send(self, command: dict[str, Any], timeout: float | None = SOON) -> Header:
        return self._link.ask("command", command=command, timeout=timeout)[0]

    def commands(self, commands: Iterable[dict[str, Any]]) -> None:
        """Carries out commands as one: one picture at the end and one step of undo; when one fails, none of them."""
        self._link.ask("commands", commands=list(commands), timeout=SOON)

    def _get(self, what: str) -> Any:
        return self._link.ask("get", what=what, timeout=SOON)[0]["value"]

    def project(self) -> dict[str, Any]:
        """The whole document: layers, camera, timeline, base map, shapes."""
        return dict(self._get("project"))

    def undo(self) -> None:
        """Steps back."""
        self.command("undo")

    def redo(self) -> None:
        """Steps forward again."""
        self.command("redo")

    @property
    def version(self) -> str:
        """Version of the application."""
        return str(self._link.hello["name"]).split()[-1]

    @property
    def features(self) -> list[str]:
        """Names of the requests that the application understands (docs/protocol.md)."""
        return list(self._link.hello.get("asks", []))
