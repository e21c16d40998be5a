#!/usr/bin/env python3
"""Writes reference.json: hashes of reduced work sets by exhaustive search, and figures of numpy and scipy.

python reference.py > reference.json      (numpy, scipy, pyproj)

The sets are made of whole numbers only (`sets` below, and again in reduced.rs), so that no library of mathematics can
change an input. Nothing here is shared with the engine: distances are PROJ's geodesics, or arcs on the mean sphere.
"""
import json
import sys

import numpy as np
import pyproj
from scipy import stats

M64 = (1 << 64) - 1
R = 6371008.7714
GEOD = pyproj.Geod(ellps="WGS84")


def mix(z):
    """The finalizer of splitmix64."""
    z = (z + 0x9E3779B97F4A7C15) & M64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M64
    return z ^ (z >> 31)


def draw(seed, k, below):
    """Random number k of a seed, 0 up to `below`."""
    return mix((seed << 32) + k) % below


def wrap(lon):
    return (lon + 180_000_000) % 360_000_000 - 180_000_000


def sets():
    """Micro-degrees, microseconds."""
    track = []
    for k in range(20_000):
        phase = (k * 52_800) % 264_000_000
        lat = phase - 66_000_000 if phase < 132_000_000 else 198_000_000 - phase
        track.append((lat, wrap(k * 63_017), k * 1_000_000))
    points = []
    for k in range(6_000):
        points.append((draw(1, 3 * k, 132_000_001) - 66_000_000, draw(1, 3 * k + 1, 360_000_000) - 180_000_000, draw(1, 3 * k + 2, 20_000) * 1_000_000))
    swath, valid = [], []
    for line in range(400):
        for pixel in range(50):
            swath.append((line * 20_000 + pixel * 3_000 - 4_000_000, wrap(179_500_000 + pixel * 18_000 - line * 5_000), line * 300_000))
            valid.append((line * 7 + pixel * 3) % 5 != 0)
    near = []
    for k in range(3_000):
        near.append((draw(2, 3 * k, 9_000_000) - 4_500_000, wrap(176_000_000 + draw(2, 3 * k + 1, 6_000_000)), draw(2, 3 * k + 2, 240) * 1_000_000))
    cap = []
    for k in range(2_500):
        cap.append((90_000_000 - draw(3, 3 * k, 400_000), draw(3, 3 * k + 1, 360_000_000), draw(3, 3 * k + 2, 7_200) * 1_000_000))
    a = lambda v: np.array(v, np.int64)
    return dict(track=a(track), points=a(points), swath=a(swath), near=a(near), cap=a(cap)), np.array(valid)


def pairs(p, q, radius, window, metric, ok=None):
    """All pairs (i, j), their distance and time difference, by looking at every one."""
    out = []
    la, lo = np.radians(q[:, 0] / 1e6), np.radians(q[:, 1] / 1e6)
    v = np.c_[np.cos(la) * np.cos(lo), np.cos(la) * np.sin(lo), np.sin(la)]
    for i, (lat, lon, t) in enumerate(p):
        a, o = np.radians(lat / 1e6), np.radians(lon / 1e6)
        u = np.array([np.cos(a) * np.cos(o), np.cos(a) * np.sin(o), np.sin(a)])
        arc = 2 * R * np.arcsin(np.minimum(1, np.linalg.norm(v - u, axis=1) / 2))
        keep = (arc <= radius * 1.02 + 1) & (np.abs(q[:, 2] - t) <= window)
        if ok is not None:
            keep &= ok
        j = np.flatnonzero(keep)
        if j.size == 0:
            continue
        d = arc[j]
        if metric == "wgs84":
            d = GEOD.inv(np.full(j.size, lon / 1e6), np.full(j.size, lat / 1e6), q[j, 1] / 1e6, q[j, 0] / 1e6)[2]
        inside = d <= radius
        out += [(i, int(jj), float(dd), int(q[jj, 2] - t)) for jj, dd in zip(j[inside], d[inside])]
    return out


def sum64(rows):
    return f"{sum(mix((i << 32) | j) for i, j, *_ in rows) & M64:016x}"


def nearest(rows, key):
    best = {}
    for row in rows:
        if row[0] not in best or key(row) < key(best[row[0]]):
            best[row[0]] = row
    return list(best.values())


def main():
    s, valid = sets()
    hour = 3_600_000_000
    tasks = [
        ("track_points", "track", "points", 60_000.0, hour, None),
        ("near_swath", "near", "swath", 5_000.0, 30_000_000, valid),
        ("cap_cap", "cap", "cap", 3_000.0, 600_000_000, None),
        ("swath_near", "near", "swath", 4_000.0, 10**15, valid),
    ]
    out = dict(joins=[], versions=dict(numpy=np.__version__, pyproj=pyproj.__version__))
    for name, p, q, radius, window, ok in tasks:
        for metric in ("sphere", "wgs84"):
            rows = pairs(s[p], s[q], radius, window, metric, ok)
            edge = min(abs(r[2] - radius) for r in rows)
            one = nearest(rows, lambda r: (r[2], r[1]))
            both = nearest(rows, lambda r: ((r[2] / radius) ** 2 + (r[3] / window) ** 2, r[1]))
            print(name, metric, len(rows), "nearest to the limit:", edge, file=sys.stderr)
            out["joins"].append(dict(task=name, metric=metric, all=[len(rows), sum64(rows)], nearest=[len(one), sum64(one)], combined=[len(both), sum64(both)]))
    n = 50_000
    x = np.array([draw(4, k, 1_000_003) for k in range(n)]) / 1024.0
    y = np.array([draw(5, k, 100_003) for k in range(n)]) / 4096.0 + x * 0.75 + 3
    z = x * 1.25 - 2 + np.array([draw(6, k, 300_007) for k in range(n)]) / 2048.0
    d = y - x
    fit = stats.linregress(x, y)
    u, w, vt = np.linalg.svd(np.c_[x - x.mean(), y - y.mean()], full_matrices=False)
    slope = vt[0, 1] / vt[0, 0]
    c = np.cov([x, y, z])
    sx, sy, sz = c[0, 1] * c[0, 2] / c[1, 2], c[0, 1] * c[1, 2] / c[0, 2], c[0, 2] * c[1, 2] / c[0, 1]
    low, high = float(x.min()), float(x.max())
    out["stats"] = dict(
        n=n, mean_x=x.mean(), mean_y=y.mean(), sd_x=x.std(ddof=1), sd_y=y.std(ddof=1), bias=d.mean(), sd=d.std(ddof=1), rmsd=np.sqrt((d**2).mean()),
        median=np.median(d), robust_sd=stats.median_abs_deviation(d, scale="normal"), r=np.corrcoef(x, y)[0, 1],
        ols=[fit.slope, fit.intercept], orthogonal=[slope, y.mean() - slope * x.mean()],
        histogram=dict(low=low, high=high, counts=np.histogram(x, 37, (low, high))[0].tolist()),
        density=np.histogram2d(y, x, (7, 11), ((0, 600), (low, high)))[0].astype(int).ravel().tolist(),
        triple=dict(error_variance=[c[0, 0] - sx, c[1, 1] - sy, c[2, 2] - sz], truth_r2=[sx / c[0, 0], sy / c[1, 1], sz / c[2, 2]], scale=[1, c[1, 2] / c[0, 2], c[1, 2] / c[0, 1]]),
    )
    a = np.array([draw(7, k, 3600) for k in range(100)]) / 10 * 0.1 + 350
    out["circular"] = dict(mean=stats.circmean(a, 360), sd=stats.circstd(a, 360))
    from scipy.interpolate import CubicSpline, RegularGridInterpolator
    t = np.array([0.0, 1.0, 2.5, 3.5, 4.0, 6.0])
    v = np.array([1.0, 3.0, -2.0, 0.5, 4.0, 2.0])
    out["spline"] = float(CubicSpline(t, v, bc_type="natural")(3.0))
    grid = np.array([[draw(8, 7 * i + j, 1000) / 8 for j in range(7)] for i in range(5)])
    f = RegularGridInterpolator((np.arange(5) * 2.0 + 10, np.arange(7) * 3.0 + 100), grid)
    out["bilinear"] = [float(f((11.3, 104.75))), float(f((18.0, 118.0))), float(f((15.5, 100.0)))]
    json.dump(out, sys.stdout, indent=1, default=float)
    print()


main()
