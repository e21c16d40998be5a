#!/usr/bin/env python3
"""The image of true colour in the fixture of Sentinel-2 (tests/safe_msi.rs), and what OpenJPEG decodes of it.

    pip install pillow rasterio numpy && python3 make_msi.py src/formats/tests/safe

`tci.jp2`: 700 x 620 pixels in tiles of 256, five resolutions, 9-7 wavelet with loss, colours transformed together.
`tci.csv`: halvings,row,col,red,green,blue of random pixels, by GDAL with OpenJPEG.
"""
import pathlib
import sys

import numpy as np
import rasterio
from PIL import Image

out = pathlib.Path(sys.argv[1])
rows, cols = np.mgrid[0:620, 0:700]
red = 128 + 100 * np.sin(rows / 17) * np.cos(cols / 23)
green = 40 + cols / 4
blue = 30 + rows / 4 + 20 * np.sin(cols / 5)
rgb = np.stack([red, green, blue], axis=-1).clip(1, 255).astype("u1")
rgb[:150, :180] = 0  # beyond the swath
Image.fromarray(rgb).save(out / "tci.jp2", tile_size=(256, 256), num_resolutions=5, irreversible=True,
                          quality_mode="rates", quality_layers=[24], mct=1)
rng = np.random.default_rng(7)
lines = ["halvings,row,col,red,green,blue"]
for halvings in range(3):
    options = {"OVERVIEW_LEVEL": halvings - 1} if halvings else {}
    with rasterio.open(out / "tci.jp2", **options) as image:
        pixels = np.moveaxis(image.read(), 0, -1)
    print(pixels.shape)
    for _ in range(150):
        r, c = int(rng.integers(pixels.shape[0])), int(rng.integers(pixels.shape[1]))
        lines.append(",".join(str(int(v)) for v in (halvings, r, c, *pixels[r, c])))
(out / "tci.csv").write_text("\n".join(lines) + "\n")
