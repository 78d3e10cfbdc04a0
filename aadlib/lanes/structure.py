"""Code that programs of one structure share: a path recorded again finds what was written for it before."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable
from hashlib import blake2b
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

import numpy as np
import numpy.typing as npt

from aadlib.program.layout import Layout
from aadlib.program.once import once_per_program

MOST_BYTES, MOST_CODES = 2**26, 1024
"""Code that is cached at most, and how many of them; what was written first goes first."""


class Sized(Protocol):
    """Something of a size."""

    @property
    def nbytes(self) -> int:
        """Bytes that it holds, about."""


Key = ParamSpec("Key")
Code = TypeVar("Code", bound=Sized)
Program = TypeVar("Program", bound=Layout)

_cache: dict[Hashable, tuple[int, Sized]] = {}
"""Code and its bytes, by what wrote it, for which structure and further arguments."""


@once_per_program
def structure_of(program: Layout) -> bytes:
    """Return a digest of what decides about a program's code: nodes, constants, arguments, outputs, guards, composites.

    Not of what the inputs are, and not of what composites compute.
    """
    nodes = program.nodes
    spans = [(argument.offset, argument.size, argument.lane) for argument in program.arguments]
    composites = [(composite.begin, composite.end) for composite in program.composites]
    arrays: tuple[npt.NDArray[Any], ...] = (
        nodes.op, nodes.left, nodes.right, nodes.activity, program.constants, program.outputs, program.input_active,
        *program.guard_arrays, *[composite.operands for composite in program.composites],
    )  # fmt: skip
    sizes = [array.size for array in arrays]
    digest = blake2b(
        repr((nodes.first_node, program.n_uniform, spans, composites, sizes)).encode(), digest_size=16
    )
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)
    return digest.digest()


def once_per_structure(
    write: Callable[Concatenate[Program, Key], Code],
) -> Callable[Concatenate[Program, Key], Code]:
    """Write a program's code at the first call and cache it for all programs of the same structure.

    Code must not hold the program. Further arguments are hashable.
    """

    @functools.wraps(write)
    def code(program: Program, *key: Key.args, **named: Key.kwargs) -> Code:
        cache_key = (write, structure_of(program), *key, *named.items())
        if (cached := _cache.get(cache_key)) is not None:
            return cast(Code, cached[1])
        written = write(program, *key, **named)
        if (size := written.nbytes) <= MOST_BYTES:
            _cache[cache_key] = size, written
            _drop_oldest()
        return written

    return cast(Callable[Concatenate[Program, Key], Code], code)


def _drop_oldest() -> None:
    """Drop what was written first until the cache is small enough; no lock, as every step is one of a dict's own."""
    total = sum([size for size, _ in list(_cache.values())])
    for cache_key in list(_cache):
        if total <= MOST_BYTES and len(_cache) <= MOST_CODES:
            break
        total -= _cache.pop(cache_key, (0, None))[0]
