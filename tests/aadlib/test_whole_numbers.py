"""aadlib's functions compute whole numbers in floats, as the recording does."""

from __future__ import annotations

import numpy as np
import pytest

import aadlib as ad
from aadlib.rules.numpy_names import plain_function
from aadlib.rules.table import RULES

PAIRS = [(2, 3), (3, -1), (10, 20), (1, 2), (10**10, 10**10), (-7, 2), (True, 2), (0, 5)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
@pytest.mark.parametrize("kind", [int, np.int64, np.int32, lambda n: np.array([n, n]), lambda n: [n]])
def test_every_row(rule, kind):
    for pair in PAIRS:
        if max(pair) > 2**31 and kind is np.int32:
            continue
        whole, floats = [kind(n) for n in pair][: rule.arity], [float(n) for n in pair][: rule.arity]
        with np.errstate(all="ignore"):
            found, wanted = plain_function(rule.name)(*whole), plain_function(rule.name)(*floats)
        assert np.asarray(found).dtype == np.asarray(wanted).dtype
        np.testing.assert_array_equal(found, np.broadcast_to(wanted, np.shape(found)))


def test_numbers_that_no_integer_holds():
    assert ad.reciprocal(2) == 0.5
    assert ad.power(10, 20) == 1e20 and ad.power(2, -1) == 0.5
    assert ad.square(10**10) == 1e20
    assert ad.maximum(10**30, 1) == 1e30
    assert ad.record(lambda x: x * ad.power(10, 20), 1.0).value(1.0) == 1e20
    assert type(ad.where(True, 2, 1.5)) is np.float64 or ad.where(True, 2, 1.5).dtype == float
    assert ad.where([True, False], 2, 1).dtype == float and ad.clip(np.array([1, 5]), 2, 3).dtype == float
    assert ad.where(True, True, False).dtype == bool


@pytest.mark.parametrize("x", [1.5, 7.0])
def test_where_hands_no_plain_number_to_a_dual(x):
    def f(x):
        return x / ad.reciprocal(ad.where(x > 5.0, x, 2)) + ad.where(x > 5.0, 1, x)

    found = f(ad.Dual(x, [1.0]))
    assert (found.value, found.partials[0]) == ad.value_and_grad(f)(x) == (f(x), ad.grad(f)(x))


def test_the_branch_not_taken_stays_silent_in_nested_duals():
    x = ad.Dual(ad.Dual(0.0, [1.0]), [ad.Dual(1.0, [0.0])])
    chosen = ad.where(x > 1.0, np.log(2.0) * ad.log(x), 3)
    assert repr(chosen) == repr(ad.Dual(ad.Dual(3.0, [0.0]), [ad.Dual(0.0, [0.0])]))
