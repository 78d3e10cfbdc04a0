"""The polynomials of the implied-volatility kernels: `python -m pricers.analytic.householder_fits` prints their header.

Nothing imports this at run time; a test compares what it prints with `pricers/analytic/kernels/householder_fits.h`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.polynomial import chebyshev, polynomial
from scipy.special import erfcx

from aadlib.types import Floats

SPLIT_H = 1.0
"""The two fits of the normal model's volatility join where |h| has this value."""

ERFCX_SCALE = 3.0


def scaled_tail() -> Floats:
    """Fit (1 + 2 z) erfcx(z) on 0 <= z < inf as a polynomial in y = (z - c) / (z + c)."""
    y = np.cos(np.pi * (np.arange(200) + 0.5) / 200)
    z = ERFCX_SCALE * (1.0 + y) / (1.0 - y)
    series = chebyshev.chebfit(y, (1.0 + 2.0 * z) * erfcx(z), 23)
    return np.asarray(chebyshev.cheb2poly(series), dtype=np.float64)


def normal_model() -> tuple[float, Floats, Floats]:
    """Fit h as a function of rho = (n(h) - h N(-h)) / h, the normal model's price over moneyness."""

    def ratio(h: Floats) -> Floats:
        slope = 1.0 - h * math.sqrt(0.5 * math.pi) * erfcx(h * math.sqrt(0.5))
        return np.asarray(np.exp(-0.5 * h * h) / math.sqrt(2.0 * math.pi) * slope / h, dtype=np.float64)

    nodes = 0.5 - 0.5 * np.cos(np.pi * (np.arange(60) + 0.5) / 60)
    split = float(ratio(np.array([SPLIT_H]))[0])
    near_h = SPLIT_H * nodes
    near_x = 1.0 / (0.5 + ratio(near_h))
    far_h = SPLIT_H + (30.0 - SPLIT_H) * nodes
    far_v = np.sqrt(SPLIT_H**2 - 2.0 * np.log(ratio(far_h) / split))
    near = polynomial.polyfit(near_x, near_h / near_x, 6)
    far = polynomial.polyfit(1.0 / far_v, far_h / far_v, 7)
    return split, np.asarray(near, dtype=np.float64), np.asarray(far, dtype=np.float64)


def header() -> str:
    """Return the text of the header."""
    split, near, far = normal_model()
    lines = ["/* Printed by pricers/analytic/householder_fits.py: ascending powers. */"]
    for name, fit in {"TAIL": scaled_tail(), "NEAR": near, "FAR": far}.items():
        numbers = ",\n".join(f"    {number!r}" for number in fit.tolist())
        lines.append(f"static const double {name}[{len(fit)}] = {{\n{numbers}}};")
    lines.append(f"#define SPLIT_RATIO {split!r}")
    lines += [f"#define SPLIT_H {SPLIT_H}", f"#define ERFCX_SCALE {ERFCX_SCALE}"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(header(), end="")
