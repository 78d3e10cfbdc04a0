"""The bottleneck sum: forward rows at the ends of created arcs, and no backward sweep of second order at all."""

from __future__ import annotations

from aadlib.extend import bottleneck_sum
from aadlib.types import Floats
from greeks2.point import Point


def bottleneck(point: Point) -> Floats:
    """Return the Hessian (n, n) over the active inputs: see `aadlib.program.second_order.bottleneck_sum`."""
    return bottleneck_sum(point.replay)
