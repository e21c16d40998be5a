"""Work sets of `cargo xtask bench coloc`: python gen.py FOLDER. Synthetic, seeded, the same everywhere.

Positions are micro-degrees in int32 and times microseconds in int64, so that every program reads the same numbers;
`reference.json` has the sha256 of each array, and `run.py` says when a machine's mathematics gave others.

  track1hz_30d, track20hz_1d   nadir altimeter, 66.04 degrees, over the ocean
  drifters_30d                 1500 drifters, hourly, stored one after the other (not in the order of time)
  ascat_1d, s1owi_1d           scatterometer and radar wind cells
  swot_1d                      28 half orbits of 9860 x 69 pixels with a mask
  swotnadir                    its nadir at 1 Hz for a cycle of 20.8646 days

The ocean is what 17 round continents leave. Needs numpy.
"""

import json
import sys
from pathlib import Path

import numpy as np

SEED = 20240601
START_US = 1_717_200_000_000_000  # 2024-06-01T00:00:00Z
DAY_S = 86400.0
ECCENTRICITY2 = 0.0066943799901413165
RADIUS_M = 6371008.7714
# Longitude, latitude and radius in degrees.
CONTINENTS = np.array(
    [
        (20, 5, 22), (15, 25, 17), (25, -20, 14), (45, 55, 18), (90, 58, 30), (105, 33, 17), (78, 20, 11), (-100, 50, 24), (-110, 66, 18),
        (-98, 30, 12), (-60, -8, 19), (-66, -35, 9), (-42, 73, 11), (134, -25, 15), (0, -90, 19), (12, 48, 9), (135, 65, 14),
    ],
    float,
)


def ocean(lat, lon):
    """Whether places in degrees lie outside of all continents."""
    clon, clat = np.radians(CONTINENTS[:, 0]), np.radians(CONTINENTS[:, 1])
    centre = np.c_[np.cos(clat) * np.cos(clon), np.cos(clat) * np.sin(clon), np.sin(clat)]
    reach = np.cos(np.radians(CONTINENTS[:, 2]))
    la, lo = np.radians(lat.ravel()), np.radians(lon.ravel())
    c = np.cos(la)
    place = np.stack([c * np.cos(lo), c * np.sin(lo), np.sin(la)], -1)
    land = np.zeros(len(place), bool)
    for k in range(len(centre)):
        land |= place @ centre[k] > reach[k]
    return ~land.reshape(lat.shape)


class Orbit:
    """A circular orbit that repeats after `revolutions` in `days` nodal days."""

    def __init__(self, inclination_deg, revolutions, days, period_s, node_deg):
        self.inclination, self.period_s = np.radians(inclination_deg), period_s
        self.drift = 2 * np.pi * days / (revolutions * period_s)
        self.node = np.radians(node_deg)

    def at(self, t):
        """Unit vectors of the place below and of the direction of motion over the ground."""
        u = 2 * np.pi * t / self.period_s
        node = self.node - self.drift * t
        ci, si, cu, su, co, so = np.cos(self.inclination), np.sin(self.inclination), np.cos(u), np.sin(u), np.cos(node), np.sin(node)
        place = np.stack([co * cu - so * ci * su, so * cu + co * ci * su, si * su], -1)
        rate = 2 * np.pi / self.period_s
        motion = np.stack(
            [
                rate * (-co * su - so * ci * cu) + self.drift * (so * cu + co * ci * su),
                rate * (-so * su + co * ci * cu) - self.drift * (co * cu - so * ci * su),
                rate * si * cu,
            ],
            -1,
        )
        return place, motion / np.linalg.norm(motion, axis=-1, keepdims=True)


JASON = Orbit(66.04, 127, 10, 6745.72, 99.92)
SWOT = Orbit(77.6, 292, 21, 20.8646 * DAY_S / 292, -12.3)
METOP = Orbit(98.7, 412, 29, 29 * DAY_S / 412, 15 * 21.5)
SENTINEL = Orbit(98.18, 175, 12, 12 * DAY_S / 175, 15 * 18.0)


def geodetic(place):
    lon = np.degrees(np.arctan2(place[..., 1], place[..., 0]))
    geocentric = np.arctan2(place[..., 2], np.hypot(place[..., 0], place[..., 1]))
    return np.degrees(np.arctan(np.tan(geocentric) / (1 - ECCENTRICITY2))), lon


def micro(degrees):
    return np.rint(degrees * 1e6).astype(np.int32)


def micros(seconds):
    return START_US + np.rint(seconds * 1e6).astype(np.int64)


def track(rate, days):
    t = np.arange(int(days * DAY_S * rate)) / rate
    parts = []
    for k in range(0, len(t), 2_000_000):
        lat, lon = geodetic(JASON.at(t[k : k + 2_000_000])[0])
        parts.append((micro(lat), micro(lon), ocean(lat, lon)))
    lat, lon, keep = (np.concatenate(p) for p in zip(*parts))
    return dict(time=micros(t)[keep], lat=lat[keep], lon=lon[keep])


def drifters(n=1500, days=30):
    """Random walk with memory of 4 days and inertial circles; a quarter of them in clusters."""
    rng = np.random.Generator(np.random.PCG64(SEED))
    start = []
    while len(start) < n:
        lat, lon = np.degrees(np.arcsin(rng.uniform(-0.95, 0.95, 4 * n))), rng.uniform(-180, 180, 4 * n)
        start = np.c_[lat, lon][ocean(lat, lon)][:n]
    few = n // 4
    base = start[rng.integers(few, n, few)]
    start = start.copy()
    start[:few] = base + rng.normal(0, 0.7, (few, 2)) / np.c_[np.ones(few), np.cos(np.radians(base[:, 0]))]
    start[:, 0] = np.clip(start[:, 0], -88, 88)
    hours = int(days * 24)
    step = 3600.0
    memory = np.exp(-step / (4 * DAY_S))
    v = rng.normal(0, 0.22, (n, 2))
    lats, lons = np.empty((n, hours)), np.empty((n, hours))
    phase = rng.uniform(0, 2 * np.pi, n)
    lat, lon = start[:, 0].copy(), start[:, 1].copy()
    for k in range(hours):
        coriolis = 1.4584e-4 * np.sin(np.radians(lat))
        u_in, v_in = 0.15 * np.cos(coriolis * k * step + phase), -0.15 * np.sin(coriolis * k * step + phase)
        lats[:, k], lons[:, k] = lat, lon
        lat = np.clip(lat + np.degrees((v[:, 1] + v_in) * step / RADIUS_M), -89, 89)
        lon = lon + np.degrees((v[:, 0] + u_in) * step / (RADIUS_M * np.cos(np.radians(lat))))
        v = memory * v + np.sqrt(1 - memory * memory) * rng.normal(0, 0.22, (n, 2))
    lons = (lons + 180) % 360 - 180
    time = np.broadcast_to(START_US + np.arange(hours, dtype=np.int64) * 3_600_000_000, (n, hours))
    return dict(time=time.ravel(), lat=micro(lats).ravel(), lon=micro(lons).ravel())


def across(place, side, angles):
    """Places at angles to the side of a ground track."""
    return np.cos(angles)[None, :, None] * place[:, None] + np.sin(angles)[None, :, None] * side[:, None]


def swot(passes=28, lines=9860):
    km = np.arange(-68, 69, 2.0)
    half = SWOT.period_s / 2
    shape = (passes, lines, len(km))
    lat, lon, valid = np.empty(shape, np.int32), np.empty(shape, np.int32), np.empty(shape, bool)
    time = np.empty((passes, lines), np.int64)
    seen = (np.abs(km) >= 10) & (np.abs(km) <= 60)
    for k in range(passes):
        # The order of additions matters to the last digit.
        t = -SWOT.period_s / 4 + half * k + SWOT.period_s / 4 + half * (np.arange(lines) + 0.5) / lines
        place, motion = SWOT.at(t - SWOT.period_s / 4)
        la, lo = geodetic(across(place, np.cross(place, motion), km * 1000 / RADIUS_M))
        lat[k], lon[k], time[k] = micro(la), micro(lo), micros(t)
        valid[k] = ocean(la, lo) & seen[None, :]
    return dict(lat=lat, lon=lon, time=time, valid=valid)


def ascat(days=1.0):
    t = np.arange(int(days * DAY_S / 1.875)) * 1.875
    angles = np.r_[-(836 - 12.5 * np.arange(41)), 336 + 12.5 * np.arange(41)] * 1000 / RADIUS_M
    place, motion = METOP.at(t)
    lat, lon = geodetic(across(place, np.cross(place, motion), angles))
    keep = ocean(lat, lon)
    return dict(time=np.broadcast_to(micros(t)[:, None], lat.shape)[keep], lat=micro(lat)[keep], lon=micro(lon)[keep])


def sentinel(scenes=60, days=1.0):
    rng = np.random.Generator(np.random.PCG64(SEED + 1))
    angles = (250 + np.arange(250)) * 1000 / RADIUS_M
    parts = []
    while len(parts) < scenes:
        t = rng.uniform(0, days * DAY_S - 30) + np.arange(170) * 0.147
        place, motion = SENTINEL.at(t)
        lat, lon = geodetic(across(place, np.cross(motion, place), angles))
        keep = ocean(lat, lon)
        if keep.mean() >= 0.5:
            parts.append((np.broadcast_to(micros(t)[:, None], lat.shape)[keep], micro(lat)[keep], micro(lon)[keep]))
    time, lat, lon = (np.concatenate(p) for p in zip(*parts))
    return dict(time=time, lat=lat, lon=lon)


def nadir(days=20.8646):
    t = np.arange(int(days * DAY_S)) * 1.0
    parts = [geodetic(SWOT.at(t[k : k + 500_000] - SWOT.period_s / 4)[0]) for k in range(0, len(t), 500_000)]
    lat, lon = (micro(np.concatenate(p)) for p in zip(*parts))
    half_pass = np.floor(t / (SWOT.period_s / 2)).astype(np.int32)
    return {"time": np.rint(t * 1e6).astype(np.int64), "lat": lat, "lon": lon, "pass": half_pass}


SETS = dict(
    track1hz_30d=lambda: track(1, 30),
    track20hz_1d=lambda: track(20, 1),
    drifters_30d=drifters,
    ascat_1d=ascat,
    s1owi_1d=sentinel,
    swot_1d=swot,
    swotnadir=nadir,
)


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in SETS.items():
        done = folder / f"{name}.json"
        if done.exists():
            continue
        arrays = make()
        for column, values in arrays.items():
            np.save(folder / f"{name}.{column}.npy", np.ascontiguousarray(values))
        done.write_text(json.dumps({k: list(v.shape) for k, v in arrays.items()}))
        print(name, {k: v.shape for k, v in arrays.items()}, flush=True)


if __name__ == "__main__":
    main()
