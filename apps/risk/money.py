"""Greeks in money: what a usual move of each input earns, multipliers counted."""

from __future__ import annotations

from apps.report.tables import Column, Table, table
from apps.risk.results import BASIS_POINT, RiskResult


def money_rows(result: RiskResult) -> list[tuple[str, float, str]]:
    """Return name, amount and the move that earns it."""
    each, spot = result.greeks, result.quotes.spot
    g, h, percent = each.gradient, each.hessian, 0.01 * result.quotes.spot
    rows = [
        ("value", each.value, "on the calibrated surface"),
        ("delta", spot * float(g[0]), "the underlying that moves alike: delta x spot"),
        ("delta, 1%", percent * float(g[0]), "spot up 1%"),
        ("gamma, 1%", percent * spot * float(h[0, 0]), "change of the money delta when the spot is up 1%"),
        ("gamma earned, 1%", 0.5 * percent**2 * float(h[0, 0]), "spot up or down 1%, delta hedged"),
        ("vega", float(each.vega.sum()), "local volatility up one point"),
        ("volga", float(each.vega_vega.sum()), "change of vega when volatility is up one point"),
        (
            "vanna",
            spot * float(each.spot_vega.sum()),
            "change of the money delta when volatility is up one point",
        ),
        ("rho", BASIS_POINT * float(g[1]), "zero rates up one basis point"),
    ]
    if result.desk is not None:
        time = result.desk.time
        rows.append(("theta", time.theta, "one calendar day"))
        rows.append(("theta, trading", time.in_units("trading day").theta, "one trading day"))
        rows.append(("charm", spot * time.charm, "change of the money delta in one calendar day"))
    return rows


def money_greeks(result: RiskResult) -> Table:
    """Return the Greeks in money."""
    multipliers = sorted({position.multiplier for position in result.book})
    note = f"Multipliers of {', '.join(f'{m:g}' for m in multipliers)} are counted (--multiplier, or the book's own)."
    if not result.currency:
        note += " --currency names the money."
    if result.desk is not None and result.desk.price.left_out:
        note += f" Not in theta and charm: {', '.join(result.desk.price.left_out)}."
    columns = [Column("Greek"), Column("amount", result.price_unit, ",.2f"), Column("what it is of")]
    return table("Greeks in money", columns, money_rows(result), note)
