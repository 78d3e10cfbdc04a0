/* The product along a chain of derivatives, and the attributes of functions that rules are made of. */
#ifndef AAD_CHAIN_H
#define AAD_CHAIN_H

#if defined(__GNUC__)
#define AAD_RESTRICT __restrict__
#define AAD_UNUSED __attribute__((unused))
#define AAD_INLINE static inline __attribute__((always_inline, unused))
#define AAD_CALLED static __attribute__((noinline, unused))
#else
#define AAD_RESTRICT __restrict
#define AAD_UNUSED
#define AAD_INLINE static inline
#define AAD_CALLED static
#endif

#define AAD_RULE AAD_UNUSED static inline
#define AAD_RULE_CALL AAD_UNUSED static

/* Factor times partial, where a zero of either ends the chain whatever the other one is: both are compared and nothing
 * jumps, so a loop over it becomes SIMD. */
AAD_INLINE double aad_chain(double factor, double partial) {
    return (factor != 0.0) & (partial != 0.0) ? factor * partial : 0.0;
}

#endif
