"""Films of a running Seaglass: what each frame shows is decided here, drawn and written there."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ._link import Header
from ._work import Bar, Work, begin

if TYPE_CHECKING:
    from ._app import Seaglass

# Frames of one film at most: more would not fit into a request.
_MOST = 20_000


def micros(when: Any) -> int:
    """Microseconds since 1970 of a text, a datetime (UTC when it has no zone), a datetime64 or a pandas Timestamp."""
    zone = getattr(when, "tzinfo", None)
    if zone is not None:
        return round(float(when.timestamp()) * 1e6)
    if isinstance(when, str):
        when = when.rstrip("Z")
    found: int = np.datetime64(when, "us").astype(np.int64).item()
    return found


def _clock(times: tuple[Any, Any, float] | None) -> list[int]:
    if times is None:
        return []
    start, stop, every = micros(times[0]), micros(times[1]), round(float(times[2]) * 1e6)
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


def video(app: Seaglass, path: str | os.PathLike[str], **options: Any) -> Path:
    """Records a film; see :meth:`Seaglass.video`."""
    target = Path(path)
    if target.suffix.lower() == ".png" and re.search(r"%0?\d*d", target.name) is not None:
        return _sequence(app, target, **options)
    return start(app, target, **options).result()


def start(
    app: Seaglass,
    path: str | os.PathLike[str],
    stops: Sequence[dict[str, float]] | None = None,
    times: tuple[Any, Any, float] | None = None,
    fps: float = 10.0,
    width: int | None = None,
    height: int | None = None,
    scale: float = 1.0,
    legend: bool = True,
    easing: str = "smooth",
    progress: Callable[[float], None] | bool = False,
    timeout: float = 60.0,
) -> Work[Path]:
    """Begins a film in one file."""
    target = Path(path)
    kind = target.suffix.lower().lstrip(".")
    if kind not in ("gif", "mp4", "webm"):
        raise ValueError("a film is named *.mp4, *.webm, *.gif, or *-%04d.png for one picture a frame")

    def made(_: Header, payload: bytes) -> Path:
        # Nobody finds half a film under its name.
        part = target.with_name(f".{target.name}.part")
        part.write_bytes(payload)
        os.replace(part, target)
        return target

    fields: dict[str, Any] = {"size": [int(width), int(height)]} if width and height else {}
    frames = frames_of(app, stops, times, fps, easing)
    fields |= {"format": kind, "fps": float(fps), "frames": frames, "scale": float(scale), "legend": bool(legend)}
    return begin(app._link, "film", made, progress, "recording", timeout_ms=round(timeout * 1000), **fields)


def _sequence(
    app: Seaglass,
    target: Path,
    stops: Sequence[dict[str, float]] | None = None,
    times: tuple[Any, Any, float] | None = None,
    fps: float = 10.0,
    width: int | None = None,
    height: int | None = None,
    scale: float = 1.0,
    legend: bool = True,
    easing: str = "smooth",
    progress: Callable[[float], None] | bool = False,
    timeout: float = 60.0,
) -> Path:
    """One picture a frame."""
    frames = frames_of(app, stops, times, fps, easing)
    bar = Bar("recording") if progress is True else None
    call: Callable[[float], None] | None = bar if progress is True else (progress or None)
    before = app.project()
    try:
        for k, frame in enumerate(frames):
            if "camera" in frame:
                app.command("set_camera", camera=frame["camera"])
            if "time" in frame:
                app.command("set_time", now=frame["time"])
            picture = app.screenshot(width, height, scale=scale, legend=legend, timeout=timeout)
            picture.save(target.with_name(target.name % k))
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
