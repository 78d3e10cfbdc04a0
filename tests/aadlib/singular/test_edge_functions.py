"""Functions at edges, by every verb and method: they agree with each other and the truth, or warn."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import aadlib as ad
from greeks2 import KinkWarning, hessian
from greeks2.methods import METHODS

from .edge_functions import EDGES, Edge

EXACT = [method.name for method in METHODS if method.is_exact]


def firsts(edge: Edge, program: ad.Program) -> dict[str, float]:
    x = edge.x
    D = ad.Dual
    return {
        "gradient": program.gradient(x),
        "grad": ad.grad(edge.function)(x),
        "jvp": program.jvp(x, 1.0),
        "vjp": program.vjp(x, 1.0),
        "jacobian": float(program.jacobian(x)),
        "derivatives": program.derivatives(x)[1][0],
        "lane": program.over_lanes().gradient(np.array([x, x]))[1],
        "dual": edge.function(D(x, [1.0])).partials[0],
    }


def seconds(edge: Edge, program: ad.Program) -> dict[str, float]:
    x = edge.x
    D = ad.Dual
    by_method = {name: hessian(program, x, method=name)[0, 0] for name in EXACT}
    return by_method | {
        "sparse": hessian(program, x, method="edge_pushing", sparse=True).toarray()[0, 0],
        "capped": hessian(program, x, method="edge_pushing", cap_active=50)[0, 0],
        "colored": hessian(program, x, method="forward_over_reverse", sparse=True).toarray()[0, 0],
        "hvp": program.hvp(x, 1.0),
        "products": program.hessian_products(x, np.eye(1))[0, 0],
        "curvature": program.curvature(x)[0, 0],
        "Program.hessian": program.hessian(x)[0, 0],
        "lane": program.over_lanes().derivatives(np.array([x, x]))[2][1, 0, 0],
        "dual": edge.function(D(D(x, [1.0]), [D(1.0, [0.0])])).partials[0].partials[0],
    }


def warned_of(derive, edge: Edge, *, strict: bool) -> tuple[dict[str, float], dict[str, bool]]:
    """Return the numbers and which of them came with a `SingularWarning`, one verb at a time."""
    with warnings.catch_warnings(record=True) as caught, ad.strict(strict):
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", ad.SingularWarning)
        numbers = derive(edge, ad.record(edge.function, edge.x))
    return numbers, any(w.category is ad.SingularWarning for w in caught)


def same(one: float, other: float) -> bool:
    return one == other or abs(one - other) <= 1e-12 * max(1.0, abs(other))


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.name)
@pytest.mark.parametrize("derive", [firsts, seconds])
def test_all_agree_with_the_truth_or_warn(derive, edge: Edge) -> None:
    truth = edge.gradient if derive is firsts else edge.second
    numbers, warned = warned_of(derive, edge, strict=False)
    recorded = {name: number for name, number in numbers.items() if name != "dual"}
    if truth is None:
        assert warned or all(map(math.isinf, recorded.values()))
        return
    assert all(same(number, truth) for number in recorded.values()), recorded
    # A dual does not look ahead: it may warn of what a recording cancels, but is not wrong without a word.
    assert warned or same(numbers["dual"], truth), numbers


@pytest.mark.parametrize("edge", [e for e in EDGES if e.gradient is not None], ids=lambda edge: edge.name)
def test_what_is_determined_is_not_warned_of(edge: Edge) -> None:
    program = ad.record(edge.function, edge.x)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        program.gradient(edge.x)
        program.jvp(edge.x, 1.0)
        if edge.second is not None:
            warnings.simplefilter("ignore", KinkWarning)
            for name in EXACT:
                hessian(program, edge.x, method=name)
            program.over_lanes().derivatives(np.array([edge.x, edge.x]))


@pytest.mark.parametrize("edge", [e for e in EDGES if e.gradient is None], ids=lambda edge: edge.name)
@pytest.mark.parametrize("derive", [firsts, seconds])
def test_strict_gives_nan_where_it_warns(derive, edge: Edge) -> None:
    numbers, warned = warned_of(derive, edge, strict=True)
    if warned:
        assert all(math.isnan(number) for number in numbers.values()), numbers
