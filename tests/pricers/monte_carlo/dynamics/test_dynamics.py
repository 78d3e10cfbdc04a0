"""The contract between a path and its dynamics, held by every model and by one written outside the library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

import aadlib as ad
from pricers.monte_carlo import BasketOption, Dynamics, GeometricBrownianMotion, LocalVolatility, Path, price
from pricers.surfaces import FlatVolatility

CORRELATION = [[1.0, 0.4], [0.4, 1.0]]
MARKET: dict[str, Any] = {
    "spots": [100.0, 90.0],
    "rate": 0.03,
    "dividend_yields": [0.01, 0.0],
    "correlation": CORRELATION,
}
MODELS = (
    GeometricBrownianMotion(volatilities=[0.2, 0.3], **MARKET),
    LocalVolatility(surfaces=[FlatVolatility(0.2), FlatVolatility(0.3)], **MARKET),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Normal(Dynamics):
    """Log prices without drift and with one deviation: a model of a dozen lines."""

    deviation: float

    GROUPS: ClassVar = {**Dynamics.GROUPS, "deviation": "deviation"}

    def law(self, log_prices: list[Any], time: float, length: Any) -> tuple[list[Any], list[Any]]:
        return list(log_prices), [self.deviation * ad.sqrt(length) for _ in log_prices]

    def labels(self, name: str) -> list[str]:
        return ["deviation"] if name == "deviation" else super().labels(name)

    def fields_at(self, groups: Any) -> dict[str, Any]:
        fields = super().fields_at(groups)
        return {name: x[0] if name == "deviation" else x for name, x in fields.items()}


@pytest.mark.parametrize("model", [*MODELS, Normal(deviation=0.2, **MARKET)], ids=lambda m: type(m).__name__)
def test_every_group_has_numbers_and_names_and_can_be_replaced(model: Dynamics) -> None:
    for name in model.GROUPS:
        numbers = model.group(name)
        assert len(model.labels(name)) == len(set(model.labels(name))) == numbers.size
        moved = model.replaced({name: (0.9 * numbers).tolist()})
        assert type(moved) is type(model)
        np.testing.assert_allclose(moved.group(name), 0.9 * numbers, rtol=1e-15)
        for other in set(model.GROUPS) - {name}:
            np.testing.assert_array_equal(moved.group(other), model.group(other))


@pytest.mark.parametrize("model", [*MODELS, Normal(deviation=0.2, **MARKET)], ids=lambda m: type(m).__name__)
def test_the_law_of_a_step_is_that_of_all_assets(model: Dynamics) -> None:
    means, deviations = model.law(model.log_spots(), 0.0, 0.5)
    assert len(means) == len(deviations) == model.n_assets == 2


def test_a_dynamics_of_ones_own_is_differentiated_in_its_own_groups(rng: np.random.Generator) -> None:
    model = Normal(deviation=0.2, **MARKET)
    path = Path(
        dynamics=model,
        payoff=BasketOption(strike=95.0, weights=[0.5, 0.5]),
        expiry=1.0,
        differentiate=("spots", "deviation"),
        smoothing="conditional_expectation",
    )
    normals = rng.standard_normal((200, 2))
    program = ad.record(path, path.parameters, normals[:1], lanes=(1,), passive=(1,))
    assert path.labels == ("spot[0]", "spot[1]", "deviation")
    step = 1e-5
    for k, slope in enumerate(program.gradient(path.parameters, normals) / len(normals)):
        up, down = path.parameters.copy(), path.parameters.copy()
        up[k] += step
        down[k] -= step
        difference = price(path, normals=normals, parameters=up).value
        difference -= price(path, normals=normals, parameters=down).value
        assert slope == pytest.approx(difference / (2.0 * step), rel=1e-6)
