"""Runs the notebooks of `examples`, and says where on a picture of the globe a place must be."""

from __future__ import annotations

import base64
import io
import math
import os
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pyproj

EXAMPLES = Path(__file__).parent.parent / "examples"


def run(name: str, folder: Path) -> Any:
    """The notebook with its results: those before its first picture where there is nothing to draw with."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    book = nbformat.read(EXAMPLES / f"{name}.ipynb", as_version=4)
    assert not any(c.get("outputs") for c in book.cells), "the notebook is kept without its results"
    client = NotebookClient(book, timeout=300, resources={"metadata": {"path": str(folder)}})
    try:
        client.execute()
    except CellExecutionError as e:
        if "Nothing can be drawn" not in str(e):
            raise
        print("no graphics adapter")
        book.metadata["undrawn"] = True
    if keep := os.environ.get("SEAGLASS_FIGURES"):
        for k, (kind, data) in enumerate(raw(book)):
            Path(keep, f"{name}{k}.{kind}").write_bytes(data)
    return book


def undrawn(book: Any) -> bool:
    """Whether there was nothing to draw with."""
    return bool(book.metadata.get("undrawn"))


def said(book: Any) -> str:
    """What the notebook printed."""
    outputs = [o for c in book.cells for o in c.get("outputs", [])]
    return "".join(o.get("text", "") for o in outputs if o.output_type == "stream" and o.name == "stdout")


def raw(book: Any) -> list[tuple[str, bytes]]:
    """Kind and bytes of every picture, in their order."""
    found = []
    for cell in book.cells:
        for output in cell.get("outputs", []):
            for kind in ("png", "gif"):
                if data := output.get("data", {}).get(f"image/{kind}"):
                    found.append((kind, base64.b64decode(data)))
    return found


def pictures(book: Any) -> list[np.ndarray]:
    """All pictures but films, as rows of red, green and blue."""
    return [pixels(data)[0] for kind, data in raw(book) if kind == "png"]


def pixels(data: bytes) -> list[np.ndarray]:
    """The picture, or those of a film."""
    from PIL import Image, ImageSequence

    return [
        np.asarray(frame.convert("RGB")).astype(int) for frame in ImageSequence.Iterator(Image.open(io.BytesIO(data)))
    ]


def colours(name: str, low: float, high: float) -> np.ndarray:
    """Colours of a map between two shares, as matplotlib has them: its tables are the originals."""
    shares = np.linspace(min(low, high), max(low, high), 33)
    return np.round(255 * matplotlib.colormaps[name](shares)[:, :3])


def off(pixel: np.ndarray, wanted: np.ndarray) -> float:
    """How far a pixel is from the nearest of some colours: the greatest difference of a channel."""
    return float(np.abs(np.asarray(pixel, float)[None] - wanted).max(axis=1).min())


def places(shape: tuple[int, ...], camera: dict[str, float], lon: Any, lat: Any) -> tuple[np.ndarray, np.ndarray]:
    """Columns and rows of places in a picture taken straight down with north up: a pinhole with 45° from top to bottom
    over the ellipsoid, in the coordinates of PROJ. Places behind the horizon are NaN."""
    assert camera["tilt"] == 0 and camera["heading"] == 0
    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    to_xyz = pyproj.Transformer.from_crs(4979, 4978, always_xy=True)
    target = np.array(to_xyz.transform(camera["lon"], camera["lat"], 0.0))
    moved = np.stack(to_xyz.transform(lon, lat, np.zeros_like(lon))) - target.reshape(3, *[1] * lon.ndim)
    a, b = math.radians(camera["lon"]), math.radians(camera["lat"])
    east = np.array([-math.sin(a), math.cos(a), 0.0])
    north = np.array([-math.sin(b) * math.cos(a), -math.sin(b) * math.sin(a), math.cos(b)])
    up = np.array([math.cos(b) * math.cos(a), math.cos(b) * math.sin(a), math.sin(b)])
    e, n, u = (np.tensordot(axis, moved, 1) for axis in (east, north, up))
    height, width = shape[:2]
    scale = height / 2 / math.tan(math.radians(22.5)) / (camera["altitude"] - u)
    # Well within the horizon: the angle at the centre of the Earth is below that of the tangent.
    seen = np.arccos(np.clip(1 + u / 6_371_000, -1, 1)) < 0.95 * math.acos(6_371_000 / (6_371_000 + camera["altitude"]))
    x, y = width / 2 + e * scale, height / 2 - n * scale
    return np.where(seen, x, np.nan), np.where(seen, y, np.nan)
