"""Train a network on a problem and measure it: what the page, the tables and the pictures of `train` show."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from apps.report.progress import Stages
from apps.train.problems import Offer, test_states, truth_options

if TYPE_CHECKING:
    from pricers.surrogates import LearningCurve, Problem, Samples, Truth, TwinNetwork, Verification

CURVE_SIZES = 3
"""Sizes of a learning curve, a factor of four apart, the last that of the training."""
CURVE_SEEDS = 3
TEST_SEED = 2**30
PREDICTION = "price and all Greeks of the held-out states"


@dataclass(frozen=True)
class Wanted:
    """What to train.

    Attributes
    ----------
    labels : kind of gradient labels, None for the problem's first
    standard : whether a network trained on values alone is set beside it
    curve : whether learning curves are drawn
    """

    offer: Offer
    problem: Problem
    n_samples: int
    epochs: int
    seed: int
    labels: str | None
    standard: bool
    curve: bool


@dataclass(frozen=True, eq=False)
class Trained:
    """The network and how good it is.

    Attributes
    ----------
    seconds : step -> wall time
    n_outside : held-out states outside the range trained on
    standard : the network trained on values alone, on the same samples
    curves : "differential" and "values alone" -> LearningCurve
    messages : what was odd
    """

    wanted: Wanted
    network: TwinNetwork
    verification: Verification
    seconds: dict[str, float]
    n_outside: int
    standard: Verification | None
    curves: dict[str, LearningCurve]
    messages: tuple[str, ...]

    @property
    def labels(self) -> str:
        """The kind of gradient labels."""
        return self.wanted.labels or self.wanted.problem.LABELS[0]


def train(wanted: Wanted, job: Stages) -> Trained:
    """Simulate, train, verify; after Ctrl-C in the training what was learned until then is verified, and no more."""
    from pricers.surrogates import OutsideRange, verify

    seconds: dict[str, float] = {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with job.stage("simulating samples"):
            samples = _timed(seconds, "samples with gradients", lambda: simulated(wanted))
        with job.stage("training"):
            network = _timed(seconds, "training", lambda: fitted(wanted, samples, job))
        interrupted = network.history_.interrupted
        with job.stage("truth"):
            x = test_states(wanted.offer, wanted.problem, TEST_SEED)
            options = truth_options(wanted.problem, wanted.offer)
            truth = _timed(
                seconds, "truth of the held-out states", lambda: wanted.problem.truth(x, **options)
            )
        with job.stage("verifying"):
            predicted = _timed(
                seconds, "price and all Greeks of the held-out states", lambda: network.predict_with_greeks(x)
            )
            verification = verify(network, wanted.problem, x=x, truth=truth)
        standard = None
        if wanted.standard and not interrupted:
            with job.stage("training on values alone"):
                alone = fitted(replace(wanted, labels=None), samples._replace(dydx=None), job)
                if alone.history_.interrupted:
                    raise KeyboardInterrupt
                standard = verify(alone, wanted.problem, x=x, truth=truth)
        curves: dict[str, LearningCurve] = {}
        if wanted.curve and not interrupted:
            curves = learning_curves(wanted, x, truth, job)
    messages = [str(item.message) for item in caught if not issubclass(item.category, OutsideRange)]
    return Trained(
        wanted=wanted,
        network=network,
        verification=verification,
        seconds=seconds,
        n_outside=int(np.count_nonzero(predicted.outside)),
        standard=standard,
        curves=curves,
        messages=tuple(dict.fromkeys(messages)),
    )


def simulated(wanted: Wanted) -> Samples:
    """Return the training samples."""
    from pricers.surrogates import simulate

    return simulate(
        wanted.problem,
        wanted.n_samples,
        seed=wanted.seed,
        labels=wanted.labels,
        antithetic=wanted.offer.antithetic,
    )


def fitted(wanted: Wanted, samples: Samples, job: Stages) -> TwinNetwork:
    """Return the trained network."""
    from pricers.surrogates import TwinNetwork

    network = TwinNetwork(epochs=wanted.epochs, seed=wanted.seed)
    return network.fit(*samples, progress=lambda epoch: job.within((epoch.number + 1) / wanted.epochs))


def learning_curves(wanted: Wanted, x: Any, truth: Truth, job: Stages) -> dict[str, LearningCurve]:
    """Return errors against the number of samples, with gradients and without."""
    from pricers.surrogates import TwinNetwork, learning_curve

    d = len(wanted.problem.inputs)
    sizes = [wanted.n_samples // 4**k for k in reversed(range(CURVE_SIZES))]
    curves = {}
    for name, differential in (("differential", True), ("values alone", False)):
        with job.stage(f"learning curve, {name}"):
            curves[name] = learning_curve(
                TwinNetwork(epochs=wanted.epochs),
                wanted.problem,
                [size for size in sizes if size > d],
                n_seeds=CURVE_SEEDS,
                seed=wanted.seed,
                differential=differential,
                labels=wanted.labels,
                antithetic=wanted.offer.antithetic,
                x=x,
                truth=truth,
                progress=lambda done, total: job.within(done / total),
            )
    return curves


def _timed(seconds: dict[str, float], name: str, call: Callable[[], Any]) -> Any:
    began = time.perf_counter()
    result = call()
    seconds[name] = time.perf_counter() - began
    return result
