#!/usr/bin/env python3
"""Natural Earth (public domain) vectors -> SKV1, the compact container that containers.py turns into TopoJSON.
Sources: Debian libmagics++-data 4.13.0-1 (NE shapefiles v2.0-3.0.1, planar, cut at +-180/-90, lakes recovered from ne_*_ocean.shp).
SKV1 (inside zstd): b'SKV1' | u8 kind(1 polygon,2 line) | u8 q (coordinate unit = 10^-q degree) | u16 0 | u32 nfeat | u32 nrings | u32 npts | u32 len_counts | counts | coords
 counts: per feature varint rank, varint nrings ; then per ring varint npts (closing point dropped)
 coords: zigzag varint delta lon stream then delta lat stream interleaved per point; running value continues across rings.
 polygon rings: first = exterior (CCW), rest = holes. Edges lying on |lon|=180 or lat=-90 are cuts, not coast."""

import pyogrio, shapely, numpy as np, warnings, struct, zstandard, json, os, gzip, io

warnings.filterwarnings("ignore")
B = "dl/deb/x/libmagics++-data/usr/share/magics/"
O = "out/"
Z = lambda b: zstandard.ZstdCompressor(level=22).compress(b)


def varint(a):
    out = bytearray()
    for v in a:
        v = int(v)
        while v >= 128:
            out.append((v & 127) | 128)
            v >>= 7
        out.append(v)
    return bytes(out)


zz = lambda d: np.where(d >= 0, d * 2, -d * 2 - 1)


def skv(feats, kind, q):
    """feats: list of (rank,[ring arrays]) in degrees"""
    s = 10**q
    c1 = []
    c2 = []
    D = []
    prev = np.zeros(2, np.int64)
    npts = 0
    nr = 0
    nf = 0
    for rank, rings in feats:
        R = []
        for r in rings:
            k = np.rint(np.asarray(r) * s).astype(np.int64)
            keep = np.ones(len(k), bool)
            keep[1:] = (np.diff(k, axis=0) != 0).any(1)
            k = k[keep]
            if kind == 1:
                if len(k) > 1 and (k[0] == k[-1]).all():
                    k = k[:-1]
                if len(k) < 3:
                    if not R:
                        break
                    continue
            elif len(k) < 2:
                continue
            R.append(k)
        if not R:
            continue
        nf += 1
        c1 += [max(int(rank), 0), len(R)]
        for k in R:
            c2.append(len(k))
            d = np.diff(np.vstack([prev, k]), axis=0)
            D.append(d)
            prev = k[-1]
            npts += len(k)
            nr += 1
    d = zz(np.concatenate(D))
    cnt = varint(c1) + varint(c2)
    co = varint(d.ravel())
    return b"SKV1" + struct.pack("<BBHIIII", kind, q, 0, nf, nr, npts, len(cnt)) + cnt + co, (nf, nr, npts)


def polys(geoms, ranks):
    out = []
    for g, r in zip(geoms, ranks):
        for p in shapely.get_parts(g):
            if p.geom_type != "Polygon" or p.is_empty:
                continue
            p = shapely.geometry.polygon.orient(p, 1.0)
            out.append((r, [np.asarray(p.exterior.coords)[:, :2]] + [np.asarray(i.coords)[:, :2] for i in p.interiors]))
    return out


def sortz(feats):  # spatial sort for compression + culling
    def key(f):
        m = f[1][0].mean(0)
        x = int((m[0] + 180) / 360 * 1023)
        y = int((m[1] + 90) / 180 * 1023)
        k = 0
        for b in range(10):
            k |= ((x >> b) & 1) << (2 * b) | ((y >> b) & 1) << (2 * b + 1)
        return k

    return sorted(feats, key=key)


rows = []


def emit(name, feats, kind, q):
    raw, st = skv(sortz(feats), kind, q)
    c = Z(raw)
    open(O + name, "wb").write(c)
    rows.append((name, *st, len(raw), len(c)))
    print(f"{name:36s} feat {st[0]:6d} rings {st[1]:6d} pts {st[2]:7d} raw {len(raw):8d} zst {len(c):8d}")


def rd(f):
    g = pyogrio.read_dataframe(B + f)
    return g[g.geometry.notna()]


import geopandas as gpd

for res, q, tol in (("110m", 3, 0), ("50m", 3, 0), ("10m", 3, 0.001)):
    g = rd(f"{res}/ne_{res}_land.shp")
    u = shapely.union_all(shapely.make_valid(shapely.get_parts(g.geometry.values)))
    # ECMWF's copy has NE lakes punched out of land: refill every hole except the Caspian (sea in NE)
    full = []
    for p in shapely.get_parts(u):
        if p.geom_type != "Polygon":
            continue
        keep = [
            i
            for i in p.interiors
            if shapely.Polygon(i).area > 30 and shapely.Polygon(i).contains(shapely.Point(50.5, 41.9))
        ]
        full.append(shapely.Polygon(p.exterior, keep))
    u = shapely.union_all(full)
    if tol:
        u = shapely.simplify(u, tol)
    parts = [p for p in shapely.get_parts(u) if p.geom_type == "Polygon"]
    area = np.array([p.area for p in parts])
    lat = np.array([p.representative_point().y for p in parts])
    km2 = area * 12364 * np.cos(np.radians(np.clip(lat, -85, 85)))
    rank = np.clip(np.floor(6 - np.log10(np.maximum(km2, 1e-2))), 0, 8).astype(int)  # 0 continents .. 8 islets
    emit(f"ne_{res}_land.skv1.zst", polys(parts, rank), 1, q)
    lk = rd(f"{res}/ne_{res}_ocean.shp")
    lk = lk[lk["featurec_2"].notna()]
    sr = lk.get("scaleran_2")
    sr = sr if sr is not None else lk["scalerank"]
    emit(f"ne_{res}_lakes.skv1.zst", polys(lk.geometry.values, np.nan_to_num(np.asarray(sr, float))), 1, 3)
    b = rd(f"{res}/ne_{res}_admin_0_boundary_lines_land.shp")
    b = gpd.GeoDataFrame({"r": np.nan_to_num(np.asarray(b["scalerank"], float))}, geometry=b.geometry.values)
    L = []
    for r, grp in b.groupby("r"):
        m = shapely.line_merge(shapely.union_all(grp.geometry.values))
        m = shapely.simplify(m, tol) if tol else m
        L += [(r, [np.asarray(l.coords)[:, :2]]) for l in shapely.get_parts(m)]
    emit(f"ne_{res}_borders.skv1.zst", L, 2, 3)
