from aadlib.types import Flags, Floats, Ints

def merge_repeated(
    recorded: Flags, left_ids: Ints, right_ids: Ints, commutes: Flags, positions: Ints, pool: Floats
) -> tuple[Flags, Ints, Ints, int]: ...
def mark_live(left: Ints, right: Ints, live: Flags, first: int, begin: int, end: int) -> None: ...
def mark_dependent(
    left: Ints, right: Ints, passes: Flags, marked: Flags, first: int, begin: int, end: int
) -> None: ...
def number_nodes(
    op: Flags,
    left: Ints,
    right: Ints,
    live: Flags,
    varying: Flags,
    slots: Ints,
    first: int,
    first_node: int,
) -> tuple[Flags, Ints, Ints, int]: ...
def mark_active(
    op: Flags,
    left: Ints,
    right: Ints,
    passes: Flags,
    active: Flags,
    activity: Flags,
    first: int,
    begin: int,
    end: int,
) -> None: ...
