"""Films of a running Seaglass: what each frame shows is decided here, drawn and written there."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ._link import Header
from ._names import near
from ._work import Bar, Work, begin

if TYPE_CHECKING:
    from ._app import Seaglass

# Frames of one film at most: more would not fit into a request.
_MOST = 20_000
# What the clock shows, microseconds since 1970, and what numpy has for no time.
_FIRST, _LAST = -62_167_219_200_000_000, 253_402_207_200_000_000
_NO_TIME = np.iinfo(np.int64).min


def micros(when: Any) -> int:
    """Microseconds since 1970 of a text, a datetime (UTC when it has no zone), a datetime64 or a pandas Timestamp."""
    if isinstance(when, int | float | np.integer | np.floating) and not np.isnan(when):
        raise TypeError(f'{when} is a number and no time; numpy.datetime64({when}, "s") is one of seconds since 1970')
    zone = getattr(when, "tzinfo", None)
    try:
        if zone is not None:
            return round(float(when.timestamp()) * 1e6)
        text = when.rstrip("Z") if isinstance(when, str) else when
        found: int = np.datetime64(text, "us").astype(np.int64).item()
    except (ValueError, TypeError, OverflowError) as e:
        raise ValueError(f'"{when}" is not a time; write it as 2024-08-11T13:27:41, or give a datetime64') from e
    if found == _NO_TIME:
        raise ValueError("the time is missing (NaT); give one")
    if not _FIRST <= found <= _LAST:
        raise ValueError(f"the clock goes from the year 0 to the end of 9999; {when} lies beyond")
    return found


def seconds(length: Any) -> float:
    """Seconds of a number of them, or of a timedelta of Python, pandas or numpy."""
    if isinstance(length, np.timedelta64):
        return float(length / np.timedelta64(1, "s"))
    if hasattr(length, "total_seconds"):
        return float(length.total_seconds())
    return float(length)


def _clock(times: tuple[Any, Any, float] | None) -> list[int]:
    if times is None:
        return []
    start, stop, every = micros(times[0]), micros(times[1]), round(seconds(times[2]) * 1e6)
    if every <= 0 or stop < start:
        raise ValueError("times are (start, stop, seconds from frame to frame), the start before the stop")
    if (stop - start) // every >= _MOST:
        raise ValueError(f"a film has {_MOST} frames at most; choose a longer step")
    return list(range(start, stop + 1, every))


def frames_of(
    app: Seaglass,
    stops: Sequence[dict[str, float]] | None,
    times: tuple[Any, Any, float] | None,
    fps: float,
    easing: str,
) -> list[dict[str, Any]]:
    """What each frame shows. With both, the tour lasts as long as the clock has frames."""
    clock = _clock(times)
    views: list[dict[str, Any]] = []
    if stops is not None:
        raw = app.project()["camera"]
        if clock:
            # The seconds of the stops are spread over the frames of the clock.
            length = sum(float(s.get("seconds", 2.0)) for s in stops[1:])
            found = list(app.camera.along(stops, [float(t) for t in np.linspace(0.0, length, len(clock))], easing))
        else:
            found = [view for _, view in app.camera.path(stops, easing, fps)]
        views = [app.camera._command(raw, view)["camera"] for view in found]
    if not clock and not views:
        raise ValueError("a film needs times=(start, stop, seconds) or stops=[…]")
    n = max(len(clock), len(views))
    if n > _MOST:
        raise ValueError(f"a film has {_MOST} frames at most, not {n}")
    return [{**({"time": clock[k]} if clock else {}), **({"camera": views[k]} if views else {})} for k in range(n)]


@dataclass(frozen=True)
class Film:
    """What a film shows and how: the keyword arguments of :meth:`Seaglass.video` and :meth:`Seaglass.start_video`."""

    stops: Sequence[dict[str, float]] | None = None
    times: tuple[Any, Any, float] | None = None
    fps: float = 10.0
    width: int | None = None
    height: int | None = None
    scale: float = 1.0
    legend: bool = True
    easing: str = "smooth"
    progress: Callable[[float], None] | bool = False
    timeout: float = 60.0

    @classmethod
    def of(cls, options: dict[str, Any]) -> Film:
        """The film of keyword arguments."""
        known = [f.name for f in fields(cls)]
        for name in options:
            if name not in known:
                hint = near(name, known) or f"; it has {', '.join(known)}"
                raise TypeError(f'a film has no "{name}"{hint}')
        return cls(**options)

    def frames(self, app: Seaglass) -> list[dict[str, Any]]:
        """What each frame shows."""
        return frames_of(app, self.stops, self.times, self.fps, self.easing)


def _target(path: str | os.PathLike[str]) -> Path:
    """Where the film goes; found out before a frame is drawn."""
    target = Path(path)
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {target.parent} for the film; make it first")
    return target


def video(app: Seaglass, path: str | os.PathLike[str], options: dict[str, Any]) -> Path:
    """Records a film; see :meth:`Seaglass.video`."""
    target, film = _target(path), Film.of(options)
    if target.suffix.lower() == ".png" and re.search(r"%0?\d*d", target.name) is not None:
        return _sequence(app, target, film)
    return start(app, target, options).result()


def start(app: Seaglass, path: str | os.PathLike[str], options: dict[str, Any]) -> Work[Path]:
    """Begins a film in one file."""
    target, film = _target(path), Film.of(options)
    kind = target.suffix.lower().lstrip(".")
    if kind not in ("gif", "mp4", "webm"):
        raise ValueError("a film is named *.mp4, *.webm, *.gif, or *-%04d.png for one picture a frame")

    def made(_: Header, payload: bytes) -> Path:
        # Nobody finds half a film under its name.
        part = target.with_name(f".{target.name}.part")
        part.write_bytes(payload)
        os.replace(part, target)
        return target

    asked: dict[str, Any] = {
        "format": kind,
        "fps": float(film.fps),
        "frames": film.frames(app),
        "scale": float(film.scale),
        "legend": bool(film.legend),
        "timeout_ms": round(film.timeout * 1000),
    }
    if film.width is not None or film.height is not None:
        asked["size"] = [None if n is None else int(n) for n in (film.width, film.height)]
    return begin(app._link, "film", made, film.progress, "recording", **asked)


def _sequence(app: Seaglass, target: Path, film: Film) -> Path:
    """One picture a frame."""
    frames = film.frames(app)
    bar = Bar("recording") if film.progress is True else None
    call: Callable[[float], None] | None = bar if bar is not None else (film.progress or None)  # type: ignore[assignment]
    before = app.project()
    picture: dict[str, Any] = {"width": film.width, "height": film.height, "scale": film.scale, "legend": film.legend}
    try:
        for k, frame in enumerate(frames):
            if "camera" in frame:
                app.command("set_camera", camera=frame["camera"])
            if "time" in frame:
                app.command("set_time", now=frame["time"])
            app.screenshot(**picture, timeout=film.timeout).save(target.with_name(target.name % k))
            if call is not None:
                call((k + 1) / len(frames))
    finally:
        if "camera" in frames[0]:
            app.command("set_camera", camera=before["camera"])
        if "time" in frames[0]:
            app.command("set_time", now=micros(before["timeline"]["now"]))
        if bar is not None:
            bar.close()
    return target
