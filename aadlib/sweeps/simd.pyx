"""Sweeps over one market state and over blocks of lanes, by the widest instruction set that this processor has.

The sweeps are C, in `aadlib/sweeps/kernels`, built once per instruction set, and the set is chosen here alone, for the
pricers' kernels too: `AADLIB_INSTRUCTIONS` (baseline, avx2, avx512) forces a set when the package is imported, `use` changes it later, in tests
and comparisons. Every set gives the same bits.

Arguments that several sweeps share: `segment` is (begin, end), nodes begin..end-1; `values` and `adjoints` are
(n_slots,), what the sweeps over one market state left; `lane_inputs` is (slots, numbers), a row of numbers
(n_slots, n_lanes) per slot; `guards` is (op, left, right, outcome) of the recorded comparisons; `lanes` is (begin, end).
"""

import os

import numpy as np

from libc.string cimport memset

from aadlib.errors import AadValueError
from aadlib.program.nodes cimport Nodes, aad_nodes
from aadlib.sweeps.watch cimport begin_watch, end_watch

cdef extern from "aadlib/sweeps/kernels/processor.h":
    int aad_widest() nogil

cdef extern from "aadlib/sweeps/kernels/table.h":
    const aad_kernels* const* aad_kernels_tables

INSTRUCTION_SETS = ("baseline", "avx2", "avx512")
"""Names of the sets that the sweeps can be built for, each with what the ones before it have."""

LANES = AAD_LANES
"""Directions in one block of a sweep over one market state."""

BLOCK = AAD_BLOCK
"""Market states or paths in one block of a sweep over many."""

set_in_use = 0


# ---- the instruction set -------------------------------------------------------------------------------------------


def available():
    """Return the names of the instruction sets that this build and this processor have."""
    return INSTRUCTION_SETS[: aad_widest() + 1]


def in_use():
    """Return the name of the instruction set that sweeps run with."""
    return INSTRUCTION_SETS[set_in_use]


def use(name):
    """Let every sweep from now on run with an instruction set; not while one runs on another thread.

    Raises
    ------
    AadValueError
        When there is no such set, or this build or processor lacks it.
    """
    global kernels, set_in_use
    if name not in INSTRUCTION_SETS:
        raise AadValueError(f"AADLIB_INSTRUCTIONS = {name!r}: choose one of {', '.join(INSTRUCTION_SETS)}")
    if name not in available():
        raise AadValueError(
            f"AADLIB_INSTRUCTIONS = {name!r}: this processor and build have {', '.join(available())} only; leave it unset"
        )
    set_in_use = INSTRUCTION_SETS.index(name)
    kernels = aad_kernels_tables[set_in_use]


use(os.environ.get("AADLIB_INSTRUCTIONS", INSTRUCTION_SETS[aad_widest()]))


# ---- one market state ------------------------------------------------------------------------------------------------


def value_sweep(Nodes nodes not None, double[::1] values, segment):
    """Recompute the values of the nodes of a segment (begin, end), in order."""
    cdef Py_ssize_t begin, end
    begin, end = segment
    if end > begin:
        with nogil:
            begin_watch()
            kernels.values(&nodes.c, &values[0], begin, end)
            end_watch()


def adjoint_sweep(Nodes nodes not None, const double[::1] values, double[::1] adjoints, segment):
    """Add the adjoints of a segment's nodes, last first, to those of their operands; `adjoints` holds the seeds."""
    cdef Py_ssize_t begin, end
    begin, end = segment
    if end > begin:
        with nogil:
            begin_watch()
            kernels.adjoints(&nodes.c, &values[0], &adjoints[0], begin, end)
            end_watch()


def first_changed_guard(tuple guards, const double[::1] values):
    """Return the position of the first guard that comes out otherwise than recorded, or -1."""
    cdef aad_guards recorded = guards_of(guards)
    return kernels.changed_guard(&recorded, &values[0]) if recorded.n_guards else -1


# ---- directions over one market state ------------------------------------------------------------------------------


def tangent_sweep(Nodes nodes not None, const double[::1] values, double[::1] tangents, segment):
    """Carry LANES directions forward over a segment; `tangents` (n_slots * LANES) holds seeds and zeros."""
    cdef Py_ssize_t begin, end
    begin, end = segment
    if end > begin:
        with nogil:
            begin_watch()
            kernels.tangents(&nodes.c, &values[0], &tangents[0], begin, end)
            end_watch()


def second_order_sweep(
    Nodes nodes not None,
    const double[::1] values,
    const double[::1] adjoints,
    const double[::1] tangents,
    double[::1] adjoint_tangents,
    const int[::1] addresses,
    segment,
):
    """Carry the tangents of the adjoints backward over a segment in LANES directions: forward over reverse.

    `adjoint_tangents` (n_addresses * LANES) enters as zeros; a slot's block stands at its address, see
    `aadlib.program.backward_passes.recycle_adjoints`.
    """
    cdef Py_ssize_t begin, end
    begin, end = segment
    if end > begin:
        with nogil:
            begin_watch()
            kernels.second_order(
                &nodes.c, &values[0], &adjoints[0], &tangents[0], &adjoint_tangents[0], &addresses[0], begin, end
            )
            end_watch()


def bottleneck_terms(
    Nodes nodes not None,
    const double[::1] values,
    const double[::1] adjoints,
    const double[:, :, ::1] tangents,
    double[:, :, ::1] matrix,
    segment,
):
    """Add to `matrix` each node's term of the bottleneck sum: adjoint times second partials times tangent rows.

    `tangents` is (n_blocks, n_slots, LANES), or fewer slots where the segment reads no others; `matrix` is
    (n_blocks * LANES, n_blocks, LANES).
    """
    cdef Py_ssize_t begin, end
    begin, end = segment
    if end > begin and tangents.shape[0]:
        with nogil:
            begin_watch()
            kernels.bottleneck_terms(
                &nodes.c, &values[0], &adjoints[0], &tangents[0, 0, 0], tangents.shape[0], tangents.shape[1],
                &matrix[0, 0, 0], begin, end,
            )
            end_watch()


def uniform_derivatives(
    Nodes nodes not None,
    const double[::1] values,
    const double[:, :, ::1] tangents,
    const double[:, :] sums,
    const int[::1] summed,
    const Py_ssize_t[::1] active,
    double[:, ::1] gradients,
    double[:, :, ::1] hessians,
    Py_ssize_t n_uniform,
):
    """Carry adjoints summed over ranges of lanes back through the uniform nodes, and add the curvatures of these.

    Parameters
    ----------
    values : (n_shared,), or more
    tangents : (n_blocks, n_shared, LANES) in the active inputs; no blocks where no uniform node is curved
    sums : (n_ranges, n) adjoints at the slots `summed` (n,)
    active : (n_active,) slots of the active inputs
    gradients : (n_ranges, n_active) to be filled
    hessians : (n_ranges, n_active, n_active) to which the symmetric part of the curvatures is added, where there are tangents
    """
    cdef Py_ssize_t number, i, j, n_blocks = tangents.shape[0], n_shared = nodes.first_node + n_uniform
    cdef Py_ssize_t width = n_blocks * AAD_LANES, n = active.shape[0]
    cdef double[::1] adjoints = np.empty(n_shared)
    cdef double[:, ::1] matrix = np.empty((width, width))
    with nogil:
        begin_watch()
        for number in range(sums.shape[0]):
            memset(&adjoints[0], 0, n_shared * sizeof(double))
            for i in range(summed.shape[0]):
                adjoints[summed[i]] = sums[number, i]
            if n_uniform:
                kernels.adjoints(&nodes.c, &values[0], &adjoints[0], 0, n_uniform)
            for i in range(n):
                gradients[number, i] = adjoints[active[i]]
            if not n_blocks or not n_uniform:
                continue
            memset(&matrix[0, 0], 0, width * width * sizeof(double))
            kernels.bottleneck_terms(
                &nodes.c, &values[0], &adjoints[0], &tangents[0, 0, 0], n_blocks, tangents.shape[1], &matrix[0, 0], 0,
                n_uniform,
            )
            for i in range(n):
                for j in range(n):
                    hessians[number, i, j] = hessians[number, i, j] + 0.5 * (matrix[i, j] + matrix[j, i])
        end_watch()


def bottleneck_sweep(
    Nodes nodes not None,
    const unsigned char[::1] created,
    const double[::1] values,
    const double[::1] adjoints,
    const int[::1] addresses,
    double[:, ::1] rows,
    double[:, ::1] sums,
):
    """Add up the bottleneck sum by earlier ends of arcs: weight times the row of the later end, rows carried forward.

    Parameters
    ----------
    created : (n_nodes,) bits 1, 2, 4 where a node creates an arc under dxx, dxy, dyy in its active operands
    addresses : (n_slots,) where the row of a slot stands, used again once nobody needs it; -1 where nobody does.
        Earlier ends of arcs have addresses of their own, below `len(sums)`
    rows : (n_addresses, blocks * LANES) enters with the directions at the inputs' addresses
    sums : (n_ends, blocks * LANES), receives the sum over arcs of weight times row of the later end; an arc from a slot
        to itself has half its weight
    """
    cdef Py_ssize_t width = rows.shape[1]
    if width % AAD_LANES or sums.shape[1] != width:
        raise ValueError(f"rows of {rows.shape[1]} and {sums.shape[1]} numbers: need the same whole blocks of lanes")
    if nodes.n_nodes and rows.shape[0] and sums.shape[0]:
        with nogil:
            begin_watch()
            kernels.bottleneck(
                &nodes.c, &created[0], &values[0], &adjoints[0], &addresses[0], &rows[0, 0], &sums[0, 0],
                width // AAD_LANES,
            )
            end_watch()


# ---- many market states --------------------------------------------------------------------------------------------


cdef aad_guards guards_of(tuple guards) except *:
    """Return recorded comparisons for C; the arrays must live as long as they are used."""
    cdef const unsigned char[::1] op = guards[0]
    cdef const int[::1] left = guards[1]
    cdef const int[::1] right = guards[2]
    cdef const unsigned char[::1] outcome = guards[3]
    cdef aad_guards recorded = aad_guards(NULL, NULL, NULL, NULL, op.shape[0])
    if op.shape[0]:
        recorded.op, recorded.left, recorded.right, recorded.outcome = &op[0], &left[0], &right[0], &outcome[0]
    return recorded


cdef aad_chunk chunk_of(
    Nodes nodes, Py_ssize_t begin_node, tuple lane_inputs, tuple guards, double[::1] values, tuple lanes
) except *:
    """Return one call's share of the lanes for C; the arrays must live as long as they are used."""
    cdef const int[::1] slots = lane_inputs[0]
    cdef const double[:, :] numbers = lane_inputs[1]
    cdef aad_chunk chunk
    memset(&chunk, 0, sizeof(chunk))
    chunk.nodes = &nodes.c
    chunk.begin_node = begin_node
    chunk.inputs.n_slots = slots.shape[0]
    if slots.shape[0]:
        chunk.inputs.slots = &slots[0]
        chunk.inputs.numbers = <const char*>&numbers[0, 0]
        chunk.inputs.slot_stride, chunk.inputs.lane_stride = numbers.strides[0], numbers.strides[1]
    chunk.guards = guards_of(guards)
    chunk.values = &values[0]
    chunk.begin, chunk.end = lanes
    return chunk


def evaluate_chunk(
    Nodes nodes not None,
    Py_ssize_t begin_node,
    tuple lane_inputs,
    tuple guards,
    double[::1] values,
    tuple lanes,
    const int[::1] output_slots,
    double[:, ::1] outputs,
):
    """Evaluate a range of lanes block by block; return (guard, lane) of the first changed guard, or (-1, -1).

    `values` (n_slots * BLOCK) holds constants, shared inputs and the nodes before `begin_node` in every lane; `outputs`
    (n_outputs, n_lanes) is filled in.
    """
    cdef aad_chunk chunk = chunk_of(nodes, begin_node, lane_inputs, guards, values, lanes)
    cdef aad_outputs to = aad_outputs(
        &output_slots[0], output_slots.shape[0], NULL, &outputs[0, 0], outputs.shape[1]
    )
    cdef aad_changed changed
    with nogil:
        begin_watch()
        changed = kernels.evaluate(&chunk, &to)
        end_watch()
    return changed.guard, changed.lane


def gradient_chunk(
    Nodes nodes not None,
    Py_ssize_t begin_node,
    tuple lane_inputs,
    tuple guards,
    double[::1] values,
    double[::1] adjoints,
    tuple lanes,
    const int[::1] output_slots,
    const double[::1] output_seeds,
    double[:, ::1] outputs,
    double[:, ::1] lane_adjoints,
):
    """Values as `evaluate_chunk`, and adjoints: per lane for lane inputs, added up in `adjoints` for shared slots.

    Adjoints of slots that no lane changes pile up over the blocks, lane by lane, so the caller adds BLOCK numbers
    per chunk and the result does not depend on how chunks were spread over threads.
    """
    cdef aad_chunk chunk = chunk_of(nodes, begin_node, lane_inputs, guards, values, lanes)
    cdef aad_outputs to = aad_outputs(
        &output_slots[0], output_slots.shape[0], &output_seeds[0], &outputs[0, 0], outputs.shape[1]
    )
    cdef double* of_lanes = &lane_adjoints[0, 0] if lane_adjoints.shape[0] else NULL
    cdef aad_changed changed
    with nogil:
        begin_watch()
        changed = kernels.gradient(&chunk, &to, &adjoints[0], of_lanes)
        end_watch()
    return changed.guard, changed.lane


def second_order_chunk(
    Nodes nodes not None,
    Py_ssize_t begin_node,
    tuple lane_inputs,
    tuple guards,
    double[::1] values,
    const unsigned char[::1] curves,
    tuple plan,
    double[::1] scratch,
    tuple lanes,
    const int[::1] active_slots,
    int output_slot,
    tuple results,
):
    """Value, gradient and Hessian in each of a range of lanes; return (guard, lane) as `evaluate_chunk`.

    `curves` says which second partials a node has, `plan` is (starts, entries, n_blocks) of `plan_tangents`, and
    `scratch` holds its n_blocks, the lower triangle of the Hessian, the gradient and an adjoint for every slot, a block
    each, and LANES numbers more, as it is used from a cache line on. `results` are values (n_lanes,), gradients
    (n_lanes, n_active) and Hessians (n_lanes, n_active, n_active). Partials are computed once per block; the Hessian is
    the bottleneck sum of the nodes' terms.
    """
    cdef const int[::1] starts = plan[0]
    cdef const int[:, ::1] entries = plan[1]
    cdef double[::1] outputs = results[0]
    cdef double[:, ::1] gradients = results[1]
    cdef double[:, :, ::1] hessians = results[2]
    cdef aad_chunk chunk = chunk_of(nodes, begin_node, lane_inputs, guards, values, lanes)
    cdef aad_tangent_plan tangents
    tangents.curves = &curves[0] if curves.shape[0] else NULL
    tangents.starts, tangents.n_blocks = &starts[0], plan[2]
    tangents.entries = &entries[0, 0] if entries.shape[0] else NULL
    cdef aad_lane_results to = aad_lane_results(
        &active_slots[0], active_slots.shape[0], output_slot, &outputs[0], &gradients[0, 0], &hessians[0, 0, 0]
    )
    cdef aad_changed changed
    with nogil:
        begin_watch()
        changed = kernels.hessian(&chunk, &tangents, &to, &scratch[0])
        end_watch()
    return changed.guard, changed.lane
