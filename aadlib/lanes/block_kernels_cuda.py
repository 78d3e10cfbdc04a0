"""The block machine's steps on a CUDA card: one thread a lane, registers slot by slot, neighbours side by side.

The code is that of `aadlib.lanes.block_code`, the rules are those of `aadlib.generated.rules_numba`, and the twin is
the machine in `aadlib/sweeps/kernels/block_machine.h`. Every thread of a launch takes the same step at the same time,
so a kind costs one branch for all of them, and a register of 32 neighbours is one read of memory. What stays the same
from lane to lane is read from one short vector. A zero factor always ends its chain here: next to memory the comparison
is free.
"""

from __future__ import annotations

from typing import Any

from numba import cuda, float64, njit

from aadlib.generated import rules_numba
from aadlib.kernel_cache import CACHE
from aadlib.lanes.block_steps import (
    FIRST,
    MINUS,
    MINUS_TO,
    NEGATE,
    PLUS,
    PLUS_TO,
    SECOND,
    TIMES,
    TIMES_TO,
    VALUE,
)

value, first, second = rules_numba.value, rules_numba.first, rules_numba.second

TILE = 5
ENTRIES = TILE * TILE
"""Products of columns in one thread's registers; odd, so that neighbours meet no bank conflict."""

ADDERS = 64
"""Threads that add up one register over the lanes."""


@njit(cache=CACHE, error_model="numpy")
def ended(a: float, b: float) -> float:
    """Return the product, 0 where either factor is 0 whatever the other one is."""
    return a * b if a != 0.0 and b != 0.0 else 0.0


@cuda.jit(device=True)
def register(address: int, fixed: Any, arena: Any, thread: int) -> float:
    """Return the number in a register."""
    return fixed[address] if address < fixed.size else arena[address, thread]


@cuda.jit(device=True)
def execute(runs: Any, operands: Any, fixed: Any, arena: Any, thread: int) -> None:
    """Take every step once."""
    at = 0
    for run in range(runs.shape[0]):
        kind = runs[run, 0]
        for _ in range(runs[run, 1]):
            target = operands[at]
            if kind in (NEGATE, PLUS_TO, MINUS_TO):
                a = register(operands[at + 1], fixed, arena, thread)
                if kind == NEGATE:
                    arena[target, thread] = -a
                elif kind == PLUS_TO:
                    arena[target, thread] += a
                else:
                    arena[target, thread] -= a
                at += 2
            elif kind < FIRST:
                a = register(operands[at + 1], fixed, arena, thread)
                b = register(operands[at + 2], fixed, arena, thread)
                if kind == TIMES:
                    arena[target, thread] = ended(a, b)
                elif kind == TIMES_TO:
                    arena[target, thread] += ended(a, b)
                elif kind == PLUS:
                    arena[target, thread] = a + b
                elif kind == MINUS:
                    arena[target, thread] = a - b
                else:
                    arena[target, thread] = value(kind - VALUE, a, b)
                at += 3
            elif kind < SECOND:
                a = register(operands[at + 2], fixed, arena, thread)
                b = register(operands[at + 3], fixed, arena, thread)
                v = register(operands[at + 4], fixed, arena, thread)
                dx, dy = first(kind - FIRST, a, b, v)
                arena[target, thread] = dx
                arena[operands[at + 1], thread] = dy
                at += 5
            else:
                a = register(operands[at + 3], fixed, arena, thread)
                b = register(operands[at + 4], fixed, arena, thread)
                v = register(operands[at + 5], fixed, arena, thread)
                dxx, dxy, dyy = second(kind - SECOND, a, b, v)
                arena[target, thread] = dxx
                arena[operands[at + 1], thread] = dxy
                arena[operands[at + 2], thread] = dyy
                at += 6


@cuda.jit(cache=CACHE)
def clear_kernel(numbers: Any) -> None:
    """Set an array (m, n) to zero, a block a row."""
    for k in range(cuda.threadIdx.x, numbers.shape[1], cuda.blockDim.x):
        numbers[cuda.blockIdx.x, k] = 0.0


@cuda.jit(cache=CACHE)
def steps_kernel(
    value_runs: Any,
    value_operands: Any,
    sum_runs: Any,
    sum_operands: Any,
    loads: Any,
    packs: Any,
    guards: Any,
    output: int,
    fixed: Any,
    lanes: Any,
    n_lanes: int,
    arena: Any,
    first_counter: int,
    outputs: Any,
    columns: Any,
) -> None:
    """Run the code on lanes 0..n_lanes-1, one a thread, adding to the sums and guard counters in the arena.

    `lanes` is (n_lanes or more, inputs), `arena` (registers, width), `columns` (n_columns, width); lanes past the end
    leave zeros in the columns.
    """
    thread = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    if thread >= arena.shape[1]:
        return
    if thread >= n_lanes:
        for k in range(packs.size):
            columns[k, thread] = 0.0
        return
    for k in range(loads.shape[0]):
        arena[loads[k, 1], thread] = lanes[thread, loads[k, 0]]
    execute(value_runs, value_operands, fixed, arena, thread)
    for k in range(guards.shape[0]):
        left = register(guards[k, 1], fixed, arena, thread)
        right = register(guards[k, 2], fixed, arena, thread)
        if (value(guards[k, 0], left, right) != 0.0) != (guards[k, 3] != 0):
            arena[first_counter + k, thread] += 1.0
    outputs[thread] = register(output, fixed, arena, thread)
    execute(sum_runs, sum_operands, fixed, arena, thread)
    for k in range(packs.size):
        columns[k, thread] = register(packs[k], fixed, arena, thread)


@cuda.jit(cache=CACHE)
def products_kernel(
    columns: Any, tiles: Any, tiles_per_block: int, slab: int, stride: int, zero_ends_chain: bool, sums: Any
) -> None:
    """Add the products of columns, summed over this block's share of the lanes, to sums[share, entry, tile].

    Tile t has TILE columns from tiles[t, 0] and TILE from tiles[t, 1], times the weights in column tiles[t, 2]; none
    where that is -1. `slab` lanes at a time lie in shared memory, a lane's columns `stride` apart.
    """
    shared = cuda.shared.array(0, float64)
    thread, threads = cuda.threadIdx.x, cuda.blockDim.x
    n_columns, width = columns.shape
    share = width // cuda.gridDim.x
    begin = cuda.blockIdx.x * share
    tile = cuda.blockIdx.y * tiles_per_block + thread
    owns = thread < tiles_per_block and tile < tiles.shape[0]
    one, other, weight = 0, 0, -1
    if owns:
        one, other, weight = tiles[tile, 0], tiles[tile, 1], tiles[tile, 2]
    products = cuda.local.array(ENTRIES, float64)
    left = cuda.local.array(TILE, float64)
    right = cuda.local.array(TILE, float64)
    for k in range(ENTRIES):
        products[k] = 0.0
    for k in range(thread, slab * stride, threads):
        shared[k] = 0.0
    cuda.syncthreads()
    for lane in range(begin, begin + share, slab):
        for k in range(thread, n_columns * slab, threads):
            column, row = k // slab, k % slab
            shared[row * stride + column] = columns[column, lane + row]
        cuda.syncthreads()
        if owns:
            for row in range(slab):
                for k in range(TILE):
                    left[k] = shared[row * stride + one + k]
                    right[k] = shared[row * stride + other + k]
                if weight >= 0:
                    for k in range(TILE):
                        left[k] = ended(left[k], shared[row * stride + weight])
                if zero_ends_chain:
                    for k in range(TILE):
                        for m in range(TILE):
                            products[k * TILE + m] += ended(left[k], right[m])
                else:
                    for k in range(TILE):
                        for m in range(TILE):
                            products[k * TILE + m] += left[k] * right[m]
        cuda.syncthreads()
    if owns:
        for k in range(ENTRIES):
            sums[cuda.blockIdx.x, k, tile] += products[k]


@cuda.jit(cache=CACHE)
def add_lanes_kernel(arena: Any, first_row: int, sums: Any) -> None:
    """Add up each row of the arena from `first_row` on, a block a row, always in the same order."""
    shared = cuda.shared.array(ADDERS, float64)
    thread = cuda.threadIdx.x
    row = first_row + cuda.blockIdx.x
    total = 0.0
    for k in range(thread, arena.shape[1], ADDERS):
        total += arena[row, k]
    shared[thread] = total
    half = ADDERS // 2
    while half > 0:
        cuda.syncthreads()
        if thread < half:
            shared[thread] += shared[thread + half]
        half //= 2
    if thread == 0:
        sums[cuda.blockIdx.x] = shared[0]
