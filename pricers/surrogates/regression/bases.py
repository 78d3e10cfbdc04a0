"""Bases of a regression: functions of the states with their derivatives, none of them by a division by the state."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import comb
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import whole_number

MOST_FUNCTIONS = 10_000
"""Polynomials in a basis: their triangle takes a gigabyte."""

Evaluated = tuple[Floats, Floats]


@runtime_checkable
class Basis(Protocol):
    """The contract: `settle` on training states, then evaluate on any; states are normalised, (n, d)."""

    def settle(self, x: Floats) -> Evaluator:
        """Return the functions that belong to training states (n, d)."""


@runtime_checkable
class Evaluator(Protocol):
    """Functions of d inputs, p of them."""

    @property
    def n_functions(self) -> int:
        """The number p."""

    def evaluate(self, x: Floats) -> Evaluated:
        """Return the values (n, p) and the derivatives (n, p, d) at states (n, d)."""


@dataclass(frozen=True)
class Polynomials:
    """Products of Hermite polynomials up to a total degree, each of variance one over standard normal states.

    Parameters
    ----------
    degree : int, >= 1
        The largest total degree: there are (d + degree)! / (d! degree!) functions.
    """

    degree: int = 5

    def settle(self, x: Floats) -> HermiteProducts:
        """Return the functions of as many inputs as the states (n, d) have."""
        degree, d = whole_number("degree", self.degree, 1), x.shape[1]
        if comb(d + degree, degree) > MOST_FUNCTIONS:
            raise AadValueError(
                f"degree = {degree}: {comb(d + degree, degree):,} polynomials of {d} inputs are more than "
                f"{MOST_FUNCTIONS:,}; lower it, take Splines, or DifferentialPCA first"
            )
        powers = [
            np.bincount(np.array(chosen, dtype=np.int64), minlength=d)
            for total in range(degree + 1)
            for chosen in combinations_with_replacement(range(d), total)
        ]
        return HermiteProducts(np.array(powers))


@dataclass(frozen=True)
class HermiteProducts:
    """Products of normalised Hermite polynomials He_k(x_j) / sqrt(k!) with the degrees in rows of `powers` (p, d)."""

    powers: npt.NDArray[np.int64]

    @property
    def n_functions(self) -> int:
        """The number of products."""
        return len(self.powers)

    def evaluate(self, x: Floats) -> Evaluated:
        """Return the values (n, p) and the derivatives (n, p, d) at states (n, d)."""
        degree = int(self.powers.max())
        tables = np.ones((degree + 1, *x.shape))
        if degree:
            tables[1] = x
        for k in range(1, degree):  # He_{k+1} = x He_k - k He_{k-1}
            tables[k + 1] = (x * tables[k] - np.sqrt(k) * tables[k - 1]) / np.sqrt(k + 1)
        n, d = x.shape
        values, slopes = np.empty((n, len(self.powers))), np.zeros((n, len(self.powers), d))
        for p, powers in enumerate(self.powers):
            active = np.flatnonzero(powers)
            factors = [tables[powers[j], :, j] for j in active]
            values[:, p] = np.prod(factors, axis=0) if factors else 1.0
            for position, j in enumerate(active):  # He_k' = k He_{k-1}
                others = factors[:position] + factors[position + 1 :]
                own = np.sqrt(powers[j]) * tables[powers[j] - 1, :, j]
                slopes[:, p, j] = own * (np.prod(others, axis=0) if others else 1.0)
        return values, slopes


@dataclass(frozen=True)
class Splines:
    """Sums of natural cubic splines in each input alone, with knots at quantiles of the states and linear tails.

    Parameters
    ----------
    n_knots : int, >= 3
        Knots for each input, which has as many functions.
    """

    n_knots: int = 12

    def settle(self, x: Floats) -> NaturalSplines:
        """Return splines with knots at the quantiles of the states (n, d)."""
        levels = np.linspace(0.005, 0.995, whole_number("n_knots", self.n_knots, 3))
        knots = np.quantile(x, levels, axis=0).T
        if (np.diff(knots, axis=1) <= 0.0).any():
            j = int(np.flatnonzero((np.diff(knots, axis=1) <= 0.0).any(axis=1))[0])
            raise AadValueError(
                f"x[:, {j}] has too few different values for {self.n_knots} knots: give fewer"
            )
        return NaturalSplines(knots)


@dataclass(frozen=True)
class NaturalSplines:
    """Cardinal natural cubic splines over knots (d, k), one at a knot and zero at the others."""

    knots: Floats

    @property
    def n_functions(self) -> int:
        """The number of all inputs' splines."""
        return self.knots.size

    def evaluate(self, x: Floats) -> Evaluated:
        """Return the values (n, d k) and the derivatives (n, d k, d) at states (n, d)."""
        from scipy.interpolate import CubicSpline

        d, k = self.knots.shape
        values, slopes = np.empty((len(x), d, k)), np.zeros((len(x), d, k, d))
        for j, knots in enumerate(self.knots):
            spline = CubicSpline(knots, np.eye(k), bc_type="natural")
            inside = np.clip(x[:, j], knots[0], knots[-1])
            slopes[:, j, :, j] = spline(inside, 1)
            values[:, j] = spline(inside) + slopes[:, j, :, j] * (x[:, j] - inside)[:, None]
        return values.reshape(len(x), -1), slopes.reshape(len(x), -1, d)
