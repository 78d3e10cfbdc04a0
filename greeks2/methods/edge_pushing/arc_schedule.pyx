"""The symbolic phase of edge pushing: which arcs live when, and in which row each push lands.

`Tracer` sweeps the program backward over sets of arcs, without numbers, and writes every push as a pair (row, entry of
the row); `arc_addresses` then turns the pairs into addresses.

Where an arc is stored. Between two ordinary slots: in the row of the larger one. An arc with a hub
(`greeks2.structure.hubs`) stands for arcs with the inputs that the hub depends on: these lie in the other end's row, at the inputs' numbers, in a
stretch of consecutive entries. So a row's arcs with inputs are handed to an operand as one contiguous vector operation,
and an arc that reaches a hub is spread over the other end's stretch by the hub's forward row.
"""

import numpy as np

from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memset

from aadlib.program.nodes cimport Nodes, aad_nodes
from greeks2.structure.hub_rows cimport ForwardRows, Hubs

cdef enum:
    SCAN = 12  # rows up to this length are searched without a table

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
            raise MemoryError("no memory for the schedule of arcs: set cap_active, or use another method")
        stream.data = data
        stream.capacity = capacity
    stream.data[stream.n] = value
    stream.n += 1
    return 0


cdef int append_arc(Stream* stream, int row, int column, int entry) except -1 nogil:
    """Write the arc between two slots, the first of which has it in its row at an entry."""
    append(stream, row)
    append(stream, column)
    append(stream, row)
    append(stream, entry)
    return 0


cdef object as_array(Stream* stream):
    if stream.n == 0:
        return np.empty(0, dtype=np.int32)
    return np.array(<int[:stream.n]>stream.data)


cdef int grow_row(Row* row) except -1 nogil:
    """Make room for one more column, and keep a table (column, entry) of a long row."""
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


cdef int entry_of(Row* row, int column) except -1 nogil:
    """Return where a column stands in a row, added at the end if it is new."""
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


cdef class Streams:
    """What the numeric phase replays.

    Attributes
    ----------
    records : (n, FIELDS) one per node that has arcs or creates some
    targets : where arcs are pushed to, in the order of the pushes
    flushes : (m, 3) arcs (i, j, address) that go straight to the inputs
    """

    def __cinit__(self, records, targets, flushes):
        self.records, self.targets, self.flushes = records, targets, flushes
        self.record_view, self.target_view, self.flush_view = records, targets, flushes

    @property
    def nbytes(self):
        return self.records.nbytes + self.targets.nbytes + self.flushes.nbytes


cdef class Tracer:
    """Rows of arcs without weights, and the streams that tracing writes."""

    cdef Row* rows
    cdef Nodes nodes
    cdef Hubs hubs
    cdef const ForwardRows* forward
    cdef Py_ssize_t first
    cdef Stream records, targets, flushes
    cdef int[::1] length, low, high  # what a row holds at its fullest
    cdef public long long pushes, stretched, live, peak
    cdef public int n_flushes

    def __cinit__(self, Nodes nodes, Hubs hubs):
        cdef Py_ssize_t k
        self.nodes, self.hubs = nodes, hubs
        self.forward = &hubs.c
        self.first = nodes.first_node
        self.rows = <Row*>calloc(max(<Py_ssize_t>1, nodes.n_slots), sizeof(Row))
        if self.rows == NULL:
            raise MemoryError("no memory for the rows of arcs")
        for k in range(nodes.n_slots):
            self.rows[k].low = 2147483647
            self.rows[k].high = -1
            self.rows[k].itself = -1
        self.length = np.zeros(nodes.n_slots, dtype=np.int32)
        self.low = np.zeros(nodes.n_slots, dtype=np.int32)
        self.high = np.full(nodes.n_slots, -1, dtype=np.int32)

    def __dealloc__(self):
        cdef Py_ssize_t k
        if self.rows != NULL:
            for k in range(self.nodes.n_slots):
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
        """Write where arc {i, j} is stored, i an ordinary slot or both: its row, and its entry or -1 - an input's.

        Where `i` is a hub, or an input that hubs depend on, the arc is spread over the row of `j` from that input on;
        return how many entries it takes.
        """
        cdef const ForwardRows* forward = self.forward
        cdef int end = forward.end_row[i]
        cdef int before, at
        cdef Row* row
        if end >= 0:
            self.stretch(j, forward.low[end], forward.high[end])
            append(&self.targets, j)
            append(&self.targets, -1 - forward.low[end])
            return forward.high[end] - forward.low[end] + 1
        if i < j:
            i, j = j, i
        row = &self.rows[i]
        before = row.n
        at = entry_of(row, j)
        if row.n > before and i >= self.first:
            self.live += 1
        if i == j:
            row.itself = at
        append(&self.targets, i)
        append(&self.targets, at)
        return 1

    cdef int push(self, int operand, int column) except -1 nogil:
        """Write the push of an arc of the row to an operand, and count it."""
        cdef int entries = self.aim(operand, column)
        self.pushes += entries
        if self.forward.end_row[operand] >= 0:
            self.stretched += entries
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
            append_arc(&self.flushes, slot, row.columns[k], k)
        self.note_fullest(slot)
        self.live -= row.n
        row.itself = -1
        release(row)
        return 0

    cdef int make_room(self, int slot, int n_operands, bint creates, long long cap) except -1 nogil:
        """Flush a node's own row, and if need be all others, so that no more arcs than the cap are alive after it."""
        cdef Row* row = &self.rows[slot]
        cdef int created = (n_operands * (n_operands + 1)) // 2
        cdef int r
        if row.n and self.live + n_operands * <long long>row.n + created > cap:
            self.flush(slot)
            self.n_flushes += 1
        if creates and self.live + n_operands * <long long>row.n + created > cap:
            for r in range(slot - 1, <int>self.first - 1, -1):
                if self.live == 0:
                    break
                if self.rows[r].n:
                    self.flush(r)
            self.n_flushes += 1
        return 0

    cdef int push_row(self, int slot, int a, int b) except -1 nogil:
        """Write the pushes of a row's arcs with other slots to the operands, b = -1 where there is one operand."""
        cdef Row* row = &self.rows[slot]
        cdef int e
        for e in range(row.n):
            if row.columns[e] != slot:
                self.push(a, row.columns[e])
                if b >= 0:
                    self.push(b, row.columns[e])
        return 0

    cdef void push_stretch(self, int slot, int a, int b, int* fields) noexcept nogil:
        """Hand a row's stretch of arcs with inputs to the operands."""
        cdef Row* row = &self.rows[slot]
        cdef int n_operands = 1 if b < 0 else 2
        if row.high < row.low:
            return
        fields[RUN] = row.low
        fields[RUN_LENGTH] = row.high - row.low + 1
        self.stretch(a, row.low, row.high)
        if b >= 0:
            self.stretch(b, row.low, row.high)
        self.pushes += n_operands * fields[RUN_LENGTH]
        self.stretched += n_operands * fields[RUN_LENGTH]

    cdef int create(self, int a, int b, int created, int* fields) except -1 nogil:
        """Write where arcs between the operands are stored: created ones, and all where the node had one to itself."""
        cdef bint itself = fields[SELF] >= 0
        if itself:
            self.pushes += 1 if b < 0 else 3
        if created or itself:
            if itself or b < 0 or created & 1:
                fields[AA] = 1
                self.aim(a, a)
            if b >= 0 and (itself or created & 2):
                fields[AB] = 1
                if self.forward.end_row[a] >= 0:
                    self.aim(a, b)
                else:
                    self.aim(b, a)
            if b >= 0 and (itself or created & 4):
                fields[BB] = 1
                self.aim(b, b)
        return 0

    cdef int trace_node(self, Py_ssize_t k, int created, long long cap) except -1 nogil:
        """Write the record of one node and all its pushes, and drop its row."""
        cdef const aad_nodes* program = &self.nodes.c
        cdef int slot = <int>(self.first + k)
        cdef int wanted = program.activity[k]
        cdef int a = program.left[k] if wanted & 1 else program.right[k]
        cdef int b = program.right[k] if wanted == 3 and program.right[k] != a else -1
        cdef Row* row = &self.rows[slot]
        cdef Py_ssize_t n_flushed = self.flushes.n
        cdef int fields[FIELDS]
        cdef int e
        memset(fields, 0, sizeof(fields))
        if cap >= 0:
            self.make_room(slot, 1 if b < 0 else 2, created != 0, cap)
        self.peak = max(self.peak, self.live)
        fields[NODE] = <int>k
        fields[SHAPE] = LEFT | (RIGHT if b >= 0 else TWICE if wanted == 3 else SECOND if wanted == 2 else 0)
        fields[SHAPE] |= CREATES if created else 0
        fields[COUNT] = row.n
        fields[SELF] = row.itself if row.n else -1
        fields[ROW] = slot
        fields[FLUSHES] = <int>(self.flushes.n - n_flushed) // 4
        self.push_row(slot, a, b)
        self.push_stretch(slot, a, b, fields)
        self.create(a, b, created, fields)
        self.peak = max(self.peak, self.live)
        for e in range(FIELDS):
            append(&self.records, fields[e])
        self.finish(slot)
        return 0

    def trace(self, const unsigned char[::1] created, long long cap, long long limit):
        """Sweep the nodes backward, without numbers; return whether it came to the end.

        `created` (n_nodes,) has bits 1, 2, 4 of the arcs that every node creates.

        With `cap` >= 0 at most so many arcs are alive at once (there must be no hubs then). With `limit` >= 0 the sweep
        stops once there are more pushes than that, those in stretches counted at an eighth.
        """
        cdef Py_ssize_t k
        cdef Row* row
        with nogil:
            for k in range(self.nodes.c.n_nodes - 1, -1, -1):
                if limit >= 0 and self.pushes - self.stretched + self.stretched // 8 > limit:
                    break
                row = &self.rows[self.first + k]
                if self.nodes.c.activity[k] and (created[k] or row.n or row.high >= row.low):
                    self.trace_node(k, created[k], cap)
            else:
                limit = -1
            for k in range(self.first):
                self.note_fullest(<int>k)
        return limit < 0

    def between_inputs(self):
        """Return (i, j, row, entry) of the arcs that are left, entry as `aim` writes it."""
        cdef Stream arcs
        cdef const int[::1] inputs = self.hubs.inputs
        cdef int i, k
        arcs.data = NULL
        arcs.n = arcs.capacity = 0
        try:
            for i in range(self.first):
                for k in range(self.rows[i].n):
                    append_arc(&arcs, i, self.rows[i].columns[k], k)
                for k in range(self.rows[i].low, self.rows[i].high + 1):
                    append_arc(&arcs, i, inputs[k], -1 - k)
            return as_array(&arcs).reshape(-1, 4)
        finally:
            free(arcs.data)

    def streams(self):
        """Return what was written; flushes (m, 4) are arcs (i, j, row, entry)."""
        return Streams(
            as_array(&self.records).reshape(-1, FIELDS), as_array(&self.targets), as_array(&self.flushes).reshape(-1, 4)
        )

    def fullest(self):
        """Return what every row holds at its fullest: length, and first and last input of its stretch."""
        return np.asarray(self.length), np.asarray(self.low), np.asarray(self.high)
