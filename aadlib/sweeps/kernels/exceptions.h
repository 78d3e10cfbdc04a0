/* The processor's sticky marks of divisions by zero, overflows and undefined results: whether a sweep made an infinity
 * or a NaN, without a look at any of its numbers. */
#ifndef AAD_EXCEPTIONS_H
#define AAD_EXCEPTIONS_H

#if defined(__SSE2__) || defined(_M_X64)
#include <xmmintrin.h>

enum { AAD_UNUSUAL = 0x0d, AAD_STICKY = 0x3f }; /* invalid, division by zero, overflow; and all of them */

static inline int aad_unusual(void) { return (_mm_getcsr() & AAD_UNUSUAL) != 0; }

static inline void aad_as_usual(void) {
    unsigned int state = _mm_getcsr();
    if (state & AAD_UNUSUAL) _mm_setcsr(state & ~(unsigned int)AAD_STICKY);
}
#else
#include <fenv.h>

#if defined(FE_INVALID) && defined(FE_DIVBYZERO) && defined(FE_OVERFLOW)
static inline int aad_unusual(void) { return fetestexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW) != 0; }

static inline void aad_as_usual(void) { feclearexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW); }
#else /* a processor without marks: every sweep is looked at */
static inline int aad_unusual(void) { return 1; }

static inline void aad_as_usual(void) {}
#endif
#endif

#endif
