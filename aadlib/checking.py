"""Check derivatives against extrapolated differences of the plain float function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from aadlib.differences import compare, extrapolated_difference
from aadlib.errors import AadValueError
from aadlib.program.program import trace
from aadlib.types import Floats


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
    if isinstance(order, bool) or order not in (1, 2):
        raise AadValueError(f"order = {order!r}: must be 1 or 2")
    inputs = [np.asarray(a, dtype=np.float64) for a in arguments]
    flat = np.concatenate([a.ravel() for a in inputs])
    sizes = np.cumsum([a.size for a in inputs])[:-1]

    def split(x: Floats) -> list[Any]:
        parts = np.split(x, sizes)
        return [p.reshape(a.shape) if a.shape else float(p[0]) for p, a in zip(parts, inputs, strict=True)]

    def gradient_at(x: Floats) -> Floats:
        program = trace(function, split(x))
        parts = program.gradient(*split(x))
        return np.concatenate([np.ravel(g) for g in (parts if isinstance(parts, tuple) else (parts,))])

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
