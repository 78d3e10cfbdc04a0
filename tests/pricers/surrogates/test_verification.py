"""Verification of surrogates: errors of known size, and what bad predictions get."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from aadlib.errors import AadTypeError, AadValueError
from pricers.surrogates import (
    BachelierBasket,
    BlackScholesCall,
    DigitalCall,
    held_out_states,
    simulate,
    verify,
)

PROBLEM = BachelierBasket(n_assets=3)


class Known:
    """The truth times one plus an error."""

    def __init__(self, price: float, greeks: float) -> None:
        self.price, self.greeks = price, greeks

    def predict_with_greeks(self, x: Any) -> tuple[Any, Any]:
        """Return prices and Greeks."""
        truth = PROBLEM.truth(x)
        return truth.value * (1.0 + self.price), truth.gradient * (1.0 + self.greeks)


def test_errors_are_what_was_put_in() -> None:
    exact = verify(Known(0.0, 0.0), PROBLEM)
    assert exact.price.rmse == exact.greeks.p99 == 0.0 and exact.price.stderr == 0.0
    found = verify(Known(0.01, -0.02), PROBLEM, n_states=500)
    assert found.price.relative_rmse == pytest.approx(0.01)
    assert found.price.p99 == pytest.approx(0.01) and found.price.median == pytest.approx(0.01)
    assert found.greeks.p99 == pytest.approx(0.02) and found.greeks.relative_rmse == pytest.approx(0.02)
    assert [name for name, _ in found.rows()] == ["price", "Greeks", "spot[0]", "spot[1]", "spot[2]"]
    assert found.x.shape == (500, 3)


def test_a_network_that_answers_in_columns_is_understood() -> None:
    class Columns(Known):
        def predict_with_greeks(self, x: Any) -> tuple[Any, Any]:
            value, gradient = super().predict_with_greeks(x)
            return value[:, None], gradient[:, None, :]

    assert verify(Columns(0.0, 0.0), PROBLEM).price.rmse == 0.0


def test_given_states_and_truth() -> None:
    x = np.array([[1.0, 1.1, 0.9], [2.0, 1.0, 1.0]])
    truth = PROBLEM.truth(x)
    assert verify(Known(0.01, 0.0), PROBLEM, x=x, truth=truth).price.p99 == pytest.approx(0.01)
    options = verify(DigitalAverage(), DigitalCall(n_assets=2), n_states=4, n_paths=16 * 64)
    assert options.price.stderr > 0.0


class DigitalAverage:
    """One half everywhere."""

    def predict_with_greeks(self, x: Any) -> tuple[Any, Any]:
        """Return prices and Greeks."""
        return np.full(len(x), 0.5), np.zeros(x.shape)


def test_held_out_states_are_no_training_states_and_stay_within_the_quantiles() -> None:
    problem = BlackScholesCall()
    states = held_out_states(problem, 300, seed=2**30, quantile=0.05)
    train = simulate(problem, 20_000, seed=1, gradients=False).x
    low, high = np.quantile(train, [0.05, 0.95])
    assert states.shape == (300, 1) and not np.isin(states, train).any()
    assert (states > 0.98 * low).all() and (states < 1.02 * high).all()
    with pytest.raises(AadValueError, match=r"quantile = 0.5: must be at least 0 and below 0.5"):
        held_out_states(problem, 10, seed=1, quantile=0.5)
    with pytest.raises(AadValueError, match=r"hardly any state of 50 inputs is within"):
        held_out_states(BachelierBasket(n_assets=50), 10, seed=1, quantile=0.45)


def test_bad_predictions() -> None:
    class Wrong:
        def __init__(self, value: Any, gradient: Any) -> None:
            self.answer = value, gradient

        def predict_with_greeks(self, x: Any) -> tuple[Any, Any]:
            return self.answer

    x = np.ones((2, 3))
    with pytest.raises(AadValueError, match=r"predicted prices have shape \(3,\): must have \(2,\)"):
        verify(Wrong(np.ones(3), np.ones((2, 3))), PROBLEM, x=x)
    with pytest.raises(AadValueError, match=r"predicted Greeks have shape \(2, 2\): must have \(2, 3\)"):
        verify(Wrong(np.ones(2), np.ones((2, 2))), PROBLEM, x=x)
    with pytest.raises(AadValueError, match=r"predicted Greeks have shape \(3, 2\): must have \(2, 3\)"):
        verify(Wrong(np.ones(2), np.ones((3, 2))), PROBLEM, x=x)
    with pytest.raises(AadTypeError, match="must have predict_with_greeks"):
        verify(None, PROBLEM, x=x)  # type: ignore[arg-type]
    with pytest.raises(
        AadValueError, match=r"predicted prices of state 1, \[1.0, 1.0, 1.0\], are not finite"
    ):
        verify(Wrong(np.array([1.0, np.nan]), np.ones((2, 3))), PROBLEM, x=x)
    with pytest.raises(AadValueError, match=r"x has shape \(2, 2\)"):
        verify(Wrong(None, None), PROBLEM, x=np.ones((2, 2)))
