"""A volatility surface, local or implied: in space, and as a map with level lines (figure 5 of the report)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aadlib.types import Floats
from apps.report.plots import GRID, INK, calendar_lengths, expiry_ticks, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure


_LEVELS = (2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, 150, 200, 250, 300)
"""Level lines in per cent."""


@dataclass(frozen=True)
class SurfaceGrid:
    """Volatility, per square root of a year, on two grids over the same expiries.

    `expiry` (n,) in years. For the map, `log_moneyness` and `volatility` (n, m), each row from the lowest to the
    highest strike shown at its expiry. For the picture in space, `deviation` (k,), log-moneyness over the at-the-money
    standard deviation, and `smooth` (n, k), the volatility without the jumps between expiry intervals.
    """

    expiry: Floats
    log_moneyness: Floats
    volatility: Floats
    deviation: Floats
    smooth: Floats


def quoted_range(expiry: Floats, low: Floats, high: Floats, shown: Floats) -> tuple[Floats, Floats]:
    """Return the range of log-moneyness inside the convex hull of the quotes, at the expiries `shown`.

    `low`, `high` (k,) are the outermost quotes at `expiry` (k,), sorted; the hull is taken in strike over forward
    and the logarithm of expiry, so that one sparse slice cuts no notch into the surface.
    """
    logs, wanted = np.log(expiry), np.log(shown)
    return (
        np.log(-_concave_envelope(logs, -np.exp(low), wanted)),
        np.log(_concave_envelope(logs, np.exp(high), wanted)),
    )


def _concave_envelope(x: Floats, y: Floats, wanted: Floats) -> Floats:
    """Return at `wanted` the smallest concave function that is nowhere below the points (x, y), x sorted."""
    hull: list[tuple[float, float]] = []
    for point in zip(x.tolist(), y.tolist(), strict=True):
        while hull and hull[-1][0] == point[0] and hull[-1][1] <= point[1]:
            hull.pop()
        if hull and hull[-1][0] == point[0]:
            continue
        while len(hull) >= 2 and _turns_left(hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    corners = np.array(hull)
    return np.asarray(np.interp(wanted, corners[:, 0], corners[:, 1]))


def _turns_left(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) >= 0.0


def draw_surface(grid: SurfaceGrid, title: str, quantity: str = "local volatility") -> Figure:
    """Draw the smooth part of the surface in space, and a map of the whole with level lines."""
    from matplotlib.colors import LogNorm

    shown = 100.0 * np.concatenate([grid.volatility.ravel(), grid.smooth.ravel()])
    low, high = np.percentile(shown, [0.2, 99.8])
    colours = LogNorm(float(low), float(max(high, 1.01 * low)))
    with house_style():
        figure = new_figure(11.0, 4.6)
        _draw_in_space(figure, grid, colours, quantity)
        _draw_map(figure, grid, colours, quantity)
        figure.text(0.012, 0.955, title, fontsize=10.5, fontweight="bold")
    return figure


def _draw_in_space(figure: Figure, grid: SurfaceGrid, colours: Normalize, quantity: str) -> None:
    from matplotlib import colormaps
    from matplotlib.colors import LightSource

    axes: Any = figure.add_axes((-0.015, -0.02, 0.5, 0.99), projection="3d")
    x, y = np.meshgrid(grid.deviation, np.log(grid.expiry))
    z = 100.0 * grid.smooth
    lit = LightSource(azdeg=120, altdeg=60).hillshade(z, vert_exag=0.15)
    shades = colormaps["viridis"](colours(z))
    shades[..., :3] *= (0.72 + 0.28 * lit)[..., None]
    axes.plot_surface(
        x,
        y,
        z,
        facecolors=shades,
        rcount=44,
        ccount=50,
        linewidth=0,
        antialiased=False,
        shade=False,
        rasterized=True,
    )
    ticks = calendar_lengths(grid.expiry[0], grid.expiry[-1])
    ticks.pop("2w", None)
    axes.set_yticks(np.log(list(ticks.values())), list(ticks))
    axes.set_xlabel("deviations ln(K/F) / (ATM vol √T)")
    axes.set_ylabel("expiry (log scale)")
    axes.set_zlabel(f"{quantity} (%)")
    axes.set_zlim(0.0, float(z.max()))
    axes.view_init(elev=24, azim=-52)
    axes.set_box_aspect((1.25, 1.1, 0.75), zoom=0.93)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.set_pane_color((0.0, 0.0, 0.0, 0.0))
        axis._axinfo["grid"].update(color=GRID, linewidth=0.5)


def _draw_map(figure: Figure, grid: SurfaceGrid, colours: Normalize, quantity: str) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    axes = figure.add_axes((0.56, 0.125, 0.345, 0.77))
    x = 100.0 * np.exp(grid.log_moneyness)
    y = np.broadcast_to(grid.expiry[:, None], x.shape)
    percent = 100.0 * grid.volatility
    image = axes.pcolormesh(x, y, percent, norm=colours, shading="gouraud", rasterized=True)
    levels = [v for v in _LEVELS if percent.min() < v < percent.max()]
    lines = axes.contour(x, y, percent, levels=levels, colors="#0d1014", linewidths=0.55, alpha=0.8)
    axes.clabel(lines, fontsize=7, fmt="%g%%", inline_spacing=1)
    for edge in (x[:, 0], x[:, -1]):
        axes.plot(edge, grid.expiry, color=INK, linewidth=0.8)
    axes.set_yscale("log")
    expiry_ticks(axes.yaxis, grid.expiry[0], grid.expiry[-1])
    axes.set_ylim(grid.expiry[0], grid.expiry[-1])
    axes.set_xlabel("strike / forward (%)")
    axes.set_ylabel("expiry (log scale)")
    axes.set_title("the whole surface, between the outermost quotes", fontweight="normal", fontsize=8.5)
    bar = figure.colorbar(image, cax=figure.add_axes((0.925, 0.125, 0.014, 0.77)), extend="both")
    bar.set_label(f"{quantity} (%, log scale)")
    bar.ax.yaxis.set_major_locator(FixedLocator(levels))
    bar.ax.yaxis.set_minor_locator(NullLocator())
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
