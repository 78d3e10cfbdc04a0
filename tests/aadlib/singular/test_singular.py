"""Warnings of what is not determined: lines, lanes, strictness; searches by comparisons; guards as kinks."""

from __future__ import annotations

import itertools
import pickle
import warnings

import numpy as np
import pytest

import aadlib as ad
from aadlib.rules.at_numbers import rule_partials
from aadlib.rules.table import CODES, RULES
from aadlib.tape.advar import record_binary, record_unary
from greeks2 import (
    METHODS,
    KinkWarning,
    RareEventWarning,
    expectation,
    hessian,
    hessian_result,
    taylor_series,
)


def singular(x):
    return np.sqrt(x[0]) * x[0] + x[1] ** 2


AT = np.array([0.0, 3.0])


@pytest.mark.parametrize(
    "derive",
    [
        lambda f: ad.grad(f)(AT),
        lambda f: ad.record(f, [1.0, 1.0]).gradient(AT),
        lambda f: ad.record(f, [1.0, 1.0], trace_lines=True).gradient(AT),
        lambda f: hessian(f, AT),
        lambda f: ad.jvp(f)(AT, [1.0, 0.0]),
        lambda f: ad.hvp(f)(AT, [1.0, 0.0]),
        lambda f: ad.record(f, [1.0, 1.0]).over_lanes().gradient(np.array([AT])),
    ],
)
def test_the_warning_names_operation_and_line(derive) -> None:
    line = singular.__code__.co_firstlineno + 1
    with pytest.warns(
        ad.SingularWarning, match=rf"sqrt\(0\) at .*test_singular\.py:{line} in singular"
    ) as caught:
        derive(singular)
    assert caught[0].filename == __file__


def test_a_pickled_program_warns_without_a_line() -> None:
    program = pickle.loads(pickle.dumps(ad.record(singular, AT)))
    with pytest.warns(
        ad.SingularWarning, match=r"sqrt\(0\) \(record with trace_lines=True for the source line\)"
    ):
        program.gradient(AT)


@pytest.mark.filterwarnings("ignore::aadlib.SingularWarning")
def test_strict_by_argument_by_recording_and_by_block() -> None:
    by_hand = np.array([np.nan, 6.0])
    np.testing.assert_array_equal(ad.grad(singular, strict=True)(AT), by_hand)
    program = ad.record(singular, AT, strict=True)
    np.testing.assert_array_equal(program.gradient(AT), by_hand)
    np.testing.assert_array_equal(program.over_lanes().gradient(np.array([[1.0, 3.0], AT]))[1], by_hand)
    np.testing.assert_array_equal(hessian(singular, AT, strict=True), [[np.nan, 0.0], [0.0, 2.0]])
    np.testing.assert_array_equal(hessian_result(singular, AT, strict=True).gradient, by_hand)
    with ad.strict():
        np.testing.assert_array_equal(ad.grad(singular)(AT), by_hand)
        with ad.strict(False):
            np.testing.assert_array_equal(ad.grad(singular)(AT), [0.0, 6.0])
    np.testing.assert_array_equal(ad.grad(singular)(AT), [0.0, 6.0])
    assert ad.jvp(singular, strict=True)(AT, [0.0, 1.0])[1] == 6.0  # not along what is not determined
    assert np.isnan(ad.jvp(singular, strict=True)(AT, [1.0, 1.0])[1])


@pytest.mark.filterwarnings("ignore::aadlib.SingularWarning")
def test_sparse_matrices_keep_their_pattern() -> None:
    def f(x):
        return np.sqrt(x[0]) * x[0] + x[1] * x[2] + np.sum(x**2)

    x = np.array([0.0, 1.0, 2.0])
    for options in ({"method": "edge_pushing"}, {"method": "edge_pushing", "cap_active": 9}, {}):
        matrix = hessian(f, x, sparse=True, strict=True, **options).toarray()
        np.testing.assert_array_equal(matrix, [[np.nan, 0, 0], [0, 2, 1], [0, 1, 2]])


def test_lanes_are_counted_and_the_others_left_alone() -> None:
    x = np.array([[0.0, 1.0], [4.0, 1.0], [0.0, 2.0], [1.0, 1.0]])
    program = ad.record(singular, AT).over_lanes()
    with pytest.warns(
        ad.SingularWarning, match=r"not determined in 2 of 4 lanes.*sqrt\(0\) at .*in singular"
    ):
        gradients = program.gradient(x)
    np.testing.assert_allclose(gradients[[1, 3], 0], [3.0, 1.5])
    with pytest.warns(ad.SingularWarning, match=r"in 2 of 4 lanes"):
        _, _, hessians = program.derivatives(x)
    np.testing.assert_allclose(hessians[[1, 3], 0, 0], [0.375, 0.75])


def test_paths_are_counted() -> None:
    def path(p, z):
        return np.sqrt(np.maximum(z, 0.0) + ((p - 1.0) * z) ** 3) + p

    noise = np.array([-1.0, 1.0, 2.0, 0.5, -2.0, 3.0, 4.0, 1.0])
    with pytest.warns(ad.SingularWarning, match=r"not determined in 2 of 8 lanes.*sqrt\(0\)"):
        estimate = expectation(path, 1.0, lanes=noise, order=1)
    assert estimate.gradient[0] == 1.0
    with pytest.warns(ad.SingularWarning):
        strict = expectation(path, 1.0, lanes=noise, order=1, strict=True)
    assert np.isnan(strict.gradient[0]) and np.isnan(strict.gradient_stderr[0])


@pytest.mark.parametrize("x", [0.0, 1.0, -2.0])
def test_truncated_roots_on_paths_are_silent(x: float) -> None:
    """Full truncation, sqrt(max(v, 0)): the infinite slope lies behind the branch that was not taken."""

    def path(p, z):
        return np.exp(-p[0]) * np.sqrt(np.maximum(p[0] * z + p[1], 0.0)) * p[1]

    noise = np.random.default_rng(1).standard_normal(500)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", KinkWarning)
        warnings.simplefilter("ignore", RareEventWarning)
        assert np.isfinite(expectation(path, [1.0, x], lanes=noise).hessian).all()


@pytest.mark.parametrize("inner", [np.sqrt, np.cbrt, lambda x: x**0.25, lambda x: np.arccos(1.0 - x)])
@pytest.mark.parametrize(
    "outer",
    [
        lambda v: np.cos(1.0 - v), lambda v: ad.softplus(-v), lambda v: (1.0 - v) * (2.0 - v),
        lambda v: ad.norm_cdf(-1.0 - v), lambda v: np.maximum(1.0 - v, 0.5) ** 2,
    ],
)  # fmt: skip
def test_infinite_curvature_of_shared_numbers_stays_infinite_in_sums(inner, outer) -> None:
    """A second partial that is zero ends the chain of an infinite tangent: infinity, not NaN."""
    x, z = np.array([0.0, 1.0]), np.linspace(0.1, 0.9, 5)
    program = ad.record(lambda p, z: outer(inner(p[0])) + p[1] * z, x, z, lanes=(1,), passive=(1,))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KinkWarning)
        assert np.array_equal(program.derivatives(x, z)[2], hessian(lambda p: outer(inner(p[0])) + p[1], x))


def test_composites_carry_what_is_not_determined() -> None:
    def f(x):
        return np.linalg.solve(ad.array([[2.0, x[1]], [0.5, 3.0]]), ad.array([np.sqrt(x[0]) * x[0], x[1]]))[0]

    with pytest.warns(ad.SingularWarning, match=r"sqrt\(0\)"):
        gradient = ad.grad(f, strict=True)(np.array([0.0, 1.0]))
    assert np.isnan(gradient[0]) and np.isfinite(gradient[1])


# ---- searches ----------------------------------------------------------------------------------------------


def bisected(a):
    low, high = 0.0, 2.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        if middle * middle > a:
            high = middle
        else:
            low = middle
    return middle


def golden(a):
    low, high = 0.0, 2.0
    for _ in range(60):
        one, other = low + 0.382 * (high - low), low + 0.618 * (high - low)
        low, high = (low, other) if (one - a) ** 2 < (other - a) ** 2 else (one, high)
    return low


@pytest.mark.parametrize(
    "function", [bisected, lambda a: a * bisected(a), lambda a: bisected(a * a) + a, golden]
)
def test_a_search_by_comparisons_is_named(function) -> None:
    with pytest.warns(ad.DecisionWarning, match=r"60 comparisons at .*test_singular\.py:\d+ .*aadlib\.root"):
        ad.grad(function)(0.3)


def newton(a):
    x = 1.0 + 0.0 * a
    while abs(x * x - a) > 1e-12:
        x = x - (x * x - a) / (2.0 * x)
    return x


def barrier(a):
    spot, alive = a, True
    for shock in np.sin(np.arange(50.0)):
        spot = spot * np.exp(0.1 * shock)
        if spot > 0.35:
            alive = False
    return spot if alive else 0.0


@pytest.mark.parametrize(
    "function",
    [
        newton,
        barrier,
        lambda a: sorted([a, a * a, 2 * a, 0.1, 0.5, 0.7, 3 * a])[2],
        lambda a: 0.0 if a < 1.0 else a,
    ],
)
def test_other_decisions_are_not(function) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", ad.DecisionWarning)
        ad.grad(function)(0.3)


def test_an_if_with_a_kink_is_reported_as_maximum_is() -> None:
    def branching(x):
        return x**2 if x > 1.0 else x

    def checked(x):
        assert x > 0.0
        if x < -1.0:
            raise ValueError
        return x**2

    line = branching.__code__.co_firstlineno + 1
    with pytest.warns(KinkWarning, match=rf"if greater at .*test_singular\.py:{line} in branching"):
        hessian(branching, 2.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", KinkWarning)
        hessian(checked, 2.0)
        hessian(lambda x: x**3 if x != 0.0 else x, 2.0)
        hessian(lambda x: np.linalg.solve(np.eye(2) + x[:, None] * x[None, :], x)[0], np.array([1.0, 2.0]))


@pytest.mark.parametrize(
    "function", [np.std, lambda x: np.sqrt(np.var(x)), lambda x: np.hypot(x[0] - x[1], x[1] - x[2])]
)
def test_hessians_of_deviations_of_equal_numbers_are_said(function) -> None:
    """A length at 0 is a corner: its gradient is 0 by decree, its curvature infinite."""
    with pytest.warns(ad.SingularWarning, match=r"(sqrt|hypot)\(0"):
        assert not np.isfinite(hessian(function, [1.0, 1.0, 1.0])).all()
    with pytest.warns(ad.SingularWarning):
        assert np.isnan(hessian(function, [1.0, 1.0, 1.0], strict=True)).any()


def test_series_along_a_direction_agree_with_the_hessian() -> None:
    with pytest.warns(ad.SingularWarning, match=r"sqrt\(0\)"):
        assert taylor_series(singular, AT, [1.0, 1.0]) == (9.0, 6.0, np.inf)
    with pytest.warns(ad.SingularWarning), ad.strict():
        assert np.isnan(taylor_series(singular, AT, [1.0, 1.0])[1:]).all()
    assert taylor_series(singular, AT, [0.0, 1.0]) == (9.0, 6.0, 2.0)  # not along what is not determined
    assert taylor_series(lambda x: np.sqrt(x[0]) ** 2 * x[1], AT, [1.0, 1.0]) == (0.0, 3.0, 2.0)


EDGES = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    2.0,
    -2.0,
    3.0,
    -3.5,
    1e-310,
    -1e-310,
    1e300,
    -1e300,
    1e-160,
    -1e-160,
    710.0,
]


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.name != "power"], ids=lambda rule: rule.name)
def test_sweeps_notice_every_partial_that_is_not_finite(rule):
    """Not that of a power in its exponent at a negative base, NaN: x**3 would be looked at again for it every time."""
    code = CODES[rule.name]

    def applied(x):
        both = record_unary(code, x[0]) if rule.arity == 1 else record_binary(code, x[0], x[1])
        return both + 0.0 * (x[0] + x[1])

    program = ad.record(applied, [0.5, 0.7])
    for x, y in itertools.product(EDGES, EDGES if rule.arity == 2 else [1.0]):
        with program.replay() as replay:
            value = replay.evaluate([[x, y]])[program.outputs[0]]
            if not np.isfinite(value):
                continue
            replay.sweep_adjoints(np.ones(1))
            noticed = [replay.met_infinity()]
            replay.sweep_second_order(replay.values, replay.adjoints, program.unit_directions())
            noticed.append(replay.met_infinity())
        partials = rule_partials(code, x, y if rule.arity == 2 else x, value)
        assert all(seen or np.isfinite(of).all() for seen, of in zip(noticed, partials, strict=True)), (x, y)


@pytest.mark.filterwarnings("ignore::aadlib.SingularWarning")
@pytest.mark.parametrize("method", [m for m in METHODS if m != "bumping2"])
@pytest.mark.parametrize("point", [[0.0, 0.0], [1e200, 1e200], [1e-320, 1e-320]])
def test_infinities_of_both_signs_are_no_numpy_warnings(method, point) -> None:
    def function(x):
        return (
            1e200 * x[0] * 1e200 * x[1] * (x[0] - x[1]) - np.cbrt(x[0]) / x[1] + np.sqrt(x[0]) * np.log(x[1])
        )

    assert not np.isfinite(hessian(ad.record(function, [1.0, 2.0]), point, method=method)).all()
