"""The compiled passes of a twin network; their readable form is pricers.surrogates.network.twins.

The passes are C, in `pricers/surrogates/network/kernels`, built once per instruction set; those of the set that
`aadlib.sweeps.simd` has in use are called. They release the GIL. Multiply and add may be fused, so bits are the same
from run to run and for any number of threads, but not from one instruction set to another.
"""

from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc

import numpy as np

from aadlib.errors import AadValueError
from aadlib.sweeps.simd cimport set_in_use

cdef extern from "pricers/surrogates/network/kernels/table.h" nogil:
    enum:
        NET_MOST_LAYERS

    ctypedef struct net_shape:
        int n_layers
        Py_ssize_t sizes[33]
        Py_ssize_t starts[33]
        int activation

    ctypedef struct net_samples:
        const void* x
        const void* y
        const void* dydx
        double value_weight
        const void* slope_weights

    ctypedef struct net_adam:
        void* weights
        void* mean
        void* square
        int64_t n_steps
        double mean_decay, square_decay, floor

    ctypedef struct net_scaling:
        const double* x_mean
        const double* x_deviation
        const double* y_mean
        const double* y_deviation
        const double* lowest
        const double* highest

    ctypedef struct net_states:
        const double* x
        double* values
        double* greeks
        unsigned char* outside
        Py_ssize_t n

    ctypedef struct net_passes:
        size_t (*workspace)(const net_shape* shape, Py_ssize_t rows) noexcept nogil
        void (*train)(
            const net_shape* shape, const net_samples* samples, net_adam* adam, const int64_t* order, Py_ssize_t n,
            const double* rates, Py_ssize_t n_batches, double* losses, void* workspace
        ) noexcept nogil
        void (*gradient)(
            const net_shape* shape, const net_samples* samples, const void* weights, Py_ssize_t n, void* gradient,
            double* losses, void* workspace
        ) noexcept nogil
        void (*evaluate)(
            const net_shape* shape, const net_scaling* scaling, const void* weights, const net_states* states,
            void* workspace
        ) noexcept nogil

    ctypedef struct net_kernels:
        net_passes single_precision, double_precision

    const net_kernels* const* net_kernels_tables


cdef enum:
    MANY = 1 << 20  # rows that fill a block, whatever its size

MOST_LAYERS = NET_MOST_LAYERS
"""The most layers with weights that a network may have."""


cdef const unsigned char* bytes_of(array) except NULL:
    """Return the address of a contiguous array."""
    cdef const unsigned char[::1] view = memoryview(array).cast("B")
    return &view[0]


cdef const double* numbers_of(array) except NULL:
    """Return the address of a contiguous array of doubles."""
    cdef const double[::1] view = array
    return &view[0]


cdef class Passes:
    """The passes of networks of one shape, activation and precision, with the instruction set now in use."""

    cdef net_shape shape
    cdef const net_passes* passes
    cdef tuple arguments

    def __cinit__(self, sizes, int activation, dtype):
        cdef Py_ssize_t at = 0
        if not 2 <= len(sizes) <= NET_MOST_LAYERS + 1:
            raise AadValueError(f"a network of {len(sizes) - 1} layers: must have 1 to {NET_MOST_LAYERS}")
        self.shape.n_layers = len(sizes) - 1
        self.shape.activation = activation
        self.shape.sizes[0] = sizes[0]
        for number, size in enumerate(sizes[1:]):
            self.shape.sizes[number + 1] = size
            self.shape.starts[number] = at
            at += (self.shape.sizes[number] + 1) * self.shape.sizes[number + 1]
        self.shape.starts[self.shape.n_layers] = at
        cdef const net_kernels* table = net_kernels_tables[set_in_use]
        self.passes = &table.double_precision if np.dtype(dtype) == np.float64 else &table.single_precision
        self.arguments = (tuple(sizes), activation, str(np.dtype(dtype)))

    def __reduce__(self):
        return Passes, self.arguments

    cdef net_samples samples_of(self, samples, loss) except *:
        cdef net_samples c
        c.x = bytes_of(samples.x)
        c.y = bytes_of(samples.y)
        c.dydx = NULL if samples.dydx is None else bytes_of(samples.dydx)
        c.value_weight = loss.value_weight
        c.slope_weights = bytes_of(loss.slope_weights)
        return c

    def train_epoch(self, adam, samples, loss, const int64_t[::1] order not None, const double[::1] rates not None):
        """Step once for each rate, through the samples in their order; return the mean losses of values and Greeks."""
        cdef net_samples c = self.samples_of(samples, loss)
        cdef net_adam state
        cdef double[2] losses
        cdef void* workspace
        cdef Py_ssize_t n = order.shape[0], n_batches = rates.shape[0]
        losses[0] = losses[1] = 0.0
        state.weights = <void*>bytes_of(adam.weights)
        state.mean = <void*>bytes_of(adam.mean)
        state.square = <void*>bytes_of(adam.square)
        state.n_steps = adam.n_steps
        state.mean_decay, state.square_decay, state.floor = adam.mean_decay, adam.square_decay, adam.floor
        workspace = self.allocate(MANY, self.shape.starts[self.shape.n_layers])
        with nogil:
            self.passes.train(&self.shape, &c, &state, &order[0], n, &rates[0], n_batches, losses, workspace)
            free(workspace)
        adam.n_steps = state.n_steps
        return losses[0], losses[1]

    def losses(self, weights, samples, loss):
        """Return the mean losses of values and of Greeks."""
        return self.sweep(weights, samples, loss, None)

    def loss_and_gradient(self, weights, samples, loss):
        """Return the mean losses of values and of Greeks, and the gradient (n_weights,) of their sum."""
        gradient = np.empty_like(weights)
        return *self.sweep(weights, samples, loss, gradient), gradient

    cdef sweep(self, weights, samples, loss, gradient):
        cdef net_samples c = self.samples_of(samples, loss)
        cdef double[2] losses
        cdef const void* given = bytes_of(weights)
        cdef void* wanted = NULL if gradient is None else <void*>bytes_of(gradient)
        cdef Py_ssize_t n = len(samples.x)
        cdef void* workspace = self.allocate(MANY, 0)
        losses[0] = losses[1] = 0.0
        with nogil:
            self.passes.gradient(&self.shape, &c, given, n, wanted, losses, workspace)
            free(workspace)
        return losses[0], losses[1]

    cdef void* allocate(self, Py_ssize_t rows, Py_ssize_t n_numbers) except NULL:
        """Return room for a block of rows, for numbers more, and to begin on a cache line."""
        cdef void* workspace = malloc(self.passes.workspace(&self.shape, rows) + n_numbers * sizeof(double) + 128)
        if workspace is NULL:
            raise MemoryError("no memory for the passes of a network")
        return workspace


cdef class Evaluator:
    """Values and Greeks of states in their own units by one network."""

    cdef Passes passes
    cdef object weights
    cdef const void* numbers
    cdef tuple arrays
    cdef net_scaling scaling

    def __cinit__(self, Passes passes not None, weights, tuple scaling not None):
        cdef net_scaling* s = &self.scaling
        self.passes, self.weights, self.numbers = passes, weights, bytes_of(weights)
        self.arrays = tuple(np.array(numbers, dtype=np.float64) for numbers in scaling)
        s.x_mean, s.x_deviation = numbers_of(self.arrays[0]), numbers_of(self.arrays[1])
        s.y_mean, s.y_deviation = numbers_of(self.arrays[2]), numbers_of(self.arrays[3])
        s.lowest, s.highest = numbers_of(self.arrays[4]), numbers_of(self.arrays[5])

    def __reduce__(self):
        return Evaluator, (self.passes, self.weights, self.arrays)

    def evaluate(
        self,
        const double[:, ::1] x not None,
        double[:, ::1] values not None,
        unsigned char[::1] outside not None,
        double[:, :, ::1] greeks=None,
    ):
        """Fill values (n, m), Greeks (n, m, d) unless None, and marks of the states (n, d) outside the range."""
        cdef net_states states
        cdef void* workspace
        if x.shape[0] == 0:
            return
        states.greeks = NULL if greeks is None else &greeks[0, 0, 0]
        states.x, states.values, states.outside, states.n = &x[0, 0], &values[0, 0], &outside[0], x.shape[0]
        workspace = self.passes.allocate(states.n, 0)
        with nogil:
            self.passes.passes.evaluate(&self.passes.shape, &self.scaling, self.numbers, &states, workspace)
            free(workspace)
