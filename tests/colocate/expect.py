"""Match-ups of real granules by other programs: netCDF4 reads, scipy's cKDTree finds, PROJ (pyproj.Geod) measures.

    python3 tests/colocate/expect.py ../shared/granules > tests/colocate/expected.json

Nothing of Seaglass runs here. Distances are WGS84 geodesics; limits are inclusive; rows are numbered line by line;
`nearest` takes the least distance, equal ones the smallest row; sum64 is the wrapping sum of splitmix64(i << 32 | j).
"""

import json
import sys
from pathlib import Path

import netCDF4
import numpy as np
from pyproj import Geod
from scipy.spatial import cKDTree

GEOD = Geod(ellps="WGS84")
ASCAT15 = ("wind/ascat_20150702_084200_metopa_45145_eps_o_250_2300_ovw.l2.nc", "lon", "lat", "time", "wind_speed")
ASCAT21 = ("wind/ascat_20211220_213600_metopb_48037_eps_o_250_3202_ovw.l2_subsetted.nc4", "lon", "lat", "time", "wind_speed")
S6 = (
    "altimetry/S6A_P4_2__HR_RED__NR_014_191_20210403T004056_20210403T005056_F00.nc",
    "data_01/longitude",
    "data_01/latitude",
    "data_01/time",
    "data_01/ku/swh_ocean",
)
CASES = [
    ("ascat_ascat", ASCAT15, ASCAT21, 12_500.0, 2400, "nearest"),
    ("ascat_ascat_all", ASCAT15, ASCAT21, 20_000.0, 2400, "all"),
    ("sentinel6_ascat", S6, ASCAT15, 25_000.0, 2200, "all"),
]


def read(root, entry):
    name, lon, lat, time, field = entry
    with netCDF4.Dataset(root / name) as nc:
        get = lambda v: nc[v]
        x, y, v = (np.ma.filled(np.ma.asarray(get(k)[:]).astype(float), np.nan) for k in (lon, lat, field))
        t = get(time)
        when = netCDF4.num2date(t[:], t.units, only_use_cftime_datetimes=False, only_use_python_datetimes=True)
        mask = np.ma.getmaskarray(np.ma.asarray(when))
        us = np.array([0 if m else (w - np.datetime64(0, "us").astype(object)).total_seconds() * 1e6 for w, m in zip(np.ravel(when), np.ravel(mask))])
        us = np.rint(us).astype(np.int64).reshape(np.shape(when))
    if us.ndim < x.ndim:
        us = np.broadcast_to(us[:, None], x.shape)
        mask = np.broadcast_to(mask[:, None], x.shape)
    ok = (np.isfinite(x) & np.isfinite(y) & np.isfinite(v) & ~mask).ravel()
    return np.flatnonzero(ok), x.ravel()[ok], y.ravel()[ok], us.ravel()[ok]


def ecef(lon, lat):
    a, e2 = 6378137.0, (2 - 1 / 298.257223563) / 298.257223563
    lo, la = np.radians(lon), np.radians(lat)
    n = a / np.sqrt(1 - e2 * np.sin(la) ** 2)
    return np.c_[n * np.cos(la) * np.cos(lo), n * np.cos(la) * np.sin(lo), n * (1 - e2) * np.sin(la)]


def splitmix64(z):
    with np.errstate(over="ignore"):
        z = z + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def match(p, s, radius, days, policy):
    (pi, px, py, pt), (si, sx, sy, st) = p, s
    near = cKDTree(ecef(px, py)).query_ball_tree(cKDTree(ecef(sx, sy)), radius)
    a = np.repeat(np.arange(pi.size), [len(n) for n in near])
    b = np.concatenate([np.array(n, int) for n in near]) if a.size else np.empty(0, int)
    d = GEOD.inv(px[a], py[a], sx[b], sy[b])[2]
    keep = (d <= radius) & (np.abs(st[b] - pt[a]) <= days * 86_400_000_000)
    a, b, d = a[keep], b[keep], np.asarray(d)[keep]
    i, j = pi[a], si[b]
    if policy == "nearest":
        order = np.lexsort((j, d, i))
        i, j, d = i[order], j[order], d[order]
        first = np.r_[True, i[1:] != i[:-1]] if i.size else np.empty(0, bool)
        i, j, d = i[first], j[first], d[first]
    with np.errstate(over="ignore"):
        key = (i.astype(np.uint64) << np.uint64(32)) | j.astype(np.uint64)
        total = int(splitmix64(key).sum(dtype=np.uint64)) if key.size else 0
    return int(i.size), f"{total:016x}", float(np.sum(d))


def main():
    root = Path(sys.argv[1])
    cases = []
    for name, p, s, radius, days, policy in CASES:
        n, sum64, metres = match(read(root, p), read(root, s), radius, days, policy)
        cases.append(
            dict(name=name, primary=p[0], primary_field=p[4], secondary=s[0], secondary_field=s[4], radius_m=radius,
                 window_days=days, policy=policy, pairs=n, sum64=sum64, metres=metres)
        )
    json.dump(cases, sys.stdout, indent=1)
    print()


main()
