#!/usr/bin/env python3
"""Writes the GRIB files of tests/grib.rs with ECMWF's eccodes, and what eccodes reads back from them.

    pip install eccodes numpy && python3 src/formats/tests/grib/make.py

Values are formulas of the cell, so that nothing of a real product is in the repository. expected.csv has, for cells of
every field: file,field number,cell,value,longitude,latitude,valid time (seconds since 1970); value empty where missing.
"""
import calendar
import pathlib
import time

import eccodes as e
import numpy as np

HERE = pathlib.Path(__file__).parent


def wave(n, ni, rough=1.0):
    k = np.arange(n)
    return 280 + 10 * np.sin(0.37 * (k % ni)) * np.cos(0.11 * (k // ni)) + rough * ((k * 7919) % 101) / 101


def message(sample, out, values, missing=None, packing=None, **keys):
    h = e.codes_grib_new_from_samples(sample)
    for key, value in keys.items():
        (e.codes_set_string if isinstance(value, str) else e.codes_set)(h, key, value)
    values = np.asarray(values, dtype=float)
    if missing is not None:
        e.codes_set(h, "bitmapPresent", 1)
        e.codes_set(h, "missingValue", 9999)
        values = np.where(missing, 9999.0, values)
    if packing:
        e.codes_set(h, "packingType", packing)
    e.codes_set_values(h, values)
    e.codes_write(h, out)
    e.codes_release(h)


NI, NJ = 24, 13
BOX = dict(Ni=NI, Nj=NJ, latitudeOfFirstGridPointInDegrees=60.0, longitudeOfFirstGridPointInDegrees=350.0,
           latitudeOfLastGridPointInDegrees=54.0, longitudeOfLastGridPointInDegrees=1.5,
           iDirectionIncrementInDegrees=0.5, jDirectionIncrementInDegrees=0.5)
N = NI * NJ
HOLES = (np.arange(N) * 31) % 17 == 3
LINES = "regular_ll_sfc_grib{}"


def both(name, edition, **more):
    with open(HERE / name, "wb") as out:
        for hour in (0, 6):
            for short, scale in (("10u", 1.0), ("10v", -0.5)):
                message(LINES.format(edition), out, scale * (wave(N, NI) - 280 + hour), HOLES, dataDate=20210102,
                        dataTime=hour * 100, shortName=short, bitsPerValue=13, **BOX, **more)


def packed(name, packing, rough=1.0, missing=None, **more):
    with open(HERE / name, "wb") as out:
        message(LINES.format(2), out, wave(N, NI, rough), missing, packing, dataDate=20210102, dataTime=0, shortName="t",
                typeOfLevel="isobaricInhPa", level=850, bitsPerValue=more.pop("bitsPerValue", 12), **BOX, **more)


both("winds1.grib", 1)
both("winds2.grib", 2)
packed("complex.grib", "grid_complex")
packed("differences.grib", "grid_complex_spatial_differencing", missing=None)
packed("gaps.grib", "grid_complex", missing=HOLES)
packed("ccsds.grib", "grid_ccsds", missing=HOLES, bitsPerValue=16)
packed("ccsds_smooth.grib", "grid_ccsds", rough=0.0, bitsPerValue=8)
packed("ieee.grib", "grid_ieee")

# Ensemble and pressure levels, in an order of its own.
with open(HERE / "levels.grib", "wb") as out:
    for level in (500, 1000, 850):
        for hour in (12, 0):
            message("regular_ll_pl_grib2", out, wave(N, NI) + level + hour, dataDate=20210102, dataTime=hour * 100,
                    shortName="t", level=level, bitsPerValue=12, **BOX)

# Other grids: columns instead of rows from the south, rotated, Gaussian and reduced Gaussian.
with open(HERE / "columns.grib", "wb") as out:
    box = dict(BOX, latitudeOfFirstGridPointInDegrees=54.0, latitudeOfLastGridPointInDegrees=60.0)
    message(LINES.format(2), out, wave(N, NJ), jScansPositively=1, jPointsAreConsecutive=1, shortName="t", bitsPerValue=12, **box)
with open(HERE / "rotated.grib", "wb") as out:
    box = dict(BOX, longitudeOfFirstGridPointInDegrees=-6.0, longitudeOfLastGridPointInDegrees=5.5,
               latitudeOfFirstGridPointInDegrees=-3.0, latitudeOfLastGridPointInDegrees=3.0)
    message("rotated_ll_sfc_grib2", out, wave(N, NI), shortName="t", jScansPositively=1, bitsPerValue=12,
            latitudeOfSouthernPoleInDegrees=-35.0, longitudeOfSouthernPoleInDegrees=10.0, angleOfRotationInDegrees=0.0, **box)
for name, sample in (("gaussian.grib", "regular_gg_sfc_grib2"), ("reduced1.grib", "reduced_gg_sfc_grib1"), ("reduced2.grib", "reduced_gg_sfc_grib2")):
    with open(HERE / name, "wb") as out:
        h = e.codes_grib_new_from_samples(sample)
        n = e.codes_get_size(h, "values")
        e.codes_release(h)
        message(sample, out, wave(n, 100), shortName="2t", dataDate=20210102, dataTime=0, bitsPerValue=8)

with open(HERE / "expected.csv", "w") as csv:
    for path in sorted(HERE.glob("*.grib")):
        with open(path, "rb") as f:
            number = 0
            while (h := e.codes_grib_new_from_file(f)) is not None:
                values = e.codes_get_values(h)
                lat, lon = e.codes_get_array(h, "latitudes"), e.codes_get_array(h, "longitudes")
                gaps = values == e.codes_get(h, "missingValue") if e.codes_get(h, "bitmapPresent") else np.zeros(len(values), bool)
                stamp = calendar.timegm(time.strptime(f"{e.codes_get(h, 'validityDate')}{e.codes_get(h, 'validityTime'):04d}", "%Y%m%d%H%M"))
                for k in range(0, len(values), max(1, len(values) // 60)):
                    value = "" if gaps[k] else repr(float(values[k]))
                    csv.write(f"{path.name},{number},{k},{value},{float(lon[k])!r},{float(lat[k])!r},{stamp}\n")
                number += 1
                e.codes_release(h)
