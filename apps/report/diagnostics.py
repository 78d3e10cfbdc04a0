"""Pictures of how a calibration went: residuals over the chain, error per expiry, progress per iteration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aadlib.types import Floats
from apps.report.plots import (
    ACCENT,
    SECOND,
    SIGNED_COLOURS,
    expiry_ticks,
    house_style,
    new_figure,
    signed_colour_bar,
    signed_norm,
)

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure


def draw_residuals(log_moneyness: Floats, expiry: Floats, residual: Floats, title: str) -> Figure:
    """Draw fit less mid of every quote over the chain; `residual` (n,) in volatility, shown in volatility points."""
    points = 100.0 * residual
    top = max(float(np.percentile(np.abs(points), 99.0)), 0.1)
    with house_style():
        figure = new_figure(10.4, 4.2)
        axes = figure.add_axes((0.06, 0.12, 0.83, 0.79))
        order = np.argsort(np.abs(points), kind="stable")
        dots = axes.scatter(
            100.0 * np.exp(log_moneyness[order]),
            expiry[order],
            c=points[order],
            s=9.0,
            cmap=SIGNED_COLOURS,
            norm=signed_norm(np.array([top]), decades=1.5),
            edgecolors="#7d8794",
            linewidths=0.2,
            rasterized=True,
        )
        axes.set_yscale("log")
        expiry_ticks(axes.yaxis, float(expiry.min()), float(expiry.max()))
        axes.set_xlabel("strike / forward (%)")
        axes.set_ylabel("expiry (log scale)")
        axes.set_title(title)
        axes.grid(True)
        signed_colour_bar(figure, dots, (0.908, 0.12, 0.014, 0.79), "fit less mid (volatility points)")
    return figure


def draw_errors(expiry: Floats, errors: Sequence[tuple[str, Floats]], title: str) -> Figure:
    """Draw the root mean square error of each expiry for several models; `errors` in volatility, two models at most."""
    with house_style():
        figure = new_figure(5.3, 3.2)
        axes = figure.add_axes((0.12, 0.155, 0.85, 0.735))
        for (name, error), colour, marker in zip(errors, (ACCENT, SECOND), "os", strict=False):
            axes.plot(
                expiry, 100.0 * error, marker=marker, color=colour, markersize=3.2, linewidth=0.9, label=name
            )
        axes.set_xscale("log")
        axes.set_yscale("log")
        expiry_ticks(axes.xaxis, float(expiry.min()), float(expiry.max()))
        _plain_logarithmic(axes.yaxis)
        axes.set_xlabel("expiry (log scale)")
        axes.set_ylabel("rmse (volatility points, log scale)")
        axes.set_title(title)
        axes.grid(True)
        axes.legend()
    return figure


def draw_convergence(
    rmse: Floats, accepted: NDArray[np.bool_], references: Sequence[tuple[str, float]], title: str
) -> Figure:
    """Draw the penalised root mean square error of every march, in volatility; `references` (name, rmse) are lines.

    `rmse`, `accepted` (n,) start with the starting point; a step that was refused is hollow. Two lines at most: errors
    without penalties, to be compared with each other.
    """
    points, march = 100.0 * rmse, np.arange(len(rmse))
    with house_style():
        figure = new_figure(5.3, 3.2)
        axes = figure.add_axes((0.12, 0.155, 0.85, 0.735))
        axes.semilogy(
            march[accepted],
            points[accepted],
            "o-",
            color=ACCENT,
            markersize=4.5,
            label="accepted, with penalties",
        )
        if not accepted.all():
            refused = {"markerfacecolor": "none", "markeredgecolor": ACCENT, "markersize": 4.5}
            axes.semilogy(
                march[~accepted], points[~accepted], "o", label="refused, with penalties", **refused
            )
        for k, value in zip(march[accepted], points[accepted], strict=True):
            axes.annotate(f"{value:.3g}", (k, value), xytext=(3, 5), textcoords="offset points", fontsize=7.5)
        for (name, level), colour, dashes in zip(references, (ACCENT, SECOND), (":", "--"), strict=False):
            axes.axhline(100.0 * level, color=colour, linestyle=dashes, linewidth=1.1, label=name)
        axes.set_xticks(march)
        axes.margins(x=0.06, y=0.15)
        _plain_logarithmic(axes.yaxis)
        axes.set_xlabel("march of the forward equation")
        axes.set_ylabel("error (volatility points, log)")
        axes.set_title(title)
        axes.grid(True, axis="y")
        axes.legend()
    return figure


def _plain_logarithmic(axis: Axis) -> None:
    """Label a logarithmic axis, its data drawn, at 1, 2, 5 of each decade in plain decimals."""
    from matplotlib.ticker import NullLocator

    low, high = sorted(axis.get_view_interval())
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    ticks = [m * 10.0**k for k in decades for m in (1.0, 2.0, 5.0) if low <= m * 10.0**k <= high]
    axis.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    axis.set_minor_locator(NullLocator())
