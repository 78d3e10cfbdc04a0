"""What an expectation returns: means with their derivatives, and the standard error of every number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from aadlib.errors import AadValueError
from aadlib.types import Floats
from greeks2.monte_carlo.path_planner import PathPlan
from greeks2.structure.kinks import KinkGroup

if TYPE_CHECKING:
    from pandas import DataFrame

SHOWN = 20
"""Most rows of first derivatives that are printed."""


class Interval(NamedTuple):
    """Lower and upper ends of a value's, a gradient's and a Hessian's confidence intervals."""

    value: Any
    gradient: Any
    hessian: Any


@dataclass(frozen=True, eq=False)
class Expectation:
    """A mean over paths, its gradient and Hessian in the flattened active params, each with its standard error.

    Attributes
    ----------
    value, stderr : float
    gradient, gradient_stderr : (n_active,), or None at order 0
    hessian, hessian_stderr : (n_active, n_active), or None below order 2
    n_paths : int
    n_batches : int, batches (replicates of Sobol points) behind the standard errors, which are themselves uncertain by
        a factor of about 1 +- 1 / sqrt(2 n_batches - 2), and nan where there is only one: see `interval`
    labels : (n_active,) of str, what the derivatives are taken in: "params[0]"
    order : 0, 1 or 2
    smoothing : None, or "kink" where the derivatives hold what sits at the kinks that the noise moves
    method : str, the second-order method, or "adjoint sweep" and "value sweep" below
    kinks : operations that are not smooth and not smoothed, by source line; their curvature is not in the Hessian
    plan : PathPlan, what the method was chosen by
    """

    value: float
    stderr: float
    gradient: Floats | None
    gradient_stderr: Floats | None
    hessian: Floats | None
    hessian_stderr: Floats | None
    n_paths: int
    n_batches: int
    labels: tuple[str, ...]
    order: int
    smoothing: str | None
    method: str
    kinks: tuple[KinkGroup, ...]
    plan: PathPlan

    def rows(
        self, labels: Sequence[str] | None = None
    ) -> Iterator[tuple[str, tuple[str, ...], float, float]]:
        """Yield every number once: quantity, what it is taken in, value, standard error.

        Parameters
        ----------
        labels : (n_active,) of str in place of the result's own

        Raises
        ------
        AadValueError
            When there is not one label per active parameter.
        """
        names = self.labels if labels is None else tuple(labels)
        if len(names) != len(self.labels):
            raise AadValueError(
                f"labels = {list(names)!r}: there are {len(self.labels)} active params, give one label for each"
            )
        yield "value", (), self.value, self.stderr
        if self.gradient is not None and self.gradient_stderr is not None:
            for name, mean, error in zip(names, self.gradient, self.gradient_stderr, strict=True):
                yield "gradient", (name,), float(mean), float(error)
        if self.hessian is not None and self.hessian_stderr is not None:
            for i, row in enumerate(names):
                for j, column in enumerate(names[: i + 1]):
                    mean, error = self.hessian[i, j], self.hessian_stderr[i, j]
                    yield "hessian", (column, row), float(mean), float(error)

    def interval(self, level: float = 0.95) -> Interval:
        """Return confidence intervals of value, gradient and Hessian, by Student's quantile of the batches' spread.

        Parameters
        ----------
        level : float, 0 < level < 1

        Returns
        -------
        Interval
            Lower and upper ends: value, gradient (n_active,), Hessian (n_active, n_active); None where there is none.

        Notes
        -----
        The quantile, 2.04 for 95% and 32 batches, takes the uncertainty of the standard errors into account. It cannot
        make up for heavy tails: weights of the likelihood ratio at second order are products of squares of the noise,
        and a mean of few paths of them is skewed. Their 95% intervals
        cover less: `tests/greeks2/monte_carlo/test_coverage.py` measures it.
        """
        if not 0.0 < level < 1.0:
            raise AadValueError(f"level = {level!r}: must lie between 0 and 1")
        from scipy.special import stdtrit

        width = float(stdtrit(max(1, self.n_batches - 1), 0.5 + 0.5 * level))

        def ends(mean: Any, error: Any) -> tuple[Any, Any] | None:
            return None if mean is None else (mean - width * error, mean + width * error)

        return Interval(
            ends(self.value, self.stderr),
            ends(self.gradient, self.gradient_stderr),
            ends(self.hessian, self.hessian_stderr),
        )

    def to_frame(self, labels: Sequence[str] | None = None) -> DataFrame:
        """Return a pandas frame with one row per number: quantity, inputs, value, stderr; see `rows`."""
        try:
            from pandas import DataFrame
        except ImportError as error:
            raise ImportError("to_frame needs pandas: install it, or aadlib with its [apps] extra") from error
        rows = [(quantity, " ".join(inputs), *numbers) for quantity, inputs, *numbers in self.rows(labels)]
        return DataFrame(rows, columns=["quantity", "inputs", "value", "stderr"])

    def __repr__(self) -> str:
        # One screen: first order, and of the second the diagonal.
        rows = [
            (f"{quantity} {' '.join(inputs)}", mean, error)
            for quantity, inputs, mean, error in self.rows()
            if len(inputs) < 2 or inputs[0] == inputs[1]
        ]
        width = max(len(name) for name, _, _ in rows[:SHOWN])
        lines = [f"Expectation over {self.n_paths:,} paths in {self.n_batches} batches, by {self.method}"]
        if self.smoothing is not None:
            lines[0] += ", kinks integrated out"
        lines += [f"{name:{width}s} {mean:16.8g}  +- {error:.2g}" for name, mean, error in rows[:SHOWN]]
        if len(rows) > SHOWN:
            lines.append(f"and {len(rows) - SHOWN} more; to_frame() has every number")
        if self.hessian is not None:
            lines += [f"passed a kink: {kink}" for kink in self.kinks]
        return "\n".join(lines)
