"""The book's Greeks: exact in every volatility bucket, on a grid that holds the book and resolves its gamma."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import aadlib as ad
from aadlib.types import Floats
from apps.data.synthetic import synthetic_quotes
from apps.risk.book import Position, default_book
from apps.risk.buckets import bucket_expiries, volatility_buckets
from apps.risk.bumping import bumped, differences, rate_step, spot_step
from apps.risk.checks import check_greeks, raised_value
from apps.risk.greeks import book_greeks
from apps.risk.model import BookModel
from apps.risk.results import BookGreeks
from pricers import black_scholes
from pricers.calibration import calibrate
from pricers.chain.quotes import Quotes, Slice

DEEP = (1.0 / 9.0, 0.25, 3.0, 12.0)
Priced = tuple[BookModel, ad.Program, BookGreeks]


@pytest.fixture(scope="module")
def quotes() -> Quotes:
    return synthetic_quotes(min_open_interest=100.0, min_expiry=7.0 / 365.0, max_expiry=0.3)


@pytest.fixture(scope="module")
def model(quotes: Quotes) -> BookModel:
    surface = calibrate(quotes=quotes, n_strikes=7, n_expiries=6).surface
    return BookModel(quotes, surface, default_book(quotes), volatility_buckets(bucket_expiries(quotes)))


@pytest.fixture(scope="module")
def priced(model: BookModel) -> Priced:
    program = model.record()
    return model, program, book_greeks(model, program, method="forward_over_reverse")


def raised(model: BookModel, bumps: Floats) -> float:
    """Return the value of the book with points of volatility added in the buckets, without a recording."""
    x = model.point
    x[model.bumps] = 0.01 * bumps
    return float(model.quantities @ np.array(model.prices(model.grid())(x)))


def test_bucketed_vegas_are_points_of_their_buckets(priced: Priced) -> None:
    model, _, greeks = priced
    unit = np.eye(model.buckets.size)
    for b in (2, 3, model.buckets.size - 3):
        vega, volga = differences(lambda h, b=b: raised(model, h * unit[b]), 0.1)
        assert greeks.vega[b] == pytest.approx(vega, rel=1e-7)
        assert greeks.vega_vega[b, b] == pytest.approx(volga, rel=1e-4)
    near, far = unit[3], unit[4]
    mixed = sum(s * t * raised(model, 0.05 * (s * near + t * far)) for s in (1, -1) for t in (1, -1)) / 0.01
    assert greeks.vega_vega[3, 4] == pytest.approx(mixed, rel=1e-3)
    np.testing.assert_allclose(greeks.vega_vega, greeks.vega_vega.T, rtol=1e-9, atol=1e-12)


def test_all_buckets_together_are_a_parallel_shift(priced: Priced) -> None:
    model, _, greeks = priced
    vega, volga = differences(lambda h: raised_value(model, model.grid(), h), 0.1)
    assert greeks.value == pytest.approx(raised_value(model, model.grid(), 0.0), rel=1e-9)
    assert greeks.vega.sum() == pytest.approx(vega, rel=1e-7)
    assert greeks.vega_vega.sum() == pytest.approx(volga, rel=1e-5)
    assert model.quantities @ greeks.unit_vegas == pytest.approx(greeks.vega.sum(), rel=1e-9)


def test_vanna_and_rate_vega_are_slopes_of_bumped_vegas(priced: Priced) -> None:
    """Of an expanded recording: it holds each node on its piece of a hat, where vegas are smooth in spot and rate."""
    model, _, greeks = priced
    program = model.record(expand=True)
    point, grid = model.point, model.grid()

    def vega(x: Floats) -> Floats:
        return 0.01 * (model.quantities @ program.jacobian(x))[model.bumps]

    of_spot, _ = differences(lambda h: vega(bumped(point, 0, h)), spot_step(grid, point[0]))
    of_rate, _ = differences(lambda h: vega(bumped(point, 1, h)), rate_step(grid))
    for ours, other in ((greeks.spot_vega, of_spot), (greeks.rate_vega, of_rate)):
        np.testing.assert_allclose(ours, other, atol=2e-4 * np.abs(other).max())


def test_total_vega_and_volga_are_checked_by_marching_again(priced: Priced) -> None:
    rows = {check.quantity: check for check in check_greeks(*priced)}
    for name in ("vega, all buckets", "volga, all buckets"):
        assert rows[name].ours == pytest.approx(rows[name].independent, rel=1e-5)
        assert "marched again" in rows[name].how


def test_black_vegas_are_blacks(priced: Priced) -> None:
    model, _, greeks = priced
    c, step = model.contracts, 1e-4
    rate = -np.log(c["discounts"]) / c["expiries"]

    def black(volatility: Floats) -> Floats:
        terms = {"rate": rate, "dividend_yield": rate, "expiry": c["expiries"], "is_call": c["is_call"]}
        return np.asarray(
            black_scholes.price(spot=c["forwards"], strike=c["strikes"], volatility=volatility, **terms)
        )

    low, high = np.full(len(model.book), 0.01), np.full(len(model.book), 2.0)
    for _ in range(60):
        middle = 0.5 * (low + high)
        below = black(middle) < greeks.unit_prices
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    vega = 0.01 * (black(low + step) - black(low - step)) / (2.0 * step)
    np.testing.assert_allclose(greeks.unit_black_vegas, vega, rtol=1e-5)


def test_the_grid_holds_deep_strikes(model: BookModel, quotes: Quotes) -> None:
    forward, discount = quotes.slices[0].forward, quotes.slices[0].discount
    first = quotes.slices[0]
    deep = [Position("", 1.0, first, ratio * forward, is_call) for ratio in DEEP for is_call in (True, False)]
    far = replace(model, book=deep)
    prices = np.array(far.prices(far.grid())(far.point))
    intrinsic = [max((1.0 - ratio) * sign, 0.0) for ratio in DEEP for sign in (1.0, -1.0)]
    # A crash chain's wings are worth a little even there.
    np.testing.assert_allclose(prices, discount * forward * np.array(intrinsic), atol=1e-3 * forward)


def test_the_finer_grid_is_damped_twice_as_long(model: BookModel) -> None:
    grid, finer = model.grid(), model.finer_grid(1.5)
    damped = [np.count_nonzero(g.implicitness == 1.0) for g in (grid, finer)]
    assert damped[1] >= 2 * damped[0] > 0
    assert finer.shape[0] > grid.shape[0] and finer.shape[1] > grid.shape[1]


@pytest.mark.parametrize("days", [7, 28])
def test_gamma_at_the_money_of_the_first_expiry(days: int, model: BookModel, quotes: Quotes) -> None:
    expiry, volatility = days / 365.0, 0.13
    flat = replace(
        model.surface,
        expiries=np.array([expiry, 1.0]),
        atm_variance=volatility**2 * np.array([expiry, 1.0]),
        variance_offset=volatility**2 * expiry,
        weights=np.full(model.surface.weights.shape, np.log(volatility)),
        levels=np.zeros(2),
    )
    slices = (Slice("", quotes.quote_date, expiry, 100.0, 1.0), Slice("", quotes.quote_date, 1.0, 100.0, 1.0))
    few = replace(quotes, slices=slices, spot=100.0, slice_index=np.zeros(len(quotes), dtype=int))
    strikes = 100.0 * np.exp(volatility * np.sqrt(expiry) * np.array([-0.1, -0.03, 0.0, 0.03, 0.1]))
    near = [Position("", 1.0, slices[0], float(k), True) for k in strikes]
    book = BookModel(few, flat, [*near, Position("", 1.0, slices[1], 100.0, True)], model.buckets)
    program = book.record_in_spot(book.grid())
    spot, step = np.array([100.0]), spot_step(book.grid(), 100.0)
    gamma, _ = differences(lambda h: book.spot_slope(program, bumped(spot, 0, h)), step)
    known = black_scholes.greeks(spot=100.0, strike=strikes, expiry=expiry, rate=0.0, volatility=volatility)
    np.testing.assert_allclose(gamma[:-1], known.gamma, rtol=5e-3)


def test_bumps_stay_in_the_cells_that_prices_are_read_from(model: BookModel, quotes: Quotes) -> None:
    first, last = quotes.slices[0], quotes.slices[-1]
    forward = first.forward
    both = replace(
        model, book=[Position("", 1.0, first, forward, True), Position("", 1.0, last, forward, True)]
    )
    program, grid = both.record(), both.grid()
    for position, step in ((0, spot_step(grid, quotes.spot)), (1, rate_step(grid))):
        for sign in (2.0, -2.0):
            assert both.value(program, bumped(both.point, position, sign * step)) > 0.0
