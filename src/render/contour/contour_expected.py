"""Writes contour_expected.json: lines of equal value as contourpy finds them (pip install contourpy numpy)."""

import json
import pathlib

import contourpy
import numpy as np


def fields():
    rows, cols = np.mgrid[0:24, 0:31]
    smooth = np.sin(rows / 4.1) + np.cos(cols / 5.3 + rows / 17.0)
    yield "smooth", smooth, [-1.5, -0.75, 0.0, 0.3, 1.25]
    random = np.random.default_rng(7).normal(size=(18, 22))
    yield "rough, with saddles", random, [-1.0, -0.1, 0.45, 1.2]
    holed = smooth.copy()
    holed[5:9, 10:14] = np.nan
    holed[::7, ::5] = np.nan
    holed[:, 0] = np.nan
    yield "with missing cells", holed, [-0.75, 0.0, 0.8]
    steps = np.round(smooth * 4.0) / 4.0
    yield "plateaus on the levels", steps, [-0.25, 0.0, 0.5]
    yield "one quad, crosswise", np.array([[1.0, 0.0], [0.0, 1.2]]), [0.5, 0.56]


def main():
    cases = []
    for name, values, levels in fields():
        values = values.astype(np.float32)
        generator = contourpy.contour_generator(
            z=np.ma.masked_invalid(values.astype(np.float64)), name="serial", corner_mask=False
        )
        expected = []
        for level in levels:
            lines = generator.lines(level)
            closed = [bool(len(l) > 2 and (l[0] == l[-1]).all()) for l in lines]
            length = sum(float(np.hypot(*np.diff(l, axis=0).T).sum()) for l in lines)
            points = np.concatenate([l[1:] if c else l for l, c in zip(lines, closed)] or [np.zeros((0, 2))])
            points = sorted((round(float(y), 5), round(float(x), 5)) for x, y in points)
            expected.append(
                {"level": level, "open": closed.count(False), "closed": closed.count(True), "length": length, "points": points}
            )
        flat = [None if np.isnan(v) else float(v) for v in values.ravel()]
        cases.append({"name": name, "rows": values.shape[0], "cols": values.shape[1], "values": flat, "levels": expected})
    path = pathlib.Path(__file__).with_name("contour_expected.json")
    path.write_text(json.dumps(cases, separators=(",", ":")) + "\n")


main()
