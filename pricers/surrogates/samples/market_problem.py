"""Options on correlated lognormal assets, whose market is the state: spots, volatilities and more."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from aadlib.validation import as_floats, names_of, require_finite, require_positive, whole_number
from pricers.monte_carlo.correlation import cholesky_factor
from pricers.monte_carlo.dynamics import GeometricBrownianMotion
from pricers.monte_carlo.path import Path
from pricers.monte_carlo.payoffs.payoff import Payoff
from pricers.monte_carlo.smoothing import (
    ConditionalExpectation,
    Kernel,
    LikelihoodRatio,
    LocalizedLikelihoodRatio,
)
from pricers.surrogates.samples.monte_carlo_truth import monte_carlo_truth
from pricers.surrogates.samples.noise import multiplied
from pricers.surrogates.samples.problem import Estimator, Problem, Truth

GROUPS = ("spots", "volatilities", "rate", "expiry", "correlation")
"""What may vary from state to state; the correlation is common to all pairs."""

Range = tuple[float, float]


@dataclass(frozen=True, kw_only=True, eq=False)
class MarketProblem(Problem):
    """A payoff on lognormal assets, of which some groups of market numbers are the state.

    A subclass gives `claim`, and where its payoff jumps `JUMP` and `LABELS`.

    Parameters
    ----------
    n_assets : int, >= 1
    vary : tuple of "spots", "volatilities", "rate", "expiry", "correlation"
        Groups that are inputs, in this order; the others stay at the middle of their range.
    spots, volatilities, rate, expiry, correlation : (low, high)
        Ranges of the training states, uniform and independent. Units as in `GeometricBrownianMotion`; the expiry in
        years, the correlation between every two assets.
    dividend_yield : float, per year, of every asset
    n_steps : int, >= 1, equal steps: the dates at which a payoff looks at prices
    bandwidth : float, currency, > 0, of the kernel of "smoothed" labels
    window : float, currency, > 0, of the kernel of "hybrid" labels, whose rest is differentiated by likelihood ratios

    Raises
    ------
    AadValueError
        For unknown groups, empty ranges, or numbers that are no market.
    """

    n_assets: int = 1
    vary: tuple[str, ...] = ("spots",)
    spots: Range = (60.0, 140.0)
    volatilities: Range = (0.1, 0.4)
    rate: Range = (0.0, 0.06)
    expiry: Range = (0.5, 1.5)
    correlation: Range = (0.1, 0.8)
    dividend_yield: float = 0.0
    n_steps: int = 1
    bandwidth: float = 1.0
    window: float = 8.0

    CONDITIONAL: ClassVar[bool] = False
    """Whether the payoff has a conditional expectation in closed form (one-step survival, a direction integrated)."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "n_assets", whole_number("n_assets", self.n_assets, 1))
        object.__setattr__(self, "n_steps", whole_number("n_steps", self.n_steps, 1))
        vary = names_of("vary", self.vary)
        object.__setattr__(self, "vary", vary)
        known = GROUPS if self.n_assets > 1 else GROUPS[:-1]
        if not vary or len(set(vary)) != len(vary) or set(vary) - set(known):
            raise AadValueError(f"vary = {vary!r}: choose different groups among {', '.join(known)}")
        for name in GROUPS:
            object.__setattr__(self, name, _range(name, getattr(self, name)))
        for name in ("spots", "volatilities", "expiry"):
            require_positive(name, getattr(self, name))
        for name in ("bandwidth", "window"):
            require_positive(name, getattr(self, name))
        require_finite("dividend_yield", self.dividend_yield)
        if self.n_assets > 1:
            lowest = -1.0 / (self.n_assets - 1)
            if not (lowest < self.correlation[0] and self.correlation[1] < 1.0):
                raise AadValueError(
                    f"correlation = {self.correlation!r}: must lie between {lowest:.6g} and 1, without the ends, for "
                    f"{self.n_assets} assets"
                )
        self.path("pathwise")  # which checks that the payoff fits

    @abstractmethod
    def claim(self) -> Payoff:
        """Return the payoff."""

    # ---- the state -------------------------------------------------------------------------------------------------

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the varying market numbers."""
        singular = {"spots": "spot", "volatilities": "volatility"}
        return tuple(
            name
            for group in self.vary
            for name in (
                [f"{singular[group]}[{i}]" for i in range(self.n_assets)] if group in singular else [group]
            )
        )

    @property
    def ranges(self) -> Floats:
        """Lowest and highest of every input, (d, 2)."""
        rows = [
            getattr(self, group)
            for group in self.vary
            for _ in range(self.n_assets if group in ("spots", "volatilities") else 1)
        ]
        return np.array(rows)

    def states(self, generator: np.random.Generator, n: int) -> Floats:
        """Draw n states uniformly within their ranges, (n, d)."""
        low, high = self.ranges.T
        return generator.uniform(low, high, (n, len(low)))

    # ---- the path --------------------------------------------------------------------------------------------------

    @property
    def noise_shape(self) -> tuple[int, ...]:
        """Normals of every asset, and of every step where the payoff looks at earlier prices."""
        return (self.n_assets,) if self.claim().AT_EXPIRY else (self.n_steps, self.n_assets)

    def shocks(self, normals: Floats) -> Floats:
        """Return correlated normals, or independent ones where the correlation is an input."""
        if self.n_assets == 1 or "correlation" in self.vary:
            return normals
        factor = cholesky_factor(self._correlation())
        assert factor is not None  # its range was checked
        return multiplied(normals.reshape(-1, self.n_assets), factor.T).reshape(normals.shape)

    def path(self, labels: str) -> Path:
        """Return the path whose recorded derivative is this kind of label."""
        smoothing = {
            "pathwise": None,
            "likelihood_ratio": LikelihoodRatio(),
            "smoothed": Kernel(self.bandwidth),
            "hybrid": LocalizedLikelihoodRatio(self.window),
            "conditional": ConditionalExpectation(),
        }[labels]
        claim = self.claim()
        several = self.n_assets > 1
        return Path(
            dynamics=GeometricBrownianMotion(
                spots=[_middle(self.spots)] * self.n_assets,
                volatilities=_middle(self.volatilities),
                rate=_middle(self.rate),
                dividend_yields=self.dividend_yield,
                correlation=self._correlation() if several else None,
            ),
            payoff=claim,
            expiry=_middle(self.expiry),
            n_steps=1 if claim.AT_EXPIRY else self.n_steps,
            track_steps=not claim.AT_EXPIRY,
            differentiate=tuple("correlations" if group == "correlation" else group for group in self.vary),
            smoothing=smoothing,
            correlated_normals=several and "correlation" not in self.vary,
        )

    def estimator(self, labels: str) -> Estimator:
        """Return the path whose recorded derivative is this kind of label."""
        path, pairs = self.path(labels), self.n_assets * (self.n_assets - 1) // 2

        def estimate(x: Any, z: Any) -> Any:
            parameters: list[Any] = []
            for name, number in zip(self.inputs, list(x), strict=True):
                parameters += [number] * (pairs if name == "correlation" else 1)
            return path(parameters, z)

        return estimate

    def payoff(self, x: Any, z: Any) -> Any:
        """Return the present value of one path."""
        return self.estimator("pathwise")(x, z)

    def truth(self, x: Any, *, n_paths: int = 2**15, seed: int = 2**31) -> Truth:
        """Return prices and Greeks by fresh simulation: see `monte_carlo_truth`."""
        estimator = self.estimator("conditional" if self.CONDITIONAL else self.LABELS[0])
        return monte_carlo_truth(self, x, estimator=estimator, n_paths=n_paths, seed=seed)

    def _correlation(self) -> Floats:
        matrix = np.full((self.n_assets, self.n_assets), _middle(self.correlation))
        np.fill_diagonal(matrix, 1.0)
        return matrix

    def market(self, x: Any) -> dict[str, Any]:
        """Return the numbers of every group at a state, (d,), numbers of any kind: lists for spots and volatilities."""
        groups: dict[str, Any] = {}
        for group in GROUPS:
            middle = _middle(getattr(self, group))
            groups[group] = [middle] * self.n_assets if group in ("spots", "volatilities") else middle
        numbers = iter(list(x))
        for group in self.vary:
            several = group in ("spots", "volatilities")
            groups[group] = [next(numbers) for _ in range(self.n_assets)] if several else next(numbers)
        return groups


def _middle(ends: Range) -> float:
    return 0.5 * (ends[0] + ends[1])


def _range(name: str, given: Any) -> Range:
    ends = as_floats(name, given)
    if ends.shape == ():
        ends = np.array([ends, ends])
    if ends.shape != (2,):
        raise AadTypeError(f"{name} = {given!r}: must be a range (low, high)")
    require_finite(name, ends)
    if ends[0] > ends[1]:
        raise AadValueError(f"{name} = {given!r}: the low end must not be above the high one")
    return float(ends[0]), float(ends[1])
