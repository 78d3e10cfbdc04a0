"""Every picture has labelled axes with units, comes out as PNG and SVG, and is the same twice."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib.figure import Figure

from apps.report.diagnostics import draw_convergence, draw_errors, draw_residuals
from apps.report.matrices import draw_bars, draw_buckets, draw_signed_map
from apps.report.plots import as_inline_svg, as_png, as_svg, readable_expiry
from apps.report.smiles import Smile, draw_smile, draw_smiles, representative
from apps.report.surfaces import SurfaceGrid, draw_surface, quoted_range

EXPIRY = np.array([0.02, 0.1, 0.5, 1.5])
X = np.linspace(-0.3, 0.15, 12)


def smile() -> Smile:
    mid = 0.2 - 0.3 * X
    return Smile(
        title="SPX 2019-06-21 (35d)",
        note="rmse 0.1 points",
        moneyness=np.exp(X),
        mid=mid,
        bid=np.where(X < -0.25, np.nan, mid - 0.004),
        ask=mid + 0.004,
        fitted=mid + 0.001,
        rival=mid - 0.002,
    )


def grid() -> SurfaceGrid:
    x = np.broadcast_to(X, (4, 12)) * np.sqrt(EXPIRY)[:, None]
    return SurfaceGrid(EXPIRY, x, 0.2 + x**2, X, 0.2 + x**2)


def matrix() -> np.ndarray:
    return np.outer(np.arange(-3.0, 4.0), np.arange(-3.0, 4.0)) ** 3


PICTURES: dict[str, tuple[Callable[[], Figure], list[str]]] = {
    "smile": (
        lambda: draw_smile(smile()),
        ["strike / forward (%)", "implied volatility (%)", "error (points)"],
    ),
    "smiles": (
        lambda: draw_smiles([smile()] * 3, columns=2),
        ["strike / forward (%)", "implied volatility (%)"],
    ),
    "surface": (
        lambda: draw_surface(grid(), "surface"),
        ["strike / forward (%)", "expiry (log scale)", "local volatility (%)"],
    ),
    "map": (
        lambda: draw_signed_map(matrix(), [("spot", 1), ("rate", 1), ("1m", 5)], "Hessian", "price"),
        ["price"],
    ),
    "bars": (lambda: draw_bars(matrix(), list("abcdefg"), "Hessian", "price"), ["price"]),
    "buckets": (
        lambda: draw_buckets(
            matrix()[:2], ["1m", "1y"], list("abcdefg"), "vega", "per point", ("expiry", "moneyness")
        ),
        ["expiry", "moneyness", "per point"],
    ),
    "residuals": (
        lambda: draw_residuals(X, np.repeat(EXPIRY, 3), 0.01 * X, "residuals"),
        ["strike / forward (%)", "expiry (log scale)", "fit less mid (volatility points)"],
    ),
    "errors": (
        lambda: draw_errors(EXPIRY, [("local volatility", 0.01 * EXPIRY), ("SVI", 0.02 * EXPIRY)], "errors"),
        ["expiry (log scale)", "rmse (volatility points, log scale)"],
    ),
    "convergence": (
        lambda: draw_convergence(
            np.array([0.1, 0.01, 0.02, 0.002]),
            np.array([True, True, False, True]),
            [("fit, without penalties", 0.0015), ("SVI, without penalties", 0.007)],
            "steps",
        ),
        ["march of the forward equation", "error (volatility points, log)"],
    ),
}


def labels(figure: Figure) -> set[str]:
    """Return every axis label of a figure."""
    found: set[str] = set()
    for axes in figure.axes:
        found |= {axes.get_xlabel(), axes.get_ylabel()}
        if hasattr(axes, "get_zlabel"):
            found.add(axes.get_zlabel())
    return found


@pytest.mark.parametrize("name", PICTURES)
def test_axes_are_labelled_with_units(name: str) -> None:
    draw, expected = PICTURES[name]
    assert set(expected) <= labels(draw())


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_the_same_twice(name: str) -> None:
    draw, _ = PICTURES[name]
    first, second = as_inline_svg(draw(), name), as_inline_svg(draw(), name)
    assert first == second
    assert (
        first.startswith("<svg ")
        and "var(--ink" in first
        and "http://" not in first.replace("http://www.w3.org", "")
    )
    assert as_svg(draw(), name).startswith("<?xml ")
    png = as_png(draw(), dots_per_inch=40)
    assert png.startswith(b"\x89PNG") and png == as_png(draw(), dots_per_inch=40)


def test_representative_expiries_span_the_chain() -> None:
    expiries = np.geomspace(0.02, 2.0, 35)
    chosen = representative(expiries, 12)
    assert len(chosen) == len(set(chosen)) == 12
    assert chosen[0] == 0 and chosen[-1] == 34
    assert representative(expiries[:5], 12) == [0, 1, 2, 3, 4]


def test_the_quoted_range_holds_every_quote() -> None:
    low, high = np.array([-0.2, -0.6, -0.3, -0.9]), np.array([0.05, 0.3, 0.1, 0.4])
    found_low, found_high = quoted_range(EXPIRY, low, high, EXPIRY)
    assert np.all(found_low <= low + 1e-15) and np.all(found_high >= high - 1e-15)
    assert found_low[0] == pytest.approx(-0.2) and found_high[-1] == pytest.approx(0.4)


@pytest.mark.parametrize(("years", "text"), [(7 / 365, "7d"), (0.5, "6.0m"), (5.0, "5.0y")])
def test_expiries_read_well(years: float, text: str) -> None:
    assert readable_expiry(years) == text
