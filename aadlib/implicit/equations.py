"""Roots and fixed points as numbers of a recording.

The solver runs on floats. What is recorded is the root it found with the inverse Jacobian there, both passive, and two
steps x - J^-1 f(x, parameters) from it. They leave the value where it is; the first makes the first derivatives those of
the implicit function theorem, the second the second ones. All sweeps, over lanes too, then work on plain operations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError, AadValueError
from aadlib.implicit.solver import Solve, Solver, by_iteration, by_powell
from aadlib.tape.arrays import array, is_recorded
from aadlib.tape.composite import apply_composite
from aadlib.tape.functions import value_of
from aadlib.validation import as_floats

ORDER = 2
"""Steps from the root that are recorded: one for each order of derivative."""


def root(function: Callable[..., Any], x0: Any, *params: Any, solver: Solver | None = None) -> Any:
    """Return x with function(x, *params) = 0, differentiated in the params by the implicit function theorem.

    Any float solver finds the root; first and second derivatives are exact whatever it does. A replay at other inputs,
    or in every lane, solves again.

    Parameters
    ----------
    function : callable of x and the params, plain NumPy; returns as many numbers as x has, in its shape. What it is
        differentiated in must be among the params, not in its closure
    x0 : float or array, where the solver starts; nothing is differentiated in it
    *params : floats, arrays, recorded numbers, duals
    solver : callable of (f, x0), f a float function of x alone; returns the root, or what scipy.optimize returns.
        Powell's hybrid method (`scipy.optimize.root`) by default

    Returns
    -------
    a number or array of the shape of x0

    Raises
    ------
    NotConverged
        Where no root was found, or the function is not finite there.
    SingularMatrix
        Where the Jacobian in x is singular at the root: its derivatives are infinite or undefined.
    AadTypeError, AadValueError
        For a function that returns another shape, or uses recorded numbers that are not params.

    Notes
    -----
    Cost beyond the solve: at most three Newton steps in floats, and two evaluations of the function on the tape. A
    function with branches is replayed on the branch that was recorded, as everywhere: `BranchChanged` otherwise.

    References
    ----------
    U. Naumann et al., Algorithmic differentiation of numerical methods: tangent and adjoint solvers for parameterized
    systems of nonlinear equations, ACM Trans. Math. Softw. 41 (2015). B. Christianson, Reverse accumulation and implicit
    functions, Optim. Methods Softw. 9 (1998).

    Examples
    --------
    >>> import numpy as np, aadlib as ad
    >>> from scipy.optimize import brentq
    >>> cube_root = lambda a: ad.root(lambda x, a: x**3 - a, 1.0, a)
    >>> round(ad.grad(cube_root)(8.0), 12)
    0.083333333333
    >>> bracketed = lambda a: ad.root(lambda x, a: x**3 - a, 1.0, a, solver=lambda f, x0: brentq(f, 0.0, 9.0))
    >>> round(ad.grad(bracketed)(8.0), 12)
    0.083333333333
    """
    return _solved("root", function, function, x0, params, by_powell if solver is None else solver)


def fixed_point(function: Callable[..., Any], x0: Any, *params: Any, solver: Solver | None = None) -> Any:
    """Return x with x = function(x, *params), differentiated in the params: see `root`.

    By iteration from x0, and where that does not settle by Powell's method. A `solver` is given x - function(x).

    Examples
    --------
    >>> import numpy as np, aadlib as ad
    >>> kepler = lambda m: ad.fixed_point(lambda e, m: m + 0.5 * np.sin(e), 1.0, m)
    >>> round(ad.grad(kepler)(1.0), 12)
    1.038937467831
    """
    residual = _Residual(function)
    return _solved("fixed_point", function, residual, x0, params, by_iteration if solver is None else solver)


class _Residual:
    """x - g(x, params): a class, so that what is made of it pickles where g does."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, x: Any, *params: Any) -> Any:
        image = self.function(x, *params)
        return x - (array(image) if isinstance(image, (list, tuple)) else image)


def _solved(
    name: str,
    given: Callable[..., Any],
    function: Callable[..., Any],
    x0: Any,
    params: Sequence[Any],
    solver: Solver,
) -> Any:
    for what, called in (("function", given), ("solver", solver)):
        if not callable(called):
            raise AadTypeError(
                f"ad.{name}: {what} = {called!r} is not callable: pass a function of x and the params"
            )
    start = as_floats("x0", value_of(array(x0) if isinstance(x0, (list, tuple)) else x0))
    if not start.size or not np.isfinite(start).all():
        raise AadValueError(f"x0 = {x0!r}: must be a finite number or array")
    boxed = [array(p) if isinstance(p, (list, tuple)) else p for p in params]
    shapes = [np.shape(p) for p in boxed]
    operation = Solve(name, function, start if start.ndim else float(start), shapes, solver)
    flat = [item for p in boxed for item in (p.ravel().tolist() if isinstance(p, np.ndarray) else [p])]
    depth = max(map(_depth, flat), default=0)
    if depth:
        plain = np.array([value_of(item) for item in flat], dtype=np.float64)
        return _stepped(operation, apply_composite(operation, plain), boxed, depth)
    recorded = any(map(is_recorded, flat))
    operands = array(flat) if recorded else np.array(flat, dtype=np.float64)
    results = apply_composite(operation, operands) if flat else operation.results(operands)
    if recorded:
        return _stepped(operation, results, boxed, ORDER)
    x = results[: start.size]
    return x.reshape(start.shape) if start.ndim else float(x[0])


def _depth(x: Any) -> int:
    """Return how deeply duals are nested."""
    depth = 0
    while hasattr(x, "partials"):
        x, depth = x.value, depth + 1
    return depth


def _stepped(operation: Solve, results: Any, params: Sequence[Any], order: int) -> Any:
    """Step from the root with the inverse Jacobian held: each step makes one more order of derivative exact."""
    shape, size = np.shape(operation.start), np.size(operation.start)
    inverse = results[size:].reshape(size, size)
    x = results[:size].reshape(shape) if shape else results[0]
    for _ in range(order):
        residual = operation.function(x, *params)
        if not shape:
            x = x - inverse[0, 0] * (residual.item() if isinstance(residual, np.ndarray) else residual)
        else:
            x = x - (inverse @ array(residual).ravel()).reshape(shape)
    return x
