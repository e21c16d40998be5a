"""A small world to match up, and the answers of another program: scipy's tree, pyproj's geodesics, a hash in numpy."""

from __future__ import annotations

import numpy as np

DAY_US = 86_400_000_000
START = np.datetime64("2024-06-01T00:00:00", "us")
MEAN_RADIUS_M = 6_371_008.7714


def orbit(seconds, across_km=0.0, inclination=66.0, period=6745.7, node=99.9):
    """Latitude and longitude (degrees) below a circular orbit, `across_km` to the right of the track."""
    tilt = np.radians(inclination)

    def up_at(s):
        u, turn = 2 * np.pi * s / period, np.radians(node) - 2 * np.pi * s / 86164.1
        return np.stack(
            [
                np.cos(turn) * np.cos(u) - np.sin(turn) * np.cos(tilt) * np.sin(u),
                np.sin(turn) * np.cos(u) + np.cos(turn) * np.cos(tilt) * np.sin(u),
                np.sin(tilt) * np.sin(u),
            ]
        )

    up, ahead = up_at(seconds), up_at(seconds + 0.5) - up_at(seconds - 0.5)
    right = np.cross(ahead, up, axis=0)
    right /= np.linalg.norm(right, axis=0)
    angle = np.asarray(across_km) / 6371.0
    x, y, z = (np.multiply.outer(up[k], np.cos(angle)) + np.multiply.outer(right[k], np.sin(angle)) for k in range(3))
    return np.degrees(np.arcsin(np.clip(z, -1, 1))), np.degrees(np.arctan2(y, x))


def micro(degrees):
    """Rounded to micro-degrees, so that every program sees the same numbers."""
    return np.rint(np.asarray(degrees) * 1e6) / 1e6


def instants(seconds):
    return START + np.rint(np.asarray(seconds) * 1e6).astype(np.int64).astype("timedelta64[us]")


def ssh(lat, lon):
    """What the instruments measure, metres."""
    return 0.3 * np.sin(np.radians(7 * lon)) * np.cos(np.radians(5 * lat))


def track(hours=24.0, step=5.0, phase=0.0):
    seconds = np.arange(0, hours * 3600, step)
    lat, lon = (micro(v) for v in orbit(seconds + phase))
    return {"lat": lat, "lon": lon, "time": instants(seconds), "ssh": ssh(lat, lon)}


def drifters(count=300, hours=24, seed=1):
    """One row an hour of each, drifter by drifter: not in the order of time. A third lies where the swaths pass."""
    rng = np.random.default_rng(seed)
    lat0, lon0 = np.degrees(np.arcsin(rng.uniform(-0.9, 0.9, count))), rng.uniform(-180, 180, count)
    few = count // 3
    seconds = rng.uniform(0, 360, few) + rng.choice([0.0, 6000.0], few)
    order = np.argsort(seconds)
    below_lat, below_lon = orbit(seconds[order])
    lat0[:few], lon0[:few] = below_lat + rng.uniform(-0.7, 0.7, few), below_lon + rng.uniform(-0.7, 0.7, few)
    hour = np.arange(hours)
    lat = micro(lat0[:, None] + 0.01 * hour * rng.normal(0, 1, (count, 1)))
    lon = micro((lon0[:, None] + 0.01 * hour * rng.normal(0, 1, (count, 1)) + 180) % 360 - 180)
    time = np.broadcast_to(instants(hour * 3600), (count, hours))
    who = np.repeat(np.arange(count, dtype=np.int32), hours)
    return {"lat": lat.ravel(), "lon": lon.ravel(), "time": time.ravel(), "id": who, "ssh": ssh(lat, lon).ravel()}


def swath(start_s=0.0, lines=600, pixels=35, phase=0.0):
    seconds = start_s + np.arange(lines) * 0.6
    lat, lon = (micro(v) for v in orbit(seconds + phase, np.arange(pixels) * 4.0 - 68.0))
    return {"lat": lat, "lon": lon, "time": instants(seconds), "ssh": ssh(lat, lon)}


def _flat(data):
    lat, lon, time = np.asarray(data["lat"], float), np.asarray(data["lon"], float), np.asarray(data["time"])
    if lat.ndim == 2 and time.ndim == 1:
        time = np.broadcast_to(time[:, None], lat.shape)
    return lat.ravel(), lon.ravel(), time.astype("datetime64[us]").astype(np.int64).ravel()


def brute(a, b, radius_m, window_us, metric="wgs84", pieces=8):
    """Every pair (i, j) within the limits with its distance: another program's answer."""
    from pyproj import Geod
    from scipy.spatial import cKDTree

    (la, lo, ta), (lb, lob, tb) = _flat(a), _flat(b)

    def unit(lat, lon):
        p, q = np.radians(lat), np.radians(lon)
        return np.stack([np.cos(p) * np.cos(q), np.cos(p) * np.sin(q), np.sin(p)], 1)

    good_a = np.flatnonzero(np.isfinite(la + lo) & (ta != np.iinfo(np.int64).min))
    good_b = np.flatnonzero(np.isfinite(lb + lob) & (tb != np.iinfo(np.int64).min))
    # Geodesic and great circle differ by less than 0.6 %.
    reach = 2 * np.sin(min(radius_m * 1.01 / MEAN_RADIUS_M, np.pi) / 2) + 1e-9
    tree = cKDTree(unit(lb[good_b], lob[good_b]))
    near = tree.query_ball_point(unit(la[good_a], lo[good_a]), reach)
    i = np.repeat(good_a, [len(n) for n in near])
    j = good_b[np.concatenate([np.asarray(n, int) for n in near])] if len(i) else np.zeros(0, int)
    keep = np.abs(ta[i] - tb[j]) <= window_us
    i, j = i[keep], j[keep]
    if metric == "wgs84":
        d = Geod(ellps="WGS84").inv(lo[i], la[i], lob[j], lb[j])[2] if len(i) else np.zeros(0)
    else:
        c = np.linalg.norm(unit(la[i], lo[i]) - unit(lb[j], lob[j]), axis=1)
        d = 2 * MEAN_RADIUS_M * np.arcsin(np.clip(c / 2, 0, 1))
    keep = d <= radius_m
    i, j, d = i[keep], j[keep], np.asarray(d)[keep]
    order = np.lexsort((j, i))
    return i[order], j[order], d[order], (tb[j] - ta[i])[order]


def nearest(i, j, d):
    """The nearest partner of each i; ties to the smallest j."""
    order = np.lexsort((j, d, i))
    first = np.r_[True, i[order][1:] != i[order][:-1]] if len(i) else np.zeros(0, bool)
    return i[order][first], j[order][first], d[order][first]


def sum64(i, j):
    """The order-independent hash of pairs, by numpy."""
    z = (np.asarray(i).astype(np.uint64) << np.uint64(32)) | np.asarray(j).astype(np.uint64)
    with np.errstate(over="ignore"):
        z = z + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
        return f"{int(z.sum(dtype=np.uint64)) if len(z) else 0:016x}"
