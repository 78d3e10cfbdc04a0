"""Every CUDA kernel compiles to PTX and assembles for the cards in use, on a machine without a card.

Needs `pip install 'aadlib[cuda]'`: NVVM, the compiler, and nvJitLink, the assembler, come as wheels. Without them the
tests skip, unless AADLIB_REQUIRE_PTX=1 says that they must not.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

pytestmark = pytest.mark.ptx

CAPABILITIES = ((8, 0), (9, 0))
"""Compute capabilities: Ampere (A100) and Hopper (H100, H200)."""

Compile = Callable[[Any, tuple[Any, ...], tuple[int, int]], str]


def missing() -> str:
    """Return what keeps this machine from compiling, or nothing."""
    if os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0"):
        return "numba's CUDA simulator is on: it compiles nothing"
    for package in ("numba_cuda", "cuda"):
        if importlib.util.find_spec(package) is None:
            return f"{package} is not installed: pip install 'aadlib[cuda]'"
    from numba.cuda.cudadrv.error import NvvmSupportError
    from numba.cuda.cudadrv.nvvm import NVVM

    try:
        NVVM()
    except NvvmSupportError as error:
        return f"NVVM is not installed: pip install 'aadlib[cuda]' ({error})"
    return ""


@pytest.fixture(scope="module")
def compile_ptx() -> Iterator[Compile]:
    """Return a function that compiles a kernel for given argument types and a compute capability."""
    if reason := missing():
        if os.environ.get("AADLIB_REQUIRE_PTX", "0") not in ("", "0"):
            pytest.fail(reason)
        pytest.skip(reason)
    from numba import cuda

    def compiled(kernel: Any, types: tuple[Any, ...], capability: tuple[int, int]) -> str:
        ptx, result = cuda.compile_ptx(kernel.py_func, types, cc=capability)
        assert str(result) == "none"
        return str(ptx)

    with pytest.MonkeyPatch.context() as patch:
        # numba asks the card for its capability where a kernel calls a device function; there is no card here.
        capability = SimpleNamespace(compute_capability=CAPABILITIES[0])
        patch.setattr("numba.cuda.dispatcher.get_current_device", lambda: capability)
        yield compiled


def assembler_report(ptx: str, capability: tuple[int, int]) -> str:
    """Assemble PTX to machine code and return what the assembler says of registers and spills."""
    from cuda.core import Linker, LinkerOptions, ObjectCode

    options = LinkerOptions(arch=f"sm_{capability[0]}{capability[1]}", ptxas_options=["-v"])
    linker = Linker(ObjectCode.from_ptx(ptx.encode()), options=options)
    assert len(linker.link("cubin").code) > 0
    return str(linker.get_info_log())


def basket_kernels() -> dict[str, tuple[Any, tuple[Any, ...]]]:
    """Return the kernels of the basket call with the types of their arguments."""
    from numba import float64, int64

    from pricers.monte_carlo.basket import kernels_cuda as basket_cuda

    vector, matrix, stack = float64[::1], float64[:, ::1], float64[:, :, ::1]
    numbers, sizes = (float64,) * 4, (int64,) * 6
    return {
        "basket_blocks_kernel": (
            basket_cuda.basket_blocks_kernel,
            (matrix, int64[::1], vector, vector, *numbers, *sizes, stack, stack),
        ),
        "add_blocks_kernel": (basket_cuda.add_blocks_kernel, (stack, matrix)),
    }


def block_kernels() -> dict[str, tuple[Any, tuple[Any, ...]]]:
    """Return the kernels of the block machine with the types of their arguments."""
    from numba import boolean, float64, int32, int64

    from aadlib.lanes import block_kernels_cuda as cuda_blocks

    table, vector, matrix, stack = int32[:, ::1], float64[::1], float64[:, ::1], float64[:, :, ::1]
    code = (table, int32[::1], table, int32[::1], table, int32[::1], table)
    return {
        "clear_kernel": (cuda_blocks.clear_kernel, (matrix,)),
        "steps_kernel": (
            cuda_blocks.steps_kernel,
            (*code, int64, vector, matrix, int64, matrix, int64, vector, matrix),
        ),
        "products_kernel": (
            cuda_blocks.products_kernel,
            (matrix, table, int64, int64, int64, boolean, stack),
        ),
        "add_lanes_kernel": (cuda_blocks.add_lanes_kernel, (matrix, int64, vector)),
    }


def registers_of(ptx: str, capability: tuple[int, int]) -> int:
    """Return the registers of a kernel that must keep its tile of sums in them."""
    assert "ld.local" not in ptx, "the tile of sums left the registers"
    report = assembler_report(ptx, capability)
    spilled = [int(number) for number in re.findall(r"(\d+) bytes spill", report)]
    assert spilled and not any(spilled), report
    return int(re.findall(r"Used (\d+) registers", report)[-1])


@pytest.mark.parametrize("capability", CAPABILITIES)
@pytest.mark.parametrize("name", ["basket_blocks_kernel", "add_blocks_kernel"])
def test_basket_kernels_compile(name: str, capability: tuple[int, int], compile_ptx: Compile) -> None:
    ptx = compile_ptx(*basket_kernels()[name], capability)
    assert f".target sm_{capability[0]}{capability[1]}" in ptx
    # Two blocks of 160 threads share a multiprocessor's 65,536 registers.
    assert registers_of(ptx, capability) <= 200


@pytest.mark.parametrize("capability", CAPABILITIES)
@pytest.mark.parametrize("name", ["clear_kernel", "steps_kernel", "products_kernel", "add_lanes_kernel"])
def test_block_kernels_compile(name: str, capability: tuple[int, int], compile_ptx: Compile) -> None:
    ptx = compile_ptx(*block_kernels()[name], capability)
    assert f".target sm_{capability[0]}{capability[1]}" in ptx
    if name == "products_kernel":
        # Three blocks of 128 threads share a multiprocessor's 65,536 registers.
        assert registers_of(ptx, capability) <= 168
    else:
        assert assembler_report(ptx, capability)


def test_the_reason_is_said_where_nothing_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_ENABLE_CUDASIM", "1")
    assert "simulator" in missing()
