"""The examples run on the sample day and say what they should."""

from __future__ import annotations

import os
import re

import numpy as np
import pytest
from notebooks import colours, off, pictures, places, raw, run, said, undrawn


@pytest.mark.skipif(not os.environ.get("SEAGLASS_SAMPLE"), reason="skipped: SEAGLASS_SAMPLE names no sample day")
def test_the_notebook_runs_on_the_sample_day(tmp_path):
    book = run("swot_drifters_sst", tmp_path)
    text = said(book)
    assert "11513 drifter rows, 4082040 SWOT pixels in 6 passes" in text
    task_line = next(line for line in text.splitlines() if " tasks: " in line)
    assert task_line.count(task_line.split("hash ")[1][:16]) == 2, task_line
    if undrawn(book):
        return
    figures = [data for _, data in raw(book)]
    assert len(figures) == 4 and all(len(f) > 10_000 for f in figures)
    # What was pushed is in the viewer to the last bit, and has its colour there.
    found = re.search(r"at (-[\d.]+), ([\d.]+): (-?[\d.]+) m in the viewer, (-?[\d.]+) m in the table", text)
    lon, lat, shown, pushed = map(float, found.groups())
    assert shown == pushed
    picture = pictures(book)[-1]
    assert picture.shape == (440, 720, 3)
    x, y = places(picture.shape, {"lon": -58, "lat": 38, "altitude": 2.6e6, "heading": 0, "tilt": 0}, lon, lat)
    near = picture[int(y) - 2 : int(y) + 3, int(x) - 2 : int(x) + 3].reshape(-1, 3)
    assert np.min([off(p, colours("viridis", shown + 0.45, shown + 0.55)) for p in near]) <= 12
