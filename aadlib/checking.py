"""Check derivatives against extrapolated differences of the plain float function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from aadlib.errors import AadError, AadValueError
from aadlib.program.recording import trace
from aadlib.types import Floats


class GradientMismatch(AadError, AssertionError):
    """A derivative disagrees with the differences of the function; names the entry."""


def extrapolated_difference(
    function: Callable[[float], Floats], step: float, levels: int = 5
) -> tuple[Floats, Floats]:
    """Return the derivative of `function` at 0 and its error estimate by Ridders' extrapolation.

    Central differences at step, step / 1.6, ... are extrapolated in even powers of the step; the entry of the table
    with the smallest estimated error wins.

    References
    ----------
    C.J.F. Ridders, Accurate computation of F'(x) and F'(x)F''(x), Adv. Eng. Software 4 (1982).
    """
    shrink = 1.6
    previous: list[Floats] = []
    best = np.zeros(0)
    error = np.zeros(0)
    for level in range(levels):
        h = step / shrink**level
        row = [(function(h) - function(-h)) / (2.0 * h)]
        factor = shrink * shrink
        for k, older in enumerate(previous):
            row.append((row[k] * factor - older) / (factor - 1.0))
            factor *= shrink * shrink
            found = np.maximum(np.abs(row[k + 1] - row[k]), np.abs(row[k + 1] - older))
            better = found <= error if error.size else np.ones(found.shape, dtype=bool)
            if not error.size:
                best, error = row[k + 1].copy(), found
            else:
                best = np.where(better, row[k + 1], best)
                error = np.where(better, found, error)
        previous = row
    return best, error


def check_grads(
    function: Callable[..., Any],
    *arguments: Any,
    order: int = 2,
    step: float = 1e-3,
    tolerance: float = 1e-5,
) -> None:
    """Compare the recorded derivatives of `function` with differences of the function itself.

    The gradient is compared with extrapolated differences of values, the Hessian (order 2) with those of gradients,
    and the tangent sweep with the adjoint sweep.

    Parameters
    ----------
    function : callable of floats or arrays that returns a number, computable on plain floats too
    *arguments : where to check
    order : 1 or 2
    step : float, relative to each input's size (at least 1)
    tolerance : float, relative to the largest entry compared

    Raises
    ------
    GradientMismatch
        Naming the entry, both numbers and the tolerance.
    """
    if order not in (1, 2):
        raise AadValueError(f"order = {order!r}: must be 1 or 2")
    inputs = [np.asarray(a, dtype=np.float64) for a in arguments]
    flat = np.concatenate([a.ravel() for a in inputs])
    sizes = np.cumsum([a.size for a in inputs])[:-1]

    def split(x: Floats) -> list[Any]:
        parts = np.split(x, sizes)
        return [p.reshape(a.shape) if a.shape else float(p[0]) for p, a in zip(parts, inputs, strict=True)]

    def gradient_at(x: Floats) -> Floats:
        program = trace(function, split(x))
        found = program.gradient(*split(x))
        return np.concatenate([np.ravel(g) for g in (found if isinstance(found, tuple) else (found,))])

    program = trace(function, split(flat))
    gradient = gradient_at(flat)
    plain = float(function(*split(flat)))
    compare("the value", np.array([program.value(*split(flat))]), np.array([plain]), 1e-13)

    def value_at(x: Floats) -> Floats:
        return np.array([float(function(*split(x)))])

    steps = step * np.maximum(1.0, np.abs(flat))

    def differences(of: Callable[[Floats], Floats]) -> Floats:
        def along(k: int) -> Callable[[float], Floats]:
            return lambda h: of(flat + h * np.eye(flat.size)[k])

        return np.array([extrapolated_difference(along(k), steps[k])[0] for k in range(flat.size)])

    compare("the gradient", gradient, differences(value_at)[:, 0], tolerance)
    directions = np.eye(flat.size)
    tangents = np.array([float(np.squeeze(_along(program, split(flat), split(d)))) for d in directions])
    compare("the tangent sweep", tangents, gradient, 1e-10)
    if order == 1:
        return
    hessian = program.hessian(*split(flat))
    compare("the Hessian", hessian, differences(gradient_at), tolerance)


def _along(program: Any, point: list[Any], direction: list[Any]) -> Any:
    return program.jvp(*point, direction[0] if len(direction) == 1 else tuple(direction))


def compare(what: str, found: Floats, expected: Floats, tolerance: float) -> None:
    """Raise `GradientMismatch` where two arrays differ by more than `tolerance` of the largest entry."""
    scale = max(
        1e-300, float(np.max(np.abs(expected), initial=0.0)), float(np.max(np.abs(found), initial=0.0))
    )
    error = np.abs(found - expected) / scale
    if error.size and not (error <= tolerance).all():
        worst = np.unravel_index(int(np.nanargmax(np.where(np.isnan(error), np.inf, error))), error.shape)
        index = tuple(int(i) for i in worst)
        raise GradientMismatch(
            f"{what} at {index} is {found[index]!r}, expected {expected[index]!r}: off by {error[index]:.3g} of the "
            f"largest entry, tolerance {tolerance:g}. A kink at this point, or a rule of your own, can be the cause"
        )
