"""The planner over paths, and code that programs of one structure share."""

from __future__ import annotations

import sys
import threading
from collections import Counter

import numpy as np
import pytest

import aadlib as ad
from aadlib.lanes import structure
from aadlib.lanes.structure import structure_of
from greeks2 import expectation
from greeks2.monte_carlo.path_planner import METHODS, PATH_METHODS, planned_code
from greeks2.monte_carlo.path_sweep import PathSweep
from greeks2.twins.path_sweep import path_sums_by_path

from .path_functions import Mixed, basket, close, market, recorded, wound
from .paths import same_bits


def test_auto_takes_what_is_cheapest(rng):
    p, z = rng.uniform(0.1, 0.2, 30), rng.standard_normal((10, 30))
    cases = {"edge_pushing": recorded(wound, p, z), "bottleneck": recorded(basket, p, z[:, :15])}
    for method, program in cases.items():
        plan = PathSweep(program).plan
        assert plan.method == method
        assert plan.counts["pushes"] > 0 and plan.counts["steps"] > 0 and plan.counts["inputs"] == 30
    found = PathSweep(cases["edge_pushing"]).sums((p,), (z,), 0, 10)
    assert close(found.hessian, path_sums_by_path(cases["edge_pushing"], (p,), (z,), 0, 10).hessian)
    assert PathSweep(cases["bottleneck"], 1).plan.method == "adjoint sweep"


def test_every_method_has_a_record():
    assert PATH_METHODS == ("bottleneck", "edge_pushing", "forward_over_reverse")
    assert len({method.name for method in METHODS}) == len(METHODS)


@pytest.fixture
def empty_cache(monkeypatch):
    monkeypatch.setattr(structure, "_cache", {})


@pytest.mark.usefixtures("empty_cache")
def test_a_path_recorded_again_finds_its_code(rng):
    p, z = market(3), rng.standard_normal((50, 3))
    one, other = recorded(basket, 1.1 * p, z), recorded(basket, 1.2 * p, z)
    for order, method in ((0, ""), (1, ""), *((2, method) for method in ("auto", *PATH_METHODS))):
        assert planned_code(one, order, method) is planned_code(other, order, method)
    assert planned_code(one, 2, "auto") is not planned_code(one, 2, "bottleneck")
    assert same_bits(expectation(basket, p, lanes=z), expectation(one, p, lanes=z))


def test_whatever_decides_about_the_code_is_in_the_digest():
    z = np.ones(3)

    def path(strike=100.0, power=2):
        return lambda p, z: np.maximum(p[0] * np.exp(p[1] * z) - strike, 0.0) ** power * np.exp(p[0] * p[1])

    def guarded(p, z):
        return p[0] * z * p[1] if p[1] > 0.0 else p[0] * z

    def unguarded(p, z):
        return p[0] * z * p[1]

    def composite(operands):
        return lambda p, z: np.sum(ad.apply_composite(Mixed(), p[operands])) * z * p[0]

    p = np.array([1.0, 0.3])
    programs = [
        *(recorded(f, p, z) for f in (path(), path(strike=90.0), path(power=3), guarded, unguarded)),
        *(recorded(composite(operands), p, z) for operands in ([0, 1], [1, 0], [0, 0])),
        recorded(path(), np.ones(3), z),
    ]
    assert len({structure_of(program) for program in programs}) == len(programs)
    assert structure_of(recorded(path(), p, z)) == structure_of(programs[0])


@pytest.mark.usefixtures("empty_cache")
def test_composites_of_one_structure_keep_their_own_numbers(rng):
    class Scaled(ad.Composite):
        def __init__(self, scale):
            self.scale = scale

        def forward(self, x):
            return np.array([self.scale * np.sum(x * x)]), x

        def tangents(self, x, directions):
            return 2.0 * self.scale * x[None] @ directions

        def adjoint(self, x, seeds):
            return 2.0 * self.scale * x * seeds[0]

        def second_order(self, x, seeds, tangents):
            return 2.0 * self.scale * seeds[0] * tangents

    def path(scale):
        return lambda p, z: ad.apply_composite(Scaled(scale), p)[0] * np.exp(z) * p[0]

    p, z = np.array([1.0, 2.0]), rng.standard_normal(64)
    one, three = (expectation(path(scale), p, lanes=z) for scale in (1.0, 3.0))
    np.testing.assert_allclose(three.hessian, 3.0 * one.hessian, rtol=1e-13)
    assert len(structure._cache) == 1


@pytest.mark.usefixtures("empty_cache")
def test_the_cache_is_bounded(rng, monkeypatch):
    p, z = market(2), rng.standard_normal((4, 2))
    programs = [recorded(lambda p, z, k=k: basket(p, z) + k, p, z) for k in range(1, 9)]
    size = planned_code(programs[0], 2, "bottleneck").nbytes
    monkeypatch.setattr(structure, "MOST_BYTES", 3 * size + size // 2)
    codes = [planned_code(program, 2, "bottleneck") for program in programs]
    assert 2 <= len(structure._cache) <= 3
    assert planned_code(programs[-1], 2, "bottleneck") is codes[-1]
    assert planned_code(programs[1], 2, "bottleneck") is not codes[1]
    monkeypatch.setattr(structure, "MOST_BYTES", size // 2)
    assert planned_code(programs[2], 2, "bottleneck").path.code.steps > 0
    assert len(structure._cache) <= 3
    monkeypatch.setattr(structure, "MOST_BYTES", 100 * size)
    monkeypatch.setattr(structure, "MOST_CODES", 2)
    planned_code(programs[3], 2, "bottleneck")
    assert len(structure._cache) == 2


@pytest.mark.parametrize(("order", "most"), [(1, 556), (2, 1231)])
def test_few_functions_are_entered_between_the_call_and_the_result(order, most, rng):
    def path(p, z):
        return ad.softplus(p[0] * np.exp(p[1] * z - 0.5 * p[1] ** 2) - 100.0, sharpness=2.0)

    z = rng.standard_normal(1000)
    entered = Counter()

    def count(frame, event, _):
        file = frame.f_code.co_filename
        if event == "call" and ("/aadlib/" in file or "/greeks2/" in file) and "/tests/" not in file:
            entered[file, frame.f_code.co_name] += 1

    expectation(path, [100.0, 0.2], lanes=z, order=order)
    before = sys.getprofile()
    sys.setprofile(count)
    threading.setprofile(count)
    try:
        expectation(path, [100.0, 0.2], lanes=z, order=order)
    finally:
        sys.setprofile(before)
        threading.setprofile(None)
    assert 0 < sum(entered.values()) <= most, entered.most_common(10)
