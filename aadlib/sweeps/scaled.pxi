# Adding multiples of one block of lanes to another, where zero times infinity is zero.


cdef inline bint finite(double x) noexcept nogil:
    return x - x == 0.0


cdef inline void add_scaled(double* target, double factor, const double* source) noexcept nogil:
    """Add factor * source; a zero factor or a zero source adds nothing, whatever the other one is."""
    cdef Py_ssize_t l
    cdef double[LANES] total  # the two may overlap as far as the compiler knows; a local array may not
    if factor == 0.0:
        return
    if finite(factor):
        for l in range(LANES):
            total[l] = target[l] + factor * source[l]
        for l in range(LANES):
            target[l] = total[l]
    else:
        for l in range(LANES):
            if source[l] != 0.0:
                target[l] += factor * source[l]
