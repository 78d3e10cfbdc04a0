"""Roots and fixed points as numbers of a recording.

The solver runs on floats. What is recorded is the root it found with the inverse Jacobian there, both passive, and two
steps x - J^-1 f(x, parameters) from it. They leave the value where it is; the first makes the first derivatives those
of the implicit function theorem, the second the second ones. All sweeps, over lanes too, then work on plain
operations.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from aadlib.errors import AadError, AadTypeError, AadValueError, NotConverged, SingularMatrix, TapeError
from aadlib.implicit.solver import Solver, by_iteration, by_powell, change_of, share_of_step
from aadlib.program.program import Program, record
from aadlib.tape.arrays import array, is_recorded
from aadlib.tape.composite import Passive, apply_composite
from aadlib.tape.functions import value_of
from aadlib.types import Floats
from aadlib.validation import as_floats

CLOSE = 1e-8
"""A solver is believed where Newton's last step is below this share of the root."""

STEPS = 8
"""Most Newton steps after the solver; two are enough after a good one: to all digits, and to see that they stay."""

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
    systems of nonlinear equations, ACM Trans. Math. Softw. 41 (2015). B. Christianson, Reverse accumulation and
    implicit functions, Optim. Methods Softw. 9 (1998).

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
    1.037362021894
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


class Solve(Passive):
    """The root of a function of x and parameters, and the inverse of its Jacobian in x there.

    Operands are the parameters one after another; results the root (m,) and the inverse Jacobian (m, m).

    Parameters
    ----------
    name : str, how messages call it
    function : callable of x and the parameters, of the shape of x
    start : (m,) or a float, where the solver starts
    shapes : those of the parameters
    solver : callable of (function of x alone, start)
    """

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        start: Any,
        shapes: Sequence[tuple[int, ...]],
        solver: Solver,
    ) -> None:
        self.what, self.function, self.solver = name, function, solver
        self.start, self.shapes = start, tuple(shapes)
        self.edges = np.cumsum([0, *(math.prod(shape) for shape in shapes)]).tolist()

    @property
    def name(self) -> str:
        """The public name."""
        return self.what

    def parameters(self, operands: Any) -> list[Any]:
        """Cut operands into parameters of the shapes that the function takes."""
        return [
            operands[begin:end].reshape(shape) if shape else operands[begin]
            for begin, end, shape in zip(self.edges, self.edges[1:], self.shapes, strict=False)
        ]

    @functools.cached_property
    def _idle(self) -> list[Program]:
        return []

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key != "_idle"}

    def _of_one(self, z: Any) -> Any:
        """Return the function at x and the parameters that stand in one vector: programs of one are quickest."""
        size = np.size(self.start)
        x = z[:size].reshape(self.start.shape) if np.ndim(self.start) else z[0]
        result = self.function(x, *self.parameters(z[size:]))
        return result if np.ndim(self.start) or not isinstance(result, np.ndarray) else result[()]

    def _recorded(self, z: Floats) -> Program:
        """Return the function as a program of x and the parameters in one vector."""
        if self._idle:
            return self._idle[0]
        try:
            program = record(self._of_one, z, on_branch_change="retrace")
        except TapeError as error:
            if "another tape" not in str(error):
                raise
            raise AadTypeError(
                f"ad.{self.what}: the function uses a recorded number that is not among its arguments; pass it on, as "
                f"in ad.{self.what}(f, x0, number), and let f take it"
            ) from error
        shape, wanted = program.output_shape, np.shape(self.start)
        if shape != wanted:
            raise AadValueError(
                f"ad.{self.what}: the function returned shape {shape} for an x of shape {wanted}: as many equations "
                "as unknowns, in the same shape, are needed"
            )
        self._idle.append(program)
        return program

    def results(self, operands: Floats) -> Floats:
        """Return the root and the inverse Jacobian, one after the other."""
        shape, size = np.shape(self.start), np.size(self.start)
        z = np.concatenate([np.ravel(self.start), operands])
        program = self._recorded(z)

        def of_x(x: Any) -> Any:
            at = np.asarray(x, dtype=np.float64)
            if not np.isfinite(at).all():
                return np.full(at.shape, np.nan)[()]
            z[:size] = at.ravel()
            result = program.value(z)
            return result if shape or not at.ndim else np.full(at.shape, result)

        try:
            found = self.solver(of_x, self.start.copy() if shape else self.start)
        except (ArithmeticError, RuntimeError, ValueError) as error:
            if isinstance(error, AadError):
                raise
            raise NotConverged(f"ad.{self.what}: the solver failed: {error}") from error
        z[:size] = self._numbers(found)
        return self._polished(program, z)

    def _numbers(self, found: Any) -> Floats:
        """Return what a solver returned as a flat array; results of scipy.optimize carry the root in a field."""
        for flag in ("converged", "success"):
            if not getattr(found, flag, True):
                raise NotConverged(f"ad.{self.what}: the solver did not converge: {found}")
        if isinstance(found, tuple):
            found = found[0]
        found = getattr(found, "root", getattr(found, "x", found))
        try:
            x = np.array([] if found is None else found, dtype=np.float64)
        except (TypeError, ValueError):
            x = np.zeros(0)
        if x.size != np.size(self.start):
            raise AadTypeError(
                f"ad.{self.what}: the solver returned {found!r}: it must return the root, of the shape of x0"
            )
        if not np.isfinite(x).all():
            raise NotConverged(
                f"ad.{self.what}: the solver left the numbers: it returned {found!r}; start closer"
            )
        return x.ravel()

    def _polished(self, program: Program, z: Floats) -> Floats:
        """Take Newton's last steps; return the root with the inverse Jacobian, or say why there is none."""
        start, size_of_x = self.start, np.size(self.start)
        x = z[:size_of_x]
        before, last = np.inf, None
        for number in range(STEPS):
            residual, jacobian = self._linearised(program, z)
            inverse = self._inverse(jacobian)
            if inverse is None:
                raise self._without_inverse(program, z, residual, jacobian)
            step = inverse @ residual if np.ndim(start) else inverse * residual
            size = share_of_step(step, x, start)
            if last is not None and before <= CLOSE and change_of(inverse, last) > 0.1:
                raise self._singular(jacobian, x)  # it halves from step to step at a double root
            if number and (
                size <= 1e-15 or (before <= CLOSE and size >= 0.5 * before)
            ):  # what is left is round-off
                break
            before, last = size, inverse
            x -= step
        if not size <= CLOSE:
            raise self._no_root(x, residual)
        return np.concatenate([x, np.ravel(inverse)])

    def _shaped(self, flat: Floats) -> Any:
        return flat.reshape(self.start.shape) if np.ndim(self.start) else float(flat[0])

    def _linearised(self, program: Program, z: Floats) -> tuple[Any, Any]:
        """Return the function (m,) and its Jacobian in x (m, m), all finite; of one unknown as floats."""
        size = np.size(self.start)
        if np.ndim(self.start):
            residual = np.ravel(program.value(z))
            jacobian = np.reshape(program.jacobian(z), (size, z.size))[:, :size]
        else:
            residual, slopes = program.value_and_gradient(z)
            jacobian = slopes.item(0)
            if math.isfinite(residual) and math.isfinite(jacobian):
                return residual, jacobian
        if not (np.isfinite(residual).all() and np.isfinite(jacobian).all()):
            raise NotConverged(
                f"ad.{self.what}: the function or its derivative is not finite at x = {self._shaped(z[:size])!r}: "
                "start "
                "closer to the root, or pass a solver= that stays where it is defined"
            )
        return residual, jacobian

    @staticmethod
    def _inverse(jacobian: Any) -> Any:
        """Return the inverse of the Jacobian; None where it has none to speak of, whatever the units of its rows."""
        if not np.ndim(jacobian):
            return 1.0 / jacobian if jacobian else None
        rows = np.max(np.abs(jacobian), axis=1, keepdims=True, initial=0.0)
        scaled = jacobian / np.where(rows > 0.0, rows, 1.0)
        columns = np.max(np.abs(scaled), axis=0, initial=0.0)
        scaled = scaled / np.where(columns > 0.0, columns, 1.0)
        if rows.min() == 0.0 or columns.min() == 0.0 or np.linalg.cond(scaled) > 1e13:
            return None
        return np.linalg.inv(scaled) / columns[:, None] / rows.ravel()

    def _without_inverse(self, program: Program, z: Floats, residual: Any, jacobian: Any) -> Exception:
        """Return the error of a singular Jacobian: at a root it is what is wrong, elsewhere there is no root."""
        size = np.size(self.start)
        first = z.copy()
        first[:size] = np.ravel(self.start)
        if np.max(np.abs(residual)) > 1e-6 * np.max(np.abs(program.value(first))):
            return self._no_root(z[:size], residual)
        return self._singular(jacobian, z[:size])

    def _no_root(self, x: Floats, residual: Any) -> NotConverged:
        left = np.reshape(residual, np.shape(self.start)).tolist()
        return NotConverged(
            f"ad.{self.what}: no root found from x0 = {self.start!r}: at x = {self._shaped(x)!r} the function is still "
            f"{left}; start closer, or pass a solver= (scipy.optimize.brentq in a bracket, say)"
        )

    def _singular(self, jacobian: Any, x: Floats) -> SingularMatrix:
        return SingularMatrix(
            f"ad.{self.what}: the Jacobian is singular at the root x = {self._shaped(x)!r}: "
            f"{np.asarray(jacobian).tolist()}. The "
            "root has no derivative there (a double root, or an equation that says nothing about x)"
        )
