#!/usr/bin/env python3
"""What hfradarpy (Rutgers University) made of a radial file as netCDF, read by netCDF4-python: tests/lluv.rs.

    pip install netCDF4 numpy && python3 make.py ../shared/granules src/formats/tests/lluv

Columns: range,bearing,u,v,velocity,heading of every cell with a vector.
"""
import pathlib
import sys

import netCDF4
import numpy as np

granules, out = map(pathlib.Path, sys.argv[1:])
lines = ["range,bearing,u,v,velocity,heading"]
with netCDF4.Dataset(granules / "currents/hfr_d90569_RDLi_SEAB_2019_01_01_0000.nc") as ds:
    r, b = ds["range"][...], ds["bearing"][...]
    fields = [np.ma.filled(ds[n][0].astype("f8"), np.nan) for n in ("u", "v", "velocity", "heading")]
    for i, j in zip(*np.nonzero(np.isfinite(fields[0]))):
        lines.append(",".join(repr(round(float(v), 6)) for v in (r[i], b[j], *(f[i, j] for f in fields))))
(out / "radials.csv").write_text("\n".join(lines) + "\n")
