"""From tape to layout: repeats found like the twin finds them, whatever the table has to hold."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import TapeError
from aadlib.program import passes
from aadlib.rules.properties import COMMUTES
from aadlib.rules.table import CODES
from aadlib.twins import sweeps as reference

from ..functions_list import CASES


def first_places(constants: np.ndarray) -> np.ndarray:
    """Return where each constant stands for the first time."""
    return np.array([constants.tolist().index(c) for c in constants], dtype=np.int32)


def merged(tape: ad.Tape) -> tuple[list[int], list[int], list[int], list[int]]:
    op, left, right, constants = tape.arrays()
    places = np.empty(constants.size + op.size, dtype=np.int32)
    places[: constants.size] = first_places(constants)
    found, found_left, found_right, stale = passes.merge_repeated(
        op, left, right, COMMUTES, places, constants
    )
    assert stale == -1
    return found.tolist(), found_left.tolist(), found_right.tolist(), places.tolist()


def by_the_twin(tape: ad.Tape) -> tuple[list[int], list[int], list[int], list[int]]:
    op, left, right, constants = tape.arrays()
    places = first_places(constants).tolist()
    columns = (op.tolist(), left.tolist(), right.tolist(), COMMUTES.tolist())
    return reference.merge_repeated(*columns, places, constants.tolist())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_repeats_on_the_list_of_functions(case) -> None:
    with ad.Tape() as tape:
        for _ in range(2):
            case.function(ad.array([tape.input(v) for v in case.point]), np)
    assert merged(tape) == by_the_twin(tape)


CANCELLED = [
    ("root_squared", lambda x: np.sqrt(x) ** 2 + np.sqrt(x) * np.sqrt(x)),
    ("square", lambda x: np.abs(x) ** 2 + np.abs(x) * np.abs(x)),
    ("hypot_squared", lambda x: np.hypot(x, 2.0 * x) ** 2),
    ("root_power", lambda x: np.sqrt(x) ** 5),
    ("cbrt_cubed", lambda x: np.cbrt(x) ** 3),
    ("exp_log", lambda x: np.exp(np.log(x))),
    ("exp_log_power", lambda x: np.exp(2 * np.log(x)) + np.exp(np.log(x) * 3.0)),
    ("twice_reciprocal", lambda x: 1 / (1 / x) + 1.0 / ad.reciprocal(x) + ad.reciprocal(1.0 / x)),
]


@pytest.mark.parametrize(("name", "function"), CANCELLED, ids=[name for name, _ in CANCELLED])
def test_pairs_that_cancel_an_infinity_become_one(name: str, function) -> None:
    """The value is NumPy's to the last bit, and the twin finds the same."""
    with ad.Tape() as tape:
        function(tape.input(0.7))
    assert merged(tape) == by_the_twin(tape)
    program = ad.record(function, 0.7)
    codes = set(program.op.tolist()) - {CODES["add"], CODES["multiply"]}
    assert codes == {CODES[name]}
    assert program.value(1.3) == function(1.3)


@pytest.mark.parametrize("x", [-60.0, -39.0, -30.0, -5.0, 0.3, 9.0])
def test_the_logarithm_of_a_normal_probability_becomes_one(x: float) -> None:
    """In the tail the probability is 0 and its logarithm with two derivatives is not."""

    def function(t):
        return np.log(ad.norm_cdf(t))

    with ad.Tape() as tape:
        function(tape.input(0.7))
    assert merged(tape) == by_the_twin(tape)
    program = ad.record(function, 0.7)
    assert program.op.tolist() == [CODES["log_norm_cdf"]]
    with mpmath.workdps(60):
        cdf, pdf = mpmath.ncdf(x), mpmath.npdf(x)
        wanted = [mpmath.log(cdf), pdf / cdf, -pdf / cdf * (pdf / cdf + mpmath.mpf(x))]
    for one, true in zip(program.derivatives(x), wanted, strict=True):
        assert np.ravel(one)[0] == pytest.approx(float(true), rel=1e-13)


def test_other_pairs_stay() -> None:
    with ad.Tape() as tape:
        x, y = tape.input(0.7), tape.input(2.0)
        (
            np.sqrt(x) * np.sqrt(y),
            np.sqrt(x) ** y,
            np.cbrt(x) ** 2,
            np.exp(y * np.log(x)),
            2.0 / (1.0 / x),
            1.0 / (2.0 / x),
        )
    found = merged(tape)
    assert found == by_the_twin(tape)
    assert found[0] == tape.arrays()[0].tolist()


def test_random_repeats(rng: np.random.Generator) -> None:
    """A few operands in very many nodes, each several times: neighbourhoods in the table overflow."""
    with ad.Tape() as tape:
        made = [tape.input(1.0 + k) for k in range(3)]
        for a, b, code in rng.integers(0, [[60], [60], [3]], size=(3, 6000)).T.tolist():
            x, y = made[a % len(made)], made[b % len(made)]
            made.append((x * y) if code == 0 else (x - y) if code == 1 else (x + 2.0 * b))
            made = made[:60]
    found = merged(tape)
    assert found == by_the_twin(tape)
    assert len(set(found[3])) < 0.9 * len(found[3])


def test_one_operand_of_thousands_of_nodes() -> None:
    with ad.Tape() as tape:
        x = tape.input(3.0)
        for _ in range(2):
            for k in range(2000):
                x * (1.0 + k)
    found = merged(tape)
    assert found == by_the_twin(tape)
    op, *_ = tape.arrays()
    assert len(set(found[3][-op.size :])) == 2001


def test_constants_used_lately_are_kept_once() -> None:
    with ad.Tape() as tape:
        x = tape.input(3.0)
        for _ in range(1000):
            x = (x * 0.5 + 2.0) * 3.0 - x / 7.0
    *_, constants = tape.arrays()
    assert sorted(constants) == [0.5, 2.0, 3.0, 7.0]


def test_constants_forgotten_by_rewind_are_recorded_again() -> None:
    with ad.Tape() as tape:
        x = tape.input(3.0)
        mark = tape.mark()
        x * 5.0
        tape.rewind(mark)
        y = x * 4.0 + x * 5.0
    *_, constants = tape.arrays()
    assert constants.tolist() == [3.0, 4.0, 5.0]
    assert ad.grads_list(tape, y, [x]) == [9.0]


def test_zeros_of_both_signs_and_nan_are_different_constants() -> None:
    program = ad.record(
        lambda x: np.copysign(1.0, x * 0.0 + 0.0) + np.copysign(x, -0.0) + np.copysign(x, 0.0), 2.0
    )
    assert program.value(2.0) == 1.0


def test_inputs_that_are_not_differentiated_keep_their_values() -> None:
    with ad.Tape() as tape:
        x, unused, other = tape.input(3.0), tape.input(9.0), tape.input(5.0)
        y = x * other * other
    assert ad.grads_list(tape, y, [x]) == [25.0]
    assert unused.value == 9.0


def test_a_variable_from_before_a_rewind() -> None:
    with ad.Tape() as tape:
        x = tape.input(3.0)
        mark = tape.mark()
        late = x * 2.0 * 3.0
        tape.rewind(mark)
        y = x + late
    with pytest.raises(TapeError, match=r"before Tape\.rewind"):
        ad.grads_list(tape, y, [x])
