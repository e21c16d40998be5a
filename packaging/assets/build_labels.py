#!/usr/bin/env python3
"""labels.tsv.zst : kind<TAB>rank<TAB>lon<TAB>lat<TAB>name, UTF-8, sorted by rank. kinds: ocean sea country capital city station
cities: NE 10m populated_places_simple v2.0.0 (PD; Debian libmagics++-data; DBF is cp1252). countries: names+shapes npm world-atlas 2.0.2 (NE 4.1.0 PD), point = pole of inaccessibility of the largest part.
seas: own hand-written list (facts, no source copied), checked against NE marine polygons (check only)."""

import pyogrio, shapely, numpy as np, json, csv, warnings, zstandard

warnings.filterwarnings("ignore")
D = "dl/"
O = "out/"
SEAS = """0|North Atlantic Ocean|-40|33
0|South Atlantic Ocean|-15|-25
0|North Pacific Ocean|-160|30
0|South Pacific Ocean|-125|-28
0|Indian Ocean|78|-20
0|Arctic Ocean|-160|82
0|Southern Ocean|60|-61
1|Mediterranean Sea|18.5|35
1|Black Sea|34|43.2
1|Caspian Sea|50.5|41.5
1|Red Sea|38.5|20
1|Arabian Sea|64|15
1|Bay of Bengal|88|14
1|South China Sea|114|14
1|Philippine Sea|133|18
1|Sea of Japan|134.5|40
1|Sea of Okhotsk|150|53.5
1|Bering Sea|-178|58
1|Gulf of Alaska|-146|57
1|Gulf of Mexico|-90|25
1|Caribbean Sea|-75|15
1|Labrador Sea|-54|58
1|Baffin Bay|-67|73.5
1|Hudson Bay|-85|59.5
1|Norwegian Sea|4|68
1|Greenland Sea|-5|76
1|Barents Sea|38|74.5
1|Kara Sea|72|76.5
1|Laptev Sea|127|76
1|East Siberian Sea|160|73.5
1|Chukchi Sea|-170|70
1|Beaufort Sea|-138|72.5
1|Weddell Sea|-45|-72
1|Ross Sea|-175|-75
1|Coral Sea|155|-17
1|Tasman Sea|160|-38
1|Gulf of Guinea|4|3
1|Persian Gulf|51.5|27
2|North Sea|3|56
2|Baltic Sea|19.5|57.5
2|Celtic Sea|-8|50
2|Bay of Biscay|-5|45.3
2|English Channel|-1.8|50.1
2|Irish Sea|-5|53.8
2|White Sea|37.5|65.5
2|Gulf of Bothnia|19.5|62
2|Gulf of Finland|26.3|59.8
2|Adriatic Sea|15.8|42.8
2|Aegean Sea|25|38.7
2|Ionian Sea|18.7|38
2|Tyrrhenian Sea|12|40
2|Ligurian Sea|8.8|43.6
2|Alboran Sea|-3.5|36
2|Balearic Sea|2|40.3
2|Levantine Sea|31.5|34
2|Sea of Marmara|28|40.7
2|Sea of Azov|36.6|46.1
2|Gulf of Lion|4|42.8
2|Gulf of Sidra|18.5|31.5
2|Gulf of Gabes|10.7|34.3
2|Gulf of Cadiz|-7.5|36.5
2|Gulf of Aden|48|12.3
2|Gulf of Oman|58.8|24.7
2|Gulf of Suez|33|28.8
2|Gulf of Aqaba|34.7|28.7
2|Laccadive Sea|75|8
2|Andaman Sea|95.5|11
2|Gulf of Thailand|101.3|10
2|Gulf of Tonkin|107.8|19.8
2|Strait of Malacca|99.5|4.3
2|Java Sea|111|-5
2|Banda Sea|127|-5.5
2|Celebes Sea|122|3.5
2|Sulu Sea|120|8.5
2|Flores Sea|120.5|-7.5
2|Molucca Sea|125.5|0.5
2|Ceram Sea|129|-2.3
2|Arafura Sea|134.5|-9
2|Timor Sea|127.5|-11
2|Gulf of Carpentaria|139|-14
2|Great Australian Bight|130|-34
2|Bass Strait|146|-39.7
2|Solomon Sea|153|-8
2|Bismarck Sea|148.5|-4
2|East China Sea|125|29.5
2|Yellow Sea|123.3|36
2|Bohai Sea|119.7|38.8
2|Taiwan Strait|119.5|24.4
2|Luzon Strait|121|20.3
2|Korea Strait|129.3|34.5
2|Gulf of California|-110.5|26.5
2|Gulf of Tehuantepec|-95|15.3
2|Gulf of Panama|-79.3|8.2
2|Gulf of Honduras|-87.5|16.4
2|Bay of Campeche|-94|20
2|Sargasso Sea|-63|29
2|Gulf of St. Lawrence|-62|48.3
2|Gulf of Maine|-68.5|43
2|Bay of Fundy|-66|44.9
2|Davis Strait|-58|66.5
2|Hudson Strait|-70.5|62
2|Foxe Basin|-78.5|67
2|James Bay|-80.5|53.2
2|Irminger Sea|-34|63
2|Denmark Strait|-25|67
2|Iceland Sea|-12|69
2|Fram Strait|0|79
2|Lincoln Sea|-55|83.3
2|Bristol Bay|-159.5|57.5
2|Drake Passage|-63|-59
2|Scotia Sea|-45|-57.5
2|Bellingshausen Sea|-82|-70.5
2|Amundsen Sea|-112|-72.5
2|Davis Sea|92|-65.5
2|Cosmonauts Sea|45|-67
2|Lazarev Sea|8|-68.5
2|Mozambique Channel|40.5|-19
2|Agulhas Bank|21|-35.7
2|Bay of Plenty|177|-37.5
2|Cook Strait|174.5|-41
2|Bight of Benin|2.5|5.5
2|Rio de la Plata|-57|-35.3
2|Strait of Gibraltar|-5.6|35.95
2|Strait of Hormuz|56.4|26.5
2|Bab-el-Mandeb|43.3|12.6
2|Skagerrak|9|57.8
2|Kattegat|11.3|56.8
2|Gulf of Riga|23.5|57.8
2|Solent and Isle of Wight|-1.3|50.75
2|Iroise Sea|-5.1|48.2"""
SEAS = "\n".join(l for l in SEAS.split("\n") if "Solent" not in l)
rows = []
for l in SEAS.split("\n"):
    r, n, x, y = l.split("|")
    rows.append(("ocean" if r == "0" else "sea", int(r), float(x), float(y), n))
# countries
t = json.load(open(D + "npm/x/world-atlas-2.0.2/package/countries-50m.json"))
s = np.array(t["transform"]["scale"])
o = np.array(t["transform"]["translate"])
arcs = [np.cumsum(np.array(x), 0) * s + o for x in t["arcs"]]


def ring(ix):
    L = []
    for i in ix:
        x = arcs[i] if i >= 0 else arcs[~i][::-1]
        L.append(x if not L else x[1:])
    r = np.concatenate(L).copy()
    d = np.diff(r[:, 0])
    r[1:, 0] += -360 * np.cumsum(np.rint(d / 360))
    return r


lr = {}
for row in csv.DictReader(open(D + "npm/x/world-atlas-1.1.4/package/world/50m.tsv", encoding="utf-8"), delimiter="\t"):
    lr.setdefault(row["iso_n3"], int(row["labelrank"]))
nc = 0
from shapely.ops import polylabel

for ge in t["objects"]["countries"]["geometries"]:
    P = ge["arcs"] if ge["type"] == "MultiPolygon" else [ge["arcs"]]
    best = None
    for p in P:
        e = ring(p[0])
        if len(e) < 4:
            continue
        q = shapely.make_valid(shapely.Polygon(e))
        q = max((z for z in shapely.get_parts(q) if z.geom_type == "Polygon"), key=lambda z: z.area, default=None)
        if q is not None:
            a = q.area * np.cos(np.radians(q.centroid.y))
            if best is None or a > best[0]:
                best = (a, q)
    if best is None:
        continue
    n = ge["properties"]["name"]
    if n == "Antarctica":
        pt = shapely.Point(40, -80)
    else:
        c = np.cos(np.radians(best[1].centroid.y))
        q = shapely.transform(best[1], lambda a: a * [c, 1])
        pt = polylabel(q, 0.1)
        pt = shapely.Point(pt.x / c, pt.y)
    x = (pt.x + 180) % 360 - 180
    rows.append(("country", lr.get(str(ge.get("id")), 5), round(x, 2), round(pt.y, 2), n))
    nc += 1
B = D + "deb/x/libmagics++-data/usr/share/magics/10m/ne_10m_populated_places_simple.shp"
g = pyogrio.read_dataframe(B, encoding="cp1252")
for r in g.itertuples():
    k = (
        "capital"
        if r.featurecla in ("Admin-0 capital",)
        else "station" if r.featurecla == "Scientific station" else "city"
    )
    rows.append((k, int(r.scalerank), round(r.geometry.x, 3), round(r.geometry.y, 3), r.name))
rows.sort(key=lambda r: (r[1], r[0], r[4]))
txt = "".join("\t".join(map(str, r)) + "\n" for r in rows)
assert "\ufffd" not in txt
open(O + "labels.tsv.zst", "wb").write(zstandard.ZstdCompressor(level=22).compress(txt.encode()))
small = "".join("\t".join(map(str, r)) + "\n" for r in rows if r[0] in ("ocean", "sea", "country") or r[1] <= 4)
open(O + "labels_small.tsv", "w").write(small)
import collections, os

print(collections.Counter(r[0] for r in rows), len(txt), os.path.getsize(O + "labels.tsv.zst"), "small", len(small))
import sys

if not os.path.exists(D + "git/ne_10m_geography_marine_polys.json"):
    sys.exit(0)  # optional check only, data not used
# check seas vs NE marine polygons
f = json.load(open(D + "git/ne_10m_geography_marine_polys.json"))
from shapely.geometry import shape

mp = [(x["properties"].get("name") or "", shape(x["geometry"]).buffer(0)) for x in f["features"]]
land = None
for r in rows:
    if r[0] in ("ocean", "sea"):
        hit = [n for n, p in mp if p.covers(shapely.Point(r[2], r[3]))]
        if not hit or not any(
            h.lower().replace("  ", " ")[:6] in r[4].lower() or r[4].lower()[:6] in h.lower() for h in hit
        ):
            print("  check", r[4], r[2], r[3], "->", hit)
