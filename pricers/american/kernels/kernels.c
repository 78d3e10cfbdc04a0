/* The kernels of American options for one instruction set: setup.py compiles this file once for each. */
#include <math.h>
#include <string.h>

#include "pricers/extremes.h"
#include "pricers/american/kernels/table.h"

#include "pricers/american/kernels/spectral.h"

#include "pricers/american/kernels/cash_march.h"

const american_kernels AAD_TABLE(american_kernels) = {premiums, cash_premiums};
