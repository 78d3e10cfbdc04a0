"""The processor's marks, by which a sweep learns that it made an infinity, are not set where it made none."""

import numpy as np
import pytest

import aadlib as ad
from aadlib.sweeps.watch import unusual


@pytest.mark.parametrize(
    "function", [np.exp, ad.softplus, ad.sigmoid, ad.norm_cdf, np.expm1], ids=lambda f: f.__name__
)
@pytest.mark.parametrize("x", [-1000.0, -1500.0, -2000.0, -2900.0, -1e6])
def test_the_far_tail_makes_no_infinity(instructions, function, x):
    lanes = ad.record(function, 0.3).over_lanes()
    before = unusual()
    value, gradient, hessian = lanes.derivatives(np.full(41, x))
    assert unusual() == before
    assert np.isfinite(value).all() and np.isfinite(gradient).all() and not np.any(hessian)


def test_an_overflow_is_an_infinity(instructions):
    lanes = ad.record(np.exp, 0.3).over_lanes()
    before = unusual()
    lanes.value(np.full(41, 1000.0))
    assert unusual() != before
