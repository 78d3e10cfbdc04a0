"""Sums of batches added to the running total, mean and sum of squares of every number, in one pass over each."""


def add_to_moments(
    const double[::1] values,
    const double[:, ::1] gradients,
    const double[:, :, ::1] hessians,
    const double[::1] sizes,
    double n_paths,
    double[:, ::1] moments,
):
    """Add batches in their order to those of `n_paths` paths: see `greeks2.monte_carlo.run.batches.BatchMeans`.

    Parameters
    ----------
    values, gradients, hessians : sums over each batch, (n,), (n, m) and (n, m, m), or (n, 0) and (n, 0, 0)
    sizes : (n,) numbers of paths
    moments : (3, 1 + m + m m) total, mean and sum of squares
    """
    cdef Py_ssize_t n = values.shape[0], m = gradients.shape[1], k = hessians.shape[1] * hessians.shape[2], batch
    if moments.shape[0] != 3 or moments.shape[1] != 1 + m + k:
        raise ValueError("moments of another shape")
    if sizes.shape[0] != n or gradients.shape[0] != n or hessians.shape[0] != n:
        raise ValueError("batches of another number")
    with nogil:
        for batch in range(n):
            n_paths += sizes[batch]
            add_part(&values[batch], 1, sizes[batch], n_paths, &moments[0, 0], &moments[1, 0], &moments[2, 0])
            if m:
                add_part(
                    &gradients[batch, 0], m, sizes[batch], n_paths,
                    &moments[0, 1], &moments[1, 1], &moments[2, 1],
                )
            if k:
                add_part(
                    &hessians[batch, 0, 0], k, sizes[batch], n_paths,
                    &moments[0, 1 + m], &moments[1, 1 + m], &moments[2, 1 + m],
                )


cdef void add_part(
    const double* sums, Py_ssize_t size, double n, double n_paths, double* total, double* mean, double* squares
) noexcept nogil:
    cdef Py_ssize_t i
    cdef double of_batch, before, share = n / n_paths
    for i in range(size):
        of_batch = sums[i] / n
        before = of_batch - mean[i]
        total[i] += sums[i]
        mean[i] += before * share
        squares[i] += (of_batch - mean[i]) * before * n
