"""Table 4: times of second-order methods on Black-Scholes-Merton in five inputs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import aadlib as ad
from apps.reproduce.comparison import Ours, PublishedTable, Stage
from apps.reproduce.contracts import bsm_call
from apps.reproduce.measures.timing import median_seconds
from greeks2 import METHODS, hessian

PUBLISHED = {
    "edge_pushing": 30.998,
    "taylor": 292.687,
    "forward_over_reverse": 557.047,
    "bumping2": 0.105,
    "taylor, speed against edge_pushing": 0.11,
    "forward_over_reverse, speed against edge_pushing": 0.06,
    "bumping2, speed against edge_pushing": 295.92,
}


def rows(stage: Stage) -> Sequence[Ours]:
    """Time each method from nothing (recording included) and on a recording."""
    program = ad.record(bsm_call.price, bsm_call.POINT)
    fresh, replayed = {}, {}
    for method in METHODS:
        with stage(method):
            fresh[method] = median_seconds(partial(hessian, bsm_call.price, bsm_call.POINT, method=method))
            replayed[method] = median_seconds(partial(hessian, program, bsm_call.POINT, method=method))
    price = median_seconds(lambda: bsm_call.price(bsm_call.POINT))
    base = fresh["edge_pushing"]
    return (
        *(Ours(method, 1e3 * time, "ms") for method, time in fresh.items()),
        *(
            Ours(f"{method}, speed against edge_pushing", base / time, "times")
            for method, time in fresh.items()
            if method != "edge_pushing"
        ),
        *(Ours(f"{method}, recorded before", 1e3 * time, "ms") for method, time in replayed.items()),
        Ours("one price by the formula", 1e3 * price, "ms"),
    )


TABLE = PublishedTable(
    title="Table 4: times of one Hessian, Black-Scholes-Merton in five inputs",
    source="report, section 4.1.1, table 4",
    published=PUBLISHED,
    stages=METHODS,
    rows=rows,
    note=(
        "Ours record the function and differentiate it; the rows below are for a function recorded before. At its "
        "time for bumping, one price of the report takes two microseconds: plain floats, compared with an engine "
        "that spends its time in Python. How slow its exact methods are says nothing about exact methods."
    ),
)
