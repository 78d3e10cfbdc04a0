"""Learning curves: what is trained on what, medians over seeds, and samples for an error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from aadlib.errors import AadValueError
from pricers.surrogates import (
    BlackScholesCall,
    DifferentialRegression,
    LearningCurve,
    Polynomials,
    TrainingCollapsed,
    TwinNetwork,
    learning_curve,
)

PROBLEM = BlackScholesCall()


def curve(price: Any) -> LearningCurve:
    """Return a curve of prices over sizes 100, 400 and 1,600."""
    errors = np.array(price, dtype=float)
    return LearningCurve(sizes=np.array([100, 400, 1600]), price=errors, greeks=2.0 * errors)


def test_errors_fall_and_gradients_help() -> None:
    done: list[tuple[int, int]] = []
    surrogate = DifferentialRegression(Polynomials(5))
    differential = learning_curve(
        surrogate, PROBLEM, [64, 1024], n_seeds=4, progress=lambda *at: done.append(at)
    )
    alone = learning_curve(surrogate, PROBLEM, [64, 1024], n_seeds=4, differential=False)
    assert differential.price.shape == differential.greeks.shape == (2, 4)
    assert done == [(k, 8) for k in range(1, 9)]
    for found in (differential, alone):
        assert (
            found.band()[1, 1] < found.band()[1, 0]
            and found.band("greeks")[1, 1] < found.band("greeks")[1, 0]
        )
    assert (differential.band()[1] < alone.band()[1]).all()
    assert not hasattr(surrogate, "coefficients_")  # itself it stays as it was


def test_the_same_numbers_again() -> None:
    pair = [
        learning_curve(TwinNetwork((5,), epochs=100), PROBLEM, [64], n_seeds=2, seed=3).price
        for _ in range(2)
    ]
    assert (pair[0] == pair[1]).all() and pair[0][0, 0] != pair[0][0, 1]


def test_samples_for_an_error() -> None:
    halving = curve([[4.0, 4.0, 4.0], [2.0, 2.0, 2.0], [1.0, 1.0, 1.0]])
    assert halving.samples_for(2.0) == pytest.approx(400.0)
    assert halving.samples_for(2.0**0.5) == pytest.approx(800.0)  # errors fall like one over the root
    assert halving.samples_for(5.0) == 100.0
    assert halving.samples_for(0.9) == float("inf")
    assert halving.band("greeks")[1].tolist() == [8.0, 4.0, 2.0]


def test_collapsed_trainings_are_counted_and_left_out() -> None:
    found = curve([[1.0, np.nan, 3.0], [np.nan] * 3, [1.0, 1.0, 1.0]])
    assert found.n_collapsed == 4
    assert found.band()[1, 0] == 2.0 and np.isnan(found.band()[1, 1])

    class Dying(DifferentialRegression):
        def fit(self, *samples: Any) -> Any:
            raise TrainingCollapsed("dead")

    assert learning_curve(Dying(), PROBLEM, [64], n_seeds=2).n_collapsed == 2


def test_an_interrupt_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    fit = TwinNetwork.fit

    def interrupted(self: TwinNetwork, *samples: Any) -> TwinNetwork:
        fit(self, *samples)
        self.history_.interrupted = True
        return self

    monkeypatch.setattr(TwinNetwork, "fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        learning_curve(TwinNetwork((5,), epochs=100), PROBLEM, [64], n_seeds=1)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"sizes": []}, r"sizes = \[\]: must be one or more, increasing"),
        ({"sizes": [8, 8]}, r"sizes = \[8, 8\]"),
        ({"surrogate": 7}, r"surrogate = 7: must be an estimator"),
        ({"n_seeds": 0}, r"n_seeds = 0"),
    ],
)
def test_bad_arguments(bad: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {"surrogate": DifferentialRegression(), "sizes": [64], "n_seeds": 1} | bad
    with pytest.raises(AadValueError, match=message):
        learning_curve(arguments["surrogate"], PROBLEM, arguments["sizes"], n_seeds=arguments["n_seeds"])


@pytest.mark.parametrize("bad", [{"of": "delta"}, {"share": 1.0}])
def test_bad_bands(bad: dict[str, Any]) -> None:
    with pytest.raises(AadValueError, match=r"(of|share) = "):
        curve([[1.0]] * 3).band(**bad)
