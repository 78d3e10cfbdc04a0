from aadlib.types import Codes, Flags, Floats, Ints

def schedule(
    op: Flags, left: Ints, right: Ints, activity: Flags, paired: Codes, first: int, split: int
) -> tuple[Codes, Codes]: ...
def value_sweep(
    code: Codes, left: Ints, right: Ints, values: Floats, first: int, begin: int, end: int
) -> None: ...
def adjoint_sweep(
    code: Codes,
    left: Ints,
    right: Ints,
    values: Floats,
    adjoints: Floats,
    first: int,
    begin: int,
    end: int,
) -> None: ...
def recycle_adjoints(left: Ints, right: Ints, activity: Flags, kept: Ints, places: Ints) -> int: ...
def first_changed_guard(op: Flags, left: Ints, right: Ints, outcome: Flags, values: Floats) -> int: ...
