"""Differential principal components: how many factors, and along which axes."""

from __future__ import annotations

import numpy as np
import pytest

from aadlib.errors import AadValueError
from pricers.surrogates import DifferentialPCA, TwinNetwork

from .baskets import Basket, rmse


def test_a_basket_is_one_factor(rng: np.random.Generator) -> None:
    basket = Basket(rng, 20)
    x, y, dydx = basket.samples(4096)
    components = DifferentialPCA().fit(x, y, dydx=dydx)
    assert components.n_factors_ == 1
    axis = components.axes_[0]
    np.testing.assert_allclose(axis / axis.sum(), basket.weights, atol=1e-10)
    assert components.transform(x).std() == pytest.approx(1.0, rel=1e-3)
    states, prices, deltas = basket.truth(1024)
    network = TwinNetwork().fit(components.transform(x), y, components.greeks_in_factors(dydx))
    prediction = network.predict_with_greeks(components.transform(states))
    assert rmse(prediction.values, prices) < 0.15
    assert rmse(components.greeks_in_inputs(prediction.greeks), deltas) < 0.2


@pytest.mark.parametrize("several_outputs", [True, False])
def test_three_baskets_are_three_factors(rng: np.random.Generator, several_outputs: bool) -> None:
    d = 21
    mixing = rng.standard_normal((d, d)) / np.sqrt(d)
    x = 1.0 + 0.2 * rng.standard_normal((4096, d)) @ mixing.T
    weights = np.zeros((3, d))
    for k in range(3):
        weights[k, 7 * k : 7 * k + 7] = rng.uniform(1.0, 10.0, 7)
    weights /= weights.sum(axis=1)[:, None]
    exercised = (x @ weights.T > [0.9, 1.0, 1.05]).astype(float)
    dydx = exercised[:, :, None] * weights
    components = DifferentialPCA().fit(x, dydx=dydx if several_outputs else dydx.sum(axis=1))
    assert components.n_factors_ == 3
    axes = components.simplest_axes()
    axes = axes[np.abs(axes).argmax(axis=1).argsort()]
    np.testing.assert_allclose(axes / axes.sum(axis=1)[:, None], weights, atol=1e-3)
    span = np.linalg.lstsq(components.axes_.T, weights.T, rcond=None)[0]
    np.testing.assert_allclose(components.axes_.T @ span, weights.T, atol=1e-10)


def test_relevance_is_not_variance(rng: np.random.Generator) -> None:
    x = rng.standard_normal((2000, 2)) * [100.0, 0.01]
    components = DifferentialPCA().fit(x, dydx=np.tile([0.0, 1.0], (2000, 1)))
    assert components.n_factors_ == 1
    np.testing.assert_allclose(components.axes_[0, 0] / components.axes_[0, 1], 0.0, atol=1e-6)
    assert components.relevance_[0] == pytest.approx(1e-4, rel=0.1)


def test_units_of_inputs_decide_nothing(rng: np.random.Generator) -> None:
    """A notional of a hundred million hides no rate of a basis point."""
    x, dydx = rng.standard_normal((500, 4)) @ rng.standard_normal((4, 4)), rng.standard_normal((500, 4))
    units = np.array([1e8, 1.0, 1e-2, 1e-9])
    components, scaled = (
        DifferentialPCA(4).fit(x, dydx=dydx),
        DifferentialPCA(4).fit(units * x, dydx=dydx / units),
    )
    np.testing.assert_allclose(scaled.relevance_, components.relevance_, rtol=1e-10)
    np.testing.assert_allclose(scaled.axes_ * units, components.axes_, atol=1e-10)


def test_whitening_on_correlated_inputs(rng: np.random.Generator) -> None:
    """Relevance is the spectrum of L' E[g g'] L with any L of L L' = cov(x)."""
    x, dydx = rng.standard_normal((500, 4)) @ rng.standard_normal((4, 4)), rng.standard_normal((500, 4))
    loading = np.linalg.cholesky(np.cov(x, rowvar=False))
    expected = np.linalg.eigvalsh(loading.T @ (dydx.T @ dydx / 500) @ loading)[::-1]
    np.testing.assert_allclose(DifferentialPCA(4).fit(x, dydx=dydx).relevance_, expected, rtol=1e-10)


def test_spreads_have_axes_too(rng: np.random.Generator) -> None:
    x = rng.standard_normal((400, 2))
    dydx = np.outer(np.ones(400), [1.0, -1.0])
    axes = DifferentialPCA().fit(x, dydx=dydx).simplest_axes()
    np.testing.assert_allclose(np.abs(axes), np.sqrt(0.5), atol=1e-12)
    assert axes[0, 0] * axes[0, 1] < 0.0


def test_constant_inputs_are_no_factors(rng: np.random.Generator) -> None:
    x = np.column_stack([rng.standard_normal((300, 2)), np.full(300, 0.1)])
    components = DifferentialPCA(2).fit(x, dydx=rng.standard_normal((300, 3)))
    assert (np.abs(components.axes_[:, 2]) < 1e-12).all()
    with pytest.raises(AadValueError, match="2 directions only"):
        DifferentialPCA(3).fit(x, dydx=rng.standard_normal((300, 3)))


def test_a_refused_fit_leaves_the_last_one(rng: np.random.Generator) -> None:
    x, dydx = rng.standard_normal((100, 3)), rng.standard_normal((100, 3))
    components = DifferentialPCA(1).fit(x, dydx=dydx)
    before = components.transform(x)
    with pytest.raises(AadValueError):
        components.set_params(n_factors=9).fit(x + 5.0, dydx=dydx)
    assert np.array_equal(components.transform(x), before)


def test_coordinates_and_greeks_go_there_and_back(rng: np.random.Generator) -> None:
    x = rng.standard_normal((500, 4)) @ rng.standard_normal((4, 4))
    dydx = rng.standard_normal((500, 4))
    components = DifferentialPCA(4).fit(x, dydx=dydx)
    np.testing.assert_allclose(components.inverse_transform(components.transform(x)), x, atol=1e-10)
    np.testing.assert_allclose(
        components.greeks_in_inputs(components.greeks_in_factors(dydx)), dydx, atol=1e-10
    )
    np.testing.assert_allclose(np.cov(components.transform(x), rowvar=False), np.eye(4), atol=1e-10)
    assert components.transform(x[0]).shape == (4,)
    assert np.array_equal(DifferentialPCA(4).fit_transform(x, dydx=dydx), components.transform(x))
    few = DifferentialPCA(tolerance=0.3).fit(x, dydx=dydx)
    dropped = few.relevance_[few.n_factors_ :].sum() / few.relevance_.sum()
    assert few.n_factors_ < 4 and dropped <= 0.3


def test_riskless_directions_are_dropped(rng: np.random.Generator) -> None:
    x = rng.standard_normal((200, 2)) @ np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
    components = DifferentialPCA(2).fit(x, dydx=rng.standard_normal((200, 3)))
    np.testing.assert_allclose(components.inverse_transform(components.transform(x)), x, atol=1e-10)
    with pytest.raises(AadValueError, match="2 directions only"):
        DifferentialPCA(3).fit(x, dydx=rng.standard_normal((200, 3)))


def test_bad_input(rng: np.random.Generator) -> None:
    x = rng.standard_normal((50, 2))
    with pytest.raises(AadValueError, match="zero in every sample"):
        DifferentialPCA().fit(x, dydx=np.zeros((50, 2)))
    with pytest.raises(AadValueError, match="tolerance"):
        DifferentialPCA(tolerance=1.0).fit(x, dydx=x)
    with pytest.raises(AadValueError, match="dydx has shape"):
        DifferentialPCA().fit(x, dydx=x[:, :1])
    with pytest.raises(AadValueError, match="2 samples of 2 inputs"):
        DifferentialPCA().fit(x[:2], dydx=x[:2])
    with pytest.raises(AadValueError, match="huge"):
        DifferentialPCA().fit(1e200 * x, dydx=x)
    components = DifferentialPCA(1).fit(x, dydx=x)
    for function, name in (
        (components.inverse_transform, "factors"),
        (components.greeks_in_factors, "dydx"),
        (components.greeks_in_inputs, "greeks"),
    ):
        with pytest.raises(AadValueError, match=f"{name} has shape"):
            function(np.ones((4, 5)))


def test_scikit_learn_takes_it(rng: np.random.Generator) -> None:
    pytest.importorskip("sklearn")
    from sklearn.base import clone
    from sklearn.pipeline import Pipeline

    x, y, dydx = Basket(rng, 3).samples(512)
    steps = [("factors", clone(DifferentialPCA())), ("network", TwinNetwork(hidden=(8,), epochs=60))]
    pipeline = Pipeline(steps).fit(x, y, factors__dydx=dydx)
    assert pipeline.score(x, y) > 0.3 and pipeline.predict(x).shape == y.shape
