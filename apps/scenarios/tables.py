"""The tables of the program `scenarios`."""

from __future__ import annotations

import numpy as np

from aadlib.types import Floats
from apps.report.tables import Column, Table, table
from apps.scenarios.valuation import Stressed

SHOWN = 8
"""Worst scenarios listed, and best ones."""


def truth(found: Stressed) -> tuple[str, Floats]:
    """Return the best profit and loss there is, and what it is called."""
    return ("full revaluation", found.revalued) if found.exact is None else ("closed forms", found.exact)


def worst(found: Stressed) -> Table:
    """Return the worst and the best scenarios with their attribution by the network's Greeks."""
    name, true = truth(found)
    order = np.argsort(found.network)
    chosen = [*order[:SHOWN], *order[-SHOWN:]] if len(order) > 2 * SHOWN else list(order)
    rows = []
    for k in chosen:
        delta = found.delta[k]
        explained = delta.sum() + found.gamma[k]
        rows.append(
            (
                found.scenarios[k].name,
                found.network[k],
                true[k],
                found.network[k] - true[k],
                delta[0],
                delta[1:].sum(),
                found.gamma[k],
                found.network[k] - explained,
            )
        )
    return table(
        f"Profit and loss: the {SHOWN} worst scenarios and the {SHOWN} best of {len(found.scenarios)}",
        [
            Column("scenario"),
            *(
                Column(heading, "currency", ",.1f")
                for heading in (
                    "network",
                    name,
                    "difference",
                    "rate",
                    "delta",
                    "second order",
                    "beyond second order",
                )  # fmt: skip
            ),
        ],
        rows,
        note="Rate, delta and second order are the network's Greeks at today's market times the moves.",
    )


def accuracy(found: Stressed) -> Table:
    """Return errors over all scenarios."""
    name, true = truth(found)
    size = float(np.sqrt(np.mean(true**2)))
    rows = []
    routes = {"network": found.network, "second order alone": found.delta.sum(axis=1) + found.gamma}
    if found.exact is not None:
        routes["full revaluation"] = found.revalued
    for route, values in routes.items():
        error = np.abs(values - true)
        rmse = float(np.sqrt(np.mean(error**2)))
        rows.append((route, rmse, 100.0 * rmse / size, float(np.median(error)), float(error.max())))
    return table(
        f"Errors of profit and loss over {len(found.scenarios)} scenarios, against {name}",
        [
            Column("route"),
            Column("rmse", "currency", ",.2f"),
            Column("rmse", "% of profit and loss", ".3f"),
            Column("median", "currency", ",.2f"),
            Column("largest", "currency", ",.2f"),
        ],
        rows,
        note=(
            f"Root mean square of profit and loss: {size:,.1f}. Standard error of a full revaluation: "
            f"{np.sqrt(np.mean(found.stderr**2)):,.1f} with {found.sizes.n_paths:,d} paths a scenario. "
            f"{np.count_nonzero(found.outside)} scenarios lie outside the range trained on."
        ),
    )


def times(found: Stressed) -> Table:
    """Return what every route took."""
    seconds, n = found.seconds, len(found.scenarios) + 1
    rows = [
        (name, seconds[name], 1e6 * seconds[name] / n if name in ("network", "full revaluation") else None)
        for name in ("samples", "training", "network", "full revaluation")
    ]
    speed = seconds["full revaluation"] / seconds["network"]
    return table(
        "Times",
        [Column("what"), Column("time", "s", ".4f"), Column("each scenario", "us", ",.2f")],
        rows,
        note=f"The network, with all Greeks, is {speed:,.0f} times faster than a full revaluation of values alone.",
    )


def csv_columns(found: Stressed) -> dict[str, object]:
    """Return every scenario with its attribution, by column."""
    columns: dict[str, object] = {
        "scenario": [scenario.name for scenario in found.scenarios],
        "network": found.network,
        "full_revaluation": found.revalued,
        "standard_error": found.stderr,
    }
    if found.exact is not None:
        columns["closed_forms"] = found.exact
    columns |= {f"delta {name}": found.delta[:, k] for k, name in enumerate(found.inputs)}
    return columns | {"second_order": found.gamma, "outside": found.outside}
