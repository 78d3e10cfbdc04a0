"""Trainings with gradients and on values alone, at the same states, as rows of the tables about surrogates."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from apps.reproduce.comparison import Ours
from apps.reproduce.contracts.overview import LABELS, SAMPLES, TWIN
from apps.reproduce.measures.timing import median_seconds
from pricers.surrogates import (
    LearningCurve,
    OutsideRange,
    Problem,
    Truth,
    TwinNetwork,
    learning_curve,
    simulate,
)

WITHIN = 16
"""Most times the samples of differential training that values alone are given to reach its error."""


@contextmanager
def beyond_the_range() -> Iterator[None]:
    """Let test states lie outside the range trained on without a word, as some of the authors' do."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OutsideRange)
        yield


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A problem, and the states at which trainings are judged.

    Attributes
    ----------
    n_seeds, seed : trainings of each kind, and the first of their seeds
    antithetic : whether a sample is the mean over a path and its mirror image
    """

    problem: Problem
    x: Any
    truth: Truth
    n_seeds: int
    seed: int
    antithetic: bool = True

    def curve(self, sizes: Sequence[int], *, differential: bool = True, **network: Any) -> LearningCurve:
        """Return the errors of a network with some settings against the number of samples."""
        return learning_curve(
            TwinNetwork(**network),
            self.problem,
            sizes,
            n_seeds=self.n_seeds,
            seed=self.seed,
            differential=differential,
            antithetic=self.antithetic,
            x=self.x,
            truth=self.truth,
        )


def medians(name: str, curve: LearningCurve, scale: float = 1.0, unit: str = "currency") -> list[Ours]:
    """Return median errors of price and Greeks after trainings of the curve's last size, and the worst price's."""
    return [
        Ours(f"price rmse, {name}", scale * float(curve.band()[1, -1]), unit),
        Ours(f"price rmse, {name}, worst seed", scale * float(curve.price[-1].max()), unit),
        Ours(f"Greeks rmse, {name}", 100.0 * float(curve.band("greeks")[1, -1]), "% of theirs"),
    ]


def sample_ratio(differential: LearningCurve, alone: LearningCurve) -> float | str:
    """Return how many times more samples values alone need for the first error of the other curve."""
    needed = alone.samples_for(float(differential.band()[1, 0]))
    most = float(alone.sizes[-1] / differential.sizes[0])
    return needed / float(differential.sizes[0]) if needed < float("inf") else f"more than {most:.0f}"


def more_samples(
    judged: Judged, n: int, most: int = WITHIN, differential: LearningCurve | None = None
) -> Ours:
    """Return the row of the ratio of samples, for the error of n samples with gradients."""
    sizes = [n * 4**k for k in range(most.bit_length()) if 4**k <= most]
    found = differential or judged.curve([n])
    return Ours(SAMPLES, sample_ratio(found, judged.curve(sizes, differential=False)), "times")


def label_cost(problem: Problem, n: int = 50_000) -> Ours:
    """Return the row of what gradients cost in the simulation of samples."""
    both = median_seconds(partial(simulate, problem, n, seed=1))
    return Ours(
        LABELS, both / median_seconds(partial(simulate, problem, n, seed=1, gradients=False)), "times"
    )


def twin_cost(network: TwinNetwork, x: Any) -> list[Ours]:
    """Return the times of price and Greeks at one state and at many, and what the Greeks cost."""
    one = median_seconds(partial(network.predict_with_greeks, x[0]), least=200)
    many = median_seconds(partial(network.predict_with_greeks, x))
    return [
        Ours("price and all Greeks, one state", 1e6 * one, "us"),
        Ours("price and all Greeks, each of many states", 1e6 * many / len(x), "us"),
        Ours(TWIN, many / median_seconds(partial(network.predict, x)), "times"),
    ]
