"""Sweeps that take care of zeros and infinities: slower than the others, and run only where those made an infinity.

An edge from a node to an operand is *dead* where the node does not depend on the operand near this point at all: the
branch of a `where` that was not taken, a factor of something that is zero whatever the active inputs are. What comes
through a dead edge is *absent*: no number, while a zero that comes through a living one is a number that happens to be
zero. Where such a zero is multiplied by an infinity (or a NaN), or infinities of both signs are added, the result is *undetermined*:
the number is then what a zero that ends a chain makes of it, and a mark says so.

A mark per slot has the bits ACTIVE (an active input moves it, through living edges), LIVE (it moves the output so),
of what is infinite ALGEBRAIC or LOGARITHMIC: how fast it grows at least, and of sums of squares SQUARES where the
root of one at 0 is taken for the corner of a length, whose derivative is 0 as that of |x|.
A number's state is ABSENT, PRESENT, or PRESENT and UNDETERMINED.
"""

from aadlib.program.nodes cimport Nodes, aad_nodes

from aadlib.rules import properties

include "aadlib/generated/rules.pxi"

cdef enum:
    ABSENT = 0
    PRESENT = 1
    UNDETERMINED = 2
    ACTIVE = 1
    LIVE = 2
    LOGARITHMIC = 4
    ALGEBRAIC = 8
    SQUARES = 16
    DIRECTIONS = 8
    COMPOSITE = 254

cdef unsigned char[256] CURVES, ENDS, MAKES, KEEPS, OF_SQUARES
for _code in range(256):
    CURVES[_code], ENDS[_code] = properties.CURVES[_code], properties.ENDS[_code]
    MAKES[_code], KEEPS[_code] = properties.MAKES[_code], properties.KEEPS[_code]
    OF_SQUARES[_code] = properties.SQUARES[_code]

cdef struct Number:
    double value
    unsigned char state

cdef struct Partials:
    double dx, dy
    int alive  # bits 1 and 2: edges to operands that are wanted, active and not dead


cdef inline bint finite(double x) noexcept nogil:
    return x - x == 0.0


cdef inline bint infinite(double x) noexcept nogil:
    return x == x and x - x != 0.0


cdef inline Number product(Number a, double factor) noexcept nogil:
    """Return a number times a partial."""
    cdef Number result
    if a.state == ABSENT:
        return a
    result.state = a.state
    if (a.value == 0.0 and not finite(factor)) or (factor == 0.0 and not finite(a.value)):
        result.value = 0.0
        result.state |= UNDETERMINED
    else:
        result.value = a.value * factor
        if result.value != result.value:
            result.state |= UNDETERMINED
    return result


cdef inline Number times(Number a, Number b) noexcept nogil:
    """Return the product of two numbers."""
    cdef Number result
    if a.state == ABSENT or b.state == ABSENT:
        result.value = 0.0
        result.state = ABSENT
        return result
    result = product(a, b.value)
    result.state |= b.state
    return result


cdef inline bint add(double* total, unsigned char* state, Number number) noexcept nogil:
    """Add to a number; return whether it got undetermined by that."""
    cdef double before
    cdef bint conflict
    if number.state == ABSENT:
        return False
    before = total[0]
    conflict = infinite(before) and infinite(number.value) and (before > 0.0) != (number.value > 0.0)
    total[0] = 0.0 if conflict else before + number.value
    state[0] |= number.state
    if conflict:
        state[0] |= UNDETERMINED
    return conflict


cdef inline Number number_of(double value, unsigned char state) noexcept nogil:
    cdef Number result
    result.value = value
    result.state = state
    return result


cdef inline int growth_of(int mark) noexcept nogil:
    return 2 if mark & ALGEBRAIC else 1 if mark & LOGARITHMIC else 0


cdef int growth(int op, double x, double y, int of_x, int of_y) noexcept nogil:
    """Return how fast the infinite result of an operation grows at least, from the marks of its operands."""
    cdef int made
    if finite(x) and finite(y):
        made = MAKES[op]
    else:
        made = KEEPS[op]
        if not finite(x):
            made = min(made, growth_of(of_x)) if KEEPS[op] == 3 else (made if of_x & ALGEBRAIC else 0)
        if not finite(y):
            made = min(made, growth_of(of_y)) if KEEPS[op] == 3 else (made if of_y & ALGEBRAIC else 0)
    return ALGEBRAIC if made >= 2 else LOGARITHMIC if made == 1 else 0


cdef inline int squares(int op, bint same, double x, double y, int of_x, int of_y) noexcept nogil:
    """Return SQUARES for a square, a sum of squares, and multiples of these."""
    cdef bint fixed_x = not of_x & ACTIVE
    cdef bint fixed_y = not of_y & ACTIVE
    cdef bint made = False
    if OF_SQUARES[op] == 1:
        made = True
    elif OF_SQUARES[op] == 2:
        made = (of_x & SQUARES or (fixed_x and x == 0.0)) and (of_y & SQUARES or (fixed_y and y == 0.0))
    elif OF_SQUARES[op] == 3:
        made = (same and x == 0.0) or (of_x & SQUARES and fixed_y) or (of_y & SQUARES and fixed_x)
    return SQUARES if made else 0


cdef inline int alive_edges(
    const aad_nodes* n, Py_ssize_t k, const double* values, Py_ssize_t stride, const unsigned char* marks
) noexcept nogil:
    """Return the operands (bits 1 and 2) that move a node: wanted, active, and not behind a dead edge."""
    cdef int a = n.left[k]
    cdef int b = n.right[k]
    cdef int alive = n.activity[k] & ((marks[a] & ACTIVE) | (marks[b] & ACTIVE) << 1)
    if alive and ENDS[n.op[k]]:
        alive &= ~rule_dead(
            n.op[k], values[a * stride], values[b * stride], values[(n.first_node + k) * stride],
            not marks[a] & ACTIVE, not marks[b] & ACTIVE, growth_of(marks[a]), growth_of(marks[b]), marks[a] & SQUARES != 0,
        )
    return alive


cdef void mark_active(
    const aad_nodes* n, const double* values, Py_ssize_t stride, unsigned char* marks, bint corners, Py_ssize_t begin,
    Py_ssize_t end,
) noexcept nogil:
    """Mark the nodes of a segment that active inputs move, what of them is infinite, and sums of squares for `corners`."""
    cdef Py_ssize_t k, slot
    cdef int a, b
    for k in range(begin, end):
        if n.op[k] == COMPOSITE:
            continue
        slot = n.first_node + k
        marks[slot] = ACTIVE if alive_edges(n, k, values, stride, marks) else 0
        if not finite(values[slot * stride]):
            a, b = n.left[k], n.right[k]
            marks[slot] |= growth(n.op[k], values[a * stride], values[b * stride], marks[a], marks[b])
        elif corners and marks[slot] and values[slot * stride] == 0.0:
            a, b = n.left[k], n.right[k]
            marks[slot] |= squares(n.op[k], a == b, values[a * stride], values[b * stride], marks[a], marks[b])


cdef void mark_live(
    const aad_nodes* n, const double* values, Py_ssize_t stride, unsigned char* marks, Py_ssize_t begin, Py_ssize_t end
) noexcept nogil:
    """Mark the slots that move the output, from the last node of a segment to the first."""
    cdef Py_ssize_t k
    cdef int alive
    for k in range(end - 1, begin - 1, -1):
        if marks[n.first_node + k] & LIVE and n.op[k] != COMPOSITE:
            alive = alive_edges(n, k, values, stride, marks)
            if alive & 1:
                marks[n.left[k]] |= LIVE
            if alive & 2:
                marks[n.right[k]] |= LIVE


cdef inline bint at_an_edge(double x, double y, double v) noexcept nogil:
    """Return whether an operation may have an infinite partial at its operands: a quick look."""
    return (
        not (1e-100 < x < 1.0 - 1e-12 or 1.0 + 1e-12 < x < 1e100) or not (1e-100 < y < 1e100 or -1e100 < y < -1e-100)
        or not -1e100 < v < 1e100
    )


cdef Py_ssize_t first_singular(
    const aad_nodes* n, const double* values, Py_ssize_t stride, const unsigned char* marks, int order, Py_ssize_t begin,
    Py_ssize_t end,
) noexcept nogil:
    """Return the first node in use of which a partial is not finite, or -1."""
    cdef Py_ssize_t k
    cdef int alive, curves
    cdef double x, y, v, dx, dy, dxx, dxy, dyy
    for k in range(begin, end):
        if n.op[k] == COMPOSITE or not marks[n.first_node + k] & LIVE or not marks[n.first_node + k] & ACTIVE:
            continue
        x, y, v = values[n.left[k] * stride], values[n.right[k] * stride], values[(n.first_node + k) * stride]
        if not at_an_edge(x, y, v):
            continue
        alive = alive_edges(n, k, values, stride, marks)
        rule_first(n.op[k], x, y, v, &dx, &dy)
        if (alive & 1 and not finite(dx)) or (alive & 2 and not finite(dy)):
            return k
        curves = CURVES[n.op[k]]
        if order > 1 and curves:
            rule_second(n.op[k], x, y, v, &dxx, &dxy, &dyy)
            if (
                (alive & 1 and curves & 1 and not finite(dxx)) or (alive & 2 and curves & 4 and not finite(dyy))
                or (alive == 3 and curves & 2 and not finite(dxy))
            ):
                return k
    return -1


# ---- marks ----------------------------------------------------------------------------------------------------------


def carry_marks(Nodes nodes not None, const double[::1] values, unsigned char[::1] marks, bint corners, segment):
    """Mark what is active in a segment; `values` and `marks` are (n_slots,); `corners` for first derivatives alone."""
    cdef Py_ssize_t begin, end
    begin, end = segment
    if end > begin:
        with nogil:
            mark_active(&nodes.c, &values[0], 1, &marks[0], corners, begin, end)


def carry_marks_back(Nodes nodes not None, const double[::1] values, unsigned char[::1] marks, segment):
    """Mark what is live in a segment, last node first."""
    cdef Py_ssize_t begin, end
    begin, end = segment
    if end > begin:
        with nogil:
            mark_live(&nodes.c, &values[0], 1, &marks[0], begin, end)


def singular_node(
    Nodes nodes not None, const double[::1] values, const unsigned char[::1] marks, int order, Py_ssize_t begin
):
    """Return the first node from `begin` on that is in use and has a partial that is not finite, or -1."""
    if begin >= nodes.n_nodes:
        return -1
    return first_singular(&nodes.c, &values[0], 1, &marks[0], order, begin, nodes.n_nodes)


def singular_lanes(
    Nodes nodes not None, const double[::1] values, Py_ssize_t stride, Py_ssize_t n_lanes, const unsigned char[::1] start,
    int order, unsigned char[::1] marks, unsigned char[::1] singular,
):
    """Flag the lanes of a block in which a node in use has a partial that is not finite.

    `values` is (n_slots * stride); `start` (n_slots,) has the marks of inputs and outputs, `marks` is scratch of that size;
    `singular` (n_lanes,) is filled in.
    """
    cdef const aad_nodes* n = &nodes.c
    cdef Py_ssize_t l, k
    with nogil:
        for l in range(n_lanes):
            for k in range(nodes.n_slots):
                marks[k] = start[k]
            mark_active(n, &values[l], stride, &marks[0], order == 1, 0, n.n_nodes)
            for k in range(n.n_nodes):
                marks[n.first_node + k] |= start[n.first_node + k] & LIVE
            mark_live(n, &values[l], stride, &marks[0], 0, n.n_nodes)
            singular[l] = first_singular(n, &values[l], stride, &marks[0], order, 0, n.n_nodes) >= 0


# ---- numbers ---------------------------------------------------------------------------------------------------------


def carry_adjoints(
    Nodes nodes not None, const double[::1] values, const unsigned char[::1] marks, double[::1] adjoints,
    unsigned char[::1] states, unsigned char[::1] undetermined, segment,
):
    """Add the adjoints of a segment's nodes to those of their operands; flag the nodes at which one got undetermined."""
    cdef Py_ssize_t begin, end, k, slot
    cdef int alive
    cdef double dx, dy
    cdef Number w, part
    cdef const aad_nodes* n = &nodes.c
    begin, end = segment
    with nogil:
        for k in range(end - 1, begin - 1, -1):
            slot = n.first_node + k
            if n.op[k] == COMPOSITE or states[slot] == ABSENT:
                continue
            alive = alive_edges(n, k, &values[0], 1, &marks[0])
            if not alive:
                continue
            w = number_of(adjoints[slot], states[slot])
            rule_first(n.op[k], values[n.left[k]], values[n.right[k]], values[slot], &dx, &dy)
            if alive & 1:
                part = product(w, dx)
                undetermined[k] |= part.state & ~w.state
                undetermined[k] |= add(&adjoints[n.left[k]], &states[n.left[k]], part)
            if alive & 2:
                part = product(w, dy)
                undetermined[k] |= part.state & ~w.state
                undetermined[k] |= add(&adjoints[n.right[k]], &states[n.right[k]], part)


def carry_tangents(
    Nodes nodes not None, const double[::1] values, const unsigned char[::1] marks, double[:, ::1] tangents,
    unsigned char[:, ::1] states, unsigned char[::1] undetermined, segment,
):
    """Carry directions forward over a segment; `tangents` and `states` are (n_slots, m)."""
    cdef Py_ssize_t begin, end, k, slot, l
    cdef Py_ssize_t m = tangents.shape[1]
    cdef int alive, a, b
    cdef double dx, dy, total
    cdef unsigned char state
    cdef Number part, from_a
    cdef const aad_nodes* n = &nodes.c
    begin, end = segment
    with nogil:
        for k in range(begin, end):
            if n.op[k] == COMPOSITE:
                continue
            slot = n.first_node + k
            a, b = n.left[k], n.right[k]
            alive = alive_edges(n, k, &values[0], 1, &marks[0])
            if alive:
                rule_first(n.op[k], values[a], values[b], values[slot], &dx, &dy)
            for l in range(m):
                total, state = 0.0, ABSENT
                if alive & 1:
                    from_a = number_of(tangents[a, l], states[a, l])
                    part = product(from_a, dx)
                    undetermined[k] |= part.state & ~from_a.state
                    undetermined[k] |= add(&total, &state, part)
                if alive & 2:
                    from_a = number_of(tangents[b, l], states[b, l])
                    part = product(from_a, dy)
                    undetermined[k] |= part.state & ~from_a.state
                    undetermined[k] |= add(&total, &state, part)
                tangents[slot, l] = total
                states[slot, l] = state


cdef inline unsigned char add_term(
    double* total, unsigned char* state, Number w, double partial, Number t
) noexcept nogil:
    """Add adjoint times second partial times tangent; return whether that is undetermined by itself."""
    cdef Number term
    cdef bint zero, unbounded
    if w.state == ABSENT or t.state == ABSENT:
        return 0
    zero = w.value == 0.0 or partial == 0.0 or t.value == 0.0
    unbounded = not (finite(w.value) and finite(partial) and finite(t.value))
    term.state = w.state | t.state
    term.value = w.value * partial * t.value
    if zero:
        term.value = 0.0
    if (zero and unbounded) or term.value != term.value:
        term.state |= UNDETERMINED
    return (term.state & ~(w.state | t.state)) | add(total, state, term)


def carry_second_order(
    Nodes nodes not None, const double[::1] values, const unsigned char[::1] marks, const double[::1] adjoints,
    const unsigned char[::1] adjoint_states, const double[:, ::1] tangents, const unsigned char[:, ::1] tangent_states,
    double[:, ::1] moved, unsigned char[:, ::1] moved_states, unsigned char[::1] undetermined, segment,
):
    """Carry the tangents of the adjoints backward over a segment; all over slots are (n_slots, m)."""
    cdef Py_ssize_t begin, end, k, slot, l
    cdef Py_ssize_t m = tangents.shape[1]
    cdef int alive, a, b, curves
    cdef double dx, dy, dxx, dxy, dyy
    cdef unsigned char trouble
    cdef Number w, own, part, ta, tb
    cdef const aad_nodes* n = &nodes.c
    begin, end = segment
    with nogil:
        for k in range(end - 1, begin - 1, -1):
            slot = n.first_node + k
            a, b = n.left[k], n.right[k]
            if n.op[k] == COMPOSITE:
                continue
            alive = alive_edges(n, k, &values[0], 1, &marks[0])
            if not alive:
                continue
            curves = CURVES[n.op[k]]
            w = number_of(adjoints[slot], adjoint_states[slot])
            rule_first(n.op[k], values[a], values[b], values[slot], &dx, &dy)
            rule_second(n.op[k], values[a], values[b], values[slot], &dxx, &dxy, &dyy)
            trouble = 0
            for l in range(m):
                own = number_of(moved[slot, l], moved_states[slot, l])
                ta, tb = number_of(tangents[a, l], tangent_states[a, l]), number_of(tangents[b, l], tangent_states[b, l])
                if alive & 1:
                    part = product(own, dx)
                    trouble |= part.state & ~own.state
                    trouble |= add(&moved[a, l], &moved_states[a, l], part)
                    if curves & 1:
                        trouble |= add_term(&moved[a, l], &moved_states[a, l], w, dxx, ta)
                if alive & 2:
                    part = product(own, dy)
                    trouble |= part.state & ~own.state
                    trouble |= add(&moved[b, l], &moved_states[b, l], part)
                    if curves & 4:
                        trouble |= add_term(&moved[b, l], &moved_states[b, l], w, dyy, tb)
                if alive == 3 and curves & 2:
                    trouble |= add_term(&moved[a, l], &moved_states[a, l], w, dxy, tb)
                    trouble |= add_term(&moved[b, l], &moved_states[b, l], w, dxy, ta)
            undetermined[k] |= trouble != 0
