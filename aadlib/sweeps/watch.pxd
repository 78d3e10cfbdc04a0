"""C face of the watch over infinities: what a sweep does before and after."""

cdef void begin_watch() noexcept nogil

cdef bint end_watch() noexcept nogil
