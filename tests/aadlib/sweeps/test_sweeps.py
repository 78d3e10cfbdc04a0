"""Straight-line programs drawn from the table: compiled sweeps against their readable twins and against duals."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st

import aadlib as ad
from aadlib.rules import at_numbers, in_python
from aadlib.rules.table import CODES, RULES
from aadlib.tape.advar import record_binary, record_unary
from aadlib.twins import sweeps as reference

from ..functions_list import CASES

RELATIVE = 1e-11
WILD = {"power", "gamma", "gammaln", "digamma", "tan", "norm_ppf", "arccosh", "arctanh", "arcsin", "arccos"}
"""Rows whose values leave the doubles or whose domain random numbers miss; the others make up the programs."""

DRAWN = [rule for rule in RULES if rule.name not in WILD]


class Twin:
    """A program replayed by the sweeps of `aadlib.twins.sweeps`."""

    def __init__(self, program: ad.Program, point: np.ndarray) -> None:
        self.program = program
        self.values = [*point.tolist(), *program.constants.tolist(), *[0.0] * program.n_nodes]
        reference.value_sweep(program.nodes, self.values)

    @property
    def value(self) -> float:
        return self.values[self.program.outputs[0]]

    def adjoints(self) -> list[float]:
        adjoints = [0.0] * self.program.n_slots
        adjoints[self.program.outputs[0]] = 1.0
        reference.adjoint_sweep(self.program.nodes, self.values, adjoints)
        return adjoints

    def gradient(self) -> list[float]:
        return self.adjoints()[: self.program.n_inputs]

    def tangents(self, direction) -> list[float]:
        tangents = [*map(float, direction), *[0.0] * (self.program.n_slots - self.program.n_inputs)]
        reference.tangent_sweep(self.program.nodes, self.values, tangents)
        return tangents

    def hvp(self, direction) -> list[float]:
        return self.adjoint_tangents(direction)[: self.program.n_inputs]

    def adjoint_tangents(self, direction) -> list[float]:
        found = [0.0] * self.program.n_slots
        adjoints, tangents = self.adjoints(), self.tangents(direction)
        reference.second_order_sweep(self.program.nodes, self.values, adjoints, tangents, found)
        return found


@st.composite
def straight_lines(draw):
    """Draw (steps, point): each step is a row of the table and the positions of its operands among what came before."""
    n_inputs = draw(st.integers(1, 4))
    steps = []
    for k in range(draw(st.integers(1, 25))):
        rule = draw(st.sampled_from(DRAWN))
        # Mostly recent operands, so that programs are deep; sometimes the same one twice, or a constant.
        operands = []
        for _ in range(rule.arity):
            if draw(st.integers(0, 9)) == 0 and operands:
                operands.append(draw(st.sampled_from([0.5, -1.25, 2.0, 0.0])))
            else:
                operands.append(draw(st.integers(max(0, n_inputs + k - 6), n_inputs + k - 1)))
        steps.append((rule, tuple(operands)))
    point = draw(st.lists(st.floats(-2.0, 2.0, width=32), min_size=n_inputs, max_size=n_inputs))
    return steps, np.array(point)


def run(steps, inputs, apply):
    """Run a straight-line program on numbers of any kind and add up what it made."""
    numbers = list(inputs)
    for rule, operands in steps:
        numbers.append(apply(rule, *(numbers[o] if isinstance(o, int) else o for o in operands)))
    return numbers


def recorded(rule, *operands):
    code = CODES[rule.name]
    return record_unary(code, *operands) if rule.arity == 1 else record_binary(code, *operands)


def plain_away_from_jumps(rule, *operands):
    """Return a row's value at floats; reject what round-off in an operand would take across a jump of fmod, say."""
    code = CODES[rule.name]
    value = at_numbers.value(code, operands[0], operands[-1])
    for k in range(0 if rule.smooth else rule.arity):
        for nudge in (1.0 - 1e-9, 1.0 + 1e-9):
            moved = [x * nudge if j == k else x for j, x in enumerate(operands)]
            assume(abs(at_numbers.value(code, moved[0], moved[-1]) - value) <= 1e-6 * (1.0 + abs(value)))
    return value


def program_of(steps, point):
    run(steps, point.tolist(), plain_away_from_jumps)

    def function(x):
        numbers = run(steps, list(x), recorded)
        return numbers[-1] + 0.25 * numbers[len(numbers) // 2] * numbers[0]

    program = ad.record(function, point)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ad.SingularWarning)
        try:
            program.hessian(point)
        except ad.SingularWarning:
            reject()  # at the edge of a domain: tests/aadlib/singular and tests/greeks2/test_fuzz.py go there
    return program


def close(found, expected, size):
    """Compare numbers that were made from numbers as large as `size`."""
    np.testing.assert_allclose(found, expected, rtol=RELATIVE, atol=RELATIVE * size)


quick = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


def summands(twin, adjoints, tangents):
    """Return what the sweeps add up at the nodes: terms that cancel leave the round-off of their sizes."""
    nodes, terms = twin.program.nodes, []
    for k, (op, x, y) in enumerate(
        zip(nodes.op.tolist(), nodes.left.tolist(), nodes.right.tolist(), strict=True)
    ):
        node = nodes.first_node + k
        numbers = op, twin.values[x], twin.values[y], twin.values[node]
        dx, dy = in_python.first(*numbers)
        dxx, dxy, dyy = in_python.second(*numbers)
        terms += [dx * adjoints[node], dy * adjoints[node], dx * tangents[x], dy * tangents[y]]
        for bend, a, b in ((dxx, x, x), (dxy, x, y), (dyy, y, y)):
            terms += [adjoints[node] * bend * tangents[a], adjoints[node] * bend * tangents[a] * tangents[b]]
    return terms


def size_of(twin):
    """Return the largest number in any sweep; keep to programs far from overflow, where round-off stays round-off."""
    adjoints = twin.adjoints()
    numbers = [1.0, *twin.values, *adjoints]
    for unit in np.eye(twin.program.n_inputs):
        tangents = twin.tangents(unit)
        numbers += tangents + twin.adjoint_tangents(unit) + summands(twin, adjoints, tangents)
    size = np.abs(numbers).max()
    assume(size < 1e6)
    return size


@quick
@given(straight_lines())
def test_sweeps_agree_with_their_twins(drawn):
    steps, point = drawn
    program = program_of(steps, point)
    twin = Twin(program, point)
    size = size_of(twin)
    close(program.value(point), twin.value, size)
    close(program.gradient(point), twin.gradient(), size)
    direction = np.linspace(-1.0, 1.5, point.size)
    close(program.jvp(point, direction), twin.tangents(direction)[program.outputs[0]], size)
    rows = np.array([twin.hvp(unit) for unit in np.eye(point.size)])
    close(program.hessian(point), 0.5 * (rows + rows.T), size**2)
    close(program.curvature(point), 0.5 * (rows + rows.T), size**2)
    close(program.hvp(point, direction), twin.hvp(direction), size**2)


@quick
@given(straight_lines())
def test_hessians_are_symmetric_and_tangents_are_adjoints(drawn):
    steps, point = drawn
    program = program_of(steps, point)
    size = size_of(Twin(program, point))
    rows = program.hessian_products(point, np.eye(point.size))
    close(rows, rows.T, size**2)
    close([program.jvp(point, unit) for unit in np.eye(point.size)], program.gradient(point), size)


@quick
@given(straight_lines())
def test_sweeps_agree_with_nested_duals(drawn):
    steps, point = drawn
    program = program_of(steps, point)
    size = size_of(Twin(program, point))
    n = point.size

    def seeded(k):
        unit = [float(j == k) for j in range(n)]
        return ad.Dual(ad.Dual(point[k], unit), [ad.Dual(u, [0.0] * n) for u in unit])

    with warnings.catch_warnings():
        warnings.simplefilter("error", ad.SingularWarning)
        try:
            numbers = run(steps, [seeded(k) for k in range(n)], ad.Dual.chain_rule)
            result = numbers[-1] + 0.25 * numbers[len(numbers) // 2] * numbers[0]
            gradient = [p.value for p in result.partials]
            hessian = [list(p.partials) for p in result.partials]
        except ad.SingularWarning:
            reject()  # 1 / (1 / x) at 0, which a recording knows better
    close(result.value.value, program.value(point), size)
    close(gradient, program.gradient(point), size)
    close(hessian, program.hessian(point), size**2)


@quick
@given(straight_lines(), st.integers(1, 20))
def test_lanes_agree_with_single_replays(drawn, n_lanes):
    steps, point = drawn
    program = program_of(steps, point)
    size = size_of(Twin(program, point))
    points = np.tile(point, (n_lanes, 1))

    def function(x):
        made = run(steps, list(x), recorded)
        return made[-1] + 0.25 * made[len(made) // 2] * made[0]

    over_lanes = ad.record(function, points, lanes=(0,))
    values, gradients, hessians = over_lanes.derivatives(points)
    close(values, np.full(n_lanes, program.value(point)), size)
    close(gradients, np.tile(program.gradient(point), (n_lanes, 1)), size)
    close(over_lanes.gradient(points), gradients, size)
    close(hessians, np.tile(program.hessian(point), (n_lanes, 1, 1)), size**2)


@quick
@given(straight_lines(), straight_lines())
def test_rewind_leaves_no_trace(first, second):
    steps, point = first
    forgotten, _ = second
    with ad.Tape() as clean:
        inputs = [clean.input(v) for v in point]
        run(steps, inputs, recorded)
    with ad.Tape() as tape:
        inputs = [tape.input(v) for v in point]
        mark = tape.mark()
        run(forgotten, [inputs[k % len(inputs)] for k in range(4)], recorded)
        tape.rewind(mark)
        run(steps, inputs, recorded)
    for kept, expected in zip(tape.arrays(), clean.arrays(), strict=True):
        np.testing.assert_array_equal(kept, expected)
    assert [k[:2] for k in tape.kinks] == [k[:2] for k in clean.kinks]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_twins_agree_on_the_list_of_functions(case):
    program = ad.record(lambda x: case.function(x, np), case.point)
    twin = Twin(program, case.other)
    hessian = program.hessian(case.other)
    scale = np.abs(hessian).max()
    np.testing.assert_allclose(twin.value, program.value(case.other), rtol=1e-12)
    np.testing.assert_allclose(
        twin.gradient(), program.gradient(case.other), rtol=1e-12, atol=1e-12 * np.abs(twin.gradient()).max()
    )
    rows = [twin.hvp(unit) for unit in np.eye(case.point.size)]
    np.testing.assert_allclose(rows, hessian, rtol=1e-11, atol=1e-12 * scale)


def test_a_zero_ends_a_chain_in_the_twins_too():
    program = ad.record(lambda x: np.sqrt(x[0] ** 2 + x[1] ** 2), [3.0, 4.0])
    twin = Twin(program, np.zeros(2))
    assert twin.gradient() == [0.0, 0.0] == program.gradient([0.0, 0.0]).tolist()
    assert twin.tangents([1.0, 0.0])[program.outputs[0]] == 0.0 == program.jvp([0.0, 0.0], [1.0, 0.0])
