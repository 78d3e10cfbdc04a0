"""How duals come into compiled code and out of it: `aadlib.Dual` in Python, a packed number inside.

A `Dual` of floats is a dual of order 1 there; one of Duals, `Dual(Dual(x, p), [Dual(p_i, h_i), ...])`, of order 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import NativeValue, box, typeof_impl, unbox

from aadlib.compiled_duals.types import DualArrayType, DualType
from aadlib.dual import Dual
from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from aadlib.validation import as_floats, whole_number


@dataclass(frozen=True, eq=False)
class DualArray:
    """Numbers with their partials, to be handed to compiled code.

    Parameters
    ----------
    data : (1 + n, ...) floats: values and n first partials; for order 2 the lower triangle of the second ones as well,
        (1 + n + n (n + 1) / 2, ...)
    n : int, number of partials
    order : 1 or 2

    Raises
    ------
    AadTypeError, AadValueError
        When data holds no floats, or another number of rows than n and order ask for.
    """

    data: Floats
    n: int
    order: int

    def __post_init__(self) -> None:
        # Compiled code reads rows and strides unchecked: one number of rows, one layout.
        object.__setattr__(self, "data", np.ascontiguousarray(as_floats("data", self.data)))
        n, order = whole_number("n", self.n, 0), whole_number("order", self.order, 1)
        width = 1 + n + (n * (n + 1) // 2 if order == 2 else 0)
        if order > 2 or self.data.ndim < 2 or len(self.data) != width:
            raise AadValueError(
                f"data has shape {self.data.shape}: must be ({width}, ...) for n = {n} and order = {order} (1 or 2)"
            )

    @property
    def values(self) -> Floats:
        """The numbers."""
        values: Floats = self.data[0]
        return values


def components_of(dual: Any) -> tuple[float, ...]:
    """Return the components of a dual of floats, or of duals of floats, in the order of `DualType.components`."""
    if not isinstance(dual.value, Dual):
        return (dual.value, *dual.partials)
    n = len(dual.partials)
    second = [dual.partials[i].partials[j] for i in range(n) for j in range(i + 1)]
    return (dual.value.value, *dual.value.partials, *second)


def dual_of(n: int, order: int, *components: float) -> Dual:
    """Return the `Dual` with these components."""
    value, first, packed = components[0], components[1 : n + 1], components[n + 1 :]
    if order == 1:
        return Dual(value, first)
    hessian = symmetric(n, np.array(packed))
    return Dual(
        Dual(value, first), [Dual(slope, row) for slope, row in zip(first, hessian.tolist(), strict=True)]
    )


def symmetric(n: int, packed: Floats) -> Floats:
    """Return the symmetric matrices (..., n, n) of packed lower triangles (n (n + 1) / 2, ...)."""
    rows, columns = np.tril_indices(n)
    matrix = np.empty((*packed.shape[1:], n, n))
    matrix[..., rows, columns] = matrix[..., columns, rows] = np.moveaxis(packed, 0, -1)
    return matrix


@typeof_impl.register(Dual)
def type_of_dual(dual: Any, context: Any) -> DualType:
    """Return the type of a dual by its number of partials and its depth."""
    n = len(dual.partials)
    inner = [dual.value, *dual.partials]
    nested = [isinstance(x, Dual) for x in inner]
    if not any(nested):
        return DualType(n, 1)
    flat = all(nested) and all(len(x.partials) == n and not isinstance(x.value, Dual) for x in inner)
    if not flat:
        raise AadTypeError(
            f"{dual!r} has no compiled form: duals of floats have one, and duals of duals with as many partials inside"
        )
    return DualType(n, 2)


@typeof_impl.register(DualArray)
def type_of_array(array: DualArray, context: Any) -> DualArrayType:
    """Return the type of an array of duals."""
    return DualArrayType(DualType(array.n, array.order), array.data.ndim - 1)


@unbox(DualType)
def unbox_dual(dual: DualType, number: Any, context: Any) -> NativeValue:
    """Read the components of a `Dual`."""
    api = context.pyapi
    made = cgutils.create_struct_proxy(dual)(context.context, context.builder)
    components = api.call_function_objargs(api.unserialize(api.serialize_object(components_of)), (number,))
    for k, name in enumerate(dual.components):
        setattr(made, name, api.float_as_double(api.tuple_getitem(components, k)))
    api.decref(components)
    failed = cgutils.is_not_null(context.builder, api.err_occurred())
    return NativeValue(made._getvalue(), is_error=failed)


@box(DualType)
def box_dual(dual: DualType, number: Any, context: Any) -> Any:
    """Make a `Dual` of the components."""
    api = context.pyapi
    struct = cgutils.create_struct_proxy(dual)(context.context, context.builder, value=number)
    sizes = [
        api.long_from_longlong(context.context.get_constant(types.int64, k)) for k in (dual.n, dual.order)
    ]
    parts = [api.float_from_double(getattr(struct, name)) for name in dual.components]
    made = api.call_function_objargs(api.unserialize(api.serialize_object(dual_of)), (*sizes, *parts))
    for part in (*sizes, *parts):
        api.decref(part)
    return made


@unbox(DualArrayType)
def unbox_array(array: DualArrayType, given: Any, context: Any) -> NativeValue:
    """Read the components' array of a `DualArray`."""
    data = context.pyapi.object_getattr_string(given, "data")
    native = context.unbox(array.data, data)
    made = cgutils.create_struct_proxy(array)(context.context, context.builder)
    made.data = native.value
    context.pyapi.decref(data)
    return NativeValue(made._getvalue(), is_error=native.is_error, cleanup=native.cleanup)


@box(DualArrayType)
def box_array(array: DualArrayType, value: Any, context: Any) -> Any:
    """Make a `DualArray` of the components' array."""
    api = context.pyapi
    struct = cgutils.create_struct_proxy(array)(context.context, context.builder, value=value)
    data = context.box(array.data, struct.data)
    sizes = [
        api.long_from_longlong(context.context.get_constant(types.int64, k))
        for k in (array.dual.n, array.dual.order)
    ]
    made = api.call_function_objargs(api.unserialize(api.serialize_object(DualArray)), (data, *sizes))
    for part in (data, *sizes):
        api.decref(part)
    return made
