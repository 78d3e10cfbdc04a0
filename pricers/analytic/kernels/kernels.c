/* The kernels of closed forms for one instruction set: setup.py compiles this file once for each. */
#include <math.h>

#include "pricers/extremes.h"
#include "pricers/analytic/kernels/table.h"

#include "pricers/analytic/kernels/householder_fits.h"

#include "pricers/analytic/kernels/householder.h"

#include "pricers/analytic/kernels/implied.h"

const analytic_kernels AAD_TABLE(analytic_kernels) = {
    implied_volatilities, normal_volatilities, implied_deviations, implied_deviation, scaled_tail,
};
