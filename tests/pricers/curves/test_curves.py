"""Curves: what they integrate to, what they go through, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError
from pricers.curves import ForwardCurve, PiecewiseRate, accumulated, discount_factor, mean_rate, shifted

TIMES = np.array([0.25, 0.5, 2.0])
CURVE = PiecewiseRate(TIMES, [0.01, 0.03, 0.02])


def test_integral_is_piecewise_linear_and_goes_on_at_the_last_rate() -> None:
    times = np.array([0.0, 0.1, 0.25, 0.4, 2.0, 3.0])
    wanted = [0.0, 0.001, 0.0025, 0.007, 0.04, 0.06]
    np.testing.assert_allclose(CURVE.accumulated(times), wanted, atol=1e-16)
    np.testing.assert_allclose([CURVE.accumulated(t) for t in times.tolist()], wanted, atol=1e-16)


def test_a_number_is_a_flat_curve() -> None:
    flat = PiecewiseRate([1.0], [0.04])
    for time in (0.3, 1.0, 2.5):
        assert accumulated(0.04, time) == pytest.approx(accumulated(flat, time), rel=1e-15)
        assert discount_factor(0.04, time) == pytest.approx(discount_factor(flat, time), rel=1e-15)
    assert mean_rate(0.04, 0.2, 0.9) == 0.04
    assert mean_rate(flat, 0.2, 0.9) == pytest.approx(0.04, rel=1e-14)


def test_a_shift_is_parallel() -> None:
    moved = CURVE.shifted(0.002)
    assert mean_rate(moved, 0.3, 1.7) == pytest.approx(mean_rate(CURVE, 0.3, 1.7) + 0.002, rel=1e-14)
    assert shifted(0.05, 0.07) == 0.07


def test_it_goes_through_forwards_and_discount_factors() -> None:
    forwards, discounts = [101.0, 101.5, 99.0], [0.995, 0.99, 0.93]
    curve = ForwardCurve.from_forwards(spot=100.0, times=TIMES, forwards=forwards, discounts=discounts)
    for time, forward, discount in zip(TIMES.tolist(), forwards, discounts, strict=True):
        assert float(curve.forward(time)) == pytest.approx(forward, rel=1e-14)
        assert float(curve.discount(time)) == pytest.approx(discount, rel=1e-14)
    middle = np.log(curve.forward(1.25) / 101.5) / np.log(99.0 / 101.5)
    assert middle == pytest.approx(0.5, rel=1e-12)  # log-linear in between


def test_rates_and_shifts_are_differentiated() -> None:
    program = ad.record(
        lambda x: discount_factor(PiecewiseRate(TIMES, x[:3], shift=x[3]), 1.0), [0.01, 0.03, 0.02, 0.0]
    )
    x = np.array([0.01, 0.03, 0.02, 0.0])
    factor = float(discount_factor(CURVE, 1.0))
    np.testing.assert_allclose(program.gradient(x), -factor * np.array([0.25, 0.25, 0.5, 1.0]), rtol=1e-14)


def test_a_time_being_differentiated_is_refused() -> None:
    with pytest.raises(AadTypeError, match="jumps in time"):
        ad.record(lambda t: discount_factor(CURVE, t), 1.0)


@pytest.mark.parametrize(
    ("times", "rates", "message"),
    [([0.0, 1.0], [0.1, 0.1], "times"), ([1.0, 0.5], [0.1, 0.1], "times"), ([1.0], [0.1, 0.2], "rates"),
     ([1.0], [np.nan], "rates")],
)  # fmt: skip
def test_bad_curves(times: list[float], rates: list[float], message: str) -> None:
    with pytest.raises(AadValueError, match=message):
        PiecewiseRate(times, rates)


def test_bad_forwards() -> None:
    with pytest.raises(AadValueError, match="forwards"):
        ForwardCurve.from_forwards(spot=1.0, times=[1.0], forwards=[-1.0], discounts=[0.9])
