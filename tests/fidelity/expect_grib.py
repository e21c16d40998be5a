#!/usr/bin/env python3
"""What ECMWF's eccodes gives for random cells of real GRIB files: expectations of tests/fidelity.rs.

    pip install eccodes numpy && python3 tests/fidelity/expect_grib.py ../shared/granules tests/fidelity/expected

The same columns as expect.py. Rows and columns are those of the message, in the order of its values; steps are the
sorted valid times.
"""
import calendar
import pathlib
import sys
import time

import eccodes as e
import numpy as np

CELLS = 520
# Name of the expectations, file, field as Seaglass calls it, indicator of parameter (None: every message).
FILES = [
    ("grib1_era5", "wind/era5-2mt-2019-03-uk.grib", "t2m", None),
    ("grib1_lambert", "wind/lambert_grid.grib", "nlwrs", None),
    ("grib2_msl", "wind/regular_ll_msl.grib", "prmsl", None),
    ("grib2_waves_mercator", "waves/ds.waveh.5.grib", "shww", None),
    ("grib1_waves", "waves/mywavewam4_weatherapi_n-northsea.grb", "p100_t128", 100),
]


def main(granules, out):
    for name, path, field, parameter in FILES:
        messages = {}
        with open(granules / path, "rb") as f:
            while (h := e.codes_grib_new_from_file(f)) is not None:
                if parameter is None or e.codes_get(h, "indicatorOfParameter") == parameter:
                    stamp = f"{e.codes_get(h, 'validityDate')}{e.codes_get(h, 'validityTime'):04d}"
                    messages[calendar.timegm(time.strptime(stamp, "%Y%m%d%H%M"))] = e.codes_clone(h)
                e.codes_release(h)
        times = sorted(messages)
        rng = np.random.default_rng(20240811)
        decoded = {}
        with open(out / f"{name}.csv", "w") as csv:
            csv.write(f"# {path}\nfield,step,row,col,precision,value,lon,lat,time_us\n")
            for _ in range(CELLS):
                step = int(rng.integers(len(times)))
                if step not in decoded:
                    h = messages[times[step]]
                    e.codes_set(h, "missingValue", -1e300)
                    values = e.codes_get_values(h)
                    if e.codes_get(h, "alternativeRowScanning"):
                        # eccodes gives the values as they are packed, every second row backwards, but places of rows that
                        # all run one way: turned, neighbouring rows of the wave heights differ by 0.013 m, as packed by 0.65 m.
                        rows = values.reshape(-1, e.codes_get(h, "Ni"))
                        rows[1::2] = rows[1::2, ::-1]
                    decoded[step] = (values, e.codes_get_array(h, "latitudes"), e.codes_get_array(h, "longitudes"), e.codes_get(h, "Ni"))
                values, lat, lon, ni = decoded[step]
                has = np.flatnonzero(values != -1e300)
                # A field that is mostly missing is asked mostly where it is not.
                k = int(rng.choice(has)) if rng.random() < 0.8 else int(rng.integers(len(values)))
                value = "" if values[k] == -1e300 else repr(float(values[k]))
                csv.write(f"{field},{step},{k // ni},{k % ni},f64,{value},{float(lon[k])!r},{float(lat[k])!r},{times[step] * 1000000}\n")
        print(name, len(times))


main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
