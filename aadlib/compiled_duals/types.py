"""The types numba sees: a dual number as a struct of doubles, an array of them with one row per component."""

from __future__ import annotations

import functools
from typing import Any

from numba import types
from numba.core import cgutils, typing
from numba.core.imputils import impl_ret_borrowed
from numba.core.typeconv import Conversion
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    infer_getattr,
    intrinsic,
    lower_cast,
    lower_getattr_generic,
    models,
    register_model,
)


class DualType(types.Type):  # type: ignore[misc]
    """A value with n first partials, and for order 2 the lower triangle of the second ones, packed.

    Components are attributes: `value`, `p0` ... and `h0_0`, `h1_0`, `h1_1` ...
    """

    def __init__(self, n: int, order: int) -> None:
        self.n, self.order = n, order
        super().__init__(name=f"Dual({n}, order={order})")

    @functools.cached_property
    def components(self) -> tuple[str, ...]:
        """Names of the components, in the order in which they are stored."""
        first = [f"p{i}" for i in range(self.n)]
        second = [f"h{i}_{j}" for i in range(self.n) for j in range(i + 1)]
        return ("value", *first, *(second if self.order == 2 else []))

    def can_convert_from(self, context: Any, other: Any) -> Any:
        """Take plain numbers as constants, so that `total = 0.0` may become a dual later in a loop."""
        return Conversion.safe if isinstance(other, types.Float | types.Integer) else None

    def unify(self, context: Any, other: Any) -> Any:
        """Meet a plain number in a dual."""
        return self if isinstance(other, types.Float | types.Integer) else None


class DualArrayType(types.Type):  # type: ignore[misc]
    """An array of duals: `data` has the components as its first axis, so that a loop over entries is SIMD."""

    def __init__(self, dual: DualType, ndim: int, layout: str = "C") -> None:
        self.dual, self.ndim, self.layout = dual, ndim, layout
        super().__init__(name=f"DualArray({dual.name}, {ndim}, {layout})")

    @property
    def data(self) -> Any:
        """The type of the components' array."""
        return types.Array(types.float64, self.ndim + 1, self.layout)


@register_model(DualType)
class DualModel(models.StructModel):  # type: ignore[misc]
    """One double per component: LLVM keeps them in registers."""

    def __init__(self, manager: Any, dual: DualType) -> None:
        super().__init__(manager, dual, [(name, types.float64) for name in dual.components])


@register_model(DualArrayType)
class DualArrayModel(models.StructModel):  # type: ignore[misc]
    """The array of the components."""

    def __init__(self, manager: Any, array: DualArrayType) -> None:
        super().__init__(manager, array, [("data", array.data)])


@infer_getattr
class DualAttributes(AttributeTemplate):  # type: ignore[misc]
    """Components of a dual are read by name."""

    key = DualType

    def generic_resolve(self, dual: DualType, name: str) -> Any:
        """Return the type of a component, or None for another name."""
        return types.float64 if name in dual.components else None


@infer_getattr
class DualArrayAttributes(AttributeTemplate):  # type: ignore[misc]
    """The components' array is read as `data`."""

    key = DualArrayType

    def resolve_data(self, array: DualArrayType) -> Any:
        """Return its type."""
        return array.data


@lower_getattr_generic(DualType)
def lower_component(context: Any, builder: Any, dual: DualType, number: Any, name: str) -> Any:
    """Read one component."""
    return getattr(cgutils.create_struct_proxy(dual)(context, builder, value=number), name)


@lower_getattr_generic(DualArrayType)
def lower_data(context: Any, builder: Any, array: DualArrayType, value: Any, name: str) -> Any:
    """Read the components' array."""
    data = cgutils.create_struct_proxy(array)(context, builder, value=value).data
    return impl_ret_borrowed(context, builder, array.data, data)


@lower_cast(types.Float, DualType)
@lower_cast(types.Integer, DualType)
def lower_constant(context: Any, builder: Any, plain: Any, dual: DualType, number: Any) -> Any:
    """Make a dual without partials of a plain number."""
    made = cgutils.create_struct_proxy(dual)(context, builder)
    zero = context.get_constant(types.float64, 0.0)
    for name in dual.components[1:]:
        setattr(made, name, zero)
    made.value = context.cast(builder, number, plain, types.float64)
    return made._getvalue()


@functools.cache
def packer(dual: DualType) -> Any:
    """Return the compiled function that makes a dual of its components."""

    @intrinsic
    def pack(context: Any, *components: Any) -> Any:
        """Make a dual of its components."""
        given = (
            components[0]
            if len(components) == 1 and isinstance(components[0], types.BaseTuple)
            else components
        )

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            made = cgutils.create_struct_proxy(dual)(context, builder)
            for k, name in enumerate(dual.components):
                setattr(made, name, builder.extract_value(arguments[0], k))
            return made._getvalue()

        return typing.signature(dual, types.StarArgTuple.from_types(given)), generate

    return pack


@functools.cache
def wrapper(array: DualArrayType) -> Any:
    """Return the compiled function that makes an array of duals of its components' array."""

    @intrinsic
    def wrap(context: Any, data: Any) -> Any:
        """Make an array of duals of its components' array."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            made = cgutils.create_struct_proxy(array)(context, builder)
            made.data = arguments[0]
            context.nrt.incref(builder, array.data, arguments[0])
            return made._getvalue()

        return array(data), generate

    return wrap


def dual_in(*given: Any) -> DualType | None:
    """Return the dual type among types of numbers; None where there is none or several, or one is no number."""
    duals = {kind for kind in given if isinstance(kind, DualType)}
    plain = all(isinstance(kind, DualType | types.Float | types.Integer | types.Boolean) for kind in given)
    return duals.pop() if len(duals) == 1 and plain else None
