"""Inputs of `cargo xtask bench`, the same every time (seeded): python inputs.py FOLDER [cycle]. Files that exist are kept.

  swath.nc     8000 x 3000 imager swath, 24 M cells, netCDF-4, shuffle + deflate 4, about 80 MB
  sst_l4.nc    global 0.05 degree analysis, 3600 x 7200
  swot/*.nc    one day of a wide-swath altimeter: 28 half orbits of 9860 x 69 cells at 2 km
  cycle/*.nc   with `cycle`: 21 days of it, 584 half orbits (1.3 GB, some minutes)

Needs numpy and netCDF4.
"""

import multiprocessing
import sys
from pathlib import Path

import netCDF4
import numpy as np

EARTH_KM = 6371.0
SIDEREAL_DAY_S = 86164.1


def swath(seconds, across_km, inclination_deg, period_s, node_deg, start_deg):
    """Longitude and latitude of a swath below a circular orbit: `across_km` to the right of the ground track."""
    tilt = np.radians(inclination_deg)
    u = np.radians(start_deg) + 2 * np.pi / period_s * seconds
    node = np.radians(node_deg) - 2 * np.pi / SIDEREAL_DAY_S * seconds
    along = np.stack(
        [
            np.cos(u) * np.cos(node) - np.sin(u) * np.cos(tilt) * np.sin(node),
            np.cos(u) * np.sin(node) + np.sin(u) * np.cos(tilt) * np.cos(node),
            np.sin(u) * np.sin(tilt),
        ],
        -1,
    )
    motion = np.gradient(along, seconds, axis=0)
    motion -= (motion * along).sum(-1, keepdims=True) * along
    motion /= np.linalg.norm(motion, axis=-1, keepdims=True)
    right = np.cross(motion, along)
    angle = across_km / EARTH_KM
    x, y, z = (along[:, None, k] * np.cos(angle) + right[:, None, k] * np.sin(angle) for k in range(3))
    return np.degrees(np.arctan2(y, x)), np.degrees(np.arcsin(np.clip(z, -1, 1)))


def ocean(lon, lat, seed, waves, low, high):
    """A smooth random field of unit variance: plane waves in space cut by the sphere (no seam, no pole)."""
    rng = np.random.default_rng(seed)
    lon, lat = np.radians(lon), np.radians(lat)
    place = [a.astype("f4") for a in (np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat) + 0 * lon)]
    out = np.zeros(place[0].shape, "f4")
    for wave_number in np.geomspace(low, high, waves):
        k = rng.standard_normal(3)
        k = (k * wave_number / np.linalg.norm(k)).astype("f4")
        phase = k[0] * place[0] + k[1] * place[1] + k[2] * place[2] + np.float32(rng.uniform(0, 2 * np.pi))
        out += np.float32(wave_number**-0.6) * np.sin(phase)
    return out / out.std()


def variable(data, name, kind, dimensions, values, chunks, **attributes):
    fill = attributes.pop("_FillValue", None)
    v = data.createVariable(
        name, kind, dimensions, zlib=True, complevel=4, shuffle=True, chunksizes=chunks, fill_value=fill
    )
    v.set_auto_maskandscale(False)
    v.setncatts(attributes)
    v[:] = values


def create(path):
    """A new file under a temporary name, or None when the finished one exists."""
    if path.exists():
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    print(f"writing {path}", flush=True)
    data = netCDF4.Dataset(str(path) + ".part", "w")
    data.Conventions = "CF-1.8"
    return data


def finish(data, path):
    data.close()
    Path(str(path) + ".part").rename(path)


def imager(path):
    data = create(path)
    if data is None:
        return
    rows, cols = 8000, 3000
    lon, lat = swath(np.arange(rows) * 0.1435, (np.arange(cols) - cols / 2 + 0.5) * 0.9, 98.7, 6080.0, -5.0, -34.0)
    rng = np.random.default_rng(11)
    kelvin = 290 + 6 * np.cos(np.radians(2 * lat)) + 1.6 * ocean(lon, lat, 12, 20, 4, 300)
    kelvin += 0.04 * rng.standard_normal((rows, cols)).astype("f4")
    quality = np.digitize(ocean(lon, lat, 13, 10, 8, 120), [-1.2, -0.6, 0.2, 0.9]).astype("u1")
    raw = np.rint((kelvin - 273.15) / 0.005).astype("i2")
    raw[quality == 0] = -32768
    data.createDimension("nj", rows)
    data.createDimension("ni", cols)
    both, chunks = ("nj", "ni"), (500, 1500)
    variable(data, "lat", "f4", both, lat.astype("f4"), chunks, units="degrees_north", standard_name="latitude")
    variable(data, "lon", "f4", both, lon.astype("f4"), chunks, units="degrees_east", standard_name="longitude")
    variable(
        data, "sea_surface_temperature", "i2", both, raw, chunks, _FillValue=np.int16(-32768), scale_factor=0.005,
        add_offset=273.15, units="kelvin", standard_name="sea_surface_skin_temperature", coordinates="lon lat",
    )  # fmt: skip
    variable(
        data, "quality_level", "u1", both, quality, chunks, _FillValue=np.uint8(255), coordinates="lon lat",
        flag_values=np.arange(5, dtype="u1"), flag_meanings="no_data bad worst low best",
    )  # fmt: skip
    finish(data, path)


def analysis(path):
    data = create(path)
    if data is None:
        return
    lon, lat = -179.975 + 0.05 * np.arange(7200), -89.975 + 0.05 * np.arange(3600)
    x, y = lon[None, :] + 0 * lat[:, None], lat[:, None] + 0 * lon[None, :]
    rng = np.random.default_rng(33)
    kelvin = 271.5 + 29 * np.cos(np.radians(y)) ** 2 + 0.9 * ocean(x, y, 34, 24, 4, 400)
    kelvin += 0.012 * rng.standard_normal(kelvin.shape).astype("f4")
    raw = np.rint((np.maximum(kelvin, 271.35) - 273.15) / 0.01).astype("i2")
    raw[ocean(x, y, 5, 12, 1.5, 9) > 1.15] = -32768
    for name, values in [("time", [0.0]), ("lat", lat), ("lon", lon)]:
        data.createDimension(name, len(values))
        v = data.createVariable(name, "f8" if name == "time" else "f4", (name,))
        v.units = {"time": "seconds since 2024-07-01", "lat": "degrees_north", "lon": "degrees_east"}[name]
        v[:] = values
    variable(
        data, "analysed_sst", "i2", ("time", "lat", "lon"), raw[None], (1, 900, 1800), _FillValue=np.int16(-32768),
        scale_factor=0.01, add_offset=273.15, units="kelvin", standard_name="sea_surface_foundation_temperature",
    )  # fmt: skip
    finish(data, path)


def altimeter_day(folder):
    for k in range(28):
        altimeter_pass(folder / f"pass_{k + 1:02d}.nc", k, 28)


def altimeter_cycle(folder):
    with multiprocessing.Pool() as pool:
        pool.starmap(altimeter_pass, [(folder / f"pass_{k + 1:03d}.nc", k, 6) for k in range(584)], chunksize=1)


def altimeter_pass(path, k, waves):
    """Half orbit `k` of a cycle of 21 days."""
    rows, across_km = 9860, (np.arange(69) - 34) * 2.0
    period = 20.86455 * 86400 / 292
    data = create(path)
    if data is None:
        return
    seconds = k * period / 2 + np.linspace(0, period / 2, rows, endpoint=False)
    lon, lat = swath(seconds, across_km, 77.6, period, 40.0, -90.0)
    rng = np.random.default_rng(2000 + k)
    metres = 0.12 * ocean(lon, lat, 77, waves, 6, 250) + 0.01 * rng.standard_normal(lon.shape)
    raw = np.rint(metres / 1e-4).astype("i4")
    missing = 2147483647
    raw[:, (np.abs(across_km) < 10) | (np.abs(across_km) > 60)] = missing
    raw[ocean(lon, lat, 5, 12, 1.5, 9) > 1.15] = missing
    data.createDimension("num_lines", rows)
    data.createDimension("num_pixels", 69)
    both, chunks = ("num_lines", "num_pixels"), (1409, 69)
    time = data.createVariable("time", "f8", ("num_lines",), zlib=True)
    time.units = "seconds since 2024-07-01"
    time[:] = seconds
    packed = dict(_FillValue=np.int32(missing))
    variable(
        data, "latitude", "i4", both, np.rint(lat * 1e6).astype("i4"), chunks, scale_factor=1e-6,
        units="degrees_north", standard_name="latitude", **packed,
    )  # fmt: skip
    variable(
        data, "longitude", "i4", both, np.rint((lon % 360) * 1e6).astype("i4"), chunks, scale_factor=1e-6,
        units="degrees_east", standard_name="longitude", **packed,
    )  # fmt: skip
    variable(
        data, "ssha_karin", "i4", both, raw, chunks, scale_factor=1e-4, units="m",
        standard_name="sea_surface_height_above_reference_ellipsoid", coordinates="longitude latitude", **packed,
    )  # fmt: skip
    finish(data, path)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    imager(target / "swath.nc")
    analysis(target / "sst_l4.nc")
    altimeter_day(target / "swot")
    if "cycle" in sys.argv[2:]:
        altimeter_cycle(target / "cycle")
