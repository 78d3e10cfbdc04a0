"""C face of the recorded number."""

from aadlib.tape.tape cimport Columns

cdef class ADVar:
    cdef readonly double value
    cdef readonly int id
    cdef readonly unsigned int serial

cdef class Condition:
    cdef readonly double value
    cdef int id
    cdef unsigned int serial
    cdef unsigned int epoch
    cdef int op
    cdef object left
    cdef object right

    cdef bint recorded(self, Columns* nodes) noexcept
    cdef int record(self, Columns* nodes, double* value) except? -2
    cdef int record_alone(self, Columns* nodes) except -1
