"""Lengths and durations as people write them; the same spelling as in job files."""

from __future__ import annotations

import datetime
import re

import numpy as np

from ._engine import ColocationError

#: Any number of metres, or text with a unit.
Length = str | float | int
#: Text with a unit, a duration of Python, pandas or numpy; None is any time.
Duration = str | datetime.timedelta | np.timedelta64 | None

_LENGTHS = {"km": 1000.0, "m": 1.0, "nmi": 1852.0, "NM": 1852.0}
_LENGTHS |= dict.fromkeys(["kilometre", "kilometres", "kilometer", "kilometers"], 1000.0)
_LENGTHS |= dict.fromkeys(["metre", "metres", "meter", "meters"], 1.0)
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400, "week": 604800, "weeks": 604800}
_SECONDS |= dict.fromkeys(["sec", "second", "seconds"], 1)
_SECONDS |= dict.fromkeys(["minute", "minutes"], 60)
_SECONDS |= dict.fromkeys(["hour", "hours"], 3600)
_SECONDS |= dict.fromkeys(["day", "days"], 86400)

#: A window that lets every time difference pass.
ANY_TIME = 2**63 - 1
#: No two places on the Earth are farther apart, metres.
_FARTHEST_M = 20_004_000.0


def _split(text: str) -> tuple[float, str] | None:
    found = re.fullmatch(r"\s*([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*([A-Za-z]+)\s*", text)
    try:
        return (float(found[1]), found[2]) if found else None
    except ValueError:
        return None


def metres(value: Length, what: str = "radius") -> float:
    """Metres of ``25 km``, ``500 m``, ``2 nmi`` or of a number, which is metres already."""
    if isinstance(value, str):
        parts = _split(value)
        if parts is None or parts[1] not in _LENGTHS:
            raise ColocationError(f'{what} "{value}" is no length; write it with its unit, as 25 km or 500 m')
        number = parts[0] * _LENGTHS[parts[1]]
    elif isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise ColocationError(f'{what} {value!r} is no length; write "25 km" or a number of metres')
    else:
        number = float(value)
    if not 0.0 <= number <= _FARTHEST_M:
        raise ColocationError(f"{what} {value} cannot be: distances on the Earth lie between 0 and 20004 km")
    return number


def microseconds(value: Duration, what: str = "window") -> int:
    """Microseconds of ``1 h``, ``30 min``, ``10 d``, of a timedelta; None is any time."""
    if value is None:
        return ANY_TIME
    if isinstance(value, str):
        parts = _split(value)
        if parts is None or parts[1] not in _SECONDS:
            raise ColocationError(f'{what} "{value}" is no duration; write it with its unit, as 1 h, 30 min or 10 d')
        micros = float(np.rint(parts[0] * _SECONDS[parts[1]] * 1e6))
        if abs(micros) > 9e18:
            raise ColocationError(f'{what} "{value}" is longer than can be counted')
        number = int(micros)
    elif isinstance(value, datetime.timedelta):
        number = value // datetime.timedelta(microseconds=1)
    elif isinstance(value, np.timedelta64):
        if np.isnat(value):
            raise ColocationError(f"{what} is not a time (NaT); write a duration as 1 h, or None for any time")
        number = int(value.astype("timedelta64[us]").astype(np.int64))
    else:
        raise ColocationError(f'{what} {value!r} is no duration; write "1 h", a timedelta, or None for any time')
    if number < 0:
        raise ColocationError(f"{what} {value} is negative; a window reaches to both sides, so give 0 or more")
    return number
