"""Compiled Lagrange weights and their derivatives, for nodes that differ from point to point."""

from libc.stddef cimport ptrdiff_t

from aadlib.errors import AadValueError


def lagrange_kernel(
    const double[:, ::1] nodes not None, const double[::1] points not None, double[:, :, ::1] result not None
):
    """Fill result (3, n, width) with the weights of nodes (n, width) at points (n,) and two derivatives."""
    cdef ptrdiff_t n = nodes.shape[0], width = nodes.shape[1], q, j, k
    cdef double value, slope, bend, rate, factor
    if not (points.shape[0] == result.shape[1] == n and result.shape[0] == 3 and result.shape[2] == width):
        raise AadValueError(f"points and result: need {n} points, and three times {n} by {width}")
    with nogil:
        for q in range(n):
            for j in range(width):
                value, slope, bend = 1.0, 0.0, 0.0
                for k in range(width):
                    if k != j:
                        rate = 1.0 / (nodes[q, j] - nodes[q, k])
                        factor = rate * (points[q] - nodes[q, k])
                        bend = bend * factor + 2.0 * slope * rate
                        slope = slope * factor + value * rate
                        value = value * factor
                result[0, q, j], result[1, q, j], result[2, q, j] = value, slope, bend
