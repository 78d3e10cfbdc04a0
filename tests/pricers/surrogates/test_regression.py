"""Differential regression against exact functions, ordinary least squares and the truth."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from aadlib.errors import AadValueError
from pricers.surrogates import DifferentialRegression, OutsideRange, Polynomials, Splines
from pricers.surrogates.regression import Basis

from .baskets import Basket, rmse

BASES = pytest.mark.parametrize("basis", [Polynomials(4), Splines(6)], ids=["polynomials", "splines"])


@BASES
def test_derivatives_of_the_basis(basis: Basis, rng: np.random.Generator) -> None:
    functions = basis.settle(rng.standard_normal((100, 2)))
    x = np.vstack(
        [rng.standard_normal((20, 2)), [[0.0, 0.0], [5.0, -6.0]]]
    )  # no division by x, and linear tails
    values, slopes = functions.evaluate(x)
    assert values.shape == (22, functions.n_functions)
    for j in range(2):
        step = 1e-5 * np.eye(2)[j]
        above, below = functions.evaluate(x + step)[0], functions.evaluate(x - step)[0]
        np.testing.assert_allclose(slopes[..., j], (above - below) / 2e-5, atol=1e-5)


def test_a_polynomial_is_found_exactly(rng: np.random.Generator) -> None:
    x = 3.0 + rng.standard_normal((40, 2))
    y = np.column_stack([x[:, 0] ** 3 - x[:, 1], x[:, 0] * x[:, 1] ** 2])
    zeros = np.zeros(40)
    dydx = np.stack(
        [
            np.column_stack([3.0 * x[:, 0] ** 2, zeros - 1.0]),
            np.column_stack([x[:, 1] ** 2, 2.0 * x[:, 0] * x[:, 1]]),
        ],
        1,
    )
    for labels in (dydx, None):
        prediction = DifferentialRegression(Polynomials(3)).fit(x, y, labels).predict_with_greeks(x)
        np.testing.assert_allclose(prediction.values, y, atol=1e-9)
        np.testing.assert_allclose(prediction.greeks, dydx, atol=1e-8)


def test_pieces_of_states_do_not_matter(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y, dydx = Basket(rng, 2).samples(500)
    whole = DifferentialRegression(Polynomials(3)).fit(x, y, dydx).predict(x)
    monkeypatch.setattr("pricers.surrogates.regression.differential_regression.NUMBERS", 1000)
    np.testing.assert_allclose(
        DifferentialRegression(Polynomials(3)).fit(x, y, dydx).predict(x), whole, atol=1e-12
    )


def test_values_alone_are_ordinary_least_squares(rng: np.random.Generator) -> None:
    x, y, _ = Basket(rng, 1).samples(300)
    ours = DifferentialRegression(Polynomials(5)).fit(x, y).predict(x)
    np.testing.assert_allclose(ours, np.polynomial.Polynomial.fit(x[:, 0], y, 5)(x[:, 0]), atol=1e-10)


def test_differentials_regularise_without_bias_and_a_ridge_with(rng: np.random.Generator) -> None:
    basket = Basket(rng, 1)
    x, y, dydx = basket.samples(256)
    states, prices, _ = basket.truth(500)

    def error(labels: object, **settings: float) -> float:
        return rmse(DifferentialRegression(Splines(12), **settings).fit(x, y, labels).predict(states), prices)  # type: ignore[arg-type]

    assert error(dydx) < 0.7 * error(None) and error(dydx) < error(None, ridge=1e-2)


def test_repeated_directions_do_no_harm(rng: np.random.Generator) -> None:
    x = np.repeat(rng.standard_normal((200, 1)), 2, axis=1)  # the two inputs are one
    fitted = DifferentialRegression(Polynomials(3)).fit(x, x[:, 0] ** 2)
    np.testing.assert_allclose(fitted.predict(x), x[:, 0] ** 2, atol=1e-10)
    assert np.abs(fitted.coefficients_).max() < 10.0


def test_a_refused_fit_leaves_the_last_one(rng: np.random.Generator) -> None:
    x, y, dydx = Basket(rng, 2).samples(60)
    fitted = DifferentialRegression(Polynomials(2)).fit(x, y, dydx)
    before = fitted.predict(x)
    with pytest.raises(AadValueError, match="60 samples for 66 functions"):
        fitted.set_params(basis=Polynomials(10)).fit(3.0 * x, y)
    assert np.array_equal(fitted.predict(x), before)


def test_scikit_learn_takes_it(rng: np.random.Generator) -> None:
    pytest.importorskip("sklearn")
    from sklearn.base import clone, is_regressor
    from sklearn.model_selection import GridSearchCV

    x = rng.standard_normal((300, 2))
    y = x[:, 0] ** 3 + x[:, 1]
    assert is_regressor(clone(DifferentialRegression()))
    search = GridSearchCV(
        DifferentialRegression(), {"basis": [Polynomials(1), Polynomials(3)]}, error_score="raise"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OutsideRange)  # folds hold out the ends of the range
        assert search.fit(x, y).best_params_["basis"] == Polynomials(3)


def test_bad_input(rng: np.random.Generator) -> None:
    x, y, dydx = Basket(rng, 2).samples(30)
    with pytest.raises(AadValueError, match="30 samples for 55 functions"):
        DifferentialRegression(Polynomials(9)).fit(x, y)
    with pytest.raises(AadValueError, match="ridge"):
        DifferentialRegression(ridge=-1.0).fit(x, y)
    with pytest.raises(AadValueError, match="basis"):
        DifferentialRegression(3).fit(x, y)  # type: ignore[arg-type]
    with pytest.raises(AadValueError, match="basis"):
        DifferentialRegression(Polynomials).fit(x, y)  # type: ignore[arg-type]
    with pytest.raises(AadValueError, match="degree"):
        DifferentialRegression(Polynomials(0)).fit(x, y, dydx)
    with pytest.raises(AadValueError, match="degree = 5: 3,478,761 polynomials of 50 inputs"):
        DifferentialRegression().fit(*Basket(rng, 50).samples(100))
    with pytest.raises(AadValueError, match="standard deviation of inf"):
        DifferentialRegression().fit(1e200 * x, y)
    with pytest.raises(AadValueError, match="too few different values"):
        DifferentialRegression(Splines(20)).fit(np.sign(x - 1.0), y)
    with pytest.raises(AadValueError, match="rows"):
        DifferentialRegression().fit(np.where(x == x[3], np.nan, x), y)
    fitted = DifferentialRegression(Polynomials(2)).fit(x, y, dydx)
    with pytest.warns(OutsideRange):
        assert fitted.predict_with_greeks([9.0, 1.0]).outside
