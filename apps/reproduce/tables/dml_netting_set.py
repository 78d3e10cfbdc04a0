"""The value of a netting set a year ahead by a network, beside nested simulation."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from apps.report.tables import Cell
from apps.reproduce.comparison import Ours, PublishedTable, Stage
from apps.reproduce.contracts.overview import (
    ACCURACY,
    GREEKS_ERROR,
    LABELS,
    PRICE_ERROR,
    SAMPLES,
    SOURCE,
    TRAINING,
)
from apps.reproduce.measures.timing import median_seconds, timed
from apps.reproduce.measures.trainings import Judged, label_cost, more_samples
from pricers.surrogates import (
    Cosine,
    TwinNetwork,
    held_out_states,
    nested_monte_carlo,
    random_netting_set,
    simulate,
    verify,
)

SPEED = "speed over nested simulation"
PUBLISHED: dict[str, Cell] = {
    **ACCURACY,
    SAMPLES: TRAINING[SAMPLES],
    LABELS: TRAINING[LABELS],
    SPEED: 1000,
}


def rows(stage: Stage, *, quick: bool = False, seed: int = 1) -> Sequence[Ours]:
    """Train on the netting set, compare with closed forms, and time nested simulation to the same error."""
    problem = random_netting_set().exposure(1.0)
    n, batch = (8192, 256) if quick else (2**18, 1024)
    x = held_out_states(problem, 1024, seed=2**30, quantile=0.01)
    truth = problem.truth(x)
    with stage("samples and training"):
        samples, simulating = timed(partial(simulate, problem, n, seed=seed, antithetic=True))
        network = TwinNetwork(epochs=50, schedule=Cosine(0.01), batch_size=batch, seed=seed)
        _, training = timed(partial(network.fit, *samples))
        found = verify(network, problem, x=x, truth=truth)
    with stage("how many samples values alone need"):
        judged = Judged(problem=problem, x=x, truth=truth, n_seeds=2 if quick else 3, seed=seed)
        ratio = more_samples(judged, 1024 if quick else 2048, 4 if quick else 64)
    with stage("nested simulation"):
        paths = 1024  # as many as share a block of random numbers
        (_, stderr), seconds = timed(partial(nested_monte_carlo, problem, x, n_paths=paths, seed=seed))
        labels = label_cost(problem, 20_000)
    needed = paths * float(np.mean(stderr**2)) / found.price.rmse**2
    each = median_seconds(partial(network.predict, x)) / len(x)
    return [
        Ours("samples", n),
        Ours("time of samples with gradients", simulating, "s"),
        Ours("time of training", training, "s"),
        Ours(PRICE_ERROR, 100.0 * found.price.median, "%"),
        Ours("99th percentile of it, prices", 100.0 * found.price.p99, "%"),
        Ours("rmse of prices over theirs", 100.0 * found.price.relative_rmse, "%"),
        Ours(GREEKS_ERROR, 100.0 * found.greeks.median, "%"),
        Ours("99th percentile of it, Greeks", 100.0 * found.greeks.p99, "%"),
        ratio,
        labels,
        Ours("inner paths for the network's error", needed, "paths"),
        Ours("time of their simulation", 1e6 * needed * seconds / (paths * len(x)), "us"),
        Ours("time of the network", 1e6 * each, "us"),
        Ours(SPEED, needed * seconds / (paths * len(x)) / each, "times"),
    ]


TABLE = PublishedTable(
    title="Netting set of 40 swaps, forwards and options on 5 assets and a short rate: its value in a year",
    source=SOURCE,
    published=PUBLISHED,
    stages=("samples and training", "how many samples values alone need", "nested simulation"),
    rows=rows,
    note=(
        "The truth is the sum of closed forms. A sample is one path of the whole netting set and its gradient in the six "
        "inputs. Speed: one value by the network against one by inner simulation with as many paths as bring its error "
        "down to the network's. The overview's accuracy and speed are not stated for a netting set, but in general."
    ),
)
