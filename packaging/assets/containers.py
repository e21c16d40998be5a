"""Writes the repository's asset files, all in standard formats, from the compact containers of the build_*.py scripts.

Usage: python packaging/assets/containers.py CONTAINERS_DIR [ASSETS_DIR]
Needs: numpy, zstandard, Pillow.

  ne_<scale>_<theme>.skv1.zst    -> coastlines/<theme>_<scale>.topojson.zst   (TopoJSON, quantised, zstd)
  etopo5_15min_pixel.skg1.zst    -> basemap/etopo5_15min.png                  (16-bit grey PNG: metres + 12000)
  base_relief_4096.webp          -> basemap/relief/*.webp                     (tiles, see cut_relief.py)
  base_dark_4096.webp            -> basemap/dark.webp
  colormaps/*.rgb, cmaps.json    -> colormaps/
  labels.tsv.zst                 -> labels/labels.tsv.zst
"""

import json
import shutil
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import zstandard

import cut_relief

ELEVATION_OFFSET_M = 12000


def unpack(path):
    return zstandard.ZstdDecompressor().decompressobj().decompress(path.read_bytes())


def varints(data):
    """Decodes a run of little-endian base-128 numbers."""
    out, value, shift = [], 0, 0
    for byte in data:
        value |= (byte & 127) << shift
        if byte < 128:
            out.append(value)
            value, shift = 0, 0
        else:
            shift += 7
    return np.array(out, np.int64)


def read_skv1(path):
    """Features of one vector container: `(polygon, unit_deg, [(rank, [ring of integer points])])`."""
    raw = unpack(path)
    assert raw[:4] == b"SKV1"
    kind, digits = raw[4], raw[5]
    features, rings, points, counts_len = struct.unpack_from("<IIII", raw, 8)
    counts = varints(raw[24 : 24 + counts_len])
    zigzag = varints(raw[24 + counts_len :])
    deltas = ((zigzag >> 1) ^ -(zigzag & 1)).reshape(-1, 2)
    xy = np.cumsum(deltas, 0)
    assert len(xy) == points
    heads = counts[: 2 * features].reshape(-1, 2)
    lengths = counts[2 * features :]
    assert len(lengths) == rings
    parts = np.split(xy, np.cumsum(lengths)[:-1])
    out, k = [], 0
    for rank, n in heads:
        out.append((int(rank), parts[k : k + n]))
        k += n
    return kind == 1, 10.0**-digits, out


def topojson(name, polygon, unit, features):
    """One topology with one object; every ring or line is an arc of its own, delta-coded as the format asks."""
    arcs, geometries = [], []
    for rank, rings in features:
        ids = []
        for ring in rings:
            closed = np.vstack([ring, ring[:1]]) if polygon else ring
            ids.append(len(arcs))
            arcs.append(np.diff(np.vstack([[0, 0], closed]), axis=0).tolist())
        kind = "Polygon" if polygon else "LineString" if len(ids) == 1 else "MultiLineString"
        own = [[i] for i in ids] if kind != "LineString" else ids
        geometries.append({"type": kind, "properties": {"rank": rank}, "arcs": own})
    return {
        "type": "Topology",
        "transform": {"scale": [unit, unit], "translate": [0, 0]},
        "objects": {name: {"type": "GeometryCollection", "geometries": geometries}},
        "arcs": arcs,
    }


def zstd(data):
    return zstandard.ZstdCompressor(level=22, write_content_size=True).compress(data)


def read_skg1(path):
    """Elevation in metres, rows north to south, columns west to east, cell centres."""
    raw = unpack(path)
    assert raw[:4] == b"SKG1"
    width, height = struct.unpack_from("<II", raw, 4)
    step = struct.unpack_from("<h", raw, 44)[0]
    n = width * height
    low = np.frombuffer(raw, np.uint8, n, 48).astype(np.int32)
    high = np.frombuffer(raw, np.uint8, n, 48 + n).astype(np.int32)
    zigzag = low | (high << 8)
    second = ((zigzag >> 1) ^ -(zigzag & 1)).reshape(height, width)
    return np.cumsum(np.cumsum(second, 0), 1) * step


def png16(values):
    """A 16-bit grey PNG; each row takes the filter with the smallest sum of absolute residuals."""
    height, width = values.shape
    rows = np.ascontiguousarray(values.astype(">u2")).view(np.uint8).reshape(height, width * 2).astype(np.int16)
    out, above = bytearray(), np.zeros(width * 2, np.int16)
    for row in rows:
        left = np.concatenate([np.zeros(2, np.int16), row[:-2]])
        corner = np.concatenate([np.zeros(2, np.int16), above[:-2]])
        guess = left + above - corner
        da, db, dc = abs(guess - left), abs(guess - above), abs(guess - corner)
        paeth = np.where((da <= db) & (da <= dc), left, np.where(db <= dc, above, corner))
        filters = [row, row - left, row - above, row - (left + above) // 2, row - paeth]
        filters = [f.astype(np.uint8) for f in filters]
        best = min(range(5), key=lambda k: int(np.abs(filters[k].view(np.int8).astype(np.int32)).sum()))
        out.append(best)
        out += filters[best].tobytes()
        above = row

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 16, 0, 0, 0, 0)
    packed = min(zlib.compress(bytes(out), 9), deflate(bytes(out)), key=len)
    note = f"Comment\0ETOPO5 block means, metres = value - {ELEVATION_OFFSET_M}".encode()
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [chunk(b"IHDR", header), chunk(b"tEXt", note), chunk(b"IDAT", packed), chunk(b"IEND", b"")]
    )


def deflate(data):
    """zlib with the filtered strategy, which suits PNG residuals."""
    c = zlib.compressobj(9, zlib.DEFLATED, 15, 9, zlib.Z_FILTERED)
    return c.compress(data) + c.flush()


def main():
    source = Path(sys.argv[1])
    assets = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parents[2] / "assets"
    for path in sorted(source.glob("ne_*.skv1.zst")):
        _, scale, theme = path.name.split(".")[0].split("_")
        if theme == "rivers":  # nothing draws them
            continue
        polygon, unit, features = read_skv1(path)
        text = json.dumps(topojson(theme, polygon, unit, features), separators=(",", ":"))
        packed = zstd(text.encode())
        out = assets / "coastlines" / f"{theme}_{scale}.topojson.zst"
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(packed)
        print(
            f"{out.name:32} {len(packed):8} bytes, {len(packed) / path.stat().st_size:.2f} of the container, json {len(text)}"
        )
    grid = source / "etopo5_15min_pixel.skg1.zst"
    elevation = read_skg1(grid)
    png = png16(elevation + ELEVATION_OFFSET_M)
    (assets / "basemap").mkdir(parents=True, exist_ok=True)
    (assets / "basemap" / "etopo5_15min.png").write_bytes(png)
    print(
        f"etopo5_15min.png {elevation.shape} {elevation.min()}..{elevation.max()} m, {len(png)} bytes, {len(png) / grid.stat().st_size:.2f}"
    )
    cut_relief.main(source / "base_relief_4096.webp", assets / "basemap" / "relief")
    shutil.copyfile(source / "base_dark_4096.webp", assets / "basemap" / "dark.webp")
    (assets / "labels").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source / "labels.tsv.zst", assets / "labels" / "labels.tsv.zst")
    (assets / "colormaps").mkdir(parents=True, exist_ok=True)
    for path in sorted((source / "colormaps").glob("*.rgb")):
        shutil.copyfile(path, assets / "colormaps" / path.name)
    index = json.loads((source / "cmaps.json").read_text())
    lines = ",\n".join("  " + json.dumps(entry) for entry in index)
    (assets / "colormaps" / "cmaps.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
