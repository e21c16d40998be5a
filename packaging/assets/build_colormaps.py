#!/usr/bin/env python3
"""Colour maps of cmocean, cmcrameri and matplotlib, and our own: out/colormaps/*.rgb (`r g b` a line) and out/cmaps.json."""

import numpy as np, os, json, zstandard, matplotlib, glob, struct
from matplotlib import colormaps as mc

P = "dl/pypi/x/"
O = "out/"
os.makedirs(O + "colormaps", exist_ok=True)
for f in glob.glob(O + "colormaps/*"):
    os.remove(f)
L = []


def add(name, rgb, group, lic, kind):
    rgb = np.asarray(rgb, float)
    if len(rgb) != 256:
        x = np.linspace(0, 1, len(rgb))
        rgb = np.stack([np.interp(np.linspace(0, 1, 256), x, rgb[:, i]) for i in range(3)], 1)
    L.append((name, np.clip(np.rint(rgb * 255), 0, 255).astype(np.uint8), group, lic, kind))


DIV = {"balance", "curl", "delta", "diff", "tarn", "topo"}
for f in sorted(glob.glob(P + "cmocean/cmocean/rgb/*-rgb.txt")):
    n = os.path.basename(f)[:-8]
    add(
        "cmocean_" + n,
        np.loadtxt(f),
        "cmocean",
        "MIT (c) 2015 Kristen M. Thyng",
        "cyclic" if n == "phase" else "diverging" if n in DIV else "sequential",
    )
for f in sorted(glob.glob(P + "cmcrameri/cmcrameri/cmaps/*.txt")):
    n = os.path.basename(f)[:-4]
    if n.endswith("S"):
        continue  # categorical shuffles
    k = (
        "cyclic"
        if n.endswith("O")
        else (
            "diverging"
            if n in {"broc", "cork", "vik", "lisbon", "tofino", "berlin", "roma", "bam", "vanimo", "managua"}
            else "multi-sequential" if n in {"oleron", "bukavu", "fes"} else "sequential"
        )
    )
    add("crameri_" + n, np.loadtxt(f), "crameri", "MIT (c) 2020 Fabio Crameri (cmcrameri 1.10)", k)
for n in ("viridis", "plasma", "inferno", "magma"):
    add(n, mc[n](np.linspace(0, 1, 256))[:, :3], "mpl", "CC0-1.0 (BIDS/colormap)", "sequential")
add(
    "cividis",
    mc["cividis"](np.linspace(0, 1, 256))[:, :3],
    "mpl",
    "as shipped in matplotlib (PSF-style); CC0 per authors to be confirmed",
    "sequential",
)
add("twilight", mc["twilight"](np.linspace(0, 1, 256))[:, :3], "mpl", "CC0-1.0 (bastibe/twilight)", "cyclic")
add("turbo", mc["turbo"](np.linspace(0, 1, 256))[:, :3], "google", "Apache-2.0 (Google, A. Mikhailov)", "rainbow")
# formula maps, own code (no copyright in the ramps)
t = np.linspace(0, 1, 256)
tri = lambda c: np.clip(1.5 - np.abs(4 * t - c), 0, 1)
add("jet", np.stack([tri(3), tri(2), tri(1)], 1), "classic", "own formula", "rainbow")
add("grayscale", np.stack([t] * 3, 1), "classic", "own formula", "sequential")


def stops(s):
    s = np.array(s, float)
    return np.stack([np.interp(t, s[:, 0], s[:, i]) / 255 for i in (1, 2, 3)], 1)


add(
    "hot",
    np.stack([np.clip(t / 0.365, 0, 1), np.clip((t - 0.365) / 0.381, 0, 1), np.clip((t - 0.746) / 0.254, 0, 1)], 1),
    "classic",
    "own formula",
    "sequential",
)
add(
    "hsv",
    np.stack([np.clip(np.abs(((t * 6 + o) % 6) - 3) - 1, 0, 1) for o in (0, 4, 2)], 1),
    "classic",
    "own formula",
    "cyclic",
)
# own design in the spirit of the European SST palettes: white-violet-blue-cyan-green-yellow-orange-red-dark red
add(
    "sst_classic",
    stops(
        [
            (0, 250, 245, 255),
            (0.08, 205, 150, 235),
            (0.16, 120, 40, 190),
            (0.25, 40, 20, 170),
            (0.34, 20, 80, 230),
            (0.44, 0, 180, 240),
            (0.52, 20, 210, 150),
            (0.60, 70, 200, 40),
            (0.70, 235, 235, 30),
            (0.80, 255, 160, 0),
            (0.90, 230, 40, 10),
            (1, 80, 0, 0),
        ]
    ),
    "classic",
    "own",
    "rainbow",
)
add(
    "wind_classic",
    stops(
        [
            (0, 30, 60, 160),
            (0.2, 40, 150, 220),
            (0.4, 80, 205, 120),
            (0.6, 245, 230, 80),
            (0.8, 235, 100, 40),
            (1, 150, 20, 90),
        ]
    ),
    "classic",
    "own",
    "sequential",
)
add("sar_gray", np.stack([np.sqrt(t)] * 3, 1), "classic", "own formula", "sequential")
add(
    "blue_white_red",
    stops([(0, 0, 20, 130), (0.25, 70, 120, 230), (0.5, 255, 255, 255), (0.75, 230, 90, 70), (1, 120, 0, 10)]),
    "classic",
    "own",
    "diverging",
)
add(
    "bathymetry",
    stops([(0, 8, 20, 52), (0.3, 16, 52, 104), (0.6, 38, 104, 158), (0.85, 96, 168, 206), (1, 170, 215, 230)]),
    "classic",
    "own",
    "sequential",
)
json.dump([dict(name=x[0], group=x[2], licence=x[3], kind=x[4]) for x in L], open(O + "cmaps.json", "w"), indent=0)
for x in L:
    open(O + f"colormaps/{x[0]}.rgb", "w").write("".join("%d %d %d\n" % tuple(r) for r in x[1]))
assert (
    np.abs(
        np.array(L[[y[0] for y in L].index("jet")][1], int) - np.rint(mc["jet"](np.linspace(0, 1, 256))[:, :3] * 255)
    ).max()
    < 40
)
