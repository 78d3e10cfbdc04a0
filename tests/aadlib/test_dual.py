"""Duals beside recorded numbers: the same operators, NumPy's functions, and arrays of them."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

import aadlib as ad
from aadlib import AadTypeError

FUNCTIONS = {
    "x // 2": lambda x: x // 2.0 * x,
    "9 // x": lambda x: 9.0 // x * x,
    "x % 2": lambda x: x % 2.0,
    "9 % x": lambda x: 9.0 % x,
    "divmod": lambda x: sum(divmod(x, 2.0)),
    "divmod of a number": lambda x: sum(divmod(9, x)),
    "round": lambda x: round(x) * x,
    "round to digits": lambda x: round(x * x, 1) * x,
    "floor": lambda x: math.floor(x) * x,
    "ceil": lambda x: math.ceil(x) * x,
    "trunc": lambda x: math.trunc(-x) * x,
    "fraction": lambda x: x * Fraction(1, 2) + Fraction(1, 4) / x,
    "bool": lambda x: x * np.True_ + True,
    "float64 first": lambda x: np.float64(2.0) * x - np.float64(1.0) / x + np.float64(2.0) ** x,
    "sin": lambda x: np.sin(x) + np.sqrt(x) + np.floor(x),
    "maximum": lambda x: np.maximum(x, 1.0) + np.minimum(x, 1.0) + np.abs(-x),
    "where": lambda x: np.where(x > 1.0, x * x, 2.0) + ad.where(x > 5.0, x, 2),
    "clip": lambda x: np.clip(x, 0.0, 4.0) + ad.clip(x, 0, 1),
    "interp": lambda x: np.interp(x, [0.0, 5.0], [1.0, 2.0]) + ad.interp(x, [0.0, 3.0, 5.0], [1.0, 2.0, 7.0]),
    "array times": lambda x: np.sum(np.array([1.0, 2.0]) * x + x / np.array([3.0, 4.0])),
    "object array": lambda x: np.sum(np.exp(np.array([x, x * x], dtype=object)) ** 2),
    "array of aadlib": lambda x: np.std(ad.array([x, 2.0 * x, 1.0])) + np.linalg.norm(ad.array([x, 1.0])),
    "aadlib's function": lambda x: np.sum(ad.norm_cdf(np.array([x, x * x], dtype=object))),
    "dot": lambda x: np.dot(ad.array([x, 2.0]), ad.array([x, x])),
    "arctan2": lambda x: np.arctan2(x, 2.0) + np.hypot(3.0, x) + np.logaddexp(x, 1.0) + np.power(2.0, x),
}  # fmt: skip


@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize("x", [3.7, 0.6])
def test_the_same_as_recorded(f, x):
    value, slope, second = ad.record(f, x).derivatives(x)
    found = f(ad.Dual(ad.Dual(x, [1.0]), [ad.Dual(1.0, [0.0])]))
    assert found.value.value == pytest.approx(value, rel=1e-14)
    assert found.partials[0].value == pytest.approx(slope[0], rel=1e-13, abs=1e-15)
    assert found.partials[0].partials[0] == pytest.approx(second[0, 0], rel=1e-12, abs=1e-14)


def test_what_is_no_number_is_refused():
    x = ad.Dual(3.7, [1.0])
    for compare in (
        lambda: x > None,
        lambda: x < "a",
        lambda: x >= [],
        lambda: x // "a",
        lambda: divmod("a", x),
    ):
        with pytest.raises(TypeError):
            compare()
    assert (x == None) is False and (x != "a") is True  # noqa: E711 - what a stranger may write
    with pytest.raises(AadTypeError, match="cannot be mixed"):
        ad.record(lambda y: y + x, 1.0)
    with pytest.raises(AttributeError):
        x.no_such_operation  # noqa: B018
    assert hash(x) == hash(3.7) and sorted([x, ad.Dual(1.0, [0.0])])[0].value == 1.0


@pytest.mark.parametrize("make", [ad.array, lambda x: np.array(x, dtype=object)])
@pytest.mark.parametrize(
    "function",
    [
        np.var, np.std, np.mean, lambda x: np.vdot(x, x), lambda x: np.conj(x) @ np.real(x), lambda x: np.imag(x) @ x,
        lambda x: np.linalg.norm(x) + np.max(x), lambda x: np.sum([one.item() * one.size for one in x]),
    ],
)  # fmt: skip
def test_statistics_of_arrays_of_duals(make, function):
    point = [0.7, 1.3, 2.1]
    x = make([ad.Dual(v, [float(k == j) for j in range(3)]) for k, v in enumerate(point)])
    np.testing.assert_allclose(
        function(x).partials, ad.grad(function)(np.array(point)), rtol=1e-13, atol=1e-15
    )
