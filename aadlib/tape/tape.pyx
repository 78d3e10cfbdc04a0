"""The tape: a Wengert list as a structure of arrays, one active tape per thread."""

import threading

import numpy as np

from cpython.buffer cimport PyBuffer_FillInfo
from cpython.mem cimport PyMem_RawFree, PyMem_RawRealloc
from cpython.ref cimport Py_DECREF, Py_INCREF, PyObject
from libc.string cimport memcpy

from aadlib.errors import AadTypeError, AadValueError, TapeError

cdef extern from *:
    """
    #if defined(_MSC_VER)
    #define AAD_THREAD_LOCAL __declspec(thread)
    #else
    #define AAD_THREAD_LOCAL __thread
    #endif
    typedef struct { void* nodes; PyObject* tape; } aad_active;
    static AAD_THREAD_LOCAL aad_active aad_current = {NULL, NULL};
    """
    ctypedef struct aad_active:
        void* nodes
        PyObject* tape
    aad_active aad_current

cdef extern from *:
    """
    #define aad_current_frame() ((PyObject*)PyEval_GetFrame())
    """
    PyObject* aad_current_frame()

cdef object input_maker = None
cdef unsigned int next_serial = 1
cdef object serial_lock = threading.Lock()

DEFAULT_CAP = 2**31 - 2
cdef tuple LIBRARY_MODULES = ("aadlib", "numpy")


def set_input_maker(maker):
    """Say how an input becomes a recorded number; called once by `aadlib.tape.advar`."""
    global input_maker
    input_maker = maker


cdef Columns* active_nodes() noexcept nogil:
    return <Columns*>aad_current.nodes


cdef Tape active_tape():
    if aad_current.tape == NULL:
        return None
    return <Tape>aad_current.tape


cdef object caller_line():
    """Return (file, line, function) of the innermost frame outside this library and NumPy."""
    cdef PyObject* top = aad_current_frame()
    if top == NULL:
        return ("<unknown>", 0, "<unknown>")
    frame = <object>top
    while frame.f_back is not None and str(frame.f_globals.get("__name__") or "").partition(".")[0] in LIBRARY_MODULES:
        frame = frame.f_back
    return (frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)


cdef str caller_module():
    """Return the name of the innermost frame's module, which may be this library's."""
    cdef PyObject* top = aad_current_frame()
    return "" if top == NULL else str((<object>top).f_globals.get("__name__") or "")


cdef int grow_active() except -1:
    return active_tape().grow()


cdef int grow_active_constants() except -1:
    return active_tape().grow_constants()


cdef int note_line() except -1:
    active_tape().lines.append(caller_line())
    return 0


cdef class Memory:
    """A block of memory that views of it keep, and do not write to."""

    def __dealloc__(self):
        PyMem_RawFree(self.start)

    def __getbuffer__(self, Py_buffer* view, int flags):
        PyBuffer_FillInfo(view, self, self.start, self.size, True, flags)
        self.n_views += 1

    def __releasebuffer__(self, Py_buffer* view):
        self.n_views -= 1


cdef Memory grown(Memory memory, Py_ssize_t size):
    """Return memory of a larger size with the same content: the same, or where views look at it another."""
    cdef Memory larger = memory
    cdef void* start
    if memory is None or memory.n_views:
        larger = Memory.__new__(Memory)
    start = PyMem_RawRealloc(larger.start, size)
    if start == NULL:
        raise MemoryError(f"no memory for the {size} bytes that a tape grows to")
    if memory is not None and memory is not larger:
        memcpy(start, memory.start, memory.size)
    larger.start, larger.size = start, size
    return larger


cdef class Tape:
    """A recording in progress.

    Operations on `ADVar`s are recorded on the tape that is active in the current thread: the innermost `with` block.

    Parameters
    ----------
    max_nodes : int, default 2**31 - 2
        Recording one operation more raises `TapeError`: the memory cap, at about 9 bytes a node.
    trace_lines : bool, default False
        Keep the source line of every operation, so that a NaN found in a sweep names the line that made it.

    Examples
    --------
    >>> import aadlib as ad
    >>> with ad.Tape() as tape:
    ...     x = tape.input(3.0)
    ...     y = x * x
    >>> ad.grads_list(tape, y, [x])
    [6.0]
    """

    def __cinit__(self, max_nodes=DEFAULT_CAP, trace_lines=False):
        global next_serial
        if not 0 < max_nodes <= DEFAULT_CAP:
            raise AadValueError(f"max_nodes = {max_nodes!r}: must lie between 1 and {DEFAULT_CAP}")
        self.nodes.cap = max_nodes
        self.nodes.trace = trace_lines
        self.guards = []
        self.kinks = []
        self.lines = []
        self.composites = []
        with serial_lock:
            self.nodes.serial = next_serial
            next_serial += 1

    cdef int grow(self) except -1:
        cdef Columns* nodes = &self.nodes
        cdef Py_ssize_t capacity = min(max(1024, 2 * nodes.capacity), nodes.cap)
        if nodes.size >= nodes.cap:
            raise TapeError(
                f"the tape holds {nodes.size} nodes, its max_nodes: raise the cap, record a smaller step, or fold "
                "work that does not depend on the inputs into plain floats"
            )
        self.op, self.left, self.right = (
            grown(self.op, capacity * sizeof(unsigned char)),
            grown(self.left, capacity * sizeof(int)),
            grown(self.right, capacity * sizeof(int)),
        )
        nodes.op, nodes.left = <unsigned char*>self.op.start, <int*>self.left.start
        nodes.right = <int*>self.right.start
        nodes.capacity = capacity
        return 0

    cdef int grow_constants(self) except -1:
        cdef Columns* nodes = &self.nodes
        cdef Py_ssize_t capacity = max(256, 2 * nodes.constant_capacity)
        self.constants = grown(self.constants, capacity * sizeof(double))
        nodes.constants = <double*>self.constants.start
        nodes.constant_capacity = capacity
        return 0

    def __enter__(self):
        if self.entered:
            raise TapeError("this tape is already open: a tape can be entered once at a time")
        if self.nodes.size:
            raise TapeError("this tape was closed with its recording on it: make a new Tape")
        self.previous = active_tape()
        self.entered = True
        Py_INCREF(self)
        aad_current.nodes = &self.nodes
        aad_current.tape = <PyObject*>self
        return self

    def __exit__(self, kind, error, traceback):
        cdef Tape previous = self.previous
        if aad_current.tape != <PyObject*>self:
            raise TapeError("tapes must be closed in the thread and in the reverse order they were opened in")
        self.entered = False
        self.previous = None
        if previous is None:
            aad_current.nodes = NULL
            aad_current.tape = NULL
        else:
            aad_current.nodes = &previous.nodes
            aad_current.tape = <PyObject*>previous
        Py_DECREF(self)
        return False

    def __len__(self):
        return self.nodes.size

    def __repr__(self):
        state = "open" if self.entered else "closed"
        return f"<Tape: {self.nodes.size} nodes, {self.nodes.n_constants} constants, {state}>"

    @property
    def nbytes(self):
        """Bytes held for nodes and constants, growth room included."""
        per_node = sizeof(unsigned char) + 2 * sizeof(int)
        return self.nodes.capacity * per_node + self.nodes.constant_capacity * sizeof(double)

    @property
    def serial(self):
        """Number of this tape; an `ADVar` carries the number of the tape it was recorded on."""
        return self.nodes.serial

    def input(self, value):
        """Declare an independent variable and return it as an `ADVar`.

        Inputs are numbered in the order they are declared, which may be at any time before they are used.
        """
        if aad_current.tape != <PyObject*>self:
            raise TapeError("the tape is not open in this thread: declare inputs inside `with tape:`")
        return input_maker(value)

    def mark(self):
        """Return the present position, for `rewind`."""
        return (self.nodes.size, self.nodes.n_constants, len(self.guards), len(self.kinks), len(self.lines), len(self.composites))

    def rewind(self, mark):
        """Forget everything recorded after `mark`; `ADVar`s made since must not be used again."""
        size, n_constants, *lengths = mark
        if not 0 <= size <= self.nodes.size or not 0 <= n_constants <= self.nodes.n_constants:
            raise TapeError(f"mark {mark!r} lies beyond the end of this tape ({self.nodes.size} nodes)")
        self.nodes.epoch += 1
        self.nodes.size = size
        self.nodes.n_constants = n_constants
        for notes, length in zip((self.guards, self.kinks, self.lines, self.composites), lengths):
            del notes[length:]

    def arrays(self):
        """Return copies (op, left, right, constants) of what was recorded.

        Operand ids are node numbers; -(k + 1) stands for constant k. The op of an input is 255, its operands are the
        constant with its value; that of a composite's result is 254, its operands are itself.
        """
        return tuple(np.array(column) for column in self.columns())

    def columns(self):
        """Return what `arrays` does as read-only views of the tape's own memory, without what is recorded later."""
        cdef Py_ssize_t n = self.nodes.size
        cdef Py_ssize_t m = self.nodes.n_constants
        return (
            np.frombuffer(self.op, np.uint8, n) if n else np.empty(0, dtype=np.uint8),
            np.frombuffer(self.left, np.int32, n) if n else np.empty(0, dtype=np.int32),
            np.frombuffer(self.right, np.int32, n) if n else np.empty(0, dtype=np.int32),
            np.frombuffer(self.constants, np.float64, m) if m else np.empty(0),
        )

    def __reduce__(self):
        raise AadTypeError("a Tape cannot be pickled: record again where it is needed")
