"""SVI slices: values, derivatives, arbitrage checks, and fits that find what made the data."""

from __future__ import annotations

import datetime
from dataclasses import replace

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadValueError
from pricers.calibration.svi_fit import _FreeParameters, _Problem, fit_svi_slice, fit_svi_slices
from pricers.chain import Quotes, Slice, load_quotes
from pricers.chain.synthetic import published_surface
from pricers.surfaces.svi import SVISlice, SVISurface, check_butterfly, check_calendar

VOGT = SVISlice(a=-0.041, b=0.1331, rho=0.306, m=0.3586, sigma=0.4153)
PARAMETERS = ("a", "b", "rho", "m", "sigma")
SMILE = SVISlice(a=0.01, b=0.1, rho=-0.6, m=0.05, sigma=0.15)
K = np.linspace(-0.6, 0.4, 41)


def make_quotes(smiles, expiries, spread=0.002) -> Quotes:
    """Return quotes whose mid volatilities are those of the slices."""
    n = K.size
    index = np.repeat(np.arange(len(smiles)), n)
    k = np.tile(K, len(smiles))
    volatility = np.concatenate([s.volatility(K, expiry=t) for s, t in zip(smiles, expiries, strict=True)])
    ones = np.ones_like(k)
    date = datetime.date(2024, 1, 2)
    return Quotes(
        slices=tuple(Slice("X", date, t, 100.0, 1.0) for t in expiries),
        spot=100.0,
        quote_date=date,
        slice_index=index,
        strike=100.0 * np.exp(k),
        log_moneyness=k,
        is_call=k >= 0.0,
        mid=ones,
        bid=0.9 * ones,
        ask=1.1 * ones,
        volatility=volatility,
        bid_volatility=volatility - 0.5 * spread,
        ask_volatility=volatility + 0.5 * spread,
        spread=0.2 * ones,
        vega=ones,
    )


def test_total_variance_at_its_centre_and_in_its_wings():
    assert SMILE.total_variance(0.05) == pytest.approx(0.01 + 0.1 * 0.15)
    far = np.array([-50.0, 50.0])
    slopes = SMILE.slopes(far)[0]
    assert slopes == pytest.approx([0.1 * (-0.6 - 1.0), 0.1 * (-0.6 + 1.0)], rel=1e-4)


def test_slopes_are_the_derivatives_of_total_variance():
    h = 1e-4
    up, here, down = (SMILE.total_variance(K + s) for s in (h, 0.0, -h))
    slope, curvature = SMILE.slopes(K)
    assert slope == pytest.approx((up - down) / (2 * h), abs=1e-8)
    assert curvature == pytest.approx((up - 2 * here + down) / h**2, abs=1e-6)


def test_parameters_can_be_differentiated():
    def variance(x):
        return SVISlice(a=x[0], b=x[1], rho=x[2], m=x[3], sigma=x[4]).total_variance(-0.2)

    point = np.array([getattr(SMILE, name) for name in PARAMETERS])
    value, gradient = ad.value_and_grad(variance)(point)
    offset, root = -0.25, np.hypot(0.25, 0.15)
    assert value == pytest.approx(SMILE.total_variance(-0.2), rel=1e-15)
    expected = [1.0, -0.6 * offset + root, 0.1 * offset, -0.1 * (-0.6 + offset / root), 0.1 * 0.15 / root]
    assert gradient == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"a": float("nan")}, "a = nan"),
        ({"b": -0.1}, "b = -0.1"),
        ({"rho": 1.0}, "rho = 1.0: must lie strictly between"),
        ({"rho": -1.5}, "rho = -1.5"),
        ({"m": float("inf")}, "m = inf"),
        ({"sigma": 0.0}, "sigma = 0.0"),
        ({"a": -0.2}, "least total variance .* negative"),
    ],
)
def test_slices_check_their_parameters(change, message):
    with pytest.raises(AadValueError, match=message):
        replace(SMILE, **change)


def test_vogt_slice_has_butterfly_arbitrage_where_published(shared):
    text = (shared / "data" / "reference_values" / "svi_vogt_butterfly_arbitrage.csv").read_text()
    published = [float(x) for x in text.splitlines()[-1].split(",")]
    assert published == [getattr(VOGT, name) for name in PARAMETERS]


def test_butterfly_check_reports_the_worst_place():
    report = check_butterfly(slices=[SMILE, VOGT])
    assert not report.is_free
    assert report.worst < 0.0
    assert report.index == 1
    assert report.log_moneyness == pytest.approx(0.88, abs=0.05)
    assert 0.0 < report.share < 0.5


def test_density_from_g_integrates_to_one():
    k = np.linspace(-12.0, 8.0, 200_001)
    w = SMILE.total_variance(k)
    d2 = -k / np.sqrt(w) - 0.5 * np.sqrt(w)
    density = SMILE.butterfly(k) / np.sqrt(2.0 * np.pi * w) * np.exp(-0.5 * d2 * d2)
    assert np.trapezoid(density, k) == pytest.approx(1.0, abs=1e-6)
    assert np.trapezoid(np.exp(k) * density, k) == pytest.approx(1.0, abs=1e-6)


def test_calendar_check_reports_the_worst_pair():
    higher = replace(SMILE, a=SMILE.a + 0.01)
    assert check_calendar(slices=[SMILE, higher]).is_free
    report = check_calendar(slices=[SMILE, higher, SMILE])
    assert (report.is_free, report.index) == (False, 1)
    assert report.worst == pytest.approx(-0.01)
    assert report.share == 0.5


def test_checks_refuse_what_they_cannot_check():
    with pytest.raises(AadValueError, match="slices is empty"):
        check_butterfly(slices=[])
    with pytest.raises(AadValueError, match="needs at least two"):
        check_calendar(slices=[SMILE])
    with pytest.raises(AadValueError, match=r"log_moneyness.*increasing"):
        check_butterfly(slices=[SMILE], log_moneyness=[0.1, 0.0])


def test_surface_interpolates_total_variance_linearly():
    later = replace(SMILE, a=0.03)
    surface = SVISurface(expiries=np.array([0.5, 1.0]), slices=(SMILE, later))
    first, last = SMILE.total_variance(K), later.total_variance(K)
    for expiry, expected in (
        (0.25, 0.5 * first),
        (0.5, first),
        (0.75, 0.5 * (first + last)),
        (1.0, last),
        (1.5, 2.0 * last - first),
    ):
        assert surface.total_variance(K, expiry=expiry) == pytest.approx(expected, rel=1e-14)
    with pytest.raises(AadValueError, match="expiry = 0"):
        surface.total_variance(K, expiry=0.0)
    with pytest.raises(AadValueError, match="slices has 1 entries for 2"):
        SVISurface(expiries=np.array([0.5, 1.0]), slices=(SMILE,))
    with pytest.raises(AadValueError, match="expiries"):
        SVISurface(expiries=np.array([1.0, 0.5]), slices=(SMILE, later))


@pytest.mark.parametrize("smile", [SMILE, VOGT, *published_surface().slices[1:]])
def test_fit_finds_the_slice_that_made_the_volatilities(smile):
    fitted = fit_svi_slice(log_moneyness=K, volatility=smile.volatility(K, expiry=0.7), expiry=0.7)
    assert fitted.volatility(K, expiry=0.7) == pytest.approx(smile.volatility(K, expiry=0.7), abs=1e-6)
    for name in PARAMETERS:
        assert getattr(fitted, name) == pytest.approx(getattr(smile, name), abs=1e-3)


def test_jacobian_of_the_fit_is_the_derivative_of_its_residuals(rng):
    quotes = [_Problem(k, 0.2 + 0.1 * k**2, 0.7, rng.uniform(0.7, 1.4, k.size), 1.0) for k in (K, K[:-3], K)]
    problem, which = _FreeParameters(quotes, np.zeros((3, 5))), np.array([2, 1, 0])
    points = rng.normal([-4.0, -2.0, -0.5, 0.0, -2.0], 0.3, (3, 5))
    exact = problem.jacobian(points, which)
    assert not exact[1, K.size - 3 : K.size].any()
    for column, step in enumerate(1e-6 * np.eye(5)):
        bumped = problem.residuals(points + step, which) - problem.residuals(points - step, which)
        assert exact[..., column] == pytest.approx(bumped / 2e-6, abs=1e-7)


@pytest.mark.parametrize("expiry", [1.0, 1e-2, 1e-5, 1e-9])
def test_fit_is_the_same_for_seconds_as_for_years(expiry):
    """Log-moneyness and total variance are fitted in deviations: no bound is one of absolute variance."""
    k = np.linspace(-3.0, 3.0, 11) * 0.2 * np.sqrt(expiry)
    skew = SVISlice(a=0.3, b=0.4, rho=-0.4, m=0.2, sigma=0.8)  # in deviations of 20%
    curved = 0.2 * np.sqrt(skew.total_variance(k / (0.2 * np.sqrt(expiry))))
    for volatility in (np.full(11, 0.2), curved):
        fit = fit_svi_slice(log_moneyness=k, volatility=volatility, expiry=expiry)
        assert np.abs(fit.volatility(k, expiry=expiry) - volatility).max() < 1e-6


def test_fit_keeps_the_constraints_on_data_that_pull_against_them(rng):
    # A straight line and a downward parabola have no SVI minimum inside the constraints.
    for volatility in (0.2 - 0.15 * K, 0.3 - 0.4 * K**2, rng.uniform(0.1, 0.4, K.size)):
        fitted = fit_svi_slice(log_moneyness=K, volatility=volatility, expiry=0.5)
        assert np.all(fitted.total_variance(np.linspace(-5.0, 5.0, 101)) > 0.0)


def test_weights_pull_the_fit(rng):
    volatility = SMILE.volatility(K, expiry=1.0) + 0.01 * rng.standard_normal(K.size)
    weights = np.where(np.abs(K) < 0.1, 1e4, 1.0)
    near = np.abs(K) < 0.1
    even = fit_svi_slice(log_moneyness=K, volatility=volatility, expiry=1.0)
    pulled = fit_svi_slice(log_moneyness=K, volatility=volatility, expiry=1.0, weights=weights)

    def error(smile):
        return np.sum((smile.volatility(K, expiry=1.0) - volatility)[near] ** 2)

    assert error(pulled) < error(even)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"log_moneyness": K[:4]}, "at least five points"),
        ({"volatility": np.full(3, 0.2)}, "volatility has shape"),
        ({"volatility": np.full(K.size, -0.2)}, r"volatility\[0\] = -0.2"),
        ({"expiry": 0.0}, "expiry = 0.0"),
        ({"weights": np.zeros(K.size)}, r"weights\[0\] = 0.0"),
        ({"n_starts": 0}, "n_starts = 0"),
    ],
)
def test_fit_refuses_bad_input(change, message):
    good = {"log_moneyness": K, "volatility": np.full(K.size, 0.2), "expiry": 0.5}
    with pytest.raises(AadValueError, match=message):
        fit_svi_slice(**{**good, **change})


def test_slices_of_quotes_are_fitted_each_on_its_own():
    smiles = (SMILE, replace(SMILE, a=0.02, rho=-0.3))
    quotes = make_quotes(smiles, (0.5, 1.0))
    fit = fit_svi_slices(quotes, weights="inverse_spread")
    assert fit.quality.rmse < 1e-6
    assert fit.quality.share_inside == 1.0
    assert fit.residual == pytest.approx(np.zeros(len(quotes)), abs=1e-6)
    for fitted, smile in zip(fit.slices, smiles, strict=True):
        assert fitted.rho == pytest.approx(smile.rho, abs=1e-3)
    with pytest.raises(AadValueError, match="has 4 quotes: five parameters"):
        fit_svi_slices(quotes.select((quotes.slice_index == 0) | (K.size + 4 > np.arange(len(quotes)))))


@pytest.mark.parametrize(
    ("folder", "weights", "rmse", "inside"),
    [
        ("spx_2019-05-17", "equal", 0.00700, 0.24),
        ("spx_2019-05-17", "inverse_spread", 0.00300, 0.40),
        ("spx_2020-03-20", "equal", 0.01189, 0.84),
        ("spx_2020-03-20", "inverse_spread", 0.00395, 0.97),
    ],
)
def test_fit_of_real_chains_is_as_good_as_known(shared, folder, weights, rmse, inside):
    fit = fit_svi_slices(load_quotes(shared / "data" / folder / "chain.csv"), weights=weights)
    assert fit.quality.rmse == pytest.approx(rmse, rel=0.03)
    assert fit.quality.rmse < rmse * 1.002
    assert fit.quality.share_inside == pytest.approx(inside, abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["spx_2019-05-17", "spx_2020-03-20"])
@pytest.mark.parametrize("weights", ["equal", "inverse_spread"])
def test_more_starts_find_nothing_better(shared, folder, weights):
    quotes = load_quotes(shared / "data" / folder / "chain.csv")
    few, many = (fit_svi_slices(quotes, weights=weights, n_starts=n) for n in (2, 20))
    assert few.quality.rmse == pytest.approx(many.quality.rmse, rel=1e-4)
