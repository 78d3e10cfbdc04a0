"""Every row of the rule table, in every backend, against mpmath at 50 digits.

A number passes within 1e-13 relative, or within four times the change that one unit in the last place of an argument
makes in the exact number, where that is more: there the function itself is badly conditioned. Numbers beyond the
range of doubles must come out infinite (or below 1e-300).

`pytest tests/aadlib/rules/test_rules.py -k worst -rP` prints the worst relative error over the table.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from mpmath import mpf

import aadlib as ad
from aadlib.rules import in_python as evaluate
from aadlib.rules.numpy_names import plain_function
from aadlib.rules.table import CODES, RULES, Rule
from aadlib.tape.advar import record_binary, record_unary

from .mpmath_rules import MP, ORDERS, exact, points_of, sensitivity

RELATIVE = mpf("1e-13")
LARGEST = mpf(np.finfo(float).max)
ULPS = 4

SCALARS = {order: ORDERS[2].index(order) for order in ORDERS[2]}


def recorded(rule: Rule, lanes: bool = False) -> ad.Program:
    """Record one row of the table as a program of one or two numbers."""
    code = CODES[rule.name]
    x, y = points_of(rule)[0]
    wrap = (lambda t: [t]) if lanes else (lambda t: t)
    if rule.arity == 1:
        return ad.record(lambda x: record_unary(code, x), wrap(x), lanes=(0,) if lanes else ())
    return ad.record(lambda x, y: record_binary(code, x, y), wrap(x), wrap(y), lanes=(0, 1) if lanes else ())


def by_sweeps(rule: Rule) -> list[tuple[float, ...]]:
    """Return (value, first, second) at every point from the compiled scalar sweeps."""
    program = recorded(rule)
    rows = []
    for point in points_of(rule):
        arguments = point[: rule.arity]
        gradient = np.atleast_1d(program.gradient(*arguments))
        hessian = program.hessian(*arguments)
        rows.append((program.value(*arguments), *gradient, *hessian[np.triu_indices(rule.arity)]))
    return rows


def by_lanes(rule: Rule) -> list[tuple[float, ...]]:
    """Return (value, first) at every point from one sweep over lanes."""
    program = recorded(rule, lanes=True)
    columns = np.array(points_of(rule)).T[: rule.arity]
    values, gradient = program.value_and_gradient(*columns)
    np.testing.assert_array_equal(values, program.value(*columns))
    slopes = gradient if rule.arity == 2 else (gradient,)
    return list(zip(values, *slopes, strict=True))


def by_python(rule: Rule) -> list[tuple[float, ...]]:
    """Return (value, first, second) from the table's texts run in Python."""
    code = CODES[rule.name]
    rows = []
    for x, y in points_of(rule):
        v = evaluate.value(code, x, y)
        first, second = evaluate.first(code, x, y, v), evaluate.second(code, x, y, v)
        rows.append((v, first[0], second[0]) if rule.arity == 1 else (v, *first, *second))
    return rows


def by_numba(rule: Rule) -> list[tuple[float, ...]]:
    """Return (value, first, second) from the generated numba module."""
    from aadlib.generated import rules_numba

    code = CODES[rule.name]
    rows = []
    for x, y in points_of(rule):
        v = rules_numba.value(code, x, y)
        first, second = rules_numba.first(code, x, y, v), rules_numba.second(code, x, y, v)
        rows.append((v, first[0], second[0]) if rule.arity == 1 else (v, *first, *second))
    return rows


def by_duals(rule: Rule) -> list[tuple[float, ...]]:
    """Return (value, first, second) from duals nested twice."""

    def seeded(x: float, position: int) -> ad.Dual:
        unit = [float(position == k) for k in range(rule.arity)]
        zero = [0.0] * rule.arity
        return ad.Dual(ad.Dual(x, unit), [ad.Dual(u, zero) for u in unit])

    rows = []
    for point in points_of(rule):
        found = ad.Dual.chain_rule(rule, *(seeded(x, k) for k, x in enumerate(point[: rule.arity])))
        single = ad.Dual.chain_rule(rule, *(
            ad.Dual(x, [float(k == j) for j in range(rule.arity)]) for k, x in enumerate(point[: rule.arity])
        ))  # fmt: skip
        slopes = [p.value for p in found.partials]
        np.testing.assert_array_equal(slopes, single.partials)
        assert found.value.value == single.value or math.isnan(single.value)
        curvatures = [p.partials[k] for j, p in enumerate(found.partials) for k in range(j, rule.arity)]
        rows.append((single.value, *slopes, *curvatures))
    return rows


BACKENDS = {"sweeps": by_sweeps, "lanes": by_lanes, "python": by_python, "numba": by_numba, "duals": by_duals}


def error_of(found: float, rule: Rule, order: tuple[int, ...], x: float, y: float) -> float:
    """Return the relative error, 0 where it is explained by conditioning or by the range of doubles."""
    wanted = exact(rule.name, order, x, y)
    if abs(wanted) > LARGEST:
        return 0.0 if math.isinf(found) else math.inf
    if not math.isfinite(found):
        return math.inf
    error = abs(mpf(float(found)) - wanted)
    if error < mpf("1e-300"):
        return 0.0
    if error > RELATIVE * abs(wanted) and error <= ULPS * sensitivity(rule.name, order, x, y):
        return 0.0
    return float(error / abs(wanted)) if wanted else math.inf


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_row_agrees_with_mpmath(rule, backend):
    rows = BACKENDS[backend](rule)
    for (x, y), row in zip(points_of(rule), rows, strict=True):
        for order, found in zip(
            sorted(ORDERS[rule.arity], key=lambda o: (sum(o), o[::-1])), row, strict=False
        ):
            error = error_of(found, rule, order, x, y)
            assert error <= RELATIVE, (
                f"d{order} of {rule.name}({x!r}, {y!r}) is {found!r}: off by {error:.2e} relative"
            )


def test_worst_relative_error_over_the_table():
    """Print the worst error of values, first and second partials where they are well conditioned."""
    worst: dict[int, tuple[float, str]] = {}
    compared = 0
    for rule in RULES:
        for (x, y), row in zip(points_of(rule), by_sweeps(rule), strict=True):
            for order, found in zip(
                sorted(ORDERS[rule.arity], key=lambda o: (sum(o), o[::-1])), row, strict=True
            ):
                compared += 1
                error = error_of(found, rule, order, x, y)
                if error > worst.get(sum(order), (-1.0, ""))[0]:
                    worst[sum(order)] = (error, f"{rule.name}({x!r}, {y!r})")
    print(f"{len(RULES)} rows, {compared} numbers compared with mpmath at 50 digits")
    for order, (error, where) in sorted(worst.items()):
        print(f"order {order}: worst relative error {error:.2e} at {where}")
    assert max(error for error, _ in worst.values()) <= RELATIVE


def test_every_row_has_a_function_in_mpmath():
    assert set(MP) == set(CODES)


# ---- conventions at the edges -------------------------------------------------------------------------------------


def derivatives(function, *point):
    """Return value, gradient, Hessian and the tangents along every axis, from one program."""
    program = ad.record(function, *point)
    tangents = []
    for k in range(len(point)):
        direction = [float(k == j) for j in range(len(point))]
        tangents.append(program.jvp(*point, direction[0] if len(point) == 1 else tuple(direction)))
    gradient = np.atleast_1d(program.gradient(*point))
    np.testing.assert_array_equal(tangents, gradient)
    return program.value(*point), gradient.tolist(), program.hessian(*point).tolist()


@pytest.mark.parametrize(
    "square", [lambda x: x**2, lambda x: x * x, lambda x: np.square(x), lambda x: x**2.0]
)
def test_square_at_zero(square):
    assert derivatives(square, 0.0) == (0.0, [0.0], [[2.0]])


def test_cube_and_first_power_at_zero():
    assert derivatives(lambda x: x**3, 0.0) == (0.0, [0.0], [[0.0]])
    assert derivatives(lambda x: x**1 + 0.0, 0.0) == (0.0, [1.0], [[0.0]])
    assert derivatives(lambda x: x**0, 0.0) == (1.0, [0.0], [[0.0]])


def test_negative_base_with_integer_exponent():
    assert derivatives(lambda x: x**3, -2.0) == (-8.0, [12.0], [[-12.0]])
    assert derivatives(lambda x: x**-2.0, -2.0) == (0.25, [0.25], [[0.375]])


def test_zero_to_the_zero_is_one():
    with pytest.warns(ad.SingularWarning, match=r"power\(0, 0\) at .*test_rules"):
        value, gradient, _ = derivatives(lambda x, y: x**y, 0.0, 0.0)
    assert value == 1.0
    assert gradient == [0.0, -math.inf]


def test_zero_to_a_positive_power():
    value, gradient, hessian = derivatives(lambda x, y: x**y, 0.0, 2.5)
    assert (value, gradient) == (0.0, [0.0, 0.0])
    assert hessian == [[0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize("root", [np.sqrt, np.cbrt, lambda x: x**0.5])
def test_roots_at_zero_have_infinite_slope(root):
    program = ad.record(root, 1.0)
    assert program.value(0.0) == 0.0
    assert program.gradient(0.0) == math.inf
    assert program.jvp(0.0, 1.0) == math.inf
    assert abs(program.hessian(0.0)[0, 0]) == math.inf


def test_absolute_at_zero():
    assert derivatives(abs, 0.0) == (0.0, [0.0], [[0.0]])
    assert derivatives(np.abs, -0.0) == (0.0, [0.0], [[0.0]])


@pytest.mark.parametrize("larger", [np.maximum, np.minimum, np.fmax, np.fmin])
def test_ties_are_shared_half_and_half(larger):
    assert derivatives(larger, 3.0, 3.0) == (3.0, [0.5, 0.5], [[0.0, 0.0], [0.0, 0.0]])
    assert derivatives(lambda x: larger(x, 3.0), 3.0) == (3.0, [0.5], [[0.0]])


@pytest.mark.parametrize("step", [np.sign, np.floor, np.ceil, np.trunc, np.rint, lambda x: (x > 0.0) * 1.0])
@pytest.mark.parametrize("point", [-1.5, 0.0, 2.0])
def test_steps_have_derivative_zero(step, point):
    value, gradient, hessian = derivatives(step, point)
    assert (gradient, hessian) == ([0.0], [[0.0]])
    assert value == float(step(point))


@pytest.mark.parametrize(
    "length",
    [
        lambda x, y: np.linalg.norm(ad.array([x, y])),
        lambda x, y: np.sqrt(x**2 + y**2),
        lambda x, y: np.hypot(x, y),
    ],
)
def test_length_at_the_origin_has_gradient_zero_in_both_modes(length):
    program = ad.record(length, 3.0, 4.0)
    assert program.value(0.0, 0.0) == 0.0
    assert program.gradient(0.0, 0.0) == (0.0, 0.0)
    assert program.jvp(0.0, 0.0, (1.0, 0.0)) == 0.0
    assert program.vjp(0.0, 0.0, 1.0) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("function", "point"),
    [(np.log, -1.0), (np.sqrt, -1.0), (np.arcsin, 2.0), (np.arccosh, 0.5), (np.arctanh, 2.0), (ad.norm_ppf, 1.5),
     (lambda x: x**0.5 + 0.0, -1.0), (lambda x: x**1.5, -1.0)],
)  # fmt: skip
def test_outside_the_domain_is_nan_and_nothing_raises(function, point):
    program = ad.record(function, 0.7 if function is not np.arccosh else 1.7)
    assert math.isnan(program.value(point))
    assert math.isnan(ad.record(function, point).value(point))


@pytest.mark.parametrize(
    ("function", "value"), [(np.log, -math.inf), (np.reciprocal, math.inf), (lambda x: 1 / x, math.inf)]
)
def test_poles_are_infinite(function, value):
    assert ad.record(function, 1.0).value(0.0) == value


@pytest.mark.parametrize(
    "operands", [(1.0, 0.1), (-1.0, 0.1), (0.3, 0.1), (7.0, -0.7), (-0.0, 3.0), (1e-20, -1.0)]
)
def test_remainder_and_floor_divide_are_those_of_floats(operands):
    for operation in (lambda x, y: x % y, lambda x, y: x // y, np.remainder, np.floor_divide):
        assert ad.record(operation, *operands).value(*operands) == float(
            operation(*map(np.float64, operands))
        )


@pytest.mark.parametrize("x", [-2.5, -0.5, 0.5, 1.5, 2.5, 1e17, -1e-9, 4503599627370497.5])
def test_rounding_goes_to_even(x):
    assert ad.record(np.rint, x).value(x) == np.rint(x)
    assert ad.record(round, x).value(x) == round(x)


# ---- the table checks itself ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second"),
    [(("1.0",), ()), ((), ("0.0",)), (("1.0", "1.0"), ("0.0",)), (("1.0", "1.0"), ("0.0", "0.0")), ((), ())],
)
def test_a_missing_partial_raises_when_the_rule_is_built(first, second):
    with pytest.raises(ValueError, match="partials: give"):
        Rule("mine", "x * 2.0", first, second)


def test_an_empty_text_raises():
    with pytest.raises(ValueError, match="empty text"):
        Rule("mine", "x * 2.0", ("2.0",), ("",))


@pytest.mark.parametrize("text", ["sine(x)", "np.sin(x)", "x * z", "__import__('os')"])
def test_an_unknown_name_raises(text):
    with pytest.raises(ValueError, match="unknown names"):
        Rule("mine", text, ("1.0",), ("0.0",))


def test_a_unary_rule_may_not_use_the_second_operand():
    with pytest.raises(ValueError, match="uses y"):
        Rule("mine", "x", ("y",), ("0.0",))


def test_text_that_is_no_expression_raises():
    with pytest.raises(SyntaxError):
        Rule("mine", "x = 1", ("1.0",), ("0.0",))


def test_rules_are_immutable():
    with pytest.raises(AttributeError):
        RULES[0].value = "x"


# ---- infinities, NaN and signed zeros ------------------------------------------------------------------------------

SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, math.inf, -math.inf, math.nan]

POLES = {("digamma", 0.0), ("gammaln", -math.inf), ("power", -math.inf)}
"""Where SciPy and NumPy choose a side and C gives another: a pole's sign, lgamma(-inf), (-inf)**0.5."""


def recorded_at(rule: Rule, operands: tuple[float, ...]) -> float:
    """Return a row's recorded value; inputs must be finite, so infinities and NaN are made inside."""
    code = CODES[rule.name]
    if rule.arity == 1:
        return ad.record(lambda t: record_unary(code, t * operands[0]), 1.0).value(1.0)
    return ad.record(lambda t: record_binary(code, t * operands[0], t * operands[1]), 1.0).value(1.0)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_values_at_infinities_and_nan_are_numpys(rule):
    plain = plain_function(rule.name)
    for operands in itertools.product(SPECIAL, repeat=rule.arity):
        if (rule.name, operands[0]) not in POLES:
            with np.errstate(all="ignore"):
                expected = float(plain(*map(np.float64, operands)))
            found = recorded_at(rule, operands)
            assert found == pytest.approx(expected, rel=1e-14, nan_ok=True), f"{rule.name}{operands}"


# ---- the value without its derivatives -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [float, np.array])
def test_stop_gradient_of_plain_numbers_is_the_number(kind):
    np.testing.assert_array_equal(ad.stop_gradient(kind(2.5)), 2.5)


def test_a_density_over_its_stopped_self_carries_the_score():
    """exp(l - stop(l)) is one and has the first derivative l' and the second l'' + l'^2."""

    def weight(x):
        logarithm = -0.5 * (x - 3.0) ** 2
        return np.exp(logarithm - ad.stop_gradient(logarithm))

    value, gradient, hessian = derivatives(weight, 1.0)
    assert (value, gradient, hessian) == (1.0, [2.0], [[3.0]])


def test_what_is_stopped_is_no_kink():
    def stopped(x):
        return x + np.maximum(ad.stop_gradient(x), 1.0)

    assert ad.record(stopped, 2.0).kinks == ()
    assert derivatives(stopped, 2.0) == (4.0, [1.0], [[0.0]])
