"""The symbolic phase of edge pushing: which arcs live when, and in which row each push lands.

`Tracer` sweeps the program backward over sets of arcs, without numbers, and writes every push as a pair (row, place in
the row); `arc_placement` then turns the pairs into addresses.

Where an arc is stored. Between two ordinary slots: in the row of the larger one. An arc with a hub (`greeks2.structure.hubs`)
stands for arcs with the inputs that the hub depends on: these lie in the other end's row, at the inputs' numbers, in a
stretch of consecutive places. So a row's arcs with inputs are handed to an operand as one contiguous vector operation,
and an arc that reaches a hub is spread over the other end's stretch by the hub's forward row.
"""

import numpy as np

from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memset

cdef enum:
    SCAN = 12  # rows up to this length are searched without a table

include "greeks2/methods/edge_pushing/arc_fields.pxi"

cdef struct Row:
    int n
    int capacity
    int* columns
    int* table
    int table_size
    int low
    int high
    int itself

cdef struct Stream:
    int* data
    Py_ssize_t n
    Py_ssize_t capacity


cdef int append(Stream* stream, int value) except -1 nogil:
    cdef Py_ssize_t capacity
    cdef int* data
    if stream.n == stream.capacity:
        capacity = max(1024, stream.capacity + stream.capacity // 2)
        data = <int*>realloc(stream.data, capacity * sizeof(int))
        if data == NULL:
            raise MemoryError("no memory for the schedule of arcs: use method='forward_over_reverse', or set cap_active")
        stream.data = data
        stream.capacity = capacity
    stream.data[stream.n] = value
    stream.n += 1
    return 0


cdef object as_array(Stream* stream):
    if stream.n == 0:
        return np.empty(0, dtype=np.int32)
    return np.array(<int[:stream.n]>stream.data)


cdef int grow_row(Row* row) except -1 nogil:
    """Make room for one more column, and keep a table (column, place) of a long row."""
    cdef int capacity = max(4, 2 * row.capacity)
    cdef int k
    cdef int* at
    cdef int* block = <int*>realloc(row.columns, capacity * sizeof(int))
    if block == NULL:
        raise MemoryError("no memory for the rows of arcs")
    row.columns = block
    row.capacity = capacity
    if capacity > SCAN:
        block = <int*>realloc(row.table, 4 * capacity * sizeof(int))
        if block == NULL:
            raise MemoryError("no memory for the rows of arcs")
        row.table = block
        row.table_size = 2 * capacity
        memset(row.table, 255, 2 * row.table_size * sizeof(int))
        for k in range(row.n):
            at = probe(row, row.columns[k])
            at[0] = row.columns[k]
            at[1] = k
    return 0


cdef inline int* probe(const Row* row, int column) noexcept nogil:
    """Return the table's entry for a column: its own, or the free one it belongs in. Sizes are powers of two."""
    cdef unsigned int mask = row.table_size - 1
    cdef unsigned int at = (<unsigned int>column * 2654435769u) >> 7 & mask
    while row.table[2 * at] >= 0 and row.table[2 * at] != column:
        at = (at + 1) & mask
    return row.table + 2 * at


cdef int place_of(Row* row, int column) except -1 nogil:
    """Return the place of a column in a row, added at the end if it is new."""
    cdef int k
    cdef int* at
    if row.table == NULL:
        for k in range(row.n):
            if row.columns[k] == column:
                return k
    else:
        at = probe(row, column)
        if at[0] >= 0:
            return at[1]
    if row.n == row.capacity:
        grow_row(row)
    if row.table != NULL:
        at = probe(row, column)
        at[0] = column
        at[1] = row.n
    row.columns[row.n] = column
    row.n += 1
    return row.n - 1


cdef void release(Row* row) noexcept nogil:
    free(row.columns)
    free(row.table)
    row.columns = NULL
    row.table = NULL
    row.n = row.capacity = row.table_size = 0


cdef class Tracer:
    """Rows of arcs without weights, and the streams the first pass writes."""

    cdef Row* rows
    cdef Py_ssize_t n_slots
    cdef const int[::1] end_row      # number of the forward row of a hub or of an input it depends on, or -1
    cdef const int[::1] first_input  # of each forward row
    cdef const int[::1] last_input
    cdef const int[::1] inputs       # slots, by their numbers in rows
    cdef Py_ssize_t first
    cdef Stream records, targets, flushes
    cdef int[::1] length, low, high  # what a row holds at its fullest
    cdef public long long pushes, stretched, live, peak
    cdef public int n_flushes

    def __cinit__(
        self,
        Py_ssize_t n_slots,
        Py_ssize_t first,
        const int[::1] end_row,
        const int[::1] first_input,
        const int[::1] last_input,
        const int[::1] inputs,
    ):
        cdef Py_ssize_t k
        self.n_slots = n_slots
        self.first = first
        self.end_row = end_row
        self.first_input = first_input
        self.last_input = last_input
        self.inputs = inputs
        self.rows = <Row*>calloc(n_slots, sizeof(Row))
        if self.rows == NULL:
            raise MemoryError("no memory for the rows of arcs")
        for k in range(n_slots):
            self.rows[k].low = 2147483647
            self.rows[k].high = -1
            self.rows[k].itself = -1
        self.length = np.zeros(n_slots, dtype=np.int32)
        self.low = np.zeros(n_slots, dtype=np.int32)
        self.high = np.full(n_slots, -1, dtype=np.int32)

    def __dealloc__(self):
        cdef Py_ssize_t k
        if self.rows != NULL:
            for k in range(self.n_slots):
                release(&self.rows[k])
            free(self.rows)
        free(self.records.data)
        free(self.targets.data)
        free(self.flushes.data)

    cdef void stretch(self, int slot, int low, int high) noexcept nogil:
        """Widen a row's stretch of inputs to hold low..high."""
        cdef Row* row = &self.rows[slot]
        if slot >= self.first:
            if row.high < row.low:
                self.live += high - low + 1
            else:
                self.live += max(0, row.low - low) + max(0, high - row.high)
        row.low = min(row.low, low)
        row.high = max(row.high, high)

    cdef int aim(self, int i, int j) except -1 nogil:
        """Write where arc {i, j} is stored, i an ordinary slot or both: its row, and its place or -1 - an input's number.

        Where `i` is a hub, or an input that hubs depend on, the arc is spread over the row of `j` from that input on;
        return how many places it takes.
        """
        cdef int end = self.end_row[i]
        cdef int before, at
        cdef Row* row
        if end >= 0:
            self.stretch(j, self.first_input[end], self.last_input[end])
            append(&self.targets, j)
            append(&self.targets, -1 - self.first_input[end])
            return self.last_input[end] - self.first_input[end] + 1
        if i < j:
            i, j = j, i
        row = &self.rows[i]
        before = row.n
        at = place_of(row, j)
        if row.n > before and i >= self.first:
            self.live += 1
        if i == j:
            row.itself = at
        append(&self.targets, i)
        append(&self.targets, at)
        return 1

    cdef int push(self, int operand, int column) except -1 nogil:
        """Write the push of an arc of the row to an operand, and count it."""
        cdef int places = self.aim(operand, column)
        self.pushes += places
        if self.end_row[operand] >= 0:
            self.stretched += places
        return 0

    cdef void note_fullest(self, int slot) noexcept nogil:
        cdef Row* row = &self.rows[slot]
        self.length[slot] = max(self.length[slot], row.n)
        if row.high >= row.low:
            self.low[slot] = row.low
            self.high[slot] = row.high

    cdef void finish(self, int slot) noexcept nogil:
        """Drop a row."""
        cdef Row* row = &self.rows[slot]
        self.note_fullest(slot)
        self.live -= row.n
        if row.high >= row.low:
            self.live -= row.high - row.low + 1
        row.low = 2147483647
        row.high = -1
        release(row)

    cdef int flush(self, int slot) except -1 nogil:
        """Write that a row's arcs go straight to the inputs, and empty it."""
        cdef Row* row = &self.rows[slot]
        cdef int k
        for k in range(row.n):
            append(&self.flushes, slot)
            append(&self.flushes, row.columns[k])
            append(&self.flushes, slot)
            append(&self.flushes, k)
        self.note_fullest(slot)
        self.live -= row.n
        row.itself = -1
        release(row)
        return 0

    def trace(
        self,
        const int[::1] left,
        const int[::1] right,
        const unsigned char[::1] activity,
        const unsigned char[::1] curvature,
        const unsigned char[::1] reached,
        long long cap,
        long long limit,
    ):
        """Sweep the nodes backward, without numbers.

        `activity` and `reached` (by the adjoints) are those of the program, per node and per slot; `curvature` has bits
        1, 2, 4 where dxx, dxy, dyy do not vanish identically.

        With `cap` >= 0 at most so many arcs are alive at once (there must be no hubs then). With `limit` >= 0 the sweep
        stops and returns False once there are more pushes than that, those in stretches counted at an eighth.
        """
        cdef Py_ssize_t k
        cdef int a, b, slot, e, column, created, shape, n_operands, mark_flushes, r, run_length
        cdef Py_ssize_t base
        cdef long long grow
        cdef Row* row
        cdef int fields[FIELDS]
        with nogil:
            for k in range(left.shape[0] - 1, -1, -1):
                slot = <int>(self.first + k)
                row = &self.rows[slot]
                if limit >= 0 and self.pushes - self.stretched + self.stretched // 8 > limit:
                    break
                shape = activity[k]
                created = curvature[k] if reached[slot] else 0
                a = left[k]
                b = right[k]
                if shape == 3 and a == b:
                    shape = LEFT | TWICE
                    created = 1 if created else 0
                elif shape == 2:
                    a = b
                    created = 1 if created & 4 else 0
                    shape = LEFT | SECOND
                elif shape == 1:
                    created &= 1
                if row.n == 0 and row.high < row.low and not created:
                    continue
                if shape == 0:
                    continue
                n_operands = 2 if shape == 3 else 1
                mark_flushes = <int>self.flushes.n
                if cap >= 0:
                    grow = n_operands * <long long>row.n + (n_operands * (n_operands + 1)) // 2
                    if self.live + grow > cap and row.n > 0:
                        self.flush(slot)
                        self.n_flushes += 1
                    grow = n_operands * <long long>row.n + (n_operands * (n_operands + 1)) // 2
                    if self.live + grow > cap and created:
                        for r in range(slot - 1, <int>self.first - 1, -1):
                            if self.live == 0:
                                break
                            if self.rows[r].n:
                                self.flush(r)
                        self.n_flushes += 1
                self.peak = max(self.peak, self.live)
                memset(fields, 0, sizeof(fields))
                fields[SELF] = row.itself if row.n else -1
                base = self.records.n
                for e in range(FIELDS):
                    append(&self.records, 0)
                # Arcs to other slots.
                for e in range(row.n):
                    column = row.columns[e]
                    if column == slot:
                        continue
                    self.push(a, column)
                    if n_operands == 2:
                        self.push(b, column)
                # The stretch of inputs.
                if row.high >= row.low:
                    run_length = row.high - row.low + 1
                    self.stretch(a, row.low, row.high)
                    if n_operands == 2:
                        self.stretch(b, row.low, row.high)
                    self.pushes += n_operands * run_length
                    self.stretched += n_operands * run_length
                    fields[RUN] = row.low
                    fields[RUN_LENGTH] = run_length
                # Its own curvature, and that of the arc to itself.
                if fields[SELF] >= 0 or created:
                    self.pushes += (n_operands * (n_operands + 1)) // 2 if fields[SELF] >= 0 else 0
                    shape |= CREATES if created else 0
                    if fields[SELF] >= 0 or created & 1:
                        fields[AA] = 1
                        self.aim(a, a)
                    if n_operands == 2 and (fields[SELF] >= 0 or created & 2):
                        fields[AB] = 1
                        if self.end_row[a] >= 0:
                            self.aim(a, b)
                        else:
                            self.aim(b, a)
                    if n_operands == 2 and (fields[SELF] >= 0 or created & 4):
                        fields[BB] = 1
                        self.aim(b, b)
                self.peak = max(self.peak, self.live)
                fields[NODE] = <int>k
                fields[SHAPE] = shape
                fields[COUNT] = row.n
                fields[ROW] = slot
                fields[FLUSHES] = <int>(self.flushes.n - mark_flushes) // 4
                for e in range(FIELDS):
                    self.records.data[base + e] = fields[e]
                self.finish(slot)
            else:
                limit = -1
            for k in range(self.first):
                self.note_fullest(<int>k)
        return limit < 0

    def between_inputs(self):
        """Return (i, j, row, place) of the arcs that are left, place as `aim` writes it."""
        cdef Stream found
        cdef int i, k
        found.data = NULL
        found.n = found.capacity = 0
        try:
            for i in range(self.first):
                for k in range(self.rows[i].n):
                    append(&found, i)
                    append(&found, self.rows[i].columns[k])
                    append(&found, i)
                    append(&found, k)
                for k in range(self.rows[i].low, self.rows[i].high + 1):
                    append(&found, i)
                    append(&found, self.inputs[k])
                    append(&found, i)
                    append(&found, -1 - k)
            return as_array(&found).reshape(-1, 4)
        finally:
            free(found.data)

    def streams(self):
        """Return the arrays the first pass wrote."""
        return (
            as_array(&self.records).reshape(-1, FIELDS),
            as_array(&self.targets),
            as_array(&self.flushes).reshape(-1, 4),
            np.asarray(self.length),
            np.asarray(self.low),
            np.asarray(self.high),
        )


def mark_reached(
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] activity,
    unsigned char[::1] reached,
    Py_ssize_t first,
):
    """Extend `reached` (one flag per slot, set for the outputs) along active operands."""
    cdef Py_ssize_t k
    with nogil:
        for k in range(left.shape[0] - 1, -1, -1):
            if reached[first + k]:
                if activity[k] & 1:
                    reached[left[k]] = 1
                if activity[k] & 2:
                    reached[right[k]] = 1


def widen_rows(
    const int[::1] nodes,
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] activity,
    const int[::1] row_of,
    Py_ssize_t first,
    int[::1] low,
    int[::1] high,
):
    """Fill in the first and last input of the forward rows of nodes, which ascend; those of the inputs are given."""
    cdef Py_ssize_t e
    cdef int k, row, other
    with nogil:
        for e in range(nodes.shape[0]):
            k = nodes[e]
            row = row_of[first + k]
            if activity[k] & 1:
                other = row_of[left[k]]
                low[row] = low[other]
                high[row] = high[other]
            if activity[k] & 2:
                other = row_of[right[k]]
                low[row] = min(low[row], low[other])
                high[row] = max(high[row], high[other])
