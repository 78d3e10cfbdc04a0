"""The surfaces on which a recorded path changes its branch, and recordings of what happens there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadTypeError, Line, describe_line
from aadlib.extend import CODES, RULES, ADVar, Condition, Kink, Program, record, record_binary, record_unary
from aadlib.extend import in_python as evaluate
from aadlib.types import Floats

COMPARED = ("maximum", "minimum", "greater", "greater_equal")
"""Operations that switch where their operands x and y are equal: Y = x - y."""

SIGNED = ("absolute", "sign")
"""Operations that switch where their operand is zero: Y = x."""

CONTINUOUS = ("maximum", "minimum", "absolute")
"""Operations whose two branches agree where they switch."""

FOLLOWING = ("where_true", "where_false", "logical_and", "logical_or", "equal", "not_equal")
"""Operations that follow a comparison, which is the switch, or differ from a constant on almost no path."""


@dataclass(frozen=True)
class Switch:
    """The nodes of a path that change their branch on one surface Y = 0 in the space of the noise.

    Attributes
    ----------
    nodes : slots of the nodes that switch together
    left, right : slots with Y = left - right; Y = left where right is -1
    continuous : bool, whether the path has a kink there and no jump
    line : where the first of them was recorded
    """

    nodes: tuple[int, ...]
    left: int
    right: int
    continuous: bool
    line: Line


def switches_of(program: Program) -> tuple[Switch, ...]:
    """Return the switches of a path that the noise moves, in the order of their nodes.

    Raises
    ------
    AadTypeError
        For a step that switches on many surfaces (floor and its kin), and for a guard that the noise moves.
    """
    first_varying = program.first_node + program.n_uniform
    varying = np.zeros(program.n_slots, dtype=bool)
    varying[program.lane_slots] = True
    varying[first_varying:] = True
    for guard, left, right in zip(program.guards, *program.guard_arrays[1:3], strict=True):
        if varying[left] or varying[right]:
            raise AadTypeError(
                f"smoothing='kink' meets a comparison in an if at {describe_line(guard.line)}: a recording holds one "
                "branch of it; write where or maximum"
            )
    surfaces: dict[tuple[int, int], list[Kink]] = {}
    for kink in program.kinks:
        node = kink.slot - program.first_node
        left, right = int(program.left[node]), int(program.right[node])
        if kink.slot < first_varying or kink.operation in FOLLOWING:
            continue
        if kink.operation not in COMPARED + SIGNED:
            raise AadTypeError(
                f"smoothing='kink' cannot treat {kink.operation} at {describe_line(kink.line)}: it finds where "
                "maximum, minimum, abs, sign and comparisons inside where switch; write the step with those"
            )
        key = (left, right if kink.operation in COMPARED else -1)
        surfaces.setdefault(key, []).append(kink)
    return tuple(
        Switch(
            tuple(kink.slot for kink in together),
            *key,
            all(kink.operation in CONTINUOUS for kink in together),
            together[0].line,
        )
        for key, together in surfaces.items()
    )


@dataclass(frozen=True)
class SwitchPrograms:
    """A switch along one direction of the noise: z = rest + along * direction.

    Attributes
    ----------
    switch : Switch
    search : Program of (params, along, rest, direction): Y, differentiated in `along`
    surface : the same, differentiated in the active params and `along`, every path with params of its own
    jump : the path's value above the switch (Y > 0) minus that below, differentiated like `surface`
    tilt : Program of (params, noise): Y, differentiated in the noise
    """

    switch: Switch
    search: Program
    surface: Program
    jump: Program
    tilt: Program


def _shared(program: Program) -> npt.NDArray[np.bool_]:
    """Return which inputs are the same on every path."""
    shared = np.ones(program.n_inputs, dtype=bool)
    shared[program.lane_slots] = False
    return shared


def path_inputs(program: Program) -> Callable[[Any, Any, Any], list[Any]]:
    """Return a function that puts flat (active, passive, noise), numbers of any kind, in the order of the inputs."""
    differentiated, shared = program.input_active, _shared(program)
    groups: list[npt.NDArray[Any]] = [
        np.flatnonzero(differentiated & shared),
        np.flatnonzero(~differentiated & shared),
        program.lane_slots,
    ]

    def inputs(active: Any, passive: Any, noise: Any) -> list[Any]:
        given: list[Any] = [None] * program.n_inputs
        for slots, numbers in zip(groups, (active, passive, noise), strict=True):
            for slot, number in zip(slots, numbers, strict=True):
                given[slot] = number
        return given

    return inputs


def crossing(slots: Sequence[Any], switch: Switch) -> Any:
    """Return Y of a switch from the values of all slots."""
    return slots[switch.left] - slots[switch.right] if switch.right >= 0 else slots[switch.left] + 0.0


def record_switch(program: Program, switch: Switch, params: Floats, noise: Floats) -> SwitchPrograms:
    """Record a switch of a path at flat shared inputs and the flat noise of one path."""
    active = program.input_active[_shared(program)]  # of the flat shared inputs
    inputs = path_inputs(program)

    def surface(active: Any, along: Any, rest: Any, direction: Any, passive: Any) -> Any:
        return crossing(run(program, inputs(active, passive, rest + along * direction)), switch)

    def tilt(active: Any, noise: Any, passive: Any) -> Any:
        return crossing(run(program, inputs(active, passive, noise)), switch)

    def jump(active: Any, along: Any, rest: Any, direction: Any, passive: Any) -> Any:
        given = inputs(active, passive, rest + along * direction)
        above, below = (run(program, given, {n: side for n in switch.nodes}) for side in (True, False))
        # (a jump of a fixed size, as a plain digital has, is a number: the last term makes it something to record)
        return above[program.outputs[0]] - below[program.outputs[0]] + 0.0 * along

    here = (params[active], 0.0, noise, np.zeros(noise.size), params[~active])
    lanes = (params[active][None], np.zeros(1), noise[None], np.zeros(noise.size), params[~active])
    # (an argument of size zero is a constant of the recording, and the same for every replay)
    return SwitchPrograms(
        switch,
        record(surface, *_with_lanes(here, (1, 2)), lanes=(1, 2), passive=(0, 2, 3, 4)),
        record(surface, *lanes, lanes=(0, 1, 2), passive=(2, 3, 4)),
        record(jump, *lanes, lanes=(0, 1, 2), passive=(2, 3, 4)),
        record(tilt, here[0], noise[None], here[4], lanes=(1,), passive=(0, 2)),
    )


def _with_lanes(arguments: Sequence[Any], lanes: Sequence[int]) -> list[Any]:
    return [np.asarray(one)[None] if position in lanes else one for position, one in enumerate(arguments)]


def run(program: Program, inputs: Sequence[Any], forced: Mapping[int, Any] | None = None) -> list[Any]:
    """Run the operations of a program on numbers of any kind and return the value of every slot.

    Parameters
    ----------
    inputs : (n_inputs,), recorded numbers among them
    forced : slots of nodes that switch, and whether they take the branch above their switch or that below; a number
        from 0 (below) to 1 (above) lies between them
    """
    slots = [*inputs, *program.constants.tolist()]
    for k, (code, left, right) in enumerate(
        zip(program.op.tolist(), program.left.tolist(), program.right.tolist(), strict=True)
    ):
        x, y = slots[left], slots[right]
        slot = program.first_node + k
        if forced is not None and slot in forced:
            slots.append(_forced(RULES[code].name, x, y, forced[slot]))
        elif not isinstance(x, (ADVar, Condition)) and not isinstance(y, (ADVar, Condition)):
            slots.append(evaluate.value(code, x, y))
        elif RULES[code].arity == 1:
            slots.append(record_unary(code, x))
        else:
            slots.append(record_binary(code, x, y))
    return slots


def _forced(operation: str, x: Any, y: Any, side: Any) -> Any:
    if isinstance(side, bool):
        return _branch(operation, x, y, side)
    below = _branch(operation, x, y, False)
    return below + side * (_branch(operation, x, y, True) - below)


def _branch(operation: str, x: Any, y: Any, above: bool) -> Any:
    """Return what a switching operation is on one side: above where Y > 0."""
    if operation in ("greater", "greater_equal"):
        return 1.0 if above else 0.0
    if operation == "sign":
        return 1.0 if above else -1.0
    if operation == "absolute":
        return x if above else record_unary(CODES["negative"], x)
    return x if above == (operation == "maximum") else y
