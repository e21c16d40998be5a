"""Small files for tests/colocate/between.rs and what scipy and an exhaustive search find in them.

Run: python between.py, writes between/*.nc and between/expected.json beside itself.

interpolate  scipy's RegularGridInterpolator in time, y and x over the values and over ones where there are values: the
             ratio is the mean of the cells that have a value. Positions on the projected grid are PROJ's.
crossovers   every segment of one track against every segment of the other, on the unit sphere; values by numpy.interp.
"""

import json
from pathlib import Path

import netCDF4
import numpy as np
import pyproj
from scipy.interpolate import CubicSpline, RegularGridInterpolator

OUT = Path(__file__).parent / "between"
DAY = np.datetime64("2024-08-11T00:00:00", "us").astype(np.int64)
HOUR = 3_600_000_000
STEREO = "+proj=stere +lat_0=90 +lat_ts=70 +lon_0=-45 +ellps=WGS84"
RANDOM = np.random.default_rng(7)


def new(name, **dimensions):
    ds = netCDF4.Dataset(OUT / name, "w")
    ds.Conventions = "CF-1.11"
    for d, n in dimensions.items():
        ds.createDimension(d, n)
    return ds


def put(ds, name, dims, values, kind="f8", **attributes):
    fill = {"fill_value": attributes.pop("_FillValue")} if "_FillValue" in attributes else {}
    v = ds.createVariable(name, kind, dims, zlib=True, **fill)
    for k, a in attributes.items():
        v.setncattr(k, a)
    v[:] = values


def times(ds, dim, us):
    put(ds, "time", (dim,), np.asarray(us) - DAY, "i8", units="microseconds since 2024-08-11", standard_name="time", calendar="standard")


def grid(name, steps, lat, lon):
    """A field with holes and a direction that turns through north."""
    ds = new(name, time=len(steps), lat=len(lat), lon=len(lon))
    times(ds, "time", steps)
    put(ds, "lat", ("lat",), lat, units="degrees_north", standard_name="latitude")
    put(ds, "lon", ("lon",), lon, units="degrees_east", standard_name="longitude")
    shape = (len(steps), len(lat), len(lon))
    sst = RANDOM.uniform(270, 300, shape)
    sst[RANDOM.uniform(size=shape) < 0.15] = np.nan
    wind = RANDOM.uniform(-40, 40, shape) % 360
    put(ds, "sst", ("time", "lat", "lon"), sst, _FillValue=np.nan, units="K", standard_name="sea_surface_temperature")
    put(ds, "wind", ("time", "lat", "lon"), wind, units="degree", standard_name="wind_from_direction")
    ds.close()
    return sst, wind


def polar():
    x, y = np.arange(-1_000_000, 1_000_001, 125_000.0), np.arange(1_200_000, -800_001, -125_000.0)
    ds = new("polar.nc", time=1, y=len(y), x=len(x))
    times(ds, "time", [DAY + 6 * HOUR])
    put(ds, "x", ("x",), x, units="m", standard_name="projection_x_coordinate")
    put(ds, "y", ("y",), y, units="m", standard_name="projection_y_coordinate")
    v = ds.createVariable("crs", "i4", ())
    v.setncatts(dict(grid_mapping_name="polar_stereographic", latitude_of_projection_origin=90.0, standard_parallel=70.0,
                     straight_vertical_longitude_from_pole=-45.0, false_easting=0.0, false_northing=0.0,
                     semi_major_axis=6378137.0, inverse_flattening=298.257223563))
    ice = RANDOM.uniform(0, 1, (1, len(y), len(x)))
    put(ds, "ice", ("time", "y", "x"), ice, units="1", standard_name="sea_ice_area_fraction", grid_mapping="crs")
    ds.close()
    return x, y, ice[0]


def series(name, us, lat, lon, kind, **fields):
    ds = new(name, obs=len(us))
    ds.featureType = kind
    if kind == "trajectory":
        v = ds.createVariable("trajectory", "i4", ())
        v.cf_role = "trajectory_id"
    times(ds, "obs", us)
    put(ds, "lat", ("obs",), lat, units="degrees_north", standard_name="latitude")
    put(ds, "lon", ("obs",), lon, units="degrees_east", standard_name="longitude")
    for k, values in fields.items():
        put(ds, k, ("obs",), values, units="m", coordinates="time lat lon")
    ds.close()


def between(t, y, x, at, field):
    """Values and shares of weights at `at` = (time, y, x)."""
    make = lambda v: RegularGridInterpolator((t, y, x), v, bounds_error=False, fill_value=0.0)(at)
    there = np.isfinite(field)
    share = make(there.astype(float))
    with np.errstate(invalid="ignore", divide="ignore"):
        return make(np.where(there, field, 0.0)) / share, share


def interpolation():
    steps = DAY + np.array([0, 6, 12, 18]) * HOUR
    lat, lon = np.arange(85, -86, -10.0), np.arange(5, 360, 10.0)
    first, second = grid("grid_a.nc", steps[:3], lat, lon), grid("grid_b.nc", steps[3:], lat, lon)
    sst, wind = (np.concatenate(pair) for pair in zip(first, second))
    n = 400
    us = np.sort(RANDOM.integers(DAY - HOUR, DAY + 19 * HOUR, n))
    la, lo = np.degrees(np.arcsin(RANDOM.uniform(-1, 1, n))), RANDOM.uniform(-180, 180, n)
    # On a step, on a line through the cells, on a cell, over the dateline and where the grid closes.
    us[10], la[11], lo[12], la[13], lo[13] = steps[1], 45.0, 25.0, -35.0, 155.0
    lo[20:30], lo[30:40] = np.linspace(-0.5, 4.9, 10), np.linspace(179.7, 180.0, 10)
    us = np.sort(us)
    series("places.nc", us, la, lo, "point", depth=RANDOM.uniform(0, 10, n))
    # Rising axes, one turn and a column on either side.
    y, x = lat[::-1], np.concatenate([[lon[-1] - 360], lon, [lon[0] + 360]])
    turn = lambda v: np.concatenate([v[:, ::-1, -1:], v[:, ::-1], v[:, ::-1, :1]], axis=2)
    at = np.c_[us - DAY, la, lo % 360]
    t = (steps - DAY).astype(float)
    value, share = between(t, y, x, at, turn(sst))
    s, _ = between(t, y, x, at, np.sin(np.radians(turn(wind))))
    c, _ = between(t, y, x, at, np.cos(np.radians(turn(wind))))
    inside = (at[:, 0] >= t[0]) & (at[:, 0] <= t[-1]) & (np.abs(la) <= 85)
    rows = np.flatnonzero(inside)
    linear = [dict(row=int(k), sst=None if share[k] < 1e-12 else value[k], share=share[k], wind=np.degrees(np.arctan2(s[k], c[k])) % 360) for k in rows]
    # The nearest step alone; the earlier one where both are as near.
    nearest = steps[np.argmin(np.abs(us[:, None] - steps[None, :]), axis=1)]
    value, share = between(t, y, x, np.c_[nearest - DAY, la, lo % 360], turn(sst))
    rows = np.flatnonzero((share > 1e-12) & (np.abs(us - nearest) <= 4 * HOUR) & (np.abs(la) <= 85))
    step = [dict(row=int(k), sst=value[k], share=share[k], dt_us=int(nearest[k] - us[k])) for k in rows]

    px, py, ice = polar()
    la, lo = RANDOM.uniform(78, 90, 200), RANDOM.uniform(-180, 180, 200)
    us = np.sort(RANDOM.integers(DAY, DAY + 12 * HOUR, 200))
    series("north.nc", us, la, lo, "point")
    ex, ey = pyproj.Proj(STEREO)(lo, la)
    make = RegularGridInterpolator((py[::-1], px), ice[::-1], bounds_error=False, fill_value=np.nan)
    value = make(np.c_[ey, ex])
    pole = [dict(row=int(k), ice=value[k]) for k in np.flatnonzero(np.isfinite(value))]
    return dict(linear=linear, nearest=step, polar=pole)


def orbit(inclination, phase, period, us):
    """A circular orbit over a turning sphere."""
    u = phase + 2 * np.pi * us / 1e6 / period
    i = np.radians(inclination)
    lon = np.arctan2(np.cos(i) * np.sin(u), np.cos(u)) - 2 * np.pi * us / 1e6 / 86164.0
    return np.degrees(np.arcsin(np.sin(i) * np.sin(u))), (np.degrees(lon) + 180) % 360 - 180


def unit(lat, lon):
    la, lo = np.radians(lat), np.radians(lon)
    return np.c_[np.cos(la) * np.cos(lo), np.cos(la) * np.sin(lo), np.sin(la)]


def tracks():
    """Two missions of a day, every 20 s; one has a hole of ten minutes and samples without a value."""
    us = np.arange(0, 24 * HOUR, 20_000_000)
    out = {}
    for name, (inclination, phase, period) in dict(a=(66.0, 0.3, 6746.0), b=(98.5, 2.0, 6037.0)).items():
        t = us + (0 if name == "a" else 7_000_000)
        if name == "a":
            t = t[(t < 5 * HOUR) | (t > 5 * HOUR + 600_000_000)]
        lat, lon = orbit(inclination, phase, period, t)
        lat, lon = np.round(lat, 6), np.round(lon, 6)
        sla = np.sin(np.radians(3 * lat)) + 0.3 * np.cos(np.radians(5 * lon))
        if name == "b":
            sla[RANDOM.uniform(size=len(t)) < 0.02] = np.nan
        series(f"track_{name}.nc", DAY + t, lat, lon, "trajectory", sla=sla)
        out[name] = DAY + t, lat, lon, sla
    return out


def crossings(a, b, window, gap, only=None):
    """Row before the crossing on both tracks, place, times and linear values, by looking at every pair of segments."""
    def segments(track, pass_):
        t, lat, lon, v = track
        keep = np.isfinite(v)
        if pass_:
            rise = np.empty(len(t))
            rise[1:-1], rise[0], rise[-1] = lat[2:] - lat[:-2], lat[1] - lat[0], lat[-1] - lat[-2]
            keep &= rise > 0 if pass_ == "ascending" else rise < 0
        rows = np.flatnonzero(keep)
        near = np.diff(t[rows]) <= gap
        return rows[:-1][near], rows[1:][near]

    (ai, an), (bi, bn) = segments(a, only and only[0]), segments(b, only and only[1])
    pa, pb = unit(a[1], a[2]), unit(b[1], b[2])
    found = []
    n = np.cross(pb[bi], pb[bn])
    for i, j in zip(ai, an):
        p, q = pa[i], pa[j]
        m = np.cross(p, q)
        hit = ((pb[bi] @ m >= 0) != (pb[bn] @ m >= 0)) & ((n @ p >= 0) != (n @ q >= 0)) & (pb[bi] @ p > 0)
        for k in np.flatnonzero(hit):
            x = np.cross(m, n[k])
            x *= np.sign(x @ p) / np.linalg.norm(x)
            angle = lambda u, v: np.arctan2(np.linalg.norm(np.cross(u, v)), u @ v)
            fa, fb = angle(p, x) / angle(p, q), angle(pb[bi[k]], x) / angle(pb[bi[k]], pb[bn[k]])
            ta, tb = a[0][i] + fa * (a[0][j] - a[0][i]), b[0][bi[k]] + fb * (b[0][bn[k]] - b[0][bi[k]])
            if abs(tb - ta) <= window:
                found.append(dict(i=int(i), j=int(bi[k]), lat=np.degrees(np.arcsin(x[2])), lon=np.degrees(np.arctan2(x[1], x[0])),
                                  dt_s=(tb - ta) / 1e6, p_sla=a[3][i] * (1 - fa) + a[3][j] * fa,
                                  s_sla=b[3][bi[k]] * (1 - fb) + b[3][bn[k]] * fb, p_time=float(ta - DAY)))
    return found


def splines(a, found):
    """The same values of the first track by a natural spline through three samples on either side."""
    t, v = a[0].astype(float), a[3]
    for f in found:
        rows = np.arange(f["i"] - 2, f["i"] + 4)
        whole = rows[0] >= 0 and rows[-1] < len(t) and np.all(np.diff(t[rows]) == 20e6)
        f["p_spline"] = float(CubicSpline((t[rows] - DAY) / 1e6, v[rows], bc_type="natural")(f["p_time"] / 1e6)) if whole else None
    return found


def main():
    OUT.mkdir(exist_ok=True)
    expected = interpolation()
    t = tracks()
    expected["tracks"] = splines(t["a"], crossings(t["a"], t["b"], 3 * HOUR, 45_000_000))
    expected["passes"] = crossings(t["a"], t["a"], 12 * HOUR, 30_000_000, ("ascending", "descending"))
    (OUT / "expected.json").write_text(json.dumps(expected, indent=0) + "\n")
    print({k: len(v) for k, v in expected.items()})


main()
