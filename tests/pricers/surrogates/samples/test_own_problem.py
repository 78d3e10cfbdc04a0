"""Problems of one's own: several payoffs at once, and what a path that cannot be a lane gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from aadlib.errors import AadTypeError, AadValueError, BranchChanged
from aadlib.types import Floats
from pricers.surrogates import Problem, Truth, monte_carlo_truth, nested_monte_carlo, simulate, verify


@dataclass(frozen=True, kw_only=True)
class CallsOnNormals(Problem):
    """Calls at several strikes on x0 + x1 N."""

    strikes: tuple[float, ...] = (0.9, 1.0, 1.2)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Level and deviation."""
        return ("level", "deviation")

    @property
    def noise_shape(self) -> tuple[int, ...]:
        """A single number."""
        return ()

    @property
    def ranges(self) -> Floats:
        """Uniform."""
        return np.array([[0.8, 1.2], [0.1, 0.3]])

    def states(self, generator: np.random.Generator, n: int) -> Floats:
        """Draw states."""
        return generator.uniform(*self.ranges.T, (n, 2))

    def payoff(self, x: Any, z: Any) -> Any:
        """Return all payoffs."""
        return np.maximum(x[0] + x[1] * z - np.array(self.strikes), 0.0)

    def truth(self, x: Any) -> Truth:
        """Return Bachelier's prices."""
        states = self.checked_states(x)
        level, deviation = states[:, :1], states[:, 1:]
        d = (level - np.array(self.strikes)) / deviation
        value = deviation * (d * norm.cdf(d) + norm.pdf(d))
        return Truth.exact(value, np.stack([norm.cdf(d), norm.pdf(d)], axis=2))


class Branching(CallsOnNormals):
    """A path that goes one way or the other."""

    def payoff(self, x: Any, z: Any) -> Any:
        """Return a call."""
        return x[0] + z if x[0] + z > 0.5 else 0.0 * x[0]


class Overflowing(CallsOnNormals):
    """A path that is infinite somewhere."""

    def payoff(self, x: Any, z: Any) -> Any:
        """Return too much."""
        return np.exp(1000.0 * x[0])


class TwoAxes(CallsOnNormals):
    """A table of payoffs."""

    def payoff(self, x: Any, z: Any) -> Any:
        """Return a table."""
        return np.array([[x[0], x[1]], [x[1], z]])


class WrongStates(CallsOnNormals):
    """States of another length than the inputs."""

    def states(self, generator: np.random.Generator, n: int) -> Floats:
        """Draw states."""
        return generator.uniform(0.0, 1.0, (n, 3))


PROBLEM = CallsOnNormals()


@pytest.mark.parametrize("antithetic", [False, True])
def test_several_payoffs_at_once(antithetic: bool) -> None:
    x, y, dydx = simulate(PROBLEM, 20_000, seed=1, antithetic=antithetic)
    assert y.shape == (20_000, 3) and dydx is not None and dydx.shape == (20_000, 3, 2)
    truth = PROBLEM.truth(x)
    for label, true in ((y, truth.value), (dydx, truth.gradient)):
        error = label - true
        assert (np.abs(error.mean(axis=0)) < 4.5 * error.std(axis=0) / np.sqrt(len(x))).all()
    np.testing.assert_array_equal(
        simulate(PROBLEM, 20_000, seed=1, gradients=False, antithetic=antithetic).y, y
    )


def test_simulated_truth_of_several_payoffs() -> None:
    x = simulate(PROBLEM, 5, seed=2, gradients=False).x
    exact, found = PROBLEM.truth(x), monte_carlo_truth(PROBLEM, x, n_paths=2**13)
    assert found.gradient.shape == (5, 3, 2)
    assert (np.abs(found.value - exact.value) < 5.0 * found.value_stderr + 1e-6).all()
    cell = 16.0 / 2**13  # counts of a single normal are whole: replicates may agree to less than one point
    assert (np.abs(found.gradient - exact.gradient) < 5.0 * found.gradient_stderr + cell).all()


def test_verification_of_several_payoffs() -> None:
    class Known:
        def predict_with_greeks(self, x: Any) -> tuple[Any, Any]:
            truth = PROBLEM.truth(x)
            return truth.value, 1.01 * truth.gradient

    found = verify(Known(), PROBLEM)
    assert found.price.rmse == 0.0 and found.by_input["deviation"].p99 == pytest.approx(0.01)


def test_what_cannot_be_a_lane() -> None:
    with pytest.raises(BranchChanged, match=r"in samples 0 to \d+ .*test_own_problem.py"):
        simulate(Branching(), 1000, seed=1)
    with pytest.raises(AadValueError, match=r"y of sample \d+ is not finite: the path at x = \["):
        simulate(Overflowing(), 10, seed=1)
    with pytest.raises(AadTypeError, match=r"the payoff has shape \(2, 2\): must be a number or one axis"):
        simulate(TwoAxes(), 10, seed=1)
    with pytest.raises(AadValueError, match=r"states has shape \(n, 3\): must be \(n, 2\)"):
        simulate(WrongStates(), 10, seed=1)
    with pytest.raises(AadValueError, match=r"takes problems of one payoff"):
        nested_monte_carlo(PROBLEM, [[1.0, 0.2]], n_paths=10, seed=1)
