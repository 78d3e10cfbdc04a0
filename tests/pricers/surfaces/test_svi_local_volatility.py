"""SVI slices as one parameter vector: joining in time, Dupire's formula written out, arbitrage, and the PDE."""

from __future__ import annotations

import math

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadValueError, BranchChanged
from pricers import black_scholes
from pricers.pde import grids
from pricers.pde.backward import svi_pde
from pricers.surfaces.dupire import local_variance
from pricers.surfaces.svi import SVISurface
from pricers.surfaces.svi_local_volatility import SVILocalVolatility, svi_slices

EXPIRIES = np.array([0.1, 0.25, 0.5, 0.75, 1.0])


def slice_parameters(expiry: float) -> list[float]:
    """Return the raw parameters of a surface SVI slice (free of arbitrage) with a power-law skew."""
    atm, rho = 0.04 * expiry + 0.004 * math.sqrt(expiry), -0.6
    skew = 0.9 / math.sqrt(atm * (1.0 + atm))
    level = 1.0 - rho * rho
    return [0.5 * atm * level, 0.5 * atm * skew, rho, -rho / skew, math.sqrt(level) / skew]


PARAMETERS = np.array([slice_parameters(expiry) for expiry in EXPIRIES]).ravel()
GRID = grids.uniform_grid(lowest=0.0, highest=300.0, n_nodes=61)


def surface(parameters=PARAMETERS, **options):
    return SVILocalVolatility(
        **({"parameters": parameters, "expiries": EXPIRIES, "spot": 100.0, "rate": 0.05} | options)
    )


def small_price(parameters, **options):
    market = {"spot": 100.0, "strike": 100.0, "expiry": 1.0, "rate": 0.05, "grid": GRID, "n_steps": 12}
    return svi_pde.price(**({"parameters": parameters, "expiries": EXPIRIES} | market | options))


def test_a_vector_is_cut_into_slices_in_order():
    slices = svi_slices(PARAMETERS)
    assert len(slices) == 5
    assert [slices[3].a, slices[3].b, slices[3].rho, slices[3].m, slices[3].sigma] == list(PARAMETERS[15:20])


@pytest.mark.parametrize("time", [0.01, 0.1, 0.2, 0.25, 0.6, 1.0, 1.7])
def test_total_variance_is_joined_as_the_surface_of_slices_is(time):
    x = np.linspace(-1.0, 1.0, 21)
    joined = SVISurface(expiries=EXPIRIES, slices=svi_slices(PARAMETERS)).total_variance(x, expiry=time)
    assert surface().total_variance(x, time) == pytest.approx(joined, rel=1e-14)


def test_a_single_slice_is_proportional_to_time():
    one = surface(PARAMETERS[:5], expiries=[0.5])
    w = svi_slices(PARAMETERS[:5])[0].total_variance(0.1)
    for time in (0.2, 0.5, 3.0):
        assert one.total_variance(0.1, time) == pytest.approx(w * time / 0.5, rel=1e-14)
    assert one.check_arbitrage().calendar is None


@pytest.mark.parametrize("time", [0.03, 0.1, 0.17, 0.3, 0.62, 0.99, 1.4])
def test_local_variance_equals_its_twin_differentiated_operation_by_operation(time):
    slices = svi_slices(PARAMETERS)
    later = min(int(np.searchsorted(EXPIRIES, time)), 4)

    def total_variance(x, t):
        if later == 0:
            return slices[0].total_variance(x) * (t / EXPIRIES[0])
        share = (t - EXPIRIES[later - 1]) / (EXPIRIES[later] - EXPIRIES[later - 1])
        return (1.0 - share) * slices[later - 1].total_variance(x) + share * slices[later].total_variance(x)

    x = np.linspace(-1.5, 1.5, 41)
    twin = local_variance(total_variance=total_variance, log_moneyness=x, time=time)
    assert surface().local_variance(x, time) == pytest.approx(twin, rel=1e-12)


def test_flat_slices_give_one_volatility():
    flat = np.concatenate([[0.04 * expiry, 0.0, 0.0, 0.0, 0.1] for expiry in EXPIRIES])
    assert surface(flat)(np.array([5.0, 80.0, 300.0]), 0.3) == pytest.approx(np.full(3, 0.2), rel=1e-13)


def test_the_surface_is_flat_beyond_its_reach():
    held = surface(reach=0.5)
    assert held(np.array([1.0, 30.0, 400.0]), 0.5)[:2] == pytest.approx(
        [held(100.0 * math.exp(-0.475), 0.5)] * 2
    )
    assert held(100.0, 0.5) == pytest.approx(surface()(100.0, 0.5))


def test_derivatives_of_the_local_volatility_agree_with_differences():
    spots = np.array([70.0, 100.0, 125.0])

    def total(parameters, market):
        local = surface(parameters, spot=market[0], rate=market[1], reach=1.0)
        return np.sum(local(spots, market[2]) * np.array([1.0, 2.0, 3.0]))

    ad.check_grads(total, PARAMETERS, np.array([100.0, 0.05, 0.6]))


def test_a_recorded_time_does_not_stay_on_its_interval():
    program = ad.record(lambda time: surface()(100.0, time), 0.3)
    assert program.value(0.4) == pytest.approx(surface()(100.0, 0.4), rel=1e-14)
    with pytest.raises(BranchChanged):
        program.value(0.6)


def test_slices_without_arbitrage_are_reported_free():
    report = surface().check_arbitrage()
    assert report.is_free and report.butterfly.worst > 0.0 and report.calendar.worst > 0.0


def test_calendar_arbitrage_is_reported_and_refused_where_it_is():
    bad = PARAMETERS.copy()
    bad[11] *= 0.5  # the third slice falls below the second in the wings
    report = surface(bad).check_arbitrage()
    assert not report.is_free and report.butterfly.is_free
    assert report.calendar.index == 1 and report.calendar.worst < 0.0
    with pytest.raises(AadValueError, match=r"calendar arbitrage: total variance falls"):
        surface(bad)(60.0, 0.3)
    with pytest.raises(AadValueError, match=r"time = 0\.\d+: calendar"):
        small_price(bad)


def test_butterfly_arbitrage_is_reported_and_refused_where_it_is():
    vogt = [-0.041, 0.1331, 0.306, 0.3586, 0.4153]
    one = surface(vogt, expiries=[1.0])
    report = one.check_arbitrage()
    assert not report.is_free and 0.6 < report.butterfly.log_moneyness < 1.0
    with pytest.raises(AadValueError, match="butterfly arbitrage"):
        one.local_variance(0.85, 1.0)


@pytest.mark.parametrize(
    ("position", "value", "message"),
    [
        (0, math.nan, "slice 1: a"),
        (6, -0.1, "slice 2: b"),
        (12, 1.0, "slice 3: rho"),
        (18, math.inf, "slice 4: m"),
        (24, 0.0, "slice 5: sigma"),
        (20, -1.0, "slice 5: a"),
    ],
)
def test_parameters_out_of_range_are_named(position, value, message):
    bad = PARAMETERS.copy()
    bad[position] = value
    with pytest.raises(AadValueError, match=message):
        surface(bad)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"parameters": PARAMETERS[:7]}, "five a slice"),
        ({"parameters": []}, "five a slice"),
        ({"expiries": EXPIRIES[:4]}, "expiries has shape"),
        ({"expiries": EXPIRIES[::-1]}, "expiries"),
        ({"expiries": [0.0, 0.25, 0.5, 0.75, 1.0]}, "expiries"),
        ({"spot": -1.0}, "spot"),
        ({"rate": math.nan}, "rate"),
        ({"reach": 0.0}, "reach"),
    ],
)
def test_a_surface_that_does_not_fit_is_refused(options, message):
    with pytest.raises(AadValueError, match=message):
        surface(**options)


@pytest.mark.parametrize("time", [0.0, -1.0, math.nan])
def test_a_time_that_is_not_positive_is_refused(time):
    with pytest.raises(AadValueError, match="time"):
        surface()(100.0, time)


def test_flat_slices_price_as_the_formula_does():
    flat = np.concatenate([[0.04 * expiry, 0.0, 0.0, 0.0, 0.1] for expiry in EXPIRIES])
    found = small_price(flat, grid=None, n_nodes=201, n_steps=100)
    market = {"spot": 100.0, "strike": 100.0, "expiry": 1.0, "rate": 0.05}
    assert found == pytest.approx(black_scholes.price(volatility=0.2, **market), abs=2e-3)


def test_a_slice_is_repriced_at_its_expiry():
    """Dupire's formula gives back the smile it was made from, to the error of the grid."""
    for strike in (80.0, 100.0, 120.0):
        market = {"spot": 100.0, "strike": strike, "expiry": 1.0, "rate": 0.05}
        found = small_price(PARAMETERS, grid=None, n_nodes=401, n_steps=200, **market)
        x = math.log(strike / (100.0 * math.exp(0.05)))
        implied = math.sqrt(svi_slices(PARAMETERS)[4].total_variance(x))
        assert found == pytest.approx(black_scholes.price(volatility=implied, **market), abs=5e-3)


@pytest.mark.parametrize("is_call", [True, False])
def test_expanded_and_one_operation_are_the_same_function(is_call):
    plain = small_price(PARAMETERS, is_call=is_call)
    one = ad.record(lambda p: small_price(p, is_call=is_call), PARAMETERS)
    expanded = ad.record(lambda p: small_price(p, is_call=is_call, expand=True), PARAMETERS)
    moved = PARAMETERS * 1.001
    assert one.value(PARAMETERS) == pytest.approx(plain, rel=1e-12)
    assert expanded.value(PARAMETERS) == pytest.approx(plain, rel=1e-12)
    assert expanded.value(moved) == pytest.approx(small_price(moved, is_call=is_call), rel=1e-12)
    gradient = expanded.gradient(PARAMETERS)
    assert np.count_nonzero(gradient) == 25
    assert one.gradient(PARAMETERS) == pytest.approx(gradient, rel=1e-10, abs=1e-12)
    hessian = expanded.hessian(PARAMETERS)
    assert np.abs(one.hessian(PARAMETERS) - hessian).max() <= 1e-11 * np.abs(hessian).max()


@pytest.mark.parametrize("expand", [False, True])
def test_a_replay_is_never_silently_out_of_range(expand):
    program = ad.record(lambda p: small_price(p, expand=expand), PARAMETERS)
    for position, value in ((11, -0.01), (12, 1.0), (12, -1.0), (14, 0.0)):
        bad = PARAMETERS.copy()
        bad[position] = value
        with pytest.raises(BranchChanged if expand else (BranchChanged, AadValueError)):
            program.value(bad)
    calendar = PARAMETERS.copy()
    calendar[11] *= 0.5
    if expand:
        assert math.isnan(program.value(calendar))
    else:
        with pytest.raises(AadValueError, match="volatility"):
            program.value(calendar)


def test_market_inputs_may_be_differentiated_too():
    coarse = grids.uniform_grid(lowest=0.0, highest=300.0, n_nodes=13)

    def price(market, parameters):
        spot, strike, expiry, rate, dividend = market
        return small_price(
            parameters,
            spot=spot,
            strike=strike,
            expiry=expiry,
            rate=rate,
            dividend_yield=dividend,
            grid=coarse,
            n_steps=3,
            expand=True,
        )

    market = np.array([101.0, 99.0, 0.96, 0.04, 0.01])
    ad.check_grads(price, market, PARAMETERS)


def test_a_spot_outside_the_grid_is_refused():
    for expand in (False, True):
        with pytest.raises(AadValueError, match="spot"):
            small_price(PARAMETERS, spot=301.0, expand=expand)
