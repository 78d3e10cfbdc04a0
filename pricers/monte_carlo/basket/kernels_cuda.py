"""The basket call on a CUDA card: the steps of `rules`, the sums of `kernels`.

A thread block owns a fixed range of one batch's paths and works through it, a few dozen paths at a time:

1. all threads compute the parts of the baskets, (path, asset) by (path, asset), into shared memory;
2. a thread per path adds up its basket and differentiates the payoff;
3. threads add up the gradient, and each owns a tile of TILE x TILE entries of the outer product, in registers. Where
   there are fewer tiles than threads, groups of threads share out the paths and are added up at the end, one by one.

A second kernel adds up the blocks of each batch in order. No atomics, no size taken from the card: every run gives the
same bits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import cuda, float64

from aadlib.errors import AadValueError
from aadlib.extend import quiet_launches, require_cuda
from aadlib.types import Floats
from pricers.kernel_options import CACHE
from pricers.monte_carlo.basket.rules import asset_part, log_growth, smooth_payoff
from pricers.monte_carlo.basket.sums import BasketCall, BasketSums, batch_bounds
from pricers.types import Longs

TILE = 5
"""Rows and columns of outer products in one thread's registers; odd, so that neighbours meet no bank conflict."""

ENTRIES = TILE * TILE

THREADS = 160
"""Threads of a block: five warps, enough for the 136 tiles of 40 assets, and two such blocks fit a multiprocessor."""

MOST_GROUPS = 16
SHARED_DOUBLES = 5632
"""44 of the 48 kB of shared memory that every card gives a block."""

MOST_PATHS = 256
"""Paths a block works on at a time, at most."""

BLOCKS_PER_BATCH = 64
"""Blocks that share a batch, at most: 2,048 over all batches, several for each multiprocessor of a large card."""

MOST_PARTS = 2**27
"""Doubles for the sums of all blocks, 1 GiB: beyond hundreds of assets fewer blocks share a batch."""

DOUBLES_PER_LAUNCH = 2**28
"""Normals sent to the card at a time, 2 GiB; more paths take several launches."""


@dataclass(frozen=True)
class Plan:
    """Sizes of a launch, from the number of assets alone.

    Parameters
    ----------
    strips : the outer product has TILE * strips rows, padded
    n_tiles, tiles_per_block : tiles of the upper triangle, and how many of them one block owns
    groups, linear_groups : groups of threads that share out the paths, for the outer products and for the gradient
    threads : threads of a block
    paths : paths worked on at a time
    stride : shared doubles per path, odd, so that a thread per path meets no bank conflict
    """

    strips: int
    n_tiles: int
    tiles_per_block: int
    groups: int
    linear_groups: int
    threads: int
    paths: int
    stride: int
    shared_doubles: int

    @property
    def slices(self) -> int:
        """Number of blocks that share the tiles of the same paths."""
        return -(-self.n_tiles // self.tiles_per_block)


def plan(n: int, threads: int = THREADS) -> Plan:
    """Return the sizes for n assets."""
    strips = -(-2 * n // TILE)
    n_tiles = strips * (strips + 1) // 2
    tiles_per_block = -(-n_tiles // -(-n_tiles // threads))
    groups = min(MOST_GROUPS, threads // tiles_per_block)
    linear = 3 * n + 1
    linear_groups = max(1, threads // linear)
    stride = (strips * TILE + n) | 1
    paths = min(MOST_PATHS, (SHARED_DOUBLES - linear * linear_groups) // (stride + 3))
    if paths < 1:
        raise AadValueError(
            f"spots has {n} assets: the shared memory of a CUDA block holds no path of so many; use device='cpu'"
        )
    shared_doubles = paths * (stride + 3) + linear * linear_groups
    return Plan(
        strips, n_tiles, tiles_per_block, groups, linear_groups, threads, paths, stride, shared_doubles
    )


def basket_sums(call: BasketCall, normals: Any, *, threads: int = THREADS) -> BasketSums:
    """Return the sums over each batch of paths.

    `normals` is (n_paths, n), correlated, C-contiguous float64, on the host or on the card.
    """
    require_cuda()
    if on_card := hasattr(normals, "__cuda_array_interface__"):
        normals = cuda.as_cuda_array(normals)
        if normals.dtype != np.float64 or not normals.is_c_contiguous():
            raise AadValueError(f"normals on the card have type {normals.dtype}: must be float64 in C order")
    n_paths, n = normals.shape
    sizes = plan(n, threads)
    bounds = batch_bounds(n_paths)
    n_batches = bounds.size - 1
    per_launch = n_batches if on_card else max(1, DOUBLES_PER_LAUNCH // (n * (-(-n_paths // n_batches))))
    spots, volatilities = cuda.to_device(call.weighted_spots), cuda.to_device(call.volatilities)
    linear, tiles = [], []
    for first in range(0, n_batches, per_launch):
        last = min(first + per_launch, n_batches)
        part = normals[bounds[first] : bounds[last]]
        sums_of_launch = _launch(
            call, part if on_card else cuda.to_device(part), bounds[first : last + 1] - bounds[first],
            spots, volatilities, sizes,
        )  # fmt: skip
        linear.append(sums_of_launch[0])
        tiles.append(sums_of_launch[1])
    sums = np.concatenate(linear)
    second = _matrices(np.concatenate(tiles), sizes)
    spot = np.arange(n)
    second[:, spot, n + spot] += sums[:, n : 2 * n]
    second[:, n + spot, n + spot] += sums[:, 2 * n : 3 * n]
    return BasketSums(sums[:, 3 * n], sums[:, : 2 * n], second[:, : 2 * n, : 2 * n])


def _launch(
    call: BasketCall, normals: Any, bounds: Longs, spots: Any, volatilities: Any, sizes: Plan
) -> tuple[Floats, Floats]:
    """Return the linear sums (n_batches, 3n + 1) and those of the tiles (n_batches, TILE^2 n_tiles)."""
    n_batches, n_linear = bounds.size - 1, 3 * spots.shape[0] + 1
    n_entries = ENTRIES * sizes.n_tiles
    room = max(1, MOST_PARTS // (n_batches * n_entries))
    blocks = min(BLOCKS_PER_BATCH, room, -(-int(np.diff(bounds).max()) // sizes.paths))
    linear_parts = cuda.device_array((n_batches, blocks, n_linear), dtype=np.float64)
    tile_parts = cuda.device_array((n_batches, blocks, n_entries), dtype=np.float64)
    linear = cuda.device_array((n_batches, n_linear), dtype=np.float64)
    tiles = cuda.device_array((n_batches, n_entries), dtype=np.float64)
    with quiet_launches():
        basket_blocks_kernel[(n_batches * blocks, sizes.slices), sizes.threads, 0, 8 * sizes.shared_doubles](
            normals, cuda.to_device(bounds), spots, volatilities, call.rate, call.expiry, call.strike,
            call.sharpness, sizes.strips, sizes.tiles_per_block, sizes.groups, sizes.linear_groups, sizes.paths,
            sizes.stride, linear_parts, tile_parts,
        )  # fmt: skip
        for parts, sums in ((linear_parts, linear), (tile_parts, tiles)):
            add_blocks_kernel[(-(-sums.shape[1] // sizes.threads), n_batches), sizes.threads](parts, sums)
    return linear.copy_to_host(), tiles.copy_to_host()


def _matrices(tiles: Floats, sizes: Plan) -> Floats:
    """Put the tiles' sums where they belong in the upper triangles of padded matrices."""
    entries = tiles.reshape(len(tiles), TILE, TILE, sizes.n_tiles)
    rows, columns = np.triu_indices(sizes.strips)
    matrices = np.zeros((len(tiles), sizes.strips, TILE, sizes.strips, TILE))
    matrices[:, rows, :, columns, :] = entries.transpose(3, 0, 1, 2)
    return matrices.reshape(len(tiles), TILE * sizes.strips, TILE * sizes.strips)


@cuda.jit(device=True, cache=CACHE)
def _write_parts_kernel(
    shared: Any,
    normals: Any,
    weighted_spots: Any,
    volatilities: Any,
    rate: float,
    expiry: float,
    first_path: int,
    size: int,
    stride: int,
    bends: int,
) -> None:
    """Compute the parts of the baskets of `size` paths, (path, asset) by (path, asset), into shared memory."""
    n = weighted_spots.size
    thread, threads = cuda.threadIdx.x, cuda.blockDim.x
    path_step, asset_step = threads // n, threads % n
    path, asset = thread // n, thread % n
    root_expiry = math.sqrt(expiry)
    while path < size:
        normal, volatility = normals[first_path + path, asset], volatilities[asset]
        growth = math.exp(log_growth(normal, volatility, rate, expiry, root_expiry))
        part, part_slope, part_bend = asset_part(
            weighted_spots[asset], growth, normal, volatility, expiry, root_expiry
        )
        shared[path * stride + asset] = part
        shared[path * stride + n + asset] = part_slope
        shared[path * stride + bends + asset] = part_bend
        path += path_step
        asset += asset_step
        if asset >= n:
            asset -= n
            path += 1


@cuda.jit(device=True, cache=CACHE)
def _write_payoffs_kernel(
    shared: Any, n: int, strike: float, sharpness: float, size: int, stride: int, slope: int, paths: int
) -> None:
    """Add up the basket of each path and write slope, curvature and value of its payoff behind each other."""
    for path in range(cuda.threadIdx.x, size, cuda.blockDim.x):
        basket = 0.0
        for k in range(path * stride, path * stride + n):
            basket += shared[k]
        value, first, second = smooth_payoff(basket - strike, sharpness)
        shared[slope + path] = first
        shared[slope + paths + path] = second
        shared[slope + 2 * paths + path] = value


@cuda.jit(device=True, cache=CACHE)
def _add_linear_kernel(
    shared: Any, n: int, linear_groups: int, size: int, stride: int, slope: int, paths: int, bends: int
) -> None:
    """Add the paths to the linear sums, which stand behind the payoffs: groups of threads share out the paths."""
    n_linear = 3 * n + 1
    payoff, totals = slope + 2 * paths, slope + 3 * paths
    for k in range(cuda.threadIdx.x, n_linear * linear_groups, cuda.blockDim.x):
        entry = k % n_linear
        total = shared[totals + k]
        if entry == 3 * n:
            for path in range(k // n_linear, size, linear_groups):
                total += shared[payoff + path]
        else:
            position = entry if entry < 2 * n else entry - 2 * n + bends
            for path in range(k // n_linear, size, linear_groups):
                total += shared[slope + path] * shared[path * stride + position]
        shared[totals + k] = total


@cuda.jit(device=True, cache=CACHE)
def _add_groups_kernel(shared: Any, totals: int, n_linear: int, linear_groups: int, linear_part: Any) -> None:
    """Write the linear sums of all groups, added up one by one."""
    for k in range(cuda.threadIdx.x, n_linear, cuda.blockDim.x):
        total = 0.0
        for position in range(k, n_linear * linear_groups, n_linear):
            total += shared[totals + position]
        linear_part[k] = total


@cuda.jit(device=True, cache=CACHE)
def _corner_of_kernel(tile: int, strips: int) -> tuple[int, int]:
    """Return the first row and column of a tile of the upper triangle, counted row by row."""
    row, column = 0, tile
    while column >= strips - row and row < strips:
        column -= strips - row
        row += 1
    return TILE * row, TILE * (column + row)


@cuda.jit(cache=CACHE)
def basket_blocks_kernel(
    normals: Any,
    bounds: Any,
    weighted_spots: Any,
    volatilities: Any,
    rate: float,
    expiry: float,
    strike: float,
    sharpness: float,
    strips: int,
    tiles_per_block: int,
    groups: int,
    linear_groups: int,
    paths: int,
    stride: int,
    linear_parts: Any,
    tile_parts: Any,
) -> None:
    """Write the sums over this block's paths: linear ones (payoff, first, bend), and its tiles of outer products."""
    n = weighted_spots.size
    n_linear = 3 * n + 1
    bends = TILE * strips
    shared = cuda.shared.array(0, float64)
    slope = paths * stride
    curvature, totals = slope + paths, slope + 3 * paths

    thread, threads = cuda.threadIdx.x, cuda.blockDim.x
    blocks = linear_parts.shape[1]
    batch, block = cuda.blockIdx.x // blocks, cuda.blockIdx.x % blocks
    count = bounds[batch + 1] - bounds[batch]
    begin = bounds[batch] + count * block // blocks
    end = bounds[batch] + count * (block + 1) // blocks

    group = thread // tiles_per_block
    tile = cuda.blockIdx.y * tiles_per_block + thread - group * tiles_per_block
    n_tiles = strips * (strips + 1) // 2
    owns_tile = group < groups and tile < n_tiles
    row, column = _corner_of_kernel(tile, strips)
    sums = cuda.local.array(ENTRIES, float64)
    left = cuda.local.array(TILE, float64)
    right = cuda.local.array(TILE, float64)
    for k in range(ENTRIES):
        sums[k] = 0.0

    for k in range(thread, paths * stride, threads):  # the padding stays zero
        shared[k] = 0.0
    for k in range(thread, n_linear * linear_groups, threads):
        shared[totals + k] = 0.0
    cuda.syncthreads()

    for first_path in range(begin, end, paths):
        size = min(paths, end - first_path)
        _write_parts_kernel(
            shared, normals, weighted_spots, volatilities, rate, expiry, first_path, size, stride, bends
        )
        cuda.syncthreads()
        _write_payoffs_kernel(shared, n, strike, sharpness, size, stride, slope, paths)
        cuda.syncthreads()
        if cuda.blockIdx.y == 0:
            _add_linear_kernel(shared, n, linear_groups, size, stride, slope, paths, bends)
        if owns_tile:
            for path in range(group, size, groups):
                weight = shared[curvature + path]
                for k in range(TILE):
                    left[k] = weight * shared[path * stride + row + k]
                    right[k] = shared[path * stride + column + k]
                for k in range(TILE):
                    for m in range(TILE):
                        sums[k * TILE + m] += left[k] * right[m]
        cuda.syncthreads()

    for turn in range(groups):
        if owns_tile and group == turn:
            for k in range(ENTRIES):
                before = 0.0 if turn == 0 else tile_parts[batch, block, k * n_tiles + tile]
                tile_parts[batch, block, k * n_tiles + tile] = before + sums[k]
        cuda.syncthreads()
    if cuda.blockIdx.y == 0:
        _add_groups_kernel(shared, totals, n_linear, linear_groups, linear_parts[batch, block])


@cuda.jit(cache=CACHE)
def add_blocks_kernel(parts: Any, sums: Any) -> None:
    """Add up the blocks of each batch, in order: `parts` (n_batches, n_blocks, m) into `sums` (n_batches, m)."""
    position = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    if position < sums.shape[1]:
        total = 0.0
        for block in range(parts.shape[1]):
            total += parts[cuda.blockIdx.y, block, position]
        sums[cuda.blockIdx.y, position] = total
