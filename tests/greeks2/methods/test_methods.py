"""Every method, every twin, on one list of functions: pairwise equal."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pytest

import aadlib as ad
from greeks2 import (
    METHODS,
    KinkWarning,
    algo4_adjlist,
    cross_check,
    hessian,
    hessian_result,
    taylor_backpropagate,
)
from greeks2.methods.bumping2 import bumping2, default_steps
from greeks2.methods.edge_pushing.edge_pushing import smallest_cap
from greeks2.point import Point, as_arguments, point_at
from greeks2.twins.bottleneck import bottleneck_by_node
from greeks2.twins.bumping2 import bumping2_by_pair
from greeks2.twins.forward_over_reverse import forward_over_reverse_by_column
from greeks2.twins.taylor import taylor_by_monomials

from ..functions import CASES, Case

EXACT = tuple(method for method in METHODS if method != "bumping2")
by_name = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@pytest.fixture(autouse=True)
def kinks_are_expected() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KinkWarning)
        yield


def recorded(case: Case) -> ad.Program:
    return ad.record(case.function, *as_arguments(case.arguments), passive=case.passive)


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """Return the largest difference relative to the largest entry (at least 1e-3)."""
    assert np.isfinite(one).all() and np.isfinite(other).all()
    return float(np.abs(one - other).max() / max(1e-3, np.abs(other).max()))


@by_name
def test_exact_methods_agree_pairwise(case: Case) -> None:
    program = recorded(case)
    found = {method: hessian(program, case.arguments, method=method) for method in EXACT}
    for one, other in combinations(EXACT, 2):
        assert distance(found[one], found[other]) < 1e-11, (one, other)
    for matrix in found.values():
        assert matrix.shape == (program.n_active, program.n_active)
        assert (matrix == matrix.T).all()


@by_name
def test_bumping_agrees_to_its_truncation_error(case: Case) -> None:
    exact = hessian(recorded(case), case.arguments, method="forward_over_reverse")
    bumped = hessian(recorded(case), case.arguments, method="bumping2")
    assert distance(bumped, exact) < 2e-4


@by_name
def test_twins_equal_the_compiled_methods(case: Case) -> None:
    program, arguments = recorded(case), as_arguments(case.arguments)
    lists = algo4_adjlist(program, None, arguments)
    assert distance(hessian(program, case.arguments, method="edge_pushing"), lists) < 1e-12
    with point_at(program, arguments) as point:
        gradient, monomials = taylor_by_monomials(point)
        columns = forward_over_reverse_by_column(point)
        nodes = bottleneck_by_node(point)
        assert np.allclose(point.gradient, gradient, rtol=1e-13, atol=1e-300)
    assert distance(hessian(program, case.arguments, method="taylor"), monomials) < 1e-12
    assert distance(hessian(program, case.arguments, method="forward_over_reverse"), columns) < 1e-12
    assert distance(hessian(program, case.arguments, method="bottleneck"), nodes) < 1e-12


@by_name
def test_auto_is_one_of_the_exact_methods(case: Case) -> None:
    result = hessian_result(recorded(case), case.arguments, method="auto")
    assert result.method in EXACT
    assert distance(result.matrix, hessian(recorded(case), case.arguments, method="edge_pushing")) < 1e-11


@by_name
def test_sparse_is_the_same_matrix(case: Case) -> None:
    program = recorded(case)
    for method in ("edge_pushing", "taylor"):
        sparse = hessian(program, case.arguments, method=method, sparse=True)
        assert sparse.format == "csr"
        assert distance(sparse.toarray(), hessian(program, case.arguments, method=method)) < 1e-13


def test_sparse_holds_only_what_can_be_there() -> None:
    point = np.linspace(0.5, 1.5, 50)
    tridiagonal = hessian(
        lambda x: np.sum((x[1:] - x[:-1] ** 2) ** 2), point, method="edge_pushing", sparse=True
    )
    assert tridiagonal.nnz == 50 + 2 * 49


def test_bumping_twin(rng: np.random.Generator) -> None:
    def f(x):
        return x[0] * x[1] ** 2 + np.exp(x[2]) * x[0]

    x = rng.normal(size=3)
    program, steps = ad.record(f, x), default_steps(x)
    # Rounding of f, amplified by 1 / h**2, is all that may differ.
    assert np.allclose(bumping2(program, [x]), bumping2_by_pair(f, x.tolist(), steps.tolist()), atol=1e-5)


def test_bumping_error_falls_with_the_square_of_the_step_then_rises() -> None:
    point = np.array([0.7, 1.1])
    program = ad.record(lambda x: np.exp(np.sin(3.0 * x[0]) * x[1]), point)
    exact = program.hessian(point)
    errors = [
        np.abs(bumping2(program, [point], steps=np.full(2, h)) - exact).max()
        for h in (0.04, 0.02, 0.01, 1e-7)
    ]
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.1)
    assert errors[1] / errors[2] == pytest.approx(4.0, rel=0.1)
    assert errors[3] > errors[2]


def test_bumping_in_several_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    point = np.linspace(0.5, 1.5, 9)
    program = ad.record(lambda x: np.prod(x), point)
    whole = bumping2(program, [point])
    monkeypatch.setattr("greeks2.methods.bumping2.MOST_LANES", 20)
    assert (bumping2(program, [point]) == whole).all()


def test_weights_choose_among_outputs() -> None:
    def f(x):
        return np.array([x[0] ** 2 * x[1], np.exp(x[1]) * x[0], x[0] ** 2 * x[1]])

    point = np.array([1.2, 0.4])
    for weights in ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.5, -2.0, 3.0]):
        expected = hessian(lambda x, w=weights: sum(a * b for a, b in zip(w, f(x), strict=True)), point)
        for method in METHODS:
            tolerance = 1e-13 if method != "bumping2" else 1e-5
            found = hessian(f, point, method=method, weights=weights)
            assert np.allclose(found, expected, rtol=tolerance, atol=tolerance)
    program = ad.record(f, point)
    assert np.allclose(algo4_adjlist(program, 1, [point]), hessian(program, point, weights=[0.0, 1.0, 0.0]))


def test_live_tape_and_inputs_that_are_not_asked_for() -> None:
    with ad.Tape() as tape:
        x, y, unasked = tape.input(2.0), tape.input(3.0), tape.input(5.0)
        product = x * y
        late = tape.input(0.5)
        target = product * product * late + unasked * x**2
        _ = target * target
        matrix = algo4_adjlist(tape, target, [late, x, y])
        gradient, again = taylor_backpropagate(target, [late, x, y], tape=tape)
    # f = l x^2 y^2 + 5 x^2
    expected = np.array([[0.0, 36.0, 24.0], [36.0, 2 * 0.5 * 9 + 10.0, 12.0], [24.0, 12.0, 4.0]])
    assert np.allclose(matrix, expected, rtol=1e-15) and np.allclose(again, expected, rtol=1e-15)
    assert np.allclose(gradient, [36.0, 2 * 0.5 * 2 * 9 + 20.0, 12.0])


def test_taylor_backpropagate_from_a_program() -> None:
    program = ad.record(lambda x: x[0] ** 3 * x[1], [1.0, 2.0])
    gradient, matrix = taylor_backpropagate(program, [np.array([2.0, 1.0])])
    assert np.allclose(gradient, [12.0, 8.0]) and np.allclose(matrix, [[12.0, 12.0], [12.0, 0.0]])


@pytest.mark.parametrize("method", METHODS)
def test_hessian_follows_the_point(method: str) -> None:
    """A program is replayed at other points, and back: nothing is left over from the last replay."""
    program = ad.record(lambda x: x[0] ** 3 * np.exp(x[1]), [1.0, 2.0])
    for point in ([1.0, 2.0], [0.5, -1.0], [1.0, 2.0]):
        e = np.exp(point[1])
        expected = np.array(
            [[6 * point[0] * e, 3 * point[0] ** 2 * e], [3 * point[0] ** 2 * e, point[0] ** 3 * e]]
        )
        tolerance = 1e-13 if method != "bumping2" else 1e-5
        assert np.allclose(hessian(program, point, method=method), expected, rtol=tolerance, atol=tolerance)


def test_cross_check_finds_a_method_that_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES[0]
    good = cross_check(case.function, case.arguments)
    assert good.worst < 1e-13 and good.bumping_error < 1e-5

    def wrong(point: Point) -> np.ndarray:
        matrix = forward_over_reverse_by_column(point)
        matrix[2, 1] += 0.5
        return matrix

    monkeypatch.setattr("greeks2.methods.taylor.taylor.taylor", wrong)
    bad = cross_check(case.function, case.arguments)
    assert bad.worst > 1e-3
    assert "taylor" in bad.where[:2] and bad.where[2:] == (2, 1)


@pytest.mark.parametrize(
    ("function", "point", "expected"),
    [
        (lambda x: np.sqrt(x[0]) * x[1], [0.0, 2.0], [[-np.inf, np.inf], [np.inf, 0.0]]),
        (lambda x: np.linalg.norm(x) * x[0], [0.0, 0.0], [[0.0, 0.0], [0.0, 0.0]]),
        (lambda x: x[0] ** 2 * x[1] ** 0.5, [0.0, 4.0], [[4.0, 0.0], [0.0, 0.0]]),
        (lambda x: np.maximum(x[0], x[1]) ** 2, [1.0, 1.0], [[0.5, 0.5], [0.5, 0.5]]),
        (lambda x: abs(x[0]) * x[1], [0.0, 3.0], [[0.0, 0.0], [0.0, 0.0]]),
        (lambda x: x[0], [1.0, 2.0], [[0.0, 0.0], [0.0, 0.0]]),
    ],
)
@pytest.mark.filterwarnings("ignore::aadlib.SingularWarning")
def test_conventions_at_the_edges_are_the_same_everywhere(function, point, expected) -> None:
    """Infinite where the true value is, a tie shared, and zero times infinity zero: no NaN."""
    program = ad.record(function, point)
    for method in EXACT:
        assert hessian(program, point, method=method).tolist() == expected, method
    for cap in (max(1, smallest_cap(program)), 10):
        assert hessian(program, point, method="edge_pushing", cap_active=cap).tolist() == expected
    assert algo4_adjlist(program, None, [point]).tolist() == expected


@pytest.mark.parametrize("spot", [100.0, 0.01, 1e-4, 1e-5, 3e-6, 1e-6, 1e-8, 1e-30])
def test_bumping_on_the_scale_of_the_input(spot: float) -> None:
    def scaled(x):
        return spot * (np.log(x[0] / spot) ** 3 + (x[0] / spot) ** 2 * x[1])

    found = hessian(scaled, [spot * 1.1, 0.5], method="bumping2")
    exact = hessian(scaled, [spot * 1.1, 0.5])
    assert np.abs(found / np.where(exact == 0.0, 1.0, exact) - (exact != 0.0)).max() < 2e-3


@pytest.mark.parametrize("rate", [1e-3, 1e-5, 1e-9, -1e-7, 0.0])
def test_bumping_a_small_rate_as_before(rate: float) -> None:
    def price(x):
        return x[1] * np.exp(-3.0 * x[0]) + 2.0 * x[0]

    program, point = ad.record(price, [rate, 90.0]), np.array([rate, 90.0])
    before = bumping2(program, [point], steps=default_steps(point))
    assert (bumping2(program, [point]) == before).all()
