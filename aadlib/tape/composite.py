"""Composite operations, the extension door: a step with structure as one node with its own derivative rules.

A tridiagonal march, a linear solve, a spline or a regression recorded operation by operation makes a long tape.
As a composite it is one entry: many operands, many results, and rules written by hand that run at the speed of a
hand-written adjoint. Recordings mix composites and plain operations freely.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from aadlib.differences import compare, extrapolated_difference
from aadlib.errors import AadTypeError, AadValueError
from aadlib.tape.advar import ADVar, record_composite
from aadlib.tape.arrays import array, is_recorded, values
from aadlib.types import Floats
from aadlib.validation import require_rule_shape, values_of


class Composite(ABC):
    """A differentiable function of a vector with rules of its own: subclass it and write the four rules.

    `n` operands, `m` results. `forward` returns the results and a state, anything the other rules need (the operands,
    intermediate values, a factorisation). A state belongs to one replay: a rule may keep in it what another rule would
    find again, and changes nothing that was there. An instance is shared by every replay and thread, so it must not
    change after it was made.

    Examples
    --------
    The sum of squares as one node:

    >>> import numpy as np, aadlib as ad
    >>> class SumOfSquares(ad.Composite):
    ...     def forward(self, x):
    ...         return np.array([x @ x]), x
    ...     def tangents(self, x, directions):
    ...         return 2.0 * x[None, :] @ directions
    ...     def adjoint(self, x, seeds):
    ...         return 2.0 * seeds[0] * x
    ...     def second_order(self, x, seeds, tangents):
    ...         return 2.0 * seeds[0] * tangents
    >>> squares = SumOfSquares()
    >>> ad.check_composite(squares, np.array([1.0, 2.0]))
    >>> program = ad.record(lambda x: np.exp(-ad.apply_composite(squares, x)[0]), [0.1, 0.2])
    >>> program.gradient([0.1, 0.2]).round(6)
    array([-0.190246, -0.380492])
    """

    @property
    def name(self) -> str:
        """What the node is called in graphs and messages."""
        return type(self).__name__

    @property
    def kink(self) -> str | None:
        """What of it is not smooth, in a few words, for the reports of kinks; None where nothing is."""
        return None

    @property
    def passive(self) -> bool:
        """Whether its results are numbers without derivatives, as those of a `Passive` are."""
        return False

    @abstractmethod
    def forward(self, operands: Floats) -> tuple[Floats, Any]:
        """Return the results (m,) for operands (n,), and the state."""

    @abstractmethod
    def tangents(self, state: Any, directions: Floats) -> Floats:
        """Return the derivatives of the results (m, d) along d directions, columns (n, d)."""

    @abstractmethod
    def adjoint(self, state: Any, seeds: Floats) -> Floats:
        """Return the adjoints of the operands (n,) for adjoints of the results (m,)."""

    @abstractmethod
    def second_order(self, state: Any, seeds: Floats, tangents: Floats) -> Floats:
        """Return the derivatives of `adjoint(state, seeds)` in the operands along d directions, (n, d), seeds fixed."""

    def adjoints(self, state: Any, seeds: Floats) -> Floats:
        """Return `adjoint` for d columns of seeds at once, (m, d) to (n, d); override it where lanes are cheaper."""
        return np.stack([self.adjoint(state, column) for column in seeds.T], axis=1)

    def curvature(self, state: Any, seeds: Floats, tangents: Floats) -> Floats:
        """Return T' (sum over results of seed times second derivatives) T for tangents T (n, d), shape (d, d).

        Override it where the matrix costs less than `second_order` in every direction.
        """
        rows = self.second_order(state, seeds, tangents)
        return tangents.T @ require_rule_shape(self, "second_order", rows, tangents.shape)


class Passive(Composite):
    """A composite whose results carry no derivative: a float computation that every replay, and every lane, runs again.

    What is found by search, a root or the basis of an eigenvalue problem, enters a recording by it; plain operations
    after it then restore the derivatives. Only `results` is to be written.
    """

    @property
    def passive(self) -> bool:
        """Always."""
        return True

    @abstractmethod
    def results(self, operands: Floats) -> Floats:
        """Return the results (m,) for operands (n,)."""

    def forward(self, operands: Floats) -> tuple[Floats, Any]:
        """Return the results and their number with that of the operands."""
        results = self.results(operands)
        return results, (results.size, operands.size)

    def tangents(self, state: tuple[int, int], directions: Floats) -> Floats:
        """Return zeros."""
        return np.zeros((state[0], directions.shape[1]))

    def adjoint(self, state: tuple[int, int], seeds: Floats) -> Floats:
        """Return zeros."""
        return np.zeros(state[1])

    def second_order(self, state: tuple[int, int], seeds: Floats, tangents: Floats) -> Floats:
        """Return zeros."""
        return np.zeros(tangents.shape)


def apply_composite(operation: Composite, operands: Any) -> Any:
    """Apply a composite operation to a vector: recorded as one node where an operand is recorded.

    Parameters
    ----------
    operation : Composite
    operands : (n,) floats or recorded numbers

    Returns
    -------
    (m,) floats, or an `ADArray` of m recorded numbers

    Raises
    ------
    AadTypeError
        When `operation` is no `Composite` or the operands are duals.
    AadValueError
        When the operands are no vector or a rule returns the wrong shape.
    """
    if not isinstance(operation, Composite):
        raise AadTypeError(
            f"{operation!r} is not a Composite: subclass aadlib.Composite and pass an instance"
        )
    boxed = np.asarray(operands)
    if boxed.ndim != 1 or boxed.size == 0:
        raise AadValueError(
            f"operands have shape {boxed.shape}: {operation.name} takes a vector, concatenate its parts"
        )
    if not is_recorded(boxed):
        return np.asarray(operation.forward(boxed.astype(np.float64))[0], dtype=np.float64)
    numbers: list[Any] = boxed.tolist()
    if any(hasattr(number, "partials") for number in numbers):
        raise AadTypeError(
            f"{operation.name}: a composite has no rule for duals; record it, or write it out in numbers"
        )
    plain = values(boxed)
    results = np.asarray(operation.forward(plain)[0], dtype=np.float64)
    if results.ndim != 1 or results.size == 0:
        raise AadValueError(f"{operation.name}.forward returned shape {results.shape}: must return a vector")
    if not any(isinstance(number, ADVar) for number in numbers):
        return results
    return array(record_composite(operation, numbers, results.tolist()))


def apply_passive(operation: Passive, operands: Any) -> Any:
    """Apply a passive composite to a vector of numbers of any kind; duals give floats, as nothing is carried on."""
    boxed = np.asarray(operands)
    if boxed.dtype == object and any(hasattr(number, "partials") for number in boxed):
        return operation.results(values_of(boxed))
    return apply_composite(operation, boxed)


def check_composite(
    operation: Composite, operands: Any, *, step: float = 1e-3, tolerance: float = 1e-6
) -> None:
    """Check a composite's rules: shapes, each rule against extrapolated differences, and against each other.

    Parameters
    ----------
    operation : Composite
    operands : (n,) floats, where to check
    step : float, first step of the differences, relative to each operand's size (at least 1)
    tolerance : float, relative to the largest entry compared

    Raises
    ------
    GradientMismatch
        Naming the rule and the entry.
    AadValueError
        When a rule returns the wrong shape.
    """
    x = np.asarray(operands, dtype=np.float64)
    y, state = operation.forward(x)
    n, m = x.size, y.size
    rng = np.random.default_rng(0)
    seeds = rng.standard_normal(m)
    identity = np.eye(n)
    require_rule_shape(operation, "forward", y, (m,))
    tangents = require_rule_shape(operation, "tangents", operation.tangents(state, identity), (m, n))
    adjoint = require_rule_shape(operation, "adjoint", operation.adjoint(state, seeds), (n,))
    second = require_rule_shape(
        operation, "second_order", operation.second_order(state, seeds, identity), (n, n)
    )
    columns = rng.standard_normal((m, 3))
    lanes = require_rule_shape(operation, "adjoints", operation.adjoints(state, columns), (n, 3))
    curvature = require_rule_shape(
        operation, "curvature", operation.curvature(state, seeds, identity), (n, n)
    )
    steps = step * np.maximum(1.0, np.abs(x))

    def along(k: int, of_operands: Any) -> Floats:
        return extrapolated_difference(lambda h: of_operands(x + h * identity[k]), steps[k])[0]

    def adjoint_at(point: Floats) -> Floats:
        return operation.adjoint(operation.forward(point)[1], seeds)

    differences = np.stack([along(k, lambda point: operation.forward(point)[0]) for k in range(n)], axis=1)
    compare(f"{operation.name}.tangents", tangents, differences, tolerance)
    compare(f"{operation.name}.adjoint", adjoint, tangents.T @ seeds, 1e-10)
    compare(f"{operation.name}.adjoints", lanes, tangents.T @ columns, 1e-10)
    compare(
        f"{operation.name}.second_order",
        second,
        np.stack([along(k, adjoint_at) for k in range(n)], axis=1),
        tolerance,
    )
    compare(f"{operation.name}.second_order, its symmetry", second, second.T, 1e-9)
    compare(f"{operation.name}.curvature", curvature, second, 1e-9)
