/* The tables that were built, and which of them this processor can run. */
#ifndef AAD_PROCESSOR_H
#define AAD_PROCESSOR_H

#include "aadlib/sweeps/kernels/table.h"

extern const aad_kernels aad_kernels_baseline;

#if defined(AAD_BASELINE_ONLY)

static const aad_kernels* const aad_tables[] = {&aad_kernels_baseline};

static int aad_widest(void) { return 0; }

#else

extern const aad_kernels aad_kernels_avx2, aad_kernels_avx512;

static const aad_kernels* const aad_tables[] = {&aad_kernels_baseline, &aad_kernels_avx2, &aad_kernels_avx512};

static int aad_widest(void) {
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return 0;
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")
        ? 2
        : 1;
}

#endif

#endif
