"""Roots and fixed points: exact to second order whatever solver found them, solved again by every replay and lane."""

from __future__ import annotations

import pickle
import time

import mpmath
import numpy as np
import pytest
from mpmath import mp, mpf
from scipy.optimize import brentq, fsolve, newton, root_scalar

import aadlib as ad
from greeks2 import Normals, cross_check, expectation, hessian


def call_price(spot, strike, volatility, expiry):
    deviation = volatility * np.sqrt(expiry)
    d = np.log(spot / strike) / deviation + 0.5 * deviation
    return spot * ad.norm_cdf(d) - strike * ad.norm_cdf(d - deviation)


def implied_volatility(p):
    """Volatility of (price, spot, strike, expiry)."""
    return ad.root(lambda v, q: call_price(q[1], q[2], v, q[3]) - q[0], 0.3, p)


def mp_root(equation, start, *params):
    return mpmath.findroot(lambda x: equation(x, *params), start, tol=1e-60, maxsteps=200)


def mp_hessian(function, point):
    """Second derivatives by central differences at 60 digits."""
    n, h = len(point), mpf(10) ** -12
    point = [mpf(x) for x in point]

    def at(*moves):
        x = list(point)
        for k, sign in moves:
            x[k] += sign * h
        return function(*x)

    def entry(i, j):
        if i == j:
            return (at((i, 1)) - 2 * at() + at((i, -1))) / h**2
        corners = [(a * b, at((i, a), (j, b))) for a in (1, -1) for b in (1, -1)]
        return sum(sign * value for sign, value in corners) / (4 * h**2)

    return np.array([[float(entry(i, j)) for j in range(n)] for i in range(n)])


def agree(found, true):
    np.testing.assert_allclose(found, true, rtol=0, atol=1e-12 * np.abs(true).max())


def test_second_derivatives_of_implied_volatility():
    point = np.array([12.0, 100.0, 98.0, 1.25])

    def equation(v, price, spot, strike, expiry):
        deviation = v * mpmath.sqrt(expiry)
        d = mpmath.log(spot / strike) / deviation + deviation / 2
        return spot * mpmath.ncdf(d) - strike * mpmath.ncdf(d - deviation) - price

    with mp.workdps(60):
        agree(
            hessian(implied_volatility, point),
            mp_hessian(lambda *p: mp_root(equation, mpf("0.3"), *p), point),
        )


def test_second_derivatives_of_a_bond_yield():
    times = np.arange(0.5, 10.5, 0.5)

    def bond_yield(p):
        """Yield of (price, coupon)."""
        present = lambda y, price, coupon: (  # noqa: E731
            np.sum(coupon / 2 * np.exp(-y * times)) + 100.0 * np.exp(-y * times[-1]) - price
        )
        return ad.root(present, 0.05, p[0], p[1], solver=lambda f, x0: brentq(f, -0.5, 1.0))

    def equation(y, price, coupon):
        legs = sum(coupon / 2 * mpmath.exp(-y * mpf(t)) for t in times)
        return legs + 100 * mpmath.exp(-y * mpf(times[-1])) - price

    point = [97.0, 4.5]
    with mp.workdps(60):
        agree(hessian(bond_yield, point), mp_hessian(lambda *p: mp_root(equation, mpf("0.05"), *p), point))


def test_second_derivatives_of_a_par_swap_rate_in_closed_form():
    """The par rate is a ratio: (1 - discount to the end) / annuity."""
    times = np.arange(1.0, 11.0)

    def discounts(z):
        return np.exp(-z * times)

    def by_root(z):
        return ad.root(lambda k, z: k * np.sum(discounts(z)) - (1.0 - discounts(z)[-1]), 0.03, z)

    def closed(z):
        return (1.0 - discounts(z)[-1]) / np.sum(discounts(z))

    z = 0.02 + 0.001 * times
    assert by_root(z) == pytest.approx(closed(z), rel=1e-15)
    agree(ad.grad(by_root)(z), ad.grad(closed)(z))
    agree(hessian(by_root, z), hessian(closed, z))


def coupled(x, a, b):
    return [x[0] ** 2 + a * x[1] - b, np.exp(x[1]) - a * x[2] - x[0], x[2] ** 3 + x[0] * x[1] * b - a - 3.0]


def test_second_derivatives_of_a_system():
    start = np.array([1.0, 0.5, 1.3])
    point = [0.7, 1.6]

    def component(k):
        def equation(a, b):
            system = lambda x, y, z: [  # noqa: E731
                x**2 + a * y - b,
                mpmath.exp(y) - a * z - x,
                z**3 + x * y * b - a - 3,
            ]
            return mpmath.findroot(system, [mpf(s) for s in (1.0, 0.5, 1.3)], tol=1e-80, maxsteps=100)[k]

        return equation

    with mp.workdps(60):
        for k in range(3):
            found = hessian(lambda p, k=k: ad.root(coupled, start, p[0], p[1])[k], point)
            agree(found, mp_hessian(component(k), point))


@pytest.mark.parametrize(
    "solver",
    [
        None,
        lambda f, x0: brentq(f, 0.0, 3.0),
        lambda f, x0: brentq(f, 0.0, 3.0, xtol=1e-7, full_output=True),
        lambda f, x0: root_scalar(f, bracket=(0.0, 3.0)),
        lambda f, x0: newton(f, x0, tol=1e-6),
        lambda f, x0: fsolve(f, x0),
    ],
)
def test_any_solver_gives_the_same_numbers(solver):
    root = lambda a: ad.root(lambda x, a: x**3 - a, 1.0, a, solver=solver)  # noqa: E731
    program = ad.record(root, 2.0)
    value, gradient, curvature = program.derivatives(np.float64(2.0))
    assert value == pytest.approx(2.0 ** (1 / 3), rel=1e-15)
    assert float(np.ravel(gradient)[0]) == pytest.approx(2.0 ** (-2 / 3) / 3, rel=1e-14)
    assert float(np.ravel(curvature)[0]) == pytest.approx(-(2.0 ** (-5 / 3)) * 2 / 9, rel=1e-13)
    assert root(2.0) == pytest.approx(value, rel=1e-15)


def test_replays_solve_again():
    point = np.array([12.0, 100.0, 98.0, 1.25])
    program = ad.record(implied_volatility, point)
    moved = np.array([31.0, 110.0, 85.0, 0.4])
    assert program.value(moved) == pytest.approx(implied_volatility(moved), rel=1e-15)
    agree(program.hessian(moved), hessian(implied_volatility, moved))


def test_every_lane_solves(rng):
    point = np.array([12.0, 100.0, 98.0, 1.25])
    scenarios = point * (1.0 + 0.15 * rng.random((37, 4)))
    lanes = ad.record(implied_volatility, point).over_lanes()
    values, gradients, hessians = lanes.derivatives(scenarios)
    np.testing.assert_array_equal(lanes.value(scenarios), values)
    for k, scenario in enumerate(scenarios):
        assert values[k] == pytest.approx(implied_volatility(scenario), rel=1e-14)
        agree(gradients[k], ad.grad(implied_volatility)(scenario))
        agree(hessians[k], hessian(implied_volatility, scenario))


def test_lane_and_shared_arguments_and_roots_of_roots():
    def function(a, z):
        inner = ad.root(lambda x, a: x**3 - a, 1.0, a * z)
        outer = ad.root(lambda x, b, z: x * np.exp(x) - b * z, 0.5, inner, z)
        return ad.root(lambda x, a: x**2 - a, 1.0, a) * outer

    z = np.array([0.5, 1.0, 1.7])
    program = ad.record(function, 2.0, z, lanes=(1,), passive=(1,))
    value, gradient = program.value_and_gradient(2.3, z)
    one_by_one = [ad.value_and_grad(lambda a, k=k: function(a, k))(2.3) for k in z]
    np.testing.assert_allclose(value, [v for v, _ in one_by_one], rtol=1e-14)
    assert gradient == pytest.approx(sum(g for _, g in one_by_one), rel=1e-13)
    _, _, curvature = program.derivatives(2.3, z)
    assert curvature[0, 0] == pytest.approx(
        sum(hessian(lambda a, k=k: function(a[0], k), [2.3])[0, 0] for k in z), rel=1e-12
    )
    active = ad.record(function, 2.0, z, lanes=(1,))
    np.testing.assert_allclose(
        active.gradient(2.3, z)[1], [ad.grad(lambda z: function(2.3, z))(k) for k in z], rtol=1e-13
    )
    with pytest.raises(ad.AadTypeError, match="recorded with 2 arguments, got 1"):
        active.value(2.3)


def test_the_lane_that_fails_is_named():
    program = ad.record(lambda a, z: ad.root(lambda x, a: x**2 - a, 1.0, a * z), 1.0, [1.0, 2.0], lanes=(1,))
    with pytest.raises(ad.NotConverged, match=r"lane 1: ad\.root: no root"):
        program.value(1.0, [4.0, -4.0])


def test_means_over_paths_that_solve(rng):
    def path(p, z):
        level = p[0] * np.exp(p[1] * z[0] - 0.5 * p[1] ** 2)
        return ad.root(lambda x, a: x**3 + x - a, 1.0, level) ** 2 * np.exp(-0.1 * level)

    noise, point = rng.standard_normal((50, 1)), np.array([1.1, 0.3])
    found = expectation(path, point, lanes=noise, order=2)
    mean = lambda p: sum(path(p, z) for z in noise) / len(noise)  # noqa: E731
    assert found.value == pytest.approx(mean(point), rel=1e-13)
    np.testing.assert_allclose(found.gradient, ad.grad(mean)(point), rtol=1e-12)
    np.testing.assert_allclose(found.hessian, hessian(mean, point), rtol=1e-11)
    recorded = ad.record(path, point, noise, lanes=(1,), passive=(1,))
    np.testing.assert_array_equal(expectation(recorded, point, lanes=noise, order=2).hessian, found.hessian)
    kinked = lambda p, z: np.maximum(path(p, z) - 0.3, 0.0)  # noqa: E731
    with pytest.raises(ad.AadTypeError, match="solves for numbers in every path"):
        expectation(kinked, point, lanes=Normals(n_paths=100, shape=(1,), seed=1), order=2, smoothing="kink")


def test_duals():
    point = [12.0, 100.0, 98.0, 1.25]
    wanted = hessian(implied_volatility, point)
    gradient = ad.grad(implied_volatility)(point)
    for i in range(4):
        for j in range(4):
            nested = [
                ad.Dual(ad.Dual(x, [float(k == i)]), [ad.Dual(float(k == j), [0.0])])
                for k, x in enumerate(point)
            ]
            found = implied_volatility(nested)
            assert found.value.partials[0] == pytest.approx(gradient[i], rel=1e-12)
            assert found.partials[0].partials[0] == pytest.approx(wanted[i, j], rel=1e-11, abs=1e-14)


def test_solvers_that_search_by_comparisons_leave_no_kink():
    """Pivots and the steps of a bisection are no decisions of the result: a KinkWarning would be an error here."""

    def bisection(function, start):
        low, high = 0.0, 4.0
        while high - low > 1e-15:
            middle = 0.5 * (low + high)
            low, high = (low, middle) if function(middle) > 0.0 else (middle, high)
            if middle in (low, high) and high - low < 1e-14:
                break
        return 0.5 * (low + high)

    def root(x):
        return x[0] * ad.root(lambda s, p: s * s - p, 1.0, x[0], solver=bisection)

    assert hessian(root, [2.0])[0, 0] == pytest.approx(0.75 / np.sqrt(2.0), rel=1e-12)
    assert np.isfinite(
        hessian(lambda x: np.linalg.slogdet(ad.array([[x[0], 2.0], [1.0, x[1]]]))[1], [1.0, 3.0])
    ).all()


def test_every_method_that_takes_composites_agrees():
    assert cross_check(implied_volatility, [12.0, 100.0, 98.0, 1.25]).worst < 1e-6


def test_fixed_points():
    """Kepler's equation, and a contraction whose fixed point is the golden ratio."""
    kepler = lambda m: ad.fixed_point(lambda e, m, ecc: m[0] + ecc * np.sin(e), 1.0, m, m[1])  # noqa: E731
    anomaly = kepler([0.8, 0.3])
    c, s = np.cos(anomaly), np.sin(anomaly)
    slope = 1.0 / (1.0 - 0.3 * c)
    np.testing.assert_allclose(ad.grad(kepler)([0.8, 0.3]), [slope, s * slope], rtol=1e-13)
    assert hessian(kepler, [0.8, 0.3])[0, 0] == pytest.approx(-0.3 * s * slope**3, rel=1e-12)
    golden = lambda a: ad.fixed_point(lambda x, a: np.sqrt(a + x), np.ones(2), a * np.ones(2))[1]  # noqa: E731
    assert golden(1.0) == pytest.approx((1 + 5**0.5) / 2, rel=1e-15)
    assert ad.grad(golden)(1.0) == pytest.approx(1 / 5**0.5, rel=1e-14)
    expanding = lambda a: ad.fixed_point(lambda x, a: a * x**3, 0.9, a)  # noqa: E731
    assert ad.grad(expanding)(1.0) == pytest.approx(0.0, abs=1e-12)  # iteration goes to 0


def test_a_function_that_branches_is_solved_on_the_branch_of_the_root():
    function = lambda a: ad.root(lambda x, a: x**3 - a if x > 0.5 else x - a, 1.0, a)  # noqa: E731
    program = ad.record(function, 1.0)
    assert program.value(8.0) == pytest.approx(2.0)
    with pytest.raises(ad.BranchChanged):
        program.value(0.01)
    assert ad.record(function, 1.0, on_branch_change="retrace").value(0.1) == pytest.approx(0.1)


def test_functions_that_write_into_float_arrays_solve_too():
    """The function of the root, and the one around it, are both run once more."""

    def equations(x, a):
        out = np.zeros(2)
        out[0] = x[0] ** 2 - a
        out[1] = x[0] * x[1] - 1.0
        return out

    def function(p):
        kept = np.zeros(3)
        kept[0] = ad.root(equations, [1.0, 1.0], p[0])[1]
        kept[1] = p[1] * kept[0]
        return kept.sum()

    point = [4.0, 3.0]
    np.testing.assert_allclose(ad.grad(function)(point), [-4.0 / 16.0, 0.5], rtol=1e-13)
    assert hessian(function, point)[0, 0] == pytest.approx(4.0 * 0.75 * 4.0**-2.5, rel=1e-12)


def cube(x, a):
    return x**3 - a


def rooted(a):
    return ad.root(cube, 1.0, a)


def test_programs_with_roots_pickle():
    program = pickle.loads(pickle.dumps(ad.record(rooted, 2.0)))
    assert program.gradient(8.0) == pytest.approx(1 / 12, rel=1e-14)
    with pytest.raises(ad.AadTypeError, match="does not run over lanes"):
        program.over_lanes()
    lanes = ad.record(rooted, 2.0).over_lanes()
    np.testing.assert_allclose(pickle.loads(pickle.dumps(lanes)).value([1.0, 8.0, 27.0]), [1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (lambda a: ad.root(lambda x, a: (x - a) ** 2, 1.0, a), ad.SingularMatrix, "singular at the root"),
        (lambda a: ad.root(lambda x, a: (x - a) ** 2, 2.0, a), ad.SingularMatrix, "singular at the root"),
        (lambda a: ad.root(lambda x, a: a - 2.0, 1.0, a), ad.SingularMatrix, "says nothing about x"),
        (
            lambda a: ad.root(lambda x, a: [x[0] + x[1] - a, 2 * x[0] + 2 * x[1] - 2 * a], [1.0, 2.0], a)[0],
            ad.SingularMatrix,
            "singular at the root",
        ),
        (lambda a: ad.root(lambda x, a: x**2 + a, 1.0, a), ad.NotConverged, "no root found from x0 = 1.0"),
        (lambda a: ad.root(lambda x, a: np.exp(x) + a, 1.0, a), ad.NotConverged, "no root found"),
        (lambda a: ad.root(lambda x, a: np.log(x) - a, -1.0, a), ad.NotConverged, "not finite"),
        (
            lambda a: ad.root(lambda x, a: x - a, 0.0, a, solver=lambda f, x0: brentq(f, 5.0, 6.0)),
            ad.NotConverged,
            "the solver failed",
        ),
        (
            lambda a: ad.root(lambda x, a: x - a, 0.0, a, solver=lambda f, x0: None),
            ad.AadTypeError,
            "returned None",
        ),
        (lambda a: ad.root(lambda x, a: x - a, 0.0, a, solver="brentq"), ad.AadTypeError, "not callable"),
        (lambda a: ad.root(2.0, 0.0, a), ad.AadTypeError, "not callable"),
        (lambda a: ad.root(lambda x: x**2 - a, 1.0), ad.AadTypeError, "not among its arguments"),
        (lambda a: ad.root(lambda x, a: [x - a, x], 1.0, a), ad.AadValueError, r"returned shape \(2,\)"),
        (lambda a: ad.root(lambda x, a: x - a, np.nan, a), ad.AadValueError, "x0 = nan"),
    ],
)
def test_what_has_no_root_says_why(function, error, message):
    with pytest.raises(error, match=message):
        ad.grad(function)(2.0)


@pytest.mark.parametrize(
    "function",
    [
        lambda a: brentq(lambda x: x**2 - a, 0.0, 5.0),
        lambda a: root_scalar(lambda x: x**2 - a, bracket=(0.0, 5.0)).root,
        lambda a: fsolve(lambda x: x**2 - a, 1.0)[0],
        lambda a: newton(lambda x: x**2 - a, 1.0),
        lambda a: newton(lambda x: x**2 - a, 1.0, fprime=lambda x: 2 * x),
    ],
)
def test_solvers_of_scipy_on_recorded_numbers_name_the_root(function):
    with pytest.raises(ad.AadTypeError, match=r"ad\.root\(f, x0, \*params\)"):
        ad.grad(function)(2.0)


def test_a_solver_that_ends_with_another_error_names_the_root(monkeypatch):
    """SciPy's compiled loops go on after a number was refused; what they say in the end depends on the interpreter."""
    zeros = pytest.importorskip("scipy.optimize._zeros_py")

    class Compiled:
        def _brentq(self, f, a, b, *options):
            f(a), f(b)
            raise ValueError("f(a) and f(b) must have different signs")

    monkeypatch.setattr(zeros, "_zeros", Compiled())
    with pytest.raises(ad.AadTypeError, match=r"ad\.root\(f, x0, \*params\)"):
        ad.grad(lambda a: brentq(lambda x: x**2 - a, 0.0, 5.0))(2.0)


def test_cost_beyond_the_solve():
    """Beyond the solver a replay with its Hessian costs less than three Newton steps on recorded numbers."""
    point = np.array([12.0, 100.0, 98.0, 1.25])
    program = ad.record(implied_volatility, point)
    solve = program.composites[0].operation

    def newton_step():
        return ad.value_and_grad(lambda v: call_price(100.0, 98.0, v, 1.25) - 12.0)(0.3)

    def solver_alone():
        inner, z = solve._idle[0], np.concatenate([[0.3], point])

        def of_x(x):
            z[0] = np.asarray(x).ravel()[0]
            return np.full(np.shape(x), inner.value(z))

        solve.solver(of_x, 0.3)

    def seconds(work):
        work()
        times = []
        for _ in range(25):
            begin = time.process_time_ns()
            work()
            times.append(time.process_time_ns() - begin)
        return np.median(times)

    beyond = seconds(lambda: program.derivatives(point)) - seconds(solver_alone)
    assert beyond < 3.0 * seconds(newton_step)
