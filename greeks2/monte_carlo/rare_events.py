"""Estimates that a few paths carry, the others being zero: their standard errors say nothing of their doubt."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

from aadlib.extend import Program
from greeks2.monte_carlo.path_sweep import PathSweep
from greeks2.monte_carlo.run.batches import BatchMeans
from greeks2.monte_carlo.run.pieces import Piece

FEW_PATHS = 30
"""With fewer that carry an estimate, its standard error is a guess."""
RARE = 0.05
"""An event is rare whose probability is below this, with 95% confidence."""


class RareEventWarning(UserWarning):
    """So few paths are other than zero that a mean's standard error says little."""


def warn_of_rare_events(
    means: BatchMeans, pieces: Callable[[], Iterable[Piece]], program: Program, params: tuple[Any, ...]
) -> None:
    """Issue a `RareEventWarning` where at most `FEW_PATHS` paths, and few of all, are other than zero: how many.

    They are counted by one more sweep of values, where at least half of the batches are zero.
    """
    if means.n_batches < 2 or 2 * means.n_empty < means.n_batches:
        return
    carried = _paths_that_carry(PathSweep(program, 0), pieces(), params)
    if carried > FEW_PATHS:
        return
    bound = largest_mean(carried) / means.n_paths
    if bound > RARE:  # the paths are few, not the event rare
        return
    warnings.warn(
        f"{carried} of {means.n_paths} paths carry the whole estimate, the others are 0: its standard error says "
        f"little. With 95% confidence such a path has a probability below {bound:.2g}. Draw more paths, or move the "
        "noise towards the event (importance sampling)",
        RareEventWarning,
        stacklevel=3,
    )


def _paths_that_carry(sweep: PathSweep, pieces: Iterable[Piece], params: tuple[Any, ...]) -> int:
    """Return how many paths have a value other than 0, or some number above `FEW_PATHS`."""
    total = 0
    for piece in pieces:
        total += sweep.count_nonzero(params, tuple([draw() for draw in piece.draws]))
        if total > FEW_PATHS:
            break
    return total


def largest_mean(count: int) -> float:
    """Return the mean of a Poisson number that is as small as `count`, or smaller, in 5% of all cases."""
    from scipy.special import gammaincinv

    return float(gammaincinv(count + 1.0, 0.95))
