"""Central second differences, four evaluations a pair, all of them lanes of compiled replays: the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from aadlib.errors import AadValueError
from aadlib.extend import Program, once_per_program
from aadlib.types import Floats
from aadlib.validation import require_positive
from greeks2.methods.method import CALL, PASS, POINT, Estimate, Method, Request, Solution

STEP = float(np.finfo(np.float64).eps) ** 0.25
"""Relative step: balances the truncation error of order h**2 with round-off of order eps / h**2."""

SMALLEST_SCALE = 0.01
"""An input smaller than this is bumped as if it were of this size."""

MOST_LANES = 8192
"""Evaluations in one replay, which bounds the memory for shifted inputs."""

EVALUATION = 2.0
"""Nanoseconds, as in `greeks2.methods.method`: a node and lane of a value sweep."""


@once_per_program
def lane_program(program: Program) -> Program:
    """Return the program with every argument a lane argument, or a copy: composite operations take one state at a time.

    Neither records again where a bump crosses a comparison.
    """
    return replace(program, retrace=None, cache={}) if program.composites else program.over_lanes()


def default_steps(x: Floats) -> Floats:
    """Return the step of every input: eps**(1/4) times its size, or times 0.01 if that is larger."""
    return STEP * np.maximum(np.abs(x), SMALLEST_SCALE)


def n_evaluations(n: int) -> int:
    """Return how often the function is evaluated: four times a pair, 2 n (n + 1)."""
    return 2 * n * (n + 1)


def bumping2(program: Program, arguments: Sequence[Any], *, weights: Any = None, steps: Any = None) -> Floats:
    """Return the Hessian (n, n) over the active inputs by

        H_ij = (f(+h_i, +h_j) - f(+h_i, -h_j) - f(-h_i, +h_j) + f(-h_i, -h_j)) / (4 h_i h_j).

    Parameters
    ----------
    program : Program without lanes
    arguments : where
    weights : array of the output's shape, optional: the Hessian of the weighted sum
    steps : (n,) steps h > 0 of the flattened active inputs; default eps**(1/4) max(abs(x), 0.01)

    Raises
    ------
    BranchChanged
        When a bump crosses a comparison of the recording.

    Notes
    -----
    Error h**2 f'''' / 6 and eps f / h**2: about eight digits are lost against the exact methods.
    """
    x = np.concatenate([np.ravel(np.asarray(a, dtype=np.float64)) for a in arguments])
    active = np.flatnonzero(program.input_active)
    h = default_steps(x[active]) if steps is None else np.asarray(steps, dtype=np.float64).ravel()
    if h.shape != active.shape:
        raise AadValueError(f"steps has {h.size} entries: the function has {active.size} active inputs")
    require_positive("steps", h)
    seeds = np.ones(1) if weights is None else np.asarray(weights, dtype=np.float64).ravel()
    rows, columns = np.tril_indices(active.size)
    hessian = np.zeros((active.size, active.size))
    for begin in range(0, rows.size, MOST_LANES // 4):
        i, j = rows[begin : begin + MOST_LANES // 4], columns[begin : begin + MOST_LANES // 4]
        quads = _quads(lane_program(program), x, active, h, i, j, seeds)
        hessian[i, j] = hessian[j, i] = (quads[0] - quads[1] - quads[2] + quads[3]) / (4.0 * h[i] * h[j])
    return hessian


def _quads(program: Program, x: Floats, active: Any, h: Floats, i: Any, j: Any, seeds: Floats) -> Floats:
    """Return f at (+, +), (+, -), (-, +), (-, -) for pairs i, j: (4, n_pairs)."""
    shifted = np.tile(x, (4, i.size, 1))
    pairs = np.arange(i.size)
    for quad, (sign_i, sign_j) in enumerate(((1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0))):
        shifted[quad, pairs, active[i]] += sign_i * h[i]
        shifted[quad, pairs, active[j]] += sign_j * h[j]
    lanes = shifted.reshape(4 * i.size, -1)
    given = [lanes[:, a.span].reshape((-1, *a.shape)) for a in program.arguments]
    if program.has_lanes:
        values = program.value(*given)
    else:
        values = [program.value(*arguments) for arguments in zip(*given, strict=True)]
    return np.reshape(values, (4, i.size, -1)) @ seeds


def solve(request: Request) -> Solution:
    """Return the Hessian with the value and the gradient of the adjoint sweep."""
    program, arguments, weights = request.program, request.arguments, request.weights
    with request.point() as point:
        matrix = bumping2(program, arguments, weights=weights, steps=request.options.get("steps"))
        return Solution(point.value, point.gradient, matrix)


def _counts(program: Program, _: Any = None) -> dict[str, int]:
    return {"evaluations": n_evaluations(program.n_active)}


def _estimate(program: Program, best: float, replays: int) -> Estimate:
    time = POINT + CALL + EVALUATION * program.n_nodes * n_evaluations(program.n_active)
    return Estimate(time, _counts(program))


BUMPING2 = Method(
    name="bumping2",
    solve=solve,
    counts=_counts,
    seconds={PASS: _estimate},
    options={"steps": "steps are those of bumping2, not of"},
    is_exact=False,
    takes_composites=True,
)
