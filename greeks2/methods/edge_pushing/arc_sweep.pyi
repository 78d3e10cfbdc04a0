from aadlib.types import Flags, Floats, Ints

def push_arcs(
    records: Ints,
    targets: Ints,
    flushes: Ints,
    end_row: Ints,
    low: Ints,
    high: Ints,
    start: Ints,
    forward: Floats,
    op: Flags,
    left: Ints,
    right: Ints,
    values: Floats,
    adjoints: Floats,
    first: int,
    weights: Floats,
    rows: Floats,
    half: Floats,
) -> None: ...
def forward_rows(
    nodes: Ints,
    row_of: Ints,
    low: Ints,
    high: Ints,
    start: Ints,
    op: Flags,
    left: Ints,
    right: Ints,
    activity: Flags,
    values: Floats,
    first: int,
    entries: Floats,
) -> None: ...
def collect(weights: Floats, rows: Ints, columns: Ints, places: Ints, half: Floats) -> None: ...
