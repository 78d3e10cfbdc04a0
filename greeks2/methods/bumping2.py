"""Central second differences, four evaluations a pair, all of them lanes of compiled replays: the baseline."""

from __future__ import annotations

import math
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
"""An input smaller than this is bumped as if it were of this size, unless the function changes faster than that."""

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


def resolved_steps(program: Program, x: Floats, active: Any, seeds: Floats) -> Floats:
    """Return the default steps, smaller ones for small inputs on whose own scale the function changes.

    The second difference of a small input is taken with its step and with half of it. Where the two differ by more than
    half a percent and more than round-off, the step with the smallest estimated error is taken among its halvings down
    to the relative step.
    """
    h = default_steps(x[active])
    relative = STEP * np.abs(x[active])
    for k in np.flatnonzero((h > relative) & (relative > 0.0)):
        levels = 1 + math.ceil(math.log2(h[k] / relative[k]))
        for n in (1, levels):
            tried = h[k] * 0.5 ** np.arange(n + 1)
            seconds, noise = _second_differences(program, x, active[k], tried, seeds)
            change, size = np.abs(np.diff(seconds)), np.maximum(np.abs(seconds[:-1]), np.abs(seconds[1:]))
            if change[0] <= max(0.005 * size[0], 16.0 * noise[0]):
                break
        else:
            error = change + 4.0 * noise[:-1]
            h[k] = tried[np.argmin(np.where(np.isfinite(error), error, np.inf))]
    return h


def _second_differences(
    program: Program, x: Floats, slot: int, steps: Floats, seeds: Floats
) -> tuple[Floats, Floats]:
    """Return the second differences in one input by each step, and their round-off."""
    shifted = np.tile(x, (2 * steps.size + 1, 1))
    shifted[1:, slot] += np.concatenate([steps, -steps])
    values = _values(program, shifted) @ seeds
    up, down = values[1 : steps.size + 1], values[steps.size + 1 :]
    with np.errstate(all="ignore"):
        noise = np.finfo(np.float64).eps * np.maximum(np.abs(up), np.abs(down)) / steps**2
        return (up - 2.0 * values[0] + down) / steps**2, noise


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
    steps : (n,) steps h > 0 of the flattened active inputs; default eps**(1/4) max(abs(x), 0.01), and less for an
        input below 0.01 where the function changes on its own scale

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
    lanes = lane_program(program)
    seeds = np.ones(1) if weights is None else np.asarray(weights, dtype=np.float64).ravel()
    h = resolved_steps(lanes, x, active, seeds) if steps is None else np.ravel(np.asarray(steps, dtype=float))
    if h.shape != active.shape:
        raise AadValueError(f"steps has {h.size} entries: the function has {active.size} active inputs")
    require_positive("steps", h)
    rows, columns = np.tril_indices(active.size)
    hessian = np.zeros((active.size, active.size))
    for begin in range(0, rows.size, MOST_LANES // 4):
        i, j = rows[begin : begin + MOST_LANES // 4], columns[begin : begin + MOST_LANES // 4]
        quads = _quads(lanes, x, active, h, i, j, seeds)
        hessian[i, j] = hessian[j, i] = (quads[0] - quads[1] - quads[2] + quads[3]) / (4.0 * h[i] * h[j])
    return hessian


def _quads(program: Program, x: Floats, active: Any, h: Floats, i: Any, j: Any, seeds: Floats) -> Floats:
    """Return f at (+, +), (+, -), (-, +), (-, -) for pairs i, j: (4, n_pairs)."""
    shifted = np.tile(x, (4, i.size, 1))
    pairs = np.arange(i.size)
    for quad, (sign_i, sign_j) in enumerate(((1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0))):
        shifted[quad, pairs, active[i]] += sign_i * h[i]
        shifted[quad, pairs, active[j]] += sign_j * h[j]
    return _values(program, shifted.reshape(4 * i.size, -1)).reshape(4, i.size, -1) @ seeds


def _values(program: Program, states: Floats) -> Floats:
    """Return the outputs at market states (n, n_inputs), one row each."""
    given = [states[:, a.span].reshape((-1, *a.shape)) for a in program.arguments]
    if program.has_lanes:
        values = program.value(*given)
    else:
        values = [program.value(*arguments) for arguments in zip(*given, strict=True)]
    return np.reshape(values, (len(states), -1))


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
