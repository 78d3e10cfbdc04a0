from aadlib.types import Flags, Floats, Ints

def plan_front(
    left: Ints, right: Ints, activity: Flags, input_active: Flags, reached: Flags, end_row: Ints, first: int
) -> tuple[Ints, int, int]: ...
def substitute_backward(
    op: Flags,
    left: Ints,
    right: Ints,
    activity: Flags,
    values: Floats,
    adjoints: Floats,
    places: Ints,
    end_row: Ints,
    low: Ints,
    high: Ints,
    start: Ints,
    input_places: Ints,
    forward: Floats,
    first: int,
    n_inputs: int,
    front: Floats,
) -> None: ...
def carry_series(
    op: Flags, left: Ints, right: Ints, activity: Flags, values: Floats, series: Floats, first: int
) -> None: ...
