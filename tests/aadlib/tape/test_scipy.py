"""SciPy inside a recorded function: special functions against mpmath, and one sentence for what cannot be recorded."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import scipy
import scipy.integrate
import scipy.interpolate
import scipy.linalg
import scipy.optimize
import scipy.special as special
import scipy.stats as stats
from mpmath import mp, mpf

import aadlib as ad
from greeks2 import KinkWarning, hessian

SPECIAL = {
    "ndtr": (special.ndtr, mpmath.ncdf),
    "log_ndtr": (special.log_ndtr, lambda t: mpmath.log(mpmath.ncdf(t))),
    "ndtri": (special.ndtri, lambda p: mpmath.sqrt(2) * mpmath.erfinv(2 * p - 1)),
    "erf": (special.erf, mpmath.erf),
    "erfc": (special.erfc, mpmath.erfc),
    "erfinv": (special.erfinv, mpmath.erfinv),
    "erfcinv": (special.erfcinv, lambda t: mpmath.erfinv(1 - t)),
    "expit": (special.expit, lambda t: 1 / (1 + mpmath.exp(-t))),
    "log_expit": (special.log_expit, lambda t: -mpmath.log1p(mpmath.exp(-t))),
    "logit": (special.logit, lambda t: mpmath.log(t / (1 - t))),
    "log1p": (special.log1p, mpmath.log1p),
    "expm1": (special.expm1, mpmath.expm1),
    "exp2": (special.exp2, lambda t: mpf(2) ** t),
    "exp10": (special.exp10, lambda t: mpf(10) ** t),
    "cbrt": (special.cbrt, mpmath.cbrt),
    "gamma": (special.gamma, mpmath.gamma),
    "rgamma": (special.rgamma, mpmath.rgamma),
    "gammaln": (special.gammaln, mpmath.loggamma),
    "loggamma": (special.loggamma, mpmath.loggamma),
    "psi": (special.psi, mpmath.digamma),
    "digamma": (special.digamma, mpmath.digamma),
    "beta": (lambda t: special.beta(t, 2.5), lambda t: mpmath.beta(t, 2.5)),
    "betaln": (lambda t: special.betaln(1.5, t), lambda t: mpmath.log(mpmath.beta(1.5, t))),
    "xlogy": (lambda t: special.xlogy(t, t), lambda t: t * mpmath.log(t)),
    "xlog1py": (lambda t: special.xlog1py(2.0, t), lambda t: 2 * mpmath.log1p(t)),
    "entr": (special.entr, lambda t: -t * mpmath.log(t)),
    "rel_entr": (lambda t: special.rel_entr(t, 0.4), lambda t: t * mpmath.log(t / mpf(0.4))),
    "kl_div": (
        lambda t: special.kl_div(0.4, t),
        lambda t: mpf(0.4) * mpmath.log(mpf(0.4) / t) - mpf(0.4) + t,
    ),
    "boxcox": (lambda t: special.boxcox(t, 0.5), lambda t: (mpmath.sqrt(t) - 1) * 2),
    "boxcox of 0": (lambda t: special.boxcox(t, 0.0), mpmath.log),
    "huber": (lambda t: special.huber(1.0, t), lambda t: t**2 / 2),
    "softmax": (lambda t: special.softmax(np.stack([t, 2 * t]))[0], lambda t: 1 / (1 + mpmath.exp(t))),
}
SCIPY = tuple(map(int, scipy.__version__.split(".")[:2]))


@pytest.mark.parametrize("name", SPECIAL)
def test_special_functions_and_their_second_derivatives(name):
    if name == "softmax" and SCIPY < (1, 16):
        pytest.skip("a SciPy whose softmax refuses object arrays: the error says what to use")
    function, true = SPECIAL[name]
    point = 0.3
    with mp.workdps(40):
        wanted = [float(mpmath.diff(true, mpf(point), order)) for order in range(3)]
    program = ad.record(lambda x: function(x[0]), [point], on_branch_change="retrace")
    value, gradient, matrix = program.derivatives([point])
    np.testing.assert_allclose([value, gradient[0], matrix[0, 0]], wanted, rtol=2e-14, atol=1e-14)
    several = ad.record(lambda x: np.sum(function(x)), np.full(2, point), on_branch_change="retrace")
    if name != "softmax":
        np.testing.assert_allclose(several.gradient(np.full(2, point)), wanted[1], rtol=2e-14)
        dual = function(ad.Dual(point, [1.0]))
        np.testing.assert_allclose([dual.value, dual.partials[0]], wanted[:2], rtol=2e-14)


@pytest.mark.parametrize("x", [-5.0, -20.0, -37.0, -39.0, -60.0, -1e4])
def test_tails_of_the_logarithm_of_the_distribution(x):
    with mp.workdps(60):
        log_tail = lambda t: mpmath.log(mpmath.erfc(-t / mpmath.sqrt(2)) / 2)  # noqa: E731
        wanted = [float(mpmath.diff(log_tail, mpf(x), order)) for order in range(3)] if x > -1e3 else None
    value, gradient, matrix = ad.record(lambda v: ad.log_norm_cdf(v[0]), [x]).derivatives([x])
    wanted = wanted or [special.log_ndtr(x), -x + 1 / -x, -1.0 + 1 / x**2]
    np.testing.assert_allclose([value, gradient[0], matrix[0, 0]], wanted, rtol=1e-13)


def test_rules_of_integration_that_are_recorded():
    grid = np.linspace(0.0, 1.0, 201)
    exact = (1.0 - np.exp(-2.0) * 5.0) / 4.0  # of t**2 exp(-2 t), the second derivative of the integral
    for rule in (
        lambda a: scipy.integrate.fixed_quad(lambda t: np.exp(-a * t), 0.0, 1.0, n=20)[0],
        lambda a: scipy.integrate.simpson(np.exp(-a * grid), x=grid),
        lambda a: scipy.integrate.cumulative_simpson(np.exp(-a * grid), x=grid)[-1],
    ):
        try:
            found = ad.record(lambda x, rule=rule: rule(x[0]), [2.0]).hessian([2.0])[0, 0]
        except ad.AadTypeError as error:
            assert "write the rule" in str(error)
        else:
            assert found == pytest.approx(exact, rel=1e-8)


KNOTS = np.linspace(0.0, 3.0, 7)
SPLINE = scipy.interpolate.CubicSpline(KNOTS, KNOTS**3)

REFUSED = {
    r"use ad\.norm_cdf\(z\)": lambda x: stats.norm.cdf(x),
    r"use ad\.norm_pdf\(z\) / scale": lambda x: stats.norm.pdf(x, 0.1, 2.0),
    r"use ad\.norm_cdf\(-z\)": lambda x: stats.norm.sf(x),
    r"use loc \+ scale \* ad\.norm_ppf\(x\)": lambda x: stats.norm.ppf(x),
    r"use loc - scale": lambda x: stats.norm.isf(x),
    r"use ad\.log_norm_cdf\(z\)": lambda x: stats.norm.logcdf(x),
    r"use ad\.log_norm_cdf\(-z\)": lambda x: stats.norm(0.0, 1.0).logsf(x),
    r"in norm\.logpdf": lambda x: stats.norm(0.1 * x, x).logpdf(0.3),
    r"in norm\.cdf\(\)": lambda x: stats.norm.cdf(np.array([x, 0.2]))[0],
    r"in pdf\(\).*write other densities": lambda x: stats.t.pdf(x, 4.0),
    r"fixed_quad, simpson": lambda x: scipy.integrate.quad(lambda t: t * x, 0.0, 1.0)[0],
    r"of differential equations": lambda x: scipy.integrate.solve_ivp(lambda t, y: -x * y, (0, 1), [1.0]).y[
        0, -1
    ],
    r"linear in its values": lambda x: SPLINE(x),
    r"those of np\.linalg": lambda x: scipy.linalg.solve(np.array([[x, 1.0], [1.0, 3.0]]), np.ones(2))[0],
    r"np\.logaddexp\.reduce": lambda x: special.logsumexp(ad.array([x, 1.0])),
    r"ufunc 'j0' cannot be recorded": lambda x: special.j0(x),
    r"root of its gradient": lambda x: scipy.optimize.minimize(lambda y: (y[0] - x) ** 2, [1.0]).x[0],
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_scipy_compiles_says_what_to_use_instead(message):
    with pytest.raises(ad.AadTypeError, match=message):
        ad.grad(REFUSED[message])(0.6)


def test_errors_of_scipy_that_have_another_cause_stay_what_they_are():
    with pytest.raises(ValueError, match="different signs"):
        ad.grad(lambda x: x * scipy.optimize.brentq(lambda t: t**2 + 1.0, 0.0, 1.0))(0.6)


def test_splines_as_weights():
    """What the message proposes: a spline of recorded values."""
    spline = lambda y: scipy.interpolate.CubicSpline(KNOTS, np.eye(7))(1.2) @ y**2  # noqa: E731
    assert ad.grad(spline)(KNOTS) @ KNOTS == pytest.approx(2.0 * spline(KNOTS), rel=1e-13)


def test_kinks_of_functions_written_with_several_rows_stand_at_their_call():
    with pytest.warns(KinkWarning, match=r"absolute at .*test_scipy\.py:\d+ in <lambda>"):
        assert hessian(lambda x: special.huber(1.0, x[0]), [0.3])[0, 0] == 1.0


MIXED = lambda x: np.array([[x, 1.0], [0.5, 2.0]])  # noqa: E731 - a plain array of objects
COEFFICIENTS = lambda x: [x, -3.0, 1.0]  # noqa: E731


@pytest.mark.parametrize(
    ("message", "function"),
    [
        (r"eigh.*ad\.root.*det", lambda x: np.linalg.eigvals(ad.array(MIXED(x)))[0]),
        (r"eigh.*ad\.root.*det", lambda x: np.linalg.eig(MIXED(x))[0][0]),
        (r"whole number", lambda x: np.linalg.matrix_rank(MIXED(x)) * x),
        (r"np\.linalg\.inv", lambda x: np.linalg.tensorinv(MIXED(x), ind=1)[0, 0]),
        (r"np\.linalg\.solve", lambda x: np.linalg.tensorsolve(MIXED(x), np.ones(2))[0]),
        (r"ad\.root.*polyval", lambda x: np.roots(COEFFICIENTS(x))[0]),
        (r"ad\.root.*polyval", lambda x: np.polynomial.Polynomial(COEFFICIENTS(x)).roots()[0]),
        (r"ad\.root.*polyval", lambda x: np.polynomial.chebyshev.chebroots(COEFFICIENTS(x))[0]),
        (r"np\.polyfit", lambda x: np.polynomial.polynomial.polyfit(np.arange(3.0), COEFFICIENTS(x), 1)[0]),
        (r"np\.mean\(\.\.\., where=\) cannot", lambda x: np.mean(ad.array([x, 1.0]), where=[True, False])),
        (r"np\.var\(\.\.\., correction=\) cannot", lambda x: np.var(ad.array([x, 1.0]), correction=1)),
        (r"np\.cov\(\.\.\., aweights=\) cannot", lambda x: np.cov(ad.array([x, 1.0]), aweights=[1.0, 2.0])),
        (r"polydiv cannot be recorded", lambda x: np.polydiv(ad.array(COEFFICIENTS(x)), [1.0, 1.0])[0][0]),
    ],
)
def test_functions_of_numpy_that_are_not_recorded_say_what_to_use(message, function):
    with pytest.raises(ad.AadTypeError, match=message):
        ad.grad(function)(2.0)


def test_an_error_of_a_function_that_numpy_calls_is_its_own():
    with pytest.raises(AttributeError, match="volatility"):
        ad.grad(lambda x: np.apply_along_axis(lambda row: row[0].volatility, 0, ad.array([x, x])))(2.0)


def test_what_is_said_instead_of_roots_and_eigenvalues_is_right():
    def largest(a):
        start = np.linalg.eigvals(ad.value_of(a)).real.max()
        return ad.root(lambda v, a: np.linalg.det(a - v * np.eye(2)), start, a)

    a = np.array([[2.0, 1.0], [0.5, 3.0]])
    values, vectors = np.linalg.eig(a)
    k = values.real.argmax()
    wanted = np.outer(np.linalg.inv(vectors)[k], vectors[:, k]).real
    np.testing.assert_allclose(ad.grad(largest)(a), wanted, rtol=1e-12)

    def root(c):
        return ad.root(lambda z, c: np.polyval(c, z), np.roots(ad.value_of(c)).real.max(), c)

    np.testing.assert_allclose(ad.grad(root)([1.0, -3.0, 2.0]), [-4.0, -2.0, -1.0], rtol=1e-12)
