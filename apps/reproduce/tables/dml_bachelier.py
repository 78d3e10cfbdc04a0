"""Differential training on calls on baskets of normal assets, 1 to 50 of them, and the overview's accuracy."""

from __future__ import annotations

from collections.abc import Sequence

from apps.report.tables import Cell
from apps.reproduce.comparison import Ours, PublishedTable, Stage
from apps.reproduce.contracts.overview import (
    ACCURACY,
    GREEKS_ERROR,
    PRICE_ERROR,
    TRAINING,
    TWIN_SOURCE,
)
from apps.reproduce.measures.trainings import Judged, label_cost, more_samples, twin_cost
from pricers.surrogates import (
    BachelierBasket,
    BasketCall,
    Cosine,
    LearningCurve,
    TwinNetwork,
    simulate,
    verify,
)

CASES = {1: 8192, 7: 16384, 20: 16384, 50: 65536}
"""Assets -> samples."""
N_SEEDS = 5
CONSTRAINTS = "constraints in 10,000 samples of 50 inputs"
PUBLISHED: dict[str, Cell] = {CONSTRAINTS: 510_000, **ACCURACY, **TRAINING}


def accurate(seed: int, quick: bool) -> list[Ours]:
    """Train on a basket whose whole market is the state, to the overview's accuracy within the range trained on."""
    problem = BasketCall(n_assets=5)
    n, batch, epochs = (16384, 256, 20) if quick else (2**19, 1024, 60)
    samples = simulate(problem, n, seed=seed, labels="conditional", antithetic=True)
    network = TwinNetwork(epochs=epochs, schedule=Cosine(0.01), batch_size=batch, seed=seed).fit(*samples)
    found = verify(network, problem, n_states=64 if quick else 256, n_paths=2**10 if quick else 2**13)
    return [
        Ours("samples for the overview's accuracy, lognormal basket of 13 inputs", n),
        Ours(PRICE_ERROR, 100.0 * found.price.median, "%"),
        Ours("99th percentile of it, prices", 100.0 * found.price.p99, "%"),
        Ours("rmse of prices over theirs", 100.0 * found.price.relative_rmse, "%"),
        Ours(GREEKS_ERROR, 100.0 * found.greeks.median, "%"),
        Ours("99th percentile of it, Greeks", 100.0 * found.greeks.p99, "%"),
    ]


def rows(stage: Stage, *, quick: bool = False, seed: int = 1) -> Sequence[Ours]:
    """Train on every basket, with gradients and without."""
    ours: list[Ours] = []
    for d, full in CASES.items():
        with stage(f"{d} assets"):
            problem = BachelierBasket(n_assets=d)
            n, n_seeds = (1024, 2) if quick else (full, N_SEEDS)
            x = problem.test_states(4096, seed=2**20)
            judged = Judged(problem=problem, x=x, truth=problem.truth(x), n_seeds=n_seeds, seed=seed)
            found = {name: judged.curve([n], differential=name == "differential") for name in KINDS}
            ours += case(d, n, found)
            if d == 7:
                # What values alone need: for the error of a quarter of the samples, so that it can be reached at all.
                ratio = more_samples(judged, n // 4, 4 if quick else 64)
                samples = simulate(problem, n, seed=seed, antithetic=True)
                network = TwinNetwork(seed=seed).fit(*samples)
                costs = [label_cost(problem), *twin_cost(network, samples.x)]
    with stage("the overview's accuracy"):
        ours += accurate(seed, quick)
    return [*ours, Ours(CONSTRAINTS, 10_000 * (1 + 50)), ratio, *costs]


KINDS = ("differential", "values alone")


def case(d: int, n: int, found: dict[str, LearningCurve]) -> list[Ours]:
    """Return the rows of one basket."""
    name = f"{d} assets, {n:,d} samples"
    ours = []
    for kind, curve in found.items():
        ours += [
            Ours(f"price rmse, {kind}, {name}", 100.0 * float(curve.band()[1, 0]), "% of spot"),
            Ours(f"Greeks rmse, {kind}, {name}", 100.0 * float(curve.band("greeks")[1, 0]), "% of theirs"),
        ]
    collapsed = sum(curve.n_collapsed for curve in found.values())
    return [*ours, Ours(f"trainings collapsed, {name}", collapsed)]


TABLE = PublishedTable(
    title="Differential machine learning: call on a basket of d normal assets, spots 1, K = 1.1, basket volatility 20%",
    source=TWIN_SOURCE,
    published=PUBLISHED,
    stages=(*(f"{d} assets" for d in CASES), "the overview's accuracy"),
    rows=rows,
    note=(
        "Medians over seeds, at the authors' test states (uniform in a box); the truth is the closed form. What values "
        "alone need, and times, are those of 7 assets. The overview's accuracy is measured on a call on five lognormal "
        "assets whose spots, volatilities, rate, expiry and correlation are inputs, at states anywhere in the range "
        "trained on, against fresh simulation: it takes many samples with conditional labels, small batches and a slowly "
        "falling rate. Its relative errors are against 1% of the root mean square where a number is smaller."
    ),
)
