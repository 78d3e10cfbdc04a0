"""Bumping a mean over paths: compiled prices of the same paths, two for a pair of inputs, on every core."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aadlib.program.program import Program
from aadlib.threads import map_pieces
from aadlib.types import Floats
from greeks2.methods.bumping2 import default_steps
from greeks2.monte_carlo.path_sweep import PathSweep


@dataclass(frozen=True, eq=False)
class Bumped:
    """A price, its Hessian by differences, and how many prices that took."""

    price: float
    hessian: Floats
    n_prices: int


def bumped_hessian(program: Program, point: Floats, normals: Floats) -> Bumped:
    """Return central second differences of the mean over paths, n^2 + n + 1 prices for n inputs.

    H_ii = (f(+i) - 2 f + f(-i)) / h_i^2,
    H_ij = (f(+i, +j) - f(+i) - f(+j) + 2 f - f(-i) - f(-j) + f(-i, -j)) / (2 h_i h_j).

    Parameters
    ----------
    program : one path, `point` its only shared argument
    point : (n,)
    normals : (n_paths, ...), common to all prices

    References
    ----------
    M. Abramowitz and I. Stegun (1964), Handbook of Mathematical Functions, eq. 25.3.27, which needs half the prices of
    four corners.
    """
    sweep = PathSweep(program, 0)
    n, n_paths = point.size, len(normals)
    h = default_steps(point)
    up, down = np.diag(h), -np.diag(h)
    rows, columns = np.tril_indices(n, -1)
    moves = np.concatenate(
        [np.zeros((1, n)), up, down, up[rows] + up[columns], down[rows] + down[columns]], axis=0
    )

    def price(move: Floats) -> float:
        return sweep.sums((point + move,), (normals,), 0, n_paths).value / n_paths

    work = float(len(moves) * n_paths * program.n_nodes)
    prices = np.array(map_pieces(price, list(moves), work=work))
    middle, raised, lowered = prices[0], prices[1 : n + 1], prices[n + 1 : 2 * n + 1]
    both_up, both_down = np.split(prices[2 * n + 1 :], 2)
    hessian = np.diag((raised - 2.0 * middle + lowered) / h**2)
    alone = raised + lowered
    mixed = both_up + both_down + 2.0 * middle - alone[rows] - alone[columns]
    hessian[rows, columns] = hessian[columns, rows] = mixed / (2.0 * h[rows] * h[columns])
    return Bumped(float(middle), hessian, len(moves))
