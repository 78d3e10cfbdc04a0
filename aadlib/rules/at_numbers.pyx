"""The rule table at single numbers, by the compiled code that sweeps run: one form of every row for all backends."""

from aadlib.errors import AadTypeError

include "aadlib/generated/rules.pxi"


cdef int checked(int op) except -1:
    if not 0 <= op < N_RULES:
        raise AadTypeError(f"op = {op}: the rule table has {N_RULES} rows")
    return op


def value(int op, double x, double y=0.0):
    """Return the value of operation `op`, with the conventions of C: NaN and infinity, no exception."""
    return rule_value(checked(op), x, y)


def first(int op, double x, double y, double v):
    """Return (dx, dy) of operation `op` at its result v; dy is 0 for a unary one."""
    cdef double dx, dy
    rule_first(checked(op), x, y, v, &dx, &dy)
    return dx, dy


def second(int op, double x, double y, double v):
    """Return (dxx, dxy, dyy) of operation `op` at its result v; the last two are 0 for a unary one."""
    cdef double dxx, dxy, dyy
    rule_second(checked(op), x, y, v, &dxx, &dxy, &dyy)
    return dxx, dxy, dyy


def dead(int op, double x, double y, double v, bint fixed_x, bint fixed_y):
    """Return the operands (bits 1 and 2) on which operation `op` does not depend near a point: see `Rule.dead`."""
    return rule_dead(checked(op), x, y, v, fixed_x, fixed_y, 0, 0, 0)


def rule_partials(int op, double x, double y, double v):
    """Return the first and the second partials of operation `op` at its result v."""
    return first(op, x, y, v), second(op, x, y, v)
