"""How many pushes edge pushing would make, counted without writing any down.

Rows of arcs between ordinary slots are bits over the front (see `front_sweep.plan_front`), so that a node hands its row
to an operand a word at a time; arcs with inputs behind hubs are stretches, as `arc_schedule` keeps them. A push costs
a nanosecond or two here, where tracing it costs fifty.
"""

import numpy as np

include "greeks2/structure/bits.pxi"

cdef enum:
    NONE = 2147483647

cdef struct Front:
    uint64_t* rows            # (places, words): bit q of row p where the slots at p and q have an arc
    Py_ssize_t words
    unsigned char* filled     # (places,) whether a row has bits
    int* slots                # (places,) the slot that stands there
    int* low                  # (slots,) stretch of inputs
    int* high
    const int* first_input    # of each forward row
    const int* last_input


cdef inline void stretch(Front* front, int slot, int low, int high) noexcept nogil:
    """Widen a stretch of inputs to hold low..high."""
    front.low[slot] = min(front.low[slot], low)
    front.high[slot] = max(front.high[slot], high)


cdef inline int link(
    Front* front, int a, int b, const int[::1] places, const int[::1] end_row
) noexcept nogil:
    """Put an arc between two slots, of which either may end in inputs; return how many places it takes."""
    cdef int end = end_row[a]
    cdef Py_ssize_t p, q
    if end < 0 and end_row[b] >= 0:
        a, b, end = b, a, end_row[b]
    if end >= 0:
        stretch(front, b, front.first_input[end], front.last_input[end])
        return front.last_input[end] - front.first_input[end] + 1
    p = places[a]
    q = places[b]
    front.rows[p * front.words + (q >> 6)] |= <uint64_t>1 << (q & 63)
    front.rows[q * front.words + (p >> 6)] |= <uint64_t>1 << (p & 63)
    front.filled[p] = front.filled[q] = 1
    return 1


def count_pushes(
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] activity,
    const unsigned char[::1] created,
    const int[::1] places,
    Py_ssize_t size,
    const int[::1] end_row,
    const int[::1] first_input,
    const int[::1] last_input,
    Py_ssize_t first,
    long long limit,
):
    """Sweep the nodes backward over sets of arcs.

    Parameters
    ----------
    left, right, activity, first : the program
    created : (n_nodes,) bits 1, 2, 4 of the arcs every node creates in its active operands
    places, size : of every slot on the front, and the front's size
    end_row, first_input, last_input : of hubs, as `greeks2.structure.hubs.Hubs` has them
    limit : stop once there are more pushes than that, those in stretches counted at an eighth

    Returns
    -------
    pushes, stretched : as `arc_schedule.Tracer` counts them
    nodes : that push or create arcs
    entries : arcs between inputs in the end
    finished : bool
    """
    cdef Py_ssize_t rows_wanted = max(<Py_ssize_t>1, size)
    cdef Py_ssize_t words = (rows_wanted + 63) // 64
    cdef uint64_t[:, ::1] rows = np.zeros((rows_wanted, words), dtype=np.uint64)
    cdef unsigned char[::1] filled = np.zeros(rows_wanted, dtype=np.uint8)
    cdef int[::1] slots = np.zeros(rows_wanted, dtype=np.int32)
    cdef int[::1] low = np.full(places.shape[0], NONE, dtype=np.int32)
    cdef int[::1] high = np.full(places.shape[0], -1, dtype=np.int32)
    cdef int[::1] spare = np.zeros(1, dtype=np.int32)
    cdef Front front
    cdef Py_ssize_t k, w
    cdef long long pushes = 0
    cdef long long stretched = 0
    cdef long long entries = 0
    cdef long long nodes = 0
    cdef int slot, a, b, f, p, q, u, n_operands, run_low, run_high, taken
    cdef unsigned char shape, bits
    cdef bint itself, finished
    cdef uint64_t own, word
    front.rows = &rows[0, 0]
    front.words = words
    front.filled = &filled[0]
    front.slots = &slots[0]
    front.low = &low[0]
    front.high = &high[0]
    front.first_input = &first_input[0] if first_input.shape[0] else &spare[0]
    front.last_input = &last_input[0] if last_input.shape[0] else &spare[0]
    finished = True
    with nogil:
        for k in range(left.shape[0] - 1, -1, -1):
            slot = <int>(first + k)
            shape = activity[k]
            bits = created[k]
            f = places[slot]
            if shape == 0 or bits == 0 and (f < 0 or front.filled[f] == 0) and front.high[slot] < 0:
                continue
            if pushes - stretched + stretched // 8 > limit:
                finished = False
                break
            nodes += 1
            a = left[k] if shape & 1 else right[k]
            b = right[k]
            n_operands = 2 if shape == 3 and a != b else 1
            if places[a] >= 0:
                front.slots[places[a]] = a
            if n_operands == 2 and places[b] >= 0:
                front.slots[places[b]] = b
            itself = False
            run_low = front.low[slot]
            run_high = front.high[slot]
            front.low[slot] = NONE
            front.high[slot] = -1
            if f >= 0 and front.filled[f]:
                own = <uint64_t>1 << (f & 63)
                itself = (front.rows[f * words + (f >> 6)] & own) != 0
                front.rows[f * words + (f >> 6)] &= ~own
                front.filled[f] = 0
                for w in range(words):
                    word = front.rows[f * words + w]
                    front.rows[f * words + w] = 0
                    while word:
                        q = 64 * <int>w + greeks2_lowest(word)
                        word &= word - 1
                        front.rows[q * words + (f >> 6)] &= ~own
                        u = front.slots[q]
                        taken = link(&front, a, u, places, end_row)
                        pushes += taken
                        stretched += taken if end_row[a] >= 0 else 0
                        if n_operands == 2:
                            taken = link(&front, b, u, places, end_row)
                            pushes += taken
                            stretched += taken if end_row[b] >= 0 else 0
            if run_high >= run_low:
                taken = n_operands * (run_high - run_low + 1)
                pushes += taken
                stretched += taken
                stretch(&front, a, run_low, run_high)
                if n_operands == 2:
                    stretch(&front, b, run_low, run_high)
            if itself:
                pushes += 3 if n_operands == 2 else 1
            if itself or bits & 1 or bits and n_operands == 1:
                link(&front, a, a, places, end_row)
            if n_operands == 2 and (itself or bits & 2):
                link(&front, a, b, places, end_row)
            if n_operands == 2 and (itself or bits & 4):
                link(&front, b, b, places, end_row)
        for p in range(<int>size):
            for w in range(words):
                word = front.rows[p * words + w]
                while word:
                    entries += 1 if 64 * <int>w + greeks2_lowest(word) <= p else 0
                    word &= word - 1
        for slot in range(<int>first):
            entries += max(0, front.high[slot] - front.low[slot] + 1)
    return pushes, stretched, nodes, entries, bool(finished)
