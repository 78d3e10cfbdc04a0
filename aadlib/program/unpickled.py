"""Checks of a program that comes from a pickle: what would let a sweep read or write beyond its arrays."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import numpy as np

from aadlib.errors import AadValueError
from aadlib.rules.table import RULES


def check_state(state: dict[str, Any], *, kinds: tuple[Any, Any, Any], result: int) -> None:
    """Raise `AadValueError` where the fields of a pickled `Layout` do not fit together.

    `kinds` are the classes of nodes, arguments and composites, `result` the code of a composite's results.
    """
    of_nodes, of_argument, of_composite = kinds
    parts: dict[str, Any] = defaultdict(lambda: None, state)
    nodes = parts["nodes"]
    _require(isinstance(nodes, of_nodes), "nodes")
    n_slots, n_nodes = nodes.n_slots, nodes.n_nodes
    constants = parts["constants"]
    _require(_is_array(constants, np.float64) and constants.size <= nodes.first_node, "constants")
    n_inputs = nodes.first_node - constants.size
    outputs, shape = parts["outputs"], parts["output_shape"]
    _require(
        _are_slots(outputs, n_slots) and _is_shape(shape) and outputs.size == math.prod(shape), "outputs"
    )
    _require(_fit_arguments(parts["arguments"], n_inputs, of_argument), "arguments")
    _require(_is_count(parts["n_uniform"], n_nodes) and _is_count(parts["n_recorded"]), "n_uniform")
    _require(_fit_guards(parts["guards"], parts["guard_arrays"], n_slots), "guards")
    _require(_fit_kinks(parts["kinks"], n_slots), "kinks")
    lines = parts["lines"]
    _require(lines is None or (isinstance(lines, tuple) and len(lines) == n_nodes), "lines")
    composites = parts["composites"]
    _require(_fit_composites(composites, nodes, parts["n_uniform"], of_composite), "composites")
    placed = [k for composite in composites for k in range(composite.begin, composite.end)]
    _require(
        np.array_equal(np.flatnonzero(nodes.op == result), np.array(placed, dtype=np.int64)), "composites"
    )


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise AadValueError(
            f"this pickled program is damaged: its {what} do not fit its nodes; record it again"
        )


def _is_count(number: Any, most: int | None = None) -> bool:
    return type(number) is int and number >= 0 and (most is None or number <= most)


def _is_shape(shape: Any) -> bool:
    return isinstance(shape, tuple) and all(_is_count(length) for length in shape)


def _is_array(array: Any, dtype: Any) -> bool:
    plain = isinstance(array, np.ndarray) and array.dtype == dtype and array.ndim == 1
    return plain and array.flags.c_contiguous and array.flags.aligned


def _are_slots(array: Any, n_slots: int) -> bool:
    return _is_array(array, np.int32) and bool(((array >= 0) & (array < n_slots)).all())


def _fit_arguments(arguments: Any, n_inputs: int, kind: Any) -> bool:
    """Return whether the arguments lie side by side over the inputs, and sizes and spans say the same as shapes."""
    begin = 0
    for argument in arguments if isinstance(arguments, tuple) else ():
        known = isinstance(argument, kind) and _is_shape(argument.shape) and argument.offset == begin
        if not known or type(argument.active) is not bool or type(argument.lane) is not bool:
            return False
        size = math.prod(argument.shape)
        if argument.size != size or argument.span != slice(begin, begin + size):
            return False
        begin += size
    return isinstance(arguments, tuple) and begin == n_inputs


def _fit_guards(guards: Any, arrays: Any, n_slots: int) -> bool:
    if not isinstance(guards, tuple) or not isinstance(arrays, tuple) or len(arrays) != 4:
        return False
    op, left, right, outcome = arrays
    whole = _is_array(op, np.uint8) and _is_array(outcome, np.uint8)
    whole = whole and _are_slots(left, n_slots) and _are_slots(right, n_slots)
    return whole and {array.size for array in arrays} == {len(guards)} and bool((op < len(RULES)).all())


def _fit_kinks(kinks: Any, n_slots: int) -> bool:
    return isinstance(kinks, tuple) and all(_is_count(kink.slot, n_slots - 1) for kink in kinks)


def _fit_composites(composites: Any, nodes: Any, n_uniform: int, kind: Any) -> bool:
    """Return whether the composites stand in order, with their operands before them."""
    if not isinstance(composites, tuple):
        return False
    end = 0
    for composite in composites:
        if not isinstance(composite, kind) or not all(map(_is_count, (composite.begin, composite.end))):
            return False
        if not end <= composite.begin < composite.end <= n_uniform:
            return False
        if not _are_slots(composite.operands, nodes.first_node + composite.begin):
            return False
        end = composite.end
    return True
