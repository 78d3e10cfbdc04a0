"""Python's face of the kernels of American options, `pricers/american/kernels`: early-exercise premiums."""

import numpy as np

from libc.stddef cimport ptrdiff_t
from libc.string cimport memcpy

from aadlib.errors import AadValueError
from aadlib.sweeps.simd cimport set_in_use
from pricers.american.spectral_tables import (
    ELAPSED,
    PRICE_ELAPSED,
    PRICE_WEIGHTS,
    TIMES,
    TO_POINTS,
    TO_PRICE_POINTS,
    WEIGHTS,
)

cdef extern from "pricers/american/kernels/table.h" nogil:
    enum:
        CASH_LANES
        CASH_ROOM

    ctypedef struct american_tables:
        double times[8]
        double elapsed[12]
        double weights[12]
        double to_points[8][12][8]
        double price_elapsed[24]
        double price_weights[24]
        double to_price_points[24][8]

    ctypedef struct american_options:
        const double* spot
        const double* strike
        const double* expiry
        const double* rate
        const double* dividend_yield
        const double* volatility
        const unsigned char* is_call
        ptrdiff_t n_options

    ctypedef struct american_cash_steps:
        const double* times
        const double* amounts
        ptrdiff_t n_dividends
        const double* lengths
        const double* ends
        const unsigned char* implicit
        ptrdiff_t n_steps

    ctypedef struct american_kernels:
        void (*premiums)(const american_tables* tables, const american_options* options, double* out) noexcept nogil
        void (*cash_premiums)(
            const american_options* options, double expiry, const american_cash_steps* steps, double* room,
            double* owed, double* out
        ) noexcept nogil

    const american_kernels* const* american_kernels_tables

cdef american_tables tables


cdef void copy_table(double* to, Py_ssize_t size, const double[::1] numbers) except *:
    """Copy one of the spectral tables into the structure that C has for all of them."""
    if numbers.shape[0] * <Py_ssize_t>sizeof(double) != size:
        raise AadValueError(f"a table of {numbers.shape[0]} numbers: C has {size // sizeof(double)}")
    memcpy(to, &numbers[0], size)


copy_table(tables.times, sizeof(tables.times), TIMES)
copy_table(tables.elapsed, sizeof(tables.elapsed), ELAPSED)
copy_table(tables.weights, sizeof(tables.weights), WEIGHTS)
copy_table(&tables.to_points[0][0][0], sizeof(tables.to_points), TO_POINTS.ravel())
copy_table(tables.price_elapsed, sizeof(tables.price_elapsed), PRICE_ELAPSED)
copy_table(tables.price_weights, sizeof(tables.price_weights), PRICE_WEIGHTS)
copy_table(&tables.to_price_points[0][0], sizeof(tables.to_price_points), TO_PRICE_POINTS.ravel())


cdef american_options options_of(
    const double[::1] spot,
    const double[::1] strike,
    const double[::1] rate,
    const double[::1] dividend_yield,
    const double[::1] volatility,
    const unsigned char[::1] is_call,
    double[::1] out,
) except *:
    """Return options for C, without expiries; the arrays must live as long as they are used, and not be empty."""
    cdef ptrdiff_t n = out.shape[0]
    if not n == spot.shape[0] == strike.shape[0] == rate.shape[0] == dividend_yield.shape[0] == volatility.shape[0]:
        raise AadValueError(f"spot, strike, rate, dividend_yield, volatility: need {n} numbers each")
    if is_call.shape[0] != n:
        raise AadValueError(f"is_call of {is_call.shape[0]}: need {n}")
    return american_options(
        &spot[0], &strike[0], NULL, &rate[0], &dividend_yield[0], &volatility[0], &is_call[0], n
    )


def premium_kernel(
    spot, strike, const double[::1] expiry not None, rate, dividend_yield, volatility, is_call,
    double[::1] out not None,
):
    """Fill `out` (n,) with early-exercise premiums; 0 where the rate an exercise would earn is not positive."""
    cdef american_options options
    if expiry.shape[0] != out.shape[0]:
        raise AadValueError(f"expiry of {expiry.shape[0]}: need {out.shape[0]}")
    if out.shape[0]:
        options = options_of(spot, strike, rate, dividend_yield, volatility, is_call.view("u1"), out)
        options.expiry = &expiry[0]
        with nogil:
            american_kernels_tables[set_in_use].premiums(&tables, &options, &out[0])


def expiry_premiums_kernel(
    spot,
    strike,
    double expiry,
    rate,
    dividend_yield,
    volatility,
    is_call,
    const double[::1] times not None,
    const double[::1] amounts not None,
    const double[::1] lengths not None,
    const double[::1] ends not None,
    implicit,
    double[::1] out not None,
):
    """Fill `out` (n,) with premiums of options of one expiry on a spot that pays cash dividends.

    times, amounts : (n_dividends,) before expiry; lengths, ends, implicit : (n_steps,) years, see `march_steps`.
    """
    cdef const unsigned char[::1] kinds = implicit.view("u1")
    cdef american_options options
    cdef american_cash_steps steps
    cdef double[::1] room = np.empty(CASH_ROOM)
    cdef double[::1] owed = np.empty(2 * CASH_LANES * lengths.shape[0])
    if times.shape[0] != amounts.shape[0] or not lengths.shape[0] == ends.shape[0] == kinds.shape[0]:
        raise AadValueError("times and amounts, and lengths, ends and implicit, need the same number of rows")
    if out.shape[0] and lengths.shape[0]:
        options = options_of(spot, strike, rate, dividend_yield, volatility, is_call.view("u1"), out)
        steps = american_cash_steps(
            NULL, NULL, times.shape[0], &lengths[0], &ends[0], &kinds[0], lengths.shape[0]
        )
        if times.shape[0]:
            steps.times, steps.amounts = &times[0], &amounts[0]
        with nogil:
            american_kernels_tables[set_in_use].cash_premiums(
                &options, expiry, &steps, &room[0], &owed[0], &out[0]
            )
