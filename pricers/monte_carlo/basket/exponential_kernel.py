"""The exponential over a row of numbers, in a form the compiler turns into vector instructions.

exp(x) = 2^k exp(r) with k = round(x / ln 2) and |r| <= ln(2) / 2, ln 2 subtracted in two parts so that r keeps its
digits, and exp(r) by its Taylor series to r^13 (the next term is below 2^-57). Adding 1.5 2^52 rounds to an integer and
leaves it in the low bits of the sum, from where it is shifted into the exponent of the result. The error stays below
one unit in the last place; math.exp is called number by number and costs several times as much over a row.

References
----------
Muller et al. (2018), Handbook of Floating-Point Arithmetic, 2nd edition, section 10.2: additive range reduction.
"""

from __future__ import annotations

from math import factorial
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

from aadlib.types import Floats
from pricers.kernel_options import CACHE

PER_LN2 = 1.4426950408889634
LN2_HIGH = 0.693147180369123816490
"""ln 2 to 32 bits: its product with k has no rounding error."""
LN2_LOW = 1.90821492927058770002e-10
ROUNDER = 6755399441055744.0
LARGEST = 709.782712893384
SMALLEST = -708.0
"""Below it the result would leave the normal numbers; it is 0."""
SERIES = tuple(1.0 / factorial(power) for power in range(14))


@intrinsic
def _bits_of(typing_context: Any, number: Any) -> Any:
    """Return the bits of a double as an integer."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(types.int64))

    return types.int64(types.float64), code


@intrinsic
def _double_of(typing_context: Any, bits: Any) -> Any:
    """Return the double that has these bits."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(types.float64))

    return types.float64(types.int64), code


@njit(cache=CACHE, nogil=True, error_model="numpy", fastmath={"contract"})
def exponentials_kernel(row: Floats, size: int) -> None:
    """Replace the first `size` numbers of a row by their exponentials."""
    for position in range(size):
        x = row[position]
        inside = min(max(x, SMALLEST), LARGEST)
        shifted = inside * PER_LN2 + ROUNDER
        k = shifted - ROUNDER
        r = (inside - k * LN2_HIGH) - k * LN2_LOW
        series = SERIES[13]
        series = series * r + SERIES[12]
        series = series * r + SERIES[11]
        series = series * r + SERIES[10]
        series = series * r + SERIES[9]
        series = series * r + SERIES[8]
        series = series * r + SERIES[7]
        series = series * r + SERIES[6]
        series = series * r + SERIES[5]
        series = series * r + SERIES[4]
        series = series * r + SERIES[3]
        series = series * r + SERIES[2]
        series = (series * r) * r + r + 1.0
        result = _double_of(_bits_of(series) + (_bits_of(shifted) << 52))
        result = 0.0 if x < SMALLEST else result
        result = np.inf if x > LARGEST else result
        row[position] = result if x == x else x
