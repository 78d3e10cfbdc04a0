# Bits of a 64-bit word: how many are set, and which is the lowest.

from libc.stdint cimport uint64_t

cdef extern from *:
    """
    #if defined(_MSC_VER)
    #include <intrin.h>
    #define GREEKS2_BITS static __inline
    GREEKS2_BITS int greeks2_count(unsigned long long x) { return (int)__popcnt64(x); }
    GREEKS2_BITS int greeks2_lowest(unsigned long long x)
    {
        unsigned long at;
        _BitScanForward64(&at, x);
        return (int)at;
    }
    #else
    #define GREEKS2_BITS static __attribute__((unused))
    GREEKS2_BITS int greeks2_count(unsigned long long x) { return __builtin_popcountll(x); }
    GREEKS2_BITS int greeks2_lowest(unsigned long long x) { return __builtin_ctzll(x); }
    #endif
    """
    int greeks2_count(uint64_t x) noexcept nogil
    int greeks2_lowest(uint64_t x) noexcept nogil
