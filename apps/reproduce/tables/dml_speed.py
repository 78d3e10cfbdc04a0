"""The overview's comparison of simulation with a network: an exotic, its 50 Greeks, and ten thousand trades."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from apps.report.tables import Cell
from apps.reproduce.comparison import Ours, PublishedTable, Stage
from apps.reproduce.contracts.overview import SOURCE
from apps.reproduce.measures.timing import median_seconds, timed
from pricers.surrogates import TwinNetwork, WorstOfAutocallable, held_out_states, nested_monte_carlo, simulate
from pricers.surrogates.samples.monte_carlo_truth import monte_carlo_truth

N_ASSETS, N_GREEKS = 25, 50
PATHS, TRADES = 1_000_000, 10_000

PRICE = "simulation: one price, 1,000,000 paths"
BUMPED = "simulation: 50 Greeks by finite differences"
BOOK = "simulation: 10,000 trades with their Greeks"
NETWORK = "network: one price with all Greeks"
NETWORK_BOOK = "network: 10,000 trades with their Greeks"
SPEED = "speed, network over simulation"
PUBLISHED: dict[str, Cell] = {
    PRICE: 1.0,
    BUMPED: 100.0,
    BOOK: 1e6,
    NETWORK: 1e-5,
    NETWORK_BOOK: 0.1,
    SPEED: 1000,
}


def rows(stage: Stage, *, quick: bool = False, seed: int = 1) -> Sequence[Ours]:
    """Time a worst-of note of 25 assets, whose spots and volatilities make 50 Greeks."""
    problem = WorstOfAutocallable(n_assets=N_ASSETS)
    x = held_out_states(problem, 16, seed=2**30)
    n, paths = (1024, 2**10) if quick else (2**15, 2**15)
    with stage("simulation"):
        nested = partial(nested_monte_carlo, problem, x[:1], n_paths=paths, seed=seed)
        price = median_seconds(nested, least=1) * PATHS / paths
    with stage("Greeks by adjoints"):
        _, adjoint = timed(partial(monte_carlo_truth, problem, x[:1], n_paths=paths))
        adjoint *= PATHS / paths
    with stage("samples and training"):
        samples, simulating = timed(partial(simulate, problem, n, seed=seed))
        network = TwinNetwork(epochs=5 if quick else 50, seed=seed)
        _, training = timed(partial(network.fit, *samples))
    with stage("network"):
        book = samples.x[np.arange(TRADES) % n]
        one = median_seconds(partial(network.predict_with_greeks, book[0]), least=200)
        many = median_seconds(partial(network.predict_with_greeks, book))
    bumped = 2 * N_GREEKS * price
    return [
        Ours(PRICE, price, "s"),
        Ours(BUMPED, bumped, "s"),
        Ours("simulation: price and 50 Greeks by adjoints", adjoint, "s"),
        Ours(BOOK, TRADES * (price + bumped), "s"),
        Ours("the same by adjoints", TRADES * adjoint, "s"),
        Ours("network: time of samples", simulating, "s"),
        Ours("network: time of training", training, "s"),
        Ours(NETWORK, one, "s"),
        Ours(NETWORK_BOOK, many, "s"),
        Ours(SPEED, TRADES * (price + bumped) / many, "times"),
        Ours("speed, network over simulation with adjoints", TRADES * adjoint / many, "times"),
        Ours(
            "speed, training and samples counted",
            TRADES * adjoint / (many + simulating + training),
            "times",
        ),
    ]


TABLE = PublishedTable(
    title=f"The overview's thousandfold speed: worst-of autocallable note on {N_ASSETS} assets, {N_GREEKS} Greeks",
    source=f"{SOURCE}, 'The Speedup'",
    published=PUBLISHED,
    stages=("simulation", "Greeks by adjoints", "samples and training", "network"),
    rows=rows,
    note=(
        "Times of simulations are those of 32,768 paths, times as many as make a million; a hundred bumped prices are a "
        "hundred times one. The overview speaks of three orders of magnitude, but its own times, a million seconds against "
        "a tenth of one, are seven apart. A fair comparison takes adjoints, which our simulation has too, and only as many "
        "paths as the network's error is worth: dml-autocallable and dml-netting-set measure that."
    ),
)
