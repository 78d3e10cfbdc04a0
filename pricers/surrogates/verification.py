"""How good a surrogate is: its prices and Greeks at held-out states against the truth."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from aadlib.validation import one_float, require_instance, whole_number
from pricers.surrogates.samples.noise import STATES, drawn
from pricers.surrogates.samples.problem import Problem, Truth, require_problem

FLOOR = 1e-2
"""Smallest denominator of a relative error, as a share of the root mean square of what is measured."""


class Surrogate(Protocol):
    """What was trained: prices and gradients of many states at once."""

    def predict_with_greeks(self, x: Any) -> tuple[Any, ...]:
        """Return prices (n,) or (n, m), gradients (n, d) or (n, m, d), and what else it likes, at states (n, d)."""


@dataclass(frozen=True, kw_only=True)
class Errors:
    """Errors over states (and inputs).

    Attributes
    ----------
    rmse : float, root mean square of the errors, in units of what is measured
    relative_rmse : float, rmse over the root mean square of the truth
    median, p99 : float, of relative errors |error| / max(|truth|, 1% of its root mean square)
    stderr : float, root mean square of the truth's own standard errors: errors near it say nothing
    """

    rmse: float
    relative_rmse: float
    median: float
    p99: float
    stderr: float

    @classmethod
    def of(cls, found: Floats, true: Floats, stderr: Floats, scale: Any) -> Errors:
        """Measure errors; `scale`, broadcast against them, is the size that relative errors have as a floor."""
        error = np.abs(found - true)
        relative = error / np.maximum(np.abs(true), FLOOR * scale)
        rmse, size = float(np.sqrt(np.mean(error**2))), float(np.sqrt(np.mean(true**2)))
        return cls(
            rmse=rmse,
            relative_rmse=rmse / size if size else float("inf"),
            median=float(np.median(relative)),
            p99=float(np.quantile(relative, 0.99)),
            stderr=float(np.sqrt(np.mean(stderr**2))),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Verification:
    """A surrogate against the truth.

    Attributes
    ----------
    x : (n, d) held-out states
    truth : Truth
    value, gradient : (n,) or (n, m), and (n, d) or (n, m, d), what the surrogate predicts
    price : Errors of prices
    greeks : Errors of all Greeks, each relative to a floor of its own input's
    by_input : dict, name of the input -> Errors of its Greek
    """

    x: Floats = field(repr=False)
    truth: Truth = field(repr=False)
    value: Floats = field(repr=False)
    gradient: Floats = field(repr=False)
    price: Errors
    greeks: Errors
    by_input: dict[str, Errors]

    @property
    def relative_greeks(self) -> float:
        """Root mean square over the inputs of each Greek's `relative_rmse`: one figure whatever their units."""
        return float(np.sqrt(np.mean([errors.relative_rmse**2 for errors in self.by_input.values()])))

    def rows(self) -> list[tuple[str, Errors]]:
        """Return price, Greeks and every input's Greek with their errors, for a table."""
        return [("price", self.price), ("Greeks", self.greeks), *self.by_input.items()]


def held_out_states(problem: Problem, n: int, *, seed: int, quantile: float = 0.0) -> Floats:
    """Return n test states drawn as the training states are, (n, d).

    Parameters
    ----------
    problem : Problem
    n : int, >= 1
    seed : int, >= 0, another than that of the samples
    quantile : float, in [0, 0.5)
        States beyond this quantile of any input, at either end, are left out: there a surrogate has few samples.
    """
    require_problem(problem)
    count = whole_number("n", n, 1)
    if not 0.0 <= one_float("quantile", quantile) < 0.5:
        raise AadValueError(f"quantile = {quantile!r}: must be at least 0 and below 0.5")
    key = whole_number("seed", seed, 0)
    if not quantile:
        return drawn(key, STATES, 0, count, problem.states)
    ends = np.quantile(drawn(key, STATES, 0, 2**14, problem.states), [quantile, 1.0 - quantile], axis=0)
    kept: list[Floats] = []
    begin = 0
    while sum(map(len, kept)) < count:
        states = drawn(key, STATES, begin, begin + 4 * count, problem.states)
        begin += 4 * count
        kept.append(states[((states >= ends[0]) & (states <= ends[1])).all(axis=1)])
        if begin > 4000 * count:
            raise AadValueError(
                f"quantile = {quantile!r}: hardly any state of {len(problem.inputs)} inputs is within; take less"
            )
    return np.concatenate(kept)[:count]


def _with_axes_of(true: Floats, found: Floats) -> Floats:
    """Return predictions with or without an axis for a single output, as the truth has it."""
    own, wanted = ([size for size in array.shape if size != 1] for array in (found, true))
    return found.reshape(true.shape) if own == wanted else found


def verify(
    surrogate: Surrogate,
    problem: Problem,
    *,
    n_states: int = 256,
    seed: int = 2**30,
    quantile: float = 0.0,
    x: Any = None,
    truth: Truth | None = None,
    **truth_options: Any,
) -> Verification:
    """Compare a surrogate's prices and Greeks with the truth at held-out states.

    Parameters
    ----------
    surrogate : object with `predict_with_greeks(x)`
    problem : Problem that its samples came from
    n_states, seed, quantile
        As for `held_out_states`.
    x : (n, d) states, optional, in place of those
    truth : Truth at x, optional: it is not found afresh then, as for many surrogates of one problem
    **truth_options
        Passed to `problem.truth`, such as n_paths.

    Returns
    -------
    Verification

    Raises
    ------
    AadValueError
        Where predictions are not finite, or do not have the shapes of the truth.

    Notes
    -----
    Relative errors of a price near zero say little: denominators have a floor of 1% of the root mean square over the
    states, of each input's Greek for Greeks.
    """
    require_problem(problem)
    if truth is not None:
        require_instance("truth", truth, Truth, "a Truth, as problem.truth(x) returns it")
    if not hasattr(surrogate, "predict_with_greeks"):
        raise AadTypeError(f"surrogate = {surrogate!r}: must have predict_with_greeks(x)")
    states = (
        held_out_states(problem, n_states, seed=seed, quantile=quantile)
        if x is None
        else problem.checked_states(x)
    )
    true = problem.truth(states, **truth_options) if truth is None else truth
    predicted = surrogate.predict_with_greeks(states)[:2]
    value, gradient = (np.asarray(part, dtype=np.float64) for part in predicted)
    value, gradient = _with_axes_of(true.value, value), _with_axes_of(true.gradient, gradient)
    for name, found, wanted in (("prices", value, true.value), ("Greeks", gradient, true.gradient)):
        if found.shape != wanted.shape:
            raise AadValueError(f"predicted {name} have shape {found.shape}: must have {wanted.shape}")
        if not np.isfinite(found).all():
            row = int(np.argwhere(~np.isfinite(found))[0][0])
            raise AadValueError(f"predicted {name} of state {row}, {states[row].tolist()}, are not finite")

    def size(numbers: Floats, axes: tuple[int, ...]) -> Any:
        scale = np.sqrt(np.mean(numbers**2, axis=axes, keepdims=True))
        return np.where(scale > 0.0, scale, 1.0)

    states_axes = tuple(range(true.gradient.ndim - 1))
    scale = size(true.gradient, states_axes)
    return Verification(
        x=states,
        truth=true,
        value=value,
        gradient=gradient,
        price=Errors.of(value, true.value, true.value_stderr, size(true.value, (0,))),
        greeks=Errors.of(gradient, true.gradient, true.gradient_stderr, scale),
        by_input={
            name: Errors.of(
                gradient[..., k], true.gradient[..., k], true.gradient_stderr[..., k], scale[..., k]
            )
            for k, name in enumerate(problem.inputs)
        },
    )
