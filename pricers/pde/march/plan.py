"""The plan of a march: all but its numbers."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy.sparse import csr_array

from aadlib.types import Floats
from pricers.surfaces.local_basis import LocalBasis
from pricers.surfaces.surface import Link
from pricers.types import Bools, Longs


class Predictor(Protocol):
    """A number at each row and node as a function of weights, every one of few: a `LocalBasis` where it is linear."""

    @property
    def lines(self) -> csr_array:
        """The lines of each row, all that it depends on, as sparse combinations of the weights: see `LocalBasis`."""

    @property
    def n_columns(self) -> int:
        """Number of lines of each row."""

    @property
    def n_weights(self) -> int:
        """Number of weights."""

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, nodes)."""

    def values(self, weights: Floats) -> Floats:
        """Return the values, (n_rows, n_nodes)."""

    def linearised(self, weights: Floats) -> LocalBasis:
        """Return the basis of the derivatives of the values in the weights."""

    @property
    def lines_read(self) -> Bools:
        """Whether any node reads a line, (n_rows * n_columns,)."""

    def curvature(self, weights: Floats, factors: Floats) -> Floats | None:
        """Return the second derivatives of sum(factors * values), (n_weights, n_weights), or None if zero."""


@dataclass(frozen=True, eq=False)
class MarchPlan:
    """What a march is made of besides its numbers.

    Parameters
    ----------
    stencil : (4, n) float
        Weights of the differences to the node below and above, of diffusion and of drift, n interior nodes.
    row : (n_substeps,) int, row of the predictor that each solve uses, in marching order
    damped : (n_substeps,) bool, implicit half steps
    last : (n_results,) int, increasing
        Solves after which the node values are results; the last of all is one of them.
    predictor : Predictor, from weights to what `link` says at each row and node
    link : "volatility", "log_volatility" or "variance", what the predictor is of
    row_scale : (n_rows,) float, > 0, factor of the operand `scale` on each row
    american : bool, exercised at the low end
    """

    stencil: Floats
    row: Longs
    damped: Bools
    last: Longs
    predictor: Predictor
    link: Link
    row_scale: Floats
    american: bool

    @property
    def n_results(self) -> int:
        """Number of results: all nodes after every solve in `last`."""
        return self.last.size * (self.stencil.shape[1] + 2)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Lengths of the parts of the operands: weights, (scale, drifts, discounts), lower, upper, initial, floor."""
        n_substeps, n_nodes = self.row.size, self.stencil.shape[1] + 2
        return (
            self.predictor.n_weights,
            1 + 2 * self.predictor.shape[0],
            n_substeps,
            n_substeps,
            n_nodes,
            n_nodes if self.american else 0,
        )

    @cached_property
    def lane_order(self) -> tuple[Longs, Longs]:
        """The position of each weight in the order in which the march uses them, and how many are used up to a row."""
        n_rows, n_weights = self.predictor.shape[0], self.predictor.n_weights
        row_begin = np.full(n_rows, self.row.size)
        np.minimum.at(row_begin, self.row, np.arange(self.row.size))
        lines = self.predictor.lines
        first_of_line = np.repeat(row_begin, self.predictor.n_columns)
        first_of_line[~self.predictor.lines_read] = self.row.size
        first_used = np.full(n_weights, self.row.size)
        np.minimum.at(first_used, lines.indices, np.repeat(first_of_line, np.diff(lines.indptr)))
        order = np.argsort(first_used, kind="stable")
        position = np.empty(n_weights, dtype=np.int64)
        position[order] = np.arange(n_weights)
        return position, np.searchsorted(first_used[order], row_begin, side="right").astype(np.int64)

    def parts(self, full: Floats) -> list[Floats]:
        """Cut an array over all operands (first axis) into its parts."""
        return [full[cut] for cut in self.cuts]

    @cached_property
    def cuts(self) -> list[slice]:
        """Where the parts lie among the operands."""
        ends = list(itertools.accumulate(self.sizes, initial=0))
        return [slice(begin, end) for begin, end in itertools.pairwise(ends)]


@dataclass(frozen=True, eq=False)
class CutDirections:
    """Directions over all operands, cut into parts, directions last; None for parts in which nothing moves.

    alone : (n_weights,) int and float, or None
        The directions in which each weight moves, no other weight with it, and by how much; None where they are of
        other kinds.
    """

    parts: list[Floats | None]
    n_directions: int
    alone: tuple[Longs, Floats] | None

    @property
    def weights(self) -> Floats | None:
        """(n_weights, d)."""
        return self.parts[0]

    @property
    def coefficients(self) -> Floats | None:
        """Of scale, drifts and discounts, (1 + 2 n_rows, d)."""
        return self.parts[1]


def directions_of(plan: MarchPlan, varied: Longs, directions: Floats) -> CutDirections:
    """Cut directions (n_varied, d) over some operands into parts and see what they do to the weights."""
    parts: list[Floats | None] = []
    for cut in plan.cuts:
        begin, end = np.searchsorted(varied, (cut.start, cut.stop))
        given = directions[begin:end]
        if not given.any():
            parts.append(None)
        elif end - begin == cut.stop - cut.start:
            parts.append(given)
        else:
            part = np.zeros((cut.stop - cut.start, directions.shape[1]))
            part[varied[begin:end] - cut.start] = given
            parts.append(part)
    alone = None
    if parts[0] is not None:
        rows, columns = np.nonzero(parts[0])
        if rows.size == len(parts[0]) and (rows[1:] > rows[:-1]).all() and np.bincount(columns).max() == 1:
            alone = columns, parts[0][rows, columns]
    return CutDirections(parts, directions.shape[1], alone)
