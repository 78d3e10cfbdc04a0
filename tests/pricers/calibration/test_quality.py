"""The one definition of fit quality."""

from __future__ import annotations

import datetime
from dataclasses import replace

import numpy as np
import pytest

from aadlib.errors import AadValueError
from pricers.calibration.quality import fit_quality, fit_weights, inside_bid_ask
from pricers.chain import Quotes, Slice

DATE = datetime.date(2024, 1, 2)


@pytest.fixture
def quotes() -> Quotes:
    volatility = np.array([0.30, 0.20, 0.25, 0.22])
    half = np.array([0.005, 0.01, 0.04, 0.02])
    ones = np.ones(4)
    return Quotes(
        slices=(Slice("X", DATE, 0.5, 100.0, 1.0), Slice("X", DATE, 1.0, 100.0, 1.0)),
        spot=100.0,
        quote_date=DATE,
        slice_index=np.array([0, 0, 1, 1]),
        strike=100.0 * ones,
        log_moneyness=0.0 * ones,
        is_call=ones > 0,
        mid=ones,
        bid=ones,
        ask=ones,
        volatility=volatility,
        bid_volatility=volatility - half,
        ask_volatility=volatility + half,
        spread=np.array([0.1, 0.2, 0.4, 0.8]),
        vega=np.array([10.0, 10.0, 5.0, 20.0]),
    )


def test_errors_by_hand(quotes):
    error = np.array([0.004, -0.02, 0.03, 0.0])
    quality = fit_quality(quotes=quotes, model_volatility=quotes.volatility + error)
    assert quality.rmse == pytest.approx(np.sqrt(np.mean(error**2)))
    assert quality.equal_rmse == quality.rmse
    assert quality.share_inside == 0.75
    assert quality.worst == pytest.approx(0.03)
    assert quality.n_quotes == 4
    assert quality.slice_rmse == pytest.approx(
        [np.sqrt(np.mean(error[:2] ** 2)), np.sqrt(np.mean(error[2:] ** 2))]
    )
    assert quality.slice_inside == pytest.approx([0.5, 1.0])
    tight = [0, 1, 3]  # the third quote's spread is eight points
    assert quality.tight_rmse == pytest.approx(np.sqrt(np.mean(error[tight] ** 2)))


def test_inverse_spread_divides_errors_by_the_spread_of_volatility(quotes):
    error = np.array([0.004, -0.02, 0.03, 0.001])
    quality = fit_quality(quotes=quotes, model_volatility=quotes.volatility + error, weights="inverse_spread")
    spread = np.array([0.01, 0.02, 0.08, 0.04])
    expected = np.sqrt(np.sum((error / spread) ** 2) / np.sum(1.0 / spread**2))
    assert quality.rmse == pytest.approx(expected)
    assert quality.equal_rmse == pytest.approx(np.sqrt(np.mean(error**2)))


def test_weights_have_mean_one(quotes):
    for weights in ("equal", "inverse_spread", [1.0, 2.0, 3.0, 4.0]):
        assert fit_weights(quotes=quotes, weights=weights).mean() == pytest.approx(1.0)


def test_vega_stands_in_where_a_bid_has_no_volatility(quotes):
    blind = replace(quotes, bid_volatility=np.where(np.arange(4) == 2, np.nan, quotes.bid_volatility))
    weight = fit_weights(quotes=blind, weights="inverse_spread")
    assert weight[2] / weight[0] == pytest.approx((0.01 / (0.4 / 5.0)) ** 2)
    assert inside_bid_ask(quotes=blind, model_volatility=[0.3, 0.2, 0.01, 0.22]).all()


def test_bounds_belong_to_the_inside(quotes):
    assert inside_bid_ask(quotes=quotes, model_volatility=quotes.bid_volatility).all()
    assert inside_bid_ask(quotes=quotes, model_volatility=quotes.ask_volatility).all()
    assert not inside_bid_ask(quotes=quotes, model_volatility=quotes.ask_volatility + 1e-9).any()


def test_a_slice_without_quotes_has_no_error(quotes):
    quality = fit_quality(quotes=quotes.select(quotes.slice_index == 1), model_volatility=[0.25, 0.22])
    assert np.isnan(quality.slice_rmse[0])
    assert quality.slice_rmse[1] == 0.0


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("spread", "weights = 'spread'"),
        ([1.0], "weights has shape"),
        ([1.0, 1.0, 0.0, 1.0], r"weights\[2\] = 0.0"),
    ],
)
def test_bad_weights(quotes, weights, message):
    with pytest.raises(AadValueError, match=message):
        fit_weights(quotes=quotes, weights=weights)


def test_bad_model(quotes):
    with pytest.raises(AadValueError, match="model_volatility has shape"):
        fit_quality(quotes=quotes, model_volatility=[0.2])
    with pytest.raises(AadValueError, match=r"model_volatility\[1\] = nan"):
        fit_quality(quotes=quotes, model_volatility=[0.2, np.nan, 0.2, 0.2])
