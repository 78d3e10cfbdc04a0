from aadlib.types import Flags, Ints

def count_pushes(
    left: Ints,
    right: Ints,
    activity: Flags,
    created: Flags,
    places: Ints,
    size: int,
    end_row: Ints,
    first_input: Ints,
    last_input: Ints,
    first: int,
    limit: int,
) -> tuple[int, int, int, int, bool]: ...
