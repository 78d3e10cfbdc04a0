from aadlib.types import Flags, Ints

def place_rows(
    op: Flags, left: Ints, right: Ints, activity: Flags, curvature: Flags, reached: Flags, first: int
) -> tuple[Flags, Ints, int, int, int]: ...
