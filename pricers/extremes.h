/* The larger and the smaller of two numbers as Python's max and min have them: a first operand that is NaN stays. */
#ifndef PRICERS_EXTREMES_H
#define PRICERS_EXTREMES_H

#include "aadlib/rules/chain.h"

AAD_INLINE double larger(double x, double y) { return y > x ? y : x; }

AAD_INLINE double smaller(double x, double y) { return y < x ? y : x; }

#endif
