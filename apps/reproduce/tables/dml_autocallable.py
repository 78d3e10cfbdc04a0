"""A worst-of autocallable note by a network, beside its simulation."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

import numpy as np

from apps.report.tables import Cell
from apps.reproduce.comparison import Ours, PublishedTable, Stage
from apps.reproduce.contracts.overview import ACCURACY, GREEKS_ERROR, PRICE_ERROR, SOURCE
from apps.reproduce.measures.timing import median_seconds, timed
from pricers.surrogates import (
    Cosine,
    TwinNetwork,
    WorstOfAutocallable,
    held_out_states,
    nested_monte_carlo,
    simulate,
    verify,
)

SPEED = "speed over simulation"
PUBLISHED: dict[str, Cell] = {**ACCURACY, SPEED: 1000}


def rows(stage: Stage, *, quick: bool = False, seed: int = 1) -> Sequence[Ours]:
    """Train with gradients and without, and find how long a simulation takes for the network's error."""
    problem = WorstOfAutocallable()
    n, batch, n_states = (8192, 256, 32) if quick else (2**18, 1024, 128)
    x = held_out_states(problem, n_states, seed=2**30, quantile=0.01)
    with stage("truth"):
        truth = problem.truth(x, n_paths=2**12 if quick else 2**15)
    with stage("samples and training"):
        samples, simulating = timed(partial(simulate, problem, n, seed=seed, antithetic=True))
        began = time.perf_counter()
        network = _network(batch, seed, quick).fit(*samples)
        training = time.perf_counter() - began
    with stage("values alone"):
        alone = _network(batch, seed, quick).fit(samples.x, samples.y)
    found, plain = (verify(surrogate, problem, x=x, truth=truth) for surrogate in (network, alone))
    with stage("simulation"):
        paths = 2**12
        (values, stderr), seconds = timed(partial(nested_monte_carlo, problem, x, n_paths=paths, seed=seed))
    needed = paths * float(np.mean(stderr**2)) / found.price.rmse**2
    each = median_seconds(partial(network.predict_with_greeks, x)) / len(x)
    return [
        Ours("samples", n),
        Ours("time of samples with gradients", simulating, "s"),
        Ours("time of training", training, "s"),
        Ours(PRICE_ERROR, 100.0 * found.price.median, "%"),
        Ours("99th percentile of it, prices", 100.0 * found.price.p99, "%"),
        Ours(GREEKS_ERROR, 100.0 * found.greeks.median, "%"),
        Ours("99th percentile of it, Greeks", 100.0 * found.greeks.p99, "%"),
        Ours("price rmse, differential", found.price.rmse, "of 100 notional"),
        Ours("price rmse, values alone", plain.price.rmse, "of 100 notional"),
        Ours("Greeks rmse, differential", 100.0 * found.relative_greeks, "% of theirs"),
        Ours("Greeks rmse, values alone", 100.0 * plain.relative_greeks, "% of theirs"),
        Ours("standard error of the truth", found.price.stderr, "of 100 notional"),
        Ours("simulated paths for the network's error", needed, "paths"),
        Ours("time of their simulation, price alone", 1e6 * needed * seconds / (paths * len(x)), "us"),
        Ours("time of the network, price and Greeks", 1e6 * each, "us"),
        Ours(SPEED, needed * seconds / (paths * len(x)) / each, "times"),
    ]


def _network(batch: int, seed: int, quick: bool) -> TwinNetwork:
    return TwinNetwork(epochs=20 if quick else 60, schedule=Cosine(0.01), batch_size=batch, seed=seed)


TABLE = PublishedTable(
    title="Worst-of autocallable note on 3 assets, 6 dates in 3 years; spots and volatilities are inputs",
    source=SOURCE,
    published=PUBLISHED,
    stages=("truth", "samples and training", "values alone", "simulation"),
    rows=rows,
    note=(
        "The payoff jumps at the call level and at the protection: labels are hybrid, pathwise for a smoothed payoff and "
        "likelihood ratios for the rest, whose noise makes Greeks of such a note dearer than those of smooth payoffs. Speed "
        "is against a simulation of the price alone, with as many paths as bring its error down to the network's; the "
        "overview's is against a fixed million of paths."
    ),
)
