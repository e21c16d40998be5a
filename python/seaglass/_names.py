"""Names nobody knows, and numbers that are none: refused with a sentence, before they are silently kept or sent."""

from __future__ import annotations

import asyncio
import difflib
import math
from collections.abc import Iterable
from typing import Any


def near(name: str, known: Iterable[str], what: str = "the nearest are") -> str:
    """The end of a sentence that names up to three names like this one."""

    def plain(text: str) -> str:
        return text.lower().replace("colour", "color").replace("_", "").replace(" ", "")

    by_plain: dict[str, list[str]] = {}
    for k in known:
        by_plain.setdefault(plain(k), []).append(k)
    found = difflib.get_close_matches(plain(name), by_plain, 3, 0.5)
    names = [k for f in found for k in by_plain[f]][:3]
    return f"; {what} {', '.join(names)}" if names else ""


def not_finite(value: Any, path: str = "") -> str | None:
    """Where in a request a number is that is not finite."""
    if isinstance(value, float):
        return None if math.isfinite(value) else f"{path or 'the value'} is {value}"
    if isinstance(value, dict):
        inside = ((f"{path}.{k}" if path else str(k), v) for k, v in value.items())
    elif isinstance(value, list | tuple):
        inside = ((f"{path}[{k}]", v) for k, v in enumerate(value))
    else:
        return None
    return next((found for p, v in inside if (found := not_finite(v, p)) is not None), None)


class Aio:
    """The calls of something for event loops: each runs in a thread, ``await view.aio.screenshot()``."""

    def __init__(self, of: Strict) -> None:
        self._of = of

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._of, name)
        if isinstance(found, Strict):
            return Aio(found)
        if not callable(found):
            return found

        async def call(*given: Any, **named: Any) -> Any:
            return await asyncio.to_thread(found, *given, **named)

        return call

    def __dir__(self) -> Iterable[str]:
        return dir(self._of)


class Strict:
    """Has no attributes but its own: a misspelt one is an error and not a new one."""

    def __setattr__(self, name: str, value: Any) -> None:
        known = getattr(type(self), name, None)
        if not name.startswith("_") and not hasattr(known, "__set__") and name not in getattr(self, "_own", ()):
            settable = [n for n in dir(type(self)) if hasattr(getattr(type(self), n, None), "__set__")]
            kind = type(self).__name__.lower()
            raise AttributeError(f'a {kind} has no setting "{name}"{near(name, settable)}')
        object.__setattr__(self, name, value)

    @property
    def aio(self) -> Aio:
        """The same calls for event loops: ``await view.aio.screenshot()``, ``await view.aio.camera.fly(lon=5)``. What is
        not called, such as ``view.aio.layers``, is asked for at once."""
        return Aio(self)
