"""Whether a sweep made an infinity or a NaN: the processor remembers by itself, and is asked once per sweep."""

cdef extern from "aadlib/sweeps/kernels/exceptions.h" nogil:
    bint aad_unusual() noexcept
    void aad_as_usual() noexcept

cdef long long _unusual = 0  # threads may lose an increment to each other; none loses the change


def unusual():
    """Return a number that has changed since an earlier call where a sweep made an infinity or a NaN in between.

    Another thread's sweep changes it too.
    """
    return _unusual


cdef void begin_watch() noexcept nogil:
    """Forget the infinities and NaNs that were made on this thread."""
    aad_as_usual()


cdef bint end_watch() noexcept nogil:
    """Return whether an infinity or a NaN was made on this thread since `begin_watch`, and count it."""
    global _unusual
    if aad_unusual():
        _unusual += 1
        return True
    return False
