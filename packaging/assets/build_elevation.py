#!/usr/bin/env python3
"""ETOPO5 (NOAA/NGDC 1988, US-Gov public domain) -> compact int16 grids.
Source: Debian package ferret-datasets 7.6.0-5, usr/share/ferret-vis/data/etopo5.cdf, var ROSE.
SKG1 container (after zstd): b'SKG1' | u32 ncols | u32 nrows | f64 lon0 | f64 lat0 | f64 dlon | f64 dlat
 | i16 metres-per-count q | u8 registration(0=node,1=pixel centre; lon0/lat0 = first sample) | u8 coding(1)
 then low-byte plane, high-byte plane of zigzag(z-(W+N-NW)), zero border, i.e. decode = 2-D prefix sum;
 rows north->south, cols west->east."""

import numpy as np, netCDF4, struct, zstandard, sys, io

S = "dl/deb/x/ferret-datasets/usr/share/ferret-vis/data/etopo5.cdf"
O = "out/"
z = np.asarray(netCDF4.Dataset(S)["ROSE"][:])
assert z.shape == (2161, 4320) and (z == np.round(z)).all()
z = np.roll(z[::-1], 2160, axis=1).astype(np.int16)  # row0=90N, col0=-180


def decode(b, h, w):
    n = h * w
    lo = np.frombuffer(b[:n], np.uint8).astype(np.int32)
    hi = np.frombuffer(b[n:], np.uint8).astype(np.int32)
    zz = lo | (hi << 8)
    s = (zz >> 1) ^ -(zz & 1)
    s = s.reshape(h, w)
    return np.cumsum(np.cumsum(s, 0), 1).astype(np.int16)


def enc2(a):
    a = a.astype(np.int32)
    q = np.pad(a, ((1, 0), (1, 0)))
    s = q[1:, 1:] - q[1:, :-1] - q[:-1, 1:] + q[:-1, :-1]
    assert np.abs(s).max() < 32768
    zz = (((s << 1) ^ (s >> 31)) & 0xFFFF).astype(np.uint16)
    return (zz & 255).astype(np.uint8).tobytes() + (zz >> 8).astype(np.uint8).tobytes()


def write(name, a, lon0, lat0, d, reg, level=22, q=1):
    a0 = a
    a = np.rint(a / q).astype(np.int16)
    h, w = a.shape
    body = enc2(a)
    assert (decode(body, h, w) == a).all()
    raw = b"SKG1" + struct.pack("<IIddddhBB", w, h, lon0, lat0, d, -d, q, reg, 1) + body
    c = zstandard.ZstdCompressor(level=level, write_content_size=True).compress(raw)
    open(O + name, "wb").write(c)
    plain = len(zstandard.ZstdCompressor(level=19).compress(a.astype("<i2").tobytes()))
    print(f"{name:38s} {w}x{h} raw {a.nbytes} -> {len(c)} (plain zstd-19 {plain}) range {a.min()}..{a.max()}")




def box(z, k):  # node grid -> pixel-centred average over k node-cells, edge half weights when k odd
    f = z.astype(np.float64)
    ker = np.array([0.5] + [1] * (k - 1) + [0.5]) / k  # k cells = k-1 whole node cells + two halves
    n = k + 1
    rows = np.stack([sum(ker[j] * f[i * k + j] for j in range(n)) for i in range(2160 // k)])
    cols = np.stack([sum(ker[j] * rows[:, (i * k + j) % 4320] for j in range(n)) for i in range(4320 // k)], 1)
    return np.rint(cols).astype(np.int16)


write("etopo5_15min_pixel.skg1.zst", box(z, 3), -180 + 3 / 24, 90 - 3 / 24, 3 / 12, 1)
