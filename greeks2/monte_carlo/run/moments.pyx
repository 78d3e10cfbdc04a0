"""Sums of a batch added to the running total, mean and sum of squares of every number, in one pass over them."""


def add_batch(
    double value,
    const double[::1] gradient,
    const double[:, ::1] hessian,
    double n,
    double n_paths,
    double[:, ::1] moments,
):
    """Add a batch of `n` paths, with which there are `n_paths`: see `greeks2.monte_carlo.run.batches.BatchMeans`.

    Parameters
    ----------
    value, gradient, hessian : sums over the batch, (m,) and (m, m), or empty
    moments : (3, 1 + m + m m) total, mean and sum of squares
    """
    cdef Py_ssize_t m = gradient.shape[0], k = hessian.shape[0] * hessian.shape[1]
    if moments.shape[0] != 3 or moments.shape[1] != 1 + m + k:
        raise ValueError("moments of another shape")
    cdef double share = n / n_paths
    with nogil:
        add_part(&value, 1, n, share, &moments[0, 0], &moments[1, 0], &moments[2, 0])
        if m:
            add_part(&gradient[0], m, n, share, &moments[0, 1], &moments[1, 1], &moments[2, 1])
        if k:
            add_part(&hessian[0, 0], k, n, share, &moments[0, 1 + m], &moments[1, 1 + m], &moments[2, 1 + m])


cdef void add_part(
    const double* sums, Py_ssize_t size, double n, double share, double* total, double* mean, double* squares
) noexcept nogil:
    cdef Py_ssize_t i
    cdef double of_batch, before
    for i in range(size):
        of_batch = sums[i] / n
        before = of_batch - mean[i]
        total[i] += sums[i]
        mean[i] += before * share
        squares[i] += (of_batch - mean[i]) * before * n
