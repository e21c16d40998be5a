# alignment of ETOPO5 (Debian ferret-datasets) vs Natural Earth 10m land (Debian libmagics++-data)
import numpy as np, netCDF4, pyogrio
from rasterio import features, transform

d = netCDF4.Dataset("dl/deb/x/ferret-datasets/usr/share/ferret-vis/data/etopo5.cdf")
z = np.asarray(d["ROSE"][:])
x = d["ETOPO05_X"][:]
y = d["ETOPO05_Y"][:]
print(
    "nan/fill",
    (z < -1e30).sum(),
    "non-integers",
    (z != np.round(z)).mean(),
    "dx",
    np.diff(x).min(),
    np.diff(x).max(),
    "dy",
    np.diff(y).min(),
    np.diff(y).max(),
)
print(
    "row -90",
    np.unique(z[0])[:5],
    "row+90",
    np.unique(z[-1])[:5],
    "row 1",
    z[1, :5],
    "dup rows:",
    [int(i) for i in range(2160) if (z[i] == z[i + 1]).all()][:10],
)
b = "dl/deb/x/libmagics++-data/usr/share/magics/"
g = pyogrio.read_dataframe(b + "10m/ne_10m_land.shp")
g = g[g.geometry.notna()]
# node-centred raster: node lon_i = -180 + i/12 ; cell +-1/24
h = 1 / 12
tr = transform.from_origin(-180 - h / 2, 90 + h / 2, h, h)
land = features.rasterize(((s, 1) for s in g.geometry), out_shape=(2161, 4320), transform=tr, dtype="uint8")
zz = np.roll(z[::-1], 2160, axis=1)  # north-up, -180 first
zl = zz > 0
sel = slice(12 * 25, 12 * 150)  # 65N..60S
best = []
for dy in range(-3, 4):
    for dx in range(-3, 4):
        s = np.roll(np.roll(zl, dy, 0), dx, 1)
        best.append(((s[sel] == land[sel]).mean(), dy, dx))
best.sort(reverse=True)
print(best[:6])
np.save("dl/etopo5_node.npy", np.round(zz).astype("int16"))
np.save("dl/ne10land_node.npy", land)


# sanity checks
def at(lon, lat):
    return int(zz[int(round((90 - lat) * 12)), int(round((lon + 180) * 12)) % 4320])


for n, lo, la in [
    ("Challenger Deep", 142.2, 11.35),
    ("Everest", 86.92, 27.99),
    ("N Atlantic abyss", -40, 25),
    ("Kerguelen plateau", 75, -55),
    ("Caspian", 51, 42),
    ("Hawaii Mauna Loa", -155.6, 19.5),
    ("S Pole", 0, -90),
    ("North Pole", 0, 90),
    ("Ross Ice shelf", -175, -81),
    ("Dogger", 3, 54.5),
    ("Puerto Rico trench", -66.5, 19.8),
]:
    print(n, at(lo, la))
