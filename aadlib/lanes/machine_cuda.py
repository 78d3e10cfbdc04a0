"""The block machine on a CUDA card, with the face of the one on the CPU."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadValueError
from aadlib.lanes.block_code import BlockCode
from aadlib.lanes.device_cuda import quiet_launches, require_cuda
from aadlib.lanes.machine import ColumnPlan, column_plan
from aadlib.sweeps.simd import LANES
from aadlib.types import Floats, Ints

WIDTH = 2**15
"""Lanes in flight: 248 for each of a large card's 132 multiprocessors, their registers about as large as its cache."""

MOST_BYTES = 2**30
"""Memory for registers and columns; code with more of them has fewer lanes in flight."""

THREADS = 128
SHARED_DOUBLES = 5120
"""40 of the 48 kB of shared memory that every card gives a block."""

MOST_SHARES = 256
"""Blocks that share the lanes of a product of columns, at most."""


def width_of(n_rows: int) -> int:
    """Return the number of lanes in flight for so many registers and columns, a power of two."""
    width = WIDTH
    while width > THREADS and 8 * n_rows * width > MOST_BYTES:
        width //= 2
    return width


@dataclass(frozen=True, eq=False)
class Products:
    """How the products of columns are cut in tiles, and where their sums belong.

    Parameters
    ----------
    tiles : (n_tiles, 3) first columns on both sides, and the column of a weight or -1
    entries, aims, times : position among tile sums, sum it belongs to, how often it is added (1 or 2)
    """

    tiles: Ints
    entries: Ints
    aims: Ints
    times: Floats


def products_of(plan: ColumnPlan, tile: int) -> Products:
    """Cut every group of products in tiles of tile x tile columns."""
    tiles: list[tuple[int, int, int]] = []
    entries: list[tuple[int, int, int, int]] = []
    for one, n_one, other, n_other, symmetric, weight, start in plan.groups.tolist():
        table = plan.table[start : start + n_one * n_other].reshape(n_one, n_other).tolist()
        for i in range(0, n_one, tile):
            for j in range(i if symmetric else 0, n_other, tile):
                for k in range(min(tile, n_one - i)):
                    for m in range(min(tile, n_other - j)):
                        if (aim := table[i + k][j + m]) != -1:
                            number, times = (aim, 1) if aim >= 0 else (-2 - aim, 2)
                            entries.append((k * tile + m, len(tiles), number, times))
                tiles.append((one + i, other + j, weight))
    by_entry, tile_of, aims, counts = np.array(entries, dtype=np.int64).reshape(-1, 4).T
    return Products(
        np.array(tiles, dtype=np.int32).reshape(-1, 3),
        (by_entry * len(tiles) + tile_of).astype(np.int32),
        aims.astype(np.int32),
        counts.astype(np.float64),
    )


class CudaMachine:
    """Runs one `BlockCode` on the card; threads take turns.

    Parameters
    ----------
    code : BlockCode

    Attributes
    ----------
    size : scratch that callers lend, none
    """

    size = 0

    def __init__(self, code: BlockCode) -> None:
        require_cuda()
        from numba import cuda

        from aadlib.lanes import block_kernels_cuda as cuda_blocks

        self.code = code
        plan = column_plan(code)
        n_columns = self.n_columns = plan.packs.size
        self._zone = plan.zone
        self._first_counter = code.n_addresses + plan.zone.size
        self.n_rows = self._first_counter + len(code.guards[0])
        self.width = width_of(self.n_rows + n_columns)
        self._kernels = cuda_blocks
        self._lock = threading.Lock()
        self._products = products_of(plan, cuda_blocks.TILE)
        self._stride = (n_columns + cuda_blocks.TILE) | 1
        slab = 1
        while 2 * slab <= min(32, self.width) and 2 * slab * self._stride <= SHARED_DOUBLES:
            slab *= 2
        if n_columns and self._stride > SHARED_DOUBLES:
            raise AadValueError(
                f"the path packs {n_columns} columns: the shared memory of a CUDA block holds no lane of so many; "
                "use device='cpu' or another method"
            )
        self._slab = slab
        self._shares = min(MOST_SHARES, self.width // slab)
        guards = np.stack(
            [code.guards[0], code.guards[1] // LANES, code.guards[2] // LANES, code.guards[3]], axis=1
        )
        # Of the sums, those that steps add to have registers; the others are made by products of columns alone.
        row_of = np.arange(code.n_addresses + code.n_sums)
        row_of[code.n_addresses + plan.zone] = code.n_addresses + np.arange(plan.zone.size)
        self._steps = [
            _on_card(array)
            for array in (
                code.value_runs, code.value_operands // LANES, code.sum_runs, row_of[code.sum_operands // LANES],
            )
        ]  # fmt: skip
        self._packs, self._guards = _on_card(plan.packs // LANES), _on_card(guards)
        self._tiles = _on_card(self._products.tiles)
        self._arena = cuda.device_array((self.n_rows, self.width), dtype=np.float64)
        self._columns = cuda.device_array((max(1, n_columns), self.width), dtype=np.float64)
        self._outputs = cuda.device_array(self.width, dtype=np.float64)

    def run(
        self,
        fixed: Floats,
        workspace: Floats,
        arrays: list[Floats],
        edges: npt.NDArray[np.int64],
        outputs: Floats,
        changed: npt.NDArray[np.int64],
        sums: Floats,
    ) -> int:
        """Sweep the lanes from each edge to the next, fill `sums`, and return where they are not finite, else -1.

        The arguments are those of the machine on the CPU: `fixed` (n_directions, n_fixed * LANES), `workspace` unused,
        one array (n_lanes, k) per lane argument, `outputs` (n_lanes,) or empty, `changed` (n_ranges, n_guards) counted
        up. The sweep ends after a range in which a guard changed.
        """
        for number, (begin, end) in enumerate(pairwise(edges.tolist())):
            for numbers, along in zip(fixed, sums[number], strict=True):
                with self._lock, quiet_launches():
                    totals, counts = self._swept(numbers, arrays, begin, end, outputs, zero_ends_chain=False)
                    if self.n_columns and not np.isfinite(totals).all():
                        totals, counts = self._swept(
                            numbers, arrays, begin, end, outputs, zero_ends_chain=True
                        )
                changed[number] += counts
                along[:] = totals
                if not np.isfinite(totals).all():
                    return begin
                if counts.any():
                    return -1
        return -1

    def _swept(
        self,
        fixed: Floats,
        arrays: list[Floats],
        begin: int,
        end: int,
        outputs: Floats,
        *,
        zero_ends_chain: bool,
    ) -> tuple[Floats, npt.NDArray[np.int64]]:
        """Return the sums, and the number of lanes in which each guard changed."""
        from numba import cuda

        kernels, code = self._kernels, self.code
        numbers = fixed[::LANES].copy()
        numbers[code.seed // LANES] = 1.0
        constants = _on_card(numbers, np.float64)
        first = np.cumsum([0, *(array.shape[1] for array in arrays)])
        loads = _on_card(
            np.stack([first[code.loads[:, 0]] + code.loads[:, 1], code.loads[:, 2] // LANES], axis=1)
        )
        n_tiles = max(1, len(self._products.tiles))
        tile_sums = cuda.device_array((self._shares, kernels.ENTRIES, n_tiles), dtype=np.float64)
        kernels.clear_kernel[self.n_rows - code.n_addresses, THREADS](self._arena[code.n_addresses :])
        kernels.clear_kernel[self._shares, THREADS](
            tile_sums.reshape(self._shares, kernels.ENTRIES * n_tiles)
        )
        for lane in range(begin, end, self.width):
            n_lanes = min(self.width, end - lane)
            parts = [array[lane : lane + n_lanes] for array in arrays]
            kernels.steps_kernel[-(-self.width // THREADS), min(THREADS, self.width)](
                *self._steps, loads, self._packs, self._guards, code.output // LANES, constants,
                _on_card(np.concatenate(parts, axis=1), np.float64), n_lanes, self._arena,
                self._first_counter, self._outputs, self._columns,
            )  # fmt: skip
            if self.n_columns:
                slices = -(-n_tiles // THREADS)
                kernels.products_kernel[(self._shares, slices), THREADS, 0, 8 * self._slab * self._stride](
                    self._columns,
                    self._tiles,
                    -(-n_tiles // slices),
                    self._slab,
                    self._stride,
                    zero_ends_chain,
                    tile_sums,
                )
            if outputs.size:
                outputs[lane : lane + n_lanes] = self._outputs[:n_lanes].copy_to_host()
        totals = cuda.device_array(self.n_rows - code.n_addresses, dtype=np.float64)
        kernels.add_lanes_kernel[totals.size, kernels.ADDERS](self._arena, code.n_addresses, totals)
        by_row = totals.copy_to_host()
        sums = np.zeros(code.n_sums)
        sums[self._zone] = by_row[: self._zone.size]
        if self.n_columns:
            products = self._products
            by_entry = tile_sums.copy_to_host().sum(axis=0).ravel()
            np.add.at(sums, products.aims, products.times * by_entry[products.entries])
        return sums, by_row[self._zone.size :].astype(np.int64)


def _on_card(array: npt.NDArray[Any], kind: npt.DTypeLike = np.int32) -> Any:
    """Return a copy on the card."""
    from numba import cuda

    return cuda.to_device(np.ascontiguousarray(array, dtype=kind))
