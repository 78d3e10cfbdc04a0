"""A netting set's values along scenarios, by closed forms, by networks and by nested simulation."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aadlib.types import Floats
from apps.report.progress import Stages
from apps.xva.adjustments import Credit

if TYPE_CHECKING:
    from pricers.surrogates import NettingSet, Scenarios, TwinNetwork

SCENARIO_SEED = 2**30
"""Added to the seed for scenarios, which share their streams with the training samples."""
BATCHES_OF = 512
"""Samples in a minibatch, at most."""


@dataclass(frozen=True)
class Sizes:
    """How much is simulated.

    Attributes
    ----------
    n_paths : scenarios
    n_nested : of these, how many nested simulation values
    n_inner : inner paths of each state
    n_samples : training samples of each horizon's network
    epochs, seed : of trainings
    """

    n_paths: int
    n_nested: int
    n_inner: int
    n_samples: int
    epochs: int
    seed: int


@dataclass(frozen=True, eq=False)
class Valued:
    """What was found.

    Attributes
    ----------
    network : (n_paths, n_horizons); nested : (n_nested, n_horizons)
    exact : (n_paths, n_horizons), closed forms, None where a trade has none
    n_outside : states outside the range a network was trained on
    seconds : step -> wall time
    """

    netting_set: NettingSet
    credit: Credit
    sizes: Sizes
    scenarios: Scenarios
    network: Floats
    nested: Floats
    exact: Floats | None
    n_outside: int
    seconds: dict[str, float]


def value(netting_set: NettingSet, credit: Credit, sizes: Sizes, job: Stages) -> Valued:
    """Train a network for every horizon and value all scenarios by all routes."""
    horizons = netting_set.horizons.tolist()
    with job.stage("scenarios"):
        scenarios = netting_set.scenarios(sizes.n_paths, seed=SCENARIO_SEED + sizes.seed)
    seconds = dict.fromkeys(("samples", "training", "network", "nested simulation"), 0.0)
    network, nested = np.empty(scenarios.discounts.shape), np.empty((sizes.n_nested, len(horizons)))
    exact: Floats | None = None
    if all(trade.HAS_CLOSED_FORM for trade in netting_set.trades):
        exact = np.empty(network.shape)
    n_outside = 0
    for k, horizon in enumerate(horizons):
        problem, states = netting_set.exposure(horizon), scenarios.states[:, k]
        with job.stage(f"network of {horizon:g} years"):
            trained = _trained(problem, sizes, seconds, job)
            network[:, k], outside = _predicted(trained, states, seconds)
            n_outside += outside
        with job.stage(f"nested simulation at {horizon:g} years"):
            nested[:, k] = _nested(problem, states[: sizes.n_nested], sizes, seconds, k)
        if exact is not None:
            exact[:, k] = problem.truth(states).value
    return Valued(netting_set, credit, sizes, scenarios, network, nested, exact, n_outside, seconds)


def _trained(problem: Any, sizes: Sizes, seconds: dict[str, float], job: Stages) -> TwinNetwork:
    from pricers.surrogates import Cosine, TwinNetwork, simulate

    began = time.perf_counter()
    samples = simulate(problem, sizes.n_samples, seed=sizes.seed, antithetic=True)
    simulated = time.perf_counter()
    network = TwinNetwork(
        epochs=sizes.epochs,
        schedule=Cosine(0.01),
        batch_size=min(BATCHES_OF, max(32, sizes.n_samples // 16)),
        seed=sizes.seed,
    ).fit(*samples, progress=lambda epoch: job.within((epoch.number + 1) / sizes.epochs))
    if network.history_.interrupted:
        raise KeyboardInterrupt
    seconds["samples"] += simulated - began
    seconds["training"] += time.perf_counter() - simulated
    return network


def _predicted(network: TwinNetwork, states: Floats, seconds: dict[str, float]) -> tuple[Floats, int]:
    from pricers.surrogates import OutsideRange

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OutsideRange)
        began = time.perf_counter()
        values = network.predict(states)
        seconds["network"] += time.perf_counter() - began
        return values, int(np.count_nonzero(network.predict_with_greeks(states).outside))


def _nested(problem: Any, states: Floats, sizes: Sizes, seconds: dict[str, float], k: int) -> Floats:
    from pricers.surrogates import nested_monte_carlo

    began = time.perf_counter()
    values, _ = nested_monte_carlo(
        problem, states, n_paths=sizes.n_inner, seed=SCENARIO_SEED + sizes.seed + 1 + k
    )
    seconds["nested simulation"] += time.perf_counter() - began
    return values
