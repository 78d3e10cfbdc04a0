"""A tensor basis of local support, tabulated on the cells of a march."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aadlib.errors import AadValueError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LocalBasis:
    """Few functions at each row (a time) and each node (a spot), all others being zero there.

    On row j and node i, of weights (n_times, n_columns) stored flat, times first,

        value = sum over a, b of in_time[j, a] * in_node[i, b] * weights[first_time[j] + a, first_node[i] + b]

    Parameters
    ----------
    first_time : (n_rows,) int
    in_time : (n_rows, time width) float
    n_times : int
    first_node : (n_nodes,) int
    in_node : (n_nodes, node width) float
    n_columns : int

    Raises
    ------
    AadValueError
        When the shapes differ or a function lies outside the weights.
    """

    first_time: IntArray
    in_time: FloatArray
    n_times: int
    first_node: IntArray
    in_node: FloatArray
    n_columns: int

    def __post_init__(self) -> None:
        for first, inside, count in (
            (self.first_time, self.in_time, self.n_times),
            (self.first_node, self.in_node, self.n_columns),
        ):
            if inside.ndim != 2 or first.shape != inside.shape[:1]:
                raise AadValueError(
                    f"a basis has shapes {first.shape} and {inside.shape}: must be (n,), (n, width)"
                )
            if first.size == 0 or first.min() < 0 or first.max() + inside.shape[1] > count:
                raise AadValueError(f"a basis reaches outside its {count} functions")
        for name, dtype in (("first_time", np.int64), ("first_node", np.int64), ("in_time", np.float64)):
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=dtype))
        object.__setattr__(self, "in_node", np.ascontiguousarray(self.in_node, dtype=np.float64))

    @property
    def n_weights(self) -> int:
        """Number of weights."""
        return self.n_times * self.n_columns

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, nodes)."""
        return self.first_time.size, self.first_node.size

    @property
    def is_single(self) -> bool:
        """Whether every cell depends on one weight alone."""
        return self.in_time.shape[1] == self.in_node.shape[1] == 1

    @property
    def arrays(self) -> tuple[Any, ...]:
        """What the kernels take: first_time, in_time, first_node, in_node, n_columns."""
        return self.first_time, self.in_time, self.first_node, self.in_node, self.n_columns

    def dense(self) -> FloatArray:
        """Return the basis as a matrix, (n_rows, n_nodes, n_weights): for reading and tests."""
        times = np.zeros((self.shape[0], self.n_times))
        columns = np.zeros((self.shape[1], self.n_columns))
        np.put_along_axis(
            times, self.first_time[:, None] + np.arange(self.in_time.shape[1]), self.in_time, axis=1
        )
        np.put_along_axis(
            columns, self.first_node[:, None] + np.arange(self.in_node.shape[1]), self.in_node, axis=1
        )
        return np.einsum("jt,ic->jitc", times, columns).reshape(*self.shape, -1)


def one_weight_a_cell(n_rows: int, n_nodes: int, *, constant_in_space: bool = False) -> LocalBasis:
    """Return the basis in which each cell, or each row where it is constant in space, has a weight of its own."""
    columns = np.zeros(n_nodes, dtype=np.int64) if constant_in_space else np.arange(n_nodes)
    return LocalBasis(
        first_time=np.arange(n_rows),
        in_time=np.ones((n_rows, 1)),
        n_times=n_rows,
        first_node=columns,
        in_node=np.ones((n_nodes, 1)),
        n_columns=1 if constant_in_space else n_nodes,
    )
