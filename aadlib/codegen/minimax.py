"""Where the polynomials of `elementary.h` come from: `python -m aadlib.codegen.minimax` prints them.

Needs mpmath. Each is the polynomial of its degree with the smallest largest error, by Remez's exchange of the points at
which the error is largest (Remez 1934), rounded to doubles.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

DIGITS = 50
"""Decimal digits of the arithmetic."""


@dataclass(frozen=True)
class Polynomial:
    """What a polynomial stands for: a function (mpmath, number), on an interval whose ends mpmath gives."""

    name: str
    degree: int
    ends: Callable[[Any], tuple[Any, Any]]
    function: Callable[[Any, Any], Any]


def exp_tail(mp: Any, r: Any) -> Any:
    """Return (e^r - 1 - r - r^2 / 2) / r^3."""
    return (mp.expm1(r) - r - r * r / 2) / r**3 if abs(r) > mp.mpf(10) ** -12 else mp.mpf(1) / 6 + r / 24


def log_tail(mp: Any, z: Any) -> Any:
    """Return (2 artanh(s) - 2 s) / s^3 with s = sqrt(z)."""
    s = mp.sqrt(z)
    return (2 * mp.atanh(s) - 2 * s) / s**3 if z else mp.mpf(2) / 3


def erfc_factor(mp: Any, t: Any) -> Any:
    """Return (1 + 2 x) exp(x^2) erfc(x) with x = 4 (1 + t) / (1 - t) (Shepherd and Laframboise 1981)."""
    x = 4 * (1 + t) / (1 - t)
    return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)


def erf_slope(mp: Any, z: Any) -> Any:
    """Return erf(x) / x with x = sqrt(z)."""
    x = mp.sqrt(z)
    return mp.erf(x) / x if z else 2 / mp.sqrt(mp.pi)


def half_ln2(mp: Any) -> tuple[Any, Any]:
    """Return plus and minus ln(2) / 2, and a little more."""
    end = mp.log(2) / 2 * mp.mpf("1.0001")
    return -end, end


def log_range(mp: Any) -> tuple[Any, Any]:
    """Return the range of ((m - 1) / (m + 1))^2 for m between sqrt(1/2) and sqrt(2), and a little more."""
    return mp.mpf(0), ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2 * mp.mpf("1.0001")


POLYNOMIALS = (
    Polynomial("exp", 9, half_ln2, exp_tail),
    Polynomial("log", 6, log_range, log_tail),
    Polynomial("erfc", 22, lambda mp: (mp.mpf(-1), mp.mpf(24) / 32), erfc_factor),
    Polynomial("erf", 9, lambda mp: (mp.mpf(0), mp.mpf(1) / 4), erf_slope),
)


def coefficients(wanted: Polynomial) -> tuple[list[float], float]:
    """Return the coefficients, from the constant on, and the largest error of the polynomial before rounding."""
    from mpmath import mp

    with mp.workdps(DIGITS):
        begin, end = wanted.ends(mp)
        n = wanted.degree + 2
        centre, radius = (begin + end) / 2, (end - begin) / 2
        points = [centre - radius * mp.cos(mp.pi * (i + mp.mpf(1) / 2) / n) for i in range(n)]
        grid = [centre - radius * mp.cos(mp.pi * i / (40 * n)) for i in range(40 * n + 1)]
        truth = [wanted.function(mp, t) for t in grid]
        while True:
            levelled = _levelled(mp, [wanted.function(mp, t) for t in points], points)
            errors = [
                v - sum(c * t**power for power, c in enumerate(levelled))
                for t, v in zip(grid, truth, strict=True)
            ]
            places = _alternating(errors, n)
            largest = max(abs(e) for e in errors)
            if largest < mp.mpf("1.01") * min(abs(errors[k]) for k in places):
                return [float(c) for c in levelled], float(largest)
            points = [grid[k] for k in places]


def _levelled(mp: Any, values: list[Any], points: list[Any]) -> list[Any]:
    """Return the polynomial whose errors at the points are equal and alternate in sign."""
    n = len(points)
    rows = [[*(t**power for power in range(n - 1)), (-1) ** i] for i, t in enumerate(points)]
    return list(mp.lu_solve(mp.matrix(rows), mp.matrix(values)))[: n - 1]


def _alternating(errors: list[Any], n: int) -> list[int]:
    """Return n places of locally largest errors of alternating sign."""
    places: list[int] = []
    for k, error in enumerate(errors):
        if any(abs(errors[j]) > abs(error) for j in (k - 1, k + 1) if 0 <= j < len(errors)):
            continue
        if not places or (errors[places[-1]] > 0) != (error > 0):
            places.append(k)
        elif abs(error) > abs(errors[places[-1]]):
            places[-1] = k
    while len(places) > n:
        places.pop(0 if abs(errors[places[0]]) < abs(errors[places[-1]]) else -1)
    return places


if __name__ == "__main__":
    for polynomial in POLYNOMIALS:
        numbers, error = coefficients(polynomial)
        print(f"{polynomial.name}: largest error {error:.1e}")
        for number in numbers:
            print(f"    {number!r}")
