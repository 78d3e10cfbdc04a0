"""A basis of local support, tabulated on the cells of a march."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from aadlib.errors import AadValueError
from aadlib.types import Floats
from pricers.types import Bools, Longs


@dataclass(frozen=True, eq=False)
class LocalBasis:
    """Numbers on rows (times) and nodes (spots), linear in weights, each in few of them.

    A row j has n_columns lines, sparse combinations of the weights; on node i

        value = sum over b of in_node[j, i, b] * line[j, node_columns[j, i, b]],   line = lines @ weights.

    Parameters
    ----------
    lines : (n_rows * n_columns, n_weights) sparse array, the lines of the first row first
    node_columns : (n_nodes, width) int, the same on every row, or (n_rows, n_nodes, width); increasing along the last
    in_node : float, as node_columns
    n_columns : int

    Raises
    ------
    AadValueError
        When the shapes differ or a node reads a line that is not there.
    """

    lines: csr_array
    node_columns: Longs
    in_node: Floats
    n_columns: int

    def __post_init__(self) -> None:
        for name, dtype in (("node_columns", np.int64), ("in_node", np.float64)):
            array = np.ascontiguousarray(getattr(self, name), dtype=dtype)
            object.__setattr__(self, name, array[None] if array.ndim == 2 else array)
        columns = self.node_columns
        if columns.ndim != 3 or columns.shape != self.in_node.shape or columns.size == 0:
            raise AadValueError(
                f"a basis has columns of shape {columns.shape} and values of shape {self.in_node.shape}: must be "
                "equal, (n_nodes, width) or (n_rows, n_nodes, width)"
            )
        if self.lines.shape[0] % self.n_columns or columns.shape[0] not in (1, self.shape[0]):
            raise AadValueError(
                f"a basis has {self.lines.shape[0]} lines, {self.n_columns} columns and {columns.shape[0]} rows of "
                "nodes: must be as many lines as rows times columns"
            )
        if columns.min() < 0 or columns.max() >= self.n_columns:
            raise AadValueError(f"a basis reaches outside its {self.n_columns} columns")
        if not (columns[..., 1:] > columns[..., :-1]).all():
            raise AadValueError("the columns of a node do not increase: sort them")

    @property
    def n_weights(self) -> int:
        """Number of weights."""
        return int(self.lines.shape[1])

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, nodes)."""
        return self.lines.shape[0] // self.n_columns, self.node_columns.shape[1]

    @cached_property
    def is_single(self) -> bool:
        """Whether every cell depends on one weight alone."""
        return self.in_node.shape[2] == 1 and bool((np.diff(self.lines.indptr) <= 1).all())

    @cached_property
    def arrays(self) -> tuple[Longs, Longs, Floats, Longs, Floats, int, Longs]:
        """What the kernels take: start, weight, factor of the lines, node_columns, in_node, n_columns, run_end."""
        return *self._sparse, self.node_columns, self.in_node, self.n_columns, self.run_end

    @cached_property
    def _sparse(self) -> tuple[Longs, Longs, Floats]:
        start, weight = (np.asarray(x, dtype=np.int64) for x in (self.lines.indptr, self.lines.indices))
        return start, weight, self.lines.data

    @cached_property
    def run_end(self) -> Longs:
        """For each node the first one after it that reads other columns, (n_planes, n_nodes)."""
        from pricers.surfaces.surfaces_kernels import runs_kernel

        result = np.empty(self.node_columns.shape[:2], dtype=np.int64)
        runs_kernel(*self._sparse, self.node_columns, self.in_node, self.n_columns, result)
        return result

    @cached_property
    def lines_read(self) -> Bools:
        """Whether any node reads a line, (n_rows * n_columns,)."""
        read = np.zeros((self.in_node.shape[0], self.n_columns), dtype=np.bool_)
        plane, node, b = np.nonzero(self.in_node)
        read[plane, self.node_columns[plane, node, b]] = True
        return np.broadcast_to(read, (self.shape[0], self.n_columns)).ravel()

    def values(self, weights: Floats) -> Floats:
        """Return the values, (n_rows, n_nodes)."""
        from pricers.surfaces.surfaces_kernels import predictor_kernel

        values = np.empty(self.shape)
        predictor_kernel(*self.arrays, weights, values)
        return values

    def linearised(self, weights: Floats) -> LocalBasis:
        """Return the basis of the derivatives in the weights: itself."""
        return self

    def curvature(self, weights: Floats, factors: Floats) -> Floats | None:
        """Return None: what is linear in its weights has no second derivatives."""
        return None

    def gram(self, factors: Floats) -> Floats:
        """Return basis' diag(factors) basis for factors (n_rows, n_nodes), (n_weights, n_weights)."""
        from pricers.surfaces.surfaces_kernels import gram_kernel

        result = np.zeros((self.n_weights, self.n_weights))
        reach = int((self.node_columns[..., -1] - self.node_columns[..., 0]).max()) + 1
        gram_kernel(*self.arrays, reach, factors, result)
        result += result.T
        return result

    def mirrored(self) -> LocalBasis:
        """Return the basis with its nodes in reverse order."""
        return replace(self, node_columns=self.node_columns[:, ::-1], in_node=self.in_node[:, ::-1])

    def dense(self) -> Floats:
        """Return the basis as a matrix, (n_rows, n_nodes, n_weights): for reading and tests."""
        columns = np.zeros((*self.in_node.shape[:2], self.n_columns))
        np.put_along_axis(columns, self.node_columns, self.in_node, axis=2)
        lines = self.lines.toarray().reshape(-1, self.n_columns, self.n_weights)
        return np.asarray(np.broadcast_to(columns, (*self.shape, self.n_columns)) @ lines)


def product_lines(first: Longs, values: Floats, n_times: int, n_columns: int) -> csr_array:
    """Return the lines of a product of bases: in time few functions on each row, n_columns weights for each of them.

    Parameters
    ----------
    first : (n_rows,) int, the first function in time on each row
    values : (n_rows, width) float, that function and the next ones
    n_times, n_columns : int
        Weights are (n_times, n_columns), stored flat.
    """
    n_rows, width = values.shape
    times = first[:, None, None] + np.arange(width)
    weight = times * n_columns + np.arange(n_columns)[:, None]
    factor = np.broadcast_to(values[:, None, :], weight.shape)
    start = width * np.arange(n_rows * n_columns + 1)
    shape = n_rows * n_columns, n_times * n_columns
    lines = csr_array((factor.flatten(), weight.flatten(), start), shape=shape)
    lines.eliminate_zeros()
    return lines


def one_weight_a_cell(n_rows: int, n_nodes: int, *, constant_in_space: bool = False) -> LocalBasis:
    """Return the basis in which each cell, or each row where it is constant in space, has a weight of its own."""
    n_columns = 1 if constant_in_space else n_nodes
    columns = np.zeros(n_nodes, dtype=np.int64) if constant_in_space else np.arange(n_nodes)
    return LocalBasis(
        lines=product_lines(np.arange(n_rows), np.ones((n_rows, 1)), n_rows, n_columns),
        node_columns=columns[:, None],
        in_node=np.ones((n_nodes, 1)),
        n_columns=n_columns,
    )
