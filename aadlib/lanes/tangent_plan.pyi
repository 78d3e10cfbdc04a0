"""Python face of lane_plan.pyx."""

from aadlib.types import Flags, Ints

def plan_tangents(
    left: Ints, right: Ints, activity: Flags, curves: Flags, units: Flags, active_slots: Ints, first: int
) -> tuple[Ints, Ints, int]:
    """Return starts (n_nodes + 1,), entries (n_entries, 5) and the number of blocks of tangents and partials."""
