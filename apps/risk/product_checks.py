"""Products checked by other means: finer marches and revaluation, and plain averages over other paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from apps.risk.book import Position
from apps.risk.bumping import differences
from apps.risk.engines.backward import OVER, SIZES
from apps.risk.engines.paths import Draws
from apps.risk.engines.products import is_simulated
from apps.risk.model import BookModel
from apps.risk.products import Barrier
from apps.risk.results import BookGreeks, Check, UnitGreeks

if TYPE_CHECKING:
    from pricers.contracts import Market

REFINEMENT = 1.5
SPOT_STEP = 0.004
"""Of the spot: over cells of the grid, so that what is read is the march and not the interpolant."""
PATH_STEP = 1e-3
"""The same for paths, whose payoff has no cells."""
OTHER_SEED = 1_000_003
PAIRS_AT_ONCE = 4096


def check_products(
    model: BookModel, book: Sequence[Position], greeks: BookGreeks, draws: Draws
) -> list[Check]:
    """Return checks of every position that the forward march does not price."""
    market = model.market(model.point)
    checks = []
    for number, (position, unit) in enumerate(zip(book, greeks.units, strict=False), start=1):
        if unit is None or unit.engine == OVER:
            continue
        check = _by_other_paths if is_simulated(position.contract) else _by_a_finer_march
        name = f"position {number}, {position.contract.NAME}"
        checks += check(name, market, position, unit, draws)
    return checks


def _by_a_finer_march(
    name: str, market: Market, position: Position, unit: UnitGreeks, draws: Draws
) -> list[Check]:
    """Compare with a march on a finer grid, revalued at other spots."""
    sizes = {
        "n_nodes": round(REFINEMENT * (SIZES["n_nodes"] - 1)) + 1,
        "n_steps": round(REFINEMENT * SIZES["n_steps"]),
    }
    finer = position.contract.claim(market, position.terms, **sizes)
    assert finer is not None
    spot = float(market.spot)
    room = abs(spot - position.contract.level) if isinstance(position.contract, Barrier) else spot
    step = min(SPOT_STEP * spot, 0.2 * room)

    def value(up: float) -> float:
        return float(finer({"spot": spot + up}))

    delta, gamma = differences(value, step)
    how = f"revaluation at other spots, grid {REFINEMENT:g} times as fine"
    return [
        Check(f"{name}: price", "price", unit.price, value(0.0), how),
        Check(f"{name}: delta", "price / index point", float(unit.gradient[0]), float(delta), how),
        Check(f"{name}: gamma", "price / index point^2", float(unit.hessian[0, 0]), float(gamma), how),
    ]


def _by_other_paths(
    name: str, market: Market, position: Position, unit: UnitGreeks, draws: Draws
) -> list[Check]:
    """Compare with plain averages over antithetic paths of another seed, and their differences in spot."""
    path = position.contract.path(position.terms)
    generator = np.random.default_rng(OTHER_SEED + draws.seed)
    spot = float(market.spot)
    step = PATH_STEP * spot
    models = [market.replaced({"spot": [spot + up]}).dynamics() for up in (0.0, step, -step)]
    means = []
    for begin in range(0, draws.rounded, 2 * PAIRS_AT_ONCE):
        half = min(PAIRS_AT_ONCE, (draws.rounded - begin) // 2)
        z = generator.standard_normal((half, *path.noise_shape))
        means.append([0.5 * (path(model, z) + path(model, -z)) for model in models])
    middle, up, down = np.concatenate(means, axis=1)
    slope = (up - down) / (2.0 * step)
    assert unit.errors is not None
    rows = []
    for greek, text, ours, error, samples in (
        ("price", "price", unit.price, unit.errors.price, middle),
        ("delta", "price / index point", unit.gradient[0], unit.errors.gradient[0], slope),
    ):
        other = float(samples.std(ddof=1) / np.sqrt(samples.size))
        how = f"plain average over other paths, +- {np.hypot(error, other):.2g} both together"
        rows.append(Check(f"{name}: {greek}", text, float(ours), float(samples.mean()), how))
    return rows
