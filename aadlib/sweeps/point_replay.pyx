"""Replays of a small program at one market state, in one call from Python."""

import numpy as np

from cpython.buffer cimport PyBUF_CONTIG_RO, PyBUF_FORMAT, PyBuffer_Release, PyObject_GetBuffer
from libc.string cimport memcpy, memset, strcmp

from aadlib.program.nodes cimport Nodes
from aadlib.sweeps.simd cimport AAD_LANES, aad_guards, guards_of, kernels
from aadlib.sweeps.watch cimport begin_watch, end_watch


cdef class PointReplay:
    """Replays of a small program of plain nodes at one market state, in one call from Python.

    Every method takes the inputs as a float array (n_inputs,) and returns None where the checked path has something to
    say about them: a wrong length, a number that is not finite, a guard that changed, an infinity or a NaN on the way
    to a derivative. Not for two threads at once.
    """

    cdef Nodes nodes
    cdef object guard_arrays  # what `guards` points into
    cdef aad_guards guards
    cdef const int[::1] active
    cdef const int[::1] addresses
    cdef double[::1] values
    cdef double[::1] adjoints
    cdef double[::1] tangents
    cdef double[::1] adjoint_tangents
    cdef Py_ssize_t n_inputs
    cdef int output

    def __cinit__(self, program, addresses, n_addresses):
        self.nodes = program.nodes
        self.guard_arrays = program.guard_arrays
        self.guards = guards_of(program.guard_arrays)
        self.active = np.flatnonzero(program.input_active).astype(np.int32)
        self.n_inputs = program.n_inputs
        self.output = program.outputs[0]
        values = np.zeros(program.n_slots)
        values[program.n_inputs : program.first_node] = program.constants
        self.values = values
        self.adjoints = np.zeros(program.n_slots)
        self.tangents = np.zeros(program.n_slots * AAD_LANES)
        self.addresses = addresses
        self.adjoint_tangents = np.zeros(n_addresses * AAD_LANES)

    cdef bint load(self, inputs) except -1:
        """Copy the inputs; return whether there are as many as there should be, and all finite."""
        cdef Py_buffer given  # a typed memory view would cost more than the sweep
        cdef Py_ssize_t k
        cdef double not_finite = 0.0
        PyObject_GetBuffer(inputs, &given, PyBUF_CONTIG_RO | PyBUF_FORMAT)
        cdef bint fits = given.len == self.n_inputs * <Py_ssize_t>sizeof(double) and strcmp(given.format, b"d") == 0
        if fits:
            memcpy(&self.values[0], given.buf, given.len)  # which asks for no alignment, as NumPy does not
            for k in range(self.n_inputs):
                not_finite += self.values[k] - self.values[k]
        PyBuffer_Release(&given)
        return fits and not_finite == 0.0

    cdef bint evaluate(self, inputs) except -1:
        if not self.load(inputs):
            return False
        kernels.values(&self.nodes.c, &self.values[0], 0, self.nodes.c.n_nodes)
        return kernels.changed_guard(&self.guards, &self.values[0]) < 0

    cdef void pull_back(self) noexcept nogil:
        memset(&self.adjoints[0], 0, self.adjoints.shape[0] * sizeof(double))
        self.adjoints[self.output] = 1.0
        kernels.adjoints(&self.nodes.c, &self.values[0], &self.adjoints[0], 0, self.nodes.c.n_nodes)

    cdef void second_order(self, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
        """Run forward over reverse in the directions of the active inputs begin..end-1."""
        cdef Py_ssize_t n = self.nodes.c.n_nodes
        cdef Py_ssize_t i
        memset(&self.tangents[0], 0, self.nodes.c.first_node * AAD_LANES * sizeof(double))
        memset(&self.adjoint_tangents[0], 0, self.adjoint_tangents.shape[0] * sizeof(double))
        for i in range(begin, end):
            self.tangents[self.active[i] * AAD_LANES + i - begin] = 1.0
        kernels.tangents(&self.nodes.c, &self.values[0], &self.tangents[0], 0, n)
        kernels.second_order(
            &self.nodes.c, &self.values[0], &self.adjoints[0], &self.tangents[0], &self.adjoint_tangents[0],
            &self.addresses[0], 0, n,
        )

    def value(self, inputs):
        """Return the value, or None."""
        return self.values[self.output] if self.evaluate(inputs) else None

    def value_and_gradient(self, inputs):
        """Return the value and the gradient over the active inputs (n_active,), or None."""
        cdef Py_ssize_t k
        begin_watch()
        if not self.evaluate(inputs):
            return None
        self.pull_back()
        if end_watch():
            return None
        gradient = np.empty(self.active.shape[0])
        cdef double[::1] g = gradient
        for k in range(self.active.shape[0]):
            g[k] = self.adjoints[self.active[k]]
        return self.values[self.output], gradient

    def derivatives(self, inputs):
        """Return value, gradient (n_active,) and Hessian (n_active, n_active), or None."""
        cdef Py_ssize_t m = self.active.shape[0]
        cdef Py_ssize_t begin, end, i, j
        first_order = self.value_and_gradient(inputs)
        if first_order is None:
            return None
        hessian = np.empty((m, m))
        cdef double[:, ::1] h = hessian
        with nogil:
            end = 0
            while end < m:
                begin, end = end, min(end + AAD_LANES, m)
                self.second_order(begin, end)
                for i in range(begin, end):
                    for j in range(m):
                        h[i, j] = self.adjoint_tangents[self.addresses[self.active[j]] * AAD_LANES + i - begin]
            for i in range(m):
                for j in range(i):
                    h[i, j] = 0.5 * (h[i, j] + h[j, i])
                    h[j, i] = h[i, j]
        if end_watch():
            return None
        return first_order[0], first_order[1], hessian
