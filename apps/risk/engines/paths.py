"""Price and Greeks of one option by Monte Carlo under the calibrated surface, each with its standard error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import aadlib as ad
from aadlib.validation import whole_number
from apps.risk.model import BookModel
from apps.risk.results import StandardErrors, UnitGreeks

if TYPE_CHECKING:
    from pricers.monte_carlo import ScheduledAsian

REPLICATES = 32
"""Independent scrambled Sobol sequences, whose spread is the standard error."""


@dataclass(frozen=True)
class Draws:
    """How many paths a simulated option takes at least, and the seed of the book's first one."""

    n_paths: int
    seed: int

    def __post_init__(self) -> None:
        whole_number("paths", self.n_paths, 2 * REPLICATES)

    @property
    def rounded(self) -> int:
        """Paths that are drawn: a power of two for each replicate."""
        each = -(-self.n_paths // REPLICATES)
        return int(REPLICATES * 2 ** (each - 1).bit_length())


def path_greeks(model: BookModel, path: ScheduledAsian, draws: Draws) -> UnitGreeks:
    """Return price, gradient and Hessian of an option in the model's inputs, with standard errors.

    Notes
    -----
    The kink at the strike is integrated out along one direction of the noise, so that second derivatives have no bias;
    first ones need no such thing, the payoff being continuous. Second derivatives are those in spot, rate and buckets:
    with the surface's parameters they would cost twenty times the paths' sweep, and are left at zero. One input more
    is a bump of all buckets: its errors are those of parallel vegas, which errors of single buckets do not tell.
    """
    from greeks2 import Sobol, expectation

    point = model.point
    n, first = point.size, model.bumps.start
    kept = np.r_[0:2, first:n]

    def present_value(x: Any, normals: Any) -> Any:
        """Return that of one path at spot, rate, bumps, and a bump of all buckets."""
        bumps = [bump + x[-1] for bump in x[2:-1]]
        moved = ad.array([x[0], x[1], *point[2:first].tolist(), *bumps])
        return path(model.market(moved).dynamics(), normals)

    noise = Sobol(
        n_paths=draws.rounded, shape=path.noise_shape, seed=draws.seed, replicates=REPLICATES, bridge=True
    )
    found = expectation(present_value, np.append(point[kept], 0.0), lanes=noise, order=2, smoothing="kink")
    slopes = expectation(
        lambda x, normals: path(model.market(x).dynamics(), normals), point, lanes=noise, order=1
    )
    gradient, hessian = np.array(slopes.gradient), np.zeros((n, n))
    gradient[kept] = np.asarray(found.gradient)[:-1]
    hessian[np.ix_(kept, kept)] = np.asarray(found.hessian)[:-1, :-1]
    with_all = np.append(kept, n)
    of_gradient, of_hessian = np.append(np.asarray(slopes.gradient_stderr), 0.0), np.zeros((n + 1, n + 1))
    of_gradient[with_all] = found.gradient_stderr
    of_hessian[np.ix_(with_all, with_all)] = found.hessian_stderr
    return UnitGreeks(
        price=found.value,
        gradient=gradient,
        hessian=hessian,
        engine=f"Monte Carlo, {found.n_paths:,} paths x {path.noise_shape[0]} steps",
        errors=StandardErrors(found.stderr, of_gradient, of_hessian),
    )
