"""The float side of `aadlib.root`: a solver, Newton's last steps, and the inverse Jacobian that carries derivatives."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from aadlib.errors import AadError, AadTypeError, AadValueError, NotConverged, SingularMatrix, TapeError
from aadlib.program.program import Program, record
from aadlib.tape.composite import Passive
from aadlib.types import Floats

CLOSE = 1e-8
"""A solver is believed where Newton's last step is below this share of the root."""

STEPS = 8
"""Most Newton steps after the solver; two are enough after a good one: to all digits, and to see that they stay."""

Solver = Callable[[Callable[[Any], Any], Any], Any]


def by_powell(function: Callable[[Any], Any], start: Any) -> Any:
    """Solve by Powell's hybrid method of MINPACK, in any number of unknowns."""
    from scipy.optimize import root

    shape = np.shape(start)

    def flat(x: Floats) -> Floats:
        return np.ravel(function(x.reshape(shape) if shape else float(x[0])))

    with np.errstate(all="ignore"):
        found = root(flat, np.ravel(start), tol=1e-12).x
    return found.reshape(shape) if shape else float(found[0])


def by_iteration(function: Callable[[Any], Any], start: Any, most: int = 200) -> Any:
    """Solve x = g(x), given x - g(x), by iteration, and where that does not settle by Powell's method."""
    x = start
    for _ in range(most):
        step = function(x)
        if not np.isfinite(step).all():
            return by_powell(function, start)
        x = x - step
        if np.max(np.abs(step), initial=0.0) <= 1e-10 * np.max(np.abs(x), initial=0.0):
            return x
    return by_powell(function, x)


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
            raise NotConverged(f"ad.{self.what}: the solver left the numbers: it returned {found!r}; start closer")
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
            size = _share(step, x, start)
            if last is not None and before <= CLOSE and _change(inverse, last) > 0.1:
                raise self._singular(jacobian, x)  # it halves from step to step at a double root
            if number and (size <= 1e-15 or (before <= CLOSE and size >= 0.5 * before)):  # what is left is round-off
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
                f"ad.{self.what}: the function or its derivative is not finite at x = {self._shaped(z[:size])!r}: start "
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
            f"ad.{self.what}: the Jacobian is singular at the root x = {self._shaped(x)!r}: {np.asarray(jacobian).tolist()}. The "
            "root has no derivative there (a double root, or an equation that says nothing about x)"
        )


def _share(step: Any, x: Floats, start: Any) -> float:
    """Return the largest step as a share of what is large for its unknown: the unknown or where it started."""
    if not np.ndim(start):
        return abs(float(step)) / max(abs(x.item(0)), abs(start), 1e-300)
    size = np.maximum(np.abs(x), np.abs(start).ravel())
    return float(np.max(np.abs(step) / np.maximum(size, max(1e-6 * float(size.max()), 1e-300))))


def _change(one: Any, other: Any) -> float:
    """Return by how much two inverse Jacobians at all but the same point differ, as a share."""
    if not np.ndim(one):
        return abs(one - other) / abs(one)
    return float(np.max(np.abs(one - other)) / max(float(np.max(np.abs(one))), 1e-300))
