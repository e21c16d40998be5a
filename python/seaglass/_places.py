"""Places in a running Seaglass: values at them, shapes, what lies under shapes, match-ups."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ._asking import SOON, Asking
from ._cells import Cells
from ._link import Header, SeaglassError
from ._names import near
from ._push import file_name
from ._work import Pairs, Work, begin


def _time(text: str | None) -> np.datetime64 | None:
    return None if text is None else np.datetime64(text.rstrip("Z"), "us")


class Places(Asking):
    """Values, shapes, extractions, match-ups."""

    # Values.

    def probe(self, lon: float, lat: float, reach: float = 0.1) -> list[dict[str, Any]]:
        """What the visible layers have at a place, the top layer first: exact values with their own place and time."""
        answer, _ = self._link.ask("probe", lon_deg=float(lon), lat_deg=float(lat), reach_deg=reach, timeout=120.0)
        rows = answer["rows"]
        for row in rows:
            row["time"] = _time(row.get("time"))
            first = (row.get("values") or [{}])[0]
            row["value"] = first.get("value") if row["state"] == "value" else None
        return list(rows)

    # Shapes.

    def add_shape(self, places: Iterable[Sequence[float]], kind: str = "polygon", name: str = "", **style: Any) -> int:
        """Draws a ``polygon``, a ``polyline`` or a ``point``; places are pairs of longitude and latitude, joined by great
        circles. Gives its number. The name of a point is written beside it; ``style`` as for :meth:`change_shape`."""
        line = {"places": [[float(lon), float(lat)] for lon, lat in places]}
        shape = {"name": name, "geometry": {"kind": kind, "lines": [line]}}
        number = int(self.command("shapes", change={"what": "add", "shape": shape})["shape"])
        if style:
            try:
                self.change_shape(number, **style)
            except BaseException:
                self.remove_shape(number)
                raise
        return number

    def change_shape(self, shape: int, name: str | None = None, visible: bool | None = None, **style: Any) -> None:
        """Renames, shows, hides or restyles a shape: ``colour`` (three numbers, 0–255), ``width_pt``, ``fill`` (0 to 1)
        and ``dash`` (``"solid"``, ``"dashed"``, ``"dotted"``)."""
        changes: list[dict[str, Any]] = []
        if name is not None:
            changes.append({"what": "rename", "shape": int(shape), "name": name})
        if visible is not None:
            changes.append({"what": "show", "shape": int(shape), "visible": bool(visible)})
        if style:
            changes.append({"what": "restyle", "shape": int(shape), "patch": style})
        self.commands({"do": "shapes", "change": change} for change in changes)

    def shape(self, name: str) -> int:
        """The number of the shape of a name; the lowest where several have it."""
        names = {int(s["id"]): str(s["name"]) for s in self.project().get("shapes", {}).get("list", [])}
        found = [number for number, other in names.items() if other == name]
        if not found:
            raise SeaglassError(f'There is no shape "{name}"{near(name, names.values())}.')
        return min(found)

    def add_geojson(self, shapes: Any, name: str = "shapes") -> None:
        """Adds the polygons, lines and points of GeoJSON, or of what has them as ``__geo_interface__`` (geopandas, shapely);
        the same name again replaces, and :meth:`remove` takes them away."""
        shapes = getattr(shapes, "__geo_interface__", shapes)
        if isinstance(shapes, dict) and shapes.get("type") not in ("FeatureCollection", "Feature"):
            shapes = {"type": "Feature", "properties": {}, "geometry": shapes}
        data = json.dumps(shapes, allow_nan=False).encode()
        self._link.ask("push", data, name=file_name(name).removesuffix(".nc") + ".geojson", timeout=SOON)

    def remove_shape(self, shape: int) -> None:
        """Takes a shape away."""
        self.command("shapes", change={"what": "remove", "shape": int(shape)})

    def shapes(self) -> dict[str, Any]:
        """All shapes as GeoJSON."""
        return dict(self._get("shapes"))

    def extract(
        self,
        shape: int | None = None,
        reach: float | None = None,
        progress: Callable[[float], None] | bool = False,
        timeout: float | None = None,
    ) -> Cells:
        """The files' own cells under a polygon or along a line (the last one when none is named), with all fields.

        ``reach`` is how near to a line cells and samples belong to it, metres. ``progress`` is called with the share
        done, or ``True`` for a bar.
        """
        return self.start_extract(shape, reach, progress).result(timeout)

    def start_extract(
        self, shape: int | None = None, reach: float | None = None, progress: Callable[[float], None] | bool = False
    ) -> Work[Cells]:
        """Begins what :meth:`extract` does, without waiting; it can be cancelled."""
        fields: dict[str, Any] = {}
        if shape is not None:
            fields["shape"] = int(shape)
        if reach is not None:
            fields["reach_m"] = float(reach)

        def made(answer: Header, payload: bytes) -> Cells:
            return Cells(answer["table"], payload)

        return begin(self._link, "extract", made, progress, "extracting", **fields)

    # Colocation.

    def colocate(
        self,
        job: str | os.PathLike[str] | dict[str, Any],
        progress: Callable[[float], None] | bool = False,
        timeout: float | None = None,
    ) -> Pairs:
        """Runs a colocation job in the application and gives its table.

        ``job`` is a job file, or the same as a dictionary (docs/colocation.md): ``{"radius": "25 km", "window": "1 h",
        "side": [{"name": "drifters", "files": ["open:drifters"]}, {"name": "sst", "files": [...], "fields": [...]}]}``.
        ``open:`` takes what is open: a collection by id or title, a file by its name, pushed data by theirs. Without ``output`` the table comes
        here; with one it is written there, on the machine of the application.
        """
        return self.start_colocate(job, progress).result(timeout)

    def start_colocate(
        self, job: str | os.PathLike[str] | dict[str, Any], progress: Callable[[float], None] | bool = False
    ) -> Work[Pairs]:
        """Begins what :meth:`colocate` does, without waiting; it can be cancelled."""
        if isinstance(job, dict):
            fields: dict[str, Any] = {"job": job, "folder": os.getcwd()}
        else:
            path = Path(job).absolute()
            fields = {"text": path.read_text(encoding="utf-8"), "folder": str(path.parent)}
        return begin(self._link, "colocate", Pairs, progress, "colocating", **fields)
