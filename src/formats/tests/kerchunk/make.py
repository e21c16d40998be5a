#!/usr/bin/env python3
"""Reference files that kerchunk makes of real granules, and what netCDF4-python reads in these: tests/kerchunk.rs.

    pip install kerchunk zarr netCDF4 numpy && python3 make.py ../shared/granules src/formats/tests/kerchunk

Paths in the reference files are names beside them. One CSV a granule: field,step,row,col,value,lon,lat; empty: masked.
"""
import json
import pathlib
import sys

import netCDF4
import numpy as np
from kerchunk.hdf import SingleHdf5ToZarr
from kerchunk.netCDF3 import NetCDF3ToZarr

CELLS = 520
# Granule, field, longitude, latitude, index of the time dimension in the field if it has one.
GRANULES = [
    ("sst/SS_AMSR2-L2B_v08_r38622-v02.0-fv01.0.nc", "sea_surface_temperature", "lon", "lat", 0),
    ("wind/ascat_20150702_084200_metopa_45145_eps_o_250_2300_ovw.l2.nc", "wind_speed", "lon", "lat", None),
    ("altimetry/dt_med_allsat_phy_l4_20160515_20190101.nc", "adt", "longitude", "latitude", 0),
    ("currents/cmems_global-analysis-forecast-phy-001-024.nc", "uo", "longitude", "latitude", 0),
    ("currents/20021215000000-GLOBCURRENT-L4-CUReul_hs-ALT_SUM-v02.0-fv01.0.nc",
     "eastward_eulerian_current_velocity", "lon", "lat", 0),
]


def main(granules, out):
    for path, field, lon, lat, time in GRANULES:
        file = granules / path
        classic = file.open("rb").read(3) == b"CDF"
        maker = NetCDF3ToZarr(str(file)) if classic else SingleHdf5ToZarr(str(file), inline_threshold=100)
        text = json.dumps(maker.translate()).replace(str(file), file.name)
        assert str(granules) not in text
        (out / (file.name + ".json")).write_text(text + "\n")
        rng = np.random.default_rng(2024)
        with netCDF4.Dataset(file) as ds:
            v = ds[field]
            lines = [f"# {path}", "field,step,row,col,value,lon,lat"]
            lons, lats = ds[lon][...], ds[lat][...]
            for _ in range(CELLS):
                index = [int(rng.integers(n)) for n in v.shape]
                for d in range(v.ndim - 2):
                    index[d] = index[d] if d == time else 0
                row, col = index[-2:]
                value = v[tuple(index)]
                x, y = (lons[row, col], lats[row, col]) if lons.ndim == 2 else (lons[col], lats[row])
                value = "" if np.ma.is_masked(value) or np.isnan(value) else repr(float(value))
                place = ["", ""] if np.ma.is_masked(x) or np.ma.is_masked(y) else [repr(float(x)), repr(float(y))]
                lines.append(",".join([field, str(index[time]) if time is not None else "0", str(row), str(col), value, *place]))
        (out / (file.name + ".csv")).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
