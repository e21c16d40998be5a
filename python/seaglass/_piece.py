"""A granule with the variables of its rows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ._granule import Array, Granule
from ._table import Var


@dataclass(frozen=True)
class Piece:
    """A granule and the variables that its rows have."""

    granule: Granule
    #: Dimensions of the rows with their lengths; a row number counts through them, the last one fastest.
    dims: tuple[tuple[str, int], ...]
    vars: dict[str, Var] = field(default_factory=dict)
    label: str = ""
    #: Dimensions that have one index for the whole piece (a step of a stack of swaths).
    fixed: dict[str, int] = field(default_factory=dict)
    #: Rows of the source that the granule has, when not all.
    picked: Array | None = None
    #: Rows of the file before the first of this piece, when it is a part of one.
    offset: int = 0
    #: Variables that go to the result.
    carried: tuple[str, ...] = ()
    #: Of rows with position and time that do not count, the reason: 1 no value, 2 refused; None where all count.
    left_out: Array | None = None

    def source_rows(self, rows: Array) -> Array:
        """Rows of the file."""
        return (rows if self.picked is None else self.picked[rows]) + self.offset

    def pick(self, chosen: Array) -> Piece:
        """Some rows of points or of a track, in their order."""
        g = self.granule
        fewer = replace(
            g,
            shape=(1, len(chosen), 1),
            lat=g.lat[chosen],
            lon=g.lon[chosen],
            time_us=g.time_us[chosen] if g.time_per == "row" else g.time_us,
            valid=None if g.valid is None else g.valid[chosen],
            platform=None if g.platform is None else g.platform[chosen],
        )
        return replace(
            self,
            granule=fewer,
            picked=chosen if self.picked is None else self.picked[chosen],
            left_out=None if self.left_out is None else self.left_out[chosen],
        )

    def index(self, rows: Array) -> dict[str, Array]:
        """Index of rows along each dimension."""
        if self.picked is not None:
            rows = self.picked[rows]
        if len(self.dims) == 1:
            out = {self.dims[0][0]: rows}
        else:
            parts = np.unravel_index(rows, [n for _, n in self.dims])
            out = {d: np.asarray(p) for (d, _), p in zip(self.dims, parts)}
        out.update({d: np.full(len(rows), k) for d, k in self.fixed.items()})
        return out

    def take(self, name: str, rows: Array) -> Array:
        """Values of a variable in some rows."""
        return self.vars[name].at(self.index(rows))


def every(piece: Piece, var: Var) -> Array:
    """A variable's values for every row of a piece."""
    values = var.values()
    order = {d: k for k, (d, _) in enumerate(piece.dims)}
    index = tuple(piece.fixed[d] if d in piece.fixed else slice(None) if d in order else 0 for d in var.dims)
    values = values[index]
    left = [d for d in var.dims if d in order]
    values = values.transpose(sorted(range(len(left)), key=lambda k: order[left[k]]))
    ordered = sorted(left, key=order.__getitem__)
    expand = tuple(slice(None) if d in ordered else None for d, _ in piece.dims)
    return np.broadcast_to(values[expand], [n for _, n in piece.dims]).reshape(-1)
