/* Lanes of a march in the widest vectors of an instruction set: WIDE numbers in one, VECTORS of them marched together, so
 * that the latency of one chain is hidden by another. Every lane is computed alike whatever their number is. */

#if defined(__AVX512F__)
enum { WIDE = 8 };
#elif defined(__AVX__)
enum { WIDE = 4 };
#elif defined(__GNUC__)
enum { WIDE = 2 };
#else
enum { WIDE = 1 };
#endif

#if defined(__GNUC__)
typedef double wide __attribute__((vector_size(8 * WIDE)));
typedef double wide_anywhere __attribute__((vector_size(8 * WIDE), aligned(8), may_alias));
#else
typedef double wide;
typedef double wide_anywhere;
#endif

enum { VECTORS = 3, LANES = WIDE * VECTORS };

#define EACH_VECTOR for (int v = 0; v < VECTORS; v++)

typedef struct {
    wide v[VECTORS];
} lanes;

AAD_INLINE lanes load_lanes(const double* from) {
    lanes x;
    EACH_VECTOR x.v[v] = ((const wide_anywhere*)from)[v];
    return x;
}

AAD_INLINE lanes no_lanes(void) {
    lanes x;
    EACH_VECTOR x.v[v] = (wide){0.0};
    return x;
}

AAD_INLINE void store_lanes(double* to, lanes x) { EACH_VECTOR((wide_anywhere*)to)[v] = x.v[v]; }

AAD_INLINE void add_lanes(double* to, lanes x) { EACH_VECTOR((wide_anywhere*)to)[v] += x.v[v]; }

/* The first cache line from an address on. */
AAD_INLINE double* on_cache_line(double* address) { return (double*)(((uintptr_t)address + 63) & ~(uintptr_t)63); }

/* The next `size` numbers of scratch memory, on a cache line, cleared. */
AAD_INLINE double* take(double** scratch, ptrdiff_t size) {
    double* taken = on_cache_line(*scratch);
    *scratch = taken + size;
    memset(taken, 0, (size_t)size * sizeof(double));
    return taken;
}
