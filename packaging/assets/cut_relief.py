#!/usr/bin/env python3
"""Cuts the relief (4096 x 2048, from build_images.py) into the tiles the program embeds: python cut_relief.py PICTURE FOLDER.

  0-ROW-COL.webp    8 x 4 tiles of 512 x 512 pixels at full size
  1-ROW-COL.webp    4 x 2 tiles of the picture at half size, for views from afar

A view decodes only the tiles it shows. Levels below are made by the program.
"""

import sys
from pathlib import Path

from PIL import Image

SIDE = 512


def main(picture, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    full = Image.open(picture).convert("RGB")
    half = full.resize((full.width // 2, full.height // 2), Image.Resampling.BOX)
    for level, image in enumerate([full, half]):
        for row in range(image.height // SIDE):
            for col in range(image.width // SIDE):
                box = (col * SIDE, row * SIDE, (col + 1) * SIDE, (row + 1) * SIDE)
                image.crop(box).save(folder / f"{level}-{row}-{col}.webp", "WEBP", quality=88, method=6)


if __name__ == "__main__":
    main(*sys.argv[1:])
