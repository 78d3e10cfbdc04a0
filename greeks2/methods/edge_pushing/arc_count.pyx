"""How many pushes edge pushing would make, counted without writing any down.

Rows of arcs between ordinary slots are bits over the front (see `greeks2.structure.front`), so that a node hands its
row to an operand a word at a time; arcs with inputs behind hubs are stretches, as `arc_schedule` holds them. A push
costs a nanosecond or two here, where tracing it costs fifty.
"""

import numpy as np

from aadlib.program.nodes cimport Nodes, aad_nodes
from greeks2.structure.hub_rows cimport ForwardRows, Hubs

include "greeks2/structure/bits.pxi"

cdef enum:
    NONE = 2147483647

cdef struct Counter:
    const ForwardRows* hubs
    const int* address        # of every slot on the front; elsewhere -1, or beyond the front for hubs
    uint64_t* rows            # (size, words): bit q of row p where the slots at p and q have an arc
    Py_ssize_t words
    unsigned char* filled     # (size,) whether a row has bits
    int* slots                # (size,) the slot that stands there
    int* low                  # (slots,) stretch of inputs
    int* high
    long long pushes
    long long stretched
    long long nodes


cdef inline void stretch(Counter* counter, int slot, int low, int high) noexcept nogil:
    """Widen a stretch of inputs to hold low..high."""
    counter.low[slot] = min(counter.low[slot], low)
    counter.high[slot] = max(counter.high[slot], high)


cdef inline int link(Counter* counter, int a, int b) noexcept nogil:
    """Put an arc between two slots, of which either may end in inputs; return how many addresses it takes."""
    cdef const ForwardRows* hubs = counter.hubs
    cdef int end = hubs.end_row[a]
    cdef Py_ssize_t p, q
    if end < 0 and hubs.end_row[b] >= 0:
        a, b, end = b, a, hubs.end_row[b]
    if end >= 0:
        stretch(counter, b, hubs.low[end], hubs.high[end])
        return hubs.high[end] - hubs.low[end] + 1
    p = counter.address[a]
    q = counter.address[b]
    counter.rows[p * counter.words + (q >> 6)] |= <uint64_t>1 << (q & 63)
    counter.rows[q * counter.words + (p >> 6)] |= <uint64_t>1 << (p & 63)
    counter.filled[p] = counter.filled[q] = 1
    return 1


cdef inline void push(Counter* counter, int operand, int other) noexcept nogil:
    """Count the push of an arc with another slot to an operand; without the operand none."""
    cdef int taken
    if operand < 0:
        return
    taken = link(counter, operand, other)
    counter.pushes += taken
    if counter.hubs.end_row[operand] >= 0:
        counter.stretched += taken


cdef inline void push_stretch(Counter* counter, int operand, int low, int high) noexcept nogil:
    """Count the push of a stretch of arcs with inputs to an operand; without the operand none."""
    if operand < 0:
        return
    counter.pushes += high - low + 1
    counter.stretched += high - low + 1
    stretch(counter, operand, low, high)


cdef inline void enter(Counter* counter, int slot, Py_ssize_t size) noexcept nogil:
    """Put a slot on the front, unless it is a hub."""
    if slot >= 0 and 0 <= counter.address[slot] < size:
        counter.slots[counter.address[slot]] = slot


cdef inline bint push_row(Counter* counter, Py_ssize_t f, int a, int b) noexcept nogil:
    """Push the row at an address of the front to the operands (-1 for none); return whether it had its own bit."""
    cdef Py_ssize_t words = counter.words
    cdef uint64_t own = <uint64_t>1 << (f & 63)
    cdef uint64_t* row = counter.rows + f * words
    cdef bint itself = (row[f >> 6] & own) != 0
    cdef uint64_t word
    cdef Py_ssize_t w
    cdef int q, other
    row[f >> 6] &= ~own
    counter.filled[f] = 0
    for w in range(words):
        word = row[w]
        row[w] = 0
        while word:
            q = 64 * <int>w + greeks2_lowest(word)
            word &= word - 1
            counter.rows[q * words + (f >> 6)] &= ~own
            other = counter.slots[q]
            push(counter, a, other)
            push(counter, b, other)
    return itself


cdef bint sweep(
    Counter* counter, const aad_nodes* program, const unsigned char* created, Py_ssize_t size, long long limit
) noexcept nogil:
    """Sweep the nodes backward over sets of arcs; return whether it came to the end."""
    cdef Py_ssize_t k, f
    cdef int slot, a, b, low, high
    cdef unsigned char wanted, bits
    cdef bint itself, filled
    for k in range(program.n_nodes - 1, -1, -1):
        slot = <int>(program.first_node + k)
        wanted = program.activity[k]
        bits = created[k]
        f = counter.address[slot]
        filled = 0 <= f < size and counter.filled[f]
        low, high = counter.low[slot], counter.high[slot]
        if wanted == 0 or not (bits or filled or high >= 0):
            continue
        if counter.pushes - counter.stretched + counter.stretched // 8 > limit:
            return False
        counter.nodes += 1
        a = program.left[k] if wanted & 1 else program.right[k]
        b = program.right[k] if wanted == 3 and program.right[k] != a else -1
        enter(counter, a, size)
        enter(counter, b, size)
        counter.low[slot], counter.high[slot] = NONE, -1
        itself = push_row(counter, f, a, b) if filled else False
        if high >= low:
            push_stretch(counter, a, low, high)
            push_stretch(counter, b, low, high)
        if itself:
            counter.pushes += 1 if b < 0 else 3
        if itself or bits & 1 or bits and b < 0:
            link(counter, a, a)
        if b >= 0 and (itself or bits & 2):
            link(counter, a, b)
        if b >= 0 and (itself or bits & 4):
            link(counter, b, b)
    return True


cdef long long count_entries(const Counter* counter, Py_ssize_t size, Py_ssize_t first_node) noexcept nogil:
    """Return the number of arcs that are left, between inputs: single ones, and in the inputs' stretches."""
    cdef long long entries = 0
    cdef uint64_t word
    cdef Py_ssize_t p, w
    for p in range(size):
        for w in range(counter.words):
            word = counter.rows[p * counter.words + w]
            while word:
                entries += 1 if 64 * w + greeks2_lowest(word) <= p else 0
                word &= word - 1
    for p in range(first_node):
        entries += max(0, counter.high[p] - counter.low[p] + 1)
    return entries


def count_pushes(
    Nodes nodes, const unsigned char[::1] created, const int[::1] addresses, Py_ssize_t size, Hubs hubs, long long limit
):
    """Sweep the nodes backward over sets of arcs.

    Parameters
    ----------
    created : (n_nodes,) bits 1, 2, 4 of the arcs every node creates in its active operands
    addresses, size : of every slot on the front (of hubs at least the size), and the front's size
    hubs : Hubs
    limit : stop once there are more pushes than that, those in stretches counted at an eighth

    Returns
    -------
    pushes, stretched : as `arc_schedule.Tracer` counts them
    nodes : that push or create arcs
    entries : arcs between inputs in the end
    finished : bool
    """
    cdef Py_ssize_t n_rows = max(<Py_ssize_t>1, size)
    cdef Py_ssize_t words = (n_rows + 63) // 64
    cdef uint64_t[:, ::1] rows = np.zeros((n_rows, words), dtype=np.uint64)
    cdef unsigned char[::1] filled = np.zeros(n_rows, dtype=np.uint8)
    cdef int[::1] slots = np.zeros(n_rows, dtype=np.int32)
    cdef int[::1] low = np.full(addresses.shape[0], NONE, dtype=np.int32)
    cdef int[::1] high = np.full(addresses.shape[0], -1, dtype=np.int32)
    cdef Counter counter
    cdef bint finished = True
    cdef long long entries
    counter.hubs, counter.address = &hubs.c, &addresses[0]
    counter.rows, counter.words = &rows[0, 0], words
    counter.filled, counter.slots = &filled[0], &slots[0]
    counter.low, counter.high = &low[0], &high[0]
    counter.pushes = counter.stretched = counter.nodes = 0
    with nogil:
        if nodes.c.n_nodes:
            finished = sweep(&counter, &nodes.c, &created[0], size, limit)
        entries = count_entries(&counter, size, nodes.c.first_node)
    return counter.pushes, counter.stretched, counter.nodes, entries, finished
