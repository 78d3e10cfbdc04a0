"""What a backward march is made of, and what one march and its adjoint leave behind."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pricers.surfaces.local_basis import LocalBasis

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Link = Literal["volatility", "log_volatility"]


@dataclass(frozen=True, eq=False)
class MarchPlan:
    """What a march is made of besides its numbers.

    Parameters
    ----------
    stencil : (4, n) float
        Weights of the differences to the node below and above, of diffusion and of drift, n interior nodes.
    row : (n_substeps,) int, row of the basis that each solve uses, in marching order
    damped : (n_substeps,) bool, implicit half steps
    basis : LocalBasis, from weights to the predictor of each row and node
    link : "volatility" where the predictor is a volatility, "log_volatility" where it is the logarithm of one
    american : bool, exercised at the low end
    """

    stencil: FloatArray
    row: IntArray
    damped: NDArray[np.bool_]
    basis: LocalBasis
    link: Link
    american: bool

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Lengths of the parts of the operands: weights, (scale, drift, discount), lower, upper, initial, floor."""
        n_substeps, n_nodes = self.row.size, self.stencil.shape[1] + 2
        return (self.basis.n_weights, 3, n_substeps, n_substeps, n_nodes, n_nodes if self.american else 0)

    def parts(self, full: FloatArray) -> list[FloatArray]:
        """Cut an array over all operands (first axis) into its parts."""
        return [full[cut] for cut in self._cuts]

    @cached_property
    def _cuts(self) -> list[slice]:
        ends = list(itertools.accumulate(self.sizes, initial=0))
        return [slice(begin, end) for begin, end in itertools.pairwise(ends)]


@dataclass(frozen=True, eq=False)
class Directions:
    """Directions over all operands, cut into parts, directions last.

    columns : (n_weights,) the directions in which each weight alone moves by one; None where they are of other kinds
    """

    parts: list[FloatArray]
    columns: IntArray | None

    @property
    def weights(self) -> FloatArray:
        """(n_weights, d)."""
        return self.parts[0]

    @property
    def coefficients(self) -> FloatArray:
        """Of scale, drift and discount, (3, d)."""
        return self.parts[1]


def directions_of(plan: MarchPlan, full: FloatArray) -> Directions:
    """Cut directions (n, d) over all operands into parts and see what they do to the weights."""
    parts = plan.parts(full)
    rows, columns = np.nonzero(parts[0])
    single = rows.size == len(parts[0]) and (rows[1:] > rows[:-1]).all()
    single = single and np.bincount(columns).max() == 1 and (parts[0][rows, columns] == 1.0).all()
    return Directions(parts, columns if single else None)


@dataclass(frozen=True, eq=False)
class Adjoint:
    """One adjoint march: mu of every solve, adjoints of u = scale * variance, and of all operands."""

    multipliers: FloatArray
    diffusion: FloatArray
    operands: FloatArray


@dataclass(eq=False)
class MarchState:
    """One march with its history; what the last adjoint and the last tangents found is kept for the next rule.

    slope and bend are the first and second derivative of u = scale * variance in the predictor; above, inverse and
    ratio are the factors of each row, doubled the solutions W with the ends, (n_substeps, n + 2), exercised how many
    leading unknowns each solve held at the floor.
    """

    parts: list[FloatArray]
    variance: FloatArray
    slope: FloatArray
    bend: FloatArray
    above: FloatArray
    inverse: FloatArray
    ratio: FloatArray
    doubled: FloatArray
    exercised: IntArray
    values: FloatArray
    last_adjoint: tuple[FloatArray, Adjoint] | None = field(default=None)
    last_curvature: tuple[FloatArray, FloatArray, FloatArray] | None = field(default=None)

    def factors(self, plan: MarchPlan) -> tuple[Any, ...]:
        """Return what every kernel after the first takes."""
        return (
            plan.stencil, plan.row, plan.damped,
            self.above, self.inverse, self.ratio, self.doubled, self.exercised,
        )  # fmt: skip
