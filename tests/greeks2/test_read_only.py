"""Results of second order: their mappings cannot be changed, and they pass from process to process."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

import aadlib as ad
from greeks2 import cross_check, greeks, hessian_result, plan

POINT = [1.5, 2.0]


def f(x: Any) -> Any:
    return x[0] ** 2 * x[1]


RESULTS: dict[str, tuple[Any, str]] = {
    "hessian_result": (hessian_result(f, POINT), "counts"),
    "plan": (plan(ad.record(f, POINT)), "seconds"),
    "cross_check": (cross_check(f, POINT), "matrices"),
    "greeks": (
        greeks(lambda spot, volatility: spot**2 * volatility, {"spot": 1.5, "volatility": 2.0}),
        "values",
    ),
}


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("copied", [lambda result: pickle.loads(pickle.dumps(result)), copy.deepcopy])
def test_results_are_copied_whole(name: str, copied: Any) -> None:
    result, mapping = RESULTS[name]
    again = copied(result)
    assert type(again) is type(result) and repr(again) == repr(result)
    one, other = getattr(result, mapping), getattr(again, mapping)
    assert type(other) is type(one) and list(other) == list(one)
    assert all(np.array_equal(other[key], one[key]) for key in one)


@pytest.mark.parametrize("name", RESULTS)
def test_their_mappings_cannot_be_changed(name: str) -> None:
    result, mapping = RESULTS[name]
    kept = getattr(result, mapping)
    assert isinstance(kept, Mapping) and len(kept) > 0
    with pytest.raises(TypeError, match="does not support item assignment"):
        kept["more"] = 1
