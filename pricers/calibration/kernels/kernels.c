/* The kernels of calibration for one instruction set: setup.py compiles this file once for each. */
#include <math.h>

#include "pricers/extremes.h"
#include "pricers/calibration/kernels/table.h"

#include "pricers/calibration/kernels/normal.h"

const calibration_kernels AAD_TABLE(calibration_kernels) = {normal_equations, cholesky_solve};
