from collections.abc import Callable, Sequence
from typing import Any

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
def filter_fields(text: str) -> list[str]: ...
def filter_rows(text: str, values: Sequence[npt.NDArray[np.float64]]) -> npt.NDArray[np.bool_]: ...
def geodesics(
    lat: npt.NDArray[np.float64],
    lon: npt.NDArray[np.float64],
    other_lat: npt.NDArray[np.float64],
    other_lon: npt.NDArray[np.float64],
    metric: str,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]: ...
