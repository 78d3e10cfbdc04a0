"""Reading and writing one entry of an array of duals: a load or a store per component, straight in LLVM.

The rows of the components never overlap. LLVM is told so (alias scopes), which is what lets it turn a loop over entries
into SIMD.
"""

from __future__ import annotations

import functools
from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from aadlib.compiled_duals.types import DualArrayType


def _pointers(
    context: Any, builder: Any, array: DualArrayType, value: Any, indices: Any
) -> list[tuple[Any, Any]]:
    """Return a pointer to every component of an entry, with the metadata of its row."""
    data_type = array.data
    data = cgutils.create_struct_proxy(array)(context, builder, value=value).data
    struct = context.make_array(data_type)(context, builder, data)
    shape = cgutils.unpack_tuple(builder, struct.shape, data_type.ndim)
    inside = []
    for k in range(array.ndim):
        index = builder.extract_value(indices, k)
        negative = builder.icmp_signed("<", index, index.type(0))
        inside.append(builder.select(negative, builder.add(index, shape[k + 1]), index))
    module = builder.module
    count = len(array.dual.components)
    domain = module.add_metadata(["aadlib duals"])
    scopes = [module.add_metadata([f"component {c}", domain]) for c in range(count)]
    pointers = []
    for c in range(count):
        row = context.get_constant(types.intp, c)
        pointer = cgutils.get_item_pointer(
            context, builder, data_type, struct, [row, *inside], wraparound=False
        )
        others = module.add_metadata([scope for scope in scopes if scope is not scopes[c]])
        pointers.append((pointer, {"alias.scope": module.add_metadata([scopes[c]]), "noalias": others}))
    return pointers


@functools.cache
def reader(array: DualArrayType) -> Any:
    """Return the compiled function of (array, tuple of indices) that reads an entry."""

    @intrinsic
    def read(context: Any, given: Any, indices: Any) -> Any:
        """Read an entry."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            number = cgutils.create_struct_proxy(array.dual)(context, builder)
            pointers = _pointers(context, builder, array, *arguments)
            for name, (pointer, rows) in zip(array.dual.components, pointers, strict=True):
                load = builder.load(pointer)
                for kind, scopes in rows.items():
                    load.set_metadata(kind, scopes)
                setattr(number, name, load)
            return number._getvalue()

        return array.dual(given, indices), generate

    return read


@functools.cache
def writer(array: DualArrayType) -> Any:
    """Return the compiled function of (array, tuple of indices, dual) that writes an entry."""

    @intrinsic
    def write(context: Any, given: Any, indices: Any, number: Any) -> Any:
        """Write an entry."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            value = cgutils.create_struct_proxy(array.dual)(context, builder, value=arguments[2])
            pointers = _pointers(context, builder, array, *arguments[:2])
            for name, (pointer, rows) in zip(array.dual.components, pointers, strict=True):
                store = builder.store(getattr(value, name), pointer)
                for kind, scopes in rows.items():
                    store.set_metadata(kind, scopes)
            return context.get_dummy_value()

        return types.none(given, indices, array.dual), generate

    return write
