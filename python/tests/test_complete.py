"""The first picture after a change is complete, and waiting ends."""

from __future__ import annotations

import os

import numpy as np
import pytest
import xarray as xr

import seaglass

pytestmark = pytest.mark.skipif(not os.environ.get("SEAGLASS"), reason="skipped: SEAGLASS names no program")
SIZE = {"width": 120, "height": 80}


def swath(name: str, lat: float) -> xr.Dataset:
    """Wind on a turned swath: positions have to be read before anything of it can be drawn."""
    rows, columns = np.meshgrid(np.arange(400.0), np.arange(60.0), indexing="ij")
    place = {
        "lat": (("y", "x"), lat + 0.02 * rows + 0.003 * columns),
        "lon": (("y", "x"), 0.02 * columns - 0.004 * rows),
    }
    units = {"lat": {"units": "degrees_north"}, "lon": {"units": "degrees_east"}}
    wind = {
        f"eastward_{name}": ("eastward_wind", 8.0 + 0.01 * rows),
        f"northward_{name}": ("northward_wind", 5.0 + 0.0 * rows),
    }
    fields = {k: (("y", "x"), v, {"units": "m s-1", "standard_name": n}) for k, (n, v) in wind.items()}
    return xr.Dataset(fields, {k: (*v, units[k]) for k, v in place.items()})


def drawn(view: seaglass.Seaglass) -> np.ndarray | None:
    try:
        return np.asarray(view.screenshot(timeout=120, **SIZE)).astype(int)
    except seaglass.SeaglassError as e:
        if "Nothing can be drawn" not in str(e):
            raise
        print(f"no graphics adapter: {e}")
        return None


def test_the_first_picture_has_everything():
    with seaglass.launch(size=(120, 80)) as view:
        if drawn(view) is None:
            return
        for k, method in enumerate(("barbs", "raster", "arrows")):
            view.push(swath(f"w{k}", 0.0), f"swath{k}")
            for layer in view.layers:
                layer.remove()
            view.camera.set(lon=0, lat=4, altitude=1.5e6)
            bare = drawn(view)
            # With a range of its own no value has to be looked at before it is drawn.
            settings = {"method": method, "range": (0, 20), "time_rule": "always"}
            layer = view.add_layer(f"eastward_w{k}", **settings)
            if method != "raster":
                layer.components(f"eastward_w{k}", f"northward_w{k}")
            first, second = drawn(view), drawn(view)
            assert np.array_equal(first, second), method
            assert (np.abs(first - bare).max(axis=2) > 10).mean() > 0.004, f"{method} are in no picture"
            layer.visible = False
            assert np.array_equal(drawn(view), bare), method


def test_waiting_ends_after_a_picture():
    with seaglass.launch(size=(120, 80)) as view:
        if drawn(view) is None:
            return
        view.push(swath("w", 0.0), "swath")
        view.wait(timeout=50)
        view.camera.set(lon=3, lat=3, altitude=2e6)
        view.wait(timeout=50)
