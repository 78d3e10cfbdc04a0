from aadlib.types import Ints

class Arena:
    size: int
    def __init__(self, length: Ints, low: Ints, high: Ints) -> None: ...

def place_rows(
    records: Ints,
    targets: Ints,
    flushes: Ints,
    final: Ints,
    arena: Arena,
    left: Ints,
    right: Ints,
) -> int: ...
