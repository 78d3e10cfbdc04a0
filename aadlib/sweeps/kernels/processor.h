/* The tables of kernels that were built, one for each instruction set, and which sets this processor can run.
 *
 * A room's kernels are plain C, compiled once per instruction set with AAD_SET the set's name. They export one table of
 * functions, `const room_kernels AAD_TABLE(room_kernels) = {...};`, and AAD_TABLES(room_kernels) declares all of them. */
#ifndef AAD_PROCESSOR_H
#define AAD_PROCESSOR_H

#define AAD_JOIN(type, set) type##_##set
#define AAD_JOIN_EXPANDED(type, set) AAD_JOIN(type, set)
#define AAD_TABLE(type) AAD_JOIN_EXPANDED(type, AAD_SET)

#if defined(AAD_BASELINE_ONLY)

#define AAD_TABLES(type) \
    extern const type type##_baseline; \
    static const type* const type##_tables[] = {&type##_baseline};

static inline int aad_widest(void) { return 0; }

#else

#define AAD_TABLES(type) \
    extern const type type##_baseline, type##_avx2, type##_avx512; \
    static const type* const type##_tables[] __attribute__((unused)) = { \
        &type##_baseline, &type##_avx2, &type##_avx512};

static inline int aad_widest(void) {
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return 0;
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")
        ? 2
        : 1;
}

#endif

#endif
