"""What is asked of the engine, checked and in its own words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ._engine import ColocationError
from ._units import ANY_TIME, Duration, Length, metres, microseconds

#: ``wgs84``, ``sphere`` or the radius of a sphere in metres.
Metric = str | float
#: A name, or the table ``[policy]`` of a job file.
Policy = str | Mapping[str, Any]

#: Mean radius of the Earth (2a + b)/3 of WGS84, metres.
MEAN_RADIUS_M = 6_371_008.7714
_BY = ("distance", "time", "combined")
PAIRS = ("all", "nearest", "mutual")
STATISTICS = ("mean", "median", "std", "min", "max", "count", "weighted")
#: The longest window of jobs, microseconds.
_LONGEST_US = 3653 * 86_400_000_000
#: Distance below which weights by a power of the distance do not grow, metres.
_FLOOR_M = 100.0
#: So wide that a weight does not fall; JSON knows no infinity.
_WIDE = 1e300


@dataclass(frozen=True)
class Statistic:
    """How several values become one."""

    kind: str
    sd_m: float | None = None
    sd_us: int | None = None
    power: float | None = None

    @staticmethod
    def make(kind: str, sd: Length | None = None, sd_time: Duration = None, power: float | None = None) -> Statistic:
        """From what people write."""
        _one_of("statistic", kind, STATISTICS)
        weights = [sd, sd_time, power]
        if kind != "weighted" and any(w is not None for w in weights):
            raise ColocationError(f"sd, sd_time and power are weights; {kind} has none, weighted does")
        if kind == "weighted" and all(w is None for w in weights):
            raise ColocationError("weighted needs its weights: sd, sd_time or both for Gaussian ones, or power")
        if power is not None and (sd is not None or sd_time is not None):
            raise ColocationError("weights fall by a Gaussian (sd, sd_time) or by a power of the distance; choose one")
        return Statistic(
            kind,
            None if sd is None else metres(sd, "sd"),
            None if sd_time is None else microseconds(sd_time, "sd_time"),
            None if power is None else float(power),
        )

    def json(self) -> str:
        """As the engine reads it."""
        if self.power is not None:
            return json.dumps({"kind": "inverse_distance", "power": self.power, "floor_m": _FLOOR_M})
        if self.kind == "weighted":
            sd_m = _WIDE if self.sd_m is None else self.sd_m
            return json.dumps(
                {"kind": "gaussian", "sd_m": sd_m, "sd_us": _WIDE if self.sd_us is None else float(self.sd_us)}
            )
        return json.dumps({"kind": {"std": "sd"}.get(self.kind, self.kind)})


@dataclass(frozen=True)
class Spec:
    """A match-up: limits, metric, policy."""

    radius_m: float
    window_us: int
    metric: Metric
    policy: str
    by: str = "distance"
    k: int = 1
    reference: str = "primary"
    duplicates: str = "first"
    count_candidates: bool = False
    #: What is made of the matches of a row, when the policy makes them into one value.
    statistic: Statistic | None = None

    @property
    def engine_policy(self) -> str:
        """Which pairs are looked for."""
        return "all" if self.statistic is not None else self.policy

    def metric_json(self) -> str:
        """The metric as the engine reads it."""
        return json.dumps(self._metric())

    def _metric(self) -> Any:
        if self.metric == "wgs84":
            return "wgs84"
        return {"sphere": MEAN_RADIUS_M if self.metric == "sphere" else float(self.metric)}

    def json(self) -> str:
        """As the engine reads it."""
        policy: dict[str, Any] = {"kind": self.engine_policy}
        if self.engine_policy == "nearest":
            policy |= {"by": self.by, "k": self.k}
        elif self.policy == "mutual":
            policy |= {"by": self.by}
        return json.dumps(
            {
                "radius_m": self.radius_m,
                "window_us": self.window_us,
                "metric": self._metric(),
                "policy": policy,
                "reference": self.reference,
                "duplicates": self.duplicates,
                "count_candidates": self.count_candidates,
            }
        )


def _one_of(what: str, value: Any, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ColocationError(f'{what} "{value}" is not known; choose {", ".join(known[:-1])} or {known[-1]}')
    return str(value)


def make(
    radius: Length,
    window: Duration,
    policy: Policy = "nearest",
    by: str = "distance",
    k: int = 1,
    metric: Metric = "wgs84",
    reference: str = "primary",
    duplicates: str = "first",
    count_candidates: bool = False,
    sd: Length | None = None,
    sd_time: Duration = None,
    power: float | None = None,
) -> Spec:
    """A specification from what people write."""
    if isinstance(policy, Mapping):
        known = {"kind", "by", "k", "sd", "sd_time", "power"}
        unknown = sorted(set(policy) - known)
        if unknown:
            raise ColocationError(f'policy has no key "{unknown[0]}"; there are {", ".join(sorted(known))}')
        by, k = policy.get("by", by), policy.get("k", k)
        sd, sd_time, power = policy.get("sd", sd), policy.get("sd_time", sd_time), policy.get("power", power)
        policy = policy.get("kind", "nearest")
    if isinstance(metric, Mapping):
        metric = metric.get("sphere_m", "")
    if isinstance(metric, (int, float)) and not isinstance(metric, bool):
        metric = float(metric)
    else:
        metric = _one_of("metric", metric, ("wgs84", "sphere"))
    if not isinstance(k, int) or isinstance(k, bool) or k < 1:
        raise ColocationError(f"k = {k!r} asks for no neighbour; give 1 or more")
    kind = _one_of("policy", policy, (*PAIRS, *STATISTICS))
    if k != 1 and kind != "nearest":
        raise ColocationError(f"k = {k} means nothing with the policy {kind}, it goes with nearest; leave it out")
    if _one_of("by", by, _BY) != "distance" and kind not in ("nearest", "mutual"):
        raise ColocationError(f'by = "{by}" means nothing with the policy {kind}, it goes with nearest and mutual')
    if kind in PAIRS and any(w is not None for w in (sd, sd_time, power)):
        raise ColocationError(f"sd, sd_time and power are weights; {kind} has none, weighted does")
    statistic = Statistic.make(kind, sd, sd_time, power) if kind in STATISTICS else None
    window_us = microseconds(window)
    if ANY_TIME != window_us > _LONGEST_US:
        raise ColocationError(f"a window of {window} cannot be: it must lie between 0 s and 3653 d, or be None for any time")
    return Spec(
        metres(radius),
        window_us,
        metric,
        kind,
        _one_of("by", by, _BY),
        k,
        _one_of("reference", reference, ("primary", "secondary")),
        _one_of("duplicates", duplicates, ("keep", "first", "error")),
        count_candidates,
        statistic,
    )
