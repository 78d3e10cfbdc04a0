# Loops over contiguous doubles, compiled for several instruction sets where the compiler can choose among them at run time.

from libc.math cimport isfinite

cdef extern from *:
    """
    #if defined(__GLIBC__) && defined(__GNUC__) && __GNUC__ >= 12 && !defined(__clang__) && \\
        defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
    #define GREEKS2_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
    #else
    #define GREEKS2_CLONES
    #endif
    #if defined(_MSC_VER)
    #define GREEKS2_RESTRICT __restrict
    #define GREEKS2_UNUSED
    #else
    #define GREEKS2_RESTRICT __restrict__
    #define GREEKS2_UNUSED __attribute__((unused))
    #endif
    GREEKS2_CLONES GREEKS2_UNUSED static void greeks2_add_scaled(
        double* GREEKS2_RESTRICT to, const double* GREEKS2_RESTRICT from, double factor, Py_ssize_t n)
    {
        for (Py_ssize_t i = 0; i < n; i++) to[i] += factor * from[i];
    }
    GREEKS2_CLONES GREEKS2_UNUSED static void greeks2_move_scaled(
        double* GREEKS2_RESTRICT to, double* GREEKS2_RESTRICT from, double factor, Py_ssize_t n)
    {
        for (Py_ssize_t i = 0; i < n; i++) { to[i] += factor * from[i]; from[i] = 0.0; }
    }
    GREEKS2_CLONES GREEKS2_UNUSED static void greeks2_move_scaled_to_both(
        double* GREEKS2_RESTRICT to_a, double* GREEKS2_RESTRICT to_b, double* GREEKS2_RESTRICT from,
        double a, double b, Py_ssize_t n)
    {
        for (Py_ssize_t i = 0; i < n; i++) {
            double w = from[i];
            to_a[i] += a * w; to_b[i] += b * w; from[i] = 0.0;
        }
    }
    """
    void greeks2_add_scaled(double* to, const double* source, double factor, Py_ssize_t n) noexcept nogil
    void greeks2_move_scaled(double* to, double* source, double factor, Py_ssize_t n) noexcept nogil
    void greeks2_move_scaled_to_both(
        double* to_a, double* to_b, double* source, double a, double b, Py_ssize_t n
    ) noexcept nogil


cdef inline void add_scaled(double* to, const double* source, double factor, Py_ssize_t n) noexcept nogil:
    """Add factor times source, where zero times infinity is zero."""
    cdef Py_ssize_t i
    if factor == 0.0:
        return
    if isfinite(factor):
        greeks2_add_scaled(to, source, factor, n)
        return
    for i in range(n):
        if source[i] != 0.0:
            to[i] += factor * source[i]
