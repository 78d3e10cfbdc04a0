/* The passes of a twin network for one instruction set: setup.py compiles this file once for each. */
#include <math.h>
#include <string.h>

#include "aadlib/rules/elementary.h"
#include "pricers/surrogates/network/kernels/table.h"

#if defined(__AVX512F__)
#define NET_BYTES 64 /* of a vector */
#define NET_COLUMNS 4 /* vectors of rows in one tile */
#elif defined(__AVX__)
#define NET_BYTES 32
#define NET_COLUMNS 2
#else
#define NET_BYTES 16
#define NET_COLUMNS 2
#endif

#define NET_INLINE AAD_INLINE
#if defined(__clang__)
#define NET_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define NET_UNROLL _Pragma("GCC unroll 4")
#else
#define NET_UNROLL
#endif

#if defined(__GNUC__)
#define NET_PREFETCH(p) __builtin_prefetch(p, 0, 2)
#else
#define NET_PREFETCH(p) ((void)(p))
#endif

/* The first cache line from an address on. */
NET_INLINE char* net_on_line(void* address) { return (char*)(((size_t)address + 63) & ~(size_t)63); }

#include "pricers/surrogates/network/kernels/single_elementary.h"

#define NET_NUMBER float
#define NET_FORM(name) single_##name
#define NET_EXP(x) single_exp(x)
#define NET_LOG1P(x) single_log1p_of_share(x)
#define NET_ABS(x) fabsf(x)
#define NET_SQRT(x) sqrtf(x)
#include "pricers/surrogates/network/kernels/passes.h"
#undef NET_NUMBER
#undef NET_FORM
#undef NET_EXP
#undef NET_LOG1P
#undef NET_ABS
#undef NET_SQRT

#define NET_NUMBER double
#define NET_FORM(name) double_##name
#define NET_EXP(x) lane_exp(x)
#define NET_LOG1P(x) lane_log1p(x)
#define NET_ABS(x) fabs(x)
#define NET_SQRT(x) sqrt(x)
#include "pricers/surrogates/network/kernels/passes.h"

const net_kernels AAD_TABLE(net_kernels) = {
    {single_workspace, single_train, single_gradient, single_evaluate},
    {double_workspace, double_train, double_gradient, double_evaluate},
};
