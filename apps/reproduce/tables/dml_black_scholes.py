"""Differential training on a call in Black and Scholes' model, beside training on values alone."""

from __future__ import annotations

from collections.abc import Sequence

from apps.reproduce.comparison import Ours, PublishedTable, Stage
from apps.reproduce.contracts.overview import TRAINING, TWIN_SOURCE
from apps.reproduce.measures.trainings import Judged, label_cost, medians, more_samples, twin_cost
from pricers.surrogates import BlackScholesCall, TwinNetwork, held_out_states, simulate

N_SAMPLES, N_SEEDS = 8192, 10


def rows(stage: Stage, *, quick: bool = False, seed: int = 1) -> Sequence[Ours]:
    """Train with gradients and without, over seeds."""
    problem = BlackScholesCall()
    n, n_seeds = (1024, 2) if quick else (N_SAMPLES, N_SEEDS)
    x = held_out_states(problem, 4096, seed=2**30, quantile=0.005)
    judged = Judged(problem=problem, x=x, truth=problem.truth(x), n_seeds=n_seeds, seed=seed)
    with stage("differential training"):
        differential = judged.curve([n])
    with stage("values alone"):
        alone = judged.curve([n], differential=False)
    with stage("how many samples values alone need"):
        ratio = more_samples(judged, n, 4 if quick else 64, differential)
    with stage("times"):
        samples = simulate(problem, n, seed=seed, antithetic=True)
        times = [label_cost(problem), *twin_cost(TwinNetwork(seed=seed).fit(*samples), samples.x)]
    return [
        Ours("samples, seeds", f"{n:,d}, {n_seeds}"),
        *medians("differential", differential, 100.0, "% of spot"),
        *medians("values alone", alone, 100.0, "% of spot"),
        ratio,
        *times,
    ]


TABLE = PublishedTable(
    title="Differential machine learning: call on the spot in a year, S = 1, K = 1.1, sigma = 20%, one more year",
    source=TWIN_SOURCE,
    published=TRAINING,
    stages=("differential training", "values alone", "how many samples values alone need", "times"),
    rows=rows,
    note=(
        "Four layers of 20 softplus units, 100 epochs of 16 batches, medians over seeds of samples and weights; the truth "
        "is the closed form, states within the 0.5% quantiles of the training. In one dimension a payoff has one "
        "gradient to add, and gains least."
    ),
)
