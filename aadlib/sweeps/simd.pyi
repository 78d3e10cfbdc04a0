"""Python face of simd.pyx."""

from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.program.nodes import Nodes
from aadlib.types import Flags, Floats, Ints

INSTRUCTION_SETS: tuple[str, ...]
LANES: int
BLOCK: int

Segment = tuple[int, int]
LaneInputs = tuple[Ints, Floats]
Guards = tuple[Flags, Ints, Ints, Flags]

def available() -> tuple[str, ...]: ...
def in_use() -> str: ...
def use(name: str) -> None: ...
def value_sweep(nodes: Nodes, values: Floats, segment: Segment) -> None: ...
def adjoint_sweep(nodes: Nodes, values: Floats, adjoints: Floats, segment: Segment) -> None: ...
def first_changed_guard(guards: Guards, values: Floats) -> int: ...
def tangent_sweep(nodes: Nodes, values: Floats, tangents: Floats, segment: Segment) -> None: ...
def second_order_sweep(
    nodes: Nodes,
    values: Floats,
    adjoints: Floats,
    tangents: Floats,
    adjoint_tangents: Floats,
    addresses: Ints,
    segment: Segment,
) -> None: ...
def bottleneck_terms(
    nodes: Nodes, values: Floats, adjoints: Floats, tangents: Floats, matrix: Floats, segment: Segment
) -> None: ...
def uniform_derivatives(
    nodes: Nodes,
    values: Floats,
    tangents: Floats,
    sums: Floats,
    summed: Ints,
    active: npt.NDArray[np.intp],
    gradients: Floats,
    hessians: Floats,
    n_uniform: int,
) -> None: ...
def bottleneck_sweep(
    nodes: Nodes,
    created: Flags,
    values: Floats,
    adjoints: Floats,
    addresses: Ints,
    rows: Floats,
    sums: Floats,
) -> None: ...
def evaluate_chunk(
    nodes: Nodes,
    begin_node: int,
    lane_inputs: LaneInputs,
    guards: Guards,
    values: Floats,
    lanes: Segment,
    output_slots: Ints,
    outputs: Floats,
) -> tuple[int, int]: ...
def gradient_chunk(
    nodes: Nodes,
    begin_node: int,
    lane_inputs: LaneInputs,
    guards: Guards,
    values: Floats,
    adjoints: Floats,
    lanes: Segment,
    output_slots: Ints,
    output_seeds: Floats,
    outputs: Floats,
    lane_adjoints: Floats,
) -> tuple[int, int]: ...
def second_order_chunk(
    nodes: Nodes,
    begin_node: int,
    lane_inputs: LaneInputs,
    guards: Guards,
    values: Floats,
    curves: Flags,
    plan: Any,
    scratch: Floats,
    lanes: Segment,
    active_slots: Ints,
    output_slot: int,
    results: tuple[Floats, Floats, Floats],
) -> tuple[int, int]: ...
