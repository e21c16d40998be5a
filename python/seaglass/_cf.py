"""Which variable is the latitude, the longitude, the time: by the CF conventions, then by usual names."""

from __future__ import annotations

from ._engine import ColocationError
from ._table import Table, Var

_UNITS = {
    "latitude": {"degrees_north", "degree_north", "degree_n", "degrees_n", "degreen", "degreesn"},
    "longitude": {"degrees_east", "degree_east", "degree_e", "degrees_e", "degreee", "degreese"},
}
_AXIS = {"latitude": "Y", "longitude": "X", "time": "T"}
_NAMES = {
    "latitude": ["latitude", "lat", "nav_lat", "lats", "y"],
    "longitude": ["longitude", "lon", "nav_lon", "lons", "long", "x"],
    "time": ["time", "datetime", "date", "timestamp", "t", "juld"],
}
_OVERRIDE = {"latitude": "lat", "longitude": "lon", "time": "time"}


def find(table: Table, what: str, given: str | None = None) -> Var:
    """The variable that is `what`: ``latitude``, ``longitude`` or ``time``."""
    if given is not None:
        if given not in table.vars:
            raise ColocationError(f'there is no variable "{given}"; there are {listed(table.vars)}')
        return table.vars[given]
    for test in (_by_standard_name, _by_kind, _by_axis, _by_name):
        found = [v for v in table.vars.values() if test(v, what)]
        if found:
            return _one(table, what, found)
    keyword = _OVERRIDE[what]
    raise ColocationError(
        f"no variable is a {what}: none has standard_name, units or a usual name for it among {listed(table.vars)};"
        f' name it with seaglass.side(data, {keyword}="...")'
    )


def _by_standard_name(var: Var, what: str) -> bool:
    return bool(var.attrs.get("standard_name") == what)


def _by_kind(var: Var, what: str) -> bool:
    if what == "time":
        numbers = " since " in str(var.attrs.get("units", "")) and var.data.dtype.kind in "iuf" if var.lazy else False
        return bool(getattr(var.data, "dtype", None) is not None and var.data.dtype.kind == "M") or numbers
    return str(var.attrs.get("units", "")).lower() in _UNITS[what]


def _by_axis(var: Var, what: str) -> bool:
    # Axes of projected grids are X and Y as well, in metres.
    unit = str(var.attrs.get("units", ""))
    return bool(var.attrs.get("axis") == _AXIS[what]) and (what == "time" or not unit.startswith(("m", "k")))


def _by_name(var: Var, what: str) -> bool:
    return var.name.lower() in _NAMES[what]


def _one(table: Table, what: str, found: list[Var]) -> Var:
    """Several fit: usual names first, then what the source itself calls coordinates."""
    if len(found) == 1:
        return found[0]
    for name in _NAMES[what]:
        named = [v for v in found if v.name.lower() == name]
        if len(named) == 1:
            return named[0]
    coords = [v for v in found if v.name in table.coords]
    if len(coords) == 1:
        return coords[0]
    raise ColocationError(
        f"{listed(v.name for v in found)} could each be the {what};"
        f' say which with seaglass.side(data, {_OVERRIDE[what]}="...")'
    )


def listed(names: object) -> str:
    """Names for people."""
    return ", ".join(sorted(str(n) for n in names))  # type: ignore[attr-defined]
