"""Matrices of second derivatives: signed maps on a logarithmic colour scale, bars in space, labelled buckets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aadlib.types import Floats
from apps.report.plots import (
    GRID,
    MUTED,
    SIGNED_COLOURS,
    house_style,
    new_figure,
    signed_colour_bar,
    signed_norm,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_signed_map(
    matrix: Floats, groups: Sequence[tuple[str, int]], title: str, unit: str, decades: float = 4.0
) -> Figure:
    """Draw a square matrix whose rows and columns fall into named `groups` (name, size), in order.

    Colours are logarithmic over so many `decades` on both sides of zero.
    """
    with house_style():
        figure = new_figure(7.2, 6.2)
        axes = figure.add_axes((0.115, 0.1, 0.72, 0.82))
        image = axes.imshow(
            matrix,
            cmap=SIGNED_COLOURS,
            norm=signed_norm(matrix, decades),
            interpolation="nearest",
            rasterized=True,
        )
        edges = np.cumsum([0, *(size for _, size in groups)]) - 0.5
        for edge in edges[1:-1]:
            axes.axhline(edge, color=MUTED, linewidth=0.4, alpha=0.7)
            axes.axvline(edge, color=MUTED, linewidth=0.4, alpha=0.7)
        centres = 0.5 * (edges[1:] + edges[:-1])
        labelled = _spaced(centres, len(matrix) / 26.0)
        names = [groups[k][0] for k in labelled]
        axes.set_xticks(centres[labelled], names, rotation=90)
        axes.set_yticks(centres[labelled], names)
        axes.tick_params(length=0)
        axes.set_title(title)
        signed_colour_bar(figure, image, (0.86, 0.1, 0.022, 0.82), unit)
    return figure


def _spaced(centres: Floats, gap: float) -> list[int]:
    """Return the positions whose labels do not collide when labels need `gap` rows each."""
    labelled: list[int] = []
    for position, centre in enumerate(centres):
        if not labelled or centre - centres[labelled[-1]] >= gap:
            labelled.append(position)
    return labelled


def draw_bars(matrix: Floats, names: Sequence[str], title: str, unit: str) -> Figure:
    """Draw a small square matrix as bars in space (figure 6 of the report), coloured by sign and size."""
    from matplotlib import colormaps

    n = len(matrix)
    with house_style():
        figure = new_figure(7.2, 5.4)
        axes: Any = figure.add_axes((0.0, 0.02, 0.93, 0.92), projection="3d")
        column, row = (index.ravel() for index in np.meshgrid(np.arange(n), np.arange(n)))
        norm = signed_norm(matrix, 3.0)
        colours = colormaps[SIGNED_COLOURS](norm(matrix.ravel()))
        # A bar without height has no lit side: give every bar a little.
        least = 2e-3 * float(np.abs(matrix).max())
        heights = np.where(np.abs(matrix) < least, least, matrix).ravel()
        axes.bar3d(
            column - 0.38,
            row - 0.38,
            np.minimum(heights, 0.0),
            0.76,
            0.76,
            np.abs(heights),
            color=colours,
            shade=True,
        )
        axes.set_xticks(range(n), names, rotation=0)
        axes.set_yticks(range(n), names)
        axes.set_zlabel(unit, labelpad=8)
        axes.set_title(title)
        axes.view_init(elev=32, azim=-58)
        axes.set_box_aspect((1.0, 1.0, 0.62), zoom=1.0)
        for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
            axis.set_pane_color((0.0, 0.0, 0.0, 0.0))
            axis._axinfo["grid"].update(color=GRID, linewidth=0.5)
    return figure


def draw_buckets(
    values: Floats,
    rows: Sequence[str],
    columns: Sequence[str],
    title: str,
    unit: str,
    axes_names: tuple[str, str],
) -> Figure:
    """Draw a labelled table of numbers as a map: `values` (rows, columns), every cell with its number."""
    with house_style():
        width = 1.9 + 0.62 * len(columns)
        height = 1.25 + 0.36 * len(rows)
        figure = new_figure(width, height)
        axes = figure.add_axes(
            (1.0 / width, 0.75 / height, 0.62 * len(columns) / width, 0.36 * len(rows) / height)
        )
        top = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
        image = axes.imshow(values, cmap=SIGNED_COLOURS, vmin=-top, vmax=top, aspect="auto", rasterized=True)
        _write_cells(axes, values, top)
        axes.set_xticks(range(len(columns)), columns, rotation=35 if len(columns) > 8 else 0)
        axes.set_yticks(range(len(rows)), rows)
        axes.tick_params(length=0)
        axes.set_ylabel(axes_names[0])
        axes.set_xlabel(axes_names[1])
        axes.set_title(title)
        edge = 1.0 + 0.62 * len(columns) + 0.12
        signed_colour_bar(
            figure, image, (edge / width, 0.75 / height, 0.12 / width, 0.36 * len(rows) / height), unit
        )
    return figure


def _write_cells(axes: Axes, values: Floats, top: float) -> None:
    small = 5e-4 * top
    for (i, j), value in np.ndenumerate(values):
        if np.isfinite(value) and abs(value) >= small:
            shade = "#fdfdfd" if abs(value) > 0.6 * top else "#15181c"
            axes.text(j, i, _short(float(value)), ha="center", va="center", fontsize=7, color=shade)


def _short(value: float) -> str:
    """Return three significant digits in at most six characters where possible."""
    size = abs(value)
    if size >= 1e4 or size < 1e-3:
        return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e")
    return f"{value:.3g}" if size < 1000 else f"{value:.0f}"
