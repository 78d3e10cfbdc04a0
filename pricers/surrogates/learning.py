"""Learning curves: errors of a surrogate against the number of its samples, over seeds."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from aadlib.validation import require_flag, require_instance, whole_number
from pricers.surrogates.estimator import Estimator, OutsideRange
from pricers.surrogates.network.collapse import TrainingCollapsed
from pricers.surrogates.samples.problem import Problem, Truth, require_problem
from pricers.surrogates.samples.simulation import simulate
from pricers.surrogates.verification import held_out_states, verify

Progress = Callable[[int, int], None]
"""Called with the number of trainings done and of all trainings."""


@dataclass(frozen=True, eq=False, kw_only=True)
class LearningCurve:
    """Errors at held-out states after trainings on more and more samples.

    Attributes
    ----------
    sizes : (n_sizes,) of int, samples of a training
    price : (n_sizes, n_seeds), root mean square errors of prices, currency; NaN where the training collapsed
    greeks : (n_sizes, n_seeds), those of Greeks: `Verification.relative_greeks`
    """

    sizes: npt.NDArray[np.int64]
    price: Floats
    greeks: Floats

    @property
    def n_collapsed(self) -> int:
        """Trainings that gave up."""
        return int(np.isnan(self.price).sum())

    def band(self, of: str = "price", share: float = 0.8) -> Floats:
        """Return lower end, median and upper end of the middle `share` of the seeds, (3, n_sizes).

        Parameters
        ----------
        of : "price" or "greeks"
        share : float, in (0, 1)
        """
        if of not in ("price", "greeks"):
            raise AadValueError(f"of = {of!r}: must be 'price' or 'greeks'")
        if not 0.0 < share < 1.0:
            raise AadValueError(f"share = {share!r}: must be between 0 and 1")
        errors: Floats = getattr(self, of)
        ends = [0.5 - 0.5 * share, 0.5, 0.5 + 0.5 * share]
        band: Floats = np.array([_quantiles(row[~np.isnan(row)], ends) for row in errors]).T
        return band

    def samples_for(self, error: float) -> float:
        """Return the samples that the median training needs for an error of prices; infinite beyond the largest size.

        Between sizes logarithms are interpolated; where the first size is enough, that size is returned.
        """
        median = self.band()[1]
        for k, reached in enumerate(median.tolist()):
            if reached <= error:
                if not k:
                    return float(self.sizes[0])
                before, after = np.log(median[k - 1 : k + 1])
                share = (before - np.log(error)) / (before - after)
                low, high = np.log(self.sizes[k - 1 : k + 1])
                return float(np.exp(low + share * (high - low)))
        return float("inf")


def _quantiles(errors: Floats, levels: list[float]) -> Floats:
    return np.quantile(errors, levels) if errors.size else np.full(len(levels), np.nan)


def learning_curve(
    surrogate: Any,
    problem: Problem,
    sizes: Sequence[int],
    *,
    n_seeds: int = 5,
    seed: int = 0,
    differential: bool = True,
    labels: str | None = None,
    antithetic: bool = False,
    x: Any = None,
    truth: Truth | None = None,
    progress: Progress | None = None,
) -> LearningCurve:
    """Train afresh on samples of every size and seed, and measure errors at the same held-out states.

    Parameters
    ----------
    surrogate : TwinNetwork or another estimator of this package
        What is trained; itself it stays as it is. Where it has a parameter `seed`, this is that of the samples.
    problem : Problem
    sizes : int, samples of a training, increasing
    n_seeds : int, >= 1, trainings of every size, with seeds from `seed` on
    differential : bool
        Whether gradients are learned from too; without, the samples are the same and their values alone are given.
    labels, antithetic
        As for `simulate`.
    x : (n, d) states to measure at, optional; 1,024 held-out ones by default
    truth : Truth there, optional
    progress : function of (trainings done, trainings in all), optional

    Returns
    -------
    LearningCurve

    Raises
    ------
    AadValueError
        For sizes that are none or do not increase.
    KeyboardInterrupt
        Where a training was interrupted.

    Examples
    --------
    >>> from pricers.surrogates import BlackScholesCall, DifferentialRegression
    >>> curve = learning_curve(DifferentialRegression(), BlackScholesCall(), [256, 4096], n_seeds=3)
    >>> bool(curve.band()[1, 1] < curve.band()[1, 0])
    True
    """
    require_problem(problem)
    if truth is not None:
        require_instance("truth", truth, Truth, "a Truth, as problem.truth(x) returns it")
    require_flag("differential", differential)
    if isinstance(sizes, str) or not isinstance(sizes, Sequence | np.ndarray):
        raise AadTypeError(f"sizes = {sizes!r}: must be a sequence of numbers of samples")
    counts = np.array([whole_number("sizes", size, 1) for size in sizes], dtype=np.int64)
    if not counts.size or (np.diff(counts) <= 0).any():
        raise AadValueError(f"sizes = {list(sizes)}: must be one or more, increasing")
    seeds = [whole_number("seed", seed, 0) + k for k in range(whole_number("n_seeds", n_seeds, 1))]
    states = held_out_states(problem, 1024, seed=2**30) if x is None else problem.checked_states(x)
    true = problem.truth(states) if truth is None else truth
    price, greeks = np.full((2, len(counts), len(seeds)), np.nan)
    for j, key in enumerate(seeds):
        samples = simulate(problem, int(counts[-1]), seed=key, labels=labels, antithetic=antithetic)
        for k, n in enumerate(counts.tolist()):
            trained = _trained(surrogate, key, *(samples[:2] if not differential else samples), n=n)
            if trained is not None:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", OutsideRange)
                    found = verify(trained, problem, x=states, truth=true)
                price[k, j], greeks[k, j] = found.price.rmse, found.relative_greeks
            if progress is not None:
                progress(j * len(counts) + k + 1, price.size)
    return LearningCurve(sizes=counts, price=price, greeks=greeks)


def _trained(surrogate: Any, seed: int, *samples: Any, n: int) -> Any:
    """Return a fresh surrogate trained on the first n samples, or None where the training collapsed."""
    if not isinstance(surrogate, Estimator):
        raise AadValueError(f"surrogate = {surrogate!r}: must be an estimator such as TwinNetwork()")
    fresh = type(surrogate)(**surrogate.get_params())
    if "seed" in fresh.get_params():
        fresh.set_params(seed=seed)
    try:
        fresh.fit(*(array[:n] for array in samples))  # type: ignore[attr-defined]
    except TrainingCollapsed:
        return None
    if getattr(getattr(fresh, "history_", None), "interrupted", False):
        raise KeyboardInterrupt
    return fresh
