"""What one would otherwise do in Python; timed from outside by `cargo xtask bench`.

  python peers.py picture numpy_bin|mpl_stride SWATH_OR_GRID.nc VARIABLE W,E,S,N LOW,HIGH OUT.png    1280 x 800
  python peers.py decode netcdf4|netcdf4_raw|h5py|h5py_raw VARIABLE FILE.nc...
      prints MB/s of stored bytes, by the clock and by the time of processors

Both pictures lose something: `mpl_stride` draws about one source line per pixel and skips the rest, `numpy_bin` averages
per pixel and leaves holes where cells are larger than pixels.
"""

import sys
import time

import numpy as np

WIDTH, HEIGHT = 1280, 800


def load(path, name):
    import netCDF4

    with netCDF4.Dataset(path) as data:
        values = np.ma.filled(data[name][:].astype("f4"), np.nan).squeeze()
        lon, lat = (np.ma.filled(data[n][:], np.nan) for n in ("lon", "lat"))
    return lon, lat, values


def numpy_bin(lon, lat, values, box, limits, out):
    """Mean per pixel with `bincount`, saved with Pillow: the leanest home-made way."""
    from PIL import Image

    west, east, south, north = box
    if lon.ndim == 1:
        lon, lat = np.meshgrid(lon, lat)
    good = np.isfinite(values)
    x = ((lon[good] - west) * (WIDTH / (east - west))).astype("i4")
    y = ((north - lat[good]) * (HEIGHT / (north - south))).astype("i4")
    pixel = np.clip(y, 0, HEIGHT - 1) * WIDTH + np.clip(x, 0, WIDTH - 1)
    count = np.bincount(pixel, minlength=WIDTH * HEIGHT)
    total = np.bincount(pixel, weights=values[good], minlength=WIDTH * HEIGHT)
    mean = total / np.where(count, count, np.nan)
    c = np.clip((mean - limits[0]) / (limits[1] - limits[0]), 0, 1)
    rgb = np.nan_to_num(np.stack([c, 1 - np.abs(2 * c - 1), 1 - c], -1) * 255).astype("u1")
    Image.fromarray(rgb.reshape(HEIGHT, WIDTH, 3)).save(out)


def mpl_stride(lon, lat, values, box, limits, out):
    """pcolormesh of every n-th row and column: what a hurried user does."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    step = max(1, values.shape[1] // WIDTH, values.shape[0] // 1000)
    lon, lat = (a[::step] if a.ndim == 1 else a[::step, ::step] for a in (lon, lat))
    figure = plt.figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=100)
    axes = figure.add_axes([0, 0, 1, 1])
    axes.set_xlim(box[:2])
    axes.set_ylim(box[2:])
    axes.pcolormesh(lon, lat, values[::step, ::step], vmin=limits[0], vmax=limits[1], shading="nearest")
    figure.savefig(out, dpi=100)


def picture(way, path, name, box, limits, out):
    box, limits = ([float(x) for x in text.split(",")] for text in (box, limits))
    {"numpy_bin": numpy_bin, "mpl_stride": mpl_stride}[way](*load(path, name), box, limits, out)


def decode(way, name, *paths):
    """`_raw`: the numbers as they are stored; else unpacked to float, missing values marked.

    Files are opened each time. The quickest round counts: what other work does to a round only adds.
    """
    import h5py
    import netCDF4

    stored = 0
    for path in paths:
        with h5py.File(path) as data:
            stored += data[name].size * data[name].dtype.itemsize
    seconds = []
    worked = time.process_time()
    for _ in range(9):
        start = time.perf_counter()
        for path in paths:
            if way.startswith("netcdf4"):
                with netCDF4.Dataset(path) as data:
                    data.set_auto_maskandscale(way == "netcdf4")
                    data[name][:]
                continue
            with h5py.File(path) as data:
                raw, about = data[name][...], data[name].attrs
                if way == "h5py":
                    values = raw * np.float32(about["scale_factor"])
                    values += np.float32(about.get("add_offset", 0))
                    values[raw == about["_FillValue"]] = np.nan
        seconds.append(time.perf_counter() - start)
    print(f"{stored / 1e6 / min(seconds):.1f} {stored * 9e-6 / (time.process_time() - worked):.1f}")


if __name__ == "__main__":
    {"picture": picture, "decode": decode}[sys.argv[1]](*sys.argv[2:])
