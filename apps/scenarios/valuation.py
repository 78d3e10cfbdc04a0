"""A book's profit and loss under stress by a network, with its attribution, and by full revaluation."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aadlib.types import Floats
from apps.report.progress import Stages
from apps.scenarios.stress import Stress, stresses

if TYPE_CHECKING:
    from pricers.surrogates import NettingSet, TwinNetwork

REVALUATION_SEED = 2**30


@dataclass(frozen=True)
class Sizes:
    """Training samples, epochs, paths of a full revaluation of one scenario, and the seed."""

    n_samples: int
    epochs: int
    n_paths: int
    seed: int


@dataclass(frozen=True, eq=False)
class Stressed:
    """What was found; arrays have an entry, or a row, for each scenario.

    Attributes
    ----------
    network, revalued, stderr : (n,) profit and loss by each route, and the standard error of the revaluation's
    exact : (n,) by closed forms, None where a trade has none
    delta : (n, 1 + n_assets), first-order profit and loss by input; gamma : (n,), second order
    outside : (n,) of bool, states outside the range trained on
    seconds : step -> wall time
    """

    book: NettingSet
    sizes: Sizes
    inputs: tuple[str, ...]
    scenarios: list[Stress]
    network: Floats
    revalued: Floats
    stderr: Floats
    exact: Floats | None
    delta: Floats
    gamma: Floats
    outside: Any
    seconds: dict[str, float]


def stress(book: NettingSet, sizes: Sizes, job: Stages) -> Stressed:
    """Train on the book, and value every scenario by both routes."""
    from apps.scenarios.stressed_book import StressedBook
    from pricers.surrogates import nested_monte_carlo

    base = book.market.state
    scenarios = stresses(base)
    states = np.array([base, *(scenario.state for scenario in scenarios)])
    problem = StressedBook.around(book, states)
    seconds: dict[str, float] = {}
    network = _trained(problem, sizes, seconds, job)
    with job.stage("network"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # states outside the range are counted and shown
        began = time.perf_counter()
        values, greeks, outside = network.predict_with_greeks(states)
        seconds["network"] = time.perf_counter() - began
        hessian = network.hessian(base)
    with job.stage("full revaluation"):
        began = time.perf_counter()
        revalued, stderr = nested_monte_carlo(
            problem, states, n_paths=sizes.n_paths, seed=REVALUATION_SEED + sizes.seed
        )
        seconds["full revaluation"] = time.perf_counter() - began
    exact = problem.truth(states).value if all(trade.HAS_CLOSED_FORM for trade in book.trades) else None
    moves = states[1:] - base
    return Stressed(
        book=book,
        sizes=sizes,
        inputs=problem.inputs,
        scenarios=scenarios,
        network=values[1:] - values[0],
        revalued=revalued[1:] - revalued[0],
        stderr=np.hypot(stderr[1:], stderr[0]),
        exact=None if exact is None else exact[1:] - exact[0],
        delta=moves * greeks[0],
        gamma=0.5 * np.einsum("ni,ij,nj->n", moves, hessian, moves),
        outside=outside[1:],
        seconds=seconds,
    )


def _trained(problem: Any, sizes: Sizes, seconds: dict[str, float], job: Stages) -> TwinNetwork:
    from pricers.surrogates import Cosine, TwinNetwork, simulate

    with job.stage("samples"):
        began = time.perf_counter()
        samples = simulate(problem, sizes.n_samples, seed=sizes.seed, antithetic=True)
        seconds["samples"] = time.perf_counter() - began
    with job.stage("training"):
        began = time.perf_counter()
        network = TwinNetwork(
            epochs=sizes.epochs,
            schedule=Cosine(0.01),
            batch_size=max(32, min(512, sizes.n_samples // 16)),
            seed=sizes.seed,
        ).fit(*samples, progress=lambda epoch: job.within((epoch.number + 1) / sizes.epochs))
        seconds["training"] = time.perf_counter() - began
    if network.history_.interrupted:
        raise KeyboardInterrupt
    return network
