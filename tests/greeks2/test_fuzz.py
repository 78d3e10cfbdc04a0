"""Random programs with edges drawn often: every verb, method and dual agrees with the others and the truth, or warns.

python -m pytest -m slow tests/greeks2/test_fuzz.py                         2,000 programs
AADLIB_FUZZ=1000000 python -m pytest -m slow tests/greeks2/test_fuzz.py     as many as wanted: about 100 a second
AADLIB_FUZZ_SEED=7 AADLIB_FUZZ=100000 python -m pytest ...                  others

Gradients are compared with differences in mpmath at 80 digits, and of every fourth program Hessians too.
"""

from __future__ import annotations

import math
import os
import warnings
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

import aadlib as ad
from aadlib.rules.at_numbers import rule_partials
from aadlib.rules.at_numbers import value as value_of_rule
from aadlib.rules.table import CODES, RULES
from aadlib.tape.advar import ADVar, Condition, record_binary, record_unary
from greeks2 import hessian
from greeks2 import methods as records

from ..aadlib.rules.mpmath_rules import MP

PROGRAMS = int(os.environ.get("AADLIB_FUZZ", "2000"))
SEED = int(os.environ.get("AADLIB_FUZZ_SEED", "20240229"))
EXACT = [method.name for method in records.METHODS if method.is_exact]
EDGES = [0.0, 1.0, -1.0, 0.5, 2.0, -2.0, 3.0, -0.5, 0.25, 1.5]
LEFT_OUT = ("stop_gradient", "floor_d", "logical")
NAMES = [rule.name for rule in RULES if not rule.name.startswith(LEFT_OUT)]
OFTEN = [
    "multiply",
    "add",
    "subtract",
    "divide",
    "sqrt",
    "square",
    "log",
    "exp",
    "power",
    "where_true",
    "maximum",
    "cbrt",
]

numbers = st.one_of(st.sampled_from(EDGES), st.floats(-3.0, 3.0, width=32))
steps = st.tuples(
    st.sampled_from(NAMES + 3 * OFTEN), st.integers(0, 9), st.one_of(st.integers(0, 9), numbers)
)
programs = st.tuples(st.lists(numbers, min_size=1, max_size=3), st.lists(steps, min_size=1, max_size=9))


def run(program: list[Any], x: Any, apply: Any) -> Any:
    """Run a program: every step takes an earlier result, and another one or a number."""
    made = list(x)
    for name, left, right in program:
        rule = RULES[CODES[name]]
        operands = [made[left % len(made)]]
        if rule.arity == 2:
            operands.append(made[right % len(made)] if isinstance(right, int) else right)
        made.append(apply(rule, operands))
    return made[-1]


def recorded(rule: Any, operands: list[Any]) -> Any:
    if not any(isinstance(x, (ADVar, Condition)) for x in operands):
        return value_of_rule(CODES[rule.name], operands[0], operands[-1])
    return (
        record_unary(CODES[rule.name], operands[0])
        if rule.arity == 1
        else record_binary(CODES[rule.name], *operands)
    )


def dual(rule: Any, operands: list[Any]) -> Any:
    if not any(isinstance(x, ad.Dual) for x in operands):
        return recorded(rule, operands)
    return ad.Dual.chain_rule(rule, *operands)


def in_mpmath(rule: Any, operands: list[Any]) -> Any:
    value = MP[rule.name](*(mpf(x) for x in operands))
    if isinstance(value, mpmath.mpc) or not mpmath.isfinite(value) or abs(value) > mpf(10) ** 60:
        raise ValueError("outside the domain, or so large that its exponential takes forever")
    return mpf(value)


FAILURES = (
    ValueError,
    ZeroDivisionError,
    OverflowError,
    TypeError,
    mpmath.libmp.ComplexResult,
    mp.NoConvergence,
)


def moved_in_mpmath(program: list[Any], x: list[float], moves: dict[int, Any]) -> Any:
    return run(program, [mpf(v) + moves.get(i, 0) for i, v in enumerate(x)], in_mpmath)


def slope_in_mpmath(program: list[Any], x: list[float], k: int) -> Any:
    """Return the derivative in input k where both sides have the same, else None."""
    with mp.workdps(80):
        try:
            h = mpf(10) ** -20
            here = moved_in_mpmath(program, x, {})
            right = (moved_in_mpmath(program, x, {k: h}) - here) / h
            left = (here - moved_in_mpmath(program, x, {k: -h})) / h
            nearer = (moved_in_mpmath(program, x, {k: h / 100}) - here) * 100 / h
        except FAILURES:
            return None
        size = 1 + abs(right)
        smooth = abs(right - left) < size * mpf(10) ** -9 and abs(right - nearer) < size * mpf(10) ** -9
        return right if smooth and size < 1e12 else None


def curvature_in_mpmath(program: list[Any], x: list[float], k: int, j: int) -> Any:
    """Return the second derivative in inputs k and j where differences on all sides agree, else None."""
    with mp.workdps(80):
        try:

            def difference(one: Any, other: Any) -> Any:
                if k == j:
                    ends = [moved_in_mpmath(program, x, {k: t}) for t in (one + other, one, other, mpf(0))]
                else:
                    moves = ({k: one, j: other}, {k: one}, {j: other}, {})
                    ends = [moved_in_mpmath(program, x, move) for move in moves]
                return (ends[0] - ends[1] - ends[2] + ends[3]) / (one * other)

            h = mpf(10) ** -20
            right, others = (
                difference(h, h),
                [difference(-h, -h), difference(h, -h), difference(h / 64, h / 64)],
            )
        except FAILURES:
            return None
        size = 1 + abs(right)
        smooth = all(abs(right - other) < size * mpf(10) ** -9 for other in others)
        return right if smooth and size < 1e12 else None


def by_duals(program: list[Any], x: Any) -> tuple[Any, Any, bool]:
    """Return gradient and Hessian by nested duals, and whether they warned."""
    n, unit = x.size, np.eye(x.size)
    inputs = [
        ad.Dual(ad.Dual(v, unit[i]), [ad.Dual(unit[i, j], np.zeros(n)) for j in range(n)])
        for i, v in enumerate(x)
    ]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", ad.SingularWarning)
        result = run(program, inputs, dual)
        if not isinstance(result, ad.Dual):
            return np.zeros(n), np.zeros((n, n)), bool(caught)
        first = [float(part) for part in result.value.partials]
        second = [[float(p) for p in part.partials] for part in result.partials]
    return first, second, bool(caught)


class Index(int):
    """The number of a result, where a plain int is a number."""


def distance(one: Any, other: Any) -> float:
    """Return the largest difference; 0 between infinities of one sign and between NaNs."""
    a, b = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    with np.errstate(invalid="ignore"):
        apart = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, np.abs(a - b))
    return float(np.nan_to_num(apart, nan=np.inf).max(initial=0.0))


def numbers_of(program: ad.Program, x: np.ndarray) -> tuple[dict[str, Any], dict[str, Any], bool]:
    """Return gradients and Hessians by every way, and whether any of them warned."""
    lanes = program.over_lanes()
    unit = np.eye(x.size)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", ad.SingularWarning)
        first = {
            "gradient": program.gradient(x),
            "jvp": [program.jvp(x, e) for e in unit],
            "lane": lanes.gradient(np.array([x, x]))[1],
        }
        second = {name: hessian(program, x, method=name) for name in EXACT} | {
            "sparse": hessian(program, x, method="edge_pushing", sparse=True).toarray(),
            "capped": hessian(program, x, method="edge_pushing", cap_active=4),
            "hvp": [program.hvp(x, e) for e in unit],
            "curvature": program.curvature(x),
            "lane": lanes.derivatives(np.array([x, x]))[2][1],
        }
    return first, second, bool(caught)


@np.errstate(all="ignore")
def sizes_of_terms(program: list[Any], x: np.ndarray) -> tuple[float, float]:
    """Return how large the terms are that first and second derivatives are sums of: they may cancel."""
    values, tangents = x.tolist(), [1.0] * x.size
    taken: list[
        tuple[list[int], Any]
    ] = []  # by each operation: numbers of its operands, sizes of its partials

    def step(rule: Any, operands: list[Any]) -> int:
        numbers = []
        for operand in operands:
            if not isinstance(operand, Index):
                values.append(float(operand))
                tangents.append(0.0)
                taken.append(([], ()))
                operand = Index(len(values) - 1)
            numbers.append(operand)
        a, b = numbers[0], numbers[-1]
        value = value_of_rule(CODES[rule.name], values[a], values[b])
        (dx, dy), seconds = rule_partials(CODES[rule.name], values[a], values[b], value)
        sizes = np.nan_to_num(np.abs([dx, dy if rule.arity == 2 else 0.0, *seconds]))
        values.append(value)
        tangents.append(sizes[0] * tangents[a] + sizes[1] * tangents[b])
        taken.append(([a, b], sizes))
        return Index(len(values) - 1)

    last = run(program, [Index(k) for k in range(x.size)], step)
    adjoints = np.zeros(len(values))
    adjoints[last] = 1.0
    first = second = 0.0
    for number in reversed(range(x.size, len(values))):
        operands, sizes = taken[number - x.size]
        first = max(first, adjoints[number] * tangents[number])
        if operands and adjoints[number] > 0.0:
            (a, b), (dx, dy, dxx, dxy, dyy) = operands, sizes
            adjoints[a] += adjoints[number] * dx
            adjoints[b] += adjoints[number] * dy
            ta, tb = tangents[a], tangents[b]
            second += adjoints[number] * (dxx * ta * ta + 2.0 * dxy * ta * tb + dyy * tb * tb)
    return first, second


def everything(
    program: list[Any], frozen: ad.Program, x: np.ndarray
) -> tuple[dict[str, Any], dict[str, Any], bool]:
    """Return gradients and Hessians by every way, duals too where they do not warn, and whether a program warned."""
    first, second, warned = numbers_of(frozen, x)
    if not warned:
        of_first, of_second, unsure = by_duals(program, x)
        if not unsure:
            first["dual"], second["dual"] = of_first, of_second
    return first, second, warned


@pytest.mark.slow
@seed(SEED)
@settings(max_examples=PROGRAMS, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(programs)
def test_random_programs_at_edges(drawn: Any) -> None:
    x, program = np.array(drawn[0]), drawn[1]

    def function(inputs: Any) -> Any:
        return run(program, list(inputs), recorded) + 0.0 * np.sum(inputs)

    try:
        frozen = ad.record(function, x)
        value = frozen.value(x)
    except (ad.AadError, TypeError, OverflowError):
        return
    if not math.isfinite(value) or abs(value) > 1e8:
        return
    first, second, warned = everything(program, frozen, x)
    if warned:
        return

    powers = any(name == "power" for name, _, _ in program)

    def require(apart: float, size: float, order: int, *what: Any) -> None:
        if apart == math.inf and powers:
            return  # in its exponent, at a negative base, a power has none: some sweeps say NaN, others nothing
        assert apart <= size or apart <= size + 100.0 * 2.0**-52 * sizes_of_terms(program, x)[order - 1], what

    size = 1.0 + np.nanmax(np.abs(np.where(np.isfinite(first["gradient"]), first["gradient"], 0.0)))
    for name, found in first.items():
        require(distance(found, first["gradient"]), 1e-7 * size, 1, name, found, first["gradient"])
    exact = second["forward_over_reverse"]
    size = 1.0 + max(np.abs(np.where(np.isfinite(h), h, 0.0)).max() for h in second.values())
    if size < 1e10:
        for name, found in second.items():
            require(distance(found, exact), 1e-7 * size, 2, name, found, exact)
    if frozen.kinks:
        return  # at a kink the derivative is a convention
    gradient = np.atleast_1d(first["gradient"])
    for k, slope in enumerate(gradient):
        true = slope_in_mpmath(program, x.tolist(), k) if math.isfinite(slope) else None
        if true is not None:
            require(abs(slope - true), 1e-6 * (1 + abs(true)), 1, k, slope, mpmath.nstr(true, 12))
    if len(program) % 4 or not np.isfinite(exact).all() or size > 1e8:
        return
    for k, j in zip(*np.triu_indices(x.size), strict=True):
        true = curvature_in_mpmath(program, x.tolist(), int(k), int(j))
        if true is not None:
            require(abs(exact[k, j] - true), 1e-6 * (size + abs(true)), 2, k, j, exact, mpmath.nstr(true, 12))
