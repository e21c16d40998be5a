"""What is asked of the engine, checked and in its own words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ._engine import ColocationError
from ._units import Duration, Length, metres, microseconds

#: ``wgs84``, ``sphere`` or the radius of a sphere in metres.
Metric = str | float
#: A name, or the table ``[policy]`` of a job file.
Policy = str | Mapping[str, Any]

#: Mean radius of the Earth (2a + b)/3 of WGS84, metres.
MEAN_RADIUS_M = 6_371_008.7714
_BY = ("distance", "time", "combined")
PAIRS = ("all", "nearest", "mutual")


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

    def metric_json(self) -> str:
        """The metric as the engine reads it."""
        return json.dumps(self._metric())

    def _metric(self) -> Any:
        if self.metric == "wgs84":
            return "wgs84"
        return {"sphere": MEAN_RADIUS_M if self.metric == "sphere" else float(self.metric)}

    def json(self) -> str:
        """As the engine reads it."""
        policy: dict[str, Any] = {"kind": self.policy}
        if self.policy == "nearest":
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
) -> Spec:
    """A specification from what people write."""
    if isinstance(policy, Mapping):
        known = {"kind", "by", "k"}
        unknown = sorted(set(policy) - known)
        if unknown:
            raise ColocationError(f'policy has no key "{unknown[0]}"; there are {", ".join(sorted(known))}')
        by, k, policy = policy.get("by", by), policy.get("k", k), policy.get("kind", "nearest")
    if isinstance(metric, Mapping):
        metric = metric.get("sphere_m", "")
    if isinstance(metric, (int, float)) and not isinstance(metric, bool):
        metric = float(metric)
    else:
        metric = _one_of("metric", metric, ("wgs84", "sphere"))
    if not isinstance(k, int) or isinstance(k, bool) or k < 1:
        raise ColocationError(f"k = {k!r} asks for no neighbour; give 1 or more")
    return Spec(
        metres(radius),
        microseconds(window),
        metric,
        _one_of("policy", policy, PAIRS),
        _one_of("by", by, _BY),
        k,
        _one_of("reference", reference, ("primary", "secondary")),
        _one_of("duplicates", duplicates, ("keep", "first", "error")),
        count_candidates,
    )
