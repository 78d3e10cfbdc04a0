"""The pictures' common style, and figures turned into SVG and PNG.

Figures are drawn with matplotlib's object interface, so nothing here touches a display or pyplot's global state.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from aadlib.types import Floats

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

# Colours that become CSS variables inside the HTML page, so that pictures follow its light and dark dress.
CSS_COLOURS = {
    "ink": "#1c2430",
    "muted": "#5b6573",
    "grid": "#d8dde4",
    "paper": "#fffefe",
    "accent": "#d9590c",
    "second": "#0b62b8",
}
INK, MUTED, GRID, PAPER, ACCENT, SECOND = CSS_COLOURS.values()

SIGNED_COLOURS = "RdBu_r"
"""The colour map of quantities whose sign matters: blue below zero, red above."""

_STYLE: Any = {
    "font.size": 9.0,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titley": 1.0,  # no picture has ticks on top: not to look for them saves a sixth of the time
    "axes.labelsize": 8.5,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.titlecolor": INK,
    "axes.facecolor": "none",
    "axes.grid": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "text.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 8.0,
    "figure.facecolor": "none",
    "lines.linewidth": 1.4,
    "image.cmap": "viridis",
}

_PIXELS_PER_INCH = 104.0


@contextmanager
def house_style(salt: str = "", text: Literal["path", "none"] = "path") -> Iterator[None]:
    """Draw inside this block with the common fonts, colours and grid.

    `salt` goes into the identifiers of an SVG; its `text` is drawn as paths, or ("none") left to the reader's fonts.
    """
    import matplotlib

    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": salt, "svg.fonttype": text}):
        yield


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of `width` by `height` inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height))


def as_png(figure: Figure, dots_per_inch: int = 160) -> bytes:
    """Return the figure as a PNG on white, the same bytes for the same figure."""
    stream = io.BytesIO()
    with house_style():
        figure.savefig(stream, format="png", dpi=dots_per_inch, facecolor="white", metadata={"Software": ""})
    return stream.getvalue()


def as_svg(figure: Figure, name: str) -> str:
    """Return the figure as an SVG file on white, the same text for the same figure and `name`."""
    stream = io.StringIO()
    with house_style(name):
        figure.savefig(
            stream, format="svg", dpi=110, facecolor="white", metadata={"Date": None, "Creator": None}
        )
    return stream.getvalue()


def as_inline_svg(figure: Figure, name: str) -> str:
    """Return the figure as a transparent SVG element for an HTML page.

    `name` makes the identifiers inside unique on the page. Text stays text, in the reader's fonts. The shared
    colours become CSS variables with the light colour as their fallback.
    """
    stream = io.StringIO()
    with house_style(name, text="none"):
        figure.savefig(
            stream, format="svg", dpi=110, transparent=True, metadata={"Date": None, "Creator": None}
        )
    svg = stream.getvalue()
    svg = svg[svg.index("<svg ") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*">', "<g>", svg)
    # The size in points becomes the widest the picture grows to; below that it follows the page.
    widest = round(figure.get_figwidth() * _PIXELS_PER_INCH)
    svg = re.sub(r'(<svg [^>]*?)width="[^"]*"', rf'\1style="max-width:{widest}px"', svg, count=1)
    svg = re.sub(r'(<svg [^>]*?)height="[^"]*" ', r"\1", svg, count=1)
    for variable, colour in CSS_COLOURS.items():
        svg = svg.replace(colour, f"var(--{variable},{colour})")
    return svg


def readable_expiry(years: float) -> str:
    """Return an expiry as a short text: days below a quarter, months below two years, then years."""
    if years < 0.25:
        return f"{years * 365.0:.0f}d"
    if years < 2.0:
        return f"{years * 12.0:.1f}m"
    return f"{years:.1f}y"


def expiry_ticks(axis: Axis, low: float, high: float) -> None:
    """Label a logarithmic expiry axis with calendar lengths between `low` and `high` years."""
    from matplotlib.ticker import NullLocator

    shown = calendar_lengths(low, high)
    axis.set_ticks(list(shown.values()), labels=list(shown))
    axis.set_minor_locator(NullLocator())


def calendar_lengths(low: float, high: float) -> dict[str, float]:
    """Return labels and years of the usual expiries between `low` and `high`, about a factor of two apart."""
    lengths = {"1d": 1 / 365, "1w": 7 / 365, "2w": 14 / 365, "1m": 1 / 12, "3m": 0.25, "6m": 0.5, "1y": 1.0}
    lengths |= {"2y": 2.0, "5y": 5.0, "10y": 10.0, "30y": 30.0}
    return {label: years for label, years in lengths.items() if 0.97 * low <= years <= 1.03 * high}


def signed_norm(values: Floats, decades: float = 4.0) -> Normalize:
    """Return a colour scale symmetric about zero: linear below the largest entry / 10^decades, logarithmic above."""
    from matplotlib.colors import SymLogNorm

    top = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
    return SymLogNorm(linthresh=top * 10.0**-decades, linscale=0.4, vmin=-top, vmax=top, base=10)


def signed_colour_bar(
    figure: Figure, image: ScalarMappable, box: tuple[float, float, float, float], unit: str
) -> None:
    """Add the colour bar of a signed map, in `box` (left, bottom, width, height), labelled in plain decimals."""
    from matplotlib.colors import SymLogNorm
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    bar = figure.colorbar(image, cax=figure.add_axes(box))
    bar.set_label(unit)
    if isinstance(image.norm, SymLogNorm) and image.norm.vmax is not None:
        top = int(np.floor(np.log10(image.norm.vmax)))
        bottom = int(np.ceil(np.log10(image.norm.linthresh)))
        powers = [10.0**k for k in range(top, bottom - 1, -1)]
        bar.ax.yaxis.set_major_locator(FixedLocator([*(-p for p in powers), 0.0, *powers[::-1]]))
        bar.ax.yaxis.set_minor_locator(NullLocator())
        bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
