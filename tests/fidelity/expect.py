#!/usr/bin/env python3
"""What netCDF4-python gives for random cells of real granules: the expectations of tests/fidelity.rs.

    python3 tests/fidelity/expect.py ../shared/granules tests/fidelity/expected

Independent of Seaglass: only netCDF4 (its automatic masking and scaling), numpy and, for the projected grid, pyproj.
Needs: pip install netCDF4 numpy pyproj. One CSV a granule:
    field,step,row,col,precision,value,lon,lat,time_us
`value` is empty where netCDF4 masks the cell, `precision` is f32 where it computes in single precision; `lon` and
`lat` are empty where the file has no position, `time_us` (microseconds since 1970) where it has no time for the cell.
Where the file tells only when the granule as a whole was seen, a line `# span START_US STOP_US` says so.
"""

import datetime
import pathlib
import sys

import netCDF4
import numpy as np

CELLS = 520
EPOCH = datetime.datetime(1970, 1, 1)


def micros(values, units, calendar):
    """Times in microseconds since 1970, None where masked."""
    values = np.ma.atleast_1d(values)
    out = np.full(values.shape, None, dtype=object)
    for index in np.ndindex(values.shape):
        v = values[index]
        if np.ma.is_masked(v) or not np.isfinite(v):
            continue
        t = netCDF4.num2date(v, units, calendar, only_use_cftime_datetimes=False, only_use_python_datetimes=True)
        out[index] = round((t - EPOCH) / datetime.timedelta(microseconds=1))
    return out


def time_of(ds, name):
    v = ds[name]
    v.set_auto_mask(True)
    units = v.units if "units" in v.ncattrs() else v.Unit  # GlobCurrent's spelling
    return lambda *index: micros(v[index], units, getattr(v, "calendar", "standard")).ravel()[0]


def raw(ds, name):
    """A coordinate scaled, but only its fill values masked: its valid_range is not asked (producers get it wrong)."""
    v = ds[name]
    v.set_always_mask(False)
    v.set_auto_mask(False)
    data = np.ma.array(v[...].astype("f8") if not hasattr(v, "scale_factor") else v[...])
    v.set_auto_scale(False)
    packed = v[...]
    v.set_auto_scale(True)
    v.set_auto_mask(True)
    fill = getattr(v, "_FillValue", None)
    if fill is not None:
        data[packed == fill] = np.ma.masked
    return data


class Granule:
    def __init__(self, name, path, fields, position, time=None, span=None):
        self.name, self.path, self.fields, self.position, self.time, self.span = name, path, fields, position, time, span


def grid(lat="lat", lon="lon"):
    def make(ds):
        y, x = raw(ds, lat), raw(ds, lon)
        return lambda r, c: (x[c], y[r])

    return make


def swath(lat="lat", lon="lon"):
    def make(ds):
        y, x = np.squeeze(raw(ds, lat)), np.squeeze(raw(ds, lon))
        return lambda r, c: (x[r, c], y[r, c])

    return make


def series(lat="latitude", lon="longitude"):
    def make(ds):
        y, x = raw(ds, lat).ravel(), raw(ds, lon).ravel()
        return lambda r, c: (x[r], y[r])

    return make


def polar_stereographic(mapping, x="xc", y="yc"):
    def make(ds):
        import pyproj

        crs = pyproj.CRS.from_proj4(ds[mapping].proj4_string)
        back = pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
        xs, ys = raw(ds, x) * 1000.0, raw(ds, y) * 1000.0
        return lambda r, c: back.transform(float(xs[c]), float(ys[r]))

    return make


def at(name):
    """Time of the only step."""
    return lambda ds: (lambda t: lambda step, r, c: t(0))(time_of(ds, name))


def at_scalar(name):
    return lambda ds: (lambda t: lambda step, r, c: t(Ellipsis))(time_of(ds, name))


def at_step(name):
    return lambda ds: (lambda t: lambda step, r, c: t(step))(time_of(ds, name))


def at_row(name):
    return lambda ds: (lambda t: lambda step, r, c: t(r))(time_of(ds, name))


def at_cell(name):
    return lambda ds: (lambda t: lambda step, r, c: t(r, c))(time_of(ds, name))


def l2p(name, offset):
    def make(ds):
        base, dt = time_of(ds, name)(0), ds[offset]

        def get(step, r, c):
            d = dt[0, r, c]
            return None if np.ma.is_masked(d) else base + round(float(d) * 1e6)

        return get

    return make


def attribute_us(ds, name):
    """A global attribute with a time in ISO 8601."""
    t = datetime.datetime.fromisoformat(ds.getncattr(name).replace("Z", ""))
    return round((t - EPOCH) / datetime.timedelta(microseconds=1))


GRANULES = [
    Granule("ghrsst_l2p_modis_t", "sst/SS_MODIS_T-JPL-L2P-v2014.0.nc", {"sea_surface_temperature": "sea_surface_temperature"}, swath(), l2p("time", "sst_dtime")),
    Granule("ghrsst_l2p_modis_a", "sst/SS_MODIS_A-JPL-L2P-v2014.0.nc", {"sea_surface_temperature": "sea_surface_temperature"}, swath(), l2p("time", "sst_dtime")),
    Granule(
        "ghrsst_l2p_amsr2",
        "sst/SS_AMSR2-L2B_v08_r38622-v02.0-fv01.0.nc",
        {k: k for k in ("sea_surface_temperature", "wind_speed", "quality_level", "l2p_flags", "sses_bias")},
        swath(),
        l2p("time", "sst_dtime"),
    ),
    Granule("ghrsst_l4_ncei", "sst/20151101120000-NCEI-L4_GHRSST-SSTblend-AVHRR_OI-GLOB-v02.0-fv02.0.nc", {k: k for k in ("analysed_sst", "analysis_error", "sea_ice_fraction", "mask")}, grid(), at("time")),
    Granule("ghrsst_l4_ostia", "sst/20170101120000-UKMO-L4_GHRSST-SSTfnd-OSTIAanom-GLOB-v02.0-fv02.0.nc", {k: k for k in ("analysed_sst", "sst_anomaly")}, grid(), at("time")),
    Granule("ghrsst_l4_mur", "sst/not_empty_mur.nc4", {k: k for k in ("analysed_sst", "analysis_error")}, grid(), at("time")),
    Granule("duacs_l4_global", "altimetry/dt_global_allsat_phy_l4_20190101_20190515.nc", {"adt": "adt"}, grid("latitude", "longitude"), at("time")),
    Granule(
        "duacs_l4_nrt",
        "altimetry/nrt_global_allsat_phy_l4_20190223_20190226.nc",
        {"adt": "adt", "ugos": "ugos", "vgos": "vgos", "geostrophic_speed": ("ugos", "vgos")},
        grid("latitude", "longitude"),
        at("time"),
    ),
    Granule("duacs_l4_steps", "altimetry/dt_med_allsat_phy_l4_2005T2.nc", {"adt": "adt"}, grid("latitude", "longitude"), at_step("time")),
    Granule(
        "jason_gdr",
        "altimetry/JA1_GPN_2PeP001_002_20020115_060706_20020115_070316.nc",
        {k: k for k in ("ssha", "swh_ku", "wind_speed_alt", "bathymetry", "surface_type")},
        series("lat", "lon"),
        at_row("time"),
    ),
    Granule(
        "sentinel6_p4",
        "altimetry/S6A_P4_2__HR_RED__NR_014_191_20210403T004056_20210403T005056_F00.nc",
        {"ssha": "data_01/ku/ssha", "swh": "data_01/ku/swh_ocean", "data_01/altitude": "data_01/altitude"},
        series("data_01/latitude", "data_01/longitude"),
        at_row("data_01/time"),
    ),
    Granule(
        "ascat_l2_2015",
        "wind/ascat_20150702_084200_metopa_45145_eps_o_250_2300_ovw.l2.nc",
        {k: k for k in ("wind_speed", "wind_dir", "model_speed", "wvc_quality_flag")},
        swath(),
        at_cell("time"),
    ),
    Granule("ascat_l2_2021", "wind/ascat_20211220_213600_metopb_48037_eps_o_250_3202_ovw.l2_subsetted.nc4", {k: k for k in ("wind_speed", "wind_dir")}, swath(), at_cell("time")),
    Granule(
        "swot_l3",
        "swot/SWOT_L3_LR_SSH_Expert_026_165_20241229T165806_20241229T174933_v2.0.1.nc",
        {k: k for k in ("ssha_filtered", "mss", "internal_tide", "quality_flag")},
        swath("latitude", "longitude"),
        at_row("time"),
    ),
    Granule("swot_karin_agulhas", "swot/SWOT_AGULHAS.nc", {k: k for k in ("wind_speed", "sigma_0", "geo_zonal_current")} | {"current_speed": ("geo_zonal_current", "geo_meridional_current")}, swath("latitude", "longitude")),
    Granule("swot_l2_unsmoothed", "swot/ssh_unsmoothed_group.nc", {k: k for k in ("ssh_karin_2", "ssh_karin_2_qual", "sig0_karin_2", "total_coherence")}, swath("latitude", "longitude"), at_row("time")),
    Granule("osisaf_nh10km", "seaice/cf_nh10km_44c37d.nc", {"ice_conc": "ice_conc"}, polar_stereographic("Polar_Stereographic_Grid"), at("time")),
    Granule("osisaf_nh25km", "seaice/cf_nh25km_f9bc94.nc", {"ice_conc": "ice_conc"}, swath(), at("time")),
    Granule("oisst", "sst/oisst-avhrr.nc", {"sst": "sst"}, grid(), at("time")),
    Granule(
        "globcurrent",
        "currents/20021215000000-GLOBCURRENT-L4-CUReul_hs-ALT_SUM-v02.0-fv01.0.nc",
        {"eastward_eulerian_current_velocity": "eastward_eulerian_current_velocity", "current_speed": ("eastward_eulerian_current_velocity", "northward_eulerian_current_velocity")},
        grid(),
        at("time"),
    ),
    Granule("sentinel1_ocn", "sar/s1a-wv2-ocn-vv-20210201t083307-20210201t083310-036394-044589-004.nc", {"wind_speed": "owiWindSpeed", "wind_direction": "owiWindDirection", "nrcs": "owiNrcs"}, swath("owiLat", "owiLon"), span=("firstMeasurementTime", "lastMeasurementTime")),
]


def values_of(ds, what):
    """Values as [step, row, col] and the precision netCDF4 works in."""
    if isinstance(what, tuple):
        u, v = (values_of(ds, w)[0].astype("f8") for w in what)
        return np.ma.hypot(u, v), "f64"
    v = ds[what]
    data = np.ma.array(v[...])
    # Leading dimensions of length one say nothing; what remains is [step,] row[, col].
    while data.ndim > 2 and data.shape[0] == 1:
        data = data[0]
    while data.ndim > 2 and data.shape[-1] == 1:
        data = data[..., 0]
    if data.ndim == 1:
        data = data[:, None]
    if data.ndim == 2:
        data = data[None]
    if data.ndim == 4:
        data = data[:, 0]
    return data, "f32" if data.dtype == np.float32 else "f64"


def number(x):
    return "" if x is None or np.ma.is_masked(x) or not np.isfinite(x) else repr(float(x))


def record(root, out, granule):
    ds = netCDF4.Dataset(root / granule.path)
    random = np.random.default_rng(abs(hash_name(granule.name)))
    place = granule.position(ds)
    when = granule.time(ds) if granule.time else None
    per_field = -(-CELLS // len(granule.fields))
    rows = []
    for name, what in granule.fields.items():
        data, precision = values_of(ds, what)
        steps, n_rows, n_cols = data.shape
        valid = np.argwhere(~np.ma.getmaskarray(data))
        picked = [tuple(random.integers(0, n) for n in data.shape) for _ in range(per_field // 3)]
        if len(valid):
            picked += [tuple(valid[k]) for k in random.integers(0, len(valid), per_field - len(picked))]
        for s, r, c in picked:
            lon, lat = place(r, c)
            t = when(s, r, c) if when else None
            rows.append(f"{name},{s},{r},{c},{precision},{number(data[s, r, c])},{number(lon)},{number(lat)},{'' if t is None else t}")
    span = "# span {} {}\n".format(*(attribute_us(ds, n) for n in granule.span)) if granule.span else ""
    text = f"# {granule.path}\n{span}field,step,row,col,precision,value,lon,lat,time_us\n" + "\n".join(rows) + "\n"
    (out / f"{granule.name}.csv").write_text(text)
    print(f"{granule.name}: {len(rows)} cells")


def hash_name(name):
    """The same on every run, in contrast to hash()."""
    return int.from_bytes(name.encode()[-8:], "big")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    for g in GRANULES:
        record(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), g)
