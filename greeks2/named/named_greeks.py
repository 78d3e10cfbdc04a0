"""Greeks by name, with their units: first and second order of any pricing function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aadlib.errors import AadTypeError, AadValueError
from aadlib.extend import Program
from aadlib.types import Floats
from greeks2.named.market_units import MarketInput, bump, market_input, rank, second_name
from greeks2.point import as_program, point_at
from greeks2.read_only import ReadOnly
from greeks2.second_order import hessian_result
from greeks2.structure.kinks import KinkGroup, kinks_of

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class Entry:
    """One number of a Greek: its name, the inputs it is taken in, its value and unit."""

    greek: str
    inputs: tuple[str, ...]
    value: float
    unit: str


@dataclass(frozen=True, eq=False)
class Greeks:
    """Named Greeks; `result.delta` and `result["delta"]` are the same.

    Attributes
    ----------
    value, price : float
    values : Greek -> float, or array where the input is one: delta of three spots has shape (3,), vanna of three
        spots and three volatilities (3, 3), spots first. The diagonal of a block of one input is the Greek (gamma,
        volga), the whole block is called cross_gamma, cross_volga.
    units : Greek -> what its bumps are
    entries : every number once, with the labels of its inputs
    labels : of the flattened inputs, "spot[1]"; as the price names them where it does, "volatility[0.25y,x=-0.1]"
    gradient, hessian : raw derivatives over `labels`, without units or signs; hessian is None for order 1
    unit_system : "raw" or "market"
    method, kinks : as in `HessianResult`
    """

    value: float
    values: Mapping[str, Any]
    units: Mapping[str, str]
    entries: tuple[Entry, ...]
    labels: tuple[str, ...]
    gradient: Floats
    hessian: Floats | None
    unit_system: str
    method: str
    kinks: tuple[KinkGroup, ...]

    @property
    def price(self) -> float:
        """The value, by the name that closed forms have for it."""
        return self.value

    def __getitem__(self, name: str) -> Any:
        try:
            return self.values[name]
        except KeyError:
            raise AadValueError(f"no Greek {name!r} here: there are {', '.join(self.values)}") from None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "values" or name not in self.values:
            known = ", ".join(self.__dict__.get("values", ()))
            raise AttributeError(f"no Greek {name!r} here: there are {known}")
        return self.values[name]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def to_frame(self) -> DataFrame:
        """Return a pandas frame with one row per number, the price first: greek, inputs, value, unit."""
        try:
            from pandas import DataFrame
        except ImportError as error:
            raise ImportError("to_frame needs pandas: install it, or aadlib with its [apps] extra") from error
        rows = [("price", "", self.value, "")]
        rows += [(e.greek, " ".join(e.inputs), e.value, e.unit) for e in self.entries]
        return DataFrame(rows, columns=["greek", "inputs", "value", "unit"])

    def __repr__(self) -> str:
        width = max([5, *(len(f"{e.greek} {' '.join(e.inputs)}") for e in self.entries)])
        lines = [
            f"Greeks in {self.unit_system} units, by {self.method}",
            f"{'price':{width}s} {self.value:16.8g}",
        ]
        lines += [
            f"{e.greek + ' ' + ' '.join(e.inputs):{width}s} {e.value:16.8g}  per {e.unit}"
            for e in self.entries
        ]
        lines += [f"passed a kink: {kink}" for kink in self.kinks]
        return "\n".join(lines)


@dataclass(frozen=True)
class _Block:
    """One differentiated input among the flattened ones."""

    name: str
    kind: MarketInput
    shape: tuple[int, ...]
    offset: int
    given_labels: tuple[str, ...] = ()

    @property
    def span(self) -> slice:
        return slice(self.offset, self.offset + int(np.prod(self.shape, dtype=int)))

    @property
    def labels(self) -> list[str]:
        if self.given_labels:
            return list(self.given_labels)
        if not self.shape:
            return [self.name]
        return [f"{self.name}[{', '.join(map(str, index))}]" for index in np.ndindex(self.shape)]


def _is_number(given: Any) -> bool:
    if isinstance(given, (bool, np.bool_, str, bytes)) or given is None:
        return False
    array = np.asarray(given)
    return bool(array.dtype.kind in "fiu")


def bound_price(
    price: Callable[..., Any], names: Sequence[str], fixed: Mapping[str, Any]
) -> Callable[..., Any]:
    """Return the price as a function of the named numbers in order: keyword arguments, or one mapping of them."""
    by_mapping = False
    try:
        signature = inspect.signature(price)
    except (TypeError, ValueError):  # a builtin that hides its signature: keywords then
        signature = None
    if signature is not None:
        try:
            signature.bind(**dict.fromkeys([*names, *fixed]))
        except TypeError as error:
            if len(signature.parameters) != 1:
                raise AadTypeError(
                    f"price cannot be called with {', '.join([*names, *fixed])}: {error}"
                ) from None
            by_mapping = True

    def function(*numbers: Any) -> Any:
        given = {**dict(zip(names, numbers, strict=True)), **fixed}
        return price(given) if by_mapping else price(**given)

    return function


def greeks(
    price: Callable[..., Any] | Program,
    inputs: Mapping[str, Any],
    *,
    order: int = 2,
    units: str = "raw",
    fixed: Sequence[str] = (),
    method: str = "auto",
    weights: Any = None,
) -> Greeks:
    """Return the Greeks of a pricing function by their names.

    Parameters
    ----------
    price : callable of keyword arguments (or of one mapping), or a program recorded with the inputs in their order
    inputs : name -> float or array. Numbers are differentiated; anything else (`is_call=True`, a name, an object) is
        handed on as it is.
    order : 1 or 2
    units : "raw", derivatives in the inputs as they are (rates and volatilities per 1.00, time in years), or "market":
        vega per volatility point, rho per basis point, theta per calendar day, second orders per both bumps
    fixed : names of numbers that are handed on as they are too (steps of a grid, a notional)
    method : as `hessian`
    weights : of the outputs of a price that returns several: the quantities of a book, whose Greeks these are then

    Returns
    -------
    Greeks

    Raises
    ------
    AadValueError
        For an unknown order, system of units or name in `fixed`, or when nothing is left to differentiate.
    AadTypeError
        When the price is no function, inputs are no mapping, or the price returns several numbers without weights.

    Warns
    -----
    KinkWarning
        For order 2, when operations that are not smooth were passed.

    Notes
    -----
    Known inputs (and aliases such as sigma, r, maturity): spot, volatility, rate, dividend_yield, expiry, strike. An
    unknown input `name` gives d_name, two inputs without a name of their own d2_one_other.
    Theta, charm and veta are with respect to calendar time, which is minus the derivative in expiry: a long option's
    theta is negative. Vera is the derivative of rho in volatility, dual_delta that of the price in the strike.

    Examples
    --------
    >>> from greeks2 import greeks
    >>> inputs = {"spot": 10.0, "volatility": 0.2}
    >>> result = greeks(lambda spot, volatility: spot**2 * volatility, inputs, units="market")
    >>> result.delta, result.gamma, result.vega, result.vanna
    (4.0, 0.4, 1.0, 0.2)
    """
    if not (callable(price) or isinstance(price, Program)) or not isinstance(inputs, Mapping):
        raise AadTypeError(
            f"price = {price!r}, inputs = {inputs!r}: give a function or a recording, and a mapping from names to "
            f"numbers"
        )
    if isinstance(order, bool) or order not in (1, 2):
        raise AadValueError(
            f"order = {order!r}: choose 1 (delta, vega, ...) or 2 (gamma, vanna, ... as well)"
        )
    if unknown := [name for name in fixed if name not in inputs]:
        raise AadValueError(
            f"fixed = {list(fixed)!r}: {unknown[0]!r} is not among the inputs {', '.join(inputs)}"
        )
    names = [name for name, given in inputs.items() if name not in fixed and _is_number(given)]
    if not names:
        raise AadValueError(f"inputs = {dict(inputs)!r}: no number is left to differentiate in")
    blocks = _blocks(names, inputs, getattr(price, "labels_of", None))
    for block in blocks:
        bump(block.kind, units)
    numbers = tuple(np.asarray(inputs[name], dtype=np.float64) for name in names)
    if isinstance(price, Program):
        function: Any = price
    else:
        function = bound_price(
            price, names, {name: given for name, given in inputs.items() if name not in names}
        )
    if order == 2:
        result = hessian_result(function, numbers, method=method, weights=weights)
        value, gradient, matrix = result.value, result.gradient, result.matrix
        method, kinks = result.method, result.kinks
    else:
        program = as_program(function, numbers)
        with point_at(program, numbers, weights) as point:
            value, gradient, matrix = point.value, point.gradient, None
        method, kinks = "adjoint sweep", kinks_of(program)
    if gradient.size != sum(block.span.stop - block.span.start for block in blocks):
        raise AadTypeError("this program has passive arguments: name them in fixed= of a function instead")
    ordered = sorted(blocks, key=lambda block: rank(block.kind))
    values, labels_of_units, entries = _name(ordered, gradient, matrix, units)
    return Greeks(
        value=value,
        values=ReadOnly(values),
        units=ReadOnly(labels_of_units),
        entries=tuple(entries),
        labels=tuple(label for block in blocks for label in block.labels),
        gradient=gradient,
        hessian=matrix,
        unit_system=units,
        method=method,
        kinks=kinks,
    )


def _blocks(
    names: Sequence[str], inputs: Mapping[str, Any], labels_of: Callable[[str], Sequence[str]] | None
) -> list[_Block]:
    """Return the inputs in order; a price that names its numbers (`labels_of`) labels them."""
    blocks: list[_Block] = []
    offset = 0
    for name in names:
        shape = np.shape(inputs[name])
        labels = tuple(labels_of(name)) if labels_of is not None else ()
        if len(labels) != np.prod(shape, dtype=int):
            labels = ()
        blocks.append(_Block(name, market_input(name), shape, offset, labels))
        offset = blocks[-1].span.stop
    taken = [block.kind.name for block in blocks]
    for block in blocks:
        if taken.count(block.kind.name) > 1:
            both = [b.name for b in blocks if b.kind.name == block.kind.name]
            raise AadValueError(
                f"inputs {', '.join(both)} all mean {block.kind.name}: pass them as one array"
            )
    return blocks


def _plain(array: Any) -> Any:
    return float(array) if np.ndim(array) == 0 else array


def _name(
    blocks: list[_Block], gradient: Floats, matrix: Floats | None, units: str
) -> tuple[dict[str, Any], dict[str, str], list[Entry]]:
    """Return values, units and entries of every Greek."""
    values: dict[str, Any] = {}
    labels: dict[str, str] = {}
    entries: list[Entry] = []
    for block in blocks:
        factor, label = bump(block.kind, units)
        scaled = factor * gradient[block.span]
        name = block.kind.greek
        values[name], labels[name] = _plain(scaled.reshape(block.shape)), label
        entries += [Entry(name, (at,), float(v), label) for at, v in zip(block.labels, scaled, strict=True)]
    if matrix is None:
        return values, labels, entries
    for position, one in enumerate(blocks):
        for other in blocks[position:]:
            name = second_name(one.kind, other.kind)
            (factor, label), (factor_2, label_2) = bump(one.kind, units), bump(other.kind, units)
            scaled = factor * factor_2 * matrix[one.span, other.span]
            both = f"{label}, per {label_2}"
            labels[name] = both
            if one is not other:
                values[name] = _plain(scaled.reshape(one.shape + other.shape))
                entries += [
                    Entry(name, (row, column), float(scaled[i, j]), both)
                    for i, row in enumerate(one.labels)
                    for j, column in enumerate(other.labels)
                ]
                continue
            values[name] = _plain(np.diagonal(scaled).reshape(one.shape).copy())
            entries += [Entry(name, (at, at), float(scaled[i, i]), both) for i, at in enumerate(one.labels)]
            if one.shape:
                values[f"cross_{name}"] = scaled.reshape(one.shape + one.shape)
                labels[f"cross_{name}"] = both
                entries += [
                    Entry(f"cross_{name}", (one.labels[j], row), float(scaled[i, j]), both)
                    for i, row in enumerate(one.labels)
                    for j in range(i)
                ]
    return values, labels, entries
