"""C face of the schedule of arcs: what a record holds, and the streams that the numeric phase replays."""

cdef enum:  # fields of one record, one record per node that has arcs or creates some
    NODE, SHAPE, COUNT, SELF, ROW, AA, AB, BB, RUN, RUN_LENGTH, RUN_A, RUN_B, FLUSHES
    FIELDS = 16

cdef enum:  # bits of SHAPE
    LEFT = 1
    RIGHT = 2
    TWICE = 4    # both operands are the same slot
    CREATES = 8
    SECOND = 16  # the only active operand is the right one

cdef class Streams:
    cdef int[:, ::1] record_view
    cdef int[::1] target_view
    cdef int[:, ::1] flush_view
    cdef readonly object records
    cdef readonly object targets
    cdef readonly object flushes
