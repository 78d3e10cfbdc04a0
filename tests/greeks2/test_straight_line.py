"""Random straight-line programs drawn from the rule table: engines agree, twins too, whatever is composed."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import aadlib as ad
from aadlib.rules.table import RULES
from greeks2 import KinkWarning, algo4_adjlist, hessian

NAMES = {
    **{name: (lambda x, y, n=name: getattr(np, n)(x, y)) for name in ("add", "subtract", "multiply")},
    "divide": lambda x, y: x / (1.0 + y * y),
    "power": lambda x, y: (1.1 + x * x) ** np.tanh(y),
    "logaddexp": lambda x, y: ad.logaddexp(x, y),
    "hypot": lambda x, y: ad.hypot(x + 3.0, y),
    "arctan2": lambda x, y: ad.arctan2(x, y + 4.0),
    "maximum": lambda x, y: ad.maximum(x, y),
    "minimum": lambda x, y: ad.minimum(x, y),
    "exp": lambda x, _: np.exp(np.tanh(x)),
    "log": lambda x, _: np.log(1.5 + x * x),
    "sqrt": lambda x, _: np.sqrt(1.0 + x * x),
    "square": lambda x, _: np.square(x) * 0.3,
    "reciprocal": lambda x, _: np.reciprocal(1.3 + x * x),
    "sin": lambda x, _: np.sin(x),
    "cos": lambda x, _: np.cos(x),
    "tanh": lambda x, _: np.tanh(x),
    "arcsinh": lambda x, _: np.arcsinh(x),
    "sigmoid": lambda x, _: ad.sigmoid(x),
    "softplus": lambda x, _: ad.softplus(x),
    "norm_cdf": lambda x, _: ad.norm_cdf(x),
    "norm_pdf": lambda x, _: ad.norm_pdf(x),
    "erf": lambda x, _: ad.erf(x),
    "negative": lambda x, _: -x,
    "absolute": lambda x, _: abs(x),
    "cbrt": lambda x, _: np.cbrt(x + 5.0),
    "expm1": lambda x, _: np.expm1(np.sin(x)),
    "log1p": lambda x, _: np.log1p(x * x),
}
assert set(NAMES) <= {rule.name for rule in RULES}

Line = tuple[str, int, int]
lines = st.tuples(st.sampled_from(sorted(NAMES)), st.integers(0, 10**6), st.integers(0, 10**6))
points = st.lists(st.floats(-2.0, 2.0).map(lambda v: round(v, 3) + 0.0004), min_size=1, max_size=5)


def run(program: list[Line], x: np.ndarray, output: int) -> object:
    """Run the lines; each takes its operands among everything computed before."""
    computed = list(x)
    for name, left, right in program:
        value = NAMES[name](computed[left % len(computed)], computed[right % len(computed)])
        # Kept of order one: long chains of products would overflow.
        computed.append(np.tanh(value) + 0.1 * value if len(computed) % 5 == 0 else value)
    return computed[-1 - output % min(3, len(program))] + 0.0 * x[0]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(lines, min_size=1, max_size=40), points, st.integers(0, 2))
def test_engines_agree_on_random_programs(program: list[Line], point: list[float], output: int) -> None:
    x = np.array(point)
    recorded = ad.record(lambda x: run(program, x, output), x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KinkWarning)
        pushed = hessian(recorded, x, method="edge_pushing")
        others = {m: hessian(recorded, x, method=m) for m in ("taylor", "forward_over_reverse", "bottleneck")}
        others["capped"] = hessian(recorded, x, method="edge_pushing", cap_active=4)
        others["sparse"] = hessian(recorded, x, method="edge_pushing", sparse=True).toarray()
    others["bare"] = algo4_adjlist(recorded, None, [x])
    scale = max(1.0, float(np.abs(pushed).max()))
    assert (pushed == pushed.T).all()
    for name, matrix in others.items():
        assert np.abs(matrix - pushed).max() <= 1e-11 * scale, name


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(lines, min_size=5, max_size=60), points, st.integers(0, 2), st.integers(1, 3))
def test_hubs_anywhere_change_nothing(
    program: list[Line], point: list[float], output: int, consumers: int
) -> None:
    """Arcs that go straight to the inputs or all the way down: here almost any slot is a hub."""
    x = np.array(point)
    recorded = ad.record(lambda x: run(program, x, output), x)
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore", KinkWarning)
        patch.setattr("greeks2.structure.hubs.CONSUMERS", consumers)
        patch.setattr("greeks2.structure.hubs.SPAN", 10**9)
        patch.setattr("greeks2.structure.hubs.FEWEST", 1)
        patch.setattr("greeks2.structure.hubs.LONGEST", 10**9)
        pushed = hessian(recorded, x, method="edge_pushing")
        again = hessian(recorded, x, method="edge_pushing")
        series = hessian(recorded, x, method="taylor")
        expected = hessian(recorded, x, method="forward_over_reverse")
    assert (pushed == again).all()
    assert np.abs(series - expected).max() <= 1e-11 * max(1.0, float(np.abs(expected).max()))
    assert np.abs(pushed - expected).max() <= 1e-11 * max(1.0, float(np.abs(expected).max()))
