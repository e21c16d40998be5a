"""A reader of Seaglass in Python, for a format made up for this example; needs nothing but Python 3.8.

A .seagrid file is a text: a header, then the values row by row from the first latitude on, `-` where there is none.

    SEAGRID 1
    time 2024-07-01T12:00:00
    lon -10 0.5 21              first centre, step in degrees, number
    lat 40 0.25 17
    field sst kelvin Sea surface temperature
    290.1 290.2 - 290.4 ...

Seaglass asks on standard input, one thing after the other, and is answered on standard output. A frame is the length of
a header (32 bits) and of a payload (64 bits), little-endian, the header (JSON) and the payload. What may be asked and
answered is in src/core/protocol.rs; messages for the log go to standard error.
"""

import datetime
import json
import math
import struct
import sys

FILES = {}


def load(path):
    """Header and values of a file. A ValueError is told to the user: say what is wrong, and where."""
    if path not in FILES:
        with open(path, encoding="utf-8") as lines:
            if next(lines, "").split() != ["SEAGRID", "1"]:
                raise ValueError("The first line is not \"SEAGRID 1\".")
            head = dict(next(lines, "").strip().partition(" ")[::2] for _ in range(4))
            for key in ("time", "lon", "lat", "field"):
                if key not in head:
                    raise ValueError(f"The header has no line \"{key}\".")
            table = [line.split() for line in lines if line.strip()]
            rows = [[math.nan if word == "-" else float(word) for word in words] for words in table]
        axes = {key: [float(word) for word in head[key].split()] for key in ("lat", "lon")}
        n_rows, n_cols = int(axes["lat"][2]), int(axes["lon"][2])
        if len(rows) != n_rows or any(len(row) != n_cols for row in rows):
            raise ValueError(f"The values are not {n_rows} rows of {n_cols}.")
        time = datetime.datetime.fromisoformat(head["time"]).replace(tzinfo=datetime.timezone.utc)
        name, units, title = head["field"].split(" ", 2)
        field = {"name": name, "variable": name, "units": units, "long_name": title}
        us = round(time.timestamp() * 1e6)  # microseconds since 1970
        FILES[path] = {"axes": axes, "shape": [n_rows, n_cols], "us": us, "field": field, "rows": rows}
    return FILES[path]


def opened(ask, file):
    edges = {k: sorted((a[0] - a[1] / 2, a[0] + a[1] * (a[2] - 0.5))) for k, a in file["axes"].items()}
    (west, east), (south, north) = edges["lon"], edges["lat"]
    bounds = {"west": west, "south": south, "east": east, "north": north}
    part = {"name": "", "geometry": "grid", "shape": file["shape"], "bounds": bounds, "fields": [file["field"]]}
    part["span"] = {"start": file["us"], "stop": file["us"]}
    info = {"product": None, "title": file["field"]["long_name"], "format": "SEAGRID", "parts": [part]}
    return {"answer": "opened", "info": info}


def geolocation(ask, file):
    axes = {k: {"axis": "regular", "first": a[0], "step": a[1], "len": int(a[2])} for k, a in file["axes"].items()}
    wire = {"kind": "grid", "y": axes["lat"], "x": axes["lon"], "crs": {"crs": "lon_lat"}}
    return {"answer": "geolocation", "wire": wire}


def line(first, count, stride, n, apron):
    """Indices along one axis: every `stride`-th, none beyond the last; one more on either side with an apron."""
    inner = [min(first + k * stride, n - 1) for k in range(count)]
    if apron == "none":
        return inner
    before, after, around = first - stride, first + count * stride, apron == "wrap"
    return [before % n if around or before >= 0 else None] + inner + [after % n if around or after < n else None]


def values(ask, file):
    window, apron, (n_rows, n_cols) = ask["window"], ask["apron"], file["shape"]
    rows = line(window["row"], window["rows"], window["stride"], n_rows, "edge" if apron == "wrap" else apron)
    cols = line(window["col"], window["cols"], window["stride"], n_cols, apron)
    cells = [math.nan if r is None or c is None else file["rows"][r][c] for r in rows for c in cols]
    return {"answer": "values", "window": window, "apron": apron}, struct.pack(f"<{len(cells)}f", *cells)


def stats(ask, file):
    good = sorted(v for row in file["rows"] for v in row if not math.isnan(v))
    if not good:
        return {"answer": "stats", "stats": None}
    n, mean = len(good), sum(good) / len(good)
    found = {"count": n, "missing": file["shape"][0] * file["shape"][1] - n, "min": good[0], "max": good[-1]}
    found["mean"], found["sd"] = mean, math.sqrt(sum((v - mean) ** 2 for v in good) / n)
    found["p02_p98"] = [good[round((n - 1) * q)] for q in (0.02, 0.98)]
    return {"answer": "stats", "stats": found}


def probed(ask, file):
    row, col, value = ask["row"], ask["col"], file["rows"][ask["row"]][ask["col"]]
    (south, dlat, _), (west, dlon, _) = file["axes"]["lat"], file["axes"]["lon"]
    place = {"lon_deg": west + col * dlon, "lat_deg": south + row * dlat}
    found = {"field": file["field"]["name"], "units": file["field"]["units"]}
    found["value"] = None if math.isnan(value) else value
    cell = {"row": row, "col": col, "position": place, "time": file["us"], "values": [found]}
    return {"answer": "probed", "cell": cell}


ANSWERS = {"open": opened, "geolocation": geolocation, "read": values, "stats": stats, "probe": probed}


def answer(ask):
    kind = ask["request"]
    if kind == "hello":
        return {"answer": "hello", "version": 1, "name": "seagrid_reader 1"}
    if kind in ANSWERS:
        try:
            return ANSWERS[kind](ask, load(ask["source"]["path"]))
        except (OSError, ValueError) as error:
            return {"answer": "failed", "error": {"kind": "damaged", "message": str(error)}}
    if kind in ("ping", "close"):
        FILES.pop(ask.get("path"), None)
        return {"answer": "done"}
    return {"answer": "failed", "error": {"kind": "bad_request", "message": "SEAGRID files are not read as tables."}}


if __name__ == "__main__":
    while head := sys.stdin.buffer.read(12):
        header, payload = struct.unpack("<IQ", head)
        ask = json.loads(sys.stdin.buffer.read(header))
        sys.stdin.buffer.read(payload)
        reply = answer(ask)
        reply, payload = reply if isinstance(reply, tuple) else (reply, b"")
        text = json.dumps({"id": ask["id"], **reply}).encode()
        sys.stdout.buffer.write(struct.pack("<IQ", len(text), len(payload)) + text + payload)
        sys.stdout.buffer.flush()
