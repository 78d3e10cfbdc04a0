"""Smoothings and payoffs know each other by what they offer, not by name."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any, ClassVar

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadValueError
from pricers.monte_carlo import SMOOTHINGS, Autocallable, GeometricBrownianMotion, Path, payoffs, smoothing
from pricers.monte_carlo.payoffs.corners import EXACT

ONE = GeometricBrownianMotion(spots=[100.0], volatilities=[0.2])
SOURCES = sorted(File(str(smoothing.__file__)).parent.glob("*.py"))


@dataclass(frozen=True)
class Capped:
    """A capped call, written outside the library: three methods and no more."""

    AT_EXPIRY: ClassVar[bool] = True

    def require_assets(self, n_assets: int) -> None:
        assert n_assets == 1

    def value(self, prices: Any, discounts: list[Any], surrogate: Any = EXACT) -> Any:
        (spot,) = prices[-1]
        gain = surrogate.positive_part(spot - 100.0) - surrogate.positive_part(spot - 120.0)
        return discounts[-1] * gain


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_no_smoothing_names_a_payoff(source: File) -> None:
    names = {node.id for node in ast.walk(ast.parse(source.read_text())) if isinstance(node, ast.Name)}
    assert not names & set(payoffs.__all__)


def test_names_are_those_of_the_methods() -> None:
    assert list(SMOOTHINGS) == [
        "none", "softplus", "kernel", "conditional_expectation", "vibrato", "likelihood_ratio",
        "localized_likelihood_ratio", "malliavin",
    ]  # fmt: skip
    assert all(name == SMOOTHINGS[name].NAME for name in SMOOTHINGS)


@pytest.mark.parametrize("name", [name for name in SMOOTHINGS if name != "conditional_expectation"])
def test_a_payoff_of_ones_own_takes_every_smoothing_that_needs_its_value_alone(
    name: str, rng: np.random.Generator
) -> None:
    path = Path(dynamics=ONE, payoff=Capped(), expiry=1.0, smoothing=name)
    normals = rng.standard_normal((500, 1))
    program = ad.record(path, path.parameters, normals[:1], lanes=(1,), passive=(1,))
    values, gradient, hessian = program.derivatives(path.parameters, normals)
    assert np.isfinite(values).all() and np.isfinite(gradient).all() and np.isfinite(hessian).all()


def test_a_payoff_without_a_closed_form_says_so() -> None:
    with pytest.raises(AadValueError, match="not Capped"):
        Path(dynamics=ONE, payoff=Capped(), expiry=1.0, smoothing="conditional_expectation")


def test_vibrato_refuses_what_has_corners_before_the_last_step() -> None:
    note = Autocallable(references=[100.0], coupon=0.02)
    with pytest.raises(AadValueError, match="Autocallable has corners before it"):
        Path(dynamics=ONE, payoff=note, expiry=1.0, n_steps=4, track_steps=True, smoothing="vibrato")
