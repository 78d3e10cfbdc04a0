"""The instruction set that sweeps run with: the widest that this processor has.

The kernels are C, in `aadlib/sweeps/kernels`, built once per instruction set, and chosen among here alone:
`AADLIB_INSTRUCTIONS` (baseline, avx2, avx512) forces a set when the package is imported, `use` changes it later, in
tests and comparisons. Every set gives the same bits.
"""

import os

from aadlib.errors import AadValueError

cdef extern from "aadlib/sweeps/kernels/processor.h":
    const aad_kernels* const* aad_tables
    int aad_widest() nogil

INSTRUCTION_SETS = ("baseline", "avx2", "avx512")
"""Names of the sets that the kernels can be built for, each with what the ones before it have."""

cdef str _in_use = ""


def available():
    """Return the names of the instruction sets that this build and this processor have."""
    return INSTRUCTION_SETS[: aad_widest() + 1]


def in_use():
    """Return the name of the instruction set that sweeps run with."""
    return _in_use


def use(name):
    """Let every sweep from now on run with an instruction set; not while one runs on another thread.

    Raises
    ------
    AadValueError
        When there is no such set, or this build or processor lacks it.
    """
    global kernels, _in_use
    if name not in INSTRUCTION_SETS:
        raise AadValueError(f"AADLIB_INSTRUCTIONS = {name!r}: choose one of {', '.join(INSTRUCTION_SETS)}")
    if name not in available():
        raise AadValueError(
            f"AADLIB_INSTRUCTIONS = {name!r}: this processor and build have {', '.join(available())} only; leave it unset"
        )
    kernels = aad_tables[INSTRUCTION_SETS.index(name)]
    _in_use = name


use(os.environ.get("AADLIB_INSTRUCTIONS", INSTRUCTION_SETS[aad_widest()]))


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
