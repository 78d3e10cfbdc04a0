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
    """Return price, gradient and Hessian of an option in all of the model's inputs, with standard errors.

    Notes
    -----
    The kink at the strike is integrated out along one direction of the noise, so that second derivatives have no bias.
    One input more than the model's is a bump of all buckets: its errors are those of parallel vegas, which errors of
    single buckets do not tell.
    """
    from greeks2 import Sobol, expectation

    point = model.point
    n, bumps = point.size, model.bumps

    def present_value(x: Any, normals: Any) -> Any:
        moved = ad.array([*x[: bumps.start], *(bump + x[n] for bump in x[bumps.start : n])])
        return path(model.market(moved).dynamics(), normals)

    noise = Sobol(
        n_paths=draws.rounded, shape=path.noise_shape, seed=draws.seed, replicates=REPLICATES, bridge=True
    )
    found = expectation(present_value, np.append(point, 0.0), lanes=noise, order=2, smoothing="kink")
    assert found.gradient is not None and found.hessian is not None
    assert found.gradient_stderr is not None and found.hessian_stderr is not None
    return UnitGreeks(
        price=found.value,
        gradient=found.gradient[:n],
        hessian=found.hessian[:n, :n],
        engine=f"Monte Carlo, {found.n_paths:,} paths x {path.noise_shape[0]} steps",
        errors=StandardErrors(found.stderr, found.gradient_stderr, found.hessian_stderr),
    )
