"""The tables of the program `xva`."""

from __future__ import annotations

import numpy as np

from aadlib.types import Floats
from apps.report.tables import Column, Table, table
from apps.xva.adjustments import NAMES, mean_and_error, path_adjustments, profile
from apps.xva.valuation import Valued


def routes(found: Valued) -> dict[str, Floats]:
    """Return the values of every route, of the scenarios that all of them valued first."""
    by_route = {"network": found.network, "nested simulation": found.nested}
    return by_route if found.exact is None else by_route | {"closed forms": found.exact}


def _paths(found: Valued, values: Floats) -> Floats:
    discounts = found.scenarios.discounts[: len(values)]
    return path_adjustments(values, discounts, found.netting_set.horizons, found.credit)


def adjustments(found: Valued) -> Table:
    """Return CVA, DVA and FVA by every route, and how far the network is from the others on the same scenarios."""
    by_route = {name: _paths(found, values) for name, values in routes(found).items()}
    rows: list[tuple[str | float | None, ...]] = []
    for k, name in enumerate(NAMES):
        for route, paths in by_route.items():
            mean, error = (float(part[k]) for part in mean_and_error(paths))
            apart = float((by_route["network"][: len(paths)] - paths).mean(axis=0)[k])
            own = float(paths[:, k].mean())
            shown = (
                (None, None) if route == "network" else (100.0 * apart / own if own else None, apart / error)
            )
            rows.append((name, route, len(paths), mean, error, *shown))
    return table(
        "Valuation adjustments",
        [
            Column("what"),
            Column("route"),
            Column("scenarios"),
            Column("value", "currency", ",.3f"),
            Column("standard error", "currency", ".3f"),
            Column("network less it", "%", ".3f"),
            Column("the same", "standard errors", ".3f"),
        ],
        rows,
        note=(
            "Differences are on the same scenarios: their own chance is not in them. An inner simulation's noise makes "
            "positive exposures, CVA and DVA, a little too large."
        ),
    )


def times(found: Valued) -> Table:
    """Return what every route took, per state too, and the speed."""
    seconds, sizes = found.seconds, found.sizes
    n_horizons = len(found.netting_set.horizons)
    n_network, n_nested = sizes.n_paths * n_horizons, sizes.n_nested * n_horizons
    network, nested = seconds["network"] / n_network, seconds["nested simulation"] / n_nested
    whole = nested * n_network
    once = seconds["samples"] + seconds["training"]
    rows = [
        ("samples, of all horizons", seconds["samples"], None),
        ("training, of all horizons", seconds["training"], None),
        ("network", seconds["network"], 1e6 * network),
        (f"nested simulation, {sizes.n_inner:,d} inner paths", seconds["nested simulation"], 1e6 * nested),
        ("nested simulation, if it valued all scenarios", whole, 1e6 * nested),
    ]
    return table(
        "Times",
        [Column("what"), Column("time", "s", ",.3f"), Column("each state", "us", ",.3f")],
        rows,
        note=(
            f"{sizes.n_paths:,d} scenarios at {n_horizons} horizons. After training the network is {nested / network:,.0f} "
            f"times faster than nested simulation; with samples and training {whole / (once + seconds['network']):,.1f} "
            f"times. {found.n_outside / n_network:.2%} of the states lie outside the range trained on."
        ),
    )


def exposures(found: Valued) -> Table:
    """Return discounted expected exposures by horizon and route."""
    profiles = {
        name: profile(values, found.scenarios.discounts[: len(values)])
        for name, values in routes(found).items()
    }
    rows = [
        (horizon, *(float(part[k]) for pair in profiles.values() for part in pair))
        for k, horizon in enumerate(found.netting_set.horizons.tolist())
    ]
    columns = [Column("horizon", "years", "g")]
    for name in profiles:
        columns += [Column(f"{sign}, {name}", "currency", ",.2f") for sign in ("positive", "negative")]
    return table("Discounted expected exposures", columns, rows)


def errors(found: Valued) -> Table | None:
    """Return errors of values by horizon against closed forms, None where there are none."""
    if found.exact is None:
        return None
    rows = []
    for k, horizon in enumerate(found.netting_set.horizons.tolist()):
        true = found.exact[:, k]
        rows.append(
            (
                horizon,
                float(np.sqrt(np.mean(true**2))),
                float(np.sqrt(np.mean((found.network[:, k] - true) ** 2))),
                float(np.sqrt(np.mean((found.nested[:, k] - true[: len(found.nested)]) ** 2))),
            )
        )
    return table(
        "Errors of the values in all scenarios",
        [
            Column("horizon", "years", "g"),
            Column("value, rms", "currency", ",.2f"),
            Column("network, rmse", "currency", ",.2f"),
            Column("nested simulation, rmse", "currency", ",.2f"),
        ],
        rows,
    )


def csv_columns(found: Valued) -> dict[str, Floats]:
    """Return the exposures by column."""
    shown = exposures(found)
    return {
        column.heading: np.array([row[j] for row in shown.rows], dtype=float)
        for j, column in enumerate(shown.columns)
    }
