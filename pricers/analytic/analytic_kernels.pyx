"""Python's face of the kernels of closed forms, `pricers/analytic/kernels`: implied volatilities."""

from libc.stddef cimport ptrdiff_t

from aadlib.errors import AadValueError
from aadlib.sweeps.simd cimport set_in_use

cdef extern from "pricers/analytic/kernels/table.h" nogil:
    ctypedef struct analytic_quotes:
        const double* price
        const double* forward
        const double* strike
        const double* expiry
        const double* discount
        const unsigned char* is_call
        ptrdiff_t n_quotes

    ctypedef struct analytic_kernels:
        void (*implied_volatilities)(const analytic_quotes* quotes, double* out) noexcept nogil
        void (*normal_volatilities)(const analytic_quotes* quotes, double* out) noexcept nogil
        void (*implied_deviations)(
            const double* price, const double* log_moneyness, double floor, double* deviation, double* slope,
            ptrdiff_t n
        ) noexcept nogil
        double (*implied_deviation)(double moneyness, double price, double complement) noexcept nogil
        double (*scaled_tail)(double z) noexcept nogil

    const analytic_kernels* const* analytic_kernels_tables

PRICE_FLOOR = 1e-13
"""Lowest price, over its upper bound, that `implied_deviation_kernel` inverts: a first guess may price a far wing at
nothing."""


cdef analytic_quotes quotes_of(
    const double[::1] price,
    const double[::1] forward,
    const double[::1] strike,
    const double[::1] expiry,
    const double[::1] discount,
    const unsigned char[::1] is_call,
    double[::1] out,
) except *:
    """Return quotes for C; the arrays must live as long as they are used, and hold at least one number."""
    cdef ptrdiff_t n = out.shape[0]
    if not n == price.shape[0] == forward.shape[0] == strike.shape[0] == expiry.shape[0] == discount.shape[0]:
        raise AadValueError(f"price, forward, strike, expiry, discount: need {n} numbers each")
    if is_call.shape[0] != n:
        raise AadValueError(f"is_call of {is_call.shape[0]}: need {n}")
    return analytic_quotes(&price[0], &forward[0], &strike[0], &expiry[0], &discount[0], &is_call[0], n)


def implied_volatility_kernel(price, forward, strike, expiry, discount, is_call, double[::1] out not None):
    """Fill `out` with implied volatilities, 0 at the lower bound of the price and NaN outside the bounds."""
    cdef analytic_quotes quotes
    if out.shape[0]:
        quotes = quotes_of(price, forward, strike, expiry, discount, is_call.view("u1"), out)
        with nogil:
            analytic_kernels_tables[set_in_use].implied_volatilities(&quotes, &out[0])


def normal_volatility_kernel(price, forward, strike, expiry, discount, is_call, double[::1] out not None):
    """Fill `out` with implied normal volatilities, 0 at the lower bound of the price and NaN below it."""
    cdef analytic_quotes quotes
    if out.shape[0]:
        quotes = quotes_of(price, forward, strike, expiry, discount, is_call.view("u1"), out)
        with nogil:
            analytic_kernels_tables[set_in_use].normal_volatilities(&quotes, &out[0])


def implied_deviation_kernel(
    const double[::1] price not None,
    const double[::1] log_moneyness not None,
    double[::1] deviation not None,
    double[::1] slope not None,
):
    """Fill deviation = sigma sqrt(T) and slope = d deviation / d price for out-of-the-money price / forward."""
    cdef ptrdiff_t n = price.shape[0]
    cdef double floor = PRICE_FLOOR
    if not n == log_moneyness.shape[0] == deviation.shape[0] == slope.shape[0]:
        raise AadValueError(f"log_moneyness, deviation, slope: need {n} numbers each")
    if n:
        with nogil:
            analytic_kernels_tables[set_in_use].implied_deviations(
                &price[0], &log_moneyness[0], floor, &deviation[0], &slope[0], n
            )


def deviation_kernel(double moneyness, double price, double complement):
    """Return s = sigma sqrt(T) from a = |ln(F/K)|, b > 0 and exp(-a/2) - b > 0."""
    return analytic_kernels_tables[set_in_use].implied_deviation(moneyness, price, complement)


def scaled_tail_kernel(double z):
    """Return N(z) / n(z) for z <= 0."""
    return analytic_kernels_tables[set_in_use].scaled_tail(z)
