"""The camera of a running Seaglass: where it is, flights and tours."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._cells import Picture
from ._link import Header
from ._names import Strict
from ._work import Work, begin

if TYPE_CHECKING:
    from ._app import Seaglass

_EASINGS: dict[str, Callable[[float], float]] = {
    "linear": lambda t: t,
    "smooth": lambda t: t * t * (3.0 - 2.0 * t),
    "in": lambda t: t * t,
    "out": lambda t: t * (2.0 - t),
}


_VIEW = ("lon", "lat", "altitude", "heading", "tilt")


def _known(view: dict[str, float], more: tuple[str, ...] = ()) -> None:
    """Refuses what is no part of a view."""
    for name in view:
        if name not in (*_VIEW, *more):
            raise TypeError(f'a view has no "{name}"; it has {", ".join((*_VIEW, *more))}')


def _arrived(header: Header, _: bytes) -> bool:
    return bool(header["arrived"])


class Camera(Strict):
    """Where the view is looked at from."""

    def __init__(self, app: Seaglass) -> None:
        self._app = app

    def get(self) -> dict[str, float]:
        """``lon``, ``lat``, ``altitude`` (metres), ``heading`` and ``tilt`` (degrees)."""
        c = self._app.project()["camera"]
        return {
            "lon": c["target"]["lon_deg"],
            "lat": c["target"]["lat_deg"],
            "altitude": c["altitude_m"],
            "heading": c["heading_deg"],
            "tilt": c["tilt_deg"],
        }

    def _command(self, camera: dict[str, Any], wanted: dict[str, float]) -> dict[str, Any]:
        return {
            "do": "set_camera",
            "camera": {
                **camera,
                "target": {"lon_deg": wanted["lon"], "lat_deg": wanted["lat"]},
                "altitude_m": wanted["altitude"],
                "heading_deg": wanted["heading"],
                "tilt_deg": wanted["tilt"],
            },
        }

    def set(
        self,
        lon: float | None = None,
        lat: float | None = None,
        altitude: float | None = None,
        heading: float | None = None,
        tilt: float | None = None,
    ) -> Camera:
        """Moves at once; what is not given stays."""
        given = {"lon": lon, "lat": lat, "altitude": altitude, "heading": heading, "tilt": tilt}
        raw = self._app.project()["camera"]
        wanted = {**self.get(), **{k: float(v) for k, v in given.items() if v is not None}}
        self._app._send(self._command(raw, wanted))
        return self

    def fit(self, west: float, south: float, east: float, north: float) -> Camera:
        """Frames a box, degrees; it may lie over the dateline. Layers are framed by :meth:`Layer.zoom`."""
        box: dict[str, Any] = {"west": float(west), "south": float(south), "east": float(east), "north": float(north)}
        self._app._link.ask("fit", timeout=60.0, **box)
        return self

    def fly(self, seconds: float = 2.0, easing: str = "smooth", **to: float) -> Camera:
        """Flies to a place (the arguments of :meth:`set`) along the great circle, in real time."""
        _known(to)
        return self.tour([{"seconds": seconds, **to}], easing=easing)

    def tour(self, stops: Sequence[dict[str, float]], easing: str = "smooth") -> Camera:
        """Flies from stop to stop, in real time; the application moves the camera with every picture it draws. A stop is
        what :meth:`set` takes, and ``seconds`` from the one before (the first is jumped to without them). Ends where it is
        when the user or another program moves the camera."""
        self.start_tour(stops, easing).result()
        return self

    def start_tour(self, stops: Sequence[dict[str, float]], easing: str = "smooth") -> Work[bool]:
        """Begins what :meth:`tour` does, without waiting. ``cancel()`` leaves the camera where it is; ``result()`` says
        whether it has arrived."""
        raw = self._app.project()["camera"]
        asked = [
            {"camera": self._command(raw, view)["camera"], "seconds": float(stop.get("seconds", 2.0 if k else 0.0))}
            for k, (stop, view) in enumerate(zip(stops, self._views(stops)))
        ]
        return begin(self._app._link, "fly", _arrived, False, "flying", stops=asked, easing=easing)

    def frames(
        self, stops: Sequence[dict[str, float]], fps: float = 10.0, easing: str = "smooth", **picture: Any
    ) -> Iterator[Picture]:
        """The pictures of a tour, each complete, as fast as they are drawn."""
        raw = self._app.project()["camera"]
        for _, view in self.path(stops, easing, fps):
            self._app._send(self._command(raw, view))
            yield self._app.screenshot(**picture)

    def path(
        self, stops: Sequence[dict[str, float]], easing: str = "smooth", fps: float = 30.0
    ) -> Iterator[tuple[float, dict[str, float]]]:
        """Seconds and views along a tour."""
        at = [0.0] if stops else []
        for stop in stops[1:]:
            seconds = float(stop.get("seconds", 2.0))
            count = max(1, round(seconds * fps))
            start = at[-1]
            at += [start + seconds * k / count for k in range(1, count + 1)]
        yield from zip(at, self.along(stops, at, easing))

    def _views(self, stops: Sequence[dict[str, float]]) -> list[dict[str, float]]:
        """The views of stops; what one does not name is that of the one before."""
        for stop in stops:
            _known(stop, ("seconds",))
        views, here = [], self.get()
        for stop in stops:
            here = {**here, **{name: float(v) for name, v in stop.items() if name != "seconds"}}
            views.append(here)
        return views

    def along(
        self, stops: Sequence[dict[str, float]], seconds: Sequence[float], easing: str = "smooth"
    ) -> Iterator[dict[str, float]]:
        """Views at these seconds of a tour."""
        try:
            ease = _EASINGS[easing]
        except KeyError:
            raise ValueError(f'there is no easing "{easing}"; there are {", ".join(_EASINGS)}') from None
        if not stops:
            return
        views, ends = self._views(stops), [0.0]
        for stop in stops[1:]:
            ends.append(ends[-1] + float(stop.get("seconds", 2.0)))
        for t in seconds:
            k = min(max(int(np.searchsorted(ends, t, "left")), 1), len(ends) - 1) if len(ends) > 1 else 0
            if k == 0:
                yield dict(views[0])
                continue
            length = ends[k] - ends[k - 1]
            part = 1.0 if length <= 0 else min(max((t - ends[k - 1]) / length, 0.0), 1.0)
            yield _between(views[k - 1], views[k], ease(part))


def _between(a: dict[str, float], b: dict[str, float], t: float) -> dict[str, float]:
    """A view between two others: the place on the great circle, the distance by its logarithm, angles the short way."""
    if t >= 1.0:
        return dict(b)
    up = [
        np.array(
            [
                math.cos(math.radians(v["lat"])) * math.cos(math.radians(v["lon"])),
                math.cos(math.radians(v["lat"])) * math.sin(math.radians(v["lon"])),
                math.sin(math.radians(v["lat"])),
            ]
        )
        for v in (a, b)
    ]
    angle = math.atan2(float(np.linalg.norm(np.cross(up[0], up[1]))), float(up[0] @ up[1]))
    if angle < 1e-12:
        p = up[0]
    else:
        p = (up[0] * math.sin((1 - t) * angle) + up[1] * math.sin(t * angle)) / math.sin(angle)
    turn = (b["heading"] - a["heading"] + 180.0) % 360.0 - 180.0
    return {
        "lon": math.degrees(math.atan2(p[1], p[0])),
        "lat": math.degrees(math.atan2(p[2], math.hypot(p[0], p[1]))),
        "altitude": a["altitude"] * (b["altitude"] / a["altitude"]) ** t,
        "heading": a["heading"] + turn * t,
        "tilt": a["tilt"] + (b["tilt"] - a["tilt"]) * t,
    }
