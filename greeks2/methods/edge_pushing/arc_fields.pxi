# What a record of the schedule of arcs holds.

# Fields of one record, one record per node that has arcs or creates some.
cdef enum:
    NODE, SHAPE, COUNT, SELF, ROW, AA, AB, BB, RUN, RUN_LENGTH, RUN_A, RUN_B, FLUSHES
    FIELDS = 16

# Bits of SHAPE.
cdef enum:
    LEFT = 1
    RIGHT = 2
    TWICE = 4   # both operands are the same slot
    CREATES = 8
    SECOND = 16  # the only active operand is the right one
