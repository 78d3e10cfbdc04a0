"""C face of the forward rows of hubs."""

cdef struct ForwardRows:
    const int* row_of   # of a slot: number of its forward row, or -1
    const int* end_row  # of a slot: the same for hubs and for the inputs they depend on, where an arc ends in inputs
    const int* low      # of a forward row: first input, as `inputs` counts them
    const int* high     # of a forward row: last input
    const int* start    # of a forward row: its first entry among those of all rows

cdef class Hubs:
    cdef ForwardRows c
    cdef readonly object inputs
    cdef readonly object row_of
    cdef readonly object end_row
    cdef readonly object low
    cdef readonly object high
    cdef readonly object start
    cdef readonly object nodes
    cdef readonly Py_ssize_t size
