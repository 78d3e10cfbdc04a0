"""Problems: what a surrogate learns. Where the states come from, one path from a state to its payoff, and the truth."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import numpy as np

from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import as_floats, require_finite, require_instance

SPREAD = 3.719016485455709
"""Standard deviations beyond which lie 1e-4 of a normal distribution."""

Estimator = Callable[[Any, Any], Any]
"""A path, (d,) state and noise to payoff, whose recorded derivative is the label."""


OTHER_VALUES = ("smoothed", "conditional")
"""Kinds of labels whose values are not the payoff's, but their mean over some of the noise, or near that."""


class LabelsWarning(UserWarning):
    """Gradient labels were asked for that are wrong: their expectation is not the gradient of the price."""


class Truth(NamedTuple):
    """Prices and Greeks at some states, with standard errors, which are zero for closed forms.

    Attributes
    ----------
    value, value_stderr : (n,) or (n, m), currency
    gradient, gradient_stderr : (n, d) or (n, m, d), currency per unit of the input
    """

    value: Floats
    gradient: Floats
    value_stderr: Floats
    gradient_stderr: Floats

    @classmethod
    def exact(cls, value: Floats, gradient: Floats) -> Truth:
        """Return a closed form's numbers."""
        return cls(value, gradient, np.zeros_like(value), np.zeros_like(gradient))


class Problem(ABC):
    """What a surrogate learns: the conditional expectation of a payoff given a state, and its gradient.

    A new one is a frozen dataclass with this base: `inputs`, `noise_shape`, `states`, `payoff` and `truth`; where
    pathwise gradients are wrong `JUMP`, `LABELS` and `estimator` too. Everything that decides about its samples is a
    field: numbers, text, tuples or arrays, as the manifest of stored samples names them.
    """

    LABELS: ClassVar[tuple[str, ...]] = ("pathwise",)
    """Ways to make gradient labels, the one taken by default first."""
    JUMP: ClassVar[str] = ""
    """Where the payoff jumps as a function of the path, if it does: pathwise gradients miss what happens there."""

    @property
    @abstractmethod
    def inputs(self) -> tuple[str, ...]:
        """Names of the d numbers of a state."""

    @property
    @abstractmethod
    def noise_shape(self) -> tuple[int, ...]:
        """Shape of one path's normals."""

    @property
    @abstractmethod
    def ranges(self) -> Floats:
        """Lowest and highest training state of every input, (d, 2); of unbounded ones those that 1e-4 lie beyond."""

    @abstractmethod
    def states(self, generator: np.random.Generator, n: int) -> Floats:
        """Draw n training states, (n, d): the same number of draws for every row."""

    def shocks(self, normals: Floats) -> Floats:
        """Return what the path takes as noise, (n, ...), from independent normals (n, *noise_shape): a linear map."""
        return normals

    @abstractmethod
    def payoff(self, x: Any, z: Any) -> Any:
        """Return the present value at the horizon of one path's payments, a number or (m,), in plain NumPy.

        Parameters
        ----------
        x : (d,) state; floats, or numbers being recorded
        z : noise of one path, as `shocks` returns it
        """

    def estimator(self, labels: str) -> Estimator:
        """Return the path whose recorded derivative is this kind of label."""
        return self.payoff

    @abstractmethod
    def truth(self, x: Any) -> Truth:
        """Return prices and Greeks at states x (n, d)."""

    def checked_labels(self, labels: str | None) -> str:
        """Return the way to make labels; raise for an unknown one, warn of pathwise ones across a jump."""
        if labels is None:
            return self.LABELS[0]
        if isinstance(labels, str) and labels == "pathwise" and self.JUMP:
            warnings.warn(
                f"labels = 'pathwise': {self.JUMP}, which pathwise gradients miss: their expectation is not the "
                f"gradient of the price. Use {' or '.join(map(repr, self.LABELS))}",
                LabelsWarning,
                stacklevel=4,
            )
        elif not isinstance(labels, str) or labels not in self.LABELS:
            choices = (*self.LABELS, *(["pathwise"] if self.JUMP else []))
            raise AadValueError(
                f"labels = {labels!r}: {type(self).__name__} has {', '.join(map(repr, choices))}"
            )
        return labels

    def checked_states(self, x: Any) -> Floats:
        """Return states as floats, (n, d)."""
        given = as_floats("x", x)
        if given.ndim != 2 or given.shape[1] != len(self.inputs) or not len(given):
            raise AadValueError(
                f"x has shape {given.shape}: must be (n, {len(self.inputs)}), one state per row: "
                f"{', '.join(self.inputs)}"
            )
        require_finite("x", given)
        return given


def require_problem(given: Any) -> None:
    """Raise `AadTypeError` unless something is a problem."""
    require_instance("problem", given, Problem, "a problem such as BlackScholesCall()")
