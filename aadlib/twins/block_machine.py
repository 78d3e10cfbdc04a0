"""The readable twin of the block machine: the same code, one lane at a time, in plain Python on a list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from aadlib.lanes.block_code import BlockCode
from aadlib.lanes.block_steps import (
    FIRST,
    MINUS,
    NEGATE,
    PLUS,
    PLUS_TO,
    SECOND,
    TIMES,
    TIMES_TO,
    VALUE,
    n_operands,
)  # fmt: skip
from aadlib.rules import in_python as evaluate
from aadlib.sweeps.simd import LANES
from aadlib.twins.sweeps import product


def lane_sums(
    code: BlockCode, fixed: Sequence[float], lanes: Sequence[Sequence[Sequence[float]]]
) -> list[float]:
    """Return the code's sums over all lanes.

    Parameters
    ----------
    fixed : what the fixed registers hold, in the order of `code.fixed`
    lanes : for every lane, one flat row of numbers per lane argument
    """
    sums = [0.0] * code.n_sums
    for rows in lanes:
        arena = [0.0] * (code.n_addresses + code.n_sums)
        arena[: code.n_fixed] = fixed
        for argument, position, address in code.loads.tolist():
            arena[address // LANES] = rows[argument][position]
        arena[code.seed // LANES] = 1.0
        for kind, addresses in _steps(code.value_runs.tolist(), code.value_operands.tolist()):
            _take(arena, kind, addresses)
        for kind, addresses in _steps(code.sum_runs.tolist(), code.sum_operands.tolist()):
            _take(arena, kind, addresses)
        _multiply(code, arena)
        sums = [total + added for total, added in zip(sums, arena[code.n_addresses :], strict=True)]
    return sums


def _steps(runs: list[list[int]], operands: list[int]) -> Iterator[tuple[int, list[int]]]:
    """Yield (kind, addresses) of every step."""
    at = 0
    for kind, count in runs:
        width = n_operands(kind)
        for _ in range(count):
            yield kind, [address // LANES for address in operands[at : at + width]]
            at += width


def _take(arena: list[float], kind: int, addresses: list[int]) -> None:
    """Take one step."""
    target, numbers = addresses[0], [arena[address] for address in addresses[1:]]
    if kind >= SECOND:
        arena[addresses[0]], arena[addresses[1]], arena[addresses[2]] = evaluate.second(
            kind - SECOND, *numbers[2:]
        )
    elif kind >= FIRST:
        arena[addresses[0]], arena[addresses[1]] = evaluate.first(kind - FIRST, *numbers[1:])
    elif kind >= VALUE:
        arena[target] = evaluate.value(kind - VALUE, *numbers)
    elif kind == TIMES:
        arena[target] = product(*numbers)
    elif kind == TIMES_TO:
        arena[target] += product(*numbers)
    elif kind in (PLUS, MINUS):
        arena[target] = numbers[0] + numbers[1] if kind == PLUS else numbers[0] - numbers[1]
    elif kind == NEGATE:
        arena[target] = -numbers[0]
    else:
        arena[target] += numbers[0] if kind == PLUS_TO else -numbers[0]


def _multiply(code: BlockCode, arena: list[float]) -> None:
    """Add the products of packed columns to the sums."""
    columns = [
        product(arena[address // LANES], 1.0 if weight < 0 else arena[weight // LANES])
        for _, address, weight in code.packs.tolist()
    ]
    table: list[Any] = code.table.tolist()
    for one, n_one, other, n_other, _, start in code.groups.tolist():
        for i in range(n_one):
            for j in range(n_other):
                address = table[start + i * n_other + j]
                term = product(columns[one + i], columns[other + j])
                if address >= 0:
                    arena[address // LANES] += term
                elif address < -1:
                    arena[(-2 - address) // LANES] += 2.0 * term
