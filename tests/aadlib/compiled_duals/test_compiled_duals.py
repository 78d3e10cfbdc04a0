"""Duals in compiled code: every row of the table, arrays, both orders, and the messages where numba gives up."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

import aadlib as ad
from aadlib.compiled_duals import DualArray, derivatives, operations, zeros
from aadlib.errors import AadTypeError, AadValueError
from aadlib.rules.table import RULES
from greeks2 import hessian

POINTS = {"arccosh": (1.7, 0.6), "power": (1.3, 0.7), "arcsin": (0.3, 0.6), "norm_ppf": (0.3, 0.6)}
"""Where rows are tried that do not take the usual point."""

SMOOTH = [rule for rule in RULES if rule.smooth and not rule.step and operations.targets(rule)]


@njit
def call(spot, volatility, rate):
    d1 = (np.log(spot / 100.0) + rate) / volatility + 0.5 * volatility
    return spot * ad.norm_cdf(d1) - 100.0 * np.exp(-rate) * ad.norm_cdf(d1 - volatility)


@njit
def discounted_sum(rates, last):
    values = zeros(len(rates) + 1, last * rates[0])
    total = 0.0
    for i in range(len(rates)):
        values[i] = np.exp(-rates[i] * (i + 1))
        total += values[i] * last
    values[-1] = total**2
    return values[len(rates)] + np.sum(values[:2])


QUICK = ("divide", "power", "sqrt", "norm_cdf")
"""Rows of the default run: numba takes a second for each."""


@pytest.mark.parametrize(
    "rule",
    [pytest.param(r, marks=[] if r.name in QUICK else pytest.mark.slow, id=r.name) for r in SMOOTH],
)
def test_every_smooth_row_agrees_with_the_tape(rule):
    """Each has the value, slopes and second derivatives of the recorded operation."""
    target = operations.targets(rule)[-1]
    point = np.array(POINTS.get(rule.name, (0.6, 0.7)))
    if rule.arity == 1:
        kernel = njit(lambda x, y: target(x * y))
    else:
        kernel = njit(lambda x, y: target(x * y, y))
    value, gradient, second = derivatives(kernel, order=2)(*point)
    program = ad.record(lambda p: kernel.py_func(p[0], p[1]), point)
    scale = 1.0 + np.abs(hessian(program, point)).max()
    assert value == pytest.approx(program.value(point), rel=1e-9, abs=1e-12)
    assert gradient == pytest.approx(program.gradient(point), rel=1e-8, abs=1e-11)
    assert second == pytest.approx(hessian(program, point), abs=1e-7 * scale)


def test_a_pricer_agrees_with_the_exact_hessian():
    point = np.array([100.0, 0.2, 0.05])
    value, gradient, second = derivatives(call, order=2)(*point)
    assert value == call(*point)
    expected, slopes = ad.value_and_grad(lambda x: call.py_func(*x))(point)
    assert value == pytest.approx(expected, rel=1e-14)
    assert gradient == pytest.approx(slopes, rel=1e-12)
    assert second == pytest.approx(hessian(lambda x: call.py_func(*x), point), rel=1e-10, abs=1e-11)


def test_arrays_hold_duals_where_the_prototype_is_one():
    rates, last = np.array([0.01, 0.02, 0.04]), 2.0
    value, gradient, second = derivatives(discounted_sum, order=2)(rates, last)

    def written_out(x):
        factors = np.exp(-x[:3] * np.array([1.0, 2.0, 3.0]))
        return (np.sum(factors) * x[3]) ** 2 + factors[0] + factors[1]

    point = np.append(rates, last)
    assert value == pytest.approx(discounted_sum(rates, last), rel=1e-15)
    assert gradient == pytest.approx(ad.grad(written_out)(point), rel=1e-12)
    assert second == pytest.approx(hessian(written_out, point), rel=1e-10, abs=1e-10)


def test_matrices_rows_and_copies():
    @njit
    def filled(x):
        table = zeros((2, 3), x)
        for i in range(2):
            for j in range(3):
                table[i, j] = x * (i + 1) + j
        row = table[1].copy()
        row[0] += x * x
        more = np.zeros_like(row)
        more[:] = 1.0
        return row[0] + table[-1, -1] + more[2] + table.shape[1] + table.size + table.ndim

    value, gradient, second = derivatives(filled, order=2)(3.0)
    assert (value, gradient.tolist(), second.tolist()) == (6.0 + 9.0 + 8.0 + 1.0 + 3 + 6 + 2, [10.0], [[2.0]])


def test_first_order_and_chosen_arguments():
    value, gradient = derivatives(call, active=(1,))(100.0, 0.2, 0.05)
    assert gradient == pytest.approx([37.52403469169379], rel=1e-12) and value > 10.0


def test_duals_of_python_pass_in_and_out():
    product = njit(lambda x, y: x * y)
    found = product(ad.Dual(3.0, [1.0, 0.0]), ad.Dual(2.0, [0.0, 1.0]))
    assert (found.value, found.partials) == (6.0, (2.0, 3.0))
    twice = ad.Dual(ad.Dual(3.0, [1.0]), [ad.Dual(1.0, [0.0])])
    assert product(twice, twice).partials[0].partials[0] == 2.0


def test_branches_look_at_the_value_and_selections_pick_a_side():
    @njit
    def chosen(x, y):
        if x > y:
            return max(x, y, 0.0) if False else max(x, min(y, 7)) * abs(-x)
        return y

    assert derivatives(chosen)(3.0, 2.0)[1].tolist() == [6.0, 0.0]
    assert derivatives(chosen)(1.0, 2.0)[1].tolist() == [0.0, 1.0]


def test_functions_of_aadlib_with_a_body_of_their_own():
    value, gradient = derivatives(njit(lambda x: ad.softplus(x)))(0.0)
    assert value == pytest.approx(np.log(2.0)) and gradient.tolist() == [0.5]


def test_selections_among_several_numbers_and_flags_as_numbers():
    @njit
    def chosen(x, y):
        return max(0.0, 1.0, x) * min(x, y, 7.0, x * y) + y * (x > 1.0) - max(x, y, 0.5)

    value, gradient, second = derivatives(chosen, order=2)(3.0, 2.0)  # x y + y - x
    assert (value, gradient.tolist(), second.tolist()) == (5.0, [1.0, 4.0], [[0.0, 1.0], [1.0, 0.0]])


def test_an_array_with_gaps_goes_out_of_compiled_code_and_in_again():
    @njit
    def every_second(x):
        values = zeros(6, x)
        for i in range(6):
            values[i] = x * i
        return values[::2]

    total = njit(lambda values: np.sum(values))(every_second(ad.Dual(2.0, [1.0])))
    assert (total.value, total.partials) == (12.0, (6.0,))


def test_an_array_of_the_wrong_width_is_refused():
    """Compiled code would read past its end."""
    with pytest.raises(AadValueError, match=r"data has shape \(2, 3\): must be \(21, ...\) for n = 5"):
        DualArray(np.ones((2, 3)), 5, 2)
    with pytest.raises(AadValueError, match="must be"):
        DualArray(np.ones(2), 1, 1)
    with pytest.raises(AadTypeError, match="data"):
        DualArray("numbers", 1, 1)


def test_a_zero_ends_a_chain_and_division_by_zero_is_no_exception():
    root = njit(lambda x, y: np.sqrt(x) * y + 1.0 / (y + 1e-320) * 0.0)
    value, gradient = derivatives(root, active=(1,))(0.0, 2.0)
    assert value == 0.0 and np.isfinite(gradient).all()


def test_a_constant_result_has_derivatives_zero():
    value, gradient, second = derivatives(njit(lambda x: 2.0), order=2)(1.0)
    assert (value, gradient.tolist(), second.tolist()) == (2.0, [0.0], [[0.0]])


def test_what_cannot_be_compiled_names_the_operation_and_the_way_out():
    @njit
    def stored(x):
        values = np.zeros(3)
        values[0] = x
        return values[0]

    with pytest.raises(AadTypeError, match=r"stored cannot be compiled .*setitem.*compiled_duals\.zeros"):
        derivatives(stored)(1.0)


def test_bad_arguments():
    with pytest.raises(AadValueError, match="order = 3"):
        derivatives(call, order=3)
    with pytest.raises(AadValueError, match="order = True"):
        derivatives(call, order=True)
    for active in (3, "x", 1.5):
        with pytest.raises(AadTypeError, match="must be a sequence of positions"):
            derivatives(call, active=active)
    with pytest.raises(AadTypeError, match="not compiled"):
        derivatives(lambda x: x)
    with pytest.raises(AadValueError, match="active has position 5"):
        derivatives(call, active=(5,))(1.0, 2.0, 3.0)
    with pytest.raises(AadTypeError, match="none of the arguments"):
        derivatives(njit(lambda n: n))(3)
    with pytest.raises(AadTypeError, match="like"):
        zeros(3, ad.Dual(1.0, [1.0]))
    assert zeros(3, 1.0).tolist() == [0.0, 0.0, 0.0]
    assert DualArray(np.zeros((2, 3)), 1, 1).values.shape == (3,)
