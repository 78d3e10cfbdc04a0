"""Addresses for the rows of arcs: each gets a block of the arena for as long as it lives, and blocks are recycled."""

import numpy as np

from aadlib.program.nodes cimport Nodes, aad_nodes
from greeks2.methods.edge_pushing.arc_schedule cimport (
    AA, BB, COUNT, FLUSHES, NODE, RIGHT, ROW, RUN, RUN_A, RUN_B, RUN_LENGTH, SECOND, SELF, SHAPE, Streams
)


cdef int size_class(int size) noexcept nogil:
    """Return the class of a block: exact up to 16 addresses, then four classes to a doubling."""
    cdef int power = 4
    if size <= 16:
        return size
    while (2 << power) < size:
        power += 1
    return 16 + 4 * (power - 4) + (size - (1 << power) - 1) // (1 << (power - 2)) + 1


cdef int class_size(int number) noexcept nogil:
    cdef int power
    if number <= 16:
        return number
    power = (number - 17) // 4 + 4
    return (1 << power) + (1 << (power - 2)) * ((number - 17) % 4 + 1)


cdef class Arena:
    """Blocks of addresses for the rows that are alive; a finished row's block goes to the next one of its class."""

    cdef int[::1] length, low, high, offset, previous
    cdef int free_rows[160]
    cdef public long long size

    def __cinit__(self, int[::1] length, int[::1] low, int[::1] high):
        cdef int k
        self.length = length
        self.low = low
        self.high = high
        self.offset = np.full(length.shape[0], -1, dtype=np.int32)
        self.previous = np.full(length.shape[0], -1, dtype=np.int32)
        for k in range(160):
            self.free_rows[k] = -1

    cdef int capacity(self, int row) noexcept nogil:
        return self.length[row] + max(0, self.high[row] - self.low[row] + 1)

    cdef int address(self, int row, int at) except -1 nogil:
        """Return the address of an entry of a row, which gets a block when it is first used."""
        cdef int number, freed
        if self.offset[row] < 0:
            number = size_class(self.capacity(row))
            freed = self.free_rows[number]
            if freed >= 0:
                self.offset[row] = self.offset[freed]
                self.free_rows[number] = self.previous[freed]
            else:
                if self.size + class_size(number) > 2147483647:
                    raise MemoryError("more than 2**31 arcs are alive at once: set cap_active, or use another method")
                self.offset[row] = <int>self.size
                self.size += class_size(number)
        if at >= 0:
            return self.offset[row] + at
        return self.offset[row] + self.length[row] - 1 - at - self.low[row]

    cdef void finish(self, int row) noexcept nogil:
        cdef int number
        if self.offset[row] >= 0:
            number = size_class(self.capacity(row))
            self.previous[row] = self.free_rows[number]
            self.free_rows[number] = row


def assign_addresses(Streams streams, int[:, ::1] final, Arena arena, Nodes nodes):
    """Turn (row, entry of the row) into addresses, in place; return how many targets there are now.

    `targets` holds one address per push afterwards; the third column of `flushes` and `final` is the address.
    """
    cdef const aad_nodes* program = &nodes.c
    cdef int[:, ::1] records = streams.record_view
    cdef int[::1] targets = streams.target_view
    cdef int[:, ::1] flushes = streams.flush_view
    cdef Py_ssize_t n, e, t, to, f
    cdef int slot, at, per_arc, field, node, a, b
    t = to = f = 0
    with nogil:
        for n in range(records.shape[0]):
            node = records[n, NODE]
            slot = records[n, ROW]
            a = program.right[node] if records[n, SHAPE] & SECOND else program.left[node]
            b = program.right[node]
            for e in range(records[n, FLUSHES]):
                flushes[f, 2] = arena.address(flushes[f, 2], flushes[f, 3])
                f += 1
            per_arc = 2 if records[n, SHAPE] & RIGHT else 1
            for e in range(per_arc * (records[n, COUNT] - (records[n, SELF] >= 0))):
                targets[to] = arena.address(targets[t], targets[t + 1])
                t += 2
                to += 1
            for field in range(AA, BB + 1):
                if records[n, field]:
                    records[n, field] = arena.address(targets[t], targets[t + 1])
                    t += 2
                else:
                    records[n, field] = -1
            if records[n, RUN_LENGTH]:
                at = -1 - records[n, RUN]
                records[n, RUN] = arena.address(slot, at)
                records[n, RUN_A] = arena.address(a, at)
                records[n, RUN_B] = arena.address(b, at) if per_arc == 2 else 0
            if records[n, COUNT]:
                records[n, ROW] = arena.address(slot, 0)
            arena.finish(slot)
        for f in range(final.shape[0]):
            final[f, 2] = arena.address(final[f, 2], final[f, 3])
    return to
