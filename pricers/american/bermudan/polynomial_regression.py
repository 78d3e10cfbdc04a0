"""Backward regression of any recorded path on polynomials in its states, and the first stop it leads to."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aadlib.types import Floats
from pricers.american.bermudan.least_squares_kernel import products_kernel, solve_kernel

PATHS_PER_FUNCTION = 4
"""Paths in the money a regression needs for each function; with fewer it is linear, then there is no exercise."""


@dataclass(frozen=True, eq=False)
class Regression:
    """Targets as polynomials in states scaled to [-1, 1].

    Parameters
    ----------
    middle, half : (n_states, 1), of the range of the states regressed on
    powers : (n_functions, n_states)
    coefficients : (n_targets, n_functions)
    rank : int, functions that the states could tell apart; the others have the coefficient zero
    """

    middle: Floats
    half: Floats
    powers: NDArray[Any]
    coefficients: Floats
    rank: int

    def __call__(self, states: Floats) -> Floats:
        """Return the fitted targets, (n_targets, n_paths), at states (n_states, n_paths)."""
        functions = _functions((states - self.middle) / self.half, self.powers)
        # No BLAS: its threads would compete with those over batches, and its bits depend on their number.
        return np.einsum("tf,fp->tp", self.coefficients, functions)


def _functions(points: Floats, powers: NDArray[Any]) -> Floats:
    """Return products of Chebyshev polynomials of the points, (n_functions, n_paths)."""
    top = int(powers.max(initial=0))
    table = [np.ones_like(points), points]
    while len(table) <= top:
        table.append(2.0 * points * table[-1] - table[-2])
    functions = np.ones((len(powers), points.shape[1]))
    for function, power in zip(functions, powers.tolist(), strict=True):
        for state, degree in enumerate(power):
            if degree:
                function *= table[degree][state]
    return functions


def total_degree(n_states: int, degree: int) -> NDArray[Any]:
    """Return the powers of all products up to a total degree, (n_functions, n_states)."""
    every = itertools.product(range(degree + 1), repeat=n_states)
    return np.array(sorted((p for p in every if sum(p) <= degree), key=lambda p: (sum(p), p)), dtype=np.int64)


def regressed(states: Floats, targets: Floats, powers: NDArray[Any]) -> Regression | None:
    """Fit targets (n_targets, n_paths) to states (n_states, n_paths), or return None where there are too few paths."""
    if states.shape[1] < PATHS_PER_FUNCTION * len(powers):
        powers = powers[powers.sum(axis=1) <= 1]
        if states.shape[1] < PATHS_PER_FUNCTION * len(powers):
            return None
    low, high = states.min(axis=1, keepdims=True), states.max(axis=1, keepdims=True)
    middle, half = 0.5 * (low + high), np.where(high > low, 0.5 * (high - low), 1.0)
    functions = _functions((states - middle) / half, powers)
    gram, right = np.empty((len(powers), len(powers))), np.empty((len(targets), len(powers)))
    products_kernel(functions, targets, states.shape[1], gram, right)
    rank = int(solve_kernel(gram, right))
    return Regression(middle, half, powers, right, rank)


def regress_backwards(rows: Floats, degree: int) -> list[Regression | None]:
    """Return the regression of each date but the last; `rows` is (n_paths, 2 + n_states, n_dates)."""
    exercise, control, states = rows[:, 0], rows[:, 1], rows[:, 2:]
    powers = total_degree(states.shape[1], degree)
    gain = np.maximum(exercise[:, -1], 0.0) - control[:, -1]
    policy: list[Regression | None] = []
    for date in range(rows.shape[2] - 2, -1, -1):
        pays = exercise[:, date] > 0.0
        fitted = regressed(states[pays, :, date].T, gain[None, pays], powers)
        if fitted is not None:
            stops = _stops(exercise[:, date], control[:, date], states[:, :, date], fitted)
            gain = np.where(stops, exercise[:, date] - control[:, date], gain)
        policy.append(fitted)
    return policy[::-1]


def _stops(exercise: Floats, control: Floats, states: Floats, fitted: Regression) -> NDArray[np.bool_]:
    return (exercise > 0.0) & (exercise >= control + fitted(states.T)[0])


def stopped_picks(rows: Floats, policy: list[Regression | None]) -> Floats:
    """Return weights (n_paths, 2, n_dates) that pick exercise value less control at each path's first stop."""
    exercise, control, states = rows[:, 0], rows[:, 1], rows[:, 2:]
    n_paths, n_dates = exercise.shape
    stop = np.full(n_paths, n_dates - 1)
    for date in range(n_dates - 2, -1, -1):
        fitted = policy[date]
        if fitted is not None:
            stop[_stops(exercise[:, date], control[:, date], states[:, :, date], fitted)] = date
    picks = np.zeros((n_paths, 2, n_dates))
    every = np.arange(n_paths)
    picks[every, 0, stop] = exercise[every, stop] > 0.0
    picks[every, 1, stop] = -1.0
    return picks
