"""Which inputs interact in the nodes of a program: sets of inputs carried forward, each set and each union made once.

A set is a window of 64-bit words, a bit per input, from the word of its first member to that of its last: inputs that
interact mostly stand side by side. `greeks2.twins.sparsity` is the readable twin.
"""

import numpy as np

from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcmp, memset

from aadlib.program.nodes cimport Nodes, aad_nodes

include "greeks2/structure/bits.pxi"

cdef enum:
    MOST_PARTNERS = 1 << 26

cdef struct Set:
    Py_ssize_t begin  # where its words stand
    int low           # number of the first word
    int n             # words
    int size          # members

cdef struct Table:    # from pairs of numbers to a number, open-addressed
    uint64_t* keys    # key + 1, 0 where free
    int* numbers
    Py_ssize_t size
    Py_ssize_t n


cdef inline uint64_t mixed(uint64_t key) noexcept nogil:
    key = (key ^ (key >> 29)) * 0x9E3779B97F4A7C15ULL
    return key ^ (key >> 32)


cdef int widen(Table* table) except -1 nogil:
    """Double a table."""
    cdef Table old = table[0]
    cdef Py_ssize_t k
    cdef Py_ssize_t at
    table.size = max(<Py_ssize_t>1024, 2 * old.size)
    table.keys = <uint64_t*>calloc(table.size, sizeof(uint64_t))
    table.numbers = <int*>calloc(table.size, sizeof(int))
    if table.keys == NULL or table.numbers == NULL:
        free(table.keys)
        free(table.numbers)
        table[0] = old
        raise MemoryError("no memory for the sets of inputs")
    for k in range(old.size):
        if old.keys[k]:
            at = mixed(old.keys[k]) & (table.size - 1)
            while table.keys[at]:
                at = (at + 1) & (table.size - 1)
            table.keys[at] = old.keys[k]
            table.numbers[at] = old.numbers[k]
    free(old.keys)
    free(old.numbers)
    return 0


cdef inline Py_ssize_t probe(const Table* table, uint64_t key) noexcept nogil:
    """Return where a key stands, or where it belongs."""
    cdef Py_ssize_t at = mixed(key + 1) & (table.size - 1)
    while table.keys[at] and table.keys[at] != key + 1:
        at = (at + 1) & (table.size - 1)
    return at


cdef class InputSets:
    """Sets of inputs, numbered as they are made; set 0 is empty."""

    cdef uint64_t* words
    cdef Py_ssize_t n_words, word_capacity
    cdef Set* sets
    cdef int n_sets, set_capacity
    cdef int* by_content          # set numbers + 1, open-addressed
    cdef Py_ssize_t content_size
    cdef Table unions, pairs
    cdef Py_ssize_t most_words

    def __cinit__(self, Py_ssize_t most_bytes):
        self.most_words = most_bytes // 8
        self.grow_sets()
        self.n_sets = 1
        widen(&self.unions)
        widen(&self.pairs)

    def __dealloc__(self):
        free(self.words)
        free(self.sets)
        free(self.by_content)
        free(self.unions.keys)
        free(self.unions.numbers)
        free(self.pairs.keys)
        free(self.pairs.numbers)

    cdef int grow_sets(self) except -1 nogil:
        """Make room for more sets, and spread them over a larger table."""
        cdef int capacity = max(512, 2 * self.set_capacity)
        cdef int s
        cdef Py_ssize_t at
        cdef Set* sets = <Set*>realloc(self.sets, capacity * sizeof(Set))
        cdef int* table = <int*>calloc(4 * capacity, sizeof(int))
        if sets != NULL:
            self.sets = sets
            memset(sets + self.set_capacity, 0, (capacity - self.set_capacity) * sizeof(Set))
        if sets == NULL or table == NULL:
            free(table)
            raise MemoryError("no memory for the sets of inputs")
        free(self.by_content)
        self.by_content = table
        self.content_size = 4 * capacity
        self.set_capacity = capacity
        for s in range(1, self.n_sets):
            at = self.hashed(&sets[s]) & (self.content_size - 1)
            while table[at]:
                at = (at + 1) & (self.content_size - 1)
            table[at] = s + 1
        return 0

    cdef uint64_t hashed(self, const Set* one) noexcept nogil:
        cdef uint64_t digest = one.low
        cdef int k
        for k in range(one.n):
            digest = mixed(digest + self.words[one.begin + k])
        return digest

    cdef int number_of(self, int low, int n) except -1 nogil:
        """Return the number of the set whose window was written at the end of the words, which stays only if it is new."""
        cdef Set* one
        cdef Set* other
        cdef Py_ssize_t at
        cdef int k
        if self.n_sets == self.set_capacity:
            self.grow_sets()
        one = &self.sets[self.n_sets]
        one.begin = self.n_words
        one.low = low
        one.n = n
        at = self.hashed(one) & (self.content_size - 1)
        while self.by_content[at]:
            other = &self.sets[self.by_content[at] - 1]
            if (
                other.low == low and other.n == n
                and memcmp(self.words + other.begin, self.words + one.begin, n * sizeof(uint64_t)) == 0
            ):
                return self.by_content[at] - 1
            at = (at + 1) & (self.content_size - 1)
        one.size = 0
        for k in range(n):
            one.size += greeks2_count(self.words[one.begin + k])
        self.by_content[at] = self.n_sets + 1
        self.n_words += n
        self.n_sets += 1
        return self.n_sets - 1

    cdef int make_room(self, int n) except -1 nogil:
        """Make room for n words at the end."""
        cdef uint64_t* words
        cdef Py_ssize_t capacity
        if self.n_words + n > self.word_capacity:
            capacity = max(<Py_ssize_t>1024, 2 * self.word_capacity, self.n_words + n)
            words = <uint64_t*>realloc(self.words, capacity * sizeof(uint64_t))
            if words == NULL:
                raise MemoryError("no memory for the sets of inputs")
            self.words = words
            self.word_capacity = capacity
        return 0

    cdef int single(self, int member) except -1 nogil:
        """Return the set of one input."""
        self.make_room(1)
        self.words[self.n_words] = <uint64_t>1 << (member & 63)
        return self.number_of(member >> 6, 1)

    cdef int join(self, int i, int j) except -1 nogil:
        """Return the union of two sets."""
        cdef Py_ssize_t at
        cdef uint64_t key
        cdef uint64_t* words
        cdef int low, high, k, number
        cdef Set* one
        cdef Set* other
        if i == j or i == 0:
            return j
        if j == 0:
            return i
        key = (<uint64_t>min(i, j) << 32) | max(i, j)
        at = probe(&self.unions, key)
        if self.unions.keys[at]:
            return self.unions.numbers[at]
        one = &self.sets[i]
        other = &self.sets[j]
        low = min(one.low, other.low)
        high = max(one.low + one.n, other.low + other.n)
        self.make_room(high - low)
        words = self.words + self.n_words
        memset(words, 0, (high - low) * sizeof(uint64_t))
        for k in range(one.n):
            words[one.low - low + k] = self.words[one.begin + k]
        for k in range(other.n):
            words[other.low - low + k] |= self.words[other.begin + k]
        number = self.number_of(low, high - low)
        if 2 * self.unions.n > self.unions.size:
            widen(&self.unions)
            at = probe(&self.unions, key)
        self.unions.keys[at] = key + 1
        self.unions.numbers[at] = number
        self.unions.n += 1
        return number

    cdef int pair(self, int i, int j) except -1 nogil:
        """Note that all members of two sets interact; return how many colours that takes at least."""
        cdef uint64_t key = (<uint64_t>min(i, j) << 32) | max(i, j)
        cdef Py_ssize_t at = probe(&self.pairs, key)
        if not self.pairs.keys[at]:
            if 2 * self.pairs.n > self.pairs.size:
                widen(&self.pairs)
                at = probe(&self.pairs, key)
            self.pairs.keys[at] = key + 1
            self.pairs.n += 1
        return min(self.sets[i].size, self.sets[j].size)

    def carry(
        self,
        Nodes nodes,
        const unsigned char[::1] created,
        const unsigned char[::1] needed,
        const Py_ssize_t[::1] inputs,
        const int[:, ::1] composites,
        const int[::1] operands,
        int most,
    ):
        """Carry the sets forward over a program; return False where it proves to need more than `most` colours.

        Parameters
        ----------
        created : (n_nodes,) bits 1, 2, 4 where a node creates arcs
        needed : (n_slots,) whether somebody asks for a slot's set
        inputs : slots of the active inputs
        composites : rows of first node, last node + 1, and the end of its operands among `operands`
        """
        cdef int[::1] number = np.zeros(needed.shape[0], dtype=np.int32)
        cdef Py_ssize_t p, k, begin, end
        cdef Py_ssize_t at = 0
        cdef Py_ssize_t e = 0
        cdef int joined
        for p in range(inputs.shape[0]):
            if needed[inputs[p]]:
                number[inputs[p]] = self.single(<int>p)
        for k in range(composites.shape[0] + 1):
            begin = composites[k, 0] if k < composites.shape[0] else nodes.n_nodes
            with nogil:
                end = self.sweep(&nodes.c, created, needed, number, at, begin, most)
            if end == 0:
                return False
            if k == composites.shape[0]:
                return True
            joined = 0
            while e < composites[k, 2]:
                joined = self.join(joined, number[operands[e]])
                e += 1
            if self.pair(joined, joined) > most:
                return False
            at = composites[k, 1]
            for p in range(begin, at):
                number[nodes.first_node + p] = joined

    cdef int sweep(
        self,
        const aad_nodes* program,
        const unsigned char[::1] created,
        const unsigned char[::1] needed,
        int[::1] number,
        Py_ssize_t begin,
        Py_ssize_t end,
        int most,
    ) except -1 nogil:
        """Carry the sets over plain nodes; return 0 where it stops."""
        cdef Py_ssize_t k, slot
        cdef int i, j, colors, left, right
        cdef unsigned char bits, wanted
        for k in range(begin, end):
            slot = program.first_node + k
            wanted = program.activity[k]
            bits = created[k]
            if wanted == 0 or (bits == 0 and not needed[slot]):
                continue
            left, right = program.left[k], program.right[k]
            i = number[left] if wanted & 1 else number[right]
            j = number[right] if wanted & 2 else i
            if bits:
                # One active operand has its curvature under dxx or dyy; two under any of the three.
                colors = 0
                if left == right or wanted != 3:
                    colors = self.pair(i, i)
                else:
                    if bits & 1:
                        colors = self.pair(i, i)
                    if bits & 2:
                        colors = max(colors, self.pair(i, j))
                    if bits & 4:
                        colors = max(colors, self.pair(j, j))
                if colors > most:
                    return 0
            if needed[slot]:
                number[slot] = self.join(i, j)
                if self.n_words > self.most_words:
                    return 0
        return 1

    def entries(self, Py_ssize_t n, long long most):
        """Return the pairs (m, 2) of different inputs that interact, row > column and sorted; None beyond `most`."""
        starts, partners = self.partners_of(n)
        if partners is None:
            return None
        cdef const Py_ssize_t[::1] begins = starts
        cdef const int[::1] sets = partners
        cdef uint64_t[::1] row = np.zeros(n // 64 + 1, dtype=np.uint64)
        cdef Py_ssize_t p, w, q, low
        cdef Py_ssize_t n_pairs = 0
        cdef uint64_t bits
        cdef const Set* one
        pair_array = np.empty((4 * n + 64, 2), dtype=np.intp)
        cdef Py_ssize_t[:, ::1] pairs = pair_array
        for p in range(n):
            if n_pairs > most:
                return None
            if n_pairs + p > pairs.shape[0]:
                pair_array = np.concatenate([pair_array[:n_pairs], np.empty((n_pairs + 4 * n, 2), dtype=np.intp)])
                pairs = pair_array
            with nogil:
                low = p // 64 + 1
                for q in range(begins[p], begins[p + 1]):
                    one = &self.sets[sets[q]]
                    low = min(low, one.low)
                    for w in range(one.n):
                        row[one.low + w] |= self.words[one.begin + w]
                for w in range(low, p // 64 + 1):
                    bits = row[w]
                    if w == p // 64:
                        bits &= (<uint64_t>1 << (p & 63)) - 1
                    while bits:
                        pairs[n_pairs, 0] = p
                        pairs[n_pairs, 1] = 64 * w + greeks2_lowest(bits)
                        n_pairs += 1
                        bits &= bits - 1
                for q in range(begins[p], begins[p + 1]):
                    one = &self.sets[sets[q]]
                    memset(&row[one.low], 0, one.n * sizeof(uint64_t))
        return pair_array[:n_pairs].copy() if n_pairs <= most else None

    cdef tuple partners_of(self, Py_ssize_t n):
        """Return the sets that every input interacts with, those of input p from starts[p] on; None if far too many."""
        cdef Py_ssize_t k, w, p
        cdef int i, j, pass_, side
        cdef uint64_t bits
        cdef const Set* one
        cdef Py_ssize_t[::1] at
        cdef int[::1] partners = np.empty(1, dtype=np.int32)
        starts = np.zeros(n + 2, dtype=np.intp)
        at = starts
        for pass_ in range(2):  # counted, then filled in
            if pass_ == 1:
                np.cumsum(starts, out=starts)
                if starts[n + 1] > MOST_PARTNERS:
                    return None, None
                partners = np.empty(max(1, starts[n + 1]), dtype=np.int32)
            with nogil:
                for k in range(self.pairs.size):
                    if not self.pairs.keys[k]:
                        continue
                    i = <int>((self.pairs.keys[k] - 1) >> 32)
                    j = <int>((self.pairs.keys[k] - 1) & 0xFFFFFFFFULL)
                    for side in range(1 if i == j else 2):
                        if side == 1:
                            i, j = j, i
                        one = &self.sets[i]
                        for w in range(one.n):
                            bits = self.words[one.begin + w]
                            while bits:
                                p = 64 * (one.low + w) + greeks2_lowest(bits)
                                bits &= bits - 1
                                if pass_ == 1:
                                    partners[at[p + 1]] = j
                                at[p + 1 + (pass_ == 0)] += 1
        return starts, np.asarray(partners)
