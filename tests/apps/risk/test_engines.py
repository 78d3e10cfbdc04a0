"""Greeks of every product, in every input of the book, against other engines, closed forms and revaluation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aadlib.types import Floats
from apps.data.synthetic import synthetic_quotes
from apps.risk.book import Position
from apps.risk.buckets import bucket_expiries, volatility_buckets
from apps.risk.engines.paths import Draws, path_greeks
from apps.risk.engines.products import product_greeks, whole_book
from apps.risk.greeks import book_greeks, no_greeks
from apps.risk.model import BookModel
from apps.risk.product_checks import check_products
from apps.risk.products import VANILLA, American, Asian, Barrier, Contract, Digital
from apps.risk.results import BookGreeks, UnitGreeks
from greeks2 import hessian_result
from pricers import american, black_scholes
from pricers.calibration import calibrate
from pricers.chain.quotes import Quotes, Slice
from pricers.monte_carlo import ScheduledAsian

DRAWS = Draws(n_paths=4096, seed=7)
FEW = Draws(n_paths=512, seed=7)
SIX_MONTHS = 10


@pytest.fixture(scope="module")
def quotes() -> Quotes:
    return synthetic_quotes(min_open_interest=100.0, min_expiry=7.0 / 365.0, max_expiry=2.0)


@pytest.fixture(scope="module")
def model(quotes: Quotes) -> BookModel:
    surface = calibrate(quotes=quotes, n_strikes=7, n_expiries=6).surface
    return BookModel(quotes, surface, [], volatility_buckets(bucket_expiries(quotes)))


def position(
    model: BookModel, contract: Contract, *, strike: float = 1250.0, is_call: bool = True, term: int = SIX_MONTHS,
    quantity: float = 1.0,
) -> Position:  # fmt: skip
    return Position("", quantity, model.quotes.slices[term], strike, is_call, 1.0, contract)


def unit_of(model: BookModel, one: Position, draws: Draws = DRAWS) -> UnitGreeks:
    (unit,) = product_greeks(model, [one], draws)
    assert unit is not None
    return unit


def of_the_forward_march(model: BookModel, one: Position) -> tuple[float, Floats, Floats]:
    """Return price, gradient and Hessian of the vanilla with a position's strike, right and expiry."""
    vanilla = replace(model, book=[replace(one, contract=VANILLA)])
    result = hessian_result(vanilla.record(), vanilla.point, weights=np.ones(1))
    return float(result.value), result.gradient, result.matrix


def of(model: BookModel, matrix: Floats) -> Floats:
    """Return a Hessian's entries in comparable units: 1% of spot, a point of rate and of volatility."""
    scale = np.full(matrix.shape[0], 0.01)
    scale[0] *= model.quotes.spot
    return matrix * np.outer(scale, scale)


@pytest.mark.parametrize(("is_call", "level"), [(True, 6000.0), (False, 6000.0)])
def test_a_barrier_out_of_reach_is_the_vanilla_of_the_forward_march(
    is_call: bool, level: float, model: BookModel
) -> None:
    """All first and second derivatives, in every weight and bucket, by two engines."""
    one = position(model, Barrier(level, "up-and-out"), is_call=is_call)
    unit = unit_of(model, one)
    price, gradient, hessian = of_the_forward_march(model, one)
    assert unit.engine.startswith("backward PDE") and unit.errors is None
    assert unit.price == pytest.approx(price, rel=4e-4)
    np.testing.assert_allclose(unit.gradient, gradient, rtol=3e-3, atol=6e-3 * np.abs(gradient[2:]).max())
    ours, other = of(model, unit.hessian), of(model, hessian)
    np.testing.assert_allclose(ours, other, atol=1e-2 * np.abs(other).max())
    assert unit.hessian[0, 0] == pytest.approx(hessian[0, 0], rel=6e-3)


def test_digitals_are_slopes_of_vanillas(model: BookModel) -> None:
    """A cash digital is -dC/dK, an asset digital C - K dC/dK, in all their first derivatives."""
    h = 2.0
    (low, at, high) = (
        of_the_forward_march(model, position(model, VANILLA, strike=k))
        for k in (1250.0 - h, 1250.0, 1250.0 + h)
    )
    for contract, exact in (
        (Digital(50.0), lambda k: 50.0 * (low[k] - high[k]) / (2.0 * h)),
        (Digital(None), lambda k: at[k] + 1250.0 * (low[k] - high[k]) / (2.0 * h)),
    ):
        unit = unit_of(model, position(model, contract))
        assert unit.price == pytest.approx(exact(0), rel=1e-3)
        np.testing.assert_allclose(unit.gradient, exact(1), rtol=5e-3, atol=5e-3 * np.abs(exact(1)[2:]).max())
        assert unit.hessian[0, 0] == pytest.approx(exact(2)[0, 0], rel=2e-2)
        vanna, volga = unit.hessian[0, model.bumps].sum(), unit.hessian[model.bumps, model.bumps].sum()
        assert vanna == pytest.approx(exact(2)[0, model.bumps].sum(), rel=2e-2)
        assert volga == pytest.approx(exact(2)[model.bumps, model.bumps].sum(), rel=5e-2)


@pytest.mark.parametrize("is_call", [True, False])
def test_one_fixing_at_expiry_is_the_vanilla_of_the_forward_march(is_call: bool, model: BookModel) -> None:
    one = position(model, Asian((model.quotes.slices[SIX_MONTHS].expiry,)), is_call=is_call)
    unit = unit_of(model, one)
    price, gradient, hessian = of_the_forward_march(model, one)
    errors = unit.errors
    assert errors is not None and unit.engine.startswith("Monte Carlo, 4,096 paths")
    assert abs(unit.price - price) < 3.0 * errors.price + 1e-3 * price
    n = model.point.size
    slack = 2e-3 * np.abs(gradient[2:]).max()
    # Of 100 and more entries the worst is some 3.5 errors off.
    assert (np.abs(unit.gradient - gradient) < 4.5 * errors.gradient[:n] + slack).all()
    kept = np.r_[0:2, model.bumps.start : n]
    ours, other = (of(model, h)[np.ix_(kept, kept)] for h in (unit.hessian, hessian))
    error = of(model, errors.hessian[:n, :n])[np.ix_(kept, kept)]
    assert (np.abs(ours - other) < 4.5 * error + 1e-2 * np.abs(other).max()).all()
    assert unit.hessian[0, 0] == pytest.approx(hessian[0, 0], abs=3.0 * errors.hessian[0, 0] + 5e-6)


def test_gamma_of_an_asian_is_the_slope_of_its_revalued_delta(model: BookModel) -> None:
    asian = Asian(tuple(0.1 * (k + 1) for k in range(4)))
    one = position(model, asian)
    unit = unit_of(model, one)
    assert unit.errors is not None
    spot, h = model.quotes.spot, 0.01 * model.quotes.spot
    path = asian.path(one.terms)
    market = model.market(model.point)
    z = np.random.default_rng(5).standard_normal((12_000, *path.noise_shape))
    values = [
        0.5 * (path(dynamics, z) + path(dynamics, -z))
        for dynamics in (market.replaced({"spot": [spot + k * h]}).dynamics() for k in (-1, 0, 1))
    ]
    slope = (values[2] - values[0]) / (2.0 * h)
    bend = (values[2] - 2.0 * values[1] + values[0]) / h**2
    for ours, error, samples in (
        (unit.price, unit.errors.price, values[1]),
        (unit.gradient[0], unit.errors.gradient[0], slope),
        (unit.hessian[0, 0], unit.errors.hessian[0, 0], bend),
    ):
        other = samples.std(ddof=1) / np.sqrt(samples.size)
        assert abs(ours - samples.mean()) < 3.5 * np.hypot(error, other)


def test_errors_of_parallel_vegas_are_their_own(model: BookModel) -> None:
    unit = unit_of(model, position(model, Asian((0.2, 0.4))), FEW)
    assert unit.errors is not None
    single = unit.errors.gradient[model.bumps]
    assert np.sqrt(np.sum(single**2)) < 3.0 * unit.errors.gradient[-1] < 9.0 * np.sum(single)
    other = unit_of(model, position(model, Asian((0.2, 0.4))), replace(FEW, seed=99))
    assert other.errors is not None
    vegas = [one.gradient[model.bumps].sum() for one in (unit, other)]
    assert abs(vegas[0] - vegas[1]) < 4.0 * np.hypot(unit.errors.gradient[-1], other.errors.gradient[-1])
    same = unit_of(model, position(model, Asian((0.2, 0.4))), FEW)
    np.testing.assert_array_equal(same.hessian, unit.hessian)


FLAT = {"rate": 0.05, "dividend_yield": 0.02}


@pytest.fixture(scope="module")
def flat(model: BookModel) -> BookModel:
    """Return a market of one rate, one yield and one volatility, 20%, spot 100."""
    today = model.quotes.quote_date
    years = np.array([0.1, 1.0, 1.5])
    slices = tuple(
        Slice("", today + timedelta(days=round(365 * t)), t, 100.0 * np.exp(0.03 * t), np.exp(-0.05 * t))
        for t in years.tolist()
    )
    few = replace(model.quotes, slices=slices, spot=100.0, slice_index=np.zeros(len(model.quotes), dtype=int))
    surface = calibrate(quotes=model.quotes, n_strikes=7, n_expiries=6).surface
    from pricers.calibration.frame import forward_curve

    level = replace(
        surface,
        expiries=years,
        atm_variance=0.04 * years,
        variance_offset=0.004,
        weights=np.full(surface.weights.shape, np.log(0.2)),
        levels=np.zeros(3),
        forward_curve=forward_curve(few),
    )
    return BookModel(few, level, [], volatility_buckets([0.25, 1.0]))


@pytest.mark.parametrize("strike", [90.0, 100.0, 110.0])
def test_american_puts_are_those_of_the_integral_equation(strike: float, flat: BookModel) -> None:
    """Second derivatives too: those of the recorded march alone have volgas of the wrong sign."""
    unit = unit_of(flat, position(flat, American(), strike=strike, is_call=False, term=1))

    def exact(spot: float = 0.0, rate: float = 0.0, volatility: float = 0.0) -> float:
        return float(
            np.squeeze(
                american.price(
                    spot=100.0 + spot,
                    strike=strike,
                    expiry=1.0,
                    is_call=False,
                    rate=0.05 + rate,
                    dividend_yield=0.02,
                    volatility=0.2 + volatility,
                )
            )
        )

    def second(name: str, h: float) -> float:
        return (exact(**{name: h}) - 2.0 * exact() + exact(**{name: -h})) / h**2

    def mixed(one: str, h: float, two: str, k: float) -> float:
        return sum(i * j * exact(**{one: i * h, two: j * k}) for i in (1, -1) for j in (1, -1)) / (
            4.0 * h * k
        )

    g, h, bumps = unit.gradient, unit.hessian, flat.bumps
    assert unit.price == pytest.approx(exact(), abs=1e-3)
    assert g[0] == pytest.approx((exact(spot=0.1) - exact(spot=-0.1)) / 0.2, abs=1e-4)
    assert g[1] == pytest.approx((exact(rate=1e-4) - exact(rate=-1e-4)) / 2e-4, rel=2e-3)
    vega = (exact(volatility=1e-3) - exact(volatility=-1e-3)) / 2e-3
    assert g[bumps].sum() == pytest.approx(vega, rel=1e-3)
    assert h[0, 0] == pytest.approx(second("spot", 0.5), rel=5e-3)
    assert h[0, bumps].sum() == pytest.approx(mixed("spot", 0.5, "volatility", 2e-3), rel=2e-2, abs=0.01)
    assert h[bumps, bumps].sum() == pytest.approx(second("volatility", 5e-3), rel=0.05, abs=3.0)
    assert h[1, 1] == pytest.approx(second("rate", 2e-3), rel=0.05)
    assert h[1, bumps].sum() == pytest.approx(mixed("rate", 2e-3, "volatility", 5e-3), rel=0.05)
    weights = slice(2, 2 + flat.surface.weights.size)
    # Logarithms: sigma^2 volga + sigma vega.
    in_logarithms = 0.04 * second("volatility", 5e-3) + 0.2 * vega
    assert h[weights, weights].sum() == pytest.approx(in_logarithms, rel=0.05)


def test_an_american_call_pays_for_early_exercise_of_dividends(flat: BookModel) -> None:
    call = position(flat, American(), strike=95.0, term=1)
    unit = unit_of(flat, call)
    exact = float(
        np.squeeze(american.price(spot=100.0, strike=95.0, expiry=1.0, volatility=0.2, is_call=True, **FLAT))
    )
    assert unit.price == pytest.approx(exact, abs=1e-3)
    european = float(
        black_scholes.price(spot=100.0, strike=95.0, expiry=1.0, volatility=0.2, is_call=True, **FLAT)
    )
    assert unit.price > european - 1e-3


@pytest.mark.parametrize(
    ("kind", "worth"), [("down-and-out", lambda x: 0.0), ("down-and-in", lambda european: european)]
)
def test_crossed_barriers_have_their_limits(
    kind: Any, worth: Callable[[float], float], model: BookModel
) -> None:
    one = position(model, Barrier(1300.0, kind))
    unit = unit_of(model, one)
    price, gradient, _ = of_the_forward_march(model, one)
    assert unit.price == pytest.approx(worth(price), rel=4e-4)
    assert unit.gradient[0] == pytest.approx(worth(gradient[0]), rel=1e-3)


def test_a_book_is_the_sum_of_its_positions(model: BookModel) -> None:
    vanilla = position(model, VANILLA, quantity=3.0)
    digital = position(model, Digital(10.0), quantity=-2.0)
    asian = position(model, Asian((0.1, 0.3)), quantity=5.0)
    book = [digital, vanilla, asian]
    vanillas = replace(model, book=[vanilla])
    plain = book_greeks(vanillas, vanillas.record(), method="auto")
    units = product_greeks(vanillas, book, FEW)
    total = whole_book(plain, book, units)
    assert units[1] is None and [unit is not None for unit in units] == [True, False, True]
    first, last = units[0], units[2]
    assert first is not None and last is not None and last.errors is not None
    n = len(model.inputs)
    assert total.value == pytest.approx(plain.value - 2.0 * first.price + 5.0 * last.price)
    np.testing.assert_allclose(
        total.gradient, plain.gradient - 2.0 * first.gradient[:n] + 5.0 * last.gradient[:n]
    )
    np.testing.assert_allclose(
        total.hessian, plain.hessian - 2.0 * first.hessian[:n, :n] + 5.0 * last.hessian[:n, :n]
    )
    np.testing.assert_allclose(total.unit_prices, [first.price, plain.unit_prices[0], last.price])
    quantities = np.array([one.size for one in book])
    for of_positions, of_book in (
        (total.unit_prices, total.value),
        (total.unit_deltas, total.gradient[0]),
        (total.unit_gammas, total.hessian[0, 0]),
        (total.unit_vegas, total.vega.sum()),
    ):
        assert quantities @ of_positions == pytest.approx(of_book, rel=2e-5)
    assert total.errors is not None and total.errors.price == pytest.approx(5.0 * last.errors.price)
    assert np.isnan(total.unit_black_vegas).tolist() == [True, False, True]


def test_opposite_positions_net_to_nothing_and_add_their_errors(model: BookModel) -> None:
    book = [position(model, Digital(None), quantity=q) for q in (4.0, -4.0)]
    total = whole_book(no_greeks(model), book, product_greeks(model, book, FEW))
    assert total.value == 0.0 and not total.gradient.any() and not total.vega_vega.any()
    assert total.errors is None
    asians = [position(model, Asian((0.2,)), quantity=q) for q in (1.0, 1.0)]
    units = product_greeks(model, asians, FEW)
    both = whole_book(no_greeks(model), asians, units)
    errors = [unit.errors.price for unit in units if unit is not None and unit.errors is not None]
    assert both.errors is not None and both.errors.price == pytest.approx(np.hypot(*errors))
    assert units[0] is not None and units[1] is not None and units[0].price != units[1].price


def test_a_book_of_vanillas_is_left_as_it_is(model: BookModel) -> None:
    greeks = no_greeks(model)
    assert whole_book(greeks, [position(model, VANILLA)], (None,)) is greeks


def test_checks_of_products_hold(model: BookModel) -> None:
    book = [
        position(model, Barrier(1400.0, "up-and-out")),
        position(model, American(), is_call=False),
        position(model, Asian((0.2, 0.4))),
        position(model, Barrier(1200.0, "up-and-out")),
    ]
    greeks: BookGreeks = whole_book(no_greeks(model), book, product_greeks(model, book, DRAWS))
    checks = check_products(model, book, greeks, DRAWS)
    assert len(checks) == 3 + 3 + 2  # of what is over there is nothing to check
    for check in checks:
        if "other paths" in check.how:
            both = float(check.how.split("+- ")[1].split()[0])
            assert abs(check.ours - check.independent) < 3.5 * both, check
        else:
            assert check.ours == pytest.approx(check.independent, rel=5e-3, abs=1e-6), check


def test_spx_2019_gammas_of_late_expiries_by_both_marches(spx: BookModel) -> None:
    """A book of one year alone has a grid as fine near today as one that begins at a month."""
    term = min(range(len(spx.quotes.slices)), key=lambda k: abs(spx.quotes.slices[k].expiry - 1.0))
    one = position(spx, Barrier(10.0 * spx.quotes.spot, "up-and-out"), strike=2700.0, term=term)
    unit = unit_of(spx, one)
    price, gradient, hessian = of_the_forward_march(spx, one)
    assert unit.price == pytest.approx(price, rel=1e-3)
    assert unit.gradient[0] == pytest.approx(gradient[0], rel=2e-3)
    assert unit.hessian[0, 0] == pytest.approx(hessian[0, 0], rel=1.5e-2)


@pytest.mark.parametrize(("asked", "drawn"), [(64, 64), (65, 128), (8192, 8192), (5000, 8192)])
def test_paths_are_powers_of_two_for_each_replicate(asked: int, drawn: int) -> None:
    assert Draws(asked, 1).rounded == drawn


@pytest.fixture(scope="module")
def spx(shared: Path) -> BookModel:
    """Return a surface of listed quotes."""
    from pricers.chain import load_quotes

    chain = shared / "data" / "spx_2019-05-17" / "chain.csv"
    quotes = load_quotes(chain, min_open_interest=100.0, min_expiry=7.0 / 365.0, max_expiry=2.0)
    surface = calibrate(quotes=quotes).surface
    return BookModel(quotes, surface, [], volatility_buckets(bucket_expiries(quotes)))


def test_spx_2019_by_paths_and_marches(spx: BookModel) -> None:
    """The march against averages with a control whose mean the march knows."""
    model, quotes = spx, spx.quotes
    term = min(range(len(quotes.slices)), key=lambda k: abs(quotes.slices[k].expiry - 0.5))
    strike = round(quotes.spot, -1)
    years = quotes.slices[term].expiry
    fixings = tuple(years * (k + 1) / 6 for k in range(6))
    digital = unit_of(model, position(model, Digital(100.0), strike=strike, term=term))
    asian = unit_of(model, position(model, Asian(fixings), strike=strike, term=term))
    assert asian.errors is not None
    one = position(model, Asian(fixings), strike=strike, term=term)
    path = one.contract.path(one.terms)
    last = ScheduledAsian(strike=strike, fixings=[years], expiry=years, n_steps=path.noise_shape[0])
    assert last.noise_shape == path.noise_shape
    dynamics = model.market(model.point).dynamics()
    z = np.random.default_rng(3).standard_normal((30_000, *path.noise_shape))
    z = np.concatenate([z, -z])

    def paired(values: Floats) -> Floats:
        return 0.5 * (values[: len(z) // 2] + values[len(z) // 2 :])

    vanilla = paired(last(dynamics, z))
    control = vanilla - of_the_forward_march(model, one)[0]
    assert abs(control.mean()) < 3.0 * control.std() / np.sqrt(control.size)
    averaged = paired(path(dynamics, z))
    beta = np.cov(averaged, control)[0, 1] / control.var()
    left = averaged - beta * control
    error = left.std() / np.sqrt(left.size)
    assert abs(asian.price - left.mean()) < 3.0 * np.hypot(error, asian.errors.price)
    assert error < 0.8 * averaged.std() / np.sqrt(averaged.size)
    h = 1.0
    ends = [paired(replace(last, strike=k)(dynamics, z)) for k in (strike - h, strike + h)]
    jump = 100.0 * (ends[0] - ends[1]) / (2.0 * h)
    assert abs(digital.price - jump.mean()) < 3.0 * jump.std() / np.sqrt(jump.size)
    assert path_greeks(model, path, replace(DRAWS, seed=8)).price == pytest.approx(
        asian.price, abs=4.5 * asian.errors.price
    )
