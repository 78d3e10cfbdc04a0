/* The tables of passes that were built, in the order of aadlib's instruction sets. */
#ifndef NET_PROCESSOR_H
#define NET_PROCESSOR_H

#include "pricers/surrogates/network/kernels/network_table.h"

#if defined(AAD_BASELINE_ONLY)
static const net_kernels* const net_tables[] = {&net_kernels_baseline};
#else
static const net_kernels* const net_tables[] = {&net_kernels_baseline, &net_kernels_avx2, &net_kernels_avx512};
#endif

#endif
