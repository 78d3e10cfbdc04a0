"""Differential principal components of baskets: factors by relevance, beside those by variance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aadlib.types import Floats
from apps.reproduce.comparison import Ours, PublishedTable, Stage
from apps.reproduce.contracts.three_baskets import ThreeBaskets
from apps.reproduce.measures.trainings import beyond_the_range
from pricers.surrogates import BachelierBasket, DifferentialPCA, TwinNetwork, simulate, verify

N_ASSETS, N_SAMPLES = 20, 16384


class InFactors:
    """A network on the factors of the states; prices and Greeks are in the states."""

    def __init__(self, components: DifferentialPCA, network: TwinNetwork) -> None:
        self._components, self._network = components, network

    def predict_with_greeks(self, x: Floats) -> tuple[Floats, Floats]:
        """Return prices (n,) and Greeks (n, d)."""
        values, greeks, _ = self._network.predict_with_greeks(self._components.transform(x))
        return values, self._components.greeks_in_inputs(greeks)


def by_variance(x: Floats, share: float = 1e-6) -> int:
    """Return how many ordinary principal components leave no more than a share of the variance."""
    variances = np.linalg.eigvalsh(np.cov(x, rowvar=False))[::-1]
    return int(np.argmax(1.0 - np.cumsum(variances) / variances.sum() <= share)) + 1


def off_axis(axes: Floats, weights: Floats) -> float:
    """Return the largest difference of a basket's weights, of length one, from the axis nearest to them."""
    unit = weights / np.linalg.norm(weights, axis=1, keepdims=True)
    nearest = np.abs(unit @ axes.T).argmax(axis=1)
    return float(np.abs(axes[nearest] - unit).max())


def rows(stage: Stage, *, quick: bool = False, seed: int = 1) -> Sequence[Ours]:
    """Find factors of one basket and of three, and train on the one factor."""
    n = 2048 if quick else N_SAMPLES
    with stage("one basket"):
        problem = BachelierBasket(n_assets=N_ASSETS)
        samples = simulate(problem, n, seed=seed, antithetic=True)
        one = DifferentialPCA().fit(samples.x, dydx=samples.dydx)
        off_one = off_axis(one.simplest_axes(), problem.weights[None])
    with stage("a network on one factor"), beyond_the_range():
        x = problem.test_states(4096, seed=2**20)
        truth = problem.truth(x)
        full = TwinNetwork(seed=seed).fit(*samples)
        reduced = TwinNetwork(seed=seed).fit(
            one.transform(samples.x), samples.y, one.greeks_in_factors(samples.dydx)
        )
        found = [
            verify(surrogate, problem, x=x, truth=truth) for surrogate in (full, InFactors(one, reduced))
        ]
    with stage("three baskets"):
        baskets = ThreeBaskets(n_assets=N_ASSETS)
        x3, _, dydx = simulate(baskets, n, seed=seed, antithetic=True)
        three = DifferentialPCA().fit(x3, dydx=dydx)
        off_three = off_axis(three.simplest_axes(), baskets.basket_weights)
    return [
        Ours("factors by relevance, one basket", one.n_factors_),
        Ours("factors by variance, one basket", by_variance(samples.x)),
        Ours("axis less the weights, one basket", off_one),
        Ours("relevance of the second factor over the first", float(one.relevance_[1] / one.relevance_[0])),
        Ours("price rmse, network on 20 spots", 100.0 * found[0].price.rmse, "% of spot"),
        Ours("price rmse, network on the factor", 100.0 * found[1].price.rmse, "% of spot"),
        Ours("factors by relevance, three baskets", three.n_factors_),
        Ours("factors by variance, three baskets", by_variance(x3)),
        Ours("axes less the weights, three baskets", off_three),
    ]


TABLE = PublishedTable(
    title=f"Differential principal components: calls on baskets of {N_ASSETS} normal assets",
    source="the authors' article on twin networks, which gives no numbers",
    published={},
    stages=("one basket", "a network on one factor", "three baskets"),
    rows=rows,
    note=(
        "Relevance is the mean square derivative along a factor of variance one; factors are kept until a millionth of "
        "the relevance, or of the variance, is left. Axes have length one and are compared with weights of length one; "
        "those of three baskets are turned to load on few assets each (varimax), which pathwise labels leave open."
    ),
)
