"""The bottleneck sum over lanes: outer products of forward rows, written by `aadlib.lanes.bottleneck`."""

from __future__ import annotations

from aadlib.extend import Program, bottleneck_code
from greeks2.monte_carlo.methods.method import Offer, PathMethod


def _offer(program: Program, time_to_beat: float) -> Offer:
    path = bottleneck_code(program)
    return Offer(path.block_time, path=path)


BOTTLENECK = PathMethod(name="bottleneck", write=bottleneck_code, offer=_offer)
