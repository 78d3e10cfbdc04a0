"""A second-order method is one record on the list: the door, the planner and cross_check know nothing else of it."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

import aadlib as ad
import greeks2
from aadlib.errors import AadTypeError, AadValueError
from aadlib.program.program import Program
from greeks2 import cross_check, hessian, hessian_result, methods, plan
from greeks2.methods.method import PASS, SIZES, Estimate, Method, Request, Solution
from greeks2.planner import choose
from greeks2.point import as_arguments

from ..functions import CASES
from ..test_planner import SHAPES, recorded

POINT = np.array([2.0, 3.0])


def f(x: Any) -> Any:
    return x[0] * x[1] ** 2


def solve(request: Request) -> Solution:
    """Products with unit vectors, one after the other, times a factor that is an option."""
    with request.point() as point:
        rows = np.array([request.program.hvp(*request.arguments, e) for e in np.eye(point.active.size)])
        factor = request.options.get("steps", 1.0)
        return Solution(point.value, point.gradient, factor * rows, "prepared")


def estimate(program: Program, best: float, replays: int) -> Estimate:
    return Estimate(1.0, {"toy_products": program.n_active})


TOY = Method(
    name="toy",
    solve=solve,
    counts=lambda program, prepared: {"toy_products": program.n_active, prepared: 1},
    seconds={PASS: estimate},
    options={},
    is_exact=True,
    takes_composites=False,
    prepare=lambda program: {"toy_prepared": 1},
)


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Method:
    monkeypatch.setattr(methods, "METHODS", (*methods.METHODS, TOY))
    return TOY


@pytest.mark.usefixtures("toy")
def test_a_new_method_is_one_record_on_the_list() -> None:
    expected = [[0.0, 6.0], [6.0, 4.0]]
    result = hessian_result(f, POINT, method="toy")
    assert result.matrix.tolist() == expected and result.method == "toy"
    assert result.counts == {"nodes": 2, "inputs": 2, "toy_products": 2, "prepared": 1}
    assert hessian(f, POINT, method="toy", sparse=True).toarray().tolist() == expected
    with pytest.raises(AadValueError, match=r"choose one of edge_pushing, .*, bumping2, toy or auto"):
        hessian(f, POINT, method="magic")
    with pytest.raises(AadValueError, match="steps are those of bumping2, not of method 'toy': drop one"):
        hessian(f, POINT, method="toy", steps=[0.1, 0.1])


@pytest.mark.usefixtures("toy")
def test_the_planner_counts_it_and_chooses_it_where_it_is_cheapest() -> None:
    chosen = plan(ad.record(f, POINT))
    assert chosen.method == "toy" and chosen.seconds["toy"] == 1e-9
    assert chosen.counts["toy_products"] == 2 and chosen.counts["toy_prepared"] == 1
    assert hessian_result(f, POINT).method == "toy"


def test_an_estimate_by_sizes_is_heard_first(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = dataclasses.replace(TOY, seconds={SIZES: estimate})
    monkeypatch.setattr(methods, "METHODS", (quick, *methods.METHODS))
    assert choose(ad.record(f, POINT), 1).method is quick


@pytest.mark.usefixtures("toy")
def test_cross_check_runs_it() -> None:
    assert set(cross_check(f, POINT).matrices) == {*greeks2.METHODS, "toy"}


def test_a_method_for_single_operations_is_left_out(toy: Method) -> None:
    program = ad.record(f, POINT)
    assert toy in methods.methods_for(program)
    object.__setattr__(program, "composites", (object(),))
    assert toy not in methods.methods_for(program)


def test_an_option_goes_to_the_method_that_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = dataclasses.replace(TOY, options={"steps": "steps = {given!r} is of toy, not of"})
    monkeypatch.setattr(methods, "METHODS", (owner, *methods.METHODS[:2]))
    assert hessian(f, POINT, steps=2.0).tolist() == [[0.0, 12.0], [12.0, 8.0]]
    with pytest.raises(AadValueError, match=r"^steps = 2.0 is of toy, not of cap_active = 9: drop one$"):
        hessian(f, POINT, steps=2.0, cap_active=9)
    with pytest.raises(
        AadValueError, match=r"^cap_active = 9 caps the arcs of edge_pushing, not of method 'toy'"
    ):
        hessian(f, POINT, method="toy", cap_active=9)


def test_public_names() -> None:
    assert greeks2.METHODS == ("edge_pushing", "taylor", "forward_over_reverse", "bottleneck", "bumping2")
    assert all(type(name) is str for name in greeks2.METHODS)
    assert [method.name for method in methods.METHODS if not method.is_exact] == ["bumping2"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_sizes_decide_is_what_counting_decides(case: Any) -> None:
    try:
        program = ad.record(case.function, *as_arguments(case.arguments), passive=case.passive)
    except AadTypeError:
        pytest.skip("not a number")
    assert choose(program, 1).method.name == plan(program, replays=1).method


@pytest.mark.parametrize(("g", "n"), SHAPES, ids=lambda item: getattr(item, "__name__", None))
@pytest.mark.parametrize("replays", [1, 1000])
def test_what_sizes_decide_for_larger_programs(g: Any, n: int, replays: int) -> None:
    program = recorded(g, n)
    assert choose(program, replays).method.name == plan(program, replays=replays).method
