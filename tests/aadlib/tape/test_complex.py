"""Complex arithmetic of recorded numbers: NumPy's own numbers, derivatives, and pricers by characteristic functions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import aadlib as ad
from aadlib.tape.fourier import FourierTransform
from greeks2 import hessian

POINT = np.array([0.3, 0.7, 1.2])
U = np.linspace(0.1, 2.0, 3)
WEIGHTS = np.arange(1.0, 9.0)


def filled(x):
    out = np.zeros(3, dtype=complex)
    for k in range(3):
        out[k] = np.exp(1j * x[k])
    return (out * out).imag.sum()


def in_place(x):
    z = 1j * x
    z += x
    z *= 2j
    z /= x[0]
    z[1] = x[2] * 1j
    return z.imag.sum() + z[1:].imag.prod()


FUNCTIONS = {
    "exp": lambda x: np.abs(np.exp(1j * x) * x - 0.3).sum(),
    "divide": lambda x: (
        np.real(np.exp((0.3 + 1j) * x) / (1 + 1j * x[0])).sum() + ((1j * x + 1) / (x - 2j)).imag.sum()
    ),
    "divide by plain": lambda x: (
        (x / (1 + 2j)).imag.sum() + ((1 + 2j) / x).imag.prod() + (1 / (1j * x + 2)).real.sum()
    ),
    "sqrt": lambda x: (
        np.sqrt(x - 1j * U).imag.sum() + np.sqrt(-x + 0.1j).real.sum() + np.sqrt(-x - 0.1j).imag.prod()
    ),
    "log": lambda x: (np.log(x + 2j) * np.conj(x * 1j)).real.sum() + np.log10(1j * x - 3).imag.sum(),
    "whole powers": lambda x: (
        ((x + 1j) ** 3).real.sum() + ((x + 1j) ** -2).imag.sum() + ((1j * x) ** 0).real.sum()
    ),
    "powers": lambda x: (
        ((x - 1j) ** 0.5).real.sum() + ((x - 1j) ** 1.3).real.sum() + ((1j * x) ** (1j * x)).real.sum()
    ),
    "exponents": lambda x: (
        (2.0 ** (1j * x)).real.sum() + ((1 + 1j) ** x).imag.sum() + (x ** (1 + 1j)).real.sum()
    ),
    "trigonometry": lambda x: (np.sin(x + 1j) * np.cos(x - 1j) + np.tan(x - 0.5j)).real.prod(),
    "hyperbolics": lambda x: (np.sinh(1j * x + 0.2) + np.cosh(x + 1j) * np.tanh(x + 1j)).real.prod(),
    "expm1": lambda x: (np.expm1(x * (1 + 1j)) * np.log1p(x * (1 - 1j))).imag.prod(),
    "numbers": lambda x: (
        abs(x[0] + 1j * x[1]) + (x[0] * 1j * x[1] * (2 - 3j)).imag ** 2 + (1j * x[0] - x[1]).real ** 3
    ),
    "outer": lambda x: (
        np.exp(1j * np.outer(U, x)).sum(axis=0).imag.prod() + np.multiply.outer(x, 1j * x).imag[0, 1]
    ),
    "matmul": lambda x: (
        ((U + 1j * U) @ x).imag ** 2 + np.dot(x, x * 1j).imag + (np.outer(x, x) @ (x * 1j)).imag.prod()
    ),
    "angle": lambda x: np.angle(x + 1j).sum() + np.imag(x * 1j).prod() + np.angle(x * 1j - 1, deg=True).sum(),
    "trapezoid": lambda x: np.trapezoid(np.exp(1j * x * 2), dx=0.1).real + np.mean(x * 1j).imag ** 2,
    "sums": lambda x: (
        np.cumsum(np.exp(1j * x)).imag.prod() + np.diff(x * 1j).imag.prod() + (x * 1j).sum().imag ** 2
    ),
    "where": lambda x: (
        np.where(U > 1, x * 1j, 2.0).imag.prod() + (np.where(x > 0.5, x * 1j, x + 2j).imag ** 2).sum()
    ),
    "joined": lambda x: np.concatenate([x * 1j, x]).imag.sum() ** 2 + np.stack([x, 1j * x]).T[1, 1].imag ** 2,
    "prod": lambda x: np.prod(x + 1j).real + np.prod(np.outer(x, x) + 1j, axis=1).imag.sum(),
    "list": lambda x: np.exp(np.array([1j * x[0], x[1], 2])).real.prod(),
    "zeros": filled,
    "in place": in_place,
    "conj": lambda x: ((x + 2j) * (x + 2j).conj()).real.prod() + abs(np.vdot(x * 1j, x + 1j)),
    "norm": lambda x: np.linalg.norm(x + 1j) ** 3 + np.polyval([1, 2j, x[0]], x[1] + 1j).real,
    "methods": lambda x: (1j * x).exp().sum().imag if hasattr(1j * x, "exp") else np.exp(1j * x).sum().imag,
    "shapes": lambda x: ((1j * np.outer(x, x)).reshape(9)[1:4].imag ** 2).sum() + len(1j * x) * x[0] ** 2,
    "iteration": lambda x: sum(abs(z + 1) ** 2 for z in 1j * x),
    "branch": lambda x: np.exp(1j * x[0]).real if (1j * x[0]).imag > 0 else x[0],
    "isfinite": lambda x: x[0] ** 2 if np.isfinite(1j * x).all() and np.iscomplexobj(1j * x) else x[1],
    "astype": lambda x: (x.astype(complex) * 1j).imag.prod() + (np.asarray(x, dtype=complex) * 1j).imag.sum(),
    "fft": lambda x: (
        (np.fft.fft(x) * WEIGHTS[:3]).imag.sum() ** 2 + np.abs(np.fft.fft(np.exp(1j * x), 8)).prod()
    ),
    "ifft": lambda x: (
        np.fft.ifft(np.exp(1j * x), norm="ortho").imag.prod() + np.fft.ifft(x, 2, norm="forward").real[1]
    ),
    "rfft": lambda x: (np.abs(np.fft.rfft(x, 5)) ** 2).prod() + np.fft.rfft(x[:2]).real.prod(),
    "irfft": lambda x: np.fft.irfft(np.exp(1j * x)).prod() + np.fft.irfft(np.exp(1j * x), 7) @ WEIGHTS[:7],
    "fft2": lambda x: (
        np.fft.fft2(np.outer(x, x) * 1j).imag[1, 2] + np.fft.ifftn(np.outer(x, x), axes=(0,)).real[1, 2]
    ),
    "shift": lambda x: (
        np.fft.fftshift(np.exp(1j * x)).real @ WEIGHTS[:3] + np.fft.ifftshift(x) @ WEIGHTS[:3] ** 2
    ),
    "convolution": lambda x: (np.fft.ifft(np.fft.fft(x, 8) * np.fft.fft(x, 8)).real @ WEIGHTS) ** 2,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_complex_arithmetic(name):
    function = FUNCTIONS[name]
    program = ad.record(function, POINT)
    assert program.value(POINT) == pytest.approx(float(function(POINT)), rel=1e-13)
    ad.check_grads(function, POINT)
    moved = POINT[::-1] * 1.1
    if name != "branch":
        assert program.value(moved) == pytest.approx(float(function(moved)), rel=1e-12)


ARGUMENTS = [a + 1j * b for a, b in itertools.product((-2.0, -1e-8, 0.3, 5.0), repeat=2)] + [
    1e200 + 1e200j,
    1e-200j,
]


@pytest.mark.parametrize(
    "name", ["exp", "log", "sqrt", "sin", "cos", "tanh", "expm1", "reciprocal", "abs", "square"]
)
def test_values_are_those_of_numpy(name):
    ufunc = getattr(np, name)
    for z in ARGUMENTS:
        with np.errstate(all="ignore"):
            wanted = ufunc(z)
        if not np.isfinite(wanted):
            continue
        program = ad.record(
            lambda x: ad.array(
                [np.real(ufunc(x[0] + 1j * x[1])), np.imag(ufunc(x[0] + 1j * x[1])) + 0.0 * x[0]]
            ),
            [1.0, 1.0],
        )
        found = complex(*program.value([z.real, z.imag]))
        assert abs(found - wanted) <= 1e-13 * max(abs(wanted), 1e-300 if name != "expm1" else 1.0), z


def test_nothing_is_recorded_of_plain_zeros():
    assert ad.record(lambda x: (1j * x).imag, 2.0).n_nodes == 0
    assert ad.record(lambda x: np.exp(1j * x).imag, 2.0).n_nodes == 1
    assert ad.record(lambda x: abs((1j * x[0]) * (1j * x[1])), [2.0, 3.0]).n_nodes == 3


def test_lanes_and_edge_pushing_take_complex_arithmetic(rng):
    function = lambda x: (np.exp(1j * x[0] * U) / (1 + 1j * x[1])).real.prod() + abs(x[2] ** 1.5 + 1j)  # noqa: E731
    points = 0.5 + rng.random((9, 3))
    lanes = ad.record(function, POINT).over_lanes()
    _, _, hessians = lanes.derivatives(points)
    for point, one in zip(points, hessians, strict=True):
        np.testing.assert_allclose(
            one, hessian(function, point, method="edge_pushing"), rtol=1e-12, atol=1e-14
        )


def test_duals_in_complex_arrays():
    x = [ad.Dual(v, [float(k == 1)]) for k, v in enumerate(POINT)]
    growth = lambda x: np.exp(ad.complex_array(0.0, x[0]) * x[1])  # noqa: E731 - a step of the function
    function = lambda x: np.real(growth(x) / ad.complex_array(x[1], x[2]))  # noqa: E731 - called at once
    assert function(x).partials[0] == pytest.approx(ad.grad(function)(POINT)[1], rel=1e-13)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: 1j * x[0], lambda x: x[0] * 1j, lambda x: x[0] + 2j, lambda x: 2j - x[1], lambda x: x[1] / (1 + 2j),
        lambda x: (1 + 2j) / x[1], lambda x: x[1] ** 1j, lambda x: (1 + 2j) ** x[0], lambda x: np.complex128(2j) * x[0],
        lambda x: x[0] * np.complex128(2j), lambda x: np.sum(np.array([1j, 2.0]) * x[1]),
        lambda x: np.exp(1j * x[0] * x[1]) / (1.0 - 1j * x[2]),
    ],
)  # fmt: skip
def test_duals_beside_complex_numbers(function):
    x = [ad.Dual(v, [float(k == j) for j in range(3)]) for k, v in enumerate(POINT)]
    for part in (np.real, np.imag):
        of_part = lambda x, part=part: part(function(x)) + 0.0 * x[0]  # noqa: E731 - called at once
        np.testing.assert_allclose(of_part(x).partials, ad.grad(of_part)(POINT), rtol=1e-13, atol=1e-15)
    assert "ComplexArray" in repr(function(x))


def test_complex_array_of_plain_numbers_is_numpys_own():
    assert ad.complex_array(1.0, 2.0) == 1 + 2j
    np.testing.assert_array_equal(ad.complex_array([1.0, 2.0]), np.array([1.0, 2.0 + 0j]))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: 1j * x[0], "the function returned"),
        (lambda x: complex(x[0]), "x \\+ 0j"),
        (lambda x: float(1j * x[0]), "use its .real"),
        (lambda x: np.maximum(1j * x, 1.0), "np.maximum of complex numbers"),
        (lambda x: np.sort(1j * x), "numpy.sort of complex recorded numbers"),
        (lambda x: np.exp(1j * x, where=x > 0), "with \\['where'\\]"),
        (lambda x: (1j * x).astype(float), "use .real or .imag"),
        (lambda x: 1j * x[0] < 1.0, "of complex numbers"),
    ],
)
def test_what_complex_numbers_refuse(function, message):
    with pytest.raises(ad.AadTypeError, match=message):
        ad.record(function, POINT)


def test_the_rules_of_the_transform():
    ad.check_composite(FourierTransform((2, 4), (1,)), np.arange(16.0) ** 0.5)
    ad.check_composite(FourierTransform((3, 2), (0, 1)), np.arange(12.0) ** 0.5)


# ---- Heston (1993) by its characteristic function ------------------------------------------------------------------

STRIKE, RATE, EXPIRY = 95.0, 0.03, 1.5


def characteristic(z, p):
    """The characteristic function of the logarithm of the forward's growth, in the form without a jump of branch."""
    kappa, theta, sigma, rho, v0 = p[:5]
    b = kappa - rho * sigma * 1j * z
    d = np.sqrt(b**2 + sigma**2 * (1j * z + z**2))
    g = (b - d) / (b + d)
    decay = np.exp(-d * EXPIRY)
    level = kappa * theta / sigma**2 * ((b - d) * EXPIRY - 2 * np.log((1 - g * decay) / (1 - g)))
    return np.exp(level + (b - d) / sigma**2 * (1 - decay) / (1 - g * decay) * v0)


def nodes(edges, n=64):
    x, w = np.polynomial.legendre.leggauss(n)
    spans = list(itertools.pairwise(edges))
    return (
        np.concatenate([(b - a) / 2 * x + (a + b) / 2 for a, b in spans]),
        np.concatenate([(b - a) / 2 * w for a, b in spans]),
    )


def heston_call(p):
    """The call by Lewis (2001), of (kappa, theta, sigma, rho, v0, spot)."""
    u, w = nodes((0.0, 10.0, 30.0, 80.0, 200.0))
    moneyness = np.log(p[5] / STRIKE) + RATE * EXPIRY
    integrand = np.real(np.exp(1j * u * moneyness) * characteristic(u - 0.5j, p)) / (u**2 + 0.25)
    return p[5] - np.sqrt(p[5] * STRIKE) * np.exp(-RATE * EXPIRY / 2) / np.pi * np.sum(w * integrand)


HESTON = np.array([1.7, 0.045, 0.5, -0.6, 0.04, 100.0])
HESTON_PRICE = 14.740490892337306884
HESTON_GRADIENT = [
    0.30037254392909385,
    63.68282136669897,
    -1.3407543203127648,
    -0.2597448610751579,
    34.3042764531712,
    0.7675718775431396,
]
HESTON_HESSIAN = np.array(
    [
        [
            -0.2562322541566639,
            15.705104880169305,
            0.8128914409444497,
            0.03081208253505554,
            -15.060367222649294,
            -0.025932618771230067,
        ],
        [
            15.705104880169305,
            -391.05485355191485,
            -1.3332008459334084,
            4.163746740870873,
            -202.76364392279388,
            -1.1759283819476996,
        ],
        [
            0.8128914409444497,
            -1.3332008459334084,
            -1.8265370854554632,
            0.36210855379768525,
            -7.692657216702484,
            0.13279978784053334,
        ],
        [
            0.03081208253505554,
            4.163746740870873,
            0.36210855379768525,
            -0.6611383404380674,
            3.157590714907767,
            -0.0789918483882856,
        ],
        [
            -15.060367222649294,
            -202.76364392279388,
            -7.692657216702484,
            3.157590714907767,
            -103.39833186779701,
            -0.4537231802649864,
        ],
        [
            -0.025932618771230067,
            -1.1759283819476996,
            0.13279978784053334,
            -0.0789918483882856,
            -0.4537231802649864,
            0.011998534746349826,
        ],
    ]
)
"""By mpmath at 50 digits: Gauss-Legendre with 60 nodes in each part of (0, 10, 30, 80, 200, 400), and differences."""


def test_heston_against_mpmath():
    value, gradient, curvature = ad.record(heston_call, HESTON).derivatives(HESTON)
    assert value == pytest.approx(HESTON_PRICE, rel=1e-13)
    np.testing.assert_allclose(gradient, HESTON_GRADIENT, rtol=1e-11)
    scale = np.abs(HESTON_HESSIAN).max()
    np.testing.assert_allclose(curvature, HESTON_HESSIAN, rtol=1e-9, atol=1e-12 * scale)
    for method in ("edge_pushing", "taylor", "forward_over_reverse"):
        np.testing.assert_allclose(hessian(heston_call, HESTON, method=method), curvature, rtol=1e-9)


def carr_madan(p):
    """Calls at all strikes of a grid by Carr and Madan (1999), one of them by its number."""
    n, eta, alpha = 4096, 0.1, 1.5
    spacing = 2 * np.pi / (n * eta)
    log_strikes = -n * spacing / 2 + spacing * np.arange(n)
    u = eta * np.arange(n)
    forward = np.log(p[5]) + RATE * EXPIRY
    z = u - (alpha + 1) * 1j
    psi = np.exp(-RATE * EXPIRY) * np.exp(1j * z * forward) * characteristic(z, p)
    psi = psi / (alpha**2 + alpha - u**2 + 1j * (2 * alpha + 1) * u)
    simpson = eta / 3 * (3 + (-1.0) ** np.arange(1, n + 1))
    simpson[0] = eta / 3
    series = np.fft.fft(np.exp(1j * u * n * spacing / 2) * psi * simpson)
    calls = np.exp(-alpha * log_strikes) / np.pi * series.real
    nearest = n // 2 + round(float(np.log(STRIKE)) / spacing)
    return calls[nearest], np.exp(log_strikes[nearest])


def test_calls_by_the_fast_fourier_transform():
    """The strike of the grid that is next to ours, against the integral at it."""
    strike = carr_madan(HESTON)[1]
    program = ad.record(lambda p: carr_madan(p)[0], HESTON)

    def integral(p):
        u, w = nodes((0.0, 10.0, 30.0, 80.0, 200.0))
        moneyness = np.log(p[5] / strike) + RATE * EXPIRY
        integrand = np.real(np.exp(1j * u * moneyness) * characteristic(u - 0.5j, p)) / (u**2 + 0.25)
        return p[5] - np.sqrt(p[5] * strike) * np.exp(-RATE * EXPIRY / 2) / np.pi * np.sum(w * integrand)

    value, gradient, curvature = program.derivatives(HESTON)
    other_value, other_gradient, other_curvature = ad.record(integral, HESTON).derivatives(HESTON)
    assert value == pytest.approx(other_value, rel=1e-12)
    np.testing.assert_allclose(gradient, other_gradient, rtol=1e-10)
    np.testing.assert_allclose(
        curvature, other_curvature, rtol=1e-9, atol=1e-11 * np.abs(other_curvature).max()
    )
