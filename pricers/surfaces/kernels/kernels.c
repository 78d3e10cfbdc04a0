/* The kernels of surfaces for one instruction set: setup.py compiles this file once for each. */
#include <math.h>
#include <string.h>

#include "aadlib/rules/elementary.h"
#include "pricers/extremes.h"
#include "pricers/surfaces/kernels/table.h"

#include "pricers/surfaces/kernels/local_basis.h"

#include "pricers/surfaces/kernels/moved_variance.h"

const surfaces_kernels AAD_TABLE(surfaces_kernels) = {
    tabulate, predict, gather, gram, find_runs, moved_variances, moved_derivatives, moved_curvature,
};
