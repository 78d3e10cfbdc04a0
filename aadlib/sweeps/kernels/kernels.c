/* The sweeps over blocks of lanes for one instruction set: setup.py compiles this file once for each, with
 * AAD_SET its name. */
#include <string.h>

#include "aadlib/generated/rules.h"
#include "aadlib/sweeps/kernels/table.h"

#define AAD_WIDTH AAD_BLOCK
#define AAD_WIDE(name) block_##name
#include "aadlib/generated/lane_rules.h"
#undef AAD_WIDTH
#undef AAD_WIDE

#define AAD_WIDTH AAD_LANES
#define AAD_WIDE(name) lanes_##name
#include "aadlib/generated/lane_rules.h"
#undef AAD_WIDTH
#undef AAD_WIDE

/* The first cache line from an address on: blocks that begin there are read in one go. */
AAD_INLINE double* on_cache_line(double* address) { return (double*)(((size_t)address + 63) & ~(size_t)63); }

#include "aadlib/sweeps/kernels/scaled.h"

#include "aadlib/sweeps/kernels/point_values.h"

#include "aadlib/sweeps/kernels/tangents.h"

#include "aadlib/sweeps/kernels/second_order.h"

#include "aadlib/sweeps/kernels/bottleneck_terms.h"

#include "aadlib/sweeps/kernels/bottleneck.h"

#include "aadlib/sweeps/kernels/lane_values.h"

#include "aadlib/sweeps/kernels/lane_gradients.h"

#include "aadlib/sweeps/kernels/lane_hessians.h"

#include "aadlib/sweeps/kernels/column_products.h"

#include "aadlib/sweeps/kernels/block_machine.h"

const aad_kernels AAD_TABLE(aad_kernels) = {
    sweep_values, sweep_adjoints, changed_at_point,
    sweep_tangents, sweep_second_order, add_bottleneck_terms, sweep_bottleneck,
    evaluate_lanes, differentiate_lanes, lane_hessians,
    run_blocks,
};
