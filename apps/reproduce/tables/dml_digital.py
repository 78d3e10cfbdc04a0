"""Gradient labels across a jump: a digital call learned from each kind."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from apps.reproduce.comparison import Ours, PublishedTable, Stage
from pricers.surrogates import (
    DigitalCall,
    TwinNetwork,
    held_out_states,
    learning_curve,
)

KINDS = ("pathwise", "likelihood_ratio", "hybrid", "smoothed", "conditional")
N_SAMPLES, N_SEEDS = 65_536, 3


def rows(stage: Stage, *, quick: bool = False, seed: int = 1) -> Sequence[Ours]:
    """Train on every kind of labels, and on values alone."""
    problem = DigitalCall()
    x = held_out_states(problem, 1024, seed=2**30)
    truth = problem.truth(x)
    n, n_seeds = (4096, 2) if quick else (N_SAMPLES, N_SEEDS)
    ours, prices = [Ours("samples, seeds", f"{n:,d}, {n_seeds}")], {}
    for kind in (*KINDS, "values alone"):
        with stage(kind), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of pathwise labels: they are here to be seen wrong
            curve = learning_curve(
                TwinNetwork(max_restarts=1),
                problem,
                [n],
                n_seeds=n_seeds,
                seed=seed,
                labels=kind if kind in KINDS else None,
                differential=kind in KINDS,
                x=x,
                truth=truth,
            )
        name = kind.replace("_", " ")
        prices[kind] = float(curve.band()[1, 0])
        ours.append(
            Ours(f"price rmse, {name}", prices[kind] if prices[kind] == prices[kind] else "collapsed")
        )
        ours.append(
            Ours(f"delta rmse, {name}", 100.0 * float(curve.band("greeks")[1, 0]), "% of the delta's")
        )
    ours += [
        Ours(
            f"price rmse, pathwise over {kind.replace('_', ' ')}", prices["pathwise"] / prices[kind], "times"
        )
        for kind in KINDS[1:]
    ]
    return ours


TABLE = PublishedTable(
    title="Labels compared: digital call paying 1 at K = 100, spots from 60 to 140, one year",
    source="none: the documents speak of smooth payoffs alone",
    published={},
    stages=(*KINDS, "values alone"),
    rows=rows,
    note=(
        "The pathwise gradient of a digital is zero on every path, so that a network which learns it learns a constant. "
        "Likelihood ratios are right and noisy; hybrid labels are right too, with less noise; smoothed ones have a bias; "
        "conditional ones integrate the last step, values included, where a closed form allows it."
    ),
)
