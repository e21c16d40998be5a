from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

__version__: str

class ColocationError(ValueError):
    """A request that cannot be met; the message says why and what to do."""

def join(
    primary: Sequence[Any],
    secondary: Sequence[Any],
    spec: str,
    *,
    first: int = ...,
    end: int = ...,
    threads: int = ...,
    progress: Callable[[int, int, int], object] | None = ...,
) -> tuple[
    npt.NDArray[np.int64],
    npt.NDArray[np.int64],
    npt.NDArray[np.float64],
    npt.NDArray[np.int64],
    npt.NDArray[np.uint32],
    str,
]: ...
def pairs_sum64(i: npt.NDArray[np.int64], j: npt.NDArray[np.int64]) -> int: ...

_F64: TypeAlias = npt.NDArray[np.float64]
_I64: TypeAlias = npt.NDArray[np.int64]

def aggregate(
    row: _I64, distance_m: _F64, dt_us: _I64, value: _F64, statistic: str, *, angle: bool = ...
) -> tuple[_I64, _F64, _I64, _I64, _F64, _F64, _F64]: ...
def around(granules: Sequence[Any], rows: _I64, lines: int, pixels: int) -> _I64: ...
def crossovers(
    first: Sequence[Any],
    second: Sequence[Any] | None,
    window_us: int,
    max_gap_us: int,
    *,
    max_step_m: float | None = ...,
    threads: int = ...,
    progress: Callable[[int, int, int], object] | None = ...,
) -> tuple[_I64, _I64, _I64, _I64, _F64, _F64, _F64, _F64, _I64, _I64]: ...
def between(
    before: tuple[Any, _F64, _I64],
    after: tuple[Any, _F64, _I64],
    times_us: _I64,
    along: _F64,
    method: str,
    max_gap_us: int,
) -> _F64: ...
def interpolate(
    grid: Any, values: _F64, lat: _F64, lon: _F64, times_us: _I64, max_gap_us: int
) -> tuple[_F64, _F64]: ...
def filter_fields(text: str) -> list[str]: ...
def filter_rows(text: str, values: Sequence[npt.NDArray[np.float64]]) -> npt.NDArray[np.bool_]: ...
def geodesics(
    lat: npt.NDArray[np.float64],
    lon: npt.NDArray[np.float64],
    other_lat: npt.NDArray[np.float64],
    other_lon: npt.NDArray[np.float64],
    metric: str,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]: ...
