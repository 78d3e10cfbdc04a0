"""The march of the forward (Dupire) equation in forward moneyness, in numbers of any kind.

The undiscounted call over the forward, c(k, T) with k = strike / forward(T) and c(k, 0) = max(1 - k, 0), obeys

    dc/dT = (v(ln k, T) k^2 / 2) d2c/dk2,

where rates and dividends have dropped out: one march prices every strike and expiry, of a user's own function of
volatilities or of a book on a calibrated surface. Written out operation by operation it is also the readable twin of
the compiled march in `pricers.pde.forward.compiled`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import aadlib as ad
from aadlib.validation import require_positive
from pricers.pde.grids.moneyness_grid import ForwardGrid
from pricers.pde.march.tridiagonal import thomas


def march_forward(
    *, grid: ForwardGrid, variance: Callable[[int], Sequence[Any]], expand: bool = False
) -> Any:
    """March the normalised call prices and return them at every expiry of the grid.

    Parameters
    ----------
    grid : ForwardGrid
    variance : callable
        Step index -> local variance per year at every node, (n_nodes,) numbers of any type, above zero. Of a
        `MovedVariance` a recorded march takes what it depends on instead: what is recorded does then not grow with
        the nodes.
    expand : bool
        Whether a recording holds every operation of the march. By default the march is one operation with derivative
        rules of its own, `CrankNicolsonMarch`: the same numbers at a fraction of the cost. Variances that are lanes of
        a recording need True; duals always go through every operation.

    Returns
    -------
    (n_expiries, n_nodes) numbers
        Undiscounted calls over the forward, one row per expiry.

    Raises
    ------
    AadValueError
        When a variance is negative or not finite.

    Examples
    --------
    Every call of one expiry, its derivatives in two local variances:

    >>> import numpy as np
    >>> from pricers.pde import forward_grid
    >>> grid = forward_grid(expiries=np.array([1.0]), first_deviation=0.2, lower=-1.5, upper=1.5, n_nodes=60)
    >>> row = np.where(grid.nodes < 0.0, 1.0, 0.0)
    >>> program = ad.record(
    ...     lambda v: march_forward(grid=grid, variance=lambda step: v[0] * row + v[1] * (1.0 - row))[0], [0.04, 0.05]
    ... )
    >>> program.n_outputs, len(program.composites)
    (60, 1)

    Notes
    -----
    Operation by operation, a step solves (I - h v L) y = c with h = theta dt and continues from
    y / theta - (1 / theta - 1) c. Rows are divided by h v: the off-diagonals are then numbers of the grid, and 13
    operations a cell are recorded.
    """
    if not expand:
        from pricers.pde.forward.recorded import recorded_forward_march

        prices = recorded_forward_march(grid=grid, variance=variance)
        if prices is not None:
            return prices
    below, above = grid.below[1:-1].tolist(), grid.above[1:-1].tolist()
    inner = [a + b for a, b in zip(below, above, strict=True)]
    calls: list[Any] = grid.initial.tolist()
    snapshots: list[list[Any]] = []
    for step in range(grid.steps.size):
        implicitness = float(grid.implicitness[step])
        frequency = 1.0 / (float(grid.steps[step]) * implicitness)
        row = variance(step)[1:-1]
        require_positive("variance", row)
        weight = [frequency / v for v in row]
        diagonal = [w + total for w, total in zip(weight, inner, strict=True)]
        right = [w * c for w, c in zip(weight, calls[1:-1], strict=True)]
        right[0] = right[0] + below[0] * calls[0]
        right[-1] = right[-1] + above[-1] * calls[-1]
        solved = thomas(below, diagonal, above, right)
        if implicitness != 1.0:
            carry = 1.0 / implicitness
            solved = [carry * y - (carry - 1.0) * c for y, c in zip(solved, calls[1:-1], strict=True)]
        calls = [calls[0], *solved, calls[-1]]
        if step == grid.last_step[len(snapshots)]:
            snapshots.append(calls)
    return ad.array(snapshots)
