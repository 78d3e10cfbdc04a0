"""How many pushes edge pushing would make, counted without writing any down.

Rows of arcs between ordinary slots are bits over the front (see `front_sweep.plan_front`), so that a node hands its row
to an operand a word at a time; arcs with hubs are stretches of hub numbers, as `arc_schedule` keeps them. A push costs
a nanosecond or two here, where tracing it costs fifty.
"""

import numpy as np

from libc.stdint cimport uint64_t

cdef extern from *:
    """
    #if defined(_MSC_VER)
    #include <intrin.h>
    static int greeks2_lowest(unsigned long long x) { unsigned long at; _BitScanForward64(&at, x); return (int)at; }
    #else
    static int greeks2_lowest(unsigned long long x) { return __builtin_ctzll(x); }
    #endif
    """
    int greeks2_lowest(uint64_t x) noexcept nogil

cdef struct Front:
    uint64_t* rows   # (places, words): bit q of row p where the slots at p and q have an arc
    Py_ssize_t words
    int* low         # (places,) stretch of hubs
    int* high


cdef inline void stretch(Front* front, int place, int low, int high) noexcept nogil:
    """Widen a stretch of hubs to hold low..high."""
    front.low[place] = min(front.low[place], low)
    front.high[place] = max(front.high[place], high)


cdef inline void link(Front* front, int p, int q, int hub_p, int hub_q) noexcept nogil:
    """Put an arc between the slots at two places; hub numbers are -1 of ordinary slots."""
    if hub_q >= 0:
        stretch(front, p, hub_q, hub_q)
    elif hub_p >= 0:
        stretch(front, q, hub_p, hub_p)
    else:
        front.rows[p * front.words + (q >> 6)] |= <uint64_t>1 << (q & 63)
        front.rows[q * front.words + (p >> 6)] |= <uint64_t>1 << (p & 63)


def count_pushes(
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] activity,
    const unsigned char[::1] created,
    const int[::1] places,
    Py_ssize_t size,
    const int[::1] hub,
    const int[::1] hub_slots,
    Py_ssize_t first,
    long long limit,
):
    """Sweep the nodes backward over sets of arcs.

    Parameters
    ----------
    left, right, activity, first : the program
    created : (n_nodes,) bits 1, 2, 4 of the arcs every node creates in its active operands
    places, size : of every slot on the front, and the front's size
    hub, hub_slots : number of a slot among the hubs or -1, and their slots
    limit : stop once there are more pushes than that, those in stretches counted at an eighth

    Returns
    -------
    pushes, stretched : as `arc_schedule.Tracer` counts them, up to arcs of hubs kept in two rows
    nodes : that push or create arcs
    entries : arcs between inputs in the end
    finished : bool
    """
    cdef Py_ssize_t words = max(<Py_ssize_t>1, (size + 63) // 64)
    cdef uint64_t[:, ::1] rows = np.zeros((max(<Py_ssize_t>1, size), words), dtype=np.uint64)
    cdef int[::1] low = np.full(max(<Py_ssize_t>1, size), 2147483647, dtype=np.int32)
    cdef int[::1] high = np.full(max(<Py_ssize_t>1, size), -1, dtype=np.int32)
    cdef int[::1] hub_at = np.full(max(<Py_ssize_t>1, size), -1, dtype=np.int32)
    cdef uint64_t[::1] met_array = np.empty(words, dtype=np.uint64)
    cdef uint64_t* met = &met_array[0]
    cdef Front front
    cdef Py_ssize_t k, w
    cdef long long pushes = 0
    cdef long long stretched = 0
    cdef long long entries = 0
    cdef long long nodes = 0
    cdef int slot, a, b, f, p, q, u, own, other, n_operands, d, run_low, run_high, number
    cdef int alive = <int>hub_slots.shape[0] - 1
    cdef unsigned char shape, bits
    cdef bint itself, finished
    cdef uint64_t one, word
    front.rows = &rows[0, 0]
    front.words = words
    front.low = &low[0]
    front.high = &high[0]
    finished = True
    with nogil:
        for k in range(left.shape[0] - 1, -1, -1):
            slot = <int>(first + k)
            shape = activity[k]
            f = places[slot]
            while alive >= 0 and hub_slots[alive] > slot:
                alive -= 1
            if shape == 0 or f < 0 and created[k] == 0:
                continue
            if pushes - stretched + stretched // 8 > limit:
                finished = False
                break
            bits = created[k]
            a = left[k] if shape & 1 else right[k]
            b = right[k]
            n_operands = 2 if shape == 3 and a != b else 1
            number = hub[slot]
            itself = False
            d = 0
            run_low = 0
            run_high = -1
            if f >= 0:
                for w in range(words):
                    met[w] = front.rows[f * words + w]
                run_low = front.low[f]
                run_high = min(front.high[f], alive)
                if number >= 0:
                    # Every arc of a hub is gathered: those with hubs before it, and the rows that reach it.
                    itself = front.high[f] >= number
                    run_high = min(run_high, number - 1)
                    for q in range(<int>size):
                        if q == f or front.low[q] > number or front.high[q] < number:
                            continue
                        if hub_at[q] >= 0:
                            run_low = min(run_low, hub_at[q])
                            run_high = max(run_high, hub_at[q])
                        else:
                            met[q >> 6] |= <uint64_t>1 << (q & 63)
                    d = max(0, run_high - run_low + 1)
                else:
                    one = <uint64_t>1 << (f & 63)
                    itself = (met[f >> 6] & one) != 0
                    met[f >> 6] &= ~one
            p = places[a]
            own = hub[a]
            q = places[b] if n_operands == 2 else p
            other = hub[b] if n_operands == 2 else own
            hub_at[p] = own
            hub_at[q] = other
            if f >= 0:
                for w in range(words):
                    word = met[w]
                    while word:
                        u = 64 * <int>w + greeks2_lowest(word)
                        word &= word - 1
                        d += 1
                        front.rows[u * words + (f >> 6)] &= ~(<uint64_t>1 << (f & 63))
                        link(&front, p, u, own, -1)
                        if n_operands == 2:
                            link(&front, q, u, other, -1)
                    front.rows[f * words + w] = 0
                pushes += n_operands * <long long>d
                front.low[f] = 2147483647
                front.high[f] = -1
                hub_at[f] = -1
                if run_high >= run_low:
                    stretch(&front, p, run_low, run_high)
                    if n_operands == 2:
                        stretch(&front, q, run_low, run_high)
                    if number < 0:
                        pushes += n_operands * <long long>(run_high - run_low + 1)
                        stretched += n_operands * <long long>(run_high - run_low + 1)
            if bits != 0 or itself or d > 0 or run_high >= run_low:
                nodes += 1
            if itself:
                pushes += 3 if n_operands == 2 else 1
            if itself or bits & 1 or (bits & 4 and n_operands == 1):
                link(&front, p, p, own, own)
            if n_operands == 2 and (itself or bits & 2):
                link(&front, p, q, own, other)
            if n_operands == 2 and (itself or bits & 4):
                link(&front, q, q, other, other)
        for p in range(<int>size):
            for w in range(words):
                word = front.rows[p * words + w]
                while word:
                    entries += 1 if 64 * <int>w + greeks2_lowest(word) <= p else 0
                    word &= word - 1
            for u in range(front.low[p], front.high[p] + 1):
                entries += hub_slots[u] < first
    return pushes, stretched, nodes, entries, bool(finished)
