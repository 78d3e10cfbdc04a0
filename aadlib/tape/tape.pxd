"""C face of the tape: the structure of arrays that recording writes to."""

cdef enum:
    RECENT = 256        # constants remembered, by their bits
    RECENT_SHIFT = 56   # 64 bits less those of RECENT

cdef struct Columns:
    unsigned char* op        # operation code, a row of the rule table; INPUT, or RESULT of a composite
    int* left                # operand: a node id, or -(k + 1) for constant k; of an input the constant with its value
    int* right               # second operand; the same as `left` for unary operations
    Py_ssize_t size
    Py_ssize_t capacity
    Py_ssize_t cap           # most nodes this tape may hold
    double* constants
    Py_ssize_t n_constants
    Py_ssize_t constant_capacity
    int recent[RECENT]       # the latest constant of each hash: not pushed again while it is there
    unsigned int epoch       # how often the tape was rewound
    unsigned int serial      # which tape an ADVar belongs to; never used twice
    bint trace               # whether to keep a source line for every node

cdef enum:
    RESULT = 254
    INPUT = 255

cdef class Memory:
    cdef void* start
    cdef Py_ssize_t size
    cdef int n_views

cdef class Tape:
    cdef Columns nodes
    cdef Memory op, left, right, constants  # what `nodes` points into
    cdef readonly list guards
    cdef readonly list kinks
    cdef readonly list lines
    cdef readonly list composites
    cdef object previous
    cdef bint entered

    cdef int grow(self) except -1
    cdef int grow_constants(self) except -1

cdef Columns* active_nodes() noexcept nogil
cdef Tape active_tape()
cdef object caller_line()

cdef str caller_module()
cdef int grow_active() except -1
cdef int grow_active_constants() except -1
cdef int note_line() except -1


cdef inline int push(Columns* nodes, int op, int left, int right) except -1:
    """Write one node on the active tape and return its id."""
    cdef Py_ssize_t k = nodes.size
    if k >= nodes.capacity:
        grow_active()
    nodes.op[k] = op
    nodes.left[k] = left
    nodes.right[k] = right
    nodes.size = k + 1
    if nodes.trace:
        note_line()
    return <int>k


cdef inline int push_constant(Columns* nodes, double value) except? -2:
    """Write one constant on the active tape and return its id, which is negative."""
    cdef Py_ssize_t k = nodes.n_constants
    if k >= nodes.constant_capacity:
        grow_active_constants()
    nodes.constants[k] = value
    nodes.n_constants = k + 1
    return <int>(-k - 1)
