"""One march and its adjoint: what they leave for further derivatives."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from aadlib.types import Floats
from aadlib.validation import require_finite, require_non_negative
from pricers.pde.march.march_kernels import (
    History,
    Rows,
    composite_adjoint_kernel,
    composite_march_kernel,
    diffusion_kernel,
)
from pricers.pde.march.plan import MarchPlan
from pricers.surfaces.local_basis import LocalBasis
from pricers.surfaces.surfaces_kernels import gather_kernel
from pricers.types import Longs


@dataclass(frozen=True, eq=False)
class Adjoint:
    """One adjoint march: mu of every solve, adjoints of u = scale * variance, of the predictor, and of all operands."""

    multipliers: Floats
    diffusion: Floats
    predictor: Floats
    operands: Floats


@dataclass(eq=False)
class MarchState:
    """One march with its history; the last adjoint and the last curvature are its cache, for the next rule.

    variance is u per unit of scale, slope the derivative of
    u = scale * variance in the predictor; doubled holds the solutions W with the ends, (n_substeps, n + 2), exercised
    how many leading unknowns each solve held at the floor.
    """

    plan: MarchPlan
    parts: list[Floats]
    variance: Floats
    slope: Floats
    history: History
    doubled: Floats
    exercised: Longs
    results: Floats
    last_adjoint: tuple[Floats, Adjoint] | None = field(default=None)
    last_curvature: tuple[Floats, Floats, Floats] | None = field(default=None)

    @cached_property
    def basis(self) -> LocalBasis:
        """The derivatives of the predictor in the weights."""
        return self.plan.predictor.linearised(self.parts[0])

    @cached_property
    def rows(self) -> Rows:
        """What the lanes take of the basis."""
        return Rows(*self.basis.arrays, self.basis.n_weights, self.slope, self.variance)

    @property
    def bend(self) -> Floats | None:
        """The second derivative of u in the predictor, to be broadcast over the cells, or None if zero."""
        if self.plan.link == "variance":
            return None
        if self.plan.link == "log_volatility":
            return 2.0 * self.slope
        return np.asarray(2.0 * self.parts[1][0] * self.plan.row_scale[:, None])


def march(plan: MarchPlan, parts: list[Floats]) -> tuple[MarchState, bool]:
    """March from all operands, cut into parts; return also whether exercise binds on leading nodes alone.

    Raises
    ------
    AadValueError
        When a predictor is not finite, or negative where it may not be.
    """
    weights, coefficients, lower, upper, initial, floor = parts
    n_rows = plan.predictor.shape[0]
    scale, drift, discount = float(coefficients[0]), coefficients[1 : 1 + n_rows], coefficients[1 + n_rows :]
    predictor = plan.predictor.values(weights)
    diffusion, variance, slope, above, inverse, ratio = np.empty((6, *predictor.shape))
    if not diffusion_kernel(plan.link, scale, plan.row_scale, predictor, diffusion, variance, slope):
        (require_finite if plan.link == "log_volatility" else require_non_negative)(plan.link, predictor)
    n_substeps, n_nodes = plan.row.size, initial.size
    doubled, results = np.empty((n_substeps, n_nodes)), np.empty((plan.last.size, n_nodes))
    exercised = np.empty(n_substeps, dtype=np.int64)
    history = History(
        plan.stencil, plan.row, plan.damped, plan.last, above, inverse, ratio, doubled, exercised
    )
    one_sided = composite_march_kernel(
        history, diffusion, drift, discount, lower, upper, initial, floor, results
    )
    state = MarchState(plan, parts, variance, slope, history, doubled, exercised, results)
    return state, one_sided


def adjoint_of(
    plan: MarchPlan, state: MarchState, seeds: Floats, *, with_coefficients: bool, with_weights: bool
) -> Adjoint:
    """March the adjoint back from seeds of the results (n_results,).

    The adjoints of scale, drifts and discounts stay zero unless `with_coefficients`, those of weights unless
    `with_weights`.
    """
    operands = np.zeros(sum(plan.sizes))
    weights, coefficients, lower, upper, initial, floor = plan.parts(operands)
    multipliers = np.empty((plan.row.size, plan.stencil.shape[1]))
    diffusion = np.zeros(plan.predictor.shape)
    composite_adjoint_kernel(
        state.history, np.ascontiguousarray(seeds.reshape(state.results.shape)), with_coefficients,
        multipliers, diffusion, coefficients[1:], lower, upper, initial, floor,
    )  # fmt: skip
    predictor = diffusion * state.slope
    if with_weights:
        gather_kernel(*state.basis.arrays, predictor, weights)
    if with_coefficients:
        coefficients[0] = (diffusion * state.variance).sum()
    return Adjoint(multipliers, diffusion, predictor, operands)
