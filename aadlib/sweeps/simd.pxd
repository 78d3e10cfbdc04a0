"""C face of the sweeps over blocks of lanes: what stands in kernels/table.h, and the table and instruction set in use."""

from aadlib.program.nodes cimport aad_nodes

cdef extern from "aadlib/sweeps/kernels/table.h" nogil:
    enum:
        AAD_LANES
        AAD_BLOCK
        AAD_COLUMN

    ctypedef struct aad_guards:
        const unsigned char* op
        const int* left
        const int* right
        const unsigned char* outcome
        Py_ssize_t n_guards

    ctypedef struct aad_lane_inputs:
        const int* slots
        Py_ssize_t n_slots
        const char* numbers
        Py_ssize_t slot_stride, lane_stride

    ctypedef struct aad_chunk:
        const aad_nodes* nodes
        Py_ssize_t begin_node
        aad_lane_inputs inputs
        aad_guards guards
        double* values
        Py_ssize_t begin, end

    ctypedef struct aad_changed:
        Py_ssize_t guard, lane

    ctypedef struct aad_outputs:
        const int* slots
        Py_ssize_t n_outputs
        const double* seeds
        double* values
        Py_ssize_t n_lanes

    ctypedef struct aad_tangent_plan:
        const unsigned char* curves
        const int* starts
        const int* entries
        Py_ssize_t n_blocks

    ctypedef struct aad_lane_results:
        const int* active
        Py_ssize_t n_active
        int output
        double* values
        double* gradients
        double* hessians

    ctypedef struct aad_steps:
        const int* runs
        Py_ssize_t n_runs
        const int* operands

    ctypedef struct aad_block_code:
        aad_steps values, sums
        const int* loads
        Py_ssize_t n_loads
        const int* packs
        Py_ssize_t n_packs
        const int* zone
        Py_ssize_t n_zone
        const int* groups
        Py_ssize_t n_groups
        const int* table
        aad_guards guards
        Py_ssize_t n_fixed, n_addresses, n_sums
        int seed, output

    ctypedef struct aad_lane_argument:
        const double* numbers
        Py_ssize_t lane_stride, position_stride

    ctypedef struct aad_block_run:
        const double* fixed
        double* workspace
        const aad_lane_argument* arguments
        Py_ssize_t begin, end
        double* outputs
        long long* changed
        double* sums

    ctypedef struct aad_kernels:
        void (*values)(const aad_nodes* nodes, double* values, Py_ssize_t begin, Py_ssize_t end) noexcept nogil
        void (*adjoints)(
            const aad_nodes* nodes, const double* values, double* adjoints, Py_ssize_t begin, Py_ssize_t end
        ) noexcept nogil
        Py_ssize_t (*changed_guard)(const aad_guards* guards, const double* values) noexcept nogil
        void (*tangents)(
            const aad_nodes* nodes, const double* values, double* tangents, Py_ssize_t begin, Py_ssize_t end
        ) noexcept nogil
        void (*second_order)(
            const aad_nodes* nodes, const double* values, const double* adjoints, const double* tangents,
            double* adjoint_tangents, const int* addresses, Py_ssize_t begin, Py_ssize_t end
        ) noexcept nogil
        void (*bottleneck_terms)(
            const aad_nodes* nodes, const double* values, const double* adjoints, const double* tangents,
            Py_ssize_t n_blocks, Py_ssize_t n_slots, double* matrix, Py_ssize_t begin, Py_ssize_t end
        ) noexcept nogil
        void (*bottleneck)(
            const aad_nodes* nodes, const unsigned char* created, const double* values, const double* adjoints,
            const int* addresses, double* rows, double* sums, Py_ssize_t n_blocks
        ) noexcept nogil
        aad_changed (*evaluate)(const aad_chunk* chunk, const aad_outputs* outputs) noexcept nogil
        aad_changed (*gradient)(
            const aad_chunk* chunk, const aad_outputs* outputs, double* adjoints, double* lane_adjoints
        ) noexcept nogil
        aad_changed (*hessian)(
            const aad_chunk* chunk, const aad_tangent_plan* plan, const aad_lane_results* results, double* scratch
        ) noexcept nogil
        Py_ssize_t (*run_blocks)(const aad_block_code* code, const aad_block_run* run) noexcept nogil

cdef const aad_kernels* kernels  # the table in use: of the widest instruction set, unless told otherwise

cdef int set_in_use  # its place among the tables that every room of kernels has

cdef aad_guards guards_of(tuple guards) except *
