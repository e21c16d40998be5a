"""What is seen as a Python program, and styles in the collection files of SEAScope workspaces."""

from __future__ import annotations

import os

import numpy as np
import pytest
import xarray as xr

import seaglass

pytestmark = pytest.mark.skipif(not os.environ.get("SEAGLASS"), reason="skipped: SEAGLASS names no program")

INI = """; mine
[general]
label = Made up
variables = sst
unheard = of

[sst]
label = Temperature
fields = sst
# why
min=270
max = 300
colormap = jet
"""


@pytest.fixture
def workspace(tmp_path):
    """A workspace with one collection of one grid, and colour maps."""
    folder = tmp_path / "data" / "made"
    folder.mkdir(parents=True)
    (tmp_path / "colormaps").mkdir()
    (tmp_path / "data" / "made.ini").write_text(INI)
    lat, lon = np.arange(-9.5, 10), np.arange(-19.5, 20)
    values = 280.0 + np.arange(20 * 40, dtype=float).reshape(1, 20, 40) / 100.0
    time = [np.datetime64("2024-08-11T12:00", "ns")]
    sst = xr.DataArray(values, {"time": time, "lat": lat, "lon": lon}, ("time", "lat", "lon"), attrs={"units": "K"})
    salt = sst.copy(data=30.0 + values / 100.0).assign_attrs(units="1")
    sets = xr.Dataset({"sst": sst, "salt": salt})
    sets["lat"].attrs["units"], sets["lon"].attrs["units"] = "degrees_north", "degrees_east"
    sets.to_netcdf(folder / "a.nc")
    return tmp_path


def essence(view):
    """The document without the numbers that layers, groups and shapes happen to have."""
    project = view.project()
    names = {g["id"]: g["name"] for g in project.get("groups", [])}
    for layer in project["layers"]:
        layer["group"] = names.get(layer.get("group"))
        del layer["id"]
    groups = [{k: v for k, v in g.items() if k != "id"} for g in project.get("groups", [])]
    pins = [p["place"] for p in project.get("pins", [])]
    kept = {k: project[k] for k in ("layers", "timeline", "camera", "base")}
    return {**kept, "compare": project.get("compare"), "groups": groups, "pins": pins, "shapes": view.shapes()["features"]}


def test_a_program_brings_back_what_was_seen(workspace, tmp_path):
    program = tmp_path / "seen.py"
    with seaglass.launch(workspace / "data") as view:
        for layer in view.layers:
            layer.remove()
        collection = view.collections()[0]
        fields = [f["name"] for f in collection["fields"]]
        below = view.add_layer(fields[0], collection["id"])
        below.set(colormap="cmocean_deep", range=(281.5, 285), opacity=0.7, contour={"on": True, "step": 0.5})
        above = view.add_layer(fields[-1], collection["id"], reversed=True, hillshade={"strength": 0.4})
        above.name = 'Mine, "above"'
        above.visible = False
        view.command("group_layers", layers=[below.id], name="Salt & <water>")
        group = view.project()["groups"][0]["id"]
        view.command("change_group", group=group, patch={"opacity": 0.9, "folded": True})
        view.command("set_compare", compare={"mode": "swipe", "at": 0.3})
        view.command("set_layer_side", layer=above.id, side=None)
        view.command("set_layer_side", layer=below.id, side="right")
        view.command("lock_layer", layer=below.id, locked=True)
        view.command("set_anchor", anchor="centred")
        view.window = 5400.5
        view.command("set_step", step_s=600.0)
        view.time = "2024-08-11T12:34:56.789012"
        view.command("set_projection", projection="mollweide")
        view.camera.set(lon=-12.345678901, lat=4.5, altitude=3_456_789.0)
        view.command("add_pin", place={"lon_deg": 1.5, "lat_deg": 2.5})
        view.add_shape([(0, 0), (5, 0), (5, 5)], name="Drawn")
        view.command("set_base_map", base={**view.project()["base"], "borders": True})
        view.command("save_script", path=str(program))
        before = essence(view)
    with seaglass.launch() as other:
        other.add_shape([(9, 9), (8, 8), (7, 9)], name="in the way")
        text = program.read_text().replace("seaglass.connect(*sys.argv[1:2])", "other")
        exec(compile(text, str(program), "exec"), {"other": other})
        assert essence(other) == before
        # And again, over what is there.
        exec(compile(text, str(program), "exec"), {"other": other})
        assert essence(other) == before


def test_a_style_goes_into_its_collection_file(workspace):
    file = workspace / "data" / "made.ini"
    with seaglass.launch(workspace / "data") as view:
        layer = view.layer("sst")
        assert (layer.range, layer.colormap) == ([270, 300], "jet")
        layer.set(range=(275.5, 300), colormap="cmocean_thermal", opacity=0.5)
        view.command("save_style_to_collection", layer=layer.id)
        text = file.read_text()
        expected = INI.replace("min=270", "min=275.5").replace("= jet", "= cmocean_thermal")
        assert text.startswith(expected)
        added = text[len(expected) :].splitlines()
        assert sorted(added) == [
            "defaultRendering = RASTER",
            "filterMode = NEAREST",
            "logscale = false",
            "opacity = 0.5",
        ]
        colours = np.loadtxt(workspace / "colormaps" / "cmocean_thermal.rgb")
        assert np.array_equal(colours, view.colormap("cmocean_thermal"))
        layer.set(opacity=1.0, range=(1, 2))
        view.command("reset_style", layer=layer.id)
        assert (layer.range, layer.opacity) == ([275.5, 300], 0.5), "what the file says now"
    with seaglass.launch(workspace / "data") as again:
        layer = again.layer("sst")
        assert (layer.range, layer.colormap, layer.opacity) == ([275.5, 300], "cmocean_thermal", 0.5)
