"""Python face of tangent_plan.pyx."""

from aadlib.program.nodes import Nodes
from aadlib.types import Flags, Ints

def plan_tangents(nodes: Nodes, units: Flags, active_slots: Ints) -> tuple[Ints, Ints, int]:
    """Return starts (n_nodes + 1,), entries (n_entries, 5) and the number of blocks of tangents and partials."""
