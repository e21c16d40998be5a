"""What a user would otherwise write: python peers.py scipy|pykdtree TASK FOLDER. Prints one JSON line.

scipy      cKDTree in three dimensions on slabs of time, `sparse_distance_matrix`, exact test of time after (A, A20, D)
pykdtree   a tree for each pass, nearest pixel within the radius, test of time after (B, C2)
"""

import json
import os
import resource
import sys

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np

R = 6371008.7714
HOUR = 3_600_000_000
POINTS = {
    "A": ("track1hz_30d", "drifters_30d", 25e3, HOUR),
    "A20": ("track20hz_1d", "drifters_30d", 25e3, HOUR),
    "D": ("ascat_1d", "s1owi_1d", 12.5e3, 3 * HOUR),
}


def cpu_s():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def load(folder, name, *columns):
    return [np.load(f"{folder}/{name}.{c}.npy") for c in columns]


def unit(lat, lon):
    la, lo = np.radians(lat / 1e6), np.radians(lon / 1e6)
    c = np.cos(la)
    return np.c_[c * np.cos(lo), c * np.sin(lo), np.sin(la)]


def chord(radius):
    return 2 * np.sin(radius / (2 * R))


def sum64(i, j):
    with np.errstate(over="ignore"):
        z = (i.astype(np.uint64) << np.uint64(32) | j.astype(np.uint64)) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return f"{int((z ^ (z >> np.uint64(31))).sum(dtype=np.uint64)):016x}"


def slabs(p, q, radius, window):
    from scipy.spatial import cKDTree

    (pt, pla, plo), (qt, qla, qlo) = p, q
    a, b = unit(pla, plo), unit(qla, qlo)
    op, oq = np.argsort(pt, kind="stable"), np.argsort(qt, kind="stable")
    ps, qs = pt[op], qt[oq]
    found = []
    for start in range(int(ps[0]), int(ps[-1]) + 1, 2 * window):
        near_p = op[np.searchsorted(ps, start) : np.searchsorted(ps, start + 2 * window)]
        near_q = oq[np.searchsorted(qs, start - window) : np.searchsorted(qs, start + 3 * window, side="right")]
        if len(near_p) and len(near_q):
            m = cKDTree(a[near_p]).sparse_distance_matrix(cKDTree(b[near_q]), chord(radius), output_type="ndarray")
            i, j = near_p[m["i"]], near_q[m["j"]]
            keep = np.abs(pt[i] - qt[j]) <= window
            found.append((i[keep], j[keep]))
    return (np.concatenate(part) for part in zip(*found))


def nearest(tree_rows, tree_xyz, rows, xyz, radius):
    """Rows of the nearest within the radius, and their distance as a chord; ties go where the tree finds them."""
    from pykdtree.kdtree import KDTree

    d, k = KDTree(tree_xyz).query(xyz, k=1, distance_upper_bound=chord(radius) * (1 + 1e-12))
    keep = d <= chord(radius)
    return rows[keep], tree_rows[k[keep]], d[keep]


def passes(folder, task):
    lat, lon, time, valid = load(folder, "swot_1d", "lat", "lon", "time", "valid")
    size, pixels = lat[0].size, lat.shape[2]
    if task == "B":
        qt, qla, qlo = load(folder, "drifters_30d", "time", "lat", "lon")
        before = cpu_s()
        best = {}
        for k in range(len(lat)):
            cells = np.flatnonzero(valid[k].ravel())
            near = np.flatnonzero((qt >= time[k, 0] - HOUR // 2) & (qt <= time[k, -1] + HOUR // 2))
            if len(cells) == 0 or len(near) == 0:
                continue
            i, c, d = nearest(cells, unit(lat[k].ravel()[cells], lon[k].ravel()[cells]), near, unit(qla[near], qlo[near]), 5e3)
            for i, c, d in zip(i, c, d):
                if abs(int(qt[i]) - int(time[k, c // pixels])) <= HOUR // 2:
                    best[i] = min(best.get(i, (9, 0)), (d, k * size + c))
        i = np.array(sorted(best), np.int64)
        return before, i, np.array([best[k][1] for k in i], np.int64)
    before = cpu_s()
    flat = lambda k: k * size + np.flatnonzero(valid[k].ravel())
    up = np.concatenate([flat(k) for k in range(0, len(lat), 2)])
    xyz = unit(lat.ravel()[up], lon.ravel()[up])
    best, row = np.full(len(up), 9.0), np.full(len(up), -1, np.int64)
    place = np.arange(len(up))
    for k in range(1, len(lat), 2):
        down = flat(k)
        if len(down):
            i, j, d = nearest(down, unit(lat.ravel()[down], lon.ravel()[down]), place, xyz, 2e3)
            closer = d < best[i]
            best[i[closer]], row[i[closer]] = d[closer], j[closer]
    keep = row >= 0
    return before, up[keep], row[keep]


def main():
    method, task, folder = sys.argv[1:4]
    if method == "scipy":
        p, q, radius, window = POINTS[task]
        p, q = load(folder, p, "time", "lat", "lon"), load(folder, q, "time", "lat", "lon")
        from scipy.spatial import cKDTree  # noqa: F401  not a part of what is measured

        before = cpu_s()
        i, j = slabs(p, q, radius, window)
    else:
        import pykdtree.kdtree  # noqa: F401

        before, i, j = passes(folder, task)
    used = cpu_s() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(dict(cpu_s=used, peak_mb=peak, pairs=len(i), sum64=sum64(i, j))))


main()
