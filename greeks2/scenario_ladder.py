"""A ladder: price, first and second derivative at many values of one input, from one recording."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from aadlib.errors import AadValueError
from aadlib.extend import is_strict, map_pieces, record
from aadlib.extend import strict as strict_block
from aadlib.types import Floats
from aadlib.validation import as_floats, require_finite, require_shape
from greeks2.named.market_units import bump, market_input, second_name
from greeks2.named.named_greeks import bound_price

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, eq=False)
class Ladder:
    """A price along one input.

    Attributes
    ----------
    along : str, the input that moves
    points : (n,) float, its values
    price : (n,) float
    first, second : (n,) float, derivatives in the input, in the units asked for
    first_name, second_name : str, what they are called: delta and gamma along the spot
    units : "raw" or "market"
    """

    along: str
    points: Floats
    price: Floats
    first: Floats
    second: Floats
    first_name: str
    second_name: str
    units: str

    def to_frame(self) -> DataFrame:
        """Return a pandas frame with one row per point: the input, the price and its two derivatives."""
        try:
            from pandas import DataFrame
        except ImportError as error:
            raise ImportError("to_frame needs pandas: install it, or aadlib with its [apps] extra") from error
        columns = (self.points, self.price, self.first, self.second)
        names = (self.along, "price", self.first_name, self.second_name)
        return DataFrame(dict(zip(names, columns, strict=True)))


def ladder(
    price: Callable[..., Any],
    inputs: Mapping[str, Any],
    *,
    along: str,
    points: ArrayLike,
    weights: ArrayLike | None = None,
    units: str = "raw",
    strict: bool = False,
) -> Ladder:
    """Price again at every value of one input, with its first and second derivative there.

    Parameters
    ----------
    price : callable of keyword arguments, or of one mapping, as for `greeks`
        It returns a number, or (n_outputs,) of them with `weights`.
    inputs : name -> number or anything else that is handed on
    along : str, the input that moves: a number
    points : (n,) float, its values
    weights : (n_outputs,) float, of the outputs: the quantities of a book
    units : "raw" or "market", as for `greeks`
    strict : bool
        Whether derivatives that are not determined are NaN, as in an `aadlib.strict` block.

    Returns
    -------
    Ladder

    Raises
    ------
    AadValueError
        When `along` is no input, or points are none or not finite.
    BranchChanged
        When a comparison in the price comes out otherwise at a point than at the middle one, where it is recorded.

    Warns
    -----
    SingularWarning
        When an infinite partial of an operation in use met a zero at a point: see `aadlib.strict`.

    Notes
    -----
    One recording is replayed at all points: as lanes of one sweep, or where it has composite operations on threads.

    Examples
    --------
    >>> from greeks2 import ladder
    >>> found = ladder(lambda spot: spot**3, {"spot": 2.0}, along="spot", points=[1.0, 2.0, 3.0])
    >>> found.price.tolist(), found.first.tolist(), found.second.tolist()
    ([1.0, 8.0, 27.0], [3.0, 12.0, 27.0], [6.0, 12.0, 18.0])
    """
    if along not in inputs:
        raise AadValueError(f"along = {along!r}: is not among the inputs {', '.join(inputs)}")
    moved = np.atleast_1d(as_floats("points", points))
    require_finite("points", moved)
    if moved.ndim != 1 or not moved.size:
        raise AadValueError(f"points has shape {moved.shape}: give a list of at least one")
    kind = market_input(along)
    factor, _ = bump(kind, units)
    one = bound_price(price, [along], {name: given for name, given in inputs.items() if name != along})

    def total(number: Any) -> Any:
        found = one(number)
        if weights is None:
            return found
        quantities = as_floats("weights", weights)
        require_shape("weights", quantities, np.shape(found))
        return sum(quantity * value for quantity, value in zip(quantities.tolist(), found, strict=True))

    program = record(total, float(np.sort(moved)[moved.size // 2]))
    with strict_block(strict or is_strict()):
        if program.composites:
            cost = 1e6 * moved.size  # a composite hides what it costs: threads are worth it
            found = map_pieces(program.derivatives, moved.tolist(), work=cost)
            columns: tuple[Any, ...] = tuple(zip(*found, strict=True))
        else:
            columns = program.over_lanes().derivatives(moved)
    price_there, first, second = (np.array(column).reshape(moved.size) for column in columns)
    return Ladder(
        along=along,
        points=moved,
        price=price_there,
        first=factor * first,
        second=factor**2 * second,
        first_name=kind.greek,
        second_name=second_name(kind, kind),
        units=units,
    )
