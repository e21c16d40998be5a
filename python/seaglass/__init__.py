"""Colocation (match-up) of satellite and in-situ measurements, and the running viewer from Python.

:func:`connect` and :func:`launch` give a :class:`Seaglass`: its layers, camera, clock, pictures and values.

:func:`colocate` takes two data sets and gives the pairs within a radius and a time window; :func:`crossovers` finds where
tracks cross, :func:`interpolate` reads grids between their cells; :func:`side` says what a data set is where that cannot
be seen; :mod:`seaglass.dask` runs a job file on a cluster.
"""

from ._aggregate import Aggregates
from ._app import Seaglass, connect, launch
from ._between import Crossovers, Interpolated, crossovers, interpolate
from ._camera import Camera
from ._cells import Cells, Picture
from ._chain import Chain, chain
from ._colocate import colocate
from ._engine import ColocationError, __version__
from ._events import Events, Recording
from ._granule import Packed
from ._layer import Layer
from ._link import Cancelled, LinkLost, SeaglassError, SeaglassWarning
from ._result import Counts, Matches, SideCounts
from ._sides import Side, side
from ._work import Pairs, Work

__all__ = [
    "Aggregates",
    "Camera",
    "Cancelled",
    "Cells",
    "Chain",
    "ColocationError",
    "Counts",
    "Crossovers",
    "Events",
    "Interpolated",
    "Layer",
    "LinkLost",
    "Matches",
    "Packed",
    "Pairs",
    "Picture",
    "Recording",
    "Seaglass",
    "SeaglassError",
    "SeaglassWarning",
    "Side",
    "SideCounts",
    "Work",
    "__version__",
    "chain",
    "colocate",
    "connect",
    "crossovers",
    "interpolate",
    "launch",
    "side",
]
