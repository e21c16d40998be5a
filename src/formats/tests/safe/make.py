#!/usr/bin/env python3
"""What numpy makes of the Sentinel-1 product that tests/safe.rs writes: expected.csv.

    pip install numpy && python3 src/formats/tests/safe/make.py

Written from the documents alone, without a look at the reader: bilinear in the tables of calibration and noise, linear in
the noise along azimuth, sigma0 = (DN^2 - noise) / A^2, incidence bilinear in the geolocation grid. The formulas of the
product's tables are the same as in tests/safe.rs. Columns: line,sample,dn,sigma0,incidence,lon,lat.
"""
import pathlib

import numpy as np

LINES, SAMPLES = 60, 90


def dn(line, sample):
    n = 40 + (line * 37 + sample * 101) % 180
    return 0 if (line + sample) % 41 == 0 else n


def tables(lines, samples, f):
    return lines, samples, np.array([[f(l, s) for s in samples] for l in lines])


def bilinear(table, line, sample):
    lines, samples, values = table
    rows = [np.interp(sample, samples, v) for v in values]
    return np.interp(line, lines, rows)


GAIN = tables([-10, 25, 70], [0, 40, 89], lambda l, s: 300 + 2 * s - 0.5 * l)
RANGE = tables([0, 30, 59], [0, 30, 60, 89], lambda l, s: 900 + 3 * s + l)
GRID = tables([0, 20, 40, 59], [0, 30, 60, 89], lambda l, s: 31 + 0.15 * s + 0.001 * l)
AZIMUTH = [((0, 59, 0, 44), [0, 59], [0.9, 1.1]), ((0, 59, 45, 89), [0, 30, 59], [1.0, 1.2, 0.8])]


def place(line, sample):
    return 5.0 + 0.0001 * sample - 0.00002 * line, 45.0 + 0.0001 * line + 0.00001 * sample


with open(pathlib.Path(__file__).parent / "expected.csv", "w") as csv:
    rng = np.random.default_rng(7)
    for _ in range(600):
        line, sample = int(rng.integers(LINES)), int(rng.integers(SAMPLES))
        noise = bilinear(RANGE, line, sample)
        for (l0, l1, s0, s1), at, factor in AZIMUTH:
            if l0 <= line <= l1 and s0 <= sample <= s1:
                noise *= np.interp(line, at, factor)
        number = dn(line, sample)
        sigma0 = (number**2 - noise) / bilinear(GAIN, line, sample) ** 2
        lon, lat = place(line, sample)
        value = repr(float(sigma0)) if number else ""
        csv.write(f"{line},{sample},{number},{value},{float(bilinear(GRID, line, sample))!r},{lon!r},{lat!r}\n")
