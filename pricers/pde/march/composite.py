"""A march as one node of a recording: value, adjoint, tangent lanes and curvature.

Backward from a payoff or forward over all strikes, it is the same discrete march: linear in initial, boundary and
exercise values and, solve by solve, bilinear in matrix and solution. Its Hessian therefore needs one adjoint march and
one tangent march in all directions, as lanes, and no second adjoint march: `kernels/values.h` has the formulas.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import aadlib as ad
from aadlib.errors import AadValueError
from aadlib.types import Floats
from pricers.pde.march import lanes
from pricers.pde.march.plan import MarchPlan, directions_of
from pricers.pde.march.state import Adjoint, MarchState, adjoint_of, march
from pricers.types import Longs


class CrankNicolsonMarch(ad.Composite):
    """Node values after the last solve, or after several, as a function of everything the march depends on.

    All operands in one vector: weights of the predictor (of a variance, a volatility or its logarithm), then scale,
    and drift and discount of every row (backward: a quarter of the step alone, times the carry, times the rate),
    values at both ends after each solve, initial values and, for an American option, the value of immediate exercise
    at each node. Those that a recording does not vary stay at `base`; the others, at the positions `varied`, are the
    operands of the node.

    Parameters
    ----------
    plan : MarchPlan
    base : (n,) float, all operands
    varied : (n_varied,) int, increasing

    Notes
    -----
    Where an American option is exercised is found by the values and then frozen: each solve is differentiated with
    its set of exercised nodes held, which is the derivative of the projected march wherever no node is just at the
    edge of the set. The second derivatives are those of the numbers computed; they hold no term for the motion of
    the set from one node to the next. A recording reports this as a kink, "early exercise", and a Hessian warns of it.

    Cost: a price that keeps its history, an adjoint of about one price, and one lane for each direction. Tangents
    after an adjoint find the curvature on the way and keep it in the state, so that a Hessian marches lanes once.
    """

    def __init__(self, plan: MarchPlan, base: Floats, varied: Longs) -> None:
        self.plan, self.base, self.varied = plan, base, varied
        first, n_coefficients = plan.sizes[:2]
        self.with_coefficients = bool(((varied >= first) & (varied < first + n_coefficients)).any())
        self.weights_vary = bool((varied < first).any())

    @property
    def kink(self) -> str | None:
        """Early exercise, the only thing here that is not smooth."""
        return "early exercise" if self.plan.american else None

    def forward(self, operands: Floats) -> tuple[Floats, MarchState]:
        """Return the node values, (n_results * n_nodes,) result by result, and the march."""
        state, one_sided = self._march(operands)
        if not one_sided:
            raise AadValueError(
                "exercise binds away from the end of the grid, where the march as one operation cannot follow it: "
                "pass expand=True"
            )
        return state.results.ravel(), state

    def is_one_sided(self, operands: Floats) -> bool:
        """Return whether exercise binds on a set of leading nodes in every solve, as `forward` needs."""
        return self._march(operands)[1]

    def _march(self, operands: Floats) -> tuple[MarchState, bool]:
        full = self.base.copy()
        full[self.varied] = operands
        return march(self.plan, self.plan.parts(full))

    def adjoint(self, state: MarchState, seeds: Floats) -> Floats:
        """Return the adjoints of the operands for seeds of the results."""
        return self._adjoint(state, seeds).operands[self.varied]

    def _adjoint(self, state: MarchState, seeds: Floats) -> Adjoint:
        known = state.last_adjoint
        if known is not None and np.array_equal(known[0], seeds):
            return known[1]
        adjoint = adjoint_of(
            self.plan, state, seeds, with_coefficients=self.with_coefficients, with_weights=self.weights_vary
        )
        state.last_adjoint = seeds.copy(), adjoint
        return adjoint

    def tangents(self, state: MarchState, directions: Floats) -> Floats:
        """Return the tangents of the results (n, d); after an adjoint of this state find and keep the curvature too."""
        known, cut = state.last_adjoint, directions_of(self.plan, self.varied, directions)
        adjoint = None if known is None else known[1]
        values, products = lanes.sweep(self.plan, state, cut, adjoint, self.with_coefficients)
        if known is not None:
            matrix = lanes.assemble(self.plan, state, known[1], cut, products)
            state.last_curvature = known[0], directions.copy(), matrix
        return values

    def curvature(self, state: MarchState, seeds: Floats, tangents: Floats) -> Floats:
        """Return the second derivatives of seeds times results along pairs of directions, (d, d)."""
        known = state.last_curvature
        if known is not None and np.array_equal(known[0], seeds) and np.array_equal(known[1], tangents):
            return known[2]
        adjoint, cut = self._adjoint(state, seeds), directions_of(self.plan, self.varied, tangents)
        _, products = lanes.sweep(self.plan, state, cut, adjoint, self.with_coefficients)
        return lanes.assemble(self.plan, state, adjoint, cut, products)

    def second_order(self, state: MarchState, seeds: Floats, tangents: Floats) -> Floats:
        """Return the derivatives of the adjoint along directions (n_varied, d): a second march back, in lanes."""
        adjoint = self._adjoint(state, seeds)
        cut = directions_of(self.plan, self.varied, tangents)
        return lanes.second_order(self.plan, state, adjoint, cut)[self.varied]

    def adjoints(self, state: MarchState, seeds: Floats) -> Floats:
        """Return the adjoints for columns of seeds of the results (n, d), in lanes."""
        return lanes.adjoint_lanes(self.plan, state, seeds)[self.varied]


def applied_march(plan: MarchPlan, numbers: list[Any]) -> Any:
    """Return the results for all operands, those recorded being varied; None where exercise is not on one side.

    Where nothing is recorded they are floats.
    """
    varied = np.flatnonzero([isinstance(number, ad.ADVar) for number in numbers])
    base = np.array([n.value if isinstance(n, ad.ADVar) else n for n in numbers], dtype=np.float64)
    operation = CrankNicolsonMarch(plan, base, varied)
    if plan.american and not operation.is_one_sided(base[varied]):
        return None
    if not varied.size:
        return operation.forward(base[varied])[0]
    return ad.apply_composite(operation, ad.array([numbers[k] for k in varied]))
