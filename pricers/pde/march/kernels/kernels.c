/* The kernels of a march for one instruction set: setup.py compiles this file once for each. */
#include <math.h>
#include <string.h>

#include "aadlib/rules/elementary.h"
#include "pricers/pde/march/kernels/table.h"

#include "pricers/pde/march/kernels/lanes.h"

enum { ROWS_TOGETHER = 8 }; /* matrices that are eliminated side by side */

#include "pricers/pde/march/kernels/values.h"

#include "pricers/pde/march/kernels/adjoint.h"

#include "pricers/pde/march/kernels/basis_rows.h"

#include "pricers/pde/march/kernels/tangents.h"

#include "pricers/pde/march/kernels/adjoint_lanes.h"

const march_kernels AAD_TABLE(march_kernels) = {
    LANES, march_diffusion, march_bands, march_values, march_adjoint, march_scratch, march_tangents, march_adjoint_lanes,
};
